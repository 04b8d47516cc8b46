"""What refers to what: the dependencies of modules on the objects that their texts name.

Documentation: ``sys.sql_expression_dependencies``, ``sys.dm_sql_referenced_entities``,
``sys.dm_sql_referencing_entities``, ``sys.sql_dependencies``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.dependencies import Reference, referenced_object, references, referring_modules
from emulator.catalog.objects import DatabaseObject, Module, Table, View, fold
from emulator.catalog.system_views.columns import module_columns
from emulator.catalog.system_views.definition import Row, table_function, view

if TYPE_CHECKING:
    from emulator.session import Session

OBJECT_CLASS, TYPE_CLASS = (1, "OBJECT_OR_COLUMN"), (6, "TYPE")


def _is_callers(module: Module, reference: Reference) -> bool:
    """Whether what is meant depends on who calls: a procedure named without its schema."""
    return reference.calls and reference.name.schema is None


@view(
    "sys.sql_expression_dependencies",
    """
    referencing_id int, referencing_minor_id int = 0, referencing_class tinyint? = 1,
    referencing_class_desc nvarchar(60)? = 'OBJECT_OR_COLUMN', is_schema_bound_reference bit,
    referenced_class tinyint?, referenced_class_desc nvarchar(60)?, referenced_server_name sysname?,
    referenced_database_name sysname?, referenced_schema_name sysname?, referenced_entity_name sysname,
    referenced_id int?, referenced_minor_id int = 0, is_caller_dependent bit, is_ambiguous bit = 0
    """,
)
def sql_expression_dependencies(session: Session, database: Database) -> Iterator[Row]:
    for module in database.of_kind(Module):
        for reference in references(module):
            found = referenced_object(database, module, reference)
            callers = _is_callers(module, reference)
            name = reference.name
            yield (
                *(module.object_id, module.schema_bound, *(TYPE_CLASS if reference.is_type else OBJECT_CLASS)),
                *(name.server, name.database, name.schema, name.name),
                *(None if callers or found is None else found.object_id, callers),
            )


@view(
    "sys.sql_dependencies",
    """
    class tinyint = 0, class_desc nvarchar(60)? = 'OBJECT_OR_COLUMN_REFERENCE_NON_SCHEMA_BOUND', object_id int,
    column_id int = 0, referenced_major_id int, referenced_minor_id int = 0, is_selected bit = 1, is_updated bit = 0,
    is_select_all bit = 0
    """,
)
def sql_dependencies(session: Session, database: Database) -> Iterator[Row]:
    for module, found in _resolved(database):
        yield module.object_id, found.object_id


def _resolved(database: Database) -> Iterator[tuple[Module, DatabaseObject]]:
    for module in database.of_kind(Module):
        for reference in references(module):
            found = referenced_object(database, module, reference)
            if found is not None and not reference.is_type:
                yield module, found


def _named(session: Session, database: Database, name: str | None) -> DatabaseObject | None:
    if not name:
        return None
    parsed = session.parse_name(name)
    return database.find(parsed.schema or "dbo", parsed.name)


@table_function(
    "dm_sql_referenced_entities",
    "name nvarchar(517)?, class nvarchar(60)?",
    """
    referencing_minor_id int? = 0, referenced_server_name sysname?, referenced_database_name sysname?,
    referenced_schema_name sysname?, referenced_entity_name sysname?, referenced_minor_name sysname?,
    referenced_id int?, referenced_minor_id int?, referenced_class tinyint?, referenced_class_desc nvarchar(60)?,
    is_caller_dependent bit, is_ambiguous bit = 0, is_selected bit, is_updated bit = 0, is_select_all bit = 0,
    is_all_columns_found bit = 1, is_insert_all bit = 0, is_incomplete bit = 0
    """,
)
def dm_sql_referenced_entities(
    session: Session, database: Database, name: str | None, securable_class: str | None
) -> Iterator[Row]:
    """The objects that a module refers to, and of tables and views the columns whose names its text has in it."""
    module = _named(session, database, name)
    if not isinstance(module, Module) or fold(securable_class or "") != "object":
        return
    for reference in references(module):
        found = referenced_object(database, module, reference)
        written = reference.name
        names = (written.server, written.database, written.schema, written.name)
        kind = TYPE_CLASS if reference.is_type else OBJECT_CLASS
        callers = _is_callers(module, reference)
        number = None if found is None or callers else found.object_id
        selects = isinstance(found, Table | View)
        yield *names, None, number, 0, *kind, callers, selects
        if not isinstance(found, Table | View):
            continue
        columns = found.columns if isinstance(found, Table) else module_columns(session, database, found)
        text = fold(module.definition)
        for column in columns:
            if fold(column.name) in text:
                yield *names, column.name, number, column.column_id, *kind, callers, 1


@table_function(
    "dm_sql_referencing_entities",
    "name nvarchar(517)?, class nvarchar(60)?",
    """
    referencing_schema_name sysname?, referencing_entity_name sysname, referencing_id int,
    referencing_class tinyint? = 1, referencing_class_desc nvarchar(60)? = 'OBJECT_OR_COLUMN', is_caller_dependent bit
    """,
)
def dm_sql_referencing_entities(
    session: Session, database: Database, name: str | None, securable_class: str | None
) -> Iterator[Row]:
    """The modules that refer to an object."""
    item = _named(session, database, name)
    if item is None:
        return
    for module, reference in referring_modules(database, item):
        yield module.schema, module.name, module.object_id, _is_callers(module, reference)
