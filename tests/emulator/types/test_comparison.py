"""Documentation: "Comparison operators (Transact-SQL)", "Comparing GUID and uniqueidentifier values"."""

import operator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.types.comparison import comparer, sort_key
from emulator.types.sqltype import (
    DATETIME,
    FLOAT,
    INT,
    NTEXT,
    UNIQUEIDENTIFIER,
    SqlType,
    datetimeoffset,
    decimal,
    nvarchar,
    varbinary,
    varchar,
)

_PYTHON = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXT = st.text(alphabet="aAbBzZ09 éÉß-'_\t!ø漢😀", max_size=5)

_TYPES: list[tuple[SqlType, st.SearchStrategy[Any]]] = [
    (INT, st.integers(-5, 5)),
    (decimal(9, 2), st.integers(-500, 500)),
    (FLOAT, st.floats(-2, 2)),
    (DATETIME, st.integers(-9, 9)),
    (varbinary(4), st.binary(max_size=3)),
    (UNIQUEIDENTIFIER, st.binary(min_size=16, max_size=16)),
    (datetimeoffset(7), st.tuples(st.integers(0, 3), st.integers(-1, 1))),
    *((varchar(5, name), _TEXT) for name in ("SQL_Latin1_General_CP1_CI_AS", "SQL_Latin1_General_CP1_CS_AS")),
    *(
        (nvarchar(5, name), _TEXT)
        for name in ("Latin1_General_CI_AI", "Latin1_General_100_CS_AS", "Latin1_General_BIN2")
    ),
]


@pytest.mark.parametrize(
    ("t", "values"), _TYPES, ids=lambda x: f"{x.name}-{x.collation}" if isinstance(x, SqlType) else ""
)
def test_sort_keys_order_and_equal_as_the_comparison_operators_do(t: SqlType, values: st.SearchStrategy[Any]) -> None:
    key = sort_key(t) or (lambda v: v)

    @given(values, values)
    def check(a: Any, b: Any) -> None:
        for op, python in _PYTHON.items():
            assert comparer(op, t)(a, b) == python(key(a), key(b))
        if key(a) == key(b):
            assert hash(key(a)) == hash(key(b))

    check()


def test_trailing_blanks_and_case_do_not_count_by_default() -> None:
    equal = comparer("=", varchar(10))
    assert equal("Lot-7 ", "LOT-7")
    assert not equal(" Lot-7", "Lot-7")
    assert not comparer("=", varchar(10, "SQL_Latin1_General_CP1_CS_AS"))("a", "A")


def test_binary_data_compares_as_if_filled_with_zeros() -> None:
    assert comparer("=", varbinary(4))(b"\1", b"\1\0\0")
    assert comparer("<", varbinary(4))(b"\1\2", b"\1\2\1")


def test_the_last_six_bytes_of_a_guid_weigh_most() -> None:
    low = UUID("ffffffff-ffff-ffff-ffff-000000000001").bytes_le
    high = UUID("00000000-0000-0000-0000-000000000002").bytes_le
    assert comparer("<", UNIQUEIDENTIFIER)(low, high)
    key = sort_key(UNIQUEIDENTIFIER)
    assert key is not None
    guids = [
        UUID(f"{s}").bytes_le for s in ("01000000-0000-0000-0000-000000000000", "00000001-0000-0000-0000-000000000000")
    ]
    assert sorted(guids, key=key) == guids


def test_moments_compare_in_utc() -> None:
    assert comparer("=", datetimeoffset(0))((1000, 60), (1000, -60))


def test_large_objects_neither_compare_nor_sort() -> None:
    with pytest.raises(SqlError) as caught:
        comparer("=", NTEXT)
    assert caught.value.number == 402
    with pytest.raises(SqlError) as caught:
        sort_key(NTEXT)
    assert caught.value.number == 306
