"""What a statement does to which objects, for the permission checks when it runs.

**Ownership chains.** Inside a module, objects of the module's owner are not checked: whoever may run the module may do
with them what it does. So what a plan lists depends on the module it belongs to, not on who runs it, and most
statements of procedures list nothing. Chains end at the border of a database.

**Columns.** SELECT, UPDATE and REFERENCES are needed on the columns that the statement names, wherever it names them.
A source of which it names none (``COUNT(*)``, ``EXISTS (SELECT 1 ...)``) is checked for all of its columns.

Documentation: "Ownership chains" in "Create a stored procedure", "Cross-database ownership chaining".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from emulator.catalog.objects import DatabaseObject, Module, fold

if TYPE_CHECKING:
    from emulator.catalog.database import Database
    from emulator.planning.binding import PlanContext, Source
    from emulator.session import Session


class Access(NamedTuple):
    """A permission that is needed on an object, or on those of its columns that are named."""

    database: Database
    item: DatabaseObject
    permission: str
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class Need:
    """An access while the statement is being compiled: ``sources`` tell in the end which columns names were bound to.

    ``columns`` are named otherwise (SET).
    """

    database: Database
    item: DatabaseObject
    permission: str
    sources: list[Source] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)

    def named(self) -> list[str]:
        """The columns that are named, or all if there are sources and none is."""
        found = [source.columns[ordinal].name for source in self.sources for ordinal in sorted(source.named)]
        if not found and self.sources:
            found = [column.name for column in self.sources[0].columns]
        return [*self.columns, *found]


def settled(needs: Iterable[Need]) -> tuple[Access, ...]:
    """What the needs of a compiled statement come to, one access for each permission on each object."""
    columns: dict[Access, dict[str, None]] = {}
    for need in needs:
        whole = Access(need.database, need.item, need.permission)
        columns.setdefault(whole, {}).update(dict.fromkeys(need.named()))
    return tuple([whole._replace(columns=tuple(names)) for whole, names in columns.items()])


def note_access(
    ctx: PlanContext,
    item: DatabaseObject,
    permission: str,
    database: Database | None = None,
    *,
    sources: Iterable[Source] = (),
    columns: Iterable[str] = (),
) -> Need | None:
    """Have the statement checked for ``permission`` on ``item``, unless an ownership chain covers it (then None).

    ``database`` is that of the item where the item does not tell. Temporary ones are the session's. ``sources`` and
    ``columns`` limit it to columns, see ``Need``.
    """
    if ctx.trusts or item.name.startswith(("#", "@")):
        return None
    home = home_of(ctx.session, item) or database or ctx.database
    if ctx.module is not None and is_chained(ctx.session, ctx.module, item, home):
        return None
    need = Need(home, item, permission, list(sources), list(columns))
    ctx.accesses.append(need)
    return need


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
