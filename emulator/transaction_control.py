"""The transaction of a session: BEGIN, COMMIT, ROLLBACK, SAVE and @@TRANCOUNT, and transactions of single statements.

``storage.transaction`` is what a transaction has changed and locked. This is what its session makes of it.

Documentation: "BEGIN TRANSACTION", "COMMIT TRANSACTION", "ROLLBACK TRANSACTION", "SAVE TRANSACTION (Transact-SQL)".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import sql_error
from emulator.execution.settings import DEFAULTS, Settings
from emulator.locking.manager import LockSession
from emulator.results import Collector, ResultSink
from emulator.storage.transaction import Transaction

if TYPE_CHECKING:
    from emulator.instance import Instance
    from emulator.storage.versions import Snapshot


class TransactionControl:
    """What a session knows of its transaction, and does with it.

    ``trancount`` is @@TRANCOUNT; ``doomed``: the transaction can only be rolled back. ``announced``: the client knows
    of it. ``began_implicitly``: SET IMPLICIT_TRANSACTIONS ON has begun it. ``began_at`` is the isolation level at which
    it began, ``transaction_began`` the clock's time. ``statement_snapshot`` is what the running
    statement reads at READ COMMITTED where that reads row versions.
    """

    def __init__(self, instance: Instance, locking: LockSession) -> None:
        self.instance = instance
        self.locking = locking
        self.settings: Settings = DEFAULTS
        self.sink: ResultSink = Collector()
        self.transaction: Transaction | None = None
        self.transaction_name = ""
        self.began_implicitly = False
        self.transaction_began = instance.clock.now()
        self.began_at = self.settings.isolation
        self.statement_snapshot: Snapshot | None = None
        self.trancount = 0
        self.announced = False
        self.doomed = False

    @property
    def transaction_descriptor(self) -> int:
        """Identifies the open transaction to the client, 0 when there is none."""
        return self.transaction.owner_id if self.trancount and self.transaction is not None else 0

    def xact_state(self) -> int:
        """XACT_STATE(): 1 an open transaction, -1 an uncommittable one, 0 none."""
        return 0 if not self.trancount else -1 if self.doomed else 1

    def begin(self, name: str | None = None) -> None:
        """BEGIN TRANSACTION."""
        if self.trancount == 0:
            if self.transaction is None:
                self.transaction = self._new_transaction()
            self.transaction_name = name or ""
            self.began_implicitly = False
            self.transaction_began = self.instance.clock.now()
            self.began_at = self.settings.isolation
            self.announced = True
            self.sink.transaction_began(self.transaction.owner_id)
        self.trancount += 1

    def begin_implicitly(self) -> None:
        """Begin the transaction that statements begin by themselves with SET IMPLICIT_TRANSACTIONS ON."""
        if self.settings.implicit_transactions and not self.trancount:
            self.begin()
            self.began_implicitly = True

    def commit(self, *, delayed: bool = False) -> None:
        """COMMIT TRANSACTION; ``delayed``: with delayed durability. Errors: 3902, 3930."""
        if not self.trancount:
            raise sql_error(3902)
        if self.doomed:
            raise sql_error(3930)
        if self.trancount > 1:
            self.trancount -= 1
            return
        if delayed and self.transaction is not None:
            self.transaction.delayed = True
        self._end_transaction(commit=True)

    def rollback(self, name: str | None = None) -> None:
        """ROLLBACK TRANSACTION, to a savepoint if ``name`` is one. Errors: 3903, 6401; 3931 in a doomed transaction."""
        if not self.trancount:
            raise sql_error(3903)
        assert self.transaction is not None
        if name and name != self.transaction_name:
            if self.doomed:
                raise sql_error(3931)
            if not self.transaction.rollback_to_savepoint(name):
                raise sql_error(6401, name)
            return
        self._end_transaction(commit=False)

    def give_way(self) -> None:
        """As a deadlock's victim whose error will be caught: everything is undone and no lock held any more when CATCH
        begins. What is left is a doomed transaction of the same number, for ROLLBACK to end."""
        assert self.transaction is not None
        self.transaction.rollback()
        self.transaction = self._new_transaction(self.transaction.owner_id)
        self.doomed = True

    def save(self, name: str) -> None:
        """SAVE TRANSACTION. Errors: 628 outside a transaction, 3931 in a doomed one."""
        if not self.trancount:
            raise sql_error(628)
        if self.doomed:
            raise sql_error(3931)
        assert self.transaction is not None
        self.transaction.save(name)

    def keep_settings(self) -> None:
        """Have the log know at once of something on the server that was changed and that no rollback takes back."""
        if self.instance.log is not None:
            change = self._new_transaction()
            change.defines = True
            change.commit()

    def _new_transaction(self, number: int | None = None) -> Transaction:
        instance = self.instance
        transaction = Transaction(self.locking, instance.locks, number or instance.next_transaction_id(), instance.log)
        transaction.began = instance.changes.now
        return transaction

    def _end_transaction(self, *, commit: bool) -> None:
        transaction = self.transaction
        assert transaction is not None
        self.transaction_name = ""
        self.trancount = 0
        self.doomed = False
        self.transaction = None
        committed = False
        try:
            if commit:
                transaction.commit()
                committed = True
            else:
                transaction.rollback()
        finally:
            self._close_cursors(commit=committed)
            if self.announced:
                self.announced = False
                self.sink.transaction_ended(transaction.owner_id, committed=committed)

    def _close_cursors(self, *, commit: bool) -> None:
        """What the end of a transaction does to the session's cursors."""

    def begin_own(self) -> None:
        """Begin the transaction of a single statement in autocommit mode."""
        self.transaction = self._new_transaction()

    def end_own(self, *, commit: bool) -> None:
        """End it; a statement that began an explicit transaction leaves that open."""
        transaction = self.transaction
        if self.trancount or transaction is None:
            return
        self.transaction = None
        if commit:
            transaction.commit()
        else:
            transaction.rollback()
