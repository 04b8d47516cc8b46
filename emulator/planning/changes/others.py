"""TRUNCATE TABLE and SELECT ... INTO.

Documentation: "TRUNCATE TABLE (Transact-SQL)", "SELECT - INTO clause".
"""

from __future__ import annotations

from collections.abc import Callable

from emulator.catalog.objects import Column, Identity
from emulator.catalog.stores import new_store
from emulator.errors import sql_error
from emulator.execution.snapshots import forbid_snapshots_from_before
from emulator.execution.writing import Writer
from emulator.locking.manager import WHOLE
from emulator.locking.modes import LockMode
from emulator.planning.accesses import note_access
from emulator.planning.binding import SESSION, Env, OutputColumn, PlanContext, QueryPlan
from emulator.planning.changes.targets import find_table
from emulator.results import ResultSink
from emulator.sql import nodes

Executable = Callable[[Env, "ResultSink | None"], int]


def compile_truncate(node: nodes.TruncateTable, ctx: PlanContext) -> Executable:
    """TRUNCATE TABLE. Errors: 4701 no such table, 4712 referenced by a foreign key."""
    table = find_table(node.table, ctx)
    note_access(ctx, table, "ALTER")
    if any(other is not table for other, _ in table.referenced_by):
        raise sql_error(4712, str(node.table), line=node.line)

    def run(env: Env, sink: ResultSink | None) -> int:
        session = env[SESSION]
        store = table.store
        assert store is not None
        session.lock(store.locks, WHOLE, LockMode.SCH_M)
        store.truncate(session.transaction)
        forbid_snapshots_from_before(session, store)
        return 0

    return run


def compile_select_into(
    name: nodes.ObjectName, plan: QueryPlan, ctx: PlanContext, identity: Identity | None = None
) -> Executable:
    """SELECT ... INTO: a new table with the columns of the query and its rows. Errors: 2714, 1038 a column without
    name.

    The new table is locked Sch-M to the end of the transaction; rows need no locks of their own.
    """
    for column in plan.columns:
        if not column.name:
            raise sql_error(1038, line=name.line)

    def run(env: Env, sink: ResultSink | None) -> int:
        from emulator.execution.definitions.tables import create_with_columns  # noqa: PLC0415

        rows = list(plan.rows(env))
        session = env[SESSION]
        table = create_with_columns(session, ctx, name, [_column(column, i) for i, column in enumerate(plan.columns)])
        table.store = table.store or new_store(table)
        writer = Writer(session, table, table.store, session.transaction, private=True)
        for row in rows:
            writer.insert(row)
        return len(rows)

    return run


def _column(column: OutputColumn, ordinal: int) -> Column:
    return Column(column.name, column.type, column.nullable, ordinal, ordinal + 1)
