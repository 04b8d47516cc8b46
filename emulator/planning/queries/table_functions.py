"""Built-in table-valued functions: STRING_SPLIT, GENERATE_SERIES, fn_listextendedproperty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from emulator.catalog.objects import fold
from emulator.catalog.system_views.definition import SYSTEM_FUNCTIONS, SystemFunction
from emulator.catalog.system_views.extended_properties import InvalidLevels, targets
from emulator.errors import sql_error
from emulator.planning.binding import SESSION, Env, Expr, SourceColumn
from emulator.planning.expressions import convert_to
from emulator.planning.expressions.application import constant_value
from emulator.sql import nodes
from emulator.types.precedence import common_type
from emulator.types.sqltype import BIGINT, INT, MAX, SQL_VARIANT, SYSNAME, is_character, is_unicode, nvarchar, varchar

TableFunctionCompiler = Callable[
    [Sequence[Expr], int], tuple[list[SourceColumn], Callable[[Env], Iterable[tuple[Any, ...]]]]
]


def string_split(
    arguments: Sequence[Expr], line: int
) -> tuple[list[SourceColumn], Callable[[Env], Iterable[tuple[Any, ...]]]]:
    """STRING_SPLIT(string, separator [, enable_ordinal]). Errors: 214 for a separator of more than one character."""
    if not 2 <= len(arguments) <= 3:
        raise sql_error(189, "string_split", 2, 3, line=line)
    text = arguments[0] if is_character(arguments[0].type) else convert_to(arguments[0], varchar(MAX))
    value_type = nvarchar(text.type.length) if is_unicode(text.type) else varchar(text.type.length)
    text_of, separator_of = text.fn, arguments[1].fn
    with_ordinal = len(arguments) == 3 and bool(constant_value(arguments[2]))
    columns = [SourceColumn("value", value_type)]
    if with_ordinal:
        columns.append(SourceColumn("ordinal", BIGINT))

    def rows(env: Env) -> Iterable[tuple[Any, ...]]:
        separator = separator_of(env)
        if separator is None or len(separator) != 1:
            raise sql_error(214, "separator", "nchar(1)/nvarchar(1)")
        value = text_of(env)
        parts = [] if value is None else value.split(separator)
        return list(zip(parts, range(1, len(parts) + 1), strict=True)) if with_ordinal else [(part,) for part in parts]

    return columns, rows


def generate_series(
    arguments: Sequence[Expr], line: int
) -> tuple[list[SourceColumn], Callable[[Env], Iterable[tuple[Any, ...]]]]:
    """GENERATE_SERIES(start, stop [, step]) of whole or decimal numbers. Errors: 4199 for a step of zero."""
    if not 2 <= len(arguments) <= 3:
        raise sql_error(189, "generate_series", 2, 3, line=line)
    type = INT
    for position, argument in enumerate(arguments):
        type = argument.type if position == 0 else common_type(type, argument.type)
    start_of, stop_of, *step_of = (convert_to(argument, type).fn for argument in arguments)
    one = 10**type.scale

    def rows(env: Env) -> Iterable[tuple[Any, ...]]:
        start, stop = start_of(env), stop_of(env)
        step = step_of[0](env) if step_of else None
        if start is None or stop is None or (step_of and step is None):
            return
        if step is None:
            step = one if start <= stop else -one
        if step == 0:
            raise sql_error(4199, step)
        while (step > 0 and start <= stop) or (step < 0 and start >= stop):
            yield (start,)
            start += step

    return [SourceColumn("value", type)], rows


def list_extended_properties(
    arguments: Sequence[Expr], line: int
) -> tuple[list[SourceColumn], Callable[[Env], Iterable[tuple[Any, ...]]]]:
    """fn_listextendedproperty(name, three times a level's type and name), where NULL stands for all names.

    Types that do not exist select nothing.
    """
    if len(arguments) < 7:
        raise sql_error(313, "fn_listextendedproperty", line=line)
    if len(arguments) > 7:
        raise sql_error(8144, "fn_listextendedproperty", line=line)
    columns = [
        SourceColumn("objtype", SYSNAME),
        SourceColumn("objname", SYSNAME),
        SourceColumn("name", SYSNAME, nullable=False),
        SourceColumn("value", SQL_VARIANT),
    ]
    values = [convert_to(argument, SYSNAME).fn for argument in arguments]

    def rows(env: Env) -> Iterable[tuple[Any, ...]]:
        session = env[SESSION]
        wanted, *levels = (value(env) for value in values)
        try:
            found = list(targets(session, session.database, list(zip(levels[::2], levels[1::2], strict=True))))
        except InvalidLevels:
            return
        for target in found:
            for item in session.database.properties.of(target):
                if wanted is None or fold(item.name) == fold(wanted):
                    yield target.kind, target.name, item.name, item.value

    return columns, rows


TABLE_FUNCTIONS: dict[str, TableFunctionCompiler] = {
    "STRING_SPLIT": string_split,
    "GENERATE_SERIES": generate_series,
}
"""The compilers by upper-case name: from the arguments to the columns and the rows."""

SYSTEM_TABLE_FUNCTIONS: dict[str, TableFunctionCompiler] = {"FN_LISTEXTENDEDPROPERTY": list_extended_properties}
"""Those of the schema ``sys``, which need not be written."""


def _declared(function: SystemFunction) -> TableFunctionCompiler:
    """The compiler of a function that is declared with the system views. Errors: 313, 8144."""

    def compile_it(
        arguments: Sequence[Expr], line: int
    ) -> tuple[list[SourceColumn], Callable[[Env], Iterable[tuple[Any, ...]]]]:
        if len(arguments) < function.required:
            raise sql_error(313, function.name, line=line)
        if len(arguments) > len(function.parameters):
            raise sql_error(8144, function.name, line=line)
        values = [convert_to(given, type).fn for given, type in zip(arguments, function.parameters, strict=False)]
        missing = [None] * (len(function.parameters) - len(arguments))

        def rows(env: Env) -> Iterable[tuple[Any, ...]]:
            return function.rows(env[SESSION], [*(value(env) for value in values), *missing])

        return function.columns, rows

    return compile_it


def find_table_function(name: nodes.ObjectName) -> TableFunctionCompiler | None:
    """The compiler of the built-in table-valued function that ``name`` means."""
    folded = name.name.upper()
    if name.schema is None:
        return TABLE_FUNCTIONS.get(folded) or _of_system(name.name, function_prefix="FN_")
    return _of_system(name.name) if fold(name.schema) == "sys" else None


def _of_system(name: str, function_prefix: str = "") -> TableFunctionCompiler | None:
    """The function of ``sys``. Those called ``fn_...`` need no schema."""
    folded = name.upper()
    if not folded.startswith(function_prefix):
        return None
    declared = SYSTEM_FUNCTIONS.get(fold(name))
    return SYSTEM_TABLE_FUNCTIONS.get(folded) or (None if declared is None else _declared(declared))
