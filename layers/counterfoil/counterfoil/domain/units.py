"""Quantities in comparable units. A conversion that nobody declared does not exist: it is never taken as one.

Different spellings of one unit (ea, each, EA, C62) are the same unit; everything else needs a declared factor.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from counterfoil.domain.wording import code_of

# Spellings of one unit, among them the codes of UN/ECE Recommendation 20 that electronic invoices use.
SPELLINGS = {
    "ea": "ea each ea. c62 h87 pce pcs pc pc. pcs. piece pieces unit units stk stk. stück stueck st nar xpp",
    "kg": "kg kgm kgs kilo kilogram kilograms kilogramm",
    "g": "g grm gram grams gramm",
    "t": "tne tonne tonnes",
    "lb": "lb lbs lbr pound pounds",
    "m": "mtr metre metres meter meters",
    "cm": "cm cmt centimetre centimeter",
    "mm": "mm mmt millimetre millimeter",
    "km": "km kmt kilometre kilometer",
    "ft": "ft fot foot feet",
    "in": "in inh inch inches",
    "l": "l L ltr litre litres liter liters",
    "ml": "ml mlt millilitre milliliter",
    "hour": "h hr hrs hur hour hours std std. stunde stunden",
    "day": "d day days tag tage",
    "week": "wee wk week weeks woche wochen",
    "month": "mon month months monat monate",
    "year": "ann yr year years jahr jahre",
    "case": "case cases cs",
    "box": "box boxes bx xbx",
    "dozen": "dozen dozens dz dzn doz",
    "pack": "pack packs pk pkg xpk package packages paket",
    "pallet": "pallet pallets xpx plt palette paletten",
}
# A single letter is a unit of its own by its case: C is a hundred, M a thousand, m a metre.
UNITS = {spelling: unit for unit, spellings in SPELLINGS.items() for spelling in spellings.split()}


def canonical(unit: str) -> str:
    """One name for all spellings of a unit; a unit that is not listed is named by itself."""
    text = " ".join(unit.split())
    if len(text) == 1 and text not in UNITS:
        return text
    folded = text.casefold()
    return UNITS.get(folded, folded)


# What a division leaves behind; and a factor that is not whole is known to its own digits only.
DIVISION_SLACK = Decimal("1e-20")
FACTOR_SLACK = Decimal("1e-6")


@dataclass(frozen=True, slots=True)
class Conversion:
    """One `source` unit is `factor` target units. `is_whole`: a whole number in one of the directions."""

    factor: Fraction
    is_whole: bool

    def quantity(self, quantity: Decimal) -> Decimal:
        """The same goods, counted in the target unit."""
        return quantity * self.factor.numerator / self.factor.denominator

    def rate(self, rate: Decimal) -> Decimal:
        """The same price, for one target unit."""
        return rate * self.factor.denominator / self.factor.numerator

    def is_same(self, converted: Decimal, other: Decimal) -> bool:
        """Whether a converted value is another one, but for what the conversion itself cannot keep."""
        if converted == other or self.factor == 1:
            return converted == other
        slack = DIVISION_SLACK if self.is_whole else FACTOR_SLACK
        return abs(converted - other) <= abs(other) * slack


SAME = Conversion(factor=Fraction(1), is_whole=True)

Table = Mapping[str, Mapping[str, Decimal]]


class Units:
    """The conversions of a company, looked up along any chain of declared factors and remembered."""

    def __init__(self, company: Table, by_item: Mapping[str, Table] | None = None) -> None:
        self._company = company
        self._by_item = {code_of(item): table for item, table in (by_item or {}).items()}
        self._found: dict[tuple[str, str, str | None], Conversion | None] = {}

    def conversion(
        self, source: str | None, target: str | None, *, items: Iterable[str | None] = ()
    ) -> Conversion | None:
        """How to count `source` in `target`; None when no declared factor leads there.

        A document that names no unit counts in the other's. An item's own table goes before the company's.
        """
        if not source or not target or source == target:
            return SAME
        item = next((code for item in items if item and (code := code_of(item)) in self._by_item), None)
        key = (source, target, item)
        if key not in self._found:
            self._found[key] = self._search(source, target, item)
        return self._found[key]

    def _search(self, source: str, target: str, item: str | None) -> Conversion | None:
        start, end = canonical(source), canonical(target)
        if start == end:
            return SAME
        if item is None:
            return _shortest(start, end, _factors(self._company))
        own = _factors(self._by_item[item])
        if found := _shortest(start, end, own):
            return found
        rest = _factors(self._company)
        return _shortest(start, end, {unit: {**rest.get(unit, {}), **own.get(unit, {})} for unit in rest.keys() | own})


def _shortest(start: str, end: str, factors: Mapping[str, Mapping[str, Fraction]]) -> Conversion | None:
    reached = {start: Fraction(1)}
    waiting = deque([start])
    while waiting:
        unit = waiting.popleft()
        for neighbour, factor in factors.get(unit, {}).items():
            if neighbour not in reached:
                reached[neighbour] = reached[unit] * factor
                waiting.append(neighbour)
    if end not in reached:
        return None
    factor = reached[end]
    return Conversion(factor=factor, is_whole=1 in (factor.numerator, factor.denominator))


def _factors(table: Table) -> dict[str, dict[str, Fraction]]:
    factors: dict[str, dict[str, Fraction]] = {}
    for source, targets in table.items():
        for target, factor in targets.items():
            one, other = canonical(source), canonical(target)
            factors.setdefault(one, {}).setdefault(other, Fraction(factor))
            factors.setdefault(other, {}).setdefault(one, 1 / Fraction(factor))
    return factors
