"""Numbers of a row to the columns they belong to, and the rest of the row to the text columns."""

from __future__ import annotations

from dataclasses import dataclass, field

from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.table_columns import Column
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.values import Amount
from counterfoil.capture.layout.words import Row, Word

# What it costs, in points of misalignment, to leave a number out of every column.
LEFT_OUT = 55.0
LEFT_OUT_WHOLE = 30.0
# Beyond this a number does not stand under a head at all.
MISALIGNED_MAX = 70.0
WRONG_SIGN = 1000.0
UNIT_WORDS_MAX = 2
PERCENT_KINDS = frozenset(("tax_rate", "discount", "unknown"))


@dataclass(slots=True)
class Number:
    """A number of a row and the words it was read from; `unit` is what stands right after it."""

    amount: Amount
    words: list[Word]
    unit: list[Word] = field(default_factory=list)

    @property
    def x0(self) -> float:
        return self.words[0].x0

    @property
    def x1(self) -> float:
        return self.words[-1].x1


@dataclass(slots=True)
class RowCells:
    """One row sorted out: numbers by column kind, all its numbers, and phrases by text column."""

    row: Row
    numbers: dict[str, Number] = field(default_factory=dict)
    all_numbers: list[Number] = field(default_factory=list)
    texts: dict[str, list[Word]] = field(default_factory=dict)


def sort_row(context: Context, row: Row, columns: list[Column]) -> RowCells:
    """Numbers to numeric columns in order, at the least misalignment; words to text columns."""
    cells = RowCells(row)
    numeric = [column for column in columns if column.is_numeric]
    for part in cut(context.labelled.tokens[row.index]):
        cells.all_numbers.extend(_numbers(context, part))
    chosen = _assign(cells.all_numbers, numeric)
    used: set[int] = set()
    for number, column in chosen:
        cells.numbers[column.kind] = number
        used.update(id(word) for word in number.words)
        if column.kind == "quantity":
            used.update(id(word) for word in number.unit)
    texts = [column for column in columns if not column.is_numeric or column.kind == "unknown"]
    for part in cut(context.labelled.tokens[row.index]):
        for piece in _pieces([word for word in part if id(word) not in used], texts):
            kind = _text_kind(piece, columns)
            cells.texts.setdefault(kind, []).extend(piece)
    return cells


def _numbers(context: Context, part: list[Word]) -> list[Number]:
    """Numbers at the start or end of a phrase, or anywhere among numbers; inside text they are text."""
    found = [Number(amount, words) for amount, words in amounts_of(context, part)]
    inside = {id(word) for number in found for word in number.words}
    numbers: list[Number] = []
    for number in found:
        first, last = part.index(number.words[0]), part.index(number.words[-1])
        before = [word for word in part[:first] if id(word) not in inside]
        after = [word for word in part[last + 1 :] if id(word) not in inside]
        if before and after:
            continue
        number.unit = after if not before and len(after) <= UNIT_WORDS_MAX else []
        numbers.append(number)
    return numbers


def _assign(numbers: list[Number], columns: list[Column]) -> list[tuple[Number, Column]]:
    """Numbers and columns matched from left to right at the least total misalignment."""
    rows, width = len(numbers), len(columns)
    best = [[0.0] * (width + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        left_out = LEFT_OUT if numbers[i].amount.decimals else LEFT_OUT_WHOLE
        for j in range(width, -1, -1):
            choice = best[i + 1][j] + left_out
            if j < width:
                choice = min(choice, best[i][j + 1], best[i + 1][j + 1] + misalignment(numbers[i], columns[j]))
            best[i][j] = choice
    found: list[tuple[Number, Column]] = []
    i = j = 0
    while i < rows and j < width:
        if best[i][j] == best[i + 1][j + 1] + misalignment(numbers[i], columns[j]):
            found.append((numbers[i], columns[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            i += 1
    return found


def misalignment(number: Number, column: Column) -> float:
    """Points between number and head in the nearest of three ways of aligning: left, right, middle."""
    if number.amount.is_percent and column.kind not in PERCENT_KINDS:
        return WRONG_SIGN
    if number.amount.symbol and column.kind == "quantity" and not number.amount.is_percent:
        return WRONG_SIGN
    distance = min(
        abs(number.x1 - column.x1),
        abs(number.x0 - column.x0),
        abs(number.x0 + number.x1 - column.x0 - column.x1) / 2,
    )
    return distance if distance <= MISALIGNED_MAX else WRONG_SIGN


def _pieces(words: list[Word], columns: list[Column]) -> list[list[Word]]:
    """A phrase cut where one of its words starts right under another text column's head."""
    pieces: list[list[Word]] = []
    for word in words:
        starts = any(abs(word.x0 - column.x0) < 2.0 for column in columns)
        if not pieces or starts:
            pieces.append([word])
        else:
            pieces[-1].append(word)
    return pieces


def _text_kind(words: list[Word], columns: list[Column]) -> str:
    """The text column a phrase stands under: by overlap with its head, else the nearest."""
    x0, x1 = words[0].x0, words[-1].x1
    texts = [column for column in columns if not column.is_numeric]
    over = [column for column in columns if column.x0 < x1 and column.x1 > x0]
    text_over = [column for column in over if not column.is_numeric]
    if text_over:
        return max(text_over, key=lambda column: min(x1, column.x1) - max(x0, column.x0)).kind
    if over:
        return "beside"
    nearest = min(texts, key=lambda column: min(abs(x0 - column.x0), abs(x1 - column.x1)), default=None)
    return nearest.kind if nearest else "description"
