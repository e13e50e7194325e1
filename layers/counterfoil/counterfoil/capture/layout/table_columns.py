"""The head of a line table: which columns there are and where, over one or several rows of words."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.values import CODES
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Row, Word

NUMERIC_KINDS = frozenset(
    (
        "quantity",
        "unit_price",
        "price_base",
        "amount",
        "gross_amount",
        "tax_rate",
        "tax_amount",
        "discount",
        "unknown",
    )
)
MONEY_KINDS = frozenset(("unit_price", "amount", "gross_amount"))
LEADING_KINDS = frozenset(("description", "quantity", "item_code", "position"))
KINDS_MIN = 2
CELL_WORDS_MAX = 5
# Rows of one head follow each other within this share of the letter height; below it the first line may begin.
BAND_GAP = 1.0
BAND_GAP_BELOW = 0.45
BAND_ROWS_MAX = 3
# Numbers may reach this far out of a column's zone, and so far beyond the outermost heads.
ZONE_SLACK = 2.0
ZONE_LAST = 80.0
# Two words of one head stand no further apart than this share of the letter height.
HEAD_SPACE = 0.6


@dataclass(slots=True)
class Column:
    """One column: its kind, where its head stands, and the edge that its values share once that is known.

    `zone` is where its numbers would stand if all heads were set to one side of their columns; `is_guess` says that
    only the values can tell whether the kind is right.
    """

    kind: str
    x0: float
    x1: float
    words: list[Word] = field(default_factory=list)
    edge: tuple[str, float] | None = None
    zone: tuple[float, float] | None = None
    is_guess: bool = False

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC_KINDS


@dataclass(slots=True)
class Header:
    """The head of a table: its last row and its columns from left to right.

    `stack` is what the description's head names one above the other, as `Article no.` over `Description`. `is_tie` says
    that nothing told which of two columns is the quantity and which the price.
    """

    row: int
    page: int
    columns: list[Column]
    stack: tuple[str, ...] = ()
    is_tie: bool = False

    @property
    def kinds(self) -> list[str]:
        return [column.kind for column in self.columns]


@dataclass(slots=True)
class _Cell:
    kinds: tuple[str, ...]
    words: list[Word]
    stack: list[str] = field(default_factory=list)

    @property
    def x0(self) -> float:
        return min(word.x0 for word in self.words)

    @property
    def x1(self) -> float:
        return max(word.x1 for word in self.words)

    def overlaps(self, words: list[Word]) -> bool:
        return words[0].x0 < self.x1 and words[-1].x1 > self.x0


def find_headers(context: Context) -> list[Header]:
    """Every row, or band of rows, that names the columns of a line table."""
    found: list[Header] = []
    last = -1
    for row in context.layout.rows:
        if row.index <= last:
            continue
        if len(row.phrases) < KINDS_MIN or any(_is_no_head_word(word.text) for word in row.words):
            continue
        cells = _cells(context, row)
        known = [cell for cell in cells if cell.kinds]
        if len(known) < KINDS_MIN or len(cells) - len(known) > len(known):
            continue
        band = _band(context, row)
        for other in band:
            _merge(context, cells, other)
        columns = _columns(cells)
        kinds = {column.kind for column in columns}
        if len(kinds - {"unknown"}) >= KINDS_MIN and kinds & MONEY_KINDS and kinds & LEADING_KINDS:
            last = max([row.index, *(other.index for other in band)])
            stack = next((tuple(cell.stack) for cell in cells if cell.stack), ())
            found.append(Header(last, row.page, columns, stack))
    return found


def _is_no_head_word(text: str) -> bool:
    """Numbers stand below heads, and a colon announces a value beside it."""
    return any(map(str.isdigit, text)) or text.endswith(":")


def _cells(context: Context, row: Row) -> list[_Cell]:
    """The head's words, the longest known name at each place; unknown phrases keep their place."""
    cells: list[_Cell] = []
    for part in cut(context.labelled.tokens[row.index]):
        place = 0
        unknown: list[Word] = []
        while place < len(part):
            kinds, end = _known_at(context, part, place)
            if kinds:
                if unknown:
                    cells.append(_Cell((), unknown))
                    unknown = []
                cells.append(_Cell(kinds, part[place:end]))
                place = end
            else:
                unknown.append(part[place])
                place += 1
        if unknown:
            cells.append(_Cell((), unknown))
        _join_phrase(cells, part)
    return cells


def _join_phrase(cells: list[_Cell], part: list[Word]) -> None:
    """Unknown words beside the one known name of a phrase belong to that name."""
    of_part = set(map(id, part))
    own = [cell for cell in cells if id(cell.words[0]) in of_part]
    known = [cell for cell in own if cell.kinds]
    if [cell.kinds[0] for cell in known] == ["unit_price", "price_base"]:
        known.pop()  # `Price per` and, in the row below, `piece`.
    if len(own) > 1 and len(known) == 1:
        del cells[len(cells) - len(own) :]
        cells.append(_Cell(known[0].kinds, list(part)))


def _known_at(context: Context, words: list[Word], place: int) -> tuple[tuple[str, ...], int]:
    text = ""
    best: tuple[tuple[str, ...], int] = ((), place)
    for end in range(place, min(place + CELL_WORDS_MAX, len(words))):
        text += squeeze(words[end].text)
        kinds = _kinds(context, text)
        if kinds and not (best[0] and _is_apart(words, place, end) and _kinds(context, squeeze(words[end].text))):
            best = (kinds, end + 1)
    return best


def _is_apart(words: list[Word], place: int, end: int) -> bool:
    """`Item   Description` are two heads when more than a space lies between them."""
    return any(after.x0 - before.x1 > HEAD_SPACE * after.height for before, after in pairwise(words[place : end + 1]))


def _kinds(context: Context, text: str) -> tuple[str, ...]:
    """What a head's squeezed text means; `Total (EUR)` means what `Total` does."""
    known = context.vocabulary.columns.get(text)
    if known is None and text[-3:].upper() in CODES:
        known = context.vocabulary.columns.get(text[:-3].removesuffix("in"))
    return known or ()


def _band(context: Context, row: Row) -> list[Row]:
    """Rows right above and below that belong to the same head: words only, no amounts."""
    rows = context.layout.rows
    found: list[Row] = []
    for step in (-1, 1):
        edge = row
        for distance in range(1, BAND_ROWS_MAX + 1):
            index = row.index + step * distance
            if not 0 <= index < len(rows) or rows[index].page != row.page:
                break
            other = rows[index]
            gap = (edge.y0 - other.y1) if step < 0 else (other.y0 - edge.y1)
            height = max(word.height for word in other.words)
            reach = BAND_GAP if step < 0 else BAND_GAP_BELOW
            if gap > reach * height or _has_values(other):
                break
            found.append(other)
            edge = other
    return found


def _has_values(row: Row) -> bool:
    """A row with a number is a line of the table, and one with a total's label is its end."""
    if any(any(map(str.isdigit, word.text)) for word in row.words):
        return True
    return len(row.phrases) == 1 and len(row.words) > CELL_WORDS_MAX


def _merge(context: Context, cells: list[_Cell], row: Row) -> None:
    """Add another row's words to the cells they stand over or under."""
    for part in cut(context.labelled.tokens[row.index]):
        over = [cell for cell in cells if cell.overlaps(part)]
        if len(over) > 1:
            continue
        if not over:
            kinds, end = _known_at(context, part, 0)
            cells.append(_Cell(kinds if end == len(part) else (), list(part)))
            continue
        cell = over[0]
        words = sorted([*cell.words, *part], key=lambda word: (round(word.middle), word.x0))
        own = _kinds(context, "".join(squeeze(word.text) for word in part))
        kinds = _kinds(context, "".join(squeeze(word.text) for word in words))
        upper, lower = (own, cell.kinds) if part[0].middle < cell.words[0].middle else (cell.kinds, own)
        if "item_code" in upper and lower[:1] == ("description",):
            cell.stack = ["item_code", "description"]
            cell.kinds = kinds or ("description",)
        elif kinds:
            cell.kinds = kinds
        elif not cell.kinds:
            cell.kinds = own
        cell.words = words


def _columns(cells: list[_Cell]) -> list[Column]:
    """One kind for each cell; of two cells that mean the same, the later takes its next meaning."""
    columns: list[Column] = []
    by_place: list[_Cell] = []
    for cell in sorted(cells, key=lambda cell: cell.x0):
        taken = {column.kind for column in columns}
        kind = next((kind for kind in cell.kinds if kind not in taken), cell.kinds[0] if cell.kinds else "unknown")
        if kind == "description" and kind in taken:
            _demote(columns, by_place)
        by_place.append(cell)
        columns.append(Column(kind, cell.x0, cell.x1, cell.words))
    if not any(column.kind == "description" for column in columns):
        # `Article no.` over `Name` may also read as one name of a code column.
        for column, cell in zip(columns, by_place, strict=True):
            if cell.stack:
                column.kind = "description"
    kinds = {column.kind for column in columns}
    if not kinds & {"amount", "gross_amount"} and "unit_price" in kinds and columns[-1].kind == "unknown":
        columns[-1].kind = "amount"
    return columns


def _demote(columns: list[Column], cells: list[_Cell]) -> None:
    """`Item | Product`: the first of two description columns is a number or code when its head may mean that."""
    taken = {column.kind for column in columns}
    for column, cell in zip(columns, cells, strict=True):
        others = [kind for kind in cell.kinds if kind not in taken]
        if column.kind == "description" and others:
            column.kind = others[0]
            return
    if "item_code" not in taken:
        first = next(column for column in columns if column.kind == "description")
        first.kind, first.is_guess = "item_code", True


def zones(columns: list[Column], side: str) -> None:
    """Set where numbers stand if every head stands at this side of its column: `left`, `right` or `middle`."""
    edges: list[tuple[float, float]] = []
    for place, column in enumerate(columns):
        before = columns[place - 1] if place else None
        after = columns[place + 1] if place + 1 < len(columns) else None
        if side == "left":
            edges.append((column.x0 - ZONE_SLACK, after.x0 if after else column.x1 + ZONE_LAST))
        elif side == "right":
            edges.append((before.x1 if before else column.x0 - ZONE_LAST, column.x1 + ZONE_SLACK))
        else:
            edges.append(
                (
                    (before.x1 + column.x0) / 2 if before else column.x0 - ZONE_LAST,
                    (column.x1 + after.x0) / 2 if after else column.x1 + ZONE_LAST,
                )
            )
    for column, zone in zip(columns, edges, strict=True):
        column.zone = zone
        column.edge = None
