"""Tokens to syntax trees: `parse_batch` is the way in, the others read parts that come as texts of their own."""

from emulator.errors import sql_error
from emulator.sql.nodes import Batch, ObjectName, Parameter, TypeName
from emulator.sql.parser.statements import Parser

__all__ = ["parse_batch", "parse_object_name", "parse_parameters", "parse_type"]


def parse_batch(text: str, *, quoted_identifier: bool = True) -> Batch:
    """The syntax tree of one batch.

    `quoted_identifier` is the session's SET QUOTED_IDENTIFIER; a SET of it in the batch holds from there on.
    Raises `SqlError` with the number and the line of the first mistake: 102 and 156 (syntax), 103, 105, 113 (tokens),
    191 (nested too deeply), and the others that SQL Server finds before it looks at any object; `NotSupported` for
    syntax that the emulator never executes.
    """
    try:
        return Batch(Parser(text, quoted_identifier=quoted_identifier).batch(), text)
    except RecursionError:  # the caller had used up most of the stack
        raise sql_error(191, line=1) from None


def parse_parameters(text: str) -> tuple[Parameter, ...]:
    """The parameters that `@a int, @b nvarchar(10) OUTPUT` declares. Raises as `parse_batch`."""
    return Parser(text).declared_parameters()


def parse_object_name(text: str) -> ObjectName:
    """A name of up to four parts with nothing around it. Raises as `parse_batch`."""
    parser = Parser(text)
    name = parser.object_name()
    parser.expect_end()
    return name


def parse_type(text: str) -> TypeName:
    """The name of a data type with nothing around it. Raises as `parse_batch`."""
    parser = Parser(text)
    name = parser.type_name()
    parser.expect_end()
    return name
