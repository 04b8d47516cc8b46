"""The columns of a view as if it were a table: what its INSTEAD OF triggers and the statements that fire them see."""

from __future__ import annotations

from emulator.catalog.objects import Column, Table, View
from emulator.planning.accesses import trusted
from emulator.planning.binding import PlanContext
from emulator.planning.queries import compile_query
from emulator.planning.queries.names import inside


def shape_of(item: Table | View, ctx: PlanContext) -> Table:
    """A table itself; for a view a table with its columns and without rows."""
    if isinstance(item, Table):
        return item
    with inside(item, ctx, {}), trusted(ctx):
        plan = compile_query(item.body.query, None, ctx, ctes=item.body.ctes)
    names = item.column_names or [column.name for column in plan.columns]
    columns = [
        Column(name, column.type, True, ordinal, ordinal + 1)
        for ordinal, (name, column) in enumerate(zip(names, plan.columns, strict=True))
    ]
    return Table(item.schema, item.name, columns=columns, triggers=item.triggers, database=item.database)
