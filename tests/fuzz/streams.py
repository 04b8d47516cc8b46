"""What a client might send: streams of TDS messages, well-formed ones and ones with some bytes changed.

Source of the formats: [MS-TDS] 2.2.3 (packets), 2.2.6 (messages), 2.2.5.4 (types).
"""

import struct

from hypothesis import strategies as st

from tests.emulator.tds.messages import Messages

MOST_CHANGES = 4
COLLATION = b"\x09\x04\xd0\x00\x34"
TEXT = "ž".encode("utf-16-le")
PARAMETERS = (
    Messages.integer(7, "@a"),
    Messages.integer(None),
    Messages.parameter(b"\x68\x01", b"\x01\x01"),  # bit
    Messages.parameter(b"\x6c\x11\x13\x06", b"\x05\x01" + struct.pack("<I", 1_500_000)),  # decimal(19, 6)
    Messages.parameter(b"\x6d\x08", b"\x08" + struct.pack("<d", 0.1)),  # float
    Messages.parameter(b"\x2a\x07", b"\x08" + bytes(5) + b"\x01\x02\x03"),  # datetime2(7)
    Messages.parameter(b"\x6f\x08", b"\x08" + struct.pack("<iI", 40_000, 300)),  # datetime
    Messages.parameter(b"\x24\x10", b"\x10" + bytes(range(16))),  # uniqueidentifier
    Messages.parameter(b"\xe7\x14\x00" + COLLATION, struct.pack("<H", 2) + TEXT),  # nvarchar(10)
    Messages.parameter(b"\xe7\xff\xff" + COLLATION, struct.pack("<QI", 2, 2) + TEXT + bytes(4)),  # nvarchar(max)
    Messages.parameter(b"\xa5\xff\xff", struct.pack("<QI", 2**64 - 2, 3) + b"abc" + bytes(4)),  # varbinary(max)
    Messages.parameter(
        b"\x62\x49\x1f\x00\x00", struct.pack("<I", 6) + b"\x38\x00" + struct.pack("<i", 5)
    ),  # sql_variant
    Messages.parameter(  # a table of one int column and one row
        b"\xf3\x00\x00\x00",
        b"\x01\x00" + bytes(4) + b"\x09\x00\x26\x04\x00" + b"\x00" + b"\x01\x04\x05\x00\x00\x00\x00",
    ),
)
SQL = (
    "SELECT 1;",
    "SELECT @P1, @P2;",
    "BEGIN TRANSACTION;",
    "EXEC sp_who;",
    "SELECT 1 / 0;",
    "INSERT BULK #t (a int);",
)


def _statement(text: str) -> bytes:
    raw = text.encode("utf-16-le")
    return Messages.parameter(b"\xe7\x40\x1f" + COLLATION, struct.pack("<H", len(raw)) + raw)


@st.composite
def _rpc(draw: st.DrawFn) -> bytes:
    procedure = draw(st.one_of(st.integers(1, 15), st.sampled_from(("sp_executesql", "dbo.Pick", "sp_columns_100"))))
    parameters = draw(st.lists(st.sampled_from(PARAMETERS), max_size=3))
    texts = [_statement(draw(st.sampled_from(SQL))), _statement("@P1 int, @P2 nvarchar(10)")]
    calls = [Messages.call(procedure, *texts[: draw(st.integers(0, 2))], *parameters)]
    return Messages.rpc(*calls * draw(st.integers(1, 2)))


def _bulk_load() -> bytes:
    column = bytes(4) + b"\x09\x00" + b"\x26\x04" + b"\x01a\x00"
    return Messages.message(0x07, b"\x81\x01\x00" + column + b"\xd1\x04\x05\x00\x00\x00" + b"\xfd" + bytes(12))


def requests() -> st.SearchStrategy[bytes]:
    """One well-formed message after the login."""
    return st.one_of(
        st.builds(
            Messages.batch, st.sampled_from(SQL), size=st.sampled_from((64, 4096)), status=st.sampled_from((0, 8, 16))
        ),
        _rpc(),
        st.sampled_from((b"\5\0\2\0", b"\5\0\0\4a\0b\0", b"\7\0\0\0", b"\10\0\0\1\2\0", b"\11\0\2s\0")).map(
            Messages.transaction
        ),
        st.just(Messages.attention()),
        st.just(_bulk_load()),
    )


@st.composite
def changed(draw: st.DrawFn, message: st.SearchStrategy[bytes]) -> bytes:
    """A message with some bytes set, dropped, put in, doubled or cut off, lengths and counts like all others."""
    data = bytearray(draw(message))
    for _ in range(draw(st.integers(1, MOST_CHANGES))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from(("set", "set", "limit", "drop", "insert", "double", "cut"))):
            case "set":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "limit":
                data[at : at + 2] = draw(st.sampled_from((b"\xff\xff", b"\x00\x00", b"\xff\x7f", b"\x00\x80")))
            case "drop":
                del data[at : at + draw(st.integers(1, 8))]
            case "insert":
                data[at:at] = draw(st.binary(max_size=8))
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 16))]
            case "cut":
                del data[at:]
    return bytes(data)


def after_login() -> st.SearchStrategy[list[bytes]]:
    """Messages after the login, some of them changed."""
    return st.lists(st.one_of(requests(), changed(requests())), min_size=1, max_size=4)


@st.composite
def from_the_start(draw: st.DrawFn, login: bytes) -> list[bytes]:
    """A whole stream: PRELOGIN, the login and requests, with a change somewhere or nowhere."""
    prelogin = st.just(Messages.prelogin())
    greeting = draw(st.one_of(st.just(Messages.prelogin()), changed(prelogin)))
    return [greeting, draw(st.one_of(st.just(login), changed(st.just(login)))), *draw(after_login())]
