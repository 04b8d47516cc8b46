"""The SET options without which tables with certain indexes cannot be changed, and such indexes not be made.

Documentation: "SET QUOTED_IDENTIFIER", section "Remarks"; "Create filtered indexes", section "Required SET options".
"""

from __future__ import annotations

from emulator.catalog.objects import Index, Table
from emulator.errors import sql_error
from emulator.planning.binding import PlanContext


def refuse_wrong_options(statement: str, table: Table, ctx: PlanContext) -> None:
    """Error 1934 when ``table`` has a filtered index or an index on a computed column, and options are OFF that must be
    ON."""
    if not any(_is_particular(table, index) for index in table.indexes):
        return
    options = ctx.options
    quoted = ctx.quoted_identifier if ctx.module else "QUOTED_IDENTIFIER" in ctx.session.settings.on
    right = {
        "ANSI_NULLS": ctx.ansi_nulls,
        "QUOTED_IDENTIFIER": quoted,
        "CONCAT_NULL_YIELDS_NULL": options.concat_null_yields_null,
        "ANSI_WARNINGS": options.ansi_warnings,
        "ARITHABORT": not options.absorbs,
    }
    wrong = ", ".join(name for name, is_right in right.items() if not is_right)
    if wrong:
        raise sql_error(1934, statement, wrong)


def _is_particular(table: Table, index: Index) -> bool:
    ordinals = [*(column.ordinal for column in index.columns), *index.included]
    return index.filter is not None or any(table.columns[ordinal].computed is not None for ordinal in ordinals)
