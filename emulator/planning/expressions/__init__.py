"""Scalar expressions and search conditions: from syntax nodes to closures over an ``Env``.

Every module here compiles one family of nodes; importing this package enters all of them.
"""

from emulator.planning.expressions import calls, case, json, operators, sequences, subqueries, timezones, xml
from emulator.planning.expressions.aggregates import CompiledAggregate, compile_aggregate
from emulator.planning.expressions.comparisons import compile_operands
from emulator.planning.expressions.conditions import (
    ConditionExpr,
    compile_condition,
    compile_filter,
    condition_slots,
    split_conjuncts,
)
from emulator.planning.expressions.conversions import assign_to, constant_fold, convert_to, resolve_type
from emulator.planning.expressions.scalars import canonical, compile_scalar
from emulator.planning.expressions.walk import children, find_aggregates, find_windows, is_aggregate_call

__all__ = [
    "CompiledAggregate",
    "ConditionExpr",
    "assign_to",
    "calls",
    "canonical",
    "case",
    "children",
    "compile_aggregate",
    "compile_condition",
    "compile_filter",
    "compile_operands",
    "compile_scalar",
    "condition_slots",
    "constant_fold",
    "convert_to",
    "find_aggregates",
    "find_windows",
    "is_aggregate_call",
    "json",
    "operators",
    "resolve_type",
    "sequences",
    "split_conjuncts",
    "subqueries",
    "timezones",
    "xml",
]
