"""The server to work on, known by its ODBC connection string alone."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from harness.connection.connection_string import ConnectionString
from harness.connection.driver import find_driver
from harness.errors import UsageFault

DSN_VARIABLE = "LOCKSTEP_DSN"


@dataclass(frozen=True, slots=True)
class Target:
    """A database on a server. Printing it never shows its password."""

    connection_string: ConnectionString

    @classmethod
    def from_dsn(cls, dsn: str) -> "Target":
        """A target from the text of a connection string; a driver is added when it names none.

        Raises UsageFault if the text is malformed or names no server, EnvironmentFault if no driver is there.
        """
        parsed = ConnectionString.parse(dsn)
        if parsed.get("DSN", "FileDSN") is None:
            if parsed.get("Server", "Address", "Addr") is None:
                raise UsageFault("the connection string names no server: add Server=host,port")
            if parsed.get("Driver") is None:
                parsed = parsed.with_value("Driver", find_driver())
        return cls(parsed)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Target | None":
        """The target that LOCKSTEP_DSN names, or None if it is not set."""
        dsn = environment.get(DSN_VARIABLE, "").strip()
        return cls.from_dsn(dsn) if dsn else None

    @classmethod
    def for_server(cls, *, host: str, port: int, user: str, password: str, database: str) -> "Target":
        """A target on this machine's loopback by SQL authentication, where encryption would protect nothing."""
        pairs = [
            ("Driver", find_driver()),
            ("Server", f"{host},{port}"),
            ("Database", database),
            ("UID", user),
            ("PWD", password),
            ("Encrypt", "no"),
        ]
        return cls(ConnectionString(pairs))

    @property
    def server(self) -> str:
        """How to name the server in a message."""
        return self.connection_string.get("Server", "Address", "Addr", "DSN", "FileDSN") or "the server"

    @property
    def database(self) -> str:
        """How to name the database in a message: the login's default one if none is given."""
        return self.connection_string.get("Database") or "(default)"

    def with_database(self, name: str) -> "Target":
        """The same server and login, another database."""
        return Target(self.connection_string.with_value("Database", name))

    def __str__(self) -> str:
        return f"{self.server}, database {self.database}"
