"""Work for clients that are going to be killed: the same seed gives the same calls with the same request ids."""

import random
from uuid import UUID

from tests.database.calls import Call, Pick, Transfer


def seeded_calls(seed: int, count: int) -> list[Call]:
    """Picks of LOT-1 for lines 1 and 2, and transfers of it between A-01 and K-01."""
    chance = random.Random(seed)

    def call() -> Call:
        request_id = UUID(int=chance.getrandbits(128), version=4)
        bin_no, other_bin = chance.sample(["A-01", "K-01"], 2)
        if chance.random() < 0.5:
            return Pick(line=chance.choice([1, 2]), bin_no=bin_no, request_id=request_id)
        return Transfer(source=bin_no, destination=other_bin, quantity=5, request_id=request_id)

    return [call() for _ in range(count)]
