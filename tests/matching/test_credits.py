"""What a credit note may take back, once, and of which bills."""

from __future__ import annotations

from typing import Any

import pytest

from counterfoil.domain.actions import NOTHING_DONE
from counterfoil.domain.claims import OverClaimed, claims_of, with_bill, with_claim
from counterfoil.domain.credits import credited_bills, left_of_bills
from counterfoil.domain.invoices import CapturedInvoice, DocumentType, InvoiceLine
from counterfoil.domain.matching_result import LineStatus
from counterfoil.domain.orders import ItemKind, OrderLine, OrderStatus, PurchaseOrder
from counterfoil.domain.standing import terms_of, why_it_fell
from tests.builders import an_invoice, an_order, an_order_line
from tests.matching.test_matching import an_amount, an_expense, an_invoice_of, billed, d, goods, matched, within

S = LineStatus


def a_credit_of(*lines: InvoiceLine, **values: Any) -> CapturedInvoice:
    return an_invoice_of(*lines, document_type=DocumentType.CREDIT_NOTE, **values)


def billed_order(line: OrderLine, bills: dict[str, str], **values: Any) -> PurchaseOrder:
    return an_order(
        lines=(line,),
        status=OrderStatus.FULLY_BILLED,
        bills={bill_id: {line.line: d(quantity)} for bill_id, quantity in bills.items()},
        **values,
    )


def test_goods_are_not_credited_twice_although_the_erp_lowers_nothing() -> None:
    """The ERP's own figure stays at ten after a credit."""
    order = billed_order(goods(received=d("7"), billed=d("10")), {"812": "10"})
    credit = a_credit_of(billed(quantity=d("-3")))
    result = matched(credit, order)
    claimed = with_claim(order, "credit-1", claims_of(result)["1001"], result=result)
    posted = with_bill(claimed, "900", {1: d("-3")}, "credit-1")

    assert result.approvable
    assert not matched(credit, claimed, invoice_id="credit-2").approvable
    assert not matched(credit, posted, invoice_id="credit-2").approvable


def test_more_than_is_billed_cannot_be_claimed_back() -> None:
    order = billed_order(goods(received=d("7"), billed=d("10")), {"812": "10", "900": "-3"})

    assert with_claim(order, "credit-2", {1: d("-7")}).claimed(1) == -7
    with pytest.raises(OverClaimed):
        with_claim(order, "credit-2", {1: d("-8")})
    with pytest.raises(OverClaimed) as refusal:
        with_claim(with_claim(order, "credit-2", {1: d("-4")}), "credit-3", {1: d("-4")})
    assert (refusal.value.asked, refusal.value.spent, refusal.value.limit) == (-4, -4, 7)


@pytest.mark.parametrize(
    ("kind", "before", "credited", "status"),
    [
        pytest.param(ItemKind.SERVICE, "12", "-2", S.PERFECT_MATCH, id="what was billed beyond the order"),
        pytest.param(ItemKind.SERVICE, "12", "-3", S.QUANTITY_MISMATCH, id="more than that"),
        pytest.param(ItemKind.SERVICE, "10", "-2", S.QUANTITY_MISMATCH, id="nothing beyond the order"),
        pytest.param(ItemKind.SERVICE, "0", "-10", S.QUANTITY_MISMATCH, id="nothing billed"),
    ],
)
def test_a_two_way_credit_is_for_what_was_billed_beyond_the_order(
    kind: ItemKind, before: str, credited: str, status: S
) -> None:
    order = billed_order(an_order_line(kind=kind, billed=d(before)), {"812": before})

    assert matched(a_credit_of(billed(quantity=d(credited))), order).lines[0].status == status


@pytest.mark.parametrize(
    ("second", "link"),
    [
        pytest.param("-6", "PO-1:1", id="all that came back"),
        pytest.param("-5", "PO-1:1", id="less than came back"),
        pytest.param("-7", None, id="more than came back"),
        pytest.param("6", None, id="a bill among credits"),
    ],
)
def test_lines_of_a_credit_take_back_together_what_came_back(second: str, link: str | None) -> None:
    order = billed_order(goods(received=d("0"), billed=d("10")), {"812": "10"})
    lines = billed(quantity=d("-4"), amount=d("-20")), billed(line=2, quantity=d(second), amount=5 * d(second))

    result = matched(a_credit_of(*lines), order)

    assert sorted(str(line.link) for line in result.lines) == sorted(["PO-1:1", str(link)])
    assert result.approvable is (second == "-6")


@pytest.mark.parametrize(
    ("status", "bills", "flags"),
    [
        pytest.param(OrderStatus.CLOSED, {"812": "10"}, (), id="closed when it was billed"),
        pytest.param(OrderStatus.CLOSED, {}, ("order_not_open",), id="closed before anything was billed"),
        pytest.param(OrderStatus.PENDING_APPROVAL, {"812": "10"}, ("order_not_open",), id="changed, not approved yet"),
    ],
)
def test_a_credit_may_be_for_an_order_that_was_billed_and_closed(
    status: OrderStatus, bills: dict[str, str], flags: tuple[str, ...]
) -> None:
    line = goods(received=d("7"), billed=d(bills.get("812", "0")))
    order = billed_order(line, bills).model_copy(update={"status": status})

    result = matched(a_credit_of(billed(quantity=d("-3"))), order)

    assert result.flags == flags
    assert result.approvable is not bool(flags)


def overcharged_order(**values: Any) -> PurchaseOrder:
    """Ten at 5.00 of which an invoice was let charge 0.50 more each."""
    order = billed_order(goods(billed=d("10")), {"812": "10"})
    return order.model_copy(update={"overcharges": {"invoice-0": {1: d("5.00")}}} | values)


@pytest.mark.parametrize(
    ("line", "passes"),
    [
        pytest.param({"quantity": None, "unit_price": None, "amount": d("-5.00")}, True, id="an amount"),
        pytest.param({"quantity": d("10"), "unit_price": d("0.50"), "amount": None}, True, id="so much for each"),
        pytest.param({"quantity": None, "unit_price": None, "amount": d("-4.99")}, False, id="a cent less"),
        pytest.param({"quantity": None, "unit_price": None, "amount": d("-5.01")}, False, id="a cent more"),
    ],
)
def test_money_is_taken_back_as_it_was_charged(line: dict[str, Any], passes: bool) -> None:
    result = matched(a_credit_of(billed(**line)), overcharged_order())

    assert result.approvable is passes
    if passes:
        assert claims_of(result) == {"1001": {1: 0}}
        assert result.lines[0].is_price_credit
        assert "5 taken back" in result.lines[0].explain


def test_money_that_is_taken_back_beside_goods_lets_nothing_else_by() -> None:
    """The first line is just what was charged too much; the second one takes back goods that never went back."""
    lines = billed(quantity=None, unit_price=None, amount=d("-5.00")), billed(line=2, quantity=d("-9"))

    result = matched(a_credit_of(*lines), overcharged_order(), hand_links={1: [("1001", 1)], 2: [("1001", 1)]})

    assert not result.approvable
    assert not result.lines[1].status.passes


def test_money_is_taken_back_of_an_order_that_more_is_billed_of_than_came() -> None:
    order = overcharged_order(lines=(goods(received=d("9"), billed=d("10")),))
    result = matched(a_credit_of(billed(quantity=None, unit_price=None, amount=d("-5.00"))), order)

    assert result.lines[0].is_price_credit
    assert with_claim(order, "credit-1", claims_of(result)["1001"], result=result).claims == {"credit-1": {1: 0}}


def test_money_whose_price_holds_the_tax_is_taken_back_without_it() -> None:
    line = billed(quantity=None, unit_price=None, amount=d("-5.95"), tax_rate=d("19"))

    assert matched(a_credit_of(line), overcharged_order(), prices_include_tax=True).approvable
    assert not matched(a_credit_of(line), overcharged_order(), prices_include_tax=False).approvable


def test_money_is_taken_back_once() -> None:
    credit = a_credit_of(billed(quantity=None, unit_price=None, amount=d("-5.00")))
    order = overcharged_order()
    result = matched(credit, order)

    claimed = with_claim(order, "credit-1", claims_of(result)["1001"], result=result)
    posted = with_bill(claimed, "900", {1: d("0")}, "credit-1")

    assert not matched(credit, claimed, invoice_id="credit-2").approvable
    assert not matched(credit, posted, invoice_id="credit-2").approvable
    assert matched(credit, claimed, invoice_id="credit-1").approvable


def test_what_a_person_accepted_above_the_price_can_be_credited() -> None:
    order = an_order(lines=(goods(),))
    dear = matched(an_invoice_of(billed(unit_price=d("5.50"))), order, invoice_id="invoice-0")
    taken = claims_of(dear, accepted={1})["1001"]
    posted = with_bill(with_claim(order, "invoice-0", taken, result=dear), "812", taken, "invoice-0")

    credit = a_credit_of(billed(quantity=None, unit_price=None, amount=d("-5.00")))

    assert not dear.approvable
    assert matched(credit, posted.model_copy(update={"status": OrderStatus.FULLY_BILLED})).approvable


def test_where_goods_wait_for_their_credit_a_quantity_is_a_quantity() -> None:
    order = overcharged_order(lines=(goods(received=d("9"), billed=d("10")),))

    result = matched(a_credit_of(billed(quantity=d("-1"), unit_price=d("5.00"))), order)

    assert result.lines[0].links[0].quantity == -1
    assert not result.lines[0].is_price_credit


def test_an_invoice_never_takes_money_back() -> None:
    line = billed(quantity=None, unit_price=None, amount=d("-5.00"))

    assert not matched(an_invoice_of(line), overcharged_order()).approvable


def test_an_expense_is_not_credited_without_a_person() -> None:
    order = billed_order(an_expense(billed=d("800")), {"812": "800"})

    assert not matched(a_credit_of(an_amount("-100")), order, policy=within("amount", absolute="900")).approvable


def test_a_credit_stands_on_an_order_that_is_billed_in_full() -> None:
    order = billed_order(goods(received=d("7"), billed=d("10")), {"812": "10"})
    result = matched(a_credit_of(billed(quantity=d("-3"))), order)
    orders = {order.id: with_claim(order, "invoice-1", claims_of(result)["1001"], result=result)}
    credit = an_invoice(id="invoice-1", match=result, terms_seen=terms_of(result, NOTHING_DONE, orders))

    assert why_it_fell(credit, orders) is None


def test_a_credit_falls_when_its_bill_is_gone() -> None:
    order = billed_order(goods(received=d("7"), billed=d("10")), {"812": "10"})
    result = matched(a_credit_of(billed(quantity=d("-3"))), order)
    credit = an_invoice(id="invoice-1", match=result, terms_seen=terms_of(result, NOTHING_DONE, {order.id: order}))
    gone = order.model_copy(update={"bills": {}, "lines": (goods(received=d("7"), billed=d("0")),)})

    assert why_it_fell(credit, {order.id: gone}) is not None


@pytest.mark.parametrize(
    ("bills", "credited", "found"),
    [
        pytest.param({"812": "10"}, "-3", [("812", 3)], id="one bill"),
        pytest.param({"99": "6", "812": "4"}, "-3", [("812", 3)], id="the latest first"),
        pytest.param({"812": "4", "99": "6"}, "-3", [("812", 3)], id="in whatever order they are known"),
        pytest.param({"99": "6", "812": "4"}, "-5", [("812", 4), ("99", 1)], id="and then the one before"),
        pytest.param({"99": "6", "812": "4", "900": "-3"}, "-3", [("812", 1), ("99", 2)], id="after an earlier credit"),
    ],
)
def test_a_credit_says_which_bills_it_credits(
    bills: dict[str, str], credited: str, found: list[tuple[str, int]]
) -> None:
    quantity = sum((d(each) for each in bills.values()), d("0"))
    order = billed_order(goods(received=quantity + d(credited), billed=quantity, quantity=d("10")), bills)
    result = matched(a_credit_of(billed(quantity=d(credited))), order)

    assert result.approvable
    assert [(each.bill_id, int(each.quantity)) for each in credited_bills(result, {order.id: order})] == found


def test_two_lines_of_a_credit_share_the_bills() -> None:
    order = billed_order(goods(received=d("5"), billed=d("10")), {"99": "6", "812": "4"})
    result = matched(a_credit_of(billed(quantity=d("-2")), billed(line=2, quantity=d("-3"))), order)

    found = credited_bills(result, {order.id: order})

    assert result.approvable
    assert [(each.bill_id, int(each.quantity)) for each in found] == [("812", 2), ("812", 2), ("99", 1)]


@pytest.mark.parametrize("second", ["-4", "3"])
def test_lines_of_a_credit_do_not_share_more_than_went_back(second: str) -> None:
    order = billed_order(goods(received=d("5"), billed=d("10")), {"812": "10"})

    assert not matched(a_credit_of(billed(quantity=d("-2")), billed(line=2, quantity=d(second))), order).approvable


def test_money_is_credited_on_the_latest_bill() -> None:
    order = overcharged_order(bills={"99": {1: d("6")}, "812": {1: d("4")}})
    result = matched(a_credit_of(billed(quantity=None, unit_price=None, amount=d("-5.00"))), order)

    [credited] = credited_bills(result, {order.id: order})

    assert (credited.bill_id, credited.quantity, credited.amount) == ("812", d("0"), d("5"))


def test_what_is_credited_in_full_is_left_out() -> None:
    order = billed_order(goods(), {"99": "6", "812": "4", "900": "-4"})

    assert left_of_bills(order, 1) == {"99": 6}
    assert left_of_bills(order, 9) == {}
    assert credited_bills(matched(a_credit_of(billed(quantity=d("-3")))), {}) == ()


def test_an_invoice_credits_no_bill() -> None:
    order = an_order(bills={"812": {1: d("1")}})

    assert credited_bills(matched(an_invoice_of(), order), {order.id: order}) == ()


def test_ids_with_letters_are_in_their_order_too() -> None:
    order = billed_order(goods(), {"B-9": "6", "B-10": "4"})

    assert list(left_of_bills(order, 1)) == ["B-10", "B-9"]


def test_bills_of_one_and_of_less_are_credited_too() -> None:
    order = billed_order(goods(quantity=d("1.5")), {"99": "0.5", "812": "1"})

    assert left_of_bills(order, 1) == {"812": d("1"), "99": d("0.5")}
    assert left_of_bills(order.model_copy(update={"bills": {**order.bills, "900": {1: d("-0.5")}}}), 1) == {
        "812": d("0.5"),
        "99": d("0.5"),
    }
