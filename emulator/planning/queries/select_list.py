"""The select list: stars expanded, expressions compiled and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from emulator.catalog.objects import fold
from emulator.errors import sql_error
from emulator.planning.binding import Expr, OutputColumn, PlanContext, Scope, Source
from emulator.planning.expressions import compile_scalar
from emulator.planning.expressions.scalars import column_of, pseudo_reference
from emulator.planning.expressions.xml import XML_REFERENCE
from emulator.sql import nodes


@dataclass(frozen=True, slots=True)
class Output:
    """A column of the result. ``node`` is the expression as written, None for a column of a star.

    ``source`` is the row source that it is a plain column of.
    """

    name: str
    expr: Expr
    identity: bool = False
    node: nodes.Expression | None = None
    alias: str | None = None
    source: Source | None = None

    @property
    def column(self) -> OutputColumn:
        expr = self.expr
        return OutputColumn(self.name, expr.type, expr.nullable, self.identity, expr.is_null_literal)


@dataclass(frozen=True, slots=True)
class StarColumn:
    """One column of an expanded star."""

    source: Source
    ordinal: int

    def reference(self) -> nodes.ColumnRef:
        """The column as if it had been written with its qualifier."""
        return nodes.ColumnRef(self.source.columns[self.ordinal].name, nodes.ObjectName(self.source.alias))


ListItem: TypeAlias = nodes.SelectExpression | nodes.SelectAssignment | StarColumn


def expand_stars(items: Sequence[nodes.SelectItem], scope: Scope) -> list[ListItem]:
    """The items with each star replaced by its columns. Errors: 107 unknown qualifier, 263 a star without FROM."""
    expanded: list[ListItem] = []
    for item in items:
        if isinstance(item, nodes.SelectStar):
            expanded += _star_columns(item, scope)
        else:
            expanded.append(item)
    return expanded


def _star_columns(star: nodes.SelectStar, scope: Scope) -> list[StarColumn]:
    if star.qualifier is None:
        if not scope.sources:
            raise sql_error(263, line=star.line)
        sources = scope.sources
    else:
        wanted = star.qualifier
        sources = [
            source
            for source in scope.sources
            if fold(source.alias) == fold(wanted.name)
            and (wanted.schema is None or fold(source.schema or "") == fold(wanted.schema))
        ]
        if not sources:
            raise sql_error(107, wanted, line=star.line)
    return [StarColumn(source, ordinal) for source in sources for ordinal in range(len(source.columns))]


def compile_item(item: ListItem, scope: Scope, ctx: PlanContext) -> Output:
    """One item that is no assignment. A column without alias has its name as it is written here, an expression none.

    Errors: 493 for a column of nodes().
    """
    output = _compile_star_column(item, scope, ctx) if isinstance(item, StarColumn) else _compile_item(item, scope, ctx)
    if output.expr.type == XML_REFERENCE:
        raise sql_error(493, output.name)
    return output


def _compile_item(item: ListItem, scope: Scope, ctx: PlanContext) -> Output:
    assert isinstance(item, nodes.SelectExpression)
    if isinstance(item.expression, nodes.PseudoColumn) and not item.expression.is_virtual:
        item = replace(item, expression=pseudo_reference(item.expression, scope))
    expr = compile_scalar(item.expression, scope, ctx)
    name, identity, source = item.alias or "", False, None
    if isinstance(item.expression, nodes.ColumnRef):
        name = name or item.expression.name
        found = scope.find(item.expression)
        if found is not None:
            source, ordinal = found
            identity = source.columns[ordinal].identity and not source.nullable_side
    return Output(name, expr, identity, item.expression, item.alias, source)


def _compile_star_column(item: StarColumn, scope: Scope, ctx: PlanContext) -> Output:
    source, ordinal = item.source, item.ordinal
    column = source.columns[ordinal]
    if scope.grouped:
        return Output(column.name, compile_scalar(item.reference(), scope, ctx), column.identity, source=source)
    source.used.add(ordinal)
    source.named.add(ordinal)
    if source.expressions is not None:
        return Output(column.name, source.expressions[ordinal], column.identity, source=source)
    expr = column_of(source.slot, ordinal, column.type, column.nullable or source.nullable_side)
    return Output(column.name, expr, column.identity and not source.nullable_side, source=source)
