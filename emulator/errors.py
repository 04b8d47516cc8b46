"""SQL Server errors as Python exceptions, and the catalogue of the messages that the engine raises.

``SqlError`` is what T-SQL code can catch. ``sql_error`` makes one from its number and the values of its message; texts
and severities are those of ``sys.messages`` (documentation: "Database engine events and errors").
"""

from __future__ import annotations

from emulator.messages import MESSAGES


class SqlError(Exception):
    """An error as a client of SQL Server sees it.

    ``number``, ``severity`` (class, 0-25), ``state`` (0-255) and ``message`` are fixed when it is raised; ``line``
    (1-based within the batch or module, 0 = not yet known) and ``procedure`` (``schema.name`` or "") are filled in by
    the statement that was running.
    """

    def __init__(
        self,
        number: int,
        severity: int,
        state: int,
        message: str,
        line: int = 0,
        procedure: str = "",
    ) -> None:
        super().__init__(message)
        self.number = number
        self.severity = severity
        self.state = state
        self.message = message
        self.line = line
        self.procedure = procedure
        self.located = False
        self.preceding: list[SqlError] = []
        """Errors of the same cause that the client is sent before this one; CATCH sees this one alone."""
        self.unbound_in: object = None
        """The frame in which a statement could not be compiled when its turn came; a TRY there does not catch this."""

    def locate(self, line: int, procedure: str) -> None:
        """Say where it was raised, once: the innermost statement wins. A line known from the syntax tree is kept."""
        if not self.located:
            self.line = self.line or line
            self.procedure = self.procedure or procedure
            self.located = True
            for error in self.preceding:
                error.locate(self.line, self.procedure)

    def after(self, *errors: SqlError) -> SqlError:
        """This error, to be sent behind ``errors``."""
        self.preceding = [*errors, *self.preceding]
        return self

    def __str__(self) -> str:
        where = f"Procedure {self.procedure}, " if self.procedure else ""
        return f"Msg {self.number}, Level {self.severity}, State {self.state}, {where}Line {self.line}: {self.message}"


class NotSupported(SqlError):
    """T-SQL that SQL Server accepts and the emulator does not: error 40517, naming the construct."""

    def __init__(self, construct: str, line: int = 0) -> None:
        super().__init__(40517, 16, 1, f"not supported by the emulator: {construct}", line)


def sql_error(number: int, *values: object, state: int = 1, line: int = 0) -> SqlError:
    """The error ``number`` with ``values`` in the places of its message. KeyError: not in ``MESSAGES``."""
    severity, template = MESSAGES[number]
    return SqlError(number, severity, state, template.format(*values), line)
