"""EXECUTE: procedures, strings, and AS."""

from __future__ import annotations

from typing import Final

from emulator.sql import nodes
from emulator.sql.lexer import END, GLOBAL, INTEGER, KEYWORD, OPERATOR
from emulator.sql.parser.core import Grammar

_OUTPUT: Final = ("OUTPUT", "OUT")


class CallParser(Grammar):
    """Calls of procedures and of strings."""

    def execute(self) -> nodes.ExecuteProcedure | nodes.ExecuteString:
        first = self.token
        self.expect_one_of("EXEC", "EXECUTE")
        if self.at("("):
            return self._execute_string()
        result = None
        if self.at_variable() and self.peek().key == "=":
            result = self.variable()
            self.expect("=")
        procedure = self.variable() if self.at_variable() else self.object_name()
        number = self._procedure_number()
        arguments = self._arguments()
        recompile, result_sets = self._execute_options()
        return nodes.ExecuteProcedure(procedure, arguments, result, number, recompile, result_sets, **self.span(first))

    def bare_call(self) -> nodes.ExecuteProcedure:
        """A call without EXEC, which may stand first in a batch: `sp_help 'dbo.Item'`."""
        first = self.token
        procedure = self.object_name()
        number = self._procedure_number()
        arguments = self._arguments()
        recompile, result_sets = self._execute_options()
        return nodes.ExecuteProcedure(procedure, arguments, None, number, recompile, result_sets, **self.span(first))

    def _procedure_number(self) -> int | None:
        """`;2` behind the name. No statement begins with a number, so this semicolon ends none."""
        if self.at(";") and self.peek().kind is INTEGER:
            self.advance()
            return self.integer()
        return None

    # --- Arguments ----------------------------------------------------------------------------------------------------

    def _arguments(self) -> tuple[nodes.Argument, ...]:
        return self.comma_list(self._argument) if self._at_argument() else ()

    def _at_argument(self) -> bool:
        token = self.token
        if token.kind in (KEYWORD, OPERATOR):
            return token.key in ("-", "+", "NULL", "DEFAULT")
        return token.kind is not END and not (self.at_identifier() and self.peek().key == ":")

    def _argument(self) -> nodes.Argument:
        line = self.token.line
        name = None
        if self.at_variable() and self.peek().key == "=":
            name = self.variable().name
            self.expect("=")
        value = self._argument_value()
        output = self.accept_one_of(*_OUTPUT) is not None
        return nodes.Argument(value, name, output, line=line)

    def _argument_value(self) -> nodes.Expression:
        token = self.token
        if self.at_variable():
            return self.variable()
        if token.kind is GLOBAL:
            self.advance()
            return nodes.GlobalVariable(token.value, line=token.line)
        if token.key == "DEFAULT":
            self.advance()
            return nodes.DefaultValue(line=token.line)
        if self.at_identifier():
            return nodes.StringLiteral(self.identifier(), line=token.line)
        return self.constant()

    # --- Options ------------------------------------------------------------------------------------------------------

    def _execute_options(self) -> tuple[bool, nodes.ResultSets | None]:
        """[WITH RECOMPILE, RESULT SETS ...]."""
        recompile, result_sets = False, None
        if not (self.at("WITH") and self.peek().key in ("RECOMPILE", "RESULT")):
            return recompile, result_sets
        while self.accept_one_of("WITH", ","):
            if self.accept("RECOMPILE"):
                recompile = True
            else:
                self.expect("RESULT")
                result_sets = self._result_sets()
        return recompile, result_sets

    def _result_sets(self) -> nodes.ResultSets:
        line = self.expect("SETS").line
        kind = self.accept_one_of("UNDEFINED", "NONE")
        if kind:
            return nodes.ResultSets(kind, line=line)
        sets = self.bracketed_list(lambda: self.bracketed_list(self._result_set_column))
        return nodes.ResultSets("DECLARED", sets, line=line)

    def _result_set_column(self) -> nodes.ResultSetColumn:
        line = self.token.line
        name = self.identifier()
        type_name = self.type_name()
        collation = self.collation()
        nullable = None
        if self.accept("NOT", "NULL"):
            nullable = False
        elif self.accept("NULL"):
            nullable = True
        return nodes.ResultSetColumn(name, type_name, nullable, collation, line=line)

    # --- Strings ------------------------------------------------------------------------------------------------------

    def _execute_string(self) -> nodes.ExecuteString:
        first = self.tokens[self.position - 1]
        self.expect("(")
        text = self._string_part()
        while self.at("+"):
            line = self.advance().line
            text = nodes.Binary("+", text, self._string_part(), line=line)
        arguments = self.comma_list(self._argument) if self.accept(",") else ()
        self.expect(")")
        as_kind = as_name = at = None
        if self.at("AS") and self.peek().key in ("USER", "LOGIN"):
            self.advance()
            as_kind = self.advance().key
            self.expect("=")
            as_name = self.string()
        if self.at("AT"):
            self.advance()
            at = self.identifier()
        _, result_sets = self._execute_options()
        return nodes.ExecuteString(text, arguments, as_kind, as_name, at, result_sets, **self.span(first))

    def _string_part(self) -> nodes.Expression:
        """EXEC takes no expression but string constants and variables joined by `+`."""
        if self.at_variable():
            return self.variable()
        if not self.at_string():
            raise self.syntax_error()
        return self.constant()

    # --- EXECUTE AS ---------------------------------------------------------------------------------------------------

    def execute_as(self) -> nodes.ExecuteAs:
        """EXECUTE AS as a statement of its own."""
        first = self.token
        self.expect_one_of("EXEC", "EXECUTE")
        self.expect("AS")
        kind = self.expect_one_of("USER", "LOGIN", "CALLER")
        name: nodes.Expression | None = None
        if kind != "CALLER":
            self.expect("=")
            name = self.variable() if self.at_variable() else self.constant()
        no_revert, cookie = False, None
        if self.accept("WITH", "NO", "REVERT"):
            no_revert = True
        elif self.accept("WITH", "COOKIE", "INTO"):
            cookie = self.variable()
        return nodes.ExecuteAs(kind, name, no_revert, cookie, **self.span(first))

    def revert(self) -> nodes.Revert:
        first = self.expect("REVERT")
        cookie = None
        if self.accept("WITH", "COOKIE"):
            self.expect("=")
            cookie = self.variable()
        return nodes.Revert(cookie, **self.span(first))
