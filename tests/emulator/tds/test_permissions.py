"""A login of its own over the wire: it does what it was granted and nothing else. Runs on SQL Server too."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pyodbc
import pytest

from harness.connection import Target, Unreachable, connect

NAME, PASSWORD = "wire_picker", "Wire-picker-1"
SET_UP = [
    "CREATE SCHEMA wire",
    "CREATE TABLE wire.Lot (LotNo int PRIMARY KEY, Qty int NOT NULL)",
    "INSERT wire.Lot VALUES (1, 10)",
    """CREATE PROCEDURE wire.Take @lot int AS
    SET NOCOUNT ON; UPDATE wire.Lot SET Qty -= 1 OUTPUT inserted.Qty WHERE LotNo = @lot""",
    "CREATE PROCEDURE wire.Other AS SELECT 1",
    f"CREATE LOGIN {NAME} WITH PASSWORD = '{PASSWORD}'",
    f"CREATE USER {NAME} FOR LOGIN {NAME}",
    f"GRANT EXECUTE ON wire.Take TO {NAME}",
]
TAKE_DOWN = [
    "DROP PROCEDURE IF EXISTS wire.Take, wire.Other",
    "DROP TABLE IF EXISTS wire.Lot",
    "DROP SCHEMA IF EXISTS wire",
    f"DROP USER IF EXISTS {NAME}",
    f"IF SUSER_ID('{NAME}') IS NOT NULL DROP LOGIN {NAME}",
]


@dataclass(frozen=True)
class Picker:
    """Where the login connects to."""

    target: Target

    def with_password(self, password: str) -> Target:
        text = self.target.connection_string.with_value("UID", NAME).with_value("PWD", password)
        return Target(text)


@pytest.fixture
def picker(target: Target, connection: pyodbc.Connection) -> Iterator[Picker]:
    """The login exists while the test runs."""
    pyodbc.pooling = False
    for statement in [*TAKE_DOWN, *SET_UP]:
        connection.execute(statement)
    yield Picker(target)
    for statement in TAKE_DOWN:
        connection.execute(statement)


def test_a_login_with_execute_alone_calls_the_procedure_and_nothing_else(picker: Picker) -> None:
    with closing(connect(picker.with_password(PASSWORD))) as own:
        assert tuple(own.execute("SELECT SUSER_SNAME(), USER_NAME()").fetchone()) == (NAME, NAME)
        assert own.execute("{CALL wire.Take (?)}", 1).fetchval() == 9
        assert own.execute("EXEC wire.Take ?", 1).fetchval() == 8
        for refused in (
            "SELECT * FROM wire.Lot",
            "UPDATE wire.Lot SET Qty = 0",
            "EXEC wire.Other",
            "{CALL wire.Other}",
        ):
            with pytest.raises(pyodbc.ProgrammingError, match=r"permission was denied on the object.*\(229\)"):
                own.execute(refused)


def test_a_wrong_password_opens_nothing(picker: Picker) -> None:
    with pytest.raises(Unreachable, match="18456"):
        connect(picker.with_password("Wrong-picker-1"))
