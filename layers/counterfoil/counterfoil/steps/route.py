"""Which messages a change of the table asks for: an invoice's next step, or the invoices that an order wakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from counterfoil.domain.invoices import Invoice
from counterfoil.domain.lifecycle import Step, next_step
from counterfoil.domain.orders import PurchaseOrder, fingerprint
from counterfoil.domain.records import Record
from counterfoil.store import Store, SyncRequest, invoice_of_image, order_of_image, sync_request_of_image


class Message(Record):
    """One message for a step's queue. `group` and `deduplication` are for the FIFO queues."""

    queue: str
    body: dict[str, str | int | None]
    group: str | None = None
    deduplication: str | None = None


SYNC = "sync"
FIFO_ID_MAX = 128
FIFO_QUEUES = frozenset({Step.MATCH.value, Step.EXPORT.value})


Image = Mapping[str, Any]


def changes(old: Image | None, new: Image | None, *, store: Store, event_id: str = "") -> Iterator[Message]:
    """The messages for one record of the table's stream, from its images before and after (None: not there).

    `event_id` is the record's own: a record that the stream hands over twice makes the same messages, while a table
    that was put back to an earlier state, where versions begin anew, does not have its messages taken for old ones.
    """
    for message in _messages(old, new, store):
        if event_id and message.deduplication:
            message = message.model_copy(update={"deduplication": f"{message.deduplication}-{event_id}"[-FIFO_ID_MAX:]})
        yield message


def _messages(old: Image | None, new: Image | None, store: Store) -> Iterator[Message]:
    entity = (new or old or {}).get("entity", {}).get("S")
    if entity == "invoice" and new is not None:
        yield from of_invoice(invoice_of_image(old) if old else None, invoice_of_image(new))
    elif entity == "order":
        yield from _of_order(order_of_image(old) if old else None, order_of_image(new) if new else None, store)
    elif entity == "sync_request" and new is not None and old is None:
        yield of_sync_request(sync_request_of_image(new))


def _of_order(old: PurchaseOrder | None, new: PurchaseOrder | None, store: Store) -> Iterator[Message]:
    changed = new or old
    if changed is None or not wakes(old, new):
        return
    for invoice_id in store.waiting(changed.company, changed.vendor_id):
        yield to_rematch(changed, invoice_id)


def of_invoice(old: Invoice | None, new: Invoice) -> list[Message]:
    """The step that the invoice's new state asks for, if the state moved or the sweep asked again."""
    step = next_step(new)
    if step is None or (old is not None and (old.status, old.attempts) == (new.status, new.attempts)):
        return []
    return [to_step(step, new)]


def to_step(step: Step, invoice: Invoice) -> Message:
    return Message(
        queue=step.value,
        body={"company": invoice.company, "invoice_id": invoice.id, "version": invoice.version},
        group=_group(step, invoice),
        deduplication=f"{invoice.id}-{invoice.version}",
    )


def wakes(old: PurchaseOrder | None, new: PurchaseOrder | None) -> bool:
    """Whether what an order still has to give has changed."""
    return fingerprint([old] if old else []) != fingerprint([new] if new else [])


def to_rematch(order: PurchaseOrder, invoice_id: str) -> Message:
    """Match a waiting invoice again because of the order's change."""
    return Message(
        queue=Step.MATCH.value,
        body={"company": order.company, "invoice_id": invoice_id, "order_id": order.id, "version": order.version},
        group=f"{order.company}-{order.vendor_id}",
        deduplication=f"{invoice_id}-{order.id}-{order.version}",
    )


def of_sync_request(request: SyncRequest) -> Message:
    return Message(
        queue=SYNC,
        body={
            "company": request.company,
            "request_id": request.id,
            "kind": request.kind,
            "record_id": request.record_id,
        },
    )


def _group(step: Step, invoice: Invoice) -> str | None:
    if step == Step.MATCH:
        return f"{invoice.company}-{invoice.vendor_id or 'unknown'}"
    return invoice.company if step == Step.EXPORT else None
