"""Clients that others wrote, as they published them: PyPI `netsuite` 0.12.0 and npm `netsuite-rest` 1.0.9."""

from __future__ import annotations

import json
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest

from tests.emulator.client import expense, item, split

with warnings.catch_warnings():
    # Its own dependencies warn of what they will drop one day.
    warnings.simplefilter("ignore")
    from netsuite import NetSuiteRestApi, NetSuiteRestlet
    from netsuite.config import Config, TokenAuth
    from netsuite.exceptions import NetsuiteAPIRequestError

# The Python client uses what its own dependencies will drop one day.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ROOT = Path(__file__).parents[2]
NPM = ROOT / "build" / "npm"
PACKAGE = "netsuite-rest@1.0.9"
JOINED = """SELECT tl.transaction, tl.id, t.tranid, BUILTIN.DF(t.entity) AS vendor FROM transactionline tl
            JOIN transaction t ON t.id = tl.transaction ORDER BY tl.uniquekey"""


def configured(emulator, **changes):
    made = {**emulator.credentials, **changes}
    names = ("consumer_key", "consumer_secret", "token_id", "token_secret")
    return Config(account=made["account"], auth=TokenAuth(**{name: made[name] for name in names}))


@pytest.fixture
def api(emulator):
    """The client, pointed here by the one method that makes its addresses."""

    class Api(NetSuiteRestApi):
        def _make_url(self, subpath):
            return f"{emulator.url}/services/rest{subpath}"

    return Api(configured(emulator))


async def test_python_lists_and_reads(api):
    page = await api.get("/record/v1/purchaseOrder", params={"limit": 5})
    assert (page["count"], page["hasMore"]) == (5, True)
    order = await api.get(f"/record/v1/purchaseOrder/{page['items'][0]['id']}", params={"expandSubResources": "true"})
    assert order["item"]["items"][0]["quantity"] == 100.0
    found = await api.get("/record/v1/vendor", params={"q": 'companyName START_WITH "Acme"'})
    assert [each["id"] for each in found["items"]] == ["501"]


async def test_python_creates_transforms_changes_and_deletes(api):
    body = {"entity": {"id": "501"}, "tranId": "PY-PO", **split((item(quantity=3),))}
    assert await api.post("/record/v1/purchaseOrder", json=body) is None
    rows = await api.suiteql("SELECT id FROM transaction WHERE tranid = 'PY-PO'")
    order = rows["items"][0]["id"]
    assert await api.post(f"/record/v1/purchaseOrder/{order}/!transform/itemReceipt", json={}) is None
    bill = {"tranId": "PY-1", "externalId": "py-1"}
    assert await api.post(f"/record/v1/purchaseOrder/{order}/!transform/vendorBill", json=bill) is None
    await api.patch("/record/v1/vendorBill/eid:py-1", json={"memo": "changed"})
    await api.put("/record/v1/vendorBill/eid:py-2", json={"entity": "501", **split((expense(4),))})
    shown = await api.get("/record/v1/vendorBill/eid:py-1")
    assert (shown["memo"], shown["total"]) == ("changed", 30.0)
    await api.delete("/record/v1/vendorBill/eid:py-2")
    with pytest.raises(NetsuiteAPIRequestError) as refused:
        await api.get("/record/v1/vendorBill/eid:py-2")
    assert refused.value.status_code == 404


async def test_python_queries_more_than_a_page_with_a_join(api, emulator):
    lines = [item("71", 1, n + 1) for n in range(1050)]
    await api.post("/record/v1/purchaseOrder", json={"entity": "501", **split(lines)})
    rows, offset = [], 0
    while True:
        page = await api.suiteql(JOINED, limit=1000, offset=offset)
        rows += page["items"]
        if not page["hasMore"]:
            break
        offset += 1000

    assert len(rows) == page["totalResults"] > 1100
    assert len({(row["transaction"], row["id"]) for row in rows}) == len(rows)


async def test_python_reads_metadata_and_its_token(api, emulator):
    schema = await api.jsonschema("vendorBill")
    assert "lastModifiedDate" in schema["properties"]
    described = await api.openapi(["vendorbill", "vendor"])
    assert "vendorBill" in described["components"]["schemas"]
    info = await api.get("ignored", url=f"{emulator.url}/rest/tokeninfo")
    assert info["companyId"] == "TSTDRV1234567"


async def test_python_sees_errors_as_its_own(api, emulator):
    for path, body, status in (
        ("/record/v1/vendorBill", {"entity": "999999"}, 400),
        ("/record/v1/vendorBill", {"entity": "501", "nope": 1}, 400),
        ("/record/v1/nothing", {}, 404),
    ):
        with pytest.raises(NetsuiteAPIRequestError) as refused:
            await api.post(path, json=body)
        assert refused.value.status_code == status
        assert json.loads(refused.value.response_text)["o:errorDetails"][0]["detail"]
    wrong = type(api)(configured(emulator, token_secret="x"))
    with pytest.raises(NetsuiteAPIRequestError) as refused:
        await wrong.get("/record/v1/vendor")
    assert refused.value.status_code == 401
    from erp_emulator.faults import read_fault

    emulator.account.faults.add(read_fault({"kind": "429", "count": 1}))
    with pytest.raises(NetsuiteAPIRequestError) as refused:
        await api.get("/record/v1/vendor")
    assert refused.value.status_code == 429


async def test_python_calls_restlets(emulator):
    class Restlet(NetSuiteRestlet):
        def _make_url(self, subpath):
            return f"{emulator.url}/app/site/hosting/restlet.nl{subpath}"

    restlet = Restlet(configured(emulator))
    assert (await restlet.get(102))["method"] == "GET"
    assert (await restlet.post(102, json={"a": 1}))["received"] == {"a": 1}
    assert (await restlet.put(102, json={"a": 2}))["received"] == {"a": 2}
    assert (await restlet.delete(102))["method"] == "DELETE"
    with pytest.raises(NetsuiteAPIRequestError) as refused:
        await restlet.get(999)
    assert refused.value.status_code == 404


# npm.


@pytest.fixture(scope="module")
def package():
    """The client as npm installs it; what was installed once stays in `build/`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not on this machine")
    found = NPM / "node_modules" / "netsuite-rest"
    if not (found / "package.json").exists():
        NPM.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--silent", PACKAGE], cwd=NPM, check=True, timeout=180
        )
    assert json.loads((found / "package.json").read_text())["version"] == "1.0.9"
    return node, str(found)


def run(package, emulator, calls, **changes):
    node, path = package
    made = {**emulator.credentials, **changes}
    options = {
        "consumer_key": made["consumer_key"],
        "consumer_secret_key": made["consumer_secret"],
        "token": made["token_id"],
        "token_secret": made["token_secret"],
        "realm": made["account"],
        "base_url": emulator.url,
    }
    script = Path(__file__).with_name("netsuite_rest.js")
    sent = json.dumps({"options": options, "calls": calls})
    ended = subprocess.run(
        [node, str(script), path], input=sent, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_node_reads_queries_and_pages(package, emulator):
    listed, one, query, following, options, catalog = run(
        package,
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


def test_node_creates_transforms_changes_and_deletes(package, emulator, client):
    order = client.order(item(quantity=3))
    receipt, bill, changed, upserted, removed, refused = run(
        package,
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


def test_node_is_refused_with_a_wrong_token(package, emulator):
    [reply] = run(package, emulator, [{"path": "record/v1/vendor"}], token_secret="x")

    assert reply["status"] == 401
    assert reply["error"]["o:errorDetails"][0]["detail"].startswith(
        "Invalid login attempt. For more details, see the Login Audit Trail"
    )
