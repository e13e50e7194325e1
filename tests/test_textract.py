"""Textract as the service answers: replies in the documented shape of AnalyzeExpense, held to its model by botocore.

The words and places of the reply are those of a sample's own text, and the sample is what a person compares with.
"""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import boto3
import pypdfium2
import pytest
from botocore.stub import Stubber

from counterfoil.capture import CaptureError, ErrorCode, Limits, unread_pages
from counterfoil.capture.limits import Limits as AllLimits
from counterfoil.capture.pdf import open_pdf, read_pages
from counterfoil.capture.recognised import SHEET, picture_size
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.invoices import Source
from counterfoil.steps.document_reader import DocumentReader
from counterfoil.textract import PAGE_BYTES_MAX, RecognitionUnavailable, Textract

SAMPLE = Path(__file__).parent / "capture" / "samples" / "marketing-agency-pro-1.pdf"
NOT_HERE = Limits(recognised_pages_max=0)
OWN = CompanyIdentity()


def a_scan() -> bytes:
    """A PDF of one picture, as a scanner makes it."""
    out = io.BytesIO()
    with pypdfium2.PdfDocument(SAMPLE) as document:
        document[0].render(scale=1).to_pil().convert("RGB").save(out, "PDF")
    return out.getvalue()


def box(left, top, width, height):
    return {
        "BoundingBox": {"Left": left, "Top": top, "Width": width, "Height": height},
        "Polygon": [{"X": left, "Y": top}, {"X": left + width, "Y": top + height}],
    }


def a_field(kind, text, confidence=98.5):
    geometry = box(0.1, 0.1, 0.1, 0.02)
    return {
        "Type": {"Text": kind, "Confidence": confidence},
        "ValueDetection": {"Text": text, "Geometry": geometry, "Confidence": confidence},
        "PageNumber": 1,
    }


def a_reply(*fields, without=""):
    """What AnalyzeExpense answers for the sample: a page, its words, and the fields it takes them for."""
    with open_pdf(SAMPLE.read_bytes(), AllLimits()) as document:
        page = read_pages(document, AllLimits())[0]
    blocks = [{"BlockType": "PAGE", "Geometry": box(0.0, 0.0, 1.0, 1.0), "Id": "p"}]
    for number, word in enumerate(word for word in page.words if word.text != without):
        place = box(
            word.x0 / page.width, word.y0 / page.height, (word.x1 - word.x0) / page.width, word.height / page.height
        )
        blocks.append(
            {
                "BlockType": "WORD",
                "Confidence": 99.4,
                "Text": word.text,
                "TextType": "PRINTED",
                "Geometry": place,
                "Id": str(number),
            }
        )
    document = {"ExpenseIndex": 1, "SummaryFields": list(fields), "LineItemGroups": [], "Blocks": blocks}
    return {"DocumentMetadata": {"Pages": 1}, "ExpenseDocuments": [document]}


@pytest.fixture
def service(aws):
    client = boto3.client("textract")
    with Stubber(client) as stub:
        yield stub, DocumentReader(NOT_HERE, Textract(client).recognise)


def read(service, *fields, without=""):
    stub, reader = service
    stub.add_response("analyze_expense", a_reply(*fields, without=without))
    return reader.open(a_scan(), OWN).read()


def test_a_scan_is_read_by_the_same_reader_from_the_services_words(service):
    captured = read(service)

    assert captured.source == Source.OCR
    assert captured.invoice_number == "NO-2026-9469"
    assert captured.gross_total == Decimal("5748.82")


def test_a_field_that_both_read_alike_is_believed_more(service):
    alone = read(service)
    together = read(service, a_field("INVOICE_RECEIPT_ID", "NO-2026-9469"))

    before, after = (one.evidence["invoice_number"].confidence for one in (alone, together))
    assert after >= before
    assert after >= Decimal("0.9")


def test_a_field_that_both_read_differently_is_in_doubt(service):
    captured = read(service, a_field("TOTAL", "5,848.82"))

    assert captured.gross_total == Decimal("5748.82")
    assert "gross_total" in captured.needs_review


def test_a_field_that_only_the_service_found_is_shown_for_review(service):
    fields = a_field("PO_NUMBER", "P-26179"), a_field("PO_NUMBER", "P-26178", 12.0)

    captured = read(service, *fields, without="P-26179")

    assert captured.po_number == "P-26179"
    assert "po_number" in captured.needs_review


@pytest.mark.parametrize("code", ["ThrottlingException", "ProvisionedThroughputExceededException", "AccessDenied"])
def test_a_service_that_does_not_answer_now_is_asked_again_later(service, code):
    stub, reader = service
    stub.add_client_error("analyze_expense", code)

    with pytest.raises(RecognitionUnavailable):
        reader.open(a_scan(), OWN)


def test_a_page_that_the_service_refuses_waits_for_a_person(service):
    stub, reader = service
    stub.add_client_error("analyze_expense", "UnsupportedDocumentException")

    with pytest.raises(CaptureError) as refused:
        reader.open(a_scan(), OWN).read()

    assert refused.value.code == ErrorCode.NO_TEXT


def test_a_page_beyond_the_services_limit_is_not_sent(service):
    _, reader = service
    [page] = unread_pages(a_scan())
    large = page.model_copy(update={"content": "AAAA" * (PAGE_BYTES_MAX // 3 + 1)})

    assert reader.recognise(large) is None


def test_a_document_with_text_costs_nothing(service):
    _, reader = service

    assert reader.open(SAMPLE.read_bytes(), OWN).read().source == Source.TEXT_LAYER


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_size_of_a_picture_is_read_from_its_head(kind):
    out = io.BytesIO()
    with pypdfium2.PdfDocument(SAMPLE) as document:
        image = document[0].render(scale=0.5).to_pil().convert("RGB")
    image.save(out, kind)

    assert picture_size(out.getvalue()) == image.size
    assert picture_size(out.getvalue()[:20]) == SHEET


def test_each_page_without_text_is_handed_over_alone():
    out = io.BytesIO()
    with pypdfium2.PdfDocument(a_scan()) as scan, pypdfium2.PdfDocument(SAMPLE) as text:
        whole = pypdfium2.PdfDocument.new()
        whole.import_pages(text)
        whole.import_pages(scan)
        whole.save(out)
        pages = len(text)

    [page] = unread_pages(out.getvalue())

    assert page.number == pages + 1
    with pypdfium2.PdfDocument(page.bytes) as alone:
        assert len(alone) == 1
