"""Expressions as the catalog shows them: SQL Server keeps no text of a default, check, filter or computed column, but
writes it anew from its tree.

Names are in square brackets, numbers in round ones, names of functions and types in lower case; BETWEEN, IN, CAST,
IIF and COALESCE are written as what they stand for. Round brackets are those that precedence asks for.

Documentation: "sys.default_constraints", "sys.check_constraints", "sys.computed_columns" (column ``definition``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from emulator.execution.functions.registry import FUNCTIONS, Kind
from emulator.sql import nodes

NodeT = TypeVar("NodeT", bound=nodes.Node)

_OR, _AND, _NOT, _COMPARED, _ADDED, _MULTIPLIED, _ATOM = range(1, 8)
"""How tightly the parts of an expression bind, the loosest first."""

_PRECEDENCE: Final = {**dict.fromkeys("+-&|^", _ADDED), **dict.fromkeys("*/%", _MULTIPLIED)}

Rendered = tuple[str, int]
_RENDERERS: Final[dict[type, Callable[[Any], Rendered]]] = {}


class _Unrendered(Exception):
    """A construct whose spelling is not known."""


def definition_of(node: nodes.Expression | nodes.Predicate, text: str, *, filter: bool = False) -> str:
    """The definition in brackets. ``text`` is what was written: kept for what cannot be rendered. In the ``filter`` of
    an index IN stays as it is."""
    try:
        return f"({_filter(node) if filter else _render(node)[0]})"
    except _Unrendered:
        return f"({text})"


def _filter(node: nodes.Expression | nodes.Predicate) -> str:
    if isinstance(node, nodes.And):
        return " AND ".join(_filter(operand) for operand in node.operands)
    if isinstance(node, nodes.InList) and not node.negated:
        items = ", ".join(_at_least(item, _OR) for item in node.items)
        return f"{_at_least(node.operand, _ADDED)} IN ({items})"
    return _render(node)[0]


def renders(node_class: type[NodeT]) -> Callable[[Callable[[NodeT], Rendered]], Callable[[NodeT], Rendered]]:
    """Enter the decorated function as the renderer of ``node_class``."""

    def enter(renderer: Callable[[NodeT], Rendered]) -> Callable[[NodeT], Rendered]:
        _RENDERERS[node_class] = renderer
        return renderer

    return enter


def _render(node: nodes.Node) -> Rendered:
    renderer = _RENDERERS.get(type(node))
    if renderer is None:
        raise _Unrendered
    return renderer(node)


def _at_least(node: nodes.Node, precedence: int) -> str:
    """The text of a part, in brackets if it binds less tightly than its place asks for."""
    text, own = _render(node)
    return text if own >= precedence else f"({text})"


def _name(name: str) -> str:
    return f"[{name.replace(']', ']]')}]"


def _qualified(name: nodes.ObjectName) -> str:
    parts = [part for part in (name.database, name.schema, name.name) if part is not None]
    return ".".join(_name(part) for part in parts)


def _type(type: nodes.TypeName) -> str:
    name = _name(type.name.lower() if type.schema is None else type.name)
    if type.schema is not None:
        name = f"{_name(type.schema)}.{name}"
    if type.is_max:
        return f"{name}(max)"
    return f"{name}({','.join(map(str, type.arguments))})" if type.arguments else name


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# --- Constants and names ----------------------------------------------------------------------------------------------


@renders(nodes.IntegerLiteral)
def _integer(node: nodes.IntegerLiteral) -> Rendered:
    return f"({node.value})", _ATOM


@renders(nodes.NumericLiteral)
def _numeric(node: nodes.NumericLiteral) -> Rendered:
    return f"({node.value:f})", _ATOM


@renders(nodes.FloatLiteral)
def _float(node: nodes.FloatLiteral) -> Rendered:
    mantissa, exponent = f"{node.value:.16e}".split("e")
    return f"({mantissa}e{exponent[0]}{exponent[1:].rjust(3, '0')})", _ATOM


@renders(nodes.MoneyLiteral)
def _money(node: nodes.MoneyLiteral) -> Rendered:
    return f"(${node.value:.4f})", _ATOM


@renders(nodes.StringLiteral)
def _string(node: nodes.StringLiteral) -> Rendered:
    return ("N" if node.national else "") + _quoted(node.value), _ATOM


@renders(nodes.BinaryLiteral)
def _binary_literal(node: nodes.BinaryLiteral) -> Rendered:
    return f"0x{node.value.hex().upper()}", _ATOM


@renders(nodes.NullLiteral)
def _null(node: nodes.NullLiteral) -> Rendered:
    return "NULL", _ATOM


@renders(nodes.ColumnRef)
def _column(node: nodes.ColumnRef) -> Rendered:
    return _name(node.name), _ATOM


@renders(nodes.NextValueFor)
def _next_value(node: nodes.NextValueFor) -> Rendered:
    if node.order_by:
        raise _Unrendered
    return f"NEXT VALUE FOR {_qualified(node.sequence)}", _ATOM


# --- Operators and functions ------------------------------------------------------------------------------------------


@renders(nodes.Unary)
def _unary(node: nodes.Unary) -> Rendered:
    literals = (nodes.IntegerLiteral, nodes.NumericLiteral, nodes.FloatLiteral, nodes.MoneyLiteral)
    if node.operator == "-" and isinstance(node.operand, literals):
        return f"(-{_render(node.operand)[0][1:]}", _ATOM
    return f"{node.operator}{_at_least(node.operand, _ATOM)}", _ATOM


@renders(nodes.Binary)
def _binary(node: nodes.Binary) -> Rendered:
    own = _PRECEDENCE[node.operator]
    return f"{_at_least(node.left, own)}{node.operator}{_at_least(node.right, own + 1)}", own


@renders(nodes.Collate)
def _collate(node: nodes.Collate) -> Rendered:
    return f"{_at_least(node.operand, _ATOM)} collate {node.collation}", _ATOM


@renders(nodes.Cast)
def _cast(node: nodes.Cast) -> Rendered:
    name = "TRY_CAST" if node.attempt else "CONVERT"
    if node.attempt:
        return f"{name}({_render(node.operand)[0]} AS {_type(node.type)})", _ATOM
    return f"{name}({_type(node.type)},{_render(node.operand)[0]})", _ATOM


@renders(nodes.Convert)
def _convert(node: nodes.Convert) -> Rendered:
    style = "" if node.style is None else f",{_render(node.style)[0]}"
    name = "TRY_CAST" if node.attempt and node.style is None else "TRY_CONVERT" if node.attempt else "CONVERT"
    if name == "TRY_CAST":
        return f"{name}({_render(node.operand)[0]} AS {_type(node.type)})", _ATOM
    return f"{name}({_type(node.type)},{_render(node.operand)[0]}{style})", _ATOM


@renders(nodes.NiladicFunction)
def _niladic(node: nodes.NiladicFunction) -> Rendered:
    names = {"CURRENT_TIMESTAMP": "getdate()", "CURRENT_USER": "user_name()", "USER": "user_name()"}
    return names.get(node.name, f"{node.name.lower()}()"), _ATOM


@renders(nodes.FunctionCall)
def _call(node: nodes.FunctionCall) -> Rendered:
    if node.star or node.distinct or node.within_group or node.over is not None or node.odbc:
        raise _Unrendered
    name = node.name.name
    if node.name.schema is not None:
        return f"{_qualified(node.name)}({_list(node.arguments)})", _ATOM
    if name.upper() == "COALESCE":
        return _coalesce(node.arguments), _ATOM
    function = FUNCTIONS.get(name.upper())
    if function is not None and Kind.DATE_PART in function.kinds:
        word, *rest = node.arguments
        if not isinstance(word, nodes.ColumnRef):
            raise _Unrendered
        return f"{name.lower()}({','.join([word.name.lower(), *(_render(item)[0] for item in rest)])})", _ATOM
    return f"{name.lower()}({_list(node.arguments)})", _ATOM


def _list(items: Sequence[nodes.Expression]) -> str:
    return ",".join(_render(item)[0] for item in items)


def _coalesce(arguments: Sequence[nodes.Expression]) -> str:
    first, *rest = arguments
    otherwise = _coalesce(rest) if len(rest) > 1 else _render(rest[0])[0]
    return f"case when {_at_least(first, _ADDED)} IS NOT NULL then {_render(first)[0]} else {otherwise} end"


@renders(nodes.SearchedCase)
def _searched_case(node: nodes.SearchedCase) -> Rendered:
    branches = [f" when {_render(condition)[0]} then {_render(result)[0]}" for condition, result in node.branches]
    return f"case{''.join(branches)}{_otherwise(node.otherwise)} end", _ATOM


@renders(nodes.SimpleCase)
def _simple_case(node: nodes.SimpleCase) -> Rendered:
    branches = [f" when {_render(value)[0]} then {_render(result)[0]}" for value, result in node.branches]
    return f"case {_render(node.operand)[0]}{''.join(branches)}{_otherwise(node.otherwise)} end", _ATOM


def _otherwise(node: nodes.Expression | None) -> str:
    return "" if node is None else f" else {_render(node)[0]}"


# --- Conditions -------------------------------------------------------------------------------------------------------


@renders(nodes.Comparison)
def _comparison(node: nodes.Comparison) -> Rendered:
    return f"{_at_least(node.left, _ADDED)}{node.operator}{_at_least(node.right, _ADDED)}", _COMPARED


@renders(nodes.IsNull)
def _is_null(node: nodes.IsNull) -> Rendered:
    return f"{_at_least(node.operand, _ADDED)} IS {'NOT ' if node.negated else ''}NULL", _COMPARED


@renders(nodes.Like)
def _like(node: nodes.Like) -> Rendered:
    escape = "" if node.escape is None else f" escape {_render(node.escape)[0]}"
    text = f"{_at_least(node.operand, _ADDED)} like {_at_least(node.pattern, _ADDED)}{escape}"
    return (f"NOT {text}", _NOT) if node.negated else (text, _COMPARED)


@renders(nodes.Between)
def _between(node: nodes.Between) -> Rendered:
    operand = _at_least(node.operand, _ADDED)
    text = f"{operand}>={_at_least(node.low, _ADDED)} AND {operand}<={_at_least(node.high, _ADDED)}"
    return (f"NOT ({text})", _NOT) if node.negated else (text, _AND)


@renders(nodes.InList)
def _in(node: nodes.InList) -> Rendered:
    """The items come in reverse."""
    operand = _at_least(node.operand, _ADDED)
    text = " OR ".join(f"{operand}={_at_least(item, _ADDED)}" for item in reversed(node.items))
    if node.negated:
        return f"NOT ({text})", _NOT
    return text, _OR if len(node.items) > 1 else _COMPARED


@renders(nodes.Not)
def _not(node: nodes.Not) -> Rendered:
    return f"NOT {_at_least(node.operand, _COMPARED)}", _NOT


@renders(nodes.And)
def _and(node: nodes.And) -> Rendered:
    return " AND ".join(_at_least(operand, _AND) for operand in node.operands), _AND


@renders(nodes.Or)
def _or(node: nodes.Or) -> Rendered:
    return " OR ".join(_at_least(operand, _OR) for operand in node.operands), _OR
