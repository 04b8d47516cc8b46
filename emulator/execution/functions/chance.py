"""RAND: the numbers that SQL Server gives for a seed, and goes on with in the same session.

They are those of the combined generator of L'Ecuyer, "Efficient and Portable Combined Random Number Generators" (1988):
the difference of two multiplicative congruential generators. The first starts with the seed. The sequence that the
documentation page "RAND (Transact-SQL)" prints for the seed 100 confirms it.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.execution.functions.registry import INTEGER, function
from emulator.types.sqltype import FLOAT

MULTIPLIERS: Final = (40014, 40692)
MODULI: Final = (2147483563, 2147483399)
STARTS: Final = (12345, 67890)
"""What the first generator starts with for the seed 0, and the second always."""
UNIT: Final = 4.656613e-10


@function("RAND", INTEGER, optional=1, session=True, once=True, deterministic=False, result=FLOAT)
def rand(session: Any, seed: int | None = None) -> float:
    """A session that has given no seed goes on from one of the instance's."""
    if seed is None:
        first, second = session.chance or (session.instance.random.randrange(1, MODULI[0]), STARTS[1])
    else:
        first, second = abs(seed) % MODULI[0] or STARTS[0], STARTS[1]
    first = first * MULTIPLIERS[0] % MODULI[0]
    second = second * MULTIPLIERS[1] % MODULI[1]
    session.chance = first, second
    difference: int = first - second
    return (difference if difference > 0 else difference + MODULI[0] - 1) * UNIT
