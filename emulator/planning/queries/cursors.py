"""The query of a cursor, and the row on which a cursor stands as the target of UPDATE and DELETE.

Documentation: "DECLARE CURSOR (Transact-SQL)"; "UPDATE" and "DELETE", WHERE CURRENT OF.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.errors import SqlError, sql_error
from emulator.execution.projection import projector
from emulator.execution.snapshots import refuse_conflict
from emulator.locking.manager import WHOLE
from emulator.locking.modes import LockMode
from emulator.planning.binding import SESSION, Env, PlanContext, Scope
from emulator.planning.queries.blocks import compile_block
from emulator.planning.queries.ctes import bind_ctes
from emulator.planning.queries.query import compile_query
from emulator.planning.queries.relations import StoredTable
from emulator.planning.queries.statements import column_infos
from emulator.planning.queries.targets import TargetScan, bind_change_target
from emulator.planning.queries.updatable import HIDDEN_COLUMNS, Through
from emulator.results import ColumnInfo
from emulator.sql import nodes
from emulator.storage.index import GHOST

if TYPE_CHECKING:
    from emulator.execution.cursors import Cursor
    from emulator.session import Session

NOT_UPDATABLE = frozenset({4403, 4405, 4406, 4426, 40517})


@dataclass(frozen=True, slots=True)
class CursorQuery:
    """``rows(env)`` are the result rows; if ``table`` is set each ends with the base key and the row of that table that
    it was made from, and ``remake(env, row)`` makes the columns of another version of that row."""

    columns: tuple[ColumnInfo, ...]
    rows: Callable[[Env], Iterator[tuple[Any, ...]]]
    table: StoredTable | None = None
    remake: Callable[[Env, Any], tuple[Any, ...]] | None = None


def compile_cursor_query(select: nodes.Select, ctx: PlanContext, *, by_key: bool) -> CursorQuery:
    """``by_key``: rows are to be found again in their table, if the query is made of one table's rows."""
    ctx.option_hints = select.options
    bind_ctes(select.ctes, ctx)
    query = select.query
    if by_key and query.for_clause is None:
        through = Through(nodes.DerivedTable(query, "", line=select.line), "", frozenset(), changes=False)
        try:
            return _by_key(query, through, ctx)
        except SqlError as error:
            if error.number not in NOT_UPDATABLE:
                raise
    plan = compile_query(query, None, ctx)
    return CursorQuery(column_infos(plan.columns, ctx), plan.rows)


def _by_key(query: nodes.Query, through: Through, ctx: PlanContext) -> CursorQuery:
    block = compile_block(through.check(query), query, None, ctx, through=through)
    outputs = block.outputs[:-HIDDEN_COLUMNS]
    stored = block.target
    assert stored is not None
    slot, make = stored.source.slot, projector([output.expr for output in outputs])

    def remake(env: Env, row: Any) -> tuple[Any, ...]:
        env[slot] = row
        return make(env)

    columns = column_infos([output.column for output in outputs], ctx)
    return CursorQuery(columns, block.rows, stored, None if outputs_of_windows(query) else remake)


def outputs_of_windows(query: nodes.Query) -> bool:
    """Whether columns depend on other rows, too, so that they stay what they were when the cursor was opened."""
    body = query.body
    return isinstance(body, nodes.QuerySpecification) and (body.top is not None or query.offset is not None)


def compile_current_of(
    target: nodes.ChangeTarget, where: nodes.CurrentOf, changed: Sequence[str], ctx: PlanContext
) -> TargetScan:
    """The row on which the cursor stands. Errors at run time: 16916, 16929, 16931, 16932, 16933, 16934."""
    stored, bound = bind_change_target(target, ctx)
    table, slot, key_slot = stored.table, stored.source.slot, stored.key_slot
    assert key_slot is not None
    reference = where.cursor
    index = ctx.variables.cursor(reference.name, reference.line) if isinstance(reference, nodes.Variable) else None

    def rows(env: Env) -> Iterator[None]:
        session: Session = env[SESSION]
        name = reference if isinstance(reference, nodes.CursorName) else None
        cursor: Cursor = session.find_cursor(name, env[0][index] if index is not None else None)
        key = cursor.current_key(table, changed)
        store = stored.store_of(env)
        if stored.locked:
            session.lock(store.locks, WHOLE, LockMode.IX)
            session.lock(store.base.locks, key, LockMode.U)
            refuse_conflict(session, store.base, key, table.full_name, table.database)
        row = store.base.get(key)
        if row is None or row is GHOST or not cursor.is_unchanged(row):
            raise sql_error(16934)
        env[slot], env[key_slot] = row, key
        yield

    return TargetScan(
        source=stored.source,
        table=table,
        key_slot=key_slot,
        scope=Scope(bound.sources),
        store_of=stored.store_of,
        rows=rows,
        exposed=stored.source,
        securable=table,
        single=True,
    )
