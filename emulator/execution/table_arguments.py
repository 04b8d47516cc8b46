"""Table-valued arguments of remote procedure calls: rows become a table variable of the parameter's type.

Documentation: "Use table-valued parameters (Database Engine)", MS-TDS 2.2.5.5.5 "Table Valued Parameter".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import TableType
from emulator.catalog.stores import new_store
from emulator.errors import sql_error
from emulator.planning.binding import FIRST_SLOT
from emulator.planning.changes.loading import compile_table_argument
from emulator.sql import nodes
from emulator.storage.table import TableStore
from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.session import Session

Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table-valued argument before it is known what parameter it is for. ``columns``: see
    ``compile_table_argument``."""

    session: Session
    columns: tuple[tuple[SqlType, bool], ...]
    rows: Rows

    def store(self, table_type: TableType) -> TableStore:
        """A table variable of the parameter's type with the rows. Errors: 500, 515, 547, 2627 and conversions."""
        session, shape = self.session, table_type.shape
        key = (self.columns, session.database, session.database.version)
        loader = table_type.loaders.get(key)
        if loader is None:
            table_type.loaders.clear()
            context = session.compiler(session.database, "").context()
            loader = compile_table_argument(shape, self.columns, context), context.slots
            table_type.loaders[key] = loader
        load, slots = loader
        store = new_store(shape)
        load([[store], session, *[None] * (slots - FIRST_SLOT)], self.rows)
        return store


def table_argument(session: Session, parameter: Any) -> Any:
    """The value of a ``TableParameter`` of the TDS layer: a TableStore where it names its type, else TableRows."""
    rows = TableRows(session, tuple((column.type, column.default) for column in parameter.columns), parameter.rows)
    if not parameter.type_name:
        return rows
    from emulator.execution.definitions.shapes import resolve_type  # noqa: PLC0415 (definitions call modules)

    name = nodes.TypeName(parameter.type_name, parameter.schema or None)
    table_type = resolve_type(name, session.compiler(session.database, "").context())[1]
    if table_type is None:
        raise sql_error(2715, 1, parameter.type_name)
    return rows.store(table_type)
