"""Options of ALTER DATABASE ... SET that are kept and shown, and change nothing that can be seen but where they say so.

Only values with which a database here behaves as one on SQL Server are taken: others are refused by name.

Documentation: "ALTER DATABASE SET options (Transact-SQL)", ``sys.databases``.
"""

from __future__ import annotations

from collections.abc import Mapping

ON_OFF = ("OFF", "ON")
KEPT_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "RECOVERY": ("FULL", "SIMPLE", "BULK_LOGGED"),
    "PAGE_VERIFY": ("CHECKSUM", "TORN_PAGE_DETECTION", "NONE"),
    "PARAMETERIZATION": ("SIMPLE", "FORCED"),
    "DELAYED_DURABILITY": ("DISABLED", "ALLOWED", "FORCED"),
    "CURSOR_DEFAULT": ("GLOBAL",),
    "CONTAINMENT": ("NONE",),
    "AUTO_CREATE_STATISTICS": ("ON", "OFF"),
    "AUTO_UPDATE_STATISTICS": ("ON", "OFF"),
    "TEMPORAL_HISTORY_RETENTION": ("ON", "OFF"),
    "CURSOR_CLOSE_ON_COMMIT": ("OFF",),
    "TRUSTWORTHY": ("OFF",),
    "DB_CHAINING": ("OFF",),
    "ENCRYPTION": ("OFF",),
    "CHANGE_TRACKING": ("OFF",),
    "READ_WRITE": ("READ_WRITE",),
    "ONLINE": ("ONLINE",),
    "DISABLE_BROKER": ("DISABLE_BROKER",),
    **dict.fromkeys(
        (
            *("ACCELERATED_DATABASE_RECOVERY", "ANSI_NULLS", "ANSI_NULL_DEFAULT", "ANSI_PADDING", "ANSI_WARNINGS"),
            *("ARITHABORT", "AUTO_CLOSE", "AUTO_SHRINK", "AUTO_UPDATE_STATISTICS_ASYNC", "CONCAT_NULL_YIELDS_NULL"),
            *("DATE_CORRELATION_OPTIMIZATION", "HONOR_BROKER_PRIORITY", "MIXED_PAGE_ALLOCATION"),
            *("NUMERIC_ROUNDABORT", "QUERY_STORE", "QUOTED_IDENTIFIER", "RECURSIVE_TRIGGERS"),
        ),
        ON_OFF,
    ),
}
"""By name the values, the first of which is the default. RECURSIVE_TRIGGERS has its effect; the ANSI options are those
of connections that set none."""
WITHOUT_VALUES = frozenset({"TARGET_RECOVERY_TIME"})
"""Options of which any value is taken."""


def takes(option: str, value: str) -> bool:
    """Whether the option is one of these and may have the value, whatever stands in parentheses behind it."""
    allowed = KEPT_OPTIONS.get(option)
    return option in WITHOUT_VALUES or (allowed is not None and plain(value) in allowed)


def plain(value: str) -> str:
    """``value`` without what stands in parentheses behind it."""
    return value.split(" (", maxsplit=1)[0].upper()


def option_value(options: Mapping[str, str], name: str) -> str:
    """The value of an option of a database, its default if none was set."""
    return options.get(name, KEPT_OPTIONS[name][0])
