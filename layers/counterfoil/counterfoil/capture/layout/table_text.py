"""What a line says in words: the name of what was billed, its code, and the order it belongs to.

A name goes on in the row below when that row is set like it and the row above was full; what is set apart, indented,
smaller or labelled says more about the line and is no part of its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.table_cells import RowCells
from counterfoil.capture.layout.values import dates_in
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Row, Word

# Rows of one name stand no further apart than this share of the letter height.
NAME_GAP = 0.55
INDENT_SLACK = 4.0
# A row in letters smaller by more than this share is a note.
SMALLER = 0.94
SMALLER_ACCENTED = 0.84
CODE_BEFORE_NAME = re.compile(r"^(?=\S*\d)([A-Z0-9][A-Z0-9./_-]{2,})\s+[-–]\s+(.+)$")
CODE = re.compile(r"^(?=.*\d)[\w][\w./-]{1,29}\.?$")
POSITION = re.compile(r"^\d{1,4}(?:\.\d{1,3})*\.?$")
CODE_LABEL_WORDS_MAX = 4
BULLETS = "•*·"


@dataclass(slots=True)
class LineText:
    """Name, code and order number of one line, each None or empty when it is not printed."""

    description: str
    item_code: str | None
    po_number: str | None


def line_text(
    context: Context, rows: list[RowCells], place: int, name_width: float, stack: tuple[str, ...]
) -> LineText:
    """`rows` are the line's rows from top to bottom; `name_width` is where the widest name ends; `stack` is what a
    head of several rows names one above the other."""
    lines = [(cells.row, cells.texts["description"]) for cells in rows if cells.texts.get("description")]
    if lines and len(lines[0][1]) > 1 and _is_position(lines[0][1][0].text, place):
        lines[0] = (lines[0][0], lines[0][1][1:])
    stacked = None
    if len(lines) > 1 and stack[:1] == ("item_code",) and "description" in stack and is_code(lines[0][1]):
        stacked = lines.pop(0)[1][0].text
    labelled = next((code for _, words in lines[1:] if (code := _labelled_code(context, words))), None)
    order = _order(context, rows)
    name = _name(context, lines, name_width)
    found = CODE_BEFORE_NAME.match(name)
    code = found[1] if found else None
    return LineText(found[2] if found else name, stacked or code or _code_in_column(rows, place) or labelled, order)


def _code_in_column(rows: list[RowCells], place: int) -> str | None:
    """The first code in the code column: in the row of numbers, or set closely around it."""
    before: RowCells | None = None
    for cells in rows:
        if before is not None and not is_close(before.row, cells.row, NAME_GAP):
            return None
        words = cells.texts.get("item_code") or []
        codes = [word.text for word in words if CODE.match(word.text) and not _is_position(word.text, place)]
        if codes:
            return codes[0]
        names = [word.text for word in words if not (word.text.endswith(":") or _is_position(word.text, place))]
        if len(names) == len(words) and words and cells.numbers:
            return " ".join(names)
        before = cells
    return None


def is_code(words: list[Word]) -> bool:
    """One word with a digit in it."""
    return len(words) == 1 and CODE.match(words[0].text) is not None


def _name(context: Context, lines: list[tuple[Row, list[Word]]], name_width: float) -> str:
    if not lines:
        return ""
    text = _text(lines[0][1])
    widest = name_width
    for (before_row, before), (row, words) in pairwise(lines):
        is_open = text.count("(") > text.count(")")
        if not is_close(before_row, row, NAME_GAP) or not is_set_alike(before, words):
            break
        if not is_open and (is_detail(words) or _labelled_code(context, words)):
            break
        widest = max(widest, before[-1].x1)
        text = _continued(context, text, before, words, widest)
    return text


def _text(words: list[Word]) -> str:
    return " ".join(word.text for word in words)


def is_close(before: Row, row: Row, share: float) -> bool:
    """Rows of one page with less than this share of the letter height between them."""
    height = min(max(word.height for word in before.words), max(word.height for word in row.words))
    return before.page == row.page and row.y0 - before.y1 <= share * height


def is_set_alike(before: list[Word], words: list[Word]) -> bool:
    """At the same indentation and in letters no smaller."""
    if abs(before[0].x0 - words[0].x0) > INDENT_SLACK:
        return False
    # Boxes of accented capitals reach higher in some fonts.
    is_accented = any(c.isupper() and not c.isascii() for c in before[0].text)
    share = SMALLER_ACCENTED if is_accented else SMALLER
    return words[0].height >= share * before[0].height


def is_detail(words: list[Word]) -> bool:
    """A row with a label, a bullet or a date says more about the line and is no part of its name."""
    text = _text(words)
    return ":" in text or text[:1] in BULLETS or bool(dates_in(text, day_first=True))


def _continued(context: Context, text: str, before: list[Word], words: list[Word], name_width: float) -> str:
    more = _text(words)
    if text.endswith("-") and len(text) > 1 and text[-2].isalpha():
        return text[:-1] + more if more[:1].islower() else text + more
    if _is_broken(context, before, words, name_width):
        return text + more
    return f"{text} {more}"


def _is_broken(context: Context, before: list[Word], words: list[Word], name_width: float) -> bool:
    """A single word too long for its column was broken without a hyphen: it fills the width, its end is no word."""
    first, last = before[0].text, words[0].text
    if len(before) != 1 or len(words) != 1 or not (first.isalpha() and last.isalpha() and last.islower()):
        return False
    letter = (before[0].x1 - before[0].x0) / max(1, len(before[0].text))
    return before[0].x1 + letter > name_width and not _occurs_alone(context, words[0])


def _occurs_alone(context: Context, word: Word) -> bool:
    """The word stands elsewhere in the document too, so it is one and no broken-off end."""
    same = sum(other.text.lower() == word.text for row in context.layout.rows for other in row.words)
    return same > 1


def _is_position(text: str, place: int) -> bool:
    """The running number of the line that stands before its name."""
    return POSITION.match(text) is not None and text.rstrip(".").lstrip("0") == str(place)


def _labelled_code(context: Context, words: list[Word]) -> str | None:
    """`Art. no.: 17-4` in a row below the name: the words of a code column as a label, then one code."""
    for end in range(1, min(len(words), CODE_LABEL_WORDS_MAX + 1)):
        label = squeeze("".join(word.text for word in words[:end]))
        has_colon = words[end - 1].text.endswith(":") or words[end].text == ":"
        if not _means_code(context, label, has_colon):
            continue
        rest = [word for word in words[end:] if word.text != ":"]
        if rest and is_code(rest[:1]) and (len(rest) == 1 or has_colon):
            return rest[0].text.rstrip(",;")
    return None


def _means_code(context: Context, label: str, has_colon: bool) -> bool:
    kinds = context.vocabulary.columns.get(label, ())
    return bool(kinds) and kinds[0] == "item_code" and (has_colon or len(label) > len("code"))


def _order(context: Context, rows: list[RowCells]) -> str | None:
    """The order a line belongs to: in its own column, or labelled in a row of the line."""
    for cells in rows:
        if words := cells.texts.get("po_number"):
            return words[0].text
    for cells in rows:
        for label in context.labelled.labels[cells.row.index]:
            if label.meaning.field == "po_number":
                value = next((w for w in context.labelled.right_of(label) if any(map(str.isdigit, w.text))), None)
                if value is not None:
                    return value.text.rstrip(",;")
    return None
