"""Node clients that others wrote, as they published them: `netsuite-rest`, `@fye/netsuite-rest-api` and
`@brokenrubik/netsuite-sdk`, each with what its lock file says (`node/package-lock.json`)."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from erp_emulator.faults import read_fault
from tests.emulator.client import expense, item, split

SCRIPTS = Path(__file__).parent / "node"
RUN_SECONDS_MAX = 180


def run(modules, script, sent):
    """What a script of `node/` prints for what it is sent."""
    node, folder = modules
    ended = subprocess.run(
        [node, str(SCRIPTS / script)],
        input=json.dumps(sent),
        env={**os.environ, "NODE_PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_SECONDS_MAX,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


# netsuite-rest.


def calls(modules, emulator, made, **changes):
    given = {**emulator.credentials, **changes}
    options = {
        "consumer_key": given["consumer_key"],
        "consumer_secret_key": given["consumer_secret"],
        "token": given["token_id"],
        "token_secret": given["token_secret"],
        "realm": given["account"],
        "base_url": emulator.url,
    }
    return run(modules, "netsuite_rest.js", {"options": options, "calls": made})


def test_netsuite_rest_reads_queries_and_pages(modules, emulator):
    listed, one, query, following, options, catalog = calls(
        modules,
        emulator,
        [
            {"path": "record/v1/vendor?limit=2"},
            {"path": "record/v1/purchaseOrder/eid:none"},
            {
                "path": "query/v1/suiteql?limit=3",
                "method": "POST",
                "body": json.dumps({"q": "SELECT id FROM transaction ORDER BY id"}),
            },
            {
                "path": "query/v1/suiteql?limit=3&offset=3",
                "method": "POST",
                "body": json.dumps({"q": "SELECT id FROM transaction ORDER BY id"}),
            },
            {"path": "*", "method": "OPTIONS"},
            {"path": "record/v1/metadata-catalog/vendorbill", "heads": {"Accept": "application/schema+json"}},
        ],
    )

    assert (listed["status"], listed["data"]["count"]) == (200, 2)
    assert (one["status"], one["error"]["o:errorDetails"][0]["o:errorCode"]) == (404, "NONEXISTENT_ID")
    assert [
        int(b["id"]) - int(a["id"]) for a, b in zip(query["data"]["items"], following["data"]["items"], strict=True)
    ] == [3, 3, 3]
    assert (options["status"], options["data"]) == (204, None)
    assert catalog["data"]["properties"]["tranId"]["title"] == "Reference No."


def test_netsuite_rest_creates_transforms_changes_and_deletes(modules, emulator, client):
    order = client.order(item(quantity=3))
    receipt, bill, changed, upserted, removed, refused = calls(
        modules,
        emulator,
        [
            {"path": f"record/v1/purchaseOrder/{order}/!transform/itemReceipt", "method": "POST", "body": "{}"},
            {
                "path": f"record/v1/purchaseOrder/{order}/!transform/vendorBill",
                "method": "POST",
                "body": json.dumps({"tranId": "JS-1", "externalId": "js-1"}),
            },
            {"path": "record/v1/vendorBill/eid:js-1", "method": "PATCH", "body": json.dumps({"memo": "from node"})},
            {
                "path": "record/v1/vendorBill/eid:js-2",
                "method": "PUT",
                "body": json.dumps({"entity": "501", **split((expense(4),))}),
            },
            {"path": "record/v1/vendorBill/eid:js-2", "method": "DELETE"},
            {"path": "record/v1/vendorBill", "method": "POST", "body": "not json"},
        ],
    )

    assert [each["status"] for each in (receipt, bill, changed, upserted, removed)] == [204] * 5
    assert bill["location"].startswith(f"{client.root}/record/v1/vendorBill/")
    assert refused["error"]["o:errorDetails"][0]["detail"] == "Invalid content in the request body."
    assert client.get("/record/v1/vendorBill/eid:js-1")["memo"] == "from node"
    assert client.status(order) == "G"


def test_netsuite_rest_is_refused_with_a_wrong_token(modules, emulator):
    [reply] = calls(modules, emulator, [{"path": "record/v1/vendor"}], token_secret="x")

    assert reply["status"] == 401
    assert reply["error"]["o:errorDetails"][0]["detail"].startswith(
        "Invalid login attempt. For more details, see the Login Audit Trail"
    )


def test_netsuite_rest_waits_out_a_limit(modules, emulator, client):
    emulator.account.faults.add(read_fault({"kind": "429", "count": 1}))

    [reply] = calls(modules, emulator, [{"path": "record/v1/vendor?limit=1"}])

    seen = client.control("requests", method="GET")["requests"]
    assert (reply["status"], [each["status"] for each in seen]) == (200, [200, 429])


# @fye/netsuite-rest-api, which low-code nodes are built on.


def test_fye_lists_pages_writes_and_reads_refusals(modules, emulator, client):
    made = emulator.credentials
    config = {
        "netsuiteApiHost": emulator.url.removeprefix("http://"),
        "testEnv": True,
        "consumerKey": made["consumer_key"],
        "consumerSecret": made["consumer_secret"],
        "netsuiteAccountId": made["account"],
        "netsuiteTokenKey": made["token_id"],
        "netsuiteTokenSecret": made["token_secret"],
        "netsuiteQueryLimit": 50,
    }
    path = "services/rest/record/v1/vendor"
    answers = run(
        modules,
        "fye.js",
        {
            "config": config,
            "requests": [
                {
                    "requestType": "suiteql",
                    "method": "POST",
                    "query": "SELECT uniquekey FROM transactionline ORDER BY 1",
                },
                {"requestType": "record", "method": "GET", "path": f"{path}?limit=2"},
                {
                    "requestType": "record",
                    "method": "POST",
                    "path": path,
                    "query": {"companyName": "F", "subsidiary": "1"},
                },
                {
                    "requestType": "record",
                    "method": "PATCH",
                    "path": f"{path}/501",
                    "query": {"comments": "x", "odd": 1},
                },
                {"requestType": "record", "method": "GET", "path": f"{path}/999999"},
            ],
        },
    )

    *pages, listed, created, changed, refused = answers
    keys = [row["uniquekey"] for page in pages for row in page["body"]["items"]]
    assert len(pages) > 2
    assert len(set(keys)) == len(keys) == pages[0]["body"]["totalResults"]
    assert (listed["status"], listed["body"]["count"]) == (200, 2)
    assert [(each["status"], each["body"]) for each in (created, changed)] == [(204, "")] * 2
    assert client.get(created["location"])["companyName"] == "F"
    assert refused["body"]["o:errorDetails"][0]["detail"].startswith("The record instance does not exist.")


# @brokenrubik/netsuite-sdk: OAuth 2.0, batches, jobs.


def sdk(modules, emulator, **changes):
    return run(
        modules,
        "netsuite_sdk.js",
        {"base": emulator.url, "credentials": emulator.credentials, "changes": changes},
    )


def test_sdk_takes_records_queries_batches_and_scripts_through(modules, emulator):
    emulator.account.faults.add(read_fault({"kind": "429", "route": "GET .*vendor", "count": 1}))

    found = sdk(modules, emulator)

    vendor = found["create"]["value"]
    assert vendor["location"].startswith(
        "https://tstdrv1234567.suitetalk.api.netsuite.com/services/rest/record/v1/vendor/"
    )
    assert found["get"]["value"]["companyName"] == "Sdk One"
    assert {vendor["id"], found["upsert"]["value"]["id"]} == {each["id"] for each in found["list"]["value"]}
    assert found["remove"]["value"]["success"] is True
    assert found["gone"]["error"] == "NetSuiteNotFoundError"
    keys = [row["uniquekey"] for row in found["query"]["value"]]
    assert len(keys) == len(set(keys)) > 100
    assert found["bad query"]["error"] == "NetSuiteValidationError"
    batch = found["batch"]["value"]
    assert [each["success"] for each in batch["results"]] == [True, False]
    assert found["batch again"] == {
        "error": "NetSuiteIdempotencyError",
        "message": found["batch again"]["message"],
        "job": batch["jobId"],
    }
    read, missing = found["batch get"]["value"]["results"]
    assert set(read["result"]) == {"links", "id", "companyName"}
    assert missing["success"] is False
    assert found["batch delete"]["value"]["succeeded"] == 1
    assert [each["name"] for each in found["metadata"]["value"]["items"]] == ["vendorbill"]
    assert found["script"]["value"]["received"] == {"a": 1}
    assert found["no script"]["error"] == "NetSuiteNotFoundError"


@pytest.mark.parametrize("change", [{"clientId": "none"}, {"certificateId": "none"}])
def test_sdk_is_refused_without_a_token(modules, emulator, change):
    assert sdk(modules, emulator, **change)["create"]["error"] == "NetSuiteAuthError"
