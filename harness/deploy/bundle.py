"""One T-SQL script that does what `lockstep deploy` does, for a DBA who runs it in SSMS or sqlcmd; and one to undo it.

- Running it again is harmless: a migration that is applied and an object that is as the script has it are left alone.
- Every migration and every object is one batch with a transaction of its own, together with the record of it. An
  error ends the script: in sqlcmd, and in SSMS with SQLCMD mode on, by `:on error exit`; in other clients because the
  first error drops the temporary table that each later batch looks for before it does anything.
- The texts stand in the script as literals and run through sp_executesql, because CREATE PROCEDURE cannot stand behind
  an IF; `literals` keeps clients from taking a line of them for a command.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import harness
from harness.deploy.batches import Batch
from harness.deploy.changes import Change
from harness.deploy.deployment_lock import RESOURCE
from harness.deploy.literals import binary_literal, long_literal, unicode_literal
from harness.deploy.migrations import Revision, read_revisions, upgrade_batches
from harness.deploy.sources import read_sources

_HEADER = """\
/*
Lockstep {version}: {purpose}

Run it in the database to change, with sqlcmd -b or in SSMS (Query, SQLCMD Mode). It may be run again: what is there
already is left alone. It stops at the first error; what was done before it stays.

{contents}
*/
"""
_SQLCMD = ":on error exit\nGO\n"
_BEGIN = """\
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
SET DEADLOCK_PRIORITY LOW;
SET LOCK_TIMEOUT {lock_timeout};

IF OBJECT_ID(N'tempdb..#LockstepRun') IS NOT NULL
    DROP TABLE #LockstepRun;
GO
DECLARE @Result int;
EXEC @Result = sys.sp_getapplock
    @Resource = N'{resource}', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 30000;
IF @Result < 0
    RAISERROR (N'Another deployment is at work on this database; nothing was done.', 16, 1);
ELSE
    -- This run. It is dropped at the first error: the batches that follow do nothing without it.
    CREATE TABLE #LockstepRun (DeploymentId int NULL);
GO
"""
_GUARD = """\
IF OBJECT_ID(N'tempdb..#LockstepRun') IS NULL
    RETURN;"""
_FAILED = """\
        BEGIN CATCH
            IF @@TRANCOUNT > 0
                ROLLBACK TRANSACTION;
            DROP TABLE #LockstepRun;
            EXEC sys.sp_releaseapplock @Resource = N'{resource}', @LockOwner = 'Session';
            PRINT N'FAILED     {label}';
            THROW;
        END CATCH;
    END;
GO
"""
_CURRENT = """\
DECLARE @Revision varchar(32), @Batch nvarchar(max);
IF OBJECT_ID(N'lockstep.alembic_version', N'U') IS NOT NULL
    SELECT @Revision = v.version_num FROM lockstep.alembic_version AS v;"""
_KNOWN_REVISION = """\
{guard}
{current}
IF @Revision NOT IN ({known})
    BEGIN
        DROP TABLE #LockstepRun;
        RAISERROR (N'The database is at migration %s, which is unknown here; nothing was done.', 16, 1, @Revision);
    END;
GO
"""
_MIGRATION = """\
-- migrations/{number}: {title}
{guard}
{current}
IF @Revision IN ({applied})
    PRINT N'unchanged  migrations/{number}';
ELSE
    BEGIN
        BEGIN TRY
            BEGIN TRANSACTION;
{statements}
            COMMIT TRANSACTION;
            PRINT N'applied    migrations/{number}';
        END TRY
{failed}"""
_BEGIN_DEPLOYMENT = """\
DECLARE @DeploymentId int = (SELECT r.DeploymentId FROM #LockstepRun AS r);
IF @DeploymentId IS NULL
    BEGIN
        INSERT INTO lockstep.Deployment (Origin, Revision)
        SELECT '{origin}', v.version_num FROM lockstep.alembic_version AS v;
        SET @DeploymentId = SCOPE_IDENTITY();
        INSERT INTO #LockstepRun (DeploymentId) VALUES (@DeploymentId);
    END;
"""
_OBJECT = """\
-- {label}, {content}
{guard}
IF {is_done}
    PRINT N'unchanged  {label}';
ELSE
    BEGIN
        BEGIN TRY
            BEGIN TRANSACTION;
            DECLARE @Batch nvarchar(max);
{begin}
{before}
{statements}
{after}
            COMMIT TRANSACTION;
            PRINT N'{done}    {label}';
        END TRY
{failed}"""
_IS_AS_HERE = """\
EXISTS (
    SELECT 1
    FROM lockstep.DeployedObject AS d
    WHERE
        d.Kind = '{kind}' AND d.ObjectName = {name} AND d.ContentHash = {content_hash}
        AND (
            d.ServerText IS NULL
            OR CAST(d.ServerText AS varbinary(max)) = CAST(OBJECT_DEFINITION(OBJECT_ID({name})) AS varbinary(max))
        )
)"""
_IS_GONE = """\
OBJECT_ID({name}) IS NULL
    AND NOT EXISTS (SELECT 1 FROM lockstep.DeployedObject AS d WHERE d.Kind = '{kind}' AND d.ObjectName = {name})"""
_END = """\
{guard}
UPDATE lockstep.Deployment
SET FinishedAt = SYSUTCDATETIME()
WHERE DeploymentId = (SELECT r.DeploymentId FROM #LockstepRun AS r);
EXEC sys.sp_releaseapplock @Resource = N'{resource}', @LockOwner = 'Session';
DROP TABLE #LockstepRun;
PRINT N'Done.';
GO
"""
_LOCK_TIMEOUT_MILLISECONDS = 30_000


def deployment_bundle(database: Path, *, plain: bool = False) -> str:
    """The script that deploys these files. `plain` leaves out sqlcmd's own command. CheckFailed for faulty files."""
    revisions = read_revisions(database / "migrations")
    changes = [
        Change("alter", source.kind, source.name, source.text, path=source.path) for source in read_sources(database)
    ]
    migrations = [
        _migration(revision, revisions[place:], upgrade_batches(database / "migrations", revision))
        for place, revision in enumerate(revisions)
    ]
    return _script("deploys the data layer", "BUNDLE", revisions, migrations, changes, plain=plain)


def rollback_bundle(changes: Sequence[Change], revisions: Sequence[Revision], *, plain: bool = False) -> str:
    """The script that makes these changes, which put back what a deployment is going to replace."""
    return _script("puts back what was there before", "ROLLBACK", revisions, [], changes, plain=plain)


def _script(
    purpose: str,
    origin: str,
    revisions: Sequence[Revision],
    migrations: Sequence[str],
    changes: Sequence[Change],
    *,
    plain: bool,
) -> str:
    known = ", ".join(unicode_literal(revision.number) for revision in revisions)
    contents = [f"migrations/{revision.number}: {revision.title}" for revision in revisions] if migrations else []
    contents += [f"{change.label}, {_content(change)}" for change in changes]
    header = _HEADER.format(version=harness.__version__, purpose=purpose, contents="\n".join(contents))
    parts = [
        header,
        "" if plain else _SQLCMD,
        _BEGIN.format(lock_timeout=_LOCK_TIMEOUT_MILLISECONDS, resource=RESOURCE),
        _KNOWN_REVISION.format(guard=_GUARD, current=_CURRENT, known=known),
        *migrations,
        *(_object(change, origin) for change in changes),
        _END.format(guard=_GUARD, resource=RESOURCE),
    ]
    return "\n".join(part for part in parts if part)


def _migration(revision: Revision, this_and_later: Iterable[Revision], texts: Sequence[str]) -> str:
    return _MIGRATION.format(
        number=revision.number,
        title=revision.title,
        guard=_GUARD,
        current=_CURRENT,
        applied=", ".join(unicode_literal(later.number) for later in this_and_later),
        statements="\n".join(_run(text) for text in texts),
        failed=_FAILED.format(label=f"migrations/{revision.number}", resource=RESOURCE),
    )


def _object(change: Change, origin: str) -> str:
    names = {"kind": change.kind, "name": unicode_literal(change.name)}
    content_hash = change.content_hash
    if content_hash is None:
        is_done = _IS_GONE.format(**names)
    else:
        is_done = _IS_AS_HERE.format(**names, content_hash=binary_literal(content_hash))
    return _OBJECT.format(
        label=change.label,
        content=_content(change),
        guard=_GUARD,
        is_done=is_done,
        begin=_BEGIN_DEPLOYMENT.format(origin=origin),
        before=change.record_before("@DeploymentId"),
        statements="\n".join(_run(batch.text) for batch in _repeated(change.batches())),
        after=change.record_after(),
        done="dropped" if change.action == "drop" else "applied",
        failed=_FAILED.format(label=change.label, resource=RESOURCE),
    )


def _run(text: str) -> str:
    """T-SQL that runs a batch. A procedure's argument is no expression, so the text goes through a variable."""
    return f"SET @Batch = {long_literal(text)};\nEXEC sys.sp_executesql @Batch;"


def _repeated(batches: Iterable[Batch]) -> Iterable[Batch]:
    return (batch for batch in batches for _ in range(batch.count))


def _content(change: Change) -> str:
    return "dropped" if change.content_hash is None else f"sha256 {change.content_hash.hex()[:16]}"
