import pytest

from emulator.catalog.system_views import SYSTEM_VIEWS, SystemView, find
from emulator.catalog.system_views.definition import column_list
from emulator.session import Session
from emulator.tds.encoding import wire_type
from emulator.types.sqltype import SqlType, decimal, nvarchar


def test_columns_are_declared_with_type_and_nullability() -> None:
    declared = column_list("a sysname, b decimal(9, 2)?, [c d] nvarchar(max)?")

    assert [(column.name, column.type, column.nullable) for column in declared.columns] == [
        ("a", nvarchar(128), False),
        ("b", decimal(9, 2), True),
        ("c d", SqlType("nvarchar", -1), True),
    ]


def test_constants_stand_in_every_row_between_the_values_given() -> None:
    declared = column_list("a int, b varchar(9)? = 'none', c int = -1, d bit, e int? = NULL")

    assert list(declared.rows([(1, True), (2, False)])) == [(1, "none", -1, 1, None), (2, "none", -1, 0, None)]


def test_a_row_of_the_wrong_width_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(column_list("a int, b int").rows([(1,)]))


@pytest.mark.parametrize("text", ["a", "a int b int", "a nothing", "a int = x"])
def test_what_is_no_declaration_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no "):
        column_list(text)


@pytest.mark.parametrize("view", SYSTEM_VIEWS.values(), ids=lambda view: f"{view.schema}.{view.name}")
def test_every_view_gives_rows_that_the_wire_can_carry(view: SystemView, session: Session) -> None:
    encoders = [wire_type(column.type).encode for column in view.columns]

    for row in view.rows(session):
        assert len(row) == len(encoders)
        for encode, column, value in zip(encoders, view.columns, row, strict=True):
            assert value is not None or column.nullable, column.name
            encode(value)


def test_views_are_found_in_any_case_and_only_in_their_schema() -> None:
    found = find("INFORMATION_SCHEMA", "tables")

    assert found is not None
    assert found.name == "TABLES"
    assert find("sys", "OBJECTS") is not None
    assert find("dbo", "objects") is None


def test_the_views_of_old_are_found_without_a_schema() -> None:
    assert find("dbo", "sysobjects") is not None
