"""Tables: their definitions, CREATE TABLE and ALTER TABLE."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from emulator.sql import nodes
from emulator.sql.lexer import Token
from emulator.sql.parser.core import Grammar

_CONSTRAINT_WORDS: Final = ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "DEFAULT")
_UNSUPPORTED_COLUMN_WORDS: Final = ("GENERATED", "MASKED", "ENCRYPTED", "FILESTREAM", "COLUMN_SET", "HIDDEN")


@dataclass(slots=True)
class _ColumnDraft:
    """What has been read of a column so far."""

    nullable: bool | None = None
    collation: str | None = None
    identity: nodes.Identity | None = None
    rowguidcol: bool = False
    sparse: bool = False
    persisted: bool = False
    constraints: list[nodes.TableConstraint] = field(default_factory=list)
    indexes: list[nodes.IndexDefinition] = field(default_factory=list)


class TableParser(Grammar):
    """Definitions of tables."""

    def create_table(self, first: Token) -> nodes.CreateTable:
        self.expect("TABLE")
        name = self.object_name()
        if self.at("AS"):
            raise self.not_supported("CREATE TABLE AS")
        definition = self.table_definition()
        filegroup = self.filegroup()
        while self.at("TEXTIMAGE_ON", "FILESTREAM_ON"):
            self.advance()
            self.option_word()
        options: tuple[nodes.Option, ...] = ()
        if self.at_sequence("WITH", "("):
            self.advance()
            options = self.options()
        return nodes.CreateTable(name, definition, options, filegroup, **self.span(first))

    def table_definition(self) -> nodes.TableDefinition:
        first = self.expect("(")
        elements = [self._element()]
        while not self.accept(")"):
            # The comma before a table constraint may be left out, and one after the last element does no harm.
            if not self.accept(",") and not self.at(*_CONSTRAINT_WORDS):
                raise self.syntax_error()
            if not self.at(")"):
                elements.append(self._element())
        columns, constraints, indexes = self._sorted(tuple(elements))
        return nodes.TableDefinition(columns, constraints, indexes, line=first.line)

    def _sorted(
        self, elements: tuple[nodes.ColumnDefinition | nodes.TableConstraint | nodes.IndexDefinition, ...]
    ) -> tuple[
        tuple[nodes.ColumnDefinition, ...], tuple[nodes.TableConstraint, ...], tuple[nodes.IndexDefinition, ...]
    ]:
        columns = tuple(e for e in elements if isinstance(e, nodes.ColumnDefinition))
        indexes = tuple(e for e in elements if isinstance(e, nodes.IndexDefinition))
        constraints = tuple(e for e in elements if not isinstance(e, nodes.ColumnDefinition | nodes.IndexDefinition))
        return columns, constraints, indexes

    def _element(self) -> nodes.ColumnDefinition | nodes.TableConstraint | nodes.IndexDefinition:
        if self.at(*_CONSTRAINT_WORDS):
            return self._constraint(None)
        if self.at("INDEX"):
            return self.inline_index()
        if self.at_sequence("PERIOD", "FOR"):
            raise self.not_supported("PERIOD FOR SYSTEM_TIME")
        return self._column()

    # --- Columns ------------------------------------------------------------------------------------------------------

    def _column(self) -> nodes.ColumnDefinition:
        line = self.token.line
        name = self.identifier()
        draft = _ColumnDraft()
        type_name = computed = computed_text = None
        if self.accept("AS"):
            start = self.token
            computed = self.expression()
            computed_text = self.text_from(start)
        elif name.lower() == "timestamp" and self.at(",", ")"):
            type_name = nodes.TypeName("timestamp", line=line)
        else:
            type_name = self.type_name()
        while self._column_property(name, draft):
            pass
        return nodes.ColumnDefinition(
            name,
            type_name,
            computed,
            computed_text,
            draft.persisted,
            draft.nullable,
            draft.collation,
            draft.identity,
            draft.rowguidcol,
            draft.sparse,
            tuple(draft.constraints),
            tuple(draft.indexes),
            line=line,
        )

    def _column_property(self, column: str, draft: _ColumnDraft) -> bool:
        """Read one property of a column; False when there is none."""
        key = self.token.key
        if key == "NULL" or self.at_sequence("NOT", "NULL"):
            draft.nullable = not self.accept("NOT")
            self.expect("NULL")
        elif key == "COLLATE":
            draft.collation = self.collation()
        elif key == "IDENTITY":
            draft.identity = self._identity()
        elif key == "ROWGUIDCOL":
            self.advance()
            draft.rowguidcol = True
        elif key == "SPARSE":
            self.advance()
            draft.sparse = True
        elif key == "PERSISTED":
            self.advance()
            draft.persisted = True
        elif key == "INDEX":
            draft.indexes.append(self.inline_index(column))
        elif key in _CONSTRAINT_WORDS or key == "REFERENCES":
            if key == "CONSTRAINT" and self.peek(2).key in ("NULL", "NOT"):
                self.advance()
                self.identifier()  # a name for NOT NULL is read and kept nowhere
                return True
            draft.constraints.append(self._constraint(column))
        elif key in _UNSUPPORTED_COLUMN_WORDS:
            raise self.not_supported(f"column property {key}")
        else:
            return False
        return True

    def _identity(self) -> nodes.Identity:
        line = self.expect("IDENTITY").line
        seed = increment = 1
        if self.accept("("):
            seed = self.integer()
            self.expect(",")
            increment = self.integer()
            self.expect(")")
        return nodes.Identity(seed, increment, self._not_for_replication(), line=line)

    def _not_for_replication(self) -> bool:
        return self.accept("NOT", "FOR", "REPLICATION")

    # --- Constraints --------------------------------------------------------------------------------------------------

    def _constraint(self, column: str | None) -> nodes.TableConstraint:
        """`[CONSTRAINT name] ...`; `column` is the one behind which it stands."""
        line = self.token.line
        name = self.identifier() if self.accept("CONSTRAINT") else None
        word = self.expect_one_of("PRIMARY", "UNIQUE", "FOREIGN", "REFERENCES", "CHECK", "DEFAULT")
        if word == "CHECK":
            return self._check(name, column, line)
        if word == "DEFAULT":
            return self._default(name, column, line)
        if word in ("FOREIGN", "REFERENCES"):
            return self._foreign_key(name, column, line, named=word == "FOREIGN")
        if word == "PRIMARY":
            self.expect("KEY")
        clustered = self.clustered()
        if self.at("(") or column is None:
            columns = self.index_columns()
        else:
            columns = (nodes.IndexColumn(column, line=line),)
        options = self.index_options()
        self.filegroup()
        return nodes.KeyConstraint(columns, word == "PRIMARY", clustered, name, options, line=line)

    def _check(self, name: str | None, column: str | None, line: int) -> nodes.CheckConstraint:
        not_for_replication = self._not_for_replication()
        self.expect("(")
        start = self.token
        condition = self.condition()
        text = self.text_from(start)
        self.expect(")")
        return nodes.CheckConstraint(condition, text, name, column, not_for_replication, line=line)

    def _default(self, name: str | None, column: str | None, line: int) -> nodes.DefaultConstraint:
        start = self.token
        expression = self.expression()
        text = self.text_from(start)
        if column is None:
            self.expect("FOR")
            column = self.identifier()
        with_values = self.accept("WITH", "VALUES")
        return nodes.DefaultConstraint(expression, text, column, name, with_values, line=line)

    def _foreign_key(self, name: str | None, column: str | None, line: int, *, named: bool) -> nodes.ForeignKey:
        columns: tuple[str, ...] = (column,) if column is not None else ()
        if named:
            self.expect("KEY")
            if self.at("(") or column is None:
                columns = self.identifier_list()
            self.expect("REFERENCES")
        referenced = self.object_name()
        referenced_columns = self.identifier_list() if self.at("(") else ()
        actions = {"DELETE": "NO ACTION", "UPDATE": "NO ACTION"}
        while self.at("ON") and self.peek().key in actions:
            self.advance()
            event = self.advance().key
            actions[event] = self._referential_action()
        return nodes.ForeignKey(
            columns,
            referenced,
            referenced_columns,
            actions["DELETE"],
            actions["UPDATE"],
            name,
            self._not_for_replication(),
            line=line,
        )

    def _referential_action(self) -> str:
        word = self.expect_one_of("NO", "CASCADE", "SET")
        if word == "NO":
            self.expect("ACTION")
            return "NO ACTION"
        return word if word == "CASCADE" else f"SET {self.expect_one_of('NULL', 'DEFAULT')}"

    # --- ALTER TABLE --------------------------------------------------------------------------------------------------

    def alter_table(self, first: Token) -> nodes.AlterTable:
        self.expect("TABLE")
        name = self.object_name()
        action = self._alter_action()
        return nodes.AlterTable(name, action, **self.span(first))

    def _alter_action(self) -> nodes.AlterTableAction:
        line = self.token.line
        check = None
        if self.accept("WITH"):
            check = self.expect_one_of("CHECK", "NOCHECK") == "CHECK"
            if not self.at("ADD", "CHECK", "NOCHECK"):
                raise self.syntax_error()
        if self.accept("ADD"):
            columns, constraints, indexes = self._sorted(self.comma_list(self._element))
            return nodes.AddElements(columns, constraints, indexes, check, line=line)
        if self.at("CHECK", "NOCHECK"):
            enable = self.advance().key == "CHECK"
            self.expect("CONSTRAINT")
            return nodes.CheckConstraints(enable, self._names_or_all(), check, line=line)
        if self.accept("ALTER"):
            return self._alter_column()
        if self.accept("DROP"):
            return self._drop_elements(line)
        if self.at("ENABLE", "DISABLE") and self.peek().key == "TRIGGER":
            enable = self.advance().key == "ENABLE"
            self.expect("TRIGGER")
            return nodes.ToggleTriggers(enable, self._names_or_all(), line=line)
        if self.accept("SET"):
            return nodes.SetTableOptions("SET", self.options(), line=line)
        if self.accept("REBUILD"):
            if self.accept("PARTITION", "=") and not self.accept("ALL"):
                raise self.not_supported("table partitions")
            return nodes.SetTableOptions("REBUILD", self.index_options(), line=line)
        if self.at("SWITCH", "ENABLE", "DISABLE", "SPLIT", "MERGE"):
            raise self.not_supported(f"ALTER TABLE ... {self.token.key} {self.peek().key}".rstrip())
        raise self.syntax_error()

    def _names_or_all(self) -> tuple[str, ...] | None:
        return None if self.accept("ALL") else self.comma_list(self.identifier)

    def _alter_column(self) -> nodes.AlterColumn | nodes.AlterColumnProperty:
        line = self.expect("COLUMN").line
        name = self.identifier()
        if self.at("ADD", "DROP"):
            action = self.advance().key
            if self._not_for_replication():
                return nodes.AlterColumnProperty(name, action, "NOT FOR REPLICATION", line=line)
            prop = self.expect_one_of("ROWGUIDCOL", "PERSISTED", "SPARSE")
            return nodes.AlterColumnProperty(name, action, prop, line=line)
        type_name = self.type_name()
        collation = self.collation()
        nullable = None
        if self.accept("NOT", "NULL"):
            nullable = False
        elif self.accept("NULL"):
            nullable = True
        options = self.index_options()
        return nodes.AlterColumn(name, type_name, nullable, collation, options, line=line)

    def _drop_elements(self, line: int) -> nodes.DropElements:
        elements: list[nodes.DropElement] = []
        kind = "CONSTRAINT"
        while not elements or self.accept(","):
            kind = self.accept_one_of("CONSTRAINT", "COLUMN", "INDEX") or kind
            if_exists = self.accept("IF", "EXISTS")
            elements.append(nodes.DropElement(kind, self.identifier(), if_exists, line=line))
            if self.at_sequence("WITH", "("):
                raise self.not_supported("ALTER TABLE ... DROP ... WITH")
        return nodes.DropElements(tuple(elements), line=line)
