"""Find what rests too long and set it moving again, by a new version that the stream carries on. Counted each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from counterfoil.domain.invoices import Invoice, Reason
from counterfoil.domain.lifecycle import ATTEMPTS_MAX, STATES, Status
from counterfoil.errors import StaleWrite
from counterfoil.steps.capture import vendor_of
from counterfoil.steps.match import candidates, seen_of
from counterfoil.store import Store

BY = "sweep"
# Of what rests in a state, so much is looked at in one run; the next run goes on behind it.
RESTING_MAX = 5_000
INVOICES_PER_STATUS_MAX = 200
RUN_SECONDS = 300

# A step's own retries come first: its queue shows a message again after six times its function's timeout.
RESTS_AT_MOST = {
    Status.RECEIVED: timedelta(minutes=15),
    Status.CAPTURED: timedelta(minutes=15),
    Status.APPROVED: timedelta(minutes=15),
    Status.EXPORTING: timedelta(minutes=30),
    Status.AWAITING_RECEIPT: timedelta(minutes=15),
    Status.EXCEPTION: timedelta(minutes=15),
    Status.NEEDS_REVIEW: timedelta(minutes=15),
}
GIVEN_UP = {
    Status.RECEIVED: Status.NEEDS_REVIEW,
    Status.CAPTURED: Status.NEEDS_REVIEW,
    Status.APPROVED: Status.EXPORT_FAILED,
    Status.EXPORTING: Status.EXPORT_FAILED,
}


def sweep(company: str, *, store: Store, now: Callable[[], datetime]) -> dict[str, int]:
    """Queue again what rests too long; counts by what was done: `requeued`, `given_up`, `rematched`, `reread`."""
    done: Counter[str] = Counter()
    for status, longest in RESTS_AT_MOST.items():
        resting = store.resting(company, status, before=now() - longest, limit=RESTING_MAX)
        for invoice in _in_turn(resting, now()):
            # The list lags behind the table: what is acted on is read from the table itself.
            current = store.find_invoice(company, invoice.id)
            if current is None or current.version != invoice.version:
                continue
            try:
                done[_move_on(current, store=store, now=now)] += 1
            except StaleWrite:
                continue
    done.pop("left", None)
    return dict(done)


def _in_turn(resting: list[Invoice], at: datetime) -> list[Invoice]:
    """A run's share: none is passed over because others before it rest for good."""
    shares = max(1, -(-len(resting) // INVOICES_PER_STATUS_MAX))
    share = int(at.timestamp()) // RUN_SECONDS % shares
    return resting[share * INVOICES_PER_STATUS_MAX :][:INVOICES_PER_STATUS_MAX]


def _move_on(invoice: Invoice, *, store: Store, now: Callable[[], datetime]) -> str:
    if STATES[invoice.status].wakes:
        return _match_again(invoice, store, now)
    if invoice.status == Status.NEEDS_REVIEW:
        return _read_again(invoice, store, now)
    step = STATES[invoice.status].step
    attempts, most = invoice.attempts + 1, ATTEMPTS_MAX[step] if step else 0
    if now() - invoice.changed_at < RESTS_AT_MOST[invoice.status] * 2**invoice.attempts:
        return "left"
    if attempts > most:
        stuck = Reason(code="stuck", detail=f"no step moved it on in {most} attempts; see the alarms")
        after = invoice.model_copy(update={"status": GIVEN_UP[invoice.status], "reasons": (stuck,), "attempts": 0})
        store.save_invoice(invoice, after, by=BY, action="given_up", at=now(), why=stuck.detail)
        return "given_up"
    again = invoice.model_copy(update={"attempts": attempts})
    why = f"rested in {invoice.status.value}; attempt {attempts} of {most}"
    store.save_invoice(invoice, again, by=BY, action="requeued", at=now(), why=why)
    return "requeued"


def _match_again(invoice: Invoice, store: Store, now: Callable[[], datetime]) -> str:
    """An order may have changed just as the invoice came to rest, before it stood in the list of the waiting."""
    if invoice.captured is None:
        return "left"
    settings = store.company(invoice.company)
    orders = candidates(invoice, invoice.captured, settings.match, store)
    if seen_of(invoice, orders, settings) == invoice.orders_seen:
        return "left"
    again = invoice.model_copy(update={"status": Status.CAPTURED, "reasons": (), "attempts": 0})
    why = "its orders have changed since it was matched"
    store.save_invoice(invoice, again, by=BY, action="matched_again", at=now(), why=why)
    return "rematched"


def _read_again(invoice: Invoice, store: Store, now: Callable[[], datetime]) -> str:
    """An invoice may come before the ERP's vendor does. Any other doubt is a person's to settle."""
    if {reason.code for reason in invoice.reasons} != {"vendor_unknown"} or invoice.captured is None:
        return "left"
    if invoice.on_hold is not None:
        return "left"
    if not vendor_of(invoice.captured, invoice.company, store)[0]:
        return "left"
    again = invoice.model_copy(update={"status": Status.RECEIVED, "reasons": (), "attempts": 1})
    why = "its vendor is known now"
    store.save_invoice(invoice, again, by=BY, action="read_again", at=now(), why=why)
    return "reread"
