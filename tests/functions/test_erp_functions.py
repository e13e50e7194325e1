"""The functions that speak to the ERP, with their events, against the emulator."""

from __future__ import annotations

import json

import boto3
import pytest

from counterfoil.domain.lifecycle import Status
from counterfoil.domain.policy import CompanySettings
from counterfoil.steps.match import match
from tests.builders import COMPANY, NOON, a_captured_invoice, an_invoice_line
from tests.functions.wired import call
from tests.steps.test_match import a_read_invoice

NOTHING_FAILED = {"batchItemFailures": []}


@pytest.fixture(autouse=True)
def connected(services, erp):
    """The company's books are the emulator's small seed."""
    services.put_company(CompanySettings(company=COMPANY, currency="GBP", approve_automatically_max=10**6))
    boto3.client("secretsmanager").create_secret(
        Name=f"counterfoil/{COMPANY}/erp", SecretString=json.dumps(erp.credentials)
    )


@pytest.fixture
def open_order(services):
    """An order of the seed that has one line left to bill without a receipt."""
    call("sync_netsuite.scheduled")
    [vendor] = [vendor for vendor in services.vendors_with(COMPANY, ["vat:GB123456789"])] or [None]
    assert vendor is not None
    orders = services.open_orders(COMPANY, vendor.id)
    assert orders
    return orders


def test_on_schedule_every_company_is_read(services):
    services.put_company(CompanySettings(company="unconnected"))

    outcomes = call("sync_netsuite.scheduled")

    assert outcomes[COMPANY] == "finished"
    assert outcomes["unconnected"] != "finished"
    assert services.sync_progress(COMPANY, "orders").records > 20


def test_on_demand_one_company_is_read(services):
    assert call("sync_netsuite.requested") == NOTHING_FAILED

    assert services.sync_progress(COMPANY, "vendors").finished_at is not None
