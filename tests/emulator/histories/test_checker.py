"""The checker finds each phenomenon in histories made by hand, and nothing in serial ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.emulator.histories.checker import check
from tests.emulator.histories.history import History, Level, Outcome, Read, Transaction, Write

RU, RC, RR, SER, SNAP = (
    Level.READ_UNCOMMITTED,
    Level.READ_COMMITTED,
    Level.REPEATABLE_READ,
    Level.SERIALIZABLE,
    Level.SNAPSHOT,
)


class Book:
    """Writes a history down: operations happen in the order of the calls. Rows 1 and 2 have versions 10 and 20."""

    def __init__(self) -> None:
        self.history = History({1: 10, 2: 20}, {1: 10, 2: 20})
        self.moment = 0

    def begin(self, level: Level) -> Transaction:
        self.moment += 1
        made = Transaction(len(self.history.transactions) + 1, level, self.moment)
        self.history.transactions.append(made)
        return made

    def read(self, who: Transaction, covers: Callable[[int], bool] | None = None, **versions: int) -> None:
        self.moment += 1
        found = {int(key[1:]): version for key, version in versions.items()}
        who.operations.append(Read(found, self.moment, self.moment, covers))

    def write(
        self, who: Transaction, key: int, version: int | None, replaced: int | None, undone: bool = False
    ) -> None:
        self.moment += 1
        who.operations.append(Write(key, version, replaced, self.moment, self.moment, undone))

    def end(self, who: Transaction, outcome: Outcome = Outcome.COMMITTED) -> None:
        self.moment += 1
        who.outcome, who.ended = outcome, self.moment
        if outcome is Outcome.COMMITTED:
            for write in who.writes:
                if write.version is None:
                    self.history.final.pop(write.key, None)
                else:
                    self.history.final[write.key] = write.version

    def phenomena(self) -> list[str]:
        return [violation.phenomenon for violation in check(self.history)]


@pytest.fixture
def book() -> Book:
    return Book()


def anything(key: int) -> bool:
    return True


@pytest.mark.parametrize("level", list(Level))
def test_a_serial_history_is_explained(book: Book, level: Level) -> None:
    one = book.begin(level)
    book.read(one, anything, k1=10, k2=20)
    book.write(one, 1, 11, 10)
    book.read(one, k1=11)
    book.write(one, 3, 30, None)
    book.end(one)
    two = book.begin(level)
    book.write(two, 2, None, 20)
    book.read(two, anything, k1=11, k3=30)
    book.end(two)
    three = book.begin(level)
    book.read(three, anything, k1=11, k3=30)
    book.write(three, 1, 12, 11)
    book.end(three)
    assert book.phenomena() == []


def test_g0_write_cycles(book: Book) -> None:
    one, two = book.begin(RU), book.begin(RU)
    book.write(one, 1, 11, 10)
    book.write(two, 1, 12, 11)
    book.write(two, 2, 22, 20)
    book.write(one, 2, 21, 22)
    book.end(one)
    book.end(two)
    book.history.final = {1: 12, 2: 21}
    assert book.phenomena() == ["G0"]


def test_g0_two_writers_of_one_version(book: Book) -> None:
    one, two = book.begin(RC), book.begin(RC)
    book.write(one, 1, 11, 10)
    book.write(two, 1, 12, 10)
    book.end(one)
    book.end(two)
    assert "G0" in book.phenomena()


@pytest.mark.parametrize(("level", "found"), [(RU, []), (RC, ["G1a"]), (SER, ["G1a"]), (SNAP, ["G1a"])])
def test_g1a_reads_of_what_was_rolled_back(book: Book, level: Level, found: list[str]) -> None:
    one, two = book.begin(RC), book.begin(level)
    book.write(one, 1, 11, 10)
    book.read(two, k1=11)
    book.end(one, Outcome.ABORTED)
    book.end(two)
    assert book.phenomena() == found


def test_g1a_reads_of_what_was_rolled_back_to_a_savepoint(book: Book) -> None:
    one, two = book.begin(RC), book.begin(RC)
    book.write(one, 1, 11, 10, undone=True)
    book.read(two, k1=11)
    book.end(one)
    book.end(two)
    assert book.phenomena() == ["G1a"]


def test_g1b_reads_of_intermediate_versions(book: Book) -> None:
    one, two = book.begin(RC), book.begin(RC)
    book.write(one, 1, 11, 10)
    book.read(two, k1=11)
    book.write(one, 1, 12, 11)
    book.end(one)
    book.end(two)
    assert book.phenomena() == ["G1b"]


def test_g1c_circular_information_flow(book: Book) -> None:
    one, two = book.begin(RC), book.begin(RC)
    book.write(one, 1, 11, 10)
    book.write(two, 2, 22, 20)
    book.read(one, k2=22)
    book.read(two, k1=11)
    book.end(one)
    book.end(two)
    assert book.phenomena() == ["G1c"]


@pytest.mark.parametrize(("level", "found"), [(RC, []), (RR, ["G-single"]), (SER, ["G-single"]), (SNAP, ["G-single"])])
def test_g_single_a_lost_update(book: Book, level: Level, found: list[str]) -> None:
    one, two = book.begin(level), book.begin(RC)
    book.read(one, k1=10)
    book.write(two, 1, 12, 10)
    book.end(two)
    book.write(one, 1, 11, 12)
    book.end(one)
    assert book.phenomena() == found


@pytest.mark.parametrize(("level", "found"), [(RC, []), (RR, ["G-single"]), (SER, ["G-single"]), (SNAP, ["G-single"])])
def test_g_single_a_read_that_cannot_be_repeated(book: Book, level: Level, found: list[str]) -> None:
    one, two = book.begin(level), book.begin(RC)
    book.read(one, k1=10)
    book.write(two, 1, 12, 10)
    book.write(two, 2, 22, 20)
    book.end(two)
    book.read(one, k2=22)
    book.end(one)
    assert book.phenomena() == found


@pytest.mark.parametrize(("level", "found"), [(RC, []), (RR, []), (SER, ["G-single"]), (SNAP, ["G-single"])])
def test_g_single_a_phantom(book: Book, level: Level, found: list[str]) -> None:
    one, two = book.begin(level), book.begin(RC)
    book.read(one, anything, k1=10, k2=20)
    book.write(two, 3, 30, None)
    book.end(two)
    book.read(one, anything, k1=10, k2=20, k3=30)
    book.end(one)
    assert book.phenomena() == found


@pytest.mark.parametrize(("level", "found"), [(RC, []), (RR, ["G2-item"]), (SER, ["G2-item"]), (SNAP, [])])
def test_g2_item_write_skew(book: Book, level: Level, found: list[str]) -> None:
    one, two = book.begin(level), book.begin(level)
    book.read(one, k1=10, k2=20)
    book.read(two, k1=10, k2=20)
    book.write(one, 1, 11, 10)
    book.write(two, 2, 22, 20)
    book.end(one)
    book.end(two)
    assert book.phenomena() == found


@pytest.mark.parametrize(("level", "found"), [(RR, []), (SER, ["G2"]), (SNAP, [])])
def test_g2_of_rows_that_were_not_found(book: Book, level: Level, found: list[str]) -> None:
    one, two = book.begin(level), book.begin(level)
    book.read(one, anything, k1=10, k2=20)
    book.read(two, anything, k1=10, k2=20)
    book.write(one, 3, 30, None)
    book.write(two, 4, 40, None)
    book.end(one)
    book.end(two)
    assert book.phenomena() == found


def test_a_row_that_came_and_went_was_unborn_or_dead_whichever_explains_the_history(book: Book) -> None:
    maker, one, two = book.begin(RC), book.begin(SER), book.begin(SER)
    book.write(maker, 3, 30, None)
    book.write(maker, 2, 22, 20)
    book.end(maker)
    book.moment += 1
    began = book.moment
    book.write(two, 3, None, 30)
    book.end(two)
    one.operations.append(Read({1: 10}, began, book.moment, lambda key: key != 2))
    book.end(one)
    assert book.phenomena() == []
    book.read(one, k2=22)  # so it came after the one that made the row
    book.end(one)
    assert book.phenomena() == []
    book.read(two, k1=11)  # as if the one that deleted had read what the one that missed the row wrote
    book.write(one, 1, 11, 10)
    book.end(one)
    book.history.final.pop(3, None)
    two.ended = book.moment
    assert len(book.phenomena()) == 1


def test_a_row_that_came_and_went_was_unborn_where_a_snapshot_says_so(book: Book) -> None:
    maker, one, remover, snapshot = book.begin(RC), book.begin(SER), book.begin(RC), book.begin(SNAP)
    began = book.moment
    book.write(one, 1, 11, 10)
    book.write(maker, 3, 30, None)
    book.moment += 1
    one.operations.append(Read({1: 11}, began, book.moment, lambda key: key != 2))
    book.end(one)
    book.end(maker)
    book.read(snapshot, k1=11, k3=30)
    book.write(remover, 3, None, 30)
    book.end(remover)
    book.end(snapshot)
    one.ended = remover.ended = book.moment
    assert book.phenomena() == []
    book.history.transactions.remove(maker)
    book.history.initial[3] = 30  # so it was not unborn
    assert book.phenomena() == ["G-single"]


def test_a_read_of_what_was_replaced_long_before_contradicts_the_clock(book: Book) -> None:
    writer = book.begin(RC)
    book.write(writer, 1, 11, 10)
    book.end(writer)
    for level, found in ((RC, []), (RR, ["G-single-realtime"]), (SNAP, ["G-single-realtime"])):
        reader = book.begin(level)
        book.read(reader, k1=10)
        book.end(reader)
        assert book.phenomena() == found
        book.history.transactions.remove(reader)


def test_an_absence_of_a_row_that_was_there_all_along_contradicts_the_clock(book: Book) -> None:
    writer = book.begin(RC)
    book.write(writer, 3, 30, None)
    book.end(writer)
    for level, found in ((RR, []), (SER, ["G-single-realtime"]), (SNAP, ["G-single-realtime"])):
        reader = book.begin(level)
        book.read(reader, anything, k1=10, k2=20)
        book.end(reader)
        assert book.phenomena() == found
        book.history.transactions.remove(reader)


def test_a_row_lost_at_the_end_is_found(book: Book) -> None:
    one = book.begin(RC)
    book.write(one, 1, 11, 10)
    book.end(one)
    book.history.final = {1: 10, 2: 20}
    assert book.phenomena() == ["lost or invented"]


def test_a_version_that_nobody_wrote_is_found(book: Book) -> None:
    one = book.begin(RC)
    book.read(one, k1=99)
    book.end(one)
    assert book.phenomena() == ["invention"]


def test_a_transaction_that_does_not_see_its_own_writes_is_found(book: Book) -> None:
    one = book.begin(RC)
    book.write(one, 1, 11, 10)
    book.read(one, k1=10)
    book.end(one)
    assert "own writes" in book.phenomena()


@pytest.mark.parametrize("seen", [True, False])
def test_a_commit_whose_answer_was_lost_counts_if_anybody_saw_it(book: Book, seen: bool) -> None:
    one, two = book.begin(RC), book.begin(RC)
    book.write(one, 1, 11, 10)
    book.read(two, k1=11 if seen else 10)
    book.end(two)
    one.ended = book.moment
    book.history.final = {1: 11 if seen else 10, 2: 20}
    assert book.phenomena() == []
    assert (one.outcome is Outcome.COMMITTED) is seen


def test_a_deletion_whose_answer_was_lost_counts_though_others_had_read_the_row(book: Book) -> None:
    one, two = book.begin(RC), book.begin(RC)
    book.read(one, k1=10)
    book.end(one)
    book.write(two, 1, None, 10)
    two.ended = book.moment
    book.history.final = {2: 20}
    assert book.phenomena() == []
    assert two.outcome is Outcome.COMMITTED


def test_the_smallest_cycle_is_shown(book: Book) -> None:
    one, two = book.begin(RR), book.begin(RC)
    book.read(one, k1=10)
    book.write(two, 1, 12, 10)
    book.end(two)
    book.write(one, 1, 11, 12)
    book.end(one)
    (violation,) = check(book.history)
    assert sorted(str(violation).splitlines()) == [
        "  T1 -rw-> T2: 1=10 was read and then replaced",
        "  T2 -ww-> T1: version 12 of 1 was replaced",
        "G-single: a cycle of dependencies",
    ]
