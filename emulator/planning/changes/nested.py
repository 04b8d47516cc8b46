"""Changes in FROM: ``INSERT ... SELECT ... FROM (DELETE ... OUTPUT ...) AS x`` inserts the rows of OUTPUT.

Documentation: "INSERT (Transact-SQL)", argument dml_table_source; "FROM clause plus JOIN, APPLY, PIVOT".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulator.catalog.objects import Table
from emulator.errors import sql_error
from emulator.planning.binding import Env, PlanContext, Source, SourceColumn
from emulator.planning.queries.relations import MadeRows
from emulator.planning.queries.sources import Bound, column_names
from emulator.results import Collector, ResultSink
from emulator.sql import nodes

Executable = Callable[[Env, "ResultSink | None"], int]


@dataclass(slots=True, eq=False)
class NestedChange:
    """The change that is the source of an INSERT, set when it has been bound: ``run`` makes it, ``slot`` has its rows.

    It is made before the query is evaluated, whatever the query does with its rows.
    """

    item: nodes.OutputTable
    run: Executable | None = None
    slot: int = 0

    def make(self, env: Env) -> None:
        """Make the change and keep what its OUTPUT tells."""
        assert self.run is not None
        collected = Collector()
        self.run(env, collected)
        env[self.slot] = collected.result_sets[-1].rows


def nested_change(query: nodes.Query) -> NestedChange | None:
    """The change that is the source of an INSERT's query. Errors: 10726, 10729 for one that is a part of it only."""
    body = query.body
    if not isinstance(body, nodes.QuerySpecification) or len(body.sources) != 1:
        return None
    source = body.sources[0]
    if not isinstance(source, nodes.OutputTable):
        return None
    if body.top is not None or query.offset is not None:
        raise sql_error(10726, line=source.line)
    if body.group_by or body.having or body.distinct:
        raise sql_error(10729, line=source.line)
    return NestedChange(source)


def refuse_target(table: Table, line: int) -> None:
    """Errors: 355 a target with triggers, 356 one with foreign keys or a key that is referred to."""
    if any(trigger.enabled for trigger in table.triggers):
        raise sql_error(355, table.full_name, line=line)
    keys = [*table.foreign_keys, *(key for _, key in table.referenced_by)]
    if keys:
        raise sql_error(356, table.full_name, keys[0].name, line=line)


def bind_change(item: nodes.OutputTable, ctx: PlanContext) -> Bound:
    """The change as an item of FROM. Errors: 10727 it has no OUTPUT, 10729 it stands elsewhere, and its own."""
    nested = ctx.nested
    if nested is None or nested.item is not item:
        raise sql_error(10729, line=item.line)
    if all(clause.into is not None for clause in item.statement.outputs):
        raise sql_error(10727, line=item.line)
    ctx.nested = None
    nested.run, nested.slot = _compile(item.statement, ctx), ctx.new_slot()
    output = ctx.output
    names = column_names([column.name for column in output], item.columns, item.alias, item.line)
    columns = [SourceColumn(name, column.type, column.nullable) for name, column in zip(names, output, strict=True)]
    source = Source(item.alias, ctx.new_slot(), columns)
    return Bound(MadeRows(source, lambda env: env[nested.slot]), [source])


def _compile(statement: nodes.Insert | nodes.Update | nodes.Delete | nodes.Merge, ctx: PlanContext) -> Executable:
    from emulator.planning import changes  # noqa: PLC0415 (a change whose source is a query whose source is a change)

    match statement:
        case nodes.Insert():
            if isinstance(statement.source, nodes.ExecuteProcedure | nodes.ExecuteString):
                raise sql_error(483, line=statement.line)
            return changes.compile_insert(statement, ctx)
        case nodes.Update():
            return changes.compile_update(statement, ctx)
        case nodes.Delete():
            return changes.compile_delete(statement, ctx)
        case nodes.Merge():
            return changes.compile_merge(statement, ctx)
