"""PRELOGIN: what is read, and what encryption comes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.tds.packets import ProtocolError
from emulator.tds.prelogin import Encryption, Prelogin, answer_encryption, encode_prelogin, parse_prelogin


def test_the_reply_can_be_read_back() -> None:
    assert parse_prelogin(encode_prelogin((16, 0, 1000), Encryption.ON)) == Prelogin(Encryption.ON, mars=False)


@pytest.mark.parametrize(
    ("client", "with_certificate"),
    [
        (Encryption.OFF, Encryption.OFF),
        (Encryption.ON, Encryption.ON),
        (Encryption.REQUIRED, Encryption.ON),
        (Encryption.NOT_SUPPORTED, Encryption.NOT_SUPPORTED),
    ],
)
def test_encryption_is_agreed_by_the_table(client: Encryption, with_certificate: Encryption) -> None:
    assert answer_encryption(client, has_certificate=True) is with_certificate
    assert answer_encryption(client, has_certificate=False) is Encryption.NOT_SUPPORTED


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        parse_prelogin(body)
    except ProtocolError:
        return
    assert 0xFF in body
