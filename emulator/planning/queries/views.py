"""Views, inline functions, derived tables and CTEs: queries that stand in FROM.

A plain one (joined tables, conditions, expressions) is *merged* into the query around it: its tables join those around
it, its columns become expressions over them. So conditions outside seek indexes of tables inside, and joins are ordered
across the boundary, as SQL Server's algebrizer does it. Others run as queries of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from emulator.catalog.objects import InlineFunction, View
from emulator.planning.binding import PlanContext, Scope, Source, SourceColumn
from emulator.planning.expressions import find_aggregates, find_windows
from emulator.planning.queries.ctes import bind_ctes
from emulator.planning.queries.hints import handed_on
from emulator.planning.queries.names import inside
from emulator.planning.queries.relations import InnerJoin, MadeRows, slots_of
from emulator.planning.queries.select_list import compile_item, expand_stars
from emulator.planning.queries.semijoins import compile_where
from emulator.planning.queries.sources import Bound, MergedView, bind_arguments, bind_sources, column_names
from emulator.planning.queries.updatable import HIDDEN_COLUMNS, MadeTarget, Through, base_ordinals
from emulator.sql import nodes


def expand_view(view: View, item: nodes.NamedTable, ctx: PlanContext) -> Bound:
    """A view in FROM. Names inside are those of its own schema and database; hints on it are hints on its tables."""
    with inside(view, ctx, {}), handed_on(item.hints, ctx):
        bind_ctes(view.body.ctes, ctx)
        bound = expand_query(
            view.body.query, item.alias or view.name, view.column_names, None, ctx, line=item.line, what=view.name
        )
    if not item.alias:
        bound.sources[0].schema, bound.sources[0].database = view.schema, view.database
    return bound


def expand_function(
    function: InlineFunction, item: nodes.FunctionTable, parent: Scope | None, ctx: PlanContext
) -> Bound:
    """An inline function in FROM: its parameters stand for the arguments."""
    arguments = bind_arguments(function, item.call, parent, ctx)
    with inside(function, ctx, arguments):
        bind_ctes(function.body.ctes, ctx)
        return expand_query(
            function.body.query,
            item.alias or function.name,
            item.columns,
            None,
            ctx,
            line=item.line,
            what=function.name,
        )


def expand_query(
    query: nodes.Query,
    alias: str,
    given_names: Sequence[str],
    parent: Scope | None,
    ctx: PlanContext,
    *,
    line: int,
    what: str | None = None,
) -> Bound:
    """A query in FROM under ``alias``: merged if it can be. ``what`` is its name in messages.

    Errors: 8155, 8156, 8158, 8159, and 1033 for an ORDER BY without effect.
    """
    through = _take_pending(ctx)
    specification = _mergeable(query)
    if specification is not None:
        if through is not None:
            through.pending = len(specification.sources) == 1
        merged = _merge(specification, alias, given_names, parent, ctx, line=line, what=what or alias)
        if merged is not None:
            return merged
    if through is not None:
        return _expand_target(query, alias, given_names, parent, ctx, through, line=line)
    from emulator.planning.queries.query import compile_query  # noqa: PLC0415 (queries have queries in FROM)

    plan = compile_query(query, parent, ctx, nested=True)
    names = column_names([column.name for column in plan.columns], given_names, what or alias, line)
    columns = [
        SourceColumn(name, column.type, column.nullable, column.identity)
        for name, column in zip(names, plan.columns, strict=True)
    ]
    source = Source(alias, ctx.new_slot(), columns)
    return Bound(MadeRows(source, plan.rows, plan.slots), [source])


def _take_pending(ctx: PlanContext) -> Through | None:
    """What the statement changes through the query that is about to be bound, if it does."""
    through = ctx.through
    if through is None or not through.pending:
        return None
    through.pending = False
    return through


def _expand_target(
    query: nodes.Query,
    alias: str,
    given_names: Sequence[str],
    parent: Scope | None,
    ctx: PlanContext,
    through: Through,
    *,
    line: int,
) -> Bound:
    """A query that runs by itself and through which a table is changed. Errors: 4403, 4405, 4406, 4426."""
    from emulator.planning.queries.blocks import compile_block  # noqa: PLC0415 (queries have queries in FROM)

    block = compile_block(through.check(query), query, parent, ctx, through=through)
    outputs = block.outputs[:-HIDDEN_COLUMNS]
    names = column_names([output.name for output in outputs], given_names, through.name, line)
    columns = [
        SourceColumn(name, output.expr.type, output.expr.nullable) for name, output in zip(names, outputs, strict=True)
    ]
    made = MadeRows(Source(alias, ctx.new_slot(), columns), block.rows, block.slots)
    stored = block.target
    assert stored is not None
    through.made = MadeTarget(made, stored, base_ordinals(stored, [output.expr for output in outputs]))
    return Bound(made, [made.source])


def _mergeable(query: nodes.Query) -> nodes.QuerySpecification | None:
    body = query.body
    if not isinstance(body, nodes.QuerySpecification) or query.order_by or query.offset or query.for_clause:
        return None
    if body.distinct or body.top or body.group_by or body.having:
        return None
    if any(isinstance(item, nodes.SelectAssignment) for item in body.items):
        return None
    if any(find_aggregates(item) or find_windows(item) for item in body.items):
        return None
    return body


def _merge(
    body: nodes.QuerySpecification,
    alias: str,
    given_names: Sequence[str],
    parent: Scope | None,
    ctx: PlanContext,
    *,
    line: int,
    what: str,
) -> Bound | None:
    bound = bind_sources(body.sources, parent, ctx)
    scope = Scope(bound.sources, parent)
    conjuncts, joined = compile_where(body.where, scope, ctx, slots_of(bound.relation))
    outputs, uses = [], []
    for item in expand_stars(body.items, scope):
        before = [set(source.used) for source in bound.sources]
        outputs.append(compile_item(item, scope, ctx))
        made_from = []
        for source, used in zip(bound.sources, before, strict=True):
            made_from += [(source, ordinal) for ordinal in source.used - used]
            source.used = used
        uses.append(made_from)
    if not all(output.expr.deterministic for output in outputs):
        return None
    names = column_names([output.name for output in outputs], given_names, what, line)
    columns = [
        SourceColumn(name, output.expr.type, output.expr.nullable) for name, output in zip(names, outputs, strict=True)
    ]
    # A column of a derived table has a type, even if it is the word NULL (then int).
    expressions = [
        replace(output.expr, is_null_literal=False) if output.expr.is_null_literal else output.expr
        for output in outputs
    ]
    source = Source(alias, ctx.new_slot(), columns, expressions=expressions)
    relation = InnerJoin([bound.relation, *joined], conjuncts)
    return Bound(relation, [source], [*bound.merged, MergedView(source, bound.sources, uses)])


def settle_uses(bound: Bound) -> None:
    """Once all names of a query are bound: the columns that are used of merged views are used of the tables in them."""
    for view in reversed(bound.merged):
        for ordinal in view.source.used:
            for source, inner in view.uses[ordinal]:
                source.used.add(inner)
