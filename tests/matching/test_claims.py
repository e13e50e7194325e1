"""What an invoice takes of an order is taken once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from counterfoil.domain.claims import OverClaimed, claims_of, with_bill, with_claim, without_claim
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.matching_result import MatchType
from counterfoil.domain.orders import PurchaseOrder
from counterfoil.domain.policy import MatchMode, MatchPolicy, Threshold, Thresholds
from tests.builders import an_order, an_order_line
from tests.matching.test_matching import an_amount, an_expense, an_invoice_of, billed, d, goods, matched, within


def test_an_invoice_claims_what_its_lines_bill() -> None:
    assert claims_of(matched(an_invoice_of())) == {"1001": {1: d("10")}}


def test_an_expense_is_claimed_by_its_amount() -> None:
    result = matched(an_invoice_of(an_amount("800")), an_order(lines=(an_expense(),)))

    assert claims_of(result) == {"1001": {1: d("800")}}


def test_a_line_that_does_not_pass_claims_nothing_until_a_person_accepts_it() -> None:
    result = matched(an_invoice_of(billed(quantity=d("8"))))

    assert claims_of(result) == {}
    assert claims_of(result, accepted={1}) == {"1001": {1: d("8")}}


def test_lines_of_one_order_line_claim_together() -> None:
    result = matched(an_invoice_of(billed(quantity=d("4")), billed(line=2, quantity=d("6"))))

    assert claims_of(result) == {"1001": {1: d("10")}}


@pytest.mark.parametrize("asked", ["0.5", "1", "10"])
def test_two_invoices_cannot_take_the_same_goods(asked: str) -> None:
    order = with_claim(an_order(), "invoice-1", {1: d("10")})

    with pytest.raises(OverClaimed) as refusal:
        with_claim(order, "invoice-2", {1: d(asked)})

    assert (refusal.value.spent, refusal.value.limit) == (10, 10)
    assert "10 of 10 is billed or claimed" in refusal.value.detail


def test_an_invoice_that_claims_again_claims_once() -> None:
    order = with_claim(an_order(), "invoice-1", {1: d("10")})

    assert with_claim(order, "invoice-1", {1: d("10")}) == order
    assert with_claim(order, "invoice-1", {1: d("4")}).claimed(1) == 4


@pytest.mark.parametrize(("received", "fits"), [("10", True), ("9", False)])
def test_goods_are_claimed_up_to_what_came(received: str, fits: bool) -> None:
    order = an_order(lines=(goods(received=d(received)),))

    if fits:
        assert with_claim(order, "invoice-1", {1: d("10")}).claimed(1) == 10
    else:
        with pytest.raises(OverClaimed):
            with_claim(order, "invoice-1", {1: d("10")})


def test_what_is_billed_cannot_be_claimed() -> None:
    order = with_bill(an_order(), "bill-1", {1: d("4")}, None)

    with pytest.raises(OverClaimed):
        with_claim(order, "invoice-1", {1: d("7")})
    assert with_claim(order, "invoice-1", {1: d("6")}).claimed(1) == 6


def test_a_match_may_claim_what_its_tolerance_let_by() -> None:
    order = an_order(lines=(goods(received=d("10")),))
    result = matched(an_invoice_of(billed(quantity=d("11"))), order, policy=within("quantity", absolute="1"))

    with pytest.raises(OverClaimed):
        with_claim(order, "invoice-1", claims_of(result)["1001"])
    claimed = with_claim(order, "invoice-1", claims_of(result)["1001"], result=result)

    assert claimed.claimed(1) == 11


def test_a_tolerance_is_not_taken_twice() -> None:
    order = an_order(lines=(goods(received=d("10")),))
    policy = within("quantity", absolute="1")
    first = matched(an_invoice_of(billed(quantity=d("11"))), order, policy=policy)
    second = matched(an_invoice_of(billed(quantity=d("11"))), order, policy=policy, invoice_id="invoice-2")
    claimed = with_claim(order, "invoice-1", claims_of(first)["1001"], result=first)

    with pytest.raises(OverClaimed):
        with_claim(claimed, "invoice-2", claims_of(second)["1001"], result=second)


def test_what_a_tolerance_lets_by_of_one_order_is_not_taken_of_another() -> None:
    orders = (
        an_order(),
        an_order(id="1002", number="PO-2", lines=(an_order_line(item_code="GADGET", description="Gadget"),)),
    )
    lines = billed(), billed(line=2, item_code="GADGET", description="Gadget", quantity=d("11"))
    invoice = an_invoice_of(*lines, po_numbers=("PO-1", "PO-2"))

    result = matched(invoice, *orders, policy=within("quantity", absolute="1"))

    assert claims_of(result) == {"1001": {1: d("10")}, "1002": {1: d("11")}}
    assert with_claim(orders[1], "invoice-1", {1: d("11")}, result=result).claimed(1) == 11
    with pytest.raises(OverClaimed):
        with_claim(orders[0], "invoice-1", {1: d("11")}, result=result)


def test_a_line_that_bills_no_order_line_stands_beside_a_claim() -> None:
    result = matched(an_invoice_of(billed(), billed(line=2, item_code=None, description="Catering")))

    assert with_claim(an_order(), "invoice-1", claims_of(result)["1001"], result=result).claimed(1) == 10


@pytest.mark.parametrize(("quantity", "claims"), [("0", {}), ("1", {"1001": {1: 1}}), ("0.5", {"1001": {1: d("0.5")}})])
def test_an_accepted_line_claims_what_it_bills_and_nothing_when_that_is_nothing(
    quantity: str, claims: dict[str, dict[int, Decimal]]
) -> None:
    assert claims_of(matched(an_invoice_of(billed(quantity=d(quantity)))), accepted={1}) == claims


def test_the_decision_says_what_is_two_way() -> None:
    order = an_order(lines=(goods(received=d("0")),))
    result = matched(an_invoice_of(), order)
    two_way = result.model_copy(
        update={"lines": tuple(line.model_copy(update={"match_type": MatchType.TWO_WAY}) for line in result.lines)}
    )

    assert with_claim(order, "invoice-2", {1: d("10")}, result=two_way).claimed(1) == 10


def test_a_credit_claims_below_zero_and_makes_no_room() -> None:
    order = an_order(lines=(goods(received=d("7"), billed=d("10")),))

    claimed = with_claim(order, "credit-1", {1: d("-3")})

    assert claimed.claimed(1) == -3
    with pytest.raises(OverClaimed):
        with_claim(claimed, "invoice-2", {1: d("1")})


def test_a_claim_is_given_back() -> None:
    order = with_claim(an_order(), "invoice-1", {1: d("10")})

    assert without_claim(order, "invoice-1").claims == {}
    assert without_claim(without_claim(order, "invoice-1"), "invoice-1") == without_claim(order, "invoice-1")


def test_what_a_billed_invoice_was_let_charge_stays_known() -> None:
    order = an_order(
        claims={"invoice-2": {1: d("1")}}, overcharges={"invoice-1": {1: d("2")}, "invoice-2": {1: d("1")}}
    )

    assert without_claim(order, "invoice-1") == order
    assert without_claim(order, "invoice-2").overcharges == {"invoice-1": {1: d("2")}}


def test_a_posted_bill_takes_the_place_of_its_claim() -> None:
    order = with_claim(an_order(), "invoice-1", {1: d("10")})

    posted = with_bill(order, "bill-1", {1: d("10")}, "invoice-1")

    assert (posted.billed(1), posted.claimed(1)) == (10, 0)
    assert with_bill(posted, "bill-1", {1: d("10")}, "invoice-1") == posted


def test_a_bill_counts_beside_those_that_only_the_erp_knows() -> None:
    order = with_claim(an_order(lines=(an_order_line(billed=d("4")),)), "invoice-1", {1: d("4")})

    posted = with_bill(order, "bill-1", {1: d("4")}, "invoice-1")

    assert posted.billed(1) == 8
    assert with_bill(posted, "bill-1", {1: d("4")}, "invoice-1").billed(1) == 8
    with pytest.raises(OverClaimed):
        with_claim(posted, "invoice-2", {1: d("3")})


def test_a_posted_credit_frees_nothing_before_the_erp_says_so() -> None:
    order = an_order(lines=(goods(billed=d("10")),))

    assert with_bill(order, "credit-1", {1: d("-3")}, None).billed(1) == 10


def test_an_order_line_that_is_not_there_cannot_be_claimed() -> None:
    with pytest.raises(KeyError):
        with_claim(an_order(), "invoice-1", {9: Decimal(1)})


# The cap on what all invoices together charge above an order line's price

CAPPED = MatchPolicy(
    thresholds=Thresholds(rate=Threshold(absolute=d("1"))), overcharge_cap=Threshold(absolute=d("3.00"))
)


def an_overcharge(quantity: str, by: str = "0.25") -> CapturedInvoice:
    return an_invoice_of(billed(quantity=d(quantity), unit_price=d("5.00") + d(by)))


def an_order_of_a_hundred(received: str) -> PurchaseOrder:
    return an_order(lines=(goods(quantity=d("100"), received=d(received)),))


@pytest.mark.parametrize(("quantity", "passes"), [("12", True), ("13", False)])
def test_one_invoice_is_held_to_the_cap(quantity: str, passes: bool) -> None:
    result = matched(an_overcharge(quantity), an_order_of_a_hundred(quantity), policy=CAPPED)

    assert result.approvable is passes
    assert ("overcharge_cap_exceeded" in result.flags) is not passes


def test_small_overcharges_add_up_to_one_exception() -> None:
    order = an_order_of_a_hundred("8")
    first = matched(an_overcharge("8"), order, policy=CAPPED)
    order = with_claim(order, "invoice-1", claims_of(first)["1001"], result=first)
    order = with_bill(order, "bill-1", claims_of(first)["1001"], "invoice-1")
    more = order.model_copy(update={"lines": (goods(quantity=d("100"), received=d("16")),)})

    second = matched(an_overcharge("8"), more, policy=CAPPED, invoice_id="invoice-2")

    assert first.approvable
    assert order.overcharges == {"invoice-1": {1: d("2.00")}}
    assert not second.approvable
    assert "2 above the order's price, 2 before it: over the 3 allowed in all" in second.lines[0].explain


@pytest.mark.parametrize(("before", "creeps"), [(1, False), (2, True), (3, True)])
def test_prices_that_creep_are_reported(before: int, creeps: bool) -> None:
    order = an_order_of_a_hundred("4").model_copy(
        update={"overcharges": {f"invoice-{number}": {1: d("0.10")} for number in range(10, 10 + before)}}
    )

    result = matched(an_overcharge("4"), order, policy=CAPPED)
    again = matched(an_overcharge("4"), order, policy=CAPPED, invoice_id="invoice-10")
    as_ordered = matched(an_overcharge("4", "0.00"), order, policy=CAPPED)

    assert result.approvable
    assert ("price_creep" in result.flags) is creeps
    assert result.is_doubtful is creeps
    assert ("price_creep" in again.flags) is (before == 3)
    assert not as_ordered.flags


def test_two_lines_of_one_invoice_add_up() -> None:
    invoice = an_invoice_of(
        billed(quantity=d("8"), unit_price=d("5.25")), billed(line=2, quantity=d("8"), unit_price=d("5.25"))
    )

    assert not matched(invoice, an_order_of_a_hundred("16"), policy=CAPPED).approvable


def test_what_is_given_back_was_not_overcharged() -> None:
    order = an_order_of_a_hundred("8")
    result = matched(an_overcharge("8"), order, policy=CAPPED)
    claimed = with_claim(order, "invoice-1", claims_of(result)["1001"], result=result)

    assert without_claim(claimed, "invoice-1").overcharges == {}


def test_a_lower_price_makes_no_room_for_a_higher_one() -> None:
    result = matched(an_overcharge("8", "-0.25"), an_order_of_a_hundred("8"), policy=CAPPED)

    assert result.approvable
    assert result.lines[0].overcharge == 0


def test_what_was_decided_two_way_is_claimed_without_a_receipt() -> None:
    order = an_order(lines=(goods(received=d("0")), goods(line=2, received=d("0"))))
    decided = matched(an_invoice_of(), order, policy=MatchPolicy(mode=MatchMode.TWO_WAY))

    assert decided.lines[0].links[0].over == 0
    assert with_claim(order, "invoice-1", {1: d("10")}, result=decided).claimed(1) == 10
    with pytest.raises(OverClaimed) as refusal:
        with_claim(order, "invoice-1", {2: d("10")}, result=decided)
    assert (refusal.value.limit, refusal.value.spent) == (0, 0)
    assert str(refusal.value) == refusal.value.detail


def test_what_was_decided_three_way_is_not_claimed_without_a_receipt() -> None:
    order = an_order()
    decided = matched(an_invoice_of(billed(quantity=d("0"))), order, policy=MatchPolicy(mode=MatchMode.THREE_WAY))

    with pytest.raises(OverClaimed):
        with_claim(order, "invoice-1", {1: d("1")}, result=decided)


def test_a_refusal_names_what_is_taken_and_of_how_much() -> None:
    order = with_bill(with_claim(an_order(), "invoice-1", {1: d("3")}), "bill-9", {1: d("4")}, None)

    with pytest.raises(OverClaimed) as refusal:
        with_claim(order, "invoice-2", {1: d("5")})

    assert (refusal.value.asked, refusal.value.spent, refusal.value.limit) == (5, 7, 10)


def test_claiming_again_forgets_the_earlier_overcharge() -> None:
    order = an_order_of_a_hundred("8")
    result = matched(an_overcharge("8"), order, policy=CAPPED)
    claimed = with_claim(order, "invoice-1", claims_of(result)["1001"], result=result)

    assert with_claim(claimed, "invoice-1", {1: d("1")}).overcharges == {}


def test_overcharges_of_lines_on_one_order_line_are_kept_together() -> None:
    policy = MatchPolicy(thresholds=Thresholds(rate=Threshold(absolute=d("1"))))
    lines = [billed(line=number, quantity=d("8"), unit_price=d("5.25")) for number in (1, 2)]
    order = an_order_of_a_hundred("16")
    result = matched(an_invoice_of(*lines), order, policy=policy)

    claimed = with_claim(order, "invoice-1", claims_of(result)["1001"], result=result)

    assert claimed.overcharges == {"invoice-1": {1: d("4.00")}}


def test_an_invoice_that_overcharges_nothing_leaves_no_trace_of_it() -> None:
    result = matched(an_invoice_of())

    assert with_claim(an_order(), "invoice-1", claims_of(result)["1001"], result=result).overcharges == {}


def test_a_bill_that_is_revised_takes_what_it_takes_now() -> None:
    order = with_claim(an_order(), "invoice-1", {1: d("4")})
    posted = with_bill(order, "bill-1", {1: d("4")}, None)

    revised = with_bill(posted, "bill-1", {1: d("6")}, "invoice-1")

    assert posted.claimed(1) == 4
    assert (revised.billed(1), revised.claimed(1)) == (6, 0)
    assert revised.bills == {"bill-1": {1: d("6")}}


def test_a_bill_touches_the_lines_it_bills_by_any_fraction() -> None:
    order = an_order(lines=(an_order_line(), an_order_line(line=2)))

    posted = with_bill(order, "bill-1", {1: d("0.5")}, None)

    assert [line.billed for line in posted.lines] == [d("0.5"), 0]
