"""The demo's story on the real steps: each sample dropped, read and matched against the ERP's seed."""

import boto3
import pytest

from counterfoil.capture.vendor_finder import keys_of_vendor
from counterfoil.domain.deliveries import Delivery
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.lifecycle import STATES, Status
from counterfoil.files import Files
from counterfoil.steps.capture import receive
from counterfoil.steps.match import match
from tests.builders import COMPANY, NOON
from tests.demo.books import SAMPLES, orders, settings, story, vendors, with_receipt

BUCKET = "inbox"
# What posts itself in the ERP is approved here: no ERP takes part.
BEFORE_POSTING = {Status.POSTED: Status.APPROVED}


class Inbox:
    """Drops samples and takes them through the steps, as the queues would."""

    def __init__(self, store, files, client, clock):
        self.store, self.files, self.client, self.clock = store, files, client, clock

    def drop(self, sample) -> Invoice:
        name = sample.get("as", sample["file"])
        content = (SAMPLES / sample["file"]).read_bytes()
        key = f"inbox/{COMPANY}/{name}"
        version = self.client.put_object(Bucket=BUCKET, Key=key, Body=content)["VersionId"]
        delivery = Delivery(company="", bucket=BUCKET, key=key, version_id=version, at=NOON, size=len(content))
        invoice = receive(delivery, store=self.store, files=self.files, now=self.clock)
        assert isinstance(invoice, Invoice)
        return self.match(invoice)

    def match(self, invoice: Invoice) -> Invoice:
        return match(COMPANY, invoice.id, store=self.store, now=self.clock)


@pytest.fixture
def inbox(store, clock):
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    store.put_company(settings())
    for vendor in vendors():
        store.put_vendor(vendor, keys_of_vendor(vendor))
    for order in orders():
        store.save_order(order, read=None)
    return Inbox(store, Files(client, BUCKET), client, clock)


@pytest.fixture
def dropped(inbox) -> dict[str, Invoice]:
    """Every sample's invoice by the name it was dropped under, both waves one after the other."""
    found = {}
    for wave in (1, 2):
        for sample in story()["samples"]:
            if sample.get("wave", 1) == wave:
                found[sample.get("as", sample["file"])] = inbox.drop(sample)
    return found


def test_each_sample_comes_to_what_it_is_listed_for(dropped):
    for sample in story()["samples"]:
        invoice = dropped[sample.get("as", sample["file"])]
        if "repeats" in sample:
            assert invoice.id == dropped[sample["repeats"]].id
            continue
        status = Status(sample["becomes"])
        assert invoice.status == BEFORE_POSTING.get(status, status), (sample["file"], invoice.reasons)
        if "reason" in sample:
            assert sample["reason"] in {reason.code for reason in invoice.reasons}
        else:
            assert invoice.reasons == ()


def test_each_matched_sample_bills_its_own_order_and_nothing_else(dropped):
    for sample in story()["samples"]:
        invoice = dropped[sample.get("as", sample["file"])]
        if not STATES[invoice.status].holds_claims or "repeats" in sample:
            continue
        billed = {link.po_number for line in invoice.match.lines for link in line.links}
        assert billed == {sample["order"]}
        assert len({str(link) for line in invoice.match.lines for link in line.links}) == len(invoice.captured.lines)


def test_what_waits_for_goods_goes_on_when_they_have_come(inbox, dropped):
    for receipt in story()["receipts"]:
        [order] = inbox.store.orders_numbered(COMPANY, receipt["order"])
        inbox.store.save_order(with_receipt(order, receipt["quantities"]), read=order)

    for sample in story()["samples"]:
        if "then" in sample:
            invoice = inbox.match(dropped[sample["file"]])
            assert invoice.status == BEFORE_POSTING[Status(sample["then"])], invoice.reasons


def test_the_order_of_two_partial_invoices_does_not_matter(inbox):
    first, second = (
        next(sample for sample in story()["samples"] if sample["file"] == f"oakfield-plywood-{number}.pdf")
        for number in (1, 2)
    )

    late = inbox.drop(second)
    early = inbox.drop(first)

    assert early.status == Status.APPROVED
    assert inbox.match(late).status == Status.AWAITING_RECEIPT
