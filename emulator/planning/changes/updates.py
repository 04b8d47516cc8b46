"""UPDATE and DELETE.

The rows are found and locked U by a scan of the target (``compile_target_scan``); each is then locked X and changed.
Where the change could move a row into the scan's way, all rows are found first (Halloween protection).

Documentation: "UPDATE (Transact-SQL)", "DELETE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from emulator.catalog.objects import Column, Table
from emulator.errors import NotSupported, sql_error
from emulator.execution.writing import Writer
from emulator.planning.accesses import note_access
from emulator.planning.binding import SESSION, VARIABLES, Env, PlanContext, Scalar, Scope
from emulator.planning.changes.constraints import (
    RowCheck,
    check_constraints,
    foreign_key_checks,
    null_check,
    referenced_checks,
    row_source,
)
from emulator.planning.changes.output import Outputs
from emulator.planning.changes.rows import assigned, default_of
from emulator.planning.changes.targets import Target
from emulator.planning.expressions import assign_to, compile_scalar
from emulator.planning.expressions.walk import children
from emulator.planning.queries.targets import TargetScan, compile_target_scan
from emulator.results import ResultSink
from emulator.sql import nodes
from emulator.storage.keys import Key, Row

Executable = Callable[[Env, "ResultSink | None"], int]
Change = tuple[Key, Row, Row]


def _scan(node: nodes.Update | nodes.Delete, ctx: PlanContext) -> TargetScan:
    if node.top is not None and (node.top.percent or node.top.with_ties):
        raise NotSupported("TOP PERCENT in UPDATE or DELETE", node.line)
    if isinstance(node.where, nodes.CurrentOf):
        raise NotSupported("WHERE CURRENT OF", node.line)
    if node.ctes:
        raise NotSupported("common table expressions with UPDATE or DELETE", node.line)
    return compile_target_scan(node.target, node.sources, node.where, ctx)


def _target(scan: TargetScan, node: nodes.Update | nodes.Delete) -> Target:
    private = scan.table.name.startswith(("#", "@")) and not scan.table.name.startswith("##")
    return Target(scan.table, scan.store_of, private, is_variable=scan.table.name.startswith("@"))


def _limit(node: nodes.Update | nodes.Delete, ctx: PlanContext) -> Scalar | None:
    return compile_scalar(node.top.count, None, ctx).fn if node.top is not None else None


def _found(scan: TargetScan, limit: Scalar | None, env: Env) -> Iterator[tuple[Key, Row]]:
    """The rows to change, each once, with ``env`` as it was when they were found."""
    slot, key_slot = scan.source.slot, scan.key_slot
    if scan.single and limit is None:
        for _ in scan.rows(env):
            yield env[key_slot], env[slot]
        return
    remaining = limit(env) if limit is not None else -1
    if remaining == 0:
        return
    seen: set[Key] = set()
    for _ in scan.rows(env):
        key = env[key_slot]
        if key in seen:
            continue
        seen.add(key)
        yield key, env[slot]
        remaining -= 1
        if remaining == 0:
            return


# -- UPDATE ------------------------------------------------------------------------------------------------------------


class _Assignments:
    """The SET clause: from an environment with the old row to the new row."""

    def __init__(self, node: nodes.Update, scan: TargetScan, ctx: PlanContext) -> None:
        self.table = scan.table
        self.slot = scan.source.slot
        self.new_slot = ctx.new_slot()
        self.columns: dict[int, Scalar] = {}
        self.variables: list[tuple[int, Scalar]] = []
        self.variables_from_columns: list[tuple[int, Scalar]] = []
        for assignment in node.assignments:
            self._add(assignment, scan, ctx)
        self._derived = self._derived_columns(ctx)
        self.changed = {*self.columns, *(ordinal for ordinal, _ in self._derived)}
        self._database = ctx.database

    def _add(self, assignment: nodes.Assignment, scan: TargetScan, ctx: PlanContext) -> None:
        match assignment:
            case nodes.ColumnAssignment(column=column, operator=operator, value=value):
                self._set(self._column(column), column, operator, value, scan, ctx)
            case nodes.VariableAssignment(variable=variable, column=None, operator=operator, value=value):
                info = ctx.variables.scalar(variable.name, assignment.line)
                if operator != "=":
                    value = nodes.Binary(operator[:-1], variable, value, line=assignment.line)
                compiled = assign_to(compile_scalar(value, scan.scope, ctx), info.type)
                self.variables.append((info.index, compiled.fn))
            case nodes.VariableAssignment(variable=variable, column=nodes.ColumnRef() as column):
                info = ctx.variables.scalar(variable.name, assignment.line)
                target = self._column(column)
                self._set(target, column, assignment.operator, assignment.value, scan, ctx)
                source = row_source(self.table, self.table.name, self.new_slot)
                read = compile_scalar(nodes.ColumnRef(target.name), Scope([source]), ctx)
                self.variables_from_columns.append((info.index, assign_to(read, info.type).fn))
            case _:
                raise NotSupported("column.WRITE", assignment.line)

    def _column(self, reference: nodes.ColumnRef) -> Column:
        column = self.table.column(reference.name)
        if column is None:
            raise sql_error(207, reference.name, line=reference.line)
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

    def _derived_columns(self, ctx: PlanContext) -> list[tuple[int, Scalar | None]]:
        """Row versions (None) and computed columns, which follow from the others."""
        scope = Scope([row_source(self.table, self.table.name, self.new_slot)])
        derived: list[tuple[int, Scalar | None]] = []
        for column in self.table.columns:
            if column.computed is not None:
                derived.append((column.ordinal, compile_scalar(column.computed, scope, ctx).fn))
            elif column.type.name == "rowversion":
                derived.append((column.ordinal, None))
        return derived

    def new_row(self, env: Env, old: Row) -> Row:
        """The row after the change; variables get their values too."""
        for index, value in self.variables:
            env[VARIABLES][index] = value(env)
        if not self.columns:
            return old
        values = list(old)
        for ordinal, value in self.columns.items():
            values[ordinal] = value(env)
        for ordinal, compute in self._derived:
            env[self.new_slot] = values
            values[ordinal] = self._database.next_rowversion() if compute is None else compute(env)
        new = tuple(values)
        if self.variables_from_columns:
            env[self.new_slot] = new
            for index, read in self.variables_from_columns:
                env[VARIABLES][index] = read(env)
        return new


def _of_target(reference: nodes.ColumnRef, scan: TargetScan) -> nodes.ColumnRef:
    return nodes.ColumnRef(reference.name, nodes.ObjectName(scan.source.alias), line=reference.line)


def _reads_columns(assignment: nodes.Assignment) -> bool:
    """Whether the new value is made from columns, which takes permission to read them."""
    if isinstance(assignment, nodes.WriteAssignment) or assignment.operator != "=":
        return True
    pending: list[object] = [assignment.value]
    while pending:
        current = pending.pop()
        if isinstance(current, nodes.ColumnRef):
            return True
        pending.extend(children(current))
    return False


def compile_update(node: nodes.Update, ctx: PlanContext) -> Executable:
    """An UPDATE. Errors: 207, 208, 264, 271, 272, 8102; at run time 515, 547, 2601, 2627 and those of expressions."""
    scan = _scan(node, ctx)
    if node.where is not None or node.outputs or any(_reads_columns(item) for item in node.assignments):
        note_access(ctx, scan.table, "SELECT")
    note_access(ctx, scan.table, "UPDATE")
    assignments = _Assignments(node, scan, ctx)
    table, changed = scan.table, assignments.changed
    checks: list[RowCheck] = []
    check_nulls = null_check(table, "UPDATE")
    if check_nulls is not None and any(not table.columns[ordinal].nullable for ordinal in changed):
        checks.append(check_nulls)
    checks += check_constraints(table, "UPDATE", ctx, changed)
    checks += foreign_key_checks(table, "UPDATE", changed)
    old_checks = referenced_checks(table, "UPDATE", changed)
    outputs = Outputs(
        node.outputs,
        table,
        ctx,
        inserted=assignments.new_slot,
        deleted=scan.source.slot,
        sources=_other_sources(scan),
    )
    limit = _limit(node, ctx)
    target = _target(scan, node)
    collects = _must_collect(node, scan, changed)
    moves_keys = bool(changed & _key_columns(table))

    def changes(env: Env) -> Iterator[Change]:
        for key, old in _found(scan, limit, env):
            new = assignments.new_row(env, old)
            for check in checks:
                check(env, new)
            for check in old_checks:
                check(env, old)
            yield key, old, new

    def run(env: Env, sink: ResultSink | None) -> int:
        if outputs.is_empty:
            return target.write(env, lambda writer: _apply(writer, env, None))
        emit, finish = outputs.start(env, sink)
        count = target.write(env, lambda writer: _apply(writer, env, emit))
        finish()
        return count

    def _apply(writer: Writer, env: Env, emit: Callable[[Env], None] | None) -> int:
        if not assignments.columns:
            return sum(1 for _ in changes(env))
        if collects and moves_keys:
            return _apply_at_once(writer, env, emit)
        pending: Any = list(_with_env(changes(env), env, emit)) if collects else changes(env)
        count = 0
        for change in pending:
            key, old, new = change[:3]
            writer.update(key, old, new)
            count += 1
            if emit is not None:
                if collects:
                    env[FIRST:] = change[3]
                env[assignments.new_slot] = new
                emit(env)
        return count

    def _apply_at_once(writer: Writer, env: Env, emit: Callable[[Env], None] | None) -> int:
        pending = list(_with_env(changes(env), env, emit))
        writer.update_all([change[:3] for change in pending])
        if emit is not None:
            for change in pending:
                env[FIRST:] = change[3]
                env[assignments.new_slot] = change[2]
                emit(env)
        return len(pending)

    return run


FIRST = SESSION + 1


def _with_env(changes: Iterator[Change], env: Env, emit: Callable[[Env], None] | None) -> Iterator[tuple[Any, ...]]:
    """Changes with a copy of the row slots, when OUTPUT will want to read them later."""
    for change in changes:
        yield change if emit is None else (*change, env[FIRST:])


def _must_collect(node: nodes.Update, scan: TargetScan, changed: set[int]) -> bool:
    if scan.single:
        return False
    if node.sources or _has_subquery(node):
        return True
    index = scan.index
    return index is not None and bool(changed & {part.ordinal for part in index.columns})


def _has_subquery(node: object) -> bool:
    from emulator.planning.expressions import children  # noqa: PLC0415

    return any(isinstance(child, nodes.Query) or _has_subquery(child) for child in children(node))


def _key_columns(table: Table) -> set[int]:
    return {part.ordinal for index in table.indexes if index.unique for part in index.columns}


def _other_sources(scan: TargetScan) -> list[Any]:
    return [source for source in scan.scope.sources if source is not scan.source]


# -- DELETE ------------------------------------------------------------------------------------------------------------


def compile_delete(node: nodes.Delete, ctx: PlanContext) -> Executable:
    """A DELETE. Errors: 208; at run time 547 and those of expressions."""
    scan = _scan(node, ctx)
    if node.where is not None or node.outputs:
        note_access(ctx, scan.table, "SELECT")
    note_access(ctx, scan.table, "DELETE")
    checks = referenced_checks(scan.table, "DELETE")
    outputs = Outputs(node.outputs, scan.table, ctx, deleted=scan.source.slot, sources=_other_sources(scan))
    limit = _limit(node, ctx)
    target = _target(scan, node)
    collects = not scan.single and bool(node.sources or _has_subquery(node))

    def run(env: Env, sink: ResultSink | None) -> int:
        if outputs.is_empty:
            return target.write(env, lambda writer: _apply(writer, env, None))
        emit, finish = outputs.start(env, sink)
        count = target.write(env, lambda writer: _apply(writer, env, emit))
        finish()
        return count

    def _apply(writer: Writer, env: Env, emit: Callable[[Env], None] | None) -> int:
        found: Iterator[tuple[Any, ...]] | Sequence[tuple[Any, ...]] = _found(scan, limit, env)
        if collects:
            found = [(*item, env[FIRST:]) for item in found]
        count = 0
        for item in found:
            key, row = item[0], item[1]
            for check in checks:
                check(env, row)
            writer.delete(key, row)
            count += 1
            if emit is not None:
                if collects:
                    env[FIRST:] = item[2]
                emit(env)
        return count

    return run
