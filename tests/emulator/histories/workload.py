"""Random transactions of one client, as a script: it yields batches, is sent what they answered, and notes what it saw.

The statements are those of ``statements``.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass, field
from itertools import count

from tests.emulator.histories import statements as sql
from tests.emulator.histories.history import History, Level, Outcome, Read, Row, Sight, Transaction, Write
from tests.emulator.histories.statements import BINS_FROM, CODE_TAKEN, INITIAL_ROWS, KEY_TAKEN, REFERENCED, WIDTH

ATTENTION = -1
"""Stands for the error of a request that was cancelled."""
ENDING = frozenset({1205, 3960, 3961})
"""Errors that end the transaction: deadlock, update conflict, new definition."""
ALWAYS = ENDING | {ATTENTION, 1222}
"""The errors that may meet any statement here: a time-out, too."""
EXPECTED = ALWAYS | {KEY_TAKEN, CODE_TAKEN, REFERENCED}
"""All that may meet some."""

Answered = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a batch answered: the rows of its last result set, the number of its first error, with its ``message``.

    ``lost``: no answer.
    """

    rows: list[Answered] = field(default_factory=list)
    error: int | None = None
    lost: bool = False
    message: str = ""


Script = Generator[str, Answer, None]
Exchange = Generator[str, Answer, Answer]


@dataclass
class Recorder:
    """What all clients share: the history, the moments, numbers that are given out once.

    ``strange`` are errors that their statement cannot explain, with its text.
    """

    history: History = field(
        default_factory=lambda: History({row.key: version for version, row in INITIAL_ROWS.items()})
    )
    moments: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    statements: Callable[[], int] = field(default_factory=lambda: count(1).__next__)
    errors: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    strange: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.history.rows.update(INITIAL_ROWS)

    def begin(self, level: Level) -> Transaction:
        made = Transaction(len(self.history.transactions) + 1, level, self.moments())
        self.history.transactions.append(made)
        return made

    def finish(self, rows: Collection[Answered]) -> None:
        """Note what is there at the end, given by ``FINAL``."""
        for key, group, code, version in rows:
            assert key is not None
            assert version is not None
            self.history.final[key] = version
            self.compare("at the end", Row(key, group, code), version)

    def compare(self, who: object, row: Row, version: int) -> None:
        """Note a row that is not as its version was written."""
        written = self.history.rows.get(version)
        if written is not None and written != row:
            self.history.torn.append(f"{who}: version {version} was {row}, but was written as {written}")


class TransactionEnded(Exception):
    """The transaction is over on the server."""


class Cancelled(Exception):
    """The client has cancelled its request, and does not know how far it came."""


class Client:
    """One client's transactions at random levels among ``levels``, until ``stopped`` says so.

    ``versioned``: READ COMMITTED reads versions. ``hinted``: statements have table hints now and then.
    """

    def __init__(
        self,
        recorder: Recorder,
        seed: int,
        levels: list[Level],
        stopped: Callable[[], bool],
        *,
        versioned: bool,
        hinted: bool = True,
        definitions: float = 0.01,
    ) -> None:
        self._recorder = recorder
        self._chance = random.Random(seed)
        self._levels = levels
        self._stopped = stopped
        self._versioned = versioned
        self._hinted = hinted
        self._definitions = definitions
        self._aborts = False
        self._transaction: Transaction
        self._before: sql.Condition | None = None

    def script(self) -> Script:
        """All transactions. Ends, too, when the connection is lost."""
        while not self._stopped():
            if self._chance.random() < self._definitions:
                answer = yield sql.definition(self._chance)
            else:
                answer = yield from self._one()
            if answer.lost:
                return

    def _one(self) -> Exchange:
        chance = self._chance
        level = chance.choice(self._levels)
        self._transaction = transaction = self._recorder.begin(level)
        timeout = chance.choice([-1, -1, -1, 0, 50])
        name = level.name.replace("_", " ")
        self._aborts = chance.random() < 0.2
        answer = yield (
            "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;"  # which was cancelled itself
            f" SET TRANSACTION ISOLATION LEVEL {name}; SET LOCK_TIMEOUT {timeout};"
            f" SET XACT_ABORT {'ON' if self._aborts else 'OFF'};"
            f" SET DEADLOCK_PRIORITY {chance.choice(['LOW', 'NORMAL', '3'])}; BEGIN TRANSACTION"
        )
        self._asked_to_commit = False
        self._before = None
        try:
            self._succeeded(answer)
            for _ in range(chance.randrange(1, 8)):
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

    def _end(self) -> Exchange:
        if self._chance.random() < 0.1:
            return (yield "ROLLBACK")
        self._asked_to_commit = True
        answer = yield "COMMIT"
        if self._succeeded(answer):
            self._transaction.outcome = Outcome.COMMITTED
        return answer

    def _statement(self) -> Exchange:
        kinds: list[tuple[int, Callable[[], Exchange]]] = [
            (26, self._read),
            (5, self._read_index),
            (6, self._read_first),
            (10, self._update),
            (7, self._move),
            (5, self._recode),
            (4, self._renumber),
            (7, self._delete),
            (3, self._take),
            (13, self._insert),
            (6, self._upsert),
            (6, self._bin),
            (8, self._savepoint),
        ]
        (kind,) = self._chance.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])
        self._recorder.kinds[kind.__name__.removeprefix("_")] += 1
        return (yield from kind())

    # -- reads -------------------------------------------------------------------------------------------------------

    @property
    def _level(self) -> Level:
        return self._transaction.level

    def _hints(self, *, to_change: bool = False) -> sql.Hints:
        chosen = self._hinted and self._level is not Level.SNAPSHOT and self._chance.random() < 0.25
        if chosen:
            return sql.hints(self._chance, self._level, versioned=self._versioned, to_change=to_change)
        if to_change or not self._versioned or self._level is not Level.READ_COMMITTED:
            return sql.NONE
        return sql.Hints(level=Level.STATEMENT)

    def _read(self) -> Exchange:
        """Now and then what the transaction has read before: it has to be as it was. Or in two scans at once."""
        chance, hints = self._chance, self._hints()
        where = sql.condition(chance)
        if self._before is not None and chance.random() < 0.4:
            where = self._before
        self._before = where
        text = f"SELECT id, g, u, v FROM dbo.item{sql.with_hints(hints)} WHERE"
        if chance.random() < 0.15:
            other = sql.condition(chance)
            both = f"{text} {where.text} UNION {text} {other.text}"
            return (
                yield from self._read_rows(both, hints, lambda rows: lambda row: where.covers(row) or other.covers(row))
            )
        order = chance.choice(["", "", " ORDER BY id DESC", " ORDER BY g DESC, id DESC"])
        return (yield from self._read_rows(f"{text} {where.text}{order}", hints, lambda rows: where.covers))

    def _read_first(self) -> Exchange:
        """The first rows of a range, from either side: it is read as far as these alone."""
        chance, hints = self._chance, self._hints()
        bound, number, backwards = sql.a_key(chance), chance.randrange(1, 4), chance.random() < 0.5
        compare, order = ("<=", " DESC") if backwards else (">=", "")

        def covers(rows: list[Answered]) -> Callable[[Row], bool]:
            keys = [row[0] for row in rows]
            last = keys[-1] if len(keys) == number else None
            if backwards:
                return lambda row: row.key <= bound and (last is None or row.key >= last)
            return lambda row: row.key >= bound and row.key <= (BINS_FROM if last is None else last)

        text = (
            f"SELECT TOP ({number}) id, g, u, v FROM dbo.item{sql.with_hints(hints)}"
            f" WHERE id {compare} {bound} ORDER BY id{order}"
        )
        return (yield from self._read_rows(text, hints, covers))

    def _read_rows(
        self, text: str, hints: sql.Hints, covers: Callable[[list[Answered]], Callable[[Row], bool]]
    ) -> Exchange:
        began = self._recorder.moments()
        answer = yield text
        if self._succeeded(answer):
            ended = self._recorder.moments()
            versions: dict[int, int] = {}
            twice = []
            for key, group, code, version in answer.rows:
                assert key is not None
                assert version is not None
                if key in versions:
                    twice.append(key)
                versions[key] = version
                if (hints.level or self._level) is not Level.READ_UNCOMMITTED:
                    self._recorder.compare(self._transaction, Row(key, group, code), version)
            asked = None if hints.skips else covers(answer.rows)
            self._transaction.operations.append(Read(versions, began, ended, asked, hints.level, tuple(twice)))
        return answer

    def _read_index(self) -> Exchange:
        """What the index by group alone tells: which rows are in it, not in which versions."""
        hints = self._hints()
        low = sql.a_group(self._chance)
        high = low + self._chance.randrange(2)
        began = self._recorder.moments()
        answer = yield f"SELECT id, g FROM dbo.item{sql.with_hints(hints)} WHERE g BETWEEN {low} AND {high}"
        if self._succeeded(answer):
            ended = self._recorder.moments()
            groups = {key: group for key, group in answer.rows if key is not None}
            for key, group in groups.items():
                matches = lambda row, group=group: row.group == group  # noqa: E731
                self._transaction.operations.append(Sight(key, matches, began, ended, hints.level))
            if not hints.skips:
                covers = lambda row: row.group in (low, high) and row.key not in groups  # noqa: E731
                self._transaction.operations.append(Read({}, began, ended, covers, hints.level))
        return answer

    # -- changes -----------------------------------------------------------------------------------------------------

    def _change(
        self,
        text: str,
        *allowed: int,
        where: sql.Condition | None = None,
        hints: sql.Hints = sql.NONE,
    ) -> Exchange:
        """A statement that tells all that it changes. ``where``: which rows it read to change them."""
        began = self._recorder.moments()
        answer = yield text
        if not self._succeeded(answer, *allowed):
            return answer
        ended = self._recorder.moments()
        operations, rows = self._transaction.operations, self._recorder.history.rows
        if where is not None:
            found = {key: version for key, version, *_ in answer.rows if key is not None and version is not None}
            operations.append(Read(found, began, ended, None if hints.skips else where.covers, hints.level))
        for old_key, replaced, key, group, code, version in answer.rows:
            if old_key is not None and old_key != key:
                operations.append(Write(old_key, None, replaced, began, ended))
            if key is not None and version is not None:
                rows[version] = Row(key, group, code)
                operations.append(Write(key, version, replaced if old_key == key else None, began, ended))
            before = rows.get(replaced) if replaced is not None else None
            if group is not None and (before is None or before.group != group):
                operations.append(Sight(BINS_FROM + group, _there, began, ended, Level.SERIALIZABLE))
        return answer

    def _update(self) -> Exchange:
        where, hints = sql.condition(self._chance), self._hints(to_change=True)
        text = sql.update(self._recorder.statements(), "", where, hints)
        return (yield from self._change(text, where=where, hints=hints))

    def _move(self) -> Exchange:
        """To another group: the row moves in the index, even in that which it was found by."""
        where, hints = sql.condition(self._chance), self._hints(to_change=True)
        group = self._chance.choice([str(sql.a_group(self._chance)), f"1 + g % {sql.GROUPS}"])
        text = sql.update(self._recorder.statements(), f"g = {group}, ", where, hints)
        return (yield from self._change(text, REFERENCED, where=where, hints=hints))

    def _recode(self) -> Exchange:
        where, hints = sql.one_item(self._chance), self._hints(to_change=True)
        code = self._chance.choice([str(sql.a_code(self._chance)), "u + 1"])
        text = sql.update(self._recorder.statements(), f"u = {code}, ", where, hints)
        return (yield from self._change(text, CODE_TAKEN, where=where, hints=hints))

    def _renumber(self) -> Exchange:
        key, to = self._chance.sample(range(1, sql.KEYS + 1), 2)
        text = sql.renumber(self._recorder.statements(), key, to)
        where = sql.Condition("", lambda row: row.key == key)
        return (yield from self._change(text, KEY_TAKEN, where=where))

    def _delete(self) -> Exchange:
        where, hints = sql.condition(self._chance), self._hints(to_change=True)
        return (yield from self._change(sql.delete(where, hints), where=where, hints=hints))

    def _take(self) -> Exchange:
        if self._level not in (Level.READ_COMMITTED, Level.REPEATABLE_READ):
            return (yield from self._delete())
        where = sql.condition(self._chance)
        text = sql.take(where, self._chance.randrange(1, 3))
        return (yield from self._change(text, where=where, hints=sql.Hints(skips=True)))

    def _new_rows(self, number: int) -> list[Row]:
        keys = self._chance.sample(range(1, sql.KEYS + 1), number)
        codes = self._chance.sample(range(1, sql.CODES + 1), number)
        return [Row(key, sql.a_group(self._chance), code) for key, code in zip(keys, codes, strict=True)]

    def _insert(self) -> Exchange:
        rows = self._new_rows(self._chance.choice([1, 1, 1, 2, 3]))
        began = self._recorder.moments()
        text = sql.insert(self._recorder.statements(), rows)
        answer = yield from self._change(text, KEY_TAKEN, CODE_TAKEN, REFERENCED)
        if answer.error == KEY_TAKEN and len(rows) == 1 and self._level is Level.SERIALIZABLE:
            sight = Sight(rows[0].key, _there, began, self._recorder.moments())
            self._transaction.operations.append(sight)
        return answer

    def _upsert(self) -> Exchange:
        """With HOLDLOCK it never meets a key that has come meanwhile."""
        (row,) = self._new_rows(1)
        safe = self._level is not Level.SNAPSHOT and self._chance.random() < 0.8
        text = sql.upsert(self._recorder.statements(), row, sql.Hints("HOLDLOCK") if safe else sql.NONE)
        allowed = (CODE_TAKEN, REFERENCED) if safe else (KEY_TAKEN, CODE_TAKEN, REFERENCED)
        return (yield from self._change(text, *allowed))

    def _bin(self) -> Exchange:
        chance = self._chance
        group = sql.a_group(chance)
        kind = chance.random()
        if kind < 0.4:
            version = self._recorder.statements() * WIDTH + BINS_FROM + group
            return (
                yield from self._change(
                    f"INSERT dbo.bin (id, v) {sql.BIN_INSERTED} VALUES ({group}, {version})", KEY_TAKEN
                )
            )
        where = sql.Condition(f"id = {group}", lambda row: row.key == BINS_FROM + group)
        if kind < 0.5:
            version = self._recorder.statements() * WIDTH + BINS_FROM + group
            text = f"UPDATE dbo.bin SET v = {version} {sql.BIN_CHANGED} WHERE id = {group}"
            return (yield from self._change(text, where=where))
        began = self._recorder.moments()
        answer = yield from self._change(
            f"DELETE dbo.bin {sql.BIN_DELETED} WHERE id = {group}", REFERENCED, where=where
        )
        if answer.error is None and answer.rows:
            held = lambda row: row.group == group  # noqa: E731
            empty = Read({}, began, self._recorder.moments(), held, Level.SERIALIZABLE)
            self._transaction.operations.append(empty)
        return answer

    def _savepoint(self) -> Exchange:
        mark = len(self._transaction.operations)
        answer = yield "SAVE TRANSACTION s"
        if not self._succeeded(answer):
            return answer
        for _ in range(self._chance.randrange(1, 4)):
            if answer.lost:
                return answer
            kinds = [self._update, self._move, self._recode, self._delete, self._insert, self._insert, self._upsert]
            answer = yield from self._chance.choice(kinds)()
        if answer.lost:
            return answer
        answer = yield "ROLLBACK TRANSACTION s"
        if self._succeeded(answer):
            # The locks behind the savepoint are given back, those of reads, too: these are promised nothing any more.
            undone = [item for item in self._transaction.operations[mark:] if isinstance(item, Write)]
            self._transaction.operations[mark:] = undone
            for write in undone:
                write.undone = True
        return answer

    def _succeeded(self, answer: Answer, *allowed: int) -> bool:
        """Whether the statement did its work; ``allowed`` are errors that it may end in.

        TransactionEnded: the error ended the transaction. Cancelled.
        """
        error = answer.error
        if error is None:
            return not answer.lost
        self._recorder.errors[error] += 1
        if error not in ALWAYS and error not in allowed:
            self._recorder.strange.append(f"{self._transaction} at {self._level.name}: error {error} {answer.message}")
        if error == ATTENTION:
            raise Cancelled
        if error in ENDING or self._aborts:
            raise TransactionEnded
        return False


def _there(row: Row) -> bool:
    return True
