"""Which rows of a page belong to the table, and which of them to one line.

Rows of one line stand closer together than lines do, by whatever distance this document keeps; where all rows are
equally far apart, text belongs to the line above it, unless it stands above the first line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.table_cells import RowCells
from counterfoil.capture.layout.table_columns import Header
from counterfoil.capture.layout.table_text import is_detail, is_set_alike
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Row, Word

# Rows this far apart, in letter heights, are no longer one table.
TABLE_GAP = 9.0
END_FIELDS = ("net_total", "gross_total", "tax_total", "payable")
# A row of totals has at most a rate, a base and a sum; a line called `Subtotal hardware` has more.
TOTAL_AMOUNTS_MAX = 3
# Rows of one line stand no further apart than the closest rows of this table plus this share of the letter height.
CLOSE_SLACK = 0.2
# Where no two rows show how close rows of a line stand, this share of the letter height parts lines.
BLOCK_GAP = 0.55
# Rows that overlap by more than this share of their height are one row set unevenly.
OVERLAP = -0.3


@dataclass(slots=True)
class Item:
    """A line being read: its row of numbers, and the text rows that belong to it from top to bottom."""

    cells: RowCells
    texts: list[RowCells] = field(default_factory=list)

    @property
    def rows(self) -> list[RowCells]:
        return sorted([self.cells, *self.texts], key=lambda cells: cells.row.index)

    @property
    def reduction(self) -> Decimal:
        """What rows of numbers alone under the line take off its amount (zero or less)."""
        found = [
            cells.numbers["amount"].amount.value
            for cells in self.texts
            if "amount" in cells.numbers and not any(map(str.isalpha, cells.row.text))
        ]
        return sum((value for value in found if value < 0), Decimal(0))


def body_of(context: Context, header: Header, later: list[Header]) -> tuple[list[Row], list[int]]:
    """Rows below the head over all pages, and the places among them where a total's label may end the table.

    A head repeated on the next page is stepped over; another table's head ends it.
    """
    rows = context.layout.rows
    found: list[Row] = []
    ends: list[int] = []
    same = {other.row for other in later if other.kinds == header.kinds}
    other_heads = {other.row for other in later} - same
    skipping = False
    before = rows[header.row]
    for row in rows[header.row + 1 :]:
        if row.index in same:
            found = [kept for kept in found if kept.page != row.page]
            ends = [place for place in ends if place < len(found)]
            skipping = False
            before = row
            continue
        if row.index in other_heads:
            break
        if row.page != before.page:
            skipping = any(rows[head].page == row.page for head in same)
        elif row.y0 - before.y1 > TABLE_GAP * max(word.height for word in row.words):
            skipping = True
        before = row
        if skipping:
            continue
        if _ends(context, row):
            ends.append(len(found))
        found.append(row)
    return _without_carried(context, found, ends)


def _without_carried(context: Context, rows: list[Row], ends: list[int]) -> tuple[list[Row], list[int]]:
    """The body without sums carried over: they close a page of the table or open the next.

    Elsewhere the same words bill something (`Transport`).
    """
    if not rows or rows[0].page == rows[-1].page:
        return rows, ends
    carried = {
        place for place, row in enumerate(rows) if _is_carried(context, row) and _turns_page(context, rows, place)
    }
    kept = [row for place, row in enumerate(rows) if place not in carried]
    return kept, [place - sum(other < place for other in carried) for place in ends if place not in carried]


def _turns_page(context: Context, rows: list[Row], place: int) -> bool:
    """Whether no other numbers stand before the row on its page, or none after it, where the table has another page."""
    page = rows[place].page
    before = [row for row in rows[:place] if _has_money(context, row)]
    after = [row for row in rows[place + 1 :] if _has_money(context, row)]
    opens = bool(before) and all(row.page != page for row in before)
    closes = bool(after) and all(row.page != page for row in after)
    return opens or closes


def _has_money(context: Context, row: Row) -> bool:
    amounts = (context.amount(word) for word in row.words)
    return any(amount is not None and amount.decimals for amount in amounts)


def _ends(context: Context, row: Row) -> bool:
    """A row that opens with a total's label and an amount may close the table."""
    tokens = context.labelled.tokens[row.index]
    labels = context.labelled.labels[row.index]
    totals = {label.meaning.field for label in labels if label.meaning.field in END_FIELDS}
    if len(totals) > 1 and not any(any(map(str.isdigit, word.text)) for word in row.words):
        return True
    for label in labels:
        if label.start or label.meaning.field not in (*END_FIELDS, "payment_terms"):
            continue
        if label.end == len(tokens):
            return True
        if label.meaning.field in END_FIELDS and _are_amounts(context, tokens[label.end :], label.meaning.is_strong):
            return True
    return False


def _are_amounts(context: Context, words: list[Word], is_strong: bool) -> bool:
    """Amounts, and nothing else when the label is weak."""
    amounts = amounts_of(context, words)
    if not amounts or len(amounts) > TOTAL_AMOUNTS_MAX:
        return False
    return is_strong or sum(len(used) for _, used in amounts) == len(words)


def _is_carried(context: Context, row: Row) -> bool:
    text = squeeze("".join(word.text for word in row.words if not any(map(str.isdigit, word.text))))
    return any(text.startswith(carried) for carried in context.vocabulary.carried)


def items_of(cells_of: list[RowCells], breaks: set[int], lines_max: int) -> list[Item]:
    """Rows to lines. `breaks` are rows (by index) that only sum: no line reaches over one."""
    items: list[Item] = []
    blocks = _blocks(cells_of, breaks)
    width = name_width(cells_of)
    for block in blocks:
        anchors = [cells for cells in block if cells.opens_line]
        if len(items) + len(anchors) > lines_max:
            break
        if anchors:
            items.extend(_grouped(block, anchors, _stands_below(blocks), width))
        elif items and items[-1].cells.row.page == block[0].row.page and not _is_broken_off(items[-1], block, breaks):
            items[-1].texts.extend(block)
    return _adopt_amounts(items)


def _is_broken_off(item: Item, block: list[RowCells], breaks: set[int]) -> bool:
    return any(item.cells.row.index < place < block[0].row.index for place in breaks)


def _blocks(cells_of: list[RowCells], breaks: set[int]) -> list[list[RowCells]]:
    """Rows that stand close together, measured by how close this table's rows stand where they do."""
    near = _closest(cells_of)
    blocks: list[list[RowCells]] = []
    for cells in cells_of:
        if cells.row.index in breaks:
            blocks.append([])
        elif blocks and blocks[-1] and _belongs(blocks[-1][-1], cells, near):
            blocks[-1].append(cells)
        else:
            blocks.append([cells])
    return [block for block in blocks if block]


def _belongs(before: RowCells, cells: RowCells, near: float | None) -> bool:
    if before.row.page != cells.row.page:
        return False
    height = _height(before, cells)
    share = (cells.y0 - before.y1) / height
    return share <= (BLOCK_GAP if near is None else min(BLOCK_GAP, near + CLOSE_SLACK))


def _height(before: RowCells, cells: RowCells) -> float:
    return min(before.height, cells.height)


def _closest(cells_of: list[RowCells]) -> float | None:
    """The smallest gap, as a share of the letter height, between a row of a name and the row of words below it."""
    worded = [cells for cells in cells_of if cells.texts]
    shares = [
        (cells.y0 - before.y1) / _height(before, cells)
        for before, cells in pairwise(worded)
        if before.row.page == cells.row.page and before.opens_line + cells.opens_line < 2
    ]
    if any(not _has_name(cells) for cells in worded if cells.opens_line):
        named = [cells for cells in cells_of if _has_name(cells)]
        shares += [
            (cells.y0 - before.y1) / _height(before, cells)
            for before, cells in pairwise(named)
            if before.row.page == cells.row.page
        ]
    return min((share for share in shares if share > OVERLAP), default=None)


def _stands_below(blocks: list[list[RowCells]]) -> bool:
    """Whether the rows of a name mostly follow its line's numbers: then what stands above a line is a heading."""
    first = last = 0
    for block in blocks:
        anchors = [place for place, cells in enumerate(block) if cells.opens_line]
        if len(anchors) == 1 and len(block) > 1:
            anchor = block[anchors[0]]
            first += anchors[0] == 0 and _reads_on(anchor, block[1])
            last += anchors[0] > 0
    return first > last


def _reads_on(anchor: RowCells, cells: RowCells) -> bool:
    """A row set like the name beside the numbers, and no note."""
    return _is_alike(anchor.texts.get("description") or [], cells)


def _grouped(block: list[RowCells], anchors: list[RowCells], below: bool, width: float) -> list[Item]:
    """Text rows of a block to its lines: around, below or above their line's numbers."""
    places = [place for place, cells in enumerate(block) if cells in anchors]
    opening = places[0]
    if any(cells.numbers for cells in block[:opening]):
        # A row with a number of its own is no beginning of the next line's name.
        block, places = block[opening:], [place - opening for place in places]
        opening = 0
    if len(anchors) == 1:
        is_named = _has_name(anchors[0]) and not _is_even(block, opening)
        rows = block[opening:] if is_named and (below or _is_heading(block, opening, width)) else block
        return [Item(anchors[0], [cells for cells in rows if cells is not anchors[0]])]
    splits = _splits(block, places)
    items = []
    for place, start, end in zip(places, [0, *splits], [*splits, len(block)], strict=True):
        rows = block[start:place] + block[place + 1 : end]
        is_even = place - start == end - place - 1
        if start < place and _has_name(block[place]) and not is_even and _is_heading(block, place, width):
            rows = block[place + 1 : end]
        items.append(Item(block[place], rows))
    return items


def _splits(block: list[RowCells], places: list[int]) -> list[int]:
    """Where each line after the first begins: evenly around their numbers, above them, or right at them."""
    above = places[0]
    splits: list[int] = []
    if above:
        count = above
        for before, place in pairwise(places):
            splits.append(min(place, before + 1 + count))
            count = place - splits[-1]
        if count == len(block) - 1 - places[-1]:
            return splits
        if places[-1] == len(block) - 1:
            return [before + 1 for before in places[:-1]]
    return places[1:]


def name_width(cells_of: list[RowCells]) -> float:
    """Where the widest name ends in a row of numbers, which leave it no more room than its column has."""
    ends = [words[-1].x1 for cells in cells_of if (words := cells.texts.get("description")) and cells.opens_line]
    return max(ends, default=0.0)


def _is_heading(block: list[RowCells], opening: int, width: float) -> bool:
    """The row above a line's numbers had room for the next word: it was ended on purpose and heads a group."""
    if not opening or _is_note(block[opening]):
        return False
    above, name = block[opening - 1].texts.get("description"), block[opening].texts.get("description")
    if not above or not name or above[0].x0 > name[0].x0 + 1.0:
        return True
    return above[-1].x1 + name[0].x1 - name[0].x0 + 0.25 * name[0].height < width


def _is_even(block: list[RowCells], place: int) -> bool:
    """As many text rows above the numbers as below, none of them a note."""
    first = block[0].texts.get("description") or []
    named = [cells for cells in block if cells is block[place] or _is_alike(first, cells)]
    return 0 < place < len(block) - 1 and len(named) - 1 - place == place


def _is_alike(first: list[Word], cells: RowCells) -> bool:
    words = cells.texts.get("description")
    return bool(first) and bool(words) and not _is_note(cells) and is_set_alike(first, words or [])


def _is_note(cells: RowCells) -> bool:
    words = cells.texts.get("description")
    return bool(words) and is_detail(words or [])


def _has_name(cells: RowCells) -> bool:
    return bool(cells.texts.get("description"))


def _adopt_amounts(items: list[Item]) -> list[Item]:
    """An amount set half a line lower than its line's other numbers, alone or beside the end of the name."""
    kept: list[Item] = []
    for item in items:
        cells = item.cells
        before = kept[-1] if kept else None
        if before is not None and _lacks_amount(before) and set(cells.numbers) <= {"amount", "gross_amount"}:
            follows = cells.row.index == before.cells.row.index + 1 and cells.row.page == before.cells.row.page
            if follows and _is_half_below(before.cells, cells):
                before.cells.numbers.update(cells.numbers)
                before.cells.all_numbers.extend(cells.numbers.values())
                before.texts.extend([cells, *item.texts])
                continue
        kept.append(item)
    for item in kept:
        after = item.texts[0] if item.texts else None
        if _lacks_amount(item) and after is not None and set(after.numbers) == {"amount"} and not after.texts:
            item.cells.numbers["amount"] = after.numbers["amount"]
            item.cells.all_numbers.append(after.numbers["amount"])
    return kept


def _lacks_amount(item: Item) -> bool:
    return not {"amount", "gross_amount"} & item.cells.numbers.keys()


def _is_half_below(before: RowCells, cells: RowCells) -> bool:
    return cells.y0 - before.y1 <= CLOSE_SLACK * _height(before, cells)
