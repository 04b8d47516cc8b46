"""``sp_cursoropen`` and its kin: cursors as OLE DB, ODBC and JDBC drivers open them, over the wire.

Options are sums of flags. What the server grants goes back in the same parameters: a cursor over anything but the rows
of one table becomes a static one that is read only. Every fetched row has a last, hidden column, ROWSTAT: 1 for a row,
2 for one that is gone.

Documentation: "sp_cursoropen", "sp_cursorfetch", "sp_cursor", "sp_cursorclose", "sp_cursoroption", "sp_cursorprepare",
"sp_cursorexecute", "sp_cursorprepexec", "sp_cursorunprepare (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Parameter, fold
from emulator.errors import NotSupported, sql_error
from emulator.execution.arguments import CallArgument
from emulator.execution.calls import parameter_assigner, run_text
from emulator.execution.cursors import Cursor, CursorKind
from emulator.execution.frames import Frame
from emulator.execution.plans import Plan
from emulator.execution.server_cursors import Fetch, Row, ServerCursor, change_text
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.dynamic import match_arguments, optional_text, required_text
from emulator.planning.queries.cursors import compile_cursor_query
from emulator.results import ColumnInfo
from emulator.sql import nodes
from emulator.sql.parser import parse_batch
from emulator.types.sqltype import INT

if TYPE_CHECKING:
    from emulator.session import Session

KEYSET, DYNAMIC, FORWARD_ONLY, STATIC, FAST_FORWARD = 0x1, 0x2, 0x4, 0x8, 0x10
AUTO_FETCH, AUTO_CLOSE = 0x2000, 0x4000
READ_ONLY, SCROLL_LOCKS, OPTIMISTIC, OPTIMISTIC_VALUES = 0x1, 0x2, 0x4, 0x8
KINDS = {
    KEYSET: ("KEYSET", "SCROLL"),
    DYNAMIC: ("DYNAMIC", "SCROLL"),
    FORWARD_ONLY: ("DYNAMIC", "FORWARD_ONLY"),
    STATIC: ("STATIC", "SCROLL"),
    FAST_FORWARD: ("FAST_FORWARD",),
}
CONCURRENCY = {
    READ_ONLY: ("READ_ONLY",),
    SCROLL_LOCKS: ("SCROLL_LOCKS",),
    OPTIMISTIC: ("OPTIMISTIC",),
    OPTIMISTIC_VALUES: ("OPTIMISTIC",),
}
CLOSED_BY_ITSELF = 0x10
"""The status of a call that opened a cursor, fetched all of its rows and closed it."""
UPDATE, DELETE, INSERT, REFRESH, LOCK, SET_POSITION, ABSOLUTE = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40
ROW_STATUS = ColumnInfo("ROWSTAT", INT, nullable=False, hidden=True)
FETCHED, GONE = 1, 2


def _number(argument: CallArgument | None, missing: int) -> int:
    if argument is None or argument.value is None:
        return missing
    convert = parameter_assigner(argument.type, INT)
    return int(argument.value if convert is None else convert(argument.value))


class _Options:
    """Arguments ``@scrollopt``, ``@ccopt`` and ``@rowcount`` of a call, read and answered."""

    def __init__(self, arguments: Sequence[CallArgument]) -> None:
        self._arguments = (*arguments, None, None, None)[:3]
        scroll = self._value(0, KEYSET)
        self.kind = next((flag for flag in KINDS if scroll & flag), KEYSET)
        concurrency = self._value(1, OPTIMISTIC)
        self.concurrency = next((flag for flag in CONCURRENCY if concurrency & flag), OPTIMISTIC)
        if self.kind in (STATIC, FAST_FORWARD):
            self.concurrency = READ_ONLY
        self.fetches, self.closes = bool(scroll & AUTO_FETCH), bool(scroll & AUTO_CLOSE)
        self.size = self._value(2, 20)

    def _value(self, place: int, missing: int) -> int:
        return _number(self._arguments[place], missing)

    def make_static(self) -> None:
        self.kind, self.concurrency = STATIC, READ_ONLY

    def answer(self, count: int) -> None:
        for argument, value in zip(self._arguments, (self.kind, self.concurrency, count), strict=True):
            if argument is not None and argument.output:
                argument.value = value


def sp_cursoropen(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``@cursor OUTPUT, @stmt [, @scrollopt OUTPUT [, @ccopt OUTPUT [, @rowcount OUTPUT [, @paramdef, values...]]]]``.

    Errors: 16937 the statement is no query.
    """
    statement = required_text(arguments, 1, "sp_cursoropen", "@stmt")
    return _open(session, arguments[0], statement, optional_text(arguments, 5), arguments[2:5], arguments[6:])


def sp_cursorprepare(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``@prepared_handle OUTPUT, @params, @stmt, @options [, @scrollopt OUTPUT [, @ccopt OUTPUT]]``."""
    declarations, statement = optional_text(arguments, 1), required_text(arguments, 2, "sp_cursorprepare", "@stmt")
    _query(session, statement)
    arguments[0].value = session.new_handle(statement, declarations)
    return 0


def sp_cursorexecute(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``@prepared_handle, @cursor OUTPUT [, @scrollopt OUTPUT, @ccopt OUTPUT, @rowcount OUTPUT [, values...]]``.

    Errors: 8179.
    """
    prepared = session.handles.get(arguments[0].value)
    if prepared is None:
        raise sql_error(8179, arguments[0].value)
    statement, declarations = prepared
    return _open(session, arguments[1], statement, declarations or "", arguments[2:5], arguments[5:])


def sp_cursorprepexec(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``@prepared_handle OUTPUT, @cursor OUTPUT, @params, @stmt [, @scrollopt, @ccopt, @rowcount [, values...]]``."""
    declarations, statement = optional_text(arguments, 2), required_text(arguments, 3, "sp_cursorprepexec", "@stmt")
    status = _open(session, arguments[1], statement, declarations, arguments[4:7], arguments[7:])
    arguments[0].value = session.new_handle(statement, declarations)
    return status


def sp_cursorunprepare(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``@prepared_handle``. Errors: 8179."""
    if session.handles.pop(arguments[0].value, None) is None:
        raise sql_error(8179, arguments[0].value)
    return 0


def _query(session: Session, statement: str) -> nodes.Select:
    """The query that ``statement`` is. Errors: 16937 anything else."""
    batch = parse_batch(statement, quoted_identifier="QUOTED_IDENTIFIER" in session.settings.on)
    match batch.statements:
        case (nodes.Select() as select,):
            return select
        case _:
            raise sql_error(16937)


def _open(
    session: Session,
    handle: CallArgument,
    statement: str,
    declarations: str,
    options: Sequence[CallArgument],
    values: Sequence[CallArgument],
) -> int:
    wished = _Options(options)
    select = _query(session, statement)
    parameters = session.parse_parameters(declarations)
    variables, _ = match_arguments(statement, declarations, parameters, values)
    compiler = session.compiler(session.database, statement, parameters=parameters)
    by_key = wished.kind not in (STATIC, FAST_FORWARD)
    plan = Plan(compiler, lambda ctx: compile_cursor_query(select, ctx, by_key=by_key))
    frame = Frame(session, variables)
    plan.prepare(frame)
    if by_key and plan.run.table is None:
        wished.make_static()
    kind = CursorKind(nodes.CursorDefinition(select, (*KINDS[wished.kind], *CONCURRENCY[wished.concurrency])))
    number = session.new_cursor_handle()
    cursor = Cursor(f"server cursor {number}", kind, plan, frame.variables)
    cursor.open(frame)
    opened = ServerCursor(cursor, frame)
    session.server_cursors[number] = opened
    session.cursors[opened.name] = cursor
    wished.answer(-1 if kind.dynamic else cursor.size)
    handle.value = number
    if not wished.fetches:
        _send(session, opened, [])
        return 0
    fetched = opened.fetch(Fetch.NEXT, 0, wished.size)
    _send(session, opened, fetched)
    if wished.closes and len(fetched) < wished.size:
        _close(session, number)
        handle.value = 0
        return CLOSED_BY_ITSELF
    return 0


def _send(session: Session, opened: ServerCursor, rows: Sequence[Row | None]) -> None:
    sink = session.sink
    columns = opened.cursor.columns
    sink.columns((*columns, ROW_STATUS))
    for row in rows:
        sink.row((*row, FETCHED) if row is not None else (*[None] * len(columns), GONE))
    session.row_count = len(rows)
    sink.done(len(rows), is_select=True)


def _find(session: Session, arguments: Sequence[CallArgument], procedure: str) -> ServerCursor:
    """The cursor of the first argument. Errors: 16909."""
    number = arguments[0].value if arguments else None
    found = None if number is None else session.server_cursors.get(number)
    if found is None:
        raise sql_error(16909, procedure, f"{number or 0:x}")
    return found


def _integer(arguments: Sequence[CallArgument], place: int, missing: int) -> int:
    return _number(arguments[place] if place < len(arguments) else None, missing)


def sp_cursorfetch(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``@cursor [, @fetchtype [, @rownum [, @nrows]]]``. Errors: 16902 no such type, 16909, 16911."""
    opened = _find(session, arguments, "sp_cursorfetch")
    try:
        kind = Fetch(_integer(arguments, 1, Fetch.NEXT) & 0x3FF)
    except ValueError:
        raise sql_error(16902, "sp_cursorfetch", "fetchtype") from None
    if kind is Fetch.INFO:
        for argument, value in zip(arguments[2:4], (opened.first, opened.cursor.size), strict=False):
            if argument.output:
                argument.value = value
        return 0
    _send(session, opened, opened.fetch(kind, _integer(arguments, 2, 1), _integer(arguments, 3, 20)))
    return 0


def sp_cursor(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``@cursor, @optype, @rownum, @table [, values...]``: change, lock or read again rows of the window.

    Values are for the columns of their names, or for those of the query in their order. Errors: 16902, 16909, 16929,
    16930, 16931, 16934 and those of the change.
    """
    opened = _find(session, arguments, "sp_cursor")
    operation, number = _integer(arguments, 1, 0), _integer(arguments, 2, 0)
    values = arguments[4:]
    if operation & INSERT:
        _change(session, opened, "INSERT", values)
        return 0
    if operation & ABSOLUTE:
        opened.fetch(Fetch.ABSOLUTE, number, 1)
        number = 1
    wanted = range(1, len(opened.window) + 1) if number == 0 else (number,)
    for each in wanted:
        opened.stand_on(each)
        if operation & UPDATE:
            _change(session, opened, "UPDATE", values)
        elif operation & DELETE:
            _change(session, opened, "DELETE", ())
        elif operation & LOCK:
            raise NotSupported("sp_cursor LOCK")
        elif not operation & (REFRESH | SET_POSITION | ABSOLUTE):
            raise sql_error(16902, "sp_cursor", "optype")
    if operation & REFRESH:
        _send(session, opened, opened.fetch(Fetch.REFRESH, 0, 0))
    return 0


def _change(session: Session, opened: ServerCursor, kind: str, values: Sequence[CallArgument]) -> None:
    columns = [column.name for column in opened.cursor.columns]
    named = [
        argument.name.removeprefix("@") if argument.name else columns[place] for place, argument in enumerate(values)
    ]
    by_name = {fold(column.name): column for column in opened.table.columns}
    declared, converted = [], []
    for place, (name, argument) in enumerate(zip(named, values, strict=True), start=1):
        column = by_name.get(fold(name))
        if column is None:
            raise sql_error(207, name)
        convert = parameter_assigner(argument.type, column.type) if argument.value is not None else None
        declared.append(Parameter(f"@P{place}", column.type))
        converted.append(argument.value if convert is None else convert(argument.value))
    run_text(session, change_text(kind, opened.table, named, opened.name), declared, converted)


def sp_cursoroption(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``@cursor, @code, @value``: code 2 gives the cursor the name ``@value``.

    NotSupported: text pointers. Errors: 16902, 16909, 16915.
    """
    opened = _find(session, arguments, "sp_cursoroption")
    code = _integer(arguments, 1, 0)
    value = arguments[2].value if len(arguments) > 2 else None
    if code == 2:
        name = fold(str(value or ""))
        if name in session.cursors:
            raise sql_error(16915, value)
        session.cursors[name] = session.cursors.pop(opened.name)
        opened.name = name
        return 0
    if code in (1, 3):
        if not value:
            return 0
        raise NotSupported("text pointers from a server cursor")
    raise sql_error(16902, "sp_cursoroption", "code")


def sp_cursorclose(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``@cursor``. Errors: 16909."""
    _find(session, arguments, "sp_cursorclose")
    _close(session, arguments[0].value)
    return 0


def _close(session: Session, number: Any) -> None:
    session.server_cursors.pop(number).close(session)


PROCEDURES: Mapping[str, Body] = {
    "sp_cursor": sp_cursor,
    "sp_cursoropen": sp_cursoropen,
    "sp_cursorprepare": sp_cursorprepare,
    "sp_cursorexecute": sp_cursorexecute,
    "sp_cursorprepexec": sp_cursorprepexec,
    "sp_cursorunprepare": sp_cursorunprepare,
    "sp_cursorfetch": sp_cursorfetch,
    "sp_cursoroption": sp_cursoroption,
    "sp_cursorclose": sp_cursorclose,
}
