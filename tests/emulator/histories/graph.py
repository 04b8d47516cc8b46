"""A graph of which moment must come before which, and how it contradicts itself or the time.

A moment lies between two readings of the clients' clock. If one must come before another by the edges, but lay after it
by the clock, that is a contradiction, too ("strict" or "real-time" phenomena, as Elle calls them). One comparison with
the clock is enough in a contradiction: of two, one can be left out, as intervals of time have no crossed order.

Everything here but the search for the smallest cycle of a faulty graph takes time that grows with the number of edges,
or with what happened at the same time.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from tests.emulator.histories.history import Transaction


@dataclass(slots=True, eq=False)
class Moment:
    """When a transaction took its snapshot or committed: not before ``began``, not after ``ended``."""

    transaction: Transaction
    began: int
    ended: int

    def __repr__(self) -> str:
        return repr(self.transaction)


@dataclass(frozen=True, slots=True)
class Edge:
    """``reason`` is for people; ``predicate``: it comes from a row that was looked for and not found."""

    source: Moment
    target: Moment
    kind: str
    reason: str
    predicate: bool = False


class Graph:
    def __init__(self) -> None:
        self._out: dict[Moment, list[Edge]] = defaultdict(list)
        self._in: dict[Moment, list[Edge]] = defaultdict(list)

    def add(self, edge: Edge) -> None:
        self._out[edge.source].append(edge)
        self._in[edge.target].append(edge)

    def precedes(self, one: Moment, other: Moment) -> bool:
        """Whether ``one`` comes before ``other`` by edges and the clock, if nothing contradicts itself so far.

        Moments that certainly are after ``other`` or before ``one`` cannot lie between them and are not looked at.
        """
        if one.ended < other.began:
            return True
        after = self._reached(one, lambda moment: moment.began <= other.ended)
        if other in after:
            return True
        before = self._reached_back(other, lambda moment: moment.ended >= one.began)
        return min(moment.ended for moment in after) < max(moment.began for moment in before)

    def _reached(self, source: Moment, between: Callable[[Moment], bool]) -> set[Moment]:
        found, pending = {source}, [source]
        while pending:
            for edge in self._out.get(pending.pop(), ()):
                if edge.target not in found and between(edge.target):
                    found.add(edge.target)
                    pending.append(edge.target)
        return found

    def _reached_back(self, target: Moment, between: Callable[[Moment], bool]) -> set[Moment]:
        found, pending = {target}, [target]
        while pending:
            for edge in self._in.get(pending.pop(), ()):
                if edge.source not in found and between(edge.source):
                    found.add(edge.source)
                    pending.append(edge.source)
        return found

    # -- contradictions ----------------------------------------------------------------------------------------------

    def contradiction(self) -> tuple[Edge, ...]:
        """A cycle with as few edges as possible; if there is none, one with an edge ``rt`` of the clock; or empty."""
        order, left = self._sorted()
        return self._smallest_cycle(left) if left else self._against_the_clock(order)

    def _sorted(self) -> tuple[list[Moment], set[Moment]]:
        """The moments in an order of the edges, and those left, which are in cycles or between them (Kahn)."""
        moments = self._out.keys() | self._in.keys()
        order = self._peeled(moments, self._in, self._out, lambda edge: edge.target)
        left = moments - set(order)
        return order, left - set(self._peeled(left, self._out, self._in, lambda edge: edge.source))

    @staticmethod
    def _peeled(
        moments: set[Moment],
        incoming: dict[Moment, list[Edge]],
        outgoing: dict[Moment, list[Edge]],
        end: Callable[[Edge], Moment],
    ) -> list[Moment]:
        """Those without a way in, then those whose ways in all come from these, and so on."""
        ways = dict.fromkeys(moments, 0)
        for moment in moments:
            for edge in outgoing.get(moment, ()):
                if end(edge) in ways:
                    ways[end(edge)] += 1
        order = [moment for moment, count in ways.items() if not count]
        for moment in order:
            for edge in outgoing.get(moment, ()):
                if end(edge) in ways:
                    ways[end(edge)] -= 1
                    if not ways[end(edge)]:
                        order.append(end(edge))
        return order

    def _smallest_cycle(self, among: set[Moment]) -> tuple[Edge, ...]:
        best: tuple[Edge, ...] = ()
        for source in among:
            found = self._path(source, source, among, len(best))
            if found:
                best = found
        return best

    def _path(self, source: Moment, target: Moment, among: set[Moment], less_than: int = 0) -> tuple[Edge, ...]:
        """A shortest path or, from a moment to itself, cycle; empty if none has ``less_than`` edges (0: any number)."""
        came_by: dict[Moment, Edge] = {}
        pending = deque([(source, 1)])
        while pending:
            at, length = pending.popleft()
            if less_than and length >= less_than:
                return ()
            for edge in self._out.get(at, ()):
                if edge.target in came_by or edge.target not in among:
                    continue
                came_by[edge.target] = edge
                if edge.target is target:
                    path = [edge]
                    while path[0].source is not source:
                        path.insert(0, came_by[path[0].source])
                    return tuple(path)
                pending.append((edge.target, length + 1))
        return ()

    def _against_the_clock(self, order: list[Moment]) -> tuple[Edge, ...]:
        latest: dict[Moment, Moment] = {}
        for moment in order:
            before = [latest[edge.source] for edge in self._in.get(moment, ())]
            latest[moment] = last = max([moment, *before], key=lambda found: found.began)
            if moment.ended < last.began:
                path = self._path(last, moment, set(order))
                return (*path, Edge(moment, last, "rt", "was over before the other could be"))
        return ()
