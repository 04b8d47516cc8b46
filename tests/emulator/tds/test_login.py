"""LOGIN7: what is read from it and what is refused."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.tds.dialect import TDS_7_0, TDS_7_1, TDS_7_2, TDS_7_3, TDS_7_4, Dialect
from emulator.tds.login import FEATURE_UTF8, parse_login
from emulator.tds.packets import ProtocolError


def test_names_password_and_database_are_read(messages: Any) -> None:
    login = parse_login(messages.login_body(user="sá", password="p@ß😀", database="lockstep"))
    assert (login.user, login.password, login.database) == ("sá", "p@ß😀", "lockstep")
    assert (login.host, login.application, login.server) == ("host", "tests", "server")
    assert not login.integrated
    assert not login.changes_password
    assert login.features == {}


def test_the_password_does_not_show_in_the_representation(messages: Any) -> None:
    assert "hunter2" not in repr(parse_login(messages.login_body(password="hunter2")))


def test_features_are_read(messages: Any) -> None:
    login = parse_login(messages.login_body(features={0x01: b"", FEATURE_UTF8: b"\1"}))
    assert login.features == {0x01: b"", FEATURE_UTF8: b"\1"}
    assert login.database == "lockstep"


@pytest.mark.parametrize(("wished", "answered"), [(0, 4096), (4096, 4096), (100, 512), (32767, 16000)])
def test_the_packet_size_stays_in_the_range_that_drivers_survive(messages: Any, wished: int, answered: int) -> None:
    assert parse_login(messages.login_body(packet_size=wished)).answered_packet_size == answered


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (0x70000000, TDS_7_0),
        (0x71000000, TDS_7_1),
        (0x71000001, TDS_7_1),
        (0x72090002, TDS_7_2),
        (0x730A0003, TDS_7_3),
        (0x730B0003, TDS_7_3),
        (0x74000004, TDS_7_4),
        (0x08000000, TDS_7_4),
    ],
)
def test_the_version_of_the_client_is_spoken(messages: Any, asked: int, answered: Dialect) -> None:
    assert parse_login(messages.login_body(version=asked)).dialect is answered


@pytest.mark.parametrize("version", [0x04020000, 0x75000000, 0])
def test_other_versions_are_refused(messages: Any, version: int) -> None:
    with pytest.raises(ProtocolError, match="not supported"):
        parse_login(messages.login_body(version=version))


@given(data=st.data())
def test_a_damaged_login_is_read_or_refused(messages: Any, data: st.DataObject) -> None:
    body = bytearray(messages.login_body(features={FEATURE_UTF8: b"\1"}))
    for _ in range(data.draw(st.integers(1, 5))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ProtocolError):
        parse_login(bytes(body[: data.draw(st.integers(0, len(body)))]))


def test_only_7_4_has_features(messages: Any) -> None:
    body = messages.login_body(version=0x73000000 | 0x0B0003, features={FEATURE_UTF8: b"\1"})
    assert parse_login(body).features == {}
