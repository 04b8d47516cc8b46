"""T-SQL to mutate: the batches of the data layer, and the statements that the tests of the emulator run."""

import ast
from functools import cache
from pathlib import Path

from emulator.errors import SqlError
from emulator.sql.parser import parse_batch
from harness.deploy.batches import split_batches

ROOT = Path(__file__).parents[2]
LEAST_LENGTH = 12
"""Shorter strings of the tests are names and numbers rather than statements."""


@cache
def data_layer_batches() -> tuple[str, ...]:
    """Every batch of the `.sql` files, in the order of their paths."""
    files = sorted((ROOT / "database").rglob("*.sql"))
    return tuple(batch.text for file in files for batch in split_batches(file.read_text(encoding="utf-8")))


@cache
def tested_batches() -> tuple[str, ...]:
    """Every string in the emulator's tests that is a batch of T-SQL, in a fixed order and each once."""
    found: dict[str, None] = {}
    for file in sorted((ROOT / "tests" / "emulator").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_batch(node.value):
                found[node.value] = None
    return tuple(found)


def _is_batch(text: str) -> bool:
    if len(text) < LEAST_LENGTH or " " not in text:
        return False
    try:
        return bool(parse_batch(text).statements)
    except SqlError:
        return False
