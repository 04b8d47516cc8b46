"""Row versions: what they take up, and the transactions that leave or read them.

Such transactions are numbered (``transaction_sequence_num``) in the order in which they begin to.

Documentation: ``sys.dm_tran_version_store``, ``sys.dm_tran_version_store_space_usage``,
``sys.dm_tran_top_version_generators``, ``sys.dm_tran_active_snapshot_database_transactions``,
``sys.dm_tran_current_transaction``, ``sys.dm_tran_current_snapshot``, ``sys.dm_tran_transactions_snapshot``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import Database
from emulator.catalog.objects import Table
from emulator.catalog.system_views.definition import Row, view
from emulator.storage.index import GHOST, ROWS_PER_PAGE, IndexStore
from emulator.storage.transaction import Transaction, UndoLog

if TYPE_CHECKING:
    from emulator.session import Session

KILOBYTES_PER_PAGE = 8


def _versions(session: Session) -> Iterator[tuple[Database, IndexStore, UndoLog, Any]]:
    """Every version kept: its database, its index, who replaced it, and what it is."""
    for item in sorted(session.instance.databases.values(), key=lambda item: item.database_id):
        for table in item.of_kind(Table):
            stores = (table.store.base, *table.store.indexes.values()) if table.store is not None else ()
            for index in stores:
                chains = index.history.chains.values() if index.history is not None else ()
                for writer, previous in (version for chain in chains for version in chain):
                    yield item, index, writer, previous


def _first_of_snapshot(transaction: Transaction) -> int:
    """``first_snapshot_sequence_num``: the oldest one under way when its snapshot began; 0 without a snapshot."""
    if transaction.snapshot is None:
        return 0
    return min(transaction.concurrent, default=transaction.sequence_number)


def _length(row: Any) -> int:
    """About the bytes of a row."""
    return sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)


@view(
    "sys.dm_tran_version_store",
    """
    transaction_sequence_num bigint?, version_sequence_num bigint?, database_id smallint?, rowset_id bigint?,
    status tinyint? = 0, min_length_in_bytes smallint?, record_length_first_part_in_bytes smallint?,
    record_image_first_part varbinary(8000)? = NULL, record_length_second_part_in_bytes smallint? = 0,
    record_image_second_part varbinary(8000)? = NULL
    """,
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_tran_version_store(session: Session, database: Database) -> Iterator[Row]:
    for number, (item, index, writer, previous) in enumerate(_versions(session), start=1):
        length = 0 if previous is GHOST else _length(previous)
        yield writer.sequence_number, number, item.database_id, index.locks.entity_id, length, length


@view(
    "sys.dm_tran_top_version_generators",
    "database_id int?, rowset_id bigint?, aggregated_record_length_in_bytes int?",
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_tran_top_version_generators(session: Session, database: Database) -> Iterator[Row]:
    lengths: Counter[tuple[int, int]] = Counter()
    for item, index, _, previous in _versions(session):
        lengths[item.database_id, index.locks.entity_id] += 0 if previous is GHOST else _length(previous)
    for (database_id, rowset_id), length in lengths.most_common(256):
        yield database_id, rowset_id, length


@view(
    "sys.dm_tran_version_store_space_usage",
    "database_id int, reserved_page_count bigint, reserved_space_kb bigint",
)
def dm_tran_version_store_space_usage(session: Session, database: Database) -> Iterator[Row]:
    """As if a page held a hundred versions."""
    counts = Counter(item.database_id for item, *_ in _versions(session))
    for item in sorted(session.instance.databases.values(), key=lambda item: item.database_id):
        versions = counts[item.database_id]
        pages = -(-versions // ROWS_PER_PAGE)
        yield item.database_id, pages, pages * KILOBYTES_PER_PAGE


@view(
    "sys.dm_tran_active_snapshot_database_transactions",
    """
    transaction_id bigint, transaction_sequence_num bigint, commit_sequence_num bigint? = NULL, session_id int,
    is_snapshot bit, first_snapshot_sequence_num bigint?, max_version_chain_traversed int? = 0,
    average_version_chain_traversed real? = 0, elapsed_time_seconds bigint
    """,
)
def dm_tran_active_snapshot_database_transactions(session: Session, database: Database) -> Iterator[Row]:
    now = session.instance.clock.now()
    for _, item in sorted(session.instance.sessions.items()):
        transaction = item.transaction
        if transaction is None or (transaction.snapshot is None and not transaction.versions):
            continue
        began = item.transaction_began if item.trancount else item.request_began
        yield (
            *(transaction.owner_id, transaction.sequence_number, item.spid, transaction.snapshot is not None),
            *(_first_of_snapshot(transaction), int(now - began)),
        )


@view(
    "sys.dm_tran_current_transaction",
    """
    transaction_id bigint, transaction_sequence_num bigint, transaction_is_snapshot bit,
    first_snapshot_sequence_num bigint?, last_transaction_sequence_num bigint?, first_useful_sequence_num bigint
    """,
)
def dm_tran_current_transaction(session: Session, database: Database) -> Iterator[Row]:
    """The session's own transaction. The first useful number is that of the oldest transaction whose versions some
    snapshot may still want."""
    versions, transaction = session.instance.versions, session.transaction
    if transaction is None:
        return
    running = [item.transaction for item in session.instance.sessions.values() if item.transaction is not None]
    wanted = [number for other in running if other.snapshot is not None for number in other.concurrent]
    useful = min([*wanted, *versions.active], default=versions.numbers + 1)
    yield (
        *(transaction.owner_id, transaction.sequence_number, transaction.snapshot is not None),
        *(_first_of_snapshot(transaction), versions.numbers, useful),
    )


@view("sys.dm_tran_current_snapshot", "transaction_sequence_num bigint", permission="VIEW SERVER PERFORMANCE STATE")
def dm_tran_current_snapshot(session: Session, database: Database) -> Iterator[Row]:
    """The transactions that were under way when the session's own snapshot began; nothing without one."""
    transaction = session.transaction
    if transaction is not None and transaction.snapshot is not None:
        yield from ((number,) for number in transaction.concurrent)


@view(
    "sys.dm_tran_transactions_snapshot",
    "transaction_sequence_num bigint, snapshot_id int = 0, snapshot_sequence_num bigint",
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_tran_transactions_snapshot(session: Session, database: Database) -> Iterator[Row]:
    """The same of all transactions that read from a snapshot."""
    for _, item in sorted(session.instance.sessions.items()):
        if item.transaction is not None and item.transaction.snapshot is not None:
            for number in item.transaction.concurrent:
                yield item.transaction.sequence_number, number
