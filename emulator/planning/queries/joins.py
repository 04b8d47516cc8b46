"""From a relation to the operator that makes its rows: join order, join methods, and where each condition is tested.

FROM's order is kept unless another first table makes the whole obviously cheaper (by the few sizes that ``access``
estimates). After the first, the table that is cheapest to reach comes next, so that seeks follow what they seek by. A
table that is reached by a seek with values of the tables before it is joined by nested loops, anything else by a hash
table. Conditions are tested as early as their columns are there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.execution.joins import (
    filtered,
    guarded,
    hash_join,
    key_of,
    nested_loops,
    no_key,
    one_row,
    outer_nested_loops,
)
from emulator.execution.scans import Fetch, Rows
from emulator.planning.binding import Condition, Env, Expr, Scalar
from emulator.planning.queries.access import (
    TABLE_ROWS,
    AccessPath,
    ColumnKey,
    Ordering,
    build_access,
    choose_access,
    order_direction,
)
from emulator.planning.queries.predicates import EQUAL, Conjunct, conjunction, implied
from emulator.planning.queries.relations import (
    InnerJoin,
    MadeRows,
    OuterJoin,
    Relation,
    StoredTable,
    depends_on,
    null_rows,
    slots_of,
)
from emulator.types.comparison import sort_key

OBVIOUSLY_BETTER = 4
"""How many times cheaper another first table must be."""

MADE_ROWS = 50
"""Estimate for derived tables and functions."""


@dataclass(slots=True)
class Operator:
    """Rows of a relation. ``fetch`` is set when there is at most one. ``slots`` are those it fills.

    ``driven_by`` are the slots of other relations that say which rows it reads: then it must run inside a loop over
    them. ``order`` is that of its rows, ``fixed`` the columns that have one value in all of them; ``unique_slot``: see
    ``access.order_direction``.
    """

    rows: Rows
    slots: frozenset[int]
    fetch: Fetch | None = None
    driven_by: frozenset[int] = frozenset()
    order: Ordering = ()
    fixed: frozenset[ColumnKey] = frozenset()
    unique_slot: int | None = None

    def has_order(self, wanted: Ordering) -> bool:
        """Whether the rows come in the wanted order. One row is in any order."""
        if self.fetch is not None:
            return True
        return order_direction(self.order, set(self.fixed), wanted, unique_slot=self.unique_slot) is False


@dataclass(slots=True)
class JoinPlanner:
    """Plans one FROM. ``wanted`` is the order that the query asks for, ``row_goal`` says that it stops early."""

    wanted: Ordering = ()
    row_goal: bool = False
    keep_order: bool = False
    paths: dict[int, AccessPath] = field(default_factory=dict)
    """How each stored table is read, by its slot: filled while planning."""

    def plan(self, relation: Relation, conjuncts: Sequence[Conjunct], unbound: frozenset[int]) -> Operator:
        """The operator for ``relation`` with ``conjuncts`` tested. ``unbound`` slots have no row yet, its own
        included."""
        match relation:
            case StoredTable():
                return self._plan_table(relation, conjuncts, unbound)
            case MadeRows():
                return _plan_made_rows(relation, conjuncts)
            case InnerJoin():
                return self._plan_inner(relation, conjuncts, unbound)
            case OuterJoin():
                return self._plan_outer(relation, conjuncts, unbound)

    def _inner(self) -> JoinPlanner:
        """For the inner side of a join, whose order does not matter."""
        return JoinPlanner(keep_order=self.keep_order, paths=self.paths)

    # -- leaves ------------------------------------------------------------------------------------------------------

    def _plan_table(self, table: StoredTable, conjuncts: Sequence[Conjunct], unbound: frozenset[int]) -> Operator:
        path = choose_access(table, conjuncts, unbound, self.wanted, row_goal=self.row_goal)
        rows, fetch = build_access(path, conjuncts)
        slot = table.source.slot
        self.paths[slot] = path
        fixed = {
            sarg.column
            for conjunct in conjuncts
            for sarg in conjunct.sargs
            if sarg.column[0] == slot and sarg.operator == EQUAL and len(sarg.values) == 1 and not sarg.slots & unbound
        }
        order = [(column, descending is not path.reverse) for column, descending in path.order]
        filled = {slot} if table.key_slot is None else {slot, table.key_slot}
        return Operator(
            rows,
            frozenset(filled),
            fetch,
            path.slots,
            order,
            frozenset(fixed),
            unique_slot=slot if path.distinct else None,
        )

    # -- inner joins -------------------------------------------------------------------------------------------------

    def _plan_inner(self, join: InnerJoin, conjuncts: Sequence[Conjunct], unbound: frozenset[int]) -> Operator:
        pool = list(conjuncts)
        children = _flatten(join, pool)
        own = frozenset().union(*(slots_of(child) for child in children))
        guards = [conjunct for conjunct in pool if not conjunct.slots & own]
        pool = [conjunct for conjunct in pool if conjunct.slots & own]
        pool += implied(pool)
        operator: Operator | None = None
        order = list(range(len(children))) if len(children) < 2 else self._join_order(children, pool, unbound)
        remaining = own
        for position in order:
            child = children[position]
            present = own - remaining
            remaining -= slots_of(child)
            tested = [conjunct for conjunct in pool if not conjunct.slots & remaining]
            pool = [conjunct for conjunct in pool if conjunct.slots & remaining]
            if operator is None:
                operator = self.plan(child, tested, unbound)
            else:
                operator = self._join(operator, child, tested, (unbound - present), present)
        if operator is None:
            operator = Operator(one_row, frozenset(), lambda env: True)
        return _guarded(operator, guards)

    def _join(
        self,
        left: Operator,
        child: Relation,
        conjuncts: Sequence[Conjunct],
        unbound: frozenset[int],
        present: frozenset[int],
    ) -> Operator:
        right = self._inner().plan(child, conjuncts, unbound)
        if left.fetch is not None or (right.driven_by | depends_on(child)) & present:
            rows = nested_loops(left.rows, right.rows, right.fetch)
            fetch = _both_fetched(left.fetch, right.fetch)
        else:
            hashing = _HashSides(child, conjuncts, present)
            build = self._inner().plan(child, hashing.build, unbound | present)
            rows = hash_join(
                left.rows,
                build.rows,
                sorted(build.slots),
                hashing.probe_key,
                hashing.build_key,
                conjunction(hashing.residual),
                outer_slots=left.slots,
            )
            fetch = None
        slots = left.slots | right.slots
        return Operator(rows, slots, fetch, left.driven_by | (right.driven_by - slots), left.order, left.fixed)

    def _join_order(self, children: Sequence[Relation], pool: Sequence[Conjunct], unbound: frozenset[int]) -> list[int]:
        best = self._greedy_order(0, children, pool, unbound) if _can_start(children, 0) else None
        if best is not None and self.keep_order:
            return list(range(len(children)))
        for start in range(1, len(children)):
            if not _can_start(children, start):
                continue
            other = self._greedy_order(start, children, pool, unbound)
            if best is None or other[0] * OBVIOUSLY_BETTER <= best[0]:
                best = other
        return best[1] if best is not None else list(range(len(children)))

    def _greedy_order(
        self, start: int, children: Sequence[Relation], pool: Sequence[Conjunct], unbound: frozenset[int]
    ) -> tuple[int, list[int]]:
        """Cost and order when ``start`` comes first, then always the child that adds the fewest rows."""
        rows = cost = _estimate(children[start], pool, unbound)[0]
        order = [start]
        missing = unbound - slots_of(children[start])
        while len(order) < len(children):
            candidates = []
            for position, child in enumerate(children):
                others = missing - slots_of(child)
                if position in order or depends_on(child) & others & _all_slots(children):
                    continue
                found, is_driven = _estimate(child, pool, missing)
                candidates.append((found, position, is_driven))
            if not candidates:
                break
            found, position, is_driven = min(candidates)
            cost += rows * found if is_driven else found + rows
            rows = rows * found if is_driven else max(rows, found)
            order.append(position)
            missing -= slots_of(children[position])
        order += [position for position in range(len(children)) if position not in order]
        return cost, order

    # -- outer joins -------------------------------------------------------------------------------------------------

    def _plan_outer(self, join: OuterJoin, conjuncts: Sequence[Conjunct], unbound: frozenset[int]) -> Operator:
        on = list(join.conjuncts)
        inner = join.right
        if isinstance(inner, InnerJoin) and not join.full:
            inner = InnerJoin(_flatten(inner, on))
        right_slots = slots_of(inner)
        before = [] if join.full else [conjunct for conjunct in conjuncts if not conjunct.slots & right_slots]
        after = [conjunct for conjunct in conjuncts if conjunct not in before]
        left = self.plan(join.left, before, unbound - right_slots)
        present = slots_of(join.left)
        nulls = null_rows(inner)
        right = self._inner().plan(inner, on, unbound - present)
        if not join.full and (left.fetch is not None or (right.driven_by | depends_on(inner)) & present):
            rows = outer_nested_loops(left.rows, right.rows, nulls)
        else:
            hashing = _HashSides(inner, on, present)
            build = self._inner().plan(inner, [] if join.full else hashing.build, unbound | present)
            residual = hashing.residual + (hashing.build if join.full else [])
            rows = hash_join(
                left.rows,
                build.rows,
                sorted(build.slots),
                hashing.probe_key,
                hashing.build_key,
                conjunction(residual),
                outer_slots=left.slots,
                nulls=nulls,
                outer_nulls=null_rows(join.left) if join.full else None,
            )
        condition = conjunction(after)
        if condition is not None:
            rows = filtered(rows, condition)
        slots = left.slots | right.slots
        order = () if join.full else left.order
        fixed = frozenset() if join.full else left.fixed
        return Operator(rows, slots, None, left.driven_by | (right.driven_by - slots), order, fixed)


class _HashSides:
    """The conditions of a hash join: those of the inner (``build``) side alone, the keys, and the rest."""

    def __init__(self, right: Relation, conjuncts: Sequence[Conjunct], present: frozenset[int]) -> None:
        self.build: list[Conjunct] = []
        self.residual: list[Conjunct] = []
        pairs: list[tuple[Expr, Expr]] = []
        inner = slots_of(right)
        for conjunct in conjuncts:
            pair = _sides(conjunct, inner, present)
            if not conjunct.slots & present:
                self.build.append(conjunct)
            elif pair is not None:
                pairs.append(pair)
            else:
                self.residual.append(conjunct)
        self.probe_key = _hash_key([outer for outer, _ in pairs])
        self.build_key = _hash_key([own for _, own in pairs])


def _sides(conjunct: Conjunct, inner: frozenset[int], present: frozenset[int]) -> tuple[Expr, Expr] | None:
    """The outer and the inner side of an equality between the two."""
    if conjunct.equal is None:
        return None
    for outer, own in (conjunct.equal, conjunct.equal[::-1]):
        if own.slots and not own.slots & present and own.slots & inner and not outer.slots & inner:
            return outer, own
    return None


def _hash_key(exprs: Sequence[Expr]) -> Callable[[Env], Any]:
    return key_of([_comparable(expr) for expr in exprs]) if exprs else no_key


def _comparable(expr: Expr) -> Scalar:
    key, value_of = sort_key(expr.type), expr.fn
    if key is None:
        return value_of

    def comparable(env: Env) -> Any:
        value = value_of(env)
        return None if value is None else key(value)

    return comparable


def _flatten(join: InnerJoin, pool: list[Conjunct]) -> list[Relation]:
    """The children of nested inner joins; their conditions go to ``pool``. An outer join whose missing side would not
    pass a condition is an inner one."""
    pool += join.conjuncts
    children: list[Relation] = []
    for child in join.children:
        if isinstance(child, InnerJoin):
            children += _flatten(child, pool)
        else:
            children.append(child)
    rejected = frozenset().union(*(conjunct.rejects for conjunct in pool))
    flat: list[Relation] = []
    for child in children:
        if isinstance(child, OuterJoin) and not child.full and rejected & slots_of(child.right):
            flat += _flatten(InnerJoin([child.left, child.right], child.conjuncts), pool)
        else:
            flat.append(child)
    return flat


def _all_slots(children: Sequence[Relation]) -> frozenset[int]:
    return frozenset().union(*(slots_of(child) for child in children))


def _can_start(children: Sequence[Relation], start: int) -> bool:
    return not depends_on(children[start]) & _all_slots(children)


def _estimate(child: Relation, pool: Sequence[Conjunct], unbound: frozenset[int]) -> tuple[int, bool]:
    """Rows of a child for one row of what is there before, and whether it is sought by that."""
    others = unbound - slots_of(child)
    usable = [conjunct for conjunct in pool if conjunct.slots & slots_of(child) and not conjunct.slots & others]
    if isinstance(child, StoredTable):
        path = choose_access(child, usable, unbound)
        return path.estimate, bool(path.sargs)
    if isinstance(child, OuterJoin):
        return _estimate(child.left, usable, unbound)
    if depends_on(child):
        return MADE_ROWS, True
    return (MADE_ROWS if isinstance(child, MadeRows) else TABLE_ROWS), False


def _plan_made_rows(made: MadeRows, conjuncts: Sequence[Conjunct]) -> Operator:
    slot, make = made.source.slot, made.rows
    condition = conjunction(conjuncts)

    def rows(env: Env) -> Any:
        for row in make(env):
            env[slot] = row
            if condition is None or condition(env):
                yield

    return Operator(rows, frozenset({slot}), driven_by=made.depends)


def _guarded(operator: Operator, guards: Sequence[Conjunct]) -> Operator:
    condition = conjunction(guards)
    if condition is None:
        return operator
    operator.rows = guarded(operator.rows, condition)
    operator.driven_by |= frozenset().union(*(guard.slots for guard in guards))
    if operator.fetch is not None:
        operator.fetch = _both_fetched(condition, operator.fetch)
    return operator


def _both_fetched(first: Fetch | Condition | None, second: Fetch | None) -> Fetch | None:
    if first is None or second is None:
        return None
    return lambda env: bool(first(env)) and second(env)
