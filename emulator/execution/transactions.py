"""BEGIN, COMMIT, ROLLBACK and SAVE TRANSACTION, the SET options and USE, as steps.

Documentation: "BEGIN TRANSACTION", "COMMIT TRANSACTION", "ROLLBACK TRANSACTION", "SAVE TRANSACTION", "SET statements".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.authorization import authorize
from emulator.execution.failures import statement_failed
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.plans import evaluator
from emulator.execution.settings import STATISTICS, Change, Isolation, Settings
from emulator.execution.skipping import SKIPPING, compile_skip
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.planning.accesses import Access, home_of
from emulator.planning.changes.targets import find_table
from emulator.planning.expressions import compile_scalar, convert_to
from emulator.sql import nodes
from emulator.types.languages import DATE_ORDERS, conventions, find_language
from emulator.types.sqltype import SqlType

FIELDS = {
    "NOCOUNT": "nocount",
    "XACT_ABORT": "xact_abort",
    "IMPLICIT_TRANSACTIONS": "implicit_transactions",
    "FMTONLY": "format_only",
}
"""The fields of ``Settings`` that options are."""
DEFAULT_TEXT_SIZE = 4096
PRIORITIES = {"LOW": -5, "NORMAL": 0, "HIGH": 5}
SWITCHES = frozenset(
    {
        "ANSI_NULL_DFLT_ON",
        "ANSI_NULL_DFLT_OFF",
        "ANSI_PADDING",
        "ARITHABORT",
        "ANSI_NULLS",
        "ANSI_WARNINGS",
        "ARITHIGNORE",
        "CONCAT_NULL_YIELDS_NULL",
        "CURSOR_CLOSE_ON_COMMIT",
        "NUMERIC_ROUNDABORT",
        "QUOTED_IDENTIFIER",
    }
)
"""Options that are on or off in ``Settings.on``."""
STEERING = frozenset({"FORCEPLAN", "REMOTE_PROC_TRANSACTIONS"})
"""Options that change no result: they steer plans, or calls of other servers, which there are none of."""
ANSI_DEFAULTS = ("ANSI_NULLS", "ANSI_NULL_DFLT_ON", "ANSI_PADDING", "ANSI_WARNINGS", "CURSOR_CLOSE_ON_COMMIT")
OPPOSITES = {"ANSI_NULL_DFLT_ON": "ANSI_NULL_DFLT_OFF", "ANSI_NULL_DFLT_OFF": "ANSI_NULL_DFLT_ON"}
"""Turning one of them on turns the other off."""
OF_MODULES = frozenset({"ANSI_NULLS", "QUOTED_IDENTIFIER"})
"""A module keeps those it was created with: SET in its body does nothing."""


def compile_begin(node: nodes.BeginTransaction, compiler: UnitCompiler) -> Step:
    name = _name(node.name, node, compiler)

    def begin(frame: Frame) -> None:
        frame.session.begin_implicitly()
        frame.session.begin(name(frame))

    return _simple(node, begin)


def compile_commit(node: nodes.CommitTransaction, compiler: UnitCompiler) -> Step:
    def commit(frame: Frame) -> None:
        session = frame.session
        if session.insert_exec is not None and session.trancount <= session.insert_exec:
            raise sql_error(3916)
        session.commit(delayed=node.delayed)

    return _simple(node, commit)


def compile_rollback(node: nodes.RollbackTransaction, compiler: UnitCompiler) -> Step:
    name = _name(node.name, node, compiler)

    def rollback(frame: Frame) -> None:
        session, given = frame.session, name(frame)
        if session.insert_exec is not None and given in (None, session.transaction_name):
            raise sql_error(3915)
        session.rollback(given)

    return _simple(node, rollback)


def compile_save(node: nodes.SaveTransaction, compiler: UnitCompiler) -> Step:
    name = _name(node.name, node, compiler)
    return _simple(node, lambda frame: frame.session.save(name(frame) or ""))


def _name(
    name: nodes.TransactionName | None, node: nodes.Statement, compiler: UnitCompiler
) -> Callable[[Frame], str | None]:
    if isinstance(name, nodes.Variable):
        index = compiler.variables.scalar(name.name, node.line).index
        return lambda frame: frame.variables[index]
    return lambda frame: name


def _simple(node: nodes.Statement, act: Callable[[Frame], None]) -> Step:
    def run_simple(frame: Frame) -> Signal | None:
        try:
            act(frame)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        session = frame.session
        session.row_count = 0
        session.error_number = 0
        session.switch_point()
        return None

    return run_simple


def compile_isolation(node: nodes.SetIsolationLevel, compiler: UnitCompiler) -> Step:
    change = Change(isolation=Isolation[node.level.replace(" ", "_")])

    def set_isolation(frame: Frame) -> None:
        session = frame.session
        session.settings = change.apply(session.settings)

    return _simple(node, set_isolation)


def compile_option(node: nodes.SetOption, compiler: UnitCompiler) -> Step:
    if node.options[0] in SKIPPING:
        return compile_skip(node, node.options[0])
    changes: dict[str, Any] = {}
    flags: set[str] = set()
    for option in node.options:
        if option in FIELDS:
            changes[FIELDS[option]] = node.on
        elif option in SWITCHES or option in STATISTICS:
            flags.add(option)
        elif option == "ANSI_DEFAULTS":
            flags |= {*ANSI_DEFAULTS, "QUOTED_IDENTIFIER"}
            changes["implicit_transactions"] = node.on
        elif node.on and option not in STEERING:
            raise NotSupported(f"SET {option} ON", node.line)
    if compiler.module is not None:
        flags -= OF_MODULES
    change = Change(**changes)
    switches = [_Switch(flag, node.on) for flag in flags]
    if node.on:
        switches += [_Switch(OPPOSITES[flag], False) for flag in flags if flag in OPPOSITES]

    def set_options(frame: Frame) -> None:
        session = frame.session
        settings = change.apply(session.settings)
        for switch in switches:
            settings = switch.apply(settings)
        session.settings = settings

    return _simple(node, set_options)


class _Switch(Change):
    """Turns one of ``Settings.on`` on or off."""

    __slots__ = ("_flag", "_on")

    def __init__(self, flag: str, on: bool) -> None:
        super().__init__()
        self._flag = flag
        self._on = on

    def _changed(self, settings: Settings) -> Settings:
        if (self._flag in settings.on) is self._on:
            return settings
        return replace(settings, on=settings.on ^ {self._flag})


def compile_value(node: nodes.SetValue, compiler: UnitCompiler) -> Step:
    setters: dict[str, tuple[SqlType, Callable[[Frame, Any], None]]] = {
        "LOCK_TIMEOUT": (SqlType("int"), _set("lock_timeout")),
        "DATEFIRST": (SqlType("int"), _set_first_day),
        "TEXTSIZE": (SqlType("int"), _set_text_size),
        "CONTEXT_INFO": (SqlType("varbinary", 128), _set("context_info")),
        "ROWCOUNT": (SqlType("int"), _set("rowcount")),
        "DEADLOCK_PRIORITY": (_name_type(), _set_priority),
        "DATEFORMAT": (_name_type(), _set_date_order),
        "LANGUAGE": (_name_type(), _set_language),
        "QUERY_GOVERNOR_COST_LIMIT": (SqlType("int"), _only("SET QUERY_GOVERNOR_COST_LIMIT", {0})),
    }
    if node.option not in setters:
        raise NotSupported(f"SET {node.option}", node.line)
    type, setter = setters[node.option]
    value = evaluator(compiler, node, lambda ctx: convert_to(compile_scalar(node.value, None, ctx), type).fn)
    return _simple(node, lambda frame: setter(frame, value(frame)))


def _name_type() -> SqlType:
    return SqlType("nvarchar", 128)


def _set(field: str) -> Callable[[Frame, Any], None]:
    def set_field(frame: Frame, value: Any) -> None:
        frame.session.settings = replace(frame.session.settings, **{field: value})

    return set_field


def _set_text_size(frame: Frame, value: Any) -> None:
    """0 means the default of 4096 bytes, as which it is shown."""
    frame.session.settings = replace(frame.session.settings, textsize=value or DEFAULT_TEXT_SIZE)


def _set_first_day(frame: Frame, value: Any) -> None:
    """Errors: 2742."""
    if value is None or not 1 <= value <= 7:
        raise sql_error(2742, value)
    frame.session.settings = replace(frame.session.settings, datefirst=value, chose_first_day=True)


def _set_date_order(frame: Frame, value: Any) -> None:
    """Errors: 2741."""
    session = frame.session
    order = (value or "").lower()
    if order not in DATE_ORDERS:
        raise sql_error(2741, value)
    language = session.settings.conventions.language
    session.use_settings(replace(session.settings, conventions=conventions(order, language), chose_date_order=True))


def _set_language(frame: Frame, value: Any) -> None:
    """The language, with its order of dates and first day of the week unless SET has chosen them. Errors: 2740."""
    session = frame.session
    language = find_language(value or "")
    if language is None:
        raise sql_error(2740, value)
    settings = session.settings
    order = settings.conventions.order if settings.chose_date_order else language.dateformat
    first_day = settings.datefirst if settings.chose_first_day else language.datefirst
    session.use_settings(replace(settings, conventions=conventions(order, language), datefirst=first_day))
    session.sink.message(SqlError(5703, 0, 1, f"Changed language setting to {language.name}."))


def _only(option: str, accepted: set[Any]) -> Callable[[Frame, Any], None]:
    def check(frame: Frame, value: Any) -> None:
        if (value.lower() if isinstance(value, str) else value) not in accepted:
            raise NotSupported(f"{option} {value}")

    return check


def _set_priority(frame: Frame, value: Any) -> None:
    text = str(value).upper()
    priority = PRIORITIES.get(text)
    if priority is None:
        try:
            priority = int(text)
        except ValueError:
            raise sql_error(102, value) from None
    if not -10 <= priority <= 10:
        raise sql_error(102, value)
    frame.session.locking.deadlock_priority = priority


def compile_use(node: nodes.Use, compiler: UnitCompiler) -> Step:
    """USE holds for the statements after it in the text when they are compiled, and for the session when it runs."""
    compiler.database = compiler.session.instance.database(node.database, node.line)
    return _simple(node, lambda frame: frame.session.use(node.database, node.line))


def compile_identity_insert(node: nodes.SetIdentityInsert, compiler: UnitCompiler) -> Step:
    """SET IDENTITY_INSERT: for one table of a session at a time. Errors: 8106, 8107."""
    database = compiler.database

    def set_identity_insert(frame: Frame) -> None:
        session = frame.session
        context = compiler.context(database, session)
        table = find_table(node.table, context)
        if not session.unchecked and not table.name.startswith("#"):
            authorize(session, (Access(home_of(session, table) or database, table, "ALTER"),))
        if table.identity_column is None:
            raise sql_error(8106, str(node.table), line=node.line)
        other = session.identity_insert
        if node.on and other is not None and other is not table:
            raise sql_error(8107, f"{other.database}.{other.full_name}", str(node.table), line=node.line)
        if node.on:
            session.identity_insert = table
        elif other is table:
            session.identity_insert = None

    return _simple(node, set_identity_insert)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.BeginTransaction: compile_begin,
    nodes.CommitTransaction: compile_commit,
    nodes.RollbackTransaction: compile_rollback,
    nodes.SaveTransaction: compile_save,
    nodes.SetIsolationLevel: compile_isolation,
    nodes.SetIdentityInsert: compile_identity_insert,
    nodes.SetOption: compile_option,
    nodes.SetValue: compile_value,
    nodes.Use: compile_use,
}
