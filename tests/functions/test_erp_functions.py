"""The functions that speak to the ERP, with their events, against the emulator."""

from __future__ import annotations

import importlib
import json
from datetime import timedelta
from decimal import Decimal

import boto3
import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from botocore.exceptions import ClientError, ReadTimeoutError

from counterfoil import wiring
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import ItemKind
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import CounterfoilError, ErpLoginRefused
from counterfoil.steps.match import match
from counterfoil.steps.sync import KINDS, SyncReport
from counterfoil.store import Store, SyncProgress
from tests.builders import COMPANY, NOON, a_captured_invoice, an_invoice_line
from tests.functions.wired import Context, call, event, handler
from tests.steps.test_match import a_read_invoice

NOTHING_FAILED = {"batchItemFailures": []}


@pytest.fixture(autouse=True)
def connected(services, erp):
    """The company's books are the emulator's small seed."""
    services.put_company(CompanySettings(company=COMPANY, currency="GBP", approve_automatically_max=10**6))
    boto3.client("secretsmanager").create_secret(
        Name=f"counterfoil/{COMPANY}/erp", SecretString=json.dumps(erp.credentials)
    )


def test_on_schedule_every_company_is_read(services):
    assert call("sync_netsuite.scheduled") == {COMPANY: "finished"}

    assert services.sync_progress(COMPANY, "orders").records > 20


def test_a_company_that_cannot_be_read_is_named_after_all_others_were_read(services, monkeypatch):
    """Whatever its fault is: no secret, a secret that may not be read, an item of its own that can't be."""
    for name in ("a-unconnected", "a-forbidden", "a-slow", "a-broken"):
        services.put_company(CompanySettings(company=name))
    faults = {
        "a-forbidden": ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue"),
        "a-slow": ReadTimeoutError(endpoint_url="https://secretsmanager"),
    }
    connect, progress = wiring.erp, Store.sync_progress

    def erp_of(company):
        if company in faults:
            raise faults[company]
        return connect(COMPANY if company == "a-broken" else company)

    def progress_of(store, company, kind):
        return SyncProgress.model_validate({}) if company == "a-broken" else progress(store, company, kind)

    monkeypatch.setattr(wiring, "erp", erp_of)
    monkeypatch.setattr(Store, "sync_progress", progress_of)

    with pytest.raises(CounterfoilError, match=r"^not synced: a-broken, a-forbidden, a-slow, a-unconnected$"):
        call("sync_netsuite.scheduled")

    assert services.sync_progress(COMPANY, "orders").records > 20


def test_credentials_that_the_erp_refused_are_left_alone_until_they_are_others(services, erp):
    """Five refusals lock the token; every function that is called meanwhile would be one."""
    secrets = boto3.client("secretsmanager")
    name = f"counterfoil/{COMPANY}/erp"
    secrets.put_secret_value(SecretId=name, SecretString=json.dumps({**erp.credentials, "token_secret": "wrong"}))
    for _ in range(3):
        wiring.clear()
        with pytest.raises(CounterfoilError):
            call("sync_netsuite.scheduled")
    with pytest.raises(ErpLoginRefused) as raised:
        list(wiring.erp(COMPANY).suiteql("SELECT id FROM currency"))
    assert raised.value.code == "login_refused_lately"

    secrets.put_secret_value(SecretId=name, SecretString=json.dumps(erp.credentials))
    wiring.clear()
    assert call("sync_netsuite.scheduled") == {COMPANY: "finished"}


def test_the_company_that_waits_longest_is_read_first_and_each_has_its_share_of_the_time(services, monkeypatch):
    finished = {COMPANY: NOON, "idle": NOON - timedelta(hours=1), "late": NOON}
    for name, at in finished.items():
        services.put_company(CompanySettings(company=name))
        for kind in KINDS:
            services.put_sync_progress(name, SyncProgress(kind=kind, finished_at=at))
    services.put_sync_progress("late", SyncProgress(kind="bills", finished_at=NOON - timedelta(days=1)))
    services.put_company(CompanySettings(company="new"))
    asked = []
    app = importlib.import_module("functions.sync_netsuite.app")
    monkeypatch.setattr(app, "read_company", lambda company, seconds: asked.append((company, seconds)) or SyncReport())

    call("sync_netsuite.scheduled")

    seconds = Context.get_remaining_time_in_millis() / 1000 - app.RESERVE_SECONDS
    assert asked == [("new", seconds / 4), ("late", seconds / 3), ("idle", seconds / 2), (COMPANY, seconds)]


def test_on_demand_one_company_is_read(services):
    assert call("sync_netsuite.requested") == NOTHING_FAILED

    assert services.sync_progress(COMPANY, "vendors").finished_at is not None


def test_one_record_that_the_erp_says_has_changed_is_read(services, erp):
    order_id = next(iter(erp.client().suiteql("SELECT id FROM transaction WHERE type = 'PurchOrd' ORDER BY id")))["id"]

    assert handler("sync_netsuite")(one_record(order_id), Context()) == NOTHING_FAILED

    assert services.order(COMPANY, order_id) is not None
    assert services.sync_progress(COMPANY, "orders").finished_at is None


def test_an_approved_invoice_becomes_a_bill_linked_to_its_order_and_its_claim_is_billed(services, erp, clock):
    call("sync_netsuite.scheduled")
    order = an_order_that_needs_no_receipt(services, erp)
    approved = an_approved_invoice_over(order, services, clock)

    assert call("export_bill.approved") == NOTHING_FAILED

    posted = services.invoice(COMPANY, approved.id)
    assert posted.status == Status.POSTED
    bill = erp.client().get("vendorBill", posted.bill.id)
    assert bill["externalId"] == posted.bill.external_id
    assert Decimal(bill["total"]) == posted.captured.gross_total
    assert {line["orderDoc"]["id"] for line in bill["item"]["items"]} == {order.id}
    assert services.order(COMPANY, order.id).claims == {}


def test_the_same_message_again_makes_no_second_bill(services, erp, clock):
    call("sync_netsuite.scheduled")
    an_approved_invoice_over(an_order_that_needs_no_receipt(services, erp), services, clock)
    call("export_bill.approved")
    bills = bills_of(erp)

    assert call("export_bill.approved") == NOTHING_FAILED

    assert bills_of(erp) == bills


def test_an_erp_that_cannot_be_reached_leaves_the_message_in_its_queue(services, erp, clock):
    call("sync_netsuite.scheduled")
    approved = an_approved_invoice_over(an_order_that_needs_no_receipt(services, erp), services, clock)
    boto3.client("secretsmanager").put_secret_value(
        SecretId=f"counterfoil/{COMPANY}/erp", SecretString=json.dumps({"account": "TSTDRV1"})
    )
    wiring.clear()

    with pytest.raises(BatchProcessingError, match="not complete"):
        call("export_bill.approved")

    assert services.invoice(COMPANY, approved.id).status == Status.APPROVED


def one_record(record_id):
    requested = event("sync_netsuite.one_record")
    body = json.loads(requested["Records"][0]["body"]) | {"record_id": record_id}
    requested["Records"][0]["body"] = json.dumps(body)
    return requested


def an_order_that_needs_no_receipt(services, erp):
    """An open order of the seed whose lines are all items that are billed without a receipt, none billed yet."""
    ids = [row["id"] for row in erp.client().suiteql("SELECT id FROM transaction WHERE type = 'PurchOrd' ORDER BY id")]
    for order in services.orders(COMPANY, ids).values():
        kinds = {line.kind for line in order.lines}
        untouched = all(order.billed(line.line) == 0 for line in order.lines)
        if order.status.is_open and kinds <= {ItemKind.NONINVENTORY, ItemKind.SERVICE} and untouched:
            return order
    raise AssertionError("the seed has no such order")


def an_approved_invoice_over(order, services, clock):
    services.put_company(
        CompanySettings(company=COMPANY, currency=order.currency, approve_automatically_max=Decimal(10**9))
    )
    lines = tuple(
        an_invoice_line(
            line=line.line,
            description=line.description,
            item_code=line.item_code,
            quantity=line.quantity,
            unit_price=line.rate,
            amount=line.amount,
        )
        for line in order.lines
    )
    total = sum(line.amount for line in order.lines)
    captured = a_captured_invoice(
        po_number=order.number,
        po_numbers=(order.number,),
        currency=order.currency,
        lines=lines,
        net_total=total,
        gross_total=total,
    )
    read = a_read_invoice(services, captured=captured, vendor_id=order.vendor_id)
    approved = match(COMPANY, read.id, store=services, now=clock)
    assert approved.status == Status.APPROVED, approved.reasons
    return approved


def bills_of(erp):
    rows = erp.client().suiteql("SELECT id FROM transaction WHERE type = 'VendBill' ORDER BY id")
    return [row["id"] for row in rows]
