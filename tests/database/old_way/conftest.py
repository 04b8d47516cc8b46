"""A schema for the old way's procedures, dropped after each test with all that is in it."""

from collections.abc import Iterator

import pytest

from tests.database.warehouse import Warehouse


@pytest.fixture
def old_way(unchecked_warehouse: Warehouse) -> Iterator[Warehouse]:
    """The warehouse with an empty schema old_way."""
    unchecked_warehouse.execute("IF SCHEMA_ID(N'old_way') IS NULL EXEC (N'CREATE SCHEMA old_way');")
    yield unchecked_warehouse
    objects = unchecked_warehouse.execute(
        "SELECT CASE o.type WHEN 'P' THEN 'PROCEDURE' ELSE 'TABLE' END, o.name FROM sys.objects AS o "
        "WHERE o.schema_id = SCHEMA_ID(N'old_way') AND o.type IN ('P', 'U');"
    )
    for kind, name in objects:
        unchecked_warehouse.execute(f"DROP {kind} old_way.{name};")
    unchecked_warehouse.execute("DROP SCHEMA old_way;")
