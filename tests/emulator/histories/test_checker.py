"""The checker finds each phenomenon in histories made by hand, and nothing in serial ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.emulator.histories.checker import check
from tests.emulator.histories.history import History, Level, Outcome, Read, Row, Sight, Transaction, Write

RU, RC, RR, SER, SNAP, STATEMENT = Level


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

    def read(self, who: Transaction, covers: Callable[[Row], bool] | None = None, **versions: int) -> None:
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


def anything(row: Row) -> bool:
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
    one.operations.append(Read({1: 10}, began, book.moment, lambda row: row.key != 2))
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
    one.operations.append(Read({1: 11}, began, book.moment, lambda row: row.key != 2))
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
    for level, found in (
        (RU, []),
        (RC, ["G-single-realtime"]),
        (RR, ["G-single-realtime"]),
        (SNAP, ["G-single-realtime"]),
    ):
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


# --- Lives of keys ----------------------------------------------------------------------------------------------------


def delete_and_insert_again(book: Book) -> tuple[Transaction, Transaction]:
    """Key 1 dies and lives again."""
    remover, maker = book.begin(RC), book.begin(RC)
    book.write(remover, 1, None, 10)
    book.end(remover)
    book.write(maker, 1, 11, None)
    book.end(maker)
    return remover, maker


@pytest.mark.parametrize("level", list(Level))
def test_a_key_that_lives_again_is_explained(book: Book, level: Level) -> None:
    reader = book.begin(level)
    book.read(reader, anything, k1=10, k2=20)
    book.end(reader)
    remover, maker = book.begin(level), book.begin(level)
    book.write(remover, 1, None, 10)
    book.read(remover, anything, k2=20)
    book.end(remover)
    maker.began = book.moment
    book.write(maker, 1, 11, None)
    book.write(maker, 1, None, 11)
    book.write(maker, 1, 12, None)
    book.read(maker, anything, k1=12, k2=20)
    book.end(maker)
    last = book.begin(level)
    book.read(last, anything, k1=12, k2=20)
    book.end(last)
    assert book.phenomena() == []


def test_a_row_was_not_found_between_two_lives(book: Book) -> None:
    reader = book.begin(SER)
    began = book.moment
    delete_and_insert_again(book)
    reader.operations.append(Read({2: 20}, began, book.moment, anything))
    book.end(reader)
    for transaction in book.history.transactions:
        transaction.ended = book.moment
    assert book.phenomena() == []


def test_a_row_that_one_transaction_deleted_and_inserted_again_was_never_away(book: Book) -> None:
    reader, writer = book.begin(SER), book.begin(RC)
    began = book.moment
    book.write(writer, 1, None, 10)
    book.write(writer, 1, 11, None)
    book.end(writer)
    reader.operations.append(Read({2: 20}, began, book.moment, anything))
    book.end(reader)
    assert book.phenomena() == ["vanished"]


def test_whoever_missed_a_row_between_two_lives_comes_between_them(book: Book) -> None:
    reader = book.begin(SER)
    began = book.moment
    remover, maker = delete_and_insert_again(book)
    reader.operations.append(Read({}, began, book.moment, lambda row: row.key == 1))
    book.write(reader, 2, 21, 20)
    book.end(reader)
    for transaction, seen, found in ((remover, 20, []), (remover, 21, ["G1c"]), (maker, 20, ["G2"]), (maker, 21, [])):
        transaction.level = SER
        transaction.operations.append(Read({2: seen}, began, book.moment))
        for one in book.history.transactions:
            one.ended = book.moment
        assert book.phenomena() == found
        transaction.operations.pop()


def test_the_lives_of_a_key_follow_the_answers_to_its_inserts(book: Book) -> None:
    delete_and_insert_again(book)
    again = book.begin(SER)
    book.write(again, 1, None, 11)
    book.write(again, 1, 12, None)
    book.read(again, k1=12)
    book.end(again)
    assert book.phenomena() == []
    book.history.final[1] = 11
    assert book.phenomena() == ["lost or invented"]


def test_a_life_that_begins_before_the_last_one_has_ended_is_found(book: Book) -> None:
    maker = book.begin(RC)
    book.write(maker, 1, 11, None)
    book.end(maker)
    assert "two at once" in book.phenomena()


def test_a_later_life_depends_on_the_end_of_the_earlier_one(book: Book) -> None:
    remover, maker = book.begin(RU), book.begin(RU)
    book.write(remover, 1, None, 10)
    book.write(maker, 1, 11, None)
    book.write(maker, 2, 22, 20)
    book.write(remover, 2, 23, 22)
    book.end(maker)
    book.end(remover)
    book.history.final = {1: 11, 2: 23}
    assert book.phenomena() == ["G0"]


@pytest.mark.parametrize(("level", "found"), [(RR, []), (SER, ["G-single"]), (SNAP, ["G-single"])])
def test_a_snapshot_does_not_miss_a_row_that_is_only_to_be_deleted(book: Book, level: Level, found: list[str]) -> None:
    reader, remover = book.begin(level), book.begin(RC)
    book.read(reader, k1=10)
    book.write(remover, 1, 11, 10)
    book.write(remover, 2, None, 20)
    book.read(reader, lambda row: row.key == 2)
    book.end(remover)
    book.end(reader)
    assert book.phenomena() == found


@pytest.mark.parametrize(("level", "found"), [(RC, []), (STATEMENT, ["G-single"])])
def test_a_statement_with_a_moment_of_its_own_sees_all_of_a_transaction_or_nothing(
    book: Book, level: Level, found: list[str]
) -> None:
    reader, remover = book.begin(RC), book.begin(RC)
    began = book.moment
    book.write(remover, 1, 11, 10)
    book.write(remover, 2, None, 20)
    book.end(remover)
    reader.operations.append(Read({1: 10}, began, book.moment, anything, level))
    book.end(reader)
    assert book.phenomena() == found


@pytest.mark.parametrize(("hint", "found"), [(None, []), (RR, ["G-single"]), (RU, [])])
def test_a_hint_changes_what_is_promised_about_one_read(book: Book, hint: Level | None, found: list[str]) -> None:
    one, two = book.begin(RC), book.begin(RC)
    book.read(one, k1=10)
    one.reads[0].level = hint
    book.write(two, 1, 12, 10)
    book.end(two)
    book.write(one, 1, 11, 12)
    book.end(one)
    assert book.phenomena() == found


def test_a_row_that_was_there_all_along_and_not_found_is_found(book: Book) -> None:
    one = book.begin(SER)
    book.read(one, anything, k1=10)
    book.end(one)
    assert book.phenomena() == ["vanished"]


# --- What rows are like -----------------------------------------------------------------------------------------------


def in_group(number: int) -> Callable[[Row], bool]:
    return lambda row: row.group == number


def move_there_and_back(book: Book) -> None:
    """Row 1 goes from group 1 to group 2 and back, in two transactions."""
    book.history.rows |= {10: Row(1, 1), 20: Row(2, 2), 11: Row(1, 2), 12: Row(1, 1)}
    there, back = book.begin(RC), book.begin(RC)
    book.write(there, 1, 11, 10)
    book.end(there)
    book.write(back, 1, 12, 11)
    book.end(back)


@pytest.mark.parametrize(("group", "found"), [(1, []), (2, ["G-single-realtime"])])
def test_a_row_that_moves_is_missed_in_the_group_where_it_is_not(book: Book, group: int, found: list[str]) -> None:
    began = book.moment + 1
    move_there_and_back(book)
    ended = book.moment
    for transaction in book.history.transactions:
        transaction.ended = ended
    reader = book.begin(SNAP)
    reader.began = began
    reader.operations.append(Read({}, began, ended, in_group(1)))
    book.end(reader)
    assert book.phenomena() == []
    late = book.begin(SNAP)
    book.read(late, in_group(group), **({"k2": 20} if group == 2 else {"k1": 12}))
    book.read(late, in_group(1), k1=12) if group == 1 else book.read(late, in_group(1))
    book.end(late)
    assert book.phenomena() == found


def test_a_sight_is_of_a_row_as_it_was_at_the_time(book: Book) -> None:
    move_there_and_back(book)
    for group, found in ((1, []), (2, ["G-single-realtime"])):
        reader = book.begin(RR)
        book.moment += 1
        reader.operations.append(Sight(1, in_group(group), book.moment, book.moment))
        book.end(reader)
        assert book.phenomena() == found
        book.history.transactions.remove(reader)


def test_a_code_that_two_rows_have_at_once_is_found(book: Book) -> None:
    book.history.rows |= {10: Row(1, 1, 5), 20: Row(2, 1, 6), 21: Row(2, 1, 5)}
    one = book.begin(RC)
    book.write(one, 2, 21, 20)
    book.end(one)
    assert book.phenomena() == ["two at once"]


def test_whoever_takes_a_code_depends_on_whoever_gave_it_up(book: Book) -> None:
    book.history.rows |= {10: Row(1, 1, 5), 11: Row(1, 1, 7), 20: Row(2, 1, 6), 21: Row(2, 1, 5)}
    giver, taker = book.begin(RR), book.begin(RR)
    book.read(giver, k2=20)
    book.write(giver, 1, 11, 10)
    book.write(taker, 2, 21, 20)
    book.end(giver)
    book.end(taker)
    assert book.phenomena() == []
    giver.operations.append(Read({2: 21}, book.moment, book.moment))
    giver.ended = taker.ended = book.moment + 1
    assert "G1c" in book.phenomena()


def test_rows_found_twice_and_torn_rows_are_found(book: Book) -> None:
    one = book.begin(RR)
    book.read(one, k1=10)
    one.reads[0].twice = (1,)
    book.end(one)
    book.history.torn.append("T1: version 10 was otherwise")
    assert book.phenomena() == ["found twice", "torn row"]


@pytest.mark.parametrize("committed", [True, False])
def test_an_insert_whose_answer_was_lost_counts_if_somebody_deleted_the_row(book: Book, committed: bool) -> None:
    maker, remover = book.begin(RC), book.begin(RC)
    book.write(maker, 3, 30, None)
    if committed:
        book.write(remover, 3, None, 30)
    book.end(remover)
    maker.ended = book.moment
    assert book.phenomena() == []
    assert (maker.outcome is Outcome.COMMITTED) is committed
