"""Event sessions: CREATE, ALTER and DROP EVENT SESSION."""

from __future__ import annotations

from emulator.sql import nodes
from emulator.sql.lexer import INTEGER, Token
from emulator.sql.parser.core import Grammar


class EventParser(Grammar):
    """What collects events."""

    def create_event_session(self, first: Token) -> nodes.CreateEventSession:
        name = self._event_session()
        events: list[nodes.EventPart] = []
        targets: list[nodes.EventPart] = []
        while not events or self.accept(","):
            self.expect("ADD", "EVENT")
            events.append(self._added_event())
        while self.at("ADD") or (targets and self.accept(",")):
            self.expect("ADD", "TARGET")
            targets.append(self._event_target())
        options = self.options() if self.accept("WITH") else ()
        return nodes.CreateEventSession(name, tuple(events), tuple(targets), options, **self.span(first))

    def alter_event_session(self, first: Token) -> nodes.AlterEventSession:
        name = self._event_session()
        changes: list[nodes.EventChange] = []
        options: tuple[nodes.Option, ...] = ()
        state = None
        while self.at("ADD", "DROP"):
            changes.append(self._event_change())
            self.accept(",")
        if self.accept("WITH"):
            options = self.options()
        if self.accept("STATE"):
            self.expect("=")
            state = self.expect_one_of("START", "STOP")
        if not changes and not options and state is None:
            raise self.syntax_error()
        return nodes.AlterEventSession(name, tuple(changes), options, state, **self.span(first))

    def drop_event_session(self, first: Token) -> nodes.DropEventSession:
        return nodes.DropEventSession(self._event_session(), **self.span(first))

    def _event_session(self) -> str:
        """`EVENT SESSION name ON SERVER`."""
        self.expect("EVENT")
        if not self.at("SESSION"):
            raise self.not_supported(f"EVENT {self.token.value}")
        self.advance()
        name = self.identifier()
        self.expect("ON")
        if self.at("DATABASE"):
            raise self.not_supported("event sessions of a database")
        self.expect("SERVER")
        return name

    def _event_change(self) -> nodes.EventChange:
        line = self.token.line
        verb = self.expect_one_of("ADD", "DROP")
        kind = self.expect_one_of("EVENT", "TARGET")
        if verb == "DROP":
            part = self._event_part()
        else:
            part = self._added_event() if kind == "EVENT" else self._event_target()
        return nodes.EventChange(verb, kind, part, line=line)

    def _added_event(self) -> nodes.EventPart:
        """`package.event`, with nothing behind it."""
        part = self._event_part()
        if self.accept("("):
            raise self.not_supported(f"{self.token.value} of an event")
        return part

    def _event_target(self) -> nodes.EventPart:
        part = self._event_part()
        if not self.accept("("):
            return part
        self.expect("SET")
        settings = self.comma_list(self._target_setting)
        self.expect(")")
        return nodes.EventPart(part.package, part.name, settings, line=part.line)

    def _event_part(self) -> nodes.EventPart:
        """`[module.]package.name`."""
        line = self.token.line
        name = self.object_name()
        return nodes.EventPart(name.schema or "", name.name, line=line)

    def _target_setting(self) -> nodes.Option:
        """`name = value`, the value in brackets or not."""
        line = self.token.line
        name = self.identifier().lower()
        self.expect("=")
        bracketed = self.accept("(")
        value = str(self.integer()) if self.token.kind is INTEGER else self.string()
        if bracketed:
            self.expect(")")
        return nodes.Option(name, value, line=line)
