"""All families of built-in functions: importing this module enters every one of them in the registry."""

from emulator.execution.functions import (
    dates,
    hashing,
    mathematics,
    session_state,
    strings,
)

__all__ = ["dates", "hashing", "mathematics", "session_state", "strings"]
