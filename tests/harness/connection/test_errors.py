"""The driver's diagnostics, as pyodbc hands them over."""

import pyodbc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.connection.errors import Diagnostic, SqlServerError, parse_diagnostics

SERVER = "[Microsoft][ODBC Driver 18 for SQL Server][SQL Server]"
DRIVER = "[Microsoft][ODBC Driver 18 for SQL Server]"


def failed(*records: str) -> SqlServerError:
    return SqlServerError.from_pyodbc(pyodbc.Error(records[0][1:6], "; ".join(records)))


def test_a_thrown_rule_error_is_a_rejection() -> None:
    error = failed(f"[42000] {SERVER}Lot L1 has 2 bags (asked: 3); pick fewer. (51101) (SQLExecDirectW)")
    assert (error.number, error.sqlstate) == (51101, "42000")
    assert error.message == "Lot L1 has 2 bags (asked: 3); pick fewer."
    assert error.is_rejection
    assert not error.is_retryable
    assert str(error) == "Lot L1 has 2 bags (asked: 3); pick fewer. (51101)"


def test_the_first_record_of_the_server_is_the_error() -> None:
    error = failed(
        f"[23000] {SERVER}Violation of PRIMARY KEY constraint 'PK'. (2627) (SQLExecDirectW)",
        f"[01000] {SERVER}The statement has been terminated. (3621)",
    )
    assert error.number == 2627
    assert error.diagnostics[1] == Diagnostic("01000", 3621, "The statement has been terminated.")


@pytest.mark.parametrize("number", [1205, 1222, 3960])
def test_victims_of_others_may_try_again(number: int) -> None:
    assert failed(f"[40001] {SERVER}Transaction was chosen. Rerun it. ({number}) (SQLExecute)").is_retryable


def test_the_operating_systems_number_is_not_the_servers() -> None:
    error = failed(
        f"[08S01] {DRIVER}TCP Provider: Error code 0x68 (104) (SQLExecDirectW)",
        f"[08S01] {DRIVER}Communication link failure (104)",
    )
    assert error.number == 0
    assert error.is_connection_lost
    assert str(error) == "TCP Provider: Error code 0x68 (08S01)"


def test_a_query_timeout_is_told_apart() -> None:
    error = failed(f"[HYT00] {DRIVER}Query timeout expired (0) (SQLExecDirectW)")
    assert error.is_timeout
    assert not error.is_connection_lost


def test_a_message_over_several_lines_stays_whole() -> None:
    error = failed(f"[42000] {SERVER}first\nsecond; third [a] (b) (50000) (SQLMoreResults)")
    assert error.message == "first\nsecond; third [a] (b)"


def test_pyodbcs_own_errors_have_a_message_only() -> None:
    assert parse_diagnostics(pyodbc.ProgrammingError("No results.")) == (Diagnostic("HY000", 0, "No results."),)
    assert parse_diagnostics(pyodbc.Error("HY000", "nothing known")) == (Diagnostic("HY000", 0, "nothing known"),)


@given(st.text(min_size=1).filter(lambda text: "; [" not in text), st.integers(1, 2**31 - 1))
def test_any_message_and_number_come_through(message: str, number: int) -> None:
    (record,) = parse_diagnostics(pyodbc.Error("42000", f"[42000] {SERVER}{message} ({number}) (SQLExecute)"))
    assert (record.number, record.sqlstate) == (number, "42000")
    assert record.message == message.strip()
