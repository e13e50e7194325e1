"""Dropping a document, and following what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from counterfoil.domain.audit import AuditEntry
from counterfoil.domain.deliveries import Delivery
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.steps.capture import INBOX, invoice_id_of
from counterfoil.store import Store
from local.demo.story import Sample
from local.stack import Stack

REDELIVERED = "redelivered"


@dataclass
class Drop:
    """A document that was dropped, and its invoice as it was seen last."""

    sample: Sample
    key: str
    invoice_id: str
    dropped_at: datetime
    invoice: Invoice | None = None
    audit: list[AuditEntry] = field(default_factory=list)
    with_receipts: bool = False

    @property
    def is_redelivery(self) -> bool:
        """The audit trail says that these very bytes came again under this name, and nothing was done with them."""
        return any(entry.action == REDELIVERED and entry.details.get("key") == self.key for entry in self.audit)

    @property
    def expected(self) -> Status | None:
        return (self.with_receipts and self.sample.then) or self.sample.becomes

    @property
    def is_as_listed(self) -> bool:
        if self.sample.repeats:
            return self.is_redelivery
        return self.invoice is not None and self.invoice.status == self.expected

    @property
    def is_at_rest(self) -> bool:
        return self.invoice is not None and STATES[self.invoice.status].step is None

    @property
    def status_word(self) -> str:
        if self.sample.repeats and self.is_redelivery:
            return "absorbed"
        return self.invoice.status.value if self.invoice and not self.sample.repeats else "on its way"

    @property
    def seconds(self) -> float | None:
        """From the drop to the last change; None as long as nothing is known."""
        if self.sample.repeats:
            moments = [entry.at for entry in self.audit if entry.details.get("key") == self.key]
        else:
            moments = [self.invoice.changed_at] if self.invoice else []
        return max(0.0, (moments[-1] - self.dropped_at).total_seconds()) if moments else None

    @property
    def seconds_so_far(self) -> float:
        """As long as it is on its way, from the drop to now."""
        is_done = self.is_redelivery if self.sample.repeats else self.is_at_rest
        if is_done and self.seconds is not None:
            return self.seconds
        return (datetime.now(UTC) - self.dropped_at).total_seconds()

    @property
    def waited_for_goods(self) -> bool:
        return any(entry.after == Status.AWAITING_RECEIPT for entry in self.audit)


class Inbox:
    """The bucket's folder of the demo company."""

    def __init__(self, stack: Stack, store: Store) -> None:
        self._stack = stack
        self._store = store
        self._s3 = stack.client("s3")

    def drop(self, sample: Sample) -> Drop:
        company, bucket = self._stack.installation.company, self._stack.outputs["InboxBucket"]
        content = sample.path.read_bytes()
        key = f"{INBOX}/{company}/{sample.name}"
        dropped_at = datetime.now(UTC)
        self._s3.put_object(Bucket=bucket, Key=key, Body=content)
        delivery = Delivery(company=company, bucket=bucket, key=key, at=dropped_at)
        return Drop(sample, key, invoice_id_of(company, delivery, content), dropped_at)


def follow(drop: Drop, store: Store, company: str) -> bool:
    """Look again; whether anything has changed."""
    invoice = store.find_invoice(company, drop.invoice_id)
    if invoice is None or (drop.invoice is not None and drop.invoice.version == invoice.version):
        return False
    drop.invoice = invoice
    drop.audit = store.audit(company, drop.invoice_id)
    return True
