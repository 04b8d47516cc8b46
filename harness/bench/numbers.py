"""What it gains to hold the number row only while a number is drawn, and not for the whole transfer.

A transfer that owns its transaction draws its document number in a short one of its own before. Inside a caller's
transaction it has no choice: there the row in Seqnum stays locked until the caller ends it. The work is the same
otherwise, so the two are compared: think-free, by all connections at once, on lots of their own. `slow` is the same
with transactions that last 5 ms longer at their end, as on a server whose commits wait for the disk of the log.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pyodbc

from harness.bench.figures import CALLS, RATIO, Effort, Figure, Figures, Group, Show, Wanted
from harness.bench.jobs import TRANSFER
from harness.bench.measuring import Round, median_rates, round_of
from harness.bench.wire import CONNECTIONS, SEED, SIZE, Wire, wire
from harness.connection import SqlServerError

ALONE = f"EXEC {TRANSFER} ?, ?, ?, ?, ?, ?, ?, ?;"
HELD = f"BEGIN TRANSACTION; {ALONE} COMMIT TRANSACTION;"
SLOW_COMMIT = """
CREATE TRIGGER lockstep.SlowCommit ON lockstep.Operation AFTER INSERT AS
    WAITFOR DELAY '00:00:00.005';
"""
"""The record of the call is the last thing that a transfer writes."""


def transfers(server: Wire, text: str, calls: int) -> Round:
    """TransferLot by a batch of this text, so many by each connection."""
    items = server.jobs.layout.items
    work = [server.jobs.transfers(items[part::CONNECTIONS]) for part in range(CONNECTIONS)]
    callers = [partial(_run, session.connection.cursor(), text) for session in server.sessions]
    return round_of(list(zip(callers, work, strict=True)), calls)


@contextmanager
def slow_commits(server: Wire) -> Iterator[None]:
    """Let the transaction of every write call last 5 ms longer."""
    server.sessions[0].execute(SLOW_COMMIT)
    yield
    server.sessions[0].execute("DROP TRIGGER lockstep.SlowCommit;")


def _run(cursor: pyodbc.Cursor, text: str, *arguments: object) -> None:
    """Run a batch, which the driver prepares the first time, to the end of its results."""
    try:
        cursor.execute(text, *arguments)
        while cursor.nextset():
            pass
    except pyodbc.Error as error:
        raise SqlServerError.from_pyodbc(error, cursor) from error


def measure(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Calls a second by the clock, both kinds in turns, and one by the other."""
    show("number row: starting an emulator, deploying, loading")
    with wire(SIZE, SEED) as server:
        show(f"number row held for a moment and for the whole transfer, {CONNECTIONS} connections")
        figures = _compare(server, "", wanted, effort)
        with slow_commits(server):
            return figures | _compare(server, "_slow", wanted, effort)


def _compare(server: Wire, suffix: str, wanted: Wanted, effort: Effort) -> Figures:
    alone, held, gain = (f"number_{kind}{suffix}" for kind in ("alone", "held", "gain"))
    if not any(name in wanted for name in (alone, held, gain)):
        return {}
    calls = max(effort.calls // CONNECTIONS, 5)
    rates = median_rates({alone: transfers(server, ALONE, calls), held: transfers(server, HELD, calls)}, effort.rounds)
    return rates | {gain: rates[alone] / rates[held]}


GROUP = Group(
    f"Number row, {CONNECTIONS} connections",
    (
        Figure("number_alone", CALLS),
        Figure("number_held", CALLS),
        Figure("number_gain", RATIO),
        Figure("number_alone_slow", CALLS),
        Figure("number_held_slow", CALLS),
        Figure("number_gain_slow", RATIO, at_least=1),
    ),
    measure,
)
