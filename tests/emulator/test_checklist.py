"""What clients rely on here and there, and no other test states."""

from __future__ import annotations

import base64

from tests.emulator.client import expense, item, split


def test_an_external_id_stands_wherever_an_id_can(client):
    order = client.order(item(quantity=4), externalId="o-1")
    record = "/record/v1"

    client.make(f"{record}/purchaseOrder/eid:o-1", {"memo": "seen"}, "PATCH")
    assert client.get(f"{record}/purchaseOrder/eid:o-1")["id"] == order
    assert client.get(f"{record}/purchaseOrder/eid:o-1/item")["count"] == 1
    assert client.get(f"{record}/purchaseOrder/eid:o-1/item/1")["quantity"] == 4.0
    client.make(f"{record}/purchaseOrder/eid:o-1/item/1", {"description": "by name"}, "PATCH")
    client.make(
        f"{record}/purchaseOrder/eid:o-1/!transform/itemReceipt", {"externalId": "r-1", "tranDate": "2026-05-05"}
    )
    body = {"externalId": "b-1", "tranDate": "2026-05-06"}
    bill = client.make(f"{record}/purchaseOrder/eid:o-1/!transform/vendorBill", body)
    upload = {"fileName": "x.pdf", "fileContents": base64.b64encode(b"%PDF-1.4").decode()}
    script = f"{client.emulator.url}/app/site/hosting/restlet.nl?script=customscript_ap_upload&deploy=1"
    file = client.call("POST", script, upload).json()["fileId"]
    assert client.call("POST", f"{record}/vendorBill/eid:b-1/!attach/file/{file}").status_code == 204
    assert client.control(f"attachments/vendorBill/{bill}", method="GET")["attachments"][0]["id"] == file
    credit = {"externalId": "c-1", "tranDate": "2026-05-07"}
    client.make(f"{record}/vendorBill/eid:b-1/!transform/vendorCredit", credit)
    assert client.bill_status(bill) == "Paid In Full"
    assert client.call("POST", f"{record}/vendorCredit/eid:c-1/@void").json()["result"] is True
    assert client.bill_status(bill) == "Open"
    assert client.call("DELETE", f"{record}/vendorCredit/eid:c-1").status_code == 204


def test_a_reference_by_external_id_stands_in_a_body(client):
    client.order(item(quantity=4), externalId="o-2")

    line = {
        "item": {"externalId": "PAPER-A4"},
        "orderDoc": {"externalId": "o-2"},
        "orderLine": 1,
        "quantity": 1,
        "rate": 10,
    }
    bill = client.make("/record/v1/vendorBill", {"entity": {"externalId": "V501"}, "item": {"items": [line]}})

    assert client.get(f"/record/v1/vendorBill/{bill}/item/1")["linked"] is True


def test_a_field_of_many_values_holds_what_the_body_says(client):
    path = "/record/v1/inventoryItem/71"

    client.make(f"{path}?replaceSelectedFields=true&replace=subsidiary", {"subsidiary": ["2"]}, "PATCH")

    assert [each["id"] for each in client.get(path)["subsidiary"]["items"]] == ["2"]


def test_operators_and_names_of_a_filter_are_found_in_any_case(client):
    found = client.get("/record/v1/VENDOR", params={"q": "ENTITYID is V501 And Id equal 501"})

    assert [each["id"] for each in found["items"]] == ["501"]


def test_a_held_bill_is_paid_once_it_is_let_go(client):
    bill = client.expense_bill(10, paymentHold=True)
    pay = f"/record/v1/vendorBill/{bill}/!transform/vendorPayment"
    client.refused("POST", pay, {"tranDate": "2026-05-07"})

    client.make(f"/record/v1/vendorBill/{bill}", {"paymentHold": False}, "PATCH")

    client.make(pay, {"tranDate": "2026-05-07"})
    assert client.bill_status(bill) == "Paid In Full"


def test_nothing_of_a_refused_request_stays(client):
    """The first line could be billed, the second cannot: nothing of both is kept."""
    before = client.get("/record/v1/vendorBill")["totalResults"]
    lines = split((expense(5), {"account": {"id": "999999"}, "amount": 7}))

    client.refused("POST", "/record/v1/vendorBill", {"entity": "501", "externalId": "half", **lines})

    assert client.get("/record/v1/vendorBill")["totalResults"] == before
    assert client.query("SELECT id FROM transaction WHERE externalid = 'half'") == []
