"""Conversions inside expressions: implicit, explicit and those of assignments; CAST and CONVERT.

Documentation: "CAST and CONVERT (Transact-SQL)", "Data type conversion (Database Engine)".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emulator.catalog.objects import AliasType
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.functions.formatting import session_culture
from emulator.execution.functions.parsing import is_parsable, parser_of
from emulator.planning.binding import Env, Expr, PlanContext, Scope
from emulator.planning.expressions.application import absorbing, applied, constant_fold, constant_value, null
from emulator.planning.expressions.scalars import compile_scalar, compiles
from emulator.sql import nodes
from emulator.types.collation import collation
from emulator.types.conversion import assigner, converter
from emulator.types.cultures import find_culture
from emulator.types.names import resolve
from emulator.types.sqltype import INT, SqlType, is_character, nvarchar

__all__ = ["assign_to", "constant_fold", "convert_to", "resolve_type"]

DEFAULT_CAST_LENGTH = 30
"""Length of character and binary types written without one in CAST and CONVERT."""

WIDTH_NOT_ALLOWED = 2716
CONVERSION_ERRORS = frozenset(
    {220, 232, 235, 236, 237, 241, 242, 244, 245, 248, 293, 295, 296, 517, 8114, 8115, 8169, 9807, 9819}
)
"""What TRY_CAST and TRY_CONVERT turn into NULL. Other errors (529 among them) stay."""


def convert_to(expr: Expr, target: SqlType, *, explicit: bool = False) -> Expr:
    """``expr`` converted to ``target`` (character data is cut to length); ``expr`` itself if it is of that type.

    Constants are folded. The result of a real conversion has no ``column``. Character data keeps its collation when
    ``target`` names none. Errors: 206 operand type clash, 529 for an explicit conversion that is not allowed, 257 for
    one that must be explicit; at run time 241, 245, 8114, 8115, ...
    """
    target = _with_collation_of(expr, target)
    if expr.type == target:
        return expr
    if expr.is_null_literal:
        return null(target)
    return _converted(expr, target, converter(expr.type, target, explicit=explicit))


def assign_to(expr: Expr, target: SqlType, on_truncation: Callable[[Any], SqlError] | None = None) -> Expr:
    """``expr`` as it is stored into a column or variable of type ``target``.

    ``on_truncation`` makes the error for a character or binary value that is too long (2628, 8152), given the part
    that would fit; None cuts silently (variables and parameters).
    """
    if expr.type == target:
        return expr
    if expr.is_null_literal:
        return null(target)
    return _converted(expr, target, assigner(expr.type, target, on_truncation))


def _converted(expr: Expr, target: SqlType, function: Callable[[Any], Any] | None) -> Expr:
    if function is None:
        return replace(expr, type=target)
    return applied(target, function, expr)


def _with_collation_of(expr: Expr, target: SqlType) -> SqlType:
    if target.collation is None and expr.type.collation is not None and is_character(target):
        return replace(target, collation=expr.type.collation)
    return target


def resolve_type(name: nodes.TypeName, ctx: PlanContext, default_length: int = 1) -> SqlType:
    """The scalar type that ``name`` means: a system type or an alias type of the database.

    Errors: 243 for a name that is no type.
    """
    found = resolve(name, default_length)
    if found is not None:
        return found
    schemas = (name.schema,) if name.schema else (ctx.module_schema or "dbo", "dbo")
    for schema in schemas:
        alias = ctx.database.types.get((schema.lower(), name.name.lower()))
        if isinstance(alias, AliasType):
            return alias.type
    raise sql_error(243, name.name, line=name.line)


def _written_type(name: nodes.TypeName, ctx: PlanContext) -> SqlType:
    """The type that CAST or CONVERT names. Errors: 291 for a length that the type has not."""
    try:
        return resolve_type(name, ctx, DEFAULT_CAST_LENGTH)
    except SqlError as error:
        if error.number != WIDTH_NOT_ALLOWED:
            raise
        raise sql_error(291, name.name, line=name.line) from None


@compiles(nodes.Cast)
def _compile_cast(node: nodes.Cast, scope: Scope | None, ctx: PlanContext) -> Expr:
    operand = compile_scalar(node.operand, scope, ctx)
    target = _written_type(node.type, ctx)
    converted = convert_to(operand, target, explicit=True)
    return _attempted(converted) if node.attempt else _explicit(absorbing(converted, ctx), operand)


@compiles(nodes.Convert)
def _compile_convert(node: nodes.Convert, scope: Scope | None, ctx: PlanContext) -> Expr:
    operand = compile_scalar(node.operand, scope, ctx)
    target = _written_type(node.type, ctx)
    if node.style is None:
        converted = convert_to(operand, target, explicit=True)
    else:
        style = convert_to(compile_scalar(node.style, scope, ctx), INT)
        converted = _styled(operand, _with_collation_of(operand, target), style)
    return _attempted(converted) if node.attempt else _explicit(absorbing(converted, ctx), operand)


def _styled(operand: Expr, target: SqlType, style: Expr) -> Expr:
    if operand.is_null_literal:
        return null(target)
    source = operand.type
    if style.constant:
        value = constant_value(style)
        if value is None:
            return null(target)
        return _converted(operand, target, converter(source, target, style=value, explicit=True))
    by_style: dict[int, Callable[[Any], Any]] = {}

    def convert(value: Any, style_value: int) -> Any:
        function = by_style.get(style_value)
        if function is None:
            function = converter(source, target, style=style_value, explicit=True) or (lambda same: same)
            by_style[style_value] = function
        return function(value)

    return applied(target, convert, operand, style)


def _explicit(converted: Expr, operand: Expr) -> Expr:
    """What CAST and CONVERT give is no bare column any more, unless there was nothing to convert."""
    if converted is operand and converted.literal is None:
        return converted
    return replace(converted, column=None, literal=None, is_null_literal=False)


def _attempted(expr: Expr) -> Expr:
    if expr.constant:
        return expr
    get = expr.fn

    def attempt(env: Env) -> Any:
        try:
            return get(env)
        except SqlError as error:
            if error.number in CONVERSION_ERRORS:
                return None
            raise

    return replace(expr, fn=attempt, nullable=True, column=None, variable=None, literal=None)


@compiles(nodes.Parse)
def _compile_parse(node: nodes.Parse, scope: Scope | None, ctx: PlanContext) -> Expr:
    """PARSE and TRY_PARSE, in the culture of the session's language unless one is given.

    Errors: 10761 a type that cannot be parsed, 8116 the constant NULL, 9818 an unknown culture; at run time 9819.
    """
    name = "TRY_PARSE" if node.attempt else "PARSE"
    culture = None if node.culture is None else compile_scalar(node.culture, scope, ctx)
    if culture is not None and not culture.constant:
        raise NotSupported(f"{name} with a culture that is not constant", node.line)
    rules = session_culture() if culture is None else find_culture(str(constant_value(culture)))
    target = resolve_type(node.type, ctx)
    if not is_parsable(target):
        raise sql_error(10761, node.type.name, name, line=node.line)
    operand = compile_scalar(node.operand, scope, ctx)
    if operand.is_null_literal:
        raise sql_error(8116, "NULL", 1, name.lower(), line=node.line)
    parsed = applied(target, parser_of(target, rules), convert_to(operand, nvarchar(4000)))
    return _attempted(parsed) if node.attempt else parsed


@compiles(nodes.Collate)
def _compile_collate(node: nodes.Collate, scope: Scope | None, ctx: PlanContext) -> Expr:
    operand = compile_scalar(node.operand, scope, ctx)
    if operand.is_null_literal:
        operand = null(SqlType("varchar", 1))
    if not is_character(operand.type):
        raise sql_error(447, operand.type.name, line=node.line)
    name = ctx.database.collation if node.collation.lower() == "database_default" else collation(node.collation).name
    if operand.type.collation == name:
        return operand
    return replace(operand, type=replace(operand.type, collation=name), column=None, is_null_literal=False)
