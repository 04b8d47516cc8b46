"""The variants of a database that the same tests run on, by LOCKSTEP_VARIANT; `make test-variants` runs them all.

- `decimal` (the default): the tables that the baseline makes.
- `float`: an ERP's own tables, with float quantities and columns of its own, which the baseline adopts.
- `level100`: compatibility level 100.
- `versioned`: READ_COMMITTED_SNAPSHOT on.
"""

import os

from harness.connection import Target, open_session
from tests.database import existing_erp

VARIANTS = ("decimal", "float", "level100", "versioned")


def chosen_variant() -> str:
    """The variant that the environment asks for."""
    variant = os.environ.get("LOCKSTEP_VARIANT", "decimal")
    if variant not in VARIANTS:
        raise ValueError(f"LOCKSTEP_VARIANT is {variant!r}; it must be one of {', '.join(VARIANTS)}")
    return variant


def prepare(target: Target) -> None:
    """Make an empty database of the chosen variant, before anything is deployed on it."""
    with open_session(target) as session:
        match chosen_variant():
            case "float":
                existing_erp.create(session)
            case "level100":
                session.execute("ALTER DATABASE CURRENT SET COMPATIBILITY_LEVEL = 100;")
            case "versioned":
                session.execute("ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE;")
