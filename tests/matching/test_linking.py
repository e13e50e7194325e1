"""Which order and which of its lines an invoice bills."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.domain.order_choice import order_number
from counterfoil.domain.orders import ItemKind, OrderLine, OrderStatus, PurchaseOrder
from counterfoil.domain.policy import MatchPolicy, QuantityBasis
from counterfoil.domain.wording import similarity, words_of
from tests.builders import an_order, an_order_line
from tests.matching.test_matching import S, an_amount, an_expense, an_invoice_of, billed, d, line_of, matched


def article(line: int, name: str, rate: str = "5.00", quantity: str = "10", **values: Any) -> OrderLine:
    return an_order_line(
        **{
            "line": line,
            "item_code": name.upper().replace(" ", "-"),
            "description": name,
            "rate": d(rate),
            "quantity": d(quantity),
            "amount": d(rate) * d(quantity),
        }
        | values
    )


def named(line: int, name: str, rate: str = "5.00", quantity: str = "10", **values: Any) -> Any:
    defaults = {
        "line": line,
        "item_code": name.upper().replace(" ", "-"),
        "description": name,
        "unit_price": d(rate),
        "quantity": d(quantity),
    }
    return billed(**defaults | values)


def links(*lines: Any, orders: tuple[PurchaseOrder, ...], policy: MatchPolicy | None = None, **values: Any) -> list:
    result = matched(an_invoice_of(*lines, **values), *orders, policy=policy)
    return [line.link for line in result.lines]


def of(*lines: OrderLine, **values: Any) -> PurchaseOrder:
    return an_order(**{"lines": lines} | values)


# Orders


@pytest.mark.parametrize(
    "written", ["PO-1", "po-1", "PO 1", "PO1", "1", "PO-0001", "P.O. 1", "Order No. 1", "#1", " PO-1 ", "PO-l"]
)
def test_an_order_is_found_however_its_number_is_written(written: str) -> None:
    assert links(billed(), orders=(of(an_order_line()),), po_number=written, po_numbers=()) == ["PO-1:1"]


@pytest.mark.parametrize("written", ["PO-2", "PO-11", "PO-10", "XY-1", "01-PO"])
def test_another_number_is_another_order(written: str) -> None:
    result = matched(an_invoice_of(po_number=written, po_numbers=()))

    assert [line.link for line in result.lines] == [None]
    assert "order_not_found" in result.flags


def test_a_number_that_fits_two_orders_fits_none() -> None:
    orders = (an_order(number="PO-15"), an_order(id="1002", number="PO-I5"))

    assert links(billed(), orders=orders, po_number="PO-l5", po_numbers=()) == [None]


def test_a_number_is_never_guessed_from_a_similar_one() -> None:
    assert links(billed(), orders=(an_order(number="PO-4521"),), po_number="PO-4512", po_numbers=()) == [None]


def test_a_confused_letter_is_flagged() -> None:
    result = matched(an_invoice_of(po_number="PO-1O5", po_numbers=()), an_order(number="PO-105"))

    assert "order_number_read_differently" in result.flags
    assert result.approvable
    assert result.is_doubtful


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        ({"status": OrderStatus.CLOSED}, "order_not_open"),
        ({"status": OrderStatus.PENDING_APPROVAL}, "order_not_open"),
        ({"status": OrderStatus.REJECTED}, "order_not_open"),
        ({"vendor_id": "other"}, "order_of_other_vendor"),
    ],
)
def test_an_order_that_cannot_be_billed_is_not_linked(values: dict[str, Any], flag: str) -> None:
    result = matched(an_invoice_of(), an_order(**values))

    assert line_of(result).status == S.UNLINKED
    assert flag in result.flags


def test_a_fully_billed_order_says_so_instead_of_staying_unlinked() -> None:
    order = of(an_order_line(billed=d("10")), status=OrderStatus.FULLY_BILLED)

    assert line_of(matched(an_invoice_of(), order)).status == S.QUANTITY_MISMATCH


def test_the_order_of_a_merged_vendor_is_the_survivors() -> None:
    policy = MatchPolicy(vendor_merges={"500": "501"})

    assert matched(an_invoice_of(), an_order(vendor_id="500"), policy=policy).approvable


def test_vendors_merged_in_a_circle_end() -> None:
    assert MatchPolicy(vendor_merges={"1": "2", "2": "1"}).surviving_vendor("1") in ("1", "2")


def test_without_a_number_the_lines_find_the_order() -> None:
    orders = (of(article(1, "Chair", "210")), of(article(1, "Desk", "450"), id="1002", number="PO-2"))

    assert links(named(1, "Desk", "450"), orders=orders, po_number=None, po_numbers=()) == ["PO-2:1"]


def test_of_two_orders_that_fit_the_older_is_billed_first() -> None:
    orders = (
        of(an_order_line(), number="PO-1", order_date=date(2026, 2, 2)),
        of(an_order_line(), id="1002", number="PO-2", order_date=date(2026, 1, 2)),
    )

    assert links(billed(), orders=orders, po_number=None, po_numbers=()) == ["PO-2:1"]


@pytest.mark.parametrize(
    ("other", "po_number", "is_ambiguous"),
    [
        pytest.param({}, None, True, id="both fit"),
        pytest.param({}, "PO-1", False, id="one is named"),
        pytest.param({"rate": "6"}, None, False, id="another price"),
        pytest.param({"billed": d("1")}, None, False, id="another quantity is left"),
    ],
)
def test_an_order_that_could_as_well_be_another_is_looked_at(
    other: dict[str, Any], po_number: str | None, is_ambiguous: bool
) -> None:
    policy = MatchPolicy(two_way_quantity=QuantityBasis.REMAINING)
    orders = (of(article(1, "Widget")), of(article(1, "Widget", **other), id="1002", number="PO-2"))
    numbers = (po_number,) if po_number else ()

    result = matched(an_invoice_of(named(1, "Widget"), po_number=po_number, po_numbers=numbers), *orders, policy=policy)

    assert result.approvable
    assert ("order_ambiguous" in result.flags) is is_ambiguous
    assert result.is_doubtful is is_ambiguous


def test_one_invoice_may_bill_several_orders() -> None:
    orders = (of(article(1, "Widget")), of(article(1, "Gadget", "7", "4"), id="1002", number="PO-2"))

    found = links(named(1, "Gadget", "7", "4"), named(2, "Widget"), orders=orders, po_numbers=("PO-1", "PO-2"))

    assert found == ["PO-2:1", "PO-1:1"]


def test_a_lines_own_order_number_outranks_the_others() -> None:
    orders = (of(an_order_line()), of(an_order_line(), id="1002", number="PO-2"))

    found = links(billed(po_number="PO-2"), orders=orders, po_numbers=("PO-1", "PO-2"))

    assert found == ["PO-2:1"]


# Lines


def test_codes_link_whatever_the_order_of_lines() -> None:
    order = of(article(1, "Alpha Bolt", "0.40", "100"), article(2, "Beta Nut", "0.15", "200"))

    found = links(named(1, "Beta Nut", "0.15", "200"), named(2, "Alpha Bolt", "0.40", "100"), orders=(order,))

    assert found == ["PO-1:2", "PO-1:1"]


@pytest.mark.parametrize("code", ["SKU-8841", "sku 8841", "SKU8841"])
def test_a_code_outranks_the_words(code: str) -> None:
    order = of(article(1, "Ergonomic office chair", "210", "3", item_code="SKU-8841"), article(2, "Monitor arm", "45"))

    assert links(named(1, "Siege de bureau", "210", "3", item_code=code), orders=(order,)) == ["PO-1:1"]


def test_the_vendors_own_code_links() -> None:
    order = of(article(1, "Widget", vendor_item_code="V-77"))

    assert links(named(1, "Dings", item_code="V77"), orders=(order,)) == ["PO-1:1"]


def test_a_learned_alias_links() -> None:
    policy = MatchPolicy(aliases={"501": {"ACME-9": "WIDGET"}})

    assert links(named(1, "Dings", item_code="ACME-9"), orders=(of(article(1, "Widget")),), policy=policy) == ["PO-1:1"]


def test_a_reference_to_the_order_line_links() -> None:
    order = of(article(1, "Widget"), article(2, "Widget"))

    assert links(named(1, "Dings", item_code=None, po_line="2"), orders=(order,)) == ["PO-1:2"]


def test_a_reference_counts_lines_where_the_erp_has_other_numbers() -> None:
    order = of(article(10, "Widget"), article(20, "Gadget"))

    assert links(named(1, "Dings", item_code=None, po_line="2"), orders=(order,)) == ["PO-1:20"]


def test_words_link_in_any_order() -> None:
    order = of(article(1, "Ergonomic office chair, black mesh", "210"), article(2, "Monitor arm, single", "45"))
    line = named(1, "Office chair ergonomic black mesh", "210", item_code=None)

    assert links(line, orders=(order,)) == ["PO-1:1"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bolt M8x40", "Bolt M8x50"),
        ("Part 07", "Part 08"),
        ("Toner 12A", "Toner 85A"),
        ("Widget A", "Widget B"),
        ("Safety gloves size XL", "Safety gloves size S"),
        ("HP toner cartridge black", "HP toner cartridge yellow"),
        ("Ergonomic office chair, red", "Ergonomic office chair, blue"),
        ("Accounting services for February", "Accounting services for March"),
    ],
)
def test_another_figure_size_or_colour_is_another_article(one: str, other: str) -> None:
    assert links(named(1, one, item_code=None), orders=(of(article(1, other)),)) == [None]


def test_another_article_at_the_same_price_is_not_linked() -> None:
    order = of(article(1, "Ergonomic chair", "210", "3"))

    assert links(named(1, "Monitor stand", "210", "3", item_code=None), orders=(order,)) == [None]


def test_a_longer_name_with_another_code_is_another_article() -> None:
    assert links(named(1, "Widget XL"), orders=(of(article(1, "Widget")),)) == [None]


@pytest.mark.parametrize("says", ["", "As per your order", "Item 1", "Lieferung laut Bestellung"])
def test_a_line_that_says_nothing_links_by_its_numbers_when_only_one_fits(says: str) -> None:
    line = named(1, says, item_code=None)

    assert links(line, orders=(of(article(1, "Widget")),)) == ["PO-1:1"]
    assert links(line, orders=(of(article(1, "Widget"), article(2, "Gadget")),)) == [None]
    assert links(line, orders=(of(article(1, "Widget", "5.01")),)) == [None]
    assert links(line, orders=(of(article(1, "Widget")),), po_number=None, po_numbers=()) == [None]


def test_an_expense_links_by_its_amount_when_the_order_is_named() -> None:
    order = of(an_expense(amount=d("500"), description="Set-up"), an_expense(line=2, description="Support"))

    assert links(an_amount("800", description="Monthly retainer"), orders=(order,)) == ["PO-1:2"]


def test_nothing_links_by_amount_alone_when_no_order_is_named() -> None:
    order = of(an_expense(description="Support"))

    assert links(an_amount("800", description="Catering"), orders=(order,), po_number=None, po_numbers=()) == [None]


@pytest.mark.parametrize(("description", "link"), [("Sample card", "PO-1:1"), ("Brochure", None)])
def test_a_line_for_nothing_needs_more_than_its_price(description: str, link: str | None) -> None:
    order = of(article(1, "Sample card", "0", "1"))

    assert links(named(1, description, "0", "1", item_code=None), orders=(order,)) == [link]


def test_the_rate_decides_between_two_lines_of_one_item() -> None:
    order = of(article(1, "Widget", "5"), article(2, "Widget", "6"))

    assert links(named(1, "Widget", "6"), orders=(order,)) == ["PO-1:2"]


@pytest.mark.parametrize("quantity", ["5", "10"])
def test_a_dearer_article_is_not_taken_for_another_one_of_that_price(quantity: str) -> None:
    order = of(
        article(1, "Cable black", "3.00", quantity, item_code=None),
        article(2, "Cable black, long", "3.50", "5", item_code=None),
    )

    result = matched(an_invoice_of(named(1, "Cable, black", "3.50", "5", item_code=None)), order)

    assert line_of(result).link == "PO-1:1"
    assert not result.approvable


def test_the_price_tells_more_than_the_quantity() -> None:
    order = of(article(1, "Widget", "5", "4"), article(2, "Widget", "6", "10"))

    assert links(named(1, "Widget", "6", "4"), orders=(order,)) == ["PO-1:2"]


def test_equal_lines_get_one_each() -> None:
    order = of(article(1, "Widget"), article(2, "Widget"))

    assert links(named(1, "Widget"), named(2, "Widget"), orders=(order,)) == ["PO-1:1", "PO-1:2"]


def test_the_best_of_the_whole_is_taken_not_the_first_best() -> None:
    """Line 1 fits both order lines, line 2 only the one that line 1 would like best."""
    order = of(article(1, "Widget", "5"), article(2, "Widget", "6", "20"))

    found = links(named(1, "Widget", "5"), named(2, "Widget", "5"), orders=(order,))

    assert sorted(map(str, found)) == ["PO-1:1", "PO-1:2"]


def test_what_is_billed_already_is_linked_last() -> None:
    order = of(article(1, "Widget", billed=d("10")), article(2, "Widget"))

    assert links(named(1, "Widget"), orders=(order,)) == ["PO-1:2"]


def test_a_closed_line_is_not_billed() -> None:
    assert links(named(1, "Widget"), orders=(of(article(1, "Widget", is_closed=True)),)) == [None]


def test_one_line_may_bill_two_order_lines_that_it_fills() -> None:
    order = of(article(1, "Widget"), article(2, "Widget", quantity="5"))

    result = matched(an_invoice_of(named(1, "Widget", quantity="15")), order)

    assert line_of(result).link == "PO-1:1+PO-1:2"
    assert [link.quantity for link in line_of(result).links] == [10, 5]
    assert result.approvable


@pytest.mark.parametrize("quantity", ["14", "16"])
def test_a_line_that_fills_two_order_lines_unevenly_is_not_spread(quantity: str) -> None:
    order = of(article(1, "Widget"), article(2, "Widget", quantity="5"))

    assert not matched(an_invoice_of(named(1, "Widget", quantity=quantity)), order).approvable


def test_a_line_is_not_spread_over_another_price() -> None:
    order = of(article(1, "Widget"), article(2, "Widget", "6", "5"))

    assert not matched(an_invoice_of(named(1, "Widget", quantity="15")), order).approvable


def test_two_lines_may_bill_one_order_line_together() -> None:
    result = matched(
        an_invoice_of(named(1, "Widget", quantity="4"), named(2, "Widget", quantity="6")), of(article(1, "Widget"))
    )

    assert [line.link for line in result.lines] == ["PO-1:1", "PO-1:1"]
    assert result.approvable


def test_the_same_line_twice_does_not_pass_twice() -> None:
    result = matched(an_invoice_of(named(1, "Widget"), named(2, "Widget")), of(article(1, "Widget")))

    assert sorted(str(line.link) for line in result.lines) == ["None", "PO-1:1"]
    assert not result.approvable


def test_deliveries_are_spread_first_ordered_first() -> None:
    goods = {"kind": ItemKind.INVENTORY, "received": d("10")}
    order = of(article(1, "Widget", **goods), article(2, "Widget", **goods))

    result = matched(an_invoice_of(named(1, "Widget", quantity="20")), order)

    assert [(link.line, link.quantity) for link in line_of(result).links] == [(1, 10), (2, 10)]


def test_a_link_by_hand_stands() -> None:
    order = of(article(1, "Widget"), article(2, "Gadget"))

    result = matched(an_invoice_of(named(1, "Widget")), order, hand_links={1: [("1001", 2)]})

    assert line_of(result).link == "PO-1:2"
    assert line_of(result).evidence == {"by_hand": 100}


def test_unlinked_by_hand_stays_unlinked() -> None:
    result = matched(an_invoice_of(), hand_links={1: []})

    assert line_of(result).status == S.UNLINKED


def test_a_link_by_hand_reaches_no_other_vendors_order() -> None:
    other = an_order(id="1002", number="PO-2", vendor_id="other")

    result = matched(an_invoice_of(), an_order(), other, hand_links={1: [("1002", 1)]})

    assert line_of(result).link is None


def test_a_link_keeps_what_it_rests_on() -> None:
    line = line_of(matched(an_invoice_of()))

    assert line.evidence == {"item_code": 50, "description": 100, "rate": 30, "quantity": 20, "amount": 4}


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("Widget", "Widget", 100, 100),
        ("Ergonomic office chair", "office chair ergonomic", 100, 100),
        ("Widget", "Gadget", 0, 71),
        ("", "Widget", 0, 0),
        ("Bolt M8x40 zinc", "Bolt M8x50 zinc", 0, 40),
    ],
)
def test_descriptions_are_compared_word_by_word(one: str, other: str, least: int, most: int) -> None:
    assert least <= similarity(words_of(one), words_of(other)) <= most


@pytest.mark.parametrize(
    ("written", "compared"),
    [("PO-0017", "17"), ("Purchase Order 17", "17"), ("P.O. No. 17", "17"), ("4500012345", "4500012345"), ("0", "0")],
)
def test_order_numbers_are_compared_bare(written: str, compared: str) -> None:
    assert order_number(written) == compared


def test_a_thousand_lines_are_linked() -> None:
    count = 1000
    order = of(*(article(number, f"Part {number:04}", f"{number}.10") for number in range(1, count + 1)))
    lines = [named(number, f"Part {number:04}", f"{number}.10") for number in range(count, 0, -1)]

    result = matched(an_invoice_of(*lines), order)

    assert all(line.link == f"PO-1:{line.line}" for line in result.lines)
    assert result.approvable
    assert sum((link.quantity for line in result.lines for link in line.links), Decimal(0)) == 10 * count


@pytest.mark.parametrize("count", [41, 60])
def test_more_like_lines_than_are_weighed_at_once_are_all_matched(count: int) -> None:
    order = of(*(article(number, "Widget", item_code=None) for number in range(1, count + 1)))
    lines = [named(number, "Widget", item_code=None) for number in range(1, count + 1)]

    assert sorted(links(*lines, orders=(order,))) == sorted(f"PO-1:{number}" for number in range(1, count + 1))


def test_of_very_many_like_order_lines_the_one_that_came_is_billed() -> None:
    goods = {"kind": ItemKind.INVENTORY, "item_code": None}
    lines = [article(number, "Widget", **goods) for number in range(1, 130)]
    order = of(*lines, article(130, "Widget", received=d("10"), **goods))

    assert links(named(1, "Widget", item_code=None), orders=(order,)) == ["PO-1:130"]
