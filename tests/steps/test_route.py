"""What a change of the table asks for."""

import base64
import zlib
from decimal import Decimal

import pytest

from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import OrderStatus
from counterfoil.steps.route import FIFO_ID_MAX, changes
from counterfoil.store import SyncRequest
from tests.builders import COMPANY, NOON, an_invoice, an_order, an_order_line


def image(entity, record):
    """A record as the stream shows it to Lambda."""
    body = base64.b64encode(zlib.compress(record.model_dump_json().encode())).decode()
    return {"entity": {"S": entity}, "body": {"B": body}}


def an_image(**values):
    return image("invoice", an_invoice(**values))


def order_image(**values):
    return image("order", an_order(**values))


def waiting_invoice(store, invoice_id="waiting"):
    received = store.save_invoice(None, an_invoice(id=invoice_id), by="t", action="received", at=NOON)
    captured = store.save_invoice(
        received,
        received.model_copy(update={"status": Status.CAPTURED, "vendor_id": "501"}),
        by="t",
        action="read",
        at=NOON,
    )
    store.save_invoice(
        captured, captured.model_copy(update={"status": Status.EXCEPTION}), by="t", action="matched", at=NOON
    )
    return invoice_id


@pytest.mark.parametrize(
    ("old", "new", "queues"),
    [
        pytest.param(None, {"status": Status.RECEIVED}, [], id="just arrived: it is being read"),
        pytest.param(
            {"status": Status.RECEIVED}, {"status": Status.RECEIVED, "attempts": 1}, ["capture"], id="found resting"
        ),
        pytest.param({"status": Status.RECEIVED}, {"status": Status.CAPTURED}, ["match"], id="read"),
        pytest.param({"status": Status.CAPTURED}, {"status": Status.MATCHED}, [], id="waits for a person"),
        pytest.param({"status": Status.MATCHED}, {"status": Status.APPROVED}, ["export"], id="approved"),
        pytest.param({"status": Status.APPROVED}, {"status": Status.EXPORTING}, [], id="export goes on by itself"),
        pytest.param(
            {"status": Status.EXPORT_FAILED}, {"status": Status.EXPORTING, "attempts": 1}, ["export"], id="tried again"
        ),
        pytest.param({"status": Status.CAPTURED}, {"status": Status.CAPTURED}, [], id="only recorded something"),
        pytest.param({"status": Status.EXPORTING}, {"status": Status.POSTED}, [], id="done"),
    ],
)
def test_an_invoices_move_asks_for_its_next_step(store, old, new, queues):
    messages = list(changes(an_image(**old) if old else None, an_image(version=3, **new), store=store))

    assert [message.queue for message in messages] == queues
    for message in messages:
        assert message.body == {"company": COMPANY, "invoice_id": "invoice-1", "version": 3}


def test_matching_goes_one_vendor_at_a_time_and_export_one_company(store):
    old = an_image(vendor_id="501")
    [to_match] = changes(old, an_image(status=Status.CAPTURED, vendor_id="501"), store=store)
    [to_export] = changes(old, an_image(status=Status.APPROVED, vendor_id="501"), store=store)

    assert (to_match.group, to_export.group) == ("demo-501", "demo")


def test_an_order_that_gives_more_wakes_its_vendors_waiting_invoices(store):
    waiting_invoice(store, "one")
    waiting_invoice(store, "two")
    more = order_image(lines=(an_order_line(received=Decimal(10)),), version=2)

    messages = list(changes(order_image(), more, store=store))

    assert sorted(str(message.body["invoice_id"]) for message in messages) == ["one", "two"]
    assert {message.queue for message in messages} == {"match"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(None, {}, id="a new order"),
        pytest.param({}, None, id="a deleted order"),
        pytest.param({}, {"status": OrderStatus.CLOSED}, id="a closed order"),
        pytest.param({"claims": {"x": {1: Decimal(4)}}}, {}, id="a claim given back"),
    ],
)
def test_any_change_of_what_an_order_can_give_wakes(store, old, new):
    waiting_invoice(store)

    images = [None if values is None else order_image(**values) for values in (old, new)]

    assert len(list(changes(*images, store=store))) == 1


def test_an_order_that_was_only_written_again_wakes_nobody(store):
    waiting_invoice(store)

    assert list(changes(order_image(version=1), order_image(version=2, modified_at=NOON), store=store)) == []


def test_an_order_of_another_vendor_or_company_wakes_nobody(store):
    waiting_invoice(store)

    assert list(changes(None, order_image(vendor_id="502"), store=store)) == []
    assert list(changes(None, order_image(company="other"), store=store)) == []


def test_a_wish_to_sync_is_carried_on_once(store):
    request = image("sync_request", SyncRequest(company=COMPANY, id="r1", kind="orders", record_id="7", by="ann"))

    [message] = changes(None, request, store=store)

    assert message.queue == "sync"
    assert message.body == {"company": COMPANY, "request_id": "r1", "kind": "orders", "record_id": "7"}
    assert list(changes(request, request, store=store)) == []
    assert list(changes(request, None, store=store)) == []


def test_other_items_ask_for_nothing(store):
    assert list(changes(None, {"pk": {"S": "demo#SYNC"}}, store=store)) == []


def test_a_record_of_the_stream_is_sent_once_and_a_later_one_of_the_same_version_again(store):
    new = an_image(status=Status.CAPTURED, vendor_id="501")

    [first] = changes(None, new, store=store, event_id="event-1")
    [again] = changes(None, new, store=store, event_id="event-1")
    [later] = changes(None, new, store=store, event_id="event-2")

    assert first.deduplication == again.deduplication != later.deduplication
    assert len(first.deduplication) <= FIFO_ID_MAX
