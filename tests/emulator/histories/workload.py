"""Random transactions of one client, as a script: it yields batches, is sent what they answered, and notes what it saw.

The table has rows ``id``, with the group ``g = id % GROUPS`` (indexed) and the version ``v``. Versions are unique: the
number of the statement times ``WIDTH`` plus the key. Keys are inserted once, taken from a counter.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import count

from tests.emulator.histories.history import History, Level, Outcome, Read, Transaction, Write

GROUPS = 5
WIDTH = 10_000
KEYS = 24
"""Rows at the start: few, so that transactions meet."""

SETUP = f"""
CREATE TABLE dbo.item (id int NOT NULL CONSTRAINT pk_item PRIMARY KEY, g int NOT NULL, v bigint NOT NULL,
    INDEX ix_g (g));
INSERT dbo.item SELECT value, value % {GROUPS}, value FROM GENERATE_SERIES(1, {KEYS});
"""
FINAL = "SELECT id, v FROM dbo.item"
INITIAL = {key: key for key in range(1, KEYS + 1)}

ATTENTION = -1
"""Stands for the error of a request that was cancelled."""
ENDING = frozenset({1205, 3960, 3961})
"""Errors that end the transaction: deadlock, update conflict, new definition."""
EXPECTED = ENDING | {ATTENTION, 1222}
"""All errors that may meet a statement here: a time-out, too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a batch answered: the rows of its last result set, the number of its first error. ``lost``: no answer."""

    rows: list[tuple[int, ...]] = field(default_factory=list)
    error: int | None = None
    lost: bool = False


Script = Generator[str, Answer, None]


@dataclass
class Recorder:
    """What all clients share: the history, the moments, numbers that are given out once."""

    history: History = field(default_factory=lambda: History(dict(INITIAL)))
    moments: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    statements: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    keys: Callable[[], int] = field(default_factory=lambda: count(KEYS + 1).__next__)
    errors: dict[int, int] = field(default_factory=dict)

    def begin(self, level: Level) -> Transaction:
        made = Transaction(len(self.history.transactions) + 1, level, self.moments())
        self.history.transactions.append(made)
        return made


class TransactionEnded(Exception):
    """The transaction is over on the server."""


class Cancelled(Exception):
    """The client has cancelled its request, and does not know how far it came."""


class Client:
    """One client's transactions at random levels among ``levels``, until ``stopped`` says so."""

    def __init__(
        self,
        recorder: Recorder,
        seed: int,
        levels: list[Level],
        stopped: Callable[[], bool],
        definitions: float = 0.01,
    ) -> None:
        self._recorder = recorder
        self._chance = random.Random(seed)
        self._levels = levels
        self._stopped = stopped
        self._definitions = definitions
        self._transaction: Transaction

    def script(self) -> Script:
        """All transactions. Ends, too, when the connection is lost."""
        while not self._stopped():
            if self._chance.random() < self._definitions:
                answer = yield self._definition()
            else:
                answer = yield from self._one()
            if answer.lost:
                return

    def _definition(self) -> str:
        name = f"ix_{self._chance.randrange(2)}"
        if self._chance.random() < 0.5:
            return f"SET LOCK_TIMEOUT 200; CREATE INDEX {name} ON dbo.item (v)"
        return f"SET LOCK_TIMEOUT 200; DROP INDEX IF EXISTS {name} ON dbo.item"

    def _one(self) -> Generator[str, Answer, Answer]:
        chance = self._chance
        level = chance.choice(self._levels)
        self._transaction = transaction = self._recorder.begin(level)
        timeout = chance.choice([-1, -1, -1, 0, 50])
        name = level.name.replace("_", " ")
        answer = yield (
            f"SET TRANSACTION ISOLATION LEVEL {name}; SET LOCK_TIMEOUT {timeout};"
            f" SET DEADLOCK_PRIORITY {chance.choice(['LOW', 'NORMAL', '3'])}; BEGIN TRANSACTION"
        )
        self._asked_to_commit = False
        try:
            self._succeeded(answer)
            for _ in range(chance.randrange(1, 6)):
                if not answer.lost:
                    answer = yield from self._statement()
            if not answer.lost:
                answer = yield from self._end()
        except TransactionEnded:
            transaction.outcome = Outcome.ABORTED
            answer = Answer()
        except Cancelled:
            answer = yield "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION"
        transaction.ended = self._recorder.moments()
        if transaction.outcome is Outcome.UNKNOWN and not self._asked_to_commit:
            transaction.outcome = Outcome.ABORTED
        return answer

    def _end(self) -> Generator[str, Answer, Answer]:
        if self._chance.random() < 0.1:
            return (yield "ROLLBACK")
        self._asked_to_commit = True
        answer = yield "COMMIT"
        if self._succeeded(answer):
            self._transaction.outcome = Outcome.COMMITTED
        return answer

    def _statement(self) -> Generator[str, Answer, Answer]:
        chance = self._chance
        kind = chance.random()
        if kind < 0.45:
            return (yield from self._read())
        if kind < 0.7:
            return (yield from self._write("update"))
        if kind < 0.8:
            return (yield from self._write("delete"))
        if kind < 0.92:
            return (yield from self._insert())
        return (yield from self._savepoint())

    def _condition(self) -> tuple[str, Callable[[int], bool]]:
        """Which rows: one, a range, a group by the index, all."""
        chance = self._chance
        kind = chance.random()
        if kind < 0.5:
            key = chance.randrange(1, KEYS + 8)
            return f"id = {key}", lambda found: found == key
        if kind < 0.8:
            low = chance.randrange(1, KEYS + 8)
            high = low + chance.randrange(6)
            return f"id BETWEEN {low} AND {high}", lambda found: low <= found <= high
        if kind < 0.95:
            group = chance.randrange(GROUPS)
            return f"g = {group}", lambda found: found % GROUPS == group
        return "1 = 1", lambda found: True

    def _read(self) -> Generator[str, Answer, Answer]:
        condition, covers = self._condition()
        began = self._recorder.moments()
        answer = yield f"SELECT id, v FROM dbo.item WHERE {condition}"
        if self._succeeded(answer):
            versions = dict(answer.rows)
            self._transaction.operations.append(Read(versions, began, self._recorder.moments(), covers))
        return answer

    def _write(self, kind: str) -> Generator[str, Answer, Answer]:
        condition, covers = self._condition()
        number = self._recorder.statements() * WIDTH
        began = self._recorder.moments()
        if kind == "update":
            text = f"UPDATE dbo.item SET v = {number} + id OUTPUT deleted.id, deleted.v WHERE {condition}"
        else:
            text = f"DELETE dbo.item OUTPUT deleted.id, deleted.v WHERE {condition} AND id % 3 = 0"
        answer = yield text
        if self._succeeded(answer):
            ended = self._recorder.moments()
            found = dict(answer.rows)
            if kind == "delete":
                searched = covers
                covers = lambda key: searched(key) and key % 3 == 0  # noqa: E731
            self._transaction.operations.append(Read(found, began, ended, covers))
            for key, replaced in found.items():
                version = number + key if kind == "update" else None
                self._transaction.operations.append(Write(key, version, replaced, began, ended))
        return answer

    def _insert(self) -> Generator[str, Answer, Answer]:
        key = self._recorder.keys()
        version = self._recorder.statements() * WIDTH + key
        began = self._recorder.moments()
        answer = yield f"INSERT dbo.item (id, g, v) VALUES ({key}, {key % GROUPS}, {version})"
        if self._succeeded(answer):
            self._transaction.operations.append(Write(key, version, None, began, self._recorder.moments()))
        return answer

    def _savepoint(self) -> Generator[str, Answer, Answer]:
        mark = len(self._transaction.operations)
        answer = yield "SAVE TRANSACTION s"
        for _ in range(self._chance.randrange(1, 3)):
            if not self._succeeded(answer):
                return answer
            answer = yield from self._write("update") if self._chance.random() < 0.7 else self._insert()
        if not self._succeeded(answer):
            return answer
        answer = yield "ROLLBACK TRANSACTION s"
        if self._succeeded(answer):
            # The locks behind the savepoint are given back, those of reads, too: these are promised nothing any more.
            undone = [item for item in self._transaction.operations[mark:] if isinstance(item, Write)]
            self._transaction.operations[mark:] = undone
            for write in undone:
                write.undone = True
        return answer

    def _succeeded(self, answer: Answer) -> bool:
        """Whether the statement did its work. TransactionEnded: the error ended the transaction. Cancelled."""
        if answer.error is not None:
            self._recorder.errors[answer.error] = self._recorder.errors.get(answer.error, 0) + 1
        if answer.error == ATTENTION:
            raise Cancelled
        if answer.error in ENDING:
            raise TransactionEnded
        return answer.error is None and not answer.lost
