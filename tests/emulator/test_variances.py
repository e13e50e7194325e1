"""Bill variances: the rest that a bill and its receipts leave in accrued purchases, and the journal that posts it.

Item 71 keeps its stock in account 105; accrued purchases are 114, the variances of price, quantity and rate 131, 133 and
134.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.emulator.client import item

D = Decimal


def matched(**more):
    return item(matchBillToReceipt=True, **more)


def billed(client, order, quantity, rate, **more):
    row = {"item": "71", "orderDoc": order, "orderLine": 1, "quantity": quantity, "rate": rate, **more}
    body = {"tranId": "INV-V", "tranDate": "2026-05-06", "item": {"items": [row]}}
    return client.make(f"/record/v1/purchaseOrder/{order}/!transform/vendorBill?replace=item", body)


def status(client, bill):
    return client.get(f"/record/v1/vendorBill/{bill}/item/1")["billVarianceStatus"]["id"]


def post(client):
    return client.control("bill-variances", {"date": "2026-05-31"})["journals"]


def postings(client, journal):
    rows = client.query(
        f"SELECT account, SUM(amount) n FROM transactionaccountingline WHERE transaction = {journal} GROUP BY account"
    )
    return {row["account"]: D(row["n"]) for row in rows}


def accrued(client):
    [row] = client.query("SELECT balance FROM account WHERE id = 114")
    return D(row["balance"])


def test_a_higher_price_is_a_price_variance_until_its_journal_is_posted(client):
    before = accrued(client)
    order = client.order(matched(quantity=10, rate=10))
    client.receive(order)
    bill = billed(client, order, 10, 12)
    assert status(client, bill) == "JOURNALNOTPOSTED"
    assert accrued(client) == before - 20

    [journal] = post(client)

    assert postings(client, journal) == {"131": D(20), "114": D(-20)}
    assert status(client, bill) == "JOURNALPOSTED"
    assert accrued(client) == before
    assert post(client) == []


def test_a_lower_price_is_posted_the_other_way(client):
    order = client.order(matched(quantity=10, rate=10))
    client.receive(order)
    billed(client, order, 10, 9.5)

    [journal] = post(client)

    assert postings(client, journal) == {"131": D(-5), "114": D(5)}


def test_more_billed_than_received_is_a_quantity_variance(client):
    order = client.order(matched(quantity=10, rate=10))
    client.receive(order, {1: 8})
    billed(client, order, 10, 11)

    [journal] = post(client)

    assert postings(client, journal) == {"133": D(20), "131": D(10), "114": D(-30)}


def test_what_earlier_bills_took_is_not_matched_again(client):
    order = client.order(matched(quantity=10, rate=10))
    client.receive(order, {1: 8})
    first = billed(client, order, 6, 10)
    second = billed(client, order, 4, 10)

    assert (status(client, first), status(client, second)) == ("NOVARIANCES", "JOURNALNOTPOSTED")
    [journal] = post(client)
    assert postings(client, journal) == {"133": D(20), "114": D(-20)}


def test_a_bill_is_matched_to_the_receipts_it_names(client):
    order = client.order(matched(quantity=10, rate=10))
    first, _ = client.receive(order, {1: 4}), client.receive(order, {1: 6})
    bill = billed(client, order, 5, 10, billReceipts=[{"id": first}])

    [journal] = post(client)

    assert status(client, bill) == "JOURNALPOSTED"
    assert postings(client, journal) == {"133": D(10), "114": D(-10)}


def test_another_rate_of_exchange_is_a_rate_variance(client):
    vendor = client.make("/record/v1/vendor", {"companyName": "Abroad", "subsidiary": "1", "currency": "2"})
    order = client.order(matched(quantity=10, rate=10), entity=vendor, exchangeRate=1.2)
    client.receive(order)
    row = {"item": "71", "orderDoc": order, "orderLine": 1, "quantity": 10, "rate": 10}
    body = {"tranDate": "2026-05-06", "exchangeRate": 1.25, "item": {"items": [row]}}
    client.make(f"/record/v1/purchaseOrder/{order}/!transform/vendorBill?replace=item", body)

    [journal] = post(client)

    assert postings(client, journal) == {"134": D(5), "114": D(-5)}


def test_an_items_own_accounts_are_used(client):
    client.make("/record/v1/inventoryItem/71", {"billPriceVarianceAcct": "120"}, "PATCH")
    order = client.order(matched(quantity=10, rate=10))
    client.receive(order)
    billed(client, order, 10, 11)

    [journal] = post(client)

    assert postings(client, journal) == {"120": D(10), "114": D(-10)}


@pytest.mark.parametrize("is_matched", [True, False], ids=["same price", "line does not match bills to receipts"])
def test_without_variances_there_is_no_journal(client, is_matched):
    order = client.order(item(quantity=10, rate=10, matchBillToReceipt=is_matched))
    client.receive(order)
    bill = billed(client, order, 10, 10 if is_matched else 12)

    assert status(client, bill) == "NOVARIANCES"
    assert post(client) == []


def test_a_bill_pending_approval_has_no_variances_yet(client):
    order = client.order(matched(quantity=10, rate=10))
    client.receive(order)
    bill = billed(client, order, 10, 12)
    client.make(f"/record/v1/vendorBill/{bill}", {"approvalStatus": "1"}, "PATCH")

    assert (status(client, bill), post(client)) == ("NOVARIANCES", [])


def test_a_bill_whose_variances_are_posted_stays_until_the_journal_is_gone(client):
    order = client.order(matched(quantity=10, rate=10))
    client.receive(order)
    bill = billed(client, order, 10, 12)
    [journal] = post(client)

    client.refused("DELETE", f"/record/v1/vendorBill/{bill}")
    client.refused("POST", f"/record/v1/vendorBill/{bill}/@void")
    client.refused("PATCH", f"/record/v1/vendorBill/{bill}", {"item": {"items": [{"line": 1, "rate": 13}]}})
    assert client.call("DELETE", f"/record/v1/journalEntry/{journal}").status_code == 204

    assert status(client, bill) == "JOURNALNOTPOSTED"
    assert client.call("DELETE", f"/record/v1/vendorBill/{bill}").status_code == 204


def test_variances_are_not_posted_into_a_closed_period(client):
    order = client.order(matched(quantity=10, rate=10))
    client.receive(order)
    bill = billed(client, order, 10, 12)
    client.control("periods/Jun 2026", {"closed": True})

    reply = client.session.post(
        f"{client.emulator.url}/_emulator/bill-variances", json={"date": "2026-06-30"}, timeout=10
    )

    assert (reply.status_code, status(client, bill)) == (400, "JOURNALNOTPOSTED")
