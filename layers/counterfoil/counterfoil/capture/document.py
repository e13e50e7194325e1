"""From bytes to a captured invoice: find the kind, read it, check it, say what is in doubt."""

from __future__ import annotations

import contextlib

from counterfoil.capture.checks import check
from counterfoil.capture.e_invoice import read_e_invoice
from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.file_kind import FileKind, file_kind
from counterfoil.capture.layout.page_context import context_of
from counterfoil.capture.layout.words import layout_of
from counterfoil.capture.learning import learned
from counterfoil.capture.limits import Limits
from counterfoil.capture.mail import parts_of
from counterfoil.capture.page_invoice import NOTHING_RECOGNISED, pages_of, read_image, read_pdf, unread_pages_of
from counterfoil.capture.reading import Reading
from counterfoil.capture.recognised import Recognition, UnreadPage
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice, Check, Source
from counterfoil.domain.vendor_memory import VendorMemory


def read_document(
    content: bytes,
    own: CompanyIdentity,
    limits: Limits,
    memory: VendorMemory | None = None,
    recognition: Recognition = NOTHING_RECOGNISED,
) -> CapturedInvoice:
    """What the document says, read in this process; CaptureError when it cannot be."""
    check_size(content, limits)
    reading = _read(content, own, limits, memory, recognition)
    check(reading)
    return reading.captured()


def learn_document(
    content: bytes,
    corrected: CapturedInvoice,
    memory: VendorMemory,
    own: CompanyIdentity,
    limits: Limits,
    recognition: Recognition = NOTHING_RECOGNISED,
) -> VendorMemory:
    """The vendor's memory after a person corrected this document; unchanged where there is no layout to learn."""
    if file_kind(content) not in (FileKind.PDF, FileKind.IMAGE):
        return memory
    captured = read_document(content, own, limits, memory, recognition)
    if captured.source not in (Source.TEXT_LAYER, Source.OCR):
        return memory
    context = context_of(layout_of(pages_of(content, limits, recognition)), own, memory)
    return learned(context, captured, corrected, memory)


def unread_pages(content: bytes, limits: Limits) -> list[UnreadPage]:
    """Pages without readable text, in the document or in the attachments of an e-mail; CaptureError as for reading."""
    check_size(content, limits)
    kind = file_kind(content)
    if kind in (FileKind.PDF, FileKind.IMAGE):
        return unread_pages_of(content, limits)
    if kind != FileKind.MAIL:
        return []
    found: list[UnreadPage] = []
    for part in parts_of(content, limits):
        if part.kind != FileKind.XML:
            with contextlib.suppress(CaptureError):  # The reading itself says what is wrong with an attachment.
                found.extend(unread_pages_of(part.content, limits))
    return found[: limits.unread_pages_max]


def check_size(content: bytes, limits: Limits) -> None:
    """CaptureError `too_large` for more bytes than allowed."""
    if len(content) > limits.bytes_max:
        raise CaptureError(ErrorCode.TOO_LARGE, f"{len(content)} bytes, limit {limits.bytes_max}")


def _read(
    content: bytes, own: CompanyIdentity, limits: Limits, memory: VendorMemory | None, recognition: Recognition
) -> Reading:
    kind = file_kind(content)
    if kind == FileKind.EMPTY:
        raise CaptureError(ErrorCode.EMPTY, f"{len(content)} bytes without content")
    if kind == FileKind.XML:
        return read_e_invoice(content, Source.XML, limits)
    if kind == FileKind.PDF:
        return read_pdf(content, own, limits, memory, recognition)
    if kind == FileKind.IMAGE:
        return read_image(content, own, limits, memory, recognition)
    if kind == FileKind.MAIL:
        return _read_mail(content, own, limits, memory, recognition)
    raise CaptureError(ErrorCode.UNSUPPORTED_TYPE, "neither PDF, image, XML nor e-mail")


def _read_mail(
    content: bytes, own: CompanyIdentity, limits: Limits, memory: VendorMemory | None, recognition: Recognition
) -> Reading:
    """The best attachment that is an invoice; others with another number are noticed.

    With no invoice in it the refusal of the attachment that should have been one is passed on.
    """
    readings: list[Reading] = []
    refusals: list[CaptureError] = []
    for part in parts_of(content, limits):
        try:
            reading = _read(part.content, own, limits, memory, recognition)
        except CaptureError as error:
            refusals.append(error)
            continue
        reading.mail = part.origin
        readings.append(reading)
    if not readings:
        raise refusals[0] if refusals else CaptureError(ErrorCode.NOT_AN_INVOICE, "no attachment that could be one")
    best = readings[0]
    numbers = {str(reading.values.get("invoice_number", "")).casefold() for reading in readings}
    numbers.discard("")
    if len(numbers) > 1:
        detail = f"the e-mail holds {len(numbers)} invoices; this is the first"
        best.checks.append(Check(code="single_invoice", ok=False, detail=detail))
        best.doubt("invoice_number")
    return best
