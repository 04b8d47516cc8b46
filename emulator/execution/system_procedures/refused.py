"""System procedures of SQL Server that the emulator has not: they are refused by name, not reported as missing.

Documentation: "System stored procedures (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from emulator.errors import NotSupported
from emulator.execution.arguments import CallArgument
from emulator.execution.system_procedures.contract import Body

if TYPE_CHECKING:
    from emulator.session import Session

NAMES = (
    *("sp_addmessage", "sp_addtype", "sp_configure"),
    *("sp_databases", "sp_dboption", "sp_depends", "sp_droptype"),
    *("sp_dropmessage", "sp_helpconstraint", "sp_helpdb"),
    *("sp_invalidate_textptr", "sp_monitor", "sp_procoption", "sp_recompile", "sp_refreshsqlmodule"),
    *("sp_refreshview", "sp_server_info", "sp_settriggerorder", "sp_spaceused"),
    *("sp_tableoption", "sp_updatestats", "xp_cmdshell", "xp_instance_regread"),
    *("xp_readerrorlog", "xp_sprintf", "xp_sscanf"),
)


def _refuse(name: str) -> Body:
    def run(session: Session, arguments: Sequence[CallArgument]) -> int:
        raise NotSupported(f"system procedure {name}")

    return run


PROCEDURES: dict[str, Body] = {name: _refuse(name) for name in NAMES}
