"""A script cut into batches at its GO lines, as sqlcmd and Management Studio do before they send anything.

GO is not T-SQL: it stands alone on its line, in any case, with an optional count and an optional `--` comment after it,
and is plain text inside a comment, a string or a quoted identifier.

Source: documentation page "SQL Server Utilities Statements - GO".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ScriptBatch:
    """One batch of a script: send `text` `count` times. `line` is where it begins in the script, counted from 1."""

    text: str
    line: int
    count: int = 1


_EDGE: Final = re.compile(
    r"""
    '[^']*(?:'|\Z)
  | "[^"]*(?:"|\Z)
  | \[[^\]]*(?:\]|\Z)
  | --[^\n]*
  | (?P<comment> /\* )
  | ^ (?P<go> [ \t]* go (?: [ \t]+ (?P<count>[0-9]+) )? [ \t]* (?: --[^\n]* )? \r? (?: \n | \Z ) )
    """,
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")


def split_batches(script: str) -> tuple[ScriptBatch, ...]:
    """The batches of `script` in order, without those that hold nothing but space."""
    return tuple(batch for batch in _pieces(script) if batch.text.strip())


def _pieces(script: str) -> Iterator[ScriptBatch]:
    begin, line, position = 0, 1, 0
    while edge := _EDGE.search(script, position):
        position = edge.end()
        if edge["comment"]:
            position = _end_of_comment(script, edge.start())
        elif edge["go"] is not None:
            yield ScriptBatch(script[begin : edge.start()], line, int(edge["count"] or 1))
            line += script.count("\n", begin, position)
            begin = position
    yield ScriptBatch(script[begin:], line)


def _end_of_comment(script: str, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(script, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(script)
