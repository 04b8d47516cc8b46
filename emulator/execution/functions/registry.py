"""The registry of built-in functions: one declaration a function, with the arguments it takes and the type it gives.

A declaration is a decorator on the function that computes the value from engine values::

    @function("SQUARE", FLOAT, result=FLOAT_TYPE)
    def square(value: float) -> float: ...

and for those that depend on the types of their arguments, on the function that chooses it when a call is compiled::

    @bound("LEN", TEXT)
    def length(call: Call) -> tuple[SqlType, Callable]: ...

Before the call every argument is converted to what its ``Kind`` asks for. A NULL argument makes the result NULL without
a call, unless the declaration says ``nulls=True``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from emulator.types.sqltype import (
    MAX,
    SqlType,
    is_binary,
    is_character,
    is_decimal,
    is_unicode,
    nvarchar,
    varchar,
)


class Kind(Enum):
    """What a parameter takes."""

    ANY = "any type, as it is"
    TEXT = "text; other types become varchar"
    TEXT_OR_BINARY = "text or binary; other types become varchar"
    UNICODE = "text, made nvarchar"
    INTEGER = "int"
    COUNT = "int; text is refused"
    BIGINT = "bigint"
    FLOAT = "float"
    NUMBER = "any number; text and bit become float"
    MOMENT = "a date or time; text becomes datetime2"
    DATETIME = "a date or time; anything else becomes datetime"
    DATE = "date"
    DATETIMEOFFSET = "datetimeoffset"
    BINARY = "text or varbinary"
    DATE_PART = "the word for a date part, not a value"


ANY, TEXT, TEXT_OR_BINARY, UNICODE = Kind.ANY, Kind.TEXT, Kind.TEXT_OR_BINARY, Kind.UNICODE
INTEGER, COUNT, BIGINT, FLOAT, NUMBER = Kind.INTEGER, Kind.COUNT, Kind.BIGINT, Kind.FLOAT, Kind.NUMBER
MOMENT, DATETIME, DATE, DATETIMEOFFSET = Kind.MOMENT, Kind.DATETIME, Kind.DATE, Kind.DATETIMEOFFSET
BINARY, DATE_PART = Kind.BINARY, Kind.DATE_PART


class _NotConstant:
    """Stands for the value of an argument that is not known when the call is compiled."""


NOT_CONSTANT: Final = _NotConstant()


@dataclass(frozen=True, slots=True)
class Call:
    """A call being compiled: ``types`` of the arguments after conversion, the values of those that are ``constants``.

    Words for date parts are no arguments; ``word`` is the one given. ``line`` is where the call stands. ``json`` says
    of each argument whether it is JSON made by another function.
    """

    name: str
    types: tuple[SqlType, ...]
    constants: tuple[Any, ...] = ()
    word: str = ""
    line: int = 0
    json: tuple[bool, ...] = ()

    def constant(self, place: int) -> Any:
        """The value of the argument if it is a constant, else None (NULL gives None too)."""
        if place >= len(self.constants) or self.constants[place] is NOT_CONSTANT:
            return None
        return self.constants[place]


Implementation: TypeAlias = Callable[..., Any]
ResultType: TypeAlias = "SqlType | Callable[[Call], SqlType]"


@dataclass(frozen=True, slots=True)
class Function:
    """A built-in function.

    ``optional``: so many of the last parameters may be left out. ``variadic``: the last one may be repeated.
    ``session``: the implementation takes the session before the values. ``nulls``: it takes NULLs (as None).
    ``once``: in a query it is evaluated once per execution of the statement, not per row (GETDATE).
    ``large``: it takes text, ntext and image. ``deterministic``: see ``Expr``. ``nullable``: the result may be
    NULL though no argument is.
    """

    name: str
    kinds: tuple[Kind, ...]
    bind: Callable[[Call], tuple[SqlType, Implementation]]
    optional: int = 0
    variadic: bool = False
    session: bool = False
    nulls: bool = False
    once: bool = False
    large: bool = False
    deterministic: bool = True
    nullable: bool = True

    @property
    def least(self) -> int:
        """The least number of arguments."""
        return len(self.kinds) - self.optional

    @property
    def most(self) -> int:
        """The greatest number of arguments."""
        return 254 if self.variadic else len(self.kinds)


FUNCTIONS: Final[dict[str, Function]] = {}
"""Every built-in function by its upper-case name; system variables with their ``@@``."""


def bound(
    name: str, *kinds: Kind, **properties: Any
) -> Callable[[Callable[[Call], tuple[SqlType, Implementation]]], Callable[[Call], tuple[SqlType, Implementation]]]:
    """Enter the decorated function, which chooses type and implementation. ``properties`` are those of ``Function``."""

    def enter(
        bind: Callable[[Call], tuple[SqlType, Implementation]],
    ) -> Callable[[Call], tuple[SqlType, Implementation]]:
        FUNCTIONS[name] = Function(name, kinds, bind, **properties)
        return bind

    return enter


def function(
    name: str, *kinds: Kind, result: ResultType, **properties: Any
) -> Callable[[Implementation], Implementation]:
    """Enter the decorated function as the implementation. ``result`` is its type or gives the type for a call."""

    def enter(implementation: Implementation) -> Implementation:
        def bind(call: Call) -> tuple[SqlType, Implementation]:
            return (result if isinstance(result, SqlType) else result(call)), implementation

        FUNCTIONS[name] = Function(name, kinds, bind, **properties)
        return implementation

    return enter


def session_value(name: str, result: SqlType, **properties: Any) -> Callable[[Implementation], Implementation]:
    """Enter the decorated function of the session as a function without arguments."""
    return function(name, result=result, session=True, nulls=True, **properties)


# --- Types of arguments and results -----------------------------------------------------------------------------------

_TEXT_LENGTHS: Final = {
    "bit": 1,
    "tinyint": 3,
    "smallint": 6,
    "int": 12,
    "bigint": 20,
    "money": 24,
    "smallmoney": 14,
    "float": 32,
    "real": 32,
    "uniqueidentifier": 36,
    "date": 10,
    "time": 16,
    "smalldatetime": 19,
    "datetime": 26,
    "datetime2": 27,
    "datetimeoffset": 34,
}


def as_text(t: SqlType) -> SqlType:
    """The character type that a value of ``t`` becomes where text is wanted; ``t`` itself if it is one."""
    if is_character(t):
        return t
    if is_decimal(t):
        return varchar(t.precision + 3)
    if is_binary(t):
        return varchar(t.length)
    return varchar(_TEXT_LENGTHS.get(t.name, 8000))


def variable_length(t: SqlType, length: int | None = None) -> SqlType:
    """varchar or nvarchar like the character type ``t``, of ``length`` if given, cut to what the type allows."""
    wanted = t.length if length is None else length
    most = 4000 if is_unicode(t) else 8000
    if wanted != MAX:
        wanted = max(1, min(wanted, most))
    return (nvarchar if is_unicode(t) else varchar)(wanted, t.collation)


def same_text(call: Call) -> SqlType:
    """Result type of functions that give text no longer than their first argument."""
    return variable_length(call.types[0])


def first_type(call: Call) -> SqlType:
    """Result type of functions that keep the type of their first argument."""
    return call.types[0]
