"""Which driver is chosen."""

from pathlib import Path

import pyodbc
import pytest

from harness.connection import driver
from harness.errors import EnvironmentFault

DEBIAN = 'ID=debian\nVERSION_ID="12"\n'
UBUNTU_CHILD = 'ID=linuxmint\nID_LIKE="ubuntu debian"\n'
ALPINE = "ID=alpine\n"
FEDORA = "ID=fedora\n"


def make(libs: Path, *names: str) -> Path:
    for name in names:
        path = libs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return libs


def test_the_newest_installed_driver_of_microsoft_wins() -> None:
    names = ["FreeTDS", "ODBC Driver 17 for SQL Server", "ODBC Driver 18 for SQL Server", "SQL Server", "ODBC Driver 9"]
    assert driver.newest_installed(names) == "ODBC Driver 18 for SQL Server"
    assert driver.newest_installed(["FreeTDS"]) is None


@pytest.mark.parametrize(
    ("system", "machine", "os_release", "library"),
    [
        ("linux", "x86_64", DEBIAN, "linux/debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        ("linux", "aarch64", UBUNTU_CHILD, "linux/debian_ubuntu/arm64/lib/libmsodbcsql-18.6.so.2.1"),
        ("linux", "x86_64", FEDORA, "linux/rhel/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        ("linux", "x86_64", ALPINE, "linux/alpine/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        ("darwin", "arm64", "", "macos/arm64/lib/libmsodbcsql.18.dylib"),
        ("win32", "AMD64", "", "windows/x64/msodbcsql18.dll"),
    ],
)
def test_the_packaged_library_fits_the_machine(
    tmp_path: Path, system: str, machine: str, os_release: str, library: str
) -> None:
    families = ("debian_ubuntu", "rhel", "alpine")
    linux = [f"linux/{f}/{m}/lib/libmsodbcsql-18.6.so.2.1" for f in families for m in ("x86_64", "arm64")]
    make(tmp_path, *linux, "macos/arm64/lib/libmsodbcsql.18.dylib", "windows/x64/msodbcsql18.dll")
    assert driver.packaged_driver(tmp_path, system, machine, os_release) == tmp_path / library


def test_an_unlisted_distribution_takes_a_build_for_its_c_library(tmp_path: Path) -> None:
    make(tmp_path, "linux/debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1")
    assert driver.packaged_driver(tmp_path, "linux", "x86_64", FEDORA) is not None
    assert driver.packaged_driver(tmp_path, "linux", "x86_64", ALPINE) is None
    assert driver.packaged_driver(tmp_path, "linux", "riscv64", DEBIAN) is None


def test_the_driver_of_this_machine_is_found() -> None:
    found = driver.find_driver()
    assert found in pyodbc.drivers() or Path(found).is_file()


def test_no_driver_at_all_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver.pyodbc, "drivers", list)
    monkeypatch.setattr(driver.mssql_python_odbc, "get_libs_dir", lambda: str(tmp_path))
    with pytest.raises(EnvironmentFault, match="ODBC Driver 18 for SQL Server") as caught:
        driver.find_driver()
    assert "\n" not in str(caught.value)
