"""E-mails: the worthiest attachment is read, the sender is kept, several invoices are noticed."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

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
