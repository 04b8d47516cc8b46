"""Which ODBC driver to use: an installed "ODBC Driver NN for SQL Server", else the one inside `mssql-python-odbc`.

The package carries Microsoft's ODBC Driver 18 for several systems, laid out as
`libs/linux/<distribution>/<machine>/lib/libmsodbcsql-18.N.so.M.N` (alpine for musl), `libs/macos/<machine>/lib/` and
`libs/windows/<machine>/`. unixODBC loads a driver by its path when `Driver=` names a file: odbcinst.ini is not needed.
"""

import platform
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import mssql_python_odbc
import pyodbc

from harness.errors import EnvironmentFault

_INSTALLED = re.compile(r"ODBC Driver (\d+) for SQL Server")
_LINUX_FAMILIES = {
    "debian": "debian_ubuntu",
    "ubuntu": "debian_ubuntu",
    "alpine": "alpine",
    "suse": "suse",
    "sles": "suse",
}
_MACHINE_NAMES = {"amd64": "x86_64", "x64": "x86_64", "aarch64": "arm64"}


def find_driver() -> str:
    """The value for `Driver=`: the name of an installed driver, or the path of the packaged library.

    Raises EnvironmentFault if neither is there.
    """
    installed = newest_installed(pyodbc.drivers())
    if installed is not None:
        return installed
    packaged = packaged_driver(Path(mssql_python_odbc.get_libs_dir()), sys.platform, platform.machine(), _os_release())
    if packaged is not None:
        return str(packaged)
    raise EnvironmentFault(
        f"no Microsoft ODBC driver for SQL Server was found for {sys.platform} on {platform.machine()}: "
        "install 'ODBC Driver 18 for SQL Server' from Microsoft"
    )


def newest_installed(names: Iterable[str]) -> str | None:
    """Microsoft's driver with the highest version among the installed ones."""
    versions = {int(match[1]): name for name in names if (match := _INSTALLED.fullmatch(name))}
    return versions[max(versions)] if versions else None


def packaged_driver(libs: Path, system: str, machine: str, os_release: str) -> Path | None:
    """The packaged driver library for this system, machine and, on Linux, family of distributions.

    The builds for one C library differ little: an unlisted distribution takes the first that exists.
    """
    machine = _MACHINE_NAMES.get(machine.lower(), machine.lower())
    if system == "linux":
        family = _linux_family(os_release)
        others = [] if family == "alpine" else ["debian_ubuntu", "rhel", "suse"]
        folders = [libs / "linux" / name / machine / "lib" for name in [family, *others]]
        pattern = "libmsodbcsql*.so*"
    elif system == "darwin":
        folders, pattern = [libs / "macos" / machine / "lib"], "libmsodbcsql*.dylib"
    else:
        folders, pattern = [libs / "windows" / machine.replace("x86_64", "x64")], "msodbcsql*.dll"
    return next((library for folder in folders for library in sorted(folder.glob(pattern))), None)


def _linux_family(os_release: str) -> str:
    identifiers = re.findall(r'^(?:ID|ID_LIKE)="?([^"\n]*)"?$', os_release, flags=re.MULTILINE)
    words = [word for value in identifiers for word in value.lower().split()]
    return next((_LINUX_FAMILIES[word] for word in words if word in _LINUX_FAMILIES), "rhel")


def _os_release() -> str:
    try:
        return Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        return ""
