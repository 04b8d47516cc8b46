"""Lockstep's Python side: deploys the T-SQL data layer to a target, drives it concurrently and reports.

It holds no business logic, and it knows a target, the emulator included, only by its connection string.
"""

from importlib.metadata import version

__version__ = version("lockstep")
