"""SELECT, INSERT, UPDATE, DELETE, MERGE and TRUNCATE as steps of a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from emulator.execution.frames import Step
from emulator.execution.insert_exec import compile_insert_exec
from emulator.execution.plans import Executable, plan_step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.planning.binding import PlanContext
from emulator.planning.changes import (
    compile_delete,
    compile_insert,
    compile_merge,
    compile_truncate,
    compile_update,
    new_table_of,
)
from emulator.planning.queries import compile_select
from emulator.sql import nodes


def compile_select_step(node: nodes.Select, compiler: UnitCompiler) -> Step:
    """A SELECT: a result set, assignments, or (with INTO) a new table."""
    body = node.query.body
    first = body if isinstance(body, nodes.QuerySpecification) else None
    into = new_table_of(node.query) is not None
    assigns = first is not None and any(isinstance(item, nodes.SelectAssignment) for item in first.items)
    return plan_step(
        compiler,
        node,
        lambda ctx: compile_select(node, ctx),
        writes=into,
        returns_rows=not into and not assigns,
        begins_transaction=first is None or bool(first.sources),
        counts=not assigns,
    )


def _change(compile_it: Callable[[Any, PlanContext], Executable]) -> StepCompiler:
    def compile_change(node: Any, compiler: UnitCompiler) -> Step:
        returns_rows = any(output.into is None for output in getattr(node, "outputs", ()))
        return plan_step(compiler, node, lambda ctx: compile_it(node, ctx), writes=True, returns_rows=returns_rows)

    return compile_change


_compile_insert = _change(compile_insert)


def compile_insert_step(node: nodes.Insert, compiler: UnitCompiler) -> Step:
    """An INSERT, of rows or of what a procedure returns."""
    if isinstance(node.source, nodes.ExecuteProcedure | nodes.ExecuteString):
        return compile_insert_exec(node, compiler)
    return _compile_insert(node, compiler)


def _compile_truncate_step(node: nodes.TruncateTable, compiler: UnitCompiler) -> Step:
    """A TRUNCATE TABLE, which does not say how many rows there were."""
    return plan_step(compiler, node, lambda ctx: compile_truncate(node, ctx), writes=True, counts=False)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.Select: compile_select_step,
    nodes.Insert: compile_insert_step,
    nodes.Update: _change(compile_update),
    nodes.Delete: _change(compile_delete),
    nodes.Merge: _change(compile_merge),
    nodes.TruncateTable: _compile_truncate_step,
}
