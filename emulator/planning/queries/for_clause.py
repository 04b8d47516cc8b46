"""FOR JSON and FOR XML: a query whose rows become one text.

Inside another query the text is one value: NULL without rows, and without a name. Sent to a client it has a name of its
own and comes in rows of 2,033 characters.

Documentation: "Format query results as JSON with FOR JSON", "FOR XML (SQL Server)".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from emulator.errors import NotSupported
from emulator.planning.binding import Env, OutputColumn, PlanContext, QueryPlan, Scope
from emulator.planning.expressions.scalars import column_of
from emulator.planning.queries.blocks import compile_block
from emulator.planning.queries.for_json import JSON_COLUMN, json_maker
from emulator.planning.queries.for_xml import XML_COLUMN, xml_maker
from emulator.planning.queries.levels import Row
from emulator.planning.queries.select_list import Output
from emulator.sql import nodes
from emulator.types.sqltype import NVARCHAR_MAX, XML, SqlType

PIECE = 2033
"""Characters in one row of a result sent to a client."""

Maker = Callable[[list[Row]], str | None]


def compile_for(query: nodes.Query, scope: Scope | None, ctx: PlanContext) -> QueryPlan:
    """A query with FOR, as a query of one row with the text. Errors: those of the query and the clause."""
    clause = query.for_clause
    plan, outputs = _compile_inside(replace(query, for_clause=None), scope, ctx)
    match clause:
        case nodes.ForJson():
            return _one_text(plan, json_maker(clause, outputs), NVARCHAR_MAX)
        case nodes.ForXml():
            return _one_text(plan, xml_maker(clause, outputs), XML if clause.typed else NVARCHAR_MAX)
        case _:
            raise NotSupported(f"FOR {type(clause).__name__[3:].upper()}", query.line)


def for_client(plan: QueryPlan, clause: nodes.ForClause) -> QueryPlan:
    """The plan of a query with FOR as a statement sends it: no row if there is no text, else as many as it takes.

    With TYPE it is one value like any other.
    """
    if isinstance(clause, nodes.ForXml) and clause.typed:
        return plan
    rows = plan.rows
    name = JSON_COLUMN if isinstance(clause, nodes.ForJson) else XML_COLUMN

    def pieces(env: Env) -> Iterator[Row]:
        for (text,) in rows(env):
            if text is not None:
                yield from ((text[start : start + PIECE],) for start in range(0, len(text), PIECE))

    return QueryPlan((replace(plan.columns[0], name=name),), pieces, plan.slots)


def _compile_inside(query: nodes.Query, scope: Scope | None, ctx: PlanContext) -> tuple[QueryPlan, list[Output]]:
    """The query without its FOR, and its columns: of a set operation they are no table's."""
    from emulator.planning.queries.query import compile_query, plan_of  # noqa: PLC0415 (a query with FOR is a query)

    if isinstance(query.body, nodes.QuerySpecification):
        block = compile_block(query.body, query, scope, ctx)
        return plan_of(block), block.outputs
    plan = compile_query(query, scope, ctx)
    slot = ctx.new_slot()
    return plan, [
        Output(column.name, column_of(slot, place, column.type, column.nullable))
        for place, column in enumerate(plan.columns)
    ]


def _one_text(plan: QueryPlan, make: Maker, type: SqlType) -> QueryPlan:
    rows = plan.rows

    def text(env: Env) -> Iterator[tuple[Any]]:
        found = list(rows(env))
        yield (make(found) if found else None,)

    return QueryPlan((OutputColumn("", type),), text, plan.slots)
