"""The tables of the stress, and random statements on them: their text, and what an answer to it shows.

``dbo.item`` has rows with the key ``id`` (few, deleted and inserted again), the group ``g`` (indexed; refers to
``dbo.bin``), the code ``u`` (unique) and the version ``v``. Versions are unique: the number of the statement times
``WIDTH`` plus the key. In the history bins are keys from ``BINS_FROM`` on, without group and code.

What an answer shows beyond the rows:

- INSERT of a key that is there (2627) sees that it is; at SERIALIZABLE that must stay so. At lower levels nothing says
  which lock outlives the error, and 2601 (the code is taken) does not tell by whom.
- Whoever puts an item into a bin sees the bin, until the transaction ends: a deleter of the bin looks for items after
  it has locked the bin, and waits for those that are not committed. And whoever deletes a bin sees that it is empty.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.emulator.histories.history import Level, Row

WIDTH = 10_000
KEYS = 24
"""Slots for items; every second one is taken at the start."""
CODES = 32
GROUPS = 6
BINS_FROM = 1000

SETUP = f"""
CREATE TABLE dbo.bin (id int NOT NULL CONSTRAINT pk_bin PRIMARY KEY, v bigint NOT NULL);
CREATE TABLE dbo.item (id int NOT NULL CONSTRAINT pk_item PRIMARY KEY,
    g int NOT NULL CONSTRAINT fk_item_bin REFERENCES dbo.bin, u int NOT NULL, v bigint NOT NULL,
    INDEX ix_g (g), INDEX ux_u UNIQUE (u));
INSERT dbo.bin SELECT value, value + {BINS_FROM} FROM GENERATE_SERIES(1, {GROUPS});
INSERT dbo.item SELECT value, 1 + value % {GROUPS}, value, value FROM GENERATE_SERIES(2, {KEYS}, 2);
"""
FINAL = (
    "SELECT id, g, u, v FROM dbo.item UNION ALL"
    f" SELECT id + {BINS_FROM}, CAST(NULL AS int), CAST(NULL AS int), v FROM dbo.bin"
)
INITIAL_ROWS = {key: Row(key, 1 + key % GROUPS, key) for key in range(2, KEYS + 1, 2)} | {
    BINS_FROM + group: Row(BINS_FROM + group) for group in range(1, GROUPS + 1)
}
"""By version; the first versions are the keys."""

KEY_TAKEN, CODE_TAKEN, REFERENCED, PASSED_OVER = 2627, 2601, 547, 650


@dataclass(frozen=True, slots=True)
class Condition:
    """Which rows a statement is about."""

    text: str
    covers: Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Hints:
    """Table hints, and what is promised then about rows found (None: as without); ``skips``: not about absences."""

    text: str = ""
    level: Level | None = None
    skips: bool = False


RU, RC, RR, SERIALIZABLE = (
    Level.READ_UNCOMMITTED,
    Level.READ_COMMITTED,
    Level.REPEATABLE_READ,
    Level.SERIALIZABLE,
)
NONE = Hints()


def hints(chance: random.Random, level: Level, *, versioned: bool, to_change: bool = False) -> Hints:
    """Hints for a statement in a transaction at ``level``; ``to_change``: on the target of a change."""
    held = max(level, RR)
    found = [
        Hints("HOLDLOCK", SERIALIZABLE),
        Hints("UPDLOCK, HOLDLOCK", SERIALIZABLE),
        Hints("XLOCK, HOLDLOCK", SERIALIZABLE),
        Hints("REPEATABLEREAD", RR),
        Hints("UPDLOCK", held),
        Hints("XLOCK", held),
        Hints("ROWLOCK"),
    ]
    if chance.random() < 0.1:
        found += [Hints("TABLOCKX", SERIALIZABLE), Hints("TABLOCK, HOLDLOCK", SERIALIZABLE)]
    if not to_change:
        found += [Hints("READCOMMITTEDLOCK", RC), Hints("NOLOCK", RU), Hints("TABLOCK", max(level, RC))]
    if level in (RC, RR):
        found.append(Hints("UPDLOCK, READPAST", held, skips=True))
        if level is RR or not versioned:
            found.append(Hints("READPAST", level, skips=True))
    return chance.choice(found)


def condition(chance: random.Random) -> Condition:
    """One item, several, a range; by the key, the group or the code; or all. Some with more to test than the index can
    tell."""
    made = _condition(chance)
    if chance.random() < 0.85:
        return made
    return Condition(f"{made.text} AND u % 2 = 0", lambda row: made.covers(row) and not _code(row) % 2)


def _condition(chance: random.Random) -> Condition:
    kind = chance.random()
    if kind < 0.3:
        key = a_key(chance)
        return Condition(f"id = {key}", lambda row: row.key == key)
    if kind < 0.55:
        low = a_key(chance)
        high = low + chance.randrange(6)
        return Condition(f"id BETWEEN {low} AND {high}", lambda row: low <= row.key <= high and row.key < BINS_FROM)
    if kind < 0.62:
        keys = {a_key(chance) for _ in range(3)}
        return Condition(f"id IN ({', '.join(map(str, sorted(keys)))})", lambda row: row.key in keys)
    if kind < 0.78:
        group = a_group(chance)
        return Condition(f"g = {group}", lambda row: row.group == group)
    if kind < 0.84:
        group = a_group(chance)
        return Condition(f"g BETWEEN {group} AND {group + 1}", lambda row: row.group in (group, group + 1))
    if kind < 0.98:
        code = a_code(chance)
        return Condition(f"u = {code}", lambda row: row.code == code)
    return Condition("1 = 1", lambda row: row.key < BINS_FROM)


def one_item(chance: random.Random) -> Condition:
    """By the key or the code."""
    key, code = a_key(chance), a_code(chance)
    if chance.random() < 0.7:
        return Condition(f"id = {key}", lambda row: row.key == key)
    return Condition(f"u = {code}", lambda row: row.code == code)


def a_key(chance: random.Random) -> int:
    return chance.randrange(1, KEYS + 1)


def a_group(chance: random.Random) -> int:
    return chance.randrange(1, GROUPS + 1)


def a_code(chance: random.Random) -> int:
    return chance.randrange(1, CODES + 1)


def _code(row: Row) -> int:
    assert row.code is not None
    return row.code


def with_hints(used: Hints) -> str:
    return f" WITH ({used.text})" if used.text else ""


CHANGED = "OUTPUT deleted.id, deleted.v, inserted.id, inserted.g, inserted.u, inserted.v"
DELETED = "OUTPUT deleted.id, deleted.v, NULL, NULL, NULL, NULL"
INSERTED = "OUTPUT NULL, NULL, inserted.id, inserted.g, inserted.u, inserted.v"
BIN_CHANGED = f"OUTPUT deleted.id + {BINS_FROM}, deleted.v, inserted.id + {BINS_FROM}, NULL, NULL, inserted.v"
BIN_DELETED = f"OUTPUT deleted.id + {BINS_FROM}, deleted.v, NULL, NULL, NULL, NULL"
BIN_INSERTED = f"OUTPUT NULL, NULL, inserted.id + {BINS_FROM}, NULL, NULL, inserted.v"
"""What every change tells: key and version before; key, group, code and version after."""


def update(number: int, what: str, where: Condition, used: Hints) -> str:
    """``what`` besides the version is set."""
    return f"UPDATE dbo.item{with_hints(used)} SET {what}v = {number * WIDTH} + id {CHANGED} WHERE {where.text}"


def renumber(number: int, key: int, to: int) -> str:
    return f"UPDATE dbo.item SET id = {to}, v = {number * WIDTH + to} {CHANGED} WHERE id = {key}"


def delete(where: Condition, used: Hints) -> str:
    return f"DELETE dbo.item{with_hints(used)} {DELETED} WHERE {where.text}"


def take(where: Condition, count: int) -> str:
    """The first that nobody else has locked: a queue."""
    first = f"SELECT TOP ({count}) * FROM dbo.item WITH (UPDLOCK, READPAST, ROWLOCK) WHERE {where.text} ORDER BY id"
    return f"WITH q AS ({first}) DELETE q {DELETED}"


def insert(number: int, rows: list[Row]) -> str:
    values = ", ".join(f"({row.key}, {row.group}, {row.code}, {number * WIDTH + row.key})" for row in rows)
    return f"INSERT dbo.item (id, g, u, v) {INSERTED} VALUES {values}"


def upsert(number: int, row: Row, used: Hints) -> str:
    values = f"{row.key}, {row.group}, {row.code}, CAST({number * WIDTH + row.key} AS bigint)"
    return (
        f"MERGE dbo.item{with_hints(used)} AS t USING (VALUES ({values})) AS s (id, g, u, v) ON t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET v = s.v"
        f" WHEN NOT MATCHED THEN INSERT (id, g, u, v) VALUES (s.id, s.g, s.u, s.v) {CHANGED};"
    )


def definition(chance: random.Random) -> str:
    """An index comes, goes, or is built anew: statements choose other ways then."""
    columns = ["(v)", "(g) INCLUDE (v, u)", "(g DESC, id)", "(u) INCLUDE (g)", "(g) WHERE g > 3", "(u DESC)"]
    name, shape = f"ix_{chance.randrange(2)}", chance.choice(columns)
    text = chance.choice(
        [
            f"CREATE INDEX {name} ON dbo.item {shape}",
            f"DROP INDEX IF EXISTS {name} ON dbo.item",
            f"DROP INDEX IF EXISTS {name} ON dbo.item",
            "ALTER INDEX ix_g ON dbo.item REBUILD",
            f"BEGIN TRANSACTION; CREATE INDEX ix_2 ON dbo.item {shape}; IF @@TRANCOUNT > 0 ROLLBACK",
        ]
    )
    return f"SET XACT_ABORT OFF; SET LOCK_TIMEOUT 200; {text}"
