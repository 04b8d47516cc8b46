"""Documentation: "Collation and Unicode support", "LIKE (Transact-SQL)", [MS-TDS] 2.2.5.1.2."""

# ruff: noqa: RUF001

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.types.collation import collation, like_matcher

DEFAULT = "SQL_Latin1_General_CP1_CI_AS"
NAMES = (DEFAULT, "SQL_Latin1_General_CP1_CS_AS", "Latin1_General_CI_AI", "Latin1_General_100_BIN2", "Thai_CI_AS")


@pytest.mark.parametrize(
    ("name", "tds"),
    [
        (DEFAULT, "0904d00034"),
        ("SQL_Latin1_General_CP1_CS_AS", "0904c00033"),
        ("Latin1_General_CI_AS", "0904d00000"),
        ("Latin1_General_CI_AI", "0904f00000"),
        ("Latin1_General_BIN", "0904000100"),
        ("Latin1_General_BIN2", "0904000200"),
        ("Latin1_General_100_BIN2", "0904002200"),
        ("Latin1_General_100_CI_AS_SC_UTF8", "0904d02400"),
    ],
)
def test_collations_have_their_form_on_the_wire(name: str, tds: str) -> None:
    assert collation(name.upper()).tds.hex() == tds


def test_names_are_found_in_any_case_and_unknown_ones_are_refused() -> None:
    assert collation("latin1_general_bin2").name == "Latin1_General_BIN2"
    assert collation(None) is collation("DATABASE_DEFAULT") is collation(DEFAULT)
    with pytest.raises(SqlError) as caught:
        collation("Klingon_CI_AS")
    assert (caught.value.number, caught.value.message) == (448, "Invalid collation 'Klingon_CI_AS'.")


def sorted_by(name: str, unicode: bool, words: list[str]) -> list[str]:
    return sorted(words, key=collation(name).key(unicode))


def test_non_unicode_text_of_sql_collations_sorts_hyphens_as_symbols_and_unicode_text_by_words() -> None:
    words = ["cork", "coop", "co-op", "co_op", "coat"]
    assert sorted_by(DEFAULT, False, words) == ["co-op", "co_op", "coat", "coop", "cork"]
    assert sorted_by(DEFAULT, True, words) == ["co_op", "coat", "coop", "co-op", "cork"]


def test_symbols_come_before_digits_before_letters_and_accents_after_plain_letters() -> None:
    words = ["b", "á", "a", "ab", "9", "~", "10"]
    assert sorted_by(DEFAULT, False, words) == ["~", "10", "9", "a", "á", "ab", "b"]


def test_case_decides_last_and_differently_in_the_two_families() -> None:
    assert sorted_by("SQL_Latin1_General_CP1_CS_AS", False, ["a", "A", "b", "B"]) == ["A", "a", "B", "b"]
    assert sorted_by("Latin1_General_CS_AS", True, ["A", "a", "B", "b"]) == ["a", "A", "b", "B"]


def test_binary_collations_go_by_code_points() -> None:
    assert sorted_by("Latin1_General_BIN2", True, ["a", "B", "_", "é"]) == ["B", "_", "a", "é"]
    assert sorted_by("Latin1_General_BIN2", False, ["é", "€"]) == ["€", "é"]


@pytest.mark.parametrize(
    ("name", "unicode", "a", "b", "equal"),
    [
        (DEFAULT, False, "é", "e", False),
        (DEFAULT, False, "É", "é", True),
        (DEFAULT, False, "ß", "ss", False),
        (DEFAULT, True, "ß", "SS", True),
        (DEFAULT, True, "é", "e\u0301", True),
        (DEFAULT, True, "Ａ", "a", True),
        (DEFAULT, True, "😀", "", True),
        ("Latin1_General_100_CI_AS", True, "😀", "", False),
        ("Latin1_General_CI_AI", True, "É", "e", True),
        ("Latin1_General_CI_AI", True, "ø", "o", True),
        ("Latin1_General_CS_AS", True, "e", "E", False),
        (DEFAULT, True, "co-op", "coop", False),
    ],
)
def test_equality(name: str, unicode: bool, a: str, b: str, equal: bool) -> None:
    key = collation(name).key(unicode)
    assert (key(a) == key(b)) is equal


@given(st.sampled_from(NAMES), st.booleans(), st.text(max_size=6))
def test_every_string_equals_itself_with_trailing_blanks(name: str, unicode: bool, text: str) -> None:
    key = collation(name).key(unicode)
    assert key(text) == key(text + "  ")


@pytest.mark.parametrize(
    ("name", "text", "raw"),
    [
        ("Thai_CI_AS", "ก", b"\xa1"),
        ("Cyrillic_General_CI_AS", "Жук", b"\xc6\xf3\xea"),
        ("SQL_Latin1_General_CP1251_CI_AS", "Жук", b"\xc6\xf3\xea"),
        ("Greek_100_CS_AS", "α", b"\xe1"),
        ("Polish_CI_AI", "Ł", b"\xa3"),
        ("Japanese_XJIS_140_CI_AS", "日本", b"\x93\xfa\x96\x7b"),
        ("Chinese_PRC_CI_AS", "中€", b"\xd6\xd0\x80"),
        ("Korean_Wansung_CI_AS", "한", b"\xc7\xd1"),
        ("Polish_CI_AS", "Ж", b"?"),
    ],
)
def test_a_language_has_its_code_page(name: str, text: str, raw: bytes) -> None:
    assert collation(name).encode(text) == raw
    if raw != b"?":
        assert collation(name).decode(raw) == text


@pytest.mark.parametrize(
    ("asked", "name", "lcid"),
    [("THAI_ci_as", "Thai_CI_AS", 0x041E), ("greek_100_ci_as_sc_utf8", "Greek_100_CI_AS_SC_UTF8", 0x0408)],
)
def test_a_windows_collation_has_its_spelling_and_its_locale(asked: str, name: str, lcid: int) -> None:
    found = collation(asked)
    assert (found.name, int.from_bytes(found.tds[:4], "little") & 0xFFFFF) == (name, lcid)


@pytest.mark.parametrize("name", ["Korean_CI_AS", "Thai_CI_AS_SC", "Thai_140_CI_AS", "Thai_100_BIN_UTF8", "Thai"])
def test_combinations_that_do_not_exist_are_unknown(name: str) -> None:
    with pytest.raises(SqlError, match="Invalid collation"):
        collation(name)


def test_code_page_1252_maps_every_byte_and_best_fits_the_rest() -> None:
    c = collation(DEFAULT)
    assert c.encode(c.decode(bytes(range(256)))) == bytes(range(256))
    assert c.encode("Łódź → ＡΑ漢") == b"L\xf3dz > A??"
    assert collation("Latin1_General_100_CI_AS_SC_UTF8").encode("é漢") == "é漢".encode()


@pytest.mark.parametrize(
    ("pattern", "escape", "text", "expected"),
    [
        ("abc", None, "ABC", True),
        ("abc", None, "abc  ", True),
        ("abc ", None, "abc", False),
        ("a%", None, "Abc", True),
        ("%b%", None, "aBc", True),
        ("%c", None, "abc  ", True),
        ("a_c", None, "axc", True),
        ("[a-c]x", None, "Bx", True),
        ("[^a-c]x", None, "bx", False),
        ("[^a-c]x", None, "dx", True),
        ("5[%]", None, "5%", True),
        ("[-x]", None, "-", True),
        ("[[]a]", None, "[a]", True),
        ("a]", None, "a]", True),
        ("[abc", None, "a", False),
        ("10!%", "!", "10%", True),
        ("10!%", "!", "100", False),
        ("a!", "!", "a!", False),
        ("!a", "!", "a", True),
        ("[a-z]", None, "é", True),
        ("%", None, "", True),
        ("", None, "  ", True),
        ("a%b%c", None, "a\nxbxc", True),
    ],
)
def test_like(pattern: str, escape: str | None, text: str, expected: bool) -> None:
    assert like_matcher(pattern, escape, DEFAULT)(text) is expected


def test_like_counts_trailing_blanks_of_unicode_text() -> None:
    assert not like_matcher("abc", None, DEFAULT, unicode=True)("abc ")
    assert like_matcher("abc_", None, DEFAULT, unicode=True)("abc ")


def test_like_follows_the_collation() -> None:
    assert not like_matcher("A%", None, "Latin1_General_CS_AS")("ab")
    assert like_matcher("e%", None, "Latin1_General_CI_AI")("École")
    assert like_matcher("[a-b]", None, "Latin1_General_CS_AS", unicode=True)("A")
    assert not like_matcher("[a-b]", None, "Latin1_General_BIN2", unicode=True)("A")


def test_an_escape_of_more_than_one_character_is_refused() -> None:
    with pytest.raises(SqlError) as caught:
        like_matcher("a", "!!", DEFAULT)
    assert caught.value.number == 506


def _naive(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(_naive(pattern[1:], text[n:]) for n in range(len(text) + 1))
    return bool(text) and (pattern[0] == "_" or pattern[0].lower() == text[0].lower()) and _naive(pattern[1:], text[1:])


@given(st.text("ab%_A", max_size=6), st.text("abBc", max_size=6))
def test_like_agrees_with_a_naive_matcher(pattern: str, text: str) -> None:
    assert like_matcher(pattern, None, DEFAULT)(text) == _naive(pattern, text)


@pytest.mark.parametrize("name", NAMES)
def test_a_character_of_two_surrogates_is_the_same_however_it_was_put_together(name: str) -> None:
    key = collation(name).key(unicode=True)
    assert key("\ud83d\ude00 a") == key("😀 a") == key("\ud83d" + "\ude00 a  ")
    assert key("\ude00\ud83d") != key("\ud83d\ude00")
