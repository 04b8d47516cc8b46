"""Columns and types: ``sys.columns`` and the views that extend it, ``sys.types``.

Documentation: ``sys.columns``, ``sys.computed_columns``, ``sys.identity_columns``, ``sys.types``, ``sys.table_types``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import AliasType, Column, Identity, InlineFunction, Table, TableFunction, TableType, View
from emulator.catalog.system_views.definition import SYSTEM_VIEWS, Row, system_view_id, view
from emulator.catalog.system_views.objects import schema_id
from emulator.errors import SqlError
from emulator.types.descriptions import TABLE_TYPE_ID, TYPE_IDS, column_precision, column_size, system_type_id
from emulator.types.sqltype import SqlType, is_binary, is_character

if TYPE_CHECKING:
    from emulator.planning.binding import QueryPlan
    from emulator.session import Session

ENCRYPTION = """
    encryption_type int? = NULL, encryption_type_desc nvarchar(64)? = NULL,
    encryption_algorithm_name sysname? = NULL, column_encryption_key_id int? = NULL,
    column_encryption_key_database_name sysname? = NULL
"""
_LEADING = """
    object_id int, name sysname?, column_id int, system_type_id tinyint, user_type_id int, max_length smallint,
    precision tinyint, scale tinyint, collation_name sysname?, is_nullable bit?, is_ansi_padded bit, is_rowguidcol bit,
    is_identity bit,
"""
_REPLICATION = """
    is_filestream bit = 0, is_replicated bit? = 0, is_non_sql_subscribed bit? = 0, is_merge_published bit? = 0,
    is_dts_replicated bit? = 0, is_xml_document bit = 0, xml_collection_id int = 0, default_object_id int,
    rule_object_id int = 0,
"""
_TRAILING = (
    """
    is_sparse bit? = 0, is_column_set bit? = 0, generated_always_type tinyint? = 0,
    generated_always_type_desc nvarchar(60)? = 'NOT_APPLICABLE',
    """
    + ENCRYPTION
    + """,
    is_hidden bit? = 0, is_masked bit = 0, graph_type int? = NULL, graph_type_desc nvarchar(60)? = NULL,
    is_data_deletion_filter_column bit? = 0, ledger_view_column_type int? = NULL,
    ledger_view_column_type_desc nvarchar(60)? = NULL, is_dropped_ledger_column bit? = 0
    """
)
COLUMN = _LEADING + "is_computed bit," + _REPLICATION + _TRAILING
"""The columns of ``sys.columns``: filled by ``column_row``."""


PASSED_ON = Identity(0, 0)
"""The identity property of a view's column: it draws no values itself."""


def query_of_module(session: Session, database: Database, module: View | InlineFunction) -> QueryPlan:
    """The compiled query of a view or inline function. Errors: those of compiling it."""
    from emulator.planning.queries import compile_query  # noqa: PLC0415 (queries read system views)

    context = session.compiler(database, module.definition, module=module, parameters=module.parameters).context()
    return compile_query(module.body.query, None, context, ctes=module.body.ctes)


def module_columns(session: Session, database: Database, module: View | InlineFunction) -> list[Column]:
    """The columns of a view or inline function, from its query; none when that does not compile any more.

    A column that is an identity column of a table is one here, too.
    """
    try:
        plan = query_of_module(session, database, module)
    except SqlError:
        return []
    names = getattr(module, "column_names", ()) or [column.name for column in plan.columns]
    return [
        Column(name, made.type, made.nullable, ordinal, ordinal + 1, identity=PASSED_ON if made.identity else None)
        for ordinal, (name, made) in enumerate(zip(names, plan.columns, strict=True))
    ]


def columns_by_object(
    session: Session, database: Database, *, modules: bool = True
) -> Iterator[tuple[int, Sequence[Column]]]:
    """The columns of every table, view, table-valued function and table type with the object's id."""
    for object_id, item in sorted(database.by_id.items()):
        if isinstance(item, Table):
            yield object_id, item.columns
        elif modules and isinstance(item, View | InlineFunction):
            yield object_id, module_columns(session, database, item)
        elif isinstance(item, TableFunction) and item.returns is not None:
            yield object_id, item.returns.columns
    for found in database.types.values():
        if isinstance(found, TableType):
            yield found.object_id, found.shape.columns


def user_type_id(database: Database, column: Column) -> int:
    """``sys.columns.user_type_id``: that of the alias type the column was declared with, else of its system type."""
    if column.user_type:
        if column.user_type in TYPE_IDS:
            return TYPE_IDS[column.user_type]
        for found in database.types.values():
            if found.full_name == column.user_type:
                return found.object_id
    return system_type_id(column.type)


def _leading_values(database: Database, object_id: int, column: Column) -> Row:
    type = column.type
    return (
        object_id,
        column.name,
        column.column_id,
        system_type_id(type),
        user_type_id(database, column),
        column_size(type),
        *column_precision(type),
        (type.collation or database.collation) if is_character(type) else None,
        column.nullable,
        is_character(type) or (is_binary(type) and type.name != "rowversion"),
        column.rowguidcol,
        column.identity is not None,
    )


def _default_id(column: Column) -> int:
    return column.default.object_id if column.default is not None else 0


def column_row(database: Database, object_id: int, column: Column) -> Row:
    """The values of ``COLUMN``."""
    return *_leading_values(database, object_id, column), column.computed is not None, _default_id(column)


@view("sys.columns", COLUMN)
def columns(session: Session, database: Database) -> Iterator[Row]:
    for object_id, found in columns_by_object(session, database):
        for column in found:
            yield column_row(database, object_id, column)


@view("sys.all_columns", COLUMN)
def all_columns(session: Session, database: Database) -> Iterator[Row]:
    yield from columns(session, database)
    for system_view in SYSTEM_VIEWS.values():
        object_id = system_view_id(system_view)
        for ordinal, declared in enumerate(system_view.columns):
            column = Column(declared.name, declared.type, declared.nullable, ordinal, ordinal + 1)
            yield column_row(database, object_id, column)


@view(
    "sys.computed_columns",
    _LEADING
    + _REPLICATION
    + "definition nvarchar(max)?, uses_database_collation bit = 1, is_persisted bit, is_computed bit = 1,"
    + _TRAILING,
)
def computed_columns(session: Session, database: Database) -> Iterator[Row]:
    for object_id, found in columns_by_object(session, database, modules=False):
        for column in found:
            if column.computed is not None:
                leading = _leading_values(database, object_id, column)
                yield *leading, _default_id(column), column.computed_text, column.persisted


@view(
    "sys.identity_columns",
    _LEADING
    + _REPLICATION
    + """
    seed_value sql_variant?, increment_value sql_variant?, last_value sql_variant?, is_not_for_replication bit? = 0,
    is_computed bit = 0,
    """
    + _TRAILING,
)
def identity_columns(session: Session, database: Database) -> Iterator[Row]:
    """Those of views are listed, too, without seed and increment."""
    for object_id, found in columns_by_object(session, database):
        for column in found:
            if column.identity is not None:
                yield (
                    *_leading_values(database, object_id, column),
                    _default_id(column),
                    *_counter(database, object_id, column),
                )


def _counter(database: Database, object_id: int, column: Column) -> Row:
    """Seed, increment and last value."""
    identity = column.identity
    if identity is None or identity is PASSED_ON:
        return None, None, None
    item = database.by_id.get(object_id)
    store = item.store if isinstance(item, Table) else None
    last = store.identity.last if store is not None and store.identity is not None else None
    return tuple(None if value is None else (column.type, value) for value in (identity.seed, identity.increment, last))


TYPE = """
    name sysname, system_type_id tinyint, user_type_id int, schema_id int, principal_id int? = NULL,
    max_length smallint, precision tinyint, scale tinyint, collation_name sysname?, is_nullable bit?,
    is_user_defined bit, is_assembly_type bit, default_object_id int = 0, rule_object_id int = 0, is_table_type bit
"""
_SYS_SCHEMA = 4
_LARGEST = {
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar", "binary", "varbinary"), (8000, 0, 0)),
    **dict.fromkeys(("decimal", "numeric"), (17, 38, 38)),
    "time": (5, 16, 7),
    "datetime2": (8, 27, 7),
    "datetimeoffset": (10, 34, 7),
    "sysname": (256, 0, 0),
    "timestamp": (8, 0, 0),
}
"""Size, precision and scale of the types with parameters, as ``sys.types`` shows them."""
_ASSEMBLY_TYPES = (("hierarchyid", 128, 892), ("geometry", 129, -1), ("geography", 130, -1))
_ASSEMBLY_TYPE_ID = 240


@view("sys.types", TYPE)
def types(session: Session, database: Database) -> Iterator[Row]:
    for name, type_id in TYPE_IDS.items():
        size = _LARGEST.get(name) or (column_size(SqlType(name)), *column_precision(SqlType(name)))
        system_id = TYPE_IDS["nvarchar"] if name == "sysname" else type_id
        collation = database.collation if name == "sysname" or is_character(SqlType(name)) else None
        yield name, system_id, type_id, _SYS_SCHEMA, *size, collation, name not in ("timestamp", "sysname"), 0, 0, 0
    for name, type_id, length in _ASSEMBLY_TYPES:
        yield name, _ASSEMBLY_TYPE_ID, type_id, _SYS_SCHEMA, length, 0, 0, None, 1, 0, 1, 0
    for item in database.types.values():
        schema = schema_id(database, item.schema)
        if isinstance(item, AliasType):
            type = item.type
            size = column_size(type), *column_precision(type)
            collation = database.collation if is_character(type) else None
            yield item.name, system_type_id(type), item.object_id, schema, *size, collation, item.nullable, 1, 0, 0
        else:
            yield item.name, TABLE_TYPE_ID, item.object_id, schema, -1, 0, 0, None, 0, 1, 0, 1


@view("sys.table_types", TYPE + ", type_table_object_id int, is_memory_optimized bit? = 0")
def table_types(session: Session, database: Database) -> Iterator[Row]:
    for item in database.types.values():
        if isinstance(item, TableType):
            schema = schema_id(database, item.schema)
            yield (
                *(item.name, TABLE_TYPE_ID, item.object_id, schema, -1, 0, 0, None, 0, 1, 0, 1),
                item.object_id,
            )
