"""CASE and the functions that choose (documentation: "CASE", "COALESCE", "ISNULL", "NULLIF", "CHOOSE")."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.types.sqltype import INT, numeric, varchar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CASE WHEN @one = 1 THEN 'one' END", "one"),
        ("CASE WHEN @one = 2 THEN 'two' END", None),
        ("CASE WHEN @nothing = 1 THEN 'a' ELSE 'b' END", "b"),
        ("CASE WHEN @one = 2 THEN 'a' WHEN @one = 1 THEN 'b' ELSE 'c' END", "b"),
        ("CASE WHEN @one = 2 THEN 1 WHEN @one = 3 THEN 2 WHEN @one = 1 THEN 3 ELSE 4 END", 3),
        ("CASE @one WHEN 2 THEN 'two' WHEN 1 THEN 'one' END", "one"),
        ("CASE @nothing WHEN NULL THEN 'null' ELSE 'other' END", "other"),
        ("IIF(@one = 1, 'yes', 'no')", "yes"),
        ("ISNULL(@nothing, 5)", 5),
        ("ISNULL(@one, 5)", 1),
        ("ISNULL(NULL, 'x')", "x"),
        ("ISNULL(@text, 'longer')", "lon"),
        ("COALESCE(@nothing, NULL, @one, 1 / 0)", 1),
        ("COALESCE(@nothing, 2.5)", Decimal("2.5")),
        ("NULLIF(@one, 1)", None),
        ("NULLIF(@one, 2)", 1),
        ("NULLIF(@one, @nothing)", 1),
        ("CHOOSE(2, 'a', 'b')", "b"),
        ("CHOOSE(3, 'a', 'b')", None),
        ("CHOOSE(0, 'a', 'b')", None),
        ("GREATEST(1, NULL, 2.5)", Decimal("2.5")),
        ("LEAST('b', 'A')", "A"),
    ],
)
def test_the_value_that_is_chosen(bench: Any, text: str, value: Any) -> None:
    bench.declare("@one", INT, 1)
    bench.declare("@nothing", INT)
    bench.declare("@text", varchar(3))
    assert bench.value(text) == value


def test_only_the_branch_that_is_chosen_is_evaluated(bench: Any) -> None:
    bench.declare("@zero", INT, 0)
    assert bench.value("CASE WHEN @zero = 0 THEN 1 ELSE 1 / @zero END") == 1
    assert bench.value("IIF(@zero <> 0, 1 / @zero, -1)") == -1


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("CASE WHEN 1 = @one THEN 1 ELSE 2.5 END", numeric(11, 1)),
        ("CASE WHEN 1 = @one THEN 'a' ELSE 'abc' END", varchar(3)),
        ("CASE WHEN 1 = @one THEN NULL ELSE 'abc' END", varchar(3)),
        ("COALESCE(@nothing, 2.5)", numeric(11, 1)),
        ("ISNULL(@nothing, 2.5)", INT),
        ("NULLIF(@one, 2.5)", INT),
    ],
)
def test_the_type_of_the_result(bench: Any, text: str, type: Any) -> None:
    bench.declare("@one", INT, 1)
    bench.declare("@nothing", INT)
    assert bench.type(text) == type


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("CASE WHEN 1 = 1 THEN NULL ELSE NULL END", 8133),
        ("COALESCE(NULL, NULL)", 4127),
        ("NULLIF(NULL, 1)", 4151),
        ("ISNULL(1)", 174),
    ],
)
def test_a_choice_without_a_type_is_an_error(bench: Any, text: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        bench.expr(text)
    assert caught.value.number == number


def test_what_cannot_be_null_is_known(bench: Any) -> None:
    bench.declare("@nothing", INT)
    assert not bench.expr("ISNULL(@nothing, 0)").nullable
    assert bench.expr("ISNULL(@nothing, @nothing)").nullable
    assert bench.expr("CASE WHEN 1 = @nothing THEN 1 END").nullable
