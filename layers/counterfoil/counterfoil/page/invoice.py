"""One invoice as the page shows it to one person: each line with what may be done about it, and who did what.

What may be done is the rules' answer (`steps/review.py`, `steps/resolve.py`); nothing here decides it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote, urlsplit

from counterfoil.domain import ledger
from counterfoil.domain.actions import Taken
from counterfoil.domain.audit import AuditEntry
from counterfoil.domain.coding import Proposal
from counterfoil.domain.debit_memo import DebitMemo
from counterfoil.domain.exceptions import MatchException
from counterfoil.domain.invoices import Invoice, InvoiceLine
from counterfoil.domain.lifecycle import STATES, State, Status
from counterfoil.domain.matching_result import LineMatch, OrderLineLink
from counterfoil.domain.order_list import OfferedOrder
from counterfoil.domain.orders import ZERO, Coding, OrderLine, PurchaseOrder
from counterfoil.domain.people import Entitlement, Person
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import RecordUnknown
from counterfoil.page.requests import NO_FORM, Form
from counterfoil.steps import resolve, review
from counterfoil.store import Store

# A step that is at work changes the invoice in seconds: so long the page looks again by itself.
MOVING_SECONDS_MAX = 60
UNCODED = Coding()
# Who acts when nobody does.
NOBODY = {"policy": "the company's rules", "setup": "the installation"}


@dataclass(frozen=True)
class Ordered:
    """One order line beside the invoice line that bills it; `line` is None when the order is no longer known."""

    link: OrderLineLink
    line: OrderLine | None = None
    billed: Decimal = ZERO
    claimed_by_others: Decimal = ZERO


@dataclass(frozen=True)
class Row:
    """One invoice line: what matching decided, the order lines it bills, what a person did with it and may do.

    `coding` is where it would be posted as a new line, before a person says otherwise; `posted_to` where it will be.
    """

    billed: InvoiceLine
    match: LineMatch | None
    ordered: tuple[Ordered, ...] = ()
    taken: Taken | None = None
    is_recalled: bool = False
    is_linked_by_hand: bool = False
    actions: tuple[str, ...] = ()
    coding: Coding = UNCODED
    proposal: Proposal | None = None
    posted_to: Coding | None = None

    @property
    def place(self) -> str:
        return f"line-{self.billed.line}"

    @property
    def is_open(self) -> bool:
        """Whether it is the next person's: nothing was done with it, and it does not pass."""
        return self.match is not None and self.taken is None and (not self.match.status.passes or self.is_recalled)


@dataclass(frozen=True)
class Notice:
    """What came of a form, to be said where it stands: done, or an error with what had been filled in."""

    place: str = ""
    done: str = ""
    error: str = ""
    filled: Form = field(default=NO_FORM)


@dataclass(frozen=True)
class People:
    """The names of those who acted on an invoice, as far as its audit trail knows them."""

    me: Person
    names: Mapping[str, str]

    def named(self, person_id: str | None) -> str:
        if not person_id:
            return "somebody"
        return "you" if person_id == self.me.id else NOBODY.get(person_id) or self.names.get(person_id, person_id)


@dataclass(frozen=True)
class InvoiceView:
    """An invoice, and all that the page says about it."""

    invoice: Invoice
    state: State
    is_moving: bool
    is_own: bool
    actions: tuple[str, ...]
    rows: tuple[Row, ...]
    people: People
    trail: Sequence[AuditEntry] | None
    memo: DebitMemo | None
    bill_address: str
    may_set_type: bool
    may_ask_for_receipts: bool
    may_answer: bool
    may_close: bool

    @property
    def open_exceptions(self) -> list[MatchException]:
        return [each for each in self.invoice.exceptions if each.outcome is None]

    @property
    def ended_exceptions(self) -> list[MatchException]:
        return [each for each in self.invoice.exceptions if each.outcome is not None][::-1]

    def places(self) -> set[str]:
        """Where a notice can stand."""
        found = {row.place for row in self.rows}
        found |= {"decide"} if self.actions else set()
        found |= {"exceptions"} if self.invoice.exceptions else set()
        found |= {place_of(each) for each in self.open_exceptions} if self.may_close else set()
        found |= {"receipts"} if self.shows_receipts else set()
        found |= {"type"} if self.may_set_type else set()
        return found

    @property
    def shows_receipts(self) -> bool:
        return bool(self.invoice.receipt_requests) or self.may_ask_for_receipts


def place_of(exception: MatchException) -> str:
    """Where an exception's form stands, and what its fields are named after."""
    return f"exception-{exception.reason.value}-{exception.line if exception.line is not None else 'all'}"


def view_of(invoice: Invoice, person: Person, *, store: Store, now: datetime) -> InvoiceView:
    company = invoice.company
    settings = store.company(company)
    trail = store.audit(company, invoice.id)
    state = STATES[invoice.status]
    is_moving = state.step is not None and (now - invoice.changed_at).total_seconds() < MOVING_SECONDS_MAX
    can_edit = settings.match.approvers_can_edit
    is_resolvable = invoice.status in resolve.RESOLVABLE and invoice.match is not None
    waits = invoice.match is not None and any(line.awaits_receipt and line.links for line in invoice.match.lines)
    return InvoiceView(
        invoice=invoice,
        state=state,
        is_moving=is_moving,
        is_own=invoice.raised_by == person.id and invoice.status == Status.MATCHED,
        # While a step is at work a decision would only meet it half-way.
        actions=() if is_moving else tuple(review.offered(invoice, person, approvers_can_edit=can_edit)),
        rows=rows_of(invoice, resolve.offered_on_lines(invoice, person, approvers_can_edit=can_edit), settings, store),
        people=People(person, {entry.by: entry.details["name"] for entry in trail if "name" in entry.details}),
        trail=trail if person.may(Entitlement.READ_AUDIT, company) else None,
        memo=memo_of(invoice),
        bill_address=_bill_address(invoice, settings),
        may_set_type=is_resolvable and invoice.on_hold is None and person.may(Entitlement.EDIT, company),
        may_ask_for_receipts=is_resolvable and waits and person.may(Entitlement.ASK_FOR_RECEIPT, company),
        may_answer=person.may(Entitlement.ANSWER_FOR_RECEIPT, company),
        may_close=person.may(Entitlement.CLOSE_EXCEPTIONS, company),
    )


def rows_of(
    invoice: Invoice, offered: Mapping[int, Sequence[str]], settings: CompanySettings, store: Store
) -> tuple[Row, ...]:
    """Each billed line beside what was ordered, received and billed of it, by the orders as they are now."""
    captured = invoice.captured
    if captured is None:
        return ()
    matches = {match.line: match for match in invoice.match.lines} if invoice.match else {}
    wanted = {link.order_id for match in matches.values() for link in match.links}
    orders = store.orders(invoice.company, sorted(wanted)) if wanted else {}
    numbers = {line.line for line in captured.lines}
    charges = (line for line in captured.billed_lines if line.line not in numbers)
    resolution = invoice.resolution

    def row(line: InvoiceLine) -> Row:
        match, proposal = matches.get(line.line), invoice.proposals.get(line.line)
        return Row(
            billed=line,
            match=match,
            ordered=tuple(_ordered(link, orders, invoice.id) for link in match.links) if match else (),
            taken=resolution.taken.get(line.line),
            is_recalled=line.line in resolution.recalled,
            is_linked_by_hand=line.line in resolution.hand_links,
            actions=tuple(offered.get(line.line, ())),
            coding=proposal.coding if proposal else Coding(account=settings.accounts.get(line.kind)),
            proposal=proposal,
            posted_to=invoice.codings.get(line.line),
        )

    return tuple(row(line) for line in (*captured.lines, *charges))


def _ordered(link: OrderLineLink, orders: Mapping[str, PurchaseOrder], invoice_id: str) -> Ordered:
    order = orders.get(link.order_id)
    if order is None or all(line.line != link.line for line in order.lines):
        return Ordered(link)
    return Ordered(link, order.line(link.line), order.billed(link.line), order.claimed(link.line, but_by=invoice_id))


def memo_of(invoice: Invoice) -> DebitMemo | None:
    """The drafted debit memo; None when nothing is billed above what is due."""
    try:
        return resolve.drafted_memo(invoice)
    except RecordUnknown:
        return None


def _bill_address(invoice: Invoice, settings: CompanySettings) -> str:
    """Where the ERP shows the bill, when the company's settings say so."""
    if invoice.bill is None or invoice.bill.id is None:
        return ""
    address = settings.erp_bill_page.replace("{id}", quote(invoice.bill.id, safe=""))
    return address if urlsplit(address).scheme in ("https", "http") else ""


def row_of(invoice: Invoice, person: Person, number: int, *, store: Store) -> Row:
    """One line of the invoice; RecordUnknown when it has none of that number."""
    settings = store.company(invoice.company)
    offered = resolve.offered_on_lines(invoice, person, approvers_can_edit=settings.match.approvers_can_edit)
    for row in rows_of(invoice, offered, settings, store):
        if row.billed.line == number:
            return row
    raise RecordUnknown(f"the invoice has no line {number}")


# Orders to link a line to


@dataclass(frozen=True)
class LinkableLine:
    """An order line to choose: its name (`PO-1:2`), and how much of it no bill and no other invoice has taken yet."""

    key: str
    line: OrderLine
    left: Decimal


@dataclass(frozen=True)
class LinkableOrder:
    order: OfferedOrder
    lines: tuple[LinkableLine, ...]


def linkable(
    offered: Iterable[OfferedOrder], orders: Mapping[str, PurchaseOrder], *, but_by: str
) -> list[LinkableOrder]:
    """The offered orders with their lines that can be billed; `but_by` is the invoice that would bill them."""
    return [
        LinkableOrder(
            each,
            tuple(
                LinkableLine(f"{each.number}:{line.line}", line, _left(orders[each.id], line, but_by))
                for line in orders[each.id].lines
                if not line.is_closed
            ),
        )
        for each in offered
        if each.id in orders
    ]


def _left(order: PurchaseOrder, line: OrderLine, but_by: str) -> Decimal:
    spent = ledger.billed(order, line) + ledger.taken(order, line.line, but_by=but_by, is_credit=False)
    return max(ledger.ordered(line) - spent, ZERO)
