"""Puts procedures, functions and views back to what they were right after an earlier deployment.

The previous texts come from `lockstep.DeployHistory`, so that neither the old files nor the old tool are needed. What a
later deployment replaced is restored, what it created is dropped, what it dropped is created again. Indexes, grants
and the tables stay as they are: an index does no harm to older code, a permission cannot be read backwards from its
file, and tables go back by an explicit Alembic downgrade only.
A rollback is a deployment of its own: it is recorded, and can be rolled back.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from harness.connection import Session, Target, open_session
from harness.deploy.changes import Action, Change
from harness.deploy.definitions import Module, read_modules, replacing
from harness.deploy.deployment import LOCK_WAIT_SECONDS, Step, apply_changes
from harness.deploy.deployment_lock import deployment_lock
from harness.deploy.history import Before, Deployed, Deployment, Key, read_before, read_deployed, read_deployments
from harness.deploy.migrations import current_revision
from harness.deploy.plan import Plan, State
from harness.deploy.sources import KINDS, MODULE_KINDS, in_build_order
from harness.errors import UsageFault


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """What a rollback would do. `kept` names the objects that later deployments changed and that stay as they are.

    `old_revision` is the migration that the restored texts were written for, if it is not the one of the tables now.
    """

    to: int
    undone: list[Deployment]
    changes: list[Change]
    kept: list[str]
    old_revision: str | None


def roll_back(
    target: Target,
    *,
    to: int | None = None,
    wait_seconds: int = LOCK_WAIT_SECONDS,
    approve: Callable[[RollbackPlan], None] = lambda _: None,
    on_step: Callable[[Step], None] = lambda _: None,
) -> RollbackPlan:
    """Roll back to the state right after deployment `to`: the one before the last by default, 0 for before the first.

    `approve` gets the plan before anything is written, and raises to stop here. UsageFault if there is no such
    deployment, CheckFailed if the server refuses a text; what was restored before that is recorded.
    """
    with open_session(target) as session, deployment_lock(session, wait_seconds=wait_seconds):
        plan = plan_rollback(session, to)
        approve(plan)
        apply_changes(
            session, plan.changes, origin="ROLLBACK", revision=current_revision(session) or "", on_step=on_step
        )
    return plan


def plan_rollback(session: Session, to: int | None = None) -> RollbackPlan:
    """The plan, without doing anything. UsageFault."""
    deployments = read_deployments(session)
    number = _destination(deployments, to)
    before = read_before(session, number)
    schemas = {name.partition(".")[0] for _, name in before}
    modules = read_modules(session, schemas)
    deployed = read_deployed(session)
    earlier = [deployment for deployment in deployments if deployment.number <= number]
    revision = current_revision(session)
    return RollbackPlan(
        to=number,
        undone=[deployment for deployment in deployments if deployment.number > number],
        changes=restoring(before, modules, deployed),
        kept=sorted(f"{kind}/{name}" for kind, name in before if kind not in MODULE_KINDS),
        old_revision=earlier[-1].revision if earlier and earlier[-1].revision != revision else None,
    )


def restoring(before: dict[Key, Before], modules: dict[Key, Module], deployed: dict[Key, Deployed]) -> list[Change]:
    """The changes that put modules back to what they were, in the order in which they are to be made."""
    changes = (_change(one, modules, deployed) for one in before.values() if one.kind in MODULE_KINDS)
    return _in_order(change for change in changes if change is not None)


def undoing(plan: Plan, state: State) -> list[Change]:
    """The changes that will put back what a plan is going to replace: modules only, as with every rollback."""
    before: dict[Key, Before] = {}
    for change in plan.changes:
        record, module = state.deployed.get((change.kind, change.name)), state.module(change.kind, change.name)
        if module is not None and record is not None and record.server_text == module.text:
            one = Before(change.kind, change.name, record.content_hash, record.text)
        else:
            one = Before(change.kind, change.name, None, module.text if module is not None else None)
        before[change.kind, change.name] = one
    wanted = [one for one in before.values() if one.kind in MODULE_KINDS]
    return _in_order(
        Change("drop" if one.text is None else "alter", one.kind, one.name, _text_to_run(one)) for one in wanted
    )


@dataclass(frozen=True, slots=True)
class _Restored:
    """A change that has a text, as `in_build_order` wants it."""

    name: str
    text: str
    change: Change


def _in_order(changes: Iterable[Change]) -> list[Change]:
    """First what comes back, in the order of deployment, then what goes, in the opposite order."""
    all_changes = list(changes)
    ordered: list[Change] = []
    for kind in KINDS:
        coming = [
            _Restored(change.name, change.text, change)
            for change in sorted(all_changes, key=lambda change: change.name)
            if change.kind == kind and change.text is not None
        ]
        ordered += [restored.change for restored in in_build_order(kind, coming)]
    for kind in reversed(KINDS):
        ordered += [change for change in all_changes if change.kind == kind and change.text is None]
    return ordered


def _text_to_run(before: Before) -> str | None:
    if before.text is None or before.content_hash is not None:
        return before.text
    return replacing(before.text)


def _change(before: Before, modules: dict[Key, Module], deployed: dict[Key, Deployed]) -> Change | None:
    module = modules.get((before.kind, before.name.lower()))
    record = deployed.get((before.kind, before.name))
    is_drifted = module is not None and (record is None or module.text != record.server_text)
    if before.text is None:
        if module is None and record is None:
            return None
        return Change("drop", before.kind, before.name, None, module.text if module is not None else None, is_drifted)
    if record is not None and record.content_hash == before.content_hash and module is not None and not is_drifted:
        return None
    action: Action = "create" if module is None else "alter"
    return Change(
        action, before.kind, before.name, _text_to_run(before), module.text if module is not None else None, is_drifted
    )


def _destination(deployments: list[Deployment], to: int | None) -> int:
    numbers = [deployment.number for deployment in deployments]
    if to is not None:
        if to != 0 and to not in numbers:
            raise UsageFault(f"there is no deployment {to}; lockstep history lists them")
        return to
    if not numbers:
        raise UsageFault("nothing has been deployed to this database, so there is nothing to roll back")
    return numbers[-2] if len(numbers) > 1 else 0
