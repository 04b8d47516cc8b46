"""Whatever path a query takes, it finds the rows that a plain reading of the condition finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.instance import Instance
from emulator.results import Collector

Row = tuple[Any, ...]
Test = Callable[[Row], bool]

COLUMNS = ("id", "a", "b", "s")
SMALL = st.integers(-2, 3)
TEXTS = st.sampled_from(["", "a", "ab", "AB", "abc", "b", "b "])

NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "=": lambda x, y: x == y,
    "<>": lambda x, y: x != y,
    "<": lambda x, y: x < y,
    "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y,
}

SCHEMA = """
CREATE TABLE dbo.indexed (
    id int NOT NULL PRIMARY KEY, a int NULL, b int NOT NULL, s varchar(5) NULL,
    INDEX ix_a (a), INDEX ix_ab (a, b DESC), INDEX ix_ba (b DESC, a DESC) INCLUDE (s), INDEX ix_s (s, b)
);
CREATE TABLE dbo.other (id int NOT NULL PRIMARY KEY, a int NULL, b int NOT NULL, s varchar(5) NULL, INDEX ix_b (b, a));
"""

ROWS = st.lists(
    st.tuples(st.integers(0, 9), st.none() | SMALL, SMALL, st.none() | TEXTS), max_size=12, unique_by=lambda row: row[0]
)


def folded(text: str) -> str:
    return text.rstrip(" ").lower()


@st.composite
def atoms(draw: st.DrawFn) -> tuple[str, Test]:
    """A condition on one column, as T-SQL and as a function."""
    ordinal = draw(st.integers(0, 3))
    name = COLUMNS[ordinal]
    kind = draw(st.sampled_from(["compare", "between", "in", "null", "not null"]))
    if kind == "null":
        return f"x.{name} IS NULL", lambda row: row[ordinal] is None
    if kind == "not null":
        return f"x.{name} IS NOT NULL", lambda row: row[ordinal] is not None
    if ordinal == 3:
        return _text_atom(draw, kind)
    if kind == "compare":
        operator, value = draw(st.sampled_from(sorted(NUMBERS))), draw(SMALL)
        compare = NUMBERS[operator]
        return (
            f"x.{name} {operator} {value}",
            lambda row: row[ordinal] is not None and compare(row[ordinal], value),
        )
    low, high = draw(SMALL), draw(SMALL)
    if kind == "between":
        return (
            f"x.{name} BETWEEN {low} AND {high}",
            lambda row: row[ordinal] is not None and low <= row[ordinal] <= high,
        )
    return f"x.{name} IN ({low}, {high}, NULL)", lambda row: row[ordinal] in (low, high)


def _text_atom(draw: st.DrawFn, kind: str) -> tuple[str, Test]:
    value = draw(TEXTS)
    if kind == "compare":
        return f"x.s = '{value}'", lambda row: row[3] is not None and folded(row[3]) == folded(value)
    prefix = value.rstrip(" ")
    return f"x.s LIKE '{prefix}%'", lambda row: row[3] is not None and row[3].lower().startswith(prefix.lower())


@st.composite
def conditions(draw: st.DrawFn) -> tuple[str, Test]:
    parts = draw(st.lists(atoms(), min_size=1, max_size=4))
    if draw(st.booleans()):
        return " AND ".join(text for text, _ in parts), lambda row: all(test(row) for _, test in parts)
    return " OR ".join(text for text, _ in parts), lambda row: any(test(row) for _, test in parts)


ORDERS = st.lists(st.tuples(st.sampled_from(COLUMNS[:3]), st.booleans()), min_size=1, max_size=3)


def ordered(rows: list[Row], order: list[tuple[str, bool]]) -> list[Row]:
    result = list(rows)
    for name, descending in reversed(order):
        ordinal = COLUMNS.index(name)
        result.sort(key=lambda row: (row[ordinal] is not None, row[ordinal] or 0), reverse=descending)
    return result


INSTANCE = Instance()
SESSION = INSTANCE.open_session()


def query(text: str) -> list[Row]:
    sink = Collector()
    SESSION.run_batch(text, sink)
    assert not sink.errors, (text, sink.errors)
    return list(sink.result_sets[-1].rows) if sink.result_sets else []


query(SCHEMA)


def load(name: str, rows: list[Row]) -> None:
    table = SESSION.database.table("dbo", name)
    assert table is not None
    assert table.store is not None
    table.store.load(rows)


@settings(max_examples=300, deadline=None)
@given(
    ROWS,
    conditions(),
    st.sampled_from(["", "READPAST", "UPDLOCK", "HOLDLOCK", "UPDLOCK, HOLDLOCK", "NOLOCK", "TABLOCK"]),
)
def test_every_access_path_finds_the_rows(rows: list[Row], condition: tuple[str, Test], hint: str) -> None:
    load("indexed", rows)
    text, test = condition
    hints = f" WITH ({hint})" if hint else ""
    expected = sorted(row[0] for row in rows if test(row))
    assert sorted(row[0] for row in query(f"SELECT * FROM indexed AS x{hints} WHERE {text}")) == expected
    assert sorted(row[0] for row in query(f"SELECT x.id FROM indexed AS x{hints} WHERE {text}")) == expected


@settings(max_examples=200, deadline=None)
@given(ROWS, conditions(), ORDERS, st.integers(1, 5), st.sampled_from(["", "HOLDLOCK"]))
def test_every_order_is_right(
    rows: list[Row], condition: tuple[str, Test], order: list[tuple[str, bool]], top: int, hint: str
) -> None:
    load("indexed", rows)
    text, test = condition
    hints = f" WITH ({hint})" if hint else ""
    full = [*order, ("id", False)]
    order_by = ", ".join(
        f"x.{name} DESC" if descending else f"x.{name}" for name, descending in dict(full[::-1]).items()
    )
    expected = ordered([row for row in rows if test(row)], list(dict(full[::-1]).items()))
    found = query(f"SELECT * FROM indexed AS x{hints} WHERE {text} ORDER BY {order_by}")
    assert found == expected
    assert query(f"SELECT TOP ({top}) * FROM indexed AS x{hints} WHERE {text} ORDER BY {order_by}") == expected[:top]


@settings(max_examples=200, deadline=None)
@given(
    ROWS,
    ROWS,
    conditions(),
    st.sampled_from(["x.a = y.a", "x.b = y.b AND x.a = y.a", "x.b = y.id", "x.a < y.b", "x.s = y.s", "x.id = y.id"]),
    st.sampled_from(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]),
)
def test_every_join_finds_the_pairs(
    rows: list[Row], others: list[Row], condition: tuple[str, Test], on: str, kind: str
) -> None:
    load("indexed", rows)
    load("other", others)
    text, test = condition

    def matches(x: Row, y: Row) -> bool:
        match on:
            case "x.a = y.a":
                return x[1] is not None and x[1] == y[1]
            case "x.b = y.b AND x.a = y.a":
                return x[2] == y[2] and x[1] is not None and x[1] == y[1]
            case "x.b = y.id":
                return bool(x[2] == y[0])
            case "x.a < y.b":
                return x[1] is not None and x[1] < y[2]
            case "x.s = y.s":
                return x[3] is not None and y[3] is not None and folded(x[3]) == folded(y[3])
            case _:
                return bool(x[0] == y[0])

    missing = (None, None, None, None)
    pairs = [(x, y) for x in rows for y in others if matches(x, y)]
    if kind in ("LEFT JOIN", "FULL JOIN"):
        pairs += [(x, missing) for x in rows if not any(pair[0] is x for pair in pairs)]
    if kind in ("RIGHT JOIN", "FULL JOIN"):
        pairs += [(missing, y) for y in others if not any(pair[1] is y for pair in pairs)]
    expected = sorted(((x[0], y[0]) for x, y in pairs if test(x)), key=repr)
    found = query(f"SELECT x.id, y.id FROM indexed AS x {kind} other AS y ON {on} WHERE {text}")
    assert sorted(found, key=repr) == expected


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_groups_hold_every_row_once(rows: list[Row]) -> None:
    load("indexed", rows)
    found = query("SELECT a, COUNT(*), SUM(b), MIN(id) FROM indexed GROUP BY a")
    expected = []
    for value in {row[1] for row in rows}:
        group = [row for row in rows if row[1] == value]
        expected.append((value, len(group), sum(row[2] for row in group), min(row[0] for row in group)))
    assert sorted(found, key=repr) == sorted(expected, key=repr)


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_windows_agree_with_their_definition(rows: list[Row]) -> None:
    load("indexed", rows)
    found = query(
        "SELECT id, ROW_NUMBER() OVER (PARTITION BY b ORDER BY id), SUM(id) OVER (PARTITION BY b ORDER BY id),"
        " COUNT(*) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING), RANK() OVER (ORDER BY b) FROM indexed"
    )
    ids = sorted(row[0] for row in rows)
    expected = []
    for row in rows:
        before = [other for other in rows if other[2] == row[2] and other[0] <= row[0]]
        place = ids.index(row[0])
        window = ids[max(place - 1, 0) : place + 2]
        rank = 1 + sum(other[2] < row[2] for other in rows)
        expected.append((row[0], len(before), sum(other[0] for other in before), len(window), rank))
    assert sorted(found) == sorted(expected)
