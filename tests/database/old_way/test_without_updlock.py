"""PickLot without UPDLOCK on its first read: two pickers of one lot read it together, and neither can write.

The variant is made from the deployed files by taking the hint away. Its read keeps a shared lock to the end (REPEATABLE
READ), so both wait for each other when they write: a conversion deadlock, which the retry hides and the attempts tell.
At READ COMMITTED nothing is kept, and the second picker overwrites the first.
"""

import pytest

from harness.connection import Outcome, SqlServerError
from harness.deploy.batches import split_batches
from harness.deploy.sources import DATABASE_FOLDER
from tests.database.calls import Pick
from tests.database.clients import begun, one_after_another, together
from tests.database.warehouse import Warehouse

LOCKED_READ = "FROM dbo.LotMaster AS l WITH (UPDLOCK, ROWLOCK)"
ROUNDS = 20
"""At most so many rounds of load until the fault is seen; the first nearly always shows it."""
LEVEL = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;"


def edited(text: str, *replacements: tuple[str, str]) -> str:
    """The text with each of these replaced; what is not there cannot be replaced."""
    for old, new in replacements:
        assert old in text, f"the procedure no longer has {old!r}"
        text = text.replace(old, new)
    return text


def deploy_variant(warehouse: Warehouse, *replacements: tuple[str, str]) -> None:
    """old_way.PickLot and its inner procedure: those of the data layer, the inner one with these replacements."""
    folder = DATABASE_FOLDER / "procedures" / "picking"
    inner = edited(
        (folder / "AllocateLot.sql").read_text(encoding="utf-8"),
        ("PROCEDURE picking.AllocateLot", "PROCEDURE old_way.AllocateLot"),
        *replacements,
    )
    outer = edited(
        (folder / "PickLot.sql").read_text(encoding="utf-8"),
        ("PROCEDURE picking.PickLot", "PROCEDURE old_way.PickLot"),
        ("EXEC picking.AllocateLot", "EXEC old_way.AllocateLot"),
    )
    for batch in split_batches(inner) + split_batches(outer):
        warehouse.execute(batch.text)


@pytest.fixture
def unlocked(old_way: Warehouse) -> Warehouse:
    deploy_variant(old_way, (LOCKED_READ, "FROM dbo.LotMaster AS l WITH (ROWLOCK)"))
    return old_way


@pytest.fixture
def careless(old_way: Warehouse) -> Warehouse:
    deploy_variant(
        old_way,
        (LOCKED_READ, "FROM dbo.LotMaster AS l WITH (ROWLOCK)"),
        (LEVEL, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"),
    )
    return old_way


class OldPick(Pick):
    procedure = "old_way.PickLot"


def pick_together(warehouse: Warehouse, pick: type[Pick]) -> tuple[Outcome, Outcome]:
    """Two picks of one lot for two runs, both held up where they read it, at its bin, then let go at one moment."""
    warehouse.add_run(7001)
    warehouse.add_line(1, bags=1, run=7001)
    warehouse.take_baseline()
    with (
        warehouse.hold("UPDATE dbo.BINMaster SET aisle = '1' WHERE Location = N'TFC1' AND BinNo = N'A-01';") as other,
        begun(warehouse.target, pick(pallet="P-1")) as one,
        begun(warehouse.target, pick(pallet="P-2", run=7001)) as another,
    ):
        for each in (one, another):
            each.await_waiting(warehouse)
        other.execute("COMMIT TRANSACTION;")
        return one.result(), another.result()


def test_two_pickers_who_read_together_deadlock_when_they_write(unlocked: Warehouse) -> None:
    outcomes = pick_together(unlocked, OldPick)
    assert sorted(outcome.attempts for outcome in outcomes) == [1, 2]
    assert unlocked.lot()["QtyCommitSales"] == 150


def test_with_the_hint_they_read_one_after_the_other(warehouse: Warehouse) -> None:
    outcomes = pick_together(warehouse, Pick)
    assert [outcome.attempts for outcome in outcomes] == [1, 1]
    assert warehouse.lot()["QtyCommitSales"] == 150


def test_without_hint_and_level_one_of_two_picks_is_lost(careless: Warehouse) -> None:
    outcomes = pick_together(careless, OldPick)
    assert [outcome.values["QtyCommitSales"] for outcome in outcomes] == [125, 125]
    assert careless.lot()["QtyCommitSales"] == 125
    assert "LotCommitted" in careless.broken_checks()


@pytest.fixture
def stocked(unchecked_warehouse: Warehouse) -> Warehouse:
    """Enough of the lot, and a run for each of five pickers."""
    for client in range(5):
        unchecked_warehouse.add_run(7100 + client)
        unchecked_warehouse.add_line(1, bags=10000, run=7100 + client)
    unchecked_warehouse.change("UPDATE dbo.LotMaster SET QtyOnHand = 100000;")
    return unchecked_warehouse


def load(warehouse: Warehouse, pick: type[Pick]) -> list[Outcome | SqlServerError]:
    """Five pickers on one lot, each with a run of its own, fifteen picks each."""
    jobs = [one_after_another([pick(run=7100 + client, pallet="P") for _ in range(15)]) for client in range(5)]
    return [result for one in together(warehouse.target, jobs) for result in one]


def test_under_load_the_missing_hint_shows_in_deadlocks(stocked: Warehouse, unlocked: Warehouse) -> None:
    for _ in range(ROUNDS):
        results = load(stocked, OldPick)
        assert {result.number for result in results if isinstance(result, SqlServerError)} <= {1205}
        if any(isinstance(result, SqlServerError) or result.attempts > 1 for result in results):
            return
    pytest.fail("no deadlock was seen")


def test_under_load_the_missing_hint_and_level_lose_picks(stocked: Warehouse, careless: Warehouse) -> None:
    for _ in range(ROUNDS):
        load(stocked, OldPick)
        if "LotCommitted" in stocked.broken_checks():
            return
    pytest.fail("no pick was lost")


def test_under_the_same_load_the_real_procedure_has_neither(stocked: Warehouse) -> None:
    rounds = 3
    for _ in range(rounds):
        results = load(stocked, Pick)
        assert [isinstance(result, Outcome) and result.attempts for result in results] == [1] * 75
    assert stocked.lot()["QtyCommitSales"] == 100 + rounds * 75 * 25
    assert stocked.findings() == []
