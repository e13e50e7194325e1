"""Till receipts, as recognised from pictures: who sold, and what was paid.

A receipt names its seller in its first lines, above the seller's own address and registration, and seldom anywhere
else; and what was paid stands among rows of sums, roundings, cash and change, of which any may be misread. The seller
is looked for by place, the total by what the rows say of each other: cash less change, sum and rounding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from rapidfuzz import fuzz

from counterfoil.capture.layout.names import has_legal_form
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.trade import trade_words
from counterfoil.capture.layout.vocabulary import squeeze
from counterfoil.capture.layout.words import Row, Word
from counterfoil.domain.records import Record

ZERO = Decimal(0)
# Paper from a roll is not wider than this many letters are high; a sheet of A4 is twice as wide.
NARROW = 42.0
# So many rows of payment make any other page a receipt.
PAYMENT_ROWS_MIN = 2

# --- the seller ---

# A row this far below the one before (in letter heights) opens another block.
BLOCK_GAP = 1.6
HEAD_ROWS_MAX = 14
NAME_ROWS_MAX = 3
ALIKE = 0.35
NAME_LETTERS_MIN = 3
# Glued words are at least so long, and none of their parts shorter.
PARTED_MIN, PART_MIN = 8, 4
# What a seller's own details look like: street, postcode, telephone, registration, tax, date.
DETAILS = re.compile(
    r"\b(?:lot|no|jalan|jln|lorong|street|st|road|rd|avenue|ave|blvd|taman|level|floor|unit|block|tel|phone|fax|gst|gstin"
    r"|vat|ust|reg|regn?|tax|cashier|date|time|table|invoice|receipt|bill|rechnung|quittung|bon|e-?mail|www|http)\b"
    r"|\b\d{4,6}\b|\(\s*\d{4,}|\d{2,}[-/]\d{2,}|@",
    re.IGNORECASE,
)
# Registration numbers behind a name: `(126926-H)`, `273500-U (KJ1)`, `(CO. REG. 1234)`.
REGISTRATION = re.compile(r"\s*[(\[]?\s*(?:co\.?\s*(?:reg|no)\S*\s*)?[A-Z]{0,3}\d[\d-]{4,}.*$", re.IGNORECASE)
# Signs that are one another at a glance.
MISREAD = str.maketrans("0158", "OISB")
LEGAL_PAIR = re.compile(r"\bSDN\.?\s?(?:BH[A-Z]|B[A-Z]D)\b(\.?)", re.IGNORECASE)
SHORT_FORM = re.compile(r"\b[S5]/[B8](?![\w/])")
SCORE_LEGAL, SCORE_PLACE = 0.95, 0.85

# --- the total ---

AMOUNT = re.compile(
    r"(?<![\w.,])(-?)\s?(\d{1,3}(?:,\d{3})+|\d{1,7})\s?[.,\-·]\s?(\d{2})(?!\d)|(?<![\w.])[.,](\d{2})(?!\d)"
)
PERCENT = re.compile(r"@?\s*\d+(?:[.,]\s?\d+)?\s*%")
ALIKE_LABEL, FUZZY_LENGTH_MIN = 84.0, 4
CURRENCY_ENDINGS = ("rm", "eur", "usd", "gbp")
FILE = Path(__file__).parent.parent / "receipt_words.json"


@dataclass(frozen=True, slots=True)
class _Sum:
    """One row of the sums: its label squeezed, its amount, its words."""

    role: str
    strength: float
    amount: Decimal
    words: list[Word]


PAID_LESS_CHANGE, ROUNDED, SAME_AGAIN, ROUNDED_AWAY = 1.2, 0.5, 0.25, 0.6
TOTAL_SURE, TOTAL_LIKELY, TOTAL_UNSURE = 0.95, 0.75, 0.6
# Two witnesses prove a total; it has to lead the next best by this much.
PROVEN, LEAD = 1.9, 0.15
# A rounding moves a total to the next coin.
ROUNDING_MAX, COIN = Decimal("0.50"), Decimal("0.05")


class _Role(Record):
    """What a row of sums is, how surely a total so called is what was paid, and the labels that say so, squeezed."""

    role: str
    strength: float
    labels: tuple[str, ...]


class _Words(Record):
    """`receipt_words.json`: what is no seller's name; whole labels of sums; parts of labels, the first that fits."""

    not_names: frozenset[str]
    sums: tuple[_Role, ...]
    parts: tuple[_Role, ...]


@lru_cache(1)
def _words_of_receipts() -> _Words:
    return _Words.model_validate_json(FILE.read_bytes())


@lru_cache(1)
def _labels() -> dict[str, _Role]:
    return {squeeze(label): one for one in _words_of_receipts().sums for label in one.labels}


@dataclass(slots=True)
class Receipt:
    """What was found on a till receipt."""

    vendor: Candidate[str] | None = None
    gross: Candidate[Decimal] | None = None


def is_receipt(context: Context) -> bool:
    """Narrow paper from a roll, or any single page with rows of cash and change."""
    if len(context.layout.pages) != 1 or not context.layout.rows:
        return False
    payments = sum(one.role in ("paid", "change") for one in _sums(context))
    return _is_narrow(context) or payments >= PAYMENT_ROWS_MIN


def read_receipt(context: Context) -> Receipt:
    """Seller and total, each None when nothing says. On a sheet the rows run across columns and name no seller."""
    return Receipt(_seller(context) if _is_narrow(context) else None, _total(_sums(context)))


def _is_narrow(context: Context) -> bool:
    words = context.layout.pages[0].words
    heights = sorted(word.height for word in words)
    width = max(word.x1 for word in words) - min(word.x0 for word in words)
    return width < NARROW * heights[len(heights) // 2]


# --- the seller ---


def _seller(context: Context) -> Candidate[str] | None:
    """The first rows of the block that goes on with the seller's details, to the one with a legal form."""
    head = _head(context.layout.rows)
    if not head:
        return None
    legal = next((place for place, row in enumerate(head) if _is_company(_name(row.text))), None)
    first = last = legal if legal is not None else 0
    while (
        first > 0
        and last - first + 1 < NAME_ROWS_MAX
        and legal is not None
        and _continues(head[first - 1], head[first])
    ):
        first -= 1
    rows = head[first : last + 1]
    text = _parted(_name(" ".join(row.text for row in rows)), context)
    known = {squeeze(name) for name in context.own.names}
    if not text or squeeze(text) in known:
        return None
    sure = SCORE_LEGAL if legal is not None else SCORE_PLACE
    return Candidate(context.names.get(squeeze(text), text), sure, [word for row in rows for word in row.words])


def _head(rows: Sequence[Row]) -> list[Row]:
    """The rows above the seller's first detail, of the block that holds it; notes written above are no part of it."""
    first: list[Row] = []
    block: list[Row] = []
    for row in rows[:HEAD_ROWS_MAX]:
        if block and _is_apart(block[-1], row):
            first, block = first or block, []
        if _is_detail(row.text):
            if block:
                return block
        elif _may_name(row.text):
            block.append(row)
    return first or block


def _is_apart(above: Row, row: Row) -> bool:
    """Another block: a wide gap, or letters of quite another size without a legal form to tie them together."""
    height = min(_height(above), _height(row))
    taller = _height(above) / max(1.0, _height(row))
    return row.y0 - above.y1 > BLOCK_GAP * height or (taller > 1 / ALIKE and not _is_company(_name(above.text)))


def _is_detail(text: str) -> bool:
    name = REGISTRATION.sub("", text)
    if _is_company(_name(text)) and sum(map(str.isalpha, name)) >= NAME_LETTERS_MIN:
        return False
    rest = name if sum(map(str.isalpha, name)) > NAME_LETTERS_MIN and name != text else text
    return bool(DETAILS.search(rest)) and squeeze(rest) not in _words_of_receipts().not_names


def _is_company(name: str) -> bool:
    return has_legal_form(name) or bool(SHORT_FORM.search(name))


def _may_name(text: str) -> bool:
    text = _name(text)
    letters = sum(map(str.isalpha, text))
    return (
        letters >= NAME_LETTERS_MIN
        and letters > 0.5 * len(text)
        and squeeze(text) not in _words_of_receipts().not_names
    )


def _continues(above: Row, row: Row) -> bool:
    """The two rows are one name: like letters, close, aligned, and the first is no name of its own."""
    width = max(row.words[-1].x1 - row.words[0].x0, 1.0)
    middles = [(one.words[0].x0 + one.words[-1].x1) / 2 for one in (above, row)]
    aligned = abs(middles[0] - middles[1]) < 0.12 * width or abs(above.words[0].x0 - row.words[0].x0) < _height(row)
    alike = abs(_height(above) - _height(row)) <= ALIKE * max(_height(above), _height(row))
    near = row.y0 - above.y1 < _height(row)
    repeats = {squeeze(word.text) for word in above.words} & {squeeze(word.text) for word in row.words} - {""}
    cased = above.text.isupper() == row.text.isupper()
    return aligned and alike and near and cased and not repeats and not _is_company(_name(above.text))


def _height(row: Row) -> float:
    heights = sorted(word.height for word in row.words)
    return heights[len(heights) // 2]


def _name(text: str) -> str:
    """A name as it is written: without its registration, spaces where they belong, its legal form put right."""
    name = REGISTRATION.sub("", text).strip(" *-~_:=.,'\"")
    name = SHORT_FORM.sub("S/B", name)
    # `SDN.BHD`, `MR.D.I.Y.`, `H.MOTOR`: a space after the point of a word, and before a word.
    name = re.sub(r"(?<=[A-Za-z]{2})\.(?=[A-Za-z])|(?<=[A-Za-z])\.(?=[A-Za-z]{3})", ". ", name)
    name = re.sub(r"(?<=\w)\(", " (", re.sub(r"\)(?=\w)", ") ", name))
    name = re.sub(r"\(\s+|\s+(?=\))", lambda found: found[0].strip(), name)
    name = re.sub(r"(?<=\w)\s&(?=\w)|(?<=\w)&\s(?=\w)", " & ", name)
    name = LEGAL_PAIR.sub(lambda found: _like(found[0], "SDN", "BHD") + found[1], name)
    words = name.split()
    if len(words) > 1 and has_legal_form(f"x {words[-1].translate(MISREAD)}"):
        words[-1] = words[-1].translate(MISREAD)
    if words and has_legal_form(f"x {words[-1]}") and REGISTRATION.sub("", text).rstrip().endswith("."):
        words[-1] = words[-1].rstrip(".") + "."
    return " ".join(words)


def _parted(name: str, context: Context) -> str:
    """Glued words apart again, where all parts are words of trade or stand elsewhere on the receipt."""
    known = {
        part.upper()
        for row in context.layout.rows
        for word in row.words
        for part in re.findall(r"[^\W\d_]{4,}", word.text)
    }
    known = known - {word.upper() for word in name.split()} | trade_words()
    return " ".join(_parts(word, known) or word for word in name.split())


def _parts(word: str, known: AbstractSet[str]) -> str | None:
    """The one way into the fewest known words, None when there is none."""
    if len(word) < PARTED_MIN or not word.isalpha() or word.upper() in trade_words():
        return None
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(PART_MIN, len(word) + 1):
        for start in range(end - PART_MIN + 1):
            before = best[start]
            if before is None or word[start:end].upper() not in known:
                continue
            if best[end] is None or len(before) + 1 < len(best[end] or []):
                best[end] = [*before, word[start:end]]
    return " ".join(best[-1]) if best[-1] else None


def _like(printed: str, first: str, second: str) -> str:
    """The legal form in the letters it was printed in."""
    point = ". " if "." in printed[:-1] else " "
    form = f"{first}{point}{second}"
    return form if printed[1].isupper() else form.title()


# --- the total ---


def _sums(context: Context) -> list[_Sum]:
    """Rows with a label and an amount right of it (the last of several), or right above or below it."""
    found: list[_Sum] = []
    rows = context.layout.rows
    for place, row in enumerate(rows):
        read = list(_amounts(row))
        label = _label(row.text[: read[0][2]] if read else row.text)
        role = _role(label)
        if role is None:
            continue
        if not read and role.role == "total":
            read = [one for other in (place - 1, place + 1) for one in _lone_amount(rows, row, other)][:1]
        if read:
            amount, words, _ = read[-1]
            found.append(_Sum(role.role, role.strength, amount, words))
    return found


def _lone_amount(rows: Sequence[Row], row: Row, other: int) -> list[tuple[Decimal, list[Word], int]]:
    """The amount that stands alone in a row so close that both were one before the paper bent."""
    if not 0 <= other < len(rows):
        return []
    beside = rows[other]
    overlap = min(row.y1, beside.y1) - max(row.y0, beside.y0)
    read = list(_amounts(beside))
    alone = len(read) == 1 and not any(map(str.isalpha, beside.text.replace("RM", "")))
    return read if alone and overlap > 0 and beside.words[0].x0 > row.words[-1].x1 else []


def _label(text: str) -> str:
    return squeeze(PERCENT.sub("", text)).translate(str.maketrans("", "", "#%"))


@lru_cache(1_000)
def _role(label: str) -> _Role | None:
    """What a row of sums is, by its label: the same, alike but for misread letters, or holding a telling part."""
    labels = _labels()
    for currency in CURRENCY_ENDINGS:
        label = label.removesuffix(currency) or label
    if label in labels:
        return labels[label]
    if len(label) >= FUZZY_LENGTH_MIN:
        nearest = max(labels, key=lambda known: fuzz.ratio(label, known))
        if fuzz.ratio(label, nearest) >= ALIKE_LABEL:
            return labels[nearest]
    return next((one for one in _words_of_receipts().parts if any(squeeze(part) in label for part in one.labels)), None)


def _amounts(row: Row) -> Iterator[tuple[Decimal, list[Word], int]]:
    """Amounts with two decimals in a row, where they begin in its text, points misread as other signs."""
    starts: list[int] = []
    length = 0
    for word in row.words:
        starts.append(length)
        length += len(word.text) + 1
    hidden = PERCENT.sub(lambda found: " " * len(found[0]), row.text)
    for match in AMOUNT.finditer(hidden):
        whole, cents = (match[2] or "0").replace(",", ""), match[3] or match[4]
        words = [
            word
            for word, start in zip(row.words, starts, strict=True)
            if start < match.end() and start + len(word.text) > match.start()
        ]
        value = Decimal(f"{whole}.{cents}")
        yield (-value if match[1] and _is_rounding(value) else value), words, match.start()


def _is_rounding(value: Decimal) -> bool:
    return value <= ROUNDING_MAX


def _total(sums: Sequence[_Sum]) -> Candidate[Decimal] | None:
    """The amount that labels and the other rows agree on."""
    totals = [one for one in sums if one.role in ("total", "subtotal") and one.amount > 0]
    roundings = {abs(one.amount) for one in sums if one.role == "rounding" and 0 < abs(one.amount) <= ROUNDING_MAX}
    scores: dict[Decimal, float] = {}
    words: dict[Decimal, list[Word]] = {}
    for one in totals:
        again = SAME_AGAIN if one.amount in scores else 0.0
        scores[one.amount] = max(scores.get(one.amount, 0.0), one.strength) + again
        words[one.amount] = one.words
    printed = {abs(one.amount): one.words for one in sums if one.role != "change"}
    for value in _paid(sums):
        # What was paid after a rounding that no row of its own shows is the total before it.
        meant = (
            value if value in printed else next((total for total in scores if abs(total - value) in roundings), value)
        )
        scores[meant] = scores.get(meant, 0.0) + PAID_LESS_CHANGE
        words.setdefault(meant, printed.get(meant, []))
    for value in scores:
        rounded = [value + sign * by for by in roundings for sign in (1, -1) if value + sign * by in scores]
        if rounded:
            scores[value] += ROUNDED if value % COIN == 0 and rounded[0] % COIN else -ROUNDED_AWAY
    if not scores:
        return None
    (best, score), *others = sorted(scores.items(), key=lambda pair: -pair[1])
    lead = score - others[0][1] if others else score
    sure = TOTAL_SURE if score >= PROVEN and lead >= LEAD else TOTAL_LIKELY if lead >= LEAD else TOTAL_UNSURE
    return Candidate(best, sure, words[best])


def _paid(sums: Sequence[_Sum]) -> set[Decimal]:
    """What was given less what was given back; what was given, where nothing was given back."""
    found: set[Decimal] = set()
    change = [one.amount for one in sums if one.role == "change"]
    for before, after in pairwise(sums):
        if before.role == "paid" and after.role in ("change", "rounding"):
            back = after.amount if after.role == "change" else next(iter(change), ZERO)
            if before.amount > back >= 0:
                found.add(before.amount - back)
    return found
