"""One change of one object: what it is, and the T-SQL that makes and records it.

The same T-SQL runs in a deployment, batch by batch, and stands in a bundle, so that both leave the same behind: in one
transaction `record_before` (what was there, and what comes), then the batches of the change, then `record_after`.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import harness
from harness.deploy.batches import Batch, split_batches
from harness.deploy.definitions import index_of
from harness.deploy.literals import binary_literal, long_literal, quoted_name, unicode_literal

Action = Literal["create", "alter", "drop"]

_DROP_WORDS = {"procedures": "PROCEDURE", "views": "VIEW", "functions": "FUNCTION"}

_RECORD_BEFORE = """\
DECLARE
    @Kind varchar(20) = '{kind}',
    @ObjectName nvarchar(260) = {name},
    @OnServer nvarchar(max) = OBJECT_DEFINITION(OBJECT_ID({server_name})),
    @PreviousHash binary(32),
    @PreviousText nvarchar(max);

SELECT TOP (1)
    @PreviousHash = h.ContentHash,
    @PreviousText = h.DefinitionText
FROM lockstep.DeployedObject AS d
INNER JOIN lockstep.DeployHistory AS h
    ON d.Kind = h.Kind AND d.ObjectName = h.ObjectName AND d.ContentHash = h.ContentHash
WHERE
    d.Kind = @Kind
    AND d.ObjectName = @ObjectName
    AND (d.ServerText IS NULL OR CAST(d.ServerText AS varbinary(max)) = CAST(@OnServer AS varbinary(max)))
ORDER BY h.HistoryId DESC;

-- Not of a file, or changed by somebody since: then the server's own text is what can be put back.
IF @PreviousHash IS NULL
    SET @PreviousText = @OnServer;

INSERT INTO lockstep.DeployHistory
    (DeploymentId, Kind, ObjectName, ContentHash, DefinitionText, PreviousHash, PreviousText, ToolVersion)
VALUES
    ({deployment}, @Kind, @ObjectName, {content_hash}, {text}, @PreviousHash, @PreviousText, '{tool_version}');
"""
_RECORD_AFTER = """\
UPDATE lockstep.DeployedObject
SET
    ContentHash = {content_hash},
    ServerText = OBJECT_DEFINITION(OBJECT_ID({server_name})),
    DeployedAt = SYSUTCDATETIME(),
    DeployedBy = ORIGINAL_LOGIN()
WHERE Kind = '{kind}' AND ObjectName = {name};

IF @@ROWCOUNT = 0
    INSERT INTO lockstep.DeployedObject (Kind, ObjectName, ContentHash, ServerText)
    VALUES ('{kind}', {name}, {content_hash}, OBJECT_DEFINITION(OBJECT_ID({server_name})));
"""
_FORGET = "DELETE FROM lockstep.DeployedObject WHERE Kind = '{kind}' AND ObjectName = {name};\n"
_DROP_OWN_INDEX = """\
-- The file makes the index where it is missing; the one that an earlier version of the file made has to go first.
IF EXISTS (SELECT 1 FROM lockstep.DeployedObject AS d WHERE d.Kind = 'indexes' AND d.ObjectName = {name})
    DROP INDEX IF EXISTS {index} ON {table};
"""


@dataclass(frozen=True, slots=True)
class Change:
    """An object that is to be created, altered or dropped.

    `text` is the new text of the file, None for a drop. `before` is what the server has now, None where that is
    nothing or not known. `is_drifted`: somebody else changed it since it was deployed, or made it.
    """

    action: Action
    kind: str
    name: str
    text: str | None
    before: str | None = None
    is_drifted: bool = False
    path: Path | None = None

    @property
    def content_hash(self) -> bytes | None:
        """SHA-256 of the text."""
        return None if self.text is None else hashlib.sha256(self.text.encode()).digest()

    @property
    def label(self) -> str:
        """How to name the object to a reader."""
        return f"{self.kind}/{self.name}"

    def batches(self) -> list[Batch]:
        """The batches that make the change. ScriptError if the text cannot be split."""
        if self.text is None:
            return [Batch(self._drop_statement(), 1)]
        own = split_batches(self.text)
        index = index_of(self.text) if self.kind == "indexes" else None
        if index is None:
            return own
        statement = _DROP_OWN_INDEX.format(name=unicode_literal(self.name), index=index.name, table=index.table)
        return [Batch(statement, 1), *own]

    def record_before(self, deployment: str) -> str:
        """T-SQL that notes what there is and what will be; `deployment` is the number as an expression."""
        return _RECORD_BEFORE.format(
            **self._names(),
            deployment=deployment,
            content_hash="NULL" if self.content_hash is None else binary_literal(self.content_hash),
            text="NULL" if self.text is None else long_literal(self.text),
            tool_version=harness.__version__,
        )

    def record_after(self) -> str:
        """T-SQL that notes the object as deployed, or as gone."""
        if self.content_hash is None:
            return _FORGET.format(**self._names())
        return _RECORD_AFTER.format(**self._names(), content_hash=binary_literal(self.content_hash))

    def _names(self) -> dict[str, str]:
        return {
            "kind": self.kind,
            "name": unicode_literal(self.name),
            "server_name": unicode_literal(quoted_name(self.name)),
        }

    def _drop_statement(self) -> str:
        if self.kind != "indexes":
            return f"DROP {_DROP_WORDS[self.kind]} IF EXISTS {quoted_name(self.name)};\n"
        index = index_of(self.before or "")
        if index is None:
            raise ValueError(f"nothing tells the table of {self.label}")
        return f"DROP INDEX IF EXISTS {index.name} ON {index.table};\n"
