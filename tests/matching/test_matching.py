"""What makes a line pass, and what never does."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from counterfoil.domain.invoices import CapturedInvoice, DocumentType, InvoiceLine, LineKind
from counterfoil.domain.matching import match_invoice
from counterfoil.domain.matching_result import InvoiceType, LineMatch, LineStatus, MatchResult, MatchType
from counterfoil.domain.orders import Coding, ItemKind, OrderLine, OrderStatus, PurchaseOrder
from counterfoil.domain.policy import (
    MatchMode,
    MatchPolicy,
    QuantityBasis,
    Scope,
    ScopedThresholds,
    Side,
    Threshold,
    Thresholds,
)
from tests.builders import a_captured_invoice, an_invoice_line, an_order, an_order_line

S = LineStatus
VENDOR = "501"


def d(text: str) -> Decimal:
    return Decimal(text)


def billed(**values: Any) -> InvoiceLine:
    return an_invoice_line(**{"amount": None} | values)


def an_invoice_of(*lines: InvoiceLine, **values: Any) -> CapturedInvoice:
    totals = dict.fromkeys(("net_total", "tax_total", "gross_total"))
    return a_captured_invoice(**totals | {"lines": lines or (billed(),)} | values)


def goods(**values: Any) -> OrderLine:
    return an_order_line(**{"kind": ItemKind.INVENTORY, "received": d("10")} | values)


def an_expense(**values: Any) -> OrderLine:
    return OrderLine(**{"line": 1, "kind": ItemKind.EXPENSE, "description": "Consulting", "amount": d("800")} | values)


def an_amount(amount: str, **values: Any) -> InvoiceLine:
    return InvoiceLine(**{"line": 1, "description": "Consulting", "amount": d(amount)} | values)


def matched(
    invoice: CapturedInvoice, *orders: PurchaseOrder, policy: MatchPolicy | None = None, **values: Any
) -> MatchResult:
    return match_invoice(
        invoice,
        orders or (an_order(),),
        policy or MatchPolicy(),
        **{"invoice_id": "invoice-1", "vendor_id": VENDOR} | values,
    )


def line_of(result: MatchResult, number: int = 1) -> LineMatch:
    return next(line for line in result.lines if line.line == number)


def one(line: InvoiceLine, ordered: OrderLine, policy: MatchPolicy | None = None, **values: Any) -> LineMatch:
    result = matched(an_invoice_of(line), an_order(lines=(ordered,), **values), policy=policy)
    assert result.approvable == result.lines[0].status.passes
    return result.lines[0]


def within(axis: str, **limits: Any) -> MatchPolicy:
    values = {key: d(value) if isinstance(value, str) and key != "side" else value for key, value in limits.items()}
    return MatchPolicy(thresholds=Thresholds(**{axis: Threshold(**values)}))


# Two-way: quantity and rate against the order


@pytest.mark.parametrize(
    ("quantity", "rate", "conditions"),
    [
        pytest.param("10", "5.00", {S.PERFECT_MATCH}, id="as ordered"),
        pytest.param("10", "5", {S.PERFECT_MATCH}, id="written otherwise"),
        pytest.param("10", "4.75", {S.RATE_MISMATCH}, id="cheaper"),
        pytest.param("10", "5.01", {S.RATE_MISMATCH}, id="a cent dearer"),
        pytest.param("4", "5.00", {S.QUANTITY_MISMATCH}, id="a part"),
        pytest.param("10.001", "5.00", {S.QUANTITY_MISMATCH}, id="a thousandth more"),
        pytest.param("12", "5.50", {S.RATE_MISMATCH, S.QUANTITY_MISMATCH}, id="both"),
        pytest.param("0", "5.00", {S.QUANTITY_MISMATCH}, id="nothing"),
    ],
)
def test_two_way_takes_equality_of_quantity_and_rate(quantity: str, rate: str, conditions: set[S]) -> None:
    line = one(billed(quantity=d(quantity), unit_price=d(rate)), an_order_line())

    assert set(line.conditions) == conditions
    assert line.match_type == MatchType.TWO_WAY


def test_a_service_needs_no_receipt() -> None:
    assert one(billed(), an_order_line(kind=ItemKind.SERVICE)).status == S.PERFECT_MATCH


@pytest.mark.parametrize(
    ("before", "quantity", "status"),
    [
        pytest.param("0", "10", S.PERFECT_MATCH, id="nothing billed before"),
        pytest.param("4", "6", S.QUANTITY_MISMATCH, id="the rest is not what was ordered"),
        pytest.param("1", "10", S.QUANTITY_MISMATCH, id="one was billed before"),
        pytest.param("10", "10", S.QUANTITY_MISMATCH, id="all was billed before"),
    ],
)
def test_two_way_never_bills_more_than_is_left(before: str, quantity: str, status: S) -> None:
    assert one(billed(quantity=d(quantity)), an_order_line(billed=d(before))).status == status


@pytest.mark.parametrize(("quantity", "status"), [("6", S.PERFECT_MATCH), ("10", S.QUANTITY_MISMATCH)])
def test_a_company_may_compare_with_what_is_left(quantity: str, status: S) -> None:
    policy = MatchPolicy(two_way_quantity=QuantityBasis.REMAINING)

    assert one(billed(quantity=d(quantity)), an_order_line(billed=d("4")), policy).status == status


def test_a_tolerance_does_not_pay_a_second_time() -> None:
    policy = within("quantity", percent="100")

    assert one(billed(), an_order_line(billed=d("10")), policy).status == S.QUANTITY_MISMATCH


def test_what_another_invoice_claims_is_taken() -> None:
    order = an_order(claims={"invoice-2": {1: d("10")}})

    result = matched(an_invoice_of(), order)

    assert line_of(result).status == S.QUANTITY_MISMATCH


def test_its_own_claim_is_not_in_its_way() -> None:
    order = an_order(claims={"invoice-1": {1: d("10")}})

    assert matched(an_invoice_of(), order).approvable


# Three-way: what was received less what was billed, exactly


@pytest.mark.parametrize(
    ("received", "before", "quantity", "status", "awaits"),
    [
        pytest.param("10", "0", "10", S.PERFECT_MATCH, False, id="all came"),
        pytest.param("8", "0", "10", S.QUANTITY_MISMATCH, True, id="two are missing"),
        pytest.param("0", "0", "10", S.QUANTITY_MISMATCH, True, id="nothing came"),
        pytest.param("10", "0", "9", S.QUANTITY_MISMATCH, False, id="less than came"),
        pytest.param("6", "4", "2", S.PERFECT_MATCH, False, id="the second delivery"),
        pytest.param("6", "4", "6", S.QUANTITY_MISMATCH, True, id="the rest, partly come"),
        pytest.param("6", "4", "7", S.QUANTITY_MISMATCH, False, id="more than can still come"),
        pytest.param("12", "0", "12", S.PERFECT_MATCH, False, id="more came than was ordered"),
        pytest.param("10", "10", "10", S.QUANTITY_MISMATCH, False, id="billed before"),
        pytest.param("7", "10", "1", S.QUANTITY_MISMATCH, False, id="returned after it was billed"),
    ],
)
def test_three_way_takes_equality_with_what_was_received_and_not_billed(
    received: str, before: str, quantity: str, status: S, awaits: bool
) -> None:
    line = one(billed(quantity=d(quantity)), goods(received=d(received), billed=d(before)))

    assert line.status == status
    assert line.awaits_receipt is awaits
    assert line.match_type == MatchType.THREE_WAY


def test_an_invoice_that_only_misses_goods_waits_for_them() -> None:
    result = matched(an_invoice_of(), an_order(lines=(goods(received=d("0")),)))

    assert result.awaits_receipt
    assert "missing_receipt" in result.flags


def test_goods_do_not_mend_a_price() -> None:
    line = one(billed(unit_price=d("6")), goods(received=d("0")))

    assert not line.awaits_receipt


def test_what_others_claim_of_a_delivery_is_taken() -> None:
    order = an_order(lines=(goods(received=d("6")),), claims={"invoice-2": {1: d("4")}})

    assert matched(an_invoice_of(billed(quantity=d("2"))), order).approvable
    assert not matched(an_invoice_of(billed(quantity=d("6"))), order).approvable


def test_a_credit_in_flight_frees_nothing() -> None:
    order = an_order(lines=(goods(billed=d("10")),), claims={"invoice-2": {1: d("-3")}})

    assert not matched(an_invoice_of(billed(quantity=d("3"))), order).approvable


def test_receivable_goods_that_are_no_stock_are_three_way() -> None:
    line = one(billed(), goods(kind=ItemKind.NONINVENTORY_RECEIVABLE, received=d("0")))

    assert line.match_type == MatchType.THREE_WAY
    assert line.status == S.QUANTITY_MISMATCH


def test_a_receipt_of_another_line_does_not_count() -> None:
    order = an_order(
        lines=(goods(received=d("0")), goods(line=2, item_code="GADGET", description="Gadget", rate=d("7")))
    )

    line = line_of(matched(an_invoice_of(), order))

    assert (line.link, line.status) == ("PO-1:1", S.QUANTITY_MISMATCH)


def test_no_tolerance_pays_for_goods_none_of_which_came() -> None:
    line = one(billed(quantity=d("1")), goods(received=d("0")), within("quantity", absolute="5"))

    assert line.status == S.QUANTITY_MISMATCH


# Returns


@pytest.mark.parametrize(
    ("received", "before", "credited", "status"),
    [
        pytest.param("7", "10", "-3", S.PERFECT_MATCH, id="what was returned"),
        pytest.param("7", "10", "3", S.PERFECT_MATCH, id="written without a sign"),
        pytest.param("0", "10", "-12", S.QUANTITY_MISMATCH, id="more than was billed"),
        pytest.param("10", "10", "-3", S.QUANTITY_MISMATCH, id="nothing was returned"),
        pytest.param("10", "0", "-3", S.QUANTITY_MISMATCH, id="nothing was billed"),
    ],
)
def test_a_credit_is_for_what_went_back(received: str, before: str, credited: str, status: S) -> None:
    ordered = goods(received=d(received), billed=d(before))
    credit = an_invoice_of(billed(quantity=d(credited)), document_type=DocumentType.CREDIT_NOTE)

    result = matched(credit, an_order(lines=(ordered,)))

    assert line_of(result).status == status
    assert result.approvable is status.passes


def test_a_credit_whose_signs_contradict_each_other_is_not_approvable() -> None:
    order = an_order(lines=(goods(received=d("7"), billed=d("10")), goods(line=2, item_code="B", description="Bolt")))
    credit = an_invoice_of(
        billed(quantity=d("-3")),
        billed(line=2, item_code="B", description="Bolt", quantity=d("3")),
        document_type=DocumentType.CREDIT_NOTE,
    )

    assert "credit_signs_mixed" in matched(credit, order).flags


def test_a_tolerance_never_turns_a_bill_into_a_credit() -> None:
    credit = an_invoice_of(billed(quantity=d("-1")), document_type=DocumentType.CREDIT_NOTE)

    result = matched(credit, an_order(lines=(goods(received=d("1")),)), policy=within("quantity", absolute="9"))

    assert not result.approvable


def test_a_credit_of_money_without_goods_is_for_a_person() -> None:
    credit = an_invoice_of(
        billed(quantity=None, unit_price=None, amount=d("-5")), document_type=DocumentType.CREDIT_NOTE
    )

    result = matched(credit, an_order(lines=(goods(billed=d("10")),)))

    assert line_of(result).link == "PO-1:1"
    assert not result.approvable


# Expense lines


@pytest.mark.parametrize(
    ("amount", "before", "status"),
    [
        ("800", "0", S.PERFECT_MATCH),
        ("800.01", "0", S.AMOUNT_MISMATCH),
        ("799.99", "0", S.AMOUNT_MISMATCH),
        ("800", "1", S.AMOUNT_MISMATCH),
    ],
)
def test_an_expense_is_compared_by_its_amount(amount: str, before: str, status: S) -> None:
    assert one(an_amount(amount), an_expense(billed=d(before))).status == status


def test_an_expense_billed_as_quantity_and_price_is_still_an_amount() -> None:
    line = InvoiceLine(line=1, description="Consulting", quantity=d("8"), unit_price=d("100"))

    assert one(line, an_expense()).status == S.PERFECT_MATCH


def test_a_forced_three_way_expense_waits_to_be_received() -> None:
    policy = MatchPolicy(mode=MatchMode.THREE_WAY)

    assert one(an_amount("800"), an_expense(), policy).awaits_receipt
    assert one(an_amount("800"), an_expense(received=d("800")), policy).status == S.PERFECT_MATCH


# Tolerances


@pytest.mark.parametrize(
    ("limits", "rate", "status"),
    [
        pytest.param({"absolute": "0.50"}, "5.50", S.RATE_THRESHOLD, id="exactly absolute"),
        pytest.param({"absolute": "0.50"}, "4.50", S.RATE_THRESHOLD, id="exactly absolute below"),
        pytest.param({"absolute": "0.50"}, "5.51", S.RATE_MISMATCH, id="a cent over"),
        pytest.param({"percent": "10"}, "5.50", S.RATE_THRESHOLD, id="exactly percent"),
        pytest.param({"percent": "10"}, "5.5001", S.RATE_MISMATCH, id="just over percent"),
        pytest.param({"absolute": "0.50", "percent": "1"}, "5.10", S.RATE_MISMATCH, id="the stricter is percent"),
        pytest.param({"absolute": "0.05", "percent": "10"}, "5.10", S.RATE_MISMATCH, id="the stricter is absolute"),
        pytest.param({"absolute": "0.50"}, "5.00", S.PERFECT_MATCH, id="equal stays perfect"),
        pytest.param({"absolute": "0.50", "side": Side.OVER}, "1.00", S.RATE_THRESHOLD, id="only over counts"),
        pytest.param({"absolute": "0.50", "side": Side.OVER}, "5.51", S.RATE_MISMATCH, id="over is held"),
    ],
)
def test_a_rate_may_differ_by_the_stricter_of_both_limits(limits: dict[str, Any], rate: str, status: S) -> None:
    assert one(billed(unit_price=d(rate)), an_order_line(), within("rate", **limits)).status == status


def test_percent_of_nothing_tolerates_nothing() -> None:
    line = one(billed(unit_price=d("1")), an_order_line(rate=d("0"), amount=d("0")), within("rate", percent="5"))

    assert line.status == S.RATE_MISMATCH


def test_a_tolerance_of_one_kind_excuses_no_other() -> None:
    line = one(billed(unit_price=d("5.01")), an_order_line(), within("quantity", percent="50"))

    assert line.status == S.RATE_MISMATCH


@pytest.mark.parametrize(
    ("quantity", "status"),
    [("102", S.QUANTITY_THRESHOLD), ("98", S.QUANTITY_THRESHOLD), ("97", S.QUANTITY_MISMATCH)],
)
def test_percent_of_quantity_is_of_what_is_due(quantity: str, status: S) -> None:
    ordered = goods(quantity=d("200"), received=d("150"), billed=d("50"))

    assert one(billed(quantity=d(quantity)), ordered, within("quantity", percent="2")).status == status


def test_a_mismatch_outranks_a_tolerance() -> None:
    policy = MatchPolicy(thresholds=Thresholds(rate=Threshold(absolute=d("1"))))

    line = one(billed(quantity=d("9"), unit_price=d("5.50")), an_order_line(), policy)

    assert line.status == S.QUANTITY_MISMATCH
    assert set(line.conditions) == {S.QUANTITY_MISMATCH, S.RATE_THRESHOLD}


def test_the_most_specific_tolerance_holds() -> None:
    def scoped(scope: Scope, key: str, limit: str) -> ScopedThresholds:
        return ScopedThresholds(scope=scope, key=key, rate=Threshold(absolute=d(limit)))

    rules = [scoped(Scope.VENDOR, VENDOR, "1"), scoped(Scope.ITEM, "WIDGET", "0.10")]
    policy = MatchPolicy(scoped_thresholds=tuple(rules), thresholds=Thresholds(rate=Threshold(absolute=d("3"))))

    line = one(billed(unit_price=d("5.50")), an_order_line(), policy)

    assert line.status == S.RATE_MISMATCH
    assert line.rules["rate"] == "item"


# Strategies


@pytest.mark.parametrize(
    ("policy", "kind", "status"),
    [
        (MatchPolicy(mode=MatchMode.TWO_WAY), ItemKind.INVENTORY, S.PERFECT_MATCH),
        (MatchPolicy(mode=MatchMode.THREE_WAY), ItemKind.SERVICE, S.QUANTITY_MISMATCH),
        (MatchPolicy(vendor_modes={VENDOR: MatchMode.TWO_WAY}), ItemKind.INVENTORY, S.PERFECT_MATCH),
        (MatchPolicy(category_modes={"hardware": MatchMode.THREE_WAY}), ItemKind.SERVICE, S.QUANTITY_MISMATCH),
        (
            MatchPolicy(item_modes={"WIDGET": MatchMode.TWO_WAY}, vendor_modes={VENDOR: MatchMode.THREE_WAY}),
            ItemKind.INVENTORY,
            S.PERFECT_MATCH,
        ),
    ],
)
def test_a_strategy_outranks_the_items_kind(policy: MatchPolicy, kind: ItemKind, status: S) -> None:
    assert one(billed(), an_order_line(kind=kind, category="hardware"), policy).status == status


def test_a_vendor_that_is_not_matched_needs_no_order() -> None:
    policy = MatchPolicy(vendor_modes={VENDOR: MatchMode.NONE})

    result = matched(an_invoice_of(an_amount("90")), an_order(vendor_id="other"), policy=policy)

    assert (line_of(result).link, line_of(result).status) == (None, S.UNLINKED)
    assert result.approvable


def test_a_vendor_that_is_not_matched_takes_no_more_than_an_order_has() -> None:
    policy = MatchPolicy(vendor_modes={VENDOR: MatchMode.NONE})

    result = matched(an_invoice_of(billed(quantity=d("99"))), policy=policy)

    assert line_of(result).links == ()


# Units, price bases, tax, currency

DOZENS = MatchPolicy(unit_conversions={"case": {"ea": d("12")}, "m": {"ft": d("3.28084")}})


@pytest.mark.parametrize(
    ("quantity", "rate", "unit", "conditions"),
    [
        pytest.param("2", "24", "case", {S.PERFECT_MATCH}, id="two cases"),
        pytest.param("2", "24", "Cases", {S.PERFECT_MATCH}, id="another spelling"),
        pytest.param("24", "2", "each", {S.PERFECT_MATCH}, id="the same unit"),
        pytest.param("24", "2", None, {S.PERFECT_MATCH}, id="no unit stated"),
        pytest.param("1", "24", "case", {S.QUANTITY_MISMATCH}, id="one case short"),
        pytest.param("2", "24.12", "case", {S.RATE_MISMATCH}, id="a cent dearer each"),
        pytest.param("24", "2", "kg", {S.QUANTITY_MISMATCH}, id="nobody declared kg"),
        pytest.param("24", "2", "case", {S.QUANTITY_MISMATCH, S.RATE_MISMATCH}, id="never taken as one"),
    ],
)
def test_units_are_converted_or_refused(quantity: str, rate: str, unit: str | None, conditions: set[S]) -> None:
    ordered = an_order_line(quantity=d("24"), rate=d("2"), unit="ea")

    line = one(billed(quantity=d(quantity), unit_price=d(rate), unit=unit), ordered, DOZENS)

    assert set(line.conditions) == conditions


def test_conversions_are_exact() -> None:
    policy = MatchPolicy(unit_conversions={"set": {"ea": d("3")}})
    ordered = an_order_line(quantity=d("7"), rate=d("10"), unit="ea")
    line = billed(quantity=d("2.3333"), unit_price=d("30"), unit="set")

    assert one(line, ordered, policy).status == S.QUANTITY_MISMATCH
    assert (
        one(
            billed(quantity=d("21"), unit_price=d("10"), unit="ea"),
            an_order_line(quantity=d("7"), rate=d("30"), unit="set"),
            policy,
        ).status
        == S.PERFECT_MATCH
    )


def test_a_factor_is_exact_to_its_digits_only() -> None:
    ordered = an_order_line(quantity=d("100"), rate=d("1"), unit="ft")
    line = billed(quantity=d("30.48"), unit_price=d("3.28084"), unit="m")

    assert one(line, ordered, DOZENS).status == S.PERFECT_MATCH


def test_an_unknown_unit_is_flagged() -> None:
    result = matched(an_invoice_of(billed(unit="kg")), an_order(lines=(an_order_line(unit="ea"),)))

    assert "unit_conversion_unknown" in result.flags
    assert "no conversion is declared" in line_of(result).explain


@pytest.mark.parametrize(
    ("price", "status"), [("12.00", S.PERFECT_MATCH), ("12.50", S.RATE_MISMATCH), ("0.12", S.RATE_MISMATCH)]
)
def test_a_price_per_hundred_is_a_price_for_each(price: str, status: S) -> None:
    ordered = an_order_line(quantity=d("500"), rate=d("0.12"))
    line = billed(quantity=d("500"), unit_price=d(price), price_base_quantity=d("100"))

    assert one(line, ordered).status == status


@pytest.mark.parametrize(
    ("price", "rate", "quantity", "status"),
    [
        pytest.param("6.00", "5.00", "10", S.PERFECT_MATCH, id="the net price"),
        pytest.param("6.60", "5.00", "10", S.RATE_MISMATCH, id="a higher net price"),
        pytest.param("5.00", "5.00", "10", S.RATE_MISMATCH, id="a lower net price"),
        pytest.param("6.05", "5.04", "1", S.PERFECT_MATCH, id="rounded as printed"),
        pytest.param("6.05", "5.04", "100", S.RATE_MISMATCH, id="the rounding comes to more than a cent"),
    ],
)
def test_prices_with_tax_are_compared_without(price: str, rate: str, quantity: str, status: S) -> None:
    line = billed(quantity=d(quantity), unit_price=d(price), tax_rate=d("20"))
    order = an_order(lines=(an_order_line(rate=d(rate), quantity=d(quantity)),))

    result = matched(an_invoice_of(line), order, prices_include_tax=True)

    assert line_of(result).status == status


def test_prices_with_unknown_tax_are_not_compared() -> None:
    result = matched(an_invoice_of(), prices_include_tax=True)

    assert not result.approvable
    assert "tax_rate_unknown" in result.flags


def test_another_currency_is_refused() -> None:
    result = matched(an_invoice_of(currency="EUR"))

    assert line_of(result).status == S.RATE_MISMATCH
    assert "currency_mismatch" in result.flags
    assert not result.approvable


def test_no_currency_is_no_currency() -> None:
    assert not matched(an_invoice_of(currency=None)).approvable


# The invoice's own arithmetic


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "rate", "status"),
    [
        pytest.param("10", "5.00", "50.00", "5.00", S.PERFECT_MATCH, id="right"),
        pytest.param("10", "5.00", "60.00", "5.00", S.AMOUNT_MISMATCH, id="the amount is another"),
        pytest.param("3", "3.333", "10.00", "3.333", S.PERFECT_MATCH, id="rounded to the cent"),
        pytest.param("3", "3.333", "10.01", "3.333", S.AMOUNT_MISMATCH, id="a cent more"),
        pytest.param("100000", "0.12", "12345.00", "0.12345", S.PERFECT_MATCH, id="the printed price is rounded"),
        pytest.param("100000", "0.12346", "12346.00", "0.12345", S.RATE_MISMATCH, id="the fifth place"),
        pytest.param("10", None, "50.00", "5.00", S.PERFECT_MATCH, id="an amount and no price"),
        pytest.param("10", None, "50.01", "5.00", S.RATE_MISMATCH, id="an amount that is dearer"),
        pytest.param("10", None, None, "5.00", S.RATE_MISMATCH, id="neither amount nor price"),
    ],
)
def test_quantity_times_price_is_the_amount(
    quantity: str, price: str | None, amount: str | None, rate: str, status: S
) -> None:
    line = billed(quantity=d(quantity), unit_price=price and d(price), amount=amount and d(amount))

    assert one(line, an_order_line(quantity=d(quantity), rate=d(rate))).status == status


@pytest.mark.parametrize(
    ("net", "tax", "gross", "adds_up"),
    [
        ("50.00", "10.00", "60.00", True),
        ("50.01", None, None, True),
        ("50.02", None, None, False),
        (None, "10.00", "60.00", True),
        (None, "10.00", "70.00", False),
        (None, None, "50.00", True),
        (None, None, "70.00", False),
    ],
)
def test_lines_add_up_to_the_total(net: str | None, tax: str | None, gross: str | None, adds_up: bool) -> None:
    totals = {"net_total": net, "tax_total": tax, "gross_total": gross}
    invoice = an_invoice_of(**{key: value and d(value) for key, value in totals.items()})

    result = matched(invoice)

    assert result.approvable is adds_up
    assert ("total_mismatch" in result.flags) is not adds_up


# Charges


def test_a_charge_is_never_linked_to_goods() -> None:
    order = an_order(lines=(an_order_line(), an_order_line(line=2, item_code="NUT", description="Nut", rate=d("35"))))
    freight = InvoiceLine(line=2, description="Freight", quantity=d("1"), unit_price=d("35"), amount=d("35.00"))

    result = matched(an_invoice_of(billed(), freight), order)

    assert (line_of(result, 2).link, line_of(result, 2).status) == (None, S.UNLINKED)
    assert line_of(result, 2).is_charge
    assert not result.approvable


def test_a_charge_is_linked_to_the_ordered_charge() -> None:
    order = an_order(lines=(an_order_line(), an_expense(line=2, description="Freight cost", amount=d("35"))))

    result = matched(an_invoice_of(billed(), an_amount("35", line=2, description="Freight")), order)

    assert line_of(result, 2).link == "PO-1:2"
    assert result.approvable


@pytest.mark.parametrize(("amount", "passes"), [("5.00", True), ("5.01", False)])
def test_a_company_may_let_small_charges_by(amount: str, passes: bool) -> None:
    policy = MatchPolicy(charges={LineKind.FREIGHT: Threshold(percent=d("10"))})

    result = matched(an_invoice_of(billed(), an_amount(amount, line=2, description="Freight")), policy=policy)

    assert result.approvable is passes


def test_a_line_that_capture_calls_tax_is_no_goods() -> None:
    free = an_order_line(line=2, description="Sample", item_code=None, rate=d("0"), amount=d("0"))
    tax = InvoiceLine(line=2, description="Sample", amount=d("0"), kind=LineKind.TAX)

    assert line_of(matched(an_invoice_of(billed(), tax), an_order(lines=(an_order_line(), free))), 2).link is None


# The whole invoice


def test_one_bad_line_stops_the_invoice() -> None:
    order = an_order(lines=(an_order_line(), an_order_line(line=2, item_code="GADGET", description="Gadget")))
    bad = billed(line=2, item_code="GADGET", description="Gadget", unit_price=d("7.5"))

    result = matched(an_invoice_of(billed(), bad), order)

    assert line_of(result, 1).status == S.PERFECT_MATCH
    assert not result.approvable


def test_an_invoice_without_lines_is_not_approvable() -> None:
    result = matched(a_captured_invoice(lines=(), net_total=None, tax_total=None, gross_total=None))

    assert not result.approvable
    assert "no_lines" in result.flags


def test_an_unknown_vendor_is_not_approvable() -> None:
    result = matched(an_invoice_of(), vendor_id=None)

    assert line_of(result).link == "PO-1:1"
    assert not result.approvable


def test_coding_is_the_orders() -> None:
    coding = Coding(account="6100", department="3")

    assert one(billed(), an_order_line(coding=coding)).coding == coding


def test_a_decision_names_what_it_was_made_on() -> None:
    result = matched(an_invoice_of(), an_order(version=7), policy=MatchPolicy(version=3))

    assert result.order_versions == {"1001": 7}
    assert result.policy_version == 3


@pytest.mark.parametrize(
    ("orders", "names", "expected"),
    [
        pytest.param([an_order(vendor_id="other")], (), InvoiceType.INVOICE, id="no order of the vendor"),
        pytest.param([an_order()], (), InvoiceType.PO_INVOICE, id="an open order"),
        pytest.param([an_order(status=OrderStatus.CLOSED)], (), InvoiceType.INVOICE, id="a closed order"),
        pytest.param([an_order(status=OrderStatus.PENDING_APPROVAL)], (), InvoiceType.INVOICE, id="a draft"),
    ],
)
def test_an_invoice_is_a_po_invoice_when_its_vendor_has_an_open_order(
    orders: list[PurchaseOrder], names: tuple[str, ...], expected: InvoiceType
) -> None:
    invoice = an_invoice_of(po_number=None, po_numbers=names)

    assert matched(invoice, *orders).invoice_type == expected


def test_a_person_decides_the_type() -> None:
    invoice = an_invoice_of(po_number=None, po_numbers=())

    result = matched(invoice, invoice_type=InvoiceType.INVOICE)

    assert result.invoice_type == InvoiceType.INVOICE
    assert not result.approvable


def test_every_line_is_explained_with_its_numbers() -> None:
    line = one(billed(quantity=d("10"), unit_price=d("5.50")), goods(received=d("8"), billed=d("3")))

    assert "10 billed, 5 due (8 received less 3 billed or claimed of 10 ordered): 5 over (100 %)" in line.explain
    assert "rate 5.50 billed, 5.00 ordered: 0.5 over (10 %)" in line.explain


# What has been let through before, and must not be again


def test_several_small_charges_are_one_charge() -> None:
    policy = MatchPolicy(charges={LineKind.FREIGHT: Threshold(percent=d("10"))})
    lines = [an_amount("3", line=number, description="Freight") for number in (2, 3)]

    assert not matched(an_invoice_of(billed(), *lines), policy=policy).approvable


def test_a_charge_alone_bills_no_order() -> None:
    policy = MatchPolicy(charges={LineKind.FREIGHT: Threshold(absolute=d("50"))})

    assert not matched(an_invoice_of(an_amount("35", description="Freight")), policy=policy).approvable


@pytest.mark.parametrize("side", [Side.BOTH, Side.OVER])
def test_a_tolerance_never_makes_a_price_of_a_credit(side: Side) -> None:
    policy = MatchPolicy(thresholds=Thresholds(rate=Threshold(absolute=d("99"), side=side)))

    assert one(billed(unit_price=d("-5")), an_order_line(), policy).status == S.RATE_MISMATCH


def test_a_one_sided_tolerance_does_not_pass_a_credit() -> None:
    policy = MatchPolicy(thresholds=Thresholds(quantity=Threshold(absolute=d("1"), side=Side.OVER)))
    credit = an_invoice_of(billed(quantity=d("-3")), document_type=DocumentType.CREDIT_NOTE)

    assert not matched(credit, policy=policy).approvable


def test_order_lines_in_different_units_are_not_added_up() -> None:
    lines = (an_order_line(unit="ea"), an_order_line(line=2, unit="case", quantity=d("1")))

    result = matched(
        an_invoice_of(billed(quantity=d("11"), unit="ea")),
        an_order(lines=lines),
        hand_links={1: [("1001", 1), ("1001", 2)]},
        policy=MatchPolicy(unit_conversions={"case": {"ea": d("12")}}),
    )

    assert not result.approvable


def test_lines_that_share_order_lines_are_judged_as_one() -> None:
    lines = (goods(received=d("10")), goods(line=2, received=d("10")))
    invoice = an_invoice_of(billed(), billed(line=2), billed(line=3, quantity=d("20")))
    hand = {1: [("1001", 1)], 2: [("1001", 2)], 3: [("1001", 1), ("1001", 2)]}

    result = matched(invoice, an_order(lines=lines), hand_links=hand)

    assert {line.status for line in result.lines} == {S.QUANTITY_MISMATCH}


def test_what_a_person_calls_an_ordinary_invoice_is_not_linked() -> None:
    result = matched(an_invoice_of(), invoice_type=InvoiceType.INVOICE)

    assert [line.link for line in result.lines] == [None]
    assert not result.approvable


def test_numbers_as_long_as_can_be_written_are_compared_exactly() -> None:
    large = d("123456789012345678901234567.89")

    assert one(billed(unit_price=large), an_order_line(rate=large)).status == S.PERFECT_MATCH
    assert one(billed(unit_price=large), an_order_line(rate=large + d("0.01"))).status == S.RATE_MISMATCH


# What came and went back


def test_goods_that_went_back_are_not_on_their_way() -> None:
    result = matched(an_invoice_of(), an_order(lines=(goods(received=d("7"), returned=d("3")),)))

    assert not result.awaits_receipt
    assert "goods_sent_back" in result.flags
    assert "missing_receipt" not in result.flags
    assert "10 received less 3 sent back less 0 billed" in result.lines[0].explain


def test_goods_are_waited_for_beside_those_that_went_back() -> None:
    order = an_order(lines=(goods(received=d("2"), returned=d("3")),))

    result = matched(an_invoice_of(billed(quantity=d("7"))), order)

    assert result.awaits_receipt, "five came, three of them went back, five are to come"
    assert "missing_receipt" in result.flags
    assert not matched(an_invoice_of(billed(quantity=d("8"))), order).awaits_receipt
