"""A small engine behind the real server, run as a process of its own: ``python fake_engine.py [--tls]``.

It prints its port and, with ``--tls``, serves a self-signed certificate. Batches are commands; parameters of prepared
statements come back as a result set. ``log`` returns what the connections did so far.
"""

import asyncio
import contextlib
import hmac
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import SqlError
from emulator.origin import IN_PROCESS, Origin
from emulator.results import ColumnInfo, ResultSink
from emulator.scheduler import Interrupted, RealClock, Scheduler, Task
from emulator.tds.engine import Parameter, RpcParameter, TableParameter
from emulator.tds.server import Server
from emulator.tds.tls import self_signed_context
from emulator.types.sqltype import DEFAULT_COLLATION, MAX, SqlType

USER, PASSWORD, DATABASE = "sa", "Fake-Engine-1", "lockstep"

INT = SqlType("int")
NVARCHAR = SqlType("nvarchar", 200, collation=DEFAULT_COLLATION)
SMALLINT = SqlType("smallint")

DATATYPE_INFO = tuple(
    ColumnInfo(name, NVARCHAR if kind == "text" else INT if kind == "int" else SMALLINT)
    for name, kind in {
        "TYPE_NAME": "text",
        "DATA_TYPE": "small",
        "PRECISION": "int",
        "LITERAL_PREFIX": "text",
        "LITERAL_SUFFIX": "text",
        "CREATE_PARAMS": "text",
        "NULLABLE": "small",
        "CASE_SENSITIVE": "small",
        "SEARCHABLE": "small",
        "UNSIGNED_ATTRIBUTE": "small",
        "MONEY": "small",
        "AUTO_INCREMENT": "small",
        "LOCAL_TYPE_NAME": "text",
        "MINIMUM_SCALE": "small",
        "MAXIMUM_SCALE": "small",
        "SQL_DATA_TYPE": "small",
        "SQL_DATETIME_SUB": "small",
        "NUM_PREC_RADIX": "int",
        "INTERVAL_PRECISION": "small",
        "USERTYPE": "small",
    }.items()
)
DATATYPES = {12: ("varchar", 8000), -9: ("nvarchar", 4000), -3: ("varbinary", 8000), 93: ("datetime2", 27)}


def characters(name: str, length: int) -> SqlType:
    return SqlType(name, length, collation=DEFAULT_COLLATION)


ALL_TYPES: dict[str, tuple[SqlType, Any]] = {
    "bit": (SqlType("bit"), 1),
    "tinyint": (SqlType("tinyint"), 255),
    "smallint": (SqlType("smallint"), -32768),
    "int": (SqlType("int"), -(2**31)),
    "bigint": (SqlType("bigint"), 2**63 - 1),
    "decimal9": (SqlType("decimal", precision=9, scale=2), -123456789),
    "decimal19": (SqlType("decimal", precision=19, scale=4), 10**19 - 1),
    "decimal38": (SqlType("numeric", precision=38, scale=10), -(10**38 - 1)),
    "money": (SqlType("money"), -9_223_372_036_854_775_808),
    "smallmoney": (SqlType("smallmoney"), 2**31 - 1),
    "float": (SqlType("float"), -1.5e300),
    "real": (SqlType("real"), 0.25),
    "char": (characters("char", 5), "ab€  "),
    "varchar": (characters("varchar", 50), "naïve \x81 ÿ"),
    "varcharmax": (characters("varchar", MAX), "v" * 10_000),
    "nchar": (characters("nchar", 4), "ñ   "),
    "nvarchar": (characters("nvarchar", 50), "žluťoučký 😀"),
    "nvarcharmax": (characters("nvarchar", MAX), "š" * 9_000),
    "empty": (characters("nvarchar", MAX), ""),
    "text": (characters("text", 0), "old text"),
    "ntext": (characters("ntext", 0), "old ňtext"),
    "xml": (SqlType("xml"), "<a>1</a>"),
    "binary": (SqlType("binary", 4), b"\1\2\0\0"),
    "varbinary": (SqlType("varbinary", 20), b"\0\xff"),
    "varbinarymax": (SqlType("varbinary", MAX), bytes(range(256)) * 40),
    "image": (SqlType("image"), b"picture"),
    "rowversion": (SqlType("rowversion"), b"\0\0\0\0\0\0\7\xd1"),
    "uniqueidentifier": (SqlType("uniqueidentifier"), bytes(range(16))),
    "date": (SqlType("date"), 3_652_058),
    "time0": (SqlType("time", scale=0), 863_990_000_000),
    "time7": (SqlType("time", scale=7), 863_999_999_999),
    "datetime2_3": (SqlType("datetime2", scale=3), 730_119 * 864_000_000_000 + 1_230_000),
    "datetime2_7": (SqlType("datetime2", scale=7), 730_119 * 864_000_000_000 + 12_345_670),
    "datetime": (SqlType("datetime"), -1),
    "smalldatetime": (SqlType("smalldatetime"), 65_535 * 1440 + 1439),
}


@dataclass
class FakeDatabase:
    name: str
    collation: str = "SQL_Latin1_General_CP1_CI_AS"


@dataclass
class FakeSession:
    engine: "FakeEngine"
    spid: int
    database: FakeDatabase
    transaction_descriptor: int = 0
    origin: Origin = IN_PROCESS
    task: Task | None = None
    name: str = ""

    def run_batch(self, text: str, sink: ResultSink) -> None:
        self.task = self.engine.scheduler.current
        command, _, argument = text.strip().partition(" ")
        try:
            getattr(self, "do_" + command.lower())(argument, sink)
        except Interrupted:
            self.engine.note(self, "interrupted")
        finally:
            self.task = None

    def run_rpc(self, procedure: str, parameters: Sequence[Parameter], sink: ResultSink) -> None:
        name = procedure.rpartition(".")[2].strip("[]")
        handler = getattr(self, "rpc_" + name.lower(), None)
        if handler is None:
            sink.message(SqlError(2812, 16, 62, f"Could not find stored procedure '{procedure}'."))
            return
        handler(parameters, sink)

    def bulk_load(self, types: Sequence[SqlType], rows: Sequence[tuple[Any, ...]], sink: ResultSink) -> None:
        sink.done(sum(row[0] for row in rows))

    # Batches

    def do_select(self, argument: str, sink: ResultSink) -> None:
        self.rows((ColumnInfo("", INT),), [(int(argument),)], sink)

    def do_name(self, argument: str, sink: ResultSink) -> None:
        self.name = argument
        sink.done(None)

    def do_types(self, argument: str, sink: ResultSink) -> None:
        columns = tuple(ColumnInfo(name, type) for name, (type, _) in ALL_TYPES.items())
        values = tuple(value for _, value in ALL_TYPES.values())
        self.rows(columns, [values, (None,) * len(values)], sink)

    def do_many(self, argument: str, sink: ResultSink) -> None:
        decimal = SqlType("decimal", precision=18, scale=4)
        columns = (ColumnInfo("i", INT), ColumnInfo("t", NVARCHAR), ColumnInfo("d", decimal), ColumnInfo("e", INT))
        sink.columns(columns)
        for number in range(int(argument)):
            sink.row((number, f"row {number}", number * 10, None))
        sink.done(int(argument), is_select=True)
        self.engine.note(self, f"sent {argument}")

    def do_several(self, argument: str, sink: ResultSink) -> None:
        sink.done(3)
        self.rows((ColumnInfo("a", INT),), [(1,), (2,)], sink)
        sink.message(SqlError(0, 0, 1, "printed", 4))
        sink.done(4)
        self.rows((ColumnInfo("b", NVARCHAR),), [("x",)], sink)

    def do_error(self, argument: str, sink: ResultSink) -> None:
        number, severity = map(int, argument.split())
        sink.message(SqlError(number, severity, 7, f"error {number}", 42, "dbo.Broken"))
        sink.done(None)

    def do_lateerror(self, argument: str, sink: ResultSink) -> None:
        self.rows((ColumnInfo("a", INT),), [(1,)], sink)
        sink.message(SqlError(8134, 16, 1, "Divide by zero error encountered."))
        sink.done(None)

    def do_crash(self, argument: str, sink: ResultSink) -> None:
        raise ZeroDivisionError("a fault of the engine")

    def do_wait(self, argument: str, sink: ResultSink) -> None:
        """Wait for ``release``."""
        self.engine.note(self, "started")
        assert self.task is not None
        self.engine.waiting.append(self.task)
        try:
            self.engine.scheduler.block()
        finally:
            self.engine.waiting.remove(self.task)
        self.rows((ColumnInfo("", NVARCHAR),), [("released",)], sink)

    def do_waitmidway(self, argument: str, sink: ResultSink) -> None:
        sink.columns((ColumnInfo("", INT),))
        sink.row((1,))
        self.do_wait(argument, sink)

    def do_sleep(self, argument: str, sink: ResultSink) -> None:
        self.engine.note(self, "started")
        self.engine.scheduler.sleep(float(argument))
        self.do_select("1", sink)

    def do_spin(self, argument: str, sink: ResultSink) -> None:
        """Be busy until interrupted."""
        self.engine.note(self, "started")
        while True:
            self.engine.scheduler.switch_point()

    def do_release(self, argument: str, sink: ResultSink) -> None:
        for task in self.engine.waiting:
            self.engine.scheduler.wake(task)
        sink.done(len(self.engine.waiting))

    def do_log(self, argument: str, sink: ResultSink) -> None:
        entries = [(entry,) for name, entry in self.engine.log if name == argument]
        self.rows((ColumnInfo("entry", NVARCHAR),), entries, sink)

    def do_use(self, argument: str, sink: ResultSink) -> None:
        sink.database_changed(self.database.name, argument, 1, self.database.collation)
        self.database = FakeDatabase(argument)
        sink.done(None)

    def do_rollback(self, argument: str, sink: ResultSink) -> None:
        self.end_transaction(False, sink)
        sink.done(None)

    def do_set(self, argument: str, sink: ResultSink) -> None:
        self.engine.note(self, "set " + argument)
        sink.done(None)

    def rows(self, columns: Sequence[ColumnInfo], rows: Sequence[tuple[Any, ...]], sink: ResultSink) -> None:
        sink.columns(columns)
        for row in rows:
            sink.row(row)
        sink.done(len(rows), is_select=True)

    # Calls

    def rpc_sp_datatype_info_100(self, parameters: Sequence[Any], sink: ResultSink) -> None:
        wanted = parameters[0].value
        name, precision = DATATYPES[wanted]
        row = (name, wanted, precision, "'", "'", "max length", 1, 0, 3, None, 0, None, name, *(None,) * 2, wanted)
        self.rows(DATATYPE_INFO, [(*row, *(None,) * 3, 0)], sink)
        sink.return_status(0)

    def rpc_sp_describe_undeclared_parameters(self, parameters: Sequence[Any], sink: ResultSink) -> None:
        sink.return_status(0)

    def rpc_sp_prepexec(self, parameters: Sequence[Any], sink: ResultSink) -> None:
        """The parameters come back as a result set; a text ``count n`` makes a row count of it instead."""
        _, _, text, *values = parameters
        if text.value.startswith("count"):
            sink.done(len(values))
        else:
            self.echo(values, sink)
        sink.return_status(0)
        sink.return_value("", INT, 17)

    def rpc_sp_prepexecrpc(self, parameters: Sequence[Any], sink: ResultSink) -> None:
        self.echo(parameters[2:], sink)
        sink.return_status(5)
        sink.return_value("", INT, 18)

    def rpc_sp_executesql(self, parameters: Sequence[Any], sink: ResultSink) -> None:
        self.echo(parameters[2:], sink)
        sink.return_status(0)

    def rpc_sp_prepare(self, parameters: Sequence[Any], sink: ResultSink) -> None:
        sink.return_status(0)
        sink.return_value("", INT, 19)

    def rpc_sp_execute(self, parameters: Sequence[Any], sink: ResultSink) -> None:
        self.engine.note(self, f"execute {[parameter_text(parameter) for parameter in parameters[1:]]}")
        self.echo(parameters[1:], sink)
        sink.return_status(0)

    def rpc_sp_unprepare(self, parameters: Sequence[Any], sink: ResultSink) -> None:
        sink.return_status(0)

    def echo(self, values: Sequence[Parameter], sink: ResultSink) -> None:
        scalars = [value for value in values if isinstance(value, RpcParameter)]
        columns = [ColumnInfo("", value.type) for value in scalars]
        columns += [ColumnInfo("type", NVARCHAR) for _ in scalars]
        row = [value.value for value in scalars] + [type_text(value.type) for value in scalars]
        if columns:
            self.rows(tuple(columns), [tuple(row)], sink)

    # Transactions

    def begin_transaction(self, isolation: int, name: str, sink: ResultSink) -> None:
        self.engine.note(self, f"begin {isolation}")
        self.engine.transactions += 1
        self.transaction_descriptor = self.engine.transactions
        sink.transaction_began(self.transaction_descriptor)

    def commit_transaction(self, name: str, sink: ResultSink) -> None:
        self.engine.note(self, "commit")
        self.end_transaction(True, sink)

    def rollback_transaction(self, name: str, sink: ResultSink) -> None:
        self.engine.note(self, "rollback")
        self.end_transaction(False, sink)

    def save_transaction(self, name: str, sink: ResultSink) -> None:
        self.engine.note(self, f"save {name}")

    def end_transaction(self, committed: bool, sink: ResultSink) -> None:
        if not self.transaction_descriptor:
            sink.message(SqlError(3903, 16, 1, "no corresponding BEGIN TRANSACTION"))
            return
        descriptor, self.transaction_descriptor = self.transaction_descriptor, 0
        sink.transaction_ended(descriptor, committed=committed)

    def reset(self, *, keep_transaction: bool, sink: ResultSink) -> None:
        self.engine.note(self, "reset")
        if self.transaction_descriptor and not keep_transaction:
            self.end_transaction(False, sink)

    def interrupt(self) -> None:
        if self.task is not None:
            self.engine.scheduler.interrupt(self.task)

    def close(self) -> None:
        self.engine.note(self, "closed")


@dataclass
class FakeEngine:
    scheduler: Scheduler = field(default_factory=lambda: Scheduler(RealClock()))
    waiting: list[Task] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    sessions: int = 50
    server_name: str = "FAKE"
    transactions: int = 0

    def login(
        self, user: str, password: str, database: str, *, host: str, application: str, language: str
    ) -> FakeSession:
        if user != USER or not hmac.compare_digest(password, PASSWORD):
            raise SqlError(18456, 14, 1, f"Login failed for user '{user}'.")
        if database not in ("", DATABASE):
            raise SqlError(4060, 11, 1, f'Cannot open database "{database}" requested by the login. The login failed.')
        self.sessions += 1
        return FakeSession(self, self.sessions, FakeDatabase(DATABASE))

    def note(self, session: FakeSession, entry: str) -> None:
        self.log.append((session.name, entry))


def type_text(type: SqlType) -> str:
    return f"{type.name}({type.length},{type.precision},{type.scale})"


def parameter_text(parameter: Parameter) -> Any:
    if isinstance(parameter, TableParameter):
        types = [type_text(column.type) for column in parameter.columns]
        return [parameter.schema, parameter.type_name, types, list(parameter.rows)]
    return parameter.value


async def serve() -> None:
    context = self_signed_context("127.0.0.1") if "--tls" in sys.argv else None
    server = Server(FakeEngine(), context=context)
    _, port = await server.start("127.0.0.1", 0)
    print(json.dumps({"port": port}), flush=True)
    with contextlib.suppress(OSError):
        await asyncio.to_thread(sys.stdin.read)
    await server.stop()


if __name__ == "__main__":
    asyncio.run(serve())
