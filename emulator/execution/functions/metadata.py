"""Functions about databases, schemas, objects, columns and types.

Names and ids that do not exist give NULL, never an error.

Documentation: "Metadata Functions (Transact-SQL)" and the page of each function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.catalog import system_views
from emulator.catalog.database import Database
from emulator.catalog.database_options import option_value
from emulator.catalog.objects import (
    Constraint,
    DatabaseObject,
    Index,
    InlineFunction,
    Module,
    Procedure,
    ScalarFunction,
    Table,
    TableFunction,
    Trigger,
    View,
    fold,
)
from emulator.catalog.system_views.base_tables import BASE_TABLES
from emulator.catalog.system_views.definition import system_view_id
from emulator.catalog.system_views.objects import type_code
from emulator.execution.functions.registry import INTEGER, UNICODE, function
from emulator.execution.functions.strings import split_name
from emulator.types.descriptions import TYPE_IDS, column_size
from emulator.types.sqltype import (
    INT,
    NVARCHAR_MAX,
    SMALLINT,
    SQL_VARIANT,
    SYSNAME,
    SqlType,
    is_binary,
    is_character,
    numeric,
    nvarchar,
    precision_and_scale,
)

if TYPE_CHECKING:
    from emulator.session import Session

# --- Databases and schemas --------------------------------------------------------------------------------------------


def _databases(session: Session) -> list[Database]:
    return list(session.instance.databases.values())


def _database(session: Session, name: str | None) -> Database | None:
    return session.database if name is None else session.instance.databases.get(fold(name))


@function("DB_NAME", INTEGER, optional=1, session=True, result=SYSNAME)
def db_name(session: Session, database_id: int | None = None) -> str | None:
    if database_id is None:
        return session.database.name
    return next((found.name for found in _databases(session) if found.database_id == database_id), None)


@function("DB_ID", UNICODE, optional=1, session=True, result=SMALLINT)
def db_id(session: Session, name: str | None = None) -> int | None:
    found = _database(session, name)
    return found.database_id if found else None


@function("SCHEMA_ID", UNICODE, optional=1, session=True, result=INT)
def schema_id(session: Session, name: str = "dbo") -> int | None:
    schema = session.database.schemas.get(fold(name))
    return schema.schema_id if schema else None


@function("SCHEMA_NAME", INTEGER, optional=1, session=True, result=SYSNAME)
def schema_name(session: Session, number: int = 1) -> str | None:
    return next((schema.name for schema in session.database.schemas.values() if schema.schema_id == number), None)


SWITCHES = {
    "isansinullsenabled": "ANSI_NULLS",
    "isansinulldefault": "ANSI_NULL_DEFAULT",
    "isansipaddingenabled": "ANSI_PADDING",
    "isansiwarningsenabled": "ANSI_WARNINGS",
    "isarithmeticabortenabled": "ARITHABORT",
    "isautoclose": "AUTO_CLOSE",
    "isautoshrink": "AUTO_SHRINK",
    "isautocreatestatistics": "AUTO_CREATE_STATISTICS",
    "isautoupdatestatistics": "AUTO_UPDATE_STATISTICS",
    "isnullconcat": "CONCAT_NULL_YIELDS_NULL",
    "isnumericroundabortenabled": "NUMERIC_ROUNDABORT",
    "isquotedidentifiersenabled": "QUOTED_IDENTIFIER",
    "isrecursivetriggersenabled": "RECURSIVE_TRIGGERS",
}
"""Properties of databases that are options ON or OFF."""


@function("DATABASEPROPERTYEX", UNICODE, UNICODE, session=True, result=SQL_VARIANT)
def database_property(session: Session, name: str, property_name: str) -> tuple[SqlType, Any] | None:
    database = _database(session, name)
    if database is None:
        return None
    values: dict[str, tuple[SqlType, Any]] = {
        "collation": (SYSNAME, database.collation),
        "status": (SYSNAME, "ONLINE"),
        "updateability": (SYSNAME, "READ_WRITE"),
        "useraccess": (SYSNAME, database.user_access),
        "recovery": (SYSNAME, option_value(database.options, "RECOVERY")),
        "version": (INT, 957),
        **{name: (INT, int(option_value(database.options, option) == "ON")) for name, option in SWITCHES.items()},
        "isfulltextenabled": (INT, 0),
        "isinstandby": (INT, 0),
        "isparameterizationforced": (INT, int(option_value(database.options, "PARAMETERIZATION") == "FORCED")),
    }
    return values.get(property_name.lower())


# --- Objects ----------------------------------------------------------------------------------------------------------


def find_object(session: Session, name: str) -> DatabaseObject | None:
    """The object that a name of one to three parts means to the session: temporary tables too.

    What another transaction is creating, changing or dropping is waited for. Errors: 1205, 1222.
    """
    parts = split_name(name)
    if parts is None or len(parts) > 3 or not parts[-1]:
        return None
    if parts[-1].startswith("#"):
        return session.find_temporary(parts[-1]) or session.find_temporary_procedure(parts[-1])
    database = _database(session, parts[-3] if len(parts) == 3 and parts[-3] else None)
    if database is None:
        return None
    schema = parts[-2] if len(parts) > 1 and parts[-2] else "dbo"
    found = session.look_up(database, schema, parts[-1])
    while isinstance(found, Table) and session.await_definition(found):
        found = session.look_up(database, schema, parts[-1])
    return found


def object_by_id(session: Session, object_id: int, database_id: int | None = None) -> DatabaseObject | None:
    """The object of that id, in the current database or another one, once nobody else is changing it.

    Errors: 1205, 1222.
    """
    databases = _databases(session) if database_id is not None else [session.database]
    for database in databases:
        if database_id is None or database.database_id == database_id:
            found = database.by_id.get(object_id)
            while isinstance(found, Table) and session.await_definition(found):
                found = database.by_id.get(object_id)
            return found
    return None


@function("OBJECT_ID", UNICODE, UNICODE, optional=1, session=True, result=INT)
def object_id(session: Session, name: str, kind: str | None = None) -> int | None:
    """System views and base tables have ids too."""
    wanted = None if kind is None else kind.strip().upper()
    found = find_object(session, name)
    if found is not None:
        return found.object_id if wanted in (None, type_code(found).strip()) else None
    parts = split_name(name) or [""]
    if len(parts) > 1 and fold(parts[-2]) == "sys" and wanted in (None, "S"):
        base_table = next((number for number, table in BASE_TABLES.items() if table == fold(parts[-1])), None)
        if base_table is not None:
            return base_table
    system_view = system_views.find(parts[-2], parts[-1]) if len(parts) > 1 else None
    return system_view_id(system_view) if system_view is not None and wanted in (None, "V") else None


@function("OBJECT_NAME", INTEGER, INTEGER, optional=1, session=True, result=SYSNAME)
def object_name(session: Session, number: int, database_id: int | None = None) -> str | None:
    found = object_by_id(session, number, database_id)
    return found.name if found else BASE_TABLES.get(number)


@function("OBJECT_SCHEMA_NAME", INTEGER, INTEGER, optional=1, session=True, result=SYSNAME)
def object_schema_name(session: Session, number: int, database_id: int | None = None) -> str | None:
    found = object_by_id(session, number, database_id)
    return found.schema if found else "sys" if number in BASE_TABLES else None


@function("OBJECT_DEFINITION", INTEGER, session=True, result=NVARCHAR_MAX)
def object_definition(session: Session, number: int) -> str | None:
    found = object_by_id(session, number)
    return found.definition if isinstance(found, Module) else None


CONSTRAINT_KINDS = {
    "isprimarykey": "PK",
    "isuniquecnst": "UQ",
    "isforeignkey": "F",
    "ischeckcnst": "C",
    "isdefaultcnst": "D",
}


def _key_index(found: DatabaseObject) -> Index | None:
    """The index of a primary key or unique constraint."""
    indexes = found.table.indexes if isinstance(found, Constraint) and found.table is not None else []
    return next((index for index in indexes if index.object_id == found.object_id), None)


def _object_property(session: Session, number: int, property_name: str) -> int | None:
    found = object_by_id(session, number)
    if found is None:
        return None
    match property_name.lower():
        case "istable" | "isusertable":
            return int(isinstance(found, Table))
        case "isview":
            return int(isinstance(found, View))
        case "isprocedure":
            return int(isinstance(found, Procedure))
        case "isscalarfunction":
            return int(isinstance(found, ScalarFunction))
        case "isinlinefunction":
            return int(isinstance(found, InlineFunction))
        case "istablefunction":
            return int(isinstance(found, InlineFunction | TableFunction))
        case "istrigger":
            return int(isinstance(found, Trigger))
        case "isconstraint":
            return int(isinstance(found, Constraint))
        case "isprimarykey" | "isuniquecnst" | "isforeignkey" | "ischeckcnst" | "isdefaultcnst":
            return int(type_code(found).strip() == CONSTRAINT_KINDS[property_name.lower()])
        case "cnstisclustkey" | "cnstisnonclustkey":
            index = _key_index(found)
            return None if index is None else int(index.clustered == (property_name.lower() == "cnstisclustkey"))
        case "ismsshipped" | "isencrypted" | "isschemabound":
            return 0
        case "schemaid":
            schema = session.database.schemas.get(fold(found.schema))
            return schema.schema_id if schema else None
        case "ownerid":
            return session.database.owner_of(found)
        case "execisquotedidenton" if isinstance(found, Module):
            return int(found.quoted_identifier)
        case "execisansinullson" if isinstance(found, Module):
            return int(found.ansi_nulls)
        case name if name.startswith("execis") and isinstance(found, Trigger):
            return _trigger_property(found, name.removeprefix("execis").removesuffix("trigger"))
        case name:
            return _table_property(found, name) if isinstance(found, Table) else None


def _trigger_property(trigger: Trigger, name: str) -> int | None:
    """``after``, ``insteadof``, ``insert``, ``firstinsert``, ``triggerdisabled`` and the like."""
    if name in ("after", "insteadof"):
        return int(trigger.instead_of == (name == "insteadof"))
    if name == "triggerdisabled":
        return int(not trigger.enabled)
    for place in ("first", "last"):
        if name.startswith(place):
            return int(trigger.order.get(name.removeprefix(place).upper()) == place)
    return int(name.upper() in trigger.events) if name in ("insert", "update", "delete") else None


def _table_property(table: Table, name: str) -> int | None:
    properties = {
        "tablehasidentity": table.identity_column is not None,
        "tablehasprimarykey": any(index.primary_key for index in table.indexes),
        "tablehasclustindex": table.clustered is not None,
        "tablehasindex": bool(table.indexes),
        "tablehasnonclustindex": any(not index.clustered for index in table.indexes),
        "tablehasuniquecnst": any(index.unique_constraint for index in table.indexes),
        "tablehascheckcnst": bool(table.checks),
        "tablehasforeignkey": bool(table.foreign_keys),
        "tablehasforeignref": bool(table.referenced_by),
        "tablehasdefaultcnst": any(column.default is not None for column in table.columns),
    }
    return int(properties[name]) if name in properties else None


@function("OBJECTPROPERTY", INTEGER, UNICODE, session=True, result=INT)
def object_property(session: Session, number: int, property_name: str) -> int | None:
    return _object_property(session, number, property_name)


@function("OBJECTPROPERTYEX", INTEGER, UNICODE, session=True, result=SQL_VARIANT)
def object_property_ex(session: Session, number: int, property_name: str) -> tuple[SqlType, Any] | None:
    if property_name.lower() == "basetype":
        found = object_by_id(session, number)
        return (nvarchar(2), type_code(found)) if found else None
    value = _object_property(session, number, property_name)
    return None if value is None else (INT, value)


# --- Columns and indexes ----------------------------------------------------------------------------------------------


@function("COL_LENGTH", UNICODE, UNICODE, session=True, result=SMALLINT)
def col_length(session: Session, table_name: str, column_name: str) -> int | None:
    table = find_object(session, table_name)
    column = table.column(column_name) if isinstance(table, Table) else None
    return column_size(column.type) if column else None


@function("COL_NAME", INTEGER, INTEGER, session=True, result=SYSNAME)
def col_name(session: Session, number: int, column_id: int) -> str | None:
    table = object_by_id(session, number)
    columns = table.columns if isinstance(table, Table) else []
    return next((column.name for column in columns if column.column_id == column_id), None)


@function("COLUMNPROPERTY", INTEGER, UNICODE, UNICODE, session=True, result=INT)
def column_property(session: Session, number: int, column_name: str, property_name: str) -> int | None:
    table = object_by_id(session, number)
    column = table.column(column_name) if isinstance(table, Table) else None
    if column is None:
        return None
    t = column.type
    properties = {
        "allowsnull": int(column.nullable),
        "columnid": column.column_id,
        "ordinal": column.ordinal + 1,
        "iscomputed": int(column.computed is not None),
        "isidentity": int(column.identity is not None),
        "isrowguidcol": int(column.rowguidcol),
        "issparse": 0,
        "ishidden": 0,
        "charmaxlen": t.length if is_character(t) or is_binary(t) else None,
        "precision": _precision(t),
        "scale": _scale(t),
    }
    return properties.get(property_name.lower())


def _precision(t: SqlType) -> int | None:
    if is_character(t) or is_binary(t):
        return t.length
    try:
        return precision_and_scale(t)[0]
    except KeyError:
        return {"float": 53, "real": 24, "date": 10, "smalldatetime": 16, "datetime": 23}.get(t.name)


def _scale(t: SqlType) -> int | None:
    try:
        return precision_and_scale(t)[1]
    except KeyError:
        return t.scale if t.name in ("time", "datetime2", "datetimeoffset") else {"datetime": 3}.get(t.name)


def index_of(table: Table, index_id: int) -> Index | None:
    """The index of that number."""
    return next((index for index in table.indexes if index.number == index_id), None)


def _index(session: Session, number: int, name: str) -> Index | None:
    table = object_by_id(session, number)
    indexes = table.indexes if isinstance(table, Table) else []
    return next((index for index in indexes if fold(index.name) == fold(name)), None)


@function("INDEXPROPERTY", INTEGER, UNICODE, UNICODE, session=True, result=INT)
def index_property(session: Session, number: int, index_name: str, property_name: str) -> int | None:
    index = _index(session, number, index_name)
    if index is None:
        return None
    properties = {
        "indexid": index.number,
        "isclustered": int(index.clustered),
        "isunique": int(index.unique),
        "isdisabled": int(index.disabled),
        "indexfillfactor": 0,
        "ishypothetical": 0,
        "isstatistics": 0,
    }
    return properties.get(property_name.lower())


@function("INDEX_COL", UNICODE, INTEGER, INTEGER, session=True, result=SYSNAME)
def index_col(session: Session, table_name: str, index_id: int, key_number: int) -> str | None:
    table = find_object(session, table_name)
    if not isinstance(table, Table):
        return None
    index = index_of(table, index_id)
    if index is None or not 1 <= key_number <= len(index.columns):
        return None
    return table.columns[index.columns[key_number - 1].ordinal].name


# --- Identity ---------------------------------------------------------------------------------------------------------


def _identity(session: Session, name: str) -> Any:
    table = find_object(session, name)
    if isinstance(table, Table) and table.store is not None:
        return table.store.identity
    return None


@function("IDENT_CURRENT", UNICODE, session=True, result=numeric(38, 0))
def ident_current(session: Session, name: str) -> int | None:
    """The seed before the first row."""
    identity = _identity(session, name)
    if identity is None:
        return None
    return int(identity.seed if identity.last is None else identity.last)


@function("IDENT_SEED", UNICODE, session=True, result=numeric(38, 0))
def ident_seed(session: Session, name: str) -> int | None:
    identity = _identity(session, name)
    return None if identity is None else int(identity.seed)


@function("IDENT_INCR", UNICODE, session=True, result=numeric(38, 0))
def ident_incr(session: Session, name: str) -> int | None:
    identity = _identity(session, name)
    return None if identity is None else int(identity.increment)


# --- Types ------------------------------------------------------------------------------------------------------------


@function("TYPE_ID", UNICODE, session=True, result=INT)
def type_id(session: Session, name: str) -> int | None:
    parts = split_name(name) or [""]
    if len(parts) == 1 and parts[0].lower() in TYPE_IDS:
        return TYPE_IDS[parts[0].lower()]
    found = session.database.types.get((fold(parts[-2]) if len(parts) > 1 else "dbo", fold(parts[-1])))
    return found.object_id if found else None


@function("TYPE_NAME", INTEGER, session=True, result=SYSNAME)
def type_name(session: Session, number: int) -> str | None:
    system = next((name for name, known in TYPE_IDS.items() if known == number), None)
    if system is not None:
        return system
    return next((found.name for found in session.database.types.values() if found.object_id == number), None)
