"""Locks, and the transactions that hold them.

Documentation: ``sys.dm_tran_locks``, ``sys.dm_tran_active_transactions``, ``sys.dm_tran_session_transactions``;
"Transaction locking and row versioning guide" for resources and modes.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import fold
from emulator.catalog.system_views.definition import Row, view
from emulator.locking.manager import INDEX_OPERATION, LockOwner, LockRow, LockSpace, ResourceType
from emulator.locking.modes import LockMode
from emulator.sql import nodes
from emulator.types.sqltype import DATETIME
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.session import Session

REQUEST_LIFETIME = 33554432
"""What the server shows for a lock that is held to the end of its transaction."""


def lock_owners(session: Session) -> Iterator[LockOwner]:
    """Everybody on the server who can hold locks."""
    for _, item in sorted(session.instance.sessions.items()):
        yield item.owned_locks
        if item.transaction is not None:
            yield item.transaction


def all_locks(session: Session) -> Iterator[LockRow]:
    """All locks on the server but those that show who is in a database (``database_users``)."""
    for row in session.instance.locks.listing(lock_owners(session)):
        if row.space.resource_type is not ResourceType.DATABASE or row.mode is not LockMode.S:
            yield row


def database_users(session: Session) -> Iterator[tuple[int, int]]:
    """The number of each session and of the database that it is in, on which SQL Server shows a shared lock; none on
    master and tempdb, which are always there."""
    for _, item in sorted(session.instance.sessions.items()):
        if fold(item.database.name) not in ("master", "tempdb"):
            yield item.spid, item.database.database_id


def database_id_of(session: Session, space: LockSpace) -> int:
    """The database of a resource; those of temporary tables are in tempdb."""
    return space.database_id or session.instance.databases["tempdb"].database_id


def object_and_index(space: LockSpace) -> tuple[int, int]:
    """The object and index that a resource belongs to: the hobt id of an index is made from them."""
    match space.resource_type:
        case ResourceType.KEY | ResourceType.RID:
            return space.entity_id >> 8, space.entity_id & 0xFF
        case ResourceType.OBJECT:
            return space.entity_id, 0
        case _:
            return 0, 0


def resource_address(space: LockSpace, key: Hashable) -> bytes:
    """An address of the lock, the same in every run."""
    return blake2b(_described(space, key).encode(), digest_size=8).digest()


def request_address(owner: LockOwner, space: LockSpace, key: Hashable, *, waits: bool) -> bytes:
    """The address of one request for it: ``lock_owner_address``, and ``resource_address`` of the task that waits."""
    described = f"{owner.session.session_id}/{owner.owner_id}/{waits}/{_described(space, key)}"
    return blake2b(described.encode(), digest_size=8).digest()


def _described(space: LockSpace, key: Hashable) -> str:
    return f"{space.resource_type.value}/{space.database_id}/{space.entity_id}/{space.describe(key)}"


@view(
    "sys.dm_tran_locks",
    """
    resource_type nvarchar(60), resource_subtype nvarchar(60), resource_database_id int,
    resource_description nvarchar(256), resource_associated_entity_id bigint?, resource_lock_partition int = 0,
    request_mode nvarchar(60), request_type nvarchar(60) = 'LOCK', request_status nvarchar(60),
    request_reference_count smallint, request_lifetime int, request_session_id int, request_exec_context_id int = 0,
    request_request_id int = 0, request_owner_type nvarchar(60), request_owner_id bigint?,
    request_owner_guid uniqueidentifier? = NULL, request_owner_lockspace_id nvarchar(32),
    lock_owner_address varbinary(8)
    """,
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_tran_locks(session: Session, database: Database) -> Iterator[Row]:
    for spid, number in database_users(session):
        yield (
            *("DATABASE", "", number, "", 0, "S", "GRANT", 1, 0, spid, "SHARED_TRANSACTION_WORKSPACE", 0),
            *(f"{spid:#x}:0:0", (spid << 40).to_bytes(8, "big")),
        )
    for row in all_locks(session):
        space, owner = row.space, row.owner
        owned_by_transaction = owner.owner_type == "TRANSACTION"
        yield (
            *(space.resource_type.value, row.key if row.key == INDEX_OPERATION else ""),
            *(database_id_of(session, space), space.describe(row.key)),
            0 if space.resource_type is ResourceType.APPLICATION else space.entity_id,
            *(str(row.mode), row.status, row.reference_count, REQUEST_LIFETIME if owned_by_transaction else 0),
            *(owner.session.session_id, owner.owner_type if owned_by_transaction else "SESSION", owner.owner_id),
            f"{owner.session.session_id:#x}:{owner.owner_id:x}:0",
            request_address(owner, space, row.key, waits=row.status != "GRANT"),
        )


def wait_resource(session: Session, space: LockSpace, key: Hashable) -> str:
    """``wait_resource``: ``OBJECT: 5:245575913:0 ``, ``KEY: 5:6286743... (8194443284a0)``, ``RID: 5:1:104:3``."""
    database_id = database_id_of(session, space)
    description = space.describe(key)
    match space.resource_type:
        case ResourceType.OBJECT:
            return f"OBJECT: {database_id}:{space.entity_id}:0 "
        case ResourceType.KEY:
            return f"KEY: {database_id}:{space.entity_id} {description}"
        case _:
            return f"{space.resource_type.value}: {database_id}:{description}"


def transaction_name(session: Session) -> str:
    """What the transaction of a session is called: the name it was given, else by how it began."""
    if not session.trancount:
        return statement_verb(session)
    return session.transaction_name or ("implicit_transaction" if session.began_implicitly else "user_transaction")


def statement_verb(session: Session) -> str:
    """What the transaction of a single statement is called: SELECT, UPDATE, ..."""
    node = session.frame.node
    if isinstance(node, nodes.Drop):
        return "DROPOBJ"
    return "unknown" if node is None else re.sub(r"(?<!^)(?=[A-Z])", " ", type(node).__name__).upper()


@view(
    "sys.dm_tran_active_transactions",
    """
    transaction_id bigint, name nvarchar(32), transaction_begin_time datetime, transaction_type int,
    transaction_uow uniqueidentifier? = NULL, transaction_state int = 2, transaction_status int = 0,
    transaction_status2 int = 258, dtc_state int = 0, dtc_status int = 0, dtc_isolation_level int = -1,
    filestream_transaction_id varbinary(128)? = NULL
    """,
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_tran_active_transactions(session: Session, database: Database) -> Iterator[Row]:
    for _, item in sorted(session.instance.sessions.items()):
        transaction = item.transaction
        if transaction is None:
            continue
        explicit = item.trancount > 0
        began = item.transaction_began if explicit else item.request_began
        yield (
            transaction.owner_id,
            transaction_name(item),
            from_timestamp(DATETIME, began),
            1 if transaction.has_written or explicit else 2,
        )


@view(
    "sys.dm_tran_session_transactions",
    """
    session_id int, transaction_id bigint, transaction_descriptor binary(8), enlist_count int = 1,
    is_user_transaction bit, is_local bit = 1, is_enlisted bit = 0, is_bound bit = 0, open_transaction_count int
    """,
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_tran_session_transactions(session: Session, database: Database) -> Iterator[Row]:
    for _, item in sorted(session.instance.sessions.items()):
        if item.transaction is not None and item.trancount:
            number = item.transaction.owner_id
            yield item.spid, number, number.to_bytes(8, "little"), 1, item.trancount


@view(
    "sys.dm_tran_database_transactions",
    """
    transaction_id bigint, database_id int, database_transaction_begin_time datetime?,
    database_transaction_type int = 1, database_transaction_state int, database_transaction_status int = 0,
    database_transaction_status2 int = 0, database_transaction_log_record_count bigint,
    database_transaction_replicate_record_count int = 0, database_transaction_log_bytes_used bigint,
    database_transaction_log_bytes_reserved bigint = 0, database_transaction_log_bytes_used_system int = 0,
    database_transaction_log_bytes_reserved_system int = 0, database_transaction_begin_lsn numeric(25,0)? = NULL,
    database_transaction_last_lsn numeric(25,0)? = NULL,
    database_transaction_most_recent_savepoint_lsn numeric(25,0)? = NULL,
    database_transaction_commit_lsn numeric(25,0)? = NULL,
    database_transaction_last_rollback_lsn numeric(25,0)? = NULL,
    database_transaction_next_undo_lsn numeric(25,0)? = NULL
    """,
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_tran_database_transactions(session: Session, database: Database) -> Iterator[Row]:
    """Each transaction in the current database of its session. State 4: it has written, 3: it has not."""
    for _, item in sorted(session.instance.sessions.items()):
        transaction = item.transaction
        if transaction is not None:
            began = item.transaction_began if item.trancount else item.request_began
            yield (
                *(transaction.owner_id, item.database.database_id),
                from_timestamp(DATETIME, began) if transaction.has_written else None,
                *(4 if transaction.has_written else 3, transaction.mark(), transaction.log_used),
            )
