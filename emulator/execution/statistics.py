"""SET STATISTICS IO and TIME: what a statement has cost, as messages behind it.

There are no pages, so reads are counted as if there were: a scan reads those that its rows would fill, a seek one page
of each level of the index. A change reads what it finds the rows by. Times are the clock's, waits for locks
included: CPU time is not measured apart.

Documentation: "SET STATISTICS IO (Transact-SQL)", "SET STATISTICS TIME (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from emulator.catalog.objects import Table
from emulator.catalog.system_views.activity import pages
from emulator.errors import sql_error
from emulator.storage.usage import Use, UseCount

if TYPE_CHECKING:
    from emulator.session import Session

IO: Final = "STATISTICS IO"
TIME: Final = "STATISTICS TIME"
KEYS_OF_A_PAGE: Final = 400
"""About so many keys of an upper level of an index fill a page."""


def report_compilation(session: Session) -> None:
    """Say how long it took to parse and compile a batch that is about to run."""
    if TIME in session.settings.on:
        session.sink.message(sql_error(3613, *_times(session)))


def report_statement(session: Session, tables: Iterable[Table], uses: tuple[UseCount, ...]) -> None:
    """Say what the statement that has just ended read in its ``tables``, and how long it took."""
    if IO in session.settings.on:
        for table in {id(table): table for table in tables}.values():
            scans, reads = _reads(table, uses)
            session.sink.message(sql_error(3615, table.name, scans, reads))
    if TIME in session.settings.on:
        session.sink.message(sql_error(3612, *_times(session)))


def _times(session: Session) -> tuple[int, int]:
    """Milliseconds of the processor and of the clock since the last report, or since the request began."""
    now = session.instance.clock.now()
    elapsed = round((now - max(session.measured_from, session.request_began)) * 1000)
    session.measured_from = now
    return elapsed, elapsed


def _reads(table: Table, uses: tuple[UseCount, ...]) -> tuple[int, int]:
    """Scans and seeks that were begun, and pages read."""
    store = table.store
    scans = reads = 0
    for index in (store.base, *store.indexes.values()) if store is not None else ():
        counts = index.usage.counts
        size = pages(table, index)[0]
        levels = 1
        while size > KEYS_OF_A_PAGE ** (levels - 1):
            levels += 1
        for use in uses:
            if use is counts[Use.SCAN]:
                scans, reads = scans + 1, reads + size
            elif use is counts[Use.SEEK]:
                scans, reads = scans + 1, reads + levels
            elif use is counts[Use.LOOKUP]:
                reads += levels
    return scans, reads
