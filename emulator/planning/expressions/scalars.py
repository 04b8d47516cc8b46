"""Compilation of scalar expressions: the entry, literals, and names of columns and variables.

Each kind of node has one compiler, entered under its class by ``compiles``; the other modules of this package add
theirs.

Replacements: what a query has computed already (grouping expressions, aggregates, window functions) stands in a
scope's ``replacements`` and is looked up before anything else. In a grouped scope two spellings of the same expression
count as the same (``t.Code`` and ``CODE``): they are compared in a canonical form with names resolved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

from emulator.catalog.objects import fold
from emulator.errors import NotSupported, sql_error
from emulator.planning.binding import Env, Expr, PlanContext, Scope
from emulator.planning.expressions.application import constant, null
from emulator.planning.expressions.lock_resources import lock_resource
from emulator.sql import nodes
from emulator.types.collation import collation
from emulator.types.conversion import converter
from emulator.types.sqltype import (
    DATETIME,
    FLOAT,
    INT,
    MAX,
    MONEY,
    MONEY_SCALE,
    UNIQUEIDENTIFIER,
    SqlType,
    numeric,
    nvarchar,
    varbinary,
    varchar,
)

NodeT = TypeVar("NodeT", bound=nodes.Expression)
Compiler = Callable[[Any, "Scope | None", PlanContext], Expr]

COMPILERS: dict[type, Compiler] = {}
"""The compiler of each class of scalar nodes."""

MAX_VARCHAR = 8000
MAX_NVARCHAR = 4000


def compiles(
    node_class: type[NodeT],
) -> Callable[[Callable[[NodeT, Scope | None, PlanContext], Expr]], Callable[[NodeT, Scope | None, PlanContext], Expr]]:
    """Enter the decorated function as the compiler of ``node_class``."""

    def enter(
        compiler: Callable[[NodeT, Scope | None, PlanContext], Expr],
    ) -> Callable[[NodeT, Scope | None, PlanContext], Expr]:
        COMPILERS[node_class] = compiler
        return compiler

    return enter


def compile_scalar(node: nodes.Expression, scope: Scope | None, ctx: PlanContext) -> Expr:
    """Compile ``node``. Nodes found in ``replacements`` of a scope are that expression.

    Errors at compile time: names (207, 209, 4104, 137), 8120, operand types (402, 206, 8117), functions (195, 174,
    189, 4121), NotSupported.
    """
    if scope is not None and scope.replacements:
        known = _replacement(node, scope)
        if known is not None:
            return known
    compiler = COMPILERS.get(type(node))
    if compiler is None:
        raise NotSupported(type(node).__name__, node.line)
    return compiler(node, scope, ctx)


# --- Replacements -----------------------------------------------------------------------------------------------------


def _replacement(node: nodes.Expression, scope: Scope) -> Expr | None:
    known = scope.replacements.get(node)
    if known is not None or not scope.grouped or isinstance(node, nodes.ColumnRef):
        return known
    wanted = canonical(node, scope)
    for key, expr in scope.replacements.items():
        if type(key) is type(node) and canonical(key, scope) == wanted:
            return expr
    return None


def canonical(node: object, scope: Scope) -> object:
    """A form of ``node`` that is equal for two spellings of the same expression over the sources of ``scope``."""
    if isinstance(node, nodes.ColumnRef):
        found = scope.find(node)
        return node if found is None else ("column", found[0].slot, found[1])
    if isinstance(node, nodes.ObjectName):
        return fold(str(node))
    if isinstance(node, nodes.Variable):
        return fold(node.name)
    if isinstance(node, nodes.Node):
        return (type(node), *(canonical(getattr(node, item.name), scope) for item in fields(node) if item.compare))
    if isinstance(node, tuple):
        return tuple(canonical(element, scope) for element in node)
    return node


# --- Literals ---------------------------------------------------------------------------------------------------------


@compiles(nodes.IntegerLiteral)
def _integer(node: nodes.IntegerLiteral, scope: Scope | None, ctx: PlanContext) -> Expr:
    return constant(INT, node.value, literal=node.value)


@compiles(nodes.NumericLiteral)
def _numeric(node: nodes.NumericLiteral, scope: Scope | None, ctx: PlanContext) -> Expr:
    return constant(numeric(node.precision, node.scale), int(node.value.scaleb(node.scale)))


@compiles(nodes.FloatLiteral)
def _float(node: nodes.FloatLiteral, scope: Scope | None, ctx: PlanContext) -> Expr:
    return constant(FLOAT, node.value)


@compiles(nodes.MoneyLiteral)
def _money(node: nodes.MoneyLiteral, scope: Scope | None, ctx: PlanContext) -> Expr:
    return constant(MONEY, int(node.value.scaleb(MONEY_SCALE).to_integral_value()))


@compiles(nodes.StringLiteral)
def _string(node: nodes.StringLiteral, scope: Scope | None, ctx: PlanContext) -> Expr:
    length = max(len(node.value), 1)
    if node.national:
        return constant(nvarchar(length if length <= MAX_NVARCHAR else MAX), node.value)
    own = collation(ctx.database.collation)  # in the code page of the database
    value = node.value if node.value.isascii() else own.decode(own.encode(node.value))
    return constant(varchar(length if length <= MAX_VARCHAR else MAX), value)


@compiles(nodes.BinaryLiteral)
def _binary(node: nodes.BinaryLiteral, scope: Scope | None, ctx: PlanContext) -> Expr:
    length = max(len(node.value), 1)
    return constant(varbinary(length if length <= MAX_VARCHAR else MAX), node.value)


@compiles(nodes.NullLiteral)
def _null(node: nodes.NullLiteral, scope: Scope | None, ctx: PlanContext) -> Expr:
    return null(INT, literal=True)


@compiles(nodes.OdbcDateTime)
def _odbc(node: nodes.OdbcDateTime, scope: Scope | None, ctx: PlanContext) -> Expr:
    target = UNIQUEIDENTIFIER if node.kind == "guid" else DATETIME
    convert = converter(varchar(max(len(node.value), 1)), target, explicit=True)
    assert convert is not None
    return constant(target, convert(node.value))


# --- Names ------------------------------------------------------------------------------------------------------------


@compiles(nodes.Variable)
def _variable(node: nodes.Variable, scope: Scope | None, ctx: PlanContext) -> Expr:
    argument = ctx.parameters.get(fold(node.name)) if ctx.parameters else None
    if argument is not None:
        return argument
    info = ctx.variables.scalar(node.name, node.line)
    index = info.index

    def read(env: Env) -> Any:
        return env[0][index]

    return Expr(replace(info.type, collation=None) if info.type.collation else info.type, read, variable=index)


@compiles(nodes.ColumnRef)
def _column(node: nodes.ColumnRef, scope: Scope | None, ctx: PlanContext) -> Expr:
    at = scope
    while at is not None:
        known = at.replacements.get(node)
        if known is not None:
            return known
        found = at.find(node)
        if found is not None:
            source, ordinal = found
            if at.grouped:
                return _grouped_column(node, at, source.slot, ordinal, f"{source.alias}.{source.columns[ordinal].name}")
            if source.expressions is not None:
                return source.expressions[ordinal]
            column = source.columns[ordinal]
            return column_of(source.slot, ordinal, column.type, column.nullable or source.nullable_side)
        at = at.parent
    raise (scope or Scope()).unbound(node)


def column_of(slot: int, ordinal: int, type: SqlType, nullable: bool = True) -> Expr:
    """The column ``ordinal`` of the row in ``slot``."""

    def read(env: Env) -> Any:
        return env[slot][ordinal]

    return Expr(type, read, nullable=nullable, slots=frozenset((slot,)), column=(slot, ordinal))


def _grouped_column(node: nodes.ColumnRef, scope: Scope, slot: int, ordinal: int, name: str) -> Expr:
    for key, expr in scope.replacements.items():
        if isinstance(key, nodes.ColumnRef):
            found = scope.find(key)
            if found is not None and (found[0].slot, found[1]) == (slot, ordinal):
                return expr
    raise sql_error(8120, name, line=node.line)


@compiles(nodes.PseudoColumn)
def _pseudo_column(node: nodes.PseudoColumn, scope: Scope | None, ctx: PlanContext) -> Expr:
    if node.is_virtual:
        return lock_resource(node, scope)
    return compile_scalar(pseudo_reference(node, scope), scope, ctx)


def pseudo_reference(node: nodes.PseudoColumn, scope: Scope | None) -> nodes.ColumnRef:
    """The column that $IDENTITY or $ROWGUID stands for. Errors: 207 there is none, 209 more than one table has one."""
    found: list[nodes.ColumnRef] = []
    for source in scope.sources if scope is not None else ():
        if (node.table is not None and fold(node.table.name) != fold(source.alias)) or source.table is None:
            continue
        for column in source.table.columns:
            if column.identity is not None if node.name == "$IDENTITY" else column.rowguidcol:
                found.append(nodes.ColumnRef(column.name, nodes.ObjectName(source.alias), line=node.line))
    if len(found) > 1:
        raise sql_error(209, node.name, line=node.line)
    if not found or node.name not in ("$IDENTITY", "$ROWGUID"):
        raise sql_error(207, node.name, line=node.line)
    return found[0]


@compiles(nodes.IdentityFunction)
def _identity(node: nodes.IdentityFunction, scope: Scope | None, ctx: PlanContext) -> Expr:
    raise sql_error(177, line=node.line)


@compiles(nodes.DefaultValue)
def _default(node: nodes.DefaultValue, scope: Scope | None, ctx: PlanContext) -> Expr:
    raise sql_error(156, "DEFAULT", line=node.line)
