"""DELETE.

Documentation: "DELETE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from emulator.execution.writing import Writer
from emulator.planning.accesses import note_access
from emulator.planning.binding import Env, PlanContext
from emulator.planning.changes.finding import FIRST, bind_scan, exposed_rows, find_rows, may_read, other_sources
from emulator.planning.changes.following import after_change
from emulator.planning.changes.insteads import compile_instead, find_trigger, unless_inside
from emulator.planning.changes.output import Outputs
from emulator.planning.changes.referential import referential_actions
from emulator.planning.changes.required import refuse_wrong_options
from emulator.planning.changes.shapes import shape_of
from emulator.planning.changes.targets import note_changes, scanned_target
from emulator.planning.changes.triggers import refuse_output
from emulator.results import ResultSink
from emulator.sql import nodes

Executable = Callable[[Env, "ResultSink | None"], int]


def compile_delete(node: nodes.Delete, ctx: PlanContext) -> Executable:
    """A DELETE. Errors: 208; at run time 547 and those of expressions."""
    taken_over = find_trigger(node.target, node.sources, "DELETE", ctx)
    if taken_over is None:
        return _compile(node, ctx)
    refuse_output(shape_of(taken_over[0], ctx), node.outputs, ("DELETE",), node.line)
    instead = compile_instead(node, *taken_over, ctx)
    return unless_inside(taken_over[1], instead, lambda: _compile(node, ctx))


def _compile(node: nodes.Delete, ctx: PlanContext) -> Executable:
    scan = bind_scan(node, ctx)
    shown = exposed_rows(scan, deleted=scan.source.slot)
    if node.where is not None or node.outputs:
        note_access(ctx, scan.securable, "SELECT", sources=[scan.exposed, *shown])
    note_access(ctx, scan.securable, "DELETE")
    refuse_wrong_options("DELETE", scan.table, ctx)
    actions = referential_actions(scan.table, "DELETE", ctx)
    note_changes(scan.table, ctx)
    target = scanned_target(scan, after_change(scan.table, ("DELETE",), {"DELETE": actions}))
    refuse_output(scan.table, node.outputs, ("DELETE",), node.line)
    outputs = Outputs(node.outputs, ctx, rows=shown, sources=other_sources(scan))
    find = find_rows(node.top, scan, ctx)
    collects = scan.made or (
        not scan.single and bool(node.sources or scan.ordinals is not None or may_read(node, scan.table, ctx))
    )

    def run(env: Env, sink: ResultSink | None) -> int:
        if outputs.is_empty:
            return target.write(env, lambda writer: apply(writer, env, None))
        emit, finish = outputs.start(env, sink)
        return target.write(env, lambda writer: apply(writer, env, emit), finish)

    def apply(writer: Writer, env: Env, emit: Callable[[Env], None] | None) -> int:
        found: Iterator[tuple[Any, ...]] | Sequence[tuple[Any, ...]] = find(env)
        if collects:
            found = [(*item, env[FIRST:]) for item in found]
        count = 0
        for item in found:
            key, row = item[0], item[1]
            writer.delete(key, row)
            for act in actions.immediate:
                act(env, row, None)
            count += 1
            if emit is not None:
                if collects:
                    env[FIRST:] = item[2]
                emit(env)
        return count

    return run
