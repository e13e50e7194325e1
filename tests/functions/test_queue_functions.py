"""The functions behind queues and the stream, each with its events: what fails fails alone, and is said."""

from __future__ import annotations

import json

import boto3
import pytest

from counterfoil import wiring
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.policy import CompanySettings
from tests.builders import COMPANY, NOON, a_captured_invoice, a_vendor, an_invoice, an_order
from tests.documents import a_ubl_invoice
from tests.functions.wired import Context, call, event, handler
from tests.steps.test_match import a_read_invoice
from tests.steps.test_route import image

NOTHING_FAILED = {"batchItemFailures": []}


@pytest.fixture(autouse=True)
def company(services):
    services.put_company(CompanySettings(company=COMPANY))
    services.put_vendor(a_vendor(vat_id="GB123456789"), ["vat:GB123456789"])


def with_version(name, version):
    """The event with the version that the bucket gave the object."""
    dropped = event(name)
    for record in dropped["Records"]:
        body = json.loads(record["body"])
        body["Records"][0]["s3"]["object"]["versionId"] = version
        record["body"] = json.dumps(body)
    return dropped


def failures(answer):
    return [item["itemIdentifier"][-1] for item in answer["batchItemFailures"]]


def test_a_dropped_document_becomes_an_invoice_whatever_its_name_is_written_like(services, drop):
    version = drop("inbox/demo/Invoice 17 (copy).xml", a_ubl_invoice())

    answer = handler("capture_invoice")(with_version("capture_invoice.dropped", version), Context())

    assert answer == NOTHING_FAILED
    [invoice] = (
        services.invoices(COMPANY, Status.CAPTURED).invoices + services.invoices(COMPANY, Status.NEEDS_REVIEW).invoices
    )
    assert invoice.document.file_name == "Invoice 17 (copy).xml"


def test_the_buckets_test_message_is_no_document(services):
    assert call("capture_invoice.bucket_test") == NOTHING_FAILED


def test_what_is_no_companys_document_is_refused_where_an_administrator_sees_it(services):
    assert call("capture_invoice.strays") == NOTHING_FAILED

    stray = {d.key: d.refused.code for d in services.refused_deliveries("unassigned")}
    assert stray == {
        "stray.pdf": "outside_inbox",
        "inbox/a.pdf": "outside_inbox",
        "inbox/nobody/a.pdf": "unknown_company",
    }
    assert [d.refused.code for d in services.refused_deliveries(COMPANY)] == ["object_missing"]


def test_a_message_that_is_no_json_does_not_hold_up_the_others(services, drop):
    event_of_two = event("capture_invoice.one_malformed_of_two")
    drop("inbox/demo/a.xml", a_ubl_invoice())
    body = json.loads(event_of_two["Records"][1]["body"])
    del body["Records"][0]["s3"]["object"]["versionId"]
    event_of_two["Records"][1]["body"] = json.dumps(body)

    assert failures(handler("capture_invoice")(event_of_two, Context())) == ["1"]

    assert sum(len(services.invoices(COMPANY, status).invoices) for status in Status) == 1


def test_an_invoice_that_was_found_unread_is_read(services, drop):
    key = "inbox/demo/a.xml"
    version = drop(key, a_ubl_invoice())
    document = an_invoice().document.model_copy(update={"key": key, "version_id": version})
    services.save_invoice(None, an_invoice(document=document, attempts=1), by="t", action="received", at=NOON)

    assert call("capture_invoice.again") == NOTHING_FAILED

    assert services.invoice(COMPANY, "invoice-1").status in (Status.CAPTURED, Status.NEEDS_REVIEW)
    assert services.invoice(COMPANY, "invoice-1").captured is not None


def test_an_invoice_whose_document_is_gone_is_shown_to_a_person(services):
    services.save_invoice(None, an_invoice(attempts=1), by="t", action="received", at=NOON)

    assert call("capture_invoice.again") == NOTHING_FAILED

    gone = services.invoice(COMPANY, "invoice-1")
    assert (gone.status, [reason.code for reason in gone.reasons]) == (Status.NEEDS_REVIEW, ["object_missing"])


@pytest.mark.parametrize("name", ["match_invoice.captured", "match_invoice.order_changed"])
def test_an_invoice_is_matched(services, name):
    services.save_order(an_order(), read=None)
    a_read_invoice(services)

    assert call(name) == NOTHING_FAILED

    assert services.invoice(COMPANY, "invoice-1").status == Status.MATCHED


def test_a_message_for_no_invoice_does_not_hold_up_another_vendors(services):
    services.save_order(an_order(), read=None)
    a_read_invoice(services)

    assert failures(call("match_invoice.one_unknown_of_two")) == ["1"]

    assert services.invoice(COMPANY, "invoice-1").status == Status.MATCHED


def test_a_read_invoice_is_routed_to_its_vendors_queue(services):
    new = image("invoice", an_invoice(status=Status.CAPTURED, vendor_id="501", captured=a_captured_invoice()))
    routed = event("route_changes.captured")
    routed["Records"][0]["dynamodb"]["NewImage"] = new

    assert handler("route_changes")(routed, Context()) == NOTHING_FAILED

    sqs = boto3.client("sqs")
    [message] = sqs.receive_message(QueueUrl=wiring.settings().queue_url("match"), AttributeNames=["MessageGroupId"])[
        "Messages"
    ]
    assert json.loads(message["Body"])["invoice_id"] == "invoice-1"
    assert message["Attributes"]["MessageGroupId"] == "demo-501"


def test_a_change_that_cannot_be_routed_is_named_by_its_place_in_the_stream(services):
    two = event("route_changes.captured")
    whole = two["Records"][0]
    broken = json.loads(json.dumps(whole))
    broken["dynamodb"] |= {"SequenceNumber": "2", "NewImage": {"entity": {"S": "invoice"}, "body": {"B": "AAAA"}}}
    whole["dynamodb"]["NewImage"] = image("invoice", an_invoice())
    two["Records"].append(broken)

    assert handler("route_changes")(two, Context())["batchItemFailures"] == [{"itemIdentifier": "2"}]


def test_the_sweep_goes_through_every_company(services):
    services.put_company(CompanySettings(company="other"))
    for name in (COMPANY, "other"):
        services.save_invoice(None, an_invoice(company=name, status=Status.APPROVED), by="t", action="moved", at=NOON)

    assert call("sweep.scheduled") == {COMPANY: {"requeued": 1}, "other": {"requeued": 1}}
