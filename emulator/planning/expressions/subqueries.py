"""Subqueries inside expressions: scalar subqueries, EXISTS, IN, ANY and ALL.

They are evaluated each time they are met, with one exception: an IN whose query reads no row of an enclosing query
gathers its values once per execution of the statement, in a row slot of its own that starts as None.

Documentation: "Subqueries", "EXISTS", "IN", "SOME | ANY", "ALL".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.errors import sql_error
from emulator.planning.binding import Condition, Env, Expr, PlanContext, QueryPlan, Scope
from emulator.planning.expressions.comparisons import compare, comparison_operands, membership
from emulator.planning.expressions.conditions import ConditionExpr, negation, tests
from emulator.planning.expressions.scalars import column_of, compile_scalar, compiles
from emulator.sql import nodes
from emulator.types.comparison import sort_key


def _plan(query: nodes.Query, scope: Scope | None, ctx: PlanContext) -> QueryPlan:
    from emulator.planning.queries import compile_query  # noqa: PLC0415 (queries are made of expressions and vice versa)

    return compile_query(query, scope, ctx)


def _one_column(query: nodes.Query, scope: Scope | None, ctx: PlanContext) -> QueryPlan:
    plan = _plan(query, scope, ctx)
    if len(plan.columns) != 1:
        raise sql_error(116, line=query.line)
    return plan


@compiles(nodes.ScalarSubquery)
def _scalar(node: nodes.ScalarSubquery, scope: Scope | None, ctx: PlanContext) -> Expr:
    plan = _one_column(node.query, scope, ctx)
    rows = plan.rows

    def value(env: Env) -> Any:
        found = None
        count = 0
        for row in rows(env):
            if count:
                raise sql_error(512)
            found = row[0]
            count = 1
        return found

    return Expr(plan.columns[0].type, value, slots=plan.slots, deterministic=False)


@tests(nodes.Exists)
def _exists(node: nodes.Exists, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    plan = _plan(_without_star(node.query), scope, ctx)
    rows = plan.rows

    def exists(env: Env) -> bool:
        for _ in rows(env):
            return True
        return False

    return ConditionExpr(exists, plan.slots)


def _without_star(query: nodes.Query) -> nodes.Query:
    """The query of EXISTS, where a star stands for no columns: it may stand in a grouped query."""
    body = query.body
    if not isinstance(body, nodes.QuerySpecification) or not (body.group_by or body.having):
        return query
    if not all(isinstance(item, nodes.SelectStar) for item in body.items):
        return query
    one = nodes.SelectExpression(nodes.IntegerLiteral(1, line=query.line), line=query.line)
    return replace(query, body=replace(body, items=(one,)))


# --- IN ---------------------------------------------------------------------------------------------------------------


@tests(nodes.InSubquery)
def _in(node: nodes.InSubquery, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    operand = compile_scalar(node.operand, scope, ctx)
    plan = _one_column(node.query, scope, ctx)
    slot = ctx.new_slot()
    item = column_of(slot, 0, plan.columns[0].type, plan.columns[0].nullable)
    if plan.slots or operand.type.name == "sql_variant" or item.type.name == "sql_variant":
        found = _any(plan, slot, compare("=", operand, item), operand)
    else:
        found = _in_gathered(plan, slot, operand, item, ctx)
    return negation(found) if node.negated else found


def _in_gathered(plan: QueryPlan, row_slot: int, operand: Expr, item: Expr, ctx: PlanContext) -> ConditionExpr:
    operand, item = comparison_operands(operand, item)
    key = sort_key(item.type)
    rows, get_operand, get_item = plan.rows, operand.fn, item.fn
    slot = ctx.new_slot()

    def gather(env: Env) -> tuple[bool, Any]:
        members = set()
        missing: bool | None = False
        for row in rows(env):
            env[row_slot] = row
            value = get_item(env)
            if value is None:
                missing = None
            else:
                members.add(value if key is None else key(value))
        env[slot] = gathered = bool(members) or missing is None, membership(members, key, missing)
        return gathered

    def is_in(env: Env) -> bool | None:
        any_rows, is_member = env[slot] or gather(env)
        value = get_operand(env)
        if value is None:
            return None if any_rows else False
        return is_member(value)  # type: ignore[no-any-return]

    return ConditionExpr(is_in, operand.slots)


# --- ANY and ALL ------------------------------------------------------------------------------------------------------


@tests(nodes.QuantifiedComparison)
def _quantified(node: nodes.QuantifiedComparison, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    operand = compile_scalar(node.left, scope, ctx)
    plan = _one_column(node.query, scope, ctx)
    slot = ctx.new_slot()
    item = column_of(slot, 0, plan.columns[0].type, plan.columns[0].nullable)
    comparison = compare(node.operator, operand, item)
    if node.quantifier == "ANY":
        return _any(plan, slot, comparison, operand)
    return negation(_any(plan, slot, negation(comparison), operand))


def _any(plan: QueryPlan, slot: int, comparison: ConditionExpr, operand: Expr) -> ConditionExpr:
    """True if the comparison is true for some row, else unknown if it is unknown for some."""
    rows = plan.rows
    test: Condition = comparison.fn

    def some(env: Env) -> bool | None:
        result: bool | None = False
        for row in rows(env):
            env[slot] = row
            value = test(env)
            if value:
                return True
            if value is None:
                result = None
        return result

    return ConditionExpr(some, plan.slots | operand.slots)
