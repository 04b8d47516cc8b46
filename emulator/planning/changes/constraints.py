"""NOT NULL, CHECK and FOREIGN KEY, compiled for the statement that might break them.

Documentation: errors 515 and 547; "Create foreign key relationships": a foreign key reads the referenced row, so it
waits for whoever is changing that. It reads what is there now, with locks, also where other reads are of row versions;
at level SNAPSHOT a row that somebody else has changed since the snapshot began is an update conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import ForeignKey, Table
from emulator.errors import SqlError, sql_error
from emulator.execution.settings import Isolation
from emulator.execution.snapshots import refuse_conflict
from emulator.locking.manager import WHOLE, LockSpace
from emulator.locking.modes import LockMode
from emulator.planning.accesses import trusted
from emulator.planning.binding import SESSION, Env, PlanContext, Scope, Source, SourceColumn
from emulator.planning.changes.targets import error_name
from emulator.planning.expressions import compile_condition
from emulator.planning.queries.names import note_related
from emulator.storage.index import IndexStore
from emulator.storage.keys import Row

if TYPE_CHECKING:
    from emulator.session import Session

RowCheck = Callable[[Env, Row], None]


def row_source(table: Table, alias: str, slot: int) -> Source:
    """The columns of ``table`` as a row source: a row about to be written, ``inserted``, ``deleted``."""
    columns = [
        SourceColumn(column.name, column.type, column.nullable, column.identity is not None) for column in table.columns
    ]
    return Source(alias, slot, columns, table, table.schema or None)


def null_check(table: Table, statement: str) -> RowCheck | None:
    """Errors: 515."""
    required = [column.ordinal for column in table.columns if not column.nullable]
    if not required:
        return None

    def check_nulls(env: Env, row: Row) -> None:
        for ordinal in required:
            if row[ordinal] is None:
                raise sql_error(515, table.columns[ordinal].name, error_name(table), statement, state=2)

    return check_nulls


def check_constraints(
    table: Table, statement: str, ctx: PlanContext, changed: set[int] | None = None
) -> list[RowCheck]:
    """The CHECK constraints that are enabled; errors: 547. ``changed``: only those that could read these columns."""
    from emulator.execution.definitions.shapes import column_names  # noqa: PLC0415  (definitions execute plans)

    checks: list[RowCheck] = []
    changed_names = None if changed is None else {table.columns[ordinal].name.lower() for ordinal in changed}
    for constraint in table.checks:
        if not constraint.enabled:
            continue
        if changed_names is not None and not changed_names & column_names(constraint.expression):
            continue
        slot = ctx.new_slot()
        with trusted(ctx):
            scope = Scope([row_source(table, table.name, slot)])
            condition = compile_condition(constraint.expression, scope, ctx).fn
        column = "" if constraint.column is None else f", column '{table.columns[constraint.column].name}'"
        error_values = (statement, "CHECK", constraint.name, table.database, table.full_name, column)
        checks.append(_check(condition, slot, error_values))
    return checks


def _check(condition: Callable[[Env], Any], slot: int, error_values: tuple[str, ...]) -> RowCheck:
    def check(env: Env, row: Row) -> None:
        env[slot] = row
        if condition(env) is False:
            raise sql_error(547, *error_values, state=0)

    return check


def foreign_key_checks(
    table: Table, statement: str, ctx: PlanContext, changed: set[int] | None = None, *, to_itself: bool = False
) -> list[RowCheck]:
    """For a row that is written: what it refers to must exist. Errors: 547.

    ``to_itself``: the keys that refer to the table itself, which hold when all rows are written; else the others.
    """
    return [
        _reference_check(table, key, statement, ctx)
        for key in table.foreign_keys
        if key.enabled and (key.referenced is table) is to_itself and (changed is None or changed & set(key.columns))
    ]


def _reference_check(table: Table, key: ForeignKey, statement: str, ctx: PlanContext) -> RowCheck:
    referenced = key.referenced
    note_related(referenced, ctx)
    index = next(
        item
        for item in referenced.indexes
        if item.unique and item.made_by is None and {p.ordinal for p in item.columns} == set(key.referenced_columns)
    )
    by_target = dict(zip(key.referenced_columns, key.columns, strict=True))
    places = [by_target[part.ordinal] for part in index.columns]

    def check_reference(env: Env, row: Row) -> None:
        values = [row[place] for place in places]
        if None in values:
            return
        store = referenced.store
        assert store is not None
        found = store.base if index.clustered else store.indexes[index.name]
        if not _exists(env[SESSION], referenced, found, found.encode_prefix(values)):
            raise conflict(statement, "FOREIGN KEY", key, table, referenced, key.referenced_columns)

    return check_reference


def _exists(session: Session, table: Table, index: IndexStore, key: tuple[Any, ...]) -> bool:
    """Whether the key is there, read with a shared lock that is kept at REPEATABLE READ and SERIALIZABLE.

    Errors: 3960."""
    assert table.store is not None
    read_lock(session, table.store.locks, WHOLE, LockMode.IS)
    read_lock(session, index.locks, key, LockMode.S)
    found = index.exists(key)
    if found:
        refuse_conflict(session, index, key, table.full_name, table.database)
    return found


def read_lock(session: Session, space: LockSpace, key: Any, mode: LockMode) -> None:
    """Lock what a constraint reads; the lock is kept from REPEATABLE READ on."""
    locks, transaction = session.instance.locks, session.transaction
    assert transaction is not None
    keep = session.settings.isolation in (Isolation.REPEATABLE_READ, Isolation.SERIALIZABLE)
    if not keep and not locks.would_wait(transaction, space, key, mode):
        return
    previous = locks.held_mode(transaction, space, key)
    session.lock(space, key, mode)
    if not keep:
        if previous in (LockMode.NL, mode) or locks.held_mode(transaction, space, key) is previous:
            locks.release(transaction, space, key)
        else:
            locks.restore(transaction, space, key, previous)


def conflict(
    statement: str, kind: str, key: ForeignKey, table: Table, shown: Table, columns: Sequence[int]
) -> SqlError:
    """Error 547 for a foreign key."""
    column = f", column '{shown.columns[columns[0]].name}'" if len(columns) == 1 else ""
    return sql_error(547, statement, kind, key.name, table.database, shown.full_name, column, state=0)
