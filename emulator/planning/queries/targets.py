"""The rows that an UPDATE, DELETE or MERGE changes: FROM and WHERE with one of the sources as target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.catalog.objects import Column, DatabaseObject, Index, Table, fold
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.scans import Rows
from emulator.execution.settings import Isolation
from emulator.planning.binding import Env, PlanContext, Scope, Source
from emulator.planning.queries.access import note_reads
from emulator.planning.queries.hints import read_hints
from emulator.planning.queries.joins import JoinPlanner
from emulator.planning.queries.names import find_object
from emulator.planning.queries.relations import InnerJoin, NullRow, StoredTable, leaves, slots_of
from emulator.planning.queries.semijoins import compile_where
from emulator.planning.queries.sources import Bound, bind_named, bind_source, bind_sources, bind_variable
from emulator.planning.queries.updatable import Through, find_through, loaded, target_of
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

    ``exposed`` is the source by which the statement knows the target: ``source`` itself, or the view, derived table or
    CTE through which the table is changed; ``ordinals`` are then the table's columns that its columns are.
    ``securable`` is what the change takes permission for.

    ``index`` is what the target is read through (None: a heap's rows): changing one of its key columns while ``rows``
    goes on may meet the row again, so the caller collects the rows first then. ``made``: they come through a query that
    runs by itself, the same holds. ``single``: at most one row is found.
    ``row_mode`` of the locks: rows that do not qualify have been given back, those yielded are held.
    """

    source: Source
    table: Table
    key_slot: int
    scope: Scope
    store_of: Callable[[Env], TableStore]
    rows: Rows
    exposed: Source
    securable: DatabaseObject
    ordinals: list[int | None] | None = None
    index: Index | None = None
    made: bool = False
    single: bool = False

    def names_of(self, ordinals: Collection[int]) -> list[str]:
        """The columns of what the statement names that are these of the table."""
        if self.ordinals is None:
            return [self.table.columns[ordinal].name for ordinal in sorted(ordinals)]
        pairs = zip(self.exposed.columns, self.ordinals, strict=True)
        return [column.name for column, ordinal in pairs if ordinal in ordinals]

    def column(self, reference: nodes.ColumnRef) -> Column:
        """The column of the table that SET names. Errors: 207; 4104 of another table; 4406 a derived one."""
        qualifier = reference.table
        if qualifier is not None and fold(qualifier.name) not in (fold(self.exposed.alias), fold(self.table.name)):
            raise sql_error(4104, f"{qualifier}.{reference.name}", line=reference.line)
        if self.ordinals is None:
            column = self.table.column(reference.name)
            if column is None:
                raise sql_error(207, reference.name, line=reference.line)
            return column
        wanted = fold(reference.name)
        for column_of_view, ordinal in zip(self.exposed.columns, self.ordinals, strict=True):
            if fold(column_of_view.name) == wanted:
                if ordinal is None:
                    raise sql_error(4406, self.exposed.alias, line=reference.line)
                return self.table.columns[ordinal]
        raise sql_error(207, reference.name, line=reference.line)


def compile_target_scan(
    target: nodes.ChangeTarget,
    sources: Sequence[nodes.TableSource],
    where: nodes.Predicate | None,
    ctx: PlanContext,
    changed: frozenset[str] = frozenset(),
    *,
    alone: bool = False,
) -> TargetScan:
    """Bind ``target`` (the alias or name of one of ``sources``, or a table beside them) and plan its scan.

    ``changed`` are the (folded) names of the columns that are set. ``alone``: but for WHERE the statement reads nothing
    beside the target, and all rows of it that qualify. Errors: 208, 4104, 8154 ambiguous target, 1065
    NOLOCK on the target; 4403, 4405, 4406, 4426 a view that is not updatable.
    """
    through = find_through(target, sources, changed, ctx)
    if through is not None:
        return _compile_through(through, target, sources, where, ctx)
    bound = bind_sources(sources, None, ctx)
    table = _find_in(bound, target, ctx)
    if table is None:
        own = _bind_target(target, ctx)
        table = _stored(own, target)
        bound = _beside(own, bound)
    if target.hints:
        table.hints = read_hints(target.hints, target=True)
    table.target = True
    table.alone = alone and not sources and not _moves_rows(table.table, changed)
    table.key_slot = ctx.new_slot()
    return _plan(bound, table, where, ctx)


def _moves_rows(table: Table, changed: frozenset[str]) -> bool:
    clustered = table.clustered
    return clustered is not None and any(
        fold(table.columns[part.ordinal].name) in changed for part in clustered.columns
    )


def _compile_through(
    through: Through,
    target: nodes.ChangeTarget,
    sources: Sequence[nodes.TableSource],
    where: nodes.Predicate | None,
    ctx: PlanContext,
) -> TargetScan:
    ctx.through = through
    try:
        bound = bind_sources(sources, None, ctx)
        if through.item is target:
            bound = _beside(bind_source(through.item, None, ctx), bound)
    finally:
        ctx.through = None
    alias = through.item.alias if isinstance(through.item, nodes.NamedTable | nodes.DerivedTable) else None
    exposed = next(source for source in bound.sources if fold(source.alias) == fold(alias or through.name))
    table, ordinals = target_of(through, bound.relation, exposed)
    made = through.made if through.made is not None and through.made.table is table else None
    if made is None:
        if target.hints:
            table.hints = read_hints(target.hints, target=True)
        table.target = True
        table.key_slot = ctx.new_slot()
    scan = _plan(bound, table, where, ctx, planned=made is None)
    scan.exposed, scan.ordinals, scan.securable = exposed, ordinals, through.view or table.table
    if made is not None:
        scan.rows, scan.made, scan.single = loaded(made, scan.rows), True, False
    return scan


def resolve_through(through: Through, everything: bool, ctx: PlanContext) -> tuple[Table, Source, list[int | None]]:
    """What an INSERT into a view or CTE goes to: the table, the columns of the view, and the table's ordinals of them.

    ``everything``: it gives values to all columns.
    """
    accesses = list(ctx.accesses)
    ctx.through = through
    try:
        bound = bind_source(through.item, None, ctx)
    finally:
        ctx.through = None
        ctx.accesses[:] = accesses
    exposed = bound.sources[0]
    if everything:
        through.columns = frozenset(fold(column.name) for column in exposed.columns)
    table, ordinals = target_of(through, bound.relation, exposed)
    return table.table, exposed, ordinals


def bind_change_target(target: nodes.ChangeTarget, ctx: PlanContext) -> tuple[StoredTable, Bound]:
    """The target of a MERGE, which stands by itself. Errors: 208, 1065; NotSupported: a view or CTE."""
    if find_through(target, (), frozenset(), ctx) is not None:
        raise NotSupported("MERGE into a view or common table expression", target.line)
    bound = _bind_target(target, ctx)
    table = _stored(bound, target)
    table.target = True
    table.key_slot = ctx.new_slot()
    return table, bound


def _plan(
    bound: Bound, table: StoredTable, where: nodes.Predicate | None, ctx: PlanContext, *, planned: bool = True
) -> TargetScan:
    """``planned``: the table is among the sources, not inside a query that runs by itself.

    NOLOCK in FROM is ignored for the table that is changed ("Table hints", READUNCOMMITTED).
    """
    if table.hints.locks.isolation is Isolation.READ_UNCOMMITTED:
        table.hints = replace(table.hints, locks=replace(table.hints.locks, isolation=None))
    assert table.key_slot is not None
    scope = Scope(bound.sources)
    conjuncts, joined = compile_where(where, scope, ctx, slots_of(bound.relation))
    relation = InnerJoin([bound.relation, *joined], conjuncts)
    settle_uses(bound)
    for leaf in leaves(relation):
        leaf.source.used.update(range(len(leaf.source.columns)))
    planner = JoinPlanner()
    operator = planner.plan(relation, (), slots_of(relation))
    note_reads(planner.paths.values(), ctx)
    rows = operator.rows
    if table.source.nullable_side:
        rows = _without_missing(rows, table.source.slot, table.null_row)
    return TargetScan(
        source=table.source,
        table=table.table,
        key_slot=table.key_slot,
        scope=scope,
        store_of=table.store_of,
        rows=rows,
        exposed=table.source,
        securable=table.table,
        index=planner.paths[table.source.slot].index if planned else None,
        single=operator.fetch is not None,
    )


def _without_missing(rows: Rows, slot: int, null_row: NullRow) -> Rows:
    """On the inner side of an outer join: only the rows that there are can be changed."""

    def present(env: Env) -> Iterator[None]:
        for _ in rows(env):
            if env[slot] is not null_row:
                yield

    return present


def _beside(own: Bound, others: Bound) -> Bound:
    return Bound(
        InnerJoin([own.relation, others.relation]),
        [*own.sources, *others.sources],
        [*own.merged, *others.merged],
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
