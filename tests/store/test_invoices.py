"""An invoice's state, its audit entry and what it holds move together or not at all."""

from datetime import timedelta
from decimal import Decimal

import pytest

from counterfoil.domain.audit import broken_at
from counterfoil.domain.lifecycle import Status
from counterfoil.errors import BadRequest, InvoiceMissing, MoveRefused, StaleWrite
from tests.builders import COMPANY, NOON, a_captured_invoice, a_delivery, an_invoice, an_order


def saved(store, before, at=NOON, **values):
    after = before.model_copy(update=values) if before else an_invoice(**values)
    return store.save_invoice(before, after, by="test", action="moved", at=at)


def a_read_invoice(store, **values):
    received = saved(store, None, **{"id": values.pop("id", "invoice-1")})
    values = {"status": Status.CAPTURED, "captured": a_captured_invoice(), "vendor_id": "501"} | values
    return saved(store, received, **values)


def test_what_was_saved_is_read_back_whole(store):
    invoice = a_read_invoice(store)

    assert store.invoice(COMPANY, invoice.id) == invoice
    assert invoice.version == 2


def test_each_version_has_one_audit_entry_and_the_chain_is_whole(store):
    invoice = a_read_invoice(store)

    trail = store.audit(COMPANY, invoice.id)

    assert [(entry.number, entry.before, entry.after) for entry in trail] == [
        (1, None, Status.RECEIVED),
        (2, Status.RECEIVED, Status.CAPTURED),
    ]
    assert broken_at(trail) is None
    assert trail[-1].hash == invoice.audit_hash


def test_an_invoice_that_was_written_meanwhile_is_not_overwritten(store):
    received = saved(store, None)
    saved(store, received, status=Status.NEEDS_REVIEW)

    with pytest.raises(StaleWrite):
        saved(store, received, status=Status.CAPTURED)

    assert store.invoice(COMPANY, received.id).status == Status.NEEDS_REVIEW
    assert len(store.audit(COMPANY, received.id)) == 2


def test_an_invoice_is_created_once(store):
    saved(store, None)

    with pytest.raises(StaleWrite):
        saved(store, None)


def test_a_move_that_the_lifecycle_lacks_is_refused_and_changes_nothing(store):
    received = saved(store, None)

    with pytest.raises(MoveRefused):
        saved(store, received, status=Status.POSTED)

    assert store.invoice(COMPANY, received.id) == received


def test_an_unknown_invoice_is_named(store):
    with pytest.raises(InvoiceMissing, match="nothing-here"):
        store.invoice(COMPANY, "nothing-here")


def test_an_order_that_changed_since_it_was_read_stops_the_whole_write(store):
    order = store.save_order(an_order(), read=None)
    invoice = a_read_invoice(store)
    store.save_order(order, read=order)

    claimed = order.model_copy(update={"claims": {invoice.id: {1: Decimal(1)}}, "version": order.version + 1})
    matched = invoice.model_copy(update={"status": Status.MATCHED})
    with pytest.raises(StaleWrite):
        store.save_invoice(invoice, matched, by="test", action="matched", at=NOON, orders=[(order, claimed)])

    assert store.invoice(COMPANY, invoice.id).status == Status.CAPTURED
    assert store.order(COMPANY, order.id).claims == {}


def test_an_order_that_only_had_to_stay_as_read_stops_the_write_when_it_did_not(store):
    order = store.save_order(an_order(), read=None)
    invoice = a_read_invoice(store)
    store.save_order(order, read=order)

    waiting = invoice.model_copy(update={"status": Status.AWAITING_RECEIPT})
    with pytest.raises(StaleWrite):
        store.save_invoice(invoice, waiting, by="test", action="matched", at=NOON, unchanged_orders=[order])


@pytest.mark.parametrize("status", [Status.AWAITING_RECEIPT, Status.EXCEPTION])
def test_an_invoice_that_waits_stands_in_its_vendors_list_until_it_moves_on(store, status):
    invoice = a_read_invoice(store)

    waiting = saved(store, invoice, status=status)
    assert store.waiting(COMPANY, "501") == [invoice.id]

    saved(store, waiting, status=Status.CAPTURED)
    assert store.waiting(COMPANY, "501") == []


def test_two_invoices_with_one_number_of_one_vendor_cannot_both_go_on(store):
    a_read_invoice(store, id="first")

    with pytest.raises(StaleWrite):
        a_read_invoice(store, id="second", captured=a_captured_invoice(invoice_number="inv 1"))

    assert store.holder_of_number(COMPANY, "501", "INV/1") == "first"


def test_a_number_is_free_again_when_its_invoice_is_rejected(store):
    first = a_read_invoice(store, id="first")

    saved(store, first, status=Status.REJECTED)

    assert store.holder_of_number(COMPANY, "501", "INV-1") is None
    assert a_read_invoice(store, id="second").status == Status.CAPTURED


def test_another_vendor_or_company_may_use_the_same_number(store):
    a_read_invoice(store, id="first")

    a_read_invoice(store, id="second", vendor_id="502")

    assert store.holder_of_number("other", "501", "INV-1") is None


def test_a_delivery_is_taken_in_once(store):
    store.save_invoice(None, an_invoice(), by="t", action="received", at=NOON, delivery=a_delivery())
    received = store.invoice(COMPANY, "invoice-1")

    with pytest.raises(StaleWrite):
        store.save_invoice(received, received, by="t", action="redelivered", at=NOON, delivery=a_delivery())

    assert store.invoice(COMPANY, "invoice-1").version == 1


def test_a_list_pages_through_all_invoices_of_a_state_and_no_other(store):
    for number in range(7):
        saved(store, None, id=f"invoice-{number}", at=NOON + timedelta(seconds=number))
    a_read_invoice(store, id="elsewhere")

    found, cursor = [], None
    for _ in range(4):
        page = store.invoices(COMPANY, Status.RECEIVED, cursor=cursor, limit=2)
        found += [invoice.id for invoice in page.invoices]
        cursor = page.cursor

    assert found == [f"invoice-{number}" for number in range(7)]
    assert cursor is None


@pytest.mark.parametrize("cursor", ["x", "[]", "[1,2]", '["a"]', '["a","b#c"]', '{"a":1}', '["a","b","c"]'])
def test_a_forged_cursor_is_refused(store, cursor):
    with pytest.raises(BadRequest):
        store.invoices(COMPANY, Status.RECEIVED, cursor=cursor)


def test_a_cursor_of_another_company_shows_nothing_of_it(store):
    for number in range(3):
        saved(store, None, id=f"invoice-{number}", at=NOON + timedelta(seconds=number))
    cursor = store.invoices(COMPANY, Status.RECEIVED, limit=1).cursor

    assert store.invoices("other", Status.RECEIVED, cursor=cursor).invoices == ()


def test_what_rests_is_found_by_how_long(store):
    saved(store, None, id="old", at=NOON - timedelta(hours=1))
    saved(store, None, id="new", at=NOON)

    resting = store.resting(COMPANY, Status.RECEIVED, before=NOON - timedelta(minutes=1))

    assert [invoice.id for invoice in resting] == ["old"]
