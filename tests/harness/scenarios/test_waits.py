"""Who is at the head of a chain of waits, and who is in a deadlock."""

from collections.abc import Mapping

from harness.scenarios.waits import LockWait, chain_heads, in_deadlock


def waits(graph: Mapping[int, set[int]]) -> Mapping[int, LockWait]:
    return {session: LockWait("LCK_M_X", -1, blockers) for session, blockers in graph.items()}


def test_the_head_of_a_chain_waits_for_nobody() -> None:
    found = waits({52: {51}, 53: {52}, 54: {52, 60}})
    assert chain_heads(53, found) == {51}
    assert chain_heads(54, found) == {51, 60}
    assert not any(in_deadlock(session, found) for session in (51, 52, 53, 54))


def test_who_waits_for_a_cycle_waits_for_its_end_like_those_in_it() -> None:
    found = waits({51: {52}, 52: {53}, 53: {51}, 54: {51}, 55: {56}})
    assert [session for session in range(51, 57) if in_deadlock(session, found)] == [51, 52, 53, 54]
