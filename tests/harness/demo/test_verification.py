"""The check of acknowledged effects: it must see every effect that is lost, doubled, invented or altered."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.demo.bookkeeping import Book, Line, LotRow, Pick, Transfer
from harness.demo.verification import (
    ALLOCATIONS,
    BIN_TRANSFERS,
    LINES,
    POSTINGS,
    QUERIES,
    STOCK,
    TRANSFERS_IN,
    TRANSFERS_OUT,
    Fact,
    State,
    expected_state,
    find_discrepancies,
)

LOT = LotRow("L1", "ING1", "TFC1", "A1")
LINE = Line(6000001, 1, 2)


def pick(number: int) -> Pick:
    """A pick of 2 bags of 25 kg."""
    return Pick(UUID(int=number), LINE, LOT, Decimal(2), Decimal(50), number, number, "PT-1")


def transfer(number: int) -> Transfer:
    """A transfer of 10 kg."""
    ledger = 1000 + 2 * number
    document = f"BT-{number}"
    return Transfer(UUID(int=1000 + number), LOT, "K1", Decimal(10), document, ledger, ledger + 1, number, number)


def book_of(picks: int, transfers: int) -> Book:
    return Book(
        picks=[pick(number) for number in range(1, picks + 1)],
        transfers=[transfer(number) for number in range(1, transfers + 1)],
    )


def state_before() -> State:
    state: State = {table: Counter() for table in QUERIES}
    state[STOCK][("ING1", "TFC1", Decimal(1000), Decimal(100))] += 1
    state[STOCK][("ING2", "TFC1", Decimal(70), Decimal(0))] += 1
    state[LINES][(6000001, 1, 2, Decimal(0), Decimal(0))] += 1
    state[LINES][(6000001, 1, 3, Decimal(1), Decimal(10))] += 1
    return state


def replace(state: State, table: str, change: Callable[[Fact], Fact]) -> None:
    fact = min(state[table])
    state[table] -= Counter([fact])
    state[table][change(fact)] += 1


def test_what_was_acknowledged_and_nothing_else_is_no_discrepancy() -> None:
    after = state_before()
    after[STOCK] = Counter([("ING1", "TFC1", Decimal(1000), Decimal(200)), ("ING2", "TFC1", Decimal(70), Decimal(0))])
    after[LINES] = Counter([(6000001, 1, 2, Decimal(4), Decimal(100)), (6000001, 1, 3, Decimal(1), Decimal(10))])
    expected = expected_state(state_before(), book_of(2, 1))
    assert expected[STOCK] == after[STOCK]
    assert expected[LINES] == after[LINES]
    assert [len(expected[table]) for table in (ALLOCATIONS, TRANSFERS_OUT, TRANSFERS_IN, POSTINGS, BIN_TRANSFERS)] == [
        *(2, 1, 1, 1, 1)
    ]
    assert find_discrepancies(expected, expected_state(state_before(), book_of(2, 1))) == []


@given(st.integers(0, 3), st.integers(0, 3))
def test_the_state_before_is_left_as_it_was(picks: int, transfers: int) -> None:
    before = state_before()
    expected_state(before, book_of(picks, transfers))
    assert before == state_before()


@pytest.mark.parametrize("table", [table for table in QUERIES if table not in (STOCK, LINES)])
def test_a_lost_row_is_found_in_every_ledger(table: str) -> None:
    expected = expected_state(state_before(), book_of(2, 2))
    actual = expected_state(state_before(), book_of(2, 2))
    lost = min(actual[table])
    actual[table] -= Counter([lost])
    (found,) = find_discrepancies(expected, actual)
    assert (found.table, found.kind, found.fact) == (table, "missing", lost)


@pytest.mark.parametrize("table", list(QUERIES))
def test_a_doubled_row_is_found_in_every_table(table: str) -> None:
    expected = expected_state(state_before(), book_of(2, 2))
    actual = expected_state(state_before(), book_of(2, 2))
    doubled = min(actual[table])
    actual[table][doubled] += 2
    (found,) = find_discrepancies(expected, actual)
    assert (found.table, found.kind, found.fact, found.times) == (table, "unaccounted", doubled, 2)


def test_an_effect_that_nobody_acknowledged_is_found_everywhere_it_left_a_trace() -> None:
    expected = expected_state(state_before(), book_of(1, 1))
    actual = expected_state(state_before(), book_of(2, 2))
    found = find_discrepancies(expected, actual)
    assert {one.table for one in found if one.kind == "unaccounted"} == set(QUERIES)
    assert {one.table for one in found if one.kind == "missing"} == {STOCK, LINES}


def test_an_acknowledged_effect_that_is_not_there_is_found_everywhere_it_left_no_trace() -> None:
    expected = expected_state(state_before(), book_of(2, 2))
    actual = expected_state(state_before(), book_of(1, 1))
    found = find_discrepancies(expected, actual)
    assert {one.table for one in found if one.kind == "missing"} == set(QUERIES)


def test_a_gram_too_little_is_found() -> None:
    expected = expected_state(state_before(), book_of(1, 0))
    actual = expected_state(state_before(), book_of(1, 0))
    replace(actual, STOCK, lambda fact: (*fact[:2], fact[2] - Decimal("0.001"), fact[3]))
    assert [(one.table, one.kind) for one in find_discrepancies(expected, actual)] == [
        (STOCK, "missing"),
        (STOCK, "unaccounted"),
    ]


def test_quantities_agree_however_many_digits_they_are_written_with() -> None:
    expected = expected_state(state_before(), book_of(1, 0))
    actual = expected_state(state_before(), book_of(1, 0))
    replace(actual, STOCK, lambda fact: (*fact[:2], fact[2].quantize(Decimal("0.000001")), fact[3]))
    assert find_discrepancies(expected, actual) == []
