"""Whom a line is for, and where else it is counted: customers, projects, custom segments and custom columns."""

from __future__ import annotations

import pytest

from tests.emulator.client import expense, item, split

REGION = {"scriptId": "cseg_region", "label": "Region"}


@pytest.fixture
def segmented(client):
    """A segment with two values, a custom column and a project."""
    client.control("customization", REGION)
    client.control("customization", {"scriptId": "custcol_lot", "label": "Lot"})
    client.make("/record/v1/customrecord_cseg_region", {"name": "North"})
    client.make("/record/v1/customrecord_cseg_region", {"name": "South"})
    client.project = client.make("/record/v1/job", {"entityId": "P-1", "companyName": "New warehouse", "parent": "601"})
    return client


def lines(client, record: str):
    return client.query(
        "SELECT tl.id, tl.entity, tl.cseg_region, BUILTIN.DF(tl.cseg_region) region, tl.custcol_lot "
        f"FROM transactionline tl WHERE tl.transaction = {record} AND tl.mainline = 'F' ORDER BY tl.id"
    )


def test_a_line_is_for_a_project_and_counted_in_a_segment(segmented):
    client = segmented
    more = {"customer": {"id": client.project}, "cseg_region": {"id": "2"}, "custcol_lot": "L7"}

    order = client.order(item(quantity=2, **more), expense(5, customer="602", cseg_region={"refName": "North"}), item())

    assert lines(client, order) == [
        {"id": "1", "entity": client.project, "cseg_region": "2", "region": "South", "custcol_lot": "L7"},
        {"id": "2", "entity": "501"},
        {"id": "3", "entity": "602", "cseg_region": "1", "region": "North"},
    ]
    shown = client.get(f"/record/v1/purchaseOrder/{order}/item/1")
    assert (shown["customer"]["id"], shown["cseg_region"]["refName"], shown["custcol_lot"]) == (
        client.project,
        "South",
        "L7",
    )


def test_a_bill_of_an_order_carries_them_along(segmented):
    client = segmented
    order = client.order(item(quantity=2, customer=client.project, cseg_region="2", custcol_lot="L7"))
    client.receive(order)

    bill = client.bill(order)

    assert lines(client, bill)[0] == {
        "id": "1",
        "entity": client.project,
        "cseg_region": "2",
        "region": "South",
        "custcol_lot": "L7",
    }


def test_a_segment_stands_on_the_document_too_and_is_filtered_on(segmented):
    client = segmented
    bill = client.make("/record/v1/vendorBill", {"entity": "501", "cseg_region": "1", **split((expense(),))})

    assert client.query("SELECT id FROM transaction WHERE cseg_region = 1") == [{"id": bill}]
    assert client.get(f"/record/v1/vendorBill/{bill}")["cseg_region"]["refName"] == "North"


def test_a_value_that_the_segment_does_not_have_is_refused(segmented):
    body = {"entity": "501", **split((expense(cseg_region={"id": "9"}),))}

    refusal = segmented.refused("POST", "/record/v1/vendorBill", body)

    assert refusal["detail"].endswith("Invalid Field Value 9 for the following field: cseg_region")


def test_the_catalog_describes_a_segment(segmented):
    schema = segmented.get("/record/v1/metadata-catalog/vendorBill", headers={"Accept": "application/schema+json"})

    shown = schema["properties"]["cseg_region"]
    assert shown["$ref"].endswith("/customrecord_cseg_region")
    reply = segmented.call("GET", "/record/v1/metadata-catalog/customrecord_cseg_region")
    assert reply.status_code == 200


def test_projects_are_entities_with_a_table_of_their_own(segmented):
    client = segmented

    assert client.query(f"SELECT entityid, companyname, parent FROM job WHERE id = {client.project}") == [
        {"entityid": "P-1", "companyname": "New warehouse", "parent": "601"}
    ]
    assert client.query(f"SELECT type, project FROM entity WHERE id = {client.project}") == [
        {"type": "Job", "project": client.project}
    ]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"scriptId": "cseg_region", "type": "string"}, id="a segment has no type"),
        pytest.param({"scriptId": "segment_region"}, id="another name"),
    ],
)
def test_a_segment_that_makes_no_sense_is_refused(client, body):
    url = f"{client.emulator.url}/_emulator/customization"

    assert client.session.post(url, json=body, timeout=10).status_code == 400
