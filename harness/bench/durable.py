"""What durability costs: commits a second with a data directory, and without one in the same run.

One unit is one request with BEGIN TRAN, an UPDATE by primary key and COMMIT on rows of the session's own, as in
`sessions`. With a data directory a commit returns when its record is on the disk (fdatasync), so rates are by the
clock, and depend on the disk: `write_through_us` is what it takes to append one record and write it through, alone.
`..._share` is the rate with the directory by that without; their rounds alternate. Sessions that commit at the same
time share a write-through.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle, repeat
from pathlib import Path

from emulator.durability.durability import Durability
from emulator.instance import Instance
from harness.bench.figures import CALLS, MICROSECONDS, RATIO, Effort, Figure, Figures, Group, Show, Wanted
from harness.bench.measuring import Round, median_rates, round_of
from harness.bench.sessions import FILL, wire_round
from harness.bench.statements import DECLARATION, TABLE, UPDATE, item_session
from harness.connection import EmulatorProcess, open_session

PLACE = Path("build")
"""Where the data directories are made, for the time of the measurement: on the disk that the build is on."""
CONNECTIONS = (1, 10)
RECORD = b"x" * 200
"""As large as the record of one such commit."""
DURABLE, IN_MEMORY = "durable", "memory"


def measure(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Units a second by the clock."""
    figures: Figures = {}
    with _directory() as directory:
        if "write_through_us" in wanted:
            show(f"the disk that {PLACE} is on")
            with (directory / "written").open("wb", buffering=0) as file:
                (rate,) = median_rates({"": _write_through(file.fileno(), effort.calls)}, effort.rounds).values()
            figures["write_through_us"] = 1e6 / rate
        if "commits_inprocess_1" in wanted or "commits_inprocess_1_share" in wanted:
            show("durable commits in process")
            figures |= _compared("commits_inprocess_1", _in_process(directory, effort), effort.rounds)
    wire = [number for number in CONNECTIONS if any(f"commits_wire_{number}{end}" in wanted for end in ("", "_share"))]
    if wire:
        figures |= _over_the_wire(wire, effort, show)
    return {name: figure for name, figure in figures.items() if name in wanted}


def _compared(name: str, rounds: dict[str, Round], times: int) -> Figures:
    rates = median_rates(rounds, times)
    return {name: rates[DURABLE], f"{name}_share": rates[DURABLE] / rates[IN_MEMORY]}


@contextmanager
def _directory() -> Iterator[Path]:
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as made:
        yield Path(made)


def _write_through(file: int, calls: int) -> Round:
    def write() -> None:
        os.write(file, RECORD)
        os.fdatasync(file)

    return round_of([(write, repeat(()))], calls)


def _in_process(directory: Path, effort: Effort) -> dict[str, Round]:
    rounds = {}
    for kind in (DURABLE, IN_MEMORY):
        instance = Instance()
        if kind is DURABLE:
            Durability(instance, directory / "data")
        session = item_session(instance, effort.items)

        def update(number: int, execute: Callable[..., object] = session.execute) -> None:
            execute(UPDATE.format("@id"), DECLARATION, number)

        jobs = ((number,) for number in cycle(range(1, effort.items + 1)))
        rounds[kind] = round_of([(update, jobs)], effort.calls)
    return rounds


def _over_the_wire(connections: list[int], effort: Effort, show: Show) -> Figures:
    figures: Figures = {}
    with ExitStack() as opened:
        show("durable commits over the wire: starting an emulator with a data directory, and one without")
        data = opened.enter_context(_directory()) / "data"
        sessions = {}
        for kind, options in ((DURABLE, ("--data", str(data))), (IN_MEMORY, ())):
            target = opened.enter_context(EmulatorProcess(options=options)).target
            sessions[kind] = [opened.enter_context(open_session(target)) for _ in range(max(connections))]
            sessions[kind][0].execute(TABLE)
            sessions[kind][0].execute(FILL)
        for number in connections:
            show(f"durable commits over the wire, {number} connections")
            rounds = {
                kind: wire_round(fleet[:number], effort.calls, contended=False) for kind, fleet in sessions.items()
            }
            figures |= _compared(f"commits_wire_{number}", rounds, effort.rounds)
    return figures


GROUP = Group(
    "Durable commits",
    (
        Figure("write_through_us", MICROSECONDS),
        Figure("commits_inprocess_1", CALLS),
        Figure("commits_inprocess_1_share", RATIO),
        *(
            figure
            for number in CONNECTIONS
            for figure in (Figure(f"commits_wire_{number}", CALLS), Figure(f"commits_wire_{number}_share", RATIO))
        ),
    ),
    measure,
)
