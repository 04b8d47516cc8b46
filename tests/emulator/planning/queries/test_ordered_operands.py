"""ORDER BY and set operators: what orders the whole, and what one operand.

In subqueries a block with TOP or OFFSET may have an ORDER BY of its own.
"""

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


@pytest.mark.parametrize("order", ["a DESC", "Col2 DESC", "t.a DESC", "2 DESC"])
def test_the_whole_is_ordered_by_names_of_the_first_operand(session: Session, order: str) -> None:
    query = (
        f"SELECT t.id AS Col1, t.a AS Col2 FROM t WHERE id < 3 UNION SELECT a, 25 FROM t WHERE id = 1 ORDER BY {order}"
    )

    assert run(session, query) == [(10, 25), (2, 20), (1, 10)]


@pytest.mark.parametrize(("order", "number"), [("b", 207), ("a + 1", 104), ("x.a", 104)])
def test_the_whole_is_ordered_by_nothing_else(session: Session, order: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        run(session, f"SELECT t.id AS Col1, t.a AS Col2 FROM t UNION SELECT 1, 2 ORDER BY {order}")
    assert caught.value.number == number
