"""``sys.extended_properties``, and what the levels of a property's address select.

What a property belongs to is said by up to three levels, each a type and a name: the schema, the object in it, and the
column, index, constraint, parameter or trigger of that. No level at all is the database itself.

Documentation: "sp_addextendedproperty (Transact-SQL)" for the levels, "sys.fn_listextendedproperty (Transact-SQL)" for
what a name of NULL selects, ``sys.extended_properties``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.extended_properties import Target
from emulator.catalog.objects import (
    AliasType,
    Column,
    Constraint,
    DatabaseObject,
    InlineFunction,
    Module,
    Procedure,
    ScalarFunction,
    Synonym,
    Table,
    TableFunction,
    TableType,
    View,
    fold,
)
from emulator.catalog.objects import Sequence as SequenceObject
from emulator.catalog.system_views.columns import module_columns
from emulator.catalog.system_views.definition import Row, view

if TYPE_CHECKING:
    from emulator.session import Session

CLASS_DESCRIPTIONS = {
    0: "DATABASE",
    1: "OBJECT_OR_COLUMN",
    2: "PARAMETER",
    3: "SCHEMA",
    4: "DATABASE_PRINCIPAL",
    6: "TYPE",
    7: "INDEX",
}
OBJECT_KINDS: dict[str, tuple[type[DatabaseObject], ...]] = {
    "FUNCTION": (ScalarFunction, InlineFunction, TableFunction),
    "PROCEDURE": (Procedure,),
    "SEQUENCE": (SequenceObject,),
    "SYNONYM": (Synonym,),
    "TABLE": (Table,),
    "VIEW": (View,),
}
TYPE_KINDS: dict[str, type[DatabaseObject]] = {"TYPE": AliasType, "TABLE_TYPE": TableType}
PART_KINDS = ("COLUMN", "CONSTRAINT", "INDEX", "PARAMETER", "TRIGGER")
WITHOUT_OBJECTS = (
    frozenset(
        {
            *("ASSEMBLY", "CONTRACT", "EVENT NOTIFICATION", "FILEGROUP", "MESSAGE TYPE", "PARTITION FUNCTION"),
            *("PARTITION SCHEME", "PLAN GUIDE", "REMOTE SERVICE BINDING", "ROUTE", "SERVICE", "TRIGGER", "TYPE"),
        }
    ),
    frozenset(
        {"AGGREGATE", "DEFAULT", "LOGICAL FILE NAME", "QUEUE", "RULE", "XML SCHEMA COLLECTION"},
    ),
    frozenset({"EVENT NOTIFICATION"}),
)
"""Types of each level that SQL Server knows and of which there are no objects here."""


@view(
    "sys.extended_properties",
    """
    class tinyint, class_desc nvarchar(60)?, major_id int, minor_id int, name sysname, value sql_variant?
    """,
)
def extended_properties(session: Session, database: Database) -> Iterator[Row]:
    for item in database.properties:
        target = item.target
        number = target.property_class
        yield number, CLASS_DESCRIPTIONS[number], target.major_id, target.minor_id, item.name, item.value


class InvalidLevels(ValueError):
    """The types of the levels are unknown, or a level is given without the one before it."""


def targets(session: Session, database: Database, levels: Sequence[tuple[str | None, str | None]]) -> Iterator[Target]:
    """What the levels (type, name) select. A last level without a name selects everything of its type.

    InvalidLevels: unknown types, or a level without the one before it.
    """
    given = [(kind.upper(), name) for kind, name in levels if kind is not None]
    if any(kind is not None for kind, _ in levels[len(given) :]) or any(
        kind is None and name is not None for kind, name in levels
    ):
        raise InvalidLevels
    if not given:
        return iter((Target(0, 0, 0, None, None),))
    if any(name is None for _, name in given[:-1]):
        raise InvalidLevels
    if given[0][0] == "USER" and len(given) == 1:
        return _users(database, given[0][1])
    if given[0][0] not in ("SCHEMA", "USER"):
        return _nothing(given[0][0], 0)
    if len(given) == 1:
        return _schemas(database, given[0][1])
    schema = given[0][1]
    assert schema is not None
    kind, name = given[1]
    if len(given) == 2:
        return _objects(database, schema, kind, name)
    part_kind, part_name = given[2]
    if part_kind not in PART_KINDS:
        return _nothing(part_kind, 2)
    return (
        part
        for target in _objects(database, schema, kind, name)
        if target.item is not None
        for part in _parts(session, database, target.item, part_kind)
        if part_name is None or fold(part.name or "") == fold(part_name)
    )


def _nothing(kind: str, level: int) -> Iterator[Target]:
    if kind not in WITHOUT_OBJECTS[level]:
        raise InvalidLevels
    return iter(())


def _users(database: Database, name: str | None) -> Iterator[Target]:
    for principal in database.security.by_id.values():
        if name is None or fold(principal.name) == fold(name):
            yield Target(4, principal.principal_id, 0, "USER", principal.name)


def _schemas(database: Database, name: str | None) -> Iterator[Target]:
    for schema in database.schemas.values():
        if name is None or fold(schema.name) == fold(name):
            yield Target(3, schema.schema_id, 0, "SCHEMA", schema.name)


def _objects(database: Database, schema: str, kind: str, name: str | None) -> Iterator[Target]:
    kinds = OBJECT_KINDS.get(kind)
    if kinds is None and kind not in TYPE_KINDS:
        return _nothing(kind, 1)
    items: Iterable[DatabaseObject] = database.by_id.values() if kinds else database.types.values()
    wanted = kinds or (TYPE_KINDS[kind],)
    return (
        Target(1 if kinds else 6, item.object_id, 0, kind, item.name, item)
        for item in sorted(items, key=lambda item: item.object_id)
        if isinstance(item, wanted)
        and fold(item.schema) == fold(schema)
        and (name is None or fold(item.name) == fold(name))
    )


def _parts(session: Session, database: Database, item: DatabaseObject, kind: str) -> Iterator[Target]:
    major = item.object_id
    match item, kind:
        case Table() | View() | InlineFunction() | TableFunction(), "COLUMN":
            for column in _columns(session, database, item):
                yield Target(1, major, column.column_id, kind, column.name, item)
        case Table(indexes=indexes), "INDEX":
            for index in indexes:
                yield Target(7, major, index.number, kind, index.name, item)
        case Table(), "CONSTRAINT":
            for constraint in database.of_kind(Constraint):
                if constraint.table is item:
                    yield Target(1, constraint.object_id, 0, kind, constraint.name, item)
        case Table(triggers=triggers) | View(triggers=triggers), "TRIGGER":
            for trigger in triggers:
                yield Target(1, trigger.object_id, 0, kind, trigger.name, item)
        case Module(parameters=parameters), "PARAMETER":
            for ordinal, parameter in enumerate(parameters):
                yield Target(2, major, ordinal + 1, kind, parameter.name, item)
        case _:
            return


def _columns(
    session: Session, database: Database, item: Table | View | InlineFunction | TableFunction
) -> Sequence[Column]:
    if isinstance(item, Table):
        return item.columns
    if isinstance(item, TableFunction):
        return item.returns.columns if item.returns is not None else ()
    return module_columns(session, database, item)
