"""Documentation: "Data type precedence (Transact-SQL)", "Precision, scale, and length (Transact-SQL)"."""

import pytest

from emulator.errors import SqlError
from emulator.types.precedence import common_type
from emulator.types.sqltype import (
    BIGINT,
    BIT,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    MONEY,
    NVARCHAR_MAX,
    SMALLINT,
    UNIQUEIDENTIFIER,
    SqlType,
    binary,
    char,
    datetime2,
    decimal,
    nvarchar,
    time,
    varbinary,
    varchar,
)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (BIT, SMALLINT, SMALLINT),
        (INT, BIGINT, BIGINT),
        (INT, FLOAT, FLOAT),
        (varchar(10), INT, INT),
        (nvarchar(10), decimal(9, 2), decimal(9, 2)),
        (decimal(9, 2), decimal(10, 5), decimal(12, 5)),
        (INT, decimal(5, 2), decimal(12, 2)),
        (MONEY, decimal(5, 2), decimal(19, 4)),
        (decimal(38, 0), decimal(38, 20), decimal(38, 0)),
        (decimal(38, 10), decimal(30, 20), decimal(38, 10)),
        (varchar(20), nvarchar(10), nvarchar(20)),
        (varchar(8000), nvarchar(10), nvarchar(4000)),
        (char(3), char(5), char(5)),
        (char(3), varchar(2), varchar(3)),
        (varchar(5), NVARCHAR_MAX, NVARCHAR_MAX),
        (binary(4), varbinary(2), varbinary(4)),
        (DATE, DATETIME, DATETIME),
        (DATETIME, datetime2(0), datetime2(3)),
        (varchar(30), DATETIME, DATETIME),
        (INT, DATETIME, DATETIME),
        (UNIQUEIDENTIFIER, varchar(36), UNIQUEIDENTIFIER),
    ],
)
def test_the_higher_type_wins_and_is_wide_enough_for_both(a: SqlType, b: SqlType, expected: SqlType) -> None:
    assert common_type(a, b) == expected
    assert common_type(b, a) == expected


@pytest.mark.parametrize(
    ("a", "b", "number"),
    [(INT, DATE, 206), (DATE, time(), 206), (UNIQUEIDENTIFIER, INT, 206), (varbinary(8), FLOAT, 206)],
)
def test_types_that_do_not_convert_clash(a: SqlType, b: SqlType, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        common_type(a, b)
    assert caught.value.number == number


def test_two_columns_of_different_collations_conflict_and_a_literal_gives_way() -> None:
    """Documentation: "Collation precedence"."""
    ordinary = varchar(10, "SQL_Latin1_General_CP1_CI_AS")
    binary2 = varchar(10, "Latin1_General_BIN2")
    assert common_type(varchar(4), binary2).collation == "Latin1_General_BIN2"
    with pytest.raises(SqlError, match="equal to operation") as caught:
        common_type(ordinary, binary2)
    assert caught.value.number == 468
