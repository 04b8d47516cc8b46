"""The values with which a module is called: from EXEC, from a remote procedure call, from another module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.types.sqltype import SqlType


@dataclass(slots=True)
class CallArgument:
    """One argument. ``name`` has its ``@``, or is "" for a positional one.

    ``value`` is an engine value of ``type`` (a TableStore for a table-valued parameter); the callee's final value is
    put there when ``output``. ``default`` asks for the parameter's default.
    """

    name: str
    type: SqlType
    value: Any
    output: bool = False
    default: bool = False
