"""Procedures that the server itself has: ``sp_executesql``, prepared statements, catalog procedures, application locks.

Each family registers its procedures in a table of its own; ``find`` looks through them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from emulator.catalog.objects import fold
from emulator.execution.system_procedures.contract import Body, SystemProcedure

FAMILIES = (
    "refused",
    "dynamic",
    "datatypes",
    "tables",
    "keys",
    "routines",
    "describe",
    "application_locks",
    "context",
    "rename",
    "help",
    "activity",
    "roles",
    "listings",
    "maintenance",
    "configure",
    "extended_properties",
    "privileges",
    "server",
    "server_cursors",
)


@cache
def _procedures() -> dict[str, SystemProcedure]:
    """All of them by folded name. Entered at the first call: procedures run batches, which call procedures."""
    found: dict[str, SystemProcedure] = {}
    for family in FAMILIES:
        procedures: dict[str, Body] = import_module(f"{__name__}.{family}").PROCEDURES
        found |= {fold(name): SystemProcedure(name, run) for name, run in procedures.items()}
    return found


def find(name: str) -> SystemProcedure | None:
    """The system procedure called ``name`` (without schema), in any case."""
    return _procedures().get(fold(name))


def procedure_names() -> list[str]:
    """The names of the procedures that are executed, those that are refused left out."""
    refused = {fold(name) for name in import_module(f"{__name__}.refused").PROCEDURES}
    return [procedure.name for name, procedure in _procedures().items() if name not in refused]


__all__ = ["SystemProcedure", "find", "procedure_names"]
