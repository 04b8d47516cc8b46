"""SET NOEXEC and SET PARSEONLY: statements that are only compiled, or only parsed, until the option is off again.

SET NOEXEC ON jumps to the next SET NOEXEC OFF in its list of statements or one around it; where there is none, to the
end of the batch. Batches that follow begin at their SET NOEXEC OFF, as far as they have one.

Documentation: "SET NOEXEC (Transact-SQL)", "SET PARSEONLY (Transact-SQL)".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.execution.frames import Frame, Signal, Step
from emulator.sql import nodes
from emulator.sql.parser import parse_batch

if TYPE_CHECKING:
    from emulator.session import Session

SKIPPING = frozenset({"NOEXEC", "PARSEONLY"})


def switches_off(node: nodes.Statement, option: str | None = None) -> str:
    """The label that the statement is if it ends the skipping of ``option`` (None: of any), else "". (A label of GOTO
    has no space in it.)"""
    if isinstance(node, nodes.SetOption) and not node.on:
        for name in node.options:
            if name in SKIPPING and option in (None, name):
                return f"set {name}"
    return ""


def compile_skip(node: nodes.SetOption, option: str) -> Step:
    """SET NOEXEC or SET PARSEONLY."""
    signal = Signal(f"set {option}") if node.on else None

    def switch(frame: Frame) -> Signal | None:
        frame.session.skipping = option if node.on else None
        return signal

    return switch


def text_after_switch(text: str, session: Session) -> str:
    """What is to be run of a batch that is sent while statements are skipped; lines keep their numbers.

    Errors: those of parsing, with NOEXEC those of compiling, too.
    """
    batch = parse_batch(text, quoted_identifier="QUOTED_IDENTIFIER" in session.settings.on)
    found = next((node for node in batch.statements if switches_off(node, session.skipping)), None)
    if found is not None:
        return "\n" * (found.line - 1) + text[found.start :]
    if session.skipping == "NOEXEC":
        session.unit(text)
    return ""
