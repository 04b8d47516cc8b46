"""Brings a database up to the state of the files: migrations first, then every object that is not as its file says.

Each change runs in a transaction of its own together with the row that records it, so that a failure, or the death of
the deployer, leaves all changes before it deployed and recorded, and the next run continues there. Only one deployment
is at work on a database at a time.

It gives way to the callers of the procedures. A definition is replaced under a lock that waits for the calls in
progress, and new calls wait behind it: so it waits for a short time only, gives up, and tries again; and in a deadlock
it is the deployer who is chosen to start again.

Batches travel as plain text: nothing in them is taken for a parameter, and CREATE PROCEDURE stands first in its batch.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.connection import Session, SqlServerError, Target, open_session
from harness.deploy import history
from harness.deploy.batches import Batch
from harness.deploy.changes import Change
from harness.deploy.deployment_lock import deployment_lock
from harness.deploy.migrations import upgrade
from harness.deploy.plan import FileFault, Plan, make_plan, read_state
from harness.deploy.sources import DATABASE_FOLDER
from harness.errors import CheckFailed

LOCK_WAIT_SECONDS = 30
MOST_ATTEMPTS = 5

_SETTINGS = "SET NOCOUNT ON; SET XACT_ABORT ON; SET DEADLOCK_PRIORITY LOW; SET LOCK_TIMEOUT 5000;"
_PAUSE_SECONDS = 0.2
_ROLL_BACK = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;"

StepAction = Literal["applied", "dropped", "unchanged"]


@dataclass(frozen=True, slots=True)
class Step:
    """One migration or object, what became of it, and what its file said with PRINT."""

    kind: str
    name: str
    action: StepAction
    said: tuple[str, ...] = ()


def deploy(
    target: Target,
    *,
    database: Path = DATABASE_FOLDER,
    prune: bool = False,
    wait_seconds: int = LOCK_WAIT_SECONDS,
    approve: Callable[[Plan], None] = lambda _: None,
    on_step: Callable[[Step], None] = lambda _: None,
) -> list[Step]:
    """Deploy everything, calling `on_step` after each step, and return the steps.

    `approve` gets the plan before anything is written, while no other deployment can start, and raises to stop here.
    Raises FileFault for a file that cannot be split and for the first that the server refuses, CheckFailed for a failed
    migration and a refused change that is not of a file, Unreachable, EnvironmentFault.
    """
    steps: list[Step] = []

    def done(step: Step) -> None:
        steps.append(step)
        on_step(step)

    with open_session(target) as session, deployment_lock(session, wait_seconds=wait_seconds):
        state = read_state(session, database)
        plan = make_plan(state, prune=prune)
        approve(plan)
        for source in plan.unchanged:
            done(Step(source.kind, source.name, "unchanged"))
        if plan.migrations:
            upgrade(target, database / "migrations", lambda revision: done(Step("migrations", revision, "applied")))
        revision = state.revisions[-1].number if state.revisions else ""
        apply_changes(session, plan.changes, origin="DEPLOY", revision=revision, on_step=done)
    return steps


def apply_changes(
    session: Session, changes: Iterable[Change], *, origin: str, revision: str, on_step: Callable[[Step], None]
) -> None:
    """Apply changes under one new deployment number, none if there are none. Raises as `deploy` does."""
    session.execute(_SETTINGS)
    deployment: int | None = None
    for change in changes:
        if deployment is None:
            deployment = history.begin(session, origin, revision)
        said = _apply_patiently(session, change, deployment)
        on_step(Step(change.kind, change.name, "dropped" if change.action == "drop" else "applied", said))
    if deployment is not None:
        history.finish(session, deployment)


def _apply_patiently(session: Session, change: Change, deployment: int) -> tuple[str, ...]:
    attempt = 0
    while True:
        attempt += 1
        try:
            return _apply(session, change, deployment)
        except SqlServerError as error:
            if not error.is_retryable:
                raise CheckFailed(f"{change.label}: {error}") from error
            if attempt == MOST_ATTEMPTS:
                raise CheckFailed(
                    f"{change.label}: it stayed in use through {MOST_ATTEMPTS} attempts; what was done before it is "
                    f"deployed, run again when the database is less busy: {error}"
                ) from error
            time.sleep(_PAUSE_SECONDS * attempt)


def _apply(session: Session, change: Change, deployment: int) -> tuple[str, ...]:
    """One attempt; what the file said.

    FileFault for an error in a file, SqlServerError for all others, which another attempt may heal.
    """
    try:
        session.execute(f"BEGIN TRANSACTION;\n{change.record_before(str(deployment))}")
        said = [message for batch in change.batches() for message in _run_batch(session, change, batch)]
        session.execute(f"{change.record_after()}COMMIT TRANSACTION;")
        return tuple(said)
    except (SqlServerError, FileFault):
        with suppress(SqlServerError):  # where the connection is lost, the server rolls back by itself
            session.execute(_ROLL_BACK)
        raise


def _run_batch(session: Session, change: Change, batch: Batch) -> list[str]:
    try:
        return [message for _ in range(batch.count) for message in session.execute(batch.text).messages]
    except SqlServerError as error:
        if error.is_retryable or error.is_connection_lost or change.path is None:
            raise
        raise FileFault(change.path, _line_of_fault(change, batch, error), str(error)) from error


def _line_of_fault(change: Change, batch: Batch, error: SqlServerError) -> int:
    """The file's line of the error; the batch's first if the driver does not tell or the error is in another object."""
    at = error.position
    own_name = change.name.rpartition(".")[2].lower()
    if at is None or at.procedure.rpartition(".")[2].lower() not in ("", own_name):
        return batch.line
    return batch.line + max(at.line, 1) - 1
