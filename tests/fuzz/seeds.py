"""`python -m tests.fuzz.seeds FOLDER`: write the first inputs of the coverage-guided fuzzers, one file each."""

import hashlib
import sys
from pathlib import Path

from tests.emulator.tds.messages import Messages
from tests.fuzz.corpus import data_layer_batches, tested_batches
from tests.fuzz.streams import PARAMETERS, SQL


def main() -> None:
    """Batches for the parser, messages for the decoder."""
    folder = Path(sys.argv[1])
    messages = [Messages.batch(text) for text in SQL]
    messages += [Messages.rpc(Messages.call(10, parameter)) for parameter in PARAMETERS]
    _write(
        folder / "decoder", [b"\1" + message for message in messages] + [b"\0" + Messages.prelogin() + Messages.login()]
    )
    _write(folder / "parser", [b"\0" + text.encode() for text in tested_batches() + data_layer_batches()])


def _write(folder: Path, inputs: list[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    main()
