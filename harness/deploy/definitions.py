"""What the server has: the text of its modules, and its indexes.

A module's text is the server's own (`sys.sql_modules`): what created it, but with CREATE alone in place of CREATE OR
ALTER. Two texts of the server can be compared as they are; a file and a text of the server only by what `comparable`
leaves of them.
Sources: `sys.sql_modules`, `sys.indexes`, `sys.index_columns` in the Transact-SQL reference.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from harness.connection import Session
from harness.deploy.batches import mask, split_batches
from harness.deploy.literals import unicode_literal

_KIND_OF_TYPE = {"P": "procedures", "V": "views", "FN": "functions", "IF": "functions", "TF": "functions"}
"""The kind of source file that makes a module, by `sys.objects.type`."""

_MODULES = """\
SELECT
    s.name AS SchemaName, o.name AS ObjectName, RTRIM(o.type) AS TypeCode, m.definition AS ServerText
FROM sys.objects AS o
INNER JOIN sys.schemas AS s ON o.schema_id = s.schema_id
LEFT OUTER JOIN sys.sql_modules AS m ON o.object_id = m.object_id
WHERE o.is_ms_shipped = 0 AND o.type IN ('P', 'V', 'FN', 'IF', 'TF') AND s.name IN ({schemas});
"""
_INDEXES = """\
SELECT
    s.name AS SchemaName, t.name AS TableName, i.name AS IndexName, i.is_unique, c.name AS ColumnName,
    k.is_descending_key, k.is_included_column
FROM sys.indexes AS i
INNER JOIN sys.tables AS t ON i.object_id = t.object_id
INNER JOIN sys.schemas AS s ON t.schema_id = s.schema_id
INNER JOIN sys.index_columns AS k ON i.object_id = k.object_id AND i.index_id = k.index_id
INNER JOIN sys.columns AS c ON k.object_id = c.object_id AND k.column_id = c.column_id
WHERE i.name IS NOT NULL AND s.name IN ({schemas})
ORDER BY s.name, t.name, i.name, k.is_included_column, k.key_ordinal, c.name;
"""
_HEAD = re.compile(r"\bCREATE(?P<alter>\s+OR\s+ALTER)?\s+(?P<kind>PROC(?:EDURE)?|FUNCTION|VIEW)\b", flags=re.IGNORECASE)
_CREATE_INDEX = re.compile(
    r"\bCREATE\s+(?P<unique>UNIQUE\s+)?(?:NONCLUSTERED\s+)?INDEX\s+(?P<name>\S+)\s+ON\s+(?P<table>[\w.]+)\s*"
    r"\((?P<keys>[^)]*)\)(?:\s*INCLUDE\s*\((?P<included>[^)]*)\))?",
    flags=re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Module:
    """A procedure, function or view on the server; `text` is None where it is encrypted or may not be seen."""

    kind: str
    name: str
    text: str | None


@dataclass(slots=True)
class Index:
    """An index: `keys` in their order, those that descend ending in ` DESC`; `included` by name."""

    name: str
    table: str
    is_unique: bool
    keys: list[str] = field(default_factory=list)
    included: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """What tells two indexes of one table apart, in one line of T-SQL."""
        included = f" INCLUDE ({', '.join(sorted(self.included))})" if self.included else ""
        return f"{'UNIQUE ' if self.is_unique else ''}INDEX ON {self.table} ({', '.join(self.keys)}){included}"

    def covers(self, other: "Index") -> bool:
        """Whether this index begins with the keys of the other and so makes it redundant."""
        columns = [key.removesuffix(" DESC").lower() for key in self.keys]
        wanted = [key.removesuffix(" DESC").lower() for key in other.keys]
        return self.table.lower() == other.table.lower() and columns[: len(wanted)] == wanted


def read_modules(session: Session, schemas: Iterable[str]) -> dict[tuple[str, str], Module]:
    """The modules in these schemas by kind and lower-case name."""
    rows = session.execute(_MODULES.format(schemas=_list(schemas))).rows
    modules = (Module(_KIND_OF_TYPE[code], f"{schema}.{name}", text) for schema, name, code, text in rows)
    return {(module.kind, module.name.lower()): module for module in modules}


def read_indexes(session: Session, schemas: Iterable[str]) -> list[Index]:
    """The indexes on the tables of these schemas, primary keys among them."""
    found: dict[tuple[str, str], Index] = {}
    for schema, table, name, unique, column, descends, included in session.execute(
        _INDEXES.format(schemas=_list(schemas))
    ).rows:
        index = found.setdefault((f"{schema}.{table}", name), Index(name, f"{schema}.{table}", bool(unique)))
        if included:
            index.included.append(column)
        else:
            index.keys.append(f"{column} DESC" if descends else column)
    return list(found.values())


def module_text(script: str) -> str | None:
    """The batch of a file that creates its module, None if no batch does."""
    return next((batch.text for batch in split_batches(script) if _HEAD.search(mask(batch.text))), None)


def comparable(definition: str) -> list[str]:
    """The lines of a definition in the form in which files and the server's texts are compared and shown."""
    head = _HEAD.search(mask(definition))
    if head is not None:
        definition = f"{definition[: head.start()]}CREATE {head['kind']}{definition[head.end() :]}"
    return [line.rstrip() for line in definition.strip().splitlines()]


def replacing(definition: str) -> str:
    """The definition as CREATE OR ALTER, so that it can be put in the place of another."""
    head = _HEAD.search(mask(definition))
    if head is None or head["alter"]:
        return definition
    return f"{definition[: head.start()]}CREATE OR ALTER {head['kind']}{definition[head.end() :]}"


def index_of(script: str) -> Index | None:
    """The index that a file creates, as its first CREATE INDEX says; None if it holds none in the usual form."""
    found = _CREATE_INDEX.search(mask(script))
    if found is None:
        return None
    keys = [" ".join(key.split()).removesuffix(" ASC") for key in found["keys"].split(",")]
    included = [column.strip() for column in (found["included"] or "").split(",") if column.strip()]
    return Index(found["name"], found["table"], bool(found["unique"]), keys, included)


def _list(names: Iterable[str]) -> str:
    return ", ".join(unicode_literal(name) for name in sorted(names)) or "N''"
