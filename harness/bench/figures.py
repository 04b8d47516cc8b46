"""The figures of `make bench`: what each is called, its unit, and the mark that it should reach."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

CALLS, SECONDS, MICROSECONDS, RATIO, PERCENT = "calls/s", "s", "us", "x", "%"

Figures = dict[str, float]
"""Measured values by name. `<name>_sqlite` is what SQLite needs for the same."""
Show = Callable[[str], None]
"""Shows what is being done."""
SQLITE = "_sqlite"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. A mark is what the figure should reach; a figure that does not is pointed out."""

    name: str
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    def reaches_mark(self, value: float) -> bool:
        """Whether the value is within the marks."""
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    @property
    def mark(self) -> str:
        """The mark in words, "" if there is none."""
        if self.at_least is not None:
            return f"at least {self.at_least:,g}"
        return "" if self.at_most is None else f"at most {self.at_most:,g}"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: `lots` of the large warehouse, `rows` of the large table, `calls` a round, `rounds` a
    figure."""

    lots: int = 1_000_000
    rows: int = 100_000
    calls: int = 200
    rounds: int = 5

    @property
    def items(self) -> int:
        """Rows of the table of items."""
        return max(self.rows // 10, 100)


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that are measured together. `measure` makes those that are wanted, and may make others of its own."""

    title: str
    figures: tuple[Figure, ...]
    measure: Callable[["Wanted", Effort, Show], Figures]


class Wanted:
    """Which figures to measure: those whose name fits one of the patterns, all without patterns."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns

    def __contains__(self, name: str) -> bool:
        return not self._patterns or any(fnmatchcase(name, pattern) for pattern in self._patterns)

    def of(self, rounds: Mapping[str, Callable[[], float]]) -> dict[str, Callable[[], float]]:
        """Those of some rounds that are wanted. `<name>_sqlite` is wanted with its figure."""
        return {name: measure for name, measure in rounds.items() if name.removesuffix(SQLITE) in self}

    def any_of(self, figures: Sequence[Figure]) -> bool:
        """Whether anything of a group is wanted."""
        return any(figure.name in self for figure in figures)
