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
    *("sp_addtype", "sp_dboption", "sp_droptype", "sp_invalidate_textptr", "sp_monitor", "sp_procoption"),
    *("sp_renamedb", "sp_attach_db", "sp_detach_db", "sp_certify_removable", "sp_dbcmptlevel"),
    *("xp_cmdshell", "xp_instance_regread", "xp_regread", "xp_readerrorlog", "xp_sprintf", "xp_sscanf"),
    *("sp_setapprole", "sp_unsetapprole", "sp_bindefault", "sp_bindrule", "sp_unbindefault"),
    *("sp_unbindrule", "sp_addlinkedserver", "sp_addlinkedsrvlogin", "sp_dropserver", "sp_serveroption"),
    *("sp_OACreate", "sp_xml_preparedocument", "sp_xml_removedocument", "sp_trace_create", "sp_send_dbmail"),
)


def _refuse(name: str) -> Body:
    def run(session: Session, arguments: Sequence[CallArgument]) -> int:
        raise NotSupported(f"system procedure {name}")

    return run


PROCEDURES: dict[str, Body] = {name: _refuse(name) for name in NAMES}
