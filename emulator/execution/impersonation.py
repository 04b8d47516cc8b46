"""EXECUTE AS and REVERT: acting as somebody else for a while.

A session's impersonations are a chain, the latest first. Those that a module or a dynamic batch begins end with it.

Documentation: "EXECUTE AS (Transact-SQL)", "EXECUTE AS Clause", "REVERT (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import OWNER, Module, fold
from emulator.catalog.principals import Login, Principal, Securable
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.authorization import Identity, has_permission, mapped_user
from emulator.execution.failures import statement_failed
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.plans import evaluator
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.planning.expressions import compile_scalar, convert_to
from emulator.sql import nodes
from emulator.types.sqltype import SYSNAME

if TYPE_CHECKING:
    from emulator.session import Session


@dataclass(frozen=True, slots=True, eq=False)
class Impersonation:
    """One switch of identity; ``level`` is the nesting level that made it, where alone REVERT undoes it.

    ``database`` is where it was made: REVERT works there only. ``previous`` is None for the login itself.
    """

    identity: Identity
    previous: Impersonation | None = None
    level: int = 0
    database: Database | None = None
    revertible: bool = True


def as_user(session: Session, name: str, database: Database, line: int = 0) -> Identity:
    """The identity of a user of ``database``. Errors: 15517 when it is none, or may not be impersonated."""
    user = database.security.find(name)
    if user is None or user.is_role or not may_impersonate(session, user, database):
        raise sql_error(15517, name, line=line)
    return user_identity(session, user, database)


def user_identity(session: Session, user: Principal, database: Database) -> Identity:
    """A user of ``database``, called by its login where it has one, else by its SID."""
    login = session.instance.security.by_sid(user.sid) if user.sid is not None else None
    name = login.name if login is not None else sid_text(user.sid or b"")
    return Identity(login.principal_id if login is not None else None, name, database, user.principal_id)


def sid_text(sid: bytes) -> str:
    """A user's SID as SUSER_SNAME() shows it when there is no login for it."""
    parts = [int.from_bytes(sid[start : start + 4], "little") for start in range(0, len(sid), 4)]
    return "-".join(["S-1-9-3", *map(str, parts)])


def may_impersonate(session: Session, user: Principal, database: Database) -> bool:
    """Whether the session has IMPERSONATE on the user, or is it."""
    current = mapped_user(session.instance, session.identity, database)
    if current is None:
        return False
    securable = Securable("USER", user.principal_id)
    return current is user or has_permission(session, "IMPERSONATE", securable, database=database)


def as_login(session: Session, name: str, line: int = 0) -> Identity:
    """The identity of a login. Errors: 15406 when it is none, or may not be impersonated."""
    login = session.instance.security.find(name)
    if isinstance(login, Login):
        securable = Securable("LOGIN", login.principal_id)
        same = session.identity.database is None and session.identity.login_id == login.principal_id
        if same or has_permission(session, "IMPERSONATE", securable):
            return Identity(login.principal_id, login.name)
    raise sql_error(15406, name, line=line)


def enter_module(session: Session, module: Module) -> None:
    """Become the user that the module runs as. Errors: 15517 when that is gone."""
    database = session.instance.databases[fold(module.database)]
    number = database.owner_of(module) if module.execute_as == OWNER else module.execute_as
    user = database.security.by_id.get(number or 0)
    if user is None or user.is_role:
        raise sql_error(15517, str(number) if user is None else user.name)
    push(session, user_identity(session, user, database))


def push(session: Session, identity: Identity, *, revertible: bool = True) -> None:
    """Act as ``identity`` from now on."""
    session.assume(Impersonation(identity, session.impersonation, session.nest_level, session.database, revertible))


def compile_execute_as(node: nodes.ExecuteAs, compiler: UnitCompiler) -> Step:
    if node.cookie is not None:
        raise NotSupported("EXECUTE AS WITH COOKIE", node.line)
    name = None
    if node.name is not None:
        expression = node.name
        name = evaluator(compiler, node, lambda ctx: convert_to(compile_scalar(expression, None, ctx), SYSNAME).fn)

    def run_execute_as(frame: Frame) -> Signal | None:
        session = frame.session
        try:
            if name is None:
                identity = (frame.entered_as or session.impersonation).identity
            else:
                wanted = name(frame) or ""
                identity = (
                    as_login(session, wanted) if node.kind == "LOGIN" else as_user(session, wanted, session.database)
                )
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        push(session, identity, revertible=not node.no_revert)
        session.row_count = session.error_number = 0
        return None

    return run_execute_as


def compile_revert(node: nodes.Revert, compiler: UnitCompiler) -> Step:
    if node.cookie is not None:
        raise NotSupported("REVERT WITH COOKIE", node.line)

    def run_revert(frame: Frame) -> Signal | None:
        session = frame.session
        current = session.impersonation
        try:
            if current.previous is not None and current.level == session.nest_level and not is_clause(frame):
                if not current.revertible:
                    raise sql_error(15196)
                if current.identity.database is not None and current.database is not session.database:
                    raise sql_error(15199, "Execute As")
                session.assume(current.previous)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        session.row_count = session.error_number = 0
        return None

    return run_revert


def is_clause(frame: Frame) -> bool:
    """Whether the identity in force is the one that the module's own EXECUTE AS clause set."""
    module = frame.module
    current = frame.session.impersonation
    return module is not None and module.execute_as is not None and current.previous is frame.entered_as


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.ExecuteAs: compile_execute_as,
    nodes.Revert: compile_revert,
}
