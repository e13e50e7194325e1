"""Both sides' books before the story begins, and the goods that come while it is told."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import requests

from counterfoil.domain.webhooks import signature_of
from counterfoil.steps.capture import INBOX
from counterfoil.store import Store, SyncRequest
from local.company import settings
from local.demo.story import MissingReceipt, Story
from local.erp import Erp
from local.errors import LocalError
from local.progress import console, stage
from local.stack import Stack

SYNC_SECONDS_MAX = 120
IDLE_SECONDS_MAX = 60
POLL_SECONDS = 0.5
TIMEOUT_SECONDS = 30
BATCH_WRITES_MAX = 25
QUEUES = ("CaptureQueueUrl", "MatchQueueUrl", "ExportQueueUrl", "SyncQueueUrl")
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def open_company(stack: Stack, store: Store, erp: Erp, story: Story) -> None:
    """Put the company's settings in place, put back what an earlier run left, and read the ERP's orders."""
    company = stack.installation.company
    before = invoices_of(stack)
    refuse_foreign(before, story)
    if before:
        console.print(
            f"the demo was told before: its {len(before)} invoices and the ERP's books are put back to the start"
        )
        with stage("put both sides back"):
            wait_until_idle(stack)
            empty_inbox(stack)
            erp.reset()
            forget_company(stack)
    store.put_company(settings(company, erp))
    with stage("read the ERP's vendors and orders"):
        store.request_sync(SyncRequest(company=company, id=f"demo-{time.time_ns()}", by="demo"), at=datetime.now(UTC))
        wait_for_orders(store, company, story)


def receive_goods(stack: Stack, erp: Erp, receipt: MissingReceipt) -> None:
    """Post the receipt in the ERP, and send the notice that a script in the ERP would send."""
    receipt_id = erp.receive(receipt.order, receipt.quantities)
    secret = stack.client("secretsmanager").get_secret_value(SecretId=stack.outputs["WebhookSecretName"])
    body = json.dumps({"company": stack.installation.company, "recordType": "itemReceipt", "id": receipt_id})
    timestamp = str(int(time.time()))
    reply = requests.post(
        stack.outputs["WebhookUrl"],
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-Counterfoil-Timestamp": timestamp,
            "X-Counterfoil-Signature": signature_of(secret["SecretString"], timestamp, body),
        },
        timeout=TIMEOUT_SECONDS,
    )
    if reply.status_code != requests.codes.accepted:
        raise LocalError(f"the webhook refused the ERP's notice: {reply.status_code} {reply.text[:300]}")


def refuse_foreign(invoices: list[dict[str, Any]], story: Story) -> None:
    """Nobody's own documents are thrown away: with any of them in the company, the demo does not begin again."""
    known = {hashlib.sha256(sample.path.read_bytes()).hexdigest() for sample in story.samples}
    foreign = [invoice["document"]["key"] for invoice in invoices if invoice["document"].get("sha256") not in known]
    if foreign:
        raise LocalError(
            f"the demo company holds {len(foreign)} documents that are not the demo's, such as {foreign[0]}",
            "the demo would have to remove them to begin again; `make clean` does, and `make demo` then starts afresh",
        )


def wait_until_idle(stack: Stack) -> None:
    """Until no queue holds work, so that none of the last run falls into the next one."""
    sqs = stack.client("sqs")
    deadline = time.monotonic() + IDLE_SECONDS_MAX
    while time.monotonic() < deadline:
        waiting = 0
        for name in QUEUES:
            found = sqs.get_queue_attributes(QueueUrl=stack.outputs[name], AttributeNames=list(COUNTS))["Attributes"]
            waiting += sum(int(found.get(count, 0)) for count in COUNTS)
        if waiting == 0:
            return
        time.sleep(POLL_SECONDS)
    raise LocalError("queues of the local stack still hold work", "wait for it, or `make clean` and begin again")


def empty_inbox(stack: Stack) -> None:
    """Remove the company's documents with all their versions."""
    s3, bucket = stack.client("s3"), stack.outputs["InboxBucket"]
    prefix = f"{INBOX}/{stack.installation.company}/"
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for version in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


def forget_company(stack: Stack) -> None:
    """Remove every item of the company from the local table; its settings are another item and stay."""
    table, dynamodb = stack.outputs["TableName"], stack.client("dynamodb")
    keys = [{name: item[name] for name in ("pk", "sk")} for item in items_of(stack)]
    for start in range(0, len(keys), BATCH_WRITES_MAX):
        wanted = {table: [{"DeleteRequest": {"Key": key}} for key in keys[start : start + BATCH_WRITES_MAX]]}
        while wanted:
            wanted = dynamodb.batch_write_item(RequestItems=wanted).get("UnprocessedItems", {})


def invoices_of(stack: Stack) -> list[dict[str, Any]]:
    """All invoices of the company, as they are stored."""
    store = Store(stack.client("dynamodb"), stack.outputs["TableName"])
    prefix, company = f"{stack.installation.company}#INVOICE#", stack.installation.company
    ids = [
        item["pk"]["S"].removeprefix(prefix)
        for item in items_of(stack)
        if item["pk"]["S"].startswith(prefix) and item["sk"]["S"] == "STATE"
    ]
    return [store.invoice(company, invoice_id).model_dump(mode="json") for invoice_id in ids]


def items_of(stack: Stack) -> Iterator[dict[str, Any]]:
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=stack.outputs["TableName"],
            FilterExpression="begins_with(pk, :company)",
            ExpressionAttributeValues={":company": {"S": f"{stack.installation.company}#"}},
            ProjectionExpression="pk, sk",
        )
    )
    for page in pages:
        yield from page["Items"]


def wait_for_orders(store: Store, company: str, story: Story) -> None:
    """Until every order of the story has been read from the ERP."""
    deadline = time.monotonic() + SYNC_SECONDS_MAX
    missing = story.order_numbers
    while time.monotonic() < deadline:
        missing = [number for number in missing if not store.orders_numbered(company, number)]
        if not missing:
            return
        time.sleep(POLL_SECONDS)
    errors = [
        progress.error for kind in ("vendors", "orders") if (progress := store.sync_progress(company, kind)).error
    ]
    raise LocalError(
        f"the ERP's orders {', '.join(missing)} did not arrive: {'; '.join(errors) or 'no error is known'}"
    )
