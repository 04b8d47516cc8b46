"""The system base tables: they are listed among the objects of every database, and nobody can query them.

Documentation: "System base tables".
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.catalog.database import Database
from emulator.catalog.system_views.definition import Row

SYS_SCHEMA_ID = 4
BASE_TABLES = {
    3: "sysrscols",
    5: "sysrowsets",
    6: "sysclones",
    7: "sysallocunits",
    8: "sysfiles1",
    9: "sysseobjvalues",
    17: "syspriorities",
    18: "sysdbfrag",
    19: "sysfgfrag",
    20: "sysdbfiles",
    21: "syspru",
    22: "sysbrickfiles",
    23: "sysphfg",
    24: "sysprufiles",
    25: "sysftinds",
    27: "sysowners",
    28: "sysdbreg",
    29: "sysprivs",
    34: "sysschobjs",
    41: "syscolpars",
    44: "sysnsobjs",
    46: "syscerts",
    49: "sysxprops",
    50: "sysscalartypes",
    51: "systypedsubobjs",
    54: "sysidxstats",
    55: "sysiscols",
    58: "sysbinobjs",
    60: "sysobjvalues",
    64: "sysclsobjs",
    65: "sysrowsetrefs",
    67: "sysremsvcbinds",
    68: "sysxmitqueue",
    69: "sysrts",
    71: "sysconvgroup",
    72: "sysdesend",
    73: "sysdercv",
    74: "syssingleobjrefs",
    75: "sysmultiobjrefs",
    78: "sysguidrefs",
    90: "syscompfragments",
    91: "sysftstops",
    92: "sysqnames",
    93: "sysxmlcomponent",
    94: "sysxmlfacet",
    95: "sysxmlplacement",
    96: "sysobjkeycrypts",
    97: "sysasymkeys",
    98: "syssqlguides",
    99: "sysbinsubobjs",
    100: "syssoftobjrefs",
}
"""Names by object id."""


def base_table_rows(database: Database) -> Iterator[Row]:
    """The values of ``OBJECT`` of each."""
    created = database.created
    for object_id, name in BASE_TABLES.items():
        yield name, object_id, None, SYS_SCHEMA_ID, 0, "S ", "SYSTEM_TABLE", created, created
