from typing import Any

import pytest


def described(client: Any, text: str, declared: str | None = None) -> dict[str, str | None]:
    """The suggested types of the undeclared parameters by name."""
    arguments = [text] if declared is None else [text, declared]
    sink = client.call("sp_describe_undeclared_parameters", *arguments)
    if sink.errors:
        raise sink.errors[0]
    return {row[1]: row[3] for row in sink.result_sets[0].rows}


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("SELECT 1", []),
        ("INSERT INTO dbo.item (code, note) VALUES (@P1, @P2)", ["varchar(20)", "nvarchar(max)"]),
        ("INSERT INTO dbo.line VALUES (@P1, @P2), (@P3, 4)", ["int", "int", "int"]),
        ("INSERT INTO dbo.item (code, stamped) SELECT @P1, @P2", ["varchar(20)", "datetime2(3)"]),
        ("UPDATE dbo.item SET note = @P1 WHERE id = @P2", ["nvarchar(max)", "int"]),
        ("UPDATE i SET stamped = @P1 FROM dbo.item AS i WHERE i.code = @P2", ["datetime2(3)", "varchar(20)"]),
        ("UPDATE dbo.item SET quantity = quantity - @P1", ["decimal(19,6)"]),
        ("UPDATE dbo.item SET note = COALESCE(@P1, note)", ["nvarchar(max)"]),
        ("DELETE TOP (@P1) FROM dbo.item WHERE @P2 < stamped", ["bigint", "datetime2(3)"]),
        ("SELECT id FROM dbo.item WHERE id IN (@P1, @P2)", ["int", "int"]),
        ("SELECT id FROM dbo.item WHERE id BETWEEN @P1 AND @P2", ["int", "int"]),
        ("SELECT id FROM dbo.item WHERE code LIKE @P1", ["varchar(20)"]),
        ("SELECT id FROM dbo.item WHERE @P1 = (SELECT MAX(number) FROM dbo.line)", ["int"]),
        ("SELECT id FROM dbo.item WHERE EXISTS (SELECT 1 FROM dbo.line WHERE item_id = id AND number > @P1)", ["int"]),
        ("SELECT id FROM dbo.item ORDER BY id OFFSET @P1 ROWS FETCH NEXT @P2 ROWS ONLY", ["bigint", "bigint"]),
        ("SELECT i.id FROM dbo.item AS i JOIN dbo.line AS l ON l.item_id = i.id AND l.number = @P1", ["int"]),
        ("WITH c AS (SELECT code FROM dbo.item WHERE quantity > @P1) SELECT * FROM c", ["decimal(19,6)"]),
        ("SELECT * FROM (SELECT code FROM dbo.item WHERE id = @P1) AS d WHERE d.code = @P2", ["int", "varchar(20)"]),
        ("SELECT CASE WHEN code = @P1 THEN @P2 ELSE 0.5 END FROM dbo.item", ["varchar(20)", "numeric(1,1)"]),
        ("SELECT CAST(@P1 AS nvarchar(30)), CONVERT(date, @P2)", ["nvarchar(30)", "date"]),
        ("SELECT dbo.twice(@P1)", ["bigint"]),
        ("EXEC dbo.pick @P1, @P2 OUTPUT", ["int", "decimal(19,6)"]),
        ("EXEC dbo.pick @left = @P1, @item = @P2", ["decimal(19,6)", "int"]),
        ("EXEC @P1 = dbo.pick 1", ["int"]),
        ("DECLARE @n smallint = @P1; IF @n > @P2 SET @n = @P3", ["smallint", "smallint", "smallint"]),
        ("SELECT id FROM dbo.item WHERE code = 'a' + @P1", ["varchar(8000)"]),
        ("SELECT @P1", ["nvarchar(4000)"]),
        ("SELECT name FROM sys.objects WHERE object_id = @P1", ["int"]),
        (
            "MERGE dbo.item AS t USING (SELECT 1 AS id) AS s ON t.id = s.id AND t.code = @P1 "
            "WHEN MATCHED THEN UPDATE SET note = @P2 WHEN NOT MATCHED THEN INSERT (code) VALUES (@P3);",
            ["varchar(20)", "nvarchar(max)", "varchar(20)"],
        ),
    ],
)
def test_parameters_take_the_types_of_what_they_meet(client: Any, text: str, types: list[str]) -> None:
    names = [f"@P{number}" for number in range(1, len(types) + 1)]

    assert described(client, text) == dict(zip(names, types, strict=True))


def test_declared_parameters_are_not_described(client: Any) -> None:
    text = "SELECT id FROM dbo.item WHERE id = @a AND code = @b"

    assert described(client, text, "@a int") == {"@b": "varchar(20)"}


def test_parameters_come_in_the_order_of_the_text(client: Any) -> None:
    text = "SELECT TOP (@third) id FROM dbo.item WHERE code = @first ORDER BY id"

    assert list(described(client, text)) == ["@third", "@first"]


def test_a_parameter_of_a_procedure_knows_its_formal_name_and_direction(client: Any) -> None:
    client.call("sp_describe_undeclared_parameters", "EXEC dbo.pick @P1, @P2 OUTPUT")
    rows = client.rows("EXEC sp_describe_undeclared_parameters N'EXEC dbo.pick @P1, @P2 OUTPUT'")

    assert [(row["formal_parameter_name"], row["suggested_is_output"]) for row in rows] == [
        ("@item", False),
        ("@left", True),
    ]
    assert len(rows[0]) == 24


def test_a_table_valued_parameter_is_described_by_its_type(client: Any) -> None:
    (row,) = client.rows("EXEC sp_describe_undeclared_parameters N'EXEC dbo.take @P1'")

    assert (row["suggested_user_type_schema"], row["suggested_user_type_name"]) == ("dbo", "PickList")
    assert (row["suggested_system_type_id"], row["suggested_tds_type_id"]) == (243, 243)


def test_wire_types_are_the_nullable_ones(client: Any) -> None:
    rows = client.rows(
        "EXEC sp_describe_undeclared_parameters N'INSERT INTO dbo.item (quantity, note, code) VALUES (@a, @b, @c)'"
    )

    assert [(row["suggested_tds_type_id"], row["suggested_tds_length"]) for row in rows] == [
        (106, 17),
        (231, 65535),
        (167, 20),
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SELECT * FROM dbo.nothing WHERE a = @P1", 208),
        ("SELECT * FROM dbo.item WHERE nothing = @P1", 207),
        ("SELECT @P1 FROM", 102),
        ("SELECT * FROM #t WHERE a = @P1", 11525),
    ],
)
def test_what_cannot_be_described_is_an_error(client: Any, text: str, number: int) -> None:
    assert client.call("sp_describe_undeclared_parameters", text).errors[0].number == number


def test_the_first_result_set_is_described_without_running(client: Any) -> None:
    rows = client.rows(
        "EXEC sp_describe_first_result_set"
        " N'INSERT INTO dbo.item (code) VALUES (@c); SELECT id, code FROM dbo.item', N'@c varchar(20)'"
    )

    assert [(row["name"], row["system_type_name"], row["is_nullable"]) for row in rows] == [
        ("id", "int", False),
        ("code", "varchar(20)", False),
    ]
    assert client.values("SELECT COUNT(*) FROM dbo.item") == [(0,)]


def test_the_first_result_set_may_be_a_procedures(client: Any) -> None:
    rows = client.rows("EXEC sp_describe_first_result_set N'DECLARE @i int; EXEC dbo.pick @i'")

    assert [row["name"] for row in rows] == ["item", "remaining"]
    assert not client.rows("EXEC sp_describe_first_result_set N'DELETE FROM dbo.item'")
    assert client.fails("EXEC sp_describe_first_result_set N'EXEC (''SELECT 1'')'").number == 11514
