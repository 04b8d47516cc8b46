"""PIVOT and UNPIVOT: values of a column made columns, and columns made rows.

PIVOT groups by every column of its source that it does not name, and aggregates once for each value listed; a row
counts for the value that its pivot column equals. UNPIVOT gives a row for each listed column that is not NULL.

Documentation: "Using PIVOT and UNPIVOT".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from emulator.catalog.objects import fold
from emulator.errors import SqlError, sql_error
from emulator.execution.grouping import GroupKey, group_rows
from emulator.execution.scans import Rows
from emulator.planning.binding import Env, Expr, OutputColumn, PlanContext, Scalar, Scope, Source, SourceColumn
from emulator.planning.expressions import CompiledAggregate, compile_aggregate
from emulator.planning.queries.joins import JoinPlanner
from emulator.planning.queries.relations import MadeRows, depends_on, slots_of
from emulator.planning.queries.select_list import Output, compile_item, expand_stars
from emulator.planning.queries.sources import Bound, bind_source, column_names
from emulator.planning.queries.views import settle_uses
from emulator.sql import nodes
from emulator.types.comparison import sort_key
from emulator.types.conversion import converter
from emulator.types.sqltype import SYSNAME


def bind_pivot(item: nodes.Pivot, parent: Scope | None, ctx: PlanContext) -> Bound:
    """``source PIVOT (aggregate(column) FOR column IN (values)) AS alias``.

    Errors: 207, 209; 102 for COUNT(*) and arguments that are no columns; 8114 a value that the column cannot have; 265
    and 8156 names twice.
    """
    bound, scope, columns = _bind_columns(item.source, parent, ctx)
    pivot = columns[_place(item.column, columns, item.line)]
    measured = columns[_place(_argument(item.aggregate), columns, item.aggregate.line)]
    kept = [column for column in columns if column is not pivot and column is not measured]
    _check_names(item.values, kept, "PIVOT", item.line)
    aggregate = compile_aggregate(item.aggregate, scope, ctx)
    result = OutputColumn("", aggregate.type, aggregate.nullable)
    made = [*(column.column for column in kept), *(replace(result, name=value) for value in item.values)]
    source = _source(item, made, ctx)
    keys = [GroupKey(column.expr.fn, sort_key(column.expr.type)) for column in kept]
    aggregates = [_of_value(aggregate, pivot.expr, value) for value in item.values]
    return _made(source, group_rows(_rows(bound), source.slot, keys, aggregates), bound)


def bind_unpivot(item: nodes.Unpivot, parent: Scope | None, ctx: PlanContext) -> Bound:
    """``source UNPIVOT (value FOR name IN (columns)) AS alias``.

    Errors: 207, 209; 8167 columns of different types; 265 and 8156 names twice.
    """
    bound, _, columns = _bind_columns(item.source, parent, ctx)
    inputs = [columns[_place(name, columns, item.line)] for name in item.inputs]
    kept = [column for column in columns if all(column is not other for other in inputs)]
    _check_names((item.value_column, item.name_column), kept, "UNPIVOT", item.line)
    type = inputs[0].expr.type
    for column in inputs:
        if column.expr.type != type:
            raise sql_error(8167, column.name, line=item.line)
    value, name = OutputColumn(item.value_column, type, False), OutputColumn(item.name_column, SYSNAME, False)
    source = _source(item, [*(column.column for column in kept), value, name], ctx)
    others = [column.expr.fn for column in kept]
    listed = [(column.expr.fn, column.name) for column in inputs]
    return _made(source, _unpivoted(_rows(bound), source.slot, others, listed), bound)


# --- Columns ----------------------------------------------------------------------------------------------------------


def _bind_columns(item: nodes.TableSource, parent: Scope | None, ctx: PlanContext) -> tuple[Bound, Scope, list[Output]]:
    """The source, and all its columns: each has its part in the result."""
    bound = bind_source(item, parent, ctx)
    scope = Scope(bound.sources, parent)
    columns = [compile_item(star, scope, ctx) for star in expand_stars([nodes.SelectStar()], scope)]
    settle_uses(bound)
    return bound, scope, columns


def _place(name: str, columns: Sequence[Output], line: int) -> int:
    places = [place for place, column in enumerate(columns) if fold(column.name) == fold(name)]
    if len(places) != 1:
        raise sql_error(209 if places else 207, name, line=line)
    return places[0]


def _argument(aggregate: nodes.FunctionCall) -> str:
    """The column that is aggregated: nothing else may stand there."""
    if aggregate.star or len(aggregate.arguments) != 1:
        raise sql_error(102, "*" if aggregate.star else aggregate.name.name, line=aggregate.line)
    (argument,) = aggregate.arguments
    if not isinstance(argument, nodes.ColumnRef):
        raise sql_error(102, "(", line=aggregate.line)
    return argument.name


def _check_names(names: Sequence[str], kept: Sequence[Output], operator: str, line: int) -> None:
    taken = {fold(column.name) for column in kept}
    for name in names:
        if fold(name) in taken:
            raise sql_error(265, name, operator, operator, line=line)


def _source(item: nodes.Pivot | nodes.Unpivot, columns: Sequence[OutputColumn], ctx: PlanContext) -> Source:
    names = column_names([column.name for column in columns], item.columns, item.alias, item.line)
    made = [SourceColumn(name, column.type, column.nullable) for name, column in zip(names, columns, strict=True)]
    return Source(item.alias, ctx.new_slot(), made)


# --- Rows -------------------------------------------------------------------------------------------------------------


def _rows(bound: Bound) -> Rows:
    return JoinPlanner().plan(bound.relation, (), slots_of(bound.relation)).rows


def _made(source: Source, rows: Rows, bound: Bound) -> Bound:
    """The source as rows that are made: ``rows`` puts each into its slot."""
    slot = source.slot

    def made(env: Env) -> Iterator[tuple[Any, ...]]:
        for _ in rows(env):
            yield env[slot]

    return Bound(MadeRows(source, made, depends_on(bound.relation)), [source])


def _of_value(aggregate: CompiledAggregate, pivot: Expr, text: str) -> CompiledAggregate:
    """``aggregate`` over the rows whose ``pivot`` is the value written as ``text``. Errors: 8114."""
    convert, key = converter(SYSNAME, pivot.type), sort_key(pivot.type)
    try:
        wanted = text if convert is None else convert(text)
    except SqlError:
        raise sql_error(8114, "nvarchar", pivot.type.name) from None
    if key is not None:
        wanted = key(wanted)
    argument, pivot_of = aggregate.argument, pivot.fn

    def of_value(env: Env) -> Any:
        value = pivot_of(env)
        if value is None or (value if key is None else key(value)) != wanted:
            return None
        return argument(env)

    return replace(aggregate, argument=of_value, counts_rows=False)


def _unpivoted(rows: Rows, slot: int, others: Sequence[Scalar], listed: Iterable[tuple[Scalar, str]]) -> Rows:
    def unpivoted(env: Env) -> Iterator[None]:
        for _ in rows(env):
            kept = [value_of(env) for value_of in others]
            for value_of, name in listed:
                value = value_of(env)
                if value is not None:
                    env[slot] = (*kept, value, name)
                    yield

    return unpivoted
