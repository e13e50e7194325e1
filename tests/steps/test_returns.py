"""Goods that went back to a vendor: from NetSuite through a sync into a decision, and the credit back into NetSuite."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from counterfoil.domain.invoices import DocumentType
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import ReplyLost
from counterfoil.steps import sync as sync_module
from counterfoil.steps import sync_orders
from counterfoil.steps.export import export
from counterfoil.steps.match import match
from counterfoil.steps.sync import KINDS, sync, sync_record
from counterfoil.store import Store
from tests.builders import COMPANY, NOON, a_captured_invoice, an_invoice, an_invoice_line
from tests.conftest import TABLE
from tests.memory import MemoryTable

FAR = datetime(2999, 1, 1, tzinfo=UTC)
VENDOR, PAPER = "501", "71"
RETURN = "vendorReturnAuthorization"


@pytest.fixture
def store():
    """In memory, which `tests/store` holds to the rules of the real tables: each test here writes a whole company."""
    store = Store(MemoryTable(), TABLE, pause=lambda seconds: None)
    store.put_company(CompanySettings(company=COMPANY, currency="GBP", approve_automatically_max=Decimal(100_000)))
    return store


@pytest.fixture
def client(erp):
    return erp.client()


@pytest.fixture
def read_erp(store, client, clock):
    return lambda: sync(COMPANY, store=store, client=client, clock=clock, deadline=FAR)


@pytest.fixture
def order(client, clock):
    """An order over ten boxes of paper at 10.00, all received, as NetSuite numbers it."""
    order_id = client.create(
        "purchaseOrder",
        {
            "entity": {"id": VENDOR},
            "tranDate": "2026-02-02",
            "item": {"items": [{"item": {"id": PAPER}, "quantity": 10, "rate": 10}]},
        },
    )
    client.transform("purchaseOrder", order_id, "itemReceipt", {"tranDate": "2026-02-05"})
    return order_id


def billed(client, order, number="AP-1"):
    return client.transform("purchaseOrder", order, "vendorBill", {"tranId": number, "tranDate": "2026-02-06"})


def returned(client, source, quantity, *, of="purchaseOrder"):
    lines = {"item": {"items": [{"orderLine": 1, "quantity": quantity}]}}
    return client.transform(of, source, RETURN, {"tranDate": "2026-02-10", **lines})


def shipped(client, back, **body):
    return client.transform(RETURN, back, "itemFulfillment", {"tranDate": "2026-02-11", **body})


def document(store, clock, quantity, *, invoice_id="invoice-1", number="INV-1", order="PO", is_credit=False):
    """A document over so many boxes for the order, read and matched."""
    known = store.order(COMPANY, order)
    amount = quantity * 10
    captured = a_captured_invoice(
        document_type=DocumentType.CREDIT_NOTE if is_credit else DocumentType.INVOICE,
        invoice_number=number,
        po_number=known.number,
        po_numbers=(known.number,),
        currency=known.currency,
        lines=(
            an_invoice_line(
                item_code="PAPER-A4",
                description="A4 paper",
                quantity=Decimal(quantity),
                unit_price=Decimal("10.00"),
                amount=Decimal(amount),
            ),
        ),
        net_total=Decimal(amount),
        gross_total=Decimal(amount),
    )
    new = store.save_invoice(None, an_invoice(id=invoice_id), by="t", action="received", at=NOON)
    update = {"status": Status.CAPTURED, "captured": captured, "vendor_id": VENDOR}
    store.save_invoice(new, new.model_copy(update=update), by="t", action="read", at=NOON)
    return match(COMPANY, invoice_id, store=store, now=clock)


def a_credit_note(store, clock, quantity, **values):
    return document(store, clock, quantity, is_credit=True, **{"number": "CN-1", **values})


def line_of(store, order):
    [line] = store.order(COMPANY, order).lines
    return line


# What went back is known


@pytest.mark.parametrize("of", ["purchaseOrder", "vendorBill"])
def test_a_credit_note_for_what_went_back_needs_nobody(store, client, clock, read_erp, order, of):
    bill = billed(client, order)
    read_erp()
    early = a_credit_note(store, clock, 3, order=order)
    assert early.status == Status.EXCEPTION

    shipped(client, returned(client, order if of == "purchaseOrder" else bill, 3, of=of))
    read_erp()

    decided = match(COMPANY, early.id, store=store, now=clock)
    assert (line_of(store, order).received, line_of(store, order).returned) == (7, 3)
    assert decided.status == Status.APPROVED, decided.reasons
    assert decided.match.lines[0].billed_quantity == decided.match.lines[0].expected_quantity == -3


def test_the_credit_settles_the_return_in_the_erp_and_counts_once(store, client, clock, read_erp, order):
    billed(client, order)
    back = returned(client, order, 3)
    shipped(client, back)
    read_erp()
    a_credit_note(store, clock, 3, order=order)
    [before] = client.suiteql("SELECT totalquantityonhand n FROM item WHERE id = 71")

    posted = export(COMPANY, "invoice-1", store=store, client=client, now=clock)
    known = store.order(COMPANY, order).bills
    read_erp()

    assert posted.status == Status.POSTED, posted.reasons
    assert client.get(RETURN, back)["orderStatus"]["id"] == "G"
    assert list(client.suiteql("SELECT totalquantityonhand n FROM item WHERE id = 71")) == [before]
    assert store.order(COMPANY, order).bills == known
    assert known[posted.bill.id] == {1: -3}
    again = a_credit_note(store, clock, 3, order=order, invoice_id="invoice-2", number="CN-2")
    assert again.status == Status.EXCEPTION


def test_a_credit_whose_reply_is_lost_is_made_once(store, client, erp, clock, read_erp, order):
    billed(client, order)
    back = returned(client, order, 3)
    shipped(client, back)
    read_erp()
    a_credit_note(store, clock, 3, order=order)

    erp.control("faults", {"kind": "cut_after", "route": "POST .*!transform/vendorCredit", "count": 1})
    with pytest.raises(ReplyLost):
        export(COMPANY, "invoice-1", store=store, client=client, now=clock)
    read_erp()
    posted = export(COMPANY, "invoice-1", store=store, client=client, now=clock)
    read_erp()

    assert posted.status == Status.POSTED, posted.reasons
    assert store.order(COMPANY, order).bills[posted.bill.id] == {1: -3}
    [count] = client.suiteql("SELECT COUNT(*) n FROM transaction WHERE type = 'VendCred' AND tranid = 'CN-1'")
    assert count["n"] == "1"


def test_a_credit_for_goods_of_two_returns_is_made_by_itself(store, client, clock, read_erp, order):
    billed(client, order)
    returns = [returned(client, order, 2), returned(client, order, 1)]
    for back in returns:
        shipped(client, back)
    read_erp()
    a_credit_note(store, clock, 3, order=order)

    posted = export(COMPANY, "invoice-1", store=store, client=client, now=clock)

    assert posted.status == Status.POSTED, posted.reasons
    assert {client.get(RETURN, back)["orderStatus"]["id"] for back in returns} == {"F"}


def test_a_credit_that_was_entered_by_hand_is_not_given_again(store, client, clock, read_erp, order):
    billed(client, order)
    back = returned(client, order, 3)
    shipped(client, back)
    read_erp()

    credit = client.transform(RETURN, back, "vendorCredit", {"tranId": "BY-HAND", "tranDate": "2026-02-12"})
    read_erp()
    assert store.order(COMPANY, order).bills[credit] == {1: -3}
    assert a_credit_note(store, clock, 3, order=order).status == Status.EXCEPTION

    erp_delete = client._call
    erp_delete("DELETE", f"/record/v1/vendorCredit/{credit}", is_repeatable=False)
    read_erp()
    assert credit not in store.order(COMPANY, order).bills


def test_a_bill_for_goods_that_went_back_before_is_caught(store, client, clock, read_erp, order):
    shipped(client, returned(client, order, 3))
    read_erp()

    whole = document(store, clock, 10, order=order)
    rest = document(store, clock, 7, order=order, invoice_id="invoice-2", number="INV-2")

    assert whole.status == Status.EXCEPTION, "what went back is not on its way"
    assert "10 received less 3 sent back" in whole.match.lines[0].explain
    assert "goods_sent_back" in whole.match.flags
    assert rest.status == Status.APPROVED, rest.reasons


def test_an_approved_invoice_falls_when_its_goods_go_back(store, client, clock, read_erp, order):
    read_erp()
    store.put_company(store.company(COMPANY).model_copy(update={"post_automatically": False}))
    assert document(store, clock, 10, order=order).status == Status.READY_TO_POST

    shipped(client, returned(client, order, 3))
    read_erp()

    assert match(COMPANY, "invoice-1", store=store, now=clock).status == Status.EXCEPTION


# When it counts


def test_goods_count_as_sent_back_when_they_are_shipped(store, client, read_erp, order):
    back = returned(client, order, 3)
    read_erp()
    assert line_of(store, order).received == 10

    goods = shipped(client, back, shipStatus={"id": "A"})
    read_erp()
    assert line_of(store, order).received == 10

    client.patch("itemFulfillment", goods, {"shipStatus": {"id": "C"}})
    read_erp()
    assert (line_of(store, order).received, store.order(COMPANY, order).returns) == (7, {goods: {1: 3}})


def test_a_shipment_that_is_deleted_brings_its_goods_back(store, client, erp, read_erp, order):
    goods = shipped(client, returned(client, order, 3))
    read_erp()

    erp.delete("itemFulfillment", goods)
    read_erp()

    assert (line_of(store, order).received, store.order(COMPANY, order).returns) == (10, {})
    assert store.vendor_return(COMPANY, goods) is None


def test_a_notice_of_one_shipment_reads_it(store, client, clock, read_erp, order):
    read_erp()
    goods = shipped(client, returned(client, order, 3))

    report = sync_record(COMPANY, "returns", goods, store=store, client=client, clock=clock)

    assert (report.written, line_of(store, order).received) == (2, 7), "the shipment and its order"


def test_several_shipments_add_up(store, client, read_erp, order):
    back = returned(client, order, 6)
    first = shipped(client, back, item={"items": [{"orderLine": 1, "quantity": 2}]})
    read_erp()
    second = shipped(client, back)
    third = shipped(client, returned(client, order, 1))
    read_erp()

    assert store.order(COMPANY, order).returns == {first: {1: 2}, second: {1: 4}, third: {1: 1}}
    assert line_of(store, order).received == 3


def test_a_return_in_another_unit_counts_in_the_orders(store, client, read_erp):
    lines = {"item": {"items": [{"item": {"id": "75"}, "quantity": 2, "rate": 18, "units": "Hundred"}]}}
    order = client.create("purchaseOrder", {"entity": {"id": "502"}, "tranDate": "2026-02-02", **lines})
    client.transform("purchaseOrder", order, "itemReceipt", {"tranDate": "2026-02-05"})
    single = {"items": [{"orderLine": 1, "quantity": 50, "units": "Each"}]}
    back = client.transform("purchaseOrder", order, RETURN, {"tranDate": "2026-02-10", "item": single})

    shipped(client, back)
    read_erp()

    assert (line_of(store, order).received, line_of(store, order).returned) == (Decimal("1.5"), Decimal("0.5"))


# How it is traced


def test_a_line_without_a_link_is_traced_by_what_its_return_was_made_of(store, client, read_erp, order):
    body = {"tranDate": "2026-02-10", "item": {"items": [{"item": {"id": PAPER}, "quantity": 4, "rate": 10}]}}
    back = client.transform("purchaseOrder", order, RETURN, body, replace=("item",))

    goods = shipped(client, back)
    read_erp()
    client.patch("purchaseOrder", order, {"memo": "touched"})
    read_erp()

    assert store.order(COMPANY, order).returns == {goods: {1: 4}}
    assert line_of(store, order).received == 6


def test_a_shipment_may_have_lines_with_a_link_and_without(store, client, read_erp):
    items = [{"item": {"id": item}, "quantity": 10, "rate": 10} for item in (PAPER, "72")]
    order = client.create(
        "purchaseOrder", {"entity": {"id": VENDOR}, "tranDate": "2026-02-02", "item": {"items": items}}
    )
    client.transform("purchaseOrder", order, "itemReceipt", {"tranDate": "2026-02-05"})
    linked = {"item": {"id": PAPER}, "quantity": 2, "rate": 10, "orderDoc": {"id": order}, "orderLine": 1}
    lines = {"items": [linked, {"item": {"id": "72"}, "quantity": 3, "rate": 10}]}
    back = client.transform(
        "purchaseOrder", order, RETURN, {"tranDate": "2026-02-10", "item": lines}, replace=("item",)
    )

    goods = shipped(client, back)
    read_erp()
    assert store.order(COMPANY, order).returns == {goods: {1: 2, 2: 3}}

    client.patch("purchaseOrder", order, {"memo": "touched"})
    assert read_erp().kinds["orders"].written == 0
    assert store.order(COMPANY, order).returns == {goods: {1: 2, 2: 3}}


def test_a_line_without_a_link_is_traced_by_the_bill_that_its_return_was_made_of(store, client, read_erp, order):
    bill = billed(client, order)
    body = {"tranDate": "2026-02-10", "item": {"items": [{"item": {"id": PAPER}, "quantity": 4, "rate": 10}]}}

    shipped(client, client.transform("vendorBill", bill, RETURN, body, replace=("item",)))
    read_erp()

    assert (line_of(store, order).received, line_of(store, order).returned) == (6, 4)


def a_lone_return(client, quantity=3):
    lines = {"item": {"items": [{"item": {"id": PAPER}, "quantity": quantity, "rate": 10}]}}
    back = client.create(RETURN, {"entity": {"id": VENDOR}, "tranDate": "2026-02-10", **lines})
    return back, shipped(client, back)


def test_a_return_that_names_no_order_is_kept_by_vendor_and_item(store, client, read_erp, order):
    back, goods = a_lone_return(client)
    read_erp()

    [known] = store.unlinked_returns(COMPANY, VENDOR)
    [line] = known.lines
    assert (known.id, known.shipped_on, line.item_id, line.quantity, line.is_linked) == (
        goods,
        date(2026, 2, 11),
        PAPER,
        3,
        False,
    )
    assert line_of(store, order).received == 10

    client.transform(RETURN, back, "vendorCredit", {"tranDate": "2026-02-12"})
    read_erp()
    assert store.unlinked_returns(COMPANY, VENDOR) == [], "what is credited waits for nothing"


def test_a_return_that_names_no_order_puts_a_bill_of_its_item_before_a_person(store, client, clock, read_erp, order):
    a_lone_return(client)
    read_erp()

    decided = document(store, clock, 10, order=order)

    assert decided.status == Status.MATCHED
    [reason] = decided.reasons
    assert reason.code == "returned_unlinked"
    assert reason.detail.startswith("3 of PAPER-A4 went back with VRA")


def test_a_credit_note_for_a_return_that_names_no_order_waits_and_says_which(store, client, clock, read_erp, order):
    billed(client, order)
    a_lone_return(client)
    read_erp()

    decided = a_credit_note(store, clock, 3, order=order)

    assert decided.status == Status.EXCEPTION
    assert "returned_unlinked" in [reason.code for reason in decided.reasons]


# However it is read


def test_nothing_is_written_twice(store, client, read_erp, order):
    shipped(client, returned(client, order, 3))
    a_lone_return(client)
    read_erp()

    report = read_erp()

    assert report.kinds["returns"].read > 0
    assert {kind: one.written for kind, one in report.kinds.items()} == dict.fromkeys(KINDS, 0)


def test_returns_are_read_page_by_page(store, client, read_erp, order, monkeypatch):
    monkeypatch.setattr(sync_module, "RECORDS_PER_PAGE", 1)
    monkeypatch.setattr(sync_orders, "RECORDS_PER_PAGE", 1)
    goods = [shipped(client, returned(client, order, 1)) for _ in range(3)]

    read_erp()

    assert store.order(COMPANY, order).returns == {each: {1: 1} for each in goods}


def test_a_sync_that_is_stopped_at_every_page_reads_them_all(store, client, clock, order, monkeypatch):
    monkeypatch.setattr(sync_module, "RECORDS_PER_PAGE", 1)
    goods = [a_lone_return(client, 1)[1] for _ in range(3)]
    passes = 0

    def ticking():
        clock.advance(seconds=1)
        return clock()

    while not store.sync_progress(COMPANY, "returns").finished_at:
        # As long as it takes to turn to a kind and read one page of it.
        report = sync_module.KindReport()
        erp = sync_orders.ErpReading(COMPANY, store, client, UTC, report)
        sync_module._Sync(erp, clock, None).pass_over("returns", ticking, clock())
        passes += 1

    assert passes > len(goods)
    assert [store.vendor_return(COMPANY, each).id for each in goods] == goods


def test_what_a_role_no_longer_shows_is_not_forgotten(store, client, read_erp, order, monkeypatch):
    shipped(client, returned(client, order, 3))
    read_erp()

    monkeypatch.setattr(sync_orders, "sent_back_queries", lambda **of: ())
    monkeypatch.setattr(sync_orders.ErpReading, "shipments", lambda self, ids=None, *, return_ids=None: [])
    client.patch("purchaseOrder", order, {"memo": "touched"})
    read_erp()

    assert line_of(store, order).received == 7


def test_a_shipment_that_cannot_be_read_leaves_its_order_as_it_was(store, client, read_erp, order, monkeypatch):
    read_erp()
    shipped(client, returned(client, order, 3))

    def unreadable(rows):
        raise sync_orders.UnreadableRow("itemFulfillment 9", "quantity", None)

    monkeypatch.setattr(sync_orders, "sent_back_of", unreadable)
    monkeypatch.setattr(sync_orders, "traces_of", unreadable)
    report = read_erp()

    assert line_of(store, order).received == 10
    assert report.kinds["returns"].unreadable == ["itemFulfillment 9: quantity"]
