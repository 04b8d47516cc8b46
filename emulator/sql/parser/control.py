"""Control of flow, variables, messages and transactions."""

from __future__ import annotations

from typing import Final

from emulator.errors import sql_error
from emulator.sql import nodes
from emulator.sql.lexer import BINARY, DECIMAL, FLOAT, GLOBAL, INTEGER, MONEY, QUOTED, WORD, Token
from emulator.sql.parser.core import COMPOUND_ASSIGNMENTS, Grammar

_NUMBERS: Final = frozenset({INTEGER, DECIMAL, FLOAT, MONEY, BINARY})
_EXPRESSION_WORDS: Final = frozenset(
    {
        "(",
        "+",
        "-",
        "~",
        "{",
        "CASE",
        "COALESCE",
        "CONVERT",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
        "LEFT",
        "NULL",
        "NULLIF",
        "RIGHT",
        "SESSION_USER",
        "SYSTEM_USER",
        "TRY_CONVERT",
        "USER",
    }
)


class ControlParser(Grammar):
    """Statements that steer the others.

    Labels, loops and RETURN obey rules that SQL Server checks before anything runs: 132, 133 (labels), 135, 136 (BREAK
    and CONTINUE outside a loop), 178 (a RETURN with a value outside procedures and functions).
    """

    def __init__(self, text: str, *, quoted_identifier: bool = True) -> None:
        super().__init__(text, quoted_identifier=quoted_identifier)
        self._loops = 0
        self._labels: set[str] = set()
        self._jumps: list[nodes.Goto] = []
        self.may_return_value = False

    # --- Blocks -------------------------------------------------------------------------------------------------------

    def begin(self) -> nodes.Statement:
        """BEGIN ... END, BEGIN TRY, BEGIN TRAN."""
        first = self.expect("BEGIN")
        if self.at("TRAN", "TRANSACTION"):
            return self._begin_transaction(first)
        if self.at("TRY"):
            return self._try(first)
        if self.at("DISTRIBUTED", "DIALOG", "CONVERSATION", "ATOMIC"):
            raise self.not_supported(f"BEGIN {self.token.key}")
        statements = self.statements("END")
        if not statements:
            raise self.syntax_error()
        self.expect("END")
        return nodes.Block(statements, **self.span(first))

    def _try(self, first: Token) -> nodes.TryCatch:
        self.expect("TRY")
        body = self.statements("END")
        self.expect("END", "TRY", "BEGIN", "CATCH")
        handler = self.statements("END")
        self.expect("END", "CATCH")
        return nodes.TryCatch(body, handler, **self.span(first))

    def if_statement(self) -> nodes.If:
        """IF ... [ELSE ...]. A chain of ELSE IF is read in a loop, however long it is."""
        branches = [self._branch()]
        otherwise: nodes.Statement | None = None
        while self._accept_else():
            if not self.at("IF"):
                otherwise = self.statement()
                break
            branches.append(self._branch())
        for first, condition, then in reversed(branches):
            otherwise = nodes.If(condition, then, otherwise, **self.span(first))
        assert isinstance(otherwise, nodes.If)
        return otherwise

    def _branch(self) -> tuple[Token, nodes.Predicate, nodes.Statement]:
        first = self.expect("IF")
        return first, self.condition(), self.statement()

    def _accept_else(self) -> bool:
        """ELSE, before which the statement of IF may have its semicolon."""
        return self.accept("ELSE") or self.accept(";", "ELSE")

    def while_statement(self) -> nodes.While:
        first = self.expect("WHILE")
        condition = self.condition()
        self._loops += 1
        body = self.statement()
        self._loops -= 1
        return nodes.While(condition, body, **self.span(first))

    def break_statement(self) -> nodes.Break:
        first = self.expect("BREAK")
        if not self._loops:
            raise sql_error(135, line=first.line)
        return nodes.Break(**self.span(first))

    def continue_statement(self) -> nodes.Continue:
        first = self.expect("CONTINUE")
        if not self._loops:
            raise sql_error(136, line=first.line)
        return nodes.Continue(**self.span(first))

    def return_statement(self) -> nodes.Return:
        first = self.expect("RETURN")
        value = self.expression() if self._at_value() else None
        if value is not None and not self.may_return_value:
            raise sql_error(178, line=first.line)
        return nodes.Return(value, **self.span(first))

    def _at_value(self) -> bool:
        """Whether an expression follows RETURN, and not the next statement."""
        token = self.token
        if token.kind in (WORD, QUOTED):
            return not self.at_label()
        return (
            token.key in _EXPRESSION_WORDS
            or token.kind in _NUMBERS
            or token.kind is GLOBAL
            or self.at_variable()
            or self.at_string()
        )

    # --- Labels -------------------------------------------------------------------------------------------------------

    def at_label(self) -> bool:
        """Whether `name:` comes next."""
        return self.at_identifier() and self.peek().key == ":"

    def label(self) -> nodes.Label:
        first = self.token
        name = self.identifier()
        self.expect(":")
        if name.lower() in self._labels:
            raise sql_error(132, name, line=first.line)
        self._labels.add(name.lower())
        return nodes.Label(name, **self.span(first))

    def goto(self) -> nodes.Goto:
        first = self.expect("GOTO")
        jump = nodes.Goto(self.identifier(), **self.span(first))
        self._jumps.append(jump)
        return jump

    def check_labels(self) -> None:
        """Raise 133 when a GOTO has nowhere to go; called at the end of the batch."""
        for jump in self._jumps:
            if jump.label.lower() not in self._labels:
                raise sql_error(133, jump.label, line=jump.line)

    # --- Variables ----------------------------------------------------------------------------------------------------

    def declare(self) -> nodes.Declare | nodes.DeclareCursor:
        first = self.expect("DECLARE")
        if self.at_variable():
            return nodes.Declare(self.comma_list(self._declaration), **self.span(first))
        name = self.identifier()
        return nodes.DeclareCursor(name, self.cursor_definition(), **self.span(first))

    def _declaration(self) -> nodes.VariableDeclaration | nodes.TableVariableDeclaration:
        variable = self.variable()
        self.accept("AS")
        if self.accept("TABLE"):
            return nodes.TableVariableDeclaration(variable.name, self.table_definition(), line=variable.line)
        if self.at("CURSOR"):
            cursor = nodes.TypeName("cursor", line=self.advance().line)
            return nodes.VariableDeclaration(variable.name, cursor, line=variable.line)
        type_name = self.type_name()
        initial = self.expression() if self.accept("=") else None
        return nodes.VariableDeclaration(variable.name, type_name, initial, line=variable.line)

    def set_variable(self, first: Token) -> nodes.SetVariable | nodes.SetCursorVariable:
        """SET @variable ...; the word SET has been read."""
        variable = self.variable()
        if self.at(".", "::"):
            raise self.not_supported("methods of a variable in SET")
        if self.token.key not in COMPOUND_ASSIGNMENTS and not self.at("="):
            raise self.syntax_error()
        operator = self.advance().key
        if operator == "=" and self.at("CURSOR"):
            definition = self.cursor_definition()
            return nodes.SetCursorVariable(variable, definition, **self.span(first))
        return nodes.SetVariable(variable, operator, self.expression(), **self.span(first))

    # --- Messages and waiting -----------------------------------------------------------------------------------------

    def print_statement(self) -> nodes.Print:
        first = self.expect("PRINT")
        return nodes.Print(self.expression(), **self.span(first))

    def raiserror(self) -> nodes.RaiseError:
        first = self.expect("RAISERROR")
        self.expect("(")
        message = self.simple_value()
        self.expect(",")
        severity = self.simple_value()
        self.expect(",")
        state = self.simple_value()
        arguments = self.comma_list(self.simple_value) if self.accept(",") else ()
        self.expect(")")
        options: tuple[str, ...] = ()
        if self.accept("WITH"):
            options = self.comma_list(lambda: self.expect_one_of("LOG", "NOWAIT", "SETERROR"))
        return nodes.RaiseError(message, severity, state, arguments, options, **self.span(first))

    def throw(self) -> nodes.Throw:
        first = self.expect("THROW")
        if not (self.at_variable() or self.token.kind is INTEGER):
            return nodes.Throw(**self.span(first))
        number = self.simple_value()
        self.expect(",")
        message = self.simple_value()
        self.expect(",")
        state = self.simple_value()
        return nodes.Throw(number, message, state, **self.span(first))

    def simple_value(self) -> nodes.Expression:
        """What THROW, RAISERROR and a procedure call take: a constant or a variable, no expression."""
        if self.at_variable():
            return self.variable()
        if self.token.kind is GLOBAL:
            token = self.advance()
            return nodes.GlobalVariable(token.value, line=token.line)
        return self.constant()

    def waitfor(self) -> nodes.WaitFor:
        first = self.expect("WAITFOR")
        if self.at("("):
            raise self.not_supported("WAITFOR (statement)")
        kind = self.expect_one_of("DELAY", "TIME")
        return nodes.WaitFor(kind, self.simple_value(), **self.span(first))

    # --- Transactions -------------------------------------------------------------------------------------------------

    def _begin_transaction(self, first: Token) -> nodes.BeginTransaction:
        self.advance()
        name = self._transaction_name()
        mark = None
        if self.accept("WITH", "MARK"):
            mark = self.string() if self.at_string() else ""
        return nodes.BeginTransaction(name, mark, **self.span(first))

    def commit(self) -> nodes.CommitTransaction:
        first = self.expect("COMMIT")
        name = self._ended_transaction()
        delayed = False
        if self.accept("WITH", "(", "DELAYED_DURABILITY"):
            self.expect("=")
            delayed = self.on_off()
            self.expect(")")
        return nodes.CommitTransaction(name, delayed, **self.span(first))

    def rollback(self) -> nodes.RollbackTransaction:
        first = self.expect("ROLLBACK")
        return nodes.RollbackTransaction(self._ended_transaction(), **self.span(first))

    def _ended_transaction(self) -> nodes.TransactionName | None:
        """[TRAN [name] | WORK]."""
        if self.accept_one_of("TRAN", "TRANSACTION"):
            return self._transaction_name()
        self.accept("WORK")
        return None

    def save(self) -> nodes.SaveTransaction:
        first = self.expect("SAVE")
        self.expect_one_of("TRAN", "TRANSACTION")
        return nodes.SaveTransaction(self.name_or_variable(), **self.span(first))

    def _transaction_name(self) -> nodes.TransactionName | None:
        if self.at_variable() or (self.at_identifier() and not self.at_label()):
            return self.name_or_variable()
        return None
