"""Numbers by .NET format strings. A format that .NET does not take gives NULL, as FORMAT does.

.NET: "Standard numeric format strings", "Custom numeric format strings".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from emulator.types.cultures import Culture

DEFAULT_DIGITS: Final = 2
EXPONENT_DIGITS: Final = 6
FLOAT_DIGITS: Final = {"float": 15, "real": 7}
_STANDARD = re.compile(r"([A-Za-z])(\d{0,2})")
_CONTEXT = Context(prec=400, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a number is of: ``bits`` of an integer type, ``digits`` of an approximate one that are sure."""

    bits: int | None = None
    digits: int | None = None


def format_number(value: Decimal, pattern: str, kind: Kind, culture: Culture) -> str | None:
    """``value`` by a format; None: there is no such format."""
    standard = _STANDARD.fullmatch(pattern)
    if standard is None:
        return _custom(value, pattern, culture) if pattern else _general(value, None, kind, "E", culture)
    letter, digits = standard[1], int(standard[2]) if standard[2] else None
    match letter.upper():
        case "N" | "F":
            text = _fixed(abs(value), _or(digits, DEFAULT_DIGITS), culture, grouped=letter in "nN")
            return _signed(value, text)
        case "C":
            text = _fixed(abs(value), _or(digits, culture.currency_digits), culture, grouped=True)
            return _by_pattern(culture.currency_patterns, value, text, culture.currency)
        case "P":
            text = _fixed(abs(value) * 100, _or(digits, DEFAULT_DIGITS), culture, grouped=True)
            return _by_pattern(culture.percent_patterns, value, text, "%")
        case "E":
            return _scientific(value, _or(digits, EXPONENT_DIGITS), letter, 3, culture)
        case "D" if kind.bits:
            return ("-" if value < 0 else "") + str(abs(int(value))).rjust(digits or 0, "0")
        case "X" if kind.bits:
            text = f"{int(value) & (1 << kind.bits) - 1:x}".rjust(digits or 0, "0")
            return text.upper() if letter == "X" else text
        case "G":
            return _general(value, digits, kind, "E" if letter == "G" else "e", culture)
        case "R" if kind.digits:
            return _general(value, 17, kind, "E", culture)
        case _:
            return None


def _or(digits: int | None, default: int) -> int:
    return default if digits is None else digits


def _quantized(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), context=_CONTEXT)


def _grouped(whole: str, culture: Culture) -> str:
    return re.sub(r"(?<=\d)(?=(?:\d{3})+$)", culture.group, whole)


def _fixed(value: Decimal, digits: int, culture: Culture, *, grouped: bool = False) -> str:
    whole, _, fraction = f"{_quantized(value, digits):f}".partition(".")
    whole = _grouped(whole, culture) if grouped else whole
    return f"{whole}{culture.decimal}{fraction}" if fraction else whole


def _signed(value: Decimal, text: str) -> str:
    return f"-{text}" if value < 0 and re.search("[1-9]", text) else text


def _by_pattern(patterns: tuple[str, str], value: Decimal, text: str, sign: str) -> str:
    negative = value < 0 and re.search("[1-9]", text) is not None
    placed = {"#": text, "$": sign}
    return "".join(placed.get(character, character) for character in patterns[negative])


def _scientific(value: Decimal, digits: int, letter: str, least: int, culture: Culture) -> str:
    exponent = value.adjusted() if value else 0
    mantissa = _quantized(abs(value).scaleb(-exponent), digits)
    if mantissa >= 10:
        mantissa, exponent = mantissa.scaleb(-1), exponent + 1
    text = f"{_quantized(mantissa, digits):f}".replace(".", culture.decimal)
    return f"{'-' if value < 0 else ''}{text}{letter}{'-' if exponent < 0 else '+'}{abs(exponent):0{least}d}"


def _general(value: Decimal, digits: int | None, kind: Kind, letter: str, culture: Culture) -> str:
    """The shorter of fixed and scientific; exact numbers without a number of digits are written as they are."""
    digits = digits or kind.digits
    if not digits:
        return f"{value:f}".replace(".", culture.decimal)
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).plus(value).normalize() if value else Decimal(0)
    exponent = rounded.adjusted() if rounded else 0
    if -5 <= exponent < digits:
        return f"{rounded:f}".replace(".", culture.decimal)
    text = str(abs(rounded).scaleb(-exponent).normalize()).replace(".", culture.decimal)
    return f"{'-' if value < 0 else ''}{text}{letter}{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


# --- Custom formats ---------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""\\(?P<escaped>.) | '(?P<single>[^']*)'? | "(?P<double>[^"]*)"? | (?P<exponent>[eE][+-]?0+) | (?P<other>.)""",
    re.DOTALL | re.VERBOSE,
)
_PLACES = ("0", "#")


def _custom(value: Decimal, pattern: str, culture: Culture) -> str:
    sections = _sections(pattern)
    if len(sections) > 1 and value < 0 and sections[1]:
        section, number, sign = sections[1], -value, ""
    else:
        section, number, sign = sections[0], abs(value), "-" if value < 0 else ""
    text, shown = _picture(number, section, culture)
    if not shown and len(sections) > 2 and sections[2]:
        return _picture(Decimal(0), sections[2], culture)[0]
    if not shown and section is not sections[0]:
        return _picture(Decimal(0), sections[0], culture)[0]
    return (sign if shown else "") + text


def _sections(pattern: str) -> list[list[tuple[str, str]]]:
    """The tokens of each section: literal text, or the character of a place, a point, a comma and so on."""
    sections: list[list[tuple[str, str]]] = [[]]
    for match in _TOKEN.finditer(pattern):
        kind, text = str(match.lastgroup), match[match.lastgroup or 0]
        if kind == "other" and text == ";":
            sections.append([])
        elif kind == "exponent" or (kind == "other" and text in "0#.,%‰"):
            sections[-1].append((text if kind == "other" else "E", text))
        else:
            sections[-1].append(("", text))
    return sections


def _picture(value: Decimal, tokens: list[tuple[str, str]], culture: Culture) -> tuple[str, bool]:
    """``value`` (not negative) by one section, and whether a digit other than 0 shows."""
    point = next((i for i, (kind, _) in enumerate(tokens) if kind == "."), len(tokens))
    whole_places = [i for i, (kind, _) in enumerate(tokens) if kind in _PLACES and i < point]
    fraction_places = [i for i, (kind, _) in enumerate(tokens) if kind in _PLACES and i > point]
    exponent = next((text for kind, text in tokens if kind == "E"), None)
    last = whole_places[-1] if whole_places else -1
    commas = [i for i, (kind, _) in enumerate(tokens) if kind == "," and i < point]
    grouped = any(whole_places and whole_places[0] < i < last for i in commas)
    value = value.scaleb(-3 * sum(i > last for i in commas if whole_places))
    value = value.scaleb(2 * sum(kind == "%" for kind, _ in tokens) + 3 * sum(kind == "‰" for kind, _ in tokens))
    power = 0
    if exponent is not None and value:
        power = value.adjusted() - len(whole_places) + 1
        value = value.scaleb(-power)
    rounded = _quantized(value, len(fraction_places))
    whole, _, fraction = f"{rounded:f}".partition(".")
    whole = "" if whole == "0" else whole
    first_zero = next((n for n, i in enumerate(whole_places) if tokens[i][0] == "0"), len(whole_places))
    whole = whole.rjust(len(whole_places) - first_zero, "0")
    last_zero = max((n for n, i in enumerate(fraction_places, start=1) if tokens[i][0] == "0"), default=0)
    fraction = fraction[:last_zero] + fraction[last_zero:].rstrip("0")
    places = _places(whole, whole_places, culture, grouped=grouped)
    places |= dict(zip(fraction_places, fraction, strict=False))
    signs = {".": culture.decimal if fraction else "", ",": "", "%": "%", "‰": "‰", "0": "", "#": ""}
    written = []
    for i, (kind, text) in enumerate(tokens):
        if kind == "E":
            written.append(_exponent(text, power))
        else:
            written.append(places.get(i, "") if kind in _PLACES else signs.get(kind, text) if kind else text)
            if kind == "." and i != point:
                written.pop()
    return "".join(written), bool(rounded)


def _places(whole: str, places: list[int], culture: Culture, *, grouped: bool) -> dict[int, str]:
    """The digits of the integral part at each of its places; the first one takes all that are too many."""
    if not places:
        return {}
    digits = list(whole)
    if grouped:
        digits = [
            digit + (culture.group if (left := len(digits) - 1 - n) and left % 3 == 0 else "")
            for n, digit in enumerate(digits)
        ]
    missing = len(places) - len(digits)
    if missing >= 0:
        return dict(zip(places[missing:], digits, strict=True))
    return {places[0]: "".join(digits[: 1 - missing])} | dict(zip(places[1:], digits[1 - missing :], strict=True))


def _exponent(text: str, power: int) -> str:
    zeros = text.count("0")
    sign = "-" if power < 0 else "+" if "+" in text else ""
    return f"{text[0]}{sign}{abs(power):0{zeros}d}"
