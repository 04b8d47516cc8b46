"""Which database a command works on. Flags go before the environment, and that before `lockstep.toml`.

1. `--dsn`, a connection string, or `--target`, a name in `lockstep.toml`
2. `LOCKSTEP_DSN`, a connection string, or `LOCKSTEP_TARGET`, a name
3. `default` in `lockstep.toml`

    default = "staging"

    [targets.staging]
    dsn = "Server=sql-staging,1433;Database=erp;UID=deployer;Encrypt=yes"

The file is `lockstep.toml` in the working directory, or what `--config` or `LOCKSTEP_CONFIG` names. A password is never
in a file or a flag, where others can read it: it comes from `LOCKSTEP_PASSWORD_<TARGET>` or `LOCKSTEP_PASSWORD`, from
LOCKSTEP_DSN itself, or from a prompt on a terminal. Integrated and Entra authentication need none.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.connection import ConnectionString, Target
from harness.connection.target import DSN_VARIABLE
from harness.errors import UsageFault

TARGET_VARIABLE = "LOCKSTEP_TARGET"
CONFIG_VARIABLE = "LOCKSTEP_CONFIG"
PASSWORD_VARIABLE = "LOCKSTEP_PASSWORD"
CONFIG_NAME = "lockstep.toml"

_PASSWORD_KEYWORDS = ("PWD", "Password", "NewPwd", "AccessToken")
_WITHOUT_PASSWORD = re.compile(r"ActiveDirectory(?!Password$|ServicePrincipal$)", flags=re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """What the flags say: a connection string, a name, a file; None where they say nothing."""

    dsn: str | None = None
    name: str | None = None
    config: Path | None = None


def choose_target(
    choice: TargetChoice,
    *,
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
    ask: Callable[[str], str] | None = None,
) -> Target | None:
    """The target, None if nothing names one. `ask` gets a prompt and returns a password; None where nobody can answer.

    Raises UsageFault for a contradiction, an unknown name, a malformed file, or a password where none may stand.
    """
    if choice.dsn is not None and choice.name is not None:
        raise UsageFault("--dsn and --target both name a database: give one of them")
    if choice.dsn is not None:
        return _complete(_without_password(choice.dsn, "--dsn"), "", environment, ask)
    named = environment.get(TARGET_VARIABLE, "").strip()
    dsn = environment.get(DSN_VARIABLE, "").strip()
    if choice.name is None and dsn:
        return _complete(ConnectionString.parse(dsn), "", environment, ask)
    path = _config_path(choice, environment, folder or Path.cwd())
    settings = _read(path) if path is not None else {}
    name = choice.name or named or str(settings.get("default", ""))
    if not name:
        return None
    if path is None:
        raise UsageFault(f"target {name} needs a {CONFIG_NAME} here, or --config")
    return _complete(_named(settings, name, path), name, environment, ask)


def _config_path(choice: TargetChoice, environment: Mapping[str, str], folder: Path) -> Path | None:
    given = choice.config or (Path(environment[CONFIG_VARIABLE]) if environment.get(CONFIG_VARIABLE) else None)
    if given is not None:
        if not given.is_file():
            raise UsageFault(f"there is no file {given}")
        return given
    found = folder / CONFIG_NAME
    return found if found.is_file() else None


def _read(path: Path) -> dict[str, object]:
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageFault(f"{path} cannot be read: {error}") from None
    unknown = settings.keys() - {"default", "targets"}
    if unknown:
        raise UsageFault(f"{path}: unknown setting {sorted(unknown)[0]}; there are default and targets")
    if not isinstance(settings.get("default", ""), str):
        raise UsageFault(f"{path}: default is the name of a target")
    return settings


def _named(settings: Mapping[str, object], name: str, path: Path) -> ConnectionString:
    targets = settings.get("targets")
    target = targets.get(name) if isinstance(targets, dict) else None
    if not isinstance(target, dict):
        known = ", ".join(sorted(targets)) if isinstance(targets, dict) and targets else "none"
        raise UsageFault(f"{path} has no target {name}; it has: {known}")
    if target.keys() != {"dsn"} or not isinstance(target["dsn"], str):
        raise UsageFault(f'{path}: target {name} takes one setting, dsn = "Server=...;Database=..."')
    return _without_password(target["dsn"], f"{path}, target {name}")


def _without_password(dsn: str, place: str) -> ConnectionString:
    parsed = ConnectionString.parse(dsn)
    if parsed.get(*_PASSWORD_KEYWORDS) is not None:
        raise UsageFault(f"{place}: a password does not belong here; set {PASSWORD_VARIABLE} in the environment")
    return parsed


def _complete(
    dsn: ConnectionString, name: str, environment: Mapping[str, str], ask: Callable[[str], str] | None
) -> Target:
    """The target, with the password put in where the login needs one and has none."""
    if _needs_password(dsn):
        own_variable = f"{PASSWORD_VARIABLE}_{re.sub(r'[^A-Z0-9]', '_', name.upper())}" if name else PASSWORD_VARIABLE
        password = environment.get(own_variable) or environment.get(PASSWORD_VARIABLE)
        if password is None and ask is not None:
            password = ask(
                f"Password of {dsn.get('UID', 'User')} on {dsn.get('Server', 'Address', 'Addr') or 'the server'}"
            )
        if password is not None:
            dsn = dsn.with_value("PWD", password)
    return Target.from_dsn(dsn.text())


def _needs_password(dsn: ConnectionString) -> bool:
    is_integrated = (dsn.get("Trusted_Connection") or "no").lower() in ("yes", "true", "sspi")
    by_driver = _WITHOUT_PASSWORD.match(dsn.get("Authentication") or "") is not None
    return (
        dsn.get("UID", "User") is not None
        and dsn.get(*_PASSWORD_KEYWORDS) is None
        and not is_integrated
        and not by_driver
    )
