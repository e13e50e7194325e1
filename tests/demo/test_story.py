"""The demo's story on the real steps and the real ERP emulator: each sample dropped, read, matched and posted."""

import json
from datetime import timedelta

import boto3
import pytest

from counterfoil.domain.deliveries import Delivery
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.lifecycle import STATES, Status, Step
from counterfoil.files import Files
from counterfoil.steps.capture import receive
from counterfoil.steps.export import export
from counterfoil.steps.match import match
from counterfoil.steps.sync import sync
from local.demo import books
from local.demo.story import Sample, Story, read_story
from local.erp import Erp
from tests.builders import COMPANY, NOON

BUCKET = "inbox"
STORY: Story = read_story()


class Demo:
    """Drops samples and takes them through the steps, as the queues would."""

    def __init__(self, store, clock, emulator):
        self.store, self.clock = store, clock
        self.client = emulator.client()
        self.erp = Erp(emulator.url, json.dumps(emulator.credentials))
        self.s3 = boto3.client("s3")
        self.files = Files(self.s3, BUCKET)
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        store.put_company(books.settings(COMPANY, self.erp))
        self.sync()

    def sync(self) -> None:
        deadline = self.clock() + timedelta(hours=1)
        assert sync(COMPANY, store=self.store, client=self.client, clock=self.clock, deadline=deadline).is_finished

    def drop(self, sample: Sample) -> Invoice:
        content = sample.path.read_bytes()
        key = f"inbox/{COMPANY}/{sample.name}"
        version = self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)["VersionId"]
        delivery = Delivery(company="", bucket=BUCKET, key=key, version_id=version, at=NOON, size=len(content))
        invoice = receive(delivery, store=self.store, files=self.files, now=self.clock)
        assert isinstance(invoice, Invoice)
        return self.work_on(invoice)

    def work_on(self, invoice: Invoice) -> Invoice:
        """Match, and post what may be posted."""
        invoice = match(COMPANY, invoice.id, store=self.store, now=self.clock)
        if STATES[invoice.status].step == Step.EXPORT:
            invoice = export(COMPANY, invoice.id, store=self.store, client=self.client, now=self.clock)
        return invoice

    def drop_all(self) -> dict[str, Invoice]:
        """Every sample's invoice by the name it was dropped under, one wave after the other."""
        return {sample.name: self.drop(sample) for wave in (1, 2) for sample in STORY.wave(wave)}


@pytest.fixture
def demo(store, clock, erp) -> Demo:
    return Demo(store, clock, erp)


def test_each_sample_comes_to_what_it_is_listed_for(demo):
    came_to = demo.drop_all()

    for sample in STORY.samples:
        invoice = came_to[sample.name]
        if sample.repeats:
            assert invoice.id == came_to[sample.repeats].id
            continue
        assert invoice.status == sample.becomes, (sample.name, invoice.reasons)
        codes = {reason.code for reason in invoice.reasons}
        assert sample.reason in codes if sample.reason else codes == set(), (sample.name, invoice.reasons)


def test_the_erp_holds_one_bill_for_each_posted_sample_linked_to_its_own_order_line_by_line(demo):
    posted = {
        invoice.bill.id: (sample, invoice)
        for sample in STORY.samples
        if not sample.repeats and (invoice := demo.drop(sample)).status == Status.POSTED
    }

    bills = demo.erp.bills()

    assert {bill.id for bill in bills} == set(posted)
    for bill in bills:
        sample, invoice = posted[bill.id]
        assert (bill.number, bill.total) == (invoice.captured.invoice_number, invoice.captured.gross_total)
        links = [(line.order.rpartition("#")[2], line.order_line) for line in bill.lines if line.order]
        assert sorted(links) == [(sample.order, number) for number in range(1, len(invoice.captured.lines) + 1)]


def test_what_waits_for_goods_is_posted_when_they_have_come(demo):
    came_to = demo.drop_all()
    for receipt in STORY.receipts:
        demo.erp.receive(receipt.order, receipt.quantities)
    demo.clock.advance(minutes=1)
    demo.sync()

    waited = [sample for sample in STORY.samples if sample.then]

    for sample in waited:
        assert demo.work_on(came_to[sample.name]).status == sample.then
    for order in demo.erp.orders(list({sample.order for sample in waited})):
        assert order.status == "Fully Billed"


def test_the_order_of_two_partial_invoices_does_not_matter(demo):
    first, second = (
        next(sample for sample in STORY.samples if sample.name == f"oakfield-plywood-{number}.pdf") for number in (1, 2)
    )

    late = demo.drop(second)
    early = demo.drop(first)

    assert late.status == Status.EXCEPTION
    assert early.status == Status.POSTED
    assert demo.work_on(late).status == Status.AWAITING_RECEIPT
