"""WHERE, with ``x IN (SELECT ...)`` taken as a join with the distinct values of the subquery.

So a table can be sought by the values, as SQL Server's left semi join with the sides exchanged does it; else every row
of the table would be read, and locked, to see whether its value is among them. Subqueries that read the tables of this
query, NOT IN, and IN anywhere but at the top of WHERE are tested row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.execution.scans import Rows
from emulator.planning.binding import Env, Expr, PlanContext, Scope, Source, SourceColumn
from emulator.planning.expressions import compile_scalar, split_conjuncts
from emulator.planning.expressions.comparisons import comparison_operands
from emulator.planning.expressions.scalars import column_of
from emulator.planning.queries.predicates import Conjunct, compile_conjunct, equality
from emulator.planning.queries.relations import MadeRows, Relation
from emulator.sql import nodes
from emulator.types.comparison import sort_key


def compile_where(
    predicate: nodes.Predicate | None, scope: Scope, ctx: PlanContext, local: frozenset[int]
) -> tuple[list[Conjunct], list[Relation]]:
    """The conjuncts of WHERE, and the subqueries to be joined for them. ``local`` are the slots that FROM fills."""
    conjuncts: list[Conjunct] = []
    joined: list[Relation] = []
    for node in split_conjuncts(predicate):
        if isinstance(node, nodes.InSubquery) and not node.negated:
            found = _semijoin(node, scope, ctx, local)
            if found is not None:
                conjuncts.append(found[0])
                joined.append(found[1])
                continue
        conjuncts.append(compile_conjunct(node, scope, ctx))
    return conjuncts, joined


def _semijoin(
    node: nodes.InSubquery, scope: Scope, ctx: PlanContext, local: frozenset[int]
) -> tuple[Conjunct, Relation] | None:
    from emulator.planning.queries.query import compile_query  # noqa: PLC0415 (a subquery is a query)

    operand = compile_scalar(node.operand, scope, ctx)
    if not operand.slots & local or operand.type.name == "sql_variant":
        return None
    plan = compile_query(node.query, scope, ctx)
    if plan.slots & local or len(plan.columns) != 1 or plan.columns[0].type.name == "sql_variant":
        return None
    row_slot, slot = ctx.new_slot(), ctx.new_slot()
    item = column_of(row_slot, 0, plan.columns[0].type)
    operand, item = comparison_operands(operand, item)
    source = Source("", slot, [SourceColumn("", item.type)])

    def fill(env: Env) -> Iterator[None]:
        for row in plan.rows(env):
            env[row_slot] = row
            yield

    made = MadeRows(source, _distinct_values(fill, item), plan.slots)
    return equality(operand, column_of(slot, 0, item.type)), made


def _distinct_values(rows: Rows, item: Expr) -> Any:
    """The values of ``item`` that are not NULL, each once."""
    key, value_of = sort_key(item.type), item.fn

    def distinct_values(env: Env) -> Iterator[tuple[Any, ...]]:
        seen = set()
        for _ in rows(env):
            value = value_of(env)
            if value is None:
                continue
            compared = value if key is None else key(value)
            if compared not in seen:
                seen.add(compared)
                yield (value,)

    return distinct_values
