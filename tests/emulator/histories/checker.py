"""Can a history be explained? Adya's phenomena, found in the graph of dependencies between committed transactions.

Between committed transactions there are edges (A. Adya, "Weak consistency: a generalized theory", 1999):

- ``ww`` from the writer of a version to the writer of the next one, also from one life of a key to the next, and from
  the holder of a unique code to the next;
- ``wr`` from the writer of a version to whoever read it, or did not find it any more;
- ``rw`` from whoever read a version, or did not find the row yet, to the writer of the next one.

A row that was not found was in one of the states in which it would not have been: absent, or unlike what was asked for.
So for each stretch of the states in which it would have been found, the read came before its beginning or after its
end; which of the two is a ``Question`` where the clock does not tell. The same holds for a ``Sight``.

What a transaction is promised depends on the level of each of its reads, as others may run at lower ones (mixed
histories), and table hints change it:

- from READ COMMITTED on: no read of what was rolled back (G1a) or later overwritten by its own writer (G1b), no cycle
  of ww and wr edges (G0, G1c), and no read of what had been replaced before it began;
- at REPEATABLE READ: no cycle with rw edges from the rows that it read; at SERIALIZABLE: nor with those from rows that
  it looked for and did not find. If no history has such a cycle, the SERIALIZABLE ones have an equivalent serial order;
- at SNAPSHOT: no cycle with one rw edge of its own (G-single, among them lost updates); at STATEMENT the same for each
  read alone.

Edges go from moment to moment: that of the commit or, for what comes before a read, that of the read; at SNAPSHOT, for
reads and for what was replaced, that of the snapshot. So all follow the order of time: their one graph must have no
cycle, and not contradict the clock (the phenomena that end in ``-realtime``).
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from tests.emulator.histories.graph import Edge, Graph, Moment
from tests.emulator.histories.history import History, Level, Outcome, Read, Sight, Transaction, Write
from tests.emulator.histories.lives import Chain, Change, changes_of, lives_of, row_of

SAME = "same"
"""The kind of the edge from a moment of a transaction to its commit."""
NEVER = sys.maxsize
"""Is when a transaction was over of whose commit nobody heard: who knows when it was."""
ABSENCES = frozenset({Level.SERIALIZABLE, Level.SNAPSHOT, Level.STATEMENT})
"""The levels that promise something about rows that were not found."""


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
        self.snapshots = {item: self._snapshot(item) for item in self.committed}
        self.lives = lives_of(history, self.commits)
        self.next: dict[int, Transaction] = {}
        for transaction in self.committed:
            for write in transaction.writes:
                if write.replaced is not None:
                    self.next[write.replaced] = transaction

    def level_of(self, transaction: Transaction, item: Read | Sight) -> Level:
        return self.level or item.level or transaction.level

    def _settle_unknown_outcomes(self) -> None:
        """A transaction whose end nobody heard of committed if somebody else saw or replaced what it left, or if what
        it replaced is gone and nobody else replaced that."""
        left = set(self.history.final.values())
        replaced: set[int | None] = set()
        for transaction in self.history.transactions:
            if transaction.outcome is not Outcome.ABORTED:
                replaced |= {change.replaced for change in changes_of(transaction)}
            if transaction.outcome is Outcome.COMMITTED and transaction.level is not Level.READ_UNCOMMITTED:
                left |= {version for read in transaction.reads for version in read.versions.values()}
        unknown = [item for item in self.history.transactions if item.outcome is Outcome.UNKNOWN]
        for transaction in unknown:
            transaction.ended = NEVER
            if any(change.version in left | replaced for change in changes_of(transaction) if change.version):
                transaction.outcome = Outcome.COMMITTED
        taken = {
            change.replaced
            for transaction in self.history.transactions
            if transaction.outcome is Outcome.COMMITTED
            for change in changes_of(transaction)
        }
        final = set(self.history.final.values())
        for transaction in unknown:
            if transaction.outcome is Outcome.UNKNOWN:
                gone = {change.replaced for change in changes_of(transaction)} - {None}
                committed = bool(gone) and not gone & (final | taken)
                transaction.outcome = Outcome.COMMITTED if committed else Outcome.ABORTED
                taken |= gone if committed else set()

    def _commit(self, transaction: Transaction) -> Moment:
        last = max((item.ended for item in transaction.operations), default=transaction.began)
        return Moment(transaction, last, transaction.ended)

    def _snapshot(self, transaction: Transaction) -> Moment:
        """The moment whose rows the transaction changes, of those that nobody else changes before it commits."""
        if (self.level or transaction.level) is not Level.SNAPSHOT or not transaction.operations:
            return self.commits[transaction]
        return Moment(transaction, transaction.began, transaction.operations[0].ended)

    # -- phenomena ---------------------------------------------------------------------------------------------------

    def violations(self) -> Iterator[Violation]:
        for transaction in self.committed:
            yield from self._own_writes(transaction)
            yield from self._dirty_reads(transaction)
            yield from self._dirty_writes(transaction)
        for fault in self.lives.broken:
            yield Violation("two at once", fault)
        for fault in self.history.torn:
            yield Violation("torn row", fault)
        yield from self._final_state()
        graph = Graph()
        yield from self._fill(graph)
        cycle = tuple(edge for edge in graph.contradiction() if edge.kind != SAME)
        if cycle:
            yield Violation(_phenomenon(cycle), "a cycle of dependencies", cycle)

    def _dirty_reads(self, transaction: Transaction) -> Iterator[Violation]:
        for read in transaction.reads:
            level = self.level_of(transaction, read)
            if level < Level.READ_COMMITTED:
                continue
            if read.twice and level >= Level.REPEATABLE_READ:
                yield Violation("found twice", f"{transaction} found {read.twice} more than once in one read")
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
            elif isinstance(item, Read):
                for key, version in own.items():
                    row = row_of(self.history, key, version)
                    asked = item.covers is not None and row is not None and item.covers(row)
                    if (asked or key in item.versions) and item.versions.get(key) != version:
                        yield Violation(
                            "own writes", f"{transaction} wrote {key}={version} and read {item.versions.get(key)}"
                        )

    def _final_state(self) -> Iterator[Violation]:
        expected = self.lives.final
        if expected != self.history.final:
            wrong = sorted(set(expected.items()) ^ set(self.history.final.items()))[:6]
            yield Violation("lost or invented", f"the final rows differ from what was committed: {wrong}")

    # -- edges -------------------------------------------------------------------------------------------------------

    def _fill(self, graph: Graph) -> Iterator[Violation]:
        """Put all edges into the graph. What no edge can show is yielded."""
        questions: list[Question] = []
        for replacing in self._ww_edges():
            graph.add(replacing)
        for transaction in self.committed:
            commit, snapshot = self.commits[transaction], self.snapshots[transaction]
            if snapshot is not commit:
                graph.add(Edge(snapshot, commit, SAME, ""))
            changed: set[int] = set()
            for item in transaction.operations:
                if isinstance(item, Write):
                    if not item.undone:
                        changed.add(item.key)
                    continue
                promise = self._promise(transaction, item)
                if promise is None:
                    continue
                if promise.seen is not snapshot:
                    graph.add(Edge(promise.seen, commit, SAME, ""))
                for edge in self._edges(promise, item) if isinstance(item, Read) else ():
                    graph.add(edge)
                yield from self._absences(promise, item, changed, graph, questions)
        _answer(questions, graph)

    def _promise(self, transaction: Transaction, item: Read | Sight) -> Promise | None:
        level = self.level_of(transaction, item)
        if level < Level.READ_COMMITTED:
            return None
        if level is Level.SNAPSHOT:
            return Promise(transaction, level, self.snapshots[transaction], self.snapshots[transaction])
        seen = Moment(transaction, item.began, item.ended)
        return Promise(transaction, level, seen, seen if level is Level.STATEMENT else self.commits[transaction])

    def _ww_edges(self) -> Iterator[Edge]:
        for key, chain in self.lives.chains.items():
            for number, change in enumerate(chain.changes[1:], start=1):
                before = chain.changes[number - 1]
                if before.transaction is not change.transaction:
                    what = f"{key} was deleted and inserted again"
                    if change.replaced is not None:
                        what = f"version {change.replaced} of {key} was replaced"
                    yield Edge(self.commits[before.transaction], self.snapshots[change.transaction], "ww", what)
        for giver, taker, code in self.lives.handed_over:
            yield Edge(self.commits[giver], self.commits[taker], "ww", f"code {code} was given up and taken")

    def _edges(self, promise: Promise, read: Read) -> Iterator[Edge]:
        """Those of the rows that were found. At READ COMMITTED each of them was seen at a moment of its own."""
        for key, version in read.versions.items():
            writer = self.writers[version][0] if version in self.writers else None
            successor = self.next.get(version)
            if writer is not None and writer is successor:
                continue  # G1b
            if writer is not None and writer is not promise.reader and writer.outcome is Outcome.COMMITTED:
                yield Edge(self.commits[writer], promise.seen, "wr", f"{key}={version} was read")
            if successor is not None and successor is not promise.reader:
                held = promise.held
                if promise.level is Level.READ_COMMITTED:
                    held = Moment(promise.reader, read.began, read.ended)
                yield Edge(held, self.commits[successor], "rw", f"{key}={version} was read and then replaced")

    def _absences(
        self, promise: Promise, item: Read | Sight, changed: set[int], graph: Graph, questions: list[Question]
    ) -> Iterator[Violation]:
        """Edges and questions from the states that the rows cannot have been in. Of rows that the reader had changed
        before, ``_own_writes`` tells."""
        ended = max(promise.held.ended, self.commits[promise.reader].began)
        for key, chain in self._chains_met(promise, item):
            if key in changed:
                continue
            excluded = partial(self._excluded, item, key)
            for stretch in chain.stretches(excluded, promise.seen.began, ended):
                if stretch[0] is not None and stretch[0].transaction is promise.reader:
                    continue  # begun by the reader itself, after it had looked
                before, after = self._sides(promise, item, key, stretch)
                if before is not None and after is not None:
                    questions.append(Question(before, after))
                elif before is not None or after is not None:
                    graph.add(before or after)  # type: ignore[arg-type]
                else:
                    yield Violation("vanished", f"{promise.reader} did not find {key}, which was there all the time")

    def _chains_met(self, promise: Promise, item: Read | Sight) -> Iterator[tuple[int, Chain]]:
        if isinstance(item, Sight):
            if promise.level >= Level.REPEATABLE_READ:
                yield item.key, self.lives.chains.get(item.key) or Chain(None)
        elif item.covers is not None and promise.level in ABSENCES:
            for key, chain in self.lives.chains.items():
                if key not in item.versions:
                    yield key, chain

    def _sides(
        self, promise: Promise, item: Read | Sight, key: int, stretch: tuple[Change | None, Change | None]
    ) -> tuple[Edge | None, Edge | None]:
        """The edge if the reader came before the stretch, the edge if it came after: each unless the clock excludes
        it; if it excludes both, one of them to show that."""
        begin, end = stretch
        seen = "not found" if isinstance(item, Read) else "found"
        before = after = None
        if begin is not None:
            reason = f"{key} was {seen} and then changed"
            before = Edge(promise.held, self.commits[begin.transaction], "rw", reason, predicate=True)
        if end is not None and end.transaction is not promise.reader:
            reason = f"{key} was changed and then {seen}"
            after = Edge(self.commits[end.transaction], promise.held, "wr", reason, predicate=True)
        if before is not None and before.target.ended < before.source.began:
            return (None, after) if after is not None else (before, None)
        if before is not None and after is not None and after.source.began > promise.seen.ended:
            return before, None
        return before, after

    def _excluded(self, item: Read | Sight, key: int, version: int | None) -> bool:
        """Whether the row in this state would not have been seen as it was."""
        row = row_of(self.history, key, version)
        if isinstance(item, Sight):
            return row is None or not item.matches(row)
        return row is not None and item.covers is not None and item.covers(row)


@dataclass(frozen=True, slots=True)
class Promise:
    """``reader`` saw rows at the moment ``seen``, and they stay so until ``held``, as ``level`` says."""

    reader: Transaction
    level: Level
    seen: Moment
    held: Moment


@dataclass(slots=True, eq=False)
class Question:
    """Did a reader come before a stretch of states, or after it?"""

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
    """What closes a cycle is excluded; where nothing is, the reader came after.

    Every answer can exclude others, so those that follow come before those that are free. No free answer is a wrong
    one: as both edges of a question meet in one moment of the reader, an answer that excluded both answers to another
    would have closed a cycle itself.
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
