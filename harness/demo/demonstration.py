"""The demonstration from beginning to end: a database, a warehouse, users at work, two checks, a verdict."""

import secrets

from harness.connection import Session, SessionPool, Target, open_session, target_or_emulator
from harness.connection.pool import MOST_SESSIONS
from harness.demo import warehouse
from harness.demo.bookkeeping import join
from harness.demo.presentation import show
from harness.demo.progress import Progress
from harness.demo.report import Finding, Report
from harness.demo.verification import expected_state, find_discrepancies, read_state
from harness.demo.work import Picker, PutawayOperator, User, work
from harness.deploy import deploy
from harness.errors import UsageFault

QUERY_TIMEOUT_SECONDS = 30


def run(
    target: Target | None, *, seconds: int, lots: int, pickers: int, putaway: int, seed: int | None, as_json: bool
) -> int:
    """Run the demonstration on a target, or on an emulator of its own, and print the report. The exit code.

    Without a seed a random one is used, and named in the report. Raises UsageFault if there is nobody to work, more
    users than the pool has connections, or a database that is not empty; Unreachable; EnvironmentFault; CheckFailed.
    """
    if not 1 <= pickers + putaway <= MOST_SESSIONS:
        raise UsageFault(
            f"{pickers + putaway} users: there must be at least 1, and at most {MOST_SESSIONS} can connect"
        )
    if seed is None:
        seed = secrets.randbelow(1_000_000)
    elif not 0 <= seed <= warehouse.LARGEST_SEED:
        raise UsageFault(f"the seed {seed} is not from 0 to {warehouse.LARGEST_SEED}")
    with Progress(quiet=as_json) as progress:
        progress.stage("Connecting" if target else "Starting the emulator")
        with target_or_emulator(target) as chosen:
            report = _demonstrate(chosen, seconds, lots, pickers, putaway, seed, progress)
    show(report, as_json=as_json)
    return 0 if report.is_sound else 1


def _demonstrate(
    target: Target, seconds: int, lots: int, pickers: int, putaway: int, seed: int, progress: Progress
) -> Report:
    warehouse.require_empty(target)
    progress.stage("Deploying migrations, procedures and indexes")
    deploy(target)
    with open_session(target) as session:
        progress.stage(f"Loading {lots:,} lots")
        warehouse.load(session, warehouse.Size.for_lots(lots), seed)
        layout = warehouse.describe(session)
        before = read_state(session)
        progress.stage(f"{pickers + putaway} users at work")
        users: list[User] = [Picker(number, seed, layout) for number in range(1, pickers + 1)]
        users += [PutawayOperator(number, seed, layout) for number in range(1, putaway + 1)]
        books = [user.book for user in users]
        with SessionPool(target, query_timeout=QUERY_TIMEOUT_SECONDS) as pool:
            worked = work(pool, users, seconds, lambda passed: progress.show_work(passed, seconds, books))
        progress.stage("Checking that nothing was lost")
        book = join(books)
        return Report(
            target=str(target),
            seed=seed,
            lots=lots,
            pickers=pickers,
            putaway=putaway,
            seconds=worked,
            book=book,
            findings=_check_inventory(session),
            discrepancies=find_discrepancies(expected_state(before, book), read_state(session)),
        )


def _check_inventory(session: Session) -> list[Finding]:
    return [
        Finding(row.CheckName, row.ObjectKey, row.Expected, row.Actual, row.Detail)
        for row in session.call("ops.CheckInventory").rows
    ]
