"""Pages that another service recognises: what it is given, what it found, and how far its own findings are believed.

Capture itself calls nothing. It says which pages have no readable text (`UnreadPage`); a step may have them recognised
and hands back words with places and, where the service reads invoices itself, the fields it found. The words go through
the same layout reader as any others, the fields are a second witness.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable
from decimal import Decimal

from pydantic import FiniteFloat

from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.values import amount_of, dates_in
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Page, Word
from counterfoil.capture.reading import FieldValue, Reading
from counterfoil.domain.invoices import Evidence
from counterfoil.domain.records import Record

# A sheet of A4 in points, for pictures that do not say their size.
SHEET = (595.0, 842.0)
DATES = ("issue_date", "due_date")
AMOUNTS = ("net_total", "tax_total", "gross_total")
# Two readings that agree, one alone, and what is left of two that do not.
AGREED, ALONE, DISAGREED = Decimal("0.95"), Decimal("0.65"), Decimal("0.5")
PNG_START, JPEG_START = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
# Start-of-frame markers hold the picture's size; these three in their range are something else.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
SEGMENTS_MAX = 1_000
# In parts of the page: how far outside of it a word may reach, and how small it may be.
EDGE, SIZE_MIN = 0.05, 0.0005
SIDE_MAX = 100_000


class UnreadPage(Record):
    """A page without readable text: its number in its document, its size in points, and the page as a file of its own.

    `document` is the SHA-256 of the file (or attachment) it is in, `content` a one-page PDF or the picture in base64.
    """

    document: str
    number: int
    width: float
    height: float
    content: str

    @property
    def bytes(self) -> bytes:
        return base64.b64decode(self.content)


class RecognisedWord(Record):
    """One word: its box from 0 to 1 of the page's width and height, from the top left."""

    text: str
    x0: FiniteFloat
    y0: FiniteFloat
    x1: FiniteFloat
    y1: FiniteFloat

    @property
    def is_on_page(self) -> bool:
        """It has a size, and is not outside of the page by more than the edge of a scan."""
        inside = -EDGE <= self.x0 < self.x1 <= 1 + EDGE and -EDGE <= self.y0 < self.y1 <= 1 + EDGE
        return inside and self.x1 - self.x0 >= SIZE_MIN and self.y1 - self.y0 >= SIZE_MIN


class RecognisedField(Record):
    """A header field that the service found by itself: what is printed, and how sure it is (0 to 1)."""

    name: str
    text: str
    confidence: Decimal


class RecognisedPage(Record):
    """What a service found on an unread page."""

    document: str
    number: int
    width: FiniteFloat
    height: FiniteFloat
    words: tuple[RecognisedWord, ...] = ()
    fields: tuple[RecognisedField, ...] = ()

    def page(self) -> Page:
        """Its words in points: those that have letters and a place on the page."""
        words = [
            Word(
                word.text, self.number, word.x0 * self.width, word.y0 * self.height, word.x1 * self.width,
                word.y1 * self.height,
            )
            for word in self.words
            if word.text.strip() and word.is_on_page
        ]  # fmt: skip
        return Page(self.number, self.width, self.height, words)


class Recognition(Record):
    """All pages of a document that were recognised for it."""

    pages: tuple[RecognisedPage, ...] = ()

    def of(self, document: str) -> dict[int, RecognisedPage]:
        """Those of one file, by their number."""
        return {page.number: page for page in self.pages if page.document == document}


def picture_size(content: bytes) -> tuple[float, float]:
    """A picture's width and height (pixels, taken as points), from its first bytes; a sheet's where they do not say."""
    if content.startswith(PNG_START) and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return sheet_size(width, height)
    if content.startswith(JPEG_START):
        return sheet_size(*(_jpeg_size(content) or SHEET))
    return SHEET


def sheet_size(width: float, height: float) -> tuple[float, float]:
    """The size as it is claimed, or a sheet's where no page can be so."""
    is_possible = all(1 <= side <= SIDE_MAX for side in (width, height))
    return (float(width), float(height)) if is_possible else SHEET


def _jpeg_size(content: bytes) -> tuple[float, float] | None:
    place = 2
    for _ in range(SEGMENTS_MAX):
        if place + 9 > len(content) or content[place] != 0xFF:
            return None
        marker, length = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        if marker in JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return float(width), float(height)
        place += 2 + length
    return None


def weigh(reading: Reading, fields: Iterable[RecognisedField], context: Context) -> None:
    """Take the service's own fields as a second witness: agreement is believed, disagreement doubted by name."""
    for found in fields:
        value = _value(found, context)
        if value is None:
            continue
        ours = reading.values.get(found.name)
        if ours is None:
            reading.put(found.name, value, Evidence(confidence=min(found.confidence, ALONE)))
            reading.doubt(found.name)
            continue
        evidence = reading.evidence[found.name]
        if _alike(ours, value):
            surer = max(evidence.confidence, min(found.confidence, AGREED))
            reading.evidence[found.name] = evidence.model_copy(update={"confidence": surer})
            if surer == AGREED and found.name in reading.doubts:
                reading.doubts.remove(found.name)
        else:
            lowered = min(evidence.confidence, DISAGREED)
            reading.evidence[found.name] = evidence.model_copy(update={"confidence": lowered})
            reading.doubt(found.name)


def _value(found: RecognisedField, context: Context) -> FieldValue | None:
    text = " ".join(found.text.split())
    if found.name in DATES:
        printed = dates_in(text, context.day_first)
        sure = printed and (context.day_first_is_proven or not printed[0].is_ambiguous)
        return printed[0].value if sure else None
    if found.name in AMOUNTS:
        amount = amount_of(text, context.decimal)
        return amount.value if amount and not amount.is_percent else None
    return text or None


def _alike(ours: FieldValue, theirs: FieldValue) -> bool:
    if isinstance(ours, str) and isinstance(theirs, str):
        return squeeze(ours) == squeeze(theirs)
    return ours == theirs
