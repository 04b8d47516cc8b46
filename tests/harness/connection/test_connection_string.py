"""ODBC connection strings: read as the driver manager reads them, shown without secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.connection.connection_string import ConnectionString
from harness.errors import UsageFault

keywords = st.sampled_from(["Driver", "Server", "Database", "UID", "Encrypt", "APP"])
values = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20)


def test_plain_and_braced_values_are_read() -> None:
    parsed = ConnectionString.parse("Driver={ODBC Driver 18 for SQL Server}; Server=db,1433 ;PWD={a}}b;c};;")
    assert parsed.get("driver") == "ODBC Driver 18 for SQL Server"
    assert parsed.get("Address", "SERVER") == "db,1433"
    assert parsed.get("Pwd") == "a}b;c"
    assert parsed.get("Database") is None


@pytest.mark.parametrize("text", ["Server", "=x", "Server=a}b", "Server={a", "Server={a}b", "Server=a;oops"])
def test_a_malformed_string_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageFault) as caught:
        ConnectionString.parse(f"PWD=secret;{text}")
    assert "secret" not in str(caught.value)


@given(st.lists(st.tuples(keywords, values), max_size=6))
def test_what_was_written_reads_back_the_same(pairs: list[tuple[str, str]]) -> None:
    written = ConnectionString(pairs)
    assert ConnectionString.parse(written.text()) == written


@given(st.sampled_from(["PWD", "pwd", "Password", "NewPWD", "AccessToken"]), st.text(min_size=5, max_size=20))
def test_no_secret_is_ever_shown(keyword: str, secret: str) -> None:
    string = ConnectionString([("Server", "s"), (keyword, f"<{secret}>"), ("UID", "u")])
    for shown in (repr(string), str(string), f"{string}", f"{[string]}"):
        assert f"<{secret}>" not in shown
        assert f"{keyword}=***" in shown
    assert secret.replace("}", "}}") in string.text()


def test_a_replaced_value_stands_once() -> None:
    replaced = ConnectionString.parse("Server=a;Database=b;DATABASE=c").with_value("Database", "d")
    assert replaced.text() == "Database=d;Server=a"
