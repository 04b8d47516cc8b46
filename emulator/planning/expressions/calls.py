"""Calls by name: built-in functions, user-defined scalar functions, system variables.

A built-in function is looked up in the registry, which says what it takes: the arguments are converted here, once, and
the call becomes a closure. Functions that choose among values have compilers of their own (module ``case``).

Documentation: "What are the SQL database functions?", "Execute user-defined functions".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.catalog.objects import ScalarFunction, fold
from emulator.errors import NotSupported, sql_error
from emulator.execution.functions.aggregates import AGGREGATES
from emulator.execution.functions.library import UNSUPPORTED, WINDOW_ONLY
from emulator.execution.functions.registry import FUNCTIONS, NOT_CONSTANT, Call, Function, Kind, as_text
from emulator.planning.accesses import note_access
from emulator.planning.binding import Env, Expr, PlanContext, Scalar, Scope
from emulator.planning.expressions.application import apply, constant_fold, constant_value, null, slots_of
from emulator.planning.expressions.case import (
    compile_choose,
    compile_coalesce,
    compile_greatest,
    compile_isnull,
    compile_least,
    compile_nullif,
)
from emulator.planning.expressions.collations import under_explicit
from emulator.planning.expressions.conversions import assign_to, convert_to
from emulator.planning.expressions.json import is_json
from emulator.planning.expressions.odbc import translated
from emulator.planning.expressions.scalars import Compiler, compile_scalar, compiles
from emulator.planning.expressions.triggers import compile_columns_updated
from emulator.sql import nodes
from emulator.types.sqltype import (
    BIGINT,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    SqlType,
    as_max,
    datetime2,
    datetimeoffset,
    is_binary,
    is_character,
    is_date_time,
    is_large_object,
    is_numeric,
    is_unicode,
    message_name,
    nvarchar,
    varchar,
)

CHOOSING: Final[dict[str, Compiler]] = {
    "ISNULL": compile_isnull,
    "COALESCE": compile_coalesce,
    "NULLIF": compile_nullif,
    "CHOOSE": compile_choose,
    "GREATEST": compile_greatest,
    "LEAST": compile_least,
}
"""Functions that give one of their arguments."""

CONTEXTUAL: Final[dict[str, Compiler]] = {"COLUMNS_UPDATED": compile_columns_updated}
"""Functions of the module that is being compiled."""

SEQUENTIAL_ID: Final = "NEWSEQUENTIALID"
"""The function that only a default may call."""


@compiles(nodes.FunctionCall)
def _call(node: nodes.FunctionCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    name = node.name.name.upper()
    if node.over is not None:
        raise sql_error(4108, line=node.line)
    if node.name.schema is not None and fold(node.name.schema) != "sys":
        return _user_defined(node, scope, ctx)
    if node.odbc:
        return compile_scalar(translated(node), scope, ctx)
    if name in AGGREGATES:
        return _lent(node, scope)
    if name in CHOOSING:
        return CHOOSING[name](node, scope, ctx)
    if name in CONTEXTUAL:
        return CONTEXTUAL[name](node, scope, ctx)
    function = FUNCTIONS.get(name)
    if function is None:
        if name in WINDOW_ONLY:
            raise sql_error(10753, node.name.name, line=node.line)
        if name in UNSUPPORTED:
            raise NotSupported(name, node.line)
        raise sql_error(195, node.name.name, "built-in function name", line=node.line)
    if name == SEQUENTIAL_ID:
        raise sql_error(302, name.lower(), line=node.line)
    if node.star:
        if name not in ("CHECKSUM", "BINARY_CHECKSUM"):
            raise sql_error(102, "*", line=node.line)
        return call_function(function, _all_columns(scope), scope, ctx, node.line)
    if node.distinct or node.within_group:
        raise sql_error(102, "DISTINCT" if node.distinct else "WITHIN", line=node.line)
    return call_function(function, node.arguments, scope, ctx, node.line)


def _lent(node: nodes.FunctionCall, scope: Scope | None) -> Expr:
    """An aggregate that a query around computes. Errors: 147."""
    while scope is not None:
        if id(node) in scope.lent:
            return scope.lent[id(node)]
        scope = scope.parent
    raise sql_error(147, line=node.line)


def _all_columns(scope: Scope | None) -> tuple[nodes.Expression, ...]:
    """What the star in CHECKSUM(*) stands for."""
    sources = scope.sources if scope is not None else []
    return tuple(
        nodes.ColumnRef(column.name, nodes.ObjectName(source.alias)) for source in sources for column in source.columns
    )


@compiles(nodes.GlobalVariable)
def _global_variable(node: nodes.GlobalVariable, scope: Scope | None, ctx: PlanContext) -> Expr:
    function = FUNCTIONS.get(node.name.upper())
    if function is None:
        if node.name.upper() in UNSUPPORTED:
            raise NotSupported(node.name, node.line)
        raise sql_error(137, node.name, line=node.line)
    return call_function(function, (), scope, ctx, node.line)


@compiles(nodes.NiladicFunction)
def _niladic(node: nodes.NiladicFunction, scope: Scope | None, ctx: PlanContext) -> Expr:
    return call_function(FUNCTIONS[node.name], (), scope, ctx, node.line)


def call_function(
    function: Function,
    argument_nodes: tuple[nodes.Expression, ...],
    scope: Scope | None,
    ctx: PlanContext,
    line: int,
) -> Expr:
    """Compile a call of a built-in function. Errors: 174 and 189 number of arguments, 8116 type of an argument."""
    _check_count(function, len(argument_nodes), line)
    word = ""
    arguments: list[Expr] = []
    written: list[nodes.Expression] = []
    for place, argument in enumerate(argument_nodes):
        kind = function.kinds[min(place, len(function.kinds) - 1)]
        if kind is Kind.DATE_PART:
            word = _word(argument, function)
        else:
            written.append(argument)
            arguments.append(_coerced(compile_scalar(argument, scope, ctx), kind, function, place + 1, line))
    arguments = under_explicit(written, arguments)
    constants = tuple(constant_value(argument) if argument.constant else NOT_CONSTANT for argument in arguments)
    json = tuple(is_json(argument) for argument in argument_nodes)
    call = Call(function.name, tuple(argument.type for argument in arguments), constants, word, line, json)
    type, implementation = function.bind(call)
    fn = _closure(function, implementation, arguments)
    if function.once and scope is not None:
        fn = _once(fn, _moment(function, ctx))
    return constant_fold(
        Expr(
            type,
            fn,
            nullable=function.nullable or (not function.nulls and any(argument.nullable for argument in arguments)),
            slots=slots_of(*arguments),
            constant=not function.session and all(argument.constant for argument in arguments),
            deterministic=function.deterministic and all(argument.deterministic for argument in arguments),
        )
    )


def _check_count(function: Function, count: int, line: int) -> None:
    if function.least <= count <= function.most:
        return
    name = function.name.lower()
    if function.least == function.most:
        raise sql_error(174, name, function.most, line=line)
    raise sql_error(189, name, function.least, function.most, line=line)


def _word(node: nodes.Expression, function: Function) -> str:
    if isinstance(node, nodes.ColumnRef) and node.table is None:
        return node.name
    raise sql_error(1023, 1, function.name.lower(), line=node.line)


# --- Arguments --------------------------------------------------------------------------------------------------------

_TARGETS: Final[dict[Kind, SqlType]] = {
    Kind.INTEGER: INT,
    Kind.COUNT: INT,
    Kind.BIGINT: BIGINT,
    Kind.FLOAT: FLOAT,
    Kind.DATE: DATE,
    Kind.DATETIMEOFFSET: datetimeoffset(),
}
_NULL_TYPES: Final[dict[Kind, SqlType]] = {
    Kind.TEXT: varchar(1),
    Kind.TEXT_OR_BINARY: varchar(1),
    Kind.UNICODE: nvarchar(1),
    Kind.BINARY: varchar(1),
    Kind.NUMBER: INT,
    Kind.MOMENT: datetime2(),
    Kind.DATETIME: DATETIME,
    Kind.ANY: INT,
}


def _coerced(argument: Expr, kind: Kind, function: Function, place: int, line: int) -> Expr:
    """The argument as the parameter wants it. Errors: 8116."""
    if argument.is_null_literal:
        return null(_TARGETS.get(kind) or _NULL_TYPES[kind])
    if function.large and is_large_object(argument.type):
        argument = convert_to(argument, as_max(argument.type))
    target = _target(argument.type, kind)
    if target is None or (is_large_object(argument.type) and kind is not Kind.ANY):
        raise sql_error(8116, message_name(argument.type), place, function.name.lower(), line=line)
    return convert_to(argument, target)


def _target(t: SqlType, kind: Kind) -> SqlType | None:
    """The type that an argument of ``t`` is converted to for a parameter of ``kind``; None: not allowed."""
    match kind:
        case Kind.ANY:
            return t
        case Kind.TEXT:
            return as_text(t)
        case Kind.TEXT_OR_BINARY | Kind.BINARY:
            return t if is_binary(t) else as_text(t)
        case Kind.UNICODE:
            text = as_text(t)
            return text if is_unicode(text) else nvarchar(min(text.length, 4000), text.collation)
        case Kind.NUMBER:
            return FLOAT if is_character(t) or t.name == "bit" else t if is_numeric(t) else None
        case Kind.MOMENT:
            return t if is_date_time(t) else datetime2() if is_character(t) else DATETIME if is_numeric(t) else None
        case Kind.DATETIME:
            return t if is_date_time(t) else DATETIME if is_character(t) or is_numeric(t) else None
        case Kind.DATETIMEOFFSET if t.name == "datetimeoffset":
            return t
        case Kind.COUNT:
            return INT if is_numeric(t) else None
        case Kind.INTEGER | Kind.BIGINT | Kind.FLOAT if not (is_numeric(t) or is_character(t)):
            return None
        case _:
            return _TARGETS[kind]


# --- Closures ---------------------------------------------------------------------------------------------------------


def _closure(function: Function, implementation: Callable[..., Any], arguments: list[Expr]) -> Scalar:
    getters = [argument.fn for argument in arguments]
    if not function.session:
        if not function.nulls:
            return apply(implementation, *arguments)
        if len(getters) == 2:
            first, second = getters
            return lambda env: implementation(first(env), second(env))
        return lambda env: implementation(*[get(env) for get in getters])
    if not getters:
        return lambda env: implementation(env[1])
    if len(getters) == 1 and not function.nulls:
        only = getters[0]

        def of_one(env: Env) -> Any:
            value = only(env)
            return None if value is None else implementation(env[1], value)

        return of_one

    def of_session(env: Env) -> Any:
        values = [get(env) for get in getters]
        return None if not function.nulls and None in values else implementation(env[1], *values)

    return of_session


def _moment(function: Function, ctx: PlanContext) -> int:
    """The slot of a value that is the same wherever the statement asks for the time; RAND draws anew at each place."""
    if not function.deterministic:
        return ctx.new_slot()
    return ctx.moments.setdefault(function.name, ctx.new_slot())


def _once(fn: Scalar, slot: int) -> Scalar:
    """``fn`` evaluated at its first use in an execution of the statement, then remembered in ``slot``."""

    def remembered(env: Env) -> Any:
        value = env[slot]
        if value is None:
            value = env[slot] = fn(env)
        return value

    return remembered


# --- User-defined functions -------------------------------------------------------------------------------------------


def _user_defined(node: nodes.FunctionCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    function = _find_user_defined(node.name, ctx)
    if function is None:
        raise sql_error(4121, node.name.schema, node.name, line=node.line)
    note_access(ctx, function, "EXECUTE")
    full_name = function.full_name
    if len(node.arguments) < len(function.parameters):
        raise sql_error(313, full_name, line=node.line)
    if len(node.arguments) > len(function.parameters):
        raise sql_error(8144, full_name, line=node.line)
    arguments = []
    for argument, parameter in zip(node.arguments, function.parameters, strict=True):
        if parameter.table_type is not None:
            raise NotSupported("a table-valued parameter of a scalar function", node.line)
        if isinstance(argument, nodes.DefaultValue):
            if parameter.default is None:
                raise sql_error(201, full_name, parameter.name, line=node.line)
            argument = parameter.default
        arguments.append(assign_to(compile_scalar(argument, scope, ctx), parameter.type))
    getters = [argument.fn for argument in arguments]
    assert function.returns is not None
    return Expr(
        function.returns,
        lambda env: env[1].call_scalar_function(function, [get(env) for get in getters]),
        slots=slots_of(*arguments),
        deterministic=False,
    )


def _find_user_defined(name: nodes.ObjectName, ctx: PlanContext) -> ScalarFunction | None:
    from emulator.planning.queries.names import note_related  # noqa: PLC0415 (queries consist of expressions)

    database = ctx.find_database(name.database)
    if database is None:
        raise sql_error(911, name.database, line=name.line)
    assert name.schema is not None
    found = ctx.session.look_up(database, name.schema, name.name)
    if not isinstance(found, ScalarFunction):
        return None
    note_related(found, ctx)
    return found
