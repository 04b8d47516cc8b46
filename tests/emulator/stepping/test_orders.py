"""Every order of the steps of some actors, and none twice."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import pytest

from emulator.stepping import Actor, Stepper, every_order


@pytest.fixture
def stepper() -> Stepper:
    made = Stepper()
    made.script("CREATE TABLE dbo.t (id int PRIMARY KEY, n int); INSERT dbo.t VALUES (1, 10), (2, 20)")
    made.save()
    return made


def orders(stepper: Stepper, *texts: str) -> list[tuple[str, list[int]]]:
    """The order of each run, and the errors that came of it."""
    found = []
    for choose in every_order():
        stepper.restore()
        actors = [stepper.actor(name).batch(text) for name, text in zip("abc", texts, strict=False)]
        names: list[str] = []

        def noted(runnable: Sequence[Actor]) -> Actor:
            actor = choose(runnable)  # noqa: B023
            names.append(actor.name)  # noqa: B023
            return actor

        stepper.run(noted)
        found.append(("".join(names), [number for actor in actors for number in actor.errors]))
    return found


def test_actors_that_never_wait_take_their_steps_in_every_order(stepper: Stepper) -> None:
    found = orders(stepper, "SELECT 1; SELECT 2", "SELECT 1; SELECT 2; SELECT 3")
    assert len(found) == len({order for order, _ in found}) == comb(7, 3)
    assert all(order.count("a") == 3 and order.count("b") == 4 for order, _ in found)


def test_who_waits_is_no_choice_and_a_deadlock_is_found_in_some_orders_only(stepper: Stepper) -> None:
    change = "BEGIN TRAN; UPDATE dbo.t SET n = 0 WHERE id = {}; UPDATE dbo.t SET n = 0 WHERE id = {}; COMMIT"
    found = orders(stepper, change.format(1, 2), change.format(2, 1))
    assert len({order for order, _ in found}) == len(found)
    assert {tuple(errors) for _, errors in found} == {(), (1205,)}
    assert all(errors == [] for _, errors in orders(stepper, change.format(1, 2), change.format(1, 2)))


def test_one_actor_or_none_has_one_order(stepper: Stepper) -> None:
    assert [order for order, _ in orders(stepper, "SELECT 1")] == ["aa"]
    assert orders(stepper) == [("", [])]


def test_a_run_that_is_not_the_same_as_the_one_before_is_told(stepper: Stepper) -> None:
    runs = every_order()
    for name in "ab":
        stepper.actor(name).batch("SELECT 1")
    stepper.run(next(runs))
    choose = next(runs)
    stepper.actor("c").batch("SELECT 1")
    for actor in stepper.actors:
        actor.batch("SELECT 1")
    with pytest.raises(RuntimeError, match="has 3 actors to choose from, not 2"):
        stepper.run(choose)
