"""INSERT, UPDATE, DELETE, MERGE, TRUNCATE, and the WITH that may stand before them."""

from __future__ import annotations

from typing import Final, TypeAlias

from emulator.errors import sql_error
from emulator.sql import nodes
from emulator.sql.lexer import Token
from emulator.sql.parser.core import COMPOUND_ASSIGNMENTS, Grammar

_ASSIGNMENTS: Final = COMPOUND_ASSIGNMENTS | {"="}
_REMOTE_TARGETS: Final = ("OPENQUERY", "OPENROWSET", "OPENDATASOURCE")

Change: TypeAlias = nodes.Insert | nodes.Update | nodes.Delete | nodes.Merge
Ctes: TypeAlias = tuple[nodes.CommonTableExpression, ...]


class ChangeParser(Grammar):
    """The statements that change rows."""

    def with_statement(self) -> nodes.Select | Change:
        """A statement that begins with common table expressions."""
        first = self.token
        ctes = self.common_table_expressions()
        if self.at("INSERT", "UPDATE", "DELETE", "MERGE"):
            return self._change(first, ctes)
        return self.rest_of_select(ctes, first)

    def change_statement(self) -> Change:
        return self._change(self.token, ())

    def _change(self, first: Token, ctes: Ctes) -> Change:
        verb = self.advance().key
        if verb == "INSERT":
            return self._insert(first, ctes)
        if verb == "UPDATE":
            return self._update(first, ctes)
        if verb == "DELETE":
            return self._delete(first, ctes)
        return self._merge(first, ctes)

    # --- INSERT -------------------------------------------------------------------------------------------------------

    def _insert(self, first: Token, ctes: Ctes) -> nodes.Insert:
        top = self._top()
        self.accept("INTO")
        target = self._target()
        columns = None
        if self.at("(") and self.peek().key not in ("SELECT", "("):
            columns = self._insert_columns()
        outputs = self._outputs()
        source = self._insert_source()
        options = self.query_hints()
        return nodes.Insert(target, source, columns, outputs, top, ctes, options, **self.span(first))

    def _insert_columns(self) -> tuple[str, ...]:
        """Column names; a qualifier is allowed and says nothing."""
        return tuple(name.name for name in self.bracketed_list(self.object_name))

    def _insert_source(
        self,
    ) -> nodes.InsertValues | nodes.InsertDefaults | nodes.Query | nodes.ExecuteProcedure | nodes.ExecuteString:
        line = self.token.line
        if self.accept("VALUES"):
            return nodes.InsertValues(self.values_rows(), line=line)
        if self.accept("DEFAULT", "VALUES"):
            return nodes.InsertDefaults(line=line)
        if self.at("EXEC", "EXECUTE"):
            return self.execute()
        return self.query()

    def values_rows(self) -> tuple[tuple[nodes.Expression, ...], ...]:
        return self.comma_list(self._values_row)

    def _values_row(self) -> tuple[nodes.Expression, ...]:
        return self.bracketed_list(self.value_or_default)

    def insert_bulk(self) -> nodes.InsertBulk:
        """INSERT BULK table (columns) [WITH (options)]: sent by bulk-load clients before their rows."""
        first = self.expect("INSERT")
        self.expect("BULK")
        table = self.object_name()
        columns = self.bracketed_list(self._bulk_column)
        hints = self.bracketed_list(self._bulk_hint) if self.accept("WITH") else ()
        options = tuple((hint.name, "" if hint.value is None else str(hint.value)) for hint, _ in hints if hint)
        order = next((columns for hint, columns in hints if not hint), ())
        return nodes.InsertBulk(table, columns, options, order, **self.span(first))

    def _bulk_column(self) -> nodes.BulkColumn:
        line = self.token.line
        name = self.identifier()
        return nodes.BulkColumn(name, self.type_name(), self.collation(), line=line)

    def _bulk_hint(self) -> tuple[nodes.Option | None, tuple[nodes.IndexColumn, ...]]:
        """An option, or the columns of ORDER."""
        return (None, self.index_columns()) if self.accept("ORDER") else (self.option(), ())

    # --- UPDATE -------------------------------------------------------------------------------------------------------

    def _update(self, first: Token, ctes: Ctes) -> nodes.Update:
        top = self._top()
        target = self._target()
        self.expect("SET")
        assignments = self.comma_list(self._assignment)
        outputs = self._outputs()
        sources = self.from_clause()
        where = self.condition() if self.accept("WHERE") else None
        options = self.query_hints()
        return nodes.Update(target, assignments, sources, where, outputs, top, ctes, options, **self.span(first))

    def _assignment(self) -> nodes.Assignment:
        if self.at_variable():
            return self._variable_assignment()
        column = self.object_name()
        if self.at("("):
            return self._method_assignment(column)
        operator = self._assignment_operator()
        value = self.value_or_default()
        return nodes.ColumnAssignment(self._column_reference(column), operator, value, line=column.line)

    def _variable_assignment(self) -> nodes.VariableAssignment:
        variable = self.variable()
        operator = self._assignment_operator()
        column = None
        if operator == "=" and self._at_column_assignment():
            column = self._column_reference(self.object_name())
            operator = self._assignment_operator()
        return nodes.VariableAssignment(variable, operator, self.expression(), column, line=variable.line)

    def _at_column_assignment(self) -> bool:
        """Whether `a.b.c =` comes next."""
        if not self.at_identifier():
            return False
        distance = 1
        while self.peek(distance).key == ".":
            distance += 2
        return self.peek(distance).key in _ASSIGNMENTS

    def _method_assignment(self, path: nodes.ObjectName) -> nodes.WriteAssignment:
        """`column.WRITE(value, offset, length)`."""
        if path.name.upper() != "WRITE" or path.schema is None:
            raise self.not_supported(f"method {path.name} in SET")
        arguments = self.bracketed_list(self.expression)
        if len(arguments) != 3:
            raise self.syntax_error()
        column = nodes.ObjectName(path.schema, path.database, path.server, line=path.line)
        return nodes.WriteAssignment(self._column_reference(column), *arguments, line=path.line)

    def _column_reference(self, path: nodes.ObjectName) -> nodes.ColumnRef:
        table = None
        if path.schema is not None:
            table = nodes.ObjectName(path.schema, path.database, path.server, line=path.line)
        return nodes.ColumnRef(path.name, table, line=path.line)

    def _assignment_operator(self) -> str:
        if self.token.key not in _ASSIGNMENTS:
            raise self.syntax_error()
        return self.advance().key

    # --- DELETE and TRUNCATE ------------------------------------------------------------------------------------------

    def _delete(self, first: Token, ctes: Ctes) -> nodes.Delete:
        top = self._top()
        self.accept("FROM")
        target = self._target()
        outputs = self._outputs()
        sources = self.from_clause()
        where = self.condition() if self.accept("WHERE") else None
        options = self.query_hints()
        return nodes.Delete(target, sources, where, outputs, top, ctes, options, **self.span(first))

    def truncate(self) -> nodes.TruncateTable:
        """TRUNCATE TABLE name."""
        first = self.expect("TRUNCATE")
        self.expect("TABLE")
        table = self.object_name()
        if self.at_sequence("WITH", "(", "PARTITIONS"):
            raise self.not_supported("TRUNCATE TABLE ... WITH (PARTITIONS)")
        return nodes.TruncateTable(table, **self.span(first))

    # --- MERGE --------------------------------------------------------------------------------------------------------

    def _merge(self, first: Token, ctes: Ctes) -> nodes.Merge:
        top = self._top()
        self.accept("INTO")
        target = self._target(alias=True)
        self.expect("USING")
        source = self.table_source()
        self.expect("ON")
        condition = self.condition()
        clauses = [self._merge_clause()]
        while self.at("WHEN"):
            clauses.append(self._merge_clause())
        outputs = self._outputs()
        options = self.query_hints()
        if not self.at(";", ")"):
            raise sql_error(10713, line=self.token.line)
        return nodes.Merge(target, source, condition, tuple(clauses), outputs, top, ctes, options, **self.span(first))

    def _merge_clause(self) -> nodes.MergeClause:
        first = self.expect("WHEN")
        kind = "MATCHED"
        if self.accept("NOT"):
            kind = "NOT MATCHED BY TARGET"
        self.expect("MATCHED")
        if kind != "MATCHED" and self.accept("BY"):
            kind = f"NOT MATCHED BY {self.expect_one_of('TARGET', 'SOURCE')}"
        condition = self.condition() if self.accept("AND") else None
        self.expect("THEN")
        return nodes.MergeClause(kind, condition, self._merge_action(kind), line=first.line)

    def _merge_action(self, kind: str) -> nodes.MergeUpdate | nodes.MergeDelete | nodes.MergeInsert:
        line = self.token.line
        if kind == "NOT MATCHED BY TARGET":
            self.expect("INSERT")
            columns = self._insert_columns() if self.at("(") else None
            if self.accept("DEFAULT", "VALUES"):
                return nodes.MergeInsert(columns, None, line=line)
            self.expect("VALUES")
            return nodes.MergeInsert(columns, self._values_row(), line=line)
        if self.accept("DELETE"):
            return nodes.MergeDelete(line=line)
        self.expect("UPDATE", "SET")
        return nodes.MergeUpdate(self.comma_list(self._assignment), line=line)

    # --- Targets and OUTPUT -------------------------------------------------------------------------------------------

    def _top(self) -> nodes.Top | None:
        """[TOP (count) [PERCENT]]: the parentheses must be there."""
        if self.at("TOP") and self.peek().key != "(":
            self.advance()
            raise self.syntax_error()
        return self.top()

    def _target(self, *, alias: bool = False) -> nodes.ChangeTarget:
        """The table to change, with its hints."""
        if self.at(*_REMOTE_TARGETS):
            raise self.not_supported(self.token.key)
        if self.at_variable():
            variable = self.variable()
            hints = self.table_hints()
            name = self._target_alias() if alias else None
            return nodes.VariableTable(variable.name, name, hints, line=variable.line)
        table = self.object_name()
        hints = self.table_hints()
        return nodes.NamedTable(table, self._target_alias() if alias else None, hints, line=table.line)

    def _target_alias(self) -> str | None:
        """The alias of MERGE's target. USING is no reserved word, but here it is none."""
        if self.accept("AS"):
            return self.identifier()
        return self.identifier() if self.at_identifier() and not self.at("USING") else None

    def _outputs(self) -> tuple[nodes.OutputClause, ...]:
        outputs = []
        while self.at("OUTPUT"):
            line = self.advance().line
            items = self.select_list()
            into = self._target() if self.accept("INTO") else None
            columns = self.identifier_list() if into is not None and self._at_into_columns() else ()
            outputs.append(nodes.OutputClause(items, into, columns, line=line))
        return tuple(outputs)

    def _at_into_columns(self) -> bool:
        """Whether a column list follows OUTPUT ... INTO: not a bracket that opens the query of an INSERT."""
        return self.at("(") and self.peek().key not in ("SELECT", "(")
