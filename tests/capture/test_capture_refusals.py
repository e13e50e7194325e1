"""Hostile and unreadable files: each is a typed error, quickly, and the next document is read as ever."""

from __future__ import annotations

import io
import time
import zlib
from pathlib import Path

import pikepdf
import pytest
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture import CaptureError, Limits, capture
from counterfoil.capture.errors import ErrorCode
from counterfoil.domain.invoices import Source

SAMPLES = Path(__file__).parent / "samples"
INVOICE = (SAMPLES / "squeaky-1.pdf").read_bytes()
UBL = (SAMPLES / "mysupply-1.xml").read_bytes()

ENTITY_BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><Invoice><ID>&c;</ID></Invoice>"""
EXTERNAL_ENTITY = (
    b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Invoice><ID>&a;</ID></Invoice>"""
)
DEEP = b"<Invoice>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</Invoice>"


def a_pdf(*, pages: int = 1, text: str = "Invoice number 17") -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    for _ in range(pages):
        canvas.drawString(72, 700, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def encrypted() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(INVOICE)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return out.getvalue()


def with_attachment(content: bytes, name: str = "factur-x.xml") -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(INVOICE)) as pdf:
        pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, content, filename=name)
        pdf.save(out)
    return out.getvalue()


def picture_only() -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.rect(100, 100, 200, 200, fill=1)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


CASES = {
    "no bytes": (lambda: b"", ErrorCode.EMPTY),
    "only zero bytes": (lambda: bytes(2000), ErrorCode.EMPTY),
    "only white space": (lambda: b" \r\n\t ", ErrorCode.EMPTY),
    "text named as a PDF": (lambda: b"Dear sirs, please pay.", ErrorCode.UNSUPPORTED_TYPE),
    "a zip archive": (lambda: b"PK\x03\x04" + bytes(range(100)), ErrorCode.UNSUPPORTED_TYPE),
    "a web page": (lambda: b"<!DOCTYPE html><html></html>", ErrorCode.UNSUPPORTED_TYPE),
    "a PDF cut short": (lambda: INVOICE[:300], ErrorCode.DAMAGED),
    "only a PDF header": (lambda: b"%PDF-1.7\n%%EOF", ErrorCode.DAMAGED),
    "XML cut short": (lambda: UBL[: len(UBL) // 2], ErrorCode.DAMAGED),
    "an unknown encoding": (lambda: b'<?xml version="1.0" encoding="x-none"?><Invoice/>', ErrorCode.DAMAGED),
    "an encrypted PDF": (encrypted, ErrorCode.ENCRYPTED),
    "500 pages": (lambda: a_pdf(pages=500), ErrorCode.TOO_MANY_PAGES),
    "a picture without text": (picture_only, ErrorCode.NO_TEXT),
    "a letter": (lambda: a_pdf(text="Dear customer, our office moves to another building."), ErrorCode.NOT_AN_INVOICE),
    "an order as XML": (lambda: b"<Order><ID>1</ID></Order>", ErrorCode.NOT_AN_INVOICE),
    "an entity bomb": (lambda: ENTITY_BOMB, ErrorCode.UNSAFE_XML),
    "an external entity": (lambda: EXTERNAL_ENTITY, ErrorCode.UNSAFE_XML),
    "XML nested 5000 deep": (lambda: DEEP, ErrorCode.UNSAFE_XML),
    "an entity bomb inside a PDF": (lambda: with_attachment(ENTITY_BOMB), ErrorCode.UNSAFE_XML),
}


@pytest.mark.parametrize(("content", "code"), CASES.values(), ids=CASES)
def test_what_cannot_be_read_is_refused_with_its_code(content, code):
    with pytest.raises(CaptureError) as refused:
        capture(content(), "invoice.pdf")

    assert refused.value.code == code
    assert refused.value.detail


def test_more_bytes_than_the_limit_are_refused():
    limits = Limits(bytes_max=len(INVOICE))

    assert capture(INVOICE, "a.pdf", limits=limits).invoice_number == "42A5DE55-0071"
    with pytest.raises(CaptureError) as refused:
        capture(INVOICE + b"\n", "a.pdf", limits=limits)

    assert refused.value.code == ErrorCode.TOO_LARGE


def test_a_hundred_megabytes_are_refused_without_being_read():
    start = time.monotonic()

    with pytest.raises(CaptureError) as refused:
        capture(b"%PDF-1.7\n" + bytes(100_000_000), "a.pdf")

    assert refused.value.code == ErrorCode.TOO_LARGE
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        pytest.param(Limits(words_max=20), ErrorCode.TOO_LARGE, id="words"),
        pytest.param(Limits(pages_max=0), ErrorCode.TOO_MANY_PAGES, id="pages"),
    ],
)
def test_pages_and_words_have_limits(limits, code):
    with pytest.raises(CaptureError) as refused:
        capture(INVOICE, "a.pdf", limits=limits)

    assert refused.value.code == code


def test_elements_of_an_xml_have_a_limit():
    with pytest.raises(CaptureError) as refused:
        capture(UBL, "a.xml", limits=Limits(xml_nodes_max=20))

    assert refused.value.code == ErrorCode.TOO_LARGE


def test_an_embedded_file_that_unpacks_beyond_the_limit_is_refused():
    bomb = with_attachment(b"<a>" + b" " * 3_000_000 + b"</a>")

    with pytest.raises(CaptureError) as refused:
        capture(bomb, "a.pdf", limits=Limits(embedded_bytes_max=1_000_000))

    assert refused.value.code == ErrorCode.TOO_LARGE


def test_a_stream_that_unpacks_without_end_is_stopped_and_the_next_document_is_read():
    bomb = a_stream_bomb()

    with pytest.raises(CaptureError):
        capture(bomb, "a.pdf", limits=Limits(seconds_max=5))

    assert capture(INVOICE, "b.pdf").invoice_number == "42A5DE55-0071"


def a_stream_bomb() -> bytes:
    """A page whose content is two gigabytes of spaces, packed twice."""
    inner = zlib.compress(b" " * 50_000_000, 9)
    twice = zlib.compress(inner * 40, 9)
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        stream = pdf.make_stream(b"")
        stream.write(twice, filter=pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode]))
        page.Contents = stream
        pdf.save(out, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return out.getvalue()


def test_a_page_tree_that_contains_itself_ends():
    content = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )

    with pytest.raises(CaptureError):
        capture(content, "a.pdf", limits=Limits(seconds_max=5))


def tampered(change) -> bytes:
    """The invoice after `change(pdf)`."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(INVOICE)) as pdf:
        change(pdf)
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def run_script(pdf: pikepdf.Pdf) -> None:
    script = "app.launchURL('https://evil.example'); this.exportDataObject({cName: 'a', nLaunch: 2});"
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=script)
    pdf.Root.AA = pikepdf.Dictionary(WC=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="/bin/sh"))


def deep_page_tree(pdf: pikepdf.Pdf) -> None:
    pages = pdf.Root.Pages
    for _ in range(3_000):
        pages = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Pages, Kids=[pages], Count=len(pdf.pages)))
    pdf.Root.Pages = pages


def broken_fonts(pdf: pikepdf.Pdf) -> None:
    for one in pdf.objects:
        if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == pikepdf.Name.FontDescriptor:
            one.FontFile2 = pdf.make_stream(b"\x00\x01\x00\x00" + bytes(range(256)) * 200)


def form_in_itself(pdf: pikepdf.Pdf) -> None:
    form = pdf.make_stream(b"/X0 Do /X0 Do", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 9, 9])
    form.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X0=form))
    page = pdf.pages[0]
    page.Resources.XObject = pikepdf.Dictionary(X0=form)
    page.contents_add(b"/X0 Do")


HOSTILE = {
    "scripts and launches": run_script,
    "a page tree 3000 levels deep": deep_page_tree,
    "fonts of random bytes": broken_fonts,
    "a drawing that draws itself": form_in_itself,
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_what_is_hidden_in_a_pdf_is_not_run_and_harms_nobody(change, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start = time.monotonic()

    try:
        assert capture(tampered(change), "a.pdf", limits=Limits(seconds_max=10)).source == Source.TEXT_LAYER
    except CaptureError as error:
        assert error.code in (ErrorCode.DAMAGED, ErrorCode.NO_TEXT, ErrorCode.NOT_AN_INVOICE)

    assert time.monotonic() - start < 15
    assert list(tmp_path.iterdir()) == []
    assert capture(INVOICE, "b.pdf").invoice_number == "42A5DE55-0071"


def test_scripts_do_not_keep_an_invoice_from_being_read():
    assert capture(tampered(run_script), "a.pdf").invoice_number == "42A5DE55-0071"


def test_an_attachment_name_with_a_path_is_never_used_as_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    captured = capture(with_attachment(b"no invoice", name="../../evil.xml"), "a.pdf")

    assert captured.invoice_number == "42A5DE55-0071"
    assert list(tmp_path.iterdir()) == []
