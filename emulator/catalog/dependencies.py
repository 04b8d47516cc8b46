"""What the text of a module refers to by name: tables, views, functions, procedures, sequences, types.

Names are those that the text says; what they mean is found when somebody asks. References inside dynamic SQL, and
temporary tables, are not known.

Documentation: ``sys.sql_expression_dependencies``, "Understanding SQL dependencies".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from emulator.catalog.database import Database
from emulator.catalog.objects import (
    Column,
    DatabaseObject,
    Module,
    Table,
    fold,
)
from emulator.sql import nodes

PSEUDO_TABLES = frozenset({"inserted", "deleted"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a module mentions; ``calls``: it is that of a procedure, found anew at each call; ``is_type``: that
    of a user's type."""

    name: nodes.ObjectName
    calls: bool = False
    is_type: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """By what two references are the same."""
        name = self.name
        return tuple(fold(part or "") for part in (name.server, name.database, name.schema, name.name))


def references(module: Module) -> list[Reference]:
    """What the module's text refers to, each once, in the order of the text."""
    found: dict[tuple[str, ...], Reference] = {}
    for reference in (*_of_parameters(module), *_in(module.body, frozenset())):
        name = reference.name.name
        if not name.startswith(("#", "@")) and fold(name) not in PSEUDO_TABLES:
            found.setdefault(reference.key, reference)
    return list(found.values())


def _of_parameters(module: Module) -> Iterator[Reference]:
    for parameter in module.parameters:
        if parameter.table_type is not None:
            type = parameter.table_type
            yield Reference(nodes.ObjectName(type.name, type.schema), is_type=True)


def _in(node: object, ctes: frozenset[str]) -> Iterator[Reference]:
    """The references in a syntax tree. ``ctes`` are the names that common table expressions have taken."""
    if isinstance(node, tuple):
        for item in node:
            yield from _in(item, ctes)
        return
    if not isinstance(node, nodes.Node) or isinstance(node, nodes.ObjectName):
        return
    own = getattr(node, "ctes", ())
    if own:
        ctes = ctes | {fold(cte.name) for cte in own if hasattr(cte, "name")}
    match node:
        case nodes.NamedTable(name=name):
            if name.schema is not None or fold(name.name) not in ctes:
                yield Reference(name)
        case nodes.FunctionCall(name=name) if name.schema is not None:
            yield Reference(name)
        case nodes.ExecuteProcedure(procedure=nodes.ObjectName() as name):
            yield Reference(name, calls=True)
        case nodes.NextValueFor(sequence=name):
            yield Reference(name)
        case nodes.TruncateTable(table=name):
            yield Reference(name)
        case nodes.TypeName(schema=str() as schema, name=type_name):
            yield Reference(nodes.ObjectName(type_name, schema), is_type=True)
    for field in fields(node):
        yield from _in(getattr(node, field.name), ctes)


def referenced_object(database: Database, module: Module, reference: Reference) -> DatabaseObject | None:
    """What a reference means in the module's own database now; None: nothing there, or elsewhere."""
    name = reference.name
    if name.server is not None or (name.database is not None and fold(name.database) != fold(database.name)):
        return None
    for schema in (name.schema,) if name.schema else (module.schema, "dbo"):
        if reference.is_type:
            found = database.types.get((fold(schema), fold(name.name)))
        else:
            found = database.find(schema, name.name)
        if found is not None:
            return found
    return None


def referring_modules(database: Database, item: DatabaseObject) -> Iterator[tuple[Module, Reference]]:
    """The modules whose text refers to ``item``."""
    for module in database.of_kind(Module):
        for reference in references(module):
            if referenced_object(database, module, reference) is item:
                yield module, reference


def schema_bound(database: Database, item: DatabaseObject) -> Module | None:
    """A module that is bound to ``item`` by SCHEMABINDING, None if none is."""
    return next((module for module, _ in referring_modules(database, item) if module.schema_bound), None)


def has_star(node: object) -> bool:
    """Whether a syntax tree has ``*`` in a select list (COUNT(*) and EXISTS (SELECT * ...) are none)."""
    if isinstance(node, tuple):
        return any(has_star(item) for item in node)
    if isinstance(node, nodes.SelectStar):
        return True
    if not isinstance(node, nodes.Node) or isinstance(node, nodes.Exists):
        return False
    return any(has_star(getattr(node, field.name)) for field in fields(node))


def user_of_type(database: Database, item: DatabaseObject) -> str | None:
    """The name of an object that has a column, parameter or result of the type; None: nothing uses it."""
    for table in database.of_kind(Table):
        if any(_is_of(column, item) for column in table.columns):
            return table.name
    for found in database.types.values():
        shape = getattr(found, "shape", None)
        if shape is not None and any(_is_of(column, item) for column in shape.columns):
            return found.name
    return next((module.name for module, _ in referring_modules(database, item)), None)


def _is_of(column: Column, item: DatabaseObject) -> bool:
    return fold(column.user_type) == fold(item.full_name)


def default_with(database: Database, sequence: DatabaseObject) -> str | None:
    """The name of a default that takes its values from the sequence."""
    for table in database.of_kind(Table):
        for column in table.columns:
            if column.default is None:
                continue
            for reference in _in(column.default.expression, frozenset()):
                name = reference.name
                if database.find(name.schema or table.schema, name.name) is sequence:
                    return column.default.name
    return None
