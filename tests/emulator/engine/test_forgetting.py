"""What is gone is forgotten: plans of other databases' objects, and the memory of what was dropped or closed."""

from __future__ import annotations

import gc
from weakref import ref

import pytest

from emulator.catalog.database import Database
from emulator.instance import Kept
from emulator.storage.table import TableStore
from tests.emulator.engine.conftest import Client, Engine


def store_of(engine: Engine, database: str, name: str) -> TableStore:
    table = engine.instance.databases[database].table("dbo", name)
    assert table is not None
    assert table.store is not None
    return table.store


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM other.dbo.t",
        "SELECT * FROM dbo.through",
        "SELECT * FROM dbo.seen",
        "EXEC dbo.listed",
        "IF EXISTS (SELECT * FROM other.dbo.t) SELECT * FROM other.dbo.t",
        "DECLARE c CURSOR LOCAL FOR SELECT * FROM other.dbo.t; OPEN c; FETCH c",
        "DECLARE @n int = (SELECT MAX(id) FROM other.dbo.t); SELECT * FROM other.dbo.t WHERE id = @n",
    ],
)
def test_a_plan_follows_the_definitions_in_another_database(client: Client, engine: Engine, query: str) -> None:
    client.run("CREATE DATABASE other; CREATE SYNONYM dbo.through FOR other.dbo.t")
    client.run("CREATE TABLE other.dbo.t (id int); INSERT other.dbo.t VALUES (1)")
    client.run("CREATE PROCEDURE dbo.listed AS SELECT * FROM other.dbo.t")
    client.run("CREATE VIEW dbo.seen AS SELECT t.id + 0 AS id FROM other.dbo.t AS t")
    owner = engine.client()
    owner.run("USE other")
    assert client.query(query) == [(1,)]
    owner.run("DROP TABLE dbo.t")
    assert client.fails(query).number in (208, 4413)
    owner.run("CREATE TABLE dbo.t (id varchar(5)); INSERT dbo.t VALUES ('2')")
    assert client.query(query) in ([("2",)], [(2,)])


def test_functions_and_sequences_of_another_database_are_found_anew(client: Client, engine: Engine) -> None:
    owner = engine.client()
    for value in (1, 2):
        owner.run("USE master; CREATE DATABASE other")
        owner.run("USE other")
        owner.run(f"CREATE FUNCTION dbo.f () RETURNS int AS BEGIN RETURN {value}; END")
        owner.run(f"CREATE SEQUENCE dbo.s START WITH {value}0")
        assert client.query("SELECT other.dbo.f()") == [(value,)]
        assert client.query("SELECT NEXT VALUE FOR other.dbo.s") == [(value * 10,)]
        owner.run("USE master; DROP DATABASE other")


@pytest.mark.parametrize("query", ["USE other; SELECT id FROM dbo.t", "SELECT id FROM other.dbo.t"])
def test_a_new_database_of_the_same_name_is_another_one(client: Client, query: str) -> None:
    for value in (1, 2):
        client.run("USE master; CREATE DATABASE other")
        client.run(f"CREATE TABLE other.dbo.t (id int); INSERT other.dbo.t VALUES ({value})")
        assert client.query(query) == [(value,)]
        client.run("USE master; DROP DATABASE other")


def test_a_database_in_which_another_transaction_has_locks_is_in_use(client: Client, engine: Engine) -> None:
    client.run("CREATE DATABASE other; CREATE TABLE other.dbo.t (id int)")
    writer = engine.client()
    writer.run("BEGIN TRAN; INSERT other.dbo.t VALUES (1)")
    assert client.fails("DROP DATABASE other").number == 3702
    writer.run("COMMIT")
    client.run("DROP DATABASE other")


def test_row_versions_end_with_the_last_database_that_keeps_them(client: Client, engine: Engine) -> None:
    client.run("CREATE DATABASE other; ALTER DATABASE other SET READ_COMMITTED_SNAPSHOT ON; DROP DATABASE other")
    assert engine.instance.versions.statement_level == 0


def test_the_rows_of_a_dropped_database_are_freed_at_once(client: Client, engine: Engine) -> None:
    client.run("CREATE DATABASE other")
    client.run(
        "CREATE TABLE other.dbo.t (id int PRIMARY KEY REFERENCES other.dbo.t (id)); INSERT other.dbo.t VALUES (1)"
    )
    client.run("SELECT * FROM other.dbo.t; UPDATE other.dbo.t SET id = id")
    rows = ref(store_of(engine, "other", "t"))
    gc.disable()
    try:
        client.run("DROP DATABASE other")
        assert rows() is None
    finally:
        gc.enable()


def test_nothing_keeps_a_dropped_database(client: Client, engine: Engine) -> None:
    client.run("CREATE DATABASE forgotten")
    client.run("USE forgotten")
    client.run(
        "CREATE TABLE dbo.t (id int IDENTITY PRIMARY KEY, a int); CREATE TABLE dbo.c (id int REFERENCES dbo.t (id))"
    )
    client.run("CREATE TRIGGER dbo.tr ON dbo.t AFTER INSERT AS SELECT COUNT(*) FROM inserted")
    client.run("CREATE PROCEDURE dbo.p AS INSERT dbo.t (a) VALUES (1)")
    client.run("EXEC dbo.p; SELECT * FROM dbo.t WHERE a = 1")
    client.run("USE master; SELECT * FROM forgotten.dbo.t; DROP DATABASE forgotten")
    gc.collect()
    assert [item for item in gc.get_objects() if isinstance(item, Database) and item.name == "forgotten"] == []


def test_nothing_keeps_a_dropped_table(client: Client, engine: Engine) -> None:
    client.run("CREATE TABLE dbo.t (id int PRIMARY KEY); INSERT dbo.t VALUES (1)")
    rows = ref(store_of(engine, "lockstep", "t"))
    client.run("DROP TABLE dbo.t")
    engine.instance.forget_plans()
    gc.collect()
    assert rows() is None


def test_nothing_keeps_a_closed_session(client: Client, engine: Engine) -> None:
    client.run("CREATE TABLE dbo.t (id int PRIMARY KEY, a int)")
    other = engine.client()
    for text in (
        "CREATE PROCEDURE dbo.p @a int AS UPDATE dbo.t SET a = @a OUTPUT inserted.a; EXEC ('SELECT 1')",
        "CREATE TRIGGER dbo.tr ON dbo.t AFTER INSERT AS IF EXISTS (SELECT * FROM inserted) SET NOCOUNT ON",
        "INSERT dbo.t OUTPUT inserted.id VALUES (1, 1); EXEC dbo.p 5; CREATE TABLE #t (a int); SELECT * FROM #t",
        "DECLARE c CURSOR GLOBAL FOR SELECT a FROM dbo.t; OPEN c; FETCH c; DECLARE @t TABLE (a int); SELECT * FROM @t",
        "BEGIN TRY SELECT 1/0 END TRY BEGIN CATCH SELECT ERROR_MESSAGE() END CATCH; SET IDENTITY_INSERT dbo.u ON",
        "EXEC sp_executesql N'SELECT @a', N'@a int', 5; SELECT name FROM sys.tables; BEGIN TRAN; DELETE dbo.t",
    ):
        other.collect(text)
    session = ref(other.session)
    other.session.close()
    del other
    gc.collect()
    assert session() is None


def test_plans_of_ad_hoc_batches_are_bounded(client: Client, engine: Engine) -> None:
    instance = engine.instance
    for name in ("units", "ad_hoc", "shapes", "names", "declarations"):
        assert isinstance(getattr(instance, name), Kept)
        setattr(instance, name, Kept(10))
    for number in range(30):
        client.run(f"SELECT {number} AS c{number}; SELECT COUNT(*) FROM sys.tables WHERE object_id = {number}")
        client.run(f"EXEC sp_executesql N'SELECT @p{number}', N'@p{number} int', 1")
    assert max(len(instance.units), len(instance.ad_hoc), len(instance.shapes), len(instance.declarations)) == 10
