"""Credit notes: what they may take back, and of which bills.

A credit note is matched as an invoice is, by the same function and with the same kind of result: its quantities count
below zero and must equal what went back and is still billed. Money without goods is taken back only where an earlier
invoice was let charge more than the order's price, and then just that much. What was bought without a receipt can be
credited only as far as more was billed than ordered. Everything else is for a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from counterfoil.domain.matching_result import MatchResult
from counterfoil.domain.orders import ZERO, PurchaseOrder
from counterfoil.domain.records import Record

_NUMBERS = re.compile(r"(\d+)")


class CreditedBill(Record):
    """What a credit note takes back of one bill's line: a quantity above zero (an amount, for an expense line).

    `amount` is money taken back without goods, zero where goods went back.
    """

    bill_id: str
    order_id: str
    line: int
    quantity: Decimal = ZERO
    amount: Decimal = ZERO


def credited_bills(result: MatchResult, orders: Mapping[str, PurchaseOrder]) -> tuple[CreditedBill, ...]:
    """The bills that a credit note's decision takes back, the latest first; `orders` by the ERP's id.

    What went back is of the latest delivery, so the latest bill that still has the goods is credited first; earlier
    credits have been taken off the same way. What no known bill explains is left out: then the sum is smaller.
    """
    found: list[CreditedBill] = []
    left: dict[tuple[str, int], dict[str, Decimal]] = {}
    for match in result.lines:
        for link in match.links:
            order = orders.get(link.order_id)
            if order is None:
                continue
            key = (link.order_id, link.line)
            bills = left.setdefault(key, left_of_bills(order, link.line))
            if match.is_price_credit:
                found += _price_credited(order, link.line, -match.overcharge, bills)
            else:
                found += _goods_credited(order, link.line, -link.quantity, bills)
    return tuple(found)


def left_of_bills(order: PurchaseOrder, line: int) -> dict[str, Decimal]:
    """By bill, what of an order line it still bills after the credits that are known; the latest bill first."""
    taken = {bill_id: lines.get(line, ZERO) for bill_id, lines in order.bills.items()}
    credited = -sum((quantity for quantity in taken.values() if quantity < 0), ZERO)
    left: dict[str, Decimal] = {}
    for bill_id in sorted((each for each in taken if taken[each] > 0), key=_natural, reverse=True):
        less = min(credited, taken[bill_id])
        credited -= less
        if taken[bill_id] > less:
            left[bill_id] = taken[bill_id] - less
    return left


def _goods_credited(
    order: PurchaseOrder, line: int, quantity: Decimal, bills: dict[str, Decimal]
) -> list[CreditedBill]:
    found = []
    for bill_id, has in bills.items():
        part = min(quantity, has)
        if part <= 0:
            continue
        found.append(CreditedBill(bill_id=bill_id, order_id=order.id, line=line, quantity=part))
        bills[bill_id] = has - part
        quantity -= part
    return found


def _price_credited(
    order: PurchaseOrder, line: int, amount: Decimal, bills: Mapping[str, Decimal]
) -> list[CreditedBill]:
    """Money goes back on the latest bill of the line: the order does not say which of several was too dear."""
    return [CreditedBill(bill_id=bill_id, order_id=order.id, line=line, amount=amount) for bill_id in list(bills)[:1]]


def _natural(bill_id: str) -> tuple[tuple[int, int, str], ...]:
    """Ids in the order they were given: figures count as numbers."""
    parts = _NUMBERS.split(bill_id)
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts if part)
