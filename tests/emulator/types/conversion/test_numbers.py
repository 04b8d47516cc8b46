"""Documentation: "CAST and CONVERT (Transact-SQL)", "Data type conversion (Database Engine)"."""

import decimal as exact
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.types.conversion import converter
from emulator.types.external import to_python
from emulator.types.sqltype import (
    BIGINT,
    BIT,
    FLOAT,
    INT,
    MONEY,
    REAL,
    SMALLINT,
    SMALLMONEY,
    TINYINT,
    SqlType,
    char,
    decimal,
    nvarchar,
    varchar,
)

TEXT = varchar(30)


def cast(value: Any, source: SqlType, target: SqlType, style: int | None = None) -> Any:
    f = converter(source, target, style=style, explicit=True)
    return value if f is None else f(value)


def error_of(value: Any, source: SqlType, target: SqlType) -> tuple[int, str]:
    with pytest.raises(SqlError) as caught:
        cast(value, source, target)
    return caught.value.number, caught.value.message


def test_conversions_that_change_nothing_are_no_functions() -> None:
    assert converter(INT, BIGINT) is None
    assert converter(decimal(9, 2), decimal(12, 2)) is None
    assert converter(INT, decimal(10, 0)) is None
    assert converter(SMALLMONEY, MONEY) is None
    assert converter(REAL, FLOAT) is None


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (995, decimal(5, 2), decimal(5, 1), 100),
        (-995, decimal(5, 2), decimal(5, 1), -100),
        (1999, decimal(5, 3), INT, 1),
        (-1999, decimal(5, 3), INT, -1),
        (19_999, MONEY, INT, 2),
        (1.9999, FLOAT, INT, 1),
        (-1.9999, FLOAT, BIGINT, -1),
        (2, INT, BIT, 1),
        (0.1, FLOAT, BIT, 1),
        (7, INT, decimal(5, 2), 700),
        (7, INT, MONEY, 70_000),
        (12_345_678, decimal(9, 6), MONEY, 123_457),
        (12_345, MONEY, decimal(5, 2), 123),
        (1.005, FLOAT, decimal(9, 2), 100),
        (0.5, FLOAT, decimal(9, 0), 1),
        (-2.5, FLOAT, decimal(9, 0), -3),
        (0.1, FLOAT, REAL, 0.10000000149011612),
        (15, decimal(5, 1), FLOAT, 1.5),
    ],
)
def test_rounding_and_truncation(value: Any, source: SqlType, target: SqlType, expected: Any) -> None:
    assert cast(value, source, target) == expected


@pytest.mark.parametrize(
    ("value", "source", "target", "number", "message"),
    [
        (256, INT, TINYINT, 220, "Arithmetic overflow error for data type tinyint, value = 256."),
        (-32769, INT, SMALLINT, 220, "Arithmetic overflow error for data type smallint, value = -32769."),
        (2**31, BIGINT, INT, 8115, "Arithmetic overflow error converting expression to data type int."),
        (1000, INT, decimal(5, 2), 8115, "Arithmetic overflow error converting int to data type numeric."),
        (99_999, decimal(5, 1), decimal(4, 0), 8115,
         "Arithmetic overflow error converting numeric to data type numeric."),
        (1e10, FLOAT, INT, 232, "Arithmetic overflow error for type int, value = 10000000000.000000."),
        (1e10, FLOAT, decimal(5, 0), 8115, "Arithmetic overflow error converting float to data type numeric."),
        ("abc", varchar(3), INT, 245, "Conversion failed when converting the varchar value 'abc' to data type int."),
        ("1.0", nvarchar(3), INT, 245, "Conversion failed when converting the nvarchar value '1.0' to data type int."),
        ("3000000000", TEXT, INT, 248, "The conversion of the varchar value '3000000000' overflowed an int column."),
        ("300", TEXT, TINYINT, 244,
         "The conversion of the varchar value '300' overflowed an INT1 column. Use a larger integer column."),
        ("x", TEXT, BIGINT, 8114, "Error converting data type varchar to bigint."),
        ("1e5", TEXT, decimal(9, 2), 8114, "Error converting data type varchar to numeric."),
        ("", TEXT, decimal(9, 2), 8114, "Error converting data type varchar to numeric."),
        ("1000", TEXT, decimal(5, 2), 8115, "Arithmetic overflow error converting varchar to data type numeric."),
        ("x", TEXT, FLOAT, 8114, "Error converting data type varchar to float."),
        ("x", TEXT, MONEY, 235, "Cannot convert a char value to money. The char value has incorrect syntax."),
        ("2x", TEXT, BIT, 245, "Conversion failed when converting the varchar value '2x' to data type bit."),
        (12345, INT, nvarchar(3), 8115, "Arithmetic overflow error converting expression to data type nvarchar."),
        (12345, decimal(5, 0), varchar(3), 8115, "Arithmetic overflow error converting numeric to data type varchar."),
        (12345.0, FLOAT, varchar(3), 232, "Arithmetic overflow error for type varchar, value = 12345.000000."),
        (10_000_000, MONEY, varchar(3), 234, "There is insufficient result space to convert a money value to varchar."),
    ],
)  # fmt: skip
def test_what_does_not_fit_or_is_no_number(
    value: Any, source: SqlType, target: SqlType, number: int, message: str
) -> None:
    assert error_of(value, source, target) == (number, message)


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        (" -12 ", INT, -12),
        ("", INT, 0),
        ("-", INT, 0),
        ("+7", TINYINT, 7),
        ("TRUE", BIT, 1),
        ("false", BIT, 0),
        ("12", BIT, 1),
        (" -1.255 ", decimal(9, 2), -126),
        (".5", decimal(9, 2), 50),
        ("5.", decimal(9, 2), 500),
        ("1.5e3", FLOAT, 1500.0),
        ("", FLOAT, 0.0),
        ("$1,234.56789", MONEY, 12_345_679),
        ("-$2", MONEY, -20_000),
    ],
)
def test_numbers_are_read_from_text(text: str, target: SqlType, expected: Any) -> None:
    assert cast(text, TEXT, target) == expected


@pytest.mark.parametrize(
    ("value", "source", "style", "expected"),
    [
        (-5, INT, None, "-5"),
        (-5, decimal(5, 2), None, "-0.05"),
        (1_234_567_895, MONEY, None, "123456.79"),
        (1_234_567_895, MONEY, 1, "123,456.79"),
        (-1_234_567_895, MONEY, 1, "-123,456.79"),
        (1_234_567_895, MONEY, 2, "123456.7895"),
        (1234567.0, FLOAT, None, "1.23457e+006"),
        (123456.0, FLOAT, 0, "123456"),
        (0.00001, FLOAT, None, "1e-005"),
        (0.1, REAL, None, "0.1"),
        (1234.5678, FLOAT, 1, "1.2345678e+003"),
        (0.1, FLOAT, 2, "1.000000000000000e-001"),
        (0.1, FLOAT, 3, "1.0000000000000001e-001"),
    ],
)
def test_numbers_are_written_as_text(value: Any, source: SqlType, style: int | None, expected: str) -> None:
    assert cast(value, source, TEXT, style) == expected


def test_an_int_too_long_for_a_varchar_becomes_an_asterisk() -> None:
    assert cast(12345, INT, varchar(3)) == "*"
    assert cast(12345, INT, char(3)) == "*  "
    assert cast(12, INT, char(4)) == "12  "


@given(st.integers(1, 38), st.data())
def test_decimals_survive_a_round_trip_through_text(precision: int, data: st.DataObject) -> None:
    t = decimal(precision, data.draw(st.integers(0, precision)))
    value = data.draw(st.integers(1 - 10**precision, 10**precision - 1))
    text = cast(value, t, varchar(50))
    assert exact.Decimal(text) == to_python(t, value)
    assert cast(text, varchar(50), t) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive_a_round_trip_through_text_in_style_3(value: float) -> None:
    assert cast(cast(value, FLOAT, varchar(50), 3), varchar(50), FLOAT) == value
