"""What a deployment shows."""

import json

import pytest

from harness.cli.deploy_view import DeployView
from harness.connection import Target
from harness.deploy import Step

TARGET = Target.from_dsn("Driver={Mine};Server=db;Database=stock;PWD=geheim")
STEPS = [
    Step("migrations", "0001", "applied"),
    Step("procedures", "picking.PickLot", "applied"),
    Step("procedures", "putaway.TransferLot", "unchanged"),
    Step("indexes", "dbo.IX_Twice", "applied", ("IX_Twice: [skipped].",)),
]


def shown(capsys: pytest.CaptureFixture[str], *, as_json: bool) -> str:
    with DeployView(TARGET, as_json=as_json) as view:
        for step in STEPS:
            view.show(step)
    return capsys.readouterr().out


def test_text_names_what_was_applied_and_counts_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    *lines, total = shown(capsys, as_json=False).splitlines()
    assert lines == [
        "applied  migrations/0001",
        "applied  procedures/picking.PickLot",
        "applied  indexes/dbo.IX_Twice",
        "         IX_Twice: [skipped].",
    ]
    assert total.startswith("db, database stock: 3 applied, 1 unchanged in ")


def test_json_is_one_document_with_all_steps(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(shown(capsys, as_json=True))
    assert document["applied"] == ["migrations/0001", "procedures/picking.PickLot", "indexes/dbo.IX_Twice"]
    assert document["said"] == {"indexes/dbo.IX_Twice": ["IX_Twice: [skipped]."]}
    assert document["unchanged"] == ["procedures/putaway.TransferLot"]
    assert (document["server"], document["database"]) == ("db", "stock")
    assert "geheim" not in json.dumps(document)


def test_a_failed_deployment_prints_no_sum(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), DeployView(TARGET, as_json=True):
        raise ZeroDivisionError
    assert capsys.readouterr().out == ""
