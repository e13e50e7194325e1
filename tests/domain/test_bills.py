"""The bill of an invoice: of the same total to the cent, each line where it belongs, or none at all."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.domain.bills import (
    RATE_DECIMALS_MAX,
    BillDoesNotAddUp,
    BillImpossible,
    bill_of,
    external_id,
    rate_of,
)
from counterfoil.domain.invoices import (
    CapturedInvoice,
    Document,
    DocumentType,
    Invoice,
    InvoiceLine,
    LineKind,
    Source,
)
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.matching_result import InvoiceType, LineMatch, LineStatus, MatchResult, OrderLineLink
from counterfoil.domain.money import round_money
from counterfoil.domain.orders import Coding, ItemKind, OrderLine, OrderStatus, PurchaseOrder

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
ACCOUNTS = {"freight": "64", "charge": "65", "discount": "66", "tax": "67"}


def an_order(*lines: OrderLine, order_id: str = "1042", currency: str = "EUR") -> PurchaseOrder:
    return PurchaseOrder(
        company="acme",
        id=order_id,
        number=f"PO{order_id}",
        vendor_id="501",
        status=OrderStatus.PENDING_BILL,
        currency=currency,
        lines=lines,
    )


def an_order_line(line: int = 1, *, rate: str = "10.00", **values: Any) -> OrderLine:
    values = {"kind": ItemKind.INVENTORY, "item_id": f"7{line}", "quantity": Decimal(100), **values}
    return OrderLine(line=line, rate=Decimal(rate), **values)


def an_expense_line(line: int = 2) -> OrderLine:
    return an_order_line(line, kind=ItemKind.EXPENSE, item_id=None, quantity=Decimal(0), coding=Coding(account="61"))


def a_line(line: int = 1, amount: str | None = "100.00", **values: Any) -> InvoiceLine:
    return InvoiceLine(
        line=line, description=f"Line {line}", amount=None if amount is None else Decimal(amount), **values
    )


def a_match(line: int = 1, *links: tuple[int, str], order_id: str = "1042", **values: Any) -> LineMatch:
    made = tuple(
        OrderLineLink(order_id=order_id, po_number=f"PO{order_id}", line=number, quantity=Decimal(quantity))
        for number, quantity in links
    )
    return LineMatch(line=line, links=made, status=LineStatus.PERFECT_MATCH, **values)


def an_invoice(lines: list[InvoiceLine], matches: list[LineMatch], *, gross: str | None, **captured: Any) -> Invoice:
    values = {
        "document_type": DocumentType.INVOICE,
        "source": Source.XML,
        "invoice_number": "INV-1",
        "issue_date": date(2026, 2, 21),
        "currency": "EUR",
        **captured,
    }
    return Invoice(
        company="acme",
        id="inv-7f3a",
        version=3,
        status=Status.APPROVED,
        received_at=NOW,
        changed_at=NOW,
        document=Document(bucket="inbox", key="inbox/acme/INV-1.pdf"),
        captured=CapturedInvoice(gross_total=None if gross is None else Decimal(gross), lines=tuple(lines), **values),
        vendor_id="501",
        match=MatchResult(invoice_type=InvoiceType.PO_INVOICE, lines=tuple(matches), approvable=True),
    )


def test_a_matched_line_bills_its_order_line():
    invoice = an_invoice([a_line()], [a_match(1, (1, "10"))], gross="100.00", due_date=date(2026, 3, 23))

    bill = bill_of(invoice, {"1042": an_order(an_order_line())}, {})

    [line] = bill.items
    assert (line.order_id, line.order_line, line.item_id) == ("1042", 1, "71")
    assert (line.quantity, line.rate, line.amount) == (10, 10, 100)
    assert (bill.vendor_id, bill.number, bill.bill_date, bill.due_date) == (
        "501",
        "INV-1",
        date(2026, 2, 21),
        date(2026, 3, 23),
    )
    assert bill.external_id == external_id("acme", "inv-7f3a")
    assert bill.total == 100


def test_the_quantity_is_the_orders_and_the_amount_the_invoices():
    """Two cases at 60.00 are 24 pieces at 5.00 when the order counts pieces."""
    lines = [a_line(amount="120.00", quantity=Decimal(2), unit="case", unit_price=Decimal(60))]

    bill = bill_of(an_invoice(lines, [a_match(1, (1, "24"))], gross="120.00"), {"1042": an_order(an_order_line())}, {})

    assert (bill.items[0].quantity, bill.items[0].rate, bill.items[0].amount) == (24, 5, 120)


def test_everything_else_goes_to_its_account():
    lines = [
        a_line(1),
        a_line(2, "12.50", kind=LineKind.FREIGHT),
        a_line(3, "3.00", kind=LineKind.CHARGE),
        a_line(4, "-5.50", kind=LineKind.DISCOUNT),
    ]
    invoice = an_invoice(
        lines, [a_match(1, (1, "10"))], gross="130.90", net_total=Decimal("110.00"), tax_total=Decimal("20.90")
    )

    bill = bill_of(invoice, {"1042": an_order(an_order_line())}, ACCOUNTS)

    assert [(line.account, str(line.amount)) for line in bill.expenses] == [
        ("64", "12.50"),
        ("65", "3.00"),
        ("66", "-5.50"),
        ("67", "20.90"),
    ]
    assert bill.total == Decimal("130.90")


def test_tax_that_stands_on_lines_is_not_posted_twice():
    lines = [a_line(1), a_line(2, "19.00", kind=LineKind.TAX)]

    bill = bill_of(
        an_invoice(lines, [a_match(1, (1, "10"))], gross="119.00", tax_total=Decimal("19.00")),
        {"1042": an_order(an_order_line())},
        ACCOUNTS,
    )

    assert [(line.account, line.amount) for line in bill.expenses] == [("67", 19)]


def test_tax_follows_from_net_and_gross_where_the_document_does_not_say():
    invoice = an_invoice([a_line()], [a_match(1, (1, "10"))], gross="119.00", net_total=Decimal(100))

    bill = bill_of(invoice, {"1042": an_order(an_order_line())}, ACCOUNTS)

    assert bill.expenses[0].amount == 19


def test_an_accepted_charge_goes_to_the_account_that_was_chosen_for_it():
    matches = [a_match(1, is_charge=True, coding=Coding(account="71", department="4"))]

    bill = bill_of(an_invoice([a_line()], matches, gross="100.00"), {}, {})

    assert (bill.expenses[0].account, bill.expenses[0].coding.department) == ("71", "4")


def test_an_expense_line_of_an_order_is_billed_by_amount():
    invoice = an_invoice([a_line(amount="40.00")], [a_match(1, (2, "40.00"))], gross="40.00")

    bill = bill_of(invoice, {"1042": an_order(an_expense_line(2))}, {})

    [line] = bill.expenses
    assert (line.account, line.amount, line.order_id, line.order_line) == ("61", 40, "1042", 2)


def test_one_line_over_several_order_lines_is_shared_by_their_worth():
    order = an_order(an_order_line(1, rate="1.00"), an_order_line(2, rate="2.00"))
    invoice = an_invoice([a_line(amount="100.00")], [a_match(1, (1, "1"), (2, "1"))], gross="100.00")

    bill = bill_of(invoice, {"1042": order}, {})

    assert [str(line.amount) for line in bill.items] == ["33.33", "66.67"]
    assert bill.total == 100


def test_an_order_line_stands_once_on_a_bill():
    """The ERP takes each pair of order and line once."""
    lines = [a_line(1, "30.00"), a_line(2, "70.00")]
    matches = [a_match(1, (1, "3")), a_match(2, (1, "7"))]

    bill = bill_of(an_invoice(lines, matches, gross="100.00"), {"1042": an_order(an_order_line())}, {})

    [line] = bill.items
    assert (line.quantity, line.amount, line.description) == (10, 100, "Line 1; Line 2")


def test_several_orders_on_one_bill():
    orders = {name: an_order(an_order_line(), order_id=name) for name in ("1042", "1043")}
    matches = [a_match(1, (1, "10")), a_match(2, (1, "10"), order_id="1043")]

    bill = bill_of(an_invoice([a_line(1), a_line(2)], matches, gross="200.00"), orders, {})

    assert [line.order_id for line in bill.items] == ["1042", "1043"]


@pytest.mark.parametrize("written_as_negative", [False, True], ids=["positive", "negative"])
def test_a_credit_note_has_positive_amounts(written_as_negative):
    sign = "-" if written_as_negative else ""
    invoice = an_invoice(
        [a_line(amount=f"{sign}100.00")],
        [a_match(1, (1, "10"))],
        gross=f"{sign}100.00",
        document_type=DocumentType.CREDIT_NOTE,
    )

    bill = bill_of(invoice, {"1042": an_order(an_order_line())}, {})

    assert bill.document_type == DocumentType.CREDIT_NOTE
    assert (bill.items[0].amount, bill.total) == (100, 100)


def test_a_cent_too_much_is_no_bill():
    invoice = an_invoice([a_line()], [a_match(1, (1, "10"))], gross="100.01")

    with pytest.raises(BillDoesNotAddUp) as raised:
        bill_of(invoice, {"1042": an_order(an_order_line())}, ACCOUNTS)

    assert (raised.value.total, raised.value.gross_total) == (100, Decimal("100.01"))
    assert "100 EUR" in raised.value.detail
    assert "100.01 EUR" in raised.value.detail


@pytest.mark.parametrize(
    ("gross", "posted"),
    [
        pytest.param("100.00", None, id="nothing to round"),
        pytest.param("100.01", "0.01", id="half a cent for each of two lines"),
        pytest.param("99.99", "-0.01", id="downwards"),
        pytest.param("100.02", "refused", id="a cent over"),
    ],
)
def test_rounding_goes_to_its_account_within_what_rounding_can_make(gross, posted):
    lines = [a_line(1, "50.00"), a_line(2, "50.00")]
    matches = [a_match(1, (1, "5")), a_match(2, (2, "5"))]
    orders = {"1042": an_order(an_order_line(1), an_order_line(2))}
    invoice = an_invoice(lines, matches, gross=gross)

    if posted == "refused":
        with pytest.raises(BillDoesNotAddUp):
            bill_of(invoice, orders, {"rounding": "69"})
    else:
        expenses = bill_of(invoice, orders, {"rounding": "69"}).expenses
        assert [(line.account, str(line.amount)) for line in expenses] == ([("69", posted)] if posted else [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"invoice_number": None}, "bill_lacks_a_value", id="no number"),
        pytest.param({"issue_date": None}, "bill_lacks_a_value", id="no date"),
        pytest.param({"gross": None}, "bill_lacks_a_value", id="no total"),
        pytest.param({"lines": [a_line(amount=None)]}, "bill_lacks_a_value", id="a line without amount"),
        pytest.param({"currency": "USD"}, "currencies_differ", id="another currency than the order's"),
        pytest.param({"matches": [a_match(1)]}, "bill_lacks_an_account", id="goods that bill no order"),
        pytest.param({"matches": []}, "bill_lacks_an_account", id="a line that was not matched"),
        pytest.param({"matches": [a_match(1, (9, "10"))]}, "order_line_missing", id="a line the order lost"),
        pytest.param({"matches": [a_match(1, (1, "0"))]}, "no_rate", id="no quantity"),
        pytest.param({"tax_total": Decimal(19), "accounts": {}}, "bill_lacks_an_account", id="no tax account"),
        pytest.param({"lines": [a_line(amount="-1.00")], "gross": "-1.00"}, "invoice_is_negative", id="negative"),
    ],
)
def test_what_makes_no_bill(change, code):
    change = {"lines": [a_line()], "matches": [a_match(1, (1, "10"))], "gross": "100.00", **change}
    accounts = change.pop("accounts", {"tax": "67"})
    invoice = an_invoice(change.pop("lines"), change.pop("matches"), **change)

    with pytest.raises(BillImpossible) as raised:
        bill_of(invoice, {"1042": an_order(an_order_line())}, accounts)

    assert raised.value.code == code


def test_lines_without_amounts_of_their_own_are_computed():
    line = a_line(amount=None, quantity=Decimal(250), unit_price=Decimal("12.00"), price_base_quantity=Decimal(100))

    bill = bill_of(an_invoice([line], [a_match(1, (1, "250"))], gross="30.00"), {"1042": an_order(an_order_line())}, {})

    assert bill.items[0].amount == 30


def test_a_long_number_is_cut_to_the_erps_field_and_whole_in_the_memo():
    number = "N" * 60
    invoice = an_invoice([a_line()], [a_match(1, (1, "10"))], gross="100.00", invoice_number=number)

    bill = bill_of(invoice, {"1042": an_order(an_order_line())}, {})

    assert bill.number == "N" * 45
    assert number in bill.memo


def test_the_yen_has_no_cents():
    invoice = an_invoice([a_line(amount="1000")], [a_match(1, (1, "3"))], gross="1000", currency="JPY")

    bill = bill_of(invoice, {"1042": an_order(an_order_line(), currency="JPY")}, {})

    assert bill.total == 1000
    assert round_money(bill.items[0].rate * 3, "JPY") == 1000


@given(
    cents=st.integers(-(10**12), 10**12),
    quantity=st.decimals("0.001", "1000000000", places=3, allow_nan=False, allow_infinity=False),
)
def test_quantity_times_rate_is_the_amount(cents, quantity):
    amount = Decimal(cents).scaleb(-2)

    rate = rate_of(amount, quantity, "EUR")

    assert round_money(rate * quantity, "EUR") == amount
    assert -rate.as_tuple().exponent <= RATE_DECIMALS_MAX


@given(st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), min_size=2, max_size=2, unique=True))
def test_external_ids_are_safe_and_differ(pairs):
    first, second = (external_id(company, invoice_id) for company, invoice_id in pairs)

    assert first != second
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", first)


@pytest.mark.parametrize(
    "others",
    [("ac", "me-1"), ("acme", "-1"), ("ACME", "1"), ("acme:1", "")],
    ids=["moved boundary", "dash", "case", "colon"],
)
def test_external_ids_of_look_alikes_differ(others):
    assert external_id("acme", "1") != external_id(*others)


def test_money_credited_without_goods_goes_to_the_account_for_discounts():
    match = a_match(1, (1, "0")).model_copy(update={"overcharge": Decimal("-5")})
    invoice = an_invoice([a_line(amount="-5.00")], [match], gross="-5.00", document_type=DocumentType.CREDIT_NOTE)
    orders = {"1042": an_order(an_order_line())}

    bill = bill_of(invoice, orders, {"discount": "5900"})

    assert bill.items == ()
    assert [(line.account, line.amount, line.order_id) for line in bill.expenses] == [("5900", 5, None)]
    with pytest.raises(BillImpossible):
        bill_of(invoice, orders, {})
