"""Lines without a head that we understand: only arithmetic is believed.

Rows in which two numbers multiply to a third show where the columns are, and are then read like any table
(`implied_header`). Else a text, an amount at the end of the row and perhaps a quantity between are a line, if a run of
such rows makes the net or the gross total.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise
from statistics import median

from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.table_cells import RowCells, cut_row
from counterfoil.capture.layout.table_columns import Column, Header
from counterfoil.capture.layout.table_text import is_code
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.values import dates_in
from counterfoil.capture.layout.words import Row, Word, box_of
from counterfoil.domain.invoices import Evidence, InvoiceLine

CENT = Decimal("0.01")
ZERO = Decimal(0)
# `x10`, `10 x`, `10x`: how people write quantities without a column.
TIMES = re.compile(r"^(?:[x×](\d{1,6}(?:[.,]\d{1,3})?)|(\d{1,6}(?:[.,]\d{1,3})?)[x×])$", re.IGNORECASE)
POSITION = re.compile(r"^\d{1,4}[.)]$")
CONFIDENCE = Decimal("0.85")
# One row alone that equals a total may be that total under a name we do not know; a row may say more than we read.
CONFIDENCE_DOUBTFUL = Decimal("0.6")
TOTAL_FIELDS = frozenset(
    ("net_total", "tax_total", "gross_total", "payable", "prepaid", "charge", "discount", "rounding")
)
RUNS_TRIED_MAX = 2000
# Rows and numbers of a row that are looked at for products.
PRODUCT_ROWS_MAX = 80
PRODUCT_NUMBERS_MAX = 8
TAX_RATE_MAX = 30
# Text less than this share of its height above a row belongs to it.
ABOVE_GAP = 0.8


@dataclass(slots=True)
class _Candidate:
    """A row that may be a line; `has_more` says that it holds numbers which mean nothing to us."""

    row: Row
    description: list[Word]
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal
    has_more: bool


@dataclass(slots=True)
class _Product:
    """A row in which quantity × price = amount, by the places of the three among its numbers."""

    cells: RowCells
    quantity: int
    price: int
    amount: int


def implied_header(context: Context) -> Header | None:
    """The columns of a table without a known head, from the rows whose numbers multiply out; None without any."""
    found: list[_Product] = []
    for row in context.layout.rows:
        if len(row.phrases) < 3 or _is_total(context, row):
            continue
        cells = cut_row(context, row)
        cells.all_numbers = [number for number in cells.all_numbers if not number.is_inside]
        product = _product(cells) if 3 <= len(cells.all_numbers) <= PRODUCT_NUMBERS_MAX else None
        if product is not None:
            found.append(product)
            if len(found) == PRODUCT_ROWS_MAX:
                break
    if not found:
        return None
    counts = Counter(len(product.cells.all_numbers) for product in found)
    size = max(counts, key=lambda count: counts[count])
    found = [product for product in found if len(product.cells.all_numbers) == size]
    columns = [*_words_columns(found), *_number_columns(found, size)]
    first = found[0].cells.row
    header = Header(_row_before(context, first), first.page, sorted(columns, key=lambda column: column.x0))
    header.is_tie = all(_is_tie(product) for product in found)
    return header


def _is_tie(product: _Product) -> bool:
    """Neither decimals nor a currency tell the price from the quantity."""
    numbers = product.cells.all_numbers
    quantity, price = numbers[product.quantity].amount, numbers[product.price].amount
    return quantity.decimals >= price.decimals and price.symbol is None and quantity.value != 1 and price.value != 1


def _row_before(context: Context, first: Row) -> int:
    """The row after which the table begins: text closely above its first numbers belongs to it."""
    index = first.index - 1
    while index >= 0:
        row, below = context.layout.rows[index], context.layout.rows[index + 1]
        is_close = row.page == below.page and below.y0 - row.y1 < ABOVE_GAP * (row.y1 - row.y0)
        if not is_close or len(row.phrases) > 1:
            break
        index -= 1
    return index


def _product(cells: RowCells) -> _Product | None:
    """The last number that is a product of two before it; whole numbers before others are quantities."""
    numbers = cells.all_numbers
    for amount in range(len(numbers) - 1, 1, -1):
        total = numbers[amount].amount
        if total.is_percent or total.decimals < 2 or not total.value:
            continue
        for second, first in combinations(range(amount - 1, -1, -1), 2):
            one, two = numbers[first].amount, numbers[second].amount
            if one.is_percent or two.is_percent or abs(one.value * two.value - total.value) >= CENT:
                continue
            is_turned = one.symbol is not None or (one.decimals > two.decimals and two.symbol is None)
            quantity, price = (second, first) if is_turned else (first, second)
            return _Product(cells, quantity, price, amount)
    return None


def _number_columns(found: list[_Product], size: int) -> list[Column]:
    """One column for each number of the rows, named by what most rows make of it."""
    columns: list[Column] = []
    for place in range(size):
        numbers = [product.cells.all_numbers[place] for product in found]
        votes = Counter(
            "quantity" if place == product.quantity else "unit_price" if place == product.price else "amount"
            for product in found
            if place in (product.quantity, product.price, product.amount)
        )
        values = {number.amount.value for number in numbers}
        kind = votes.most_common(1)[0][0] if votes.total() * 2 > len(found) else "unknown"
        if kind == "unknown" and len(values) == 1 and 0 <= min(values) <= TAX_RATE_MAX and len(found) > 1:
            kind = "tax_rate"
        if kind in {column.kind for column in columns}:
            kind = "unknown"
        right = median(number.x1 for number in numbers)
        columns.append(Column(kind, median(number.x0 for number in numbers), right, edge=None))
    if [column.kind for column in columns[:1]] == ["unknown"] and _counts_up(found):
        columns[0].kind = "position"
    return columns


def _counts_up(found: list[_Product]) -> bool:
    values = [product.cells.all_numbers[0].amount.value for product in found]
    return all(after > before for before, after in pairwise(values))


def _words_columns(found: list[_Product]) -> list[Column]:
    """The name's column, and that of codes where one stands before it."""
    by_row = [
        [part for part in product.cells.parts if any(map(str.isalpha, "".join(word.text for word in part)))]
        for product in found
    ]
    first = [parts[0] for parts in by_row if parts]
    if not first:
        return [Column("description", 0.0, 0.0)]
    edge = median(part[0].x0 for part in first)
    dates = [
        part[0] for product in found for part in product.cells.parts if dates_in("".join(w.text for w in part), True)
    ]
    more = [Column("date", dates[0].x0, dates[0].x1)] if len(dates) * 2 > len(found) else []
    columns = [Column("description", edge, edge), *more]
    others = [part for parts in by_row for part in parts[1:] if is_code(part)]
    if len(others) * 2 > len(found):
        place = median(part[0].x0 for part in others)
        columns.append(Column("item_code", place, median(part[-1].x1 for part in others)))
    elif sum(map(is_code, first)) * 2 > len(first):
        names = [parts[1][0].x0 for parts in by_row if len(parts) > 1]
        if len(names) * 2 > len(found):
            columns[0] = Column("item_code", edge, edge)
            columns.append(Column("description", median(names), median(names)))
    return columns


def _is_total(context: Context, row: Row) -> bool:
    return any(
        label.meaning.field in TOTAL_FIELDS and label.opens_phrase for label in context.labelled.labels[row.index]
    )


def read_headless_lines(context: Context, totals: list[Decimal | None], lines_max: int) -> list[InvoiceLine]:
    """The longest run of rows whose amounts make one of the totals; empty when none does."""
    found = [candidate for row in context.layout.rows if (candidate := _candidate(context, row))]
    if len(found) > lines_max:
        return []
    for total in totals:
        run = _run(found, total) if total else []
        if run:
            is_doubtful = (len(run) == 1 and run[0].quantity is None) or any(one.has_more for one in run)
            confidence = CONFIDENCE_DOUBTFUL if is_doubtful else CONFIDENCE
            return [_line(candidate, place, confidence) for place, candidate in enumerate(run, start=1)]
    return []


def _run(found: list[_Candidate], total: Decimal) -> list[_Candidate]:
    """The first run of neighbours that sums to the total."""
    tries = 0
    for start in range(len(found)):
        running = ZERO
        for end in range(start, len(found)):
            running += found[end].amount
            tries += 1
            if abs(running - total) < CENT:
                return found[start : end + 1]
            if tries > RUNS_TRIED_MAX:
                return []
    return []


def _candidate(context: Context, row: Row) -> _Candidate | None:
    """A row that opens with text and ends with money, under no total's label."""
    if _is_total(context, row):
        return None
    parts = cut(context.labelled.tokens[row.index])
    if len(parts) < 2:
        return None
    read = amounts_of(context, parts[-1])
    if len(read) != 1 or len(read[0][1]) != len(parts[-1]) or not (read[0][0].decimals or read[0][0].symbol):
        return None
    if read[0][0].is_percent or not any(map(str.isalpha, parts[0][-1].text)):
        return None
    amount = read[0][0].value
    middle = [word for part in parts[1:-1] for word in part]
    quantity, price = _quantity_and_price(context, middle, amount)
    left = any(not one.is_percent for one, _ in amounts_of(context, middle)) and quantity is None
    return _Candidate(row, _without_position(parts[0]), quantity, price, amount, left)


def _quantity_and_price(context: Context, words: list[Word], amount: Decimal) -> tuple[Decimal | None, Decimal | None]:
    for word in words:
        times = TIMES.match(word.text)
        if times:
            return Decimal((times[1] or times[2]).replace(",", ".")), None
    numbers = [one.value for one, _ in amounts_of(context, words) if not one.is_percent]
    for quantity in numbers:
        for price in numbers:
            if quantity is not price and abs(quantity * price - amount) < CENT:
                return quantity, price
    return (numbers[0], None) if len(numbers) == 1 and numbers[0] == numbers[0].to_integral_value() else (None, None)


def _without_position(words: list[Word]) -> list[Word]:
    return words[1:] if len(words) > 1 and POSITION.match(words[0].text) else words


def _line(candidate: _Candidate, place: int, confidence: Decimal) -> InvoiceLine:
    return InvoiceLine(
        line=place,
        description=" ".join(word.text for word in candidate.description),
        quantity=candidate.quantity,
        unit_price=candidate.price,
        amount=candidate.amount,
        evidence=Evidence(confidence=confidence, page=candidate.row.page, box=box_of(candidate.row.words)),
    )
