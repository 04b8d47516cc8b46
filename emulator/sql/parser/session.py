"""SET options, and the statements addressed to the server: USE, KILL, DBCC, CHECKPOINT, SHUTDOWN, RECONFIGURE."""

from __future__ import annotations

from typing import Final

from emulator.errors import sql_error
from emulator.sql import nodes
from emulator.sql.lexer import INTEGER, KEYWORD, WORD, Token
from emulator.sql.parser.core import Grammar

# Documentation page "SET Statements (Transact-SQL)".
_SWITCHES: Final = frozenset(
    {
        "ANSI_DEFAULTS",
        "ANSI_NULLS",
        "ANSI_NULL_DFLT_OFF",
        "ANSI_NULL_DFLT_ON",
        "ANSI_PADDING",
        "ANSI_WARNINGS",
        "ARITHABORT",
        "ARITHIGNORE",
        "CONCAT_NULL_YIELDS_NULL",
        "CURSOR_CLOSE_ON_COMMIT",
        "FMTONLY",
        "FORCEPLAN",
        "IMPLICIT_TRANSACTIONS",
        "NOCOUNT",
        "NOEXEC",
        "NO_BROWSETABLE",
        "NUMERIC_ROUNDABORT",
        "PARSEONLY",
        "QUOTED_IDENTIFIER",
        "REMOTE_PROC_TRANSACTIONS",
        "SHOWPLAN_ALL",
        "SHOWPLAN_TEXT",
        "SHOWPLAN_XML",
        "XACT_ABORT",
    }
)
_VALUES: Final = frozenset(
    {
        "CONTEXT_INFO",
        "DATEFIRST",
        "DATEFORMAT",
        "DEADLOCK_PRIORITY",
        "FIPS_FLAGGER",
        "LANGUAGE",
        "LOCK_TIMEOUT",
        "QUERY_GOVERNOR_COST_LIMIT",
        "ROWCOUNT",
        "TEXTSIZE",
    }
)
_STATISTICS: Final = ("IO", "TIME", "PROFILE", "XML")


class SessionParser(Grammar):
    """What changes the session or speaks to the server."""

    in_module: bool

    # --- SET ----------------------------------------------------------------------------------------------------------

    def set_option(self, first: Token) -> nodes.Statement:
        """SET anything but a variable; the word SET has been read."""
        key = self.token.key
        if key in _VALUES:
            self.advance()
            return nodes.SetValue(key, self._option_value(), **self.span(first))
        if key == "TRANSACTION":
            return self._set_isolation_level(first)
        if key == "IDENTITY_INSERT":
            self.advance()
            table = self.object_name()
            return nodes.SetIdentityInsert(table, self.on_off(), **self.span(first))
        if self.accept("STATISTICS"):
            names = self.comma_list(lambda: f"STATISTICS {self.expect_one_of(*_STATISTICS)}")
            return nodes.SetOption(names, self.on_off(), **self.span(first))
        if key in ("OFFSETS", "ERRLVL"):
            raise self.not_supported(f"SET {key}")
        options = self.comma_list(self._switch)
        on = self.on_off()
        if "QUOTED_IDENTIFIER" in options and not self.in_module:
            self.use_quoted_identifier(on)  # a module keeps the setting it was created with
        return nodes.SetOption(options, on, **self.span(first))

    def _switch(self) -> str:
        token = self.token
        if token.key not in _SWITCHES:
            if token.kind is not WORD:
                raise self.syntax_error()
            raise sql_error(195, token.value, "SET option", line=token.line)
        return self.advance().key

    def _set_isolation_level(self, first: Token) -> nodes.SetIsolationLevel:
        self.expect("TRANSACTION", "ISOLATION", "LEVEL")
        level = self.expect_one_of("READ", "REPEATABLE", "SNAPSHOT", "SERIALIZABLE")
        if level == "READ":
            level = f"READ {self.expect_one_of('COMMITTED', 'UNCOMMITTED')}"
        elif level == "REPEATABLE":
            self.expect("READ")
            level = "REPEATABLE READ"
        return nodes.SetIsolationLevel(level, **self.span(first))

    def _option_value(self) -> nodes.Expression:
        if self.at_variable():
            return self.variable()
        if self.at_identifier() or self.at("OFF"):
            token = self.advance()
            return nodes.StringLiteral(token.value, line=token.line)
        return self.constant()

    # --- The server ---------------------------------------------------------------------------------------------------

    def use(self) -> nodes.Use:
        first = self.expect("USE")
        return nodes.Use(self.identifier(), **self.span(first))

    def kill(self) -> nodes.Kill:
        first = self.expect("KILL")
        if self.at("STATS", "QUERY"):
            raise self.not_supported(f"KILL {self.token.key}")
        session = self.constant()
        option = self.expect_one_of("STATUSONLY", "COMMIT", "ROLLBACK") if self.accept("WITH") else None
        return nodes.Kill(session, option, **self.span(first))

    def dbcc(self) -> nodes.Dbcc:
        first = self.expect("DBCC")
        command = self.identifier().upper()
        arguments: tuple[nodes.Expression, ...] = ()
        if self.at("(") and not self.accept("(", ")"):
            arguments = self.bracketed_list(self._dbcc_argument)
        options: tuple[str, ...] = ()
        if self.accept("WITH"):
            options = self.comma_list(lambda: self.identifier().upper())
        return nodes.Dbcc(command, arguments, options, **self.span(first))

    def _dbcc_argument(self) -> nodes.Expression:
        token = self.token
        if self.at_variable():
            return self.variable()
        if token.kind is KEYWORD and token.key != "NULL":
            raise self.syntax_error()
        if self.at_identifier():
            self.object_name()
            return nodes.StringLiteral(self.text_from(token), line=token.line)
        return self.constant()

    def checkpoint(self) -> nodes.Checkpoint:
        first = self.expect("CHECKPOINT")
        if self.token.kind is INTEGER:
            self.integer()
        return nodes.Checkpoint(**self.span(first))

    def shutdown(self) -> nodes.Shutdown:
        first = self.expect("SHUTDOWN")
        no_wait = self.accept("WITH")
        if no_wait:
            self.expect("NOWAIT")
        return nodes.Shutdown(**self.span(first), no_wait=no_wait)

    def reconfigure(self) -> nodes.Reconfigure:
        first = self.expect("RECONFIGURE")
        self.accept("WITH", "OVERRIDE")
        return nodes.Reconfigure(**self.span(first))
