"""The SET options without which tables with some indexes cannot be changed.

Documentation: "SET QUOTED_IDENTIFIER (Transact-SQL)"; "Create filtered indexes", section "Required SET options".
"""

from __future__ import annotations

from typing import Any

import pytest

OPTIONS = ["QUOTED_IDENTIFIER", "ANSI_NULLS", "ANSI_WARNINGS", "CONCAT_NULL_YIELDS_NULL"]


@pytest.fixture
def db(client: Any) -> Any:
    client.run("CREATE TABLE t (id int PRIMARY KEY, n int NULL, s varchar(3), twice AS n * 2)")
    client.run("INSERT t VALUES (1, 0, 'a'), (2, NULL, NULL), (3, 5, 'c')")
    return client


CHANGES = [
    ("INSERT", "INSERT t VALUES (7, 7, 'g')"),
    ("UPDATE", "UPDATE t SET n = 1"),
    ("DELETE", "DELETE t"),
    ("MERGE", "MERGE t USING (VALUES (1)) AS s (id) ON t.id = s.id WHEN MATCHED THEN DELETE;"),
]


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("index", ["(s) WHERE n > 0", "(twice)", "(s) INCLUDE (twice)"])
def test_a_table_with_such_an_index_is_not_changed_with_a_wrong_option(db: Any, option: str, index: str) -> None:
    db.run(f"CREATE INDEX particular ON t {index}")
    db.run(f"SET {option} OFF")
    for statement, text in CHANGES:
        error = db.fails(text)
        assert (error.number, option in error.message, error.message.startswith(statement)) == (1934, True, True)
    assert len(db.query("SELECT id FROM t")) == 3
    db.run(f"SET {option} ON")
    for _, text in CHANGES:
        db.run(text)


@pytest.mark.parametrize("option", OPTIONS)
def test_such_an_index_is_not_made_with_a_wrong_option(db: Any, option: str) -> None:
    db.run(f"SET {option} OFF")
    assert db.fails("CREATE INDEX i ON t (s) WHERE n = 0").number == 1934
    db.run("CREATE INDEX i ON t (s); INSERT t VALUES (7, 7, 'g')")


def test_a_module_changes_it_with_the_option_that_it_was_made_with(db: Any) -> None:
    db.run("CREATE PROCEDURE p AS INSERT t VALUES (7, 7, 'g')")
    db.run("SET QUOTED_IDENTIFIER OFF")
    db.run("CREATE PROCEDURE q AS DELETE t WHERE id = 7")
    db.run("SET QUOTED_IDENTIFIER ON")
    db.run("CREATE INDEX i ON t (s) WHERE n > 0")
    db.run("SET QUOTED_IDENTIFIER OFF")
    db.run("EXEC p")
    db.run("SET QUOTED_IDENTIFIER ON")
    assert db.fails("EXEC q").number == 1934
