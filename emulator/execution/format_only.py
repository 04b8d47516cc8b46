"""SET FMTONLY ON: result sets come without rows, and nothing else happens.

Bulk copy programs and old drivers ask so for the columns of a table or a procedure. Queries send their columns; the
condition of an IF is not evaluated and both of its branches are gone through, a loop's body once; procedures and
strings are entered. Variables are set by DECLARE and SET, so that the setting can be remembered in one.

Documentation: "SET FMTONLY (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.errors import NotSupported
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.sql import nodes

EXECUTED = frozenset(
    {
        *(nodes.Select, nodes.Block, nodes.If, nodes.While, nodes.TryCatch, nodes.Label),
        *(nodes.ExecuteProcedure, nodes.ExecuteString, nodes.Declare, nodes.SetVariable),
        *(nodes.SetOption, nodes.SetValue, nodes.SetIsolationLevel, nodes.Use),
    }
)
"""Statements that heed the setting themselves or are not affected by it."""


def skipping_others(steps: Mapping[type[nodes.Statement], StepCompiler]) -> dict[type[nodes.Statement], StepCompiler]:
    """The step compilers with all statements but ``EXECUTED`` skipped while the setting is on."""
    return {
        kind: compile_it if kind in EXECUTED else _skippable(kind, compile_it) for kind, compile_it in steps.items()
    }


def _skippable(kind: type[nodes.Statement], compile_it: StepCompiler) -> StepCompiler:
    def compile_skippable(node: Any, compiler: UnitCompiler) -> Step:
        step = compile_it(node, compiler)
        sends_rows = any(output.into is None for output in getattr(node, "outputs", ()))

        def run(frame: Frame) -> Signal | None:
            if not frame.session.settings.format_only:
                return step(frame)
            if sends_rows:
                raise NotSupported("SET FMTONLY ON of an OUTPUT clause", node.line)
            return None

        return run

    return compile_skippable
