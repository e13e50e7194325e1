"""Claims: what invoices in flight have taken of an order, and how a claim becomes billed.

Every function gives back a copy of the order with its ledger changed; whoever stores it does so on the condition that
the order is still at the version that was read. So of two invoices for the same goods exactly one gets them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from decimal import Decimal

from counterfoil.domain import ledger
from counterfoil.domain.matching_result import MatchResult, MatchType
from counterfoil.domain.money import plain
from counterfoil.domain.orders import ZERO, PurchaseOrder

Taken = Mapping[int, Decimal]


class OverClaimed(ValueError):
    """A claim for more than an order line has left: refused. The numbers are its attributes."""

    code = "over_claimed"

    def __init__(self, order: PurchaseOrder, line: int, *, asked: Decimal, spent: Decimal, limit: Decimal) -> None:
        self.order_id = order.id
        self.line = line
        self.asked = asked
        self.spent = spent
        self.limit = limit
        self.detail = (
            f"order {order.number} line {line}: {plain(asked)} asked, but {plain(spent)} of {plain(limit)} is billed or"
            " claimed already"
        )
        super().__init__(self.detail)


def claims_of(result: MatchResult, *, accepted: Collection[int] = ()) -> dict[str, dict[int, Decimal]]:
    """What a decision takes: order id, order line, quantity (amount for an expense line).

    Lines that pass count, and those of the invoice's lines that people `accepted`; nothing else is taken. A credit of
    money without goods takes a quantity of zero, so that it is known not to be given twice.
    """
    taken: dict[str, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for line in result.lines:
        if line.status.passes or line.line in accepted:
            for link in line.links:
                if link.quantity != 0 or line.overcharge < 0:
                    taken[link.order_id][link.line] += link.quantity
    return {order_id: dict(lines) for order_id, lines in taken.items()}


def with_claim(
    order: PurchaseOrder, invoice_id: str, taken: Taken, *, result: MatchResult | None = None
) -> PurchaseOrder:
    """The order with this invoice's claim in place of any it had. `OverClaimed` when a line has too little left.

    A line gives no more than was ordered, a three-way line no more than was received, and takes no more back than is
    billed. `result`, the decision that the
    claim comes from, says which lines are three-way and what a tolerance or a person let by; without it the item's
    kind says so and nothing is let by.
    """
    types, over = _as_decided(order, result)
    for number, quantity in taken.items():
        line = order.line(number)
        by_kind = MatchType.THREE_WAY if line.kind.is_received else MatchType.TWO_WAY
        others = ledger.taken(order, number, but_by=invoice_id, is_credit=quantity < 0)
        spent = order.billed(number) + others
        room = ledger.free(line, spent, types.get(number, by_kind)) + over.get(number, ZERO)
        if quantity > 0 and quantity > room:
            raise OverClaimed(order, number, asked=quantity, spent=spent, limit=spent + room)
        to_credit = ledger.billed(order, line, is_credit=True)
        if quantity < 0 and -quantity > to_credit + others:
            raise OverClaimed(order, number, asked=quantity, spent=others, limit=to_credit)
    return order.model_copy(
        update={
            "claims": {**_without(order.claims, invoice_id), invoice_id: dict(taken)},
            "overcharges": _without(order.overcharges, invoice_id) | _overcharges_of(order, invoice_id, taken, result),
        }
    )


def without_claim(order: PurchaseOrder, invoice_id: str) -> PurchaseOrder:
    """The order with what this invoice took given back; the same order when it took nothing."""
    if invoice_id not in order.claims:
        return order
    return order.model_copy(
        update={
            "claims": _without(order.claims, invoice_id),
            "overcharges": _without(order.overcharges, invoice_id),
        }
    )


def with_bill(order: PurchaseOrder, bill_id: str, taken: Taken, invoice_id: str | None) -> PurchaseOrder:
    """The order with the invoice's claim turned into that bill. The same bill again changes nothing.

    The ERP's own figure is raised along, as entering the bill raised it there: it may hold bills that are not known
    here yet, and the larger of both alone would then miss one of them. The next reading of the order replaces it.
    """
    claims = _without(order.claims, invoice_id) if invoice_id is not None else order.claims
    if bill_id in order.bills:
        return order.model_copy(update={"bills": {**order.bills, bill_id: dict(taken)}, "claims": claims})
    lines = tuple(
        line.model_copy(update={"billed": line.billed + taken[line.line]}) if taken.get(line.line, ZERO) > 0 else line
        for line in order.lines
    )
    return order.model_copy(update={"bills": {**order.bills, bill_id: dict(taken)}, "claims": claims, "lines": lines})


def _without(taken: Mapping[str, dict[int, Decimal]], invoice_id: str) -> dict[str, dict[int, Decimal]]:
    return {by: lines for by, lines in taken.items() if by != invoice_id}


def _overcharges_of(
    order: PurchaseOrder, invoice_id: str, taken: Taken, result: MatchResult | None
) -> dict[str, dict[int, Decimal]]:
    over: dict[int, Decimal] = defaultdict(Decimal)
    for line in result.lines if result is not None else ():
        total = sum((link.quantity for link in line.links), ZERO)
        for link in line.links:
            if line.overcharge != 0 and link.order_id == order.id and link.line in taken:
                over[link.line] += line.overcharge * link.quantity / total if total else line.overcharge
    return {invoice_id: dict(over)} if over else {}


def _as_decided(order: PurchaseOrder, result: MatchResult | None) -> tuple[dict[int, MatchType], dict[int, Decimal]]:
    types: dict[int, MatchType] = {}
    over: dict[int, Decimal] = defaultdict(Decimal)
    for line in result.lines if result is not None else ():
        for link in line.links:
            if link.order_id == order.id and line.match_type is not None:
                types[link.line] = line.match_type
                over[link.line] = max(over[link.line], link.over)
    return types, over
