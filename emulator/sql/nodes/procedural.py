"""Control of flow, variables, transactions, cursors, session options, calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from emulator.sql.nodes.base import Expression, Node, ObjectName, Predicate, Statement, TypeName
from emulator.sql.nodes.expressions import CursorName, Variable

if TYPE_CHECKING:
    from emulator.sql.nodes.changes import Select
    from emulator.sql.nodes.ddl import TableDefinition


# --- Variables --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VariableDeclaration(Node):
    """`@name type [= initial]`; a type CURSOR has the type name `cursor`."""

    name: str
    type: TypeName
    initial: Expression | None = None


@dataclass(frozen=True, slots=True)
class TableVariableDeclaration(Node):
    """`@name TABLE (...)`."""

    name: str
    definition: TableDefinition


@dataclass(frozen=True, slots=True)
class Declare(Statement):
    """DECLARE of variables, in the order written."""

    variables: tuple[VariableDeclaration | TableVariableDeclaration, ...]


@dataclass(frozen=True, slots=True)
class SetVariable(Statement):
    """SET @variable = expression, or with a compound operator (`+=`)."""

    variable: Variable
    operator: str
    value: Expression


@dataclass(frozen=True, slots=True)
class SetCursorVariable(Statement):
    """SET @variable = CURSOR ... FOR query."""

    variable: Variable
    definition: CursorDefinition


# --- Session options --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SetOption(Statement):
    """SET a, b ON|OFF, upper case: NOCOUNT, XACT_ABORT, ...; those of SET STATISTICS are 'STATISTICS IO' and so on."""

    options: tuple[str, ...]
    on: bool


@dataclass(frozen=True, slots=True)
class SetValue(Statement):
    """SET option value: LOCK_TIMEOUT, DEADLOCK_PRIORITY, ROWCOUNT, DATEFIRST, DATEFORMAT, LANGUAGE, TEXTSIZE, ...

    A bare word (`LOW`, `mdy`, `us_english`) is a `StringLiteral` as written.
    """

    option: str
    value: Expression


@dataclass(frozen=True, slots=True)
class SetIdentityInsert(Statement):
    """SET IDENTITY_INSERT table ON|OFF."""

    table: ObjectName
    on: bool


@dataclass(frozen=True, slots=True)
class SetIsolationLevel(Statement):
    """SET TRANSACTION ISOLATION LEVEL level."""

    level: str  # 'READ UNCOMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SNAPSHOT', 'SERIALIZABLE'


# --- Control of flow --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block(Statement):
    """BEGIN ... END."""

    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class If(Statement):
    """IF condition statement [ELSE statement]."""

    condition: Predicate
    then: Statement
    otherwise: Statement | None = None


@dataclass(frozen=True, slots=True)
class While(Statement):
    """WHILE condition statement."""

    condition: Predicate
    body: Statement


@dataclass(frozen=True, slots=True)
class Break(Statement):
    """BREAK."""


@dataclass(frozen=True, slots=True)
class Continue(Statement):
    """CONTINUE."""


@dataclass(frozen=True, slots=True)
class Return(Statement):
    """RETURN [value]."""

    value: Expression | None = None


@dataclass(frozen=True, slots=True)
class ReturnQuery(Statement):
    """RETURN [(] query [)] : the body of an inline table-valued function."""

    select: Select


@dataclass(frozen=True, slots=True)
class Label(Statement):
    """`name:`, the target of GOTO."""

    name: str


@dataclass(frozen=True, slots=True)
class Goto(Statement):
    """GOTO label."""

    label: str


@dataclass(frozen=True, slots=True)
class TryCatch(Statement):
    """BEGIN TRY body END TRY BEGIN CATCH handler END CATCH."""

    body: tuple[Statement, ...]
    handler: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Throw(Statement):
    """THROW number, message, state; all three are None in the form that rethrows."""

    number: Expression | None = None
    message: Expression | None = None
    state: Expression | None = None


@dataclass(frozen=True, slots=True)
class RaiseError(Statement):
    """RAISERROR (message, severity, state, arguments...) [WITH options]; options among LOG, NOWAIT, SETERROR."""

    message: Expression
    severity: Expression
    state: Expression
    arguments: tuple[Expression, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Print(Statement):
    """PRINT value."""

    value: Expression


@dataclass(frozen=True, slots=True)
class WaitFor(Statement):
    """WAITFOR DELAY|TIME value (a constant or a variable)."""

    kind: str  # 'DELAY' or 'TIME'
    value: Expression


# --- Transactions -----------------------------------------------------------------------------------------------------


TransactionName: TypeAlias = str | Variable


@dataclass(frozen=True, slots=True)
class BeginTransaction(Statement):
    """BEGIN TRAN [name] [WITH MARK ['description']]."""

    name: TransactionName | None = None
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class CommitTransaction(Statement):
    """COMMIT [TRAN [name]] [WITH (DELAYED_DURABILITY = ON | OFF)]; also COMMIT WORK."""

    name: TransactionName | None = None
    delayed: bool = False


@dataclass(frozen=True, slots=True)
class RollbackTransaction(Statement):
    """ROLLBACK [TRAN [name]]: the name of the outermost transaction or of a savepoint; also ROLLBACK WORK."""

    name: TransactionName | None = None


@dataclass(frozen=True, slots=True)
class SaveTransaction(Statement):
    """SAVE TRAN name."""

    name: TransactionName


# --- Calls ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Argument(Node):
    """`[@name =] value [OUTPUT]`; a bare word as a value is a `StringLiteral`; the word DEFAULT is `DefaultValue`."""

    value: Expression
    name: str | None = None
    output: bool = False


@dataclass(frozen=True, slots=True)
class ResultSetColumn(Node):
    """One column of EXECUTE ... WITH RESULT SETS ((...))."""

    name: str
    type: TypeName
    nullable: bool | None = None
    collation: str | None = None


@dataclass(frozen=True, slots=True)
class ResultSets(Node):
    """WITH RESULT SETS: UNDEFINED, NONE, or the `sets` declared."""

    kind: str  # 'UNDEFINED', 'NONE', 'DECLARED'
    sets: tuple[tuple[ResultSetColumn, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ExecuteProcedure(Statement):
    """[EXEC] [@result =] procedure arguments; `procedure` is a variable when its name is computed."""

    procedure: ObjectName | Variable
    arguments: tuple[Argument, ...] = ()
    result: Variable | None = None  # receives the return status
    number: int | None = None  # `name;2`
    recompile: bool = False
    result_sets: ResultSets | None = None


@dataclass(frozen=True, slots=True)
class ExecuteString(Statement):
    """EXEC (text [, arguments]) [AS USER|LOGIN = 'name'] [AT server]."""

    text: Expression
    arguments: tuple[Argument, ...] = ()
    as_kind: str | None = None  # 'USER' or 'LOGIN'
    as_name: str | None = None
    at: str | None = None
    result_sets: ResultSets | None = None


# --- Cursors ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CursorDefinition(Node):
    """What a cursor runs over.

    `options` are upper case: LOCAL, GLOBAL, FORWARD_ONLY, SCROLL, STATIC, KEYSET, DYNAMIC, FAST_FORWARD, READ_ONLY,
    SCROLL_LOCKS, OPTIMISTIC, TYPE_WARNING, INSENSITIVE (the last only in the ISO form).
    """

    select: Select
    options: tuple[str, ...] = ()
    update_columns: tuple[str, ...] | None = None  # FOR UPDATE [OF ...]: () is all columns, None is not written
    read_only: bool = False  # ISO's FOR READ ONLY


@dataclass(frozen=True, slots=True)
class DeclareCursor(Statement):
    """DECLARE name CURSOR ... FOR query."""

    name: str
    definition: CursorDefinition


@dataclass(frozen=True, slots=True)
class OpenCursor(Statement):
    """OPEN cursor."""

    cursor: CursorName | Variable


@dataclass(frozen=True, slots=True)
class FetchCursor(Statement):
    """FETCH [direction [offset]] FROM cursor [INTO variables]."""

    cursor: CursorName | Variable
    direction: str = "NEXT"  # NEXT, PRIOR, FIRST, LAST, ABSOLUTE, RELATIVE
    offset: Expression | None = None  # with ABSOLUTE and RELATIVE
    into: tuple[Variable, ...] = ()


@dataclass(frozen=True, slots=True)
class CloseCursor(Statement):
    """CLOSE cursor."""

    cursor: CursorName | Variable


@dataclass(frozen=True, slots=True)
class DeallocateCursor(Statement):
    """DEALLOCATE cursor."""

    cursor: CursorName | Variable


# --- The server -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Use(Statement):
    """USE database."""

    database: str


@dataclass(frozen=True, slots=True)
class Kill(Statement):
    """KILL session or unit of work [WITH STATUSONLY | COMMIT | ROLLBACK (`option`)]."""

    session: Expression
    option: str | None = None


@dataclass(frozen=True, slots=True)
class Dbcc(Statement):
    """DBCC command [(arguments)] [WITH options]; a bare word among the arguments is a `StringLiteral`."""

    command: str
    arguments: tuple[Expression, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkpoint(Statement):
    """CHECKPOINT [duration]."""


@dataclass(frozen=True, slots=True)
class Shutdown(Statement):
    """SHUTDOWN [WITH NOWAIT]."""

    no_wait: bool = False


@dataclass(frozen=True, slots=True)
class Reconfigure(Statement):
    """RECONFIGURE [WITH OVERRIDE]."""


@dataclass(frozen=True, slots=True)
class ExecuteAs(Statement):
    """EXECUTE AS USER|LOGIN = name, or EXECUTE AS CALLER; [WITH NO REVERT]."""

    kind: str  # 'USER', 'LOGIN', 'CALLER'
    name: Expression | None = None
    no_revert: bool = False
    cookie: Variable | None = None  # WITH COOKIE INTO @variable


@dataclass(frozen=True, slots=True)
class Revert(Statement):
    """REVERT [WITH COOKIE = @variable]."""

    cookie: Variable | None = None
