"""AT TIME ZONE (documentation: "AT TIME ZONE (Transact-SQL)", with its examples of both changes of the clocks)."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import SqlError

ZONE = "'Central European Standard Time'"


@pytest.mark.parametrize(
    ("local", "result"),
    [
        ("2022-01-15 12:00", "2022-01-15T12:00:00+01:00"),
        ("2022-07-15 12:00", "2022-07-15T12:00:00+02:00"),
        ("2022-03-27 02:01", "2022-03-27T03:01:00+02:00"),
        ("2022-10-30 02:01", "2022-10-30T02:01:00+01:00"),
    ],
)
def test_a_local_time_gets_the_offset_of_the_zone(bench: Any, local: str, result: str) -> None:
    assert bench.value(f"CAST('{local}' AS datetime2(0)) AT TIME ZONE {ZONE}").isoformat() == result


def test_a_moment_with_an_offset_is_shown_in_the_zone(bench: Any) -> None:
    text = f"CAST('2022-07-15 12:00 +00:00' AS datetimeoffset(0)) AT TIME ZONE {ZONE}"
    assert bench.value(text).isoformat() == "2022-07-15T14:00:00+02:00"


def test_an_unknown_zone_is_error_9820(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        bench.value("SYSUTCDATETIME() AT TIME ZONE 'Middle Earth'")
    assert caught.value.number == 9820
