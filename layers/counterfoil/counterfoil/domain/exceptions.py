"""What is wrong with an invoice as work for someone: a reason to count, an owner who knows, a deadline, an outcome.

Each fact goes to whoever owns it: a price to the buyer, a quantity to the receiver, tax to the controller, the rest to
accounts payable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.matching_result import LineMatch, LineStatus, MatchResult
from counterfoil.domain.money import plain, round_money
from counterfoil.domain.orders import ZERO, Coding, PurchaseOrder
from counterfoil.domain.records import Record


class Owner(StrEnum):
    BUYER = "buyer"
    RECEIVER = "receiver"
    CONTROLLER = "controller"
    ACCOUNTS_PAYABLE = "accounts_payable"


class ExceptionReason(StrEnum):
    SHORT_DELIVERY = "short_delivery"
    MISSING_RECEIPT = "missing_receipt"
    BILLED_TWICE = "billed_twice"
    QUANTITY_ERROR = "quantity_error"
    UNDER_BILLED = "under_billed"
    PRICE_ERROR = "price_error"
    AMOUNT_ERROR = "amount_error"
    ARITHMETIC_ERROR = "arithmetic_error"
    UNIT_UNKNOWN = "unit_unknown"
    CURRENCY_ERROR = "currency_error"
    TAX_ERROR = "tax_error"
    TOTAL_ERROR = "total_error"
    NOT_ORDERED = "not_ordered"
    CHARGE_NOT_ORDERED = "charge_not_ordered"
    ORDER_UNKNOWN = "order_unknown"
    VENDOR_UNKNOWN = "vendor_unknown"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    FRAUD = "fraud"


class Outcome(StrEnum):
    """How an exception ended."""

    ACCEPTED = "accepted"
    CORRECTED_IN_ERP = "corrected_in_erp"
    GOODS_RECEIVED = "goods_received"
    CREDIT_NOTE_ASKED = "credit_note_asked"
    RESUBMISSION_ASKED = "resubmission_asked"
    BLOCKED_AND_REPORTED = "blocked_and_reported"


_R = ExceptionReason
OWNERS: dict[ExceptionReason, Owner] = {
    _R.SHORT_DELIVERY: Owner.RECEIVER,
    _R.MISSING_RECEIPT: Owner.RECEIVER,
    _R.QUANTITY_ERROR: Owner.RECEIVER,
    _R.UNDER_BILLED: Owner.RECEIVER,
    _R.UNIT_UNKNOWN: Owner.BUYER,
    _R.PRICE_ERROR: Owner.BUYER,
    _R.AMOUNT_ERROR: Owner.BUYER,
    _R.NOT_ORDERED: Owner.BUYER,
    _R.CHARGE_NOT_ORDERED: Owner.BUYER,
    _R.CURRENCY_ERROR: Owner.CONTROLLER,
    _R.TAX_ERROR: Owner.CONTROLLER,
    _R.FRAUD: Owner.CONTROLLER,
    _R.BILLED_TWICE: Owner.ACCOUNTS_PAYABLE,
    _R.DUPLICATE: Owner.ACCOUNTS_PAYABLE,
    _R.ARITHMETIC_ERROR: Owner.ACCOUNTS_PAYABLE,
    _R.TOTAL_ERROR: Owner.ACCOUNTS_PAYABLE,
    _R.ORDER_UNKNOWN: Owner.ACCOUNTS_PAYABLE,
    _R.VENDOR_UNKNOWN: Owner.ACCOUNTS_PAYABLE,
    _R.UNREADABLE: Owner.ACCOUNTS_PAYABLE,
}
# What a flag of the whole invoice means as an exception; the others are for information.
FLAG_REASONS: dict[str, ExceptionReason] = {
    "total_mismatch": _R.TOTAL_ERROR,
    "currency_mismatch": _R.CURRENCY_ERROR,
    "tax_rate_unknown": _R.TAX_ERROR,
    "credit_signs_mixed": _R.ARITHMETIC_ERROR,
    "vendor_unknown": _R.VENDOR_UNKNOWN,
    "order_not_found": _R.ORDER_UNKNOWN,
    "order_not_open": _R.ORDER_UNKNOWN,
    "order_of_other_vendor": _R.ORDER_UNKNOWN,
    "no_lines": _R.UNREADABLE,
}
DUE_DAYS = 5


class MatchException(Record):
    """One thing that is wrong. `line` None: with the whole invoice. Open until it has an outcome."""

    line: int | None
    reason: ExceptionReason
    owner: Owner
    detail: str
    opened_at: datetime
    due_on: date
    outcome: Outcome | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None

    def age(self, now: datetime) -> timedelta:
        """How long it has been open, or was until it was closed."""
        return (self.closed_at or now) - self.opened_at

    def is_late(self, today: date) -> bool:
        return self.outcome is None and today > self.due_on


def exceptions_of(
    result: MatchResult,
    *,
    opened_at: datetime,
    earlier: Iterable[MatchException] = (),
    settled: Iterable[int] = (),
    due_days: int = DUE_DAYS,
) -> tuple[MatchException, ...]:
    """What stands in the invoice's way, one for each thing that is wrong with each line and with the whole.

    One that was there before keeps its age and its deadline; `settled` lines (accepted, added as new) have none.
    """
    known = {(each.line, each.reason): each for each in earlier if each.outcome is None}
    done = set(settled)
    found: dict[tuple[int | None, ExceptionReason], str] = {}
    for line in result.lines:
        if line.line not in done and not line.is_waived:
            found.update({(line.line, reason): line.explain for reason in _reasons(line, result.flags)})
    for flag in result.flags:
        if flag in FLAG_REASONS and not result.approvable:
            found.setdefault((None, FLAG_REASONS[flag]), flag.replace("_", " "))
    due_on = opened_at.date() + timedelta(days=due_days)
    return tuple(
        known[key].model_copy(update={"detail": detail})
        if key in known
        else MatchException(
            line=key[0], reason=key[1], owner=OWNERS[key[1]], detail=detail, opened_at=opened_at, due_on=due_on
        )
        for key, detail in found.items()
    )


def closed(exception: MatchException, outcome: Outcome, *, at: datetime, by: str) -> MatchException:
    """The exception with its outcome; one that has an outcome keeps it."""
    if exception.outcome is not None:
        return exception
    return exception.model_copy(update={"outcome": outcome, "closed_at": at, "closed_by": by})


def _reasons(line: LineMatch, flags: Sequence[str]) -> list[ExceptionReason]:
    found = []
    if line.status == LineStatus.UNLINKED:
        return [_R.CHARGE_NOT_ORDERED if line.is_charge else _R.NOT_ORDERED]
    if LineStatus.QUANTITY_MISMATCH in line.conditions:
        found.append(_quantity_reason(line))
    if LineStatus.RATE_MISMATCH in line.conditions:
        is_foreign = "currency_mismatch" in flags and line.expected_rate is None
        found.append(_R.CURRENCY_ERROR if is_foreign else _R.PRICE_ERROR)
    if LineStatus.AMOUNT_MISMATCH in line.conditions:
        found.append(_R.ARITHMETIC_ERROR if line.expected_amount is None else _R.AMOUNT_ERROR)
    return found


def _quantity_reason(line: LineMatch) -> ExceptionReason:
    expected, billed = line.expected_quantity, line.billed_quantity
    if expected is None or billed is None:
        return _R.UNIT_UNKNOWN
    if line.awaits_receipt:
        return _R.MISSING_RECEIPT if expected <= 0 else _R.SHORT_DELIVERY
    if billed < expected:
        return _R.UNDER_BILLED
    return _R.BILLED_TWICE if expected <= 0 < billed or billed == expected else _R.QUANTITY_ERROR


# Receipt chase


class ReceiptRequest(Record):
    """A question to whoever receives: did these goods come? `quantity` is what the invoice bills beyond receipts."""

    order_id: str
    po_number: str
    line: int
    description: str
    quantity: Decimal
    unit: str | None
    due_on: date


def receipt_requests(
    result: MatchResult, orders: Iterable[PurchaseOrder], *, asked_on: date, due_days: int = DUE_DAYS
) -> tuple[ReceiptRequest, ...]:
    """The receipts that an invoice waits for, one for each order line."""
    by_id = {order.id: order for order in orders}
    found: dict[tuple[str, int], ReceiptRequest] = {}
    for line in result.lines:
        if not line.awaits_receipt or line.billed_quantity is None or line.expected_quantity is None:
            continue
        link = line.links[-1]
        ordered = by_id[link.order_id].line(link.line)
        found[link.order_id, link.line] = ReceiptRequest(
            order_id=link.order_id,
            po_number=link.po_number,
            line=link.line,
            description=ordered.description,
            quantity=line.billed_quantity - max(line.expected_quantity, ZERO),
            unit=ordered.unit,
            due_on=asked_on + timedelta(days=due_days),
        )
    return tuple(found.values())


# Debit memo


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
        return [_memo_line(line, _R.AMOUNT_ERROR, Decimal(1), over, currency)] if over > 0 else []
    sides = (line.billed_quantity, line.expected_quantity, line.billed_rate, line.expected_rate)
    billed, expected, billed_rate, expected_rate = sides
    if billed is None or expected is None or billed_rate is None or expected_rate is None or billed <= 0:
        return []
    due = max(expected, ZERO)
    found = []
    if billed > due:
        found.append(_memo_line(line, _quantity_reason(line), billed - due, billed_rate, currency))
    if billed_rate > expected_rate and min(billed, due) > 0:
        found.append(_memo_line(line, _R.PRICE_ERROR, min(billed, due), billed_rate - expected_rate, currency))
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


def open_by_owner(exceptions: Iterable[MatchException]) -> Mapping[Owner, list[MatchException]]:
    """The open ones for each owner, oldest first."""
    found: dict[Owner, list[MatchException]] = {owner: [] for owner in Owner}
    for each in sorted(exceptions, key=lambda each: each.opened_at):
        if each.outcome is None:
            found[each.owner].append(each)
    return found
