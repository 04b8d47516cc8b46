"""The tables against the documentation page "Transaction locking and row versioning guide"."""

import pytest

from emulator.locking.modes import COMBINED, CONFLICTS, UNIT, LockMode, compatible, covers, covers_rows, intent

M = LockMode

# Section "Lock compatibility": rows are requested modes, columns granted ones, in this order.
COMMON_MODES = [M.IS, M.S, M.U, M.IX, M.SIX, M.X]
COMMON = ["yes yes yes yes yes no", "yes yes yes no no no", "yes yes no no no no"]
COMMON += ["yes no no yes no no", "yes no no no no no", "no no no no no no"]

# Section "Key-range locking".
RANGE_MODES = [M.S, M.U, M.X, M.RANGE_S_S, M.RANGE_S_U, M.RANGE_I_N, M.RANGE_X_X]
RANGE = ["yes yes no yes yes yes no", "yes no no yes no yes no", "no no no no no yes no", "yes yes no yes yes no no"]
RANGE += ["yes no no yes no no no", "yes yes yes no no yes no", "no no no no no no no"]


@pytest.mark.parametrize(("modes", "table"), [(COMMON_MODES, COMMON), (RANGE_MODES, RANGE)])
def test_published_tables_hold(modes: list[LockMode], table: list[str]) -> None:
    for requested, row in zip(modes, table, strict=True):
        for held, answer in zip(modes, row.split(), strict=True):
            assert compatible(held, requested) == (answer == "yes"), f"{requested} beside {held}"


def test_compatibility_is_symmetric() -> None:
    assert all(compatible(a, b) == compatible(b, a) for a in M for b in M)


def test_schema_locks_conflict_as_documented() -> None:
    assert [mode for mode in M if mode < M.RANGE_S_S and not compatible(M.SCH_S, mode)] == [M.SCH_M]
    assert [mode for mode in M if mode < M.RANGE_S_S and compatible(M.SCH_M, mode)] == [M.NL]


def test_bulk_update_admits_only_itself_and_schema_stability() -> None:
    assert [mode for mode in M if compatible(M.BU, mode)] == [M.NL, M.SCH_S, M.BU]


def test_masks_agree_with_the_matrix() -> None:
    for held in M:
        for requested in M:
            assert bool(UNIT[held] & CONFLICTS[requested]) != compatible(held, requested)


@pytest.mark.parametrize(
    ("held", "requested", "combined"),
    [
        # Section "Conversion locks".
        (M.S, M.RANGE_I_N, M.RANGE_I_S),
        (M.U, M.RANGE_I_N, M.RANGE_I_U),
        (M.X, M.RANGE_I_N, M.RANGE_I_X),
        (M.RANGE_I_N, M.RANGE_S_S, M.RANGE_X_S),
        (M.RANGE_I_N, M.RANGE_S_U, M.RANGE_X_U),
        # The combined modes by their definitions in section "Lock modes".
        (M.S, M.IX, M.SIX),
        (M.S, M.IU, M.SIU),
        (M.U, M.IX, M.UIX),
        (M.IS, M.IX, M.IX),
        (M.IU, M.S, M.SIU),
        (M.SIX, M.U, M.UIX),
        (M.SIX, M.S, M.SIX),
        (M.IX, M.X, M.X),
        (M.SCH_S, M.IX, M.IX),
        (M.X, M.SCH_M, M.SCH_M),
        (M.S, M.U, M.U),
        (M.U, M.S, M.U),
        (M.U, M.X, M.X),
        (M.S, M.RANGE_S_S, M.RANGE_S_S),
        (M.RANGE_S_S, M.U, M.RANGE_S_U),
        (M.RANGE_S_S, M.X, M.RANGE_X_X),
        (M.RANGE_S_U, M.X, M.RANGE_X_X),
        (M.X, M.RANGE_S_S, M.RANGE_X_X),
        (M.X, M.X, M.X),
    ],
)
def test_two_modes_combine(held: LockMode, requested: LockMode, combined: LockMode) -> None:
    assert COMBINED[held][requested] is combined
    assert COMBINED[requested][held] is combined


def test_a_combination_is_at_least_as_strong_as_both_and_stable() -> None:
    for held in M:
        for requested in M:
            combined = COMBINED[held][requested]
            if combined is not None:
                assert covers(combined, held)
                assert covers(combined, requested)


def test_range_and_object_modes_cannot_meet() -> None:
    assert COMBINED[M.IX][M.RANGE_S_S] is None
    assert COMBINED[M.RANGE_X_X][M.SCH_M] is None


def test_names_are_those_of_the_lock_view() -> None:
    assert [str(M.SCH_S), str(M.RANGE_S_U), str(M.RANGE_I_N), str(M.SIX), str(M.RANGE_X_X)] == [
        "Sch-S",
        "RangeS-U",
        "RangeI-N",
        "SIX",
        "RangeX-X",
    ]
    assert [mode.value for mode in (M.BU, M.RANGE_X_X)] == [12, 21]


def test_a_table_lock_covers_weaker_row_locks() -> None:
    assert covers_rows(M.S, M.RANGE_S_S)
    assert not covers_rows(M.S, M.U)
    assert covers_rows(M.SIX, M.S)
    assert covers_rows(M.X, M.RANGE_X_X)
    assert not covers_rows(M.IX, M.S)
    assert not covers_rows(M.NL, M.S)


def test_row_locks_announce_their_intent_on_the_table() -> None:
    assert intent(M.S) is M.IS
    assert intent(M.RANGE_S_S) is M.IS
    assert intent(M.U) is M.IX
    assert intent(M.RANGE_I_N) is M.IX
