"""Invoices that say line for line what was ordered and came: decided without weighing anything.

Most invoices do. Where every line finds an order line of the very same code, words, unit, price and quantity, of which
nothing is billed or taken, no other pairing could be better and there is nothing to compare. The decision is the same
as the long way's, to the last word. Whatever is not as plain as that goes the long way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from counterfoil.domain.records import made

ONE = Decimal(1)
# Looking a member up in its enumeration costs as much as three comparisons, and these are looked up line by line.
GOODS, EXPENSE, THREE_WAY = LineKind.GOODS, ItemKind.EXPENSE, MatchType.THREE_WAY
# What the decisions on such lines have in common.
PERFECT = dict(LineMatch(line=0, status=LineStatus.PERFECT_MATCH, conditions=(LineStatus.PERFECT_MATCH,)))
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


@dataclass(slots=True)
class Agreement:
    """What the lines of one invoice agree with: the decisions, and what the lines come to."""

    lines: tuple[LineMatch, ...]
    total: Decimal


@dataclass(slots=True)
class _Due:
    """An order line all of which may be billed now, and by whose rule it is matched how. `at` is its order's place."""

    at: int
    order: PurchaseOrder
    line: OrderLine
    match_type: MatchType
    rule: str


# What a document says of an order line that it bills: code, words, unit, price and quantity.
_Said = tuple[str | None, str, str | None, Decimal | None, Decimal | None]


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
    due = _due(invoice, orders, policy)
    if due is None:
        return None
    slack = smallest_unit(invoice.currency or "")
    decided = []
    total = ZERO
    for line in lines:
        quantity, price = line.quantity, line.unit_price
        same = due.get((line.item_code, line.description, line.unit, price, quantity))
        if not same or quantity is None or price is None or not _is_plain(line):
            return None
        exact = quantity * price
        amount = exact if line.amount is None else line.amount
        is_exact = amount == exact
        if not is_exact and abs(amount - exact) >= slack:
            return None
        total += amount
        decided.append(_decision(line, same.pop(), is_exact=is_exact))
    return Agreement(tuple(decided), total)


def _due(
    invoice: CapturedInvoice, orders: Sequence[PurchaseOrder], policy: MatchPolicy
) -> dict[_Said, list[_Due]] | None:
    """Order lines all of which may be billed, of like ones the one to bill last in front: they are taken from the end.

    None when others bill one of the orders, its currency is another, or the company does not match it.
    """
    due: dict[_Said, list[_Due]] = {}
    alike = []
    for at, order in enumerate(orders):
        if order.currency != invoice.currency or order.bills or order.claims:
            return None
        mode, source = policy.mode_for(Subject(vendor=policy.surviving_vendor(order.vendor_id)))
        if mode is MatchMode.NONE:
            return None
        rules: dict[ItemKind, tuple[MatchType, str]] = {}
        for line in order.lines:
            kind, quantity, rate = line.kind, line.quantity, line.rate
            if not line.item_code or line.is_closed or line.billed or kind is EXPENSE:
                continue
            if rate <= ZERO or quantity <= ZERO:
                continue
            if kind not in rules:
                rules[kind] = match_type_of(kind, mode), mode_rule(mode, source, kind)
            match_type, rule = rules[kind]
            if match_type is THREE_WAY and line.received != quantity:
                continue
            said = line.item_code, line.description, line.unit, rate, quantity
            same = due.get(said)
            if same is None:
                due[said] = [_Due(at, order, line, match_type, rule)]
                continue
            if len(same) == 1:
                alike.append(same)
            same.append(_Due(at, order, line, match_type, rule))
    for same in alike:
        same.sort(key=lambda each: (each.at, each.line.line), reverse=True)
    return due


def _is_plain(line: InvoiceLine) -> bool:
    """Goods priced by the unit, on a line that names no order of its own; its code and words are more than marks."""
    if line.kind is not GOODS or line.po_line or line.po_number or line.price_base_quantity != ONE:
        return False
    code, words = line.item_code or "", line.description
    return code[:1].isalnum() and (not words or words[:1].isalnum())


def _decision(line: InvoiceLine, taken: _Due, *, is_exact: bool) -> LineMatch:
    order, ordered = taken.order, taken.line
    quantity, rate = ordered.quantity, ordered.rate
    unit = f" {ordered.unit}" if ordered.unit else ""
    link = made(
        OrderLineLink,
        {"order_id": order.id, "po_number": order.number, "line": ordered.line, "quantity": quantity, "over": ZERO},
    )
    return made(
        LineMatch,
        {
            **PERFECT,
            "line": line.line,
            "links": (link,),
            "match_type": taken.match_type,
            "explain": f"rate {price_text(rate)} on invoice and order; {plain(quantity)}{unit} billed as ordered",
            "coding": ordered.coding,
            "expected_quantity": quantity,
            "billed_quantity": quantity,
            "expected_rate": rate,
            "billed_rate": rate,
            "evidence": EVIDENCE[line.description != "", bool(line.unit), is_exact].copy(),
            "rules": {"mode": taken.rule},
        },
    )
