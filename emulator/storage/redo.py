"""What a transaction did to the rows of durable tables, for the log: derived from its undo records when it commits.

X locks are held to the end, so what is under a key that the transaction wrote is what it leaves there. A change is told
in values, without regard to how keys are encoded: rows that went by their *place* (the values of the clustered key, or
the row id where that is not unique), rows that came whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from emulator.storage.index import GHOST, IndexStore
from emulator.storage.keys import Key, Row
from emulator.storage.table import TableStore

Place = tuple[Any, ...]


@dataclass(slots=True)
class TableChange:
    """What became of the rows of a table.

    ``replaced``: nothing that was there before counts. ``deleted`` are places; ``written`` are rows with their row ids
    (None under a unique clustered index, where the place is in the row). A row that moved is in both.
    """

    table: TableStore
    replaced: bool = False
    deleted: list[Place] = field(default_factory=list)
    written: list[tuple[int | None, Row]] = field(default_factory=list)


def changes(records: Iterable[tuple[Any, ...]]) -> list[TableChange]:
    """The changes of a transaction that is about to commit, one for each durable table, from its undo records."""
    touched: dict[TableStore, dict[Key, Any]] = {}
    replaced: dict[TableStore, None] = {}
    for record in records:
        owner = getattr(record[0], "__self__", None)
        if isinstance(owner, IndexStore):
            table = owner.base_of
            if table is None or not table.durable:
                continue
            entry = owner.entry_of(record)
            if entry is not None:
                touched.setdefault(table, {}).setdefault(*entry)
            else:
                replaced[table] = None
        elif isinstance(owner, TableStore) and owner.durable and record[1] is not owner.base:
            replaced[owner] = None
    found = [_whole(table) for table in replaced]
    return found + [_partial(table, keys) for table, keys in touched.items() if table not in replaced]


def place_columns(table: TableStore) -> tuple[int, ...] | None:
    """The ordinals of the columns that make up a row's place, None where that is its row id."""
    return table.base.definition.key_columns if table.base.unique else None


def _whole(table: TableStore) -> TableChange:
    change = TableChange(table, replaced=True)
    unique = table.base.unique
    change.written = [(None if unique else key[-1], row) for key, row in table.base.scan() if row is not GHOST]
    return change


def _partial(table: TableStore, keys: dict[Key, Any]) -> TableChange:
    change = TableChange(table)
    columns = place_columns(table)
    values = table.base.values
    for key, before in keys.items():
        after = values.get(key, GHOST)
        row_id = None if columns is not None else key[-1]
        if isinstance(before, tuple):
            place = (row_id,) if columns is None else tuple([before[column] for column in columns])
            if after is GHOST or (columns is not None and place != tuple([after[column] for column in columns])):
                change.deleted.append(place)
        if after is not GHOST:
            change.written.append((row_id, after))
    return change
