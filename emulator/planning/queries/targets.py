"""The rows that an UPDATE, DELETE or MERGE changes: FROM and WHERE with one of the sources as target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.catalog.objects import Index, Table, fold
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.settings import Isolation
from emulator.planning.binding import Env, PlanContext, Scope, Source
from emulator.planning.queries.hints import read_hints
from emulator.planning.queries.joins import JoinPlanner
from emulator.planning.queries.names import find_object
from emulator.planning.queries.relations import InnerJoin, StoredTable, leaves, slots_of
from emulator.planning.queries.semijoins import compile_where
from emulator.planning.queries.sources import Bound, bind_named, bind_sources, bind_variable
from emulator.planning.queries.views import settle_uses
from emulator.sql import nodes

if TYPE_CHECKING:
    from emulator.storage.table import TableStore


@dataclass(slots=True)
class TargetScan:
    """Finds the rows to change, each locked U (X or a range mode by hints and isolation level) when it is yielded.

    ``rows(env)`` yields once per joined row; then ``env[source.slot]`` is the target's row as it is now and
    ``env[key_slot]`` its key in the base index (what ``TableStore`` finds and changes rows by). With a join the same
    target row may come more than once: the caller changes it the first time only (UPDATE and DELETE) or raises 8672
    (MERGE). ``scope`` is where SET, OUTPUT and the conditions of MERGE are compiled. ``store_of(env)`` is the table's
    store.

    ``index`` is what the target is read through (None: a heap's rows): changing one of its key columns while ``rows``
    goes on may meet the row again, so the caller collects the rows first then. ``single``: at most one row is found.
    ``row_mode`` of the locks: rows that do not qualify have been given back, those yielded are held.
    """

    source: Source
    table: Table
    key_slot: int
    scope: Scope
    store_of: Callable[[Env], TableStore]
    rows: Callable[[Env], Iterator[None]]
    index: Index | None = None
    single: bool = False


def compile_target_scan(
    target: nodes.ChangeTarget,
    sources: Sequence[nodes.TableSource],
    where: nodes.Predicate | None,
    ctx: PlanContext,
) -> TargetScan:
    """Bind ``target`` (the alias or name of one of ``sources``, or a table beside them) and plan its scan.

    Errors: 208, 4104, 8154 ambiguous target, 1065 NOLOCK on the target; NotSupported: a view as target.
    """
    bound = bind_sources(sources, None, ctx)
    table = _find_in(bound, target, ctx)
    if table is None:
        own = _bind_target(target, ctx)
        table = _stored(own, target)
        bound = Bound(InnerJoin([own.relation, bound.relation]), [*own.sources, *bound.sources], bound.merged)
    table.target = True
    if table.hints.locks.isolation is Isolation.READ_UNCOMMITTED:
        raise sql_error(1065, line=target.line)
    if target.hints:
        table.hints = read_hints(target.hints, target=True)
    table.key_slot = ctx.new_slot()
    scope = Scope(bound.sources)
    conjuncts, joined = compile_where(where, scope, ctx, slots_of(bound.relation))
    relation = InnerJoin([bound.relation, *joined], conjuncts)
    settle_uses(bound)
    for leaf in leaves(relation):
        leaf.source.used.update(range(len(leaf.source.columns)))
    planner = JoinPlanner()
    operator = planner.plan(relation, (), slots_of(relation))
    return TargetScan(
        source=table.source,
        table=table.table,
        key_slot=table.key_slot,
        scope=scope,
        store_of=table.store_of,
        rows=operator.rows,
        index=planner.paths[table.source.slot].index,
        single=operator.fetch is not None,
    )


def _find_in(bound: Bound, target: nodes.ChangeTarget, ctx: PlanContext) -> StoredTable | None:
    """The source of FROM that the target names: by its alias, else by its table if that is there once."""
    exposed = {id(source) for source in bound.sources}
    stored = [leaf for leaf in leaves(bound.relation) if isinstance(leaf, StoredTable) and id(leaf.source) in exposed]
    if isinstance(target, nodes.VariableTable):
        return next((leaf for leaf in stored if fold(leaf.source.alias) == fold(target.name)), None)
    name = target.name
    if name.schema is None:
        for leaf in stored:
            if fold(leaf.source.alias) == fold(name.name):
                return leaf
    if not stored:
        return None
    try:
        table = find_object(name, ctx)
    except SqlError:
        return None
    matches = [leaf for leaf in stored if leaf.table is table]
    if len(matches) > 1:
        raise sql_error(8154, name, line=target.line)
    return matches[0] if matches else None


def _bind_target(target: nodes.ChangeTarget, ctx: PlanContext) -> Bound:
    if isinstance(target, nodes.VariableTable):
        return bind_variable(target, ctx, target=True)
    return bind_named(target, None, ctx, target=True)


def _stored(bound: Bound, target: nodes.ChangeTarget) -> StoredTable:
    if not isinstance(bound.relation, StoredTable):
        raise NotSupported("changing rows of anything but a table", target.line)
    return bound.relation
