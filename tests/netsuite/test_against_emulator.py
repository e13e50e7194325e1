"""The client and its queries against the ERP emulator: what is written by one call is read by the other."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from counterfoil.domain.bills import Bill, BillExpenseLine, BillItemLine
from counterfoil.domain.invoices import DocumentType
from counterfoil.domain.orders import ItemKind, OrderStatus
from counterfoil.errors import (
    DuplicateExternalId,
    ErpLoginRefused,
    ErpRefusal,
    ErpUnavailable,
    RecordMissing,
    ReplyLost,
    TooManyRows,
    UnexpectedReply,
)
from counterfoil.netsuite.client import Credentials, NetSuiteClient, eid
from counterfoil.netsuite.records import (
    BILL_TYPES,
    CURRENCY_QUERY,
    PURCHASE_ORDER,
    bill_body,
    bill_type,
    bills_query,
    changed_query,
    deletion_of,
    deletions_query,
    erp_bill_of,
    newest_query,
    order_bills_query,
    order_of,
    orders_query,
    receipt_of,
    receipts_query,
    same_number_query,
    takings_of,
    vendor_of,
    vendors_query,
)
from counterfoil.netsuite.rows import Selection, by_record

COMPANY = "demo"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def client(erp):
    return erp.client()


def rows_of(client, query, **options):
    return [row for page in client.suiteql_pages(query, **options) for row in page]


def orders_by_number(client, selection=None):
    groups = by_record(rows_of(client, orders_query(selection or Selection())))
    return {order.number: order for order in (order_of(COMPANY, group) for group in groups)}


def seeded(name):
    return json.loads((ROOT / "erp_emulator" / "seed.json").read_text())[name]


def a_bill(order, *, number="INV-1", external_id="cf-1", quantity=Decimal(1), **values):
    line = order.lines[0]
    defaults = {
        "document_type": DocumentType.INVOICE,
        "external_id": external_id,
        "vendor_id": order.vendor_id,
        "number": number,
        "bill_date": date(2026, 4, 10),
        "currency": order.currency,
        "memo": "Invoice INV-1",
        "items": (
            BillItemLine(
                order_id=order.id,
                order_line=line.line,
                item_id=line.item_id,
                quantity=quantity,
                rate=line.rate,
                amount=quantity * line.rate,
                description="as invoiced",
            ),
        ),
    }
    return Bill(**defaults | values)


def post(client, bill):
    [currency] = client.suiteql(CURRENCY_QUERY, [bill.currency])
    return client.create(bill_type(bill.document_type), bill_body(bill, currency["id"]))


def takings(client, order):
    return takings_of(rows_of(client, order_bills_query([order.id]))).get(order.id, {})


# Reading


def test_every_seeded_order_is_read_with_every_line(client):
    orders = orders_by_number(client)

    for entry in seeded("orders"):
        order = orders[entry["number"]]
        assert order.vendor_id == entry["vendor"]
        assert order.order_date == date.fromisoformat(entry["date"])
        assert len(order.lines) == len(entry["lines"])
        for line, written in zip(order.lines, entry["lines"], strict=True):
            if "item" in written:
                assert (line.item_code, line.quantity, line.rate) == (
                    written["item"],
                    Decimal(written["quantity"]),
                    Decimal(written["rate"]),
                )
            else:
                assert (line.kind, line.amount) == (ItemKind.EXPENSE, Decimal(written["amount"]))
                assert line.coding.account


def test_orders_are_read_as_the_record_service_shows_them(client):
    for order in orders_by_number(client).values():
        record = client.get("purchaseOrder", order.id)

        items = {line["line"]: line for line in record.get("item", {}).get("items", [])}
        letters = {"B": OrderStatus.PENDING_RECEIPT, "G": OrderStatus.FULLY_BILLED, "H": OrderStatus.CLOSED}
        assert letters.get(record["orderStatus"]["id"], order.status) == order.status
        for line in order.lines:
            if not line.is_expense:
                shown = items[line.line]
                assert (line.quantity, line.received, line.billed) == (
                    shown["quantity"],
                    shown["quantityReceived"],
                    shown["quantityBilled"],
                )


def test_the_seed_has_orders_of_every_status(client):
    assert {order.status for order in orders_by_number(client).values()} == set(OrderStatus)


@pytest.mark.parametrize("page_rows", [1, 7, 1000])
@pytest.mark.parametrize(
    "query", [orders_query, receipts_query, bills_query, vendors_query], ids=["orders", "receipts", "bills", "vendors"]
)
def test_pages_of_any_size_give_the_same_rows(client, query, page_rows):
    everything = rows_of(client, query(Selection()))

    assert rows_of(client, query(Selection()), page_rows=page_rows) == everything
    assert everything


def test_only_what_changed_since_is_read(client):
    order = next(iter(orders_by_number(client).values()))
    [newest] = client.suiteql(newest_query(PURCHASE_ORDER))
    client.patch("purchaseOrder", order.id, {"memo": "changed"})

    rows = rows_of(client, changed_query([PURCHASE_ORDER], Selection(since=newest["modified"])))

    assert order.id in {row["id"] for row in rows}
    assert len(rows) < len(orders_by_number(client))


def test_reading_goes_on_behind_an_id(client):
    ids = [order.id for order in orders_by_number(client).values()]

    rows = rows_of(client, changed_query([PURCHASE_ORDER], Selection(after=ids[4])))

    assert [row["id"] for row in rows] == ids[5:]


def test_every_seeded_receipt_is_read_by_order_line(client):
    orders = orders_by_number(client)
    receipts = [receipt_of(COMPANY, group) for group in by_record(rows_of(client, receipts_query(Selection())))]

    for entry in seeded("receipts"):
        order = orders[entry["order"]]
        own = [receipt for receipt in receipts if receipt.order_id == order.id]
        if "lines" in entry:
            wanted = {int(line): Decimal(quantity) for line, quantity in entry["lines"].items()}
            assert wanted in [receipt.quantities for receipt in own]
    for order in orders.values():
        for line in order.lines:
            came = sum(
                (r.quantities.get(line.line, Decimal(0)) for r in receipts if r.order_id == order.id), Decimal(0)
            )
            assert came == line.received


def test_what_bills_take_is_what_the_erp_counts_as_billed(client):
    for order in orders_by_number(client).values():
        taken = takings(client, order)
        for line in order.lines:
            if not line.is_expense:
                assert sum((lines.get(line.line, Decimal(0)) for lines in taken.values()), Decimal(0)) == line.billed


def test_every_seeded_bill_is_read(client):
    groups = by_record(rows_of(client, bills_query(Selection())))
    bills = {bill.number: bill for bill in (erp_bill_of(COMPANY, group) for group in groups)}

    assert set(bills) == {entry["number"] for entry in seeded("bills") + seeded("credits")}
    for entry in seeded("bills"):
        assert bills[entry["number"]].counts == (entry.get("approval") != "rejected")
        assert bool([line for line in bills[entry["number"]].lines if line.order_id]) == ("order" in entry)
    for entry in seeded("credits"):
        assert bills[entry["number"]].document_type == DocumentType.CREDIT_NOTE


def test_every_seeded_vendor_is_read(client):
    vendors = {
        vendor.id: vendor for vendor in (vendor_of(COMPANY, row) for row in rows_of(client, vendors_query(Selection())))
    }

    for entry in seeded("vendor"):
        vendor = vendors[str(entry["id"])]
        assert vendor.name == entry["companyName"]
        assert vendor.vat_id == entry.get("vatRegNumber")
        assert vendor.is_inactive == entry.get("isInactive", False)


def test_a_query_that_is_not_bounded_is_refused_as_such(client, monkeypatch):
    monkeypatch.setattr("counterfoil.netsuite.client.PAGE_ROWS_MAX", 3)

    with pytest.raises(TooManyRows):
        list(client.suiteql("SELECT id FROM vendor ORDER BY id"))


def test_a_wrong_query_is_a_refusal(client):
    with pytest.raises(ErpRefusal) as raised:
        list(client.suiteql("SELECT nothing_like_it FROM vendor"))

    assert raised.value.status == 400
    assert "nothing_like_it" in raised.value.detail


def test_a_missing_record(client):
    with pytest.raises(RecordMissing):
        client.get("purchaseOrder", "99999999")
    with pytest.raises(RecordMissing):
        client.get("vendorBill", eid("cf-never"), expand=False)


def test_a_wrong_secret_is_a_refused_login(erp):
    credentials = Credentials.from_json({**erp.credentials, "token_secret": "wrong"})

    with pytest.raises(ErpLoginRefused) as raised:
        NetSuiteClient(credentials).get("vendor", "501")

    assert raised.value.status == 401


# Writing


def test_a_bill_moves_its_order_line_in_the_erp(client):
    order = orders_by_number(client)["PO10004"]
    line = order.lines[0]

    bill_id = post(client, a_bill(order, quantity=Decimal(2)))

    after = orders_by_number(client, Selection(ids=[order.id]))["PO10004"]
    assert after.line(line.line).billed == line.billed + 2
    assert takings(client, order)[bill_id] == {line.line: 2}


def test_a_bill_is_read_back_with_its_total_and_by_its_external_id(client):
    order = orders_by_number(client)["PO10004"]
    freight = BillExpenseLine(account="121", amount=Decimal("12.50"), memo="Freight")
    bill = a_bill(order, quantity=Decimal(2), expenses=(freight,))

    bill_id = post(client, bill)

    record = client.get("vendorBill", eid("cf-1"))
    assert record["id"] == bill_id
    assert Decimal(record["total"]) == bill.total
    assert (record["tranId"], record["tranDate"]) == ("INV-1", "2026-04-10")
    assert record["item"]["items"][0]["orderDoc"]["id"] == order.id


def test_an_amount_that_no_short_rate_makes_is_kept_to_the_cent(client):
    order = orders_by_number(client)["PO10004"]
    line = order.lines[0]
    item = BillItemLine(
        order_id=order.id,
        order_line=line.line,
        item_id=line.item_id,
        quantity=Decimal(3),
        rate=Decimal("33.33333333"),
        amount=Decimal("100.00"),
    )

    post(client, a_bill(order, items=(item,)))

    assert client.get("vendorBill", eid("cf-1"))["total"] == 100


def test_an_expense_line_of_an_order_is_billed(client):
    orders = [order for order in orders_by_number(client).values() if order.status.is_open]
    order, line = next((order, line) for order in orders for line in order.lines if line.is_expense)
    expense = BillExpenseLine(
        account=line.coding.account, amount=Decimal("1.00"), memo="part", order_id=order.id, order_line=line.line
    )

    bill_id = post(client, a_bill(order, items=(), expenses=(expense,)))

    assert takings(client, order)[bill_id] == {line.line: Decimal("1.00")}


def test_an_external_id_is_taken_once(client):
    order = orders_by_number(client)["PO10004"]
    post(client, a_bill(order))

    with pytest.raises(DuplicateExternalId):
        post(client, a_bill(order, number="INV-2"))

    assert len(takings(client, order)) == 1


def test_a_number_that_is_taken_is_found(client):
    order = orders_by_number(client)["PO10004"]
    bill_id = post(client, a_bill(order))

    query, params = same_number_query(a_bill(order))

    assert [(row["id"], row["externalid"]) for row in client.suiteql(query, params)] == [(bill_id, "cf-1")]


def test_a_credit_is_created_as_one(client):
    order = orders_by_number(client)["PO10004"]

    credit_id = post(client, a_bill(order, document_type=DocumentType.CREDIT_NOTE, number="CR-1"))

    [group] = by_record(rows_of(client, bills_query(Selection(ids=[credit_id]))))
    credit = erp_bill_of(COMPANY, group)
    assert (credit.document_type, credit.total) == (DocumentType.CREDIT_NOTE, order.lines[0].rate)
    assert client.get("vendorCredit", eid("cf-1"))["total"] == order.lines[0].rate


def test_a_receipt_by_transformation_is_read_by_its_order_line(client):
    order = next(order for order in orders_by_number(client).values() if order.status == OrderStatus.PENDING_RECEIPT)
    line = order.lines[0]
    lines = [{"orderLine": line.line, "quantity": 1, "itemReceive": True}]
    lines += [{"orderLine": other.line, "itemReceive": False} for other in order.lines[1:]]

    receipt_id = client.transform("purchaseOrder", order.id, "itemReceipt", {"item": {"items": lines}})

    [group] = by_record(rows_of(client, receipts_query(Selection(ids=[receipt_id]))))
    receipt = receipt_of(COMPANY, group)
    assert (receipt.order_id, receipt.quantities) == (order.id, {line.line: 1})


def test_a_refusal_has_netsuites_words_and_place(client):
    order = orders_by_number(client)["PO10004"]
    bill = a_bill(order)
    wrong = bill.items[0].model_copy(update={"item_id": "9999999"})

    with pytest.raises(ErpRefusal) as raised:
        post(client, bill.model_copy(update={"items": (wrong,)}))

    assert raised.value.status == 400
    assert "9999999" in raised.value.detail
    assert raised.value.path.startswith("item.items[0]")


# When the ERP has trouble


@pytest.mark.parametrize("kind", ["429", "500", "503", "login_page", "cut_before", "cut_after"])
def test_reading_survives_one_fault(erp, client, kind):
    erp.control("faults", {"kind": kind, "route": "GET /services/rest/record", "count": 1})

    assert client.get("vendor", "501")["id"] == "501"


@pytest.mark.parametrize("kind", ["500", "503", "login_page", "cut_before"])
def test_a_change_that_may_be_lost_is_neither_repeated_nor_called_refused(erp, client, kind):
    order = orders_by_number(client)["PO10004"]
    erp.control("faults", {"kind": kind, "route": "POST /services/rest/record", "count": 1})

    with pytest.raises(ReplyLost):
        post(client, a_bill(order))

    assert takings(client, order) == {}


def test_a_change_whose_reply_was_cut_off_is_found_by_its_external_id(erp, client):
    order = orders_by_number(client)["PO10004"]
    erp.control("faults", {"kind": "cut_after", "route": "POST /services/rest/record", "count": 1})

    with pytest.raises(ReplyLost):
        post(client, a_bill(order))

    bill_id = client.get("vendorBill", eid("cf-1"), expand=False)["id"]
    assert list(takings(client, order)) == [bill_id]


def test_a_change_that_was_blocked_for_concurrency_is_repeated(erp, client):
    order = orders_by_number(client)["PO10004"]
    erp.control("faults", {"kind": "429", "route": "POST /services/rest/record", "count": 2})

    post(client, a_bill(order))

    assert len(takings(client, order)) == 1


def test_a_slow_erp_is_given_up(erp):
    erp.control("faults", {"kind": "delay", "seconds": 2, "route": "GET /services/rest/record", "count": 1})
    client = erp.client(timeout_seconds=(1, 0.2), attempts_max=1)

    with pytest.raises(ErpUnavailable):
        client.get("vendor", "501")


def test_a_login_page_for_ever_is_no_empty_answer(erp, client):
    erp.control("faults", {"kind": "login_page", "route": "suiteql"})

    with pytest.raises(UnexpectedReply):
        rows_of(client, vendors_query(Selection()))


# What is gone


def test_a_deletion_is_noticed(erp, client):
    order = orders_by_number(client)["PO10004"]
    bill_id = post(client, a_bill(order))

    erp.delete("vendorBill", bill_id)

    deletions = [deletion_of(row) for row in rows_of(client, deletions_query(Selection()))]
    assert [(deletion.id, deletion.kind) for deletion in deletions] == [(bill_id, "vendorBill")]
    assert rows_of(client, changed_query(BILL_TYPES, Selection(ids=[bill_id]))) == []
