"""What people do to an invoice. Each action is checked against the person's entitlements and the invoice's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from counterfoil.domain.invoices import Approval, Invoice
from counterfoil.domain.lifecycle import BEGUN, STATES, Status
from counterfoil.domain.orders import PurchaseOrder
from counterfoil.domain.people import Entitlement, Person
from counterfoil.domain.standing import why_it_fell
from counterfoil.errors import BadRequest, MoveRefused, NotEntitled, StaleWrite
from counterfoil.steps.match import orders_of, released
from counterfoil.store import Store

COMMENT_MAX = 1_000


@dataclass(frozen=True)
class Action:
    """An action: who may, from which states, to which, and whether it has to be explained."""

    entitlement: Entitlement
    from_: frozenset[Status]
    to: Status
    needs_comment: bool = False


_REJECTABLE = frozenset(status for status in Status if Status.REJECTED in STATES[status].moves)

ACTIONS: dict[str, Action] = {
    "approve": Action(Entitlement.APPROVE, frozenset({Status.MATCHED}), Status.APPROVED),
    "reject": Action(Entitlement.REJECT, _REJECTABLE, Status.REJECTED, needs_comment=True),
    "rerun": Action(
        Entitlement.RERUN,
        frozenset({Status.EXCEPTION, Status.AWAITING_RECEIPT, Status.MATCHED, Status.EXPORT_FAILED}),
        Status.CAPTURED,
    ),
    "read_again": Action(Entitlement.RERUN, frozenset({Status.NEEDS_REVIEW}), Status.RECEIVED),
    "clear_duplicate": Action(
        Entitlement.CLEAR_DUPLICATE, frozenset({Status.DUPLICATE}), Status.CAPTURED, needs_comment=True
    ),
    "retry_export": Action(Entitlement.RETRY_EXPORT, frozenset({Status.EXPORT_FAILED}), Status.EXPORTING),
    "reopen": Action(Entitlement.REJECT, frozenset({Status.REJECTED}), Status.RECEIVED, needs_comment=True),
}
# With these an export may have left a bill in the ERP: only another try of it finds out.
MAY_HAVE_A_BILL = frozenset({"stuck", "bill_total_differs"})


def act(
    company: str,
    invoice_id: str,
    action_name: str,
    person: Person,
    *,
    comment: str = "",
    version: int | None = None,
    store: Store,
    now: Callable[[], datetime],
) -> Invoice:
    """Do a person's action on an invoice and return it as it then is.

    Raises BadRequest (no such action, comment missing), NotEntitled, InvoiceMissing, MoveRefused, and StaleWrite when
    somebody else was quicker: the person then has to look again, so it is not repeated here. With `version`, the one
    that the person looked at, nobody decides on anything but what they saw.
    """
    action = ACTIONS.get(action_name)
    if action is None:
        raise BadRequest(f"{action_name!r} is no action; there are {', '.join(ACTIONS)}")
    require(person, action.entitlement, company)
    invoice = store.invoice(company, invoice_id)
    if version is not None and invoice.version != version:
        raise StaleWrite(f"version {version} was looked at, it is at {invoice.version} now")
    if invoice.status in action.from_ and _may_have_a_bill(invoice, action):
        raise MoveRefused(f"the ERP may have its bill: retry_export first, then {action_name} if there is none")
    if invoice.status not in action.from_:
        allowed = ", ".join(sorted(action.from_))
        raise MoveRefused(f"{action_name} needs an invoice that is {allowed}; this one is {invoice.status.value}")
    if action.needs_comment and not comment.strip():
        raise BadRequest(f"say why in the comment: {action_name} needs a reason")
    if len(comment) > COMMENT_MAX:
        raise BadRequest(f"a comment has at most {COMMENT_MAX} characters, this one has {len(comment)}")
    if _own(invoice, action, person):
        raise NotEntitled("nobody approves an invoice that they sent in themselves")
    orders = orders_of(invoice, store)
    fell = why_it_fell(invoice, orders) if action.to == Status.APPROVED else None
    if fell:
        raise MoveRefused(f"{fell}: it is matched again, look at it then")
    return store.save_invoice(
        invoice,
        _acted(invoice, action, person, now()),
        by=person.id,
        action=action_name,
        at=now(),
        why=comment.strip(),
        details={"name": person.name} if person.name else None,
        orders=_given_back(invoice, action, orders),
        unchanged_orders=list(orders.values()) if action.to == Status.APPROVED else (),
    )


def offered(invoice: Invoice, person: Person) -> list[str]:
    """The names of the actions that the person may do on the invoice as it is."""
    return [
        name
        for name, action in ACTIONS.items()
        if invoice.status in action.from_
        and person.may(action.entitlement, invoice.company)
        and not _own(invoice, action, person)
        and not _may_have_a_bill(invoice, action)
    ]


def _own(invoice: Invoice, action: Action, person: Person) -> bool:
    """Whether it would be an approval by the person who sent the invoice in."""
    return action.to == Status.APPROVED and invoice.raised_by == person.id


def _may_have_a_bill(invoice: Invoice, action: Action) -> bool:
    """Whether it would give back or refuse what the ERP may have billed."""
    in_doubt = any(reason.code in MAY_HAVE_A_BILL for reason in invoice.reasons)
    return invoice.status == Status.EXPORT_FAILED and in_doubt and not STATES[action.to].holds_claims


def require(person: Person, entitlement: Entitlement, company: str) -> None:
    """NotEntitled unless one of the person's roles in the company carries the entitlement."""
    if not person.may(entitlement, company):
        raise NotEntitled(f"this needs the entitlement {entitlement.value} in {company}")


def _acted(invoice: Invoice, action: Action, person: Person, at: datetime) -> Invoice:
    after = invoice.model_copy(update={"status": action.to, "reasons": (), "attempts": 0})
    if action.to == Status.APPROVED:
        return after.model_copy(update={"approval": Approval(by=person.id, at=at)})
    if invoice.status == Status.DUPLICATE and action.to == Status.CAPTURED:
        # That it is no duplicate settles no other doubt about it.
        others = tuple(reason for reason in invoice.reasons if reason.code != "duplicate_suspected")
        return after.model_copy(update={"status": Status.NEEDS_REVIEW if others else action.to, "reasons": others})
    if action.to in BEGUN:
        # Only a counted attempt is queued: the step that writes such a state itself goes on by itself.
        return after.model_copy(update={"attempts": 1})
    return after.model_copy(update={"orders_seen": "", "approval": None, "bill": None})


def _given_back(
    invoice: Invoice, action: Action, orders: Mapping[str, PurchaseOrder]
) -> list[tuple[PurchaseOrder, PurchaseOrder]]:
    """The orders without what the invoice had taken, when it gives it back."""
    if not STATES[invoice.status].holds_claims or STATES[action.to].holds_claims:
        return []
    return released(invoice, orders.values())
