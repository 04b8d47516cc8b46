"""Playing scenarios on a server: what waits, what is held back, what never ends; and how it is told."""

from pathlib import Path

import pytest

from harness.connection import Target, open_session
from harness.errors import CheckFailed, EnvironmentFault
from harness.scenarios import Runner, Scenario, read_scenario
from harness.scenarios.presentation import difference, document, history_text, table_lines

TABLE = "setup { CREATE TABLE t (id int CONSTRAINT pk_t PRIMARY KEY, n int); INSERT t VALUES (1, 10), (2, 20); }\n"


@pytest.fixture
def play(target: Target, tmp_path: Path) -> object:
    def run(text: str, limit: float = 60) -> str:
        file = tmp_path / "played.spec"
        file.write_text(text, encoding="utf-8")
        scenario = read_scenario(file)
        return history_text(scenario, Runner(target, limit).run(scenario))

    return run


def test_a_step_that_waits_is_marked_and_completes_later(play) -> None:  # type: ignore[no-untyped-def]
    assert play(
        TABLE
        + """
        session s1 step w { BEGIN TRAN; UPDATE t SET n = 11 WHERE id = 1; } step c { COMMIT; }
        session s2 step r { SELECT n FROM t WHERE id = 1; }
        permutation w r c
        """
    ) == (
        "starting permutation: w r c\n"
        "step w: BEGIN TRAN; UPDATE t SET n = 11 WHERE id = 1;\n"
        "(1 row affected)\n"
        "step r: SELECT n FROM t WHERE id = 1; <waiting ...>\n"
        "step c: COMMIT;\n"
        "step r: <... completed>\n"
        "n\n--\n11\n(1 row)\n"
    )


def test_waits_are_shown_with_their_lock_and_the_head_of_the_chain(play) -> None:  # type: ignore[no-untyped-def]
    history = play(
        "show waits\n"
        + TABLE
        + """
        session s1 step w1 { BEGIN TRAN; UPDATE t SET n = 11 WHERE id = 1; } step c1 { COMMIT; }
        session s2 step w2 { UPDATE t SET n = 12 WHERE id = 1; }
        session s3 step w3 { UPDATE t SET n = 13 WHERE id = 1; }
        permutation w1 w2 w3 c1
        """
    )
    assert history.count("<waiting LCK_M_X for s1 ...>") == 2


def test_the_step_of_a_waiting_session_is_held_back(play) -> None:  # type: ignore[no-untyped-def]
    history = play(
        TABLE
        + """
        session s1 step w1 { BEGIN TRAN; UPDATE t SET n = 11 WHERE id = 1; } step c1 { COMMIT; }
        session s2 step w2 { UPDATE t SET n = 12 WHERE id = 1; } step x2 { SELECT 'x2' AS x; }
        permutation w1 w2 x2 c1
        """
    )
    assert history.index("step c1") < history.index("step w2: <... completed>") < history.index("step x2")


def test_a_wait_that_nothing_ends_is_told_and_ended(play, target: Target) -> None:  # type: ignore[no-untyped-def]
    history = play(
        TABLE
        + """
        session s1 step w1 { BEGIN TRAN; UPDATE t SET n = 11 WHERE id = 1; }
        session s2 step w2 { UPDATE t SET n = 12 WHERE id = 1; } step x2 { SELECT 2 AS x; }
        permutation w1 w2 x2
        """
    )
    assert history.endswith("step w2: <... never completes: waits for s1>\n")
    with open_session(target) as session:
        assert not session.execute("SELECT name FROM sys.databases WHERE name LIKE 'lockstep[_]scenario[_]%';").rows


def test_a_deadlock_is_waited_for_and_its_victim_named(play) -> None:  # type: ignore[no-untyped-def]
    history = play(
        TABLE
        + """
        session s1 step a1 { BEGIN TRAN; UPDATE t SET n = 1 WHERE id = 1; } step b1 { UPDATE t SET n = 1 WHERE id = 2; }
                   step c1 { COMMIT; }
        session s2 setup { SET DEADLOCK_PRIORITY LOW; }
                   step a2 { BEGIN TRAN; UPDATE t SET n = 2 WHERE id = 2; } step b2 { UPDATE t SET n = 2 WHERE id = 1; }
        permutation a1 a2 b2 b1 c1
        """
    )
    assert "error 1205: Transaction (Process ID s2) was deadlocked on lock resources" in history
    assert history.index("step b1:") < history.index("step b2: <... completed>") < history.index("step c1")


def test_results_counts_messages_and_errors_are_told_in_order(play) -> None:  # type: ignore[no-untyped-def]
    history = play(
        TABLE
        + """
        session s1
        step all {
          PRINT 'first';
          SELECT id, CAST(NULL AS varchar(5)) AS nothing, CAST(1.50 AS decimal(5, 2)) AS amount, 0xAB AS bytes FROM t;
          PRINT 'second';
          DELETE t WHERE id = 1;
          INSERT t VALUES (2, 0);
        }
        """
    )
    assert history.split("\n", 6)[-1] == (
        "message: first\n"
        "id|nothing|amount|bytes\n"
        "--+-------+------+-----\n"
        " 1|NULL   |  1.50|0xAB\n"
        " 2|NULL   |  1.50|0xAB\n"
        "(2 rows)\n"
        "message: second\n"
        "(1 row affected)\n"
        "error 2627: Violation of PRIMARY KEY constraint 'pk_t'. Cannot insert duplicate key in object 'dbo.t'. "
        "The duplicate key value is (2).\n"
    ).replace("NULL   ", "   NULL")


def test_batches_levels_setups_and_teardowns_have_their_place(play) -> None:  # type: ignore[no-untyped-def]
    assert play(
        """
        levels READ COMMITTED SNAPSHOT, SNAPSHOT
        setup { CREATE TABLE t (id int);
        GO
        CREATE PROCEDURE p AS
        SELECT transaction_isolation_level AS level FROM sys.dm_exec_sessions WHERE session_id = @@SPID; }
        teardown { SELECT COUNT(*) AS n FROM t; }
        session s1
        setup { SELECT 'ready' AS s; }
        step a { EXEC p; INSERT t VALUES (1); }
        teardown { SELECT 'done' AS s; }
        """
    ).split("\n\n")[1] == (
        "starting permutation: a [SNAPSHOT]\n"
        "setup of s1:\ns\n-----\nready\n(1 row)\n"
        "step a: EXEC p; INSERT t VALUES (1);\nlevel\n-----\n    5\n(1 row)\n(1 row affected)\n"
        "teardown of s1:\ns\n----\ndone\n(1 row)\n"
        "teardown:\nn\n-\n1\n(1 row)\n"
    )


def test_a_setup_that_fails_ends_it(play) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CheckFailed, match=r"setup failed: Invalid object name 'nowhere'. \(208\)"):
        play("setup { SELECT 1 FROM nowhere; }\nsession s step a { SELECT 1; }")
    with pytest.raises(CheckFailed, match="setup of session s failed: Divide by zero"):
        play("session s setup { SELECT 1 / 0; } step a { SELECT 1; }")


def test_a_step_that_neither_ends_nor_waits_ends_it(play) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CheckFailed, match="after step a, s neither ended nor waits"):
        play("session s step a { WAITFOR DELAY '00:01'; }", limit=0.2)


def test_machines_get_the_same_as_data(target: Target, tmp_path: Path) -> None:
    file = tmp_path / "played.spec"
    file.write_text(
        'rule "R"\npage "P"\n'
        + TABLE
        + """
        session s1 step w { BEGIN TRAN; UPDATE t SET n = 11 WHERE id = 1; } step c { COMMIT; }
        session s2 step r { SELECT n FROM t WHERE id = 1; }
        permutation w r c
        expected
        something else
        """.replace("        expected", "expected"),
        encoding="utf-8",
    )
    scenario = read_scenario(file)
    histories = Runner(target).run(scenario)
    diff = difference(scenario, history_text(scenario, histories))
    found = document(scenario, histories, diff)
    assert (found["rule"], found["pages"], found["as_expected"]) == ("R", ["P"], False)
    assert "+step c: COMMIT;" in found["diff"]
    events = found["permutations"][0]["history"]
    assert [event["event"] for event in events] == ["ended", "waiting", "ended", "completed"]
    assert events[1] == {
        "event": "waiting",
        "step": "r",
        "session": "s2",
        "wait_type": "LCK_M_S",
        "blockers": ["s1"],
        "heads": ["s1"],
    }
    assert events[3]["results"] == [{"columns": ["n"], "rows": [[11]]}]


def test_no_difference_is_no_diff() -> None:
    assert difference(Scenario(Path("x.spec"), expected="a\n"), "a\n") == []
    assert "-a" in difference(Scenario(Path("x.spec"), expected="a\n"), "b\n")


def test_text_is_aligned_to_the_left_and_numbers_to_the_right() -> None:
    assert list(table_lines(["name", "n"], [("a", 1), ("bcdef", None), ("", 100)])) == [
        *("name |n", "-----+----", "a    |   1", "bcdef|NULL", "     | 100", "(3 rows)"),
    ]


def test_a_login_that_may_not_make_databases_is_told_so(target: Target, tmp_path: Path) -> None:
    file = tmp_path / "played.spec"
    file.write_text("session s step a { SELECT 1; }", encoding="utf-8")
    password = "Not-a-secret-1"
    with open_session(target) as session:
        session.execute(f"CREATE LOGIN visitor WITH PASSWORD = '{password}'; CREATE USER visitor FOR LOGIN visitor;")
        try:
            dsn = target.connection_string.with_value("UID", "visitor").with_value("PWD", password)
            with pytest.raises(EnvironmentFault, match="the server makes no scratch database: CREATE DATABASE"):
                Runner(Target(dsn)).run(read_scenario(file))
        finally:
            session.execute("DROP USER visitor; DROP LOGIN visitor;")
