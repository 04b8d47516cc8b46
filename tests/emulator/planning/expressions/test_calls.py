"""Calls: what is found, how arguments are checked and converted, what is evaluated when."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.catalog.objects import Parameter, ScalarFunction
from emulator.errors import NotSupported, SqlError
from emulator.planning.binding import SourceColumn
from emulator.planning.expressions import compile_scalar
from emulator.types.sqltype import INT, decimal, nvarchar


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("NO_SUCH_THING(1)", 195),
        ("dbo.NoSuchThing(1)", 4121),
        ("LEN('a', 'b')", 174),
        ("CHARINDEX('a')", 189),
        ("SUM(1)", 147),
        ("ROW_NUMBER()", 10753),
        ("SUM(1) OVER ()", 4108),
        ("DATEADD(fortnight, 1, GETDATE())", 155),
        ("DATEADD('day', 1, GETDATE())", 1023),
        ("@@NOTHING", 137),
        ("SQRT(GETDATE())", 8116),
    ],
)
def test_a_call_that_is_wrong_is_an_error_before_anything_runs(bench: Any, text: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        bench.expr(text)
    assert caught.value.number == number
    assert caught.value.line in (0, 1)


@pytest.mark.parametrize("text", ["ENCRYPTBYPASSPHRASE('a', 'b')", "SIGNBYCERT(1, 'a')"])
def test_what_is_not_supported_says_so(bench: Any, text: str) -> None:
    with pytest.raises(NotSupported):
        bench.expr(text)


def test_a_null_argument_makes_the_result_null(bench: Any) -> None:
    bench.declare("@n", nvarchar(10))
    for text in ("LEN(@n)", "LEFT(@n, 2)", "REPLACE(@n, 'a', 'b')", "DATEADD(day, NULL, GETDATE())"):
        assert bench.value(text) is None


def test_calls_of_constants_are_folded_and_those_of_the_session_are_not(bench: Any) -> None:
    assert bench.expr("UPPER('abc')").constant
    assert not bench.expr("@@ROWCOUNT").constant
    assert not bench.expr("NEWID()").constant
    assert not bench.expr("NEWID()").deterministic


def test_the_time_is_taken_once_per_statement_in_a_query(bench: Any) -> None:
    bench.table("t", [SourceColumn("Id", INT)], (1,))
    ticks = iter(range(1_700_000_000, 1_700_000_100))
    bench.session.instance.clock.now = lambda: float(next(ticks))
    env = bench.env
    now = bench.expr("SYSUTCDATETIME()")
    assert now.fn(env) == now.fn(env)
    assert now.fn(bench.env) != now.fn(env)
    without_rows = compile_scalar(bench.node("SYSUTCDATETIME()"), None, bench.context)
    assert without_rows.fn(env) != without_rows.fn(env)


def test_a_user_defined_function_gets_its_arguments_converted(bench: Any) -> None:
    function = ScalarFunction(
        "dbo",
        "Scale",
        parameters=(Parameter("@q", decimal(10, 2)), Parameter("@n", INT, default=bench.node("7"))),
        returns=decimal(10, 2),
    )
    bench.database.add(function)
    calls: list[Any] = []

    def call(called: ScalarFunction, values: list[Any]) -> int:
        calls.append((called, list(values)))
        return 42

    bench.session.call_scalar_function = call
    assert bench.raw("dbo.Scale(2, '5')") == 42
    assert bench.raw("dbo.scale(1.5, DEFAULT)") == 42
    assert calls == [(function, [200, 5]), (function, [150, 7])]
    for text, number in (("dbo.Scale(1)", 313), ("dbo.Scale(1, 2, 3)", 8144)):
        with pytest.raises(SqlError) as caught:
            bench.expr(text)
        assert caught.value.number == number
