"""What freight, duty and the like add to the cost of goods: each charge shared out over receipts, to the last cent.

It is a draft for whoever enters landed cost on the item receipts, which only the ERP holds; nothing is posted by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from counterfoil.domain.charges import kind_of
from counterfoil.domain.invoices import CapturedInvoice, InvoiceLine, LineKind
from counterfoil.domain.matching_result import MatchResult
from counterfoil.domain.money import round_money, split_amount
from counterfoil.domain.orders import ZERO, ItemKind, OrderLine, PurchaseOrder, Receipt
from counterfoil.domain.records import Record

LANDED_KINDS = frozenset({LineKind.FREIGHT, LineKind.CHARGE})
NEVER_LANDED = frozenset({LineKind.TAX, LineKind.ROUNDING, LineKind.SUBTOTAL})


class LandedBasis(StrEnum):
    """By what a charge is shared out: what the goods cost, or how many they are."""

    AMOUNT = "amount"
    QUANTITY = "quantity"


class LandedShare(Record):
    """What one charge adds to some goods. `receipt` is empty for goods that have not come yet."""

    charge: int
    order_id: str
    po_number: str
    order_line: int
    item_code: str | None
    receipt_id: str = ""
    receipt_number: str = ""
    quantity: Decimal
    amount: Decimal


class LandedCharge(Record):
    """One line of the invoice that is shared out; `amount` is before tax, in the invoice's currency."""

    line: int
    description: str
    amount: Decimal


class LandedCosts(Record):
    """The draft. The shares of each charge add up to it exactly."""

    currency: str
    basis: LandedBasis
    charges: tuple[LandedCharge, ...]
    shares: tuple[LandedShare, ...]

    @property
    def total(self) -> Decimal:
        return sum((charge.amount for charge in self.charges), ZERO)


class CostsNotShared(Exception):
    """Nothing can be shared out: `args[0]` says why, for a person."""


@dataclass(frozen=True, slots=True)
class _Goods:
    order: PurchaseOrder
    line: OrderLine
    quantity: Decimal
    receipt: Receipt | None


def landed_costs(
    captured: CapturedInvoice,
    result: MatchResult | None,
    orders: Mapping[str, PurchaseOrder],
    receipts: Iterable[Receipt],
    *,
    basis: LandedBasis,
    of_orders: Sequence[str] = (),
    own_bill: str = "",
) -> LandedCosts:
    """The invoice's charges over its own goods, oldest receipts first; `orders` by id, with their `receipts`.

    `own_bill` is the id of the invoice's bill in the ERP, when it is posted.

    With `of_orders` (ids) the whole invoice, but for its tax, is a charge on what was received of those orders: a
    carrier's or a customs agent's invoice. The last share takes what rounding leaves. Raises CostsNotShared.
    """
    currency = captured.currency or ""
    charges = _charges(captured, currency, is_whole=bool(of_orders))
    if not charges:
        raise CostsNotShared("the invoice bills no freight or other charge")
    by_order: dict[str, list[Receipt]] = {}
    for receipt in receipts:
        by_order.setdefault(receipt.order_id, []).append(receipt)
    if of_orders:
        wanted = [
            (orders[order_id], line, line.received, ZERO) for order_id in of_orders for line in orders[order_id].lines
        ]
    else:
        wanted = _own_goods(result, orders, own_bill)
    goods = [
        part
        for order, line, quantity, skipped in wanted
        if line.kind == ItemKind.INVENTORY and quantity > 0
        for part in _received(order, line, quantity, skipped, by_order.get(order.id, []))
    ]
    if not goods:
        raise CostsNotShared("no goods kept in stock are billed here: name the orders whose goods the charges are for")
    if basis == LandedBasis.AMOUNT and len({part.order.currency for part in goods}) > 1:
        raise CostsNotShared("the orders are in several currencies: share the charges out by quantity")
    weights = [
        (part.quantity * part.line.rate if basis == LandedBasis.AMOUNT else part.quantity, part.quantity)
        for part in goods
    ]
    return LandedCosts(
        currency=currency,
        basis=basis,
        charges=charges,
        shares=tuple(
            _share(charge, part, amount)
            for charge in charges
            for part, amount in zip(goods, split_amount(charge.amount, weights, currency), strict=True)
        ),
    )


def _charges(captured: CapturedInvoice, currency: str, *, is_whole: bool) -> tuple[LandedCharge, ...]:
    found = []
    for line in captured.billed_lines:
        kind = kind_of(line.description, kind=line.kind, item_code=line.item_code)
        amount = _amount(line)
        if (kind not in NEVER_LANDED if is_whole else kind in LANDED_KINDS) and amount:
            charge = LandedCharge(line=line.line, description=line.description, amount=round_money(amount, currency))
            found.append(charge)
    return tuple(found)


def _amount(line: InvoiceLine) -> Decimal:
    if line.amount is not None or line.quantity is None or line.unit_price is None:
        return line.amount or ZERO
    return line.quantity * line.unit_price / line.price_base_quantity


def _own_goods(
    result: MatchResult | None, orders: Mapping[str, PurchaseOrder], own_bill: str
) -> list[tuple[PurchaseOrder, OrderLine, Decimal, Decimal]]:
    """Order line, how much of it is billed here, and how much other bills took: what came first was billed first."""
    taken: dict[tuple[str, int], Decimal] = {}
    for match in result.lines if result is not None else ():
        for link in match.links:
            key = (link.order_id, link.line)
            taken[key] = taken.get(key, ZERO) + link.quantity
    return [
        (order, order.line(number), quantity, order.billed(number) - order.bills.get(own_bill, {}).get(number, ZERO))
        for (order_id, number), quantity in taken.items()
        if (order := orders.get(order_id)) is not None
    ]


def _received(
    order: PurchaseOrder, line: OrderLine, quantity: Decimal, skipped: Decimal, receipts: Sequence[Receipt]
) -> list[_Goods]:
    """The receipts that brought the goods, oldest first, after those that were billed before; a rest that none did."""
    found: list[_Goods] = []
    for receipt in sorted(receipts, key=lambda each: (each.received_on or date.max, each.id)):
        came = receipt.quantities.get(line.line, ZERO)
        passed = min(max(came, ZERO), skipped)
        skipped -= passed
        part = min(max(came, ZERO) - passed, quantity)
        if part > 0:
            found.append(_Goods(order, line, part, receipt))
            quantity -= part
    if quantity > 0:
        found.append(_Goods(order, line, quantity, None))
    return found


def _share(charge: LandedCharge, part: _Goods, amount: Decimal) -> LandedShare:
    return LandedShare(
        charge=charge.line,
        order_id=part.order.id,
        po_number=part.order.number,
        order_line=part.line.line,
        item_code=part.line.item_code,
        receipt_id=part.receipt.id if part.receipt else "",
        receipt_number=part.receipt.number if part.receipt else "",
        quantity=part.quantity,
        amount=amount,
    )
