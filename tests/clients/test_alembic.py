"""Alembic: its operations on SQL Server, and autogenerate, which finds no difference to what was made.

Autogenerate compares tables, columns, their types and nullability, indexes, foreign keys and comments; with the options
used here server defaults, too. On SQL Server it does not see unique constraints, checks, computed expressions, views,
modules and permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Connection,
    Engine,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Unicode,
    UniqueConstraint,
    inspect,
    text,
)
from sqlalchemy.dialects import mssql
from sqlalchemy.exc import DBAPIError

from harness.connection import Target
from tests.clients.conftest import engine_for


def context_of(connection: Connection, **options: Any) -> MigrationContext:
    return MigrationContext.configure(
        connection,
        opts={"compare_type": True, "compare_server_default": True, "include_schemas": True} | options,
    )


@pytest.fixture
def operations(connection: Connection) -> Operations:
    """Alembic's operations on a connection whose changes are rolled back after the test."""
    return Operations(context_of(connection))


@pytest.fixture
def one(connection: Connection) -> Callable[[str], Any]:
    """The one value that a query gives."""
    return lambda query: connection.execute(text(query)).scalar_one()


# --- Autogenerate -----------------------------------------------------------------------------------------------------


def warehouse() -> MetaData:
    metadata = MetaData()
    item = Table(
        "item",
        metadata,
        Column("id", Integer, Identity(start=1, increment=1), primary_key=True),
        Column("code", String(20), nullable=False, comment="as printed on the label"),
        Column("name", Unicode(100)),
        Column("quantity", Numeric(19, 6), nullable=False, server_default=text("0")),
        Column("changed", mssql.DATETIME2(3), nullable=False, server_default=text("sysutcdatetime()")),
        Column("size", mssql.REAL),
        Column("picture", mssql.VARBINARY("max")),
        Column("key", mssql.UNIQUEIDENTIFIER, server_default=text("newid()")),
        Column("twice", Numeric(21, 6), Computed("quantity * 2")),
        Column("version", mssql.TIMESTAMP, nullable=False),
        UniqueConstraint("code", name="uq_item_code"),
        CheckConstraint("quantity >= 0", name="ck_item_quantity"),
        comment="what can be picked",
    )
    Index("ix_item_name", item.c.name, mssql_include=["quantity"], mssql_where=item.c.quantity > 0)
    Table(
        "line",
        metadata,
        Column("order_id", Integer, primary_key=True, autoincrement=False),
        Column("item_id", ForeignKey("item.id", name="fk_line_item", ondelete="CASCADE"), primary_key=True),
    )
    Table("customer", metadata, Column("id", Integer, primary_key=True), schema="sales")
    return metadata


@pytest.fixture
def made(engine: Engine) -> Iterator[MetaData]:
    metadata = warehouse()
    metadata.create_all(engine)
    yield metadata
    metadata.drop_all(engine)


def test_autogenerate_finds_no_difference_to_what_was_made(made: MetaData, connection: Connection) -> None:
    assert compare_metadata(context_of(connection), made) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("ALTER TABLE item ALTER COLUMN picture varbinary(50) NULL", "modify_type"),
        ("ALTER TABLE item ALTER COLUMN size real NOT NULL", "modify_nullable"),
        ("ALTER TABLE item ADD extra int NULL", "remove_column"),
        ("ALTER TABLE item DROP COLUMN size", "add_column"),
        ("DROP INDEX ix_item_name ON item", "add_index"),
        ("ALTER TABLE line DROP CONSTRAINT fk_line_item", "add_fk"),
        (
            "EXEC sp_updateextendedproperty 'MS_Description', N'x', 'schema', 'dbo', 'table', 'item'",
            "add_table_comment",
        ),
        ("CREATE TABLE sales.other (id int)", "remove_table"),
    ],
)
def test_autogenerate_finds_what_was_changed(made: MetaData, connection: Connection, change: str, found: str) -> None:
    connection.execute(text(change))

    (difference,) = compare_metadata(context_of(connection), made)

    assert (difference[0][0] if isinstance(difference, list) else difference[0]) == found


def test_autogenerate_finds_a_changed_default(made: MetaData, connection: Connection) -> None:
    connection.execute(
        text("""
            DECLARE @name sysname = (SELECT d.name FROM sys.default_constraints AS d
                WHERE d.parent_object_id = OBJECT_ID('item') AND d.definition = '((0))');
            EXEC('ALTER TABLE item DROP CONSTRAINT ' + @name);
            ALTER TABLE item ADD DEFAULT 1 FOR quantity;
        """)
    )

    ((difference,),) = compare_metadata(context_of(connection), made)

    assert difference[0] == "modify_default"


def test_what_autogenerate_writes_makes_the_tables(engine: Engine, connection: Connection) -> None:
    wanted = warehouse()
    script = produce_migrations(context_of(connection), wanted)
    code = render_python_code(script.upgrade_ops, alembic_module_prefix="op.")
    lines = "\n".join(line.removeprefix("    ") for line in code.splitlines())

    exec(lines, {"op": Operations(context_of(connection)), **names_in_migrations()})

    assert compare_metadata(context_of(connection), wanted) == []


def names_in_migrations() -> dict[str, Any]:
    import sqlalchemy  # noqa: PLC0415

    return {"sa": sqlalchemy, "mssql": mssql}


def test_the_deployed_database_is_what_reflection_says(deployed_target: Target) -> None:
    with engine_for(deployed_target).connect() as connection:
        reflected = MetaData()
        schemas = [name for name in inspect(connection).get_schema_names() if not name.startswith("db_")]
        for schema in schemas:
            reflected.reflect(connection, schema=schema)
        tables = {table.name for table in reflected.tables.values()}

        assert {"Settings", "alembic_version", "Seqnum"} <= tables
        assert compare_metadata(context_of(connection, version_table_schema="lockstep"), reflected) == []


# --- Operations -------------------------------------------------------------------------------------------------------


def column(connection: Connection, table: str, name: str) -> Any:
    return next(column for column in inspect(connection).get_columns(table) if column["name"] == name)


@pytest.fixture
def item(operations: Operations) -> None:
    operations.create_table(
        "item",
        Column("id", Integer, Identity(), primary_key=True),
        Column("code", String(20), nullable=False),
        Column("note", Unicode(20), server_default="none"),
        Column("level", Integer, CheckConstraint("level > 0"), server_default="5"),
    )
    operations.bulk_insert(Table("item", MetaData(), Column("code", String), Column("level", Integer)), ROWS)


ROWS = [{"code": "a", "level": 1}, {"code": "b", "level": 2}]


@pytest.mark.usefixtures("item")
def test_a_column_is_altered(operations: Operations, connection: Connection) -> None:
    operations.alter_column("item", "code", existing_type=String(20), type_=Unicode(40), existing_nullable=False)
    operations.alter_column(
        "item", "level", existing_type=Integer(), nullable=False, server_default="7", existing_server_default="5"
    )
    operations.alter_column("item", "note", existing_type=Unicode(20), server_default=None)
    connection.execute(text("INSERT INTO item (code) VALUES (N'ż')"))

    assert isinstance(column(connection, "item", "code")["type"], mssql.NVARCHAR)
    assert column(connection, "item", "level")["nullable"] is False
    assert connection.execute(text("SELECT code, note, level FROM item ORDER BY id")).all() == [
        ("a", "none", 1),
        ("b", "none", 2),
        ("ż", None, 7),
    ]


@pytest.mark.usefixtures("item")
def test_tables_and_columns_are_renamed(operations: Operations, one: Callable[[str], Any]) -> None:
    operations.alter_column("item", "code", new_column_name="sku", existing_type=String(20))
    operations.rename_table("item", "article")

    assert one("SELECT sku FROM article WHERE id = 2") == "b"


@pytest.mark.usefixtures("item")
def test_a_column_is_dropped_with_its_constraints(operations: Operations, connection: Connection) -> None:
    operations.drop_column("item", "level", mssql_drop_check=True, mssql_drop_default=True)
    operations.create_table("other", Column("id", Integer, primary_key=True))
    operations.add_column("item", Column("other_id", Integer, ForeignKey("other.id", name="fk_item_other")))
    operations.drop_column("item", "other_id", mssql_drop_foreign_key=True)

    assert [found["name"] for found in inspect(connection).get_columns("item")] == ["id", "code", "note"]
    assert inspect(connection).get_foreign_keys("item") == []


@pytest.mark.usefixtures("item")
def test_a_column_that_something_depends_on_stays(operations: Operations) -> None:
    with pytest.raises(DBAPIError, match="is dependent on column 'level'"):
        operations.drop_column("item", "level")


@pytest.mark.usefixtures("item")
def test_columns_are_added(operations: Operations, connection: Connection) -> None:
    operations.add_column("item", Column("flag", mssql.BIT, nullable=False, server_default="1"))
    operations.add_column("item", Column("twice", Integer, Computed("level * 2", persisted=True)))

    assert connection.execute(text("SELECT flag, twice FROM item ORDER BY id")).all() == [(True, 2), (True, 4)]


@pytest.mark.usefixtures("item")
def test_constraints_and_indexes_come_and_go(operations: Operations, connection: Connection) -> None:
    operations.create_unique_constraint("uq_item", "item", ["code"])
    operations.create_check_constraint("ck_item", "item", text("LEN(code) < 10"))
    operations.create_index("ix_item", "item", ["level", text("code DESC")], mssql_where=text("level > 1"))
    operations.create_index("ix_wide", "item", ["note"], mssql_include=["level"], mssql_clustered=False)
    names = {index["name"] for index in inspect(connection).get_indexes("item")}
    assert names == {"uq_item", "ix_item", "ix_wide"}

    operations.drop_index("ix_item", "item")
    operations.drop_index("ix_wide", "item")
    operations.drop_constraint("ck_item", "item", type_="check")
    operations.drop_constraint("uq_item", "item", type_="unique")
    assert inspect(connection).get_indexes("item") == []


@pytest.mark.usefixtures("item")
def test_primary_and_foreign_keys_come_and_go(operations: Operations, connection: Connection) -> None:
    operations.create_table("owner", Column("id", Integer, nullable=False), Column("item_id", Integer))
    operations.create_primary_key("pk_owner", "owner", ["id"])
    operations.create_foreign_key("fk_owner", "owner", "item", ["item_id"], ["id"], ondelete="SET NULL")
    connection.execute(text("INSERT INTO owner VALUES (1, 2); DELETE FROM item WHERE id = 2"))
    assert connection.execute(text("SELECT item_id FROM owner")).scalar_one() is None

    operations.drop_constraint("fk_owner", "owner", type_="foreignkey")
    operations.drop_constraint("pk_owner", "owner", type_="primary")
    assert inspect(connection).get_pk_constraint("owner")["constrained_columns"] == []


@pytest.mark.usefixtures("item")
def test_comments_are_written_and_removed(operations: Operations, connection: Connection) -> None:
    operations.create_table_comment("item", "things")
    operations.alter_column("item", "code", comment="its code", existing_type=String(20), existing_nullable=False)

    assert inspect(connection).get_table_comment("item") == {"text": "things"}
    assert column(connection, "item", "code")["comment"] == "its code"

    operations.drop_table_comment("item", existing_comment="things")
    assert inspect(connection).get_table_comment("item") == {"text": None}


@pytest.mark.usefixtures("item")
def test_a_batch_alters_the_table_in_place(operations: Operations, connection: Connection) -> None:
    with operations.batch_alter_table("item") as batch:
        batch.add_column(Column("extra", Integer))
        batch.alter_column("note", existing_type=Unicode(20), existing_nullable=True, type_=Unicode(60))
        batch.create_index("ix_item", ["code", "extra"])

    assert [found["name"] for found in inspect(connection).get_columns("item")] == [
        *("id", "code", "note", "level", "extra")
    ]
    assert [index["column_names"] for index in inspect(connection).get_indexes("item")] == [["code", "extra"]]


@pytest.mark.usefixtures("item")
def test_a_migration_is_rolled_back_as_a_whole(operations: Operations, connection: Connection) -> None:
    operations.rename_table("item", "article")
    operations.add_column("article", Column("extra", Integer))

    connection.rollback()

    assert inspect(connection).get_table_names() == []
