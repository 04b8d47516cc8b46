"""Plans of single statements: compiled when their module is, again when the catalog has changed, run as one unit.

Every statement that touches rows runs inside a transaction: the session's, or one of its own that ends with it. When it
fails, its changes are undone and only they. The definitions of its tables do not change while it runs (``stability``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Table
from emulator.errors import SqlError, sql_error
from emulator.execution.authorization import authorize
from emulator.execution.current_rows import CurrentRows
from emulator.execution.failures import statement_failed
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.snapshots import at_one_moment
from emulator.execution.stability import give_back, keep_stable
from emulator.execution.statistics import report_statement
from emulator.execution.units import UnitCompiler, is_missing_object
from emulator.execution.warnings import warn
from emulator.planning.accesses import Access, settled
from emulator.planning.binding import FIRST_SLOT, Env, PlanContext
from emulator.planning.changes.targets import is_private
from emulator.results import ResultSink
from emulator.sql import nodes
from emulator.storage.usage import UseCount, count_uses

if TYPE_CHECKING:
    from emulator.catalog.database import Database
    from emulator.locking.manager import LockOwner, LockSpace
    from emulator.session import Session
    from emulator.storage.transaction import Transaction

Executable = Callable[[Env, "ResultSink | None"], int]


class Plan:
    """Something compiled for one place in a module: ``run``, valid while ``version`` is the database's and ``options``
    the session's, in the transaction ``made_for`` if that is not None.

    ``blank`` are the row slots that its environment needs, ``accesses`` what it takes permission for, ``uses`` what it
    does with indexes. ``bound``: it depends on more than the database's version and options.
    """

    __slots__ = (
        *("_compile", "_compiler", "_elsewhere", "_spaces", "_tables", "accesses", "blank", "bound", "database"),
        *("made_for", "options", "run", "temporary", "uses", "version"),
    )

    def __init__(self, compiler: UnitCompiler, compile_it: Callable[[PlanContext], Any]) -> None:
        self.database = compiler.database
        self._compiler = compiler
        self._compile = compile_it
        self.version = -1
        self.options = compiler.session.settings.compiled
        self.uses: tuple[UseCount, ...] = ()
        self.run: Any = None
        self.blank: list[Any] = []
        self.temporary: dict[str, Table] = {}
        self.bound = False
        self._elsewhere: dict[Database, int] = {}
        self.made_for: LockOwner | None = None
        self._tables: list[Table] = []
        self._spaces: list[LockSpace] = []
        self.accesses: tuple[Access, ...] = ()
        try:
            self.refresh(compiler.session)
        except SqlError as error:
            if not is_missing_object(error):
                raise

    def refresh(self, session: Session) -> None:
        """Compile for the catalog as it is now."""
        context = self._compiler.context(self.database, session)
        self.options = context.options = session.settings.compiled
        if self._compiler.module is None:
            context.ansi_nulls = context.options.ansi_nulls
        version = self.database.version
        stable: list[LockSpace] = []
        context.stable = stable
        try:
            self.run = self._compile(context)
        finally:
            give_back(session, session.transaction or session.owned_locks, stable)
        self.blank = [None] * (context.slots - FIRST_SLOT)
        self.temporary = context.temporary
        self.made_for = context.made_for
        self._elsewhere = context.elsewhere
        self.bound = bool(self.temporary or self._elsewhere or self.made_for)
        self._tables = context.tables
        shared = [table for table in context.temporary.values() if not is_private(table)]
        stores = [table.store for table in (*context.tables, *shared)]
        spaces = [store.locks for store in stores if store is not None]
        self._spaces = list(dict.fromkeys([*spaces, *context.related]))
        self.uses = tuple(context.uses)
        self.accesses = settled(context.accesses)
        self.version = version

    def prepare(self, frame: Frame) -> None:
        """Compile again if anything that the plan was bound to has changed, waiting for whoever is changing it.

        Errors: those of binding names.
        """
        session = frame.session
        while self._is_stale(session):
            try:
                self.refresh(session)
            except SqlError as error:
                error.unbound_in = frame
                raise

    def call(self, frame: Frame, *arguments: Any) -> Any:
        """What ``run`` gives in an environment of its own."""
        return self.run([*frame.env, *self.blank], *arguments)

    def stably(self, frame: Frame, call: Callable[..., Any], *arguments: Any) -> Any:
        """What ``call``, which uses the plan, gives while nobody can change the definitions of its tables. It is a
        statement with a snapshot of its own.

        Errors: 1205, 1222, those of binding names, 229.
        """
        session = frame.session
        transaction = session.transaction
        assert transaction is not None
        spaces = self._stabilize(frame, transaction)
        transaction.relied_on.append(spaces)
        try:
            return at_one_moment(session, call)(*arguments)
        finally:
            transaction.relied_on.pop()
            give_back(session, transaction, spaces)

    def _stabilize(self, frame: Frame, transaction: Transaction) -> list[LockSpace]:
        """Sch-S on the plan's tables, for which the plan is then good."""
        session = frame.session
        while True:
            waited, held = False, self._spaces
            for position, space in enumerate(held):
                try:
                    waited |= keep_stable(session, transaction, space)
                except BaseException:
                    give_back(session, transaction, held[:position])
                    raise
            if not (waited and self._is_stale(session)):
                return held
            give_back(session, transaction, held)
            self.prepare(frame)
            if self.accesses and not session.unchecked:
                authorize(session, self.accesses)

    def _is_stale(self, session: Session) -> bool:
        return (
            self.version != self.database.version
            or self.options is not session.settings.compiled
            or (self.bound and self._is_rebound(session))
        )

    @property
    def tables(self) -> list[Table]:
        """The tables that it was bound to, temporary ones among them."""
        return [*self._tables, *self.temporary.values()]

    def _is_rebound(self, session: Session) -> bool:
        return (
            any(session.find_temporary(name) is not table for name, table in self.temporary.items())
            or any(version != database.version for database, version in self._elsewhere.items())
            or (self.made_for is not None and self.made_for is not session.transaction)
        )


def evaluator(
    compiler: UnitCompiler, node: nodes.Statement, compile_it: Callable[[PlanContext], Callable[[Env], Any]]
) -> Callable[[Frame], Any]:
    """A function that evaluates an expression of the statement ``node`` for a frame.

    It raises the SqlErrors of both.
    """
    plan = Plan(compiler, compile_it)

    def evaluate(frame: Frame) -> Any:
        stale = plan.version != plan.database.version or plan.options is not frame.session.settings.compiled
        if stale or plan.bound:
            plan.prepare(frame)
        if plan.accesses and not frame.session.unchecked:
            authorize(frame.session, plan.accesses)
        if not plan.blank:
            return plan.run(frame.env)
        frame.node = node
        session = frame.session
        if plan.uses:
            count_uses(plan.uses, session.request_began)
        value = as_unit(frame, plan.stably, frame, plan.call, frame)
        session.switch_point()
        if session.warnings:
            warn(session)
        if session.settings.measures:
            report_statement(session, plan.tables, plan.uses)
        return value

    return evaluate


def as_unit(frame: Frame, run: Callable[..., Any], *arguments: Any) -> Any:
    """Run as one statement: in the session's transaction, or in one of its own; undo its changes when it fails."""
    session = frame.session
    transaction = session.transaction
    outer = session.current_rows
    session.current_rows = current = CurrentRows(outer)
    if transaction is None:
        session.begin_own()
        try:
            result = run(*arguments)
        except BaseException:
            session.current_rows = outer
            session.end_own(commit=False)
            raise
        session.current_rows = outer
        session.end_own(commit=True)
        return result
    mark = transaction.mark()
    try:
        return run(*arguments)
    except BaseException:
        transaction.rollback_to(mark)
        raise
    finally:
        session.current_rows = outer
        current.close(session.instance.locks, transaction)


def plan_step(
    compiler: UnitCompiler,
    node: nodes.Statement,
    compile_statement: Callable[[PlanContext], Executable],
    *,
    writes: bool,
    returns_rows: bool = False,
    counts: bool = True,
    begins_transaction: bool = True,
) -> Step:
    """The step of a statement that reads or changes rows, or definitions.

    ``writes``: refused in a doomed transaction (3930). ``counts``: its row count is reported unless NOCOUNT is on.
    ``begins_transaction``: it does with SET IMPLICIT_TRANSACTIONS ON.
    """
    plan = Plan(compiler, compile_statement)
    structural = isinstance(node, nodes.TruncateTable)

    def run_statement(frame: Frame) -> Signal | None:
        session = frame.session
        frame.node = node
        try:
            if writes and session.doomed:
                raise sql_error(3930)
            stale = plan.version != plan.database.version or plan.options is not session.settings.compiled
            if stale or plan.bound:
                plan.prepare(frame)
            if plan.accesses and not session.unchecked:
                authorize(session, plan.accesses)
            if begins_transaction and session.settings.implicit_transactions:
                session.begin_implicitly()
            if plan.uses:
                count_uses(plan.uses, session.request_began)
            count = as_unit(frame, plan.stably, frame, plan.call, frame, session.sink)
        except SqlError as error:
            session.warnings = 0
            return statement_failed(frame, error, node.line, writes=writes, structural=structural)
        if session.warnings:
            warn(session)
        session.row_count = count
        session.error_number = 0
        if session.settings.nocount:
            if returns_rows:
                session.sink.done(None, is_select=True)
        else:
            session.sink.done(count if counts else None, is_select=returns_rows)
        if session.settings.measures:
            report_statement(session, plan.tables, plan.uses)
        session.switch_point()
        return None

    return run_statement
