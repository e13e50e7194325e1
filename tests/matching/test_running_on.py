"""When a bill for one order line runs on into another, and when several lines bill one: only of the same thing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from counterfoil.domain.claims import claims_of, with_claim
from counterfoil.domain.orders import ItemKind, OrderLine
from counterfoil.domain.policy import MatchMode, MatchPolicy
from tests.builders import an_order, an_order_line
from tests.matching.test_matching import S, an_amount, an_expense, an_invoice_of, billed, d, line_of, matched


def a_line(line: int, **values: Any) -> OrderLine:
    return an_order_line(**{"line": line, "rate": d("5.00"), "quantity": d("10"), "amount": d("50")} | values)


def link_of(quantity: str, *lines: OrderLine, **values: Any) -> str | None:
    result = matched(an_invoice_of(billed(quantity=d(quantity), **values)), an_order(lines=lines))
    return line_of(result).link


def test_a_bill_for_twenty_runs_on_into_the_next_line_of_the_same_article_and_fills_both() -> None:
    assert link_of("20", a_line(1), a_line(2)) == "PO-1:1+PO-1:2"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"rate": d("6.00")}, id="at another price"),
        pytest.param({"item_code": "GADGET", "description": "Gadget"}, id="another article"),
        pytest.param({"unit": "case"}, id="in another unit"),
        pytest.param({"kind": ItemKind.INVENTORY, "received": d("10")}, id="one that has to be received"),
    ],
)
def test_a_bill_does_not_run_on_into_something_else(other: dict[str, Any]) -> None:
    link = link_of("20", a_line(1), a_line(2, **other))

    assert link is None or "+" not in link


@pytest.mark.parametrize(("words", "runs_on"), [("Widget", True), ("Walnut desk", False)])
def test_without_codes_the_words_say_whether_it_is_the_same(words: str, runs_on: bool) -> None:
    lines = (a_line(1, item_code=None), a_line(2, item_code=None, description=words))

    link = link_of("20", *lines, item_code=None)

    assert (link == "PO-1:1+PO-1:2") == runs_on


@pytest.mark.parametrize("quantity", ["15", "19.999", "20.001", "25"])
def test_a_bill_runs_on_only_when_it_comes_out_even(quantity: str) -> None:
    link = link_of(quantity, a_line(1), a_line(2))

    assert link is not None and "+" not in link


def test_lines_of_one_article_bill_its_order_line_together_up_to_what_is_left() -> None:
    halves = [billed(line=number, quantity=d("5"), amount=d("25")) for number in (1, 2)]

    result = matched(an_invoice_of(*halves), an_order(lines=(a_line(1),)))

    assert [line.link for line in result.lines] == ["PO-1:1", "PO-1:1"]
    assert result.approvable


@pytest.mark.parametrize(
    "second",
    [
        pytest.param({"quantity": d("6"), "amount": d("30")}, id="more than is left"),
        pytest.param({"quantity": d("-5"), "amount": d("-25")}, id="of the other sign"),
        pytest.param({"quantity": d("5"), "amount": d("25"), "unit": "crate"}, id="in a unit nothing converts"),
    ],
)
def test_a_second_line_that_does_not_fit_lets_nothing_by(second: dict[str, Any]) -> None:
    first = billed(line=1, quantity=d("5"), amount=d("25"))

    result = matched(an_invoice_of(first, billed(line=2, **second)), an_order(lines=(a_line(1, unit="ea"),)))

    assert not result.approvable
    assert [line.link for line in result.lines] == ["PO-1:1", None]


@pytest.mark.parametrize(
    ("first", "second", "joins"),
    [
        pytest.param("0.5", "9.5", True, id="all of it"),
        pytest.param("0.5", "0.5", True, id="fractions"),
        pytest.param("10", "1", False, id="one too many"),
        pytest.param("20", "-10", False, id="too many, and some of it taken back"),
    ],
)
def test_lines_share_an_order_line_when_together_they_stay_within_it(first: str, second: str, joins: bool) -> None:
    lines = billed(line=1, quantity=d(first)), billed(line=2, quantity=d(second))

    result = matched(an_invoice_of(*lines), an_order(lines=(a_line(1),)))

    assert [line.link for line in result.lines].count("PO-1:1") == 1 + joins
    assert result.approvable is (d(first) + d(second) == 10 and joins)


def test_lines_do_not_share_what_is_billed_already() -> None:
    lines = [billed(line=number, quantity=d("5")) for number in (1, 2)]

    result = matched(an_invoice_of(*lines), an_order(lines=(a_line(1, billed=d("5")),)))

    assert sorted(str(line.link) for line in result.lines) == ["None", "PO-1:1"]


def test_a_line_in_a_unit_that_nothing_converts_does_not_join_one_that_bills_all() -> None:
    lines = billed(line=1), billed(line=2, unit="crate")

    result = matched(an_invoice_of(*lines), an_order(lines=(a_line(1, unit="ea"),)))

    assert [line.link for line in result.lines] == ["PO-1:1", None]


def test_what_a_tolerance_lets_by_of_lines_that_share_an_order_line_can_be_claimed() -> None:
    policy = MatchPolicy.model_validate({"thresholds": {"quantity": {"absolute": "1"}}})
    lines = [billed(line=1, quantity=d("6")), billed(line=2, quantity=d("5"))]
    order = an_order(lines=(a_line(1),))

    result = matched(an_invoice_of(*lines), order, policy=policy, hand_links={1: [("1001", 1)], 2: [("1001", 1)]})

    assert result.approvable
    assert [link.over for line in result.lines for link in line.links] == [1, 1]
    assert with_claim(order, "invoice-1", claims_of(result)["1001"], result=result).claimed(1) == 11


def test_goods_that_need_no_receipt_wait_for_none() -> None:
    result = matched(an_invoice_of(billed(quantity=d("11"))), an_order(lines=(a_line(1),)))

    assert line_of(result).status == S.QUANTITY_MISMATCH
    assert not line_of(result).awaits_receipt
    assert "missing_receipt" not in result.flags


@pytest.mark.parametrize(("gross", "status"), [("60.00", S.PERFECT_MATCH), ("72.00", S.RATE_MISMATCH)])
def test_the_totals_say_whether_prices_hold_the_tax(gross: str, status: S) -> None:
    """Six each and ten of them: sixty is the total with tax, or the one before it."""
    line = billed(unit_price=d("6.00"), amount=d("60.00"), tax_rate=d("20"))
    totals = {"net_total": d(gross) / d("1.2"), "gross_total": d(gross)}

    result = matched(an_invoice_of(line, **totals))

    assert line_of(result).status == status


def test_a_line_that_names_another_order_is_not_linked_to_this_one() -> None:
    result = matched(an_invoice_of(billed(po_number="PO-7")), an_order(lines=(a_line(1),)))

    assert (line_of(result).link, result.approvable) == (None, False)


# Tax in what is billed


def test_an_expense_whose_price_holds_the_tax_is_compared_without_it() -> None:
    line = an_amount("960", tax_rate=d("20"))

    included = matched(
        an_invoice_of(line, net_total=d("800"), tax_total=d("160"), gross_total=d("960")),
        an_order(lines=(an_expense(),)),
        prices_include_tax=True,
    )

    assert (line_of(included).status, line_of(included).billed_amount) == (S.PERFECT_MATCH, d("800"))


@pytest.mark.parametrize(("amount", "passes"), [("119.01", True), ("119.02", False)])
def test_an_expense_is_the_ordered_one_when_its_tax_makes_up_the_amount_to_the_cent(amount: str, passes: bool) -> None:
    """100.01 with 19 % is 119.0119: no cent less or more would be it, and dividing it back gives another number."""
    line = an_amount(amount, tax_rate=d("19"))

    result = matched(an_invoice_of(line), an_order(lines=(an_expense(amount=d("100.01")),)), prices_include_tax=True)

    assert line_of(result).status.passes is passes


def test_expenses_whose_prices_hold_the_tax_are_added_up_without_it() -> None:
    lines = an_amount("600", tax_rate=d("20")), an_amount("360", line=2, tax_rate=d("20"))

    result = matched(
        an_invoice_of(*lines, net_total=d("800"), tax_total=d("160"), gross_total=d("960")),
        an_order(lines=(an_expense(),)),
        hand_links={1: [("1001", 1)], 2: [("1001", 1)]},
    )

    assert result.approvable
    assert [link.quantity for line in result.lines for link in line.links] == [500, 300]


@pytest.mark.parametrize(
    ("gross", "approvable"), [("60.00", True), ("50.00", False), ("40.00", False), ("70.00", False)]
)
def test_a_gross_total_alone_has_to_be_the_lines_and_their_tax(gross: str, approvable: bool) -> None:
    line = billed(tax_rate=d("20"), amount=d("50.00"))

    result = matched(
        an_invoice_of(line, net_total=None, tax_total=None, gross_total=d(gross)), prices_include_tax=False
    )

    assert result.approvable is approvable


@pytest.mark.parametrize(
    "numbers", [{"po_number": "PO-1", "po_numbers": ()}, {"po_number": None, "po_numbers": ("PO-1",)}]
)
def test_an_order_may_be_named_as_the_only_one_or_as_one_of_several(numbers: dict[str, Any]) -> None:
    closed = an_order(status="closed")

    assert "order_not_open" in matched(an_invoice_of(**numbers), closed).flags


def test_one_line_may_name_the_order_for_the_others() -> None:
    closed = an_order(status="closed")
    lines = billed(), billed(line=2, po_number="PO-1")

    result = matched(an_invoice_of(*lines, po_number=None, po_numbers=()), closed)

    assert "order_not_open" in result.flags


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ("5.01", "rate 5.01 billed, 5.00 ordered: 0.01 over (0.2 %)"),
        ("4.99", "rate 4.99 billed, 5.00 ordered: 0.01 under (0.2 %)"),
    ],
)
def test_a_difference_is_told_with_its_direction(price: str, said: str) -> None:
    assert said in line_of(matched(an_invoice_of(billed(unit_price=d(price))))).explain


@pytest.mark.parametrize(("unit", "said"), [("ea", "10 ea billed as ordered"), (None, "10 billed as ordered")])
def test_quantities_are_told_with_their_unit(unit: str | None, said: str) -> None:
    result = matched(an_invoice_of(billed(unit=unit)), an_order(lines=(a_line(1, unit=unit),)))

    assert line_of(result).explain == f"rate 5.00 on invoice and order; {said}"


def test_a_price_is_kept_as_it_was_written() -> None:
    assert str(line_of(matched(an_invoice_of(billed(unit_price=d("6.10"))))).billed_rate) == "6.10"


def test_a_price_lower_than_the_orders_is_no_overcharge_under_a_cap() -> None:
    policy = MatchPolicy.model_validate(
        {"thresholds": {"rate": {"percent": "50"}}, "overcharge_cap": {"absolute": "0.01"}}
    )

    result = matched(an_invoice_of(billed(unit_price=d("4.00"), amount=d("40.00"))), policy=policy)

    assert (result.approvable, line_of(result).overcharge) == (True, Decimal(0))


def test_a_price_that_is_refused_anyway_is_not_held_to_the_cap_too() -> None:
    policy = MatchPolicy.model_validate({"overcharge_cap": {"absolute": "0.01"}})
    order = an_order(lines=(a_line(1),), overcharges={"invoice-7": {1: d("1")}, "invoice-8": {1: d("1")}})

    result = matched(an_invoice_of(billed(unit_price=d("6.00"), amount=d("60.00"))), order, policy=policy)

    assert line_of(result).conditions == (S.RATE_MISMATCH,)
    assert line_of(result).overcharge == 10
    assert result.flags == ()


def test_a_tolerance_lets_no_line_for_nothing_by_where_too_much_is_billed() -> None:
    policy = MatchPolicy.model_validate({"thresholds": {"quantity": {"absolute": "5"}}})

    result = matched(
        an_invoice_of(billed(quantity=d("0"))), an_order(lines=(a_line(1, billed=d("12")),)), policy=policy
    )

    assert line_of(result).status == S.QUANTITY_MISMATCH


def test_where_nothing_is_matched_a_line_that_agrees_is_still_linked() -> None:
    policy = MatchPolicy(mode=MatchMode.NONE)

    assert line_of(matched(an_invoice_of(), policy=policy)).link == "PO-1:1"
