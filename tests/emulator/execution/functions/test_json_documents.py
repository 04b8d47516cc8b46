"""JSON functions (documentation: "JSON functions (Transact-SQL)", "JSON Path Expressions")."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.execution.functions.json_documents import parse_document, write
from emulator.types.sqltype import NVARCHAR_MAX

DOCUMENT = '{"lot": {"id": 5, "qty": 2.50, "tags": ["a", "b"], "held": true, "my key": null}, "lot": 0}'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("JSON_VALUE(@d, '$.lot.id')", "5"),
        ("JSON_VALUE(@d, '$.lot.qty')", "2.50"),
        ("JSON_VALUE(@d, '$.lot.tags[1]')", "b"),
        ("JSON_VALUE(@d, '$.lot.tags[2]')", None),
        ("JSON_VALUE(@d, '$.lot.held')", "true"),
        ("JSON_VALUE(@d, '$.lot.\"my key\"')", None),
        ("JSON_VALUE(@d, '$.lot.tags')", None),
        ("JSON_QUERY(@d, '$.lot.tags')", '["a", "b"]'),
        ("JSON_QUERY(@d, '$.lot.id')", None),
        ("JSON_PATH_EXISTS(@d, '$.lot.id')", 1),
        ("JSON_PATH_EXISTS(@d, 'strict $.nope')", 0),
        ("ISJSON(@d)", 1),
        ("ISJSON('5')", 0),
        ("ISJSON('5', VALUE)", 1),
        ("ISJSON('5', SCALAR)", 1),
        ("ISJSON('[]', OBJECT)", 0),
        ("ISJSON('[]', array)", 1),
        ("ISJSON('{', VALUE)", 0),
        ("ISJSON('{')", 0),
        ("ISJSON(NULL)", None),
        ("JSON_MODIFY('{\"a\":1}', '$.b', 'x')", '{"a":1,"b":"x"}'),
        ("JSON_MODIFY('{\"a\":1}', '$.a', NULL)", "{}"),
        ("JSON_MODIFY('{\"a\":1}', 'strict $.a', NULL)", '{"a":null}'),
        ("JSON_MODIFY('{\"a\":[1]}', 'append $.a', 2.50)", '{"a":[1,2.50]}'),
        ("JSON_MODIFY('{\"a\":1}', '$.b', JSON_QUERY('[1, 2]'))", '{"a":1,"b":[1, 2]}'),
        ("JSON_MODIFY('{\"a\":1}', '$.b', CAST(1 AS bit))", '{"a":1,"b":true}'),
        ('JSON_MODIFY(\'{ "a": 1, "b" : "/" }\', \'$.a\', 5)', '{ "a": 5, "b" : "/" }'),
        ("JSON_MODIFY('{ \"a\": 1, \"b\" : 2 }', '$.a', NULL)", '{ "b" : 2 }'),
        ("JSON_MODIFY('{\"a\": 1, \"b\": 2}', '$.b', NULL)", '{"a": 1}'),
        ("JSON_MODIFY('{\"a\": [1, 2]}', '$.a[1]', 'x')", '{"a": [1, "x"]}'),
        ("JSON_MODIFY('{\"a\": []}', 'append $.a', 'x')", '{"a": ["x"]}'),
        ("JSON_ARRAY(1, 'x', NULL)", '[1,"x"]'),
        ("JSON_OBJECT('a': 1, 'b': NULL, 'c': JSON_ARRAY(2))", '{"a":1,"b":null,"c":[2]}'),
    ],
)
def test_a_json_function_gives(bench: Any, text: str, value: Any) -> None:
    bench.declare("@d", NVARCHAR_MAX, DOCUMENT)
    assert bench.value(text) == value


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("JSON_VALUE('{x}', '$')", 13609),
        ("JSON_VALUE('{}', 'a')", 13607),
        ("JSON_VALUE('{}', 'strict $.a')", 13608),
        ("JSON_VALUE('{\"a\":[]}', 'strict $.a')", 13623),
        ("JSON_QUERY('{\"a\":1}', 'strict $.a')", 13624),
        ("JSON_MODIFY('{}', 'strict $.a', 1)", 13608),
    ],
)
def test_what_is_not_there_in_strict_mode_is_an_error(bench: Any, text: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        bench.value(text)
    assert caught.value.number == number


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_a_document_that_is_read_and_written_stays_the_same(value: Any) -> None:
    assert json.loads(write(parse_document(json.dumps(value)))) == value
