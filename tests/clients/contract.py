"""What every client must be able to do. A client's module derives a test class from ``ClientContract``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.clients.client import WAITING_SECONDS, Adapter, Address, Argument, ClientError, Connection, CutShort, require
from tests.database.warehouse import ROW, RUN, Warehouse

GUID = UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
TEXT = "Grüße, 中文, Ω, 🙂"
VALUES: list[tuple[str, Any]] = [
    ("bit", True),
    ("int", -2147483648),
    ("bigint", 9007199254740993),
    ("decimal(19, 6)", Decimal("-1234.567500")),
    ("float", 0.1),
    ("nvarchar(50)", TEXT),
    ("nvarchar(50)", ""),
    ("varchar(50)", "café €"),
    ("nvarchar(max)", TEXT * 1500),
    ("varchar(max)", "x" * 20000),
    ("varbinary(20)", b"\x00\xff\x10"),
    ("varbinary(max)", bytes(range(256)) * 100),
    ("date", date(2024, 2, 29)),
    ("time(3)", time(23, 59, 58, 123000)),
    ("datetime", datetime(2024, 2, 29, 13, 14, 15, 123000)),
    ("datetime2(6)", datetime(2024, 2, 29, 13, 14, 15, 123456)),
    ("datetimeoffset(3)", datetime(2024, 2, 29, 13, 14, 15, 123000, timezone(timedelta(hours=5, minutes=30)))),
    ("uniqueidentifier", GUID),
]
"""A value of each type that all clients can send and receive."""

PROCEDURE = """
CREATE OR ALTER PROCEDURE dbo.ClientAnswer
    @Given int, @Text nvarchar(50) OUTPUT, @Number decimal(10, 3) OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    SELECT @Given AS Given, @Text AS Text;
    SELECT n FROM (VALUES (1), (2)) AS v (n) ORDER BY n;
    SET @Text = CONCAT(@Text, N' → ', @Given);
    SET @Number = @Given / 8.0;
    RETURN 7;
END;
"""


class ClientContract:
    """The tests. ``adapter`` is the client's."""

    adapter: Adapter

    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        require(self.adapter.missing())

    @pytest.fixture
    def client(self, address: Address) -> Iterator[Connection]:
        with closing(self.adapter.connect(address)) as connection:
            yield connection

    # Logging in

    def test_a_login_reaches_its_database(self, address: Address, client: Connection) -> None:
        assert client.query("SELECT DB_NAME(), SUSER_SNAME();") == [[(address.database, address.user)]]

    def test_a_wrong_password_is_refused(self, address: Address) -> None:
        with pytest.raises(ClientError) as caught:
            self.adapter.connect(replace(address, password="wrong"))
        assert caught.value.number == 18456

    def test_an_unknown_database_is_refused(self, address: Address) -> None:
        with pytest.raises(ClientError) as caught:
            self.adapter.connect(replace(address, database="no_such_database"))
        assert caught.value.number in (4060, 18456)  # drivers report the first or the last of the two

    # Values

    def skip_lacking(self, type: str) -> None:
        if type in self.adapter.lacks:
            pytest.skip(f"the client cannot receive {type}")

    @pytest.mark.parametrize(("type", "value"), VALUES, ids=lambda item: item if isinstance(item, str) else "")
    def test_a_value_comes_back_as_it_was_sent(self, client: Connection, type: str, value: Any) -> None:
        self.skip_lacking(type)
        client.query(f"CREATE TABLE #sent (id int IDENTITY PRIMARY KEY, value {type} NULL);")
        client.query("INSERT INTO #sent (value) VALUES (?);", value)
        ((row,),) = client.query("SELECT value FROM #sent;")
        assert row == (self.adapter.stored(type, value),)

    @pytest.mark.parametrize("type", sorted({type for type, _ in VALUES if "binary" not in type}))
    def test_null_comes_back_as_null(self, client: Connection, type: str) -> None:
        self.skip_lacking(type)
        client.query(f"CREATE TABLE #sent (value {type} NULL);")
        client.query("INSERT INTO #sent (value) VALUES (?);", None)
        assert client.query("SELECT value FROM #sent;") == [[(None,)]]

    def test_a_statement_runs_again_with_other_values(self, client: Connection) -> None:
        for number in range(5):
            assert client.query("SELECT ? + 1, ?;", number, f"n{number}") == [[(number + 1, f"n{number}")]]

    # Results

    def test_a_batch_returns_all_of_its_result_sets(self, client: Connection) -> None:
        text = "SET NOCOUNT ON; CREATE TABLE #a (i int); SELECT 1 AS one; INSERT #a VALUES (5); SELECT 'a', NULL; "
        results = client.query(text + "SELECT i FROM #a WHERE i < 0; SELECT i FROM #a;")
        if self.adapter.passes_over_empty:
            assert results == [[(1,)], [("a", None)], [(5,)]]
        else:
            assert results == [[(1,)], [("a", None)], [], [(5,)]]

    def test_many_rows_arrive_in_their_order(self, client: Connection) -> None:
        text = """
            WITH digits AS (SELECT n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS d (n))
            SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n, REPLICATE(N'é', 100)
            FROM digits AS a, digits AS b, digits AS c, digits AS d ORDER BY n;
        """
        (rows,) = client.query(text)
        assert rows == [(n, "é" * 100) for n in range(10_000)]

    def test_a_procedure_returns_results_outputs_and_its_status(self, client: Connection) -> None:
        client.query(PROCEDURE)
        arguments = [
            Argument("@Given", "int", 3),
            Argument("@Text", "nvarchar(50)", TEXT, output=True),
            Argument("@Number", "decimal(10, 3)", None, output=True),
        ]
        called = client.call("dbo.ClientAnswer", arguments)
        assert called.results == [[(3, TEXT)], [(1,), (2,)]]
        if self.adapter.passes_outputs:
            assert called.status == 7
            assert called.outputs == {"@Text": f"{TEXT} → 3", "@Number": Decimal("0.375")}

    # Errors

    def test_an_error_has_its_number_and_place_and_the_connection_lives_on(self, client: Connection) -> None:
        with pytest.raises(ClientError, match="Too bad, 5") as caught:
            client.query("SET NOCOUNT ON;\nRAISERROR(N'Too bad, %d', 16, 3, 5);")
        error = caught.value
        assert error.number == 50000
        for name, value in (("severity", 16), ("state", 3), ("line", 2)):
            if name in self.adapter.tells:
                assert getattr(error, name) == value, name
        assert client.query("SELECT 1;") == [[(1,)]]

    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("SELECT 1 / 0;", 8134),
            ("SELECT * FROM dbo.NoSuchTable;", 208),
            ("SELECT FROM;", 156),
            ("THROW 51234, N'Mine', 1;", 51234),
            ("EXEC dbo.NoSuchProcedure;", 2812),
        ],
    )
    def test_errors_of_all_kinds_have_their_numbers(self, client: Connection, text: str, number: int) -> None:
        with pytest.raises(ClientError) as caught:
            client.query(text)
        assert caught.value.number == number

    def test_a_broken_rule_is_reported_and_leaves_nothing(self, client: Connection) -> None:
        client.query("CREATE TABLE #once (id int PRIMARY KEY, n int CHECK (n > 0));")
        client.query("INSERT INTO #once VALUES (?, ?);", 1, 1)
        for values, number in (((1, 1), 2627), ((2, 0), 547)):
            with pytest.raises(ClientError) as caught:
                client.query("INSERT INTO #once VALUES (?, ?);", *values)
            assert caught.value.number == number
        assert client.query("SELECT COUNT(*) FROM #once;") == [[(1,)]]

    # Transactions

    def test_a_transaction_is_kept_or_taken_back(self, client: Connection) -> None:
        client.query("CREATE TABLE #kept (id int);")
        client.begin()
        client.query("INSERT INTO #kept VALUES (?);", 1)
        assert client.query("SELECT @@TRANCOUNT;") == [[(1,)]]
        client.rollback()
        assert client.query("SELECT COUNT(*) FROM #kept;") == [[(0,)]]
        client.begin()
        client.query("INSERT INTO #kept VALUES (?);", 2)
        client.commit()
        assert client.query("SELECT id FROM #kept;") == [[(2,)]]

    def test_a_closed_connection_takes_its_transaction_back(self, address: Address, client: Connection) -> None:
        client.query("DROP TABLE IF EXISTS dbo.ClientLeft; CREATE TABLE dbo.ClientLeft (id int);")
        other = self.adapter.connect(address)
        other.begin()
        other.query("INSERT INTO dbo.ClientLeft VALUES (?);", 1)
        other.close()
        assert client.query("SELECT COUNT(*) FROM dbo.ClientLeft;") == [[(0,)]]
        client.query("DROP TABLE dbo.ClientLeft;")

    def test_a_waiting_statement_is_cut_short(self, address: Address, client: Connection) -> None:
        with pytest.raises(CutShort):
            client.cut_short(f"WAITFOR DELAY '00:00:{WAITING_SECONDS}';")
        with closing(self.adapter.connect(address)) as another:
            assert another.query("SELECT 1;") == [[(1,)]]

    # Bulk

    def test_rows_are_loaded_in_bulk(self, client: Connection) -> None:
        if not self.adapter.loads:
            pytest.skip("the client has no bulk load")
        client.query("DROP TABLE IF EXISTS dbo.ClientLoad;")
        client.query("CREATE TABLE dbo.ClientLoad (id int NOT NULL, name nvarchar(50) NULL, amount decimal(10, 2));")
        rows = [(n, None if n % 7 == 0 else f"{TEXT} {n}", Decimal(n) / 4) for n in range(1, 501)]
        client.load("ClientLoad", [("id", "int"), ("name", "nvarchar(50)"), ("amount", "decimal(10, 2)")], rows)
        (loaded,) = client.query("SELECT id, name, CAST(amount * 100 AS int) FROM dbo.ClientLoad ORDER BY id;")
        client.query("DROP TABLE dbo.ClientLoad;")
        assert loaded == [(n, name, int(amount * 100)) for n, name, amount in rows]

    # The data layer

    def test_a_lot_is_picked(self, warehouse: Warehouse, client: Connection) -> None:
        arguments = [
            Argument("@RunNo", "int", RUN),
            Argument("@RowNum", "int", ROW),
            Argument("@LineId", "int", 1),
            Argument("@LotNo", "varchar(30)", "LOT-1"),
            Argument("@BinNo", "nvarchar(20)", "A-01"),
            Argument("@Bags", "decimal(19, 6)", Decimal(2)),
            Argument("@UserId", "nvarchar(50)", "somchai"),
            Argument("@RequestId", "uniqueidentifier", uuid4()),
        ]
        first = client.call("picking.PickLot", arguments)
        again = client.call("picking.PickLot", arguments)
        (outcome,), (repeated,) = first.results[-1], again.results[-1]
        assert [bool(outcome[1]), bool(repeated[1])] == [False, True]
        assert outcome[3:6] == repeated[3:6]
        ((committed,),) = client.query("SELECT CAST(QtyCommitSales AS int) FROM dbo.LotMaster WHERE LotNo = 'LOT-1';")
        assert committed == (150,)
