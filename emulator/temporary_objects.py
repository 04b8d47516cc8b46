"""Temporary tables and procedures: those of one session, and those that all see.

Documentation: "CREATE TABLE (Transact-SQL)", section on temporary tables; "CREATE PROCEDURE (Transact-SQL)".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.catalog.objects import Procedure, Table, fold
from emulator.execution.frames import Frame

if TYPE_CHECKING:
    from emulator.instance import Instance


class TemporaryObjects:
    """Those that a session has made, by folded name: ``temporary`` tables, ``temporary_procedures``, and in ``shared``
    those of both kinds that all sessions see as long as it lives."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.temporary: dict[str, Table] = {}
        self.temporary_procedures: dict[str, Procedure] = {}
        self.shared: dict[str, Table | Procedure] = {}

    def find_temporary(self, name: str) -> Table | None:
        """The temporary table ``#name`` that this session sees."""
        folded = fold(name)
        if folded.startswith("##"):
            return self.instance.global_temporary.get(folded)
        return self.temporary.get(folded)

    def find_temporary_procedure(self, name: str) -> Procedure | None:
        """The temporary procedure ``#name`` that this session sees."""
        folded = fold(name)
        if folded.startswith("##"):
            return self.instance.global_procedures.get(folded)
        return self.temporary_procedures.get(folded)

    def keep_temporary_procedure(self, folded: str, procedure: Procedure | None) -> None:
        """Let the name mean that temporary procedure from now on, or none."""
        procedures = self.temporary_procedures
        if folded.startswith("##"):
            procedures = self.instance.global_procedures
            if procedure is not None:
                self.shared[folded] = procedure
        if procedure is None:
            procedures.pop(folded, None)
        else:
            procedures[folded] = procedure

    def forget_temporary(self) -> None:
        """Drop the temporary tables and procedures of this session, those that all see too."""
        self.temporary.clear()
        self.temporary_procedures.clear()
        for shared in (self.instance.global_temporary, self.instance.global_procedures):
            for name, item in self.shared.items():
                if shared.get(name) is item:
                    del shared[name]
        self.shared.clear()

    def drop_temporary(self, frame: Frame) -> None:
        """Drop the temporary tables that ``frame`` made, when its module ends."""
        for name, table in frame.temporary.items():
            if self.temporary.get(name) is table:
                del self.temporary[name]
        frame.temporary.clear()
