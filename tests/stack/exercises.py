"""What uses every right of each function: invocations of its shadow, each time on fresh records.

An exercise goes on whatever an invocation answers: the tests look for refusals in what all of them said.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import requests
from lxml import html

from counterfoil.capture.vendor_finder import keys_of_vendor
from counterfoil.domain.invoices import Document, Invoice, Source
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import PurchaseOrder
from counterfoil.domain.webhooks import signature_of
from counterfoil.steps.match import match
from counterfoil.store import SyncRequest
from tests.builders import COMPANY, a_captured_invoice, a_vendor, an_invoice, an_order, an_order_line
from tests.documents import a_ubl_invoice
from tests.stack.shadow import APPROVES_ITSELF, Outcome, Shadow

VENDOR = "501"
# Long enough ago for the sweep to find that it rests.
LONG_AGO = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


def unique() -> str:
    return uuid.uuid4().hex[:12]


# Records as the steps before would have left them


def an_open_order(shadow: Shadow, **values: Any) -> PurchaseOrder:
    name = unique()
    return shadow.store.save_order(an_order(id=name, number=f"PO-{name}", vendor_id=VENDOR, **values), read=None)


def a_dropped_document(shadow: Shadow) -> Document:
    key = f"inbox/{COMPANY}/{unique()}.xml"
    content = a_ubl_invoice(unique())
    version = shadow.s3.put_object(Bucket=shadow.bucket, Key=key, Body=content)["VersionId"]
    return Document(bucket=shadow.bucket, key=key, version_id=version, size=len(content))


def a_read_invoice(shadow: Shadow, *orders: PurchaseOrder, at: datetime | None = None, **values: Any) -> Invoice:
    """An invoice that bills the orders, or that names none."""
    at = at or now()
    numbers = tuple(order.number for order in orders)
    captured = a_captured_invoice(
        invoice_number=unique(),
        po_number=numbers[0] if numbers else None,
        po_numbers=numbers,
        currency=orders[0].currency if orders else "USD",
    )
    received = shadow.store.save_invoice(
        None, an_invoice(id=unique(), document=a_dropped_document(shadow)), by="test", action="received", at=at
    )
    after = received.model_copy(update={"status": Status.CAPTURED, "captured": captured, "vendor_id": VENDOR, **values})
    return shadow.store.save_invoice(received, after, by="test", action="read", at=at)


def a_waiting_invoice(shadow: Shadow, *orders: PurchaseOrder, at: datetime | None = None) -> Invoice:
    read = a_read_invoice(shadow, *orders, at=at)
    after = read.model_copy(update={"status": Status.AWAITING_RECEIPT})
    return shadow.store.save_invoice(read, after, by="test", action="matched", at=at or now())


def a_matched_invoice(shadow: Shadow) -> Invoice:
    invoice = a_read_invoice(shadow, an_open_order(shadow))
    matched = match(COMPANY, invoice.id, store=shadow.store, now=now)
    assert matched.status == Status.MATCHED
    return matched


def an_approved_invoice(shadow: Shadow) -> Invoice:
    matched = a_matched_invoice(shadow)
    after = matched.model_copy(update={"status": Status.APPROVED})
    return shadow.store.save_invoice(matched, after, by="test", action="approve", at=now())


# Events


def message(body: dict[str, Any], group: str | None = None) -> dict[str, Any]:
    """One message of a queue."""
    attributes = {"ApproximateReceiveCount": "1", "SentTimestamp": "0", "SenderId": "test"}
    if group:
        attributes |= {"MessageGroupId": group, "MessageDeduplicationId": unique(), "SequenceNumber": "1"}
    record = {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": unique(),
        "body": json.dumps(body),
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:shadow",
        "awsRegion": "us-east-1",
    }
    return {"Records": [record]}


def change(shadow: Shadow, pk: str, sk: str) -> dict[str, Any]:
    """The stream's record of an item that was just made."""
    client = shadow.stack.client("dynamodb")
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    item = client.get_item(TableName=shadow.table, Key=key)["Item"]
    # The stream's images are JSON: what is binary is base64 text in them.
    image = json.loads(json.dumps(item, default=lambda value: base64.b64encode(value).decode()))
    record = {
        "eventID": unique(),
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {"Keys": key, "NewImage": image, "SequenceNumber": "1", "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/shadow/stream/now",
    }
    return {"Records": [record]}


def request(
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    body: str | None = None,
) -> dict[str, Any]:
    """What API Gateway hands to a function, for somebody who may do everything in the company."""
    claims = {"sub": "shadow-person", "cognito:username": "shadow", "cognito:groups": f"{COMPANY}.ap_manager"}
    headers = headers or {}
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "shadow",
            "authorizer": {"claims": claims},
            "httpMethod": method,
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "test"},
            "path": f"/v1{path}",
            "requestId": str(uuid.uuid4()),
            "requestTimeEpoch": 0,
            "resourceId": "shadow",
            "resourcePath": path,
            "stage": "v1",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def step(invoice: Invoice) -> dict[str, Any]:
    return message({"company": COMPANY, "invoice_id": invoice.id, "version": invoice.version}, group=VENDOR)


# One exercise a function


def capture_invoice(shadow: Shadow) -> None:
    vendor = a_vendor(vat_id="GB123456789")
    shadow.store.put_vendor(vendor, keys_of_vendor(vendor))
    for keeps_version in (True, False):
        document = a_dropped_document(shadow)
        dropped = {"key": document.key, "size": document.size, "versionId": document.version_id}
        if not keeps_version:
            del dropped["versionId"]
        event = {"Records": [{"s3": {"bucket": {"name": shadow.bucket}, "object": dropped}}]}
        shadow.invoke("CaptureInvoice", message(event))


def match_invoice(shadow: Shadow) -> None:
    shadow.invoke("MatchInvoice", step(a_read_invoice(shadow, an_open_order(shadow))))
    # A line that no order names is laid beside what the vendor's posted invoices taught.
    shadow.invoke("MatchInvoice", step(a_read_invoice(shadow, vendor_id=unique())))
    # It no longer stands among those that wait.
    shadow.invoke("MatchInvoice", step(a_waiting_invoice(shadow, an_open_order(shadow, currency=APPROVES_ITSELF))))
    # An order that is only looked at must still be as it was.
    dearer = an_open_order(shadow, lines=(an_order_line(rate=Decimal("4.00"), amount=Decimal("40.00")),))
    shadow.invoke("MatchInvoice", step(a_read_invoice(shadow, dearer)))


def export_bill(shadow: Shadow) -> None:
    shadow.invoke("ExportBill", step(an_approved_invoice(shadow)))


def sync_netsuite(shadow: Shadow) -> None:
    known = first_of_each_kind(shadow)
    for kind, record_id in known.items():
        forget(shadow, kind, record_id)
    for kind, record_id in (*known.items(), ("vendors", "999999999")):
        shadow.invoke("SyncNetsuite", message({"company": COMPANY, "kind": kind, "record_id": record_id}))


def prepare(shadow: Shadow) -> None:
    """Read everything that the ERP has once, with all rights, so that there are records to read again."""
    outcome = shadow.invoke("SyncNetsuite", {})
    assert first_of_each_kind(shadow).keys() == {"vendors", "receipts"}, outcome


def first_of_each_kind(shadow: Shadow) -> dict[str, str]:
    kinds = {"VENDOR": "vendors", "RECEIPT": "receipts"}
    pages = shadow.stack.client("dynamodb").get_paginator("scan").paginate(TableName=shadow.table)
    found: dict[str, str] = {}
    for page in pages:
        for item in page["Items"]:
            _, _, rest = item["pk"]["S"].partition("#")
            kind, _, record_id = rest.partition("#")
            # The vendors of the other exercises are not the ERP's.
            if kind in kinds and record_id != VENDOR:
                found.setdefault(kinds[kind], record_id)
    return found


def forget(shadow: Shadow, kind: str, record_id: str) -> None:
    """So that reading it has something to write."""
    if kind == "vendors":
        shadow.store.delete_vendor(COMPANY, record_id)
    else:
        shadow.store.delete_receipt(COMPANY, record_id)


def route_changes(shadow: Shadow) -> None:
    order = an_open_order(shadow)
    a_waiting_invoice(shadow, order)
    approved = an_approved_invoice(shadow)
    at = now()
    again = an_invoice(id=unique(), attempts=1)
    shadow.store.save_invoice(None, again, by="test", action="received", at=at)
    wish = SyncRequest(company=COMPANY, id=unique(), by="test")
    shadow.store.request_sync(wish, at=at)
    for pk, sk in (
        (f"{COMPANY}#ORDER#{order.id}", "STATE"),
        (f"{COMPANY}#INVOICE#{approved.id}", "STATE"),
        (f"{COMPANY}#INVOICE#{again.id}", "STATE"),
        (f"{COMPANY}#SYNCREQUEST", wish.id),
    ):
        shadow.invoke("RouteChanges", change(shadow, pk, sk))


def sweep(shadow: Shadow) -> None:
    at = now() - LONG_AGO
    a_read_invoice(shadow, an_open_order(shadow), at=at)
    a_waiting_invoice(shadow, an_open_order(shadow), at=at)
    shadow.invoke("Sweep", {})


def invoices_api(shadow: Shadow) -> None:
    invoice = a_matched_invoice(shadow)
    place = f"/companies/{COMPANY}"
    json_body = {"Content-Type": "application/json"}
    asked = (
        request("GET", f"{place}/invoices", query={"status": "matched"}),
        request("GET", f"{place}/invoices/{invoice.id}/audit"),
        request("POST", f"{place}/invoices/{invoice.id}/reject", headers=json_body, body='{"comment": "not ours"}'),
        # An approval demands that the orders are still as they were looked at.
        request("POST", f"{place}/invoices/{a_matched_invoice(shadow).id}/approve", headers=json_body, body="{}"),
    )
    for one in asked:
        shadow.invoke("InvoicesApi", one)
    # A line is linked by hand to an order line that is found by its number.
    order = an_open_order(shadow)
    linked = json.dumps({"to": [f"{order.number}:1"]})
    place_of_line = f"{place}/invoices/{a_matched_invoice(shadow).id}/lines/1/link"
    shadow.invoke("InvoicesApi", request("POST", place_of_line, headers=json_body, body=linked))
    # A correction reads the document again, at the version that arrived where there is one.
    document = a_dropped_document(shadow)
    for one_document in (document, document.model_copy(update={"version_id": None})):
        doubtful = a_read_invoice(shadow, document=one_document, status=Status.NEEDS_REVIEW)
        read_by_layout = doubtful.captured and doubtful.captured.model_copy(update={"source": Source.TEXT_LAYER})
        shown = shadow.store.save_invoice(
            doubtful, doubtful.model_copy(update={"captured": read_by_layout}), by="test", action="read", at=now()
        )
        corrected = json.dumps({"confirmed": ["lines"], "vendor_id": VENDOR})
        path = f"{place}/invoices/{shown.id}/corrections"
        shadow.invoke("InvoicesApi", request("POST", path, headers=json_body, body=corrected))
    upload = request("POST", f"{place}/uploads", headers=json_body, body='{"file_name": "a.pdf"}')
    post_document(shadow, shadow.invoke("InvoicesApi", upload))


def post_document(shadow: Shadow, outcome: Outcome) -> None:
    """Send a document to the address that the API gave."""
    if outcome.content.get("statusCode") != 200:
        return
    address = json.loads(outcome.content["body"])
    send_document(shadow, "InvoicesApi", address["url"], address["fields"])


def send_document(shadow: Shadow, function: str, url: str, fields: dict[str, str]) -> None:
    """Send a document with a form that is signed with the function's own rights.

    The local cloud takes a signed form without asking what its signer may do: IAM's simulator is asked.
    """
    files = {"file": ("a.pdf", b"%PDF-1.7")}
    reply = requests.post(url, data=fields, files=files, timeout=30, allow_redirects=False)
    shadow.note(Outcome(reply.text, ""))
    key = fields["key"].replace("${filename}", "a.pdf")
    if not shadow.allows(function, "s3:PutObject", f"arn:aws:s3:::{shadow.bucket}/{key}"):
        shadow.note(Outcome("AccessDenied: s3:PutObject", ""))


def erp_webhook(shadow: Shadow) -> None:
    body = json.dumps({"recordType": "itemReceipt", "id": str(time.time_ns())})
    timestamp = str(int(time.time()))
    headers = {
        "X-Counterfoil-Timestamp": timestamp,
        "X-Counterfoil-Signature": signature_of(shadow.webhook_secret, timestamp, body),
    }
    shadow.invoke("ErpWebhook", request("POST", "/webhooks/netsuite", headers=headers, body=body))


def review_page(shadow: Shadow) -> None:
    invoice = a_matched_invoice(shadow)
    place = f"/page/{COMPANY}/invoices/{invoice.id}"
    session = shadow.session_token
    cookie = {"Cookie": f"counterfoil_session={session}"}
    for path in (f"/page/{COMPANY}", place):
        shadow.invoke("ReviewPage", request("GET", path, headers=cookie))
    without_version = a_read_invoice(
        shadow, document=a_dropped_document(shadow).model_copy(update={"version_id": None})
    )
    for one in (invoice, without_version):
        path = f"/page/{COMPANY}/invoices/{one.id}/document"
        read_document(shadow, shadow.invoke("ReviewPage", request("GET", path, headers=cookie)))
    form = {
        "csrf": hmac.new(session.encode(), b"counterfoil form", hashlib.sha256).hexdigest(),
        "version": str(invoice.version),
        "comment": "not ours",
    }
    headers = cookie | {"Content-Type": "application/x-www-form-urlencoded"}
    shadow.invoke("ReviewPage", request("POST", f"{place}/reject", headers=headers, body=urlencode(form)))
    other = a_matched_invoice(shadow)
    place = f"/page/{COMPANY}/invoices/{other.id}"
    form |= {"version": str(other.version)}
    shadow.invoke("ReviewPage", request("POST", f"{place}/approve", headers=headers, body=urlencode(form)))
    # A line is linked by the number of an order, which is looked up.
    order = an_open_order(shadow)
    linked = match(COMPANY, a_read_invoice(shadow, order).id, store=shadow.store, now=now)
    place = f"/page/{COMPANY}/invoices/{linked.id}"
    form |= {"version": str(linked.version), "to": f"{order.number}:1"}
    shadow.invoke("ReviewPage", request("POST", f"{place}/lines/1/link", headers=headers, body=urlencode(form)))
    upload_by_form(shadow, shadow.invoke("ReviewPage", request("GET", f"/page/{COMPANY}/upload", headers=cookie)))


def upload_by_form(shadow: Shadow, outcome: Outcome) -> None:
    """Send a document with the form of the page."""
    if outcome.content.get("statusCode") != 200:
        return
    page = html.document_fromstring(outcome.content["body"])
    [form] = page.xpath("//form[@enctype='multipart/form-data']")
    fields = {field.get("name"): field.get("value") for field in form.xpath(".//input[@type='hidden']")}
    send_document(shadow, "ReviewPage", form.get("action"), fields)


def read_document(shadow: Shadow, outcome: Outcome) -> None:
    """Follow the page to the document, by an address that is signed with the function's own rights."""
    locations = outcome.content.get("multiValueHeaders", {}).get("Location")
    if not locations:
        return
    try:
        with urllib.request.urlopen(locations[0], timeout=30) as reply:
            shadow.note(Outcome(str(reply.status), ""))
    except urllib.error.HTTPError as refused:
        with refused:
            shadow.note(Outcome(refused.read().decode(), ""))


EXERCISES: dict[str, Callable[[Shadow], None]] = {
    "CaptureInvoice": capture_invoice,
    "MatchInvoice": match_invoice,
    "ExportBill": export_bill,
    "SyncNetsuite": sync_netsuite,
    "RouteChanges": route_changes,
    "Sweep": sweep,
    "InvoicesApi": invoices_api,
    "ErpWebhook": erp_webhook,
    "ReviewPage": review_page,
}
