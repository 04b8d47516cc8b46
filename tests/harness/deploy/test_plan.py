"""The plan: what it finds to do, and that finding it changes nothing."""

from pathlib import Path

from harness.connection import Target, open_session
from harness.deploy import deploy
from harness.deploy.changes import Change
from harness.deploy.plan import Plan, diff, make_plan, read_state
from tests.harness.deploy.conftest import Files

INDEX = "CREATE NONCLUSTERED INDEX IX_Trial ON dbo.BINMaster (aisle{more});\nGO\n"


def planned(target: Target, root: Path, *, prune: bool = False) -> Plan:
    with open_session(target) as session:
        return make_plan(read_state(session, root), prune=prune)


def actions(plan: Plan) -> list[tuple[str, str]]:
    return [(change.action, change.label) for change in plan.changes]


def run(target: Target, text: str) -> None:
    with open_session(target) as session:
        session.execute(text)


def test_an_empty_database_gets_everything_and_the_plan_writes_nothing(empty_database: Target, files: Files) -> None:
    files.procedure("One")
    plan = planned(empty_database, files.root)
    assert plan.migrations[0].number == "0001"
    assert actions(plan) == [("create", "procedures/ops.One")]
    with open_session(empty_database) as session:
        assert session.execute("SELECT SCHEMA_ID(N'lockstep') AS Id;").rows[0][0] is None


def test_a_deployed_folder_leaves_nothing_to_do(empty_database: Target, files: Files) -> None:
    files.procedure("One")
    files.write("indexes", "dbo.IX_Trial", INDEX.format(more=""))
    deploy(empty_database, database=files.root)
    plan = planned(empty_database, files.root)
    assert plan.is_empty
    assert [source.name for source in plan.unchanged] == ["ops.One", "dbo.IX_Trial"]


def test_a_changed_file_is_shown_as_a_diff_of_the_code(empty_database: Target, files: Files) -> None:
    files.procedure("One", "SELECT 1 AS A;")
    deploy(empty_database, database=files.root)
    files.procedure("One", "SELECT 2 AS A;")
    (change,) = planned(empty_database, files.root).changes
    assert [line for line in diff(change)[2:] if line[:1] in "+-"] == ["-    SELECT 1 AS A;", "+    SELECT 2 AS A;"]
    assert not change.is_drifted


def test_a_change_by_somebody_else_is_planned_to_be_replaced_and_marked(empty_database: Target, files: Files) -> None:
    files.procedure("One", "SELECT 1 AS A;")
    deploy(empty_database, database=files.root)
    run(empty_database, "ALTER PROCEDURE ops.One AS SELECT 9 AS Hotfix;")
    plan = planned(empty_database, files.root)
    assert actions(plan) == [("alter", "procedures/ops.One")]
    assert [change.name for change in plan.overwrites] == ["ops.One"]


def test_an_object_that_somebody_dropped_is_created_again(empty_database: Target, files: Files) -> None:
    files.procedure("One")
    files.write("indexes", "dbo.IX_Trial", INDEX.format(more=""))
    deploy(empty_database, database=files.root)
    run(empty_database, "DROP PROCEDURE ops.One; DROP INDEX IX_Trial ON dbo.BINMaster;")
    assert actions(planned(empty_database, files.root)) == [
        ("create", "procedures/ops.One"),
        ("create", "indexes/dbo.IX_Trial"),
    ]


def test_the_same_code_put_there_by_hand_is_only_to_be_recorded(empty_database: Target, files: Files) -> None:
    path = files.procedure("One")
    files.procedure("Two")
    path.rename(path.with_suffix(".later"))
    deploy(empty_database, database=files.root)
    path.with_suffix(".later").rename(path)
    run(empty_database, path.read_text().replace("\nGO\n", "\n").replace("CREATE OR ALTER", "CREATE"))
    plan = planned(empty_database, files.root)
    assert [diff(change) for change in plan.changes] == [[]]
    assert plan.overwrites == []


def test_a_file_that_went_is_dropped_on_demand_only(empty_database: Target, files: Files) -> None:
    files.procedure("One")
    files.procedure("Two")
    files.write("indexes", "dbo.IX_Trial", INDEX.format(more=""))
    deploy(empty_database, database=files.root)
    files.remove("procedures", "ops.Two")
    files.remove("indexes", "dbo.IX_Trial")
    plan = planned(empty_database, files.root)
    assert plan.is_empty
    assert [change.label for change in plan.leftovers] == ["indexes/dbo.IX_Trial", "procedures/ops.Two"]
    assert [change.name for change in planned(empty_database, files.root, prune=True).drops] == [
        "dbo.IX_Trial",
        "ops.Two",
    ]

    deploy(empty_database, database=files.root, prune=True)
    with open_session(empty_database) as session:
        assert session.execute("SELECT OBJECT_ID(N'ops.Two') AS Id;").rows[0][0] is None
        assert session.execute("SELECT i.name FROM sys.indexes AS i WHERE i.name = N'IX_Trial';").rows == []
    assert planned(empty_database, files.root, prune=True).is_empty


def test_what_another_folder_deployed_is_not_dropped(empty_database: Target, files: Files, tmp_path: Path) -> None:
    files.procedure("One")
    deploy(empty_database, database=files.root)
    (tmp_path / "other").mkdir()
    other = Files(tmp_path / "other")
    other.write("procedures", "picking.Two", "CREATE OR ALTER PROCEDURE picking.Two AS SELECT 1 AS A;\nGO\n")
    assert planned(empty_database, other.root, prune=True).drops == []


def test_an_index_whose_file_changed_is_made_anew(empty_database: Target, files: Files) -> None:
    guard = "IF INDEXPROPERTY(OBJECT_ID(N'dbo.BINMaster'), N'IX_Trial', 'IndexID') IS NULL\n    "
    files.write("indexes", "dbo.IX_Trial", guard + INDEX.format(more=""))
    deploy(empty_database, database=files.root)
    files.write("indexes", "dbo.IX_Trial", guard + INDEX.format(more=", rack DESC"))
    deploy(empty_database, database=files.root)
    with open_session(empty_database) as session:
        state = read_state(session, files.root)
    assert [index.keys for index in state.indexes if index.name == "IX_Trial"] == [["aisle", "rack DESC"]]


def test_a_drop_has_no_content() -> None:
    assert Change("drop", "procedures", "ops.One", None).content_hash is None
