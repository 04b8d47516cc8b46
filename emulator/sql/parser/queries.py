"""Queries: SELECT blocks, set operators, and the clauses around them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from emulator.errors import NotSupported, sql_error
from emulator.sql import nodes, query_hints
from emulator.sql.lexer import DECIMAL, FLOAT, INTEGER, KEYWORD, STRING, WORD, Token
from emulator.sql.parser.core import COMPOUND_ASSIGNMENTS, Grammar

_ASSIGNMENTS: Final = COMPOUND_ASSIGNMENTS | {"="}


class QueryParser(Grammar):
    """Everything between SELECT (or WITH) and OPTION, but for FROM, which is in `sources`."""

    # --- Statements and set operators ---------------------------------------------------------------------------------

    def select_statement(self) -> nodes.Select:
        first = self.token
        ctes = self.common_table_expressions()
        return self.rest_of_select(ctes, first)

    def rest_of_select(self, ctes: tuple[nodes.CommonTableExpression, ...], first: Token) -> nodes.Select:
        query = self.query()
        options = self.query_hints()
        if options and query.for_clause is None:  # SQL Server takes the two in either order
            query = replace(query, for_clause=self._for_clause())
        return nodes.Select(query, ctes, options, **self.span(first))

    def common_table_expressions(self) -> tuple[nodes.CommonTableExpression, ...]:
        if not self.accept("WITH"):
            return ()
        if self.at("XMLNAMESPACES", "CHANGE_TRACKING_CONTEXT") and self.peek().key == "(":
            raise self.not_supported(f"WITH {self.token.key}")
        return self.comma_list(self._common_table_expression)

    def _common_table_expression(self) -> nodes.CommonTableExpression:
        line = self.token.line
        name = self.identifier()
        columns = self.identifier_list() if self.at("(") else ()
        self.expect("AS", "(")
        query = self.nested_query()
        self.expect(")")
        return nodes.CommonTableExpression(name, query, columns, line=line)

    def query(self) -> nodes.Query:
        return self.continue_query(self._query_operand())

    def nested_query(self) -> nodes.Query:
        """A query in brackets inside a statement. There a block with TOP may have an ORDER BY before a set operator."""
        outside, self.in_subquery = self.in_subquery, True
        query = self.query()
        self.in_subquery = outside
        return query

    def continue_nested_query(self, query: nodes.Query) -> nodes.Query:
        """The rest of a nested query that began with ``query`` in brackets."""
        body = query.body
        if query.order_by:
            if isinstance(body, nodes.SetOperation):
                raise self.syntax_error()
            body = replace(body, order_by=query.order_by, offset=query.offset, fetch=query.fetch)
        if query.for_clause:
            raise self.syntax_error()
        outside, self.in_subquery = self.in_subquery, True
        query = self.continue_query(body)
        self.in_subquery = outside
        return query

    def continue_query(self, body: nodes.QueryBody) -> nodes.Query:
        body = self._set_operations(body)
        if isinstance(body, nodes.QuerySpecification) and body.order_by:
            block = replace(body, order_by=(), offset=None, fetch=None)
            return nodes.Query(block, body.order_by, body.offset, body.fetch, self._for_clause(), line=body.line)
        order_by: tuple[nodes.OrderItem, ...] = ()
        offset = fetch = None
        if self.accept("ORDER", "BY"):
            order_by = self.order_by_items()
            offset, fetch = self._page()
        return nodes.Query(body, order_by, offset, fetch, self._for_clause(), line=body.line)

    def _set_operations(self, left: nodes.QueryBody) -> nodes.QueryBody:
        left = self._intersections(left)
        while self.at("UNION", "EXCEPT"):
            operator = self.advance()
            key = "UNION ALL" if operator.key == "UNION" and self.accept("ALL") else operator.key
            right = self._intersections(self._query_operand())
            left = nodes.SetOperation(key, left, right, line=left.line)
        return left

    def _intersections(self, left: nodes.QueryBody) -> nodes.QueryBody:
        while self.accept("INTERSECT"):
            left = nodes.SetOperation("INTERSECT", left, self._query_operand(), line=left.line)
        return left

    def _query_operand(self) -> nodes.QueryBody:
        """One SELECT block, or a query in brackets; with ORDER BY only inside a nested query."""
        self.enter()
        body: nodes.QueryBody
        if self.accept("("):
            body = self._set_operations(self._query_operand())
            if self.in_subquery and isinstance(body, nodes.QuerySpecification):
                body = self._ordered(body)
            self.expect(")")
        else:
            body = self._specification()
            if self.in_subquery and body.top is not None:
                body = self._ordered(body)
        self.leave()
        return body

    def _ordered(self, block: nodes.QuerySpecification) -> nodes.QuerySpecification:
        """A block with the ORDER BY that follows it."""
        if not self.accept("ORDER", "BY"):
            return block
        order_by = self.order_by_items()
        offset, fetch = self._page()
        return replace(block, order_by=order_by, offset=offset, fetch=fetch)

    def _page(self) -> tuple[nodes.Expression | None, nodes.Expression | None]:
        """[OFFSET n ROWS [FETCH NEXT n ROWS ONLY]]."""
        if not self.accept("OFFSET"):
            return None, None
        offset = self.expression()
        self.expect_one_of("ROW", "ROWS")
        if not (self.at("FETCH") and self.peek().key in ("NEXT", "FIRST") and self.peek(2).key != "FROM"):
            return offset, None
        self.expect("FETCH")
        self.expect_one_of("NEXT", "FIRST")
        fetch = self.expression()
        self.expect_one_of("ROW", "ROWS")
        self.expect("ONLY")
        return offset, fetch

    # --- SELECT block -------------------------------------------------------------------------------------------------

    def _specification(self) -> nodes.QuerySpecification:
        first = self.expect("SELECT")
        distinct = self.accept_one_of("ALL", "DISTINCT") == "DISTINCT"
        top = self.top()
        items = self.select_list()
        into = self.object_name() if self.accept("INTO") else None
        sources = self.from_clause()
        where = self.condition() if self.accept("WHERE") else None
        group_by = self._group_by()
        having = self.condition() if self.accept("HAVING") else None
        windows = self.comma_list(self._named_window) if self.accept("WINDOW") else ()
        return nodes.QuerySpecification(
            items, distinct, top, into, sources, where, group_by, having, windows, line=first.line
        )

    def top(self) -> nodes.Top | None:
        """[TOP (count) | constant [PERCENT] [WITH TIES]]."""
        if not self.at("TOP"):
            return None
        line = self.advance().line
        if self.accept("("):
            count = self.expression()
            self.expect(")")
        elif self.token.kind in (INTEGER, DECIMAL, FLOAT):
            count = self.constant()
        else:
            raise self.syntax_error()
        percent = self.accept("PERCENT")
        return nodes.Top(count, percent, self.accept("WITH", "TIES"), line=line)

    def select_list(self) -> tuple[nodes.SelectItem, ...]:
        return self.comma_list(self._select_item)

    def _select_item(self) -> nodes.SelectItem:
        token = self.token
        line = token.line
        following = self.peek().key
        if token.key == "*":
            self.advance()
            return nodes.SelectStar(line=line)
        if self.at_variable() and following in _ASSIGNMENTS:
            variable = self.variable()
            operator = self.advance().key
            return nodes.SelectAssignment(variable, operator, self.expression(), line=line)
        if following == "=" and (self.at_identifier() or self.at_string()):
            alias = self._alias_name()
            self.expect("=")
            return nodes.SelectExpression(self.expression(), alias, line=line)
        if following == "." and self._at_qualified_star():
            return nodes.SelectStar(self._qualifier_of_star(), line=line)
        expression = self.expression()
        return nodes.SelectExpression(expression, self._alias(), line=line)

    def _at_qualified_star(self) -> bool:
        """Whether `a.b.*` comes next."""
        distance = 1
        while self.peek(distance).key == ".":
            if self.peek(distance + 1).key == "*":
                return True
            distance += 1 if self.peek(distance + 1).key == "." else 2
        return False

    def _qualifier_of_star(self) -> nodes.ObjectName:
        first = self.token
        parts: list[str | None] = []
        while not self.accept("*"):
            parts.append(None if self.at(".") else self.identifier())
            self.expect(".")
        return self.to_object_name(parts, first)

    def _alias(self) -> str | None:
        if self.accept("AS"):
            return self._alias_name()
        if self.at_identifier() or self.at_string():
            return self._alias_name()
        return None

    def _alias_name(self) -> str:
        if not self.at_string():
            return self.identifier()
        line = self.token.line
        name = self.string()
        if not name:
            raise sql_error(1038, state=4, line=line)
        return name

    def _named_window(self) -> tuple[str, nodes.Window]:
        name = self.identifier()
        self.expect("AS")
        return name, self.window()

    # --- GROUP BY -----------------------------------------------------------------------------------------------------

    def _group_by(self) -> tuple[nodes.GroupingElement, ...]:
        if not self.accept("GROUP", "BY"):
            return ()
        if self.at("ALL"):
            raise self.not_supported("GROUP BY ALL")
        elements = self.comma_list(self._grouping_element)
        if self.at("WITH") and self.peek().key in ("ROLLUP", "CUBE"):
            line = self.expect("WITH").line
            kind = nodes.Rollup if self.advance().key == "ROLLUP" else nodes.Cube
            columns = tuple((element,) for element in elements if isinstance(element, nodes.Expression))
            if len(columns) != len(elements):
                raise self.syntax_error()
            return (kind(columns, line=line),)
        return elements

    def _grouping_element(self) -> nodes.GroupingElement:
        line = self.token.line
        if self.accept("(", ")"):
            return nodes.GroupingSets(((),), line=line)
        if self.accept("GROUPING", "SETS"):
            return nodes.GroupingSets(self.bracketed_list(self._grouping_set), line=line)
        if self.at("ROLLUP", "CUBE") and self.peek().key == "(":
            kind = nodes.Rollup if self.advance().key == "ROLLUP" else nodes.Cube
            return kind(self.bracketed_list(self._composite), line=line)
        return self.expression()

    def _composite(self) -> tuple[nodes.Expression, ...]:
        """One expression, or several in brackets that count as one."""
        return self.bracketed_list(self.expression) if self.at("(") else (self.expression(),)

    def _grouping_set(self) -> tuple[nodes.GroupingElement, ...]:
        if self.accept("(", ")"):
            return ()
        self.enter()
        elements = self.bracketed_list(self._grouping_element) if self.at("(") else (self._grouping_element(),)
        self.leave()
        return elements

    # --- FOR ----------------------------------------------------------------------------------------------------------

    def _for_clause(self) -> nodes.ForClause | None:
        if not self.at("FOR"):
            return None
        line = self.token.line
        if self.accept("FOR", "BROWSE"):
            return nodes.ForBrowse(line=line)
        if self.accept("FOR", "JSON"):
            return self._for_json(line)
        if self.accept("FOR", "XML"):
            return self._for_xml(line)
        return None

    def _for_json(self, line: int) -> nodes.ForJson:
        mode = self.expect_one_of("AUTO", "PATH")
        root = None
        include_null_values = without_array_wrapper = False
        while self.accept(","):
            directive = self.expect_one_of("ROOT", "INCLUDE_NULL_VALUES", "WITHOUT_ARRAY_WRAPPER")
            if directive == "ROOT":
                root = self._bracketed_string() or "root"
            elif directive == "INCLUDE_NULL_VALUES":
                include_null_values = True
            else:
                without_array_wrapper = True
        return nodes.ForJson(mode, root, include_null_values, without_array_wrapper, line=line)

    def _for_xml(self, line: int) -> nodes.ForXml:
        mode = self.expect_one_of("RAW", "AUTO", "PATH", "EXPLICIT")
        element = self._bracketed_string() if mode in ("RAW", "PATH") else None
        root = elements = None
        typed = binary_base64 = False
        while self.accept(","):
            directive = self.expect_one_of("TYPE", "ROOT", "ELEMENTS", "BINARY", "XMLSCHEMA", "XMLDATA")
            if directive == "ROOT":
                root = self._bracketed_string() or "root"
            elif directive == "TYPE":
                typed = True
            elif directive == "ELEMENTS":
                nulls = self.accept_one_of("XSINIL", "ABSENT")
                elements = f"ELEMENTS {nulls}" if nulls else "ELEMENTS"
            elif directive == "BINARY":
                self.expect("BASE64")
                binary_base64 = True
            else:
                raise self.not_supported(f"FOR XML {directive}")
        return nodes.ForXml(mode, element, root, typed, elements, binary_base64, line=line)

    def _bracketed_string(self) -> str | None:
        if not self.accept("("):
            return None
        text = self.string()
        self.expect(")")
        return text

    # --- OPTION -------------------------------------------------------------------------------------------------------

    def query_hints(self) -> tuple[nodes.QueryHint, ...]:
        return self.bracketed_list(self._query_hint) if self.accept("OPTION") else ()

    def _query_hint(self) -> nodes.QueryHint:
        """Errors: 102 or 156 a hint that does not exist, 10715 a name that USE HINT does not know; NotSupported: hints
        that change what is read or locked."""
        first = self.token
        words = []
        while self.token.kind is WORD or self.token.kind is KEYWORD:
            words.append(self.advance().key)
        name = " ".join(words)
        if name in query_hints.REFUSED:
            raise NotSupported(f"query hint {name}", first.line)
        if name not in query_hints.STEERING and name not in query_hints.HONOURED:
            raise self.syntax_error(first)
        self.accept("=")
        arguments: tuple[str | int, ...] = ()
        if self.token.kind is INTEGER:
            arguments = (self.integer(),)
        elif name in query_hints.NUMBERED:
            if self.token.kind is not DECIMAL or "PERCENT" not in name:
                raise self.syntax_error()
            arguments = (self.advance().value,)
        elif self.at_string():
            arguments = (self.string(),)
        elif self.at("("):
            arguments = self.bracketed_list(self._hint_argument)
        if name == "USE HINT":
            self._check_use_hints(arguments, first.line)
        return nodes.QueryHint(name, arguments, line=first.line)

    @staticmethod
    def _check_use_hints(names: tuple[str | int, ...], line: int) -> None:
        for given in map(str, names):
            if given.upper() == "ABORT_QUERY_EXECUTION":
                raise NotSupported(f"USE HINT {given}", line)
            if given.upper() not in query_hints.USE_HINTS:
                raise sql_error(10715, given, line=line)

    def _hint_argument(self) -> str:
        """A string's text, or the tokens up to the comma or the closing bracket with single spaces between them."""
        pieces: list[str] = []
        depth = 0
        while depth or not self.at(",", ")"):
            if self.at(""):
                if self.token.kind is STRING and not pieces and self.peek().key in (",", ")"):
                    return self.string()
                if self.token is self.tokens[-1]:
                    raise self.syntax_error()
            depth += {"(": 1, ")": -1}.get(self.token.key, 0)
            token = self.advance()
            pieces.append(self.text[token.start : token.end])
        if not pieces:
            raise self.syntax_error()
        return " ".join(pieces)
