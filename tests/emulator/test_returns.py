"""Goods that go back: a return made of an order, of a bill or alone, shipped by a fulfilment, settled by a credit."""

from __future__ import annotations

import pytest

from tests.emulator.client import item, split

RETURN = "/record/v1/vendorReturnAuthorization"
LINKS = (
    "SELECT previoustype, previousdoc, previousline, nexttype, nextline, linktype FROM PreviousTransactionLineLink "
    "WHERE nextdoc = {} ORDER BY nextline"
)


def state(client, back: str) -> tuple[str, str]:
    """The letter in REST; the letter with its label in SuiteQL."""
    shown = client.get(f"{RETURN}/{back}?fields=orderStatus")["orderStatus"]
    [row] = client.query(f"SELECT status, BUILTIN.DF(status) named FROM transaction WHERE id = {back}")
    assert row["status"] == shown["id"]
    return shown["id"], row["named"]


def sent_back(client, source: str, quantity: int, *, of: str = "purchaseOrder") -> str:
    lines = {"item": {"items": [{"orderLine": 1, "quantity": quantity}]}}
    return client.make(f"/record/v1/{of}/{source}/!transform/vendorReturnAuthorization", lines)


def shipped(client, back: str, quantity: int | None = None, **header) -> str:
    body = dict(header)
    if quantity is not None:
        body["item"] = {"items": [{"orderLine": 1, "quantity": quantity}]}
    return client.make(f"{RETURN}/{back}/!transform/itemFulfillment", body)


def received_order(client, *lines, bill: bool = True):
    order = client.order(*(lines or (item(quantity=10),)))
    client.receive(order)
    return (order, client.bill(order)) if bill else (order, None)


def test_a_return_goes_through_its_states(client):
    order, _ = received_order(client)

    back = sent_back(client, order, 6)
    assert state(client, back) == ("B", "Vendor Return Authorization : Pending Return")
    shipped(client, back, 2)
    assert state(client, back) == ("E", "Vendor Return Authorization : Pending Credit/Partially Returned")
    credit = client.make(f"{RETURN}/{back}/!transform/vendorCredit", {"tranId": "CR-1"})
    assert state(client, back) == ("D", "Vendor Return Authorization : Partially Returned")
    shipped(client, back)
    assert state(client, back) == ("F", "Vendor Return Authorization : Pending Credit")
    client.make(f"{RETURN}/{back}/!transform/vendorCredit", {"tranId": "CR-2"})
    assert state(client, back) == ("G", "Vendor Return Authorization : Credited")

    shown = client.get(f"/record/v1/vendorCredit/{credit}?expandSubResources=true")
    assert (shown["total"], shown["item"]["items"][0]["quantity"]) == (20.0, 2.0)
    assert client.control("trial-balance", method="GET")["balanced"]


def test_the_order_keeps_what_was_received_and_billed(client):
    order, bill = received_order(client)
    before = client.get(f"/record/v1/purchaseOrder/{order}?expandSubResources=true")

    shipped(client, sent_back(client, order, 3))

    after = client.get(f"/record/v1/purchaseOrder/{order}?expandSubResources=true")
    assert after == before
    assert after["item"]["items"][0]["quantityReceived"] == 10.0
    assert client.bill_status(bill) == "Open"


@pytest.mark.parametrize("of", ["purchaseOrder", "vendorBill"])
def test_links_lead_from_the_source_to_the_return_to_the_shipment_and_the_credit(client, of):
    order, bill = received_order(client)
    source, code = (order, "PurchOrd") if of == "purchaseOrder" else (bill, "VendBill")

    back = sent_back(client, source, 3, of=of)
    goods = shipped(client, back)
    credit = client.make(f"{RETURN}/{back}/!transform/vendorCredit", {})

    def link(previous, previous_type, next_type, kind):
        return {
            "previoustype": previous_type,
            "previousdoc": previous,
            "previousline": "1",
            "nexttype": next_type,
            "nextline": "1",
            "linktype": kind,
        }

    assert client.query(LINKS.format(back)) == [link(source, code, "VendAuth", "PurchRet")]
    assert client.query(LINKS.format(goods)) == [link(back, "VendAuth", "ItemShip", "ShipRcpt")]
    assert client.query(LINKS.format(credit)) == [link(back, "VendAuth", "VendCred", "OrdBill")]
    assert client.get(f"{RETURN}/{back}")["createdFrom"]["id"] == source
    assert client.query(f"SELECT DISTINCT createdfrom FROM transactionline WHERE transaction = {back}") == [
        {"createdfrom": source}
    ]


def test_quantities_stand_below_zero_in_suiteql_and_above_in_rest(client):
    order, _ = received_order(client)
    back = sent_back(client, order, 4)
    goods = shipped(client, back, 3)

    rows = client.query(
        "SELECT t.type, tl.quantity, tl.quantityshiprecv, tl.quantitybilled FROM transaction t "
        f"JOIN transactionline tl ON tl.transaction = t.id WHERE t.id IN ({back}, {goods}) AND tl.mainline = 'F' "
        "AND tl.item IS NOT NULL ORDER BY t.id"
    )

    assert rows == [
        {"type": "VendAuth", "quantity": "-4", "quantityshiprecv": "3", "quantitybilled": "0"},
        {"type": "ItemShip", "quantity": "-3"},
    ]
    [line] = client.get(f"{RETURN}/{back}/item?expandSubResources=true")["items"]
    assert (line["quantity"], line["quantityReceived"], line["quantityBilled"]) == (4.0, 3.0, 0.0)


def test_a_return_may_stand_alone(client):
    received_order(client)

    body = {"entity": "501", "tranDate": "2026-05-07", **split((item(quantity=3),))}
    back = client.make(RETURN, body)
    goods = shipped(client, back)

    assert client.query(LINKS.format(back)) == []
    assert state(client, back)[0] == "F"
    assert client.query(f"SELECT type, abbrevtype FROM transaction WHERE id = {goods}") == [
        {"type": "ItemShip", "abbrevtype": "ITEMSHIP"}
    ]


def test_a_second_return_takes_what_the_first_left(client):
    order, _ = received_order(client)
    sent_back(client, order, 7)

    second = client.make(f"/record/v1/purchaseOrder/{order}/!transform/vendorReturnAuthorization", {})

    [line] = client.get(f"{RETURN}/{second}/item?expandSubResources=true")["items"]
    assert line["quantity"] == 3.0
    client.refused("POST", f"/record/v1/purchaseOrder/{order}/!transform/vendorReturnAuthorization", {})
    client.make(f"{RETURN}/{second}", {"orderStatus": {"id": "C"}}, "PATCH")
    assert sent_back(client, order, 3)


def test_goods_leave_when_they_are_shipped_not_when_they_are_picked(client):
    order, _ = received_order(client)
    back = sent_back(client, order, 3)
    [before] = client.query("SELECT totalquantityonhand n FROM item WHERE id = 71")

    goods = shipped(client, back, shipStatus={"id": "A"})
    assert state(client, back)[0] == "B"
    assert client.query("SELECT totalquantityonhand n FROM item WHERE id = 71") == [before]
    assert client.query(f"SELECT posting, status FROM transaction WHERE id = {goods}") == [
        {"posting": "F", "status": "A"}
    ]
    client.refused("POST", f"{RETURN}/{back}/!transform/itemFulfillment", {"item": {"items": [{"orderLine": 1}]}})

    client.make(f"/record/v1/itemFulfillment/{goods}", {"shipStatus": {"id": "C"}}, "PATCH")
    assert state(client, back)[0] == "F"
    [after] = client.query("SELECT totalquantityonhand n FROM item WHERE id = 71")
    assert float(after["n"]) == float(before["n"]) - 3


def accounts(client, record: str) -> dict[str, str]:
    rows = client.query(
        "SELECT BUILTIN.DF(account) account, SUM(amount) amount FROM transactionaccountingline "
        f"WHERE transaction = {record} GROUP BY BUILTIN.DF(account)"
    )
    return {row["account"]: row["amount"] for row in rows}


def test_the_shipment_takes_goods_out_of_stock_and_the_credit_settles_it(client):
    order, _ = received_order(client)
    back = sent_back(client, order, 3)

    goods = shipped(client, back)
    credit = client.make(f"{RETURN}/{back}/!transform/vendorCredit", {})

    accrued, stock = "2060 Accrued Purchases", "1300 Inventory"
    assert {name: float(amount) for name, amount in accounts(client, goods).items()} == {stock: -30.0, accrued: 30.0}
    assert {name: float(amount) for name, amount in accounts(client, credit).items()} == {
        accrued: -30.0,
        "2000 Accounts Payable": 30.0,
    }
    assert accounts(client, back) == {}


def test_a_return_is_approved_or_cancelled_by_its_state(client):
    client.control("preferences", {"vendorReturnStatus": "Pending Approval"}, "PATCH")
    order, _ = received_order(client)
    back = sent_back(client, order, 3)
    assert state(client, back)[0] == "A"
    client.refused("POST", f"{RETURN}/{back}/!transform/itemFulfillment", {})

    client.make(f"{RETURN}/{back}", {"orderStatus": {"refName": "Pending Return"}}, "PATCH")
    shipped(client, back, 1)
    client.refused("PATCH", f"{RETURN}/{back}", {"orderStatus": {"id": "C"}})
    client.refused("PATCH", f"{RETURN}/{back}", {"orderStatus": {"id": "G"}})

    other = sent_back(client, order, 2)
    client.make(f"{RETURN}/{other}", {"orderStatus": {"id": "C"}}, "PATCH")
    assert state(client, other) == ("C", "Vendor Return Authorization : Cancelled")


def test_no_more_is_shipped_than_the_return_is_for_nor_credited_than_was_shipped(client):
    order, _ = received_order(client)
    back = sent_back(client, order, 3)

    client.refused(
        "POST", f"{RETURN}/{back}/!transform/itemFulfillment", {"item": {"items": [{"orderLine": 1, "quantity": 4}]}}
    )
    client.refused("POST", f"{RETURN}/{back}/!transform/vendorCredit", {})
    goods = shipped(client, back)
    client.make(f"{RETURN}/{back}/!transform/vendorCredit", {})
    client.refused("DELETE", f"/record/v1/itemFulfillment/{goods}")
    client.refused("DELETE", f"{RETURN}/{back}")


def test_a_deleted_shipment_brings_the_goods_back(client):
    order, _ = received_order(client)
    back = sent_back(client, order, 3)
    goods = shipped(client, back)

    assert client.call("DELETE", f"/record/v1/itemFulfillment/{goods}").status_code == 204

    assert state(client, back)[0] == "B"
    [gone] = client.query(f"SELECT scriptid, type FROM deletedrecord WHERE recordid = {goods}")
    assert gone == {"scriptid": "itemfulfillment", "type": "Item Fulfillment"}


def test_a_line_names_only_what_came_of_the_same_vendor_and_item(client):
    order, _ = received_order(client)
    line = {"orderDoc": {"id": order}, "orderLine": 1}

    for wrong in (
        {"entity": "502", **split((item(quantity=1, **line),))},
        {"entity": "501", **split((item("72", quantity=1, **line),))},
        {"entity": "501", **split((item(quantity=1, **{**line, "orderLine": 9}),))},
    ):
        client.refused("POST", RETURN, wrong)
    assert client.make(RETURN, {"entity": "501", **split((item(quantity=1, **line),))})


def test_a_return_of_an_order_that_is_not_received_in_full_may_be_refused_as_the_form_does(client):
    order = client.order(item(quantity=10))
    client.receive(order, {1: 6})

    assert sent_back(client, order, 1)
    client.control("preferences", {"returnOfOpenOrder": "refuse"}, "PATCH")
    client.refused("POST", f"/record/v1/purchaseOrder/{order}/!transform/vendorReturnAuthorization", {})


def test_the_catalog_describes_returns_and_their_shipments(client):
    schema = {"headers": {"Accept": "application/schema+json"}}

    shown = client.get("/record/v1/metadata-catalog/vendorReturnAuthorization", **schema)
    states = shown["properties"]["orderStatus"]["properties"]["id"]["enum"]
    assert states == list("ABCDEFGH")
    goods = client.get("/record/v1/metadata-catalog/itemFulfillment", **schema)
    assert goods["properties"]["shipStatus"]["properties"]["id"]["enum"] == ["A", "B", "C"]
    described = client.get(
        "/record/v1/metadata-catalog?select=vendorReturnAuthorization", headers={"Accept": "application/swagger+json"}
    )
    for target in ("itemFulfillment", "vendorCredit"):
        assert f"/vendorReturnAuthorization/{{id}}/!transform/{target}" in described["paths"]
