"""Comparisons: = <> < <= > >=, BETWEEN, IN (list), LIKE, IS [NOT] DISTINCT FROM.

Both sides meet in one type by the rules of precedence, and the side that is a constant is converted now. A column that
must be converted itself is no ``column`` any more, so the planner cannot seek on it: just what happens on SQL Server
when an ``nvarchar`` value meets a ``varchar`` column of a SQL collation.

Documentation: "Data type precedence", "Comparison Operators", "IN", "BETWEEN", "LIKE", "IS [NOT] DISTINCT FROM".
"""

from __future__ import annotations

import operator as python
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from emulator.errors import sql_error
from emulator.planning.binding import Condition, Env, Expr, PlanContext, Scope
from emulator.planning.expressions.application import applied, apply, constant_value, null, slots_of
from emulator.planning.expressions.collations import under_explicit
from emulator.planning.expressions.conditions import ConditionExpr, all_of, any_of, negation, tests
from emulator.planning.expressions.conversions import convert_to
from emulator.planning.expressions.scalars import compile_scalar
from emulator.sql import nodes
from emulator.types.collation import collation, like_matcher
from emulator.types.comparison import comparer, sort_key
from emulator.types.exact import POWERS
from emulator.types.precedence import common_collation, common_type
from emulator.types.sqltype import (
    MAX_PRECISION,
    SqlType,
    as_max,
    decimal,
    is_character,
    is_decimal,
    is_exact_numeric,
    is_large_object,
    is_unicode,
    nvarchar,
    precision_and_scale,
    varchar,
)

LIKE_CACHE_SIZE = 256
"""Compiled patterns kept for LIKE with a pattern that is not constant."""

_NATURAL: dict[str, Callable[[Any, Any], bool]] = {
    "=": python.eq,
    "<>": python.ne,
    "<": python.lt,
    "<=": python.le,
    ">": python.gt,
    ">=": python.ge,
}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def comparison_operands(left: Expr, right: Expr, operation: str = "equal to") -> tuple[Expr, Expr]:
    """Both sides in the type in which they are compared; a side that is a column still and was one can be sought.

    The types of the result may differ where the difference is of no consequence for comparing (length of strings,
    range of integers). Errors: 206, 257, 402, 468.
    """
    if left.is_null_literal:
        left = null(right.type)
    if right.is_null_literal:
        right = null(left.type)
    a, b = left.type, right.type
    if is_large_object(a) or is_large_object(b):
        raise sql_error(402, a.name, b.name, operation)
    if is_exact_numeric(a) and is_exact_numeric(b):
        return _at_common_scale(left, right)
    if is_character(a) and is_character(b):
        return _in_common_alphabet(left, right, operation)
    common = common_type(a, b, operation)
    return convert_to(left, common), convert_to(right, common)


def _at_common_scale(left: Expr, right: Expr) -> tuple[Expr, Expr]:
    """Exact numbers compare exactly, whatever their precision: as integers at the larger of the two scales."""
    a, b = (precision_and_scale(side.type)[1] for side in (left, right))
    if a < b:
        return _raised(left, b - a, right.type), right
    if b < a:
        return left, _raised(right, a - b, left.type)
    return left, right


def _raised(expr: Expr, digits: int, like: SqlType) -> Expr:
    factor = POWERS[digits]
    scale = precision_and_scale(like)[1]
    target = like if is_decimal(like) else decimal(MAX_PRECISION, scale)
    return applied(target, lambda value: value * factor, expr)


def _in_common_alphabet(left: Expr, right: Expr, operation: str) -> tuple[Expr, Expr]:
    """Strings compare without padding or cutting: only alphabet and collation are common.

    A code page column that is compared as Unicode stays one: Windows collations order both alphabets alike, so SQL
    Server finds the range of the index (GetRangeThroughConvert). SQL collations do not, and their indexes are scanned.
    """
    name = common_collation(left.type, right.type, operation)
    unicode = is_unicode(left.type) or is_unicode(right.type)
    return _as_string(left, unicode, name), _as_string(right, unicode, name)


def _as_string(expr: Expr, unicode: bool, name: str | None) -> Expr:
    type = expr.type if expr.type.collation == name else replace(expr.type, collation=name)
    if unicode == is_unicode(expr.type):
        return expr if type is expr.type else replace(expr, type=type)
    return replace(expr, type=nvarchar(type.length, name), column=expr.column if _orders_alike(expr.type) else None)


def _orders_alike(type: SqlType) -> bool:
    rules = collation(type.collation) if type.collation is not None else None
    return rules is not None and not rules.is_sql and not rules.is_binary


def compare(operator: str, left: Expr, right: Expr) -> ConditionExpr:
    """The comparison of two compiled expressions; unknown when either is NULL."""
    left, right = comparison_operands(left, right)
    if left.constant and not right.constant:
        left, right, operator = right, left, _MIRRORED[operator]
    function = _value_comparer(operator, left.type)
    if right.constant and constant_value(right) is not None and operator == "=":
        function, right = _against_constant(left.type, right)
    fn = apply(function, left, right)
    return ConditionExpr(fn, slots_of(left, right), left.constant and right.constant)


def _value_comparer(operator: str, type: SqlType) -> Callable[[Any, Any], bool]:
    key = sort_key(type)
    if key is None:
        return _NATURAL[operator]
    if operator == "=":
        return lambda a, b: a == b or key(a) == key(b)
    if operator == "<>":
        return lambda a, b: a != b and key(a) != key(b)
    return comparer(operator, type)


def _against_constant(type: SqlType, right: Expr) -> tuple[Callable[[Any, Any], bool], Expr]:
    key = sort_key(type)
    if key is None:
        return python.eq, right
    value = constant_value(right)
    value_key = key(value)
    return lambda a, b: a == value or key(a) == value_key, right


@tests(nodes.Comparison)
def _comparison(node: nodes.Comparison, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    left, right = compile_operands(node, scope, ctx)
    return compare(node.operator, left, right)


def compile_operands(
    node: nodes.Comparison | nodes.IsDistinctFrom, scope: Scope | None, ctx: PlanContext
) -> tuple[Expr, Expr]:
    """Both sides of a comparison, compiled and in the type they are compared in (see ``comparison_operands``)."""
    return comparison_operands(*_sides(node.left, node.right, scope, ctx))


def _sides(
    left_node: nodes.Expression, right_node: nodes.Expression, scope: Scope | None, ctx: PlanContext
) -> tuple[Expr, Expr]:
    """Both sides; an explicit COLLATE on one of them rules the other."""
    left, right = compile_scalar(left_node, scope, ctx), compile_scalar(right_node, scope, ctx)
    left, right = under_explicit((left_node, right_node), (left, right))
    return left, right


@tests(nodes.IsDistinctFrom)
def _is_distinct_from(node: nodes.IsDistinctFrom, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    left, right = compile_operands(node, scope, ctx)
    same = _value_comparer("=", left.type)
    get_left, get_right = left.fn, right.fn
    negated = node.negated

    def distinct(env: Env) -> bool:
        a, b = get_left(env), get_right(env)
        if a is None or b is None:
            return (a is not b) is not negated
        return same(a, b) is negated

    return ConditionExpr(distinct, slots_of(left, right), left.constant and right.constant)


@tests(nodes.Between)
def _between(node: nodes.Between, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    operand, low = _sides(node.operand, node.low, scope, ctx)
    _, high = _sides(node.operand, node.high, scope, ctx)
    inside = _in_range(operand, low, high) or all_of([compare(">=", operand, low), compare("<=", operand, high)])
    return negation(inside) if node.negated else inside


def _in_range(operand: Expr, low: Expr, high: Expr) -> ConditionExpr | None:
    """BETWEEN in one step: only if the operand is compared as it is, in Python's order, with both bounds."""
    left, low = comparison_operands(operand, low)
    other, high = comparison_operands(operand, high)
    same = left.fn is operand.fn and other.fn is operand.fn and left.type == other.type
    if not same or left.type.name == "sql_variant" or sort_key(left.type) is not None:
        return None
    get, get_low, get_high = left.fn, low.fn, high.fn

    def between(env: Env) -> bool | None:
        value, least, greatest = get(env), get_low(env), get_high(env)
        if value is None:
            return None
        if least is None:
            return None if greatest is None or value <= greatest else False
        if greatest is None:
            return None if value >= least else False
        return least <= value <= greatest  # type: ignore[no-any-return]

    parts = (left, low, high)
    condition = _column_in_range(left, low, high, between) or between
    return ConditionExpr(condition, slots_of(*parts), all(part.constant for part in parts))


def _column_in_range(column: Expr, low: Expr, high: Expr, between: Condition) -> Condition | None:
    """The same for a column between constants or variables, which are read in place; ``between`` deals with NULL."""
    if column.column is None:
        return None
    slot, ordinal = column.column
    if low.constant and high.constant:
        least, greatest = constant_value(low), constant_value(high)
        if least is None or greatest is None:
            return None

        def between_constants(env: Env) -> bool | None:
            value = env[slot][ordinal]
            return None if value is None else least <= value <= greatest

        return between_constants
    if low.variable is None or high.variable is None:
        return None
    low_index, high_index = low.variable, high.variable

    def between_variables(env: Env) -> bool | None:
        value, variables = env[slot][ordinal], env[0]
        least, greatest = variables[low_index], variables[high_index]
        if value is None or least is None or greatest is None:
            return between(env)
        return least <= value <= greatest  # type: ignore[no-any-return]

    return between_variables


@tests(nodes.InList)
def _in_list(node: nodes.InList, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    pairs = [_sides(node.operand, item, scope, ctx) for item in node.items]
    found = _in_constants(pairs) if len(pairs) > 1 else None
    if found is None:
        found = any_of([compare("=", operand, item) for operand, item in pairs])
    return negation(found) if node.negated else found


def _in_constants(pairs: list[tuple[Expr, Expr]]) -> ConditionExpr | None:
    """IN as a look-up in a set: only if all items are constants that are compared in one and the same type."""
    if not all(item.constant for _, item in pairs):
        return None
    compared = [comparison_operands(operand, item) for operand, item in pairs if not item.is_null_literal]
    if not compared or len({(sides[0].type, sides[0].column) for sides in compared}) > 1:
        return None
    operand = compared[0][0]
    if operand.type.name == "sql_variant" or not all(item.constant for _, item in compared):
        return None
    values = [constant_value(item) for _, item in compared]
    has_null = None in values or len(compared) < len(pairs)
    key = sort_key(operand.type)
    members = frozenset(value if key is None else key(value) for value in values if value is not None)
    missing = None if has_null else False
    function = membership(members, key, missing)
    return ConditionExpr(apply(function, operand), operand.slots, operand.constant)


def membership(members: Any, key: Callable[[Any], Any] | None, missing: bool | None) -> Callable[[Any], bool | None]:
    """Whether a value is in a set of keys; ``missing`` is the answer when it is not."""
    if key is None:
        return lambda value: True if value in members else missing
    return lambda value: True if key(value) in members else missing


# --- LIKE -------------------------------------------------------------------------------------------------------------


@tests(nodes.Like)
def _like(node: nodes.Like, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    operand, pattern = _sides(node.operand, node.pattern, scope, ctx)
    operand, pattern = _text(operand), _text(pattern)
    operands = [operand, pattern]
    if node.escape is not None:
        operands.append(_text(compile_scalar(node.escape, scope, ctx)))
    unicode = is_unicode(operand.type) or is_unicode(pattern.type)
    rules = collation(common_collation(operand.type, pattern.type, "like"))

    @lru_cache(LIKE_CACHE_SIZE)
    def matcher(pattern_text: str, escape: str | None = None) -> Callable[[str], bool]:
        if escape is not None and len(escape) != 1:
            raise sql_error(506, escape, "LIKE")
        return like_matcher(pattern_text, escape, rules, unicode)

    fn: Condition
    if all(part.constant for part in operands[1:]):
        parts = [constant_value(part) for part in operands[1:]]
        if None in parts:
            return ConditionExpr(lambda env: None, constant=True)
        fn = apply(matcher(*parts), operand)
    else:
        fn = apply(lambda value, *parts: matcher(*parts)(value), *operands)
    condition = ConditionExpr(fn, slots_of(*operands), all(part.constant for part in operands))
    return negation(condition) if node.negated else condition


def _text(expr: Expr) -> Expr:
    """What LIKE matches: text; other types are converted to varchar."""
    if is_large_object(expr.type):
        return convert_to(expr, as_max(expr.type))
    if is_character(expr.type):
        return expr
    return convert_to(expr, varchar(8000))
