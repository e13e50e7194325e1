"""Lines without a head: a text, an amount at the end of the row, perhaps a quantity between.

Without a head anything could be a line, so only arithmetic is believed: rows in a run whose amounts make the net or
the gross total.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.words import Row, Word, box_of
from counterfoil.domain.invoices import Evidence, InvoiceLine

CENT = Decimal("0.01")
ZERO = Decimal(0)
# `x10`, `10 x`, `10x`: how people write quantities without a column.
TIMES = re.compile(r"^(?:[x×](\d{1,6}(?:[.,]\d{1,3})?)|(\d{1,6}(?:[.,]\d{1,3})?)[x×])$", re.IGNORECASE)
POSITION = re.compile(r"^\d{1,4}[.)]$")
CONFIDENCE = Decimal("0.85")
TOTAL_FIELDS = frozenset(
    ("net_total", "tax_total", "gross_total", "payable", "prepaid", "charge", "discount", "rounding")
)
RUNS_TRIED_MAX = 2000


@dataclass(slots=True)
class _Candidate:
    row: Row
    description: list[Word]
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal


def read_headless_lines(context: Context, totals: list[Decimal | None], lines_max: int) -> list[InvoiceLine]:
    """The longest run of rows whose amounts make one of the totals; empty when none does."""
    found = [candidate for row in context.layout.rows if (candidate := _candidate(context, row))]
    if len(found) > lines_max:
        return []
    for total in totals:
        run = _run(found, total) if total else []
        if run:
            return [_line(candidate, place) for place, candidate in enumerate(run, start=1)]
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
    if any(label.meaning.field in TOTAL_FIELDS and label.opens_phrase for label in context.labelled.labels[row.index]):
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
    quantity, price = _quantity_and_price(context, parts[1:-1], amount)
    return _Candidate(row, _without_position(parts[0]), quantity, price, amount)


def _quantity_and_price(
    context: Context, parts: list[list[Word]], amount: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    words = [word for part in parts for word in part]
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


def _line(candidate: _Candidate, place: int) -> InvoiceLine:
    return InvoiceLine(
        line=place,
        description=" ".join(word.text for word in candidate.description),
        quantity=candidate.quantity,
        unit_price=candidate.price,
        amount=candidate.amount,
        evidence=Evidence(confidence=CONFIDENCE, page=candidate.row.page, box=box_of(candidate.row.words)),
    )
