"""Finds the line of a script at which the server refused it.

The driver's diagnostics, as pyodbc shows them, do not carry the server's line number. So the batches are run once more,
up to the failing one, in a transaction that is always rolled back; the failing one runs as dynamic SQL inside TRY,
where even its syntax errors can be caught and asked for their line.
Source: "TRY...CATCH", section "Errors unaffected by a TRY...CATCH construct", and "ERROR_LINE", Transact-SQL reference.
"""

from collections.abc import Sequence

from harness.connection import Session, SqlServerError
from harness.deploy.batches import Batch

_PROBE = """\
BEGIN TRY
    EXEC sys.sp_executesql N'{batch}';
END TRY
BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    SELECT ERROR_NUMBER() AS Number, ERROR_LINE() AS Line, ERROR_PROCEDURE() AS ProcedureName;
END CATCH;
"""


def locate_fault(session: Session, batches: Sequence[Batch], object_name: str, error: SqlServerError) -> int:
    """The script's line of the error that the last of these batches raised; its first line if it cannot be told.

    `object_name` is the object that the script defines: the line of an error inside another one that it calls says
    nothing about the script. The session must be outside a transaction, and is again afterwards.
    """
    *before, failing = batches
    try:
        session.execute("BEGIN TRANSACTION;")
        for batch in before:
            for _ in range(batch.count):
                session.execute(batch.text)
        caught = session.execute(_PROBE.format(batch=failing.text.replace("'", "''"))).result_sets
    except SqlServerError:
        return failing.line
    finally:
        session.execute("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;")
    if not caught or caught[-1].columns != ("Number", "Line", "ProcedureName"):
        return failing.line
    number, line, procedure = caught[-1].rows[0]
    inside = procedure is None or procedure.rpartition(".")[2].lower() == object_name.lower()
    return failing.line + line - 1 if inside and number == error.number else failing.line
