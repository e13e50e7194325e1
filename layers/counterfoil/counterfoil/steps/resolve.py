"""What people do with the lines of a matched invoice, with its exceptions and with the receipts it waits for.

A line action is no state of its own: the invoice is decided again with it, in the same write, by the one way that
decides (`steps/match.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from counterfoil.domain import actions
from counterfoil.domain.actions import ActionRefused, LineAction
from counterfoil.domain.coding import LinkByHand
from counterfoil.domain.debit_memo import DebitMemo, debit_memo
from counterfoil.domain.exceptions import (
    Arrival,
    ExceptionReason,
    MatchException,
    Outcome,
    Owner,
    ReceiptRequest,
    closed,
    receipt_requests,
)
from counterfoil.domain.invoices import CapturedInvoice, DocumentType, Invoice
from counterfoil.domain.landed_cost import CostsNotShared, LandedBasis, LandedCosts, landed_costs
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.matching_result import InvoiceType, LineMatch, MatchResult
from counterfoil.domain.order_choice import is_billable
from counterfoil.domain.order_list import OfferedOrder, offered_orders
from counterfoil.domain.orders import Coding, PurchaseOrder
from counterfoil.domain.people import Entitlement, Person
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import ActionDeclined, BadRequest, MoveRefused, RecordUnknown
from counterfoil.steps.match import Change, decide, same_vendors
from counterfoil.steps.review import Clock, at_version, checked_comment, declined, named, require, why_held
from counterfoil.store import PAGE_MAX, Store

# Whoever looks for work looks in these, and in so many invoices of each.
RESOLVABLE = frozenset({Status.EXCEPTION, Status.AWAITING_RECEIPT, Status.MATCHED})
WITH_EXCEPTIONS = (Status.EXCEPTION, Status.AWAITING_RECEIPT, Status.MATCHED, Status.NEEDS_REVIEW, Status.DUPLICATE)
LINKS_MAX = 20
NEEDS_COMMENT = frozenset({LineAction.DISPUTE, LineAction.REJECT})
CODE_MAX = 100


@dataclass(frozen=True)
class LineRequest:
    """What a person asks for a line: `to` names order lines (`PO-1:2`), `coding` where a new line is posted."""

    action: str
    to: Sequence[str] = ()
    coding: Coding | None = None
    comment: str = ""
    version: int | None = None


def act_on_line(
    company: str, invoice_id: str, line: int, request: LineRequest, person: Person, *, store: Store, now: Clock
) -> Invoice:
    """Do a person's action on a line and return the invoice as it then is, decided again.

    Raises BadRequest, NotEntitled, InvoiceMissing, RecordUnknown (no such line), MoveRefused, ActionDeclined with the
    rule that forbids it, and StaleWrite when the invoice or an order moved meanwhile.
    """
    if request.action not in list(LineAction):
        raise BadRequest(f"{request.action!r} is no action on a line; there are {', '.join(LineAction)}")
    action = LineAction(request.action)
    require(person, Entitlement.READ_INVOICES, company)
    checked_comment(request.comment, action.value if action in NEEDS_COMMENT else "")
    invoice = at_version(store.invoice(company, invoice_id), request.version)
    captured, result = _resolvable(invoice, f"{action.value} on a line")
    _not_on_hold(invoice)
    settings = store.company(company)
    try:
        actions.line_of(result, line)
    except ActionRefused as refusal:
        raise RecordUnknown(refusal.detail) from refusal
    if action == LineAction.ACCEPT:
        _check_can_be_billed(actions.line_of(result, line))
    update: dict[str, Any] = {}
    keys: list[tuple[str, int]] = []
    try:
        if action in (LineAction.LINK, LineAction.UNLINK):
            keys = _order_lines(invoice, action, request, settings, store)
            update["resolution"] = actions.link(
                invoice.resolution,
                result,
                line,
                keys,
                person.acting(company),
                approvers_can_edit=settings.match.approvers_can_edit,
            )
            update["taught"] = (*invoice.taught, *_lessons(invoice, captured, result, line, keys, store, now()))
        else:
            update["resolution"] = actions.act(
                invoice.resolution, result, line, action, person.acting(company), by=person.id
            )
    except ActionRefused as refusal:
        raise declined(refusal) from refusal
    if action == LineAction.NEW_LINE:
        update["codings"] = {**invoice.codings, line: _coding_of(invoice, captured, line, request.coding, settings)}
    elif action == LineAction.RECALL:
        update["codings"] = {number: each for number, each in invoice.codings.items() if number != line}
    change = Change(
        by=person.id,
        action=f"line_{action.value}",
        why=request.comment.strip(),
        details={**named(person), "line": str(line), **({"to": ", ".join(request.to)} if request.to else {})},
        update=update,
        check=lambda decided: _check_link_took(decided, line, keys),
    )
    return decide(invoice, captured, change, store=store, now=now)


def set_type(
    company: str,
    invoice_id: str,
    invoice_type: InvoiceType | None,
    person: Person,
    *,
    version: int | None = None,
    store: Store,
    now: Clock,
) -> Invoice:
    """Say whether an invoice has an order or none; None leaves it to the rules again. It is decided again."""
    require(person, Entitlement.EDIT, company)
    invoice = at_version(store.invoice(company, invoice_id), version)
    captured, _ = _resolvable(invoice, "setting the type")
    _not_on_hold(invoice)
    details = {**named(person), "type": invoice_type.value if invoice_type else "by the rules"}
    change = Change(by=person.id, action="type_set", details=details, update={"invoice_type": invoice_type})
    return decide(invoice, captured, change, store=store, now=now)


def offered_on_lines(invoice: Invoice, person: Person, *, approvers_can_edit: bool = False) -> dict[int, list[str]]:
    """What the person may do with each line of the invoice as it is."""
    if invoice.match is None or invoice.status not in RESOLVABLE or invoice.on_hold is not None:
        return {}
    actor = person.acting(invoice.company)
    may_edit = actor.may(actions.Right.EDIT, approvers_can_edit=approvers_can_edit)
    found = {}
    for line in invoice.match.lines:
        offered = [action.value for action in actions.offered_actions(invoice.resolution, line, actor)]
        if may_edit:
            offered.append(LineAction.LINK.value)
            offered += [LineAction.UNLINK.value] if line.links else []
        found[line.line] = offered
    return found


def orders_to_choose(company: str, vendor_id: str, typed: str, *, store: Store) -> list[OfferedOrder]:
    """A vendor's open orders, newest first, narrowed by what was typed."""
    policy = store.company(company).match
    orders = [order for vendor in same_vendors(vendor_id, policy) for order in store.open_orders(company, vendor)]
    return offered_orders(orders, policy, vendor_id=vendor_id, typed=typed)


# Exceptions


def close_exception(
    company: str,
    invoice_id: str,
    reason: ExceptionReason,
    outcome: Outcome,
    person: Person,
    *,
    line: int | None = None,
    comment: str = "",
    version: int | None = None,
    store: Store,
    now: Clock,
) -> Invoice:
    """Write down how an exception ended. It lets nothing by: a line that does not agree still has to be settled."""
    require(person, Entitlement.CLOSE_EXCEPTIONS, company)
    checked_comment(comment, "closing an exception")
    invoice = at_version(store.invoice(company, invoice_id), version)
    at, found = now(), False
    exceptions = []
    for each in invoice.exceptions:
        if (each.line, each.reason) == (line, reason) and each.outcome is None:
            found = True
            each = closed(each, outcome, at=at, by=person.id, comment=comment.strip())
        exceptions.append(each)
    if not found:
        where = f"line {line}" if line is not None else "the invoice"
        raise RecordUnknown(f"{where} has no open exception {reason.value}")
    return store.save_invoice(
        invoice,
        invoice.model_copy(update={"exceptions": tuple(exceptions)}),
        by=person.id,
        action="exception_closed",
        at=at,
        why=comment.strip(),
        details={**named(person), "reason": reason.value, "outcome": outcome.value, "line": str(line or "")},
    )


@dataclass(frozen=True)
class OpenException:
    """An open exception with the invoice it stands on."""

    invoice: Invoice
    exception: MatchException


def open_exceptions(company: str, owner: Owner | None, *, store: Store) -> list[OpenException]:
    """What is open, the oldest first; of one owner, or of all. `PAGE_MAX` invoices of each state."""
    found = [
        OpenException(invoice, each)
        for invoice in _invoices_in(company, WITH_EXCEPTIONS, store)
        for each in invoice.exceptions
        if each.outcome is None and owner in (None, each.owner)
    ]
    return sorted(found, key=lambda each: each.exception.opened_at)


def drafted_memo(invoice: Invoice) -> DebitMemo:
    """The debit memo for what the invoice bills too much; RecordUnknown when that is nothing."""
    memo = None
    if invoice.captured is not None and invoice.match is not None and invoice.vendor_id is not None:
        memo = debit_memo(invoice.captured, invoice.match, vendor_id=invoice.vendor_id)
    if memo is None:
        raise RecordUnknown("nothing on this invoice is billed above what is due: there is nothing to ask back")
    return memo


def drafted_landed_costs(
    invoice: Invoice, *, basis: LandedBasis, of_orders: Sequence[str] = (), store: Store
) -> LandedCosts:
    """What the invoice's charges add to goods: its own, or those of the orders whose numbers are named.

    Raises BadRequest for a number that is no order's or several orders', RecordUnknown where nothing can be shared out.
    """
    if invoice.captured is None:
        raise RecordUnknown("the document is not read yet")
    if len(of_orders) > LINKS_MAX:
        raise BadRequest(f"charges are shared out over at most {LINKS_MAX} orders, these are {len(of_orders)}")
    company, result = invoice.company, invoice.match
    named_orders = [_order_numbered(company, number, store) for number in of_orders]
    links = [link.order_id for line in result.lines for link in line.links] if result is not None else []
    orders = {order.id: order for order in named_orders} or store.orders(company, links)
    receipts = [receipt for order_id in orders for receipt in store.receipts(company, order_id)]
    try:
        return landed_costs(
            invoice.captured,
            result,
            orders,
            receipts,
            basis=basis,
            of_orders=[order.id for order in named_orders],
            own_bill=(invoice.bill.id or "") if invoice.bill else "",
        )
    except CostsNotShared as reason:
        raise RecordUnknown(str(reason)) from reason


def _order_numbered(company: str, number: str, store: Store) -> PurchaseOrder:
    found = store.orders_numbered(company, number)
    if len(found) != 1:
        raise BadRequest(f"there are {len(found) or 'no'} orders with the number {number[:CODE_MAX]!r}")
    return found[0]


# Receipt chase


def ask_for_receipts(
    company: str,
    invoice_id: str,
    person: Person,
    *,
    of: str = "",
    version: int | None = None,
    store: Store,
    now: Clock,
) -> Invoice:
    """Ask whoever receives for the goods that the invoice waits for, with the company's deadline."""
    require(person, Entitlement.ASK_FOR_RECEIPT, company)
    if len(of) > CODE_MAX:
        raise BadRequest(f"a name has at most {CODE_MAX} characters, this one has {len(of)}")
    invoice = at_version(store.invoice(company, invoice_id), version)
    _, result = _resolvable(invoice, "asking for a receipt")
    orders = store.orders(company, result.order_versions)
    at = now()
    asked = receipt_requests(
        result, orders.values(), asked_on=at.date(), due_days=store.company(company).receipt_due_days
    )
    if not asked:
        raise ActionDeclined("no_receipt_missing", "no line of this invoice waits for goods that have not come")
    asked = tuple(each.model_copy(update={"asked_by": person.id, "asked_of": of.strip()}) for each in asked)
    return store.save_invoice(
        invoice,
        invoice.model_copy(update={"receipt_requests": asked}),
        by=person.id,
        action="receipt_asked_for",
        at=at,
        details={**named(person), "of": of.strip(), "due_on": asked[0].due_on.isoformat()},
    )


def answer_for_receipt(
    company: str,
    invoice_id: str,
    order_id: str,
    line: int,
    answer: Arrival,
    person: Person,
    *,
    comment: str = "",
    store: Store,
    now: Clock,
) -> Invoice:
    """Whoever receives says whether the goods came. What lets the invoice go on is the receipt in the ERP."""
    require(person, Entitlement.ANSWER_FOR_RECEIPT, company)
    checked_comment(comment)
    invoice = store.invoice(company, invoice_id)
    if not any((each.order_id, each.line) == (order_id, line) for each in invoice.receipt_requests):
        raise RecordUnknown(f"nobody asked about line {line} of that order")
    given = {"answer": answer, "answered_by": person.id, "comment": comment.strip()}
    answered = tuple(
        each.model_copy(update=given) if (each.order_id, each.line) == (order_id, line) else each
        for each in invoice.receipt_requests
    )
    return store.save_invoice(
        invoice,
        invoice.model_copy(update={"receipt_requests": answered}),
        by=person.id,
        action="receipt_answered",
        at=now(),
        why=comment.strip(),
        details={**named(person), "order": order_id, "line": str(line), "answer": answer.value},
    )


@dataclass(frozen=True)
class OpenRequest:
    """An unanswered question for a receipt, with the invoice that waits for it."""

    invoice: Invoice
    request: ReceiptRequest


def open_receipt_requests(company: str, *, store: Store) -> list[OpenRequest]:
    """What was asked and not answered, the most urgent first."""
    found = [
        OpenRequest(invoice, each)
        for invoice in _invoices_in(company, tuple(RESOLVABLE), store)
        for each in invoice.receipt_requests
        if each.answer is None
    ]
    return sorted(found, key=lambda each: each.request.due_on)


def _invoices_in(company: str, statuses: Sequence[Status], store: Store) -> Iterator[Invoice]:
    for status in statuses:
        yield from store.invoices(company, status, limit=PAGE_MAX).invoices


def _resolvable(invoice: Invoice, what: str) -> tuple[CapturedInvoice, MatchResult]:
    if invoice.status not in RESOLVABLE or invoice.captured is None or invoice.match is None:
        allowed = ", ".join(sorted(RESOLVABLE))
        raise MoveRefused(f"{what} needs an invoice that is {allowed}; this one is {invoice.status.value}")
    return invoice.captured, invoice.match


def _not_on_hold(invoice: Invoice) -> None:
    if invoice.on_hold is not None:
        raise ActionDeclined("held", f"{why_held(invoice)}: recall that first")


def _order_lines(
    invoice: Invoice, action: LineAction, request: LineRequest, settings: CompanySettings, store: Store
) -> list[tuple[str, int]]:
    if action == LineAction.UNLINK:
        return []
    if not 0 < len(request.to) <= LINKS_MAX:
        raise BadRequest(f"say which order lines in 'to', 1 to {LINKS_MAX} of them, each like PO-1:2")
    return [_order_line(invoice, text, settings, store) for text in request.to]


def _check_can_be_billed(line: LineMatch) -> None:
    """A line of which it is not known how much of its order it bills cannot be billed as it is."""
    if line.links and all(link.quantity == 0 for link in line.links) and not line.is_price_credit:
        raise ActionDeclined(
            "quantity_unknown",
            f"line {line.line}: how much of {line.link} it bills is not known ({line.explain}): declare the unit's"
            " conversion in the settings, or unlink the line and add it as new",
        )


def _check_link_took(decided: MatchResult, line: int, keys: Sequence[tuple[str, int]]) -> None:
    """A link to order lines that the rules do not let be billed is declined, not written and passed over."""
    found = {(link.order_id, link.line) for link in actions.line_of(decided, line).links}
    if keys and found != set(keys):
        raise ActionDeclined("cannot_be_billed", f"line {line} cannot be linked to that: nothing can bill it")


def _lessons(
    invoice: Invoice,
    captured: CapturedInvoice,
    result: MatchResult,
    line: int,
    keys: Sequence[tuple[str, int]],
    store: Store,
    at: datetime,
) -> Iterator[LinkByHand]:
    """What the vendor's item code means, by a link made by hand; or no longer means, by one taken away."""
    billed = next((each for each in captured.billed_lines if each.line == line), None)
    if billed is None or not billed.item_code or invoice.vendor_id is None:
        return
    before = [(link.order_id, link.line) for link in actions.line_of(result, line).links]
    gone = [key for key in before if key not in keys]
    orders = store.orders(invoice.company, {order_id for order_id, _ in (*gone, *keys)})
    for is_confirmed, changed in ((False, gone), (True, [key for key in keys if key not in before])):
        for order_id, number in changed:
            item = orders[order_id].line(number).item_code if order_id in orders else None
            if item:
                yield LinkByHand(
                    vendor_id=invoice.vendor_id,
                    vendor_code=billed.item_code,
                    item_code=item,
                    on=at.date(),
                    is_confirmed=is_confirmed,
                )


def _order_line(invoice: Invoice, text: str, settings: CompanySettings, store: Store) -> tuple[str, int]:
    """The order's id and the line that `PO-1:2` names, of an open order of the invoice's vendor; of a billed
    one for a credit note."""
    number, _, line = text.strip().rpartition(":")
    if not number or not line.isascii() or not line.isdecimal() or len(text) > CODE_MAX:
        raise BadRequest(f"{text[:CODE_MAX]!r} is no order line: it is written like PO-1:2")
    vendors = same_vendors(invoice.vendor_id, settings.match)
    is_credit = invoice.captured is not None and invoice.captured.document_type == DocumentType.CREDIT_NOTE
    for found in store.orders_numbered(invoice.company, number):
        order = store.order(invoice.company, found.id)
        if order is None or order.vendor_id not in vendors or not is_billable(order, by_name=is_credit):
            continue
        if any(each.line == int(line) and not each.is_closed for each in order.lines):
            return order.id, int(line)
    raise ActionDeclined("cannot_be_billed", f"{text} is no line of an open order of this vendor that can be billed")


def _coding_of(
    invoice: Invoice,
    captured: CapturedInvoice,
    line: int,
    given: Coding | None,
    settings: CompanySettings,
) -> Coding:
    """Where a new line is posted: as the person says, else as proposed, else on the account of its kind of charge."""
    proposed = invoice.proposals.get(line)
    known = {*settings.line_segments, *(proposed.coding.segments if proposed is not None else ())}
    for name in given.segments if given is not None else ():
        if name not in known:
            raise BadRequest(f"{name[:CODE_MAX]!r} is no field that lines are coded by; the settings name them")
    if given is not None and given.account:
        return given
    if proposed is not None and proposed.coding.account:
        rest = given.model_dump(exclude_none=True) if given is not None else {}
        segments = {**proposed.coding.segments, **rest.get("segments", {})}
        return proposed.coding.model_copy(update={**rest, "segments": segments})
    billed = next((each for each in captured.billed_lines if each.line == line), None)
    account = settings.accounts.get(billed.kind) if billed is not None else None
    if account is None:
        raise BadRequest(f"say in 'coding' which account line {line} is posted to: nothing is known of lines like it")
    return (given or Coding()).model_copy(update={"account": account})
