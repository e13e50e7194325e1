"""What becomes of an order we know when it is read again: the ERP's facts, and our claims and bills."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from counterfoil.domain.orders import OrderStatus
from counterfoil.steps.sync_orders import merged_order
from tests.builders import NOON, an_order, an_order_line

TEN = {1: Decimal(10)}
FOUR = {1: Decimal(4)}


def test_a_new_order_comes_with_the_bills_that_the_erp_has():
    merged = merged_order(None, an_order(), {"812": FOUR, "813": {}}, set())

    assert merged.bills == {"812": FOUR}


def test_the_erps_facts_replace_what_was_read_before():
    known = an_order(version=3)
    current = an_order(status=OrderStatus.PENDING_BILL, lines=(an_order_line(received=Decimal(10)),))

    merged = merged_order(known, current, {}, set())

    assert (merged.status, merged.lines[0].received, merged.version) == (OrderStatus.PENDING_BILL, 10, 3)


@pytest.mark.parametrize(
    ("known_bills", "takings", "gone", "bills"),
    [
        pytest.param({"812": FOUR}, {}, set(), {"812": FOUR}, id="a bill we know and the ERP does not show stays"),
        pytest.param({"812": FOUR}, {"813": TEN}, set(), {"812": FOUR, "813": TEN}, id="one that the ERP has is added"),
        pytest.param({"812": FOUR}, {"812": TEN}, set(), {"812": TEN}, id="one changed there is as it is there"),
        pytest.param({"812": FOUR}, {"812": {}}, set(), {}, id="one that was rejected takes nothing"),
        pytest.param({"812": FOUR, "813": TEN}, {}, {"812"}, {"813": TEN}, id="one that was deleted goes"),
    ],
)
def test_bills_are_kept_by_their_ids(known_bills, takings, gone, bills):
    known = an_order(bills=known_bills, claims={"invoice-1": TEN})

    merged = merged_order(known, an_order(), takings, gone)

    assert merged.bills == bills
    assert merged.claims == {"invoice-1": TEN}


def test_a_later_date_alone_is_no_change():
    known = an_order(modified_at=NOON, version=2, claims={"invoice-1": TEN}, bills={"812": FOUR})

    merged = merged_order(known, an_order(modified_at=NOON + timedelta(hours=1)), {"812": FOUR}, set())

    assert merged is known
