"""The files embedded in a PDF, wherever it names them: its list of files, a page's paper clip, its associated files.

pdfium lists the first two. Associated files (`/AF`, ISO 32000-2, 14.13) that are in no list are found by writing the
document anew, which pdfium does in plain objects, with its catalogue replaced by one that lists them; pdfium then reads
them as any others. Names are what a stranger wrote: they only say which file to look at first.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.limits import Limits

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]  # ships no types

# Names that standards give the invoice: Factur-X and ZUGFeRD 2.1, ZUGFeRD 1.0 and 2.0, XRechnung, Order-X.
INVOICE_NAMES = ("factur-x.xml", "zugferd-invoice.xml", "xrechnung.xml", "order-x.xml", "cii.xml", "ubl.xml")
# A stream's dictionary is never inside another stream, so a file that is embedded shows in the PDF's own bytes.
EMBEDDED_FILE = re.compile(rb"/EmbeddedFile(?![A-Za-z])")
ANNOTATIONS_MAX = 1_000
REFERENCE = rb"\d+ \d+ R"
ASSOCIATED = re.compile(rb"/AF\s*(?:\[((?:\s*" + REFERENCE + rb")+)\s*\]|(" + REFERENCE + rb"))")
ROOT = re.compile(rb"/Root (\d+) \d+ R")
PAGES = re.compile(rb"/Pages (" + REFERENCE + rb")")
START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")

EmbeddedFile = tuple[str, bytes]


def embedded_files(document: pypdfium2.PdfDocument, content: bytes, limits: Limits) -> list[EmbeddedFile]:
    """Name and bytes of each embedded file, those first whose name a standard gives the invoice.

    `content` is the PDF that `document` was opened from. CaptureError `too_large` beyond the limits.
    """
    found = list(_listed(document, limits))
    if len(EMBEDDED_FILE.findall(content)) > len(found):
        found += _clipped(document, limits)
        found += _associated(document, limits)
    found = list(dict.fromkeys(found))
    return sorted(found, key=lambda one: _rank(one[0]))


def _rank(name: str) -> int:
    name = re.split(r"[/\\]", name)[-1].casefold()
    return INVOICE_NAMES.index(name) if name in INVOICE_NAMES else len(INVOICE_NAMES)


def _listed(document: pypdfium2.PdfDocument, limits: Limits) -> Iterator[EmbeddedFile]:
    """The files of the document's list of embedded files."""
    import pypdfium2

    count = document.count_attachments()
    if count > limits.attachments_max:
        raise CaptureError(ErrorCode.TOO_LARGE, f"{count} embedded files, limit {limits.attachments_max}")
    for index in range(count):
        try:
            yield _read(document.get_attachment(index), limits)
        except pypdfium2.PdfiumError:
            continue  # An embedded file without a readable stream holds no invoice; the page still may.


def _clipped(document: pypdfium2.PdfDocument, limits: Limits) -> Iterator[EmbeddedFile]:
    """The files that stand as an annotation on a page."""
    import pypdfium2
    import pypdfium2.raw as raw  # type: ignore[import-untyped]  # ships no types

    left = ANNOTATIONS_MAX
    clips_left = limits.attachments_max
    for page in document:
        for index in range(min(left, raw.FPDFPage_GetAnnotCount(page.raw))):
            left -= 1
            annotation = raw.FPDFPage_GetAnnot(page.raw, index)
            try:
                if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_FILEATTACHMENT:
                    clipped = raw.FPDFAnnot_GetFileAttachment(annotation)
                    clips_left -= 1
                    if clips_left < 0:
                        raise CaptureError(ErrorCode.TOO_LARGE, f"more than {limits.attachments_max} embedded files")
                    if clipped:
                        yield _read(pypdfium2.PdfAttachment(clipped, document), limits)
            except pypdfium2.PdfiumError:
                continue
            finally:
                raw.FPDFPage_CloseAnnot(annotation)
        page.close()


def _associated(document: pypdfium2.PdfDocument, limits: Limits) -> Iterator[EmbeddedFile]:
    """The files that the catalogue names as associated; nothing where it is written in a way that is not looked for."""
    import pypdfium2
    import pypdfium2.raw as raw

    out = io.BytesIO()
    document.save(out, flags=raw.FPDF_REMOVE_SECURITY)
    listing = _with_list(out.getvalue())
    if listing is None:
        return
    try:
        again = pypdfium2.PdfDocument(listing)
    except pypdfium2.PdfiumError:
        return
    try:
        yield from _listed(again, limits)
    finally:
        again.close()


def _with_list(written: bytes) -> bytes | None:
    """A PDF as pdfium writes it, with an update that makes its associated files its list of files."""
    roots, start = ROOT.findall(written), START.search(written)
    catalogue = _object(written, roots[-1]) if roots else None
    if catalogue is None or start is None:
        return None
    pages, associated = PAGES.search(catalogue), ASSOCIATED.search(catalogue)
    if pages is None or associated is None:
        return None
    references = associated[1] or _object(written, associated[2].split()[0]) or b""
    names = b"".join(b"(%d)%s" % place for place in enumerate(re.findall(REFERENCE, references)))
    if not names:
        return None
    number = roots[-1]
    update = b"\n%s 0 obj\n<</Type/Catalog/Pages %s/Names<</EmbeddedFiles<</Names[%s]>>>>>>\nendobj\n" % (
        number, pages[1], names,
    )  # fmt: skip
    table = b"xref\n%s 1\n%010d 00000 n\r\ntrailer\n<</Root %s 0 R/Prev %s/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (
        number, len(written) + 1, number, start[1], int(number) + 1, len(written) + len(update),
    )  # fmt: skip
    return written + update + table


def _object(written: bytes, number: bytes) -> bytes | None:
    """What is between `7 0 obj` and its end."""
    start = re.search(rb"(?:^|[\r\n])%s 0 obj\s" % number, written)
    end = written.find(b"endobj", start.end()) if start else -1
    return written[start.end() : end] if start and end > 0 else None


def _read(attachment: pypdfium2.PdfAttachment, limits: Limits) -> EmbeddedFile:
    name, content = attachment.get_name(), attachment.get_data()
    if len(content) > limits.embedded_bytes_max:
        detail = f"an embedded file has {len(content)} bytes, limit {limits.embedded_bytes_max}"
        raise CaptureError(ErrorCode.TOO_LARGE, detail)
    return name, bytes(content)
