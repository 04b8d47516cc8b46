"""``sp_describe_undeclared_parameters`` and ``sp_describe_first_result_set``: types before anything runs.

pyodbc asks for the parameters of a statement that is given None, and of every fast executemany.

Documentation: "sp_describe_undeclared_parameters", "sp_describe_first_result_set (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from emulator.catalog.objects import Procedure
from emulator.catalog.system_views.definition import Row, column_list
from emulator.errors import NotSupported, sql_error
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.inference import UNKNOWN, Inferred, declare_variables, infer
from emulator.execution.system_procedures.signatures import procedure, send
from emulator.planning.binding import OutputColumn, PlanContext
from emulator.planning.queries import compile_query
from emulator.sql import nodes
from emulator.sql.parser import parse_batch
from emulator.types.collation import collation
from emulator.types.descriptions import catalog_name, column_precision, column_size, system_type_id
from emulator.types.sqltype import (
    MAX,
    SqlType,
    format_type,
    is_character,
    is_large_object,
)

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

UNDECLARED_PARAMETERS = column_list("""
    parameter_ordinal int, name sysname, suggested_system_type_id int, suggested_system_type_name nvarchar(256)?,
    suggested_max_length smallint, suggested_precision tinyint, suggested_scale tinyint,
    suggested_user_type_id int?, suggested_user_type_database sysname?, suggested_user_type_schema sysname?,
    suggested_user_type_name sysname?, suggested_assembly_qualified_type_name nvarchar(4000)? = NULL,
    suggested_xml_collection_id int? = NULL, suggested_xml_collection_database sysname? = NULL,
    suggested_xml_collection_schema sysname? = NULL, suggested_xml_collection_name sysname? = NULL,
    suggested_is_xml_document bit = 0, suggested_is_case_sensitive bit, suggested_is_fixed_length_clr_type bit = 0,
    suggested_is_input bit, suggested_is_output bit, formal_parameter_name sysname?, suggested_tds_type_id int,
    suggested_tds_length int
""")

TDS_TYPE_IDS = {
    "bit": 104,
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), 38),
    **dict.fromkeys(("real", "float"), 109),
    **dict.fromkeys(("smallmoney", "money"), 110),
    **dict.fromkeys(("smalldatetime", "datetime"), 111),
    "rowversion": 173,
}
"""The nullable forms of types whose TDS type is not their ``system_type_id``."""
UNLIMITED = 65535
LONG_SIZES = {"text": 2147483647, "ntext": 2147483646, "image": 2147483647}
SQL_VARIANT_SIZE = 8009


def tds_type(type: SqlType) -> tuple[int, int]:
    """The type's number and its maximal length on the wire."""
    number = TDS_TYPE_IDS.get(type.name) or system_type_id(type)
    if is_large_object(type):
        return number, LONG_SIZES[type.name]
    if type.length == MAX or type.name == "xml":
        return number, UNLIMITED
    if type.name == "sql_variant":
        return number, SQL_VARIANT_SIZE
    if type.name in ("decimal", "numeric"):
        return number, 17
    return number, 0 if type.name == "table" else column_size(type)


@procedure(PROCEDURES, "sp_describe_undeclared_parameters", "@tsql nvarchar(max), @params nvarchar(max) = NULL")
def sp_describe_undeclared_parameters(session: Session, text: str | None, declarations: str | None) -> None:
    """One row a parameter. Errors: those of the batch; 11525."""
    declared = session.parse_parameters(declarations) if declarations else ()
    found = infer(session, text or "", declared)
    send(session, UNDECLARED_PARAMETERS, (_parameter_row(session, n, item) for n, item in enumerate(found, start=1)))


def _parameter_row(session: Session, number: int, item: Inferred) -> Row:
    type = item.type or UNKNOWN
    table_type = item.table_type
    user_type: Row = (None, None, None, None)
    if table_type is not None:
        user_type = (table_type.object_id, session.database.name, table_type.schema, table_type.name)
    return (
        *(number, item.name, system_type_id(type), None if table_type is not None else _spelled(type)),
        *(column_size(type), *column_precision(type), *user_type),
        is_character(type) and collation(type.collation or session.database.collation).is_case_sensitive,
        *(1, item.output, item.formal_name, *tds_type(type)),
    )


def _spelled(type: SqlType) -> str:
    return catalog_name(type) if type.name == "rowversion" else format_type(type)


RESULT_COLUMNS = column_list("""
    is_hidden bit = 0, column_ordinal int, name sysname?, is_nullable bit, system_type_id int,
    system_type_name nvarchar(256)?, max_length smallint, precision tinyint, scale tinyint, collation_name sysname?,
    user_type_id int? = NULL, user_type_database sysname? = NULL, user_type_schema sysname? = NULL,
    user_type_name sysname? = NULL, assembly_qualified_type_name nvarchar(4000)? = NULL,
    xml_collection_id int? = NULL, xml_collection_database sysname? = NULL, xml_collection_schema sysname? = NULL,
    xml_collection_name sysname? = NULL, is_xml_document bit = 0, is_case_sensitive bit,
    is_fixed_length_clr_type bit = 0, source_server sysname? = NULL, source_database sysname? = NULL,
    source_schema sysname? = NULL, source_table sysname? = NULL, source_column sysname? = NULL,
    is_identity_column bit?, is_part_of_unique_key bit? = NULL, is_updateable bit? = 0, is_computed_column bit? = 0,
    is_sparse_column_set bit? = 0, ordinal_in_order_by_list smallint? = NULL, order_by_list_length smallint? = NULL,
    order_by_is_descending smallint? = NULL, tds_type_id int, tds_length int, tds_collation_id int?,
    tds_collation_sort_id tinyint?
""")


@procedure(
    PROCEDURES,
    "sp_describe_first_result_set",
    "@tsql nvarchar(max), @params nvarchar(max) = NULL, @browse_information_mode tinyint = 0",
)
def sp_describe_first_result_set(
    session: Session, text: str | None, declarations: str | None, browse_information_mode: int | None
) -> None:
    """One row a column of the first result set; none if there is no result set."""
    send(session, RESULT_COLUMNS, described_columns(session, text, declarations))


def described_columns(session: Session, text: str | None, declarations: str | None) -> Iterator[Row]:
    """The rows of the first result set's columns. Errors: those of compiling the batch."""
    declared = session.parse_parameters(declarations) if declarations else ()
    context = session.compiler(session.database, text or "", parameters=declared).context()
    batch = parse_batch(text or "", quoted_identifier="QUOTED_IDENTIFIER" in session.settings.on)
    columns = _FirstResult(session).columns(batch.statements, context)
    return _result_rows(session, columns or ())


class _FirstResult:
    """Looks for the first statement that sends rows, in the procedures that are called too."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.entered: set[int] = set()

    def columns(self, statements: Sequence[nodes.Statement], context: PlanContext) -> Sequence[OutputColumn] | None:
        """Its columns. Errors: 11514 for dynamic SQL."""
        declare_variables(statements, context)
        return self._first(statements, context)

    def _first(self, statements: Sequence[nodes.Statement], context: PlanContext) -> Sequence[OutputColumn] | None:
        for statement in statements:
            found = self._of(statement, context)
            if found is not None:
                return found
        return None

    def _of(self, statement: nodes.Statement, context: PlanContext) -> Sequence[OutputColumn] | None:
        match statement:
            case nodes.Select(query=query, ctes=ctes):
                return compile_query(query, None, context, ctes=ctes).columns if _sends_rows(query) else None
            case nodes.Insert() | nodes.Update() | nodes.Delete() | nodes.Merge():
                if any(output.into is None for output in statement.outputs):
                    raise NotSupported("sp_describe_first_result_set of an OUTPUT clause", statement.line)
                return None
            case nodes.ExecuteProcedure(procedure=nodes.ObjectName() as name):
                return self._of_procedure(name)
            case nodes.ExecuteProcedure() | nodes.ExecuteString():
                raise sql_error(11514, context.batch_text[statement.start : statement.end])
            case nodes.Block(statements=inner) | nodes.TryCatch(body=inner):
                return self._first(inner, context)
            case nodes.If(then=then, otherwise=otherwise):
                return self._first((then,) if otherwise is None else (then, otherwise), context)
            case nodes.While(body=body):
                return self._of(body, context)
            case _:
                return None

    def _of_procedure(self, name: nodes.ObjectName) -> Sequence[OutputColumn] | None:
        session = self.session
        called = session.find_procedure(name, None)
        if not isinstance(called, Procedure):
            raise NotSupported(f"sp_describe_first_result_set of the system procedure {called.name}", name.line)
        if called.object_id in self.entered:
            return None
        self.entered.add(called.object_id)
        database = session.instance.database(called.database)
        compiler = session.compiler(database, called.definition, module=called, parameters=called.parameters)
        return self.columns(called.body, compiler.context())


def _sends_rows(query: nodes.Query) -> bool:
    body = query.body
    if not isinstance(body, nodes.QuerySpecification):
        return True
    return body.into is None and not any(isinstance(item, nodes.SelectAssignment) for item in body.items)


def _result_rows(session: Session, columns: Sequence[OutputColumn]) -> Iterator[Row]:
    for number, column in enumerate(columns, start=1):
        type = column.type
        known = collation(type.collation or session.database.collation) if is_character(type) else None
        yield (
            *(number, column.name or None, column.nullable, system_type_id(type), _spelled(type), column_size(type)),
            *(*column_precision(type), known.name if known else None, bool(known and known.is_case_sensitive)),
            *(column.identity, *tds_type(type)),
            *((int.from_bytes(known.tds[:4], "little", signed=True), known.tds[4]) if known else (None, None)),
        )
