"""A person puts a reading right: what is checked of any reading is checked of it, and the vendor's next one is better."""

from __future__ import annotations

from decimal import Decimal

import boto3
import pytest

from counterfoil.capture.vendor_finder import keys_of_vendor
from counterfoil.domain.capture_policy import CapturePolicy
from counterfoil.domain.deliveries import Delivery
from counterfoil.domain.invoices import InvoiceLine, Source
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.people import Person, Role
from counterfoil.domain.policy import CompanySettings
from counterfoil.errors import BadRequest, MoveRefused, NotEntitled, StaleWrite
from counterfoil.files import Files
from counterfoil.steps.capture import receive
from counterfoil.steps.correct import CorrectedFields, Correction, correct
from tests.builders import COMPANY, a_vendor
from tests.capture.test_learned_layouts import LATER_ROWS, ROWS, no_name, with_table
from tests.capture.test_learning import an_invoice

BUCKET = "inbox"
CLERK = Person(id="ann", name="Ann", roles={COMPANY: frozenset({Role.AP_CLERK})})
VENDOR = a_vendor(vat_id=None, names=("Quibble Works Ltd",), ibans=())
FIRST = an_invoice("QW-1001", "2024-03-01", "£120.00")
SECOND = an_invoice("QW-1002", "2024-04-01", "£75.50")
# The documents have no table: this company does not ask for one.
POLICY = CapturePolicy(needed=("invoice_number", "issue_date", "vendor_name", "gross_total"))
FIRST_AS_IT_IS = CorrectedFields(
    invoice_number="QW-1001", currency="GBP", gross_total=Decimal("120.00"), net_total=Decimal("120.00")
)


@pytest.fixture(autouse=True)
def master_data(store):
    store.put_company(CompanySettings(company=COMPANY, capture=POLICY))
    store.put_vendor(VENDOR, keys_of_vendor(VENDOR))


@pytest.fixture
def files(aws):
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return Files(client, BUCKET)


@pytest.fixture
def drop(store, files, clock):
    def put(content, name="a.pdf"):
        key = f"inbox/{COMPANY}/{name}"
        version = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)["VersionId"]
        delivery = Delivery(company="", bucket=BUCKET, key=key, version_id=version, size=len(content), at=clock())
        return receive(delivery, store=store, files=files, now=clock)

    return put


@pytest.fixture
def put_right(store, files, clock):
    def do(invoice, person=CLERK, **given):
        return correct(COMPANY, invoice.id, Correction(**given), person, store=store, files=files, now=clock)

    return do


def test_a_layout_read_badly_once_and_corrected_is_read_right_the_second_time(drop, put_right):
    badly = drop(FIRST)
    assert badly.status == Status.NEEDS_REVIEW

    corrected = put_right(badly, fields=FIRST_AS_IT_IS, confirmed=("issue_date", "vendor_name"))
    second = drop(SECOND, "b.pdf")

    assert corrected.status == Status.CAPTURED
    assert second.captured.invoice_number == "QW-1002"
    assert second.captured.gross_total == Decimal("75.50")
    assert {"invoice_number", "gross_total"} & set(second.captured.needs_review) == set()


def test_corrected_lines_teach_what_the_heads_of_the_vendors_table_mean(store, drop, put_right):
    store.put_company(CompanySettings(company=COMPANY))
    heads = ("Item", "Frobnicate", "Qty", "Price", "Amount")
    (first, lines), (second, wanted) = with_table("A-1", heads, *ROWS), with_table("A-2", heads, *LATER_ROWS)
    assert drop(second, "before.pdf").captured.lines[0].description != wanted[0].description

    put_right(drop(first), lines=lines, fields=CorrectedFields(currency="USD"), confirmed=("vendor_name",))
    # Other bytes than those that were dropped before.
    read = drop(second + b"\n", "b.pdf")

    assert [line.description for line in read.captured.lines] == [line.description for line in wanted]


def test_a_vendor_that_prints_its_name_as_a_picture_is_known_by_name_from_then_on(store, drop, put_right):
    vendor = a_vendor(id="v-7", name="Quibble Works Ltd", names=("Quibble Works Ltd",), vat_id="GB999999973", ibans=())
    store.delete_vendor(COMPANY, VENDOR.id)
    store.put_vendor(vendor, keys_of_vendor(vendor))

    put_right(drop(no_name("A-1", "120.00")), fields=CorrectedFields(vendor_name=vendor.name, currency="USD"))
    read = drop(no_name("A-2", "75.50"), "b.pdf")

    assert (read.vendor_id, read.captured.vendor_name) == (vendor.id, vendor.name)


def test_a_vendor_named_by_a_person_is_found_by_its_printed_name_from_then_on(store, drop, put_right):
    other = a_vendor(id="v-9", name="Brillig Holding", names=("Brillig Holding",), vat_id=None, ibans=())
    store.delete_vendor(COMPANY, VENDOR.id)
    store.put_vendor(other, keys_of_vendor(other))
    unknown = drop(FIRST)
    assert unknown.vendor_id is None

    put_right(unknown, fields=FIRST_AS_IT_IS, confirmed=("issue_date", "vendor_name"), vendor_id=other.id)

    assert drop(SECOND, "b.pdf").vendor_id == other.id


def test_the_audit_trail_says_what_was_read_and_what_it_is_now(store, drop, put_right):
    invoice = put_right(drop(FIRST), fields=FIRST_AS_IT_IS, comment="typed from the page")

    entry = store.audit(COMPANY, invoice.id)[-1]
    assert (entry.action, entry.by, entry.why) == ("corrected", "ann", "typed from the page")
    assert entry.details["invoice_number"].endswith("-> QW-1001")


def test_totals_that_do_not_add_up_stay_in_doubt_until_all_were_looked_at(drop, put_right):
    invoice = drop(FIRST)
    wrong = CorrectedFields(**FIRST_AS_IT_IS.model_dump() | {"net_total": Decimal("90.00")})
    company_asks = ("issue_date", "vendor_name", "due_date")

    still = put_right(invoice, fields=CorrectedFields(net_total=Decimal("90.00")), confirmed=company_asks)
    looked = put_right(still, fields=wrong, confirmed=("tax_total", *company_asks))

    assert still.status == Status.NEEDS_REVIEW
    assert not next(check for check in looked.captured.checks if check.code == "net_plus_tax_is_gross").ok


def test_a_document_that_could_not_be_read_may_be_typed(drop, put_right):
    torn = drop(FIRST[: len(FIRST) // 3])
    assert torn.captured is None
    whole = CorrectedFields(
        **FIRST_AS_IT_IS.model_dump() | {"issue_date": "2024-03-01", "vendor_name": "Quibble Works Ltd"}
    )

    typed = put_right(torn, fields=whole, vendor_id=VENDOR.id, lines=(InvoiceLine(line=1, amount=Decimal("120.00")),))

    assert typed.status == Status.CAPTURED
    assert typed.captured.source == Source.BY_HAND


def test_a_corrected_number_that_is_there_already_is_held(store, drop, put_right):
    put_right(drop(FIRST), fields=FIRST_AS_IT_IS, confirmed=("issue_date", "vendor_name"))

    again = put_right(drop(SECOND, "b.pdf"), fields=CorrectedFields(invoice_number="QW-1001"))

    assert again.status == Status.DUPLICATE


def test_another_bank_account_is_not_waved_through_by_a_correction(store, drop, put_right):
    vendor = a_vendor(id="v-2", names=("Quibble Works Ltd",), vat_id=None, ibans=("GB33BUKB20201555555555",))
    store.put_vendor(vendor, keys_of_vendor(vendor))
    other = CorrectedFields(**FIRST_AS_IT_IS.model_dump() | {"vendor_iban": "DE89370400440532013000"})

    after = put_right(drop(FIRST), fields=other, confirmed=("issue_date", "vendor_name"), vendor_id=vendor.id)

    assert after.status == Status.NEEDS_REVIEW
    assert [reason.code for reason in after.reasons] == ["bank_account_changed"]


@pytest.mark.parametrize(
    ("given", "person", "refusal"),
    [
        pytest.param({"confirmed": ("vendor_name",)}, Person(id="eve"), NotEntitled, id="a stranger"),
        pytest.param({"confirmed": ("vendor_name",), "version": 99}, CLERK, StaleWrite, id="another version"),
        pytest.param({}, CLERK, BadRequest, id="nothing"),
        pytest.param({"confirmed": ("shoe_size",)}, CLERK, BadRequest, id="no such field"),
        pytest.param({"vendor_id": "nobody"}, CLERK, BadRequest, id="no such vendor"),
        pytest.param({"fields": CorrectedFields(vendor_name="x" * 501)}, CLERK, BadRequest, id="a novel"),
    ],
)
def test_what_is_refused_changes_nothing(store, drop, put_right, given, person, refusal):
    invoice = drop(FIRST)

    with pytest.raises(refusal):
        put_right(invoice, person, **given)

    assert store.invoice(COMPANY, invoice.id) == invoice


def test_what_has_gone_on_is_not_corrected_behind_its_back(drop, put_right):
    gone_on = put_right(drop(FIRST), fields=FIRST_AS_IT_IS, confirmed=("issue_date", "vendor_name"))

    with pytest.raises(MoveRefused):
        put_right(gone_on, fields=CorrectedFields(gross_total=Decimal(1)))
