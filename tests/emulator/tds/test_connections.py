"""What a connection can learn of itself over the wire. Runs on SQL Server too."""

from contextlib import closing

import pytest

from harness.connection import Target, connect

ENCRYPTED = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID"


@pytest.mark.parametrize(("asked", "told"), [("yes", "TRUE"), ("no", "FALSE")])
def test_the_server_knows_whether_a_connection_is_encrypted(target: Target, asked: str, told: str) -> None:
    wanted = target.connection_string.with_value("Encrypt", asked).with_value("TrustServerCertificate", "yes")
    with closing(connect(Target(wanted))) as connection:
        assert connection.execute(ENCRYPTED).fetchval() == told
