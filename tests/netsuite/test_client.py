"""Calls to NetSuite when it answers, refuses, fails, or does the work and loses the reply."""

from __future__ import annotations

import json
from contextlib import contextmanager
from decimal import Decimal
from urllib.parse import parse_qs

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from oauthlib.oauth1.rfc5849 import signature

from counterfoil.errors import (
    DuplicateExternalId,
    ErpError,
    ErpLoginRefused,
    ErpRefusal,
    ErpUnavailable,
    RateLimited,
    RecordMissing,
    ReplyLost,
    TooManyRows,
    UnexpectedReply,
)
from counterfoil.netsuite import client as client_module
from counterfoil.netsuite.client import ATTEMPTS_MAX, Credentials, NetSuiteClient, Scheme

BASE = "https://tstdrv123-sb1.suitetalk.api.netsuite.com"
SERVICES = f"{BASE}/services/rest"
SUITEQL = f"{SERVICES}/query/v1/suiteql"
BILLS = f"{SERVICES}/record/v1/vendorBill"
TOKEN = f"{SERVICES}/auth/oauth2/v1/token"
NOW = 1_795_298_031

TBA = {
    "account": "tstdrv123-sb1",
    "consumer_key": "the-consumer-key",
    "consumer_secret": "the-consumer-secret",
    "token_id": "the-token-id",
    "token_secret": "the-token-secret",
    "base_url": BASE,
}
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>NetSuite - Customer Login</title></head></html>"


@pytest.fixture(scope="module")
def private_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def oauth2(private_key):
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "account": "TSTDRV123_SB1",
        "oauth2_client_id": "the-client",
        "oauth2_certificate_id": "the-certificate",
        "oauth2_private_key_pem": pem,
    }


@pytest.fixture
def web():
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def waits():
    return []


@pytest.fixture
def client(waits):
    return a_client(waits)


def a_client(waits, values=TBA, **options):
    return NetSuiteClient(Credentials.from_json(values), sleep=waits.append, clock=lambda: NOW, **options)


def an_error(status, code, detail="Something is wrong.", **places):
    return {
        "status": status,
        "json": {
            "type": "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.1",
            "title": "Bad Request",
            "status": status,
            "o:errorDetails": [{"detail": detail, "o:errorCode": code, **places}],
        },
    }


RATE_LIMITED = an_error(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
BROKEN = an_error(500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: m1x2y3")
MISSING = an_error(404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.")


def a_page(*rows, more=False):
    return {"links": [], "count": len(rows), "hasMore": more, "items": list(rows), "offset": 0}


def created(record_id="812"):
    return {"status": 204, "headers": {"Location": f"{BILLS}/{record_id}"}}


# Credentials


def test_credentials_show_nothing_secret(oauth2):
    shown = repr(Credentials.from_json({**TBA, **oauth2})) + str(Credentials.from_json(oauth2))

    for secret in ("the-consumer", "the-token", "the-client", "the-certificate", "PRIVATE KEY"):
        assert secret not in shown


def test_the_account_names_host_and_realm(oauth2):
    credentials = Credentials.from_json(oauth2)

    assert credentials.services_url == SERVICES
    assert credentials.realm == "TSTDRV123_SB1"
    assert credentials.scheme == Scheme.OAUTH2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"account": ""}, "account"),
        ({"token_secret": ""}, "token_secret"),
        ({"base_url": "http://erp.example"}, "erp.example"),
        ({"base_url": "ftp://127.0.0.1"}, "ftp"),
        ({"token_id": ""}, "oauth2_client_id"),
    ],
    ids=["no account", "no token secret", "unencrypted", "no http", "neither scheme"],
)
def test_unusable_credentials_are_named_without_their_values(change, named):
    with pytest.raises(ValueError, match=named) as raised:
        Credentials.from_json({**TBA, **change})

    assert "the-" not in str(raised.value)


def test_plain_http_is_for_this_machine_only():
    assert Credentials.from_json({**TBA, "base_url": "http://127.0.0.1:8123/"}).services_url == (
        "http://127.0.0.1:8123/services/rest"
    )


# Signing


def test_a_signature_that_netsuite_can_recompute(web, client):
    """HMAC-SHA256 over method, URL, query and every oauth_ parameter; neither realm nor body; `!` as %21."""
    web.post(f"{BILLS}/812/!transform/vendorCredit", **created("900"))

    client.transform("vendorBill", "812", "vendorCredit", {"memo": "x"}, replace=["item"])

    sent = web.calls[0].request
    header = sent.headers["Authorization"]
    header = header.decode() if isinstance(header, bytes) else header
    parameters = signature.collect_parameters(
        uri_query="replace=item", headers={"Authorization": header}, exclude_oauth_signature=False
    )
    given = dict(parameters)
    base = signature.signature_base_string(
        "POST",
        signature.base_string_uri(sent.url),
        signature.normalize_parameters([pair for pair in parameters if pair[0] != "oauth_signature"]),
    )
    assert "%2F%21transform" in base
    assert given["oauth_signature"] == signature.sign_hmac_sha256_with_client(base, _Secrets)
    assert given["oauth_timestamp"] == str(NOW)
    assert given["oauth_signature_method"] == "HMAC-SHA256"
    assert 'realm="TSTDRV123_SB1"' in header


class _Secrets:
    client_secret = "the-consumer-secret"
    resource_owner_secret = "the-token-secret"


def test_a_certificate_is_traded_for_a_token_that_is_kept(web, waits, oauth2, private_key):
    web.post(TOKEN, json={"access_token": "granted", "expires_in": "3600", "token_type": "bearer"})
    web.get(f"{BILLS}/812", json={"id": "812"})
    client = a_client(waits, oauth2)

    client.get("vendorBill", "812")
    client.get("vendorBill", "812")

    token_call, *record_calls = [call.request for call in web.calls]
    assertion = parse_qs(token_call.body)["client_assertion"][0]
    claims = jwt.decode(
        assertion,
        private_key.public_key(),
        algorithms=["PS256"],
        audience=TOKEN,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert (claims["iss"], claims["scope"], claims["exp"] - claims["iat"]) == ("the-client", ["rest_webservices"], 3600)
    assert jwt.get_unverified_header(assertion)["kid"] == "the-certificate"
    assert [call.headers["Authorization"] for call in record_calls] == ["Bearer granted"] * 2


def test_a_token_is_renewed_before_it_ends(web, waits, oauth2):
    now = [NOW]
    web.post(TOKEN, json={"access_token": "first", "expires_in": 3600})
    web.post(TOKEN, json={"access_token": "second", "expires_in": 3600})
    web.get(f"{BILLS}/812", json={"id": "812"})
    client = NetSuiteClient(Credentials.from_json(oauth2), sleep=waits.append, clock=lambda: now[0])
    client.get("vendorBill", "812")

    now[0] += 3600 - client_module.TOKEN_MARGIN_SECONDS
    client.get("vendorBill", "812")

    assert web.calls[-1].request.headers["Authorization"] == "Bearer second"


def test_a_refused_token_is_renewed_once_even_for_a_change(web, waits, oauth2):
    web.post(TOKEN, json={"access_token": "revoked", "expires_in": 3600})
    web.post(TOKEN, json={"access_token": "good", "expires_in": 3600})
    web.post(BILLS, **an_error(401, "INVALID_LOGIN"))
    web.post(BILLS, **created())

    assert a_client(waits, oauth2).create("vendorBill", {"memo": "x"}) == "812"

    assert waits == []


def test_a_certificate_that_is_refused_is_a_refused_login(web, waits, oauth2):
    web.post(TOKEN, status=400, json={"error": "invalid_grant"})

    with pytest.raises(ErpLoginRefused) as raised:
        a_client(waits, oauth2).get("vendorBill", "812")

    assert (raised.value.code, raised.value.status, waits) == ("invalid_grant", 400, [])


def test_a_broken_private_key_is_not_quoted(waits, oauth2):
    with pytest.raises(ErpLoginRefused) as raised:
        a_client(waits, {**oauth2, "oauth2_private_key_pem": "-----BEGIN secret words"}).get("vendorBill", "812")

    assert raised.value.code == "private_key_unusable"
    assert "secret words" not in repr(raised.value)
    assert raised.value.__cause__ is None


def test_a_refused_login_is_never_repeated(web, client, waits):
    """Five failures lock the token for half an hour."""
    web.get(f"{BILLS}/812", **an_error(401, "INVALID_LOGIN", "Invalid login attempt."))

    with pytest.raises(ErpLoginRefused) as raised:
        client.get("vendorBill", "812")

    assert (raised.value.code, raised.value.status) == ("INVALID_LOGIN", 401)
    assert (len(web.calls), waits) == (1, [])


@pytest.mark.parametrize(
    ("reply", "times"),
    [
        pytest.param({"status": 401, "code": "INVALID_LOGIN"}, 1, id="credentials"),
        pytest.param({"status": 403, "code": "INSUFFICIENT_PERMISSION"}, 0, id="a right that the role lacks"),
        pytest.param({"status": 400, "code": "USER_ERROR"}, 0, id="a refusal of what was asked"),
    ],
)
def test_refused_credentials_are_told_once_and_nothing_else_is(web, waits, reply, times):
    told = []
    web.get(f"{BILLS}/812", **an_error(reply["status"], reply["code"]))

    with pytest.raises(ErpError):
        a_client(waits, on_login_refused=lambda: told.append("refused")).get("vendorBill", "812")

    assert len(told) == times


def test_an_expired_token_is_no_refused_login(web, waits, oauth2):
    told = []
    web.post(TOKEN, json={"access_token": "old", "expires_in": 3600})
    web.post(TOKEN, json={"access_token": "new", "expires_in": 3600})
    web.get(f"{BILLS}/812", **an_error(401, "INVALID_LOGIN"))
    web.get(f"{BILLS}/812", json={"id": "812"})

    a_client(waits, oauth2, on_login_refused=lambda: told.append("refused")).get("vendorBill", "812")

    assert told == []


# Repeats

UNCLEAR = [
    pytest.param(BROKEN, id="500"),
    pytest.param({"status": 502, "body": LOGIN_PAGE, "content_type": "text/html"}, id="502 page"),
    pytest.param({"status": 503, "body": ""}, id="503 empty"),
    pytest.param({"status": 200, "body": LOGIN_PAGE, "content_type": "text/html"}, id="login page"),
    pytest.param(
        {"status": 302, "headers": {"Location": "https://system.netsuite.com/pages/login.jsp"}}, id="redirect"
    ),
    pytest.param({"body": requests.ReadTimeout()}, id="timeout"),
    pytest.param({"body": requests.ConnectionError("Connection aborted.")}, id="reset"),
]


@pytest.mark.parametrize("reply", [*UNCLEAR, pytest.param(RATE_LIMITED, id="429")])
def test_reading_is_repeated(web, client, waits, reply):
    web.get(f"{BILLS}/812", **reply)
    web.get(f"{BILLS}/812", json={"id": "812"})

    assert client.get("vendorBill", "812") == {"id": "812"}

    assert len(waits) == 1


@pytest.mark.parametrize("reply", UNCLEAR)
def test_a_change_without_a_clear_answer_is_not_repeated(web, client, waits, reply):
    web.post(BILLS, **reply)

    with pytest.raises(ReplyLost):
        client.create("vendorBill", {"externalId": "cf-1"})

    assert (len(web.calls), waits) == (1, [])


@pytest.mark.parametrize("change", ["patch", "transform"])
def test_no_change_is_repeated_without_a_clear_answer(web, client, change):
    calls = {
        "patch": lambda: client.patch("vendorBill", "812", {"memo": "x"}),
        "transform": lambda: client.transform("vendorBill", "812", "vendorCredit", {}),
    }
    web.patch(f"{BILLS}/812", **BROKEN) if change == "patch" else web.post(
        f"{BILLS}/812/!transform/vendorCredit", **BROKEN
    )

    with pytest.raises(ReplyLost):
        calls[change]()

    assert len(web.calls) == 1


def test_a_change_that_was_blocked_is_repeated(web, client, waits):
    """Blocked for concurrency means not carried out."""
    web.post(BILLS, **RATE_LIMITED)
    web.post(BILLS, **an_error(400, "SSS_REQUEST_LIMIT_EXCEEDED"))
    web.post(BILLS, **created())

    assert client.create("vendorBill", {"externalId": "cf-1"}) == "812"

    assert len(waits) == 2


def test_a_change_that_was_never_sent_is_repeated_and_then_unavailable(waits):
    """A real refused connection, on a port where nobody listens."""
    client = a_client(waits, {**TBA, "base_url": "http://127.0.0.1:9"}, attempts_max=2)

    with pytest.raises(ErpUnavailable) as raised:
        client.create("vendorBill", {"externalId": "cf-1"})

    assert not isinstance(raised.value, ReplyLost)
    assert len(waits) == 1


def test_repeats_end_at_their_limit_and_waits_grow_within_bounds(web, client, waits):
    for _ in range(ATTEMPTS_MAX):
        web.get(f"{BILLS}/812", **RATE_LIMITED)

    with pytest.raises(RateLimited) as raised:
        client.get("vendorBill", "812")

    assert raised.value.code == "CONCURRENCY_LIMIT_EXCEEDED"
    assert len(waits) == ATTEMPTS_MAX - 1
    assert all(0 <= wait <= 0.5 * 2**number for number, wait in enumerate(waits))


def test_a_redirect_is_not_followed_with_credentials(web, client):
    for _ in range(ATTEMPTS_MAX):
        web.get(f"{BILLS}/812", status=302, headers={"Location": "https://elsewhere.example/"})

    with pytest.raises(UnexpectedReply):
        client.get("vendorBill", "812")

    assert {call.request.url.split("?")[0] for call in web.calls} == {f"{BILLS}/812"}


def test_the_governor_holds_each_attempt_and_none_of_the_waits(web):
    held, log = [], []

    @contextmanager
    def governor():
        held.append("in")
        log.append("in")
        yield
        held.pop()
        log.append("out")

    def sleep(seconds):
        assert held == []
        log.append("wait")

    web.get(f"{BILLS}/812", **RATE_LIMITED)
    web.get(f"{BILLS}/812", json={"id": "812"})
    NetSuiteClient(Credentials.from_json(TBA), sleep=sleep, governor=governor).get("vendorBill", "812")

    assert log == ["in", "out", "wait", "in", "out"]


def test_a_governor_without_a_free_place_counts_as_rate_limited(waits):
    @contextmanager
    def full():
        raise RateLimited("no_place", "all places are taken")
        yield

    with pytest.raises(RateLimited):
        a_client(waits, governor=full, attempts_max=3).create("vendorBill", {"externalId": "cf-1"})

    assert len(waits) == 2


# Creating


def test_the_new_id_stands_in_the_location(web, client):
    web.post(BILLS, **created("815"))

    assert client.create("vendorBill", {"externalId": "cf-1", "total": Decimal("612.50")}) == "815"

    assert web.calls[0].request.body == b'{"externalId":"cf-1","total":612.50}'


def test_amounts_travel_digit_by_digit(web, client):
    amount = Decimal("12345678901234567.89")
    web.post(BILLS, **created())

    client.create("vendorBill", {"amount": amount, "line": 1, "name": 'Müller "&" Sohn\n', "hold": False, "x": None})

    body = json.loads(web.calls[0].request.body, parse_float=Decimal)
    assert body == {"amount": amount, "line": 1, "name": 'Müller "&" Sohn\n', "hold": False, "x": None}


def test_binary_floats_are_no_amounts(client):
    with pytest.raises(TypeError):
        client.create("vendorBill", {"amount": 0.1})


def test_a_reply_without_location_is_lost(web, client):
    web.post(BILLS, status=204)

    with pytest.raises(ReplyLost):
        client.create("vendorBill", {"externalId": "cf-1"})


def test_a_taken_external_id_is_found_by_asking_for_it(web, client):
    web.post(BILLS, **an_error(400, "USER_ERROR", "This record already exists."))
    web.get(f"{BILLS}/eid:cf-1", json={"id": "812"})

    with pytest.raises(DuplicateExternalId) as raised:
        client.create("vendorBill", {"externalId": "cf-1"})

    assert raised.value.detail == "This record already exists."


def test_a_refusal_for_another_reason_stays_one(web, client, waits):
    detail = (
        "Error while accessing a resource. You have entered an Invalid Field Value 9999 for the following field: item"
    )
    web.post(BILLS, **an_error(400, "INVALID_CONTENT", detail, **{"o:errorPath": "item.items[0].item"}))
    web.get(f"{BILLS}/eid:cf-1", **MISSING)

    with pytest.raises(ErpRefusal) as raised:
        client.create("vendorBill", {"externalId": "cf-1"})

    error = raised.value
    assert not isinstance(error, DuplicateExternalId)
    assert (error.code, error.detail, error.path, error.status) == (
        "INVALID_CONTENT",
        detail,
        "item.items[0].item",
        400,
    )
    assert waits == []


# Reading


def test_a_record_is_read_with_its_lines_and_exact_numbers(web, client):
    web.get(
        f"{BILLS}/eid:cf-1",
        body='{"id": "812", "total": 612.10}',
        match=[responses.matchers.query_param_matcher({"expandSubResources": "true"})],
    )

    record = client.get("vendorBill", "eid:cf-1")

    assert record["total"] == Decimal("612.10")


def test_a_missing_record(web, client):
    web.get(f"{BILLS}/9", **MISSING)

    with pytest.raises(RecordMissing):
        client.get("vendorBill", "9")


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", '"text"', "null", "[" * 100_000],
    ids=["empty", "broken", "list", "text", "null", "nested"],
)
def test_what_is_not_a_json_object_is_unexpected(web, client, body):
    web.get(f"{BILLS}/812", body=body, content_type="application/json")

    with pytest.raises(UnexpectedReply):
        client.get("vendorBill", "812")


def test_an_oversized_answer_is_not_read_to_its_end(web, client, monkeypatch):
    monkeypatch.setattr(client_module, "REPLY_BYTES_MAX", 1000)
    for _ in range(ATTEMPTS_MAX):
        web.get(f"{BILLS}/812", body=json.dumps({"id": "8" * 1000}))

    with pytest.raises(UnexpectedReply) as raised:
        client.get("vendorBill", "812")

    assert raised.value.code == "reply_too_large"


def test_a_restlets_error_is_typed_as_well(web, client):
    web.get(f"{BILLS}/812", status=400, json={"error": {"code": "SSS_INVALID_SCRIPTLET_ID", "message": "No such."}})

    with pytest.raises(ErpRefusal) as raised:
        client.get("vendorBill", "812")

    assert (raised.value.code, raised.value.detail) == ("SSS_INVALID_SCRIPTLET_ID", "No such.")


def test_rows_are_text_with_lower_case_names(web, client):
    web.post(
        SUITEQL,
        json=a_page({"links": [], "ID": "1", "total": "-1250.50"}),
        match=[responses.matchers.json_params_matcher({"q": "SELECT 1 FROM dual", "params": ["501"]})],
    )

    assert list(client.suiteql("SELECT 1 FROM dual", ["501"])) == [{"id": "1", "total": "-1250.50"}]

    assert web.calls[0].request.headers["Prefer"] in ("transient", b"transient")


def test_a_bounded_query_that_is_not_gives_nothing(web, client):
    web.post(SUITEQL, json=a_page({"id": "1"}, more=True))

    with pytest.raises(TooManyRows):
        next(client.suiteql("SELECT id FROM vendor"))


@pytest.mark.parametrize(
    "reply",
    [{}, {"items": "x", "hasMore": False}, {"items": [1], "hasMore": False}, {"items": []}],
    ids=["nothing", "no list", "no rows", "no hasMore"],
)
def test_an_answer_that_is_not_rows_is_never_taken_for_no_rows(web, client, reply):
    web.post(SUITEQL, json=reply)

    with pytest.raises(UnexpectedReply):
        list(client.suiteql("SELECT id FROM vendor"))


def test_a_query_error_is_a_refusal_with_netsuites_words(web, client):
    detail = "Invalid search query. Search error occurred: Unknown identifier 'x'."
    web.post(SUITEQL, **an_error(400, "INVALID_PARAMETER", detail, **{"o:errorQueryParam": "q"}))

    with pytest.raises(ErpRefusal) as raised:
        list(client.suiteql("SELECT x FROM vendor"))

    assert (raised.value.detail, raised.value.path) == (detail, "q")


def test_pages_go_on_behind_the_last_row_whatever_changed_before_it(web, client):
    table = [{"id": str(number)} for number in range(1, 8)]

    def answer(request):
        after = int(json.loads(request.body)["q"].rpartition(" ")[2])
        behind = [row for row in table if int(row["id"]) > after]
        table[:] = table[1:] if after else table  # rows in front vanish while the reader goes on
        return 200, {}, json.dumps(a_page(*behind[:3], more=len(behind) > 3))

    web.add_callback(responses.POST, SUITEQL, callback=answer)

    pages = list(client.suiteql_pages(lambda row: (f"id > {row['id'] if row else 0}", ()), page_rows=3))

    assert [[row["id"] for row in page] for page in pages] == [["1", "2", "3"], ["4", "5", "6"], ["7"]]


def test_an_empty_page_that_promises_more_is_unexpected(web, client):
    web.post(SUITEQL, json=a_page(more=True))

    with pytest.raises(UnexpectedReply):
        list(client.suiteql_pages(lambda row: ("q", ())))


def test_pages_end_at_their_limit(web, client, monkeypatch):
    monkeypatch.setattr(client_module, "PAGES_MAX", 2)
    web.post(SUITEQL, json=a_page({"id": "1"}, more=True))

    with pytest.raises(TooManyRows):
        list(client.suiteql_pages(lambda row: ("q", ())))

    assert len(web.calls) == 2
