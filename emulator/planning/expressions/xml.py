"""The methods of the xml type: value(), query() and exist().

Documentation: "xml Data Type Methods".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from emulator.errors import NotSupported, sql_error
from emulator.planning.binding import Expr, PlanContext, Scope
from emulator.planning.expressions.application import applied
from emulator.planning.expressions.conversions import resolve_type
from emulator.planning.expressions.scalars import compile_scalar, compiles
from emulator.sql import nodes
from emulator.sql.parser import parse_type
from emulator.types.conversion import converter
from emulator.types.sqltype import BIT, NVARCHAR_MAX, XML, SqlType
from emulator.types.xml_documents import parse
from emulator.types.xml_paths import Item, Node, Path, Reference, node_text, parse_item, parse_path

XML_REFERENCE: Final = SqlType("xml reference")
"""The type of a column of nodes(): nothing but the methods takes it."""

_KEPT_DOCUMENTS: Final = 8


@lru_cache(_KEPT_DOCUMENTS)
def _parsed(text: str) -> Node:
    """The documents met last: nodes() and the methods of one statement ask for the same one again and again."""
    return parse(text, keep_blanks=True)


def context_of(value: str) -> Node:
    """The node from which a path leads: the root of a document, or the node referred to."""
    return value.node if isinstance(value, Reference) else _parsed(value)


def compile_operand(node: nodes.MethodCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    """The xml value whose method is called. Errors: 258."""
    operand = compile_scalar(node.operand, scope, ctx)
    if operand.type.name not in (XML.name, XML_REFERENCE.name):
        raise sql_error(258, operand.type.name, line=node.line)
    return operand


def path_argument(node: nodes.MethodCall, place: int = 0) -> str:
    """An argument, which must be written as a string. Errors: 174, 8172."""
    expected = 2 if node.method == "value" else 1
    if len(node.arguments) != expected:
        raise sql_error(174, node.method, expected, line=node.line)
    argument = node.arguments[place]
    if not isinstance(argument, nodes.StringLiteral):
        raise sql_error(8172, place + 1, node.method, line=node.line)
    return argument.value


@compiles(nodes.MethodCall)
def _method_call(node: nodes.MethodCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    operand = compile_operand(node, scope, ctx)
    match node.method:
        case "value":
            type = resolve_type(parse_type(path_argument(node, 1)), ctx)
            return applied(type, _value(parse_item(path_argument(node)), type, node.line), operand, nullable=True)
        case "query":
            return applied(XML, _query(parse_path(path_argument(node))), operand)
        case "exist":
            path = parse_path(path_argument(node))
            return applied(BIT, lambda value: int(bool(path.select(context_of(value)))), operand)
        case _:
            raise NotSupported(f"the method {node.method}() of a value", node.line)


def _value(item: Item, type: SqlType, line: int) -> Callable[[str], Any]:
    """The only value in the type; NULL if there is none. Errors: 2389 for what may be several."""
    if not item.single:
        raise sql_error(2389, line=line)
    convert = converter(NVARCHAR_MAX, type, explicit=True) or (lambda text: text)

    def value(document: str) -> Any:
        found = item.of(context_of(document))
        return None if found is None else convert(found)

    return value


def _query(path: Path) -> Callable[[str], str]:
    return lambda document: "".join(node_text(node) for node in path.select(context_of(document)))
