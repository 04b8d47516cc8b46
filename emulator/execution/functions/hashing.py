"""Hashes, checksums and generated identifiers.

CHECKSUM and BINARY_CHECKSUM are not SQL Server's algorithm, which is not published: equal values (under the collation,
for CHECKSUM) give equal numbers here too, but the numbers are others.

Documentation: "HASHBYTES (Transact-SQL)", "CHECKSUM", "BINARY_CHECKSUM", "COMPRESS", "NEWID", "NEWSEQUENTIALID".
"""

from __future__ import annotations

import gzip
import hashlib
import uuid
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.errors import NotSupported
from emulator.execution.functions.registry import (
    ANY,
    BINARY,
    INTEGER,
    TEXT,
    TEXT_OR_BINARY,
    Call,
    Implementation,
    bound,
    function,
    session_value,
)
from emulator.types.collation import collation
from emulator.types.comparison import sort_key
from emulator.types.sqltype import INT, UNIQUEIDENTIFIER, VARBINARY_MAX, SqlType, is_binary, is_unicode, varbinary

if TYPE_CHECKING:
    from emulator.session import Session

_SEQUENTIAL_NODE = bytes.fromhex("80C300155D000001")
"""What the identifiers of NEWSEQUENTIALID have in common: the place of a network address."""

ALGORITHMS = {
    "MD5": hashlib.md5,
    "SHA": hashlib.sha1,
    "SHA1": hashlib.sha1,
    "SHA2_256": hashlib.sha256,
    "SHA2_512": hashlib.sha512,
}


def bytes_of(t: SqlType) -> Callable[[Any], bytes]:
    """The function from text or binary values of ``t`` to the bytes that SQL Server stores for them."""
    if is_binary(t):
        return bytes
    if is_unicode(t):
        return lambda value: str(value).encode("utf-16-le", "surrogatepass")
    return collation(t.collation).encode


@function("CRYPT_GEN_RANDOM", INTEGER, BINARY, optional=1, session=True, deterministic=False, result=varbinary(8000))
def crypt_gen_random(session: Session, length: int, seed: Any = None) -> bytes | None:
    """Random bytes, from the instance's source of chance; NULL for a length that is not 1 to 8000."""
    return bytes(session.instance.random.randbytes(length)) if 1 <= length <= 8000 else None


@bound("HASHBYTES", TEXT, TEXT_OR_BINARY)
def _hash_bytes(call: Call) -> tuple[SqlType, Implementation]:
    """NULL for an unknown algorithm."""
    to_bytes = bytes_of(call.types[1])
    name = call.constant(0)
    if isinstance(name, str) and name.upper() in ("MD2", "MD4"):
        raise NotSupported(f"HASHBYTES('{name}')", call.line)

    def hash_bytes(algorithm: str, value: Any) -> bytes | None:
        make = ALGORITHMS.get(algorithm.upper())
        return None if make is None else make(to_bytes(value)).digest()

    return varbinary(8000), hash_bytes


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value


def checksum_of(values: list[Any]) -> int:
    """One int for a list of comparable values."""
    return _signed(zlib.crc32(repr(values).encode()))


@bound("CHECKSUM", ANY, variadic=True, nulls=True, nullable=False)
def _checksum(call: Call) -> tuple[SqlType, Implementation]:
    keys = [sort_key(t) for t in call.types]

    def checksum(*values: Any) -> int:
        comparable = [
            value if key is None or value is None else key(value) for key, value in zip(keys, values, strict=True)
        ]
        return checksum_of(comparable)

    return INT, checksum


@bound("BINARY_CHECKSUM", ANY, variadic=True, nulls=True, nullable=False)
def _binary_checksum(call: Call) -> tuple[SqlType, Implementation]:
    return INT, lambda *values: checksum_of(list(values))


@bound("COMPRESS", TEXT_OR_BINARY)
def _compress(call: Call) -> tuple[SqlType, Implementation]:
    """GZIP. The bytes may differ from those that SQL Server gives; what they decompress to does not."""
    to_bytes = bytes_of(call.types[0])
    return VARBINARY_MAX, lambda value: gzip.compress(to_bytes(value), mtime=0)


@function("DECOMPRESS", BINARY, result=VARBINARY_MAX)
def decompress(value: bytes) -> bytes:
    """NotSupported: data that is not GZIP."""
    try:
        return gzip.decompress(value)
    except (OSError, EOFError, zlib.error, TypeError):
        raise NotSupported("DECOMPRESS of data that COMPRESS has not made") from None


@session_value("NEWSEQUENTIALID", UNIQUEIDENTIFIER, deterministic=False, nullable=False)
def new_sequential_id(session: Session) -> bytes:
    """An identifier greater than all before it: the parts that weigh least in comparisons count up."""
    number = next(session.instance.sequential_ids).to_bytes(8, "big")
    return number[4:8] + number[2:4] + number[0:2] + _SEQUENTIAL_NODE


@session_value("NEWID", UNIQUEIDENTIFIER, deterministic=False, nullable=False)
def new_id(session: Session) -> bytes:
    """A random (version 4) identifier from the instance's generator."""
    return uuid.UUID(int=session.instance.random.getrandbits(128), version=4).bytes_le
