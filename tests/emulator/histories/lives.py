"""The lives of keys: all committed states of each row, in their order.

A key is absent or has a version; each committed transaction that changed it took it from one state to the next. What
orders the states:

- within a life, each version names the one that it replaced, and a deletion the last of them;
- of two lives the one with the earlier answer to its INSERT is the earlier. The row was inserted (A), deleted (D) and
  inserted again (B). If D is by A's transaction, its client sent D after A's answer; if not, D met the row after A's
  transaction had committed, and COMMIT was sent after A's answer. So the answer to A came before D, D before B was
  carried out, and that before B's answer. (It takes no isolation level for that: writers hold X locks to the end. But
  every COMMIT must be a request of its own.) The same holds for a unique code that went from one row to another.

What one transaction does to a key in several steps is one change, from what it met to what it left.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from tests.emulator.histories.graph import Moment
from tests.emulator.histories.history import History, Row, Transaction


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What a committed transaction did to a key: from the version that it ``replaced`` to ``version`` (None: absent).

    ``answered`` is when its client heard of the last step.
    """

    transaction: Transaction
    key: int
    replaced: int | None
    version: int | None
    answered: int


def changes_of(transaction: Transaction) -> list[Change]:
    """One for each key that the transaction changed in the end."""
    found: dict[int, Change] = {}
    for write in transaction.writes:
        earlier = found.get(write.key)
        replaced = write.replaced if earlier is None else earlier.replaced
        found[write.key] = Change(transaction, write.key, replaced, write.version, write.ended)
    return [change for change in found.values() if (change.replaced, change.version) != (None, None)]


@dataclass(slots=True)
class Chain:
    """The states of one key: at first ``initial``, then what each of ``changes`` led to.

    ``over`` and ``since``: the change was carried out not after, and not before; both grow along the chain.
    """

    initial: int | None
    changes: list[Change] = field(default_factory=list)
    over: list[int] = field(default_factory=list)
    since: list[int] = field(default_factory=list)

    def state(self, number: int) -> int | None:
        return self.changes[number - 1].version if number else self.initial

    def stretches(
        self, excluded: Callable[[int | None], bool], began: int, ended: int
    ) -> Iterator[tuple[Change | None, Change | None]]:
        """The stretches of excluded states that may have been between two moments: with what they began and ended.

        None: it was so from the beginning, or to the end.
        """
        first, last = bisect_left(self.over, began), bisect_right(self.since, ended)
        start: int | None = None
        for number in range(first, last + 1):
            if not excluded(self.state(number)):
                if start is not None:
                    yield self._before(start), self.changes[number - 1]
                start = None
            elif start is None:
                start = number
        if start is not None:
            yield self._before(start), self.changes[last] if last < len(self.changes) else None

    def _before(self, number: int) -> Change | None:
        return self.changes[number - 1] if number else None


@dataclass(slots=True)
class Lives:
    """The chains by key. ``broken`` says what does not fit: a row inserted where one was, a code held by two rows.

    ``handed_over``: a code was given up by the first transaction, and taken by the second.
    """

    chains: dict[int, Chain]
    broken: list[str]
    handed_over: list[tuple[Transaction, Transaction, int]]

    @property
    def final(self) -> dict[int, int]:
        """The versions there are at the end, by key."""
        ends = {key: chain.state(len(chain.changes)) for key, chain in self.chains.items()}
        return {key: version for key, version in ends.items() if version is not None}


def lives_of(history: History, commits: Mapping[Transaction, Moment]) -> Lives:
    """The lives of all keys, given the committed transactions with the moments of their commits."""
    lives = Lives({key: Chain(version) for key, version in history.initial.items()}, [], [])
    later: dict[int, Change] = {}
    born: dict[int, list[Change]] = defaultdict(list)
    for transaction in commits:
        for change in changes_of(transaction):
            if change.replaced is None:
                born[change.key].append(change)
            else:
                later[change.replaced] = change
    for key in born.keys() - lives.chains.keys():
        lives.chains[key] = Chain(None)
    for key, chain in lives.chains.items():
        _follow(chain, later)
        for birth in sorted(born[key], key=lambda change: change.answered):
            there = chain.state(len(chain.changes))
            if there is not None:
                lives.broken.append(f"{birth.transaction} inserted {key}, though {key}={there} was there")
            chain.changes.append(birth)
            _follow(chain, later)
        moments = [commits[change.transaction] for change in chain.changes]
        chain.since = list(accumulate((moment.began for moment in moments), max))
        chain.over = list(accumulate((moment.ended for moment in reversed(moments)), min))[::-1]
    _hand_over_codes(history, lives)
    return lives


def _follow(chain: Chain, later: dict[int, Change]) -> None:
    met = set()
    while (version := chain.state(len(chain.changes))) in later and version not in met:
        assert version is not None
        met.add(version)
        chain.changes.append(later[version])


def _hand_over_codes(history: History, lives: Lives) -> None:
    for code, holdings in _holdings(history, lives.chains.items()).items():
        for (_, given), (taken, _) in pairwise(holdings):
            assert taken is not None
            if given is None:
                lives.broken.append(f"code {code} was taken by {taken.transaction} for {taken.key}, but never given up")
            elif given.transaction is not taken.transaction:
                lives.handed_over.append((given.transaction, taken.transaction, code))


def _holdings(
    history: History, chains: Iterable[tuple[int, Chain]]
) -> dict[int, list[tuple[Change | None, Change | None]]]:
    """For each code, in order, the changes that gave it to a row, and those that took it away."""
    found: dict[int, list[tuple[Change | None, Change | None]]] = defaultdict(list)
    for key, chain in chains:
        taken: tuple[int | None, Change | None] = (_code(history, key, chain.initial), None)
        for change in [*chain.changes, None]:
            code = None if change is None else _code(history, key, change.version)
            if change is not None and code == taken[0]:
                continue
            if taken[0] is not None:
                found[taken[0]].append((taken[1], change))
            taken = (code, change)
    for holdings in found.values():
        holdings.sort(key=lambda holding: -1 if holding[0] is None else holding[0].answered)
    return found


def _code(history: History, key: int, version: int | None) -> int | None:
    return None if version is None else history.row(key, version).code


def row_of(history: History, key: int, version: int | None) -> Row | None:
    """The row in a state of ``key``."""
    return None if version is None else history.row(key, version)
