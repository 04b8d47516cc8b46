"""What was deployed, as recorded in the database itself.

`lockstep.DeployedObject` has what is there now, `lockstep.Deployment` the runs that changed something, and
`lockstep.DeployHistory` each change with the text before and after it. Who and when come from the server, so that no
client can get them wrong. The record of a change is written in the transaction of the change.
"""

from dataclasses import dataclass
from datetime import datetime

from harness.connection import Session

_IS_THERE = "SELECT OBJECT_ID(N'lockstep.Deployment', N'U') AS ObjectId;"
_DEPLOYED = """\
SELECT d.Kind, d.ObjectName, d.ContentHash, d.ServerText, h.DefinitionText
FROM lockstep.DeployedObject AS d
LEFT OUTER JOIN (
    SELECT l.Kind, l.ObjectName, MAX(l.HistoryId) AS HistoryId
    FROM lockstep.DeployHistory AS l
    GROUP BY l.Kind, l.ObjectName
) AS newest ON d.Kind = newest.Kind AND d.ObjectName = newest.ObjectName
LEFT OUTER JOIN lockstep.DeployHistory AS h ON newest.HistoryId = h.HistoryId;
"""
_DEPLOYMENTS = """\
SELECT
    d.DeploymentId, d.Origin, d.Revision, d.StartedAt, d.StartedBy, d.HostName, d.FinishedAt,
    (SELECT COUNT(*) FROM lockstep.DeployHistory AS h WHERE h.DeploymentId = d.DeploymentId) AS Changes
FROM lockstep.Deployment AS d
ORDER BY d.DeploymentId;
"""
_CHANGES_SINCE = """\
SELECT h.Kind, h.ObjectName, h.PreviousHash, h.PreviousText
FROM lockstep.DeployHistory AS h
WHERE h.DeploymentId > {deployment:d}
ORDER BY h.HistoryId;
"""
_BEGIN = """\
INSERT INTO lockstep.Deployment (Origin, Revision) VALUES ('{origin}', '{revision}');
SELECT CAST(SCOPE_IDENTITY() AS int) AS DeploymentId;
"""
_FINISH = "UPDATE lockstep.Deployment SET FinishedAt = SYSUTCDATETIME() WHERE DeploymentId = {deployment:d};"

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Deployed:
    """An object as last deployed: `text` of the file, `server_text` as the server gave it back right after."""

    kind: str
    name: str
    content_hash: bytes
    server_text: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """A run that changed something; `finished_at` (UTC) is None if it did not get to its end."""

    number: int
    origin: str
    revision: str
    started_at: datetime
    started_by: str
    host_name: str | None
    finished_at: datetime | None
    changes: int


@dataclass(frozen=True, slots=True)
class Before:
    """What an object was before a change. Hash and text None: it was not there; hash None: no file of ours made it."""

    kind: str
    name: str
    content_hash: bytes | None
    text: str | None


def is_recorded(session: Session) -> bool:
    """Whether the tables of these records exist: not before the first migration."""
    return session.execute(_IS_THERE).rows[0][0] is not None


def read_deployed(session: Session) -> dict[Key, Deployed]:
    """Every object as last deployed, by kind and name; none before the first migration."""
    if not is_recorded(session):
        return {}
    return {
        (kind, name): Deployed(kind, name, bytes(content_hash), server_text, text or "")
        for kind, name, content_hash, server_text, text in session.execute(_DEPLOYED).rows
    }


def read_deployments(session: Session) -> list[Deployment]:
    """All runs that changed something, the oldest first; none before the first migration."""
    return [Deployment(*row) for row in session.execute(_DEPLOYMENTS).rows] if is_recorded(session) else []


def read_before(session: Session, deployment: int) -> dict[Key, Before]:
    """What the objects that were changed after this deployment were right after it."""
    before: dict[Key, Before] = {}
    for kind, name, content_hash, text in session.execute(_CHANGES_SINCE.format(deployment=deployment)).rows:
        before.setdefault((kind, name), Before(kind, name, content_hash and bytes(content_hash), text))
    return before


def begin(session: Session, origin: str, revision: str) -> int:
    """Note that a deployment starts, and return its number."""
    number: int = session.execute(_BEGIN.format(origin=origin, revision=revision)).rows[0][0]
    return number


def finish(session: Session, deployment: int) -> None:
    """Note that a deployment got to its end."""
    session.execute(_FINISH.format(deployment=deployment))
