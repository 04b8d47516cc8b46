"""ODBC connection strings: read, write, and show without their secrets.

The grammar is ODBC's: `keyword=value` pairs separated by semicolons. Keywords ignore case, and the first occurrence of
one wins. A value with special characters stands in braces, and a closing brace inside is doubled.
Source: "SQLDriverConnect Function", ODBC reference, section "Connection strings".
"""

import re
from collections.abc import Iterable

from harness.errors import UsageFault

HIDDEN = "***"

_PAIR = re.compile(r"\s*(?P<keyword>[^=;{}]+?)\s*=\s*(?:\{(?P<braced>(?:[^}]|\}\})*)\}|(?P<plain>[^;{}]*))\s*(?:;|$)")
_NEEDS_BRACES = re.compile(r"[\[\]{}(),;?*=!@]|^\s|\s$")
_SECRET_KEYWORDS = frozenset({"pwd", "password", "newpwd", "accesstoken"})


class ConnectionString:
    """The pairs of one connection string, in their order.

    Its repr and str hide secrets; the full text comes from `text()` only, for the driver alone.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)

    @classmethod
    def parse(cls, text: str) -> "ConnectionString":
        """Read a connection string; UsageFault (without quoting the text, it may hold a password) if malformed."""
        pairs: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip(" \t\r\n;"):
            position += len(text[position:]) - len(text[position:].lstrip(" \t\r\n;"))
            match = _PAIR.match(text, position)
            if match is None:
                raise UsageFault(
                    f"the connection string is malformed near character {position + 1}: "
                    "expected keyword=value pairs separated by semicolons, special characters in {braces}"
                )
            braced, plain = match["braced"], match["plain"]
            pairs.append((match["keyword"], plain.strip() if braced is None else braced.replace("}}", "}")))
            position = match.end()
        return cls(pairs)

    def get(self, *keywords: str) -> str | None:
        """The value of the first pair whose keyword is one of these, or None."""
        wanted = {keyword.lower() for keyword in keywords}
        return next((value for keyword, value in self._pairs if keyword.lower() in wanted), None)

    def with_value(self, keyword: str, value: str) -> "ConnectionString":
        """A copy in which this keyword has this value: put in place of the old one, or first."""
        kept = [pair for pair in self._pairs if pair[0].lower() != keyword.lower()]
        return ConnectionString([(keyword, value), *kept])

    def text(self) -> str:
        """The whole string, secrets included: for the driver only."""
        return ";".join(f"{keyword}={_quoted(value)}" for keyword, value in self._pairs)

    def __repr__(self) -> str:
        shown = (
            f"{keyword}={HIDDEN if keyword.lower() in _SECRET_KEYWORDS else _quoted(value)}"
            for keyword, value in self._pairs
        )
        return ";".join(shown)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ConnectionString) and self._pairs == other._pairs

    def __hash__(self) -> int:
        return hash(self._pairs)


def _quoted(value: str) -> str:
    if _NEEDS_BRACES.search(value):
        return "{" + value.replace("}", "}}") + "}"
    return value
