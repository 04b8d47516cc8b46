"""Where the server, the records and the files differ. Nothing is written.

Two comparisons for each object: the server's text now against the server's text right after the deployment (a change by
somebody else), and the recorded hash against the file's (a file not deployed yet). Besides: objects in our schemas that
no file and no record knows, and permissions of our roles, by the GRANT statements of the files.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Literal

from harness.connection import Session
from harness.deploy import migrations
from harness.deploy.batches import mask
from harness.deploy.definitions import comparable, index_of
from harness.deploy.plan import State, diff, make_plan, read_state
from harness.errors import CheckFailed

Fault = Literal["changed", "missing", "undeployed", "unknown", "leftover", "different", "permission", "migration"]

_GRANT = re.compile(
    r"\b(?P<verb>GRANT|DENY)\s+(?P<permissions>[\w\s,]+?)"
    r"(?:\s+ON\s+(?:SCHEMA::(?P<schema>\w+)|(?:OBJECT::)?(?P<object>\w+\.\w+)))?\s+TO\s+(?P<grantees>[\w\s,]+?)\s*;",
    flags=re.IGNORECASE,
)
_PERMISSIONS = """\
SELECT
    CASE p.state WHEN 'D' THEN 'DENY' ELSE 'GRANT' END AS Verb,
    p.permission_name,
    CASE p.class
        WHEN 0 THEN N'database'
        WHEN 3 THEN SCHEMA_NAME(p.major_id)
        ELSE CONCAT(OBJECT_SCHEMA_NAME(p.major_id), '.', OBJECT_NAME(p.major_id))
    END AS Securable,
    g.name AS Grantee
FROM sys.database_permissions AS p
INNER JOIN sys.database_principals AS g ON p.grantee_principal_id = g.principal_id
WHERE p.class IN (0, 1, 3) AND g.type = 'R' AND g.name LIKE N'lockstep[_]%';
"""

Permission = tuple[str, str, str, str]
"""GRANT or DENY, the permission, the database, schema or object, and the role."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not as it should be; `diff` holds the lines of a unified diff where there are texts."""

    fault: Fault
    label: str
    explanation: str
    diff: tuple[str, ...] = ()


def find_drift(session: Session, database: Path) -> list[Difference]:
    """Every difference, in the order of deployment. EnvironmentFault, CheckFailed for faulty files."""
    state = read_state(session, database)
    return [
        *_migration_differences(state),
        *_source_differences(state),
        *_leftovers(state),
        *_unknown_modules(state),
        *_permission_differences(session, state),
    ]


def _migration_differences(state: State) -> Iterator[Difference]:
    try:
        missing = migrations.pending(state.revisions, state.revision)
    except CheckFailed as error:
        yield Difference("migration", "migrations", str(error))
        return
    for revision in missing:
        yield Difference("migration", f"migrations/{revision.number}", f"not applied: {revision.title}")


def _source_differences(state: State) -> Iterator[Difference]:
    plan = make_plan(state)
    for change in plan.changes:
        record = state.deployed.get((change.kind, change.name))
        if record is not None and change.action == "create":
            yield Difference("missing", change.label, "was deployed and is gone from the server")
        elif record is not None and change.is_drifted:
            lines = unified_diff(
                comparable(record.server_text or record.text),
                comparable(change.before or ""),
                f"deployed/{change.name}",
                f"server/{change.name}",
                lineterm="",
            )
            yield Difference("changed", change.label, "changed on the server since it was deployed", tuple(lines))
        elif change.is_drifted:
            yield Difference(
                "undeployed", change.label, "is on the server, but not by a deployment", tuple(diff(change))
            )
        if record is None and change.action == "create":
            yield Difference("undeployed", change.label, "is not on the server yet")
        elif record is not None and change.content_hash != record.content_hash:
            yield Difference("undeployed", change.label, "the file is not what was deployed", tuple(diff(change)))
    yield from _index_differences(state)


def _index_differences(state: State) -> Iterator[Difference]:
    for source in state.sources:
        wanted = index_of(source.text) if source.kind == "indexes" else None
        there = state.index(wanted) if wanted is not None else None
        if wanted is not None and there is not None and wanted.describe().lower() != there.describe().lower():
            yield Difference(
                "different",
                f"indexes/{source.name}",
                "the index is not the one of the file",
                (f"-{wanted.describe()}", f"+{there.describe()}"),
            )


def _leftovers(state: State) -> Iterator[Difference]:
    for change in make_plan(state).leftovers:
        yield Difference("leftover", change.label, "was deployed and has no file any more; plan --prune drops it")


def _unknown_modules(state: State) -> Iterator[Difference]:
    known = {(source.kind, source.name.lower()) for source in state.sources}
    known |= {(kind, name.lower()) for kind, name in state.deployed}
    for key, module in sorted(state.modules.items()):
        if key not in known and module.name.partition(".")[0] in state.schemas:
            yield Difference("unknown", f"{module.kind}/{module.name}", "is in one of our schemas, and not by us")


def _permission_differences(session: Session, state: State) -> Iterator[Difference]:
    grants = [source for source in state.sources if source.kind == "grants"]
    if not grants or any((source.kind, source.name) not in state.deployed for source in grants):
        return
    wanted = {permission for source in grants for permission in granted_by(source.text)}
    rows = session.execute(_PERMISSIONS).rows
    there = {(verb, name.upper(), securable.lower(), grantee.lower()) for verb, name, securable, grantee in rows}
    for verb, name, securable, grantee in sorted(wanted - there):
        yield Difference("permission", f"grants/{grantee}", f"lacks the {verb} of {name} on {securable}")
    for verb, name, securable, grantee in sorted(there - wanted):
        yield Difference("permission", f"grants/{grantee}", f"has a {verb} of {name} on {securable} that no file gives")


def granted_by(script: str) -> set[Permission]:
    """The permissions that the GRANT and DENY statements of a file give and take."""
    return {
        (
            found["verb"].upper(),
            " ".join(permission.split()).upper(),
            (found["schema"] or found["object"] or "database").lower(),
            grantee.strip().lower(),
        )
        for found in _GRANT.finditer(mask(script))
        for permission in found["permissions"].split(",")
        for grantee in found["grantees"].split(",")
    }
