"""Filtered indexes: when a query reads only rows that such an index has.

A filter is a conjunction of simple comparisons of columns with constants. The query must say as much of each of these
columns, with constants too: a plan with variables is made for all their values. IS NOT NULL follows from any
comparison.

Documentation: "Create filtered indexes", section "Filtered index design considerations".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from emulator.catalog.objects import Index
from emulator.planning.binding import PlanContext, Scope, Source
from emulator.planning.expressions.application import constant_value
from emulator.planning.queries.predicates import EQUAL, LIKE, NOT_EQUAL, NOT_NULL, Conjunct, Sarg, compile_conjuncts
from emulator.types.comparison import sort_key
from emulator.types.sqltype import SqlType

_TESTS: Final[dict[str, Callable[[Any, Any], bool]]] = {EQUAL: eq, NOT_EQUAL: ne, "<": lt, "<=": le, ">": gt, ">=": ge}


def filters_of(indexes: Sequence[Index], source: Source, ctx: PlanContext) -> dict[str, list[Conjunct]]:
    """The compiled filters of a table's filtered indexes, by index name."""
    apart = Source(source.alias, source.slot, source.columns, source.table, source.schema)
    scope = Scope([apart])
    return {index.name: compile_conjuncts(index.filter, scope, ctx) for index in indexes if index.filter is not None}


def implies(conjuncts: Sequence[Conjunct], filter: Sequence[Conjunct], types: Sequence[SqlType]) -> bool:
    """Whether every row for which ``conjuncts`` hold passes ``filter``. ``types`` are those of the table's columns."""
    known = [sarg for conjunct in conjuncts for sarg in (*conjunct.sargs, *conjunct.others)]
    for part in filter:
        terms = (*part.sargs, *part.others)
        if not terms:
            return False
        for term in terms:
            key = sort_key(types[term.column[1]])
            if not any(fact.column == term.column and _follows(fact, term, key) for fact in known):
                return False
    return True


def _follows(fact: Sarg, term: Sarg, key: Callable[[Any], Any] | None) -> bool:
    """Whether ``term`` is true wherever ``fact`` is, both being of the same column."""
    if term.operator == NOT_NULL:
        return not fact.null_matches
    if term.null_matches:
        return fact.null_matches and fact.operator == EQUAL and _values(fact, None) == [None]
    found, wanted = _values(fact, key), _values(term, key)
    if fact.null_matches or not found or not wanted:
        return False
    if fact.operator == EQUAL:
        test = _TESTS[term.operator]
        return all(any(test(value, bound) for bound in wanted) for value in found)
    if len(found) != 1 or len(wanted) != 1 or fact.operator == LIKE:
        return False
    return _range_follows(fact.operator, found[0], term.operator, wanted[0])


def _range_follows(operator: str, value: Any, wanted: str, bound: Any) -> bool:
    if operator == NOT_EQUAL:
        return wanted == NOT_EQUAL and bool(value == bound)
    if wanted == NOT_EQUAL:
        return not _TESTS[operator](bound, value)
    if wanted == EQUAL or operator[0] != wanted[0]:
        return False
    # The same end: a bound inside the other one, or the same one if it does not add the end point.
    inside = value > bound if operator[0] == ">" else value < bound
    return bool(inside or (value == bound and (operator == wanted or wanted.endswith("="))))


def _values(sarg: Sarg, key: Callable[[Any], Any] | None) -> list[Any] | None:
    """The constants of a term in comparable form; None if it has others."""
    if not all(value.constant for value in sarg.values):
        return None
    values = [constant_value(value) for value in sarg.values]
    return [value if key is None or value is None else key(value) for value in values]
