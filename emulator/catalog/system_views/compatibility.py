"""The system tables of old that clients still read: they are found without a schema too.

Documentation: "System compatibility views": ``sys.sysobjects``, ``sys.systypes``, ``sys.syscolumns``,
``sys.sysindexes``, ``sys.sysusers``, ``sys.sysdatabases``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import Table
from emulator.catalog.system_views.base_tables import base_table_rows
from emulator.catalog.system_views.columns import columns_by_object, types, user_type_id
from emulator.catalog.system_views.definition import Row, RowSource, view
from emulator.catalog.system_views.objects import by_id, parent_id, schema_id, type_code
from emulator.catalog.system_views.security import in_order
from emulator.types.descriptions import column_precision, column_size, system_type_id
from emulator.types.sqltype import is_character

if TYPE_CHECKING:
    from emulator.session import Session

OLD_TYPE_CODES = {"PK": "K ", "UQ": "K "}
"""``sysobjects.type`` where it differs from ``xtype``."""


def compatibility_view(name: str, columns: str) -> Callable[[RowSource], RowSource]:
    """Enter a view into ``sys``, and into ``dbo`` so that it is found without a schema."""

    def enter(source: RowSource) -> RowSource:
        return view(f"dbo.{name}", columns)(view(f"sys.{name}", columns)(source))

    return enter


@compatibility_view(
    "sysobjects",
    """
    name sysname, id int, xtype char(2), uid smallint?, info smallint? = 0, status int? = 0, base_schema_ver int? = 0,
    replinfo int? = 0, parent_obj int, crdate datetime, ftcatid smallint? = 0, schema_ver int? = 0,
    stats_schema_ver int? = 0, type char(2)?, userstat smallint? = 0, sysstat smallint? = 0, indexdel smallint? = 0,
    refdate datetime, version int? = 0, deltrig int? = 0, instrig int? = 0, updtrig int? = 0, seltrig int? = 0,
    category int? = 0, cache smallint? = 0
    """,
)
def sysobjects(session: Session, database: Database) -> Iterator[Row]:
    for name, object_id, _, schema, parent, code, _, created, _ in base_table_rows(database):
        yield name, object_id, code, schema, parent, created, code, created
    for item in by_id(database):
        code = type_code(item)
        yield (
            *(item.name, item.object_id, code, schema_id(database, item.schema), parent_id(item), item.created),
            *(OLD_TYPE_CODES.get(code, code), item.created),
        )


@compatibility_view(
    "systypes",
    """
    name sysname, xtype tinyint, status tinyint?, xusertype smallint?, length smallint, xprec tinyint, xscale tinyint,
    tdefault int = 0, domain int = 0, uid smallint?, reserved smallint? = 0, collationid int? = NULL,
    usertype smallint?, variable bit?, allownulls bit?, type tinyint, printfmt varchar(255)? = NULL, prec smallint?,
    scale tinyint?, collation sysname?
    """,
)
def systypes(session: Session, database: Database) -> Iterator[Row]:
    """``usertype`` of the types that users made is above 256."""
    for name, system_id, type_id, schema, length, precision, scale, collation, nullable, *_ in types(session, database):
        variable = name in ("varchar", "nvarchar", "varbinary", "sysname", "sql_variant")
        yield (
            *(name, system_id, 0 if nullable else 1, type_id & 0x7FFF, length, precision, scale, schema),
            *(USER_TYPES.get(name, 0 if type_id <= 256 else (type_id & 0x3FFF) + 257), variable, nullable),
            *(system_id, precision or None, scale, collation),
        )


USER_TYPES = {
    "char": 1,
    "varchar": 2,
    "binary": 3,
    "varbinary": 4,
    "tinyint": 5,
    "smallint": 6,
    "int": 7,
    "float": 8,
    "numeric": 10,
    "money": 11,
    "datetime": 12,
    "bit": 16,
    "sysname": 18,
    "text": 19,
    "image": 20,
    "smallmoney": 21,
    "smalldatetime": 22,
    "real": 23,
    "decimal": 24,
    "timestamp": 80,
}
"""``systypes.usertype``, also USERTYPE of sp_datatype_info; types that came later have 0."""


@compatibility_view(
    "syscolumns",
    """
    name sysname?, id int, xtype tinyint, typestat tinyint? = 0, xusertype smallint?, length smallint,
    xprec tinyint, xscale tinyint, colid smallint, xoffset smallint? = 0, bitpos tinyint? = 0, reserved tinyint? = 0,
    colstat smallint?, cdefault int, domain int = 0, number smallint = 0, colorder smallint,
    autoval varbinary(8000)? = NULL, offset smallint? = 0, collationid int? = NULL, language int? = 0, status tinyint?,
    type tinyint, usertype smallint?, printfmt varchar(255)? = NULL, prec smallint?, scale int?, iscomputed int?,
    isoutparam int? = 0, isnullable int?, collation sysname?
    """,
)
def syscolumns(session: Session, database: Database) -> Iterator[Row]:
    for object_id, columns in columns_by_object(session, database):
        for column in columns:
            type = column.type
            type_id, size = system_type_id(type), column_size(type)
            precision, scale = column_precision(type)
            identity = column.identity is not None
            yield (
                *(column.name, object_id, type_id, user_type_id(database, column) & 0x7FFF, size, precision, scale),
                *(column.column_id, int(identity), column.default.object_id if column.default else 0),
                *(column.column_id, 0x80 * identity + 8 * column.nullable, type_id, USER_TYPES.get(type.name, 0)),
                *(type.length if is_character(type) else precision or None, scale, column.computed is not None),
                *(column.nullable, (type.collation or database.collation) if is_character(type) else None),
            )


@compatibility_view(
    "sysindexes",
    """
    id int, status int?, first binary(6)? = NULL, indid smallint?, root binary(6)? = NULL, minlen smallint? = 0,
    keycnt smallint?, groupid smallint? = 1, dpages int? = 0, reserved int? = 0, used int? = 0, rowcnt bigint?,
    rowmodctr int? = 0, name sysname?, rows int?
    """,
)
def sysindexes(session: Session, database: Database) -> Iterator[Row]:
    for table in database.of_kind(Table):
        count = table.store.row_count if table.store is not None else 0
        if table.clustered is None:
            yield table.object_id, 0, 0, 0, count, None, count
        for index in table.indexes:
            status = 2 * index.unique + 16 * index.clustered + 2048 * index.primary_key + 4096 * index.unique_constraint
            yield table.object_id, status, index.number, len(index.columns), count, index.name, count


@compatibility_view(
    "sysusers",
    """
    uid smallint?, status smallint? = 0, name sysname, sid varbinary(85)?, createdate datetime,
    updatedate datetime, altuid smallint? = NULL, gid smallint? = 0, hasdbaccess int?, islogin int?,
    isntname int? = 0, isntgroup int? = 0, isntuser int? = 0, issqluser int?, isaliased int? = 0, issqlrole int?,
    isapprole int? = 0
    """,
)
def sysusers(session: Session, database: Database) -> Iterator[Row]:
    for item in in_order(database.security):
        user = not item.is_role
        times = item.created or database.created, item.modified or database.created
        yield item.principal_id, item.name, item.sid, *times, user, user, user, not user


@compatibility_view(
    "sysdatabases",
    """
    name sysname, dbid smallint, sid varbinary(85)?, mode smallint? = 0, status int? = 65536, status2 int? = 0,
    crdate datetime, reserved datetime? = NULL, category int? = 0, cmptlevel tinyint, filename nvarchar(260)? = NULL,
    version smallint? = 957
    """,
)
def sysdatabases(session: Session, database: Database) -> Iterator[Row]:
    for item in session.instance.databases.values():
        yield item.name, item.database_id, b"\x01", item.created, item.compatibility_level
