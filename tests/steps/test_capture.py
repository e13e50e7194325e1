"""A dropped object ends as an invoice that a person can see, or a refused delivery with its reason."""

import io
import itertools
from datetime import date, timedelta

import boto3
import pikepdf
import pytest
from reportlab.pdfgen.canvas import Canvas

from counterfoil.capture.vendor_finder import keys_of_vendor
from counterfoil.domain.audit import broken_at
from counterfoil.domain.company import CompanyIdentity
from counterfoil.domain.deliveries import Delivery
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import OrderStatus
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import DocumentTooLarge
from counterfoil.files import DOCUMENT_BYTES_MAX, Files
from counterfoil.steps.capture import company_of, known_to, receive, resume, sender_of
from counterfoil.store import ORDER_NUMBERS_MAX, Store
from tests.builders import COMPANY, a_vendor, an_order
from tests.conftest import TABLE
from tests.documents import a_ubl_invoice
from tests.memory import MemoryTable

BUCKET = "inbox"
VENDOR = a_vendor(vat_id="GB123456789", names=("Acme Paper Ltd",), ibans=("GB33BUKB20201555555555",))


@pytest.fixture(autouse=True)
def master_data(store):
    store.put_company(CompanySettings(company=COMPANY))
    store.put_vendor(VENDOR, keys_of_vendor(VENDOR))


@pytest.fixture
def files(aws):
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return Files(client, BUCKET)


@pytest.fixture
def drop(store, files, clock):
    """Put an object into the bucket and take in its delivery."""

    def put(content, key=f"inbox/{COMPANY}/a.xml"):
        version = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)["VersionId"]
        delivery = Delivery(company="", bucket=BUCKET, key=key, version_id=version, size=len(content), at=clock())
        return receive(delivery, store=store, files=files, now=clock), delivery

    return put


def codes(invoice):
    return [reason.code for reason in invoice.reasons]


def a_pdf(pages=1, **options):
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page()
    out = io.BytesIO()
    pdf.save(out, **options)
    return out.getvalue()


def test_a_readable_invoice_of_a_known_vendor_goes_on_to_matching(store, drop):
    invoice, _ = drop(a_ubl_invoice())

    assert invoice.status == Status.CAPTURED
    assert invoice.vendor_id == VENDOR.id
    assert invoice.captured.invoice_number == "INV-1"
    assert store.holder_of_number(COMPANY, VENDOR.id, "INV-1") == invoice.id


BOMB = b"""<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">%s]><Invoice>&z;</Invoice>""" % b"".join(
    b'<!ENTITY %c "%s">' % (name, b"&%c;" % before * 10)
    for before, name in itertools.pairwise(b"abcdefghijklmnopqrstuvwxyz")
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><Invoice>&x;</Invoice>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "empty", id="zero bytes"),
        pytest.param(b"hello, no invoice here", "unsupported_type", id="text named .pdf"),
        pytest.param(b"MZ\x90\x00" + bytes(200), "unsupported_type", id="a program named .pdf"),
        pytest.param(a_pdf()[:200], "damaged", id="a truncated pdf"),
        pytest.param(a_pdf(encryption=pikepdf.Encryption(user="u", owner="o")), "encrypted", id="an encrypted pdf"),
        pytest.param(a_pdf(pages=500), "too_many_pages", id="a pdf of 500 pages"),
        pytest.param(a_pdf(), "no_text", id="a pdf without text"),
        pytest.param(BOMB, "unsafe_xml", id="an entity bomb"),
        pytest.param(OUTSIDE, "unsafe_xml", id="an external entity"),
        pytest.param(b"<?xml version='1.0'?><Invoice", "damaged", id="broken xml"),
        pytest.param(b"<?xml version='1.0'?><recipe/>", "not_an_invoice", id="another xml"),
    ],
)
def test_what_cannot_be_read_is_shown_to_a_person_with_the_reason(drop, content, code):
    invoice, _ = drop(content, key=f"inbox/{COMPANY}/a.pdf")

    assert invoice.status == Status.NEEDS_REVIEW
    assert codes(invoice) == [code]
    assert invoice.reasons[0].detail


def test_what_is_too_large_is_not_opened(drop, files, monkeypatch):
    invoice, _ = drop(bytes(DOCUMENT_BYTES_MAX + 1))

    assert (invoice.status, codes(invoice)) == (Status.NEEDS_REVIEW, ["too_large"])
    with pytest.raises(DocumentTooLarge):
        files.read(invoice.document.key, None)


def test_a_document_of_exactly_the_largest_size_is_opened(drop):
    invoice, _ = drop(b" " * DOCUMENT_BYTES_MAX)

    assert codes(invoice) != ["too_large"]


def test_an_unknown_vendor_goes_to_a_person(drop):
    invoice, _ = drop(a_ubl_invoice(vendor="Nobody Knows GmbH", vat_id="DE136695976"))

    assert (invoice.status, codes(invoice)) == (Status.NEEDS_REVIEW, ["vendor_unknown"])


def test_an_inactive_vendor_goes_to_a_person(store, drop):
    retired = VENDOR.model_copy(update={"is_inactive": True})
    store.put_vendor(retired, keys_of_vendor(retired))

    assert codes(drop(a_ubl_invoice())[0]) == ["vendor_inactive"]


def test_another_bank_account_than_the_one_on_file_goes_to_a_person_without_being_shown(drop):
    means = (
        "<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode><cac:PayeeFinancialAccount>"
        "<cbc:ID>DE89370400440532013000</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans><cac:TaxTotal>"
    )
    invoice, _ = drop(a_ubl_invoice().replace(b"<cac:TaxTotal>", means.encode(), 1))

    assert (invoice.status, codes(invoice)) == (Status.NEEDS_REVIEW, ["bank_account_changed"])
    assert "DE89370400440532013000" not in invoice.reasons[0].detail
    assert "3000" in invoice.reasons[0].detail


def test_the_same_delivery_twice_changes_nothing(store, drop, files, clock):
    invoice, delivery = drop(a_ubl_invoice())

    assert receive(delivery, store=store, files=files, now=clock) == invoice

    assert len(store.audit(COMPANY, invoice.id)) == 2


def test_the_same_bytes_again_are_recorded_once_and_nothing_else_happens(store, drop, files, clock):
    first, _ = drop(a_ubl_invoice())

    again, delivery = drop(a_ubl_invoice(), key=f"inbox/{COMPANY}/again.xml")
    receive(delivery, store=store, files=files, now=clock)

    assert (again.id, again.status) == (first.id, first.status)
    assert [entry.action for entry in store.audit(COMPANY, first.id)] == ["received", "read", "redelivered"]
    assert broken_at(store.audit(COMPANY, first.id)) is None


def test_other_bytes_with_the_same_number_are_held_and_name_the_first(drop):
    first, _ = drop(a_ubl_invoice())

    copy, _ = drop(a_ubl_invoice(note="a copy"), key=f"inbox/{COMPANY}/copy.xml")

    assert (copy.status, copy.duplicate_of) == (Status.DUPLICATE, first.id)
    assert first.id in copy.reasons[0].detail


def test_a_number_that_the_erp_has_billed_already_is_held(store, drop):
    store.put_bill_number(COMPANY, VENDOR.id, "inv 1", "812", "")

    held, _ = drop(a_ubl_invoice())

    assert (held.status, held.duplicate_of) == (Status.DUPLICATE, "bill:812")


def test_the_same_bytes_for_two_companies_are_two_invoices(store, drop):
    store.put_company(CompanySettings(company="other"))

    ours, _ = drop(a_ubl_invoice())
    theirs, _ = drop(a_ubl_invoice(), key="inbox/other/a.xml")

    assert ours.id != theirs.id
    assert theirs.vendor_id is None


def test_an_invoice_whose_reading_was_cut_off_is_read_when_its_message_comes_again(
    store, drop, files, clock, monkeypatch
):
    from counterfoil.steps.document_reader import DocumentReader

    def dies(*arguments, **named):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(DocumentReader, "open", dies)
        with pytest.raises(MemoryError):
            drop(a_ubl_invoice())
    [written_down] = store.invoices(COMPANY, Status.RECEIVED).invoices

    assert resume(COMPANY, written_down.id, store=store, files=files, now=clock).status == Status.CAPTURED


def test_a_folder_is_no_document(drop, store):
    assert drop(b"", key=f"inbox/{COMPANY}/new folder/")[0] is None


@pytest.mark.parametrize(
    ("key", "company"),
    [
        ("inbox/demo/a.pdf", "demo"),
        ("inbox/demo/deep/er/a.pdf", "demo"),
        ("inbox/demo/", None),
        ("inbox/demo", None),
        ("inbox/a.pdf", None),
        ("inbox//a.pdf", None),
        ("inbox/unassigned/a.pdf", None),
        ("inbox/Demo/a.pdf", None),
        ("inbox/de#mo/a.pdf", None),
        ("inbox/../a.pdf", None),
        ("other/demo/a.pdf", None),
        ("INBOX/demo/a.pdf", None),
        ("/inbox/demo/a.pdf", None),
    ],
)
def test_the_company_is_the_folder_under_the_inbox(key, company):
    assert company_of(key) == company


def test_who_sent_a_document_in_is_known_from_the_address_they_were_given(drop):
    invoice, _ = drop(a_ubl_invoice(), key=f"inbox/{COMPANY}/uploads/ann/0123/a.xml")

    assert invoice.raised_by == "ann"
    assert sender_of("inbox/demo/a.xml") is None
    assert sender_of("inbox/demo/uploads/a.xml") is None


def a_pdf_with(text):
    """An invoice of one page that says something beside what an invoice says."""
    out = io.BytesIO()
    canvas = Canvas(out)
    rows = ("Acme Paper Ltd", "INVOICE", "Invoice no.: A-1", "Invoice date: 14 March 2026", text, "Total 10.00")
    for place, row in enumerate(rows):
        canvas.drawString(72, 750 - 30 * place, row)
    canvas.save()
    return out.getvalue()


def test_a_document_is_read_with_the_numbers_of_open_orders(store, drop):
    store.save_order(an_order(number="PO-20417"), read=None)
    store.save_order(an_order(id="1002", number="PO-20999", status=OrderStatus.CLOSED), read=None)

    read = drop(a_pdf_with("As agreed under PO-20417, thank you"))[0].captured
    closed = drop(a_pdf_with("As agreed under PO-20999, thank you"))[0].captured

    assert read.po_number == "PO-20417"
    assert closed.po_number is None


def test_the_numbers_that_the_settings_name_come_first(store):
    store.save_order(an_order(number="PO-20417"), read=None)
    settings = CompanySettings(company=COMPANY, identity=CompanyIdentity(order_numbers=("BLANKET-7",)))

    assert known_to(settings, store).order_numbers == ("BLANKET-7", "PO-20417")


def test_of_more_open_orders_than_are_read_the_newest_are():
    store = Store(MemoryTable(), TABLE, pause=lambda seconds: None)
    first = date(2020, 1, 1)
    for number in range(ORDER_NUMBERS_MAX + 1):
        day = first + timedelta(days=number)
        store.list_order(an_order(id=str(number), number=f"PO-{number}", order_date=day))

    numbers = known_to(CompanySettings(company=COMPANY), store).order_numbers

    assert len(numbers) == ORDER_NUMBERS_MAX
    assert numbers[0] == f"PO-{ORDER_NUMBERS_MAX}"
    assert "PO-0" not in numbers
