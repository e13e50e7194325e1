"""What holds for every invoice, whatever the numbers are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import ROUND_UP, Decimal, localcontext

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from counterfoil.domain import matching
from counterfoil.domain.claims import OverClaimed, claims_of, with_bill, with_claim
from counterfoil.domain.invoices import CapturedInvoice, InvoiceLine
from counterfoil.domain.matching_result import LineStatus, MatchResult
from counterfoil.domain.orders import ItemKind, OrderLine, PurchaseOrder
from counterfoil.domain.policy import MatchMode, MatchPolicy, Threshold, Thresholds
from counterfoil.scenarios.erp import ScenarioErp
from counterfoil.scenarios.reader import ErpOrder, ErpReceipt
from tests.builders import an_order
from tests.matching.test_matching import an_invoice_of, matched

often = settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = ["Widget", "Gadget", "Hex bolt M8x40", "Hex bolt M8x50", "Cable black"]
quantities = st.integers(1, 12).map(Decimal)
rates = st.sampled_from(["0.40", "5.00", "5.10", "7.25"]).map(Decimal)
kinds = st.sampled_from([ItemKind.INVENTORY, ItemKind.NONINVENTORY, ItemKind.SERVICE])


@st.composite
def an_ordered_line(draw: st.DrawFn, number: int) -> OrderLine:
    name = draw(st.sampled_from(NAMES))
    quantity = draw(quantities)
    kind = draw(kinds)
    received = draw(st.integers(0, int(quantity) + 1)) if kind.is_received else 0
    return OrderLine(
        line=number,
        kind=kind,
        item_code=name.upper() if draw(st.booleans()) else None,
        description=name,
        quantity=quantity,
        rate=draw(rates),
        received=Decimal(received),
        billed=Decimal(draw(st.sampled_from([0, 0, 0, 1, int(quantity)]))),
    )


@st.composite
def some_orders(draw: st.DrawFn) -> list[PurchaseOrder]:
    orders = []
    for index in range(draw(st.integers(1, 2))):
        lines = [draw(an_ordered_line(number)) for number in range(1, draw(st.integers(1, 4)) + 1)]
        orders.append(an_order(id=f"{index}", number=f"PO-{index}1", lines=tuple(lines)))
    return orders


@st.composite
def a_billed_line(draw: st.DrawFn, number: int, orders: Sequence[PurchaseOrder]) -> InvoiceLine:
    """A line like one of the orders', or somewhat off it."""
    line = draw(st.sampled_from([line for order in orders for line in order.lines]))
    due = line.received - line.billed if line.kind.is_received else line.quantity
    return InvoiceLine(
        line=number,
        description=line.description,
        item_code=line.item_code if draw(st.booleans()) else None,
        quantity=draw(st.sampled_from([due, due, line.quantity, due + 1, due - 1])),
        unit_price=draw(st.sampled_from([line.rate, line.rate, line.rate + Decimal("0.10")])),
    )


@st.composite
def an_invoice_and_orders(draw: st.DrawFn) -> tuple[CapturedInvoice, list[PurchaseOrder]]:
    orders = draw(some_orders())
    lines = [draw(a_billed_line(number, orders)) for number in range(1, draw(st.integers(1, 5)) + 1)]
    numbers = tuple(order.number for order in orders)
    return an_invoice_of(*lines, po_number=numbers[0], po_numbers=numbers), orders


def decided(result: MatchResult) -> list[tuple[int, str | None, LineStatus]]:
    return [(line.line, line.link, line.status) for line in result.lines]


@often
@given(an_invoice_and_orders(), st.randoms())
def test_the_order_of_things_does_not_matter(case: tuple[CapturedInvoice, list[PurchaseOrder]], random: object) -> None:
    invoice, orders = case
    turned = [order.model_copy(update={"lines": order.lines[::-1]}) for order in orders[::-1]]
    lines = list(invoice.lines)
    random.shuffle(lines)  # type: ignore[attr-defined]

    again = matched(invoice.model_copy(update={"lines": tuple(lines)}), *turned)

    assert decided(again) == decided(matched(invoice, *orders))


@often
@given(an_invoice_and_orders(), st.randoms())
def test_how_lines_are_numbered_does_not_decide_what_is_billed(
    case: tuple[CapturedInvoice, list[PurchaseOrder]], random: object
) -> None:
    invoice, orders = case
    lines = list(invoice.lines)
    random.shuffle(lines)  # type: ignore[attr-defined]
    renumbered = [line.model_copy(update={"line": number}) for number, line in enumerate(lines, 1)]

    again = matched(invoice.model_copy(update={"lines": tuple(renumbered)}), *orders)
    before = matched(invoice, *orders)

    assert again.approvable == before.approvable


@often
@given(an_invoice_and_orders())
def test_an_order_that_has_nothing_to_do_with_it_changes_nothing(
    case: tuple[CapturedInvoice, list[PurchaseOrder]],
) -> None:
    invoice, orders = case
    unnamed = orders[0].model_copy(update={"id": "x", "number": "PO-999"})
    others = orders[0].model_copy(update={"id": "y", "number": "PO-998", "vendor_id": "other"})

    assert decided(matched(invoice, unnamed, *orders, others)) == decided(matched(invoice, *orders))


def tolerant(limit: Decimal) -> MatchPolicy:
    threshold = Threshold(absolute=limit)
    return MatchPolicy(thresholds=Thresholds(quantity=threshold, rate=threshold, amount=threshold))


@often
@given(an_invoice_and_orders(), st.decimals(0, 3, places=2), st.decimals(0, 3, places=2))
def test_more_tolerance_never_makes_a_mismatch(
    case: tuple[CapturedInvoice, list[PurchaseOrder]], limit: Decimal, more: Decimal
) -> None:
    invoice, orders = case

    strict = matched(invoice, *orders, policy=tolerant(limit))
    lax = matched(invoice, *orders, policy=tolerant(limit + more))

    for before, after in zip(strict.lines, lax.lines, strict=True):
        assert after.status.passes or not before.status.passes
        assert before.link == after.link


@often
@given(an_invoice_and_orders())
def test_what_passes_is_exactly_what_is_due(case: tuple[CapturedInvoice, list[PurchaseOrder]]) -> None:
    """Without tolerances, reckoned again from the order alone."""
    invoice, orders = case
    result = matched(invoice, *orders)
    assume(any(line.status.passes for line in result.lines))
    by_key = {(order.id, line.line): line for order in orders for line in order.lines}
    billed_lines = {line.line: line for line in invoice.lines}

    taken: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    passed: Counter[tuple[str, int]] = Counter()
    for line in result.lines:
        assert sum((link.quantity for link in line.links), Decimal(0)) in (0, billed_lines[line.line].quantity)
        for link in line.links:
            key = (link.order_id, link.line)
            taken[key] += link.quantity
            passed[key] += line.status.passes
            if line.status.passes:
                assert billed_lines[line.line].unit_price == by_key[key].rate
    for key, count in passed.items():
        ordered = by_key[key]
        due = ordered.received - ordered.billed if ordered.kind.is_received else ordered.quantity
        if count:
            assert taken[key] == due
            assert ordered.kind.is_received or taken[key] + ordered.billed <= ordered.quantity


@often
@given(some_orders(), st.data())
def test_no_more_is_claimed_and_billed_than_there_is(orders: list[PurchaseOrder], data: st.DataObject) -> None:
    ledger = {order.id: order for order in orders}
    numbers = tuple(order.number for order in orders)
    for index in range(4):
        lines = [data.draw(a_billed_line(number, orders)) for number in range(1, data.draw(st.integers(1, 3)) + 1)]
        invoice = an_invoice_of(*lines, po_number=numbers[0], po_numbers=numbers)
        # Decided on what was there at the start, as an invoice that is matched at the same moment would be.
        is_stale = data.draw(st.booleans())
        result = matched(invoice, *(ledger.values() if not is_stale else orders), invoice_id=f"invoice-{index}")
        for order_id, taken in claims_of(result).items():
            try:
                ledger[order_id] = with_claim(ledger[order_id], f"invoice-{index}", taken, result=result)
            except OverClaimed:
                continue
            if data.draw(st.booleans()):
                ledger[order_id] = with_bill(ledger[order_id], f"bill-{index}", taken, f"invoice-{index}")

    for before in orders:
        after = ledger[before.id]
        for line in before.lines:
            new = sum(taken.get(line.line, Decimal(0)) for taken in [*after.bills.values(), *after.claims.values()])
            limit = line.received if line.kind.is_received else line.quantity
            assert new <= max(limit - line.billed, 0)


@often
@given(st.lists(st.integers(-3, 8), min_size=1, max_size=6), st.randoms())
def test_receipts_in_any_order_and_in_any_parts_come_to_the_same(parts: list[int], random: object) -> None:
    line = OrderLine(line=1, kind=ItemKind.INVENTORY, quantity=Decimal(20), rate=Decimal(1))
    order = ErpOrder(number="PO-1", vendor="V", currency="USD", status="open", lines=(line,), codings={})
    receipts = [ErpReceipt(id=f"{index}", quantities={("PO-1", 1): Decimal(part)}) for index, part in enumerate(parts)]
    whole = [ErpReceipt(id="all", quantities={("PO-1", 1): Decimal(sum(parts))})]
    shuffled = [*receipts, receipts[0]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    found = [ScenarioErp([order], each, [], bill_in_advance=True).synced()[0].lines for each in (shuffled, whole)]

    assert found[0] == found[1]


@often
@given(an_invoice_and_orders(), st.sampled_from([2, 3, 7, 12, 144]))
def test_counting_in_another_unit_changes_nothing(
    case: tuple[CapturedInvoice, list[PurchaseOrder]], factor: int
) -> None:
    invoice, orders = case
    policy = MatchPolicy(unit_conversions={"case": {"ea": Decimal(factor)}})
    in_cases = [line.model_copy(update={"unit": "case"}) for line in invoice.lines]
    in_eaches = [
        order.model_copy(
            update={
                "lines": tuple(
                    line.model_copy(
                        update={
                            "unit": "ea",
                            "quantity": line.quantity * factor,
                            "received": line.received * factor,
                            "billed": line.billed * factor,
                            "rate": line.rate / factor,
                        }
                    )
                    for line in order.lines
                )
            }
        )
        for order in orders
    ]
    plain_orders = [
        order.model_copy(update={"lines": tuple(line.model_copy(update={"unit": "case"}) for line in order.lines)})
        for order in orders
    ]
    same = invoice.model_copy(update={"lines": tuple(in_cases)})

    again, before = matched(same, *in_eaches, policy=policy), matched(same, *plain_orders, policy=policy)

    assert Counter(line.status for line in again.lines) == Counter(line.status for line in before.lines)
    assert again.approvable == before.approvable


@often
@given(an_invoice_and_orders())
def test_a_decision_replays_to_the_same_answer(case: tuple[CapturedInvoice, list[PurchaseOrder]]) -> None:
    invoice, orders = case
    stored = [
        CapturedInvoice.model_validate_json(invoice.model_dump_json()),
        *(PurchaseOrder.model_validate_json(order.model_dump_json()) for order in orders),
    ]
    before = matched(invoice, *orders)

    assert matched(*stored) == before  # type: ignore[arg-type]
    assert MatchResult.model_validate_json(before.model_dump_json()) == before
    with localcontext(prec=3, rounding=ROUND_UP):
        assert matched(invoice, *orders) == before


@st.composite
def an_invoice_of_its_orders(draw: st.DrawFn) -> tuple[CapturedInvoice, list[PurchaseOrder]]:
    """Every line as ordered, now and then one that is not."""
    orders = draw(some_orders())
    ordered = [line for order in orders for line in order.lines]
    chosen = draw(st.permutations(ordered))[: draw(st.integers(1, len(ordered)))]
    lines = [
        InvoiceLine(
            line=number,
            description=draw(st.sampled_from([line.description, line.description, "Something else"])),
            item_code=draw(st.sampled_from([line.item_code, line.item_code, line.item_code, "widget"])),
            quantity=draw(st.sampled_from([line.quantity, line.quantity, line.quantity, line.received])),
            unit_price=line.rate,
            amount=draw(
                st.sampled_from([None, line.quantity * line.rate, line.quantity * line.rate + Decimal("0.01")])
            ),
        )
        for number, line in enumerate(chosen, 1)
    ]
    numbers = tuple(order.number for order in orders)
    net = draw(st.sampled_from([None, sum((line.quantity * line.rate for line in chosen), Decimal(0))]))
    return an_invoice_of(*lines, po_number=numbers[0], po_numbers=numbers, net_total=net), orders


modes = st.sampled_from([MatchPolicy(), MatchPolicy(mode=MatchMode.TWO_WAY), MatchPolicy(mode=MatchMode.THREE_WAY)])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(an_invoice_of_its_orders(), modes)
def test_the_short_way_decides_as_the_long_way(
    case: tuple[CapturedInvoice, list[PurchaseOrder]], policy: MatchPolicy
) -> None:
    invoice, orders = case
    whole = [
        order.model_copy(
            update={
                "lines": tuple(
                    line.model_copy(update={"billed": Decimal(0), "received": line.received or line.quantity})
                    for line in order.lines
                )
            }
        )
        for order in orders
    ]

    for each in (orders, whole):
        short = matched(invoice, *each, policy=policy)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(matching, "agreement", lambda *_: None)
            long = matched(invoice, *each, policy=policy)
        assert short == long
        assert short.model_dump_json() == long.model_dump_json()
        # What the rules made without checking is what checking lets by, to the type.
        assert MatchResult.model_validate(short.model_dump(), strict=True) == short
