"""Can a history be explained? Adya's phenomena, found in the graph of dependencies between committed transactions.

Between committed transactions there are edges (A. Adya, "Weak consistency: a generalized theory", 1999):

- ``ww`` from the writer of a version to the writer of the next one;
- ``wr`` from the writer of a version to whoever read it, or, of a dead row, did not find it any more;
- ``rw`` from whoever read a version, or did not find an unborn row, to the writer of the next one.

What a transaction is promised depends on its own level, as others may run at lower ones (mixed histories):

- from READ COMMITTED on: no read of what was rolled back (G1a) or later overwritten by its own writer (G1b), and no
  cycle of ww and wr edges (G0, G1c);
- at REPEATABLE READ: no cycle with rw edges from the rows that it read; at SERIALIZABLE: nor with those from rows that
  it looked for and did not find. If no history has such a cycle, the SERIALIZABLE ones have an equivalent serial order;
- at SNAPSHOT: no cycle with one rw edge of its own (G-single, among them lost updates).

All edges but the rw edges of SNAPSHOT follow the order of commits, so one graph of them must have no cycle.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from tests.emulator.histories.history import History, Level, Outcome, Read, Transaction, Write

UNBORN, DEAD = -1, -2
"""Stand for the versions before the first and after the last of a key."""


@dataclass(frozen=True, slots=True)
class Edge:
    """``reason`` is for people; ``predicate``: it comes from a row that was looked for and not found."""

    source: Transaction
    target: Transaction
    kind: str
    reason: str
    predicate: bool = False


@dataclass(frozen=True, slots=True)
class Violation:
    """A phenomenon that must not be, with the smallest cycle that shows it."""

    phenomenon: str
    explanation: str
    cycle: tuple[Edge, ...] = ()

    def __str__(self) -> str:
        steps = "".join(f"\n  {edge.source} -{edge.kind}-> {edge.target}: {edge.reason}" for edge in self.cycle)
        return f"{self.phenomenon}: {self.explanation}{steps}"


def check(history: History, level: Level | None = None) -> list[Violation]:
    """All phenomena in the history that the levels of its transactions exclude; ``level``: as if all ran at that."""
    return list(_Checker(history, level).violations())


class _Checker:
    def __init__(self, history: History, level: Level | None) -> None:
        self.history = history
        self.level = level
        self.writers: dict[int, tuple[Transaction, Write]] = {}
        for transaction in history.transactions:
            for item in transaction.operations:
                if isinstance(item, Write) and item.version is not None:
                    self.writers[item.version] = transaction, item
        self._settle_unknown_outcomes()
        self.committed = [item for item in history.transactions if item.outcome is Outcome.COMMITTED]
        self.inserts: dict[int, Transaction] = {}
        self.deletes: dict[int, tuple[Transaction, Write]] = {}
        self.insert_writes: dict[int, Write] = {}
        self.next: dict[int, Transaction] = {}
        for transaction in self.committed:
            last: dict[int, Write] = {}
            for write in transaction.writes:
                if write.replaced is None:
                    self.inserts[write.key] = transaction
                    self.insert_writes[write.key] = write
                else:
                    self.next[write.replaced] = transaction
                last[write.key] = write
            for write in last.values():
                if write.version is None:
                    self.deletes[write.key] = transaction, write

    def level_of(self, transaction: Transaction) -> Level:
        return self.level or transaction.level

    def _settle_unknown_outcomes(self) -> None:
        """A transaction whose end nobody heard of committed if somebody else saw or replaced what it wrote."""
        seen = set(self.history.final.values())
        for transaction in self.history.transactions:
            if transaction.outcome is Outcome.COMMITTED:
                seen |= {write.replaced for write in transaction.writes if write.replaced is not None}
                if transaction.level is not Level.READ_UNCOMMITTED:
                    seen |= {version for read in transaction.reads for version in read.versions.values()}
        for transaction in self.history.transactions:
            if transaction.outcome is Outcome.UNKNOWN:
                left = any(write.version in seen for write in transaction.writes)
                gone = any(
                    write.version is None and write.replaced is not None and write.key not in self.history.final
                    for write in transaction.writes
                )
                replaced_by_others = any(write.replaced in seen for write in transaction.writes)
                committed = left or (gone and not replaced_by_others)
                transaction.outcome = Outcome.COMMITTED if committed else Outcome.ABORTED

    # -- phenomena ---------------------------------------------------------------------------------------------------

    def violations(self) -> Iterator[Violation]:
        for transaction in self.committed:
            yield from self._own_writes(transaction)
            if self.level_of(transaction) >= Level.READ_COMMITTED:
                yield from self._dirty_reads(transaction)
            yield from self._dirty_writes(transaction)
        yield from self._final_state()
        ordered = self._ordered_edges()
        cycle = _smallest_cycle(ordered)
        if cycle:
            yield Violation(_phenomenon(cycle), "a cycle of dependencies", cycle)
            return
        yield from self._snapshots(ordered)

    def _dirty_reads(self, transaction: Transaction) -> Iterator[Violation]:
        for read in transaction.reads:
            for key, version in read.versions.items():
                if version not in self.writers:
                    if self.history.initial.get(key) != version:
                        yield Violation("invention", f"{transaction} read {key}={version}, which nobody wrote")
                    continue
                writer, write = self.writers[version]
                if writer is transaction:
                    continue
                if writer.outcome is not Outcome.COMMITTED or write.undone:
                    yield Violation("G1a", f"{transaction} read {key}={version} of {writer}, which was rolled back")
                elif any(other.replaced == version for other in writer.writes):
                    yield Violation("G1b", f"{transaction} read {key}={version}, which {writer} itself replaced later")

    def _dirty_writes(self, transaction: Transaction) -> Iterator[Violation]:
        for write in transaction.writes:
            if write.replaced is None or write.replaced not in self.writers:
                continue
            writer, before = self.writers[write.replaced]
            if writer is not transaction and (writer.outcome is not Outcome.COMMITTED or before.undone):
                yield Violation("G0", f"{transaction} replaced {write.key}={write.replaced} of {writer}, rolled back")
        replaced = [write.replaced for write in transaction.writes if write.replaced is not None]
        for version in replaced:
            if self.next[version] is not transaction:
                yield Violation("G0", f"{transaction} and {self.next[version]} both replaced version {version}")

    def _own_writes(self, transaction: Transaction) -> Iterator[Violation]:
        own: dict[int, int | None] = {}
        for item in transaction.operations:
            if isinstance(item, Write):
                if not item.undone:
                    own[item.key] = item.version
                continue
            for key, version in own.items():
                asked = key in item.versions or (item.covers is not None and item.covers(key))
                if asked and item.versions.get(key) != version:
                    yield Violation(
                        "own writes", f"{transaction} wrote {key}={version} and read {item.versions.get(key)}"
                    )

    def _final_state(self) -> Iterator[Violation]:
        expected = dict(self.history.initial)
        heads: dict[int, int] = {}
        for transaction in self.committed:
            for write in transaction.writes:
                if write.version is not None and write.version not in self.next:
                    heads[write.key] = write.version
        expected.update(heads)
        for key in self.deletes:
            expected.pop(key, None)
        if expected != self.history.final:
            wrong = sorted(set(expected.items()) ^ set(self.history.final.items()))[:6]
            yield Violation("lost or invented", f"the final rows differ from what was committed: {wrong}")

    def _snapshots(self, ordered: dict[Transaction, list[Edge]]) -> Iterator[Violation]:
        flow = {node: [edge for edge in edges if edge.kind != "rw"] for node, edges in ordered.items()}
        sources: dict[Transaction, list[Transaction]] = defaultdict(list)
        for node, edges in flow.items():
            for edge in edges:
                sources[edge.target].append(node)
        for transaction in self.committed:
            if self.level_of(transaction) is not Level.SNAPSHOT:
                continue
            before = _reached(sources, transaction)
            for edge in self._rw_edges(transaction, items=True, predicates=True):
                back = _path(flow, edge.target, transaction) if edge.target in before else None
                if back is not None:
                    yield Violation("G-single", f"at SNAPSHOT, {transaction} missed a part", (edge, *back))
                    return

    # -- edges -------------------------------------------------------------------------------------------------------

    def _ordered_edges(self) -> dict[Transaction, list[Edge]]:
        """All edges that must follow the order of commits."""
        graph: dict[Transaction, list[Edge]] = defaultdict(list)
        open_questions: list[tuple[Edge, Edge]] = []
        for transaction in self.committed:
            level = self.level_of(transaction)
            found = list(self._ww_edges(transaction))
            if level >= Level.READ_COMMITTED:
                found += self._wr_edges(transaction)
            if level in (Level.REPEATABLE_READ, Level.SERIALIZABLE):
                found += self._rw_edges(transaction, items=True, predicates=False)
            if level is Level.SERIALIZABLE:
                for before, after in self._absences(transaction):
                    if before is not None and after is not None:
                        open_questions.append((before, after))
                    else:
                        found += [edge for edge in (before, after) if edge is not None]
            for edge in found:
                graph[edge.source].append(edge)
        _answer(open_questions, graph)
        return graph

    def _ww_edges(self, transaction: Transaction) -> Iterator[Edge]:
        for write in transaction.writes:
            if write.replaced in self.writers:
                writer = self.writers[write.replaced][0]  # type: ignore[index]
                if writer is not transaction:
                    yield Edge(writer, transaction, "ww", f"version {write.replaced} of {write.key} was replaced")

    def _wr_edges(self, transaction: Transaction) -> Iterator[Edge]:
        for read in transaction.reads:
            for key, version in read.versions.items():
                writer = self.writers[version][0] if version in self.writers else None
                if writer is not None and writer is not transaction and writer.outcome is Outcome.COMMITTED:
                    yield Edge(writer, transaction, "wr", f"{key}={version} was read")

    def _rw_edges(self, transaction: Transaction, *, items: bool, predicates: bool) -> Iterator[Edge]:
        for read in transaction.reads if items else ():
            for key, version in read.versions.items():
                successor = self.next.get(version)
                if successor is not None and successor is not transaction:
                    yield Edge(transaction, successor, "rw", f"{key}={version} was read and then replaced")
        if predicates:
            for before, after in self._absences(transaction):
                if before is not None and after is None:
                    yield before

    def _absences(self, transaction: Transaction) -> Iterator[tuple[Edge | None, Edge | None]]:
        """For each row that was looked for and not found: the edge if it was unborn, the edge if it was dead.

        One of them is None where the moments exclude it: rows that came after the read, rows gone before it.
        """
        own = {write.key for write in transaction.writes}
        for read in transaction.reads:
            if read.covers is None:
                continue
            for key in self.history.initial.keys() | self.inserts.keys():
                if key in read.versions or key in own or not read.covers(key):
                    continue
                yield self._absence(transaction, read, key)

    def _absence(self, transaction: Transaction, read: Read, key: int) -> tuple[Edge | None, Edge | None]:
        before = after = None
        seen_from = transaction.began if self.level_of(transaction) is Level.SNAPSHOT else read.began
        inserter = self.inserts.get(key)
        deleter = self.deletes.get(key)
        if inserter is not None and inserter is not transaction:
            before = Edge(transaction, inserter, "rw", f"{key} was not found and then inserted", predicate=True)
        if deleter is not None and deleter[0] is not transaction:
            after = Edge(deleter[0], transaction, "wr", f"{key} was deleted and then not found", predicate=True)
        if before is not None and after is not None and deleter is not None and inserter is not None:
            if read.ended < self.insert_writes[key].began:
                after = None
            elif deleter[0].ended < seen_from:
                before = None
        return before, after


def _answer(questions: list[tuple[Edge, Edge]], graph: dict[Transaction, list[Edge]]) -> None:
    """Was a row unborn still, or dead already? What closes a cycle is excluded; where nothing is, it was dead.

    Every answer can exclude others, so those that follow come before those that are free.
    """
    while questions:
        left = []
        for before, after in questions:
            if _path(graph, before.target, before.source) is not None:
                graph[after.source].append(after)
            elif _path(graph, after.target, after.source) is not None:
                graph[before.source].append(before)
            else:
                left.append((before, after))
        if len(left) == len(questions):
            _, after = left.pop()
            graph[after.source].append(after)
        questions = left


# --- Graphs -----------------------------------------------------------------------------------------------------------


def _path(graph: dict[Transaction, list[Edge]], source: Transaction, target: Transaction) -> tuple[Edge, ...] | None:
    """A shortest path, None if there is none."""
    if source is target:
        return ()
    came_by: dict[Transaction, Edge] = {}
    pending = deque([source])
    while pending:
        at = pending.popleft()
        for edge in graph.get(at, ()):
            if edge.target in came_by or edge.target is source:
                continue
            came_by[edge.target] = edge
            if edge.target is target:
                path = [edge]
                while path[0].source is not source:
                    path.insert(0, came_by[path[0].source])
                return tuple(path)
            pending.append(edge.target)
    return None


def _reached(graph: dict[Transaction, list[Transaction]], source: Transaction) -> set[Transaction]:
    """All that can be reached from ``source``."""
    found: set[Transaction] = set()
    pending = list(graph.get(source, ()))
    while pending:
        at = pending.pop()
        if at not in found:
            found.add(at)
            pending += graph.get(at, ())
    return found


def _smallest_cycle(graph: dict[Transaction, list[Edge]]) -> tuple[Edge, ...]:
    """A cycle with as few edges as possible, empty if there is none."""
    best: tuple[Edge, ...] = ()
    for source in _in_cycles(graph):
        for edge in graph.get(source, ()):
            back = _path(graph, edge.target, source)
            if back is not None and (not best or len(back) + 1 < len(best)):
                best = (edge, *back)
    return best


def _in_cycles(graph: dict[Transaction, list[Edge]]) -> list[Transaction]:
    """The transactions that are left when those without a way in or out are taken away, again and again."""
    nodes = set(graph) | {edge.target for edges in graph.values() for edge in edges}
    while True:
        targets = {edge.target for node in nodes for edge in graph.get(node, ()) if edge.target in nodes}
        left = {node for node in targets if any(edge.target in nodes for edge in graph.get(node, ()))}
        if left == nodes:
            return list(left)
        nodes = left


def _phenomenon(cycle: tuple[Edge, ...]) -> str:
    kinds = [edge.kind for edge in cycle]
    if "rw" not in kinds:
        return "G0" if "wr" not in kinds else "G1c"
    if kinds.count("rw") == 1:
        return "G-single"
    return "G2" if any(edge.predicate for edge in cycle) else "G2-item"
