"""Documents that are no plain invoices, on the deployed stack: a scan, an e-mail, and a reading that a person puts right."""

from __future__ import annotations

import pytest

from counterfoil.domain.invoices import Source
from counterfoil.domain.lifecycle import Status
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
