"""What was deployed, recorded in the database itself: `lockstep.DeployedObject` and `lockstep.DeployHistory`.

Who and when come from the server, so that no client can get them wrong.
"""

import harness
from harness.connection import Session
from harness.deploy.sources import SourceFile

_UPDATE = """\
UPDATE lockstep.DeployedObject SET ContentHash = ?, DeployedAt = SYSUTCDATETIME(), DeployedBy = ORIGINAL_LOGIN()
WHERE Kind = ? AND ObjectName = ?;
"""
_INSERT = "INSERT INTO lockstep.DeployedObject (Kind, ObjectName, ContentHash) VALUES (?, ?, ?);"
_APPEND = """\
INSERT INTO lockstep.DeployHistory (Kind, ObjectName, ContentHash, DefinitionText, ToolVersion) VALUES (?, ?, ?, ?, ?);
"""


def deployed_hashes(session: Session) -> dict[tuple[str, str], bytes]:
    """The content hash of every object as last deployed, by kind and name."""
    rows = session.execute("SELECT d.Kind, d.ObjectName, d.ContentHash FROM lockstep.DeployedObject AS d;").rows
    return {(kind, name): bytes(content_hash) for kind, name, content_hash in rows}


def record(session: Session, source: SourceFile, *, is_new: bool) -> None:
    """Note, in the open transaction, that this file is now what is deployed."""
    key = (source.kind, source.name)
    if is_new:
        session.execute(_INSERT, *key, source.content_hash)
    else:
        session.execute(_UPDATE, source.content_hash, *key)
    session.execute(_APPEND, *key, source.content_hash, source.text, harness.__version__)
