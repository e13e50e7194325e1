"""The deployed stack as its tests use it: documents in, people through the API, bills in the ERP."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import requests

from counterfoil.domain.invoices import Invoice
from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.domain.people import Role
from counterfoil.domain.webhooks import signature_of
from counterfoil.netsuite.client import NetSuiteClient
from counterfoil.store import Store
from local.people import sample_people
from local.stack import Stack
from tests.documents import a_ubl_invoice

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

        return until(rests, f"{key} comes to rest", lambda: str(self.invoice_of(key)))

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


def until(look: Callable[[], T | None], what: str, instead: Callable[[], str] = lambda: "") -> T:
    """What `look` finds, as soon as it finds something; `instead` says for a failure what there was."""
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(PAUSE_SECONDS)
    raise AssertionError(f"in {WAIT_SECONDS_MAX} s it did not come about that {what}: {instead()}")


def an_invoice_over(order: dict[str, str], *, quantity: str = "10", price: str = "5.00", **document: str) -> bytes:
    return a_ubl_invoice(
        f"INV-{uuid.uuid4().hex[:10]}",
        vendor=order["vendor"],
        vat_id=order["vat_id"],
        order=order["number"],
        currency=order["currency"],
        lines=[(order["code"], order["name"], quantity, price)],
        **document,
    )


def approved(deployed: Deployed, invoice: Invoice) -> Invoice:
    """The invoice approved: by the company's settings already, or now by an approver through the API."""
    if invoice.status == Status.MATCHED:
        reply = deployed.call("POST", f"/invoices/{invoice.id}/approve", Role.APPROVER, {"comment": "seen"})
        assert reply.status_code == 200, reply.text
    return deployed.at_rest(invoice.document.key)
