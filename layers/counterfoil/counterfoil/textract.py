"""The only Amazon Textract code: pages without text are recognised by AnalyzeExpense, one page a call.

Its answer holds every word with its place, and the fields it takes the page to have. Both are handed on as they are;
what they are worth is capture's to say. Limits are the service's: 10 MB a page, PNG, JPEG, TIFF and PDF.
"""

from __future__ import annotations

import math
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
TEXT_LENGTH_MAX = 500
NUMBER_MAX = 1e6
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
SIDES = ("Left", "Top", "Width", "Height")


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
    documents = _objects(reply.get("ExpenseDocuments"))
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
    for block in _objects(document.get("Blocks")):
        box = _object(_object(block.get("Geometry")).get("BoundingBox"))
        sides = [side for name in SIDES if (side := _number(box.get(name))) is not None]
        text = _text(block.get("Text"))
        if block.get("BlockType") == "WORD" and text and len(sides) == len(SIDES):
            left, top, width, height = sides
            yield RecognisedWord(text=text, x0=left, y0=top, x1=left + width, y1=top + height)


def _fields(document: Mapping[str, Any]) -> Iterator[RecognisedField]:
    for field in _objects(document.get("SummaryFields")):
        kind, value = _object(field.get("Type")), _object(field.get("ValueDetection"))
        name, text = FIELDS.get(_text(kind.get("Text"))), _text(value.get("Text"))
        if name and text:
            sure = min(_number(one.get("Confidence")) or 0.0 for one in (kind, value))
            confidence = Decimal(str(round(min(max(sure, 0.0), 100.0), 2))) / PERCENT
            yield RecognisedField(name=name, text=text, confidence=confidence)


# A reply is taken as it comes: what is not of the documented shape is left out, and the rest is read.


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """The text without what is no character, empty for anything else; what no word is so long as is cut."""
    return value[:TEXT_LENGTH_MAX].encode(errors="ignore").decode() if isinstance(value, str) else ""


def _number(value: object) -> float | None:
    """A finite number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) and abs(number) <= NUMBER_MAX else None


def _surest(fields: list[RecognisedField]) -> Iterator[RecognisedField]:
    """One of each name: the one Textract is surest of."""
    best: dict[str, RecognisedField] = {}
    for field in fields:
        if field.name not in best or field.confidence > best[field.name].confidence:
            best[field.name] = field
    yield from best.values()
