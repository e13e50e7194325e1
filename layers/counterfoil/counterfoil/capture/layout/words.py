"""Words with their places, and the rows and phrases they make.

The text order inside a PDF is the order it was drawn in; people read by place. So words are cut from characters with
boxes, put into rows by height, and a row is cut into phrases where the gap is wider than a space can be.
Coordinates are PDF points from the top left of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from counterfoil.capture.reading import Box

# A gap above this share of the letter height parts two phrases; a word space is about a quarter.
PHRASE_GAP = 0.85
# A gap within unbroken text above this share means that two columns were drawn without a space between.
WORD_GAP = 0.45
# A space narrower than this share was made up where letters are only set loosely.
SPACE_GAP = 0.12
# Unless letters are set tightly: where it is so many times the widest gap between the letters before it, it is one.
TIGHT_GAP, TIGHT_TIMES = 0.08, 1.5
# Words whose middles differ by less than this share of their height stand in one row.
ROW_SHIFT = 0.5
# A word drawn again no further aside than this share of its height is the same one; so many words may lie between.
OVERPRINT, OVERPRINTED_MAX = 0.15, 4
# No sheet is wide enough for more; what compares the words of a row with each other rests on it.
ROW_WORDS_MAX = 200


@dataclass(slots=True)
class Word:
    """One run of characters: text, page from 1, box from the top left in points."""

    text: str
    page: int
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


@dataclass(slots=True)
class Phrase:
    """Words of one row that belong together, such as a label, a value or a table cell."""

    words: list[Word]
    row: int = 0
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = " ".join(word.text for word in self.words)

    @property
    def page(self) -> int:
        return self.words[0].page

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def x1(self) -> float:
        return self.words[-1].x1

    @property
    def y0(self) -> float:
        return min(word.y0 for word in self.words)

    @property
    def y1(self) -> float:
        return max(word.y1 for word in self.words)

    @property
    def height(self) -> float:
        return max(word.height for word in self.words)


@dataclass(slots=True)
class Row:
    """Everything at one height of a page, from left to right."""

    index: int
    words: list[Word]
    phrases: list[Phrase]

    @property
    def page(self) -> int:
        return self.words[0].page

    @property
    def y0(self) -> float:
        return min(word.y0 for word in self.words)

    @property
    def y1(self) -> float:
        return max(word.y1 for word in self.words)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(slots=True)
class Page:
    """One page's words and size in points."""

    number: int
    width: float
    height: float
    words: list[Word]


@dataclass(slots=True)
class Layout:
    """The whole document: pages, and all rows from the first page to the last."""

    pages: list[Page]
    rows: list[Row]
    _row_of: dict[int, int] = field(default_factory=dict)

    def row_of(self, word: Word) -> int | None:
        """The index of the row that a word stands in; None for a part of a word."""
        if not self._row_of:
            self._row_of = {id(one): row.index for row in self.rows for one in row.words}
        return self._row_of.get(id(word))

    @property
    def phrases(self) -> list[Phrase]:
        return [phrase for row in self.rows for phrase in row.phrases]


def layout_of(pages: Sequence[Page]) -> Layout:
    """Rows and phrases of all pages."""
    rows: list[Row] = []
    for page in pages:
        for words in _rows(page.words):
            row = Row(len(rows), words, [])
            row.phrases = [Phrase(part, row.index) for part in _phrases(words)]
            rows.append(row)
    return Layout(list(pages), rows)


def _rows(words: list[Word]) -> list[list[Word]]:
    """Words by height: each joins the row whose last-added middle is close, else opens a new row."""
    rows: list[list[Word]] = []
    middle = height = 0.0
    for word in sorted(words, key=lambda word: (word.middle, word.x0)):
        close = rows and abs(word.middle - middle) <= ROW_SHIFT * min(word.height, height)
        close = close and len(rows[-1]) < ROW_WORDS_MAX
        if close:
            rows[-1].append(word)
        else:
            rows.append([word])
            middle, height = word.middle, word.height
    for row in rows:
        row.sort(key=lambda word: word.x0)
    return [_once(row) for row in rows]


def _once(row: list[Word]) -> list[Word]:
    """A row without the words that were drawn again on the same place to make them look bold."""
    kept: list[Word] = []
    for word in row:
        again = (before for before in kept[-OVERPRINTED_MAX:] if before.text == word.text)
        if not any(abs(word.x0 - before.x0) < OVERPRINT * word.height for before in again):
            kept.append(word)
    return kept


def _phrases(words: list[Word]) -> list[list[Word]]:
    parts = [[words[0]]]
    for before, word in pairwise(words):
        gap = word.x0 - before.x1
        if gap > PHRASE_GAP * min(before.height, word.height):
            parts.append([word])
        else:
            parts[-1].append(word)
    return parts


def box_of(words: Sequence[Word]) -> Box:
    """The box around words, to a tenth of a point."""
    edges = (
        min(word.x0 for word in words),
        min(word.y0 for word in words),
        max(word.x1 for word in words),
        max(word.y1 for word in words),
    )
    x0, y0, x1, y1 = (Decimal(round(edge * 10)) / 10 for edge in edges)
    return (x0, y0, x1, y1)
