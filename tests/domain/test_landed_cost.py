"""Charges shared out over the goods that they were for: exactly, oldest receipts first, traceable."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain.invoices import LineKind
from counterfoil.domain.landed_cost import CostsNotShared, LandedBasis, landed_costs
from counterfoil.domain.matching_result import InvoiceType, LineMatch, LineStatus, MatchResult, OrderLineLink
from counterfoil.domain.orders import ItemKind, Receipt
from tests.builders import COMPANY, a_captured_invoice, an_invoice_line, an_order, an_order_line


def goods(line: int, quantity: str, rate: str, **values):
    amount = Decimal(quantity) * Decimal(rate)
    return an_order_line(
        line=line, kind=ItemKind.INVENTORY, quantity=Decimal(quantity), rate=Decimal(rate), amount=amount, **values
    )


def a_receipt(name: str, day: int, **quantities: str) -> Receipt:
    came = {int(line.removeprefix("line")): Decimal(quantity) for line, quantity in quantities.items()}
    return Receipt(
        company=COMPANY, id=name, number=name, order_id="1001", received_on=date(2026, 3, day), quantities=came
    )


def freight(amount: str, line: int = 9, **values):
    return an_invoice_line(
        line=line, description="Freight", item_code=None, quantity=None, unit_price=None, amount=Decimal(amount),
        kind=LineKind.FREIGHT, **values,
    )  # fmt: skip


def linked(*taken: tuple[int, str]) -> MatchResult:
    lines = tuple(
        LineMatch(
            line=number,
            status=LineStatus.PERFECT_MATCH,
            links=(OrderLineLink(order_id="1001", po_number="PO-1", line=number, quantity=Decimal(quantity)),),
        )
        for number, quantity in taken
    )
    return MatchResult(invoice_type=InvoiceType.PO_INVOICE, lines=lines, approvable=True)


def shared(charges, order, receipts, result, *, basis=LandedBasis.AMOUNT, **values):
    captured = a_captured_invoice(lines=tuple(charges))
    return landed_costs(captured, result, {order.id: order}, receipts, basis=basis, **values)


def test_freight_is_shared_out_by_what_the_goods_cost():
    order = an_order(lines=(goods(1, "10", "30.00"), goods(2, "10", "10.00")))
    receipts = [a_receipt("R1", 2, line1="10", line2="10")]

    draft = shared([freight("40.00")], order, receipts, linked((1, "10"), (2, "10")))

    assert [(share.order_line, share.receipt_id, share.amount) for share in draft.shares] == [
        (1, "R1", Decimal("30.00")),
        (2, "R1", Decimal("10.00")),
    ]
    assert (draft.total, draft.currency) == (Decimal("40.00"), "USD")


def test_by_quantity_each_piece_bears_the_same():
    order = an_order(lines=(goods(1, "30", "1.00"), goods(2, "10", "99.00")))

    draft = shared([freight("40.00")], order, [], linked((1, "30"), (2, "10")), basis=LandedBasis.QUANTITY)

    assert [share.amount for share in draft.shares] == [Decimal("30.00"), Decimal("10.00")]


def test_what_came_first_was_billed_first():
    order = an_order(lines=(goods(1, "10", "5.00"),), bills={"B1": {1: Decimal(4)}})
    receipts = [a_receipt("R2", 9, line1="4"), a_receipt("R1", 2, line1="6")]

    draft = shared([freight("10.00")], order, receipts, linked((1, "5")))

    assert [(share.receipt_id, share.quantity) for share in draft.shares] == [("R1", 2), ("R2", 3)]


def test_the_invoice_s_own_bill_takes_nothing_from_it():
    order = an_order(lines=(goods(1, "10", "5.00", billed=Decimal(6)),), bills={"B1": {1: Decimal(6)}})
    receipts = [a_receipt("R1", 2, line1="6"), a_receipt("R2", 9, line1="4")]

    draft = shared([freight("10.00")], order, receipts, linked((1, "6")), own_bill="B1")

    assert [(share.receipt_id, share.quantity) for share in draft.shares] == [("R1", 6)]


def test_goods_that_have_not_come_bear_their_part_without_a_receipt():
    order = an_order(lines=(goods(1, "10", "5.00"),))

    draft = shared([freight("10.00")], order, [a_receipt("R1", 2, line1="4")], linked((1, "10")))

    assert [(share.receipt_id, share.quantity) for share in draft.shares] == [("R1", 4), ("", 6)]


def test_a_carrier_s_invoice_is_shared_out_over_what_the_named_orders_brought():
    order = an_order(
        lines=(goods(1, "10", "30.00", received=Decimal(10)), goods(2, "10", "10.00", received=Decimal(0)))
    )
    duty = an_invoice_line(line=2, description="Import duty", item_code=None, amount=Decimal("7.00"))
    tax = freight("3.00", line=3).model_copy(update={"kind": LineKind.TAX, "description": "VAT"})

    draft = shared([freight("40.00"), duty, tax], order, [a_receipt("R1", 2, line1="10")], None, of_orders=["1001"])

    assert [(share.charge, share.order_line, share.amount) for share in draft.shares] == [(9, 1, 40), (2, 1, 7)]


@pytest.mark.parametrize(
    ("charges", "line", "why"),
    [
        pytest.param([an_invoice_line()], goods(1, "10", "5.00"), "bills no freight", id="no charge"),
        pytest.param([freight("1.00")], an_order_line(kind=ItemKind.SERVICE), "kept in stock", id="no goods"),
    ],
)
def test_where_nothing_can_be_shared_out_it_says_why(charges, line, why):
    with pytest.raises(CostsNotShared, match=why):
        shared(charges, an_order(lines=(line,)), [], linked((1, "10")))


def test_values_in_two_currencies_are_not_compared():
    dollars = an_order(lines=(goods(1, "10", "5.00", received=Decimal(1)),))
    euros = an_order(id="1002", currency="EUR", lines=(goods(1, "10", "5.00", received=Decimal(1)),))
    captured = a_captured_invoice(lines=(freight("9.00"),))
    orders = {order.id: order for order in (dollars, euros)}

    with pytest.raises(CostsNotShared, match="several currencies"):
        landed_costs(captured, None, orders, [], basis=LandedBasis.AMOUNT, of_orders=list(orders))
    by_quantity = landed_costs(captured, None, orders, [], basis=LandedBasis.QUANTITY, of_orders=list(orders))
    assert [share.amount for share in by_quantity.shares] == [Decimal("4.50"), Decimal("4.50")]


@given(
    amounts=st.lists(st.decimals("0.01", "99999", places=2), min_size=1, max_size=4),
    ordered=st.lists(st.tuples(st.integers(1, 999), st.decimals("0", "500", places=3)), min_size=1, max_size=12),
    basis=st.sampled_from(LandedBasis),
)
def test_the_shares_of_a_charge_add_up_to_it(amounts, ordered, basis):
    lines = [goods(number, str(quantity), str(rate)) for number, (quantity, rate) in enumerate(ordered, start=1)]
    charges = [freight(str(amount), line=100 + place) for place, amount in enumerate(amounts)]
    taken = [(line.line, str(line.quantity)) for line in lines]
    receipts = [a_receipt("R1", 1, **{f"line{line.line}": str(line.quantity / 2) for line in lines})]

    draft = shared(charges, an_order(lines=tuple(lines)), receipts, linked(*taken), basis=basis)

    for charge in draft.charges:
        assert sum(share.amount for share in draft.shares if share.charge == charge.line) == charge.amount
