"""Calling modules: EXEC of procedures and of strings, remote procedure calls, binding of arguments.

Documentation: "EXECUTE (Transact-SQL)", "Specify Parameters", "Return Data from a Stored Procedure".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Self

from emulator.catalog.objects import Module, Parameter, Procedure, TableFunction, TableType, fold
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution import system_procedures
from emulator.execution.arguments import CallArgument
from emulator.execution.authorization import authorize_call
from emulator.execution.failures import ArgumentError, statement_failed
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.impersonation import as_login, as_user, enter_module, push
from emulator.execution.plans import evaluator
from emulator.execution.result_sets import with_result_sets
from emulator.execution.table_arguments import TableRows, table_argument
from emulator.execution.units import CodeUnit, StepCompiler, UnitCompiler
from emulator.planning.expressions import assign_to, compile_scalar, convert_to
from emulator.scheduler import Interrupted
from emulator.sql import nodes
from emulator.types.conversion import assigner
from emulator.types.sqltype import MAX, UNTYPED_NULL, SqlType

if TYPE_CHECKING:
    from emulator.results import ResultSink
    from emulator.session import Session

INT = SqlType("int")
KEPT_BINDINGS = 100
"""Ways of calling one procedure (argument names and types) that are kept."""


@lru_cache(maxsize=5000)
def parameter_assigner(source: SqlType, target: SqlType) -> Callable[[Any], Any] | None:
    """``assigner`` for a parameter or variable, kept by the two types."""
    return None if source == UNTYPED_NULL else assigner(source, target)


TABLE = SqlType("table")
TEXT = SqlType("nvarchar", MAX)


@dataclass(slots=True)
class Binding:
    """How the arguments of one call fill the parameters of one procedure.

    ``sources``: for each parameter the place of its argument (-1: its default) and the conversion (None: as it is).
    ``outputs``: (argument place, parameter place) of those passed back.
    """

    sources: list[tuple[int, Callable[[Any], Any] | None]]
    outputs: list[tuple[int, int]]

    def values(self, arguments: Sequence[Any], defaults: Sequence[Any]) -> list[Any]:
        """The parameters' values. Errors: 8114 when an argument does not convert."""
        result = []
        for parameter, (place, convert) in enumerate(self.sources):
            if place < 0:
                result.append(defaults[parameter])
                continue
            value = arguments[place]
            result.append(value if convert is None or value is None else convert(value))
        return result


def bind(procedure: Procedure, arguments: Sequence[CallArgument]) -> Binding:
    """Match ``arguments`` (their values do not matter) with the parameters. Errors: 201, 8143, 8144, 8145, 8162."""
    parameters = procedure.parameters
    if len(arguments) > len(parameters):
        raise sql_error(8144, procedure.name)
    places = {fold(parameter.name): place for place, parameter in enumerate(parameters)}
    filled: dict[int, int] = {}
    for place, argument in enumerate(arguments):
        target = places.get(fold(argument.name)) if argument.name else place
        if target is None:
            raise sql_error(8145, argument.name, procedure.name)
        if target in filled:
            raise sql_error(8143, argument.name)
        if argument.output and not parameters[target].output:
            raise sql_error(8162, parameters[target].name)
        filled[target] = place
    sources = [_source(procedure, parameter, filled.get(i), arguments) for i, parameter in enumerate(parameters)]
    outputs = [(place, target) for target, place in filled.items() if arguments[place].output]
    return Binding(sources, outputs)


def _source(
    procedure: Procedure, parameter: Parameter, place: int | None, arguments: Sequence[CallArgument]
) -> tuple[int, Callable[[Any], Any] | None]:
    if place is None or arguments[place].default:
        if parameter.default is None and parameter.table_type is None:
            raise sql_error(201, procedure.name, parameter.name)
        return -1, None
    source = arguments[place].type
    if parameter.type.name == "cursor" or source.name == "cursor":
        if source.name != parameter.type.name:
            raise sql_error(206, source.name, parameter.type.name)
        return place, None
    if parameter.table_type is not None or source.name == "table":
        if parameter.table_type is None or source.name != "table":
            raise sql_error(206, source.name, parameter.type.name)
        return place, partial(table_value, parameter.table_type)
    return place, argument_converter(source, parameter.type)


def table_value(table_type: TableType, value: Any) -> Any:
    """A table-valued argument as its parameter wants it: a TableStore. Errors: those of ``TableRows.store``."""
    return value.store(table_type) if isinstance(value, TableRows) else value


def argument_converter(source: SqlType, target: SqlType) -> Callable[[Any], Any] | None:
    """What brings an argument to its parameter's type, None where it is of it. It raises 8114 as ``ArgumentError``."""
    convert = parameter_assigner(source, target)
    if convert is None:
        return None

    def convert_argument(value: Any) -> Any:
        try:
            return convert(value)
        except SqlError as error:
            if error.number in (241, 245, 295):
                text = sql_error(8114, source.name, target.name)
                raise ArgumentError(text.number, text.severity, text.state, text.message) from None
            raise

    return convert_argument


def procedure_unit(session: Session, procedure: Procedure) -> CodeUnit:
    """The compiled procedure, kept with its definition."""
    if procedure.plan is None:
        database = session.instance.databases[fold(procedure.database)]
        compiler = session.compiler(database, procedure.definition, module=procedure, parameters=procedure.parameters)
        procedure.plan = compiler.compile(procedure.body), _defaults(session, procedure, compiler)
    unit: CodeUnit = procedure.plan[0]
    return unit


def _defaults(session: Session, procedure: Procedure, compiler: UnitCompiler) -> list[Any]:
    values = []
    for parameter in procedure.parameters:
        value = None
        if parameter.default is not None:
            compiled = assign_to(compile_scalar(parameter.default, None, compiler.context()), parameter.type)
            value = compiled.fn([[], session])
        values.append(value)
    return values


def call_procedure(session: Session, procedure: Procedure, arguments: Sequence[CallArgument], called: str) -> int:
    """Call with ``arguments``; their ``value`` becomes the final one where ``output``. Returns the return status.

    ``called`` is the name as the caller wrote it: errors show it.
    """
    unit = procedure_unit(session, procedure)
    shape = tuple([(a.name, a.type, a.output, a.default) for a in arguments])
    try:
        binding = procedure.bindings.get(shape)
        if binding is None:
            if len(procedure.bindings) > KEPT_BINDINGS:
                procedure.bindings.clear()
            binding = procedure.bindings[shape] = bind(procedure, arguments)
        values = binding.values([argument.value for argument in arguments], procedure.plan[1])
    except SqlError as error:
        error.locate(0, called)
        raise
    frame = activate(session, unit, values, procedure, called)
    for place, target in binding.outputs:
        convert = parameter_assigner(procedure.parameters[target].type, arguments[place].type)
        value = frame.variables[target]
        arguments[place].value = value if value is None or convert is None else convert(value)
    return frame.status or 0


def activate(
    session: Session,
    unit: CodeUnit,
    values: Sequence[Any],
    module: Module | None,
    called: str = "",
    *,
    check_count: bool = True,
) -> Frame:
    """Run a module as a call from the current one; its SET options and temporary tables end with it.

    ``called`` is the name by which errors know it, its own unless given; a text has none.

    Errors: 217 nested too deep; 266 (sent, not raised in TRY-less code) when it leaves another transaction count.
    """
    if session.nest_level >= 32:
        raise sql_error(217, 32)
    caller = session.frame
    name = called or (module.name if module else "")
    frame = Frame(session, unit.new_variables(values), name, module, caller.errors, caller=caller, text=unit.text)
    settings, trancount = session.settings, session.trancount
    session.frame = frame
    session.nest_level += 1
    clock = session.instance.clock
    began = clock.now()
    entered_as = frame.entered_as = session.impersonation
    try:
        if module is not None and module.execute_as is not None:
            enter_module(session, module)
        unit.run(frame)
    except Interrupted:
        # The request ends here and now: the option in force where the attention struck decides over the transaction.
        if session.trancount and session.settings.xact_abort:
            session.rollback()
        raise
    finally:
        unit.runs.add(began, clock.now())
        session.nest_level -= 1
        session.frame = caller
        if session.impersonation is not entered_as:
            session.assume(entered_as)
        counted = not (session.settings.xact_abort or session.settings.implicit_transactions)
        if session.settings is not settings:
            session.use_settings(settings)
        session.drop_temporary(frame)
        if session.open_cursors:
            session.close_local_cursors(frame)
    if check_count and counted and session.trancount != trancount:
        error = sql_error(266, trancount, session.trancount, state=2)
        error.locate(0, frame.name)
        raise error
    return frame


class announced:  # noqa: N801 (a context manager)
    """Tells the client that a procedure runs that a batch has called, and its ``status`` when it has returned."""

    __slots__ = ("_sink", "status")

    def __init__(self, sink: ResultSink, from_batch: bool) -> None:
        self._sink = sink if from_batch else None
        self.status: int | None = None

    def __enter__(self) -> Self:
        if self._sink is not None:
            self._sink.procedure_began()
        return self

    def __exit__(self, *details: object) -> None:
        if self._sink is not None:
            self._sink.procedure_ended(self.status)


def compile_execute(node: nodes.ExecuteProcedure, compiler: UnitCompiler) -> Step:
    """EXEC [@status =] procedure arguments."""
    if node.number not in (None, 1):
        raise NotSupported("numbered procedures", node.line)
    if node.result_sets is not None:
        call = compile_execute(replace(node, result_sets=None), compiler)
        return with_result_sets(node, node.result_sets, compiler, call)
    evaluators, templates, targets = _arguments(node, node.arguments, compiler)
    result = compiler.variables.scalar(node.result.name, node.line) if node.result else None
    target_name = _procedure_name(node, compiler)
    bindings: dict[Procedure, Binding] = {}

    def run_execute(frame: Frame) -> Signal | None:
        session = frame.session
        frame.node = node
        try:
            values = [None if evaluate is None else evaluate(frame) for evaluate in evaluators]
            name = target_name(frame)
            procedure = session.find_procedure(name, compiler.module)
            from_batch = session.nest_level == 0
            if isinstance(procedure, Procedure):
                if not session.unchecked:
                    authorize_call(session, procedure, compiler.module)
                unit = procedure_unit(session, procedure)
                called = str(name)
                try:
                    binding = bindings.get(procedure)
                    if binding is None:
                        binding = bindings[procedure] = bind(procedure, templates)
                    given = binding.values(values, procedure.plan[1])
                except SqlError as error:
                    error.locate(0, called)
                    raise
                with announced(session.sink, from_batch) as outcome:
                    callee = activate(session, unit, given, procedure, called)
                    status = outcome.status = callee.status or 0
                for place, parameter in binding.outputs:
                    targets[place](frame, procedure.parameters[parameter].type, callee.variables[parameter])
            else:
                arguments = [
                    CallArgument(template.name, template.type, value, template.output, template.default)
                    for template, value in zip(templates, values, strict=True)
                ]
                with announced(session.sink, from_batch) as outcome:
                    status = outcome.status = procedure.run(session, arguments)
                for place, argument in enumerate(arguments):
                    if argument.output:
                        targets[place](frame, argument.type, argument.value)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        if result is not None:
            frame.variables[result.index] = status
        session.switch_point()
        return None

    return run_execute


def _procedure_name(node: nodes.ExecuteProcedure, compiler: UnitCompiler) -> Callable[[Frame], nodes.ObjectName]:
    if isinstance(node.procedure, nodes.ObjectName):
        name = node.procedure
        return lambda frame: name
    index = compiler.variables.scalar(node.procedure.name, node.line).index

    def computed_name(frame: Frame) -> nodes.ObjectName:
        return frame.session.parse_name(frame.variables[index] or "")

    return computed_name


def _arguments(
    node: nodes.Statement, arguments: Sequence[nodes.Argument], compiler: UnitCompiler
) -> tuple[list[Callable[[Frame], Any] | None], list[CallArgument], dict[int, Callable[[Frame, SqlType, Any], None]]]:
    evaluators: list[Callable[[Frame], Any] | None] = []
    templates: list[CallArgument] = []
    targets: dict[int, Callable[[Frame, SqlType, Any], None]] = {}
    for place, argument in enumerate(arguments):
        name = argument.name or ""
        if isinstance(argument.value, nodes.DefaultValue):
            evaluators.append(None)
            templates.append(CallArgument(name, INT, None, default=True))
            continue
        variable = argument.value
        info = compiler.variables.find(variable.name) if isinstance(variable, nodes.Variable) else None
        if info is not None and info.table is not None:
            evaluators.append(_variable_reader(info.index))
            templates.append(CallArgument(name, info.type, None))
            continue
        if info is not None and info.type.name == "cursor":
            evaluators.append(_free_cursor_variable(info.index, info.name))
            templates.append(CallArgument(name, info.type, None, argument.output))
            targets[place] = _cursor_writer(info.index)
            continue
        expression = argument.value
        compiled = compile_scalar(expression, None, compiler.context())
        evaluators.append(evaluator(compiler, node, _scalar_compiler(expression)))
        type = UNTYPED_NULL if compiled.is_null_literal else compiled.type
        templates.append(CallArgument(name, type, None, argument.output))
        if argument.output:
            if info is None:
                raise sql_error(179, line=node.line)
            targets[place] = _variable_writer(info.index, info.type)
    return evaluators, templates, targets


def _scalar_compiler(expression: nodes.Expression) -> Callable[[Any], Callable[[Any], Any]]:
    return lambda ctx: compile_scalar(expression, None, ctx).fn


def _variable_reader(index: int) -> Callable[[Frame], Any]:
    return lambda frame: frame.variables[index]


def _free_cursor_variable(index: int, name: str) -> Callable[[Frame], Any]:
    """A cursor variable as an argument has no cursor yet. Errors: 16951."""

    def check(frame: Frame) -> None:
        if frame.variables[index] is not None:
            raise sql_error(16951, name)

    return check


def _cursor_writer(index: int) -> Callable[[Frame, SqlType, Any], None]:
    def write(frame: Frame, source: SqlType, value: Any) -> None:
        frame.variables[index] = value

    return write


def _variable_writer(index: int, type: SqlType) -> Callable[[Frame, SqlType, Any], None]:
    def write(frame: Frame, source: SqlType, value: Any) -> None:
        convert = parameter_assigner(source, type)
        frame.variables[index] = value if value is None or convert is None else convert(value)

    return write


def compile_execute_string(node: nodes.ExecuteString, compiler: UnitCompiler) -> Step:
    """EXEC ('text'): a batch of its own, without the caller's variables."""
    if node.at is not None or node.arguments:
        raise NotSupported("EXECUTE of a string with AT or arguments", node.line)
    if node.result_sets is not None:
        call = compile_execute_string(replace(node, result_sets=None), compiler)
        return with_result_sets(node, node.result_sets, compiler, call)
    text = evaluator(compiler, node, lambda ctx: convert_to(compile_scalar(node.text, None, ctx), TEXT).fn)

    def run_execute_string(frame: Frame) -> Signal | None:
        session = frame.session
        before = session.impersonation
        try:
            batch = text(frame)
            if node.as_name is not None:
                name = node.as_name
                as_it = as_login(session, name) if node.as_kind == "LOGIN" else as_user(session, name, session.database)
                push(session, as_it)
            if batch is not None and batch.strip():
                run_text(session, batch)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        finally:
            if session.impersonation is not before:
                session.assume(before)
        frame.session.switch_point()
        return None

    return run_execute_string


def call_function(session: Session, function: Module, values: Sequence[Any]) -> Frame:
    """Run a scalar or multi-statement function; ``values`` have the types of its parameters. Returns its frame."""
    if function.plan is None:
        database = session.instance.databases[fold(function.database)]
        compiler = session.compiler(database, function.definition, module=function, parameters=function.parameters)
        if isinstance(function, TableFunction) and function.returns is not None:
            compiler.declare(function.variable, SqlType("table"), function.returns)
        function.plan = compiler.compile(function.body)
    return activate(session, function.plan, values, function)


def run_text(session: Session, text: str, parameters: Sequence[Parameter] = (), values: Sequence[Any] = ()) -> Frame:
    """Run ``text`` as a batch of its own within the current one (EXEC of a string, sp_executesql)."""
    if parameters:
        return activate(session, session.unit(text, parameters), values, None)
    return activate(session, *session.ad_hoc_unit(text), None)


def run_procedure(session: Session, name: nodes.ObjectName, arguments: Sequence[CallArgument]) -> int:
    """A remote procedure call: a user's or a system procedure. Returns the status. Errors: 2812 and the callee's."""
    procedure = session.find_procedure(name, None)
    if isinstance(procedure, Procedure):
        if not session.unchecked:
            authorize_call(session, procedure, None)
        return call_procedure(session, procedure, arguments, str(name))
    return procedure.run(session, arguments)


def call_argument(session: Session, parameter: Any) -> CallArgument:
    """An argument as it came over the wire (``RpcParameter`` or ``TableParameter`` of the TDS layer)."""
    if hasattr(parameter, "rows"):
        value = None if parameter.default else table_argument(session, parameter)
        return CallArgument(parameter.name, TABLE, value, default=parameter.default)
    return CallArgument(parameter.name, parameter.type, parameter.value, parameter.output, parameter.default)


def find_system_procedure(name: nodes.ObjectName) -> system_procedures.SystemProcedure | None:
    """The system procedure of that name, in ``sys``, ``dbo`` or unqualified."""
    if name.schema is not None and fold(name.schema) not in ("sys", "dbo", ""):
        return None
    return system_procedures.find(name.name)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.ExecuteProcedure: compile_execute,
    nodes.ExecuteString: compile_execute_string,
}
