"""``xp_msver``: what server this is.

Documentation: "xp_msver (Transact-SQL)".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from emulator.catalog.system_views.definition import Row, column_list
from emulator.execution.functions.session_state import PRODUCT_VERSION
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.signatures import procedure, send

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

VERSION_INFORMATION = column_list("""
    Index smallint, Name nvarchar(32), Internal_Value int?, Character_Value nvarchar(256)?
""")


def _properties() -> list[Row]:
    """Name, internal value (a version's major and minor number in its halves) and text."""
    major, minor, build, revision = map(int, PRODUCT_VERSION.split("."))
    version = major << 16 | minor
    processors = os.cpu_count() or 1
    return [
        ("ProductName", None, "Microsoft SQL Server"),
        ("ProductVersion", version, PRODUCT_VERSION),
        ("Language", 1033, "English (United States)"),
        ("Platform", None, "NT x64"),
        ("Comments", None, "SQL"),
        ("CompanyName", None, "Microsoft Corporation"),
        ("FileDescription", None, "SQL Server Windows NT - 64 Bit"),
        ("FileVersion", None, f"{major}.{minor:02}.{build}.{revision}"),
        ("InternalName", None, "SQLSERVR"),
        ("LegalCopyright", None, None),
        ("LegalTrademarks", None, None),
        ("OriginalFilename", None, "SQLSERVR.EXE"),
        ("PrivateBuild", None, None),
        ("SpecialBuild", build << 16 | revision, None),
        ("WindowsVersion", None, None),
        ("ProcessorCount", processors, str(processors)),
        ("ProcessorActiveMask", None, f"{(1 << processors) - 1:16x}"),
        ("ProcessorType", None, None),
        ("PhysicalMemory", None, None),
        ("Product ID", None, None),
    ]


@procedure(PROCEDURES, "xp_msver", "@optname sysname = NULL")
def xp_msver(session: Session, name: str | None) -> None:
    """All properties, or the one that is named; what the emulator has no value for is NULL."""
    wanted = None if name is None else name.lower()
    rows = ((index, *row) for index, row in enumerate(_properties(), start=1))
    send(session, VERSION_INFORMATION, (row for row in rows if wanted is None or row[1].lower() == wanted))
