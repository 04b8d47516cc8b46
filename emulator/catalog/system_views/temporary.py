"""Temporary tables as the catalog of tempdb shows them: those of every session, under names of their own.

The name of a local one is filled with underscores and a number, so that the names of two sessions differ.

Documentation: "Tables", section "Temporary tables"; ``sys.objects`` in tempdb.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import Table, constraint_objects, fold

if TYPE_CHECKING:
    from emulator.session import Session

NAME_LENGTH = 116
"""Characters of a local temporary table's name before the number."""


def with_temporary_tables(session: Session, tempdb: Database) -> Database:
    """A copy of tempdb's catalog that has the temporary tables of all sessions in it, and their constraints."""
    instance = session.instance
    tables = [_shown(table) for other in instance.sessions.values() for table in other.temporary.values()]
    tables += instance.global_temporary.values()
    shown = copy(tempdb)
    shown.by_id = tempdb.by_id | {table.object_id: table for table in tables}
    shown.by_id |= {item.object_id: item for table in tables for item in constraint_objects(table)}
    shown.objects = tempdb.objects | {(fold(table.schema), fold(table.name)): table for table in tables}
    return shown


def _shown(table: Table) -> Table:
    shown = copy(table)
    shown.name = f"{table.name:_<{NAME_LENGTH}}{-table.object_id:012X}"
    return shown
