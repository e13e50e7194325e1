"""The page for people, as a browser without script meets it: signing in, reading, deciding, and being refused."""

from __future__ import annotations

import re
import zlib
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from counterfoil import wiring
from counterfoil.domain.invoices import BillReference, Check, Document, DocumentType, Reason
from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.domain.orders import Coding, ItemKind
from counterfoil.domain.people import ENTITLEMENTS, Entitlement, Role
from counterfoil.domain.policy import CompanySettings
from counterfoil.files import READING_SECONDS
from counterfoil.page import words as words_of
from counterfoil.page.invoice import MOVING_SECONDS_MAX
from counterfoil.page.labels import BUTTONS
from counterfoil.page.requests import FORM_BYTES_MAX, FORM_FIELDS_MAX
from counterfoil.steps.match import match
from counterfoil.steps.review import ACTIONS, COMMENT_MAX
from counterfoil.steps.sync import KINDS
from counterfoil.store import SyncRequest
from functions.review_page import app
from tests.builders import (
    COMPANY,
    NOON,
    a_captured_invoice,
    a_delivery,
    an_invoice,
    an_invoice_line,
    an_order,
    an_order_line,
)
from tests.conftest import TABLE
from tests.functions.browser import STAGE, Browser
from tests.functions.people import FIRST_PASSWORD, OTHER, PASSWORD, PEOPLE, entitlements
from tests.functions.wired import Context, call, event, handler
from tests.steps.test_match import a_read_invoice

# The pages of a company, and what it takes to see them.
PAGES = {
    "": Entitlement.READ_INVOICES,
    "?status=matched": Entitlement.READ_INVOICES,
    "/exceptions": Entitlement.READ_INVOICES,
    "/receipts": Entitlement.READ_INVOICES,
    "/deliveries": Entitlement.READ_DELIVERIES,
    "/upload": Entitlement.UPLOAD,
    "/settings": Entitlement.READ_SETTINGS,
    "/invoices/invoice-1": Entitlement.READ_INVOICES,
    "/invoices/invoice-1/document": Entitlement.READ_INVOICES,
    "/invoices/invoice-1/decisions": Entitlement.READ_AUDIT,
    "/invoices/invoice-1/debit_memo": Entitlement.READ_INVOICES,
    "/invoices/invoice-1/landed_costs": Entitlement.READ_INVOICES,
    "/invoices/invoice-1/lines/1/orders": Entitlement.READ_INVOICES,
}


@pytest.fixture
def ann(pool):
    """An approver whom the user pool knows, and who has not signed in."""
    pool.take_in("ann")
    return pool


@pytest.fixture(autouse=True)
def companies(services, pool):
    for company in (COMPANY, OTHER):
        services.put_company(CompanySettings(company=company))


@pytest.fixture
def matched(services, clock):
    services.save_order(an_order(), read=None)
    return match(COMPANY, a_read_invoice(services).id, store=services, now=clock)


def an_invoice_in(services, status, number=1, company=COMPANY, **values):
    first = an_invoice(company=company, id=f"invoice-{number}", status=status, **values)
    return services.save_invoice(None, first, by="t", action="received", at=NOON + timedelta(minutes=number))


# Signing in


def test_without_a_session_there_is_a_form_to_sign_in():
    answer = call("review_page.start")

    assert answer["statusCode"] == 200
    assert 'name="password"' in answer["body"]


def test_a_person_signs_in_and_is_where_their_invoices_are(person):
    browser = person("ann")

    assert urlsplit(browser.page.address).path.endswith(f"/v1/page/{COMPANY}")
    assert "ann" in browser.page.text


def test_a_person_without_a_session_comes_back_to_where_they_wanted_to_go(ann, matched):
    browser = Browser()

    form = browser.open(f"page/{COMPANY}/invoices/{matched.id}")
    page = browser.submit(form, "Sign in", user="ann", password=PASSWORD)

    assert page.address == f"{STAGE}/page/{COMPANY}/invoices/{matched.id}"
    assert "INV-1" in page.text


def test_a_page_without_a_session_leads_to_the_form():
    answer = call("review_page.signed_out")

    assert answer["statusCode"] == 303
    assert answer["multiValueHeaders"]["Location"] == ["../../../page?next=demo/invoices/invoice-1"]


@pytest.mark.parametrize(
    "place", ["https://evil.example", "//evil.example", "../..", "demo/../..", "demo?x", "sign-out/a", 'demo"><script>']
)
def test_nobody_is_led_anywhere_else_after_signing_in(ann, place):
    browser = Browser()
    form = browser.open("page")

    page = browser.submit(form, "Sign in", user="ann", password=PASSWORD, next=place)

    assert page.address == f"{STAGE}/page/{COMPANY}"


def test_the_session_is_kept_from_scripts_and_from_other_sites(ann):
    browser = Browser()
    form = browser.open("page")

    page = browser.submit(form, "Sign in", follow=False, user="ann", password=PASSWORD)

    assert page.status == 303
    assert re.fullmatch(
        r"counterfoil_session=[\w-]+\.[\w-]+\.[\w-]+; Max-Age=\d+; HttpOnly; Secure; SameSite=Strict",
        page.headers["Set-Cookie"],
    )


@pytest.mark.parametrize(
    ("endpoint", "is_secure"),
    [("http://127.0.0.1:4566", False), ("http://localhost:4566", False), ("http://10.0.0.1:4566", True), ("", True)],
)
def test_a_cookie_goes_without_tls_on_this_machine_only(monkeypatch, endpoint, is_secure):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    wiring.clear()

    answer = call("review_page.start")

    assert ("; Secure" in answer["multiValueHeaders"]["Set-Cookie"][0]) == is_secure


@pytest.mark.parametrize(
    ("user", "password", "field", "says"),
    [
        pytest.param("ann", "wrong", "password", "not right", id="a wrong password"),
        pytest.param("unknown", PASSWORD, "password", "not right", id="an unknown name"),
        pytest.param("", PASSWORD, "user", "Enter your name", id="no name"),
        pytest.param("ann", "", "password", "Enter your password", id="no password"),
    ],
)
def test_a_refused_sign_in_says_beside_the_field_what_to_do(ann, user, password, field, says):
    browser = Browser()

    page = browser.submit(browser.open("page"), "Sign in", user=user, password=password)

    assert page.status == 401
    assert says in page.error_beside(field)
    assert page.at("//input[@name='user']")[0].get("value") == user
    assert password not in page.body or not password
    assert not any(name == app.SESSION_COOKIE for name, _ in browser.cookies)


def test_a_temporary_password_is_replaced_before_anything_is_shown(ann):
    ann.cognito.admin_set_user_password(UserPoolId=ann.id, Username="ann", Password=FIRST_PASSWORD, Permanent=False)
    browser = Browser()

    asked = browser.submit(browser.open("page"), "Sign in", user="ann", password=FIRST_PASSWORD)
    empty = browser.submit(asked, "Go on", answer="")
    page = browser.submit(empty, "Go on", answer="Another-one-2")

    assert "choose your own" in asked.text
    assert "needed" in empty.error_beside("answer")
    assert page.address == f"{STAGE}/page/{COMPANY}"
    assert browser.submit(Browser().open("page"), "Sign in", user="ann", password=FIRST_PASSWORD).status != 200


@pytest.mark.parametrize("csrf", ["", "0" * 64, "é"])
def test_a_sign_in_form_of_another_site_is_refused(ann, csrf):
    browser = Browser()

    page = browser.submit(browser.open("page"), "Sign in", user="ann", password=PASSWORD, csrf=csrf)

    assert page.status == 403
    assert "once more" in page.text
    assert not any(name == app.SESSION_COOKIE for name, _ in browser.cookies)


def test_a_sign_in_form_without_its_cookie_is_refused_and_works_the_second_time(ann):
    form = Browser().open("page")
    browser = Browser()

    again = browser.submit(form, "Sign in", user="ann", password=PASSWORD)
    page = browser.submit(again, "Sign in", user="ann", password=PASSWORD)

    assert again.status == 403
    assert page.address == f"{STAGE}/page/{COMPANY}"


def test_who_signs_out_is_out(person):
    browser = person("ann")

    page = browser.submit(browser.page, "Sign out")

    assert page.buttons == ["Sign in"]
    assert browser.open(f"page/{COMPANY}").buttons == ["Sign in"]


def test_nobody_is_signed_out_by_another_site(person):
    browser = person("ann")

    page = browser.submit(browser.page, "Sign out", csrf="0" * 64)

    assert page.status == 403
    assert browser.open(f"page/{COMPANY}").status == 200


def test_a_forged_session_is_none(services, matched):
    answer = call("review_page.forged_session")

    assert answer["statusCode"] == 303
    assert services.invoice(COMPANY, matched.id) == matched


@pytest.mark.parametrize("address", ["page/sign-in", "page/sign-out", "page/"])
def test_the_address_of_a_posted_form_can_be_opened(address):
    assert Browser().open(address).buttons == ["Sign in"]


# Companies


def test_who_works_for_several_companies_chooses(person):
    browser = person("both")

    assert browser.page.texts("//main//li") == [COMPANY, OTHER]
    assert browser.click(browser.page, OTHER).address == f"{STAGE}/page/{OTHER}"


def test_who_may_see_nothing_is_told_whom_to_ask(person):
    assert "administrator" in person("nobody").page.text


def test_who_may_only_send_invoices_in_is_led_there(person):
    assert person("emma").page.address == f"{STAGE}/page/{COMPANY}/upload"


@pytest.mark.parametrize("address", PAGES)
def test_another_company_is_answered_like_one_that_is_not_there(services, person, matched, address):
    browser = person("otto")

    theirs = browser.open(f"page/{COMPANY}{address}", follow=False)
    none = browser.open(f"page/nowhere{address}", follow=False)

    assert theirs.status == none.status == 403
    assert theirs.body.replace(COMPANY, "nowhere") == none.body.replace(COMPANY, "nowhere")
    assert "INV-1" not in theirs.body


@pytest.mark.parametrize("address", ["", "/document"])
def test_an_invoice_of_another_company_is_answered_like_none(services, person, matched, address):
    browser = person("otto")

    page = browser.open(f"page/{OTHER}/invoices/{matched.id}{address}")

    assert page.status == 404
    assert "There is no invoice" in page.text


@pytest.mark.parametrize("action", ACTIONS)
def test_an_invoice_of_another_company_is_not_acted_on(services, person, matched, action):
    browser = person("otto")
    csrf = browser.page.at("//input[@name='csrf']")[0].get("value")

    for company in (COMPANY, OTHER):
        page = browser.send(
            "POST",
            f"{STAGE}/page/{company}/invoices/{matched.id}/{action}",
            f"csrf={csrf}&version={matched.version}&comment=x",
        )
        assert page.status in (403, 404)

    assert services.invoice(COMPANY, matched.id) == matched


@pytest.mark.parametrize("name", PEOPLE)
def test_each_person_sees_what_their_role_is_entitled_to(services, person, matched, name):
    browser = person(name)

    seen = {address for address in PAGES if browser.open(f"page/{COMPANY}{address}", follow=False).status != 403}

    # Whoever may not see the invoices is led to what they may see; what is not there or can't be done now is said.
    led = {"", "?status=matched"} if Entitlement.UPLOAD in entitlements(name) else set()
    assert seen == {address for address, needed in PAGES.items() if needed in entitlements(name)} | led


@pytest.mark.parametrize("name", PEOPLE)
def test_the_navigation_leads_to_what_a_person_may_see(services, person, matched, name):
    browser = person(name)
    if name == "both":
        browser.page = browser.click(browser.page, COMPANY)

    links = browser.page.at("//header//nav/a[contains(@href, '/') or contains(@href, 'demo')]")

    company = OTHER if name == "otto" else COMPANY
    held = entitlements(name) if company == COMPANY else ENTITLEMENTS[Role.AP_MANAGER]
    shown = {place for place, _, needed in app.PAGES if needed in held}
    assert {link.get("href").removeprefix(f"page/{company}").strip("/") for link in links} == shown
    assert all(browser.open(browser.page.absolute(link.get("href"))).status == 200 for link in links)


# The list


def test_each_state_has_a_tab_with_its_count(services, person):
    for number in range(3):
        an_invoice_in(services, Status.EXCEPTION, number)
    an_invoice_in(services, Status.POSTED, 9)

    page = person("ann").page

    tabs = dict(text.rsplit(" ", 1) for text in page.texts("//nav[@class='tabs']/a"))
    assert set(tabs) == {words_of.words(status.value) for status in STATES}
    assert {name: count for name, count in tabs.items() if count != "0"} == {"Exception": "3", "Posted": "1"}


def test_the_list_opens_at_what_waits_for_a_person(services, person):
    an_invoice_in(services, Status.POSTED, 1)
    an_invoice_in(services, Status.EXCEPTION, 2)

    page = person("ann").page

    assert page.texts("//nav[@class='tabs']/a[@aria-current='page']") == ["Exception 1"]


def test_a_row_says_who_what_how_much_why_and_for_how_long(services, person, clock):
    captured = a_captured_invoice(gross_total=Decimal("1234567.5"), currency="JPY", vendor_name="<b>Müller</b>")
    an_invoice_in(
        services,
        Status.EXCEPTION,
        captured=captured,
        reasons=(Reason(code="no_order", detail="no order PO-9 is known"),),
    )
    clock.at = NOON + timedelta(days=3)

    page = person("ann").page

    assert page.texts("//tbody/tr/td") == ["<b>Müller</b>", "INV-1", "1,234,567.5 JPY", "no order PO-9 is known", "2 d"]


def test_what_could_not_be_read_is_listed_by_its_file(services, person):
    an_invoice_in(services, Status.NEEDS_REVIEW, reasons=(Reason(code="encrypted", detail="the PDF is encrypted"),))

    browser = person("ann")

    assert browser.page.texts("//tbody/tr/td")[:3] == ["Unknown vendor", "a.pdf", "–"]
    assert "the PDF is encrypted" in browser.click(browser.page, "a.pdf").text


def test_pages_show_each_invoice_once_and_end(services, person):
    for number in range(app.ROWS * 2 + 1):
        an_invoice_in(services, Status.EXCEPTION, number)
    browser = person("ann")

    page, seen, pages = browser.page, [], 1
    while True:
        seen += [link.get("href").rpartition("/")[2] for link in page.at("//tbody//a")]
        if not page.at("//a[@rel='next']"):
            break
        page, pages = browser.click(page, "Next page"), pages + 1

    assert seen == [f"invoice-{number}" for number in range(app.ROWS * 2 + 1)]
    assert pages == 3
    assert browser.click(page, "First page").texts("//tbody/tr")


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        pytest.param(app.COUNTED_MAX, str(app.COUNTED_MAX), id="as many as are counted"),
        pytest.param(app.COUNTED_MAX + 1, f"{app.COUNTED_MAX}+", id="one more"),
    ],
)
def test_counting_ends_somewhere(services, person, count, shown):
    for number in range(count):
        an_invoice_in(services, Status.EXCEPTION, number)

    assert f"Exception {shown}" in person("ann").page.texts("//nav[@class='tabs']/a")


@pytest.mark.parametrize("query", ["status=lost", "status=exception&cursor=x", "status=exception&cursor=%5B%22%22%5D"])
def test_an_address_that_was_tampered_with_is_refused(person, query):
    page = person("ann").open(f"page/{COMPANY}?{query}")

    assert page.status == 400


def test_a_state_without_invoices_says_so(person):
    assert "No invoice is in this state" in person("ann").open(f"page/{COMPANY}?status=rejected").text


# One invoice


def test_each_line_stands_beside_what_was_ordered_received_and_billed(services, person, clock):
    line = an_order_line(
        kind=ItemKind.INVENTORY, quantity=Decimal(40), received=Decimal(12), billed=Decimal(7), unit="ea"
    )
    services.save_order(an_order(lines=(line,), claims={"another": {1: Decimal(3)}}), read=None)
    invoice = match(COMPANY, a_read_invoice(services).id, store=services, now=clock)

    page = person("ann").open(f"page/{COMPANY}/invoices/{invoice.id}")

    cells = {
        cell.get("data-label"): " ".join(cell.text_content().split()) for cell in page.at("//tbody//td[@data-label]")
    }
    assert cells["Billed"] == "Widget WIDGET"
    assert cells["Quantity"] == "10"
    assert cells["Order line"] == "PO-1:1 Widget"
    assert cells["Ordered"] == "40 ea at 5.00"
    assert cells["Received"] == "12"
    assert cells["Billed so far"] == "73 taken by other invoices"
    [verdict] = page.texts("//tr[@class='verdict']")
    assert invoice.match.lines[0].explain in verdict


def test_what_was_sent_back_and_where_a_line_is_counted_stand_beside_it(services, person, clock):
    coding = Coding(department="4", project="712", segments={"cseg_region": "2"})
    line = an_order_line(kind=ItemKind.INVENTORY, received=Decimal(7), returned=Decimal(3), coding=coding)
    services.save_order(an_order(lines=(line,)), read=None)
    invoice = match(COMPANY, a_read_invoice(services).id, store=services, now=clock)

    page = person("ann").open(f"page/{COMPANY}/invoices/{invoice.id}")

    [received] = page.texts("//td[@data-label='Received']")
    assert " ".join(received.split()) == "7after 3 sent back"
    [verdict] = page.texts("//tr[@class='verdict']")
    assert "Coded: department 4, project 712, cseg_region 2" in " ".join(verdict.split())


def test_a_line_of_an_order_that_is_gone_is_still_shown(services, person, matched):
    services.delete_order(services.order(COMPANY, "1001"))

    page = person("ann").open(f"page/{COMPANY}/invoices/{matched.id}")

    assert "the order is no longer known" in page.text


def test_what_is_in_doubt_and_what_does_not_add_up_is_marked(services, person):
    captured = a_captured_invoice(
        needs_review=("due_date", "invoice_number"),
        document_type=DocumentType.CREDIT_NOTE,
        checks=(Check(code="lines_sum_to_net", ok=False, detail="50.00 is not 60.00"), Check(code="iban", ok=True)),
    )
    an_invoice_in(services, Status.NEEDS_REVIEW, captured=captured)

    page = person("ann").open(f"page/{COMPANY}/invoices/invoice-1")

    fields = dict(zip(page.texts("//dt"), page.texts("//dd"), strict=True))
    assert fields["Due date"] == "not found in doubt"
    assert fields["Invoice number"] == "INV-1 in doubt"
    assert fields["Kind"] == "Credit note"
    assert page.texts("//ul[@class='checks']/li") == ["✗ Lines sum to net: does not hold 50.00 is not 60.00", "✓ IBAN"]


def test_nothing_that_a_document_says_becomes_a_part_of_the_page(services, person):
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    captured = a_captured_invoice(
        vendor_name=evil,
        invoice_number=evil,
        payment_terms=evil,
        currency=evil,
        lines=(an_invoice_line(description=evil, item_code=evil, unit=evil),),
        checks=(Check(code=evil, ok=False, detail=evil),),
    )
    document = Document(bucket="inbox", key=f"inbox/{COMPANY}/{evil.replace('/', '')}", version_id="v1")
    an_invoice_in(
        services, Status.EXCEPTION, captured=captured, document=document, reasons=(Reason(code=evil, detail=evil),)
    )
    browser = person("mia")

    for page in (browser.page, browser.open(f"page/{COMPANY}/invoices/invoice-1")):
        assert [script.get("src").partition("?")[0] for script in page.at("//script")] == ["page/static/htmx.min.js"]
        assert page.at("//img|//*[@onerror]|//*[@style]|//*[@onclick]|//style") == []
        assert "alert(1)" in page.text


def test_the_audit_trail_says_that_its_chain_is_intact(services, person, matched):
    page = person("mia").open(f"page/{COMPANY}/invoices/{matched.id}")

    assert page.texts("//section[@aria-label='Audit trail']/h2") == ["Audit trail chain intact"]
    assert len(page.at("//ol[@class='trail']/li")) == matched.version


def test_the_trail_names_people_by_the_name_they_sign_in_with(services, person, matched):
    ann = person("ann")
    ann.submit(ann.open(f"page/{COMPANY}/invoices/{matched.id}"), "Approve")

    page = person("mia").open(f"page/{COMPANY}/invoices/{matched.id}")

    assert "Approve by ann: Matched → Approved" in page.texts("//ol[@class='trail']/li")[-1]


def test_a_trail_that_was_changed_is_said_so(services, person, matched, monkeypatch):
    whole = services.audit(COMPANY, matched.id)
    changed = [entry if entry.number != 2 else entry.model_copy(update={"by": "nobody"}) for entry in whole]
    monkeypatch.setattr(type(services), "audit", lambda self, company, invoice_id: changed)

    page = person("mia").open(f"page/{COMPANY}/invoices/{matched.id}")

    assert page.texts("//section[@aria-label='Audit trail']/h2") == ["Audit trail chain broken at entry 2"]


def test_who_may_not_read_the_trail_does_not_see_it(services, person, matched):
    page = person("ann").open(f"page/{COMPANY}/invoices/{matched.id}")

    assert "Audit trail" not in page.text


@pytest.mark.parametrize(
    ("pattern", "link"),
    [
        ("https://erp.example/bill.nl?id={id}", "https://erp.example/bill.nl?id=9%2F1"),
        ("javascript:alert({id})", None),
        ("", None),
    ],
)
def test_a_posted_bill_leads_to_the_erp(services, person, pattern, link):
    services.put_company(CompanySettings(company=COMPANY, erp_bill_page=pattern))
    bill = BillReference(external_id="ours-1", id="9/1", total=Decimal("50.00"))
    an_invoice_in(services, Status.POSTED, captured=a_captured_invoice(), bill=bill)

    page = person("ann").open(f"page/{COMPANY}/invoices/invoice-1")

    [section] = page.at("//section[@aria-label='Bill']")
    assert [found.get("href") for found in section.iter("a")] == ([link] if link else [])
    assert "9/1" in section.text_content()
    assert "50.00 USD" in section.text_content()


@pytest.mark.parametrize(
    ("name", "kind", "disposition"),
    [
        ("a.pdf", "application/pdf", 'inline; filename="a.pdf"'),
        ("A.PDF", "application/pdf", 'inline; filename="A.PDF"'),
        ("a.html", "application/octet-stream", 'attachment; filename="a.html"'),
        ("a.pdf.svg", "application/octet-stream", 'attachment; filename="a.pdf.svg"'),
        ('a";x\r\n.xml', "application/octet-stream", 'attachment; filename="a_x_.xml"'),
    ],
)
def test_a_document_is_read_from_the_bucket_by_an_address_that_soon_ends(services, person, name, kind, disposition):
    an_invoice_in(
        services, Status.EXCEPTION, document=Document(bucket="inbox", key=f"inbox/{COMPANY}/{name}", version_id="v7")
    )
    browser = person("ann")

    page = browser.open(f"page/{COMPANY}/invoices/invoice-1/document", follow=False)

    query = {name: values[0] for name, values in parse_qs(urlsplit(page.headers["Location"]).query).items()}
    assert page.status == 303
    assert query["response-content-type"] == kind
    assert query["response-content-disposition"] == disposition
    assert query["versionId"] == "v7"
    assert int(query["X-Amz-Expires"]) == READING_SECONDS <= 60


# Deciding


BUTTONS_OF = {
    "mia": {"Approve", "Mark as approved", "Send for approval", "Hold", "Reject", "Delete", "Match again"},
    "ann": {"Approve", "Hold", "Reject", "Delete"},
    "cleo": {"Send for approval", "Hold", "Match again"},
    "carl": set(),
}


@pytest.mark.parametrize("name", BUTTONS_OF)
def test_a_person_is_offered_what_they_may_do_and_no_more(services, person, matched, name):
    page = person(name).open(f"page/{COMPANY}/invoices/{matched.id}")

    assert set(page.texts("//section[@id='decide']//button")) == BUTTONS_OF[name]


@pytest.mark.parametrize("status", Status)
def test_the_state_offers_what_it_allows_and_no_more(services, person, clock, status):
    an_invoice_in(services, status)
    clock.at = NOON + timedelta(hours=1)

    page = person("mia").open(f"page/{COMPANY}/invoices/invoice-1")

    # Nothing was done yet that could be recalled.
    allowed = {BUTTONS[name][0] for name, action in ACTIONS.items() if status in action.from_ and name != "recall"}
    assert set(page.texts("//section[@id='decide']//button")) == allowed


def test_an_approver_approves_and_sees_that_it_is_done(services, person, matched):
    browser = person("ann")
    page = browser.open(f"page/{COMPANY}/invoices/{matched.id}")

    after = browser.submit(page, "Approve", comment="as ordered")

    assert services.invoice(COMPANY, matched.id).status == Status.APPROVED
    assert services.audit(COMPANY, matched.id)[-1].why == "as ordered"
    assert after.texts("//p[@role='status']") == ["Approved."]
    assert after.address == f"{STAGE}/page/{COMPANY}/invoices/{matched.id}?done=approve"


def test_every_action_of_the_lifecycle_has_a_button_and_a_sentence():
    assert set(BUTTONS) == set(ACTIONS)


def test_a_rejection_without_a_reason_is_refused_beside_the_field(services, person, matched):
    browser = person("ann")
    page = browser.open(f"page/{COMPANY}/invoices/{matched.id}")

    refused = browser.submit(page, "Reject", comment="  ")

    assert refused.status == 400
    assert "say why" in refused.error_beside("comment").lower()
    assert services.invoice(COMPANY, matched.id) == matched


def test_a_refused_comment_is_not_lost(services, person, matched):
    browser = person("ann")
    page = browser.open(f"page/{COMPANY}/invoices/{matched.id}")
    comment = "x" * (COMMENT_MAX + 1)

    refused = browser.submit(page, "Reject", comment=comment)

    assert refused.status == 400
    assert str(COMMENT_MAX) in refused.error_beside("comment")
    assert refused.at("//textarea")[0].text == comment


def test_the_form_of_a_refusal_works(services, person, matched):
    browser = person("ann")
    refused = browser.submit(browser.open(f"page/{COMPANY}/invoices/{matched.id}"), "Reject", comment="")

    after = browser.submit(refused, "Reject", comment="not ours")

    assert after.status == 200
    assert services.invoice(COMPANY, matched.id).status == Status.REJECTED


def test_nobody_decides_on_anything_but_what_they_saw(services, person, matched):
    browser = person("ann")
    page = browser.open(f"page/{COMPANY}/invoices/{matched.id}")
    moved = services.save_invoice(
        matched, matched.model_copy(update={"vendor_id": "502"}), by="t", action="moved", at=NOON
    )

    refused = browser.submit(page, "Approve")

    assert refused.status == 409
    assert "look again" in refused.error_beside("comment")
    assert services.invoice(COMPANY, matched.id) == moved


def test_pressing_twice_decides_once(services, person, matched):
    browser = person("ann")
    page = browser.open(f"page/{COMPANY}/invoices/{matched.id}")
    browser.submit(page, "Approve")

    again = browser.submit(page, "Approve")

    assert again.status == 409
    assert [entry.action for entry in services.audit(COMPANY, matched.id)].count("approve") == 1


def test_nobody_approves_what_they_sent_in_and_is_told_why(services, person, matched, pool):
    sub = pool.id_of("ann")
    services.save_invoice(matched, matched.model_copy(update={"raised_by": sub}), by="t", action="t", at=NOON)
    browser = person("ann")

    page = browser.open(f"page/{COMPANY}/invoices/{matched.id}")

    assert "Approve" not in page.buttons
    assert "somebody else has to approve it" in page.text


@pytest.mark.parametrize("name", ["ann", "carl", "cleo", "adam", "otto", "emma", "nobody"])
@pytest.mark.parametrize("action", ACTIONS)
def test_a_button_that_was_made_up_does_nothing(services, person, matched, name, action):
    browser = person(name)
    csrf = browser.page.at("//input[@name='csrf']")[0].get("value")
    may = (
        ACTIONS[action].entitlement in entitlements(name)
        and matched.status in ACTIONS[action].from_
        and action != "recall"  # nothing was done yet that could be
    )

    page = browser.send(
        "POST",
        f"{STAGE}/page/{COMPANY}/invoices/{matched.id}/{action}",
        f"csrf={csrf}&version={matched.version}&comment=x",
    )

    assert (page.status == 200) == may
    assert (services.invoice(COMPANY, matched.id) != matched) == may


@pytest.mark.parametrize(
    "fields",
    [{"csrf": ""}, {"csrf": "0" * 64}, {"version": ""}, {"version": "²"}, {"version": "-1"}, {"version": "9" * 99}],
)
def test_a_form_that_this_page_did_not_make_is_refused(services, person, matched, fields):
    browser = person("ann")
    page = browser.open(f"page/{COMPANY}/invoices/{matched.id}")

    refused = browser.submit(page, "Approve", **fields)

    assert refused.status in (400, 403)
    assert services.invoice(COMPANY, matched.id) == matched


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_form_that_came_from_another_site_is_refused(services, person, matched, site):
    browser = person("ann")
    page = browser.open(f"page/{COMPANY}/invoices/{matched.id}")
    browser.headers["sec-fetch-site"] = site

    assert browser.submit(page, "Approve").status == 403
    assert services.invoice(COMPANY, matched.id) == matched


def test_the_form_of_one_session_is_none_of_another(services, person, matched):
    page = person("mia").open(f"page/{COMPANY}/invoices/{matched.id}")

    assert person("ann").submit(page, "Approve").status == 403
    assert services.invoice(COMPANY, matched.id) == matched


@pytest.mark.parametrize(
    ("body", "encoded"),
    [
        pytest.param("x" * (FORM_BYTES_MAX + 1), False, id="too large"),
        pytest.param("&".join(f"f{number}=1" for number in range(FORM_FIELDS_MAX + 1)), False, id="too many fields"),
        pytest.param("csrf=%FF", False, id="no text"),
        pytest.param("%%%", True, id="no base64"),
        pytest.param(None, False, id="nothing"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(services, person, matched, body, encoded):
    browser = person("ann")
    [token] = [value for (name, _), value in browser.cookies.items() if name == app.SESSION_COOKIE]
    message = event("review_page.forged_session")
    message["headers"] = {"Cookie": f"{app.SESSION_COOKIE}={token}"}

    answer = handler("review_page")(message | {"body": body, "isBase64Encoded": encoded}, Context())

    assert answer["statusCode"] in (400, 403)
    assert services.invoice(COMPANY, matched.id) == matched


# While a step is at work


@pytest.mark.parametrize(
    ("seconds", "looks_again"),
    [
        pytest.param(MOVING_SECONDS_MAX - 1, True, id="a moment ago"),
        pytest.param(MOVING_SECONDS_MAX, False, id="it rests"),
    ],
)
def test_the_page_looks_again_while_a_step_is_at_work(services, person, clock, seconds, looks_again):
    invoice = an_invoice_in(services, Status.CAPTURED, captured=a_captured_invoice())
    clock.at = invoice.changed_at + timedelta(seconds=seconds)

    page = person("mia").open(f"page/{COMPANY}/invoices/{invoice.id}")

    assert bool(page.at("//article[@hx-trigger]")) == looks_again
    assert ("Reject" in page.buttons) != looks_again


# With script


def test_htmx_is_given_the_partial_that_the_page_includes(services, person, matched):
    browser = person("ann")
    for address in (f"page/{COMPANY}?status=matched", f"page/{COMPANY}/invoices/{matched.id}"):
        whole = browser.open(address).body
        browser.headers["hx-request"] = "true"

        partial = browser.open(address).body

        browser.headers.clear()
        assert "<html" not in partial
        assert partial.strip() in whole


def test_a_refusal_by_script_is_swapped_in_too(services, person, matched):
    browser = person("ann")
    page = browser.open(f"page/{COMPANY}/invoices/{matched.id}")
    browser.headers["hx-request"] = "true"

    refused = browser.submit(page, "Reject", comment="")

    assert refused.status == 400
    assert "<html" not in refused.body
    assert refused.error_beside("comment")


def test_a_decision_by_script_shows_the_invoice_as_it_then_is(services, person, matched):
    browser = person("ann")
    page = browser.open(f"page/{COMPANY}/invoices/{matched.id}")
    browser.headers["hx-request"] = "true"

    after = browser.submit(page, "Approve")

    assert "Approved." in after.text
    assert after.address.endswith("/approve")
    assert "<html" not in after.body


def test_a_session_that_is_over_sends_the_whole_page_to_the_form(matched):
    browser = Browser(headers={"hx-request": "true"})

    answer = browser.open(f"page/{COMPANY}/invoices/{matched.id}")

    assert answer.status == 401
    assert answer.headers["HX-Redirect"] == f"page?next={COMPANY}/invoices/{matched.id}"


def test_going_back_is_given_the_whole_page(person):
    browser = person("ann")
    browser.headers |= {"hx-request": "true", "hx-history-restore-request": "true"}

    assert "<html" in browser.open(f"page/{COMPANY}").body


# Deliveries


def test_what_became_no_invoice_is_shown_with_its_reason(services, person):
    refused = Reason(code="unsupported_type", detail="a .zip file is no invoice")
    services.refuse_delivery(a_delivery(key=f"inbox/{COMPANY}/photos.zip", size=1_234_567, refused=refused))
    browser = person("cleo")

    page = browser.click(browser.page, "Deliveries")

    row = page.texts("//tbody/tr/td")
    assert row[:3] == [f"inbox/{COMPANY}/photos.zip", "1,234,567", "a .zip file is no invoice"]


@pytest.mark.parametrize("name", ["cleo", "mia", "adam"])
def test_the_erp_is_read_now_when_a_person_asks_for_it(services, person, name):
    browser = person(name)

    page = browser.submit(browser.open(f"page/{COMPANY}/deliveries"), "Read the ERP now")

    [wish] = _wishes(services)
    assert wish.company == COMPANY
    assert "It is being read" in page.texts("//*[@role='status']")[0]


@pytest.mark.parametrize(("name", "csrf"), [("carl", None), ("otto", None), ("mia", "0" * 64)])
def test_the_erp_is_not_read_for_who_may_not_ask_or_by_another_sites_form(services, person, name, csrf):
    browser = person(name)
    own = browser.page.at("//input[@name='csrf']")[0].get("value")

    answer = browser.send("POST", f"{STAGE}/page/{COMPANY}/sync", f"csrf={csrf or own}")

    assert answer.status == 403
    assert _wishes(services) == []
    assert "Read the ERP now" not in person("carl").open(f"page/{COMPANY}/deliveries").buttons


def _wishes(services):
    items = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
    return [
        SyncRequest.model_validate_json(zlib.decompress(item["body"]["B"]))
        for item in items
        if item["pk"]["S"] == f"{COMPANY}#SYNCREQUEST"
    ]


def test_how_far_the_erp_was_read_and_what_went_wrong_is_shown(services, person, clock):
    progress = services.sync_progress(COMPANY, "orders")
    services.put_sync_progress(
        COMPANY, progress.model_copy(update={"since": clock(), "records": 1234, "error": "the ERP is down"})
    )

    page = person("carl").open(f"page/{COMPANY}/deliveries")

    cells = page.texts("//section//tbody/tr/td")
    rows = {cells[place]: cells[place + 1 : place + 5] for place in range(0, len(cells), 5)}
    assert list(rows) == [words_of.words(kind) for kind in KINDS]
    assert rows["Orders"] == ["2026-03-02 09:00:00 UTC", "–", "1,234", "the ERP is down"]
    assert app.SYNC_KINDS == KINDS


# Every answer


def test_no_answer_is_kept_framed_or_run_by_others(services, person, matched):
    browser = person("mia")
    answers = [
        Browser().open("page"),
        browser.open("page"),
        browser.open(f"page/{COMPANY}/invoices/{matched.id}"),
        browser.open(f"page/{COMPANY}/invoices/{matched.id}/document", follow=False),
        browser.open("page/nowhere"),
        browser.open("page/a/b/c/d"),
        browser.open("page", follow=False),
    ]

    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["page.css", "htmx.min.js"])
def test_the_pages_own_files_are_where_it_looks_for_them(person, name):
    page = person("ann").page
    [address] = [page.absolute(link) for link in page.at("//link/@href|//script/@src") if name in link]

    answer = Browser().open(address)

    assert answer.status == 200
    assert answer.body == (app.Path(app.__file__).parent / "static" / name).read_text()
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["app.py", "htmx.js", "%2e%2e", "%2e%2e%2fapp.py", "page.css%00"])
def test_no_other_file_is_given_out(name):
    assert Browser().open(f"page/static/{name}", follow=False).status in (303, 404)


def test_no_password_and_no_token_is_in_the_log(ann, caplog, capfd):
    browser = Browser()
    browser.submit(browser.open("page"), "Sign in", user="ann", password="Guessed-wrong-1")
    browser.submit(browser.open("page"), "Sign in", user="ann", password=PASSWORD)

    printed = "".join(capfd.readouterr()) + "".join(str(vars(record)) for record in caplog.records)
    [token] = [value for (name, _), value in browser.cookies.items() if name == app.SESSION_COOKIE]
    assert "signed_in" in printed
    for secret in (PASSWORD, "Guessed-wrong-1", token):
        assert secret not in printed


# Words


@pytest.mark.parametrize(
    ("value", "currency", "shown"),
    [
        (Decimal("1234.5"), "EUR", "1,234.50 EUR"),
        (Decimal("1234.567"), "EUR", "1,234.567 EUR"),
        (Decimal(1000), "JPY", "1,000 JPY"),
        (Decimal("0.5"), "KWD", "0.500 KWD"),
        (Decimal("-3"), None, "-3.00"),
        (Decimal("1E+3"), "EUR", "1,000.00 EUR"),
        (None, "EUR", "–"),
    ],
)
def test_an_amount_is_shown_with_its_minor_units_and_never_rounded(value, currency, shown):
    assert words_of.amount(value, currency) == shown


@pytest.mark.parametrize(
    ("ago", "shown"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47, minutes=59), "47 h"),
        (timedelta(hours=48), "2 d"),
    ],
)
def test_an_age_is_in_its_largest_unit(ago, shown):
    assert words_of.age(NOON - ago, NOON) == shown
