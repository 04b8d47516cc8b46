"""SET options that change what statements mean, and how far a SET reaches.

Pages "SET ANSI_NULLS", "SET ANSI_WARNINGS", "SET ARITHABORT", "SET ARITHIGNORE", "SET CONCAT_NULL_YIELDS_NULL",
"SET DATEFORMAT", "SET LANGUAGE", "SET ANSI_DEFAULTS" of the Transact-SQL reference.
"""

from __future__ import annotations

import datetime
from typing import Any

import pytest


@pytest.fixture
def notes(client: Any) -> Any:
    client.run("CREATE TABLE dbo.notes (id int PRIMARY KEY, txt varchar(3) NULL, size tinyint NULL)")
    client.run("INSERT INTO dbo.notes VALUES (1, 'a', 1), (2, NULL, 2)")
    client.run("CREATE INDEX txt ON dbo.notes (txt)")
    return client


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("txt = NULL", [2]),
        ("txt <> NULL", [1]),
        ("NULL = txt", [2]),
        ("txt = @nothing", [2]),
        ("txt <> @nothing", [1]),
        ("txt <> @a", [2]),
        ("id = (SELECT MAX(id) FROM notes WHERE txt = NULL)", [2]),
        ("txt = CAST(NULL AS varchar(3))", []),
    ],
)
def test_ansi_nulls_off_compares_null_as_a_value_with_null_and_variables(
    notes: Any, condition: str, found: list[int]
) -> None:
    text = f"DECLARE @nothing varchar(3), @a varchar(3) = 'a'; SELECT id FROM notes WHERE {condition}"
    notes.run("SET ANSI_NULLS OFF")
    assert [row[0] for row in notes.query(text)] == found
    notes.run("SET ANSI_NULLS ON")
    on = [row[0] for row in notes.query(text)]
    assert on == []


def test_columns_that_are_null_are_not_equal_with_ansi_nulls_off(notes: Any) -> None:
    notes.run("SET ANSI_NULLS OFF")
    assert notes.query("SELECT a.id FROM notes a JOIN notes b ON a.txt = b.txt") == [(1,)]


def test_a_module_keeps_the_ansi_nulls_it_was_created_with(notes: Any) -> None:
    notes.run("SET ANSI_NULLS OFF")
    notes.run("CREATE PROCEDURE dbo.missing AS SET ANSI_NULLS ON; SELECT id FROM notes WHERE txt = NULL")
    notes.run("SET ANSI_NULLS ON")
    assert notes.query("EXEC dbo.missing") == [(2,)]


def test_without_ansi_warnings_strings_are_cut_and_nothing_is_said_of_nulls(notes: Any) -> None:
    sink = notes.run("SET ANSI_WARNINGS OFF; INSERT notes VALUES (3, 'abcdef', 3); SELECT MAX(txt) FROM notes")
    assert sink.messages == []
    assert notes.query("SELECT txt FROM notes WHERE id = 3") == [("abc",)]


def test_arithmetic_faults_become_null_without_ansi_warnings_and_arithabort(notes: Any) -> None:
    sink = notes.run(
        "SET ANSI_WARNINGS, ARITHABORT OFF; SELECT id / (id - 1), CAST(id * 1000 AS tinyint) FROM notes ORDER BY id"
    )
    assert [list(row) for row in sink.result_sets[-1].rows] == [[None, None], [2, None]]
    assert [message.number for message in sink.messages] == [3606, 3607]


def test_arithignore_says_nothing_of_them(notes: Any) -> None:
    sink = notes.run("SET ANSI_WARNINGS, ARITHABORT OFF; SET ARITHIGNORE ON; SELECT 1 / (id - 1) FROM notes")
    assert sink.messages == []


def test_a_value_out_of_range_is_stored_as_null_then(notes: Any) -> None:
    notes.run("SET ANSI_WARNINGS, ARITHABORT OFF; UPDATE notes SET size = 300 WHERE id = 1")
    assert notes.query("SELECT size FROM notes WHERE id = 1") == [(None,)]


def test_arithabort_without_ansi_warnings_ends_batch_and_transaction(notes: Any) -> None:
    sink = notes.collect("SET ANSI_WARNINGS OFF; SET ARITHABORT ON; BEGIN TRAN; SELECT 1 / 0; SELECT 'not reached'")
    assert [error.number for error in sink.errors] == [8134]
    assert notes.value("@@TRANCOUNT") == 0


def test_a_statement_is_compiled_anew_for_other_options(notes: Any) -> None:
    notes.run("CREATE PROCEDURE dbo.part AS SELECT 1 / (id - 1) FROM notes WHERE id = 1")
    assert notes.fails("EXEC part").number == 8134
    assert notes.query("SET ANSI_WARNINGS OFF; EXEC part") == [(None,)]
    assert notes.fails("SET ANSI_WARNINGS ON; EXEC part").number == 8134


def test_concatenation_with_null_is_the_other_string_if_asked_for(notes: Any) -> None:
    notes.run("SET CONCAT_NULL_YIELDS_NULL OFF")
    assert notes.query("SELECT 'x' + txt + NULL FROM notes ORDER BY id") == [("xa",), ("x",)]
    assert notes.query("SELECT 1 + size FROM notes WHERE size = NULL") == []


@pytest.mark.parametrize(
    ("order", "text", "type", "expected"),
    [
        ("dmy", "05/06/2024", "date", (2024, 6, 5)),
        ("mdy", "05/06/2024", "date", (2024, 5, 6)),
        ("ymd", "24/06/05", "date", (2024, 6, 5)),
        ("dmy", "2024-06-05", "date", (2024, 6, 5)),
        ("dmy", "2024-06-05", "datetime", (2024, 5, 6)),
        ("dmy", "2024-06-05T00:00:00", "datetime", (2024, 6, 5)),
        ("dmy", "20240605", "datetime", (2024, 6, 5)),
    ],
)
def test_dateformat_orders_the_numbers_of_a_date(
    client: Any, order: str, text: str, type: str, expected: tuple[int, int, int]
) -> None:
    ((value,),) = client.query(f"SET DATEFORMAT {order}; SELECT CAST('{text}' AS {type})")
    assert (value.year, value.month, value.day) == expected


def test_a_style_says_more_than_dateformat(client: Any) -> None:
    assert client.query("SET DATEFORMAT dmy; SELECT CONVERT(date, '05/06/2024', 101)") == [(datetime.date(2024, 5, 6),)]


def test_the_sessions_dateformat_holds_for_arguments_and_ends_with_a_procedure(client: Any) -> None:
    client.run("CREATE PROCEDURE dbo.day_of @d datetime AS SELECT DAY(@d)")
    client.run("CREATE PROCEDURE dbo.european AS SET DATEFORMAT dmy; EXEC day_of '05/06/2024'")
    assert client.results("EXEC european; EXEC day_of '05/06/2024'") == [[(5,)], [(6,)]]


def test_sessions_do_not_share_their_dateformat(client: Any) -> None:
    other = client.instance.open_session()
    client.run("SET DATEFORMAT dmy")
    assert client.query("SELECT DAY('05/06/2024')") == [(5,)]
    assert type(client)(other).query("SELECT DAY('05/06/2024')") == [(6,)]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Russian", ("Март", "пятница", "русский", "01.02.2024", 2)),
        ("Turkish", ("Mart", "Cuma", "Türkçe", "01.02.2024", 2)),
        ("polski", ("marzec", "piątek", "polski", "01.02.2024", 2)),
        ("Hungarian", ("március", "péntek", "magyar", "2024.02.01", 2)),
        ("日本語", ("03", "金曜日", "日本語", "2024/02/01", 2)),
        ("Simplified Chinese", ("03", "星期五", "简体中文", "2024-02-01", 2)),
    ],
)
def test_languages_of_the_server(client: Any, name: str, shown: tuple[object, ...]) -> None:
    client.run(f"SET LANGUAGE N'{name}'")
    names = "DATENAME(month, '20240315'), DATENAME(weekday, '20240315'), @@LANGUAGE"
    month, day, language, date, number = shown
    assert client.query(f"SELECT {names}, MONTH(CAST('{date}' AS datetime))") == [(month, day, language, number)]


def test_english_months_are_read_in_every_language(client: Any) -> None:
    client.run("SET LANGUAGE Japanese")
    assert client.query("SELECT MONTH(CAST('01 Mar 2024' AS datetime))") == [(3,)]
    client.run("SET LANGUAGE Polish")
    assert client.query("SELECT MONTH(CAST('1 Mar 2024' AS datetime)), MONTH(CAST('1 III 2024' AS datetime))") == [
        (3, 3)
    ]


def test_language_brings_names_order_and_first_day(client: Any) -> None:
    sink = client.run("SET LANGUAGE German")
    assert [(m.number, m.message) for m in sink.messages] == [(5703, "Changed language setting to Deutsch.")]
    names = "DATENAME(month, '20240301'), DATENAME(weekday, '20240301'), DAY('05/06/2024')"
    assert client.query(f"SELECT {names}, @@LANGUAGE, @@DATEFIRST") == [("März", "Freitag", 5, "Deutsch", 1)]
    assert client.query("SELECT CAST('5. Juni 2024' AS date)") == [(datetime.date(2024, 6, 5),)]


@pytest.mark.parametrize(
    ("text", "number"), [("LANGUAGE Klingon", 2740), ("DATEFORMAT xyz", 2741), ("DATEFIRST 8", 2742)]
)
def test_values_that_there_are_not_are_refused(client: Any, text: str, number: int) -> None:
    assert client.fails(f"SET {text}").number == number


def test_ansi_defaults_are_several_options(client: Any) -> None:
    on = client.value("@@OPTIONS")
    assert client.query("SET ANSI_DEFAULTS ON; SELECT @@OPTIONS - 2 - 4") == [(on,)]
    assert client.query("SET ANSI_DEFAULTS OFF; SELECT @@OPTIONS") == [(4096,)]


def test_either_default_for_columns_turns_the_other_off(client: Any) -> None:
    assert client.query("SET ANSI_NULL_DFLT_OFF ON; SELECT @@OPTIONS & 3072") == [(2048,)]
    assert client.query("SET ANSI_NULL_DFLT_ON ON; SELECT @@OPTIONS & 3072") == [(1024,)]


@pytest.mark.parametrize("option", ["FORCEPLAN", "REMOTE_PROC_TRANSACTIONS"])
def test_options_that_change_no_result_are_taken(client: Any, option: str) -> None:
    assert client.query(f"SET {option} ON; SELECT 1; SET {option} OFF") == [(1,)]
