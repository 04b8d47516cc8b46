"""Comparisons, BETWEEN, IN, LIKE (documentation: "Comparison Operators", "Data type precedence", "LIKE")."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.planning.binding import SourceColumn
from emulator.planning.expressions import compile_operands
from emulator.types.sqltype import BIGINT, INT, SqlType, decimal, nvarchar, varchar

SQL_CI = "SQL_Latin1_General_CP1_CI_AS"


def columns(bench: Any) -> Any:
    return bench.table(
        "t",
        [
            SourceColumn("Id", INT, nullable=False),
            SourceColumn("Code", varchar(20, SQL_CI)),
            SourceColumn("Exact", varchar(20, "Latin1_General_BIN2")),
            SourceColumn("Qty", decimal(18, 3)),
            SourceColumn("Nothing", INT),
        ],
        (5, "Bolt", "Bolt", Decimal("2.500"), None),
    )


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 = 1", True),
        ("1 <> 1", False),
        ("1 = 1.0", True),
        ("1 < 1.5", True),
        ("'a' = 'A '", True),
        ("'a' < 'b'", True),
        ("N'a' = 'A'", True),
        ("'10' = 10", True),
        ("NULL = NULL", None),
        ("1 <> NULL", None),
        ("'2024-01-01' = CAST('2024-01-01' AS date)", True),
        ("0x01 < 0x02", True),
        ("2 > -3", True),
    ],
)
def test_constants_compare(bench: Any, text: str, result: bool | None) -> None:
    assert bench.test(text) is result


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Id = 5", True),
        ("5 = Id", True),
        ("6 > Id", True),
        ("Id < 5", False),
        ("Code = 'bolt'", True),
        ("Code <> 'BOLT'", False),
        ("Code <> 'nut'", True),
        ("Exact = 'bolt'", False),
        ("Code > 'BOLA'", True),
        ("Qty = 2.5", True),
        ("Qty > 2", True),
        ("2.4999 < Qty", True),
        ("Nothing = 5", None),
        ("Id = Nothing", None),
        ("Nothing <> Nothing", None),
        ("Code COLLATE Latin1_General_CS_AS = 'bolt'", False),
    ],
)
def test_columns_compare(bench: Any, text: str, result: bool | None) -> None:
    columns(bench)
    assert bench.test(text) is result


@given(
    left=st.none() | st.integers(-5, 5),
    right=st.none() | st.integers(-5, 5),
    operator=st.sampled_from(["=", "<>", "<", "<=", ">", ">="]),
    shapes=st.tuples(st.sampled_from("vcl"), st.sampled_from("vcl")),
)
def test_every_shape_of_operands_gives_the_same_answer(
    new_bench: Any, left: int | None, right: int | None, operator: str, shapes: tuple[str, str]
) -> None:
    """Variable, column or literal on either side: closures are specialised by shape, results are not."""
    bench = new_bench()
    sides = []
    for number, (value, shape) in enumerate(zip((left, right), shapes, strict=True)):
        if shape == "v":
            bench.declare(f"@v{number}", INT, value)
            sides.append(f"@v{number}")
        elif shape == "c":
            bench.table(f"t{number}", [SourceColumn(f"c{number}", INT)], (value,))
            sides.append(f"c{number}")
        else:
            sides.append("NULL" if value is None else str(value))
    expected: bool | None = None
    if left is not None and right is not None:
        expected = {
            "=": left == right,
            "<>": left != right,
            "<": left < right,
            "<=": left <= right,
            ">": left > right,
            ">=": left >= right,
        }[operator]
    assert bench.test(f"{sides[0]} {operator} {sides[1]}") is expected


# --- What may be sought -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type", "value", "column", "seekable"),
    [
        (BIGINT, 5, "Id", True),
        (varchar(50), "bolt", "Code", True),
        (nvarchar(50), "bolt", "Code", False),
        (decimal(10, 1), Decimal(1), "Qty", True),
        (INT, 1, "Qty", True),
        (decimal(10, 6), Decimal(1), "Qty", False),
        (varchar(10), "5", "Id", True),
        (decimal(10, 2), Decimal(5), "Id", False),
    ],
)
def test_a_column_stays_one_unless_precedence_converts_it(
    bench: Any, type: SqlType, value: Any, column: str, seekable: bool
) -> None:
    source = columns(bench)
    bench.declare("@v", type, value)
    node: Any = bench.predicate(f"{column} = @v")
    left, _ = compile_operands(node, bench.scope, bench.context)
    ordinal = next(place for place, item in enumerate(source.columns) if item.name == column)
    assert left.column == ((source.slot, ordinal) if seekable else None)


def test_collations_of_two_columns_that_differ_are_error_468(bench: Any) -> None:
    columns(bench)
    with pytest.raises(SqlError) as caught:
        bench.test("Code = Exact")
    assert caught.value.number == 468
    assert bench.test("Code = Exact COLLATE Latin1_General_CS_AS") is True


def test_types_that_never_meet_are_error_206(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        bench.test("CAST('2024-01-01' AS date) = 1")
    assert caught.value.number == 206


def test_a_string_that_is_no_number_fails_when_it_is_compared(bench: Any) -> None:
    columns(bench)
    condition = bench.condition("Id = 'x'")
    with pytest.raises(SqlError) as caught:
        condition.fn(bench.env)
    assert caught.value.number == 245


# --- BETWEEN, IN, DISTINCT FROM ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Id BETWEEN 1 AND 5", True),
        ("Id BETWEEN 6 AND 9", False),
        ("Id NOT BETWEEN 6 AND 9", True),
        ("Id BETWEEN 1 AND NULL", None),
        ("Id BETWEEN 6 AND NULL", False),
        ("Id BETWEEN NULL AND 4", False),
        ("Nothing BETWEEN 1 AND 2", None),
        ("Code BETWEEN 'A' AND 'c'", True),
        ("Qty BETWEEN 2 AND 2.6", True),
        ("Id IN (1, 5)", True),
        ("Id IN (1, 2)", False),
        ("Id NOT IN (1, 2)", True),
        ("Id IN (1, NULL)", None),
        ("Id IN (5, NULL)", True),
        ("Id NOT IN (1, NULL)", None),
        ("Nothing IN (1, 2)", None),
        ("Code IN ('nut', 'BOLT')", True),
        ("Exact IN ('nut', 'BOLT')", False),
        ("Qty IN (1, 2.5)", True),
        ("Id IN (1, Id)", True),
        ("Id IN (5)", True),
        ("Id IN (NULL, NULL)", None),
        ("Nothing IS DISTINCT FROM NULL", False),
        ("Nothing IS NOT DISTINCT FROM NULL", True),
        ("Id IS DISTINCT FROM Nothing", True),
        ("Code IS NOT DISTINCT FROM 'BOLT'", True),
        ("Id IS NOT DISTINCT FROM 6", False),
    ],
)
def test_ranges_lists_and_distinctness(bench: Any, text: str, result: bool | None) -> None:
    columns(bench)
    assert bench.test(text) is result


# --- LIKE -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Code LIKE 'b%'", True),
        ("Code LIKE '_olt'", True),
        ("Code LIKE '[a-c]ol[^x]'", True),
        ("Code NOT LIKE 'nut%'", True),
        ("Exact LIKE 'b%'", False),
        ("Code LIKE NULL", None),
        ("Code NOT LIKE NULL", None),
        ("'50%' LIKE '50!%' ESCAPE '!'", True),
        ("'50x' LIKE '50!%' ESCAPE '!'", False),
        ("Code LIKE @p", True),
        ("Id LIKE '5'", True),
    ],
)
def test_like(bench: Any, text: str, result: bool | None) -> None:
    columns(bench)
    bench.declare("@p", varchar(10), "%OL%")
    assert bench.test(text) is result


def test_an_escape_of_two_characters_is_error_506(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        bench.test("'a' LIKE 'a' ESCAPE '!!'")
    assert caught.value.number == 506
