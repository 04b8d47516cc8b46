"""Where in an index a seek looks: key bounds computed from the values of a predicate.

A seek has an equality prefix (values for the first key columns) and perhaps a range on the next column. Comparing with
NULL is never true, so a seek for NULL finds nothing, unless it comes from IS NULL or IS NOT DISTINCT FROM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from emulator.planning.binding import Env, Scalar
from emulator.storage.keys import HIGHEST, LOWEST, NULL_LAST, Key, KeyPart

KeyRange = tuple[Key | None, Key | None, bool, bool]
"""Arguments of ``IndexStore.scan``: low, high (None: open), whether each is inclusive."""

Bounds = Callable[[Env], Sequence[KeyRange]]
"""The ranges to scan, in index order and disjoint."""

WHOLE_INDEX: Sequence[KeyRange] = ((None, None, True, True),)

ABOVE_ANY_CHARACTER = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Equality:
    """A key column equals one of ``values`` (several: IN). ``null_matches``: NULL is equal to NULL."""

    values: tuple[Scalar, ...]
    null_matches: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range on a key column: a value from which on, or up to which, the column's values qualify."""

    value: Scalar
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Prefix:
    """A character column LIKE a pattern that begins with ``text(env)``; None if nothing can match."""

    text: Scalar


def key_maker(parts: Sequence[KeyPart], equalities: Sequence[Equality]) -> Callable[[Env], Key | None]:
    """The function that makes the key from single equality values; its result is None when nothing can be equal."""
    if all(part.sort_key is None and not part.descending for part in parts[: len(equalities)]) and not any(
        equality.null_matches for equality in equalities
    ):
        return _plain_key_maker([equality.values[0] for equality in equalities])
    steps = [
        (equality.values[0], part.component(), equality.null_matches)
        for part, equality in zip(parts, equalities, strict=False)
    ]

    def make(env: Env) -> Key | None:
        key = []
        for value_of, component, null_matches in steps:
            value = value_of(env)
            if value is None and not null_matches:
                return None
            key.append(component(value))
        return tuple(key)

    return make


def _plain_key_maker(values: list[Scalar]) -> Callable[[Env], Key | None]:
    if len(values) == 1:
        only = values[0]

        def one(env: Env) -> Key | None:
            value = only(env)
            return None if value is None else (value,)

        return one

    def many(env: Env) -> Key | None:
        key = tuple([value_of(env) for value_of in values])
        return None if None in key else key

    return many


def prefixes(parts: Sequence[KeyPart], equalities: Sequence[Equality]) -> Callable[[Env], list[Key]]:
    """The function that makes the distinct key prefixes that the equalities allow, in index order."""
    if all(len(equality.values) == 1 for equality in equalities):
        make = key_maker(parts, equalities)

        def single(env: Env) -> list[Key]:
            key = make(env)
            return [] if key is None else [key]

        return single
    components = [part.component() for part in parts]

    def several(env: Env) -> list[Key]:
        choices = []
        for equality, component in zip(equalities, components, strict=False):
            values = [value_of(env) for value_of in equality.values]
            choices.append({component(value) for value in values if value is not None or equality.null_matches})
        return sorted(product(*choices))

    return several


def bounds_of(
    parts: Sequence[KeyPart],
    equalities: Sequence[Equality],
    low: Bound | None = None,
    high: Bound | None = None,
    prefix: Prefix | None = None,
) -> Bounds:
    """The bounds of a seek: ``equalities`` on the first key columns, then a range, a prefix or both on the next one."""
    if not equalities and low is None and high is None and prefix is None:
        return lambda env: WHOLE_INDEX
    make_prefixes = prefixes(parts, equalities)
    if low is None and high is None and prefix is None:
        return lambda env: [(key, (*key, HIGHEST), True, True) for key in make_prefixes(env)]
    part = parts[len(equalities)]
    if prefix is None:
        return _range_bounds(make_prefixes, part, low, high)
    beginning = _prefix_bounds(make_prefixes, part, prefix)
    if low is None and high is None:
        return beginning
    return _both_bounds(_range_bounds(make_prefixes, part, low, high), beginning)


def _range_bounds(
    make_prefixes: Callable[[Env], list[Key]], part: KeyPart, low: Bound | None, high: Bound | None
) -> Bounds:
    component = part.component()
    if part.descending:
        low, high = high, low
    first: tuple[Any, ...] = () if part.descending or not part.nullable else (LOWEST, HIGHEST)
    last: tuple[Any, ...] = (NULL_LAST,) if part.descending and part.nullable else (HIGHEST,)

    def bounds(env: Env) -> Sequence[KeyRange]:
        begin, end = first, last
        if low is not None:
            value = low.value(env)
            if value is None:
                return ()
            begin = (component(value),) if low.inclusive else (component(value), HIGHEST)
        if high is not None:
            value = high.value(env)
            if value is None:
                return ()
            end = (component(value), HIGHEST) if high.inclusive else (component(value),)
        return [(key + begin, key + end, True, False) for key in make_prefixes(env) if begin < end]

    return bounds


def _prefix_bounds(make_prefixes: Callable[[Env], list[Key]], part: KeyPart, prefix: Prefix) -> Bounds:
    """Sort keys are strings whose first level ends before U+0000: those of a prefix begin alike on that level."""
    make_key = part.sort_key or (lambda text: text)

    def bounds(env: Env) -> Sequence[KeyRange]:
        text = prefix.text(env)
        if text is None:
            return ()
        level = make_key(text).partition("\0")[0]
        return [((*key, level), (*key, level + ABOVE_ANY_CHARACTER), True, True) for key in make_prefixes(env)]

    return bounds


def _both_bounds(ranges: Bounds, beginnings: Bounds) -> Bounds:
    """What lies in both of two bounds for the same key prefixes; the lower ends of both are inclusive."""

    def bounds(env: Env) -> Sequence[KeyRange]:
        found = []
        for (low, high, *_), (first, last, *_) in zip(ranges(env), beginnings(env), strict=False):
            begin, end = max(low or (), first or ()), min(high or (), last or ())
            if begin <= end:
                found.append((begin, end, True, end != high))
        return found

    return bounds


def like_prefix(pattern: str, escape: str | None) -> str:
    """The text with which everything LIKE ``pattern`` begins."""
    text = []
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            character = next(characters, "")
        elif character in "%_[":
            break
        text.append(character)
    return "".join(text)
