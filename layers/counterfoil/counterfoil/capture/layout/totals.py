"""Net, tax and gross: labelled amounts, and the one combination that adds up.

A label alone is a weak witness (`Total` heads a column as often as it ends a page), so every labelled amount is a
candidate and arithmetic decides: net + tax (+ charges - discounts + rounding) = gross.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations, pairwise, product

from counterfoil.capture.layout.currency import labelled_currency
from counterfoil.capture.layout.labels import Label
from counterfoil.capture.layout.page_context import Candidate, Context
from counterfoil.capture.layout.values import CODES, SYMBOLS, Amount
from counterfoil.capture.layout.vocabulary import Meaning, squeeze, tax_exemptions
from counterfoil.capture.layout.words import Word

ZERO = Decimal(0)
# Tables of totals leave more room under their heads than single labels do.
BELOW_HEIGHTS = 6.0
# An amount in a row of its own is beside a label when so much of their height is the same.
OVERLAP = 0.5
LAST_IN_ROW, EARLIER_IN_ROW = 0.95, 0.7
# Two totals in one row that both add up (two currencies side by side): a person has to choose.
AMBIGUOUS = 0.6
SURE, LESS_THAN_LARGEST = 0.9, 0.5
# A total that a printed rounding explains is the one that is paid.
ROUNDED = 0.3
# A tax that only its rate tells, confirmed by net and gross; no tax, where the document says that none is due.
RATE_ONLY = 0.85
EXEMPT, EXEMPT_WITHOUT_NET = 0.85, 0.8
TAX = Meaning("tax_total", 0.0)
# Net and tax in the row of the gross, confirmed by a printed rate.
COLUMN_SUMS = 0.85
UNLABELLED, UNLABELLED_MAX = 0.55, 4
# The sum of the lines as the net, and a gross beside a tax that the sum leaves out.
LINES_SUM, TAX_LEFT_OUT = 0.8, 0.85
CANDIDATES_MAX = 12
KINDS = (
    "net_total", "tax_total", "gross_total", "payable", "charge", "discount", "prepaid", "rounding",
)  # fmt: skip

SLACK = Decimal("0.02")
RATE, NOT_ZERO = re.compile(r"([\d.,]+) ?%"), set("123456789")


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


# `2 445,12`: three digits after one to three. Where all letters are of one width, a space is as wide as a digit.
HEAD_GROUP = re.compile(r"^\D{0,3}\d{1,3}$")
GROUP = re.compile(r"^\d{3}(?:[.,]\d{1,6})?\D{0,3}$")
SAME_WIDTH = 0.05


@dataclass(slots=True)
class _Found:
    value: Decimal
    words: list[Word]
    score: float
    label: Label
    kind: str


def read_totals(context: Context, lines_sum: Decimal | None = None) -> Totals:
    """The totals of the document. `lines_sum` is what its lines make, a witness where no net is printed."""
    columns = _currency_columns(context)
    found = {kind: _labelled(context, kind, columns) for kind in KINDS}
    if lines_sum is not None:
        found["net_total"].append(
            _Found(lines_sum, [], LINES_SUM, _place(Meaning("net_total", LINES_SUM), -1, []), "net_total")
        )
    found["tax_total"].extend(_unlabelled_taxes(context, found["tax_total"]))
    rates = _rates(context)
    solution = _solve(found) or _solve_by_rate(found, rates)
    if solution is None or (solution.tax is None and not solution.charges):
        solution = _solve_in_row(context, found["gross_total"]) or solution
    if solution is not None:
        _conclude_no_tax(context, solution, found, rates)
        return solution
    totals = Totals()
    for name, kind in (("net", "net_total"), ("tax", "tax_total"), ("gross", "gross_total")):
        if found[kind]:
            # `Invoice Total` is this document's; `Total Due` may hold older ones.
            own = next((one for one in found[kind] if _names_document(context, one.label)), found[kind][0])
            setattr(totals, name, _candidate(own, 0.6))
    if totals.gross is None and found["payable"]:
        totals.gross = _candidate(found["payable"][0], 0.5)
    _conclude_no_tax(context, totals, found, rates)
    return totals


def _names_document(context: Context, label: Label) -> bool:
    return any(squeeze(word) in context.vocabulary.titles for word in label.text.split())


def _conclude_no_tax(
    context: Context, totals: Totals, found: dict[str, list[_Found]], rates: list[tuple[Decimal, list[Word]]]
) -> None:
    """Net equal to gross and words that no tax is due (or a rate of nothing) make the tax zero, not unknown.

    Where only one total is printed beside such words it is the net as well.
    """
    if totals.gross is None or totals.tax is not None or totals.charges:
        return
    if any(one.value and one.score > UNLABELLED for one in found["tax_total"]) or any(rate for rate, _ in rates):
        return
    words = next((words for rate, words in rates if not rate), None) or _exemption(context)
    if words is None or (totals.net is not None and totals.net.value != totals.gross.value):
        return
    if totals.net is None:
        totals.net = Candidate(totals.gross.value, min(EXEMPT_WITHOUT_NET, totals.gross.score), totals.gross.words)
    totals.tax = Candidate(ZERO, min(EXEMPT, totals.gross.score), words)


def _exemption(context: Context) -> list[Word] | None:
    """The row that says that no tax is due; one that answers `No` to a question says nothing."""
    for row in context.labelled.tokens:
        text = squeeze(" ".join(word.text for word in row))
        is_denied = (
            text.startswith("whether") or "notpayable" in text or squeeze(row[-1].text if row else "") in ("no", "n")
        )
        if is_denied:
            continue
        if any(phrase in text for phrase in tax_exemptions()):
            return row
    return None


def _candidate(found: _Found, factor: float) -> Candidate[Decimal]:
    return Candidate(found.value, found.score * factor, found.words)


def _labelled(context: Context, kind: str, columns: _Columns | None) -> list[_Found]:
    """Amounts beside or below labels of one kind; the last on the document first, since sums stand at the end."""
    found: list[_Found] = []
    for label in context.labelled.of(kind):
        below = _below(context, label)
        amounts = _beside(context, label) or ([below] if below else [])
        if kind == "tax_total" and _is_untaxed(context.labelled.right_of(label)):
            amounts = [one for one in amounts if not one[0].value]
        for amount, words, score in amounts:
            if columns and columns.is_foreign(words):
                continue
            found.append(_Found(amount.value, words, score * label.meaning.strength, label, kind))
    found.sort(key=lambda one: (-one.score, -one.label.row))
    return found[:CANDIDATES_MAX]


def _unlabelled_taxes(context: Context, known: list[_Found]) -> list[_Found]:
    """Rows with a rate and an amount under no label we know: they may be a tax by another name."""
    rows = {one.label.row for one in known}
    found: list[_Found] = []
    for index, tokens in enumerate(context.labelled.tokens):
        if index in rows or context.labelled.labels[index] or not any("%" in word.text for word in tokens):
            continue
        if _is_untaxed(tokens):
            continue
        read = [one for one in amounts_of(context, tokens) if not one[0].is_percent]
        if len(read) == 1 and read[0][0].decimals and read[0][1][-1] is tokens[-1]:
            amount, words = read[0]
            found.append(_Found(amount.value, words, UNLABELLED, _place(TAX, index, words), "tax_total"))
    return found[-UNLABELLED_MAX:]


def _place(meaning: Meaning, row: int, words: list[Word]) -> Label:
    """Where an amount without a label stands."""
    x0, x1 = (words[0].x0, words[-1].x1) if words else (0.0, 0.0)
    y0, y1 = (words[0].y0, words[0].y1) if words else (0.0, 0.0)
    return Label(meaning, row, 0, 0, x0, x1, y0, y1, words[0].page if words else 1, True, False, "")


def _beside(context: Context, label: Label) -> list[tuple[Amount, list[Word], float]]:
    """The amounts right of the label. The last is the likeliest: bases and rates stand before it."""
    words = context.labelled.right_of(label) or _set_off_beside(context, label)
    read = [one for one in amounts_of(context, words) if not one[0].is_percent]
    return [
        (amount, words, LAST_IN_ROW if place == len(read) else EARLIER_IN_ROW)
        for place, (amount, words) in enumerate(read, start=1)
    ]


@dataclass(slots=True)
class _Columns:
    """Columns of amounts in several currencies: where the heads with their codes stand, and the invoice's own."""

    heads: list[Word]
    own: str

    def is_foreign(self, words: list[Word]) -> bool:
        """Whether the amount stands below the head of another currency."""
        if words[0].page != self.heads[0].page or words[0].y0 < self.heads[0].y0:
            return False
        nearest = min(self.heads, key=lambda head: abs(head.x0 + head.x1 - words[0].x0 - words[-1].x1))
        return nearest.text != self.own


def _set_off_beside(context: Context, label: Label) -> list[Word]:
    """The words right of a label that stand a little higher or lower, or are larger, so that their row is another."""
    rows = context.layout.rows
    for index in (label.row + 1, label.row - 1):
        if not 0 <= index < len(rows) or rows[index].page != label.page:
            continue
        words = [word for word in context.labelled.tokens[index] if word.x0 > label.x1 and _is_beside(label, word)]
        taken = any(other.x0 >= label.x0 for other in context.labelled.labels[index])
        if words and not taken:
            return words
    return []


def _is_beside(label: Label, word: Word) -> bool:
    overlap = min(label.y1, word.y1) - max(label.y0, word.y0)
    return overlap >= min(label.y1 - label.y0, word.height) * OVERLAP


def _currency_columns(context: Context) -> _Columns | None:
    """`USD   EUR` as heads, where the document names its currency elsewhere: the others are for information."""
    own = labelled_currency(context)
    for tokens in context.labelled.tokens if own else []:
        codes = [word for word in tokens if word.text in CODES]
        if len(codes) > 1 and len(codes) == len(tokens) == len({word.text for word in codes}):
            return _Columns(codes, own) if own in [word.text for word in codes] else None
    return None


def _is_untaxed(words: list[Word]) -> bool:
    """`VAT 0 %`: an amount behind it is what was not taxed."""
    rates = RATE.findall(" ".join(word.text for word in words))
    return bool(rates) and not any(set(rate) & NOT_ZERO for rate in rates)


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
        if before.text[-1:].isdigit() and word.text[:1].isdigit():
            if not (HEAD_GROUP.match(before.text) and GROUP.match(word.text)):
                return False
            letter = (word.x1 - word.x0) / len(word.text)
            if gap > 0.45 and abs(word.x0 - before.x1 - letter) > SAME_WIDTH * letter:
                return False
        elif gap > (1.2 if _is_currency(before.text) or _is_currency(word.text) else 0.45):
            return False
    return True


def _is_currency(text: str) -> bool:
    return text in SYMBOLS or text in CODES or text in ("-", "–", "−", "kr", "kr.", "%")


def _solve(found: dict[str, list[_Found]]) -> Totals | None:
    """The best combination that adds up."""
    gross_found = [one for one in (*found["gross_total"], *found["payable"], *found["net_total"]) if one.words]
    best: tuple[float, Totals] | None = None
    sure = [abs(one.value) for one in found["gross_total"] if one.score > SURE]
    largest = max(sure, default=ZERO)
    row = -1
    rows: dict[int, set[Decimal]] = {}
    extras = _extras(found)
    for gross in gross_found:
        for net in [*found["net_total"], *found["gross_total"]]:
            if net is gross or (net.value > gross.value > 0) or (net.words and net.words[0] is gross.words[0]):
                continue  # One printed amount under two labels proves nothing.
            if gross.kind == net.kind == "net_total" and gross.value == net.value:
                continue  # The net said twice proves no gross.
            for taxes in _tax_sets(found["tax_total"]):
                tax = sum((one.value for one in taxes), ZERO)
                for extra in extras:
                    total = net.value + tax + sum((value for _, value, _ in extra), ZERO)
                    if abs(total - gross.value) > SLACK:
                        continue
                    is_said_twice = not taxes and not extra
                    if abs(gross.value) < largest and (is_said_twice or not gross.value):
                        continue  # A part of the sum, or what is left to pay of it.
                    score = _score(net, taxes, gross, len(extra))
                    score += ROUNDED if any(kind == "rounding" for kind, _, _ in extra) else 0.0
                    score -= LESS_THAN_LARGEST if abs(gross.value) < largest else 0.0
                    if net.kind == "net_total" and gross.kind == "gross_total":
                        rows.setdefault(gross.label.row, set()).add(gross.value)
                    if best is None or score > best[0]:
                        best = (score, _totals(net, taxes, gross, extra))
                        row = gross.label.row
    if best is None:
        return None
    _drop_net_of_untaxed(best[1], found)
    if len(rows.get(row, ())) > 1:
        for candidate in (best[1].net, best[1].tax, best[1].gross):
            if candidate is not None:
                candidate.score *= AMBIGUOUS
    return best[1]


def _drop_net_of_untaxed(totals: Totals, found: dict[str, list[_Found]]) -> None:
    """Twice the same total beside a named tax: prices include it, and the net is not among the two."""
    if totals.net is None or totals.gross is None or totals.tax is not None or totals.net.value != totals.gross.value:
        return
    gross = abs(totals.gross.value)
    if any(0 < abs(one.value) < gross and one.score > UNLABELLED for one in found["tax_total"]):
        totals.net = None
        totals.gross.score *= TAX_LEFT_OUT


def _rates(context: Context) -> list[tuple[Decimal, list[Word]]]:
    """Tax rows that print a rate and no amount."""
    found: list[tuple[Decimal, list[Word]]] = []
    for label in context.labelled.of("tax_total"):
        read = amounts_of(context, context.labelled.right_of(label))
        if read and all(amount.is_percent for amount, _ in read):
            found.append((read[0][0].value, read[0][1]))
    return found


def _solve_by_rate(found: dict[str, list[_Found]], rates: list[tuple[Decimal, list[Word]]]) -> Totals | None:
    """Net and gross that a printed rate joins: the tax is what lies between them."""
    for rate, words in rates:
        for net in found["net_total"]:
            for gross in found["gross_total"]:
                tax = gross.value - net.value
                if tax and abs(net.value * rate / 100 - tax) <= SLACK:
                    totals = _totals(net, [], gross, [])
                    totals.tax = Candidate(tax, RATE_ONLY, words)
                    return totals
    return None


def _solve_in_row(context: Context, found: list[_Found]) -> Totals | None:
    """`TOTAL 422.03 75.97 498.00`, the sums of a table's columns: net and taxes before the gross that they make.

    Without the net in the row a tax is believed where a printed rate makes it out of what is left.
    """
    amounts = (context.amount(word) for row in context.labelled.tokens for word in row)
    rates = {amount.value for amount in amounts if amount and amount.is_percent}
    for gross in found:
        if gross.score < LAST_IN_ROW or gross.value <= 0:
            continue
        others = [one for one in found if one.label is gross.label and 0 < one.value < gross.value]
        for taxes in [*([one] for one in others), *map(list, combinations(others, 2))]:
            tax = sum((one.value for one in taxes), ZERO)
            net = gross.value - tax
            beside = next((one for one in others if one.value == net and tax < net), None)
            fits = any(abs(net * rate * times / 100 - tax) <= SLACK for rate in rates if rate for times in (1, 2))
            if beside is None and (not fits or len(taxes) > 1):
                continue
            totals = _totals(gross, [], gross, [])
            score = COLUMN_SUMS if fits or len(taxes) > 1 else AMBIGUOUS
            totals.net = Candidate(net, score, beside.words if beside else [])
            totals.tax = Candidate(tax, score, [word for one in taxes for word in one.words])
            return totals
    return None


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
