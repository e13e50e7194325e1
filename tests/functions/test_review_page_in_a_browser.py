"""The page in a real browser: what only one shows, which is script, the content security policy, focus and layout."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from decimal import Decimal

import pytest

from counterfoil.domain.lifecycle import Status
from counterfoil.domain.policy import CompanySettings
from counterfoil.settings import Settings
from tests.builders import COMPANY, an_order, an_order_line
from tests.functions.people import PASSWORD
from tests.functions.served import served
from tests.steps.test_resolve import DEARER, a_matched, totalling

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]

DESKTOP = {"width": 1200, "height": 800}
PHONE = {"width": 360, "height": 740}
# WCAG 2.2, success criterion 1.4.3.
CONTRAST_MIN = 4.5
CONTRASTS = """() => {
  const light = colour => {
    const part = value => { value /= 255; return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4 };
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if (!colour.startsWith("rgba(0, 0, 0, 0")) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *")].flatMap(element => {
    const text = [...element.childNodes].filter(node => node.nodeType === 3).map(node => node.data.trim()).join("");
    if (!text || !element.checkVisibility()) return [];
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x);
    return [[text.slice(0, 40), (a + 0.05) / (b + 0.05)]];
  });
}"""
NAMELESS = """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
  .filter(field => !field.labels.length && !field.getAttribute("aria-label")).map(field => field.outerHTML)"""


@pytest.fixture
def too_dear(services, pool, clock):
    """One line, billed at 6.00 and ordered at 5.00; the vendor has a second order at 6.00."""
    services.put_company(CompanySettings(company=COMPANY, currency="USD"))
    dear = an_order_line(rate=Decimal("6.00"), amount=Decimal("60.00"))
    services.save_order(an_order(id="1002", number="PO-2", lines=(dear,)), read=None)
    pool.take_in("mia")
    return a_matched(services, clock, totalling(DEARER))


@pytest.fixture
def chromium() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, too_dear, monkeypatch):
    """The invoice, opened by mia; what the browser complains of is collected in `complaints`."""
    monkeypatch.setattr(Settings, "is_local", True)
    with served() as address:

        def open_(**options):
            page = chromium.new_page(**options)
            page.complaints = []
            page.on("pageerror", lambda error: page.complaints.append(str(error)))
            page.on(
                "console",
                lambda message: page.complaints.append(message.text) if "Content Security" in message.text else None,
            )
            page.goto(f"{address}?next={COMPANY}/invoices/{too_dear.id}")
            page.get_by_label("Name").fill("mia")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("heading", name="Acme Paper Ltd").wait_for()
            return page

        yield open_


@pytest.mark.parametrize("with_script", [True, False], ids=["with script", "without script"])
def test_a_line_is_refused_settled_and_recalled(services, opened, too_dear, with_script):
    page = opened(java_script_enabled=with_script)
    line = page.get_by_role("form", name="Line 1")

    line.get_by_role("button", name="Dispute").click()
    assert "needs a reason" in page.get_by_role("alert").inner_text()
    line.get_by_label("Comment").fill("5.00 was agreed")
    line.get_by_role("button", name="Accept").click()
    page.locator("#line-1").get_by_text("Accepted by you").wait_for()

    assert services.invoice(COMPANY, too_dear.id).status == Status.MATCHED
    page.get_by_text("Change line 1").click()
    page.locator("#line-1").get_by_role("button", name="Recall").click()
    page.locator("#line-1").get_by_text("Taken back.").wait_for()
    assert services.invoice(COMPANY, too_dear.id).status == Status.EXCEPTION
    assert page.complaints == []


def test_orders_narrow_while_one_types_and_what_is_ticked_stays(services, opened, too_dear):
    page = opened()
    page.get_by_role("link", name="Link to other order lines").click()
    page.get_by_text("PO-2", exact=True).click()
    page.get_by_label("PO-2:1").check()

    page.get_by_label("Order number").press_sequentially("PO-1")
    page.get_by_text("Chosen before").wait_for()
    assert not page.get_by_text("PO-2", exact=True).is_visible()
    page.get_by_role("button", name="Link", exact=True).click()

    page.get_by_text("linked by hand").wait_for()
    assert services.invoice(COMPANY, too_dear.id).match.lines[0].link == "PO-2:1"
    assert page.complaints == []


def test_orders_are_searched_and_linked_without_script(services, opened, too_dear):
    page = opened(java_script_enabled=False)
    page.get_by_role("link", name="Link to other order lines").click()

    page.get_by_label("Order number").fill("PO-2")
    page.get_by_role("button", name="Search").click()
    page.get_by_label("PO-2:1").check()
    page.get_by_role("button", name="Link", exact=True).click()

    page.get_by_text("linked by hand").wait_for()
    assert services.invoice(COMPANY, too_dear.id).match.lines[0].link == "PO-2:1"


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_its_width_names_its_fields_and_can_be_read(opened, too_dear, viewport):
    page = opened(viewport=viewport)
    root = page.url.partition(f"/{COMPANY}/")[0]
    invoice = f"{COMPANY}/invoices/{too_dear.id}"
    places = (
        *(
            invoice,
            f"{invoice}/lines/1/orders",
            f"{invoice}/debit_memo",
            f"{invoice}/landed_costs",
            f"{invoice}/decisions",
        ),
        *(f"{COMPANY}/{place}" for place in ("", "exceptions", "receipts", "deliveries", "settings", "upload")),
        f"{COMPANY}/uploaded",
    )
    for place in places:
        page.goto(f"{root}/{place}".rstrip("/"))
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], place
        assert page.evaluate(NAMELESS) == [], place
        assert [pair for pair in page.evaluate(CONTRASTS) if pair[1] < CONTRAST_MIN] == [], place
        assert page.locator("h1").count() == 1, place
    assert page.complaints == []


def test_the_upload_form_reaches_the_bucket_past_the_content_security_policy(opened):
    page = opened()
    page.get_by_role("link", name="Upload").click()
    action = page.locator("form[enctype]").get_attribute("action")
    back = page.locator("input[name=success_action_redirect]").get_attribute("value")
    sent = []

    def take(route):
        sent.append(route.request.method)
        route.fulfill(status=303, headers={"Location": f"{back}?bucket=inbox&key=x"})

    page.route(f"{action}**", take)
    page.get_by_label("Document").set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-"})
    page.get_by_role("button", name="Send").click()

    page.get_by_role("heading", name="It has arrived").wait_for()
    assert sent == ["POST"]
    assert page.get_by_text("mia · demo").is_visible(), "the browser still sends the session's cookie"
    assert page.complaints == []
