"""FROM: tables, derived tables, functions, joins, hints."""

from __future__ import annotations

from typing import Final, TypeVar

from emulator.errors import sql_error
from emulator.sql import nodes
from emulator.sql.lexer import INTEGER
from emulator.sql.parser.core import Grammar

# Documentation page "Table hints (Transact-SQL)".
_HINTS: Final = frozenset(
    {
        "FORCESCAN",
        "FORCESEEK",
        "HOLDLOCK",
        "IGNORE_CONSTRAINTS",
        "IGNORE_TRIGGERS",
        "INDEX",
        "KEEPDEFAULTS",
        "KEEPIDENTITY",
        "NOEXPAND",
        "NOLOCK",
        "NOWAIT",
        "PAGLOCK",
        "READCOMMITTED",
        "READCOMMITTEDLOCK",
        "READPAST",
        "READUNCOMMITTED",
        "REPEATABLEREAD",
        "ROWLOCK",
        "SERIALIZABLE",
        "SNAPSHOT",
        "SPATIAL_WINDOW_MAX_CELLS",
        "TABLOCK",
        "TABLOCKX",
        "UPDLOCK",
        "XLOCK",
    }
)
# Those that may stand in brackets without WITH, and INDEX, which once could and now has an error of its own.
_BARE_HINTS: Final = frozenset(
    {
        "HOLDLOCK",
        "INDEX",
        "NOEXPAND",
        "NOLOCK",
        "NOWAIT",
        "PAGLOCK",
        "READCOMMITTED",
        "READPAST",
        "READUNCOMMITTED",
        "REPEATABLEREAD",
        "ROWLOCK",
        "SERIALIZABLE",
        "SNAPSHOT",
        "TABLOCK",
        "TABLOCKX",
        "UPDLOCK",
        "XLOCK",
    }
)
_JOIN_WORDS: Final = ("JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "OUTER", "PIVOT", "UNPIVOT")
_UNSUPPORTED_ROWSETS: Final = (
    "OPENROWSET",
    "OPENQUERY",
    "OPENDATASOURCE",
    "OPENXML",
    "CONTAINSTABLE",
    "FREETEXTTABLE",
    "SEMANTICKEYPHRASETABLE",
    "SEMANTICSIMILARITYDETAILSTABLE",
    "SEMANTICSIMILARITYTABLE",
)
_CHANGES: Final = ("INSERT", "UPDATE", "DELETE", "MERGE")

Table = TypeVar("Table", nodes.NamedTable, nodes.VariableTable)


class SourceParser(Grammar):
    """What stands in FROM, and the hints of tables wherever they stand."""

    def from_clause(self) -> tuple[nodes.TableSource, ...]:
        return self.comma_list(self.table_source) if self.accept("FROM") else ()

    # --- Joins --------------------------------------------------------------------------------------------------------

    def table_source(self) -> nodes.TableSource:
        return self._joined(self._table())

    def _joined(self, left: nodes.TableSource) -> nodes.TableSource:
        while self.at(*_JOIN_WORDS):
            left = self._join(left)
        return left

    def _join(self, left: nodes.TableSource) -> nodes.TableSource:
        """`left` with the next join, APPLY or PIVOT."""
        first = self.token
        if self.accept("PIVOT"):
            return self._pivot(left, first.line)
        if self.accept("UNPIVOT"):
            return self._unpivot(left, first.line)
        for kind in ("CROSS", "OUTER"):
            if self.accept(kind, "APPLY"):
                return nodes.Join(f"{kind} APPLY", left, self._table(), line=first.line)
        if self.accept("CROSS", "JOIN"):
            return nodes.Join("CROSS", left, self._table(), line=first.line)
        kind = self.accept_one_of("INNER", "LEFT", "RIGHT", "FULL") or "INNER"
        if kind != "INNER":
            self.accept("OUTER")
        hint = None
        if first.key != "JOIN":
            hint = self.accept_one_of("LOOP", "HASH", "MERGE", "REMOTE")
        self.expect("JOIN")
        self.enter()
        right = self._table()
        while not self.at("ON"):  # a JOIN b JOIN c ON ... ON ...: the inner join is the right side of the outer one
            if not self.at(*_JOIN_WORDS):
                raise self.syntax_error()
            right = self._join(right)
        self.leave()
        self.expect("ON")
        return nodes.Join(kind, left, right, self.condition(), hint, line=first.line)

    # --- One table ----------------------------------------------------------------------------------------------------

    def _table(self) -> nodes.TableSource:
        self.enter()
        source = self._any_table()
        self.leave()
        return source

    def _any_table(self) -> nodes.TableSource:
        token = self.token
        if token.key == "(":
            source = self._bracketed_source()
            return self._derived(source) if isinstance(source, nodes.Query) else source
        if self.at_variable():
            return self._variable_table()
        if token.key in _UNSUPPORTED_ROWSETS:
            raise self.not_supported(token.key)
        if self.peek().key == "(":
            if token.key == "OPENJSON":
                return self._open_json()
            if token.key in ("CHANGETABLE", "PREDICT"):
                raise self.not_supported(token.key)
        if self.accept("{", "OJ"):
            source = self.table_source()
            self.expect("}")
            return source
        self.accept("::")  # the old mark of a built-in function
        return self._named_table()

    def _named_table(self) -> nodes.TableSource:
        name = self.object_name()
        if self.at("("):
            if self._at_bare_hint():
                hints = self._bare_hint()
                return nodes.NamedTable(name, self._optional_alias(), hints, line=name.line)
            return self._function_table(name)
        if self.at_sequence("FOR", "SYSTEM_TIME"):
            raise self.not_supported("FOR SYSTEM_TIME")
        alias = self._optional_alias()
        if self.at("TABLESAMPLE"):
            raise self.not_supported("TABLESAMPLE")
        return nodes.NamedTable(name, alias, self._hints_after_alias(), line=name.line)

    def _variable_table(self) -> nodes.TableSource:
        variable = self.variable()
        if self.accept("."):
            call = self.method_call(variable)
            return self._method_table(call)
        alias = self._optional_alias()
        return nodes.VariableTable(variable.name, alias, self._hints_after_alias(), line=variable.line)

    def _function_table(self, name: nodes.ObjectName) -> nodes.TableSource:
        if name.name == "nodes" and name.schema is not None:
            table = nodes.ObjectName(name.database, name.server, line=name.line) if name.database else None
            column = nodes.ColumnRef(name.schema, table, line=name.line)
            return self._method_table(nodes.MethodCall(column, "nodes", self.call_arguments(), line=name.line))
        call = self.function_call(name)
        assert isinstance(call, nodes.FunctionCall)
        alias = self._optional_alias()
        columns = self.identifier_list() if alias and self.at("(") and not self._at_bare_hint() else ()
        return nodes.FunctionTable(call, alias, columns, self._hints_after_alias(), line=name.line)

    def _method_table(self, call: nodes.MethodCall) -> nodes.MethodTable:
        alias, columns = self._alias_and_columns()
        return nodes.MethodTable(call, alias, columns, line=call.line)

    # --- Brackets -----------------------------------------------------------------------------------------------------

    def _bracketed_source(self) -> nodes.Query | nodes.TableSource:
        """A bracket in FROM. A query comes back as such: whether it is a derived table shows only behind it."""
        first = self.expect("(")
        self.enter()
        source: nodes.Query | nodes.TableSource
        if self.accept("VALUES"):
            return self._values_table(first.line)
        if self.at("SELECT"):
            source = self.nested_query()
        elif self.at(*_CHANGES):
            return self._output_table(first.line)
        elif self.at("("):
            source = self._nested_source()
        else:
            source = self.table_source()
            if not isinstance(source, nodes.Join | nodes.Pivot | nodes.Unpivot):
                raise self.syntax_error()
        self.expect(")")
        self.leave()
        return source

    def _nested_source(self) -> nodes.Query | nodes.TableSource:
        """What begins with a second bracket: a query in brackets, or a join."""
        source = self._bracketed_source()
        if not isinstance(source, nodes.Query):
            return self._joined(source)
        if self.at("UNION", "EXCEPT", "INTERSECT", "ORDER", "FOR"):
            return self.continue_nested_query(source)
        if self.at(")"):
            return source
        return self._joined(self._derived(source))

    def _derived(self, query: nodes.Query) -> nodes.TableSource:
        alias, columns = self._alias_and_columns()
        return nodes.DerivedTable(query, alias, columns, line=query.line)

    def _values_table(self, line: int) -> nodes.TableSource:
        rows = self.values_rows()
        self.expect(")")
        self.leave()
        alias, columns = self._alias_and_columns()
        return nodes.ValuesTable(rows, alias, columns, line=line)

    def _output_table(self, line: int) -> nodes.TableSource:
        statement = self.change_statement()
        self.expect(")")
        self.leave()
        alias, columns = self._alias_and_columns()
        return nodes.OutputTable(statement, alias, columns, line=line)

    # --- Aliases ------------------------------------------------------------------------------------------------------

    def _optional_alias(self) -> str | None:
        if self.accept("AS"):
            return self.identifier()
        if self.at_identifier() and not self._at_window_clause():
            return self.identifier()
        return None

    def _at_window_clause(self) -> bool:
        return self.at("WINDOW") and self.peek(2).key == "AS" and self.peek(3).key == "("

    def _alias_and_columns(self) -> tuple[str, tuple[str, ...]]:
        self.accept("AS")
        alias = self.identifier()
        return alias, self.identifier_list() if self.at("(") else ()

    # --- Hints --------------------------------------------------------------------------------------------------------

    def table_hints(self) -> tuple[nodes.TableHint, ...]:
        if not self.at_sequence("WITH", "("):
            return ()
        self.expect("WITH", "(")
        hints = [self._hint()]
        while not self.accept(")"):
            self.accept(",")  # a space between hints is the old way
            hints.append(self._hint())
        return tuple(hints)

    def _hints_after_alias(self) -> tuple[nodes.TableHint, ...]:
        if self.at("(") and self._at_bare_hint():
            return self._bare_hint()
        return self.table_hints()

    def _at_bare_hint(self) -> bool:
        """Whether `(NOLOCK)` comes next: a hint without WITH."""
        return self.peek().key in _BARE_HINTS and self.peek(2).key in (")", ",", "(", "=")

    def _bare_hint(self) -> tuple[nodes.TableHint, ...]:
        """Without WITH only a lock hint may stand, and alone; 1018 for anything else."""
        self.expect("(")
        hint = self._hint() if not self.at("INDEX") else None
        if hint is None or self.at(","):
            raise sql_error(1018, self.token.value, line=self.token.line)
        self.expect(")")
        return (hint,)

    def _hint(self) -> nodes.TableHint:
        token = self.token
        if token.key not in _HINTS:
            if token.key and not self.at_identifier():
                raise self.syntax_error()
            raise sql_error(321, token.value, line=token.line)
        self.advance()
        if token.key == "INDEX":
            return nodes.TableHint("INDEX", self._index_references(), line=token.line)
        if token.key == "FORCESEEK" and self.accept("("):
            index = self._index_reference()
            columns = self.identifier_list()
            self.expect(")")
            return nodes.TableHint("FORCESEEK", (index,), columns, line=token.line)
        if token.key == "SPATIAL_WINDOW_MAX_CELLS":
            raise self.not_supported(token.key)
        return nodes.TableHint(token.key, line=token.line)

    def _index_references(self) -> tuple[str | int, ...]:
        self.accept("=")
        return self.bracketed_list(self._index_reference) if self.at("(") else (self._index_reference(),)

    def _index_reference(self) -> str | int:
        return self.integer() if self.token.kind is INTEGER else self.identifier()

    # --- Rowset functions with a grammar of their own -----------------------------------------------------------------

    def _open_json(self) -> nodes.OpenJson:
        first = self.expect("OPENJSON")
        self.expect("(")
        document = self.expression()
        path = self.expression() if self.accept(",") else None
        self.expect(")")
        columns = None
        if self.accept("WITH"):
            columns = self.bracketed_list(self._json_column)
        return nodes.OpenJson(document, path, columns, self._optional_alias(), line=first.line)

    def _json_column(self) -> nodes.JsonColumn:
        line = self.token.line
        name = self.identifier()
        type_name = self.type_name()
        path = self.string() if self.at_string() else None
        return nodes.JsonColumn(name, type_name, path, self.accept("AS", "JSON"), line=line)

    def _pivot(self, source: nodes.TableSource, line: int) -> nodes.TableSource:
        self.expect("(")
        aggregate = self.function_call(self.object_name())
        assert isinstance(aggregate, nodes.FunctionCall)
        self.expect("FOR")
        column = self.object_name().name
        self.expect("IN")
        values = self.identifier_list()
        self.expect(")")
        alias, columns = self._alias_and_columns()
        return nodes.Pivot(source, aggregate, column, values, alias, columns, line=line)

    def _unpivot(self, source: nodes.TableSource, line: int) -> nodes.TableSource:
        self.expect("(")
        value_column = self.identifier()
        self.expect("FOR")
        name_column = self.identifier()
        self.expect("IN")
        inputs = self.identifier_list()
        self.expect(")")
        alias, columns = self._alias_and_columns()
        return nodes.Unpivot(source, value_column, name_column, inputs, alias, columns, line=line)
