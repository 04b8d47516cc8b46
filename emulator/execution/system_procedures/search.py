"""What the arguments of catalog procedures select: a database, names that are like a pattern, one object by name.

In patterns ``%``, ``_`` and ``[]`` are wildcards and ``\\`` takes their meaning from them (the driver's escape).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import Column, DatabaseObject, Table, View, fold
from emulator.catalog.system_views.columns import module_columns
from emulator.catalog.system_views.definition import SYSTEM_VIEWS, SystemView
from emulator.errors import sql_error
from emulator.types.collation import like_matcher

if TYPE_CHECKING:
    from emulator.session import Session

ESCAPE = "\\"
DEFAULT_SCHEMA = "dbo"


def check_qualifier(session: Session, qualifier: str | None) -> None:
    """Errors: 15250 when it is given and is not the current database."""
    if qualifier and fold(qualifier) != fold(session.database.name):
        raise sql_error(15250)


def matcher(pattern: str | None, use_pattern: bool | int | None = True) -> Callable[[str], bool]:
    """Whether a name is selected. None selects every name; without ``use_pattern`` the pattern is a name."""
    if pattern is None:
        return lambda name: True
    if not use_pattern:
        wanted = fold(pattern)
        return lambda name: fold(name) == wanted
    return like_matcher(pattern, ESCAPE, None, unicode=True)


def find_table(database: Database, name: str, owner: str | None) -> Table | None:
    """The table of exactly that name; without an owner that of the default schema."""
    return database.table(owner or DEFAULT_SCHEMA, name)


def relations(database: Database) -> Iterator[tuple[str, str, DatabaseObject | SystemView]]:
    """Everything that can be queried by name, as (schema, name, definition): tables, views, system views."""
    for item in database.by_id.values():
        if isinstance(item, Table | View):
            yield item.schema, item.name, item
    for (schema, _), system_view in SYSTEM_VIEWS.items():
        if schema != DEFAULT_SCHEMA:
            yield system_view.schema, system_view.name, system_view


def columns_of(session: Session, database: Database, item: DatabaseObject | SystemView) -> list[Column]:
    """The columns of one of ``relations``."""
    if isinstance(item, Table):
        return item.columns
    if isinstance(item, View):
        return module_columns(session, database, item)
    assert isinstance(item, SystemView)
    return [
        Column(declared.name, declared.type, declared.nullable, ordinal, ordinal + 1)
        for ordinal, declared in enumerate(item.columns)
    ]
