"""What does not agree, resolved by people through the deployed API, with roles enforced, until it is in the ERP."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from counterfoil.domain.lifecycle import Status
from counterfoil.domain.people import Role
from counterfoil.domain.replay import replay
from tests.documents import a_ubl_invoice
from tests.stack.deployed import an_invoice_over, approved, one_row

pytestmark = pytest.mark.stack
REPEATED_MAX = 5


def act(deployed, invoice, what, role, body=None):
    """Do it through the API, which must take it; the invoice as the table then has it.

    Where others change an order of the vendor at that moment it is done once more, as the answer says.
    """
    for _ in range(REPEATED_MAX):
        reply = deployed.call("POST", f"/invoices/{invoice.id}/{what}", role, body or {})
        if reply.status_code != 409 or reply.json()["type"] != "urn:counterfoil:changed_meanwhile":
            break
    assert reply.status_code == 200, reply.text
    return deployed.store.invoice(deployed.company, invoice.id)


@pytest.fixture
def too_dear(deployed):
    """An order at 5.00 and an invoice at 6.00 for it."""
    order = deployed.an_order()
    exception = deployed.at_rest(deployed.drop(an_invoice_over(order, price="6.00")))
    assert (exception.status, exception.match.lines[0].status) == (Status.EXCEPTION, "rate_mismatch")
    return order, exception


def test_a_price_that_a_buyer_accepts_is_billed_as_it_stands_and_its_excess_can_be_credited(deployed, too_dear):
    order, exception = too_dear
    refused = deployed.call("POST", f"/invoices/{exception.id}/lines/1/accept", Role.AP_CLERK, {})
    assert refused.status_code == 403

    accepted = act(
        deployed, exception, "lines/1/accept", Role.BUYER, {"comment": "new price", "version": exception.version}
    )
    assert accepted.status == Status.MATCHED
    posted = approved(deployed, accepted)

    assert posted.status == Status.POSTED, posted.reasons
    assert Decimal(deployed.erp.get("vendorBill", posted.bill.id)["total"]) == 60

    credit = deployed.at_rest(deployed.drop(an_invoice_over(order, quantity="10", price="1.00", type_code="381")))
    credited = approved(deployed, credit)
    assert credited.status == Status.POSTED, credited.reasons
    assert Decimal(deployed.erp.get("vendorCredit", credited.bill.id)["total"]) == 10


def test_a_line_is_linked_by_hand_to_another_order_and_bills_that_one(deployed, too_dear):
    order, exception = too_dear
    other = deployed.an_order(price="6.00")
    offered = deployed.call("GET", f"/vendors/{exception.vendor_id}/orders?typed={other['number']}", Role.AP_CLERK)
    assert [each["number"] for each in offered.json()["orders"]] == [other["number"]]

    linked = act(deployed, exception, "lines/1/link", Role.AP_CLERK, {"to": [f"{other['number']}:1"]})
    posted = approved(deployed, linked)

    assert posted.status == Status.POSTED, posted.reasons
    bill = deployed.erp.get("vendorBill", posted.bill.id)
    assert [line["orderDoc"]["id"] for line in bill["item"]["items"]] == [other["id"]]
    assert deployed.store.order(deployed.company, order["id"]).claims == {}


def test_an_invoice_without_an_order_is_coded_by_a_person_and_posted_to_that_account(deployed):
    vendor = deployed.an_order()
    account = one_row(deployed.erp, "SELECT id FROM account WHERE accttype = 'Expense' ORDER BY id")["id"]
    document = a_ubl_invoice(
        f"R-{uuid.uuid4().hex[:10]}",
        vendor=vendor["vendor"],
        vat_id=vendor["vat_id"],
        order=None,
        currency=vendor["currency"],
        lines=[("", "Window cleaning March", "1", "80.00")],
    )
    exception = deployed.at_rest(deployed.drop(document))
    act(deployed, exception, "type", Role.AP_CLERK, {"invoice_type": "invoice"})

    coded = act(deployed, exception, "lines/1/new_line", Role.AP_CLERK, {"coding": {"account": account}})
    posted = approved(deployed, coded)

    assert posted.status == Status.POSTED, posted.reasons
    [line] = deployed.erp.get("vendorBill", posted.bill.id)["expense"]["items"]
    assert (line["account"]["id"], Decimal(line["amount"])) == (account, 80)


def test_a_disputed_line_holds_the_invoice_until_it_is_recalled_and_each_thing_wrong_has_an_owner(deployed, too_dear):
    _, exception = too_dear
    held = act(deployed, exception, "lines/1/dispute", Role.AP_MANAGER, {"comment": "we agreed on 5.00"})
    sent = deployed.call("POST", f"/invoices/{held.id}/send_for_approval", Role.AP_CLERK, {})
    assert (sent.status_code, sent.json()["rule"]) == (409, "held")

    listed = deployed.call("GET", "/exceptions?owner=buyer", Role.BUYER).json()["exceptions"]
    assert [each["reason"] for each in listed if each["invoice"]["id"] == held.id] == ["price_error"]
    memo = deployed.call("GET", f"/invoices/{held.id}/debit_memo", Role.AP_CLERK).json()
    assert memo["total"] == "10"

    recalled = act(deployed, held, "recall", Role.AP_MANAGER)
    assert recalled.resolution.taken == {}
    assert (
        act(deployed, recalled, "reject", Role.AP_MANAGER, {"comment": "they send a new one"}).status == Status.REJECTED
    )


def test_whoever_receives_is_asked_for_goods_that_have_not_come(deployed):
    order = deployed.an_order(is_goods=True)
    waiting = deployed.at_rest(deployed.drop(an_invoice_over(order)))

    act(deployed, waiting, "receipt_requests", Role.AP_CLERK, {"of": "the warehouse"})
    asked = deployed.call("GET", "/receipt_requests", Role.RECEIVER).json()["receipt_requests"]
    assert [each["quantity"] for each in asked if each["invoice"]["id"] == waiting.id] == ["10"]

    answer = {"order_id": order["id"], "line": 1, "answer": "not_arrived", "comment": "lost on the way"}
    answered = act(deployed, waiting, "receipt_answers", Role.RECEIVER, answer)
    assert answered.receipt_requests[0].answered_by


def test_kept_decisions_come_out_the_same_and_a_change_of_policy_is_tried_first_and_then_wakes_what_waits(
    deployed, too_dear
):
    _, exception = too_dear
    kept = deployed.store.decisions_of(deployed.company, exception.id)
    assert [replay(each) for each in kept] == [each.result for each in kept]
    read = deployed.call("GET", "/settings", Role.CONTROLLER).json()
    policy = read["settings"]["match"] | {
        "scoped_thresholds": [
            {"scope": "vendor", "key": exception.vendor_id, "rate": {"percent": "20"}, "since": "2026-03-01"}
        ]
    }

    tried = deployed.call("POST", "/simulations", Role.CONTROLLER, {"policy": policy}).json()

    assert [each["effect"] for each in tried["changes"] if each["invoice_id"] == exception.id] == ["passes_now"]
    history = deployed.call("GET", "/settings/history", Role.CONTROLLER).json()
    assert (history["broken_at"], history["changes"][-1]["version"]) == (None, read["version"])
    stale = {"settings": read["settings"], "why": "x", "version": read["version"] - 1}
    assert deployed.call("PUT", "/settings", Role.CONTROLLER, stale).status_code == 409
    assert deployed.call("PUT", "/settings", Role.AP_MANAGER, stale).status_code == 403
