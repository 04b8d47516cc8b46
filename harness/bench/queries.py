"""Queries over many rows in process, and the same in SQLite.

A fact table of `--rows` rows (100,000) is joined to a dimension of a hundredth of that and grouped: through the
dimension's primary key (`join_index_group`), and with a dimension that has no index (`join_hash_group`). `sort` orders
all rows by two columns without an index, `window` numbers them within partitions.
"""

import sqlite3
from functools import partial
from time import process_time

from emulator.instance import Instance
from emulator.types.sqltype import INT, decimal, nvarchar
from harness.bench.engine import EngineSession
from harness.bench.figures import SECONDS, SQLITE, Effort, Figure, Figures, Group, Show, Wanted
from harness.bench.measuring import least

SCHEMA = """
CREATE TABLE {}fact (id int NOT NULL PRIMARY KEY, dim int NOT NULL, amount int NOT NULL, price decimal(10, 2) NOT NULL);
CREATE TABLE {}dim (id int NOT NULL PRIMARY KEY, name nvarchar(30) NOT NULL, class int NOT NULL);
CREATE TABLE {}loose (id int NOT NULL, name nvarchar(30) NOT NULL, class int NOT NULL);
"""
QUERIES = {
    "join_index_group": "SELECT d.name, COUNT(*), SUM(f.amount) FROM {}fact AS f JOIN {}dim AS d ON d.id = f.dim"
    " GROUP BY d.name",
    "join_hash_group": "SELECT d.class, COUNT(*), SUM(f.amount) FROM {}fact AS f JOIN {}loose AS d ON d.id = f.dim"
    " GROUP BY d.class",
    "scan_filter": "SELECT COUNT(*), SUM(amount) FROM {}fact WHERE amount BETWEEN 10 AND 20 AND dim <> 5",
    "sort": "SELECT id, amount, dim FROM {}fact ORDER BY amount, dim",
    "window": "SELECT id, ROW_NUMBER() OVER (PARTITION BY dim ORDER BY amount, id) FROM {}fact",
}
MARKS = {"join_index_group": 1.5, "join_hash_group": 1.5}

FIGURES = tuple(Figure(name, SECONDS, at_most=MARKS.get(name)) for name in QUERIES)


def measure(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Seconds on the processor, all rows fetched: the least of the rounds."""
    show(f"queries over {effort.rows:,} rows")
    session, database = EngineSession(Instance()), sqlite3.connect(":memory:")
    session.run(SCHEMA.format("dbo.", "dbo.", "dbo."))
    database.executescript(SCHEMA.format("", "", ""))
    _load(session, database, effort.rows)
    figures: Figures = {}
    for name, text in QUERIES.items():
        if name in wanted:
            ours, theirs = text.format("dbo.", "dbo."), text.format("", "")
            figures[name] = least(partial(_seconds_in_engine, session, ours), effort.rounds)
            figures[name + SQLITE] = least(partial(_seconds_in_sqlite, database, theirs), effort.rounds)
    return figures


GROUP = Group("Queries in process", FIGURES, measure)


def _load(session: EngineSession, database: sqlite3.Connection, rows: int) -> None:
    dimensions = max(rows // 100, 1)
    facts = [(number, number * 7919 % dimensions, number % 100, number * 25) for number in range(rows)]
    dims = [(number, f"dim {number}", number % 10) for number in range(dimensions)]
    session.load(
        "dbo.fact", "id int, dim int, amount int, price decimal(10, 2)", [INT, INT, INT, decimal(10, 2)], facts
    )
    database.executemany("INSERT INTO fact VALUES (?, ?, ?, ? / 100.0)", facts)
    for table in ("dim", "loose"):
        session.load(f"dbo.{table}", "id int, name nvarchar(30), class int", [INT, nvarchar(30), INT], dims)
        database.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", dims)


def _seconds_in_engine(session: EngineSession, text: str) -> float:
    started = process_time()
    session.run(text)
    return process_time() - started


def _seconds_in_sqlite(database: sqlite3.Connection, text: str) -> float:
    started = process_time()
    database.execute(text).fetchall()
    return process_time() - started
