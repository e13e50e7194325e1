"""What people do to an invoice. Each action is checked against the person's entitlements and the invoice's state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from counterfoil.domain.claims import without_claim
from counterfoil.domain.invoices import Approval, Invoice
from counterfoil.domain.lifecycle import BEGUN, STATES, Status
from counterfoil.domain.orders import PurchaseOrder
from counterfoil.domain.people import Entitlement, Person
from counterfoil.errors import BadRequest, MoveRefused, NotEntitled, StaleWrite
from counterfoil.store import Store

COMMENT_MAX = 1_000


@dataclass(frozen=True)
class Action:
    """An action: who may, from which states, to which, and whether it has to be explained."""

    entitlement: Entitlement
    from_: frozenset[Status]
    to: Status
    needs_comment: bool = False


_REJECTABLE = frozenset(
    status for status in Status if Status.REJECTED in STATES[status].moves and status != Status.EXPORT_FAILED
)

ACTIONS: dict[str, Action] = {
    "approve": Action(Entitlement.APPROVE, frozenset({Status.MATCHED}), Status.APPROVED),
    "reject": Action(Entitlement.REJECT, _REJECTABLE, Status.REJECTED, needs_comment=True),
    "rerun": Action(
        Entitlement.RERUN,
        frozenset({Status.EXCEPTION, Status.AWAITING_RECEIPT, Status.MATCHED}),
        Status.CAPTURED,
    ),
    "read_again": Action(Entitlement.RERUN, frozenset({Status.NEEDS_REVIEW}), Status.RECEIVED),
    "clear_duplicate": Action(
        Entitlement.CLEAR_DUPLICATE, frozenset({Status.DUPLICATE}), Status.CAPTURED, needs_comment=True
    ),
    "retry_export": Action(Entitlement.RETRY_EXPORT, frozenset({Status.EXPORT_FAILED}), Status.EXPORTING),
}


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
    if invoice.status not in action.from_:
        allowed = ", ".join(sorted(action.from_))
        raise MoveRefused(f"{action_name} needs an invoice that is {allowed}; this one is {invoice.status.value}")
    if action.needs_comment and not comment.strip():
        raise BadRequest(f"say why in the comment: {action_name} needs a reason")
    if len(comment) > COMMENT_MAX:
        raise BadRequest(f"a comment has at most {COMMENT_MAX} characters, this one has {len(comment)}")
    if _own(invoice, action, person):
        raise NotEntitled("nobody approves an invoice that they sent in themselves")
    return store.save_invoice(
        invoice,
        _acted(invoice, action, person, now()),
        by=person.id,
        action=action_name,
        at=now(),
        why=comment.strip(),
        details={"name": person.name} if person.name else None,
        orders=_released(invoice, action, store),
    )


def offered(invoice: Invoice, person: Person) -> list[str]:
    """The names of the actions that the person may do on the invoice as it is."""
    return [
        name
        for name, action in ACTIONS.items()
        if invoice.status in action.from_
        and person.may(action.entitlement, invoice.company)
        and not _own(invoice, action, person)
    ]


def _own(invoice: Invoice, action: Action, person: Person) -> bool:
    """Whether it would be an approval by the person who sent the invoice in."""
    return action.to == Status.APPROVED and invoice.raised_by == person.id


def require(person: Person, entitlement: Entitlement, company: str) -> None:
    """NotEntitled unless one of the person's roles in the company carries the entitlement."""
    if not person.may(entitlement, company):
        raise NotEntitled(f"this needs the entitlement {entitlement.value} in {company}")


def _acted(invoice: Invoice, action: Action, person: Person, at: datetime) -> Invoice:
    after = invoice.model_copy(update={"status": action.to, "reasons": (), "attempts": 0, "orders_seen": ""})
    if action.to == Status.APPROVED:
        return after.model_copy(update={"approval": Approval(by=person.id, at=at)})
    if action.to in BEGUN:
        # Only a counted attempt is queued: the step that writes such a state itself goes on by itself.
        return after.model_copy(update={"attempts": 1})
    return after


def _released(invoice: Invoice, action: Action, store: Store) -> list[tuple[PurchaseOrder, PurchaseOrder]]:
    """The orders without what the invoice had taken, when it gives it back."""
    if not STATES[invoice.status].holds_claims or STATES[action.to].holds_claims or invoice.match is None:
        return []
    orders = store.orders(invoice.company, invoice.match.order_versions)
    released = []
    for order in orders.values():
        if invoice.id in order.claims:
            new = without_claim(order, invoice.id)
            released.append((order, new.model_copy(update={"version": order.version + 1})))
    return released
