"""Text to tokens.

One regular expression finds the next token; only nested block comments (`/* /* */ */`) and unclosed quotes need code of
their own. A token's `key` is what the parser compares: the upper-case word or the operator, and empty for everything
that can never be a keyword (quoted identifiers, strings, numbers), so that `[select]` is not SELECT.

Source: documentation pages "Constants", "Database Identifiers", "Comments (Transact-SQL)".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from emulator.errors import SqlError, sql_error
from emulator.sql.keywords import RESERVED

WORD: Final = "word"  # an unquoted identifier or a contextual keyword
KEYWORD: Final = "keyword"  # a reserved word
QUOTED: Final = "quoted"  # [name] or "name": value without the quotes
STRING: Final = "string"  # 'text', or "text" with QUOTED_IDENTIFIER off: value without the quotes
NATIONAL_STRING: Final = "national string"  # N'text'
INTEGER: Final = "integer"
DECIMAL: Final = "decimal"
FLOAT: Final = "float"
MONEY: Final = "money"
BINARY: Final = "binary"
VARIABLE: Final = "variable"  # @name
GLOBAL: Final = "global"  # @@name
PSEUDO: Final = "pseudo"  # $action
OPERATOR: Final = "operator"  # operators and punctuation; also any character that T-SQL does not know
END: Final = "end"  # after the last token; value is the last token's, which SQL Server names in its errors

MAX_IDENTIFIER: Final = 128

_TOKEN: Final = re.compile(
    r"""
    (?P<space>     (?: \s+ | --[^\n]* )+ )
  | (?P<national>  [nN]'[^']*(?:''[^']*)*+' )
  | (?P<word>      (?: [^\W\d] | \# ) [\w@$\#]* )
  | (?P<variable>  @[\w@$\#]* )
  | (?P<string>    '[^']*(?:''[^']*)*+' )
  | (?P<bracket>   \[[^\]]*(?:\]\][^\]]*)*+\] )
  | (?P<double>    "[^"]*(?:""[^"]*)*+" )
  | (?P<binary>    0[xX][0-9A-Fa-f]* )
  | (?P<float>     (?: [0-9]+\.?[0-9]* | \.[0-9]+ ) [eE][+-]?[0-9]* )
  | (?P<decimal>   [0-9]+\.[0-9]* | \.[0-9]+ )
  | (?P<integer>   [0-9]+ )
  | (?P<pseudo>    \$[A-Za-z_]\w* )
  | (?P<money>     [$\u00a2-\u00a5\u20a0-\u20b1] \s* (?: [0-9]+\.?[0-9]* | \.[0-9]+ )? )
  | (?P<comment>   /\* )
  | (?P<unclosed>  [nN]?' | " | \[ )
  | (?P<operator>  << | >> | <\s*[>=] | >\s*= | !\s*[=<>] | [-+*/%&|^]= | :: | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")
_SAME_SPELLING: Final = {"!=": "<>", "!<": ">=", "!>": "<="}

# Kinds are compared by identity, so the names of the expression's groups will not do.
_CONSTANTS: Final = {
    "integer": INTEGER,
    "decimal": DECIMAL,
    "float": FLOAT,
    "money": MONEY,
    "binary": BINARY,
    "pseudo": PSEUDO,
}


@dataclass(slots=True)
class Token:
    """`text[start:end]`, what it means (`value`) and how the parser recognises it (`key`)."""

    kind: str
    key: str
    value: str
    start: int
    end: int
    line: int


def tokenize(text: str, *, quoted_identifier: bool = True, position: int = 0, line: int = 1) -> list[Token]:
    """The tokens of `text` from `position` (which is on `line`), closed by one of kind END.

    `quoted_identifier` says what `"..."` is: an identifier or a string, as SET QUOTED_IDENTIFIER does.
    Raises `SqlError` 103 (identifier too long), 105 (unclosed quote), 113 (unclosed comment).
    """
    tokens: list[Token] = []
    add = tokens.append
    match = _TOKEN.match
    length = len(text)
    while position < length:
        found = match(text, position)
        assert found is not None  # the operator alternative takes any character
        group = found.lastgroup
        start, position = position, found.end()
        lexeme = found.group()
        if group == "space":
            line += lexeme.count("\n")
        elif group == "word":
            key = lexeme.upper()
            if key in RESERVED:
                add(Token(KEYWORD, key, lexeme, start, position, line))
            else:
                add(Token(WORD, key, _identifier(lexeme, line), start, position, line))
        elif group == "operator":
            key = lexeme if len(lexeme) == 1 else "".join(lexeme.split())
            add(Token(OPERATOR, _SAME_SPELLING.get(key, key), lexeme, start, position, line))
            line += lexeme.count("\n")
        elif group == "variable":
            kind = GLOBAL if lexeme.startswith("@@") and len(lexeme) > 2 else VARIABLE
            add(Token(kind, "", _identifier(lexeme, line), start, position, line))
        elif group == "comment":
            position = _end_of_comment(text, start, line)
            line += text.count("\n", start, position)
        elif group == "unclosed":
            raise _unclosed(text, start, line)
        else:
            assert group is not None
            kind, value = _constant_or_quoted(group, lexeme, quoted_identifier)
            if kind is QUOTED:
                _identifier(value, line)
            add(Token(kind, "", value, start, position, line))
            line += lexeme.count("\n")
    if tokens:
        last = tokens[-1]
        add(Token(END, "", last.value, length, length, last.line))
    else:
        add(Token(END, "", "", length, length, line))
    return tokens


def decimal_digits(constant: str) -> tuple[int, int]:
    """Precision and scale of the type numeric that a constant has: the digits it needs, and those of its fraction."""
    whole, _, fraction = constant.partition(".")
    return max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction)


def _constant_or_quoted(group: str, lexeme: str, quoted_identifier: bool) -> tuple[str, str]:
    """Kind and value of a constant, or of anything in quotes."""
    if group == "string":
        return STRING, lexeme[1:-1].replace("''", "'")
    if group == "national":
        return NATIONAL_STRING, lexeme[2:-1].replace("''", "'")
    if group == "bracket":
        return QUOTED, lexeme[1:-1].replace("]]", "]")
    if group == "double":
        return QUOTED if quoted_identifier else STRING, lexeme[1:-1].replace('""', '"')
    return _CONSTANTS[group], lexeme


def _identifier(name: str, line: int) -> str:
    if len(name) > MAX_IDENTIFIER:
        raise sql_error(103, name[:MAX_IDENTIFIER], state=4, line=line)
    return name


def _end_of_comment(text: str, start: int, line: int) -> int:
    """Where the block comment that begins at `start` ends. Comments nest."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise sql_error(113, line=line + text.count("\n", start))


def _unclosed(text: str, start: int, line: int) -> SqlError:
    content = text[start:].lstrip("nN")[1:]
    return sql_error(105, content, line=line)
