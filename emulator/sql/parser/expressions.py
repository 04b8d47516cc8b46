"""Operators, constants and names: scalar expressions and search conditions.

Precedence, tightest first (documentation page "Operator Precedence"): `~`; `* / %`; `+ - & ^ | << >>`, the sign among
them; comparisons, LIKE, IN, BETWEEN, IS; NOT; AND; OR. That the sign binds looser than `*` shows in `-100/-100*10`,
which is 0: the second minus takes all of `100*10`. COLLATE, AT TIME ZONE and method calls bind tighter than any
operator.

A bracket may hold a scalar or a condition, and which one shows only behind it, so both are read by one set of
productions and told apart by the class of the node.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final, TypeAlias

from emulator.errors import sql_error
from emulator.sql import nodes
from emulator.sql.lexer import (
    BINARY,
    DECIMAL,
    FLOAT,
    GLOBAL,
    INTEGER,
    KEYWORD,
    MONEY,
    NATIONAL_STRING,
    PSEUDO,
    QUOTED,
    STRING,
    VARIABLE,
    WORD,
    Token,
    decimal_digits,
)
from emulator.sql.parser.core import MAX_PRECISION, Grammar

Operand: TypeAlias = nodes.Expression | nodes.Predicate

_OR, _AND, _COMPARISON, _ADDITIVE, _MULTIPLICATIVE = 1, 2, 4, 5, 6
_LEVELS: Final = {
    **dict.fromkeys(["OR"], _OR),
    **dict.fromkeys(["AND"], _AND),
    **dict.fromkeys(["=", "<>", "<", "<=", ">", ">=", "LIKE", "IN", "BETWEEN", "IS", "NOT"], _COMPARISON),
    **dict.fromkeys(["+", "-", "&", "^", "|", "<<", ">>"], _ADDITIVE),
    **dict.fromkeys(["*", "/", "%"], _MULTIPLICATIVE),
}
_COMPARISONS: Final = frozenset({"=", "<>", "<", "<=", ">", ">="})
_SET_OPERATORS: Final = ("UNION", "EXCEPT", "INTERSECT")
_NILADIC: Final = frozenset({"CURRENT_TIMESTAMP", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "USER"})
_XML_METHODS: Final = frozenset({"value", "query", "exist", "nodes", "modify"})
_MAX_INT: Final = 2**31 - 1


class ExpressionParser(Grammar):
    """Expressions but for calls, which are in `functions`."""

    _condition_token: Token  # the operator that made the last condition; named when a scalar was expected

    def expression(self) -> nodes.Expression:
        self.enter()
        operand = self._scalar(self._operators(_ADDITIVE))
        self.leave()
        return operand

    def condition(self) -> nodes.Predicate:
        self.enter()
        operand = self._predicate(self._operators(_OR))
        self.leave()
        return operand

    def value_or_default(self) -> nodes.Expression:
        if self.at("DEFAULT"):
            return nodes.DefaultValue(line=self.advance().line)
        return self.expression()

    # --- Operators ----------------------------------------------------------------------------------------------------

    def _operators(self, minimum: int) -> Operand:
        """An operand and all operators behind it that bind at least as tight as `minimum`."""
        left = self._prefixed(minimum)
        while (level := _LEVELS.get(self.token.key, 0)) >= minimum:
            if level >= _ADDITIVE:
                operator = self.token
                operand = self._scalar(left)
                self.advance()
                right = self._scalar(self._operators(level + 1))
                left = nodes.Binary(operator.key, operand, right, line=operator.line)
            elif level == _COMPARISON:
                left = self._comparison(self._scalar(left, self.token))
            else:
                left = self._logical(self._predicate(left), self.token.key, level)
        return left

    def _logical(self, left: nodes.Predicate, operator: str, level: int) -> nodes.Predicate:
        """A chain of AND or of OR, its first operand read."""
        self._condition_token = self.token
        operands = [left]
        while self.accept(operator):
            operands.append(self._predicate(self._operators(level + 1)))
        kind = nodes.And if operator == "AND" else nodes.Or
        return kind(tuple(operands), line=left.line)

    def _prefixed(self, minimum: int) -> Operand:
        """NOT (where conditions may stand), a sign, `~`, or a primary with what is attached to it."""
        key = self.token.key
        if key == "NOT" and minimum <= _COMPARISON:
            operator = self._condition_token = self.advance()
            self.enter()
            condition = self._predicate(self._operators(_COMPARISON))
            self.leave()
            return nodes.Not(condition, line=operator.line)
        if key in ("-", "+", "~"):
            operator = self.advance()
            self.enter()
            operand = self._scalar(self._prefixed(minimum) if key == "~" else self._operators(_MULTIPLICATIVE))
            self.leave()
            return nodes.Unary(key, operand, line=operator.line)
        return self._postfixed(self.primary())

    def _postfixed(self, operand: Operand) -> Operand:
        while True:
            key = self.token.key
            if key == "COLLATE":
                line = self.advance().line
                operand = nodes.Collate(self._scalar(operand), self.identifier(), line=line)
            elif key == "AT" and self.at_sequence("AT", "TIME", "ZONE"):
                line = self.expect("AT", "TIME", "ZONE").line
                operand = nodes.AtTimeZone(self._scalar(operand), self._scalar(self.primary()), line=line)
            elif key == "." and self.peek().kind is WORD and self.peek(2).key == "(":
                self.advance()
                operand = self.method_call(self._scalar(operand))
            else:
                return operand

    def _scalar(self, operand: Operand, near: Token | None = None) -> nodes.Expression:
        if isinstance(operand, nodes.Predicate):
            raise self.syntax_error(near or self._condition_token)
        return operand

    def _predicate(self, operand: Operand) -> nodes.Predicate:
        if isinstance(operand, nodes.Expression):
            raise sql_error(4145, self.token.value, line=self.token.line)
        return operand

    # --- Comparisons --------------------------------------------------------------------------------------------------

    def _comparison(self, left: nodes.Expression) -> nodes.Predicate:
        operator = self._condition_token = self.advance()
        key, line = operator.key, operator.line
        if key in _COMPARISONS:
            if self.at("ALL", "ANY", "SOME"):
                quantifier = "ALL" if self.advance().key == "ALL" else "ANY"
                return nodes.QuantifiedComparison(key, left, quantifier, self._subquery(), line=line)
            return nodes.Comparison(key, left, self._right(), line=line)
        if key == "IS":
            negated = self.accept("NOT")
            if self.accept("DISTINCT", "FROM"):
                return nodes.IsDistinctFrom(left, self._right(), negated, line=line)
            self.expect("NULL")
            return nodes.IsNull(left, negated, line=line)
        negated = key == "NOT"
        if negated:
            key = self.expect_one_of("LIKE", "IN", "BETWEEN")
        if key == "LIKE":
            return nodes.Like(left, self._right(), self._escape(), negated, line=line)
        if key == "BETWEEN":
            low = self._right()
            self.expect("AND")
            return nodes.Between(left, low, self._right(), negated, line=line)
        return self._in(left, negated, line)

    def _right(self) -> nodes.Expression:
        return self._scalar(self._operators(_ADDITIVE))

    def _escape(self) -> nodes.Expression | None:
        if self.accept("ESCAPE"):
            return self._right()
        if self.accept("{", "ESCAPE"):
            character = self._right()
            self.expect("}")
            return character
        return None

    def _in(self, left: nodes.Expression, negated: bool, line: int) -> nodes.Predicate:
        if self.at_sequence("(", "SELECT"):
            return nodes.InSubquery(left, self._subquery(), negated, line=line)
        items = self.bracketed_list(self._list_item)
        if len(items) == 1 and isinstance(items[0], nodes.ScalarSubquery):
            return nodes.InSubquery(left, items[0].query, negated, line=line)
        return nodes.InList(left, items, negated, line=line)

    def _list_item(self) -> nodes.Expression:
        """An item of IN; `((SELECT 1) UNION ...)` is one too."""
        return self._scalar(self._query_or(self._operators(_ADDITIVE)))

    def _query_or(self, operand: Operand) -> Operand:
        """`operand`; but if it is a query in brackets and a set operator follows, the whole query as a subquery."""
        if isinstance(operand, nodes.ScalarSubquery) and self.at(*_SET_OPERATORS):
            return nodes.ScalarSubquery(self.continue_nested_query(operand.query), line=operand.line)
        return operand

    def _subquery(self) -> nodes.Query:
        """`(query)`."""
        self.expect("(")
        query = self.nested_query()
        self.expect(")")
        return query

    # --- Primaries ----------------------------------------------------------------------------------------------------

    def primary(self) -> Operand:
        token = self.token
        kind = token.kind
        if kind is WORD or kind is QUOTED:
            return self._named()
        if kind is VARIABLE:
            self.advance()
            return nodes.Variable(token.value, line=token.line)
        if kind is KEYWORD:
            return self._keyword()
        if token.key == "(":
            return self._bracketed()
        if token.key == "{":
            return self.odbc_escape()
        if kind is GLOBAL:
            self.advance()
            return nodes.GlobalVariable(token.value, line=token.line)
        if kind is PSEUDO:
            self.advance()
            return nodes.PseudoColumn(token.value.upper(), line=token.line)
        return self._literal()

    def _bracketed(self) -> Operand:
        first = self.token
        if self.peek().key == "SELECT":
            return nodes.ScalarSubquery(self._subquery(), line=first.line)
        self.advance()
        self.enter()
        operand = self._query_or(self._operators(_OR))
        self.leave()
        self.expect(")")
        return operand

    def _named(self) -> Operand:
        """A column, a call by name, or one of the constructs that begin with a contextual keyword."""
        first = self.token
        following = self.peek().key
        if following == "(" and first.kind is WORD:
            special = self.special_function()
            if special is not None:
                return special
        elif first.key == "NEXT" and self.at_sequence("NEXT", "VALUE", "FOR"):
            return self.next_value()
        if following not in (".", "("):
            if not first.value:
                raise sql_error(1038, state=4, line=first.line)
            self.advance()
            if following == "::":
                raise self.not_supported(f"static methods of type {first.value}")
            return nodes.ColumnRef(first.value, line=first.line)
        return self._dotted(first)

    def _dotted(self, first: Token) -> nodes.Expression:
        parts: list[str | None] = [self.identifier()]
        while self.accept("."):
            if self.at("."):
                parts.append(None)
            elif self.token.kind is PSEUDO or self.at("IDENTITYCOL", "ROWGUIDCOL"):
                return self._pseudo_column(self.to_object_name(parts, first))
            else:
                parts.append(self.identifier())
        *qualifier, name = parts
        assert name is not None
        table = self.to_object_name(qualifier, first) if qualifier and qualifier[-1] is not None else None
        if not self.at("("):
            if qualifier and table is None:
                raise self.syntax_error()
            return nodes.ColumnRef(name, table, line=first.line)
        if table is not None and name in _XML_METHODS:
            column = nodes.ColumnRef(table.name, self._qualifier_of(table), line=first.line)
            return nodes.MethodCall(column, name, self.call_arguments(), line=first.line)
        return self.function_call(self.to_object_name(parts, first))

    def _qualifier_of(self, name: nodes.ObjectName) -> nodes.ObjectName | None:
        if name.schema is None:
            return None
        return nodes.ObjectName(name.schema, name.database, name.server, line=name.line)

    def _pseudo_column(self, table: nodes.ObjectName | None) -> nodes.Expression:
        token = self.advance()
        names = {"IDENTITYCOL": "$IDENTITY", "ROWGUIDCOL": "$ROWGUID"}
        return nodes.PseudoColumn(names.get(token.key, token.value.upper()), table, line=token.line)

    def _keyword(self) -> Operand:
        """The expressions that begin with a reserved word."""
        token = self.token
        key = token.key
        if key == "NULL":
            self.advance()
            return nodes.NullLiteral(line=token.line)
        if key == "CASE":
            return self.case()
        if key == "EXISTS":
            self._condition_token = self.advance()
            return nodes.Exists(self._subquery(), line=token.line)
        if key in _NILADIC:
            self.advance()
            return nodes.NiladicFunction(key, line=token.line)
        if key == "UPDATE" and self.peek().key == "(":
            self._condition_token = self.advance()
            self.expect("(")
            column = self.identifier()
            self.expect(")")
            return nodes.UpdatedColumn(column, line=token.line)
        if key == "CURRENT" and self.peek().key == "OF":
            self._condition_token = self.expect("CURRENT", "OF")
            return nodes.CurrentOf(self.cursor_reference(), line=token.line)
        if key in ("IDENTITYCOL", "ROWGUIDCOL"):
            return self._pseudo_column(None)
        if key in ("CONTAINS", "FREETEXT"):
            raise self.not_supported(f"full-text predicate {key}")
        return self.keyword_function()

    # --- Constants ----------------------------------------------------------------------------------------------------

    def constant(self) -> nodes.Expression:
        token = self.token
        if token.key in ("-", "+"):
            self.advance()
            return nodes.Unary(token.key, self._literal(), line=token.line)
        if self.accept("NULL"):
            return nodes.NullLiteral(line=token.line)
        return self._literal()

    def _literal(self) -> nodes.Expression:
        token = self.token
        kind, text, line = token.kind, token.value, token.line
        if kind is STRING or kind is NATIONAL_STRING:
            self.advance()
            return nodes.StringLiteral(text, kind is NATIONAL_STRING, line=line)
        if kind is INTEGER:
            self.advance()
            number = self.whole_number(token)
            if number <= _MAX_INT:
                return nodes.IntegerLiteral(number, line=line)
            return self._numeric(token)
        if kind is DECIMAL:
            self.advance()
            return self._numeric(token)
        if kind is FLOAT:
            self.advance()
            value = float(text if text[-1].isdigit() else text + "0")
            if math.isinf(value):
                raise sql_error(168, text, line=line)
            return nodes.FloatLiteral(value, line=line)
        if kind is BINARY:
            self.advance()
            digits = text[2:]
            return nodes.BinaryLiteral(bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits), line=line)
        if kind is MONEY:
            self.advance()
            return nodes.MoneyLiteral(Decimal(text[1:].strip() or "0"), line=line)
        raise self.syntax_error()

    def _numeric(self, token: Token) -> nodes.NumericLiteral:
        precision, scale = decimal_digits(token.value)
        if precision > MAX_PRECISION:
            raise sql_error(1007, token.value, line=token.line)
        return nodes.NumericLiteral(Decimal(token.value), precision, scale, line=token.line)
