"""TRUNCATE TABLE. Documentation: "TRUNCATE TABLE (Transact-SQL)"."""

from __future__ import annotations

from collections.abc import Callable

from emulator.catalog.objects import Table
from emulator.errors import sql_error
from emulator.execution.snapshots import forbid_snapshots_from_before
from emulator.locking.manager import WHOLE
from emulator.locking.modes import LockMode
from emulator.planning.accesses import note_access
from emulator.planning.binding import SESSION, Env, PlanContext
from emulator.planning.changes.targets import find_table
from emulator.results import ResultSink
from emulator.sql import nodes

Executable = Callable[[Env, "ResultSink | None"], int]


def compile_truncate(node: nodes.TruncateTable, ctx: PlanContext) -> Executable:
    """TRUNCATE TABLE. Errors: 208 no such table, 4712 referenced by a foreign key."""
    table = find_table(node.table, ctx)
    note_access(ctx, table, "ALTER")
    _refuse_if_referenced(table, node)
    if not node.table.name.startswith("#"):
        ctx.tables.remove(table)  # not Sch-S beforehand: two that have it could not both go on to Sch-M

    def run(env: Env, sink: ResultSink | None) -> int:
        session = env[SESSION]
        store = table.store
        assert store is not None
        session.lock(store.locks, WHOLE, LockMode.SCH_M)
        if table.object_id > 0 and session.instance.database(table.database).by_id.get(table.object_id) is not table:
            raise sql_error(208, node.table, line=node.line)
        _refuse_if_referenced(table, node)
        store.truncate(session.transaction)
        forbid_snapshots_from_before(session, store)
        return 0

    return run


def _refuse_if_referenced(table: Table, node: nodes.TruncateTable) -> None:
    if any(other is not table for other, _ in table.referenced_by):
        raise sql_error(4712, str(node.table), line=node.line)
