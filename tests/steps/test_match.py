"""Matching as a step: what is decided is written with what it takes, on the condition that it is still true."""

from decimal import Decimal

import pytest

from counterfoil.domain.invoices import DocumentType
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import ItemKind
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import StaleWrite
from counterfoil.steps.match import match
from tests.builders import COMPANY, NOON, a_captured_invoice, an_invoice, an_invoice_line, an_order, an_order_line


@pytest.fixture(autouse=True)
def company(store):
    store.put_company(CompanySettings(company=COMPANY, currency="USD", approve_automatically_max=Decimal("100.00")))


def a_read_invoice(store, **values):
    captured = values.pop("captured", a_captured_invoice())
    received = store.save_invoice(
        None, an_invoice(id=values.pop("id", "invoice-1")), by="t", action="received", at=NOON
    )
    read = received.model_copy(update={"status": Status.CAPTURED, "captured": captured, "vendor_id": "501"} | values)
    return store.save_invoice(received, read, by="t", action="read", at=NOON)


def goods_line(**values):
    return an_order_line(kind=ItemKind.INVENTORY, **values)


def test_an_invoice_that_agrees_takes_its_quantity_and_is_approved_within_the_companys_limit(store, clock):
    order = store.save_order(an_order(), read=None)
    invoice = a_read_invoice(store)

    matched = match(COMPANY, invoice.id, store=store, now=clock)

    assert matched.status == Status.APPROVED
    assert matched.approval.by == "policy"
    assert store.order(COMPANY, order.id).claims == {invoice.id: {1: Decimal(10)}}


@pytest.mark.parametrize(
    ("limit", "currency"),
    [
        pytest.param(None, "USD", id="nothing is approved by itself"),
        pytest.param(Decimal("49.99"), "USD", id="a cent over the limit"),
        pytest.param(Decimal("1000"), "EUR", id="a limit in another currency"),
    ],
)
def test_an_invoice_beyond_what_approves_itself_waits_for_a_person(store, clock, limit, currency):
    store.put_company(CompanySettings(company=COMPANY, currency=currency, approve_automatically_max=limit))
    store.save_order(an_order(), read=None)
    invoice = a_read_invoice(store)

    assert match(COMPANY, invoice.id, store=store, now=clock).status == Status.MATCHED


def test_an_invoice_for_goods_that_have_not_come_waits_and_takes_nothing(store, clock):
    order = store.save_order(an_order(lines=(goods_line(received=Decimal(4)),)), read=None)
    invoice = a_read_invoice(store)

    waiting = match(COMPANY, invoice.id, store=store, now=clock)

    assert waiting.status == Status.AWAITING_RECEIPT
    assert waiting.reasons[0].detail
    assert store.order(COMPANY, order.id).claims == {}
    assert store.waiting(COMPANY, "501") == [invoice.id]


def test_a_waiting_invoice_is_matched_when_the_goods_have_come(store, clock):
    order = store.save_order(an_order(lines=(goods_line(received=Decimal(4)),)), read=None)
    invoice = a_read_invoice(store)
    match(COMPANY, invoice.id, store=store, now=clock)

    store.save_order(order.model_copy(update={"lines": (goods_line(received=Decimal(10)),)}), read=order)

    assert match(COMPANY, invoice.id, store=store, now=clock).status == Status.APPROVED
    assert store.waiting(COMPANY, "501") == []


def test_matching_a_waiting_invoice_again_against_the_same_orders_writes_nothing(store, clock):
    store.save_order(an_order(lines=(goods_line(),)), read=None)
    waiting = match(COMPANY, a_read_invoice(store).id, store=store, now=clock)

    assert match(COMPANY, waiting.id, store=store, now=clock) == waiting


def test_a_price_that_differs_is_an_exception_with_its_numbers(store, clock):
    store.save_order(an_order(), read=None)
    line = an_invoice_line(unit_price=Decimal("6.00"), amount=Decimal("60.00"))
    captured = a_captured_invoice(lines=(line,), net_total=Decimal("60.00"), gross_total=Decimal("60.00"))

    exception = match(COMPANY, a_read_invoice(store, captured=captured).id, store=store, now=clock)

    assert exception.status == Status.EXCEPTION
    assert [reason.code for reason in exception.reasons] == ["rate_mismatch"]
    assert "6" in exception.reasons[0].detail and "5" in exception.reasons[0].detail


def test_an_invoice_without_any_order_is_an_exception(store, clock):
    exception = match(COMPANY, a_read_invoice(store).id, store=store, now=clock)

    assert exception.status == Status.EXCEPTION
    assert exception.reasons


def test_an_order_of_another_vendor_is_not_billed_though_its_number_is_named(store, clock):
    store.save_order(an_order(vendor_id="502"), read=None)

    assert match(COMPANY, a_read_invoice(store).id, store=store, now=clock).status == Status.EXCEPTION


def test_an_order_of_another_company_is_not_billed(store, clock):
    store.save_order(an_order(company="other"), read=None)

    assert match(COMPANY, a_read_invoice(store).id, store=store, now=clock).status == Status.EXCEPTION


def test_the_second_invoice_for_one_quantity_does_not_pass(store, clock):
    store.save_order(an_order(), read=None)
    first = a_read_invoice(store, id="first")
    second = a_read_invoice(store, id="second", captured=a_captured_invoice(invoice_number="INV-2"))

    assert match(COMPANY, first.id, store=store, now=clock).status == Status.APPROVED
    assert match(COMPANY, second.id, store=store, now=clock).status == Status.EXCEPTION


def test_an_order_that_changes_while_it_is_matched_is_read_again(store, clock, monkeypatch):
    """The order loses its open quantity between the reading and the writing: nothing may be taken of it."""
    order = store.save_order(an_order(), read=None)
    invoice = a_read_invoice(store)
    save, changed = store.save_invoice, []

    def save_after_another(*arguments, **named):
        if not changed:
            changed.append(order.model_copy(update={"claims": {"another": {1: Decimal(10)}}}))
            store.save_order(changed[0], read=order)
        return save(*arguments, **named)

    monkeypatch.setattr(store, "save_invoice", save_after_another)

    assert match(COMPANY, invoice.id, store=store, now=clock).status == Status.EXCEPTION
    assert store.order(COMPANY, order.id).claims == {"another": {1: Decimal(10)}}


def test_an_order_that_never_stops_changing_is_given_up_and_left_to_the_queue(store, clock, monkeypatch):
    store.save_order(an_order(), read=None)
    invoice = a_read_invoice(store)

    def stale(*arguments, **named):
        raise StaleWrite("again")

    monkeypatch.setattr(store, "save_invoice", stale)

    with pytest.raises(StaleWrite, match=invoice.id):
        match(COMPANY, invoice.id, store=store, now=clock)


@pytest.mark.parametrize("status", [Status.RECEIVED, Status.NEEDS_REVIEW])
def test_an_invoice_in_another_state_is_left_as_it_is(store, clock, status):
    invoice = store.save_invoice(None, an_invoice(status=status), by="t", action="received", at=NOON)

    assert match(COMPANY, invoice.id, store=store, now=clock) == invoice


def a_credit_note(quantity, **values):
    amount = quantity * Decimal(5)
    line = an_invoice_line(quantity=quantity, amount=amount)
    totals = {"net_total": amount, "gross_total": amount}
    return a_captured_invoice(document_type=DocumentType.CREDIT_NOTE, lines=(line,), **totals | values)


def a_returned_order(**values):
    """Ten came, ten were billed, four were sent back."""
    line = goods_line(received=Decimal(6), billed=Decimal(10))
    return an_order(lines=(line,), bills={"9001": {1: Decimal(10)}}, status="fully_billed", **values)


@pytest.mark.parametrize("numbers", [("PO-1",), ()], ids=["it names its order", "it names none"])
def test_a_credit_note_for_what_went_back_is_let_by_and_names_the_bill_it_credits(store, clock, numbers):
    order = store.save_order(a_returned_order(), read=None)
    captured = a_credit_note(Decimal(4), po_numbers=numbers, po_number=numbers[0] if numbers else None)

    credited = match(COMPANY, a_read_invoice(store, captured=captured).id, store=store, now=clock)

    assert credited.status == Status.APPROVED
    assert store.order(COMPANY, order.id).claims == {credited.id: {1: Decimal(-4)}}
    assert store.audit(COMPANY, credited.id)[-1].details["credits"] == "9001"


@pytest.mark.parametrize("quantity", [Decimal(3), Decimal(5), Decimal(10)])
def test_a_credit_note_for_another_quantity_than_went_back_is_for_a_person(store, clock, quantity):
    store.save_order(a_returned_order(), read=None)

    held = match(COMPANY, a_read_invoice(store, captured=a_credit_note(quantity)).id, store=store, now=clock)

    assert held.status == Status.EXCEPTION


def test_the_same_goods_are_not_credited_twice(store, clock):
    store.save_order(a_returned_order(), read=None)
    first = a_read_invoice(store, id="first", captured=a_credit_note(Decimal(4)))
    match(COMPANY, first.id, store=store, now=clock)
    second = a_read_invoice(store, id="second", captured=a_credit_note(Decimal(4), invoice_number="CN-2"))

    assert match(COMPANY, second.id, store=store, now=clock).status == Status.EXCEPTION
