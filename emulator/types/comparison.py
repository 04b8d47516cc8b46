"""Comparison and ordering of two values of one type."""

from collections.abc import Callable
from typing import Any

from emulator.types.sqltype import SqlType


def comparer(op: str, t: SqlType) -> Callable[[Any, Any], bool]:
    """The function of ``=``, ``<>``, ``<``, ``<=``, ``>`` or ``>=`` for two non-NULL values of type ``t``. Raises 306, 402."""
    raise NotImplementedError


def sort_key(t: SqlType) -> Callable[[Any], Any] | None:
    """A key whose order, equality and hash are SQL Server's for values of ``t``; None: the value itself is one."""
    raise NotImplementedError
