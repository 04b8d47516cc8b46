"""Scalar expressions and search conditions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from emulator.sql.nodes.base import Expression, Node, ObjectName, Predicate, TypeName

if TYPE_CHECKING:
    from emulator.sql.nodes.queries import Query


# --- Literals ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IntegerLiteral(Expression):
    """A whole number that fits the type int. Larger ones are `NumericLiteral`s, as in SQL Server."""

    value: int


@dataclass(frozen=True, slots=True)
class NumericLiteral(Expression):
    """A constant with a decimal point, or a whole number too large for int: type numeric(precision, scale)."""

    value: Decimal
    precision: int
    scale: int


@dataclass(frozen=True, slots=True)
class FloatLiteral(Expression):
    """A constant with an exponent: type float."""

    value: float


@dataclass(frozen=True, slots=True)
class MoneyLiteral(Expression):
    """`$12.5`: type money."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class BinaryLiteral(Expression):
    """`0x1F`: type varbinary. An odd digit count has got a leading zero."""

    value: bytes


@dataclass(frozen=True, slots=True)
class StringLiteral(Expression):
    """`'text'` (varchar) or `N'text'` (nvarchar)."""

    value: str
    national: bool = False


@dataclass(frozen=True, slots=True)
class NullLiteral(Expression):
    """NULL."""


@dataclass(frozen=True, slots=True)
class DefaultValue(Expression):
    """The word DEFAULT where a value is expected: in VALUES, in SET of an UPDATE, as an argument."""


@dataclass(frozen=True, slots=True)
class OdbcDateTime(Expression):
    """`{d '...'}`, `{t '...'}`, `{ts '...'}`: type datetime; and `{guid '...'}`: type uniqueidentifier."""

    kind: str  # 'd', 't', 'ts' or 'guid'
    value: str


# --- Names ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ColumnRef(Expression):
    """A column, or in a few argument positions (`DATEADD(day, ...)`) a bare word that the function interprets."""

    name: str
    table: ObjectName | None = None  # the qualifier: alias, table, `inserted`, schema.table, ...


@dataclass(frozen=True, slots=True)
class PseudoColumn(Expression):
    """`$ACTION`, `$IDENTITY`, `$ROWGUID`, `%%LOCKRES%%`: `name` is upper case and has the signs."""

    name: str
    table: ObjectName | None = None

    @property
    def is_virtual(self) -> bool:
        """Whether it stands for no column of the table."""
        return self.name.startswith("%%")


@dataclass(frozen=True, slots=True)
class Variable(Expression):
    """A local variable; `name` starts with `@`."""

    name: str


@dataclass(frozen=True, slots=True)
class GlobalVariable(Expression):
    """A system function of the `@@name` kind; `name` starts with `@@`."""

    name: str


# --- Operators --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """`-x`, `+x`, `~x`. The sign of a constant stays a `Unary` around the literal."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """One of `+ - * / % & | ^`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Collate(Expression):
    """`operand COLLATE collation`; collation may be `database_default`."""

    operand: Expression
    collation: str


@dataclass(frozen=True, slots=True)
class AtTimeZone(Expression):
    """`operand AT TIME ZONE zone`."""

    operand: Expression
    zone: Expression


# --- Functions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderItem(Node):
    """One key of an ORDER BY."""

    expression: Expression
    descending: bool = False


@dataclass(frozen=True, slots=True)
class FrameBound(Node):
    """One end of a window frame."""

    kind: str  # 'UNBOUNDED PRECEDING', 'PRECEDING', 'CURRENT ROW', 'FOLLOWING', 'UNBOUNDED FOLLOWING'
    offset: Expression | None = None  # with 'PRECEDING' and 'FOLLOWING'


@dataclass(frozen=True, slots=True)
class WindowFrame(Node):
    """`ROWS|RANGE BETWEEN first AND last`; the short form has CURRENT ROW as its last bound."""

    unit: str  # 'ROWS' or 'RANGE'
    first: FrameBound
    last: FrameBound


@dataclass(frozen=True, slots=True)
class Window(Node):
    """What stands in OVER (...); `base` names a window of the WINDOW clause that this one extends."""

    partition_by: tuple[Expression, ...] = ()
    order_by: tuple[OrderItem, ...] = ()
    frame: WindowFrame | None = None
    base: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionCall(Expression):
    """Any call by name: built-in, aggregate, window function or user-defined, told apart by the binder.

    COALESCE, NULLIF, ISNULL, LEFT, `{fn ...}` and so on are calls too. IIF is a `SearchedCase`. The FROM forms of TRIM
    are rewritten as TRIM/LTRIM/RTRIM(operand, characters).
    """

    name: ObjectName
    arguments: tuple[Expression, ...] = ()
    star: bool = False  # COUNT(*): no arguments
    distinct: bool = False  # SUM(DISTINCT x)
    within_group: tuple[OrderItem, ...] = ()  # STRING_AGG(...) WITHIN GROUP (ORDER BY ...)
    over: Window | None = None
    nulls: str | None = None  # 'IGNORE NULLS' or 'RESPECT NULLS'
    odbc: bool = False  # {fn name(...)}: the name is one of ODBC's scalar functions


@dataclass(frozen=True, slots=True)
class NiladicFunction(Expression):
    """CURRENT_TIMESTAMP, CURRENT_USER, SESSION_USER, SYSTEM_USER, USER: upper case, called without brackets."""

    name: str


@dataclass(frozen=True, slots=True)
class Cast(Expression):
    """CAST(operand AS type), TRY_CAST."""

    operand: Expression
    type: TypeName
    attempt: bool = False  # TRY_: NULL instead of a conversion error


@dataclass(frozen=True, slots=True)
class Convert(Expression):
    """CONVERT(type, operand [, style]), TRY_CONVERT."""

    type: TypeName
    operand: Expression
    style: Expression | None = None
    attempt: bool = False


@dataclass(frozen=True, slots=True)
class Parse(Expression):
    """PARSE(operand AS type [USING culture]), TRY_PARSE."""

    operand: Expression
    type: TypeName
    culture: Expression | None = None
    attempt: bool = False


@dataclass(frozen=True, slots=True)
class JsonObject(Expression):
    """JSON_OBJECT('key': value, ...); NULL ON NULL is its default."""

    members: tuple[tuple[Expression, Expression], ...]
    absent_on_null: bool = False


@dataclass(frozen=True, slots=True)
class JsonArray(Expression):
    """JSON_ARRAY(value, ...); ABSENT ON NULL is its default."""

    items: tuple[Expression, ...]
    absent_on_null: bool = True


@dataclass(frozen=True, slots=True)
class SimpleCase(Expression):
    """CASE operand WHEN value THEN result ... [ELSE otherwise] END."""

    operand: Expression
    branches: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression | None = None


@dataclass(frozen=True, slots=True)
class SearchedCase(Expression):
    """CASE WHEN condition THEN result ... [ELSE otherwise] END; IIF(condition, a, b) is one with one branch."""

    branches: tuple[tuple[Predicate, Expression], ...]
    otherwise: Expression | None = None


@dataclass(frozen=True, slots=True)
class IdentityFunction(Expression):
    """IDENTITY(type, seed, increment), which may stand only in the select list of SELECT INTO."""

    type: TypeName
    seed: int = 1
    increment: int = 1


@dataclass(frozen=True, slots=True)
class NextValueFor(Expression):
    """NEXT VALUE FOR sequence [OVER (ORDER BY ...)]."""

    sequence: ObjectName
    order_by: tuple[OrderItem, ...] = ()


@dataclass(frozen=True, slots=True)
class MethodCall(Expression):
    """`operand.method(arguments)` on an xml (or CLR) value: `@x.value('...', 'int')`, `t.c.query('...')`."""

    operand: Expression
    method: str
    arguments: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class ScalarSubquery(Expression):
    """A query in brackets as a value: one column, at most one row."""

    query: Query


# --- Search conditions ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison(Predicate):
    """`operator` is one of = <> < <= > >= (the spellings != !< !> are normalised)."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class QuantifiedComparison(Predicate):
    """`left operator ALL|ANY (query)`; SOME is ANY."""

    operator: str
    left: Expression
    quantifier: str  # 'ALL' or 'ANY'
    query: Query


@dataclass(frozen=True, slots=True)
class IsDistinctFrom(Predicate):
    """`left IS [NOT] DISTINCT FROM right`: a comparison in which NULL equals NULL."""

    left: Expression
    right: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class IsNull(Predicate):
    """`operand IS [NOT] NULL`."""

    operand: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Between(Predicate):
    """`operand [NOT] BETWEEN low AND high`."""

    operand: Expression
    low: Expression
    high: Expression
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Like(Predicate):
    """`operand [NOT] LIKE pattern [ESCAPE escape]`."""

    operand: Expression
    pattern: Expression
    escape: Expression | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class InList(Predicate):
    """`operand [NOT] IN (item, ...)`."""

    operand: Expression
    items: tuple[Expression, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class InSubquery(Predicate):
    """`operand [NOT] IN (query)`."""

    operand: Expression
    query: Query
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Exists(Predicate):
    """`EXISTS (query)`."""

    query: Query


@dataclass(frozen=True, slots=True)
class Not(Predicate):
    """`NOT condition`."""

    operand: Predicate


@dataclass(frozen=True, slots=True)
class And(Predicate):
    """Two or more conditions joined by AND, in the order written (chains are flat)."""

    operands: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or(Predicate):
    """Two or more conditions joined by OR, in the order written (chains are flat)."""

    operands: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class UpdatedColumn(Predicate):
    """`UPDATE(column)` inside a trigger."""

    column: str


@dataclass(frozen=True, slots=True)
class CursorName(Node):
    """A cursor by name. GLOBAL may be written before it; without it a local cursor of that name wins."""

    name: str
    is_global: bool = False


@dataclass(frozen=True, slots=True)
class CurrentOf(Predicate):
    """`WHERE CURRENT OF cursor` in UPDATE and DELETE."""

    cursor: CursorName | Variable
