"""What FROM is made of once names are bound: a tree of joins over stored tables and other row sources.

Inner and cross joins are flattened to one ``InnerJoin``, whose order the planner chooses; a RIGHT JOIN is a LEFT JOIN
with its sides exchanged. APPLY is a join whose right side reads the slots of the left one (``depends``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from emulator.catalog.database import Database
from emulator.catalog.objects import Index, Table
from emulator.execution.scans import StoreOf
from emulator.planning.binding import Env, Source
from emulator.planning.queries.hints import NO_HINTS, TableHints
from emulator.planning.queries.predicates import Conjunct

NullRow = tuple[None, ...]


@dataclass(slots=True, eq=False)
class StoredTable:
    """A table, temporary table or table variable. ``locked``: other sessions may read and change it.

    ``target``: its rows are to be changed; then ``key_slot`` gets the base key of each. ``alone``: by a statement that
    reads nothing else and moves no row in the clustered index. ``indexes`` are those that it can be read through,
    ``filters`` those of its filtered indexes, by name.
    """

    source: Source
    table: Table
    store_of: StoreOf
    database: Database
    hints: TableHints = NO_HINTS
    locked: bool = True
    target: bool = False
    alone: bool = False
    key_slot: int | None = None
    indexes: Sequence[Index] = ()
    filters: Mapping[str, Sequence[Conjunct]] = field(default_factory=dict)
    null_row: NullRow = ()

    def __post_init__(self) -> None:
        self.null_row = _null_row(self.source)


@dataclass(slots=True, eq=False)
class MadeRows:
    """Rows that are made when they are asked for: a derived table, a function, VALUES, a system view.

    ``depends`` are the slots that they are made from (of a left side of APPLY, or of enclosing queries).
    """

    source: Source
    rows: Callable[[Env], Iterable[tuple[Any, ...]]]
    depends: frozenset[int] = frozenset()
    null_row: NullRow = ()

    def __post_init__(self) -> None:
        self.null_row = _null_row(self.source)


@dataclass(slots=True, eq=False)
class InnerJoin:
    """All combinations of the children's rows for which ``conjuncts`` hold. Without children: one row of nothing."""

    children: list[Relation]
    conjuncts: list[Conjunct] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class OuterJoin:
    """LEFT JOIN, or FULL JOIN, on ``conjuncts``."""

    left: Relation
    right: Relation
    conjuncts: list[Conjunct]
    full: bool = False


Relation: TypeAlias = StoredTable | MadeRows | InnerJoin | OuterJoin


def _null_row(source: Source) -> NullRow:
    """A row of NULLs, a new object each time: it is told from a row of the table by identity."""
    return tuple([None] * len(source.columns))


def leaves(relation: Relation) -> Iterator[StoredTable | MadeRows]:
    """The row sources of a tree, in the order of FROM."""
    if isinstance(relation, InnerJoin):
        for child in relation.children:
            yield from leaves(child)
    elif isinstance(relation, OuterJoin):
        yield from leaves(relation.left)
        yield from leaves(relation.right)
    else:
        yield relation


def slots_of(relation: Relation) -> frozenset[int]:
    """The slots that a relation fills."""
    return frozenset(leaf.source.slot for leaf in leaves(relation))


def null_rows(relation: Relation) -> list[tuple[int, NullRow]]:
    """The slots of a relation with their rows of NULLs."""
    return [(leaf.source.slot, leaf.null_row) for leaf in leaves(relation)]


def depends_on(relation: Relation) -> frozenset[int]:
    """The slots that a relation is made from and that it does not fill itself."""
    found: set[int] = set()
    for leaf in leaves(relation):
        if isinstance(leaf, MadeRows):
            found |= leaf.depends
    for conjunct in conjuncts_in(relation):
        found |= conjunct.slots
    return frozenset(found) - slots_of(relation)


def conjuncts_in(relation: Relation) -> Iterator[Conjunct]:
    """All join conditions inside a relation."""
    if isinstance(relation, InnerJoin):
        yield from relation.conjuncts
        for child in relation.children:
            yield from conjuncts_in(child)
    elif isinstance(relation, OuterJoin):
        yield from relation.conjuncts
        yield from conjuncts_in(relation.left)
        yield from conjuncts_in(relation.right)


def preserved_leaf(relation: Relation) -> StoredTable | MadeRows | None:
    """A row source that has a row of its own in every row of the relation; None: a FULL JOIN leaves none."""
    if isinstance(relation, InnerJoin):
        return next((found for child in relation.children if (found := preserved_leaf(child)) is not None), None)
    if isinstance(relation, OuterJoin):
        return None if relation.full else preserved_leaf(relation.left)
    return relation
