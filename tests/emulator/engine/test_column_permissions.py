"""GRANT, DENY and REVOKE of single columns.

Documentation: "GRANT object permissions", "DENY object permissions", "REVOKE object permissions (Transact-SQL)",
"HAS_PERMS_BY_NAME", ``sys.database_permissions``.
"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import NotSupported, SqlError

PASSWORD = "Corr3ct-horse"


@pytest.fixture
def admin(client: Any) -> Any:
    """sa, in a database with a table of three columns and a view of two."""
    client.run("CREATE TABLE dbo.Lot (LotNo int PRIMARY KEY, Qty int NOT NULL, Cost int NOT NULL)")
    client.run("INSERT dbo.Lot VALUES (1, 10, 7), (2, 20, 8)")
    client.run("CREATE VIEW dbo.Lots AS SELECT LotNo AS No, Cost AS Price FROM dbo.Lot")
    client.run(f"CREATE LOGIN ann WITH PASSWORD = '{PASSWORD}', DEFAULT_DATABASE = lockstep; CREATE USER ann")
    client.run("CREATE ROLE clerks; ALTER ROLE clerks ADD MEMBER ann")
    return client


@pytest.fixture
def ann(engine: Any, admin: Any) -> Any:
    return engine.client_of("ann", PASSWORD)


def refusal(client: Any, text: str) -> int:
    """The number of the error that ``text`` ends in; 0 if it goes well."""
    try:
        client.run(text)
    except SqlError as error:
        return error.number
    return 0


def test_a_denied_column_is_refused_by_name(admin: Any, ann: Any) -> None:
    admin.run("GRANT SELECT ON dbo.Lot TO ann; DENY SELECT ON dbo.Lot (Cost) TO ann")
    assert ann.query("SELECT LotNo, Qty FROM dbo.Lot WHERE Qty > 10 ORDER BY LotNo") == [(2, 20)]
    with pytest.raises(SqlError) as refused:
        ann.query("SELECT Cost FROM dbo.Lot")
    assert (refused.value.number, refused.value.severity, refused.value.message) == (
        230,
        14,
        "The SELECT permission was denied on the column 'Cost' of the object 'Lot', database 'lockstep', schema 'dbo'.",
    )


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM dbo.Lot",
        "SELECT LotNo FROM dbo.Lot WHERE Cost > 0",
        "SELECT LotNo FROM dbo.Lot ORDER BY Cost",
        "SELECT MAX(LotNo) FROM dbo.Lot GROUP BY Cost",
        "SELECT a.LotNo FROM dbo.Lot AS a JOIN dbo.Lot AS b ON a.LotNo = b.Cost",
        "SELECT LotNo FROM (SELECT LotNo, Cost FROM dbo.Lot) AS inner_lots",
        "WITH c AS (SELECT LotNo, Cost FROM dbo.Lot) SELECT Cost FROM c",
        "SELECT LotNo, (SELECT MAX(i.LotNo) FROM dbo.Lot AS i WHERE i.LotNo = o.Cost) FROM dbo.Lot AS o",
        "SELECT COUNT(*) FROM dbo.Lot",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM dbo.Lot)",
        "UPDATE dbo.Lot SET Qty = Cost",
        "UPDATE dbo.Lot SET Cost += 1",
        "UPDATE dbo.Lot SET Qty = 1 WHERE Cost = 7",
        "UPDATE dbo.Lot SET Qty = 1 OUTPUT deleted.Cost",
        "DELETE dbo.Lot WHERE Cost = 7",
        "DELETE dbo.Lot OUTPUT deleted.*",
        "INSERT dbo.Lot OUTPUT inserted.Cost VALUES (3, 1, 1)",
        "MERGE dbo.Lot AS t USING (SELECT 7 AS n) AS s ON t.Cost = s.n WHEN MATCHED THEN DELETE;",
    ],
)
def test_every_mention_of_a_column_takes_select_on_it(admin: Any, ann: Any, text: str) -> None:
    admin.run("GRANT SELECT, INSERT, UPDATE, DELETE ON dbo.Lot TO ann; DENY SELECT ON dbo.Lot (Cost) TO ann")
    assert refusal(ann, text) == 230
    admin.run("REVOKE SELECT ON dbo.Lot (Cost) FROM ann")
    assert refusal(ann, text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE dbo.Lot SET Cost = 1",
        "UPDATE dbo.Lot SET Qty = 1, Cost = 1 WHERE LotNo = 1",
        "MERGE dbo.Lot AS t USING (SELECT 1 AS n) AS s ON t.LotNo = s.n WHEN MATCHED THEN UPDATE SET Cost = 1;",
    ],
)
def test_update_takes_permission_on_the_columns_it_sets(admin: Any, ann: Any, text: str) -> None:
    admin.run("GRANT SELECT, UPDATE ON dbo.Lot TO ann; DENY UPDATE (Cost) ON dbo.Lot TO ann")
    assert refusal(ann, text) == 230
    assert refusal(ann, text.replace("Cost = 1", "Qty = 2").replace("Qty = 1, ", "")) == 0


def test_setting_a_column_does_not_take_select_on_it(admin: Any, ann: Any) -> None:
    admin.run("GRANT SELECT, UPDATE ON dbo.Lot TO ann; DENY SELECT ON dbo.Lot (Cost) TO ann")
    assert refusal(ann, "UPDATE dbo.Lot SET Cost = 5 WHERE LotNo = 1") == 0


def test_a_column_is_granted_without_the_table(admin: Any, ann: Any) -> None:
    assert refusal(ann, "SELECT LotNo FROM dbo.Lot") == 229
    admin.run("GRANT SELECT ON dbo.Lot (LotNo, Qty) TO clerks")
    assert ann.query("SELECT LotNo FROM dbo.Lot WHERE Qty = 20") == [(2,)]
    assert refusal(ann, "SELECT * FROM dbo.Lot") == 230
    admin.run("REVOKE SELECT ON dbo.Lot (Qty) FROM clerks")
    assert refusal(ann, "SELECT Qty FROM dbo.Lot") == 230
    admin.run("REVOKE SELECT ON dbo.Lot (LotNo) FROM clerks")
    assert refusal(ann, "SELECT LotNo FROM dbo.Lot") == 229


def test_the_grant_of_a_column_outlives_the_denial_of_its_table_alone(admin: Any, ann: Any) -> None:
    admin.run("DENY SELECT ON dbo.Lot TO clerks; GRANT SELECT ON dbo.Lot (LotNo) TO ann")
    assert ann.query("SELECT LotNo FROM dbo.Lot") == [(1,), (2,)]
    assert refusal(ann, "SELECT Qty FROM dbo.Lot") == 230
    admin.run("DENY SELECT ON SCHEMA::dbo TO clerks")
    assert refusal(ann, "SELECT LotNo FROM dbo.Lot") == 230


def test_the_denial_of_a_column_wins_over_every_grant(admin: Any, ann: Any) -> None:
    admin.run(
        "GRANT SELECT ON SCHEMA::dbo TO ann; GRANT CONTROL ON dbo.Lot TO ann; GRANT SELECT ON dbo.Lot(Cost) TO ann"
    )
    assert refusal(ann, "SELECT Cost FROM dbo.Lot") == 0
    admin.run("DENY SELECT ON dbo.Lot (Cost) TO clerks")
    assert refusal(ann, "SELECT Cost FROM dbo.Lot") == 230


@pytest.mark.parametrize("action", ["GRANT SELECT ON dbo.Lot TO ann", "REVOKE SELECT ON dbo.Lot FROM ann"])
def test_what_is_said_of_the_table_replaces_what_was_said_of_its_columns(admin: Any, action: str) -> None:
    admin.run("DENY SELECT ON dbo.Lot (Cost) TO ann; DENY UPDATE ON dbo.Lot (Cost) TO ann")
    admin.run(action)
    assert admin.query("SELECT permission_name FROM sys.database_permissions WHERE minor_id > 0") == [("UPDATE",)]


def test_owners_of_the_database_and_ownership_chains_are_not_checked(admin: Any, ann: Any) -> None:
    admin.run("CREATE PROCEDURE dbo.Costs AS SELECT Cost FROM dbo.Lot WHERE LotNo = 1")
    admin.run(
        "GRANT EXECUTE ON dbo.Costs TO ann; GRANT SELECT ON dbo.Lots TO ann; DENY SELECT ON dbo.Lot (Cost) TO public"
    )
    assert ann.query("EXEC dbo.Costs") == [(7,)]
    assert ann.query("SELECT Price FROM dbo.Lots WHERE No = 1") == [(7,)]
    assert admin.query("SELECT Cost FROM dbo.Lot WHERE LotNo = 1") == [(7,)]


def test_columns_of_a_view_are_denied(admin: Any, ann: Any) -> None:
    admin.run("GRANT SELECT, UPDATE ON dbo.Lots TO ann; DENY SELECT, UPDATE ON dbo.Lots (Price) TO ann")
    assert ann.query("SELECT No FROM dbo.Lots") == [(1,), (2,)]
    assert refusal(ann, "SELECT * FROM dbo.Lots") == 230
    assert refusal(ann, "UPDATE dbo.Lots SET Price = 1") == 230


def test_a_foreign_key_takes_references_on_the_columns_it_refers_to(admin: Any, ann: Any) -> None:
    admin.run("CREATE SCHEMA own AUTHORIZATION ann; ")
    admin.run("GRANT CREATE TABLE TO ann; DENY REFERENCES ON dbo.Lot (LotNo) TO ann")
    table = "CREATE TABLE own.Move (LotNo int REFERENCES dbo.Lot (LotNo))"
    assert refusal(ann, table) == 230
    admin.run("GRANT REFERENCES ON dbo.Lot (LotNo) TO ann")
    assert refusal(ann, table) == 0


def test_the_catalog_shows_columns_and_forgets_them_with_the_column(admin: Any) -> None:
    admin.run("GRANT SELECT ON dbo.Lot TO ann; DENY SELECT ON dbo.Lot (Cost, Qty) TO ann")
    question = (
        "SELECT class_desc, minor_id, state FROM sys.database_permissions"
        " WHERE major_id = OBJECT_ID('dbo.Lot') ORDER BY minor_id"
    )
    assert admin.query(question) == [(("OBJECT_OR_COLUMN"), n, s) for n, s in ((0, "G"), (2, "D"), (3, "D"))]
    admin.run("DROP VIEW dbo.Lots; ALTER TABLE dbo.Lot DROP COLUMN Cost")
    assert [row[1] for row in admin.query(question)] == [0, 2]
    admin.run("DROP TABLE dbo.Lot")
    assert admin.query("SELECT * FROM sys.database_permissions WHERE class = 1") == []


def test_a_rollback_gives_back_what_was_denied(admin: Any, ann: Any) -> None:
    admin.run("GRANT SELECT ON dbo.Lot TO ann; DENY SELECT ON dbo.Lot (Cost) TO ann")
    admin.run("BEGIN TRANSACTION; GRANT SELECT ON dbo.Lot TO ann; ROLLBACK")
    assert refusal(ann, "SELECT Cost FROM dbo.Lot") == 230


def test_has_perms_by_name_answers_for_a_column(admin: Any, ann: Any) -> None:
    admin.run("GRANT SELECT ON dbo.Lot TO ann; DENY SELECT ON dbo.Lot (Cost) TO ann")
    ask = "HAS_PERMS_BY_NAME('dbo.Lot', 'OBJECT', '{}', '{}', 'COLUMN')"
    asked = [
        ("SELECT", "Qty"),
        ("SELECT", "Cost"),
        ("UPDATE", "Qty"),
        ("ANY", "Qty"),
        ("SELECT", "Nope"),
        ("Nope", "Qty"),
    ]
    answers = ", ".join(ask.format(*item) for item in asked)
    assert ann.query(f"SELECT {answers}, HAS_PERMS_BY_NAME('dbo.Lot', 'OBJECT', 'SELECT')") == [
        (1, 0, 0, 1, None, None, 1)
    ]


def test_privileges_are_told_by_column(admin: Any) -> None:
    admin.run(
        "GRANT SELECT ON dbo.Lot TO ann; DENY SELECT ON dbo.Lot (Cost) TO ann; GRANT UPDATE ON dbo.Lot(Qty) TO ann"
    )
    told = [(row[3], row[6]) for row in admin.query("EXEC sp_column_privileges 'Lot'") if row[5] == "ann"]
    assert told == [("LotNo", "SELECT"), ("Qty", "SELECT"), ("Qty", "UPDATE")]
    assert admin.query(
        "SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMN_PRIVILEGES WHERE PRIVILEGE_TYPE = 'UPDATE'"
    ) == [("Qty",)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("DENY INSERT ON dbo.Lot (Cost) TO ann", 1020),
        ("DENY SELECT ON SCHEMA::dbo (Cost) TO ann", 1020),
        ("DENY SELECT (Cost) ON dbo.Lot (Cost) TO ann", 1019),
        ("DENY SELECT ON dbo.Lot (Nope) TO ann", 4615),
    ],
)
def test_what_cannot_be_limited_to_columns_is_an_error(admin: Any, text: str, number: int) -> None:
    assert refusal(admin, text) == number


def test_an_exception_to_the_grant_of_a_table_is_not_supported(admin: Any) -> None:
    admin.run("GRANT SELECT ON dbo.Lot TO ann")
    with pytest.raises(NotSupported, match="REVOKE on columns"):
        admin.run("REVOKE SELECT ON dbo.Lot (Cost) FROM ann")
