"""The lines of an invoice, by heads and geometry, with arithmetic as the judge.

A head names the columns. Below it, a row with an amount opens a line; rows without one belong to the line whose block
they stand in. Where a number could stand in two columns, quantity × price = amount decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise, permutations

from counterfoil.capture.layout.headless_table import read_headless_lines
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.table_cells import Number, RowCells, sort_row
from counterfoil.capture.layout.table_columns import MONEY_KINDS, Header, find_headers
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.values import dates_in
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Row, Word, box_of
from counterfoil.domain.invoices import Evidence, InvoiceLine

ZERO = Decimal(0)
HUNDRED = Decimal(100)
# Prices of small parts are often for a hundred or a thousand.
PRICE_BASES = (Decimal(1), Decimal(100), Decimal(1000))
CENT = Decimal("0.01")
# Rows of one line stand no further apart than this share of the letter height.
BLOCK_GAP = 0.55
# Rows this far apart, in letter heights, are no longer one table.
TABLE_GAP = 9.0
END_FIELDS = ("net_total", "gross_total", "tax_total", "payable")
NUMBERS_TRIED_MAX = 7
INDENT_SLACK = 4.0
# A price that the document does not print is only implied when it ends within so many places.
PRICE_STEP = Decimal("0.0001")
# A row of totals has at most a rate, a base and a sum; a line called `Subtotal hardware` has more.
TOTAL_AMOUNTS_MAX = 3
CODE_BEFORE_NAME = re.compile(r"^(?=\S*\d)([A-Z0-9][A-Z0-9./_-]{2,})\s+[-–]\s+(.+)$")
POSITION = re.compile(r"^\d{1,4}(?:\.\d{1,3})*\.?$")
AGREES, DISAGREES, UNKNOWN = Decimal("0.95"), Decimal("0.5"), Decimal("0.75")


@dataclass(slots=True)
class _Item:
    """A line being read: its row of numbers and the text rows that belong to it, in order."""

    cells: RowCells
    texts: list[RowCells] = field(default_factory=list)


def read_lines(context: Context, net: Decimal | None, gross: Decimal | None, lines_max: int) -> list[InvoiceLine]:
    """The lines of the table that explains the totals best; empty when there is none."""
    best: tuple[tuple[int, int], list[InvoiceLine]] = ((0, 0), [])
    headers = find_headers(context)
    for place, header in enumerate(headers):
        items = _items(context, header, headers[place + 1 :], lines_max)
        lines = [_line(context, item, place) for place, item in enumerate(items, start=1)]
        lines = _without_sums(lines, net, gross)
        total = sum((line.amount or ZERO for line in lines), ZERO)
        explains = 2 if lines and net is not None and abs(total - net) <= CENT * len(lines) else 0
        explains = explains or (1 if lines and gross is not None and abs(total - gross) <= CENT else 0)
        agreeing = sum(line.evidence is not None and line.evidence.confidence == AGREES for line in lines)
        rank = (explains, agreeing * 2 + len(lines))
        if rank > best[0]:
            best = (rank, lines)
    is_believed = best[0][0] or any(line.evidence and line.evidence.confidence == AGREES for line in best[1])
    found = best[1] if is_believed else read_headless_lines(context, [net, gross], lines_max) or best[1]
    if all(line.unit_price is None for line in found):
        found = list(map(_with_price, found))
    return [line.model_copy(update={"line": place}) for place, line in enumerate(found, start=1)]


def _with_price(line: InvoiceLine) -> InvoiceLine:
    """The price that quantity and amount imply, where the document prints none and it comes out even."""
    if not line.quantity or line.amount is None:
        return line
    price = line.amount / line.quantity
    even = price.quantize(PRICE_STEP)
    return line.model_copy(update={"unit_price": even.normalize()}) if even == price else line


def _without_sums(lines: list[InvoiceLine], net: Decimal | None, gross: Decimal | None) -> list[InvoiceLine]:
    """Rows after the lines proper that the head's columns caught: dropped when the rest then makes a total."""
    targets = [total for total in (net, gross) if total is not None]
    running = ZERO
    for place, line in enumerate(lines):
        running += line.amount or ZERO
        rest = lines[place + 1 :]
        looks_done = all(other.quantity is None or other.unit_price is None for other in rest)
        if rest and looks_done and any(abs(running - total) <= CENT for total in targets):
            return lines[: place + 1]
    return lines


def _items(context: Context, header: Header, later: list[Header], lines_max: int) -> list[_Item]:
    rows = _body(context, header, later)
    items: list[_Item] = []
    for block in _blocks([sort_row(context, row, header.columns) for row in rows]):
        anchors = [cells for cells in block if _is_line(cells)]
        if len(items) + len(anchors) > lines_max:
            break
        if not anchors:
            if items and items[-1].cells.row.page == block[0].row.page:
                items[-1].texts.extend(block)
            continue
        items.extend(_grouped(block, anchors))
    for item in items:
        _adopt_amount(item)
    return items


def _adopt_amount(item: _Item) -> None:
    """An amount set half a line lower than its line stands alone in the next row."""
    if {"amount", "gross_amount"} & item.cells.numbers.keys() or not item.texts:
        return
    after = item.texts[0]
    if set(after.numbers) == {"amount"} and not after.texts and after.row.index == item.cells.row.index + 1:
        item.cells.numbers["amount"] = after.numbers["amount"]
        item.cells.all_numbers.append(after.numbers["amount"])


def _grouped(block: list[RowCells], anchors: list[RowCells]) -> list[_Item]:
    """Text rows of a block to its lines: below their line, or above it where the block opens with text."""
    items = [_Item(anchor) for anchor in anchors]
    if len(items) == 1:
        items[0].texts = [cells for cells in block if cells is not anchors[0]]
        return items
    above = block[0] is not anchors[0] and block[-1] is anchors[-1]
    current = 0 if above else -1
    for cells in block:
        if current + (0 if above else 1) < len(items) and cells is anchors[current + (0 if above else 1)]:
            current += 1
        elif 0 <= current < len(items):
            items[current].texts.append(cells)
        elif not above:
            items[0].texts.append(cells)
    return items


def _body(context: Context, header: Header, later: list[Header]) -> list[Row]:
    """Rows from the head to the totals, over pages; a head repeated on the next page is stepped over."""
    rows = context.layout.rows
    found: list[Row] = []
    same = {other.row for other in later if other.kinds == header.kinds}
    other_heads = {other.row for other in later} - same
    skipping = False
    for row in rows[header.row + 1 :]:
        if row.index in same:
            found = [kept for kept in found if kept.page != row.page]
            skipping = False
            continue
        if row.index in other_heads or _ends(context, row):
            break
        if found and row.page == found[-1].page:
            height = max(word.height for word in row.words)
            skipping = skipping or row.y0 - found[-1].y1 > TABLE_GAP * height
        elif found or row.page != header.page:
            skipping = any(context.layout.rows[head].page == row.page for head in same)
        if not skipping and not _is_carried(context, row):
            found.append(row)
    return found


def _ends(context: Context, row: Row) -> bool:
    """A row that opens with a total's label and an amount closes the table."""
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


def _blocks(rows: list[RowCells]) -> list[list[RowCells]]:
    """Rows that stand close together."""
    blocks: list[list[RowCells]] = []
    for cells in rows:
        if blocks and _is_close(blocks[-1][-1].row, cells.row):
            blocks[-1].append(cells)
        else:
            blocks.append([cells])
    return blocks


def _is_close(before: Row, row: Row) -> bool:
    height = min(max(word.height for word in before.words), max(word.height for word in row.words))
    return before.page == row.page and row.y0 - before.y1 <= BLOCK_GAP * height


def _is_line(cells: RowCells) -> bool:
    """Money in a money column, with a quantity, a price or a text beside it."""
    money = MONEY_KINDS & cells.numbers.keys()
    if not money & {"amount", "gross_amount"} and not {"unit_price", "quantity"} <= cells.numbers.keys():
        return False
    if not any(cells.numbers[kind].amount.decimals or cells.numbers[kind].amount.symbol for kind in money):
        return "quantity" in cells.numbers and len(cells.numbers) >= 3
    has_text = bool(cells.texts.get("description") or cells.texts.get("item_code"))
    return len(cells.numbers) >= 2 or (has_text and bool(money & {"amount", "gross_amount"}))


def _line(context: Context, item: _Item, place: int) -> InvoiceLine:
    values = _decided(item.cells.numbers, item.cells.all_numbers)
    glued = _glued_quantity(values, item.cells)
    description, code = _description(context, item, place)
    quantity = values.get("quantity")
    unit = item.cells.texts.get("unit") or (quantity.unit if quantity else [])
    amount = values.get("amount") or values.get("gross_amount")
    codes = item.cells.texts.get("item_code") or []
    fits = _fits(values)
    return InvoiceLine(
        line=place,
        description=description,
        item_code=code or " ".join(word.text for word in codes) or None,
        quantity=quantity.amount.value if quantity else glued,
        unit=" ".join(word.text for word in unit) or None,
        unit_price=_value(values.get("unit_price")),
        price_base_quantity=(_price_base(values) if fits else None) or Decimal(1),
        amount=_value(amount),
        tax_rate=_value(values.get("tax_rate")),
        evidence=Evidence(
            confidence=UNKNOWN if fits is None else AGREES if fits else DISAGREES,
            page=item.cells.row.page,
            box=box_of(item.cells.row.words),
        ),
    )


def _glued_quantity(values: dict[str, Number], cells: RowCells) -> Decimal | None:
    """The quantity that was printed against its neighbour: what price and amount ask for, found at a word's end."""
    price, amount = values.get("unit_price"), values.get("amount") or values.get("gross_amount")
    if "quantity" in values or price is None or amount is None or not price.amount.value:
        return None
    quantity = amount.amount.value / price.amount.value
    if quantity != quantity.to_integral_value() or quantity <= 0:
        return None
    written = str(int(quantity))
    texts = [words for kind, words in cells.texts.items() if kind != "description"]
    for words in texts:
        last = words[-1]
        if last.text.endswith(written) and last.text != written and last.x1 < price.x0:
            last.text = last.text.removesuffix(written)
            return quantity
    return None


def _value(number: Number | None) -> Decimal | None:
    return number.amount.value if number else None


def _decided(values: dict[str, Number], numbers: list[Number]) -> dict[str, Number]:
    """The columns' reading when it multiplies out; else another order of the same numbers that does."""
    complete = all(kind in values for kind in ("quantity", "unit_price", "amount"))
    if _fits(values) or complete or len(numbers) > NUMBERS_TRIED_MAX:
        return values
    amount = values.get("amount") or values.get("gross_amount") or (numbers[-1] if numbers else None)
    if amount is None:
        return values
    plain = [number for number in numbers if not number.amount.is_percent and number is not amount]
    tries = [
        {**values, "quantity": quantity, "unit_price": price, "amount": amount}
        for quantity, price in permutations(plain, 2)
        if not quantity.amount.symbol
    ]
    kept = [kind for kind in ("quantity", "unit_price") if kind in values]
    fitting = [tried for tried in tries if all(tried[kind] is values[kind] for kind in kept) and _fits(tried)]
    if not kept:
        fitting.sort(key=lambda tried: (not tried["quantity"].unit, -tried["unit_price"].amount.decimals))
    return fitting[0] if fitting else values


def _fits(values: dict[str, Number]) -> bool | None:
    """Whether quantity × price (less discount) is the amount; None when one of them is missing."""
    if not {"quantity", "unit_price"} <= values.keys() or not {"amount", "gross_amount"} & values.keys():
        return None
    return _price_base(values) is not None


def _price_base(values: dict[str, Number]) -> Decimal | None:
    """For how many units the price is (1, 100 or 1000) so that it multiplies out; None when it does for none."""
    quantity, price = values.get("quantity"), values.get("unit_price")
    amounts = [values[kind] for kind in ("amount", "gross_amount") if kind in values]
    if quantity is None or price is None:
        return None
    product = quantity.amount.value * price.amount.value
    slack = max(CENT, abs(quantity.amount.value) * Decimal(1).scaleb(-price.amount.decimals) / 2)
    discount = values.get("discount")
    rate = abs(discount.amount.value) / HUNDRED if discount is not None else ZERO
    for base in PRICE_BASES:
        for factor in {1 - rate, Decimal(1)}:
            if any(abs(product * factor / base - amount.amount.value) <= slack / base for amount in amounts):
                return base
    return None


# --- descriptions ---


def _description(context: Context, item: _Item, place: int) -> tuple[str, str | None]:
    """The name of what was billed and the code that stands before it.

    Rows set closely under the first are one cell with it; what is set apart, indented or labelled says more about it.
    """
    lines = _text_lines(item)
    if not lines:
        return "", None
    text = _text(lines[0][1])
    for (before_row, before), (row, words) in pairwise(lines):
        if not _is_close(before_row, row) or abs(before[0].x0 - words[0].x0) > INDENT_SLACK:
            break
        is_open = text.count("(") > text.count(")")
        if _is_detail(words) and not is_open:
            break
        text = _continued(context, text, before, words)
    text = _without_position(text, place)
    found = CODE_BEFORE_NAME.match(text)
    return (found[2], found[1]) if found else (text, None)


def _text_lines(item: _Item) -> list[tuple[Row, list[Word]]]:
    rows = sorted([item.cells, *item.texts], key=lambda cells: cells.row.index)
    return [(cells.row, cells.texts["description"]) for cells in rows if cells.texts.get("description")]


def _text(words: list[Word]) -> str:
    return " ".join(word.text for word in words)


def _is_detail(words: list[Word]) -> bool:
    """A row with a label, a bullet or a date says more about the line and is no part of its name."""
    text = _text(words)
    return ":" in text or text[:1] in "•*·" or bool(dates_in(text, day_first=True))


def _continued(context: Context, text: str, before: list[Word], words: list[Word]) -> str:
    more = _text(words)
    if text.endswith("-") and len(text) > 1 and text[-2].isalpha():
        return text[:-1] + more if more[:1].islower() else text + more
    if len(before) == 1 and len(words) == 1 and more.islower() and not _occurs_alone(context, words[0]):
        return text + more  # A single word too long for its column was broken without a hyphen.
    return f"{text} {more}"


def _occurs_alone(context: Context, word: Word) -> bool:
    """The word stands elsewhere in the document too, so it is one and no broken-off end."""
    same = sum(other.text.lower() == word.text for row in context.layout.rows for other in row.words)
    return same > 1


def _without_position(text: str, place: int) -> str:
    """The running number of the line that stands before its name."""
    first, _, rest = text.partition(" ")
    if rest and POSITION.match(first) and first.rstrip(".").lstrip("0") == str(place):
        return rest
    return text
