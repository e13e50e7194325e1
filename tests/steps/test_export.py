"""Posting: one bill for each invoice, whatever is lost, repeated, refused or written meanwhile."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
import requests
import responses

from counterfoil.domain.bills import external_id
from counterfoil.domain.invoices import DocumentType, LineKind
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import ItemKind
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import ErpLoginRefused, ErpUnavailable, ReplyLost, StaleWrite
from counterfoil.netsuite.client import Credentials, NetSuiteClient
from counterfoil.steps.export import export
from counterfoil.steps.match import match
from tests.builders import COMPANY, NOON, a_captured_invoice, an_invoice, an_invoice_line, an_order, an_order_line

BASE = "https://tstdrv123.suitetalk.api.netsuite.com"
SERVICES = f"{BASE}/services/rest"
EXTERNAL_ID = external_id(COMPANY, "invoice-1")


class Erp:
    """As much of an ERP as posting needs, with its memory: bills by external id, refused when taken.

    `fail_next` holds answers for the next creates: an exception or a status, `before` or `after` the work is done.
    """

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.bills: dict[str, dict] = {}
        self.by_hand: list[dict] = []
        self.fail_next: list[tuple[str, object]] = []
        self.tax_added = Decimal(0)
        self.log: list[str] = []
        for name in ("vendorBill", "vendorCredit"):
            mock.add_callback(responses.POST, f"{SERVICES}/record/v1/{name}", callback=self.create)
            mock.add_callback(responses.GET, re.compile(f"{SERVICES}/record/v1/{name}/eid:.*"), callback=self.get)
        mock.add_callback(responses.POST, f"{SERVICES}/query/v1/suiteql", callback=self.query)

    def create(self, request):
        self.log.append("create")
        when, failure = self.fail_next.pop(0) if self.fail_next else ("", None)
        if when == "before":
            return _answer(failure)
        body = json.loads(request.body, parse_float=Decimal, parse_int=Decimal)
        name = body["externalId"]
        if name in self.bills:
            return _answer((400, "USER_ERROR", "This record already exists."))
        if body["entity"]["id"] == "refused":
            return _answer((400, "USER_ERROR", "Invalid Field Value refused for the following field: entity"))
        lines = [line for list_ in ("item", "expense") for line in body.get(list_, {"items": []})["items"]]
        total = sum((line["amount"] for line in lines), self.tax_added)
        self.bills[name] = {"id": str(812 + len(self.bills)), "total": total, "type": request.url, "body": body}
        if when == "after":
            return _answer(failure)
        return 204, {"Location": f"{request.url.split('?')[0]}/{self.bills[name]['id']}"}, ""

    def get(self, request):
        self.log.append("look up")
        bill = self.bills.get(request.url.split("eid:")[1].split("?")[0])
        if bill is None:
            return _answer((404, "NONEXISTENT_ID", "The record instance does not exist."))
        return 200, {}, f'{{"id": "{bill["id"]}", "total": {bill["total"]}}}'

    def query(self, request):
        body = json.loads(request.body)
        rows = [{"id": "1"}] if "FROM currency" in body["q"] else self.by_hand
        rows = [] if "FROM currency" in body["q"] and body["params"] != ["USD"] else rows
        return 200, {}, json.dumps({"items": rows, "hasMore": False, "count": len(rows)})


def _answer(failure):
    if isinstance(failure, Exception):
        raise failure
    status, code, detail = failure
    return (
        status,
        {},
        json.dumps({"title": "x", "status": status, "o:errorDetails": [{"detail": detail, "o:errorCode": code}]}),
    )


BROKEN = (500, "UNEXPECTED_ERROR", "An unexpected error occurred.")


@pytest.fixture
def erp(aws):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.add_passthru("https://dynamodb")
        yield Erp(mock)


@pytest.fixture
def client():
    credentials = Credentials(account="TSTDRV123", base_url=BASE, consumer_key="k", consumer_secret="s")
    return NetSuiteClient(credentials, sleep=lambda seconds: None, attempts_max=2)


@pytest.fixture(autouse=True)
def company(store):
    store.put_company(
        CompanySettings(
            company=COMPANY,
            currency="USD",
            approve_automatically_max=Decimal("1000.00"),
            accounts={LineKind.FREIGHT: "64", LineKind.TAX: "67"},
        )
    )


@pytest.fixture
def run(store, client, clock):
    return lambda invoice_id="invoice-1": export(COMPANY, invoice_id, store=store, client=client, now=clock)


def an_approved_invoice(store, clock, *, vendor_id="501", **captured):
    """An invoice over 50.00 that was matched with order 1001 and has claimed ten of it."""
    store.save_order(an_order(vendor_id=vendor_id, lines=(an_order_line(kind=ItemKind.NONINVENTORY),)), read=None)
    received = store.save_invoice(None, an_invoice(), by="t", action="received", at=NOON)
    update = {"status": Status.CAPTURED, "captured": a_captured_invoice(**captured), "vendor_id": vendor_id}
    store.save_invoice(received, received.model_copy(update=update), by="t", action="read", at=NOON)
    matched = match(COMPANY, "invoice-1", store=store, now=clock)
    assert matched.status == Status.APPROVED
    return matched


def actions(store):
    return [entry.action for entry in store.audit(COMPANY, "invoice-1")]


def test_an_approved_invoice_becomes_one_bill_and_its_claim_is_billed(store, clock, run, erp):
    an_approved_invoice(store, clock)

    posted = run()

    assert posted.status == Status.POSTED
    assert (posted.bill.external_id, posted.bill.id, posted.bill.total) == (EXTERNAL_ID, "812", 50)
    order = store.order(COMPANY, "1001")
    assert order.claims == {}
    assert order.bills == {"812": {1: 10}}
    assert actions(store)[-2:] == ["export_begun", "posted"]


def test_the_bill_names_vendor_number_date_and_order_lines(store, clock, run, erp):
    an_approved_invoice(store, clock)

    run()

    body = erp.bills[EXTERNAL_ID]["body"]
    assert (body["entity"], body["tranId"], body["tranDate"], body["currency"]) == (
        {"id": "501"},
        "INV-1",
        "2026-03-01",
        {"id": "1"},
    )
    assert body["item"]["items"][0]["orderDoc"] == {"id": "1001"}
    assert body["item"]["items"][0]["orderLine"] == 1


def test_the_external_id_is_written_down_before_the_erp_is_called(store, clock, run, erp):
    an_approved_invoice(store, clock)
    erp.fail_next = [("before", BROKEN)]

    with pytest.raises(ReplyLost):
        run()

    invoice = store.invoice(COMPANY, "invoice-1")
    assert (invoice.status, invoice.bill.external_id) == (Status.EXPORTING, EXTERNAL_ID)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(requests.ReadTimeout(), id="timeout"),
        pytest.param(requests.ConnectionError("Connection aborted."), id="reset"),
        pytest.param(BROKEN, id="500"),
    ],
)
def test_a_lost_reply_leads_to_one_bill_whether_or_not_the_work_was_done(store, clock, run, erp, when, failure):
    an_approved_invoice(store, clock)
    erp.fail_next = [(when, failure)]
    with pytest.raises(ReplyLost):
        run()

    posted = run()

    assert posted.status == Status.POSTED
    assert len(erp.bills) == 1
    assert posted.bill.id == erp.bills[EXTERNAL_ID]["id"]


def test_a_repeat_looks_for_the_bill_before_anything_else(store, clock, run, erp):
    an_approved_invoice(store, clock)
    erp.fail_next = [("after", BROKEN)]
    with pytest.raises(ReplyLost):
        run()
    erp.log.clear()

    run()

    assert erp.log == ["look up"]


def test_a_bill_that_came_about_meanwhile_is_success(store, clock, run, erp):
    """The lost attempt was carried out between our look and our call: the ERP says that the id is taken."""
    an_approved_invoice(store, clock)
    erp.bills[EXTERNAL_ID] = {"id": "999", "total": Decimal("50.00")}

    posted = run()

    assert (posted.status, posted.bill.id) == (Status.POSTED, "999")
    assert len(erp.bills) == 1


def test_a_posted_invoice_stays_as_it_is(store, clock, run, erp):
    an_approved_invoice(store, clock)
    posted = run()
    erp.log.clear()

    assert run() == posted

    assert erp.log == []


@pytest.mark.parametrize("failure", [pytest.param((429, "CONCURRENCY_LIMIT_EXCEEDED", "blocked"), id="busy")])
def test_an_erp_that_is_busy_for_long_is_a_fault_for_the_queue(store, clock, run, erp, failure):
    an_approved_invoice(store, clock)
    erp.fail_next = [("before", failure)] * 2

    with pytest.raises(ErpUnavailable):
        run()

    assert store.invoice(COMPANY, "invoice-1").status == Status.EXPORTING
    assert run().status == Status.POSTED


def test_a_refused_login_is_a_fault_and_no_fault_of_the_invoice(store, clock, run, erp):
    an_approved_invoice(store, clock)
    erp.fail_next = [("before", (401, "INVALID_LOGIN", "Invalid login attempt."))]

    with pytest.raises(ErpLoginRefused):
        run()

    assert store.invoice(COMPANY, "invoice-1").status == Status.EXPORTING


def test_a_refusal_shows_netsuites_own_words(store, clock, run, erp):
    an_approved_invoice(store, clock, vendor_id="501")
    erp.fail_next = [("before", (400, "USER_ERROR", "Invalid Field Value 501 for the following field: entity"))]

    failed = run()

    assert failed.status == Status.EXPORT_FAILED
    [reason] = failed.reasons
    assert reason.code == "erp_refused"
    assert "Invalid Field Value 501 for the following field: entity" in reason.detail
    assert store.order(COMPANY, "1001").claims == {"invoice-1": {1: 10}}


def test_a_failed_export_that_a_person_tries_again_is_posted(store, clock, run, erp):
    an_approved_invoice(store, clock)
    erp.fail_next = [("before", (400, "USER_ERROR", "The period is closed."))]
    failed = run()
    again = failed.model_copy(update={"status": Status.EXPORTING, "reasons": ()})
    store.save_invoice(failed, again, by="clerk", action="retry_export", at=NOON)

    assert run().status == Status.POSTED


def test_a_bill_of_another_total_is_not_taken_for_the_invoices(store, clock, run, erp):
    an_approved_invoice(store, clock)
    erp.tax_added = Decimal("0.01")

    failed = run()

    assert failed.status == Status.EXPORT_FAILED
    assert failed.bill.id == "812"
    assert failed.reasons[0].code == "bill_total_differs"
    assert "50.01" in failed.reasons[0].detail
    assert "50" in failed.reasons[0].detail


def test_a_bill_that_was_entered_by_hand_is_not_entered_again(store, clock, run, erp):
    an_approved_invoice(store, clock)
    erp.by_hand = [{"id": "700", "status": "A"}]

    failed = run()

    assert failed.reasons[0].code == "billed_already"
    assert "700" in failed.reasons[0].detail
    assert erp.bills == {}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"id": "700", "status": "E"}, id="rejected"),
        pytest.param({"id": "700", "status": "A", "externalid": EXTERNAL_ID}, id="our own"),
    ],
)
def test_other_bills_of_that_number_do_not_count(store, clock, run, erp, row):
    an_approved_invoice(store, clock)
    erp.by_hand = [row]

    assert run().status == Status.POSTED


def test_an_invoice_that_makes_no_bill_says_why(store, clock, run, erp):
    freight = an_invoice_line(line=2, kind=LineKind.CHARGE, amount=Decimal("5.00"), item_code=None)
    invoice = an_approved_invoice(store, clock)
    captured = invoice.captured.model_copy(update={"lines": (*invoice.captured.lines, freight)})
    store.save_invoice(invoice, invoice.model_copy(update={"captured": captured}), by="t", action="changed", at=NOON)

    failed = run()

    assert failed.status == Status.EXPORT_FAILED
    assert failed.reasons[0].code == "bill_lacks_an_account"
    assert erp.log == []


def test_an_unknown_currency_says_so(store, clock, run, erp):
    store.save_order(an_order(currency="EUR", lines=(an_order_line(),)), read=None)
    received = store.save_invoice(None, an_invoice(), by="t", action="received", at=NOON)
    update = {
        "status": Status.CAPTURED,
        "captured": a_captured_invoice(currency="EUR"),
        "vendor_id": "501",
    }
    read = store.save_invoice(received, received.model_copy(update=update), by="t", action="read", at=NOON)
    matched = match(COMPANY, read.id, store=store, now=clock)
    approved = matched.model_copy(update={"status": Status.APPROVED})
    store.save_invoice(matched, approved, by="t", action="approve", at=NOON)

    assert run().reasons[0].code == "currency_unknown"


def test_an_order_that_changes_while_its_bill_is_posted_is_read_again(store, clock, run, erp, monkeypatch):
    an_approved_invoice(store, clock)
    real, calls = store.orders, []

    def meanwhile(company, ids):
        orders = real(company, ids)
        calls.append(1)
        if len(calls) == 3:  # after the bill was created, before the invoice is posted
            order = orders["1001"]
            store.save_order(order.model_copy(update={"vendor_name": "Renamed"}), read=order)
        return orders

    monkeypatch.setattr(store, "orders", meanwhile)

    posted = run()

    assert posted.status == Status.POSTED
    order = real(COMPANY, ["1001"])["1001"]
    assert (order.vendor_name, order.claims, order.bills) == ("Renamed", {}, {"812": {1: 10}})
    assert len(erp.bills) == 1


def test_two_exports_at_once_make_one_bill(store, clock, run, erp, monkeypatch):
    """The second begins while the first is under way; each finds what the other did."""
    an_approved_invoice(store, clock)
    real = store.save_invoice

    def second_first(before, after, **values):
        monkeypatch.setattr(store, "save_invoice", real)
        assert run().status == Status.POSTED
        return real(before, after, **values)

    monkeypatch.setattr(store, "save_invoice", second_first)

    assert run().status == Status.POSTED

    assert len(erp.bills) == 1


def test_endless_changes_end_in_a_fault(store, clock, run, erp, monkeypatch):
    an_approved_invoice(store, clock)

    def always_stale(*args, **values):
        raise StaleWrite("meanwhile")

    monkeypatch.setattr(store, "save_invoice", always_stale)

    with pytest.raises(StaleWrite):
        run()


def test_a_credit_note_becomes_a_credit(store, clock, run, erp):
    invoice = an_approved_invoice(store, clock)
    captured = invoice.captured.model_copy(update={"document_type": DocumentType.CREDIT_NOTE})
    store.save_invoice(invoice, invoice.model_copy(update={"captured": captured}), by="t", action="changed", at=NOON)

    posted = run()

    assert posted.status == Status.POSTED
    assert "vendorCredit" in erp.bills[EXTERNAL_ID]["type"]
