"""The asyncio shell: sockets around ``Connection``, requests as tasks of the engine's scheduler.

Everything runs on the event loop's thread. Bytes that complete a request start a task. With one client the scheduler
runs at once, so that a short request is answered within the call that received it. With several it runs when the loop
has read all sockets that were ready: requests that came while others ran start together and take turns, statement by
statement. A task that waits for a lock or a time has switched away when the scheduler returns; the loop's timer follows
the scheduler's next deadline. When tasks still have work after ``RUN_BUDGET``, the loop first reads its sockets, so
that cancellations and other clients get in between.

A request is cancelled by an attention, which is answered by two messages: the end of the reply, wherever it stopped,
and the acknowledgement; or by one if the reply had already ended. A client that does not read blocks its task, not the
server.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from dataclasses import dataclass, field
from functools import partial

from emulator.errors import NotSupported, SqlError, sql_error
from emulator.origin import Origin
from emulator.scheduler import Interrupted, Task
from emulator.tds import login as login7
from emulator.tds import tokens
from emulator.tds.connection import (
    Attention,
    Batch,
    Broken,
    BulkLoad,
    Connection,
    Event,
    Ignored,
    LoginReceived,
    Refused,
    Request,
    Reset,
    Rpc,
    TransactionKind,
    TransactionRequest,
)
from emulator.tds.dialect import DIALECTS, TDS_7_4
from emulator.tds.engine import Engine, Session
from emulator.tds.login import Login
from emulator.tds.sink import ShapeCache, TokenSink
from emulator.tds.tokens import DoneStatus, DoneToken, EnvChange
from emulator.types.collation import collation

RUN_BUDGET = 0.002
"""Seconds that tasks may run before the loop looks at its sockets again."""

DRAIN_POLL = 0.01
"""Seconds between two looks at what is still running, when the server is to stop."""

LOGIN_TIMEOUT = 30.0
"""Seconds from connecting to a complete login."""

MAXIMUM_QUEUED_REQUESTS = 16
"""TDS without MARS has one request under way; a client that sends many more without reading is cut off."""

CANNOT_OPEN_DATABASE = frozenset({4060, 4064})
"""These errors are followed by the one for every failed login."""

PROGRAM_NAME = "Microsoft SQL Server"
PRODUCT_VERSION = (16, 0, 1000)
LANGUAGE = "us_english"

log = logging.getLogger("emulator.tds")


@dataclass(slots=True)
class Running:
    """The request under way. ``task`` runs it; ``cancelled``: an attention came, or the client is gone."""

    sink: TokenSink
    cancelled: bool = False
    task: Task = field(init=False)


class Client(asyncio.Protocol):
    """One client: its socket, its protocol state, its session and the request under way."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection = Connection(PRODUCT_VERSION, server.context)
        self._transport: asyncio.Transport | None = None
        self._peer = ""
        self._session: Session | None = None
        self._shapes = server.shapes[TDS_7_4]
        self._running: Running | None = None
        self._queue: deque[Request] = deque()
        self._write_paused = False
        self._blocked: Task | None = None
        self._login_timer: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is running."""
        return self._running is not None

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        address = transport.get_extra_info("peername")
        self._peer = ":".join(map(str, address[:2])) if isinstance(address, tuple) else "client"
        self._server.clients.add(self)
        self._login_timer = self._server.loop.call_later(LOGIN_TIMEOUT, self._refuse_slow_login)

    def data_received(self, data: bytes) -> None:
        for event in self._connection.receive(data):
            self._handle(event)
        self._write()
        self._server.pump_when_all_are_read()

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        if self._blocked is not None:
            self._server.engine.scheduler.wake(self._blocked)
            self._server.pump()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._queue.clear()
        self._server.clients.discard(self)
        if self._login_timer is not None:
            self._login_timer.cancel()
        if self._running is not None:
            self._cancel(self._running)
        elif self._session is not None:
            self._close_session(self._session)
        self._server.pump()

    # Events

    def _handle(self, event: Event) -> None:
        if isinstance(event, Attention):
            self._attention()
        elif isinstance(event, LoginReceived):
            self._log_in(event.login)
        elif isinstance(event, Broken):
            self._give_up(event.reason)
        else:
            self._queue.append(event)
            if len(self._queue) > MAXIMUM_QUEUED_REQUESTS:
                self._give_up("too many requests at once")
            elif self._running is None:
                self._start_next()

    def _give_up(self, reason: str) -> None:
        log.warning("%s: connection closed: %s", self._peer, reason)
        self._queue.clear()
        self._close()

    def _refuse_slow_login(self) -> None:
        if self._session is None:
            self._give_up(f"no login within {LOGIN_TIMEOUT:.0f} s")

    def _attention(self) -> None:
        running = self._running
        if running is not None:
            self._cancel(running)
        else:
            self._acknowledge_attention()

    def _cancel(self, running: Running) -> None:
        running.cancelled = True
        running.sink.mute()
        assert self._session is not None
        self._session.interrupt()

    def _acknowledge_attention(self) -> None:
        reply = bytearray()
        tokens.done(reply, DoneToken.DONE, DoneStatus.ATTENTION, dialect=self._shapes.dialect)
        self._connection.send(reply)
        self._write()

    # Login

    def _log_in(self, login: Login) -> None:
        reply = bytearray()
        try:
            session = self._open_session(login)
        except SqlError as error:
            log.warning("%s: %s", self._peer, error.message)
            tokens.message(reply, error, self._server.name, login.dialect)
            if error.number in CANNOT_OPEN_DATABASE:
                failed = sql_error(18456, login.user)
                tokens.message(reply, failed, self._server.name, login.dialect)
            tokens.done(reply, DoneToken.DONE, DoneStatus.ERROR, dialect=login.dialect)
            self._connection.send(reply)
            self._write()
            self._close()
            return
        self._session = session
        session.on_close = self.abort
        self._shapes = self._server.shapes[login.dialect]
        self._write_login_reply(reply, login, session)
        self._connection.accept(session.spid, login.answered_packet_size, login.dialect)
        session.origin = self._origin(login)
        self._connection.send(reply)
        if self._login_timer is not None:
            self._login_timer.cancel()
        for event in self._connection.receive(b""):  # what the client sent without waiting for the reply
            self._handle(event)

    def _origin(self, login: Login) -> Origin:
        assert self._transport is not None
        client, local = (self._transport.get_extra_info(name) or (None, None) for name in ("peername", "sockname"))
        return Origin(
            encrypted=self._connection.is_encrypted,
            client_address=str(client[0]),
            client_port=client[1],
            local_address=str(local[0]),
            local_port=local[1],
            interface=login.interface or None,
            process=login.process,
            packet_size=login.answered_packet_size,
            tds_version=login.dialect.acknowledged,
        )

    def _open_session(self, login: Login) -> Session:
        if login.changes_password:
            raise NotSupported("changing the password at login")
        if login.integrated:
            raise SqlError(18452, 14, 1, "Login failed. The emulator knows SQL Server authentication only.")
        return self._server.engine.login(
            login.user,
            login.password,
            login.database,
            host=login.host,
            application=login.application,
            language=login.language,
        )

    def _write_login_reply(self, reply: bytearray, login: Login, session: Session) -> None:
        database = session.database.name
        size = login.answered_packet_size
        tokens.text_change(reply, EnvChange.DATABASE, database, "master")
        changed = SqlError(5701, 0, 2, f"Changed database context to '{database}'.")
        tokens.message(reply, changed, self._server.name, login.dialect)
        if login.dialect.collated:
            tokens.binary_change(reply, EnvChange.COLLATION, collation(session.database.collation).tds)
        tokens.text_change(reply, EnvChange.LANGUAGE, LANGUAGE, "")
        changed = SqlError(5703, 0, 1, f"Changed language setting to {LANGUAGE}.")
        tokens.message(reply, changed, self._server.name, login.dialect)
        tokens.login_ack(reply, login.dialect, PROGRAM_NAME, PRODUCT_VERSION)
        tokens.text_change(reply, EnvChange.PACKET_SIZE, str(size), str(size))
        if login7.FEATURE_UTF8 in login.features:
            tokens.feature_ext_ack(reply, {login7.FEATURE_UTF8: b"\x01"})
        tokens.done(reply, DoneToken.DONE, dialect=login.dialect)

    # Requests

    def _start_next(self) -> None:
        if self._queue and self._session is not None:
            request = self._queue.popleft()
            self._running = running = Running(TokenSink(self._shapes, self._server.name, self._flush))
            run = partial(self._run, self._session, request, running)
            running.task = self._server.engine.scheduler.spawn(f"session {self._session.spid}", run, self._ended)

    def _run(self, session: Session, request: Request, running: Running) -> None:
        """The body of a request's task."""
        sink = running.sink
        if request.reset is not Reset.NONE:
            sink.acknowledge_reset()
            session.reset(keep_transaction=request.reset is Reset.KEEP_TRANSACTION, sink=sink)
        if running.cancelled:
            return
        match request:
            case Rpc():
                for call in request.calls:
                    sink.begin_call(call.parameters)
                    session.run_rpc(call.procedure, call.parameters, sink)
                    sink.end_call()
                    if running.cancelled or sink.is_fatal:
                        break
            case Batch():
                session.run_batch(request.text, sink)
            case BulkLoad():
                session.bulk_load(request.content.types, request.content.rows, sink)
            case TransactionRequest():
                _run_transaction_request(session, request, sink)
            case Refused():
                sink.message(request.error)
            case Ignored():
                sink.fail()

    def _ended(self, task: Task) -> None:
        """A request's task is over: end its reply, begin the next."""
        running, session = self._running, self._session
        assert running is not None
        assert session is not None
        self._running = None
        sink = running.sink
        if task.error is not None and not isinstance(task.error, Interrupted):
            log.error("session %d: internal error, connection closed", session.spid, exc_info=task.error)
            sink.message(_internal_error())
        if self._transport is None:
            self._close_session(session)
            return
        if running.cancelled:
            sink.finish_cancelled()
            self._connection.send(sink.buffer)
            self._acknowledge_attention()
        else:
            sink.finish()
            self._connection.send(sink.buffer)
            self._write()
        if sink.is_fatal:
            self._close()
        elif self._queue:
            self._start_next()

    def _flush(self, buffer: bytearray) -> None:
        """Send the whole packets in ``buffer``; while the client does not read, the running task waits here."""
        end = len(buffer) - len(buffer) % self._connection.packet_body_size
        self._connection.send(buffer[:end], final=False)
        del buffer[:end]
        self._write()
        scheduler = self._server.engine.scheduler
        while self._write_paused and self._transport is not None:
            self._blocked = scheduler.current
            try:
                scheduler.block()
            finally:
                self._blocked = None

    def _write(self) -> None:
        data = self._connection.take_output()
        if data and self._transport is not None:
            self._transport.write(data)

    def _close(self) -> None:
        """Close the socket once what was written is sent; ``connection_lost`` does the rest."""
        if self._transport is not None:
            self._transport.close()

    def _close_session(self, session: Session) -> None:
        self._session = None
        self._server.engine.scheduler.spawn(f"close session {session.spid}", session.close, _log_failure)

    def abort(self) -> None:
        """Cut the connection off; the reply of a request under way is sent before."""
        if self._running is not None and self._running.sink.is_fatal:
            return
        if self._transport is not None:
            self._transport.abort()


def _run_transaction_request(session: Session, request: TransactionRequest, sink: TokenSink) -> None:
    match request.kind:
        case TransactionKind.BEGIN:
            session.begin_transaction(request.isolation, request.name, sink)
        case TransactionKind.COMMIT:
            session.commit_transaction(request.name, sink)
        case TransactionKind.ROLLBACK:
            session.rollback_transaction(request.name, sink)
        case TransactionKind.SAVE:
            session.save_transaction(request.name, sink)
    if request.begins and not sink.has_error:
        session.begin_transaction(request.isolation, request.next_name, sink)


def _internal_error() -> SqlError:
    return SqlError(3624, 20, 1, "A system assertion check has failed. See the emulator's log for details.")


def _log_failure(task: Task) -> None:
    if task.error is not None:
        log.error("%s failed", task.name, exc_info=task.error)


class Server:
    """Listens for clients of an engine. ``context`` None: no encryption."""

    def __init__(self, engine: Engine, *, context: ssl.SSLContext | None) -> None:
        self.engine = engine
        self.context = context
        self.name = engine.server_name
        self.shapes = {dialect: ShapeCache(dialect) for dialect in DIALECTS}
        self.clients: set[Client] = set()
        self.loop: asyncio.AbstractEventLoop
        self._listener: asyncio.Server | None = None
        self._pump_soon: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_deadline: float | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; the address with the port that port 0 came to. Raises OSError when it cannot be had."""
        self.loop = asyncio.get_running_loop()
        self._listener = await self.loop.create_server(lambda: Client(self), host, port)
        address = self._listener.sockets[0].getsockname()
        return address[0], address[1]

    async def drain(self) -> None:
        """Take no more clients, and return when no request is running."""
        if self._listener is not None:
            self._listener.close()
        while any(client.busy for client in self.clients):
            await asyncio.sleep(DRAIN_POLL)

    async def stop(self) -> None:
        """Cut all clients off, roll back what they left open, end all tasks."""
        if self._listener is not None:
            self._listener.close()
        for client in list(self.clients):
            client.abort()
        while self.clients:
            await asyncio.sleep(0)
        self.engine.scheduler.run()
        self.engine.scheduler.close()
        for handle in (self._pump_soon, self._timer):
            if handle is not None:
                handle.cancel()

    def pump(self) -> None:
        """Run what can run, and see to it that the rest is run in time."""
        scheduler = self.engine.scheduler
        if self._pump_soon is not None:
            return
        if scheduler.run(seconds=RUN_BUDGET):
            self._pump_soon = self.loop.call_soon(self._pump_again)
            return
        self._follow(scheduler.next_deadline())

    def pump_when_all_are_read(self) -> None:
        """``pump``, but not before the other clients whose requests have come are in."""
        if len(self.clients) == 1:
            self.pump()
        elif self._pump_soon is None:
            self._pump_soon = self.loop.call_soon(self._pump_again)

    def _pump_again(self) -> None:
        self._pump_soon = None
        self.pump()

    def _follow(self, deadline: float | None) -> None:
        """Have the loop's timer call ``pump`` at ``deadline`` of the scheduler's clock."""
        if deadline == self._timer_deadline:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_deadline = deadline
        if deadline is not None:
            delay = deadline - self.engine.scheduler.clock.monotonic()
            self._timer = self.loop.call_later(max(delay, 0.0), self._timer_expired)

    def _timer_expired(self) -> None:
        self._timer = self._timer_deadline = None
        self.pump()
