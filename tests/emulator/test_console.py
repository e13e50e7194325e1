"""The console page, without script and in a real browser."""

from __future__ import annotations

import shutil

import pytest
import requests

from tests.emulator.client import item

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/console/records/purchaseOrder",
        "/console/records/vendor/501",
        "/console/records/vendorBill?status=A&text=inv",
        "/console/accounts",
        "/console/periods",
        "/console/requests",
        "/console/suiteql",
        "/console/suiteql?q=SELECT%20id,%20tranid%20FROM%20transaction",
    ],
)
def test_every_page_is_whole_without_script(emulator, path):
    reply = requests.get(emulator.url + path, timeout=10)

    assert reply.status_code == 200
    assert "<script" not in reply.text
    assert reply.text.rstrip().endswith("</html>")
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]


def test_what_is_not_there_has_a_page_too(emulator):
    for path in ("/console/nowhere", "/console/records/nothing", "/console/records/vendor/9999999"):
        assert requests.get(emulator.url + path, timeout=10).status_code == 404


def test_text_from_records_and_queries_is_never_markup(emulator, client):
    client.expense_bill(tranId="<b>x</b>", memo="<script>alert(1)</script>")
    q = "SELECT '<i>' || memo x FROM transaction WHERE tranid = '<b>x</b>'"

    for path in (
        "/console/records/vendorBill",
        f"/console/suiteql?q={requests.utils.quote(q)}",
        "/console/requests?text=%3Cscript",
    ):
        text = requests.get(emulator.url + path, timeout=10).text
        assert "<script>alert" not in text
        assert "<b>x</b>" not in text


def test_a_form_from_another_site_changes_nothing(emulator, client):
    order = client.order()

    reply = requests.post(
        f"{emulator.url}/console/records/purchaseOrder/{order}/close",
        headers={"Origin": "https://elsewhere.example"},
        timeout=10,
    )

    assert (reply.status_code, client.status(order)) == (403, "B")


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desktop", "phone"])
def page(request):
    """A browser without script, as wide as a desk's screen or a phone's."""
    from playwright.sync_api import sync_playwright

    width, height = request.param
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = browser.new_page(java_script_enabled=False, viewport={"width": width, "height": height})
        yield made
        browser.close()


needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.mark.browser
@needs_browser
def test_goods_are_received_billed_paid_and_a_period_closed_by_hand(page, emulator, client):
    order = client.order(item(quantity=10), approvalStatus="1")
    page.goto(
        f"{emulator.url}/console/records/purchaseOrder?text={client.get(f'/record/v1/purchaseOrder/{order}')['tranId']}"
    )
    assert page.get_by_text("1 in all").is_visible()
    page.get_by_role("link", name="Purchase Order #").click()
    page.get_by_role("button", name="Approve").click()
    assert page.get_by_role("status").inner_text() == "Approved."
    page.get_by_label("Quantity of line 1 that came now").fill("4")
    page.get_by_role("button", name="Receive these quantities").click()
    assert "Item Receipt" in page.get_by_role("status").inner_text()
    assert page.get_by_role("heading", level=1).inner_text().endswith("Pending Billing/Partially Received")
    page.get_by_label("Quantity of line 1 that came now").fill("many")
    page.get_by_role("button", name="Receive these quantities").click()
    assert page.get_by_role("alert").inner_text().endswith("many is no quantity.")
    page.get_by_role("button", name="Receive all that is left").click()
    page.get_by_role("button", name="Bill what can be billed").click()
    assert page.get_by_role("heading", level=1).inner_text().endswith("Fully Billed")
    page.get_by_role("button", name="Bill what can be billed").click()
    assert "invalid reference" in page.get_by_role("alert").inner_text()
    page.get_by_role("listitem").get_by_role("link", name="Bill #").first.click()
    assert page.get_by_role("heading", name="Postings").is_visible()
    page.get_by_role("button", name="Pay what is due").click()
    assert page.get_by_role("heading", level=1).inner_text().endswith("Paid In Full")
    assert client.status(order) == "G"
    lines = client.query(
        f"SELECT quantity FROM transactionline WHERE createdfrom = {order} AND isinventoryaffecting = 'T'"
    )
    assert sorted(row["quantity"] for row in lines) == ["4", "6"]


@pytest.mark.browser
@needs_browser
def test_periods_are_closed_and_variances_posted_by_hand(page, emulator, client):
    order = client.order(item(quantity=10, rate=10, matchBillToReceipt=True))
    client.receive(order)
    client.bill(order)
    client.control("clock", {"freeze": "2026-06-10T00:00:00Z"})
    page.goto(f"{emulator.url}/console/periods")

    page.get_by_role("button", name="Post bill variances").click()
    assert page.get_by_role("status").inner_text() == "There are no bill variances to post."
    page.get_by_role("button", name="Close May 2026").click()
    assert page.get_by_text("May 2026 is now closed.").is_visible()

    body = {"entity": "501", "tranDate": "2026-05-06", "expense": {"items": [{"account": "122", "amount": 1}]}}
    assert "closed (or locked) period" in client.refused("POST", "/record/v1/vendorBill", body)["detail"]
    page.get_by_role("button", name="Open May 2026").click()
    client.expense_bill(1)


@pytest.mark.browser
@needs_browser
def test_queries_and_requests_are_looked_at_by_hand(page, emulator, client):
    client.get("/record/v1/vendor/501")
    client.refused("GET", "/record/v1/vendor/999999", status=404)
    page.goto(emulator.url)
    assert page.get_by_text("balance", exact=True).is_visible()

    page.get_by_role("link", name="SuiteQL").click()
    page.get_by_label("Query").fill("SELECT entityid, companyname FROM vendor WHERE id = 501")
    page.get_by_role("button", name="Run").click()
    assert page.get_by_role("cell", name="V501").is_visible()
    page.get_by_label("Query").fill("SELECT nothing FROM vendor")
    page.get_by_role("button", name="Run").click()
    assert "Unknown identifier 'nothing'" in page.get_by_role("alert").inner_text()
    for name in ("orders", "lines with what came of them", "open bills", "what vendors are owed", "stock"):
        page.get_by_role("link", name=name, exact=True).click()
        assert page.get_by_role("alert").count() == 0, name

    page.get_by_role("link", name="Requests").click()
    page.get_by_label("Status").fill("4xx")
    page.get_by_role("button", name="Search").click()
    assert page.get_by_text("/services/rest/record/v1/vendor/999999").first.is_visible()
    assert page.get_by_text("GET /services/rest/record/v1/vendor/501", exact=True).count() == 0
    page.get_by_text("headers and bodies").first.click()
    assert page.get_by_text("NONEXISTENT_ID").first.is_visible()
    assert "oauth_" not in page.content()


@pytest.mark.browser
@needs_browser
def test_no_page_is_wider_than_a_phone(emulator, client):
    from playwright.sync_api import sync_playwright

    order = client.order(item(quantity=10), memo="x" * 200)
    client.receive(order)
    bill = client.bill(order)
    paths = (
        "/",
        "/console/accounts",
        "/console/periods",
        "/console/requests",
        "/console/suiteql?q=SELECT%20*%20FROM%20transaction",
        "/console/records/purchaseOrder",
        f"/console/records/purchaseOrder/{order}",
        f"/console/records/vendorBill/{bill}",
        "/console/records/vendor/501",
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        for path in paths:
            page.goto(emulator.url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        browser.close()
