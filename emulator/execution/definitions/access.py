"""What every definition statement does: find its object, lock it against everybody, change the catalog undoably.

Documentation: "Schema locks" in the transaction locking guide: DDL holds Sch-M on the object until its transaction
ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import Database
from emulator.catalog.dependencies import schema_bound
from emulator.catalog.objects import Constraint, DatabaseObject, Module, Table, constraint_objects, fold
from emulator.catalog.principals import PrincipalCatalog, Securable
from emulator.errors import SqlError, sql_error
from emulator.execution.authorization import may, may_in_schema, require_in_database, securable_of
from emulator.execution.failures import statement_failed
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.plans import as_unit
from emulator.execution.settings import Isolation
from emulator.execution.snapshots import forbid_snapshots_from_before
from emulator.execution.units import UnitCompiler
from emulator.locking.manager import WHOLE
from emulator.locking.modes import LockMode
from emulator.planning.binding import PlanContext
from emulator.sql import nodes
from emulator.types.sqltype import DATETIME
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.session import Session

OBJECT_CLASSES = (1, 2, 7)
"""The classes of extended properties of an object and of its columns, parameters and indexes."""

UNVERSIONED = (nodes.AlterTable, nodes.CreateIndex, nodes.AlterIndex, nodes.DropIndex)
"""What a transaction at level SNAPSHOT must not do ("Transaction locking and row versioning guide")."""

STRUCTURAL = (nodes.AlterTable, nodes.CreateIndex, nodes.AlterIndex, nodes.CreateStatistics, nodes.UpdateStatistics)
"""With DROP TABLE and TRUNCATE TABLE the statements whose errors end the batch."""


def definition_step(node: nodes.Statement, act: Callable[[Frame], None]) -> Step:
    """A step that runs ``act`` as one undoable statement and reports no count.

    Errors: 3930 in a doomed transaction; 3964 in one at level SNAPSHOT, for definitions that have no versions.
    """
    unversioned = isinstance(node, UNVERSIONED)
    structural = isinstance(node, STRUCTURAL) or (isinstance(node, nodes.Drop) and node.kind == "TABLE")

    def define(frame: Frame) -> None:
        assert frame.session.transaction is not None
        frame.session.transaction.defines = True
        act(frame)

    def run_definition(frame: Frame) -> Signal | None:
        session = frame.session
        frame.node = node
        try:
            if session.doomed:
                raise sql_error(3930)
            if unversioned and session.trancount and session.settings.isolation is Isolation.SNAPSHOT:
                raise sql_error(3964)
            session.begin_implicitly()
            as_unit(frame, define, frame)
        except SqlError as error:
            return statement_failed(frame, error, node.line, structural=structural)
        session.row_count = 0
        session.error_number = 0
        session.sink.done(None)
        session.switch_point()
        return None

    return run_definition


def place_of(frame: Frame, compiler: UnitCompiler, name: nodes.ObjectName, database: Database) -> Place:
    """Where the running statement works: ``name``, in ``database`` unless it says otherwise."""
    return Place(compiler.context(database, frame.session), name)


class Place:
    """Where a definition statement works: the database and the name it was given, for the session that runs it."""

    def __init__(self, context: PlanContext, name: nodes.ObjectName) -> None:
        self.session = context.session
        self.context = context
        if name.database is None:
            self.database = context.database
        else:
            self.database = self.session.instance.database(name.database, name.line)
        self.schema = name.schema or context.module_schema or "dbo"
        self.name = name.name
        self.node = name

    @property
    def is_temporary(self) -> bool:
        """Whether the name is that of a temporary table."""
        return self.name.startswith("#")

    def existing_schema(self) -> str:
        """The schema in its own spelling. Errors: 2760."""
        found = self.database.schemas.get(fold(self.schema))
        if found is None:
            raise sql_error(2760, self.schema, line=self.node.line)
        return found.name

    def creating(self, permission: str) -> str:
        """The schema for a new object, in its own spelling. ``permission`` is on the database, ALTER on the schema.

        Errors: 262, 2760.
        """
        require_in_database(self.session, permission, self.database, self.node.line)
        return self.changing_schema()

    def changing_schema(self) -> str:
        """The same for objects that ALTER on the schema is enough for. Errors: 2760."""
        schema = self.existing_schema()
        if not self.session.unchecked and not may_in_schema(self.session, "ALTER", schema, self.database):
            raise sql_error(2760, self.schema, line=self.node.line)
        return schema

    def require_drop(self, item: DatabaseObject, kind: str, action: str = "drop") -> None:
        """ALTER on the schema or CONTROL of the object, to drop it; ALTER of it, to alter it. Errors: 3701."""
        session = self.session
        if session.unchecked or may(session, "CONTROL" if action == "drop" else "ALTER", item, self.database):
            return
        if not may_in_schema(session, "ALTER", item.schema, self.database):
            raise SqlError(3701, 14, 20, sql_error(3701, action, kind, str(self.node)).message, self.node.line)

    def table(self, mode: LockMode = LockMode.SCH_M) -> Table:
        """The table, locked for a change of its definition. Errors: 4902; 1088 without ALTER on it."""
        table = lock_found(self.session, self.find_table, self._admit_change, mode)
        if table is None:
            raise sql_error(4902, str(self.node), line=self.node.line)
        return table

    def _admit_change(self, table: Table) -> None:
        if table.store is None:
            raise sql_error(4902, str(self.node), line=self.node.line)
        if not (self.is_temporary or self.session.unchecked or may(self.session, "ALTER", table, self.database)):
            raise sql_error(1088, str(self.node), state=13, line=self.node.line)

    def find_table(self) -> Table | None:
        """The table of that name, if there is one. Errors: 1205, 1222."""
        if self.is_temporary:
            return self.session.find_temporary(self.name)
        found = self.session.look_up(self.database, self.schema, self.name)
        return found if isinstance(found, Table) else None

    def now(self) -> int:
        """The present as a datetime value."""
        return datetime_now(self.session)


def lock_definition(session: Session, table: Table, mode: LockMode = LockMode.SCH_M) -> None:
    """Lock a table to the end of the transaction, for a change of its definition."""
    store = table.store
    assert store is not None
    session.lock(store.locks, WHOLE, mode)
    if mode is not LockMode.IX:
        forbid_snapshots_from_before(session, store)


def lock_found(
    session: Session,
    find: Callable[[], Table | None],
    admit: Callable[[Table], None] | None = None,
    mode: LockMode = LockMode.SCH_M,
) -> Table | None:
    """The table that ``find`` gives, locked for a change of its definition; what it gives then, if somebody changed
    that meanwhile. None: there is none.

    ``admit`` refuses a table, by an error, before it is locked. Errors: those; 1205, 1222.
    """
    while True:
        table = find()
        if table is None:
            return None
        if admit is not None:
            admit(table)
        lock_definition(session, table, mode)
        if find() is table:
            return table


def lock_module(session: Session, module: Module) -> None:
    """Lock a module to the end of the transaction, for a change of it. Errors: 1205, 1222."""
    assert module.locks is not None
    session.lock(module.locks, WHOLE, LockMode.SCH_M)


def lock_name(session: Session, database: Database, schema: str, name: str) -> None:
    """Lock a name to the end of the transaction: others who create, alter or drop what it means, or look it up, wait.

    Errors: 1205, 1222.
    """
    session.lock(database.names, (fold(schema), fold(name)), LockMode.X)


def find_to_change(session: Session, database: Database, schema: str, name: str) -> DatabaseObject | None:
    """The object of that name if there is one, locked for a change: its name, and the table that it is or belongs to.

    Errors: 1205, 1222.
    """
    while True:
        found = session.look_up(database, schema, name)
        if found is None:
            return None
        table = found if isinstance(found, Table) else getattr(found, "table", None)
        if isinstance(table, Table):
            lock_definition(session, table)
        elif isinstance(found, Module):
            lock_module(session, found)
        lock_name(session, database, schema, name)
        if database.find(schema, name) is found:
            return found


def datetime_now(session: Session) -> int:
    """The present time of the instance's clock as a datetime value."""
    now: int = from_timestamp(DATETIME, session.instance.clock.now())
    return now


def refuse_if_bound(
    session: Session, database: Database, item: DatabaseObject, operation: str, name: str, line: int
) -> None:
    """Errors: 3729 when a module is bound to ``item`` by SCHEMABINDING."""
    module = schema_bound(database, item)
    if module is not None and module is not item:
        raise sql_error(3729, operation, name, module.name, line=line)


def enter(session: Session, database: Database, item: DatabaseObject) -> None:
    """Put a new object into the catalog. Errors: 2714 when its name is taken; 1205, 1222."""
    lock_name(session, database, item.schema, item.name)
    if database.find(item.schema, item.name) is not None:
        raise sql_error(2714, item.name, state=6)
    item.created = item.modified = datetime_now(session)
    database.add(item)
    undo(session, database.remove, item)


def take_out(session: Session, database: Database, item: DatabaseObject) -> None:
    """Remove an object from the catalog, with the permissions on it and its extended properties. Errors: 1205, 1222."""
    lock_name(session, database, item.schema, item.name)
    forget_permissions(session, database.security, securable_of(item))
    forget_properties(session, database, OBJECT_CLASSES, item.object_id)
    database.remove(item)
    undo(session, database.add, item)


def forget_permissions(session: Session, catalog: PrincipalCatalog, securable: Securable) -> None:
    """Remove all permissions on a securable, and its columns, that is dropped or gets another owner."""
    for permission in (*catalog.on(securable), *catalog.on_columns(securable)):
        catalog.take(permission)
        undo(session, catalog.put, permission)


def forget_properties(
    session: Session, database: Database, classes: tuple[int, ...], major_id: int, minor_id: int | None = None
) -> None:
    """Remove the extended properties of what is dropped: an object with all its parts, or one part."""
    for item in database.properties.owned_by(classes, major_id, minor_id):
        database.properties.take(item)
        undo(session, database.properties.put, item)


def undo(session: Session, function: Callable[..., object], *arguments: object) -> None:
    """Have the running statement's transaction call ``function`` if it is rolled back."""
    assert session.transaction is not None
    session.transaction.on_rollback(function, *arguments)


def changed(database: Database) -> None:
    """Make every plan that was made before void."""
    database.version += 1


def touch(session: Session, database: Database, item: DatabaseObject) -> None:
    """Note that a definition changed: its time, and that plans are void, now and if the change is undone."""
    previous = item.modified
    item.modified = datetime_now(session)
    undo(session, setattr, item, "modified", previous)
    undo(session, changed, database)
    changed(database)


def enter_constraints(session: Session, database: Database, table: Table) -> None:
    """Give the constraints of ``table`` that have no id yet their ids and names in the catalog. Errors: 2714."""
    objects = {item.name: item for item in constraint_objects(table)}
    for record in _constraint_records(table):
        if record.object_id == 0:
            item = objects[record.name]
            enter(session, database, item)
            record.object_id = item.object_id


def number_constraints(session: Session, table: Table) -> None:
    """Give the constraints of a temporary table that have no id yet their ids."""
    tempdb = session.instance.databases["tempdb"]
    for record in _constraint_records(table):
        if record.object_id == 0:
            record.object_id = tempdb.allocate_id()


def _constraint_records(table: Table) -> list[Any]:
    return [
        *(index for index in table.indexes if index.primary_key or index.unique_constraint),
        *table.checks,
        *table.foreign_keys,
        *(column.default for column in table.columns if column.default is not None),
    ]


def take_out_constraint(session: Session, database: Database, table: Table, name: str) -> None:
    """Free the name of a constraint that is gone."""
    item = database.find_kind(Constraint, table.schema, name)
    if item is not None:
        take_out(session, database, item)
