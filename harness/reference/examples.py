"""Example calls in the languages of the callers, with the values of the T-SQL example in the header.

C# is written for Microsoft.Data.SqlClient, Java for the Microsoft JDBC driver, Node for the package mssql, Python for
pyodbc. Python and Java call by position: a parameter that the example leaves out before the last given one is NULL
there, which is also its default.
"""

import re
from dataclasses import dataclass

from harness.reference.headers import Parameter, Procedure

_ARGUMENT = re.compile(r"@(?P<name>\w+) = (?P<value>N?'(?:[^']|'')*'|@\w+|-?[\d.]+|NULL)")
_TYPE = re.compile(r"(?P<name>\w+)(?:\((?P<sizes>[\d, ]+)\))?")
_TYPE_NAMES = {
    "bit": "Bit",
    "int": "Int",
    "decimal": "Decimal",
    "datetime": "DateTime",
    "varchar": "VarChar",
    "nvarchar": "NVarChar",
    "uniqueidentifier": "UniqueIdentifier",
}
_JAVA_SETTERS = {
    "bit": "setBoolean",
    "int": "setInt",
    "decimal": "setBigDecimal",
    "datetime": "setTimestamp",
    "varchar": "setString",
    "nvarchar": "setNString",
}


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter with the value of the example: its text, None for NULL; `is_request` for the id that clients make."""

    parameter: Parameter
    value: str | None
    is_request: bool

    @property
    def type_name(self) -> str:
        """The type without its size."""
        return _type(self.parameter)[0]

    @property
    def python(self) -> str:
        """The value in Python."""
        if self.value is None:
            return "None"
        if self.is_request:
            return "request_id"
        if self.type_name == "decimal":
            return f'Decimal("{self.value}")'
        return self._literal("True", "False")

    @property
    def csharp(self) -> str:
        """The parameter in C#, with its type and value."""
        name, sizes = _type(self.parameter)
        if name == "decimal":
            return (
                f'Add(new SqlParameter("@{self.parameter.name}", SqlDbType.Decimal) '
                f"{{ Precision = {sizes[0]}, Scale = {sizes[1]}, Value = {self.value}m }})"
            )
        size = f", {sizes[0]}" if sizes else ""
        value = "requestId" if self.is_request else self._literal("true", "false")
        return f'Add("@{self.parameter.name}", SqlDbType.{_TYPE_NAMES[name]}{size}).Value = {value}'

    def java(self, position: int) -> str:
        """The call that sets the parameter in Java."""
        if self.value is None:
            return f"setNull({position}, Types.{self.type_name.upper()})"
        if self.is_request:
            return f"setObject({position}, requestId, microsoft.sql.Types.GUID)"
        value = f'new BigDecimal("{self.value}")' if self.type_name == "decimal" else self._literal("true", "false")
        return f"{_JAVA_SETTERS[self.type_name]}({position}, {value})"

    @property
    def node(self) -> str:
        """The parameter in JavaScript, with its type and value."""
        name, sizes = _type(self.parameter)
        size = f"({', '.join(sizes)})" if sizes else ""
        value = "requestId" if self.is_request else self._literal("true", "false")
        return f'input("{self.parameter.name}", sql.{_TYPE_NAMES[name]}{size}, {value})'

    def _literal(self, true: str, false: str) -> str:
        assert self.value is not None
        if self.type_name == "bit":
            return true if self.value == "1" else false
        return f'"{self.value}"' if self.type_name in ("varchar", "nvarchar") else self.value


def given_arguments(procedure: Procedure) -> list[Argument]:
    """What the example passes, in the order of the parameters."""
    call = procedure.example[procedure.example.index("EXEC ") :]
    values = {match["name"]: match["value"] for match in _ARGUMENT.finditer(call)}
    return [
        _argument(parameter, values[parameter.name]) for parameter in procedure.parameters if parameter.name in values
    ]


def positional_arguments(procedure: Procedure) -> list[Argument]:
    """The same for a call by position: up to the last one given, NULL for those left out."""
    given = {argument.parameter.name: argument for argument in given_arguments(procedure)}
    last = max((i for i, parameter in enumerate(procedure.parameters) if parameter.name in given), default=-1)
    return [
        given.get(parameter.name, Argument(parameter, None, False)) for parameter in procedure.parameters[: last + 1]
    ]


def _argument(parameter: Parameter, written: str) -> Argument:
    if written.startswith("@"):
        return Argument(parameter, written, True)
    text = written.removeprefix("N")
    return Argument(parameter, text[1:-1].replace("''", "'") if text.startswith("'") else text, False)


def _type(parameter: Parameter) -> tuple[str, list[str]]:
    match = _TYPE.fullmatch(parameter.type)
    assert match is not None
    return match["name"], [size.strip() for size in match["sizes"].split(",")] if match["sizes"] else []
