"""What a system view is, and the notation in which its columns are declared.

A view is declared by its columns and a function that yields its rows::

    @view("sys.schemas", "name sysname, schema_id int, principal_id int?")
    def schemas(session, database):
        for schema in database.schemas.values():
            yield schema.name, schema.schema_id, 1

Columns are separated by commas. ``?`` after the type: the column may be NULL. ``= value`` (a number, a ``'text'`` or
NULL): the column has that value in every row, and the function does not yield it. Names with blanks stand in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import Database
from emulator.catalog.objects import fold
from emulator.catalog.system_views.temporary import with_temporary_tables
from emulator.errors import sql_error
from emulator.planning.binding import SourceColumn
from emulator.sql.nodes import TypeName
from emulator.types import names
from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.session import Session

Row = tuple[Any, ...]
RowSource = Callable[["Session", Database], Iterable[Row]]

_COLUMN = re.compile(
    r"\s*(?P<name>\w+|\[[^]]+\])\s+(?P<type>\w+)(?:\((?P<size>max|\d+)(?:,\s*(?P<scale>\d+))?\))?(?P<nullable>\?)?"
    r"(?:\s*=\s*(?P<value>NULL|-?\d+|'[^']*'))?\s*(?:,|$)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ColumnList:
    """Declared columns. ``template`` is a row with the constants in place, ``places`` the ordinals of the others."""

    columns: list[SourceColumn]
    template: Row
    places: tuple[int, ...]

    def rows(self, values: Iterable[Row]) -> Iterator[Row]:
        """Whole rows from the values of the columns that are not constant. ValueError: a row has too many or few."""
        places = self.places
        for given in values:
            row = list(self.template)
            for place, value in zip(places, given, strict=True):
                row[place] = int(value) if value is True or value is False else value
            yield tuple(row)


def column_list(text: str) -> ColumnList:
    """The columns that ``text`` declares. ValueError: it is not in the notation."""
    columns: list[SourceColumn] = []
    template: list[Any] = []
    places: list[int] = []
    position = 0
    text = text.strip()
    while position < len(text):
        found = _COLUMN.match(text, position)
        if found is None:
            raise ValueError(f"no column declaration: {text[position : position + 60]!r}")
        position = found.end()
        columns.append(SourceColumn(found["name"].strip("[]"), _type(found), found["nullable"] is not None))
        template.append(_value(found["value"]))
        if found["value"] is None:
            places.append(len(columns) - 1)
    return ColumnList(columns, tuple(template), tuple(places))


def _type(found: re.Match[str]) -> SqlType:
    arguments = tuple(int(size) for size in (found["size"], found["scale"]) if size and size != "max")
    resolved = names.resolve(TypeName(found["type"], arguments=arguments, is_max=found["size"] == "max"))
    if resolved is None:
        raise ValueError(f"no data type: {found['type']}")
    return resolved


def _value(text: str | None) -> Any:
    if text is None or text == "NULL":
        return None
    return text[1:-1] if text.startswith("'") else int(text)


@dataclass(frozen=True, slots=True, eq=False)
class SystemView:
    """A view whose rows are made from the state of the server when it is read. Reading takes no locks.

    ``permission`` is what reading it takes on the server, "" for nothing.
    """

    schema: str
    name: str
    definition: ColumnList
    source: RowSource
    permission: str = ""

    @property
    def columns(self) -> list[SourceColumn]:
        return self.definition.columns

    def rows(self, session: Session, database: Database | None = None) -> Iterator[Row]:
        """The rows as ``session`` sees them in ``database`` (None: its current one), in the order of ``columns``.

        Errors: 300.
        """
        if self.permission and not session.may_on_server(self.permission):
            raise sql_error(300, self.permission, "server", "master")
        shown = database or session.database
        if shown is session.instance.databases["tempdb"]:
            shown = with_temporary_tables(session, shown)
        return self.definition.rows(self.source(session, shown))


@dataclass(frozen=True, slots=True, eq=False)
class SystemFunction:
    """A table-valued function of ``sys``. ``parameters`` are the types of its arguments, of which ``required`` must be
    given; the others are NULL then. ``source`` gets their values behind the session and its database."""

    name: str
    parameters: tuple[SqlType, ...]
    required: int
    definition: ColumnList
    source: Callable[..., Iterable[Row]]
    permission: str = ""

    @property
    def columns(self) -> list[SourceColumn]:
        return self.definition.columns

    def rows(self, session: Session, values: Iterable[Any]) -> Iterator[Row]:
        """The rows for these arguments. Errors: 300."""
        if self.permission and not session.may_on_server(self.permission):
            raise sql_error(300, self.permission, "server", "master")
        return self.definition.rows(self.source(session, session.database, *values))


SYSTEM_FUNCTIONS: dict[str, SystemFunction] = {}
"""The table-valued functions of ``sys``, by folded name."""


def table_function(
    name: str, parameters: str, columns: str, *, required: int | None = None, permission: str = ""
) -> Callable[[Callable[..., Iterable[Row]]], Callable[..., Iterable[Row]]]:
    """Enter the table-valued function ``sys.name``; ``parameters`` and ``columns`` are declared like columns of views.

    ``required``: how many arguments must be given, all by default.
    """
    types = tuple(column.type for column in column_list(parameters).columns)

    def enter(source: Callable[..., Iterable[Row]]) -> Callable[..., Iterable[Row]]:
        needed = len(types) if required is None else required
        SYSTEM_FUNCTIONS[fold(name)] = SystemFunction(name, types, needed, column_list(columns), source, permission)
        return source

    return enter


SYSTEM_VIEWS: dict[tuple[str, str], SystemView] = {}
"""Every system view, by schema and name, both folded. Those in ``dbo`` are found without a schema too."""


def view(full_name: str, columns: str, *, permission: str = "") -> Callable[[RowSource], RowSource]:
    """Enter the view ``schema.name`` with the declared columns and the decorated row source."""
    schema, name = full_name.split(".")

    def enter(source: RowSource) -> RowSource:
        SYSTEM_VIEWS[fold(schema), fold(name)] = SystemView(schema, name, column_list(columns), source, permission)
        return source

    return enter


def find(schema: str, name: str) -> SystemView | None:
    """The system view ``schema.name``, None if there is none."""
    return SYSTEM_VIEWS.get((fold(schema), fold(name)))


def system_view_id(view: SystemView) -> int:
    """The object id of a system view: negative, as on SQL Server, and the same throughout a run."""
    return -1 - list(SYSTEM_VIEWS.values()).index(view)
