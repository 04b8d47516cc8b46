"""Passwords of logins: kept as salted hashes only, never shown, held against the policy when they are set.

Documentation: "Password Policy" (SQL logins with CHECK_POLICY = ON, the default).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from emulator.errors import sql_error

COST, BLOCK_SIZE = 2**10, 8
"""scrypt's parameters: a few milliseconds a login, as all sessions share one thread."""
SHORTEST, LONGEST = 8, 128
CHARACTER_KINDS = ("[A-Z]", "[a-z]", "[0-9]", "[^A-Za-z0-9]")


@dataclass(frozen=True, slots=True, repr=False)
class PasswordHash:
    """A salted hash; its text never shows in messages or dumps."""

    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: str) -> PasswordHash:
        """The hash of ``password`` with a salt of its own."""
        salt = secrets.token_bytes(16)
        return cls(salt, _digest(password, salt))

    def matches(self, password: str) -> bool:
        """Whether it is the hash of ``password``."""
        return hmac.compare_digest(_digest(password, self.salt), self.digest)


def _digest(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-16-le", "surrogatepass"), salt=salt, n=COST, r=BLOCK_SIZE, p=1)


def check_policy(login: str, password: str, line: int = 0) -> None:
    """Errors: 15116 too short, 15117 too long, 15118 too simple (three of four kinds of characters, not the name)."""
    if len(password) < SHORTEST:
        raise sql_error(15116, line=line)
    if len(password) > LONGEST:
        raise sql_error(15117, line=line)
    kinds = sum(re.search(kind, password) is not None for kind in CHARACTER_KINDS)
    if kinds < 3 or login.lower() in password.lower():
        raise sql_error(15118, line=line)
