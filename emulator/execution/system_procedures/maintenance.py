"""Procedures that look after objects: recompile and refresh modules, order triggers, table options, statistics, log.

Documentation: "sp_recompile", "sp_refreshsqlmodule", "sp_refreshview", "sp_settriggerorder", "sp_tableoption",
"sp_updatestats", "sp_createstats", "sp_validname", "sys.sp_flush_log (Transact-SQL)".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.catalog.objects import InlineFunction, Module, Procedure, Table, Trigger, View
from emulator.catalog.system_views.columns import query_of_module
from emulator.errors import SqlError, sql_error
from emulator.execution.authorization import may
from emulator.execution.calls import procedure_unit
from emulator.execution.definitions.access import undo
from emulator.execution.plans import as_unit
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.help import find_object
from emulator.execution.system_procedures.signatures import procedure

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}


@procedure(PROCEDURES, "sp_recompile", "@objname nvarchar(776)")
def sp_recompile(session: Session, name: str) -> None:
    """The module, or all statements on a table, are compiled anew at their next run. Errors: 15165."""
    item = _existing(session, name, 15165)
    if isinstance(item, Module):
        item.plan = None
    else:
        session.database.version += 1
    session.sink.message(sql_error(15070, name))


def _existing(session: Session, name: str, number: int) -> Module | Table:
    try:
        item = find_object(session, name)
    except SqlError:
        raise sql_error(number, name) from None
    if not isinstance(item, Module | Table) or not (session.unchecked or may(session, "ALTER", item, session.database)):
        raise sql_error(number, name)
    return item


@procedure(PROCEDURES, "sp_refreshsqlmodule", "@name nvarchar(776), @namespace nvarchar(20) = NULL")
def sp_refreshsqlmodule(session: Session, name: str, namespace: str | None) -> None:
    """Bind the module to the objects that there are now. Errors: 15165, and those of the module's text."""
    item = _existing(session, name, 15165)
    if not isinstance(item, Module):
        raise sql_error(15165, name)
    item.plan = None
    if isinstance(item, View | InlineFunction):
        query_of_module(session, session.database, item)
    elif isinstance(item, Procedure):
        procedure_unit(session, item)


@procedure(PROCEDURES, "sp_refreshview", "@viewname nvarchar(776)")
def sp_refreshview(session: Session, name: str) -> None:
    """Errors: 15165, and those of the view's query."""
    if not isinstance(_existing(session, name, 15165), View):
        raise sql_error(15165, name)
    sp_refreshsqlmodule(session, name, None)


ORDERS = ("first", "last", "none")
ORDERED_EVENTS = ("INSERT", "UPDATE", "DELETE")


@procedure(
    PROCEDURES,
    "sp_settriggerorder",
    "@triggername nvarchar(517), @order varchar(10), @stmttype varchar(50), @namespace varchar(10) = NULL",
)
def sp_settriggerorder(session: Session, name: str, order: str, event: str, namespace: str | None) -> None:
    """Errors: 15125 not a trigger for the event, 15130 another one has the place, 15133 INSTEAD OF, 15165, 15600."""
    if order.lower() not in ORDERS or event.upper() not in ORDERED_EVENTS:
        raise sql_error(15600, "sp_settriggerorder")
    trigger = _existing(session, name, 15165)
    if not isinstance(trigger, Trigger) or trigger.table is None:
        raise sql_error(15165, name)
    if trigger.instead_of:
        raise sql_error(15133, name)
    wanted, kind = order.lower(), event.upper()
    if kind not in trigger.events:
        raise sql_error(15125, name, event.lower())
    others = (other for other in trigger.table.triggers if other is not trigger)
    if wanted != "none" and any(other.order.get(kind) == wanted for other in others):
        raise sql_error(15130, order, event)

    def change() -> None:
        undo(session, setattr, trigger, "order", trigger.order)
        trigger.order = {other: place for other, place in trigger.order.items() if other != kind}
        if wanted != "none":
            trigger.order[kind] = wanted
        session.database.version += 1

    as_unit(session.frame, change)


TABLE_OPTIONS = frozenset(
    {
        "table lock on bulk load",
        "insert row lock",
        "text in row",
        "large value types out of row",
        "vardecimal storage format",
    }
)
"""Options of how rows are stored, and of bulk loads, which lock as their hints say."""


@procedure(
    PROCEDURES,
    "sp_tableoption",
    "@TableNamePattern nvarchar(776), @OptionName varchar(35), @OptionValue varchar(12)",
)
def sp_tableoption(session: Session, name: str, option: str, value: str) -> None:
    """Options without a visible effect are accepted. Errors: 15388 no such table, 15600 no such option."""
    if option.lower() not in TABLE_OPTIONS:
        raise sql_error(15600, "sp_tableoption")
    if not isinstance(_existing(session, name, 15388), Table):
        raise sql_error(15388, name)


@procedure(PROCEDURES, "sp_updatestats", "@resample char(8) = 'NO'")
def sp_updatestats(session: Session, resample: str) -> None:
    """There are no statistics to bring up to date: the tables are named, as always."""
    for table in session.database.of_kind(Table):
        session.sink.message(SqlError(0, 0, 1, f"Updating [{table.schema}].[{table.name}]"))
        updated = "    0 index(es)/statistic(s) have been updated, "
        skipped = f"{len(table.indexes)} did not require update."
        session.sink.message(SqlError(0, 0, 1, updated + skipped))
        session.sink.message(SqlError(0, 0, 1, " "))
    session.sink.message(SqlError(15005, 0, 1, "Statistics for all tables have been updated."))


MAX_NAME = 128


@procedure(PROCEDURES, "sp_validname", "@name sysname, @raise_error bit = 1")
def sp_validname(session: Session, name: str | None, raises: int) -> int:
    """Whether a name is one. Errors: 15004, 15006."""
    if name and len(name) <= MAX_NAME and name.isprintable():
        return 0
    if raises:
        raise sql_error(15006, name) if name else sql_error(15004)
    return 1


@procedure(PROCEDURES, "sp_flush_log", "")
def sp_flush_log(session: Session) -> int:
    """Write commits with delayed durability to the disk; the status is 1 for success. Errors: 9001, 9002."""
    if session.instance.log is not None:
        session.instance.log.flush()
    return 1
