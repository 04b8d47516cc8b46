"""The query hints of OPTION (...), as data: which have a meaning here, which only steer a plan, which are refused.

Documentation: "Query hints (Transact-SQL)".
"""

from typing import Final

HONOURED: Final = frozenset({"FORCE ORDER", "MAXRECURSION"})
"""They change results, errors, or the order in which tables are read and locked."""

STEERING: Final = frozenset(
    {
        "CONCAT UNION",
        "DISABLE EXTERNALPUSHDOWN",
        "DISABLE SCALEOUTEXECUTION",
        "DISABLE_OPTIMIZED_PLAN_FORCING",
        "EXPAND VIEWS",
        "FAST",
        "FORCE EXTERNALPUSHDOWN",
        "FORCE SCALEOUTEXECUTION",
        "HASH GROUP",
        "HASH JOIN",
        "HASH UNION",
        "IGNORE_NONCLUSTERED_COLUMNSTORE_INDEX",
        "KEEP PLAN",
        "KEEPFIXED PLAN",
        "LOOP JOIN",
        "MAXDOP",
        "MAX_GRANT_PERCENT",
        "MERGE JOIN",
        "MERGE UNION",
        "MIN_GRANT_PERCENT",
        "NO_PERFORMANCE_SPOOL",
        "OPTIMIZE FOR",
        "OPTIMIZE FOR UNKNOWN",
        "ORDER GROUP",
        "PARAMETERIZATION FORCED",
        "PARAMETERIZATION SIMPLE",
        "QUERYTRACEON",
        "RECOMPILE",
        "ROBUST PLAN",
        "USE HINT",
    }
)
"""They choose among plans that give the same rows: there is one plan here, so they have no effect."""

NUMBERED: Final = frozenset(
    {"FAST", "MAXDOP", "MAXRECURSION", "MAX_GRANT_PERCENT", "MIN_GRANT_PERCENT", "QUERYTRACEON"}
)
"""They need a number."""

REFUSED: Final = frozenset({"FOR TIMESTAMP AS OF", "TABLE HINT", "USE PLAN"})
"""They change what is read or locked."""

USE_HINTS: Final = frozenset(
    {
        "ABORT_QUERY_EXECUTION",
        "ALLOW_BATCH_MODE",
        "ASSUME_FIXED_MAX_SELECTIVITY_FOR_REGEXP",
        "ASSUME_FIXED_MIN_SELECTIVITY_FOR_REGEXP",
        "ASSUME_FULL_INDEPENDENCE_FOR_FILTER_ESTIMATES",
        "ASSUME_JOIN_PREDICATE_DEPENDS_ON_FILTERS",
        "ASSUME_MIN_SELECTIVITY_FOR_FILTER_ESTIMATES",
        "ASSUME_PARTIAL_CORRELATION_FOR_FILTER_ESTIMATES",
        "DISABLE_BATCH_MODE_ADAPTIVE_JOINS",
        "DISABLE_BATCH_MODE_MEMORY_GRANT_FEEDBACK",
        "DISABLE_CE_FEEDBACK",
        "DISABLE_DEFERRED_COMPILATION_TV",
        "DISABLE_DOP_FEEDBACK",
        "DISABLE_INTERLEAVED_EXECUTION_TVF",
        "DISABLE_MEMORY_GRANT_FEEDBACK_PERSISTENCE",
        "DISABLE_OPTIMIZED_HALLOWEEN_PROTECTION",
        "DISABLE_OPTIMIZED_NESTED_LOOP",
        "DISABLE_OPTIMIZER_ROWGOAL",
        "DISABLE_OPTIONAL_PARAMETER_OPTIMIZATION",
        "DISABLE_PARAMETER_SENSITIVE_PLAN_OPTIMIZATION",
        "DISABLE_PARAMETER_SNIFFING",
        "DISABLE_ROW_MODE_MEMORY_GRANT_FEEDBACK",
        "DISABLE_TSQL_SCALAR_UDF_INLINING",
        "DISALLOW_BATCH_MODE",
        "ENABLE_HIST_AMENDMENT_FOR_ASC_KEYS",
        "ENABLE_PARALLEL_PLAN_PREFERENCE",
        "ENABLE_QUERY_OPTIMIZER_HOTFIXES",
        "FORCE_DEFAULT_CARDINALITY_ESTIMATION",
        "FORCE_LEGACY_CARDINALITY_ESTIMATION",
        "QUERY_PLAN_PROFILE",
        *(f"QUERY_OPTIMIZER_COMPATIBILITY_LEVEL_{level}" for level in range(100, 180, 10)),
    }
)
"""The names that USE HINT takes; ABORT_QUERY_EXECUTION is refused."""
