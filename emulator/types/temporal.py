"""Calendar arithmetic on the integer representations of dates and times."""

from collections.abc import Callable
from typing import Any

from emulator.types.sqltype import SqlType


def date_part_name(word: str) -> str:
    """The canonical date part of a keyword or abbreviation (``yy`` is ``year``). Raises 155."""
    raise NotImplementedError


def date_add(part: str, t: SqlType) -> Callable[[int, Any], Any]:
    """DATEADD(part, number, value) for values of ``t``. Raises now 9810; the function raises 517."""
    raise NotImplementedError


def date_diff(part: str, a: SqlType, b: SqlType, big: bool = False) -> Callable[[Any, Any], int]:
    """DATEDIFF(part, a, b), ``big``: DATEDIFF_BIG. Raises now 9810; the function raises 535."""
    raise NotImplementedError


def date_part(part: str, t: SqlType, date_first: Callable[[], int]) -> Callable[[Any], int]:
    """DATEPART(part, value); ``date_first`` gives @@DATEFIRST (7 in us_english). Raises 9810."""
    raise NotImplementedError


def date_name(part: str, t: SqlType, date_first: Callable[[], int]) -> Callable[[Any], str]:
    """DATENAME(part, value). Raises 9810."""
    raise NotImplementedError


def end_of_month(days: int, months: int = 0) -> int:
    """EOMONTH of a date (days since 0001-01-01)."""
    raise NotImplementedError


def from_timestamp(t: SqlType, timestamp: float, offset: int = 0) -> Any:
    """The moment ``timestamp`` (seconds since 1970-01-01 UTC) as a value of ``t``, ``offset`` minutes east of UTC."""
    raise NotImplementedError
