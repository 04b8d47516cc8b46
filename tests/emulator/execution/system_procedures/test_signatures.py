from typing import Any

import pytest


@pytest.mark.parametrize("name", ["sp_pkeys", "[sys].sp_pkeys", "sys.[sp_pkeys]", "SYS.SP_PKEYS", "dbo.sp_pkeys"])
def test_a_system_procedure_is_called_by_every_spelling_of_its_name(client: Any, name: str) -> None:
    sink = client.call(name, "item")

    assert [row[3] for row in sink.result_sets[0].rows] == ["id"]
    assert sink.status == 0


def test_arguments_go_by_position_or_by_name(client: Any) -> None:
    by_name = client.call("sp_pkeys", table_owner="dbo", table_name="line")

    assert by_name.result_sets[0].rows == client.call("sp_pkeys", "line").result_sets[0].rows
    assert client.values("EXEC sp_pkeys @table_name = 'line'") == client.values("EXEC sys.sp_pkeys line, dbo")


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("EXEC sp_pkeys", 201),
        ("EXEC sp_pkeys 'item', 'dbo', NULL, 1", 8144),
        ("EXEC sp_pkeys @nothing = 1", 8145),
        ("EXEC sp_pkeys 'item', @table_owner = 'dbo', @table_name = 'x'", 8143),
    ],
)
def test_a_wrong_argument_list_is_an_error(client: Any, call: str, number: int) -> None:
    assert client.fails(call).number == number


def test_rows_are_counted_unless_nocount_is_on(client: Any) -> None:
    assert client.run("EXEC sp_pkeys 'line'").counts == [2]
    assert None in client.run("SET NOCOUNT ON; EXEC sp_pkeys 'line'").counts
    assert client.values("EXEC sp_pkeys 'line'; SELECT @@ROWCOUNT") == [(2,)]


def test_an_unknown_procedure_is_an_error(client: Any) -> None:
    assert client.fails("EXEC sp_nothing").number == 2812


def test_a_procedure_that_the_emulator_has_not_is_refused_by_name(client: Any) -> None:
    error = client.fails("EXEC xp_cmdshell")

    assert error.number == 40517
    assert "xp_cmdshell" in error.message
