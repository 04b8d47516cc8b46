"""CREATE TABLE, ALTER TABLE, indexes, statistics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from emulator.errors import NotSupported, SqlError
from emulator.sql import nodes

Parse: TypeAlias = Callable[[str], Any]

INT = nodes.TypeName("int")
VARCHAR = nodes.TypeName("varchar", None, (10,))
ONE = nodes.IntegerLiteral(1)
A, B = nodes.ColumnRef("a"), nodes.ColumnRef("b")
POSITIVE = nodes.Comparison(">", A, nodes.IntegerLiteral(0))


def key(*names: str) -> tuple[nodes.IndexColumn, ...]:
    return tuple(nodes.IndexColumn(name) for name in names)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("a int", nodes.ColumnDefinition("a", INT)),
        ("a int NOT NULL", nodes.ColumnDefinition("a", INT, nullable=False)),
        ("a int NULL", nodes.ColumnDefinition("a", INT, nullable=True)),
        ("a int IDENTITY", nodes.ColumnDefinition("a", INT, identity=nodes.Identity())),
        (
            "a int IDENTITY(-5, 2) NOT FOR REPLICATION",
            nodes.ColumnDefinition("a", INT, identity=nodes.Identity(-5, 2, not_for_replication=True)),
        ),
        (
            "a varchar(10) COLLATE x SPARSE NULL",
            nodes.ColumnDefinition("a", VARCHAR, nullable=True, collation="x", sparse=True),
        ),
        (
            "a AS b + 1 PERSISTED NOT NULL",
            nodes.ColumnDefinition(
                "a", None, nodes.Binary("+", B, ONE), "b + 1", persisted=True, nullable=False
            ),
        ),
        ("timestamp", nodes.ColumnDefinition("timestamp", nodes.TypeName("timestamp"))),
        ("a int ROWGUIDCOL", nodes.ColumnDefinition("a", INT, rowguidcol=True)),
    ],
)  # fmt: skip
def test_a_column_keeps_its_properties(parse: Parse, text: str, column: Any) -> None:
    assert parse(f"CREATE TABLE t ({text})").definition.columns == (column,)


@pytest.mark.parametrize(
    ("text", "constraint"),
    [
        ("PRIMARY KEY", nodes.KeyConstraint(key("a"), primary=True)),
        ("CONSTRAINT k UNIQUE CLUSTERED", nodes.KeyConstraint(key("a"), False, True, "k")),
        ("DEFAULT (1)", nodes.DefaultConstraint(ONE, "(1)", "a")),
        ("CONSTRAINT k DEFAULT 1 NOT NULL", nodes.DefaultConstraint(ONE, "1", "a", "k")),
        ("CHECK (a > 0)", nodes.CheckConstraint(POSITIVE, "a > 0", None, "a")),
        ("REFERENCES u", nodes.ForeignKey(("a",), nodes.ObjectName("u"))),
        (
            "FOREIGN KEY REFERENCES u (x) ON DELETE CASCADE ON UPDATE SET NULL",
            nodes.ForeignKey(("a",), nodes.ObjectName("u"), ("x",), "CASCADE", "SET NULL"),
        ),
    ],
)
def test_a_constraint_behind_a_column_is_about_that_column(parse: Parse, text: str, constraint: Any) -> None:
    (column,) = parse(f"CREATE TABLE t (a int {text})").definition.columns
    assert column.constraints == (constraint,)


@pytest.mark.parametrize(
    ("text", "constraint"),
    [
        (
            "CONSTRAINT k PRIMARY KEY NONCLUSTERED (a DESC, b ASC) WITH (FILLFACTOR = 80, PAD_INDEX = ON) ON [PRIMARY]",
            nodes.KeyConstraint(
                (nodes.IndexColumn("a", descending=True), nodes.IndexColumn("b")),
                True,
                False,
                "k",
                (nodes.Option("FILLFACTOR", 80), nodes.Option("PAD_INDEX", "ON")),
            ),
        ),
        ("UNIQUE (a)", nodes.KeyConstraint(key("a"), primary=False)),
        (
            "CONSTRAINT k FOREIGN KEY (a, b) REFERENCES dbo.u (x, y)",
            nodes.ForeignKey(("a", "b"), nodes.ObjectName("u", "dbo"), ("x", "y"), name="k"),
        ),
        ("CONSTRAINT k CHECK ( a > 0 )", nodes.CheckConstraint(POSITIVE, "a > 0", "k")),
    ],
)
def test_a_constraint_of_the_table_names_its_columns(parse: Parse, text: str, constraint: Any) -> None:
    assert parse(f"CREATE TABLE t (a int, b int, {text})").definition.constraints == (constraint,)


def test_commas_before_constraints_may_be_missing_and_one_may_trail(parse: Parse) -> None:
    definition = parse("CREATE TABLE t (a int, CONSTRAINT k UNIQUE (a) CONSTRAINT l CHECK (a > 0),)").definition
    assert [constraint.name for constraint in definition.constraints] == ["k", "l"]


def test_indexes_may_be_written_in_the_table(parse: Parse) -> None:
    text = "CREATE TABLE #t (a int INDEX i, INDEX j UNIQUE NONCLUSTERED (a DESC) INCLUDE (b) WHERE a > 0)"
    definition = parse(text).definition
    assert definition.columns[0].indexes == (nodes.IndexDefinition("i", key("a")),)
    assert definition.indexes == (
        nodes.IndexDefinition(
            "j",
            (nodes.IndexColumn("a", descending=True),),
            unique=True,
            include=("b",),
            where=POSITIVE,
            where_text="a > 0",
        ),
    )


def test_create_index_keeps_all_its_parts(parse: Parse) -> None:
    text = (
        "CREATE UNIQUE NONCLUSTERED INDEX i ON dbo.t (a) INCLUDE (b) WHERE a > 0"
        " WITH (ONLINE = ON (WAIT_AT_LOW_PRIORITY (MAX_DURATION = 1)), MAXDOP = 2) ON fg"
    )
    assert parse(text) == nodes.CreateIndex(
        nodes.ObjectName("t", "dbo"),
        nodes.IndexDefinition(
            "i",
            key("a"),
            unique=True,
            include=("b",),
            where=POSITIVE,
            where_text="a > 0",
            options=(
                nodes.Option("ONLINE", "ON (WAIT_AT_LOW_PRIORITY (MAX_DURATION = 1))"),
                nodes.Option("MAXDOP", 2),
            ),
            filegroup="fg",
        ),
    )
    assert parse("CREATE CLUSTERED INDEX i ON t (a) WITH FILLFACTOR = 70").index.options == (
        nodes.Option("FILLFACTOR", 70),
    )


T = nodes.ObjectName("t")


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("ADD a int", nodes.AddElements((nodes.ColumnDefinition("a", INT),))),
        (
            "WITH NOCHECK ADD CONSTRAINT k CHECK (a > 0)",
            nodes.AddElements(constraints=(nodes.CheckConstraint(POSITIVE, "a > 0", "k"),), check=False),
        ),
        (
            "ADD CONSTRAINT k DEFAULT 1 FOR a WITH VALUES",
            nodes.AddElements(constraints=(nodes.DefaultConstraint(ONE, "1", "a", "k", with_values=True),)),
        ),
        ("ALTER COLUMN a int NOT NULL", nodes.AlterColumn("a", INT, nullable=False)),
        ("ALTER COLUMN a DROP PERSISTED", nodes.AlterColumnProperty("a", "DROP", "PERSISTED")),
        (
            "DROP CONSTRAINT IF EXISTS k, COLUMN a, b",
            nodes.DropElements(
                (
                    nodes.DropElement("CONSTRAINT", "k", if_exists=True),
                    nodes.DropElement("COLUMN", "a"),
                    nodes.DropElement("COLUMN", "b"),
                )
            ),
        ),
        ("DROP k", nodes.DropElements((nodes.DropElement("CONSTRAINT", "k"),))),
        ("NOCHECK CONSTRAINT ALL", nodes.CheckConstraints(enable=False, names=None)),
        ("WITH CHECK CHECK CONSTRAINT k, l", nodes.CheckConstraints(True, ("k", "l"), check=True)),
        ("DISABLE TRIGGER ALL", nodes.ToggleTriggers(enable=False, names=None)),
        (
            "SET (LOCK_ESCALATION = DISABLE)",
            nodes.SetTableOptions("SET", (nodes.Option("LOCK_ESCALATION", "DISABLE"),)),
        ),
    ],
)  # fmt: skip
def test_each_way_to_alter_a_table_has_its_node(parse: Parse, text: str, action: Any) -> None:
    assert parse(f"ALTER TABLE t {text}") == nodes.AlterTable(T, action)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("ALTER INDEX ALL ON t REBUILD", nodes.AlterIndex(None, T, "REBUILD")),
        (
            "ALTER INDEX i ON t REBUILD WITH (ONLINE = ON)",
            nodes.AlterIndex("i", T, "REBUILD", (nodes.Option("ONLINE", "ON"),)),
        ),
        ("ALTER INDEX i ON t DISABLE", nodes.AlterIndex("i", T, "DISABLE")),
        ("DROP INDEX IF EXISTS i ON t, j ON t", nodes.DropIndex((("i", T), ("j", T)), if_exists=True)),
        ("DROP INDEX t.i", nodes.DropIndex((("i", T),))),
        ("UPDATE STATISTICS t (i) WITH FULLSCAN", nodes.UpdateStatistics(T, ("i",), (nodes.Option("FULLSCAN"),))),
        ("CREATE STATISTICS s ON t (a, b)", nodes.CreateStatistics("s", T, ("a", "b"))),
    ],
)  # fmt: skip
def test_indexes_and_statistics_are_altered_and_dropped(parse: Parse, text: str, node: Any) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t (a int MASKED WITH (FUNCTION = 'default()'))",
        "CREATE TABLE t (a int, PERIOD FOR SYSTEM_TIME (b, c))",
        "CREATE TABLE t (a int) ON ps (a)",
        "ALTER TABLE t SWITCH TO u",
        "CREATE XML INDEX i ON t (a)",
        "TRUNCATE TABLE t WITH (PARTITIONS (1))",
    ],
)
def test_features_without_counterpart_are_refused_by_name(error_of: Callable[[str], SqlError], text: str) -> None:
    assert isinstance(error_of(text), NotSupported)
