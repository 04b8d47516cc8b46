"""What a statement does to which objects, for the permission checks when it runs.

**Ownership chains.** Inside a module, objects of the module's owner are not checked: whoever may run the module may do
with them what it does. So what a plan lists depends on the module it belongs to, not on who runs it, and most
statements of procedures list nothing. Chains end at the border of a database.

Documentation: "Ownership chains" in "Create a stored procedure", "Cross-database ownership chaining".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from emulator.catalog.objects import DatabaseObject, Module, fold

if TYPE_CHECKING:
    from emulator.catalog.database import Database
    from emulator.planning.binding import PlanContext
    from emulator.session import Session


class Access(NamedTuple):
    """A permission that is needed on an object."""

    database: Database
    item: DatabaseObject
    permission: str


def note_access(ctx: PlanContext, item: DatabaseObject, permission: str, database: Database | None = None) -> None:
    """Have the statement checked for ``permission`` on ``item``, unless an ownership chain covers it.

    ``database`` is that of the item where the item does not tell. Temporary ones are the session's.
    """
    if ctx.trusts or item.name.startswith(("#", "@")):
        return
    home = home_of(ctx.session, item) or database or ctx.database
    if ctx.module is not None and is_chained(ctx.session, ctx.module, item, home):
        return
    access = Access(home, item, permission)
    if access not in ctx.accesses:
        ctx.accesses.append(access)


def home_of(session: Session, item: DatabaseObject) -> Database | None:
    """The database of an object that knows it."""
    name: str = getattr(item, "database", "")
    return session.instance.databases.get(fold(name)) if name else None


def is_chained(session: Session, module: Module, item: DatabaseObject, database: Database) -> bool:
    """Whether ``item`` of ``database`` has the same owner as the module that refers to it."""
    return home_of(session, module) is database and database.owner_of(module) == database.owner_of(item)


@contextmanager
def trusted(ctx: PlanContext) -> Iterator[None]:
    """While a table's own expressions are compiled (defaults, checks): they are its owner's affair."""
    before = ctx.trusts
    ctx.trusts = True
    try:
        yield
    finally:
        ctx.trusts = before
