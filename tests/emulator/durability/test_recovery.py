"""What was committed is there after a crash, what was not is not; rows, counters and definitions alike."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from emulator.catalog.objects import View
from emulator.durability import journal
from emulator.durability.durability import Durability
from emulator.durability.files import DataError, header, line, read_checkpoint
from emulator.durability.values import from_json, to_json
from emulator.durability.written import KEPT, WrittenCatalog
from emulator.execution import definitions
from emulator.instance import Instance
from emulator.sql.parser import parse_batch
from tests.emulator.durability.conftest import Server

EVERY_TYPE = """
CREATE TABLE dbo.everything (
    id int IDENTITY(10, 5) PRIMARY KEY, a bit, b tinyint, c smallint, d bigint, e decimal(38, 10), f numeric(5),
    g money, h smallmoney, i float, j real, k char(5), l varchar(20), m varchar(max), n nchar(5), o nvarchar(20),
    p nvarchar(max), q text,
    r ntext, s image, t binary(4), u varbinary(10), v varbinary(max), w rowversion, x uniqueidentifier, y date,
    z time(3), aa datetime2(5), ab datetime, ac smalldatetime, ad datetimeoffset(2), ae sql_variant, af sql_variant,
    ag xml, ah sysname NULL);
INSERT dbo.everything (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, x, y, z, aa, ab, ac, ad, ae,
    af, ag, ah)
VALUES (1, 255, -32768, -9223372036854775808, -1234567890123456789012345678.0123456789, 99999, 1.2345, -1.5, 1e308, 0.1,
    'ab', 'c''d', REPLICATE(CAST('x' AS varchar(max)), 9000), N'é', N'日本' + NCHAR(9) + NCHAR(10), NCHAR(55357),
    't', N'n', 0x00ff, 0x01, 0x, 0xdeadbeef, '6F9619FF-8B86-D011-B42D-00C04FC964FF', '0001-01-01', '23:59:59.999',
    '9999-12-31T23:59:59.99999', '1753-01-01', '2079-06-06', '2024-02-29T12:00:00.12+05:30',
    CAST(1.50 AS decimal(5, 2)), CAST('2024-01-01T00:00:00+01:00' AS datetimeoffset), '<a b="c">d</a>', 'name');
INSERT dbo.everything DEFAULT VALUES;
"""

SETUP = (
    "CREATE SCHEMA other",
    "CREATE TABLE dbo.t (id int NOT NULL CONSTRAINT pk_t PRIMARY KEY, n int); INSERT dbo.t VALUES (1, 10), (2, 20)",
    "CREATE TABLE dbo.heap (a int, INDEX ix_heap (a)); INSERT dbo.heap VALUES (3), (3), (1)",
    "CREATE TABLE dbo.gone (a int IDENTITY); INSERT dbo.gone DEFAULT VALUES",
    "CREATE TYPE dbo.Numbers AS TABLE (n int)",
    "CREATE TYPE dbo.Gone FROM int",
    "CREATE PROCEDURE dbo.p0 AS SELECT 1",
    "CREATE TRIGGER dbo.tr0 ON dbo.t AFTER UPDATE AS SET NOCOUNT ON",
    "CREATE SEQUENCE dbo.s0 START WITH 1",
    "CREATE LOGIN clerk0 WITH PASSWORD = 'Sturdy-1'",
    "CREATE USER clerk FOR LOGIN clerk0",
    "CREATE USER clerk2 WITHOUT LOGIN",
    "CREATE ROLE keepers",
    "GRANT SELECT ON dbo.heap TO clerk",
    "CREATE DATABASE gone",
)

EXAMPLES = (
    "CREATE TABLE dbo.c (id int NOT NULL CONSTRAINT pk_c PRIMARY KEY, p int DEFAULT (7) REFERENCES dbo.t (id),"
    " q AS p * 2 PERSISTED, CHECK (p > 0), INDEX ix_q UNIQUE (q) WHERE p > 5); INSERT dbo.c (id, p) VALUES (1, 2)",
    "CREATE TABLE dbo.k (a varchar(5) COLLATE Latin1_General_100_CS_AS PRIMARY KEY NONCLUSTERED, b uniqueidentifier"
    " ROWGUIDCOL UNIQUE CLUSTERED DEFAULT NEWID()); INSERT dbo.k (a) VALUES ('b'), ('B')",
    "ALTER TABLE dbo.t ADD extra nvarchar(10) NOT NULL CONSTRAINT df_extra DEFAULT N'new' WITH VALUES",
    "ALTER TABLE dbo.t ALTER COLUMN n decimal(9, 2) NOT NULL",
    "ALTER TABLE dbo.t DROP COLUMN n",
    "ALTER TABLE dbo.t WITH NOCHECK ADD CONSTRAINT ck_t CHECK (n < 15); ALTER TABLE dbo.t NOCHECK CONSTRAINT ck_t",
    "ALTER TABLE dbo.t DROP CONSTRAINT pk_t",
    "ALTER TABLE dbo.heap WITH NOCHECK ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES dbo.t (id) ON DELETE CASCADE",
    "CREATE UNIQUE INDEX ix_t ON dbo.t (n DESC) INCLUDE (id) WHERE n IS NOT NULL",
    "CREATE CLUSTERED INDEX cx_heap ON dbo.heap (a)",
    "ALTER INDEX pk_t ON dbo.t REBUILD",
    "DROP INDEX ix_heap ON dbo.heap",
    "UPDATE STATISTICS dbo.t",
    "CREATE PROCEDURE dbo.p @a int = 3, @list dbo.Numbers READONLY AS SELECT @a + 1.5 AS x FROM @list",
    "ALTER PROCEDURE dbo.p0 WITH EXECUTE AS OWNER AS SELECT N'altered', 0x0102, 1e3, -5",
    "CREATE FUNCTION dbo.f (@a int) RETURNS @r TABLE (x int PRIMARY KEY) AS BEGIN INSERT @r VALUES (@a); RETURN; END",
    "CREATE FUNCTION dbo.g (@a int) RETURNS decimal(9, 3) AS BEGIN RETURN @a / 3.0; END",
    "CREATE FUNCTION dbo.h (@a int) RETURNS TABLE AS RETURN SELECT n FROM dbo.t WHERE id = @a",
    "CREATE VIEW dbo.v (a) AS SELECT n FROM dbo.t WHERE id > 0",
    "CREATE TRIGGER dbo.tr ON dbo.t AFTER INSERT, DELETE AS SET NOCOUNT ON",
    "DISABLE TRIGGER dbo.tr0 ON dbo.t",
    "CREATE SEQUENCE dbo.s AS decimal(10) START WITH 5 INCREMENT BY 5 CYCLE MAXVALUE 100",
    "ALTER SEQUENCE dbo.s0 RESTART WITH 40",
    "CREATE SYNONYM dbo.syn FOR lockstep.dbo.t",
    "CREATE TYPE dbo.Rows AS TABLE (id int PRIMARY KEY, name sysname NULL)",
    "CREATE TYPE other.Short FROM varchar(7) NOT NULL",
    "CREATE SCHEMA own AUTHORIZATION clerk",
    "CREATE DATABASE second COLLATE Latin1_General_100_CS_AS",
    "ALTER DATABASE lockstep SET ALLOW_SNAPSHOT_ISOLATION ON",
    "ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON; ALTER DATABASE lockstep SET COMPATIBILITY_LEVEL = 150",
    "DROP PROCEDURE dbo.p0; DROP USER clerk2; DROP TABLE dbo.gone; DROP TYPE dbo.Gone; DROP SEQUENCE dbo.s0;"
    " DROP TRIGGER dbo.tr0; DROP DATABASE gone; DROP SCHEMA other",
    "CREATE LOGIN worker WITH PASSWORD = 'Sturdy-1', DEFAULT_DATABASE = lockstep",
    "ALTER LOGIN clerk0 DISABLE",
    "CREATE USER somebody WITHOUT LOGIN WITH DEFAULT_SCHEMA = other",
    "ALTER USER clerk WITH NAME = renamed",
    "CREATE ROLE pickers AUTHORIZATION clerk",
    "ALTER ROLE keepers ADD MEMBER clerk2",
    "ALTER AUTHORIZATION ON OBJECT::dbo.t TO clerk",
    "GRANT SELECT, UPDATE ON dbo.t TO clerk WITH GRANT OPTION; DENY INSERT ON SCHEMA::dbo TO keepers",
    "GRANT SELECT, UPDATE ON dbo.t (n) TO clerk; DENY SELECT ON dbo.t (n) TO keepers",
    "REVOKE SELECT ON dbo.heap FROM clerk",
    "USE master; GRANT VIEW SERVER STATE TO clerk0",
    "EXEC sp_rename 'dbo.t.n', 'renamed', 'COLUMN'; EXEC sp_rename 'dbo.heap', 'pile'",
    "EXEC sp_addextendedproperty N'MS_Description', N'what it is', N'SCHEMA', N'dbo', N'TABLE', N't', N'COLUMN', N'n'",
    "ALTER TABLE dbo.t SET (LOCK_ESCALATION = DISABLE)",
    "ALTER SCHEMA other TRANSFER dbo.heap",
    "ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 2",
    "ALTER DATABASE lockstep SET RECOVERY SIMPLE, RECURSIVE_TRIGGERS ON",
    "EXEC sp_settriggerorder 'dbo.tr0', 'First', 'UPDATE'",
    "EXEC('CREATE VIEW dbo.few AS SELECT id, n FROM dbo.t WHERE n < 5 WITH CHECK OPTION')",
    "EXEC sp_configure 'show advanced options', 1; EXEC sp_configure 'nested triggers', 0; RECONFIGURE",
    "EXEC sp_addmessage 60001, 16, N'of %s'; EXEC sp_addmessage 60002, 16, N'gone'; EXEC sp_dropmessage 60002",
    "CREATE EVENT SESSION kept ON SERVER ADD EVENT sqlserver.blocked_process_report"
    " ADD TARGET package0.ring_buffer (SET max_memory = 2048) WITH (STARTUP_STATE = ON);"
    " CREATE EVENT SESSION dropped ON SERVER ADD EVENT sqlserver.xml_deadlock_report;"
    " ALTER EVENT SESSION kept ON SERVER ADD TARGET package0.event_file (SET filename = N'kept.xel');"
    " DROP EVENT SESSION dropped ON SERVER",
    "EXEC sp_addrolemember 'keepers', 'clerk'",
    "SELECT id, n * 1.5 AS more INTO dbo.copied FROM dbo.t",
    "TRUNCATE TABLE dbo.gone",
    "DBCC CHECKIDENT ('dbo.gone', RESEED, 70)",
    "DELETE dbo.t WHERE id = 1; UPDATE dbo.t SET id = 1; UPDATE dbo.heap SET a = a + 1; DELETE TOP (1) dbo.heap",
    "SELECT NEXT VALUE FOR dbo.s0",
    "BEGIN TRAN; INSERT dbo.gone DEFAULT VALUES; SELECT NEXT VALUE FOR dbo.s0; ROLLBACK;"
    " INSERT dbo.gone DEFAULT VALUES",
)
"""At least one for every statement that defines something. They work in the database of SETUP."""

VOLATILE_VIEWS = ("dm_", "sysprocesses", "syslockinfo", "fn_")
"""What the server does, not what it keeps."""
TRANSIENT_ATTRIBUTES = {
    *(
        "clock",
        "scheduler",
        "seed",
        "random",
        "blocked_processes",
        "event_files",
        "locks",
        "versions",
        "log",
        "on_shutdown",
        "server_name",
        "shapes",
        "started",
    ),
    *(
        "sessions",
        "global_temporary",
        "global_procedures",
        "units",
        "names",
        "declarations",
        "sequential_ids",
        "default_database",
    ),
    *("transactions", "waits", "connections", "ad_hoc", "trace_flags", "changes"),
}
"""Attributes of an instance that are of one process."""


def described(server: Server) -> dict[str, object]:
    """All that the catalog views of all databases show."""
    client = server.client()
    shown: dict[str, object] = {}
    for (database,) in client.query("SELECT name FROM sys.databases WHERE name <> 'tempdb'"):
        client.run(f"USE {database}")
        views = client.query("SELECT SCHEMA_NAME(schema_id), name FROM sys.system_views")
        for schema, name in views:
            if not name.startswith(VOLATILE_VIEWS):
                shown[f"{database}.{schema}.{name}"] = sorted(client.query(f"SELECT * FROM {schema}.{name}"), key=repr)
    client.session.close()
    return shown


def images(server: Server) -> dict[str, object]:
    """The images of everything in the catalog, made anew."""
    catalog = WrittenCatalog(server.instance, {})
    catalog.changes()
    return catalog.images


def test_values_of_every_type_come_back_as_they_were(server: Server) -> None:
    client = server.client()
    client.run(EVERY_TYPE)
    before = client.query("SELECT * FROM dbo.everything")
    server.restart()
    assert server.client().query("SELECT * FROM dbo.everything") == before
    assert len(before) == 2


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_a_statement_changed_is_there_after_a_crash_and_after_a_checkpoint(server: Server, example: str) -> None:
    client = server.client()
    for text in (*SETUP, example):
        client.run(text)
    kept, contents = images(server), server.contents()
    for end in (server.die, server.stop, server.die):
        end()
        server.start()
        assert images(server) == kept
        assert server.contents() == contents


def test_catalog_views_show_the_same_after_a_crash(server: Server) -> None:
    client = server.client()
    for text in (*SETUP, *EXAMPLES):  # some undo what others need, and then fail
        client.collect(text)
    client.session.close()
    shown = described(server)
    server.restart()
    again = described(server)
    assert {name: rows for name, rows in again.items() if shown[name] != rows} == {}
    assert len(shown) > 100


def test_every_statement_that_defines_something_has_an_example() -> None:
    found = {type(statement) for text in (*SETUP, *EXAMPLES) for statement in parse_batch(text).statements}
    assert set(definitions.STEPS) <= found


def test_every_attribute_of_an_instance_is_kept_or_known_to_be_of_one_process(server: Server) -> None:
    assert set(vars(server.instance)) == TRANSIENT_ATTRIBUTES | set(KEPT)


def test_a_kind_of_definition_that_has_no_image_fails_the_statement_that_makes_it(server: Server) -> None:
    client = server.client()
    client.run("CREATE VIEW dbo.v AS SELECT 1 AS a")
    view = server.instance.default_database.find("dbo", "v")
    assert isinstance(view, View)
    view.column_names = object()  # type: ignore[assignment]
    with pytest.raises(TypeError, match="object cannot be kept; is it TRANSIENT"):
        client.collect("CREATE TABLE dbo.t (a int)")
    view.column_names = ()
    client.run("CREATE TABLE dbo.t (a int)")


def test_a_transaction_that_was_open_is_not_there_and_one_that_committed_is_there_as_a_whole(server: Server) -> None:
    one, other = server.client(), server.client()
    one.run("CREATE TABLE dbo.t (a int PRIMARY KEY)")
    one.run("BEGIN TRAN; INSERT dbo.t VALUES (1); CREATE TABLE dbo.open_one (a int); INSERT dbo.open_one VALUES (1)")
    other.run("BEGIN TRAN; INSERT dbo.t VALUES (2); SAVE TRAN s; INSERT dbo.t VALUES (3); ROLLBACK TRAN s; COMMIT")
    server.restart()
    assert server.client().query("SELECT a FROM dbo.t") == [(2,)]
    assert server.client().value("OBJECT_ID('dbo.open_one')") is None


def test_definitions_that_another_transaction_has_not_committed_are_not_kept_by_a_commit(server: Server) -> None:
    one, other = server.client(), server.client()
    one.run("CREATE TABLE dbo.parent (a int PRIMARY KEY); CREATE TABLE dbo.other (a int)")
    one.run("CREATE PROCEDURE dbo.p AS SELECT 1")
    one.run("CREATE PROCEDURE dbo.dropped AS SELECT 1")
    one.run("BEGIN TRAN; CREATE TABLE dbo.child (a int REFERENCES dbo.parent (a))")
    one.run("CREATE SCHEMA mine")
    one.run("DROP PROCEDURE dbo.dropped; CREATE TYPE dbo.New FROM int; CREATE ROLE fresh; GRANT EXECUTE TO fresh")
    one.run("ALTER PROCEDURE dbo.p AS SELECT 2")
    other.run("ALTER TABLE dbo.other ADD b int")
    other.run("INSERT dbo.other VALUES (1, 2)")
    server.restart()
    client = server.client()
    assert client.query("SELECT b FROM dbo.other") == [(2,)]
    names = "OBJECT_ID('dbo.child'), SCHEMA_ID('mine'), TYPE_ID('dbo.New'), DATABASE_PRINCIPAL_ID('fresh')"
    assert client.query(f"SELECT {names}") == [(None, None, None, None)]
    assert client.query("EXEC dbo.p") == [(1,)]
    assert client.query("EXEC dbo.dropped") == [(1,)]
    client.run("DROP TABLE dbo.parent")


def test_definitions_of_two_transactions_are_each_kept_when_they_commit(server: Server) -> None:
    one, other = server.client(), server.client()
    one.run("BEGIN TRAN; CREATE TABLE dbo.a (a int); INSERT dbo.a VALUES (1)")
    other.run("BEGIN TRAN; CREATE TABLE dbo.b (a int); INSERT dbo.b VALUES (2)")
    one.run("COMMIT")
    other.run("COMMIT")
    server.restart()
    assert server.client().query("SELECT a FROM dbo.a UNION ALL SELECT a FROM dbo.b") == [(1,), (2,)]


def test_values_that_a_sequence_or_an_identity_gave_out_do_not_come_again(server: Server) -> None:
    client = server.client()
    client.run("CREATE SEQUENCE dbo.s START WITH 1; CREATE TABLE dbo.t (id int IDENTITY, v rowversion, a int)")
    client.run("INSERT dbo.t (a) VALUES (1), (2); DELETE dbo.t; BEGIN TRAN")
    assert client.query("SELECT NEXT VALUE FOR dbo.s") == [(1,)]
    before = client.value("@@DBTS")
    server.restart()
    client = server.client()
    assert client.value("@@DBTS") == before
    client.run("INSERT dbo.t (a) VALUES (3)")
    assert client.query("SELECT id FROM dbo.t") == [(3,)]
    assert client.query("SELECT NEXT VALUE FOR dbo.s") == [(2,)]


def test_an_orderly_end_keeps_identity_values_that_a_rollback_had_used(server: Server) -> None:
    client = server.client()
    client.run("CREATE TABLE dbo.t (id int IDENTITY); INSERT dbo.t DEFAULT VALUES")
    client.run("BEGIN TRAN; INSERT dbo.t DEFAULT VALUES; ROLLBACK")
    server.stop()
    server.start()
    client = server.client()
    client.run("INSERT dbo.t DEFAULT VALUES")
    assert client.query("SELECT id FROM dbo.t") == [(1,), (3,)]


def test_identifiers_do_not_come_again_after_a_start(server: Server) -> None:
    client = server.client()
    client.run("CREATE TABLE dbo.t (a uniqueidentifier DEFAULT NEWSEQUENTIALID(), b uniqueidentifier DEFAULT NEWID())")
    for _ in range(3):
        server.client().run("INSERT dbo.t DEFAULT VALUES")
        server.restart()
    found = server.client().query("SELECT a, b FROM dbo.t")
    assert len({value for row in found for value in row}) == 6


def test_tempdb_is_new_after_a_start(server: Server) -> None:
    client = server.client()
    client.run("CREATE TABLE tempdb.dbo.t (a int); INSERT tempdb.dbo.t VALUES (1); CREATE TABLE ##g (a int)")
    server.restart()
    assert server.client().value("OBJECT_ID('tempdb.dbo.t')") is None


def test_the_password_given_at_the_start_counts_and_other_logins_keep_theirs(server: Server) -> None:
    server.client().run("CREATE LOGIN clerk WITH PASSWORD = 'Sturdy-1'")
    server.die()
    server.instance = Instance(logins={"sa": "Other-2"})
    server.durability = Durability(server.instance, server.directory)
    assert server.instance.login("sa", "Other-2", "").login_name == "sa"
    assert server.instance.login("clerk", "Sturdy-1", "master").login_name == "clerk"


def test_a_database_that_a_start_names_is_made_beside_those_that_are_there(server: Server) -> None:
    server.client().run("CREATE TABLE dbo.t (a int)")
    server.die()
    server.start("further")
    client = server.client()
    assert client.value("DB_NAME()") == "further"
    assert client.value("OBJECT_ID('lockstep.dbo.t')") is not None
    numbers = client.query("SELECT database_id FROM sys.databases")
    assert len(set(numbers)) == len(numbers)


def test_a_transaction_whose_record_cannot_be_written_is_rolled_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client()
    client.run("CREATE TABLE dbo.t (a int)")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(journal.os, "pwrite", full)
        assert client.fails("INSERT dbo.t VALUES (1)").number == 9002
        assert client.fails("BEGIN TRAN; INSERT dbo.t VALUES (2); COMMIT").number == 9002
    assert client.value("@@TRANCOUNT") == 0
    client.run("INSERT dbo.t VALUES (3)")
    server.restart()
    assert server.client().query("SELECT a FROM dbo.t") == [(3,)]


def test_a_database_whose_creation_or_drop_cannot_be_written_is_as_before(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client()
    client.run("CREATE DATABASE there; CREATE TABLE there.dbo.t (a int); INSERT there.dbo.t VALUES (1)")
    client.run("ALTER DATABASE there SET READ_COMMITTED_SNAPSHOT ON")
    with monkeypatch.context() as patched:
        patched.setattr(journal.os, "pwrite", lambda *_: 0)
        assert client.fails("CREATE DATABASE fresh").number == 9002
        assert client.fails("DROP DATABASE there").number == 9002
    names = "SELECT name FROM sys.databases WHERE database_id > 5"
    assert client.query(names) == [("there",)]
    assert client.query("SELECT a FROM there.dbo.t") == [(1,)]
    assert server.instance.versions.statement_level == 1
    server.restart()
    assert server.client().query(names) == [("there",)]


def test_a_checkpoint_that_the_disk_has_no_room_for_is_an_error_and_work_goes_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client()
    client.run("CREATE TABLE dbo.t (a int)")
    with monkeypatch.context() as patched:
        patched.setattr(journal.os, "pwrite", lambda *_: 0)
        assert client.fails("CHECKPOINT").number == 9002
    with monkeypatch.context() as patched:
        patched.setattr(journal.sys, "executable", shutil.which("false"))
        assert client.fails("CHECKPOINT").number == 5901
    client.run("INSERT dbo.t VALUES (3); CHECKPOINT")
    server.restart()
    assert server.client().query("SELECT a FROM dbo.t") == [(3,)]


def test_a_start_without_room_for_the_first_record_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite
    monkeypatch.setattr(journal.os, "pwrite", lambda f, data, at: write(f, data, at) if len(data) < 999 else 0)
    with pytest.raises(DataError, match=r"cannot use .*: The transaction log .* is full due to 'No space left on dev"):
        Server(tmp_path / "data")
    monkeypatch.undo()
    Server(tmp_path / "data").stop()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            '"collation"',
            '"alphabet"',
            r"definitions that this version does not know \('Database' object has no",
        ),
        ("catalog.database.Database", "catalog.database.Base", "which this version does not know"),
        ('"name":"lockstep",', "", r"definitions that this version does not know \('name'\)"),
    ],
)
def test_definitions_of_another_version_are_one_clear_error(server: Server, old: str, new: str, problem: str) -> None:
    server.client().run("CREATE DATABASE second COLLATE Latin1_General_100_CS_AS")
    server.stop()
    (path,) = server.directory.glob("checkpoint-*")
    records = list(read_checkpoint(path))
    changed = from_json(to_json(records).replace(old, new))
    number = int(path.name[-8:])
    parts = (header("checkpoint", number), *changed, {"end": True})
    path.write_bytes(b"".join(line(position, part) for position, part in enumerate(parts)))
    with pytest.raises(DataError, match=problem):
        server.start()
    parts = (header("checkpoint", number), *records, {"end": True})
    path.write_bytes(b"".join(line(position, part) for position, part in enumerate(parts)))
    server.start()


def test_nothing_commits_after_the_log_could_not_be_written_through(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.client()
    client.run("CREATE TABLE dbo.t (a int)")
    said: list[str] = []
    server.durability.on_failure = said.append

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(journal.os, "fdatasync", broken)
    assert client.fails("INSERT dbo.t VALUES (1)").number == 9001
    assert client.fails("INSERT dbo.t VALUES (2)").number == 9001
    assert said == ["the log cannot be written: Input/output error"]


def test_a_table_without_lock_escalation_is_one_after_a_restart(server: Server) -> None:
    server.client().run("CREATE TABLE calm (id int); ALTER TABLE calm SET (LOCK_ESCALATION = DISABLE)")
    server.restart()
    table = server.instance.databases["lockstep"].table("dbo", "calm")
    assert table is not None
    assert table.store is not None
    assert not table.store.escalates
