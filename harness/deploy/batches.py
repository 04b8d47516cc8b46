"""Splits a T-SQL script into its batches at the GO lines, as sqlcmd and SSMS do.

GO is a word of the clients, not of T-SQL; the server never sees it. The rules:
- GO stands on a line of its own, in any case, after nothing but blanks; a count and a `--` comment may follow.
- `GO 5` runs the batch before it five times.
- Inside a string, a quoted name or a comment a line that reads GO is text. Block comments nest.
- Anything else on a line that begins with GO is an error, as it is in the clients, and never reaches the server.

Source: "SQL Server Utilities Statements - GO", Transact-SQL reference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.errors import CheckFailed

_SEPARATOR = re.compile(r"^[ \t]*GO(?![\w@#$])(?P<rest>[^\n]*)$", flags=re.IGNORECASE | re.MULTILINE)
_COUNT = re.compile(r"(?:[ \t]+(?P<count>[1-9]\d*))?\s*")
_QUOTED_OR_COMMENT = re.compile(
    r"'(?:[^']|'')*'?"
    r'|"(?:[^"]|"")*"?'
    r"|\[(?:[^\]]|\]\])*\]?"
    r"|--[^\n]*"
    r"|/\*"
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch: its text as it stands in the script, the line it begins on there (from 1), and how often it runs."""

    text: str
    line: int
    count: int = 1


class ScriptError(CheckFailed):
    """A script that cannot be split; `line` is the script's line at fault."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def split_batches(script: str) -> list[Batch]:
    """The batches of a script in their order, those without any text left out. ScriptError for a malformed GO line."""
    masked = mask(script)
    batches: list[Batch] = []
    start, line = 0, 1
    for separator in _SEPARATOR.finditer(masked):
        end_line = line + script.count("\n", start, separator.start())
        batches.append(Batch(script[start : separator.start()], line, _count(script, separator, end_line)))
        start = min(separator.end() + 1, len(script))
        line = end_line + 1
    batches.append(Batch(script[start:], line))
    return [batch for batch in batches if batch.text.strip()]


def mask(script: str) -> str:
    """The script, as long as before, with blanks for its comments and asterisks for its strings and quoted names.

    The line ends inside of them go, too, so that every line that is left begins in plain code.
    """
    parts: list[str] = []
    position = 0
    for start, end, filler in _hidden_spans(script):
        parts += (script[position:start], filler * (end - start))
        position = end
    return "".join([*parts, script[position:]])


def _count(script: str, separator: re.Match[str], line: int) -> int:
    written = script[separator.start() : separator.end()]
    tail = _COUNT.fullmatch(separator["rest"])
    if tail is None or "/*" in written or "*/" in written:
        raise ScriptError(line, f"GO takes a count and a -- comment and nothing else: {written.strip()}")
    return int(tail["count"] or 1)


def _hidden_spans(script: str) -> Iterator[tuple[int, int, str]]:
    position = 0
    while match := _QUOTED_OR_COMMENT.search(script, position):
        is_comment = match[0].startswith(("--", "/*"))
        position = _end_of_block_comment(script, match.end()) if match[0] == "/*" else match.end()
        yield match.start(), position, " " if is_comment else "*"


def _end_of_block_comment(script: str, position: int) -> int:
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(script, position)):
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position if depth == 0 else len(script)
