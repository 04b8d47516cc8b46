"""Names of system types, as they are written in T-SQL, resolved to types.

Documentation: "Data types (Transact-SQL)", "Data type synonyms (Transact-SQL)".
"""

from collections.abc import Callable

from emulator.errors import NotSupported, sql_error
from emulator.sql.nodes import TypeName
from emulator.types.sqltype import MAX, MAX_PRECISION, ROWVERSION, SYSNAME, SqlType

DECLARED_LENGTH = 1
CAST_LENGTH = 30
"""Length of a character or binary type written without one: in a declaration, and in CAST or CONVERT."""

MAX_BYTES = 8000
_DEFAULT_PRECISION = 18
_DEFAULT_FRACTION = 7
_FLOAT_BITS = 53
_REAL_BITS = 24

_SYNONYMS = {
    "character": "char",
    "char varying": "varchar",
    "character varying": "varchar",
    "national char": "nchar",
    "national character": "nchar",
    "national char varying": "nvarchar",
    "national character varying": "nvarchar",
    "national text": "ntext",
    "binary varying": "varbinary",
    "dec": "decimal",
    "integer": "int",
    "double precision": "float",
    "timestamp": "rowversion",
}

_PLAIN = (
    *("bit", "tinyint", "smallint", "int", "bigint", "money", "smallmoney"),
    *("date", "datetime", "smalldatetime", "uniqueidentifier", "sql_variant", "xml"),
)

_UNSUPPORTED = ("geography", "geometry", "hierarchyid", "cursor", "json", "vector")


def resolve(name: TypeName, default_length: int = DECLARED_LENGTH) -> SqlType | None:
    """The system type that ``name`` means, or None if it is not a system type (the catalog looks for user types then).

    ``default_length`` is the length of character and binary types written without one (``CAST_LENGTH`` in CAST and
    CONVERT). Character types come without a collation. Raises 131, 192, 1001, 1002, 2716, 2750.
    """
    if name.schema is not None and name.schema.lower() != "sys":
        return None
    canonical = " ".join(name.name.lower().split())
    canonical = _SYNONYMS.get(canonical, canonical)
    if canonical in _PLAIN:
        return _plain(SqlType(canonical), name)
    if canonical in _UNSUPPORTED:
        raise NotSupported(f"data type {canonical}")
    builder = _BUILDERS.get(canonical)
    return builder(canonical, name, default_length) if builder else None


def _plain(t: SqlType, name: TypeName) -> SqlType:
    if name.arguments or name.is_max:
        raise sql_error(2716, 1, t.name)
    return t


def _sized(canonical: str, name: TypeName, default_length: int) -> SqlType:
    if name.is_max:
        if canonical in ("char", "nchar", "binary"):
            raise sql_error(2716, 1, canonical)
        return SqlType(canonical, MAX)
    length = name.arguments[0] if name.arguments else default_length
    limit = MAX_BYTES // 2 if canonical in ("nchar", "nvarchar") else MAX_BYTES
    if length < 1:
        raise sql_error(1001, 1, length)
    if length > MAX_BYTES:
        raise sql_error(131, length, "type", canonical, MAX_BYTES, state=3)
    if length > limit:
        raise sql_error(2717, length, "type", canonical, limit, state=2)
    return SqlType(canonical, length)


def _decimal(canonical: str, name: TypeName, _default_length: int) -> SqlType:
    precision = name.arguments[0] if name.arguments else _DEFAULT_PRECISION
    scale = name.arguments[1] if len(name.arguments) > 1 else 0
    if precision < 1:
        raise sql_error(1001, 1, precision)
    if precision > MAX_PRECISION:
        raise sql_error(2750, 1, precision, MAX_PRECISION)
    if scale > precision:
        raise sql_error(192)
    return SqlType(canonical, precision=precision, scale=scale)


def _float(_canonical: str, name: TypeName, _default_length: int) -> SqlType:
    bits = name.arguments[0] if name.arguments else _FLOAT_BITS
    if bits < 1:
        raise sql_error(1001, 1, bits)
    if bits > _FLOAT_BITS:
        raise sql_error(2750, 1, bits, _FLOAT_BITS)
    return SqlType("real" if bits <= _REAL_BITS else "float")


def _fractional(canonical: str, name: TypeName, _default_length: int) -> SqlType:
    scale = name.arguments[0] if name.arguments else _DEFAULT_FRACTION
    if scale > _DEFAULT_FRACTION:
        raise sql_error(1002, 1, scale)
    return SqlType(canonical, scale=scale)


def _large_object(canonical: str, name: TypeName, _default_length: int) -> SqlType:
    return _plain(SqlType(canonical, MAX), name)


_BUILDERS: dict[str, Callable[[str, TypeName, int], SqlType]] = {
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar", "binary", "varbinary"), _sized),
    **dict.fromkeys(("decimal", "numeric"), _decimal),
    **dict.fromkeys(("time", "datetime2", "datetimeoffset"), _fractional),
    **dict.fromkeys(("text", "ntext", "image"), _large_object),
    "float": _float,
    "real": lambda _canonical, name, _length: _plain(SqlType("real"), name),
    "rowversion": lambda _canonical, name, _length: _plain(ROWVERSION, name),
    "sysname": lambda _canonical, name, _length: _plain(SYSNAME, name),
}
