"""From the text of a table to its definition: columns, keys, constraints, with the names the server makes up.

Documentation: "CREATE TABLE (Transact-SQL)", "ALTER TABLE table_constraint", "Nullability rules within a table
definition".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from emulator.catalog.database import Database
from emulator.catalog.objects import (
    AliasType,
    CheckConstraint,
    Column,
    Columnstore,
    DefaultConstraint,
    Identity,
    Index,
    IndexColumn,
    Parameter,
    Table,
    TableType,
    fold,
)
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.definitions.rendering import definition_of
from emulator.planning.accesses import note_access
from emulator.planning.binding import NoVariables, PlanContext, Scope, Source, SourceColumn
from emulator.planning.expressions import compile_filter, compile_scalar
from emulator.planning.expressions.defaults import compile_default
from emulator.sql import nodes
from emulator.types import names
from emulator.types.sqltype import INT, MAX, SqlType, is_character, is_decimal

TABLE_TYPE, CURSOR = SqlType("table"), SqlType("cursor")
SYSNAME_ALIAS = "sysname"
UNKNOWN_COLUMN, TOO_LONG_FOR_ANY, TOO_LONG_FOR_IT = 207, 131, 2717


def resolve_type(name: nodes.TypeName, ctx: PlanContext) -> tuple[SqlType, TableType | None]:
    """The type of a variable or parameter: a system type, an alias type's base, or a table type. Errors: 2715.

    Character types come without a collation: variables give way to the collation of columns.
    """
    system = names.resolve(name)
    if system is not None:
        return system, None
    for schema in [name.schema] if name.schema else [ctx.module_schema or "dbo", "dbo"]:
        found = ctx.database.types.get((fold(schema), fold(name.name)))
        if isinstance(found, AliasType):
            return found.type, None
        if isinstance(found, TableType):
            note_access(ctx, found, "EXECUTE", ctx.database)
            return TABLE_TYPE, found
    raise sql_error(2715, 1, f"{name.schema}.{name.name}" if name.schema else name.name, line=name.line)


def type_for(kind: str, named: str, name: nodes.TypeName, ctx: PlanContext) -> tuple[SqlType, TableType | None]:
    """The type of the column or the parameter called ``named``. Errors: 131 and 2717 name it when it is too long."""
    try:
        return resolve_type(name, ctx)
    except SqlError as error:
        if error.number == TOO_LONG_FOR_IT:
            raise sql_error(
                2717, name.arguments[0], kind, named, names.MAX_BYTES // 2, state=2, line=name.line
            ) from None
        if error.number == TOO_LONG_FOR_ANY and kind == "column":
            raise sql_error(131, name.arguments[0], kind, named, names.MAX_BYTES, state=2, line=name.line) from None
        raise


def user_type_of(name: nodes.TypeName, ctx: PlanContext) -> tuple[str, bool]:
    """What ``Column.user_type`` is for a column of that type, and whether such a column is nullable unless it says."""
    if fold(name.name) == SYSNAME_ALIAS:
        return SYSNAME_ALIAS, False
    if names.resolve(name) is not None:
        return "", True
    found = (ctx.database.types.get((fold(s), fold(name.name))) for s in (name.schema, ctx.module_schema, "dbo") if s)
    alias = next((alias for alias in found if isinstance(alias, AliasType)), None)
    return ("", True) if alias is None else (alias.full_name, alias.nullable)


def with_collation(type: SqlType, database: Database, collation: str | None = None) -> SqlType:
    """The type with the collation that a column or variable of it gets."""
    if not is_character(type):
        return type
    if collation is not None and fold(collation) == "database_default":
        collation = None
    return replace(type, collation=collation or type.collation or database.collation)


def parameters(declared: Sequence[nodes.Parameter], ctx: PlanContext) -> tuple[Parameter, ...]:
    """The parameters of a module or of sp_executesql. Errors: 2715; 352 a table type that is not READONLY."""
    result = []
    for node in declared:
        if node.varying:
            result.append(Parameter(node.name, CURSOR, output=True))
            continue
        type, table_type = type_for("parameter", node.name, node.type, ctx)
        if table_type is not None and not node.readonly:
            raise sql_error(352, node.name, line=node.line)
        result.append(Parameter(node.name, type, node.default, node.output, table_type))
    return tuple(result)


@dataclass(slots=True)
class _Shaper:
    """Collects the parts of one table while its definition is read."""

    table: Table
    ctx: PlanContext
    unspecified: set[str] = field(default_factory=set)
    """Names of new columns that do not say whether they may be NULL: a primary key makes them NOT NULL."""
    null_by_default: bool = True
    """Whether they may be (SET ANSI_NULL_DFLT_ON)."""

    def add_columns(self, definitions: Sequence[nodes.ColumnDefinition]) -> list[Column]:
        """Add columns with their constraints and indexes. All are there before an expression is read."""
        added = [self._add_column(node) for node in definitions]
        for node, column in zip(definitions, added, strict=True):
            if node.computed is not None:
                self._compute(column, node)
        for node in definitions:
            for constraint in node.constraints:
                self.add_constraint(constraint)
            for index in node.indexes:
                self.add_any_index(index)
        return added

    def _add_column(self, node: nodes.ColumnDefinition) -> Column:
        if self.table.column(node.name) is not None:
            raise sql_error(2705, node.name, self.table.name, line=node.line)
        if node.sparse:
            raise NotSupported("SPARSE columns", node.line)
        if node.computed is not None:
            column = self._computed(node)
        elif node.type is not None:
            column = self._stored(node)
        else:
            raise sql_error(173, node.name, line=node.line)
        self.table.columns.append(column)
        if node.nullable is None:
            self.unspecified.add(column.name)
        return column

    def _next_id(self) -> int:
        return max((column.column_id for column in self.table.columns), default=0) + 1

    def _stored(self, node: nodes.ColumnDefinition) -> Column:
        assert node.type is not None
        type, table_type = type_for("column", node.name, node.type, self.ctx)
        if table_type is not None:
            raise sql_error(350, node.name, node.type.name, line=node.line)
        user_type, nullable_by_type = user_type_of(node.type, self.ctx)
        type = with_collation(type, self.ctx.database, node.collation)
        not_null = node.identity is not None or type.name == "rowversion"
        by_default = nullable_by_type and self.null_by_default
        nullable = not not_null and by_default if node.nullable is None else node.nullable
        if node.identity is not None and not _may_count(type):
            raise sql_error(2749, node.name, line=node.line)
        if node.identity is not None and (nullable or self.table.identity_column is not None):
            raise sql_error(8147 if nullable else 2744, node.name, self.table.name, line=node.line)
        identity = Identity(node.identity.seed, node.identity.increment) if node.identity else None
        return Column(
            node.name,
            type,
            nullable,
            len(self.table.columns),
            self._next_id(),
            identity=identity,
            rowguidcol=node.rowguidcol,
            user_type=user_type,
        )

    def _computed(self, node: nodes.ColumnDefinition) -> Column:
        """A computed column whose type is not known yet (``_compute``)."""
        assert node.computed is not None
        return Column(
            node.name,
            INT,
            True,
            len(self.table.columns),
            self._next_id(),
            computed=node.computed,
            computed_text=definition_of(node.computed, node.computed_text or ""),
            persisted=node.persisted,
        )

    def _compute(self, column: Column, node: nodes.ColumnDefinition) -> None:
        """Find the type of a computed column. Errors: 1759 it mentions a computed column."""
        assert column.computed is not None
        scope = table_scope(self.table, self.ctx)
        compiled = compile_scalar(column.computed, scope, self.ctx)
        for ordinal in scope.sources[0].used:
            mentioned = self.table.columns[ordinal]
            if mentioned.computed is not None:
                raise sql_error(1759, mentioned.name, self.table.name, line=node.line)
        column.type = compiled.type
        column.nullable = compiled.nullable if node.nullable is None else node.nullable

    def ordinal(self, name: str, line: int) -> int:
        column = self.table.column(name)
        if column is None:
            raise sql_error(1911, name, line=line)
        return column.ordinal

    def _checked_column(self, node: nodes.CheckConstraint) -> int | None:
        """The ordinal of the one column that a check is about, None if there are more or none.

        Errors: 8141 a column's own check mentions another column.
        """
        scope = table_scope(self.table, self.ctx)
        compile_filter(node.condition, scope, self.ctx)
        mentioned = set(scope.sources[0].used)
        if node.column is None:
            return mentioned.pop() if len(mentioned) == 1 else None
        own = self.ordinal(node.column, node.line)
        if mentioned - {own}:
            raise sql_error(8141, self.table.columns[own].name, self.table.name, line=node.line)
        return own

    def add_constraint(self, node: nodes.TableConstraint) -> None:
        match node:
            case nodes.KeyConstraint():
                self._add_key(node)
            case nodes.CheckConstraint():
                column = self._checked_column(node)
                name = node.name or made_up("CK", self.table, node.column, len(self.table.checks))
                self.table.checks.append(
                    CheckConstraint(
                        name,
                        node.condition,
                        definition_of(node.condition, node.condition_text),
                        column,
                        system_named=node.name is None,
                    )
                )
            case nodes.DefaultConstraint():
                target = self.table.columns[self.ordinal(node.column, node.line)]
                if target.default is not None or target.identity is not None or target.computed is not None:
                    raise sql_error(1781 if target.default else 1754, target.name, self.table.name, line=node.line)
                try:
                    compile_default(node.expression, target.type, self.ctx)
                except SqlError as error:
                    if error.number != UNKNOWN_COLUMN:
                        raise
                    raise sql_error(128, error.message.split("'")[1], line=node.line) from None
                target.default = DefaultConstraint(
                    node.name or made_up("DF", self.table, target.name, target.ordinal),
                    node.expression,
                    definition_of(node.expression, node.expression_text),
                    node.name is None,
                )
            case nodes.ForeignKey():
                pass  # needs the other table: see ``tables.add_foreign_key``

    def _add_key(self, node: nodes.KeyConstraint) -> None:
        if node.primary and any(index.primary_key for index in self.table.indexes):
            raise sql_error(8110, self.table.name, line=node.line)
        columns = tuple(IndexColumn(self.ordinal(part.name, part.line), part.descending) for part in node.columns)
        try:
            self._check_key(columns, "index", node.line)
            if node.primary:
                self._refuse_nulls(columns, node.line)
        except SqlError as error:
            raise sql_error(1750, line=node.line).after(error) from None
        wants_clustered = node.clustered if node.clustered is not None else node.primary
        other = self.table.clustered or next((item for item in self.table.columnstores if item.clustered), None)
        clustered = wants_clustered and (node.clustered is True or other is None)
        if clustered and other is not None:
            raise sql_error(8112, self.table.name, line=node.line)
        name = node.name or made_up("PK" if node.primary else "UQ", self.table, None, len(self.table.indexes))
        self._enter(
            Index(
                name,
                0,
                columns,
                unique=True,
                clustered=clustered,
                primary_key=node.primary,
                unique_constraint=not node.primary,
                ignore_dup_key=_ignores_duplicates(node.options),
                system_named=node.name is None,
            )
        )

    def _refuse_nulls(self, columns: Sequence[IndexColumn], line: int) -> None:
        """Make the columns of a primary key NOT NULL. Errors: 8111 one that is declared otherwise."""
        for part in columns:
            column = self.table.columns[part.ordinal]
            if column.nullable and column.name not in self.unspecified:
                raise sql_error(8111, self.table.name, line=line)
            column.nullable = False

    def _check_key(self, columns: Sequence[IndexColumn], what: str, line: int, included: Sequence[int] = ()) -> None:
        """Errors: 1909 a column twice, 1919 a type that has no order or is too long."""
        seen: set[int] = set()
        for ordinal in (*(part.ordinal for part in columns), *included):
            if ordinal in seen:
                raise sql_error(1909, what, self.table.columns[ordinal].name, line=line)
            seen.add(ordinal)
        for part in columns:
            column = self.table.columns[part.ordinal]
            if column.type.length == MAX or column.type.name in WITHOUT_ORDER:
                raise sql_error(1919, column.name, self.table.name, line=line)

    def add_index(self, node: nodes.IndexDefinition) -> Index:
        """CREATE INDEX and INDEX written in a table. Errors: 1911, 1902 a second clustered one, 1913 name taken."""
        self.check_name(node)
        if _ignores_duplicates(node.options) and not node.unique:
            raise sql_error(1916, "nonunique", "ignore_dup_key", line=node.line)
        index = Index(
            node.name,
            0,
            tuple(IndexColumn(self.ordinal(part.name, part.line), part.descending) for part in node.columns),
            unique=node.unique,
            clustered=node.clustered,
            included=tuple(self.ordinal(name, node.line) for name in node.include),
            ignore_dup_key=_ignores_duplicates(node.options),
        )
        self._check_key(index.columns, "index", node.line, index.included)
        if node.where is not None:
            self.set_filter(index, node.where, node.where_text or "")
        self._enter(index)
        return index

    def check_name(self, node: nodes.IndexDefinition) -> None:
        """Errors: 1913 the name is taken, 1902 a second clustered index."""
        everything: list[Index | Columnstore] = [*self.table.indexes, *self.table.columnstores]
        if any(fold(index.name) == fold(node.name) for index in everything):
            raise sql_error(1913, node.name, self.table.full_name, line=node.line)
        clustered = next((index for index in everything if index.clustered), None)
        if node.clustered and clustered is not None:
            raise sql_error(1902, self.table.full_name, clustered.name, line=node.line)

    def add_any_index(self, node: nodes.IndexDefinition) -> None:
        """An index written in a table."""
        if node.columnstore:
            self.add_columnstore(node)
        else:
            self.add_index(node)

    def add_columnstore(self, node: nodes.IndexDefinition) -> Columnstore:
        """A columnstore index. Errors: 35301 UNIQUE, 35311 INCLUDE, 35302, 1909 a column twice, 35339 a second one."""
        if node.unique:
            raise sql_error(35301, line=node.line)
        if node.include:
            raise sql_error(35311, line=node.line)
        self.check_name(node)
        if node.clustered and node.columns:
            raise sql_error(35302, line=node.line)
        ordinals = [self.ordinal(part.name, part.line) for part in node.columns]
        for position, ordinal in enumerate(ordinals):
            if ordinal in ordinals[:position]:
                raise sql_error(1909, "index", self.table.columns[ordinal].name, line=node.line)
        if self.table.columnstores:
            raise sql_error(35339, line=node.line)
        text = ""
        if node.where is not None:
            _check_filter(node.where, node.name, self.table.name)
            compile_filter(node.where, table_scope(self.table, self.ctx), self.ctx)
            text = definition_of(node.where, node.where_text or "", filter=True)
        ids = tuple(self.table.columns[ordinal].column_id for ordinal in ordinals)
        number = 1 if node.clustered else self._next_number()
        found = Columnstore(node.name, number, node.clustered, ids, text)
        self.table.columnstores = [*self.table.columnstores, found]
        return found

    def _next_number(self) -> int:
        """The id of the next nonclustered index."""
        everything: list[Index | Columnstore] = [*self.table.indexes, *self.table.columnstores]
        return max((1, *(other.number for other in everything))) + 1

    def set_filter(self, index: Index, where: nodes.Predicate, text: str) -> None:
        """Make ``index`` a filtered one. Errors: 156, 10735 for other filters than comparisons with constants."""
        _check_filter(where, index.name, self.table.name)
        scope = table_scope(self.table, self.ctx)
        slot = scope.sources[0].slot
        holds = compile_filter(where, scope, self.ctx)
        blank = [None] * slot
        used = column_names(where)
        index.filter, index.filter_text = where, definition_of(where, text, filter=True)
        index.predicate = lambda row: bool(holds([*blank, row]))
        index.predicate_columns = tuple(c.ordinal for c in self.table.columns if fold(c.name) in used)

    def _enter(self, index: Index) -> None:
        if index.clustered:
            index.number = 1
            self.table.indexes.insert(0, index)
        else:
            index.number = self._next_number()
            self.table.indexes.append(index)


NOT_IN_FILTERS: Mapping[type[nodes.Predicate], str] = {
    nodes.Between: "BETWEEN",
    nodes.Like: "LIKE",
    nodes.Not: "NOT",
    nodes.Or: "OR",
}


def _check_filter(node: nodes.Predicate, index: str, table: str) -> None:
    """What the grammar of filtered indexes lets through ("CREATE INDEX (Transact-SQL)", filter_predicate)."""
    if type(node) in NOT_IN_FILTERS:
        raise sql_error(156, NOT_IN_FILTERS[type(node)], line=node.line)
    match node:
        case nodes.And(operands=operands):
            for condition in operands:
                _check_filter(condition, index, table)
        case nodes.InList(negated=True):
            raise sql_error(156, "NOT", line=node.line)
        case nodes.InList(operand=nodes.ColumnRef(), items=items) if not any(column_names(item) for item in items):
            return
        case nodes.Comparison(left=nodes.ColumnRef(), right=right) if not column_names(right):
            return
        case nodes.IsNull(operand=nodes.ColumnRef()):
            return
        case _:
            raise sql_error(10735, index, table, line=node.line)


WITHOUT_ORDER = frozenset({"text", "ntext", "image", "xml"})


def column_names(node: object) -> set[str]:
    """The folded names of all columns that a syntax tree mentions."""
    from emulator.planning.expressions import children  # noqa: PLC0415

    found = {fold(node.name)} if isinstance(node, nodes.ColumnRef) else set()
    for child in children(node):
        found |= column_names(child)
    return found


def _may_count(type: SqlType) -> bool:
    """Whether a column of the type can be an identity column."""
    return type.name in ("tinyint", "smallint", "int", "bigint") or (is_decimal(type) and type.scale == 0)


def _ignores_duplicates(options: Sequence[nodes.Option]) -> bool:
    return any(option.name == "IGNORE_DUP_KEY" and option.value in ("ON", None) for option in options)


def made_up(prefix: str, table: Table, column: str | None, salt: int) -> str:
    """A name for a constraint that was written without one, in the manner of ``PK__LotMaste__0A1B2C3D4E5F6071``."""
    base = fold(table.name).removeprefix("#")
    digest = abs(hash_name(f"{table.schema}.{base}.{column}.{prefix}.{salt}"))
    if column is None:
        return f"{prefix}__{table.name[:8]}__{digest:016X}"
    return f"{prefix}__{table.name[:9]}__{column[:5]}__{digest & 0xFFFFFFFF:08X}"


def hash_name(text: str) -> int:
    """A 64-bit number that depends on ``text`` alone."""
    value = 14695981039346656037
    for byte in text.encode():
        value = (value ^ byte) * 1099511628211 % 2**64
    return value


def table_scope(table: Table, ctx: PlanContext) -> Scope:
    """A scope in which the columns of ``table`` are visible, for checks, filters and computed columns."""
    columns = [SourceColumn(column.name, column.type, column.nullable) for column in table.columns]
    return Scope([Source(table.name, ctx.new_slot(), columns, table, table.schema)])


def table_shape(
    name: str, definition: nodes.TableDefinition, ctx: PlanContext, *, schema: str = "", null_by_default: bool = True
) -> Table:
    """The definition of a table without its foreign keys and without a store.

    Errors: 112 a variable, 2705 a column twice, 1911 an unknown column, 2715 an unknown type, 8110, 8112, 2744 and what
    expressions raise.
    """
    table = Table(schema, name, database=ctx.database.name)
    shaper = _Shaper(table, replace(ctx, variables=NoVariables()), null_by_default=null_by_default)
    shaper.add_columns(definition.columns)
    for constraint in definition.constraints:
        shaper.add_constraint(constraint)
    for index in definition.indexes:
        shaper.add_any_index(index)
    return table


def shaper(table: Table, ctx: PlanContext, statement: str = "ALTER TABLE") -> _Shaper:
    """For ALTER TABLE and CREATE INDEX: adds parts to an existing definition. Errors of the parts: 112 a variable."""
    null_by_default = "ANSI_NULL_DFLT_ON" in ctx.session.settings.on
    return _Shaper(table, replace(ctx, variables=NoVariables(statement=statement)), null_by_default=null_by_default)
