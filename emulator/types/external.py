"""Values between the engine and Python programs: what pyodbc would give and take."""

from typing import Any

from emulator.types.sqltype import SqlType


def to_python(t: SqlType, value: Any) -> Any:
    """``value`` of type ``t`` as a Python object (Decimal, datetime, UUID, bool for bit, ...); NULL is None."""
    raise NotImplementedError


def from_python(value: Any) -> tuple[SqlType, Any]:
    """Type and value that a Python object stands for. TypeError: nothing does."""
    raise NotImplementedError


def from_python_as(t: SqlType, value: Any) -> Any:
    """A Python object as a value of ``t``."""
    raise NotImplementedError
