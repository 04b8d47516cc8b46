"""Databases of their own for tests that deploy, and folders of files to deploy from."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.connection import Target, open_session
from harness.deploy.sources import DATABASE_FOLDER


class Files:
    """A database folder with the real migrations and procedures of its own in the schema ops."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "migrations").symlink_to(DATABASE_FOLDER / "migrations")

    def write(self, kind: str, name: str, text: str) -> Path:
        """One file, `name` with its schema."""
        path = self.root / kind / Path(*name.split(".")).with_suffix(".sql")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def procedure(self, name: str, body: str = "SELECT 1 AS A;") -> Path:
        """A procedure of the schema ops."""
        return self.write(
            "procedures", f"ops.{name}", f"CREATE OR ALTER PROCEDURE ops.{name}\nAS\nBEGIN\n    {body}\nEND;\nGO\n"
        )

    def remove(self, kind: str, name: str) -> None:
        """Take a file away."""
        (self.root / kind / Path(*name.split(".")).with_suffix(".sql")).unlink()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A folder to deploy from."""
    root = tmp_path / "database"
    root.mkdir()
    return Files(root)


@pytest.fixture
def new_database(target: Target, worker_id: str) -> Iterator[Callable[[], Target]]:
    """Makes empty databases on the target's server, which are dropped when the test is over."""
    made: list[str] = []

    def make() -> Target:
        name = f"lockstep_deploy_{worker_id}_{len(made)}"
        with open_session(target) as session:
            session.execute(f"CREATE DATABASE {name};")
        made.append(name)
        return target.with_database(name)

    yield make
    with open_session(target) as session:
        for name in made:
            session.execute(f"DROP DATABASE {name};")


@pytest.fixture
def empty_database(new_database: Callable[[], Target]) -> Target:
    """A database without anything in it."""
    return new_database()
