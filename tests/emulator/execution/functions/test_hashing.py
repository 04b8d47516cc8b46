"""Hashes and checksums (documentation: "HASHBYTES (Transact-SQL)", "CHECKSUM", "NEWID")."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest

from emulator.errors import NotSupported


@pytest.mark.parametrize(
    ("algorithm", "make"),
    [("MD5", hashlib.md5), ("SHA1", hashlib.sha1), ("sha2_256", hashlib.sha256), ("SHA2_512", hashlib.sha512)],
)
def test_hashbytes_hashes_the_bytes_that_are_stored(bench: Any, algorithm: str, make: Any) -> None:
    assert bench.value(f"HASHBYTES('{algorithm}', 'abc€')") == make(b"abc\x80").digest()
    assert bench.value(f"HASHBYTES('{algorithm}', N'abc')") == make("abc".encode("utf-16-le")).digest()
    assert bench.value(f"HASHBYTES('{algorithm}', 0x0102)") == make(b"\x01\x02").digest()


def test_algorithms_that_are_unknown_or_gone(bench: Any) -> None:
    assert bench.value("HASHBYTES('SHA3', 'abc')") is None
    with pytest.raises(NotSupported):
        bench.value("HASHBYTES('MD2', 'abc')")


def test_checksums_follow_the_collation_and_binary_ones_do_not(bench: Any) -> None:
    assert bench.value("CHECKSUM('abc', 1)") == bench.value("CHECKSUM('ABC', 1)")
    assert bench.value("CHECKSUM('abc', 1)") != bench.value("CHECKSUM('abc', 2)")
    assert bench.value("BINARY_CHECKSUM('abc')") != bench.value("BINARY_CHECKSUM('ABC')")
    assert -(2**31) <= bench.value("CHECKSUM('abc', NULL)") < 2**31


def test_newid_gives_another_random_identifier_each_time(bench: Any) -> None:
    new = bench.expr("NEWID()")
    first, second = (uuid.UUID(bytes_le=new.fn(bench.env)) for _ in range(2))
    assert first != second
    assert first.version == 4
