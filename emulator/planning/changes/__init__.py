"""Statements that change rows, compiled: INSERT, UPDATE, DELETE, TRUNCATE TABLE."""

from emulator.planning.changes.inserts import compile_insert
from emulator.planning.changes.others import compile_merge, compile_select_into, compile_truncate
from emulator.planning.changes.updates import compile_delete, compile_update

__all__ = [
    "compile_delete",
    "compile_insert",
    "compile_merge",
    "compile_select_into",
    "compile_truncate",
    "compile_update",
]
