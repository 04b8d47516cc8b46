"""pyodbc with the ODBC driver of FreeTDS."""

from __future__ import annotations

from pathlib import Path

from tests.clients.client import Address
from tests.clients.contract import ClientContract
from tests.clients.odbc import OdbcAdapter

LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib")


def driver() -> str:
    """The path of the driver's library, "" if there is none."""
    found = (path for folder in LIBRARIES for path in Path(folder).glob("**/libtdsodbc.so*") if path.is_file())
    return str(next(found, ""))


class FreeTdsDriver(OdbcAdapter):
    binds_arrays = False
    passes_over_empty = True

    def missing(self) -> str:
        return "" if driver() else "tdsodbc"

    def connection_string(self, address: Address) -> str:
        return (
            f"Driver={driver()};Server={address.host};Port={address.port};Database={address.database};"
            f"UID={address.user};PWD={{{address.password}}};TDS_Version=7.4;ClientCharset=UTF-8"
        )


class TestTdsodbc(ClientContract):
    adapter = FreeTdsDriver()
