"""How the harness reaches a database: targets, drivers, sessions, pools, and the emulator as a process."""

from harness.connection.connection_string import ConnectionString
from harness.connection.emulator_process import EmulatorProcess, target_or_emulator
from harness.connection.errors import Diagnostic, SqlServerError, Unreachable
from harness.connection.pool import SessionPool
from harness.connection.session import CallResult, Outcome, ResultSet, Session, connect, open_session
from harness.connection.target import Target

__all__ = [
    "CallResult",
    "ConnectionString",
    "Diagnostic",
    "EmulatorProcess",
    "Outcome",
    "ResultSet",
    "Session",
    "SessionPool",
    "SqlServerError",
    "Target",
    "Unreachable",
    "connect",
    "open_session",
    "target_or_emulator",
]
