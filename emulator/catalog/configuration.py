"""The server's configuration: the options of ``sp_configure``, with the values set and those in use.

Documentation: "Server configuration options", ``sys.configurations``, "sp_configure (Transact-SQL)".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.catalog.objects import TRANSIENT


@dataclass(slots=True)
class ConfigurationOption:
    """``value`` is what sp_configure has set, ``in_use`` what RECONFIGURE has put in force."""

    number: int
    name: str
    value: int
    least: int
    greatest: int
    description: str
    dynamic: bool = True
    advanced: bool = True
    in_use: int = field(default=0, metadata=TRANSIENT)

    def __post_init__(self) -> None:
        self.in_use = self.value


HUGE = 2147483647
OPTIONS = (
    (101, "recovery interval (min)", 0, 0, 32767, "Maximum recovery interval in minutes", True, True),
    (102, "allow updates", 0, 0, 1, "Allow updates to system tables", True, False),
    (103, "user connections", 0, 0, 32767, "Number of user connections allowed", False, True),
    (106, "locks", 0, 5000, HUGE, "Number of locks for all users", False, True),
    (107, "open objects", 0, 0, HUGE, "Number of open database objects", False, True),
    (109, "fill factor (%)", 0, 0, 100, "Default fill factor percentage", False, True),
    (115, "nested triggers", 1, 0, 1, "Allow triggers to be invoked within triggers", True, False),
    (116, "server trigger recursion", 1, 0, 1, "Allow recursion for server level triggers", True, False),
    (117, "remote access", 1, 0, 1, "Allow remote access", False, False),
    (124, "default language", 0, 0, 9999, "default language", True, False),
    (400, "cross db ownership chaining", 0, 0, 1, "Allow cross db ownership chaining", True, False),
    (503, "max worker threads", 0, 128, 65535, "Maximum worker threads", True, True),
    (505, "network packet size (B)", 4096, 512, 32767, "Network packet size", True, True),
    (518, "show advanced options", 0, 0, 1, "show advanced options", True, False),
    (542, "remote proc trans", 0, 0, 1, "Create DTC transaction for remote procedures", True, False),
    (544, "c2 audit mode", 0, 0, 1, "c2 audit mode", False, True),
    (1126, "default full-text language", 1033, 0, HUGE, "default full-text language", True, True),
    (1127, "two digit year cutoff", 2049, 1753, 9999, "two digit year cutoff", True, True),
    (1505, "index create memory (KB)", 0, 704, HUGE, "Memory for index create sorts (kBytes)", True, True),
    (1517, "priority boost", 0, 0, 1, "Priority boost", False, True),
    (1519, "remote login timeout (s)", 10, 0, HUGE, "remote login timeout", True, False),
    (1520, "remote query timeout (s)", 600, 0, HUGE, "remote query timeout", True, False),
    (1531, "cursor threshold", -1, -1, HUGE, "cursor threshold", True, True),
    (1532, "set working set size", 0, 0, 1, "set working set size", False, True),
    (1534, "user options", 0, 0, 32767, "user options", True, False),
    (1535, "affinity mask", 0, -HUGE - 1, HUGE, "affinity mask", True, True),
    (1536, "max text repl size (B)", 65536, -1, HUGE, "Maximum size of a text field in replication.", True, False),
    (1537, "media retention", 0, 0, 365, "Tape retention period in days", True, True),
    (1538, "cost threshold for parallelism", 5, 0, 32767, "cost threshold for parallelism", True, True),
    (1539, "max degree of parallelism", 0, 0, 32767, "maximum degree of parallelism", True, True),
    (1540, "min memory per query (KB)", 1024, 512, HUGE, "minimum memory per query (kBytes)", True, True),
    (1541, "query wait (s)", -1, -1, HUGE, "maximum time to wait for query memory (s)", True, True),
    (1543, "min server memory (MB)", 0, 0, HUGE, "Minimum size of server memory (MB)", True, True),
    (1544, "max server memory (MB)", HUGE, 128, HUGE, "Maximum size of server memory (MB)", True, True),
    (1545, "query governor cost limit", 0, 0, HUGE, "Maximum estimated cost allowed by query governor", True, True),
    (1546, "lightweight pooling", 0, 0, 1, "User mode scheduler uses lightweight pooling", False, True),
    (1547, "scan for startup procs", 0, 0, 1, "scan for startup stored procedures", False, True),
    (1555, "transform noise words", 0, 0, 1, "Transform noise words for full-text query", True, True),
    (1556, "precompute rank", 0, 0, 1, "Use precomputed rank for full-text query", True, True),
    (1557, "PH timeout (s)", 60, 1, 3600, "DB connection timeout for full-text protocol handler (s)", True, True),
    (1562, "clr enabled", 0, 0, 1, "CLR user code execution enabled in the server", True, False),
    (1563, "max full-text crawl range", 4, 0, 256, "Maximum  crawl ranges allowed in full-text indexing", True, True),
    (1568, "default trace enabled", 1, 0, 1, "Enable or disable the default trace", True, True),
    (1569, "blocked process threshold (s)", 0, 0, 86400, "Blocked process reporting threshold", True, True),
    (1570, "in-doubt xact resolution", 0, 0, 2, "Recovery policy for DTC transactions", True, True),
    (
        1576,
        "remote admin connections",
        0,
        0,
        1,
        "Dedicated Admin Connections are allowed from remote clients",
        True,
        False,
    ),
    (1577, "common criteria compliance enabled", 0, 0, 1, "Common Criteria compliance mode enabled", False, True),
    (1579, "backup compression default", 0, 0, 1, "Enable compression of backups by default", True, False),
    (1580, "filestream access level", 0, 0, 2, "Sets the FILESTREAM access level", True, False),
    (1581, "optimize for ad hoc workloads", 0, 0, 1, "When this option is set, plan cache size is reduced", True, True),
    (16384, "Agent XPs", 0, 0, 1, "Enable or disable Agent XPs", True, True),
    (16386, "Database Mail XPs", 0, 0, 1, "Enable or disable Database Mail XPs", True, True),
    (16387, "SMO and DMO XPs", 1, 0, 1, "Enable or disable SMO and DMO XPs", True, True),
    (16388, "Ole Automation Procedures", 0, 0, 1, "Enable or disable Ole Automation Procedures", True, True),
    (16390, "xp_cmdshell", 0, 0, 1, "Enable or disable command shell", True, True),
    (16391, "Ad Hoc Distributed Queries", 0, 0, 1, "Enable or disable Ad Hoc Distributed Queries", True, True),
    (16392, "Replication XPs", 0, 0, 1, "Enable or disable Replication XPs", True, True),
    (16393, "contained database authentication", 0, 0, 1, "Enables contained databases", True, False),
)
"""The options with their defaults, as of SQL Server 2022."""
NESTED_TRIGGERS = 115
BLOCKED_PROCESS_THRESHOLD = 1569


def _defaults() -> dict[int, ConfigurationOption]:
    return {row[0]: ConfigurationOption(*row) for row in OPTIONS}


@dataclass(slots=True, eq=False)
class Configuration:
    """All options of one server, by number."""

    options: dict[int, ConfigurationOption] = field(default_factory=_defaults)

    def named(self, name: str) -> list[ConfigurationOption]:
        """The option of that name; else those whose name begins so or has it in it, as ``sp_configure`` finds them."""
        wanted = name.lower()
        options = list(self.options.values())
        exact = [option for option in options if option.name.lower() == wanted]
        return exact or [option for option in options if wanted in option.name.lower()]

    @property
    def shows_advanced(self) -> bool:
        """Whether advanced options are shown."""
        return bool(self.options[518].in_use)

    def reconfigure(self) -> None:
        """Put the values set in force, but for those that wait for a restart."""
        for option in self.options.values():
            if option.dynamic:
                option.in_use = option.value
