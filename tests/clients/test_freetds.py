"""The programs of FreeTDS: tsql and bsqldb, which run scripts, and freebcp, which loads and unloads tables."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyodbc
import pytest

from harness.connection import Target, connect
from tests.clients.client import Address, require

PROGRAMS = ("tsql", "bsqldb", "freebcp")
SECONDS = 60


@pytest.fixture(autouse=True)
def installed() -> None:
    require(next((program for program in PROGRAMS if shutil.which(program) is None), ""))


@pytest.fixture
def loaded(target: Target) -> Iterator[pyodbc.Connection]:
    """A connection beside a table of three rows."""
    with closing(connect(target)) as connection:
        connection.execute(
            "DROP TABLE IF EXISTS dbo.FreeTds; CREATE TABLE dbo.FreeTds (id int NOT NULL PRIMARY KEY, "
            "name varchar(30) NULL, amount decimal(10, 2) NULL, at datetime NULL, raw varbinary(10) NULL);"
        )
        connection.execute(
            "INSERT INTO dbo.FreeTds VALUES (1, N'Mehl', 1.25, '20240229 13:14:15', 0x00FF), "
            "(2, N'Grüße', -0.01, NULL, 0x01), (3, NULL, NULL, '19000101', NULL);"
        )
        yield connection
        connection.execute("DROP TABLE dbo.FreeTds;")


def run(
    program: str, address: Address, *arguments: str, text: str = "", version: str = "7.4"
) -> subprocess.CompletedProcess[str]:
    """Run one of the programs with ``text`` as its input, speaking that version of TDS."""
    if program == "tsql":
        place = ["-H", address.host, "-p", str(address.port), "-D", address.database]
    else:
        place = ["-S", f"{address.host}:{address.port}", "-D", address.database]
    return subprocess.run(
        [program, *arguments, *place, "-U", address.user, "-P", address.password],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
        env={**os.environ, "TDSVER": version, "LC_ALL": "C.UTF-8"},
    )


@pytest.mark.parametrize("version", ["7.0", "7.1", "7.2", "7.3", "7.4"])
def test_tsql_shows_rows_in_every_version_of_tds(address: Address, version: str) -> None:
    text = (
        "SELECT 1 AS n, N'Grüße' AS name, CAST(REPLICATE('x', 9000) AS varchar(max)) AS long, CAST(NULL AS int)\nGO\n"
    )
    done = run("tsql", address, text=text, version=version)
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("1\t")]
    number, name, long, null = row.split("\t")
    assert (number, name, null) == ("1", "Grüße", "NULL")
    assert set(long) == {"x"}


@pytest.mark.parametrize("version", ["7.1", "7.4"])
def test_tsql_shows_all_types(address: Address, version: str) -> None:
    values = {
        "CAST(1 AS bit)": "1",
        "CAST(-5 AS smallint)": "-5",
        "CAST(9007199254740993 AS bigint)": "9007199254740993",
        "CAST(1.5 AS real)": "1.5",
        "CAST(12345.6789 AS money)": "12345.6789",
        "CAST(-1.5 AS smallmoney)": "-1.5000",
        "CAST(-12.340 AS decimal(10, 3))": "-12.340",
        "CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)": "6F9619FF-8B86-D011-B42D-00C04FC964FF",
        "CAST(0x0A0B AS varbinary(4))": "0a0b",
        "CAST('ab' AS char(4))": "ab  ",
        "CAST(N'<a>x</a>' AS xml)": "<a>x</a>",
        "CAST('text' AS text)": "text",
        "CAST(7 AS sql_variant)": "7",
    }
    done = run("tsql", address, text=f"SELECT {', '.join(values)}\nGO\n", version=version)
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("1\t-5")]
    assert row.split("\t") == list(values.values())


def test_tsql_tells_number_severity_state_line_and_procedure(address: Address) -> None:
    text = (
        "CREATE OR ALTER PROCEDURE dbo.FreeTdsFails AS\nRAISERROR(N'Too bad', 15, 3);\nGO\n"
        "SELECT 1;\nSELECT 1 / 0;\nGO\nEXEC dbo.FreeTdsFails;\nGO\nPRINT N'still here';\nGO\n"
        "DROP PROCEDURE dbo.FreeTdsFails\nGO\n"
    )
    done = run("tsql", address, text=text)
    assert "Msg 8134 (severity 16, state 1)" in done.stderr
    assert "Line 2:" in done.stderr
    assert "Procedure FreeTdsFails" in done.stderr or "Procedure dbo.FreeTdsFails" in done.stderr
    assert "Msg 50000 (severity 15, state 3)" in done.stderr
    assert "still here" in done.stderr + done.stdout


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"database": "no_such_database"}])
def test_a_refused_login_is_told(address: Address, wrong: dict[str, str]) -> None:
    refused = Address(**{**vars(address), **wrong})
    done = run("tsql", refused, text="SELECT 1\nGO\n")
    assert done.returncode != 0
    assert "Msg 18456" in done.stderr or "Msg 4060" in done.stderr


def test_bsqldb_runs_a_script_and_shows_its_results(address: Address, loaded: pyodbc.Connection) -> None:
    done = run("bsqldb", address, "-q", text="SELECT id, name, amount FROM dbo.FreeTds WHERE id < 3\nGO\n")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines() if line.strip()] == ["1", "2"]


def test_bsqldb_ends_with_a_status_when_a_statement_fails(address: Address) -> None:
    done = run("bsqldb", address, text="SELECT * FROM dbo.NoSuchTable\nGO\n")
    assert done.returncode != 0
    assert "Msg 208" in done.stderr


@pytest.mark.parametrize("version", ["7.1", "7.4"])
@pytest.mark.parametrize(("format", "rows"), [("-n", 1), ("-c", 3)], ids=["native", "characters"])
def test_freebcp_unloads_a_table_and_loads_it_again(
    address: Address, loaded: pyodbc.Connection, tmp_path: Path, format: str, rows: int, version: str
) -> None:
    """In its native format freebcp does not read the NULLs again that it wrote: there the row without any."""
    table, data = f"{address.database}.dbo.FreeTds", tmp_path / "rows"
    loaded.execute("DELETE FROM dbo.FreeTds WHERE id > ?;", rows)
    before = loaded.execute("SELECT * FROM dbo.FreeTds ORDER BY id;").fetchall()
    out = run("freebcp", address, table, "out", str(data), format, version=version)
    assert f"{rows} rows copied" in out.stdout, out.stderr
    loaded.execute("TRUNCATE TABLE dbo.FreeTds;")
    back = run("freebcp", address, table, "in", str(data), format, version=version)
    assert f"{rows} rows copied" in back.stdout, back.stderr
    after = loaded.execute("SELECT * FROM dbo.FreeTds ORDER BY id;").fetchall()
    assert [tuple(row) for row in after] == [tuple(row) for row in before]
