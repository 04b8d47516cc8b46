"""Values that the server makes up: identifiers, row versions, checksums of whole rows, compressed data.

Documentation: "NEWSEQUENTIALID", "@@DBTS", "CHECKSUM", "COMPRESS", "DECOMPRESS" (all Transact-SQL).
"""

from __future__ import annotations


def test_sequential_identifiers_grow(client):
    client.run("CREATE TABLE g (n int IDENTITY, id uniqueidentifier NOT NULL DEFAULT NEWSEQUENTIALID())")
    client.run("INSERT INTO g DEFAULT VALUES; INSERT INTO g (id) VALUES (DEFAULT), (DEFAULT)")
    assert client.query("SELECT n FROM g ORDER BY id") == [(1,), (2,), (3,)]
    assert client.query("SELECT COUNT(DISTINCT id) FROM g") == [(3,)]


def test_sequential_identifiers_are_for_defaults_of_uniqueidentifiers_only(client):
    assert client.fails("SELECT NEWSEQUENTIALID()").number == 302
    assert client.fails("CREATE TABLE g (id varchar(40) DEFAULT NEWSEQUENTIALID())").number == 302
    assert client.fails("CREATE TABLE g (id uniqueidentifier DEFAULT ISNULL(NEWSEQUENTIALID(), 0x))").number == 302


def test_dbts_is_the_last_row_version(client):
    client.run("CREATE TABLE v (id int, rv rowversion); INSERT INTO v (id) VALUES (1), (2)")
    assert client.query("SELECT MAX(rv), @@DBTS FROM v")[0][0] == client.value("@@DBTS")


def test_checksum_of_a_star_is_that_of_all_columns(client):
    text = "SELECT CHECKSUM(*), CHECKSUM(a, b), BINARY_CHECKSUM(*) FROM (VALUES (1, 'x')) AS s(a, b)"
    ((star, listed, binary),) = client.query(text)
    assert star == listed
    assert binary is not None


def test_compressed_data_comes_back(client):
    assert client.value("CAST(DECOMPRESS(COMPRESS(N'a' + NCHAR(8364))) AS nvarchar(10))") == "a€"
    assert client.value("DATALENGTH(COMPRESS(REPLICATE('x', 8000)))") < 100
    assert client.value("COMPRESS(CAST(NULL AS varchar(5)))") is None


def test_a_sequence_gives_one_value_to_a_row(client):
    client.run(
        "CREATE SEQUENCE dbo.s AS int START WITH 1; CREATE TABLE q (a int, b int DEFAULT NEXT VALUE FOR dbo.s, c int)"
    )
    assert client.query("SELECT NEXT VALUE FOR dbo.s, NEXT VALUE FOR s FROM (VALUES (1), (2)) AS v(x)") == [
        (1, 1),
        (2, 2),
    ]
    client.run("INSERT INTO q (a, c) VALUES (NEXT VALUE FOR dbo.s, 0)")
    client.run("INSERT INTO q VALUES (NEXT VALUE FOR dbo.s, NEXT VALUE FOR s, 1), (NEXT VALUE FOR dbo.s, 0, 2)")
    assert client.query("SELECT a, b FROM q ORDER BY c, a") == [(3, 3), (4, 4), (5, 0)]
    text = "DECLARE @a int, @b int; SELECT @a = NEXT VALUE FOR dbo.s, @b = NEXT VALUE FOR dbo.s; SELECT @a, @b"
    assert client.query(text) == [(6, 6)]


def test_the_batches_of_a_session_are_one_scope_of_identity(client):
    client.run("CREATE TABLE t (id int IDENTITY, a int)")

    client.run("INSERT t DEFAULT VALUES")
    assert client.value("SCOPE_IDENTITY()") == 1

    client.run("EXEC sp_executesql N'INSERT t DEFAULT VALUES'")
    assert client.query("SELECT SCOPE_IDENTITY(), @@IDENTITY") == [(1, 2)]


def test_next_value_for_over_gives_values_in_that_order(client):
    client.run("CREATE SEQUENCE s AS int START WITH 10; CREATE TABLE t (n varchar(3))")
    client.run("INSERT t VALUES ('c'), ('a'), ('b')")
    rows = client.query("SELECT NEXT VALUE FOR s OVER (ORDER BY n DESC) AS id, n FROM t")
    assert sorted(rows) == [(10, "c"), (11, "b"), (12, "a")]
    client.run("CREATE TABLE u (id int, n varchar(3)); INSERT u SELECT NEXT VALUE FOR s OVER (ORDER BY n), n FROM t")
    assert client.query("SELECT id, n FROM u ORDER BY id") == [(13, "a"), (14, "b"), (15, "c")]
    assert client.fails("SELECT NEXT VALUE FOR s OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) FROM t").number == 11737
