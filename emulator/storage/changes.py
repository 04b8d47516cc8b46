"""Which tables can have uncommitted changes, as SQL Server tells pages apart.

A READ COMMITTED read needs no lock on a row whose page has not been changed since the oldest open transaction began:
nothing on it can be uncommitted. (Paul White, "The Case of the Missing Shared Locks".) Here the whole table stands for
the page, so a read takes locks where SQL Server may do without in a table of several pages, never the other way round.

Time is the number of changes: of statements that begin to change a table, and of tables that are rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.storage.table import TableStore
    from emulator.storage.transaction import Transaction


class ChangeClock:
    """When the tables of a server were changed: each store's ``changed``, each transaction's ``began``, and ``now``."""

    def __init__(self) -> None:
        self.now = 0

    def note(self, transaction: Transaction, store: TableStore) -> None:
        """A statement of ``transaction`` has begun to change ``store``."""
        if not transaction.changing:
            transaction.on_end(lambda committed: None if committed else self._undone(transaction))
        transaction.changing[store] = None
        self._change(store)

    def may_be_uncommitted(self, store: TableStore, transactions: Iterable[Transaction | None]) -> bool:
        """Whether ``store`` has been changed since the oldest of the open ``transactions`` began."""
        changed = store.changed
        return any(transaction.began < changed for transaction in transactions if transaction is not None)

    def _undone(self, transaction: Transaction) -> None:
        for store in transaction.changing:
            self._change(store)

    def _change(self, store: TableStore) -> None:
        self.now += 1
        store.changed = self.now
