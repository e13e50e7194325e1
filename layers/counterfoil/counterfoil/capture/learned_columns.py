"""What corrected lines teach about the heads of a vendor's line table.

The corrected values are looked for on the page; the phrase over most values of one kind is that column's head.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Row, Word
from counterfoil.domain.invoices import CapturedInvoice, InvoiceLine, LineKind
from counterfoil.domain.vendor_memory import ColumnLesson

# The fields of a line that are compared, and the column of each.
NUMBERS = {"quantity": "quantity", "unit_price": "unit_price", "amount": "amount", "tax_rate": "tax_rate"}
TEXTS = {"description": "description", "item_code": "item_code", "unit": "unit"}
COMPARED = ("description", "quantity", "unit_price", "amount", "item_code")
# The table's head stands at most so many rows above its first line.
HEAD_ROWS_MAX = 6
HEADS_MIN = 2
HEAD_LENGTH = (1, 40)
# A head may stand this many points aside of its values.
ASIDE = 40.0
# The words of one line stand in so many rows.
LINE_ROWS_MAX = 3
# The rows that are tried as the table's first, and words of a description that tell it.
DESCRIPTION_MIN = 3
SHARE_MIN = 0.6

# So many lines and rows tell what the heads mean; a table of a thousand lines says no more.
LINES_MAX, ROWS_MAX = 20, 300

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _RowValues:
    """A row with the amounts and the phrases in it, each with where it stands."""

    row: Row
    amounts: list[tuple[Decimal, Span]]
    texts: list[tuple[str, Span]]


def same_lines(captured: CapturedInvoice, corrected: CapturedInvoice) -> bool:
    """Every corrected line was read, and no other; what a person left empty is not compared."""
    read, right = ([line for line in one.lines if line.kind != LineKind.SUBTOTAL] for one in (captured, corrected))
    return len(read) == len(right) and all(_is_same(one, other) for one, other in zip(read, right, strict=True))


def _is_same(read: InvoiceLine, right: InvoiceLine) -> bool:
    for name in COMPARED:
        want, got = getattr(right, name), getattr(read, name)
        if want in (None, ""):
            continue
        if squeeze(str(want)) != squeeze(str(got)) if isinstance(want, str) else want != got:
            return False
    return True


def columns_of(context: Context, corrected: CapturedInvoice) -> tuple[ColumnLesson, ...]:
    """The heads that do not mean in any language file what they mean here; empty where the lines are not found."""
    wanted = [line for line in corrected.lines if line.kind != LineKind.SUBTOTAL][:LINES_MAX]
    rows = [_values(context, row) for row in context.layout.rows[:ROWS_MAX]]
    lines = [found for line in wanted if (found := _found(rows, line))]
    if not lines or len(lines) < SHARE_MIN * len(wanted):
        return ()
    first = min(row for row, _ in lines)
    spans = [spans for _, spans in lines]
    heads = max(_heads_above(context, first), key=lambda one: sum(map(len, _kinds(one, spans).values())), default=None)
    if heads is None:
        return ()
    return tuple(
        ColumnLesson(head=head, column=kind)
        for head, kinds in _kinds(heads, spans).items()
        for kind in kinds
        if context.vocabulary.columns.get(head, ())[:1] != (kind,)
    )


def _found(rows: Sequence[_RowValues], line: InvoiceLine) -> tuple[int, dict[str, list[Span]]] | None:
    """The row that a line begins in, and where values of each kind stand in it; None when it is not on the page."""
    best: tuple[int, int, dict[str, list[Span]]] | None = None
    for place, first in enumerate(rows):
        spans: dict[str, list[Span]] = defaultdict(list)
        for near in rows[place : place + LINE_ROWS_MAX]:
            if near.row.page == first.row.page:
                for kind, span in _spans(near, line):
                    spans[kind].append(span)
            if near is first and not spans:
                break  # A line begins where something of it stands.
        if "amount" not in spans and "unit_price" not in spans:
            continue
        if best is None or len(spans) > best[0]:
            best = (len(spans), first.row.index, dict(spans))
    return (best[1], best[2]) if best else None


def _values(context: Context, row: Row) -> _RowValues:
    tokens = context.labelled.tokens[row.index]
    amounts = [(abs(amount.value), (words[0].x0, words[-1].x1)) for amount, words in amounts_of(context, tokens)]
    texts = [
        (squeeze("".join(word.text for word in part)), (part[0].x0, part[-1].x1))
        for part in context.labelled.parts(row.index)
    ]
    return _RowValues(row, amounts, texts)


def _spans(row: _RowValues, line: InvoiceLine) -> Iterator[tuple[str, Span]]:
    """Where a row has values of the line, by the kind of column."""
    for amount, span in row.amounts:
        for field, kind in NUMBERS.items():
            value = getattr(line, field)
            if isinstance(value, Decimal) and amount == abs(value):
                yield kind, span
    for text, span in row.texts:
        for field, kind in TEXTS.items():
            want = squeeze(getattr(line, field) or "")
            whole = bool(want) and text == want
            begins = field == "description" and len(text) >= DESCRIPTION_MIN and want.startswith(text)
            if whole or begins:
                yield kind, span


def _heads_above(context: Context, first: int) -> Iterator[list[list[Word]]]:
    """The phrases of each row above the first line that could be the table's head."""
    rows = context.layout.rows
    for index in range(first - 1, max(-1, first - 1 - HEAD_ROWS_MAX), -1):
        if rows[index].page != rows[first].page:
            return
        phrases = cut(context.labelled.tokens[index])
        if len(phrases) >= HEADS_MIN and not any(map(str.isdigit, rows[index].text)):
            yield phrases


def _kinds(heads: Sequence[list[Word]], lines: Sequence[dict[str, list[Span]]]) -> dict[str, list[str]]:
    """By squeezed head, the one kind of column that it is over in most lines; what this leaves open is left out."""
    votes: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for spans in lines:
        for kind, places in spans.items():
            for head in {head for span in places if (head := _nearest(heads, span)) is not None}:
                votes[kind][head] += 1
    found: dict[int, list[str]] = defaultdict(list)
    for kind, counted in votes.items():
        most = max(counted.values())
        leading = [head for head, count in counted.items() if count == most]
        if len(leading) == 1 and most >= SHARE_MIN * len(lines):
            found[leading[0]].append(kind)
    named = {squeeze("".join(word.text for word in heads[head])): kinds for head, kinds in found.items()}
    least, longest = HEAD_LENGTH
    return {head: kinds for head, kinds in named.items() if len(kinds) == 1 and least <= len(head) <= longest}


def _nearest(heads: Sequence[list[Word]], span: Span) -> int | None:
    """The head that a value stands under or nearest to; None when it is under none."""

    def aside(head: list[Word]) -> float:
        return max(0.0, head[0].x0 - span[1], span[0] - head[-1].x1)

    nearest = min(range(len(heads)), key=lambda place: (aside(heads[place]), abs(heads[place][0].x0 - span[0])))
    return nearest if aside(heads[nearest]) <= ASIDE else None
