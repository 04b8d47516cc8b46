"""Conversion of values between types: CAST, CONVERT, implicit conversion and assignment."""

from collections.abc import Callable
from typing import Any

from emulator.types.sqltype import SqlType


def converter(
    source: SqlType, target: SqlType, *, style: int | None = None, explicit: bool = False
) -> Callable[[Any], Any] | None:
    """The function that converts a non-NULL value of ``source`` to ``target``; None: the value stays as it is.

    ``explicit``: CAST or CONVERT. ``style`` is CONVERT's third argument; None is the default of the type (not always
    the same as 0). Strings that are too long are cut silently. Raises 206, 257, 281, 529 now; run-time errors from the function.
    """
    raise NotImplementedError


def assigner(
    source: SqlType, target: SqlType, on_truncation: Callable[[str], Exception] | None = None
) -> Callable[[Any], Any] | None:
    """The function that makes a value of ``source`` fit for a column, variable or parameter of ``target``.

    ``on_truncation`` (columns) makes the error to raise when text or binary data does not fit, given the part that would fit;
    without it (variables, parameters) data is cut silently.
    """
    raise NotImplementedError
