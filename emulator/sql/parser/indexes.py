"""Indexes and statistics."""

from __future__ import annotations

from emulator.sql import nodes
from emulator.sql.lexer import Token
from emulator.sql.parser.core import Grammar


class IndexParser(Grammar):
    """CREATE, ALTER and DROP INDEX, indexes inside CREATE TABLE, statistics."""

    def index_columns(self) -> tuple[nodes.IndexColumn, ...]:
        return self.bracketed_list(self._index_column)

    def _index_column(self) -> nodes.IndexColumn:
        line = self.token.line
        name = self.identifier()
        return nodes.IndexColumn(name, self.accept_one_of("ASC", "DESC") == "DESC", line=line)

    def clustered(self) -> bool | None:
        """[CLUSTERED | NONCLUSTERED]."""
        if self.at_sequence("NONCLUSTERED", "HASH"):
            raise self.not_supported("hash indexes")
        word = self.accept_one_of("CLUSTERED", "NONCLUSTERED")
        return None if word is None else word == "CLUSTERED"

    def filegroup(self) -> str | None:
        """[ON filegroup | ON scheme (column)]: read, and kept by name."""
        if not self.accept("ON"):
            return None
        name = self.string() if self.at_string() else self.option_word()
        if self.at("("):
            raise self.not_supported("partition schemes")
        return name

    # --- CREATE -------------------------------------------------------------------------------------------------------

    def create_index(self, first: Token) -> nodes.CreateIndex:
        """From `[UNIQUE] [CLUSTERED] [COLUMNSTORE] INDEX` on."""
        if self.at("XML", "SPATIAL", "FULLTEXT", "PRIMARY", "JSON", "VECTOR"):
            raise self.not_supported(f"CREATE {self.token.key} INDEX")
        unique = self.accept("UNIQUE")
        clustered = self.clustered() or False
        columnstore = self.accept("COLUMNSTORE")
        line = self.expect("INDEX").line
        name = self.identifier()
        self.expect("ON")
        table = self.object_name()
        columns = () if columnstore and not self.at("(") else self.index_columns()
        index = self._index_tail(name, columns, unique, clustered, columnstore, line)
        return nodes.CreateIndex(table, index, **self.span(first))

    def inline_index(self, column: str | None = None) -> nodes.IndexDefinition:
        """`INDEX name ...` in a table definition; with `column`, behind that column."""
        line = self.expect("INDEX").line
        name = self.identifier()
        unique = self.accept("UNIQUE")
        clustered = self.clustered() or False
        columnstore = self.accept("COLUMNSTORE")
        if column is not None and not self.at("("):
            columns: tuple[nodes.IndexColumn, ...] = (nodes.IndexColumn(column, line=line),)
        else:
            columns = () if columnstore and not self.at("(") else self.index_columns()
        return self._index_tail(name, columns, unique, clustered, columnstore, line)

    def _index_tail(
        self,
        name: str,
        columns: tuple[nodes.IndexColumn, ...],
        unique: bool,
        clustered: bool,
        columnstore: bool,
        line: int,
    ) -> nodes.IndexDefinition:
        """[INCLUDE (...)] [WHERE ...] [WITH ...] [ON filegroup]."""
        include = self.identifier_list() if self.accept("INCLUDE") else ()
        where = where_text = None
        if self.accept("WHERE"):
            start = self.token
            where = self.condition()
            where_text = self.text_from(start)
        options = self.index_options()
        filegroup = self.filegroup()
        return nodes.IndexDefinition(
            name, columns, unique, clustered, columnstore, include, where, where_text, options, filegroup, line=line
        )

    # --- ALTER and DROP -----------------------------------------------------------------------------------------------

    def alter_index(self, first: Token) -> nodes.AlterIndex:
        self.expect("INDEX")
        name = None if self.accept("ALL") else self.identifier()
        self.expect("ON")
        table = self.object_name()
        action = self.expect_one_of("REBUILD", "REORGANIZE", "DISABLE", "SET", "RESUME", "PAUSE", "ABORT")
        options: tuple[nodes.Option, ...] = ()
        if action == "SET":
            options = self.options()
        elif self.accept("PARTITION"):
            self.expect("=")
            if not self.accept("ALL"):
                raise self.not_supported("index partitions")
        if action in ("REBUILD", "REORGANIZE", "RESUME"):
            options = self.index_options()
        return nodes.AlterIndex(name, table, action, options, **self.span(first))

    def drop_index(self, first: Token) -> nodes.DropIndex:
        self.expect("INDEX")
        if_exists = self.accept("IF", "EXISTS")
        indexes = self.comma_list(self._dropped_index)
        return nodes.DropIndex(indexes, if_exists, **self.span(first))

    def _dropped_index(self) -> tuple[str, nodes.ObjectName]:
        name = self.object_name()
        if self.accept("ON"):
            table = self.object_name()
            self.index_options()  # ONLINE, MAXDOP: how to drop, not what
            return name.name, table
        if name.schema is None:
            raise self.syntax_error()
        return name.name, nodes.ObjectName(name.schema, name.database, name.server, line=name.line)

    # --- Statistics ---------------------------------------------------------------------------------------------------

    def update_statistics(self) -> nodes.UpdateStatistics:
        first = self.expect("UPDATE")
        self.expect("STATISTICS")
        table = self.object_name()
        names: tuple[str, ...] = ()
        if self.at("("):
            names = self.identifier_list()
        elif self.at_identifier():
            names = (self.identifier(),)
        return nodes.UpdateStatistics(table, names, self._statistics_options(), **self.span(first))

    def create_statistics(self, first: Token) -> nodes.CreateStatistics:
        self.expect("STATISTICS")
        name = self.identifier()
        self.expect("ON")
        table = self.object_name()
        columns = self.identifier_list()
        if self.at("WHERE"):
            raise self.not_supported("filtered statistics")
        return nodes.CreateStatistics(name, table, columns, self._statistics_options(), **self.span(first))

    def _statistics_options(self) -> tuple[nodes.Option, ...]:
        return self.comma_list(self.option) if self.accept("WITH") else ()
