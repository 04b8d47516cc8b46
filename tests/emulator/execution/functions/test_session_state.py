"""Functions about the session (documentation: "System Functions (Transact-SQL)")."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.execution.settings import Settings
from emulator.types.sqltype import INT, SMALLINT, numeric, nvarchar


def test_counters_are_read_when_they_are_asked_for(bench: Any) -> None:
    rows = bench.expr("@@ROWCOUNT")
    for count in (0, 3):
        bench.session.row_count = count
        assert rows.fn(bench.env) == count
    bench.session.trancount, bench.session.error_number = 2, 547
    assert bench.value("@@TRANCOUNT * 1000 + @@ERROR") == 2547


def test_error_functions_speak_of_the_innermost_error_in_hand(bench: Any) -> None:
    assert bench.value("ERROR_NUMBER()") is None
    assert bench.value("ERROR_MESSAGE()") is None
    bench.session.frame.errors = [
        SqlError(1205, 13, 51, "deadlock", 3),
        SqlError(51000, 16, 2, "bad quantity", 7, "picking.PickLot"),
    ]
    assert [bench.value(f"ERROR_{name}()") for name in ("NUMBER", "SEVERITY", "STATE", "LINE")] == [51000, 16, 2, 7]
    assert bench.value("ERROR_PROCEDURE()") == "picking.PickLot"
    assert bench.value("ERROR_MESSAGE()") == "bad quantity"


def test_identity_values(bench: Any) -> None:
    assert bench.value("SCOPE_IDENTITY()") is None
    bench.session.frame.scope_identity, bench.session.last_identity = 7, 9
    assert bench.value("SCOPE_IDENTITY()") == 7
    assert bench.value("@@IDENTITY") == 9


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("SCOPE_IDENTITY()", numeric(38, 0)),
        ("@@ROWCOUNT", INT),
        ("XACT_STATE()", SMALLINT),
        ("ERROR_MESSAGE()", nvarchar(4000)),
        ("@@SPID", SMALLINT),
        ("SUSER_SNAME()", nvarchar(128)),
    ],
)
def test_the_type_of_the_result(bench: Any, text: str, type: Any) -> None:
    assert bench.type(text) == type


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("@@SPID", 51),
        ("@@PROCID", 0),
        ("@@DATEFIRST", 7),
        ("@@LOCK_TIMEOUT", -1),
        ("@@SERVERNAME", "BENCH"),
        ("@@LANGUAGE", "us_english"),
        ("@@OPTIONS", 8 + 16 + 32 + 256 + 1024 + 4096),
        ("APP_NAME() + HOST_NAME()", "testshost"),
        ("CONTEXT_INFO()", None),
        ("CAST(SESSIONPROPERTY('QUOTED_IDENTIFIER') AS int)", 1),
        ("CAST(SERVERPROPERTY('ProductMajorVersion') AS nvarchar(9))", "16"),
        ("SERVERPROPERTY('nonsense')", None),
    ],
)
def test_a_system_function_gives(bench: Any, text: str, value: Any) -> None:
    assert bench.value(text) == value


def test_session_context_gives_what_was_kept(bench: Any) -> None:
    bench.session.context["worker"] = (INT, 5)
    assert bench.value("CAST(SESSION_CONTEXT(N'Worker') AS int)") == 5
    assert bench.value("SESSION_CONTEXT(N'other')") is None


def test_options_follow_the_settings(bench: Any) -> None:
    options = bench.expr("@@OPTIONS & 16896")
    assert options.fn(bench.env) == 0
    bench.session.settings = Settings(nocount=True, xact_abort=True)
    assert options.fn(bench.env) == 512 + 16384


def test_the_running_module_is_procid(bench: Any) -> None:
    bench.session.frame.module = SimpleNamespace(object_id=77)
    assert bench.value("@@PROCID") == 77
