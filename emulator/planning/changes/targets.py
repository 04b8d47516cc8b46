"""The table that an INSERT or an OUTPUT INTO writes to, and how to write to it at run time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Table
from emulator.errors import NotSupported, sql_error
from emulator.execution.writing import RecordingWriter, Writer
from emulator.locking.modes import LockMode
from emulator.planning.accesses import note_access
from emulator.planning.binding import SESSION, VARIABLES, Env, PlanContext
from emulator.planning.queries.names import find_object
from emulator.sql import nodes
from emulator.storage.table import TableStore
from emulator.storage.transaction import UndoLog
from emulator.storage.usage import Use

if TYPE_CHECKING:
    from emulator.planning.changes.following import AfterChange
    from emulator.planning.queries.targets import TargetScan

WITHOUT_EFFECT = frozenset(
    {"ROWLOCK", "UPDLOCK", "XLOCK", "HOLDLOCK", "SERIALIZABLE", "REPEATABLEREAD", "READCOMMITTED", "READCOMMITTEDLOCK"}
)
"""Hints that change nothing for the target of an INSERT, whose rows are locked X anyway."""
TABLE_LOCKS = frozenset({"TABLOCK", "TABLOCKX"})


@dataclass(frozen=True, slots=True)
class Target:
    """A table to write to. ``private``: only its session sees it, so it is not locked. ``table_lock``: X (TABLOCK) or
    BU in place of IX and row locks, NL where a scan takes it. ``after`` is set when more follows from the change:
    cascades, triggers."""

    table: Table
    store_of: Callable[[Env], TableStore]
    private: bool
    is_variable: bool = False
    table_lock: LockMode = LockMode.IX
    after: AfterChange | None = None

    def write(self, env: Env, body: Callable[[Writer], int], finish: Callable[[], None] | None = None) -> int:
        """Run ``body`` with a writer, then ``finish``, then what else follows from the change.

        Changes of a table variable are undone when it fails, and final when not.
        """
        session = env[SESSION]
        if not self.is_variable:
            if self.after is not None:
                return self._write_and_follow(env, body, finish, self.after)
            store, transaction, mode = self.store_of(env), session.transaction, self.table_lock
            count = body(Writer(session, self.table, store, transaction, private=self.private, table_lock=mode))
            if finish is not None:
                finish()
            return count
        undo = UndoLog()
        try:
            count = body(Writer(session, self.table, self.store_of(env), undo, private=True))
        except BaseException:
            undo.rollback_to(0)
            raise
        finally:
            undo.discard()
        if finish is not None:
            finish()
        return count

    def _write_and_follow(
        self, env: Env, body: Callable[[Writer], int], finish: Callable[[], None] | None, after: AfterChange
    ) -> int:
        session = env[SESSION]
        store, transaction, mode = self.store_of(env), session.transaction, self.table_lock
        writer = RecordingWriter(session, self.table, store, transaction, private=self.private, table_lock=mode)
        after.begin(env)
        count = body(writer)
        if finish is not None:
            finish()
        after.follow(env, writer, count)
        return count


def scanned_target(scan: TargetScan, after: AfterChange | None) -> Target:
    """The target of an UPDATE, DELETE or MERGE."""
    table = scan.table
    is_variable = table.name.startswith("@")
    private = is_variable or is_private(table)
    return Target(table, scan.store_of, private, is_variable=is_variable, table_lock=LockMode.NL, after=after)


def bind_target(node: nodes.ChangeTarget, ctx: PlanContext) -> Target:
    """The target that ``node`` names. Errors: 208, 1065, 1087; NotSupported: views, unusual hints."""
    table_lock = LockMode.IX
    for hint in node.hints:
        if hint.name in TABLE_LOCKS:
            table_lock = LockMode.X
        elif hint.name in ("NOLOCK", "READUNCOMMITTED"):
            raise sql_error(1065, line=node.line)
        elif hint.name not in WITHOUT_EFFECT:
            raise NotSupported(f"table hint {hint.name} on the target of INSERT", node.line)
    if isinstance(node, nodes.VariableTable):
        return variable_target(node.name, ctx, node.line)
    table = find_table(node.name, ctx)
    note_access(ctx, table, "INSERT")
    note_changes(table, ctx)
    return Target(table, store_of(table), is_private(table), table_lock=table_lock)


def note_changes(table: Table, ctx: PlanContext, changed: Collection[int] | None = None) -> None:
    """Note for the statement which indexes it changes: all, or those with one of the columns ``changed``."""
    store = table.store
    if store is None:
        return
    ctx.uses.append(store.base.usage.counts[Use.UPDATE])
    for index in table.indexes:
        columns = {*(part.ordinal for part in index.columns), *index.included, *index.predicate_columns}
        if index.name in store.indexes and (changed is None or columns & set(changed)):
            ctx.uses.append(store.indexes[index.name].usage.counts[Use.UPDATE])


def variable_target(name: str, ctx: PlanContext, line: int) -> Target:
    """A table variable as a target."""
    info = ctx.variables.table(name, line)
    assert info.table is not None
    index = info.index

    def store(env: Env) -> TableStore:
        found: TableStore = env[VARIABLES][index]
        return found

    return Target(info.table, store, private=True, is_variable=True)


def find_table(name: nodes.ObjectName, ctx: PlanContext) -> Table:
    """The table called ``name``, temporary ones included. Errors: 208; NotSupported: views."""
    found = find_object(name, ctx)
    if isinstance(found, Table):
        return found
    raise NotSupported("changing rows of anything but a table", name.line)


def store_of(table: Table) -> Callable[[Env], TableStore]:
    """The store of a permanent or temporary table, fixed in the plan."""
    store: Any = table.store
    return lambda env: store


def is_private(table: Table) -> bool:
    """Whether it is a local temporary table."""
    return table.name.startswith("#") and not table.name.startswith("##")


def error_name(table: Table) -> str:
    """The table as messages about its rows name it: ``database.schema.table``, ``@variable``."""
    if not table.schema:
        return table.name
    return f"{table.database}.{table.full_name}"
