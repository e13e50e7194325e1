"""Rows about goods that were sent back: what they take of orders, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from counterfoil.netsuite.returns import (
    returnable_of,
    sent_back_of,
    sent_back_queries,
    shipment_of,
    shipments_query,
    traces_of,
)
from counterfoil.netsuite.rows import IDS_MAX, UnreadableRow

SHIPPED = {
    "orderid": "1042",
    "orderline": "1",
    "id": "901",
    "line": "1",
    "type": "ItemShip",
    "status": "C",
    "item": "71",
    "quantity": "-3",
    "foreignamount": "-30",
    "returnid": "900",
    "returnline": "1",
}
CREDITED = {**SHIPPED, "id": "902", "type": "VendCred", "status": "A", "quantity": "-2"}


def test_shipments_and_credits_take_of_the_order_line_that_they_lead_to():
    back = sent_back_of([SHIPPED, {**SHIPPED, "line": "2", "quantity": "-1"}, CREDITED])["1042"]

    assert back.shipments == {"901": {1: 4}}
    assert back.credits == {"902": {1: -2}}


@pytest.mark.parametrize(
    ("row", "taken"),
    [
        pytest.param({**SHIPPED, "status": "A"}, {}, id="only picked"),
        pytest.param({**SHIPPED, "status": "B"}, {}, id="only packed"),
        pytest.param({**SHIPPED, "status": ""}, {}, id="of no state"),
        pytest.param(SHIPPED, {1: 3}, id="shipped"),
        pytest.param({**SHIPPED, "quantity": "3"}, {1: 3}, id="shipped, above zero"),
    ],
)
def test_goods_go_when_they_are_shipped(row, taken):
    assert sent_back_of([row])["1042"].shipments == {"901": taken}


def test_a_voided_credit_credits_nothing():
    assert sent_back_of([{**CREDITED, "status": "V"}])["1042"].credits == {"902": {}}


def test_a_line_that_leads_to_its_order_by_two_ways_counts_once():
    by_bill = {**SHIPPED, "orderline": "2"}

    assert sent_back_of([SHIPPED, by_bill])["1042"].shipments == {"901": {1: 3}}
    assert traces_of([SHIPPED, by_bill])["901", 1].source == ("1042", 1)


def test_quantities_are_in_the_orders_unit():
    each = {**SHIPPED, "quantity": "-50", "unit": "1", "orderunit": "2", "unitrate": "1", "orderunitrate": "100"}

    assert sent_back_of([each])["1042"].shipments == {"901": {1: Decimal("0.5")}}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        pytest.param({**SHIPPED, "unit": "1", "orderunit": "2"}, "unitrate", id="no rate of the unit"),
        pytest.param(
            {**SHIPPED, "unit": "1", "orderunit": "2", "unitrate": "1", "orderunitrate": "0"},
            "orderunitrate",
            id="a rate of nothing",
        ),
        pytest.param({**SHIPPED, "quantity": "three"}, "quantity", id="no number"),
        pytest.param({**SHIPPED, "orderline": ""}, "orderline", id="no line"),
    ],
)
def test_what_cannot_be_counted_is_not_guessed(row, column):
    for read in (sent_back_of, traces_of):
        with pytest.raises(UnreadableRow) as refused:
            read([row])
        assert (refused.value.record, refused.value.column) == ("itemFulfillment 901", column)


GOODS = {
    "id": "901",
    "tranid": "IF9",
    "status": "C",
    "entity": "501",
    "trandate": "2026-02-11",
    "modified": "2026-02-11T10:00:00",
    "line": "1",
    "item": "71",
    "itemcode": "PAPER-A4",
    "quantity": "-3",
    "returnid": "900",
    "returnline": "1",
    "returnnumber": "VRA7",
    "shipped": "3",
    "credited": "0",
    "isclosed": "F",
    "source": "1042",
}


def test_a_shipment_with_its_lines_traced_as_far_as_they_can_be():
    shipment = shipment_of("acme", [GOODS, {**GOODS, "line": "2", "returnline": "2"}], traces_of([SHIPPED]))

    assert (shipment.number, shipment.return_number, shipment.source_id) == ("IF9", "VRA7", "1042")
    first, second = shipment.lines
    assert (first.order_id, first.order_line, first.quantity) == ("1042", 1, 3)
    assert (second.is_linked, second.quantity) == (False, 3)
    assert shipment.taken_of("1042") == {1: 3}
    assert shipment.unlinked == (second,)


@pytest.mark.parametrize(
    ("cells", "is_settled"),
    [
        ({}, False),
        ({"credited": "2"}, False),
        ({"credited": "3"}, True),
        ({"isclosed": "T"}, True),
        ({"shipped": "0", "credited": "0"}, False),
    ],
    ids=["nothing credited", "less than shipped", "all that was shipped", "closed", "no figures"],
)
def test_a_return_is_settled_when_all_it_shipped_is_credited_or_it_is_closed(cells, is_settled):
    assert shipment_of("acme", [{**GOODS, **cells}], {}).lines[0].is_settled is is_settled


def test_what_waits_for_its_credit_comes_oldest_first():
    row = {"orderid": "1042", "orderline": "1", "item": "71", "line": "1", "shipped": "3", "credited": "1"}
    rows = [
        {**row, "id": "1000"},
        {**row, "id": "999"},
        {**row, "id": "998", "credited": "3"},
        {**row, "id": "997", "unit": "1", "orderunit": "2"},
    ]

    assert [(each.return_id, each.quantity) for each in returnable_of(rows)] == [("999", 2), ("1000", 2)]


@pytest.mark.parametrize("ids", [[], ["1"] * (IDS_MAX + 1), ["1 OR 1=1"]], ids=["none", "too many", "no id"])
def test_only_so_many_internal_ids_reach_a_query(ids):
    for made in (
        lambda: sent_back_queries(order_ids=ids),
        lambda: sent_back_queries(ids=ids),
        lambda: shipments_query(return_ids=ids)(None),
    ):
        with pytest.raises(ValueError, match=r"ids|internal id"):
            made()
