"""The lines of an invoice, by header words and geometry, with arithmetic as the judge.

A header row names the columns. Below it, a row with an amount opens a line; rows without one continue its
description. Where a number could stand in two columns, quantity × price = amount decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.values import Amount
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Row, Word, box_of
from counterfoil.domain.invoices import Evidence, InvoiceLine

NUMERIC = ("quantity", "unit_price", "amount", "gross_amount", "tax_rate", "tax_amount", "discount")
MONEY = ("unit_price", "amount", "gross_amount", "tax_amount")
HEADER_KINDS_MIN = 2
HEADER_WORDS_MAX = 5
CONTINUATION_HEIGHTS = 2.6
CENT = Decimal("0.01")
END_FIELDS = ("net_total", "gross_total", "tax_total", "payable")


@dataclass(slots=True)
class Column:
    """One column: its kind and where its header stands."""

    kind: str
    x0: float
    x1: float
    text: str


@dataclass(slots=True)
class _Item:
    """A line being read: its cells by kind, its text rows."""

    row: Row
    values: dict[str, tuple[Amount, list[Word]]] = field(default_factory=dict)
    cells: dict[str, list[Word]] = field(default_factory=dict)
    text: list[list[Word]] = field(default_factory=list)


def read_lines(context: Context, lines_max: int) -> list[InvoiceLine]:
    """The lines of the first table that reads as one; empty when none does."""
    best: list[_Item] = []
    for row, columns in _headers(context):
        items = _items(context, row, columns, lines_max)
        if len(items) > len(best):
            best = items
    return [_line(item, place) for place, item in enumerate(best, start=1)]


def _headers(context: Context) -> list[tuple[int, list[Column]]]:
    """Rows that name columns, with their columns from left to right."""
    found = []
    for row in context.layout.rows:
        columns = _columns(context, row)
        kinds = {column.kind for column in columns}
        has_money = kinds & {"amount", "unit_price", "gross_amount"}
        if (
            len(kinds) >= HEADER_KINDS_MIN
            and has_money
            and kinds & {"description", "quantity", "item_code", "position"}
        ):
            found.append((row.index, columns))
    return found


def _columns(context: Context, row: Row) -> list[Column]:
    columns: list[Column] = []
    tokens = context.labelled.tokens[row.index]
    place = 0
    while place < len(tokens):
        read = _column_at(context, tokens, place)
        if read is None:
            place += 1
            continue
        kinds, end = read
        words = tokens[place:end]
        taken = {column.kind for column in columns}
        kind = next((kind for kind in kinds if kind not in taken), kinds[0])
        columns.append(Column(kind, words[0].x0, words[-1].x1, " ".join(w.text for w in words)))
        place = end
    return columns


def _column_at(context: Context, tokens: list[Word], place: int) -> tuple[tuple[str, ...], int] | None:
    best = None
    text = ""
    for end in range(place, min(place + HEADER_WORDS_MAX, len(tokens))):
        if end > place and tokens[end].x0 - tokens[end - 1].x1 > 1.2 * tokens[end].height:
            break
        text += squeeze(tokens[end].text)
        kinds = context.vocabulary.columns.get(text)
        if kinds:
            best = (kinds, end + 1)
    return best


def _items(context: Context, header: int, columns: list[Column], lines_max: int) -> list[_Item]:
    items: list[_Item] = []
    before_bottom = context.layout.rows[header].y1
    for row in context.layout.rows[header + 1 :]:
        if len(items) > lines_max:
            break
        if _ends(context, row):
            break
        if row.page != context.layout.rows[header].page and not items:
            break
        item = _item(context, row, columns)
        if item is not None:
            items.append(item)
        elif items and row.page == items[-1].row.page:
            words = _text_words(context, row, columns)
            if words and row.y0 - before_bottom < CONTINUATION_HEIGHTS * words[0].height:
                items[-1].text.append(words)
        before_bottom = row.y1
    return items


def _ends(context: Context, row: Row) -> bool:
    """A total label with an amount beside it closes the table."""
    for label in context.labelled.labels[row.index]:
        if label.meaning.field in END_FIELDS and label.opens_phrase:
            beside = context.labelled.right_of(label)
            if amounts_of(context, beside):
                first = context.labelled.tokens[row.index][0]
                if label.meaning.is_strong and (first.x0 >= label.x0 - 1 or not _leading(context, row)):
                    return True
    return False


def _leading(context: Context, row: Row) -> bool:
    """Something that is no label opens the row, so the label is part of a line's text."""
    labels = context.labelled.labels[row.index]
    return not labels or labels[0].start != 0


def _item(context: Context, row: Row, columns: list[Column]) -> _Item | None:
    """The row as a line when it has an amount and a quantity or price."""
    tokens = context.labelled.tokens[row.index]
    numbers = [(amount, words) for amount, words in amounts_of(context, tokens) if _in_number_zone(words, columns)]
    if not numbers:
        return None
    item = _Item(row)
    numeric = [column for column in columns if column.kind in NUMERIC]
    for amount, words in numbers:
        column = _nearest(numeric, words)
        if column is None:
            continue
        if column.kind in item.values and _distance(column, words) > _distance(column, item.values[column.kind][1]):
            continue
        item.values[column.kind] = (amount, words)
    if "amount" not in item.values and "gross_amount" in item.values:
        item.values["amount"] = item.values["gross_amount"]
    if "amount" not in item.values and not ("unit_price" in item.values and "quantity" in item.values):
        return None
    used = {id(word) for _, words in item.values.values() for word in words}
    rest = [word for word in tokens if id(word) not in used]
    for word in rest:
        column = _text_column(columns, word)
        item.cells.setdefault(column.kind if column else "description", []).append(word)
    if "description" not in item.cells and not {"quantity", "unit_price"} & item.values.keys():
        return None
    return item


def _in_number_zone(words: list[Word], columns: list[Column]) -> bool:
    """Numbers left of every numeric column belong to the text."""
    numeric = [column for column in columns if column.kind in NUMERIC]
    if not numeric:
        return False
    description = [column for column in columns if column.kind in ("description", "item_code")]
    column = _nearest([*numeric, *description], words)
    return column is not None and column.kind in NUMERIC


def _distance(column: Column, words: list[Word]) -> float:
    """How far apart in the nearest of the three ways of aligning: left, right, middle."""
    x0, x1 = words[0].x0, words[-1].x1
    return min(
        abs(x1 - column.x1),
        abs(x0 - column.x0),
        abs((x0 + x1) / 2 - (column.x0 + column.x1) / 2),
    )


def _nearest(columns: list[Column], words: list[Word]) -> Column | None:
    return min(columns, key=lambda column: _distance(column, words), default=None)


def _text_column(columns: list[Column], word: Word) -> Column | None:
    """The last column that starts left of the word's middle, by header starts."""
    middle = (word.x0 + word.x1) / 2
    found = None
    for column in columns:
        if column.x0 - 4 <= middle:
            found = column
    return found


def _text_words(context: Context, row: Row, columns: list[Column]) -> list[Word]:
    """Words of a row that stand under the description."""
    parts = cut(context.labelled.tokens[row.index])
    found: list[Word] = []
    for part in parts:
        column = _text_column(columns, part[0])
        if column is None or column.kind == "description":
            found.extend(part)
    return found


def _line(item: _Item, place: int) -> InvoiceLine:
    values = {kind: amount.value for kind, (amount, _) in item.values.items()}
    description = item.cells.get("description", [])
    if not description and item.text:
        description = item.text[0]
    code = item.cells.get("item_code")
    unit = item.cells.get("unit") or item.cells.get("quantity")
    words = item.row.words
    agrees = _agrees(values)
    return InvoiceLine(
        line=place,
        description=" ".join(word.text for word in description),
        item_code=" ".join(word.text for word in code) if code else None,
        quantity=values.get("quantity"),
        unit=" ".join(word.text for word in unit) if unit else None,
        unit_price=values.get("unit_price"),
        amount=values.get("amount"),
        tax_rate=values.get("tax_rate"),
        evidence=Evidence(
            confidence=Decimal("0.95") if agrees else Decimal("0.6"),
            page=item.row.page,
            box=box_of(words),
        ),
    )


def _agrees(values: dict[str, Decimal]) -> bool:
    quantity, price, amount = (values.get(kind) for kind in ("quantity", "unit_price", "amount"))
    if quantity is None or price is None or amount is None:
        return False
    return abs(quantity * price - amount) <= CENT
