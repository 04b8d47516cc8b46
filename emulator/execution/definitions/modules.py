"""CREATE, ALTER and DROP of procedures, functions and views.

A module is compiled once when it is created, so that wrong column names are errors of CREATE; its plan is thrown away
and made anew at its first call, in the session that calls it. ALTER replaces the object under the same id.

Documentation: "CREATE PROCEDURE", "CREATE FUNCTION", "CREATE VIEW (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from emulator.catalog.dependencies import has_star, references
from emulator.catalog.objects import (
    OWNER,
    InlineFunction,
    Module,
    Procedure,
    ScalarFunction,
    TableFunction,
    View,
    fold,
)
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.definitions.access import (
    Place,
    datetime_now,
    definition_step,
    enter,
    find_to_change,
    place_of,
    refuse_if_bound,
    undo,
)
from emulator.execution.definitions.shapes import parameters, resolve_type, table_shape
from emulator.execution.frames import Frame, Step
from emulator.execution.impersonation import may_impersonate
from emulator.execution.units import StepCompiler, UnitCompiler, is_missing_object
from emulator.planning.binding import VariableTable
from emulator.planning.queries import compile_query
from emulator.sql import nodes

if TYPE_CHECKING:
    from emulator.session import Session

ALLOWED_OPTIONS = frozenset(
    {
        "RECOMPILE",
        "SCHEMABINDING",
        "VIEW_METADATA",
        "ENCRYPTION",
        "INLINE = ON",
        "INLINE = OFF",
        "CALLED ON NULL INPUT",
    }
)
"""Options without a visible effect here, and SCHEMABINDING."""

Definition = nodes.CreateProcedure | nodes.CreateFunction | nodes.CreateView


def _definition(make: Callable[[Any, Place], Module], kind: str) -> StepCompiler:
    def compile_definition(node: Any, compiler: UnitCompiler) -> Step:
        database, text = compiler.database, compiler.text
        for option in node.options:
            if option not in ALLOWED_OPTIONS:
                raise NotSupported(f"{kind} WITH {option}", node.line)
        execute_as = getattr(node, "execute_as", None)
        if getattr(node, "number", None) not in (None, 1):
            raise NotSupported("numbered procedures", node.line)

        def define(frame: Frame) -> None:
            place = place_of(frame, compiler, node.name, database)
            place.context.module_schema = place.existing_schema()
            module = make(node, place)
            module.definition = text
            module.database = place.database.name
            module.execute_as = _runs_as(execute_as, place)
            module.schema_bound = "SCHEMABINDING" in node.options
            module.quoted_identifier = "QUOTED_IDENTIFIER" in frame.session.settings.on
            module.ansi_nulls = "ANSI_NULLS" in frame.session.settings.on
            try:
                _check(frame, module, place)
            except SqlError as error:
                error.locate(node.line, module.name)
                raise
            if module.schema_bound:
                _check_binding(module, kind, node)
            _enter(frame, module, place, node, kind)

        return definition_step(node, define)

    return compile_definition


def _check_binding(module: Module, kind: str, node: Definition) -> None:
    """Errors: 4512 a name without its schema, or of another database; 1054 ``*``."""
    for reference in references(module):
        name = reference.name
        if name.schema is None or name.database is not None or fold(str(name)) == fold(module.full_name):
            raise sql_error(4512, kind.removeprefix("CREATE ").lower(), module.name, str(name), line=node.line)
    if has_star(module.body):
        raise sql_error(1054, line=node.line)


def _runs_as(execute_as: str | None, place: Place) -> int | None:
    """``Module.execute_as`` for the EXECUTE AS clause. Errors: 15151 when it names nobody, or may not be named."""
    session, database = place.session, place.database
    if execute_as in (None, "CALLER"):
        return None
    if execute_as == "OWNER":
        return OWNER
    if execute_as == "SELF":
        return session.user.principal_id
    user = database.security.find(execute_as or "")
    if user is None or user.is_role or not may_impersonate(session, user, database):
        raise sql_error(15151, "execute as", "user", execute_as, line=place.node.line)
    return user.principal_id


def _enter(frame: Frame, module: Module, place: Place, node: Definition, kind: str) -> None:
    session, database = frame.session, place.database
    if place.is_temporary and isinstance(module, Procedure):
        _enter_temporary(session, module, place, node.action)
        return
    existing = find_to_change(session, database, module.schema, module.name)
    if existing is None:
        if node.action == "ALTER":
            raise sql_error(208, str(node.name), state=6, line=node.line)
        place.creating(kind)
        enter(session, database, module)
        return
    if node.action == "CREATE":
        place.creating(kind)
        raise sql_error(2714, module.name, state=3, line=node.line)
    place.require_drop(existing, kind.removeprefix("CREATE ").lower(), "alter")
    refuse_if_bound(session, database, existing, kind.replace("CREATE", "ALTER"), str(node.name), node.line)
    if type(existing) is not type(module):
        raise sql_error(2010, module.name, line=node.line)
    module.schema, module.name = existing.schema, existing.name
    module.object_id, module.owner_id = existing.object_id, existing.owner_id
    module.locks = existing.locks
    module.created, module.modified = existing.created, datetime_now(session)
    database.add(module)
    undo(session, database.add, existing)


def _enter_temporary(session: Session, procedure: Procedure, place: Place, action: str) -> None:
    """Keep a temporary procedure: ``#name`` for its session, ``##name`` for all while that session is there.

    It needs no permission. Errors: 208, 2714.
    """
    name = fold(place.name)
    existing = session.find_temporary_procedure(name)
    if existing is None and action == "ALTER":
        raise sql_error(208, str(place.node), state=6, line=place.node.line)
    if action == "CREATE" and (existing is not None or session.find_temporary(name) is not None):
        raise sql_error(2714, place.name, state=3, line=place.node.line)
    procedure.object_id = -session.instance.next_transaction_id() if existing is None else existing.object_id
    procedure.created = procedure.modified = datetime_now(session)
    if existing is not None:
        procedure.created = existing.created
    session.keep_temporary_procedure(name, procedure)
    undo(session, session.keep_temporary_procedure, name, existing)


def drop_temporary_procedure(session: Session, place: Place, *, if_exists: bool) -> None:
    """DROP PROCEDURE of a temporary one. Errors: 3701."""
    name = fold(place.name)
    existing = session.find_temporary_procedure(name)
    if existing is not None:
        session.keep_temporary_procedure(name, None)
        undo(session, session.keep_temporary_procedure, name, existing)
    elif not if_exists:
        raise sql_error(3701, "drop", "procedure", str(place.node), state=5, line=place.node.line)


def _check(frame: Frame, module: Module, place: Place) -> None:
    """Compile the body for its errors; objects that do not exist yet are none (deferred name resolution)."""
    if isinstance(module, View | InlineFunction):
        return
    session = frame.session
    compiler = session.compiler(place.database, module.definition, module=module, parameters=module.parameters)
    if isinstance(module, TableFunction) and module.returns is not None:
        compiler.declare(module.variable, resolve_type(nodes.TypeName("int"), place.context)[0], module.returns)
    compiler.compile(module.body)


def _procedure(node: nodes.CreateProcedure, place: Place) -> Module:
    declared = parameters(node.parameters, place.context)
    return Procedure(place.existing_schema(), place.name, body=node.body, parameters=declared)


def _function(node: nodes.CreateFunction, place: Place) -> Module:
    schema = place.existing_schema()
    declared = parameters(node.parameters, place.context)
    if node.query is not None:
        function = InlineFunction(schema, place.name, body=node.query, parameters=declared)
        _check_query(function.body, declared, place)
        return function
    if node.table_definition is not None and node.table_variable is not None:
        shape = table_shape(node.table_variable, node.table_definition, place.context)
        return TableFunction(
            schema, place.name, body=node.body, parameters=declared, returns=shape, variable=node.table_variable
        )
    assert node.returns is not None
    returns, table_type = resolve_type(node.returns, place.context)
    if table_type is not None:
        raise sql_error(102, node.returns.name, line=node.line)
    return ScalarFunction(schema, place.name, body=node.body, parameters=declared, returns=returns)


def _view(node: nodes.CreateView, place: Place) -> Module:
    view = View(place.existing_schema(), place.name, body=node.select, column_names=node.columns)
    view.check_option = node.check_option
    _check_query(node.select, (), place, node.columns)
    return view


def _check_query(select: nodes.Select, declared: tuple[Any, ...], place: Place, names: tuple[str, ...] = ()) -> None:
    """Bind the query of a view or inline function: unlike procedures, these need their tables at once.

    Errors: 4511 a column without a name, where ``names`` do not give it one.
    """
    # The context belongs to the batch's plan, which is kept and run again.
    context = replace(place.context, variables=VariableTable(), ctes={})
    for parameter in declared:
        context.variables.declare(parameter.name, parameter.type)
    try:
        plan = compile_query(select.query, None, context, ctes=select.ctes, nested=True)
    except SqlError as error:
        if not is_missing_object(error) or error.number == 208:
            raise
        return
    for number, (column, name) in enumerate(zip_longest(plan.columns, names), start=1):
        if not name and column is not None and not column.name:
            raise sql_error(4511, number, line=place.node.line)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.CreateProcedure: _definition(_procedure, "CREATE PROCEDURE"),
    nodes.CreateFunction: _definition(_function, "CREATE FUNCTION"),
    nodes.CreateView: _definition(_view, "CREATE VIEW"),
}
