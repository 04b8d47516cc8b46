"""INFORMATION_SCHEMA: tables, views, columns, schemas, sequences, routines and their parameters.

Documentation: "System information schema views (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import (
    Column,
    DatabaseObject,
    InlineFunction,
    Module,
    Parameter,
    Procedure,
    ScalarFunction,
    Sequence,
    Table,
    TableFunction,
    View,
)
from emulator.catalog.system_views.columns import module_columns
from emulator.catalog.system_views.definition import Row, view
from emulator.catalog.system_views.objects import by_id
from emulator.types.collation import collation
from emulator.types.descriptions import catalog_name, column_precision
from emulator.types.sqltype import (
    DATE_TIMES,
    SqlType,
    is_binary,
    is_character,
    is_large_object,
    is_numeric,
    is_unicode,
)

if TYPE_CHECKING:
    from emulator.session import Session

ROUTINE_KINDS = (Procedure, ScalarFunction, InlineFunction, TableFunction)
DEFINITION_LIMIT = 4000
"""Characters of a definition that ROUTINES and VIEWS show."""
_UNLIMITED = {"text": 2147483647, "ntext": 1073741823, "image": 2147483647}

TYPE_COLUMNS = """
    CHARACTER_MAXIMUM_LENGTH int?, CHARACTER_OCTET_LENGTH int?, NUMERIC_PRECISION tinyint?,
    NUMERIC_PRECISION_RADIX smallint?, NUMERIC_SCALE int?, DATETIME_PRECISION smallint?
"""


def described(type: SqlType) -> Row:
    """The values of ``TYPE_COLUMNS``."""
    return *_lengths(type), *_numbers(type), _fraction(type)


def _lengths(type: SqlType) -> tuple[int | None, int | None]:
    if is_large_object(type):
        characters = _UNLIMITED[type.name]
        return characters, 2147483646 if type.name == "ntext" else characters
    if not (is_character(type) or is_binary(type)) or type.name == "rowversion":
        return (-1, -1) if type.name == "xml" else (None, None)
    return type.length, type.length * 2 if is_unicode(type) and type.length > 0 else type.length


def _numbers(type: SqlType) -> tuple[int | None, int | None, int | None]:
    if not is_numeric(type) or type.name == "bit":
        return None, None, None
    precision, scale = column_precision(type)
    if type.name in ("float", "real"):
        return precision, 2, None
    return precision, 10, scale


def _fraction(type: SqlType) -> int | None:
    if type.name not in DATE_TIMES:
        return None
    return {"datetime": 3}.get(type.name, type.scale)


def character_set(database: Database, type: SqlType) -> tuple[str | None, str | None]:
    """CHARACTER_SET_NAME and COLLATION_NAME of a type."""
    if not is_character(type):
        return None, None
    name = type.collation or database.collation
    if is_unicode(type):
        return "UNICODE", name
    return "iso_1" if collation(name).code_page == 1252 else f"cp{collation(name).code_page}", name


def data_type(type: SqlType) -> str:
    """DATA_TYPE."""
    return "table type" if type.name == "table" else catalog_name(type)


def tables_and_views(database: Database) -> Iterator[DatabaseObject]:
    """By object id."""
    return (item for item in by_id(database) if isinstance(item, Table | View))


@view(
    "INFORMATION_SCHEMA.TABLES",
    "TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA sysname?, TABLE_NAME sysname, TABLE_TYPE varchar(10)?",
)
def tables(session: Session, database: Database) -> Iterator[Row]:
    for item in tables_and_views(database):
        yield database.name, item.schema, item.name, "BASE TABLE" if isinstance(item, Table) else "VIEW"


@view(
    "INFORMATION_SCHEMA.VIEWS",
    """
    TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME sysname, VIEW_DEFINITION nvarchar(4000)?,
    CHECK_OPTION varchar(7)?, IS_UPDATABLE varchar(2) = 'NO'
    """,
)
def views(session: Session, database: Database) -> Iterator[Row]:
    for item in database.of_kind(View):
        option = "CASCADE" if item.check_option else "NONE"
        yield database.name, item.schema, item.name, _shown_definition(item), option


def _shown_definition(module: Module) -> str | None:
    return module.definition if len(module.definition) <= DEFINITION_LIMIT else None


@view(
    "INFORMATION_SCHEMA.COLUMNS",
    """
    TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME sysname, COLUMN_NAME sysname?,
    ORDINAL_POSITION int?, COLUMN_DEFAULT nvarchar(4000)?, IS_NULLABLE varchar(3)?, DATA_TYPE nvarchar(128)?,
    """
    + TYPE_COLUMNS
    + """,
    CHARACTER_SET_CATALOG sysname? = NULL, CHARACTER_SET_SCHEMA sysname? = NULL, CHARACTER_SET_NAME sysname?,
    COLLATION_CATALOG sysname? = NULL, COLLATION_SCHEMA sysname? = NULL, COLLATION_NAME sysname?,
    DOMAIN_CATALOG sysname? = NULL, DOMAIN_SCHEMA sysname? = NULL, DOMAIN_NAME sysname? = NULL
    """,
)
def columns(session: Session, database: Database) -> Iterator[Row]:
    for item in tables_and_views(database):
        found = item.columns if isinstance(item, Table) else ()
        if isinstance(item, View):
            found = module_columns(session, database, item)
        for position, column in enumerate(found, start=1):
            yield (
                *(database.name, item.schema, item.name, column.name, position, _default(column)),
                *("YES" if column.nullable else "NO", data_type(column.type), *described(column.type)),
                *character_set(database, column.type),
            )


def _default(column: Column) -> str | None:
    return column.default.text if column.default is not None else None


@view(
    "INFORMATION_SCHEMA.SCHEMATA",
    """
    CATALOG_NAME nvarchar(128)?, SCHEMA_NAME nvarchar(128), SCHEMA_OWNER nvarchar(128)?,
    DEFAULT_CHARACTER_SET_CATALOG varchar(6)? = NULL, DEFAULT_CHARACTER_SET_SCHEMA varchar(3)? = NULL,
    DEFAULT_CHARACTER_SET_NAME sysname? = 'iso_1'
    """,
)
def schemata(session: Session, database: Database) -> Iterator[Row]:
    for schema in database.schemas.values():
        yield database.name, schema.name, database.security.by_id[schema.owner_id].name


@view(
    "INFORMATION_SCHEMA.SEQUENCES",
    """
    SEQUENCE_CATALOG nvarchar(128)?, SEQUENCE_SCHEMA nvarchar(128)?, SEQUENCE_NAME sysname, DATA_TYPE nvarchar(128)?,
    NUMERIC_PRECISION tinyint, NUMERIC_PRECISION_RADIX smallint? = 10, NUMERIC_SCALE int?, START_VALUE sql_variant,
    MINIMUM_VALUE sql_variant, MAXIMUM_VALUE sql_variant, INCREMENT sql_variant, CYCLE_OPTION bit?,
    DECLARED_DATA_TYPE nvarchar(128)? = NULL, DECLARED_NUMERIC_PRECISION tinyint? = NULL,
    DECLARED_NUMERIC_SCALE int? = NULL
    """,
)
def sequences(session: Session, database: Database) -> Iterator[Row]:
    for item in database.of_kind(Sequence):
        values = ((item.type, value) for value in (item.start, item.minimum, item.maximum, item.increment))
        precision, scale = column_precision(item.type)
        yield database.name, item.schema, item.name, data_type(item.type), precision, scale, *values, item.cycle


@view(
    "INFORMATION_SCHEMA.ROUTINES",
    """
    SPECIFIC_CATALOG nvarchar(128)?, SPECIFIC_SCHEMA nvarchar(128)?, SPECIFIC_NAME sysname,
    ROUTINE_CATALOG nvarchar(128)?, ROUTINE_SCHEMA nvarchar(128)?, ROUTINE_NAME sysname, ROUTINE_TYPE nvarchar(20)?,
    MODULE_CATALOG sysname? = NULL, MODULE_SCHEMA sysname? = NULL, MODULE_NAME sysname? = NULL,
    UDT_CATALOG sysname? = NULL, UDT_SCHEMA sysname? = NULL, UDT_NAME sysname? = NULL, DATA_TYPE sysname?,
    """
    + TYPE_COLUMNS.replace("NUMERIC_SCALE int", "NUMERIC_SCALE smallint")
    + """,
    CHARACTER_SET_CATALOG sysname? = NULL, CHARACTER_SET_SCHEMA sysname? = NULL, CHARACTER_SET_NAME sysname?,
    COLLATION_CATALOG sysname? = NULL, COLLATION_SCHEMA sysname? = NULL, COLLATION_NAME sysname?,
    INTERVAL_TYPE nvarchar(30)? = NULL, INTERVAL_PRECISION smallint? = NULL, TYPE_UDT_CATALOG sysname? = NULL,
    TYPE_UDT_SCHEMA sysname? = NULL, TYPE_UDT_NAME sysname? = NULL, SCOPE_CATALOG sysname? = NULL,
    SCOPE_SCHEMA sysname? = NULL, SCOPE_NAME sysname? = NULL, MAXIMUM_CARDINALITY bigint? = NULL,
    DTD_IDENTIFIER sysname? = NULL, ROUTINE_BODY nvarchar(30)? = 'SQL', ROUTINE_DEFINITION nvarchar(4000)?,
    EXTERNAL_NAME sysname? = NULL, EXTERNAL_LANGUAGE nvarchar(30)? = NULL, PARAMETER_STYLE nvarchar(30)? = NULL,
    IS_DETERMINISTIC nvarchar(10)? = 'NO', SQL_DATA_ACCESS nvarchar(30)?, IS_NULL_CALL nvarchar(10)? = NULL,
    SQL_PATH sysname? = NULL, SCHEMA_LEVEL_ROUTINE nvarchar(10)? = 'YES', MAX_DYNAMIC_RESULT_SETS smallint?,
    IS_USER_DEFINED_CAST nvarchar(10)? = 'NO', IS_IMPLICITLY_INVOCABLE nvarchar(10)? = 'NO', CREATED datetime,
    LAST_ALTERED datetime
    """,
)
def routines(session: Session, database: Database) -> Iterator[Row]:
    for item in by_id(database):
        if not isinstance(item, ROUTINE_KINDS):
            continue
        procedure = isinstance(item, Procedure)
        returns = item.returns if isinstance(item, ScalarFunction) else None
        name = (database.name, item.schema, item.name)
        no_type: Row = (None,) * 9
        shown: Row = no_type if procedure else ("TABLE", *no_type[1:])
        if returns is not None:
            shown = (data_type(returns), *described(returns), *character_set(database, returns))
        yield (
            *(*name, *name, "PROCEDURE" if procedure else "FUNCTION", *shown, _shown_definition(item)),
            *("MODIFIES" if procedure else "READS", -1 if procedure else 0, item.created, item.modified),
        )


@view(
    "INFORMATION_SCHEMA.PARAMETERS",
    """
    SPECIFIC_CATALOG nvarchar(128)?, SPECIFIC_SCHEMA nvarchar(128)?, SPECIFIC_NAME sysname, ORDINAL_POSITION int,
    PARAMETER_MODE nvarchar(10)?, IS_RESULT nvarchar(10)?, AS_LOCATOR nvarchar(10)? = 'NO', PARAMETER_NAME sysname?,
    DATA_TYPE nvarchar(128)?, CHARACTER_MAXIMUM_LENGTH int?, CHARACTER_OCTET_LENGTH int?,
    COLLATION_CATALOG sysname? = NULL, COLLATION_SCHEMA sysname? = NULL, COLLATION_NAME sysname?,
    CHARACTER_SET_CATALOG sysname? = NULL, CHARACTER_SET_SCHEMA sysname? = NULL, CHARACTER_SET_NAME sysname?,
    NUMERIC_PRECISION tinyint?, NUMERIC_PRECISION_RADIX smallint?, NUMERIC_SCALE int?, DATETIME_PRECISION smallint?,
    INTERVAL_TYPE nvarchar(30)? = NULL, INTERVAL_PRECISION smallint? = NULL, USER_DEFINED_TYPE_CATALOG sysname?,
    USER_DEFINED_TYPE_SCHEMA sysname?, USER_DEFINED_TYPE_NAME sysname?, SCOPE_CATALOG sysname? = NULL,
    SCOPE_SCHEMA sysname? = NULL, SCOPE_NAME sysname? = NULL
    """,
)
def parameters(session: Session, database: Database) -> Iterator[Row]:
    for item in by_id(database):
        if not isinstance(item, ROUTINE_KINDS):
            continue
        name = (database.name, item.schema, item.name)
        if isinstance(item, ScalarFunction) and item.returns is not None:
            yield *name, 0, "OUT", "YES", "", *_parameter(database, Parameter("", item.returns))
        for position, parameter in enumerate(item.parameters, start=1):
            mode = "INOUT" if parameter.output else "IN"
            yield *name, position, mode, "NO", parameter.name, *_parameter(database, parameter)


def _parameter(database: Database, parameter: Parameter) -> Row:
    type = parameter.type
    characters, octets, *numbers = described(type)
    character_set_name, collation_name = character_set(database, type)
    user_type: Row = (None, None, None)
    if parameter.table_type is not None:
        user_type = (database.name, parameter.table_type.schema, parameter.table_type.name)
    return data_type(type), characters, octets, collation_name, character_set_name, *numbers, *user_type
