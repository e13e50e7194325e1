"""What is known of goods that were sent back, and what follows from it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from counterfoil.domain.returns import (
    UNLINKED_DAYS_MAX,
    Returnable,
    ReturnedLine,
    VendorReturn,
    only_source,
    settled_by,
    unlinked_doubts,
)
from tests.builders import an_order, an_order_line

ORDER = an_order(lines=(an_order_line(item_id="71"), an_order_line(line=2, item_id="72")))
BILLED = {ORDER.id: {1: Decimal(10)}}
TODAY = date(2026, 3, 2)


def a_shipment(item_id="71", *, shipped_on=TODAY, counts=True, **line):
    values = {"line": 1, "item_id": item_id, "quantity": Decimal(3), "return_id": "900", "return_line": 1, **line}
    return VendorReturn(
        company="demo",
        id="901",
        return_number="VRA7",
        vendor_id="501",
        shipped_on=shipped_on,
        counts=counts,
        lines=(ReturnedLine(**values),),
    )


def doubts(shipment, billed=None):
    return unlinked_doubts(billed or BILLED, {ORDER.id: ORDER}, [shipment], today=TODAY)


def test_goods_of_a_billed_item_that_went_back_without_an_order_are_named():
    assert doubts(a_shipment()) == ["3 of WIDGET went back with VRA7, which names no order"]


@pytest.mark.parametrize(
    "shipment",
    [
        pytest.param(a_shipment("72"), id="another item"),
        pytest.param(a_shipment(order_id="1", order_line=1), id="linked"),
        pytest.param(a_shipment(is_settled=True), id="credited"),
        pytest.param(a_shipment(counts=False), id="not shipped"),
        pytest.param(a_shipment(shipped_on=date.fromordinal(TODAY.toordinal() - UNLINKED_DAYS_MAX - 1)), id="long ago"),
    ],
)
def test_what_else_went_back_is_no_doubt(shipment):
    assert doubts(shipment) == []


def test_a_return_is_asked_about_up_to_the_last_day():
    assert doubts(a_shipment(shipped_on=date.fromordinal(TODAY.toordinal() - UNLINKED_DAYS_MAX)))


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param({1: ("71", "Box"), 2: ("72", "Box")}, 1, id="one is for it"),
        pytest.param({1: ("71", "Box"), 2: ("71", "Box")}, None, id="two are"),
        pytest.param({1: ("71", "Box"), 2: ("71", "Each")}, None, id="two are, in different units"),
        pytest.param({1: ("71", "Each")}, None, id="one is, in another unit"),
        pytest.param({1: ("72", "Box")}, None, id="none is"),
        pytest.param({1: (None, "Box")}, None, id="one of no item"),
    ],
)
def test_goods_tell_their_order_line_where_only_one_is_for_them(lines, found):
    sources = {("1001", line): goods for line, goods in lines.items()}

    assert only_source(("71", "Box"), sources) == (("1001", found) if found else None)
    assert only_source((None, "Box"), sources) is None


def waiting(return_id, line, quantity, source=("1001", 1)):
    return Returnable(return_id=return_id, return_line=line, source=source, quantity=Decimal(quantity))


@pytest.mark.parametrize(
    ("credited", "returns", "settled"),
    [
        pytest.param({1: 3}, [waiting("900", 7, 3)], ("900", {1: 7}), id="all of it"),
        pytest.param({1: 2}, [waiting("900", 7, 3)], ("900", {1: 7}), id="a part of it"),
        pytest.param({1: 4}, [waiting("900", 7, 3)], None, id="more than went"),
        pytest.param({1: 2}, [waiting("900", 7, 1), waiting("901", 1, 2)], ("901", {1: 1}), id="the one that has it"),
        pytest.param({1: 3}, [waiting("900", 7, 2), waiting("901", 1, 1)], None, id="of two together"),
        pytest.param(
            {1: 1, 2: 1},
            [waiting("900", 1, 1), waiting("901", 1, 1), waiting("901", 2, 1, ("1001", 2))],
            ("901", {1: 1, 2: 2}),
            id="the one that has both lines",
        ),
        pytest.param({1: 1, 2: 1}, [waiting("900", 1, 1)], None, id="one line of two"),
        pytest.param({}, [waiting("900", 1, 1)], None, id="nothing"),
    ],
)
def test_a_credit_settles_one_return(credited, returns, settled):
    found = settled_by({("1001", line): Decimal(quantity) for line, quantity in credited.items()}, returns)

    if settled is None:
        assert found is None
    else:
        assert (found.return_id, found.lines) == (settled[0], {("1001", k): v for k, v in settled[1].items()})


def test_an_order_holds_what_came_less_what_went_back():
    order = an_order(lines=(an_order_line(received=Decimal(10)),))

    once = order.with_returns({"901": {1: Decimal(3)}})
    twice = once.with_returns({"901": {1: Decimal(3)}, "902": {1: Decimal(1)}})

    assert [(each.lines[0].received, each.lines[0].returned) for each in (once, twice)] == [(7, 3), (6, 4)]
    assert twice.with_returns({}) == order
