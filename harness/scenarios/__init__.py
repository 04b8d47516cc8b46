"""Isolation scenarios as text: sessions with named steps, run in chosen orders against a server."""

from harness.scenarios.runner import Runner
from harness.scenarios.specification import Scenario, ScenarioError, read_scenario

__all__ = ["Runner", "Scenario", "ScenarioError", "read_scenario"]
