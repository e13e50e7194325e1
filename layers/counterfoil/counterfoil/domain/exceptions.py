"""What is wrong with an invoice as work for someone: a reason to count, an owner who knows, a deadline, an outcome.

Each fact goes to whoever owns it: a price to the buyer, a quantity to the receiver, tax to the controller, the rest to
accounts payable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from counterfoil.domain.matching_result import InvoiceType, LineMatch, LineStatus, MatchResult
from counterfoil.domain.orders import ZERO, PurchaseOrder
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
    TO_BE_CODED = "to_be_coded"
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
    REJECTED = "rejected"


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
    _R.TO_BE_CODED: Owner.ACCOUNTS_PAYABLE,
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
# What a reason of the whole invoice means as an exception.
REASONS: dict[str, ExceptionReason] = {
    "totals_do_not_add_up": _R.TOTAL_ERROR,
    "total_negative": _R.TOTAL_ERROR,
    "tax_implausible": _R.TAX_ERROR,
    "over_claimed": _R.BILLED_TWICE,
    "duplicate_suspected": _R.DUPLICATE,
    "bank_account_changed": _R.FRAUD,
    "vendor_unknown": _R.VENDOR_UNKNOWN,
    "vendor_inactive": _R.VENDOR_UNKNOWN,
    "field_missing": _R.UNREADABLE,
    "field_in_doubt": _R.UNREADABLE,
}
# What a person has asked of the vendor, or reported: the exception is no longer anybody's to look into.
ANSWERED = frozenset({Outcome.CREDIT_NOTE_ASKED, Outcome.RESUBMISSION_ASKED, Outcome.BLOCKED_AND_REPORTED})
# How one ends that is no longer there when the invoice is matched again, for want of a person's word.
ENDS_BY_ITSELF: dict[ExceptionReason, Outcome] = {
    _R.SHORT_DELIVERY: Outcome.GOODS_RECEIVED,
    _R.MISSING_RECEIPT: Outcome.GOODS_RECEIVED,
}
DUE_DAYS = 5
CLOSED_KEPT_MAX = 50


Key = tuple[int | None, ExceptionReason]


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
    comment: str = ""

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
    return _opened(_found(result, settled), opened_at=opened_at, earlier=earlier, due_days=due_days)


def _found(result: MatchResult, settled: Iterable[int]) -> dict[Key, str]:
    """What the match says is wrong, with the sentence that says so."""
    done = set(settled)
    found: dict[Key, str] = {}
    for line in result.lines:
        if line.line not in done and not line.is_waived:
            found.update({(line.line, reason): line.explain for reason in _reasons(line, result)})
    for flag in result.flags:
        if flag in FLAG_REASONS and not result.approvable:
            found.setdefault((None, FLAG_REASONS[flag]), flag.replace("_", " "))
    return found


def _opened(
    found: Mapping[Key, str], *, opened_at: datetime, earlier: Iterable[MatchException], due_days: int
) -> tuple[MatchException, ...]:
    known = {(each.line, each.reason): each for each in earlier if each.outcome is None}
    due_on = opened_at.date() + timedelta(days=due_days)
    return tuple(
        known[key].model_copy(update={"detail": detail})
        if key in known
        else MatchException(
            line=key[0], reason=key[1], owner=OWNERS[key[1]], detail=detail, opened_at=opened_at, due_on=due_on
        )
        for key, detail in found.items()
    )


def brought_on(
    earlier: Iterable[MatchException],
    result: MatchResult | None,
    *,
    reasons: Mapping[str, str],
    settled: Mapping[int, str],
    at: datetime,
    by: str,
    due_days: int = DUE_DAYS,
) -> tuple[MatchException, ...]:
    """All exceptions of an invoice after it was decided again: open ones first, then those that have ended.

    `reasons` are those of the whole invoice, its code and sentence; `settled` says who accepted a line or added it as
    new. What is no longer wrong ends by itself: the goods came, or it was put right in the ERP. Of those that ended
    the newest `CLOSED_KEPT_MAX` are kept.
    """
    known = list(earlier)
    found: dict[Key, str] = {(None, REASONS[code]): detail for code, detail in reasons.items() if code in REASONS}
    if result is not None:
        found = {**_found(result, settled), **found}
    now_open = _opened(found, opened_at=at, earlier=known, due_days=due_days)
    still = {(each.line, each.reason) for each in now_open}
    answered = {(each.line, each.reason): each for each in known if each.outcome in ANSWERED}
    # What a person answered stays answered as long as the same thing is wrong.
    now_open = tuple(each for each in now_open if (each.line, each.reason) not in answered)
    ended = [each for each in known if each.outcome is not None]
    for each in known:
        if each.outcome is None and (each.line, each.reason) not in still:
            who = settled.get(each.line) if each.line is not None else None
            outcome = Outcome.ACCEPTED if who is not None else ENDS_BY_ITSELF.get(each.reason, Outcome.CORRECTED_IN_ERP)
            ended.append(closed(each, outcome, at=at, by=who or by))
    return (*now_open, *ended[-CLOSED_KEPT_MAX:])


def closed(exception: MatchException, outcome: Outcome, *, at: datetime, by: str, comment: str = "") -> MatchException:
    """The exception with its outcome; one that has an outcome keeps it."""
    if exception.outcome is not None:
        return exception
    return exception.model_copy(update={"outcome": outcome, "closed_at": at, "closed_by": by, "comment": comment})


def all_closed(
    exceptions: Iterable[MatchException], outcome: Outcome, *, at: datetime, by: str
) -> tuple[MatchException, ...]:
    """The exceptions with all open ones ended: the invoice was approved or refused as a whole."""
    return tuple(closed(each, outcome, at=at, by=by) for each in exceptions)


def _reasons(line: LineMatch, result: MatchResult) -> list[ExceptionReason]:
    found, flags = [], result.flags
    if line.status == LineStatus.UNLINKED:
        if result.invoice_type == InvoiceType.INVOICE:
            return [_R.TO_BE_CODED]
        return [_R.CHARGE_NOT_ORDERED if line.is_charge else _R.NOT_ORDERED]
    if LineStatus.QUANTITY_MISMATCH in line.conditions:
        found.append(quantity_reason(line))
    if LineStatus.RATE_MISMATCH in line.conditions:
        is_foreign = "currency_mismatch" in flags and line.expected_rate is None
        found.append(_R.CURRENCY_ERROR if is_foreign else _R.PRICE_ERROR)
    if LineStatus.AMOUNT_MISMATCH in line.conditions:
        found.append(_R.ARITHMETIC_ERROR if line.expected_amount is None else _R.AMOUNT_ERROR)
    return found


def quantity_reason(line: LineMatch) -> ExceptionReason:
    """What a quantity that differs is, by the side on which it does."""
    expected, billed = line.expected_quantity, line.billed_quantity
    if expected is None or billed is None:
        return _R.UNIT_UNKNOWN
    if line.awaits_receipt:
        return _R.MISSING_RECEIPT if expected <= 0 else _R.SHORT_DELIVERY
    if billed < expected:
        return _R.UNDER_BILLED
    return _R.BILLED_TWICE if expected <= 0 < billed or billed == expected else _R.QUANTITY_ERROR


# Receipt chase


class Arrival(StrEnum):
    """What whoever receives answers. Only a receipt in the ERP lets the invoice go on."""

    ARRIVED = "arrived"
    NOT_ARRIVED = "not_arrived"
    PARTLY_ARRIVED = "partly_arrived"


class ReceiptRequest(Record):
    """A question to whoever receives: did these goods come? `quantity` is what the invoice bills beyond receipts."""

    order_id: str
    po_number: str
    line: int
    description: str
    quantity: Decimal
    unit: str | None
    due_on: date
    asked_by: str = ""
    asked_of: str = ""
    answer: Arrival | None = None
    answered_by: str | None = None
    comment: str = ""

    def is_late(self, today: date) -> bool:
        return self.answer is None and today > self.due_on


def receipt_requests(
    result: MatchResult, orders: Iterable[PurchaseOrder], *, asked_on: date, due_days: int = DUE_DAYS
) -> tuple[ReceiptRequest, ...]:
    """The receipts that an invoice waits for, one for each order line; of orders that are gone, none."""
    by_id = {order.id: order for order in orders}
    found: dict[tuple[str, int], ReceiptRequest] = {}
    for line in result.lines:
        if not line.awaits_receipt or line.billed_quantity is None or line.expected_quantity is None:
            continue
        link = line.links[-1]
        if link.order_id not in by_id:
            continue
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


def open_by_owner(exceptions: Iterable[MatchException]) -> Mapping[Owner, list[MatchException]]:
    """The open ones for each owner, oldest first."""
    found: dict[Owner, list[MatchException]] = {owner: [] for owner in Owner}
    for each in sorted(exceptions, key=lambda each: each.opened_at):
        if each.outcome is None:
            found[each.owner].append(each)
    return found
