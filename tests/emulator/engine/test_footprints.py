"""The page of lock footprints: each statement on it takes the locks that the page says, in that order.

``docs/emulator-footprints.md`` names the documentation and the published observations that each rule comes from.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from emulator.locking.manager import WHOLE
from emulator.locking.modes import LockMode
from emulator.stepping import Stepper
from emulator.stepping.tracing import EventKind
from emulator.storage.keys import INFINITY

PAGE = (Path(__file__).parents[3] / "docs" / "emulator-footprints.md").read_text(encoding="utf-8")
SETUP = PAGE.split("```sql\n")[1].split("```")[0]
LEVELS = {"RU": "READ UNCOMMITTED", "RC": "READ COMMITTED", "RR": "REPEATABLE READ", "SER": "SERIALIZABLE"}


class Footprint(NamedTuple):
    """One row of the page."""

    level: str
    statement: str
    locks: str


ROWS = [Footprint(*row) for row in re.findall(r"^\| (RU|RC|RR|SER) \| `(.+?)` \| (.+?) \|$", PAGE, re.MULTILINE)]


def footprint(level: str, statement: str) -> str:
    """The locks that a statement requests in a transaction of its own, in order; those not held at its end in brackets.

    What the transaction holds already is left out, and so are Sch-S, which every statement has on its tables, and the
    names of objects that definitions lock.
    """
    stepper = Stepper(traced=True)
    stepper.script(SETUP)
    actor = stepper.actor("a").batch(f"SET TRANSACTION ISOLATION LEVEL {LEVELS[level]}; BEGIN TRAN")
    stepper.run()
    stepper.trace.clear()
    actor.batch(statement)
    stepper.run()
    transaction = actor.session.transaction
    assert transaction is not None
    held = {(row.space.name, row.key) for row in stepper.instance.locks.listing([transaction])}
    found = []
    for event in stepper.trace:
        if event.kind is not EventKind.LOCK:
            continue
        mode, space, key, outcome = event.what
        if mode != LockMode.SCH_S.name and outcome != "COVERED" and not str(space).endswith(".nc1"):
            shown = f"{LockMode[str(mode)]} {resource(str(space), key)}"
            found.append(shown if (space, key) in held else f"({shown})")
    return ", ".join(found) or "none"


def resource(space: str, key: object) -> str:
    """A table by its name, a row by its index (a heap's by the table) and its key: ``pk_t 2``."""
    name = space.rsplit(".", maxsplit=1)[-1]
    if key == WHOLE:
        return name
    assert isinstance(key, tuple)
    return f"{name} ∞" if key == INFINITY else f"{name} {'/'.join(map(str, key))}"


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.level}: {row.statement}" for row in ROWS])
def test_a_statement_takes_the_locks_that_the_page_says(row: Footprint) -> None:
    assert footprint(row.level, row.statement) == row.locks


def test_the_page_has_rows() -> None:
    assert len(ROWS) > 60
