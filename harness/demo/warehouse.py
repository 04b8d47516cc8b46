"""The demo's warehouse: made by the T-SQL in `database/demo`, in a database that has none yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from harness.connection import Session, Target, open_session
from harness.deploy.batches import split_batches
from harness.deploy.sources import DATABASE_FOLDER, read_sources
from harness.errors import UsageFault

DEMO_FOLDER = DATABASE_FOLDER / "demo"
CREATE_SCHEMA = "IF SCHEMA_ID(N'demo') IS NULL EXEC (N'CREATE SCHEMA demo AUTHORIZATION dbo');"
LARGEST_SEED = 2_000_000_000

Rows = Sequence[Sequence[Any]]

_MUST_BE_EMPTY = (
    *("LotMaster", "LotTransaction", "BINMaster", "INMAST", "INLOC", "Cust_BulkRun", "cust_BulkPicked"),
    *("Cust_BulkLotPicked", "Cust_BulkPalletLotPicked", "Mintxdh", "BinTransfer"),
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything there is. A run has four batches."""

    lots: int
    bins: int
    items: int
    runs: int

    @classmethod
    def for_lots(cls, lots: int) -> Self:
        """A warehouse in proportion: 500 bins and 200 items for 2,000 lots, and always 50 runs."""
        return cls(lots, bins=min(max(lots // 4, 100), 100_000), items=min(max(lots // 10, 20), 5_000), runs=50)


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is to work on: batches as (RunNo, RowNum); items, those needed first in front; bins to pick from.

    Of the items, `counted` are under a physical count: nothing of them can be moved.
    """

    batches: list[tuple[int, int]]
    items: list[str]
    counted: frozenset[str]
    bins: list[str]

    @classmethod
    def of_rows(cls, batches: Rows, items: Rows, bins: Rows) -> Self:
        """The layout from the three results of demo.DescribeWarehouse."""
        return cls(
            batches=[(run_no, row_num) for run_no, row_num in batches],
            items=[item_key for item_key, _ in items],
            counted=frozenset(item_key for item_key, is_counted in items if is_counted),
            bins=[bin_no for (bin_no,) in bins],
        )


def require_empty(target: Target) -> None:
    """UsageFault if an ERP table of the database has rows; without the tables it is empty, too."""
    with open_session(target) as session:
        there = {row[0].lower() for row in session.execute("SELECT t.name FROM sys.tables AS t;").rows}
        for name in _MUST_BE_EMPTY:
            if name.lower() in there and session.execute(f"SELECT TOP (1) 1 AS Found FROM dbo.{name};").rows:
                raise UsageFault(
                    f"the demo loads a warehouse of its own and needs an empty database, but dbo.{name} has rows "
                    f"({target}): name a database made for the purpose"
                )


def demo_batches() -> Iterator[str]:
    """The batches that make the procedures of the demo."""
    yield CREATE_SCHEMA
    for source in read_sources(DEMO_FOLDER):
        yield from (batch.text for batch in split_batches(source.text))


def load(session: Session, size: Size, seed: int) -> None:
    """Make the procedures of the demo and load the warehouse with them. `seed` is from 0 to LARGEST_SEED."""
    for text in demo_batches():
        session.execute(text)
    session.call("demo.LoadWarehouse", size.lots, size.bins, size.items, size.runs, seed)


def describe(session: Session) -> Layout:
    """What has been loaded, always in the same order."""
    return Layout.of_rows(*(result.rows for result in session.call("demo.DescribeWarehouse").result_sets))
