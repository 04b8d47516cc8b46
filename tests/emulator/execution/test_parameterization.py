"""Batches that differ in constants alone share a unit, and nothing else about them changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.execution.parameterization import parameterized_unit
from emulator.instance import Instance
from emulator.results import Collector
from emulator.scheduler import VirtualClock
from emulator.session import Session

SETUP = """
CREATE TABLE dbo.item
(
    id int NOT NULL PRIMARY KEY,
    code varchar(5) NOT NULL,
    name nvarchar(10) NULL,
    price decimal(6, 2) NULL,
    made date NULL,
    small tinyint NULL,
    INDEX ix_code (code)
);
INSERT INTO dbo.item VALUES (1, 'a', N'apple', 1.5, '2026-01-02', 1), (2, 'B', NULL, 2.25, NULL, 2);
CREATE TABLE dbo.variant (id int, v sql_variant);
CREATE TABLE dbo.partial (id int PRIMARY KEY, state int, INDEX ix_open (id) WHERE state = 1);
CREATE TABLE #own (id int);
"""
WITHOUT_PARAMETERS = " --@"
"""A batch that mentions a variable keeps its constants."""


def opened() -> Session:
    session = Instance(clock=VirtualClock()).open_session()
    run(session, SETUP)
    return session


def run(session: Session, text: str) -> Collector:
    sink = Collector()
    session.run_batch(text, sink)
    return sink


@pytest.fixture
def session() -> Iterator[Session]:
    session = opened()
    yield session
    session.close()


def units_after(session: Session, *texts: str) -> int:
    """How many units these batches add to those that are kept."""
    before = len(session.instance.units)
    for text in texts:
        run(session, text)
    return len(session.instance.units) - before


@pytest.mark.parametrize(
    "text",
    [
        "SELECT name FROM dbo.item WHERE id = {}",
        "SELECT name FROM dbo.item WHERE {} < id AND code <> 'x'",
        "SELECT name FROM dbo.item WHERE id BETWEEN {} AND 100 ORDER BY name",
        "UPDATE dbo.item SET price = {} WHERE id = {}",
        "DELETE dbo.item WHERE id = -{}",
        "INSERT INTO dbo.item (id, code) VALUES (1{}, 'x'), (2{}, 'y')",
        "BEGIN TRAN; UPDATE dbo.item SET small = 0 WHERE id = {}; COMMIT",
        "SET NOCOUNT ON; SELECT 'x', 5 FROM dbo.item WHERE id = {} /* {0} */".replace("{0}", "5"),
    ],
)
def test_constants_that_columns_meet_become_parameters(session: Session, text: str) -> None:
    assert units_after(session, *(text.replace("{}", number) for number in ("7", "8", "9"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "SELECT {} FROM dbo.item",
        "SELECT TOP ({}) name FROM dbo.item",
        "SELECT id FROM dbo.item ORDER BY id OFFSET {} ROWS",
        "SELECT id FROM dbo.item WHERE price * {} > id",
        "UPDATE dbo.item SET price = price * {}",
        "SELECT a.id FROM dbo.item AS a JOIN dbo.item AS b ON a.id = b.id WHERE a.id = {}",
        "SELECT v FROM dbo.variant WHERE id = {}",
        "SELECT id FROM dbo.partial WHERE state = {}",
        "SELECT id FROM #own WHERE id = {}",
        "SELECT name INTO #copy FROM dbo.item WHERE id = {}; DROP TABLE #copy",
        "IF 1 = 1 SELECT name FROM dbo.item WHERE id = {}",
        "DECLARE @x int; SELECT name FROM dbo.item WHERE id = {}",
        "SELECT name FROM dbo.item WHERE id = {}AND 1 = 1",
    ],
)
def test_other_constants_stay(session: Session, text: str) -> None:
    assert units_after(session, *(text.replace("{}", number) for number in ("7", "8", "9"))) == 3


def test_constants_of_other_types_have_units_of_their_own(session: Session) -> None:
    texts = [f"SELECT id FROM dbo.item WHERE price = {constant}" for constant in ("1", "1.5", "10.5", "'1'", "N'1'")]
    assert units_after(session, *texts, *texts) == len(texts)


def test_dynamic_strings_are_parameterized_too(session: Session) -> None:
    texts = [f"EXEC ('SELECT name FROM dbo.item WHERE id = {number}')" for number in (1, 2, 3)]
    assert units_after(session, *texts) == len(texts) + 1


def test_a_new_filtered_index_ends_it(session: Session) -> None:
    text = "SELECT name FROM dbo.item WHERE id = 1"
    assert parameterized_unit(session, text) is not None
    run(session, "CREATE INDEX ix_cheap ON dbo.item (id) WHERE price < 2")
    assert parameterized_unit(session, text) is None


def test_errors_name_the_line_that_they_are_on(session: Session) -> None:
    sink = run(session, "DELETE dbo.item WHERE code = 'x\ny';\nUPDATE dbo.item SET code = 'too long'\nWHERE id = 1")
    assert [(error.number, error.line) for error in sink.errors] == [(2628, 3)]


CONSTANTS = st.one_of(
    st.integers(-3, 3).map(str),
    st.sampled_from(["300", "2147483648", "1.5", "2.25", "10.125", ".5", "99999.0", "1e0", "NULL", "0x01", "$1"]),
    st.sampled_from(["'a'", "'A '", "N'apple'", "'it''s'", "''", "'2'", "'2026-01-02'", "'more than five'", "'x\ny'"]),
)
COLUMNS = st.sampled_from(["id", "code", "name", "price", "made", "small"])
CONDITIONS = st.one_of(
    st.builds("{} {} {}".format, COLUMNS, st.sampled_from(["=", "<>", "<", ">="]), CONSTANTS),
    st.builds("{} = {}".format, CONSTANTS, COLUMNS),
    st.builds("{} BETWEEN {} AND {}".format, COLUMNS, CONSTANTS, CONSTANTS),
    st.builds("{} IN ({}, {})".format, COLUMNS, CONSTANTS, CONSTANTS),
)
WHERES = st.lists(CONDITIONS, min_size=1, max_size=3).map(" AND ".join)
STATEMENTS = st.one_of(
    st.builds("SELECT id, {} FROM dbo.item WHERE {}".format, CONSTANTS, WHERES),
    st.builds("UPDATE dbo.item SET {} = {} WHERE {}".format, COLUMNS, CONSTANTS, WHERES),
    st.builds("DELETE FROM dbo.item WHERE {}".format, WHERES),
    st.builds("INSERT dbo.item (id, code, {}) VALUES (9, {}, {})".format, COLUMNS, CONSTANTS, CONSTANTS),
)


def seen(session: Session, text: str) -> list[Any]:
    """All that a client sees of a batch in a transaction: results, errors, and the locks it holds in the end."""
    sink = run(session, text)
    locks = [
        (str(entry.space), repr(entry.key), str(entry.granted[session.transaction]))
        for entry in (session.transaction.locks if session.transaction is not None else ())
    ]
    results = [([(c.name, c.type, c.nullable) for c in r.columns], r.rows) for r in sink.result_sets]
    errors = [(e.number, e.severity, e.line, e.message) for e in sink.messages]
    run(session, "IF @@TRANCOUNT > 0 ROLLBACK")
    return [results, errors, sink.counts, locks]


@settings(deadline=None)
@given(st.lists(STATEMENTS, min_size=1, max_size=2).map("; ".join))
def test_a_parameterized_batch_does_and_locks_what_it_does_with_its_constants(text: str) -> None:
    session = opened()
    batch = f"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; BEGIN TRAN; {text}"
    alone = f"BEGIN TRAN; {text}"
    for form in (batch, alone):
        assert seen(session, form) == seen(session, form + WITHOUT_PARAMETERS)
