"""String functions (documentation: "String Functions (Transact-SQL)")."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.execution.functions.strings import split_name
from emulator.types.sqltype import BIGINT, INT, MAX, nvarchar, varbinary, varchar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("LEN('abc  ')", 3),
        ("LEN('')", 0),
        ("LEN(12345)", 5),
        ("DATALENGTH('abc ')", 4),
        ("DATALENGTH(N'abc')", 6),
        ("DATALENGTH(1)", 4),
        ("DATALENGTH(CAST(1 AS decimal(18, 3)))", 9),
        ("DATALENGTH(NULL)", None),
        ("LEFT('abcdef', 2)", "ab"),
        ("LEFT('ab', 9)", "ab"),
        ("RIGHT('abcdef', 2)", "ef"),
        ("RIGHT('abcdef', 0)", ""),
        ("RIGHT(CONCAT('0000', 42), 4)", "0042"),
        ("SUBSTRING('abcdef', 2, 3)", "bcd"),
        ("SUBSTRING('abcdef', 0, 3)", "ab"),
        ("SUBSTRING('abcdef', -5, 3)", ""),
        ("SUBSTRING('abcdef', 9, 3)", ""),
        ("SUBSTRING(0x010203, 2, 1)", b"\x02"),
        ("STUFF('abcdef', 2, 3, 'xy')", "axyef"),
        ("STUFF('abcdef', 2, 3, NULL)", "aef"),
        ("STUFF('abcdef', 0, 1, 'x')", None),
        ("STUFF('abc', 4, 1, 'x')", None),
        ("CHARINDEX('C', 'abcabc')", 3),
        ("CHARINDEX('c', 'abcabc', 4)", 6),
        ("CHARINDEX('x', 'abc')", 0),
        ("CHARINDEX('C' COLLATE Latin1_General_CS_AS, 'abc')", 0),
        ("PATINDEX('%[0-9]%', 'ab7')", 3),
        ("PATINDEX('ab%', 'xab')", 0),
        ("PATINDEX('%b', 'abb')", 3),
        ("REPLACE('aXbxc', 'x', '--')", "a--b--c"),
        ("REPLACE('abc', '', 'x')", "abc"),
        ("TRANSLATE('2*[3+4]', '[]', '()')", "2*(3+4)"),
        ("UPPER('straße')", "STRAßE"),
        ("LOWER('ÄB')", "äb"),
        ("'[' + LTRIM('  a ') + ']'", "[a ]"),
        ("'[' + RTRIM('  a ') + ']'", "[  a]"),
        ("'[' + TRIM('  a ') + ']'", "[a]"),
        ("TRIM('.#' FROM '#.a.#')", "a"),
        ("REPLICATE('ab', 3)", "ababab"),
        ("REPLICATE('ab', -1)", None),
        ("SPACE(3) + '|'", "   |"),
        ("REVERSE('abc')", "cba"),
        ("CONCAT('a', NULL, 1, N'b')", "a1b"),
        ("CONCAT_WS(', ', 'a', NULL, 'b')", "a, b"),
        ("CONCAT_WS(NULL, 'a', 'b')", "ab"),
        ("STR(123.45, 6, 1)", " 123.5"),
        ("STR(123.45, 2, 2)", "**"),
        ("STR(7)", "         7"),
        ("STR(-1.5, 5, 1)", " -1.5"),
        ("CHAR(65)", "A"),
        ("CHAR(128)", "€"),
        ("CHAR(256)", None),
        ("NCHAR(379)", "Ż"),
        ("ASCII('€')", 128),
        ("UNICODE(N'Ż')", 379),
        ("QUOTENAME('a]b')", "[a]]b]"),
        ("QUOTENAME('it''s', '''')", "'it''s'"),
        ("QUOTENAME('a', '?')", None),
        ("SOUNDEX('Robert')", "R163"),
        ("SOUNDEX('Ashcraft')", "A261"),
        ("SOUNDEX('1')", "0000"),
        ("DIFFERENCE('Smith', 'Smythe')", 4),
        ("STRING_ESCAPE('a\"/b', 'json')", 'a\\"\\/b'),
        ("STRING_ESCAPE(CHAR(9) + CHAR(1), 'JSON')", "\\t\\u0001"),
        ("PARSENAME('[a.b].dbo.T', 1)", "T"),
        ("PARSENAME('[a.b].dbo.T', 3)", "a.b"),
        ("PARSENAME('a..T', 2)", None),
        ("PARSENAME('T', 2)", None),
        ("FORMATMESSAGE('%s has %d', N'B1', 3)", "B1 has 3"),
    ],
)
def test_a_string_function_gives(bench: Any, text: str, value: Any) -> None:
    assert bench.value(text) == value


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("LEN('a')", INT),
        ("LEN(CAST('a' AS varchar(max)))", BIGINT),
        ("LEFT(@s, 2)", nvarchar(2)),
        ("LEFT(@s, 99)", nvarchar(40)),
        ("SUBSTRING(@s, 2, @i)", nvarchar(40)),
        ("SUBSTRING(0x010203, 2, 1)", varbinary(1)),
        ("REPLACE(@s, 'a', 'b')", nvarchar(4000)),
        ("REPLICATE(@s, 200)", nvarchar(4000)),
        ("CONCAT(@s, @i)", nvarchar(52)),
        ("CONCAT('a', @i)", varchar(13)),
        ("CONCAT(@s, CAST('x' AS varchar(max)))", nvarchar(MAX)),
        ("UPPER(CAST('a' AS char(5)))", varchar(5)),
        ("QUOTENAME('a')", nvarchar(258)),
    ],
)
def test_the_type_of_the_result(bench: Any, text: str, type: Any) -> None:
    bench.declare("@s", nvarchar(40))
    bench.declare("@i", INT)
    assert bench.type(text) == type


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("LEFT('a', -1)", 537),
        ("RIGHT('a', -1)", 536),
        ("SUBSTRING('a', 1, -1)", 537),
        ("TRANSLATE('a', 'ab', 'x')", 9828),
        ("LEN(CAST('a' AS text))", 8116),
    ],
)
def test_arguments_out_of_range_are_errors(bench: Any, text: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        bench.value(text)
    assert caught.value.number == number


PARTS = st.lists(st.text(st.sampled_from("aB.[] _"), min_size=1, max_size=5).filter(str.strip), min_size=1, max_size=4)


@given(PARTS)
def test_quoted_parts_of_a_name_come_back_whatever_they_hold(parts: list[str]) -> None:
    assert split_name(".".join("[" + part.replace("]", "]]") + "]" for part in parts)) == parts


@given(st.text(st.sampled_from("abcAB "), max_size=20), st.text(st.sampled_from("abAB"), max_size=3))
def test_replace_ignores_case_but_keeps_what_it_does_not_match(new_bench: Any, text: str, wanted: str) -> None:
    replaced = new_bench().value(f"REPLACE('{text}', '{wanted}', '#')")
    if not wanted:
        assert replaced == text
    else:
        assert wanted.lower() not in replaced.lower()
        assert replaced.replace("#", wanted).lower() == text.lower()


def test_len_counts_supplementary_characters_once_where_the_collation_knows_them(bench):
    assert bench.value("LEN(N'a😀 ')") == 3
    assert bench.value("LEN(N'a😀 ' COLLATE Latin1_General_100_CI_AS_SC)") == 2
    assert bench.value("LEN(N'a😀 ' COLLATE Latin1_General_100_CI_AS)") == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("UNICODE(NCHAR(55357))", 55357),
        ("LEN(NCHAR(55357))", 1),
        ("DATALENGTH(NCHAR(55357))", 2),
        ("DATALENGTH(HASHBYTES('SHA1', NCHAR(55357)))", 20),
    ],
)
def test_half_of_a_pair_of_surrogates_is_a_character(bench: Any, text: str, value: int) -> None:
    assert bench.value(text) == value
