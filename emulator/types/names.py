"""Names of system types, as they are written in T-SQL, resolved to types."""

from typing import TYPE_CHECKING

from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.sql.nodes import TypeName


def resolve(name: "TypeName", default_length: int = 1) -> SqlType | None:
    """The system type that ``name`` means, or None if it is not a system type (the catalog looks for user types then).

    ``default_length`` is the length of character and binary types written without one: 1 in declarations, 30 in CAST
    and CONVERT. Character types come without a collation. Raises 131, 192, 1001, 1002, 2716, 2724, 2750, 2751.
    """
    raise NotImplementedError
