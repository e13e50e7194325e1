"""Whether prices hold the tax, told by the document's own arithmetic."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from counterfoil.domain.bills import BillImpossible, bill_of
from counterfoil.domain.invoices import CapturedInvoice, DocumentType, InvoiceLine, LineKind
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.matching import match_invoice
from counterfoil.domain.policy import MatchPolicy
from counterfoil.domain.tax import amount_of, net_amounts, net_share, prices_include_tax
from tests.builders import a_captured_invoice, an_invoice, an_invoice_line, an_order, an_order_line


def d(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def a_line(amount: str | None, **values: Any) -> InvoiceLine:
    return an_invoice_line(**{"quantity": Decimal(1), "unit_price": d(amount), "amount": d(amount)} | values)


def a_document(
    *lines: InvoiceLine, net: str | None, tax: str | None, gross: str | None, **values: Any
) -> CapturedInvoice:
    totals = {"net_total": d(net), "tax_total": d(tax), "gross_total": d(gross)}
    return a_captured_invoice(**totals | {"lines": lines} | values)


@pytest.mark.parametrize(
    ("amounts", "net", "tax", "gross", "includes"),
    [
        pytest.param(["120.00"], "100.00", "20.00", "120.00", True, id="with tax"),
        pytest.param(["100.00"], "100.00", "20.00", "120.00", False, id="without tax"),
        pytest.param(["120.00"], None, "20.00", "120.00", True, id="the net total is left out"),
        pytest.param(["120.00"], "100.00", None, "120.00", True, id="the tax is left out"),
        pytest.param(["120.00"], None, None, "120.00", False, id="nothing says that there is tax"),
        pytest.param(["120.00"], "120.00", "0.00", "120.00", False, id="no tax"),
        pytest.param(["110.00"], "100.00", "20.00", "120.00", False, id="neither"),
        pytest.param(["60.00", "60.01"], "100.00", "20.00", "120.00", True, id="a cent off"),
        pytest.param(["60.00", "60.03"], "100.00", "20.00", "120.00", False, id="three cents off on two lines"),
        pytest.param(["-120.00"], "-100.00", "-20.00", "-120.00", True, id="a credit"),
        pytest.param(["120.00"], "100.00", "20.00", None, False, id="no total"),
        pytest.param(["0.05", "0.05"], "0.09", "0.01", "0.10", False, id="a tax smaller than the slack tells nothing"),
        pytest.param([None], "100.00", "20.00", "120.00", False, id="a line without an amount"),
        pytest.param(["120.00", None], "100.00", "20.00", "120.00", False, id="one of two lines without an amount"),
        pytest.param(["24.01"] * 5, "100.00", "20.00", "120.00", True, id="a cent off on each of five lines"),
        pytest.param(["20.01"] * 6, "100.00", "20.00", "120.00", False, id="a cent off on each of six lines"),
        pytest.param(["0.05", "0.06"], None, "0.03", "0.10", True, id="a small tax, the net total left out"),
        pytest.param([], "100.00", "20.00", "120.00", False, id="no lines"),
    ],
)
def test_the_lines_say_whether_tax_is_in_the_prices(
    amounts: list[str | None], net: str | None, tax: str | None, gross: str | None, includes: bool
) -> None:
    lines = [a_line(amount, line=number) for number, amount in enumerate(amounts, 1)]

    assert prices_include_tax(a_document(*lines, net=net, tax=tax, gross=gross)) is includes


@pytest.mark.parametrize(("currency", "includes"), [("JPY", True), ("EUR", False)])
def test_the_smallest_unit_of_the_currency_is_the_slack(currency: str, includes: bool) -> None:
    captured = a_document(a_line("1201"), net="1000", tax="200", gross="1200", currency=currency)

    assert prices_include_tax(captured) is includes


def test_a_tax_line_is_not_counted_among_the_prices() -> None:
    tax = a_line("20.00", line=2, kind=LineKind.TAX)

    assert not prices_include_tax(a_document(a_line("100.00"), tax, net="100.00", tax="20.00", gross="120.00"))


@pytest.mark.parametrize(
    ("line", "amount"),
    [
        pytest.param({"amount": Decimal("7")}, "7", id="stated"),
        pytest.param({"quantity": Decimal(500), "unit_price": Decimal(12), "price_base_quantity": Decimal(100)}, "60"),
        pytest.param({"quantity": Decimal(3), "unit_price": Decimal("4.50")}, "13.50", id="quantity times price"),
        pytest.param({"quantity": None, "unit_price": Decimal(12)}, None, id="no quantity"),
        pytest.param({"quantity": Decimal(1), "unit_price": None}, None, id="no price"),
        pytest.param({"quantity": Decimal(1), "unit_price": Decimal(1), "price_base_quantity": Decimal(0)}, None),
    ],
)
def test_a_lines_amount(line: dict[str, Any], amount: str | None) -> None:
    assert amount_of(an_invoice_line(**{"amount": None} | line)) == d(amount)


def test_the_lines_own_rate_goes_before_the_totals() -> None:
    captured = a_document(net="100.00", tax="20.00", gross="120.00")

    assert net_share(a_line("107.00", tax_rate=Decimal(7)), captured) == (Decimal(100), Decimal(107))
    assert net_share(a_line("107.00"), captured) == (Decimal(100), Decimal(120))
    assert net_share(a_line("107.00"), a_document(net="100.00", tax=None, gross="120.00")) == (
        Decimal(100),
        Decimal(120),
    )
    assert net_share(a_line("107.00"), a_document(net=None, tax=None, gross="120.00")) is None
    assert net_share(a_line("1", tax_rate=Decimal(-100)), a_document(net=None, tax=None, gross=None)) is None


def test_net_amounts_come_to_the_net_total() -> None:
    lines = [a_line("10.00", line=number) for number in (1, 2, 3)]

    net = net_amounts(a_document(*lines, net="25.21", tax="4.79", gross="30.00"), "EUR")

    assert net is not None
    assert sum(net.values()) == Decimal("25.21")
    assert sorted(map(str, net.values())) == ["8.40", "8.40", "8.41"]


def test_what_rounding_leaves_is_taken_by_the_largest_line() -> None:
    lines = [a_line(amount, line=number) for number, amount in enumerate(["1.00", "28.00", "1.00"], 1)]

    net = net_amounts(a_document(*lines, net="25.22", tax="4.78", gross="30.00"), "EUR")

    assert net == {1: d("0.84"), 2: d("23.54"), 3: d("0.84")}


@pytest.mark.parametrize(("net", "comes_out"), [("100.01", True), ("100.02", False), ("99.99", True), ("99.98", False)])
def test_rounding_leaves_no_more_than_a_cent_a_line(net: str, comes_out: bool) -> None:
    captured = a_document(a_line("120.00", tax_rate=Decimal(20)), net=net, tax="20.00", gross="120.00")

    assert (net_amounts(captured, "EUR") is not None) is comes_out


def test_a_tax_line_has_no_amount_before_tax() -> None:
    lines = a_line("120.00", tax_rate=Decimal(20)), a_line("20.00", line=2, kind=LineKind.TAX)

    assert net_amounts(a_document(*lines, net="100.00", tax="20.00", gross="120.00"), "EUR") == {1: Decimal(100)}


def test_the_net_total_may_be_left_out() -> None:
    captured = a_document(a_line("120.00", tax_rate=Decimal(20)), net=None, tax="20.00", gross="120.00")

    assert net_amounts(captured, "EUR") == {1: Decimal(100)}
    assert net_amounts(captured.model_copy(update={"tax_total": None}), "EUR") is None
    assert net_amounts(captured.model_copy(update={"lines": ()}), "EUR") is None


@pytest.mark.parametrize(
    ("line", "net", "tax", "gross"),
    [
        pytest.param(a_line(None), "100.00", "20.00", "120.00", id="no amount"),
        pytest.param(a_line("120.00"), None, None, "120.00", id="no tax"),
        pytest.param(a_line("120.00", tax_rate=Decimal(7)), "100.00", "20.00", "120.00", id="another rate"),
    ],
)
def test_net_amounts_are_not_guessed(line: InvoiceLine, net: str | None, tax: str | None, gross: str | None) -> None:
    assert net_amounts(a_document(line, net=net, tax=tax, gross=gross), "EUR") is None


def with_tax(**values: Any) -> CapturedInvoice:
    return a_document(
        a_line("60.00", quantity=Decimal(10), unit_price=Decimal("6.00"), tax_rate=Decimal(20)),
        net="50.00",
        tax="10.00",
        gross="60.00",
        **values,
    )


def test_an_invoice_with_tax_in_its_prices_is_laid_against_the_order_without() -> None:
    result = match_invoice(with_tax(), [an_order()], MatchPolicy(), invoice_id="i", vendor_id="501")

    assert result.approvable
    assert not match_invoice(
        with_tax(), [an_order()], MatchPolicy(), invoice_id="i", vendor_id="501", prices_include_tax=False
    ).approvable


@pytest.mark.parametrize("document_type", list(DocumentType))
def test_the_bill_of_prices_with_tax_has_the_amounts_without(document_type: DocumentType) -> None:
    result = match_invoice(with_tax(), [an_order()], MatchPolicy(), invoice_id="i", vendor_id="501")
    invoice = an_invoice(
        captured=with_tax(document_type=document_type), match=result, vendor_id="501", status=Status.APPROVED
    )

    bill = bill_of(invoice, {"1001": an_order(lines=(an_order_line(),))}, {"tax": "2600"})

    assert [(line.quantity, line.amount) for line in bill.items] == [(Decimal(10), Decimal(50))]
    assert [line.amount for line in bill.expenses] == [10]


def test_no_bill_is_made_of_prices_whose_tax_is_not_known() -> None:
    captured = with_tax().model_copy(update={"lines": (a_line("60.00", tax_rate=Decimal(7)),)})
    result = match_invoice(captured, [an_order()], MatchPolicy(), invoice_id="i", vendor_id="501")
    invoice = an_invoice(captured=captured, match=result, vendor_id="501", status=Status.APPROVED)

    with pytest.raises(BillImpossible) as raised:
        bill_of(invoice, {"1001": an_order()}, {"tax": "2600"})

    assert raised.value.code == "tax_rate_unknown"
