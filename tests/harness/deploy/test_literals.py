"""Literals that every client leaves alone."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.connection import Session
from harness.deploy.batches import split_batches
from harness.deploy.literals import long_literal, quoted_name, unicode_literal

texts = st.text(alphabet=st.sampled_from("GO go:!$()'\n\r\tx[]-/*é界"), max_size=60)


@given(texts)
def test_no_line_of_a_literal_looks_like_a_command(text: str) -> None:
    written = f"SELECT {long_literal(text)};"
    assert "$(" not in written
    assert re.search(r"^[ \t]*(GO\b|:|!!)", written, flags=re.IGNORECASE | re.MULTILINE) is None
    assert len(split_batches(written)) == 1


def test_a_literal_is_the_text(session: Session) -> None:
    @settings(max_examples=60, deadline=None)
    @given(texts)
    def check(text: str) -> None:
        assert session.execute(f"SELECT {long_literal(text)} AS Text;").rows[0][0] == text

    check()


def test_a_long_literal_is_not_cut(session: Session) -> None:
    text = ("it's " * 20 + "\nGO\n") * 100
    assert session.execute(f"SELECT {long_literal(text)} AS Text;").rows[0][0] == text


def test_names_are_quoted() -> None:
    assert unicode_literal("it's") == "N'it''s'"
    assert quoted_name("picking.Odd]Name") == "[picking].[Odd]]Name]"
    assert quoted_name("role") == "[role]"
