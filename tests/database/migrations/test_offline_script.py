"""`alembic upgrade head --sql` prints a script that sqlcmd can run."""

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from emulator.sql.parser import parse_batch
from harness.deploy.batches import mask, split_batches

ROOT = Path(__file__).resolve().parents[3]
MIGRATIONS = ROOT / "database" / "migrations"


def printed(run: Callable[..., None], revision: str) -> str:
    output = StringIO()
    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(MIGRATIONS))
    run(config, revision, sql=True)
    return output.getvalue()


def script(run: Callable[..., None], revision: str) -> list[str]:
    return [batch.text.strip() for batch in split_batches(printed(run, revision))]


@pytest.fixture(params=["upgrade", "downgrade"])
def batches(request: pytest.FixtureRequest) -> list[str]:
    if request.param == "upgrade":
        return script(command.upgrade, "head")
    return script(command.downgrade, "0001:base")


def test_every_batch_is_t_sql(batches: list[str]) -> None:
    for batch in batches:
        parse_batch(batch)


def test_no_place_for_a_parameter_is_left(batches: list[str]) -> None:
    """What a driver would fill in (?, :name, %(name)s) nobody fills in a script."""
    for batch in batches:
        assert re.findall(r"\?|(?<![:\w]):\w+|%\(\w+\)s", mask(batch)) == []


def test_the_script_is_divided_by_go() -> None:
    text = printed(command.upgrade, "head")
    assert text.rstrip().endswith("GO")
    assert len(re.findall(r"^GO$", text, flags=re.MULTILINE)) >= len(script(command.upgrade, "head"))


def test_transactions_begin_and_end_in_batches_of_their_own(batches: list[str]) -> None:
    assert [batch for batch in batches if batch.startswith(("BEGIN TRANSACTION", "COMMIT"))] == [
        "BEGIN TRANSACTION;",
        "COMMIT;",
    ]


def test_the_files_travel_word_for_word() -> None:
    batches = script(command.upgrade, "head")
    for name in ("own_tables.sql", "erp_tables.sql"):
        for batch in split_batches((MIGRATIONS / "sql" / "0001_baseline" / name).read_text(encoding="utf-8")):
            assert any(batch.text.strip() in one for one in batches)


def test_a_downgrade_drops_only_the_erp_tables_that_the_baseline_made() -> None:
    created = [batch for batch in script(command.upgrade, "head") if "CREATE TABLE dbo." in batch]
    dropped = "\n".join(script(command.downgrade, "0001:base"))
    assert created
    for batch in created:
        name = batch.split("CREATE TABLE ")[1].split()[0]
        assert (
            f"IF N'{name}' IN (SELECT c.TableName FROM lockstep.CreatedTable AS c)\n    DROP TABLE {name};" in dropped
        )
