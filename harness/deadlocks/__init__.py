"""Deadlocks that the server has kept: read, told, drawn."""

from harness.deadlocks.graphs import Deadlock, parse_deadlocks, read_deadlocks

__all__ = ["Deadlock", "parse_deadlocks", "read_deadlocks"]
