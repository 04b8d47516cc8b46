"""Control of flow: blocks, IF, WHILE, RETURN, GOTO, TRY/CATCH, THROW, RAISERROR, PRINT, WAITFOR, variables.

Documentation: "Control-of-Flow language", "TRY...CATCH", "THROW", "RAISERROR", "WAITFOR", "SET @local_variable".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import ScalarFunction, fold
from emulator.errors import SqlError, sql_error
from emulator.execution.authorization import authorize
from emulator.execution.cursors import compile_copy_cursor
from emulator.execution.definitions.shapes import table_shape, type_for
from emulator.execution.failures import BatchAborted, RaisedError, ThrownError, statement_failed
from emulator.execution.frames import BREAK, CONTINUE, RETURN, Frame, Signal, Step
from emulator.execution.functions.message_format import format_message
from emulator.execution.plans import evaluator
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.messages import MESSAGES
from emulator.planning.accesses import Access, settled
from emulator.planning.expressions import assign_to, compile_filter, compile_scalar, convert_to
from emulator.sql import nodes
from emulator.types.instants import UNITS_PER_SECOND
from emulator.types.sqltype import SqlType, is_large_object

if TYPE_CHECKING:
    from emulator.session import Session

INT = SqlType("int")
SECONDS_PER_DAY = 86_400
MESSAGE = SqlType("nvarchar", 2048)
PRINTED = SqlType("nvarchar", 4000)
PRINTED_BYTES = SqlType("varchar", 8000)
FIRST_MESSAGE = 13000
"""The smallest number that RAISERROR takes."""
USER_MESSAGE = 50000
"""The number of errors without one."""
MOST_SEVERE, MOST_SEVERE_UNLOGGED = 25, 18
FATAL = 20
"""From this severity on an error ends the connection."""
END_OF_PROCESS = "Process ID {} has raised user error {}, severity {}. SQL Server is terminating this process."


def compile_block(node: nodes.Block, compiler: UnitCompiler) -> Step:
    return compiler.block(node.statements)


def compile_if(node: nodes.If, compiler: UnitCompiler) -> Step:
    condition = evaluator(compiler, node, lambda ctx: compile_filter(node.condition, None, ctx))
    then = compiler.step(node.then)
    otherwise = compiler.step(node.otherwise) if node.otherwise is not None else None

    def run_if(frame: Frame) -> Signal | None:
        if frame.session.settings.format_only:
            then(frame)
            return otherwise(frame) if otherwise is not None else None
        try:
            holds = condition(frame)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        session = frame.session
        session.row_count = 0
        session.error_number = 0
        if holds:
            return then(frame)
        return otherwise(frame) if otherwise is not None else None

    return run_if


def compile_while(node: nodes.While, compiler: UnitCompiler) -> Step:
    condition = evaluator(compiler, node, lambda ctx: compile_filter(node.condition, None, ctx))
    body = compiler.step(node.body)

    def run_while(frame: Frame) -> Signal | None:
        session = frame.session
        if session.settings.format_only:
            return body(frame)
        while True:
            try:
                holds = condition(frame)
            except SqlError as error:
                return statement_failed(frame, error, node.line)
            session.row_count = 0
            session.switch_point()
            if not holds:
                return None
            signal = body(frame)
            if signal is BREAK:
                return None
            if signal is not None and signal is not CONTINUE:
                return signal

    for label, entry in compiler.entries.items():
        compiler.entries[label] = _into_loop(entry, run_while)
    return run_while


def _into_loop(entry: Step, loop: Step) -> Step:
    """Enter a loop at a label in its body, and go on with the loop."""

    def run_into(frame: Frame) -> Signal | None:
        signal = entry(frame)
        if signal is BREAK:
            return None
        if signal is not None and signal is not CONTINUE:
            return signal
        return loop(frame)

    return run_into


def _constant(signal: Signal | None) -> Callable[[nodes.Statement, UnitCompiler], Step]:
    return lambda node, compiler: lambda frame: signal


def compile_goto(node: nodes.Goto, compiler: UnitCompiler) -> Step:
    signal = Signal(fold(node.label))
    return lambda frame: signal


def compile_return(node: nodes.Return, compiler: UnitCompiler) -> Step:
    if node.value is None:

        def run_bare_return(frame: Frame) -> Signal:
            return RETURN

        return run_bare_return
    returns = compiler.returns if isinstance(compiler.module, ScalarFunction) else INT
    if compiler.module is None and compiler.variables is not None and returns is None:
        raise sql_error(178, line=node.line)
    target: SqlType = returns or INT
    expression = node.value
    value = evaluator(compiler, node, lambda ctx: convert_to(compile_scalar(expression, None, ctx), target).fn)
    is_function = isinstance(compiler.module, ScalarFunction)

    def run_return(frame: Frame) -> Signal | None:
        try:
            result = value(frame)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        frame.status = result if is_function or result is not None else 0
        return RETURN

    return run_return


def compile_try(node: nodes.TryCatch, compiler: UnitCompiler) -> Step:
    body = compiler.block(node.body)
    compiler.catch_depth += 1
    handler = compiler.block(node.handler)
    compiler.catch_depth -= 1

    def run_try(frame: Frame) -> Signal | None:
        session = frame.session
        depth = session.try_depth
        session.try_depth = depth + 1
        try:
            return body(frame)
        except SqlError as error:
            if error.unbound_in is frame:
                raise
            caught = error
        finally:
            session.try_depth = depth
        frame.errors.append(caught)
        try:
            return handler(frame)
        finally:
            frame.errors.pop()

    return run_try


def compile_throw(node: nodes.Throw, compiler: UnitCompiler) -> Step:
    if node.number is None or node.message is None or node.state is None:
        if not compiler.catch_depth:
            raise sql_error(10704, line=node.line)
        return _rethrow(node)
    number_node, message_node, state_node = node.number, node.message, node.state
    number = evaluator(compiler, node, lambda ctx: convert_to(compile_scalar(number_node, None, ctx), INT).fn)
    message = evaluator(compiler, node, lambda ctx: convert_to(compile_scalar(message_node, None, ctx), MESSAGE).fn)
    state = evaluator(compiler, node, lambda ctx: convert_to(compile_scalar(state_node, None, ctx), INT).fn)

    def run_throw(frame: Frame) -> Signal | None:
        value = number(frame) or 0
        if not 50000 <= value <= 2147483647:
            return statement_failed(frame, sql_error(35100, value), node.line)
        thrown = ThrownError(value, 16, (state(frame) or 0) & 255, message(frame) or "")
        return statement_failed(frame, thrown, node.line)

    return run_throw


def _rethrow(node: nodes.Throw) -> Step:
    def run_rethrow(frame: Frame) -> Signal | None:
        caught = frame.errors[-1]
        again = ThrownError(caught.number, caught.severity, caught.state, caught.message, caught.line, caught.procedure)
        again.located = True
        return statement_failed(frame, again, node.line)

    return run_rethrow


def compile_raiserror(node: nodes.RaiseError, compiler: UnitCompiler) -> Step:
    def scalar(expression: nodes.Expression, target: SqlType | None = None) -> Callable[[Frame], Any]:
        def compile_it(ctx: Any) -> Callable[[Any], Any]:
            compiled = compile_scalar(expression, None, ctx)
            return (convert_to(compiled, target) if target is not None else compiled).fn

        return evaluator(compiler, node, compile_it)

    by_number = isinstance(node.message, nodes.IntegerLiteral)
    message = scalar(node.message, None if by_number else MESSAGE)
    severity, state = scalar(node.severity, INT), scalar(node.state, INT)
    arguments = [scalar(argument) for argument in node.arguments]

    def run_raiserror(frame: Frame) -> Signal | None:
        try:
            values = [argument(frame) for argument in arguments]
            raised = _raised(frame.session, message(frame), severity(frame) or 0, state(frame) or 0, values)
            level = raised.severity
            if level > MOST_SEVERE_UNLOGGED and "LOG" not in node.options:
                raise sql_error(2754)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        session = frame.session
        session.row_count = 0
        if level <= 10:
            raised.locate(node.line, frame.name)
            session.error_number = raised.number if "SETERROR" in node.options else 0
            session.sink.message(raised)
            return None
        if level >= FATAL:
            raised.locate(node.line, frame.name)
            session.sink.message(raised)
            session.killed = True
            fatal = SqlError(2745, level, 2, END_OF_PROCESS.format(session.spid, raised.number, level))
            fatal.locate(node.line, frame.name)
            session.sink.message(fatal)
            raise BatchAborted
        return statement_failed(frame, raised, node.line)

    return run_raiserror


def _raised(session: Session, message: Any, severity: int, state: int, values: list[Any]) -> RaisedError:
    """The error that RAISERROR makes of a text, or of the number of a message; a severity below 0 is the message's.

    Errors: 2732 no number of a message, 18054 there is none of that number.
    """
    state = 1 if state < 0 else state & 255
    if not isinstance(message, int):
        level = min(max(severity, 0), MOST_SEVERE)
        return RaisedError(USER_MESSAGE, level, state, format_message(message or "", values))
    if message < FIRST_MESSAGE or message == USER_MESSAGE:
        raise sql_error(2732, message)
    kept = session.instance.user_messages.get(message)
    if kept is None and message in MESSAGES:
        own, template = MESSAGES[message]
        kept = own, template.replace("%", "%%").replace("{}", "%s")
        values = [value if value is None or isinstance(value, str) else str(value) for value in values]
    if kept is None:
        raise sql_error(18054, message, severity, state)
    level = min(kept[0] if severity < 0 else severity, MOST_SEVERE)
    return RaisedError(message, level, state, format_message(kept[1], values))


def compile_print(node: nodes.Print, compiler: UnitCompiler) -> Step:
    def compile_text(ctx: Any) -> Callable[[Any], Any]:
        value = compile_scalar(node.value, None, ctx)
        return convert_to(value, PRINTED_BYTES if value.type.name in ("char", "varchar", "text") else PRINTED).fn

    text = evaluator(compiler, node, compile_text)

    def run_print(frame: Frame) -> Signal | None:
        try:
            printed = SqlError(0, 0, 1, text(frame) or " ")
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        printed.locate(node.line, frame.name)
        frame.session.row_count = 0
        frame.session.sink.message(printed)
        return None

    return run_print


def compile_waitfor(node: nodes.WaitFor, compiler: UnitCompiler) -> Step:
    clock_time = SqlType("time", scale=7)

    value = evaluator(
        compiler, node, lambda ctx: convert_to(compile_scalar(node.value, None, ctx), clock_time, explicit=True).fn
    )

    def run_waitfor(frame: Frame) -> Signal | None:
        frame.node = node
        session = frame.session
        try:
            units = value(frame)
        except SqlError:
            return statement_failed(frame, sql_error(148, node.kind), node.line)
        seconds = (units or 0) / UNITS_PER_SECOND
        if node.kind == "TIME":
            seconds = (seconds - session.instance.clock.now()) % SECONDS_PER_DAY
        session.sleep(seconds)
        session.row_count = 0
        return None

    return run_waitfor


def compile_declare(node: nodes.Declare, compiler: UnitCompiler) -> Step:
    steps: list[Step] = []
    for declaration in node.variables:
        if isinstance(declaration, nodes.TableVariableDeclaration):
            shape = table_shape(declaration.name, declaration.definition, compiler.context())
            compiler.declare(declaration.name, SqlType("table"), shape, declaration.line)
            continue
        if declaration.type.name == "cursor":
            compiler.declare(declaration.name, SqlType("cursor"), None, declaration.line)
            continue
        context = compiler.context()
        type, table_type = type_for("parameter", declaration.name, declaration.type, context)
        if is_large_object(type):
            raise sql_error(2739, line=declaration.line)
        if context.accesses:
            steps.append(_check_step(node, settled(context.accesses)))
        compiler.declare(declaration.name, type, table_type.shape if table_type else None, declaration.line)
        if declaration.initial is not None:
            variable = nodes.Variable(declaration.name, line=declaration.line)
            steps.append(_assignment(node, variable, "=", declaration.initial, compiler))
    if not steps:
        return lambda frame: None
    if len(steps) == 1:
        return steps[0]

    def run_declare(frame: Frame) -> Signal | None:
        for step in steps:
            step(frame)
        return None

    return run_declare


def _check_step(node: nodes.Statement, accesses: Sequence[Access]) -> Step:
    """Variables of table types take EXECUTE on the type."""

    def check(frame: Frame) -> Signal | None:
        try:
            if not frame.session.unchecked:
                authorize(frame.session, accesses)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        return None

    return check


def compile_set_variable(node: nodes.SetVariable, compiler: UnitCompiler) -> Step:
    info = compiler.variables.find(node.variable.name)
    if info is not None and info.type.name == "cursor":
        return compile_copy_cursor(node, compiler)
    return _assignment(node, node.variable, node.operator, node.value, compiler)


def _assignment(
    node: nodes.Statement, variable: nodes.Variable, operator: str, expression: nodes.Expression, compiler: UnitCompiler
) -> Step:
    info = compiler.variables.scalar(variable.name, variable.line or node.line)
    index = info.index
    if operator != "=":
        expression = nodes.Binary(operator[:-1], variable, expression, line=node.line)
    value = evaluator(compiler, node, lambda ctx: assign_to(compile_scalar(expression, None, ctx), info.type).fn)

    def run_assignment(frame: Frame) -> Signal | None:
        try:
            frame.variables[index] = value(frame)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        session = frame.session
        session.row_count = 1
        session.error_number = 0
        return None

    return run_assignment


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.Block: compile_block,
    nodes.If: compile_if,
    nodes.While: compile_while,
    nodes.Break: _constant(BREAK),
    nodes.Continue: _constant(CONTINUE),
    nodes.Label: _constant(None),
    nodes.Goto: compile_goto,
    nodes.Return: compile_return,
    nodes.TryCatch: compile_try,
    nodes.Throw: compile_throw,
    nodes.RaiseError: compile_raiserror,
    nodes.Print: compile_print,
    nodes.WaitFor: compile_waitfor,
    nodes.Declare: compile_declare,
    nodes.SetVariable: compile_set_variable,
}
