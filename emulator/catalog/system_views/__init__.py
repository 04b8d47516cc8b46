"""The views of ``sys`` and ``INFORMATION_SCHEMA``, and the compatibility views that are found without a schema.

Each family of views is a module; importing this package enters them all. Column names, order and types are those of SQL
Server 2022; a column that describes something that does not exist here has the value of a server without it.

Documentation: "System catalog views", "System dynamic management views", "System information schema views".
"""

from emulator.catalog.system_views import (
    columns,
    compatibility,
    constraints,
    indexes,
    information_schema,
    locks,
    modules,
    objects,
    schema_constraints,
    security,
    server,
    sessions,
)
from emulator.catalog.system_views.definition import SYSTEM_VIEWS, SystemView, find

__all__ = [
    "SYSTEM_VIEWS",
    "SystemView",
    "columns",
    "compatibility",
    "constraints",
    "find",
    "indexes",
    "information_schema",
    "locks",
    "modules",
    "objects",
    "schema_constraints",
    "security",
    "server",
    "sessions",
]
