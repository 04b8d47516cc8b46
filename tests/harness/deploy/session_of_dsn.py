"""A plugin for tests that run in a process of their own: the fixture `session`, on the database of LOCKSTEP_DSN."""

from collections.abc import Iterator

import pytest

from harness.connection import Session, Target, open_session


@pytest.fixture
def session() -> Iterator[Session]:
    target = Target.from_environment()
    assert target is not None
    with open_session(target) as opened:
        yield opened
