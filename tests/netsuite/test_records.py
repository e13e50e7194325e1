"""What NetSuite's rows mean, and what its bills are made of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from counterfoil.domain.bills import Bill, BillExpenseLine, BillItemLine
from counterfoil.domain.invoices import DocumentType
from counterfoil.domain.orders import Coding, ItemKind, OrderStatus
from counterfoil.domain.returns import SettledReturn
from counterfoil.netsuite.records import (
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
    takings_of,
    vendor_of,
    vendors_query,
)
from counterfoil.netsuite.rows import IDS_MAX, Selection, UnreadableRow, by_record

HEADER = {
    "id": "1042",
    "tranid": "PO10042",
    "status": "E",
    "entity": "501",
    "entityname": "Acme Paper Ltd",
    "currency": "GBP",
    "trandate": "2026-02-02",
    "modified": "2026-02-10T16:40:11",
    "line": "0",
    "mainline": "T",
}
ITEM_LINE = {
    **HEADER,
    "line": "1",
    "mainline": "F",
    "item": "77",
    "itemcode": "PAPER-A4",
    "itemtype": "InvtPart",
    "isfulfillable": "T",
    "vendoritem": "AP-4",
    "description": "A4 paper, box",
    "quantity": "100",
    "unit": "Box",
    "rate": "10.5",
    "foreignamount": "1050",
    "received": "60",
    "billed": "20",
    "isclosed": "F",
    "department": "4",
}
EXPENSE_LINE = {
    **HEADER,
    "line": "4",
    "mainline": "F",
    "expenseaccount": "61",
    "description": "Delivery",
    "foreignamount": "40",
}


# Queries

QUERIES = [
    pytest.param(vendors_query, id="vendors"),
    pytest.param(orders_query, id="orders"),
    pytest.param(receipts_query, id="receipts"),
    pytest.param(bills_query, id="bills"),
    pytest.param(deletions_query, id="deletions"),
    pytest.param(lambda selection: changed_query(["PurchOrd"], selection), id="changed"),
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_takes_a_cursor_ids_and_a_place_to_go_on(query):
    text, params = query(Selection(since="2026-02-01T08:30:00", ids=["7", "8"], after="6"))(None)

    assert ">= TO_TIMESTAMP('2026-02-01 08:30:00', 'YYYY-MM-DD HH24:MI:SS')" in text
    assert "IN (7, 8)" in text
    assert "id > 6 ORDER BY" in text
    assert params == ()


@pytest.mark.parametrize(
    ("query", "place"),
    [
        pytest.param(orders_query, "(t.id > 1042 OR (t.id = 1042 AND tl.id > 3)) ORDER BY t.id, tl.id", id="lines"),
        pytest.param(vendors_query, "v.id > 1042 ORDER BY v.id", id="a row a record"),
        pytest.param(
            deletions_query,
            "(d.recordid > 1042 OR (d.recordid = 1042 AND d.type > ?)) ORDER BY d.recordid, d.type",
            id="by type",
        ),
    ],
)
def test_the_next_page_begins_behind_the_last_row(query, place):
    text, params = query(Selection())({"id": "1042", "line": "3", "type": "Bill"})

    assert text.endswith(place)
    assert params == (("Bill",) if "?" in place else ())


@pytest.mark.parametrize("ids", [[], ["1"] * (IDS_MAX + 1)], ids=["none", "one too many"])
def test_a_query_takes_a_limited_number_of_ids(ids):
    with pytest.raises(ValueError, match="1 to 1000 ids"):
        Selection(ids=ids)
    with pytest.raises(ValueError, match="1 to 1000 ids"):
        order_bills_query(ids)


def test_a_query_takes_ids_up_to_its_limit():
    assert orders_query(Selection(ids=["1"] * IDS_MAX))(None)
    assert order_bills_query(["1"] * IDS_MAX)(None)


@pytest.mark.parametrize("bad", ["1) OR (1=1", "", "-1", "１", "9" * 19], ids=str)
def test_only_internal_ids_reach_a_query(bad):
    with pytest.raises(ValueError, match="internal id"):
        orders_query(Selection(ids=[bad]))
    with pytest.raises(ValueError, match="internal id"):
        orders_query(Selection(after=bad))(None)


@pytest.mark.parametrize("bad", ["iban", "custentity_x, 1", "CUSTENTITY_IBAN", "custentity_" + "x" * 80])
def test_only_custom_fields_reach_a_query(bad):
    with pytest.raises(ValueError, match="custom field"):
        vendors_query(Selection(), iban_field=bad)


def test_only_instants_reach_a_query():
    with pytest.raises(ValueError, match="isoformat"):
        orders_query(Selection(since="2026-02-01') OR ('1'='1"))


@pytest.mark.parametrize("kind", ["vendor", "deletedrecord", "PurchOrd", "VendBill"])
def test_the_newest_change_of_a_kind(kind):
    assert newest_query(kind).startswith("SELECT TO_CHAR(MAX(")


# Orders


def test_an_order_with_its_lines():
    order = order_of("acme", [HEADER, ITEM_LINE, EXPENSE_LINE])

    assert (order.id, order.number, order.vendor_id, order.vendor_name) == ("1042", "PO10042", "501", "Acme Paper Ltd")
    assert (order.status, order.currency, order.order_date) == (
        OrderStatus.PENDING_BILLING_PARTIALLY_RECEIVED,
        "GBP",
        date(2026, 2, 2),
    )
    item, expense = order.lines
    assert (item.line, item.kind, item.item_id, item.item_code, item.vendor_item_code) == (
        1,
        ItemKind.INVENTORY,
        "77",
        "PAPER-A4",
        "AP-4",
    )
    assert (item.quantity, item.unit, item.rate, item.amount, item.received, item.billed) == (
        100,
        "Box",
        Decimal("10.5"),
        1050,
        60,
        20,
    )
    assert item.coding == Coding(department="4")
    assert (expense.line, expense.kind, expense.amount, expense.quantity) == (4, ItemKind.EXPENSE, 40, 0)
    assert expense.coding.account == "61"


def test_an_order_without_lines_is_one():
    assert order_of("acme", [HEADER]).lines == ()


@pytest.mark.parametrize(
    ("letter", "status"),
    [
        ("P", OrderStatus.PENDING_APPROVAL),
        ("A", OrderStatus.PENDING_APPROVAL),
        ("B", OrderStatus.PENDING_RECEIPT),
        ("C", OrderStatus.REJECTED),
        ("D", OrderStatus.PARTIALLY_RECEIVED),
        ("E", OrderStatus.PENDING_BILLING_PARTIALLY_RECEIVED),
        ("F", OrderStatus.PENDING_BILL),
        ("G", OrderStatus.FULLY_BILLED),
        ("H", OrderStatus.CLOSED),
    ],
)
def test_the_letters_of_an_order(letter, status):
    assert order_of("acme", [{**HEADER, "status": letter}]).status == status


@pytest.mark.parametrize(
    ("item_type", "is_fulfillable", "kind"),
    [
        ("InvtPart", "T", ItemKind.INVENTORY),
        ("InvtPart", "", ItemKind.INVENTORY),
        ("Assembly", "F", ItemKind.INVENTORY),
        ("NonInvtPart", "F", ItemKind.NONINVENTORY),
        ("NonInvtPart", "T", ItemKind.NONINVENTORY_RECEIVABLE),
        ("OthCharge", "F", ItemKind.NONINVENTORY),
        ("OthCharge", "T", ItemKind.NONINVENTORY_RECEIVABLE),
        ("Service", "F", ItemKind.SERVICE),
        ("Service", "T", ItemKind.NONINVENTORY_RECEIVABLE),
    ],
)
def test_what_can_be_received_is_matched_with_its_receipts(item_type, is_fulfillable, kind):
    row = {**ITEM_LINE, "itemtype": item_type, "isfulfillable": is_fulfillable}

    assert order_of("acme", [HEADER, row]).lines[0].kind == kind


def test_lines_that_order_nothing_are_left_out():
    rows = [
        {**ITEM_LINE, "line": str(number), "itemtype": name} for number, name in enumerate(["Subtotal", "Group"], 2)
    ]

    assert [line.line for line in order_of("acme", [HEADER, ITEM_LINE, *rows]).lines] == [1]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"isfulfillable": ""}, "isfulfillable"),
        ({"itemtype": "Kit"}, "itemtype"),
        ({"itemtype": ""}, "itemtype"),
        ({"quantity": ""}, "quantity"),
        ({"quantity": "ten"}, "quantity"),
        ({"rate": "NaN"}, "rate"),
        ({"line": "x"}, "line"),
        ({"isclosed": "yes"}, "isclosed"),
    ],
    ids=str,
)
def test_a_line_in_doubt_names_record_and_column(change, column):
    row = {**ITEM_LINE, "itemtype": "NonInvtPart", **change}

    with pytest.raises(UnreadableRow) as raised:
        order_of("acme", [HEADER, row])

    assert (raised.value.record, raised.value.column) == ("purchaseOrder 1042", column)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"status": "X"}, "status"),
        ({"currency": ""}, "currency"),
        ({"entity": ""}, "entity"),
        ({"trandate": "2/2/2026"}, "trandate"),
        ({"modified": "yesterday"}, "modified"),
        ({"mainline": "F"}, "mainline"),
    ],
    ids=str,
)
def test_a_header_in_doubt_names_the_column(change, column):
    with pytest.raises(UnreadableRow) as raised:
        order_of("acme", [{**HEADER, **change}])

    assert raised.value.column == column


def test_instants_are_in_the_accounts_time_zone():
    order = order_of("acme", [HEADER], zone=ZoneInfo("America/Los_Angeles"))

    assert order.modified_at == datetime(2026, 2, 11, 0, 40, 11, tzinfo=UTC)


def test_rows_come_together_by_record_across_pages():
    rows = [{"id": "1"}, {"id": "2"}, {"id": "2"}]

    assert [len(group) for group in by_record(rows)] == [1, 2]


# Receipts, bills, vendors, deletions


def test_what_bills_take_of_an_order():
    """Quantities of items, amounts of expense lines; what was rejected or cancelled takes nothing."""
    common = {"orderid": "1042", "orderline": "1", "id": "812", "line": "1", "status": "D", "item": "77"}
    rows = [
        {**common, "quantity": "20", "foreignamount": "200"},
        {**common, "line": "2", "orderline": "4", "item": "", "foreignamount": "12.5"},
        {**common, "id": "813", "quantity": "30", "status": "E"},
        {**common, "id": "814", "quantity": "5", "status": "C"},
        {**common, "orderid": "1043", "quantity": "7"},
    ]

    assert takings_of(rows) == {
        "1042": {"812": {1: 20, 4: Decimal("12.5")}, "813": {}, "814": {}},
        "1043": {"812": {1: 7}},
    }


def test_a_receipt_by_order_line():
    header = {
        "id": "900",
        "tranid": "IR9",
        "trandate": "2026-02-20",
        "modified": "2026-02-20T08:00:00",
        "mainline": "T",
    }
    line = {**header, "mainline": "F", "orderid": "1042"}
    rows = [
        {**header, "line": "0"},
        {**line, "line": "1", "quantity": "60", "orderline": "1"},
        {**line, "line": "2", "quantity": "5", "orderline": "4"},
        {**line, "line": "3", "quantity": "-60", "orderid": ""},  # the ledger's counterpart
    ]

    receipt = receipt_of("acme", rows)

    assert receipt is not None
    assert (receipt.id, receipt.order_id, receipt.quantities) == ("900", "1042", {1: 60, 4: 5})
    assert receipt_of("acme", rows[:1]) is None


def test_a_bill_as_the_erp_holds_it():
    header = {
        "id": "812",
        "type": "VendBill",
        "tranid": "INV-1",
        "status": "A",
        "entity": "501",
        "externalid": "cf-1",
        "currency": "GBP",
        "foreigntotal": "-612.5",
        "trandate": "2026-02-21",
        "modified": "2026-02-21T10:00:00",
        "line": "0",
        "mainline": "T",
    }
    line = {**header, "mainline": "F", "line": "1", "item": "77", "quantity": "60", "foreignamount": "600"}

    bill = erp_bill_of("acme", [header, {**line, "orderid": "1042", "orderline": "1"}])

    assert (bill.total, bill.counts, bill.external_id, bill.document_type) == (
        Decimal("612.5"),
        True,
        "cf-1",
        DocumentType.INVOICE,
    )
    assert (bill.lines[0].order_id, bill.lines[0].order_line, bill.lines[0].quantity) == ("1042", 1, 60)
    assert not erp_bill_of("acme", [{**header, "status": "E"}]).counts


def test_a_vendor_by_all_its_names():
    row = {
        "id": "501",
        "entityid": "V501",
        "companyname": "Acme Paper",
        "legalname": "Acme Paper Ltd",
        "altname": "Acme Paper",
        "email": "Orders@AcmePaper.example",
        "vatregnumber": "GB123",
        "currency": "GBP",
        "isinactive": "F",
        "modified": "2026-02-10T16:40:11",
    }

    vendor = vendor_of("acme", row | {"iban": "gb29 nwbk 6016 1331 9268 19; DE89370400440532013000"})

    assert vendor.ibans == ("GB29NWBK60161331926819", "DE89370400440532013000")
    assert (vendor.name, vendor.names) == ("Acme Paper", ("Acme Paper", "Acme Paper Ltd", "V501"))
    assert (vendor.email_domain, vendor.vat_id, vendor.is_inactive) == ("acmepaper.example", "GB123", False)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("Purchase Order", "purchaseOrder"),
        ("purchaseorder", "purchaseOrder"),
        ("PurchOrd", "purchaseOrder"),
        ("Bill", "vendorBill"),
        ("Item Receipt", "itemReceipt"),
        ("VENDOR", "vendor"),
        ("Sales Order", None),
    ],
)
def test_deletions_by_any_of_their_names(written, kind):
    deletion = deletion_of({"id": "7", "type": written, "modified": "2026-02-10T16:40:11"})

    assert deletion.kind == kind


# Bodies


def a_bill(**values):
    return Bill(
        document_type=values.pop("document_type", DocumentType.INVOICE),
        external_id="cf-1",
        vendor_id="501",
        number="INV-1",
        bill_date=date(2026, 2, 21),
        due_date=date(2026, 3, 23),
        currency="GBP",
        memo="Invoice INV-1",
        items=(
            BillItemLine(
                order_id="1042",
                order_line=1,
                item_id="77",
                quantity=Decimal(60),
                rate=Decimal("10.5"),
                amount=Decimal(630),
                coding=Coding(department="4", class_="9"),
            ),
        ),
        expenses=(
            BillExpenseLine(account="64", amount=Decimal("12.5"), memo="Freight"),
            BillExpenseLine(account="61", amount=Decimal(40), order_id="1042", order_line=4),
        ),
        **values,
    )


def test_a_bill_links_each_line_to_its_order():
    body = bill_body(a_bill(), "3")

    assert {name: value for name, value in body.items() if name not in ("item", "expense")} == {
        "externalId": "cf-1",
        "entity": {"id": "501"},
        "tranId": "INV-1",
        "tranDate": "2026-02-21",
        "dueDate": "2026-03-23",
        "currency": {"id": "3"},
        "memo": "Invoice INV-1",
    }
    assert body["item"]["items"] == [
        {
            "item": {"id": "77"},
            "quantity": 60,
            "rate": Decimal("10.5"),
            "amount": 630,
            "orderDoc": {"id": "1042"},
            "orderLine": 1,
            "department": {"id": "4"},
            "class": {"id": "9"},
        }
    ]
    assert body["expense"]["items"] == [
        {"account": {"id": "64"}, "amount": Decimal("12.5"), "memo": "Freight"},
        {"account": {"id": "61"}, "amount": 40, "memo": "", "orderDoc": "1042", "orderLine": "4"},
    ]
    assert bill_type(DocumentType.INVOICE) == "vendorBill"


def test_a_credit_links_no_order():
    credit = a_bill(document_type=DocumentType.CREDIT_NOTE)

    body = bill_body(credit, "3")

    assert bill_type(DocumentType.CREDIT_NOTE) == "vendorCredit"
    assert "dueDate" not in body
    assert all("orderDoc" not in line for line in body["item"]["items"] + body["expense"]["items"])


# Projects, segments, addresses


def coded(**cells):
    [line] = order_of("acme", [HEADER, {**ITEM_LINE, **cells}], segments=("cseg_region", "custcol_lot")).lines
    return line.coding


@pytest.mark.parametrize(
    ("cells", "project"),
    [
        pytest.param({"lineentity": "712"}, "712", id="a customer or a project"),
        pytest.param({"lineentity": "501"}, None, id="the vendor itself: nobody"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_whom_a_line_is_for(cells, project):
    assert coded(**cells).project == project


def test_a_line_is_coded_by_the_fields_that_are_asked_for():
    cells = {"cseg_region": "2", "custcol_lot": "", "cseg_other": "9"}

    assert coded(**cells).segments == {"cseg_region": "2"}


@pytest.mark.parametrize("name", ["cseg_region", "cseg1", "custcol_lot"])
def test_fields_of_lines_are_asked_for_by_their_names(name):
    text, _ = orders_query(Selection(), segments=(name,))(None)

    assert f"tl.{name} AS {name}" in text


@pytest.mark.parametrize("bad", ["region", "cseg_region, 1", "CSEG_REGION", "custcol_" + "x" * 80, "custbody_x"])
def test_only_custom_fields_of_lines_reach_a_query(bad):
    with pytest.raises(ValueError, match="custom segment"):
        orders_query(Selection(), segments=(bad,))


def test_a_bills_lines_say_whom_they_are_for_and_where_they_are_counted():
    coding = Coding(project="712", segments={"cseg_region": "2", "custcol_lot": "L7", "total": "1"})
    bill = a_bill()
    items, expenses = (
        tuple(line.model_copy(update={"coding": coding}) for line in lines) for lines in (bill.items, bill.expenses)
    )

    body = bill_body(bill.model_copy(update={"items": items, "expenses": expenses}), "1")

    for line in (body["item"]["items"][0], body["expense"]["items"][0]):
        assert (line["customer"], line["cseg_region"], line["custcol_lot"]) == ({"id": "712"}, {"id": "2"}, "L7")
        assert "total" not in line, "no account can have defined such a field"


VENDOR_ROW = {"id": "501", "entityid": "V501", "companyname": "Acme", "modified": "2026-02-10T16:40:11"}


@pytest.mark.parametrize(
    ("cells", "address"),
    [
        pytest.param(
            {"addr1": "1 Mill  Road", "zip": "LS1 1AA", "city": "Leeds", "country": "GB"},
            "1 Mill Road, LS1 1AA Leeds, GB",
            id="street, place, country",
        ),
        pytest.param(
            {"addr1": "Box 9", "addr2": "2200 Pine Street", "city": "Seattle", "zip": "98101", "state": "WA"},
            "Box 9, 2200 Pine Street, 98101 Seattle, WA",
            id="two lines and a state",
        ),
        pytest.param({"city": "Leeds", "country": "GB"}, None, id="neither street nor postcode"),
        pytest.param({}, None, id="none"),
    ],
)
def test_a_vendors_address_is_one_text(cells, address):
    assert vendor_of("acme", {**VENDOR_ROW, **cells}).address == address


def test_a_credit_names_the_lines_of_the_return_that_it_settles():
    bill = a_bill(document_type=DocumentType.CREDIT_NOTE)
    [line] = bill.items
    settled = SettledReturn(return_id="900", lines={(line.order_id, line.order_line): 3})

    body = bill_body(bill, "1", settled)

    assert (body["item"]["items"][0]["orderDoc"], body["item"]["items"][0]["orderLine"]) == ({"id": "900"}, 3)
