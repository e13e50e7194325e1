"""The whole way on the deployed stack, with roles enforced: from a dropped document to the bill in the ERP."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from decimal import Decimal

import pytest
import requests

from counterfoil.domain.audit import broken_at
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.people import Role
from tests.stack.deployed import an_invoice_over, approved, until

pytestmark = pytest.mark.stack


def test_a_dropped_invoice_becomes_a_bill_linked_to_its_order(deployed):
    order = deployed.an_order()

    posted = approved(deployed, deployed.at_rest(deployed.drop(an_invoice_over(order))))

    assert posted.status == Status.POSTED, posted.reasons
    bill = deployed.erp.get("vendorBill", posted.bill.id)
    assert Decimal(bill["total"]) == posted.captured.gross_total == 50
    assert [line["orderDoc"]["id"] for line in bill["item"]["items"]] == [order["id"]]
    assert deployed.erp.get("purchaseOrder", order["id"])["orderStatus"]["refName"] == "Fully Billed"
    assert deployed.store.order(deployed.company, order["id"]).claims == {}
    assert broken_at(deployed.store.audit(deployed.company, posted.id)) is None


def test_an_invoice_for_goods_that_come_later_is_posted_when_they_have_come(deployed):
    order = deployed.an_order(is_goods=True)
    waiting = deployed.at_rest(deployed.drop(an_invoice_over(order)))
    assert waiting.status == Status.AWAITING_RECEIPT, waiting.reasons

    receipt = deployed.erp.transform("purchaseOrder", order["id"], "itemReceipt", {})
    deployed.tell("itemReceipt", receipt)

    matched = until(
        lambda: (
            None
            if (now := deployed.invoice_of(waiting.document.key)).status == Status.AWAITING_RECEIPT
            else deployed.at_rest(now.document.key)
        ),
        "the invoice is matched again",
    )
    assert approved(deployed, matched).status == Status.POSTED


def test_of_six_invoices_for_one_quantity_that_arrive_at_once_exactly_one_passes(deployed):
    order = deployed.an_order()

    keys = [deployed.drop(an_invoice_over(order, note=str(number))) for number in range(6)]

    ended = Counter(approved(deployed, deployed.at_rest(key)).status for key in keys)
    assert ended == {Status.POSTED: 1, Status.EXCEPTION: 5}
    [line] = deployed.erp.get("purchaseOrder", order["id"])["item"]["items"]
    assert Decimal(line["quantityBilled"]) == 10


def test_a_byte_identical_redelivery_is_absorbed_and_another_with_the_number_held(deployed):
    order = deployed.an_order()
    content = an_invoice_over(order)
    first = deployed.at_rest(deployed.drop(content))

    deployed.drop(content)
    copy = deployed.at_rest(deployed.drop(content.replace(b"<cbc:Note></cbc:Note>", b"<cbc:Note>copy</cbc:Note>")))

    assert (copy.status, copy.duplicate_of) == (Status.DUPLICATE, first.id)
    until(
        lambda: (
            [one for one in deployed.store.audit(deployed.company, first.id) if one.action == "redelivered"] or None
        ),
        "the redelivery is recorded",
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"%PDF-1.7 torn", "damaged", id="torn"),
        pytest.param(b"no invoice at all", "unsupported_type", id="text"),
        pytest.param(
            b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><Invoice>&x;</Invoice>', "unsafe_xml", id="xxe"
        ),
    ],
)
def test_what_cannot_be_read_stands_in_the_list_with_its_reason(deployed, content, code):
    # Each run its own bytes: the same bytes again would be a redelivery.
    unique = content + (uuid.uuid4().hex.encode() if content else b"")

    shown = deployed.at_rest(deployed.drop(unique, f"{uuid.uuid4().hex}.pdf"))

    assert (shown.status, [reason.code for reason in shown.reasons]) == (Status.NEEDS_REVIEW, [code])


@pytest.mark.parametrize(
    ("key", "code"), [("stray-{}.pdf", "outside_inbox"), ("inbox/nobody/{}.pdf", "unknown_company")]
)
def test_what_lies_outside_a_companys_inbox_is_shown_to_whoever_runs_the_deployment(deployed, key, code):
    key = key.format(uuid.uuid4().hex)

    deployed.put(key, b"stray")

    refused = until(
        lambda: next((one for one in deployed.store.refused_deliveries("unassigned") if one.key == key), None),
        f"{key} is refused",
    )
    assert refused.refused.code == code
    shown = deployed.call("GET", "/deliveries", Role.ADMINISTRATOR, company="unassigned").json()["deliveries"]
    assert key in [one["key"] for one in shown]
    assert deployed.call("GET", "/deliveries", Role.AP_MANAGER, company="unassigned").status_code == 403


def test_a_notice_that_is_not_signed_right_changes_nothing(deployed):
    old = str(int(time.time()) - 301)

    assert deployed.tell("purchaseOrder", "1", signature="sha256=" + "0" * 64).status_code == 401
    assert deployed.tell("purchaseOrder", "1", timestamp=old).status_code == 401
    assert deployed.tell("spaceship", "1").status_code == 400
    assert deployed.tell("purchaseOrder", "1").status_code == 202


def test_the_api_keeps_each_person_to_their_company_and_role(deployed):
    order = deployed.an_order()
    invoice = deployed.at_rest(deployed.drop(an_invoice_over(order)))

    assert deployed.call("GET", f"/invoices/{invoice.id}", Role.AP_CLERK).json()["id"] == invoice.id
    assert deployed.call("GET", f"/invoices/{invoice.id}", Role.EMPLOYEE).status_code == 403
    assert deployed.call("GET", f"/invoices/{invoice.id}", Role.AP_MANAGER, company="other").status_code == 403
    assert deployed.call("POST", f"/invoices/{invoice.id}/approve", Role.AP_CLERK, {}).status_code == 403
    audit = deployed.call("GET", f"/invoices/{invoice.id}/audit", Role.CONTROLLER).json()
    assert audit["broken_at"] is None
    assert [entry["number"] for entry in audit["entries"]] == list(range(1, len(audit["entries"]) + 1))


def test_a_document_is_uploaded_by_the_address_the_api_gives_and_not_approved_by_its_sender(deployed):
    order = deployed.an_order()
    address = deployed.call("POST", "/uploads", Role.AP_MANAGER, {"file_name": "Rechnung März.xml"}).json()

    sent = requests.post(address["url"], data=address["fields"], files={"file": an_invoice_over(order)}, timeout=30)

    assert sent.ok, sent.text
    invoice = deployed.at_rest(address["key"])
    assert invoice.raised_by
    if invoice.status == Status.MATCHED:
        refused = deployed.call("POST", f"/invoices/{invoice.id}/approve", Role.AP_MANAGER, {})
        assert refused.status_code == 403


def test_the_erp_is_read_when_somebody_asks(deployed):
    before = deployed.store.sync_progress(deployed.company, "vendors").finished_at

    assert deployed.call("POST", "/sync", Role.AP_CLERK).status_code == 202

    until(
        lambda: deployed.store.sync_progress(deployed.company, "vendors").finished_at != before or None,
        "the ERP has been read",
    )
