from typing import Any

from emulator.types.external import to_python


def results(client: Any, text: str) -> list[list[dict[str, Any]]]:
    """All result sets as lists of rows by column name."""
    found = []
    for result in client.run(text).result_sets:
        columns = result.columns
        found.append([{c.name: to_python(c.type, v) for c, v in zip(columns, row, strict=True)} for row in result.rows])
    return found


def test_help_describes_a_table_in_result_sets(client: Any) -> None:
    head, columns, identity, _, _, indexes, constraints = results(client, "EXEC sp_help 'dbo.item'")

    assert head[0]["Name"] == "item"
    assert [column["Column_name"] for column in columns] == ["id", "code", "quantity", "note", "stamped"]
    assert identity[0]["Identity"] == "id"
    assert [index["index_keys"] for index in indexes] == ["id", "code"]
    assert {row["constraint_name"] for row in constraints} == {"pk_item", "uq_item", "df_quantity", "ck_quantity"}


def test_help_describes_the_parameters_of_a_procedure(client: Any) -> None:
    assert [row["Parameter_name"] for row in results(client, "EXEC sp_help pick")[-1]] == ["@item", "@left"]


def test_help_without_a_name_lists_all_objects(client: Any) -> None:
    assert {"item", "pick", "pk_line"} <= {row["Name"] for row in client.rows("EXEC sp_help")}


def test_helptext_gives_the_text_line_by_line(client: Any) -> None:
    client.run("CREATE VIEW dbo.long_one AS\nSELECT\n'" + "x" * 300 + "' AS a")

    lines = [text for (text,) in client.values("EXEC sp_helptext 'dbo.long_one'")]

    assert lines[:2] == ["CREATE VIEW dbo.long_one AS\n", "SELECT\n"]
    assert [len(line) for line in lines[2:]] == [255, 52]


def test_what_has_no_text_is_an_error(client: Any) -> None:
    assert client.fails("EXEC sp_helptext 'item'").number == 15197
    assert client.fails("EXEC sp_helptext 'nothing'").number == 15009


def test_who_shows_sessions_and_who_blocks_them(client: Any, other: Any) -> None:
    client.run("BEGIN TRANSACTION; INSERT INTO dbo.item (code) VALUES ('a')")
    other.start("SELECT * FROM dbo.item")

    rows = {row["spid"]: row for row in client.rows("EXEC sp_who")}

    assert rows[other.session.spid]["blk"].strip() == str(client.session.spid)
    assert rows[other.session.spid]["status"].strip() == "suspended"
    assert rows[client.session.spid]["cmd"].strip() == "EXECUTE"
    assert [row["BlkBy"].strip() for row in client.rows("EXEC sp_who2")] == [".", str(client.session.spid)]
    client.run("ROLLBACK")


def test_who_takes_a_login_a_number_or_active(client: Any, other: Any) -> None:
    assert len(client.rows("EXEC sp_who 'sa'")) == 2
    assert [row["spid"] for row in client.rows(f"EXEC sp_who '{other.session.spid}'")] == [other.session.spid]
    assert [row["spid"] for row in client.rows("EXEC sp_who 'active'")] == [client.session.spid]
    assert client.fails("EXEC sp_who 'nobody'").number == 15007


def test_lock_lists_the_locks_of_a_session(client: Any) -> None:
    rows = client.rows("BEGIN TRANSACTION; INSERT INTO dbo.item (code) VALUES ('a'); EXEC sp_lock @@SPID; ROLLBACK")

    assert {(row["Type"].strip(), row["IndId"], row["Mode"]) for row in rows} == {
        ("DB", 0, "S"),
        ("KEY", 1, "X"),
        ("KEY", 2, "X"),
        ("TAB", 0, "IX"),
    }


def test_session_context_is_kept_for_the_session(client: Any, other: Any) -> None:
    client.run("EXEC sp_set_session_context N'picker', N'Ada'")

    assert client.values("SELECT CAST(SESSION_CONTEXT(N'picker') AS nvarchar(20))") == [("Ada",)]
    assert other.values("SELECT SESSION_CONTEXT(N'picker')") == [(None,)]


def test_a_read_only_key_cannot_be_set_again_before_the_connection_is_reset(client: Any) -> None:
    client.run("EXEC sp_set_session_context @key = N'picker', @value = 1, @read_only = 1")
    assert client.fails("EXEC sp_set_session_context N'picker', 2").number == 15664

    client.session.reset(keep_transaction=False)
    client.run("EXEC sp_set_session_context N'picker', 2")
