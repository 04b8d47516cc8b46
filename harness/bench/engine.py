"""An engine in this process, without a wire: batches and calls, with arguments as they come off the wire.

In process the clock is this process's own time on the processor, so that other work on the machine does not count.
"""

from collections.abc import Sequence
from typing import Any

from emulator.instance import Instance
from emulator.results import Collector
from emulator.tds.engine import RpcParameter
from emulator.types.external import from_python, to_python
from emulator.types.sqltype import SqlType
from harness.demo.warehouse import Rows


class EngineSession:
    """One session on an instance. RuntimeError when anything it runs raises an error."""

    def __init__(self, instance: Instance) -> None:
        self.session = instance.open_session()

    def run(self, text: str) -> Collector:
        """Run a batch."""
        collector = Collector()
        self.session.run_batch(text, collector)
        return checked(collector)

    def execute(self, text: str, declarations: str, *arguments: object) -> Collector:
        """Run a parameterised batch, as drivers do: sp_executesql."""
        return self.call_raw("sp_executesql", prepared([text, declarations, *arguments]))

    def load(self, table: str, columns: str, types: Sequence[SqlType], rows: Sequence[tuple[Any, ...]]) -> None:
        """Load rows of engine values in bulk."""
        self.run(f"INSERT BULK {table} ({columns}) WITH (TABLOCK)")
        collector = Collector()
        self.session.bulk_load(types, rows, collector)
        checked(collector)

    def call(self, procedure: str, *arguments: object) -> Sequence[Rows]:
        """Call a procedure; the rows of its result sets, as Python values."""
        return [_rows(result) for result in self.call_raw(procedure, prepared(arguments)).result_sets]

    def call_raw(self, procedure: str, parameters: Sequence[RpcParameter]) -> Collector:
        """Call a procedure with engine values, and leave the results as the engine made them."""
        collector = Collector()
        self.session.run_rpc(procedure, parameters, collector)
        return checked(collector)


def prepared(arguments: Sequence[object]) -> list[RpcParameter]:
    """Arguments as engine values, as they come off the wire."""
    return [RpcParameter("", *from_python(argument)) for argument in arguments]


def checked(collector: Collector) -> Collector:
    """The results. RuntimeError if there is an error among them."""
    if collector.errors:
        raise RuntimeError(str(collector.errors[0]))
    return collector


def _rows(result: Any) -> Rows:
    types = [column.type for column in result.columns]
    return [tuple(to_python(t, value) for t, value in zip(types, row, strict=True)) for row in result.rows]
