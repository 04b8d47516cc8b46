"""nodes() in FROM: the nodes of an xml value as rows.

Documentation: "nodes() method (xml data type)".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.errors import sql_error
from emulator.planning.binding import Env, PlanContext, Scope, Source, SourceColumn
from emulator.planning.expressions.xml import XML_REFERENCE, compile_operand, context_of, path_argument
from emulator.planning.queries.relations import MadeRows
from emulator.planning.queries.sources import Bound
from emulator.sql import nodes
from emulator.types.xml_paths import Reference, parse_path


def bind_nodes(item: nodes.MethodTable, parent: Scope | None, ctx: PlanContext) -> Bound:
    """``operand.nodes('path') AS alias(column)``. Errors: 258, 8172; 8155 without the name of the column."""
    operand = compile_operand(item.call, parent, ctx)
    path = parse_path(path_argument(item.call))
    if len(item.columns) != 1:
        raise sql_error(8155, 1, item.alias, line=item.line)
    value_of = operand.fn

    def rows(env: Env) -> Iterator[tuple[Any, ...]]:
        value = value_of(env)
        if value is not None:
            yield from ((Reference.to(node),) for node in path.select(context_of(value)))

    source = Source(item.alias, ctx.new_slot(), [SourceColumn(item.columns[0], XML_REFERENCE, nullable=False)])
    return Bound(MadeRows(source, rows, operand.slots), [source])
