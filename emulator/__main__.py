"""``python -m emulator``: serve an instance over TDS until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import secrets
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from emulator.durability.durability import Durability
from emulator.durability.files import DataError
from emulator.durability.journal import CHECKPOINT_BYTES
from emulator.instance import Instance
from emulator.tds.server import Server
from emulator.tds.tls import self_signed_context, server_context

USER = "sa"
PASSWORD_VARIABLE = "LOCKSTEP_EMULATOR_PASSWORD"
GARBAGE_THRESHOLDS = (50_000, 20, 50)
"""Rows and compiled plans live long and form few cycles: the usual thresholds cost a third of loading rows."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Exit status 0 after a stop on request, 1 when serving cannot begin, 2 on wrong usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.key is not None and options.certificate is None:
        parser.error("--key needs --certificate")
    if options.certificate is not None and not options.tls:
        parser.error("--certificate contradicts --no-tls")
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    try:
        context = _tls_context(options)
    except (OSError, ssl.SSLError) as error:
        print(f"emulator: cannot use certificate {options.certificate}: {error}", file=sys.stderr)
        return 1
    return asyncio.run(_serve(options, context))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="SQL Server emulator for tests: T-SQL with SQL Server's locking, over TDS. Data is in memory only, "
        "unless --data names a directory to keep it in.",
        epilog=f"The password of the login {USER} comes from {PASSWORD_VARIABLE}; without it a random one is shown.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=1433, help="port, 0 for a free one (default: %(default)s)")
    parser.add_argument("--database", default="lockstep", help="the database to create (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (default: %(default)s)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep what is committed in this directory")
    parser.add_argument(
        "--checkpoint-size",
        type=_megabytes,
        default=CHECKPOINT_BYTES,
        metavar="MB",
        help=f"with --data: size of the log that begins a checkpoint (default: {CHECKPOINT_BYTES >> 20})",
    )
    parser.add_argument("--tls", action=argparse.BooleanOptionalAction, default=True, help="offer encryption")
    parser.add_argument("--certificate", type=Path, help="PEM certificate (default: one made at start, self-signed)")
    parser.add_argument("--key", type=Path, help="PEM key, if it is not in the certificate's file")
    parser.add_argument("--json-ready", action="store_true", help="print one line of JSON to stdout when listening")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when standard input does")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is not a port (0 to 65535)")
    return port


def _megabytes(text: str) -> int:
    size = float(text)
    if not 0 < size < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a size in megabytes")
    return int(size * 2**20)


def _tls_context(options: argparse.Namespace) -> ssl.SSLContext | None:
    if options.certificate is not None:
        return server_context(options.certificate, options.key)
    return self_signed_context(options.host) if options.tls else None


async def _serve(options: argparse.Namespace, context: ssl.SSLContext | None) -> int:
    stopped = Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stopped.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopped.set))
    password = os.environ.get(PASSWORD_VARIABLE, "")
    generated = "" if password else secrets.token_urlsafe(18)
    instance = Instance(database=options.database, logins={USER: password or generated}, seed=options.seed)
    instance.on_shutdown = stopped.at_leisure
    durability = None
    status = 0
    try:
        if options.data is not None:
            size = options.checkpoint_size
            durability = Durability(instance, options.data, stopped.because_of, checkpoint_bytes=size)
        await _run(Server(instance, context=context), options, stopped, generated)
    except (DataError, _CannotListen) as error:
        print(f"emulator: {error}", file=sys.stderr)
        status = 1
    if durability is not None and not _close(durability, stopped):
        status = 1
    return status


class _CannotListen(Exception):
    """The address cannot be had."""


class Stop(asyncio.Event):
    """Set when the server is to stop. ``reason`` is what went wrong, ``drains``: running requests are to end first."""

    reason = ""
    drains = False
    checkpoints = True

    def at_leisure(self, no_wait: bool) -> None:
        """SHUTDOWN [WITH NOWAIT]."""
        self.drains = self.checkpoints = not no_wait
        self.set()

    def because_of(self, reason: str) -> None:
        """The server cannot go on."""
        self.reason = reason
        self.checkpoints = False
        self.set()


async def _run(server: Server, options: argparse.Namespace, stopped: Stop, generated: str) -> None:
    """Serve until ``stopped``."""
    try:
        host, port = await server.start(options.host, options.port)
    except OSError as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise _CannotListen(f"cannot listen on {options.host}:{options.port}: {reason}") from None
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    _show_banner(sys.stderr, host, port, options, generated)
    if options.json_ready:
        print(json.dumps({"host": host, "port": port, "user": USER, "database": options.database}), flush=True)
    if options.exit_with_parent:
        loop = asyncio.get_running_loop()
        threading.Thread(target=_await_end_of_input, args=(loop, stopped), daemon=True).start()
    await stopped.wait()
    if stopped.drains:
        await server.drain()
    await server.stop()


def _close(durability: Durability, stopped: Stop) -> bool:
    """Write the last checkpoint. False: something went wrong, and it has been said what."""
    try:
        durability.close(checkpoint=stopped.checkpoints)
    except (DataError, OSError) as error:
        stopped.reason = stopped.reason or f"no checkpoint, the log is kept: {error}"
    if stopped.reason:
        print(f"emulator: {stopped.reason}", file=sys.stderr)
    return not stopped.reason


def _show_banner(out: TextIO, host: str, port: int, options: argparse.Namespace, generated_password: str) -> None:
    encryption = "Encrypt=yes;TrustServerCertificate=yes" if options.tls else "Encrypt=no"
    kept = "data is in memory only and lost at exit" if options.data is None else f"data is kept in {options.data}"
    print(f"SQL Server emulator, for tests. This is not SQL Server; {kept}.", file=out)
    print(f"Listening on {host}:{port}, {'with' if options.tls else 'without'} encryption. Connect with:", file=out)
    print(
        f"  Driver={{ODBC Driver 18 for SQL Server}};Server={host},{port};Database={options.database};UID={USER};"
        f"PWD=...;{encryption}",
        file=out,
    )
    if generated_password:
        print(f"Password of {USER} (set {PASSWORD_VARIABLE} to choose it): {generated_password}", file=out)
    out.flush()


def _await_end_of_input(loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    """Read standard input to its end, outside the loop because it may be anything: pipe, terminal, file."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    try:
        loop.call_soon_threadsafe(stopped.set)
    except RuntimeError:  # the loop has ended by itself meanwhile
        return


if __name__ == "__main__":
    sys.exit(main())
