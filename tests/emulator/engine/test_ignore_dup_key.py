"""The option IGNORE_DUP_KEY of unique indexes. Documentation: "CREATE INDEX", "ALTER TABLE index_option"."""

from __future__ import annotations

from typing import Any

import pytest

DEFINITIONS = [
    "CREATE TABLE t (a int PRIMARY KEY WITH (IGNORE_DUP_KEY = ON), b varchar(9))",
    "CREATE TABLE t (a int, b varchar(9)); CREATE UNIQUE INDEX i ON t (a) WITH (IGNORE_DUP_KEY = ON)",
    "CREATE TABLE t (a int, b varchar(9), CONSTRAINT u UNIQUE (a) WITH (IGNORE_DUP_KEY = ON))",
    "CREATE TABLE t (a int, b varchar(9)); CREATE UNIQUE INDEX i ON t (a) WITH IGNORE_DUP_KEY",
]


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_rows_with_a_key_that_is_there_are_left_out_with_one_warning(client: Any, definition: str) -> None:
    client.run(definition)
    sink = client.run("INSERT t OUTPUT inserted.a VALUES (1, 'x'), (1, 'y'), (2, 'z'), (2, 'q')")
    assert [message.number for message in sink.messages] == [3604]
    assert (sink.counts, sink.result_sets[0].rows) == ([2], [(1,), (2,)])
    assert client.query("INSERT t SELECT a, b FROM t UNION SELECT 3, 'r'; SELECT @@ROWCOUNT") == [(1,)]
    assert client.query("SELECT a, b FROM t ORDER BY a") == [(1, "x"), (2, "z"), (3, "r")]


def test_update_and_merge_do_not_ignore_them_nor_do_other_keys(client: Any) -> None:
    client.run(DEFINITIONS[0])
    client.run("INSERT t VALUES (1, 'x'), (2, 'y'); CREATE UNIQUE INDEX strict ON t (b)")
    assert client.fails("UPDATE t SET a = 1 WHERE a = 2").number == 2627
    merge = "MERGE t USING (VALUES (1)) AS s (a) ON 1 = 0 WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a);"
    assert client.fails(merge).number == 2627
    assert client.fails("INSERT t VALUES (3, 'x')").number == 2601


def test_triggers_see_only_what_was_inserted(client: Any) -> None:
    client.run(DEFINITIONS[0])
    client.run("CREATE TABLE seen (a int)")
    client.run("CREATE TRIGGER tr ON t AFTER INSERT AS INSERT seen SELECT a FROM inserted")
    client.run("INSERT t VALUES (1, 'x'), (1, 'y'), (2, 'z')")
    assert client.query("SELECT a FROM seen ORDER BY a") == [(1,), (2,)]


def test_an_index_that_is_not_unique_cannot_have_it(client: Any) -> None:
    client.run("CREATE TABLE t (a int)")
    assert client.fails("CREATE INDEX i ON t (a) WITH (IGNORE_DUP_KEY = ON)").number == 1916
    client.run("CREATE UNIQUE INDEX i ON t (a) WITH (IGNORE_DUP_KEY = ON)")
    assert client.value("(SELECT ignore_dup_key FROM sys.indexes WHERE name = 'i')") is True
