"""Scenario files: what they may say, and their permutations. ``docs/scenarios.md`` teaches the format.

It is that of PostgreSQL's isolation tester (README of ``src/test/isolation``) with these differences: T-SQL in the
blocks, separated into batches by GO; ``rule`` and ``page`` say what is shown and where it is documented; ``levels``
runs everything at several isolation levels; ``show waits`` names locks and blockers; the expected output stands at the
end of the file itself, behind a line ``expected``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from harness.errors import UsageFault

LEVELS: Mapping[str, tuple[str, bool, bool]] = {
    "READ UNCOMMITTED": ("READ UNCOMMITTED", False, False),
    "READ COMMITTED": ("READ COMMITTED", False, False),
    "READ COMMITTED SNAPSHOT": ("READ COMMITTED", True, False),
    "REPEATABLE READ": ("REPEATABLE READ", False, False),
    "SNAPSHOT": ("SNAPSHOT", False, True),
    "SERIALIZABLE": ("SERIALIZABLE", False, False),
}
"""By name in a scenario: the session's level, and whether the database has READ_COMMITTED_SNAPSHOT and
ALLOW_SNAPSHOT_ISOLATION on."""

MOST_PERMUTATIONS = 1000
DIRECTIVES = ("rule", "page", "levels", "show", "setup", "teardown", "session", "step", "permutation", "expected")

_EXPECTED = re.compile(r"^expected[ \t]*\n", flags=re.MULTILINE)
_SKIPPED = re.compile(r"(?:\s+|#[^\n]*)*")
_WORD = re.compile(r"[A-Za-z_]\w*")
_TEXT = re.compile(r'"([^"\n]*)"')
_REST = re.compile(r"[^\n#]*")
_TOKEN = re.compile(r"'(?:[^']|'')*'|\[(?:[^\]]|\]\])*\]|--[^\n]*|/\*|[{}]")
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class ScenarioError(UsageFault):
    """A scenario file that cannot be read; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Step:
    """A named piece of T-SQL that a session runs in one go."""

    name: str
    session: str
    text: str


@dataclass(slots=True)
class SessionPart:
    """One session: what it runs first, its steps in the order of the file, what it runs at the end."""

    name: str
    setup: str = ""
    steps: list[Step] = field(default_factory=list)
    teardown: str = ""


@dataclass
class Scenario:
    """A scenario file. ``expected`` is None when none has been recorded; ``listed`` are the permutations it names."""

    path: Path
    rule: str = ""
    pages: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    show_waits: bool = False
    setup: list[str] = field(default_factory=list)
    teardown: list[str] = field(default_factory=list)
    sessions: list[SessionPart] = field(default_factory=list)
    listed: list[list[Step]] = field(default_factory=list)
    expected: str | None = None

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        return {step.name: step for session in self.sessions for step in session.steps}

    @property
    def permutations(self) -> Sequence[Sequence[Step]]:
        """The listed ones, else every interleaving of the sessions' steps."""
        return self.listed or list(interleavings([session.steps for session in self.sessions]))

    def record(self, history: str) -> None:
        """Make ``history`` the expected output, in the file too."""
        text = self.path.read_text(encoding="utf-8")
        found = _EXPECTED.search(text)
        before = text[: found.start()] if found else text.rstrip("\n") + "\n\n"
        self.path.write_text(f"{before}expected\n{history}", encoding="utf-8")
        self.expected = history


def interleavings(sequences: Sequence[Sequence[Step]]) -> Iterator[list[Step]]:
    """All ways to merge the sequences, each of them kept in its order."""
    if not any(sequences):
        yield []
        return
    for number, sequence in enumerate(sequences):
        if sequence:
            rest = [*sequences[:number], sequence[1:], *sequences[number + 1 :]]
            for merged in interleavings(rest):
                yield [sequence[0], *merged]


def count_interleavings(sizes: Sequence[int]) -> int:
    """How many there are for sequences of these lengths."""
    total, count = 0, 1
    for size in sizes:
        for number in range(1, size + 1):
            total += 1
            count = count * total // number
    return count


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file. Raises ScenarioError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path} cannot be read: {error}") from None
    return _Reader(path, text).read()


class _Reader:
    """Reads one file from front to back."""

    def __init__(self, path: Path, text: str) -> None:
        self._scenario = Scenario(path)
        found = _EXPECTED.search(text)
        if found:
            self._scenario.expected = text[found.end() :]
        self._text = text[: found.start()] if found else text
        self._position = 0
        self._permutations: list[tuple[list[str], int]] = []

    def read(self) -> Scenario:
        scenario = self._scenario
        while not self._at_end():
            self._directive(self._word("a directive"))
        if not scenario.steps:
            raise self._error("there is no step")
        for names, position in self._permutations:
            scenario.listed.append([self._step_called(name, position) for name in names])
        count = count_interleavings([len(session.steps) for session in scenario.sessions])
        if not scenario.listed and count > MOST_PERMUTATIONS:
            raise self._error(f"{count:,} interleavings are too many: list permutations")
        return scenario

    def _directive(self, word: str) -> None:
        scenario = self._scenario
        session = scenario.sessions[-1] if scenario.sessions else None
        match word:
            case "rule":
                scenario.rule = self._quoted()
            case "page":
                scenario.pages.append(self._quoted())
            case "levels":
                scenario.levels = self._levels()
            case "show":
                if self._word("waits") != "waits":
                    raise self._error("show is followed by: waits")
                scenario.show_waits = True
            case "setup" if session is not None:
                session.setup = self._block()
            case "setup":
                scenario.setup.append(self._block())
            case "teardown" if session is not None:
                session.teardown = self._block()
            case "teardown":
                scenario.teardown.append(self._block())
            case "session":
                name = self._word("the session's name")
                if any(name == other.name for other in scenario.sessions):
                    raise self._error(f"there are two sessions {name}")
                scenario.sessions.append(SessionPart(name))
            case "step" if session is not None:
                self._add_step(session)
            case "permutation":
                self._permutations.append((self._names(), self._position))
            case "step":
                raise self._error("a step belongs to a session: begin one before it")
            case _:
                raise self._error(f"there is no directive {word}; there are: {', '.join(DIRECTIVES)}")

    def _add_step(self, session: SessionPart) -> None:
        name = self._word("the step's name")
        if any(name == step.name for other in self._scenario.sessions for step in other.steps):
            raise self._error(f"there are two steps {name}")
        session.steps.append(Step(name, session.name, self._block()))

    def _step_called(self, name: str, position: int) -> Step:
        step = self._scenario.steps.get(name)
        if step is None:
            raise self._error(f"there is no step {name}; there are: {', '.join(self._scenario.steps)}", position)
        return step

    def _levels(self) -> list[str]:
        names = [" ".join(name.upper().split()) for name in self._rest().split(",")]
        if names == ["ALL"]:
            return list(LEVELS)
        unknown = next((name for name in names if name not in LEVELS), None)
        if unknown is not None:
            raise self._error(f"there is no level {unknown!r}; there are: {', '.join(LEVELS)}")
        return names

    def _names(self) -> list[str]:
        names = self._rest().split()
        if not names:
            raise self._error("permutation is followed by the names of steps")
        return names

    # -- the characters ----------------------------------------------------------------------------------------------

    def _at_end(self) -> bool:
        skipped = _SKIPPED.match(self._text, self._position)
        self._position = skipped.end() if skipped else self._position
        return self._position == len(self._text)

    def _word(self, expected: str) -> str:
        found = None if self._at_end() else _WORD.match(self._text, self._position)
        if found is None:
            raise self._error(f"expected {expected}")
        self._position = found.end()
        return found[0]

    def _quoted(self) -> str:
        found = None if self._at_end() else _TEXT.match(self._text, self._position)
        if found is None:
            raise self._error('expected a text in "quotes" on one line')
        self._position = found.end()
        return found[1]

    def _rest(self) -> str:
        found = _REST.match(self._text, self._position)
        assert found is not None
        self._position = found.end()
        return found[0].strip()

    def _block(self) -> str:
        """What stands between braces; those inside strings and comments do not count."""
        if self._at_end() or self._text[self._position] != "{":
            raise self._error("expected a block in { braces }")
        start, depth, position = self._position + 1, 1, self._position + 1
        while depth:
            found = _TOKEN.search(self._text, position)
            if found is None:
                raise self._error("the block has no end", start)
            position = found.end()
            if found[0] == "/*":
                position = self._end_of_comment(position)
            depth += {"{": 1, "}": -1}.get(found[0], 0)
        self._position = position
        return _dedented(self._text[start : position - 1])

    def _end_of_comment(self, position: int) -> int:
        depth = 1
        while depth:
            edge = _COMMENT_EDGE.search(self._text, position)
            if edge is None:
                raise self._error("a comment has no end", position)
            depth += 1 if edge[0] == "/*" else -1
            position = edge.end()
        return position

    def _error(self, message: str, position: int | None = None) -> ScenarioError:
        line = self._text.count("\n", 0, self._position if position is None else position) + 1
        return ScenarioError(f"{self._scenario.path}:{line}: {message}")


def _dedented(text: str) -> str:
    """A block without the indentation that all its lines share and without blank lines around it."""
    lines = text.strip("\n").rstrip().split("\n")
    first, rest = lines[0], lines[1:]
    if not text.startswith("\n"):
        first = first.strip()
        indents = [len(line) - len(line.lstrip()) for line in rest if line.strip()]
    else:
        indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
        first = first[min(indents, default=0) :]
    indent = min(indents, default=0)
    return "\n".join([first, *(line[indent:] for line in rest)]).strip()
