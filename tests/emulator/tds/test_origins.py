"""What sessions and connections show of the clients at their other ends. Runs on SQL Server too."""

import os
from contextlib import closing

from harness.connection import Target, connect


def test_connections_show_the_addresses_of_both_ends(target: Target) -> None:
    with closing(connect(target)) as connection:
        address, port, local, net_packet_size = connection.execute(
            "SELECT client_net_address, client_tcp_port, local_net_address, net_packet_size"
            " FROM sys.dm_exec_connections WHERE session_id = @@SPID"
        ).fetchone()
    assert address
    assert local
    assert port > 1024
    assert net_packet_size >= 4096


def test_sessions_show_the_process_and_library_of_the_client(target: Target) -> None:
    with closing(connect(target)) as connection:
        process, library = connection.execute(
            "SELECT host_process_id, client_interface_name FROM sys.dm_exec_sessions WHERE session_id = @@SPID"
        ).fetchone()
    assert process == os.getpid()
    assert library == "ODBC"
