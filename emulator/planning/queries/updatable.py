"""Changing a table through a query: a view, a derived table or a common table expression as the target of a change.

A query that is merged into the statement around it needs nothing special: its columns are expressions over the tables
in it. One that runs by itself (TOP, window functions) gives two hidden columns more: the base key of the table's row,
and that row.

Documentation: "CREATE VIEW (Transact-SQL)", section "Updatable views"; "UPDATE (Transact-SQL)", "DELETE".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emulator.catalog.objects import View, fold
from emulator.errors import NotSupported, sql_error
from emulator.execution.scans import Rows
from emulator.planning.binding import Env, Expr, PlanContext, Source
from emulator.planning.queries.grouping import is_grouped
from emulator.planning.queries.names import find_object
from emulator.planning.queries.relations import MadeRows, Relation, StoredTable, leaves
from emulator.planning.queries.select_list import Output
from emulator.sql import nodes
from emulator.types.sqltype import INT

HIDDEN_COLUMNS = 2


@dataclass(slots=True, eq=False)
class MadeTarget:
    """The query that runs by itself: its rows, the table that is changed, and the table's ordinal of each column."""

    made: MadeRows
    table: StoredTable
    ordinals: list[int | None]


@dataclass(slots=True, eq=False)
class Through:
    """The item of FROM through which the statement changes a table. ``columns`` are those it sets, none to delete.

    ``pending``: the next query to be bound is that item's, or all that it consists of. ``made`` is set when it runs by
    itself. ``view`` is set for a view. Not ``changes``: the rows are only to be found again (cursors).
    """

    item: nodes.TableSource
    name: str
    columns: frozenset[str]
    view: View | None = None
    changes: bool = True
    pending: bool = False
    made: MadeTarget | None = None

    def choose(self, relation: Relation, names: Sequence[str], exprs: Sequence[Expr]) -> StoredTable:
        """Which table of the query is changed. Errors: 4405 more than one, 4406 a derived column."""
        stored = [leaf for leaf in leaves(relation) if isinstance(leaf, StoredTable)]
        changed = [expr for name, expr in zip(names, exprs, strict=True) if fold(name) in self.columns]
        if changed:
            if any(expr.column is None for expr in changed):
                raise sql_error(4406, self.name, line=self.item.line)
            slots = {expr.column[0] for expr in changed if expr.column is not None}
            stored = [leaf for leaf in stored if slots == {leaf.source.slot}]
        if len(stored) != 1:
            if any(isinstance(leaf, MadeRows) for leaf in leaves(relation)):
                raise NotSupported("changing rows through a query on top of another one", self.item.line)
            raise sql_error(4405, self.name, line=self.item.line)
        return stored[0]

    def check(self, query: nodes.Query) -> nodes.QuerySpecification:
        """The one block of ``query``. Errors: 4403 a grouped one or DISTINCT, 4426 a set operation."""
        body = query.body
        if isinstance(body, nodes.SetOperation):
            raise sql_error(4426, self.name, line=self.item.line)
        if body.distinct or is_grouped(body, query.order_by):
            raise sql_error(4403, self.name, line=self.item.line)
        return body


def find_through(
    target: nodes.ChangeTarget, sources: Sequence[nodes.TableSource], columns: frozenset[str], ctx: PlanContext
) -> Through | None:
    """What ``target`` names if that is a query: an item of FROM, else a view or common table expression beside it."""
    if isinstance(target, nodes.VariableTable):
        return None
    item = next((item for item in _items(sources) if _is_named(item, target.name)), None)
    if isinstance(item, nodes.DerivedTable):
        return Through(item, item.alias, columns)
    if item is None:
        item = target
    if isinstance(item, nodes.NamedTable):
        if item.name.schema is None and item.name.database is None and fold(item.name.name) in ctx.ctes:
            return Through(item, item.name.name, columns)
        found = None if item.name.name.startswith("#") else find_object(item.name, ctx)
        if isinstance(found, View):
            return Through(item, item.name.name, columns, found)
    return None


def _items(sources: Sequence[nodes.TableSource]) -> Iterator[nodes.TableSource]:
    for item in sources:
        if isinstance(item, nodes.Join):
            yield from _items((item.left, item.right))
        else:
            yield item


def _is_named(item: nodes.TableSource, name: nodes.ObjectName) -> bool:
    match item:
        case nodes.NamedTable(alias=None):
            schemas = {fold(schema) for schema in (name.schema, item.name.schema) if schema is not None}
            return len(schemas) < 2 and fold(item.name.name) == fold(name.name)
        case (
            nodes.NamedTable(alias=str() as alias)
            | nodes.VariableTable(alias=str() as alias)
            | nodes.DerivedTable(alias=alias)
        ):
            return name.schema is None and fold(alias) == fold(name.name)
        case _:
            return False


def hidden_columns(stored: StoredTable) -> list[Output]:
    """The base key and the row of ``stored`` as output columns. (They have no type that anybody looks at.)"""
    slot, key_slot = stored.source.slot, stored.key_slot
    assert key_slot is not None

    def key(env: Env) -> object:
        return env[key_slot]

    def row(env: Env) -> object:
        return env[slot]

    return [Output("", Expr(INT, key)), Output("", Expr(INT, row))]


def base_ordinals(stored: StoredTable, exprs: Sequence[Expr]) -> list[int | None]:
    """For each expression the column of ``stored`` that it is; None: it is none."""
    slot = stored.source.slot
    return [expr.column[1] if expr.column is not None and expr.column[0] == slot else None for expr in exprs]


def target_of(through: Through, relation: Relation, exposed: Source) -> tuple[StoredTable, list[int | None]]:
    """Once FROM is bound: the table, and its ordinal for each column of ``exposed``."""
    made = through.made
    if made is not None and any(leaf is made.made for leaf in leaves(relation)):
        ordinals = made.ordinals
        if exposed.expressions is not None:
            slot = made.made.source.slot
            found = [expr.column if expr.column and expr.column[0] == slot else None for expr in exposed.expressions]
            ordinals = [None if column is None else made.ordinals[column[1]] for column in found]
        return made.table, ordinals
    assert exposed.expressions is not None
    stored = through.choose(relation, [column.name for column in exposed.columns], exposed.expressions)
    return stored, base_ordinals(stored, exposed.expressions)


def loaded(made: MadeTarget, rows: Rows) -> Rows:
    """``rows`` with the table's row and key in their slots."""
    made_slot, slot, key_slot = made.made.source.slot, made.table.source.slot, made.table.key_slot
    assert key_slot is not None

    def load(env: Env) -> Iterator[None]:
        for _ in rows(env):
            env[key_slot], env[slot] = env[made_slot][-HIDDEN_COLUMNS:]
            yield

    return load
