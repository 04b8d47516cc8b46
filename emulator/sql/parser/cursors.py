"""Cursors."""

from __future__ import annotations

from typing import Final

from emulator.sql import nodes
from emulator.sql.parser.core import Grammar

_OPTIONS: Final = (
    "LOCAL",
    "GLOBAL",
    "FORWARD_ONLY",
    "SCROLL",
    "STATIC",
    "KEYSET",
    "DYNAMIC",
    "FAST_FORWARD",
    "READ_ONLY",
    "SCROLL_LOCKS",
    "OPTIMISTIC",
    "TYPE_WARNING",
)
_ISO_OPTIONS: Final = ("INSENSITIVE", "SCROLL")


class CursorParser(Grammar):
    """DECLARE CURSOR and the statements that use one."""

    def cursor_definition(self) -> nodes.CursorDefinition:
        """`[INSENSITIVE] [SCROLL] CURSOR [options] FOR query [FOR READ ONLY | FOR UPDATE [OF columns]]`."""
        first = self.token
        options = [*self._options(_ISO_OPTIONS)]
        self.expect("CURSOR")
        options += self._options(_OPTIONS)
        self.expect("FOR")
        select = self.select_statement()
        read_only, update_columns = False, None
        if self.accept("FOR", "READ"):
            self.expect("ONLY")
            read_only = True
        elif self.accept("FOR", "UPDATE"):
            update_columns = self.comma_list(self.identifier) if self.accept("OF") else ()
        return nodes.CursorDefinition(select, tuple(options), update_columns, read_only, line=first.line)

    def _options(self, allowed: tuple[str, ...]) -> list[str]:
        options = []
        while word := self.accept_one_of(*allowed):
            options.append(word)
        return options

    def cursor_reference(self) -> nodes.CursorName | nodes.Variable:
        if self.at_variable():
            return self.variable()
        line = self.token.line
        is_global = False
        if self.at("GLOBAL"):
            self.advance()
            if not self.at_identifier():
                return nodes.CursorName("GLOBAL", line=line)
            is_global = True
        return nodes.CursorName(self.identifier(), is_global, line=line)

    def open_cursor(self) -> nodes.OpenCursor:
        first = self.expect("OPEN")
        if self.at("SYMMETRIC", "MASTER") and self.peek().key == "KEY":
            raise self.not_supported(f"OPEN {self.token.key} KEY")
        return nodes.OpenCursor(self.cursor_reference(), **self.span(first))

    def close_cursor(self) -> nodes.CloseCursor:
        first = self.expect("CLOSE")
        if self.at("SYMMETRIC", "MASTER", "ALL") and self.peek().key in ("KEY", "SYMMETRIC"):
            raise self.not_supported(f"CLOSE {self.token.key} {self.peek().key}")
        return nodes.CloseCursor(self.cursor_reference(), **self.span(first))

    def deallocate(self) -> nodes.DeallocateCursor:
        first = self.expect("DEALLOCATE")
        return nodes.DeallocateCursor(self.cursor_reference(), **self.span(first))

    def fetch(self) -> nodes.FetchCursor:
        first = self.expect("FETCH")
        direction, offset = "NEXT", None
        if self.at("NEXT", "PRIOR", "FIRST", "LAST") and self.peek().key == "FROM":
            direction = self.advance().key
            self.expect("FROM")
        elif self.at("ABSOLUTE", "RELATIVE"):
            direction = self.advance().key
            offset = self.variable() if self.at_variable() else self.constant()
            self.expect("FROM")
        else:
            self.accept("FROM")
        cursor = self.cursor_reference()
        into = self.comma_list(self.variable) if self.accept("INTO") else ()
        return nodes.FetchCursor(cursor, direction, offset, into, **self.span(first))
