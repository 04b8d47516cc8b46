"""WHERE and ON as lists of conjuncts, and what each of them offers to an index seek.

A conjunct is *sargable* for a column when it compares the bare column with a value that can be had before the table is
read. A column that must be converted for the comparison is not bare any more (see ``comparison_operands``), so no index
on it can be sought: as on SQL Server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from emulator.errors import SqlError
from emulator.execution.seeks import like_prefix
from emulator.planning.binding import Condition, Env, Expr, PlanContext, Scalar, Scope
from emulator.planning.expressions import compile_condition, compile_filter, compile_scalar, split_conjuncts
from emulator.planning.expressions.application import constant_value
from emulator.planning.expressions.comparisons import compare, comparison_operands
from emulator.planning.expressions.conditions import with_null_rules
from emulator.planning.expressions.walk import children
from emulator.sql import nodes
from emulator.types.sqltype import SqlType, is_character, is_large_object, is_unicode

_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

EQUAL, LIKE = "=", "LIKE"
NOT_EQUAL, NOT_NULL = "<>", "IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Sarg:
    """``column operator value``: column is (slot, ordinal), the operator one of = < <= > >= LIKE.

    With = there may be several values (IN). ``null_matches``: NULL is equal to NULL. ``slots`` are those that the
    values read. For LIKE the value is the text with which the column's value begins.
    """

    column: tuple[int, int]
    operator: str
    values: tuple[Expr, ...]
    null_matches: bool = False

    @property
    def slots(self) -> frozenset[int]:
        return frozenset().union(*(value.slots for value in self.values))


@dataclass(slots=True, eq=False)
class Conjunct:
    """One of the conditions that must all be true. ``rejects`` are the slots whose row of NULLs it is not true for.

    ``equal`` are the two sides of an equality, in the type in which they are compared: what a hash join can use.
    ``columns`` are the columns it reads, as (slot, ordinal); None: not known. ``others`` are what it says of columns
    that is no help in a seek, with the operators <> and IS NOT NULL. ``asks_further``: it has a subquery or calls a
    user's function, so it is tested by an operator behind the scan and not while the scan reads a row.
    """

    condition: Condition
    slots: frozenset[int]
    sargs: tuple[Sarg, ...] = ()
    rejects: frozenset[int] = frozenset()
    equal: tuple[Expr, Expr] | None = None
    columns: frozenset[tuple[int, int]] | None = None
    others: tuple[Sarg, ...] = ()
    asks_further: bool = False


def compile_conjuncts(predicate: nodes.Predicate | None, scope: Scope, ctx: PlanContext) -> list[Conjunct]:
    """The conjuncts of ``predicate``. Errors: those of its expressions."""
    return [compile_conjunct(node, scope, ctx) for node in split_conjuncts(predicate)]


def compile_conjunct(node: nodes.Predicate, scope: Scope, ctx: PlanContext) -> Conjunct:
    """One conjunct, with the columns that it reads."""
    before = [source.used for source in scope.sources]
    for source in scope.sources:
        source.used = set()
    conjunct = _compile_conjunct(node, scope, ctx)
    conjunct.columns = _columns_read(scope)
    conjunct.asks_further = asks_further(node)
    for source, used in zip(scope.sources, before, strict=True):
        source.used |= used
    return conjunct


def equality(left: Expr, right: Expr) -> Conjunct:
    """``left = right`` for two expressions in the type in which they are compared."""
    condition = compare(EQUAL, left, right)
    conjunct = Conjunct(condition.fn, condition.slots)
    _comparison(conjunct, EQUAL, left, right)
    return conjunct


def implied(conjuncts: Sequence[Conjunct]) -> list[Conjunct]:
    """What follows from a column that equals another one and a value, too: the other one equals the value.

    These say nothing new, but let a table be sought by the value itself.
    """
    found = []
    for conjunct in conjuncts:
        if conjunct.equal is None:
            continue
        left, right = conjunct.equal
        if left.column is None or right.column is None or not _compare_alike(left.type, right.type):
            continue
        for column, other in ((left.column, right.column), (right.column, left.column)):
            values = _value_of(column, conjuncts)
            if values is not None and _value_of(other, conjuncts) is None:
                sarg = Sarg(other, EQUAL, values)
                found.append(Conjunct(lambda env: True, sarg.slots | {other[0]}, (sarg,), columns=frozenset({other})))
    return found


def _compare_alike(a: SqlType, b: SqlType) -> bool:
    """Whether values of both types compare as they are; the length of strings does not matter."""
    return (a.name, a.scale, a.collation) == (b.name, b.scale, b.collation)


def _value_of(column: tuple[int, int], conjuncts: Sequence[Conjunct]) -> tuple[Expr, ...] | None:
    """The value that a column equals: a constant, a variable, or one of an enclosing query."""
    for conjunct in conjuncts:
        if conjunct.equal is None:
            for sarg in conjunct.sargs:
                if sarg.column == column and sarg.operator == EQUAL and len(sarg.values) == 1 and not sarg.slots:
                    return None if sarg.null_matches else sarg.values
    return None


def _columns_read(scope: Scope) -> frozenset[tuple[int, int]] | None:
    columns = set()
    for source in scope.sources:
        for ordinal in source.used:
            if source.expressions is None:
                columns.add((source.slot, ordinal))
                continue
            expr = source.expressions[ordinal]
            if expr.column is not None:
                columns.add(expr.column)
            elif expr.slots:
                return None
    return frozenset(columns)


def conjunction(conjuncts: Iterable[Conjunct]) -> Condition | None:
    """One condition for all of them, None if there are none."""
    conditions = [conjunct.condition for conjunct in conjuncts]
    if not conditions:
        return None
    if len(conditions) == 1:
        return conditions[0]
    if len(conditions) == 2:
        first, second = conditions
        return lambda env: first(env) and second(env)

    def every(env: Env) -> bool:
        for condition in conditions:  # noqa: SIM110 (a generator for each row would cost more than the conditions)
            if not condition(env):
                return False
        return True

    return every


COLLATION_CONFLICT = 468


def asks_further(node: nodes.Node) -> bool:
    """Whether ``node`` has a subquery or calls a user's function."""
    if isinstance(node, nodes.FunctionCall) and node.name.schema is not None:
        return True
    return any(isinstance(getattr(node, item.name), nodes.Query) for item in fields(node)) or any(
        asks_further(child) for child in children(node)
    )


def _compile_conjunct(node: nodes.Predicate, scope: Scope, ctx: PlanContext) -> Conjunct:
    node = with_null_rules(node, ctx)
    compiled = compile_condition(node, scope, ctx)
    condition = compile_filter(node, scope, ctx) if isinstance(node, nodes.Or) else compiled.fn
    conjunct = Conjunct(condition, compiled.slots)
    try:
        _find_uses(conjunct, node, scope, ctx)
    except SqlError as error:
        if error.number != COLLATION_CONFLICT:
            raise
        return Conjunct(condition, compiled.slots)
    return conjunct


def _find_uses(conjunct: Conjunct, node: nodes.Predicate, scope: Scope, ctx: PlanContext) -> None:
    """Note what an index or a join can do with the condition.

    Errors: 468 where a COLLATE rules a column: no index has the order of another collation.
    """
    match node:
        case nodes.Comparison(operator=operator, left=left, right=right) if operator in _MIRRORED:
            _comparison(conjunct, operator, _side(left, scope, ctx), _side(right, scope, ctx))
        case nodes.Comparison(operator=operator, left=left, right=right) if operator == NOT_EQUAL:
            _not_equal(conjunct, compile_scalar(left, scope, ctx), compile_scalar(right, scope, ctx))
        case nodes.Between(operand=operand, low=low, high=high, negated=False):
            value = compile_scalar(operand, scope, ctx)
            _comparison(conjunct, ">=", value, compile_scalar(low, scope, ctx))
            _comparison(conjunct, "<=", value, compile_scalar(high, scope, ctx))
            conjunct.equal = None
        case nodes.InList(operand=operand, items=items, negated=False):
            _in(conjunct, operand, items, scope, ctx)
        case nodes.Or():
            _alternatives(conjunct, node, scope, ctx)
        case nodes.IsNull(operand=operand, negated=negated):
            _is_null(conjunct, compile_scalar(operand, scope, ctx), negated=negated)
        case nodes.IsDistinctFrom(left=left, right=right, negated=True):
            _comparison(
                conjunct, EQUAL, compile_scalar(left, scope, ctx), compile_scalar(right, scope, ctx), null_matches=True
            )
            conjunct.equal = None
            conjunct.rejects = frozenset()
        case nodes.Like(operand=operand, pattern=pattern, escape=escape, negated=False):
            _like(conjunct, operand, pattern, escape, scope, ctx)


def _side(node: nodes.Expression, scope: Scope, ctx: PlanContext) -> Expr:
    """One side of a comparison. A subquery may be evaluated once for a seek instead of for each row."""
    expr = compile_scalar(node, scope, ctx)
    return replace(expr, deterministic=True) if isinstance(node, nodes.ScalarSubquery) else expr


def _comparison(conjunct: Conjunct, operator: str, left: Expr, right: Expr, *, null_matches: bool = False) -> None:
    written = left, right
    left, right = comparison_operands(left, right)
    found = [*conjunct.sargs]
    for side, column, value, direction in ((0, left, right, operator), (1, right, left, _MIRRORED[operator])):
        if column.column is None:
            continue
        conjunct.rejects |= {column.column[0]}
        if column.column[0] in value.slots or not value.deterministic:
            continue
        if direction != EQUAL or is_unicode(column.type) == is_unicode(written[side].type):
            found.append(Sarg(column.column, direction, (value,), null_matches))
        elif not null_matches:  # the range that a converted column lies in, which is no point
            found += [Sarg(column.column, bound, (value,)) for bound in (">=", "<=")]
    conjunct.sargs = tuple(found)
    if operator == EQUAL and left.slots and right.slots:
        conjunct.equal = left, right


def _not_equal(conjunct: Conjunct, left: Expr, right: Expr) -> None:
    left, right = comparison_operands(left, right)
    for column, value in ((left, right), (right, left)):
        if column.column is not None:
            conjunct.rejects |= {column.column[0]}
            conjunct.others = (*conjunct.others, Sarg(column.column, NOT_EQUAL, (value,)))


def _in(
    conjunct: Conjunct,
    operand_node: nodes.Expression,
    items: tuple[nodes.Expression, ...],
    scope: Scope,
    ctx: PlanContext,
) -> None:
    operand = compile_scalar(operand_node, scope, ctx)
    if operand.column is None:
        return
    conjunct.rejects = frozenset({operand.column[0]})
    values = []
    for item in items:
        column, value = comparison_operands(operand, compile_scalar(item, scope, ctx))
        if column.column is None or column.column[0] in value.slots or not value.deterministic:
            return
        if is_unicode(column.type) != is_unicode(operand.type):
            return
        values.append(value)
    conjunct.sargs = (Sarg(operand.column, EQUAL, tuple(values)),)


def _alternatives(conjunct: Conjunct, node: nodes.Or, scope: Scope, ctx: PlanContext) -> None:
    """``c = 1 OR c = 2`` is ``c IN (1, 2)``."""
    alternatives = [_compile_conjunct(operand, scope, ctx).sargs for operand in node.operands]
    if not all(len(sargs) == 1 and sargs[0].operator == EQUAL for sargs in alternatives):
        return
    columns = {sargs[0].column for sargs in alternatives}
    nulls = {sargs[0].null_matches for sargs in alternatives}
    if len(columns) == 1 and len(nulls) == 1:
        values = tuple(value for sargs in alternatives for value in sargs[0].values)
        conjunct.sargs = (replace(alternatives[0][0], values=values),)


def _is_null(conjunct: Conjunct, operand: Expr, *, negated: bool) -> None:
    if operand.column is None:
        return
    if negated:
        conjunct.rejects = frozenset({operand.column[0]})
        conjunct.others = (Sarg(operand.column, NOT_NULL, ()),)
    else:
        null = Expr(operand.type, lambda env: None, constant=True)
        conjunct.sargs = (Sarg(operand.column, EQUAL, (null,), null_matches=True),)


def _like(
    conjunct: Conjunct,
    operand_node: nodes.Expression,
    pattern_node: nodes.Expression,
    escape_node: nodes.Expression | None,
    scope: Scope,
    ctx: PlanContext,
) -> None:
    operand, pattern = compile_scalar(operand_node, scope, ctx), compile_scalar(pattern_node, scope, ctx)
    if operand.column is None or not is_character(operand.type) or not is_character(pattern.type):
        return
    if is_large_object(operand.type) or is_large_object(pattern.type):
        return
    operand, pattern = comparison_operands(operand, pattern)
    if operand.column is None:
        return
    conjunct.rejects = frozenset({operand.column[0]})
    escape: Expr | None = None
    if escape_node is not None:
        escape = compile_scalar(escape_node, scope, ctx)
        if not escape.constant:
            return
    if operand.column[0] in pattern.slots or not pattern.deterministic:
        return
    character = constant_value(escape) if escape is not None else None
    if pattern.constant and not like_prefix(constant_value(pattern) or "%", character):
        return
    text = replace(pattern, fn=_prefix_text(pattern.fn, character), column=None, variable=None)
    conjunct.sargs = (Sarg(operand.column, LIKE, (text,)),)


def _prefix_text(pattern_of: Scalar, escape: str | None) -> Scalar:
    def text(env: Env) -> str | None:
        pattern = pattern_of(env)
        return None if pattern is None else like_prefix(pattern, escape)

    return text
