"""What a name in FROM means: an object of this or another database, a temporary table, a system view.

Documentation: "Database identifiers", "Deferred name resolution", "CREATE SYNONYM", "CREATE TABLE" (temporary tables).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from emulator.catalog import system_views
from emulator.catalog.database import Database
from emulator.catalog.objects import DatabaseObject, Module, Synonym, Table, fold
from emulator.catalog.system_views import SystemView
from emulator.catalog.system_views.absent import UNAVAILABLE
from emulator.errors import NotSupported, sql_error
from emulator.execution.stability import keep_stable
from emulator.locking.manager import LockSpace
from emulator.planning.binding import Expr, PlanContext, VariableTable
from emulator.sql import nodes

SYSTEM_SCHEMAS = frozenset({"sys", "information_schema"})


def find_object(name: nodes.ObjectName, ctx: PlanContext) -> DatabaseObject | SystemView:
    """The object that ``name`` means, synonyms followed. Temporary tables are noted in ``ctx.temporary``, permanent
    ones in ``ctx.tables``.

    What another transaction is creating, changing or dropping is waited for, as a compilation waits for its Sch-S lock
    ("Schema locks"). Errors: 208, 1222, 1205; NotSupported: names with a server.
    """
    while True:
        found = _find(name, ctx)
        if isinstance(found, Synonym):
            assert found.target is not None
            found = _find(found.target, ctx)
        if found is None:
            raise sql_error(208, name, line=name.line)
        space = _definition_locks(found)
        if space is None or not _rely_on(space, ctx):
            break
    if isinstance(found, Table):
        if not name.name.startswith("#"):
            ctx.tables.append(found)
    elif space is not None:
        ctx.related.append(space)
    return found


def _definition_locks(item: DatabaseObject | SystemView) -> LockSpace | None:
    if isinstance(item, Table):
        return None if item.store is None else item.store.locks
    return item.locks if isinstance(item, Module) else None


def _rely_on(space: LockSpace, ctx: PlanContext) -> bool:
    """Wait until nobody is changing a definition, and have it stay so while the statement is compiled.

    True: there was a wait. Errors: 1205, 1222.
    """
    session = ctx.session
    if ctx.stable is None:
        return session.await_locks(space)
    ctx.stable.append(space)
    try:
        return keep_stable(session, session.transaction or session.owned_locks, space)
    except BaseException:
        ctx.stable.pop()
        raise


def note_related(item: Table | Module, ctx: PlanContext) -> None:
    """Note for the statement that it relies on ``item``, a table of a foreign key or a function. Errors: 1205, 1222."""
    space = _definition_locks(item)
    if space is not None:
        _rely_on(space, ctx)
        ctx.related.append(space)


def _find(name: nodes.ObjectName, ctx: PlanContext) -> DatabaseObject | SystemView | None:
    if name.server is not None:
        raise NotSupported("names of four parts", name.line)
    if name.name.startswith("#"):
        return find_temporary(name.name, ctx)
    database = find_database(name, ctx)
    if database is None:
        return None
    if name.schema is not None and fold(name.schema) in SYSTEM_SCHEMAS:
        found_view = system_views.find(name.schema, name.name)
        if found_view is None and fold(name.name) in UNAVAILABLE:
            raise NotSupported(f"{name.schema}.{name.name}", name.line)
        return found_view
    for schema in (name.schema,) if name.schema else dict.fromkeys((ctx.module_schema or "dbo", "dbo")):
        found = ctx.session.look_up(database, schema, name.name)
        if found is not None:
            return found
    return system_views.find(name.schema or "dbo", name.name)


def find_database(name: nodes.ObjectName, ctx: PlanContext) -> Database | None:
    """The database that ``name`` is looked up in: the one it names, else the current one."""
    return ctx.find_database(name.database)


def find_temporary(name: str, ctx: PlanContext) -> Table | None:
    """The temporary table of that name; the plan is bound to it from now on."""
    table = ctx.session.find_temporary(name)
    if table is not None:
        ctx.temporary[fold(name)] = table
    return table


@contextmanager
def inside(module: Module, ctx: PlanContext, parameters: dict[str, Expr]) -> Iterator[None]:
    """While the body of a view or inline function is compiled: its names and options, and nothing of the query around.

    ``parameters`` are the function's, by folded name, as expressions of the arguments.
    """
    outside = (
        ctx.database,
        ctx.module_schema,
        ctx.variables,
        ctx.ctes,
        ctx.parameters,
        ctx.quoted_identifier,
        ctx.ansi_nulls,
        ctx.batch_text,
        ctx.trigger_tables,
        ctx.module,
        ctx.trusts,
    )
    ctx.database = ctx.session.instance.databases.get(fold(module.database), ctx.database)
    ctx.module_schema = module.schema
    ctx.variables = VariableTable()
    ctx.ctes = {}
    ctx.parameters = parameters
    ctx.quoted_identifier = module.quoted_identifier
    ctx.ansi_nulls = module.ansi_nulls
    ctx.batch_text = module.definition
    ctx.trigger_tables = {}
    ctx.module = module
    ctx.trusts = False
    try:
        yield
    finally:
        (
            ctx.database,
            ctx.module_schema,
            ctx.variables,
            ctx.ctes,
            ctx.parameters,
            ctx.quoted_identifier,
            ctx.ansi_nulls,
            ctx.batch_text,
            ctx.trigger_tables,
            ctx.module,
            ctx.trusts,
        ) = outside
