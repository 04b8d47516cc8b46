"""Short ways to one statement, one expression, one error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.sql import nodes
from emulator.sql.parser import parse_batch


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Any]:
    """Parse a batch of one statement."""

    def parse(text: str) -> nodes.Statement:
        (statement,) = parse_batch(text).statements
        return statement

    return parse


@pytest.fixture(scope="session")
def parse_expression() -> Callable[[str], Any]:
    """Parse a scalar expression."""

    def parse_expression(text: str) -> nodes.Expression:
        (statement,) = parse_batch(f"SELECT {text}").statements
        assert isinstance(statement, nodes.Select)
        assert isinstance(statement.query.body, nodes.QuerySpecification)
        (item,) = statement.query.body.items
        assert isinstance(item, nodes.SelectExpression)
        assert item.alias is None
        return item.expression

    return parse_expression


@pytest.fixture(scope="session")
def parse_condition() -> Callable[[str], Any]:
    """Parse a search condition."""

    def parse_condition(text: str) -> nodes.Predicate:
        (statement,) = parse_batch(f"IF {text} PRINT 1").statements
        assert isinstance(statement, nodes.If)
        return statement.condition

    return parse_condition


@pytest.fixture(scope="session")
def error_of() -> Callable[[str], SqlError]:
    """The error that a batch is refused with."""

    def error_of(text: str) -> SqlError:
        with pytest.raises(SqlError) as caught:
            parse_batch(text)
        return caught.value

    return error_of
