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
