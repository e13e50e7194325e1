"""What is decided without weighing, and what is not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from counterfoil.domain.agreement import agreement
from counterfoil.domain.invoices import CapturedInvoice, LineKind
from counterfoil.domain.orders import ItemKind, OrderLine, PurchaseOrder
from counterfoil.domain.policy import MatchMode, MatchPolicy
from tests.builders import an_order, an_order_line
from tests.matching.test_matching import an_expense, an_invoice_of, billed, d, goods, matched

GADGET = {"line": 2, "item_code": "GADGET", "description": "Gadget"}


def agreed(invoice: CapturedInvoice, *orders: PurchaseOrder, policy: MatchPolicy | None = None) -> list[str] | None:
    found = agreement(invoice, invoice.lines, orders or (an_order(),), policy or MatchPolicy())
    return None if found is None else [line.link or "" for line in found.lines]


def test_an_invoice_as_ordered_is_agreed_with() -> None:
    order = an_order(lines=(goods(), an_order_line(**GADGET)))

    assert agreed(an_invoice_of(billed(**GADGET), billed()), order) == ["PO-1:2", "PO-1:1"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param({"quantity": d("9")}, id="another quantity"),
        pytest.param({"quantity": None}, id="no quantity"),
        pytest.param({"quantity": d("-10")}, id="a quantity below zero"),
        pytest.param({"unit_price": d("5.01")}, id="another price"),
        pytest.param({"unit_price": None}, id="no price"),
        pytest.param({"amount": d("50.01")}, id="another amount"),
        pytest.param({"item_code": None}, id="no code"),
        pytest.param({"item_code": "widget"}, id="a code written otherwise"),
        pytest.param({"description": "Widgets"}, id="other words"),
        pytest.param({"unit": "case"}, id="another unit"),
        pytest.param({"price_base_quantity": d("100")}, id="a price for a hundred"),
        pytest.param({"po_line": "1"}, id="a line reference"),
        pytest.param({"po_number": "PO-1"}, id="an order of its own"),
        pytest.param({"kind": LineKind.FREIGHT}, id="a charge"),
    ],
)
def test_a_line_that_differs_in_anything_is_weighed(line: dict[str, Any]) -> None:
    assert agreed(an_invoice_of(billed(**line))) is None


@pytest.mark.parametrize(
    "ordered",
    [
        pytest.param(an_order_line(billed=d("1")), id="billed in part"),
        pytest.param(an_order_line(is_closed=True), id="closed"),
        pytest.param(an_order_line(rate=d("0")), id="for nothing"),
        pytest.param(an_order_line(item_code=None), id="without a code"),
        pytest.param(goods(received=d("9")), id="not all came"),
        pytest.param(goods(received=d("11")), id="more came"),
        pytest.param(an_expense(item_code="WIDGET", description="Widget", quantity=d("10"), rate=d("5")), id="expense"),
    ],
)
def test_an_order_line_that_is_not_wholly_due_is_weighed(ordered: OrderLine) -> None:
    line = billed(unit_price=ordered.rate)

    assert agreed(an_invoice_of(line), an_order(lines=(ordered,))) is None


@pytest.mark.parametrize(
    "order",
    [
        pytest.param({"currency": "EUR"}, id="another currency"),
        pytest.param({"bills": {"812": {1: d("0")}}}, id="a bill is known"),
        pytest.param({"claims": {"invoice-2": {1: d("1")}}}, id="another invoice takes of it"),
    ],
)
def test_an_order_that_others_bill_is_weighed(order: dict[str, Any]) -> None:
    assert agreed(an_invoice_of(), an_order(**order)) is None


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param({"item_modes": {"X": MatchMode.NONE}}, id="modes by item"),
        pytest.param({"category_modes": {"X": MatchMode.NONE}}, id="modes by category"),
        pytest.param({"mode": MatchMode.NONE}, id="no matching"),
        pytest.param({"vendor_modes": {"501": MatchMode.NONE}}, id="no matching for the vendor"),
    ],
)
def test_rules_that_differ_by_line_are_weighed(policy: dict[str, Any]) -> None:
    assert agreed(an_invoice_of(), policy=MatchPolicy(**policy)) is None


@pytest.mark.parametrize(("policy", "agrees"), [({}, False), ({"mode": MatchMode.TWO_WAY}, True)])
def test_goods_that_did_not_come_are_agreed_with_two_way_only(policy: dict[str, Any], agrees: bool) -> None:
    order = an_order(lines=(goods(received=d("0")),))

    assert (agreed(an_invoice_of(), order, policy=MatchPolicy(**policy)) is not None) is agrees


def test_like_lines_are_billed_in_the_order_they_were_placed() -> None:
    order = an_order(lines=(an_order_line(line=2), an_order_line(line=1)))

    assert agreed(an_invoice_of(billed(), billed(line=2)), order) == ["PO-1:1", "PO-1:2"]
    assert agreed(an_invoice_of(billed(), billed(line=2), billed(line=3)), order) is None


def test_of_like_lines_those_of_the_first_order_are_billed_first() -> None:
    first = an_order(id="2", number="PO-2", lines=(an_order_line(line=5), an_order_line(line=3), an_order_line(line=4)))
    second = an_order(lines=(an_order_line(),))
    lines = [billed(line=number) for number in range(1, 5)]

    assert agreed(an_invoice_of(*lines), first, second) == ["PO-2:3", "PO-2:4", "PO-2:5", "PO-1:1"]


def test_an_article_at_two_prices_and_quantities_is_billed_by_them() -> None:
    order = an_order(
        lines=(an_order_line(), an_order_line(line=2, quantity=d("4")), an_order_line(line=3, rate=d("6")))
    )
    lines = billed(line=1, unit_price=d("6.0"), amount=d("60")), billed(line=2, quantity=d("4"), amount=d("20"))

    assert agreed(an_invoice_of(*lines), order) == ["PO-1:3", "PO-1:2"]


CODE_PRICE_QUANTITY = {"item_code": 50, "rate": 30, "quantity": 20}


@pytest.mark.parametrize(
    ("both", "amount", "rests_on"),
    [
        pytest.param({}, "50.00", {"description": 100, "amount": 4}, id="words and amount"),
        pytest.param({"unit": "ea"}, "50.00", {"description": 100, "unit": 2, "amount": 4}, id="a unit"),
        pytest.param({"description": ""}, "50.00", {"amount": 4}, id="no words"),
        pytest.param({"description": "", "unit": "ea"}, "50.00", {"unit": 2, "amount": 4}, id="no words, a unit"),
        pytest.param({}, "50.004", {"description": 100}, id="an amount that was rounded"),
        pytest.param({}, None, {"description": 100, "amount": 4}, id="no amount"),
    ],
)
def test_what_agrees_shows_what_it_rests_on(both: dict[str, Any], amount: str | None, rests_on: dict[str, int]) -> None:
    order = an_order(lines=(an_order_line(**both),))
    line = billed(amount=amount and d(amount), **both)

    found = agreement(an_invoice_of(line), [line], [order], MatchPolicy())

    assert found is not None
    assert found.lines[0].evidence == CODE_PRICE_QUANTITY | rests_on
    assert found.total == d(amount or "50")


@pytest.mark.parametrize(
    ("currency", "amount", "agrees"),
    [
        pytest.param("USD", "49.991", True, id="less than a cent off"),
        pytest.param("USD", "50.01", False, id="a cent off"),
        pytest.param("JPY", "50.9", True, id="less than a yen off"),
        pytest.param("JPY", "51", False, id="a yen off"),
    ],
)
def test_an_amount_agrees_when_it_is_off_by_less_than_the_smallest_unit(
    currency: str, amount: str, agrees: bool
) -> None:
    invoice = an_invoice_of(billed(amount=d(amount)), currency=currency)

    assert (agreed(invoice, an_order(currency=currency)) is not None) is agrees


def test_an_order_line_for_nothing_is_weighed() -> None:
    order = an_order(lines=(an_order_line(quantity=d("0")),))

    assert agreed(an_invoice_of(billed(quantity=d("0"))), order) is None


def test_a_code_of_one_letter_and_a_mark_is_a_code() -> None:
    names = {"item_code": "A-1", "description": "A (large)"}

    assert agreed(an_invoice_of(billed(**names)), an_order(lines=(an_order_line(**names),))) == ["PO-1:1"]


def test_marks_alone_are_no_code_and_no_words() -> None:
    order = an_order(lines=(an_order_line(item_code="--"),))

    assert agreed(an_invoice_of(billed(item_code="--")), order) is None
    assert agreed(an_invoice_of(billed(description="**")), an_order(lines=(an_order_line(description="**"),))) is None
    assert agreed(an_invoice_of(), an_order(lines=(an_order_line(kind=ItemKind.SERVICE),))) == ["PO-1:1"]


@pytest.mark.parametrize(("net", "agrees"), [("50.00", True), ("50.01", True), ("50.02", False), (None, True)])
def test_lines_that_agree_must_still_come_to_the_total(net: str | None, agrees: bool) -> None:
    result = matched(an_invoice_of(net_total=net and Decimal(net)))

    assert result.approvable is agrees
    assert result.lines[0].status.passes
    assert ("total_mismatch" in result.flags) is not agrees
