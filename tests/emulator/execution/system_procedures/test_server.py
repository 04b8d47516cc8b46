"""``xp_msver``."""

from __future__ import annotations

from harness.connection import Session


def test_one_property_is_found_by_its_name_in_any_case(session: Session) -> None:
    row = session.execute("EXEC master..xp_msver 'productversion';").result_sets[-1].rows[0]
    version = (
        session.execute("SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128));").result_sets[-1].rows[0][0]
    )
    assert (row[0], row[1], row[3]) == (2, "ProductVersion", version)
    assert row[2] == int(version.split(".")[0]) << 16


def test_all_properties_are_numbered(session: Session) -> None:
    rows = session.execute("EXEC xp_msver;").result_sets[-1].rows
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert {"ProductName", "Platform", "ProcessorCount"} <= {row[1] for row in rows}
