"""What every syntax node shares: positions, and the names that many nodes use.

Nodes are frozen, so a tree can be cached per text and shared between sessions. Positions take no part in equality:
two nodes are equal when they say the same thing, wherever they stand (identifiers are compared as written; case
folding is the binder's).

Lists are tuples, absent parts are None (or an empty tuple), keywords are upper-case strings with single spaces.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a syntax tree."""

    line: int = field(default=0, kw_only=True, compare=False, repr=False)  # 1-based, within the batch


@dataclass(frozen=True, slots=True)
class Expression(Node):
    """A scalar expression: has a value of some SQL type."""


@dataclass(frozen=True, slots=True)
class Predicate(Node):
    """A search condition: true, false or unknown. T-SQL keeps these apart from scalars; so do we."""


@dataclass(frozen=True, slots=True)
class TableSource(Node):
    """Something that may stand in FROM."""


@dataclass(frozen=True, slots=True)
class Statement(Node):
    """One statement; `batch_text[start:end]` is its text, without the semicolon after it."""

    start: int = field(default=0, kw_only=True, compare=False, repr=False)
    end: int = field(default=0, kw_only=True, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ObjectName(Node):
    """A name of one to four parts. Omitted parts are None: `db..t` has a database and no schema.

    Temporary tables keep their `#` or `##`; brackets and quotes are removed.
    """

    name: str
    schema: str | None = None
    database: str | None = None
    server: str | None = None

    def __str__(self) -> str:
        """The dotted name as SQL Server prints it in messages: `db..t`, `dbo.t`."""
        parts = [self.server, self.database, self.schema, self.name]
        while len(parts) > 1 and parts[0] is None:
            del parts[0]
        return ".".join(part or "" for part in parts)


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """A data type as written, not resolved: `decimal(18, 3)`, `nvarchar(max)`, `dbo.PickList`.

    Multi-word spellings of the standard (`double precision`, `national character varying`) are already mapped to
    T-SQL's own names (`float`, `nvarchar`).
    """

    name: str
    schema: str | None = None
    arguments: tuple[int, ...] = ()  # length, or precision and scale
    is_max: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """A parsed batch. `text` is what was parsed: the offsets of statements count in it."""

    statements: tuple[Statement, ...]
    text: str
