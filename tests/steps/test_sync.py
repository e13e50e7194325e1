"""Reading the ERP: everything that changed, once, whatever is interrupted, written meanwhile, deleted or unreadable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import requests

from counterfoil.domain.invoices import BillReference
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import OrderStatus
from counterfoil.errors import ErpRefusal, ErpUnavailable, UnexpectedReply
from counterfoil.netsuite.records import order_of, orders_query
from counterfoil.netsuite.rows import Selection, UnreadableRow, by_record
from counterfoil.steps import sync as sync_module
from counterfoil.steps.sync import KINDS, sync, sync_record
from counterfoil.store import Store, SyncProgress
from tests.builders import COMPANY, NOON, an_invoice
from tests.conftest import TABLE
from tests.memory import MemoryTable

FAR = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
def store():
    """In memory, which `tests/store` holds to the rules of the real tables: each test here writes a whole company."""
    return Store(MemoryTable(), TABLE, pause=lambda seconds: None)


@pytest.fixture
def client(erp):
    return erp.client()


@pytest.fixture
def run(store, client, clock):
    return lambda deadline=FAR, **options: sync(
        COMPANY, store=store, client=client, clock=clock, deadline=deadline, **options
    )


@pytest.fixture
def read_one(store, client, clock):
    return lambda kind, record_id: sync_record(COMPANY, kind, record_id, store=store, client=client, clock=clock)


def order_numbered(store, number):
    [order] = store.orders_numbered(COMPANY, number)
    return order


def orders_in_erp(client):
    rows = (row for page in client.suiteql_pages(orders_query(Selection())) for row in page)
    return {order.id: order for order in (order_of(COMPANY, group) for group in by_record(rows))}


def a_bill_in_erp(client, order, *, quantity=1, number="INV-900", **values):
    """A bill that somebody entered by hand."""
    line = order.lines[0]
    body = {
        "entity": {"id": order.vendor_id},
        "currency": {"refName": order.currency},
        "tranId": number,
        "tranDate": "2026-04-10",
        "item": {
            "items": [
                {
                    "item": {"id": line.item_id},
                    "quantity": quantity,
                    "rate": line.rate,
                    "orderDoc": {"id": order.id},
                    "orderLine": line.line,
                }
            ]
        },
    }
    return client.create("vendorBill", body | values)


def a_receipt_in_erp(client, order, quantity=1):
    lines = [{"orderLine": order.lines[0].line, "quantity": quantity, "itemReceive": True}]
    lines += [{"orderLine": other.line, "itemReceive": False} for other in order.lines[1:]]
    return client.transform("purchaseOrder", order.id, "itemReceipt", {"item": {"items": lines}})


def with_claim(store, order, invoice_id="invoice-1", quantity=1):
    claims = {invoice_id: {order.lines[0].line: Decimal(quantity)}}
    return store.save_order(order.model_copy(update={"claims": claims}), read=order)


# Everything


def test_the_first_sync_reads_everything(store, client, run):
    report = run()

    assert report.is_finished
    for order_id, order in orders_in_erp(client).items():
        known = store.order(COMPANY, order_id)
        assert known.model_copy(update={"bills": {}, "version": 0}) == order
        for line in order.lines:
            if not line.is_expense:
                assert (
                    sum((bill.get(line.line, Decimal(0)) for bill in known.bills.values()), Decimal(0)) == line.billed
                )
    assert store.vendor(COMPANY, "501").name == "Acme Paper Ltd"
    assert report.kinds["receipts"].written == report.kinds["receipts"].read > 0
    assert report.kinds["bills"].written == report.kinds["bills"].read > 0
    assert not any(kind.unreadable for kind in report.kinds.values())


def test_bank_accounts_are_read_from_the_accounts_own_field(store, run):
    run(iban_field="custentity_iban")

    assert store.vendor(COMPANY, "501").ibans == ("GB29NWBK60161331926819",)


def test_receipts_stand_with_their_orders(store, run):
    run()

    order = order_numbered(store, "PO10003")
    assert [receipt.quantities for receipt in store.receipts(COMPANY, order.id)] == [{1: 8}]


def test_bills_of_the_erp_are_known_by_their_vendors_number(store, run):
    run()

    assert len(store.bills_numbered(COMPANY, "501", "AP-26-0107")) == 1
    assert store.bills_numbered(COMPANY, "504", "DFL-7734") == {}, "a rejected bill bills nothing"
    assert store.bills_numbered(COMPANY, "501", "AP-CR-0012") == {}, "a credit is no bill"


def test_a_second_sync_writes_nothing(store, run, monkeypatch):
    run()
    monkeypatch.setattr(store, "save_order", lambda *args, **values: pytest.fail("an unchanged order was written"))

    report = run()

    assert report.is_finished
    assert {kind: one.written for kind, one in report.kinds.items()} == dict.fromkeys(KINDS, 0)


# What changed


def test_a_changed_order_is_read(store, client, run):
    run()
    order = order_numbered(store, "PO10004")

    client.patch("purchaseOrder", order.id, {"item": {"items": [{"line": 1, "quantity": 7}]}})
    report = run()

    assert order_numbered(store, "PO10004").lines[0].quantity == 7
    assert report.kinds["orders"].written == 1


def test_a_new_receipt_takes_its_order_along(store, client, run):
    run()
    order = order_numbered(store, "PO10003")

    a_receipt_in_erp(client, order, 2)
    run()

    assert order_numbered(store, "PO10003").lines[0].received == order.lines[0].received + 2
    assert [receipt.quantities for receipt in store.receipts(COMPANY, order.id)] == [{1: 8}, {1: 2}]


def test_a_bill_that_was_entered_by_hand_takes_its_quantity(store, client, run):
    run()
    order = order_numbered(store, "PO10004")

    bill_id = a_bill_in_erp(client, order, quantity=2)
    run()

    known = order_numbered(store, "PO10004")
    assert known.bills[bill_id] == {1: 2}
    assert known.billed(1) == 2
    assert store.bills_numbered(COMPANY, order.vendor_id, "INV-900") == {bill_id: ""}


def test_our_claims_and_bills_outlive_every_reading(store, client, run):
    run()
    order = order_numbered(store, "PO10004")
    claimed = with_claim(store, order)
    client.patch("purchaseOrder", order.id, {"memo": "touched"})
    a_bill_in_erp(client, order)

    run()

    assert order_numbered(store, "PO10004").claims == claimed.claims


def test_a_rejected_bill_gives_its_quantity_back(store, client, run):
    run()
    order = order_numbered(store, "PO10004")
    bill_id = a_bill_in_erp(client, order, approvalStatus={"id": "1"})
    run()
    assert bill_id in order_numbered(store, "PO10004").bills

    client.patch("vendorBill", bill_id, {"approvalStatus": {"id": "3"}})
    run()

    assert bill_id not in order_numbered(store, "PO10004").bills
    assert store.bills_numbered(COMPANY, order.vendor_id, "INV-900") == {}


def test_a_bill_that_was_unlinked_gives_its_quantity_back(store, client, run):
    run()
    order = order_numbered(store, "PO10004")
    bill_id = a_bill_in_erp(client, order, number="INV-901")
    run()

    line = {"item": {"id": order.lines[0].item_id}, "quantity": 1, "rate": 1}
    client._call(
        "PATCH",
        f"/record/v1/vendorBill/{bill_id}",
        body={"item": {"items": [line]}},
        query={"replace": "item"},
        is_repeatable=False,
    )
    run()

    assert bill_id not in order_numbered(store, "PO10004").bills


def test_a_bill_of_ours_that_the_erp_never_linked_keeps_what_it_takes(store, client, run):
    """Nothing else would keep its goods from being billed again."""
    run()
    order = order_numbered(store, "PO10004")
    line = {"item": {"id": order.lines[0].item_id}, "quantity": 1, "rate": 1}
    bill_id = a_bill_in_erp(client, order, number="INV-902", item={"items": [line]})
    store.save_order(order.model_copy(update={"bills": {bill_id: {1: Decimal(1)}}}), read=order)

    run()
    client.patch("purchaseOrder", order.id, {"memo": "touched"})
    run()

    assert order_numbered(store, "PO10004").bills == {bill_id: {1: 1}}


def test_a_renumbered_bill_is_known_by_its_new_number_only(store, client, run):
    run()
    order = order_numbered(store, "PO10004")
    bill_id = a_bill_in_erp(client, order, number="INV-903")
    run()

    client.patch("vendorBill", bill_id, {"tranId": "INV-904"})
    run()

    assert store.bills_numbered(COMPANY, order.vendor_id, "INV-903") == {}
    assert store.bills_numbered(COMPANY, order.vendor_id, "INV-904") == {bill_id: ""}


# What is gone


def test_a_deleted_bill_gives_its_quantity_back(store, client, erp, run):
    run()
    order = order_numbered(store, "PO10004")
    bill_id = a_bill_in_erp(client, order)
    run()

    erp.delete("vendorBill", bill_id)
    run()

    assert order_numbered(store, "PO10004").bills == {}
    assert store.bills_numbered(COMPANY, order.vendor_id, "INV-900") == {}
    assert store.erp_bill(COMPANY, bill_id) is None


@pytest.mark.parametrize("told", ["by its deletion", "by a notice"])
def test_an_invoice_whose_bill_is_deleted_is_shown_again(store, client, erp, run, read_one, told):
    run()
    bill_id = a_bill_in_erp(client, order_numbered(store, "PO10004"))
    exporting = store.save_invoice(None, an_invoice(status=Status.EXPORTING), by="t", action="export_begun", at=NOON)
    bill = BillReference(external_id="cf-1", id=bill_id, total=Decimal(1))
    posted = exporting.model_copy(update={"status": Status.POSTED, "bill": bill})
    store.save_invoice(exporting, posted, by="t", action="posted", at=NOON)

    erp.delete("vendorBill", bill_id)
    for _ in range(2):
        if told == "by a notice":
            read_one("bills", bill_id)
        else:
            run()

    shown = store.invoice(COMPANY, posted.id)
    assert (shown.status, shown.bill) == (Status.EXPORT_FAILED, None)
    assert [reason.code for reason in shown.reasons] == ["bill_deleted"]
    assert [entry.action for entry in store.audit(COMPANY, posted.id)].count("bill_deleted") == 1


def test_a_deleted_receipt_takes_its_goods_back(store, client, erp, run):
    run()
    order = order_numbered(store, "PO10003")
    receipt_id = a_receipt_in_erp(client, order, 2)
    run()

    erp.delete("itemReceipt", receipt_id)
    run()

    assert order_numbered(store, "PO10003").lines[0].received == order.lines[0].received
    assert [receipt.quantities for receipt in store.receipts(COMPANY, order.id)] == [{1: 8}]


def an_order_without_documents(client):
    return next(order for order in orders_in_erp(client).values() if order.status == OrderStatus.PENDING_RECEIPT)


def test_a_deleted_order_is_forgotten(store, client, erp, run):
    run()
    order = an_order_without_documents(client)

    erp.delete("purchaseOrder", order.id)
    run()

    assert store.order(COMPANY, order.id) is None


def test_a_deleted_order_that_is_claimed_is_closed_and_kept(store, client, erp, run):
    run()
    order = an_order_without_documents(client)
    claimed = with_claim(store, store.order(COMPANY, order.id))

    erp.delete("purchaseOrder", order.id)
    run()

    known = store.order(COMPANY, order.id)
    assert (known.status, known.claims) == (OrderStatus.CLOSED, claimed.claims)


def test_a_deleted_vendor_is_forgotten(store, client, erp, run):
    run()
    vendor_id = client.create("vendor", {"companyName": "Short Lived Ltd", "subsidiary": {"id": "1"}})
    run()
    assert store.vendor(COMPANY, vendor_id) is not None

    erp.delete("vendor", vendor_id)
    run()

    assert store.vendor(COMPANY, vendor_id) is None


# Interruptions


class Ticking:
    """A clock on which each look takes a second."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def test_a_sync_stops_at_its_deadline_and_goes_on_from_there(store, client, monkeypatch):
    monkeypatch.setattr(sync_module, "RECORDS_PER_PAGE", 5)
    clock = Ticking()

    runs = 0
    while not all(store.sync_progress(COMPANY, kind).finished_at for kind in KINDS):
        runs += 1
        assert runs < 50
        sync(COMPANY, store=store, client=client, clock=clock, deadline=clock.at + timedelta(seconds=5))

    assert runs > 2, "it took more than one go"
    for order_id, order in orders_in_erp(client).items():
        assert store.order(COMPANY, order_id).lines == order.lines
    assert len(store.bills_numbered(COMPANY, "501", "AP-26-0107")) == 1


def test_a_pass_that_was_stopped_goes_on_before_others_begin(store, client, clock):
    store.put_sync_progress(COMPANY, SyncProgress(kind="bills", until=clock(), began_at=clock(), after="1"))
    ticking = Ticking()

    report = sync(COMPANY, store=store, client=client, clock=ticking, deadline=ticking.at + timedelta(seconds=2))

    assert next(iter(report.kinds)) == "bills"
    assert report.kinds["bills"].read > 0
    assert report.kinds["vendors"].read == 0


def test_nothing_is_begun_after_the_deadline(store, run, clock):
    report = run(deadline=clock())

    assert not report.is_finished
    assert store.sync_progress(COMPANY, "vendors") == SyncProgress(kind="vendors")


@pytest.mark.parametrize("nth", [1, 4, 8, 13, 19])
def test_a_sync_that_breaks_off_anywhere_is_made_good_by_the_next(store, erp, clock, nth, monkeypatch):
    monkeypatch.setattr(sync_module, "RECORDS_PER_PAGE", 10)
    client = erp.client(attempts_max=1)
    erp.control("faults", {"kind": "cut_after", "route": "services/rest", "nth": nth})
    with pytest.raises(ErpUnavailable):
        sync(COMPANY, store=store, client=client, clock=clock, deadline=FAR)
    erp.clear_faults()

    report = sync(COMPANY, store=store, client=client, clock=clock, deadline=FAR)

    assert report.is_finished
    for order_id, order in orders_in_erp(client).items():
        assert store.order(COMPANY, order_id).lines == order.lines


def test_an_error_stands_in_the_progress_until_the_next_pass(store, erp, run):
    erp.control("faults", {"kind": "500", "route": "suiteql"})
    with pytest.raises(ErpUnavailable):
        run()
    assert "UNEXPECTED_ERROR" in store.sync_progress(COMPANY, "vendors").error

    erp.clear_faults()
    run()

    assert store.sync_progress(COMPANY, "vendors").error is None


def test_one_kind_that_the_erp_refuses_keeps_no_other_from_being_read(store, run, monkeypatch):
    monkeypatch.setitem(sync_module._TABLES, "receipts", "PurchOrd')) FROM nothing --")

    with pytest.raises(ErpRefusal):
        run()

    assert store.sync_progress(COMPANY, "receipts").error
    assert store.sync_progress(COMPANY, "bills").finished_at
    assert order_numbered(store, "PO10004")


# What may not be believed


def silent(client, monkeypatch, *, also_newest):
    """An ERP that suddenly shows nothing, as to a role that lost its rights."""
    real = client._page

    def page(query, params, limit):
        rows, _ = real(query, params, limit)
        return ([] if also_newest or "MAX(" not in query else rows), False

    monkeypatch.setattr(client, "_page", page)


@pytest.mark.parametrize("also_newest", [False, True], ids=["no rows", "no newest either"])
def test_an_erp_that_suddenly_shows_nothing_is_an_error(store, client, run, monkeypatch, also_newest):
    run()
    silent(client, monkeypatch, also_newest=also_newest)

    with pytest.raises(UnexpectedReply):
        run()

    assert order_numbered(store, "PO10004")
    assert store.vendor(COMPANY, "501")


def test_an_older_reading_never_replaces_a_newer_one(store, client, run, monkeypatch):
    """Between the ERP's answer and our write somebody claims the order, and the ERP moves on."""
    run()
    order = order_numbered(store, "PO10004")
    client.patch("purchaseOrder", order.id, {"item": {"items": [{"line": 1, "quantity": 7}]}})
    real = client._page

    def page(query, params, limit):
        answer = real(query, params, limit)
        if "OrdBill" in query and order.id in query:
            monkeypatch.setattr(client, "_page", real)
            with_claim(store, store.order(COMPANY, order.id))
            client.patch("purchaseOrder", order.id, {"item": {"items": [{"line": 1, "quantity": 8}]}})
        return answer

    monkeypatch.setattr(client, "_page", page)
    run()

    known = order_numbered(store, "PO10004")
    assert known.claims == {"invoice-1": {1: 1}}
    assert known.lines[0].quantity == 8


def test_a_record_that_cannot_be_read_is_named_and_keeps_no_other_from_being_read(store, client, run, monkeypatch):
    real = client._page

    def page(query, params, limit):
        rows, has_more = real(query, params, limit)
        return [row | {"status": "?"} if row.get("tranid") == "PO10004" else row for row in rows], has_more

    monkeypatch.setattr(client, "_page", page)

    report = run()

    assert report.is_finished
    assert [entry.partition(": ")[2] for entry in report.kinds["orders"].unreadable] == ["status"]
    assert store.orders_numbered(COMPANY, "PO10004") == []
    assert order_numbered(store, "PO10005")


def test_changes_of_the_last_hour_are_read_again(store, client, run, monkeypatch):
    """What was dated before it could be seen, and the hour that comes twice when clocks are set back."""
    run()
    seen = []
    real = client._page
    monkeypatch.setattr(client, "_page", lambda query, params, limit: seen.append(query) or real(query, params, limit))

    run()

    assert any("t.lastmodifieddate >= TO_TIMESTAMP('2026-04-08 10:30:00'" in query for query in seen)


def test_nothing_is_read_again_once_nothing_has_changed_for_long(store, client, run, clock, monkeypatch):
    run()
    clock.advance(minutes=91)
    assert run().kinds["orders"].read > 0, "what may have turned up late"

    clock.advance(minutes=5)
    assert {kind: one.read for kind, one in run().kinds.items()} == dict.fromkeys(KINDS, 0)

    client.patch("purchaseOrder", order_numbered(store, "PO10004").id, {"memo": "touched"})
    assert run().kinds["orders"].read > 0


def test_the_cursor_is_the_erps_own_clock(store, client, run):
    zone = ZoneInfo("America/Los_Angeles")

    run(zone=zone)

    since = store.sync_progress(COMPANY, "orders").since
    assert since.astimezone(zone).replace(tzinfo=None) == datetime(2026, 4, 8, 12)  # noqa: DTZ001 (the ERP's own)


# What may not stop the rest


def altered(client, monkeypatch, alter):
    """An ERP whose rows are changed on their way, by `alter(query, row)`."""
    real = client._page

    def page(query, params, limit):
        rows, has_more = real(query, params, limit)
        return [alter(query, row) for row in rows], has_more

    monkeypatch.setattr(client, "_page", page)


def without(column, row):
    return {name: value for name, value in row.items() if name != column}


def test_an_order_whose_billing_cannot_be_read_is_named_and_keeps_no_other_from_being_read(
    store, client, run, monkeypatch
):
    run()
    billed, other = order_numbered(store, "PO10004"), order_numbered(store, "PO10005")
    bill_id = a_bill_in_erp(client, billed, quantity=2)
    client.patch("purchaseOrder", other.id, {"item": {"items": [{"line": 1, "quantity": 7}]}})
    altered(
        client,
        monkeypatch,
        lambda query, row: (
            without("quantity", row) if row.get("orderid") == billed.id and "t.tranid" not in query else row
        ),
    )

    report = run()

    assert report.is_finished
    assert f"vendorBill {bill_id}: quantity" in report.kinds["orders"].unreadable
    assert order_numbered(store, "PO10005").lines[0].quantity == 7
    assert store.order(COMPANY, billed.id) == billed, "what bills take of it is known as a whole or not at all"

    monkeypatch.undo()
    client.patch("vendorBill", bill_id, {"memo": "put right"})
    run()

    assert order_numbered(store, "PO10004").bills[bill_id] == {1: 2}


def test_the_bills_of_an_order_that_cannot_be_read_are_not_taken_for_gone(store, client, run, monkeypatch):
    run()
    order = order_numbered(store, "PO10004")
    bill_id = a_bill_in_erp(client, order, quantity=2)
    run()
    client.patch("purchaseOrder", order.id, {"memo": "touched"})
    altered(
        client,
        monkeypatch,
        lambda query, row: (
            without("quantity", row) if row.get("orderid") == order.id and "t.tranid" not in query else row
        ),
    )

    run()

    assert order_numbered(store, "PO10004").bills == {bill_id: {1: 2}}


def test_a_deletion_that_cannot_be_read_keeps_no_other_from_being_read(store, client, erp, run, monkeypatch):
    run()
    order = order_numbered(store, "PO10004")
    bills = [a_bill_in_erp(client, order, number=number) for number in ("INV-910", "INV-911")]
    run()
    for bill_id in bills:
        erp.delete("vendorBill", bill_id)
    altered(
        client,
        monkeypatch,
        lambda query, row: without("modified", row) if "deletedrecord" in query and row.get("id") == bills[0] else row,
    )

    report = run()

    assert report.is_finished
    assert report.kinds["deletions"].unreadable == [f"deletedrecord {bills[0]}: modified"]
    assert store.erp_bill(COMPANY, bills[1]) is None


def test_a_kind_that_cannot_be_read_is_noted_and_keeps_no_other_from_being_read(store, run, monkeypatch):
    def unreadable(*args, **values):
        raise UnreadableRow("vendorBill 812", "quantity", None)

    monkeypatch.setattr(sync_module, "vendor_of", unreadable)
    monkeypatch.setattr(sync_module.ErpReading, "complain", lambda self, error: unreadable())

    with pytest.raises(UnreadableRow):
        run()

    assert store.sync_progress(COMPANY, "vendors").error == "vendorBill 812: quantity is missing"
    assert store.sync_progress(COMPANY, "deletions").finished_at
    assert order_numbered(store, "PO10004")


def test_a_kind_that_failed_waits_for_those_that_did_not(store, client, clock):
    store.put_sync_progress(COMPANY, SyncProgress(kind="vendors", until=clock(), began_at=clock(), error="USER_ERROR"))

    report = sync(COMPANY, store=store, client=client, clock=clock, deadline=clock())

    assert list(report.kinds)[-1] == "vendors"


@pytest.mark.parametrize(("kind", "type_"), [("receipts", "ItemRcpt"), ("bills", "VendBill")])
def test_a_kind_that_the_erp_shows_none_of_any_more_stops_no_other(store, client, run, monkeypatch, kind, type_):
    run()
    order = order_numbered(store, "PO10004")
    known = {one.id: one.bills for one in store.orders(COMPANY, orders_in_erp(client)).values()}
    hidden(client, monkeypatch, type_)
    client.patch("purchaseOrder", order.id, {"item": {"items": [{"line": 1, "quantity": 7}]}})

    for _ in range(2):
        with pytest.raises(UnexpectedReply, match=f"shows no {kind} at all any more, and yet it has"):
            run()

    assert order_numbered(store, "PO10004").lines[0].quantity == 7
    assert "nothing_left" in store.sync_progress(COMPANY, kind).error
    assert store.sync_progress(COMPANY, "deletions").error is None
    assert {one.id: one.bills for one in store.orders(COMPANY, known).values()} == known, "nothing is forgotten"
    assert store.receipts(COMPANY, order_numbered(store, "PO10003").id)


def hidden(client, monkeypatch, type_):
    """A role that may no longer see one type of transaction in queries: it is given no rows, and no error."""
    real = client._page

    def page(query, params, limit):
        rows, has_more = real(query, params, limit)
        is_hidden = f"t.type = '{type_}'" in query or f"t.type IN ('{type_}'" in query
        return ([], False) if is_hidden else (rows, has_more)

    monkeypatch.setattr(client, "_page", page)


def delete_all(client, erp, *record_types):
    for type_, record_type in record_types:
        for row in list(client.suiteql(f"SELECT id FROM transaction WHERE type = '{type_}' ORDER BY id DESC")):
            erp.delete(record_type, row["id"])


def test_the_last_bills_and_receipts_of_the_erp_are_forgotten(store, client, erp, run, monkeypatch):
    """Also when the ERP's list of deletions does not name them."""
    run()
    receipts = [one.id for order_id in orders_in_erp(client) for one in store.receipts(COMPANY, order_id)]
    assert receipts
    assert any(order.bills for order in store.orders(COMPANY, orders_in_erp(client)).values())
    settled = [("VendCred", "vendorCredit"), ("VendPymt", "vendorPayment")]
    delete_all(client, erp, *settled, ("VendBill", "vendorBill"), ("ItemRcpt", "itemReceipt"))
    monkeypatch.setattr(sync_module._Sync, "_forget_all", lambda self, rows: None)

    report = run()

    assert report.is_finished
    assert [store.order_of_receipt(COMPANY, one) for one in receipts] == [None] * len(receipts)
    assert not any(order.bills for order in store.orders(COMPANY, orders_in_erp(client)).values())
    assert run().is_finished

    order = order_numbered(store, "PO10003")
    receipt_id = a_receipt_in_erp(client, order, 2)
    run()
    assert [one.id for one in store.receipts(COMPANY, order.id)] == [receipt_id]


def test_a_pass_whose_only_record_is_gone_since_is_begun_anew(store, run, monkeypatch):
    run()
    before = store.sync_progress(COMPANY, "receipts")
    later = before.since + timedelta(hours=9)
    store.put_sync_progress(
        COMPANY, before.model_copy(update={"since": later, "until": later, "began_at": later, "records": 0})
    )

    with pytest.raises(UnexpectedReply):
        run()

    assert run().is_finished
    assert store.sync_progress(COMPANY, "receipts").error is None


def test_a_bill_is_gone_only_when_the_erp_says_so_itself(store, client, run, monkeypatch):
    """A role that may not see bills is given no rows: what they take stays taken."""
    run()
    order = order_numbered(store, "PO10004")
    bill_id = a_bill_in_erp(client, order, quantity=2)
    run()
    client.patch("purchaseOrder", order.id, {"memo": "touched", "item": {"items": [{"line": 1, "quantity": 7}]}})
    hidden(client, monkeypatch, "VendBill")

    with pytest.raises(UnexpectedReply):
        run()

    known = order_numbered(store, "PO10004")
    assert (known.lines[0].quantity, known.bills) == (7, {bill_id: {1: 2}})


# One record


def test_one_order_is_read_at_once(store, client, read_one):
    order = next(iter(orders_in_erp(client).values()))

    report = read_one("orders", order.id)

    assert store.order(COMPANY, order.id).lines == order.lines
    assert (report.read, report.written) == (1, 1)


def test_one_receipt_takes_its_order_along(store, client, run, read_one):
    run()
    order = order_numbered(store, "PO10003")

    read_one("receipts", a_receipt_in_erp(client, order, 2))

    assert order_numbered(store, "PO10003").lines[0].received == order.lines[0].received + 2


def test_one_bill_takes_its_order_along(store, client, run, read_one):
    run()
    order = order_numbered(store, "PO10004")

    bill_id = a_bill_in_erp(client, order)
    read_one("bills", bill_id)

    assert order_numbered(store, "PO10004").bills == {bill_id: {1: 1}}


def test_one_vendor_is_read(store, read_one):
    read_one("vendors", "501")

    assert store.vendor(COMPANY, "501").name == "Acme Paper Ltd"


@pytest.mark.parametrize(("kind", "record_type"), [("bills", "vendorBill"), ("receipts", "itemReceipt")])
def test_one_record_that_is_gone_is_forgotten_with_what_it_took(store, client, erp, run, read_one, kind, record_type):
    run()
    order = order_numbered(store, "PO10003")
    made = a_bill_in_erp(client, order) if kind == "bills" else a_receipt_in_erp(client, order)
    read_one(kind, made)
    assert order_numbered(store, "PO10003") != order

    erp.delete(record_type, made)
    read_one(kind, made)

    known = order_numbered(store, "PO10003")
    assert (known.lines, known.bills) == (order.lines, order.bills)


def test_a_record_that_never_was_changes_nothing(store, read_one):
    for kind in ("vendors", "orders", "receipts", "bills"):
        read_one(kind, "99999999")

    assert store.order(COMPANY, "99999999") is None


def test_an_unknown_kind_is_named(read_one):
    with pytest.raises(ValueError, match="invoices"):
        read_one("invoices", "1")


# What is read of each record


def test_a_vendors_billing_address_is_read(store, run):
    run()

    assert store.vendor(COMPANY, "501").address == "1 Mill Road, LS1 1AA Leeds, GB"


def test_vendors_are_read_without_their_addresses_where_those_are_hidden(store, erp, run, read_one):
    change_preferences(erp, {"hiddenColumns": "defaultbillingaddress"})

    report = run()

    assert report.kinds["vendors"].unreadable == ["vendor: address"]
    assert store.vendor(COMPANY, "501").name == "Acme Paper Ltd"
    assert store.vendor(COMPANY, "501").address is None
    assert read_one("vendors", "501").read == 1


def test_a_refusal_that_is_not_about_addresses_is_told(store, run):
    with pytest.raises(ErpRefusal, match="custentity_nowhere"):
        run(iban_field="custentity_nowhere")


def change_preferences(erp, values):
    requests.patch(f"{erp.url}/_emulator/preferences", json=values, timeout=10).raise_for_status()


def a_coded_order(client, erp, **line):
    erp.control("customization", {"scriptId": "cseg_region", "label": "Region"})
    client.create("customrecord_cseg_region", {"name": "North"})
    body = {"item": {"id": "71"}, "quantity": 1, "rate": 10, "customer": {"id": "601"}, "cseg_region": {"id": "1"}}
    return client.create(
        "purchaseOrder", {"entity": {"id": "501"}, "tranDate": "2026-02-02", "item": {"items": [body | line]}}
    )


def test_whom_a_line_is_for_and_where_it_is_counted_is_read(store, client, erp, run):
    order = a_coded_order(client, erp, custcol_note="L7")

    run(segments=("cseg_region", "custcol_note"))

    [line] = store.order(COMPANY, order).lines
    assert (line.coding.project, line.coding.segments) == ("601", {"cseg_region": "1", "custcol_note": "L7"})
    known = order_numbered(store, "PO10003")
    assert {line.coding.project for line in known.lines} == {None}, "a line that is for nobody"


def test_a_field_that_the_settings_name_anew_is_read_of_every_order(store, client, erp, run):
    order = a_coded_order(client, erp)
    run()
    assert store.order(COMPANY, order).lines[0].coding.segments == {}

    run(segments=("cseg_region",))

    assert store.order(COMPANY, order).lines[0].coding.segments == {"cseg_region": "1"}
    report = run(segments=("cseg_region",))
    assert report.kinds["orders"].written == 0


def test_a_field_that_the_erp_does_not_have_is_told_and_keeps_no_other_kind_from_being_read(store, run):
    with pytest.raises(ErpRefusal, match="cseg_nowhere"):
        run(segments=("cseg_nowhere",))

    assert "cseg_nowhere" in store.sync_progress(COMPANY, "orders").error
    assert store.vendor(COMPANY, "501") is not None


def test_progress_that_read_less_of_each_record_is_begun_anew(store, run):
    run()
    for kind in KINDS:
        progress = store.sync_progress(COMPANY, kind)
        store.put_sync_progress(COMPANY, progress.model_copy(update={"shape": "", "is_settled": True}))
    vendor = store.vendor(COMPANY, "501")
    store.put_vendor(vendor.model_copy(update={"address": None}), ["name:acme"])
    order = order_numbered(store, "PO10003")
    store._client.delete_item(
        TableName=TABLE, Key={"pk": {"S": f"{COMPANY}#OPENORDERS"}, "sk": {"S": f"{order.order_date}#{order.id}"}}
    )
    assert order.number not in store.open_order_numbers(COMPANY)

    run()

    assert store.vendor(COMPANY, "501") == vendor
    assert order.number in store.open_order_numbers(COMPANY)


def test_the_numbers_of_open_orders_are_those_of_the_erp(store, client, run):
    run()

    found = [order.number for order in orders_in_erp(client).values() if order.status.is_open]
    assert sorted(store.open_order_numbers(COMPANY)) == sorted(found)
