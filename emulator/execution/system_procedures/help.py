"""``sp_help``, ``sp_helptext``, ``sp_helpindex``: an object described for people.

Documentation: "sp_help", "sp_helptext", "sp_helpindex (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from emulator.catalog.objects import AliasType, Column, DatabaseObject, Index, Module, Parameter, Table, fold
from emulator.catalog.system_views.definition import Row, column_list
from emulator.catalog.system_views.objects import TYPE_DESCRIPTIONS, by_id, type_code
from emulator.errors import sql_error
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.search import DEFAULT_SCHEMA, columns_of
from emulator.execution.system_procedures.signatures import procedure
from emulator.execution.system_procedures.signatures import send as send_counted
from emulator.sql import nodes
from emulator.types import names
from emulator.types.descriptions import catalog_name, column_precision, column_size
from emulator.types.sqltype import SqlType, is_character, is_exact_numeric, is_float

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

OWNER = "dbo"
OBJECTS = column_list("Name sysname, Owner sysname? = 'dbo', Object_type nvarchar(60)?")
OBJECT = column_list("Name sysname, Owner sysname? = 'dbo', Type nvarchar(60)?, Created_datetime datetime")
COLUMNS = column_list("""
    Column_name sysname, Type sysname, Computed varchar(35)?, Length int?, Prec char(5)?, Scale char(5)?,
    Nullable varchar(35)?, TrimTrailingBlanks varchar(35)?, FixedLenNullInSource varchar(35)?, Collation sysname?
""")
IDENTITY = column_list("""
    Identity sysname, Seed numeric(38,0)?, Increment numeric(38,0)?, [Not For Replication] int?
""")
ROW_GUID = column_list("RowGuidCol sysname")
FILEGROUP = column_list("Data_located_on_filegroup sysname = 'PRIMARY'")
INDEXES = column_list("index_name sysname, index_description varchar(210)?, index_keys nvarchar(2126)?")
CONSTRAINTS = column_list("""
    constraint_type nvarchar(146)?, constraint_name nvarchar(128)?, delete_action nvarchar(9)?,
    update_action nvarchar(13)?, status_enabled varchar(8)?, status_for_replication varchar(19)?,
    constraint_keys nvarchar(2126)?
""")
PARAMETERS = column_list("""
    Parameter_name sysname?, Type sysname?, Length smallint?, Prec int?, Scale int?, Param_order int?,
    Collation sysname?
""")
TYPE = column_list("""
    Type_name sysname, Storage_type sysname?, Length smallint?, Prec int?, Scale int?, Nullable varchar(35),
    Default_name sysname? = 'none', Rule_name sysname? = 'none', Collation sysname?
""")
NOT_APPLICABLE = "(n/a)"
send = partial(send_counted, counted=False)
"""These procedures set NOCOUNT ON."""


def find_object(session: Session, name: str) -> DatabaseObject:
    """The object of that name, temporary tables included. Errors: 15009, 15250."""
    parsed = session.parse_name(name)
    found: DatabaseObject | None
    if parsed.name.startswith("#"):
        found = session.find_temporary(parsed.name)
    else:
        if parsed.database is not None and fold(parsed.database) != fold(session.database.name):
            raise sql_error(15250)
        found = session.database.find(parsed.schema or DEFAULT_SCHEMA, parsed.name)
    if found is None:
        raise sql_error(15009, name, session.database.name)
    return found


@procedure(PROCEDURES, "sp_help", "@objname nvarchar(776) = NULL")
def sp_help(session: Session, name: str | None) -> None:
    """All objects, or everything about one."""
    if name is None:
        items = sorted(by_id(session.database), key=lambda item: (type_code(item), item.name))
        send(session, OBJECTS, ((item.name, _description(item)) for item in items))
        return
    type = _type_called(session, name)
    if type is not None:
        send(session, TYPE, [type])
        return
    item = find_object(session, name)
    send(session, OBJECT, [(item.name, _description(item), item.created)])
    columns = columns_of(session, session.database, item) if type_code(item) in ("U ", "V ") else []
    if columns:
        send(session, COLUMNS, (_column_row(session, column) for column in columns))
        send(session, IDENTITY, [_identity_row(columns)])
        row_guid = next((column.name for column in columns if column.rowguidcol), None)
        send(session, ROW_GUID, [(row_guid or "No rowguidcol column defined.",)])
    if isinstance(item, Table):
        send(session, FILEGROUP, [()])
        if item.indexes:
            send(session, INDEXES, _index_rows(item))
        constraints = list(_constraint_rows(item))
        if constraints:
            send(session, CONSTRAINTS, constraints)
    if isinstance(item, Module) and item.parameters:
        rows = (_parameter_row(session, n, parameter) for n, parameter in enumerate(item.parameters, start=1))
        send(session, PARAMETERS, rows)


def _type_called(session: Session, name: str) -> Row | None:
    """The row of a type of that name: a type of the system or an alias type."""
    parsed = session.parse_name(name)
    base = names.resolve(nodes.TypeName(parsed.name)) if parsed.schema is None else None
    nullable = True
    if base is None:
        found = session.database.types.get((fold(parsed.schema or DEFAULT_SCHEMA), fold(parsed.name)))
        if not isinstance(found, AliasType):
            return None
        base, nullable = found.type, found.nullable
    precision, scale = _digits(base)
    return (
        *(parsed.name, catalog_name(base), column_size(base), int(precision) if precision.strip() else None),
        *(int(scale) if scale.strip() else None, "yes" if nullable else "no"),
        session.database.collation if is_character(base) else None,
    )


def _description(item: DatabaseObject) -> str:
    return TYPE_DESCRIPTIONS[type_code(item)].replace("SQL_", "").replace("_", " ").lower()


def _column_row(session: Session, column: Column) -> Row:
    type = column.type
    precision, scale = _digits(type)
    no = "no" if is_character(type) else NOT_APPLICABLE
    return (
        *(column.name, catalog_name(type), "yes" if column.computed is not None else "no", column_size(type)),
        *(precision.ljust(5), scale.ljust(5), "yes" if column.nullable else "no", no),
        ("yes" if column.nullable else "no") if is_character(type) else NOT_APPLICABLE,
        (type.collation or session.database.collation) if is_character(type) else None,
    )


def _digits(type: SqlType) -> tuple[str, str]:
    if not is_exact_numeric(type) or is_float(type):
        return "", ""
    precision, scale = column_precision(type)
    return str(precision), str(scale)


def _identity_row(columns: Sequence[Column]) -> Row:
    for column in columns:
        if column.identity is not None:
            return column.name, column.identity.seed, column.identity.increment, 0
    return "No identity column defined.", None, None, None


def _keys(table: Table, index: Index) -> str:
    names = (table.columns[part.ordinal].name + ("(-)" if part.descending else "") for part in index.columns)
    return ", ".join(names)


def _index_rows(table: Table) -> Iterator[Row]:
    for index in sorted(table.indexes, key=lambda index: index.name):
        traits = ["clustered" if index.clustered else "nonclustered"]
        traits += ["unique"] if index.unique else []
        traits += ["primary key"] if index.primary_key else []
        traits += ["unique key"] if index.unique_constraint else []
        yield index.name, f"{', '.join(traits)} located on PRIMARY", _keys(table, index)


def _constraint_rows(table: Table) -> Iterator[Row]:
    names = {column.ordinal: column.name for column in table.columns}
    for check in table.checks:
        where = f"column {names[check.column]}" if check.column is not None else "Table Level"
        status = "Enabled" if check.enabled else "Disabled"
        yield f"CHECK on {where}", check.name, "(n/a)", "(n/a)", status, "Is_For_Replication", check.text
    for column in table.columns:
        if column.default is not None:
            kind = f"DEFAULT on column {column.name}"
            yield kind, column.default.name, *(NOT_APPLICABLE,) * 4, column.default.text
    for key in table.foreign_keys:
        actions = (key.on_delete.replace("_", " ").capitalize(), key.on_update.replace("_", " ").capitalize())
        status = "Enabled" if key.enabled else "Disabled"
        keys = ", ".join(names[ordinal] for ordinal in key.columns)
        yield "FOREIGN KEY", key.name, *actions, status, "Is_For_Replication", keys
        referenced = ", ".join(key.referenced.columns[ordinal].name for ordinal in key.referenced_columns)
        target = f"REFERENCES {table.database}.{key.referenced.full_name} ({referenced})"
        yield " ", " ", " ", " ", " ", " ", target
    for index in table.indexes:
        if index.primary_key or index.unique_constraint:
            kind = "PRIMARY KEY" if index.primary_key else "UNIQUE"
            form = "clustered" if index.clustered else "non-clustered"
            yield f"{kind} ({form})", index.name, *(NOT_APPLICABLE,) * 4, _keys(table, index)


def _parameter_row(session: Session, number: int, parameter: Parameter) -> Row:
    type = parameter.type
    precision, scale = column_precision(type)
    name = parameter.table_type.name if parameter.table_type is not None else catalog_name(type)
    collation = session.database.collation if is_character(type) else None
    shown = type.length if is_character(type) else precision or None
    return parameter.name, name, column_size(type), shown, scale or None, number, collation


@procedure(PROCEDURES, "sp_helpindex", "@objname nvarchar(776)")
def sp_helpindex(session: Session, name: str) -> None:
    """The indexes of a table; a message when it has none."""
    item = find_object(session, name)
    if not isinstance(item, Table) or not item.indexes:
        session.sink.message(sql_error(15472, name))
        return
    send(session, INDEXES, _index_rows(item))


OBJECT_NAME = column_list("[Object Name] nvarchar(776)")
REFERENCES = column_list("[Table is referenced by foreign key] nvarchar(516)")


@procedure(PROCEDURES, "sp_helpconstraint", "@objname nvarchar(776), @nomsg varchar(5) = 'msg'")
def sp_helpconstraint(session: Session, name: str, no_messages: str) -> None:
    """The constraints of a table, and the keys that refer to it; messages when there are none. Errors: 15009."""
    item = find_object(session, name)
    if no_messages != "nomsg":
        send(session, OBJECT_NAME, [(name,)])
    constraints = list(_constraint_rows(item)) if isinstance(item, Table) else []
    if constraints:
        send(session, CONSTRAINTS, constraints)
    elif no_messages != "nomsg":
        session.sink.message(sql_error(15469, name))
    keys = item.referenced_by if isinstance(item, Table) else []
    if keys:
        send(session, REFERENCES, ((f"{table.database}.{table.full_name}: {key.name}",) for table, key in keys))
    elif no_messages != "nomsg":
        session.sink.message(sql_error(15470, name))


TEXT = column_list("Text nvarchar(255)?")
LINE_LENGTH = 255


@procedure(PROCEDURES, "sp_helptext", "@objname nvarchar(776), @columnname sysname = NULL")
def sp_helptext(session: Session, name: str, column_name: str | None) -> None:
    """The text of a module, computed column or constraint, line by line. Errors: 15009, 15197, 15645."""
    item = find_object(session, name)
    text = item.definition if isinstance(item, Module) else None
    if column_name is not None:
        column = item.column(column_name) if isinstance(item, Table) else None
        if column is None:
            raise sql_error(15645, column_name)
        text = column.computed_text or None
    if text is None:
        raise sql_error(15197, name)
    send(session, TEXT, ((line,) for line in _lines(text)))


def _lines(text: str) -> Iterator[str]:
    """The lines with their ends, long ones in pieces."""
    for line in text.splitlines(keepends=True):
        for start in range(0, len(line), LINE_LENGTH):
            yield line[start : start + LINE_LENGTH]
