"""Schemas, sequences, synonyms, types, databases, and DROP of everything but indexes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from emulator.sql import nodes
from emulator.sql.lexer import INTEGER, Token
from emulator.sql.parser.core import Grammar

_DROPPED_KINDS: Final = {
    "AGGREGATE": "AGGREGATE",
    "DATABASE": "DATABASE",
    "DEFAULT": "DEFAULT",
    "FUNCTION": "FUNCTION",
    "LOGIN": "LOGIN",
    "PROC": "PROCEDURE",
    "PROCEDURE": "PROCEDURE",
    "ROLE": "ROLE",
    "RULE": "RULE",
    "SCHEMA": "SCHEMA",
    "SEQUENCE": "SEQUENCE",
    "STATISTICS": "STATISTICS",
    "SYNONYM": "SYNONYM",
    "TABLE": "TABLE",
    "TRIGGER": "TRIGGER",
    "TYPE": "TYPE",
    "USER": "USER",
    "VIEW": "VIEW",
}

# The words after an option of ALTER DATABASE SET that is written without `=`.
_DATABASE_VALUES: Final = (
    "ON",
    "OFF",
    "FULL",
    "SIMPLE",
    "BULK_LOGGED",
    "CHECKSUM",
    "TORN_PAGE_DETECTION",
    "NONE",
    "LOCAL",
    "GLOBAL",
    "FORCED",
    "CLEAR",
)


@dataclass(slots=True)
class _SequenceDraft:
    """What has been read of a sequence so far."""

    numbers: dict[str, int] = field(default_factory=dict)
    restart: bool = False
    cycle: bool | None = None
    removed: list[str] = field(default_factory=list)

    def remove(self, word: str) -> None:
        if word == "CYCLE":
            self.cycle = False
        else:
            self.removed.append(word)


class ObjectParser(Grammar):
    """The smaller kinds of object."""

    # --- Schemas ------------------------------------------------------------------------------------------------------

    def create_schema(self, first: Token) -> nodes.CreateSchema:
        """CREATE SCHEMA with what is created in it: the rest of the batch."""
        self.require_first(first, "CREATE SCHEMA")
        self.expect("SCHEMA")
        owner = None
        if self.at("AUTHORIZATION"):
            self.advance()
            owner = name = self.identifier()
        else:
            name = self.identifier()
            owner = self.identifier() if self.accept("AUTHORIZATION") else None
        elements = []
        while self.at("CREATE", "GRANT", "DENY", "REVOKE") and self.peek().key != "SCHEMA":
            if self.peek().key == "VIEW":
                raise self.not_supported("CREATE SCHEMA with a view")
            elements.append(self.statement())
        return nodes.CreateSchema(name, owner, tuple(elements), **self.span(first))

    def alter_schema(self, first: Token) -> nodes.AlterSchema:
        self.expect("SCHEMA")
        name = self.identifier()
        self.expect("TRANSFER")
        kind = "OBJECT"
        if self.peek().key == "::":
            kind = self.expect_one_of("OBJECT", "TYPE")
            self.expect("::")
        return nodes.AlterSchema(name, self.object_name(), kind, **self.span(first))

    # --- Sequences ----------------------------------------------------------------------------------------------------

    def create_sequence(self, first: Token, action: str) -> nodes.CreateSequence:
        self.expect("SEQUENCE")
        name = self.object_name()
        type_name = self.type_name() if action == "CREATE" and self.accept("AS") else None
        draft = _SequenceDraft()
        while self._sequence_property(draft):
            pass
        numbers = draft.numbers
        return nodes.CreateSequence(
            action,
            name,
            type_name,
            numbers.get("START"),
            draft.restart,
            numbers.get("INCREMENT"),
            numbers.get("MINVALUE"),
            numbers.get("MAXVALUE"),
            draft.cycle,
            numbers.get("CACHE"),
            tuple(draft.removed),
            **self.span(first),
        )

    def _sequence_property(self, draft: _SequenceDraft) -> bool:
        """Read one property of a sequence; False when there is none."""
        if self.at("NO") and self.peek().key in ("MINVALUE", "MAXVALUE", "CACHE", "CYCLE"):
            self.advance()
            draft.remove(self.advance().key)
            return True
        word = self.accept_one_of("START", "RESTART", "INCREMENT", "MINVALUE", "MAXVALUE", "CACHE", "CYCLE")
        if word == "CYCLE":
            draft.cycle = True
        elif word == "RESTART":
            draft.restart = True
            if self.accept("WITH"):
                draft.numbers["START"] = self.integer()
        elif word == "START":
            self.expect("WITH")
            draft.numbers[word] = self.integer()
        elif word == "INCREMENT":
            self.expect("BY")
            draft.numbers[word] = self.integer()
        elif word is not None and (word != "CACHE" or self.token.kind is INTEGER):
            draft.numbers[word] = self.integer()
        return word is not None

    # --- Synonyms and types -------------------------------------------------------------------------------------------

    def create_synonym(self, first: Token) -> nodes.CreateSynonym:
        self.expect("SYNONYM")
        name = self.object_name()
        self.expect("FOR")
        return nodes.CreateSynonym(name, self.object_name(), **self.span(first))

    def create_type(self, first: Token) -> nodes.CreateType:
        self.expect("TYPE")
        name = self.object_name()
        if self.accept("AS", "TABLE"):
            table = self.table_definition()
            options: tuple[nodes.Option, ...] = ()
            if self.at_sequence("WITH", "("):
                self.advance()
                options = self.options()
            return nodes.CreateType(name, table=table, options=options, **self.span(first))
        if self.at("EXTERNAL"):
            raise self.not_supported("types of CLR assemblies")
        self.expect("FROM")
        base = self.type_name()
        nullable = None
        if self.accept("NOT", "NULL"):
            nullable = False
        elif self.accept("NULL"):
            nullable = True
        return nodes.CreateType(name, base, nullable, **self.span(first))

    # --- Databases ----------------------------------------------------------------------------------------------------

    def create_database(self, first: Token) -> nodes.CreateDatabase:
        self.expect("DATABASE")
        name = self.identifier()
        if self.at("CONTAINMENT"):
            self.option()
        if self.accept("ON"):
            self._file_specifications()
        if self.at_identifier() and self.at_sequence("LOG", "ON"):
            self.expect("LOG", "ON")
            self._file_specifications()
        if self.at("AS"):
            raise self.not_supported("database snapshots")
        collation = self.collation()
        options = self.comma_list(self.option) if self.accept("WITH") else ()
        return nodes.CreateDatabase(name, collation, options, **self.span(first))

    def _file_specifications(self) -> None:
        """`[PRIMARY] (NAME = ..., ...), [FILEGROUP name] (...)`: where files lie has no meaning here."""
        while True:
            self.accept("PRIMARY")
            if self.accept("FILEGROUP"):
                self.identifier()
                self.accept("DEFAULT")
            self.balanced_text()
            if not self.accept(","):
                return

    def alter_database(self, first: Token) -> nodes.AlterDatabase | nodes.AlterDatabaseConfiguration:
        self.expect("DATABASE")
        if self.at_sequence("SCOPED", "CONFIGURATION"):
            return self._alter_configuration(first)
        name = None if self.accept("CURRENT") else self.identifier()
        if self.accept("COLLATE"):
            return nodes.AlterDatabase(name, collation=self.identifier(), **self.span(first))
        if self.accept("MODIFY", "NAME"):
            self.expect("=")
            return nodes.AlterDatabase(name, new_name=self.identifier(), **self.span(first))
        if not self.at("SET"):
            raise self.not_supported(f"ALTER DATABASE {self.token.value}")
        self.advance()
        options = self.comma_list(self._database_option)
        termination = self._termination()
        return nodes.AlterDatabase(name, options, termination, **self.span(first))

    def _database_option(self) -> nodes.Option:
        line = self.token.line
        if self.peek().key not in _DATABASE_VALUES:
            return self.option()
        name = self.option_word().upper()
        value = self.advance().key
        if self.at("("):
            value = f"{value} {self.balanced_text()}"
        return nodes.Option(name, value, line=line)

    def _termination(self) -> str | None:
        if self.accept("WITH", "NO_WAIT"):
            return "NO_WAIT"
        if self.accept("WITH", "ROLLBACK", "IMMEDIATE"):
            return "ROLLBACK IMMEDIATE"
        if self.accept("WITH", "ROLLBACK", "AFTER"):
            seconds = self.integer()
            self.accept("SECONDS")
            return f"ROLLBACK AFTER {seconds}"
        return None

    def _alter_configuration(self, first: Token) -> nodes.AlterDatabaseConfiguration:
        self.expect("SCOPED", "CONFIGURATION")
        if self.at("FOR"):
            raise self.not_supported("ALTER DATABASE SCOPED CONFIGURATION FOR SECONDARY")
        action = self.expect_one_of("SET", "CLEAR")
        return nodes.AlterDatabaseConfiguration(action, self.option(), **self.span(first))

    # --- DROP ---------------------------------------------------------------------------------------------------------

    def drop(self, first: Token) -> nodes.Drop:
        """DROP kind [IF EXISTS] names; the word DROP has been read."""
        if self.at_sequence("SERVER", "ROLE"):
            self.advance()
            self.advance()
            kind = "SERVER ROLE"
        elif self.token.key in _DROPPED_KINDS:
            kind = _DROPPED_KINDS[self.advance().key]
        else:
            raise self.unknown_kind("DROP")
        if_exists = self.accept("IF", "EXISTS")
        names = self.comma_list(self.object_name)
        if kind == "TRIGGER" and self.at("ON"):
            raise self.not_supported("DROP TRIGGER ... ON")
        return nodes.Drop(kind, names, if_exists, **self.span(first))
