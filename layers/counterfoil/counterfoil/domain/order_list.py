"""A vendor's open orders as people choose from them: newest first, narrowed by what they type."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from counterfoil.domain import ledger
from counterfoil.domain.order_choice import order_number
from counterfoil.domain.orders import ZERO, OrderLine, OrderStatus, PurchaseOrder
from counterfoil.domain.policy import MatchPolicy
from counterfoil.domain.records import Record
from counterfoil.domain.wording import words_of

OFFERED_MAX = 50


class OfferedOrder(Record):
    """An order to choose. `unbilled` is what of it is not billed or claimed yet, in its currency."""

    id: str
    number: str
    status: OrderStatus
    currency: str
    unbilled: Decimal
    order_date: date | None


def offered_orders(
    orders: Iterable[PurchaseOrder], policy: MatchPolicy, *, vendor_id: str, typed: str = "", limit: int = OFFERED_MAX
) -> list[OfferedOrder]:
    """The vendor's open orders, newest first; with something typed those whose number holds it, or whose lines name it.

    A merged vendor's orders are its survivor's.
    """
    vendor = policy.surviving_vendor(vendor_id)
    found = [
        order
        for order in orders
        if order.status.is_open and policy.surviving_vendor(order.vendor_id) == vendor and _is_meant(order, typed)
    ]
    # Newest first, and among those of one day the higher number.
    found.sort(key=lambda order: (order.order_date or date.min, order.number), reverse=True)
    return [
        OfferedOrder(
            id=order.id,
            number=order.number,
            status=order.status,
            currency=order.currency,
            unbilled=unbilled(order),
            order_date=order.order_date,
        )
        for order in found[:limit]
    ]


def unbilled(order: PurchaseOrder) -> Decimal:
    """What an order still has to be billed for, at its own prices; a line billed too much takes nothing from others."""
    return sum((_unbilled(order, line) for line in order.lines if not line.is_closed), ZERO)


def _unbilled(order: PurchaseOrder, line: OrderLine) -> Decimal:
    taken = ledger.taken(order, line.line, but_by=None, is_credit=False)
    left = max(ledger.ordered(line) - ledger.billed(order, line) - taken, ZERO)
    return left if line.is_expense else left * line.rate


def _is_meant(order: PurchaseOrder, typed: str) -> bool:
    text = typed.strip()
    if not text:
        return True
    if text.casefold() in order.number.casefold() or order_number(text) in order_number(order.number):
        return True
    wanted = words_of(text)
    words = {word for line in order.lines for word in words_of(f"{line.item_code or ''} {line.description}")}
    return bool(wanted) and all(any(word.startswith(each) for word in words) for each in wanted)
