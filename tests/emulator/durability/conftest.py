"""An instance in process with a data directory, which can die and come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.catalog.objects import Table
from emulator.durability.durability import Durability
from emulator.instance import Instance
from emulator.scheduler import VirtualClock
from tests.emulator.engine.conftest import Client

Rows = list[tuple[object, ...]]


class Server:
    """An instance on a data directory. ``die`` is a crash, ``stop`` an orderly end; ``start`` after either."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.start()

    def start(self, database: str = "lockstep") -> None:
        self.instance = Instance(clock=VirtualClock(), database=database)
        self.durability = Durability(self.instance, self.directory)

    def die(self) -> None:
        self.durability.close(checkpoint=False)

    def stop(self) -> None:
        self.durability.close()

    def restart(self) -> None:
        self.die()
        self.start()

    def client(self) -> Client:
        return Client(self.instance.open_session())

    def contents(self) -> dict[tuple[str, str], tuple[Rows, int | None]]:
        """The rows of all kept tables, in order, with the last identity value."""
        return {
            (database.name, table.full_name): (
                list(table.store.rows()),
                table.store.identity.last if table.store.identity else None,
            )
            for database in self.instance.databases.values()
            for table in database.of_kind(Table)
            if table.store is not None and table.store.durable
        }


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "data")
    yield made
    made.die()
