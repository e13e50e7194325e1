"""Python clients that others wrote, as they published them: `netsuite`, `restsuite` and `netsuite-oauth-python`."""

from __future__ import annotations

import json
import warnings

import pytest
import requests

from tests.emulator.client import Client, expense, item, split

with warnings.catch_warnings():
    # Its own dependencies warn of what they will drop one day.
    warnings.simplefilter("ignore")
    from netsuite import NetSuiteRestApi, NetSuiteRestlet
    from netsuite.config import Config, TokenAuth
    from netsuite.exceptions import NetsuiteAPIRequestError
    from netsuite_oauth.client import NetsuiteOauth
    from restsuite.base_rest import Rest
    from restsuite.suiteql import NetSuiteQL, QueryResponse

# The Python client uses what its own dependencies will drop one day.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
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


# restsuite: every page by its `next` link, any address by full URL.


def keys_of(emulator, **changes):
    made = {**emulator.credentials, **changes}
    return [made[name] for name in ("consumer_key", "consumer_secret", "token_id", "token_secret")]


def test_restsuite_follows_every_page(emulator, client):
    client.order(*[item("71", 1, n + 1) for n in range(1050)])
    query = NetSuiteQL(emulator.account.name, *keys_of(emulator))
    query.url = f"{emulator.url}/services/rest/query/v1/suiteql"

    rows = query.suiteql(JOINED)

    assert len(rows) > 1100
    assert len({(row["transaction"], row["id"]) for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("text", "changes", "status", "sentence"),
    [
        ("SELECT nothing FROM vendor", {}, "400", "Unknown identifier 'nothing'"),
        ("SELECT id FROM vendor", {"token_secret": "x"}, "401", "Invalid login attempt."),
    ],
)
def test_restsuite_reads_every_part_of_an_error(emulator, text, changes, status, sentence):
    query = NetSuiteQL(emulator.account.name, *keys_of(emulator, **changes))

    answer = QueryResponse(query.query(f"{emulator.url}/services/rest/query/v1/suiteql", text))

    assert (answer.ok, answer.error_status) == (False, status)
    assert sentence in answer.error_msg
    assert answer.error_type.startswith("https://www.rfc-editor.org/rfc/rfc9110.html")


def test_restsuite_transforms_and_calls_scripts(emulator, client):
    order = client.order(item(quantity=2))
    rest = Rest(emulator.account.name, *keys_of(emulator))
    made = rest.request("POST", f"{client.root}/record/v1/purchaseOrder/{order}/!transform/itemReceipt", body={})
    script = f"{emulator.url}/app/site/hosting/restlet.nl?script=customscript_echo&deploy=customdeploy_echo"

    assert made.status_code == 204
    assert "/itemReceipt/" in made.headers["Location"]
    assert [rest.request(verb, script, body={"a": 1}).json()["received"] for verb in ("POST", "PUT")] == [{"a": 1}] * 2
    assert [rest.request(verb, f"{script}&x=1").json()["received"] for verb in ("GET", "DELETE")] == [{"x": "1"}] * 2


# netsuite-oauth-python: one address, any verb.


def test_netsuite_oauth_takes_a_record_through_its_life(emulator, client):
    def at(url):
        return NetsuiteOauth(url, *keys_of(emulator), emulator.account.name)

    url = (
        at(f"{client.root}/record/v1/vendor")
        .post({"companyName": "One", "subsidiary": {"id": "1"}})
        .headers["Location"]
    )
    assert at(url).patch({"email": "one@example.com"}).status_code == 204
    assert at(url).get(params={"fields": "email"}).json()["email"] == "one@example.com"
    assert at(url).put({"email": "two@example.com"}).status_code == 204
    assert at(url).delete().status_code == 204
    with pytest.raises(requests.HTTPError, match="404"):
        at(url).get()
    with pytest.raises(requests.HTTPError, match="401"):
        NetsuiteOauth(url, *keys_of(emulator, token_id="x"), emulator.account.name).get()
    with Client(emulator, "read_only") as reader, pytest.raises(requests.HTTPError, match="403"):
        NetsuiteOauth(url, *reader.keys, emulator.account.name).delete()
