"""What holds for every T-SQL file of the data layer and shows in its text ("How they are written" in docs/dba.md).

Whether the rules have their effect is tested elsewhere; here no file may leave one out.
"""

import re
from itertools import pairwise

import pytest

from harness.deploy.sources import read_sources

TEXTS = {
    source.name: source.path.read_text(encoding="utf-8")
    for source in read_sources()
    if source.kind in ("procedures", "functions")
}
PROCEDURES = sorted(name for name, text in TEXTS.items() if "CREATE OR ALTER PROCEDURE" in text)
WRITE_CALLS = sorted(name for name in PROCEDURES if "INSERT INTO lockstep.Request " in TEXTS[name])
SCREEN = 60
"""Lines."""

FORBIDDEN = {
    "savepoints, which XACT_ABORT dooms": r"\bSAVE\s+TRAN",
    "MERGE": r"\bMERGE\b",
    "cursors": r"\bCURSOR\b|\bFETCH\b",
    "dynamic SQL": r"\bsp_executesql\b|\bEXEC(UTE)?\s*\(",
    "triggers": r"\bTRIGGER\b",
    "reads of what is not committed": r"\bNOLOCK\b|\bREAD\s*UNCOMMITTED\b",
    "rows left out because others have them": r"\bREADPAST\b",
    "locks wider than a row": r"\bTABLOCKX?\b|\bPAGLOCK\b|\bHOLDLOCK\b|\bSERIALIZABLE\b",
    "pages by number of rows": r"\bOFFSET\b",
    "what is not there at compatibility level 100": r"\b(STRING_SPLIT|OPENJSON|TRY_CONVERT|FORMAT|LAG|LEAD)\s*\(",
    "jumps": r"\bGOTO\b",
    "temporary tables": r"[\s.(]#\w",
    "whole rows": r"\bSELECT\s+\*",
    "errors without a number": r"\bRAISERROR\b",
    "the server's time zone, and numbers of other scopes": r"\bGETDATE\b|\bSYSDATETIME\b|@@IDENTITY\b",
}
LOCK_ORDER = ("BINMaster", "LotMaster", "Cust_BulkRun", "cust_BulkPicked", "Cust_BulkLotPicked")
"""The tables of which rows are locked before they are changed."""
SKELETON = (
    "SET NOCOUNT ON;",
    "SET XACT_ABORT ON;",
    "SET IMPLICIT_TRANSACTIONS OFF;",
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;",
    "@EntryTrancount int = @@TRANCOUNT,",
    "@Arguments nvarchar(1000) = CONCAT(",
    "-- An OUTPUT parameter comes in with what the caller's variable holds.",
    "WHILE 1 = 1",
    "BEGIN TRY",
    "@Attempts = @Attempts + 1,",
    "-- Input: what can be refused without looking at the database.",
    "IF @RequestId IS NULL",
    "THROW 51301,",
    "-- A repeated call:",
    "EXEC lockstep.FindRequest",
    "IF @Replayed = 1",
    "@Outcome = 'REPLAYED';",
    "IF @EntryTrancount = 0\n                    BEGIN TRANSACTION;",
    "request. A second call with this id waits here for the first.",
    "INSERT INTO lockstep.Request (RequestId, ProcedureName, Arguments)",
    "SET @RequestIsNew = 1;",
    "outcome and record",
    "Outcome (\n",
    "INSERT INTO lockstep.Operation (ProcedureName, RequestId, StartedAt, DurationUs, Attempts, Outcome)",
    "IF @EntryTrancount = 0\n                    COMMIT TRANSACTION;",
    "BEGIN CATCH",
    "@ErrorNumber = ERROR_NUMBER(),",
    "IF @EntryTrancount = 0 AND XACT_STATE() <> 0\n                    ROLLBACK TRANSACTION;",
    "-- The request id is taken:",
    "IF @EntryTrancount = 0 AND @RequestIsNew = 0 AND @ErrorNumber IN (2601, 2627)",
    "-- Lost to another session:",
    "@Attempts < @MaxAttempts AND @ErrorNumber IN (1205, 1222, 3960, 2601, 2627)",
    "EXEC lockstep.WaitBeforeRetry @Attempts = @Attempts;",
    "EXEC lockstep.LogOperation",
    "THROW;",
    "IF @Quiet = 0",
    "@RequestId AS RequestId,",
    "RETURN 0;",
)


def body(name: str) -> str:
    """A file without its header."""
    return TEXTS[name].partition("*/")[2]


def code(name: str) -> str:
    """The same without texts and comments."""
    return re.sub(r"N?'(?:[^']|'')*'|--[^\n]*", "", body(name))


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_uses(what: str) -> None:
    assert [name for name in TEXTS if re.search(FORBIDDEN[what], code(name), flags=re.IGNORECASE)] == []


@pytest.mark.parametrize("name", PROCEDURES)
def test_a_procedure_begins_with_the_two_settings_and_ends_with_zero(name: str) -> None:
    assert re.search(r"\nAS\nBEGIN\n    SET NOCOUNT ON;\n    SET XACT_ABORT ON;\n", body(name))
    assert body(name).endswith("    RETURN 0;\nEND;\nGO\n")


def test_the_write_calls_are_those_of_the_design() -> None:
    assert WRITE_CALLS == ["picking.PickFefo", "picking.PickLot", "picking.UnpickLot", "putaway.TransferLot"]


@pytest.mark.parametrize("name", WRITE_CALLS)
def test_a_write_call_has_the_skeleton_of_all(name: str) -> None:
    text, position = body(name), 0
    for part in SKELETON:
        found = text.find(part, position)
        assert found >= 0, f"{part!r} is missing, or not in its place"
        position = found + len(part)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_section_is_longer_than_a_screen_without_a_heading(name: str) -> None:
    lines = body(name).splitlines()
    first = lines.index("AS") if "AS" in lines else 0
    headings = [first, *(n for n in range(first, len(lines)) if lines[n].lstrip().startswith("--")), len(lines)]
    longest = max((end - begin, begin) for begin, end in pairwise(headings))
    assert longest[0] <= SCREEN, f"{longest[0]} lines without a heading: {lines[longest[1]].strip()}"


@pytest.mark.parametrize("name", PROCEDURES)
def test_rows_are_locked_in_the_order_of_all(name: str) -> None:
    """By the order of statements: the plan of one may read its tables in another order than its text names them."""
    locked = re.findall(r"\bdbo\.(\w+) AS \w+ WITH \((?=[^)]*UPDLOCK)([^)]*)\)", code(name))
    places = [LOCK_ORDER.index(table) for table, _ in locked]
    assert places == sorted(places)
    assert all("ROWLOCK" in hints for _, hints in locked)


@pytest.mark.parametrize("name", PROCEDURES)
def test_the_locks_are_numbered_as_the_header_lists_them(name: str) -> None:
    listed = re.search(r"^Locks:(.*?)^\w+:", TEXTS[name], flags=re.MULTILINE | re.DOTALL)
    assert listed is not None
    in_header = [int(number) for number in re.findall(r"(?:^|,)\s+(\d) \w", listed[1])]
    numbered = re.findall(r"-- locks? (\d)(?: (?:to|and) (\d))? of (\d)", body(name))
    in_body = [n for first, last, _ in numbered for n in range(int(first), int(last or first) + 1)]
    if in_body:
        assert in_body == in_header == list(range(1, in_body[-1] + 1))
        assert {int(total) for *_, total in numbered} == {len(in_header)}
