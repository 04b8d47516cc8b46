"""Access paths: how a table is read, given what is known of its rows.

The choice follows SQL Server's in the obvious cases, without statistics, so that the same statement always locks the
same keys: a seek of the whole clustered key, of another unique key, the longest equality prefix, then a range on the
next column; then a scan of the narrowest index that covers the query, then of the table. With a row goal (TOP) an index
that has the wanted order comes before one that covers. ``INDEX``, ``FORCESEEK`` and ``FORCESCAN`` hints narrow the
choice.

Documentation: "SQL Server index architecture and design guide", "Hints (Transact-SQL) - Table".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from emulator.catalog.objects import Index, Table, fold
from emulator.catalog.stores import index_definition
from emulator.errors import sql_error
from emulator.execution.joins import fetched
from emulator.execution.row_locks import LockPolicies
from emulator.execution.scans import Fetch, Rows, ScanPlan, fetch, scan
from emulator.execution.seeks import Bound, Bounds, Equality, Prefix, bounds_of, key_maker
from emulator.planning.binding import PlanContext
from emulator.planning.queries.filtered import implies
from emulator.planning.queries.predicates import EQUAL, LIKE, Conjunct, Sarg, conjunction
from emulator.planning.queries.relations import StoredTable
from emulator.storage.keys import KeyPart
from emulator.storage.usage import Use
from emulator.types.sqltype import MAX, SqlType

ColumnKey = tuple[int, int]
"""A column as (slot, ordinal)."""

Ordering = Sequence[tuple[ColumnKey, bool]]
"""Columns of an order, each with whether it is descending."""

ONE_ROW, PREFIX_ROWS, RANGE_ROWS, TABLE_ROWS = 1, 10, 100, 1000
"""Estimates, for lack of statistics: only their order matters."""


@dataclass(slots=True)
class AccessPath:
    """A way to read a table: an index (None: the heap) and what of it is sought.

    ``equalities`` are for the first key columns. ``single``: a unique key is known, so at most one row is found.
    ``distinct``: no two rows have the same key ``parts``.
    """

    table: StoredTable
    index: Index | None
    parts: tuple[KeyPart, ...] = ()
    equalities: list[Sarg] = field(default_factory=list)
    low: Sarg | None = None
    high: Sarg | None = None
    prefix: Sarg | None = None
    single: bool = False
    distinct: bool = False
    covering: bool = False
    order: Ordering = ()
    reverse: bool = False
    ordered: bool = False

    @property
    def sargs(self) -> list[Sarg]:
        """All that is sought."""
        return [*self.equalities, *(sarg for sarg in (self.low, self.high, self.prefix) if sarg is not None)]

    @property
    def slots(self) -> frozenset[int]:
        """The slots that the sought values are read from."""
        return frozenset().union(*(sarg.slots for sarg in self.sargs))

    @property
    def is_base(self) -> bool:
        return self.index is None or self.index.clustered

    @property
    def is_filtered(self) -> bool:
        """Whether the index has only those rows that the query wants some of: fewer than the table."""
        return self.index is not None and self.index.filter is not None

    @property
    def is_narrow(self) -> bool:
        """Whether the index has fewer columns than the table, so that scanning it is less work."""
        assert self.index is not None
        return len(_contents(self.table, self.index)) < len(self.table.table.columns)

    @property
    def estimate(self) -> int:
        """Rows expected."""
        if self.single:
            return ONE_ROW
        if self.equalities:
            return PREFIX_ROWS
        return RANGE_ROWS if self.sargs or self.is_filtered else TABLE_ROWS

    def rank(self, *, row_goal: bool) -> tuple[int, ...]:
        """The lowest wins."""
        number = self.index.number if self.index is not None else 0
        needs_lookup = not (self.is_base or self.covering)
        order = not self.ordered
        if self.single:
            return 0, not self.is_base, needs_lookup, number
        if self.equalities:
            extent = -2 * len(self.equalities) - (self.is_filtered or len(self.sargs) > len(self.equalities))
            return (1, extent, order, needs_lookup, number) if row_goal else (1, extent, needs_lookup, order, number)
        if self.sargs or self.is_filtered:
            ends = -len(self.sargs)
            return (2, order, needs_lookup, ends, number) if row_goal else (2, needs_lookup, ends, order, number)
        if row_goal and self.ordered:
            return 3, needs_lookup, number
        if self.covering and self.index is not None and self.is_narrow:
            return 4, len(_contents(self.table, self.index)), number
        return (5, number) if self.is_base else (6, number)


# --- The choice -------------------------------------------------------------------------------------------------------


def choose_access(
    table: StoredTable,
    conjuncts: Sequence[Conjunct],
    unbound: frozenset[int],
    wanted: Ordering = (),
    *,
    row_goal: bool = False,
) -> AccessPath:
    """The best way to read ``table``. Values that read one of the ``unbound`` slots cannot be sought.

    Errors: 307, 308 for an index that does not exist, 8622 when hints allow no path.
    """
    slot = table.source.slot
    sargs: dict[int, list[Sarg]] = {}
    for conjunct in conjuncts:
        for sarg in conjunct.sargs:
            if sarg.column[0] == slot and not sarg.slots & unbound:
                sargs.setdefault(sarg.column[1], []).append(sarg)
    fixed = {
        (slot, ordinal)
        for ordinal, found in sargs.items()
        if any(sarg.operator == EQUAL and len(sarg.values) == 1 for sarg in found)
    }
    usable = [index for index in _candidates(table) if _has_all(table, index, conjuncts)]
    paths = [_path(table, index, sargs, fixed, wanted) for index in usable]
    if table.hints.force_seek:
        paths = [path for path in paths if path.sargs]
    if table.hints.force_scan:
        paths = [AccessPath(path.table, path.index, path.parts, covering=path.covering) for path in paths]
    if not paths:
        raise sql_error(8622)
    return min(paths, key=lambda path: path.rank(row_goal=row_goal))


def _candidates(table: StoredTable) -> list[Index | None]:
    indexes = table.indexes
    base: list[Index | None] = [table.table.clustered]
    others: list[Index | None] = [index for index in indexes if not index.clustered]
    if not table.hints.indexes:
        return base + others
    found = []
    for wanted in table.hints.indexes:
        if wanted == 0:
            found += base
            continue
        match = [
            index
            for index in indexes
            if (index.number == wanted if isinstance(wanted, int) else fold(index.name) == fold(wanted))
        ]
        if not match:
            raise sql_error(307 if isinstance(wanted, int) else 308, wanted, table.table.full_name)
        found += match
    return found


def _has_all(table: StoredTable, index: Index | None, conjuncts: Sequence[Conjunct]) -> bool:
    """Whether an index, if it is a filtered one, has all rows for which ``conjuncts`` hold."""
    if index is None or index.filter is None:
        return True
    return implies(conjuncts, table.filters[index.name], [column.type for column in table.source.columns])


def _path(
    table: StoredTable,
    index: Index | None,
    sargs: dict[int, list[Sarg]],
    fixed: set[ColumnKey],
    wanted: Ordering,
) -> AccessPath:
    if index is None:
        return AccessPath(table, None)
    slot = table.source.slot
    path = AccessPath(table, index, _key_parts(table.table, index))
    for part in path.parts:
        equal = _equality(sargs.get(part.ordinal, ()))
        if equal is None:
            _seek_range(path, sargs.get(part.ordinal, ()))
            break
        path.equalities.append(equal)
    whole_key = len(path.equalities) == len(path.parts)
    path.single = index.unique and whole_key and all(len(sarg.values) == 1 for sarg in path.equalities)
    clustered = table.table.clustered
    path.distinct = index.unique or (clustered is not None and clustered.unique)
    path.covering = not index.clustered and not table.target and table.source.used <= _contents(table, index)
    directions: dict[ColumnKey, bool] = {}
    for part in path.parts:
        # A column of the clustered key that the index has itself orders nothing further behind.
        directions.setdefault((slot, part.ordinal), part.descending)
    path.order = list(directions.items())
    direction = order_direction(path.order, fixed, wanted, unique_slot=slot if path.distinct else None)
    path.ordered = direction is not None
    path.reverse = direction is True
    return path


def _key_parts(table: Table, index: Index) -> tuple[KeyPart, ...]:
    """What entries are sorted by: the key columns, and in an index that is not unique the clustered key behind them."""
    parts = index_definition(table, index).parts
    clustered = table.clustered
    if index.unique or index.clustered or clustered is None:
        return parts
    return parts + index_definition(table, clustered).parts


def _equality(sargs: Sequence[Sarg]) -> Sarg | None:
    """The best equality: with one value rather than several."""
    equalities = [sarg for sarg in sargs if sarg.operator == EQUAL]
    return min(equalities, key=lambda sarg: len(sarg.values), default=None)


def _seek_range(path: AccessPath, sargs: Sequence[Sarg]) -> None:
    for sarg in sargs:
        if sarg.operator in (">", ">=") and path.low is None:
            path.low = sarg
        elif sarg.operator in ("<", "<=") and path.high is None:
            path.high = sarg
    path.prefix = next((sarg for sarg in sargs if sarg.operator == LIKE), None)


def _contents(table: StoredTable, index: Index) -> set[int]:
    """The columns that an index holds: its keys, what it includes, and the clustered key."""
    columns = {column.ordinal for column in index.columns} | set(index.included)
    clustered = table.table.clustered
    return columns | ({column.ordinal for column in clustered.columns} if clustered is not None else set())


def order_direction(
    order: Ordering, fixed: set[ColumnKey], wanted: Ordering, *, unique_slot: int | None = None
) -> bool | None:
    """Whether rows in ``order`` are in the ``wanted`` one: False as they are, True backwards, None: neither.

    Columns that are ``fixed`` to one value do not matter. ``unique_slot``: no two rows of that source are equal in
    ``order``, so nothing more of it can matter after all of it.
    """
    if not wanted:
        return None
    position = 0
    backwards: bool | None = None
    for column, descending in wanted:
        if column in fixed:
            continue
        while position < len(order) and order[position][0] in fixed:
            position += 1
        if position == len(order):
            if unique_slot is not None and column[0] == unique_slot:
                continue
            return None
        found, found_descending = order[position]
        if found != column:
            return None
        if backwards is None:
            backwards = found_descending != descending
        elif backwards != (found_descending != descending):
            return None
        position += 1
    return bool(backwards)


# --- From the path to the operator ------------------------------------------------------------------------------------


def build_access(path: AccessPath, conjuncts: Sequence[Conjunct]) -> tuple[Rows, Fetch | None]:
    """The operator that reads by ``path`` the rows for which all ``conjuncts`` hold; as a fetch, too, if it is
    single."""
    table = path.table
    slot = table.source.slot
    tested = [conjunct for conjunct in conjuncts if not _is_sought(conjunct, path)]
    behind = [conjunct for conjunct in tested if conjunct.asks_further]
    residual = [conjunct for conjunct in tested if not conjunct.asks_further]
    early: list[Conjunct] = []
    if not path.is_base and path.index is not None:
        contents = _contents(table, path.index)
        early = [
            conjunct
            for conjunct in residual
            if path.covering
            or (
                conjunct.columns is not None
                and all(ordinal in contents for source, ordinal in conjunct.columns if source == slot)
            )
        ]
    late = [conjunct for conjunct in residual if conjunct not in early]
    plan = ScanPlan(
        slot=slot,
        store_of=table.store_of,
        bounds=_bounds(path),
        index=None if path.is_base or path.index is None else path.index.name,
        covering=path.covering,
        reverse=path.reverse,
        key_slot=table.key_slot,
        entry_filter=conjunction(early),
        row_filter=conjunction(late),
        outer_filter=conjunction(behind),
        policies=LockPolicies(
            table.hints.locks, table.database, target=table.target, at_once=_changes_at_once(path, conjuncts)
        )
        if table.locked
        else None,
        points=path.index is not None and path.index.unique and len(path.equalities) == len(path.parts),
        large=any(_is_large(table.table.columns[ordinal].type) for ordinal in table.source.used),
    )
    if not path.single:
        return scan(plan), None
    single = fetch(plan, key_maker(path.parts, _equalities(path)))
    return fetched(single), single


def _changes_at_once(path: AccessPath, conjuncts: Sequence[Conjunct]) -> bool:
    """Whether finding and changing the rows is one operator: a seek in the clustered index that leaves nothing to test.

    SQL Server then locks them X at once, without U before.
    """
    return (
        path.table.alone
        and path.is_base
        and bool(path.sargs)
        and all(len(sarg.values) == 1 for sarg in path.sargs)
        and all(_is_sought(conjunct, path) and not conjunct.asks_further for conjunct in conjuncts)
    )


def _is_large(column: SqlType) -> bool:
    return column.length == MAX or column.name == "xml"


def note_reads(paths: Iterable[AccessPath], ctx: PlanContext) -> None:
    """Note for the statement what its access paths do with the indexes of permanent tables."""
    for path in paths:
        store = path.table.table.store
        if store is None:
            continue
        if path.is_base or path.index is None:
            ctx.uses.append(store.base.usage.counts[Use.SEEK if path.sargs else Use.SCAN])
            continue
        ctx.uses.append(store.indexes[path.index.name].usage.counts[Use.SEEK if path.sargs else Use.SCAN])
        if not path.covering:
            ctx.uses.append(store.base.usage.counts[Use.LOOKUP])


def _equalities(path: AccessPath) -> list[Equality]:
    return [Equality(tuple(value.fn for value in sarg.values), sarg.null_matches) for sarg in path.equalities]


def _bounds(path: AccessPath) -> Bounds:
    low = Bound(path.low.values[0].fn, path.low.operator == ">=") if path.low is not None else None
    high = Bound(path.high.values[0].fn, path.high.operator == "<=") if path.high is not None else None
    prefix = Prefix(path.prefix.values[0].fn) if path.prefix is not None else None
    return bounds_of(path.parts, _equalities(path), low, high, prefix)


def _is_sought(conjunct: Conjunct, path: AccessPath) -> bool:
    """Whether the seek finds only rows for which ``conjunct`` holds. LIKE has to look at the rest of the pattern."""
    sought = path.sargs
    own = [sarg for sarg in conjunct.sargs if sarg.column[0] == path.table.source.slot]
    return bool(own) and all(sarg.operator != LIKE and any(sarg is other for other in sought) for sarg in own)
