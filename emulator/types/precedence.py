"""Which type two types meet in: CASE, COALESCE, UNION, comparison, IN."""

from emulator.types.sqltype import SqlType


def common_type(a: SqlType, b: SqlType) -> SqlType:
    """The type both are converted to. Raises 206 (operand type clash) and 468 (collation conflict)."""
    raise NotImplementedError
