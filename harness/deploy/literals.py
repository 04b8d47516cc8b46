"""T-SQL literals that survive every client: the driver, SSMS, sqlcmd, and others that split scripts at GO.

A text of any length becomes one expression of type nvarchar(max). No line of it begins with GO, `:` or `!!`, which
some clients take for their own even inside a string, and `$(`, which sqlcmd replaces everywhere, does not occur.
Source: "sqlcmd - Use with Scripting Variables", "sqlcmd Commands" in the SQL Server documentation.
"""

import re

_CLIENT_WORD = re.compile(r"^(?=[ \t]*(?:GO\b|:|!!))", flags=re.IGNORECASE | re.MULTILINE)


def unicode_literal(text: str) -> str:
    """A short text, a name for instance, as N'...'."""
    return f"N'{text.replace(chr(39), chr(39) * 2)}'"


def long_literal(text: str) -> str:
    """A text of any length and content."""
    inner = text.replace("'", "''")
    inner = _CLIENT_WORD.sub("' + N'", inner)
    inner = inner.replace("$(", "$' + N'(")
    return f"CAST(N'' AS nvarchar(max)) + N'{inner}'"


def binary_literal(value: bytes) -> str:
    """Bytes as 0x..."""
    return f"0x{value.hex().upper()}"


def quoted_name(name: str) -> str:
    """`schema.Object` with each part in brackets."""
    return ".".join(f"[{part.replace(']', ']]')}]" for part in name.split(".", 1))
