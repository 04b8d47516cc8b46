"""Table hints: what they say about locks and about indexes.

Documentation: "Hints (Transact-SQL) - Table". Of the hints on granularity and of those on the isolation level at most
one each may be given, with those that come from a view around the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from emulator.errors import NotSupported, sql_error
from emulator.execution.row_locks import LockHints
from emulator.execution.settings import Isolation
from emulator.locking.modes import LockMode
from emulator.planning.binding import PlanContext
from emulator.sql import nodes

_LEVELS = {
    "NOLOCK": Isolation.READ_UNCOMMITTED,
    "READUNCOMMITTED": Isolation.READ_UNCOMMITTED,
    "READCOMMITTED": Isolation.READ_COMMITTED,
    "READCOMMITTEDLOCK": Isolation.READ_COMMITTED,
    "REPEATABLEREAD": Isolation.REPEATABLE_READ,
    "SERIALIZABLE": Isolation.SERIALIZABLE,
    "HOLDLOCK": Isolation.SERIALIZABLE,
}
_GRANULARITIES = frozenset(
    {"NOLOCK", "READUNCOMMITTED", "READCOMMITTEDLOCK", "ROWLOCK", "TABLOCK", "TABLOCKX", "PAGLOCK"}
)
_WITHOUT_EFFECT = frozenset(
    {"ROWLOCK", "NOEXPAND", "KEEPDEFAULTS", "KEEPIDENTITY", "IGNORE_CONSTRAINTS", "IGNORE_TRIGGERS"}
)
_ABOUT_INDEXES = frozenset({"INDEX", "FORCESEEK", "FORCESCAN", "NOEXPAND"})
_KNOWN = (
    frozenset({"UPDLOCK", "XLOCK", "READPAST", "NOWAIT"})
    | _ABOUT_INDEXES
    | _LEVELS.keys()
    | _GRANULARITIES
    | _WITHOUT_EFFECT
)


@dataclass(frozen=True, slots=True)
class TableHints:
    """The hints on one table. ``indexes`` are names or ids, any of which may be used."""

    locks: LockHints = field(default_factory=LockHints)
    indexes: tuple[str | int, ...] = ()
    force_seek: bool = False
    force_scan: bool = False


NO_HINTS = TableHints()


def read_hints(hints: Sequence[nodes.TableHint], *, target: bool = False) -> TableHints:
    """What ``hints`` mean. Errors: 1047 conflict, 1065 NOLOCK on the target of a change; NotSupported: PAGLOCK,
    SNAPSHOT."""
    if not hints:
        return NO_HINTS
    names = {hint.name for hint in hints}
    line = hints[0].line
    for name in names:
        if name not in _KNOWN or name == "PAGLOCK":
            raise NotSupported(f"table hint {name}", line)
    levels = {_LEVELS[name] for name in names if name in _LEVELS}
    if len(levels) > 1 or len(_granularities(names)) > 1:
        raise sql_error(1047, line=line)
    level = next(iter(levels), None)
    mode = LockMode.X if names & {"XLOCK", "TABLOCKX"} else LockMode.U if "UPDLOCK" in names else LockMode.NL
    if level is Isolation.READ_UNCOMMITTED:
        if target:
            raise sql_error(1065, line=line)
        if mode or "READPAST" in names:
            raise sql_error(1047, line=line)
    if level is Isolation.SERIALIZABLE and "READPAST" in names:
        raise sql_error(650, line=line)
    return TableHints(
        locks=LockHints(
            isolation=level,
            mode=mode,
            whole_table=bool(names & {"TABLOCK", "TABLOCKX"}),
            read_past="READPAST" in names,
            no_wait="NOWAIT" in names,
            reads_locked="READCOMMITTEDLOCK" in names,
        ),
        indexes=tuple(index for hint in hints for index in hint.indexes),
        force_seek="FORCESEEK" in names,
        force_scan="FORCESCAN" in names,
    )


@contextmanager
def handed_on(hints: Sequence[nodes.TableHint], ctx: PlanContext) -> Iterator[None]:
    """While the query of a view or CTE with these hints is compiled: those about locks hold for all tables in it."""
    outside = ctx.view_hints
    ctx.view_hints = (*outside, *(hint for hint in hints if hint.name not in _ABOUT_INDEXES))
    try:
        yield
    finally:
        ctx.view_hints = outside


def _granularities(names: set[str]) -> set[str]:
    """The hints on granularity, NOLOCK and READUNCOMMITTED being one."""
    return {"NOLOCK" if name == "READUNCOMMITTED" else name for name in names & _GRANULARITIES}
