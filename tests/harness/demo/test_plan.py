"""The users' plans: the same from the same seed, and leaning towards the front."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.demo.plan import choose, pick_intentions, transfer_intentions

PLANS = [pick_intentions, transfer_intentions]
Plan = Callable[[int, str], Iterator[Any]]


@pytest.mark.parametrize("plan", PLANS)
def test_the_same_seed_gives_the_same_plan(plan: Plan) -> None:
    assert list(islice(plan(7, "user1"), 200)) == list(islice(plan(7, "user1"), 200))


@pytest.mark.parametrize("plan", PLANS)
def test_another_seed_or_another_user_has_another_plan(plan: Plan) -> None:
    plans = [list(islice(plan(seed, user), 5)) for seed, user in ((7, "user1"), (8, "user1"), (7, "user2"))]
    assert plans[0] != plans[1]
    assert plans[0] != plans[2]


@pytest.mark.parametrize("plan", PLANS)
def test_no_request_id_is_used_twice_and_some_requests_are_repeated(plan: Plan) -> None:
    intentions = [*islice(plan(1, "user1"), 500), *islice(plan(1, "user2"), 500)]
    assert len({intention.request_id for intention in intentions}) == 1000
    assert 0 < sum(intention.is_repeated for intention in intentions) < 200


def test_users_meet_because_they_choose_from_the_front() -> None:
    lots = [choose(range(20), intention.lot) for intention in islice(pick_intentions(1, "user1"), 1000)]
    assert lots.count(0) > 200
    assert set(lots) == set(range(20))


@given(st.lists(st.integers(), min_size=1), st.floats(0, 1, exclude_max=True))
def test_a_position_always_chooses_one_of_the_options(options: list[int], position: float) -> None:
    assert choose(options, position) in options
