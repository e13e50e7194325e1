"""What tells one order line from another when several could be meant, on short orders and on long ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from counterfoil.domain.linking import PLACES_ALL
from counterfoil.domain.orders import ItemKind, OrderLine
from counterfoil.domain.policy import MatchPolicy
from tests.builders import an_order, an_order_line
from tests.matching.test_linking import article, links, named, of
from tests.matching.test_matching import S, an_amount, an_expense, an_invoice_of, billed, d, line_of, matched

# Words of their own, so that the goods of a long order have nothing in common.
SYLLABLES = "ba ce di fo gu ha ki lo mu ne pa ri so tu va we xi yo za ".split()


def others(count: int, first: int = 100) -> list[OrderLine]:
    """So many goods of other names, codes and prices."""
    names = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES]
    step = len(names) // count
    return [article(first + index, names[index * step].title(), f"{1000 + index}.33") for index in range(count)]


def a_long_order(*lines: OrderLine) -> Any:
    return of(*lines, *others(PLACES_ALL + 10))


# Between several order lines of one article


def test_what_has_something_left_goes_before_what_is_billed() -> None:
    order = of(article(1, "Widget", billed=d("10")), article(2, "Widget", quantity="20"))

    assert links(named(1, "Widget"), orders=(order,)) == ["PO-1:2"]


def test_what_is_ordered_in_the_invoices_currency_goes_first() -> None:
    orders = (
        of(article(1, "Widget"), currency="EUR"),
        of(article(1, "Widget", "7.00"), id="1002", number="PO-2"),
    )

    assert links(named(1, "Widget", quantity="4"), orders=orders, po_numbers=("PO-1", "PO-2")) == ["PO-2:1"]


def test_of_two_that_agree_the_one_in_the_invoices_currency_is_billed() -> None:
    orders = of(article(1, "Widget"), currency="EUR"), of(article(1, "Widget"), id="1002", number="PO-2")

    assert links(named(1, "Widget"), orders=orders, po_numbers=("PO-1", "PO-2")) == ["PO-2:1"]


def test_of_two_that_fit_equally_badly_the_first_is_billed() -> None:
    order = of(article(1, "Widget"), article(2, "Widget"))

    assert links(named(1, "Widget", quantity="4"), orders=(order,)) == ["PO-1:1"]


def test_the_quantity_tells_like_lines_apart_however_far_down_they_stand() -> None:
    order = of(*(article(number, "Widget", quantity=str(100 + number)) for number in range(1, 51)))

    assert links(named(1, "Widgets", quantity="150", item_code="WIDGET"), orders=(order,)) == ["PO-1:50"]


def test_what_came_tells_like_lines_apart() -> None:
    goods = {"kind": ItemKind.INVENTORY}
    order = of(article(1, "Widget", received=d("6"), **goods), article(2, "Widget", received=d("4"), **goods))

    assert links(named(1, "Widgets", quantity="4", item_code="WIDGET"), orders=(order,)) == ["PO-1:2"]


@pytest.mark.parametrize("whole", [1, 2])
@pytest.mark.parametrize("agreeing", [1, 2])
def test_a_line_that_agrees_in_everything_keeps_its_order_line(whole: int, agreeing: int) -> None:
    """The other line, which states no price, would fit that order line too."""
    order = of(article(whole, "Widget"), article(3 - whole, "Widget", quantity="3"))
    lines = (
        named(agreeing, "Widgets", item_code="WIDGET"),
        named(3 - agreeing, "Widgets", item_code="WIDGET", unit_price=None, amount=d("50")),
    )

    result = matched(an_invoice_of(*lines), order)

    assert line_of(result, agreeing).link == f"PO-1:{whole}"


def test_an_amount_is_not_for_what_is_billed_already() -> None:
    order = of(article(1, "Widget", billed=d("10")), article(2, "Widget"))
    line = billed(unit_price=None, quantity=None, amount=d("45"))

    assert links(line, orders=(order,)) == ["PO-1:2"]


# What a link rests on


@pytest.mark.parametrize(
    ("line", "rests_on"),
    [
        pytest.param({}, {"item_code": 50, "rate": 30, "quantity": 20, "amount": 4}, id="no unit"),
        pytest.param(
            {"unit": "ea"}, {"item_code": 50, "unit": 2, "rate": 30, "quantity": 20, "amount": 4}, id="a unit"
        ),
        pytest.param({"unit_price": d("5.10")}, {"item_code": 50, "rate": 5, "quantity": 20}, id="about the price"),
        pytest.param(
            {"unit_price": d("5.25")}, {"item_code": 50, "rate": 5, "quantity": 20}, id="five in a hundred off"
        ),
        pytest.param({"unit_price": d("5.26")}, {"item_code": 50, "quantity": 20}, id="further off"),
        pytest.param({"unit_price": d("7")}, {"item_code": 50, "quantity": 20}, id="another price"),
        pytest.param({"quantity": d("4")}, {"item_code": 50, "rate": 30, "quantity": 3}, id="a part"),
        pytest.param({"quantity": d("11")}, {"item_code": 50, "rate": 30}, id="more than was ordered"),
    ],
)
def test_a_link_shows_each_piece_that_it_rests_on(line: dict[str, Any], rests_on: dict[str, int]) -> None:
    order = of(article(1, "Widget", unit="ea"))

    result = matched(an_invoice_of(named(1, "Dings", item_code="WIDGET", **line)), order)

    assert line_of(result).evidence == rests_on


@pytest.mark.parametrize(
    ("amount", "counts"),
    [
        pytest.param("20", True, id="of what came"),
        pytest.param("50", True, id="of what was ordered"),
        pytest.param("30", False, id="of neither"),
    ],
)
def test_the_amount_counts_when_it_is_that_of_what_came_or_was_ordered(amount: str, counts: bool) -> None:
    order = of(article(1, "Widget", kind=ItemKind.INVENTORY, received=d("4")))

    result = matched(an_invoice_of(named(1, "Dings", item_code="WIDGET", amount=d(amount))), order)

    assert ("amount" in line_of(result).evidence) is counts


def test_alike_words_count_by_how_alike_they_are() -> None:
    result = matched(an_invoice_of(named(1, "Widget, new", item_code=None)), of(article(1, "Widget")))

    assert line_of(result).evidence == {"description": 36, "rate": 30, "quantity": 20, "amount": 4}


def test_a_line_that_agrees_rests_on_the_same_whatever_the_other_lines_do() -> None:
    order = of(article(1, "Widget", kind=ItemKind.INVENTORY, received=d("10")), article(2, "Gadget"))

    alone = matched(an_invoice_of(named(1, "Widget")), order)
    beside = matched(an_invoice_of(named(1, "Widget"), named(2, "Gadget", "6")), order)

    assert not line_of(beside, 2).status.passes
    assert line_of(beside) == line_of(alone)


def test_quantities_that_others_billed_are_no_evidence() -> None:
    order = of(article(1, "Widget", billed=d("6")))

    result = matched(an_invoice_of(named(1, "Dings", item_code="WIDGET")), order)

    assert line_of(result).evidence == {"item_code": 50, "rate": 30, "quantity": 5}


# Without a code in common


@pytest.mark.parametrize(
    ("words", "is_found"),
    [
        pytest.param("Spare part HX-2210", True, id="the code"),
        pytest.param("HX-2210 for pump PX-9000", True, id="the code, and one that was not ordered"),
        pytest.param("HX-2210 or HX-2290", False, id="two codes that were ordered"),
        pytest.param("Spare part, A4", False, id="a code that could be a size"),
    ],
)
def test_a_code_among_the_words_says_what_is_meant(words: str, is_found: bool) -> None:
    order = of(
        article(1, "Filter cartridge", item_code="HX-2210"),
        article(2, "Sealing ring", "7", item_code="HX-2290"),
        article(3, "Copy paper", "9", item_code="A4"),
    )

    result = matched(an_invoice_of(named(1, words, item_code=None)), order)

    assert ("code_in_description" in line_of(result).evidence) is is_found
    assert line_of(result).link == ("PO-1:1" if is_found else None)


def test_a_reference_tells_apart_what_price_and_quantity_do_not() -> None:
    order = of(article(1, "Widget"), article(2, "Gadget"))

    assert links(named(1, "Item 1", item_code=None, po_line="2"), orders=(order,)) == ["PO-1:2"]


def test_a_reference_without_an_order_says_nothing_where_several_are_billed() -> None:
    orders = (
        of(article(1, "Widget"), article(2, "Gadget")),
        of(article(1, "Panel"), article(2, "Shelf"), id="1002", number="PO-2"),
    )

    assert links(named(1, "Shelf", po_line="2"), orders=orders, po_numbers=("PO-1", "PO-2")) == ["PO-2:2"]


@pytest.mark.parametrize(
    ("line", "link"),
    [
        pytest.param({"quantity": d("4")}, "PO-1:1", id="at its price"),
        pytest.param({"unit_price": None, "amount": d("50")}, "PO-1:1", id="for its amount"),
        pytest.param({"unit_price": d("7"), "quantity": d("4")}, None, id="at another price and amount"),
    ],
)
def test_words_that_are_nearly_alike_take_the_price_or_the_amount_beside_them(
    line: dict[str, Any], link: str | None
) -> None:
    order = of(article(1, "Wall paint primer", item_code=None))

    assert links(named(1, "Primer for walls", item_code=None, **line), orders=(order,)) == [link]


def test_a_line_that_says_nothing_may_be_for_all_that_was_ordered_though_some_is_billed() -> None:
    order = of(article(1, "Widget", billed=d("4")))

    result = matched(an_invoice_of(named(1, "Item 1", item_code=None)), order)

    assert (line_of(result).link, line_of(result).status) == ("PO-1:1", S.QUANTITY_MISMATCH)


def test_an_amount_alone_does_not_say_which_goods_are_meant() -> None:
    line = named(1, "Item 1", "2.50", "20", item_code=None)

    assert links(line, orders=(of(article(1, "Widget", "5.00", "10")),)) == [None]


def test_freight_is_freight_at_any_amount_and_by_any_name() -> None:
    order = of(article(1, "Widget"), an_expense(line=2, amount=d("25"), description="Freight"))
    lines = named(1, "Widget"), an_amount("31", line=2, description="Shipping")

    result = matched(an_invoice_of(*lines), order)

    assert [line.link for line in result.lines] == ["PO-1:1", "PO-1:2"]
    assert line_of(result, 2).status == S.AMOUNT_MISMATCH
    assert "charge" in line_of(result, 2).evidence
    assert "charge" not in line_of(result, 1).evidence


def test_one_line_that_two_orders_fit_is_enough_to_look() -> None:
    orders = (
        of(article(1, "Widget"), article(2, "Gadget", "7")),
        of(article(1, "Widget"), id="1002", number="PO-2"),
    )

    result = matched(an_invoice_of(named(1, "Widget"), named(2, "Gadget", "7"), po_number=None, po_numbers=()), *orders)

    assert [line.link for line in result.lines] == ["PO-1:1", "PO-1:2"]
    assert "order_ambiguous" in result.flags


@pytest.mark.parametrize("base", ["1", "2", "100"])
def test_a_price_may_be_for_several(base: str) -> None:
    line = named(1, "Widget", unit_price=5 * d(base), price_base_quantity=d(base), amount=d("50"))

    assert matched(an_invoice_of(line)).approvable


@pytest.mark.parametrize("base", ["0", "-1"])
def test_a_price_for_no_quantity_is_no_price(base: str) -> None:
    result = matched(an_invoice_of(named(1, "Widget", price_base_quantity=d(base))))

    assert line_of(result).link == "PO-1:1"
    assert line_of(result).status == S.RATE_MISMATCH
    assert "no price to lay against 5.00" in line_of(result).explain


# Bills that run on


@pytest.mark.parametrize(("first", "second", "both"), [("10", "1", "11"), ("0.5", "0.5", "1")])
def test_a_bill_runs_on_into_a_line_of_one_or_less(first: str, second: str, both: str) -> None:
    order = of(article(1, "Widget", quantity=first), article(2, "Widget", quantity=second))

    assert links(named(1, "Widget", quantity=both), orders=(order,)) == ["PO-1:1+PO-1:2"]


def test_a_bill_that_two_lines_fill_leaves_the_third_alone() -> None:
    order = of(article(1, "Widget"), article(2, "Widget", quantity="5"), article(3, "Widget", quantity="5"))

    assert links(named(1, "Widget", quantity="15"), orders=(order,)) == ["PO-1:1+PO-1:2"]


@pytest.mark.parametrize(
    ("second", "link"),
    [
        pytest.param({"description": "Widget, new"}, "PO-1:1+PO-1:2", id="the same code"),
        pytest.param({"item_code": None}, "PO-1:1", id="no code"),
    ],
)
def test_codes_say_what_a_bill_runs_on_into(second: dict[str, Any], link: str) -> None:
    order = of(article(1, "Widget"), article(2, "Widget", quantity="5", **{"item_code": "WIDGET"} | second))

    assert links(named(1, "Widget", quantity="15"), orders=(order,)) == [link]


def test_a_bill_does_not_run_on_into_what_is_only_alike() -> None:
    order = of(
        article(1, "Widget", item_code=None),
        article(2, "Widget, new", quantity="5", item_code=None),
    )

    assert links(named(1, "Widget", quantity="15", item_code=None), orders=(order,)) == ["PO-1:1"]


@pytest.mark.parametrize(
    ("first", "second", "link"),
    [
        pytest.param(None, None, "PO-1:1+PO-1:2", id="no codes"),
        pytest.param("WIDGET", "WIDGET", "PO-1:1+PO-1:2", id="one code"),
        pytest.param(None, "WIDGET", "PO-1:1", id="the second has one"),
        pytest.param("WIDGET", None, "PO-1:1", id="the first has one"),
    ],
)
def test_a_bill_without_a_code_runs_on_where_codes_do_not_differ(
    first: str | None, second: str | None, link: str
) -> None:
    order = of(article(1, "Widget", item_code=first), article(2, "Widget", quantity="5", item_code=second))

    assert links(named(1, "Widget", quantity="15", item_code=None), orders=(order,)) == [link]


@pytest.mark.parametrize(("quantity", "following"), [("8", "3"), ("10", "5")])
def test_a_bill_within_what_was_ordered_does_not_run_on(quantity: str, following: str) -> None:
    """Five of ten are billed before: what is too much is not of the next line, which would just take it."""
    order = of(article(1, "Widget", billed=d("5")), article(2, "Widget", quantity=following))

    result = matched(an_invoice_of(named(1, "Widget", quantity=quantity)), order)

    assert line_of(result).link == "PO-1:1"
    assert line_of(result).status == S.QUANTITY_MISMATCH


@pytest.mark.parametrize(("count", "runs_on"), [(20, True), (21, False)])
def test_a_bill_runs_on_over_so_many_lines_at_most(count: int, runs_on: bool) -> None:
    order = of(*(article(number, "Widget") for number in range(1, count + 1)))

    [link] = links(named(1, "Widget", quantity=str(10 * count)), orders=(order,))

    assert (link == "+".join(f"PO-1:{number}" for number in range(1, count + 1))) is runs_on


# Long orders


def test_on_a_long_order_words_find_the_line() -> None:
    order = a_long_order(article(1, "Ergonomic office chair, mesh"))

    assert links(named(1, "Office chair ergonomic, mesh", item_code=None), orders=(order,)) == ["PO-1:1"]


def test_on_a_long_order_a_reference_finds_the_line() -> None:
    order = a_long_order(article(1, "Widget"))

    assert links(named(1, "Dings", "9", "2", item_code=None, po_line="1"), orders=(order,)) == ["PO-1:1"]


def test_on_a_long_order_a_line_that_says_nothing_is_found_by_its_numbers() -> None:
    order = a_long_order(article(1, "Widget"))

    assert links(named(1, "Item 1", item_code=None), orders=(order,)) == ["PO-1:1"]


def test_on_a_long_order_an_expense_is_found_by_its_amount() -> None:
    order = a_long_order(an_expense(amount=d("500"), description="Set-up"))

    assert links(an_amount("500", description="Monthly retainer"), orders=(order,)) == ["PO-1:1"]


def test_on_a_long_order_freight_is_found_at_any_amount() -> None:
    order = a_long_order(an_expense(amount=d("25"), description="Freight"))

    assert links(an_amount("31", description="Shipping"), orders=(order,)) == ["PO-1:1"]


def test_on_a_long_order_a_line_without_price_and_amount_is_found_by_its_words() -> None:
    order = a_long_order(article(1, "Ergonomic office chair"))
    line = named(1, "Ergonomic office chair", item_code=None, unit_price=None)

    assert links(line, orders=(order,)) == ["PO-1:1"]


def test_a_long_order_of_one_article_is_billed_line_by_line() -> None:
    """Two hundred call-offs of one article at one price: the quantity and the height on the page tell them apart."""
    count = 200
    order = of(*(article(number, "Widget", quantity=str(number)) for number in range(1, count + 1)))
    lines = [named(number, "Widgets", item_code="WIDGET", quantity=str(number)) for number in range(1, count + 1)]

    found = links(*lines, orders=(order,))

    assert found == [f"PO-1:{number}" for number in range(1, count + 1)]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param({"unit_price": d("250"), "quantity": d("3")}, id="by its price"),
        pytest.param({"unit_price": d("99"), "quantity": d("150")}, id="by its quantity"),
    ],
)
def test_on_a_long_order_of_one_article_price_or_quantity_find_the_line(line: dict[str, Any]) -> None:
    """It stands alone on its invoice, so where it stands says nothing."""
    order = of(*(article(number, "Widget", rate=str(100 + number), quantity=str(number)) for number in range(1, 201)))

    assert links(named(1, "Widgets", item_code="WIDGET", **line), orders=(order,)) == ["PO-1:150"]


def test_of_fifty_prices_of_one_article_the_one_that_agrees_is_found() -> None:
    order = of(*(article(number, "Widget", rate=f"{100 + number}") for number in range(1, 51)))

    assert links(named(1, "Widgets", "145", "4", item_code="WIDGET"), orders=(order,)) == ["PO-1:45"]


def test_what_one_vendor_calls_an_article_says_nothing_of_anothers_code() -> None:
    policy = MatchPolicy(aliases={"999": {"ACME-9": "WIDGET"}})

    assert links(named(1, "Dings", item_code="ACME-9"), orders=(of(article(1, "Widget")),), policy=policy) == [None]


def test_amounts_below_zero_find_no_place_above_it() -> None:
    """A credit line among the goods of a bill does not make up for them."""
    order = an_order(lines=(article(1, "Widget"),))

    result = matched(an_invoice_of(named(1, "Widget"), named(2, "Widget", quantity="-4")), order)

    assert not result.approvable
    assert sum((link.quantity for link in line_of(result).links), Decimal(0)) == 10


@pytest.mark.parametrize(
    ("written", "is_doubtful"),
    [
        pytest.param("Hydraulic pump hose", True, id="another noun"),
        pytest.param("Hydraul. pump seal", False, id="an abbreviation"),
        pytest.param("Hydraulic pump seal, March", False, id="more words"),
    ],
)
def test_what_is_called_something_else_than_was_ordered_never_approves_itself(written: str, is_doubtful: bool) -> None:
    order = an_order(lines=(an_order_line(item_code=None, description="Hydraulic pump seal"),))

    result = matched(an_invoice_of(billed(item_code=None, description=written)), order)

    assert result.approvable
    assert result.is_doubtful == is_doubtful


def test_words_that_lead_away_from_the_article_of_the_code_never_approve_themselves() -> None:
    billed_before = an_order_line(line=1, item_code="PUMP-A", description="Pump", is_closed=True)
    same_words = an_order_line(line=2, item_code="PUMP-B", description="Pump")

    result = matched(an_invoice_of(billed(item_code="PUMP-A", description="Pump")), of(billed_before, same_words))

    assert result.is_doubtful or not result.approvable


@pytest.mark.parametrize(
    ("written", "numbers", "is_doubtful"),
    [
        pytest.param("PO-1/2", ["PO-12", "PO-1"], True, id="one of the figures is an order"),
        pytest.param("PO-1/2", ["PO-12", "PO-3"], False, id="none of the figures is an order"),
        pytest.param("PO-1-2", ["PO-1-2", "PO-1"], False, id="as it is written"),
    ],
)
def test_a_number_that_may_name_two_orders_never_approves_itself(
    written: str, numbers: list[str], is_doubtful: bool
) -> None:
    orders = [an_order(id=number, number=number) for number in numbers]

    result = matched(an_invoice_of(billed(), po_number=written, po_numbers=()), *orders)

    assert [line.links[0].order_id for line in result.lines] == numbers[:1]
    assert result.is_doubtful == is_doubtful


def test_goods_taken_back_on_an_invoice_never_approve_themselves() -> None:
    came = an_order_line(line=1, kind=ItemKind.INVENTORY, received=d("7"), billed=d("10"))
    more = article(2, "Gadget")

    result = matched(an_invoice_of(billed(quantity=d("-3")), named(2, "Gadget")), of(came, more))

    assert result.approvable
    assert "goods_taken_back" in result.flags
    assert result.is_doubtful
