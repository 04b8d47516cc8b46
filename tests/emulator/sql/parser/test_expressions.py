"""Constants, names, operators and search conditions."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.sql import nodes
from emulator.sql.parser import parse_batch

Parse: TypeAlias = Callable[[str], Any]

# --- Constants --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("2147483647", nodes.IntegerLiteral(2147483647)),
        ("2147483648", nodes.NumericLiteral(Decimal(2147483648), 10, 0)),
        ("007", nodes.IntegerLiteral(7)),
        ("1.50", nodes.NumericLiteral(Decimal("1.50"), 3, 2)),
        ("0.5", nodes.NumericLiteral(Decimal("0.5"), 1, 1)),
        ("5.", nodes.NumericLiteral(Decimal(5), 1, 0)),
        ("1.5e3", nodes.FloatLiteral(1500.0)),
        ("1e", nodes.FloatLiteral(1.0)),
        ("$12.5", nodes.MoneyLiteral(Decimal("12.5"))),
        ("$", nodes.MoneyLiteral(Decimal(0))),
        ("0xABC", nodes.BinaryLiteral(b"\x0a\xbc")),
        ("0x", nodes.BinaryLiteral(b"")),
        ("'a'", nodes.StringLiteral("a")),
        ("N'a'", nodes.StringLiteral("a", national=True)),
        ("NULL", nodes.NullLiteral()),
        ("{ts '2024-01-31 10:00:00'}", nodes.OdbcDateTime("ts", "2024-01-31 10:00:00")),
        ("{ d '2024-01-31' }", nodes.OdbcDateTime("d", "2024-01-31")),
    ],
)
def test_a_constant_has_the_type_that_its_spelling_says(parse_expression: Parse, text: str, node: Any) -> None:
    assert parse_expression(text) == node


def test_numbers_of_more_than_38_digits_are_refused(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("SELECT " + "9" * 39).number == 1007
    assert error_of("SELECT 1." + "9" * 38).number == 1007
    assert error_of("SELECT 1e999").number == 168


# --- Names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a", nodes.ColumnRef("a")),
        ("[a b].[c]", nodes.ColumnRef("c", nodes.ObjectName("a b"))),
        ("d..t.c", nodes.ColumnRef("c", nodes.ObjectName("t", None, "d"))),
        ("s.d.o.t.c", nodes.ColumnRef("c", nodes.ObjectName("t", "o", "d", "s"))),
        ("$action", nodes.PseudoColumn("$ACTION")),
        ("t.$identity", nodes.PseudoColumn("$IDENTITY", nodes.ObjectName("t"))),
        ("t.ROWGUIDCOL", nodes.PseudoColumn("$ROWGUID", nodes.ObjectName("t"))),
        ("@a", nodes.Variable("@a")),
        ("@@TRANCOUNT", nodes.GlobalVariable("@@TRANCOUNT")),
        ("current_user", nodes.NiladicFunction("CURRENT_USER")),
    ],
)
def test_names_have_up_to_five_parts_and_some_are_special(parse_expression: Parse, text: str, node: Any) -> None:
    assert parse_expression(text) == node


def test_contextual_keywords_may_name_columns(parse_expression: Parse) -> None:
    for word in ("offset", "output", "date", "value", "first", "type", "throw", "path", "next", "rows", "max"):
        assert parse_expression(word) == nodes.ColumnRef(word)


# --- Operators against an independent rendering -----------------------------------------------------------------------

# The documented precedence, loosest first; a tuple is (operator, operands...). Comparison operands are scalars.
_SCALAR_LEVEL = {"+": 2, "-": 2, "&": 2, "|": 2, "^": 2, "*": 3, "/": 3, "%": 3}
_CONDITION_LEVEL = {"OR": 0, "AND": 1, "NOT": 2}

Tree: TypeAlias = Any

_leaves = st.sampled_from(["a", "b", "1", "@v", "t.c"])
_scalars = st.recursive(
    _leaves, lambda inner: st.tuples(st.sampled_from(sorted(_SCALAR_LEVEL)), inner, inner), max_leaves=12
)
_comparisons = st.tuples(st.sampled_from(["=", "<>", "<", ">=", "LIKE"]), _scalars, _scalars)
_conditions = st.recursive(
    _comparisons,
    lambda inner: st.one_of(st.tuples(st.just("NOT"), inner), st.tuples(st.sampled_from(["AND", "OR"]), inner, inner)),
    max_leaves=8,
)


def _level(tree: Tree) -> int:
    if isinstance(tree, str):
        return 9
    return _CONDITION_LEVEL.get(tree[0], _SCALAR_LEVEL.get(tree[0], 2))


def _sparse(tree: Tree) -> str:
    """The tree with only the brackets that precedence and associativity make necessary."""
    if isinstance(tree, str):
        return tree
    operator, *operands = tree
    if operator == "NOT":
        return f"NOT {_bracketed(operands[0], _level(operands[0]) < 2)}"
    left, right = operands
    level = _level(tree)
    if operator not in _SCALAR_LEVEL and operator not in _CONDITION_LEVEL:
        return f"{_sparse(left)} {operator} {_sparse(right)}"
    return f"{_bracketed(left, _level(left) < level)} {operator} {_bracketed(right, _level(right) <= level)}"


def _bracketed(tree: Tree, needed: bool) -> str:
    return f"({_sparse(tree)})" if needed else _sparse(tree)


def _shape(tree: Tree) -> str:
    """The tree with all its brackets, and with chains of AND and OR flat."""
    if isinstance(tree, str):
        return tree
    operator, *operands = tree
    if operator == "NOT":
        return f"(NOT {_shape(operands[0])})"
    if operator in ("AND", "OR"):
        return f"({f' {operator} '.join(_shape(operand) for operand in _chain(tree, operator))})"
    return f"({_shape(operands[0])} {operator} {_shape(operands[1])})"


def _chain(tree: Tree, operator: str) -> list[Tree]:
    """The operands of a chain that stands without brackets: it leans to the left."""
    if isinstance(tree, tuple) and tree[0] == operator:
        return [*_chain(tree[1], operator), tree[2]]
    return [tree]


def _shape_of_node(node: Any) -> str:
    match node:
        case nodes.ColumnRef(name, table):
            return f"{table}.{name}" if table else name
        case nodes.IntegerLiteral(value):
            return str(value)
        case nodes.Variable(name):
            return name
        case nodes.Binary(operator, left, right) | nodes.Comparison(operator, left, right):
            return f"({_shape_of_node(left)} {operator} {_shape_of_node(right)})"
        case nodes.Like(operand, pattern):
            return f"({_shape_of_node(operand)} LIKE {_shape_of_node(pattern)})"
        case nodes.Not(operand):
            return f"(NOT {_shape_of_node(operand)})"
        case nodes.And(operands) | nodes.Or(operands):
            word = " AND " if isinstance(node, nodes.And) else " OR "
            return f"({word.join(_shape_of_node(operand) for operand in operands)})"
    raise AssertionError(node)


@given(_conditions)
def test_operators_group_as_the_documented_precedence_says(tree: Tree) -> None:
    (statement,) = parse_batch(f"IF {_sparse(tree)} PRINT 1").statements
    assert isinstance(statement, nodes.If)
    assert _shape_of_node(statement.condition) == _shape(tree)


def test_a_sign_takes_the_whole_product_behind_it(parse_expression: Parse) -> None:
    def integer(value: int) -> nodes.Expression:
        return nodes.IntegerLiteral(value)

    product = nodes.Binary("*", integer(100), integer(10))
    assert parse_expression("-100 / -100 * 10") == nodes.Unary(
        "-", nodes.Binary("/", integer(100), nodes.Unary("-", product))
    )
    assert parse_expression("-1 + 2") == nodes.Binary("+", nodes.Unary("-", integer(1)), integer(2))
    assert parse_expression("~1 * 2") == nodes.Binary("*", nodes.Unary("~", integer(1)), integer(2))


def test_collate_and_at_time_zone_bind_tightest(parse_expression: Parse) -> None:
    assert parse_expression("a + b COLLATE x") == nodes.Binary(
        "+", nodes.ColumnRef("a"), nodes.Collate(nodes.ColumnRef("b"), "x")
    )
    utc, cet = nodes.StringLiteral("UTC"), nodes.StringLiteral("CET")
    assert parse_expression("a AT TIME ZONE 'UTC' AT TIME ZONE 'CET'") == nodes.AtTimeZone(
        nodes.AtTimeZone(nodes.ColumnRef("a"), utc), cet
    )


# --- Search conditions ------------------------------------------------------------------------------------------------

A, B = nodes.ColumnRef("a"), nodes.ColumnRef("b")
ONE, TWO = nodes.IntegerLiteral(1), nodes.IntegerLiteral(2)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a != b", nodes.Comparison("<>", A, B)),
        ("a !< b", nodes.Comparison(">=", A, B)),
        ("a IS NULL", nodes.IsNull(A)),
        ("a IS NOT NULL", nodes.IsNull(A, negated=True)),
        ("a IS NOT DISTINCT FROM b", nodes.IsDistinctFrom(A, B, negated=True)),
        ("a NOT BETWEEN 1 AND 2", nodes.Between(A, ONE, TWO, negated=True)),
        ("a LIKE 'x!%' ESCAPE '!'", nodes.Like(A, nodes.StringLiteral("x!%"), nodes.StringLiteral("!"))),
        ("a LIKE 'x' {escape '!'}", nodes.Like(A, nodes.StringLiteral("x"), nodes.StringLiteral("!"))),
        ("a NOT IN (1, 2)", nodes.InList(A, (ONE, TWO), negated=True)),
        ("UPDATE(a)", nodes.UpdatedColumn("a")),
        ("a = 1 AND b = 2", nodes.And((nodes.Comparison("=", A, ONE), nodes.Comparison("=", B, TWO)))),
        ("a BETWEEN 1 AND 2 AND b = 2", nodes.And((nodes.Between(A, ONE, TWO), nodes.Comparison("=", B, TWO)))),
        ("((a)) = (1)", nodes.Comparison("=", A, ONE)),
    ],
)
def test_each_kind_of_condition_has_its_node(parse_condition: Parse, text: str, node: Any) -> None:
    assert parse_condition(text) == node


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("EXISTS (SELECT 1)", nodes.Exists),
        ("a IN (SELECT 1)", nodes.InSubquery),
        ("a IN ((SELECT 1) UNION (SELECT 2))", nodes.InSubquery),
        ("a > ALL (SELECT 1)", nodes.QuantifiedComparison),
        ("a = SOME (SELECT 1)", nodes.QuantifiedComparison),
        ("(SELECT 1) = a", nodes.Comparison),
        ("((SELECT 1) + 1) = a", nodes.Comparison),
        ("((SELECT 1) EXCEPT SELECT 2) = a", nodes.Comparison),
    ],
)
def test_queries_may_stand_in_conditions(parse_condition: Parse, text: str, kind: type) -> None:
    assert isinstance(parse_condition(text), kind)


@pytest.mark.parametrize(
    ("text", "number", "near"),
    [
        ("SELECT (1 = 1)", 102, "'='"),
        ("SELECT 1 WHERE a = b = c", 102, "'='"),
        ("SELECT (a LIKE 'x') + 1", 156, "'LIKE'"),
        ("SELECT 1 + NOT a", 156, "'NOT'"),
        ("IF 1 PRINT 'x'", 4145, "'PRINT'"),
        ("SELECT 1 WHERE a AND b = 1", 4145, "'AND'"),
        ("SELECT 1 WHERE NOT a", 4145, "'a'"),
    ],
)
def test_scalars_and_conditions_do_not_stand_for_each_other(
    error_of: Callable[[str], SqlError], text: str, number: int, near: str
) -> None:
    error = error_of(text)
    assert error.number == number
    assert near in error.message
