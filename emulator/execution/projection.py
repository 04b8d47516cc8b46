"""From slots to result rows: the select list, DISTINCT, and the set operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from emulator.execution.scans import Rows
from emulator.execution.sorting import TupleRows
from emulator.planning.binding import Env, Expr

Row = tuple[Any, ...]
RowKey = Callable[[Row], Any]


def projector(exprs: Sequence[Expr]) -> Callable[[Env], Row]:
    """The function that makes a result row of the current rows."""
    columns = [expr.column for expr in exprs if expr.column is not None]
    if len(columns) == len(exprs) > 1 and len({slot for slot, _ in columns}) == 1:
        slot = columns[0][0]
        pick = itemgetter(*[ordinal for _, ordinal in columns])
        return lambda env: pick(env[slot])
    functions = [expr.fn for expr in exprs]
    if len(functions) == 1:
        (only,) = functions
        return lambda env: (only(env),)
    if len(functions) == 2:
        first, second = functions
        return lambda env: (first(env), second(env))
    if len(functions) == 3:
        first, second, third = functions
        return lambda env: (first(env), second(env), third(env))
    return lambda env: tuple([function(env) for function in functions])


def project(rows: Rows, make: Callable[[Env], Row]) -> TupleRows:
    """A result row for each row."""

    def projected(env: Env) -> Iterator[Row]:
        for _ in rows(env):
            yield make(env)

    return projected


def into_slot(rows: TupleRows, slot: int) -> Rows:
    """Result rows put into a slot of their own, to be sorted or joined."""

    def filled(env: Env) -> Iterator[None]:
        for row in rows(env):
            env[slot] = row
            yield

    return filled


def row_key(keys: Sequence[Callable[[Any], Any] | None]) -> RowKey | None:
    """What is equal for equal result rows, given the sort keys of their columns; None: the row itself."""
    if all(key is None for key in keys):
        return None
    parts = list(enumerate(keys))

    def compared(row: Row) -> Any:
        return tuple(
            [value if (value := row[ordinal]) is None or key is None else key(value) for ordinal, key in parts]
        )

    return compared


def distinct(rows: TupleRows, key: RowKey | None) -> TupleRows:
    """Each row once; of equal rows the first."""

    def distinct_rows(env: Env) -> Iterator[Row]:
        seen = set()
        for row in rows(env):
            compared = row if key is None else key(row)
            if compared not in seen:
                seen.add(compared)
                yield row

    return distinct_rows


def converted(rows: TupleRows, functions: Sequence[Callable[[Any], Any] | None]) -> TupleRows:
    """Rows with their values (other than NULL) converted; None leaves a column as it is."""
    if all(function is None for function in functions):
        return rows

    def converted_rows(env: Env) -> Iterator[Row]:
        for row in rows(env):
            yield tuple(
                [
                    value if value is None or function is None else function(value)
                    for value, function in zip(row, functions, strict=True)
                ]
            )

    return converted_rows


def union_all(left: TupleRows, right: TupleRows) -> TupleRows:
    """The rows of both, the left ones first."""

    def union(env: Env) -> Iterator[Row]:
        yield from left(env)
        yield from right(env)

    return union


def intersect(left: TupleRows, right: TupleRows, key: RowKey | None) -> TupleRows:
    """The distinct left rows that are on the right too."""
    return distinct(_having_on_the_right(left, right, key, wanted=True), key)


def subtract(left: TupleRows, right: TupleRows, key: RowKey | None) -> TupleRows:
    """EXCEPT: the distinct left rows that are not on the right."""
    return distinct(_having_on_the_right(left, right, key, wanted=False), key)


def _having_on_the_right(left: TupleRows, right: TupleRows, key: RowKey | None, *, wanted: bool) -> TupleRows:
    def rows(env: Env) -> Iterator[Row]:
        members = {row if key is None else key(row) for row in right(env)}
        for row in left(env):
            if ((row if key is None else key(row)) in members) is wanted:
                yield row

    return rows
