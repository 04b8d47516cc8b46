"""One connection's state, and the requests it runs: batches, remote procedure calls, transaction requests.

Requests run inside a task of the scheduler: a lock or WAITFOR that must wait switches to other sessions. Everything
that a request produces, errors included, goes to its ``ResultSink``; no SqlError leaves a request.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import Database
from emulator.catalog.objects import DatabaseObject, Module, Parameter, Procedure, Table, Trigger, fold
from emulator.catalog.principals import GUEST, THE_SERVER
from emulator.errors import SqlError, sql_error
from emulator.execution import (
    administration,
    bulk,
    cursors,
    definitions,
    flow,
    format_only,
    impersonation,
    statements,
    transactions,
)
from emulator.execution.authorization import Identity, has_permission, is_sysadmin, mapped_user, no_entry, user_in
from emulator.execution.calls import STEPS as CALL_STEPS
from emulator.execution.calls import call_argument, call_function, find_system_procedure, run_procedure
from emulator.execution.current_rows import CurrentRows
from emulator.execution.definitions.shapes import parameters as declared_parameters
from emulator.execution.failures import BatchAborted, send_error
from emulator.execution.frames import Frame
from emulator.execution.impersonation import Impersonation
from emulator.execution.parameterization import parameterized_unit
from emulator.execution.server_cursors import ServerCursor
from emulator.execution.settings import DEFAULTS, Change, Isolation, Settings
from emulator.execution.skipping import text_after_switch
from emulator.execution.statistics import report_compilation
from emulator.execution.system_procedures import SystemProcedure
from emulator.execution.triggers import fire
from emulator.execution.units import CodeUnit, UnitCompiler
from emulator.locking.escalation import NO_ESCALATION
from emulator.locking.manager import (
    WHOLE,
    Acquired,
    LockOwner,
    LockSession,
    LockSpace,
    LockWait,
    ResourceType,
    WaitOutcome,
)
from emulator.locking.modes import LockMode, lock_wait_type
from emulator.locking.waits import WaitCount
from emulator.origin import IN_PROCESS
from emulator.results import Collector, ResultSink
from emulator.scheduler import Interrupted, Task
from emulator.sql import nodes
from emulator.sql.parser import parse_batch, parse_object_name, parse_parameters
from emulator.temporary_objects import TemporaryObjects
from emulator.transaction_control import TransactionControl
from emulator.types.languages import CURRENT
from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.instance import Instance
    from emulator.planning.accesses import Access
    from emulator.storage.table import TableStore

STEPS = format_only.skipping_others(
    {
        **flow.STEPS,
        **transactions.STEPS,
        **impersonation.STEPS,
        **CALL_STEPS,
        **administration.STEPS,
        **bulk.STEPS,
        **cursors.STEPS,
        **statements.STEPS,
        **definitions.STEPS,
    }
)


FIRST_CURSOR_HANDLE = 180150001

ROWS_BETWEEN_SWITCHES = 256
"""A power of two: rows of a scan between two points at which other sessions may run."""

LOCK_STATES = {ResourceType.KEY: 51, ResourceType.RID: 45, ResourceType.OBJECT: 56}
"""The states of errors 1205 and 1222, which tell what kind of resource was waited for; observed on SQL Server 2025."""


class Session(TransactionControl, TemporaryObjects):
    """A login's session. ``sink`` is that of the running request; ``frame`` the innermost running module.

    ``cursors`` are the global ones, ``open_cursors`` all that are open, ``server_cursors`` those of sp_cursoropen by
    handle. ``firing`` are the triggers that are running, the innermost last; ``insert_exec`` is the transaction count
    with which the procedure of a running INSERT ... EXEC began. ``scope_identity`` is the last identity value that a
    batch drew itself: the batches of a session are one scope. ``chance`` is the state of RAND, None before its first
    call. ``owned_locks`` are the application locks that the session itself owns. ``on_close`` is called when it has
    ended.
    ``login_time``, ``request_began`` and ``request_ended`` (of the last request) are the clock's times.
    ``asleep_since`` is when, by the monotonic clock, a running WAITFOR began, None for no such; ``last_wait_type`` what
    was waited for last.
    ``warnings`` are what the running statement has met that its client hears of (``warnings.NULL_ELIMINATED``, ...).
    Where ``count & switch_mask`` is 0, the ``count``-th row of a scan is a switch point.
    ``current_rows`` are what the running statement stands on at READ COMMITTED where that locks.
    """

    def __init__(
        self, instance: Instance, spid: int, database: Database, login: str, host: str = "", application: str = ""
    ) -> None:
        TransactionControl.__init__(self, instance, LockSession(spid))
        TemporaryObjects.__init__(self, instance)
        self.spid = spid
        self.database = database
        self.login_database = database
        self.original_login = login
        self.host_name = host
        self.app_name = application
        self.owned_locks = LockOwner(self.locking)
        self.current_rows = CurrentRows()
        self.try_depth = 0
        self.nest_level = 0
        self.row_count = 0
        self.error_number = 0
        self.warnings = 0
        self.last_identity: int | None = None
        self.scope_identity: int | None = None
        self.chance: tuple[int, int] | None = None
        self.identity_insert: Table | None = None
        self.context: dict[str, Any] = {}
        self.read_only_context: set[str] = set()
        self.handles: dict[Any, tuple[str, str | None]] = {}
        self.cursors: dict[str, cursors.Cursor] = {}
        self.open_cursors: set[cursors.Cursor] = set()
        self.server_cursors: dict[int, ServerCursor] = {}
        self.fetch_status = 0
        self.cursor_rows = 0
        self.bulk: nodes.InsertBulk | None = None
        self.input_buffer = ""
        self.input_is_call = False
        self.waits: dict[str, WaitCount] = {}
        self.last_wait_type = "MISCELLANEOUS"
        self.asleep_since: float | None = None
        self.trace_flags: set[int] = set()
        self.skipping: str | None = None
        self.insert_exec: int | None = None
        self.firing: list[Trigger] = []
        self.frame = Frame(self, [])
        self.task: Task | None = None
        self.closed = self.killed = False
        self.on_close: Callable[[], None] | None = None
        self.granted: set[Access] = set()
        found = instance.security.find(login)
        self.assume(Impersonation(Identity(found.principal_id if found else None, found.name if found else login)))
        self.origin = IN_PROCESS
        self.login_time = instance.clock.now()
        self.request_began = self.request_ended = self.measured_from = self.login_time
        self._next_handle = 1
        self._next_cursor_handle = FIRST_CURSOR_HANDLE
        self._switch_point = instance.scheduler.switch_point
        self._stops_before_locks = instance.scheduler.stop_before_locks
        self.switch_mask = (1 if instance.scheduler.stop_before_locks else ROWS_BETWEEN_SWITCHES) - 1

    # -- security ----------------------------------------------------------------------------------------------------

    def assume(self, impersonation: Impersonation) -> None:
        """Act as another identity, or as the previous one again."""
        self.impersonation = impersonation
        self.identity = impersonation.identity
        self.login_name = self.identity.login_name
        self.refresh_security()

    def use_settings(self, settings: Settings) -> None:
        """Go on with other settings."""
        self.settings = settings
        CURRENT.set(settings.conventions)

    def refresh_security(self) -> None:
        """Find out anew who the session is in its database and whether it has to be checked at all."""
        self.granted.clear()
        self.unchecked = is_sysadmin(self.instance, self.identity)
        found = mapped_user(self.instance, self.identity, self.database)
        self.user = found or self.database.security.by_id[GUEST]
        self.user_name = self.user.name

    def may_on_server(self, permission: str) -> bool:
        """Whether it has a permission on the server."""
        return self.unchecked or has_permission(self, permission, THE_SERVER)

    def await_security(self, database: Database) -> None:
        """Wait while another session's transaction is changing principals or permissions. Errors: 1205, 1222."""
        for catalog in (database.security, self.instance.security):
            if catalog.locks.entries:
                self.await_locks(catalog.locks)

    # -- requests ----------------------------------------------------------------------------------------------------

    def run_batch(self, text: str, sink: ResultSink) -> None:
        """Run a batch of T-SQL."""
        self.input_buffer, self.input_is_call = text, False
        with self._request(sink):
            if self.skipping is not None:
                text = text_after_switch(text, self)
            self.frame = Frame(self, [], text=text)
            unit, values = self.ad_hoc_unit(text)
            variables = unit.new_variables(values)
            frame = self.frame = Frame(self, variables, scope_identity=self.scope_identity, text=unit.text)
            if self.settings.measures:
                report_compilation(self)
            try:
                unit.run(frame)
            finally:
                unit.runs.add(self.request_began, self.instance.clock.now())
                self.scope_identity = frame.scope_identity

    def run_rpc(self, procedure: str, parameters: Sequence[Any], sink: ResultSink) -> None:
        """Call a procedure by name; its status and output parameters go to the sink after its results."""
        self.input_buffer, self.input_is_call = procedure, True
        with self._request(sink):
            self.frame = Frame(self, [])
            arguments = [call_argument(self, parameter) for parameter in parameters]
            try:
                status = run_procedure(self, self.parse_name(procedure), arguments)
            finally:
                outputs = [argument for argument in arguments if argument.output]
            sink.return_status(status)
            for argument in outputs:
                sink.return_value(argument.name, argument.type, argument.value)

    def bulk_load(self, types: Sequence[SqlType], rows: Sequence[tuple[Any, ...]], sink: ResultSink) -> None:
        """Load the rows that INSERT BULK announced; their items are engine values of ``types``."""
        with self._request(sink):
            bulk.run_bulk_load(self, types, rows)

    def begin_transaction(self, isolation: int, name: str, sink: ResultSink) -> None:
        """The transaction request BEGIN. ``isolation`` 0 keeps the level."""
        with self._request(sink):
            if isolation:
                self.settings = replace(self.settings, isolation=Isolation(isolation))
            self.begin(name)

    def commit_transaction(self, name: str, sink: ResultSink) -> None:
        """The transaction request COMMIT."""
        with self._request(sink):
            self.commit()

    def rollback_transaction(self, name: str, sink: ResultSink) -> None:
        """The transaction request ROLLBACK, to a savepoint if ``name`` is one."""
        with self._request(sink):
            self.rollback(name or None)

    def save_transaction(self, name: str, sink: ResultSink) -> None:
        """The transaction request SAVE."""
        with self._request(sink):
            self.save(name)

    @contextmanager
    def _request(self, sink: ResultSink) -> Iterator[None]:
        """What surrounds every request: where its output goes, and what becomes of the transaction at its end.

        Interrupted: the session was killed when the request had come and not begun.
        """
        if self.closed:
            sink.message(sql_error(596))
            raise Interrupted("killed")
        self.sink = sink
        CURRENT.set(self.settings.conventions)
        self.request_began = self.instance.clock.now()
        self.task = self.instance.scheduler.current
        self.try_depth = self.nest_level = 0
        try:
            yield
        except BatchAborted:
            pass
        except SqlError as error:
            error.locate(1, "")
            self.error_number = error.number
            send_error(self, error)
            if self.trancount and self.settings.xact_abort:
                self.rollback()
        except Interrupted:
            if self.killed:
                sink.message(sql_error(596))
            elif self.trancount and self.settings.xact_abort:
                self.rollback()
        finally:
            self.task = None
            if self.open_cursors:
                self.close_local_cursors(self.frame)
            self.request_ended = self.instance.clock.now()
            self.try_depth = self.nest_level = 0
            if self.killed:
                self.close()
        if self.doomed and self.trancount:
            uncommittable = sql_error(3998)
            uncommittable.locate(1, "")
            sink.message(uncommittable)
            self.rollback()

    @property
    def outer_frame(self) -> Frame:
        """The frame of what the client has sent."""
        frame = self.frame
        while frame.caller is not None:
            frame = frame.caller
        return frame

    @property
    def is_running(self) -> bool:
        """Whether a request is under way."""
        return self.task is not None and not self.task.done

    def interrupt(self) -> None:
        """End the running request as soon as it can; called from outside its task (attention, KILL)."""
        if self.task is not None:
            self.instance.scheduler.interrupt(self.task)

    def reset(self, *, keep_transaction: bool, sink: ResultSink | None = None) -> None:
        """Back to the state after login, for the next user of a pooled connection."""
        if sink is not None:
            self.sink = sink
        if self.trancount and not keep_transaction:
            self.rollback()
        self.settings = Change(isolation=self.settings.isolation).apply(DEFAULTS)
        self.forget_temporary()
        for cursor in list(self.open_cursors):
            cursor.close(self)
        self.cursors.clear()
        self.server_cursors.clear()
        self.handles.clear()
        self.context.clear()
        self.read_only_context.clear()
        self.instance.locks.release_all(self.owned_locks)
        self.identity_insert = self.last_identity = self.scope_identity = None
        self.database = self.login_database
        while self.impersonation.previous is not None:
            self.impersonation = self.impersonation.previous
        self.assume(self.impersonation)

    def close(self) -> None:
        """The connection is gone, or goes with this: roll back, release everything."""
        if self.closed:
            return
        self.closed = True
        self.sink = Collector()
        if self.trancount:
            self.rollback()
        elif self.transaction is not None:
            self.end_own(commit=False)
        self.instance.locks.release_all(self.owned_locks)
        self.forget_temporary()
        self.instance.forget(self)
        if self.on_close is not None:
            self.on_close()

    def kill(self) -> None:
        """End the session from outside, with what it is running."""
        self.killed = True
        if self.task is None:
            self.close()
        else:
            self.interrupt()

    # -- waiting -----------------------------------------------------------------------------------------------------

    def lock(self, space: LockSpace, key: Hashable, mode: LockMode) -> Acquired:
        """Take a lock for the transaction, waiting for it if need be.

        If others are to run before requests for locks, they do before those for rows. A request for a table follows the
        switch point between statements; a plan relies on nothing happening in between. Errors: 1205 (chosen as deadlock
        victim), 1222 (LOCK_TIMEOUT passed). Raises Interrupted.
        """
        if self._stops_before_locks and key != WHOLE:
            self.lock_point()
        transaction = self.transaction
        assert transaction is not None
        acquired = self.request(transaction, space, key, mode)
        return self.wait_for_lock() if acquired is Acquired.WAITING else acquired

    def request(self, owner: LockOwner, space: LockSpace, key: Hashable, mode: LockMode) -> Acquired:
        """Ask for a lock. ``WAITING``: it is for ``wait_for_lock`` to wait for it.

        Errors: 1222 with LOCK_TIMEOUT 0, where it would have to be waited for.
        """
        if not self.settings.lock_timeout:
            self.refuse_to_wait(owner, space, key, mode)
        return self.instance.locks.acquire(owner, space, key, mode)

    def escalates(self, store: TableStore) -> bool:
        """Whether many row locks of a statement may become one on the table."""
        return store.escalates and not NO_ESCALATION & (self.trace_flags | self.instance.trace_flags)

    def wait_for_lock(self) -> Acquired:
        """Wait for ``locking.wait``; outcomes and errors as for ``lock``."""
        wait = self.locking.wait
        assert wait is not None
        if wait.outcome is None:
            self._hold_current_rows()
        self.wait_out(wait, self.settings.lock_timeout)
        if wait.outcome is WaitOutcome.GRANTED:
            return wait.acquired
        state = LOCK_STATES.get(wait.entry.space.resource_type, 51)
        raise (
            sql_error(1205, self.spid, "lock", state=state)
            if wait.outcome is WaitOutcome.VICTIM
            else sql_error(1222, state=state)
        )

    def refuse_to_wait(self, owner: LockOwner, space: LockSpace, key: Hashable, mode: LockMode) -> None:
        """With NOWAIT and LOCK_TIMEOUT 0: error 1222 if a request would have to wait. It is never made then, so it can
        close no cycle ("SET LOCK_TIMEOUT")."""
        if self.instance.locks.would_wait(owner, space, key, mode):
            raise sql_error(1222, state=LOCK_STATES.get(space.resource_type, 51))

    def wait_out(self, wait: LockWait, timeout: int) -> None:
        """Wait until ``wait`` has ended, ``timeout`` milliseconds at most (-1: for ever), and count it."""
        if wait.outcome is not None:
            return
        self.instance.blocked_processes.watch()
        began = self.instance.clock.monotonic()
        try:
            self.instance.scheduler.wait_for(wait, None if timeout < 0 else timeout / 1000)
        finally:
            took = self.instance.clock.monotonic() - began
            wait.entry.space.waits.add(took)
            self._count_wait(lock_wait_type(wait.requested), took)

    def await_definition(self, table: Table) -> bool:
        """Wait until nobody is changing the definition of ``table``. True: there was a wait, it may have changed.

        Errors: 1205, 1222.
        """
        return table.store is not None and self.await_locks(table.store.locks)

    def await_locks(self, space: LockSpace, key: Hashable = WHOLE, mode: LockMode = LockMode.SCH_S) -> bool:
        """Wait until the lock could be had, by default on the whole of ``space``. True: there was a wait.

        Errors: 1205, 1222.
        """
        locks = self.instance.locks
        owner = self.transaction or self.owned_locks
        if not space.entries or not locks.would_wait(owner, space, key, mode):
            return False
        if self.request(owner, space, key, mode) is Acquired.WAITING:
            self.wait_for_lock()
        locks.release(owner, space, key)
        return True

    def look_up(self, database: Database, schema: str, name: str) -> DatabaseObject | None:
        """The object ``schema.name``, once no other transaction is creating, altering, renaming or dropping it.

        (A table whose definition is being changed is returned: its own lock is to be waited for.) Errors: 1205, 1222.
        """
        while True:
            found = database.find(schema, name)
            if isinstance(found, Table) or not database.names.entries:
                return found
            if isinstance(found, Module) and found.locks is not None and self.await_locks(found.locks):
                continue
            key = fold(schema), fold(name)
            dropped = database.dropping.get(key)
            if dropped is not None and self.await_definition(dropped):
                continue
            if not self.await_locks(database.names, key, LockMode.S):
                return found

    def unlock(self, space: LockSpace, key: Hashable) -> None:
        """Give back one request for a lock (one ``lock`` call)."""
        assert self.transaction is not None
        self.instance.locks.release(self.transaction, space, key)

    def switch_point(self) -> None:
        """Let other sessions run."""
        self._hold_current_rows()
        self._switch_point()

    def lock_point(self) -> None:
        """The switch point before a lock request, if there is to be one."""
        if self.instance.scheduler.stop_before_locks:
            self._hold_current_rows()
        self.instance.scheduler.lock_point()

    def _hold_current_rows(self) -> None:
        if self.transaction is not None:
            self.current_rows.settle(self.instance.locks, self.transaction, self.instance.may_be_uncommitted)

    def sleep(self, seconds: float) -> None:
        """WAITFOR. Raises Interrupted."""
        began = self.asleep_since = self.instance.clock.monotonic()
        try:
            self.instance.scheduler.sleep(seconds)
        finally:
            self.asleep_since = None
            self._count_wait("WAITFOR", self.instance.clock.monotonic() - began)

    def _count_wait(self, wait_type: str, seconds: float) -> None:
        self.last_wait_type = wait_type
        for waits in (self.waits, self.instance.waits):
            if wait_type not in waits:
                waits[wait_type] = WaitCount()
            waits[wait_type].add(seconds)

    # -- cursors ------------------------------------------------------------------------------------------------------

    def _close_cursors(self, *, commit: bool) -> None:
        """The end of a transaction closes all cursors if CURSOR_CLOSE_ON_COMMIT is on, else a rollback all but static
        ones ("SET CURSOR_CLOSE_ON_COMMIT")."""
        if not self.open_cursors:
            return
        closes_all = "CURSOR_CLOSE_ON_COMMIT" in self.settings.on
        for cursor in list(self.open_cursors):
            if closes_all or not (commit or cursor.kind.static):
                cursor.close(self)

    def close_local_cursors(self, frame: Frame) -> None:
        """Close the cursors that end with ``frame``: its local ones, and those that only its variables know, but for
        those that its parameters hand to the caller."""
        parameters = frame.module.parameters if frame.module is not None else ()
        handed_on = [frame.variables[i] for i, item in enumerate(parameters) if item.type.name == "cursor"]
        for cursor in list(self.open_cursors):
            if cursor in handed_on:
                continue
            local = cursor in frame.cursors.values() or cursor in frame.variables
            if local and cursor not in self.cursors.values():
                cursor.close(self)

    # -- names and code ----------------------------------------------------------------------------------------------

    def compiler(
        self,
        database: Database,
        text: str,
        *,
        module: Module | None = None,
        parameters: Sequence[Parameter] = (),
    ) -> UnitCompiler:
        """A compiler for a module with this session's names."""
        return UnitCompiler(self, database, text, STEPS, module=module, parameters=parameters)

    def unit(self, text: str, parameters: Sequence[Parameter] = ()) -> CodeUnit:
        """The compiled batch, kept by text, parameters and database."""
        units = self.instance.units
        key = self._unit_key(text, parameters)
        unit = units.get(key)
        if unit is None:
            batch = parse_batch(text, quoted_identifier="QUOTED_IDENTIFIER" in self.settings.on)
            unit = self.compiler(self.database, text, parameters=parameters).compile(batch.statements)
            if not any(isinstance(node, nodes.CreateLogin | nodes.AlterLogin) for node in batch.statements):
                units[key] = unit  # a text with a password is not kept
        return unit

    def ad_hoc_unit(self, text: str) -> tuple[CodeUnit, Sequence[Any]]:
        """The compiled batch without parameters of its own, and the values of those that stand for its constants."""
        instance = self.instance
        key = self._unit_key(text, ())
        unit = instance.units.get(key)
        if unit is not None:
            return unit, ()
        ad_hoc = (key, self.database.version)
        found = instance.ad_hoc.get(ad_hoc)
        if found is None:
            found = parameterized_unit(self, text)
            if found is None:
                return self.unit(text), ()
            instance.ad_hoc[ad_hoc] = found
        return found

    def _unit_key(self, text: str, parameters: Sequence[Parameter]) -> tuple[Any, ...]:
        quoted = "QUOTED_IDENTIFIER" in self.settings.on
        return text, tuple(parameters), self.database, self.user.default_schema, quoted

    def parse_name(self, text: str) -> nodes.ObjectName:
        """A possibly quoted, multi-part name. Errors: 102 if it is none."""
        name = self.instance.names.get(text)
        if name is None:
            name = self.instance.names[text] = parse_object_name(text)
        return name

    def parse_parameters(self, text: str) -> Sequence[Parameter]:
        """The parameters declared in ``@a int, @b nvarchar(10) OUTPUT``, as sp_executesql takes them."""
        key = (text, self.database, self.database.version)
        kept = self.instance.declarations.get(key)
        if kept is None:
            declared = parse_parameters(text)
            kept = declared_parameters(declared, self.compiler(self.database, text).context())
            self.instance.declarations[key] = kept
        return kept

    def new_handle(self, statement: str, declarations: str | None) -> int:
        """A handle for a prepared statement, or for a procedure call when there are no declarations."""
        handle = self._next_handle
        self._next_handle += 1
        self.handles[handle] = statement, declarations
        return handle

    def new_cursor_handle(self) -> int:
        """A handle for a cursor that the client's library opens."""
        self._next_cursor_handle += 2
        return self._next_cursor_handle

    def find_procedure(self, name: nodes.ObjectName, module: Module | None) -> Procedure | SystemProcedure:
        """The procedure that ``name`` calls: of its schema, else the calling module's, ``dbo``, the system's.

        Errors: 2812; 911 for an unknown database.
        """
        if name.name.startswith("#"):
            temporary = self.find_temporary_procedure(name.name)
            if temporary is None:
                raise sql_error(2812, str(name), state=62)
            return temporary
        database = self.database if name.database is None else self.instance.database(name.database)
        if name.database is None and module is not None:
            database = self.instance.databases[fold(module.database)]
        own = module.schema if module else self.user.default_schema
        schemas = [name.schema] if name.schema else dict.fromkeys((own or "dbo", "dbo"))
        for schema in schemas:
            found = self.look_up(database, schema, name.name)
            if isinstance(found, Procedure):
                return found
        system = find_system_procedure(name)
        if system is None:
            raise sql_error(2812, str(name), state=62)
        return system

    def call_scalar_function(self, function: Any, values: Sequence[Any]) -> Any:
        """The value of a user-defined scalar function."""
        return call_function(self, function, values).status

    def call_table_function(self, function: Any, values: Sequence[Any]) -> Any:
        """The TableStore that a multi-statement table-valued function returns."""
        frame = call_function(self, function, values)
        return frame.variables[len(function.parameters)]

    def fire_trigger(self, trigger: Trigger, *rows_and_count: Any) -> None:
        """Run a trigger for the rows of the running statement (``triggers.fire``)."""
        fire(self, trigger, *rows_and_count)

    def find_cursor(self, name: nodes.CursorName | None, variable: cursors.Cursor | None) -> cursors.Cursor:
        """The cursor that a statement names (``cursors.find_cursor``)."""
        return cursors.find_cursor(self, name, variable)

    def use(self, name: str, line: int = 1) -> None:
        """USE. Errors: 911, 916, 924."""
        database = self.instance.database(name)
        old = self.database
        if database is not old:
            if user_in(self.instance, self.identity, database) is None:
                raise no_entry(self, database)
            self.instance.refuse_second_user(database)
            self.database = database
            if self.instance.locks.held_mode(self.owned_locks, old.locks, WHOLE):
                self.instance.locks.release(self.owned_locks, old.locks, WHOLE)
            self.refresh_security()
        self.sink.database_changed(old.name, database.name, line, database.collation)
