"""``sp_executesql`` and the prepared statements of the wire: ``sp_prepare``, ``sp_execute``, ``sp_prepexec``, ...

Compiled batches are kept by text and parameter declarations (``Session.unit``), so a handle is only a name for the two:
drivers that prepare anew for every call lose nothing.

Documentation: "sp_executesql", "sp_prepare", "sp_prepexec", "sp_prepexecrpc", "sp_execute", "sp_unprepare"
(MS-TDS 2.2.6.6 lists their parameters).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Parameter, fold
from emulator.errors import SqlError, sql_error
from emulator.execution.arguments import CallArgument
from emulator.execution.calls import argument_converter, parameter_assigner, run_procedure, run_text, table_value
from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.session import Session

INT = SqlType("int")


def sp_executesql(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``sp_executesql @stmt [, @params, values...]``."""
    statement = required_text(arguments, 0, "sp_executesql", "@statement")
    declarations = optional_text(arguments, 1)
    return _run(session, statement, declarations, arguments[2:])


def sp_prepare(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``sp_prepare @handle OUTPUT, @params, @stmt [, @options]``."""
    declarations, statement = optional_text(arguments, 1), required_text(arguments, 2, "sp_prepare", "@stmt")
    _prepare(session, arguments[0], statement, declarations)
    return 0


def sp_prepexec(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``sp_prepexec @handle OUTPUT, @params, @stmt [, values...]``: an old handle given is dropped."""
    declarations, statement = optional_text(arguments, 1), required_text(arguments, 2, "sp_prepexec", "@stmt")
    _prepare(session, arguments[0], statement, declarations)
    return _run(session, statement, declarations, arguments[3:])


def sp_prepexecrpc(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``sp_prepexecrpc @handle OUTPUT, @name [, values...]``: a procedure call by name."""
    name = required_text(arguments, 1, "sp_prepexecrpc", "@RpcCall")
    session.handles.pop(arguments[0].value, None)
    arguments[0].value = session.new_handle(name, None)
    _note_input(session, name)
    return run_procedure(session, session.parse_name(name), arguments[2:])


def sp_execute(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``sp_execute @handle [, values...]``. Errors: 8179."""
    handle = arguments[0].value if arguments else None
    prepared = session.handles.get(handle)
    if prepared is None:
        raise sql_error(8179, handle)
    statement, declarations = prepared
    if declarations is None:
        _note_input(session, statement)
        return run_procedure(session, session.parse_name(statement), arguments[1:])
    return _run(session, statement, declarations, arguments[1:])


def sp_unprepare(session: Session, arguments: Sequence[CallArgument]) -> int:
    """``sp_unprepare @handle``. Errors: 8179."""
    handle = arguments[0].value if arguments else None
    if session.handles.pop(handle, None) is None:
        raise sql_error(8179, handle)
    return 0


def sp_reset_connection(session: Session, arguments: Sequence[CallArgument]) -> int:
    """What a client's pool calls before it hands the connection on."""
    session.reset(keep_transaction=False)
    return 0


def _note_input(session: Session, text: str) -> None:
    """What the client has sent, where it called one of these procedures to send it."""
    if session.input_is_call and session.frame.caller is None:
        session.input_buffer = text


def _prepare(session: Session, handle: CallArgument, statement: str, declarations: str) -> None:
    session.handles.pop(handle.value, None)
    try:
        session.unit(statement, session.parse_parameters(declarations))
    except SqlError as error:
        session.sink.message(error)
        raise sql_error(8180) from None
    handle.value = session.new_handle(statement, declarations)


def _run(session: Session, statement: str, declarations: str, arguments: Sequence[CallArgument]) -> int:
    _note_input(session, f"({declarations}){statement}" if declarations else statement)
    parameters = session.parse_parameters(declarations)
    try:
        values, places = match_arguments(statement, declarations, parameters, arguments)
    except SqlError as error:
        error.locate(0, "")
        raise
    frame = run_text(session, statement, parameters, values)
    for parameter, argument in places:
        if argument.output:
            convert = parameter_assigner(parameters[parameter].type, argument.type)
            value = frame.variables[parameter]
            argument.value = value if value is None or convert is None else convert(value)
    return 0


def match_arguments(
    statement: str, declarations: str, parameters: Sequence[Parameter], arguments: Sequence[CallArgument]
) -> tuple[list[Any], list[tuple[int, CallArgument]]]:
    """The parameters' values, and which argument each was given by. Errors: 8144, 8145, 8162, 8178."""
    if len(arguments) > len(parameters):
        raise sql_error(8144, "sp_executesql")
    names = {fold(parameter.name): place for place, parameter in enumerate(parameters)}
    places: list[tuple[int, CallArgument]] = []
    values: list[Any] = [None] * len(parameters)
    for position, argument in enumerate(arguments):
        place = names.get(fold(argument.name)) if argument.name else position
        if place is None:
            raise sql_error(8145, argument.name, "sp_executesql")
        parameter = parameters[place]
        if argument.output and not parameter.output:
            raise sql_error(8162, parameter.name)
        value = argument.value
        if parameter.table_type is not None:
            value = table_value(parameter.table_type, value)
        elif value is not None:
            convert = argument_converter(argument.type, parameter.type)
            value = value if convert is None else convert(value)
        values[place] = value
        places.append((place, argument))
    given = {place for place, _ in places}
    for place, parameter in enumerate(parameters):
        if place not in given and parameter.table_type is None:
            raise sql_error(8178, f"({declarations}){statement}", parameter.name)
    return values, places


def required_text(arguments: Sequence[CallArgument], place: int, procedure: str, parameter: str) -> str:
    """A Unicode text. Errors: 201 it is missing, 214 it is of another type."""
    if place >= len(arguments):
        raise sql_error(201, procedure, parameter)
    return optional_text(arguments, place, parameter)


def optional_text(arguments: Sequence[CallArgument], place: int, parameter: str = "@params") -> str:
    """A Unicode text, "" if it is left out or NULL. Errors: 214 it is of another type."""
    if place >= len(arguments) or arguments[place].value is None:
        return ""
    if arguments[place].type.name not in ("nvarchar", "nchar", "ntext"):
        raise sql_error(214, parameter, "ntext/nchar/nvarchar")
    return str(arguments[place].value)


PROCEDURES: Mapping[str, Callable[[Session, Sequence[CallArgument]], int]] = {
    "sp_executesql": sp_executesql,
    "sp_prepare": sp_prepare,
    "sp_prepexec": sp_prepexec,
    "sp_prepexecrpc": sp_prepexecrpc,
    "sp_execute": sp_execute,
    "sp_unprepare": sp_unprepare,
    "sp_reset_connection": sp_reset_connection,
}
