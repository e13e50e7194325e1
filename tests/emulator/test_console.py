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


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_goods_are_received_billed_and_a_period_closed_by_hand(emulator, client):
    from playwright.sync_api import sync_playwright

    order = client.order(item(quantity=10))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(java_script_enabled=False)
        page.goto(f"{emulator.url}/console/records/purchaseOrder/{order}")
        page.get_by_role("button", name="Receive all that is left").click()
        assert "was made" in page.get_by_role("status").inner_text()
        page.get_by_role("button", name="Bill what can be billed").click()
        assert page.get_by_text("Status: Fully Billed").is_visible()
        page.get_by_role("button", name="Bill what can be billed").click()
        assert "invalid reference" in page.get_by_role("alert").inner_text()
        page.get_by_role("link", name="Periods").click()
        page.get_by_role("button", name="Close May 2026").click()
        assert page.get_by_text("May 2026 is now closed.").is_visible()
        page.get_by_role("link", name="SuiteQL").click()
        page.get_by_label("Query").fill(f"SELECT BUILTIN.DF(status) AS shown FROM transaction WHERE id = {order}")
        page.get_by_role("button", name="Run").click()
        assert page.get_by_text("Purchase Order : Fully Billed").is_visible()
        page.goto(emulator.url)
        assert page.get_by_text("balance", exact=True).is_visible()
        browser.close()
    assert client.status(order) == "G"
