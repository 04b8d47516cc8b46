"""A relay between one client and the server that a test can cut at any moment, or make swallow the server's replies."""

import socket
import struct
import threading
from contextlib import suppress

from harness.connection import Target
from tests.database.warehouse import PATIENCE_SECONDS

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Relay:
    """Passes one connection on. `target` leads through it."""

    def __init__(self, target: Target) -> None:
        host, _, port = target.server.partition(",")
        self._address = host.removeprefix("tcp:"), int(port or 1433)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self._swallowing = threading.Event()
        self._swallowed = threading.Event()
        own = f"127.0.0.1,{self._listener.getsockname()[1]}"
        self.target = Target(target.connection_string.with_value("Server", own))
        threading.Thread(target=self._serve, daemon=True).start()

    def swallow_replies(self) -> None:
        """From now on the client hears nothing more of what the server answers."""
        self._swallowing.set()

    def await_swallowed_reply(self) -> None:
        """Return once the server has answered."""
        assert self._swallowed.wait(PATIENCE_SECONDS), "the server did not answer"

    def cut(self) -> None:
        """Break the connection on both sides at once, without a goodbye."""
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):  # the other side was faster
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                end.shutdown(socket.SHUT_RD)
            end.close()
        self._listener.close()

    def __enter__(self) -> "Relay":
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def _serve(self) -> None:
        try:
            client, _ = self._listener.accept()
            server = socket.create_connection(self._address)
        except OSError:
            return  # cut before it was used
        self._ends = [client, server]
        threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
        self._pump(server, client, True)

    def _pump(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:
        try:
            while data := source.recv(65536):
                if from_server and self._swallowing.is_set():
                    self._swallowed.set()
                else:
                    sink.sendall(data)
        except OSError:
            pass  # cut
        finally:
            for end in (source, sink):
                with suppress(OSError):  # closed already
                    end.shutdown(socket.SHUT_RDWR)
