"""Procedures that the server itself has: ``sp_executesql``, prepared statements, catalog procedures, application locks.

Each family registers its procedures in a table of its own; ``find`` looks through them.
"""

from __future__ import annotations

from emulator.catalog.objects import fold
from emulator.execution.system_procedures.contract import SystemProcedure


def find(name: str) -> SystemProcedure | None:
    """The system procedure called ``name`` (without schema), in any case."""
    from emulator.execution.system_procedures import datatypes, dynamic  # noqa: PLC0415  (these call procedures)

    folded = fold(name)
    for family in (dynamic.PROCEDURES, datatypes.PROCEDURES):
        if folded in family:
            return SystemProcedure(folded, family[folded])
    return None


__all__ = ["SystemProcedure", "find"]
