"""UPDATE.

The rows are found and locked U by a scan of the target (``compile_target_scan``); each is then locked X and changed,
and behind that what it refers to, or what refers to it, is looked at.
Where the change could move a row into the scan's way, all rows are found first (Halloween protection).

Documentation: "UPDATE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from emulator.catalog.objects import Table, View
from emulator.execution.writing import Writer
from emulator.planning.accesses import note_access
from emulator.planning.binding import Env, PlanContext
from emulator.planning.changes.assignments import Assignments
from emulator.planning.changes.check_option import option_checks
from emulator.planning.changes.finding import (
    FIRST,
    bind_scan,
    exposed_rows,
    find_rows,
    may_read,
    other_sources,
    reads_columns,
)
from emulator.planning.changes.following import after_change
from emulator.planning.changes.insteads import compile_instead, find_trigger, unless_inside
from emulator.planning.changes.output import Outputs
from emulator.planning.changes.referential import referential_actions
from emulator.planning.changes.required import refuse_wrong_options
from emulator.planning.changes.rows import deferred_checks, reference_checks, update_checks
from emulator.planning.changes.shapes import shape_of
from emulator.planning.changes.targets import note_changes, scanned_target
from emulator.planning.changes.triggers import refuse_output
from emulator.planning.queries.targets import TargetScan
from emulator.results import ResultSink
from emulator.sql import nodes
from emulator.storage.keys import Key, Row

Executable = Callable[[Env, "ResultSink | None"], int]
Change = tuple[Key, Row, Row]


def compile_update(node: nodes.Update, ctx: PlanContext) -> Executable:
    """An UPDATE. Errors: 207, 208, 264, 271, 272, 8102; at run time 515, 547, 2601, 2627 and those of expressions."""
    taken_over = find_trigger(node.target, node.sources, "UPDATE", ctx)
    if taken_over is None:
        return _compile(node, ctx)
    refuse_output(shape_of(taken_over[0], ctx), node.outputs, ("UPDATE",), node.line)
    instead = compile_instead(node, *taken_over, ctx)
    return unless_inside(taken_over[1], instead, lambda: _compile(node, ctx))


def _compile(node: nodes.Update, ctx: PlanContext) -> Executable:
    scan = bind_scan(node, ctx)
    assignments = Assignments(node.assignments, scan, ctx)
    shown = exposed_rows(scan, inserted=assignments.new_slot, deleted=scan.source.slot)
    if node.where is not None or node.outputs or any(reads_columns(item) for item in node.assignments):
        note_access(ctx, scan.securable, "SELECT", sources=[scan.exposed, *shown])
    note_access(ctx, scan.securable, "UPDATE", columns=scan.names_of(assignments.columns))
    table, changed = scan.table, assignments.changed
    checks, references = update_checks(table, changed, ctx), reference_checks(table, changed, ctx)
    checks += option_checks(scan.securable if isinstance(scan.securable, View) else None, table, ctx)
    actions = referential_actions(table, "UPDATE", ctx, changed)
    refuse_wrong_options("UPDATE", table, ctx)
    after = after_change(
        table,
        ("UPDATE",),
        {"UPDATE": actions},
        {"UPDATE": deferred_checks(table, changed, ctx)},
        updated=frozenset(assignments.columns),
    )
    note_changes(table, ctx, changed)
    target = scanned_target(scan, after)
    refuse_output(table, node.outputs, ("UPDATE",), node.line)
    outputs = Outputs(
        node.outputs,
        ctx,
        rows=shown,
        sources=other_sources(scan),
    )
    found = find_rows(node.top, scan, ctx)
    collects = _must_collect(node, scan, changed, ctx)
    moves_keys = bool(changed & unique_columns(table))

    def changes(env: Env) -> Iterator[Change]:
        for key, old in found(env):
            new = assignments.new_row(env, old)
            for check in checks:
                check(env, new)
            yield key, old, new

    def follow(env: Env, old: Row, new: Row) -> None:
        for check in references:
            check(env, new)
        for act in actions.immediate:
            act(env, old, new)

    def run(env: Env, sink: ResultSink | None) -> int:
        if outputs.is_empty:
            return target.write(env, lambda writer: apply(writer, env, None))
        emit, finish = outputs.start(env, sink)
        return target.write(env, lambda writer: apply(writer, env, emit), finish)

    def apply(writer: Writer, env: Env, emit: Callable[[Env], None] | None) -> int:
        if not assignments.columns:
            return sum(1 for _ in changes(env))
        if collects and moves_keys:
            return apply_at_once(writer, env, emit)
        pending: Any = list(_with_env(changes(env), env, emit)) if collects else changes(env)
        count = 0
        for change in pending:
            key, old, new = change[:3]
            writer.update(key, old, new)
            follow(env, old, new)
            count += 1
            if emit is not None:
                if collects:
                    env[FIRST:] = change[3]
                env[assignments.new_slot] = new
                emit(env)
        return count

    def apply_at_once(writer: Writer, env: Env, emit: Callable[[Env], None] | None) -> int:
        pending = list(_with_env(changes(env), env, emit))
        writer.update_all([change[:3] for change in pending])
        for _, old, new, *_ in pending:
            follow(env, old, new)
        if emit is not None:
            for change in pending:
                env[FIRST:] = change[3]
                env[assignments.new_slot] = change[2]
                emit(env)
        return len(pending)

    return run


def _with_env(changes: Iterator[Change], env: Env, emit: Callable[[Env], None] | None) -> Iterator[tuple[Any, ...]]:
    """Changes with a copy of the row slots, when OUTPUT will want to read them later."""
    for change in changes:
        yield change if emit is None else (*change, env[FIRST:])


def _must_collect(node: nodes.Update, scan: TargetScan, changed: set[int], ctx: PlanContext) -> bool:
    if scan.made:
        return True
    if scan.single:
        return False
    if node.sources or scan.ordinals is not None or may_read(node, scan.table, ctx):
        return True
    if changed & unique_columns(scan.table):
        return True
    index = scan.index
    if index is None:
        return False
    return bool(changed & {*(part.ordinal for part in index.columns), *index.predicate_columns})


def unique_columns(table: Table) -> set[int]:
    """The columns of unique keys: rows may exchange their values."""
    return {part.ordinal for index in table.indexes if index.unique for part in index.columns}
