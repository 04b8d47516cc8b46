"""The files of the data layer: which, under which name, in which order."""

from pathlib import Path

import pytest

from harness.deploy.sources import read_sources
from harness.errors import CheckFailed, EnvironmentFault


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return root


def names(root: Path) -> list[str]:
    return [f"{file.kind}/{file.name}" for file in read_sources(root)]


def test_kinds_come_in_their_order_and_files_by_name(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "grants/Roles.sql": "GRANT",
            "procedures/putaway/TransferLot.sql": "CREATE",
            "procedures/picking/PickLot.sql": "CREATE",
            "indexes/dbo/IX_A.sql": "CREATE",
            "functions/picking/Pickable.sql": "CREATE",
            "migrations/env.py": "",
            "procedures/picking/README.md": "",
        },
    )
    assert names(tmp_path) == [
        "functions/picking.Pickable",
        "procedures/picking.PickLot",
        "procedures/putaway.TransferLot",
        "indexes/dbo.IX_A",
        "grants/Roles",
    ]


def test_a_function_follows_those_it_names_in_its_code(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "functions/picking/A.sql": "-- not like picking.C\nSELECT 1 FROM Picking.Z()",
            "functions/picking/C.sql": "SELECT 1 FROM picking.A()",
            "functions/picking/Z.sql": "SELECT 1 /* see picking.A */ FROM picking.ZZ",
        },
    )
    assert names(tmp_path) == ["functions/picking.Z", "functions/picking.A", "functions/picking.C"]


def test_functions_in_a_circle_are_refused_by_name(tmp_path: Path) -> None:
    write(tmp_path, {"functions/a/B.sql": "FROM a.C", "functions/a/C.sql": "FROM a.B"})
    with pytest.raises(CheckFailed, match=r"a\.b.*a\.c|a\.c.*a\.b"):
        read_sources(tmp_path)


def test_procedures_may_call_each_other(tmp_path: Path) -> None:
    write(tmp_path, {"procedures/a/B.sql": "EXEC a.C", "procedures/a/C.sql": "EXEC a.B"})
    assert names(tmp_path) == ["procedures/a.B", "procedures/a.C"]


def test_line_ends_and_a_byte_order_mark_do_not_change_the_hash(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"views/a/A.sql": "x\ny", "views/a/B.sql": "x\r\ny", "views/a/C.sql": "\ufeffx\ny", "views/a/D.sql": "x\nz"},
    )
    unix, windows, marked, other = (file.content_hash for file in read_sources(tmp_path))
    assert unix == windows == marked
    assert unix != other


def test_a_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="no database folder"):
        read_sources(tmp_path / "nowhere")


def test_a_function_beside_the_procedures_is_a_function_and_comes_before_them(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "procedures/a/Alpha.sql": "CREATE PROCEDURE a.Alpha AS SELECT 1 -- not CREATE FUNCTION",
            "procedures/a/Zeta.sql": "create or alter function a.Zeta() RETURNS TABLE AS RETURN (SELECT 1 AS A)",
        },
    )
    assert names(tmp_path) == ["functions/a.Zeta", "procedures/a.Alpha"]
