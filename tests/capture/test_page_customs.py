"""Customs of real invoices, each on a page that only has what the rule is about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture.document import read_document
from counterfoil.capture.file_kind import FileKind, file_kind
from counterfoil.capture.layout.names import is_person, may_send, without_details
from counterfoil.capture.layout.values import amount_of
from counterfoil.capture.limits import Limits
from counterfoil.domain.company import CompanyIdentity
from tests.capture.test_header_fields import HEAD, LINES, RECEIVER, SENDER, TOTALS, read

PAGE_HEIGHT = 842.0


def drawn(*placed: tuple) -> bytes:
    """A page of A4 with texts at places from its top left; a fourth value is the size of the letters."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=(595, PAGE_HEIGHT))
    for x, y, text, *size in placed:
        canvas.setFont("Helvetica", size[0] if size else 10)
        canvas.drawString(x, PAGE_HEIGHT - y - 10, text)
    canvas.save()
    return out.getvalue()


def captured_from(content: bytes):
    return read_document(content, CompanyIdentity(), Limits())


def without(rows: list[tuple], *texts: str) -> list[tuple]:
    return [row for row in rows if row[2] not in texts]


# --- words ---


def test_words_drawn_again_to_look_bold_are_read_once():
    sender = [(x + shift, y, text) for x, y, text in SENDER for shift in (0, 0.4, 0.8)]

    captured = captured_from(drawn(*sender, *RECEIVER, *HEAD, *LINES, *TOTALS))

    assert captured.vendor_name == "Harbour Tools Ltd"


def test_dots_that_lead_to_a_value_are_no_part_of_it():
    head = [
        *without(HEAD, "Invoice date: 14 March 2024"),
        (330, 82, "Invoice date ........................14 March 2024"),
    ]

    captured = captured_from(drawn(*SENDER, *RECEIVER, *head, *LINES, *TOTALS))

    assert captured.issue_date == date(2024, 3, 14)


@pytest.mark.parametrize("printed", ["572,500/-", "572,500/=", "572,500\ufffdkr."])
def test_what_is_written_behind_an_amount_is_passed_over(printed):
    assert amount_of(printed, ".").value == 572500


def test_a_hyphen_that_does_not_break_is_a_minus():
    assert amount_of("₹‑309.16", ".").value == Decimal("-309.16")


def test_a_webp_picture_is_a_picture():
    out = BytesIO()
    Image.new("RGB", (8, 8)).save(out, "WEBP")

    assert file_kind(out.getvalue()) == FileKind.IMAGE


# --- names ---


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("TechCloud Solutions GmbH support@techcloud.example", "TechCloud Solutions GmbH"),
        ("Handwerker-Service Müller Hauptstraße 12, 12345 Berlin", "Handwerker-Service Müller"),
        ("Best Choice Products Inc (seller profile)", "Best Choice Products Inc"),
        ("Harbour GmbH Hundsberg 13 97950 Stadt", "Harbour GmbH"),
        ("Talblick Energie UG (haftungsbeschränkt)", "Talblick Energie UG (haftungsbeschränkt)"),
        ("Platform Inc. on behalf of Acme Ltd", "Acme Ltd"),
        ("Made with Ledgerly by Ledgerly Inc. - www.ledgerly.example", "Made with Ledgerly by Ledgerly Inc. - www.ledgerly.example"),
    ],
    ids=["e-mail", "street", "remark", "legal form before a number", "one word is part of the form", "on behalf", "a sentence"],
)  # fmt: skip
def test_a_name_ends_where_the_line_says_something_else(printed, name):
    assert without_details(printed) == name


@pytest.mark.parametrize("text", ["(ORIGINAL FOR RECIPIENT)", "How much do you like us ?", "Verwaltung:", "Ms. Joanne Fisher"])  # fmt: skip
def test_a_remark_a_question_a_heading_and_a_person_are_no_vendors(text):
    assert not may_send(text)


def test_a_firm_that_bears_a_form_of_address_is_no_person():
    assert not is_person("Herr Bäcker GmbH")


def test_the_last_line_of_an_address_names_no_sender():
    sender = [(50, 40, "Blue Pump Parts"), (50, 52, "12 Dock Road"), (50, 64, "Graham, NC 27253")]

    captured = read(sender, RECEIVER, HEAD, LINES, TOTALS)

    assert captured.vendor_name == "Blue Pump Parts"


def test_large_letters_over_two_lines_are_one_name():
    sender = [(50, 30, "Rightchoice Packaging", 15), (50, 46, "Company", 15), (50, 64, "12 Dock Road"), (50, 76, "Bristol BS1 4DJ")]  # fmt: skip

    captured = read(sender, RECEIVER, HEAD, LINES, TOTALS)

    assert captured.vendor_name == "Rightchoice Packaging Company"


def test_a_person_with_an_address_is_the_buyer_and_the_line_above_it_the_firm():
    receiver = [(50, 110, "Brightwater Foods"), (50, 122, "Mr. Alan Reed"), (50, 134, "5 Mill Lane"), (50, 146, "Leeds LS2 8PA")]  # fmt: skip

    captured = read(SENDER, receiver, HEAD, LINES, TOTALS)

    assert captured.buyer_name == "Brightwater Foods"


def test_who_signs_is_the_vendor():
    signed = [(400, 600, "For COVE RETAIL LIMITED"), (400, 640, "Authorized Signatory")]

    captured = read(RECEIVER, HEAD, LINES, TOTALS, signed)

    assert captured.vendor_name == "COVE RETAIL LIMITED"


def test_where_the_money_goes_names_the_vendor_where_nothing_else_does():
    remit = [(50, 600, "Remit to:"), (50, 612, "Appliance Depot of America, Inc."), (50, 624, "PO Box 85321")]

    captured = read(RECEIVER, HEAD, LINES, TOTALS, remit)

    assert captured.vendor_name == "Appliance Depot of America, Inc."


def test_an_account_name_without_a_bank_is_the_customer_s():
    account = [(330, 100, "Account Name"), (330, 112, "CREEKSIDE AT ATHENS")]

    captured = read(SENDER, HEAD, account, LINES, TOTALS)

    assert captured.buyer_name == "CREEKSIDE AT ATHENS"


def test_a_mailbox_at_a_common_host_bears_the_vendor_s_name():
    sender = [
        (330, 20, "Rates and Terms Overview", 12),
        (50, 40, "Blue Pump Parts"),
        (50, 52, "bluepumpparts@gmail.com"),
    ]

    captured = read(sender, RECEIVER, HEAD, LINES, TOTALS)

    assert captured.vendor_name == "Blue Pump Parts"


def test_a_name_is_spelled_as_at_the_top_of_the_page():
    sender = [(50, 40, "Harbour Partners, LP."), *SENDER[1:]]
    bank = [(50, 600, "Bank name: First Bank"), (50, 612, "Account name: Harbour Partners LP")]

    captured = read(sender, RECEIVER, HEAD, LINES, TOTALS, bank)

    assert captured.vendor_name == "Harbour Partners, LP."


def test_the_customer_s_tax_number_is_not_the_vendor_s():
    ids = [(50, 158, "Customer GSTIN: 29AAFCA0924K1ZN"), (330, 100, "Dealer GSTIN: 29AAHCS6672E1ZZ")]

    captured = read(SENDER, RECEIVER, HEAD, ids, LINES, TOTALS)

    assert captured.vendor_vat_id == "29AAHCS6672E1ZZ"


# --- numbers and dates ---


def test_number_and_date_of_an_order_in_one_are_the_number():
    order = [(330, 94, "P.O. No/Date: 3200058026/12.01.2026")]

    captured = read(SENDER, RECEIVER, HEAD, order, LINES, TOTALS)

    assert captured.po_number == "3200058026"


def test_a_labelled_date_goes_before_one_without_a_label():
    head = [*HEAD[:2], (330, 82, "Date: 14/03/2024")]
    history = [(50, 200, "01/02/2023")]

    captured = read(SENDER, RECEIVER, head, history, LINES, TOTALS)

    assert captured.issue_date == date(2024, 3, 14)


def test_a_date_at_the_end_of_a_sentence_is_not_the_invoice_s():
    head = without(HEAD, "Invoice date: 14 March 2024")
    sentence = [(50, 200, "Points on your card are valid until 01.03.2024")]
    printed = [(50, 700, "Printed on paper 16.01.2024 and 17.01.2024")]

    captured = read(SENDER, RECEIVER, head, sentence, LINES, TOTALS, printed)

    assert captured.issue_date is None


# --- totals ---


def test_a_total_in_larger_letters_than_its_label_belongs_to_it():
    balance = [(312, 400, "BALANCE DUE", 10), (466, 404, "£53,760.00", 20)]
    lines = [*LINES[:4], (50, 315, "Advice"), (300, 315, "1"), (400, 315, "53,760.00"), (500, 315, "53,760.00")]

    captured = read(SENDER, RECEIVER, HEAD, lines, balance)

    assert captured.gross_total == Decimal("53760.00")


def test_the_sums_of_a_table_s_columns_are_net_tax_and_gross():
    sums = [
        (50, 400, "TOTAL"),
        (300, 400, "125.00"),
        (400, 400, "25.00"),
        (500, 400, "£150.00"),
        (50, 420, "VAT at 20%"),
    ]

    captured = read(SENDER, RECEIVER, HEAD, sums)

    assert (captured.net_total, captured.tax_total, captured.gross_total) == (125, 25, 150)


def test_two_taxes_in_the_row_of_sums_are_one_tax():
    sums = [(50, 400, "TOTAL"), (200, 400, "125.00"), (300, 400, "12.50"), (400, 400, "12.50"), (500, 400, "£150.00")]

    captured = read(SENDER, RECEIVER, HEAD, sums)

    assert (captured.net_total, captured.tax_total, captured.gross_total) == (125, 25, 150)


def test_an_amount_set_a_little_higher_than_its_label_belongs_to_it():
    totals = [row for row in TOTALS if row[1] != 415] + [(400, 418, "VAT 20%", 12), (500, 414, "£25.00", 8)]

    captured = read(SENDER, RECEIVER, HEAD, LINES, totals)

    assert captured.tax_total == 25


def test_a_sign_of_money_that_its_font_calls_a_letter_is_one():
    assert amount_of("ī399.01", ".").value == Decimal("399.01")


def test_this_invoice_s_total_goes_before_what_is_due_with_older_ones():
    sums = [
        (400, 400, "Invoice Total"),
        (500, 400, "£1,367.24"),
        (400, 500, "Total Amount Due"),
        (500, 500, "£6,099.26"),
    ]

    captured = read(SENDER, RECEIVER, HEAD, sums)

    assert captured.gross_total == Decimal("1367.24")


def test_a_title_with_a_remark_in_brackets_names_no_vendor():
    title = [(50, 20, "TAX INVOICE (Original for the Recipient)", 14)]

    captured = read(title, SENDER, RECEIVER, HEAD, LINES, TOTALS)

    assert captured.vendor_name == "Harbour Tools Ltd"


def test_a_title_lower_down_dates_nothing():
    head = without(HEAD, "Invoice date: 14 March 2024")
    paid = [(50, 600, "Invoice paid 17 March 2024"), (50, 640, "Printed 18 March 2024")]

    captured = read(SENDER, RECEIVER, head, LINES, TOTALS, paid)

    assert captured.issue_date is None


def test_a_question_that_is_answered_with_no_exempts_nobody():
    totals = [*without(TOTALS, "VAT 20%", "£25.00", "£150.00"), (500, 430, "£125.00")]
    question = [(50, 500, "Whether tax is payable under reverse charge - No")]

    captured = read(SENDER, RECEIVER, HEAD, LINES, totals, question)

    assert captured.tax_total is None


# --- pages whose text does not say it all ---


def test_a_total_that_is_only_drawn_is_recognised():
    pytest.importorskip("rapidocr")
    picture = Image.new("RGB", (900, 120), "white")
    ImageDraw.Draw(picture).text((10, 20), "Total   £150.00", fill="black", font_size=60)
    out = BytesIO()
    canvas = Canvas(out, pagesize=(595, PAGE_HEIGHT))
    canvas.setFont("Helvetica", 10)
    for x, y, text, *_ in (*SENDER, *RECEIVER, *HEAD):
        canvas.drawString(x, PAGE_HEIGHT - y - 10, text)
    canvas.drawImage(ImageReader(picture), 300, 400, 270, 36)
    canvas.save()

    captured = captured_from(out.getvalue())

    assert captured.gross_total == 150
    assert captured.invoice_number == "HT-2024-017"
