"""The sample invoices: each is read as it stands, and comes to what it is listed for with the ERP's seed."""

import hashlib
import re
from datetime import date
from decimal import Decimal
from functools import cache

import pytest
import yaml

from counterfoil.capture import CaptureError, capture
from counterfoil.domain.invoices import CapturedInvoice, Source
from counterfoil.domain.lifecycle import Status
from local.demo.story import read_story
from samples import make
from tests.demo.books import READINGS, SAMPLES, settings

OURS = make.PAPERS
REAL = yaml.safe_load(READINGS.read_text())
STORY = read_story()
IN_DOUBT = "field_in_doubt"
UNREADABLE = {
    sample.file: sample.reason
    for sample in STORY.samples
    if sample.becomes == Status.NEEDS_REVIEW and sample.reason != IN_DOUBT
}


@cache
def read(name: str) -> CapturedInvoice:
    return capture((SAMPLES / name).read_bytes(), name, settings().identity)


def rows(captured: CapturedInvoice) -> list[tuple[object, ...]]:
    return [(line.item_code, line.description, line.quantity, line.unit_price, line.amount) for line in captured.lines]


@pytest.mark.parametrize("name", OURS)
def test_our_own_samples_are_read_as_they_were_made(name):
    paper = OURS[name]

    captured = read(name)

    assert (captured.invoice_number, captured.po_number) == (paper.number, paper.order)
    assert (captured.issue_date, captured.due_date) == (paper.issued, paper.due)
    assert (captured.vendor_name, captured.vendor_vat_id) == (paper.seller.name, paper.seller.vat_id)
    assert captured.vendor_iban == paper.seller.iban
    assert captured.buyer_name == make.BUYER[0]
    assert (captured.net_total, captured.tax_total, captured.gross_total) == (paper.net, paper.tax, paper.gross)
    assert captured.currency == "EUR"
    assert captured.needs_review == ()
    assert rows(captured) == [
        (line.code, line.description, Decimal(line.quantity), Decimal(line.price), line.amount) for line in paper.lines
    ]


@pytest.mark.parametrize("name", REAL)
def test_documents_by_other_hands_are_read_as_a_person_reads_them(name):
    captured = read(name)

    for field, value in REAL[name]["header"].items():
        found = getattr(captured, field)
        if isinstance(found, Decimal):
            assert found == Decimal(value), field
        else:
            assert (found.isoformat() if isinstance(found, date) else found) == value, field
        assert field not in captured.needs_review
    assert rows(captured) == [
        (code, text, Decimal(quantity), Decimal(price), Decimal(amount))
        for code, text, quantity, price, amount in REAL[name]["lines"]
    ]


@pytest.mark.parametrize(("name", "reason"), UNREADABLE.items())
def test_what_cannot_be_opened_says_why(name, reason):
    with pytest.raises(CaptureError) as refusal:
        read(name)

    assert refusal.value.code == reason


def test_the_scan_is_read_and_its_vendor_left_for_a_person():
    captured = read("pennant-awnings-scan.png")

    assert captured.source == Source.OCR
    assert captured.invoice_number == make.SCANNED.number
    assert (captured.issue_date, captured.gross_total) == (make.SCANNED.issued, make.SCANNED.gross)
    assert captured.vendor_name == make.SCANNED.seller.name
    assert "vendor_name" in captured.needs_review


def test_the_mailed_invoice_is_the_one_attached():
    mailed, attached = read("brightwater-mail.eml"), read("brightwater-services.pdf")

    assert mailed.invoice_number == attached.invoice_number
    assert mailed.mail is not None
    assert mailed.mail.sender == "Brightwater Advisory <accounts@brightwater-advisory.example>"
    assert mailed.mail.authentication == {"spf": "pass"}


def test_every_document_is_listed_and_every_listed_one_is_there():
    documents = {path.name for path in SAMPLES.iterdir() if path.suffix in (".pdf", ".xml", ".png", ".eml")}

    assert {sample.file for sample in STORY.samples} == documents


def test_the_script_makes_the_very_documents_that_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(make, "HERE", tmp_path)

    make.main()

    for made in tmp_path.iterdir():
        assert made.read_bytes() == (SAMPLES / made.name).read_bytes(), made.name


def test_documents_by_other_hands_are_named_with_source_and_licence():
    sources = (SAMPLES / "SOURCES.md").read_text()
    listed = set(re.findall(r"^\| `([^`]+)` \|", sources, re.MULTILINE))

    assert listed == {sample.file for sample in STORY.samples if sample.made_by != "ours"}
    assert len(listed) >= 3


def test_no_two_documents_have_the_same_bytes():
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in SAMPLES.glob("*.*")]

    assert len(digests) == len(set(digests))
