"""Mutations of T-SQL, token by token, so that most of what comes out is nearly right and gets past the lexer."""

from itertools import pairwise

from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.sql.lexer import tokenize
from tests.fuzz.corpus import data_layer_batches, tested_batches

MOST_MUTATIONS = 3
NASTY = (
    *(
        "NULL",
        "''",
        "N'ž'",
        "-1",
        "0",
        "2147483648",
        "1e400",
        "1e-400",
        "0x",
        "0xFF",
        "9.99",
        "$1",
        "DEFAULT",
        "*",
        "(",
        ")",
    ),
    *(",", ";", ".", "=", "@x", "@@ERROR", "#t", "[]", "[a b]", "SELECT", "FROM", "WHERE", "ON", "AS", "BEGIN", "END"),
    *(
        "TOP",
        "OVER",
        "PIVOT",
        "MERGE",
        "OUTPUT",
        "INTO",
        "IN",
        "EXISTS",
        "CASE",
        "GO",
        "/*",
        "--",
        "'",
        "\x00",
        "\ud800",
        "😀",
    ),
    *("99999999999999999999999999999999999999", "1000000000", "N'" + "x" * 300 + "'"),
)
"""Pieces that parsers and evaluators trip over."""


def pieces(text: str) -> list[str]:
    """The text cut at its tokens: joined they are the text again."""
    try:
        tokens = tokenize(text)
    except SqlError:
        return list(text)
    cuts = sorted({0, len(text), *(token.start for token in tokens), *(token.end for token in tokens)})
    return [text[start:end] for start, end in pairwise(cuts)]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A batch of the corpus with some tokens dropped, doubled, swapped, replaced, or taken from another batch."""
    batches = st.sampled_from(tested_batches() + data_layer_batches())
    parts = pieces(draw(batches))
    other = pieces(draw(batches))
    for _ in range(draw(st.integers(1, MOST_MUTATIONS))):
        if not parts:
            break
        at = draw(st.integers(0, len(parts) - 1))
        match draw(st.sampled_from(("drop", "double", "swap", "nasty", "graft", "cut"))):
            case "drop":
                del parts[at]
            case "double":
                parts.insert(at, parts[at])
            case "swap":
                to = draw(st.integers(0, len(parts) - 1))
                parts[at], parts[to] = parts[to], parts[at]
            case "nasty":
                parts[at] = f" {draw(st.sampled_from(NASTY))} "
            case "graft":
                start = draw(st.integers(0, len(other) - 1))
                parts[at:at] = [" ", *other[start : start + draw(st.integers(1, 8))], " "]
            case "cut":
                del parts[at + draw(st.integers(1, 20)) :]
    return "".join(parts)
