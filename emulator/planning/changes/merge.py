"""MERGE.

Source and target are joined, each target row that is examined being locked U. Then it is settled what becomes of every
joined row, and only then rows are deleted, updated and inserted. Between the two other sessions may run: without
HOLDLOCK on the target, a row that was missing may be there when it is inserted (2627), as on SQL Server.

Documentation: "MERGE (Transact-SQL)"; errors 5324, 8672, 10714.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from emulator.catalog.objects import Column
from emulator.errors import NotSupported, sql_error
from emulator.execution.scans import Rows
from emulator.execution.writing import Writer
from emulator.planning.accesses import note_access
from emulator.planning.binding import SESSION, Env, PlanContext, Scalar, Scope, Source, SourceColumn
from emulator.planning.changes.assignments import Assignments
from emulator.planning.changes.constraints import row_source
from emulator.planning.changes.finding import FIRST, statement_limit
from emulator.planning.changes.following import after_change
from emulator.planning.changes.output import Outputs, columns_named, refuse_rowversion
from emulator.planning.changes.referential import Actions, referential_actions
from emulator.planning.changes.required import refuse_wrong_options
from emulator.planning.changes.rows import (
    RowBuilder,
    assigned,
    default_of,
    deferred_checks,
    insertable,
    reference_checks,
    update_checks,
)
from emulator.planning.changes.targets import note_changes, scanned_target
from emulator.planning.changes.triggers import instead_of_trigger, refuse_output
from emulator.planning.expressions import compile_filter, compile_scalar
from emulator.planning.expressions.scalars import column_of
from emulator.planning.queries import bind_ctes
from emulator.planning.queries.joins import JoinPlanner
from emulator.planning.queries.predicates import compile_conjuncts
from emulator.planning.queries.relations import (
    InnerJoin,
    MadeRows,
    OuterJoin,
    Relation,
    leaves,
    slots_of,
)
from emulator.planning.queries.sources import Bound, bind_source, make_nullable
from emulator.planning.queries.targets import TargetScan, bind_change_target
from emulator.planning.queries.views import settle_uses
from emulator.results import ResultSink
from emulator.sql import nodes
from emulator.storage.keys import Key, Row
from emulator.types.sqltype import INT, nvarchar

Executable = Callable[[Env, "ResultSink | None"], int]
ACTIONS = {nodes.MergeInsert: "INSERT", nodes.MergeUpdate: "UPDATE", nodes.MergeDelete: "DELETE"}
MATCHED, BY_TARGET, BY_SOURCE = "MATCHED", "NOT MATCHED BY TARGET", "NOT MATCHED BY SOURCE"


@dataclass(slots=True)
class Planned:
    """What becomes of one joined row. ``slots`` are the row slots, kept for OUTPUT; ``values`` those to be inserted."""

    action: str
    key: Key
    old: Row | None
    new: Row | None
    values: tuple[Any, ...]
    slots: list[Any] | None


@dataclass(slots=True)
class Clause:
    """A WHEN clause: ``plan`` says what becomes of the current row."""

    kind: str
    condition: Callable[[Env], Any] | None
    plan: Callable[[Env], Planned]


def compile_merge(node: nodes.Merge, ctx: PlanContext) -> Executable:
    """A MERGE. Errors: 5324, 10714 and those of INSERT, UPDATE and DELETE; at run time 8672."""
    return _MergeCompiler(node, ctx).compile()


class _MergeCompiler:
    def __init__(self, node: nodes.Merge, ctx: PlanContext) -> None:
        self.node = node
        self.ctx = ctx
        ctx.option_hints = node.options
        bind_ctes(node.ctes, ctx)
        self.kinds = {clause.kind for clause in node.clauses}
        self.events = [event for event in ("INSERT", "UPDATE", "DELETE") if event in self._actions()]
        _check_clauses(node)
        self.source = bind_source(node.source, None, ctx)
        self.table, self.target_bound = bind_change_target(node.target, ctx)
        self.witness: MadeRows | None = None
        self.scan = self._bind()
        self.slot, self.key_slot = self.scan.source.slot, self.scan.key_slot
        self.inserted_slot, self.deleted_slot = ctx.new_slot(), ctx.new_slot()
        self.values_slot, self.action_slot = ctx.new_slot(), ctx.new_slot()
        self.assignments: list[Assignments] = []
        self.builder: RowBuilder | None = None
        self.insert_columns: list[Column] = []

    def _actions(self) -> set[str]:
        return {ACTIONS[type(clause.action)] for clause in self.node.clauses}

    # -- the join ----------------------------------------------------------------------------------------------------

    def _bind(self) -> TargetScan:
        ctx, node = self.ctx, self.node
        source, target = self.source, self.target_bound
        scope = Scope([*target.sources, *source.sources])
        conjuncts = compile_conjuncts(node.condition, scope, ctx)
        if BY_SOURCE in self.kinds:
            self.witness = MadeRows(Source("", ctx.new_slot(), [SourceColumn("", INT)]), lambda env: ((1,),))
            source.relation = InnerJoin([self.witness, source.relation])
            make_nullable(source, ctx)
        if BY_TARGET in self.kinds:
            make_nullable(target, ctx)
        relation: Relation
        if BY_SOURCE in self.kinds and BY_TARGET in self.kinds:
            relation = OuterJoin(source.relation, target.relation, conjuncts, full=True)
        elif BY_TARGET in self.kinds:
            relation = OuterJoin(source.relation, target.relation, conjuncts)
        elif BY_SOURCE in self.kinds:
            relation = OuterJoin(target.relation, source.relation, conjuncts)
        else:
            relation = InnerJoin([source.relation, target.relation], conjuncts)
        settle_uses(Bound(relation, [], [*source.merged, *target.merged]))
        for leaf in leaves(relation):
            leaf.source.used.update(range(len(leaf.source.columns)))
        rows = JoinPlanner().plan(relation, (), slots_of(relation)).rows
        exposed = target.sources[0]
        return TargetScan(
            source=self.table.source,
            table=self.table.table,
            key_slot=self.table.key_slot or 0,
            scope=scope,
            store_of=self.table.store_of,
            rows=rows,
            exposed=exposed,
            securable=self.table.table,
        )

    # -- the clauses -------------------------------------------------------------------------------------------------

    def _scope(self, kind: str) -> Scope:
        """What a clause may refer to: both sides only where rows match."""
        sources = {
            MATCHED: [*self.target_bound.sources, *self.source.sources],
            BY_TARGET: self.source.sources,
            BY_SOURCE: self.target_bound.sources,
        }
        return Scope(list(sources[kind]))

    def _clause(self, clause: nodes.MergeClause) -> Clause:
        scope = self._scope(clause.kind)
        condition = None if clause.condition is None else compile_filter(clause.condition, scope, self.ctx)
        match clause.action:
            case nodes.MergeUpdate(assignments=items):
                plan = self._update(items, scope)
            case nodes.MergeDelete():
                plan = self._delete()
            case nodes.MergeInsert() as insert:
                plan = self._insert(insert, scope)
        return Clause(clause.kind, condition, plan)

    def _update(self, items: Sequence[nodes.Assignment], scope: Scope) -> Callable[[Env], Planned]:
        whole, self.scan.scope = self.scan.scope, scope
        assignments = Assignments(items, self.scan, self.ctx)
        self.scan.scope = whole
        self.assignments.append(assignments)
        slot, key_slot, new_row = self.slot, self.key_slot, assignments.new_row

        def plan(env: Env) -> Planned:
            old = env[slot]
            return Planned("UPDATE", env[key_slot], old, new_row(env, old), (), None)

        return plan

    def _delete(self) -> Callable[[Env], Planned]:
        slot, key_slot = self.slot, self.key_slot
        return lambda env: Planned("DELETE", env[key_slot], env[slot], None, (), None)

    def _insert(self, action: nodes.MergeInsert, scope: Scope) -> Callable[[Env], Planned]:
        table, ctx = self.scan.table, self.ctx
        if action.values is None:
            columns = []
        elif action.columns is None:
            columns = insertable(table)
        else:
            columns = columns_named(table, action.columns, action.line)
        given = action.values or ()
        if len(given) != len(columns):
            if action.columns is None:
                raise sql_error(213, line=action.line)
            raise sql_error(109 if len(given) < len(columns) else 110, line=action.line)
        values = [self._value(value, column, scope) for value, column in zip(given, columns, strict=True)]
        slot = self.values_slot
        parts = {column.ordinal: column_of(slot, i, column.type).fn for i, column in enumerate(columns)}
        self.builder = RowBuilder(scanned_target(self.scan, None), parts, ctx)
        return lambda env: Planned("INSERT", (), None, None, tuple([value(env) for value in values]), None)

    def _value(self, value: nodes.Expression, column: Column, scope: Scope) -> Scalar:
        if isinstance(value, nodes.DefaultValue):
            if column.identity is not None:
                raise sql_error(339, line=value.line)
            return default_of(column, self.ctx)
        refuse_rowversion((column,), value.line)
        return assigned(compile_scalar(value, scope, self.ctx), self.scan.table, column, self.ctx).fn

    # -- the whole ---------------------------------------------------------------------------------------------------

    def compile(self) -> Executable:
        node, ctx, table = self.node, self.ctx, self.scan.table
        for event in self.events:
            if instead_of_trigger(table, event) is not None:
                raise NotSupported("MERGE into a table with INSTEAD OF triggers", node.line)
        refuse_output(table, node.outputs, self.events, node.line)
        clauses = [self._clause(clause) for clause in node.clauses]
        assigned = {ordinal for item in self.assignments for ordinal in item.columns}
        changed: set[int] = set().union(*(item.changed for item in self.assignments))
        checks = update_checks(table, changed, ctx) if self.assignments else []
        references = reference_checks(table, changed, ctx) if self.assignments else []
        actions: dict[str, Actions] = {}
        if "UPDATE" in self.events:
            actions["UPDATE"] = referential_actions(table, "UPDATE", ctx, changed)
        if "DELETE" in self.events:
            actions["DELETE"] = referential_actions(table, "DELETE", ctx)
        refuse_wrong_options("MERGE", table, ctx)
        after = after_change(
            table,
            self.events,
            actions,
            {
                "INSERT": self.builder.deferred if self.builder is not None else [],
                "UPDATE": deferred_checks(table, changed, ctx) if self.assignments else [],
            },
            updated=frozenset(assigned),
        )
        shown = self._shown()
        note_access(ctx, table, "SELECT", sources=[self.scan.exposed, *shown])
        for event in self.events:
            note_access(ctx, table, event, columns=self.scan.names_of(assigned) if event == "UPDATE" else ())
        outputs = self._outputs(shown)
        keeps = not outputs.is_empty
        note_changes(table, self.ctx)
        target = scanned_target(self.scan, after)
        find = self._finder(clauses, keeps=keeps)
        nothing = tuple([None] * len(table.columns))
        builder, values_slot = self.builder, self.values_slot
        inserted_slot, deleted_slot, action_slot = self.inserted_slot, self.deleted_slot, self.action_slot

        def apply(writer: Writer, env: Env, planned: list[Planned], emit: Callable[[Env], None] | None) -> int:
            deletes = [item for item in planned if item.action == "DELETE"]
            updates = [item for item in planned if item.action == "UPDATE"]
            for item in (*deletes, *updates):
                assert item.old is not None
                if item.new is not None:
                    for check in checks:
                        check(env, item.new)
            for item in deletes:
                assert item.old is not None
                writer.delete(item.key, item.old)
            if updates:
                writer.update_all([(item.key, item.old, item.new) for item in updates])  # type: ignore[misc]
            for item in (*deletes, *updates):
                assert item.old is not None
                if item.new is not None:
                    for check in references:
                        check(env, item.new)
                for act in actions[item.action].immediate:
                    act(env, item.old, item.new)
            if builder is not None:
                builder.begin(env)
                for item in planned:
                    if item.action == "INSERT":
                        env[values_slot] = item.values
                        item.new = builder.build(env, writer.store)
                        writer.insert(item.new)
                        for check in builder.references:
                            check(env, item.new)
            if emit is not None:
                for item in planned:
                    env[FIRST:] = item.slots or []
                    env[inserted_slot] = item.new or nothing
                    env[deleted_slot] = item.old or nothing
                    env[action_slot] = (item.action,)
                    emit(env)
            return len(planned)

        def run(env: Env, sink: ResultSink | None) -> int:
            planned = find(env)
            if builder is not None:
                env[SESSION].switch_point()
            if not keeps:
                return target.write(env, lambda writer: apply(writer, env, planned, None))
            emit, finish = outputs.start(env, sink)
            return target.write(env, lambda writer: apply(writer, env, planned, emit), finish)

        return run

    def _shown(self) -> list[Source]:
        """The rows that OUTPUT may show: either may be missing."""
        table = self.scan.table
        rows = [
            row_source(table, "inserted", self.inserted_slot),
            row_source(table, "deleted", self.deleted_slot),
        ]
        for row in rows:
            row.nullable_side = True
        return rows

    def _outputs(self, rows: Sequence[Source]) -> Outputs:
        action = column_of(self.action_slot, 0, nvarchar(10), nullable=False)
        return Outputs(self.node.outputs, self.ctx, rows=rows, sources=self.source.sources, action=action)

    def _finder(self, clauses: Sequence[Clause], *, keeps: bool) -> Callable[[Env], list[Planned]]:
        """A function that settles what becomes of every joined row. Errors: 8672."""
        rows: Rows = self.scan.rows
        slot, null_row = self.slot, self.table.null_row
        witness = self.witness
        witness_slot = witness.source.slot if witness is not None else -1
        by_kind = {
            kind: [clause for clause in clauses if clause.kind == kind] for kind in (MATCHED, BY_TARGET, BY_SOURCE)
        }
        limit = statement_limit(self.node.top, self.ctx)

        def kind_of(env: Env) -> str:
            if env[slot] is null_row:
                return BY_TARGET
            if witness is not None and env[witness_slot] is witness.null_row:
                return BY_SOURCE
            return MATCHED

        def planned_rows(env: Env) -> Iterator[Planned]:
            for _ in rows(env):
                for clause in by_kind[kind_of(env)]:
                    if clause.condition is None or clause.condition(env):
                        planned = clause.plan(env)
                        if keeps:
                            planned.slots = env[FIRST:]
                        yield planned
                        break

        def find(env: Env) -> list[Planned]:
            found = list(planned_rows(env))
            if limit is not None:
                count = limit.limit(env)
                found = found[: ceil(len(found) * count / 100) if limit.percent else count]
            row_count = env[SESSION].settings.rowcount
            if row_count:
                found = found[:row_count]
            keys = [item.key for item in found if item.action != "INSERT"]
            if len(set(keys)) != len(keys):
                raise sql_error(8672)
            return found

        return find


def _check_clauses(node: nodes.Merge) -> None:
    """Errors: 5324 a clause behind one of its kind without a condition, 10714 an action twice."""
    unconditional: set[str] = set()
    seen: set[tuple[str, str]] = set()
    for clause in node.clauses:
        kind = f"WHEN {clause.kind}"
        if clause.kind in unconditional:
            raise sql_error(5324, kind, kind, line=clause.line)
        if clause.condition is None:
            unconditional.add(clause.kind)
        action = ACTIONS[type(clause.action)]
        if (clause.kind, action) in seen:
            raise sql_error(10714, action, kind, line=clause.line)
        seen.add((clause.kind, action))
