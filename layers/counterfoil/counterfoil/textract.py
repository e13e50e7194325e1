"""The only Amazon Textract code: pages without text are recognised by AnalyzeExpense, one page a call.

Its answer holds every word with its place, and the fields it takes the page to have. Both are handed on as they are;
what they are worth is capture's to say. Limits are the service's: 10 MB a page, PNG, JPEG, TIFF and PDF.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from counterfoil.capture.recognised import RecognisedField, RecognisedPage, RecognisedWord, UnreadPage
from counterfoil.errors import CounterfoilError

if TYPE_CHECKING:
    from botocore.client import BaseClient

# The synchronous operation takes no more (Amazon Textract quotas).
PAGE_BYTES_MAX = 10_000_000
WORDS_MAX = 20_000
FIELDS_MAX = 200
# What is wrong with the page itself: the same again will be refused again.
REFUSED = frozenset(
    ("UnsupportedDocumentException", "BadDocumentException", "DocumentTooLargeException", "InvalidParameterException")
)
# Textract's types of summary fields, and the header field each one is.
FIELDS = {
    "INVOICE_RECEIPT_ID": "invoice_number",
    "INVOICE_RECEIPT_DATE": "issue_date",
    "DUE_DATE": "due_date",
    "PO_NUMBER": "po_number",
    "VENDOR_NAME": "vendor_name",
    "VENDOR_VAT_NUMBER": "vendor_vat_id",
    "SUBTOTAL": "net_total",
    "TAX": "tax_total",
    "TOTAL": "gross_total",
    "PAYMENT_TERMS": "payment_terms",
}
PERCENT = Decimal(100)


class RecognitionUnavailable(CounterfoilError):
    """Textract is throttled, down or not allowed: nothing was read, and trying again later may help."""


class Textract:
    """Recognises unread pages."""

    def __init__(self, client: BaseClient) -> None:
        self._client = client

    def recognise(self, page: UnreadPage) -> RecognisedPage | None:
        """What is on the page; None when Textract does not take it. RecognitionUnavailable for everything else."""
        content = page.bytes
        if len(content) > PAGE_BYTES_MAX:
            return None
        try:
            reply = self._client.analyze_expense(Document={"Bytes": content})  # type: ignore[attr-defined]  # generated
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in REFUSED:
                return None
            raise RecognitionUnavailable(f"Textract answered {code or 'an error'}") from error
        except BotoCoreError as error:
            raise RecognitionUnavailable(f"Textract could not be asked: {type(error).__name__}") from error
        return page_of_reply(reply, page)


def page_of_reply(reply: Mapping[str, Any], page: UnreadPage) -> RecognisedPage:
    """Words and fields of an AnalyzeExpense answer about one page."""
    documents = reply.get("ExpenseDocuments") or []
    words = [word for document in documents for word in _words(document)]
    fields = [field for document in documents for field in _fields(document)]
    return RecognisedPage(
        document=page.document,
        number=page.number,
        width=page.width,
        height=page.height,
        words=tuple(words[:WORDS_MAX]),
        fields=tuple(_surest(fields[:FIELDS_MAX])),
    )


def _words(document: Mapping[str, Any]) -> Iterator[RecognisedWord]:
    for block in document.get("Blocks") or []:
        box = (block.get("Geometry") or {}).get("BoundingBox")
        if block.get("BlockType") == "WORD" and block.get("Text") and box:
            left, top = float(box["Left"]), float(box["Top"])
            yield RecognisedWord(
                text=block["Text"], x0=left, y0=top, x1=left + float(box["Width"]), y1=top + float(box["Height"])
            )


def _fields(document: Mapping[str, Any]) -> Iterator[RecognisedField]:
    for field in document.get("SummaryFields") or []:
        kind, value = field.get("Type") or {}, field.get("ValueDetection") or {}
        name = FIELDS.get(kind.get("Text", ""))
        if name and value.get("Text"):
            confidence = min(float(kind.get("Confidence", 0)), float(value.get("Confidence", 0)))
            yield RecognisedField(
                name=name, text=value["Text"], confidence=Decimal(str(round(confidence, 2))) / PERCENT
            )


def _surest(fields: list[RecognisedField]) -> Iterator[RecognisedField]:
    """One of each name: the one Textract is surest of."""
    best: dict[str, RecognisedField] = {}
    for field in fields:
        if field.name not in best or field.confidence > best[field.name].confidence:
            best[field.name] = field
    yield from best.values()
