"""The protocol state machine, driven without sockets, with and without TLS."""

import ssl
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.tds.connection import (
    Attention,
    Batch,
    Broken,
    Connection,
    Event,
    Ignored,
    LoginReceived,
    Refused,
    Reset,
    TransactionKind,
    TransactionRequest,
)
from emulator.tds.dialect import TDS_7_4
from emulator.tds.tls import self_signed_context

VERSION = (16, 0, 1000)


@pytest.fixture(scope="module")
def context() -> ssl.SSLContext:
    return self_signed_context("127.0.0.1")


def deliver(connection: Connection, *pieces: bytes) -> list[Event]:
    """Feed pieces as the server does, accepting the login."""
    events: list[Event] = []
    for piece in pieces:
        new = connection.receive(piece)
        while new:
            events += new
            accepted = isinstance(new[-1], LoginReceived)
            if accepted:
                connection.accept(51, 4096, TDS_7_4)
            new = connection.receive(b"") if accepted else []
    return events


def ready(messages: Any) -> Connection:
    connection = Connection(VERSION, None)
    deliver(connection, messages.prelogin() + messages.login())
    connection.take_output()
    return connection


def test_a_whole_conversation_may_come_at_once(messages: Any) -> None:
    stream = messages.prelogin() + messages.login() + messages.batch("SELECT 1") + messages.attention()
    events = deliver(Connection(VERSION, None), stream)
    assert isinstance(events[0], LoginReceived)
    assert events[1:] == [Batch("SELECT 1"), Attention()]


@given(data=st.data())
def test_splitting_the_input_changes_nothing(messages: Any, data: st.DataObject) -> None:
    requests = data.draw(
        st.lists(
            st.one_of(
                st.builds(messages.batch, st.text(max_size=600), size=st.just(512)),
                st.builds(lambda n: messages.rpc(messages.call(13, messages.integer(n))), st.integers(0, 99)),
                st.just(messages.attention()),
                st.just(messages.transaction(b"\5\0\2\0")),
                st.binary(max_size=20),
            ),
            max_size=5,
        )
    )
    stream = messages.prelogin() + messages.login() + b"".join(requests)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, parts = Connection(VERSION, None), Connection(VERSION, None)
    assert deliver(whole, stream) == deliver(parts, *pieces)
    assert whole.take_output() == parts.take_output()


@given(st.binary(max_size=300))
def test_any_first_bytes_end_in_waiting_or_a_broken_connection(stream: bytes) -> None:
    events = Connection(VERSION, None).receive(stream)
    assert all(isinstance(event, Broken) for event in events)


@given(kind=st.sampled_from([1, 3, 6, 7, 14, 16, 18]), body=st.binary(max_size=80))
def test_any_message_after_the_login_is_an_event(messages: Any, kind: int, body: bytes) -> None:
    assert len(deliver(ready(messages), messages.message(kind, body))) == 1


def test_after_a_broken_message_nothing_is_read(messages: Any) -> None:
    connection = ready(messages)
    (event,) = deliver(connection, messages.packet(0x10, b"again") + messages.batch("SELECT 1"))
    assert isinstance(event, Broken)
    assert connection.receive(messages.batch("SELECT 1")) == []


@pytest.mark.parametrize("stream", [b"GET / HTTP/1.1\r\n\r\n", b"\x53\x01\x00\x10" + bytes(12), bytes(20)])
def test_other_protocols_are_cut_off(stream: bytes) -> None:
    (event,) = Connection(VERSION, None).receive(stream)
    assert isinstance(event, Broken)


def test_a_login_may_come_without_a_prelogin_but_a_batch_not(messages: Any) -> None:
    (event,) = Connection(VERSION, None).receive(messages.login())
    assert isinstance(event, LoginReceived)
    (event,) = Connection(VERSION, None).receive(messages.batch("SELECT 1"))
    assert event == Broken("BATCH message where PRELOGIN is due")


def test_messages_before_the_login_are_short(messages: Any) -> None:
    connection = Connection(VERSION, None)
    connection.receive(messages.prelogin())
    (event,) = connection.receive(messages.message(0x10, bytes(200_000)))
    assert isinstance(event, Broken)
    assert "longer than" in event.reason


def test_reset_bits_come_with_the_request(messages: Any) -> None:
    connection = ready(messages)
    assert deliver(connection, messages.batch("a", status=8)) == [Batch("a", Reset.FULL)]
    assert deliver(connection, messages.batch("a", status=16)) == [Batch("a", Reset.KEEP_TRANSACTION)]
    assert deliver(connection, messages.batch("x" * 9000, status=8)) == [Batch("x" * 9000, Reset.FULL)]


def test_a_request_taken_back_is_ignored(messages: Any) -> None:
    assert deliver(ready(messages), messages.packet(1, b"half a", 0) + messages.packet(1, b"", 3)) == [Ignored()]


def test_transaction_requests_are_read(messages: Any) -> None:
    name = b"\4a\0b\0"
    for body, expected in (
        (b"\5\0\2\0", TransactionRequest(TransactionKind.BEGIN, isolation=2)),
        (b"\5\0\0" + name, TransactionRequest(TransactionKind.BEGIN, "ab")),
        (b"\7\0\0\0", TransactionRequest(TransactionKind.COMMIT)),
        (b"\7\0\0\1\4\0", TransactionRequest(TransactionKind.COMMIT, isolation=4, begins=True)),
        (b"\x08\0" + name + b"\0", TransactionRequest(TransactionKind.ROLLBACK, "ab")),
        (b"\x08\0\0\1\0" + name, TransactionRequest(TransactionKind.ROLLBACK, begins=True, next_name="ab")),
        (b"\x09\0" + name, TransactionRequest(TransactionKind.SAVE, "ab")),
    ):
        assert deliver(ready(messages), messages.transaction(body)) == [expected]


def test_requests_that_cannot_be_served_are_refused_by_name(messages: Any) -> None:
    (event,) = deliver(ready(messages), messages.message(0x0E, messages.headers + bytes(4)))
    assert isinstance(event, Refused)
    assert "transaction manager request 0" in event.error.message


def test_a_malformed_call_breaks_the_connection_and_a_bad_value_only_the_call(messages: Any) -> None:
    good = messages.call("p", messages.integer(1))
    (event,) = deliver(ready(messages), messages.rpc(good[:-1]))
    assert isinstance(event, Broken)
    (event,) = deliver(
        ready(messages), messages.rpc(messages.call("p", messages.parameter(b"\x28", b"\3\xff\xff\xff")))
    )
    assert isinstance(event, Refused)
    assert event.error.number == 8023


def test_replies_are_cut_at_the_agreed_packet_size(messages: Any) -> None:
    connection = Connection(VERSION, None)
    connection.receive(messages.prelogin() + messages.login(packet_size=512))
    connection.take_output()
    connection.accept(77, 512, TDS_7_4)
    connection.send(bytes(1000))
    output = connection.take_output()
    assert [output[start : start + 8].hex() for start in (0, 512)] == ["04000200004d0100", "040101f8004d0200"]


# TLS


class TlsClient:
    """A client's end of TLS, which wraps handshake flights in PRELOGIN packets unless it is strict."""

    def __init__(self, oldest: ssl.TLSVersion, newest: ssl.TLSVersion, *, strict: bool = False) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version, context.maximum_version = oldest, newest
        if strict:
            context.set_alpn_protocols(["tds/8.0"])
        self.strict = strict
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)

    def handshake(self, send: Callable[[bytes], bytes], wrap: Callable[[bytes], bytes]) -> bytes:
        """Shake hands; what is left to send afterwards comes back unwrapped."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                flight = self.outgoing.read()
                answer = send(flight if self.strict else wrap(flight))
                while answer:
                    if self.strict:
                        self.incoming.write(answer)
                        break
                    length = int.from_bytes(answer[2:4], "big")
                    assert answer[0] == 0x12
                    self.incoming.write(answer[8:length])
                    answer = answer[length:]
            else:
                return self.outgoing.read()

    def encrypt(self, data: bytes) -> bytes:
        self.tls.write(data)
        return self.outgoing.read()

    def decrypt(self, data: bytes) -> bytes:
        self.incoming.write(data)
        return self.tls.read(100_000)


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("client_encryption", [0, 1, 3])
@settings(deadline=None)
@given(chunk=st.integers(1, 400))
def test_tls_inside_prelogin(messages: Any, context: ssl.SSLContext, client_encryption: int, chunk: int) -> None:
    connection = Connection(VERSION, context)
    events: list[Event] = []

    def send(data: bytes) -> bytes:
        for start in range(0, len(data), chunk):
            events.extend(deliver(connection, data[start : start + chunk]))
        return connection.take_output()

    reply = send(messages.prelogin(client_encryption))
    assert reply[8 + reply[8:].index(b"\xff") + 7] == min(client_encryption, 1)
    client = TlsClient(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    last_flight = client.handshake(send, lambda flight: messages.message(0x12, flight))
    assert client.tls.version() == "TLSv1.2"
    send(
        (messages.message(0x12, last_flight) if last_flight else b"")
        + client.encrypt(messages.login(password="geheim"))
    )
    (event,) = events
    assert isinstance(event, LoginReceived)
    assert event.login.password == "geheim"
    connection.send(b"reply")
    output = connection.take_output()
    only_the_login_is_encrypted = client_encryption == 0
    if not only_the_login_is_encrypted:
        output = client.decrypt(output)
    assert output[8:] == b"reply"
    request = messages.batch("SELECT 1")
    send(request if only_the_login_is_encrypted else client.encrypt(request))
    assert events[1:] == [Batch("SELECT 1")]


@pytest.mark.parametrize("version", VERSIONS)
def test_strict_encryption_surrounds_everything(
    messages: Any, context: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    connection = Connection(VERSION, context)
    events: list[Event] = []

    def send(data: bytes) -> bytes:
        events.extend(deliver(connection, data))
        return connection.take_output()

    client = TlsClient(version, version, strict=True)
    rest = client.handshake(send, lambda flight: flight)
    assert client.tls.selected_alpn_protocol() == "tds/8.0"
    reply = client.decrypt(send(rest + client.encrypt(messages.prelogin(2))))
    assert reply[0] == 0x04
    send(client.encrypt(messages.login()))
    send(client.encrypt(messages.batch("SELECT 1") + messages.attention()))
    assert isinstance(events[0], LoginReceived)
    assert events[1:] == [Batch("SELECT 1"), Attention()]


def test_strict_encryption_needs_a_certificate() -> None:
    client = TlsClient(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3, strict=True)
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.do_handshake()
    (event,) = Connection(VERSION, None).receive(client.outgoing.read())
    assert isinstance(event, Broken)
    assert "no certificate" in event.reason


@given(garbage=st.binary(min_size=1, max_size=100), raw=st.booleans())
def test_a_handshake_of_garbage_breaks_or_waits(
    messages: Any, context: ssl.SSLContext, garbage: bytes, raw: bool
) -> None:
    connection = Connection(VERSION, context)
    connection.receive(messages.prelogin(1))
    events = connection.receive(garbage if raw else messages.message(0x12, garbage))
    assert all(isinstance(event, Broken) for event in events)
