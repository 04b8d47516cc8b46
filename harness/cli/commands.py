"""The commands of `lockstep`, one plain function each; what they do is elsewhere in the harness.

A command returns its exit code, or raises a HarnessError that carries one. Results go to standard output, progress to
standard error; `--json` prints one document for machines instead of text.
"""

import os
import sys
from typing import Annotated

import typer

import harness
from harness.cli.blocking_commands import blocked
from harness.cli.deploy_commands import register
from harness.cli.deploy_options import AsJson
from harness.cli.observation_commands import deadlocks, locks
from harness.cli.scenario_commands import scenario
from harness.connection import Target
from harness.connection.target import DSN_VARIABLE

app = typer.Typer(
    name="lockstep",
    help="Stored-procedure data layer for warehouse pick and putaway, and the harness that proves it. "
    f"The database is named by --target or --dsn, by {DSN_VARIABLE}, an ODBC connection string, or by lockstep.toml. "
    "Every command takes --debug: a traceback instead of one line when it fails.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def demo(
    seconds: Annotated[int, typer.Option(min=1, help="How long the users work.")] = 10,
    lots: Annotated[int, typer.Option(min=100, max=1_000_000, help="Lots in the warehouse.")] = 2000,
    pickers: Annotated[int, typer.Option(min=0, max=16, help="Users who pick.")] = 6,
    putaway: Annotated[int, typer.Option(min=0, max=16, help="Users who put away.")] = 4,
    seed: Annotated[int | None, typer.Option(help="Makes the users' choices repeatable.")] = None,
    as_json: AsJson = False,
) -> int:
    """Work with many users at once, and check the stock.

    Runs on an emulated SQL Server, or on the database that LOCKSTEP_DSN names.
    """
    from harness.demo import run  # noqa: PLC0415 - no other command needs it

    return run(
        Target.from_environment(),
        seconds=seconds,
        lots=lots,
        pickers=pickers,
        putaway=putaway,
        seed=seed,
        as_json=as_json,
    )


register(app)
for command in (scenario, deadlocks, locks, blocked):
    app.command()(command)


@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def serve(context: typer.Context) -> None:
    """Run the SQL Server emulator in the foreground.

    All options are the emulator's own.
    """
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "emulator", *context.args])


@app.command()
def version() -> None:
    """Print the version."""
    print(f"lockstep {harness.__version__}")
