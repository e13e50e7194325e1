"""A PDF or picture as an invoice: embedded XML when there is any, checked against the page, else the page itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from counterfoil.capture.e_invoice import read_e_invoice
from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.file_kind import FileKind, file_kind
from counterfoil.capture.layout.reader import read_layout
from counterfoil.capture.layout.words import Page
from counterfoil.capture.limits import Limits
from counterfoil.capture.page_agreement import compare_with_page
from counterfoil.capture.pdf import embedded_files, open_pdf, read_pages
from counterfoil.capture.reading import Reading
from counterfoil.capture.recognition import is_available, pages_of_image, pages_of_pdf
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import Source
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


def read_pdf(content: bytes, own: CompanyIdentity, limits: Limits, memory: VendorMemory | None = None) -> Reading:
    """The invoice in a PDF; CaptureError `no_text` without readable text, `not_an_invoice` when no field is found."""
    with open_pdf(content, limits) as document:
        embedded = [found for _name, found in embedded_files(document, limits) if file_kind(found) == FileKind.XML]
        pages, source = _pages(document, limits, may_recognise=not embedded)
        hybrid = _embedded_invoice(embedded, limits)
        if hybrid is not None:
            compare_with_page(hybrid, pages, own, limits)
            return hybrid
        if embedded:
            pages, source = _pages(document, limits, may_recognise=True)
    return _read_pages(pages, source, own, limits, memory)


def read_image(content: bytes, own: CompanyIdentity, limits: Limits, memory: VendorMemory | None = None) -> Reading:
    """The invoice in a picture; CaptureError as for a PDF."""
    return _read_pages(pages_of_image(content, limits), Source.OCR, own, limits, memory)


def pages_of(content: bytes, limits: Limits) -> list[Page]:
    """The words of a PDF's or picture's pages, recognised where there is no text."""
    if file_kind(content) == FileKind.IMAGE:
        return pages_of_image(content, limits)
    with open_pdf(content, limits) as document:
        return _pages(document, limits, may_recognise=True)[0]


def _pages(document: pypdfium2.PdfDocument, limits: Limits, *, may_recognise: bool) -> tuple[list[Page], Source]:
    pages = read_pages(document, limits)
    unreadable = [page.number for page in pages if not _is_readable(page)]
    source = Source.OCR if len(unreadable) == len(pages) else Source.TEXT_LAYER
    if may_recognise and unreadable and (source == Source.OCR or is_available()):
        recognised = pages_of_pdf(document, unreadable, limits)
        seen = {page.number: page for page in (*pages, *recognised)}
        pages = [seen[number] for number in sorted(seen)]
    return pages, source


def _read_pages(
    pages: Sequence[Page], source: Source, own: CompanyIdentity, limits: Limits, memory: VendorMemory | None
) -> Reading:
    if not any(map(_is_readable, pages)):
        raise CaptureError(ErrorCode.NO_TEXT, f"{len(pages)} pages without readable text")
    reading = read_layout(pages, source, own, limits, memory)
    if sum(name in reading.values for name in INVOICE_FIELDS) < INVOICE_FIELDS_MIN:
        raise CaptureError(ErrorCode.NOT_AN_INVOICE, "no number, date or total of an invoice")
    return reading


def _embedded_invoice(embedded: Sequence[bytes], limits: Limits) -> Reading | None:
    """The first embedded XML that is an invoice. Unsafe XML is refused: a page beside it would hide the attempt."""
    for content in embedded:
        try:
            return read_e_invoice(content, Source.EMBEDDED_XML, limits)
        except CaptureError as error:
            if error.code == ErrorCode.UNSAFE_XML:
                raise
    return None


def _is_readable(page: Page) -> bool:
    """Enough letters and digits, and not mostly characters that no font names (a garbled text layer)."""
    letters = sum(sum(map(str.isalnum, word.text)) for word in page.words)
    signs = sum(len(word.text) for word in page.words)
    return letters >= LETTERS_MIN and letters >= signs * READABLE_SHARE
