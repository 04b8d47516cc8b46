"""Changes that an INSTEAD OF trigger takes over: the rows that would have been written are made and handed to it.

Nothing is locked or checked for the change itself; what the trigger does is done by its own statements. When the
trigger's own statements change its table again, they are carried out as if it did not exist.

Documentation: "CREATE TRIGGER (Transact-SQL)", "Specify how triggers run"; "DML triggers: INSTEAD OF triggers".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from emulator.catalog.objects import Column, Table, Trigger, View, fold
from emulator.errors import SqlError, sql_error
from emulator.execution.projection import projector
from emulator.planning.accesses import note_access
from emulator.planning.binding import SESSION, Env, PlanContext, Scalar, Scope, Source
from emulator.planning.changes.rows import RowBuilder, assigned, default_of
from emulator.planning.changes.shapes import shape_of
from emulator.planning.changes.triggers import instead_of_trigger
from emulator.planning.expressions import compile_scalar
from emulator.planning.expressions.scalars import column_of
from emulator.planning.queries.joins import JoinPlanner
from emulator.planning.queries.names import find_object
from emulator.planning.queries.relations import InnerJoin, leaves, slots_of
from emulator.planning.queries.semijoins import compile_where
from emulator.planning.queries.sources import bind_source, bind_sources
from emulator.planning.queries.views import settle_uses
from emulator.results import ResultSink
from emulator.sql import nodes

Executable = Callable[[Env, "ResultSink | None"], int]
Load = Callable[[Env, Any], None]


def find_trigger(
    target: nodes.ChangeTarget, sources: Sequence[nodes.TableSource], event: str, ctx: PlanContext
) -> tuple[Table | View, Trigger] | None:
    """The INSTEAD OF trigger that takes the statement over, with its table or view."""
    if isinstance(target, nodes.VariableTable):
        return None
    name = target.name
    for item in sources:
        if isinstance(item, nodes.NamedTable) and item.alias and fold(item.alias) == fold(str(name)):
            name = item.name
    if name.name.startswith("#") or fold(name.name) in ctx.ctes:
        return None
    try:
        found = find_object(name, ctx)
    except SqlError:
        return None
    if not isinstance(found, Table | View) or not found.triggers:
        return None
    trigger = instead_of_trigger(found, event)
    return None if trigger is None else (found, trigger)


def unless_inside(trigger: Trigger, instead: Executable, otherwise: Callable[[], Executable]) -> Executable:
    """``instead``, or in the trigger itself what the statement does without it."""
    try:
        direct: Executable | None = otherwise()
        refused = None
    except SqlError as error:
        direct, refused = None, error

    def run(env: Env, sink: ResultSink | None) -> int:
        if trigger not in env[SESSION].firing:
            return instead(env, sink)
        if direct is None:
            assert refused is not None
            raise refused
        return direct(env, sink)

    return run


# --- INSERT -----------------------------------------------------------------------------------------------------------


def instead_of_insert(
    shape: Table, trigger: Trigger, builder: RowBuilder, evaluate: Callable[[Env], Sequence[Any]], load: Load | None
) -> Executable:
    """Hand the rows of an INSERT to ``trigger``."""
    everything = frozenset(range(len(shape.columns)))

    def run(env: Env, sink: ResultSink | None) -> int:
        rows = []
        for item in evaluate(env):
            if load is not None:
                load(env, item)
            rows.append(builder.propose(env))
        env[SESSION].fire_trigger(trigger, rows, [], everything, len(rows))
        return len(rows)

    return run


# --- UPDATE and DELETE ------------------------------------------------------------------------------------------------


def compile_instead(
    node: nodes.Update | nodes.Delete, item: Table | View, trigger: Trigger, ctx: PlanContext
) -> Executable:
    """An UPDATE or DELETE that ``trigger`` takes over. Errors: 207, 264 and those of FROM and WHERE."""
    if isinstance(node, nodes.Update):
        assigned = [one.column.name for one in node.assignments if isinstance(one, nodes.ColumnAssignment)]
        note_access(ctx, item, "UPDATE", columns=assigned)
    else:
        note_access(ctx, item, "DELETE")
    shape = shape_of(item, ctx)
    bound = bind_sources(node.sources, None, ctx)
    alias = node.target.name.name if isinstance(node.target, nodes.NamedTable) else ""
    exposed = next((source for source in bound.sources if fold(source.alias) == fold(alias)), None)
    if exposed is None:
        own = bind_source(node.target, None, ctx)
        exposed = own.sources[0]
        bound.relation = InnerJoin([own.relation, bound.relation])
        bound.sources = [*own.sources, *bound.sources]
        bound.merged = [*own.merged, *bound.merged]
    scope = Scope(bound.sources)
    conjuncts, joined = compile_where(node.where, scope, ctx, slots_of(bound.relation))
    exposed.used.update(range(len(exposed.columns)))
    values = _values(node, shape, scope, ctx) if isinstance(node, nodes.Update) else {}
    settle_uses(bound)
    relation = InnerJoin([bound.relation, *joined], conjuncts)
    for leaf in leaves(relation):
        leaf.source.used.update(range(len(leaf.source.columns)))
    rows = JoinPlanner().plan(relation, (), slots_of(relation)).rows
    old_row = projector(_columns(exposed))
    updates = isinstance(node, nodes.Update)

    def run(env: Env, sink: ResultSink | None) -> int:
        deleted, inserted = [], []
        for _ in rows(env):
            old = old_row(env)
            deleted.append(old)
            if updates:
                new = list(old)
                for ordinal, value in values.items():
                    new[ordinal] = value(env)
                inserted.append(tuple(new))
        env[SESSION].fire_trigger(trigger, inserted, deleted, frozenset(values), len(deleted))
        return len(deleted)

    return run


def _columns(source: Source) -> list[Any]:
    if source.expressions is not None:
        return source.expressions
    return [column_of(source.slot, i, column.type, column.nullable) for i, column in enumerate(source.columns)]


def _values(node: nodes.Update, shape: Table, scope: Scope, ctx: PlanContext) -> dict[int, Scalar]:
    values: dict[int, Scalar] = {}
    for item in node.assignments:
        if not isinstance(item, nodes.ColumnAssignment):
            raise sql_error(102, "@", line=item.line)
        column: Column | None = shape.column(item.column.name)
        if column is None:
            raise sql_error(207, item.column.name, line=item.line)
        if column.ordinal in values:
            raise sql_error(264, column.name, line=item.line)
        value = item.value
        if isinstance(value, nodes.DefaultValue):
            values[column.ordinal] = default_of(column, ctx)
            continue
        if item.operator != "=":
            value = nodes.Binary(item.operator[:-1], item.column, value, line=item.line)
        values[column.ordinal] = assigned(compile_scalar(value, scope, ctx), shape, column, ctx).fn
    return values
