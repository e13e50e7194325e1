"""Posting into the ERP emulator and reading back from it: one bill, one place in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from counterfoil.domain.invoices import LineKind
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import ReplyLost
from counterfoil.netsuite.client import eid
from counterfoil.netsuite.records import bills_query, erp_bill_of
from counterfoil.netsuite.rows import Selection, by_record
from counterfoil.steps.export import export
from counterfoil.steps.match import match
from counterfoil.steps.sync import sync
from counterfoil.store import Store
from tests.builders import COMPANY, NOON, a_captured_invoice, an_invoice, an_invoice_line
from tests.conftest import TABLE
from tests.memory import MemoryTable

FAR = datetime(2999, 1, 1, tzinfo=UTC)


@pytest.fixture
def store():
    """In memory, which `tests/store` holds to the rules of the real tables: each test here writes a whole company."""
    return Store(MemoryTable(), TABLE, pause=lambda seconds: None)


@pytest.fixture
def client(erp):
    return erp.client()


@pytest.fixture
def read_erp(store, client, clock):
    def read():
        sync(COMPANY, store=store, client=client, clock=clock, deadline=FAR)

    store.put_company(
        CompanySettings(company=COMPANY, currency="USD", approve_automatically_max=Decimal(100_000), accounts=ACCOUNTS)
    )
    read()
    return read


ACCOUNTS = {LineKind.FREIGHT: "121", LineKind.TAX: "107"}


@pytest.fixture
def approved(store, clock, read_erp):
    """An invoice over all that is left of PO10004, which the policy has approved."""
    [order] = store.orders_numbered(COMPANY, "PO10004")
    lines = tuple(
        an_invoice_line(
            line=line.line,
            description=line.description,
            item_code=line.vendor_item_code or line.item_code,
            quantity=line.received,
            unit=line.unit,
            unit_price=line.rate,
            amount=line.received * line.rate,
        )
        for line in order.lines
    )
    total = sum((line.amount for line in lines), Decimal(0))
    captured = a_captured_invoice(
        po_number="PO10004", po_numbers=("PO10004",), lines=lines, net_total=total, gross_total=total
    )
    received = store.save_invoice(None, an_invoice(), by="t", action="received", at=NOON)
    update = {"status": Status.CAPTURED, "captured": captured, "vendor_id": order.vendor_id}
    store.save_invoice(received, received.model_copy(update=update), by="t", action="read", at=NOON)
    matched = match(COMPANY, "invoice-1", store=store, now=clock)
    assert matched.status == Status.APPROVED, matched.reasons
    return matched


@pytest.fixture
def run(store, client, clock):
    return lambda: export(COMPANY, "invoice-1", store=store, client=client, now=clock)


def bills_in_erp(client, number="INV-1"):
    rows = (row for page in client.suiteql_pages(bills_query(Selection())) for row in page)
    return [bill for bill in (erp_bill_of(COMPANY, group) for group in by_record(rows)) if bill.number == number]


def test_the_bill_in_the_erp_is_the_invoices_to_the_cent(store, client, approved, run):
    posted = run()

    [bill] = bills_in_erp(client)
    assert (posted.status, posted.bill.id) == (Status.POSTED, bill.id)
    assert bill.total == approved.captured.gross_total == posted.bill.total
    assert bill.external_id == posted.bill.external_id
    [order] = store.orders_numbered(COMPANY, "PO10004")
    assert [(line.order_id, line.order_line) for line in bill.lines] == [(order.id, line.line) for line in order.lines]


def test_what_we_billed_is_counted_once_when_it_is_read_back(store, approved, run, read_erp):
    posted = run()
    [before] = store.orders_numbered(COMPANY, "PO10004")

    read_erp()

    [order] = store.orders_numbered(COMPANY, "PO10004")
    assert order.bills == before.bills == {posted.bill.id: {line.line: line.received for line in order.lines}}
    assert order.claims == {}
    for line in order.lines:
        assert order.billed(line.line) == line.billed == line.received


def test_a_claim_and_its_bill_are_never_both_lost_while_a_reply_is(store, erp, client, approved, run, read_erp):
    """The bill is in the ERP and nobody knows yet: the goods stay taken all the time, at the end exactly once."""
    erp.control("faults", {"kind": "cut_after", "route": "POST .*/record/v1/vendorBill", "count": 1})
    with pytest.raises(ReplyLost):
        run()
    read_erp()
    [order] = store.orders_numbered(COMPANY, "PO10004")
    assert all(order.billed(line.line) + order.claimed(line.line) >= line.received for line in order.lines)

    posted = run()

    assert posted.status == Status.POSTED
    assert len(bills_in_erp(client)) == 1
    [order] = store.orders_numbered(COMPANY, "PO10004")
    assert all(order.billed(line.line) + order.claimed(line.line) == line.received for line in order.lines)


@pytest.mark.parametrize(
    ("kind", "nth"),
    [("cut_before", 1), ("cut_after", 1), ("503", 1), ("login_page", 1), ("cut_after", 2), ("500", 2)],
    ids=lambda value: str(value),
)
def test_whatever_goes_wrong_while_posting_there_is_one_bill(store, erp, client, approved, run, kind, nth):
    erp.control("faults", {"kind": kind, "route": "record/v1/vendorBill", "nth": nth})
    try:
        run()
    except ReplyLost:
        run()

    assert store.invoice(COMPANY, "invoice-1").status == Status.POSTED
    [bill] = bills_in_erp(client)
    assert client.get("vendorBill", eid(bill.external_id), expand=False)["id"] == bill.id


def test_a_bill_that_somebody_entered_meanwhile_is_not_entered_again(store, client, approved, run):
    [order] = store.orders_numbered(COMPANY, "PO10004")
    line = {"account": {"id": "121"}, "amount": 5}
    client.create("vendorBill", {"entity": {"id": order.vendor_id}, "tranId": "INV-1", "expense": {"items": [line]}})

    failed = run()

    assert (failed.status, failed.reasons[0].code) == (Status.EXPORT_FAILED, "billed_already")
    assert len(bills_in_erp(client)) == 1


def test_tax_and_freight_are_on_the_bill(store, client, approved, run):
    captured = approved.captured
    freight = an_invoice_line(line=90, kind=LineKind.FREIGHT, description="Freight", amount=Decimal("12.50"))
    changed = captured.model_copy(
        update={
            "lines": (*captured.lines, freight),
            "tax_total": Decimal("7.25"),
            "gross_total": captured.gross_total + Decimal("19.75"),
        }
    )
    store.save_invoice(approved, approved.model_copy(update={"captured": changed}), by="t", action="changed", at=NOON)

    posted = run()

    assert posted.status == Status.POSTED
    [bill] = bills_in_erp(client)
    assert bill.total == changed.gross_total
    assert sorted(line.amount for line in bill.lines if line.item_id is None) == [Decimal("7.25"), Decimal("12.50")]


def test_a_vendor_that_the_erp_has_switched_off_is_refused_in_its_words(store, client, approved, run):
    client.patch("vendor", approved.vendor_id, {"isInactive": True})

    failed = run()

    assert failed.status == Status.EXPORT_FAILED
    assert failed.reasons[0].code == "erp_refused"
    assert "entity" in failed.reasons[0].detail


def test_a_bill_is_for_whom_its_order_is_and_counted_where_its_order_is(store, client, erp, clock):
    erp.control("customization", {"scriptId": "cseg_region", "label": "Region"})
    erp.control("customization", {"scriptId": "custcol_lot", "label": "Lot"})
    client.create("customrecord_cseg_region", {"name": "North"})
    project = client.create("job", {"entityId": "P-1", "companyName": "New warehouse"})
    coded = {"customer": {"id": project}, "cseg_region": {"id": "1"}, "custcol_lot": "L7"}
    lines = {
        "item": {"items": [{"item": {"id": "71"}, "quantity": 10, "rate": 5, **coded}]},
        "expense": {"items": [{"account": {"id": "121"}, "amount": 9, "memo": "Freight", **coded}]},
    }
    order_id = client.create("purchaseOrder", {"entity": {"id": "501"}, "tranDate": "2026-02-02", **lines})
    client.transform("purchaseOrder", order_id, "itemReceipt", {"tranDate": "2026-02-05"})
    segments = ("cseg_region", "custcol_lot")
    store.put_company(
        CompanySettings(
            company=COMPANY, currency="GBP", approve_automatically_max=Decimal(1000), line_segments=segments
        )
    )
    sync(COMPANY, store=store, client=client, clock=clock, deadline=FAR, segments=segments)
    order = store.order(COMPANY, order_id)
    captured = a_captured_invoice(
        po_number=order.number,
        po_numbers=(order.number,),
        currency=order.currency,
        lines=(
            an_invoice_line(item_code="PAPER-A4", description="A4 paper"),
            an_invoice_line(
                line=2, item_code=None, description="Freight", quantity=None, unit_price=None, amount=Decimal(9)
            ),
        ),
        net_total=Decimal(59),
        gross_total=Decimal(59),
    )
    received = store.save_invoice(None, an_invoice(), by="t", action="received", at=NOON)
    update = {"status": Status.CAPTURED, "captured": captured, "vendor_id": "501"}
    store.save_invoice(received, received.model_copy(update=update), by="t", action="read", at=NOON)

    matched = match(COMPANY, "invoice-1", store=store, now=clock)
    posted = export(COMPANY, "invoice-1", store=store, client=client, now=clock)

    assert posted.status == Status.POSTED, posted.reasons
    for line in matched.match.lines:
        assert (line.coding.project, line.coding.segments) == (project, {"cseg_region": "1", "custcol_lot": "L7"})
    rows = client.suiteql(
        "SELECT tl.entity, tl.cseg_region, tl.custcol_lot FROM transactionline tl "
        f"WHERE tl.transaction = {posted.bill.id} AND tl.mainline = 'F' ORDER BY tl.id"
    )
    assert list(rows) == [{"entity": project, "cseg_region": "1", "custcol_lot": "L7"}] * 2
