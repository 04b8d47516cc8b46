"""SQLAlchemy over pyodbc: what its reflection reads, how its ORM writes, isolation levels, errors."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Connection,
    Engine,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Sequence,
    String,
    Table,
    Unicode,
    UniqueConstraint,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.dialects import mssql
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, joinedload, mapped_column, relationship, selectinload
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import TypeEngine

from harness.connection import Target
from tests.clients.conftest import engine_for

# --- Reflection -------------------------------------------------------------------------------------------------------

# SQLAlchemy does not read the precision of time, datetime2 and datetimeoffset.
COLUMN_TYPES: list[tuple[str, TypeEngine[object]]] = [
    ("tinyint", mssql.TINYINT()),
    ("bit", mssql.BIT()),
    ("bigint", mssql.BIGINT()),
    ("decimal(19, 6)", mssql.DECIMAL(19, 6)),
    ("money", mssql.MONEY()),
    ("real", mssql.REAL()),
    ("float", mssql.FLOAT(53)),
    ("char(3)", mssql.CHAR(3)),
    ("varchar(20)", mssql.VARCHAR(20)),
    ("nvarchar(50)", mssql.NVARCHAR(50)),
    ("nvarchar(max)", mssql.NVARCHAR()),
    ("varbinary(max)", mssql.VARBINARY()),
    ("binary(8)", mssql.BINARY(8)),
    ("date", mssql.DATE()),
    ("time(3)", mssql.TIME()),
    ("datetime", mssql.DATETIME()),
    ("smalldatetime", mssql.SMALLDATETIME()),
    ("datetime2(3)", mssql.DATETIME2()),
    ("datetimeoffset(0)", mssql.DATETIMEOFFSET()),
    ("uniqueidentifier", mssql.UNIQUEIDENTIFIER()),
    ("sql_variant", mssql.SQL_VARIANT()),
    ("xml", mssql.XML()),
    ("rowversion", mssql.TIMESTAMP()),
]


def test_tables_and_views_are_listed_by_schema(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE dbo.item (id int PRIMARY KEY)"))
    connection.execute(text("CREATE TABLE sales.customer (id int PRIMARY KEY)"))
    connection.execute(text("CREATE VIEW sales.everybody AS SELECT id FROM sales.customer"))
    inspector = inspect(connection)

    assert inspector.default_schema_name == "dbo"
    assert {"dbo", "sales", "archive"} <= set(inspector.get_schema_names())
    assert inspector.get_table_names() == ["item"]
    assert inspector.get_table_names("sales") == ["customer"]
    assert inspector.get_view_names("sales") == ["everybody"]
    assert inspector.get_view_definition("everybody", "sales") == (
        "CREATE VIEW sales.everybody AS SELECT id FROM sales.customer"
    )
    assert [column["name"] for column in inspector.get_columns("everybody", "sales")] == ["id"]
    assert inspector.has_table("customer", "sales")
    assert not inspector.has_table("customer")


def test_columns_are_reflected_with_their_types(connection: Connection) -> None:
    columns = ", ".join(f"c{number} {name} NULL" for number, (name, _) in enumerate(COLUMN_TYPES))
    connection.execute(text(f"CREATE TABLE dbo.types ({columns})"))

    reflected = inspect(connection).get_columns("types")

    dialect = connection.dialect
    shown = [column["type"].compile(dialect=dialect).split(" COLLATE")[0] for column in reflected]
    assert shown == [expected.compile(dialect=dialect) for _, expected in COLUMN_TYPES]


def test_identity_computed_and_default_columns_are_reflected(engine: Engine, metadata: MetaData) -> None:
    Table(
        "line",
        metadata,
        Column("id", Integer, Identity(start=10, increment=5), primary_key=True),
        Column("quantity", Numeric(9, 2), nullable=False, server_default=text("1")),
        Column("doubled", Numeric(12, 2), Computed("quantity * 2")),
        Column("size", Integer, Computed("len(note)", persisted=True)),
        Column("note", String(20, "Latin1_General_100_BIN2"), server_default="none"),
    )
    metadata.create_all(engine)

    columns = {column["name"]: column for column in inspect(engine).get_columns("line")}

    assert columns["id"]["identity"] == {"start": 10, "increment": 5}
    assert columns["id"]["autoincrement"] is True
    assert columns["doubled"]["computed"] == {"sqltext": "([quantity]*(2))", "persisted": False}
    assert columns["size"]["computed"] == {"sqltext": "(len([note]))", "persisted": True}
    assert columns["quantity"]["default"] == "((1))"
    assert columns["quantity"]["nullable"] is False
    assert columns["note"]["default"] == "('none')"
    assert columns["note"]["type"].collation == "Latin1_General_100_BIN2"


def test_keys_are_reflected(engine: Engine, metadata: MetaData) -> None:
    Table(
        "place",
        metadata,
        Column("site", Integer),
        Column("code", String(20)),
        PrimaryKeyConstraint("site", "code", name="pk_place", mssql_clustered=False),
        CheckConstraint("site > 0", name="ck_place_site"),
        schema="sales",
    )
    Table(
        "visit",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("site", Integer),
        Column("code", String(20)),
        UniqueConstraint("code", "id", name="uq_visit"),
        ForeignKeyConstraint(
            ["site", "code"], ["sales.place.site", "sales.place.code"], name="fk_visit", ondelete="CASCADE"
        ),
        schema="archive",
    )
    metadata.create_all(engine)
    inspector = inspect(engine)

    key = inspector.get_pk_constraint("place", "sales")
    assert (key["name"], key["constrained_columns"]) == ("pk_place", ["site", "code"])
    assert key["dialect_options"] == {"mssql_clustered": False}
    (reference,) = inspector.get_foreign_keys("visit", "archive")
    assert reference["name"] == "fk_visit"
    assert reference["constrained_columns"] == ["site", "code"]
    assert (reference["referred_schema"], reference["referred_table"]) == ("sales", "place")
    assert reference["referred_columns"] == ["site", "code"]
    assert reference["options"] == {"ondelete": "CASCADE"}
    (unique,) = [index for index in inspector.get_indexes("visit", "archive") if index["unique"]]
    assert (unique["name"], unique["column_names"]) == ("uq_visit", ["code", "id"])


def test_indexes_are_reflected_with_filter_included_columns_and_kind(engine: Engine, metadata: MetaData) -> None:
    item = Table(
        "item",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("code", String(20)),
        Column("site", Integer),
        Column("note", Unicode(50)),
    )
    Index("ix_plain", item.c.site, item.c.code.desc())
    Index("ix_full", item.c.code, unique=True, mssql_include=["note"], mssql_where=item.c.site > 3)
    metadata.create_all(engine)

    indexes = {index["name"]: index for index in inspect(engine).get_indexes("item")}

    assert indexes["ix_plain"]["column_names"] == ["site", "code"]
    assert indexes["ix_plain"]["unique"] is False
    assert indexes["ix_full"]["unique"] is True
    assert indexes["ix_full"]["dialect_options"]["mssql_include"] == ["note"]
    assert str(indexes["ix_full"]["dialect_options"]["mssql_where"]) == "([site]>(3))"


def test_comments_are_extended_properties(engine: Engine, metadata: MetaData) -> None:
    Table(
        "item",
        metadata,
        Column("id", Integer, primary_key=True, comment="its number"),
        Column("code", String(20)),
        comment="things that can't be lost",
        schema="sales",
    )
    metadata.create_all(engine)
    inspector = inspect(engine)

    assert inspector.get_table_comment("item", "sales") == {"text": "things that can't be lost"}
    assert [column["comment"] for column in inspector.get_columns("item", "sales")] == ["its number", None]


def test_temporary_tables_are_reflected(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE #mine (id int IDENTITY PRIMARY KEY, code varchar(20) UNIQUE)"))
    connection.execute(text("CREATE TABLE ##ours (id int NOT NULL)"))
    inspector = inspect(connection)

    assert [column["name"] for column in inspector.get_columns("#mine")] == ["id", "code"]
    assert inspector.get_columns("#mine")[0]["identity"] == {"start": 1, "increment": 1}
    assert inspector.get_pk_constraint("#mine")["constrained_columns"] == ["id"]
    assert [column["name"] for column in inspector.get_columns("##ours")] == ["id"]
    assert inspector.has_table("#mine")


def test_sequences_are_listed_and_used(engine: Engine, metadata: MetaData) -> None:
    numbers = Sequence("numbers", start=100, increment=10, metadata=metadata)
    table = Table("ticket", metadata, Column("id", Integer, numbers, primary_key=True), Column("n", Integer))
    metadata.create_all(engine)

    with engine.begin() as connection:
        keys = [connection.execute(insert(table).values(n=n)).inserted_primary_key for n in range(2)]
        assert keys == [(100,), (110,)]
        assert connection.scalar(numbers) == 120
    assert inspect(engine).get_sequence_names() == ["numbers"]


def test_a_reflected_table_is_the_one_that_was_made(engine: Engine, metadata: MetaData) -> None:
    parent = Table("parent", metadata, Column("id", Integer, primary_key=True), schema="sales")
    Table("child", metadata, Column("id", Integer, primary_key=True), Column("p", ForeignKey(parent.c.id)))
    metadata.create_all(engine)

    reflected = MetaData()
    child = Table("child", reflected, autoload_with=engine)

    assert set(reflected.tables) == {"child", "sales.parent"}
    assert child.c.p.references(reflected.tables["sales.parent"].c.id)


# --- The ORM ----------------------------------------------------------------------------------------------------------


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(Identity(start=100), primary_key=True)
    customer: Mapped[str] = mapped_column(Unicode(50))
    placed: Mapped[datetime] = mapped_column(mssql.DATETIMEOFFSET(0), server_default=text("SYSDATETIMEOFFSET()"))
    version: Mapped[bytes] = mapped_column(mssql.TIMESTAMP, FetchedValue())
    lines: Mapped[list[Line]] = relationship(back_populates="order", cascade="all, delete-orphan")

    __mapper_args__: ClassVar = {"version_id_col": version, "version_id_generator": False, "eager_defaults": True}


class Line(Base):
    __tablename__ = "order_lines"

    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 3))
    total: Mapped[Decimal] = mapped_column(Numeric(15, 3), Computed("amount * 2"))
    order: Mapped[Order] = relationship(back_populates="lines")


@pytest.fixture
def orders(engine: Engine, metadata: MetaData) -> Engine:
    for table in Base.metadata.sorted_tables:
        table.to_metadata(metadata)
    metadata.create_all(engine)
    return engine


@pytest.fixture
def statements(engine: Engine) -> list[str]:
    """What the engine sends from here on."""
    sent: list[str] = []

    @event.listens_for(engine, "before_cursor_execute")
    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    return sent


def an_order(customer: str, *amounts: str) -> Order:
    lines = [Line(number=number, amount=Decimal(amount)) for number, amount in enumerate(amounts, start=1)]
    return Order(customer=customer, lines=lines)


def test_identity_and_server_values_come_back_with_the_insert(orders: Engine, statements: list[str]) -> None:
    with Session(orders) as session:
        order = an_order("Łucja", "1.5")
        session.add(order)
        session.flush()

        assert order.id == 100
        assert order.placed.tzinfo is not None
        assert len(order.version) == 8
        assert order.lines[0].total == Decimal("3.000")
    assert [statement for statement in statements if "OUTPUT inserted.id" in statement]


def test_relationships_are_loaded_together(orders: Engine) -> None:
    with Session(orders) as session:
        session.add_all([an_order("a", "1", "2"), an_order("b", "3")])
        session.commit()

    with Session(orders) as session:
        joined = session.scalars(select(Order).options(joinedload(Order.lines)).order_by(Order.id)).unique().all()
        assert [[line.amount for line in order.lines] for order in joined] == [[1, 2], [3]]
    with Session(orders) as session:
        apart = session.scalars(select(Order).options(selectinload(Order.lines)).order_by(Order.id)).all()
        assert [[line.number for line in order.lines] for order in apart] == [[1, 2], [1]]
    with Session(orders) as session:
        big = select(Order.customer).join(Order.lines).group_by(Order.customer).having(func.sum(Line.amount) >= 3)
        assert session.scalars(big.order_by(Order.customer)).all() == ["a", "b"]
        page = select(Line.amount).order_by(Line.amount.desc()).offset(1).limit(1)
        assert session.scalars(page).all() == [2]


def test_deleting_an_order_deletes_its_lines(orders: Engine) -> None:
    with Session(orders) as session:
        order = an_order("a", "1", "2")
        session.add(order)
        session.commit()
        session.delete(order)
        session.commit()
        assert session.scalar(select(func.count()).select_from(Line)) == 0


def test_a_row_that_somebody_else_changed_is_stale(orders: Engine) -> None:
    with Session(orders) as session:
        order = an_order("a")
        session.add(order)
        session.commit()
        first = order.version
        order.customer = "b"
        session.commit()
        assert order.version > first

        with Session(orders) as other:
            other.execute(update(Order).values(customer="c"))
            other.commit()
        order.customer = "d"
        with pytest.raises(StaleDataError):
            session.commit()


def test_many_rows_come_back_in_their_order(orders: Engine, statements: list[str]) -> None:
    with Session(orders) as session:
        made = session.scalars(
            insert(Order).returning(Order, sort_by_parameter_order=True),
            [{"customer": f"customer {number}"} for number in range(1500)],
        ).all()
        assert [order.customer for order in made] == [f"customer {number}" for number in range(1500)]
        assert [order.id for order in made] == list(range(100, 1600))
    assert sum("INSERT INTO orders" in statement for statement in statements) < 5


@pytest.mark.parametrize("fast", [False, True])
def test_many_rows_are_inserted_by_executemany(scratch: Target, metadata: MetaData, fast: bool) -> None:
    engine = engine_for(scratch, fast_executemany=fast, use_insertmanyvalues=False)
    table = Table(
        "many",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("name", Unicode(50)),
        Column("amount", Numeric(18, 4)),
        Column("at", mssql.DATETIME2(3)),
        Column("raw", mssql.VARBINARY(50)),
    )
    metadata.create_all(engine)
    rows = [
        {
            "id": number,
            "name": None if number % 7 == 0 else f"naïve ☃ {number}",
            "amount": Decimal(number) / 4,
            "at": datetime(2024, 2, 29, 12, 0, number % 60),
            "raw": bytes([number % 256]) * (number % 50),
        }
        for number in range(300)
    ]

    with engine.begin() as connection:
        connection.execute(insert(table), rows)
        assert [row._asdict() for row in connection.execute(select(table).order_by(table.c.id))] == rows


def test_update_and_delete_return_rows(orders: Engine) -> None:
    with Session(orders) as session:
        session.add_all([an_order("a", "1"), an_order("b", "2")])
        session.flush()

        changed = session.execute(update(Line).values(amount=Line.amount + 1).returning(Line.amount, Line.total))
        assert sorted(tuple(row) for row in changed) == [(2, 4), (3, 6)]
        gone = session.execute(Line.__table__.delete().where(Line.amount > 2).returning(Line.__table__.c.amount))
        assert gone.scalars().all() == [3]


# --- Isolation levels and errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "number"),
    [
        ("READ UNCOMMITTED", 1),
        ("READ COMMITTED", 2),
        ("REPEATABLE READ", 3),
        ("SERIALIZABLE", 4),
        ("SNAPSHOT", 5),
    ],
)
def test_a_connection_has_the_isolation_level_that_it_asks_for(engine: Engine, level: str, number: int) -> None:
    with engine.connect().execution_options(isolation_level=level) as connection:
        assert connection.get_isolation_level() == level
        seen = "SELECT transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID"
        assert connection.scalar(text(seen)) == number


def test_autocommit_keeps_what_each_statement_did(engine: Engine, metadata: MetaData) -> None:
    table = Table("kept", metadata, Column("n", Integer))
    metadata.create_all(engine)

    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(insert(table).values(n=1))
        assert connection.scalar(text("SELECT @@TRANCOUNT")) == 0
    with engine.connect() as connection:
        assert connection.scalars(select(table.c.n)).all() == [1]


def test_a_savepoint_is_rolled_back_alone(engine: Engine, metadata: MetaData) -> None:
    table = Table("saved", metadata, Column("n", Integer, primary_key=True, autoincrement=False))
    metadata.create_all(engine)

    with engine.begin() as connection:
        connection.execute(insert(table).values(n=1))
        savepoint = connection.begin_nested()
        connection.execute(insert(table).values(n=2))
        with pytest.raises(IntegrityError):
            connection.execute(insert(table).values(n=1))
        savepoint.rollback()
        connection.execute(insert(table).values(n=3))
    with engine.connect() as connection:
        assert connection.scalars(select(table.c.n).order_by(table.c.n)).all() == [1, 3]


def test_errors_have_the_classes_of_the_driver(engine: Engine, metadata: MetaData) -> None:
    parent = Table("parent", metadata, Column("id", Integer, primary_key=True, autoincrement=False))
    Table("child", metadata, Column("p", ForeignKey(parent.c.id, name="fk_child")))
    metadata.create_all(engine)

    with engine.connect() as connection:
        with pytest.raises(IntegrityError, match="fk_child"):
            connection.execute(text("INSERT INTO child (p) VALUES (1)"))
        with pytest.raises(DBAPIError, match="Divide by zero"):
            connection.execute(text("SELECT 1 / 0")).all()
        with pytest.raises(DBAPIError, match="Invalid object name 'nothing'"):
            connection.execute(text("SELECT * FROM nothing"))


def test_values_go_there_and_back(connection: Connection) -> None:
    moment = datetime(2024, 3, 31, 2, 30, 15, 123456, tzinfo=UTC)
    connection.execute(text("CREATE TABLE dbo.kinds (m money, o datetimeoffset(6), u nvarchar(9), v sql_variant)"))
    kinds = Table("kinds", MetaData(), autoload_with=connection)

    connection.execute(insert(kinds).values(m=Decimal("-1.2345"), o=moment, u="ż☃", v="x"))

    assert tuple(connection.execute(select(kinds.c.m, kinds.c.o, kinds.c.u)).one()) == (
        Decimal("-1.2345"),
        moment,
        "ż☃",
    )
