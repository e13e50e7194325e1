"""What people are offered, and what is learned from what they choose."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from counterfoil.domain.learning import CodedLine, LinkByHand, aliases, propose_coding, recurrence
from counterfoil.domain.order_list import offered_orders, unbilled
from counterfoil.domain.orders import Coding, OrderStatus, PurchaseOrder
from counterfoil.domain.policy import MatchPolicy
from tests.builders import an_order, an_order_line
from tests.matching.test_matching import an_expense, d

TODAY = date(2026, 3, 2)


def numbered(number: str, day: int, **values: Any) -> PurchaseOrder:
    return an_order(**{"id": number, "number": number, "order_date": date(2026, 1, day)} | values)


def offered(*orders: PurchaseOrder, typed: str = "", policy: MatchPolicy | None = None) -> list[str]:
    return [each.number for each in offered_orders(orders, policy or MatchPolicy(), vendor_id="501", typed=typed)]


def test_open_orders_are_offered_newest_first() -> None:
    orders = (
        numbered("PO-1", 1),
        numbered("PO-3", 9),
        numbered("PO-2", 9),
        numbered("PO-4", 5, status=OrderStatus.CLOSED),
        numbered("PO-5", 5, status=OrderStatus.FULLY_BILLED),
        numbered("PO-6", 5, vendor_id="other"),
    )

    assert offered(*orders) == ["PO-3", "PO-2", "PO-1"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [("", ["PO-12", "PO-1"]), ("12", ["PO-12"]), ("po-1", ["PO-12", "PO-1"]), (" gadg ", ["PO-12"]), ("zzz", [])],
)
def test_typing_narrows_the_list_by_number_or_by_what_was_ordered(typed: str, found: list[str]) -> None:
    gadget = an_order_line(item_code="G-1", description="Gadget, large")

    assert offered(numbered("PO-1", 1), numbered("PO-12", 2, lines=(gadget,)), typed=typed) == found


def test_the_orders_of_a_merged_vendor_are_offered() -> None:
    assert offered(numbered("PO-1", 1, vendor_id="500"), policy=MatchPolicy(vendor_merges={"500": "501"})) == ["PO-1"]


def test_the_list_has_an_end() -> None:
    orders = [numbered(f"PO-{index}", 1) for index in range(9)]

    assert len(offered_orders(orders, MatchPolicy(), vendor_id="501", limit=4)) == 4


@pytest.mark.parametrize(
    ("values", "amount"),
    [
        ({}, "50"),
        ({"bills": {"b": {1: d("4")}}}, "30"),
        ({"claims": {"i": {1: d("4")}}}, "30"),
        ({"claims": {"c": {1: d("-4")}}}, "50"),
        ({"bills": {"b": {1: d("12")}}}, "0"),
        ({"lines": (an_order_line(is_closed=True),)}, "0"),
        ({"lines": (an_expense(billed=d("300")), an_order_line(line=2, billed=d("99")))}, "500"),
    ],
)
def test_what_is_neither_billed_nor_claimed_is_unbilled(values: dict[str, Any], amount: str) -> None:
    assert unbilled(an_order(**values)) == d(amount)


def link(item: str = "WIDGET", days_ago: int = 1, **values: Any) -> LinkByHand:
    defaults = {"vendor_id": "501", "vendor_code": "ACME-9", "item_code": item, "on": TODAY - timedelta(days=days_ago)}
    return LinkByHand(**defaults | values)


@pytest.mark.parametrize(
    ("links", "learned"),
    [
        pytest.param([link()], {}, id="once is chance"),
        pytest.param([link(), link()], {"501": {"acme9": "WIDGET"}}, id="twice is a habit"),
        pytest.param([link(), link(vendor_code="acme 9")], {"501": {"acme9": "WIDGET"}}, id="written otherwise"),
        pytest.param([link(), link(), link("GADGET")], {}, id="contradicted"),
        pytest.param([link(), link(), link(is_confirmed=False)], {}, id="taken away"),
        pytest.param([link(days_ago=800), link()], {}, id="forgotten"),
        pytest.param([link(vendor_code="--"), link(vendor_code="--")], {}, id="no code"),
        pytest.param([link(), link(vendor_id="502")], {}, id="two vendors"),
    ],
)
def test_a_code_is_learned_from_what_people_link(links: list[LinkByHand], learned: dict[str, Any]) -> None:
    assert aliases(links, today=TODAY) == learned
    assert MatchPolicy(aliases=learned).aliases == learned


def coded(invoice: str, account: str, days_ago: int, **values: Any) -> CodedLine:
    defaults = {
        "invoice_id": invoice,
        "vendor_id": "501",
        "description": "Electricity supply",
        "amount": d("90"),
        "on": TODAY - timedelta(days=days_ago),
        "coding": Coding(account=account),
    }
    return CodedLine(**defaults | values)


@pytest.mark.parametrize(
    ("history", "account"),
    [
        pytest.param([coded("a", "6300", 60), coded("b", "6300", 30)], "6300", id="coded alike"),
        pytest.param([coded("a", "6300", 60)], None, id="once"),
        pytest.param([coded("a", "6300", 60), coded("a", "6300", 60)], None, id="one invoice"),
        pytest.param([coded("a", "6300", 60), coded("b", "6400", 30)], None, id="coded in two ways"),
        pytest.param(
            [coded("a", "6300", 90), coded("b", "6400", 60), coded("c", "6400", 30)], "6400", id="coded otherwise since"
        ),
        pytest.param([coded("a", "6300", 900), coded("b", "6300", 30)], None, id="too long ago"),
        pytest.param([coded("a", "6300", 60, vendor_id="x"), coded("b", "6300", 30)], None, id="another vendor"),
        pytest.param([coded("a", "6300", 60, description="Paint"), coded("b", "6300", 30)], None, id="another thing"),
    ],
)
def test_coding_is_proposed_from_the_vendors_history(history: list[CodedLine], account: str | None) -> None:
    found = propose_coding(history, vendor_ids=["501"], description="Electricity supply March", today=TODAY)

    assert (found.coding.account if found else None) == account
    if found is not None:
        assert "like lines of this vendor" in found.reason
        assert len(found.invoices) >= 2


@pytest.mark.parametrize(
    ("days", "period"),
    [
        pytest.param([0, 30, 60, 91], "monthly", id="every month"),
        pytest.param([0, 7, 14], "weekly", id="every week"),
        pytest.param([0, 91, 182], "quarterly", id="every quarter"),
        pytest.param([0, 365, 731], "yearly", id="every year"),
        pytest.param([0, 30], None, id="twice is not yet regular"),
        pytest.param([0, 30, 75], None, id="irregular"),
        pytest.param([0, 0, 0], None, id="all at once"),
    ],
)
def test_invoices_that_come_regularly_are_recognised(days: list[int], period: str | None) -> None:
    start = date(2025, 1, 1)
    found = recurrence([(start + timedelta(days=each), d("90") + each % 2) for each in days])

    assert (found.period if found else None) == period
    if found is not None:
        assert found.next_on > start + timedelta(days=max(days))
        assert found.amount in (d("90"), d("90.5"), d("91"))
