"""A new write procedure: a file with the skeleton that all of them share, and a test to go on from."""

import re
from pathlib import Path

from harness.errors import UsageFault

TEMPLATES = Path(__file__).parent / "templates"

_SCHEMA = re.compile(r"[a-z][a-z0-9]*")
_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
_NOT_OURS = frozenset({"dbo", "sys", "guest"})


def create_procedure(root: Path, schema: str, name: str) -> list[Path]:
    """Write the procedure's file and its test below `root`, the project's folder, and return their paths.

    UsageFault if a name is not in the project's form, if the schema is not ours, or if one of the files is there.
    """
    if _SCHEMA.fullmatch(schema) is None or schema in _NOT_OURS:
        raise UsageFault(
            f"{schema} is no schema of ours: take lower-case letters, and not {', '.join(sorted(_NOT_OURS))}"
        )
    if _NAME.fullmatch(name) is None:
        raise UsageFault(f"{name} is no name for a procedure: PascalCase, without prefix, as in PickLot")
    files = {
        root / "database" / "procedures" / schema / f"{name}.sql": "procedure.sql",
        root / "tests" / "database" / schema / f"test_{_snake_case(name)}.py": "test_procedure.py.txt",
    }
    for path in files:
        if path.exists():
            raise UsageFault(f"{path} is there already")
    for path, template in files.items():
        text = (TEMPLATES / template).read_text(encoding="utf-8")
        for word, value in (("{schema}", schema), ("{name}", name), ("{snake_name}", _snake_case(name))):
            text = text.replace(word, value)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
