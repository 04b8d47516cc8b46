"""The example in the documentation does what it says there."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "emulator.md"
EXAMPLE = re.compile(r"## Stepping sessions\n.*?```python\n(.*?)```.*?```text\n(.*?)```", re.DOTALL)


def test_the_example_prints_what_the_page_shows() -> None:
    found = EXAMPLE.search(PAGE.read_text("utf-8"))
    assert found is not None
    code, shown = found.groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(PAGE), "exec"), {})
    assert printed.getvalue() == shown
