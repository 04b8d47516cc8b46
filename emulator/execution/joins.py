"""Joins: nested loops when the inner side seeks by the outer row, else a hash table of the inner side.

Both keep the order of the outer side. What a hash table yields comes from no scan, so that a hash join lets other
sessions run by itself. The outer joins put a row of NULLs into the slots of the side that has no match.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from emulator.execution.scans import SWITCH_INTERVAL, Fetch, Rows
from emulator.planning.binding import SESSION, Condition, Env, Scalar

NullRows = Sequence[tuple[int, tuple[None, ...]]]
"""The slots of one side of a join, each with its row of NULLs."""

Slots = Sequence[int]


def filtered(rows: Rows, condition: Condition) -> Rows:
    """The rows for which ``condition`` is true."""

    def passing(env: Env) -> Iterator[None]:
        for _ in rows(env):
            if condition(env):
                yield

    return passing


def guarded(rows: Rows, condition: Condition) -> Rows:
    """``rows`` if ``condition`` is true at the start, else none: a condition that reads no row of theirs."""

    def passing(env: Env) -> Iterator[None]:
        return rows(env) if condition(env) else iter(())

    return passing


def fetched(fetch: Fetch) -> Rows:
    """At most one row, as an operator like the others."""

    def rows(env: Env) -> Iterator[None]:
        if fetch(env):
            yield

    return rows


def one_row(env: Env) -> Iterator[None]:
    """A query without FROM."""
    yield


# --- Nested loops -----------------------------------------------------------------------------------------------------


def nested_loops(outer: Rows, inner: Rows, fetch_inner: Fetch | None = None) -> Rows:
    """Each outer row with the inner rows found for it."""
    if fetch_inner is not None:
        return filtered(outer, fetch_inner)

    def joined(env: Env) -> Iterator[None]:
        for _ in outer(env):
            yield from inner(env)

    return joined


def outer_nested_loops(outer: Rows, inner: Rows, nulls: NullRows) -> Rows:
    """The same, and each outer row without a match once with NULLs."""

    def joined(env: Env) -> Iterator[None]:
        for _ in outer(env):
            matched = False
            for _ in inner(env):
                matched = True
                yield
            if not matched:
                for slot, row in nulls:
                    env[slot] = row
                yield

    return joined


# --- Hash joins -------------------------------------------------------------------------------------------------------


def _keeper(slots: Slots) -> Callable[[Env], Any]:
    """What is kept of the current row of an operator: its rows by slot (one slot: the row itself)."""
    if len(slots) == 1:
        only = slots[0]
        return lambda env: env[only]
    return lambda env: [env[slot] for slot in slots]


def _restorer(slots: Slots) -> Callable[[Env, Any], None]:
    if len(slots) == 1:
        only = slots[0]

        def restore_one(env: Env, kept: Any) -> None:
            env[only] = kept

        return restore_one

    def restore(env: Env, kept: Any) -> None:
        for slot, row in zip(slots, kept, strict=True):
            env[slot] = row

    return restore


def key_of(values: Sequence[Scalar]) -> Callable[[Env], Any]:
    """The function that makes a hash key of join values, None if one of them is NULL (which is equal to nothing)."""
    if len(values) == 1:
        return values[0]

    def key(env: Env) -> Any:
        made = tuple([value_of(env) for value_of in values])
        return None if None in made else made

    return key


def hash_join(
    outer: Rows,
    inner: Rows,
    inner_slots: Slots,
    outer_key: Callable[[Env], Any],
    inner_key: Callable[[Env], Any],
    condition: Condition | None = None,
    *,
    outer_slots: Collection[int] = (),
    nulls: NullRows | None = None,
    outer_nulls: NullRows | None = None,
) -> Rows:
    """Each outer row with the inner rows of the same key, where ``condition`` is true.

    The inner side is read once, when the first outer row has come, but as if that (of ``outer_slots``) were not read
    yet: SQL Server reads the inner side first. ``nulls``: outer rows without a match come once with
    NULLs (LEFT JOIN). ``outer_nulls``: at the end the inner rows without a match come with NULLs for the outer (FULL).
    """
    keep, restore = _keeper(inner_slots), _restorer(inner_slots)

    def build(env: Env) -> dict[Any, list[Any]]:
        table: dict[Any, list[Any]] = {}
        standing = env[SESSION].current_rows.rows if outer_slots else {}
        aside = {slot: standing.pop(slot) for slot in outer_slots if slot in standing}
        for _ in inner(env):
            table.setdefault(inner_key(env), []).append(keep(env))
        standing.update(aside)
        return table

    if nulls is None and outer_nulls is None:
        return _inner_hash_join(outer, build, restore, outer_key, condition)

    def joined(env: Env) -> Iterator[None]:
        table = build(env) if outer_nulls is not None else None
        matched: set[int] = set()
        met = 0
        for _ in outer(env):
            if table is None:
                table = build(env)
            key = outer_key(env)
            found = False
            for kept in table.get(key, ()) if key is not None else ():
                met += 1
                if not met % SWITCH_INTERVAL:
                    env[SESSION].switch_point()
                restore(env, kept)
                if condition is None or condition(env):
                    found = True
                    matched.add(id(kept))
                    yield
            if not found and nulls is not None:
                for slot, row in nulls:
                    env[slot] = row
                yield
        if outer_nulls is not None and table is not None:
            yield from unmatched(env, table, matched, outer_nulls)

    def unmatched(env: Env, table: dict[Any, list[Any]], matched: set[int], nulls: NullRows) -> Iterator[None]:
        for bucket in table.values():
            for kept in bucket:
                if id(kept) not in matched:
                    for slot, row in nulls:
                        env[slot] = row
                    restore(env, kept)
                    yield

    return joined


def _inner_hash_join(
    outer: Rows,
    build: Callable[[Env], dict[Any, list[Any]]],
    restore: Callable[[Env, Any], None],
    outer_key: Callable[[Env], Any],
    condition: Condition | None,
) -> Rows:
    def joined(env: Env) -> Iterator[None]:
        table: dict[Any, list[Any]] | None = None
        met = 0
        for _ in outer(env):
            if table is None:
                table = build(env)
            key = outer_key(env)
            if key is None:
                continue
            for kept in table.get(key, ()):
                met += 1
                if not met % SWITCH_INTERVAL:
                    env[SESSION].switch_point()
                restore(env, kept)
                if condition is None or condition(env):
                    yield

    return joined


def no_key(env: Env) -> tuple[()]:
    """The key of a join without equalities: everything meets everything, and the inner side is read only once."""
    return ()
