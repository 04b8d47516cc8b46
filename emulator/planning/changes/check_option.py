"""WITH CHECK OPTION: what is written through a view must be seen through it.

Documentation: "CREATE VIEW (Transact-SQL)", CHECK OPTION; error 550.
"""

from __future__ import annotations

from emulator.catalog.objects import Table, View
from emulator.errors import NotSupported, sql_error
from emulator.planning.accesses import trusted
from emulator.planning.binding import Env, PlanContext
from emulator.planning.changes.constraints import RowCheck
from emulator.planning.queries.names import find_object
from emulator.planning.queries.relations import StoredTable, conjuncts_in, leaves
from emulator.planning.queries.sources import bind_named
from emulator.sql import nodes


def option_checks(view: View | None, table: Table, ctx: PlanContext) -> list[RowCheck]:
    """The checks of rows that are written to ``table`` through ``view``, those of the views below it included.

    Errors at run time: 550. NotSupported: a view of several tables.
    """
    if view is None:
        return []
    if not view.check_option:
        return [check for inner in _views_below(view, ctx) for check in option_checks(inner, table, ctx)]
    with trusted(ctx):
        name = nodes.NamedTable(nodes.ObjectName(view.name, view.schema))
        bound = bind_named(name, None, ctx)
    stored = [leaf for leaf in leaves(bound.relation) if isinstance(leaf, StoredTable)]
    if len(stored) != 1 or stored[0].table is not table:
        raise NotSupported("changes through a view of several tables WITH CHECK OPTION")
    slot = stored[0].source.slot
    conditions = [conjunct.condition for conjunct in conjuncts_in(bound.relation)]

    def check(env: Env, row: tuple[object, ...]) -> None:
        env[slot] = row
        if not all(condition(env) for condition in conditions):
            raise sql_error(550)

    return [check] if conditions else []


def _views_below(view: View, ctx: PlanContext) -> list[View]:
    body = view.body.query.body
    found = []
    for source in getattr(body, "sources", ()):
        if isinstance(source, nodes.NamedTable):
            item = find_object(source.name, ctx)
            if isinstance(item, View):
                found.append(item)
    return found
