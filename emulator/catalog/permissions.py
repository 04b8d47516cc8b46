"""Permissions: which there are on each class of securable, and which others imply them.

A permission is implied by another one on the same securable (CONTROL implies all) and by one on what contains it: a
database contains schemas, a schema contains objects and types. ``covering`` follows both.

Documentation: ``sys.fn_builtin_permissions``, "Permissions (Database Engine)", "Database-level roles", "Server-level
roles".
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple


class Rule(NamedTuple):
    """A permission on a class: its code in the catalog, what implies it there, and what implies it one class up."""

    code: str
    implied_by: str = ""
    parent: str = ""


CLASS_PARENTS = {
    "OBJECT": "SCHEMA",
    "TYPE": "SCHEMA",
    "SCHEMA": "DATABASE",
    "USER": "DATABASE",
    "ROLE": "DATABASE",
    "DATABASE": "SERVER",
    "LOGIN": "SERVER",
    "SERVER ROLE": "SERVER",
}
"""The class that contains each class of securables."""

PERMISSIONS: dict[str, dict[str, Rule]] = {
    "OBJECT": {
        "SELECT": Rule("SL", "CONTROL", "SELECT"),
        "INSERT": Rule("IN", "CONTROL", "INSERT"),
        "UPDATE": Rule("UP", "CONTROL", "UPDATE"),
        "DELETE": Rule("DL", "CONTROL", "DELETE"),
        "EXECUTE": Rule("EX", "CONTROL", "EXECUTE"),
        "REFERENCES": Rule("RF", "CONTROL", "REFERENCES"),
        "RECEIVE": Rule("RC", "CONTROL", "CONTROL"),
        "VIEW CHANGE TRACKING": Rule("VWCT", "CONTROL", "VIEW CHANGE TRACKING"),
        "VIEW DEFINITION": Rule("VW", "CONTROL", "VIEW DEFINITION"),
        "ALTER": Rule("AL", "CONTROL", "ALTER"),
        "TAKE OWNERSHIP": Rule("TO", "CONTROL", "CONTROL"),
        "CONTROL": Rule("CL", "", "CONTROL"),
    },
    "TYPE": {
        "EXECUTE": Rule("EX", "CONTROL", "EXECUTE"),
        "REFERENCES": Rule("RF", "CONTROL", "REFERENCES"),
        "VIEW DEFINITION": Rule("VW", "CONTROL", "VIEW DEFINITION"),
        "TAKE OWNERSHIP": Rule("TO", "CONTROL", "CONTROL"),
        "CONTROL": Rule("CL", "", "CONTROL"),
    },
    "SCHEMA": {
        "SELECT": Rule("SL", "CONTROL", "SELECT"),
        "INSERT": Rule("IN", "CONTROL", "INSERT"),
        "UPDATE": Rule("UP", "CONTROL", "UPDATE"),
        "DELETE": Rule("DL", "CONTROL", "DELETE"),
        "EXECUTE": Rule("EX", "CONTROL", "EXECUTE"),
        "REFERENCES": Rule("RF", "CONTROL", "REFERENCES"),
        "CREATE SEQUENCE": Rule("CRSO", "ALTER", "CONTROL"),
        "VIEW CHANGE TRACKING": Rule("VWCT", "CONTROL", "CONTROL"),
        "VIEW DEFINITION": Rule("VW", "CONTROL", "VIEW DEFINITION"),
        "ALTER": Rule("AL", "CONTROL", "ALTER ANY SCHEMA"),
        "TAKE OWNERSHIP": Rule("TO", "CONTROL", "CONTROL"),
        "CONTROL": Rule("CL", "", "CONTROL"),
    },
    "USER": {
        "IMPERSONATE": Rule("IM", "CONTROL", "CONTROL"),
        "VIEW DEFINITION": Rule("VW", "CONTROL", "VIEW DEFINITION"),
        "ALTER": Rule("AL", "CONTROL", "ALTER ANY USER"),
        "CONTROL": Rule("CL", "", "CONTROL"),
    },
    "ROLE": {
        "VIEW DEFINITION": Rule("VW", "CONTROL", "VIEW DEFINITION"),
        "ALTER": Rule("AL", "CONTROL", "ALTER ANY ROLE"),
        "TAKE OWNERSHIP": Rule("TO", "CONTROL", "CONTROL"),
        "CONTROL": Rule("CL", "", "CONTROL"),
    },
    "DATABASE": {
        "CONNECT": Rule("CO", "CONTROL", "CONNECT ANY DATABASE"),
        "SELECT": Rule("SL", "CONTROL", "SELECT ALL USER SECURABLES"),
        "INSERT": Rule("IN", "CONTROL", "CONTROL SERVER"),
        "UPDATE": Rule("UP", "CONTROL", "CONTROL SERVER"),
        "DELETE": Rule("DL", "CONTROL", "CONTROL SERVER"),
        "EXECUTE": Rule("EX", "CONTROL", "CONTROL SERVER"),
        "REFERENCES": Rule("RF", "CONTROL", "CONTROL SERVER"),
        "CREATE TABLE": Rule("CRTB", "ALTER", "CONTROL SERVER"),
        "CREATE VIEW": Rule("CRVW", "ALTER", "CONTROL SERVER"),
        "CREATE PROCEDURE": Rule("CRPR", "ALTER", "CONTROL SERVER"),
        "CREATE FUNCTION": Rule("CRFN", "ALTER", "CONTROL SERVER"),
        "CREATE TYPE": Rule("CRTY", "ALTER", "CONTROL SERVER"),
        "CREATE SYNONYM": Rule("CRSN", "ALTER", "CONTROL SERVER"),
        "CREATE DEFAULT": Rule("CRDF", "ALTER", "CONTROL SERVER"),
        "CREATE RULE": Rule("CRRU", "ALTER", "CONTROL SERVER"),
        "CREATE SCHEMA": Rule("CRSM", "ALTER ANY SCHEMA", "CONTROL SERVER"),
        "CREATE ROLE": Rule("CRRL", "ALTER ANY ROLE", "CONTROL SERVER"),
        "CREATE USER": Rule("CUSR", "ALTER ANY USER", "CONTROL SERVER"),
        "CREATE DATABASE": Rule("CRDB", "CONTROL", "CREATE ANY DATABASE"),
        "BACKUP DATABASE": Rule("BADB", "CONTROL", "CONTROL SERVER"),
        "BACKUP LOG": Rule("BALO", "CONTROL", "CONTROL SERVER"),
        "CHECKPOINT": Rule("CP", "CONTROL", "CONTROL SERVER"),
        "SHOWPLAN": Rule("SPLN", "CONTROL", "ALTER TRACE"),
        "AUTHENTICATE": Rule("AUTH", "CONTROL", "AUTHENTICATE SERVER"),
        "VIEW DATABASE STATE": Rule("VWDS", "CONTROL", "VIEW SERVER STATE"),
        "VIEW DATABASE PERFORMANCE STATE": Rule("VDP", "VIEW DATABASE STATE", "VIEW SERVER PERFORMANCE STATE"),
        "VIEW DATABASE SECURITY STATE": Rule("VDS", "VIEW DATABASE STATE", "VIEW SERVER SECURITY STATE"),
        "VIEW DEFINITION": Rule("VW", "CONTROL", "VIEW ANY DEFINITION"),
        "ALTER ANY SCHEMA": Rule("ALSM", "ALTER", "CONTROL SERVER"),
        "ALTER ANY USER": Rule("ALUS", "ALTER", "CONTROL SERVER"),
        "ALTER ANY ROLE": Rule("ALRL", "ALTER", "CONTROL SERVER"),
        "ALTER ANY DATABASE DDL TRIGGER": Rule("ALTG", "ALTER", "CONTROL SERVER"),
        "ALTER": Rule("AL", "CONTROL", "ALTER ANY DATABASE"),
        "TAKE OWNERSHIP": Rule("TO", "CONTROL", "CONTROL SERVER"),
        "CONTROL": Rule("CL", "", "CONTROL SERVER"),
    },
    "LOGIN": {
        "IMPERSONATE": Rule("IM", "CONTROL", "IMPERSONATE ANY LOGIN"),
        "VIEW DEFINITION": Rule("VW", "CONTROL", "VIEW ANY DEFINITION"),
        "ALTER": Rule("AL", "CONTROL", "ALTER ANY LOGIN"),
        "CONTROL": Rule("CL", "", "CONTROL SERVER"),
    },
    "SERVER ROLE": {
        "VIEW DEFINITION": Rule("VW", "CONTROL", "VIEW ANY DEFINITION"),
        "ALTER": Rule("AL", "CONTROL", "ALTER ANY SERVER ROLE"),
        "TAKE OWNERSHIP": Rule("TO", "CONTROL", "CONTROL SERVER"),
        "CONTROL": Rule("CL", "", "CONTROL SERVER"),
    },
    "SERVER": {
        "CONNECT SQL": Rule("COSQ", "CONTROL SERVER"),
        "CONNECT ANY DATABASE": Rule("CADB", "CONTROL SERVER"),
        "SELECT ALL USER SECURABLES": Rule("SUS", "CONTROL SERVER"),
        "IMPERSONATE ANY LOGIN": Rule("IAL", "CONTROL SERVER"),
        "CREATE ANY DATABASE": Rule("CRDB", "ALTER ANY DATABASE"),
        "CREATE LOGIN": Rule("CRLG", "ALTER ANY LOGIN"),
        "CREATE SERVER ROLE": Rule("CRSR", "ALTER ANY SERVER ROLE"),
        "ALTER ANY DATABASE": Rule("ALDB", "CONTROL SERVER"),
        "ALTER ANY LOGIN": Rule("ALLG", "CONTROL SERVER"),
        "ALTER ANY SERVER ROLE": Rule("ALSR", "CONTROL SERVER"),
        "ALTER ANY CONNECTION": Rule("ALCO", "CONTROL SERVER"),
        "ALTER SERVER STATE": Rule("ALSS", "CONTROL SERVER"),
        "ALTER ANY EVENT SESSION": Rule("AAES", "CONTROL SERVER"),
        "ALTER SETTINGS": Rule("ALST", "CONTROL SERVER"),
        "ALTER RESOURCES": Rule("ALRS", "CONTROL SERVER"),
        "ALTER TRACE": Rule("ALTR", "CONTROL SERVER"),
        "ADMINISTER BULK OPERATIONS": Rule("ADBO", "CONTROL SERVER"),
        "AUTHENTICATE SERVER": Rule("AUTH", "CONTROL SERVER"),
        "SHUTDOWN": Rule("SHDN", "CONTROL SERVER"),
        "VIEW ANY DATABASE": Rule("VWDB", "VIEW ANY DEFINITION"),
        "VIEW ANY DEFINITION": Rule("VWAD", "CONTROL SERVER"),
        "VIEW SERVER STATE": Rule("VWSS", "ALTER SERVER STATE"),
        "VIEW SERVER PERFORMANCE STATE": Rule("VSP", "VIEW SERVER STATE"),
        "VIEW SERVER SECURITY STATE": Rule("VSS", "VIEW SERVER STATE"),
        "CONTROL SERVER": Rule("CL"),
    },
}

OF_COLUMNS = ("REFERENCES", "SELECT", "UPDATE")
"""The permissions on tables and views that can be limited to columns."""

FIXED_DATABASE_GRANTS: dict[str, frozenset[str]] = {
    "db_owner": frozenset({"CONTROL"}),
    "db_accessadmin": frozenset({"ALTER ANY USER", "CREATE SCHEMA", "CONNECT"}),
    "db_securityadmin": frozenset({"ALTER ANY ROLE", "CREATE SCHEMA", "VIEW DEFINITION"}),
    "db_ddladmin": frozenset(
        {
            *("ALTER ANY SCHEMA", "ALTER ANY DATABASE DDL TRIGGER", "CHECKPOINT", "REFERENCES", "VIEW DEFINITION"),
            *("CREATE TABLE", "CREATE VIEW", "CREATE PROCEDURE", "CREATE FUNCTION", "CREATE TYPE", "CREATE SYNONYM"),
            *("CREATE SCHEMA", "CREATE DEFAULT", "CREATE RULE"),
        }
    ),
    "db_backupoperator": frozenset({"BACKUP DATABASE", "BACKUP LOG", "CHECKPOINT"}),
    "db_datareader": frozenset({"SELECT"}),
    "db_datawriter": frozenset({"INSERT", "UPDATE", "DELETE"}),
}
"""What the fixed roles may do in their database; it is not among the permissions that the catalog shows."""

FIXED_DATABASE_DENIALS: dict[str, frozenset[str]] = {
    "db_denydatareader": frozenset({"SELECT"}),
    "db_denydatawriter": frozenset({"INSERT", "UPDATE", "DELETE"}),
}

FIXED_SERVER_GRANTS: dict[str, frozenset[str]] = {
    "public": frozenset({"VIEW ANY DATABASE"}),
    "sysadmin": frozenset({"CONTROL SERVER"}),
    "securityadmin": frozenset({"ALTER ANY LOGIN"}),
    "serveradmin": frozenset({"ALTER RESOURCES", "ALTER SERVER STATE", "ALTER SETTINGS", "SHUTDOWN"}),
    "processadmin": frozenset({"ALTER ANY CONNECTION", "ALTER SERVER STATE"}),
    "diskadmin": frozenset({"ALTER RESOURCES"}),
    "dbcreator": frozenset({"ALTER ANY DATABASE", "CREATE ANY DATABASE"}),
    "bulkadmin": frozenset({"ADMINISTER BULK OPERATIONS"}),
}


@cache
def covering(kind: str, permission: str) -> tuple[tuple[str, str], ...]:
    """The permissions that give ``permission`` on a securable of class ``kind``, itself first, as (class, permission).

    Those of containing classes are on the container. KeyError: the class has no such permission.
    """
    found = [(kind, permission)]
    for at, name in found:
        rule = PERMISSIONS[at][name]
        further = [(at, rule.implied_by)] if rule.implied_by else []
        if rule.parent:
            further.append((CLASS_PARENTS[at], rule.parent))
        found += [item for item in further if item not in found]
    return tuple(found)
