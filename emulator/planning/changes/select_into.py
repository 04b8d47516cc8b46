"""SELECT ... INTO: a new table with the columns of a query and its rows.

Documentation: "SELECT - INTO clause", "IDENTITY (Function) (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count

from emulator.catalog.objects import Column, Identity, fold
from emulator.catalog.stores import new_store
from emulator.errors import sql_error
from emulator.execution.writing import Writer
from emulator.planning.binding import SESSION, Env, OutputColumn, PlanContext, QueryPlan
from emulator.planning.queries.blocks import Block, compile_block
from emulator.planning.queries.query import compile_query, plan_of
from emulator.results import ResultSink
from emulator.sql import nodes

Executable = Callable[[Env, "ResultSink | None"], int]


@dataclass(frozen=True, slots=True)
class _NewIdentity:
    """The identity column of the new table. ``generated``: IDENTITY() numbers the rows; else the values are copied."""

    ordinal: int
    property: Identity
    generated: bool


def new_table_of(query: nodes.Query) -> nodes.ObjectName | None:
    """The table that INTO in the first block of ``query`` names."""
    body = query.body
    while isinstance(body, nodes.SetOperation):
        body = body.left
    return body.into


def compile_select_into(query: nodes.Query, name: nodes.ObjectName, ctx: PlanContext) -> Executable:
    """The statement. Errors: 177, 1038 a column without name, 2705 and 2714, 8108, and those of the query.

    The new table is locked Sch-M to the end of the transaction; rows need no locks of their own.
    """
    plan, identity = _plan(query, name, ctx)
    names: set[str] = set()
    for column in plan.columns:
        if not column.name:
            raise sql_error(1038, line=name.line)
        if fold(column.name) in names:
            raise sql_error(2705, column.name, name, line=name.line)
        names.add(fold(column.name))
    columns = [_column(column, ordinal, identity) for ordinal, column in enumerate(plan.columns)]

    def run(env: Env, sink: ResultSink | None) -> int:
        from emulator.execution.definitions.tables import create_with_columns  # noqa: PLC0415

        rows: Sequence[tuple[object, ...]] = list(plan.rows(env))
        if identity is not None and identity.generated:
            rows = _numbered(rows, identity)
        session = env[SESSION]
        table = create_with_columns(session, ctx, name, list(columns))
        store = table.store = table.store or new_store(table)
        writer = Writer(session, table, store, session.transaction, private=True)
        for row in rows:
            writer.insert(row)
            if identity is not None and store.identity is not None:
                store.identity.note(row[identity.ordinal])  # type: ignore[arg-type]
        return len(rows)

    return run


def _numbered(rows: Sequence[tuple[object, ...]], identity: _NewIdentity) -> list[tuple[object, ...]]:
    numbers = count(identity.property.seed, identity.property.increment)
    at = identity.ordinal
    return [(*row[:at], number, *row[at + 1 :]) for row, number in zip(rows, numbers, strict=False)]


def _column(column: OutputColumn, ordinal: int, identity: _NewIdentity | None) -> Column:
    if identity is not None and identity.ordinal == ordinal:
        return Column(column.name, column.type, False, ordinal, ordinal + 1, identity=identity.property)
    return Column(column.name, column.type, column.nullable, ordinal, ordinal + 1)


def _plan(query: nodes.Query, name: nodes.ObjectName, ctx: PlanContext) -> tuple[QueryPlan, _NewIdentity | None]:
    body = query.body
    if not isinstance(body, nodes.QuerySpecification):
        return compile_query(query, None, ctx), None
    calls = [item for item in body.items if _is_identity_call(item)]
    if len(calls) > 1:
        raise sql_error(8108, str(name), _alias(calls[0]), line=name.line)
    block = compile_block(_with_zero_for(calls, body), query, None, ctx)
    inherited = _inherited(block, body)
    if not calls:
        return plan_of(block), inherited
    if inherited is not None:
        raise sql_error(8108, str(name), block.outputs[inherited.ordinal].name, line=name.line)
    ordinal = len(block.outputs) - (len(body.items) - body.items.index(calls[0]))
    if any(isinstance(item, nodes.SelectStar) for item in body.items[body.items.index(calls[0]) :]):
        ordinal = [output.name for output in block.outputs].index(_alias(calls[0]))
    call = calls[0].expression  # type: ignore[union-attr]
    assert isinstance(call, nodes.IdentityFunction)
    return plan_of(block), _NewIdentity(ordinal, Identity(call.seed, call.increment), generated=True)


def _is_identity_call(item: nodes.SelectItem) -> bool:
    return isinstance(item, nodes.SelectExpression) and isinstance(item.expression, nodes.IdentityFunction)


def _alias(item: nodes.SelectItem) -> str:
    return item.alias or "" if isinstance(item, nodes.SelectExpression) else ""


def _with_zero_for(calls: Sequence[nodes.SelectItem], body: nodes.QuerySpecification) -> nodes.QuerySpecification:
    """The block with 0, of the type it names, in place of IDENTITY()."""
    if not calls:
        return body
    return replace(body, items=tuple(_zero(item) if item in calls else item for item in body.items))


def _zero(item: nodes.SelectItem) -> nodes.SelectItem:
    assert isinstance(item, nodes.SelectExpression)
    call = item.expression
    assert isinstance(call, nodes.IdentityFunction)
    zero = nodes.Cast(nodes.IntegerLiteral(0, line=item.line), call.type, line=item.line)
    return replace(item, expression=zero)


def _inherited(block: Block, body: nodes.QuerySpecification) -> _NewIdentity | None:
    """An identity column of the only table in FROM that is selected as it is, and once, stays one."""
    if len(body.sources) != 1 or not isinstance(body.sources[0], nodes.NamedTable) or body.group_by or body.distinct:
        return None
    found = [ordinal for ordinal, output in enumerate(block.outputs) if output.identity]
    source = block.outputs[found[0]].source if len(found) == 1 else None
    if source is None or source.table is None:
        return None
    column = source.table.identity_column
    if column is None or column.identity is None:
        return None
    return _NewIdentity(found[0], column.identity, generated=False)
