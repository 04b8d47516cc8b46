"""The OUTPUT clause: what a change tells of each row, to the client or into another table.

Documentation: "OUTPUT clause (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from emulator.catalog.objects import Column, Table
from emulator.errors import NotSupported, sql_error
from emulator.planning.binding import Env, Expr, PlanContext, Scope, Source
from emulator.planning.changes.rows import RowBuilder, assigned, insert_rows, insertable
from emulator.planning.changes.targets import Target, bind_target
from emulator.planning.expressions import compile_scalar
from emulator.planning.expressions.scalars import column_of
from emulator.results import ColumnInfo, ResultSink
from emulator.sql import nodes

Emit = Callable[[Env], None]


class Outputs:
    """The OUTPUT clauses of one statement, compiled.

    ``rows`` are ``inserted`` and ``deleted``, as far as there are such rows; ``sources`` those of the statement's FROM.
    ``action`` is what ``$action`` says.
    """

    def __init__(
        self,
        clauses: Sequence[nodes.OutputClause],
        ctx: PlanContext,
        *,
        rows: Sequence[Source],
        sources: Sequence[Source] = (),
        action: Expr | None = None,
    ) -> None:
        self._scope = Scope([*rows, *sources])
        if action is not None:
            self._scope.replacements[nodes.PseudoColumn("$ACTION")] = action
        self._client: tuple[list[ColumnInfo], list[Callable[[Env], Any]]] | None = None
        self._into: list[tuple[Target, RowBuilder, list[Callable[[Env], Any]], int]] = []
        for clause in clauses:
            if clause.into is None:
                columns = self._columns(clause.items, ctx)
                self._client = [info for info, _ in columns], [expr.fn for _, expr in columns]
                ctx.output = self._client[0]
            else:
                self._into.append(self._compile_into(clause, clause.into, ctx))

    def _columns(self, items: Sequence[nodes.SelectItem], ctx: PlanContext) -> list[tuple[ColumnInfo, Expr]]:
        columns: list[tuple[ColumnInfo, Expr]] = []
        for item in items:
            match item:
                case nodes.SelectStar():
                    columns += self._star(item)
                case nodes.SelectExpression(expression=expression, alias=alias):
                    expr = compile_scalar(expression, self._scope, ctx)
                    name = alias or _own_name(expression)
                    columns.append((ColumnInfo(name, expr.type, expr.nullable), expr))
                case _:
                    raise NotSupported("assignment to a variable in OUTPUT", item.line)
        return columns

    def _star(self, item: nodes.SelectStar) -> list[tuple[ColumnInfo, Expr]]:
        wanted = item.qualifier.name.lower() if item.qualifier is not None else None
        found = [source for source in self._scope.sources if wanted in (None, source.alias.lower())]
        if not found:
            raise sql_error(107, wanted, line=item.line)
        return [
            (ColumnInfo(column.name, column.type, column.nullable), _star_column(source, ordinal))
            for source in found
            for ordinal, column in enumerate(source.columns)
        ]

    def _compile_into(
        self, clause: nodes.OutputClause, into: nodes.ChangeTarget, ctx: PlanContext
    ) -> tuple[Target, RowBuilder, list[Callable[[Env], Any]], int]:
        target = bind_target(into, ctx)
        table = target.table
        if any(trigger.enabled for trigger in table.triggers):
            raise sql_error(331, table.full_name, line=clause.line)
        if table.foreign_keys or table.referenced_by:
            raise sql_error(
                332, table.full_name, table.foreign_keys[0].name if table.foreign_keys else "", line=clause.line
            )
        if table.checks:
            raise sql_error(333, table.full_name, table.checks[0].name, line=clause.line)
        if clause.into_columns:
            columns = columns_named(table, clause.into_columns, clause.line)
        else:
            columns = [column for column in insertable(table) if column.type.name != "rowversion"]
        refuse_rowversion(columns, clause.line)
        exprs = [expr for _, expr in self._columns(clause.items, ctx)]
        if len(exprs) != len(columns):
            raise sql_error(213, line=clause.line)
        values = [assigned(expr, table, column, ctx) for expr, column in zip(exprs, columns, strict=True)]
        slot = ctx.new_slot()
        given = {column.ordinal: column_of(slot, i, column.type).fn for i, column in enumerate(columns)}
        return target, RowBuilder(target, given, ctx), [value.fn for value in values], slot

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return self._client is None and not self._into

    def start(self, env: Env, sink: ResultSink | None) -> tuple[Emit, Callable[[], None]]:
        """Begin for one execution: a function to call after each changed row, and one to call at the end."""
        collected: list[list[tuple[Any, ...]]] = [[] for _ in self._into]
        client = self._client
        if client is not None and sink is not None:
            sink.columns(client[0])

        def emit(env: Env) -> None:
            if client is not None and sink is not None:
                sink.row(tuple([fn(env) for fn in client[1]]))
            for (_, _, values, _), rows in zip(self._into, collected, strict=True):
                rows.append(tuple([fn(env) for fn in values]))

        def finish() -> None:
            for (target, builder, _, slot), rows in zip(self._into, collected, strict=True):
                _insert_collected(target, builder, env, slot, rows)

        return emit, finish


def _own_name(expression: nodes.Expression) -> str:
    if isinstance(expression, nodes.PseudoColumn):
        return expression.name.lower()
    return expression.name if isinstance(expression, nodes.ColumnRef) else ""


def _star_column(source: Source, ordinal: int) -> Expr:
    source.named.add(ordinal)
    if source.expressions is not None:
        return source.expressions[ordinal]
    column = source.columns[ordinal]
    return column_of(source.slot, ordinal, column.type, column.nullable)


def _insert_collected(target: Target, builder: RowBuilder, env: Env, slot: int, rows: list[tuple[Any, ...]]) -> None:
    def load(env: Env, row: tuple[Any, ...]) -> None:
        env[slot] = row

    target.write(env, lambda writer: insert_rows(writer, builder, env, rows, load, None))


def columns_named(table: Table, names: Sequence[str], line: int) -> list[Any]:
    """The columns of a column list. Errors: 207 unknown, 264 twice, 271 computed."""
    columns = []
    for name in names:
        column = table.column(name)
        if column is None:
            raise sql_error(207, name, line=line)
        if column in columns:
            raise sql_error(264, column.name, line=line)
        if column.computed is not None:
            raise sql_error(271, column.name, line=line)
        columns.append(column)
    return columns


def refuse_rowversion(columns: Sequence[Column], line: int) -> None:
    """Error 273: anything but the word DEFAULT is given to a row version."""
    if any(column.type.name == "rowversion" for column in columns):
        raise sql_error(273, line=line)
