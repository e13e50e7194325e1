"""A PDF or picture as an invoice: embedded XML when there is any, checked against the page, else the page itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from counterfoil.capture.e_invoice import order_in, read_e_invoice
from counterfoil.capture.embedded import EmbeddedFile, embedded_files
from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.file_kind import FileKind, file_kind
from counterfoil.capture.layout.page_context import context_of
from counterfoil.capture.layout.reader import read_context
from counterfoil.capture.layout.words import Page, layout_of
from counterfoil.capture.limits import Limits
from counterfoil.capture.page_agreement import compare_with_page
from counterfoil.capture.pdf import open_pdf, page_alone, read_pages
from counterfoil.capture.reading import Reading
from counterfoil.capture.recognised import RecognisedPage, Recognition, UnreadPage, picture_size, sheet_size, weigh
from counterfoil.capture.recognition import is_available, pages_of_image, pages_of_pdf
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import Check, Source
from counterfoil.domain.vendor_memory import VendorMemory

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]  # ships no types

# A text layer with fewer letters than this holds no invoice.
LETTERS_MIN = 40
# Of a garbled text layer less than this share of the characters are letters and digits.
READABLE_SHARE = 0.5
# Fields of which a page must show at least two before it counts as an invoice.
INVOICE_FIELDS = ("invoice_number", "issue_date", "gross_total", "net_total")
INVOICE_FIELDS_MIN = 1
NOTHING_RECOGNISED = Recognition()
# In what two embedded files of one invoice have to agree.
EMBEDDED_COMPARED = ("issue_date", "vendor_iban", "currency", "gross_total")


def read_pdf(
    content: bytes,
    own: CompanyIdentity,
    limits: Limits,
    memory: VendorMemory | None = None,
    recognition: Recognition = NOTHING_RECOGNISED,
) -> Reading:
    """The invoice in a PDF; CaptureError `no_text` without readable text, `not_an_invoice` when no field is found."""
    with open_pdf(content, limits) as document:
        embedded = _xml_in(document, content, limits)
        known = recognition.of(_sha256(content))
        pages, source = _pages(document, limits, known, may_recognise=not embedded)
        hybrid = _embedded_invoice(embedded, limits)
        if hybrid is not None:
            compare_with_page(hybrid, pages, own, limits)
            return hybrid
        if embedded:
            pages, source = _pages(document, limits, known, may_recognise=True)
        reading = _read_pages(pages, source, own, limits, memory, known.values())
        if source == Source.TEXT_LAYER and "gross_total" not in reading.values and is_available():
            # The total is drawn, or its font does not say which digits it shows.
            seen = pages_of_pdf(document, [page.number for page in pages], limits)
            if seen:  # None where recognition is turned off.
                reading.fill(read_context(context_of(layout_of(seen), own, memory), Source.OCR, limits))
    _refuse_order(embedded, reading, limits)
    return reading


def read_image(
    content: bytes,
    own: CompanyIdentity,
    limits: Limits,
    memory: VendorMemory | None = None,
    recognition: Recognition = NOTHING_RECOGNISED,
) -> Reading:
    """The invoice in a picture; CaptureError as for a PDF."""
    known = recognition.of(_sha256(content))
    pages = [page.page() for page in known.values()] or pages_of_image(content, limits)
    return _read_pages(pages, Source.OCR, own, limits, memory, known.values())


def unread_pages_of(content: bytes, limits: Limits) -> list[UnreadPage]:
    """The pages of a PDF or picture that have no readable text, each as a file of its own; none of a hybrid PDF."""
    document = _sha256(content)
    if file_kind(content) == FileKind.IMAGE:
        width, height = picture_size(content)
        return [UnreadPage(document=document, number=1, width=width, height=height, content=_base64(content))]
    with open_pdf(content, limits) as pdf:
        if _xml_in(pdf, content, limits):
            return []
        numbers = [page.number for page in read_pages(pdf, limits) if not _is_readable(page)]
        return [_unread(pdf, document, number) for number in numbers[: limits.unread_pages_max]]


def _unread(pdf: pypdfium2.PdfDocument, document: str, number: int) -> UnreadPage:
    alone, *size = page_alone(pdf, number)
    width, height = sheet_size(*size)
    return UnreadPage(document=document, number=number, width=width, height=height, content=_base64(alone))


def pages_of(content: bytes, limits: Limits, recognition: Recognition = NOTHING_RECOGNISED) -> list[Page]:
    """The words of a PDF's or picture's pages, recognised where there is no text."""
    if file_kind(content) == FileKind.IMAGE:
        known = recognition.of(_sha256(content)).values()
        return [page.page() for page in known] or pages_of_image(content, limits)
    with open_pdf(content, limits) as document:
        return _pages(document, limits, recognition.of(_sha256(content)), may_recognise=True)[0]


def _pages(
    document: pypdfium2.PdfDocument, limits: Limits, known: Mapping[int, RecognisedPage], *, may_recognise: bool
) -> tuple[list[Page], Source]:
    pages = read_pages(document, limits)
    unreadable = [page.number for page in pages if not _is_readable(page)]
    source = Source.OCR if len(unreadable) == len(pages) else Source.TEXT_LAYER
    if may_recognise and unreadable and (known or source == Source.OCR or is_available()):
        given = [known[number].page() for number in unreadable if number in known]
        recognised = given or pages_of_pdf(document, unreadable, limits)
        seen = {page.number: page for page in (*pages, *recognised)}
        pages = [seen[number] for number in sorted(seen)]
    return pages, source


def _read_pages(
    pages: Sequence[Page],
    source: Source,
    own: CompanyIdentity,
    limits: Limits,
    memory: VendorMemory | None,
    known: Iterable[RecognisedPage] = (),
) -> Reading:
    if not any(map(_is_readable, pages)):
        raise CaptureError(ErrorCode.NO_TEXT, f"{len(pages)} pages without readable text")
    context = context_of(layout_of(pages), own, memory)
    reading = read_context(context, source, limits)
    for page in known:
        weigh(reading, page.fields, context)
    if sum(name in reading.values for name in INVOICE_FIELDS) < INVOICE_FIELDS_MIN:
        raise CaptureError(ErrorCode.NOT_AN_INVOICE, "no number, date or total of an invoice")
    return reading


def _xml_in(document: pypdfium2.PdfDocument, content: bytes, limits: Limits) -> list[EmbeddedFile]:
    return [one for one in embedded_files(document, content, limits) if file_kind(one[1]) == FileKind.XML]


def _embedded_invoice(embedded: Sequence[EmbeddedFile], limits: Limits) -> Reading | None:
    """The first embedded XML that is an invoice, laid beside any others.

    Where only unsafe XML is found it is refused: a page beside it would hide the attempt.
    """
    readings: list[Reading] = []
    unsafe: CaptureError | None = None
    for _name, content in embedded:
        try:
            readings.append(read_e_invoice(content, Source.EMBEDDED_XML, limits))
        except CaptureError as error:
            unsafe = error if error.code == ErrorCode.UNSAFE_XML else unsafe
    if unsafe is not None and not readings:
        raise unsafe
    for other in readings[1:]:
        _compare_embedded(readings[0], other)
    return readings[0] if readings else None


def _compare_embedded(best: Reading, other: Reading) -> None:
    """Two embedded invoices are one in two syntaxes, or several; one invoice that says two things is a doubt."""
    numbers = {str(one.values.get("invoice_number", "")).casefold() for one in (best, other)}
    if len(numbers) > 1:
        detail = "the PDF embeds several invoices; this is the first"
        best.checks.append(Check(code="single_invoice", ok=False, detail=detail))
        best.doubt("invoice_number")
        return
    apart = [
        name
        for name in EMBEDDED_COMPARED
        if name in best.values and name in other.values and best.values[name] != other.values[name]
    ]
    detail = f"another embedded file of this invoice has another {', '.join(apart)}" if apart else ""
    best.checks.append(Check(code="embedded_files_agree", ok=not apart, detail=detail))
    best.doubt(*apart)


def _refuse_order(embedded: Sequence[EmbeddedFile], page: Reading, limits: Limits) -> None:
    """CaptureError `not_an_invoice` where the page is that of an embedded order (Order-X, UBL).

    An invoice may carry the order it answers: then the page has a number of its own.
    """
    number = page.values.get("invoice_number")
    for _name, content in embedded:
        order = order_in(content, limits)
        if order is not None and (number is None or str(number).casefold() == order.casefold()):
            raise CaptureError(ErrorCode.NOT_AN_INVOICE, "the PDF is an order: its embedded file says so")


def _is_readable(page: Page) -> bool:
    """Enough letters and digits, and not mostly characters that no font names (a garbled text layer)."""
    letters = sum(sum(map(str.isalnum, word.text)) for word in page.words)
    signs = sum(len(word.text) for word in page.words)
    return letters >= LETTERS_MIN and letters >= signs * READABLE_SHARE


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
