"""Scalar expressions and search conditions: from syntax nodes to closures over an ``Env``."""

from emulator.planning.expressions.aggregates import CompiledAggregate, compile_aggregate
from emulator.planning.expressions.conditions import (
    ConditionExpr,
    compile_condition,
    compile_filter,
    condition_slots,
    split_conjuncts,
)
from emulator.planning.expressions.conversions import assign_to, constant_fold, convert_to
from emulator.planning.expressions.scalars import compile_scalar
from emulator.planning.expressions.walk import children, find_aggregates, find_windows, is_aggregate_call

__all__ = [
    "CompiledAggregate",
    "ConditionExpr",
    "assign_to",
    "children",
    "compile_aggregate",
    "compile_condition",
    "compile_filter",
    "compile_scalar",
    "condition_slots",
    "constant_fold",
    "convert_to",
    "find_aggregates",
    "find_windows",
    "is_aggregate_call",
    "split_conjuncts",
]
