from typing import Any

import pytest


def test_a_table_gets_another_name_and_keeps_its_rows(client: Any) -> None:
    client.run("INSERT INTO dbo.item (code) VALUES ('a')")

    sink = client.run("EXEC sp_rename 'dbo.item', article")

    assert [message.number for message in sink.messages] == [15477]
    assert client.values("SELECT code FROM dbo.article") == [("a",)]
    assert client.fails("SELECT code FROM dbo.item").number == 208


def test_a_renamed_column_keeps_its_values_and_its_place_in_indexes(client: Any) -> None:
    client.run("INSERT INTO dbo.item (code, note) VALUES ('a', N'n')")
    client.run("EXEC sp_rename 'item.code', 'name', 'COLUMN'; EXEC sp_rename 'dbo.item.note', 'remark', 'column'")

    assert client.values("SELECT name, remark FROM dbo.item") == [("a", "n")]
    assert client.fails("INSERT INTO dbo.item (name) VALUES ('a')").number == 2627


@pytest.mark.parametrize(
    ("old", "violation"),
    [
        ("pk_item", "SET IDENTITY_INSERT dbo.item ON; INSERT dbo.item (id, code) VALUES (1, 'b')"),
        ("uq_item", "INSERT dbo.item (code) VALUES ('a')"),
        ("ck_quantity", "UPDATE dbo.item SET quantity = -1"),
        ("fk_line", "INSERT dbo.line (item_id, number) VALUES (99, 1)"),
    ],
)
def test_a_constraint_is_known_by_its_new_name(client: Any, old: str, violation: str) -> None:
    client.run("INSERT INTO dbo.item (code) VALUES ('a')")

    client.run(f"EXEC sp_rename '{old}', 'renamed'")

    assert "'renamed'" in client.fails(violation).message.replace('"', "'")
    assert client.values("SELECT COUNT(*) FROM sys.objects WHERE name = 'renamed'") == [(1,)]
    assert client.values(f"SELECT OBJECT_ID('{old}')") == [(None,)]


def test_a_default_constraint_can_be_dropped_by_its_new_name(client: Any) -> None:
    client.run("EXEC sp_rename 'df_quantity', 'df2'; ALTER TABLE dbo.item DROP CONSTRAINT df2")

    assert client.fails("INSERT INTO dbo.item (code) VALUES ('a')").number == 515


def test_an_index_is_dropped_by_its_new_name(client: Any) -> None:
    client.run("EXEC sp_rename 'dbo.line.ix_line', 'ix_new', 'INDEX'; DROP INDEX ix_new ON dbo.line")

    assert client.values("SELECT name FROM sys.indexes WHERE object_id = OBJECT_ID('line')") == [("pk_line",)]


def test_procedures_and_views_are_renamed(client: Any) -> None:
    client.run("EXEC sp_rename 'pick', 'choose'; EXEC sp_rename 'stocked', 'available', 'OBJECT'")

    assert client.values("EXEC dbo.choose 3") == [(3, 0)]
    assert client.values("SELECT * FROM dbo.available") == []


@pytest.mark.parametrize(
    ("call", "probe"),
    [
        ("'item', 'article'", "SELECT id FROM dbo.item"),
        ("'item.code', 'name', 'COLUMN'", "SELECT code FROM dbo.item"),
        ("'pk_line', 'pk2'", "ALTER TABLE dbo.line DROP CONSTRAINT pk_line"),
        ("'ck_quantity', 'ck2'", "ALTER TABLE dbo.item DROP CONSTRAINT ck_quantity"),
        ("'line.ix_line', 'ix2', 'INDEX'", "DROP INDEX ix_line ON dbo.line"),
    ],
)
def test_a_rollback_brings_the_old_name_back(client: Any, call: str, probe: str) -> None:
    client.run(f"BEGIN TRANSACTION; EXEC sp_rename {call}; ROLLBACK")

    client.run(probe)


def test_a_rename_waits_for_those_who_use_the_table(client: Any, other: Any) -> None:
    other.run("BEGIN TRANSACTION; INSERT INTO dbo.item (code) VALUES ('a')")
    waiting = client.start("EXEC sp_rename 'item', 'article'")
    assert not waiting.messages

    other.run("COMMIT")
    client.instance.scheduler.run()
    assert [message.number for message in waiting.messages] == [15477]


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("'nothing', 'x'", 15225),
        ("'item.nothing', 'x', 'COLUMN'", 15248),
        ("'line.nothing', 'x', 'INDEX'", 15248),
        ("'item', 'x', 'PILE'", 15249),
        ("'item', 'line'", 15335),
        ("'item.code', 'note', 'COLUMN'", 15335),
        ("'line.ix_line', 'pk_line', 'INDEX'", 15335),
        ("'item.quantity', 'x', 'COLUMN'", 15336),
    ],
)
def test_what_cannot_be_renamed_is_an_error(client: Any, call: str, number: int) -> None:
    assert client.fails(f"EXEC sp_rename {call}").number == number


@pytest.mark.parametrize(
    ("old", "seen"),
    [
        ("dbo.item.code", "SELECT COUNT(renamed) FROM dbo.item"),
        ("lockstep.dbo.item.code", "SELECT COUNT(renamed) FROM dbo.item"),
        ("item.pk_item", "SELECT COUNT(*) - 1 FROM sys.indexes WHERE name = 'renamed'"),
        ("line.ix_line", "SELECT COUNT(*) - 1 FROM sys.indexes WHERE name = 'renamed'"),
        ("lockstep.dbo.item", "SELECT COUNT(*) FROM dbo.renamed"),
        ("dbo.ck_quantity", "SELECT COUNT(*) - 1 FROM sys.check_constraints WHERE name = 'renamed'"),
    ],
)
def test_without_a_type_the_name_says_what_it_is(client: Any, old: str, seen: str) -> None:
    client.run(f"EXEC sp_rename '{old}', 'renamed'")

    assert client.values(seen) == [(0,)]
