"""Reading the locks of a database: who waits for whom."""

import threading
from contextlib import closing

from harness.connection import Target, connect
from harness.locks import read_locks
from harness.scenarios.waits import lock_waits


def test_a_waiting_session_is_shown_with_those_who_block_it(target: Target) -> None:
    with closing(connect(target)) as watcher, closing(connect(target)) as holder, closing(connect(target)) as waiter:
        watcher.execute(
            "DROP TABLE IF EXISTS dbo.shelf; CREATE TABLE dbo.shelf (id int CONSTRAINT pk_shelf PRIMARY KEY);"
        )
        watcher.execute("INSERT dbo.shelf VALUES (1);")
        numbers = [one.execute("SELECT @@SPID;").fetchval() for one in (holder, waiter)]
        holder.execute("BEGIN TRAN; DELETE dbo.shelf WHERE id = 1;")
        thread = threading.Thread(target=lambda: waiter.execute("SELECT id FROM dbo.shelf;").fetchall())
        thread.start()
        while numbers[1] not in lock_waits(watcher):
            pass
        rows = [row for row in read_locks(watcher) if row.session in numbers and row.resource_type == "KEY"]
        holder.execute("ROLLBACK;")
        thread.join()
        watcher.execute("DROP TABLE dbo.shelf;")
    assert [(row.session, row.name, row.mode, row.status, row.waits, row.blockers) for row in rows] == [
        (numbers[0], "dbo.shelf.pk_shelf", "X", "GRANT", False, ()),
        (numbers[1], "dbo.shelf.pk_shelf", "S", "WAIT", True, (numbers[0],)),
    ]
