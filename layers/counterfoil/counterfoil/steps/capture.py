"""A dropped object becomes an invoice that a person can see, then an invoice that is read.

It is written down before it is opened: whatever a hostile file does to the reader, the invoice stands in the list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from counterfoil.capture import CaptureError
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.vendor_finder import find_vendor, keys_of_invoice
from counterfoil.domain import capture_policy, intake
from counterfoil.domain.bills import external_id
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.deliveries import Delivery
from counterfoil.domain.exceptions import brought_on
from counterfoil.domain.invoices import CapturedInvoice, Document, Invoice, Reason
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.policy import CompanySettings
from counterfoil.domain.vendor_memory import VendorMemory
from counterfoil.domain.vendors import Vendor
from counterfoil.errors import DocumentTooLarge, ObjectMissing, StaleWrite, UnknownCompany
from counterfoil.files import Files
from counterfoil.steps.document_reader import DocumentReader
from counterfoil.store import COMPANY_NAME, UNASSIGNED, Store

READ_AGAIN_MAX = 8
INBOX = "inbox"
BY = "capture"
# Reads by itself, without asking a service.
HERE = DocumentReader()


def receive(
    delivery: Delivery,
    *,
    store: Store,
    files: Files,
    now: Callable[[], datetime],
    reader: DocumentReader = HERE,
) -> Invoice | Delivery | None:
    """Take in one object of the inbox: the invoice it became or repeats, or the refused delivery.

    `delivery.company` is filled in here. A folder's marker object is no document: None. The same delivery twice
    changes nothing.
    """
    if delivery.key.endswith("/") and delivery.size == 0:
        return None
    company = company_of(delivery.key)
    if company is None:
        return _refuse(delivery, UNASSIGNED, "outside_inbox", f"documents belong under {INBOX}/<company>/", store)
    try:
        settings = store.company(company)
    except UnknownCompany as refusal:
        return _refuse(delivery, UNASSIGNED, refusal.code, refusal.detail, store)
    delivery = delivery.model_copy(update={"company": company})
    try:
        content: bytes | None = files.read(delivery.key, delivery.version_id)
    except ObjectMissing as missing:
        return _refuse(delivery, company, "object_missing", str(missing), store)
    except DocumentTooLarge as error:
        content = None
        delivery = delivery.model_copy(update={"size": error.size})
    invoice = _written_down(delivery, content, store, now)
    if invoice.status != Status.RECEIVED:
        return invoice
    return read(invoice, content, settings, store=store, now=now, reader=reader)


def resume(
    company: str,
    invoice_id: str,
    *,
    store: Store,
    files: Files,
    now: Callable[[], datetime],
    reader: DocumentReader = HERE,
) -> Invoice:
    """Read an invoice again that was written down and not read. Nothing happens in any other state."""
    invoice = store.invoice(company, invoice_id)
    if invoice.status != Status.RECEIVED:
        return invoice
    document = invoice.document
    try:
        content: bytes | None = files.read(document.key, document.version_id)
    except ObjectMissing as missing:
        return _review(invoice, [Reason(code="object_missing", detail=str(missing))], store=store, now=now)
    except DocumentTooLarge:
        content = None
    return read(invoice, content, store.company(company), store=store, now=now, reader=reader)


def read(
    invoice: Invoice,
    content: bytes | None,
    settings: CompanySettings,
    *,
    store: Store,
    now: Callable[[], datetime],
    reader: DocumentReader = HERE,
) -> Invoice:
    """Read the document and decide where the invoice goes; `content` is None when it is too large to open."""
    if content is None:
        too_large = Reason(code="too_large", detail=f"{invoice.document.size:,} bytes are more than is read")
        return _review(invoice, [too_large], store=store, now=now)
    try:
        captured, vendor, vendor_reasons = _read_as_taught(invoice, content, settings, reader, store)
    except CaptureError as error:
        return _review(invoice, [Reason(code=error.code, detail=error.detail)], store=store, now=now)
    reasons = capture_policy.doubts(captured, settings.capture) + vendor_reasons
    for _ in range(READ_AGAIN_MAX):
        after = invoice.model_copy(
            update={
                "captured": captured,
                "vendor_id": vendor.id if vendor else None,
                "status": Status.NEEDS_REVIEW if reasons else Status.CAPTURED,
                "reasons": tuple(reasons),
                "attempts": 0,
                "duplicate_of": None,
            }
        )
        if vendor and captured.invoice_number:
            after = held_as_duplicate(after, captured.invoice_number, vendor, store)
        after = with_exceptions(after, settings, at=now(), by=BY)
        try:
            return store.save_invoice(
                invoice,
                after,
                by=BY,
                action="read",
                at=now(),
                why="; ".join(reason.detail for reason in after.reasons),
                details={"source": captured.source, "vendor": vendor.id if vendor else ""},
            )
        except StaleWrite:
            current = store.invoice(invoice.company, invoice.id)
            if current.status != Status.RECEIVED:
                return current
            invoice = current
    raise StaleWrite(f"invoice {invoice.id} kept changing while it was read")


def _read_as_taught(
    invoice: Invoice, content: bytes, settings: CompanySettings, reader: DocumentReader, store: Store
) -> tuple[CapturedInvoice, Vendor | None, list[Reason]]:
    """The reading, its vendor and why that one needs a person; read again with what people taught about the vendor."""
    opened = reader.open(content, known_to(settings, store))
    captured = opened.read()
    vendor, reasons = vendor_of(captured, invoice.company, store)
    memory = memory_of(captured, vendor, invoice.company, store)
    if memory == VendorMemory():
        return captured, vendor, reasons
    captured = opened.read(memory)
    return captured, *vendor_of(captured, invoice.company, store)


def known_to(settings: CompanySettings, store: Store) -> CompanyIdentity:
    """What the company calls itself, with the numbers of its open orders, the newest first as far as they are read."""
    numbers = (*settings.identity.order_numbers, *store.open_order_numbers(settings.company))
    return settings.identity.model_copy(update={"order_numbers": tuple(dict.fromkeys(numbers))})


def memory_of(captured: CapturedInvoice, vendor: Vendor | None, company: str, store: Store) -> VendorMemory:
    """What people taught about the vendor, found also by a name that it was read under once; empty without any."""
    if vendor is not None:
        return store.vendor_memory(company, vendor.id)
    known = store.vendors_read_as(company, squeeze(captured.vendor_name)) if captured.vendor_name else []
    # A name that two vendors were read under tells neither.
    return store.vendor_memory(company, known[0]) if len(known) == 1 else VendorMemory()


def with_exceptions(invoice: Invoice, settings: CompanySettings, *, at: datetime, by: str) -> Invoice:
    """The invoice with what its reading leaves for people to look into, each with its owner and deadline."""
    exceptions = brought_on(
        invoice.exceptions,
        None,
        reasons={reason.code: reason.detail for reason in invoice.reasons},
        settled={},
        at=at,
        by=by,
        due_days=settings.exception_due_days,
    )
    return invoice.model_copy(update={"exceptions": exceptions})


def company_of(key: str) -> str | None:
    """The company of `inbox/<company>/<anything>`; None for any other key."""
    parts = key.split("/", 2)
    if len(parts) < 3 or parts[0] != INBOX or not parts[2] or not COMPANY_NAME.fullmatch(parts[1]):
        return None
    return None if parts[1] == UNASSIGNED else parts[1]


def sender_of(key: str) -> str | None:
    """Who uploaded a document by an address they were given; None when it was dropped otherwise."""
    parts = key.split("/")
    return parts[3] if len(parts) >= 6 and parts[2] == "uploads" else None


def invoice_id_of(company: str, delivery: Delivery, content: bytes | None) -> str:
    """The same bytes are the same invoice. What is too large to read is known by where it lies."""
    if content is None:
        identity = f"{delivery.bucket}\n{delivery.key}\n{delivery.version_id or ''}"
    else:
        identity = hashlib.sha256(content).hexdigest()
    return hashlib.sha256(f"{company}\n{identity}".encode()).hexdigest()[:32]


def _written_down(delivery: Delivery, content: bytes | None, store: Store, now: Callable[[], datetime]) -> Invoice:
    """The invoice of a delivery, written down if it is new; a repeat of the bytes is recorded on it, once."""
    invoice_id = invoice_id_of(delivery.company, delivery, content)
    delivery = delivery.model_copy(update={"invoice_id": invoice_id})
    for _ in range(READ_AGAIN_MAX):
        known = store.find_invoice(delivery.company, invoice_id)
        if known is not None and store.find_delivery(delivery) is not None:
            return known
        try:
            if known is None:
                return store.save_invoice(
                    None,
                    _new_invoice(invoice_id, delivery, content, now()),
                    by=sender_of(delivery.key) or BY,
                    action="received",
                    at=now(),
                    details={"key": delivery.key},
                    delivery=delivery,
                )
            return store.save_invoice(
                known,
                known,
                by=BY,
                action="redelivered",
                at=now(),
                why="the very same bytes arrived again; nothing else was done with them",
                details={"key": delivery.key},
                delivery=delivery,
            )
        except StaleWrite:
            continue
    raise StaleWrite(f"invoice {invoice_id} kept changing while a delivery was recorded")


def _new_invoice(invoice_id: str, delivery: Delivery, content: bytes | None, at: datetime) -> Invoice:
    return Invoice(
        company=delivery.company,
        id=invoice_id,
        version=0,
        status=Status.RECEIVED,
        received_at=at,
        changed_at=at,
        raised_by=sender_of(delivery.key),
        document=Document(
            bucket=delivery.bucket,
            key=delivery.key,
            version_id=delivery.version_id,
            sha256=hashlib.sha256(content).hexdigest() if content is not None else None,
            size=len(content) if content is not None else delivery.size,
        ),
    )


def vendor_of(captured: CapturedInvoice, company: str, store: Store) -> tuple[Vendor | None, list[Reason]]:
    """The company's vendor that the document fits, and why its vendor needs a person."""
    candidates = store.vendors_with(company, keys_of_invoice(captured))
    finding = find_vendor(captured, candidates)
    vendor = next((vendor for vendor in candidates if vendor.id == finding.vendor_id), None)
    return vendor, intake.vendor_doubts(captured, vendor, finding.detail)


def held_as_duplicate(after: Invoice, number: str, vendor: Vendor, store: Store) -> Invoice:
    """The invoice, held when the vendor's number is another invoice's or bill's already."""
    holder = store.holder_of_number(after.company, vendor.id, number)
    bills = store.bills_numbered(after.company, vendor.id, number)
    repeats = intake.duplicate_of(after.id, holder, bills, external_id(after.company, after.id))
    if repeats is None:
        return after
    original, why = repeats
    reason = Reason(code="duplicate_suspected", detail=why)
    return after.model_copy(
        update={"status": Status.DUPLICATE, "duplicate_of": original, "reasons": (reason, *after.reasons)}
    )


def _review(invoice: Invoice, reasons: list[Reason], *, store: Store, now: Callable[[], datetime]) -> Invoice:
    after = invoice.model_copy(update={"status": Status.NEEDS_REVIEW, "reasons": tuple(reasons), "attempts": 0})
    why = "; ".join(reason.detail for reason in reasons)
    try:
        return store.save_invoice(invoice, after, by=BY, action="read", at=now(), why=why)
    except StaleWrite:
        return store.invoice(invoice.company, invoice.id)


def _refuse(delivery: Delivery, company: str, code: str, detail: str, store: Store) -> Delivery:
    refused = delivery.model_copy(update={"company": company, "refused": Reason(code=code, detail=detail)})
    store.refuse_delivery(refused)
    return refused
