"""A bench for expressions: T-SQL text to a value, with variables and one row to read from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from emulator.catalog.database import Database
from emulator.execution.settings import Settings
from emulator.planning.binding import Env, Expr, PlanContext, Scope, Source, SourceColumn, VariableTable
from emulator.planning.expressions import ConditionExpr, compile_condition, compile_filter, compile_scalar
from emulator.sql import nodes
from emulator.sql.parser import parse_batch
from emulator.types.external import from_python_as, to_python
from emulator.types.sqltype import SqlType

NOW = 1_700_000_000.0
"""2023-11-14 22:13:20 UTC."""

SLOTS = 20


class Bench:
    """Compiles and evaluates expressions; ``declare`` and ``table`` say what they may refer to."""

    def __init__(self) -> None:
        self.database = Database("warehouse", 5)
        self.variables = VariableTable()
        self.values: list[Any] = []
        self.sources: list[Source] = []
        self.rows: dict[int, tuple[Any, ...]] = {}
        self.session: Any = SimpleNamespace(
            instance=SimpleNamespace(
                clock=SimpleNamespace(now=lambda: NOW),
                random=random.Random(1),
                databases={"warehouse": self.database},
                server_name="BENCH",
            ),
            database=self.database,
            settings=Settings(),
            frame=SimpleNamespace(errors=[], module=None, scope_identity=None),
            look_up=lambda database, schema, name: database.find(schema, name),
            await_definition=lambda table: False,
            await_locks=lambda space: False,
            transaction=None,
            spid=51,
            row_count=0,
            error_number=0,
            trancount=0,
            nest_level=0,
            last_identity=None,
            xact_state=lambda: 0,
            user_name="dbo",
            login_name="sa",
            original_login="sa",
            host_name="host",
            app_name="tests",
            chance=None,
            context={},
            find_temporary=lambda name: None,
        )
        self.context = PlanContext(self.session, self.database, self.variables)

    def declare(self, name: str, type: SqlType, value: Any = None) -> None:
        """A variable with a Python value."""
        self.variables.declare(name, type)
        self.values.append(None if value is None else from_python_as(type, value))

    def table(self, alias: str, columns: Sequence[SourceColumn], row: Sequence[Any]) -> Source:
        """A row source whose current row has these Python values."""
        source = Source(alias, self.context.new_slot(), list(columns))
        self.sources.append(source)
        self.rows[source.slot] = tuple(
            None if value is None else from_python_as(column.type, value)
            for column, value in zip(columns, row, strict=True)
        )
        return source

    @property
    def scope(self) -> Scope | None:
        return Scope(self.sources) if self.sources else None

    @property
    def env(self) -> Env:
        return [self.values, self.session, *(self.rows.get(slot) for slot in range(2, SLOTS))]

    def node(self, text: str) -> nodes.Expression:
        statement: Any = parse_batch(f"SELECT {text}").statements[0]
        expression: nodes.Expression = statement.query.body.items[0].expression
        return expression

    def predicate(self, text: str) -> nodes.Predicate:
        statement: Any = parse_batch(f"SELECT 1 WHERE {text}").statements[0]
        where: nodes.Predicate = statement.query.body.where
        return where

    def expr(self, text: str) -> Expr:
        return compile_scalar(self.node(text), self.scope, self.context)

    def type(self, text: str) -> SqlType:
        return self.expr(text).type

    def raw(self, text: str) -> Any:
        """The engine value."""
        return self.expr(text).fn(self.env)

    def value(self, text: str) -> Any:
        """The value as a Python object."""
        expr = self.expr(text)
        value = expr.fn(self.env)
        return None if value is None else to_python(expr.type, value)

    def condition(self, text: str) -> ConditionExpr:
        return compile_condition(self.predicate(text), self.scope, self.context)

    def test(self, text: str) -> bool | None:
        """The three-valued result of a condition; the filter must agree on what is true."""
        result = self.condition(text).fn(self.env)
        assert bool(compile_filter(self.predicate(text), self.scope, self.context)(self.env)) is (result is True)
        return result


@pytest.fixture(scope="session")
def new_bench() -> type[Bench]:
    """Makes benches, for tests that need many."""
    return Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
