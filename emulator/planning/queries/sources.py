"""FROM: its items bound to tables, views, functions and derived tables, and joined to one relation.

Documentation: "FROM clause plus JOIN, APPLY, PIVOT (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.catalog.objects import (
    DatabaseObject,
    Index,
    InlineFunction,
    Table,
    TableFunction,
    View,
    fold,
)
from emulator.errors import NotSupported, sql_error
from emulator.planning.accesses import note_access
from emulator.planning.binding import SESSION, VARIABLES, Env, Expr, PlanContext, Scope, Source, SourceColumn
from emulator.planning.expressions import assign_to, compile_scalar, convert_to
from emulator.planning.queries.filtered import filters_of
from emulator.planning.queries.hints import TableHints, read_hints
from emulator.planning.queries.names import find_database, find_object
from emulator.planning.queries.predicates import compile_conjuncts
from emulator.planning.queries.relations import (
    InnerJoin,
    MadeRows,
    OuterJoin,
    Relation,
    StoredTable,
    preserved_leaf,
)
from emulator.planning.queries.table_functions import find_table_function
from emulator.sql import nodes
from emulator.types.precedence import common_type
from emulator.types.sqltype import INT, SqlType


@dataclass(slots=True)
class MergedView:
    """A view, derived table or inline function that was merged into the query around it.

    ``inner`` are the sources in it, ``uses[i]`` the columns of those that its column i is made from.
    """

    source: Source
    inner: list[Source]
    uses: list[list[tuple[Source, int]]]


@dataclass(slots=True)
class Bound:
    """What an item of FROM was bound to: the relation, the sources that names see, and the views merged into it."""

    relation: Relation
    sources: list[Source]
    merged: list[MergedView] = field(default_factory=list)


def bind_sources(items: Sequence[nodes.TableSource], parent: Scope | None, ctx: PlanContext) -> Bound:
    """Bind the items of FROM; names in them that are not theirs are those of ``parent``.

    Errors: 208, 1011, 1013, 4104 and those of conditions and queries in FROM.
    """
    bound = [bind_source(item, parent, ctx) for item in items]
    children = [item.relation for item in bound]
    sources = [source for item in bound for source in item.sources]
    check_exposed_names(sources)
    return Bound(InnerJoin(children), sources, [view for item in bound for view in item.merged])


def bind_source(item: nodes.TableSource, parent: Scope | None, ctx: PlanContext) -> Bound:
    """Bind one item of FROM."""
    if ctx.through is not None and item is ctx.through.item:
        ctx.through.pending = True
    match item:
        case nodes.NamedTable():
            return bind_named(item, parent, ctx)
        case nodes.VariableTable():
            return bind_variable(item, ctx)
        case nodes.Join():
            return _bind_join(item, parent, ctx)
        case nodes.DerivedTable(query=query, alias=alias, columns=columns):
            from emulator.planning.queries.views import expand_query  # noqa: PLC0415 (views are queries)

            return expand_query(query, alias, columns, parent, ctx, line=item.line)
        case nodes.ValuesTable():
            return _bind_values(item, parent, ctx)
        case nodes.FunctionTable():
            return _bind_function(item, parent, ctx)
        case nodes.Pivot():
            from emulator.planning.queries.pivots import bind_pivot  # noqa: PLC0415 (its source stands in FROM, too)

            return bind_pivot(item, parent, ctx)
        case nodes.Unpivot():
            from emulator.planning.queries.pivots import bind_unpivot  # noqa: PLC0415 (its source stands in FROM, too)

            return bind_unpivot(item, parent, ctx)
        case nodes.OpenJson():
            from emulator.planning.queries.open_json import bind_open_json  # noqa: PLC0415 (it makes a Bound, too)

            return bind_open_json(item, parent, ctx)
        case nodes.MethodTable():
            from emulator.planning.queries.xml_nodes import bind_nodes  # noqa: PLC0415 (it makes a Bound, too)

            return bind_nodes(item, parent, ctx)
        case nodes.OutputTable():
            from emulator.planning.changes.nested import bind_change  # noqa: PLC0415 (changes are made of queries)

            return bind_change(item, ctx)
        case _:
            raise NotSupported(f"{type(item).__name__.upper()} in FROM", item.line)


def check_exposed_names(sources: Sequence[Source]) -> None:
    """Errors: 1011 for an alias, 1013 for a table that is there twice."""
    seen: dict[str, Source] = {}
    for source in sources:
        folded = fold(source.alias)
        other = seen.setdefault(folded, source)
        if other is source:
            continue
        if source.schema is not None and other.schema is not None and fold(source.schema) != fold(other.schema):
            continue
        if source.schema is None and other.schema is None:
            raise sql_error(1011, source.alias)
        raise sql_error(1013, _exposed(other), _exposed(source))


def _exposed(source: Source) -> str:
    return f"{source.schema}.{source.alias}" if source.schema else source.alias


# --- Tables -----------------------------------------------------------------------------------------------------------


def bind_named(item: nodes.NamedTable, parent: Scope | None, ctx: PlanContext, *, target: bool = False) -> Bound:
    """Bind a table, view, synonym, system view or common table expression by name."""
    name = item.name
    if name.schema is None and name.database is None and not target:
        trigger_table = ctx.trigger_tables.get(fold(name.name))
        if trigger_table is not None:
            return _bind_trigger_table(trigger_table, item, ctx)
        cte = ctx.ctes.get(fold(name.name))
        if cte is not None:
            referenced: Bound = cte.reference(item, ctx)
            return referenced
    found = find_object(name, ctx)
    if isinstance(found, Table | View):
        need = note_access(ctx, found, "SELECT") if not target else None
        bound = _bind_found(found, item, ctx, target=target)
        if need is not None:
            need.sources += bound.sources
        return bound
    if isinstance(found, InlineFunction | TableFunction):
        raise sql_error(216, str(name), line=name.line)
    if isinstance(found, DatabaseObject):
        raise sql_error(208, name, line=name.line)
    view, database = found, find_database(name, ctx)
    source = Source(item.alias or name.name, ctx.new_slot(), list(found.columns))
    if not item.alias:
        source.schema, source.database = view.schema, (database or ctx.database).name
    return Bound(MadeRows(source, lambda env: view.rows(env[SESSION], database)), [source])


def _bind_found(found: Table | View, item: nodes.NamedTable, ctx: PlanContext, *, target: bool) -> Bound:
    if isinstance(found, Table):
        hints = read_hints((*item.hints, *ctx.view_hints), target=target)
        return bind_table(found, item, hints, ctx, target=target)
    from emulator.planning.queries.views import expand_view  # noqa: PLC0415 (views are queries)

    return expand_view(found, item, ctx)


def bind_table(
    table: Table, item: nodes.NamedTable, hints: TableHints, ctx: PlanContext, *, target: bool = False
) -> Bound:
    """Bind a stored table, permanent or temporary."""
    source = table_source(table, item.alias or item.name.name, ctx)
    database = find_database(item.name, ctx) or ctx.database
    if table.name.startswith("##"):
        database = ctx.session.instance.databases["tempdb"]
    if not item.alias and not table.name.startswith("#"):
        source.schema, source.database = table.schema, database.name
    store = table.store
    assert store is not None
    locked = not table.name.startswith("#") or table.name.startswith("##")
    indexes = _readable_indexes(table, ctx)
    stored = StoredTable(
        source,
        table,
        lambda env: store,
        database,
        hints,
        locked=locked,
        target=target,
        indexes=indexes,
        filters=filters_of(indexes, source, ctx),
    )
    return Bound(stored, [source])


def _readable_indexes(table: Table, ctx: PlanContext) -> list[Index]:
    """Those that are not disabled, nor made by another transaction that is not committed."""
    transaction = ctx.session.transaction
    if any(index.made_by is not None and index.made_by is transaction for index in table.indexes):
        ctx.made_for = transaction
    return [
        index
        for index in table.indexes
        if not index.disabled and (index.made_by is None or index.made_by is transaction)
    ]


def bind_variable(item: nodes.VariableTable, ctx: PlanContext, *, target: bool = False) -> Bound:
    """Bind a table variable. Errors: 1087."""
    info = ctx.variables.table(item.name, item.line)
    assert info.table is not None
    source = table_source(info.table, item.alias or item.name, ctx)
    index = info.index
    hints = read_hints(item.hints, target=target)
    stored = StoredTable(
        source,
        info.table,
        lambda env: env[VARIABLES][index],
        ctx.database,
        hints,
        locked=False,
        target=target,
        indexes=info.table.indexes,
        filters=filters_of(info.table.indexes, source, ctx),
    )
    return Bound(stored, [source])


def table_source(table: Table, alias: str, ctx: PlanContext) -> Source:
    """The source of a stored table, with a slot of its own."""
    columns = [
        SourceColumn(column.name, column.type, column.nullable, column.identity is not None) for column in table.columns
    ]
    return Source(alias, ctx.new_slot(), columns, table=table)


def _bind_trigger_table(rows: Source, item: nodes.NamedTable, ctx: PlanContext) -> Bound:
    """``inserted`` or ``deleted``: the slot of ``rows`` is the number of the variable that has them."""
    source = Source(item.alias or item.name.name, ctx.new_slot(), rows.columns)
    index = rows.slot
    return Bound(MadeRows(source, lambda env: env[VARIABLES][index]), [source])


# --- Joins ------------------------------------------------------------------------------------------------------------


def _bind_join(item: nodes.Join, parent: Scope | None, ctx: PlanContext) -> Bound:
    left = bind_source(item.left, parent, ctx)
    inner_parent = Scope(left.sources, parent) if item.kind.endswith("APPLY") else parent
    right = bind_source(item.right, inner_parent, ctx)
    sources = [*left.sources, *right.sources]
    check_exposed_names(sources)
    if item.kind in ("LEFT", "FULL", "OUTER APPLY"):
        make_nullable(right, ctx)
    if item.kind in ("RIGHT", "FULL"):
        make_nullable(left, ctx)
    conjuncts = compile_conjuncts(item.condition, Scope(sources, parent), ctx)
    relation: Relation
    if item.kind in ("INNER", "CROSS", "CROSS APPLY"):
        relation = InnerJoin([left.relation, right.relation], conjuncts)
    elif item.kind == "RIGHT":
        relation = OuterJoin(right.relation, left.relation, conjuncts)
    else:
        relation = OuterJoin(left.relation, right.relation, conjuncts, full=item.kind == "FULL")
    return Bound(relation, sources, [*left.merged, *right.merged])


def make_nullable(bound: Bound, ctx: PlanContext) -> None:
    """The side of an outer join that may be missing: expressions of merged views are NULL then too."""
    for source in bound.sources:
        source.nullable_side = True
        if source.expressions is None:
            continue
        leaf = preserved_leaf(bound.relation)
        if leaf is None:
            leaf = _witness(ctx)
            bound.relation = InnerJoin([leaf, bound.relation])
        slot, null_row = leaf.source.slot, leaf.null_row
        source.expressions = [_null_with(expr, slot, null_row) for expr in source.expressions]


def _witness(ctx: PlanContext) -> MadeRows:
    """One row that tells whether a relation without a row of its own is there."""
    return MadeRows(Source("", ctx.new_slot(), [SourceColumn("", INT)]), lambda env: ((1,),))


def _null_with(expr: Expr, slot: int, null_row: tuple[None, ...]) -> Expr:
    if expr.column is not None:
        return replace(expr, nullable=True)
    fn = expr.fn
    return replace(
        expr,
        fn=lambda env: None if env[slot] is null_row else fn(env),
        nullable=True,
        slots=expr.slots | {slot},
        constant=False,
        literal=None,
        variable=None,
        is_null_literal=False,
    )


# --- VALUES -----------------------------------------------------------------------------------------------------------


def _bind_values(item: nodes.ValuesTable, parent: Scope | None, ctx: PlanContext) -> Bound:
    width = len(item.rows[0])
    if any(len(row) != width for row in item.rows):
        raise sql_error(10709, line=item.line)
    compiled = [[compile_scalar(value, parent, ctx) for value in row] for row in item.rows]
    types = [common_type_of([row[ordinal] for row in compiled]) for ordinal in range(width)]
    rows = [[convert_to(value, type) for value, type in zip(row, types, strict=True)] for row in compiled]
    names = column_names([""] * width, item.columns, item.alias, item.line)
    columns = [
        SourceColumn(name, type, any(row[ordinal].nullable for row in rows))
        for ordinal, (name, type) in enumerate(zip(names, types, strict=True))
    ]
    source = Source(item.alias, ctx.new_slot(), columns)
    functions = [[value.fn for value in row] for row in rows]
    depends: frozenset[int] = frozenset().union(*(value.slots for row in rows for value in row))

    def make(env: Env) -> Iterable[tuple[Any, ...]]:
        return (tuple([function(env) for function in row]) for row in functions)

    return Bound(MadeRows(source, make, depends), [source])


def common_type_of(exprs: Sequence[Expr]) -> SqlType:
    """The type in which expressions meet (VALUES, set operations); int when all are the word NULL."""
    found: SqlType | None = None
    for expr in exprs:
        if not expr.is_null_literal:
            found = expr.type if found is None else common_type(found, expr.type)
    return found or INT


def column_names(own: Sequence[str], given: Sequence[str], alias: str, line: int) -> list[str]:
    """The column names of a derived table: those given after its alias, else its own.

    Errors: 8155 no name, 8156 a name twice, 8158, 8159 another number than given.
    """
    if given and len(given) < len(own):
        raise sql_error(8158, alias, line=line)
    if len(given) > len(own):
        raise sql_error(8159, alias, line=line)
    names = list(given or own)
    seen: set[str] = set()
    for position, name in enumerate(names, start=1):
        if not name:
            raise sql_error(8155, position, alias, line=line)
        if fold(name) in seen:
            raise sql_error(8156, name, alias, line=line)
        seen.add(fold(name))
    return names


# --- Functions --------------------------------------------------------------------------------------------------------


def _bind_function(item: nodes.FunctionTable, parent: Scope | None, ctx: PlanContext) -> Bound:
    call = item.call
    name = call.name
    built_in = find_table_function(name)
    if built_in is not None:
        arguments = [compile_scalar(_given(argument), parent, ctx) for argument in call.arguments]
        columns, rows = built_in(arguments, call.line)
        return _made(item, columns, rows, arguments, ctx)
    found = find_object(name, ctx)
    if isinstance(found, InlineFunction | TableFunction):
        note_access(ctx, found, "SELECT")
    if isinstance(found, InlineFunction):
        from emulator.planning.queries.views import expand_function  # noqa: PLC0415 (inline functions are queries)

        return expand_function(found, item, parent, ctx)
    if isinstance(found, TableFunction):
        function = found
        assert function.returns is not None
        arguments = list(bind_arguments(function, call, parent, ctx).values())
        values = [argument.fn for argument in arguments]
        columns = [SourceColumn(column.name, column.type, column.nullable) for column in function.returns.columns]

        def call_it(env: Env) -> Iterable[tuple[Any, ...]]:
            result: Iterable[tuple[Any, ...]] = (
                env[SESSION].call_table_function(function, [value(env) for value in values]).rows()
            )
            return result

        return _made(item, columns, call_it, arguments, ctx)
    raise sql_error(215, name, line=name.line)


def _given(argument: nodes.Expression) -> nodes.Expression:
    """DEFAULT as the argument of a built-in function is NULL."""
    return nodes.NullLiteral(line=argument.line) if isinstance(argument, nodes.DefaultValue) else argument


def bind_arguments(
    function: InlineFunction | TableFunction, call: nodes.FunctionCall, parent: Scope | None, ctx: PlanContext
) -> dict[str, Expr]:
    """The arguments of a call by folded parameter name, in the types of the parameters. Errors: 313, 8144."""
    if len(call.arguments) < len(function.parameters):
        raise sql_error(313, call.name, line=call.line)
    if len(call.arguments) > len(function.parameters):
        raise sql_error(8144, call.name, line=call.line)
    bound = {}
    for parameter, argument in zip(function.parameters, call.arguments, strict=True):
        node = argument
        if isinstance(node, nodes.DefaultValue):
            if parameter.default is None:
                raise sql_error(313, call.name, line=call.line)
            node = parameter.default
        bound[fold(parameter.name)] = assign_to(compile_scalar(node, parent, ctx), parameter.type)
    return bound


def _made(
    item: nodes.FunctionTable,
    columns: Sequence[SourceColumn],
    rows: Callable[[Env], Iterable[tuple[Any, ...]]],
    arguments: Sequence[Expr],
    ctx: PlanContext,
) -> Bound:
    alias = item.alias or item.call.name.name
    names = column_names([column.name for column in columns], item.columns, alias, item.line)
    renamed = [replace(column, name=name) for column, name in zip(columns, names, strict=True)]
    source = Source(alias, ctx.new_slot(), renamed)
    depends: frozenset[int] = frozenset().union(*(argument.slots for argument in arguments))
    return Bound(MadeRows(source, rows, depends), [source])
