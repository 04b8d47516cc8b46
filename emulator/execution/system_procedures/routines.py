"""Catalog procedures about procedures and functions.

Documentation: ``sp_stored_procedures``, ``sp_sproc_columns`` (Transact-SQL); SQLProcedures and SQLProcedureColumns in
the "ODBC programmer's reference".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.objects import InlineFunction, Module, Parameter, Procedure, ScalarFunction, TableFunction
from emulator.catalog.system_views.definition import Row, column_list
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.odbc_types import downlevel, odbc_type, old_type_code
from emulator.execution.system_procedures.search import check_qualifier, matcher
from emulator.execution.system_procedures.signatures import procedure, send
from emulator.types.descriptions import catalog_name
from emulator.types.sqltype import INT, SqlType

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

ROUTINES = column_list("""
    PROCEDURE_QUALIFIER sysname?, PROCEDURE_OWNER sysname?, PROCEDURE_NAME nvarchar(134), NUM_INPUT_PARAMS int = -1,
    NUM_OUTPUT_PARAMS int = -1, NUM_RESULT_SETS int = -1, REMARKS varchar(254)? = NULL, PROCEDURE_TYPE smallint = 2
""")
KINDS = (Procedure, ScalarFunction, InlineFunction, TableFunction)


def _routines(session: Session, name: str | None, owner: str | None, use_pattern: int | None) -> list[Module]:
    is_name, is_owner = matcher(name, use_pattern), matcher(owner, use_pattern)
    found = [item for item in session.database.of_kind(Module) if isinstance(item, KINDS)]
    chosen = [item for item in found if is_name(item.name) and is_owner(item.schema)]
    return sorted(chosen, key=lambda item: (item.schema, item.name))


def _numbered(item: Module) -> str:
    """The name with its number: procedures have 1, functions 0."""
    return f"{item.name};{int(isinstance(item, Procedure))}"


@procedure(
    PROCEDURES,
    "sp_stored_procedures",
    """
    @sp_name nvarchar(390) = NULL, @sp_owner nvarchar(384) = NULL, @qualifier sysname = NULL, @fUsePattern bit = 1
    """,
)
def sp_stored_procedures(
    session: Session, name: str | None, owner: str | None, qualifier: str | None, use_pattern: int | None
) -> None:
    """The user's procedures and functions; the system's are not listed."""
    check_qualifier(session, qualifier)
    found = _routines(session, name, owner, use_pattern)
    send(session, ROUTINES, ((session.database.name, item.schema, _numbered(item)) for item in found))


_PARAMETER_HEAD = """
    PROCEDURE_QUALIFIER sysname?, PROCEDURE_OWNER sysname?, PROCEDURE_NAME nvarchar(134)?, COLUMN_NAME sysname?,
    COLUMN_TYPE smallint, DATA_TYPE smallint, TYPE_NAME sysname?, PRECISION int?, LENGTH int?, SCALE smallint?,
    RADIX smallint?, NULLABLE smallint, REMARKS varchar(254)? = NULL, COLUMN_DEF nvarchar(4000)? = NULL,
    SQL_DATA_TYPE smallint, SQL_DATETIME_SUB smallint?, CHAR_OCTET_LENGTH int?, ORDINAL_POSITION int,
    IS_NULLABLE varchar(254)?,
"""
PARAMETERS = column_list(_PARAMETER_HEAD + "SS_DATA_TYPE tinyint")
PARAMETERS_100 = column_list(
    _PARAMETER_HEAD
    + """
    SS_TYPE_CATALOG_NAME sysname?, SS_TYPE_SCHEMA_NAME sysname?, SS_UDT_CATALOG_NAME sysname? = NULL,
    SS_UDT_SCHEMA_NAME sysname? = NULL, SS_UDT_ASSEMBLY_TYPE_NAME sysname? = NULL,
    SS_XML_SCHEMACOLLECTION_CATALOG_NAME sysname? = NULL, SS_XML_SCHEMACOLLECTION_SCHEMA_NAME sysname? = NULL,
    SS_XML_SCHEMACOLLECTION_NAME sysname? = NULL, SS_DATA_TYPE tinyint
    """
)
INPUT, INPUT_OUTPUT, RESULT_COLUMN, RETURN_VALUE = 1, 2, 3, 5
"""COLUMN_TYPE."""


def _parameters(
    session: Session,
    name: str | None,
    owner: str | None,
    column: str | None,
    odbc_version: int,
    use_pattern: int | None,
    *,
    all_types: bool,
) -> Iterator[Row]:
    is_column = matcher(column, use_pattern)
    for item in _routines(session, name, owner, use_pattern):
        for position, (kind, parameter) in enumerate(_with_result(item)):
            if not is_column(parameter.name):
                continue
            nullable = kind in (INPUT, INPUT_OUTPUT)
            type = odbc_type(parameter.type if all_types else downlevel(parameter.type), odbc_version)
            table_type = parameter.table_type
            yield (
                *(session.database.name, item.schema, _numbered(item), parameter.name, kind, type.data_type),
                table_type.name if table_type is not None else _type_name(parameter.type),
                *(type.precision, type.length, type.scale, type.radix, int(nullable)),
                *(type.sql_data_type, type.sql_datetime_sub, type.char_octet_length, position),
                "YES" if nullable else "NO",
                *(_type_place(session, parameter) if all_types else ()),
                old_type_code(parameter.type, nullable),
            )


def _with_result(item: Module) -> Iterator[tuple[int, Parameter]]:
    """The return value, then the parameters, each with its COLUMN_TYPE."""
    if isinstance(item, ScalarFunction) and item.returns is not None:
        yield RETURN_VALUE, Parameter("@RETURN_VALUE", item.returns)
    elif isinstance(item, Procedure):
        yield RETURN_VALUE, Parameter("@RETURN_VALUE", INT)
    else:
        yield RESULT_COLUMN, Parameter("@TABLE_RETURN_VALUE", SqlType("table"))
    for parameter in item.parameters:
        yield INPUT_OUTPUT if parameter.output else INPUT, parameter


def _type_name(type: SqlType) -> str:
    return "table" if type.name == "table" else catalog_name(type)


def _type_place(session: Session, parameter: Parameter) -> tuple[str | None, str | None]:
    """The database and schema of a table type."""
    if parameter.table_type is None:
        return None, None
    return session.database.name, parameter.table_type.schema


_PARAMETERS = """
    @procedure_name nvarchar(390) = '%', @procedure_owner nvarchar(384) = NULL, @procedure_qualifier sysname = NULL,
    @column_name nvarchar(384) = NULL, @ODBCVer int = 2, @fUsePattern bit = 1
"""


@procedure(PROCEDURES, "sp_sproc_columns", _PARAMETERS)
def sp_sproc_columns(
    session: Session,
    name: str | None,
    owner: str | None,
    qualifier: str | None,
    column: str | None,
    odbc_version: int | None,
    use_pattern: int | None,
) -> None:
    check_qualifier(session, qualifier)
    rows = _parameters(session, name, owner, column, odbc_version or 2, use_pattern, all_types=False)
    send(session, PARAMETERS, rows)


@procedure(PROCEDURES, "sp_sproc_columns_100", _PARAMETERS)
def sp_sproc_columns_100(
    session: Session,
    name: str | None,
    owner: str | None,
    qualifier: str | None,
    column: str | None,
    odbc_version: int | None,
    use_pattern: int | None,
) -> None:
    check_qualifier(session, qualifier)
    rows = _parameters(session, name, owner, column, odbc_version or 2, use_pattern, all_types=True)
    send(session, PARAMETERS_100, rows)
