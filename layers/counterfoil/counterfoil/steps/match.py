"""Read the invoice and the orders it may bill, decide, and take the quantities in the same write.

The only way to a decision: a message, a change of an order, the sweep and a person's action on a line all end here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from counterfoil.domain import actions, learning
from counterfoil.domain.actions import Resolution
from counterfoil.domain.claims import OverClaimed, with_claim, without_claim
from counterfoil.domain.coding import PostedInvoice, Proposal, Recurrence
from counterfoil.domain.credits import credited_bills
from counterfoil.domain.decisions import Decision
from counterfoil.domain.exceptions import brought_on
from counterfoil.domain.intake import tax_doubts, total_refusals
from counterfoil.domain.invoices import Approval, CapturedInvoice, DocumentType, Invoice, Reason
from counterfoil.domain.lifecycle import STATES, Status, Step
from counterfoil.domain.matching import match_invoice
from counterfoil.domain.matching_result import DOUBT_FLAGS, InvoiceType, LineStatus, MatchResult, MatchType
from counterfoil.domain.orders import PurchaseOrder, fingerprint
from counterfoil.domain.policy import CompanySettings, MatchPolicy
from counterfoil.domain.returns import unlinked_doubts
from counterfoil.domain.standing import taken_by, terms_of, why_it_fell
from counterfoil.errors import StaleWrite
from counterfoil.store import ORDERS_PER_INVOICE_MAX, Store

READ_AGAIN_MAX = 8
BY = "match"
BY_POLICY = "policy"


@dataclass(frozen=True)
class Change:
    """What made the invoice be decided again, for its audit trail, and what a person changes of it.

    `check` sees the decision before it is written, and may decline it.
    """

    by: str = BY
    action: str = "matched"
    why: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    update: Mapping[str, Any] = field(default_factory=dict)
    check: Callable[[MatchResult], None] | None = None


MATCHED_BY_ITSELF = Change()


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


def candidates(invoice: Invoice, captured: CapturedInvoice, policy: MatchPolicy, store: Store) -> list[PurchaseOrder]:
    """The orders that the invoice may bill: those it names, else all open ones of its vendor and of the records that
    were merged into it; and those that a person linked lines to."""
    named = [
        order
        for number in captured.po_numbers[:ORDERS_PER_INVOICE_MAX]
        for order in store.orders_numbered(invoice.company, number)
    ]
    vendors = same_vendors(invoice.vendor_id, policy)
    if vendors and not any(order.vendor_id in vendors for order in named):
        named += [order for vendor_id in vendors for order in store.open_orders(invoice.company, vendor_id)]
        if captured.document_type == DocumentType.CREDIT_NOTE:
            # What is sent back was often billed in full.
            named += [order for vendor_id in vendors for order in store.done_orders(invoice.company, vendor_id)]
    ids = [order.id for order in named]
    ids += [order_id for links in invoice.resolution.hand_links.values() for order_id, _ in links]
    # The indexes lag behind the table; what is decided on is read from the table itself.
    return list(store.orders(invoice.company, ids).values())


def same_vendors(vendor_id: str | None, policy: MatchPolicy) -> list[str]:
    """The vendor's record and all records that were merged into the same one; empty when it is not known."""
    if vendor_id is None:
        return []
    survivor = policy.surviving_vendor(vendor_id)
    retired = [other for other in policy.vendor_merges if policy.surviving_vendor(other) == survivor]
    return list(dict.fromkeys([vendor_id, survivor, *retired]))


def seen_of(invoice: Invoice, orders: Iterable[PurchaseOrder], settings: CompanySettings) -> str:
    """A digest of what a decision looks at beside the document: as long as it is equal, nothing would change."""
    return f"{fingerprint(orders, but_by=invoice.id)}-{settings.match.version}"


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


def decide(
    invoice: Invoice, captured: CapturedInvoice, change: Change, *, store: Store, now: Callable[[], datetime]
) -> Invoice:
    """Decide the invoice with what a person changes of it, and write it with its claims. StaleWrite when it moved."""
    settings = store.company(invoice.company)
    changed = invoice.model_copy(update=dict(change.update))
    orders = candidates(changed, captured, settings.match, store)
    return _write(invoice, changed, captured, orders, settings, change, store, now)


def _match_once(invoice: Invoice, captured: CapturedInvoice, store: Store, now: Callable[[], datetime]) -> Invoice:
    settings = store.company(invoice.company)
    held = STATES[invoice.status].holds_claims
    if held and why_it_fell(invoice, orders_of(invoice, store)) is None:
        return invoice
    orders = candidates(invoice, captured, settings.match, store)
    if not held and invoice.status != Status.CAPTURED and seen_of(invoice, orders, settings) == invoice.orders_seen:
        return invoice
    return _write(invoice, invoice, captured, orders, settings, MATCHED_BY_ITSELF, store, now)


def _write(
    invoice: Invoice,
    changed: Invoice,
    captured: CapturedInvoice,
    orders: Sequence[PurchaseOrder],
    settings: CompanySettings,
    change: Change,
    store: Store,
    now: Callable[[], datetime],
) -> Invoice:
    decided = _Deciding(changed, captured, orders, settings, store, now(), change.by).decide()
    if change.check is not None:
        change.check(decided.result)
    held = orders_of(invoice, store)
    taking = {new.id for _, new in decided.claimed}
    writes = decided.claimed + released(invoice, (order for order in held.values() if order.id not in taking))
    written = {new.id for _, new in writes}
    linked = [order for order in orders if order.id in decided.result.order_versions]
    by_itself = BY_POLICY if decided.after.approval is not None else BY
    return store.save_invoice(
        invoice,
        decided.after,
        by=by_itself if change.by == BY else change.by,
        action=change.action,
        at=now(),
        why=change.why or decided.why,
        details={"orders": ", ".join(order.number for order in linked), **_credited(decided, linked), **change.details},
        orders=writes,
        unchanged_orders=[order for order in linked if order.id not in written][:ORDERS_PER_INVOICE_MAX],
        decision=decided.decision,
    )


def _credited(decided: _Decided, linked: Sequence[PurchaseOrder]) -> dict[str, str]:
    """The ERP's bills that a credit note takes back, for its audit trail."""
    captured = decided.after.captured
    if captured is None or captured.document_type != DocumentType.CREDIT_NOTE:
        return {}
    bills = credited_bills(decided.result, {order.id: order for order in linked})
    return {"credits": ", ".join(dict.fromkeys(each.bill_id for each in bills))} if bills else {}


@dataclass
class _Decided:
    """The invoice as the decision leaves it, the sentence for the audit, the orders with what it takes of them."""

    after: Invoice
    why: str
    result: MatchResult
    decision: Decision
    claimed: list[tuple[PurchaseOrder, PurchaseOrder]]


class _Deciding:
    """One invoice, with its orders read, on its way to a state."""

    def __init__(
        self,
        invoice: Invoice,
        captured: CapturedInvoice,
        orders: Sequence[PurchaseOrder],
        settings: CompanySettings,
        store: Store,
        at: datetime,
        by: str,
    ) -> None:
        self.invoice = invoice
        self.captured = captured
        self.orders = orders
        self.settings = settings
        self.store = store
        self.at = at
        self.by = by
        self.policy = settings.match
        self.proposals: dict[int, Proposal] = {}
        self.recurrence: Recurrence | None = None

    def decide(self) -> _Decided:
        result = self._match()
        if any(line.status == LineStatus.UNLINKED and not line.is_waived for line in result.lines):
            result = self._with_history(result)
        resolution = actions.standing(self.invoice.resolution, result)
        status, reasons, why, claimed = self._outcome(result, resolution)
        after = self.invoice.model_copy(
            update={
                "status": status,
                "reasons": tuple(reasons),
                "attempts": 0,
                "match": result,
                "resolution": resolution,
                "proposals": self.proposals,
                "recurrence": self.recurrence,
                "exceptions": brought_on(
                    self.invoice.exceptions,
                    result,
                    reasons={reason.code: reason.detail for reason in reasons},
                    settled=actions.settled_by(resolution),
                    at=self.at,
                    by=self.by,
                    due_days=self.settings.exception_due_days,
                ),
                "approval": self._approval(status),
                "orders_seen": seen_of(self.invoice, self.orders, self.settings),
                "terms_seen": terms_of(result, resolution, {order.id: order for order in self.orders}),
            }
        )
        return _Decided(after, why, result, self._decision(result), claimed)

    def _match(self) -> MatchResult:
        return match_invoice(
            self.captured,
            self.orders,
            self.policy,
            invoice_id=self.invoice.id,
            vendor_id=self.invoice.vendor_id,
            invoice_type=self.invoice.invoice_type,
            hand_links=self.invoice.resolution.hand_links,
        )

    def _decision(self, result: MatchResult) -> Decision:
        return Decision(
            invoice_id=self.invoice.id,
            vendor_id=self.invoice.vendor_id,
            captured=self.captured,
            orders=tuple(self.orders),
            policy=self.policy,
            result=result,
            invoice_type=self.invoice.invoice_type,
            hand_links=self.invoice.resolution.hand_links,
            decided_at=self.at,
        )

    def _with_history(self, result: MatchResult) -> MatchResult:
        """The decision with what the vendor's posted invoices taught: its item codes, and where such lines went."""
        if self.invoice.vendor_id is None:
            return result
        vendors = same_vendors(self.invoice.vendor_id, self.policy)
        history = [
            posted for vendor_id in vendors for posted in self.store.posted_invoices(self.invoice.company, vendor_id)
        ]
        if not history:
            return result
        aliases = learning.aliases((link for each in history for link in each.links), today=self.at.date())
        own = self.policy.aliases
        learned = {vendor: {**codes, **own.get(vendor, {})} for vendor, codes in aliases.items()}
        if any(learned[vendor] != own.get(vendor) for vendor in learned):
            self.policy = self.policy.model_copy(update={"aliases": {**own, **learned}})
            result = self._match()
        self._propose(result, history)
        return result

    def _propose(self, result: MatchResult, history: Sequence[PostedInvoice]) -> None:
        texts = {line.line: line.description for line in self.captured.billed_lines}
        coded = [line for each in history for line in each.lines]
        for line in result.lines:
            if line.status != LineStatus.UNLINKED or line.is_waived:
                continue
            proposal = learning.propose_coding(
                coded,
                vendor_ids=same_vendors(self.invoice.vendor_id, self.policy),
                description=texts.get(line.line, ""),
                today=self.at.date(),
            )
            if proposal is not None:
                self.proposals[line.line] = proposal
        if result.invoice_type == InvoiceType.INVOICE:
            mine = [(each.on, each.gross_total) for each in history if each.currency == self.captured.currency]
            self.recurrence = learning.recurrence(mine)

    def _outcome(
        self, result: MatchResult, resolution: Resolution
    ) -> tuple[Status, list[Reason], str, list[tuple[PurchaseOrder, PurchaseOrder]]]:
        """The state, why it rests there, the sentence for the audit, and the orders with what it takes of them."""
        refusals = total_refusals(self.captured)
        if refusals:
            return self._resting(*refusals)
        if not actions.is_approvable(resolution, result):
            reasons = [*reasons_of(result, resolution), *self._unlinked_returns(result)]
            status = Status.AWAITING_RECEIPT if actions.awaits_receipt(resolution, result) else Status.EXCEPTION
            return self._resting(*reasons, status=status)
        claimed = []
        taken = taken_by(result, resolution)
        for order in self.orders:
            if order.id in taken:
                try:
                    new = with_claim(order, self.invoice.id, taken[order.id], result=result)
                except OverClaimed as refusal:
                    return self._resting(Reason(code="over_claimed", detail=str(refusal)))
                claimed.append((order, new.model_copy(update={"version": order.version + 1})))
        doubts = self._doubts(result, resolution)
        if not doubts and may_approve_itself(self.captured, self.settings):
            why = (
                f"every line agrees; {self.captured.gross_total} {self.captured.currency} is within the "
                f"{self.settings.approve_automatically_max} {self.settings.currency} that need no approver"
            )
            return approved_status(self.settings), [], why, claimed
        agreed = "every line agrees" if actions.is_untouched(resolution) else "every line agrees or was settled"
        return Status.MATCHED, doubts, "; ".join([agreed, *(doubt.detail for doubt in doubts)]), claimed

    def _doubts(self, result: MatchResult, resolution: Resolution) -> list[Reason]:
        """Why a person has to say yes although nothing stands in the way."""
        doubts = tax_doubts(self.captured)
        original = self.invoice.duplicate_of
        if original is not None:
            doubts.append(Reason(code="duplicate_cleared", detail=f"it was held as a duplicate of {original}"))
        doubts += [Reason(code=flag, detail=flag.replace("_", " ")) for flag in result.flags if flag in DOUBT_FLAGS]
        if not actions.is_untouched(resolution) or self.invoice.codings:
            doubts.append(Reason(code="settled_by_hand", detail="people settled or linked some of its lines"))
        doubts += self._unlinked_returns(result)
        if self.invoice.on_hold is not None:
            doubts.append(Reason(code="on_hold", detail=f"on hold: {self.invoice.on_hold.why}"))
        return doubts

    def _unlinked_returns(self, result: MatchResult) -> list[Reason]:
        """Goods of these items that went back to the vendor by a return that names no order: whether they are among
        those billed, or are what a credit note is for, a person has to say."""
        billed: dict[str, dict[int, Decimal]] = {}
        for line in result.lines:
            if line.match_type == MatchType.THREE_WAY:
                for link in line.links:
                    billed.setdefault(link.order_id, {})[link.line] = link.quantity
        if not billed:
            return []
        vendors = same_vendors(self.invoice.vendor_id, self.policy)
        returns = [each for vendor in vendors for each in self.store.unlinked_returns(self.invoice.company, vendor)]
        orders = {order.id: order for order in self.orders}
        doubts = unlinked_doubts(billed, orders, returns, today=self.at.date())
        return [Reason(code="returned_unlinked", detail=doubt) for doubt in doubts]

    def _resting(
        self, *reasons: Reason, status: Status = Status.EXCEPTION
    ) -> tuple[Status, list[Reason], str, list[tuple[PurchaseOrder, PurchaseOrder]]]:
        return status, list(reasons), "; ".join(reason.detail for reason in reasons), []

    def _approval(self, status: Status) -> Approval | None:
        if status not in (Status.APPROVED, Status.READY_TO_POST):
            return None
        return Approval(by=BY_POLICY, at=self.at, policy_version=self.policy.version)


def approved_status(settings: CompanySettings) -> Status:
    """Where an approved invoice goes: to the ERP, or first to somebody who posts it."""
    return Status.APPROVED if settings.post_automatically else Status.READY_TO_POST


def may_approve_itself(captured: CapturedInvoice, settings: CompanySettings) -> bool:
    """Whether the company lets an invoice that agrees on every line go on without an approver."""
    limit: Decimal | None = settings.approve_automatically_max
    if limit is None or captured.gross_total is None or captured.currency != settings.currency:
        return False
    return abs(captured.gross_total) <= limit


def reasons_of(result: MatchResult, resolution: Resolution) -> list[Reason]:
    """What stands in the way, for a person: the lines that do not pass and the flags of the whole invoice."""
    reasons = []
    for line in result.lines:
        taken = resolution.taken.get(line.line)
        if taken is not None and taken.action in actions.HOLDING:
            code = f"line_{taken.action.value}"
            reasons.append(Reason(code=code, detail=f"line {line.line}: {HELD[taken.action]}; {line.explain}"))
        elif line.line in resolution.recalled:
            reasons.append(Reason(code="line_recalled", detail=f"line {line.line}: not let by; {line.explain}"))
        elif not line.is_waived and not actions.is_settled(resolution, line):
            code = "needs_coding" if _is_to_be_coded(result, line.status) else line.status.value
            reasons.append(Reason(code=code, detail=f"line {line.line}: {line.explain}"))
    return reasons + [Reason(code=flag, detail=flag.replace("_", " ")) for flag in result.flags]


HELD = {
    actions.LineAction.AWAIT_RECEIPT: "a person waits for its receipt",
    actions.LineAction.DISPUTE: "disputed with the vendor",
    actions.LineAction.REJECT: "rejected",
}


def _is_to_be_coded(result: MatchResult, status: LineStatus) -> bool:
    """A line of an invoice without an order is nobody's mistake: it waits to be coded and approved."""
    return result.invoice_type == InvoiceType.INVOICE and status == LineStatus.UNLINKED
