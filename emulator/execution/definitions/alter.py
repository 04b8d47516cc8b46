"""ALTER TABLE: columns, constraints and their rows.

The parts of a ``Table`` are replaced, never changed in place, so that undoing is putting the old lists back.

Documentation: "ALTER TABLE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from emulator.catalog.objects import CheckConstraint, Column, ForeignKey, Table, fold
from emulator.catalog.stores import index_definition
from emulator.errors import NotSupported, sql_error
from emulator.execution.definitions.access import (
    Place,
    definition_step,
    enter_constraints,
    forget_properties,
    lock_definition,
    number_constraints,
    place_of,
    take_out_constraint,
    touch,
    undo,
)
from emulator.execution.definitions.columns import drop_column, fill_new_columns, rebuild
from emulator.execution.definitions.dependents import of_change, refuse
from emulator.execution.definitions.indexes import duplicate_in_new_index
from emulator.execution.definitions.shapes import shaper, table_scope, type_for, user_type_of, with_collation
from emulator.execution.definitions.tables import add_foreign_key
from emulator.execution.definitions.triggers import toggle
from emulator.execution.frames import Frame, Step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.planning.binding import FIRST_SLOT
from emulator.planning.expressions import compile_condition
from emulator.sql import nodes
from emulator.storage.table import DuplicateKey
from emulator.types.conversion import assigner

Transform = Callable[[tuple[Any, ...]], tuple[Any, ...]]


def compile_alter_table(node: nodes.AlterTable, compiler: UnitCompiler) -> Step:
    database = compiler.database
    actions: dict[type[Any], Callable[[Table, Any, Place], None]] = {
        nodes.AddElements: _add,
        nodes.AlterColumn: _alter_column,
        nodes.DropElements: _drop,
        nodes.CheckConstraints: _toggle_constraints,
        nodes.SetTableOptions: _set_options,
    }
    act = actions.get(type(node.action), _add)
    if type(node.action) not in {*actions, nodes.ToggleTriggers}:
        raise NotSupported(f"ALTER TABLE {type(node.action).__name__}", node.line)

    def alter_table(frame: Frame) -> None:
        place = place_of(frame, compiler, node.name, database)
        table = place.table()
        if isinstance(node.action, nodes.ToggleTriggers):
            toggle(frame, place, table, node.action.names, enable=node.action.enable, line=node.line)
            return
        _keep_parts(table, place)
        act(table, node.action, place)
        if place.is_temporary:
            number_constraints(frame.session, table)
        else:
            enter_constraints(frame.session, place.database, table)
        touch(frame.session, place.database, table)

    return definition_step(node, alter_table)


def _keep_parts(table: Table, place: Place) -> None:
    """Have a rollback put the definition's parts back, and work on copies from here on."""
    undo(place.session, setattr, table, "columnstores", table.columnstores)
    for part in ("columns", "indexes", "checks", "foreign_keys"):
        current = getattr(table, part)
        undo(place.session, setattr, table, part, current)
        setattr(table, part, [replace(item) for item in current] if part != "foreign_keys" else list(current))


def _add(table: Table, action: nodes.AddElements, place: Place) -> None:
    assert table.store is not None
    work = shaper(table, place.context)
    indexes_before = {index.name for index in table.indexes}
    checks_before = len(table.checks)
    clustered_before = table.clustered
    added = work.add_columns(action.columns)
    for constraint in action.constraints:
        if isinstance(constraint, nodes.KeyConstraint) and constraint.primary:
            _refuse_primary_key(table, constraint, added)
        work.add_constraint(constraint)
    for definition in action.indexes:
        work.add_any_index(definition)
    if added:
        fill_new_columns(table, added, action, place)
    elif table.clustered is not clustered_before:
        rebuild(table, place, lambda row: row)
    else:
        for index in table.indexes:
            if index.name not in indexes_before:
                _add_index(table, index.name, place)
    keys = [*action.constraints, *(item for column in action.columns for item in column.constraints)]
    for foreign_key in keys:
        if isinstance(foreign_key, nodes.ForeignKey):
            added_key = add_foreign_key(table, foreign_key, place)
            added_key.trusted = action.check is not False
            if added_key.trusted:
                _check_foreign_key(table, added_key, place)
    for check in table.checks[checks_before:]:
        check.trusted = action.check is not False
        if check.trusted:
            _check_rows(table, check, place)


def _refuse_primary_key(table: Table, node: nodes.KeyConstraint, added: Sequence[Column]) -> None:
    """Errors: 1750, behind 1779 there is one, or 8111 a column that allows NULL."""
    cause = None
    if any(index.primary_key for index in table.indexes):
        cause = sql_error(1779, table.name, line=node.line, state=0)
    for part in node.columns:
        column = table.column(part.name)
        if column is not None and column.nullable and column not in added:
            cause = cause or sql_error(8111, table.name, line=node.line)
    if cause is not None:
        raise sql_error(1750, line=node.line, state=0).after(cause)


def _add_index(table: Table, name: str, place: Place) -> None:
    assert table.store is not None
    index = next(index for index in table.indexes if index.name == name)
    try:
        table.store.add_index(place.session.transaction, index_definition(table, index))  # type: ignore[arg-type]
    except DuplicateKey as duplicate:
        raise sql_error(1750, state=1).after(duplicate_in_new_index(table, index, duplicate)) from None


def _check_rows(table: Table, check: CheckConstraint, place: Place) -> None:
    """Errors: 547 when a row does not satisfy the check."""
    assert table.store is not None
    scope = table_scope(table, place.context)
    slot = scope.sources[0].slot
    condition = compile_condition(check.expression, scope, place.context)
    name = check.name
    column = "" if check.column is None else f", column '{table.columns[check.column].name}'"
    env: list[Any] = [[], place.session, *[None] * (place.context.slots - FIRST_SLOT)]
    for row in table.store.rows():
        env[slot] = row
        if condition.fn(env) is False:
            raise sql_error(547, "ALTER TABLE", "CHECK", name, place.database.name, table.full_name, column, state=0)


def _check_foreign_key(table: Table, key: ForeignKey, place: Place) -> None:
    """Errors: 547 when a row refers to nothing."""
    assert table.store is not None
    assert key.referenced.store is not None
    present = {tuple(row[ordinal] for ordinal in key.referenced_columns) for row in key.referenced.store.rows()}
    column = "" if len(key.columns) > 1 else f", column '{key.referenced.columns[key.referenced_columns[0]].name}'"
    for row in table.store.rows():
        values = tuple(row[ordinal] for ordinal in key.columns)
        if None not in values and values not in present:
            target = key.referenced.full_name
            kind = "FOREIGN KEY SAME TABLE" if key.referenced is table else "FOREIGN KEY"
            raise sql_error(547, "ALTER TABLE", kind, key.name, place.database.name, target, column, state=0)


def _alter_column(table: Table, action: nodes.AlterColumn, place: Place) -> None:
    assert table.store is not None
    column = table.column(action.name)
    if column is None:
        raise sql_error(4924, "ALTER TABLE ALTER COLUMN", action.name, table.name, line=action.line)
    ordinal = column.ordinal
    if column.computed is not None or column.type.name == "rowversion":
        raise sql_error(4928, column.name, "COMPUTED" if column.computed is not None else "timestamp", line=action.line)
    source = column.type
    type, _ = type_for("column", action.name, action.type, place.context)
    type = with_collation(type, place.database, action.collation or source.collation)
    user_type, nullable_by_type = user_type_of(action.type, place.context)
    nullable = nullable_by_type if action.nullable is None else action.nullable
    dependents = of_change(place.database, table, column, type, nullable=nullable)
    refuse(dependents, column.name, "ALTER TABLE ALTER COLUMN", action.line)
    column.type, column.user_type, column.nullable = type, user_type, nullable
    convert = assigner(source, column.type, lambda fits: sql_error(8152, line=action.line))

    def transform(row: tuple[Any, ...]) -> tuple[Any, ...]:
        value = row[ordinal]
        if value is None:
            if not column.nullable:
                raise sql_error(515, column.name, f"{place.database.name}.{table.full_name}", "UPDATE", state=2)
            return row
        return row if convert is None else (*row[:ordinal], convert(value), *row[ordinal + 1 :])

    rebuild(table, place, transform)


def _drop(table: Table, action: nodes.DropElements, place: Place) -> None:
    for element in action.elements:
        if element.kind == "COLUMN":
            drop_column(table, element, place)
        elif element.kind == "CONSTRAINT":
            _drop_constraint(table, element, place)
        else:
            raise NotSupported(f"ALTER TABLE DROP {element.kind}", element.line)


def _drop_constraint(table: Table, element: nodes.DropElement, place: Place) -> None:
    name = fold(element.name)
    key = next((index for index in table.indexes if fold(index.name) == name and index.unique), None)
    if key is not None:
        for other, reference in table.referenced_by:
            if set(reference.referenced_columns) == {part.ordinal for part in key.columns}:
                cause = sql_error(3725, key.name, other.name, reference.name, line=element.line, state=0)
                raise sql_error(3727, line=element.line, state=0).after(cause)
        table.indexes = [index for index in table.indexes if index is not key]
        forget_properties(place.session, place.database, (7,), table.object_id, key.number)
        rebuild(table, place, lambda row: row)
    elif any(fold(item.name) == name for item in table.checks):
        table.checks = [item for item in table.checks if fold(item.name) != name]
    elif any(fold(item.name) == name for item in table.foreign_keys):
        dropped = next(item for item in table.foreign_keys if fold(item.name) == name)
        referenced = dropped.referenced
        lock_definition(place.session, referenced)
        undo(place.session, setattr, referenced, "referenced_by", referenced.referenced_by)
        referenced.referenced_by = [item for item in referenced.referenced_by if fold(item[1].name) != name]
        table.foreign_keys = [item for item in table.foreign_keys if item is not dropped]
    else:
        column = next((c for c in table.columns if c.default is not None and fold(c.default.name) == name), None)
        if column is None:
            if element.if_exists:
                return
            raise sql_error(3727, line=element.line, state=0).after(sql_error(3728, element.name, line=element.line))
        column.default = None
    if not place.is_temporary:
        take_out_constraint(place.session, place.database, table, element.name)


def _toggle_constraints(table: Table, action: nodes.CheckConstraints, place: Place) -> None:
    wanted = None if action.names is None else {fold(name) for name in action.names}
    constraints: list[Any] = [*table.checks, *table.foreign_keys]
    known = {fold(item.name) for item in constraints}
    if wanted is not None and not wanted <= known:
        raise sql_error(4917, next(iter(wanted - known)), line=action.line)
    for item in constraints:
        if wanted is None or fold(item.name) in wanted:
            if isinstance(item, ForeignKey):
                lock_definition(place.session, item.referenced)
            if action.check is True and action.enable:
                if isinstance(item, CheckConstraint):
                    _check_rows(table, item, place)
                else:
                    _check_foreign_key(table, item, place)
            undo(place.session, setattr, item, "enabled", item.enabled)
            undo(place.session, setattr, item, "trusted", item.trusted)
            item.enabled = action.enable
            item.trusted = action.enable and (action.check is True or item.trusted)


def _set_options(table: Table, action: nodes.SetTableOptions, place: Place) -> None:
    for option in action.options:
        if option.name != "LOCK_ESCALATION" and action.action == "SET":
            raise NotSupported(f"ALTER TABLE SET {option.name}", action.line)
        if option.name == "LOCK_ESCALATION":
            _set_escalation(table, str(option.value).upper(), place)


def _set_escalation(table: Table, setting: str, place: Place) -> None:
    """SET (LOCK_ESCALATION = AUTO | TABLE | DISABLE); AUTO is TABLE where no table is partitioned."""
    assert table.store is not None
    undo(place.session, setattr, table, "lock_escalation", table.lock_escalation)
    undo(place.session, setattr, table.store, "escalates", table.store.escalates)
    table.lock_escalation = setting
    table.store.escalates = setting != "DISABLE"


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {nodes.AlterTable: compile_alter_table}
