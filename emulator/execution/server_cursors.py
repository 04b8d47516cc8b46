"""Cursors that a client's library opens with ``sp_cursoropen``: a window of rows that moves over a result.

A fetch makes the window: up to so many rows from some place on. Further fetches count from the window, and changes are
made to rows of it by their number in it.

Documentation: "sp_cursoropen", "sp_cursorfetch", "sp_cursor (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Table
from emulator.errors import sql_error
from emulator.execution.cursors import Cursor
from emulator.execution.frames import Frame

if TYPE_CHECKING:
    from emulator.session import Session

Row = tuple[Any, ...]


class Fetch(IntEnum):
    """Where a fetch begins: the ``@fetchtype`` of sp_cursorfetch."""

    FIRST = 0x01
    NEXT = 0x02
    PREVIOUS = 0x04
    LAST = 0x08
    ABSOLUTE = 0x10
    RELATIVE = 0x20
    REFRESH = 0x80
    INFO = 0x100
    PREVIOUS_NOT_ADJUSTED = 0x200


class ServerCursor:
    """An open cursor with its window: ``window`` are the places of its rows in the result, counted from 1.

    ``name`` is what WHERE CURRENT OF calls it; ``frame`` is where its query runs.
    """

    def __init__(self, cursor: Cursor, frame: Frame) -> None:
        self.cursor = cursor
        self.frame = frame
        self.name = cursor.name
        self.window: list[int] = []
        self._first = 0

    @property
    def first(self) -> int:
        """The place of the window's first row; 0 before the first row, one more than there are behind the last."""
        return self._first

    def fetch(self, kind: Fetch, number: int, size: int) -> list[Row | None]:
        """Move the window and read its up to ``size`` rows; None stands for a row that is gone (keyset cursors).

        Errors: 16911 any direction but NEXT, 16917 a closed cursor.
        """
        if kind is not Fetch.NEXT and kind is not Fetch.REFRESH and not self.cursor.kind.scrolls:
            raise sql_error(16911, kind.name.title())
        total = self.cursor.size
        if kind is Fetch.REFRESH:
            places = self.window
        else:
            start = min(self._start(kind, number, size, total), total + 1)
            before = start < 1 and kind is not Fetch.PREVIOUS_NOT_ADJUSTED
            places = [] if before else list(range(max(start, 1), min(start + size, total + 1)))
            self._first = max(start, 0) if places or start > total else 0
        rows = [self.cursor.move_to(self.frame, place) for place in places]
        if not self.cursor.kind.keyset:  # other cursors pass over rows that are gone
            places = [place for place, row in zip(places, rows, strict=True) if row is not None]
            rows = [row for row in rows if row is not None]
        self.window = places
        if places:
            self.cursor.move_to(self.frame, places[0])
        return rows

    def _start(self, kind: Fetch, number: int, size: int, total: int) -> int:
        match kind:
            case Fetch.FIRST:
                return 1
            case Fetch.NEXT:
                return (self.window[-1] if self.window else self._first) + 1
            case Fetch.PREVIOUS:
                return max(self._first - size, 1) if self._first > 1 else 0
            case Fetch.PREVIOUS_NOT_ADJUSTED:
                return self._first - size
            case Fetch.LAST:
                return max(total - size + 1, 1)
            case Fetch.RELATIVE:
                return self._first + number
            case _:
                return number if number >= 0 else total + 1 + number

    def stand_on(self, number: int) -> None:
        """Stand on row ``number`` of the window. Errors: 16930 no such row, 16931 no rows at all, 16934 it is gone."""
        if not self.window:
            raise sql_error(16931)
        if not 1 <= number <= len(self.window):
            raise sql_error(16930)
        if self.cursor.move_to(self.frame, self.window[number - 1]) is None:
            raise sql_error(16934)

    @property
    def table(self) -> Table:
        """The table that is changed through the cursor. Errors: 16929 it is read only."""
        table = self.cursor.table
        if table is None or self.cursor.kind.read_only:
            raise sql_error(16929)
        return table

    def close(self, session: Session) -> None:
        """Forget the result and the name."""
        session.cursors.pop(self.name, None)
        if self.cursor.is_open:
            self.cursor.close(session)


def change_text(kind: str, table: Table, columns: Sequence[str], cursor: str) -> str:
    """The statement that changes the current row, or adds one; the values are parameters ``@P1``, ``@P2``, ..."""
    target = f"[{table.database}].[{table.schema}].[{table.name}]" if not table.name.startswith("#") else table.name
    names = [f"[{column.replace(']', ']]')}]" for column in columns]
    values = [f"@P{number}" for number in range(1, len(names) + 1)]
    match kind:
        case "UPDATE":
            assigned = ", ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True))
            return f"UPDATE {target} SET {assigned} WHERE CURRENT OF GLOBAL [{cursor}]"
        case "INSERT":
            return f"INSERT INTO {target} ({', '.join(names)}) VALUES ({', '.join(values)})"
        case _:
            return f"DELETE FROM {target} WHERE CURRENT OF GLOBAL [{cursor}]"
