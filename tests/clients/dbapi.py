"""What connections of Python's DB-API (PEP 249) with ``autocommit`` as an attribute have in common."""

from __future__ import annotations

from typing import Any

from tests.clients.client import Row


def results_of(cursor: Any) -> list[list[Row]]:
    """All result sets that the cursor has, to the last."""
    results = []
    while True:
        if cursor.description is not None:
            results.append([tuple(row) for row in cursor.fetchall()])
        if not cursor.nextset():
            return results


class DbApiConnection:
    """A connection whose transactions are begun by switching autocommit off."""

    _connection: Any

    def begin(self) -> None:
        self._connection.autocommit = False

    def commit(self) -> None:
        self._connection.commit()
        self._connection.autocommit = True

    def rollback(self) -> None:
        self._connection.rollback()
        self._connection.autocommit = True

    def close(self) -> None:
        self._connection.close()
