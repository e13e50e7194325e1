"""Read the invoice and the orders it may bill, decide, and take the quantities in the same write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from counterfoil.domain.claims import OverClaimed, claims_of, with_claim, without_claim
from counterfoil.domain.intake import tax_doubts, total_refusals
from counterfoil.domain.invoices import Approval, CapturedInvoice, DocumentType, Invoice, Reason
from counterfoil.domain.lifecycle import STATES, Status, Step
from counterfoil.domain.matching import match_invoice
from counterfoil.domain.matching_result import DOUBT_FLAGS, MatchResult
from counterfoil.domain.orders import PurchaseOrder, fingerprint
from counterfoil.domain.policy import CompanySettings
from counterfoil.domain.standing import terms_of, why_it_fell
from counterfoil.errors import StaleWrite
from counterfoil.store import ORDERS_PER_INVOICE_MAX, Store

READ_AGAIN_MAX = 8
BY = "match"
BY_POLICY = "policy"


def match(company: str, invoice_id: str, *, store: Store, now: Callable[[], datetime]) -> Invoice:
    """Match an invoice that was read, or one that waits for its vendor's orders. Any other state stays as it is."""
    for _ in range(READ_AGAIN_MAX):
        invoice = store.invoice(company, invoice_id)
        state = STATES[invoice.status]
        if (state.step != Step.MATCH and not state.wakes) or invoice.captured is None:
            return invoice
        try:
            return _match_once(invoice, invoice.captured, store, now)
        except StaleWrite:
            continue
    raise StaleWrite(f"invoice {invoice_id} or its orders kept changing while it was matched")


def candidates(invoice: Invoice, captured: CapturedInvoice, store: Store) -> list[PurchaseOrder]:
    """The orders that the invoice may bill: those it names, else all open ones of its vendor."""
    named = [
        order
        for number in captured.po_numbers[:ORDERS_PER_INVOICE_MAX]
        for order in store.orders_numbered(invoice.company, number)
    ]
    if invoice.vendor_id and not any(order.vendor_id == invoice.vendor_id for order in named):
        named += store.open_orders(invoice.company, invoice.vendor_id)
    # The indexes lag behind the table; what is decided on is read from the table itself.
    return list(store.orders(invoice.company, (order.id for order in named)).values())


def orders_of(invoice: Invoice, store: Store) -> dict[str, PurchaseOrder]:
    """The orders that the invoice was matched with, by id, as they are now; those that are gone are missing."""
    return store.orders(invoice.company, invoice.match.order_versions) if invoice.match is not None else {}


def released(invoice: Invoice, orders: Iterable[PurchaseOrder]) -> list[tuple[PurchaseOrder, PurchaseOrder]]:
    """The orders that the invoice has taken something of: as they are, and with it given back."""
    return [
        (order, without_claim(order, invoice.id).model_copy(update={"version": order.version + 1}))
        for order in orders
        if invoice.id in order.claims
    ]


def _match_once(invoice: Invoice, captured: CapturedInvoice, store: Store, now: Callable[[], datetime]) -> Invoice:
    settings = store.company(invoice.company)
    held = orders_of(invoice, store)
    if invoice.status == Status.MATCHED and why_it_fell(invoice, held) is None:
        return invoice
    orders = candidates(invoice, captured, store)
    result = match_invoice(captured, orders, settings.match, invoice_id=invoice.id, vendor_id=invoice.vendor_id)
    seen = fingerprint(orders, but_by=invoice.id)
    if seen == invoice.orders_seen and invoice.status not in (Status.CAPTURED, Status.MATCHED):
        return invoice
    after, why, claimed = _decided(invoice, captured, orders, result, settings, now())
    taking = {new.id for _, new in claimed}
    claimed += released(invoice, (order for order in held.values() if order.id not in taking))
    linked = [order for order in orders if order.id in result.order_versions]
    untouched = [order for order in linked if order.id not in {new.id for _, new in claimed}]
    terms_seen = terms_of(result, {order.id: order for order in orders})
    return store.save_invoice(
        invoice,
        after.model_copy(update={"orders_seen": seen, "terms_seen": terms_seen}),
        by=BY_POLICY if after.status == Status.APPROVED else BY,
        action="matched",
        at=now(),
        why=why,
        details={"orders": ", ".join(order.number for order in linked)},
        orders=claimed,
        unchanged_orders=untouched[:ORDERS_PER_INVOICE_MAX],
    )


def _decided(
    invoice: Invoice,
    captured: CapturedInvoice,
    orders: Sequence[PurchaseOrder],
    result: MatchResult,
    settings: CompanySettings,
    at: datetime,
) -> tuple[Invoice, str, list[tuple[PurchaseOrder, PurchaseOrder]]]:
    """The invoice as the match leaves it, the sentence for the audit, and the orders with what it takes of them."""
    matched = invoice.model_copy(update={"match": result, "attempts": 0, "reasons": (), "approval": None})
    if captured.document_type == DocumentType.CREDIT_NOTE:
        reason = Reason(code="credit_note", detail="a credit note: a person says which bill it credits")
        return _resting(matched, Status.EXCEPTION, [reason])
    refusals = total_refusals(captured)
    if refusals:
        return _resting(matched, Status.EXCEPTION, refusals)
    if not result.approvable:
        status = Status.AWAITING_RECEIPT if result.awaits_receipt else Status.EXCEPTION
        return _resting(matched, status, reasons_of(result))
    claimed = []
    for order in orders:
        taken = claims_of(result).get(order.id)
        if taken:
            try:
                new = with_claim(order, invoice.id, taken, result=result)
            except OverClaimed as refusal:
                return _resting(matched, Status.EXCEPTION, [Reason(code="over_claimed", detail=str(refusal))])
            claimed.append((order, new.model_copy(update={"version": order.version + 1})))
    doubts = tax_doubts(captured)
    if invoice.duplicate_of is not None:
        doubts.append(Reason(code="duplicate_cleared", detail=f"it was held as a duplicate of {invoice.duplicate_of}"))
    doubts += [Reason(code=flag, detail=flag.replace("_", " ")) for flag in result.flags if flag in DOUBT_FLAGS]
    if not doubts and may_approve_itself(captured, settings):
        approval = Approval(by=BY_POLICY, at=at, policy_version=settings.match.version)
        approved = matched.model_copy(update={"status": Status.APPROVED, "approval": approval})
        why = (
            f"every line agrees; {captured.gross_total} {captured.currency} is within the "
            f"{settings.approve_automatically_max} {settings.currency} that need no approver"
        )
        return approved, why, claimed
    waiting = matched.model_copy(update={"status": Status.MATCHED, "reasons": tuple(doubts)})
    return waiting, "; ".join(["every line agrees", *(doubt.detail for doubt in doubts)]), claimed


def may_approve_itself(captured: CapturedInvoice, settings: CompanySettings) -> bool:
    """Whether the company lets an invoice that agrees on every line go on without an approver."""
    limit: Decimal | None = settings.approve_automatically_max
    if limit is None or captured.gross_total is None or captured.currency != settings.currency:
        return False
    return captured.gross_total <= limit


def reasons_of(result: MatchResult) -> list[Reason]:
    """What stands in the way, for a person: the lines that do not pass and the flags of the whole invoice."""
    lines = [
        Reason(code=line.status.value, detail=f"line {line.line}: {line.explain}")
        for line in result.lines
        if not line.status.passes
    ]
    return lines + [Reason(code=flag, detail=flag.replace("_", " ")) for flag in result.flags]


def _resting(
    matched: Invoice, status: Status, reasons: list[Reason]
) -> tuple[Invoice, str, list[tuple[PurchaseOrder, PurchaseOrder]]]:
    after = matched.model_copy(update={"status": status, "reasons": tuple(reasons)})
    return after, "; ".join(reason.detail for reason in reasons), []
