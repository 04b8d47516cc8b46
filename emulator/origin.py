"""Where a session comes from: what the wire knows of its client.

Documentation: ``sys.dm_exec_connections``, ``sys.dm_exec_sessions``; [MS-TDS] 2.2.6.4.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """``interface`` is the name of the client's library, ``process`` the number of its process on its own host.
    ``tds_version`` is what both sides speak, as LOGIN7 has it."""

    encrypted: bool = False
    client_address: str = "<local machine>"
    client_port: int | None = None
    local_address: str | None = None
    local_port: int | None = None
    interface: str | None = None
    process: int | None = None
    packet_size: int = 4096
    tds_version: int = 0x74000004


IN_PROCESS = Origin()
"""The origin of a session without a connection."""
