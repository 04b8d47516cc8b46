"""Coverage-guided fuzzing with atheris: `python -m tests.fuzz.coverage_guided decoder|parser [libFuzzer options]`.

`make fuzz` runs both for a bounded time and keeps what they find in `build/fuzz/`: a `crash-...` file is the input that
broke something, and giving its path as an argument plays it again.
"""

import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["emulator.sql", "emulator.tds"]):
    from emulator.errors import SqlError
    from emulator.sql.parser import parse_batch, parse_object_name, parse_parameters, parse_type
    from emulator.tds.connection import Connection, LoginReceived
    from emulator.tds.dialect import TDS_7_4

from tests.emulator.tds.messages import Messages

VERSION = (16, 0, 1000)
PARSERS: tuple[Callable[[str], object], ...] = (parse_batch, parse_parameters, parse_object_name, parse_type)


def decoder(data: bytes) -> None:
    """The first byte chooses the state: even ones begin before the login, odd ones after it."""
    connection = Connection(VERSION, None)
    if data[:1] and data[0] % 2:
        connection.receive(Messages.prelogin())
        (login,) = connection.receive(Messages.login())
        assert isinstance(login, LoginReceived)
        connection.accept(51, 4096, TDS_7_4)
    connection.receive(data[1:])


def parser(data: bytes) -> None:
    """The first byte chooses what is parsed; the rest is text in UTF-8, or in UTF-16 where it is not."""
    try:
        text = data[1:].decode()
    except UnicodeDecodeError:
        text = data[1:].decode("utf-16-le", "replace")
    parse: tuple[Callable[[str], object], ...] = (
        parse_batch,
        parse_batch,
        parse_parameters,
        parse_object_name,
        parse_type,
    )
    try:
        parse[(data[0] if data else 0) % len(parse)](text)
    except SqlError:
        return


TARGETS = {"decoder": decoder, "parser": parser}


def main() -> None:
    """Run the target that the first argument names."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python -m tests.fuzz.coverage_guided {'|'.join(TARGETS)} [libFuzzer options]")
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
