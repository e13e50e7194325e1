"""From bytes to a captured invoice: find the kind, read it, check it, say what is in doubt."""

from __future__ import annotations

import contextlib
import time

from counterfoil.capture.checks import check
from counterfoil.capture.e_invoice import read_e_invoice
from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.file_kind import FileKind, file_kind
from counterfoil.capture.layout.page_context import context_of
from counterfoil.capture.layout.reader import read_context
from counterfoil.capture.layout.words import layout_of
from counterfoil.capture.learning import TaughtReading, learned
from counterfoil.capture.limits import Limits
from counterfoil.capture.mail import parts_of
from counterfoil.capture.page_invoice import NOTHING_RECOGNISED, pages_of, read_image, read_pdf, unread_pages_of
from counterfoil.capture.reading import Reading
from counterfoil.capture.recognised import Recognition, UnreadPage
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import CapturedInvoice, Check, Source
from counterfoil.domain.vendor_memory import VendorMemory

# A person waits while a document is read again and again with what might be learned of it.
LEARNING_SECONDS = 8.0


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
    if file_kind(content) == FileKind.MAIL:
        part = _part_read(content, own, limits, recognition)
        return learn_document(part, corrected, memory, own, limits, recognition) if part else memory
    if file_kind(content) not in (FileKind.PDF, FileKind.IMAGE):
        return memory
    source = read_document(content, own, limits, memory, recognition).source
    if source not in (Source.TEXT_LAYER, Source.OCR):
        return memory
    layout = layout_of(pages_of(content, limits, recognition))

    def read(taught: VendorMemory) -> TaughtReading:
        context = context_of(layout, own, taught)
        reading = read_context(context, source, limits)
        check(reading)
        return TaughtReading(context, reading.captured())

    deadline = time.monotonic() + LEARNING_SECONDS
    return learned(read, corrected, memory, lambda: time.monotonic() < deadline)


def _part_read(content: bytes, own: CompanyIdentity, limits: Limits, recognition: Recognition) -> bytes | None:
    """The attachment that an e-mail was read from."""
    for part in parts_of(content, limits):
        with contextlib.suppress(CaptureError):
            _read(part.content, own, limits, None, recognition)
            return part.content
    return None


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
    """The best attachment that is an invoice; others with another number, and parts of the same, are noticed.

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
    _note_parts(best, readings[1:], annexes=sum(error.code == ErrorCode.NOT_AN_INVOICE for error in refusals))
    return best


def _note_parts(best: Reading, others: list[Reading], annexes: int) -> None:
    """One invoice over several files: renditions of the same total are fine, parts with totals of their own are not."""
    number = str(best.values.get("invoice_number", "")).casefold()
    same = [one for one in others if number and str(one.values.get("invoice_number", "")).casefold() in (number, "")]
    gross = best.amount("gross_total")
    parts = [one for one in same if one.amount("gross_total") not in (gross, None)]
    # A file that goes on with lines and names neither number nor total is a further page.
    parts += [one for one in same if one.lines and not {"invoice_number", "gross_total"} & one.values.keys()]
    if parts:
        detail = f"the invoice goes on in {len(parts)} more of the e-mail's files, with other lines or totals"
        best.checks.append(Check(code="whole_invoice", ok=False, detail=detail))
        best.doubt("lines", "gross_total")
    elif same or annexes:
        detail = f"{len(same)} more of the e-mail's files show the same invoice, {annexes} are annexes"
        best.checks.append(Check(code="whole_invoice", ok=True, detail=detail))
