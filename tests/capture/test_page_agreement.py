"""A hybrid PDF whose page says something else than its embedded XML is a known fraud: each difference is a finding."""

from __future__ import annotations

import io

import pikepdf
import pytest
from pikepdf import Pdf
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture import capture
from counterfoil.domain.invoices import CapturedInvoice, Source
from tests.documents import a_ubl_invoice

IBAN, OTHER_IBAN = "GB29NWBK60161331926819", "DE89370400440532013000"
PAGE = {
    "vendor": "Acme Paper Ltd",
    "invoice_number": "Invoice number: UBL-7",
    "issue_date": "Invoice date: 1 March 2026",
    "net": "Net total 50.00",
    "tax": "VAT 0.00",
    "gross_total": "Total USD 50.00",
    "vendor_iban": f"IBAN {IBAN}",
}


def a_hybrid(**rows: str) -> CapturedInvoice:
    """The invoice UBL-7 of 1 March 2026 over 50.00, on a page with these rows instead of what it should say."""
    page = io.BytesIO()
    canvas = Canvas(page)
    for place, row in enumerate((PAGE | rows).values()):
        canvas.drawString(72, 780 - 20 * place, row)
    canvas.save()
    out = io.BytesIO()
    with Pdf.open(io.BytesIO(page.getvalue())) as pdf:
        pdf.attachments["factur-x.xml"] = pikepdf.AttachedFileSpec(pdf, a_ubl_invoice("UBL-7", iban=IBAN))
        pdf.save(out)
    captured = capture(out.getvalue(), "a.pdf")
    assert captured.source == Source.EMBEDDED_XML
    return captured


def differing(captured: CapturedInvoice) -> list[str]:
    found = [check.code for check in captured.checks if check.code.startswith("page_agrees_") and not check.ok]
    return [code.removeprefix("page_agrees_") for code in found]


def test_a_page_that_says_what_its_xml_says_is_no_finding():
    captured = a_hybrid()

    assert differing(captured) == []
    assert captured.needs_review == ()


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("invoice_number", "Invoice number: UBL-8"),
        ("issue_date", "Invoice date: 2 March 2026"),
        ("vendor_iban", f"IBAN {OTHER_IBAN}"),
    ],
)
def test_what_the_page_says_otherwise_is_a_finding_and_stops_the_invoice(name: str, row: str):
    captured = a_hybrid(**{name: row})

    assert differing(captured) == [name]
    assert name in captured.needs_review


def test_another_total_on_the_page_is_a_finding_and_stops_the_invoice():
    captured = a_hybrid(net="Net total 90.00", gross_total="Total USD 90.00")

    assert differing(captured) == ["gross_total"]
    assert "gross_total" in captured.needs_review


def test_a_page_that_names_no_number_proves_nothing():
    captured = a_hybrid(invoice_number="Thank you for your order")

    assert differing(captured) == []
