"""Single statements by primary key through an open session in process, and the same in SQLite.

One unit of `point_select` is one request: `SELECT name, qty FROM dbo.item WHERE id = @id`, its row collected. One unit
of `update_transaction` is one request as well: a batch with BEGIN TRAN, an UPDATE of one row and COMMIT. Each is
measured as drivers send it, with a parameter (sp_executesql), and with another constant in the text each time
(`_literals`).
SQLite does the same to a table in memory through Python's module, BEGIN and COMMIT as statements of their own.
"""

import sqlite3
from collections.abc import Callable
from itertools import count
from time import process_time

from emulator.instance import Instance
from emulator.types.sqltype import INT, decimal, nvarchar
from harness.bench.engine import EngineSession
from harness.bench.figures import CALLS, SQLITE, Effort, Figure, Figures, Group, Show, Wanted
from harness.bench.measuring import Round, median_rates

UNITS_BY_CALLS = 5
"""Units of a round, by the calls of a procedure in a round: they are that much shorter."""

TABLE = """
CREATE TABLE dbo.item (id int NOT NULL PRIMARY KEY, name nvarchar(50) NOT NULL, qty decimal(18, 3) NOT NULL)
"""
SELECT = "SELECT name, qty FROM dbo.item WHERE id = {}"
UPDATE = "BEGIN TRAN; UPDATE dbo.item SET qty = qty + 1 WHERE id = {}; COMMIT"
DECLARATION = "@id int"

FIGURES = (
    Figure("point_select", CALLS, at_least=15_000),
    Figure("point_select_literals", CALLS, at_least=15_000),
    Figure("update_transaction", CALLS, at_least=6_000),
    Figure("update_transaction_literals", CALLS, at_least=6_000),
)


def measure(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Units a second of time on the processor."""
    show(f"statements by primary key on {effort.items:,} rows")
    session, database = item_session(Instance(), effort.items), _sqlite(effort.items)
    units = effort.calls * UNITS_BY_CALLS
    rounds: dict[str, Round] = {}
    for name, text in (("point_select", SELECT), ("update_transaction", UPDATE)):
        parameterized = text.format("@id")
        in_sqlite = _select_in if text is SELECT else _update_in

        def execute(number: int, parameterized: str = parameterized) -> object:
            return session.execute(parameterized, DECLARATION, number)

        def execute_literal(number: int, text: str = text) -> object:
            return session.run(text.format(number))

        rounds[name] = _round(execute, units, effort.items)
        rounds[name + SQLITE] = _round(in_sqlite(database, literal=False), units, effort.items)
        rounds[f"{name}_literals"] = _round(execute_literal, units, effort.items)
        rounds[f"{name}_literals{SQLITE}"] = _round(in_sqlite(database, literal=True), units, effort.items)
    return median_rates(wanted.of(rounds), effort.rounds)


GROUP = Group("Statements in process", FIGURES, measure)


def item_session(instance: Instance, rows: int) -> EngineSession:
    """A session on an instance with a table of so many items."""
    session = EngineSession(instance)
    session.run(TABLE)
    types = [INT, nvarchar(50), decimal(18, 3)]
    items = [(number, f"item {number}", number * 1000) for number in range(1, rows + 1)]
    session.load("dbo.item", "id int, name nvarchar(50), qty decimal(18, 3)", types, items)
    return session


def _sqlite(rows: int) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, qty REAL NOT NULL)")
    database.executemany("INSERT INTO item VALUES (?, ?, ?)", [(n, f"item {n}", n) for n in range(1, rows + 1)])
    return database


def _select_in(database: sqlite3.Connection, *, literal: bool) -> Callable[[int], object]:
    if literal:
        return lambda number: database.execute(f"SELECT name, qty FROM item WHERE id = {number:d}").fetchall()
    return lambda number: database.execute("SELECT name, qty FROM item WHERE id = ?", (number,)).fetchall()


def _update_in(database: sqlite3.Connection, *, literal: bool) -> Callable[[int], object]:
    def update(number: int) -> None:
        database.execute("BEGIN")
        if literal:
            database.execute(f"UPDATE item SET qty = qty + 1 WHERE id = {number:d}")
        else:
            database.execute("UPDATE item SET qty = qty + 1 WHERE id = ?", (number,))
        database.execute("COMMIT")

    return update


def _round(unit: Callable[[int], object], units: int, rows: int) -> Round:
    numbers = count()

    def one_round() -> float:
        started = process_time()
        for _ in range(units):
            unit(next(numbers) * 7 % rows + 1)
        return units / (process_time() - started)

    return one_round
