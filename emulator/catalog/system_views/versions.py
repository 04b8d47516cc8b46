"""Row versions: what they take up, and the transactions that read them.

Documentation: ``sys.dm_tran_version_store_space_usage``, ``sys.dm_tran_active_snapshot_database_transactions``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import Table
from emulator.catalog.system_views.definition import Row, view
from emulator.storage.index import ROWS_PER_PAGE

if TYPE_CHECKING:
    from emulator.session import Session

KILOBYTES_PER_PAGE = 8


@view(
    "sys.dm_tran_version_store_space_usage",
    "database_id int, reserved_page_count bigint, reserved_space_kb bigint",
)
def dm_tran_version_store_space_usage(session: Session, database: Database) -> Iterator[Row]:
    """As if a page held a hundred versions."""
    for item in sorted(session.instance.databases.values(), key=lambda item: item.database_id):
        stores = [table.store for table in item.of_kind(Table) if table.store is not None]
        indexes = [index for store in stores for index in (store.base, *store.indexes.values())]
        histories = [index.history for index in indexes if index.history is not None]
        versions = sum(len(chain) for history in histories for chain in history.chains.values())
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
        snapshot = transaction.snapshot
        sequence = session.instance.versions.sequence if snapshot is None else snapshot.sequence
        began = item.transaction_began if item.trancount else item.request_began
        yield (
            *(transaction.owner_id, sequence, item.spid, snapshot is not None),
            *(None if snapshot is None else snapshot.sequence, int(now - began)),
        )
