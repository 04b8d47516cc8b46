"""What only the bodies of triggers know: UPDATE(column), COLUMNS_UPDATED(), and where their rows are.

While a trigger runs its first variables are hidden ones: the rows of ``inserted``, those of ``deleted``, and the set of
the ordinals of the columns that the statement set.

Documentation: "UPDATE - Trigger functions", "COLUMNS_UPDATED (Transact-SQL)".
"""

from __future__ import annotations

from typing import Final

from emulator.catalog.objects import Table
from emulator.errors import sql_error
from emulator.planning.binding import VARIABLES, Env, Expr, PlanContext, Scope
from emulator.planning.expressions.conditions import ConditionExpr, tests
from emulator.sql import nodes
from emulator.types.sqltype import varbinary

INSERTED: Final = 0
DELETED: Final = 1
UPDATED: Final = 2


def _table(ctx: PlanContext, what: str, line: int) -> Table:
    """The table or view (as a shape) whose trigger is compiled. Errors: 197."""
    rows = ctx.trigger_tables.get("inserted")
    if rows is None or rows.table is None:
        raise sql_error(197, what, line=line)
    return rows.table


@tests(nodes.UpdatedColumn)
def _updated(node: nodes.UpdatedColumn, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    table = _table(ctx, "UPDATE", node.line)
    column = table.column(node.column)
    if column is None:
        raise sql_error(207, node.column, line=node.line)
    ordinal = column.ordinal
    return ConditionExpr(lambda env: ordinal in env[VARIABLES][UPDATED])


def compile_columns_updated(node: nodes.FunctionCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    """COLUMNS_UPDATED(): a bit for each column, by column id, eight to a byte, the lowest bit first."""
    table = _table(ctx, "COLUMNS_UPDATED", node.line)
    places = {column.ordinal: column.column_id - 1 for column in table.columns}
    width = max(places.values()) // 8 + 1

    def mask(env: Env) -> bytes:
        bits = sum(1 << places[ordinal] for ordinal in env[VARIABLES][UPDATED])
        return bits.to_bytes(width, "little")

    return Expr(varbinary(width), mask, nullable=False)
