"""NEXT VALUE FOR.

Sequence values are given out for good, whatever becomes of the transaction. Each evaluation takes one value.

Documentation: "NEXT VALUE FOR (Transact-SQL)", "CREATE SEQUENCE (Transact-SQL)".
"""

from __future__ import annotations

from emulator.catalog.database import Database
from emulator.catalog.objects import Sequence, Synonym
from emulator.errors import NotSupported, sql_error
from emulator.planning.accesses import note_access
from emulator.planning.binding import Env, Expr, PlanContext, Scope
from emulator.planning.expressions.scalars import compiles
from emulator.sql import nodes


@compiles(nodes.NextValueFor)
def _next_value_for(node: nodes.NextValueFor, scope: Scope | None, ctx: PlanContext) -> Expr:
    if node.order_by:
        raise NotSupported("NEXT VALUE FOR ... OVER", node.line)
    sequence = find_sequence(node.sequence, ctx)
    note_access(ctx, sequence, "UPDATE", sequence_database(node.sequence, ctx))

    def next_value(env: Env) -> int:
        return advance(sequence)

    return Expr(sequence.type, next_value, nullable=False, deterministic=False)


def sequence_database(name: nodes.ObjectName, ctx: PlanContext) -> Database:
    """The database that ``name`` is looked up in."""
    if name.database is None:
        return ctx.database
    found: Database = ctx.session.instance.databases.get(name.database.lower(), ctx.database)
    return found


def find_sequence(name: nodes.ObjectName, ctx: PlanContext) -> Sequence:
    """The sequence that ``name`` means. Errors: 208 no such object, 11726 another kind of object."""
    database = sequence_database(name, ctx)
    schemas = (name.schema,) if name.schema else (ctx.module_schema or "dbo", "dbo")
    for schema in schemas:
        found = database.find(schema, name.name)
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
    return value
