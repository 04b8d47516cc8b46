"""GROUP BY: a hash table of groups, each with the states of its aggregates.

A result row is one tuple in the group's slot: the grouping values of the group's first row, the results of the
aggregates, and with several grouping sets the number of the set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.execution.scans import SWITCH_INTERVAL, Rows
from emulator.execution.warnings import NULL_ELIMINATED
from emulator.planning.binding import SESSION, Env, Scalar
from emulator.planning.expressions import CompiledAggregate


@dataclass(frozen=True, slots=True)
class GroupKey:
    """A grouping value. ``key`` maps a value other than NULL to what makes values equal (None: the value itself)."""

    value: Scalar
    key: Callable[[Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class GroupingSet:
    """``keys`` are the indexes of the grouping values of this set; the others are NULL in its rows."""

    keys: tuple[int, ...]


def group_rows(
    rows: Rows,
    slot: int,
    keys: Sequence[GroupKey],
    aggregates: Sequence[CompiledAggregate],
    sets: Sequence[GroupingSet] | None = None,
) -> Rows:
    """Groups ``rows`` and puts a row for each group into ``slot``, in the order in which groups first came.

    ``sets`` is None for a plain GROUP BY; without keys there is always exactly one group (a scalar aggregate).
    """
    if sets is not None:
        return _group_by_sets(rows, slot, keys, aggregates, sets)
    if not keys:
        return _one_group(rows, slot, aggregates)
    make_key = _hash_key(keys)
    values = [key.value for key in keys]
    accumulators = _Accumulators(aggregates)

    def grouped(env: Env) -> Iterator[None]:
        groups: dict[Any, tuple[list[Any], list[Any]]] = {}
        add = accumulators.add
        switch_point = env[SESSION].switch_point
        for count, _ in enumerate(rows(env), start=1):
            key = make_key(env)
            group = groups.get(key)
            if group is None:
                groups[key] = group = ([value_of(env) for value_of in values], accumulators.new())
            add(env, group[1])
            if not count % SWITCH_INTERVAL:
                switch_point()
        for first, states in groups.values():
            env[slot] = (*first, *accumulators.results(states))
            yield

    return grouped


def _one_group(rows: Rows, slot: int, aggregates: Sequence[CompiledAggregate]) -> Rows:
    accumulators = _Accumulators(aggregates)

    def aggregated(env: Env) -> Iterator[None]:
        states = accumulators.new()
        add = accumulators.add
        for _ in rows(env):
            add(env, states)
        env[slot] = tuple(accumulators.results(states))
        yield

    return aggregated


def _group_by_sets(
    rows: Rows,
    slot: int,
    keys: Sequence[GroupKey],
    aggregates: Sequence[CompiledAggregate],
    sets: Sequence[GroupingSet],
) -> Rows:
    accumulators = _Accumulators(aggregates)
    comparables = [_comparable(key) for key in keys]
    width = len(keys)

    def grouped(env: Env) -> Iterator[None]:
        groups: list[dict[Any, tuple[list[Any], list[Any]]]] = [{} for _ in sets]
        for table, grouping in zip(groups, sets, strict=True):
            if not grouping.keys:
                table[()] = [None] * width, accumulators.new()
        for _ in rows(env):
            for table, grouping in zip(groups, sets, strict=True):
                key = tuple([comparables[position](env) for position in grouping.keys])
                group = table.get(key)
                if group is None:
                    first: list[Any] = [None] * width
                    for position in grouping.keys:
                        first[position] = keys[position].value(env)
                    table[key] = group = (first, accumulators.new())
                accumulators.add(env, group[1])
        for number, table in enumerate(groups):
            for first, states in table.values():
                env[slot] = (*first, *accumulators.results(states), number)
                yield

    return grouped


def _comparable(key: GroupKey) -> Scalar:
    if key.key is None:
        return key.value
    value_of, sort_key = key.value, key.key

    def comparable(env: Env) -> Any:
        value = value_of(env)
        return None if value is None else sort_key(value)

    return comparable


def _hash_key(keys: Sequence[GroupKey]) -> Callable[[Env], Any]:
    comparables = [_comparable(key) for key in keys]
    if len(comparables) == 1:
        return comparables[0]
    if len(comparables) == 2:
        first, second = comparables
        return lambda env: (first(env), second(env))
    return lambda env: tuple([comparable(env) for comparable in comparables])


class _Accumulators:
    """The states of a group's aggregates. The first state is the number of rows, which COUNT(*) needs no more than."""

    def __init__(self, aggregates: Sequence[CompiledAggregate]) -> None:
        self._aggregates = aggregates
        self._fed = [
            (position, aggregate.argument, aggregate.add)
            for position, aggregate in enumerate(aggregates, start=1)
            if not aggregate.counts_rows
        ]
        self._new = [None if aggregate.counts_rows else aggregate.new for aggregate in aggregates]

    def new(self) -> list[Any]:
        return [0, *[None if new is None else new() for new in self._new]]

    def add(self, env: Env, states: list[Any]) -> None:
        states[0] += 1
        for position, argument, add in self._fed:
            value = argument(env)
            if value is not None:
                states[position] = add(states[position], value)
            else:
                env[SESSION].warnings |= NULL_ELIMINATED

    def results(self, states: list[Any]) -> Iterator[Any]:
        for position, aggregate in enumerate(self._aggregates, start=1):
            yield states[0] if aggregate.counts_rows else aggregate.result(states[position])
