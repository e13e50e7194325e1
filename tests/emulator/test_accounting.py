"""What moves an order, what may be received and billed, approvals, settlement, periods, and books that balance."""

from __future__ import annotations

from decimal import Decimal

import pytest

from erp_emulator.orders import Progress, state_of_lines
from tests.emulator.client import expense, item, split

D = Decimal


def line(ordered=10, received=0, billed=0, *, receivable=True, closed=False):
    return Progress(D(ordered), D(received), D(billed), receivable, closed)


@pytest.mark.parametrize(
    ("lines", "letter"),
    [
        pytest.param([line()], "B", id="nothing received or billed"),
        pytest.param([line(received=4)], "E", id="some received, none of it billed"),
        pytest.param([line(received=4, billed=4)], "D", id="some received, all of that billed"),
        pytest.param([line(received=4, billed=3)], "E", id="some received, part of that billed"),
        pytest.param([line(received=10)], "F", id="all received"),
        pytest.param([line(received=10, billed=9)], "F", id="all received, part billed"),
        pytest.param([line(received=10, billed=10)], "G", id="all billed"),
        pytest.param([line(receivable=False)], "F", id="nothing to receive"),
        pytest.param([line(receivable=False, billed=10)], "G", id="services billed"),
        pytest.param([line(), line(receivable=False)], "B", id="goods to come beside a service"),
        pytest.param([line(closed=True)], "H", id="all closed"),
        pytest.param([line(closed=True), line()], "B", id="the open line decides"),
        pytest.param([line(closed=True), line(received=10, billed=10)], "H", id="billed and the rest closed"),
        pytest.param([line(received=12, billed=10)], "G", id="over-received and billed in full"),
    ],
)
def test_an_orders_state_follows_from_its_lines(lines, letter):
    assert state_of_lines(lines) == letter


def test_an_order_goes_through_its_states_and_back(client):
    order = client.order(item(quantity=10))
    path = [client.status(order)]

    receipt = client.receive(order, {1: 4})
    path.append(client.status(order))
    bill = client.bill(order)
    path.append(client.status(order))
    client.receive(order)
    path.append(client.status(order))
    second = client.bill(order)
    path.append(client.status(order))
    for made in (second, bill):
        assert client.call("DELETE", f"/record/v1/vendorBill/{made}").status_code == 204
        path.append(client.status(order))
    client.call("DELETE", f"/record/v1/itemReceipt/{receipt}")
    path.append(client.status(order))

    assert path == ["B", "E", "D", "F", "G", "F", "F", "E"]
    [shown] = client.get(f"/record/v1/purchaseOrder/{order}/item")["items"]
    assert (shown["quantityReceived"], shown["quantityBilled"], shown["isOpen"]) == (6.0, 0.0, True)


def test_an_order_is_touched_when_its_receipt_or_bill_changes(client):
    client.control("clock", {"freeze": "2026-05-04T08:00:00Z"})
    order = client.order()
    stamps = []
    for step in (client.receive, client.bill):
        client.control("clock", {"advance": 60})
        step(order)
        [row] = client.query(
            "SELECT TO_CHAR(lastmodifieddate, 'HH24:MI:SS') AS at FROM transaction WHERE id = ?", [order]
        )
        stamps.append(row["at"])

    assert stamps == ["08:01:00", "08:02:00"]


def test_a_receipt_takes_what_is_left_unless_lines_say_otherwise(client):
    order = client.order(item(quantity=10), item("72", 5, 7), item("81", 2, 950))

    client.receive(order, {1: 3})
    client.receive(order)

    lines = client.get(f"/record/v1/purchaseOrder/{order}/item")["items"]
    assert [x["quantityReceived"] for x in lines] == [10.0, 5.0, 0.0]
    receipts = client.query(
        "SELECT DISTINCT nl.nextdoc FROM NextTransactionLineLink nl "
        "WHERE nl.previousdoc = ? AND nl.linktype = 'ShipRcpt'",
        [order],
    )
    assert len(receipts) == 2


@pytest.mark.parametrize("quantity", [11, 0, -1])
def test_a_receipt_of_too_much_or_nothing_is_refused(client, quantity):
    order = client.order(item(quantity=10))

    body = {"item": {"items": [{"orderLine": 1, "quantity": quantity}]}}
    client.refused("POST", f"/record/v1/purchaseOrder/{order}/!transform/itemReceipt", body)

    assert client.status(order) == "B"


def test_more_than_ordered_is_received_where_the_account_allows(client):
    client.control("preferences", {"OVERRECEIPTS": True})
    order = client.order(item(quantity=10))

    client.receive(order, {1: 12})

    assert client.get(f"/record/v1/purchaseOrder/{order}/item/1")["quantityReceived"] == 12.0


def test_receipts_default_to_nothing_where_the_account_says_so(client):
    client.control("preferences", {"DEFAULTUNFULFILLED": True})
    order = client.order(item(quantity=10), item("72", 5, 1))

    client.refused("POST", f"/record/v1/purchaseOrder/{order}/!transform/itemReceipt", {})
    body = {"item": {"items": [{"orderLine": 2, "quantity": 5, "itemReceive": True}]}}
    receipt = client.make(f"/record/v1/purchaseOrder/{order}/!transform/itemReceipt", body)

    assert [x["orderLine"] for x in client.get(f"/record/v1/itemReceipt/{receipt}/item")["items"]] == [2]


def test_a_receipt_comes_of_an_order_and_takes_no_lines_of_its_own(client):
    assert (
        "Please enter value(s) for: "
        in client.refused("POST", "/record/v1/itemReceipt", {"item": {"items": []}})["detail"]
    )
    order = client.order()
    body = {"item": {"items": [{"item": {"id": "72"}, "quantity": 1, "orderLine": 7}]}}
    detail = client.refused("POST", f"/record/v1/purchaseOrder/{order}/!transform/itemReceipt", body)["detail"]
    assert "static sublist" in detail


def test_a_bill_takes_what_was_received_and_not_billed(client):
    order = client.order(item(quantity=10), item("81", 3, 950), expense(60))
    client.receive(order, {1: 4})

    bill = client.bill(order)

    shown = client.get(f"/record/v1/vendorBill/{bill}?expandSubResources=true")
    assert [(x["orderLine"], x["quantity"]) for x in shown["item"]["items"]] == [(1, 4.0), (2, 3.0)]
    assert [(x["orderLine"], x["amount"]) for x in shown["expense"]["items"]] == [(3, 60.0)]
    assert (shown["total"], shown["balance"], shown["dueDate"]) == (2950.0, 2950.0, "2026-06-05")
    assert shown["item"]["items"][0]["orderDoc"]["refName"].startswith("Purchase Order #PO")


def test_a_bill_takes_what_was_ordered_where_it_may_come_first(client):
    client.control("preferences", {"UNCRECEIVEDBILLS": True})
    order = client.order(item(quantity=10))

    bill = client.bill(order)

    assert client.get(f"/record/v1/vendorBill/{bill}/item/1")["quantity"] == 10.0
    assert client.status(order) == "G"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"approvalStatus": {"id": "1"}}, id="not approved"),
        pytest.param({"approvalStatus": {"id": "3"}}, id="rejected"),
        pytest.param({}, id="nothing received"),
    ],
)
def test_an_order_that_cannot_be_billed_is_refused_as_a_reference(client, header):
    order = client.order(**header)

    detail = client.refused("POST", f"/record/v1/purchaseOrder/{order}/!transform/vendorBill", {})

    assert detail["detail"].endswith(f"You cannot initialize vendorBill: invalid reference {order}.")


def test_an_impossible_transformation_is_refused(client):
    order = client.order()

    detail = client.refused("POST", f"/record/v1/purchaseOrder/{order}/!transform/vendorPayment", {})

    assert "The transformation of purchaseOrder to vendorPayment is not allowed" in detail["detail"]
    client.refused("POST", "/record/v1/purchaseOrder/99999/!transform/vendorBill", {}, status=404)


def test_a_prefilled_form_is_shown_and_not_kept(client):
    order = client.order(item(quantity=10))
    client.receive(order)
    before = client.get("/record/v1/vendorBill")["totalResults"]

    form = {"Accept": "application/vnd.oracle.resource+json; type=create-form"}
    reply = client.call("POST", f"/record/v1/purchaseOrder/{order}/!transform/vendorBill", {}, headers=form)

    assert (reply.status_code, "type=create-form" in reply.headers["Content-Type"]) == (200, True)
    assert reply.json()["item"]["items"][0]["quantity"] == 10.0
    assert {x["rel"] for x in reply.json()["links"]} == {"self", "transform"}
    assert client.get("/record/v1/vendorBill")["totalResults"] == before


def test_a_pending_bill_counts_as_billed_and_a_rejected_one_does_not(client):
    order = client.order(item(quantity=10))
    client.receive(order)
    bill = client.bill(order, approvalStatus={"id": "1"})
    assert (client.status(order), client.bill_status(bill)) == ("G", "Pending Approval")
    [row] = client.query("SELECT posting, status FROM transaction WHERE id = ?", [bill])
    assert row == {"posting": "F", "status": "D"}

    client.make(f"/record/v1/vendorBill/{bill}", {"approvalstatus": 3}, "PATCH")
    assert (client.status(order), client.bill_status(bill)) == ("F", "Rejected")

    client.make(f"/record/v1/vendorBill/{bill}", {"approvalStatus": {"id": "2"}}, "PATCH")
    assert (client.status(order), client.bill_status(bill)) == ("G", "Open")


def test_bills_and_orders_start_pending_where_approval_is_routed(client):
    client.control("preferences", {"CUSTOMAPPROVALVENDORBILL": True, "CUSTOMAPPROVALPURCHORD": True})

    assert client.bill_status(client.expense_bill()) == "Pending Approval"
    assert client.status(client.order()) == "A"


def test_a_bill_of_its_own_is_linked_by_order_and_line(client):
    order = client.order(item(quantity=10), item("72", 5, 7))
    other = client.order(item("73", 2, 60))
    rows = [
        {**item(quantity=4), "orderDoc": {"id": order}, "orderLine": 1},
        {**item("73", 2, 60), "orderDoc": {"id": other}, "orderLine": 1},
        item("72", 1, 7),
    ]

    bill = client.make("/record/v1/vendorBill", {"entity": "501", "tranId": "S-1", **split(rows)})

    links = client.query(
        "SELECT previousdoc, previousline, nextline, linktype, quantity "
        "FROM PreviousTransactionLineLink WHERE nextdoc = ? ORDER BY nextline",
        [bill],
    )
    assert [(x["previousdoc"], x["previousline"], x["nextline"], x["linktype"]) for x in links] == [
        (order, "1", "1", "OrdBill"),
        (other, "1", "2", "OrdBill"),
    ]
    assert client.get(f"/record/v1/purchaseOrder/{order}/item/1")["quantityBilled"] == 4.0
    assert client.get(f"/record/v1/purchaseOrder/{order}/item/2")["quantityBilled"] == 0.0


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param({"orderLine": 9}, "orderLine", id="no such line"),
        pytest.param({"orderDoc": {"id": "501"}}, "orderDoc", id="no order"),
        pytest.param({"item": {"id": "72"}}, "item", id="another item"),
    ],
)
def test_a_link_that_cannot_be_is_refused(client, change, text):
    order = client.order()
    row = {**item(), "orderDoc": {"id": order}, "orderLine": 1, **change}

    detail = client.refused("POST", "/record/v1/vendorBill", {"entity": "501", **split([row])})

    assert f"for the following field: {text}" in detail["detail"]


def test_a_line_is_billed_once_on_a_bill_and_only_by_its_own_vendor(client):
    order = client.order()
    row = {**item(quantity=1), "orderDoc": {"id": order}, "orderLine": 1}

    client.refused("POST", "/record/v1/vendorBill", {"entity": "501", **split([row, row])})
    client.refused("POST", "/record/v1/vendorBill", {"entity": "506", **split([row])})


def test_more_than_ordered_may_be_billed_unless_the_account_refuses_it(client):
    order = client.order(item(quantity=10))
    row = {**item(quantity=12), "orderDoc": {"id": order}, "orderLine": 1}
    body = {"entity": "501", **split([row])}

    client.control("preferences", {"overBilling": "refuse"})
    client.refused("POST", "/record/v1/vendorBill", body)
    client.control("preferences", {"overBilling": "accept"})
    client.make("/record/v1/vendorBill", body)

    assert client.get(f"/record/v1/purchaseOrder/{order}/item/1")["quantityBilled"] == 12.0


def test_closing_lines_closes_the_order_and_opening_one_reopens_it(client):
    order = client.order(item(), item("72", 5, 1))
    path = f"/record/v1/purchaseOrder/{order}"

    client.make(path, {"item": {"items": [{"line": 1, "isClosed": True}]}}, "PATCH")
    assert client.status(order) == "B"
    client.make(path, {"item": {"items": [{"line": 2, "isClosed": True}]}}, "PATCH")
    assert client.status(order) == "H"
    client.refused("POST", f"{path}/!transform/itemReceipt", {})
    client.make(path, {"item": {"items": [{"line": 1, "isClosed": False}]}}, "PATCH")
    assert client.status(order) == "B"


def test_what_others_depend_on_is_not_deleted(client):
    order = client.order()
    receipt = client.receive(order)
    bill = client.bill(order)
    client.make(f"/record/v1/vendorBill/{bill}/!transform/vendorPayment", {"tranDate": "2026-05-07"})

    for path in (f"purchaseOrder/{order}", f"itemReceipt/{receipt}", f"vendorBill/{bill}"):
        assert "cannot be deleted" in client.refused("DELETE", f"/record/v1/{path}")["detail"]


def test_a_received_line_stays_and_the_vendor_too(client):
    order = client.order(item(), item("72", 5, 1))
    client.receive(order, {1: 2})

    client.refused("PATCH", f"/record/v1/purchaseOrder/{order}?replace=item", {"item": {"items": [{"line": 2}]}})
    client.refused("PATCH", f"/record/v1/purchaseOrder/{order}", {"entity": {"id": "506"}})


# Settlement.


def test_payments_lower_the_balance_until_the_bill_is_paid(client):
    bill = client.expense_bill(100)

    part = {"account": {"id": "101"}, "apply": {"items": [{"doc": {"id": bill}, "apply": True, "amount": 30}]}}
    client.make("/record/v1/vendorPayment", {"entity": {"id": "501"}, "tranDate": "2026-05-08", **part})
    assert client.get(f"/record/v1/vendorBill/{bill}")["balance"] == 70.0
    payment = client.make(f"/record/v1/vendorBill/{bill}/!transform/vendorPayment", {"tranDate": "2026-05-09"})
    assert (client.bill_status(bill), client.get(f"/record/v1/vendorPayment/{payment}")["total"]) == (
        "Paid In Full",
        70.0,
    )

    rows = client.query(
        f"""SELECT DISTINCT lk.PreviousDoc transaction, p.ID ID, p.ID internalId, p.tranid, BUILTIN.DF(p.Status) status,
           p.ForeignTotal amount, currency, exchangeRate FROM NextTransactionLineLink AS lk
           INNER JOIN Transaction AS p ON (p.ID = lk.NextDoc) WHERE p.recordtype = 'vendorpayment'
           AND (lk.PreviousDoc in ('{bill}') OR p.tranid in ('PAY-19')) ORDER BY p.ID"""
    )
    assert [row["amount"] for row in rows] == ["-30", "-70"]
    assert all(row["transaction"] == bill for row in rows)

    assert client.call("DELETE", f"/record/v1/vendorPayment/{payment}").status_code == 204
    assert client.bill_status(bill) == "Open"


def test_one_payment_may_pay_several_bills(client):
    bills = [client.expense_bill(amount, tranId=f"M-{amount}") for amount in (10, 20)]

    body = {
        "entity": "501",
        "account": "101",
        "apply": {"items": [{"doc": {"id": each}, "apply": True} for each in bills]},
    }
    payment = client.make("/record/v1/vendorPayment", body)

    assert client.get(f"/record/v1/vendorPayment/{payment}")["total"] == 30.0
    assert [client.bill_status(each) for each in bills] == ["Paid In Full"] * 2


def test_voiding_a_payment_reopens_the_bill(client):
    bill = client.expense_bill()
    payment = client.make(f"/record/v1/vendorBill/{bill}/!transform/vendorPayment", {})

    reply = client.call("POST", f"/record/v1/vendorPayment/{payment}/@void")

    assert (reply.status_code, reply.json()["result"]) == (200, True)
    assert client.bill_status(bill) == "Open"
    assert client.control("trial-balance", method="GET")["balanced"]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda c: c.expense_bill(approvalStatus="1"), id="pending"),
        pytest.param(lambda c: c.expense_bill(paymentHold=True), id="on hold"),
        pytest.param(lambda c: c.expense_bill(entity="506"), id="of another vendor"),
        pytest.param(lambda c: c.order(), id="an order"),
    ],
)
def test_what_cannot_be_paid_is_refused(client, make):
    document = make(client)
    body = {
        "entity": "501",
        "account": "101",
        "apply": {"items": [{"doc": {"id": document}, "apply": True, "amount": 1}]},
    }

    assert client.refused("POST", "/record/v1/vendorPayment", body)["o:errorPath"] == "apply.items[0].doc"


@pytest.mark.parametrize("amount", [100.01, 0, -5])
def test_a_payment_of_more_than_is_due_or_of_nothing_is_refused(client, amount):
    bill = client.expense_bill(100)
    body = {"apply": {"items": [{"doc": {"id": bill}, "apply": True, "amount": amount}]}}

    client.refused("POST", f"/record/v1/vendorBill/{bill}/!transform/vendorPayment", body)

    assert client.get(f"/record/v1/vendorBill/{bill}")["balance"] == 100.0


def test_a_credit_lowers_the_bill_it_is_applied_to(client):
    bill = client.expense_bill(100)
    body = {
        "entity": "501",
        "tranId": "CR-9",
        **split((expense(40),)),
        "apply": {"items": [{"doc": {"id": bill}, "apply": True, "amount": 25}]},
    }

    credit = client.make("/record/v1/vendorCredit", body)

    shown = client.get(f"/record/v1/vendorCredit/{credit}")
    assert (shown["total"], shown["applied"], shown["unapplied"], shown["status"]["refName"]) == (
        40.0,
        25.0,
        15.0,
        "Open",
    )
    assert client.get(f"/record/v1/vendorBill/{bill}")["balance"] == 75.0
    whole = client.make(
        f"/record/v1/vendorBill/{bill}/!transform/vendorCredit", {"apply": {"items": [{"doc": bill, "amount": 75}]}}
    )
    assert client.bill_status(bill) == "Paid In Full"
    assert client.get(f"/record/v1/vendorCredit/{whole}")["total"] == 100.0


def test_a_paid_bill_keeps_its_amounts(client):
    bill = client.expense_bill()
    client.make(f"/record/v1/vendorBill/{bill}/!transform/vendorPayment", {})

    client.refused("PATCH", f"/record/v1/vendorBill/{bill}", {"expense": {"items": [{"line": 1, "amount": 7}]}})
    client.make(f"/record/v1/vendorBill/{bill}", {"memo": "still may be noted"}, "PATCH")


def test_goods_go_back_and_are_credited(client):
    order = client.order(item(quantity=10))
    client.receive(order)
    client.bill(order)

    body = {"item": {"items": [{"line": 1, "quantity": 3}]}}
    back = client.make(
        f"/record/v1/purchaseOrder/{order}/!transform/vendorReturnAuthorization?replace=item",
        {"item": {"items": [item(quantity=3)]}},
    )
    client.make(f"/record/v1/vendorReturnAuthorization/{back}/!transform/itemFulfillment", {})
    credit = client.make(f"/record/v1/vendorReturnAuthorization/{back}/!transform/vendorCredit", {"tranId": "CR-1"})

    assert client.get(f"/record/v1/vendorReturnAuthorization/{back}")["orderStatus"]["id"] == "G"
    assert client.get(f"/record/v1/vendorCredit/{credit}")["total"] == 30.0
    assert client.control("trial-balance", method="GET")["balanced"]
    del body


# Money.


def test_tax_is_added_by_code_by_amount_or_as_overridden(client):
    by_code = client.make("/record/v1/vendorBill", {"entity": "501", **split((expense(100, taxCode={"id": "1"}),))})
    assert client.get(f"/record/v1/vendorBill/{by_code}")["total"] == 120.0
    given = client.make("/record/v1/vendorBill", {"entity": "501", **split((expense(100, taxAmount=19.99),))})
    assert client.get(f"/record/v1/vendorBill/{given}")["taxTotal"] == 19.99
    details = {
        "taxDetailsReference": "NEW_ITEM_0",
        "taxCode": {"id": "1"},
        "taxType": {"id": "1"},
        "taxBasis": 100,
        "taxRate": 20,
        "taxAmount": 20.01,
    }
    body = {
        "entity": "501",
        "taxDetailsOverride": True,
        "taxDetails": {"items": [details]},
        **split((expense(100, taxDetailsReference="NEW_ITEM_0"),)),
    }
    overridden = client.make("/record/v1/vendorBill", body)
    assert client.get(f"/record/v1/vendorBill/{overridden}")["total"] == 120.01
    assert client.control("trial-balance", method="GET")["balanced"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param({"entity": "511"}, "for the following field: entity", id="inactive vendor"),
        pytest.param(
            {"entity": "501", "subsidiary": "1"},
            "Invalid vendor reference key 501 for subsidiary 1.",
            id="vendor not of the subsidiary",
        ),
        pytest.param(
            {"entity": "501", "currency": "1"}, "for the following field: currency", id="currency the vendor has not"
        ),
        pytest.param({"entity": "501", "account": "101"}, "for the following field: account", id="no payables account"),
        pytest.param({"entity": "501", "exchangeRate": 0}, "for the following field: exchangeRate", id="no rate"),
        pytest.param({"entity": "501", "tranId": "9" * 46}, "maximum number", id="number too long"),
        pytest.param({"entity": "501", "tranDate": "2026-02-30"}, "for the following field: tranDate", id="no date"),
        pytest.param({"entity": "501", "tranDate": "2024-06-01"}, "closed (or locked) period", id="closed period"),
    ],
)
def test_a_bill_that_does_not_fit_its_vendor_or_period_is_refused(client, body, text):
    if "2024" in str(body):
        client.refused("POST", "/record/v1/vendorBill", {**body, **split((expense(1),))})
        return
    assert text in client.refused("POST", "/record/v1/vendorBill", {**body, **split((expense(1),))})["detail"]


def test_a_bill_needs_a_line(client):
    detail = client.refused("POST", "/record/v1/vendorBill", {"entity": "501", "tranId": "X"})

    assert detail["detail"].endswith("You must enter at least one line item for this transaction.")


def test_nothing_posts_into_a_closed_period_nor_out_of_it(client):
    bill = client.expense_bill(tranDate="2026-05-06")
    client.control("periods/May 2026", {"apLocked": True})

    client.refused("POST", "/record/v1/vendorBill", {"entity": "501", "tranDate": "2026-05-07", **split((expense(1),))})
    client.refused("PATCH", f"/record/v1/vendorBill/{bill}", {"expense": {"items": [{"line": 1, "amount": 7}]}})
    client.refused("DELETE", f"/record/v1/vendorBill/{bill}")
    client.make(f"/record/v1/vendorBill/{bill}", {"memo": "a note is no posting"}, "PATCH")
    client.control("preferences", {"DEFAULTPERIODIFCLOSED": "First Open"})
    moved = client.expense_bill(tranDate="2026-05-07")
    assert client.get(f"/record/v1/vendorBill/{moved}")["postingPeriod"]["refName"] == "Jun 2026"


def test_mandatory_segments_are_asked_for(client):
    client.control("preferences", {"DEPTMANDATORY": True})

    assert (
        "Department"
        in client.refused("POST", "/record/v1/vendorBill", {"entity": "501", **split((expense(1),))})["detail"]
    )


def test_receipt_and_bill_pass_through_accrued_purchases(client):
    order = client.order(item(quantity=10, rate=10))
    client.receive(order)
    bill = client.bill(order)

    lines = client.query(
        "SELECT a.acctnumber, tal.debit, tal.credit FROM "
        "transactionaccountingline tal JOIN account a ON a.id = tal.account "
        "WHERE tal.transaction = ? ORDER BY a.acctnumber",
        [bill],
    )
    assert lines == [{"acctnumber": "2000", "credit": "100"}, {"acctnumber": "2060", "debit": "100"}]


def test_a_payment_at_another_rate_books_the_difference(client):
    bill = client.expense_bill(100, entity="501", currency="3", exchangeRate=0.9)
    assert client.get(f"/record/v1/vendorBill/{bill}")["currency"]["refName"] == "EUR"

    payment = client.make(f"/record/v1/vendorBill/{bill}/!transform/vendorPayment", {"exchangeRate": 0.8})

    rows = client.query("SELECT account, netamount FROM transactionaccountingline WHERE transaction = ?", [payment])
    assert sorted(row["netamount"] for row in rows) == ["-10", "-80", "90"]


def test_a_journal_balances_or_is_refused(client):
    def lines(debit, credit):
        return {"items": [{"account": {"id": "120"}, "debit": debit}, {"account": {"id": "114"}, "credit": credit}]}

    client.refused("POST", "/record/v1/journalEntry", {"subsidiary": "1", "line": lines(300, 299)})
    made = client.make(
        "/record/v1/journalEntry", {"subsidiary": "1", "tranDate": "2026-05-06", "line": lines(300, 300)}
    )
    assert client.get(f"/record/v1/journalEntry/{made}")["total"] == 300.0


def test_an_expense_report_is_approved_and_paid(client):
    report = client.make(
        "/record/v1/employee/25/!transform/ExpenseReport",
        {"expense": {"items": [{"category": {"id": "1"}, "amount": 50, "memo": "train"}]}},
        "PATCH",
    )
    assert client.get(f"/record/v1/expenseReport/{report}")["status"]["refName"] == "In Progress"
    client.make(f"/record/v1/expenseReport/{report}", {"accountingapproval": True}, "PATCH")
    assert client.get(f"/record/v1/expenseReport/{report}")["status"]["refName"] == "Approved by Accounting"
    client.make(
        "/record/v1/vendorPayment",
        {"entity": "25", "account": "101", "apply": {"items": [{"doc": report, "apply": True}]}},
    )
    assert client.get(f"/record/v1/expenseReport/{report}")["status"]["refName"] == "Paid In Full"


def test_who_changed_what_is_noted(client):
    bill = client.expense_bill(approvalStatus="1")
    client.make(f"/record/v1/vendorBill/{bill}", {"approvalStatus": "2"}, "PATCH")

    rows = client.query(
        "SELECT field, oldvalue, newvalue FROM systemnote WHERE "
        "recordid = ? AND field = 'TRANDOC.APPROVALSTATUS' ORDER BY id",
        [bill],
    )
    assert rows[-1] == {"field": "TRANDOC.APPROVALSTATUS", "oldvalue": "1", "newvalue": "2"}


def test_the_small_seed_holds_every_state_and_balances(client):
    rows = client.query(
        "SELECT status, COUNT(*) n FROM transaction WHERE type = 'PurchOrd' GROUP BY status ORDER BY status"
    )

    assert [row["status"] for row in rows] == list("ABCDEFGH")
    assert sum(int(row["n"]) for row in rows) >= 25
    assert client.control("trial-balance", method="GET")["balanced"]
