"""Targets: from the environment, completed with a driver, never showing a password."""

import pytest

from harness.connection.target import Target
from harness.errors import UsageFault


def test_no_variable_is_no_target() -> None:
    assert Target.from_environment({}) is None
    assert Target.from_environment({"LOCKSTEP_DSN": "  "}) is None


def test_a_missing_driver_is_found() -> None:
    target = Target.from_environment({"LOCKSTEP_DSN": "Server=db;UID=u;PWD=p"})
    assert target is not None
    assert "ODBC" in (target.connection_string.get("Driver") or "").upper()


def test_a_named_driver_is_kept() -> None:
    target = Target.from_dsn("Driver={Mine};Server=db")
    assert target.connection_string.get("Driver") == "Mine"


def test_a_string_without_a_server_is_refused() -> None:
    with pytest.raises(UsageFault, match="names no server"):
        Target.from_dsn("Driver={Mine};Database=x")


def test_a_target_never_shows_its_password() -> None:
    target = Target.for_server(host="127.0.0.1", port=1, user="sa", password="hush-hush", database="lockstep")
    for shown in (repr(target), str(target), f"{[target]}", repr(target.with_database("other"))):
        assert "hush-hush" not in shown
    assert "PWD=hush-hush" in target.connection_string.text()


def test_another_database_on_the_same_server() -> None:
    target = Target.from_dsn("Driver={Mine};Server=db;Database=a").with_database("b")
    assert str(target) == "db, database b"
