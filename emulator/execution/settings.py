"""The SET options of a session (documentation: "SET statements (Transact-SQL)").

Settings never change: SET replaces those of the session by others, and at the end of a module its caller's come back.
Sets of settings are shared, so that going from one to the next is a dictionary access.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cache
from typing import Any

from emulator.types.languages import STANDARD, Conventions


class Isolation(IntEnum):
    """Isolation levels, numbered as in ``sys.dm_exec_sessions.transaction_isolation_level``."""

    READ_UNCOMMITTED = 1
    READ_COMMITTED = 2
    REPEATABLE_READ = 3
    SERIALIZABLE = 4
    SNAPSHOT = 5


@dataclass(slots=True, frozen=True)
class CompileOptions:
    """The SET options that statements are compiled for.

    ``absorbs``: arithmetic faults give NULL ("SET ARITHABORT", "SET ANSI_WARNINGS"), ``warns``: and a message.
    """

    ansi_nulls: bool = True
    ansi_warnings: bool = True
    concat_null_yields_null: bool = True
    absorbs: bool = False
    warns: bool = True
    conventions: Conventions = STANDARD


@cache
def compile_options(on: frozenset[str], conventions: Conventions) -> CompileOptions:
    """The options for those that are on: the same object for the same options."""
    ansi_warnings = "ANSI_WARNINGS" in on
    absorbs = not ansi_warnings and "ARITHABORT" not in on
    return _same(
        "ANSI_NULLS" in on,
        ansi_warnings,
        "CONCAT_NULL_YIELDS_NULL" in on,
        absorbs,
        not (absorbs and "ARITHIGNORE" in on),
        conventions,
    )


@cache
def _same(*options: Any) -> CompileOptions:
    return CompileOptions(*options)


STATISTICS = frozenset({"STATISTICS IO", "STATISTICS TIME"})


@dataclass(slots=True, frozen=True, eq=False)
class Settings:
    """Defaults are those of an ODBC connection. ``lock_timeout`` in milliseconds, -1 = wait for ever.

    ``chose_first_day`` and ``chose_date_order``: SET DATEFIRST and SET DATEFORMAT have overridden the language.
    """

    isolation: Isolation = Isolation.READ_COMMITTED
    lock_timeout: int = -1
    nocount: bool = False
    xact_abort: bool = False
    implicit_transactions: bool = False
    format_only: bool = False
    rowcount: int = 0
    datefirst: int = 7
    chose_first_day: bool = False
    chose_date_order: bool = False
    conventions: Conventions = STANDARD
    textsize: int = 2147483647
    context_info: bytes = b""
    on: frozenset[str] = field(
        default_factory=lambda: frozenset(
            {
                "ANSI_NULLS",
                "ANSI_NULL_DFLT_ON",
                "ANSI_PADDING",
                "ANSI_WARNINGS",
                "CONCAT_NULL_YIELDS_NULL",
                "QUOTED_IDENTIFIER",
            }
        )
    )
    """The other ON/OFF options that are on, by their upper-case names."""
    compiled: CompileOptions = field(init=False)
    measures: bool = field(init=False)
    """Whether SET STATISTICS wants to know what statements cost."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "measures", not self.on.isdisjoint(STATISTICS))
        object.__setattr__(self, "compiled", compile_options(self.on, self.conventions))

    @property
    def dateformat(self) -> str:
        """The order of day, month and year in dates of numbers."""
        return self.conventions.order

    @property
    def language(self) -> str:
        """The name of the language."""
        return self.conventions.language.name


class Change:
    """A change of settings, the same for every session that makes it: ``values`` by field name."""

    __slots__ = ("_known", "_values")

    def __init__(self, **values: Any) -> None:
        self._values = values
        self._known: dict[Settings, Settings] = {}

    def apply(self, settings: Settings) -> Settings:
        """The settings after the change: the same object again for the same one, itself when nothing changes."""
        known = self._known.get(settings)
        if known is None:
            if len(self._known) > KEPT_CHANGES:
                self._known.clear()
            known = self._known[settings] = self._changed(settings)
        return known

    def _changed(self, settings: Settings) -> Settings:
        if all(getattr(settings, name) == value for name, value in self._values.items()):
            return settings
        return replace(settings, **self._values)


DEFAULTS = Settings()
"""What every session begins with."""
KEPT_CHANGES = 100
