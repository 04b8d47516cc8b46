"""Reads the header and the parameters of a procedure's file.

A header is the first block comment after the GO: fields in a fixed order, each `Name:` and a text whose further lines
are indented. The parameters are the lines between the name and AS, one a line, each with a comment that tells its
meaning and unit.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from harness.deploy.sources import SourceFile
from harness.errors import CheckFailed

FIELDS = ("Purpose", "Parameters", "Result", "Locks", "Errors", "Idempotency", "Retry", "Example")

_FIELD = re.compile(r"^(?P<name>[A-Z]\w+):(?P<text>.*(?:\n(?:[ \t].*)?)*)", flags=re.MULTILINE)
_ERROR = re.compile(r"^ {4}(?P<number>51\d{3}) {4}(?P<meaning>\S.*)$", flags=re.MULTILINE)
_SIGNATURE = re.compile(r"^CREATE OR ALTER PROCEDURE \S+\n(?P<parameters>.*?)^AS$", flags=re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(
    r"^ {4}@(?P<name>\w+) (?P<type>\w+(?:\([\d, ]+\))?)(?: = (?P<default>\S+?))?(?P<output> OUTPUT)?,?"
    r"\s+-- (?P<meaning>.+)$"
)
_CALLED_BY = re.compile(r"^(?P<caller>\w+\.\w+|The write procedures) calls? it\.$")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: `default` is its T-SQL text, None where the caller must give a value."""

    name: str
    type: str
    default: str | None
    is_output: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure as its file describes it. `errors` are numbers; `caller` is set for a part, not for clients."""

    name: str
    purpose: str
    result: tuple[str, ...]
    locks: str
    errors: tuple[int, ...]
    idempotency: str
    retry: str
    example: str
    parameters: tuple[Parameter, ...]
    caller: str | None

    @property
    def schema(self) -> str:
        """The schema that it is in."""
        return self.name.partition(".")[0]

    @property
    def caller_link(self) -> str:
        """The caller as Markdown, a link where it is one procedure."""
        caller = self.caller or ""
        return f"[{caller}]({caller}.md)" if "." in caller else caller[:1].lower() + caller[1:]


def read_procedure(source: SourceFile) -> Procedure:
    """The procedure of a file. CheckFailed if the header lacks a field or a parameter its meaning."""
    header = read_header(source.path, source.text)
    fields = {match["name"]: match["text"].rstrip("\n") for match in _FIELD.finditer(header)}
    if tuple(fields) != FIELDS:
        raise CheckFailed(f"{source.path}: the header must have the fields {', '.join(FIELDS)} in this order")
    example = _block(fields["Example"])
    called = _CALLED_BY.match(example)
    return Procedure(
        name=source.name,
        purpose=_flow(fields["Purpose"]),
        result=tuple(_block(fields["Result"]).splitlines()),
        locks=_flow(fields["Locks"]),
        errors=tuple(number for number, _ in read_errors(header)),
        idempotency=_flow(fields["Idempotency"]),
        retry=_flow(fields["Retry"]),
        example=example,
        parameters=tuple(_parameters(source)),
        caller=called["caller"] if called else None,
    )


def read_header(path: Path, text: str) -> str:
    """The first block comment of a file. CheckFailed if there is none."""
    _, opening, rest = text.partition("/*\n")
    header, closing, _ = rest.partition("*/")
    if not opening or not closing:
        raise CheckFailed(f"{path}: the file has no header")
    return header


def read_errors(header: str) -> list[tuple[int, str]]:
    """The errors that a header lists: number and meaning."""
    return [(int(match["number"]), match["meaning"]) for match in _ERROR.finditer(header)]


def _parameters(source: SourceFile) -> Iterable[Parameter]:
    signature = _SIGNATURE.search(source.text)
    for line in signature["parameters"].splitlines() if signature else ():
        match = _PARAMETER.match(line)
        if match is None:
            raise CheckFailed(f"{source.path}: not a parameter with its meaning: {line.strip()}")
        yield Parameter(match["name"], match["type"], match["default"], bool(match["output"]), match["meaning"])


def _block(text: str) -> str:
    """The text with its line breaks and what is indented beyond the first line's column."""
    first, _, rest = text.partition("\n")
    return "\n".join(line for line in (first.strip(), dedent(rest)) if line).rstrip()


def _flow(text: str) -> str:
    return " ".join(text.split())
