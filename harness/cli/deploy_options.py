"""What the commands that work on a database have in common: which database, and asking before something is written."""

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from harness.configuration import TargetChoice, choose_target
from harness.connection import Target
from harness.deploy.deployment import LOCK_WAIT_SECONDS
from harness.errors import CheckFailed, UsageFault

Name = Annotated[str | None, typer.Option("--target", "-t", metavar="NAME", help="A target of lockstep.toml.")]
Dsn = Annotated[str | None, typer.Option("--dsn", metavar="STRING", help="ODBC connection string, without a password.")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Another file than ./lockstep.toml.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Wait = Annotated[
    int, typer.Option("--wait", min=0, max=3600, metavar="SECONDS", help="How long to wait for another deployment.")
]
DEFAULT_WAIT = LOCK_WAIT_SECONDS


def optional_target(name: str | None, dsn: str | None, config: Path | None) -> Target | None:
    """The target that flags, environment and lockstep.toml name, None if none of them does."""
    ask = _ask_password if sys.stdin.isatty() and sys.stderr.isatty() else None
    return choose_target(TargetChoice(dsn=dsn, name=name, config=config), ask=ask)


def required_target(name: str | None, dsn: str | None, config: Path | None) -> Target:
    """The target that flags, environment and lockstep.toml name. UsageFault if none of them does."""
    target = optional_target(name, dsn, config)
    if target is None:
        raise UsageFault("no database is named: set LOCKSTEP_DSN, or give --target NAME of a lockstep.toml, or --dsn")
    return target


def confirm(question: str, *, yes: bool) -> None:
    """Ask for a yes, once. CheckFailed for a no, UsageFault where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageFault("nobody can be asked here: look at lockstep plan, then give --yes")
    if not typer.confirm(question, err=True):
        raise CheckFailed("nothing was changed")


def _ask_password(prompt: str) -> str:
    return getpass.getpass(f"{prompt}: ")
