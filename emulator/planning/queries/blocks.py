"""One SELECT block: FROM, WHERE, GROUP BY, HAVING, window functions, select list, DISTINCT, ORDER BY, TOP - in that
order.

Everything is compiled before the access paths are chosen: only then is it known which columns an index must have to
cover the query.

Documentation: "SELECT (Transact-SQL)", section "Logical processing order of the SELECT statement".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.joins import filtered
from emulator.execution.projection import Row, distinct, into_slot, project, projector, row_key
from emulator.execution.scans import Fetch, Rows
from emulator.execution.sorting import RowLimit, TupleRows, cut, first_row, order_rows
from emulator.planning.binding import FIRST_SLOT, Env, Expr, PlanContext, Scalar, Scope
from emulator.planning.expressions import assign_to, compile_condition, compile_scalar
from emulator.planning.expressions.scalars import column_of
from emulator.planning.expressions.sequences import one_value_a_row
from emulator.planning.queries.access import Ordering, note_reads
from emulator.planning.queries.grouping import Grouping, compile_grouping, is_grouped
from emulator.planning.queries.joins import JoinPlanner, Operator
from emulator.planning.queries.ordering import OrderKey, compile_limit, resolve_order
from emulator.planning.queries.outer_aggregates import outer_aggregates
from emulator.planning.queries.relations import (
    InnerJoin,
    MadeRows,
    Relation,
    StoredTable,
    conjuncts_in,
    leaves,
    slots_of,
)
from emulator.planning.queries.select_list import Output, compile_item, expand_stars
from emulator.planning.queries.semijoins import compile_where
from emulator.planning.queries.sources import bind_sources
from emulator.planning.queries.updatable import Through, hidden_columns
from emulator.planning.queries.views import settle_uses
from emulator.planning.queries.windows import Windows, compile_windows
from emulator.sql import nodes
from emulator.types.comparison import sort_key

Setter = tuple[int, Scalar]
"""The index of a variable and the value that it is given."""


@dataclass(slots=True)
class Block:
    """A compiled block: its output, and its rows. ``fetch`` is set when there is at most one row.

    ``setters`` is set instead of ``outputs`` when the block assigns to variables. ``slots`` are those of enclosing
    queries that it reads. ``target`` is the table that the statement changes through the block.
    """

    outputs: list[Output]
    setters: list[Setter] | None
    rows: TupleRows
    fetch: Callable[[Env], Row | None] | None
    slots: frozenset[int]
    target: StoredTable | None = None


def _reads_one_table(relation: Relation) -> bool:
    found = list(leaves(relation))
    return len(found) == 1 and isinstance(found[0], StoredTable)


def compile_block(
    body: nodes.QuerySpecification,
    query: nodes.Query,
    parent: Scope | None,
    ctx: PlanContext,
    *,
    assigns: bool = False,
    through: Through | None = None,
) -> Block:
    """Compile ``body``, which ``query`` consists of. ``assigns``: assignments to variables are allowed (statements).
    ``through``: a table is changed through it; its outputs end with the hidden columns then.

    Errors: 141, and those of its parts.
    """
    compiler = _BlockCompiler(body, query, parent, ctx, through)
    return compiler.compile(assigns=assigns)


@dataclass(slots=True)
class _BlockCompiler:
    body: nodes.QuerySpecification
    query: nodes.Query
    parent: Scope | None
    ctx: PlanContext
    through: Through | None = None
    first_slot: int = FIRST_SLOT
    reads: set[int] = field(default_factory=set)
    sequences: tuple[int, ...] = ()

    def compile(self, *, assigns: bool) -> Block:
        body, ctx = self.body, self.ctx
        self.first_slot = ctx.slots
        bound = bind_sources(body.sources, self.parent, ctx)
        scope = Scope(bound.sources, self.parent)
        where, joined = compile_where(body.where, scope, ctx, slots_of(bound.relation))
        grouping = None
        lent = outer_aggregates((body.items, body.having, self.query.order_by), scope, ctx) if body.sources else []
        if is_grouped(body, self.query.order_by, scope, lent):
            grouping = compile_grouping(body, self.query.order_by, scope, ctx, lent)
            self.reads |= grouping.slots
            scope = grouping.scope
        having = self._having(scope)
        items = expand_stars(body.items, scope)
        windows = compile_windows([*body.items, *self.query.order_by], body.windows, scope, ctx)
        if windows is not None:
            self.reads |= windows.slots
        setters: list[Setter] | None = None
        outputs: list[Output] = []
        with one_value_a_row(ctx) as sequences:
            if any(isinstance(item, nodes.SelectAssignment) for item in items):
                setters = self._setters(items, scope, assigns=assigns)
            else:
                outputs = [compile_item(item, scope, ctx) for item in items]
                self._read(output.expr for output in outputs)
        self.sequences = tuple(sequences.values())
        order = resolve_order(self.query.order_by, outputs, scope, ctx, distinct=body.distinct)
        self._read(key.expr for key in order)
        limit, limit_slots = compile_limit(body.top, self.query, order, ctx, self.parent)
        self.reads |= limit_slots
        settle_uses(bound)
        kept = sorted(slots_of(bound.relation))
        target = self._target(bound.relation, outputs)
        if target is not None and target.key_slot is not None:
            kept.append(target.key_slot)
        relation = InnerJoin([bound.relation, *joined], where)
        source = self._plan(relation, grouping, windows, order, limit)
        rows, fetch = source.rows, source.fetch
        if grouping is not None:
            rows, fetch, kept = grouping.apply(rows), None, [grouping.slot]
        if having is not None:
            rows = filtered(rows, having.fn)
        if windows is not None:
            rows, fetch, kept = windows.apply(rows, kept), None, [*kept, windows.slot]
        is_sorted = grouping is None and windows is None and source.has_order(_columns(order) or ())
        block = self._finish(rows, fetch, kept, outputs, setters, order, limit, is_sorted=is_sorted or not order)
        block.target = target
        return block

    # -- parts -------------------------------------------------------------------------------------------------------

    def _target(self, relation: Relation, outputs: list[Output]) -> StoredTable | None:
        """The table that is changed through this block; its hidden columns are added to ``outputs``."""
        if self.through is None:
            return None
        names, exprs = [output.name for output in outputs], [output.expr for output in outputs]
        stored = self.through.choose(relation, names, exprs)
        stored.target = self.through.changes
        stored.key_slot = self.ctx.new_slot()
        outputs += hidden_columns(stored)
        return stored

    def _having(self, scope: Scope) -> Any:
        having = self.body.having
        if having is None:
            return None
        condition = _renumbered(8121, lambda: compile_condition(having, scope, self.ctx))
        self.reads |= condition.slots
        return condition

    def _setters(self, items: Sequence[Any], scope: Scope, *, assigns: bool) -> list[Setter]:
        setters = []
        for item in items:
            if not isinstance(item, nodes.SelectAssignment) or not assigns:
                raise sql_error(141, line=self.query.line)
            info = self.ctx.variables.scalar(item.variable.name, item.line)
            node = item.expression
            if item.operator != "=":
                node = nodes.Binary(item.operator[:-1], item.variable, node, line=item.line)
            value = assign_to(compile_scalar(node, scope, self.ctx), info.type)
            self._read((value,))
            setters.append((info.index, value.fn))
        return setters

    def _read(self, exprs: Iterable[Expr]) -> None:
        for expr in exprs:
            self.reads |= expr.slots

    def _plan(
        self,
        relation: InnerJoin,
        grouping: Grouping | None,
        windows: Windows | None,
        order: list[OrderKey],
        limit: RowLimit | None,
    ) -> Operator:
        local = slots_of(relation)
        plain = grouping is None and windows is None and not self.body.distinct
        wanted = _columns(order) if plain else None
        row_goal = wanted is not None and limit is not None and not limit.percent
        extreme = grouping.extreme if grouping is not None and _reads_one_table(relation) else ()
        if extreme:
            wanted, row_goal = extreme, True
        hints = {hint.name for hint in self.ctx.option_hints}
        planner = JoinPlanner(wanted or (), row_goal, keep_order="FORCE ORDER" in hints)
        for leaf in leaves(relation):
            if isinstance(leaf, MadeRows):
                self.reads |= leaf.depends
        for conjunct in conjuncts_in(relation):
            self.reads |= conjunct.slots
        operator = planner.plan(relation, (), local)
        note_reads(planner.paths.values(), self.ctx)
        if extreme and operator.fetch is None and operator.has_order(extreme):
            # The least or greatest value is found, and locked, without looking at the others.
            operator.rows = first_row(operator.rows)
        return operator

    def _finish(
        self,
        rows: Rows,
        fetch: Fetch | None,
        kept: Sequence[int],
        outputs: list[Output],
        setters: list[Setter] | None,
        order: list[OrderKey],
        limit: RowLimit | None,
        *,
        is_sorted: bool,
    ) -> Block:
        slots = frozenset(slot for slot in self.reads if slot < self.first_slot)
        if setters is not None and limit is not None and self.body.distinct:
            raise NotSupported("assignment to variables with TOP and DISTINCT", self.query.line)
        make = _assigner(setters) if setters is not None else projector([output.expr for output in outputs])
        if self.sequences:
            make = _renewing(make, self.sequences)
        if fetch is not None and (limit is None or limit.is_no_limit_for_one):
            return Block(outputs, setters, _fetched_rows(fetch, make), _fetched(fetch, make), slots)
        if self.body.distinct or (not is_sorted and any(key.position is not None for key in order if key.volatile)):
            made = self._sorted_results(rows, outputs, order, make, is_sorted=is_sorted)
        else:
            if not is_sorted:
                rows = order_rows(rows, kept, [key.sort_key for key in order])
            if setters is not None and limit is not None and limit.percent:
                # How many rows there are is known only when all have been read: the others must not be assigned.
                rows, limit = _restored(cut(project(rows, _saver(kept)), limit), kept), None
            made = project(rows, make)
        if limit is not None:
            made = cut(made, limit)
        return Block(outputs, setters, made, None, slots)

    def _sorted_results(
        self, rows: Rows, outputs: list[Output], order: list[OrderKey], make: Callable[[Env], Row], *, is_sorted: bool
    ) -> TupleRows:
        """Sort result rows instead of the rows they are made of: behind DISTINCT, and by values that must be computed
        only once. Keys that are no output columns are appended to the result rows while they are sorted."""
        hidden = [key for key in order if key.position is None]
        if hidden:
            make = projector([*(output.expr for output in outputs), *(key.expr for key in hidden)])
        made = project(rows, make)
        if self.body.distinct:
            made = distinct(made, row_key([sort_key(output.expr.type) for output in outputs]))
        if is_sorted:
            return made
        slot = self.ctx.new_slot()
        keys = []
        for key in order:
            position = key.position if key.position is not None else len(outputs) + hidden.index(key)
            key.expr = column_of(slot, position, key.expr.type)
            keys.append(key.sort_key)
        width = len(outputs)
        ordered = order_rows(into_slot(made, slot), [slot], keys)
        return project(ordered, (lambda env: env[slot][:width]) if hidden else lambda env: env[slot])


def _renumbered(number: int, compile_it: Callable[[], Any]) -> Any:
    """Error 8120 under the number that it has in another clause."""
    try:
        return compile_it()
    except SqlError as error:
        if error.number != 8120:
            raise
        raise sql_error(number, error.message.split("'")[1], line=error.line) from None


def _columns(order: Sequence[OrderKey]) -> Ordering | None:
    """The order as plain columns; None if it has anything else."""
    columns = [(key.expr.column, key.descending) for key in order]
    found = [(column, descending) for column, descending in columns if column is not None]
    return found if len(found) == len(columns) else None


def _assigner(setters: Sequence[Setter]) -> Callable[[Env], Row]:
    if len(setters) == 1:
        ((only, value_of),) = setters

        def assign_one(env: Env) -> Row:
            env[0][only] = value_of(env)
            return ()

        return assign_one

    def assign(env: Env) -> Row:
        variables = env[0]
        for index, value_of in setters:
            variables[index] = value_of(env)
        return ()

    return assign


def _saver(slots: Sequence[int]) -> Callable[[Env], Row]:
    return lambda env: tuple([env[slot] for slot in slots])


def _restored(rows: TupleRows, slots: Sequence[int]) -> Rows:
    """What ``_saver`` has kept, put back into its slots."""

    def restored(env: Env) -> Iterator[None]:
        for saved in rows(env):
            for slot, row in zip(slots, saved, strict=True):
                env[slot] = row
            yield

    return restored


def _renewing(make: Callable[[Env], Row], slots: Sequence[int]) -> Callable[[Env], Row]:
    """``make`` with new values of sequences for each row."""

    def made(env: Env) -> Row:
        for slot in slots:
            env[slot] = None
        return make(env)

    return made


def _fetched(fetch: Fetch, make: Callable[[Env], Row]) -> Callable[[Env], Row | None]:
    return lambda env: make(env) if fetch(env) else None


def _fetched_rows(fetch: Fetch, make: Callable[[Env], Row]) -> TupleRows:
    def rows(env: Env) -> Iterator[Row]:
        return iter((make(env),)) if fetch(env) else iter(())

    return rows
