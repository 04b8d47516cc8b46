"""Window functions: computed over all rows at once, each row of the input then comes with a tuple of results.

The rows are kept, sorted by partition and order once for each distinct window, and every function goes over each
partition. Rows come out in the order of the last window, as they do behind SQL Server's segment and sequence operators.

Documentation: "SELECT - OVER clause", "Ranking functions", "Analytic functions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from math import ceil, floor
from operator import itemgetter
from typing import Any

from emulator.errors import sql_error
from emulator.execution.scans import Rows
from emulator.execution.sorting import SortKey, sort_in_place
from emulator.execution.warnings import NULL_ELIMINATED
from emulator.planning.binding import SESSION, Env, Scalar
from emulator.planning.expressions import CompiledAggregate

Arguments = Sequence[tuple[Any, ...]]
"""The values of a function's arguments for each row of a partition, in order."""

Peers = Sequence[tuple[int, int]]
"""For each row of a partition: where the rows that are equal to it in the window's order begin and end."""

Compute = Callable[[Arguments, Peers], Sequence[Any]]
"""The results of a function for the rows of one partition."""


@dataclass(frozen=True, slots=True)
class WindowFunction:
    """A function over a window: ``arguments`` are evaluated for each row, then ``compute`` goes over each partition.

    ``aggregates``: its argument is an aggregate's, for whose NULLs there is a warning.
    """

    arguments: tuple[Scalar, ...]
    compute: Compute
    aggregates: bool = False


@dataclass(frozen=True, slots=True)
class WindowGroup:
    """The functions that share one partitioning and order. ``results`` are their places in the result tuple."""

    partition: tuple[Scalar, ...]
    order: tuple[SortKey, ...]
    functions: tuple[WindowFunction, ...]
    results: tuple[int, ...]


def window_rows(rows: Rows, slots: Sequence[int], slot: int, groups: Sequence[WindowGroup], width: int) -> Rows:
    """``rows`` with the results of all functions (``width`` of them) in ``slot``; ``slots`` are what is kept of each
    row."""

    def windowed(env: Env) -> Iterator[None]:
        kept: list[list[Any]] = []
        inputs = [_GroupInput(group) for group in groups]
        for number, _ in enumerate(rows(env)):
            kept.append([env[source] for source in slots])
            for collected in inputs:
                collected.add(env, number)
        columns: list[list[Any]] = [[None] * len(kept) for _ in range(width)]
        order: Sequence[int] = range(len(kept))
        for collected in inputs:
            order = collected.compute(columns)
        results = list(zip(*columns, strict=True))
        for number in order:
            for source, row in zip(slots, kept[number], strict=True):
                env[source] = row
            env[slot] = results[number]
            yield

    return windowed


class _GroupInput:
    """What a group of functions needs of the rows: for each its sort keys and its number, and each function's
    arguments by the number of the row."""

    def __init__(self, group: WindowGroup) -> None:
        self._group = group
        self._keys = [*group.partition, *[key.comparable() for key in group.order]]
        self._items: list[list[Any]] = []
        self._arguments: list[list[tuple[Any, ...]]] = [[] for _ in group.functions]
        self._given = [pair for pair in zip(group.functions, self._arguments, strict=True) if pair[0].arguments]

    def add(self, env: Env, number: int) -> None:
        """Take note of the row that is in ``env``."""
        item = [value_of(env) for value_of in self._keys]
        item.append(number)
        self._items.append(item)
        for function, arguments in self._given:
            values = tuple([value_of(env) for value_of in function.arguments])
            arguments.append(values)
            if function.aggregates and None in values:
                env[SESSION].warnings |= NULL_ELIMINATED

    def compute(self, columns: Sequence[list[Any]]) -> list[int]:
        """Fill in the functions' columns of results, by the numbers of the rows; these in the order of the window."""
        group, items = self._group, self._items
        partitions, keys = len(group.partition), len(self._keys)
        positions = [(position, False) for position in range(partitions)]
        positions += [(partitions + position, key.descending) for position, key in enumerate(group.order)]
        sort_in_place(items, positions)
        order = [item[-1] for item in items]
        start = 0
        for _, partition in groupby(items, itemgetter(slice(partitions))):
            peers = _peers(partition, itemgetter(slice(partitions, keys)))
            numbers = order[start : start + len(peers)]
            start += len(peers)
            for function, arguments, result in zip(group.functions, self._arguments, group.results, strict=True):
                column = columns[result]
                given = [arguments[number] for number in numbers] if arguments else [()] * len(numbers)
                values = function.compute(given, peers)
                for number, value in zip(numbers, values, strict=True):
                    column[number] = value
        return order


def _peers(partition: Iterable[list[Any]], order_of: Callable[[list[Any]], list[Any]]) -> Peers:
    peers: list[tuple[int, int]] = []
    for _, equal in groupby(partition, order_of):
        start, count = len(peers), sum(1 for _ in equal)
        peers += [(start, start + count)] * count
    return peers


# --- Ranking ----------------------------------------------------------------------------------------------------------


def row_number(arguments: Arguments, peers: Peers) -> Sequence[int]:
    return range(1, len(peers) + 1)


def rank(arguments: Arguments, peers: Peers) -> Sequence[int]:
    return [start + 1 for start, _ in peers]


def dense_rank(arguments: Arguments, peers: Peers) -> Sequence[int]:
    ranks: list[int] = []
    for position, (start, _) in enumerate(peers):
        ranks.append(1 if not ranks else ranks[-1] + (start == position))
    return ranks


def percent_rank(arguments: Arguments, peers: Peers) -> Sequence[float]:
    others = len(peers) - 1
    return [start / others if others else 0.0 for start, _ in peers]


def cume_dist(arguments: Arguments, peers: Peers) -> Sequence[float]:
    return [end / len(peers) for _, end in peers]


def ntile(arguments: Arguments, peers: Peers) -> Sequence[int]:
    """Groups of equal size as far as possible, larger ones first. Errors: 1060 for a count that is not positive."""
    count = arguments[0][0]
    if count is None or count <= 0:
        raise sql_error(127)
    size, larger = divmod(len(peers), count)
    tiles: list[int] = []
    for tile in range(count):
        tiles += [tile + 1] * (size + (tile < larger))
    return tiles


# --- Percentiles ------------------------------------------------------------------------------------------------------


def percentile_continuous(fraction: Fraction) -> Compute:
    """The value at ``fraction`` of the way through the partition, between two rows if need be. NULLs do not count."""

    def compute(arguments: Arguments, peers: Peers) -> Sequence[float | None]:
        values = [value for (value,) in arguments if value is not None]
        if not values:
            return [None] * len(arguments)
        place = fraction * (len(values) - 1)
        below, above = values[floor(place)], values[ceil(place)]
        return [below + (above - below) * float(place - floor(place))] * len(arguments)

    return compute


def percentile_discrete(fraction: Fraction) -> Compute:
    """The first value whose cumulative distribution is at least ``fraction``. NULLs do not count."""

    def compute(arguments: Arguments, peers: Peers) -> Sequence[Any]:
        values = [value for (value,) in arguments if value is not None]
        found = values[max(ceil(fraction * len(values)), 1) - 1] if values else None
        return [found] * len(arguments)

    return compute


# --- Other rows -------------------------------------------------------------------------------------------------------


def shifted(direction: int, *, ignore_nulls: bool) -> Compute:
    """LAG (-1) and LEAD (1): arguments are value, offset, default."""

    def compute(arguments: Arguments, peers: Peers) -> Sequence[Any]:
        return [_shifted_value(arguments, position, direction, ignore_nulls) for position in range(len(arguments))]

    return compute


def _shifted_value(arguments: Arguments, position: int, direction: int, ignore_nulls: bool) -> Any:
    _, offset, default = arguments[position]
    if offset is None or offset < 0:
        raise sql_error(8730)
    at = position
    while offset and 0 <= at < len(arguments):
        at += direction
        if 0 <= at < len(arguments) and not (ignore_nulls and arguments[at][0] is None):
            offset -= 1
    return arguments[at][0] if 0 <= at < len(arguments) else default


# --- Frames -----------------------------------------------------------------------------------------------------------

FrameEnd = Callable[[int, int, Peers], int]
"""Where a frame begins (or ends, exclusively): of the row's position, the partition's length and the peers."""


@dataclass(frozen=True, slots=True)
class Frame:
    """``first`` and ``last`` may lie outside the partition. ``grows``: every frame begins with the partition."""

    first: FrameEnd
    last: FrameEnd
    grows: bool


def _bounds(frame: Frame, position: int, length: int, peers: Peers) -> tuple[int, int]:
    first = max(frame.first(position, length, peers), 0)
    return first, max(first, min(frame.last(position, length, peers), length))


WHOLE_PARTITION = Frame(lambda i, n, peers: 0, lambda i, n, peers: n, True)
UP_TO_PEERS = Frame(lambda i, n, peers: 0, lambda i, n, peers: peers[i][1], True)
"""RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW: what ORDER BY in a window means without a frame."""


def first_value(frame: Frame, *, ignore_nulls: bool) -> Compute:
    return _edge_value(frame, 1, ignore_nulls)


def last_value(frame: Frame, *, ignore_nulls: bool) -> Compute:
    return _edge_value(frame, -1, ignore_nulls)


def _edge_value(frame: Frame, step: int, ignore_nulls: bool) -> Compute:
    def compute(arguments: Arguments, peers: Peers) -> Sequence[Any]:
        found = []
        length = len(arguments)
        for position in range(length):
            first, last = _bounds(frame, position, length, peers)
            window = arguments[first:last][::step]
            values = (value for (value,) in window if not (ignore_nulls and value is None))
            found.append(next(values, None))
        return found

    return compute


def aggregate(compiled: CompiledAggregate, frame: Frame) -> Compute:
    """An aggregate over each row's frame; the only argument is the aggregate's."""

    def result(rows: int, state: Any) -> Any:
        return rows if compiled.counts_rows else compiled.result(state)

    def growing(arguments: Arguments, peers: Peers) -> Sequence[Any]:
        results = []
        state = compiled.new()
        done = 0
        value = None
        for position in range(len(arguments)):
            _, last = _bounds(frame, position, len(arguments), peers)
            if position == 0 or last > done:
                for (argument,) in arguments[done:last]:
                    if argument is not None:
                        state = compiled.add(state, argument)
                done = last
                value = result(done, state)
            results.append(value)
        return results

    def sliding(arguments: Arguments, peers: Peers) -> Sequence[Any]:
        results = []
        for position in range(len(arguments)):
            first, last = _bounds(frame, position, len(arguments), peers)
            state = compiled.new()
            for (argument,) in arguments[first:last]:
                if argument is not None:
                    state = compiled.add(state, argument)
            results.append(result(last - first, state))
        return results

    return growing if frame.grows else sliding
