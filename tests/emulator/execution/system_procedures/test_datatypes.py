from typing import Any

import pytest


@pytest.mark.parametrize(
    ("code", "name", "precision"),
    [(12, "varchar", 8000), (-9, "nvarchar", 4000), (-3, "varbinary", 8000), (93, "datetime2", 27)],
)
def test_drivers_learn_the_largest_sizes_from_the_types_that_they_ask_for(
    client: Any, code: int, name: str, precision: int
) -> None:
    rows = client.rows(f"EXEC [sys].sp_datatype_info_100 {code}, @ODBCVer = 4")

    assert rows[0]["TYPE_NAME"] == name
    assert rows[0]["PRECISION"] == precision
    assert {row["DATA_TYPE"] for row in rows} == {code}


def test_without_a_type_all_are_listed_in_the_order_of_their_codes(client: Any) -> None:
    rows = client.rows("EXEC sp_datatype_info_100 @ODBCVer = 3")

    codes = [row["DATA_TYPE"] for row in rows]
    assert codes == sorted(codes)
    assert len(rows) == 37
    assert len(rows[0]) == 20


def test_the_bare_name_with_arguments_is_a_call(client: Any) -> None:
    assert [name for name, *_ in client.values("sp_datatype_info_100 -9,3")] == ["nvarchar", "sysname"]


def test_identities_are_types_of_their_own(client: Any) -> None:
    rows = client.rows("EXEC sp_datatype_info_100 4, 3")

    assert [(row["TYPE_NAME"], row["AUTO_INCREMENT"], row["NULLABLE"]) for row in rows] == [
        ("int", 0, 1),
        ("int identity", 1, 0),
    ]


def test_odbc_2_has_other_codes_for_date_and_time(client: Any) -> None:
    assert client.rows("EXEC sp_datatype_info_100 11")[0]["TYPE_NAME"] == "datetime2"
    assert not client.rows("EXEC sp_datatype_info_100 93")


def test_the_older_form_shows_new_types_as_text(client: Any) -> None:
    rows = {row["TYPE_NAME"]: row["DATA_TYPE"] for row in client.rows("EXEC sp_datatype_info 0, 3")}

    assert rows["datetime2"] == rows["date"] == rows["nvarchar"] == -9
    assert rows["datetime"] == 93
