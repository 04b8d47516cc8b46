"""Procedures, functions, views and triggers: their texts and parameters.

Documentation: ``sys.sql_modules``, ``sys.parameters``, ``sys.triggers``, ``sys.trigger_events``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import Module, Parameter, ScalarFunction, Trigger
from emulator.catalog.system_views.columns import ENCRYPTION
from emulator.catalog.system_views.definition import Row, view
from emulator.catalog.system_views.objects import parent_id
from emulator.types.descriptions import column_precision, column_size, system_type_id
from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.session import Session

SQL_MODULE = """
    object_id int, definition nvarchar(max)?, uses_ansi_nulls bit?, uses_quoted_identifier bit?,
    is_schema_bound bit?, uses_database_collation bit? = 0, is_recompiled bit? = 0, null_on_null_input bit? = 0,
    execute_as_principal_id int?, uses_native_compilation bit? = 0, inline_type bit? = 0, is_inlineable bit? = 0
"""
TRIGGER_EVENTS = {"INSERT": 1, "UPDATE": 2, "DELETE": 3}


@view("sys.sql_modules", SQL_MODULE)
def sql_modules(session: Session, database: Database) -> Iterator[Row]:
    for item in database.of_kind(Module):
        flags = (item.ansi_nulls, item.quoted_identifier, item.schema_bound)
        yield item.object_id, item.definition, *flags, item.execute_as


@view("sys.all_sql_modules", SQL_MODULE)
def all_sql_modules(session: Session, database: Database) -> Iterator[Row]:
    """The same: system procedures have no text here."""
    yield from sql_modules(session, database)


PARAMETER = (
    """
    object_id int, name sysname?, parameter_id int, system_type_id tinyint, user_type_id int, max_length smallint,
    precision tinyint, scale tinyint, is_output bit, is_cursor_ref bit = 0, has_default_value bit = 0,
    is_xml_document bit = 0, default_value sql_variant? = NULL, xml_collection_id int = 0, is_readonly bit,
    is_nullable bit? = 1,
    """
    + ENCRYPTION
)


@view("sys.parameters", PARAMETER)
def parameters(session: Session, database: Database) -> Iterator[Row]:
    """The result of a scalar function is its parameter 0. Default values are not shown for T-SQL modules."""
    for module in database.of_kind(Module):
        if isinstance(module, ScalarFunction) and module.returns is not None:
            yield module.object_id, "", 0, *_type_values(module.returns), 1, 0
        for number, parameter in enumerate(module.parameters, start=1):
            values = _parameter_type(parameter)
            yield module.object_id, parameter.name, number, *values, parameter.output, parameter.table_type is not None


view("sys.all_parameters", PARAMETER)(parameters)


def _parameter_type(parameter: Parameter) -> Row:
    if parameter.table_type is None:
        return _type_values(parameter.type)
    return system_type_id(parameter.type), parameter.table_type.object_id, -1, 0, 0


def _type_values(type: SqlType) -> Row:
    type_id = system_type_id(type)
    return type_id, type_id, column_size(type), *column_precision(type)


@view(
    "sys.triggers",
    """
    name sysname, object_id int, parent_class tinyint = 1, parent_class_desc nvarchar(60)? = 'OBJECT_OR_COLUMN',
    parent_id int, type char(2) = 'TR', type_desc nvarchar(60)? = 'SQL_TRIGGER', create_date datetime,
    modify_date datetime, is_ms_shipped bit = 0, is_disabled bit, is_not_for_replication bit = 0,
    is_instead_of_trigger bit
    """,
)
def triggers(session: Session, database: Database) -> Iterator[Row]:
    for item in database.of_kind(Trigger):
        parent = parent_id(item)
        yield item.name, item.object_id, parent, item.created, item.modified, not item.enabled, item.instead_of


@view(
    "sys.trigger_events",
    """
    object_id int, type int, type_desc nvarchar(128), is_first bit = 0, is_last bit = 0, event_group_type int? = NULL,
    event_group_type_desc nvarchar(128)? = NULL, is_trigger_event bit? = 1
    """,
)
def trigger_events(session: Session, database: Database) -> Iterator[Row]:
    for item in database.of_kind(Trigger):
        for event in sorted(item.events):
            yield item.object_id, TRIGGER_EVENTS[event], event
