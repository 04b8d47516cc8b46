"""The users: pickers and putaway operators, each a thread with a connection of its own.

A user takes the next intention of its plan, searches, and calls one write procedure with a fresh request id. A
rejection by rule is an everyday answer: what was found has changed meanwhile. Some requests are sent a second time, as
after a lost acknowledgement, and must be answered by a replay with the very same values; only that second answer is
then believed.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from decimal import Decimal
from threading import Event
from time import perf_counter
from typing import Any, Protocol

from harness.connection import CallResult, Outcome, Session, SessionPool, SqlServerError
from harness.demo.bookkeeping import Book, Line, LotRow, Pick, Tally, Transfer
from harness.demo.plan import PickIntention, TransferIntention, choose, pick_intentions, transfer_intentions
from harness.demo.warehouse import Layout
from harness.errors import EnvironmentFault

GET_RUN, FIND_LOTS, PICK = "picking.GetRun", "picking.FindLots", "picking.PickLot"
FIND_MOVABLE, TRANSFER = "demo.FindMovableLots", "putaway.TransferLot"
CONNECT = "(connecting)"
"""Where the book counts a user that got no connection."""

LOTS_PER_SEARCH = 20
SECONDS_BETWEEN_LOOKS = 0.25
GRAMS = Decimal("0.001")


class User(Protocol):
    """Somebody at work, with a book of it."""

    book: Book

    def act(self, session: Session) -> bool:
        """Do one thing; False when there is nothing left to do. SqlServerError only when the session is in doubt."""


class OpenWork:
    """What a user believes to be open: all batches at first, without those that turned out to be done.

    Lines put into `given_up` are not found again.
    """

    def __init__(self, layout: Layout) -> None:
        self._batches = list(layout.batches)
        self.given_up: set[Line] = set()

    def __bool__(self) -> bool:
        return bool(self._batches)

    def find_line(self, book: Book, session: Session, batch: float, line: float) -> tuple[Line, Any] | None:
        """The open line at these positions with its row of GetRun, None if the batch has none."""
        run_no, row_num = chosen = choose(self._batches, batch)
        found = call(book, session, GET_RUN, run_no, row_num)
        if found is None:
            return None
        _, rows = (result.rows for result in found.result_sets)
        lines = [(Line(run_no, row_num, row.LineId), row) for row in rows if row.OpenBags > 0]
        lines = [(key, row) for key, row in lines if key not in self.given_up]
        if not lines:
            self._batches.remove(chosen)
            return None
        return choose(lines, line)


class Picker:
    """Finds a line that needs bags, finds lots for it, picks."""

    def __init__(self, number: int, seed: int, layout: Layout) -> None:
        self.book = Book()
        self._name = f"picker{number}"
        self._intentions = pick_intentions(seed, self._name)
        self._work = OpenWork(layout)

    def act(self, session: Session) -> bool:
        intention = next(self._intentions)
        found = self._work.find_line(self.book, session, intention.batch, intention.line)
        if found is not None:
            self._pick(session, intention, *found)
        return bool(self._work)

    def _pick(self, session: Session, intention: PickIntention, line: Line, needed: Any) -> None:
        key = (line.run_no, line.row_num, line.line_id)
        found = call(self.book, session, FIND_LOTS, *key, LOTS_PER_SEARCH)
        if found is None:
            return
        if not found.rows:
            self._work.given_up.add(line)
            return
        lot = choose(found.rows, intention.lot)
        bags = Decimal(min(intention.bags, lot.BagsAvailable))
        outcome = request(
            self.book,
            session,
            PICK,
            *(*key, lot.LotNo, lot.BinNo, bags, self._name, intention.request_id),
            is_repeated=intention.is_repeated,
        )
        if outcome is not None:
            made = outcome.values
            self.book.picks.append(
                Pick(
                    request_id=intention.request_id,
                    line=line,
                    lot=LotRow(lot.LotNo, needed.ItemKey, needed.LocationKey, lot.BinNo),
                    bags=bags,
                    weight=bags * needed.PackSize,
                    lot_tran_no=made["LotTranNo"],
                    allocation_no=made["AllocationNo"],
                    pallet_id=made["PalletId"],
                )
            )


class PutawayOperator:
    """Finds a lot of an item that a line needs, as the pickers do, and moves some or all of it to another bin."""

    def __init__(self, number: int, seed: int, layout: Layout) -> None:
        self.book = Book()
        self._name = f"putaway{number}"
        self._intentions = transfer_intentions(seed, self._name)
        self._work = OpenWork(layout)
        self._bins = layout.bins

    def act(self, session: Session) -> bool:
        intention = next(self._intentions)
        needed = self._work.find_line(self.book, session, intention.batch, intention.line)
        if needed is not None:
            item_key = needed[1].ItemKey
            found = call(self.book, session, FIND_MOVABLE, item_key)
            if found is not None and found.rows:
                row = choose(found.rows, intention.lot)
                lot = LotRow(row.LotNo, item_key, row.LocationKey, row.BinNo)
                self._move(session, intention, lot, row.QtyAvailable)
        return bool(self._work)

    def _move(self, session: Session, intention: TransferIntention, lot: LotRow, available: Decimal) -> None:
        others = [bin_no for bin_no in self._bins if bin_no != lot.bin_no]
        bin_to = choose(others, intention.bin)
        quantity = (available * Decimal(str(intention.share))).quantize(GRAMS) or available
        outcome = request(
            self.book,
            session,
            TRANSFER,
            *(lot.lot_no, lot.item_key, lot.location_key, lot.bin_no),
            *(bin_to, quantity, self._name, intention.request_id),
            is_repeated=intention.is_repeated,
        )
        if outcome is not None:
            made = outcome.values
            self.book.transfers.append(
                Transfer(
                    request_id=intention.request_id,
                    lot=lot,
                    bin_to=bin_to,
                    quantity=quantity,
                    document_no=made["DocumentNo"],
                    issue_lot_tran_no=made["IssueLotTranNo"],
                    receipt_lot_tran_no=made["ReceiptLotTranNo"],
                    in_trans_id=made["InTransId"],
                    bin_tran_id=made["BinTranId"],
                )
            )


def call(book: Book, session: Session, procedure: str, *arguments: object) -> CallResult | None:
    """Call a search and count it. None if it was rejected or failed; SqlServerError if the session is in doubt."""
    tally = book.tally(procedure)
    result = _timed(tally, session, procedure, arguments)
    if result is not None:
        tally.accepted += 1
    return result


def request(
    book: Book, session: Session, procedure: str, *arguments: object, is_repeated: bool = False
) -> Outcome | None:
    """Call a write procedure, twice if `is_repeated`, and count it. The outcome to believe, or None."""
    tally = book.tally(procedure)
    result = _timed(tally, session, procedure, arguments)
    if result is None:
        return None
    first = result.outcome
    if first.replayed:
        tally.failed[0, "a fresh request id was answered by a replay"] += 1
        return None
    tally.accepted += 1
    tally.retried += first.attempts > 1
    return _repeat(tally, session, procedure, arguments, first) if is_repeated else first


def _repeat(
    tally: Tally, session: Session, procedure: str, arguments: Sequence[object], first: Outcome
) -> Outcome | None:
    result = _timed(tally, session, procedure, arguments)
    if result is None:
        tally.failed[0, "the repeat of an accepted request was not accepted"] += 1
        return first
    second = result.outcome
    if second.replayed and (second.attempts, second.values) == (first.attempts, first.values):
        tally.replayed += 1
    else:
        tally.failed[0, "a repeated request did not get its first answer"] += 1
    return second


def _timed(tally: Tally, session: Session, procedure: str, arguments: Sequence[object]) -> CallResult | None:
    started = perf_counter()
    try:
        return session.call(procedure, *arguments)
    except SqlServerError as error:
        if error.is_rejection:
            tally.rejected[error.number] += 1
        else:
            tally.failed[error.number, error.message] += 1
        if error.is_timeout or error.is_connection_lost:
            raise
        return None
    finally:
        tally.seconds.append(perf_counter() - started)


def work(pool: SessionPool, users: Sequence[User], seconds: float, on_look: Callable[[float], None]) -> float:
    """Let the users work at once, and return for how many seconds they did.

    It ends after `seconds`, or earlier when nobody has anything left to do. `on_look` is called now and then with the
    seconds passed.
    """
    stop = Event()
    started = perf_counter()
    with ThreadPoolExecutor(len(users), thread_name_prefix="user") as threads:
        try:
            running = {threads.submit(_work_until, stop, pool, user) for user in users}
            while running and (passed := perf_counter() - started) < seconds:
                on_look(passed)
                done, running = wait(running, min(SECONDS_BETWEEN_LOOKS, seconds - passed), return_when=FIRST_EXCEPTION)
                for ended in done:
                    ended.result()
        finally:
            stop.set()
    for ended in running:
        ended.result()
    return perf_counter() - started


def _work_until(stop: Event, pool: SessionPool, user: User) -> None:
    while not stop.is_set():
        try:
            with pool.borrow() as session:
                while not stop.is_set():
                    if not user.act(session):
                        return
        except SqlServerError:
            continue  # it has been counted, and the pool has dropped the session
        except EnvironmentFault as error:
            user.book.tally(CONNECT).failed[0, str(error)] += 1
            return
