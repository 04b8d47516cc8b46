"""More of the system tables of old: processes, locks, logins, comments, keys, files and what else scripts still read.

Documentation: "System compatibility views": ``sys.sysprocesses``, ``sys.syslockinfo``, ``sys.syscomments``,
``sys.sysdepends``, ``sys.sysforeignkeys``, ``sys.sysreferences``, ``sys.sysindexkeys``, ``sys.sysconstraints``,
``sys.sysfiles``, ``sys.syslogins``, ``sys.sysmembers``, ``sys.sysconfigures``, ``sys.sysmessages``, ``sys.sysservers``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.dependencies import referenced_object, references
from emulator.catalog.objects import Constraint, Module, Table
from emulator.catalog.principals import SYSADMIN, Login
from emulator.catalog.system_views.activity import SHORT_HANDLE_BYTES, text_handle
from emulator.catalog.system_views.compatibility import compatibility_view
from emulator.catalog.system_views.constraints import foreign_keys_of, referenced_index_id
from emulator.catalog.system_views.counters import dm_os_performance_counters
from emulator.catalog.system_views.definition import Row
from emulator.catalog.system_views.files import database_files, master_files
from emulator.catalog.system_views.host import servers
from emulator.catalog.system_views.locks import (
    REQUEST_LIFETIME,
    all_locks,
    database_id_of,
    database_users,
    object_and_index,
    resource_address,
)
from emulator.catalog.system_views.security import in_order, login_sid, role_members
from emulator.catalog.system_views.server import messages
from emulator.catalog.system_views.sessions import all_sessions, command_of, is_running, offsets
from emulator.catalog.system_views.waits import wait_of
from emulator.locking.manager import ResourceType
from emulator.locking.modes import LockMode
from emulator.types.sqltype import DATETIME
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.session import Session

COMMENT_LENGTH = 4000
MOST_KEYS = 16


@compatibility_view(
    "sysprocesses",
    """
    spid smallint, kpid smallint, blocked smallint, waittype binary(2), waittime bigint, lastwaittype nchar(32),
    waitresource nchar(256), dbid smallint, uid smallint?, cpu int = 0, physical_io bigint = 0, memusage int = 0,
    login_time datetime, last_batch datetime, ecid smallint = 0, open_tran smallint, status nchar(30), sid binary(86),
    hostname nchar(128), program_name nchar(128), hostprocess nchar(10) = '', cmd nchar(26), nt_domain nchar(128) = '',
    nt_username nchar(128) = '', net_address nchar(12) = '', net_library nchar(12) = 'TCP/IP', loginame nchar(128),
    context_info binary(128), sql_handle binary(20), stmt_start int, stmt_end int, request_id int = 0,
    page_resource binary(8)? = NULL
    """,
)
def sysprocesses(session: Session, database: Database) -> Iterator[Row]:
    for item in all_sessions(session):
        wait, running = wait_of(item), is_running(item, session)
        node = item.frame.node if running else None
        status = "sleeping" if not running else "suspended" if wait is not None else "runnable"
        yield (
            *(item.spid, item.spid if running else 0, wait.blocker if wait else 0),
            *(int(wait.mode if wait else 0).to_bytes(2, "big"), wait.milliseconds if wait else 0),
            (wait.type if wait else item.last_wait_type).ljust(32),
            *((wait.resource if wait else "").ljust(256), item.database.database_id, item.user.principal_id),
            *(from_timestamp(DATETIME, item.login_time), from_timestamp(DATETIME, item.request_began)),
            *(item.trancount, status.ljust(30), (login_sid(session, item.login_name) or b"").ljust(86, b"\0")),
            *(item.host_name.ljust(128), item.app_name.ljust(128)),
            (command_of(item) if running else "AWAITING COMMAND")[:26].ljust(26),
            *(item.login_name.ljust(128), (item.settings.context_info or b"").ljust(128, b"\0")),
            text_handle(item)[:SHORT_HANDLE_BYTES],
            *(offsets(node) if node is not None else (0, -1)),
        )


RESOURCE_NUMBERS = {
    ResourceType.DATABASE: 2,
    ResourceType.OBJECT: 5,
    ResourceType.KEY: 7,
    ResourceType.RID: 9,
    ResourceType.APPLICATION: 10,
    ResourceType.METADATA: 12,
}
STATUS_NUMBERS = {"GRANT": 1, "CONVERT": 2, "WAIT": 3}
OWNER_NUMBERS = {"TRANSACTION": 1, "SESSION": 3}
SHARED_WORKSPACE = 3


@compatibility_view(
    "syslockinfo",
    """
    rsc_text nchar(32), rsc_bin binary(16), rsc_valblk binary(16), rsc_dbid smallint, rsc_indid smallint, rsc_objid int,
    rsc_type tinyint, rsc_flag tinyint = 0, req_mode tinyint, req_status tinyint, req_refcnt smallint,
    req_cryrefcnt smallint = 0, req_lifetime int, req_spid int, req_ecid int = 0, req_ownertype smallint,
    req_transactionID bigint?, req_transactionUOW uniqueidentifier? = NULL
    """,
)
def syslockinfo(session: Session, database: Database) -> Iterator[Row]:
    """Locks as numbers: modes as in ``LockMode``."""
    empty = bytes(16)
    for spid, number in database_users(session):
        shared = (int(LockMode.S), STATUS_NUMBERS["GRANT"], 1, 0, spid, SHARED_WORKSPACE, 0)
        yield " " * 32, empty, empty, number, 0, 0, RESOURCE_NUMBERS[ResourceType.DATABASE], *shared
    for row in all_locks(session):
        space, owner = row.space, row.owner
        object_id, index_id = object_and_index(space)
        yield (
            *(space.describe(row.key)[:32].ljust(32), resource_address(space, row.key).ljust(16, b"\0"), empty),
            *(database_id_of(session, space), index_id, object_id, RESOURCE_NUMBERS[space.resource_type]),
            *(int(row.mode), STATUS_NUMBERS[row.status], row.reference_count),
            *(REQUEST_LIFETIME if owner.owner_type == "TRANSACTION" else 0, owner.session.session_id),
            *(OWNER_NUMBERS[owner.owner_type], owner.owner_id),
        )


@compatibility_view(
    "syscomments",
    """
    id int, number smallint? = 0, colid smallint, status smallint = 0, ctext varbinary(8000)? = NULL,
    texttype smallint? = 2, language smallint? = 0, encrypted bit = 0, compressed bit = 0, text nvarchar(4000)?
    """,
)
def syscomments(session: Session, database: Database) -> Iterator[Row]:
    """The texts of modules, checks and defaults, in pieces."""
    texts: list[tuple[int, str]] = [(item.object_id, item.definition) for item in database.of_kind(Module)]
    for table in database.of_kind(Table):
        texts += [(check.object_id, check.text) for check in table.checks]
        texts += [(c.default.object_id, c.default.text) for c in table.columns if c.default is not None]
    for number, text in texts:
        for piece, start in enumerate(range(0, len(text), COMMENT_LENGTH), start=1):
            yield number, piece, text[start : start + COMMENT_LENGTH]


@compatibility_view(
    "sysdepends",
    """
    id int, depid int, number smallint? = 0, depnumber smallint? = 0, status smallint? = 0, deptype tinyint = 0,
    depdbid smallint? = 0, depsiteid smallint? = 0, selall bit = 0, resultobj bit = 0, readobj bit = 1
    """,
)
def sysdepends(session: Session, database: Database) -> Iterator[Row]:
    for module in database.of_kind(Module):
        for reference in references(module):
            found = referenced_object(database, module, reference)
            if found is not None and not reference.is_type:
                yield module.object_id, found.object_id


CONSTRAINT_STATUS = {"PK": 1, "UQ": 2, "F ": 3, "C ": 4, "D ": 5}


@compatibility_view(
    "sysconstraints",
    """
    constid int, id int, colid smallint? = 0, spare1 tinyint? = 0, status int?, actions int? = 4096, error int? = 0
    """,
)
def sysconstraints(session: Session, database: Database) -> Iterator[Row]:
    for item in database.of_kind(Constraint):
        if item.table is not None:
            yield item.object_id, item.table.object_id, CONSTRAINT_STATUS[item.kind]


@compatibility_view(
    "sysforeignkeys",
    "constid int, fkeyid int, rkeyid int, fkey smallint, rkey smallint, keyno smallint",
)
def sysforeignkeys(session: Session, database: Database) -> Iterator[Row]:
    for item, table, key in foreign_keys_of(database):
        for number, (own, other) in enumerate(zip(key.columns, key.referenced_columns, strict=True), start=1):
            columns = table.columns[own].column_id, key.referenced.columns[other].column_id
            yield item.object_id, table.object_id, key.referenced.object_id, *columns, number


@compatibility_view(
    "sysreferences",
    "constid int, fkeyid int, rkeyid int, rkeyindid smallint, keycnt smallint, forkeys varbinary(32)? = NULL,"
    "refkeys varbinary(32)? = NULL, fkeydbid smallint? = 0, rkeydbid smallint? = 0,"
    + ",".join(f"{end}key{number} smallint?" for end in ("f", "r") for number in range(1, MOST_KEYS + 1)),
)
def sysreferences(session: Session, database: Database) -> Iterator[Row]:
    for item, table, key in foreign_keys_of(database):
        own = [table.columns[ordinal].column_id for ordinal in key.columns]
        others = [key.referenced.columns[ordinal].column_id for ordinal in key.referenced_columns]
        padded = (number for part in (own, others) for number in (part + [0] * MOST_KEYS)[:MOST_KEYS])
        ids = item.object_id, table.object_id, key.referenced.object_id
        yield *ids, referenced_index_id(key) or 0, len(own), *padded


@compatibility_view("sysindexkeys", "id int, indid smallint?, colid smallint?, keyno smallint?")
def sysindexkeys(session: Session, database: Database) -> Iterator[Row]:
    for table in database.of_kind(Table):
        for index in table.indexes:
            for number, part in enumerate(index.columns, start=1):
                yield table.object_id, index.number, table.columns[part.ordinal].column_id, number


FILE = """
    fileid smallint?, groupid smallint?, size int, maxsize int, growth int, status int? = 2, perf int? = 0,
    name sysname, filename nvarchar(260)
"""


@compatibility_view("sysfiles", FILE)
def sysfiles(session: Session, database: Database) -> Iterator[Row]:
    for file_id, _, _, group, name, path, size, largest, growth in database_files(session, database):
        yield file_id, group, size, largest, growth, name, path


@compatibility_view("sysaltfiles", FILE.replace("name sysname", "dbid smallint, name sysname"))
def sysaltfiles(session: Session, database: Database) -> Iterator[Row]:
    for number, file_id, _, _, group, name, path, size, largest, growth in master_files(session, database):
        yield file_id, group, size, largest, growth, number, name, path


@compatibility_view(
    "sysfilegroups", "groupid smallint?, allocpolicy smallint? = 0, status int? = 16, groupname sysname"
)
def sysfilegroups(session: Session, database: Database) -> Iterator[Row]:
    yield 1, "PRIMARY"


@compatibility_view("sysmembers", "memberuid smallint?, groupuid smallint?")
def sysmembers(session: Session, database: Database) -> Iterator[Row]:
    return ((member, role) for role, member in role_members(database.security))


@compatibility_view(
    "syslogins",
    """
    sid varbinary(85)?, status smallint? = 9, createdate datetime, updatedate datetime, accdate datetime,
    totcpu int? = 0, totio int? = 0, spacelimit int? = 0, timelimit int? = 0, resultlimit int? = 0, name sysname,
    dbname sysname?, password nvarchar(128)? = NULL, language sysname?, denylogin int?, hasaccess int?,
    isntname int? = 0, isntgroup int? = 0, isntuser int? = 0, sysadmin int?, securityadmin int? = 0,
    serveradmin int? = 0, setupadmin int? = 0, processadmin int? = 0, diskadmin int? = 0, dbcreator int? = 0,
    bulkadmin int? = 0, loginname nvarchar(128)
    """,
)
def syslogins(session: Session, database: Database) -> Iterator[Row]:
    security = session.instance.security
    for item in in_order(security):
        if isinstance(item, Login):
            times = item.created, item.modified, item.created
            yield (
                *(item.sid, *times, item.name, item.default_database, item.default_language, 0, item.enabled),
                *(SYSADMIN in security.roles_of(item.principal_id), item.name),
            )


CONFIGURATION = "value int?, config int?, comment nvarchar(255), status smallint?"


@compatibility_view("sysconfigures", CONFIGURATION)
def sysconfigures(session: Session, database: Database) -> Iterator[Row]:
    for number, option in sorted(session.instance.configuration.options.items()):
        yield option.value, number, option.description, option.dynamic + 2 * option.advanced


@compatibility_view("syscurconfigs", CONFIGURATION)
def syscurconfigs(session: Session, database: Database) -> Iterator[Row]:
    for number, option in sorted(session.instance.configuration.options.items()):
        yield option.in_use, number, option.description, option.dynamic + 2 * option.advanced


@compatibility_view(
    "sysmessages",
    "error int, severity tinyint, dlevel smallint? = 0, description nvarchar(255)?, msglangid smallint = 1033",
)
def sysmessages(session: Session, database: Database) -> Iterator[Row]:
    for number, severity, text in messages(session, database):
        yield number, severity, text[:255]


@compatibility_view(
    "sysservers",
    """
    srvid smallint? = 0, srvstatus smallint? = 1089, srvname sysname, srvproduct nvarchar(128)? = 'SQL Server',
    providername nvarchar(128)? = 'SQLNCLI', datasource nvarchar(4000)?, location nvarchar(4000)? = NULL,
    providerstring nvarchar(4000)? = NULL, schemadate datetime, topologyx int? = 0, topologyy int? = 0,
    catalog sysname? = NULL, srvcollation sysname? = NULL, connecttimeout int? = 0, querytimeout int? = 0,
    srvnetname char(30)?, isremote bit? = 1, rpc bit = 1, pub bit = 0, sub bit? = 0, dist bit? = 0,
    dpub bit? = 0, rpcout bit = 1, dataaccess bit = 0, collationcompatible bit = 0, system bit = 0,
    useremotecollation bit = 1, lazyschemavalidation bit = 0, nonsqlsub bit? = 0
    """,
)
def sysservers(session: Session, database: Database) -> Iterator[Row]:
    for name, source, modified in servers(session, database):
        yield name, source, modified, name[:30].ljust(30)


@compatibility_view(
    "sysperfinfo",
    "object_name nchar(128), counter_name nchar(128), instance_name nchar(128)?, cntr_value bigint, cntr_type int",
)
def sysperfinfo(session: Session, database: Database) -> Iterator[Row]:
    return dm_os_performance_counters(session, database)  # type: ignore[return-value]
