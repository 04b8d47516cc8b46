"""Simple parameterization: batches that differ only in constants share one compiled unit.

``SELECT name FROM dbo.item WHERE id = 4`` becomes ``SELECT name FROM dbo.item WHERE id = @1`` with the parameter ``@1``
of the constant's type. Only constants become parameters with which the statement means the same and locks the same as
with the constants: those that a statement on one table compares a column with, or stores in a column as they are.
Other constants (in the select list, in arithmetic, of TOP) stay what they are. A batch of other statements, or with
variables of its own, is left alone, and so is a table with a filtered index, which a constant may allow to be used.

Documentation: "Query processing architecture guide", "Simple parameterization"; "sys.dm_exec_cached_plans", objects of
type Prepared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Parameter, Table
from emulator.errors import SqlError
from emulator.planning.queries.names import find_object
from emulator.sql import nodes
from emulator.sql.lexer import DECIMAL, INTEGER, NATIONAL_STRING, STRING, Token, decimal_digits
from emulator.sql.lexer import constants as find_constants
from emulator.sql.parser import parse_batch
from emulator.types.sqltype import INT, MAX_PRECISION, SqlType, numeric, nvarchar, varchar

if TYPE_CHECKING:
    from emulator.execution.units import CodeUnit
    from emulator.session import Session

LONGEST_TEXT = 4000
"""Characters of a batch that is looked at: longer ones are scripts, which nobody repeats with other constants."""
MAX_INT = 2**31 - 1
MAX_VARCHAR, MAX_NVARCHAR = 8000, 4000
_PARAMETER = re.compile(r"@(\d+)")

WITHOUT_CONSTANTS = (
    nodes.BeginTransaction,
    nodes.CommitTransaction,
    nodes.RollbackTransaction,
    nodes.SaveTransaction,
    nodes.SetIsolationLevel,
    nodes.SetOption,
)
"""Statements that may stand beside those with parameters."""


Kind = str | tuple[int, int]
"""What kind of constant: the token's, or precision and scale of a decimal one."""


@dataclass(slots=True)
class Constants:
    """A batch taken apart: ``pieces`` of text with a constant between each two of them.

    ``tokens`` are the constants as written, ``values`` their engine values.
    """

    pieces: tuple[str, ...]
    tokens: tuple[str, ...]
    kinds: tuple[Kind, ...]
    values: tuple[Any, ...]

    def text(self, parameters: Sequence[int]) -> str:
        """The batch with the constants at these places replaced by ``@1``, ``@2`` and so on, by their places."""
        between = list(self.tokens)
        for place in parameters:
            between[place] = f"@{place + 1}"
        return "".join(piece + constant for piece, constant in zip(self.pieces, [*between, ""], strict=True))


@dataclass(slots=True)
class Shape:
    """What batches have in common that differ in constants alone: which of these become ``parameters``.

    ``unit`` is set when all of them do: nothing else can differ then.
    """

    places: tuple[int, ...]
    parameters: tuple[Parameter, ...]
    unit: CodeUnit | None = None


def parameterized_unit(session: Session, text: str) -> tuple[CodeUnit, Sequence[Any]] | None:
    """The unit of the batch with parameters for its constants, and their values; None if it keeps its constants.

    Errors: those of compiling it.
    """
    constants = take_apart(text)
    if constants is None:
        return None
    quoted = "QUOTED_IDENTIFIER" in session.settings.on
    database = session.database
    key = (constants.pieces, constants.kinds, database, database.version, session.user.default_schema, quoted)
    shape = session.instance.shapes.get(key)
    if shape is None:
        shape = session.instance.shapes[key] = _shape(session, constants, quoted)
    places = shape.places
    if not places:
        return None
    if shape.unit is not None:
        return shape.unit, constants.values
    unit = session.unit(constants.text(places), shape.parameters)
    if len(places) == len(constants.tokens):
        shape.unit = unit
    return unit, tuple([constants.values[place] for place in places])


def take_apart(text: str) -> Constants | None:
    """The constants of a batch. None: it has none or has variables, is too long, or ends within a comment."""
    if len(text) > LONGEST_TEXT or "@" in text:
        return None
    try:
        tokens = find_constants(text)
    except SqlError:
        return None
    pieces, written, kinds, values = [], [], [], []
    end = 0
    for token in tokens:
        constant = text[token.start : token.end]
        parameter = _kind_and_value(token)
        if parameter is None or "\n" in constant or _is_glued(text, token):
            continue
        pieces.append(text[end : token.start])
        written.append(constant)
        kinds.append(parameter[0])
        values.append(parameter[1])
        end = token.end
    if not written:
        return None
    return Constants((*pieces, text[end:]), tuple(written), tuple(kinds), tuple(values))


def span_as_written(batch: str, text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where in ``batch`` stands what is from ``start`` to ``end`` in ``text``, the same batch with parameters. None:
    ``text`` is not made of it."""
    constants = take_apart(batch)
    if constants is None:
        return None
    replaced = {int(number) - 1 for number in _PARAMETER.findall(text)}
    if not replaced or constants.text([place for place in replaced if place < len(constants.tokens)]) != text:
        return None

    def as_written(position: int) -> int:
        at = longer = 0
        for place, (piece, token) in enumerate(zip(constants.pieces, constants.tokens, strict=False)):
            at += len(piece)
            if at >= position:
                break
            shown = f"@{place + 1}" if place in replaced else token
            at += len(shown)
            longer += len(token) - len(shown)
        return position + longer

    return as_written(start), as_written(end)


def _kind_and_value(token: Token) -> tuple[Kind, Any] | None:
    """Kind and value as a parameter; None for what is none: other kinds of constants, and what is too large."""
    kind, value = token.kind, token.value
    if kind is INTEGER:
        number = int(value)
        return (kind, number) if number <= MAX_INT else None
    if kind is STRING:
        return (kind, value) if len(value) <= MAX_VARCHAR else None
    if kind is NATIONAL_STRING:
        return (kind, value) if len(value) <= MAX_NVARCHAR else None
    if kind is not DECIMAL:
        return None
    precision, scale = decimal_digits(value)
    return ((precision, scale), int(value.replace(".", ""))) if precision <= MAX_PRECISION else None


def _type_of(kind: Kind) -> SqlType:
    if isinstance(kind, tuple):
        return numeric(*kind)
    return _TYPES[kind]


_TYPES = {INTEGER: INT, STRING: varchar(MAX_VARCHAR), NATIONAL_STRING: nvarchar(MAX_NVARCHAR)}


def _is_glued(text: str, token: Token) -> bool:
    """Whether a name touches the constant, and would run into that of a parameter (``'a'AS b``)."""
    return text[token.start - 1 : token.start].isalnum() or text[token.end : token.end + 1].isalnum()


# --- Which constants --------------------------------------------------------------------------------------------------


def _shape(session: Session, constants: Constants, quoted: bool) -> Shape:
    text = constants.text(range(len(constants.tokens)))
    try:
        batch = parse_batch(text, quoted_identifier=quoted)
        found = {variable.name for node in batch.statements for variable in _replaceable(node, session, text)}
    except (SqlError, _NotSimple):
        return Shape((), ())
    places = tuple(place for place in range(len(constants.tokens)) if f"@{place + 1}" in found)
    return Shape(places, tuple(Parameter(f"@{place + 1}", _type_of(constants.kinds[place])) for place in places))


class _NotSimple(Exception):
    """The batch is left alone."""


def _replaceable(node: nodes.Statement, session: Session, text: str) -> Iterator[nodes.Variable]:
    match node:
        case nodes.Select(query=nodes.Query(body=nodes.QuerySpecification(sources=(source,)) as body), ctes=()):
            target, where = source, body.where
            if body.into is not None:
                raise _NotSimple
        case nodes.Update(target=target, sources=(), where=where, ctes=()):
            for item in node.assignments:
                if isinstance(item, nodes.ColumnAssignment) and item.operator == "=":
                    yield from _constant(item.value)
        case nodes.Delete(target=target, sources=(), where=where, ctes=()):
            pass
        case nodes.Insert(target=target, source=nodes.InsertValues(rows=rows), ctes=()):
            where = None
            for row in rows:
                for value in row:
                    yield from _constant(value)
        case _ if isinstance(node, WITHOUT_CONSTANTS):
            return
        case _:
            raise _NotSimple
    _require_plain_table(target, session, text)
    yield from _compared(where)


def _require_plain_table(source: nodes.TableSource, session: Session, text: str) -> None:
    """_NotSimple: anything but a table of the current database, or with what may depend on a constant."""
    if not isinstance(source, nodes.NamedTable) or source.name.database is not None or source.name.name[0] == "#":
        raise _NotSimple
    table = find_object(source.name, session.compiler(session.database, text).context())
    if not isinstance(table, Table):
        raise _NotSimple
    if any(index.filter is not None for index in table.indexes):
        raise _NotSimple
    if any(column.type.name == "sql_variant" for column in table.columns):
        raise _NotSimple


def _compared(where: nodes.Predicate | None) -> Iterator[nodes.Variable]:
    """What columns are compared with in conditions that must all be true."""
    match where:
        case nodes.And(operands=operands):
            for operand in operands:
                yield from _compared(operand)
        case (
            nodes.Comparison(left=nodes.ColumnRef(), right=value)
            | nodes.Comparison(left=value, right=nodes.ColumnRef())
        ):
            yield from _constant(value)
        case nodes.Between(operand=nodes.ColumnRef(), low=low, high=high):
            yield from _constant(low)
            yield from _constant(high)


def _constant(value: nodes.Expression) -> Iterator[nodes.Variable]:
    """The parameter for a constant with or without a sign."""
    if isinstance(value, nodes.Unary) and value.operator == "-":
        value = value.operand
    if isinstance(value, nodes.Variable):
        yield value
