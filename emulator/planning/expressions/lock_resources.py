"""``%%lockres%%``: what stands for a row in locks, as ``resource_description`` of ``sys.dm_tran_locks`` has it.

It is that of the clustered index or heap. (SQL Server gives that of the index which the query reads.)

Documentation: there is none; the column is known from "Troubleshoot blocking issues", where a key's hash is looked up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import fold
from emulator.errors import NotSupported, sql_error
from emulator.planning.binding import Env, Expr, Scope
from emulator.sql import nodes
from emulator.types.sqltype import nvarchar

if TYPE_CHECKING:
    from emulator.storage.table import TableStore

LENGTH = 32


def lock_resource(node: nodes.PseudoColumn, scope: Scope | None) -> Expr:
    """The resource of the row of the table that it is qualified by, or of the only one.

    Errors: 207 there is no table, 209 more than one. NotSupported: another virtual column.
    """
    if node.name != "%%LOCKRES%%":
        raise NotSupported(node.name.lower(), node.line)
    sources = [
        source
        for source in (scope.sources if scope is not None else ())
        if source.table is not None and (node.table is None or fold(node.table.name) == fold(source.alias))
    ]
    if len(sources) != 1:
        raise sql_error(209 if sources else 207, node.name.lower(), line=node.line)
    (source,) = sources
    table, slot = source.table, source.slot
    assert table is not None
    if table.clustered is not None:
        keys = [part.ordinal for part in table.clustered.columns]
        source.used.update(keys)
        source.named.update(keys)

    def read(env: Env) -> str | None:
        return None if table.store is None else _resource(table.store, env[slot])

    return Expr(nvarchar(LENGTH), read, nullable=True, slots=frozenset((slot,)))


def _resource(store: TableStore, row: Any) -> str | None:
    """The description of a row's key; None for a row that is not there, on the inner side of an outer join."""
    base = store.base
    if row is None or all(value is None for value in row):
        return None
    if base.unique:
        return base.locks.describe(base.encode(row))
    found = next((key for key, value in base.scan() if value is row), None)
    return None if found is None else base.locks.describe(found)
