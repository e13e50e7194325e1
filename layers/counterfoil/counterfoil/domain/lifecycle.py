"""The states of an invoice, the moves between them, and which step each state asks for.

One table is the truth: what may follow what, which step moves the work on, and whom it waits for when no step does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from counterfoil.domain.invoices import Invoice


class Status(StrEnum):
    RECEIVED = "received"
    CAPTURED = "captured"
    NEEDS_REVIEW = "needs_review"
    DUPLICATE = "duplicate"
    AWAITING_RECEIPT = "awaiting_receipt"
    EXCEPTION = "exception"
    MATCHED = "matched"
    READY_TO_POST = "ready_to_post"
    APPROVED = "approved"
    EXPORTING = "exporting"
    EXPORT_FAILED = "export_failed"
    POSTED = "posted"
    REJECTED = "rejected"


class Step(StrEnum):
    """Work that a queue carries to a function."""

    CAPTURE = "capture"
    MATCH = "match"
    EXPORT = "export"


# The sweep waits twice as long after each attempt: the ERP may be away for a weekend.
ATTEMPTS_MAX = {Step.CAPTURE: 5, Step.MATCH: 5, Step.EXPORT: 8}


@dataclass(frozen=True)
class State:
    """What a status means: the step that moves it on (None: it rests) and the moves allowed from it.

    `holds_claims`: the invoice has taken quantities of its orders. `wakes`: it is matched again when one of its
    vendor's orders changes.
    """

    means: str
    step: Step | None = None
    moves: frozenset[Status] = frozenset()
    holds_claims: bool = False
    wakes: bool = False


def _to(*statuses: Status) -> frozenset[Status]:
    return frozenset(statuses)


_MATCH_OUTCOMES = (
    Status.MATCHED,
    Status.READY_TO_POST,
    Status.APPROVED,
    Status.AWAITING_RECEIPT,
    Status.EXCEPTION,
    Status.NEEDS_REVIEW,
)

STATES: dict[Status, State] = {
    Status.RECEIVED: State(
        "arrived, being read",
        step=Step.CAPTURE,
        moves=_to(Status.CAPTURED, Status.NEEDS_REVIEW, Status.DUPLICATE),
    ),
    Status.CAPTURED: State(
        "read, waiting to be matched",
        step=Step.MATCH,
        moves=_to(*_MATCH_OUTCOMES, Status.REJECTED),
    ),
    Status.NEEDS_REVIEW: State(
        "a person has to look at the document",
        moves=_to(Status.RECEIVED, Status.CAPTURED, Status.DUPLICATE, Status.REJECTED),
    ),
    Status.DUPLICATE: State(
        "held: it looks like an invoice that is here already",
        moves=_to(Status.CAPTURED, Status.NEEDS_REVIEW, Status.REJECTED),
    ),
    Status.AWAITING_RECEIPT: State(
        "agrees with the order, the goods have not come",
        moves=_to(*_MATCH_OUTCOMES, Status.CAPTURED, Status.DUPLICATE, Status.REJECTED),
        wakes=True,
    ),
    Status.EXCEPTION: State(
        "disagrees with its order, or has none",
        moves=_to(*_MATCH_OUTCOMES, Status.CAPTURED, Status.DUPLICATE, Status.REJECTED),
        wakes=True,
    ),
    Status.MATCHED: State(
        "agrees with its order, waiting for approval",
        moves=_to(*_MATCH_OUTCOMES, Status.CAPTURED, Status.REJECTED),
        holds_claims=True,
        wakes=True,
    ),
    Status.READY_TO_POST: State(
        "approved, waiting for somebody to post it",
        moves=_to(*_MATCH_OUTCOMES, Status.CAPTURED, Status.REJECTED),
        holds_claims=True,
        wakes=True,
    ),
    Status.APPROVED: State(
        "approved, waiting to be posted",
        step=Step.EXPORT,
        moves=_to(Status.EXPORTING, Status.EXPORT_FAILED, Status.CAPTURED),
        holds_claims=True,
    ),
    Status.EXPORTING: State(
        "being posted in the ERP",
        step=Step.EXPORT,
        moves=_to(Status.POSTED, Status.EXPORT_FAILED),
        holds_claims=True,
    ),
    Status.EXPORT_FAILED: State(
        "the ERP refused the bill",
        moves=_to(Status.EXPORTING, Status.POSTED, Status.CAPTURED, Status.REJECTED),
        holds_claims=True,
    ),
    # Only when the ERP says that its bill is gone.
    Status.POSTED: State("a bill in the ERP", moves=_to(Status.EXPORT_FAILED)),
    Status.REJECTED: State("refused by a person", moves=_to(Status.RECEIVED)),
}


# States that a step writes on its way.
BEGUN = frozenset({Status.RECEIVED, Status.EXPORTING})


def next_step(invoice: Invoice) -> Step | None:
    """The step that moves this invoice on; None when it rests.

    A step that writes down that it has begun goes on by itself: only what a person or the sweep set going again is
    queued, as a counted attempt.
    """
    if invoice.status in BEGUN and invoice.attempts == 0:
        return None
    return STATES[invoice.status].step


def may_move(before: Status, after: Status) -> bool:
    """Whether a move is in the table. Staying in a state (recording something) is always allowed."""
    return before == after or after in STATES[before].moves
