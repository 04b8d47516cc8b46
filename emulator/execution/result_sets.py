"""EXECUTE ... WITH RESULT SETS: the result sets of a call under declared names and types.

Documentation: "EXECUTE (Transact-SQL)", WITH result_sets_option; errors 11535 to 11538, 11553.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from emulator.errors import SqlError, sql_error
from emulator.execution.failures import statement_failed
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.units import UnitCompiler
from emulator.results import ColumnInfo, ForwardingSink, ResultSink
from emulator.sql import nodes
from emulator.types.conversion import assigner
from emulator.types.sqltype import message_name

Declared = Sequence[Sequence[ColumnInfo]]


class DeclaredSink(ForwardingSink):
    """Sends result sets on as they were declared. Errors: 11535, 11537, 11538, 11553."""

    def __init__(self, client: ResultSink, declared: Declared) -> None:
        super().__init__(client)
        self._declared = declared
        self._columns: Sequence[ColumnInfo] = ()
        self._converts: list[Callable[[Any], Any] | None] = []
        self.sent = 0

    def columns(self, columns: Sequence[ColumnInfo]) -> None:
        if self.sent == len(self._declared):
            raise sql_error(11535, len(self._declared))
        self._columns = self._declared[self.sent]
        self.sent += 1
        if len(columns) != len(self._columns):
            raise sql_error(11537, len(self._columns), self.sent, len(columns))
        self._converts = []
        for place, (own, wanted) in enumerate(zip(columns, self._columns, strict=True), start=1):
            try:
                self._converts.append(assigner(own.type, wanted.type))
            except SqlError:
                names = message_name(wanted.type), message_name(own.type)
                raise sql_error(11538, names[0], place, self.sent, names[1]) from None
        self.client.columns(self._columns)

    def row(self, row: Sequence[Any]) -> None:
        values = []
        for place, (value, column) in enumerate(zip(row, self._columns, strict=True)):
            convert = self._converts[place]
            if value is None and not column.nullable:
                raise sql_error(11553, place + 1, self.sent)
            values.append(value if value is None or convert is None else convert(value))
        self.client.row(values)


def with_result_sets(
    node: nodes.ExecuteProcedure | nodes.ExecuteString, sets: nodes.ResultSets, compiler: UnitCompiler, call: Step
) -> Step:
    """``call`` with its result sets as declared. Errors: 11536 fewer than declared."""
    if sets.kind == "UNDEFINED":
        return call
    declared = [[_column(column, compiler) for column in columns] for columns in sets.sets]

    def run_call(frame: Frame) -> Signal | None:
        session = frame.session
        client = session.sink
        sink = session.sink = DeclaredSink(client, declared)
        try:
            signal = call(frame)
        finally:
            session.sink = client
        if sink.sent < len(declared) and not session.error_number:
            return statement_failed(frame, sql_error(11536, len(declared), sink.sent), node.line)
        return signal

    return run_call


def _column(column: nodes.ResultSetColumn, compiler: UnitCompiler) -> ColumnInfo:
    from emulator.execution.definitions.shapes import (  # noqa: PLC0415 (definitions call modules)
        resolve_type,
        with_collation,
    )

    type, _ = resolve_type(column.type, compiler.context())
    return ColumnInfo(
        column.name, with_collation(type, compiler.database, column.collation), column.nullable is not False
    )
