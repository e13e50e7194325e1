"""Invoices that say line for line what was ordered and came: decided without weighing anything.

Most invoices do. Where every line finds an order line of the very same code, words, unit, price and quantity, of which
nothing is billed or taken, no other pairing could be better and there is nothing to compare. The decision is the same
as the long way's, to the last word. Whatever is not as plain as that goes the long way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from counterfoil.domain.invoices import CapturedInvoice, InvoiceLine, LineKind
from counterfoil.domain.linking import (
    AMOUNT,
    DESCRIPTION_EQUAL,
    ITEM_CODE,
    QUANTITY,
    RATE,
    UNIT,
    match_type_of,
    mode_rule,
)
from counterfoil.domain.matching_result import LineMatch, LineStatus, MatchType, OrderLineLink
from counterfoil.domain.money import plain, price_text, smallest_unit
from counterfoil.domain.orders import ZERO, ItemKind, OrderLine, PurchaseOrder
from counterfoil.domain.policy import MatchMode, MatchPolicy, Subject

ONE = Decimal(1)
PERFECT = (LineStatus.PERFECT_MATCH,)
# By whether there are words, a unit, and the amount of just that quantity at that price.
EVIDENCE = {
    (words, unit, amount): {
        "item_code": ITEM_CODE,
        **({"description": DESCRIPTION_EQUAL} if words else {}),
        **({"unit": UNIT} if unit else {}),
        "rate": RATE,
        "quantity": QUANTITY,
        **({"amount": AMOUNT} if amount else {}),
    }
    for words in (False, True)
    for unit in (False, True)
    for amount in (False, True)
}
_Key = tuple[str | None, str, str | None]
_Waiting = tuple[PurchaseOrder, OrderLine]
_Taken = tuple[PurchaseOrder, OrderLine, MatchType, str]
_Rules = dict[str, dict[ItemKind, tuple[MatchType, str]]]


class Agreement:
    """What the lines of one invoice agree with: the decisions, and what the lines come to."""

    def __init__(self, lines: tuple[LineMatch, ...], total: Decimal) -> None:
        self.lines = lines
        self.total = total


def agreement(
    invoice: CapturedInvoice,
    lines: Sequence[InvoiceLine],
    orders: Sequence[PurchaseOrder],
    policy: MatchPolicy,
) -> Agreement | None:
    """The decision on every line, `lines` in their order on the invoice; None when one of them takes weighing.

    For bills (not credits) without links by hand, whose prices hold no tax and which name their orders.
    """
    if policy.item_modes or policy.category_modes or not lines:
        return None
    if any(order.currency != invoice.currency or order.bills or order.claims for order in orders):
        return None
    waiting = _waiting(orders)
    modes = {order.id: policy.mode_for(_subject(order, invoice, policy)) for order in orders}
    if any(mode == MatchMode.NONE for mode, _ in modes.values()):
        return None
    rules = {
        order_id: {kind: (match_type_of(kind, mode), mode_rule(mode, source, kind)) for kind in ItemKind}
        for order_id, (mode, source) in modes.items()
    }
    slack = smallest_unit(invoice.currency or "")
    decided = []
    total = ZERO
    for line in lines:
        found = waiting.get((line.item_code, line.description, line.unit))
        quantity, price, amount = line.quantity, line.unit_price, line.amount
        if not found or quantity is None or price is None or line.kind is not LineKind.GOODS:
            return None
        if line.po_line or line.po_number or line.price_base_quantity != ONE or not _is_plain(line):
            return None
        taken = _taken(found, quantity, price, rules)
        if taken is None:
            return None
        exact = quantity * price
        if amount is None:
            amount = exact
        elif abs(amount - exact) >= slack:
            return None
        total += amount
        decided.append(_decision(line, taken, is_amount=amount == exact))
    return Agreement(tuple(decided), total)


def _is_plain(line: InvoiceLine) -> bool:
    """Its code and words are more than marks."""
    code, words = line.item_code or "", line.description
    return code[:1].isalnum() and (not words or words[:1].isalnum())


def _subject(order: PurchaseOrder, invoice: CapturedInvoice, policy: MatchPolicy) -> Subject:
    return Subject(vendor=policy.surviving_vendor(order.vendor_id), subsidiary=order.subsidiary, on=invoice.issue_date)


def _waiting(orders: Iterable[PurchaseOrder]) -> dict[_Key, list[_Waiting]]:
    """Order lines by what a document calls them, the one to bill last in front: it is taken from the end."""
    waiting: dict[_Key, list[_Waiting]] = {}
    for order in orders:
        for line in order.lines:
            if line.item_code and not line.is_closed and not line.billed and line.rate > 0:
                key = (line.item_code, line.description, line.unit)
                if key in waiting:
                    waiting[key].append((order, line))
                else:
                    waiting[key] = [(order, line)]
    for same in waiting.values():
        if len(same) > 1:
            position = {order.id: number for number, order in enumerate(orders)}
            same.sort(key=lambda each: (position[each[0].id], each[1].line), reverse=True)
    return waiting


def _taken(waiting: list[_Waiting], quantity: Decimal, price: Decimal, rules: _Rules) -> _Taken | None:
    """The first ordered of them that is for just that price and quantity, all of which may be billed."""
    for index in range(len(waiting) - 1, -1, -1):
        order, line = waiting[index]
        if line.rate != price or line.quantity != quantity or quantity <= 0 or line.kind is ItemKind.EXPENSE:
            continue
        match_type, rule = rules[order.id][line.kind]
        if match_type is MatchType.TWO_WAY or line.received == quantity:
            del waiting[index]
            return order, line, match_type, rule
    return None


def _decision(line: InvoiceLine, taken: _Taken, *, is_amount: bool) -> LineMatch:
    order, ordered, match_type, rule = taken
    quantity, rate = ordered.quantity, ordered.rate
    unit = f" {ordered.unit}" if ordered.unit else ""
    return LineMatch(
        line=line.line,
        links=(OrderLineLink(order_id=order.id, po_number=order.number, line=ordered.line, quantity=quantity),),
        status=LineStatus.PERFECT_MATCH,
        conditions=PERFECT,
        match_type=match_type,
        explain=f"rate {price_text(rate)} on invoice and order; {plain(quantity)}{unit} billed as ordered",
        coding=ordered.coding,
        expected_quantity=quantity,
        billed_quantity=quantity,
        expected_rate=rate,
        billed_rate=rate,
        evidence=EVIDENCE[line.description != "", line.unit is not None and line.unit != "", is_amount].copy(),
        rules={"mode": rule},
    )
