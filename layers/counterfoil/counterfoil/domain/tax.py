"""Whether a document's prices hold the tax, and what they are without it.

A document seldom says so; its own arithmetic does: the lines come to the total before tax, or to the one with it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

from counterfoil.domain.charges import kind_of
from counterfoil.domain.invoices import CapturedInvoice, InvoiceLine, LineKind
from counterfoil.domain.money import round_money, smallest_unit

ZERO = Decimal(0)
HUNDRED = Decimal(100)
# Minor units that a total may be away from the sum of its rounded lines, one for each line up to these.
SLACK_MAX = 5
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


def prices_include_tax(captured: CapturedInvoice) -> bool:
    """Whether the lines come to the total with tax and not to the one without. False where the totals do not tell."""
    gross, net, tax = captured.gross_total, captured.net_total, captured.tax_total
    if net is None and gross is not None and tax is not None:
        net = gross - tax
    if gross is None or net is None or gross == net:
        return False
    amounts = [
        amount_of(line)
        for line in captured.billed_lines
        if kind_of(line.description, kind=line.kind, item_code=line.item_code) != LineKind.TAX
    ]
    if not amounts or None in amounts:
        return False
    total = abs(sum((amount for amount in amounts if amount is not None), ZERO))
    slack = smallest_unit(captured.currency or "") * min(len(amounts), SLACK_MAX)
    return abs(total - abs(gross)) <= slack < abs(total - abs(net))


def amount_of(line: InvoiceLine) -> Decimal | None:
    """The line's amount, as stated or as quantity times price; None when neither is there."""
    if line.amount is not None:
        return line.amount
    if line.quantity is None or line.unit_price is None or line.price_base_quantity <= 0:
        return None
    return EXACT.divide(EXACT.multiply(line.quantity, line.unit_price), line.price_base_quantity)


def net_share(line: InvoiceLine, captured: CapturedInvoice) -> tuple[Decimal, Decimal] | None:
    """The part of a price with tax that is not tax, as numerator and denominator; None when the tax is not known.

    By the line's own rate, else by the document's totals.
    """
    if line.tax_rate is not None and line.tax_rate > -HUNDRED:
        return HUNDRED, HUNDRED + line.tax_rate
    gross, tax = captured.gross_total, captured.tax_total
    if gross and tax is None and captured.net_total is not None:
        tax = gross - captured.net_total
    if gross and tax is not None:
        return gross - tax, gross
    return None


def net_amounts(captured: CapturedInvoice, currency: str) -> dict[int, Decimal] | None:
    """By line, the amounts before tax of a document whose prices hold it, in whole minor units; None when it does not
    tell.

    Together they come to the total before tax: what rounding each line leaves is taken by the largest.
    """
    net: dict[int, Decimal] = {}
    for line in captured.billed_lines:
        amount, share = amount_of(line), net_share(line, captured)
        if line.kind == LineKind.TAX:
            continue
        if amount is None or share is None:
            return None
        net[line.line] = round_money(EXACT.divide(EXACT.multiply(amount, share[0]), share[1]), currency)
    total = captured.net_total
    if total is None and captured.gross_total is not None and captured.tax_total is not None:
        total = captured.gross_total - captured.tax_total
    if total is None or not net:
        return None
    left = round_money(total, currency) - sum(net.values(), ZERO)
    if abs(left) > smallest_unit(currency) * len(net):
        return None
    largest = max(net, key=lambda number: abs(net[number]))
    net[largest] += left
    return net
