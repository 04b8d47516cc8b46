"""What a sequence of records amounts to: images of definitions, rows of tables. It knows nothing of their meaning.

A record is one commit (or, in a checkpoint, a part of the whole) with any of these members, which apply in this order::

    "catalog":  {path: image, ...}                 definitions that came or changed; null: that went
    "drop":     [[database id, object id], ...]    tables that went
    "tables":   [{"table": [database id, object id], "place": [ordinals] or null, "replaced": true?,
                  "deleted": [place, ...]?, "rows": [row, ...], "ids": [row id, ...]?}, ...]
    "identity": [[database id, object id, last value or null], ...]
    "set":      [[path, field, value], ...]        counters within an image, ignored where there is no such image

A *place* identifies a row of a table: its values in the columns ``place`` or, where that is null, ``[row id]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.durability.values import as_row

TableId = tuple[int, int]
Row = tuple[Any, ...]
ROWS_PER_RECORD = 1000
IMAGES_PER_RECORD = 100


class TableState:
    """The rows of one table by place, in the order in which they came, with the last identity value."""

    def __init__(self) -> None:
        self.place: list[int] | None = None
        self.rows: dict[Row, Row] = {}
        self.identity: int | None = None

    def apply(self, change: dict[str, Any]) -> None:
        """Bring in what a commit did to the table."""
        if change.get("replaced"):
            self.rows = {}
        self.place = place = change["place"]
        rows = self.rows
        for deleted in change.get("deleted", ()):
            rows.pop(as_row(deleted), None)
        written = [as_row(row) for row in change["rows"]]
        if place is None:
            for row_id, row in zip(change["ids"], written, strict=True):
                rows[(row_id,)] = row
        else:
            for row in written:
                rows[tuple([row[ordinal] for ordinal in place])] = row

    def with_ids(self) -> Iterator[tuple[int | None, Row]]:
        """The rows with their row ids; None where the place is in the row."""
        if self.place is None:
            return ((place[0], row) for place, row in sorted(self.rows.items()))
        return ((None, row) for row in self.rows.values())


class State:
    """What all records so far amount to."""

    def __init__(self) -> None:
        self.images: dict[str, Any] = {}
        self.tables: dict[TableId, TableState] = {}

    def apply(self, record: dict[str, Any]) -> None:
        """Bring in one record."""
        for path, image in record.get("catalog", {}).items():
            if image is None:
                self.images.pop(path, None)
            else:
                self.images[path] = image
        for database, number in record.get("drop", ()):
            self.tables.pop((database, number), None)
        for change in record.get("tables", ()):
            self._table(*change["table"]).apply(change)
        for database, number, last in record.get("identity", ()):
            self._table(database, number).identity = last
        for path, field, value in record.get("set", ()):
            if path in self.images:
                self.images[path]["$fields"][field] = value

    def _table(self, database: int, number: int) -> TableState:
        found = self.tables.get((database, number))
        if found is None:
            found = self.tables[database, number] = TableState()
        return found

    def records(self) -> Iterator[dict[str, Any]]:
        """Records that amount to this state, none of them very large."""
        paths = list(self.images)
        for start in range(0, len(paths), IMAGES_PER_RECORD):
            yield {"catalog": {path: self.images[path] for path in paths[start : start + IMAGES_PER_RECORD]}}
        for key, table in self.tables.items():
            yield {"identity": [[*key, table.identity]]}
            rows = list(table.with_ids())
            for start in range(0, len(rows), ROWS_PER_RECORD):
                part = rows[start : start + ROWS_PER_RECORD]
                change: dict[str, Any] = {"table": key, "place": table.place, "rows": [row for _, row in part]}
                if table.place is None:
                    change["ids"] = [row_id for row_id, _ in part]
                yield {"tables": [change]}
