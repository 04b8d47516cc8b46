"""What UPDATE and DELETE share: binding their target, finding each of its rows once, TOP.

Documentation: "UPDATE (Transact-SQL)", "DELETE (Transact-SQL)", "TOP (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from math import ceil

from emulator.catalog.objects import Table, View, fold
from emulator.errors import sql_error
from emulator.execution.sorting import RowLimit
from emulator.planning.binding import SESSION, Env, PlanContext, Source, SourceColumn
from emulator.planning.changes.constraints import row_source
from emulator.planning.expressions.scalars import column_of
from emulator.planning.expressions.walk import children
from emulator.planning.queries import bind_ctes
from emulator.planning.queries.cursors import compile_current_of
from emulator.planning.queries.names import find_object
from emulator.planning.queries.ordering import compile_limit
from emulator.planning.queries.predicates import asks_further
from emulator.planning.queries.targets import TargetScan, compile_target_scan
from emulator.sql import nodes
from emulator.storage.keys import Key, Row

FIRST = SESSION + 1
"""Where the row slots of an environment begin."""
Find = Callable[[Env], Iterator[tuple[Key, Row]]]


def bind_scan(node: nodes.Update | nodes.Delete, ctx: PlanContext) -> TargetScan:
    """The scan of the target. Errors: those of FROM and WHERE."""
    ctx.option_hints = node.options
    bind_ctes(node.ctes, ctx)
    assignments = node.assignments if isinstance(node, nodes.Update) else ()
    changed = frozenset(fold(item.column.name) for item in assignments if item.column is not None)
    if isinstance(node.where, nodes.CurrentOf):
        return compile_current_of(node.target, node.where, tuple(changed), ctx)
    alone = node.top is None and not any(asks_further(item) for item in assignments)
    return compile_target_scan(node.target, node.sources, node.where, ctx, changed, alone=alone)


def find_rows(top: nodes.Top | None, scan: TargetScan, ctx: PlanContext) -> Find:
    """A function that yields the rows to change, each once, with the environment as it was when they were found.

    SET ROWCOUNT counts here, too. Errors: 1062 WITH TIES; those of TOP.
    """
    slot, key_slot, rows = scan.source.slot, scan.key_slot, scan.rows
    limit = statement_limit(top, ctx)

    def each_once(env: Env) -> Iterator[tuple[Key, Row]]:
        seen: set[Key] = set()
        for _ in rows(env):
            key = env[key_slot]
            if key not in seen:
                seen.add(key)
                yield key, env[slot]

    def find(env: Env) -> Iterator[tuple[Key, Row]]:
        remaining = env[SESSION].settings.rowcount
        if limit is not None:
            count = limit.limit(env)
            if limit.percent:
                count = ceil(sum(1 for _ in each_once(env)) * count / 100)
            if not count:
                return
            remaining = min(count, remaining) if remaining else count
        for item in each_once(env):
            yield item
            remaining -= 1
            if remaining == 0:
                return

    def find_one(env: Env) -> Iterator[tuple[Key, Row]]:
        for _ in rows(env):
            yield env[key_slot], env[slot]

    return find_one if scan.single and limit is None else find


def statement_limit(top: nodes.Top | None, ctx: PlanContext) -> RowLimit | None:
    """TOP of a change, which has no order. Errors: 1062."""
    if top is None:
        return None
    if top.with_ties:
        raise sql_error(1062, line=top.line)
    limit, _ = compile_limit(top, nodes.Query(nodes.QuerySpecification(())), (), ctx, None)
    return limit


def exposed_rows(scan: TargetScan, *, inserted: int | None = None, deleted: int | None = None) -> list[Source]:
    """``inserted`` and ``deleted`` of OUTPUT, in the given slots, with the columns of what the statement names."""
    slots = [(alias, slot) for alias, slot in (("inserted", inserted), ("deleted", deleted)) if slot is not None]
    if scan.ordinals is None:
        return [row_source(scan.table, alias, slot) for alias, slot in slots]
    return [_through(scan, scan.ordinals, alias, slot) for alias, slot in slots]


def _through(scan: TargetScan, ordinals: list[int | None], alias: str, slot: int) -> Source:
    """The row as a view shows it: its columns are the table's; others can be told of the row before alone."""
    columns: list[SourceColumn] = []
    expressions = []
    for position, (column, ordinal) in enumerate(zip(scan.exposed.columns, ordinals, strict=True)):
        if ordinal is not None:
            expressions.append(column_of(slot, ordinal, column.type, column.nullable))
        elif slot != scan.source.slot:
            continue
        elif scan.exposed.expressions is not None:
            expressions.append(scan.exposed.expressions[position])
        else:
            expressions.append(column_of(scan.exposed.slot, position, column.type, column.nullable))
        columns.append(replace(column, identity=False))
    return Source(alias, slot, columns, expressions=expressions)


def reads_columns(assignment: nodes.Assignment) -> bool:
    """Whether the new value is made from columns, which takes permission to read them."""
    if not isinstance(assignment, nodes.WriteAssignment) and assignment.operator != "=":
        return True
    pending: list[object] = [assignment.value]
    while pending:
        current = pending.pop()
        if isinstance(current, nodes.ColumnRef):
            return True
        pending.extend(children(current))
    return False


def other_sources(scan: TargetScan) -> list[Source]:
    """The sources of FROM beside the target."""
    return [source for source in scan.scope.sources if source is not scan.exposed]


def may_read(node: object, table: Table, ctx: PlanContext) -> bool:
    """Whether a query in ``node`` may read ``table``, so that all rows must be found before the first is changed."""
    if isinstance(node, nodes.Query):
        return _reads(node, table, ctx)
    if isinstance(node, tuple):
        return any(may_read(element, table, ctx) for element in node)
    return isinstance(node, nodes.Node) and any(may_read(getattr(node, i.name), table, ctx) for i in fields(node))


def _reads(node: object, table: Table, ctx: PlanContext) -> bool:
    """The same in a query. What is behind views and functions is not looked up."""
    if isinstance(node, nodes.FunctionTable):
        return True
    if isinstance(node, nodes.VariableTable):
        return fold(node.name) == fold(table.name)
    if isinstance(node, nodes.NamedTable) and fold(node.name.name) not in {*ctx.ctes, *ctx.trigger_tables}:
        found = find_object(node.name, ctx)
        return found is table or isinstance(found, View)
    if isinstance(node, tuple):
        return any(_reads(element, table, ctx) for element in node)
    return isinstance(node, nodes.Node) and any(_reads(getattr(node, i.name), table, ctx) for i in fields(node))
