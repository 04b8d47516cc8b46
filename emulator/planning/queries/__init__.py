"""Compilation of queries: FROM and its access paths, joins, grouping, windows, set operations, ordering.

``compile_query`` serves everything that contains a query; ``compile_select`` the statement; ``compile_target_scan``
finds the rows that UPDATE and DELETE change; ``find_object`` says what a name in FROM means.
"""

from emulator.planning.queries.ctes import bind_ctes
from emulator.planning.queries.names import find_object
from emulator.planning.queries.query import compile_query
from emulator.planning.queries.statements import compile_select
from emulator.planning.queries.targets import TargetScan, compile_target_scan

__all__ = [
    "TargetScan",
    "bind_ctes",
    "compile_query",
    "compile_select",
    "compile_target_scan",
    "find_object",
]
