"""What people do to an invoice. Each action is checked against the person's entitlements and the invoice's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from counterfoil.domain import actions
from counterfoil.domain.actions import NOTHING_DONE
from counterfoil.domain.exceptions import Outcome, all_closed
from counterfoil.domain.invoices import Approval, Hold, Invoice, Reason, Routing
from counterfoil.domain.lifecycle import BEGUN, STATES, Status
from counterfoil.domain.orders import PurchaseOrder
from counterfoil.domain.people import Entitlement, Person
from counterfoil.domain.policy import CompanySettings
from counterfoil.domain.standing import why_it_fell
from counterfoil.errors import ActionDeclined, BadRequest, MoveRefused, NotEntitled, StaleWrite
from counterfoil.steps.match import Change, approved_status, decide, orders_of, released
from counterfoil.store import Store

Clock = Callable[[], datetime]

COMMENT_MAX = 1_000
PERSON_MAX = 200


@dataclass(frozen=True)
class Action:
    """An action: who may, from which states, to which (None: it stays), and whether it has to be explained."""

    entitlement: Entitlement
    from_: frozenset[Status]
    to: Status | None
    needs_comment: bool = False


_REJECTABLE = frozenset(status for status in Status if Status.REJECTED in STATES[status].moves)
_MATCHED_ONES = frozenset({Status.EXCEPTION, Status.AWAITING_RECEIPT, Status.MATCHED})
_HOLDABLE = _MATCHED_ONES | {Status.NEEDS_REVIEW, Status.DUPLICATE, Status.READY_TO_POST}

ACTIONS: dict[str, Action] = {
    "approve": Action(Entitlement.APPROVE, frozenset({Status.MATCHED}), Status.APPROVED),
    "mark_approved": Action(
        Entitlement.MARK_APPROVED, frozenset({Status.MATCHED}), Status.APPROVED, needs_comment=True
    ),
    "send_for_approval": Action(Entitlement.SEND_FOR_APPROVAL, _MATCHED_ONES, None),
    "post": Action(Entitlement.POST, frozenset({Status.READY_TO_POST}), Status.APPROVED),
    "hold": Action(Entitlement.HOLD, _HOLDABLE, None, needs_comment=True),
    "recall": Action(Entitlement.READ_INVOICES, _HOLDABLE, None),
    "reject": Action(Entitlement.REJECT, _REJECTABLE, Status.REJECTED, needs_comment=True),
    "delete": Action(Entitlement.REJECT, _REJECTABLE, Status.REJECTED, needs_comment=True),
    "rerun_linking": Action(
        Entitlement.EDIT,
        _MATCHED_ONES | {Status.READY_TO_POST, Status.EXPORT_FAILED},
        Status.CAPTURED,
    ),
    "read_again": Action(Entitlement.EDIT, frozenset({Status.NEEDS_REVIEW}), Status.RECEIVED),
    "clear_duplicate": Action(
        Entitlement.CLEAR_DUPLICATE, frozenset({Status.DUPLICATE}), Status.CAPTURED, needs_comment=True
    ),
    "retry_export": Action(Entitlement.RETRY_EXPORT, frozenset({Status.EXPORT_FAILED}), Status.EXPORTING),
    "reopen": Action(Entitlement.REJECT, frozenset({Status.REJECTED}), Status.RECEIVED, needs_comment=True),
}
# With these an export may have left a bill in the ERP: only another try of it finds out.
MAY_HAVE_A_BILL = frozenset({"stuck", "bill_total_differs"})
# What is left while the invoice or one of its lines is held.
LEFT_WHEN_HELD = frozenset(action.value for action in actions.LEFT_WHEN_HELD)
# What an approver may do as well where the company lets approvers edit.
EDITS = frozenset({"rerun_linking"})


def act(
    company: str,
    invoice_id: str,
    action_name: str,
    person: Person,
    *,
    comment: str = "",
    version: int | None = None,
    to: str = "",
    store: Store,
    now: Clock,
) -> Invoice:
    """Do a person's action on an invoice and return it as it then is. `to` is whom it is sent to for approval.

    Raises BadRequest (no such action, comment missing), NotEntitled, InvoiceMissing, MoveRefused, ActionDeclined, and
    StaleWrite when somebody else was quicker: the person then has to look again, so it is not repeated here. With
    `version`, the one that the person looked at, nobody decides on anything but what they saw.
    """
    action = ACTIONS.get(action_name)
    if action is None:
        raise BadRequest(f"{action_name!r} is no action; there are {', '.join(ACTIONS)}")
    settings = None
    if not person.may(action.entitlement, company):
        settings = _as_editing_approver(action_name, person, company, store)
    invoice = at_version(store.invoice(company, invoice_id), version)
    if invoice.status in action.from_ and _may_have_a_bill(invoice, action):
        raise MoveRefused(f"the ERP may have its bill: retry_export first, then {action_name} if there is none")
    if invoice.status not in action.from_:
        allowed = ", ".join(sorted(action.from_))
        raise MoveRefused(f"{action_name} needs an invoice that is {allowed}; this one is {invoice.status.value}")
    if action_name not in LEFT_WHEN_HELD and (held := why_held(invoice)):
        raise ActionDeclined("held", f"{held}: {', '.join(sorted(LEFT_WHEN_HELD))} are what is left")
    checked_comment(comment, action_name if action.needs_comment else "")
    if _own(invoice, action, person):
        raise NotEntitled("nobody approves an invoice that they sent in themselves")
    at = now()
    if action_name == "recall" and invoice.on_hold is None and invoice.sent_for_approval is None:
        return _recall_lines(invoice, person, comment, store, now)
    orders = orders_of(invoice, store)
    fell = why_it_fell(invoice, orders) if action.to == Status.APPROVED else None
    if fell:
        raise MoveRefused(f"{fell}: it is matched again, look at it then")
    if action.to is None:
        after = _stayed(invoice, action_name, person, comment.strip(), to.strip(), at)
    else:
        after = _acted(invoice, action_name, action, person, at)
        if action_name in ("approve", "mark_approved"):
            settings = settings or store.company(company)
            after = after.model_copy(update={"status": approved_status(settings)})
    return store.save_invoice(
        invoice,
        after,
        by=person.id,
        action=action_name,
        at=at,
        why=comment.strip(),
        details={key: value for key, value in (("name", person.name), ("to", to.strip())) if value},
        orders=_given_back(invoice, after, orders),
        unchanged_orders=list(orders.values()) if action.to == Status.APPROVED else (),
    )


def offered(invoice: Invoice, person: Person, *, approvers_can_edit: bool = False) -> list[str]:
    """The names of the actions that the person may do on the invoice as it is."""
    held = person.entitlements(invoice.company)
    is_editor = approvers_can_edit and Entitlement.APPROVE in held
    is_held = why_held(invoice) is not None
    return [
        name
        for name, action in ACTIONS.items()
        if invoice.status in action.from_
        and (action.entitlement in held or (is_editor and name in EDITS))
        and not (is_held and name not in LEFT_WHEN_HELD)
        and not (name == "hold" and invoice.on_hold is not None)
        and not (name == "recall" and not _may_recall(invoice, person))
        and not _own(invoice, action, person)
        and not _may_have_a_bill(invoice, action)
    ]


def why_held(invoice: Invoice) -> str | None:
    """Why nothing but undoing is left: a person holds the invoice, or rejected, disputed or awaits one of its lines."""
    if invoice.on_hold is not None:
        return "the invoice is on hold"
    if invoice.status in _MATCHED_ONES and actions.is_held(invoice.resolution):
        return "one of its lines is rejected, disputed or awaits its receipt"
    return None


def at_version(invoice: Invoice, version: int | None) -> Invoice:
    """The invoice; StaleWrite when the person looked at another version of it."""
    if version is not None and invoice.version != version:
        raise StaleWrite(f"version {version} was looked at, it is at {invoice.version} now")
    return invoice


def checked_comment(comment: str, needed_by: str = "") -> None:
    """BadRequest for a comment that is too long, or missing where `needed_by` names what needs one."""
    if needed_by and not comment.strip():
        raise BadRequest(f"say why in the comment: {needed_by} needs a reason")
    if len(comment) > COMMENT_MAX:
        raise BadRequest(f"a comment has at most {COMMENT_MAX} characters, this one has {len(comment)}")


def require(person: Person, entitlement: Entitlement, company: str) -> None:
    """NotEntitled unless one of the person's roles in the company carries the entitlement."""
    if not person.may(entitlement, company):
        raise NotEntitled(f"this needs the entitlement {entitlement.value} in {company}")


def _as_editing_approver(action_name: str, person: Person, company: str, store: Store) -> CompanySettings:
    """The settings when they let an approver do what is otherwise an editor's; else NotEntitled."""
    if action_name in EDITS and person.may(Entitlement.APPROVE, company):
        settings = store.company(company)
        if settings.match.approvers_can_edit:
            return settings
    raise NotEntitled(f"this needs the entitlement {ACTIONS[action_name].entitlement.value} in {company}")


def _own(invoice: Invoice, action: Action, person: Person) -> bool:
    """Whether it would be an approval by the person who sent the invoice in."""
    is_approval = action.entitlement in (Entitlement.APPROVE, Entitlement.MARK_APPROVED)
    return is_approval and invoice.raised_by == person.id


def _may_have_a_bill(invoice: Invoice, action: Action) -> bool:
    """Whether it would give back or refuse what the ERP may have billed."""
    in_doubt = any(reason.code in MAY_HAVE_A_BILL for reason in invoice.reasons)
    keeps = action.to is not None and STATES[action.to].holds_claims
    return invoice.status == Status.EXPORT_FAILED and in_doubt and not keeps


def _may_recall(invoice: Invoice, person: Person) -> bool:
    if invoice.on_hold is not None:
        return person.may(Entitlement.HOLD, invoice.company)
    if invoice.sent_for_approval is not None:
        return person.may(Entitlement.SEND_FOR_APPROVAL, invoice.company)
    return bool(invoice.resolution.taken) and invoice.status in _MATCHED_ONES


def _stayed(invoice: Invoice, name: str, person: Person, why: str, to: str, at: datetime) -> Invoice:
    """The invoice held, sent for approval, or the later of the two taken back. Its state stays."""
    if name == "hold":
        if invoice.on_hold is not None:
            raise ActionDeclined("held_already", "the invoice is on hold already")
        return invoice.model_copy(update={"on_hold": Hold(by=person.id, at=at, why=why)})
    if name == "send_for_approval":
        if len(to) > PERSON_MAX:
            raise BadRequest(f"a name has at most {PERSON_MAX} characters, this one has {len(to)}")
        return invoice.model_copy(update={"sent_for_approval": Routing(by=person.id, at=at, to=to)})
    if not _may_recall(invoice, person):
        needed = Entitlement.HOLD if invoice.on_hold is not None else Entitlement.SEND_FOR_APPROVAL
        raise NotEntitled(f"this needs the entitlement {needed.value} in {invoice.company}")
    undone = "on_hold" if invoice.on_hold is not None else "sent_for_approval"
    return invoice.model_copy(update={undone: None})


def _recall_lines(invoice: Invoice, person: Person, comment: str, store: Store, now: Clock) -> Invoice:
    """Take back everything that was done with the lines and may be taken back by this person."""
    if invoice.match is None or invoice.captured is None or not invoice.resolution.taken:
        raise ActionDeclined("nothing_to_recall", "nothing was done with it that could be recalled")
    resolution = invoice.resolution
    for number in list(resolution.taken):
        try:
            resolution = actions.act(
                resolution, invoice.match, number, actions.LineAction.RECALL, person.acting(invoice.company)
            )
        except actions.ActionRefused as refusal:
            raise declined(refusal) from refusal
    change = Change(
        by=person.id, action="recall", why=comment.strip(), details=named(person), update={"resolution": resolution}
    )
    return decide(invoice, invoice.captured, change, store=store, now=now)


def declined(refusal: actions.ActionRefused) -> NotEntitled | ActionDeclined:
    """A rule's refusal as the one that crosses the edge: a missing entitlement, or what the line does not allow."""
    if refusal.code == "not_entitled":
        return NotEntitled(refusal.detail)
    return ActionDeclined(refusal.code, refusal.detail)


def named(person: Person) -> Mapping[str, str]:
    """The person's name, for the details of an audit entry."""
    return {"name": person.name} if person.name else {}


def _acted(invoice: Invoice, name: str, action: Action, person: Person, at: datetime) -> Invoice:
    to = action.to or invoice.status
    after = invoice.model_copy(update={"status": to, "reasons": (), "attempts": 0})
    if to == Status.APPROVED:
        approval = invoice.approval if name == "post" else Approval(by=person.id, at=at)
        exceptions = all_closed(invoice.exceptions, Outcome.ACCEPTED, at=at, by=person.id)
        return after.model_copy(update={"approval": approval, "sent_for_approval": None, "exceptions": exceptions})
    if to == Status.REJECTED:
        code, said = ("deleted", "deleted by a person") if name == "delete" else ("rejected", "refused by a person")
        exceptions = all_closed(invoice.exceptions, Outcome.REJECTED, at=at, by=person.id)
        reasons = (Reason(code=code, detail=said),)
        after = after.model_copy(update={"reasons": reasons, "on_hold": None, "exceptions": exceptions})
    if invoice.status == Status.DUPLICATE and to == Status.CAPTURED:
        # That it is no duplicate settles no other doubt about it.
        others = tuple(reason for reason in invoice.reasons if reason.code != "duplicate_suspected")
        return after.model_copy(update={"status": Status.NEEDS_REVIEW if others else to, "reasons": others})
    if to in BEGUN:
        # Only a counted attempt is queued: the step that writes such a state itself goes on by itself.
        return after.model_copy(update={"attempts": 1})
    if name == "rerun_linking":
        after = after.model_copy(update={"resolution": NOTHING_DONE, "codings": {}, "taught": ()})
    return after.model_copy(update={"orders_seen": "", "approval": None, "bill": None})


def _given_back(
    invoice: Invoice, after: Invoice, orders: Mapping[str, PurchaseOrder]
) -> list[tuple[PurchaseOrder, PurchaseOrder]]:
    """The orders without what the invoice had taken, when it gives it back."""
    if not STATES[invoice.status].holds_claims or STATES[after.status].holds_claims:
        return []
    return released(invoice, orders.values())
