"""The `name = value` lists that many statements end with."""

from __future__ import annotations

from emulator.sql import nodes
from emulator.sql.lexer import BINARY, DECIMAL, END, INTEGER, KEYWORD, QUOTED, WORD
from emulator.sql.parser.core import Grammar


class OptionParser(Grammar):
    """Options as data: which of them mean something is decided where the statement is executed."""

    def options(self) -> tuple[nodes.Option, ...]:
        return self.bracketed_list(self.option)

    def index_options(self) -> tuple[nodes.Option, ...]:
        """[WITH (options)], or the old form without brackets: `WITH FILLFACTOR = 80`."""
        if not self.at("WITH"):
            return ()
        if self.peek().key == "(":
            self.advance()
            return self.options()
        if self.peek().key not in ("FILLFACTOR", "PAD_INDEX", "IGNORE_DUP_KEY", "DROP_EXISTING", "SORT_IN_TEMPDB"):
            return ()
        self.advance()
        return self.comma_list(self.option)

    def option(self) -> nodes.Option:
        line = self.token.line
        name = self.option_word().upper()
        value: str | int | None = None
        if self.accept("=") or self.token.kind is INTEGER:
            value = self._value()
        elif self.at("("):
            value = self.balanced_text()
        return nodes.Option(name, value, line=line)

    def named_option(self) -> nodes.Option:
        """`name = value` whose value is a name, a password or the like, and keeps its case."""
        line = self.token.line
        name = self.option_word().upper()
        self.expect("=")
        if self.token.kind is INTEGER:
            return nodes.Option(name, self.integer(), line=line)
        if self.at_string():
            return nodes.Option(name, self.string(), line=line)
        return nodes.Option(name, self.option_word(), line=line)

    def option_word(self) -> str:
        """An identifier, a reserved word or a binary constant, as written."""
        if self.token.kind not in (WORD, KEYWORD, QUOTED, BINARY):
            raise self.syntax_error()
        return self.advance().value

    def _value(self) -> str | int:
        if self.token.kind is INTEGER:
            number = self.integer()
            unit = self.accept_one_of("PERCENT", "ROWS", "SECONDS", "MINUTES", "HOURS", "DAYS", "KB", "MB", "GB")
            return f"{number} {unit}" if unit else number
        if self.at_string():
            return self.string()
        if self.at("("):
            return self.balanced_text()
        if self.token.kind is DECIMAL:
            return self.advance().value
        word = self.option_word().upper()
        return f"{word} {self.balanced_text()}" if self.at("(") else word

    def balanced_text(self) -> str:
        """The source text of a bracket with everything in it."""
        first = self.expect("(")
        depth = 1
        while depth:
            if self.token.kind is END:
                raise self.syntax_error()
            depth += {"(": 1, ")": -1}.get(self.advance().key, 0)
        return self.text_from(first)
