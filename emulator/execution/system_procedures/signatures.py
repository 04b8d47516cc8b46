"""Declaring system procedures: their parameters in T-SQL, their result sets as column lists.

    @procedure(PROCEDURES, "sp_pkeys", "@table_name sysname, @table_owner sysname = NULL")
    def sp_pkeys(session, table_name, table_owner): ...

Arguments come positional or by name, are converted to the parameters' types and may be left out where there is a
default, as in a call of any procedure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Parameter, Procedure
from emulator.catalog.system_views.definition import ColumnList, Row
from emulator.errors import SqlError
from emulator.execution.arguments import CallArgument
from emulator.execution.calls import bind
from emulator.execution.system_procedures.contract import Body
from emulator.results import ColumnInfo
from emulator.sql import nodes
from emulator.sql.parser import parse_parameters
from emulator.types import names

if TYPE_CHECKING:
    from emulator.session import Session

Function = Callable[..., "int | None"]


def procedure(family: dict[str, Body], name: str, parameters: str = "") -> Callable[[Function], Function]:
    """Enter the decorated function into ``family`` under ``name``; it gets the session and the parameters' values.

    What it returns is the status, None for 0.
    """

    @cache
    def declaration() -> tuple[Procedure, list[Any]]:
        declared = parse_parameters(parameters) if parameters else ()
        return (
            Procedure("sys", name, parameters=tuple(_parameter(node) for node in declared)),
            [None if node.default is None else _constant(node.default) for node in declared],
        )

    def enter(function: Function) -> Function:
        def run(session: Session, arguments: Sequence[CallArgument]) -> int:
            signature, defaults = declaration()
            try:
                binding = bind(signature, arguments)
                values = binding.values([argument.value for argument in arguments], defaults)
            except SqlError as error:
                error.locate(0, name)
                raise
            return function(session, *values) or 0

        family[name] = run
        return function

    return enter


def _parameter(node: nodes.Parameter) -> Parameter:
    type = names.resolve(node.type)
    assert type is not None, node.type
    return Parameter(node.name, type, node.default, node.output)


def _constant(node: nodes.Expression) -> Any:
    match node:
        case nodes.NullLiteral():
            return None
        case nodes.IntegerLiteral(value=value) | nodes.StringLiteral(value=value):
            return value
        case nodes.Unary(operator="-", operand=nodes.IntegerLiteral(value=value)):
            return -value
        case _:
            raise ValueError(f"a default must be a constant: {node}")


def send(session: Session, columns: ColumnList, values: Iterable[Row], *, counted: bool = True) -> int:
    """Send a result set; ``values`` are those of the columns that are not constant. Returns the number of rows.

    ``counted``: the client is told it too, as it is not by procedures that begin with SET NOCOUNT ON.
    """
    sink = session.sink
    sink.columns([ColumnInfo(column.name, column.type, column.nullable) for column in columns.columns])
    count = 0
    for row in columns.rows(values):
        sink.row(row)
        count += 1
    session.row_count = count
    session.error_number = 0
    sink.done(count if counted and not session.settings.nocount else None, is_select=True)
    return count
