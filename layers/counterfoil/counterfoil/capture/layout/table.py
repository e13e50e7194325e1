"""The lines of an invoice, by heads and geometry, with arithmetic as the judge.

A head names the columns (`table_columns`). Below it, a row with an amount opens a line; rows without one belong to the
line whose block they stand in (`table_rows`). Where a number could stand in two columns, quantity × price = amount
decides; where the table ends and which rows only sum, the document's totals do (`table_arithmetic`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from counterfoil.capture.layout.headless_table import implied_header, read_headless_lines
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.table_arithmetic import (
    CENT,
    ZERO,
    columns_reread,
    decided,
    fits,
    price_base,
    unrounded,
    with_rows_below,
)
from counterfoil.capture.layout.table_cells import Number, RowCells, cut_row, is_settled, settle, sort_row, split_groups
from counterfoil.capture.layout.table_columns import Column, Header, find_headers, zones
from counterfoil.capture.layout.table_rows import Item, body_of, items_of, name_width
from counterfoil.capture.layout.table_text import is_code, line_text
from counterfoil.capture.layout.words import box_of
from counterfoil.domain.invoices import Evidence, InvoiceLine

# A price that the document does not print is only implied when it ends within so many places.
PRICE_STEP = Decimal("0.0001")
CENTS = 2
# Places tried as the table's end.
ENDS_MAX = 8
CODES_SHARE = 0.6
# Rows on which other places of the heads are tried.
ROWS_TRIED_MAX = 12
# Where so many lines multiply out, the heads were understood.
LINES_AGREEING_MIN = 0.9
AGREES, DISAGREES, UNKNOWN = Decimal("0.95"), Decimal("0.5"), Decimal("0.75")
ONLY_SUMMED, NOT_SUMMED, NOTHING_TO_SUM, TIE = Decimal("0.85"), Decimal("0.6"), Decimal("0.75"), Decimal("0.6")
# Each line is rounded by itself (EN 16931), so a sum of n lines may be off by n half cents, but never by much.
SUM_SLACK_MAX = Decimal("0.10")


@dataclass(slots=True)
class _Reading:
    """One reading of one table, with how well it explains the totals: 2 the net, 1 the gross, 0 neither.

    `is_tie` says that quantity and price could as well be the other way round.
    """

    lines: list[InvoiceLine]
    explains: int
    is_tie: bool = False

    @property
    def rank(self) -> tuple[int, int]:
        agreeing = sum(line.evidence is not None and line.evidence.confidence == AGREES for line in self.lines)
        return (self.explains, agreeing * 2 + len(self.lines))


@dataclass(frozen=True, slots=True)
class Sums:
    """What lines may add up to: the net total, before or after the document's charges, or the gross total."""

    nets: tuple[Decimal, ...]
    gross: Decimal | None


def sums_of(net: Decimal | None, gross: Decimal | None, charges: Decimal) -> Sums:
    """The sums to look for, given the totals and what is charged on the whole document."""
    nets = () if net is None else (net,) if not charges else (net, net - charges)
    return Sums(nets, gross)


def read_lines(context: Context, sums: Sums, lines_max: int) -> list[InvoiceLine]:
    """The lines of the table that explains the totals best; empty when there is none.

    Confidence: 0.95 where a line multiplies out and all lines make a total, 0.85 where only the sum is shown, and less
    than 0.7 where no total is made, where a line contradicts itself, or where two readings are as good.
    """
    best = _Reading([], 0)
    headers = find_headers(context)
    for place, header in enumerate(headers):
        reading = _read_table(context, header, headers[place + 1 :], sums, lines_max)
        if reading.rank > best.rank:
            best = reading
    is_believed = best.explains or any(line.evidence and line.evidence.confidence == AGREES for line in best.lines)
    if not is_believed:
        best = _headless(context, sums, lines_max) or best
    found = best.lines
    if all(line.unit_price is None for line in found):
        found = list(map(_with_price, found))
    return [_settled_line(line, place, best, sums) for place, line in enumerate(found, start=1)]


def _settled_line(line: InvoiceLine, place: int, reading: _Reading, sums: Sums) -> InvoiceLine:
    """The line with its number and the confidence that its own arithmetic and that of all lines allow."""
    evidence = line.evidence
    if evidence is not None:
        own = evidence.confidence
        if not reading.explains:
            own = min(own, NOT_SUMMED if sums.nets or sums.gross is not None else NOTHING_TO_SUM)
        elif reading.is_tie:
            own = min(own, TIE)
        elif own == UNKNOWN:
            own = ONLY_SUMMED
        evidence = evidence.model_copy(update={"confidence": own})
    return line.model_copy(update={"line": place, "evidence": evidence})


def _headless(context: Context, sums: Sums, lines_max: int) -> _Reading | None:
    """Lines under no head that we know, when they make a total."""
    header = implied_header(context)
    if header is not None:
        reading = _read_table(context, header, [], sums, lines_max)
        if reading.explains:
            reading.is_tie = header.is_tie
            return reading
    lines = read_headless_lines(context, [*sums.nets, sums.gross], lines_max)
    return _Reading(lines, 1) if lines else None


def _read_table(context: Context, header: Header, later: list[Header], sums: Sums, lines_max: int) -> _Reading:
    """The first end of the table at which its lines make a total; else the last before which no line follows."""
    rows, ends = body_of(context, header, later)
    cells_of: list[RowCells] = []
    first = ends[0] if ends else len(rows)
    best: _Reading | None = None
    for count, end in enumerate([*ends[:ENDS_MAX], len(rows)]):
        more = [cut_row(context, row) for row in rows[len(cells_of) : end]]
        if not count:
            more = _sort(context, header.columns, more)
        for cells in more if count else ():
            sort_row(cells, header.columns)
        more = [_with_groups_split(context, cells, header.columns) for cells in more]
        cells_of += more
        if best is not None and not any(cells.opens_line for cells in more):
            continue
        skipped = set(ends[:count])
        kept = [
            cells
            for place, cells in enumerate(cells_of)
            if place not in skipped and (place < first or not cells.opens_line or _says_what(cells))
        ]
        items = items_of(kept, {cells_of[place].row.index for place in skipped}, lines_max)
        width = name_width(kept)
        lines = [_line(context, item, place, header, width) for place, item in enumerate(items, start=1)]
        reading = _summed(lines, sums)
        if not reading.explains and any(item.reduction for item in items):
            reading = _summed(list(map(_reduced, lines, items)), sums)
        if reading.explains:
            return reading
        is_further = any(fits(cells.numbers) for cells in more)
        if best is None or not best.lines or (is_further and len(reading.lines) > len(best.lines)):
            best = reading
    return best or _Reading([], 0)


def _says_what(cells: RowCells) -> bool:
    """A row after a sum is a line only when it names something or multiplies out; other tables follow there."""
    return bool(cells.texts.get("description")) or "quantity" in cells.numbers


def _sort(context: Context, columns: list[Column], cells_of: list[RowCells]) -> list[RowCells]:
    """Rows to columns by the heads, then by what the rows share, then by what multiplies out.

    Numbers are first put to the nearest head; where lines then do not multiply out or numbers are left over, heads are
    tried as standing at the left, the right or the middle of their columns, and the best reading wins.
    """
    _settled(columns, cells_of)
    _check_guess(columns, cells_of)
    sample = [cells for cells in cells_of if len(cells.all_numbers) > 1][:ROWS_TRIED_MAX]
    best = _quality(columns, sample)
    if best[0] < LINES_AGREEING_MIN:
        settled = [(column, column.edge) for column in columns]
        chosen = ""
        for side in ("left", "right", "middle"):
            zones(columns, side)
            _settled(columns, sample)
            quality = _quality(columns, sample)
            if quality > best:
                best, chosen = quality, side
        if chosen:
            zones(columns, chosen)
            _settled(columns, cells_of)
        else:
            for column, edge in settled:
                column.zone, column.edge = None, edge
            for cells in sample:
                sort_row(cells, columns)
    best = _quality(columns, sample) if best[0] < LINES_AGREEING_MIN else best
    split = [split_groups(context, cells) or cells for cells in sample] if best[0] < LINES_AGREEING_MIN else sample
    if any(one is not other for one, other in zip(split, sample, strict=True)):
        kept = [(column, column.edge, column.zone, column.kind) for column in columns]
        _sort(context, columns, split)
        if _quality(columns, split) > best:
            split = [split_groups(context, cells) or cells for cells in cells_of]
            for cells in split:
                sort_row(cells, columns)
            return split
        for column, edge, zone, kind in kept:
            column.edge, column.zone, column.kind = edge, zone, kind
    if columns_reread(columns, [cells for cells in cells_of if cells.opens_line]):
        for cells in cells_of:
            sort_row(cells, columns)
    return cells_of


def _settled(columns: list[Column], cells_of: list[RowCells]) -> None:
    for cells in cells_of:
        sort_row(cells, columns)
    if settle(columns, [cells for cells in cells_of if cells.opens_line]):
        for cells in cells_of:
            if not is_settled(cells, columns):
                sort_row(cells, columns)


def _with_groups_split(context: Context, cells: RowCells, columns: list[Column]) -> RowCells:
    """The row as it is, or with space-grouped numbers parted when only then it multiplies out."""
    if cells.opens_line and not fits(cells.numbers):
        split = split_groups(context, cells)
        if split is not None:
            sort_row(split, columns)
            if fits(split.numbers):
                return split
    return cells


def _check_guess(columns: list[Column], cells_of: list[RowCells]) -> None:
    """Of two columns of names one holds codes if its values look like codes; else both are parts of the name."""
    guess = next((column for column in columns if column.is_guess), None)
    other = next((column for column in columns if column.kind == "description"), None)
    if guess is None or other is None:
        return
    guess.is_guess = False
    lines = [cells for cells in cells_of if cells.opens_line]
    if _are_codes(guess.kind, lines):
        return
    if _are_codes(other.kind, lines):
        guess.kind, other.kind = other.kind, guess.kind
    else:
        guess.kind = "description"
    _settled(columns, cells_of)


def _are_codes(kind: str, lines: list[RowCells]) -> bool:
    found = [words for cells in lines if (words := cells.texts.get(kind))]
    return sum(map(is_code, found)) >= CODES_SHARE * max(1, len(found))


def _quality(columns: list[Column], cells_of: list[RowCells]) -> tuple[float, float]:
    """The share of lines that multiply out (of those that could), and that of numbers which found a column."""
    lines = [cells for cells in cells_of if cells.opens_line]
    asked = [agrees for cells in lines if (agrees := fits(cells.numbers)) is not None]
    money = [number for cells in lines for number in cells.all_numbers if _is_money(number)]
    placed = sum(_is_money(number) for cells in lines for number in cells.numbers.values())
    could = {"quantity", "unit_price"} <= {column.kind for column in columns}
    share = sum(asked) / max(1, len(lines)) if could else 1.0 if placed >= len(money) else 0.5
    return share, placed / max(1, len(money))


def _is_money(number: Number) -> bool:
    return not number.is_inside and (number.amount.decimals == CENTS or number.amount.symbol is not None)


def _reduced(line: InvoiceLine, item: Item) -> InvoiceLine:
    """The line less what the rows below take off its amount."""
    amount = None if line.amount is None else line.amount + item.reduction
    return line.model_copy(update={"amount": amount})


def _summed(lines: list[InvoiceLine], sums: Sums) -> _Reading:
    """The lines without those that only sum others, as far as the rest then makes a total."""
    for tried in (lines, _without_tail(lines, sums), _without_sums(lines)):
        explains = _explains(tried, sums)
        if explains:
            return _Reading(tried, explains)
    return _Reading(lines, 0)


def _explains(lines: list[InvoiceLine], sums: Sums) -> int:
    total = sum((line.amount or ZERO for line in lines), ZERO)
    slack = min(SUM_SLACK_MAX, CENT * max(2, len(lines)) / 2)
    if lines and any(abs(total - net) <= slack for net in sums.nets):
        return 2
    return 1 if lines and sums.gross is not None and abs(total - sums.gross) <= CENT else 0


def _without_tail(lines: list[InvoiceLine], sums: Sums) -> list[InvoiceLine]:
    """Rows after the lines proper that the head's columns caught: dropped when the rest then makes a total."""
    targets = [total for total in (*sums.nets, sums.gross) if total is not None]
    running = ZERO
    for place, line in enumerate(lines):
        running += line.amount or ZERO
        rest = lines[place + 1 :]
        looks_done = all(other.quantity is None or other.unit_price is None for other in rest)
        if rest and looks_done and any(abs(running - total) <= CENT for total in targets):
            return lines[: place + 1]
    return lines


def _without_sums(lines: list[InvoiceLine]) -> list[InvoiceLine]:
    """Rows that only repeat what the lines since the last such row, or all lines so far, make together."""
    kept: list[InvoiceLine] = []
    since = running = ZERO
    for line in lines:
        amount = line.amount or ZERO
        is_plain = line.quantity is None or line.unit_price is None
        if is_plain and kept and amount and (amount in (since, running)):
            since = ZERO
            continue
        kept.append(line)
        since += amount
        running += amount
    return kept


def _with_price(line: InvoiceLine) -> InvoiceLine:
    """The price that quantity and amount imply, where the document prints none and it comes out even."""
    if not line.quantity or line.amount is None:
        return line
    price = line.amount / line.quantity
    even = price.quantize(PRICE_STEP)
    return line.model_copy(update={"unit_price": even.normalize()}) if even == price else line


def _line(context: Context, item: Item, place: int, header: Header, name_width: float) -> InvoiceLine:
    values = decided(item.cells.numbers, item.cells.all_numbers)
    if fits(values) is False:
        values = with_rows_below(values, item.texts)
    _take_out(values.get("quantity"), item.cells, header)
    glued = _glued_quantity(values, item.cells)
    text = line_text(context, item.rows, place, name_width, header.stack)
    quantity = values.get("quantity")
    unit = [word for word in item.cells.texts.get("unit") or () if context.amount(word) is None]
    unit = unit or (quantity.unit if quantity else [])
    amount = values.get("amount") or values.get("gross_amount")
    agrees = fits(values)
    base = (price_base(values) if agrees else None) or Decimal(1)
    unit_text = " ".join(word.text for word in unit) or None
    is_reduced = "discount" in header.kinds or item.reduction != 0
    exact = {} if is_reduced else unrounded(values)
    return InvoiceLine(
        line=place,
        description=_without_base(text.description, base, unit_text),
        item_code=text.item_code,
        quantity=exact.get("quantity") or (quantity.amount.value if quantity else glued),
        unit=unit_text,
        unit_price=exact.get("unit_price") or _value(values.get("unit_price")),
        price_base_quantity=base,
        amount=_value(amount),
        tax_rate=_value(values.get("tax_rate")),
        po_number=text.po_number,
        evidence=Evidence(
            confidence=UNKNOWN if agrees is None else AGREES if agrees else DISAGREES,
            page=item.cells.row.page,
            box=box_of(item.cells.row.words),
        ),
    )


def _without_base(description: str | None, base: Decimal, unit: str | None) -> str | None:
    """A name without what the price is for: `Coffee beans (1 kg)` of which 5 kg are billed."""
    if not description or not unit:
        return description
    return re.sub(rf"\s*\({base:f}\s*{re.escape(unit)}\)$", "", description) or description


def _take_out(quantity: Number | None, cells: RowCells, header: Header) -> None:
    """A quantity that arithmetic found right beside the name is no part of the name."""
    if quantity is None or cells.numbers.get("quantity") is quantity or "quantity" not in header.kinds:
        return
    taken = {id(word) for word in (*quantity.words, *quantity.unit)}
    for kind, words in cells.texts.items():
        cells.texts[kind] = [word for word in words if id(word) not in taken]


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
    for words in filter(None, texts):
        last = words[-1]
        if last.text.endswith(written) and last.text != written and last.x1 < price.x0:
            last.text = last.text.removesuffix(written)
            return quantity
    return None


def _value(number: Number | None) -> Decimal | None:
    return number.amount.value if number else None
