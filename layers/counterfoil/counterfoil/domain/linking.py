"""Which order line each invoice line bills.

Lines are paired by the best assignment of the whole invoice, on evidence that is kept and shown. Price and quantity
alone never make a pair of goods whose names differ, and a charge is only ever paired with a charge.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

from counterfoil.domain import ledger
from counterfoil.domain.assignment import best_assignment
from counterfoil.domain.charges import kind_of
from counterfoil.domain.invoices import CapturedInvoice, InvoiceLine, LineKind
from counterfoil.domain.matching_result import NAMES, MatchType
from counterfoil.domain.order_choice import OrderChoice, order_number
from counterfoil.domain.orders import ZERO, ItemKind, OrderLine, PurchaseOrder
from counterfoil.domain.policy import MatchMode, MatchPolicy, Subject
from counterfoil.domain.units import Conversion, Units
from counterfoil.domain.wording import code_of, is_telling_code, says_nothing, similarity, words_apart, words_of

# Up to so many order lines each is weighed for each invoice line; above, those that share a code, a word or an amount.
PLACES_ALL = 30
# Candidates of one invoice line, the best first; a word in more order lines than this tells nothing.
CANDIDATES_MAX = 40
WORD_LINES_MAX = 60
# Of those that share words, the ones that share most letters are weighed for one invoice line.
ALIKE_MAX = 24
# Order lines of one article or amount that are weighed for one invoice line.
REACH_MAX = 60
# Order lines that one invoice line may be spread over.
SPLIT_MAX = 20

# What each piece of evidence is worth. The first group says what the line is, the second what it costs.
REFERENCE = 160
ITEM_CODE = 50
VENDOR_ITEM_CODE = 50
ALIAS = 45
CODE_IN_DESCRIPTION = 45
DESCRIPTION = 40
# The very same words: more than price and quantity together, which could as well be another article's.
DESCRIPTION_EQUAL = 100
SAME_CHARGE = 10
AMOUNT_OF_EXPENSE = 20
RATE = 30
RATE_NEAR = 5
# More than two lines could gain together by being linked to quantities that are not due.
QUANTITY = 20
QUANTITY_ORDERED = 5
QUANTITY_WITHIN = 3
AMOUNT = 4
UNIT = 2
EXHAUSTED = -12
OTHER_CURRENCY = -12

# How alike descriptions must be, in percent: to say by themselves what a line is; to do so with price or quantity
# beside them; to outweigh item codes that differ, or a price of nothing.
SIMILAR = 75
SIMILAR_WITH_NUMBERS = 65
SIMILAR_AGAINST_CODES = 85
NEAR_PERCENT = Decimal(5)

# Charges that are one and the same whatever they are called: shipping is freight, a rebate is a discount.
ONE_CHARGE = frozenset({LineKind.FREIGHT, LineKind.DISCOUNT})


@dataclass(eq=False, slots=True)
class Billed:
    """An invoice line as it is compared: signs as a bill's, credits below zero.

    `price` is of one unit, None when the document states none; `total` the line's amount, stated or computed;
    `says_nothing` whether its words would do for anything; `code_in_words` the one ordered code among its words.
    """

    line: InvoiceLine
    quantity: Decimal | None
    amount: Decimal | None
    kind: LineKind
    price: Decimal | None = field(init=False)
    total: Decimal | None = field(init=False)
    code: str = field(init=False)
    words: tuple[str, ...] = field(init=False)
    says_nothing: bool = field(init=False)
    code_in_words: str = field(default="", init=False)

    def __post_init__(self) -> None:
        price, base = self.line.unit_price, self.line.price_base_quantity
        self.price = None if price is None or base <= 0 else price if base == 1 else price / base
        self.total = self.amount
        if self.total is None and self.quantity is not None and self.price is not None:
            self.total = self.quantity * self.price
        self.code = code_of(self.line.item_code)
        self.words = words_of(self.line.description)
        self.says_nothing = says_nothing(self.words)


@dataclass(eq=False, slots=True)
class Place:
    """One order line that can be billed, with what others have spent of it, and what a bill for it must be.

    `rank` is its place among all that can be billed, the one to bill first being 0. `position` is its place in its
    order, from 1: what vendors mean by a number that the ERP does not use. `codes` are ours and the vendor's. `mode` is
    how it is matched, `mode_by` whose rule says so.
    """

    order: PurchaseOrder
    line: OrderLine
    spent: Decimal
    mode: MatchMode
    mode_by: str
    match_type: MatchType
    expected: Decimal
    free: Decimal
    rank: int
    position: int
    key: tuple[str, int] = field(init=False)
    kind: LineKind = field(init=False)
    codes: tuple[str, str] = field(init=False)
    words: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.key = self.order.id, self.line.line
        self.kind = kind_of(self.line.description, item_code=self.line.item_code)
        self.codes = code_of(self.line.item_code), code_of(self.line.vendor_item_code)
        self.words = words_of(self.line.description)


@dataclass(frozen=True, slots=True)
class Linked:
    """The places that an invoice line bills, and what the link rests on with each share's points."""

    places: tuple[Place, ...] = ()
    evidence: Mapping[str, int] = field(default_factory=dict)


def match_type_of(kind: ItemKind, mode: MatchMode) -> MatchType:
    """Two-way or three-way, by the item's kind when the mode leaves it to that."""
    if mode == MatchMode.AUTO:
        return MatchType.THREE_WAY if kind.is_received else MatchType.TWO_WAY
    return MatchType(mode.value)


def mode_rule(mode: MatchMode, source: str, kind: ItemKind) -> str:
    """Whose rule it is that a line is matched two-way or three-way."""
    return f"{source}: item is {kind.value}" if mode == MatchMode.AUTO else source


def subject_of(order: PurchaseOrder, line: OrderLine, invoice: CapturedInvoice, policy: MatchPolicy) -> Subject:
    """What the company's rules are looked up for."""
    return Subject(
        item=line.item_code,
        vendor=policy.surviving_vendor(order.vendor_id),
        category=line.category,
        subsidiary=order.subsidiary,
        on=invoice.issue_date,
    )


def places_of(
    invoice: CapturedInvoice,
    orders: Iterable[PurchaseOrder],
    policy: MatchPolicy,
    *,
    invoice_id: str,
    is_credit: bool,
) -> list[Place]:
    """Every line of the orders that can be billed, in the orders' order."""
    places: list[Place] = []
    for order in orders:
        for position, line in enumerate(sorted(order.lines, key=lambda line: line.line), 1):
            if line.is_closed and not is_credit:
                continue
            mode, mode_by = policy.mode_for(subject_of(order, line, invoice, policy))
            match_type = match_type_of(line.kind, mode)
            spent = ledger.billed(order, line, is_credit=is_credit)
            if order.claims:
                spent += ledger.taken(order, line.line, but_by=invoice_id, is_credit=is_credit)
            places.append(
                Place(
                    order=order,
                    line=line,
                    spent=spent,
                    mode=mode,
                    mode_by=mode_by,
                    match_type=match_type,
                    expected=ledger.expected(line, spent, match_type, policy.two_way_quantity, is_credit=is_credit),
                    free=ledger.free(line, spent, match_type),
                    rank=len(places),
                    position=position,
                )
            )
    return places


class Linker:
    """Pairs the lines of one invoice with the places of its orders."""

    def __init__(
        self,
        places: Sequence[Place],
        choice: OrderChoice,
        policy: MatchPolicy,
        units: Units,
        *,
        vendor_id: str | None,
        currency: str | None,
    ) -> None:
        self._currency = currency
        self._places = places
        self._by_rank = {place.rank: place for place in places}
        self._ranks = max(self._by_rank, default=0) + 1
        self._choice = choice
        self._units = units
        aliases = policy.aliases.get(policy.surviving_vendor(vendor_id or ""), {})
        self._aliases = {code_of(theirs): code_of(ours) for theirs, ours in aliases.items()}

    def link(self, lines: Sequence[Billed]) -> list[Linked]:
        """For each line the places it bills; none when nothing says what it is."""
        found: list[Linked] = [Linked() for _ in lines]
        used: set[int] = set()
        for line in lines:
            if not line.code:
                line.code_in_words = self._code_among(line.line.description)
        self._settle_identical(lines, found, used)
        candidates = [
            {} if found[index].places else self._candidates(line, Fraction(index, len(lines)))
            for index, line in enumerate(lines)
        ]
        self._settle_unrivalled(candidates, found, used)
        open_lines = [index for index, linked in enumerate(found) if not linked.places]
        for group in _components(open_lines, candidates, used):
            weights = [
                {rank: self._weight(rank, evidence) for rank, evidence in candidates[index].items() if rank not in used}
                for index in group
            ]
            for index, rank in zip(group, best_assignment(weights), strict=True):
                if rank is not None:
                    found[index] = self._linked(rank, candidates[index][rank])
        used = {place.rank for linked in found for place in linked.places}
        self._spread(lines, candidates, found, used)
        self._join(lines, candidates, found)
        return found

    def is_ambiguous(self, linked: Iterable[Linked]) -> bool:
        """Whether another order, which the document did not choose either, would have fitted a line just as well."""
        if self._choice.is_named:
            return False
        orders_with: dict[Hashable, set[str]] = defaultdict(set)
        for place in self._places:
            orders_with[_thing(place)].add(place.order.id)
        return any(len(orders_with[_thing(place)]) > 1 for each in linked for place in each.places)

    def conversion(self, line: Billed, place: Place) -> Conversion | None:
        """How the line's unit counts in the order's; None when nobody declared it."""
        return self._units.conversion(line.line.unit, place.line.unit, items=(place.line.item_code,))

    def _linked(self, rank: int, evidence: Mapping[str, int]) -> Linked:
        return Linked(places=(self._by_rank[rank],), evidence=evidence)

    def _weight(self, rank: int, evidence: Mapping[str, int]) -> int:
        """Its points; among equals the pair that agrees in everything, then the order line that was placed first."""
        agrees = evidence.get("quantity") == QUANTITY and evidence.get("rate") == RATE and "exhausted" not in evidence
        return (2 * sum(evidence.values()) + agrees) * self._ranks - rank

    # Evidence

    @cached_property
    def _by_code(self) -> dict[str, list[Place]]:
        index: dict[str, list[Place]] = defaultdict(list)
        for place in self._places:
            for code in set(place.codes) - {""}:
                index[code].append(place)
        return index

    @cached_property
    def _by_word(self) -> dict[str, list[Place]]:
        index: dict[str, list[Place]] = defaultdict(list)
        for place in self._places:
            for word in set(place.words):
                index[word].append(place)
        return index

    @cached_property
    def _by_total(self) -> dict[Decimal, list[Place]]:
        index: dict[Decimal, list[Place]] = defaultdict(list)
        for place in self._places:
            index[abs(_ordered_amount(place.line))].append(place)
        return index

    @cached_property
    def _by_reference(self) -> dict[tuple[str, str], Place]:
        """Order lines by the number that the ERP gave them, else by their place in the order."""
        numbered = {(place.order.id, str(place.line.line)): place for place in self._places}
        counted = {(place.order.id, str(place.position)): place for place in self._places}
        return counted | numbered

    def _referenced(self, line: Billed) -> Place | None:
        """The order line that the document itself names; None when it names none, or not of which order."""
        reference = (line.line.po_line or "").strip().lstrip("0")
        if not reference:
            return None
        if line.line.po_number:
            order_id = self._choice.by_number.get(line.line.po_number, "")
        else:
            order_id = self._choice.orders[0].id if len(self._choice.orders) == 1 else ""
        return self._by_reference.get((order_id, reference))

    def _code_among(self, description: str) -> str:
        """The one code of an order line that a description holds; none when it holds several."""
        codes = {code_of(word) for word in description.split() if any(map(str.isdigit, word))}
        found = {code for code in codes if is_telling_code(code) and code in self._by_code}
        return found.pop() if len(found) == 1 else ""

    def _in_reach(self, line: Billed, share: Fraction) -> Iterable[Place]:
        """The order lines worth weighing. `share`: how far down the invoice the line stands, for long orders of one
        article."""
        codes = [line.code or line.code_in_words, self._aliases.get(line.code, "")]
        coded = [place for code in codes if code for place in self._by_code.get(code, ())]
        if coded and not line.line.po_line:
            return _window(coded, line, share)
        if line.kind != LineKind.GOODS:
            return [place for place in self._places if place.kind == line.kind]
        if len(self._places) <= PLACES_ALL:
            return self._places
        shared: dict[Place, object] = dict.fromkeys(_window(coded, line, share))
        letters: Counter[Place] = Counter()
        for word in dict.fromkeys(line.words):
            places = self._by_word.get(word, ())
            if len(places) <= WORD_LINES_MAX:
                for place in places:
                    letters[place] += len(word)
        shared.update(letters.most_common(ALIKE_MAX))
        if line.total is not None:
            shared.update(dict.fromkeys(_window(self._by_total.get(abs(line.total), []), line, share)))
        referenced = self._referenced(line)
        if referenced is not None:
            shared[referenced] = None
        return shared

    def _candidates(self, line: Billed, share: Fraction) -> dict[int, dict[str, int]]:
        referenced = self._referenced(line)
        named = self._choice.by_number.get(line.line.po_number or "")
        found: list[tuple[int, int, dict[str, int]]] = []
        for place in self._in_reach(line, share):
            if named is not None and place.order.id != named:
                continue
            if line.line.po_number and named is None:
                continue
            evidence = self._evidence(line, place, is_referenced=place is referenced)
            if evidence and sum(evidence.values()) > 0:
                found.append((-self._weight(place.rank, evidence), place.rank, evidence))
        found.sort(key=lambda candidate: candidate[:2])
        named_ones = [each for each in found if NAMES & each[2].keys()]
        if named_ones:
            found = named_ones
        elif len(found) > 1:
            found = []
        if len(found) > CANDIDATES_MAX:
            height = int(self._ranks * share)
            found.sort(key=lambda each: (-sum(each[2].values()), abs(each[1] - height), each[1]))
        return {rank: evidence for _, rank, evidence in found[:CANDIDATES_MAX]}

    def _evidence(self, line: Billed, place: Place, *, is_referenced: bool) -> dict[str, int] | None:
        """Every piece that speaks for the pair; None when nothing says that they are the same thing."""
        if line.kind != place.kind:
            return None
        found: dict[str, int] = {}
        if is_referenced:
            found["line_reference"] = REFERENCE
        if line.code:
            ours, theirs = place.codes
            if line.code == ours:
                found["item_code"] = ITEM_CODE
            elif line.code == theirs:
                found["vendor_item_code"] = VENDOR_ITEM_CODE
            elif ours and self._aliases.get(line.code) == ours:
                found["alias"] = ALIAS
        elif line.code_in_words in place.codes and line.code_in_words:
            found["code_in_description"] = CODE_IN_DESCRIPTION
        is_known = bool(found)
        alike = similarity(line.words, place.words)
        if alike >= SIMILAR_WITH_NUMBERS:
            found["description"] = DESCRIPTION_EQUAL if alike == 100 else round(DESCRIPTION * alike / 100)
        if not is_known and alike < SIMILAR_WITH_NUMBERS and not (place.line.is_expense or line.says_nothing):
            return None
        if line.kind != LineKind.GOODS:
            found["charge"] = SAME_CHARGE
        numbers = self._numbers(line, place)
        if not is_known and not self._is_same(line, place, alike, numbers):
            return None
        found.update(numbers)
        if ledger.is_exhausted(place.line, place.spent) and (line.quantity or ZERO) >= 0:
            found["exhausted"] = EXHAUSTED
        if place.order.currency != self._currency:
            found["other_currency"] = OTHER_CURRENCY
        return found

    def _is_same(self, line: Billed, place: Place, alike: int, numbers: Mapping[str, int]) -> bool:
        """Whether a line without a code in common is still the same thing."""
        if not line.total:
            return alike >= SIMILAR_AGAINST_CODES
        if line.code and any(place.codes):
            mine, theirs = words_apart(line.words, place.words)
            return alike >= SIMILAR_AGAINST_CODES and not mine and not theirs
        if alike >= SIMILAR:
            return True
        if alike >= SIMILAR_WITH_NUMBERS and ("rate" in numbers or "amount" in numbers):
            return True
        if not self._choice.is_named:
            return False
        if line.kind in ONE_CHARGE:
            return True
        if place.line.is_expense:
            return "amount" in numbers
        return line.says_nothing and numbers.get("rate") == RATE and numbers.get("quantity", 0) >= QUANTITY_ORDERED

    def _numbers(self, line: Billed, place: Place) -> dict[str, int]:
        """What price, quantity and amount say. The amount is all that an expense line has; money of another currency
        says nothing."""
        is_same_money = place.order.currency == self._currency
        if place.line.is_expense:
            if is_same_money and line.total is not None and line.total == place.line.amount:
                return {"amount": AMOUNT_OF_EXPENSE}
            return {}
        found: dict[str, int] = {}
        conversion = self.conversion(line, place)
        if conversion is None:
            return found
        if line.line.unit:
            found["unit"] = UNIT
        if line.price is not None and is_same_money:
            rate = conversion.rate(line.price)
            if conversion.is_same(rate, place.line.rate):
                found["rate"] = RATE
            elif abs(rate - place.line.rate) * 100 <= place.line.rate * NEAR_PERCENT:
                found["rate"] = RATE_NEAR
        # What earlier bills took is no longer there to be agreed with.
        is_left = place.expected <= place.free
        if line.quantity is not None:
            quantity = conversion.quantity(line.quantity)
            if conversion.is_same(quantity, place.expected) and is_left:
                found["quantity"] = QUANTITY
            elif conversion.is_same(quantity, place.line.quantity):
                found["quantity"] = QUANTITY_ORDERED
            elif ZERO < quantity <= place.free:
                found["quantity"] = QUANTITY_WITHIN
        amounts = (_ordered_amount(place.line), place.expected * place.line.rate)
        if is_same_money and is_left and line.total and any(conversion.is_same(line.total, each) for each in amounts):
            found["amount"] = AMOUNT
        return found

    # Whole invoice

    def _settle_identical(self, lines: Sequence[Billed], found: list[Linked], used: set[int]) -> None:
        """Take the pairs that agree in everything: code, words, unit, price, and quantity with what is due.

        Nothing could be better for either side, so they need no weighing; of several, first ordered is first billed.
        """
        places: dict[Hashable, deque[Place]] = defaultdict(deque)
        references = [line.line for line in lines if line.line.po_line or line.line.po_number]
        for place in self._places:
            if place.order.currency != self._currency or any(_may_refer(line, place) for line in references):
                continue
            tells = place.codes[0] or not (any(place.codes) or says_nothing(place.words))
            if tells and place.expected == place.free > 0 and place.line.rate:
                key = (place.codes[0], place.words, place.line.unit, place.line.rate, place.expected)
                places[key].append(place)
        for index, line in enumerate(lines):
            if line.line.po_line or line.line.po_number or line.kind != LineKind.GOODS or line.code_in_words:
                continue
            waiting = places.get((line.code, line.words, line.line.unit, line.price, line.quantity))
            if waiting:
                place = waiting.popleft()
                evidence = self._evidence(line, place, is_referenced=False)
                if evidence is not None:
                    found[index] = self._linked(place.rank, evidence)
                    used.add(place.rank)

    def _settle_unrivalled(
        self,
        candidates: Sequence[Mapping[int, Mapping[str, int]]],
        found: list[Linked],
        used: set[int],
    ) -> None:
        """Take the pairs that have no rival on either side; what is left is a matter of weighing."""
        rivals: Counter[int] = Counter(used)
        for pairs in candidates:
            for rank in pairs:
                rivals[rank] += 1
        for index, pairs in enumerate(candidates):
            if len(pairs) == 1:
                rank, evidence = next(iter(pairs.items()))
                if rivals[rank] == 1:
                    found[index] = self._linked(rank, evidence)
                    used.add(rank)

    def _spread(
        self,
        lines: Sequence[Billed],
        candidates: Sequence[Mapping[int, Mapping[str, int]]],
        found: list[Linked],
        used: set[int],
    ) -> None:
        """Let one line bill several order lines of the same thing, when together they come to its quantity exactly."""
        for index, line in enumerate(lines):
            linked = found[index]
            if len(linked.places) != 1 or line.quantity is None or line.quantity <= 0:
                continue
            first = linked.places[0]
            conversion = self.conversion(line, first)
            if conversion is None or first.line.is_expense:
                continue
            wanted = conversion.quantity(line.quantity)
            if wanted <= first.expected:
                continue
            more = [
                place
                for place in self._places
                if place.rank in candidates[index]
                and place.rank not in used
                and _is_same_thing(place, first)
                and place.expected > 0
            ]
            places = _filled(wanted, [first, *more])
            if places is not None:
                found[index] = Linked(places=places, evidence=linked.evidence)
                used.update(place.rank for place in places)

    def _join(
        self,
        lines: Sequence[Billed],
        candidates: Sequence[Mapping[int, Mapping[str, int]]],
        found: list[Linked],
    ) -> None:
        """Let several lines bill (or credit) one order line, when they are the same thing and together stay within it.

        A bill and a credit in one invoice do not make up for each other.
        """
        taken: dict[int, list[Decimal]] = defaultdict(list)
        for line, linked in zip(lines, found, strict=True):
            if len(linked.places) == 1:
                taken[linked.places[0].rank].append(self._taken(line, linked.places[0]))
        for index, line in enumerate(lines):
            if found[index].places or not line.quantity:
                continue
            for rank, evidence in candidates[index].items():
                place = self._by_rank[rank]
                quantity = self._taken(line, place)
                if any(each * quantity <= 0 for each in [quantity, *taken[rank]]) or place.line.is_expense:
                    continue
                total = sum(taken[rank], quantity)
                fits = total <= min(place.expected, place.free) if quantity > 0 else total >= place.expected
                if fits:
                    found[index] = self._linked(rank, evidence)
                    taken[rank].append(quantity)
                    break

    def _taken(self, line: Billed, place: Place) -> Decimal:
        """The line's quantity in the order's unit; zero when it cannot be told."""
        conversion = self.conversion(line, place)
        return ZERO if line.quantity is None or conversion is None else conversion.quantity(line.quantity)


def _window(places: Sequence[Place], line: Billed, share: Fraction) -> Sequence[Place]:
    """Of very many order lines of one article, those of the line's price or quantity and those at its height."""
    if len(places) <= REACH_MAX:
        return places
    height = int(len(places) * share)

    def apart(at: int) -> tuple[bool, int, int]:
        place = places[at]
        agrees = (place.line.rate == line.price) + (place.expected == line.quantity)
        return place.free <= 0, -agrees, abs(at - height)

    return [places[at] for at in sorted(range(len(places)), key=apart)[: 2 * REACH_MAX]]


def _may_refer(line: InvoiceLine, place: Place) -> bool:
    """Whether the order line is the one that an invoice line names, or of the order that it names."""
    if (line.po_line or "").strip().lstrip("0") not in ("", str(place.line.line)):
        return False
    return not line.po_number or order_number(line.po_number) == order_number(place.order.number)


def _ordered_amount(line: OrderLine) -> Decimal:
    return line.amount if line.is_expense else line.quantity * line.rate


def _thing(place: Place) -> Hashable:
    """What a document can tell of an order line: two that are equal in it are alike to it."""
    line = place.line
    return place.codes, place.words, line.unit, line.rate, line.amount, place.expected, place.order.currency


def _is_same_thing(place: Place, first: Place) -> bool:
    """The same article at the same price, matched in the same way: a bill for one may run on into the other."""
    mine, its = place.line, first.line
    if (mine.rate, mine.unit, mine.is_expense) != (its.rate, its.unit, its.is_expense):
        return False
    if place.match_type != first.match_type or place.order.currency != first.order.currency:
        return False
    if place.codes[0] or first.codes[0]:
        return place.codes[0] == first.codes[0]
    return place.words == first.words


def _filled(wanted: Decimal, places: Sequence[Place]) -> tuple[Place, ...] | None:
    """The places, first ordered first, that a quantity fills to the last unit; None when it does not come out even."""
    chosen = []
    for place in sorted(places[:SPLIT_MAX], key=lambda place: (place is not places[0], place.rank)):
        chosen.append(place)
        wanted -= place.free
        if wanted <= 0:
            break
    if wanted != 0 or len(chosen) < 2:
        return None
    return tuple(sorted(chosen, key=lambda place: place.rank))


def _components(
    open_lines: Sequence[int],
    candidates: Sequence[Mapping[int, Mapping[str, int]]],
    used: set[int],
) -> list[list[int]]:
    """The lines that compete for the same places, group by group: each group is weighed by itself."""
    root = {index: index for index in open_lines}

    def find(index: int) -> int:
        while root[index] != index:
            root[index] = root[root[index]]
            index = root[index]
        return index

    first_with: dict[int, int] = {}
    for index in open_lines:
        for rank in candidates[index]:
            if rank in used:
                continue
            if rank in first_with:
                root[find(index)] = find(first_with[rank])
            else:
                first_with[rank] = index
    groups: dict[int, list[int]] = defaultdict(list)
    for index in open_lines:
        groups[find(index)].append(index)
    return list(groups.values())
