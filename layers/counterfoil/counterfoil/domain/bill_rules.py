"""What BILL allows when a bill is saved: a rule of its own, on quantities only, beside the comparison of lines.

With R = ordered less billed and V = received less billed: two-way blocks above R; three-way blocks above the higher of
R and V and warns above the lower. A bill that is blocked is not saved; one with a warning is.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from counterfoil.domain import ledger
from counterfoil.domain.matching_result import MatchType
from counterfoil.domain.orders import OrderLine, PurchaseOrder
from counterfoil.domain.records import Record


class Saving(StrEnum):
    """From harmless to grave."""

    OK = "ok"
    WARN = "warn"
    BLOCK = "block"


GRAVITY = {saving: grade for grade, saving in enumerate(Saving)}


class Tracked(Record):
    """What is known of an order line: ordered and received by the ERP, billed and remaining by our count."""

    ordered: Decimal
    received: Decimal
    billed: Decimal
    remaining_to_bill: Decimal


def saving(quantity: Decimal, line: OrderLine, billed: Decimal, match_type: MatchType) -> Saving:
    """Whether a bill for `quantity` of an order line may be saved, `billed` being what other bills took of it."""
    remaining = ledger.ordered(line) - billed
    unbilled = line.received - billed
    if match_type != MatchType.THREE_WAY or line.is_expense:
        return Saving.BLOCK if quantity > remaining else Saving.OK
    if quantity > max(remaining, unbilled):
        return Saving.BLOCK
    return Saving.WARN if quantity > min(remaining, unbilled) else Saving.OK


def gravest(savings: list[Saving]) -> Saving:
    """A bill is saved as its worst line is."""
    return max(savings, key=GRAVITY.__getitem__, default=Saving.OK)


def tracked(order: PurchaseOrder) -> dict[int, Tracked]:
    """The four quantities of each line of an order."""
    found = {}
    for line in order.lines:
        billed = order.billed(line.line)
        found[line.line] = Tracked(
            ordered=ledger.ordered(line),
            received=line.received,
            billed=billed,
            remaining_to_bill=ledger.ordered(line) - billed,
        )
    return found


def is_offered(order: PurchaseOrder, line: OrderLine, match_type: MatchType) -> bool:
    """Whether a line is still offered for matching: not once all of it is billed and, three-way, has come."""
    if not order.status.is_open or line.is_closed:
        return False
    billed = order.billed(line.line)
    if match_type != MatchType.THREE_WAY or line.is_expense:
        return billed < ledger.ordered(line)
    return line.received < ledger.ordered(line) or billed < max(line.received, ledger.ordered(line))
