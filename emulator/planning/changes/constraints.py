"""NOT NULL, CHECK and FOREIGN KEY, compiled for the statement that might break them.

Documentation: errors 515 and 547; "Create foreign key relationships": a foreign key reads the referenced row, so it
waits for whoever is changing that. It reads what is there now, with locks, also where other reads are of row versions;
at level SNAPSHOT a row that somebody else has changed since the snapshot began is an update conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import ForeignKey, Table
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.settings import Isolation
from emulator.execution.snapshots import refuse_conflict
from emulator.locking.manager import WHOLE, LockSpace
from emulator.locking.modes import LockMode
from emulator.planning.accesses import trusted
from emulator.planning.binding import SESSION, Env, PlanContext, Scope, Source, SourceColumn
from emulator.planning.changes.targets import error_name
from emulator.planning.expressions import compile_condition
from emulator.storage.index import GHOST, IndexStore
from emulator.storage.keys import Row, prefix_range

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


def foreign_key_checks(table: Table, statement: str, changed: set[int] | None = None) -> list[RowCheck]:
    """For a row that is written: what it refers to must exist. Errors: 547."""
    return [
        _reference_check(table, key, statement)
        for key in table.foreign_keys
        if key.enabled and (changed is None or changed & set(key.columns))
    ]


def _reference_check(table: Table, key: ForeignKey, statement: str) -> RowCheck:
    referenced = key.referenced
    index = next(
        i for i in referenced.indexes if i.unique and {p.ordinal for p in i.columns} == set(key.referenced_columns)
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
            raise _conflict(statement, "FOREIGN KEY", key, table, referenced, key.referenced_columns)

    return check_reference


def _exists(session: Session, table: Table, index: IndexStore, key: tuple[Any, ...]) -> bool:
    """Whether the key is there, read with a shared lock that is kept at REPEATABLE READ and SERIALIZABLE.

    Errors: 3960."""
    assert table.store is not None
    _read_lock(session, table.store.locks, WHOLE, LockMode.IS)
    _read_lock(session, index.locks, key, LockMode.S)
    found = index.exists(key)
    if found:
        refuse_conflict(session, index, key, table.full_name, table.database)
    return found


def _read_lock(session: Session, space: LockSpace, key: Any, mode: LockMode) -> None:
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


def referenced_checks(table: Table, statement: str, changed: set[int] | None = None) -> list[RowCheck]:
    """For a row that is deleted, or whose key changes: nothing may refer to it. Errors: 547; NotSupported: cascades."""
    checks = []
    for other, key in table.referenced_by:
        if not key.enabled or (changed is not None and not changed & set(key.referenced_columns)):
            continue
        action = key.on_delete if changed is None else key.on_update
        if action != "NO_ACTION":
            raise NotSupported(f"ON {statement} {action.replace('_', ' ')} (foreign key {key.name})")
        checks.append(_no_reference_check(table, other, key, statement))
    return checks


def _no_reference_check(table: Table, other: Table, key: ForeignKey, statement: str) -> RowCheck:
    def check_no_reference(env: Env, row: Row) -> None:
        values = [row[ordinal] for ordinal in key.referenced_columns]
        if None not in values and _is_referenced(env[SESSION], other, key, values):
            raise _conflict(statement, "REFERENCE", key, other, other, key.columns)

    return check_no_reference


def _is_referenced(session: Session, other: Table, key: ForeignKey, values: Sequence[Any]) -> bool:
    """Look for a referencing row, through an index that begins with the key's columns if there is one."""
    store = other.store
    assert store is not None
    wanted = dict(zip(key.columns, values, strict=True))
    _read_lock(session, store.locks, WHOLE, LockMode.IS)
    for index in other.indexes:
        leading = [part.ordinal for part in index.columns[: len(wanted)]]
        if set(leading) == set(wanted) and index.predicate is None:
            found = store.base if index.clustered else store.indexes[index.name]
            low, high = prefix_range(found.encode_prefix([wanted[ordinal] for ordinal in leading]))
            return _any_live(session, other, found, found.scan(low, high), None)
    return _any_live(session, other, store.base, store.base.scan(), (list(wanted), list(wanted.values())))


def _any_live(
    session: Session,
    table: Table,
    index: IndexStore,
    entries: Iterable[tuple[Any, Any]],
    wanted: tuple[list[int], list[Any]] | None,
) -> bool:
    for key, _ in entries:
        _read_lock(session, index.locks, key, LockMode.S)
        value = index.get(key)
        if value is None or value is GHOST:
            continue
        refuse_conflict(session, index, key, table.full_name, table.database)
        if wanted is None or [value[ordinal] for ordinal in wanted[0]] == wanted[1]:
            return True
    return False


def _conflict(
    statement: str, kind: str, key: ForeignKey, table: Table, shown: Table, columns: Sequence[int]
) -> SqlError:
    column = f", column '{shown.columns[columns[0]].name}'" if len(columns) == 1 else ""
    return sql_error(547, statement, kind, key.name, table.database, shown.full_name, column, state=0)
