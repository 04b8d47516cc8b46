"""The SET clause of UPDATE and MERGE: from an environment with the old row to the new row.

Documentation: "UPDATE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.catalog.objects import Column
from emulator.errors import sql_error
from emulator.planning.binding import VARIABLES, Env, PlanContext, Scalar, Scope
from emulator.planning.changes.constraints import row_source
from emulator.planning.changes.rows import DerivedColumns, assigned, default_of
from emulator.planning.changes.writes import compile_write
from emulator.planning.expressions import assign_to, compile_scalar
from emulator.planning.queries.targets import TargetScan
from emulator.sql import nodes
from emulator.storage.keys import Row


class Assignments:
    """Assignments compiled. ``columns`` are the values set, by ordinal; ``changed`` all ordinals that may change.

    ``new_slot`` is where the new row is while computed columns and OUTPUT read it. Errors: 207, 264, 271, 272, 4406,
    8102.
    """

    def __init__(self, items: Sequence[nodes.Assignment], scan: TargetScan, ctx: PlanContext) -> None:
        self.table = scan.table
        self.new_slot = ctx.new_slot()
        self.columns: dict[int, Scalar] = {}
        self.variables: list[tuple[int, Scalar]] = []
        self.variables_from_columns: list[tuple[int, Scalar]] = []
        for item in items:
            self._add(item, scan, ctx)
        self._derived = DerivedColumns(scan.table, ctx, self.new_slot)
        self.changed = {*self.columns, *self._derived.ordinals}

    def _add(self, assignment: nodes.Assignment, scan: TargetScan, ctx: PlanContext) -> None:
        match assignment:
            case nodes.ColumnAssignment(column=column, operator=operator, value=value):
                self._set(self._column(column, scan), column, operator, value, scan, ctx)
            case nodes.VariableAssignment(variable=variable, column=None, operator=operator, value=value):
                info = ctx.variables.scalar(variable.name, assignment.line)
                if operator != "=":
                    value = nodes.Binary(operator[:-1], variable, value, line=assignment.line)
                compiled = assign_to(compile_scalar(value, scan.scope, ctx), info.type)
                self.variables.append((info.index, compiled.fn))
            case nodes.VariableAssignment(variable=variable, column=nodes.ColumnRef() as column):
                info = ctx.variables.scalar(variable.name, assignment.line)
                target = self._column(column, scan)
                self._set(target, column, assignment.operator, assignment.value, scan, ctx)
                source = row_source(self.table, self.table.name, self.new_slot)
                read = compile_scalar(nodes.ColumnRef(target.name), Scope([source]), ctx)
                self.variables_from_columns.append((info.index, assign_to(read, info.type).fn))
            case nodes.WriteAssignment(column=column):
                target = self._column(column, scan)
                self.columns[target.ordinal] = compile_write(assignment, target, scan.scope, ctx)

    def _column(self, reference: nodes.ColumnRef, scan: TargetScan) -> Column:
        column = scan.column(reference)
        if column.ordinal in self.columns:
            raise sql_error(264, column.name, line=reference.line)
        if column.identity is not None:
            raise sql_error(8102, column.name, line=reference.line)
        if column.computed is not None:
            raise sql_error(271, column.name, line=reference.line)
        if column.type.name == "rowversion":
            raise sql_error(272, line=reference.line)
        return column

    def _set(
        self,
        column: Column,
        reference: nodes.ColumnRef,
        operator: str,
        value: nodes.Expression,
        scan: TargetScan,
        ctx: PlanContext,
    ) -> None:
        if isinstance(value, nodes.DefaultValue):
            self.columns[column.ordinal] = default_of(column, ctx)
            return
        if operator != "=":
            value = nodes.Binary(operator[:-1], _of_target(reference, scan), value, line=reference.line)
        self.columns[column.ordinal] = assigned(compile_scalar(value, scan.scope, ctx), self.table, column, ctx).fn

    def new_row(self, env: Env, old: Row) -> Row:
        """The row after the change; variables get their values too."""
        for index, value in self.variables:
            env[VARIABLES][index] = value(env)
        if not self.columns:
            return old
        values = list(old)
        for ordinal, value in self.columns.items():
            values[ordinal] = value(env)
        new = self._derived.complete(env, values)
        if self.variables_from_columns:
            env[self.new_slot] = new
            for index, read in self.variables_from_columns:
                env[VARIABLES][index] = read(env)
        return new


def _of_target(reference: nodes.ColumnRef, scan: TargetScan) -> nodes.ColumnRef:
    return nodes.ColumnRef(reference.name, nodes.ObjectName(scan.exposed.alias), line=reference.line)
