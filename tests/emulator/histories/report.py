"""What runs of the stress came to, and the verdict on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.emulator.histories.checker import check
from tests.emulator.histories.history import Level, Outcome
from tests.emulator.histories.workload import Recorder

RU, RC, RR, SERIALIZABLE, SNAPSHOT, _ = Level
LOCKING = [RU, RC, RR, SERIALIZABLE, SERIALIZABLE]
VERSIONED = [RU, RC, RC, RR, SERIALIZABLE, SNAPSHOT, SNAPSHOT]
"""The levels to choose from, those that promise more more often."""
VERSIONS_ON = (
    "ALTER DATABASE lockstep SET ALLOW_SNAPSHOT_ISOLATION ON; ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON"
)


@dataclass
class Report:
    """What a run came to. ``problems`` are lines, each enough to fail."""

    recorder: Recorder
    steps: int = 0
    kills: int = 0
    attentions: int = 0
    waits: int = 0
    deadlocks: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """The number of transactions by their outcome."""
        outcomes = Counter(item.outcome for item in self.recorder.history.transactions)
        return {outcome.value: outcomes[outcome] for outcome in Outcome}

    @property
    def document(self) -> dict[str, object]:
        """For machines."""
        return {
            "transactions": self.counts,
            "statements": dict(sorted(self.recorder.kinds.items())),
            "errors": {str(number): times for number, times in sorted(self.recorder.errors.items())},
            "steps": self.steps,
            "waits": self.waits,
            "deadlocks": self.deadlocks,
            "kills": self.kills,
            "attentions": self.attentions,
            "problems": self.problems,
        }


def judge(report: Report) -> None:
    """Add what the history shows, and errors that nothing explains."""
    report.problems += [str(violation) for violation in check(report.recorder.history)]
    report.problems += [f"nothing explains: {strange}" for strange in report.recorder.strange]
