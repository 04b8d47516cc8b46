"""Documentation: "char and varchar (Transact-SQL)", "nchar and nvarchar (Transact-SQL)", "SET ANSI_PADDING"."""

import pytest

from emulator.types.conversion import assigner, converter
from emulator.types.sqltype import (
    INT,
    NVARCHAR_MAX,
    VARCHAR_MAX,
    SqlType,
    binary,
    char,
    nchar,
    nvarchar,
    varbinary,
    varchar,
)

UTF8 = "Latin1_General_100_CI_AS_SC_UTF8"


def cast(value: str, source: SqlType, target: SqlType) -> str:
    f = converter(source, target, explicit=True)
    result: str = value if f is None else f(value)
    return result


class Truncated(Exception):
    pass


def assign(value: object, source: SqlType, target: SqlType, *, silently: bool = False) -> object:
    f = assigner(source, target, None if silently else Truncated)
    return value if f is None else f(value)


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("abcdef", varchar(10), varchar(3), "abc"),
        ("ab", varchar(10), char(4), "ab  "),
        ("abcdef", varchar(10), char(4), "abcd"),
        ("ab  ", char(4), varchar(10), "ab  "),
        ("ab", VARCHAR_MAX, nchar(3), "ab "),
        ("Łódź漢", nvarchar(10), varchar(10), "Lódz?"),
        ("a😀b", nvarchar(10), nvarchar(3), "a😀"),
        ("a😀b", nvarchar(10), nvarchar(2), "a"),
        ("éé", nvarchar(10), varchar(3, UTF8), "é"),
        ("é", nvarchar(10), char(4, UTF8), "é  "),
    ],
)
def test_casts_cut_and_pad_without_a_word(value: str, source: SqlType, target: SqlType, expected: str) -> None:
    assert cast(value, source, target) == expected


def test_strings_that_always_fit_are_left_alone() -> None:
    assert converter(varchar(3), varchar(8)) is None
    assert converter(varchar(3), NVARCHAR_MAX) is None
    assert converter(char(3), nchar(3)) is None
    assert assigner(varchar(3, "Latin1_General_BIN2"), varchar(3), Truncated) is None


def test_a_column_refuses_what_a_variable_cuts() -> None:
    assert assign("abcd", varchar(10), varchar(3), silently=True) == "abc"
    with pytest.raises(Truncated, match=r"^abc$"):
        assign("abcd", varchar(10), varchar(3))
    with pytest.raises(Truncated, match=r"^0x0102$"):
        assign(b"\1\2\3", varbinary(10), binary(2))


def test_a_column_takes_what_fits_and_drops_blanks_beyond_its_length() -> None:
    assert assign("abc   ", varchar(10), varchar(3)) == "abc"
    assert assign("ab", varchar(10), char(3)) == "ab "
    assert assign("Ł", nvarchar(10), varchar(1)) == "L"
    assert assign(b"\1", varbinary(10), binary(2)) == b"\1\0"
    assert assign(12345, INT, varchar(3)) == "*"
