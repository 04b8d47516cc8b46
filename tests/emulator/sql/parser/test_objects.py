"""The smaller objects, databases, DROP, principals and permissions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from emulator.errors import NotSupported, SqlError
from emulator.sql import nodes

Parse: TypeAlias = Callable[[str], Any]

S = nodes.ObjectName("s")
OBJECT = nodes.Securable("OBJECT", nodes.ObjectName("t", "dbo"))
SELECT = nodes.Permission("SELECT")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("CREATE SCHEMA s", nodes.CreateSchema("s")),
        ("CREATE SCHEMA s AUTHORIZATION dbo", nodes.CreateSchema("s", "dbo")),
        ("ALTER SCHEMA a TRANSFER b.s", nodes.AlterSchema("a", nodes.ObjectName("s", "b"))),
        ("ALTER SCHEMA a TRANSFER TYPE::s", nodes.AlterSchema("a", S, "TYPE")),
        ("CREATE SEQUENCE s", nodes.CreateSequence("CREATE", S)),
        (
            "CREATE SEQUENCE s AS bigint START WITH 5 INCREMENT BY -1 MINVALUE 1 NO MAXVALUE CYCLE CACHE 10",
            nodes.CreateSequence(
                "CREATE", S, nodes.TypeName("bigint"), 5, False, -1, 1, None, True, 10, ("MAXVALUE",)
            ),
        ),
        (
            "ALTER SEQUENCE s RESTART WITH 7 NO CYCLE NO CACHE",
            nodes.CreateSequence("ALTER", S, start_with=7, restart=True, cycle=False, removed=("CACHE",)),
        ),
        ("CREATE SYNONYM s FOR d..t", nodes.CreateSynonym(S, nodes.ObjectName("t", None, "d"))),
        ("CREATE TYPE s FROM int NOT NULL", nodes.CreateType(S, nodes.TypeName("int"), nullable=False)),
        ("CREATE DATABASE s COLLATE c", nodes.CreateDatabase("s", "c")),
        ("CREATE DATABASE s ON PRIMARY (NAME = a, FILENAME = 'f') LOG ON (NAME = b)", nodes.CreateDatabase("s")),
        (
            "ALTER DATABASE s SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE",
            nodes.AlterDatabase("s", (nodes.Option("READ_COMMITTED_SNAPSHOT", "ON"),), "ROLLBACK IMMEDIATE"),
        ),
        (
            "ALTER DATABASE CURRENT SET RECOVERY SIMPLE, COMPATIBILITY_LEVEL = 150",
            nodes.AlterDatabase(None, (nodes.Option("RECOVERY", "SIMPLE"), nodes.Option("COMPATIBILITY_LEVEL", 150))),
        ),
        ("ALTER DATABASE s MODIFY NAME = r", nodes.AlterDatabase("s", new_name="r")),
        ("DROP TABLE IF EXISTS s, #t", nodes.Drop("TABLE", (S, nodes.ObjectName("#t")), if_exists=True)),
        ("DROP PROC s", nodes.Drop("PROCEDURE", (S,))),
        ("DROP SERVER ROLE s", nodes.Drop("SERVER ROLE", (S,))),
        ("DROP STATISTICS t.i", nodes.Drop("STATISTICS", (nodes.ObjectName("i", "t"),))),
    ],
)  # fmt: skip
def test_each_object_has_its_node(parse: Parse, text: str, node: Any) -> None:
    assert parse(text) == node


def test_a_schema_may_bring_its_objects(parse: Parse) -> None:
    schema = parse("CREATE SCHEMA s CREATE TABLE t (a int) GRANT SELECT ON t TO u")
    assert [type(element).__name__ for element in schema.elements] == ["CreateTable", "ChangePermissions"]


def test_a_table_type_has_a_definition(parse: Parse) -> None:
    assert parse("CREATE TYPE s AS TABLE (a int PRIMARY KEY)").table.columns[0].name == "a"


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("GRANT SELECT ON dbo.t TO u", nodes.ChangePermissions("GRANT", (SELECT,), ("u",), OBJECT)),
        (
            "DENY SELECT ON OBJECT::dbo.t TO u CASCADE",
            nodes.ChangePermissions("DENY", (SELECT,), ("u",), OBJECT, cascade=True),
        ),
        (
            "GRANT EXEC, VIEW DEFINITION ON SCHEMA :: s TO u, public WITH GRANT OPTION AS dbo",
            nodes.ChangePermissions(
                "GRANT",
                (nodes.Permission("EXECUTE"), nodes.Permission("VIEW DEFINITION")),
                ("u", "public"),
                nodes.Securable("SCHEMA", S),
                grant_option=True,
                grantor="dbo",
            ),
        ),
        (
            "REVOKE GRANT OPTION FOR UPDATE (a, b) ON dbo.t FROM u CASCADE",
            nodes.ChangePermissions(
                "REVOKE", (nodes.Permission("UPDATE", ("a", "b")),), ("u",), OBJECT, grant_option=True, cascade=True
            ),
        ),
        ("GRANT CREATE TABLE TO u", nodes.ChangePermissions("GRANT", (nodes.Permission("CREATE TABLE"),), ("u",))),
        ("GRANT ALL TO u", nodes.ChangePermissions("GRANT", (nodes.Permission("ALL"),), ("u",))),
        ("CREATE ROLE r AUTHORIZATION dbo", nodes.CreateRole("r", "dbo")),
        ("ALTER ROLE r ADD MEMBER u", nodes.AlterRole("r", "ADD MEMBER", "u")),
        ("ALTER SERVER ROLE r DROP MEMBER u", nodes.AlterRole("r", "DROP MEMBER", "u", server=True)),
        ("CREATE USER u", nodes.CreateUser("u")),
        (
            "CREATE USER u FOR LOGIN l WITH DEFAULT_SCHEMA = Sales",
            nodes.CreateUser("u", "l", options=(nodes.Option("DEFAULT_SCHEMA", "Sales"),)),
        ),
        ("CREATE USER u WITHOUT LOGIN", nodes.CreateUser("u", without_login=True)),
        (
            "CREATE LOGIN l WITH PASSWORD = 'Pw' MUST_CHANGE, CHECK_POLICY = OFF",
            nodes.CreateLogin(
                "l", (nodes.Option("PASSWORD", "Pw"), nodes.Option("MUST_CHANGE"), nodes.Option("CHECK_POLICY", "OFF"))
            ),
        ),
        ("CREATE LOGIN [d\\u] FROM WINDOWS", nodes.CreateLogin("d\\u", source="WINDOWS")),
        ("ALTER LOGIN l DISABLE", nodes.AlterLogin("l", enable=False)),
        (
            "ALTER AUTHORIZATION ON SCHEMA::s TO u",
            nodes.AlterAuthorization(nodes.Securable("SCHEMA", S), "u"),
        ),
        ("ALTER AUTHORIZATION ON dbo.t TO SCHEMA OWNER", nodes.AlterAuthorization(OBJECT, None)),
    ],
)  # fmt: skip
def test_principals_and_permissions_have_their_nodes(parse: Parse, text: str, node: Any) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    "text",
    [
        *("CREATE ASSEMBLY a", "DROP CERTIFICATE c", "BACKUP DATABASE d", "BULK INSERT t FROM 'f'", "ADD SIGNATURE x"),
        "CREATE SCHEMA s CREATE VIEW v AS SELECT 1 AS a",
    ],
)  # fmt: skip
def test_objects_without_counterpart_are_refused_by_name(error_of: Callable[[str], SqlError], text: str) -> None:
    assert isinstance(error_of(text), NotSupported)


def test_nonsense_is_a_syntax_error(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("CREATE FOO x").message == "Incorrect syntax near 'FOO'."
    assert error_of("DROP x").message == "Incorrect syntax near 'x'."
    assert error_of("ALTER x").message == "Incorrect syntax near 'x'."
