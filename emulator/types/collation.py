"""Collations: how strings compare, sort, match LIKE patterns and are encoded in bytes."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Collation:
    """One collation. ``tds`` is its form on the wire: 5 bytes."""

    name: str
    tds: bytes

    def key(self, unicode: bool) -> Callable[[str], str]:
        """Sort key of a string of a Unicode (``unicode``) or code page type: order and equality are the collation's."""
        raise NotImplementedError

    def encode(self, text: str) -> bytes:
        """``text`` in the code page of the collation's non-Unicode types, '?' for what does not fit."""
        raise NotImplementedError

    def decode(self, data: bytes) -> str:
        raise NotImplementedError


def collation(name: str | None) -> Collation:
    """The collation of that name (any case); None or ``database_default``: the database's. Raises 448."""
    raise NotImplementedError


def like_matcher(
    pattern: str, escape: str | None, collation: Collation | str | None, unicode: bool = False
) -> Callable[[str], bool]:
    """Whether a string is LIKE ``pattern``. ``unicode``: one operand is of a Unicode type, so trailing blanks count."""
    raise NotImplementedError
