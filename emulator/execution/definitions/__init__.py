"""Statements that define objects: CREATE, ALTER and DROP of everything, as steps of a module."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.execution.definitions import (
    alter,
    databases,
    event_sessions,
    grants,
    indexes,
    logins,
    modules,
    others,
    ownership,
    sequences,
    tables,
    triggers,
    users,
)
from emulator.execution.units import StepCompiler
from emulator.sql import nodes

STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    **tables.STEPS,
    **alter.STEPS,
    **indexes.STEPS,
    **modules.STEPS,
    **triggers.STEPS,
    **others.STEPS,
    **sequences.STEPS,
    **databases.STEPS,
    **logins.STEPS,
    **users.STEPS,
    **grants.STEPS,
    **ownership.STEPS,
    **event_sessions.STEPS,
}
