"""What the deployment commands show: plans with their diffs, steps as they come, findings; or one JSON document."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.connection import Target
from harness.deploy.changes import Change
from harness.deploy.deployment import Step
from harness.deploy.doctor import Finding
from harness.deploy.drift import Difference
from harness.deploy.history import Deployment
from harness.deploy.plan import Plan, diff
from harness.deploy.rollback import RollbackPlan

_VERBS = {"create": ("create", "green"), "alter": ("change", "yellow"), "drop": ("drop  ", "red")}
_STATUS_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}
_WIDTH_OF_FILES = 240
_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


class DeployView:
    """Shows the steps of a deployment as they come, and the sum when the block ends without an error."""

    def __init__(self, target: Target, *, as_json: bool) -> None:
        self._target = target
        self._as_json = as_json
        self._steps: list[Step] = []
        self._started = time.monotonic()
        self._console = Console(highlight=False, soft_wrap=True)
        self._status = Console(stderr=True, quiet=as_json).status("deploying")

    def show(self, step: Step) -> None:
        """Take note of a step and show it if it changed something."""
        self._status.start()
        self._steps.append(step)
        self._status.update(f"{len(self._steps)} done, last {step.kind}/{step.name}")
        if step.action != "unchanged" and not self._as_json:
            self._console.print(f"[green]{step.action:9}[/green]{escape(_label(step))}")
            for message in step.said:
                self._console.print(f"         {message}", markup=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        self._status.stop()
        if failure is None:
            self._print_sum(time.monotonic() - self._started)

    def _print_sum(self, seconds: float) -> None:
        by_action = {
            action: [_label(step) for step in self._steps if step.action == action]
            for action in ("applied", "dropped", "unchanged")
        }
        if self._as_json:
            place = {"server": self._target.server, "database": self._target.database}
            said = {_label(step): step.said for step in self._steps if step.said}
            print(json.dumps({**place, **by_action, "said": said, "seconds": round(seconds, 3)}, indent=2))
        else:
            dropped = f", {len(by_action['dropped'])} dropped" if by_action["dropped"] else ""
            self._console.print(
                f"{self._target}: {len(by_action['applied'])} applied{dropped}, "
                f"{len(by_action['unchanged'])} unchanged in {seconds:.1f} s",
                markup=False,
            )


def print_plan(target: Target, plan: Plan) -> None:
    """The drops first, then migrations and changes with their diffs, then a sum."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Plan for {target}", markup=False)
    for change in plan.drops:
        _print_change(console, change)
    for revision in plan.migrations:
        console.print(f"  [green]migrate[/green]  migrations/{revision.number}: {escape(revision.title)}")
    for change in plan.changes:
        if change.action != "drop":
            _print_change(console, change)
    for change in plan.leftovers:
        console.print(f"  [dim]kept     {escape(change.label)}: it has no file any more; --prune would drop it[/dim]")
    counts = [f"{len(plan.migrations)} to migrate"]
    for action, words in (("create", "to create"), ("alter", "to change"), ("drop", "to drop")):
        counts.append(f"{sum(change.action == action for change in plan.changes)} {words}")
    console.print(f"{', '.join(counts)}, {len(plan.unchanged)} unchanged")


def plan_document(target: Target, plan: Plan) -> dict[str, Any]:
    """The plan for machines."""
    return {
        "server": target.server,
        "database": target.database,
        "revision": plan.revision,
        "migrations": [asdict(revision) for revision in plan.migrations],
        "changes": [_change_document(change) for change in plan.changes],
        "unchanged": [f"{source.kind}/{source.name}" for source in plan.unchanged],
        "leftovers": [change.label for change in plan.leftovers],
    }


def print_rollback(target: Target, plan: RollbackPlan) -> None:
    """What will be undone, and what will not."""
    console = Console(highlight=False, soft_wrap=True)
    goal = f"deployment {plan.to}" if plan.to else "the state before the first deployment"
    undone = ", ".join(str(deployment.number) for deployment in plan.undone)
    console.print(f"Rollback of {target} to {goal}; undoes: {undone or 'nothing'}", markup=False)
    for change in plan.changes:
        _print_change(console, change)
    if plan.kept:
        console.print(f"Left as they are: {', '.join(plan.kept)}", markup=False)
    if plan.old_revision is not None:
        console.print(
            f"[yellow]The texts were written for migration {plan.old_revision}; the tables are at a later one. They "
            "stay, and go back by alembic downgrade only.[/yellow]"
        )


def rollback_document(target: Target, plan: RollbackPlan) -> dict[str, Any]:
    """The plan of a rollback for machines."""
    return {
        "server": target.server,
        "database": target.database,
        "to": plan.to,
        "undone": [deployment.number for deployment in plan.undone],
        "changes": [_change_document(change) for change in plan.changes],
        "kept": plan.kept,
        "old_revision": plan.old_revision,
    }


def print_drift(target: Target, differences: Sequence[Difference]) -> None:
    """Each difference with its diff."""
    console = Console(highlight=False, soft_wrap=True)
    for one in differences:
        console.print(f"[red]{one.fault:10}[/red] {escape(one.label)}: {escape(one.explanation)}")
        _print_diff(console, one.diff)
    console.print(
        f"{target}: {len(differences) or 'no'} difference{'' if len(differences) == 1 else 's'}", markup=False
    )


def print_findings(target: Target, findings: Iterable[Finding]) -> None:
    """A table with a line for each finding."""
    console = _table_console()
    table = Table(box=None, pad_edge=False, show_header=False)
    for one in findings:
        colour = _STATUS_COLOURS[one.status]
        advice = f"\n[dim]{escape(one.advice)}[/dim]" if one.advice else ""
        table.add_row(f"[{colour}]{one.status}[/{colour}]", one.subject, f"{escape(one.found)}{advice}")
    console.print(f"{target}", markup=False)
    console.print(table)


def print_history(deployments: Sequence[Deployment]) -> None:
    """The deployments, the newest first."""
    console = _table_console()
    table = Table(
        "number", "kind", "migration", "started (UTC)", "by", "from", "changes", "end", box=None, pad_edge=False
    )
    for one in reversed(deployments):
        table.add_row(
            *(str(one.number), one.origin.lower(), one.revision, f"{one.started_at:%Y-%m-%d %H:%M:%S}"),
            *(escape(one.started_by), escape(one.host_name or ""), str(one.changes)),
            f"{one.finished_at:%H:%M:%S}" if one.finished_at else "not finished",
        )
    console.print(table)


def print_json(document: object) -> None:
    """One document on standard output."""
    print(json.dumps(document, indent=2, default=str))


def _table_console() -> Console:
    """A console for tables: where no terminal sets the width, lines are not broken."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH_OF_FILES)


def _print_change(console: Console, change: Change) -> None:
    verb, colour = _VERBS[change.action]
    lines = diff(change) if change.action == "alter" else []
    remark = "  [red]changed by somebody since it was deployed[/red]" if change.is_drifted and lines else ""
    if change.action == "alter" and not lines:
        remark = "  [dim](the same code; deployed to be recorded)[/dim]"
    console.print(f"  [{colour}]{verb}[/{colour}]   {escape(change.label)}{remark}")
    _print_diff(console, lines)


def _print_diff(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(f"      {line}", style=_DIFF_COLOURS.get(line[:1]), markup=False)


def _change_document(change: Change) -> dict[str, Any]:
    return {
        "action": change.action,
        "kind": change.kind,
        "name": change.name,
        "drifted": change.is_drifted,
        "diff": diff(change) if change.action == "alter" else [],
    }


def _label(step: Step) -> str:
    return f"{step.kind}/{step.name}"
