"""Common table expressions: inlined where they are referenced, or run to their fixed point when they are recursive.

A recursive CTE takes its rows one at a time, the newest first, as SQL Server's stack spool does: the recursive members
run for one row, and what they give is put on the stack.

Documentation: "WITH common_table_expression (Transact-SQL)", "OPTION (MAXRECURSION)".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from emulator.catalog.objects import fold
from emulator.errors import sql_error
from emulator.execution.scans import SWITCH_INTERVAL
from emulator.planning.binding import SESSION, Env, PlanContext, QueryPlan, Source, SourceColumn
from emulator.planning.queries.hints import handed_on
from emulator.planning.queries.relations import MadeRows
from emulator.planning.queries.sources import Bound, column_names
from emulator.sql import nodes

DEFAULT_MAX_RECURSION = 100


@dataclass(frozen=True, slots=True)
class Cte:
    """A CTE and those that its own query can see."""

    node: nodes.CommonTableExpression
    visible: dict[str, Any]

    def reference(self, item: nodes.NamedTable, ctx: PlanContext) -> Bound:
        """The CTE as an item of FROM."""
        from emulator.planning.queries.views import expand_query  # noqa: PLC0415 (CTEs are queries)

        node = self.node
        outside, ctx.ctes = ctx.ctes, self.visible
        try:
            with handed_on(item.hints, ctx):
                if _refers_to(node.query, node.name):
                    return _bind_recursive(node, item, ctx)
                return expand_query(
                    node.query, item.alias or node.name, node.columns, None, ctx, line=item.line, what=node.name
                )
        finally:
            ctx.ctes = outside


@dataclass(frozen=True, slots=True)
class RecursiveReference:
    """The CTE inside its own recursive member: the one row that is being worked on, in ``slot``."""

    name: str
    slot: int
    columns: list[SourceColumn]

    def reference(self, item: nodes.NamedTable, ctx: PlanContext) -> Bound:
        slot = self.slot
        source = Source(item.alias or self.name, ctx.new_slot(), self.columns)
        return Bound(MadeRows(source, lambda env: (env[slot],), frozenset({slot})), [source])


def bind_ctes(ctes: Sequence[nodes.CommonTableExpression], ctx: PlanContext) -> None:
    """Make the CTEs of a statement known to the queries in it."""
    for node in ctes:
        ctx.ctes = {**ctx.ctes, fold(node.name): Cte(node, ctx.ctes)}


def _refers_to(node: object, name: str) -> bool:
    return _count_references(node, name) > 0


def _count_references(node: object, name: str) -> int:
    if isinstance(node, nodes.NamedTable):
        return int(node.name.schema is None and fold(node.name.name) == fold(name))
    if isinstance(node, tuple):
        return sum(_count_references(element, name) for element in node)
    if isinstance(node, nodes.Node):
        return sum(_count_references(getattr(node, item.name), name) for item in fields(node))
    return 0


# --- Recursion --------------------------------------------------------------------------------------------------------


def _members(node: nodes.CommonTableExpression) -> tuple[nodes.QueryBody, list[nodes.QueryBody]]:
    """The anchor and the recursive members. Errors: 252, 253."""
    recursive: list[nodes.QueryBody] = []
    body = node.query.body
    while _refers_to(body, node.name):
        if not isinstance(body, nodes.SetOperation) or body.operator != "UNION ALL":
            raise sql_error(252, node.name, line=node.line)
        if _count_references(body.right, node.name) > 1:
            raise sql_error(253, node.name, line=node.line)
        recursive.insert(0, body.right)
        body = body.left
    return body, recursive


def _check_member(body: nodes.QueryBody, node: nodes.CommonTableExpression) -> None:
    """Errors: 460 DISTINCT, 461 TOP, 467 GROUP BY in a recursive member."""
    if not isinstance(body, nodes.QuerySpecification):
        raise sql_error(252, node.name, line=node.line)
    if body.distinct:
        raise sql_error(460, node.name, line=node.line)
    if body.top is not None:
        raise sql_error(461, node.name, line=node.line)
    if body.group_by or body.having is not None:
        raise sql_error(467, node.name, line=node.line)


def _bind_recursive(node: nodes.CommonTableExpression, item: nodes.NamedTable, ctx: PlanContext) -> Bound:
    from emulator.planning.queries.query import compile_query  # noqa: PLC0415 (CTEs are queries)

    anchor_body, member_bodies = _members(node)
    anchor = compile_query(nodes.Query(anchor_body, line=node.line), None, ctx, nested=True)
    names = column_names([column.name for column in anchor.columns], node.columns, node.name, node.line)
    columns = [SourceColumn(name, column.type, True) for name, column in zip(names, anchor.columns, strict=True)]
    slot = ctx.new_slot()
    ctx.ctes = {**ctx.ctes, fold(node.name): RecursiveReference(node.name, slot, columns)}
    members = []
    for body in member_bodies:
        _check_member(body, node)
        plan = compile_query(nodes.Query(body, line=node.line), None, ctx, nested=True)
        _check_types(plan, columns, node)
        members.append(plan)
    source = Source(item.alias or node.name, ctx.new_slot(), columns)
    limit = _max_recursion(ctx)
    slots = frozenset().union(anchor.slots, *(member.slots for member in members)) - {slot}

    def rows(env: Env) -> Iterator[tuple[Any, ...]]:
        stack = []
        for row in anchor.rows(env):
            stack.append((row, 0))
            yield row
        switch_point, taken = env[SESSION].switch_point, 0
        while stack:
            taken += 1
            if not taken % SWITCH_INTERVAL:
                switch_point()
            current, depth = stack.pop()
            for member in members:
                env[slot] = current
                for row in list(member.rows(env)):
                    if depth == limit:
                        raise sql_error(530, limit)
                    stack.append((row, depth + 1))
                    yield row

    return Bound(MadeRows(source, rows, slots), [source])


def _check_types(plan: QueryPlan, columns: list[SourceColumn], node: nodes.CommonTableExpression) -> None:
    """Errors: 205 another number of columns, 240 another type than in the anchor."""
    if len(plan.columns) != len(columns):
        raise sql_error(205, line=node.line)
    for own, column in zip(plan.columns, columns, strict=True):
        if _without_collation(own.type) != _without_collation(column.type):
            raise sql_error(240, column.name, node.name, line=node.line)


def _without_collation(type: Any) -> tuple[Any, ...]:
    return type.name, type.length, type.precision, type.scale


def _max_recursion(ctx: PlanContext) -> int | None:
    """The statement's MAXRECURSION; None for 0, no limit."""
    for hint in ctx.option_hints:
        if hint.name == "MAXRECURSION":
            return int(hint.arguments[0]) or None
    return DEFAULT_MAX_RECURSION
