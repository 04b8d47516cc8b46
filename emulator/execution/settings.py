"""The SET options of a session (documentation: "SET statements (Transact-SQL)").

Settings are copied on change: a module that changes one works on its own copy, and its caller's come back at its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from emulator.errors import NotSupported


class Isolation(IntEnum):
    """Isolation levels, numbered as in ``sys.dm_exec_sessions.transaction_isolation_level``."""

    READ_UNCOMMITTED = 1
    READ_COMMITTED = 2
    REPEATABLE_READ = 3
    SERIALIZABLE = 4
    SNAPSHOT = 5


@dataclass(slots=True)
class Settings:
    """Defaults are those of an ODBC connection. ``lock_timeout`` in milliseconds, -1 = wait for ever."""

    isolation: Isolation = Isolation.READ_COMMITTED
    lock_timeout: int = -1
    nocount: bool = False
    xact_abort: bool = False
    implicit_transactions: bool = False
    rowcount: int = 0
    datefirst: int = 7
    dateformat: str = "mdy"
    language: str = "us_english"
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
                "ARITHABORT",
            }
        )
    )
    """The other ON/OFF options that are on, by their upper-case names."""


def check_isolation(level: Isolation, line: int = 0) -> None:
    """NotSupported: SNAPSHOT, which needs row versions."""
    if level is Isolation.SNAPSHOT:
        raise NotSupported("isolation level SNAPSHOT", line)
