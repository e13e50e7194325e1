"""Files embedded in PDFs: under every name and in every place that hybrid invoices use, read by what they are."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture import CaptureError, ErrorCode, Limits, capture, unread_pages
from counterfoil.domain.invoices import CapturedInvoice, Source
from tests.documents import a_ubl_invoice

UBL = a_ubl_invoice("UBL-7")
IBAN, OTHER_IBAN = "GB29NWBK60161331926819", "DE89370400440532013000"
SPREADSHEET, PICTURE = b"PK\x03\x04 a spreadsheet", b"\x89PNG\r\n\x1a\n a picture"


def a_cii_invoice(number: str = "CII-7") -> bytes:
    """The least of a cross industry invoice, Factur-X MINIMUM."""
    return f"""<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocument><ram:ID>{number}</ram:ID><ram:TypeCode>380</ram:TypeCode>
<ram:IssueDateTime><udt:DateTimeString format="102">20260301</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty><ram:Name>Acme Paper Ltd</ram:Name>
</ram:SellerTradeParty></ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeDelivery/>
<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>USD</ram:InvoiceCurrencyCode>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:TaxBasisTotalAmount>50.00</ram:TaxBasisTotalAmount>
<ram:GrandTotalAmount>50.00</ram:GrandTotalAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>
</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>""".encode()


def a_zugferd_1_invoice(number: str = "Z1-7") -> bytes:
    """The same as ZUGFeRD 1.0 named it."""
    return f"""<rsm:CrossIndustryDocument xmlns:rsm="urn:ferd:CrossIndustryDocument:invoice:1p0"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:12"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:15">
<rsm:HeaderExchangedDocument><ram:ID>{number}</ram:ID><ram:TypeCode>380</ram:TypeCode>
<ram:IssueDateTime><udt:DateTimeString format="102">20260301</udt:DateTimeString></ram:IssueDateTime></rsm:HeaderExchangedDocument>
<rsm:SpecifiedSupplyChainTradeTransaction><ram:ApplicableSupplyChainTradeAgreement><ram:SellerTradeParty>
<ram:Name>Acme Paper Ltd</ram:Name></ram:SellerTradeParty></ram:ApplicableSupplyChainTradeAgreement>
<ram:ApplicableSupplyChainTradeSettlement><ram:InvoiceCurrencyCode>USD</ram:InvoiceCurrencyCode>
<ram:SpecifiedTradeSettlementMonetarySummation><ram:TaxBasisTotalAmount currencyID="USD">50.00</ram:TaxBasisTotalAmount>
<ram:GrandTotalAmount currencyID="USD">50.00</ram:GrandTotalAmount></ram:SpecifiedTradeSettlementMonetarySummation>
</ram:ApplicableSupplyChainTradeSettlement></rsm:SpecifiedSupplyChainTradeTransaction></rsm:CrossIndustryDocument>""".encode()


def an_order_x(number: str) -> bytes:
    """An order of Order-X 1.0: much like an invoice, and none."""
    return f"""<rsm:SCRDMCCBDACIOMessageStructure
 xmlns:rsm="urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:128"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:128">
<rsm:ExchangedDocument><ram:ID>{number}</ram:ID><ram:TypeCode>220</ram:TypeCode>
<ram:IssueDateTime><udt:DateTimeString format="102">20260301</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction/></rsm:SCRDMCCBDACIOMessageStructure>""".encode()


def a_page(*rows: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for place, row in enumerate(rows):
        canvas.drawString(72, 780 - 20 * place, row)
    canvas.save()
    return out.getvalue()


SHOWN = a_page(
    "Acme Paper Ltd", "Invoice number: PAGE-7", "Date: 2026-03-01", "Net 50.00", "VAT 0.00", "Total USD 50.00"
)


def made(change: Callable[[Pdf], None], page: bytes = SHOWN, **options) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(page)) as pdf:
        change(pdf)
        pdf.save(out, **options)
    return out.getvalue()


def a_spec(pdf: Pdf, name: str, content: bytes, **stream) -> pikepdf.Object:
    """A file specification with its stream, listed nowhere yet."""
    embedded = pdf.make_stream(content)
    embedded.Type = Name.EmbeddedFile
    for key, value in stream.items():
        embedded[f"/{key}"] = value
    spec = Dictionary(Type=Name.Filespec, F=String(name), UF=String(name), EF=Dictionary(F=embedded, UF=embedded))
    return pdf.make_indirect(spec)


def listed(*files: tuple[str, bytes]) -> Callable[[Pdf], None]:
    """In the document's list of embedded files, in this order."""

    def change(pdf: Pdf) -> None:
        names = Array()
        for place, (name, content) in enumerate(files):
            names.extend([String(f"{place:04d}"), a_spec(pdf, name, content)])
        pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=names))

    return change


def associated(*files: tuple[str, bytes], as_reference: bool = False) -> Callable[[Pdf], None]:
    """Named by the catalogue as associated files, and in no list."""

    def change(pdf: Pdf) -> None:
        array = Array([a_spec(pdf, name, content) for name, content in files])
        pdf.Root.AF = pdf.make_indirect(array) if as_reference else array

    return change


def clipped(name: str, content: bytes) -> Callable[[Pdf], None]:
    """As a paper clip on the page."""

    def change(pdf: Pdf) -> None:
        clip = Dictionary(
            Type=Name.Annot, Subtype=Name.FileAttachment, Rect=Array([0, 0, 20, 20]), FS=a_spec(pdf, name, content)
        )
        pdf.pages[0].Annots = Array([pdf.make_indirect(clip)])

    return change


def number_in(content: bytes) -> str | None:
    captured = capture(content, "a.pdf")
    assert captured.source == Source.EMBEDDED_XML
    return captured.invoice_number


def refusal(content: bytes, limits: Limits | None = None) -> CaptureError:
    with pytest.raises(CaptureError) as refused:
        capture(content, "a.pdf", limits=limits or Limits())
    return refused.value


def failed(captured: CapturedInvoice) -> list[str]:
    return [check.code for check in captured.checks if not check.ok]


# Names


@pytest.mark.parametrize(
    ("name", "content", "number"),
    [
        pytest.param("factur-x.xml", a_cii_invoice(), "CII-7", id="Factur-X, ZUGFeRD 2.1 on"),
        pytest.param("zugferd-invoice.xml", a_cii_invoice(), "CII-7", id="ZUGFeRD 2.0"),
        pytest.param("ZUGFeRD-invoice.xml", a_zugferd_1_invoice(), "Z1-7", id="ZUGFeRD 1.0"),
        pytest.param("xrechnung.xml", UBL, "UBL-7", id="XRechnung in UBL"),
        pytest.param("xrechnung.xml", a_cii_invoice(), "CII-7", id="XRechnung in CII"),
        pytest.param("order-x.xml", a_cii_invoice(), "CII-7", id="an invoice under the name of an order"),
        pytest.param("cii.xml", a_cii_invoice(), "CII-7", id="CII"),
        pytest.param("Rechnung 17.XML", UBL, "UBL-7", id="any name"),
        pytest.param("invoice.pdf", UBL, "UBL-7", id="the name of something else"),
        pytest.param("rechnung-ü-€.xml", UBL, "UBL-7", id="letters beyond ASCII"),
        pytest.param("x" * 5_000, UBL, "UBL-7", id="a name without end"),
    ],
)
def test_an_embedded_invoice_is_read_whatever_its_name(name, content, number):
    assert number_in(made(listed((name, content)))) == number


@pytest.mark.parametrize(
    "name",
    ["../../evil.xml", "/etc/passwd", "C:\\Windows\\evil.xml", "..\\..\\factur-x.xml", "a\x00b.xml", "factur-x.xml/"],
)
def test_a_name_with_a_path_is_read_and_written_nowhere(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert number_in(made(listed((name, UBL)))) == "UBL-7"
    assert list(tmp_path.iterdir()) == []


# Places


PLACES = {
    "a list": listed(("factur-x.xml", UBL)),
    "associated files": associated(("factur-x.xml", UBL)),
    "associated files by reference": associated(("factur-x.xml", UBL), as_reference=True),
    "a paper clip": clipped("factur-x.xml", UBL),
}
WRITINGS = {
    "plain": {},
    "in compressed objects": {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
    "not compressed at all": {"stream_decode_level": pikepdf.StreamDecodeLevel.all, "compress_streams": False},
    "locked against changes": {"encryption": pikepdf.Encryption(owner="owner", user="")},
    "linearised": {"linearize": True},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("writing", WRITINGS)
def test_an_embedded_invoice_is_found_in_every_place_and_writing(place, writing):
    assert number_in(made(PLACES[place], **WRITINGS[writing])) == "UBL-7"


def test_a_file_in_a_list_and_associated_is_one():
    def change(pdf: Pdf) -> None:
        spec = a_spec(pdf, "factur-x.xml", UBL)
        pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Names=Array([String("a"), spec])))
        pdf.Root.AF = Array([spec])

    captured = capture(made(change), "a.pdf")

    assert captured.invoice_number == "UBL-7"
    assert "embedded_files_agree" not in {check.code for check in captured.checks}


def test_an_invoice_that_is_only_associated_is_found_beside_listed_files():
    def change(pdf: Pdf) -> None:
        listed(("terms.txt", b"Our terms"), ("logo.png", PICTURE))(pdf)
        associated(("factur-x.xml", UBL))(pdf)

    assert number_in(made(change)) == "UBL-7"


def test_a_list_may_branch():
    def change(pdf: Pdf) -> None:
        leaf = pdf.make_indirect(Dictionary(Names=Array([String("a"), a_spec(pdf, "factur-x.xml", UBL)])))
        other = pdf.make_indirect(Dictionary(Names=Array([String("b"), a_spec(pdf, "b.xlsx", SPREADSHEET)])))
        middle = pdf.make_indirect(Dictionary(Kids=Array([leaf, other])))
        pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Kids=Array([middle])))

    assert number_in(made(change)) == "UBL-7"


def test_a_list_that_bites_its_tail_is_read_to_its_end():
    def change(pdf: Pdf) -> None:
        node = pdf.make_indirect(Dictionary(Names=Array([String("a"), a_spec(pdf, "factur-x.xml", UBL)])))
        node.Kids = Array([node])
        pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Kids=Array([node, node])))

    started = time.monotonic()

    assert capture(made(change), "a.pdf").invoice_number in ("UBL-7", "PAGE-7")
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(listed(), id="an empty list"),
        pytest.param(lambda pdf: setattr(pdf.Root, "AF", Array([Dictionary()])), id="an empty specification"),
        pytest.param(lambda pdf: setattr(pdf.Root, "AF", String("none")), id="associated with text"),
        pytest.param(
            lambda pdf: associated(("factur-x.xml", UBL))(pdf) or delattr(pdf.Root.AF[0], "EF"), id="no file in it"
        ),
        pytest.param(listed(("factur-x.xml", b"")), id="an empty file"),
        pytest.param(listed(("factur-x.xml", UBL[: len(UBL) // 2])), id="half a file"),
        pytest.param(listed(("factur-x.xml", b"<note>Thank you</note>")), id="other XML"),
        pytest.param(listed(("a.xlsx", SPREADSHEET), ("logo.png", PICTURE)), id="other files"),
    ],
)
def test_without_an_embedded_invoice_the_page_is_read(change):
    captured = capture(made(change), "a.pdf")

    assert (captured.source, captured.invoice_number) == (Source.TEXT_LAYER, "PAGE-7")


# Several


def test_the_file_with_the_standards_name_is_the_invoice():
    captured = capture(made(listed(("a.xml", a_ubl_invoice("OLD-1")), ("factur-x.xml", UBL))), "a.pdf")

    assert captured.invoice_number == "UBL-7"
    assert "single_invoice" in failed(captured) and "invoice_number" in captured.needs_review


def test_an_unsafe_or_broken_file_before_the_invoice_does_not_hide_it():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><Invoice><ID>&a;</ID></Invoice>'

    assert number_in(made(listed(("a.xml", b"<broken"), ("b.xml", bomb), ("c.xml", UBL)))) == "UBL-7"


def test_one_invoice_in_two_syntaxes_is_one():
    captured = capture(made(listed(("factur-x.xml", a_cii_invoice("UBL-7")), ("xrechnung.xml", UBL))), "a.pdf")

    assert captured.invoice_number == "UBL-7"
    assert not {"single_invoice", "embedded_files_agree"} & set(failed(captured))


@pytest.mark.parametrize(
    ("other", "field"),
    [
        pytest.param({"iban": OTHER_IBAN}, "vendor_iban", id="another account"),
        pytest.param({"lines": [("W", "Widget", "10", "9.00")]}, "gross_total", id="another total"),
        pytest.param({"issued": "2026-04-01"}, "issue_date", id="another date"),
        pytest.param({"currency": "EUR"}, "currency", id="another currency"),
    ],
)
def test_two_embedded_files_of_one_invoice_that_say_two_things_are_in_doubt(other, field):
    first, second = a_ubl_invoice(iban=IBAN), a_ubl_invoice(**{"iban": IBAN} | other)

    captured = capture(made(listed(("factur-x.xml", first), ("xrechnung.xml", second))), "a.pdf")

    [check] = [check for check in captured.checks if check.code == "embedded_files_agree"]
    assert not check.ok and field in check.detail
    assert field in captured.needs_review


def test_more_files_than_the_limit_are_refused_wherever_they_are():
    files = [(f"{number}.txt", b"text %d" % number) for number in range(4)]

    for change in (listed(*files), associated(*files)):
        assert refusal(made(change), Limits(attachments_max=3)).code == ErrorCode.TOO_LARGE


def test_an_associated_file_that_unpacks_beyond_the_limit_is_refused():
    bomb = made(associated(("factur-x.xml", b"<a>" + b" " * 3_000_000 + b"</a>")))

    assert refusal(bomb, Limits(embedded_bytes_max=1_000_000)).code == ErrorCode.TOO_LARGE


# Orders


ORDER_PAGE = a_page(
    "Northwind Inc", "Purchase Order PO-88", "Date: 2026-03-01", "Supplier: Acme Paper Ltd", "Total USD 50.00"
)
INVOICE_LIKE_ORDER = a_page("Northwind Inc", "Invoice number: PO-88", "Date: 2026-03-01", "Total USD 50.00")
UBL_ORDER = b'<Order xmlns:cbc="urn:x"><cbc:ID>PO-88</cbc:ID></Order>'


@pytest.mark.parametrize(
    "page", [ORDER_PAGE, INVOICE_LIKE_ORDER], ids=["an order's page", "a page much like an invoice"]
)
@pytest.mark.parametrize("place", [listed, associated])
@pytest.mark.parametrize("order", [an_order_x("PO-88"), UBL_ORDER], ids=["Order-X", "UBL"])
def test_an_order_is_never_taken_for_an_invoice(order, place, page):
    refused = refusal(made(place(("order-x.xml", order)), page))

    assert refused.code == ErrorCode.NOT_AN_INVOICE
    assert "order" in refused.detail


def test_an_invoice_may_carry_the_order_that_it_answers():
    captured = capture(made(listed(("order-x.xml", an_order_x("PO-88")))), "a.pdf")

    assert (captured.source, captured.invoice_number) == (Source.TEXT_LAYER, "PAGE-7")


def test_an_invoice_beside_its_order_is_read():
    content = made(listed(("order-x.xml", an_order_x("PO-88")), ("factur-x.xml", UBL)))

    assert number_in(content) == "UBL-7"


# Pages without text


def test_a_hybrid_scan_needs_no_recognition():
    blank = Pdf.new()
    blank.add_blank_page(page_size=(595, 842))
    out = io.BytesIO()
    blank.save(out)

    content = made(associated(("factur-x.xml", UBL)), out.getvalue())

    assert number_in(content) == "UBL-7"
    assert unread_pages(content) == []
