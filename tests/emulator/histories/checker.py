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

Edges go from moment to moment: that of the commit or, at SNAPSHOT, for reads and for what was replaced, that of the
snapshot. So all follow the order of time: their one graph must have no cycle, and not contradict the clock.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tests.emulator.histories.graph import Edge, Graph, Moment
from tests.emulator.histories.history import History, Level, Outcome, Read, Transaction, Write

SAME = "same"
"""The kind of the edge from the snapshot of a transaction to its commit."""
NEVER = sys.maxsize
"""Is when a transaction was over of whose commit nobody heard: who knows when it was."""


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
        self.commits = {item: self._commit(item) for item in self.committed}
        self.seen_at = {item: self._seen_at(item) for item in self.committed}
        self.inserts: dict[int, Transaction] = {}
        self.deletes: dict[int, Transaction] = {}
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
                    self.deletes[write.key] = transaction

    def level_of(self, transaction: Transaction) -> Level:
        return self.level or transaction.level

    def _settle_unknown_outcomes(self) -> None:
        """A transaction whose end nobody heard of committed if somebody else saw or replaced what it wrote."""
        replaced: set[int] = set()
        seen = set(self.history.final.values())
        for transaction in self.history.transactions:
            if transaction.outcome is Outcome.COMMITTED:
                replaced |= {write.replaced for write in transaction.writes if write.replaced is not None}
                if transaction.level is not Level.READ_UNCOMMITTED:
                    seen |= {version for read in transaction.reads for version in read.versions.values()}
        seen |= replaced
        for transaction in self.history.transactions:
            if transaction.outcome is Outcome.UNKNOWN:
                left = any(write.version in seen for write in transaction.writes)
                gone = any(
                    write.version is None and write.replaced is not None and write.key not in self.history.final
                    for write in transaction.writes
                )
                replaced_by_others = any(write.replaced in replaced for write in transaction.writes)
                committed = left or (gone and not replaced_by_others)
                transaction.outcome = Outcome.COMMITTED if committed else Outcome.ABORTED
                transaction.ended = NEVER

    def _commit(self, transaction: Transaction) -> Moment:
        last = max((item.ended for item in transaction.operations), default=transaction.began)
        return Moment(transaction, last, transaction.ended)

    def _seen_at(self, transaction: Transaction) -> Moment:
        """The moment whose rows the transaction sees, of those that nobody else changes before it commits."""
        if self.level_of(transaction) is not Level.SNAPSHOT or not transaction.operations:
            return self.commits[transaction]
        return Moment(transaction, transaction.began, transaction.operations[0].ended)

    # -- phenomena ---------------------------------------------------------------------------------------------------

    def violations(self) -> Iterator[Violation]:
        for transaction in self.committed:
            yield from self._own_writes(transaction)
            if self.level_of(transaction) >= Level.READ_COMMITTED:
                yield from self._dirty_reads(transaction)
            yield from self._dirty_writes(transaction)
        yield from self._final_state()
        cycle = tuple(edge for edge in self._graph().contradiction() if edge.kind != SAME)
        if cycle:
            yield Violation(_phenomenon(cycle), "a cycle of dependencies", cycle)

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
                elif self.next.get(version) is writer:
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

    # -- edges -------------------------------------------------------------------------------------------------------

    def _graph(self) -> Graph:
        graph = Graph()
        for transaction in self.committed:
            level = self.level_of(transaction)
            at, commit = self.seen_at[transaction], self.commits[transaction]
            if at is not commit:
                graph.add(Edge(at, commit, SAME, ""))
            found = list(self._ww_edges(transaction))
            if level >= Level.READ_COMMITTED:
                found += self._wr_edges(transaction)
            if level >= Level.REPEATABLE_READ:
                found += self._rw_edges(transaction)
            for edge in found:
                graph.add(edge)
        questions = []
        for before, after in self._absences():
            if before is not None and after is not None:
                questions.append(Question(before, after))
                continue
            for edge in (before, after):
                if edge is not None:
                    graph.add(edge)
        _answer(questions, graph)
        return graph

    def _ww_edges(self, transaction: Transaction) -> Iterator[Edge]:
        for write in transaction.writes:
            writer = self.writers[write.replaced][0] if write.replaced in self.writers else None
            if writer is not None and writer is not transaction and writer.outcome is Outcome.COMMITTED:
                reason = f"version {write.replaced} of {write.key} was replaced"
                yield Edge(self.commits[writer], self.seen_at[transaction], "ww", reason)

    def _wr_edges(self, transaction: Transaction) -> Iterator[Edge]:
        for read in transaction.reads:
            for key, version in read.versions.items():
                writer = self.writers[version][0] if version in self.writers else None
                if writer is not None and writer is not transaction and writer.outcome is Outcome.COMMITTED:
                    yield Edge(self.commits[writer], self.seen_at[transaction], "wr", f"{key}={version} was read")

    def _rw_edges(self, transaction: Transaction) -> Iterator[Edge]:
        for read in transaction.reads:
            for key, version in read.versions.items():
                successor = self.next.get(version)
                if successor is not None and successor is not transaction:
                    reason = f"{key}={version} was read and then replaced"
                    yield Edge(self.seen_at[transaction], self.commits[successor], "rw", reason)

    def _absences(self) -> Iterator[tuple[Edge | None, Edge | None]]:
        """For each row that was looked for and not found: the edge if it was unborn, the edge if it was dead.

        One of them is None where the moments exclude it: rows that came after the read, rows gone before it.
        """
        for transaction, keys in self._keys_met():
            own = {write.key for write in transaction.writes}
            for read in transaction.reads:
                if read.covers is None:
                    continue
                for key in keys:
                    if key not in read.versions and key not in own and read.covers(key):
                        yield self._absence(transaction, read, key)

    def _keys_met(self) -> Iterator[tuple[Transaction, list[int]]]:
        """The transactions that are promised absences, with the keys that neither came after nor were gone before.

        What the others would tell is what the clock tells.
        """
        promised = {Level.SERIALIZABLE, Level.SNAPSHOT}
        readers = [item for item in self.committed if self.level_of(item) in promised]
        readers.sort(key=lambda reader: self.seen_at[reader].began)
        met = list(self.history.initial)
        to_come = deque(sorted(self.inserts, key=lambda key: self.commits[self.inserts[key]].began))
        for reader in readers:
            at = self.seen_at[reader]
            met = [key for key in met if key not in self.deletes or self.commits[self.deletes[key]].ended >= at.began]
            if reader.ended == NEVER:
                yield reader, [*met, *to_come]
                continue
            while to_come and self.commits[self.inserts[to_come[0]]].began <= reader.ended:
                met.append(to_come.popleft())
            yield reader, met

    def _absence(self, transaction: Transaction, read: Read, key: int) -> tuple[Edge | None, Edge | None]:
        before = after = None
        at = self.seen_at[transaction]
        seen_from = transaction.began if self.level_of(transaction) is Level.SNAPSHOT else read.began
        inserter = self.inserts.get(key)
        deleter = self.deletes.get(key)
        if inserter is not None and inserter is not transaction:
            reason = f"{key} was not found and then inserted"
            before = Edge(at, self.commits[inserter], "rw", reason, predicate=True)
        if deleter is not None and deleter is not transaction:
            reason = f"{key} was deleted and then not found"
            after = Edge(self.commits[deleter], at, "wr", reason, predicate=True)
        if before is not None and after is not None and deleter is not None:
            if read.ended < self.insert_writes[key].began:
                after = None
            elif deleter.ended < seen_from:
                before = None
        return before, after


@dataclass(slots=True, eq=False)
class Question:
    """Was a row that was not found unborn still, or dead already?"""

    before: Edge
    after: Edge

    def meets(self, other: Question) -> bool:
        """Whether the answer to the other can matter here: only what happened at the same time does."""
        return self.began <= other.ended and other.began <= self.ended

    @property
    def began(self) -> int:
        return min(self.before.source.began, self.before.target.began, self.after.source.began)

    @property
    def ended(self) -> int:
        return max(self.before.source.ended, self.before.target.ended, self.after.source.ended)


def _answer(questions: list[Question], graph: Graph) -> None:
    """What closes a cycle is excluded; where nothing is, the row was dead.

    Every answer can exclude others, so those that follow come before those that are free.
    """
    left = dict.fromkeys(questions)
    asked = deque(questions)
    while left:
        question, free = (asked.popleft(), False) if asked else (next(reversed(left)), True)
        if question not in left:
            continue
        if graph.precedes(question.before.target, question.before.source):
            graph.add(question.after)
        elif graph.precedes(question.after.target, question.after.source):
            graph.add(question.before)
        elif free:
            graph.add(question.after)
        else:
            continue
        del left[question]
        asked += [other for other in left if other.meets(question)]


def _phenomenon(cycle: tuple[Edge, ...]) -> str:
    kinds = [edge.kind for edge in cycle]
    if "rt" in kinds:
        return _phenomenon(tuple(edge for edge in cycle if edge.kind != "rt")) + "-realtime"
    if "rw" not in kinds:
        return "G0" if "wr" not in kinds else "G1c"
    if kinds.count("rw") == 1:
        return "G-single"
    return "G2" if any(edge.predicate for edge in cycle) else "G2-item"
