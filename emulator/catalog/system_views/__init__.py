"""The views of ``sys`` and ``INFORMATION_SCHEMA``, and the compatibility views that are found without a schema.

Each family of views is a module; importing this package enters them all. Column names, order and types are those of SQL
Server 2022; a column that describes something that does not exist here has the value of a server without it.

Documentation: "System catalog views", "System dynamic management views", "System information schema views".
"""

from importlib import import_module

from emulator.catalog.system_views.definition import SYSTEM_VIEWS, SystemView, find

FAMILIES = (
    "objects",
    "columns",
    "indexes",
    "constraints",
    "modules",
    "dependencies",
    "extended_properties",
    "security",
    "server",
    "files",
    "sessions",
    "locks",
    "waits",
    "counters",
    "versions",
    "extended_events",
    "information_schema",
    "schema_constraints",
    "compatibility",
    "activity",
    "answers",
    "tasks",
    "host",
    "old_tables",
    "usages",
    "absent",
)

for family in FAMILIES:
    import_module(f"{__name__}.{family}")

__all__ = ["SYSTEM_VIEWS", "SystemView", "find"]
