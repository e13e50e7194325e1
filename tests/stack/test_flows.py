"""The whole way on the deployed stack, with roles enforced: from a dropped document to the bill in the ERP."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import pytest
import requests

from counterfoil.domain.audit import broken_at
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.domain.people import Role
from counterfoil.domain.webhooks import signature_of
from counterfoil.netsuite.client import Credentials, NetSuiteClient
from counterfoil.store import Store
from local.people import sample_people
from local.stack import Stack
from tests.documents import a_ubl_invoice

pytestmark = pytest.mark.stack

WAIT_SECONDS_MAX = 120
PAUSE_SECONDS = 0.3
IN_THE_INBOX = "inbox/{company}/{name}"

T = TypeVar("T")


@dataclass
class Deployed:
    """The stack as its tests use it: the inbox, the table, the ERP, the API."""

    stack: Stack
    store: Store
    erp: NetSuiteClient

    @property
    def company(self) -> str:
        return self.stack.installation.company

    def drop(self, content: bytes, name: str | None = None) -> str:
        """Put a document into the company's inbox; gives its key."""
        key = IN_THE_INBOX.format(company=self.company, name=name or f"{uuid.uuid4().hex}.xml")
        self.put(key, content)
        return key

    def put(self, key: str, content: bytes) -> None:
        self.stack.client("s3").put_object(Bucket=self.stack.outputs["InboxBucket"], Key=key, Body=content)

    def invoices(self) -> list[Invoice]:
        return [one for status in Status for one in self.store.invoices(self.company, status, limit=200).invoices]

    def invoice_of(self, key: str) -> Invoice | None:
        return next((invoice for invoice in self.invoices() if invoice.document.key == key), None)

    def at_rest(self, key: str) -> Invoice:
        """The invoice of a document, when no step moves it on any more."""

        def rests() -> Invoice | None:
            found = self.invoice_of(key)
            return found if found is not None and STATES[found.status].step is None else None

        return until(rests, f"{key} comes to rest")

    def an_order(self, *, quantity: str = "10", price: str = "5.00", is_goods: bool = False) -> dict[str, str]:
        """A new order in the ERP that our table knows: its id, number, vendor and line."""
        number = f"PO-{uuid.uuid4().hex[:8].upper()}"
        item = one_row(
            self.erp,
            "SELECT id, itemid, displayname FROM item WHERE itemid = ?",
            "PAPER-A4" if is_goods else "HOSTING-MONTH",
        )
        vendor = one_row(self.erp, "SELECT id, companyname, vatregnumber FROM vendor WHERE entityid = ?", "V501")
        line = {"item": {"id": item["id"]}, "quantity": Decimal(quantity), "rate": Decimal(price)}
        order_id = self.erp.create(
            "purchaseOrder", {"entity": {"id": vendor["id"]}, "tranId": number, "item": {"items": [line]}}
        )
        self.tell("vendor", vendor["id"])
        until(lambda: self.store.vendor(self.company, vendor["id"]), "the vendor is read")
        self.tell("purchaseOrder", order_id)
        order = until(lambda: self.store.order(self.company, order_id), f"order {number} is read")
        return {
            "id": order_id,
            "number": number,
            "vendor": vendor["companyname"],
            "vat_id": vendor.get("vatregnumber", ""),
            "currency": order.currency,
            "code": item["itemid"],
            "name": item.get("displayname", item["itemid"]),
        }

    def tell(self, record_type: str, record_id: str, **changed: str) -> requests.Response:
        """What the ERP's script does when a record is written: a signed notice."""
        secret = self.stack.client("secretsmanager").get_secret_value(SecretId=self.stack.outputs["WebhookSecretName"])[
            "SecretString"
        ]
        body = json.dumps(
            {"event": "edit", "recordType": record_type.lower(), "id": record_id, "salt": uuid.uuid4().hex}
        )
        timestamp = changed.pop("timestamp", str(int(time.time())))
        headers = {
            "X-Counterfoil-Timestamp": timestamp,
            "X-Counterfoil-Signature": changed.pop("signature", signature_of(secret, timestamp, body)),
        }
        return requests.post(self.stack.outputs["WebhookUrl"], data=body, headers=headers, timeout=30)

    def token(self, role: Role) -> str:
        person = next(one for one in sample_people(self.stack.installation) if one.role == role)
        reply = self.stack.client("cognito-idp").initiate_auth(
            ClientId=self.stack.outputs["UserPoolClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": person.name, "PASSWORD": person.password},
        )
        return str(reply["AuthenticationResult"]["IdToken"])

    def call(
        self, method: str, path: str, role: Role, body: Any = None, company: str | None = None
    ) -> requests.Response:
        return requests.request(
            method,
            f"{self.stack.outputs['ApiUrl']}/companies/{company or self.company}{path}",
            headers={"Authorization": self.token(role)},
            json=body,
            timeout=60,
        )


def one_row(erp: NetSuiteClient, query: str, *params: str) -> dict[str, str]:
    return next(iter(erp.suiteql(query, params)))


def until(look: Callable[[], T | None], what: str) -> T:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"in {WAIT_SECONDS_MAX} s it did not come about that {what}")


@pytest.fixture(scope="module")
def deployed(stack: Stack) -> Deployed:
    secrets = stack.client("secretsmanager")
    content = json.loads(secrets.get_secret_value(SecretId=stack.outputs["ErpSecretName"])["SecretString"])
    credentials = Credentials.from_json({name: value for name, value in content.items() if name != "concurrency"})
    return Deployed(stack, Store(stack.client("dynamodb"), stack.outputs["TableName"]), NetSuiteClient(credentials))


def an_invoice_over(order: dict[str, str], *, quantity: str = "10", price: str = "5.00", note: str = "") -> bytes:
    return a_ubl_invoice(
        f"INV-{uuid.uuid4().hex[:10]}",
        vendor=order["vendor"],
        vat_id=order["vat_id"],
        order=order["number"],
        currency=order["currency"],
        lines=[(order["code"], order["name"], quantity, price)],
        note=note,
    )


def approved(deployed: Deployed, invoice: Invoice) -> Invoice:
    """The invoice approved: by the company's settings already, or now by an approver through the API."""
    if invoice.status == Status.MATCHED:
        reply = deployed.call("POST", f"/invoices/{invoice.id}/approve", Role.APPROVER, {"comment": "seen"})
        assert reply.status_code == 200, reply.text
    return deployed.at_rest(invoice.document.key)


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
