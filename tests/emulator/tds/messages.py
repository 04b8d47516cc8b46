"""What a client sends: TDS messages made by hand. Source: [MS-TDS] 2.2."""

import struct


class Messages:
    """What a client sends."""

    headers = struct.pack("<IIHQI", 22, 18, 2, 0, 1)

    @staticmethod
    def packet(kind: int, body: bytes, status: int = 1) -> bytes:
        return struct.pack(">BBHHBB", kind, status, len(body) + 8, 0, 1, 0) + body

    @classmethod
    def message(cls, kind: int, body: bytes, *, size: int = 4096, status: int = 0) -> bytes:
        """A message in packets of ``size``; ``status`` bits go on the first packet."""
        pieces = [body[start : start + size - 8] for start in range(0, len(body), size - 8)] or [b""]
        packets = [cls.packet(kind, piece, 0) for piece in pieces]
        packets[0] = cls.packet(kind, pieces[0], status | (len(pieces) == 1))
        if len(pieces) > 1:
            packets[-1] = cls.packet(kind, pieces[-1], 1)
        return b"".join(packets)

    @classmethod
    def prelogin(cls, encryption: int = 2) -> bytes:
        options = struct.pack(">BHHBHHB", 0, 11, 6, 1, 17, 1, 0xFF) + bytes(6) + bytes([encryption])
        return cls.packet(0x12, options)

    @staticmethod
    def login_body(
        user: str = "sa",
        password: str = "secret",
        database: str = "lockstep",
        version: int = 0x74000004,
        packet_size: int = 0,
        features: dict[int, bytes] | None = None,
    ) -> bytes:
        obscured = bytes((b << 4 & 0xF0 | b >> 4) ^ 0xA5 for b in password.encode("utf-16-le"))
        texts = {0: "host", 1: user, 3: "tests", 4: "server", 8: database}
        table, data = b"", b""
        start = 94
        for index in range(9):
            raw = obscured if index == 2 else texts.get(index, "").encode("utf-16-le")
            if index == 5 and features is not None:
                table += struct.pack("<HH", start + len(data), 4)
                blocks = b"".join(struct.pack("<BI", key, len(value)) + value for key, value in features.items())
                data += struct.pack("<I", start + len(data) + 4) + blocks + b"\xff"
                continue
            table += struct.pack("<HH", start + len(data), len(raw) // 2)
            data += raw
        table += bytes(6) + bytes(16)
        fixed = struct.pack(
            "<IIIIIIBBBBiI", start + len(data), version, packet_size, 7, 1, 0, 0xE0, 3, 0, 0x10 if features else 0, 0, 0
        )
        return fixed + table + data

    @classmethod
    def login(cls, **settings: object) -> bytes:
        return cls.message(0x10, cls.login_body(**settings))  # type: ignore[arg-type]

    @classmethod
    def batch(cls, text: str, *, size: int = 4096, status: int = 0) -> bytes:
        return cls.message(0x01, cls.headers + text.encode("utf-16-le"), size=size, status=status)

    @classmethod
    def rpc(cls, *calls: bytes) -> bytes:
        return cls.message(0x03, cls.headers + b"\xff".join(calls))

    @staticmethod
    def call(procedure: str | int, *parameters: bytes) -> bytes:
        if isinstance(procedure, int):
            name = struct.pack("<HH", 0xFFFF, procedure)
        else:
            name = struct.pack("<H", len(procedure)) + procedure.encode("utf-16-le")
        return name + b"\0\0" + b"".join(parameters)

    @staticmethod
    def parameter(info: bytes, value: bytes, name: str = "", flags: int = 0) -> bytes:
        return bytes([len(name)]) + name.encode("utf-16-le") + bytes([flags]) + info + value

    @classmethod
    def integer(cls, value: int | None, name: str = "", flags: int = 0) -> bytes:
        return cls.parameter(b"\x26\x04", b"\0" if value is None else struct.pack("<Bi", 4, value), name, flags)

    @classmethod
    def transaction(cls, body: bytes) -> bytes:
        return cls.message(0x0E, cls.headers + body)

    @classmethod
    def attention(cls) -> bytes:
        return cls.packet(0x06, b"")
