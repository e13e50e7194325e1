"""The debit memo that a person may send: what the vendor is asked to credit when an invoice is paid as it is."""

from __future__ import annotations

from decimal import Decimal

from counterfoil.domain.exceptions import ExceptionReason, quantity_reason
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.matching_result import LineMatch, MatchResult
from counterfoil.domain.money import plain, round_money
from counterfoil.domain.orders import ZERO, Coding
from counterfoil.domain.records import Record


class DebitMemoLine(Record):
    """What the vendor is asked to credit on one line: `amount` is above zero, in the invoice's currency."""

    line: int
    reason: ExceptionReason
    quantity: Decimal
    rate: Decimal
    amount: Decimal
    detail: str
    coding: Coding = Coding()


class DebitMemo(Record):
    """A draft for a person to send: it changes nothing by itself."""

    vendor_id: str
    invoice_number: str
    currency: str
    lines: tuple[DebitMemoLine, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)


def debit_memo(captured: CapturedInvoice, result: MatchResult, *, vendor_id: str) -> DebitMemo | None:
    """What to ask back when the invoice is paid as it is: quantities billed beyond what is due, at the billed rate, and
    the difference of rates on what is due. None when nothing was billed too much."""
    currency = captured.currency or ""
    lines: list[DebitMemoLine] = []
    seen: set[str | None] = set()
    for line in result.lines:
        if line.status.passes or line.link in seen or not line.links:
            continue
        seen.add(line.link)
        lines.extend(_memo_lines(line, currency))
    if not lines:
        return None
    return DebitMemo(
        vendor_id=vendor_id, invoice_number=captured.invoice_number or "", currency=currency, lines=tuple(lines)
    )


def _memo_lines(line: LineMatch, currency: str) -> list[DebitMemoLine]:
    if line.expected_amount is not None and line.billed_amount is not None:
        over = line.billed_amount - line.expected_amount
        return [_memo_line(line, ExceptionReason.AMOUNT_ERROR, Decimal(1), over, currency)] if over > 0 else []
    sides = (line.billed_quantity, line.expected_quantity, line.billed_rate, line.expected_rate)
    billed, expected, billed_rate, expected_rate = sides
    if billed is None or expected is None or billed_rate is None or expected_rate is None or billed <= 0:
        return []
    due = max(expected, ZERO)
    found = []
    if billed > due:
        found.append(_memo_line(line, quantity_reason(line), billed - due, billed_rate, currency))
    if billed_rate > expected_rate and min(billed, due) > 0:
        found.append(
            _memo_line(line, ExceptionReason.PRICE_ERROR, min(billed, due), billed_rate - expected_rate, currency)
        )
    return found


def _memo_line(
    line: LineMatch, reason: ExceptionReason, quantity: Decimal, rate: Decimal, currency: str
) -> DebitMemoLine:
    return DebitMemoLine(
        line=line.line,
        reason=reason,
        quantity=quantity,
        rate=rate,
        amount=round_money(quantity * rate, currency),
        detail=f"{reason.value.replace('_', ' ')}: {plain(quantity)} at {plain(rate)}; {line.explain}",
        coding=line.coding,
    )
