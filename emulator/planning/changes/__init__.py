"""Statements that change rows, compiled: INSERT, UPDATE, DELETE, MERGE, TRUNCATE TABLE."""

from emulator.planning.changes.deletes import compile_delete
from emulator.planning.changes.inserts import compile_insert
from emulator.planning.changes.merge import compile_merge
from emulator.planning.changes.select_into import compile_select_into, new_table_of
from emulator.planning.changes.truncate import compile_truncate
from emulator.planning.changes.updates import compile_update

__all__ = [
    "compile_delete",
    "compile_insert",
    "compile_merge",
    "compile_select_into",
    "compile_truncate",
    "compile_update",
    "new_table_of",
]
