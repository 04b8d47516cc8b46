"""Documentation: "Data types (Transact-SQL)", "Data type synonyms (Transact-SQL)"."""

import pytest

from emulator.errors import NotSupported, SqlError
from emulator.sql.nodes import TypeName
from emulator.types.names import CAST_LENGTH, resolve
from emulator.types.sqltype import format_type


def spelled(name: str, *arguments: int, is_max: bool = False, default_length: int = 1) -> str | None:
    t = resolve(TypeName(name=name, arguments=arguments, is_max=is_max), default_length)
    return t and format_type(t)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("INT", (), "int"),
        ("integer", (), "int"),
        ("dec", (), "decimal(18,0)"),
        ("numeric", (10,), "numeric(10,0)"),
        ("decimal", (19, 6), "decimal(19,6)"),
        ("float", (), "float"),
        ("float", (24,), "real"),
        ("float", (25,), "float"),
        ("double precision", (), "float"),
        ("character varying", (7,), "varchar(7)"),
        ("national  character varying", (7,), "nvarchar(7)"),
        ("varchar", (), "varchar(1)"),
        ("sysname", (), "nvarchar(128)"),
        ("timestamp", (), "rowversion"),
        ("datetime2", (), "datetime2(7)"),
        ("time", (3,), "time(3)"),
        ("datetimeoffset", (0,), "datetimeoffset(0)"),
    ],
)
def test_spellings_and_defaults(name: str, arguments: tuple[int, ...], expected: str) -> None:
    assert spelled(name, *arguments) == expected


def test_a_length_left_out_is_1_in_a_declaration_and_30_in_a_cast() -> None:
    assert spelled("nvarchar") == "nvarchar(1)"
    assert spelled("nvarchar", default_length=CAST_LENGTH) == "nvarchar(30)"


def test_max_is_for_variable_types_only() -> None:
    assert spelled("varbinary", is_max=True) == "varbinary(max)"
    with pytest.raises(SqlError) as caught:
        spelled("char", is_max=True)
    assert caught.value.number == 2716


def test_other_names_are_left_to_the_catalog() -> None:
    assert spelled("PickList") is None
    assert resolve(TypeName(name="int", schema="dbo")) is None


@pytest.mark.parametrize(
    ("name", "arguments", "number"),
    [
        ("varchar", (8001,), 131),
        ("nvarchar", (4001,), 2717),
        ("nvarchar", (8001,), 131),
        ("char", (0,), 1001),
        ("decimal", (39,), 2750),
        ("decimal", (5, 6), 192),
        ("datetime2", (8,), 1002),
        ("int", (4,), 2716),
        ("datetime", (3,), 2716),
    ],
)
def test_wrong_parameters_raise_their_own_errors(name: str, arguments: tuple[int, ...], number: int) -> None:
    with pytest.raises(SqlError) as caught:
        spelled(name, *arguments)
    assert caught.value.number == number


def test_a_type_that_is_not_emulated_is_refused_by_name() -> None:
    with pytest.raises(NotSupported, match="geography"):
        spelled("geography")
