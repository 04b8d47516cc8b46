"""Sorting, and cutting the result: ORDER BY, TOP, OFFSET and FETCH.

A sort goes once over the rows for each key, last key first: Python's sort is stable, so the earlier passes decide among
equals. NULL is lower than every value ("SELECT - ORDER BY clause": NULL values are treated as the lowest possible).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from operator import itemgetter
from typing import Any

from emulator.errors import sql_error
from emulator.execution.scans import Rows
from emulator.planning.binding import Env, Scalar

TupleRows = Callable[[Env], Iterator[tuple[Any, ...]]]
"""An operator on result rows: yields tuples."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of an ordering. ``key`` maps a value other than NULL to what is compared (None: the value itself)."""

    value: Scalar
    key: Callable[[Any], Any] | None = None
    descending: bool = False

    def comparable(self) -> Scalar:
        """The function that gives what is compared, None for NULL."""
        key, value_of = self.key, self.value
        if key is None:
            return value_of

        def compared(env: Env) -> Any:
            value = value_of(env)
            return None if value is None else key(value)

        return compared


def sort_in_place(items: list[Any], positions: Sequence[tuple[int, bool]]) -> None:
    """Sort sequences by their elements at ``positions``, each with whether it is descending."""
    for position, descending in reversed(positions):
        if any(item[position] is None for item in items):
            items.sort(key=lambda item: ((value := item[position]) is not None, value), reverse=descending)
        else:
            items.sort(key=itemgetter(position), reverse=descending)


def first_row(rows: Rows) -> Rows:
    """The first of the rows, if there is one."""
    return lambda env: islice(rows(env), 1)


def order_rows(rows: Rows, slots: Sequence[int], keys: Sequence[SortKey]) -> Rows:
    """``rows`` in the order of ``keys``: what they put into ``slots`` is kept and put there again."""
    comparables = [key.comparable() for key in keys]
    width = len(keys)
    positions = [(position, key.descending) for position, key in enumerate(keys)]
    if len(slots) == 1:
        return _order_one_slot(rows, slots[0], comparables, positions)

    def ordered(env: Env) -> Iterator[None]:
        kept = [[*[key(env) for key in comparables], [env[slot] for slot in slots]] for _ in rows(env)]
        sort_in_place(kept, positions)
        for item in kept:
            for slot, row in zip(slots, item[width], strict=True):
                env[slot] = row
            yield

    return ordered


def _order_one_slot(rows: Rows, slot: int, comparables: list[Scalar], positions: list[tuple[int, bool]]) -> Rows:
    def ordered(env: Env) -> Iterator[None]:
        kept = [[*[key(env) for key in comparables], env[slot]] for _ in rows(env)]
        sort_in_place(kept, positions)
        for item in kept:
            env[slot] = item[-1]
            yield

    return ordered


# --- Cutting ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RowLimit:
    """TOP, or OFFSET and FETCH, as values of type bigint (of type float with PERCENT). ``ties``: WITH TIES.

    ``constant`` is the count if it is known before.
    """

    count: Scalar | None = None
    offset: Scalar | None = None
    percent: bool = False
    ties: Sequence[Scalar] | None = None
    is_fetch: bool = False
    constant: int | None = None

    @property
    def is_no_limit_for_one(self) -> bool:
        """Whether it can never cut off the only row."""
        return self.offset is None and not self.percent and self.constant is not None and self.constant > 0

    def start(self, env: Env) -> int:
        """Rows to skip. Errors: 10742."""
        if self.offset is None:
            return 0
        start = self.offset(env)
        if start is None:
            raise sql_error(1060)
        if start < 0:
            raise sql_error(10742)
        return int(start)

    def limit(self, env: Env) -> Any:
        """Rows to give (a percentage with PERCENT), None for all. Errors: 127, 1031, 1060, 10744."""
        if self.count is None:
            return None
        limit = self.count(env)
        if limit is None:
            raise sql_error(1060)
        if self.percent and not 0 <= limit <= 100:
            raise sql_error(1031)
        if limit < 0:
            raise sql_error(127)
        if self.is_fetch and limit == 0:
            raise sql_error(10744)
        return limit


def cut(rows: TupleRows, limit: RowLimit) -> TupleRows:
    """The first of ``rows``, which are not asked for more than it takes to know them.

    WITH TIES reads the ordering values from the environment when a row has come.
    """
    if limit.percent:
        return _cut_percentage(rows, limit)
    if limit.ties is not None:
        return _cut_with_ties(rows, limit, limit.ties)
    if limit.offset is None:
        return lambda env: islice(rows(env), limit.limit(env))

    def page(env: Env) -> Iterator[tuple[Any, ...]]:
        start, count = limit.start(env), limit.limit(env)
        return islice(rows(env), start, None if count is None else start + count)

    return page


def _cut_with_ties(rows: TupleRows, limit: RowLimit, ties: Sequence[Scalar]) -> TupleRows:
    def top_with_ties(env: Env) -> Iterator[tuple[Any, ...]]:
        remaining = limit.limit(env)
        last: list[Any] | None = None
        if not remaining:
            return
        for row in rows(env):
            current = [value_of(env) for value_of in ties]
            if remaining <= 0 and current != last:
                return
            last = current
            remaining -= 1
            yield row

    return top_with_ties


def _cut_percentage(rows: TupleRows, limit: RowLimit) -> TupleRows:
    ties = limit.ties

    def top_percent(env: Env) -> Iterator[tuple[Any, ...]]:
        percentage = limit.limit(env)
        kept = [(row, None if ties is None else [value_of(env) for value_of in ties]) for row in rows(env)]
        count = ceil(len(kept) * percentage / 100)
        for position, (row, tie) in enumerate(kept):
            if position >= count and (ties is None or not count or tie != kept[count - 1][1]):
                return
            yield row

    return top_percent
