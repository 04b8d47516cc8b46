"""Plans of single statements: compiled when their module is, again when the catalog has changed, run as one unit.

Every statement that touches rows runs inside a transaction: the session's, or one of its own that ends with it. When it
fails, its changes are undone and only they.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Table
from emulator.errors import SqlError, sql_error
from emulator.execution.authorization import authorize
from emulator.execution.failures import statement_failed
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.snapshots import at_one_moment
from emulator.execution.statistics import report_statement
from emulator.execution.units import UnitCompiler, is_missing_object
from emulator.execution.warnings import warn
from emulator.planning.accesses import Access, settled
from emulator.planning.binding import FIRST_SLOT, Env, PlanContext
from emulator.results import ResultSink
from emulator.sql import nodes
from emulator.storage.usage import UseCount, count_uses

if TYPE_CHECKING:
    from emulator.session import Session

Executable = Callable[[Env, "ResultSink | None"], int]


class Plan:
    """Something compiled for one place in a module: ``run``, valid while ``version`` is the database's and ``options``
    the session's.

    ``blank`` are the row slots that its environment needs, ``accesses`` what it takes permission for, ``uses`` what it
    does with indexes.
    """

    __slots__ = (
        *("_compile", "_compiler", "_tables", "accesses", "blank", "database", "options", "run", "temporary"),
        *("uses", "version"),
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
        self._tables: list[Table] = []
        self.accesses: tuple[Access, ...] = ()
        try:
            self.refresh(compiler.session)
        except SqlError as error:
            if not is_missing_object(error):
                raise

    def refresh(self, session: Session) -> None:
        """Compile for the catalog as it is now."""
        context = self._compiler.context(self.database)
        context.session = session
        self.options = context.options = session.settings.compiled
        if self._compiler.module is None:
            context.ansi_nulls = context.options.ansi_nulls
        version = self.database.version
        self.run = self._compile(context)
        self.blank = [None] * (context.slots - FIRST_SLOT)
        self.temporary = context.temporary
        self._tables = context.tables
        self.uses = tuple(context.uses)
        self.accesses = settled(context.accesses)
        self.version = version

    def prepare(self, frame: Frame) -> None:
        """Compile again if anything that the plan was bound to has changed, waiting for whoever is changing it.

        During a wait others can begin to change things, so it is over only when nobody had to be waited for. Errors:
        those of binding names.
        """
        session = frame.session
        waited = True
        while waited:
            current = self.version == self.database.version
            waited = current and sum(map(session.await_definition, self._tables)) > 0
            while (
                self.version != self.database.version
                or self.options is not session.settings.compiled
                or (self.temporary and self._is_rebound(session))
            ):
                waited = True
                try:
                    self.refresh(session)
                except SqlError as error:
                    error.unbound_in = frame
                    raise

    @property
    def tables(self) -> list[Table]:
        """The tables that it was bound to, temporary ones among them."""
        return [*self._tables, *self.temporary.values()]

    def _is_rebound(self, session: Session) -> bool:
        return any(session.find_temporary(name) is not table for name, table in self.temporary.items())


def evaluator(
    compiler: UnitCompiler, node: nodes.Statement, compile_it: Callable[[PlanContext], Callable[[Env], Any]]
) -> Callable[[Frame], Any]:
    """A function that evaluates an expression of the statement ``node`` for a frame.

    It raises the SqlErrors of both.
    """
    plan = Plan(compiler, compile_it)

    def evaluate(frame: Frame) -> Any:
        database = plan.database
        stale = plan.version != database.version or plan.options is not frame.session.settings.compiled
        if stale or plan.temporary or database.changing:
            plan.prepare(frame)
        if plan.accesses and not frame.session.unchecked:
            authorize(frame.session, plan.accesses)
        if not plan.blank:
            return plan.run(frame.env)
        frame.node = node
        session = frame.session
        if plan.uses:
            count_uses(plan.uses, session.request_began)
        value = as_unit(frame, plan.run, [*frame.env, *plan.blank])
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
    if session.instance.versions.statement_level:
        run = at_one_moment(session, run)
    transaction = session.transaction
    if transaction is None:
        session.begin_own()
        try:
            result = run(*arguments)
        except BaseException:
            session.end_own(commit=False)
            raise
        session.end_own(commit=True)
        return result
    mark = transaction.mark()
    try:
        return run(*arguments)
    except BaseException:
        transaction.rollback_to(mark)
        raise


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
    database = plan.database
    structural = isinstance(node, nodes.TruncateTable)

    def run_statement(frame: Frame) -> Signal | None:
        session = frame.session
        frame.node = node
        try:
            if writes and session.doomed:
                raise sql_error(3930)
            stale = plan.version != database.version or plan.options is not session.settings.compiled
            if stale or plan.temporary or database.changing:
                plan.prepare(frame)
            if plan.accesses and not session.unchecked:
                authorize(session, plan.accesses)
            if begins_transaction and session.settings.implicit_transactions:
                session.begin_implicitly()
            if plan.uses:
                count_uses(plan.uses, session.request_began)
            count = as_unit(frame, plan.run, [*frame.env, *plan.blank], session.sink)
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
