"""A grammar of T-SQL that makes batches at random: well-formed, mostly well-typed by chance, over the tables of SETUP.

Names, types and functions are drawn from what exists, the functions from the emulator's own registry, so that most
batches get as far as being evaluated, with the values that evaluators trip over: limits, NULL, empty and long text.
"""

from functools import cache
from pathlib import Path

from hypothesis import strategies as st

from emulator.execution.functions.library import WINDOW_ONLY
from emulator.execution.functions.registry import FUNCTIONS, Kind
from harness.deploy.batches import split_batches

SETUP = tuple(batch.text for batch in split_batches(Path(__file__).with_name("setup.sql").read_text(encoding="utf-8")))
"""The batches that make the tables which the grammar knows."""

COLUMNS = {
    "Lot": ("LotNo", "Bin", "Qty", "Weight", "Expiry", "Made", "Held", "Price", "Id", "Raw", "Note"),
    "Move": ("MoveId", "LotNo", "Bin", "Qty", "At", "Twice"),
    "Stock": ("LotNo", "Qty", "Bins"),
}
TYPES = (
    *(
        "bit",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "decimal(5,2)",
        "decimal(38,10)",
        "decimal(38,38)",
        "money",
        "smallmoney",
    ),
    *(
        "float",
        "real",
        "char(3)",
        "varchar(5)",
        "varchar(max)",
        "nchar(2)",
        "nvarchar(10)",
        "nvarchar(max)",
        "binary(4)",
    ),
    *(
        "varbinary(8)",
        "date",
        "time(3)",
        "datetime",
        "smalldatetime",
        "datetime2(7)",
        "datetimeoffset(2)",
        "uniqueidentifier",
    ),
    *("sql_variant", "xml"),
)
LITERALS = (
    *(
        "NULL",
        "0",
        "1",
        "-1",
        "2147483647",
        "-2147483648",
        "9223372036854775807",
        "0.1",
        "1.50",
        "1e10",
        "1e-320",
        "1.7e308",
    ),
    *(
        "''",
        "'x'",
        "N'ž'",
        "'  '",
        "'12'",
        "'-3.5'",
        "'2026-02-29'",
        "'20260228 23:59:59.997'",
        "'00:00'",
        "0x",
        "0xFFFF",
        "$1.5",
    ),
    *(
        "'6F9619FF-8B86-D011-B42D-00C04FC964FF'",
        '\'{"a":[1,{"b":null}]}\'',
        "'<a b=\"1\">x</a>'",
        "'a%[b-c]_'",
        "'en-US'",
    ),
    *("99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001", "@i", "@s", "@d", "@t"),
)
DATE_PARTS = ("year", "quarter", "month", "dayofyear", "day", "week", "iso_week", "weekday", "hour", "minute", "second")
SMALL_PARTS = ("millisecond", "microsecond", "nanosecond", "tzoffset")
DECLARE = "DECLARE @i int = 3, @s nvarchar(20) = N'ab', @d decimal(9,3) = 1.5, @t datetime2 = '2026-03-01 12:00';"

_numbers = st.sampled_from(LITERALS)
_types = st.sampled_from(TYPES)


def _joined(parts: st.SearchStrategy[str], least: int, most: int) -> st.SearchStrategy[str]:
    return st.lists(parts, min_size=least, max_size=most).map(", ".join)


@st.composite
def _call(draw: st.DrawFn, values: st.SearchStrategy[str]) -> str:
    """A call of a built-in function with about the right number of arguments."""
    function = FUNCTIONS[draw(st.sampled_from(sorted(name for name in FUNCTIONS if not name.startswith("@@"))))]
    count = draw(st.integers(function.least, len(function.kinds) + 2 * function.variadic))
    kinds = [*function.kinds, *[function.kinds[-1] if function.kinds else Kind.ANY] * 2][:count]
    arguments = [draw(_date_parts if kind is Kind.DATE_PART else values) for kind in kinds]
    over = f" OVER (ORDER BY {draw(values)})" if function.name in WINDOW_ONLY else ""
    return f"{function.name}({', '.join(arguments)}){over}"


_date_parts = st.sampled_from(DATE_PARTS + SMALL_PARTS)


@cache
def _extend(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Larger expressions made of ``values``."""
    conditions = _conditions(values)
    return st.one_of(
        st.builds("({} {} {})".format, values, st.sampled_from(("+", "-", "*", "/", "%", "&", "|", "^")), values),
        st.builds("{}({})".format, st.sampled_from(("-", "~", "+")), values),
        st.builds("CAST({} AS {})".format, values, _types),
        st.builds("TRY_CONVERT({}, {}, {})".format, _types, values, st.integers(-1, 131)),
        st.builds("CONVERT({}, {})".format, _types, values),
        st.builds("CASE WHEN {} THEN {} ELSE {} END".format, conditions, values, values),
        st.builds("CASE {} WHEN {} THEN {} END".format, values, values, values),
        st.builds("IIF({}, {}, {})".format, conditions, values, values),
        st.builds("{}({})".format, st.sampled_from(("COALESCE", "GREATEST", "LEAST", "CONCAT")), _joined(values, 2, 3)),
        st.builds(
            "({} COLLATE {})".format, values, st.sampled_from(("Latin1_General_BIN2", "Latin1_General_100_CI_AS"))
        ),
        st.builds("({} AT TIME ZONE 'UTC')".format, values),
        st.builds("(SELECT {} FROM dbo.Move AS m)".format, st.builds("MAX({})".format, values)),
        st.builds("dbo.Half({})".format, values),
        _call(values),
    )


@cache
def _conditions(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    simple = st.one_of(
        st.builds("{} {} {}".format, values, st.sampled_from(("=", "<>", "<", ">=", "LIKE", "NOT LIKE")), values),
        st.builds("{} IS {}NULL".format, values, st.sampled_from(("", "NOT "))),
        st.builds("{} IN ({})".format, values, _joined(values, 1, 3)),
        st.builds("{} BETWEEN {} AND {}".format, values, values, values),
        st.builds("EXISTS (SELECT 1 FROM dbo.Move AS m WHERE m.Qty = {})".format, values),
        st.builds("{} {} (SELECT Qty FROM dbo.Move)".format, values, st.sampled_from(("= ANY", "<> ALL", "IN"))),
    )
    pair = st.builds("({} {} {})".format, simple, st.sampled_from(("AND", "OR")), simple)
    return st.one_of(simple, pair, st.builds("NOT ({})".format, simple))


@cache
def expressions(names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """Scalar expressions over the columns ``names``, literals and the variables of DECLARE."""
    leaves = st.one_of(st.sampled_from(names), _numbers) if names else _numbers
    return st.recursive(leaves, _extend, max_leaves=6)


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A SELECT over one or two sources, with any of its clauses."""
    table = draw(st.sampled_from(sorted(COLUMNS)))
    names = tuple(f"a.{column}" for column in COLUMNS[table])
    source = f"dbo.{table} AS a"
    match draw(st.sampled_from(("", "", "join", "apply", "values", "function"))):
        case "join":
            kind = draw(st.sampled_from(("JOIN", "LEFT JOIN", "FULL JOIN", "RIGHT JOIN")))
            source += f" {kind} dbo.Move AS b ON {draw(_conditions(expressions((*names, 'b.Qty', 'b.LotNo'))))}"
            names += tuple(f"b.{column}" for column in COLUMNS["Move"])
        case "apply":
            source += (
                " OUTER APPLY (SELECT TOP (2) m.Qty AS x FROM dbo.Move AS m WHERE m.LotNo = a.LotNo ORDER BY 1) AS b"
            )
            names += ("b.x",)
        case "values":
            source += f" CROSS JOIN (VALUES ({draw(_numbers)}), ({draw(_numbers)})) AS b (x)"
            names += ("b.x",)
        case "function":
            source += " CROSS APPLY dbo.LotsOf(a.LotNo) AS b"
            names += ("b.Bin", "b.Qty")
    values = expressions(names)
    group = draw(st.sampled_from(("", "", "group", "window")))
    if group == "group":
        keys = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
        aggregate = draw(
            st.sampled_from(
                ("SUM", "AVG", "MIN", "MAX", "COUNT", "STDEV", "COUNT_BIG", "CHECKSUM_AGG", "COUNT(DISTINCT")
            )
        )
        argument = draw(values)
        call = f"{aggregate} {argument})" if "(" in aggregate else f"{aggregate}({argument})"
        form = draw(st.sampled_from(("{}", "ROLLUP ({})", "CUBE ({})", "GROUPING SETS (({}), ())")))
        items, tail = f"{', '.join(keys)}, {call} AS n", f" GROUP BY {form.format(', '.join(keys))}"
        if draw(st.booleans()):
            tail += f" HAVING COUNT(*) > {draw(_numbers)}"
    else:
        items, tail = draw(_joined(values, 1, 3)), ""
        if group == "window":
            frame = draw(
                st.sampled_from(
                    (
                        "",
                        " ROWS UNBOUNDED PRECEDING",
                        " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
                        " RANGE UNBOUNDED PRECEDING",
                    )
                )
            )
            function = draw(
                st.sampled_from(
                    (
                        "SUM(1.0)",
                        "ROW_NUMBER()",
                        "LAG(a.LotNo)",
                        "NTILE(2)",
                        "FIRST_VALUE(a.LotNo)",
                        "RANK()",
                        "MAX(a.LotNo)",
                    )
                )
            )
            partition, order = draw(st.sampled_from(names)), draw(st.sampled_from(names))
            items += f", {function} OVER (PARTITION BY {partition} ORDER BY {order}{frame})"
    where = f" WHERE {draw(_conditions(values))}" if draw(st.booleans()) else ""
    head = draw(st.sampled_from(("", "", "DISTINCT ", "TOP (2) ", "TOP (50) PERCENT ")))
    return f"SELECT {head}{items} FROM {source}{where}{tail}"


@st.composite
def selects(draw: st.DrawFn) -> str:
    """A whole SELECT statement."""
    text = draw(queries())
    match draw(st.sampled_from(("", "", "order", "union", "cte", "json", "xml", "fetch"))):
        case "order":
            text += f" ORDER BY {draw(st.integers(0, 3))} DESC"
        case "union":
            text += f" {draw(st.sampled_from(('UNION', 'UNION ALL', 'EXCEPT', 'INTERSECT')))} {draw(queries())}"
        case "cte":
            text = f"WITH c (x) AS ({text}) SELECT COUNT(*), MAX(x) FROM c"
        case "json":
            text += f" FOR JSON {draw(st.sampled_from(('PATH', 'AUTO')))}"
        case "xml":
            text += f" FOR XML {draw(st.sampled_from(('PATH', 'RAW', 'AUTO')))}"
        case "fetch":
            text += f" ORDER BY 1 OFFSET {draw(_numbers)} ROWS FETCH NEXT {draw(st.integers(-1, 3))} ROWS ONLY"
    return f"{text};"


@st.composite
def changes(draw: st.DrawFn) -> str:
    """An INSERT, UPDATE, DELETE or MERGE."""
    table = draw(st.sampled_from(("Lot", "Move")))
    column, other = draw(st.sampled_from(COLUMNS[table])), draw(st.sampled_from(COLUMNS[table]))
    values = expressions(COLUMNS[table])
    match draw(st.sampled_from(("insert", "insert select", "update", "delete", "merge"))):
        case "insert":
            rows = _joined(st.builds("({}, {})".format, expressions(), expressions()), 1, 2)
            return f"INSERT INTO dbo.{table} ({column}, {other}) OUTPUT inserted.* VALUES {draw(rows)};"
        case "insert select":
            return f"INSERT INTO dbo.{table} ({column}) {draw(queries())};"
        case "update":
            sign = draw(st.sampled_from(("=", "+=", "-=", "*=", "/=")))
            change = f"SET {column} {sign} {draw(values)} OUTPUT deleted.*"
            return f"UPDATE dbo.{table} {change} WHERE {draw(_conditions(values))};"
        case "delete":
            return f"DELETE FROM dbo.{table} WHERE {draw(_conditions(values))};"
        case _:
            return (
                f"MERGE dbo.{table} AS t USING (SELECT {draw(expressions())} AS k) AS s ON t.{column} = s.k"
                f" WHEN MATCHED THEN UPDATE SET {other} = {draw(expressions())}"
                f" WHEN NOT MATCHED THEN INSERT ({column}) VALUES (s.k) OUTPUT $action;"
            )


@st.composite
def definitions(draw: st.DrawFn) -> str:
    """A statement of DDL."""
    type_, value = draw(_types), draw(_numbers)
    return draw(
        st.sampled_from(
            (
                f"CREATE TABLE dbo.New (a {type_} NULL DEFAULT {value}, b AS a, c int CHECK (c > {value}));",
                f"ALTER TABLE dbo.Lot ADD Extra {type_} NOT NULL DEFAULT {value};",
                f"ALTER TABLE dbo.Move ALTER COLUMN Qty {type_};",
                f"ALTER TABLE dbo.Lot ALTER COLUMN Note {type_} NULL;",
                f"CREATE INDEX IX_New ON dbo.Lot ({draw(st.sampled_from(COLUMNS['Lot']))}) WHERE Qty > {value};",
                f"SELECT {draw(expressions())} AS a INTO dbo.New; SELECT a FROM dbo.New;",
                f"CREATE SEQUENCE dbo.S START WITH {value};",
                "DROP TABLE IF EXISTS dbo.Move, dbo.Lot;",
                "TRUNCATE TABLE dbo.Move;",
                "DROP INDEX IX_Lot_Expiry ON dbo.Lot;",
                f"DECLARE @t TABLE (a {type_} PRIMARY KEY); INSERT INTO @t VALUES ({value}); SELECT a FROM @t;",
            )
        )
    )


@st.composite
def controls(draw: st.DrawFn) -> str:
    """Control of flow, transactions, errors and calls around a statement."""
    inner, value = draw(st.one_of(selects(), changes())), draw(expressions())
    return draw(
        st.sampled_from(
            (
                f"BEGIN TRY {inner} END TRY BEGIN CATCH SELECT ERROR_NUMBER(), XACT_STATE(); ROLLBACK; END CATCH;",
                f"BEGIN TRANSACTION; SAVE TRANSACTION s; {inner} ROLLBACK TRANSACTION s; COMMIT;",
                f"SET XACT_ABORT ON; BEGIN TRANSACTION; {inner} COMMIT;",
                f"IF {draw(_conditions(expressions()))} {inner}",
                f"WHILE @i > 0 BEGIN SET @i -= 1; {inner} END;",
                f"EXEC dbo.Add1 @a = {draw(_numbers)};",
                f"SET @s = {value}; SELECT @s;",
                f"PRINT {value};",
                f"THROW 50001, {draw(_numbers)}, 1;",
                f"RAISERROR ({draw(_numbers)}, {draw(st.integers(-1, 19))}, 1, {draw(_numbers)});",
                f"EXEC sp_executesql N'SELECT @p', N'@p {draw(_types)}', {draw(_numbers)};",
                f"DECLARE c CURSOR FOR {inner.rstrip(';')}; OPEN c; FETCH NEXT FROM c; CLOSE c; DEALLOCATE c;",
                f"WAITFOR DELAY {draw(_numbers)};",
                f"SET ROWCOUNT {draw(st.integers(0, 3))}; {inner}",
                f"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; {inner}",
            )
        )
    )


def batches() -> st.SearchStrategy[str]:
    """Batches of one to three statements."""
    statement = st.one_of(selects(), selects(), changes(), definitions(), controls())
    return st.lists(statement, min_size=1, max_size=3).map(lambda found: "\n".join((DECLARE, *found)))
