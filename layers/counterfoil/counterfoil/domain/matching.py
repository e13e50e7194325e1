"""The decision on an invoice: each line laid against its order line and, three-way, against what was received.

The comparison is Centime's: rate and quantity of item lines, the amount of expense lines; three-way, the quantity must
equal what was received less what was billed. Beyond it a line never passes when the orders could not give what it
takes, when its unit cannot be converted, when currencies differ, or when its own arithmetic does not hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cached_property
from operator import attrgetter

from counterfoil.domain import ledger, tax
from counterfoil.domain.agreement import agreement
from counterfoil.domain.charges import kind_of
from counterfoil.domain.invoices import CapturedInvoice, DocumentType, InvoiceLine, LineKind
from counterfoil.domain.linking import (
    Billed,
    Linked,
    Linker,
    Place,
    mode_rule,
    places_of,
    subject_of,
)
from counterfoil.domain.matching_result import (
    BLOCKING_FLAGS,
    NAMES,
    InvoiceType,
    LineMatch,
    LineStatus,
    MatchResult,
    MatchType,
    OrderLineLink,
)
from counterfoil.domain.money import plain, price_text, round_money, smallest_unit
from counterfoil.domain.order_choice import OrderChoice, choose_orders
from counterfoil.domain.orders import ZERO, PurchaseOrder
from counterfoil.domain.policy import Axis, MatchMode, MatchPolicy, Subject, Threshold
from counterfoil.domain.records import made
from counterfoil.domain.units import Conversion, Units, canonical
from counterfoil.domain.wording import code_of, differs_in_words

# Whatever the caller's own context is, decisions come out the same.
EXACT = Context(prec=60)
PLACES_MAX = 12
TENTH = Decimal("0.1")
# So many earlier invoices above an order line's price, each within the tolerance, make the next one a pattern.
CREEP_MIN = 2
ONE = Decimal(1)

MISMATCH = {
    Axis.QUANTITY: LineStatus.QUANTITY_MISMATCH,
    Axis.RATE: LineStatus.RATE_MISMATCH,
    Axis.AMOUNT: LineStatus.AMOUNT_MISMATCH,
}
WITHIN = {
    Axis.QUANTITY: LineStatus.QUANTITY_THRESHOLD,
    Axis.RATE: LineStatus.RATE_THRESHOLD,
    Axis.AMOUNT: LineStatus.AMOUNT_THRESHOLD,
}
GRAVITY = {status: grade for grade, status in enumerate(LineStatus)}
BY_NUMBER = attrgetter("line")
# Evidence that names the article, or that the vendor gave itself.
CODES = NAMES - {"description"}
HandLinks = Mapping[int, Sequence[tuple[str, int]]]


@dataclass(slots=True)
class _Finding:
    """One line's decision while it is made."""

    line: Billed
    linked: Linked = field(default_factory=Linked)
    links: tuple[OrderLineLink, ...] = ()
    conditions: set[LineStatus] = field(default_factory=set)
    awaits_receipt: bool = False
    is_waived: bool = False
    said: list[str] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    expected_quantity: Decimal | None = None
    billed_quantity: Decimal | None = None
    expected_rate: Decimal | None = None
    billed_rate: Decimal | None = None
    expected_amount: Decimal | None = None
    billed_amount: Decimal | None = None
    overcharge: Decimal = ZERO

    @property
    def status(self) -> LineStatus:
        return max(self.conditions, key=GRAVITY.__getitem__, default=LineStatus.PERFECT_MATCH)


def match_invoice(
    invoice: CapturedInvoice,
    orders: Sequence[PurchaseOrder],
    policy: MatchPolicy,
    *,
    invoice_id: str,
    vendor_id: str | None,
    prices_include_tax: bool | None = None,
    invoice_type: InvoiceType | None = None,
    hand_links: HandLinks | None = None,
) -> MatchResult:
    """What the rules decide on an invoice, given the orders of its vendor.

    `orders` may hold closed ones and other vendors': they are never billed, but a flag can then say what the named
    number belongs to. `vendor_id` None means that the vendor is not known: lines are compared with the order that is
    named, and the invoice is not approvable. `invoice_type` is a person's choice; without it an invoice is a PO
    invoice when its vendor has any open order. `prices_include_tax` None means that the document's own arithmetic says
    so. `hand_links` maps an invoice line to the (order id, line) that a person
    linked it to, or to nothing when a person unlinked it; other lines are linked by the rules.
    """
    with localcontext(EXACT):
        includes = tax.prices_include_tax(invoice) if prices_include_tax is None else prices_include_tax
        return _Matching(invoice, orders, policy, invoice_id, vendor_id, includes, hand_links or {}).decide(
            invoice_type
        )


def type_of(orders: Sequence[PurchaseOrder], policy: MatchPolicy, vendor_id: str | None) -> InvoiceType:
    """A PO invoice when the vendor has any open order, else an ordinary invoice."""
    if vendor_id is None:
        return InvoiceType.INVOICE
    vendor = policy.surviving_vendor(vendor_id)
    for order in orders:
        if order.status.is_open and policy.surviving_vendor(order.vendor_id) == vendor:
            return InvoiceType.PO_INVOICE
    return InvoiceType.INVOICE


def billed_lines(invoice: CapturedInvoice) -> tuple[list[Billed], bool]:
    """The lines as a bill counts them, and whether a credit note's signs contradict each other.

    Credit notes are written both ways: all lines above zero, or all below. Either way they count below zero.
    """
    is_credit = invoice.document_type == DocumentType.CREDIT_NOTE
    values = [value for line in invoice.billed_lines for value in (line.quantity, line.amount) if value]
    turns = is_credit and not any(value < 0 for value in values)
    is_mixed = is_credit and not turns and any(value > 0 for value in values)
    sign = -1 if turns else 1
    return [_billed(line, sign) for line in invoice.billed_lines], is_mixed


def _billed(line: InvoiceLine, sign: int) -> Billed:
    quantity = None if line.quantity is None else sign * line.quantity
    amount = None if line.amount is None else sign * line.amount
    if quantity and amount and amount < 0 < quantity and (line.unit_price or ZERO) > 0:
        quantity = -quantity  # the sign stands at the amount only
    return Billed(
        line=line,
        quantity=quantity,
        amount=amount,
        kind=kind_of(line.description, kind=line.kind, item_code=line.item_code),
    )


class _Matching:
    """One invoice on its way to a decision."""

    def __init__(
        self,
        invoice: CapturedInvoice,
        orders: Sequence[PurchaseOrder],
        policy: MatchPolicy,
        invoice_id: str,
        vendor_id: str | None,
        prices_include_tax: bool,
        hand_links: HandLinks,
    ) -> None:
        self.invoice = invoice
        self.orders = orders
        self.policy = policy
        self.invoice_id = invoice_id
        self.vendor_id = vendor_id
        self.prices_include_tax = prices_include_tax
        self.hand_links = hand_links
        self.is_credit = invoice.document_type == DocumentType.CREDIT_NOTE
        self.flags: list[str] = []
        self.lines: list[Billed] = []
        self.bills_goods = False
        self.overcharged: dict[tuple[str, int], Decimal] = defaultdict(Decimal)

    @cached_property
    def units(self) -> Units:
        return Units(self.policy.unit_conversions, self.policy.item_unit_conversions)

    def decide(self, invoice_type: InvoiceType | None) -> MatchResult:
        if self.vendor_id is None:
            self.flags.append("vendor_unknown")
        chosen_type = invoice_type or type_of(self.orders, self.policy, self.vendor_id)
        choice = self._choose(chosen_type, is_chosen=invoice_type is not None)
        if invoice_type is None and choice.orders:
            chosen_type = InvoiceType.PO_INVOICE
        if choice.is_named and not (self.is_credit or self.hand_links or self.prices_include_tax):
            lines = sorted(self.invoice.billed_lines, key=BY_NUMBER)
            agreed = agreement(self.invoice, lines, choice.orders, self.policy)
            net = self._net_total()
            if agreed is not None and (net is not None or self.invoice.gross_total is None):
                if net is not None and not self._comes_to(agreed.total, net, len(lines)):
                    self.flags.append("total_mismatch")
                return self._result(chosen_type, choice, agreed.lines, passes=True)
        return self._weighed(chosen_type, choice)

    def _weighed(self, chosen_type: InvoiceType, choice: OrderChoice) -> MatchResult:
        """The decision where lines have to be laid against each other."""
        lines, is_mixed = billed_lines(self.invoice)
        lines.sort(key=lambda line: line.line.line)
        if is_mixed:
            self.flags.append("credit_signs_mixed")
        if not lines:
            self.flags.append("no_lines")
        if not self._adds_up(lines):
            self.flags.append("total_mismatch")
        findings = self._link(lines, choice)
        self.lines = lines
        self.bills_goods = any(each.linked.places for each in findings if each.line.kind == LineKind.GOODS)
        groups = []
        for group in _groups(findings):
            if len(group) > 1 or not self._is_price_credit(group[0]):
                groups.append(group)
        for group in groups:
            for finding in group:
                self._compare_price(finding)
            self._compare_quantity(group)
        for finding in findings:
            self._hold_to_cap(finding)
            self._waive(finding)
            self._doubt(finding)
        self.flags += [flag for finding in findings for flag in finding.flags]
        passes = all(finding.status.passes or finding.is_waived for finding in findings)
        return self._result(chosen_type, choice, tuple(map(self._line, findings)), passes=passes)

    def _doubt(self, finding: _Finding) -> None:
        """What wants a look: a line that is linked by its words, and called something else or coded as another article;
        goods taken back on an invoice, of which a credit note may come as well."""
        line, evidence = finding.line, finding.linked.evidence
        if not self.is_credit and finding.links and line.kind == LineKind.GOODS and (line.quantity or ZERO) < 0:
            finding.flags.append("goods_taken_back")
        if line.kind != LineKind.GOODS or not evidence or CODES & evidence.keys():
            return
        if any(differs_in_words(line.words, place.words) for place in finding.linked.places):
            finding.flags.append("description_differs")
        if line.code and any(line.code == code_of(each.item_code) for order in self.orders for each in order.lines):
            finding.flags.append("code_of_another_item")

    # Which order, which lines

    def _choose(self, chosen_type: InvoiceType, *, is_chosen: bool) -> OrderChoice:
        """The orders; none for an ordinary invoice, which is one when a person says so or nothing speaks against it."""
        is_ordinary = chosen_type == InvoiceType.INVOICE and not any(self.hand_links.values())
        if is_ordinary and (is_chosen or not (self.is_credit or self._names_orders())):
            return OrderChoice(orders=(), is_named=False)
        choice = choose_orders(
            self.invoice,
            self.orders,
            self.policy,
            vendor_id=self.vendor_id,
            is_credit=self.is_credit,
        )
        self.flags.extend(choice.flags)
        return choice

    def _names_orders(self) -> bool:
        return bool(self.invoice.po_number or self.invoice.po_numbers) or any(
            line.po_number for line in self.invoice.lines
        )

    def _link(self, lines: Sequence[Billed], choice: OrderChoice) -> list[_Finding]:
        places = self._places(choice.orders)
        by_hand = self._hand_places()
        free_lines = [line for line in lines if line.line.line not in self.hand_links]
        held = {place.key for places in by_hand.values() for place in places}
        linker = self._linker([place for place in places if place.key not in held], choice)
        by_rules = linker.link(free_lines)
        if linker.is_ambiguous(by_rules):
            self.flags.append("order_ambiguous")
        linked = dict(zip((line.line.line for line in free_lines), by_rules, strict=True))
        findings = []
        for line in lines:
            number = line.line.line
            if number in by_hand:
                found = Linked(places=by_hand[number], evidence={"by_hand": 100})
            else:
                found = linked.get(number, Linked())
            findings.append(_Finding(line=line, linked=found))
        return findings

    def _linker(self, places: Sequence[Place], choice: OrderChoice) -> Linker:
        return Linker(places, choice, self.policy, self.units, vendor_id=self.vendor_id, currency=self.invoice.currency)

    def _places(self, orders: Sequence[PurchaseOrder]) -> list[Place]:
        return places_of(
            self.invoice,
            orders,
            self.policy,
            invoice_id=self.invoice_id,
            is_credit=self.is_credit,
        )

    def _hand_places(self) -> dict[int, tuple[Place, ...]]:
        """What people linked; a link to a line that cannot be billed any more is no link."""
        if not self.hand_links:
            return {}
        wanted = {order_id for links in self.hand_links.values() for order_id, _ in links}
        own = choose_orders(
            self.invoice.model_copy(
                update={
                    "po_number": None,
                    "po_numbers": tuple(order.number for order in self.orders if order.id in wanted),
                    "lines": (),
                }
            ),
            self.orders,
            self.policy,
            vendor_id=self.vendor_id,
            is_credit=self.is_credit,
        )
        by_key = {place.key: place for place in self._places(own.orders)}
        return {
            number: tuple(by_key[key] for key in map(tuple, links) if key in by_key)
            for number, links in self.hand_links.items()
        }

    # Prices

    def _is_price_credit(self, finding: _Finding) -> bool:
        """Whether a credit takes back just what invoices were let charge above an order line's price, and no goods."""
        line, places = finding.line, finding.linked.places
        if not self.is_credit or len(places) != 1 or places[0].line.is_expense or line.total is None:
            return False
        place = places[0]
        share = self._net_share(line.line)
        goods_wait = place.match_type == MatchType.THREE_WAY and place.expected < 0
        if share is None or place.order.currency != self.invoice.currency or (line.quantity and goods_wait):
            return False
        overcharged = ledger.overcharged(place.order, place.line.line, but_by=self.invoice_id)
        due = round_money(overcharged, place.order.currency)
        if due <= 0 or round_money(line.total * share[0] / share[1], place.order.currency) != -due:
            return False
        finding.rules["mode"] = mode_rule(place.mode, place.mode_by, place.line.kind)
        finding.overcharge = -overcharged
        finding.links = (_link(place, ZERO),)
        finding.said.append(f"{plain(due)} taken back, just what was charged above {_price(place.line.rate)} before")
        return True

    def _compare_price(self, finding: _Finding) -> None:
        for place in finding.linked.places:
            if place.order.currency != self.invoice.currency:
                self._refuse_currency(finding, place)
            elif place.line.is_expense:
                continue
            else:
                self._compare_rate(finding, place)

    def _refuse_currency(self, finding: _Finding, place: Place) -> None:
        axis = Axis.AMOUNT if place.line.is_expense else Axis.RATE
        finding.conditions.add(MISMATCH[axis])
        finding.flags.append("currency_mismatch")
        finding.said.append(
            f"the invoice is in {self.invoice.currency or 'no stated currency'}, order {place.order.number} in"
            f" {place.order.currency}: not comparable"
        )

    def _compare_rate(self, finding: _Finding, place: Place) -> None:
        line = finding.line
        conversion = self._conversion(line, place)
        if conversion is None:
            return  # refused where quantities are compared
        price = self._net_price(finding, place)
        if not self._checks_out(finding, place, conversion):
            finding.conditions.add(LineStatus.AMOUNT_MISMATCH)
            finding.flags.append("line_arithmetic")
        if price is None:
            finding.conditions.add(LineStatus.RATE_MISMATCH)
            finding.said.append(f"no price to lay against {_price(place.line.rate)}")
            return
        rate = conversion.rate(price)
        finding.expected_rate, finding.billed_rate = place.line.rate, _shown(rate)
        difference = rate - place.line.rate
        if conversion.is_same(rate, place.line.rate) or self._is_rounding(line, place, conversion):
            finding.said.append(f"rate {_price(place.line.rate)} on invoice and order")
            return
        is_refused = (rate < 0) != (place.line.rate < 0)
        self._judge(
            finding,
            place,
            Axis.RATE,
            difference,
            place.line.rate,
            is_refused,
            turned=(finding.line.quantity or ZERO) < 0,
        )
        finding.said.append(
            f"rate {_price(rate)} billed, {_price(place.line.rate)} ordered: {_difference(difference, place.line.rate)}"
        )

    def _net_price(self, finding: _Finding, place: Place) -> Decimal | None:
        """The price of one unit before tax, as stated or from the amount; None when neither is there."""
        line = finding.line
        share = self._net_share(line.line)
        if share is None:
            finding.flags.append("tax_rate_unknown")
            return None
        if line.price is not None:
            return line.price * share[0] / share[1]
        quantity = Decimal(1) if _is_lump_sum(line, place) else line.quantity
        if line.amount is not None and quantity:
            return line.amount / quantity * share[0] / share[1]
        return None

    def _net_share(self, line: InvoiceLine) -> tuple[Decimal, Decimal] | None:
        """The net part of a price as numerator and denominator; None when the tax in it is not known."""
        if not self.prices_include_tax:
            return ONE, ONE
        return tax.net_share(line, self.invoice)

    def _checks_out(self, finding: _Finding, place: Place, conversion: Conversion) -> bool:
        """Whether quantity times price is the line's amount, rounded either way to whole minor units.

        A printed price may be the rounding of the ordered one; then the amount has to be the ordered price's.
        """
        return self._is_rounding(finding.line, place, conversion) or self._multiplies(finding)

    def _multiplies(self, finding: _Finding) -> bool:
        """Whether quantity times price is the line's amount, as far as it says all three; if not, it is said."""
        line = finding.line
        if line.amount is None or line.quantity is None or line.price is None:
            return True
        if abs(line.amount - line.quantity * line.price) < smallest_unit(self.invoice.currency or ""):
            return True
        finding.said.append(
            f"{plain(line.quantity)} at {plain(line.price)} is {plain(line.quantity * line.price)},"
            f" the line says {plain(line.amount)}"
        )
        return False

    def _is_rounding(self, line: Billed, place: Place, conversion: Conversion) -> bool:
        """Whether the printed price is the ordered one to as many places as were printed, and the amount proves it."""
        if line.quantity is None:
            return False
        share = self._net_share(line.line)
        if share is None:
            return False
        ordered = conversion.quantity(Decimal(1)) * place.line.rate * share[1] / share[0]
        amount = line.amount
        if line.price is not None:
            if line.line.price_base_quantity != 1 and amount is None:
                return False
            printed = line.line.unit_price or ZERO
            places = Decimal(1).scaleb(min(0, int(printed.as_tuple().exponent)))
            rounded = (ordered * line.line.price_base_quantity).quantize(places, rounding=ROUND_HALF_UP)
            if rounded != printed:
                return False
            amount = line.quantity * line.price if amount is None else amount
        if amount is None:
            return False
        return abs(amount - line.quantity * ordered) < smallest_unit(place.order.currency)

    # Quantities, of all lines that bill the same order lines together

    def _compare_quantity(self, group: Sequence[_Finding]) -> None:
        if not group[0].linked.places:
            for finding in group:
                self._leave_unlinked(finding)
            return
        places = {place.key: place for finding in group for place in finding.linked.places}
        first = next(iter(places.values()))
        for finding in group:
            finding.rules["mode"] = mode_rule(first.mode, first.mode_by, first.line.kind)
        if not _are_comparable(list(places.values())):
            for finding in group:
                finding.conditions.add(LineStatus.QUANTITY_MISMATCH)
                finding.said.append(f"the {len(places)} order lines differ in unit or kind: one quantity fits not all")
        elif any(place.line.is_expense for place in places.values()):
            self._compare_amounts(group, list(places.values()))
        else:
            self._compare_counts(group, list(places.values()))

    def _leave_unlinked(self, finding: _Finding) -> None:
        line = finding.line
        if line.kind != LineKind.GOODS and self._is_let_by(finding):
            return
        finding.conditions.add(LineStatus.UNLINKED)
        what = "goods" if line.kind == LineKind.GOODS else f"a charge ({line.kind.value})"
        amount = f", {plain(line.total)}" if line.total is not None else ""
        finding.said.append(f"no order line for this line: {what}{amount}")

    def _is_let_by(self, finding: _Finding) -> bool:
        """Whether the company lets a charge by that no order names: all of its kind together, beside ordered goods."""
        kind = finding.line.kind
        limit = self.policy.charges.get(kind)
        same = [line.total for line in self.lines if line.kind == kind]
        net = sum((_goods(line) for line in self.lines), ZERO)
        if limit is None or not limit.is_set or None in same or not self.bills_goods:
            return False
        amounts = [amount for amount in same if amount is not None]
        total = sum(amounts, ZERO)
        # A charge and what takes most of it back are no small charge, and a discount takes something off.
        if not all(limit.allows(amount, net) for amount in (total, *amounts)):
            return False
        if kind == LineKind.DISCOUNT and total * net > 0:
            return False
        finding.conditions.add(LineStatus.AMOUNT_THRESHOLD)
        finding.rules["charge"] = "company"
        finding.said.append(f"{kind.value} of {plain(total)} is within the {plain(limit.limit(net))} allowed")
        return True

    def _compare_amounts(self, group: Sequence[_Finding], places: Sequence[Place]) -> None:
        """Expense lines: the amount, and that the order line has it left."""
        expected = sum((place.expected for place in places), ZERO)
        amounts = [self._net_amount(finding, expected if len(group) == 1 else None) for finding in group]
        free = sum((place.free for place in places), ZERO)
        if not all(place.line.is_expense for place in places) or None in amounts:
            for finding in group:
                finding.conditions.add(LineStatus.AMOUNT_MISMATCH)
                finding.said.append(f"no amount to lay against {plain(expected)}")
            return
        billed = sum((amount for amount in amounts if amount is not None), ZERO)
        for finding, amount in zip(group, amounts, strict=True):
            finding.expected_amount, finding.billed_amount = expected, billed
            self._judge_taken(finding, places, Axis.AMOUNT, billed, expected, free)
            if self.is_credit:
                finding.conditions.add(LineStatus.AMOUNT_MISMATCH)
                finding.said.append("what an expense is credited for is for a person to say")
            elif not self._multiplies(finding):
                finding.conditions.add(LineStatus.AMOUNT_MISMATCH)
            self._await_receipt(finding, places, Axis.AMOUNT, billed, expected)
            finding.links = _allocate(finding.linked.places, amount or ZERO, billed - free)

    def _net_amount(self, finding: _Finding, expected: Decimal | None) -> Decimal | None:
        """The amount before tax. One that is the expected amount with tax, in whole minor units, is that amount."""
        share = self._net_share(finding.line.line)
        if share is None:
            finding.flags.append("tax_rate_unknown")
        if share is None or finding.line.total is None:
            return None
        if share[0] == share[1]:
            return finding.line.total
        with_tax = (
            None if expected is None else round_money(expected * share[1] / share[0], self.invoice.currency or "")
        )
        if with_tax == finding.line.total:
            return expected
        return _shown(finding.line.total * share[0] / share[1])

    def _compare_counts(self, group: Sequence[_Finding], places: Sequence[Place]) -> None:
        """Item lines: the quantity, and that the order lines have it left."""
        expected = sum((place.expected for place in places), ZERO)
        free = sum((place.free for place in places), ZERO)
        quantities = [self._quantity(finding, expected) for finding in group]
        if None in quantities:
            for finding in group:
                finding.conditions.add(LineStatus.QUANTITY_MISMATCH)
            return
        billed = sum((quantity for quantity in quantities if quantity is not None), ZERO)
        for finding, quantity in zip(group, quantities, strict=True):
            finding.expected_quantity, finding.billed_quantity = expected, billed
            self._judge_taken(finding, places, Axis.QUANTITY, billed, expected, free)
            self._await_receipt(finding, places, Axis.QUANTITY, billed, expected)
            finding.links = _allocate(finding.linked.places, quantity or ZERO, billed - free)

    def _quantity(self, finding: _Finding, expected: Decimal) -> Decimal | None:
        """The line's quantity in the order's unit; None, with the reason said, when there is none to compare."""
        line, place = finding.line, finding.linked.places[0]
        conversion = self._conversion(line, place)
        if conversion is None:
            finding.flags.append("unit_conversion_unknown")
            billed = plain(line.quantity) if line.quantity is not None else "no quantity"
            finding.said.append(
                f"{billed} {line.line.unit} billed, {plain(place.line.quantity)} {place.line.unit} ordered:"
                " no conversion is declared, so neither quantity nor rate can be compared"
            )
            return None
        if line.quantity is None and _is_lump_sum(line, place):
            finding.said.append("an amount without a quantity is the one that was ordered")
            return Decimal(1)
        if line.quantity is None:
            finding.said.append(f"no quantity on the invoice to lay against {plain(expected)}")
            return None
        quantity = conversion.quantity(line.quantity)
        if conversion.factor != 1:
            finding.said.append(
                f"{plain(line.quantity)} {line.line.unit} is {plain(_shown(quantity))} {place.line.unit}"
            )
        if conversion.is_same(quantity, expected):
            return expected
        return quantity if conversion.factor == 1 else _shown(quantity)

    def _judge_taken(
        self,
        finding: _Finding,
        places: Sequence[Place],
        axis: Axis,
        billed: Decimal,
        expected: Decimal,
        free: Decimal,
    ) -> None:
        """Equality with what is expected, and never more than is free."""
        difference = billed - expected
        over = billed - free
        finding.said.append(_taken_sentence(places, axis, billed, expected))
        # A tolerance is for small differences of what is due, not a reason to pay or credit where nothing is.
        is_refused = free <= 0 < billed or billed < min(expected, ZERO)
        if billed > 0 and over > max(ZERO, difference):
            finding.said.append(f"only {plain(max(free, ZERO))} is left to bill")
            self._judge(finding, places[0], axis, over, expected, is_refused)
        elif difference != 0:
            turned = axis == Axis.QUANTITY and places[0].line.rate < 0
            self._judge(finding, places[0], axis, difference, expected, is_refused, turned=turned)

    def _judge(
        self,
        finding: _Finding,
        place: Place,
        axis: Axis,
        difference: Decimal,
        reference: Decimal,
        is_refused: bool,
        *,
        turned: bool = False,
    ) -> None:
        """Note a difference as within the tolerance or as a mismatch, and by whose tolerance."""
        threshold, source = self.policy.threshold_for(
            axis, subject_of(place.order, place.line, self.invoice, self.policy)
        )
        finding.rules[axis.value] = source
        costs = -difference if turned else difference
        if is_refused or not threshold.allows(costs, reference):
            finding.conditions.add(MISMATCH[axis])
            return
        finding.conditions.add(WITHIN[axis])
        if threshold.warns(costs, reference):
            finding.flags.append(f"{axis.value}_near_limit")
        finding.said.append(f"within the tolerance of {_tolerance(threshold, reference)}")

    def _await_receipt(
        self,
        finding: _Finding,
        places: Sequence[Place],
        axis: Axis,
        billed: Decimal,
        expected: Decimal,
    ) -> None:
        """Whether goods that were ordered and have not come are all that is missing."""
        if self.is_credit or any(place.match_type != MatchType.THREE_WAY for place in places):
            return
        is_missing = billed > expected and MISMATCH[axis] in finding.conditions
        if not is_missing:
            return
        returned = sum((place.line.returned for place in places), ZERO)
        # What came and went back again is not on its way.
        is_back = billed - max(expected, ZERO) <= returned
        finding.flags.append("goods_sent_back" if is_back else "missing_receipt")
        left = sum((ledger.ordered(place.line) - place.spent for place in places), -returned)
        others = {condition for condition in finding.conditions if not condition.passes}
        finding.awaits_receipt = billed <= left and others == {MISMATCH[axis]}

    def _conversion(self, line: Billed, place: Place) -> Conversion | None:
        return self.units.conversion(line.line.unit, place.line.unit, items=(place.line.item_code,))

    def _hold_to_cap(self, finding: _Finding) -> None:
        """Many small overcharges, each within its tolerance, add up: together they are held to the company's cap."""
        places, rate = finding.linked.places, finding.billed_rate
        if rate is None or finding.status == LineStatus.PERFECT_MATCH or not finding.links:
            return
        if any(place.line.is_expense for place in places):
            return
        taken = {(link.order_id, link.line): link.quantity for link in finding.links}
        for place in places:
            quantity = taken.get(place.key, ZERO)
            if quantity > 0 and rate > place.line.rate:
                self._hold_place_to_cap(finding, place, _shown(quantity * (rate - place.line.rate)))

    def _hold_place_to_cap(self, finding: _Finding, place: Place, overcharge: Decimal) -> None:
        cap = self.policy.overcharge_cap
        finding.overcharge += overcharge
        was_tolerated = LineStatus.RATE_THRESHOLD in finding.conditions or "overcharge_cap" in finding.rules
        if not was_tolerated:
            return
        times = ledger.overcharging(place.order, place.line.line, but_by=self.invoice_id)
        if times >= CREEP_MIN:
            finding.flags.append("price_creep")
            finding.said.append(f"{times} invoices before it were let charge above this price too")
        before = ledger.overcharged(place.order, place.line.line, but_by=self.invoice_id)
        before += self.overcharged[place.key]
        self.overcharged[place.key] += overcharge
        ordered = place.line.quantity * place.line.rate
        if cap is None or not cap.is_set or before + overcharge <= cap.limit(ordered):
            return
        finding.conditions.discard(LineStatus.RATE_THRESHOLD)
        finding.conditions.add(LineStatus.RATE_MISMATCH)
        finding.awaits_receipt = False
        finding.flags.append("overcharge_cap_exceeded")
        finding.rules["overcharge_cap"] = "company"
        finding.said.append(
            f"{plain(overcharge)} above the order's price, {plain(_shown(before))} before it: over the"
            f" {plain(_shown(cap.limit(ordered)))} allowed in all"
        )

    def _waive(self, finding: _Finding) -> None:
        """Where the strategy is not to match, a line that does not agree stays unlinked and stops nothing."""
        if finding.status.passes:
            return
        modes = [(place.mode, place.mode_by) for place in finding.linked.places]
        if not modes:
            vendor = self.policy.surviving_vendor(self.vendor_id) if self.vendor_id else None
            modes = [self.policy.mode_for(Subject(vendor=vendor, on=self.invoice.issue_date))]
        if any(mode != MatchMode.NONE for mode, _ in modes):
            return
        finding.is_waived = True
        finding.linked, finding.links = Linked(), ()
        finding.conditions = {LineStatus.UNLINKED}
        finding.awaits_receipt = False
        finding.rules["mode"] = modes[0][1]
        finding.said.append(f"not matched: the strategy of the {modes[0][1]} is none")

    # Totals

    def _adds_up(self, lines: Sequence[Billed]) -> bool:
        """Whether the lines come to the invoice's total, but for rounding; true when the document does not say.

        A total with tax is laid against the lines with their tax; where the document names no tax there is none in it.
        """
        net, gross = self._net_total(), self.invoice.gross_total
        counted = [line for line in lines if line.kind != LineKind.TAX]
        totals = [line.total for line in counted]
        if self.prices_include_tax:
            net = gross
        elif net is None and gross is not None:
            net = gross
            counted = list(lines)
            totals = [_with_tax(line) for line in counted]
        if net is None or not counted or None in totals:
            return True
        total = sum((total for total in totals if total is not None), ZERO)
        return self._comes_to(total, net, len(counted))

    def _net_total(self) -> Decimal | None:
        """The total before tax; None when the document says neither it nor what it is made of."""
        invoice = self.invoice
        if invoice.net_total is not None or invoice.gross_total is None or invoice.tax_total is None:
            return invoice.net_total
        return invoice.gross_total - invoice.tax_total

    def _comes_to(self, total: Decimal, stated: Decimal, count: int) -> bool:
        slack = smallest_unit(self.invoice.currency or "") * min(count, tax.SLACK_MAX)
        return abs(abs(total) - abs(stated) if self.is_credit else total - stated) <= slack

    def _result(
        self, chosen_type: InvoiceType, choice: OrderChoice, lines: tuple[LineMatch, ...], *, passes: bool
    ) -> MatchResult:
        flags = tuple(dict.fromkeys(self.flags))
        used = {order.id for order in choice.orders}
        if self.hand_links:
            used.update(link.order_id for line in lines for link in line.links)
        return made(
            MatchResult,
            {
                "invoice_type": chosen_type,
                "lines": lines,
                "approvable": passes and not BLOCKING_FLAGS.intersection(flags),
                "flags": flags,
                "order_versions": {order.id: order.version for order in self.orders if order.id in used},
                "policy_version": self.policy.version,
            },
        )

    def _line(self, finding: _Finding) -> LineMatch:
        places = finding.linked.places
        conditions = finding.conditions or {LineStatus.PERFECT_MATCH}
        return LineMatch(
            line=finding.line.line.line,
            links=finding.links or tuple(_link(place, ZERO) for place in places),
            status=finding.status,
            conditions=tuple(sorted(conditions, key=GRAVITY.__getitem__, reverse=True)),
            match_type=places[0].match_type if places else None,
            awaits_receipt=finding.awaits_receipt,
            is_waived=finding.is_waived,
            is_charge=finding.line.kind != LineKind.GOODS,
            explain="; ".join(dict.fromkeys(finding.said)),
            coding=places[0].line.coding if places else LineMatch.model_fields["coding"].default,
            expected_quantity=finding.expected_quantity,
            billed_quantity=finding.billed_quantity,
            expected_rate=finding.expected_rate,
            billed_rate=finding.billed_rate,
            expected_amount=finding.expected_amount,
            billed_amount=finding.billed_amount,
            overcharge=finding.overcharge,
            evidence=dict(finding.linked.evidence),
            rules=finding.rules,
        )


def _groups(findings: Sequence[_Finding]) -> list[list[_Finding]]:
    """Lines that bill the same order line are judged together; a line with no link stands alone."""
    groups: dict[int, list[_Finding]] = {}
    group_of: dict[tuple[str, int], int] = {}
    for number, finding in enumerate(findings):
        keys = [place.key for place in finding.linked.places]
        together = {group_of[key] for key in keys if key in group_of}
        group = [each for other in sorted(together) for each in groups.pop(other)]
        groups[number] = [*group, finding]
        group_of.update((place.key, number) for each in group for place in each.linked.places)
        group_of.update(dict.fromkeys(keys, number))
    return list(groups.values())


def _allocate(places: Sequence[Place], quantity: Decimal, over: Decimal) -> tuple[OrderLineLink, ...]:
    """Spread a quantity over its order lines, first ordered first; the last takes what remains."""
    if len(places) == 1:
        return (_link(places[0], quantity, max(over, ZERO)),)
    links = []
    for place in places[:-1]:
        part = max(min(place.expected, ZERO), quantity) if quantity < 0 else min(max(place.free, ZERO), quantity)
        quantity -= part
        links.append(_link(place, part))
    last = places[-1]
    return (*links, _link(last, quantity, max(quantity - last.free, ZERO)))


def _link(place: Place, quantity: Decimal, over: Decimal = ZERO) -> OrderLineLink:
    return OrderLineLink(
        order_id=place.order.id,
        po_number=place.order.number,
        line=place.line.line,
        quantity=quantity,
        over=over,
    )


def _are_comparable(places: Sequence[Place]) -> bool:
    """Whether quantities of these order lines may be added up."""
    kinds = {(place.line.is_expense, place.match_type) for place in places}
    units = {canonical(place.line.unit) for place in places if place.line.unit}
    return len(kinds) == 1 and len(units) <= 1


def _is_lump_sum(line: Billed, place: Place) -> bool:
    """An amount with neither quantity nor price, for a service of which one was ordered: one is what it bills."""
    return (
        line.quantity is None
        and line.price is None
        and (line.amount or ZERO) > 0
        and place.line.quantity == 1
        and place.match_type != MatchType.THREE_WAY
    )


def _with_tax(line: Billed) -> Decimal | None:
    if line.total is None:
        return None
    return line.total * (100 + (line.line.tax_rate or ZERO)) / 100


def _goods(line: Billed) -> Decimal:
    return (line.total or ZERO) if line.kind == LineKind.GOODS else ZERO


def _shown(number: Decimal) -> Decimal:
    """At most twelve places: what a division leaves behind is not for people."""
    places = int(number.as_tuple().exponent)
    return number if places >= -PLACES_MAX else number.quantize(Decimal(1).scaleb(-PLACES_MAX)).normalize()


def _price(number: Decimal) -> str:
    return price_text(_shown(number))


def _difference(difference: Decimal, reference: Decimal) -> str:
    word = "over" if difference > 0 else "under"
    share = f" ({plain(abs(difference / reference * 100).quantize(TENTH))} %)" if reference else ""
    return f"{plain(_shown(abs(difference)))} {word}{share}"


def _tolerance(threshold: Threshold, reference: Decimal) -> str:
    parts = []
    if threshold.absolute is not None:
        parts.append(plain(threshold.absolute))
    if threshold.percent is not None:
        limit = _shown(abs(reference) * threshold.percent / 100)
        parts.append(f"{plain(threshold.percent)} % ({plain(limit)})")
    return " and ".join(parts)


def _taken_sentence(places: Sequence[Place], axis: Axis, billed: Decimal, expected: Decimal) -> str:
    """What was billed, and how what it must equal comes about."""
    first = places[0]
    unit = f" {first.line.unit}" if axis == Axis.QUANTITY and first.line.unit else ""
    ordered = sum((ledger.ordered(place.line) for place in places), ZERO)
    received = sum((place.line.received for place in places), ZERO)
    returned = sum((place.line.returned for place in places), ZERO)
    spent = sum((place.spent for place in places), ZERO)
    if billed == expected == ordered and (
        first.match_type != MatchType.THREE_WAY or (received == ordered and spent == 0)
    ):
        return f"{plain(billed)}{unit} billed as ordered"
    if first.match_type == MatchType.THREE_WAY:
        came = f"{plain(received + returned)} received less {plain(returned)} sent back" if returned else ""
        came = came or f"{plain(received)} received"
        origin = f"{came} less {plain(spent)} billed or claimed of {plain(ordered)} ordered"
    else:
        origin = f"{plain(ordered)} ordered, {plain(spent)} of it billed or claimed"
    found = f"{plain(billed)}{unit} billed, {plain(expected)} due ({origin})"
    return found if billed == expected else f"{found}: {_difference(billed - expected, expected)}"
