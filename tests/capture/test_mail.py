"""E-mails: the worthiest attachment is read, the sender is kept, several invoices are noticed."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture import CaptureError, Limits, capture
from counterfoil.capture.errors import ErrorCode
from counterfoil.domain.invoices import Source

SAMPLES = Path(__file__).parent / "samples"
PDF = (SAMPLES / "squeaky-1.pdf").read_bytes()
OTHER_PDF = (SAMPLES / "marketing-agency-pro-1.pdf").read_bytes()
XML = (SAMPLES / "mysupply-1.xml").read_bytes()


def an_email(*attachments: tuple[bytes, str, str], **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Billing <billing@vendor.example>"
    message["To"] = "invoices@company.example"
    message["Message-ID"] = "<17@vendor.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Please find our invoice attached.")
    for content, kind, name in attachments:
        main, sub = kind.split("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message


def test_an_attached_pdf_is_read_and_the_sender_is_kept():
    message = an_email(
        (PDF, "application/pdf", "invoice.pdf"),
        Authentication_Results="mx.example; spf=pass smtp.mailfrom=vendor.example; dkim=fail; dmarc=none",
    )

    captured = capture(message.as_bytes(), "mail.eml")

    assert captured.invoice_number == "42A5DE55-0071"
    assert captured.mail.sender == "Billing <billing@vendor.example>"
    assert captured.mail.message_id == "<17@vendor.example>"
    assert captured.mail.attachment == "invoice.pdf"
    assert captured.mail.authentication == {"spf": "pass", "dkim": "fail", "dmarc": "none"}


def test_xml_is_worth_more_than_a_pdf():
    message = an_email((PDF, "application/pdf", "a.pdf"), (XML, "application/octet-stream", "b.bin"))

    assert capture(message.as_bytes(), "mail.eml").source == Source.XML


def test_two_invoices_in_one_email_are_noticed():
    message = an_email((PDF, "application/pdf", "a.pdf"), (OTHER_PDF, "application/pdf", "b.pdf"))

    captured = capture(message.as_bytes(), "mail.eml")

    assert "invoice_number" in captured.needs_review
    assert [check.detail for check in captured.checks if check.code == "single_invoice"] == [
        "the e-mail holds 2 invoices; this is the first"
    ]


def a_page(*rows: tuple[str, str]) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for place, (left, right) in enumerate((("Quibble Works Ltd", ""), ("Invoice", ""), *rows)):
        canvas.drawString(72, 780 - 24 * place, left)
        canvas.drawString(300, 780 - 24 * place, right)
    canvas.save()
    return out.getvalue()


def whole(captured):
    return [(check.ok, check.detail) for check in captured.checks if check.code == "whole_invoice"]


def test_one_invoice_over_several_files_is_noticed():
    first = a_page(("Invoice number", "QW-7"), ("Invoice date", "2024-03-01"), ("Total", "120.00"))
    second = a_page(("Invoice number", "QW-7"), ("Invoice date", "2024-03-01"), ("Total", "340.00"))
    message = an_email((first, "application/pdf", "1.pdf"), (second, "application/pdf", "2.pdf"))

    captured = capture(message.as_bytes(), "mail.eml")

    assert whole(captured) == [
        (False, "the invoice goes on in 1 more of the e-mail's files, with other lines or totals")
    ]
    assert {"lines", "gross_total"} <= set(captured.needs_review)


def test_the_same_invoice_twice_and_an_annex_are_no_reason_to_doubt():
    invoice = a_page(("Invoice number", "QW-7"), ("Invoice date", "2024-03-01"), ("Total", "120.00"))
    annex = a_page(*[("our general terms of delivery and of payment", "")] * 9)
    message = an_email(*[(one, "application/pdf", "a.pdf") for one in (invoice, invoice, annex)])

    captured = capture(message.as_bytes(), "mail.eml")

    assert whole(captured) == [(True, "1 more of the e-mail's files show the same invoice, 1 are annexes")]
    assert captured.needs_review == capture(invoice, "a.pdf").needs_review


def test_two_invoices_in_one_pdf_are_noticed():
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in ("QW-7", "QW-8"):
        for place, row in enumerate(("Quibble Works Ltd", "Invoice", f"Invoice number: {number}", "Total: 120.00")):
            canvas.drawString(72, 780 - 24 * place, row)
        canvas.showPage()
    canvas.save()

    captured = capture(out.getvalue(), "two.pdf")

    assert "invoice_number" in captured.needs_review
    assert [check.ok for check in captured.checks if check.code == "single_invoice"] == [False]


def test_a_forwarded_email_is_opened():
    outer = an_email()
    outer.add_attachment(an_email((PDF, "application/pdf", "a.pdf")))

    assert capture(outer.as_bytes(), "mail.eml").invoice_number == "42A5DE55-0071"


def test_an_email_without_an_invoice_is_refused():
    with pytest.raises(CaptureError) as refused:
        capture(an_email().as_bytes(), "mail.eml")

    assert refused.value.code == ErrorCode.NOT_AN_INVOICE


def test_the_reason_of_an_unreadable_attachment_is_passed_on():
    with pytest.raises(CaptureError) as refused:
        capture(an_email((PDF[:200], "application/pdf", "a.pdf")).as_bytes(), "mail.eml")

    assert refused.value.code == ErrorCode.DAMAGED


def test_a_path_in_an_attachment_name_is_cut_off():
    message = an_email((PDF, "application/pdf", "../../etc/passwd"))

    assert capture(message.as_bytes(), "mail.eml").mail.attachment == "passwd"


def test_more_attachments_than_the_limit_are_refused():
    message = an_email(*[(XML, "application/xml", f"{place}.xml") for place in range(3)])

    with pytest.raises(CaptureError) as refused:
        capture(message.as_bytes(), "mail.eml", limits=Limits(attachments_max=2))

    assert refused.value.code == ErrorCode.TOO_LARGE
