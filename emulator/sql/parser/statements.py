"""Which statement is it: lists of statements, and dispatch on the leading words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from emulator.errors import SqlError, sql_error
from emulator.sql import nodes
from emulator.sql.lexer import END, KEYWORD, Token
from emulator.sql.parser.calls import CallParser
from emulator.sql.parser.changes import ChangeParser
from emulator.sql.parser.control import ControlParser
from emulator.sql.parser.cursors import CursorParser
from emulator.sql.parser.events import EventParser
from emulator.sql.parser.expressions import ExpressionParser
from emulator.sql.parser.functions import FunctionParser
from emulator.sql.parser.indexes import IndexParser
from emulator.sql.parser.modules import ModuleParser
from emulator.sql.parser.objects import ObjectParser
from emulator.sql.parser.options import OptionParser
from emulator.sql.parser.queries import QueryParser
from emulator.sql.parser.security import SecurityParser
from emulator.sql.parser.session import SessionParser
from emulator.sql.parser.sources import SourceParser
from emulator.sql.parser.tables import TableParser

# Statements of SQL Server that have no counterpart here, by their first word.
_UNSUPPORTED: Final = frozenset(
    {
        "ADD",
        "BACKUP",
        "DUMP",
        "GET",
        "LINENO",
        "LOAD",
        "MOVE",
        "READTEXT",
        "RECEIVE",
        "RESTORE",
        "SEND",
        "SETUSER",
        "UPDATETEXT",
        "WRITETEXT",
    }
)

# Kinds of object that SQL Server creates, alters or drops and the emulator does not have.
_UNSUPPORTED_KINDS: Final = frozenset(
    {
        "AGGREGATE",
        "APPLICATION",
        "ASSEMBLY",
        "ASYMMETRIC",
        "AVAILABILITY",
        "BROKER",
        "CERTIFICATE",
        "COLUMN",
        "CONTRACT",
        "CREDENTIAL",
        "CRYPTOGRAPHIC",
        "DEFAULT",
        "ENDPOINT",
        "EXTERNAL",
        "FULLTEXT",
        "MASTER",
        "MESSAGE",
        "PARTITION",
        "QUEUE",
        "REMOTE",
        "RESOURCE",
        "ROUTE",
        "RULE",
        "SEARCH",
        "SECURITY",
        "SELECTIVE",
        "SERVER",
        "SERVICE",
        "SIGNATURE",
        "SYMMETRIC",
        "WORKLOAD",
        "XML",
    }
)


_ALONE: Final = (nodes.CreateView, nodes.CreateFunction, nodes.CreateSchema)


class Parser(
    ControlParser,
    SessionParser,
    CallParser,
    CursorParser,
    ChangeParser,
    QueryParser,
    SourceParser,
    FunctionParser,
    ExpressionParser,
    TableParser,
    IndexParser,
    ModuleParser,
    ObjectParser,
    SecurityParser,
    EventParser,
    OptionParser,
):
    """The whole grammar."""

    def batch(self) -> tuple[nodes.Statement, ...]:
        """All statements of the batch. The first may be a call without EXEC."""
        while self.accept(";"):
            pass
        first: tuple[nodes.Statement, ...] = ()
        if self.at_identifier() and self.token.key not in _STATEMENTS and not self.at_label():
            first = (self.bare_call(),)
        statements = first + self.statements()
        self.check_labels()
        return statements

    def statements(self, *closing: str) -> tuple[nodes.Statement, ...]:
        statements: list[nodes.Statement] = []
        while True:
            while self.accept(";"):
                pass
            if self.token.kind is END or self.token.key in closing:
                return tuple(statements)
            if statements and self.at("WITH", "THROW"):
                self._require_semicolon()
            statements.append(self.statement())
            if isinstance(statements[-1], _ALONE):
                self._require_end()

    def _require_end(self) -> None:
        """A view, a function and a schema take the whole batch."""
        while self.accept(";"):
            pass
        if self.token.kind is not END:
            raise self.syntax_error()

    def _require_semicolon(self) -> None:
        """WITH and THROW begin a statement only behind a semicolon, unless they are the first of their block."""
        if self.tokens[self.position - 1].key not in (";", ":"):
            raise sql_error(319, line=self.token.line) if self.at("WITH") else self.syntax_error()

    def statement(self) -> nodes.Statement:
        self.enter()
        production = _STATEMENTS.get(self.token.key)
        if production is not None:
            statement = production(self)
        elif self.at_label():
            statement = self.label()
        else:
            raise self.syntax_error()
        self.leave()
        return statement

    # --- Leading words with more than one meaning ---------------------------------------------------------------------

    def _update_or_statistics(self) -> nodes.Statement:
        return self.update_statistics() if self.peek().key == "STATISTICS" else self.change_statement()

    def _insert_or_bulk(self) -> nodes.Statement:
        return self.insert_bulk() if self.peek().key == "BULK" else self.change_statement()

    def _execute_or_as(self) -> nodes.Statement:
        return self.execute_as() if self.peek().key == "AS" else self.execute()

    def _set(self) -> nodes.Statement:
        first = self.expect("SET")
        return self.set_variable(first) if self.at_variable() else self.set_option(first)

    def _bulk(self) -> nodes.Statement:
        raise self.not_supported("BULK INSERT")

    def _unsupported(self) -> nodes.Statement:
        if self.token.kind is not KEYWORD and not self.peek().key[:1].isalpha():
            raise self.syntax_error()
        raise self.not_supported(self.token.key)

    # --- CREATE, ALTER, DROP ------------------------------------------------------------------------------------------

    def _create(self) -> nodes.Statement:
        first = self.expect("CREATE")
        action = "CREATE"
        if self.accept("OR"):
            self.expect("ALTER")
            action = "CREATE OR ALTER"
        module = _MODULES.get(self.token.key)
        if module is not None:
            return module(self, first, action)
        if action == "CREATE" and self.at("SEQUENCE"):
            return self.create_sequence(first, action)
        production = _CREATED.get(self._kind_words())
        if production is None or action != "CREATE":
            raise self.unknown_kind(action)
        return production(self, first)

    def _alter(self) -> nodes.Statement:
        first = self.expect("ALTER")
        module = _MODULES.get(self.token.key)
        if module is not None:
            return module(self, first, "ALTER")
        if self.at("SEQUENCE"):
            return self.create_sequence(first, "ALTER")
        production = _ALTERED.get(self._kind_words())
        if production is None:
            raise self.unknown_kind("ALTER")
        return production(self, first)

    def _drop(self) -> nodes.Statement:
        first = self.expect("DROP")
        if self.at("EVENT"):
            return self.drop_event_session(first)
        return self.drop_index(first) if self.at("INDEX") else self.drop(first)

    def _kind_words(self) -> str:
        """The kind of object as a key of the tables below."""
        return "SERVER ROLE" if self.at_sequence("SERVER", "ROLE") else self.token.key

    def unknown_kind(self, verb: str) -> SqlError:
        if self.token.key in _UNSUPPORTED_KINDS:
            return self.not_supported(f"{verb} {self.token.key}")
        return self.syntax_error()


_Production: TypeAlias = Callable[[Parser], nodes.Statement]
_Continuation: TypeAlias = Callable[[Parser, Token], nodes.Statement]

_STATEMENTS: Final[dict[str, _Production]] = {
    **dict.fromkeys(_UNSUPPORTED, Parser._unsupported),
    "(": Parser.select_statement,
    "ALTER": Parser._alter,
    "BEGIN": Parser.begin,
    "BREAK": Parser.break_statement,
    "BULK": Parser._bulk,
    "CHECKPOINT": Parser.checkpoint,
    "SHUTDOWN": Parser.shutdown,
    "CLOSE": Parser.close_cursor,
    "COMMIT": Parser.commit,
    "CONTINUE": Parser.continue_statement,
    "CREATE": Parser._create,
    "DBCC": Parser.dbcc,
    "DEALLOCATE": Parser.deallocate,
    "DECLARE": Parser.declare,
    "DELETE": Parser.change_statement,
    "DENY": Parser.change_permissions,
    "DISABLE": Parser.toggle_trigger,
    "DROP": Parser._drop,
    "ENABLE": Parser.toggle_trigger,
    "EXEC": Parser._execute_or_as,
    "EXECUTE": Parser._execute_or_as,
    "FETCH": Parser.fetch,
    "GOTO": Parser.goto,
    "GRANT": Parser.change_permissions,
    "IF": Parser.if_statement,
    "INSERT": Parser._insert_or_bulk,
    "KILL": Parser.kill,
    "MERGE": Parser.change_statement,
    "OPEN": Parser.open_cursor,
    "PRINT": Parser.print_statement,
    "RAISERROR": Parser.raiserror,
    "RECONFIGURE": Parser.reconfigure,
    "RETURN": Parser.return_statement,
    "REVERT": Parser.revert,
    "REVOKE": Parser.change_permissions,
    "ROLLBACK": Parser.rollback,
    "SAVE": Parser.save,
    "SELECT": Parser.select_statement,
    "SET": Parser._set,
    "THROW": Parser.throw,
    "TRUNCATE": Parser.truncate,
    "UPDATE": Parser._update_or_statistics,
    "USE": Parser.use,
    "WAITFOR": Parser.waitfor,
    "WHILE": Parser.while_statement,
    "WITH": Parser.with_statement,
}

_MODULES: Final[dict[str, Callable[[Parser, Token, str], nodes.Statement]]] = {
    "FUNCTION": Parser.create_function,
    "PROC": Parser.create_procedure,
    "PROCEDURE": Parser.create_procedure,
    "TRIGGER": Parser.create_trigger,
    "VIEW": Parser.create_view,
}

_CREATED: Final[dict[str, _Continuation]] = {
    "CLUSTERED": Parser.create_index,
    "COLUMNSTORE": Parser.create_index,
    "DATABASE": Parser.create_database,
    "EVENT": Parser.create_event_session,
    "FULLTEXT": Parser.create_index,
    "INDEX": Parser.create_index,
    "LOGIN": Parser.create_login,
    "NONCLUSTERED": Parser.create_index,
    "PRIMARY": Parser.create_index,
    "ROLE": Parser.create_role,
    "SCHEMA": Parser.create_schema,
    "SERVER ROLE": Parser.create_role,
    "SPATIAL": Parser.create_index,
    "STATISTICS": Parser.create_statistics,
    "SYNONYM": Parser.create_synonym,
    "TABLE": Parser.create_table,
    "TYPE": Parser.create_type,
    "UNIQUE": Parser.create_index,
    "USER": Parser.create_user,
}

_ALTERED: Final[dict[str, _Continuation]] = {
    "AUTHORIZATION": Parser.alter_authorization,
    "DATABASE": Parser.alter_database,
    "EVENT": Parser.alter_event_session,
    "INDEX": Parser.alter_index,
    "LOGIN": Parser.alter_login,
    "ROLE": Parser.alter_role,
    "SCHEMA": Parser.alter_schema,
    "SERVER ROLE": Parser.alter_role,
    "TABLE": Parser.alter_table,
    "USER": Parser.alter_user,
}
