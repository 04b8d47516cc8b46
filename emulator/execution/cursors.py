"""Cursors: DECLARE, OPEN, FETCH, CLOSE, DEALLOCATE, and cursor variables.

The result is found at OPEN. A STATIC (INSENSITIVE) cursor keeps it. Of other cursors over the rows of one table each
row is looked up again when it is fetched: a KEYSET cursor tells of rows that are gone (@@FETCH_STATUS -2), a DYNAMIC
one passes over them. Rows that come into the result after OPEN are not seen by any.

Documentation: "DECLARE CURSOR", "OPEN", "FETCH", "CLOSE", "DEALLOCATE (Transact-SQL)", "@@FETCH_STATUS".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Table, fold
from emulator.errors import SqlError, sql_error
from emulator.execution.authorization import authorize
from emulator.execution.calls import parameter_assigner
from emulator.execution.failures import statement_failed
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.plans import Plan, as_unit, evaluator
from emulator.execution.settings import Isolation
from emulator.execution.snapshots import at_one_moment
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.locking.manager import WHOLE
from emulator.locking.modes import LockMode
from emulator.planning.binding import Env
from emulator.planning.changes.constraints import read_lock
from emulator.planning.expressions import compile_scalar, convert_to
from emulator.planning.queries.cursors import CursorQuery, compile_cursor_query
from emulator.results import ColumnInfo
from emulator.sql import nodes
from emulator.storage.index import GHOST
from emulator.types.sqltype import INT, SqlType

if TYPE_CHECKING:
    from emulator.session import Session

EXCLUSIVE = (
    ("LOCAL", "GLOBAL"),
    ("FORWARD_ONLY", "SCROLL"),
    ("STATIC", "KEYSET", "DYNAMIC", "FAST_FORWARD"),
    ("READ_ONLY", "SCROLL_LOCKS", "OPTIMISTIC"),
    ("FAST_FORWARD", "SCROLL"),
    ("FAST_FORWARD", "SCROLL_LOCKS"),
    ("FAST_FORWARD", "OPTIMISTIC"),
)
"""Options of which one cursor may have one only."""
FETCHED, NO_ROW, ROW_GONE = 0, -1, -2


class CursorKind:
    """What the options of a declaration come to. Errors: 1048 options that exclude each other."""

    def __init__(self, definition: nodes.CursorDefinition) -> None:
        given = set(definition.options)
        for group in EXCLUSIVE:
            found = [option for option in group if option in given]
            if len(found) > 1:
                raise sql_error(1048, *found[:2], line=definition.line)
        iso = "INSENSITIVE" in given or given == {"SCROLL"}
        self.static = bool(given & {"STATIC", "INSENSITIVE"})
        self.keyset = "KEYSET" in given or (iso and not self.static)
        scrolls_by_default = bool(given & {"STATIC", "KEYSET", "DYNAMIC"})
        self.scrolls = "SCROLL" in given or (scrolls_by_default and "FORWARD_ONLY" not in given)
        self.fast_forward = "FAST_FORWARD" in given
        self.dynamic = not (self.static or self.keyset)
        self.locks = "SCROLL_LOCKS" in given
        self.read_only = self.static or self.fast_forward or "READ_ONLY" in given or definition.read_only
        if self.read_only and definition.update_columns is not None:
            raise sql_error(1048, "READ_ONLY", "FOR UPDATE", line=definition.line)
        self.is_local = "LOCAL" in given
        self.update_columns = None if not definition.update_columns else {fold(c) for c in definition.update_columns}


class Cursor:
    """A declared cursor. ``variables`` are those of its module when it was declared.

    ``position`` counts from 1; 0 is before the first row, one more than there are rows behind the last.
    """

    def __init__(self, name: str, kind: CursorKind, plan: Plan, variables: list[Any]) -> None:
        self.name = name
        self.kind = kind
        self._plan = plan
        self._variables = variables
        self._env: Env = []
        self._query: CursorQuery | None = None
        self._rows: list[tuple[Any, ...]] = []
        self._fetched_row: Any = None
        self.is_open = False
        self.position = 0
        self.on_row = False

    # -- opening and closing -----------------------------------------------------------------------------------------

    def open(self, frame: Frame) -> None:
        """Find the result. Errors: 16905 and those of the query."""
        if self.is_open:
            raise sql_error(16905)
        session, plan = frame.session, self._plan
        if plan.version != plan.database.version or plan.bound:
            plan.prepare(frame)
        if plan.accesses and not session.unchecked:
            authorize(session, plan.accesses)
        as_unit(frame, plan.stably, frame, self._find_rows, session)
        self.position, self.on_row, self.is_open = 0, False, True
        session.open_cursors.add(self)
        session.cursor_rows = -1 if self.kind.dynamic else len(self._rows)

    def _find_rows(self, session: Session) -> None:
        query: CursorQuery = self._plan.run
        self._env = [self._variables, session, *self._plan.blank]
        self._rows = list(query.rows(self._env))
        self._query = query

    def close(self, session: Session) -> None:
        """Forget the result. Errors: 16917."""
        if not self.is_open:
            raise sql_error(16917)
        self.is_open, self.on_row = False, False
        self._rows, self._env, self._query = [], [], None
        session.open_cursors.discard(self)
        session.cursor_rows = 0

    @property
    def columns(self) -> tuple[ColumnInfo, ...]:
        """The columns of the result. Errors: 16917."""
        if self._query is None:
            raise sql_error(16917)
        return self._query.columns

    @property
    def status(self) -> int:
        """CURSOR_STATUS: 1 open, 0 open and empty, -1 closed."""
        if not self.is_open:
            return -1
        return 1 if self._rows or self.kind.dynamic else 0

    # -- fetching ----------------------------------------------------------------------------------------------------

    def fetch(self, frame: Frame, direction: str, offset: int) -> tuple[Any, ...] | None:
        """Move, and return the row; None: there is none, @@FETCH_STATUS says why. Errors: 16911, 16917, 16925."""
        if not self.is_open:
            raise sql_error(16917)
        if direction != "NEXT" and not self.kind.scrolls:
            raise sql_error(16911, direction)
        if direction == "ABSOLUTE" and self.kind.dynamic:
            raise sql_error(16925, direction)
        session = frame.session
        self.position = self._target(direction, offset)
        step = -1 if direction in ("PRIOR", "LAST") or (direction == "RELATIVE" and offset < 0) else 1
        while 1 <= self.position <= len(self._rows):
            row: tuple[Any, ...] | None = as_unit(frame, at_one_moment(session, self._read), session)
            if row is not None or self.kind.keyset:
                self.on_row = row is not None
                session.fetch_status = FETCHED if row is not None else ROW_GONE
                return row
            self.position += step
        self.position = min(max(self.position, 0), len(self._rows) + 1)
        self.on_row = False
        session.fetch_status = NO_ROW
        return None

    def _target(self, direction: str, offset: int) -> int:
        match direction:
            case "NEXT":
                return self.position + 1
            case "PRIOR":
                return self.position - 1
            case "FIRST":
                return 1
            case "LAST":
                return len(self._rows)
            case "RELATIVE":
                return self.position + offset
            case _:
                return offset if offset >= 0 else len(self._rows) + 1 + offset

    def _read(self, session: Session) -> tuple[Any, ...] | None:
        """The row at the position as it is now; None: it is gone."""
        query = self._query
        assert query is not None
        row = self._rows[self.position - 1]
        if query.table is None:
            return row
        values, key, seen = row[:-2], row[-2], row[-1]
        stored = query.table
        store = stored.store_of(self._env)
        level = session.settings.isolation
        versions = level is Isolation.SNAPSHOT or (
            level is Isolation.READ_COMMITTED and stored.database.read_committed_snapshot
        )
        if stored.locked and self.kind.locks:
            session.lock(store.locks, WHOLE, LockMode.IX)
            session.lock(store.base.locks, key, LockMode.U)
        elif stored.locked and not versions and level is not Isolation.READ_UNCOMMITTED:
            read_lock(session, store.locks, WHOLE, LockMode.IS)
            read_lock(session, store.base.locks, key, LockMode.S)
        current = store.base.get(key)
        if not versions or self.kind.locks:
            if current is None or current is GHOST:
                return None
            if current is not seen and query.remake is not None:
                values = query.remake(self._env, current)
                self._rows[self.position - 1] = (*values, key, current)
                seen = current
        self._fetched_row = seen
        return values

    @property
    def size(self) -> int:
        """The number of rows in the result."""
        return len(self._rows)

    @property
    def table(self) -> Table | None:
        """The table whose rows the cursor goes over, None for any other result."""
        query = self._query
        return None if query is None or query.table is None else query.table.table

    def move_to(self, frame: Frame, position: int) -> tuple[Any, ...] | None:
        """Stand on the row at ``position`` (from 1 to ``size``) and return it; None: it is gone. Errors: 16917."""
        if not self.is_open:
            raise sql_error(16917)
        self.position = position
        session = frame.session
        row: tuple[Any, ...] | None = as_unit(frame, at_one_moment(session, self._read), session)
        self.on_row = row is not None
        return row

    # -- WHERE CURRENT OF --------------------------------------------------------------------------------------------

    def current_key(self, table: Table, changed: Sequence[str]) -> Any:
        """The base key of the row that was fetched last. Errors: 16917, 16929, 16931, 16932, 16933."""
        if not self.is_open:
            raise sql_error(16917)
        assert self._query is not None
        if self.kind.read_only or self._query.table is None:
            raise sql_error(16929)
        if self._query.table.table is not table:
            raise sql_error(16933)
        if self.kind.update_columns is not None and not set(changed) <= self.kind.update_columns:
            raise sql_error(16932)
        if not self.on_row:
            raise sql_error(16931)
        return self._rows[self.position - 1][-2]

    def is_unchanged(self, row: Any) -> bool:
        """Whether nobody has changed the row since it was fetched. (What comes next is a change through the cursor.)"""
        unchanged = self._fetched_row is None or self._fetched_row == row
        self._fetched_row = None
        return unchanged


# --- Names ------------------------------------------------------------------------------------------------------------


def find_cursor(session: Session, name: nodes.CursorName | None, variable: Cursor | None) -> Cursor:
    """The cursor of that name, local before global, or of a variable. Errors: 16916, 16950."""
    if name is None:
        if variable is None:
            raise sql_error(16950)
        return variable
    folded = fold(name.name)
    found = None if name.is_global else session.frame.cursors.get(folded)
    found = found or session.cursors.get(folded)
    if found is None:
        raise sql_error(16916, name.name)
    return found


def _finder(reference: nodes.CursorName | nodes.Variable, compiler: UnitCompiler) -> Callable[[Frame], Cursor]:
    if isinstance(reference, nodes.CursorName):
        name = reference
        return lambda frame: find_cursor(frame.session, name, None)
    index = compiler.variables.cursor(reference.name, reference.line)
    variable_name = reference.name

    def of_variable(frame: Frame) -> Cursor:
        cursor: Cursor | None = frame.variables[index]
        if cursor is None:
            raise sql_error(16950, variable_name)
        return cursor

    return of_variable


# --- Steps ------------------------------------------------------------------------------------------------------------


def _step(node: nodes.Statement, act: Callable[[Frame], None]) -> Step:
    def run(frame: Frame) -> Signal | None:
        session = frame.session
        frame.node = node
        try:
            act(frame)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        session.error_number = 0
        session.switch_point()
        return None

    return run


def _maker(definition: nodes.CursorDefinition, name: str, compiler: UnitCompiler) -> Callable[[Frame], Cursor]:
    kind = CursorKind(definition)
    by_key = not (kind.static or kind.fast_forward)
    plan = Plan(compiler, lambda ctx: compile_cursor_query(definition.select, ctx, by_key=by_key))
    return lambda frame: Cursor(name, kind, plan, list(frame.variables))


def compile_declare_cursor(node: nodes.DeclareCursor, compiler: UnitCompiler) -> Step:
    """DECLARE name CURSOR. Errors: 1048, 16915."""
    make = _maker(node.definition, node.name, compiler)
    name = fold(node.name)

    def declare(frame: Frame) -> None:
        cursor = make(frame)
        cursors = frame.cursors if cursor.kind.is_local else frame.session.cursors
        if name in cursors:
            raise sql_error(16915, node.name)
        cursors[name] = cursor

    return _step(node, declare)


def compile_set_cursor(node: nodes.SetCursorVariable, compiler: UnitCompiler) -> Step:
    """SET @variable = CURSOR ... FOR query."""
    index = compiler.variables.cursor(node.variable.name, node.line)
    make = _maker(node.definition, node.variable.name, compiler)

    def set_cursor(frame: Frame) -> None:
        frame.variables[index] = make(frame)

    return _step(node, set_cursor)


def compile_copy_cursor(node: nodes.SetVariable, compiler: UnitCompiler) -> Step:
    """SET @variable = another cursor, by name or variable: both mean the same cursor then."""
    index = compiler.variables.cursor(node.variable.name, node.line)
    if isinstance(node.value, nodes.Variable):
        find = _finder(node.value, compiler)
    elif isinstance(node.value, nodes.ColumnRef) and node.value.table is None:
        find = _finder(nodes.CursorName(node.value.name, line=node.line), compiler)
    else:
        raise sql_error(16949, node.variable.name, line=node.line)

    def copy_cursor(frame: Frame) -> None:
        frame.variables[index] = find(frame)

    return _step(node, copy_cursor)


def compile_open(node: nodes.OpenCursor, compiler: UnitCompiler) -> Step:
    find = _finder(node.cursor, compiler)

    def open_cursor(frame: Frame) -> None:
        frame.session.begin_implicitly()
        find(frame).open(frame)

    return _step(node, open_cursor)


def compile_close(node: nodes.CloseCursor, compiler: UnitCompiler) -> Step:
    find = _finder(node.cursor, compiler)
    return _step(node, lambda frame: find(frame).close(frame.session))


def compile_deallocate(node: nodes.DeallocateCursor, compiler: UnitCompiler) -> Step:
    """DEALLOCATE takes the name or the variable away; a cursor that has none left is closed."""
    find = _finder(node.cursor, compiler)
    reference = node.cursor

    def deallocate(frame: Frame) -> None:
        cursor = find(frame)
        session = frame.session
        if isinstance(reference, nodes.Variable):
            frame.variables[compiler.variables.cursor(reference.name)] = None
            if any(cursor in cursors.values() for cursors in (frame.cursors, session.cursors)):
                return
        else:
            folded = fold(reference.name)
            local = not reference.is_global and frame.cursors.get(folded) is cursor
            del (frame.cursors if local else session.cursors)[folded]
        if cursor.is_open and cursor not in frame.variables:
            cursor.close(session)

    return _step(node, deallocate)


def compile_fetch(node: nodes.FetchCursor, compiler: UnitCompiler) -> Step:
    """FETCH. Errors: 16911, 16916, 16917, 16922, 16924."""
    find = _finder(node.cursor, compiler)
    targets = [compiler.variables.scalar(variable.name, variable.line) for variable in node.into]
    offset_node = node.offset
    offset: Callable[[Frame], Any] = lambda frame: 0  # noqa: E731
    if offset_node is not None:
        offset = evaluator(compiler, node, lambda ctx: convert_to(compile_scalar(offset_node, None, ctx), INT).fn)
    types: list[SqlType] = [info.type for info in targets]

    def fetch(frame: Frame) -> None:
        session, cursor = frame.session, find(frame)
        session.begin_implicitly()
        columns = cursor.columns
        if targets and len(targets) != len(columns):
            raise sql_error(16924)
        row = cursor.fetch(frame, node.direction, offset(frame) or 0)
        session.row_count = 0 if row is None else 1
        if not targets:
            session.sink.columns(columns)
            if row is not None:
                session.sink.row(row)
            session.sink.done(None if session.settings.nocount else session.row_count, is_select=True)
        elif row is not None:
            for info, column, type, value in zip(targets, columns, types, row, strict=True):
                convert = parameter_assigner(column.type, type)
                frame.variables[info.index] = value if value is None or convert is None else convert(value)

    return _step(node, fetch)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.DeclareCursor: compile_declare_cursor,
    nodes.SetCursorVariable: compile_set_cursor,
    nodes.OpenCursor: compile_open,
    nodes.FetchCursor: compile_fetch,
    nodes.CloseCursor: compile_close,
    nodes.DeallocateCursor: compile_deallocate,
}
