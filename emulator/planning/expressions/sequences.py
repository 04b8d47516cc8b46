"""NEXT VALUE FOR.

Sequence values are given out for good, whatever becomes of the transaction. In a row that a query gives or an INSERT
makes, the same sequence has the same value wherever it stands; elsewhere each evaluation takes one.

Documentation: "NEXT VALUE FOR (Transact-SQL)", "CREATE SEQUENCE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from emulator.catalog.database import Database
from emulator.catalog.objects import Sequence, Synonym
from emulator.errors import sql_error
from emulator.planning.accesses import note_access
from emulator.planning.binding import Env, Expr, PlanContext, Scalar, Scope
from emulator.planning.expressions.scalars import compiles
from emulator.sql import nodes


@compiles(nodes.NextValueFor)
def _next_value_for(node: nodes.NextValueFor, scope: Scope | None, ctx: PlanContext) -> Expr:
    if node.order_by:
        raise sql_error(11720, line=node.line)
    sequence = use_sequence(node, ctx)

    def next_value(env: Env) -> int:
        return advance(sequence)

    fn: Scalar = next_value
    if ctx.sequences is not None:
        slot = ctx.sequences.get(id(sequence))
        if slot is None:
            slot = ctx.sequences[id(sequence)] = ctx.new_slot()
        fn = _once_a_row(next_value, slot)
    return Expr(sequence.type, fn, nullable=False, deterministic=False)


def use_sequence(node: nodes.NextValueFor, ctx: PlanContext) -> Sequence:
    """The sequence that values are taken from. Errors: 208, 11726."""
    sequence = find_sequence(node.sequence, ctx)
    note_access(ctx, sequence, "UPDATE", sequence_database(node.sequence, ctx))
    return sequence


def _once_a_row(next_value: Scalar, slot: int) -> Scalar:
    def value_of_row(env: Env) -> Any:
        value = env[slot]
        if value is None:
            value = env[slot] = next_value(env)
        return value

    return value_of_row


@contextmanager
def one_value_a_row(ctx: PlanContext) -> Iterator[dict[int, int]]:
    """While the expressions of one row are compiled: gives the slots (as values) to be emptied before each row."""
    outside = ctx.sequences
    ctx.sequences = {}
    try:
        yield ctx.sequences
    finally:
        ctx.sequences = outside


def sequence_database(name: nodes.ObjectName, ctx: PlanContext) -> Database:
    """The database that ``name`` is looked up in."""
    return ctx.find_database(name.database) or ctx.database


def find_sequence(name: nodes.ObjectName, ctx: PlanContext) -> Sequence:
    """The sequence that ``name`` means. Errors: 208 no such object, 11726 another kind of object."""
    database = sequence_database(name, ctx)
    schemas = (name.schema,) if name.schema else (ctx.module_schema or "dbo", "dbo")
    for schema in schemas:
        found = ctx.session.look_up(database, schema, name.name)
        if isinstance(found, Synonym) and found.target is not None:
            return find_sequence(found.target, ctx)
        if isinstance(found, Sequence):
            return found
        if found is not None:
            raise sql_error(11726, name, line=name.line)
    raise sql_error(208, name, line=name.line)


def advance(sequence: Sequence) -> int:
    """Take the next value. Errors: 11728 when a sequence without CYCLE has none left."""
    last = sequence.current
    value = sequence.start if last is None else last + sequence.increment
    if not sequence.minimum <= value <= sequence.maximum:
        if not sequence.cycle:
            raise sql_error(11728, sequence.full_name)
        value = sequence.minimum if sequence.increment > 0 else sequence.maximum
    sequence.current = value
    if sequence.on_draw is not None:
        sequence.on_draw(sequence)
    return value
