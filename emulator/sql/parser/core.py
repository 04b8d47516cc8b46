"""The parser's base: a cursor over tokens, syntax errors, names and types, and the productions that families share.

The grammar is written as recursive descent, one mixin a family (`expressions`, `sources`, `queries`, ...), which
`Parser` in this package's `__init__` puts together. A family calls another's productions through the abstract methods
of `Grammar`.

Every production starts at the current token and leaves the cursor behind what it read. A production that cannot go on
raises the error that SQL Server gives for that place; nothing is parsed twice, so there is nothing to take back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, TypedDict, TypeVar

from emulator.errors import NotSupported, SqlError, sql_error
from emulator.sql import nodes
from emulator.sql.lexer import (
    END,
    INTEGER,
    KEYWORD,
    NATIONAL_STRING,
    QUOTED,
    STRING,
    VARIABLE,
    WORD,
    Token,
    tokenize,
)

Item = TypeVar("Item")

# SQL Server gives error 191 when its own stack runs out. Ours must leave room for those who walk the tree after us.
MAX_DEPTH: Final = 100

MAX_PRECISION: Final = 38  # digits of numeric

COMPOUND_ASSIGNMENTS: Final = frozenset({"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="})

_STANDARD_TYPE_NAMES: Final = {
    "DEC": "decimal",
    "INTEGER": "int",
    "CHARACTER": "char",
    "CHARVARYING": "varchar",
    "CHARACTERVARYING": "varchar",
    "BINARYVARYING": "varbinary",
    "NATIONALCHAR": "nchar",
    "NATIONALCHARACTER": "nchar",
    "NATIONALCHARVARYING": "nvarchar",
    "NATIONALCHARACTERVARYING": "nvarchar",
    "NCHARVARYING": "nvarchar",
    "NATIONALTEXT": "ntext",
    "DOUBLEPRECISION": "float",
}


class Span(TypedDict):
    """The positions of a statement, as keyword arguments of its node."""

    line: int
    start: int
    end: int


class TokenCursor:
    """The tokens of one batch, and where the parser stands in them."""

    def __init__(self, text: str, *, quoted_identifier: bool = True) -> None:
        self.text = text
        self.tokens = tokenize(text, quoted_identifier=quoted_identifier)
        self.position = 0
        self.token: Token = self.tokens[0]
        self.depth = 0
        self.in_subquery = False

    # --- Moving -------------------------------------------------------------------------------------------------------

    def advance(self) -> Token:
        """Step over the current token and return it."""
        token = self.token
        if token.kind is not END:
            self.position += 1
            self.token = self.tokens[self.position]
        return token

    def peek(self, distance: int = 1) -> Token:
        """The token `distance` places ahead; the END token when there are not so many."""
        return self.tokens[min(self.position + distance, len(self.tokens) - 1)]

    def at(self, *keys: str) -> bool:
        """Whether the current token is one of these words or operators."""
        return self.token.key in keys

    def at_sequence(self, *keys: str) -> bool:
        """Whether the next tokens are exactly these."""
        position = self.position
        for key in keys:
            if self.tokens[position].key != key:  # the END token has no key, so the list is never overrun
                return False
            position += 1
        return True

    def accept(self, *keys: str) -> bool:
        """Step over these tokens if they come next, all of them, in this order."""
        if self.token.key != keys[0] or (len(keys) > 1 and not self.at_sequence(*keys)):
            return False
        for _ in keys:
            self.advance()
        return True

    def accept_one_of(self, *keys: str) -> str | None:
        """Step over one of these, and say which it was."""
        if self.token.key in keys:
            return self.advance().key
        return None

    def expect(self, *keys: str) -> Token:
        """Step over exactly these tokens; the last is returned."""
        for key in keys:
            if self.token.key != key:
                raise self.syntax_error()
            token = self.advance()
        return token

    def expect_one_of(self, *keys: str) -> str:
        """Step over one of these, and say which it was."""
        if self.token.key not in keys:
            raise self.syntax_error()
        return self.advance().key

    def expect_end(self) -> None:
        """Nothing may follow."""
        if self.token.kind is not END:
            raise self.syntax_error()

    def use_quoted_identifier(self, on: bool) -> None:
        """Read what follows with SET QUOTED_IDENTIFIER `on`: that option works while the batch is parsed."""
        rest = tokenize(self.text, quoted_identifier=on, position=self.token.start, line=self.token.line)
        self.tokens[self.position :] = rest if rest[0].kind is not END else [self.token]
        self.token = self.tokens[self.position]

    # --- Positions ----------------------------------------------------------------------------------------------------

    @property
    def end(self) -> int:
        """Where the last token that was read ends."""
        return self.tokens[self.position - 1].end if self.position else 0

    def span(self, first: Token) -> Span:
        """The positions of what began with `first` and has just been read."""
        return {"line": first.line, "start": first.start, "end": self.end}

    def text_from(self, first: Token) -> str:
        """The source text of what began with `first` and has just been read."""
        return self.text[first.start : self.end]

    # --- Errors -------------------------------------------------------------------------------------------------------

    def syntax_error(self, token: Token | None = None) -> SqlError:
        """102 or 156 near `token`, by default the current one; at the end of the batch the last one is named."""
        token = token or self.token
        number = 156 if token.kind is KEYWORD else 102
        return sql_error(number, token.value, line=token.line)

    def not_supported(self, construct: str) -> NotSupported:
        """The error for T-SQL that the emulator does not execute, at the current token."""
        return NotSupported(construct, self.token.line)

    def enter(self) -> None:
        """Go one level deeper; `leave` comes back. After an error nobody does: the parse is over."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise sql_error(191, line=self.token.line)

    def leave(self) -> None:
        self.depth -= 1

    # --- Lists --------------------------------------------------------------------------------------------------------

    def comma_list(self, item: Callable[[], Item]) -> tuple[Item, ...]:
        """One or more items with commas between them."""
        items = [item()]
        while self.token.key == ",":
            self.advance()
            items.append(item())
        return tuple(items)

    def bracketed_list(self, item: Callable[[], Item]) -> tuple[Item, ...]:
        """`(item, ...)`, at least one."""
        self.expect("(")
        items = self.comma_list(item)
        self.expect(")")
        return items

    # --- Names --------------------------------------------------------------------------------------------------------

    def at_identifier(self) -> bool:
        """Whether an identifier comes next. A reserved word is one only in quotes."""
        kind = self.token.kind
        return kind is WORD or kind is QUOTED

    def identifier(self) -> str:
        """An identifier, without its quotes. Raises 1038 when the quotes are empty."""
        token = self.token
        if token.kind is not WORD and token.kind is not QUOTED:
            raise self.syntax_error()
        if not token.value:
            raise sql_error(1038, state=4, line=token.line)
        self.advance()
        return token.value

    def identifier_list(self) -> tuple[str, ...]:
        """`(name, ...)`."""
        return self.bracketed_list(self.identifier)

    def name_parts(self) -> list[str | None]:
        """The parts of a dotted name. Parts before the last may be empty (`db..t`)."""
        parts: list[str | None] = []
        while True:
            if self.token.key == ".":
                parts.append(None)
            else:
                parts.append(self.identifier())
                if self.token.key != ".":
                    return parts
            self.advance()

    def object_name(self) -> nodes.ObjectName:
        """A name of one to four parts. Raises 117 for more."""
        first = self.token
        return self.to_object_name(self.name_parts(), first)

    def to_object_name(self, parts: list[str | None], first: Token) -> nodes.ObjectName:
        if len(parts) > 4:
            raise sql_error(117, "object", ".".join(part or "" for part in parts), 3, line=first.line)
        server, database, schema, name = [None] * (4 - len(parts)) + parts
        assert name is not None
        return nodes.ObjectName(name, schema, database, server, line=first.line)

    def at_variable(self) -> bool:
        return self.token.kind is VARIABLE

    def variable(self) -> nodes.Variable:
        """`@name`."""
        if self.token.kind is not VARIABLE:
            raise self.syntax_error()
        token = self.advance()
        return nodes.Variable(token.value, line=token.line)

    def name_or_variable(self) -> str | nodes.Variable:
        return self.variable() if self.at_variable() else self.identifier()

    def at_string(self) -> bool:
        return self.token.kind is STRING or self.token.kind is NATIONAL_STRING

    def string(self) -> str:
        """The text of a string constant."""
        if not self.at_string():
            raise self.syntax_error()
        return self.advance().value

    def integer(self) -> int:
        """A whole number with an optional sign."""
        sign = -1 if self.accept("-") else 1
        self.accept("+")
        if self.token.kind is not INTEGER:
            raise self.syntax_error()
        return sign * self.whole_number(self.advance())

    def whole_number(self, token: Token) -> int:
        """The value of an INTEGER token. Raises 1007 beyond 38 digits."""
        digits = token.value.lstrip("0") or "0"
        if len(digits) > MAX_PRECISION:
            raise sql_error(1007, token.value, line=token.line)
        return int(digits)

    def on_off(self) -> bool:
        return self.expect_one_of("ON", "OFF") == "ON"

    # --- Types --------------------------------------------------------------------------------------------------------

    def type_name(self) -> nodes.TypeName:
        """A data type as written; standard spellings become T-SQL's."""
        first = self.token
        words = self._standard_type()
        if words:
            schema, name = None, words
        else:
            *qualifier, last = self.name_parts()
            if len(qualifier) > 1 or last is None:
                raise sql_error(117, "type", self.text_from(first), 1, line=first.line)
            schema, name = qualifier[0] if qualifier else None, last
        arguments, is_max = self._type_arguments()
        return nodes.TypeName(name, schema, arguments, is_max, line=first.line)

    def _standard_type(self) -> str | None:
        """T-SQL's name for a type in one of the standard's spellings; None when it is not one."""
        words = ""
        length = 0
        for distance in range(3):
            words += self.peek(distance).key
            if self.peek(distance).key and words in _STANDARD_TYPE_NAMES:
                length = distance + 1
        if not length or self.peek(length).key == ".":
            return None
        spelling = "".join(self.advance().key for _ in range(length))
        return _STANDARD_TYPE_NAMES[spelling]

    def _type_arguments(self) -> tuple[tuple[int, ...], bool]:
        if not self.at("("):
            return (), False
        if self.peek().key == "MAX":
            self.expect("(", "MAX", ")")
            return (), True
        if self.peek().kind is not INTEGER and self.tokens[self.position - 1].key == "XML":
            raise self.not_supported("XML schema collections")
        return self.bracketed_list(self.integer), False

    def collation(self) -> str | None:
        """`COLLATE name`, if it is there."""
        return self.identifier() if self.accept("COLLATE") else None


class Grammar(TokenCursor, ABC):
    """The productions that one family needs of another."""

    @abstractmethod
    def expression(self) -> nodes.Expression:
        """A scalar expression."""

    @abstractmethod
    def condition(self) -> nodes.Predicate:
        """A search condition."""

    @abstractmethod
    def primary(self) -> nodes.Expression | nodes.Predicate:
        """A constant, a name, a call or something in brackets."""

    @abstractmethod
    def constant(self) -> nodes.Expression:
        """A constant with an optional sign, or NULL."""

    @abstractmethod
    def value_or_default(self) -> nodes.Expression:
        """An expression or the word DEFAULT."""

    @abstractmethod
    def case(self) -> nodes.Expression:
        """CASE ... END."""

    @abstractmethod
    def next_value(self) -> nodes.Expression:
        """NEXT VALUE FOR ..."""

    @abstractmethod
    def odbc_escape(self) -> nodes.Expression:
        """`{fn ...}` and its kin."""

    @abstractmethod
    def special_function(self) -> nodes.Expression | None:
        """A form that is written like a call but has a grammar of its own; None when the name is an ordinary one."""

    @abstractmethod
    def keyword_function(self) -> nodes.Expression:
        """A call whose name is a reserved word."""

    @abstractmethod
    def function_call(self, name: nodes.ObjectName) -> nodes.Expression:
        """A call, from its opening bracket on."""

    @abstractmethod
    def method_call(self, operand: nodes.Expression) -> nodes.MethodCall:
        """`name(arguments)`; the dot has been read."""

    @abstractmethod
    def call_arguments(self) -> tuple[nodes.Expression, ...]:
        """`([expression, ...])`."""

    @abstractmethod
    def order_by_items(self) -> tuple[nodes.OrderItem, ...]:
        """The keys after ORDER BY."""

    @abstractmethod
    def window(self) -> nodes.Window:
        """What follows OVER, or `name AS` in a WINDOW clause: `(...)`."""

    @abstractmethod
    def query(self) -> nodes.Query:
        """A query without WITH and OPTION."""

    @abstractmethod
    def continue_query(self, body: nodes.QueryBody) -> nodes.Query:
        """The rest of a query whose first operand has been read."""

    @abstractmethod
    def nested_query(self) -> nodes.Query:
        """A query in brackets inside a statement."""

    @abstractmethod
    def continue_nested_query(self, query: nodes.Query) -> nodes.Query:
        """The rest of a nested query whose first operand has been read."""

    @abstractmethod
    def select_statement(self) -> nodes.Select:
        """[WITH ...] query [OPTION (...)]."""

    @abstractmethod
    def rest_of_select(self, ctes: tuple[nodes.CommonTableExpression, ...], first: Token) -> nodes.Select:
        """query [OPTION (...)], behind what began with ``first``."""

    @abstractmethod
    def common_table_expressions(self) -> tuple[nodes.CommonTableExpression, ...]:
        """[WITH name AS (...), ...]."""

    @abstractmethod
    def query_hints(self) -> tuple[nodes.QueryHint, ...]:
        """[OPTION (...)]."""

    @abstractmethod
    def top(self) -> nodes.Top | None:
        """[TOP ...]."""

    @abstractmethod
    def select_list(self) -> tuple[nodes.SelectItem, ...]:
        """The items of a select list or of OUTPUT."""

    @abstractmethod
    def from_clause(self) -> tuple[nodes.TableSource, ...]:
        """[FROM source, ...]."""

    @abstractmethod
    def table_source(self) -> nodes.TableSource:
        """One item of FROM with its joins."""

    @abstractmethod
    def table_hints(self) -> tuple[nodes.TableHint, ...]:
        """[WITH (hint, ...)]."""

    @abstractmethod
    def change_statement(self) -> nodes.Insert | nodes.Update | nodes.Delete | nodes.Merge:
        """INSERT, UPDATE, DELETE or MERGE inside another statement."""

    @abstractmethod
    def values_rows(self) -> tuple[tuple[nodes.Expression, ...], ...]:
        """The rows after VALUES."""

    @abstractmethod
    def execute(self) -> nodes.ExecuteProcedure | nodes.ExecuteString:
        """EXEC of a procedure or of a string."""

    @abstractmethod
    def cursor_definition(self) -> nodes.CursorDefinition:
        """What follows the word CURSOR."""

    @abstractmethod
    def cursor_reference(self) -> nodes.CursorName | nodes.Variable:
        """A cursor's name, or a variable that holds one."""

    @abstractmethod
    def statement(self) -> nodes.Statement:
        """Any statement, without the semicolon after it."""

    @abstractmethod
    def statements(self, *closing: str) -> tuple[nodes.Statement, ...]:
        """Statements up to one of the words in `closing`, or to the end of the batch."""

    @abstractmethod
    def options(self) -> tuple[nodes.Option, ...]:
        """`(name [= value], ...)`."""

    @abstractmethod
    def option(self) -> nodes.Option:
        """`name [= value]`."""

    @abstractmethod
    def balanced_text(self) -> str:
        """The source text of a bracket with everything in it."""

    @abstractmethod
    def require_first(self, first: Token, statement: str) -> None:
        """Raise 111 when `statement`, begun by `first`, does not stand first in its batch."""

    @abstractmethod
    def unknown_kind(self, verb: str) -> SqlError:
        """The error for a kind of object that the current token names and nobody reads."""

    @abstractmethod
    def index_options(self) -> tuple[nodes.Option, ...]:
        """[WITH (options)], or the old form without brackets."""

    @abstractmethod
    def option_word(self) -> str:
        """An identifier, a reserved word or a binary constant, as written."""

    @abstractmethod
    def named_option(self) -> nodes.Option:
        """`name = value` whose value keeps its case."""

    @abstractmethod
    def clustered(self) -> bool | None:
        """[CLUSTERED | NONCLUSTERED]."""

    @abstractmethod
    def filegroup(self) -> str | None:
        """[ON filegroup]."""

    @abstractmethod
    def inline_index(self, column: str | None = None) -> nodes.IndexDefinition:
        """`INDEX name ...` in a table definition."""

    @abstractmethod
    def index_columns(self) -> tuple[nodes.IndexColumn, ...]:
        """`(column [ASC|DESC], ...)`."""

    @abstractmethod
    def table_definition(self) -> nodes.TableDefinition:
        """`(columns, constraints, indexes)`."""
