"""The command `capture`: what it prints, and how it says that its input is bad."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from counterfoil.cli import app
from tests.capture.invoice_styles import draw_invoice

SAMPLES = Path(__file__).parent / "samples"
PDF = SAMPLES / "marketing-agency-pro-1.pdf"
XML = SAMPLES / "mysupply-1.xml"
KEYS = {"file", "sha256", "document_type", "source", "fields", "lines", "checks", "needs_review", "error"}


@pytest.fixture
def run():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments])


def test_capture_prints_one_object_a_file(run):
    result = run("capture", "--format", "json", PDF, XML)

    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [record["file"] for record in records] == [PDF.name, XML.name]
    assert all(record.keys() >= KEYS for record in records)
    assert records[0]["sha256"] == hashlib.sha256(PDF.read_bytes()).hexdigest()


def test_numbers_are_decimal_strings_and_places_are_numbers(run):
    record = json.loads(run("capture", "--format", "json", PDF).stdout)

    gross = record["fields"]["gross_total"]
    assert gross["value"] == "5748.82"
    assert gross["page"] == 1 and len(gross["box"]) == 4 and 0 < gross["confidence"] <= 1
    assert record["lines"][0]["quantity"] == "4" and record["lines"][0]["unit_price"] == "499.99"
    assert record["fields"]["payment_terms"]["value"] == "Net 30 days"


def test_a_field_that_is_not_on_the_document_is_null(run):
    record = json.loads(run("capture", "--format", "json", PDF).stdout)

    assert record["fields"]["vendor_iban"] is None


def test_an_unreadable_file_is_an_error_in_its_record_and_stops_nothing(run, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")

    result = run("capture", "--format", "json", broken, XML)

    first, second = map(json.loads, result.stdout.splitlines())
    assert result.exit_code == 0
    assert first["error"]["code"] == "damaged" and second["error"] is None


def test_a_missing_file_is_bad_input(run, tmp_path):
    result = run("capture", tmp_path / "none.pdf")

    assert result.exit_code == 2
    assert result.stderr.strip() == f"{tmp_path / 'none.pdf'}: No such file or directory"


def test_the_company_itself_is_never_the_vendor(run):
    record = json.loads(
        run(
            "capture", "--format", "json", "--own-name", "Marketing Agency Pro", "--own-tax-id", "55-6677889", PDF
        ).stdout
    )

    assert (record["fields"]["vendor_name"] or {}).get("value") != "Marketing Agency Pro"
    assert record["fields"]["buyer_name"]["value"] == "Marketing Agency Pro"
    assert (record["fields"]["vendor_vat_id"] or {}).get("value") != "55-6677889"


def test_an_open_order_given_by_number_or_pattern_is_found(run, tmp_path):
    drawn = draw_invoice(70_001, "en")
    (tmp_path / "a.pdf").write_bytes(drawn.content)
    number = drawn.truth["invoice_number"]

    for option, value in (("--order-number", number), ("--order-pattern", re.escape(number))):
        record = json.loads(run("capture", "--format", "json", option, value, tmp_path / "a.pdf").stdout)
        assert record["fields"]["po_number"]["value"] == number


def test_the_company_s_address_marks_its_own_block(run, tmp_path):
    drawn = draw_invoice(70_001, "en")
    (tmp_path / "a.pdf").write_bytes(drawn.content)

    record = json.loads(run("capture", "--format", "json", "--own-address", "5 Mill Lane", tmp_path / "a.pdf").stdout)

    assert record["fields"]["vendor_name"]["value"] == drawn.truth["vendor_name"]
