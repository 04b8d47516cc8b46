"""Documentation: "SQL_VARIANT_PROPERTY (Transact-SQL)", "COLLATIONPROPERTY (Transact-SQL)"."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("expression", "property", "value"),
    [
        ("1", "BaseType", "int"),
        ("3000000000", "BaseType", "numeric"),
        ("3000000000", "Precision", 10),
        ("-2147483648", "BaseType", "int"),
        ("CAST(46279.1 AS decimal(8,2))", "BaseType", "decimal"),
        ("CAST(46279.1 AS decimal(8,2))", "Precision", 8),
        ("CAST(46279.1 AS decimal(8,2))", "Scale", 2),
        ("CAST(N'ab' AS sql_variant)", "BaseType", "nvarchar"),
        ("N'ab'", "MaxLength", 4),
        ("N'ab'", "TotalBytes", 12),
        ("CAST(1 AS bigint)", "TotalBytes", 10),
        ("CAST('2020-01-01' AS datetime2(3))", "Precision", 23),
        ("GETDATE()", "Precision", 23),
        ("'a'", "Collation", "SQL_Latin1_General_CP1_CI_AS"),
        ("'a' COLLATE Latin1_General_BIN2", "collation", "Latin1_General_BIN2"),
        ("1", "Collation", None),
        ("1", "Weight", None),
        ("CAST('a' AS varchar(max))", "BaseType", None),
        ("CAST(NULL AS int)", "BaseType", None),
        ("10.0 / 3", "Scale", 6),
        ("10.0 / CAST(3 AS int)", "Scale", 12),
        ("CAST(1 AS decimal(10,2)) * CAST(1 AS decimal(10,2))", "Precision", 21),
        ("CAST(1 AS decimal(38,20)) + CAST(1 AS decimal(38,20))", "Scale", 20),
        ("CAST(1 AS decimal(25,8)) * CAST(1 AS decimal(25,8))", "Scale", 6),
    ],
)
def test_a_property_of_a_value(bench: Any, expression: str, property: str, value: Any) -> None:
    assert bench.value(f"SQL_VARIANT_PROPERTY({expression}, '{property}')") == value


@pytest.mark.parametrize(
    ("collation", "property", "value"),
    [
        ("SQL_Latin1_General_CP1_CI_AS", "CodePage", 1252),
        ("Latin1_General_100_CI_AS_SC_UTF8", "CodePage", 65001),
        ("SQL_Latin1_General_CP1_CI_AS", "ComparisonStyle", 196609),
        ("Latin1_General_100_BIN2", "ComparisonStyle", 0),
        ("Latin1_General_100_BIN2", "Version", 2),
        ("Latin1_General_CI_AI", "LCID", 1033),
        ("no_such", "CodePage", None),
    ],
)
def test_a_property_of_a_collation(bench: Any, collation: str, property: str, value: Any) -> None:
    assert bench.value(f"COLLATIONPROPERTY('{collation}', '{property}')") == value


@pytest.mark.parametrize(
    ("left", "operator", "right"),
    [
        ("CAST(1 AS sql_variant)", "=", "CAST(1 AS bigint)"),
        ("CAST(1 AS sql_variant)", "=", "1.00"),
        ("CAST('a' AS sql_variant)", "=", "N'A'"),
        ("CAST('a' AS sql_variant)", "<", "CAST(1 AS sql_variant)"),
        ("CAST(100 AS sql_variant)", "<", "CAST(0.5e0 AS sql_variant)"),
        ("CAST(1e9 AS sql_variant)", "<", "CAST('1900-01-01' AS date)"),
        ("CAST(0xFF AS sql_variant)", "<", "CAST('' AS sql_variant)"),
        ("CAST(NEWID() AS sql_variant)", "<", "CAST(0x00 AS sql_variant)"),
        ("CAST(CAST('2020-01-01' AS date) AS sql_variant)", "=", "CAST('20200101' AS datetime)"),
    ],
)
def test_variants_compare_by_family_and_then_by_value(bench: Any, left: str, operator: str, right: str) -> None:
    assert bench.test(f"CAST({left} AS sql_variant) {operator} CAST({right} AS sql_variant)") is True
