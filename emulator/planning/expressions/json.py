"""JSON_OBJECT and JSON_ARRAY, and which expressions are JSON already.

Documentation: "JSON_OBJECT (Transact-SQL)", "JSON_ARRAY (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.execution.functions.json_documents import json_writer, parse_document, write
from emulator.planning.binding import Env, Expr, PlanContext, Scope
from emulator.planning.expressions.application import constant_fold, slots_of
from emulator.planning.expressions.conversions import convert_to
from emulator.planning.expressions.scalars import compile_scalar, compiles
from emulator.sql import nodes
from emulator.types.sqltype import NVARCHAR_MAX, nvarchar

JSON_FUNCTIONS: Final = frozenset(("JSON_QUERY", "JSON_MODIFY", "JSON_OBJECT", "JSON_ARRAY"))


def is_json(node: nodes.Expression) -> bool:
    """Whether the value is JSON text that is put into other JSON as it is, not as a string."""
    if isinstance(node, nodes.FunctionCall):
        return node.name.name.upper() in JSON_FUNCTIONS
    if isinstance(node, nodes.ScalarSubquery):
        clause = node.query.for_clause
        return isinstance(clause, nodes.ForJson) and not clause.without_array_wrapper
    return isinstance(node, nodes.JsonObject | nodes.JsonArray)


def _writer(node: nodes.Expression, expr: Expr) -> Callable[[Any], Any]:
    return parse_document if is_json(node) else json_writer(expr.type)


@compiles(nodes.JsonArray)
def _array(node: nodes.JsonArray, scope: Scope | None, ctx: PlanContext) -> Expr:
    items = [compile_scalar(item, scope, ctx) for item in node.items]
    parts = [(expr.fn, _writer(item, expr)) for item, expr in zip(node.items, items, strict=True)]
    skip = node.absent_on_null

    def array(env: Env) -> str:
        elements = []
        for get, to_json in parts:
            value = get(env)
            if value is not None:
                elements.append(to_json(value))
            elif not skip:
                elements.append(None)
        return write(elements)

    return _expr(array, items)


@compiles(nodes.JsonObject)
def _object(node: nodes.JsonObject, scope: Scope | None, ctx: PlanContext) -> Expr:
    keys = [convert_to(compile_scalar(key, scope, ctx), nvarchar(4000)) for key, _ in node.members]
    values = [compile_scalar(value, scope, ctx) for _, value in node.members]
    parts = [
        (key.fn, value.fn, _writer(member, value))
        for key, value, (_, member) in zip(keys, values, node.members, strict=True)
    ]
    skip = node.absent_on_null

    def build(env: Env) -> str:
        members = {}
        for get_key, get, to_json in parts:
            value = get(env)
            if value is not None or not skip:
                members[get_key(env) or ""] = None if value is None else to_json(value)
        return write(members)

    return _expr(build, [*keys, *values])


def _expr(fn: Callable[[Env], str], operands: list[Expr]) -> Expr:
    return constant_fold(
        Expr(
            NVARCHAR_MAX,
            fn,
            nullable=False,
            slots=slots_of(*operands),
            constant=all(operand.constant for operand in operands),
            deterministic=all(operand.deterministic for operand in operands),
        )
    )
