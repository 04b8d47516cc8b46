"""The figures without a wire: the same files deployed, the same procedures called, all in this process."""

import gc
import io
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any

from alembic import command
from alembic.config import Config

from emulator.instance import Instance
from emulator.results import Collector
from emulator.tds.engine import RpcParameter
from emulator.types.external import from_python, to_python
from harness.bench.jobs import FIND_LOTS, PICK, TRANSFER, Jobs
from harness.bench.measuring import Job, Round, round_of
from harness.demo.warehouse import Rows, Size, demo_batches
from harness.deploy.batches import split_batches
from harness.deploy.sources import DATABASE_FOLDER, read_sources

SEARCHES = 100
"""Different searches that are made in turn."""


class Engine:
    """An instance with the data layer deployed and a warehouse loaded, and one session on it."""

    def __init__(self, size: Size, seed: int) -> None:
        self._session = Instance().open_session()
        for text in (*_migration_batches(), *_object_batches(), *demo_batches()):
            self._run(text)
        self.call("demo.LoadWarehouse", size.lots, size.bins, size.items, size.runs, seed)
        gc.collect()
        gc.freeze()  # as the server does: what has been loaded stays

    def call(self, procedure: str, *arguments: object) -> Sequence[Rows]:
        """Call a procedure; the rows of its result sets, as Python values. RuntimeError if it raises an error."""
        return [_rows(result) for result in self.call_raw(procedure, _prepared(arguments)).result_sets]

    def call_raw(self, procedure: str, parameters: Sequence[RpcParameter]) -> Collector:
        """Call a procedure with engine values, and leave the results as the engine made them."""
        collector = Collector()
        self._session.run_rpc(procedure, parameters, collector)
        return _checked(collector)

    def _run(self, text: str) -> None:
        collector = Collector()
        self._session.run_batch(text, collector)
        _checked(collector)


class InProcess:
    """The rounds to measure on a warehouse in process."""

    def __init__(self, size: Size, seed: int) -> None:
        self._engine = Engine(size, seed)
        self._jobs = Jobs(self._engine)

    def picks(self, calls: int) -> Round:
        """PickLot."""
        return self._round(PICK, self._jobs.picks(self._jobs.layout.batches), calls)

    def transfers(self, calls: int) -> Round:
        """TransferLot."""
        return self._round(TRANSFER, self._jobs.transfers(self._jobs.layout.items), calls)

    def searches(self, calls: int) -> Round:
        """FindLots."""
        return self._round(FIND_LOTS, cycle(list(islice(self._jobs.searches(), SEARCHES))), calls)

    def _round(self, procedure: str, jobs: Iterator[Job], calls: int) -> Round:
        def call(*arguments: object) -> None:
            self._engine.call_raw(procedure, _prepared(arguments))

        return round_of([(call, jobs)], calls)


def _prepared(arguments: Sequence[object]) -> list[RpcParameter]:
    """Arguments as engine values, as they come off the wire."""
    return [RpcParameter("", *from_python(argument)) for argument in arguments]


def _checked(collector: Collector) -> Collector:
    if collector.errors:
        raise RuntimeError(str(collector.errors[0]))
    return collector


def _rows(result: Any) -> Rows:
    types = [column.type for column in result.columns]
    return [tuple(to_python(t, value) for t, value in zip(types, row, strict=True)) for row in result.rows]


def _migration_batches() -> list[str]:
    """What `alembic upgrade head --sql` prints, batch by batch."""
    config = Config(output_buffer=io.StringIO())
    config.set_main_option("script_location", str(DATABASE_FOLDER / "migrations").replace("%", "%%"))
    command.upgrade(config, "head", sql=True)
    assert isinstance(config.output_buffer, io.StringIO)
    return [batch.text for batch in split_batches(config.output_buffer.getvalue())]


def _object_batches() -> list[str]:
    return [batch.text for source in read_sources() for batch in split_batches(source.text)]
