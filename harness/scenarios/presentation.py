"""Histories as text, in the manner of PostgreSQL's isolation tester, and as documents for machines."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from harness.scenarios.history import Completed, Ended, Event, History, Part, Unfinished, Waiting
from harness.scenarios.specification import Scenario, Step
from harness.scenarios.steps import Count, Failure, Item, Message, Rows


def history_text(scenario: Scenario, histories: Sequence[History]) -> str:
    """The whole history of a scenario, ending with a line break."""
    blocks = ["\n".join(_permutation(scenario, history)) for history in histories]
    return "\n\n".join(blocks) + "\n"


def difference(scenario: Scenario, history: str) -> list[str]:
    """The lines of a unified diff from the expected output to ``history``; none if they are the same."""
    expected = (scenario.expected or "").splitlines()
    return list(
        difflib.unified_diff(
            expected, history.splitlines(), f"{scenario.path} (expected)", f"{scenario.path} (observed)", lineterm=""
        )
    )


def _permutation(scenario: Scenario, history: History) -> Iterator[str]:
    names = " ".join(step.name for step in history.steps)
    yield f"starting permutation: {names}" + (f" [{history.level}]" if history.level else "")
    for event in history.events:
        yield from _event(scenario, event)


def _event(scenario: Scenario, event: Event) -> Iterator[str]:
    match event:
        case Ended(step, items):
            yield f"step {step.name}: {step.text}"
            yield from item_lines(items)
        case Waiting(step, wait_type, _, heads):
            shown = f" {wait_type} for {', '.join(heads)}" if scenario.show_waits else ""
            yield f"step {step.name}: {step.text} <waiting{shown} ...>"
        case Completed(step, items):
            yield f"step {step.name}: <... completed>"
            yield from item_lines(items)
        case Unfinished(step, blockers):
            yield f"step {step.name}: <... never completes: waits for {', '.join(blockers) or 'nobody'}>"
        case Part(session, kind, items):
            yield f"{kind}{f' of {session}' if session else ''}:"
            yield from item_lines(items)


def item_lines(items: Sequence[Item]) -> Iterator[str]:
    """What a step sent back, as lines."""
    for item in items:
        match item:
            case Rows(columns, rows):
                yield from table_lines(columns, rows)
            case Count(rows):
                yield f"({rows} {'row' if rows == 1 else 'rows'} affected)"
            case Message(text):
                yield f"message: {text}"
            case Failure(number, text):
                yield f"error {number}: {text}" if number else f"error: {text}"


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """A result set as psql prints it: aligned, numbers to the right, its number of rows at the end."""
    shown = [[_value(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[place]) for row in shown)]) for place, name in enumerate(columns)]
    right = [bool(rows) and all(_is_number(row[place]) for row in rows) for place in range(len(columns))]
    yield "|".join(name.ljust(width) for name, width in zip(columns, widths, strict=True)).rstrip()
    yield "+".join("-" * width for width in widths)
    for row in shown:
        cells = zip(row, widths, right, strict=True)
        yield "|".join(text.rjust(width) if to_right else text.ljust(width) for text, width, to_right in cells).rstrip()
    yield f"({len(rows)} {'row' if len(rows) == 1 else 'rows'})"


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, int | float | Decimal)


def _value(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, bytes):
        return "0x" + value.hex().upper()
    return str(value)


# --- Documents --------------------------------------------------------------------------------------------------------


def document(scenario: Scenario, histories: Sequence[History], diff: Sequence[str]) -> dict[str, Any]:
    """All of it as data that JSON can hold. ``as_expected`` is None where nothing is expected yet."""
    return {
        "file": str(scenario.path),
        "rule": scenario.rule,
        "pages": scenario.pages,
        "as_expected": None if scenario.expected is None else not diff,
        "diff": list(diff),
        "permutations": [
            {
                "level": history.level or None,
                "steps": [step.name for step in history.steps],
                "history": [_event_document(event) for event in history.events],
            }
            for history in histories
        ],
    }


def _event_document(event: Event) -> dict[str, Any]:
    match event:
        case Ended(step, items):
            return {"event": "ended", **_step(step), "results": [_item(item) for item in items]}
        case Waiting(step, wait_type, blockers, heads):
            wait = {"wait_type": wait_type, "blockers": list(blockers), "heads": list(heads)}
            return {"event": "waiting", **_step(step), **wait}
        case Completed(step, items):
            return {"event": "completed", **_step(step), "results": [_item(item) for item in items]}
        case Unfinished(step, blockers):
            return {"event": "never completes", **_step(step), "blockers": list(blockers)}
        case Part(session, kind, items):
            return {"event": kind, "session": session or None, "results": [_item(item) for item in items]}


def _step(step: Step) -> dict[str, str]:
    return {"step": step.name, "session": step.session}


def _item(item: Item) -> dict[str, Any]:
    match item:
        case Rows(columns, rows):
            return {"columns": list(columns), "rows": [[_plain(value) for value in row] for row in rows]}
        case Count(rows):
            return {"rows_affected": rows}
        case Message(text):
            return {"message": text}
        case Failure(number, text):
            return {"error": number, "message": text}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | date | datetime | time | bytes):
        return _value(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
