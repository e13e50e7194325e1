"""Documents that are no plain invoices, on the deployed stack: a scan, an e-mail, and a reading that a person puts right."""

from __future__ import annotations

import io
import uuid

import pytest
from reportlab.pdfgen.canvas import Canvas

from counterfoil.domain.invoices import Source
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.people import Role
from samples import make

pytestmark = pytest.mark.stack


def test_a_scan_is_read_and_waits_for_a_person_to_confirm_its_vendor(deployed):
    scan = (make.HERE / "pennant-awnings-scan.png").read_bytes()

    invoice = deployed.at_rest(deployed.drop(scan, "scan.png"))

    assert invoice.status == Status.NEEDS_REVIEW
    assert invoice.captured is not None, invoice.reasons
    assert invoice.captured.source == Source.OCR
    assert invoice.captured.gross_total == make.SCANNED.gross
    assert "field_in_doubt" in {reason.code for reason in invoice.reasons}


def test_an_emails_attachment_is_read_and_its_sender_kept(deployed):
    mail = (make.HERE / "brightwater-mail.eml").read_bytes()

    invoice = deployed.at_rest(deployed.drop(mail, "mail.eml"))

    assert invoice.captured.mail.authentication == {"spf": "pass"}
    assert invoice.captured.invoice_number == make.PAPERS["brightwater-services.pdf"].number


def without_label(order: dict[str, str], number: str) -> bytes:
    """A PDF for 10 at 5.00 of the order, its number standing alone at the right."""
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.setFont("Helvetica", 10)
    texts = [
        (72, 60, order["vendor"]), (72, 74, "4 Harbour Road"), (72, 88, "Portland, OR 97201"),
        (72, 102, f"VAT no: {order['vat_id']}"), (400, 60, "Statement for payment"),
        (72, 150, "Bill to:"), (72, 164, "Northwind Inc"), (72, 178, "1 Main Street"), (72, 192, "Springfield, IL 62701"),
        (400, 150, number), (400, 170, "Date: 2026-03-01"), (400, 190, f"Your order: {order['number']}"),
        (72, 250, "Item"), (160, 250, "Description"), (-360, 250, "Qty"), (-440, 250, "Price"), (-520, 250, "Amount"),
        (72, 270, order["code"]), (160, 270, order["name"]), (-360, 270, "10"), (-440, 270, "5.00"), (-520, 270, "50.00"),
        (350, 320, "Net total"), (-520, 320, f"{order['currency']} 50.00"), (350, 340, "VAT 0 %"), (-520, 340, "0.00"),
        (350, 360, "Total"), (-520, 360, f"{order['currency']} 50.00"),
    ]  # fmt: skip
    for left, top, text in texts:
        (canvas.drawRightString if left < 0 else canvas.drawString)(abs(left), 842 - top, text)
    canvas.save()
    return out.getvalue()


def test_what_a_person_corrects_is_read_right_on_the_vendors_next_document(deployed):
    order, later = deployed.an_order(), deployed.an_order()
    number, next_number = (f"QW/{uuid.uuid4().int % 9000 + 1000}/A" for _ in range(2))

    unread = deployed.at_rest(deployed.drop(without_label(order, number), f"{uuid.uuid4().hex}.pdf"))
    assert (unread.status, unread.captured.invoice_number) == (Status.NEEDS_REVIEW, None), unread.reasons
    correction = {"fields": {"invoice_number": number}, "version": unread.version, "comment": "typed from the page"}
    reply = deployed.call("POST", f"/invoices/{unread.id}/corrections", Role.AP_CLERK, correction)
    assert reply.status_code == 200, reply.text
    corrected = deployed.at_rest(unread.document.key)
    assert corrected.captured.invoice_number == number and corrected.status != Status.NEEDS_REVIEW, corrected.reasons

    read = deployed.at_rest(deployed.drop(without_label(later, next_number), f"{uuid.uuid4().hex}.pdf"))

    assert read.captured.invoice_number == next_number
    assert read.captured.po_number == later["number"]
    assert read.status == corrected.status, read.reasons
