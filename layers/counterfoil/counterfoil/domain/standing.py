"""Whether a match still stands: what was agreed and what is left may change between the match and the bill.

Asked whenever an order of a matched invoice changes, when a person approves, and once more before the ERP is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from counterfoil.domain.actions import Resolution, accepted
from counterfoil.domain.claims import OverClaimed, claims_of, with_claim
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.matching_result import MatchResult
from counterfoil.domain.orders import PurchaseOrder, terms


def taken_by(result: MatchResult, resolution: Resolution) -> dict[str, dict[int, Decimal]]:
    """What an invoice takes: order id, order line, quantity. Of lines that pass, and of those that people accepted."""
    return claims_of(result, accepted=accepted(resolution))


def terms_of(result: MatchResult, resolution: Resolution, orders: Mapping[str, PurchaseOrder]) -> str:
    """The digest of the terms that a decision rests on; of what it takes nothing from, nothing is kept."""
    lines = {order_id: tuple(taken) for order_id, taken in taken_by(result, resolution).items()}
    return terms((orders[order_id] for order_id in lines if order_id in orders), lines)


def why_it_fell(invoice: Invoice, orders: Mapping[str, PurchaseOrder]) -> str | None:
    """What has changed so that the invoice must be matched again, for a person; None while the match stands.

    `orders` are the orders that it bills, by id, as they are now.
    """
    if invoice.match is None:
        return None
    for order_id, taken in taken_by(invoice.match, invoice.resolution).items():
        order = orders.get(order_id)
        if order is None:
            return f"order {order_id} is no longer there"
        is_credit = all(quantity <= 0 for quantity in taken.values())
        if not order.status.is_open and not is_credit:
            return f"order {order.number} is {order.status.value.replace('_', ' ')} now"
        try:
            with_claim(order, invoice.id, taken, result=invoice.match)
        except (OverClaimed, KeyError) as refusal:
            return f"order {order.number} has too little left now: {refusal}"
    if terms_of(invoice.match, invoice.resolution, orders) != invoice.terms_seen:
        return "price, unit or item of an order line it bills has changed"
    return None
