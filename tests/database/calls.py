"""Calls of the write procedures as values: what to pick or to move, by whom, under which request id.

`dataclasses.replace` makes a call that differs in one argument and has the same request id; a new value has a new id.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar
from uuid import UUID, uuid4

from harness.connection import Outcome, Session
from tests.database.warehouse import ROW, RUN


class WriteCall(ABC):
    """A call of a write procedure: ``call(session)`` makes it."""

    procedure: ClassVar[str]

    @property
    @abstractmethod
    def arguments(self) -> tuple[object, ...]:
        """In the order of the procedure's parameters."""

    def __call__(self, session: Session) -> Outcome:
        return session.call(self.procedure, *self.arguments).outcome


@dataclass(frozen=True, kw_only=True)
class Pick(WriteCall):
    """A pick: by default one bag of LOT-1 for line 1."""

    procedure: ClassVar[str] = "picking.PickLot"

    run: int | None = RUN
    row: int | None = ROW
    line: int | None = 1
    lot: str | None = "LOT-1"
    bin_no: str | None = "A-01"
    bags: Decimal | int | None = 1
    user: str | None = "somchai"
    request_id: UUID | None = field(default_factory=uuid4)
    pallet: str | None = None
    suggested: str | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        return (
            *(self.run, self.row, self.line, self.lot, self.bin_no, self.bags, self.user),
            *(self.request_id, self.pallet, self.suggested),
        )


@dataclass(frozen=True, kw_only=True)
class Transfer(WriteCall):
    """A transfer: by default 75 of LOT-1 from A-01 to K-01."""

    procedure: ClassVar[str] = "putaway.TransferLot"

    lot: str | None = "LOT-1"
    item: str | None = "FLOUR"
    location: str | None = "TFC1"
    source: str | None = "A-01"
    destination: str | None = "K-01"
    quantity: Decimal | int | None = 75
    user: str | None = "malee"
    request_id: UUID | None = field(default_factory=uuid4)
    reference: str | None = None
    remarks: str | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        return (
            *(self.lot, self.item, self.location, self.source, self.destination, self.quantity, self.user),
            *(self.request_id, self.reference, self.remarks),
        )


@dataclass(frozen=True, kw_only=True)
class FefoPick(WriteCall):
    """A pick of what a line still needs, in the order of FEFO: by default of line 1, all or nothing."""

    procedure: ClassVar[str] = "picking.PickFefo"

    run: int | None = RUN
    row: int | None = ROW
    line: int | None = 1
    user: str | None = "somchai"
    request_id: UUID | None = field(default_factory=uuid4)
    partial: bool | None = False
    pallet: str | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        return (self.run, self.row, self.line, self.user, self.request_id, self.partial, self.pallet)


@dataclass(frozen=True, kw_only=True)
class Unpick(WriteCall):
    """A reversal: by default of all that is left of the first allocation."""

    procedure: ClassVar[str] = "picking.UnpickLot"

    allocation: int | None = 1
    user: str | None = "malee"
    request_id: UUID | None = field(default_factory=uuid4)
    bags: Decimal | int | None = None
    reason: str | None = None

    @property
    def arguments(self) -> tuple[object, ...]:
        return (self.allocation, self.user, self.request_id, self.bags, self.reason)


Call = Pick | Transfer
