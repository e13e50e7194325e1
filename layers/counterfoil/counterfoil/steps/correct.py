"""A person puts right what was read of a document, or confirms it; the vendor's next document is read better for it.

The correction is a person's reading of the same document: what is checked of any reading is checked of it, and what was
read before stands in the audit trail. It never makes an invoice fit its order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

from counterfoil.capture import CaptureError
from counterfoil.capture.checks import rechecked
from counterfoil.capture.learning import names_learned
from counterfoil.domain import capture_policy, intake
from counterfoil.domain.actions import NOTHING_DONE
from counterfoil.domain.capture_policy import WHOLES
from counterfoil.domain.invoices import (
    HEADER_FIELDS,
    CapturedInvoice,
    DocumentType,
    Evidence,
    Invoice,
    InvoiceLine,
    Reason,
)
from counterfoil.domain.invoices import Source as ReadFrom
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.money import plain
from counterfoil.domain.people import Entitlement, Person
from counterfoil.domain.policy import CompanySettings
from counterfoil.domain.records import Record
from counterfoil.domain.vendors import Vendor
from counterfoil.errors import BadRequest, DocumentTooLarge, MoveRefused, ObjectMissing
from counterfoil.files import Files
from counterfoil.steps.capture import HERE, held_as_duplicate, known_to, memory_of, vendor_of, with_exceptions
from counterfoil.steps.document_reader import DocumentReader
from counterfoil.steps.review import at_version, checked_comment, named, require, why_held
from counterfoil.store import Store

# In these nothing of an order is claimed, and nothing is on its way to the ERP.
CORRECTABLE = frozenset({Status.NEEDS_REVIEW, Status.DUPLICATE, Status.EXCEPTION, Status.AWAITING_RECEIPT})
LINES_MAX = 1_000
TEXT_MAX = 500
SURE = Evidence(confidence=Decimal(1))


class CorrectedFields(Record):
    """Header fields as the document has them; what is not given stays as it was read."""

    document_type: DocumentType | None = None
    invoice_number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    po_number: str | None = None
    vendor_name: str | None = None
    vendor_vat_id: str | None = None
    vendor_iban: str | None = None
    vendor_address: str | None = None
    buyer_name: str | None = None
    currency: str | None = None
    net_total: Decimal | None = None
    tax_total: Decimal | None = None
    gross_total: Decimal | None = None
    payment_terms: str | None = None


class Correction(Record):
    """What a person makes of a reading.

    `absent` are fields that were read and are not on the document, `confirmed` those that were read right, `lines` all
    lines where given, `vendor_id` the vendor whose document it is.
    """

    fields: CorrectedFields = CorrectedFields()
    absent: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    lines: tuple[InvoiceLine, ...] | None = None
    vendor_id: str | None = None
    version: int | None = None
    comment: str = ""


def correct(
    company: str,
    invoice_id: str,
    correction: Correction,
    person: Person,
    *,
    store: Store,
    files: Files,
    now: Callable[[], datetime],
    reader: DocumentReader = HERE,
) -> Invoice:
    """The invoice with the person's reading: captured again, or in review for what is left to doubt.

    Raises NotEntitled, InvoiceMissing, BadRequest, MoveRefused, and StaleWrite when somebody else was quicker.
    """
    require(person, Entitlement.EDIT, company)
    invoice = at_version(store.invoice(company, invoice_id), correction.version)
    if invoice.status not in CORRECTABLE:
        raise MoveRefused(f"a reading is corrected while the invoice is {', '.join(sorted(CORRECTABLE))}")
    if held := why_held(invoice):
        raise MoveRefused(f"{held}: recall that first")
    _check(correction)
    settings = store.company(company)
    before = invoice.captured
    captured = _corrected(before or _nothing_read(), correction)
    vendor, reasons = _vendor(captured, correction, company, store)
    reasons = capture_policy.doubts(captured, settings.capture) + reasons
    after = invoice.model_copy(
        update={
            "captured": captured,
            "vendor_id": vendor.id if vendor else None,
            "status": Status.NEEDS_REVIEW if reasons else Status.CAPTURED,
            "reasons": tuple(reasons),
            "attempts": 0,
            "match": None,
            "duplicate_of": None,
            # What people did with the lines was for the lines as they were read before.
            "resolution": NOTHING_DONE,
            "codings": {},
            "taught": (),
        }
    )
    if vendor and captured.invoice_number:
        after = held_as_duplicate(after, captured.invoice_number, vendor, store)
    after = with_exceptions(after, settings, at=now(), by=person.id)
    saved = store.save_invoice(
        invoice,
        after,
        by=person.id,
        action="corrected",
        at=now(),
        why=correction.comment.strip(),
        details={**_changes(before, captured), **named(person)},
    )
    if vendor is not None and before is not None:
        _learn(before, captured, vendor, invoice, settings, store=store, files=files, reader=reader)
    return saved


def _check(correction: Correction) -> None:
    checked_comment(correction.comment)
    known = {*HEADER_FIELDS, *WHOLES}
    unknown = sorted({*correction.absent, *correction.confirmed} - known)
    if unknown:
        raise BadRequest(f"no field is called {', '.join(unknown)}")
    if correction.lines is not None and len(correction.lines) > LINES_MAX:
        raise BadRequest(f"at most {LINES_MAX} lines can be given by hand, these are {len(correction.lines)}")
    given = _given(correction)
    long = [name for name, value in given.items() if isinstance(value, str) and len(value) > TEXT_MAX]
    if long:
        raise BadRequest(f"{long[0]} has more than {TEXT_MAX} characters")
    says = (given, correction.absent, correction.confirmed, correction.vendor_id, correction.lines is not None)
    if not any(says):
        raise BadRequest("nothing is corrected and nothing confirmed")


def _given(correction: Correction) -> dict[str, str | date | Decimal]:
    fields = correction.fields
    return {name: value for name in type(fields).model_fields if (value := getattr(fields, name)) is not None}


def _nothing_read() -> CapturedInvoice:
    """Where nothing could be read, a person types what the document says."""
    return CapturedInvoice(document_type=DocumentType.INVOICE, source=ReadFrom.BY_HAND)


def _corrected(captured: CapturedInvoice, correction: Correction) -> CapturedInvoice:
    """The reading with the person's values, all checks made again, and no doubt left about what they settled."""
    given = _given(correction)
    settled = {*given, *correction.absent, *correction.confirmed, *(("lines",) if correction.lines is not None else ())}
    evidence = {name: found for name, found in captured.evidence.items() if name not in correction.absent}
    printed = [name for name in HEADER_FIELDS if name in given or getattr(captured, name) is not None]
    evidence |= {
        name: _surer(evidence.get(name)) for name in printed if name in settled and name not in correction.absent
    }
    after = captured.model_copy(
        update={
            **dict.fromkeys(name for name in correction.absent if name in HEADER_FIELDS),
            **given,
            **({"lines": correction.lines} if correction.lines is not None else {}),
            "evidence": evidence,
            "confirmed": tuple(sorted({*captured.confirmed, *settled})),
        }
    )
    if "po_number" in given:
        numbers = (str(given["po_number"]), *(n for n in captured.po_numbers if n != captured.po_number))
        after = after.model_copy(update={"po_numbers": tuple(dict.fromkeys(numbers))})
    return rechecked(after)


def _surer(evidence: Evidence | None) -> Evidence:
    return evidence.model_copy(update={"confidence": SURE.confidence}) if evidence else SURE


def _vendor(
    captured: CapturedInvoice, correction: Correction, company: str, store: Store
) -> tuple[Vendor | None, list[Reason]]:
    """The vendor that the person named, or that the corrected reading fits, and what there is to ask about it."""
    if correction.vendor_id is None:
        return vendor_of(captured, company, store)
    vendor = store.vendor(company, correction.vendor_id)
    if vendor is None:
        raise BadRequest(f"there is no vendor {correction.vendor_id!r}")
    return vendor, intake.vendor_doubts(captured, vendor, "")


def _changes(before: CapturedInvoice | None, after: CapturedInvoice) -> Mapping[str, str]:
    """What was read and what it is now, by field, for the audit trail."""
    changed = {}
    for name in (*HEADER_FIELDS, "document_type"):
        old, new = getattr(before, name, None), getattr(after, name)
        if old != new:
            changed[name] = f"{_shown(old)} -> {_shown(new)}"
    if before is None or before.lines != after.lines:
        changed["lines"] = f"{len(before.lines) if before else 0} -> {len(after.lines)} lines"
    return changed


def _shown(value: object) -> str:
    return "nothing" if value is None else plain(value) if isinstance(value, Decimal) else str(value)


def _learn(
    read: CapturedInvoice,
    corrected: CapturedInvoice,
    vendor: Vendor,
    invoice: Invoice,
    settings: CompanySettings,
    *,
    store: Store,
    files: Files,
    reader: DocumentReader,
) -> None:
    """Keep what the correction teaches beside the vendor. What cannot be read here teaches names only."""
    if read.source not in (ReadFrom.TEXT_LAYER, ReadFrom.OCR):
        return
    known = memory_of(read, vendor, invoice.company, store)
    # The vendor's name of the master data is what its documents stand for.
    truth = corrected.model_copy(update={"vendor_name": vendor.name})
    try:
        content = files.read(invoice.document.key, invoice.document.version_id)
        memory = reader.open(content, known_to(settings, store)).learn(truth, known)
    except (CaptureError, ObjectMissing, DocumentTooLarge):
        memory = known.model_copy(update={"names": names_learned(read, truth, known)})
    store.put_vendor_memory(invoice.company, vendor.id, memory)
