"""What an order line still has to give, and to whom: received, billed, taken by invoices in flight.

An invoice never counts what it claimed itself. A credit in flight frees nothing before it is posted, and an invoice
in flight does not make room for a larger credit.
"""

from __future__ import annotations

from decimal import Decimal

from counterfoil.domain.matching_result import MatchType
from counterfoil.domain.orders import ZERO, OrderLine, PurchaseOrder
from counterfoil.domain.policy import QuantityBasis


def ordered(line: OrderLine) -> Decimal:
    """What was ordered: a quantity, for an expense line its amount."""
    return line.amount if line.is_expense else line.quantity


def billed(order: PurchaseOrder, line: OrderLine, *, is_credit: bool = False) -> Decimal:
    """What is billed of a line: `PurchaseOrder.billed` without looking the line up again.

    For a credit the smaller of the ERP's figure and the bills we know: the ERP does not lower its own for a credit,
    and goods must not be credited twice.
    """
    if not order.bills:
        return line.billed
    known = sum((taken.get(line.line, ZERO) for taken in order.bills.values()), ZERO)
    return min(line.billed, known) if is_credit else max(line.billed, known)


def taken(order: PurchaseOrder, number: int, *, but_by: str | None, is_credit: bool) -> Decimal:
    """What other invoices in flight take of a line, those of the same direction only."""
    total = ZERO
    for by, lines in order.claims.items():
        quantity = lines.get(number, ZERO)
        if by != but_by and (quantity < 0) == is_credit:
            total += quantity
    return total


def overcharged(order: PurchaseOrder, number: int, *, but_by: str | None) -> Decimal:
    """What other invoices were let charge above a line's price, in money."""
    return sum((lines.get(number, ZERO) for by, lines in order.overcharges.items() if by != but_by), ZERO)


def overcharging(order: PurchaseOrder, number: int, *, but_by: str | None) -> int:
    """How many other invoices were let charge above a line's price."""
    return sum(lines.get(number, ZERO) > 0 for by, lines in order.overcharges.items() if by != but_by)


def expected(
    line: OrderLine, spent: Decimal, match_type: MatchType, basis: QuantityBasis, *, is_credit: bool = False
) -> Decimal:
    """What a bill must be for to agree, `spent` being billed and taken.

    Three-way: received less spent. Two-way: all that was ordered, whatever was billed before (or, where the company
    says so, what is left of it); that not too much is billed in sum is asked of `free`. A two-way credit is for what
    was billed beyond the order.
    """
    if match_type == MatchType.THREE_WAY:
        return line.received - spent
    if is_credit:
        return min(ordered(line) - spent, ZERO)
    return ordered(line) - spent if basis == QuantityBasis.REMAINING else ordered(line)


def free(line: OrderLine, spent: Decimal, match_type: MatchType) -> Decimal:
    """The most that can still be billed."""
    limit = line.received if match_type == MatchType.THREE_WAY else ordered(line)
    return limit - spent


def is_exhausted(line: OrderLine, spent: Decimal) -> bool:
    """Nothing is left of it: all that was ordered, and all that came, is billed."""
    return spent >= max(ordered(line), line.received)
