"""What `lockstep deploy` shows: a line for every applied object and a sum, or one JSON document at the end."""

import json
import time
from typing import Self

from rich.console import Console

from harness.connection import Target
from harness.deploy.deployment import Step


class DeployView:
    """Shows the steps as they come, and the sum when the block ends without an error."""

    def __init__(self, target: Target, *, as_json: bool) -> None:
        self._target = target
        self._as_json = as_json
        self._steps: list[Step] = []
        self._started = time.monotonic()
        self._console = Console(highlight=False, soft_wrap=True)
        self._status = Console(stderr=True, quiet=as_json).status("deploying")

    def show(self, step: Step) -> None:
        """Take note of a step and show it if it changed something."""
        self._steps.append(step)
        self._status.update(f"{len(self._steps)} done, last {step.kind}/{step.name}")
        if step.action == "applied" and not self._as_json:
            self._console.print(f"[green]applied[/green]  {step.kind}/{step.name}")

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        self._status.stop()
        if failure is None:
            self._print_sum(time.monotonic() - self._started)

    def _print_sum(self, seconds: float) -> None:
        applied = [f"{step.kind}/{step.name}" for step in self._steps if step.action == "applied"]
        unchanged = [f"{step.kind}/{step.name}" for step in self._steps if step.action == "unchanged"]
        if self._as_json:
            document = {
                "server": self._target.server,
                "database": self._target.database,
                "applied": applied,
                "unchanged": unchanged,
                "seconds": round(seconds, 3),
            }
            print(json.dumps(document, indent=2))
        else:
            self._console.print(
                f"{self._target}: {len(applied)} applied, {len(unchanged)} unchanged in {seconds:.1f} s"
            )
