"""Values as pyodbc gives and takes them (documentation: "Data types", pyodbc wiki)."""

import datetime as python
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.types.external import from_python, from_python_as, to_python
from emulator.types.sqltype import (
    BIT,
    DATETIME,
    MONEY,
    SQL_VARIANT,
    UNIQUEIDENTIFIER,
    decimal,
    format_type,
    varchar,
)

_VALUES = st.one_of(
    st.booleans(),
    st.integers(-(10**37), 10**37),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-(10**15), 10**15, places=6),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.binary(max_size=20),
    st.uuids(),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.datetimes(timezones=st.just(python.timezone(python.timedelta(hours=-3))), min_value=python.datetime(2, 1, 1),
                 max_value=python.datetime(9998, 1, 1)),
)  # fmt: skip


@given(_VALUES)
def test_python_values_survive_a_round_trip(value: Any) -> None:
    assert to_python(*from_python(value)) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "bit"),
        (1, "int"),
        (2**31, "bigint"),
        (2**63, "numeric(19,0)"),
        (Decimal("-1.50"), "numeric(3,2)"),
        (Decimal("0.001"), "numeric(3,3)"),
        (Decimal("1E+3"), "numeric(4,0)"),
        ("abc", "nvarchar(3)"),
        ("😀", "nvarchar(2)"),
        ("x" * 4001, "nvarchar(max)"),
        (b"", "varbinary(1)"),
        (python.date(2024, 1, 1), "date"),
        (python.datetime(2024, 1, 1), "datetime2(7)"),
    ],
)
def test_the_type_that_a_python_value_is_sent_as(value: object, expected: str) -> None:
    assert format_type(from_python(value)[0]) == expected


def test_values_on_their_way_out() -> None:
    assert to_python(BIT, 1) is True
    assert str(to_python(decimal(9, 2), -5)) == "-0.05"
    assert str(to_python(MONEY, 12_500)) == "1.2500"
    assert to_python(DATETIME, 1) == python.datetime(1900, 1, 1, 0, 0, 0, 3000)
    assert to_python(DATETIME, -1) == python.datetime(1899, 12, 31, 23, 59, 59, 997_000)
    assert to_python(SQL_VARIANT, (BIT, 0)) is False
    assert to_python(varchar(3), None) is None


def test_values_on_their_way_in_as_a_given_type() -> None:
    assert from_python_as(decimal(9, 2), Decimal("1.005")) == 101
    assert from_python_as(varchar(3), "abcd") == "abc"
    assert from_python_as(UNIQUEIDENTIFIER, UUID(int=1)) == UUID(int=1).bytes_le
    assert from_python_as(BIT, None) is None


def test_objects_without_a_type_are_refused() -> None:
    with pytest.raises(TypeError, match="no SQL Server type for object"):
        from_python(object())
