"""Modules compiled to steps: a batch, a procedure, a function body.

The whole module is compiled before its first step runs, so that a wrong column name is an error of the batch and not of
its last statement. A statement that names an object which does not exist yet is left for its turn (deferred name
resolution), and every statement is compiled again when the catalog has changed since.

Documentation: "Deferred Name Resolution", "Execution Characteristics of stored procedures".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ref

from emulator.catalog.database import Database
from emulator.catalog.objects import Module, Parameter, Table, fold
from emulator.catalog.stores import new_store
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.skipping import switches_off
from emulator.planning.binding import PlanContext, Source, VariableTable
from emulator.sql import nodes

if TYPE_CHECKING:
    from emulator.session import Session

StepCompiler = Callable[[Any, "UnitCompiler"], Step]


@dataclass(slots=True)
class Runs:
    """How often a unit has run and how long it took, in seconds of the clock. ``last`` is when the latest began."""

    count: int = 0
    total: float = 0.0
    least: float = 0.0
    most: float = 0.0
    latest: float = 0.0
    last: float = 0.0

    def add(self, began: float, ended: float) -> None:
        """One more run."""
        took = ended - began
        self.least = took if not self.count or took < self.least else self.least
        self.most = max(took, self.most)
        self.count += 1
        self.total += took
        self.latest, self.last = took, began


@dataclass(slots=True)
class CodeUnit:
    """A compiled module. ``made`` is when, by the clock.

    ``initial`` are the variables' values at its start, ``tables`` the shapes of table variables. ``text`` is what it
    was compiled from.
    """

    run: Step
    variables: VariableTable
    parameters: tuple[Parameter, ...]
    initial: list[Any] = field(default_factory=list)
    tables: list[tuple[int, Table]] = field(default_factory=list)
    made: float = 0.0
    runs: Runs = field(default_factory=Runs)
    text: str = ""

    def new_variables(self, values: Sequence[Any] = ()) -> list[Any]:
        """Variables for one activation: ``values`` for the parameters, NULL for the rest, empty table variables."""
        variables = self.initial.copy()
        variables[: len(values)] = values
        for index, shape in self.tables:
            if variables[index] is None:
                variables[index] = new_store(shape)
        return variables


class UnitCompiler:
    """Compiles the statements of one module. ``database`` follows USE through the text.

    ``entries`` are the steps that enter the statement just compiled at a label within it.
    """

    def __init__(
        self,
        session: Session,
        database: Database,
        text: str,
        steps: Mapping[type[nodes.Statement], StepCompiler],
        *,
        module: Module | None = None,
        parameters: Sequence[Parameter] = (),
    ) -> None:
        self._session = ref(session)
        self.database = database
        self.text = text
        self.steps = steps
        self.module = module
        self.default_schema = session.user.default_schema
        self.variables = VariableTable()
        self.tables: list[tuple[int, Table]] = []
        self.parameters = tuple(parameters)
        self.returns = getattr(module, "returns", None)
        self.trigger_tables: dict[str, Source] = {}
        self.catch_depth = 0
        self.entries: dict[str, Step] = {}
        for parameter in parameters:
            self.declare(parameter.name, parameter.type, parameter.table_type.shape if parameter.table_type else None)

    @property
    def session(self) -> Session:
        """The session that compiles. What is compiled outlives it, and the compiler with that."""
        session = self._session()
        assert session is not None
        return session

    def declare(self, name: str, type: Any, table: Table | None = None, line: int = 0) -> int:
        """Add a variable and return its index. Errors: 134."""
        info = self.variables.declare(name, type, table, line)
        if table is not None:
            self.tables.append((info.index, table))
        return info.index

    def compile(self, statements: Sequence[nodes.Statement]) -> CodeUnit:
        """The module's unit. Errors: those of its statements, but for missing objects."""
        refuse_jumps_into_try(statements)
        run = self.block(statements)
        initial = [None] * len(self.variables.variables)
        made = self.session.instance.clock.now()
        return CodeUnit(run, self.variables, self.parameters, initial, self.tables, made=made, text=self.text)

    def step(self, node: nodes.Statement) -> Step:
        """The step for one statement of any kind."""
        compiler = self.steps.get(type(node))
        if compiler is None:
            raise NotSupported(f"statement {type(node).__name__}", node.line)
        return compiler(node, self)

    def block(self, statements: Sequence[nodes.Statement]) -> Step:
        """One step for a list of statements; GOTO reaches the labels of the list itself and of blocks within it."""
        steps, labels = self._steps(statements)
        if labels:
            block = LabelledBlock(steps, labels)
            for label in labels:
                if " " not in label:  # SET NOEXEC OFF counts where it stands alone
                    self.entries[label] = partial(block.run_from, label)
            return block.run
        if len(steps) == 1:
            return steps[0]

        def run_block(frame: Frame) -> Signal | None:
            for step in steps:
                signal = step(frame)
                if signal is not None:
                    return signal
            return None

        return run_block

    def _steps(self, statements: Sequence[nodes.Statement]) -> tuple[list[Step], dict[str, Entry]]:
        """A step for each statement, and the labels. Errors: those of all statements, the last one with the others
        before it."""
        steps: list[Step] = []
        labels: dict[str, Entry] = {}
        errors: list[SqlError] = []
        for place, node in enumerate(statements):
            outer, self.entries = self.entries, {}
            try:
                steps.append(self.step(node))
            except NotSupported:
                raise
            except SqlError as error:
                error.line = error.line or node.line
                errors.append(error)
            labels |= {label: Entry(place, entry) for label, entry in self.entries.items()}
            self.entries = outer
            own = fold(node.name) if isinstance(node, nodes.Label) else switches_off(node)
            if own:
                labels[own] = Entry(place)
        if errors:
            last = errors.pop()
            raise last.after(*errors)
        return steps, labels

    def context(self, database: Database | None = None, session: Session | None = None) -> PlanContext:
        """What one statement of this module is compiled with, for another session than the one that compiles it all."""
        return PlanContext(
            session=session or self.session,
            database=database or self.database,
            variables=self.variables,
            module_schema=self.module.schema if self.module else self.default_schema,
            module=self.module,
            batch_text=self.text,
            trigger_tables=self.trigger_tables,
            quoted_identifier=self.module.quoted_identifier if self.module else True,
            ansi_nulls=self.module.ansi_nulls if self.module else True,
        )


def refuse_jumps_into_try(statements: Sequence[nodes.Statement], reachable: frozenset[str] = frozenset()) -> None:
    """Errors: 1026 a GOTO to a label in a TRY or CATCH block that it is not in itself.

    (The parser has seen to it that every label exists, and once.)
    """
    reachable |= frozenset(_labels(statements))
    for node in _outside_of_try(statements):
        if isinstance(node, nodes.Goto) and fold(node.label) not in reachable:
            raise sql_error(1026, line=node.line)
        if isinstance(node, nodes.TryCatch):
            refuse_jumps_into_try(node.body, reachable)
            refuse_jumps_into_try(node.handler, reachable)


def _labels(statements: Sequence[nodes.Statement]) -> Iterator[str]:
    return (fold(node.name) for node in _outside_of_try(statements) if isinstance(node, nodes.Label))


def _outside_of_try(statements: Sequence[nodes.Statement]) -> Iterator[nodes.Statement]:
    """The statements and those within them, but for what is in TRY and CATCH blocks."""
    for node in statements:
        yield node
        match node:
            case nodes.Block(statements=inner):
                yield from _outside_of_try(inner)
            case nodes.If(then=then, otherwise=otherwise):
                yield from _outside_of_try((then,) if otherwise is None else (then, otherwise))
            case nodes.While(body=body):
                yield from _outside_of_try((body,))


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a label is: at the statement at ``place`` of a block, or within that statement, which ``within`` enters."""

    place: int
    within: Step | None = None


class LabelledBlock:
    """A list of steps with labels."""

    def __init__(self, steps: Sequence[Step], labels: Mapping[str, Entry]) -> None:
        self._steps = steps
        self._labels = labels

    def run(self, frame: Frame) -> Signal | None:
        """Run from the first step on."""
        return self._run(frame, 0)

    def run_from(self, label: str, frame: Frame) -> Signal | None:
        """Enter the block at one of its labels."""
        entry = self._labels[label]
        if entry.within is None:
            return self._run(frame, entry.place)
        return self._run(frame, entry.place + 1, entry.within(frame))

    def _run(self, frame: Frame, position: int, signal: Signal | None = None) -> Signal | None:
        """Run from ``position`` on, having met ``signal`` before."""
        steps, labels = self._steps, self._labels
        while True:
            while signal is not None:
                entry = labels.get(signal.label)
                if entry is None:
                    return signal
                position, signal = entry.place, None
                if entry.within is not None:
                    position, signal = position + 1, entry.within(frame)
            if position == len(steps):
                return None
            signal = steps[position](frame)
            position += 1


def is_missing_object(error: SqlError) -> bool:
    """Whether a statement that failed to compile so is left for its turn."""
    return error.number in (208, 2715, 4902, 8197)
