"""sp_cursoropen and its kin, called as any procedure is."""

from __future__ import annotations

import pyodbc
import pytest

KEYSET, DYNAMIC, FORWARD_ONLY, STATIC, FAST_FORWARD = 0x1, 0x2, 0x4, 0x8, 0x10
AUTO_FETCH, AUTO_CLOSE = 0x2000, 0x4000
READ_ONLY, OPTIMISTIC = 0x1, 0x4
FIRST, NEXT, PREVIOUS, LAST, ABSOLUTE, RELATIVE, REFRESH, INFO = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x80, 0x100


class Cursor:
    """A server cursor over a query. ``granted`` are its kind, its concurrency and its number of rows."""

    def __init__(
        self, connection: pyodbc.Connection, query: str, kind: int, concurrency: int = READ_ONLY, size: int = 0
    ) -> None:
        self.connection = connection
        found = connection.execute(
            "DECLARE @cursor int, @kind int = ?, @concurrency int = ?, @rows int = ?, @status int; "
            "EXEC @status = sp_cursoropen @cursor OUTPUT, ?, @kind OUTPUT, @concurrency OUTPUT, @rows OUTPUT; "
            "SELECT @cursor, @kind, @concurrency, @rows, @status;",
            kind,
            concurrency,
            size,
            query,
        )
        self.opened_with = [tuple(row) for row in found.fetchall()]
        found.nextset()
        self.handle, *granted, self.status = found.fetchone()
        self.granted = tuple(granted)

    def fetch(self, kind: int = NEXT, number: int = 0, size: int = 2) -> list[tuple[object, ...]]:
        found = self.connection.execute("EXEC sp_cursorfetch ?, ?, ?, ?;", self.handle, kind, number, size)
        return [tuple(row) for row in found.fetchall()]

    def ids(self, kind: int = NEXT, number: int = 0, size: int = 2) -> list[object]:
        return [row[0] for row in self.fetch(kind, number, size)]


@pytest.fixture
def rows(connection: pyodbc.Connection) -> pyodbc.Connection:
    """A connection with a table #t of the ids 1 to 5."""
    connection.execute("CREATE TABLE #t (id int NOT NULL PRIMARY KEY, name nvarchar(20));")
    connection.execute("INSERT INTO #t VALUES (1, N'a'), (2, N'b'), (3, N'c'), (4, N'd'), (5, N'e');")
    return connection


def test_a_static_cursor_moves_in_all_directions(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id FROM #t ORDER BY id", STATIC)
    assert cursor.granted == (STATIC, READ_ONLY, 5)
    assert cursor.ids(FIRST) == [1, 2]
    assert cursor.ids(NEXT) == [3, 4]
    assert cursor.ids(NEXT) == [5]
    assert cursor.ids(NEXT) == []
    assert cursor.ids(PREVIOUS) == [4, 5]
    assert cursor.ids(ABSOLUTE, 2) == [2, 3]
    assert cursor.ids(RELATIVE, 2) == [4, 5]
    assert cursor.ids(ABSOLUTE, -1) == [5]
    assert cursor.ids(LAST) == [4, 5]
    assert cursor.ids(PREVIOUS, size=10) == [1, 2, 3, 4, 5]
    assert cursor.ids(PREVIOUS) == []


def test_info_tells_place_and_size(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id FROM #t ORDER BY id", STATIC)
    cursor.fetch(ABSOLUTE, 3)
    found = rows.execute(
        "DECLARE @row int, @rows int; EXEC sp_cursorfetch ?, 0x100, @row OUTPUT, @rows OUTPUT; SELECT @row, @rows;",
        cursor.handle,
    )
    assert tuple(found.fetchone()) == (3, 5)


def test_a_keyset_cursor_tells_of_rows_that_are_gone_and_shows_changed_ones(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id, name FROM #t", KEYSET, OPTIMISTIC)
    rows.execute("DELETE FROM #t WHERE id = 2; UPDATE #t SET name = N'new' WHERE id = 1;")
    assert cursor.fetch(FIRST, size=3) == [(1, "new"), (None, None), (3, "c")]


def test_a_dynamic_cursor_passes_over_them(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id FROM #t", DYNAMIC, OPTIMISTIC)
    assert cursor.granted[2] == -1
    rows.execute("DELETE FROM #t WHERE id = 1;")
    assert cursor.ids(FIRST, size=3) == [2, 3]


def test_a_cursor_over_anything_but_a_tables_rows_becomes_static(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT COUNT(*) FROM #t GROUP BY name", KEYSET, OPTIMISTIC)
    assert cursor.granted == (STATIC, READ_ONLY, 5)


def test_a_forward_only_cursor_goes_nowhere_else(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id FROM #t", FORWARD_ONLY, OPTIMISTIC)
    assert cursor.ids() == [1, 2]
    with pytest.raises(pyodbc.Error, match="16911"):
        cursor.fetch(FIRST)


def test_the_first_rows_may_come_when_it_is_opened(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id FROM #t", FAST_FORWARD | AUTO_FETCH, size=3)
    assert [row[0] for row in cursor.opened_with] == [1, 2, 3]
    assert cursor.ids() == [4, 5]


def test_a_cursor_that_gave_all_rows_when_it_was_opened_closes_by_itself(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id FROM #t", FAST_FORWARD | AUTO_FETCH | AUTO_CLOSE, size=10)
    assert (len(cursor.opened_with), cursor.handle, cursor.status) == (5, 0, 16)


def change(connection: pyodbc.Connection, cursor: Cursor, operation: int, number: int, assigned: str = "") -> None:
    connection.execute(f"EXEC sp_cursor {cursor.handle}, {operation}, {number}, N''{assigned};")


def test_rows_of_the_window_are_changed_and_deleted_by_their_number(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id, name FROM #t", KEYSET, OPTIMISTIC)
    cursor.fetch(ABSOLUTE, 2, 3)
    change(rows, cursor, 0x21, 2, ", @name = N'changed'")
    change(rows, cursor, 0x22, 3)
    change(rows, cursor, 0x4, 0, ", 9, N'added'")
    found = rows.execute("SELECT id, name FROM #t ORDER BY id;").fetchall()
    assert [tuple(row) for row in found] == [(1, "a"), (2, "b"), (3, "changed"), (5, "e"), (9, "added")]


def test_a_row_that_changed_meanwhile_is_not_overwritten(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id, name FROM #t", KEYSET, OPTIMISTIC)
    cursor.fetch(FIRST, size=1)
    rows.execute("DELETE FROM #t WHERE id = 1;")
    with pytest.raises(pyodbc.Error, match="16934"):
        change(rows, cursor, 0x21, 1, ", @name = N'late'")


@pytest.mark.parametrize(("number", "error"), [(7, "16930"), (1, "16929")])
def test_changes_outside_of_the_window_or_through_a_static_cursor_fail(
    rows: pyodbc.Connection, number: int, error: str
) -> None:
    cursor = Cursor(rows, "SELECT id, name FROM #t", STATIC)
    cursor.fetch(FIRST)
    with pytest.raises(pyodbc.Error, match=error):
        change(rows, cursor, 0x1, number, ", @name = N'x'")


def test_a_named_cursor_is_found_by_current_of(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id, name FROM #t", KEYSET, OPTIMISTIC)
    rows.execute("EXEC sp_cursoroption ?, 2, N'mine';", cursor.handle)
    cursor.fetch(ABSOLUTE, 4, 1)
    rows.execute("UPDATE #t SET name = N'here' WHERE CURRENT OF mine;")
    assert rows.execute("SELECT id FROM #t WHERE name = N'here';").fetchval() == 4


def test_a_closed_cursor_is_unknown(rows: pyodbc.Connection) -> None:
    cursor = Cursor(rows, "SELECT id FROM #t", STATIC)
    rows.execute("EXEC sp_cursorclose ?;", cursor.handle)
    with pytest.raises(pyodbc.Error, match="16909"):
        cursor.fetch()


def test_no_cursor_is_opened_on_anything_but_a_query(rows: pyodbc.Connection) -> None:
    with pytest.raises(pyodbc.Error, match="16937"):
        Cursor(rows, "DELETE FROM #t", STATIC)


def test_a_prepared_cursor_is_opened_with_values(rows: pyodbc.Connection) -> None:
    found = rows.execute(
        "DECLARE @prepared int, @cursor int, @kind int = 8, @concurrency int = 1, @rows int; "
        "EXEC sp_cursorprepare @prepared OUTPUT, N'@from int', N'SELECT id FROM #t WHERE id >= @from', 1, "
        "@kind OUTPUT, @concurrency OUTPUT; "
        "EXEC sp_cursorexecute @prepared, @cursor OUTPUT, @kind OUTPUT, @concurrency OUTPUT, @rows OUTPUT, 4; "
        "EXEC sp_cursorunprepare @prepared; EXEC sp_cursorfetch @cursor, 2, 0, 10;"
    )
    assert found.fetchall() == []
    assert found.nextset()
    assert [row[0] for row in found.fetchall()] == [4, 5]
