"""Warnings that are no errors. Documentation: "SET ANSI_WARNINGS (Transact-SQL)"."""

from __future__ import annotations

import pytest

NULLS = "(VALUES (1), (NULL)) AS s(v)"


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT SUM(v) FROM {NULLS}",
        f"SELECT COUNT(v) FROM {NULLS} GROUP BY v",
        f"SELECT MAX(v) OVER () FROM {NULLS}",
        f"DECLARE @m int; SELECT @m = MIN(v) FROM {NULLS}",
        f"DECLARE @m int = (SELECT MIN(v) FROM {NULLS})",
    ],
)
def test_null_that_an_aggregate_leaves_out_is_warned_of_once_a_statement(client, text):
    (warning,) = client.run(text).messages
    assert (warning.number, warning.severity) == (8153, 10)


def test_there_is_no_warning_without_null_or_without_an_argument(client):
    text = f"SELECT COUNT(*) FROM {NULLS}; SELECT SUM(v) FROM {NULLS} WHERE v = 1; SELECT COUNT(*) OVER () FROM {NULLS}"
    assert client.run(text).messages == []


def test_a_statement_that_fails_leaves_no_warning_to_the_next(client):
    client.fails(f"SELECT SUM(v) / 0 FROM {NULLS}")
    assert client.run("SELECT 1").messages == []
