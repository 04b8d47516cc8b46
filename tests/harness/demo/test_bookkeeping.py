"""The books: exact percentiles, and nothing lost when they are joined."""

from hypothesis import given
from hypothesis import strategies as st

from harness.demo.bookkeeping import Book, Tally, join

durations = st.lists(st.floats(0.0001, 100), min_size=1, max_size=300)


def test_percentiles_are_durations_that_were_measured() -> None:
    tally = Tally(seconds=[float(n) for n in range(100, 0, -1)])
    assert tally.percentiles() == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}


def test_without_calls_there_are_no_percentiles() -> None:
    assert Tally().percentiles() == {}


@given(durations)
def test_the_share_of_calls_within_a_percentile_is_at_least_that(seconds: list[float]) -> None:
    percentiles = Tally(seconds=seconds).percentiles()
    for percent in (50, 95, 99):
        limit = percentiles[f"p{percent}"]
        assert sum(one <= limit for one in seconds) >= len(seconds) * percent / 100
        assert sum(one < limit for one in seconds) < len(seconds) * percent / 100
    assert percentiles["p50"] <= percentiles["p95"] <= percentiles["p99"] <= percentiles["max"] == max(seconds)


@given(st.lists(durations, min_size=1, max_size=4))
def test_joined_books_have_all_calls(books_of: list[list[float]]) -> None:
    books = []
    for seconds in books_of:
        book = Book()
        tally = book.tally("picking.PickLot")
        tally.seconds = list(seconds)
        tally.accepted = len(seconds) - 1
        tally.rejected[51105] += 1
        books.append(book)
    joined = join(books).tallies["picking.PickLot"]
    assert sorted(joined.seconds) == sorted(one for seconds in books_of for one in seconds)
    assert joined.accepted + joined.rejected[51105] == joined.calls
    assert [book.tallies["picking.PickLot"].calls for book in books] == [len(seconds) for seconds in books_of]
