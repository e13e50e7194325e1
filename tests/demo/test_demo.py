"""The demo's own rules: whose documents it may remove, what it forgets, and when all came out as listed."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

import boto3
import pytest

from counterfoil.domain.audit import AuditEntry
from counterfoil.domain.invoices import Document
from counterfoil.domain.lifecycle import Status
from local.demo import books as demo_books
from local.demo.inbox import Drop, follow
from local.demo.story import read_story
from local.errors import LocalError
from tests.builders import COMPANY, NOON, an_invoice, an_order
from tests.conftest import TABLE
from tests.demo.books import settings

STORY = read_story()


@dataclass
class Installed:
    company: str = COMPANY


@dataclass
class LocalStack:
    """What the demo needs of a deployed stack, on moto."""

    installation: Installed = field(default_factory=Installed)
    outputs: dict[str, str] = field(default_factory=lambda: {"TableName": TABLE, "InboxBucket": "inbox"})

    def client(self, service):
        return boto3.client(service)


def sample_called(name):
    return next(sample for sample in STORY.samples if sample.name == name)


def a_drop(name, **values):
    return Drop(sample_called(name), f"inbox/{COMPANY}/{name}", "invoice-1", NOON, **values)


def an_entry(number, status, **values):
    return AuditEntry(
        company=COMPANY, invoice_id="invoice-1", number=number, at=NOON, by="t", after=status,
        **{"action": "read"} | values,
    )  # fmt: skip


def test_a_persons_own_document_is_never_thrown_away():
    own = an_invoice(document=Document(bucket="inbox", key="inbox/demo/mine.pdf", sha256="0" * 64))

    with pytest.raises(LocalError, match=r"1 documents .*mine\.pdf") as refusal:
        demo_books.refuse_foreign([own.model_dump(mode="json")], STORY)

    assert "make clean" in refusal.value.hint


def test_what_the_demo_dropped_itself_may_go():
    ours = [
        an_invoice(document=Document(bucket="b", key="k", sha256=hashlib.sha256(sample.path.read_bytes()).hexdigest()))
        for sample in STORY.samples
    ]

    demo_books.refuse_foreign([invoice.model_dump(mode="json") for invoice in ours], STORY)


def test_beginning_again_forgets_the_demos_company_and_no_other(store):
    others = settings().model_copy(update={"company": "demo2"})
    for company in (COMPANY, "demo2"):
        store.put_company(others.model_copy(update={"company": company}))
        store.save_order(an_order(company=company), read=None)
        store.save_invoice(None, an_invoice(company=company), by="t", action="received", at=NOON)

    demo_books.forget_company(LocalStack())

    assert demo_books.invoices_of(LocalStack()) == []
    assert store.order(COMPANY, "1001") is None
    assert store.company(COMPANY).company == COMPANY
    assert store.order("demo2", "1001") is not None
    assert store.find_invoice("demo2", "invoice-1") is not None


def test_the_inbox_is_emptied_of_the_companys_documents_with_all_versions(aws):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="inbox")
    s3.put_bucket_versioning(Bucket="inbox", VersioningConfiguration={"Status": "Enabled"})
    for key in ("inbox/demo/a.pdf", "inbox/demo/a.pdf", "inbox/demo2/a.pdf"):
        s3.put_object(Bucket="inbox", Key=key, Body=b"x")

    demo_books.empty_inbox(LocalStack())

    assert [version["Key"] for version in s3.list_object_versions(Bucket="inbox")["Versions"]] == ["inbox/demo2/a.pdf"]


@pytest.mark.parametrize(
    ("name", "status", "with_receipts", "as_listed"),
    [
        pytest.param("brightwater-services.pdf", Status.POSTED, False, True, id="posted as listed"),
        pytest.param("brightwater-services.pdf", Status.APPROVED, False, False, id="not there yet"),
        pytest.param("brightwater-services.pdf", Status.POSTED, True, True, id="receipts change nothing for others"),
        pytest.param("kestrel-bolts.pdf", Status.AWAITING_RECEIPT, False, True, id="waits for goods"),
        pytest.param("kestrel-bolts.pdf", Status.AWAITING_RECEIPT, True, False, id="must go on once they came"),
        pytest.param("kestrel-bolts.pdf", Status.POSTED, True, True, id="went on"),
    ],
)
def test_an_invoice_is_held_to_what_it_is_listed_for(name, status, with_receipts, as_listed):
    drop = a_drop(name, invoice=an_invoice(status=status), with_receipts=with_receipts)

    assert drop.is_as_listed == as_listed


def test_a_redelivery_counts_only_when_the_audit_trail_says_so_for_this_very_name():
    name = "brightwater-services-again.pdf"
    posted = an_invoice(status=Status.POSTED)
    elsewhere = an_entry(2, Status.POSTED, action="redelivered", details={"key": "inbox/demo/other.pdf"})
    here = an_entry(3, Status.POSTED, action="redelivered", details={"key": f"inbox/{COMPANY}/{name}"})

    assert not a_drop(name, invoice=posted, audit=[elsewhere]).is_as_listed
    assert a_drop(name, invoice=posted, audit=[elsewhere, here]).is_as_listed


def test_seconds_run_from_the_drop_to_the_last_change(store):
    changed = an_invoice(changed_at=NOON + timedelta(seconds=2.5))
    store.save_invoice(None, changed, by="t", action="received", at=NOON + timedelta(seconds=2.5))
    drop = a_drop("kestrel-bolts.pdf")

    assert drop.seconds is None
    assert follow(drop, store, COMPANY)
    assert not follow(drop, store, COMPANY)
    assert drop.seconds == 2.5


def test_the_companys_accounts_are_looked_up_by_number():
    class Erp:
        def account_id(self, number):
            return f"id of {number}"

    found = demo_books.settings(COMPANY, Erp())

    assert set(found.accounts.values()) == {f"id of {number}" for number in settings().accounts.values()}
    assert found.approve_automatically_max == settings().approve_automatically_max
