"""ORDER BY of one operand of a set operator: allowed in subqueries, where it belongs to a block with TOP or OFFSET."""

from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.instance import Instance
from emulator.results import Collector
from emulator.session import Session


@pytest.fixture
def session() -> Session:
    session = Instance().open_session()
    run(session, "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 10), (2, 20), (3, 30);")
    return session


def run(session: Session, text: str) -> list[Any]:
    sink = Collector()
    session.run_batch(text, sink)
    if sink.errors:
        raise sink.errors[0]
    return list(sink.result_sets[-1].rows) if sink.result_sets else []


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (
            "SELECT * FROM (SELECT TOP 1 id FROM t ORDER BY a DESC UNION ALL SELECT TOP 1 id FROM t ORDER BY a DESC) x",
            [(3,), (3,)],
        ),
        (
            "SELECT * FROM ((SELECT TOP 1 id FROM t ORDER BY a) UNION (SELECT TOP 1 id FROM t ORDER BY a DESC)) x"
            " ORDER BY id",
            [(1,), (3,)],
        ),
        (
            "WITH x AS (SELECT TOP 2 id FROM t ORDER BY id DESC EXCEPT SELECT 3) SELECT id FROM x",
            [(2,)],
        ),
        (
            "SELECT id FROM t WHERE id IN ((SELECT TOP 1 id FROM t ORDER BY a) UNION (SELECT 2)) ORDER BY id",
            [(1,), (2,)],
        ),
        (
            "SELECT * FROM ((SELECT id FROM t ORDER BY id DESC OFFSET 2 ROWS) UNION ALL (SELECT 9)) x",
            [(1,), (9,)],
        ),
        (
            "SELECT * FROM (SELECT id FROM t UNION ALL SELECT a FROM t ORDER BY id OFFSET 2 ROWS"
            " FETCH NEXT 2 ROWS ONLY) x",
            [(3,), (10,)],
        ),
    ],
)
def test_an_operand_of_a_subquery_has_its_own_order(session: Session, query: str, rows: list[Any]) -> None:
    assert run(session, query) == rows


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("SELECT TOP 1 id FROM t ORDER BY id UNION ALL SELECT 1", 156),
        ("(SELECT TOP 1 id FROM t ORDER BY id) UNION ALL SELECT 1", 156),
        ("SELECT * FROM (SELECT id FROM t ORDER BY id UNION ALL SELECT 1) x", 156),
        ("SELECT * FROM ((SELECT id FROM t ORDER BY id) UNION ALL SELECT 1) x", 1033),
    ],
)
def test_other_operands_have_none(session: Session, query: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        run(session, query)
    assert caught.value.number == number
