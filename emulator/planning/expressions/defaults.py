"""Default values of columns: expressions in which NEWSEQUENTIALID may stand, alone.

Documentation: "NEWSEQUENTIALID (Transact-SQL)", "Specify default values for columns".
"""

from __future__ import annotations

from emulator.errors import sql_error
from emulator.execution.functions.registry import FUNCTIONS
from emulator.planning.binding import Expr, PlanContext
from emulator.planning.expressions.calls import SEQUENTIAL_ID, call_function
from emulator.planning.expressions.conversions import assign_to
from emulator.planning.expressions.scalars import compile_scalar
from emulator.sql import nodes
from emulator.types.sqltype import SqlType


def compile_default(node: nodes.Expression, type: SqlType, ctx: PlanContext) -> Expr:
    """The default of a column of ``type``. Errors: 302 NEWSEQUENTIALID for another type than uniqueidentifier."""
    if isinstance(node, nodes.FunctionCall) and node.name.name.upper() == SEQUENTIAL_ID:
        if type.name != "uniqueidentifier":
            raise sql_error(302, SEQUENTIAL_ID.lower(), line=node.line)
        return call_function(FUNCTIONS[SEQUENTIAL_ID], node.arguments, None, ctx, node.line)
    return assign_to(compile_scalar(node, None, ctx), type)
