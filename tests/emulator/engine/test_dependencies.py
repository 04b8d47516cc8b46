"""What depends on what: columns that cannot be changed or dropped, SCHEMABINDING, the views of dependencies, schemas.

Pages "ALTER TABLE", "CREATE VIEW" (SCHEMABINDING), "ALTER SCHEMA", "DROP TYPE", sys.sql_expression_dependencies,
sys.dm_sql_referencing_entities of the documentation.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def items(client: Any) -> Any:
    client.run("CREATE TABLE dbo.kind (id int NOT NULL CONSTRAINT pk_kind PRIMARY KEY, name varchar(20) NULL)")
    client.run("""
        CREATE TABLE dbo.item (id int NOT NULL PRIMARY KEY, kind int CONSTRAINT fk_kind REFERENCES dbo.kind,
            qty int CONSTRAINT ck_qty CHECK (qty > 0), note varchar(10) CONSTRAINT df_note DEFAULT 'x', twice AS qty * 2,
            free int)
    """)
    client.run("CREATE INDEX ix_note ON dbo.item (note)")
    return client


def causes(client: Any, text: str) -> list[str]:
    """The messages of 5074, given that 4922 follows them."""
    *found, last = client.collect(text).errors
    assert last.number == 4922
    assert {error.number for error in found} == {5074}
    return [error.message for error in found]


def test_a_column_with_dependents_is_not_dropped_and_all_of_them_are_named(items: Any) -> None:
    assert causes(items, "ALTER TABLE item DROP COLUMN qty") == [
        "The object 'ck_qty' is dependent on column 'qty'.",
        "The column 'twice' is dependent on column 'qty'.",
    ]
    assert causes(items, "ALTER TABLE item DROP COLUMN note") == [
        "The index 'ix_note' is dependent on column 'note'.",
        "The object 'df_note' is dependent on column 'note'.",
    ]


@pytest.mark.parametrize(
    ("change", "blocks"),
    [
        ("qty bigint", True),
        ("qty int NOT NULL", False),
        ("kind bigint", True),
        ("note varchar(20)", False),
        ("note varchar(5)", True),
        ("note nvarchar(20)", True),
        ("note varchar(10) NOT NULL", True),
        ("id bigint NOT NULL", True),
        ("free bigint", False),
        ("free varchar(9) NOT NULL", False),
    ],
)
def test_a_column_is_changed_only_if_nothing_depends_on_its_values(items: Any, change: str, blocks: bool) -> None:
    errors = items.collect(f"ALTER TABLE item ALTER COLUMN {change}").errors
    assert bool(errors) is blocks
    assert not blocks or errors[-1].number == 4922


def test_the_key_that_others_refer_to_keeps_its_type(items: Any) -> None:
    assert "The object 'fk_kind' is dependent on column 'id'." in causes(
        items, "ALTER TABLE kind ALTER COLUMN id bigint NOT NULL"
    )


def test_computed_columns_are_not_altered(items: Any) -> None:
    assert items.fails("ALTER TABLE item ALTER COLUMN twice int").number == 4928


@pytest.mark.parametrize(
    ("columns", "cause"),
    [
        ("a bigint REFERENCES kind", 1778),
        ("a int REFERENCES nothing", 1767),
        ("a int REFERENCES kind (name)", 1776),
        ("a int REFERENCES kind (none)", 1770),
    ],
)
def test_a_foreign_key_that_cannot_be_is_followed_by_1750(items: Any, columns: str, cause: int) -> None:
    errors = items.collect(f"CREATE TABLE dbo.refers ({columns})").errors
    assert [error.number for error in errors] == [cause, 1750]
    caught = f"BEGIN TRY CREATE TABLE dbo.refers ({columns}) END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH"
    assert items.query(caught) == [(1750,)]


def test_a_key_of_another_length_is_refused(items: Any) -> None:
    items.run("CREATE TABLE dbo.coded (code varchar(5) PRIMARY KEY)")
    errors = items.collect("CREATE TABLE dbo.refers (a varchar(9) REFERENCES coded)").errors
    assert [error.number for error in errors] == [1753, 1750]


@pytest.mark.parametrize(("constraint", "cause"), [("PRIMARY KEY (free)", 1779), ("UNIQUE (kind)", 1505)])
def test_a_key_that_cannot_be_added_is_followed_by_1750(items: Any, constraint: str, cause: int) -> None:
    items.run("INSERT kind VALUES (1, 'a'); INSERT item (id, kind) VALUES (1, 1), (2, 1)")
    errors = items.collect(f"ALTER TABLE item ADD {constraint}").errors
    assert [error.number for error in errors] == [cause, 1750]


def test_a_primary_key_takes_columns_without_null(client: Any) -> None:
    client.run("CREATE TABLE dbo.loose (a int NULL)")
    errors = client.collect("ALTER TABLE dbo.loose ADD PRIMARY KEY (a)").errors
    assert [error.number for error in errors] == [8111, 1750]


def test_a_key_in_use_and_a_constraint_that_is_none_are_not_dropped(items: Any) -> None:
    for constraint, cause in (("kind DROP CONSTRAINT pk_kind", 3725), ("item DROP CONSTRAINT nothing", 3728)):
        errors = items.collect(f"ALTER TABLE {constraint}").errors
        assert [error.number for error in errors] == [cause, 3727]


def test_trust_is_lost_without_a_check_and_comes_back_with_one(items: Any) -> None:
    trust = "SELECT is_disabled, is_not_trusted FROM sys.foreign_keys WHERE name = 'fk_kind'"
    states = [
        ("NOCHECK CONSTRAINT fk_kind", (True, True)),
        ("CHECK CONSTRAINT fk_kind", (False, True)),
        ("WITH CHECK CHECK CONSTRAINT fk_kind", (False, False)),
    ]
    for action, expected in states:
        items.run(f"ALTER TABLE item {action}")
        assert items.query(trust) == [expected]
    items.run("ALTER TABLE item WITH NOCHECK ADD CONSTRAINT ck_free CHECK (free > 0)")
    assert items.query("SELECT is_not_trusted FROM sys.check_constraints WHERE name = 'ck_free'") == [(True,)]


@pytest.mark.parametrize(
    ("column", "number"), [("a varchar(9) IDENTITY", 2749), ("a decimal(9,2) IDENTITY", 2749), ("a int DEFAULT b", 128)]
)
def test_columns_that_cannot_be_are_refused(client: Any, column: str, number: int) -> None:
    assert client.fails(f"CREATE TABLE dbo.t ({column}, b int)").number == number


def test_what_a_schema_bound_module_refers_to_stays(items: Any) -> None:
    items.run("CREATE VIEW dbo.bound WITH SCHEMABINDING AS SELECT id, free FROM dbo.item")
    items.run("CREATE VIEW dbo.loose AS SELECT id FROM dbo.kind")
    assert items.fails("DROP TABLE dbo.item").number == 3729
    assert causes(items, "ALTER TABLE item DROP COLUMN free") == ["The object 'bound' is dependent on column 'free'."]
    assert items.fails("EXEC sp_rename 'dbo.item', 'other'").number == 15336
    items.run("ALTER TABLE item DROP COLUMN twice")
    items.run("DROP VIEW dbo.bound; DROP TABLE dbo.item; DROP TABLE dbo.kind")


@pytest.mark.parametrize(
    ("query", "number"),
    [("SELECT id FROM item", 4512), ("SELECT * FROM dbo.item", 1054), ("SELECT id FROM lockstep.dbo.item", 4512)],
)
def test_schema_binding_takes_names_in_two_parts_and_columns_by_name(items: Any, query: str, number: int) -> None:
    assert items.fails(f"CREATE VIEW dbo.v WITH SCHEMABINDING AS {query}").number == number


def test_every_column_of_a_view_has_a_name(items: Any) -> None:
    assert items.fails("CREATE VIEW dbo.v AS SELECT id, id + 1 FROM item").number == 4511
    items.run("CREATE VIEW dbo.v (a, b) AS SELECT id, id + 1 FROM item")


def test_types_and_sequences_in_use_are_not_dropped(client: Any) -> None:
    client.run("CREATE TYPE dbo.code FROM char(3); CREATE TYPE dbo.list AS TABLE (a int); CREATE SEQUENCE dbo.numbers")
    client.run("CREATE TABLE dbo.uses (a dbo.code, b int DEFAULT NEXT VALUE FOR dbo.numbers)")
    client.run("CREATE PROCEDURE dbo.takes @l dbo.list READONLY AS SELECT 1")
    assert client.fails("DROP TYPE dbo.code").number == 3732
    assert client.fails("DROP TYPE dbo.list").number == 3732
    assert client.fails("DROP SEQUENCE dbo.numbers").number == 3729
    client.run("DROP TABLE dbo.uses; DROP PROCEDURE dbo.takes; DROP TYPE dbo.code, dbo.list; DROP SEQUENCE dbo.numbers")


def test_dependencies_are_listed_by_both_ends(items: Any) -> None:
    items.run("CREATE FUNCTION dbo.f (@n int) RETURNS int AS BEGIN RETURN @n END")
    items.run("CREATE PROCEDURE dbo.p AS WITH c AS (SELECT id FROM item) SELECT dbo.f(id) FROM c; EXEC q; EXEC dbo.r")
    rows = items.query(
        "SELECT referenced_schema_name, referenced_entity_name, referenced_id, is_caller_dependent"
        " FROM sys.sql_expression_dependencies WHERE referencing_id = OBJECT_ID('dbo.p') ORDER BY 2"
    )
    ids = {name: items.value(f"OBJECT_ID('dbo.{name}')") for name in ("f", "item")}
    assert rows == [
        ("dbo", "f", ids["f"], False),
        (None, "item", ids["item"], False),
        (None, "q", None, True),
        ("dbo", "r", None, False),
    ]
    referring = "SELECT referencing_entity_name FROM sys.dm_sql_referencing_entities('dbo.item', 'OBJECT')"
    assert items.query(referring) == [("p",)]
    referred = (
        "SELECT referenced_entity_name, referenced_minor_name FROM sys.dm_sql_referenced_entities('dbo.p', 'OBJECT')"
    )
    assert {("item", None), ("item", "id"), ("f", None)} <= set(items.query(referred))


def test_an_object_moves_to_another_schema_with_its_parts(items: Any) -> None:
    items.run("CREATE SCHEMA other")
    items.run("CREATE TRIGGER dbo.fires ON dbo.item AFTER INSERT AS PRINT 'fired'")
    items.run("ALTER SCHEMA other TRANSFER dbo.item")
    sink = items.run("INSERT other.item (id) VALUES (1)")
    assert [message.message for message in sink.messages] == ["fired"]
    assert items.query("SELECT SCHEMA_NAME(schema_id) FROM sys.objects WHERE name = 'ck_qty'") == [("other",)]
    assert items.fails("SELECT * FROM dbo.item").number == 208
    items.run("BEGIN TRAN; ALTER SCHEMA dbo TRANSFER other.item; ROLLBACK; SELECT * FROM other.item")


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("nowhere TRANSFER dbo.item", 15151),
        ("other TRANSFER dbo.nothing", 15151),
        ("other TRANSFER dbo.ck_qty", 15347),
        ("other TRANSFER dbo.kind", 15530),
    ],
)
def test_a_transfer_that_cannot_be(items: Any, statement: str, number: int) -> None:
    items.run("CREATE SCHEMA other")
    items.run("CREATE TABLE other.kind (a int)")
    assert items.fails(f"ALTER SCHEMA {statement}").number == number
