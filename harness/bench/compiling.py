"""Reading T-SQL: all of `database/` parsed, compiled and created in a new instance; and a loop to compare machines."""

from collections.abc import Sequence
from time import process_time

from emulator.instance import Instance
from harness.bench.engine import EngineSession
from harness.bench.figures import SECONDS, Effort, Figure, Figures, Group, Show, Wanted
from harness.bench.measuring import least
from harness.bench.warehouse_files import batches

CALIBRATION_STEPS = 1_000_000

FIGURES = (Figure("calibration", SECONDS), Figure("compile_database", SECONDS, at_most=1.5))


def measure(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Seconds on the processor: the least of the rounds."""
    texts = batches()
    show(f"compiling database/: {len(texts)} batches, {sum(map(len, texts)):,} characters")
    rounds = {"calibration": _calibrate, "compile_database": lambda: _create(texts)}
    return {name: least(one_round, effort.rounds) for name, one_round in wanted.of(rounds).items()}


GROUP = Group("Compiling", FIGURES, measure)


def _create(texts: Sequence[str]) -> float:
    started = process_time()
    session = EngineSession(Instance())
    for text in texts:
        session.run(text)
    return process_time() - started


def _calibrate() -> float:
    """A fixed loop of what Python programs are made of: calls, dictionary entries, small integers, tuples."""
    started = process_time()
    kept: dict[int, tuple[int, int]] = {}

    def step(number: int) -> int:
        kept[number & 1023] = pair = (number, number >> 1)
        return pair[1]

    total = 0
    for number in range(CALIBRATION_STEPS):
        total += step(number)
    return process_time() - started
