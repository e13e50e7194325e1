"""Net, tax and gross: labelled amounts, and the one combination that adds up.

A label alone is a weak witness (`Total` heads a column as often as it ends a page), so every labelled amount is a
candidate and arithmetic decides: net + tax (+ charges - discounts + rounding) = gross.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise, product

from counterfoil.capture.layout.labels import Label
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.values import CODES, SYMBOLS, Amount
from counterfoil.capture.layout.words import Word

ZERO = Decimal(0)
# Tables of totals leave more room under their heads than single labels do.
BELOW_HEIGHTS = 6.0
CANDIDATES_MAX = 12
KINDS = (
    "net_total", "tax_total", "gross_total", "payable", "charge", "discount", "prepaid", "rounding",
)  # fmt: skip

SLACK = Decimal("0.02")


@dataclass(slots=True)
class Totals:
    """The totals found. `is_proven` when they add up; charges are what stands between net and gross beside tax."""

    net: Candidate[Decimal] | None = None
    tax: Candidate[Decimal] | None = None
    gross: Candidate[Decimal] | None = None
    charges: list[tuple[str, Candidate[Decimal]]] = field(default_factory=list)
    prepaid: Candidate[Decimal] | None = None
    payable: Candidate[Decimal] | None = None
    is_proven: bool = False


@dataclass(slots=True)
class _Found:
    value: Decimal
    words: list[Word]
    score: float
    label: Label
    kind: str


def read_totals(context: Context) -> Totals:
    """The totals of the document."""
    found = {kind: _labelled(context, kind) for kind in KINDS}
    solution = _solve(found)
    if solution is not None:
        return solution
    totals = Totals()
    for name, kind in (("net", "net_total"), ("tax", "tax_total"), ("gross", "gross_total")):
        if found[kind]:
            setattr(totals, name, _candidate(found[kind][0], 0.6))
    if totals.gross is None and found["payable"]:
        totals.gross = _candidate(found["payable"][0], 0.5)
    return totals


def _candidate(found: _Found, factor: float) -> Candidate[Decimal]:
    return Candidate(found.value, found.score * factor, found.words)


def _labelled(context: Context, kind: str) -> list[_Found]:
    """Amounts beside or below labels of one kind; the last on the document first, since sums stand at the end."""
    found: list[_Found] = []
    for label in context.labelled.of(kind):
        read = _beside(context, label) or _below(context, label)
        if read is None:
            continue
        amount, words, score = read
        score *= 1.0 if label.meaning.is_strong else 0.7
        found.append(_Found(amount.value, words, score, label, kind))
    found.sort(key=lambda one: (-one.score, -one.label.row))
    return found[:CANDIDATES_MAX]


def _beside(context: Context, label: Label) -> tuple[Amount, list[Word], float] | None:
    """The last amount of the row right of the label: bases and rates stand before it."""
    best: tuple[Amount, list[Word], float] | None = None
    for amount, words in amounts_of(context, context.labelled.right_of(label)):
        if amount.is_percent:
            continue
        best = (amount, words, 0.95)
    return best


def _below(context: Context, label: Label) -> tuple[Amount, list[Word], float] | None:
    """The amount under a label; of several in one column the last, when it is the sum of the others."""
    column: list[tuple[Amount, list[Word]]] = []
    for part in context.labelled.below(label, BELOW_HEIGHTS):
        read = [one for one in amounts_of(context, part) if not one[0].is_percent]
        if len(read) != 1:
            break
        column.append(read[0])
    if not column:
        return None
    *others, last = column
    is_sum = len(others) > 0 and sum((amount.value for amount, _ in others), ZERO) == last[0].value
    amount, words = last if is_sum else column[0]
    return amount, words, 0.8


def amounts_of(context: Context, words: list[Word]) -> list[tuple[Amount, list[Word]]]:
    """Amounts among words, a currency before or after and space-grouped thousands taken in."""
    found: list[tuple[Amount, list[Word]]] = []
    place = 0
    while place < len(words):
        read = _amount_at(context, words, place)
        if read is None:
            place += 1
            continue
        amount, used = read
        found.append((amount, used))
        place += len(used)
    return found


def _amount_at(context: Context, words: list[Word], place: int) -> tuple[Amount, list[Word]] | None:
    from counterfoil.capture.layout.values import amount_of

    for length in (4, 3, 2):
        part = words[place : place + length]
        if len(part) < length or not _touches(part):
            continue
        read = amount_of(" ".join(word.text for word in part), context.decimal)
        if read is not None:
            return read, part
    single = context.amount(words[place])
    return (single, words[place : place + 1]) if single is not None else None


def _touches(words: list[Word]) -> bool:
    """Words with no more than a space between them, of which some are only sign, code or three digits."""
    for before, word in pairwise(words):
        gap = (word.x0 - before.x1) / max(1.0, word.height)
        if gap > (1.2 if _is_currency(before.text) or _is_currency(word.text) else 0.45):
            return False
    return True


def _is_currency(text: str) -> bool:
    return text in SYMBOLS or text in CODES or text in ("-", "–", "−", "kr", "kr.", "%")


def _solve(found: dict[str, list[_Found]]) -> Totals | None:
    """The best combination that adds up."""
    gross_found = [*found["gross_total"], *found["payable"], *found["net_total"]]
    best: tuple[float, Totals] | None = None
    extras = _extras(found)
    for gross in gross_found:
        for net in [*found["net_total"], *found["gross_total"]]:
            if net is gross or (net.value > gross.value > 0):
                continue
            for taxes in _tax_sets(found["tax_total"]):
                tax = sum((one.value for one in taxes), ZERO)
                for extra in extras:
                    total = net.value + tax + sum((value for _, value, _ in extra), ZERO)
                    if abs(total - gross.value) > SLACK:
                        continue
                    score = _score(net, taxes, gross, len(extra))
                    if best is None or score > best[0]:
                        best = (score, _totals(net, taxes, gross, extra))
    return best[1] if best else None


def _score(net: _Found, taxes: list[_Found], gross: _Found, extras: int) -> float:
    score = net.score + gross.score + (sum(one.score for one in taxes) / len(taxes) if taxes else 0.3)
    score += {"gross_total": 0.3, "payable": 0.0, "net_total": -0.6}[gross.kind]
    score += {"net_total": 0.3, "gross_total": -0.2}[net.kind]
    score += 0.25 if taxes and any(one.value for one in taxes) else 0.0
    score += 0.05 if net.value != gross.value else 0.0
    return score - 0.15 * extras


def _totals(
    net: _Found,
    taxes: list[_Found],
    gross: _Found,
    extra: list[tuple[str, Decimal, _Found]],
) -> Totals:
    totals = Totals(is_proven=True)
    factor = 1.04
    totals.net = _candidate(net, factor)
    totals.gross = _candidate(gross, factor)
    if taxes:
        words = [word for one in taxes for word in one.words]
        value = sum((one.value for one in taxes), ZERO)
        totals.tax = Candidate(value, min(one.score for one in taxes) * factor, words)
    totals.charges = [(one.label.text, Candidate(value, one.score, one.words)) for _, value, one in extra]
    return totals


def _tax_sets(found: list[_Found]) -> list[list[_Found]]:
    """No tax, each tax row alone, all tax rows together, each kind of label together."""
    rows = {one.label.row: one for one in reversed(found)}
    different = sorted(rows.values(), key=lambda one: one.label.row)
    sets: list[list[_Found]] = [[one] for one in found]
    if len(different) > 1:
        sets.append(different)
        for first, second in pairwise(different):
            sets.append([first, second])
    sets.append([])
    return sets


def _extras(found: dict[str, list[_Found]]) -> list[list[tuple[str, Decimal, _Found]]]:
    """Combinations of charges, discounts and rounding that may stand between net and gross."""
    choices: list[list[list[tuple[str, Decimal, _Found]]]] = []
    for kind, signs in (("charge", (1,)), ("discount", (-1, 1)), ("rounding", (1, -1))):
        options: list[list[tuple[str, Decimal, _Found]]] = [[]]
        seen: set[Decimal] = set()
        for one in found[kind][:3]:
            if one.value in seen or not one.value:
                continue
            seen.add(one.value)
            options.extend([(kind, one.value * sign, one)] for sign in signs)
        choices.append(options)
    return sorted(
        ([part for option in combination for part in option] for combination in product(*choices)),
        key=len,
    )
