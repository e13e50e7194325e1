"""Jobs, batches, metadata, RESTlets and files, events out, governance, faults and the controls."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from erp_emulator.embedded import Emulator
from erp_emulator.tables import TABLES
from tests.emulator.client import Client, expense, split

ASYNC = {"Prefer": "respond-async"}
SCHEMA = {"Accept": "application/schema+json"}
BATCH = {**ASYNC, "Content-Type": "application/vnd.oracle.resource+json; type=collection"}


@pytest.fixture(scope="module")
def engine():
    """One emulator for what only reads."""
    with Emulator() as running, Client(running) as made:
        yield made


def finished(client, reply):
    """The job once it is done."""
    assert reply.status_code == 202, reply.text
    assert reply.headers["Preference-Applied"] == "respond-async"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        job = client.get(reply.headers["Location"])
        if job["completed"]:
            return job
        time.sleep(0.01)
    raise AssertionError("the job did not end")


# Jobs and batches.


def test_a_job_does_later_what_the_request_asked_for(client):
    reply = client.call(
        "POST", "/record/v1/vendorBill", {"entity": "501", "externalId": "a1", **split((expense(5),))}, headers=ASYNC
    )

    job = finished(client, reply)
    assert job["progress"] == "succeeded"
    [task] = client.get(job["task"]["links"][0]["href"])["items"]
    shown = client.get(task["links"][0]["href"])
    result = client.call("GET", next(link["href"] for link in shown["links"] if link["rel"] == "related"))
    assert (shown["progress"], result.status_code) == ("succeeded", 204)
    assert client.get(result.headers["Location"])["externalId"] == "a1"


def test_a_job_that_fails_keeps_its_refusal(client):
    job = finished(client, client.call("POST", "/record/v1/vendorBill", {}, headers=ASYNC))

    result = client.call("GET", job["links"][0]["href"] + "/task/1/result")
    assert result.status_code == 400
    assert result.json()["o:errorDetails"][0]["o:errorCode"] == "USER_ERROR"
    assert client.get(job["links"][0]["href"] + "/task/1")["progress"] == "failed"


def test_an_idempotency_key_is_used_once_and_only_by_jobs(client):
    headers = {**ASYNC, "X-NetSuite-Idempotency-Key": "0c9a"}
    body = {"entity": "501", **split((expense(5),))}
    first = client.call("POST", "/record/v1/vendorBill", body, headers=headers)

    again = client.call("POST", "/record/v1/vendorBill", body, headers=headers)
    assert (again.status_code, again.json()["title"]) == (400, "Conflict")
    assert again.json()["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"
    assert again.headers["Location"] == first.headers["Location"]
    sync = {"X-NetSuite-Idempotency-Key": "0c9a"}
    assert client.make("/record/v1/vendorBill", body, headers=sync) != client.make(
        "/record/v1/vendorBill", body, headers=sync
    )


def test_a_query_may_be_a_job_whose_result_is_kept_when_asked(client):
    for prefer, status in (("respond-async, transient", 200), ("respond-async", 404)):
        reply = client.call("POST", "/query/v1/suiteql", {"q": "SELECT id FROM vendor"}, headers={"Prefer": prefer})
        job = finished(client, reply)
        assert client.call("GET", job["links"][0]["href"] + "/task/1/result").status_code == status


def test_a_batch_makes_a_task_of_each_record(client):
    bodies = [{"entity": "501", "externalId": f"b{n}", **split((expense(n),))} for n in (1, 2)] + [{"tranId": "bad"}]

    reply = client.call("POST", "/record/v1/vendorBill", data=json.dumps({"items": bodies}), headers=BATCH)
    job = finished(client, reply)

    tasks = client.get(job["task"]["links"][0]["href"])["items"]
    assert [client.get(task["links"][0]["href"])["progress"] for task in tasks] == ["succeeded", "succeeded", "failed"]
    assert client.get("/record/v1/vendorBill/eid:b2")["total"] == 2.0
    upsert = {"items": [{"externalId": "b1", "memo": "m1"}, {"externalId": "b2", "memo": "m2"}]}
    finished(client, client.call("PUT", "/record/v1/vendorBill", data=json.dumps(upsert), headers=BATCH))
    assert client.get("/record/v1/vendorBill/eid:b1")["memo"] == "m1"
    finished(client, client.call("DELETE", "/record/v1/vendorBill?ids=eid:b1,eid:b2", headers=ASYNC))
    client.refused("GET", "/record/v1/vendorBill/eid:b1", status=404)


def test_a_batch_reads_what_its_query_asks_of_each(client):
    reply = client.call(
        "GET", "/record/v1/vendor?expandRecords=true&ids=501,eid:V502&fields=companyName", headers=ASYNC
    )

    job = finished(client, reply)
    first = client.get(job["links"][0]["href"] + "/task/1/result")
    assert set(first) == {"links", "id", "companyName"}
    assert job["startTime"] <= job["endTime"]


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_is_of_one_to_a_hundred(client, count):
    body = json.dumps({"items": [{"entity": "501"}] * count})
    assert client.call("POST", "/record/v1/vendorBill", data=body, headers=BATCH).status_code == 400
    sync = {"Content-Type": BATCH["Content-Type"]}
    assert (
        client.call("POST", "/record/v1/vendorBill", data=json.dumps({"items": [{}]}), headers=sync).status_code == 400
    )


def test_records_are_read_by_their_ids_at_once(client):
    page = client.get("/record/v1/vendor?expandRecords=true&ids=501,eid:V502")

    assert [each["companyName"] for each in page["items"]] == ["Acme Paper Ltd", "Bergmann Werkzeuge GmbH"]


# Metadata.


def test_the_catalog_lists_types_and_describes_each(client):
    items = client.get("/record/v1/metadata-catalog")["items"]
    bill = next(each for each in items if each["name"] == "vendorbill")
    assert [link["rel"] for link in bill["links"]] == ["canonical", "alternate", "alternate", "describes"]

    schema = client.get("/record/v1/metadata-catalog/vendorBill", headers=SCHEMA)
    assert schema["properties"]["lastModifiedDate"]["format"] == "date-time"
    assert schema["properties"]["total"] == {
        "title": "Amount",
        "type": "number",
        "format": "double",
        "x-ns-filterable": True,
        "nullable": True,
        "readOnly": True,
    }
    assert {"id", "tranId", "entity", "lastModifiedDate"} <= set(schema["x-ns-filterable"])
    assert schema["properties"]["custbody_note"]["x-ns-custom-field"] is True


def test_each_property_of_a_schema_says_its_type_and_a_reference_or_sublist_its_shape(client):
    schema = client.get("/record/v1/metadata-catalog/vendorBill", headers=SCHEMA)

    assert [name for name, value in schema["properties"].items() if "type" not in value] == []
    assert set(schema["properties"]["entity"]["properties"]) == {"id", "refName", "externalId", "links"}
    line = schema["properties"]["item"]["properties"]["items"]["items"]
    assert line["x-ns-sublistkey"] == {"present": True, "value": {"new": ["orderLine"], "existing": ["line"]}}
    assert {"quantity", "rate"} <= set(line["x-ns-filterable"])
    assert line["properties"]["item"]["type"] == "object"


LISTS = (
    "vendor customer employee contact account subsidiary department classification location currency term "
    "accountingPeriod expenseCategory vendorCategory salesTaxItem taxType unitsType inboundShipment"
).split()


@pytest.mark.parametrize("name", LISTS)
def test_what_a_list_can_be_filtered_on_is_a_column_of_its_table(engine, name):
    names = engine.get(f"/record/v1/metadata-catalog/{name}", headers=SCHEMA)["x-ns-filterable"]

    assert engine.ask(f"SELECT {', '.join(names)} FROM {name}").status_code == 200


def test_every_reference_of_every_schema_is_answered(client):
    known = set()
    for each in client.get("/record/v1/metadata-catalog")["items"]:
        schema = client.get(f"/record/v1/metadata-catalog/{each['name']}", headers=SCHEMA)
        known |= {value["$ref"] for value in schema["properties"].values() if "$ref" in value}
    for reference in sorted(known | {"/services/rest/record/v1/metadata-catalog/nsLink"}):
        assert client.call("GET", client.emulator.url + reference, headers=SCHEMA).status_code == 200, reference


def test_openapi_holds_the_types_selected_and_whole_references(client):
    api = client.get(
        "/record/v1/metadata-catalog?select=vendorbill,purchaseorder", headers={"Accept": "application/swagger+json"}
    )

    assert api["openapi"].startswith("3.0")
    assert "/purchaseOrder/{id}/!transform/vendorBill" in api["paths"]
    assert {"vendorBill", "vendorBillCollection", "vendorBill-itemCollection", "vendorBill-itemElement"} <= set(
        api["components"]["schemas"]
    )
    for reference in {part.split('"')[0] for part in json.dumps(api).split('"$ref": "')[1:]}:
        assert reference.removeprefix("#/components/schemas/") in api["components"]["schemas"], reference
    assert client.refused("GET", "/record/v1/metadata-catalog/transaction", headers=SCHEMA, status=404)


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_of_every_table_can_be_asked(engine, table):
    assert engine.ask(f"SELECT {', '.join(TABLES[table])} FROM {table}").status_code == 200


# RESTlets and files.


def script(client, method, name, deploy, **options):
    url = f"{client.emulator.url}/app/site/hosting/restlet.nl?script={name}&deploy={deploy}"
    return client.call(method, url, **options)


def test_a_file_is_uploaded_attached_and_fetched(client):
    bill = client.expense_bill()
    body = {
        "fileName": "INV-1.pdf",
        "fileType": "PDF",
        "fileContents": base64.b64encode(b"%PDF-1.4").decode(),
        "folder": 812,
        "recordType": "vendorbill",
        "recordId": bill,
    }

    answer = script(client, "POST", "customscript_ap_upload", "customdeploy_ap_upload", json=body).json()

    assert answer == {"success": True, "fileId": answer["fileId"], "attached": True}
    [row] = client.query(
        "SELECT name, filetype, filesize, url, BUILTIN.DF(folder) f FROM file WHERE id = ?", [answer["fileId"]]
    )
    assert (row["name"], row["filetype"], row["filesize"]) == ("INV-1.pdf", "PDF", "8")
    fetched = requests.get(client.emulator.url + row["url"], timeout=10)
    assert (fetched.content, fetched.headers["Content-Type"]) == (b"%PDF-1.4", "application/pdf")
    assert requests.get(client.emulator.url + row["url"].replace("&h=", "&h=0"), timeout=10).status_code == 404
    shown = client.control(f"attachments/vendorBill/{bill}", method="GET")["attachments"]
    assert [each["id"] for each in shown] == [answer["fileId"]]
    assert client.call("POST", f"/record/v1/vendorBill/{bill}/!detach/file/{answer['fileId']}").status_code == 204
    assert client.call("POST", f"/record/v1/vendorBill/{bill}/!attach/file/{answer['fileId']}").status_code == 204
    assert client.call("POST", f"/record/v1/vendorBill/{bill}/!attach/file/1").status_code == 404
    listed = script(client, "POST", "103", "1", json={"requestId": "r", "vendorBillIds": [bill]}).json()
    assert listed["items"][0]["file_name"] == "INV-1.pdf"


def test_the_echo_answers_with_what_it_got(client):
    assert script(client, "GET", "customscript_echo", "customdeploy_echo").json()["received"] == {}
    assert client.call("GET", f"{client.emulator.url}/app/site/hosting/restlet.nl?script=102&deploy=1&a=b").json()[
        "received"
    ] == {"a": "b"}
    for method in ("POST", "PUT"):
        assert script(client, method, "customscript_echo", "customdeploy_echo", json={"x": [1]}).json()["received"] == {
            "x": [1]
        }


def test_a_script_that_is_not_there_or_fails_says_so(client):
    reply = script(client, "GET", "customscript_none", "customdeploy_none")
    assert (reply.status_code, reply.json()) == (
        404,
        {
            "error": {
                "code": "SSS_INVALID_SCRIPTLET_ID",
                "message": "That Suitelet is invalid, disabled, or no longer exists.",
            }
        },
    )
    assert script(client, "GET", "customscript_ap_upload", "1").status_code == 405
    assert (
        script(client, "POST", "customscript_ap_upload", "1", json={}).json()["error"]["code"]
        == "SSS_MISSING_REQD_ARGUMENT"
    )
    text = script(client, "GET", "none", "1", headers={"Content-Type": "text/plain"})
    assert text.text.startswith("error code: SSS_INVALID_SCRIPTLET_ID\nerror message: ")


@pytest.mark.parametrize(
    ("media", "body", "status"),
    [
        ("application/json; charset=UTF-8", '{"a": 1}', 200),
        ("text/plain", "a", 200),
        ("application/xml", "<a/>", 200),
        ("application/x-www-form-urlencoded", "a=1", 415),
        ("application/json", "{a", 400),
    ],
)
def test_a_script_takes_json_text_and_xml(client, media, body, status):
    reply = script(client, "POST", "customscript_echo", "customdeploy_echo", data=body, headers={"Content-Type": media})

    assert reply.status_code == status


@pytest.mark.parametrize(
    ("media", "status"),
    [
        ("application/json; charset=utf-8", 204),
        ("application/vnd.oracle.resource+json; type=singular", 204),
        ("text/plain;charset=UTF-8", 204),
        ("application/xml", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
def test_a_record_is_sent_as_json(client, media, status):
    reply = client.call("PATCH", "/record/v1/vendor/501", data='{"comments": "x"}', headers={"Content-Type": media})

    assert reply.status_code == status


def test_a_function_of_ones_own_is_a_script(client):
    def total(body, call):
        return {"total": sum(body["numbers"]), "by": call.user}

    client.emulator.app.restlets.register("customscript_total", {"POST": total, "GET": lambda given, call: 1 / 0})

    assert script(client, "POST", "customscript_total", "customdeploy_total", json={"numbers": [1, 2]}).json() == {
        "total": 3,
        "by": "-5",
    }
    failed = script(client, "GET", "customscript_total", "customdeploy_total")
    assert (failed.status_code, failed.json()["error"]["code"]) == (400, "UNEXPECTED_ERROR")
    assert {
        "script": "customscript_total",
        "deploy": "customdeploy_total",
        "methods": ["GET", "POST"],
    } in client.emulator.credentials["restlets"]


# Events out.


class Receiver:
    """A small receiver of webhooks; answers with the statuses given, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.got = list(statuses), []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.got.append((dict(self.headers), body))
                self.send_response(outer.statuses.pop(0) if outer.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def wait(self, count):
        deadline = time.monotonic() + 10
        while len(self.got) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.got


def test_a_change_is_told_signed_and_again_until_it_is_taken(client):
    with Receiver(500) as receiver:
        hook = {
            "url": receiver.url,
            "secret": "s3",
            "recordTypes": ["vendorBill"],
            "events": ["create", "edit", "delete"],
            "signatureHeader": "X-Sig",
            "timestampHeader": "X-Time",
        }
        client.control("webhooks", hook)
        bill = client.expense_bill(approvalStatus="1")
        client.order()
        got = receiver.wait(2)
        client.make(f"/record/v1/vendorBill/{bill}", {"approvalStatus": "2"}, "PATCH")
        client.call("DELETE", f"/record/v1/vendorBill/{bill}")
        client.refused("POST", "/record/v1/vendorBill", {})
        got = receiver.wait(4)

    headers, body = got[0]
    expected = hmac.new(b"s3", f"{headers['X-Time']}.{body}".encode(), hashlib.sha256).hexdigest()
    assert headers["X-Sig"] == f"sha256={expected}"
    events = [json.loads(each) for _, each in got]
    assert [(e["event"], e["id"]) for e in events] == [
        ("create", bill),
        ("create", bill),
        ("edit", bill),
        ("delete", bill),
    ]
    assert (events[2]["oldStatus"], events[2]["newStatus"]) == ("Pending Approval", "Open")
    log = client.control("webhooks/log", method="GET")["deliveries"]
    assert [(each["state"], each["attempts"]) for each in log] == [("sent", 1), ("sent", 1), ("sent", 2)]


@pytest.mark.parametrize("hook", [{}, {"url": "file:///etc/passwd"}, {"url": "http://x", "nope": 1}])
def test_a_hook_that_makes_no_sense_is_refused(client, hook):
    assert client.session.post(f"{client.emulator.url}/_emulator/webhooks", json=hook, timeout=10).status_code == 400


# Governance.


def at_once(emulator, count, path, **options):
    """That many requests at the same instant, each from a connection of its own."""
    barrier = threading.Barrier(count)

    def one(_):
        with Client(emulator) as client:
            client.session.get(f"{emulator.url}/_emulator/health", timeout=10)
            barrier.wait()
            return client.call(
                "POST", path, {"q": "SELECT COUNT(*) FROM transactionline"}, headers={"Prefer": "transient"}, **options
            )

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_four_queries_at_once_pass_and_forty_meet_the_limit(emulator):
    assert [reply.status_code for reply in at_once(emulator, 4, "/query/v1/suiteql")] == [200] * 4

    replies = at_once(emulator, 40, "/query/v1/suiteql")
    refused = [reply for reply in replies if reply.status_code == 429]
    assert refused
    assert {reply.status_code for reply in replies} == {200, 429}
    assert refused[0].json() == {
        "type": "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html",
        "title": "Bad Request",
        "status": 429,
        "o:errorCode": "USER_ERROR",
        "o:errorDetails": [
            {
                "detail": "Concurrent request limit exceeded. Request blocked.",
                "o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED",
            }
        ],
    }
    assert "Retry-After" not in refused[0].headers
    scripts = at_once(emulator, 40, f"{emulator.url}/app/site/hosting/restlet.nl?script=102&deploy=1")
    blocked = [reply for reply in scripts if reply.status_code == 400]
    assert blocked[0].json()["error"]["code"] == "SSS_REQUEST_LIMIT_EXCEEDED"


def test_the_limit_is_a_preference_and_one_caller_never_meets_it(emulator, client):
    for _ in range(60):
        client.query("SELECT id FROM currency")
    assert client.control("governance", method="GET")["refused"] == 0
    client.control("preferences", {"governance": False})
    assert {reply.status_code for reply in at_once(emulator, 30, "/query/v1/suiteql")} == {200}
    assert client.get("/system/v1/governanceLimits")["accountConcurrencyLimit"] == 5


# Faults and controls.


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("429", 429, "CONCURRENCY_LIMIT_EXCEEDED"), ("500", 500, "UNEXPECTED_ERROR"), ("503", 503, "UNEXPECTED_ERROR")],
)
def test_a_fault_strikes_as_often_as_it_was_asked_to(client, kind, status, code):
    client.control("faults", {"kind": kind, "route": "GET .*/vendor/", "count": 2})

    assert [client.call("GET", "/record/v1/vendor/501").status_code for _ in range(3)] == [status, status, 200]
    client.control("faults", {"kind": kind, "nth": 2})
    client.get("/record/v1/vendor/501")
    assert client.refused("GET", "/record/v1/vendor/501", status=status)["o:errorCode"] == code


@pytest.mark.parametrize(("kind", "is_done"), [("cut_before", False), ("cut_after", True)])
def test_a_connection_is_cut_before_or_after_the_work(client, kind, is_done):
    client.control("faults", {"kind": kind, "route": "POST .*vendorBill", "count": 1})

    with pytest.raises(requests.ConnectionError):
        client.call("POST", "/record/v1/vendorBill", {"entity": "501", "externalId": "cut", **split((expense(1),))})

    assert client.get("/record/v1/vendorBill", params={"q": "externalId IS cut"})["count"] == (1 if is_done else 0)
    client.make("/record/v1/vendorBill/eid:cut", {"entity": "501", **split((expense(1),))}, "PUT")
    assert client.get("/record/v1/vendorBill", params={"q": "externalId IS cut"})["count"] == 1


def test_chance_is_repeatable_from_its_seed(client):
    def run():
        client.control("faults", method="DELETE")
        client.control("faults", {"kind": "500", "probability": 0.5, "seed": 7})
        return [client.call("GET", "/record/v1/term/1").status_code for _ in range(12)]

    first = run()
    assert set(first) == {200, 500}
    assert run() == first


def test_slow_answers_login_pages_and_wrong_pages_can_be_had(client):
    client.control("faults", {"kind": "delay", "seconds": 0.2, "count": 1})
    started = time.monotonic()
    client.get("/record/v1/term/1")
    assert time.monotonic() - started > 0.2
    client.control("faults", {"kind": "login_page", "count": 1})
    assert client.call("GET", "/record/v1/term/1").headers["Content-Type"].startswith("text/html")
    client.control("faults", {"kind": "wrong_paging", "count": 1})
    assert client.get("/record/v1/term")["hasMore"] is True
    for bad in ({}, {"kind": "x"}, {"kind": "500", "route": "("}, {"kind": "500", "nope": 1}):
        assert client.session.post(f"{client.emulator.url}/_emulator/faults", json=bad, timeout=10).status_code == 400


def test_a_snapshot_is_come_back_to(client):
    client.control("snapshot", {"name": "before"})
    bill = client.expense_bill()
    client.control("preferences", {"OVERRECEIPTS": True})

    client.control("restore", {"name": "before"})

    client.refused("GET", f"/record/v1/vendorBill/{bill}", status=404)
    assert client.query("SELECT id FROM transaction WHERE id = ?", [bill]) == []
    assert client.control("preferences", method="GET")["preferences"]["OVERRECEIPTS"] is False


def test_reset_brings_the_seed_back(client):
    client.control("preferences", {"OVERRECEIPTS": True})
    bill = client.expense_bill()

    client.control("reset", {"seed": "small"})

    client.refused("GET", f"/record/v1/vendorBill/{bill}", status=404)
    assert client.get("/record/v1/purchaseOrder")["totalResults"] >= 28
    assert client.control("preferences", method="GET")["preferences"]["OVERRECEIPTS"] is False
    client.control("reset", {"seed": "none"})
    assert client.get("/record/v1/vendor")["totalResults"] == 0


def test_a_seed_of_ones_own_is_laid_whole_or_not_at_all(client):
    order = {
        "number": "MY-1",
        "vendor": "V501",
        "date": "2026-05-01",
        "lines": [{"item": "PAPER-A4", "quantity": "3", "rate": "9.99"}],
    }
    client.control("seed", {"orders": [order], "receipts": [{"order": "MY-1", "date": "2026-05-02"}]})
    assert client.query("SELECT status FROM transaction WHERE tranid = 'MY-1'") == [{"status": "F"}]

    bad = {"orders": [{**order, "number": "MY-2"}, {**order, "number": "MY-3", "vendor": "nobody"}]}
    reply = client.session.post(f"{client.emulator.url}/_emulator/seed", json=bad, timeout=10)
    assert reply.status_code == 400
    assert "orders[1]" in reply.json()["error"]
    assert client.query("SELECT id FROM transaction WHERE tranid = 'MY-2'") == []


def test_requests_are_kept_and_searched_without_their_logins(client):
    client.get("/record/v1/vendor/501")
    client.refused("POST", "/record/v1/vendorBill", {"entity": "999999", "memo": "needle"})

    entries = client.control("requests?path=vendorbill&status=4xx&text=needle", method="GET")["requests"]
    assert [(each["method"], each["status"]) for each in entries] == [("POST", 400)]
    everything = json.dumps(client.control("requests", method="GET"))
    assert "oauth_signature" not in everything
    assert "Authorization" not in everything


def test_a_page_of_another_site_cannot_use_the_controls(client):
    reply = client.session.post(
        f"{client.emulator.url}/_emulator/reset", json={}, headers={"Sec-Fetch-Site": "cross-site"}, timeout=10
    )

    assert reply.status_code == 403


def test_unknown_controls_preferences_and_values_are_refused(client):
    for path, body in (
        ("nowhere", {}),
        ("preferences", {"NOPE": 1}),
        ("preferences", {"OVERRECEIPTS": "yes"}),
        ("clock", {"freeze": "x"}),
        ("restore", {"name": "none"}),
    ):
        assert client.session.post(f"{client.emulator.url}/_emulator/{path}", json=body, timeout=10).status_code in (
            400,
            404,
        )


def test_links_carry_what_they_were_asked_with(client):
    href = client.get("/record/v1/vendor", params={"q": "id GREATER 500", "limit": 1})["links"][0]["href"]

    assert parse_qs(urlsplit(href).query)["q"] == ["id GREATER 500"]


# Where sources disagree, the account can be told which way it is.


def test_status_ids_are_labels_or_letters(client):
    bill, order = client.expense_bill(), client.order()
    client.control("preferences", {"billStatusId": "letter", "orderStatusIdInStatus": "letter"})

    assert client.get(f"/record/v1/vendorBill/{bill}")["status"] == {"id": "A", "refName": "Open"}
    assert client.get(f"/record/v1/purchaseOrder/{order}")["status"] == {"id": "B", "refName": "Pending Receipt"}


def test_header_columns_can_be_on_lines_only(client):
    text = "SELECT subsidiary FROM transaction WHERE tranid = 'PO10001'"
    assert client.query(text) == [{"subsidiary": "2"}]

    client.control("preferences", {"transactionSubsidiaryColumn": False})

    assert "Unknown identifier 'subsidiary'" in client.query_refused(text)


def test_other_switches_do_what_they_say(client):
    client.control(
        "preferences",
        {
            "errorUrlName": "o:urlPath",
            "upsertLocation": "external",
            "duplicateExternalIdCode": "DUP_RCRD",
            "transientHeaderRequired": False,
            "taxDetailsOverride": False,
            "attachFileToTransactions": False,
            "suiteqlAsync": False,
            "deleteReceivedOrder": "accept",
            "editPaidBill": "accept",
        },
    )

    assert client.refused("GET", "/record/v1/vendor/000")["o:urlPath"] == "/services/rest/record/v1/vendor/000"
    body = {"entity": "501", **split((expense(1),))}
    assert client.make("/record/v1/vendorBill/eid:x1", body, "PUT") == "eid:x1"
    again = client.refused("POST", "/record/v1/vendorBill", {**body, "externalId": "x1"})
    assert again["o:errorCode"] == "DUP_RCRD"
    assert client.call("POST", "/query/v1/suiteql", {"q": "SELECT 1 FROM dual"}).status_code == 200
    client.refused("POST", "/record/v1/vendorBill", {**body, "taxDetailsOverride": True})
    client.refused("POST", "/record/v1/vendorBill/eid:x1/!attach/file/1")
    client.refused("POST", "/query/v1/suiteql", {"q": "SELECT 1 FROM dual"}, headers={"Prefer": "respond-async"})
    order = client.order()
    client.receive(order)
    assert client.call("DELETE", f"/record/v1/purchaseOrder/{order}").status_code == 204
    client.make("/record/v1/vendorBill/eid:x1/!transform/vendorPayment", {})
    client.make(
        "/record/v1/vendorBill/eid:x1", {"memo": "m", "expense": {"items": [{"line": 1, "amount": 2}]}}, "PATCH"
    )
    assert client.get("/record/v1/vendorBill/eid:x1")["balance"] == 1.0


# Custom fields and records.


def test_custom_fields_are_fields_and_columns(client):
    fields = [
        {"scriptId": "custbody_batch", "label": "Batch", "type": "string", "recordTypes": ["vendorBill"]},
        {"scriptId": "custcol_weight", "label": "Weight", "type": "number"},
        {"scriptId": "custentity_since", "label": "Since", "type": "date"},
    ]
    for each in fields:
        client.control("customization", each)

    bill = client.make(
        "/record/v1/vendorBill", {"entity": "501", "custbody_batch": "B7", **split((expense(1, custcol_weight=2.5),))}
    )
    client.make("/record/v1/vendor/501", {"custentity_since": "2020-02-01"}, "PATCH")

    shown = client.get(f"/record/v1/vendorBill/{bill}?expandSubResources=true")
    assert (shown["custbody_batch"], shown["expense"]["items"][0]["custcol_weight"]) == ("B7", 2.5)
    [row] = client.query(
        "SELECT t.custbody_batch, tl.custcol_weight, v.custentity_since "
        "FROM transaction t JOIN transactionline tl ON tl.transaction = t.id "
        "AND tl.mainline = 'F' JOIN vendor v ON v.id = t.entity WHERE t.id = ?",
        [bill],
    )
    assert row == {"custbody_batch": "B7", "custcol_weight": "2.5", "custentity_since": "2/1/2020"}
    assert client.get("/record/v1/vendorBill", params={"q": "custbody_batch IS B7"})["count"] == 1
    schema = client.get("/record/v1/metadata-catalog/vendorbill", headers=SCHEMA)
    assert schema["properties"]["custbody_batch"]["title"] == "Batch"
    assert {"scriptid": "CUSTBODY_BATCH"} in client.query("SELECT scriptid FROM customfield")


def test_custom_records_are_records_and_tables(client):
    fields = [{"scriptId": "custrecord_code", "type": "string"}, {"scriptId": "custrecord_rate", "type": "number"}]
    client.control("customization", {"scriptId": "customrecord_rates", "label": "Rates", "fields": fields})

    made = client.make("/record/v1/customrecord_rates", {"name": "R1", "custrecord_code": "A", "custrecord_rate": 1.5})

    assert client.get(f"/record/v1/CUSTOMRECORD_RATES/{made}")["custrecord_rate"] == 1.5
    assert client.query("SELECT id, name, custrecord_code, custrecord_rate FROM customrecord_rates") == [
        {"id": made, "name": "R1", "custrecord_code": "A", "custrecord_rate": "1.5"}
    ]
    for bad in ({}, {"scriptId": "x"}, {"scriptId": "custbody_x", "type": "nope"}, {"scriptId": "customrecord_x"}):
        assert (
            client.session.post(f"{client.emulator.url}/_emulator/customization", json=bad, timeout=10).status_code
            == 400
        )
