"""The commands of deployment: doctor, plan, deploy, rollback, drift, history, bundle, new."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from harness.cli import deploy_view as view
from harness.cli.deploy_options import (
    DEFAULT_WAIT,
    AsJson,
    Config,
    Dsn,
    Name,
    Wait,
    Yes,
    confirm,
    required_target,
)
from harness.connection import Target, open_session
from harness.deploy.bundle import deployment_bundle, rollback_bundle
from harness.deploy.deployment import deploy as deploy_to
from harness.deploy.doctor import examine
from harness.deploy.drift import find_drift
from harness.deploy.history import read_deployments
from harness.deploy.migrations import upgrade_batches
from harness.deploy.plan import Plan, make_plan, read_state
from harness.deploy.rollback import RollbackPlan, roll_back, undoing
from harness.deploy.skeleton import create_procedure
from harness.deploy.sources import DATABASE_FOLDER
from harness.errors import UsageFault

Prune = Annotated[bool, typer.Option("--prune", help="Drop what was deployed and has no file any more.")]

new = typer.Typer(help="Write a new file from the project's pattern.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to the application, in the order in which they are used."""
    for command in (doctor, plan, deploy, rollback, drift, history, bundle):
        app.command()(command)
    new.command()(procedure)
    new.callback()(_new)
    app.add_typer(new, name="new")


def doctor(target: Name = None, dsn: Dsn = None, config: Config = None, as_json: AsJson = False) -> int:
    """Examine a database: can it be deployed to?

    Connection, driver, encryption, server, database settings, permissions, ERP tables, migrations. Exit code 1 with an
    error among the findings.
    """
    place = required_target(target, dsn, config)
    with open_session(place) as session:
        findings = list(examine(session, place, DATABASE_FOLDER))
    if as_json:
        view.print_json({"server": place.server, "database": place.database, "findings": [asdict(f) for f in findings]})
    else:
        view.print_findings(place, findings)
    return int(any(finding.status == "error" for finding in findings))


def plan(
    target: Name = None,
    dsn: Dsn = None,
    config: Config = None,
    prune: Prune = False,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL of the pending migrations instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a deployment would change. Writes nothing."""
    place = required_target(target, dsn, config)
    with open_session(place) as session:
        planned = make_plan(read_state(session, DATABASE_FOLDER), prune=prune)
    if sql:
        for revision in planned.migrations:
            print(f"-- migrations/{revision.number}: {revision.title}")
            for batch in upgrade_batches(DATABASE_FOLDER / "migrations", revision):
                print(f"{batch}\nGO")
    elif as_json:
        view.print_json(view.plan_document(place, planned))
    else:
        view.print_plan(place, planned)


def deploy(
    target: Name = None,
    dsn: Dsn = None,
    config: Config = None,
    prune: Prune = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --yes: replace what somebody changed on the server, too.")
    ] = False,
    yes: Yes = False,
    wait: Wait = DEFAULT_WAIT,
    as_json: AsJson = False,
) -> None:
    """Bring the database up to the files.

    Shows the plan and asks. Migrations first, then every function, view, procedure, index and grant that is not as its
    file says, each in a transaction of its own. What fails stops it; running it again goes on from there.
    """
    place = required_target(target, dsn, config)

    def approve(planned: Plan) -> None:
        if not as_json and not planned.is_empty:
            view.print_plan(place, planned)
        if yes and planned.overwrites and not overwrite:
            labels = ", ".join(change.label for change in planned.overwrites)
            raise UsageFault(f"somebody changed these on the server: {labels}; --overwrite replaces them all the same")
        if not planned.is_empty:
            confirm(f"Deploy to {place}?", yes=yes)

    with view.DeployView(place, as_json=as_json) as shown:
        deploy_to(place, prune=prune, wait_seconds=wait, approve=approve, on_step=shown.show)


def rollback(
    target: Name = None,
    dsn: Dsn = None,
    config: Config = None,
    to: Annotated[
        int | None, typer.Option("--to", min=0, metavar="DEPLOYMENT", help="The state right after it; 0: before all.")
    ] = None,
    yes: Yes = False,
    wait: Wait = DEFAULT_WAIT,
    as_json: AsJson = False,
) -> None:
    """Put procedures, functions and views back to what they were before the last deployment.

    From the texts recorded on the server. Tables, indexes and grants stay as they are.
    """
    place = required_target(target, dsn, config)

    def approve(planned: RollbackPlan) -> None:
        if not as_json:
            view.print_rollback(place, planned)
        if planned.changes:
            confirm(f"Roll back {place}?", yes=yes)

    if as_json:
        view.print_json(view.rollback_document(place, roll_back(place, to=to, wait_seconds=wait, approve=approve)))
        return
    with view.DeployView(place, as_json=False) as shown:
        roll_back(place, to=to, wait_seconds=wait, approve=approve, on_step=shown.show)


def drift(target: Name = None, dsn: Dsn = None, config: Config = None, as_json: AsJson = False) -> int:
    """Compare the server with what was deployed and with the files. Exit code 1 if there is a difference."""
    place = required_target(target, dsn, config)
    with open_session(place) as session:
        differences = find_drift(session, DATABASE_FOLDER)
    if as_json:
        view.print_json(
            {"server": place.server, "database": place.database, "differences": [asdict(one) for one in differences]}
        )
    else:
        view.print_drift(place, differences)
    return int(bool(differences))


def history(target: Name = None, dsn: Dsn = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the deployments that changed something."""
    place = required_target(target, dsn, config)
    with open_session(place) as session:
        deployments = read_deployments(session)
    if as_json:
        view.print_json([asdict(deployment) for deployment in deployments])
    else:
        view.print_history(deployments)


def bundle(
    target: Name = None,
    dsn: Dsn = None,
    config: Config = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write it, else standard output.")
    ] = None,
    undo: Annotated[
        bool, typer.Option("--rollback", help="Write the script that undoes it on the database as it is now.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Leave out :on error exit, for other clients.")] = False,
) -> None:
    """Write one script for SSMS and sqlcmd that does what deploy does.

    It needs no database; with --rollback it does, and is to be written before the deployment.
    """
    if undo:
        place = required_target(target, dsn, config)
        text = _rollback_script(place, plain=plain)
    else:
        text = deployment_bundle(DATABASE_FOLDER, plain=plain)
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")


def procedure(
    schema: Annotated[str, typer.Argument(help="The schema, as in picking.")],
    name: Annotated[str, typer.Argument(help="The name, as in PickLot.")],
) -> None:
    """A write procedure that deploys as it is, and its test."""
    for path in create_procedure(DATABASE_FOLDER.parent, schema, name):
        print(path.relative_to(DATABASE_FOLDER.parent))


def _new() -> None:
    """Write a new file from the project's pattern."""


def _rollback_script(place: Target, *, plain: bool) -> str:
    with open_session(place) as session:
        state = read_state(session, DATABASE_FOLDER)
    return rollback_bundle(undoing(make_plan(state), state), state.revisions, plain=plain)
