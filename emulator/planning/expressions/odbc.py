"""ODBC's scalar functions, ``{fn name(...)}``, said in T-SQL.

Documentation: "ODBC Scalar Functions (Transact-SQL)"; the drivers' lists of the functions that the escape may call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from emulator.errors import sql_error
from emulator.sql import nodes

Arguments = tuple[nodes.Expression, ...]

_NAMES: Final = {"UCASE": "UPPER", "LCASE": "LOWER", "LENGTH": "LEN", "IFNULL": "ISNULL", "NOW": "GETDATE"} | {
    "USER": "CURRENT_USER",
    "DATABASE": "DB_NAME",
    "CURDATE": "CURRENT_DATE",
    "DAYOFMONTH": "DAY",
    "ATAN2": "ATN2",
    "INSERT": "STUFF",
    "LOCATE": "CHARINDEX",
    "REPEAT": "REPLICATE",
    "OCTET_LENGTH": "DATALENGTH",
    "EXTRACT": "DATEPART",
}
_PARTS: Final = {"DAYOFWEEK": "weekday", "DAYOFYEAR": "dayofyear", "HOUR": "hour", "MINUTE": "minute"} | {
    "SECOND": "second",
    "QUARTER": "quarter",
    "WEEK": "week",
}
_PART_NAMES: Final = {"DAYNAME": "weekday", "MONTHNAME": "month"}
_INTERVALS: Final = {"SQL_TSI_SECOND": "second", "SQL_TSI_MINUTE": "minute", "SQL_TSI_HOUR": "hour"} | {
    "SQL_TSI_DAY": "day",
    "SQL_TSI_WEEK": "week",
    "SQL_TSI_MONTH": "month",
    "SQL_TSI_QUARTER": "quarter",
    "SQL_TSI_YEAR": "year",
}


def translated(node: nodes.FunctionCall) -> nodes.Expression:
    """What ``node``, a call in the escape, is in T-SQL; most functions are what they are called. Errors: 174, 155."""
    name = node.name.name.upper()
    if name in _PARTS:
        return _call(node, "DATEPART", (nodes.ColumnRef(_PARTS[name]), *_counted(node, 1)))
    if name in _PART_NAMES:
        return _call(node, "DATENAME", (nodes.ColumnRef(_PART_NAMES[name]), *_counted(node, 1)))
    if name in _BUILDERS:
        return _BUILDERS[name](node)
    return _call(node, _NAMES.get(name, name), node.arguments)


def _call(node: nodes.FunctionCall, name: str, arguments: Arguments) -> nodes.FunctionCall:
    return nodes.FunctionCall(nodes.ObjectName(name, line=node.line), arguments, line=node.line)


def _counted(node: nodes.FunctionCall, count: int) -> Arguments:
    if len(node.arguments) != count:
        raise sql_error(174, node.name.name.lower(), count, line=node.line)
    return node.arguments


def _current_time(node: nodes.FunctionCall) -> nodes.Expression:
    """CURRENT_TIME [(precision)], CURTIME."""
    precision = 3
    if node.arguments:
        (argument,) = _counted(node, 1)
        if not isinstance(argument, nodes.IntegerLiteral):
            raise sql_error(102, ")", line=node.line)
        precision = argument.value
    return nodes.Cast(_call(node, "SYSDATETIME", ()), nodes.TypeName("time", arguments=(precision,)), line=node.line)


def _remainder(node: nodes.FunctionCall) -> nodes.Expression:
    return nodes.Binary("%", *_counted(node, 2), line=node.line)


def _truncated(node: nodes.FunctionCall) -> nodes.Expression:
    return _call(node, "ROUND", (*_counted(node, 2), nodes.IntegerLiteral(1)))


def _bits(node: nodes.FunctionCall) -> nodes.Expression:
    length = _call(node, "DATALENGTH", _counted(node, 1))
    return nodes.Binary("*", length, nodes.IntegerLiteral(8), line=node.line)


def _stamp(name: str) -> Callable[[nodes.FunctionCall], nodes.Expression]:
    """TIMESTAMPADD and TIMESTAMPDIFF: ``name`` with the part that the interval names."""

    def build(node: nodes.FunctionCall) -> nodes.Expression:
        interval, *others = _counted(node, 3)
        word = interval.name if isinstance(interval, nodes.ColumnRef) else ""
        part = _INTERVALS.get(word.upper())
        if part is None:
            raise sql_error(155, word, node.name.name.lower(), line=node.line)
        return _call(node, name, (nodes.ColumnRef(part), *others))

    return build


_BUILDERS: Final[dict[str, Callable[[nodes.FunctionCall], nodes.Expression]]] = {
    "CURRENT_TIME": _current_time,
    "CURTIME": _current_time,
    "MOD": _remainder,
    "TRUNCATE": _truncated,
    "BIT_LENGTH": _bits,
    "TIMESTAMPADD": _stamp("DATEADD"),
    "TIMESTAMPDIFF": _stamp("DATEDIFF"),
}
