"""SELECT as a statement: rows for the client, values for variables, or a new table.

Documentation: "SELECT (Transact-SQL)", "SELECT @local_variable", "SET ROWCOUNT".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from emulator.planning.binding import SESSION, Env, OutputColumn, PlanContext, QueryPlan
from emulator.planning.queries.blocks import Block, compile_block
from emulator.planning.queries.ctes import bind_ctes
from emulator.planning.queries.for_clause import for_client
from emulator.planning.queries.query import compile_query, plan_of
from emulator.results import ColumnInfo
from emulator.sql import nodes
from emulator.types.sqltype import MAX, SqlType, is_character, is_unicode

if TYPE_CHECKING:
    from emulator.results import ResultSink

LONG_TYPES = frozenset({"text", "ntext", "image"})
UNLIMITED = 2147483647
"""The largest TEXTSIZE."""

Executable = Callable[[Env, "ResultSink | None"], int]


def compile_select(statement: nodes.Select, ctx: PlanContext) -> Executable:
    """Compile the statement: a function that runs it and returns the number of rows.

    Errors: those of the query; 141 when it assigns to variables and returns rows, too.
    """
    ctx.option_hints = statement.options
    bind_ctes(statement.ctes, ctx)
    query = statement.query
    from emulator.planning.changes import compile_select_into, new_table_of  # noqa: PLC0415 (changes are made of queries)

    table = new_table_of(query)
    if table is not None:
        run_into = compile_select_into(query, table, ctx)
        return lambda env, sink: 0 if env[SESSION].settings.format_only else run_into(env, sink)
    body = query.body
    if query.for_clause is not None:
        return _returning_rows(for_client(compile_query(query, None, ctx), query.for_clause), ctx)
    if not isinstance(body, nodes.QuerySpecification):
        return _returning_rows(compile_query(query, None, ctx), ctx)
    block = compile_block(body, query, None, ctx, assigns=True)
    if block.setters is not None:
        return _assigning(block)
    return _returning_one_row(block, ctx) if block.fetch is not None else _returning_rows(plan_of(block), ctx)


def _limited(env: Env, rows: Iterator[Any]) -> Iterator[Any]:
    """SET ROWCOUNT and SET FMTONLY."""
    settings = env[SESSION].settings
    if settings.format_only:
        return iter(())
    limit = settings.rowcount
    return islice(rows, limit) if limit else rows


def _returning_rows(plan: QueryPlan, ctx: PlanContext) -> Executable:
    columns = column_infos(plan.columns, ctx)
    rows = plan.rows
    long = _long_columns(columns)

    def run(env: Env, sink: ResultSink | None) -> int:
        count = 0
        if sink is None:
            return sum(1 for _ in _limited(env, rows(env)))
        sink.columns(columns)
        send = sink.row
        for row in _cut(env, _limited(env, rows(env)), long) if long else _limited(env, rows(env)):
            send(row)
            count += 1
        return count

    return run


def _returning_one_row(block: Block, ctx: PlanContext) -> Executable:
    columns = column_infos(plan_of(block).columns, ctx)
    long = _long_columns(columns)
    fetch = block.fetch
    assert fetch is not None

    def run(env: Env, sink: ResultSink | None) -> int:
        if sink is None:
            return 0 if fetch(env) is None else 1
        sink.columns(columns)
        row = None if env[SESSION].settings.format_only else fetch(env)
        if row is None:
            return 0
        sink.row(next(_cut(env, iter((row,)), long)) if long else row)
        return 1

    return run


def _long_columns(columns: Sequence[ColumnInfo]) -> list[tuple[int, int]]:
    """Place and bytes per character of the columns whose values SET TEXTSIZE limits."""
    return [
        (place, 2 if is_unicode(column.type) else 1)
        for place, column in enumerate(columns)
        if column.type.name in LONG_TYPES or column.type.length == MAX
    ]


def _cut(env: Env, rows: Iterator[Any], long: Sequence[tuple[int, int]]) -> Iterator[Any]:
    """SET TEXTSIZE: values of the long columns cut to so many bytes."""
    size = env[SESSION].settings.textsize
    if size < 0 or size >= UNLIMITED:
        yield from rows
        return
    for row in rows:
        cut = list(row)
        for place, width in long:
            if cut[place] is not None:
                cut[place] = cut[place][: size // width]
        yield cut


def _assigning(block: Block) -> Executable:
    """Every row is evaluated in its order; the last one's values stay. Without rows nothing changes."""
    fetch = block.fetch
    if fetch is not None:
        return lambda env, sink: 0 if env[SESSION].settings.format_only or fetch(env) is None else 1
    rows = block.rows
    return lambda env, sink: sum(1 for _ in _limited(env, rows(env)))


def column_infos(columns: Iterable[OutputColumn], ctx: PlanContext) -> tuple[ColumnInfo, ...]:
    """The columns of a result as the client gets to know them: texts without a collation have the database's."""
    default = ctx.database.collation

    def sent(type: SqlType) -> SqlType:
        return replace(type, collation=default) if is_character(type) and type.collation is None else type

    return tuple(ColumnInfo(column.name, sent(column.type), column.nullable, column.identity) for column in columns)
