"""The result of a demonstration: what was done, how long it took, and whether the stock is sound."""

from dataclasses import dataclass
from typing import Any

from harness.demo.bookkeeping import Book, Tally
from harness.demo.verification import Discrepancy


@dataclass(frozen=True, slots=True)
class Finding:
    """A row of ops.CheckInventory: an invariant that does not hold."""

    check: str
    key: str
    expected: str
    actual: str
    detail: str

    def __str__(self) -> str:
        return f"{self.check} {self.key}: expected {self.expected}, found {self.actual}. {self.detail}"


@dataclass(frozen=True, slots=True)
class Report:
    """All that is shown at the end. `seconds` is how long the users worked."""

    target: str
    seed: int
    lots: int
    pickers: int
    putaway: int
    seconds: float
    book: Book
    findings: list[Finding]
    discrepancies: list[Discrepancy]

    @property
    def failures(self) -> int:
        """Calls that ended in anything but an answer or a rejection by rule."""
        return sum(tally.failed.total() for tally in self.book.tallies.values())

    @property
    def is_sound(self) -> bool:
        """Nothing failed, every invariant holds, and the database has the acknowledged effects and no others."""
        return not (self.failures or self.findings or self.discrepancies)

    def document(self) -> dict[str, Any]:
        """The report as plain values, for JSON. Durations are in milliseconds."""
        return {
            "sound": self.is_sound,
            "target": self.target,
            "seed": self.seed,
            "lots": self.lots,
            "users": {"pickers": self.pickers, "putaway": self.putaway},
            "seconds": round(self.seconds, 3),
            "procedures": {name: self._tally(tally) for name, tally in sorted(self.book.tallies.items())},
            "acknowledged": {"picks": len(self.book.picks), "transfers": len(self.book.transfers)},
            "failures": self.failures,
            "findings": [str(finding) for finding in self.findings],
            "discrepancies": [str(discrepancy) for discrepancy in self.discrepancies],
        }

    def _tally(self, tally: Tally) -> dict[str, Any]:
        return {
            "calls": tally.calls,
            "calls_per_second": round(tally.calls / self.seconds, 1),
            "accepted": tally.accepted,
            "replayed": tally.replayed,
            "retried": tally.retried,
            "rejected": {str(number): count for number, count in sorted(tally.rejected.items())},
            "failed": [
                {"number": number, "message": message, "count": count}
                for (number, message), count in tally.failed.most_common()
            ],
            "milliseconds": {name: round(seconds * 1000, 3) for name, seconds in tally.percentiles().items()},
        }
