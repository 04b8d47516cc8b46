"""The protocol of one connection as a state machine: bytes in, events out, bytes out. No sockets, no clock.

States::

    START -> HANDSHAKE -> LOGIN -> READY        every state -> FAILED
       `------------------^

START       the client's PRELOGIN is expected. A TLS record instead of it is TDS 8 ("strict"): TLS surrounds everything.
            Clients of before 2000 begin with LOGIN7, and so does jTDS when it is not to encrypt.
HANDSHAKE   TLS records travel inside PRELOGIN packets, both ways. TLS 1.2 at most, as on SQL Server ("TDS 8.0 and TLS
            1.3 support"): the last flight of TLS 1.3 is the client's, and clients differ in how they send it.
LOGIN       LOGIN7 is expected, encrypted unless both sides have agreed otherwise. When only the login is to be
            encrypted, both sides drop back to clear text after it.
READY       requests.

``receive`` never raises: a broken protocol is the last event, ``Broken``. Source: [MS-TDS] 3.3.5.
"""

import ssl
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum, auto

from emulator.errors import NotSupported, SqlError
from emulator.tds.bulk import BulkRows, parse_bulk_load
from emulator.tds.dialect import TDS_7_4, Dialect
from emulator.tds.login import Login, parse_login
from emulator.tds.packets import (
    IGNORE,
    MAXIMUM_MESSAGE_SIZE,
    RESET_CONNECTION,
    RESET_CONNECTION_KEEP_TRANSACTION,
    Message,
    PacketReader,
    PacketType,
    PacketWriter,
    ProtocolError,
)
from emulator.tds.prelogin import Encryption, answer_encryption, encode_prelogin, parse_prelogin
from emulator.tds.rpc import RpcCall, parse_rpc, skip_headers
from emulator.tds.tls import TlsChannel

_TLS_HANDSHAKE = 0x16
_MAXIMUM_LOGIN_SIZE = 128 * 1024


class Reset(Enum):
    """What a request wants undone before it runs: nothing, everything, everything but the transaction."""

    NONE = auto()
    FULL = auto()
    KEEP_TRANSACTION = auto()


class TransactionKind(IntEnum):
    """Transaction manager requests that are served."""

    BEGIN = 5
    COMMIT = 7
    ROLLBACK = 8
    SAVE = 9


@dataclass(frozen=True, slots=True)
class LoginReceived:
    """LOGIN7 is complete: answer with ``Connection.accept`` and the login reply, or refuse and close."""

    login: Login


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of T-SQL."""

    text: str
    reset: Reset = Reset.NONE


@dataclass(frozen=True, slots=True)
class Rpc:
    """One or more remote procedure calls."""

    calls: list[RpcCall]
    reset: Reset = Reset.NONE


@dataclass(frozen=True, slots=True)
class BulkLoad:
    """The rows of a bulk load."""

    content: BulkRows
    reset: Reset = Reset.NONE


@dataclass(frozen=True, slots=True)
class TransactionRequest:
    """A transaction manager request. ``begins``: a COMMIT or ROLLBACK that begins the next transaction, whose
    ``isolation`` and ``next_name`` then count; for BEGIN, ``isolation`` and ``name`` are its own."""

    kind: TransactionKind
    name: str = ""
    isolation: int = 0
    begins: bool = False
    next_name: str = ""
    reset: Reset = Reset.NONE


@dataclass(frozen=True, slots=True)
class Refused:
    """A well-formed request that cannot be served: answer with the error."""

    error: SqlError
    reset: Reset = Reset.NONE


@dataclass(frozen=True, slots=True)
class Ignored:
    """A request that the client took back while sending it: answer with a DONE that has the error bit."""

    reset: Reset = Reset.NONE


@dataclass(frozen=True, slots=True)
class Attention:
    """The client cancels the running request."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The client broke the protocol: close the connection. Nothing follows."""

    reason: str


Request = Batch | Rpc | BulkLoad | TransactionRequest | Refused | Ignored
Event = LoginReceived | Request | Attention | Broken


class _State(Enum):
    START = auto()
    HANDSHAKE = auto()
    LOGIN = auto()
    ANSWERING_LOGIN = auto()
    READY = auto()
    FAILED = auto()


class Connection:
    """The server's side of one TDS connection. ``context`` None: no encryption."""

    def __init__(self, version: tuple[int, int, int], context: ssl.SSLContext | None) -> None:
        self._version = version
        self._context = context
        self._state = _State.START
        self._reader = PacketReader(_MAXIMUM_LOGIN_SIZE)
        self._writer = PacketWriter()
        self._channel: TlsChannel | None = None
        self._strict_channel: TlsChannel | None = None
        self._encryption = Encryption.NOT_SUPPORTED
        self._dialect = TDS_7_4
        self._output: list[bytes] = []

    # In

    def receive(self, data: bytes) -> list[Event]:
        """Take received bytes; the events that they complete, in order."""
        events: list[Event] = []
        if self._state is _State.FAILED:
            return events
        try:
            self._feed(data)
            events.extend(self._events())
        except ProtocolError as error:
            self._state = _State.FAILED
            events.append(Broken(str(error)))
        return events

    def _feed(self, data: bytes) -> None:
        is_first = self._state is _State.START and self._strict_channel is None and self._reader.is_empty
        if is_first and data[:1] == bytes([_TLS_HANDSHAKE]):
            if self._context is None:
                raise ProtocolError("the client wants strict encryption (TDS 8) and this server has no certificate")
            self._strict_channel = TlsChannel(self._context, ssl.TLSVersion.TLSv1_3)
        if self._strict_channel is not None:
            data = self._through(self._strict_channel, data)
        if self._channel is not None and self._channel.is_established:
            data = self._through(self._channel, data)
        self._reader.feed(data)

    def _through(self, channel: TlsChannel, data: bytes) -> bytes:
        channel.feed(data)
        if not channel.is_established:
            done = channel.handshake()
            self._output.append(channel.take())
            if not done:
                return b""
        return channel.read()

    def _events(self) -> Iterator[Event]:
        while True:
            if self._state is _State.ANSWERING_LOGIN:
                return
            message = self._reader.next_message()
            if message is None:
                return
            event = self._event(message)
            if event is not None:
                yield event

    def _event(self, message: Message) -> Event | None:
        match self._state:
            case _State.START if message.type is PacketType.LOGIN and self._strict_channel is None:
                return self._receive_login(message)
            case _State.START:
                self._answer_prelogin(message)
                return None
            case _State.HANDSHAKE:
                _expect(message, PacketType.PRELOGIN)
                self._continue_handshake(message.body)
                return None
            case _State.LOGIN:
                return self._receive_login(message)
            case _:
                return _request(message, self._dialect)

    def _answer_prelogin(self, message: Message) -> None:
        _expect(message, PacketType.PRELOGIN)
        client = parse_prelogin(message.body).encryption
        inside_tls = self._strict_channel is not None
        self._encryption = answer_encryption(client, has_certificate=self._context is not None and not inside_tls)
        self.send(encode_prelogin(self._version, self._encryption))
        if self._context is not None and self._encryption is not Encryption.NOT_SUPPORTED:
            self._channel = TlsChannel(self._context, ssl.TLSVersion.TLSv1_2)
            self._state = _State.HANDSHAKE
        else:
            self._state = _State.LOGIN

    def _continue_handshake(self, data: bytes) -> None:
        channel = self._channel
        assert channel is not None
        channel.feed(data)
        done = channel.handshake()
        if flight := channel.take():
            self._output.append(self._writer.write(flight, kind=PacketType.PRELOGIN))
        if done:
            self._state = _State.LOGIN
            rest = self._reader.take_rest()
            if rest:
                channel.feed(rest)
            self._reader.feed(channel.read())

    def _receive_login(self, message: Message) -> Event:
        _expect(message, PacketType.LOGIN)
        login = parse_login(message.body)
        if self._encryption is Encryption.OFF:
            self._channel = None
        self._state = _State.ANSWERING_LOGIN
        return LoginReceived(login)

    # Out

    @property
    def is_encrypted(self) -> bool:
        """Whether requests and replies are encrypted, not the login alone."""
        return self._strict_channel is not None or self._channel is not None

    def accept(self, spid: int, packet_size: int, dialect: Dialect) -> None:
        """The login succeeded: requests may follow the reply, in packets of the agreed size."""
        self._dialect = dialect
        self._writer.spid = spid
        self._writer.size = packet_size
        self._reader.maximum_message_size = MAXIMUM_MESSAGE_SIZE
        self._state = _State.READY

    @property
    def packet_body_size(self) -> int:
        """Bytes of a reply that fill a packet."""
        return self._writer.body_size

    def send(self, body: bytes | bytearray, *, final: bool = True) -> None:
        """Queue a reply, or a part of one that is not its end."""
        packets = self._writer.write(body, final=final)
        channel = self._channel
        if channel is not None and channel.is_established:
            packets = channel.write(packets)
        if self._strict_channel is not None:
            packets = self._strict_channel.write(packets)
        self._output.append(packets)

    def take_output(self) -> bytes:
        """The bytes to send."""
        output = self._output
        if not output:
            return b""
        data = output[0] if len(output) == 1 else b"".join(output)
        output.clear()
        return data


def _expect(message: Message, kind: PacketType) -> None:
    if message.type is not kind:
        raise ProtocolError(f"{message.type.name} message where {kind.name} is due")


def _request(message: Message, dialect: Dialect) -> Event:
    """The event of a message in the READY state. Raises ProtocolError."""
    if message.type is PacketType.ATTENTION:
        return Attention()
    reset = _reset(message.status)
    if message.status & IGNORE:
        return Ignored(reset)
    try:
        match message.type:
            case PacketType.RPC:
                return Rpc(parse_rpc(message.body, dialect), reset)
            case PacketType.BATCH:
                return Batch(_batch_text(message.body, dialect), reset)
            case PacketType.TRANSACTION if dialect.wide:
                return _transaction_request(message.body, reset)
            case PacketType.BULK_LOAD:
                return BulkLoad(parse_bulk_load(message.body, dialect), reset)
            case _:
                raise ProtocolError(f"{message.type.name} message after the login")
    except SqlError as error:
        return Refused(error, reset)


def _reset(status: int) -> Reset:
    if status & RESET_CONNECTION:
        return Reset.FULL
    return Reset.KEEP_TRANSACTION if status & RESET_CONNECTION_KEEP_TRANSACTION else Reset.NONE


def _batch_text(body: bytes, dialect: Dialect) -> str:
    start = skip_headers(body) if dialect.wide else 0
    try:
        return body[start:].decode("utf-16-le", "surrogatepass")
    except UnicodeDecodeError:
        raise ProtocolError("batch text is cut inside a character") from None


def _transaction_request(body: bytes, reset: Reset) -> TransactionRequest:
    position = skip_headers(body)
    try:
        (number,) = struct.unpack_from("<H", body, position)
        position += 2
        try:
            kind = TransactionKind(number)
        except ValueError:
            raise NotSupported(f"transaction manager request {number} (distributed transactions)") from None
        if kind is TransactionKind.BEGIN:
            name, _ = _byte_name(body, position + 1)
            return TransactionRequest(kind, name, body[position], reset=reset)
        name, position = _byte_name(body, position)
        if kind is TransactionKind.SAVE or not body[position] & 1:
            return TransactionRequest(kind, name, reset=reset)
        next_name, _ = _byte_name(body, position + 2)
        return TransactionRequest(kind, name, body[position + 1], True, next_name, reset)
    except (IndexError, struct.error, UnicodeDecodeError):
        raise ProtocolError("malformed transaction manager request") from None


def _byte_name(body: bytes, position: int) -> tuple[str, int]:
    """A name whose length is in bytes (unlike B_VARCHAR): the transaction manager's BEGIN and its kin."""
    length = body[position]
    end = position + 1 + length
    if end > len(body):
        raise IndexError("name ends outside the request")
    return body[position + 1 : end].decode("utf-16-le"), end
