"""Calls, and everything that looks like one: CAST, CASE, windows, ODBC escapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from emulator.errors import sql_error
from emulator.sql import nodes
from emulator.sql.lexer import WORD
from emulator.sql.parser.core import Grammar

Branch = TypeVar("Branch")

# Reserved words that are functions like any other.
_KEYWORD_FUNCTIONS: Final = frozenset({"COALESCE", "LEFT", "NULLIF", "RIGHT"})

# The explicit data types of ODBC's CONVERT, as T-SQL types.
_ODBC_TYPES: Final = {
    "SQL_BIGINT": nodes.TypeName("bigint"),
    "SQL_BINARY": nodes.TypeName("binary"),
    "SQL_BIT": nodes.TypeName("bit"),
    "SQL_CHAR": nodes.TypeName("char"),
    "SQL_DATE": nodes.TypeName("datetime"),
    "SQL_DECIMAL": nodes.TypeName("decimal"),
    "SQL_DOUBLE": nodes.TypeName("float"),
    "SQL_FLOAT": nodes.TypeName("float"),
    "SQL_GUID": nodes.TypeName("uniqueidentifier"),
    "SQL_INTEGER": nodes.TypeName("int"),
    "SQL_NUMERIC": nodes.TypeName("numeric"),
    "SQL_REAL": nodes.TypeName("real"),
    "SQL_SMALLINT": nodes.TypeName("smallint"),
    "SQL_TIMESTAMP": nodes.TypeName("datetime"),
    "SQL_TINYINT": nodes.TypeName("tinyint"),
    "SQL_VARBINARY": nodes.TypeName("varbinary"),
    "SQL_VARCHAR": nodes.TypeName("varchar"),
    "SQL_WCHAR": nodes.TypeName("nchar"),
    "SQL_WVARCHAR": nodes.TypeName("nvarchar"),
}


class FunctionParser(Grammar):
    """Calls by name, special forms, and OVER."""

    # --- Calls by name ------------------------------------------------------------------------------------------------

    def function_call(self, name: nodes.ObjectName) -> nodes.Expression:
        distinct = star = False
        arguments: tuple[nodes.Expression, ...] = ()
        self.expect("(")
        if self.accept("*"):
            star = True
        elif not self.at(")"):
            distinct = self.accept("DISTINCT")
            if not distinct:
                self.accept("ALL")
            arguments = self.comma_list(self.value_or_default)
        self.expect(")")
        within_group = self._within_group()
        nulls = self._null_treatment()
        over = self._over()
        return nodes.FunctionCall(name, arguments, star, distinct, within_group, over, nulls, line=name.line)

    def call_arguments(self) -> tuple[nodes.Expression, ...]:
        """`([expression, ...])`."""
        if self.accept("(", ")"):
            return ()
        return self.bracketed_list(self.value_or_default)

    def method_call(self, operand: nodes.Expression) -> nodes.MethodCall:
        """`name(arguments)`; the dot has been read."""
        token = self.advance()
        return nodes.MethodCall(operand, token.value, self.call_arguments(), line=token.line)

    def _within_group(self) -> tuple[nodes.OrderItem, ...]:
        if not self.accept("WITHIN", "GROUP"):
            return ()
        self.expect("(", "ORDER", "BY")
        items = self.order_by_items()
        self.expect(")")
        return items

    def _null_treatment(self) -> str | None:
        for word in ("IGNORE", "RESPECT"):
            if self.accept(word, "NULLS"):
                return f"{word} NULLS"
        return None

    # --- Special forms ------------------------------------------------------------------------------------------------

    def special_function(self) -> nodes.Expression | None:
        """A form that is written like a call but has a grammar of its own; None when the name is an ordinary one."""
        form = _SPECIAL_FORMS.get(self.token.key)
        return form(self) if form else None

    def keyword_function(self) -> nodes.Expression:
        """A call whose name is a reserved word."""
        token = self.token
        form = _SPECIAL_FORMS.get(token.key)
        if form:
            return form(self)
        if token.key not in _KEYWORD_FUNCTIONS:
            raise self.syntax_error()
        self.advance()
        return self.function_call(nodes.ObjectName(token.value, line=token.line))

    def _cast(self) -> nodes.Expression:
        token = self.advance()
        self.expect("(")
        operand = self.expression()
        self.expect("AS")
        type_name = self.type_name()
        self.expect(")")
        return nodes.Cast(operand, type_name, token.key == "TRY_CAST", line=token.line)

    def _convert(self) -> nodes.Expression:
        token = self.advance()
        self.expect("(")
        type_name = self.type_name()
        self.expect(",")
        operand = self.expression()
        style = self.expression() if self.accept(",") else None
        self.expect(")")
        return nodes.Convert(type_name, operand, style, token.key == "TRY_CONVERT", line=token.line)

    def _parse(self) -> nodes.Expression:
        token = self.advance()
        self.expect("(")
        operand = self.expression()
        self.expect("AS")
        type_name = self.type_name()
        culture = self.expression() if self.accept("USING") else None
        self.expect(")")
        return nodes.Parse(operand, type_name, culture, token.key == "TRY_PARSE", line=token.line)

    def _iif(self) -> nodes.Expression:
        token = self.expect("IIF")
        self.expect("(")
        condition = self.condition()
        self.expect(",")
        then = self.expression()
        self.expect(",")
        otherwise = self.expression()
        self.expect(")")
        return nodes.SearchedCase(((condition, then),), otherwise, line=token.line)

    def _trim(self) -> nodes.Expression:
        """TRIM([LEADING|TRAILING|BOTH] [characters FROM] operand)."""
        token = self.expect("TRIM")
        self.expect("(")
        side = self.advance().key if self.at("LEADING", "TRAILING", "BOTH") and self.peek().key != ")" else "BOTH"
        name = {"LEADING": "LTRIM", "TRAILING": "RTRIM", "BOTH": "TRIM"}[side]
        arguments: tuple[nodes.Expression, ...] = (self.expression(),)
        if self.accept("FROM"):
            arguments = (self.expression(), *arguments)
        self.expect(")")
        return nodes.FunctionCall(nodes.ObjectName(name, line=token.line), arguments, line=token.line)

    def _json_object(self) -> nodes.Expression:
        token = self.expect("JSON_OBJECT")
        self.expect("(")
        members = () if self._at_json_end() else self.comma_list(self._json_member)
        absent = self._json_nulls(default=False)
        self.expect(")")
        return nodes.JsonObject(members, absent, line=token.line)

    def _json_member(self) -> tuple[nodes.Expression, nodes.Expression]:
        key = self.expression()
        self.expect(":")
        return key, self.expression()

    def _json_array(self) -> nodes.Expression:
        token = self.expect("JSON_ARRAY")
        self.expect("(")
        items = () if self._at_json_end() else self.comma_list(self.expression)
        absent = self._json_nulls(default=True)
        self.expect(")")
        return nodes.JsonArray(items, absent, line=token.line)

    def _at_json_end(self) -> bool:
        return self.at(")") or self.at_sequence("NULL", "ON") or self.at_sequence("ABSENT", "ON")

    def _json_nulls(self, *, default: bool) -> bool:
        if self.accept("NULL", "ON", "NULL"):
            return False
        return self.accept("ABSENT", "ON", "NULL") or default

    def _identity_function(self) -> nodes.Expression:
        token = self.expect("IDENTITY")
        self.expect("(")
        type_name = self.type_name()
        seed = increment = 1
        if self.accept(","):
            seed = self.integer()
            self.expect(",")
            increment = self.integer()
        self.expect(")")
        return nodes.IdentityFunction(type_name, seed, increment, line=token.line)

    def next_value(self) -> nodes.Expression:
        """NEXT VALUE FOR sequence [OVER (ORDER BY ...)]."""
        token = self.expect("NEXT", "VALUE", "FOR")
        sequence = self.object_name()
        over = self._over()
        if over is not None and over.frame is not None:
            raise sql_error(11737, line=token.line)
        return nodes.NextValueFor(sequence, over.order_by if over else (), line=token.line)

    # --- CASE ---------------------------------------------------------------------------------------------------------

    def case(self) -> nodes.Expression:
        """CASE, simple or searched."""
        first = self.expect("CASE")
        if self.at("WHEN"):
            conditions = self._branches(self.condition)
            return nodes.SearchedCase(conditions, self._otherwise(), line=first.line)
        operand = self.expression()
        values = self._branches(self.expression)
        return nodes.SimpleCase(operand, values, self._otherwise(), line=first.line)

    def _branches(self, test: Callable[[], Branch]) -> tuple[tuple[Branch, nodes.Expression], ...]:
        branches = []
        self.expect("WHEN")
        while True:
            tested = test()
            self.expect("THEN")
            branches.append((tested, self.expression()))
            if not self.accept("WHEN"):
                return tuple(branches)

    def _otherwise(self) -> nodes.Expression | None:
        otherwise = self.expression() if self.accept("ELSE") else None
        self.expect("END")
        return otherwise

    # --- Windows ------------------------------------------------------------------------------------------------------

    def _over(self) -> nodes.Window | None:
        if not self.at("OVER"):
            return None
        line = self.advance().line
        if self.at("("):
            return self.window()
        return nodes.Window(base=self.identifier(), line=line)

    def window(self) -> nodes.Window:
        first = self.expect("(")
        base = None
        if self.at_identifier() and not self.at("PARTITION", "ROWS", "RANGE"):
            base = self.identifier()
        partition_by: tuple[nodes.Expression, ...] = ()
        if self.accept("PARTITION", "BY"):
            partition_by = self.comma_list(self.expression)
        order_by = self.order_by_items() if self.accept("ORDER", "BY") else ()
        frame = self._frame()
        self.expect(")")
        return nodes.Window(partition_by, order_by, frame, base, line=first.line)

    def order_by_items(self) -> tuple[nodes.OrderItem, ...]:
        return self.comma_list(self._order_item)

    def _order_item(self) -> nodes.OrderItem:
        line = self.token.line
        expression = self.expression()
        return nodes.OrderItem(expression, self.accept_one_of("ASC", "DESC") == "DESC", line=line)

    def _frame(self) -> nodes.WindowFrame | None:
        if not self.at("ROWS", "RANGE"):
            return None
        unit = self.advance()
        if self.accept("BETWEEN"):
            first = self._bound()
            self.expect("AND")
            last = self._bound()
        else:
            first = self._bound()
            last = nodes.FrameBound("CURRENT ROW", line=unit.line)
        return nodes.WindowFrame(unit.key, first, last, line=unit.line)

    def _bound(self) -> nodes.FrameBound:
        line = self.token.line
        if self.accept("CURRENT", "ROW"):
            return nodes.FrameBound("CURRENT ROW", line=line)
        if self.accept("UNBOUNDED"):
            return nodes.FrameBound(f"UNBOUNDED {self.expect_one_of('PRECEDING', 'FOLLOWING')}", line=line)
        offset = self.expression()
        return nodes.FrameBound(self.expect_one_of("PRECEDING", "FOLLOWING"), offset, line=line)

    # --- ODBC escapes -------------------------------------------------------------------------------------------------

    def odbc_escape(self) -> nodes.Expression:
        """`{fn ...}`, `{d '...'}`, `{t '...'}`, `{ts '...'}`, `{guid '...'}` (documentation: ODBC escape sequences)."""
        self.expect("{")
        kind = self.expect_one_of("FN", "D", "T", "TS", "GUID")
        if kind == "FN":
            expression = self._odbc_function()
        else:
            line = self.token.line
            expression = nodes.OdbcDateTime(kind.lower(), self.string(), line=line)
        self.expect("}")
        return expression

    def _odbc_function(self) -> nodes.Expression:
        token = self.token
        if not token.key[:1].isalpha():
            raise self.syntax_error()
        self.advance()
        name = nodes.ObjectName(token.value, line=token.line)
        if not self.at("("):
            return nodes.FunctionCall(name, odbc=True, line=token.line)
        if token.key == "CONVERT":
            return self._odbc_convert()
        if token.key == "EXTRACT":
            return self._odbc_extract(name)
        return nodes.FunctionCall(name, self.call_arguments(), odbc=True, line=token.line)

    def _odbc_convert(self) -> nodes.Expression:
        line = self.expect("(").line
        operand = self.expression()
        self.expect(",")
        type_name = _ODBC_TYPES.get(self.token.key)
        if type_name is None:
            raise self.syntax_error()
        self.advance()
        self.expect(")")
        return nodes.Convert(type_name, operand, line=line)

    def _odbc_extract(self, name: nodes.ObjectName) -> nodes.Expression:
        self.expect("(")
        if self.token.kind is not WORD:
            raise self.syntax_error()
        part = nodes.ColumnRef(self.token.value, line=self.advance().line)
        self.expect("FROM")
        operand = self.expression()
        self.expect(")")
        return nodes.FunctionCall(name, (part, operand), odbc=True, line=name.line)


_SPECIAL_FORMS: Final[dict[str, Callable[[FunctionParser], nodes.Expression]]] = {
    "CAST": FunctionParser._cast,
    "TRY_CAST": FunctionParser._cast,
    "CONVERT": FunctionParser._convert,
    "TRY_CONVERT": FunctionParser._convert,
    "PARSE": FunctionParser._parse,
    "TRY_PARSE": FunctionParser._parse,
    "IIF": FunctionParser._iif,
    "TRIM": FunctionParser._trim,
    "JSON_OBJECT": FunctionParser._json_object,
    "JSON_ARRAY": FunctionParser._json_array,
    "IDENTITY": FunctionParser._identity_function,
}
