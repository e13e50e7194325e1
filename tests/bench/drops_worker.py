"""A program of its own: drops invoices on the local stack that `make up` started, and prints the seconds of each."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime

from counterfoil.domain.bills import external_id
from counterfoil.domain.deliveries import Delivery
from counterfoil.errors import RecordMissing
from counterfoil.netsuite.client import Credentials, NetSuiteClient, eid
from counterfoil.steps.capture import INBOX, invoice_id_of
from counterfoil.store import Store, SyncRequest
from local.installation import Installation
from local.services import cloud, erp, erp_credentials
from local.stack import Stack
from tests.bench import books
from tests.bench.books import Billed
from tests.bench.errors import BenchError

DROPS = 20
# Dropped before anything is measured, so that every function has been called once.
WARM_UP_DROPS = 2
SYNC_SECONDS_MAX = 300
BILL_SECONDS_MAX = 120
POLL_SECONDS = 0.02


def main() -> int:
    installation = Installation()
    if not (cloud(installation, 0).is_running() and erp(installation, 0).is_running()):
        sys.stderr.write("the local stack does not run: `make up` starts it\n")
        return 1
    try:
        seconds = dropped(Stack(installation), DROPS)
    except BenchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    json.dump(seconds, sys.stdout)
    return 0


def dropped(stack: Stack, drops: int) -> list[float]:
    """The seconds that each of so many drops took."""
    installation = stack.installation
    credentials = json.loads(erp_credentials(installation.port("erp"))) | {"base_url": installation.erp_url}
    client = NetSuiteClient(Credentials.from_json(credentials))
    store = Store(stack.client("dynamodb"), stack.outputs["TableName"])
    company = installation.company
    billed = books.place(client, WARM_UP_DROPS + drops, store.company(company).currency)
    request = SyncRequest(company=company, id=f"bench-{time.time_ns()}", by="bench")
    store.request_sync(request, at=datetime.now(UTC))
    for one in billed:
        wait_for_goods(store, company, one.order_number)
    return [seconds_to_bill(stack, store, client, one) for one in billed][WARM_UP_DROPS:]


def wait_for_goods(store: Store, company: str, order_number: str) -> None:
    """Until the order has been read, with the receipt of its goods."""
    deadline = time.monotonic() + SYNC_SECONDS_MAX
    while time.monotonic() < deadline:
        orders = store.orders_numbered(company, order_number)
        if any(line.received == line.quantity for order in orders for line in order.lines):
            return
        time.sleep(POLL_SECONDS)
    raise BenchError(f"order {order_number} was not read from the ERP within {SYNC_SECONDS_MAX} seconds")


def seconds_to_bill(stack: Stack, store: Store, client: NetSuiteClient, billed: Billed) -> float:
    """Drop the invoice and ask the ERP for its bill until it is there."""
    company, bucket, s3 = stack.installation.company, stack.outputs["InboxBucket"], stack.client("s3")
    key = f"{INBOX}/{company}/{billed.order_number}.xml"
    delivery = Delivery(company=company, bucket=bucket, key=key, at=datetime.now(UTC))
    invoice_id = invoice_id_of(company, delivery, billed.document)
    bill_id = eid(external_id(company, invoice_id))
    started = time.perf_counter()
    s3.put_object(Bucket=bucket, Key=key, Body=billed.document)
    while time.perf_counter() - started < BILL_SECONDS_MAX:
        try:
            client.get("vendorBill", bill_id, expand=False)
        except RecordMissing:
            time.sleep(POLL_SECONDS)
        else:
            return time.perf_counter() - started
    invoice = store.find_invoice(company, invoice_id)
    state = (
        f"{invoice.status.value}: {'; '.join(reason.detail for reason in invoice.reasons)}" if invoice else "unknown"
    )
    raise BenchError(f"{key} had no bill after {BILL_SECONDS_MAX} seconds; the invoice is {state}")


if __name__ == "__main__":
    sys.exit(main())
