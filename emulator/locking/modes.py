"""Lock modes, which of them are compatible, and what two of them held by one owner combine to.

Source: "Transaction locking and row versioning guide", sections "Lock compatibility" (the complete matrix of 22 modes),
"Key-range locking" (its matrix) and "Conversion locks". The numbers of the modes are those of the lock event classes
("Lock:Acquired event class").

``COMPATIBILITY`` is the matrix as published: ``N`` no conflict, ``C`` conflict, ``I`` a pair that cannot meet on one
resource (objects have no key-range locks). Everything else here is derived from it:

- ``UNIT[mode]`` and ``CONFLICTS[mode]`` let a lock keep the number of its holders in each mode as one integer, a field
  of ``TALLY_BITS`` bits a mode: add ``UNIT[m]`` for a holder in mode m, and ``tally & CONFLICTS[m]`` is zero when a
  request in mode m conflicts with nobody.
- ``COMBINED[held][requested]`` is the mode that an owner holds after both: the weakest that conflicts with everything
  with which either of them conflicts (S and IX make SIX; X and RangeS-S make RangeX-X).
"""

from enum import IntEnum


class LockMode(IntEnum):
    """A lock mode. ``str()`` gives its name in ``sys.dm_tran_locks`` (``Sch-S``, ``RangeS-U``)."""

    NL = 0
    SCH_S = 1
    SCH_M = 2
    S = 3
    U = 4
    X = 5
    IS = 6
    IU = 7
    IX = 8
    SIU = 9
    SIX = 10
    UIX = 11
    BU = 12
    RANGE_S_S = 13
    RANGE_S_U = 14
    RANGE_I_N = 15
    RANGE_I_S = 16
    RANGE_I_U = 17
    RANGE_I_X = 18
    RANGE_X_S = 19
    RANGE_X_U = 20
    RANGE_X_X = 21

    def __str__(self) -> str:
        return MODE_NAMES[self]


MODE_NAMES = [
    *("NULL", "Sch-S", "Sch-M", "S", "U", "X", "IS", "IU", "IX", "SIU", "SIX", "UIX", "BU"),
    *("RangeS-S", "RangeS-U", "RangeI-N", "RangeI-S", "RangeI-U", "RangeI-X", "RangeX-S", "RangeX-U", "RangeX-X"),
]

COMPATIBILITY = (
    # NL SchS SchM S U X IS IU IX SIU SIX UIX BU, RSS RSU, RIN RIS RIU RIX, RXS RXU RXX
    "NNNNNNNNNNNNN NN NNNN NNN",  # NL
    "NNCNNNNNNNNNN II IIII III",  # Sch-S
    "NCCCCCCCCCCCC II IIII III",  # Sch-M
    "NNCNNCNNCNCCC NN NNNC NNC",  # S
    "NNCNCCNCCCCCC NC NNCC NCC",  # U
    "NNCCCCCCCCCCC CC NCCC CCC",  # X
    "NNCNNCNNNNNNC II IIII III",  # IS
    "NNCNCCNNNNNCC II IIII III",  # IU
    "NNCCCCNNNCCCC II IIII III",  # IX
    "NNCNCCNNCNCCC II IIII III",  # SIU
    "NNCCCCNNCCCCC II IIII III",  # SIX
    "NNCCCCNCCCCCC II IIII III",  # UIX
    "NNCCCCCCCCCCN II IIII III",  # BU
    "NIINNCIIIIIII NN CCCC CCC",  # RangeS-S
    "NIINCCIIIIIII NC CCCC CCC",  # RangeS-U
    "NIINNNIIIIIII CC NNNN CCC",  # RangeI-N
    "NIINNCIIIIIII CC NNNC CCC",  # RangeI-S
    "NIINCCIIIIIII CC NNCC CCC",  # RangeI-U
    "NIICCCIIIIIII CC NCCC CCC",  # RangeI-X
    "NIINNCIIIIIII CC CCCC CCC",  # RangeX-S
    "NIINCCIIIIIII CC CCCC CCC",  # RangeX-U
    "NIICCCIIIIIII CC CCCC CCC",  # RangeX-X
)

TALLY_BITS = 16
"""Width of one mode's counter in a tally: up to 65,535 holders of one resource in one mode."""

UNIT: list[int] = [1 << (TALLY_BITS * mode) for mode in LockMode]


_MATRIX = [row.replace(" ", "") for row in COMPATIBILITY]

CONFLICTS: list[int] = [
    sum(((1 << TALLY_BITS) - 1) * UNIT[other] for other in LockMode if _MATRIX[mode][other] != "N") for mode in LockMode
]


STRENGTHS: list[int] = [sum(conflict != "N" for conflict in row) for row in _MATRIX]
"""How many modes each mode keeps out: of several modes held on one resource the one to show is the strongest."""


def compatible(held: LockMode, requested: LockMode) -> bool:
    """Whether ``requested`` can be granted beside ``held``, another owner's mode."""
    return _MATRIX[held][requested] == "N"


def _conflicting(mode: LockMode, among: list[LockMode]) -> set[LockMode]:
    return {other for other in among if _MATRIX[mode][other] == "C"}


def _combine(held: LockMode, requested: LockMode) -> LockMode | None:
    if _MATRIX[held][requested] == "I":
        return None
    meeting = [mode for mode in LockMode if "I" not in (_MATRIX[held][mode], _MATRIX[requested][mode])]
    needed = _conflicting(held, meeting) | _conflicting(requested, meeting)
    strengths = {mode: _conflicting(mode, meeting) for mode in meeting}
    ranged = max(held, requested) >= LockMode.RANGE_S_S
    return min(
        (mode for mode in meeting if strengths[mode] >= needed),
        # X and RangeI-X conflict with the same modes: the range part decides.
        key=lambda mode: (len(strengths[mode]), (mode >= LockMode.RANGE_S_S) != ranged),
    )


COMBINED: list[list[LockMode | None]] = [[_combine(held, requested) for requested in LockMode] for held in LockMode]
"""The mode held after a request, by held and requested mode. None: the two cannot meet on one resource."""


def covers(held: LockMode, requested: LockMode) -> bool:
    """Whether an owner that holds ``held`` on a resource has no need to ask for ``requested``."""
    return COMBINED[held][requested] is held


_ROW_MODES_COVERED = {
    LockMode.S: {LockMode.S, LockMode.RANGE_S_S},
    LockMode.SIU: {LockMode.S, LockMode.RANGE_S_S},
    LockMode.SIX: {LockMode.S, LockMode.RANGE_S_S},
    LockMode.U: {LockMode.S, LockMode.U, LockMode.RANGE_S_S, LockMode.RANGE_S_U},
    LockMode.UIX: {LockMode.S, LockMode.U, LockMode.RANGE_S_S, LockMode.RANGE_S_U},
    LockMode.X: set(LockMode),
    LockMode.SCH_M: set(LockMode),
}


def covers_rows(object_mode: LockMode, row_mode: LockMode) -> bool:
    """Whether ``object_mode`` held on a table makes ``row_mode`` on its rows and keys needless ("Lock hierarchy")."""
    return row_mode in _ROW_MODES_COVERED.get(object_mode, ())


def intent(row_mode: LockMode) -> LockMode:
    """The mode that the table must be locked in before ``row_mode`` on a row or key of it: IS, IU or IX.

    SQL Server takes IU on pages only; the table is locked IX for U locks on its rows.
    """
    return LockMode.IS if row_mode in (LockMode.S, LockMode.RANGE_S_S) else LockMode.IX


WAIT_TYPE_NAMES = {
    "Sch-S": "SCH_S",
    "Sch-M": "SCH_M",
    "RangeS-S": "RS_S",
    "RangeS-U": "RS_U",
    "RangeI-N": "RIn_NL",
    "RangeI-S": "RIn_S",
    "RangeI-U": "RIn_U",
    "RangeI-X": "RIn_X",
    "RangeX-S": "RX_S",
    "RangeX-U": "RX_U",
    "RangeX-X": "RX_X",
}
"""Names of modes in types of waits, where they differ."""


def lock_wait_type(mode: LockMode) -> str:
    """The type of a wait for a lock, as ``sys.dm_os_wait_stats`` calls it: ``LCK_M_X``."""
    name = str(mode)
    return f"LCK_M_{WAIT_TYPE_NAMES.get(name, name)}"
