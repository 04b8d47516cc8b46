"""A deadlock as a picture: sessions and resources on a ring, with an arrow from each session to what it waits for, and
from each resource to who holds it. Plain SVG, readable without style sheets or fonts of its own.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from harness.deadlocks.graphs import OWNS, Deadlock, Process, Request, Resource

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, 'SF Mono', Consolas, 'DejaVu Sans Mono', monospace"
INK, FAINT, PAPER, LINE = "#1f2933", "#61707f", "#ffffff", "#cfd8e3"
VICTIM, SURVIVOR, RESOURCE = "#c4320a", "#1d5fa8", "#8a6100"
VICTIM_TINT, SURVIVOR_TINT, RESOURCE_TINT = "#fff1ec", "#edf4fc", "#fff8e6"
HOLD, WAIT = "#46566a", "#c4320a"

PROCESS_WIDTH, RESOURCE_WIDTH = 360.0, 320.0
LINE_HEIGHT, HEADER = 18.0, 34.0
NAME_WIDTH, STATEMENT_WIDTH, MOST_STATEMENT_LINES = 38, 44, 6
MARGIN, TITLE = 40.0, 76.0


@dataclass(slots=True)
class Card:
    """A box of text around (x, y). ``lines`` are texts with their fonts and colours."""

    title: str
    badge: str
    lines: list[tuple[str, str, str]]
    width: float
    colour: str
    tint: str
    x: float = 0.0
    y: float = 0.0

    @property
    def height(self) -> float:
        return HEADER + 12 + LINE_HEIGHT * len(self.lines) + 8

    def border(self, towards_x: float, towards_y: float, gap: float = 0.0) -> tuple[float, float]:
        """Where the straight line from the middle to a point leaves the box, ``gap`` outside of it."""
        dx, dy = towards_x - self.x, towards_y - self.y
        if dx == dy == 0:
            return self.x, self.y
        scale = min(
            (self.width / 2 + gap) / abs(dx) if dx else math.inf, (self.height / 2 + gap) / abs(dy) if dy else math.inf
        )
        return self.x + dx * scale, self.y + dy * scale


def draw(deadlock: Deadlock) -> str:
    """The picture as an SVG document."""
    processes = {process.id: _process_card(process) for process in deadlock.processes}
    resources = [_resource_card(resource) for resource in deadlock.resources]
    _place(deadlock, processes, resources)
    cards = [*processes.values(), *resources]
    left = min((card.x - card.width / 2 for card in cards), default=0.0) - MARGIN
    right = max((card.x + card.width / 2 for card in cards), default=0.0) + MARGIN
    top = min((card.y - card.height / 2 for card in cards), default=0.0) - MARGIN - TITLE
    bottom = max((card.y + card.height / 2 for card in cards), default=0.0) + MARGIN + 30
    body = [
        *_title(deadlock, left + MARGIN, top + MARGIN),
        *_arrows(deadlock, processes, resources),
        *(line for card in cards for line in _card(card)),
        *_legend(left + MARGIN, bottom - MARGIN / 2),
    ]
    width, height = right - left, bottom - top
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
            f' viewBox="{left:.1f} {top:.1f} {width:.1f} {height:.1f}" font-family="{SANS}" font-size="13">',
            f"<title>{escape(_heading(deadlock))}</title>",
            "<defs>",
            *(_arrow_head(name, colour) for name, colour in (("hold", HOLD), ("wait", WAIT))),
            "</defs>",
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{PAPER}"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def _heading(deadlock: Deadlock) -> str:
    victims = ", ".join(str(process.session) for process in deadlock.victims)
    return f"Deadlock: session {victims} was the victim" if victims else "Deadlock"


def _title(deadlock: Deadlock, x: float, y: float) -> Iterator[str]:
    when = f"{deadlock.time:%Y-%m-%d %H:%M:%S} UTC" if deadlock.time is not None else "time unknown"
    count = f"{len(deadlock.processes)} sessions, {len(deadlock.resources)} resource"
    yield _text(x, y + 8, _heading(deadlock), size=22, weight=600)
    yield _text(x, y + 32, f"{when} · {count}{'' if len(deadlock.resources) == 1 else 's'}", colour=FAINT)


# --- Cards ------------------------------------------------------------------------------------------------------------


def _process_card(process: Process) -> Card:
    who = " · ".join(filter(None, (process.login, process.host, process.application)))
    how = f"{process.isolation or 'unknown level'} · priority {process.priority} · {process.log_used:,} bytes of log"
    lines = [(_short(text, 50), SANS, FAINT) for text in (who, how) if text]
    if process.place:
        lines.append((_short(process.place, 50), SANS, INK))
    wrapped = textwrap.wrap(process.statement, STATEMENT_WIDTH) or ["(statement unknown)"]
    if len(wrapped) > MOST_STATEMENT_LINES:
        wrapped = [*wrapped[: MOST_STATEMENT_LINES - 1], f"{wrapped[MOST_STATEMENT_LINES - 1][:-2]} …"]
    lines += [(line, MONO, INK) for line in wrapped]
    colour, tint = (VICTIM, VICTIM_TINT) if process.victim else (SURVIVOR, SURVIVOR_TINT)
    return Card(f"Session {process.session}", "victim" if process.victim else "", lines, PROCESS_WIDTH, colour, tint)


def _resource_card(resource: Resource) -> Card:
    lines = [(name, SANS, INK) for name in _name_lines(resource.name or "(unnamed)")]
    if resource.detail:
        lines.append((_short(resource.detail, 40), MONO, INK))
    return Card(resource.kind, "", lines, RESOURCE_WIDTH, RESOURCE, RESOURCE_TINT)


def _name_lines(name: str) -> list[str]:
    """A dotted name on as few lines as hold it, broken behind dots where that is possible."""
    lines = [""]
    for part in name.replace(".", ".\n").split("\n"):
        if lines[-1] and len(lines[-1]) + len(part) > NAME_WIDTH:
            lines.append("")
        lines[-1] += part
    return [piece for line in lines for piece in textwrap.wrap(line, NAME_WIDTH)]


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _place(deadlock: Deadlock, processes: dict[str, Card], resources: Sequence[Card]) -> None:
    """Sessions and what they wait for go round a ring in the order of the cycle, the first session on the left. A
    resource that several sessions wait for, as in a conversion, stands in the middle."""
    ring: list[Card] = []
    for identifier in _in_cycle_order(deadlock):
        ring.append(processes[identifier])
        for resource, card in zip(deadlock.resources, resources, strict=True):
            awaited = [request.process for request in resource.waiters]
            if awaited == [identifier]:
                ring.append(card)
    between = [card for card in resources if card not in ring]
    tallest = max((card.height for card in ring), default=0.0)
    horizontal = max(PROCESS_WIDTH / 2 + RESOURCE_WIDTH / 2 + 200 if between else 440.0, 95.0 * len(ring))
    vertical = max(tallest / 2 + 120, 66.0 * len(ring)) if len(ring) > 2 else 0.0
    for number, card in enumerate(ring):
        angle = math.pi - 2 * math.pi * number / max(len(ring), 1)
        card.x, card.y = horizontal * math.cos(angle), -vertical * math.sin(angle)
    for number, card in enumerate(between):
        card.y = (number - (len(between) - 1) / 2) * (card.height + 60)


def _in_cycle_order(deadlock: Deadlock) -> list[str]:
    """The processes, each followed by the one that it waits for."""
    holders = {
        waiter.process: [owner.process for owner in resource.owners if owner.process != waiter.process]
        for resource in deadlock.resources
        for waiter in resource.waiters
    }
    known = [process.id for process in deadlock.processes]
    order: list[str] = []
    for start in known:
        current: str | None = start
        while current is not None and current not in order and current in known:
            order.append(current)
            current = next((owner for owner in holders.get(current, ()) if owner not in order), None)
    return order


def _card(card: Card) -> Iterator[str]:
    x, y = card.x - card.width / 2, card.y - card.height / 2
    yield (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{card.width:.0f}" height="{card.height:.0f}" rx="10" fill="{card.tint}"'
        f' stroke="{card.colour}" stroke-width="1.5"/>'
    )
    yield (
        f'<path d="M{x:.1f} {y + HEADER:.1f} v-{HEADER - 10:.0f} q0 -10 10 -10 h{card.width - 20:.0f}'
        f' q10 0 10 10 v{HEADER - 10:.0f} z" fill="{card.colour}"/>'
    )
    yield _text(x + 14, y + 23, card.title, size=15, weight=600, colour=PAPER)
    if card.badge:
        width = 12 + 7.2 * len(card.badge)
        left = x + card.width - width - 12
        yield f'<rect x="{left:.1f}" y="{y + 8:.1f}" width="{width:.1f}" height="19" rx="9.5" fill="{PAPER}"/>'
        yield _text(left + width / 2, y + 22, card.badge, size=12, weight=600, colour=card.colour, anchor="middle")
    for number, (text, font, colour) in enumerate(card.lines):
        baseline = y + HEADER + 21 + LINE_HEIGHT * number
        yield _text(x + 14, baseline, text, size=12.5 if font == MONO else 13, font=font, colour=colour)


# --- Arrows -----------------------------------------------------------------------------------------------------------


def _arrows(deadlock: Deadlock, processes: dict[str, Card], resources: Sequence[Card]) -> Iterator[str]:
    for resource, card in zip(deadlock.resources, resources, strict=True):
        for request in (*resource.owners, *resource.waiters):
            process = processes.get(request.process)
            if process is None:
                continue
            both = {one.process for one in resource.owners} & {one.process for one in resource.waiters}
            bend = 34.0 if request.process in both else 0.0
            if request in resource.owners:
                yield from _arrow(card, process, _owner_label(request), HOLD, "hold", bend)
            else:
                yield from _arrow(process, card, f"waits for {request.mode}", WAIT, "wait", bend)


def _owner_label(request: Request) -> str:
    return f"holds {request.mode}" if request.kind == OWNS else f"asked for {request.mode} before"


def _arrow(start: Card, end: Card, label: str, colour: str, head: str, bend: float) -> Iterator[str]:
    """An arrow between two cards, bent to its right by ``bend``, with a label in the middle."""
    dx, dy = end.x - start.x, end.y - start.y
    length = math.hypot(dx, dy) or 1.0
    middle_x = (start.x + end.x) / 2 - dy / length * bend * 2
    middle_y = (start.y + end.y) / 2 + dx / length * bend * 2
    x1, y1 = start.border(middle_x, middle_y)
    x2, y2 = end.border(middle_x, middle_y, gap=7)
    dashes = ' stroke-dasharray="7 5"' if head == "wait" else ""
    yield (
        f'<path d="M{x1:.1f} {y1:.1f} Q{middle_x:.1f} {middle_y:.1f} {x2:.1f} {y2:.1f}" fill="none" stroke="{colour}"'
        f' stroke-width="2"{dashes} marker-end="url(#{head})"/>'
    )
    label_x, label_y = (x1 + 2 * middle_x + x2) / 4, (y1 + 2 * middle_y + y2) / 4
    width = 14 + 7.0 * len(label)
    yield (
        f'<rect x="{label_x - width / 2:.1f}" y="{label_y - 11:.1f}" width="{width:.1f}" height="22" rx="11"'
        f' fill="{PAPER}" stroke="{LINE}"/>'
    )
    yield _text(label_x, label_y + 4.5, label, size=12.5, weight=600, colour=colour, anchor="middle")


def _arrow_head(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7"'
        f' orient="auto-start-reverse"><path d="M0 0 L10 5 L0 10 z" fill="{colour}"/></marker>'
    )


def _legend(x: float, y: float) -> Iterator[str]:
    for left, text, colour, dashes in (
        (x, "resource is held by session", HOLD, ""),
        (x + 250, "session waits for resource", WAIT, ' stroke-dasharray="7 5"'),
    ):
        head = "wait" if dashes else "hold"
        yield (
            f'<path d="M{left:.1f} {y:.1f} h36" stroke="{colour}" stroke-width="2"{dashes} marker-end="url(#{head})"/>'
        )
        yield _text(left + 50, y + 4, text, size=12, colour=FAINT)


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: float = 13,
    weight: int = 400,
    colour: str = INK,
    font: str = "",
    anchor: str = "",
) -> str:
    family = f' font-family="{font}"' if font and font != SANS else ""
    placed = f' text-anchor="{anchor}"' if anchor else ""
    bold = f' font-weight="{weight}"' if weight != 400 else ""
    kept = ' xml:space="preserve"' if font == MONO else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{family}{bold}{placed}{kept}>'
        f"{escape(text)}</text>"
    )
