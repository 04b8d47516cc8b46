"""System procedures that list, configure and maintain.

Pages sp_databases, sp_helpdb, sp_spaceused, sp_helpconstraint, sp_settriggerorder, sp_configure, sp_addmessage,
sp_recompile, sp_refreshview, RECONFIGURE of the Transact-SQL reference.
"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.execution.system_procedures.listings import LISTINGS


@pytest.fixture
def orders(client: Any) -> Any:
    client.run("CREATE TABLE dbo.orders (id int PRIMARY KEY, qty int CHECK (qty > 0))")
    client.run("CREATE TABLE dbo.lines (id int REFERENCES dbo.orders)")
    return client


@pytest.mark.parametrize("name", sorted(set(LISTINGS) - {"sp_MSforeachdb", "sp_MSforeachtable"}))
def test_every_listing_runs_for_an_existing_name(orders: Any, name: str) -> None:
    takes_table = name in ("sp_depends", "sp_helptrigger", "sp_helpstats", "sp_spaceused")
    argument = "'dbo.orders'" if takes_table else ""
    assert orders.collect(f"EXEC {name} {argument}").errors == []


def test_databases_come_with_their_size(client: Any) -> None:
    rows = client.query("EXEC sp_databases")
    assert ("lockstep", 16384, None) in rows


def test_space_used_counts_the_rows_of_a_table(orders: Any) -> None:
    orders.run("INSERT dbo.orders VALUES (1, 1), (2, 2)")
    ((name, rows, *sizes),) = orders.query("EXEC sp_spaceused 'dbo.orders'")
    assert (name, rows.strip()) == ("orders", "2")
    assert all(size.endswith(" KB") for size in sizes)
    assert orders.fails("EXEC sp_spaceused 'dbo.nothing'").number == 15009


def test_constraints_are_listed_with_the_keys_that_refer(orders: Any) -> None:
    sets = orders.results("EXEC sp_helpconstraint 'dbo.orders'")
    assert sets[0] == [("dbo.orders",)]
    assert {row[0] for row in sets[1]} == {"CHECK on column qty", "PRIMARY KEY (clustered)"}
    assert sets[2][0][0].startswith("lockstep.dbo.lines: FK__lines__id__")
    messages = orders.collect("EXEC sp_helpconstraint 'dbo.lines'").messages
    assert [message.number for message in messages] == [15470]


def test_a_command_is_run_for_each_table_and_database(orders: Any) -> None:
    found = orders.results("EXEC sp_MSforeachtable 'SELECT ''?''', @whereand = 'AND o.name LIKE ''l%'''")
    assert found == [[("[dbo].[lines]",)]]
    printed = orders.run("EXEC sp_MSforeachdb 'PRINT ''?'''").messages
    assert [message.message for message in printed] == ["master", "tempdb", "model", "msdb", "lockstep"]


def test_triggers_fire_in_the_order_that_is_set(orders: Any) -> None:
    for name in ("one", "two", "three"):
        orders.run(f"CREATE TRIGGER {name} ON dbo.orders AFTER INSERT AS PRINT '{name}'")
    orders.run("EXEC sp_settriggerorder 'three', 'First', 'INSERT'; EXEC sp_settriggerorder 'one', 'last', 'INSERT'")
    messages = orders.run("INSERT dbo.orders VALUES (1, 1)").messages
    assert [message.message for message in messages] == ["three", "two", "one"]
    assert orders.value("OBJECTPROPERTY(OBJECT_ID('three'), 'ExecIsFirstInsertTrigger')") == 1
    assert orders.fails("EXEC sp_settriggerorder 'two', 'First', 'INSERT'").number == 15130
    assert orders.fails("EXEC sp_settriggerorder 'two', 'First', 'UPDATE'").number == 15125
    assert orders.fails("EXEC sp_settriggerorder 'four', 'First', 'INSERT'").number == 15165


def test_a_configured_value_is_in_force_after_reconfigure(client: Any) -> None:
    row = "EXEC sp_configure 'nested triggers'"
    sink = client.run("EXEC sp_configure 'nested triggers', 0")
    assert [message.number for message in sink.messages] == [15457]
    assert client.query(row)[0][3:] == (0, 1)
    assert client.query(f"RECONFIGURE; {row}")[0][3:] == (0, 0)
    assert client.query("SELECT value, value_in_use FROM sys.configurations WHERE configuration_id = 115") == [(0, 0)]


@pytest.mark.parametrize(
    ("arguments", "number"), [("'no such'", 15123), ("'max degree of parallelism'", 15123), ("'remote'", 15124)]
)
def test_an_option_must_be_known_shown_and_meant_alone(client: Any, arguments: str, number: int) -> None:
    assert client.fails(f"EXEC sp_configure {arguments}").number == number


def test_a_value_must_be_within_the_options_bounds(client: Any) -> None:
    assert client.fails("EXEC sp_configure 'nested triggers', 2").number == 15129


def test_without_nested_triggers_an_after_trigger_fires_no_other(orders: Any) -> None:
    orders.run("CREATE TABLE dbo.log (n int)")
    orders.run("CREATE TRIGGER a ON dbo.orders AFTER INSERT AS INSERT dbo.log VALUES (1)")
    orders.run("CREATE TRIGGER b ON dbo.log AFTER INSERT AS PRINT 'nested'")
    assert [m.message for m in orders.run("INSERT dbo.orders VALUES (1, 1)").messages] == ["nested"]
    orders.run("EXEC sp_configure 'nested triggers', 0; RECONFIGURE")
    assert orders.run("INSERT dbo.orders VALUES (2, 1)").messages == []
    assert orders.query("SELECT COUNT(*) FROM dbo.log") == [(2,)]


def test_messages_of_ones_own_are_raised_by_number(client: Any) -> None:
    client.run("EXEC sp_addmessage 50010, 14, N'%d of %s'")
    error = client.fails("RAISERROR(50010, 16, 3, 5, 'ten')")
    assert (error.number, error.severity, error.state, error.message) == (50010, 16, 3, "5 of ten")
    assert client.fails("RAISERROR(50010, -1, 1, 5, 'ten')").severity == 14
    assert client.query("SELECT severity, text FROM sys.messages WHERE message_id = 50010") == [(14, "%d of %s")]
    assert client.fails("EXEC sp_addmessage 50010, 14, N'again'").number == 15043
    client.run("EXEC sp_dropmessage 50010")
    assert client.fails("RAISERROR(50010, 16, 1)").number == 18054


def test_a_message_of_the_server_brings_its_own_severity(client: Any) -> None:
    error = client.fails("RAISERROR(15600, -1, -1, 'my_procedure')")
    text = "An invalid parameter or option was specified for procedure 'my_procedure'."
    assert (error.number, error.severity, error.state, error.message) == (15600, 15, 1, text)
    assert client.fails("RAISERROR(12, 16, 1)").number == 2732


def test_a_view_is_refreshed_or_says_what_is_wrong(orders: Any) -> None:
    orders.run("CREATE VIEW dbo.big AS SELECT id FROM dbo.orders WHERE qty > 10")
    orders.run("EXEC sp_refreshview 'dbo.big'")
    orders.run("ALTER TABLE dbo.orders DROP CONSTRAINT " + orders.query("SELECT name FROM sys.check_constraints")[0][0])
    orders.run("ALTER TABLE dbo.orders DROP COLUMN qty")
    assert orders.fails("EXEC sp_refreshview 'dbo.big'").number == 207
    assert orders.fails("EXEC sp_refreshview 'dbo.orders'").number == 15165


def test_recompile_says_so(orders: Any) -> None:
    assert [m.number for m in orders.run("EXEC sp_recompile 'dbo.orders'").messages] == [15070]


def test_output_to_the_client_is_refused_for_triggers_of_the_same_event_alone(orders: Any) -> None:
    orders.run("CREATE TRIGGER a ON dbo.orders AFTER INSERT AS PRINT 'x'")
    assert orders.fails("INSERT dbo.orders OUTPUT inserted.id VALUES (1, 1)").number == 334
    assert orders.query("UPDATE dbo.orders SET qty = 2 OUTPUT inserted.id") == []


def test_dependencies_are_listed_in_both_directions(orders: Any) -> None:
    orders.run("CREATE VIEW dbo.v AS SELECT id FROM dbo.orders")
    assert orders.query("EXEC sp_depends 'dbo.v'") == [("dbo.orders", "user table", "no", "yes", None)]
    assert orders.query("EXEC sp_depends 'dbo.orders'") == [("dbo.v", "view")]
    assert [m.number for m in orders.run("EXEC sp_depends 'dbo.lines'").messages] == [15461]
