"""Random picks, reversals and transfers, and the same in decimal arithmetic: what a database must hold in the end.

The bags weigh what no binary fraction can hold, so that float columns drift unless every sum is made in decimals.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

BINS = ("A-01", "A-02", "I-01", "K-01", "K-02")
LOTS = tuple(f"LOT-{number}" for number in range(1, 7))
PACK_SIZES = (Decimal("0.1"), Decimal("0.3"), Decimal("7.7"), Decimal("12.345678"))
"""The weight of a bag of each line."""
NEED = 10_000_000


class Caller(Protocol):
    """Calls a procedure with leading arguments by position; its last result's only row by column, None if refused."""

    def __call__(self, procedure: str, *arguments: object) -> dict[str, Any] | None: ...


@dataclass
class Balances:
    """What the rows must hold."""

    on_hand: Counter[tuple[str, str]] = field(default_factory=Counter)
    committed: Counter[tuple[str, str]] = field(default_factory=Counter)
    bags: Counter[int] = field(default_factory=Counter)
    allocations: dict[int, tuple[tuple[str, str], int, int]] = field(default_factory=dict)
    """By number: lot row, line, and bags that are left."""


def work(call: Caller, balances: Balances, count: int, seed: int, new_id: Callable[[], object]) -> Counter[str]:
    """Make this many calls; what came of them by kind. The balances follow, in decimals."""
    chance = random.Random(seed)
    done: Counter[str] = Counter()
    for _ in range(count):
        kind = chance.choice((pick, unpick, transfer))
        done[f"{kind.__name__} {'done' if kind(call, balances, chance, new_id()) else 'refused'}"] += 1
    return done


def pick(call: Caller, balances: Balances, chance: random.Random, request_id: object) -> bool:
    place, line, bags = _place(chance), chance.randrange(len(PACK_SIZES)), chance.randint(1, 9)
    outcome = call("picking.PickLot", 1, 1, line, *place, bags, "somchai", request_id, "P-1")
    weight = bags * PACK_SIZES[line]
    possible = balances.on_hand[place] - balances.committed[place] >= weight
    assert (outcome is not None) == possible
    if outcome is not None:
        balances.committed[place] += weight
        balances.bags[line] += bags
        balances.allocations[outcome["AllocationNo"]] = (place, line, bags)
        assert outcome["QtyCommitSales"] == balances.committed[place]
        assert outcome["PickedQty"] == balances.bags[line] * PACK_SIZES[line]
    return possible


def unpick(call: Caller, balances: Balances, chance: random.Random, request_id: object) -> bool:
    if not balances.allocations:
        return False
    number = chance.choice(list(balances.allocations))
    place, line, left = balances.allocations[number]
    bags = chance.randint(1, left + 1)
    outcome = call("picking.UnpickLot", number, "malee", request_id, bags)
    assert (outcome is not None) == (bags <= left)
    if outcome is not None:
        balances.committed[place] -= bags * PACK_SIZES[line]
        balances.bags[line] -= bags
        balances.allocations[number] = (place, line, left - bags)
        if bags == left:
            del balances.allocations[number]
        assert outcome["QtyCommitSales"] == balances.committed[place]
    return outcome is not None


def transfer(call: Caller, balances: Balances, chance: random.Random, request_id: object) -> bool:
    lot, source = _place(chance)
    destination = chance.choice([name for name in BINS if name != source])
    free = balances.on_hand[lot, source] - balances.committed[lot, source]
    quantity = chance.choice((free, Decimal(chance.randint(1, 90_000_000)) / 1_000_000, Decimal("0.000001")))
    if quantity <= 0:
        return False
    outcome = call("putaway.TransferLot", lot, "FLOUR", "TFC1", source, destination, quantity, "malee", request_id)
    assert (outcome is not None) == (quantity <= free)
    if outcome is not None:
        balances.on_hand[lot, source] -= quantity
        balances.on_hand[lot, destination] += quantity
        assert outcome["FromQtyOnHand"] == balances.on_hand[lot, source]
        assert outcome["ToQtyOnHand"] == balances.on_hand[lot, destination]
    return outcome is not None


def stock_in(balances: Balances) -> Sequence[tuple[str, str, Decimal]]:
    """The lots as they are at the beginning: lot, bin, quantity."""
    rows = [(lot, BINS[number % len(BINS)], Decimal("4567.891234")) for number, lot in enumerate(LOTS)]
    balances.on_hand.update({(lot, bin_no): quantity for lot, bin_no, quantity in rows})
    return rows


def _place(chance: random.Random) -> tuple[str, str]:
    return chance.choice(LOTS), chance.choice(BINS)
