"""The aggregate functions: the type of the result and the accumulator, by the type of the argument.

An accumulator is three functions: ``new()`` makes the state of an empty group, ``add(state, value)`` gives the state
with one more value (never NULL), ``result(state)`` the value of the aggregate, NULL for an empty group except where the
function counts.

GROUPING and GROUPING_ID stand in the list of names only: the query that groups computes them.

Documentation: "Aggregate Functions (Transact-SQL)" and the page of each function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from emulator.errors import sql_error
from emulator.types.comparison import sort_key
from emulator.types.exact import POWERS, divide_truncating
from emulator.types.sqltype import (
    BIGINT,
    FLOAT,
    INT,
    INTEGER_RANGES,
    MAX,
    MAX_PRECISION,
    MONEY,
    MONEY_RANGES,
    SqlType,
    is_binary,
    is_character,
    is_decimal,
    is_float,
    is_integer,
    is_large_object,
    is_money,
    is_numeric,
    is_unicode,
    message_name,
    nvarchar,
    precision_and_scale,
    varchar,
)

AVG_LEAST_SCALE: Final = 6
"""AVG of a decimal has at least so many digits after the point."""

GROUPING_FUNCTIONS: Final = frozenset(("GROUPING", "GROUPING_ID"))


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate function for values of one type. ``nullable``: an empty group gives NULL."""

    type: SqlType
    new: Callable[[], Any]
    add: Callable[[Any, Any], Any]
    result: Callable[[Any], Any]
    nullable: bool = True


Binder: TypeAlias = Callable[[SqlType], Aggregate]


def distinct(aggregate: Aggregate, argument: SqlType) -> Aggregate:
    """The aggregate over different values only: the first of equal ones counts."""
    key = sort_key(argument)
    new, add, result = aggregate.new, aggregate.add, aggregate.result

    def note(state: dict[Any, Any], value: Any) -> dict[Any, Any]:
        state.setdefault(value if key is None else key(value), value)
        return state

    def finish(state: dict[Any, Any]) -> Any:
        inner = new()
        for value in state.values():
            inner = add(inner, value)
        return result(inner)

    return Aggregate(aggregate.type, dict, note, finish, aggregate.nullable)


# --- Counting ---------------------------------------------------------------------------------------------------------


def _counter(type: SqlType) -> Binder:
    limit = INTEGER_RANGES[type.name][1]

    def finish(count: int) -> int:
        if count > limit:
            raise sql_error(8115, "expression", type.name)
        return count

    def bind(argument: SqlType) -> Aggregate:
        if is_large_object(argument):
            raise sql_error(8117, argument.name, "count")
        return Aggregate(type, int, lambda count, value: count + 1, finish, nullable=False)

    return bind


def _approximate_count(argument: SqlType) -> Aggregate:
    """Exact here: the documented error of SQL Server's estimate includes none."""
    return distinct(_counter(BIGINT)(argument), argument)


# --- Sums -------------------------------------------------------------------------------------------------------------


def _numeric(argument: SqlType, operation: str) -> SqlType:
    if not is_numeric(argument) or argument.name == "bit":
        raise sql_error(8117, message_name(argument), operation)
    return argument


def sum_type(argument: SqlType) -> SqlType:
    """The type of SUM: int, bigint, decimal(38, s), money or float. Errors: 8117."""
    if is_decimal(_numeric(argument, "sum")):
        return SqlType(argument.name, precision=MAX_PRECISION, scale=argument.scale)
    if is_integer(argument):
        return BIGINT if argument.name == "bigint" else INT
    return MONEY if is_money(argument) else FLOAT


def avg_type(argument: SqlType) -> SqlType:
    """The type of AVG: as for SUM, but for a decimal of scale s decimal(38, max(s, 6))."""
    type = sum_type(_numeric(argument, "avg"))
    if is_decimal(type):
        return SqlType(type.name, precision=MAX_PRECISION, scale=max(type.scale, AVG_LEAST_SCALE))
    return type


def _check_sum(type: SqlType) -> Callable[[Any], Any]:
    if is_float(type):
        return lambda total: total
    if is_decimal(type):
        low, high = 1 - POWERS[MAX_PRECISION], POWERS[MAX_PRECISION] - 1
    else:
        low, high = MONEY_RANGES[type.name] if is_money(type) else INTEGER_RANGES[type.name]

    def check(total: int) -> int:
        if low <= total <= high:
            return total
        raise sql_error(8115, "expression", message_name(type))

    return check


def _plus(total: Any, value: Any) -> Any:
    return value if total is None else total + value


def _sum(argument: SqlType) -> Aggregate:
    type = sum_type(argument)
    check = _check_sum(type)
    return Aggregate(type, lambda: None, _plus, lambda total: None if total is None else check(total))


def _average(argument: SqlType) -> Aggregate:
    """Exact types are cut, not rounded."""
    type = avg_type(argument)
    check = _check_sum(sum_type(argument))
    factor = POWERS[type.scale - argument.scale] if is_decimal(type) else 1

    def add(state: list[Any], value: Any) -> list[Any]:
        state[0] += value
        state[1] += 1
        return state

    def finish(state: list[Any]) -> Any:
        total, count = state
        if not count:
            return None
        return total / count if is_float(type) else divide_truncating(check(total) * factor, count)

    return Aggregate(type, lambda: [0, 0], add, finish)


def _deviation(operation: str, *, of_population: bool, root: bool) -> Binder:
    """Variance of a sample or of the whole population, or its square root (Welford's method)."""

    def bind(argument: SqlType) -> Aggregate:
        scale = 0 if is_float(_numeric(argument, operation)) else precision_and_scale(argument)[1]
        one = float(POWERS[scale])

        def add(state: tuple[int, float, float], value: Any) -> tuple[int, float, float]:
            count, mean, squares = state
            number = value / one
            count += 1
            delta = number - mean
            mean += delta / count
            return count, mean, squares + delta * (number - mean)

        def finish(state: tuple[int, float, float]) -> float | None:
            count, _, squares = state
            divisor = count if of_population else count - 1
            if divisor < 1:
                return None
            return math.sqrt(squares / divisor) if root else squares / divisor

        return Aggregate(FLOAT, lambda: (0, 0.0, 0.0), add, finish)

    return bind


# --- Extremes ---------------------------------------------------------------------------------------------------------


def _extreme(operation: str, *, greatest: bool) -> Binder:
    def bind(argument: SqlType) -> Aggregate:
        if is_large_object(argument) or argument.name in ("bit", "xml"):
            raise sql_error(8117, message_name(argument), operation)
        key = sort_key(argument)
        if key is None:
            return Aggregate(argument, lambda: None, _greater if greatest else _less, lambda best: best)

        def add(best: tuple[Any, Any] | None, value: Any) -> tuple[Any, Any]:
            weight = key(value)
            if best is None or (weight > best[0] if greatest else weight < best[0]):
                return weight, value
            return best

        return Aggregate(argument, lambda: None, add, lambda best: None if best is None else best[1])

    return bind


def _greater(best: Any, value: Any) -> Any:
    return value if best is None or value > best else best


def _less(best: Any, value: Any) -> Any:
    return value if best is None or value < best else best


# --- Others -----------------------------------------------------------------------------------------------------------


def _checksum(argument: SqlType) -> Aggregate:
    """Exclusive or: independent of order."""
    if argument.name != "int":
        raise sql_error(8117, message_name(argument), "checksum_agg")
    return Aggregate(
        INT, lambda: None, lambda total, value: value if total is None else total ^ value, lambda total: total
    )


AGGREGATES: Final[dict[str, Binder | None]] = {
    "COUNT": _counter(INT),
    "COUNT_BIG": _counter(BIGINT),
    "APPROX_COUNT_DISTINCT": _approximate_count,
    "SUM": _sum,
    "AVG": _average,
    "MIN": _extreme("min", greatest=False),
    "MAX": _extreme("max", greatest=True),
    "STDEV": _deviation("stdev", of_population=False, root=True),
    "STDEVP": _deviation("stdevp", of_population=True, root=True),
    "VAR": _deviation("var", of_population=False, root=False),
    "VARP": _deviation("varp", of_population=True, root=False),
    "CHECKSUM_AGG": _checksum,
    "APPROX_PERCENTILE_CONT": None,
    "APPROX_PERCENTILE_DISC": None,
    "STRING_AGG": None,
    "GROUPING": None,
    "GROUPING_ID": None,
}
"""The aggregates by upper-case name; None: those that take more than one argument or are the query's own."""


def string_agg_type(argument: SqlType) -> SqlType:
    """The type of STRING_AGG: the (max) type for a (max) argument, else nvarchar(4000) or varchar(8000)."""
    if is_binary(argument) or is_large_object(argument):
        raise sql_error(8116, message_name(argument), 1, "string_agg")
    if not is_character(argument):
        return nvarchar(4000)
    length = MAX if argument.length == MAX else 4000 if is_unicode(argument) else 8000
    return (nvarchar if is_unicode(argument) else varchar)(length, argument.collation)


def check_string_agg(text: str, type: SqlType) -> str:
    """``text`` if STRING_AGG may give it. Errors: 9829."""
    if type.length != MAX and len(text) * (2 if is_unicode(type) else 1) > 8000:
        raise sql_error(9829)
    return text
