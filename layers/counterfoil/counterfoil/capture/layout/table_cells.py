"""Numbers of a row to the columns they belong to, and the rest of the row to the text columns.

Rows are cut into numbers and phrases once (`cut_row`) and sorted twice: first by where the heads stand, then by where
the numbers of most rows turned out to end or begin (`settle`), since heads are often set otherwise than their numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from statistics import median

from counterfoil.capture.layout.labels import cut
from counterfoil.capture.layout.page_context import Context
from counterfoil.capture.layout.table_columns import MONEY_KINDS, Column
from counterfoil.capture.layout.totals import amounts_of
from counterfoil.capture.layout.values import Amount, amount_of
from counterfoil.capture.layout.words import Row, Word

# What it costs, in points of misalignment, to leave a number out of every column.
LEFT_OUT = 55.0
LEFT_OUT_WHOLE = 30.0
LEFT_OUT_INSIDE = 2.0
# Beyond this a number does not stand under a head at all; a running number or code stands close under its own.
MISALIGNED_MAX = 70.0
TEXT_MISALIGNED_MAX = 14.0
# Numbers of one column share an edge to within this many points, seldom more.
SETTLED_SPREAD = 3.0
SETTLED_WEIGHT = 1.5
WRONG_SIGN = 1000.0
UNIT_WORDS_MAX = 2
PERCENT_KINDS = frozenset(("tax_rate", "discount", "unknown"))
# Columns under which no number stands by itself.
WORDS_ONLY = frozenset(("description", "unit", "date"))
# `2Stk`, `12,5kg`: a quantity with its unit against it.
GLUED = re.compile(r"^([-−–]?\d[\d.,'’]*)([^\W\d_]{1,8}\.?[²³]?)$")
SAME_EDGE = 1.5
# What begins this many points right of the names is none.
APART = 60.0
TABLE_ROWS_LEARNED_MAX = 60


@dataclass(slots=True)
class Number:
    """A number of a row and the words it was read from; `unit` is what stands right after it.

    One inside of text (`is_inside`) counts only where it stands just like the other numbers of a column.
    """

    amount: Amount
    words: list[Word]
    unit: list[Word] = field(default_factory=list)
    is_inside: bool = False
    x0: float = field(init=False)
    x1: float = field(init=False)

    def __post_init__(self) -> None:
        self.x0 = self.words[0].x0
        self.x1 = self.words[-1].x1


@dataclass(slots=True)
class RowCells:
    """One row sorted out: numbers by column kind, all its numbers, and phrases by text column.

    `opens_line` says that it has the numbers of a line of its own.
    """

    row: Row
    parts: list[list[Word]]
    all_numbers: list[Number]
    numbers: dict[str, Number] = field(default_factory=dict)
    texts: dict[str, list[Word]] = field(default_factory=dict)
    opens_line: bool = False
    y0: float = field(init=False)
    y1: float = field(init=False)
    height: float = field(init=False)

    def __post_init__(self) -> None:
        words = self.row.words
        self.y0 = min([word.y0 for word in words])
        self.y1 = max([word.y1 for word in words])
        self.height = max(1.0, *[word.y1 - word.y0 for word in words])


def cut_row(context: Context, row: Row) -> RowCells:
    """The row's phrases and the numbers among them; nothing is assigned yet."""
    parts = cut(context.labelled.tokens[row.index])
    return RowCells(row, parts, [number for part in parts for number in _numbers(context, part)])


def sort_row(cells: RowCells, columns: list[Column]) -> None:
    """Numbers to columns in order, at the least misalignment; words to text columns."""
    numbers = [number for number in cells.all_numbers if not _opens_name(number, columns)]
    plain = [number for number in numbers if not number.is_inside]
    _sort_numbers(cells, plain, columns)
    if len(plain) < len(numbers) and cells.opens_line and "quantity" not in cells.numbers:
        _sort_numbers(cells, numbers, columns)


def _sort_numbers(cells: RowCells, numbers: list[Number], columns: list[Column]) -> None:
    cells.numbers.clear()
    cells.texts.clear()
    used: set[int] = set()
    starts = [start for column in columns if column.kind == "description" for start in _starts(column)]
    for number, column in _assign(numbers, columns):
        if not column.is_numeric:
            continue
        cells.numbers[column.kind] = number
        used.update(id(word) for word in number.words)
        if column.kind == "quantity":
            number.unit = _unit(number, cells.parts, starts)
            used.update(id(word) for word in number.unit)
    edges = [
        start for column in columns if not column.is_numeric or column.kind == "unknown" for start in _starts(column)
    ]
    for part in cells.parts:
        left = [word for word in part if id(word) not in used]
        for piece in _pieces(left, edges) if left else ():
            cells.texts.setdefault(_text_kind(piece, columns), []).extend(piece)
    cells.opens_line = _opens_line(cells, columns)


def _opens_line(cells: RowCells, columns: list[Column]) -> bool:
    """Money in a money column, with a quantity, a price or a text beside it."""
    money = MONEY_KINDS & cells.numbers.keys()
    if not money & {"amount", "gross_amount"} and not {"unit_price", "quantity"} <= cells.numbers.keys():
        return False
    if not any(cells.numbers[kind].amount.decimals or cells.numbers[kind].amount.symbol for kind in money):
        return "quantity" in cells.numbers and len(cells.numbers) >= 3
    name = cells.texts.get("description")
    has_text = bool(name or cells.texts.get("item_code"))
    if not {"quantity", "unit_price"} & cells.numbers.keys() and (not has_text or _stands_apart(name or [], columns)):
        return False  # `Discount 3 %` further right: it belongs to the totals.
    return len(cells.numbers) >= 2 or (has_text and bool(money & {"amount", "gross_amount"}))


def _stands_apart(name: list[Word], columns: list[Column]) -> bool:
    """Words that begin far right of where names begin."""
    edge = next((column.edge for column in columns if column.kind == "description" and column.edge is not None), None)
    return edge is not None and bool(name) and name[0].x0 > edge[1] + APART


def _opens_name(number: Number, columns: list[Column]) -> bool:
    """A number where names begin is their first word (`10 pieces`), unless a column of numbers begins there too."""
    starts = [start for column in columns if column.kind == "description" for start in _starts(column)]
    if not any(abs(number.x0 - start) < SAME_EDGE for start in starts):
        return False
    return not any(column.is_numeric and column.edge == ("left", number.x0) for column in columns)


def _unit(number: Number, parts: list[list[Word]], starts: list[float]) -> list[Word]:
    """The words after a quantity, up to where the name begins if that is right beside it."""
    last = number.words[-1]
    part = next((part for part in parts if last in part), [])
    after = part[part.index(last) + 1 :] if part else []
    for place, word in enumerate(after[: UNIT_WORDS_MAX + 1]):
        if any(abs(word.x0 - start) < SAME_EDGE for start in starts):
            return number.unit if number.unit and number.unit[0] not in part else after[:place]
    return number.unit


def split_groups(context: Context, cells: RowCells) -> RowCells | None:
    """The row with `2 574` read as two numbers instead of one; None when it has no such number."""
    numbers: list[Number] = []
    for number in cells.all_numbers:
        singles = [(amount, word) for word in number.words if (amount := context.amount(word)) is not None]
        if len(singles) > 1:
            numbers.extend(Number(amount, [word]) for amount, word in singles)
            numbers[-1].unit = number.unit
        else:
            numbers.append(number)
    return RowCells(cells.row, cells.parts, numbers) if len(numbers) > len(cells.all_numbers) else None


def settle(columns: list[Column], rows: list[RowCells]) -> bool:
    """Learn from sorted rows at which edge each column's values stand; false when nothing was learned."""
    learned = False
    rows = rows[:TABLE_ROWS_LEARNED_MAX]
    for column in columns:
        if column.is_numeric:
            numbers = [n for cells in rows if (n := cells.numbers.get(column.kind)) is not None]
            spans = [(n.x0, n.x1, n.unit[-1].x1 if n.unit else n.x1) for n in numbers]
        else:
            spans = [(w[0].x0, w[0].x0, w[0].x0) for cells in rows if (w := cells.texts.get(column.kind))]
        if len(spans) >= 2:
            column.edge = _edge(spans)
            if column.edge is not None and not column.is_numeric:
                column.edge = ("left", column.edge[1])  # Words begin at one edge.
            learned = learned or column.edge is not None
    return learned


def is_settled(cells: RowCells, columns: list[Column]) -> bool:
    """Whether a row would be sorted the same by what was learned: each number has a column and stands at its edge."""
    numeric = 0
    for column in columns:
        if column.edge is None:
            continue
        if not column.is_numeric:
            if abs(column.edge[1] - column.x0) >= SAME_EDGE:
                return False
        elif (number := cells.numbers.get(column.kind)) is not None:
            numeric += 1
            if _from_edge(column.edge, number.x0, number.x1) > SAME_EDGE:
                return False
    return numeric == len(cells.all_numbers)


def _edge(spans: list[tuple[float, float, float]]) -> tuple[str, float] | None:
    """The edge that the values share: right (without or with their units) before left before middle, or None."""
    best: tuple[float, str, float] | None = None
    for name, places in (
        ("right", [x1 for _, x1, _ in spans]),
        ("right", [end for _, _, end in spans]),
        ("left", [x0 for x0, _, _ in spans]),
        ("middle", [(x0 + x1) / 2 for x0, x1, _ in spans]),
    ):
        place = median(places)
        spread = median(abs(other - place) for other in places)
        if best is None or spread < best[0] - 0.3:
            best = (spread, name, place)
    return (best[1], best[2]) if best is not None and best[0] <= SETTLED_SPREAD else None


def _numbers(context: Context, part: list[Word]) -> list[Number]:
    """Numbers at the start or end of a phrase, or anywhere among numbers; inside text they are text."""
    found = [Number(amount, words) for amount, words in amounts_of(context, part)]
    inside = {id(word) for number in found for word in number.words}
    numbers: list[Number] = []
    for number in found:
        first, last = part.index(number.words[0]), part.index(number.words[-1])
        before = [word for word in part[:first] if id(word) not in inside]
        after = [word for word in part[last + 1 :] if id(word) not in inside]
        number.is_inside = bool(before and after)
        if len(after) <= UNIT_WORDS_MAX and (number.is_inside or not before):
            number.unit = after
        elif number.is_inside:
            continue
        numbers.append(number)
    for word in part:
        if id(word) not in inside and (glued := _glued(context, word)):
            numbers.append(glued)
    numbers.sort(key=lambda number: number.x0)
    return numbers


def _glued(context: Context, word: Word) -> Number | None:
    """A number with a unit of measure right against it."""
    found = GLUED.match(word.text)
    amount = amount_of(found[1], context.decimal) if found else None
    if not found or amount is None:
        return None
    middle = word.x0 + (word.x1 - word.x0) * len(found[1]) / len(word.text)
    number = Number(amount, [word], [Word(found[2], word.page, middle, word.y0, word.x1, word.y1)])
    number.x1 = middle
    return number


def _assign(numbers: list[Number], columns: list[Column]) -> list[tuple[Number, Column]]:
    """Numbers and columns matched from left to right at the least total misalignment."""
    columns = [column for column in columns if column.kind not in WORDS_ONLY]
    rows, width = len(numbers), len(columns)
    costs = [[misalignment(number, column) for column in columns] for number in numbers]
    best = [[0.0] * (width + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        left_out = LEFT_OUT if numbers[i].amount.decimals else LEFT_OUT_WHOLE
        left_out = LEFT_OUT_INSIDE if numbers[i].is_inside else left_out
        for j in range(width, -1, -1):
            choice = best[i + 1][j] + left_out
            if j < width:
                choice = min(choice, best[i][j + 1], best[i + 1][j + 1] + costs[i][j])
            best[i][j] = choice
    found: list[tuple[Number, Column]] = []
    i = j = 0
    while i < rows and j < width:
        if best[i][j] == best[i + 1][j + 1] + costs[i][j]:
            found.append((numbers[i], columns[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            i += 1
    return found


def misalignment(number: Number, column: Column) -> float:
    """Points between number and column: at the edge its values share, else at the nearest edge of its head."""
    amount = number.amount
    if amount.is_percent and column.kind not in PERCENT_KINDS:
        return WRONG_SIGN
    if number.is_inside and not column.is_numeric:
        return WRONG_SIGN
    if amount.symbol and not amount.is_percent and (column.kind == "quantity" or not column.is_numeric):
        return WRONG_SIGN
    if column.edge is not None:
        distance = SETTLED_WEIGHT * min(
            _from_edge(column.edge, number.x0, number.x1),
            _from_edge(column.edge, number.x0, number.unit[-1].x1) if number.unit else WRONG_SIGN,
        )
    elif number.is_inside or (not column.is_numeric and number.unit):
        return WRONG_SIGN
    elif column.zone is not None:
        distance = SETTLED_WEIGHT * max(0.0, column.zone[0] - number.x0, number.x1 - column.zone[1])
    else:
        distance = min(
            abs(number.x1 - column.x1),
            abs(number.x0 - column.x0),
            abs(number.x0 + number.x1 - column.x0 - column.x1) / 2,
        )
        if number.unit:
            distance = min(distance, abs(number.unit[-1].x1 - column.x1))
    reach = MISALIGNED_MAX if column.is_numeric else TEXT_MISALIGNED_MAX
    return distance if distance <= reach else WRONG_SIGN


def _from_edge(edge: tuple[str, float], x0: float, x1: float) -> float:
    name, place = edge
    return abs({"left": x0, "right": x1, "middle": (x0 + x1) / 2}[name] - place)


def _pieces(words: list[Word], starts: list[float]) -> list[list[Word]]:
    """A phrase cut where one of its words starts right under another text column's head or values."""
    pieces = [[words[0]]]
    for word in words[1:]:
        x0 = word.x0
        for start in starts:
            if -SAME_EDGE < x0 - start < SAME_EDGE and any(c.isalnum() for other in pieces[-1] for c in other.text):
                pieces.append([word])
                break
        else:
            pieces[-1].append(word)
    return pieces


def _starts(column: Column) -> list[float]:
    """Where words of a text column begin: under its head, or where its values were found to begin."""
    if column.edge is not None and column.edge[0] == "left":
        return [column.x0, column.edge[1]]
    return [column.x0]


def _text_kind(words: list[Word], columns: list[Column]) -> str:
    """The text column a phrase stands under: by its left edge, by overlap with its head, else the nearest."""
    x0, x1 = words[0].x0, words[-1].x1
    texts = [column for column in columns if not column.is_numeric]
    for column in texts:
        if column.edge is not None and column.edge[0] == "left" and abs(x0 - column.edge[1]) < SAME_EDGE:
            return column.kind
    over = [column for column in columns if column.x0 < x1 and column.x1 > x0]
    text_over = [column for column in over if not column.is_numeric]
    if text_over:
        return max(text_over, key=lambda column: min(x1, column.x1) - max(x0, column.x0)).kind
    if over:
        return "unit" if any(column.kind == "price_base" for column in over) else "beside"
    nearest = min(texts, key=lambda column: min(abs(x0 - column.x0), abs(x1 - column.x1)), default=None)
    return nearest.kind if nearest else "description"
