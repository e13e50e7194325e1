"""The page's other places: all open exceptions, the settings, and sending documents in."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from decimal import Decimal

import boto3
import pytest
import requests
import yaml

from counterfoil import wiring
from counterfoil.domain.policy import CompanySettings
from counterfoil.files import DOCUMENT_BYTES_MAX
from counterfoil.settings import Settings
from tests.builders import COMPANY, a_captured_invoice, an_order
from tests.functions.browser import STAGE, Browser
from tests.functions.conftest import BUCKET
from tests.functions.people import PASSWORD, PEOPLE
from tests.steps.test_resolve import DEARER, a_matched, goods, totalling

SETTINGS = CompanySettings(company=COMPANY, currency="USD")


@pytest.fixture(autouse=True)
def companies(services, pool):
    services.put_company(SETTINGS)


# Exceptions


def test_open_exceptions_are_listed_by_owner_the_oldest_first_and_the_late_marked(services, person, clock):
    a_matched(services, clock, totalling(DEARER, invoice_number="OLD"), id="old")
    clock.at += timedelta(days=6)
    wiring.clear()
    short = an_order(id="9", number="PO-9", lines=(goods(received=Decimal(1)),))
    numbers = {"po_number": "PO-9", "po_numbers": ("PO-9",)}
    a_matched(services, clock, a_captured_invoice(invoice_number="SHORT", **numbers), short, id="short")
    services.delete_order(services.order(COMPANY, "1001"))
    a_matched(services, clock, totalling(DEARER, invoice_number="NEW"), id="new")
    browser = person("rita")

    page = browser.click(browser.page, "Exceptions")
    theirs = browser.click(page, "Receiver")

    sections = {
        section.xpath("h2")[0].text.strip(): [
            " ".join(row.text_content().split()) for row in section.xpath(".//tbody/tr")
        ]
        for section in page.at("//main//section[h2]")
    }
    assert list(sections) == ["Buyer", "Receiver"]
    assert [("OLD" in row, "late" in row) for row in sections["Buyer"]] == [(True, True), (False, False)]
    assert theirs.texts("//main//h2") == ["Receiver 1"]
    assert browser.click(theirs, "SHORT").status == 200


def test_exceptions_of_nobody_are_none(person):
    browser = person("ann")

    assert browser.open(f"page/{COMPANY}/exceptions?owner=santa").status == 400
    assert "Nothing is open." in browser.open(f"page/{COMPANY}/exceptions?owner=buyer").text


# Settings


def test_the_settings_are_shown_as_they_are_put_back_and_who_changed_what_when_and_why(services, person, clock, pool):
    after = SETTINGS.model_copy(update={"approve_automatically_max": Decimal("100.00"), "receipt_due_days": 7})
    services.put_company(after, by=pool.id_of("carl"), why="the board agreed", at=clock())
    browser = person("carl")

    page = browser.click(browser.page, "Settings")

    shown = CompanySettings.model_validate(yaml.safe_load(page.at("//pre")[0].text))
    assert shown == services.company(COMPANY)
    newest, first = page.texts("//ol/li")
    assert "Version 2 by you the board agreed" in newest
    assert "approve_automatically_max nothing → 100.00" in newest
    assert "receipt_due_days 5 → 7" in newest
    assert "match.version" not in newest
    assert "by the installation" in first
    assert "chain intact" in page.text


# Sending documents in


@pytest.fixture
def upload(person, monkeypatch):
    """The upload form as an employee of a stack on this machine gets it."""
    browser = person("emma")
    monkeypatch.setattr(Settings, "is_local", True)
    return browser.open(f"page/{COMPANY}/upload")


def sent(page, **changed_fields):
    """What the bucket answers to the form."""
    [form] = page.at("//main//form")
    fields = {field.get("name"): field.get("value") for field in form.xpath(".//input[@type='hidden']")}
    return requests.post(
        form.get("action"),
        data=fields | changed_fields,
        files={"file": ("Rechnung März.pdf", b"%PDF-1.7")},
        timeout=5,
        allow_redirects=False,
    )


def test_a_document_goes_straight_to_the_bucket_under_the_persons_name(upload, pool):
    sent(upload)

    [stored] = boto3.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert stored["Key"].startswith(f"inbox/{COMPANY}/uploads/{pool.id_of('emma')}/")
    assert stored["Key"].endswith("/Rechnung März.pdf")


def test_the_form_is_bounded_names_its_way_back_and_carries_nothing_of_the_session(upload):
    [form] = upload.at("//main//form")
    fields = {field.get("name"): field.get("value") for field in form.xpath(".//input[@type='hidden']")}

    policy = json.loads(base64.b64decode(fields["policy"]))
    assert ["content-length-range", 0, DOCUMENT_BYTES_MAX] in policy["conditions"]
    assert {"success_action_redirect": f"{STAGE}/page/{COMPANY}/uploaded"} in policy["conditions"]
    assert "csrf" not in fields
    # The bucket reads nothing after the file.
    assert form.xpath(".//input")[-1].get("name") == "file"


def test_only_the_upload_page_may_post_to_the_bucket_and_only_there(upload, person):
    [form] = upload.at("//main//form")
    bucket = form.get("action").removesuffix("/")

    # S3 leads on to the bucket's region while a bucket is new.
    regional = bucket.replace(".s3.", f".s3.{boto3.session.Session().region_name}.")
    assert f"form-action 'self' {bucket} {regional};" in upload.headers["Content-Security-Policy"]
    other = person("mia").page
    assert "form-action 'self'; " in other.headers["Content-Security-Policy"]


def test_on_aws_the_way_back_has_the_stage_and_tls(person):
    page = person("emma").page

    [back] = page.at("//input[@name='success_action_redirect']/@value")
    assert back == f"https://127.0.0.1:4566/v1/page/{COMPANY}/uploaded"


def test_after_sending_a_page_says_what_happens_next_with_or_without_a_session(person):
    address = f"page/{COMPANY}/uploaded?bucket=inbox&key=x&etag=y"

    with_session = person("emma").open(address)
    without = Browser().open(address)

    for page in (with_session, without):
        assert page.status == 200
        assert "It has arrived" in page.text
        assert "Send another one in" in page.text
    assert Browser().open("page/No-Company/uploaded").status == 404


def test_a_company_that_was_never_set_up_takes_no_uploads(pool, monkeypatch):
    monkeypatch.setitem(PEOPLE, "nova", ["new.employee"])
    pool.take_in("nova")
    browser = Browser()

    page = browser.submit(browser.open("page"), "Sign in", user="nova", password=PASSWORD)

    assert page.address == f"{STAGE}/page/new/upload"
    assert page.status == 404
