"""The views of INFORMATION_SCHEMA on privileges, types of users and what views are made of, and others that repeat
views of ``sys`` for system objects.

Documentation: "System information schema views", ``sys.system_objects``, ``sys.all_parameters``, ``sys.all_views``,
``sys.column_type_usages``, ``sys.allocation_units``, ``sys.user_token``, ``sys.login_token``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.dependencies import referenced_object, references
from emulator.catalog.objects import AliasType, Column, Table, View, fold
from emulator.catalog.principals import PUBLIC, SERVER_PUBLIC
from emulator.catalog.system_views.columns import COLUMN, column_row, columns_by_object, module_columns
from emulator.catalog.system_views.definition import SYSTEM_VIEWS, Row, system_view_id, view
from emulator.catalog.system_views.information_schema import TYPE_COLUMNS, character_set, data_type, described
from emulator.catalog.system_views.objects import OBJECT, VIEW, system_view_row, system_views
from emulator.catalog.system_views.objects import views as user_views
from emulator.types.sqltype import INT

if TYPE_CHECKING:
    from emulator.session import Session

NAME = "TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME sysname"
"""Leading columns."""


def _underlying(database: Database) -> Iterator[tuple[View, Table | View]]:
    """Each view with the tables and views that its text names."""
    for item in database.of_kind(View):
        for reference in references(item):
            found = referenced_object(database, item, reference)
            if isinstance(found, Table | View):
                yield item, found


@view(
    "INFORMATION_SCHEMA.VIEW_TABLE_USAGE",
    f"VIEW_CATALOG nvarchar(128)?, VIEW_SCHEMA nvarchar(128)?, VIEW_NAME sysname, {NAME}",
)
def view_table_usage(session: Session, database: Database) -> Iterator[Row]:
    for item, found in _underlying(database):
        yield database.name, item.schema, item.name, database.name, found.schema, found.name


@view(
    "INFORMATION_SCHEMA.VIEW_COLUMN_USAGE",
    f"VIEW_CATALOG nvarchar(128)?, VIEW_SCHEMA nvarchar(128)?, VIEW_NAME sysname, {NAME}, COLUMN_NAME sysname?",
)
def view_column_usage(session: Session, database: Database) -> Iterator[Row]:
    """The columns whose names the view's text has in it."""
    for item, found in _underlying(database):
        columns = found.columns if isinstance(found, Table) else module_columns(session, database, found)
        for column in columns:
            if fold(column.name) in fold(item.definition):
                names = (item.schema, item.name, database.name, found.schema, found.name)
                yield database.name, *names, column.name


@view(
    "INFORMATION_SCHEMA.DOMAINS",
    "DOMAIN_CATALOG nvarchar(128)?, DOMAIN_SCHEMA nvarchar(128)?, DOMAIN_NAME sysname, DATA_TYPE sysname?,"
    + TYPE_COLUMNS
    + """,
    COLLATION_CATALOG sysname? = NULL, COLLATION_SCHEMA sysname? = NULL, COLLATION_NAME sysname?,
    CHARACTER_SET_CATALOG sysname? = NULL, CHARACTER_SET_SCHEMA sysname? = NULL, CHARACTER_SET_NAME sysname?,
    DOMAIN_DEFAULT nvarchar(4000)? = NULL
    """,
)
def domains(session: Session, database: Database) -> Iterator[Row]:
    """The alias types."""
    for item in database.types.values():
        if isinstance(item, AliasType):
            name, collation = character_set(database, item.type)
            yield (
                *(database.name, item.schema, item.name, data_type(item.type), *described(item.type)),
                *(collation, name),
            )


@view(
    "INFORMATION_SCHEMA.COLUMN_DOMAIN_USAGE",
    f"DOMAIN_CATALOG nvarchar(128)?, DOMAIN_SCHEMA nvarchar(128)?, DOMAIN_NAME sysname, {NAME}, COLUMN_NAME sysname?",
)
def column_domain_usage(session: Session, database: Database) -> Iterator[Row]:
    for table in database.of_kind(Table):
        for column in table.columns:
            schema, _, name = column.user_type.rpartition(".")
            if schema:
                yield database.name, schema, name, database.name, table.schema, table.name, column.name


@view(
    "INFORMATION_SCHEMA.DOMAIN_CONSTRAINTS",
    """
    CONSTRAINT_CATALOG nvarchar(128)?, CONSTRAINT_SCHEMA nvarchar(128)?, CONSTRAINT_NAME sysname,
    DOMAIN_CATALOG nvarchar(128)?, DOMAIN_SCHEMA nvarchar(128)?, DOMAIN_NAME sysname, IS_DEFERRABLE varchar(2),
    INITIALLY_DEFERRED varchar(2)
    """,
)
def domain_constraints(session: Session, database: Database) -> Iterator[Row]:
    """Rules bound to types: there are none."""
    return iter(())


PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES")
PRIVILEGE = "GRANTOR nvarchar(128)?, GRANTEE nvarchar(128)?,"
GRANTED = "PRIVILEGE_TYPE varchar(10)?, IS_GRANTABLE varchar(3)?"


def _privileges(database: Database) -> Iterator[tuple[str, str, Table | View, int, str, str]]:
    """Grantor, grantee, object, column id (0: all), permission and whether it may be passed on."""
    names = database.security.by_id
    for item in sorted(database.security.all_permissions(), key=lambda item: item.key):
        found = database.by_id.get(item.securable.number) if item.securable.kind == "OBJECT" else None
        if isinstance(found, Table | View) and item.permission in PRIVILEGES and item.state != "DENY":
            passes = "YES" if item.state == "GRANT_WITH_GRANT_OPTION" else "NO"
            who = names[item.grantor].name, names[item.grantee].name
            yield *who, found, item.securable.column, item.permission, passes


@view("INFORMATION_SCHEMA.TABLE_PRIVILEGES", f"{PRIVILEGE} {NAME}, {GRANTED}")
def table_privileges(session: Session, database: Database) -> Iterator[Row]:
    for grantor, grantee, item, limit, permission, passes in _privileges(database):
        if limit:
            continue
        yield grantor, grantee, database.name, item.schema, item.name, permission, passes


@view("INFORMATION_SCHEMA.COLUMN_PRIVILEGES", f"{PRIVILEGE} {NAME}, COLUMN_NAME sysname?, {GRANTED}")
def column_privileges(session: Session, database: Database) -> Iterator[Row]:
    for grantor, grantee, item, limit, permission, passes in _privileges(database):
        columns = item.columns if isinstance(item, Table) else module_columns(session, database, item)
        for column in columns:
            if permission not in ("INSERT", "DELETE") and limit in (0, column.column_id):
                name = (database.name, item.schema, item.name, column.name)
                yield grantor, grantee, *name, permission, passes


@view(
    "INFORMATION_SCHEMA.ROUTINE_COLUMNS",
    f"""
    {NAME}, COLUMN_NAME nvarchar(128)?, ORDINAL_POSITION int, COLUMN_DEFAULT nvarchar(4000)? = NULL,
    IS_NULLABLE varchar(3)?, DATA_TYPE nvarchar(128)?,
    """
    + TYPE_COLUMNS
    + """,
    CHARACTER_SET_CATALOG sysname? = NULL, CHARACTER_SET_SCHEMA sysname? = NULL, CHARACTER_SET_NAME sysname?,
    COLLATION_CATALOG sysname? = NULL, COLLATION_SCHEMA sysname? = NULL, COLLATION_NAME sysname?,
    DOMAIN_CATALOG sysname? = NULL, DOMAIN_SCHEMA sysname? = NULL, DOMAIN_NAME sysname? = NULL
    """,
)
def routine_columns(session: Session, database: Database) -> Iterator[Row]:
    """The columns of table-valued functions."""
    for object_id, columns in columns_by_object(session, database):
        item = database.by_id.get(object_id)
        if item is None or item.type_code not in ("IF", "TF"):
            continue
        for column in columns:
            name, collation = character_set(database, column.type)
            yield (
                *(database.name, item.schema, item.name, column.name, column.column_id),
                *("YES" if column.nullable else "NO", data_type(column.type), *described(column.type)),
                *(name, collation),
            )


# --- System objects ---------------------------------------------------------------------------------------------------


@view("sys.system_objects", OBJECT.replace("is_ms_shipped bit = 0", "is_ms_shipped bit = 1"))
def system_objects(session: Session, database: Database) -> Iterator[Row]:
    for (schema, _), item in SYSTEM_VIEWS.items():
        if schema != "dbo":
            yield system_view_row(database, item)


@view("sys.system_columns", COLUMN)
def system_columns(session: Session, database: Database) -> Iterator[Row]:
    for (schema, _), item in SYSTEM_VIEWS.items():
        if schema == "dbo":
            continue
        for ordinal, declared in enumerate(item.columns):
            column = Column(declared.name, declared.type, declared.nullable, ordinal, ordinal + 1)
            yield column_row(database, system_view_id(item), column)


SCOPED_CONFIGURATIONS = (
    (1, "MAXDOP", 0),
    (2, "LEGACY_CARDINALITY_ESTIMATION", 0),
    (3, "PARAMETER_SNIFFING", 1),
    (4, "QUERY_OPTIMIZER_HOTFIXES", 0),
    (6, "IDENTITY_CACHE", 1),
)


@view(
    "sys.database_scoped_configurations",
    """
    configuration_id int, name nvarchar(60), value sql_variant?, value_for_secondary sql_variant? = NULL,
    is_value_default bit = 1
    """,
)
def database_scoped_configurations(session: Session, database: Database) -> Iterator[Row]:
    """Their defaults: what they would change is not to be seen."""
    for number, name, value in SCOPED_CONFIGURATIONS:
        yield number, name, (INT, value)


@view("sys.all_views", VIEW.replace("is_ms_shipped bit = 0", "is_ms_shipped bit"))
def all_views(session: Session, database: Database) -> Iterator[Row]:
    for kind, rows in ((0, user_views(session, database)), (1, system_views(session, database))):
        for row in rows:
            yield *row[:9], kind, *row[9:]


@view(
    "sys.column_type_usages",
    "object_id int, column_id int, user_type_id int",
)
def column_type_usages(session: Session, database: Database) -> Iterator[Row]:
    types = {fold(item.full_name): item.object_id for item in database.types.values()}
    for table in database.of_kind(Table):
        for column in table.columns:
            number = types.get(fold(column.user_type))
            if number is not None:
                yield table.object_id, column.column_id, number


@view("sys.parameter_type_usages", "object_id int, parameter_id int, user_type_id int")
def parameter_type_usages(session: Session, database: Database) -> Iterator[Row]:
    for item in database.by_id.values():
        for number, parameter in enumerate(getattr(item, "parameters", ()), start=1):
            if parameter.table_type is not None:
                yield item.object_id, number, parameter.table_type.object_id


@view(
    "sys.allocation_units",
    """
    allocation_unit_id bigint, type tinyint = 1, type_desc nvarchar(60)? = 'IN_ROW_DATA', container_id bigint,
    data_space_id int? = 1, total_pages bigint, used_pages bigint, data_pages bigint
    """,
)
def allocation_units(session: Session, database: Database) -> Iterator[Row]:
    from emulator.catalog.system_views.activity import index_stores, pages  # noqa: PLC0415 (it reads indexes)

    for table, _, store in index_stores(database):
        data, used, reserved = pages(table, store)
        yield store.locks.entity_id, store.locks.entity_id, reserved, used, data


TOKEN = "principal_id int?, sid varbinary(85)?, name nvarchar(128)?, type nvarchar(128)?, usage nvarchar(128)?"


@view("sys.user_token", TOKEN)
def user_token(session: Session, database: Database) -> Iterator[Row]:
    security = database.security
    user = session.user
    yield user.principal_id, user.sid, user.name, "SQL USER", "GRANT OR DENY"
    for number in sorted({*security.roles_of(user.principal_id), PUBLIC}):
        if number != user.principal_id:
            yield number, None, security.by_id[number].name, "ROLE", "GRANT OR DENY"


@view("sys.login_token", TOKEN)
def login_token(session: Session, database: Database) -> Iterator[Row]:
    security = session.instance.security
    login = security.find(session.login_name)
    if login is None:
        return
    yield login.principal_id, login.sid, login.name, "SQL LOGIN", "GRANT OR DENY"
    for number in sorted({*security.roles_of(login.principal_id), SERVER_PUBLIC}):
        if number != login.principal_id:
            yield number, security.by_id[number].sid, security.by_id[number].name, "SERVER ROLE", "GRANT OR DENY"
