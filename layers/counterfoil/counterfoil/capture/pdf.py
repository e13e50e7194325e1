"""PDF files through pdfium: words with geometry.

pdfium is not thread-safe, so one lock guards every call. It is C++ reading hostile input: `bounded.py` runs it in a
process of its own where a crash, a hang or a flood of memory ends only that process.
"""

from __future__ import annotations

import ctypes
import io
import math
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.layout.words import SPACE_GAP, TIGHT_GAP, TIGHT_TIMES, WORD_GAP, Page, Word
from counterfoil.capture.limits import Limits

if TYPE_CHECKING:
    import pypdfium2  # type: ignore[import-untyped]  # ships no types

_LOCK = threading.Lock()
PASSWORD_ERROR = 4  # FPDF_ERR_PASSWORD
SECURITY_ERROR = 5  # FPDF_ERR_SECURITY
# Letters lower than this many points are no text for people (hidden words, scan layers gone wrong).
HEIGHT_MIN = 1.0
# Markup that a generator printed instead of obeying it.
MARKUP = re.compile(r"</?[a-zA-Z]{1,8}>")
# Dots that lead the eye from a label to its value.
LEADER = "...."
# The sign for a lost character, and what became of it where its three bytes were read one by one.
LOST, LOST_TWICE = "\ufffd", "ï¿½"
# Control characters beyond this share of a page are glyph numbers of a font that does not say which letters they are.
CONTROL, CONTROL_SHARE_MAX = "\x00", 0.1
WHITE_SPACE = (0x9, 0xA, 0xD, 0xA0)
# What is drawn outside of the page by more than this many points is not seen.
MARGIN = 5.0
# Text turned by more than this many radians is a watermark or a note along the margin.
ANGLE_SLACK = 0.1
# How many letters tell how the text of a page is turned.
ANGLES_MAX = 40
QUARTER = math.pi / 2


@contextmanager
def open_pdf(content: bytes, limits: Limits) -> Iterator[pypdfium2.PdfDocument]:
    """The opened document, checked for pages; CaptureError `encrypted`, `damaged` or `too_many_pages`."""
    import pypdfium2

    with _LOCK:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            code = getattr(error, "err_code", None)
            if code in (PASSWORD_ERROR, SECURITY_ERROR):
                raise CaptureError(ErrorCode.ENCRYPTED, "the PDF asks for a password") from error
            raise CaptureError(ErrorCode.DAMAGED, "the PDF cannot be opened") from error
        try:
            pages = len(document)
            if pages == 0:
                raise CaptureError(ErrorCode.DAMAGED, "the PDF has no page")
            if pages > limits.pages_max:
                raise CaptureError(ErrorCode.TOO_MANY_PAGES, f"{pages} pages, limit {limits.pages_max}")
            yield document
        except pypdfium2.PdfiumError as error:
            raise CaptureError(ErrorCode.DAMAGED, "a page of the PDF cannot be read") from error
        finally:
            document.close()


def read_pages(document: pypdfium2.PdfDocument, limits: Limits) -> list[Page]:
    """The words of every page in drawing order; CaptureError `too_large` beyond the limit of words."""
    pages: list[Page] = []
    words = 0
    for index in range(len(document)):
        page = document[index]
        try:
            read = _page(page, index + 1)
        finally:
            page.close()
        words += len(read.words)
        if words > limits.words_max:
            raise CaptureError(ErrorCode.TOO_LARGE, f"more than {limits.words_max} words")
        pages.append(read)
    return pages


def page_alone(document: pypdfium2.PdfDocument, number: int) -> tuple[bytes, float, float]:
    """One page (from 1) as a PDF of its own, and its width and height in points."""
    import pypdfium2

    page = document[number - 1]
    width, height = page.get_size()
    page.close()
    alone = pypdfium2.PdfDocument.new()
    out = io.BytesIO()
    try:
        alone.import_pages(document, [number - 1])
        alone.save(out)
    finally:
        alone.close()
    return out.getvalue(), width, height


def _page(page: pypdfium2.PdfPage, number: int) -> Page:
    """One page, turned so that most of its text is level; that is how it is shown unless it is shown sideways."""
    left, bottom, right, top = page.get_bbox()
    width, height = right - left, top - bottom
    textpage = page.get_textpage()
    try:
        said = _quarter_turns(textpage)
        # Some generators turn the letters over and their size as well, which leaves them upright.
        turns = 0 if said == 2 and _runs_forward(textpage) else said
        words = _words(textpage, number, (left, bottom, right, top), turns, said)
    finally:
        textpage.close()
    if turns % 2:
        width, height = height, width
    for word in words:
        if "<" in word.text:
            word.text = MARKUP.sub("", word.text)
        if LOST_TWICE in word.text:
            word.text = word.text.replace(LOST_TWICE, LOST)
    seen = [
        word
        for word in words
        if word.text.strip(".")
        and word.height >= HEIGHT_MIN
        and -MARGIN <= word.x0 <= width + MARGIN
        and -MARGIN <= word.y0 <= height + MARGIN
    ]
    return Page(number, width, height, seen)


def _quarter_turns(textpage: pypdfium2.PdfTextPage) -> int:
    """By how many quarters most letters are turned (0 to 3): a turned page keeps its text as it was before."""
    import pypdfium2.raw as raw  # type: ignore[import-untyped]  # ships no types

    count = textpage.count_chars()
    sample = range(0, count, max(1, count // ANGLES_MAX))
    turns = Counter(round(raw.FPDFText_GetCharAngle(textpage.raw, index) / QUARTER) % 4 for index in sample)
    # Blanks have no angle and count as level.
    turned = {turn: seen for turn, seen in turns.items() if turn}
    most = max(turned, key=lambda turn: turned[turn], default=0)
    return most if turned and turned[most] > turns.total() / 2 else 0


def _runs_forward(textpage: pypdfium2.PdfTextPage) -> bool:
    """Whether most letters stand to the right of the one before."""
    import pypdfium2.raw as raw

    count = textpage.count_chars()
    box = raw.FS_RECTF()
    forward = 0
    for index in range(0, count - 1, max(1, count // ANGLES_MAX)):
        lefts: list[float] = []
        for place in (index, index + 1):
            raw.FPDFText_GetLooseCharBox(textpage.raw, place, box)
            lefts.append(box.left)
        forward += (lefts[1] > lefts[0]) - (lefts[1] < lefts[0])
    return forward > 0


def _words(
    textpage: pypdfium2.PdfTextPage, number: int, bounds: tuple[float, float, float, float], turns: int, said: int
) -> list[Word]:
    """Characters cut into words at white space, at new lines and at gaps that no word has."""
    import pypdfium2.raw as raw

    count = textpage.count_chars()
    characters = _characters(textpage, count)
    if characters.count(CONTROL) > CONTROL_SHARE_MAX * count:
        return []  # Without a word the page is recognised as a picture.
    box = raw.FS_RECTF()
    box_of, handle = raw.FPDFText_GetLooseCharBox, textpage.raw
    words: list[Word] = []
    firsts: list[int] = []
    word: Word | None = None
    after_space = False
    widest = 0.0
    left, _, _, top = bounds
    for index, character in enumerate(characters):
        if character.isspace() or not character or character == CONTROL:
            if character not in (" ", CONTROL):
                word = None
            after_space = True
            continue
        if not box_of(handle, index, box):
            continue
        if turns:
            x0, x1, y0, y1 = _upright(box, bounds, turns)
        else:
            x0, x1, y0, y1 = box.left - left, box.right - left, top - box.top, top - box.bottom
        if word is not None:
            size = word.y1 - word.y0
            gap = x0 - word.x1
            is_apart = after_space and (
                gap >= size * SPACE_GAP
                or _starts_word(word.text, character, gap, widest, size)
                or (gap > 0 and not raw.FPDFText_IsGenerated(handle, index - 1))
            )
            if is_apart or (character != "." and word.text.endswith(LEADER)):
                word = None
            elif -size < gap < size * WORD_GAP and abs(y1 - word.y1) < size * 0.5:
                word.text += character
                word.x1 = max(x1, word.x1)
                widest = max(widest, gap)
                after_space = False
                continue
        after_space = False
        widest = 0.0
        word = Word(character, number, x0, y0, x1, y1)
        words.append(word)
        firsts.append(index)
    return [
        word
        for word, first in zip(words, firsts, strict=True)
        if _is_level(raw.FPDFText_GetCharAngle(handle, first), said)
    ]


def _starts_word(before: str, character: str, gap: float, widest: float, size: float) -> bool:
    """Whether a narrow space in tightly set text is one: wider than between letters, where no word would go on.

    Some fonts leave as much behind an `r`: between small letters nothing can be told. `size` is the letters' height.
    """
    return gap >= TIGHT_GAP * size and gap > TIGHT_TIMES * widest and not (before[-1].islower() and character.islower())


def _upright(box: Any, bounds: tuple[float, float, float, float], turns: int) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a character's box as they are where text turned by so many quarters is level."""
    left, bottom, right, top = bounds
    if turns == 1:
        return top - box.top, top - box.bottom, right - box.right, right - box.left
    if turns == 2:
        return right - box.right, right - box.left, box.bottom - bottom, box.top - bottom
    return box.bottom - bottom, box.top - bottom, box.left - left, box.right - left


def _is_level(angle: float, turns: int) -> bool:
    """Letters of a turned text come one by one and would stand in everybody's rows."""
    aslant = abs(angle - turns * QUARTER)
    return aslant < ANGLE_SLACK or aslant > 2 * math.pi - ANGLE_SLACK


# How pdfium writes a hyphen at the end of a line, by character and in whole texts.
HYPHEN_MARKS = (0x2, 0xAD, 0xFFFE)
NO_CHARACTER = 0xFFFF


def _characters(textpage: Any, count: int) -> list[str]:
    """One string for each character index of pdfium, empty where there is nothing to read."""
    import pypdfium2.raw as raw

    codes = (ctypes.c_ushort * (count + 1))()
    written = raw.FPDFText_GetText(textpage.raw, 0, count, codes) - 1
    if written == count:
        return [_CHARACTERS.get(code) or _character(code) for code in codes[:count]]
    # Characters outside of the basic plane take two codes, characters without meaning none.
    get, handle = raw.FPDFText_GetUnicode, textpage.raw
    return [_character(get(handle, index)) for index in range(count)]


def _character(code: int) -> str:
    if code in HYPHEN_MARKS:
        return "-"
    if code == NO_CHARACTER or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return ""
    if code in WHITE_SPACE:
        return " "
    return CONTROL if code < 0x20 else chr(code)


_CHARACTERS = {code: chr(code) for code in range(0x21, 0x7F)}
