"""Which types the undeclared parameters of a batch should have, from where they stand in it.

A parameter takes the type of what it meets: the column that it is assigned to or compared with, the other operand, the
procedure's parameter that it is passed for, the type that it is cast to. Where several places differ, the first counts.
One that meets nothing with a type is nvarchar(4000).

Documentation: "sp_describe_undeclared_parameters (Transact-SQL)", whose selection algorithm this simplifies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from emulator.catalog.objects import Column, Parameter, Procedure, ScalarFunction, Table, TableType, fold
from emulator.errors import SqlError, sql_error
from emulator.execution.definitions.shapes import resolve_type, table_shape
from emulator.planning.binding import PlanContext, Scope
from emulator.planning.expressions import compile_scalar
from emulator.planning.queries import bind_ctes, compile_query, find_object
from emulator.planning.queries.sources import bind_sources
from emulator.sql import nodes
from emulator.sql.lexer import VARIABLE, tokenize
from emulator.sql.parser import parse_batch
from emulator.types.sqltype import BIGINT, INT, MAX, SqlType, is_character, is_unicode, nvarchar, varchar

if TYPE_CHECKING:
    from emulator.session import Session

UNKNOWN = nvarchar(4000)
NAME_ERRORS = frozenset((207, 208, 209, 4104))
"""Errors of binding that are the batch's own, whatever the types of its parameters."""
MATCHING_CALLS = frozenset(("ISNULL", "COALESCE", "NULLIF", "CONCAT", "GREATEST", "LEAST"))
"""Functions whose arguments should have one type."""


@dataclass(slots=True)
class Inferred:
    """An undeclared parameter. ``formal_name`` is that of the procedure's parameter it is passed for."""

    name: str
    type: SqlType | None = None
    table_type: TableType | None = None
    formal_name: str | None = None
    output: bool = False


def infer(session: Session, text: str, declared: Sequence[Parameter]) -> list[Inferred]:
    """The parameters that the batch uses and ``declared`` has not, in the order of their first use.

    Errors: those of syntax and of names; 11525 for a batch that uses a temporary table.
    """
    batch = parse_batch(text, quoted_identifier="QUOTED_IDENTIFIER" in session.settings.on)
    context = session.compiler(session.database, text, parameters=declared).context()
    inference = _Inference(session, context)
    declare_variables(batch.statements, context)
    for node in _tree(batch.statements):
        if isinstance(node, nodes.NamedTable) and node.name.name.startswith("#"):
            raise sql_error(11525, text)
        if isinstance(node, nodes.Variable) and context.variables.find(node.name) is None:
            context.variables.declare(node.name, UNKNOWN)
            inference.found[fold(node.name)] = Inferred(node.name)
    for statement in batch.statements:
        inference.statement(statement)
    order = dict.fromkeys(fold(token.value) for token in tokenize(text) if token.kind == VARIABLE)
    return [inference.found[name] for name in order if name in inference.found]


def declare_variables(statements: Sequence[nodes.Statement], context: PlanContext) -> None:
    """Enter the variables that the statements declare. Errors: 134, 2715."""
    for node in _tree(statements):
        if isinstance(node, nodes.VariableDeclaration):
            type, table_type = resolve_type(node.type, context)
            context.variables.declare(node.name, type, table_type.shape if table_type else None, node.line)
        elif isinstance(node, nodes.TableVariableDeclaration):
            shape = table_shape(node.name, node.definition, context)
            context.variables.declare(node.name, SqlType("table"), shape, node.line)


def _tree(node: object) -> Iterator[nodes.Node]:
    """All nodes in and below ``node``, in the order written, subqueries included."""
    if isinstance(node, tuple):
        for item in node:
            yield from _tree(item)
    elif isinstance(node, nodes.Node):
        yield node
        for part in fields(node):
            yield from _tree(getattr(node, part.name))


class _Inference:
    """Walks a batch and notes what each parameter of ``found`` meets first."""

    def __init__(self, session: Session, context: PlanContext) -> None:
        self.session = session
        self.context = context
        self.found: dict[str, Inferred] = {}

    # -- statements --------------------------------------------------------------------------------------------------

    def statement(self, node: nodes.Node) -> None:
        outside = self.context.ctes
        ctes: Sequence[nodes.CommonTableExpression] = getattr(node, "ctes", ())
        bind_ctes(ctes, self.context)
        try:
            for cte in ctes:
                self.query(cte.query, None)
            self._statement(node)
        finally:
            self.context.ctes = outside

    def _statement(self, node: nodes.Node) -> None:
        match node:
            case nodes.Select(query=query):
                self.query(query, None)
            case nodes.Insert():
                self._insert(node)
            case nodes.Update():
                scope, columns = self._target(node.target, node.sources)
                self._assignments(node.assignments, columns, scope)
                self._clauses(node, scope)
            case nodes.Delete():
                scope, _ = self._target(node.target, node.sources)
                self._clauses(node, scope)
            case nodes.Merge():
                self._merge(node)
            case nodes.ExecuteProcedure():
                self._call(node)
            case nodes.SetVariable(variable=variable, value=value):
                self.pair(variable, value, None)
            case nodes.VariableDeclaration(name=name, initial=initial) if initial is not None:
                self.expect(initial, self.context.variables.scalar(name).type, None)
            case nodes.Query():
                self.query(node, None)
            case nodes.Expression() | nodes.Predicate():
                self.expression(node, None)
            case _:
                for child in _children(node):
                    self.statement(child)

    def _target(
        self, target: nodes.ChangeTarget, sources: Sequence[nodes.TableSource]
    ) -> tuple[Scope | None, Sequence[Column]]:
        """The scope of UPDATE and DELETE, and the columns of the table that they change."""
        scope = self._scope(sources or (target,), None)
        table: Table | None = None
        if isinstance(target, nodes.NamedTable):
            wanted = fold(target.name.name)
            table = next((s.table for s in scope.sources if fold(s.alias) == wanted), None) if scope else None
        return scope, (table or self._table(target)).columns

    def _table(self, target: nodes.ChangeTarget) -> Table:
        if isinstance(target, nodes.VariableTable):
            found = self.context.variables.table(target.name, target.line).table
        else:
            found = find_object(target.name, self.context)  # type: ignore[assignment]
        if not isinstance(found, Table):
            raise sql_error(208, target.name, line=target.line)
        return found

    def _insert(self, node: nodes.Insert) -> None:
        table = self._table(node.target)
        columns = [column for column in table.columns if column.computed is None and column.identity is None]
        if node.columns is not None:
            columns = [column for name in node.columns if (column := table.column(name)) is not None]
        match node.source:
            case nodes.InsertValues(rows=rows):
                for row in rows:
                    self._values(row, columns, None)
            case nodes.Query() as query:
                self.query(query, None, [column.type for column in columns])
            case source:
                self.statement(source)
        self._clauses(node, Scope(), skip=("source",))

    def _values(self, row: Sequence[nodes.Expression], columns: Sequence[Column], scope: Scope | None) -> None:
        for value, column in zip(row, columns, strict=False):
            self.expect(value, column.type, scope)

    def _assignments(
        self, assignments: Sequence[nodes.Assignment], columns: Sequence[Column], scope: Scope | None
    ) -> None:
        types = {fold(column.name): column.type for column in columns}
        for assignment in assignments:
            if isinstance(assignment, nodes.ColumnAssignment):
                self.expect(assignment.value, types.get(fold(assignment.column.name)), scope)
            elif isinstance(assignment, nodes.VariableAssignment):
                self.pair(assignment.variable, assignment.column or assignment.value, scope)
                self.expression(assignment.value, scope)
            else:
                for child in _children(assignment):
                    self.expression(child, scope)

    def _clauses(self, node: nodes.Node, scope: Scope | None, skip: Sequence[str] = ()) -> None:
        """TOP, WHERE, OUTPUT and what else a statement has besides its assignments."""
        for part in fields(node):
            if part.name not in (*skip, "target", "assignments", "sources", "ctes", "columns"):
                for child in _nodes(getattr(node, part.name)):
                    self.expression(child, scope)

    def _merge(self, node: nodes.Merge) -> None:
        target = self._table(node.target)
        scope = self._scope((node.target, node.source), None)
        self.expression(node.condition, scope)
        for clause in node.clauses:
            if clause.condition is not None:
                self.expression(clause.condition, scope)
            if isinstance(clause.action, nodes.MergeUpdate):
                self._assignments(clause.action.assignments, target.columns, scope)
            elif isinstance(clause.action, nodes.MergeInsert):
                names = clause.action.columns
                chosen = target.columns if names is None else [c for n in names if (c := target.column(n)) is not None]
                self._values(clause.action.values or (), chosen, scope)

    def _call(self, node: nodes.ExecuteProcedure) -> None:
        if node.result is not None:
            self._note(node.result, INT)
        if not isinstance(node.procedure, nodes.ObjectName):
            return
        procedure = self.session.find_procedure(node.procedure, None)
        parameters = procedure.parameters if isinstance(procedure, Procedure) else ()
        by_name = {fold(parameter.name): parameter for parameter in parameters}
        for position, argument in enumerate(node.arguments):
            if argument.name is not None:
                parameter = by_name.get(fold(argument.name))
            else:
                parameter = parameters[position] if position < len(parameters) else None
            known = self._unknown(argument.value)
            if parameter is None or known is None:
                continue
            known.type, known.table_type = parameter.type, parameter.table_type
            known.formal_name, known.output = parameter.name, argument.output

    # -- queries -----------------------------------------------------------------------------------------------------

    def _scope(self, sources: Sequence[nodes.TableSource], parent: Scope | None) -> Scope | None:
        """What names mean behind FROM; None when that depends on the types of parameters. Errors: those of names."""
        for source in sources:
            self._source(source, parent)
        try:
            return Scope(bind_sources(sources, parent, self.context).sources, parent)
        except SqlError as error:
            if error.number in NAME_ERRORS:
                raise
            return None

    def _source(self, source: nodes.Node, parent: Scope | None) -> None:
        """Parameters in derived tables, in arguments of functions and in join conditions."""
        match source:
            case nodes.Join(left=left, right=right, condition=condition):
                self._source(left, parent)
                self._source(right, parent)
                if condition is not None and any(self._unknown(node) for node in _tree(condition)):
                    self.expression(condition, self._joined(source, parent))
            case nodes.DerivedTable(query=query):
                self.query(query, parent)
            case _:
                for child in _children(source):
                    self.expression(child, parent)

    def _joined(self, join: nodes.Join, parent: Scope | None) -> Scope | None:
        try:
            return Scope(bind_sources((join,), parent, self.context).sources, parent)
        except SqlError as error:
            if error.number in NAME_ERRORS:
                raise
            return None

    def query(self, node: nodes.Query, parent: Scope | None, expected: Sequence[SqlType] = ()) -> None:
        """``expected`` are the types of the columns that the query must give."""
        self._body(node.body, parent, expected)
        for count in (node.offset, node.fetch):
            if count is not None:
                self.expect(count, BIGINT, None)

    def _body(self, body: nodes.QueryBody, parent: Scope | None, expected: Sequence[SqlType]) -> None:
        if isinstance(body, nodes.SetOperation):
            self._body(body.left, parent, expected)
            self._body(body.right, parent, expected)
            return
        scope = self._scope(body.sources, parent)
        if body.where is not None:
            self.expression(body.where, scope)
        for position, item in enumerate(body.items):
            match item:
                case nodes.SelectExpression(expression=expression):
                    self.expect(expression, expected[position] if position < len(expected) else None, scope)
                case nodes.SelectAssignment(variable=variable, expression=expression):
                    self.pair(variable, expression, scope)
                case _:
                    pass
        for part in (body.top, body.group_by, body.having, body.windows):
            for child in _nodes(part):
                self.expression(child, scope)

    # -- expressions -------------------------------------------------------------------------------------------------

    def expression(self, node: nodes.Node, scope: Scope | None) -> None:
        """Pair the operands in and below ``node``."""
        match node:
            case nodes.Query():
                self.query(node, scope)
            case nodes.Top(count=count):
                self.expect(count, BIGINT, scope)
            case nodes.Comparison(left=left, right=right) | nodes.IsDistinctFrom(left=left, right=right):
                self.pair(left, right, scope)
            case nodes.Binary(left=left, right=right):
                self.pair(left, right, scope)
            case nodes.Between(operand=operand, low=low, high=high):
                self.together([operand, low, high], scope)
            case nodes.InList(operand=operand, items=items):
                self.together([operand, *items], scope)
            case nodes.InSubquery(operand=operand, query=query):
                self.query(query, scope)
                self.expect(operand, self._query_type(query, scope), scope)
            case nodes.QuantifiedComparison(left=left, query=query):
                self.query(query, scope)
                self.expect(left, self._query_type(query, scope), scope)
            case nodes.Like(operand=operand, pattern=pattern):
                self.together([operand, pattern], scope)
            case nodes.Cast(operand=operand, type=type) | nodes.Convert(operand=operand, type=type):
                self.expect(operand, resolve_type(type, self.context)[0], scope)
            case nodes.SimpleCase(operand=operand, branches=branches):
                self.together([operand, *(value for value, _ in branches)], scope)
                self.together(_results(node), scope)
            case nodes.SearchedCase(branches=branches):
                for condition, _ in branches:
                    self.expression(condition, scope)
                self.together(_results(node), scope)
            case nodes.FunctionCall():
                self._function(node, scope)
            case _:
                for child in _children(node):
                    self.expression(child, scope)

    def _function(self, node: nodes.FunctionCall, scope: Scope | None) -> None:
        if node.name.schema is None:
            if node.name.name.upper() in MATCHING_CALLS:
                self.together(node.arguments, scope)
                return
        else:
            function = self.session.database.find(node.name.schema, node.name.name)
            if isinstance(function, ScalarFunction):
                for argument, parameter in zip(node.arguments, function.parameters, strict=False):
                    self.expect(argument, parameter.type, scope)
                return
        for child in _children(node):
            self.expression(child, scope)

    def pair(self, left: nodes.Expression, right: nodes.Expression, scope: Scope | None) -> None:
        self.together([left, right], scope)

    def together(self, operands: Sequence[nodes.Expression], scope: Scope | None) -> None:
        """Parameters among ``operands`` take the type of the first of the others that has one."""
        types = [None if self._unknown(operand) else self._type_of(operand, scope) for operand in operands]
        known = next((type for type in types if type is not None), None)
        for operand in operands:
            self.expect(operand, known, scope)

    def expect(self, node: nodes.Expression, type: SqlType | None, scope: Scope | None) -> None:
        """``node`` must be of that type, and so must the parameters that its value comes from."""
        if self._unknown(node) is not None:
            if type is not None:
                assert isinstance(node, nodes.Variable)
                self._note(node, type)
            return
        match node:
            case nodes.Unary(operand=operand):
                self.expect(operand, type, scope)
            case nodes.Binary(left=left, right=right):
                self.together([left, right], scope)
                for operand in (left, right):
                    self.expect(operand, type, scope)
            case nodes.SimpleCase() | nodes.SearchedCase():
                self.expression(node, scope)
                for result in _results(node):
                    self.expect(result, type, scope)
            case nodes.FunctionCall(arguments=arguments) if node.name.name.upper() in MATCHING_CALLS:
                self.together(arguments, scope)
                for argument in arguments:
                    self.expect(argument, type, scope)
            case _:
                self.expression(node, scope)

    def _note(self, node: nodes.Variable, type: SqlType) -> None:
        known = self.found.get(fold(node.name))
        if known is not None and known.type is None:
            known.type = replace(type, collation=None)

    def _unknown(self, node: object) -> Inferred | None:
        """The parameter that ``node`` is, as long as its type is not known."""
        if not isinstance(node, nodes.Variable):
            return None
        known = self.found.get(fold(node.name))
        return known if known is not None and known.type is None else None

    def _type_of(self, node: nodes.Expression, scope: Scope | None) -> SqlType | None:
        """The type of an operand. Texts are as long as can be, but for columns: their length says what fits."""
        if any(self._unknown(inner) is not None for inner in _tree(node)):
            return None
        if isinstance(node, nodes.Variable) and fold(node.name) in self.found:
            return self.found[fold(node.name)].type
        try:
            compiled = compile_scalar(node, scope, self.context)
        except SqlError as error:
            if error.number in NAME_ERRORS and scope is not None:
                raise
            return None
        if compiled.is_null_literal:
            return None
        if compiled.column is None and is_character(compiled.type) and compiled.type.length != MAX:
            return nvarchar(4000) if is_unicode(compiled.type) else varchar(8000)
        return compiled.type

    def _query_type(self, query: nodes.Query, scope: Scope | None) -> SqlType | None:
        try:
            return compile_query(query, scope, self.context).columns[0].type
        except SqlError:
            return None


def _results(node: nodes.SimpleCase | nodes.SearchedCase) -> list[nodes.Expression]:
    found = [result for _, result in node.branches]
    return found if node.otherwise is None else [*found, node.otherwise]


def _children(node: nodes.Node) -> Iterator[nodes.Node]:
    for part in fields(node):
        yield from _nodes(getattr(node, part.name))


def _nodes(value: object) -> Iterator[nodes.Node]:
    if isinstance(value, nodes.Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
