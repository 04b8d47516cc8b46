"""Text to tokens.

One regular expression finds the next token; only nested block comments (`/* /* */ */`) and unclosed quotes need code of
their own. A token's `key` is what the parser compares: the upper-case word or the operator, and empty for everything
that can never be a keyword (quoted identifiers, strings, numbers), so that `[select]` is not SELECT.

Source: documentation pages "Constants", "Database Identifiers", "Comments (Transact-SQL)".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
PSEUDO: Final = "pseudo"  # $action, %%lockres%%
OPERATOR: Final = "operator"  # operators and punctuation; also any character that T-SQL does not know
END: Final = "end"  # after the last token; value is the last token's, which SQL Server names in its errors

MAX_IDENTIFIER: Final = 128

_TOKEN: Final = re.compile(
    r"""
    (?: \s+ | --[^\n]* )*+
    (?:
        (?P<word>      (?! [nN]' ) (?: [^\W\d] | \# ) [\w@$\#]* )
      | (?P<virtual>   %%\w+%% )
      | (?P<operator>  [(),;=] | [-+*%&|^] =? | / (?!\*) =? | \. (?![0-9])
            | << | >> | <\s*[>=] | < | >\s*= | > | !\s*[=<>] | :: )
      | (?P<national>  [nN]'[^']*(?:''[^']*)*+' )
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
      | (?P<other>     . )
      | (?P<end>       \Z )
    )
    """,
    re.VERBOSE | re.DOTALL,
)
"""White space and line comments, then a token."""
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
    "virtual": PSEUDO,
}
_NUMBERS_AND_STRINGS: Final = frozenset({"integer", "decimal", "float", "money", "binary", "string", "national"})


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
    length = len(text)
    counted = position  # how far newlines have been counted
    count_newlines = text.count
    for found in _matches(text, position, line):
        group = found.lastgroup
        start, end = found.span(found.lastindex or 0)
        lexeme = text[start:end]
        line += count_newlines("\n", counted, start)
        counted = start
        if group == "word":
            key = lexeme.upper()
            if key in RESERVED:
                add(Token(KEYWORD, key, lexeme, start, end, line))
            else:
                add(Token(WORD, key, _identifier(lexeme, line), start, end, line))
        elif group == "operator" or group == "other":
            key = lexeme if len(lexeme) == 1 else "".join(lexeme.split())
            add(Token(OPERATOR, _SAME_SPELLING.get(key, key), lexeme, start, end, line))
        elif group == "variable":
            kind = GLOBAL if lexeme.startswith("@@") and len(lexeme) > 2 else VARIABLE
            add(Token(kind, "", _identifier(lexeme, line), start, end, line))
        elif group == "unclosed":
            raise _unclosed(text, start, line)
        elif group is not None and group != "end":
            kind, value = _constant_or_quoted(group, lexeme, quoted_identifier)
            if kind is QUOTED:
                _identifier(value, line)
            add(Token(kind, "", value, start, end, line))
    if tokens:
        last = tokens[-1]
        add(Token(END, "", last.value, length, length, last.line))
    else:
        add(Token(END, "", "", length, length, line))
    return tokens


def constants(text: str) -> list[Token]:
    """The numbers and strings in single quotes of `text`, without the other tokens, their lines not counted.

    Raises `SqlError` 113 (unclosed comment). An unclosed quote is none of them.
    """
    found = []
    for match in _matches(text, 0, 1):
        group = match.lastgroup
        if group in _NUMBERS_AND_STRINGS:
            start, end = match.span(group)
            kind, value = _constant_or_quoted(group, text[start:end], quoted_identifier=True)
            found.append(Token(kind, "", value, start, end, 0))
    return found


def _matches(text: str, position: int, line: int) -> Iterator[re.Match[str]]:
    """A match of `_TOKEN` for each token from `position` (which is on `line`), and one at the end of the text."""
    begin = position
    while position >= 0:
        matches = _TOKEN.finditer(text, position)
        position = -1
        for found in matches:
            if found.lastgroup == "comment":
                start = found.start("comment")
                position = _end_of_comment(text, start, line + text.count("\n", begin, start))
                break
            yield found


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
