"""Who gets in: token signatures in all their forms, OAuth 2.0 assertions, roles, and the exact refusals."""

from __future__ import annotations

import time

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from oauthlib.oauth1 import Client as Signer
from requests_oauthlib import OAuth1

from erp_emulator import keys
from erp_emulator.credentials import credentials_of
from erp_emulator.tba import Refused, Verifier
from tests.emulator.client import Client, expense, split

REST_REFUSAL = {
    "type": "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.2",
    "title": "Unauthorized",
    "status": 401,
    "o:errorDetails": [
        {
            "detail": "Invalid login attempt. For more details, see the Login "
            "Audit Trail in the NetSuite UI at Setup > "
            "Users/Roles > User Management > View Login Audit Trail.",
            "o:errorCode": "INVALID_LOGIN",
        }
    ],
}
URL = "http://127.0.0.1:8990/services/rest/record/v1/vendorBill/7/!transform/vendorPayment"
CREDENTIALS = credentials_of("TSTDRV1234567")


def signed(url=URL, method="POST", *, signature="HMAC-SHA256", realm="TSTDRV1234567", **changes):
    token = CREDENTIALS.token_of_role("administrator")
    given = {
        "client_key": CREDENTIALS.consumer_key,
        "client_secret": CREDENTIALS.consumer_secret,
        "resource_owner_key": token.token_id,
        "resource_owner_secret": token.token_secret,
    }
    _, headers, _ = Signer(**{**given, **changes}, signature_method=signature, realm=realm).sign(url, method)
    return headers["Authorization"]


def verify(header, url=URL, method="POST", query="", now=None, verifier=None):
    return (verifier or Verifier(CREDENTIALS)).verify(method, [url], query, header, now or time.time())


def test_a_signed_request_is_let_in_with_its_exclamation_mark():
    assert verify(signed()).role == "administrator"


def test_a_query_may_be_encoded_either_way():
    for encoded in ("q=id%20EQUAL%201&limit=5", "q=id+EQUAL+1&limit=5"):
        assert verify(signed(f"{URL}?{encoded}"), query=encoded)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"client_secret": "x"}, "InvalidSignature", id="another consumer secret"),
        pytest.param({"resource_owner_secret": "x"}, "InvalidSignature", id="another token secret"),
        pytest.param({"client_key": "x"}, "consumer_key_unknown", id="unknown consumer"),
        pytest.param({"resource_owner_key": "x"}, "token_rejected", id="unknown token"),
        pytest.param({"signature": "HMAC-SHA1"}, "UnknownAlgorithm", id="the old algorithm"),
        pytest.param({"realm": "OTHER"}, "InvalidRealm", id="another account"),
        pytest.param({"timestamp": "1700000000"}, "InvalidTimestamp", id="an old timestamp"),
        pytest.param({"nonce": "abc"}, "nonce_rejected", id="a short nonce"),
    ],
)
def test_what_is_not_right_about_a_signature_is_told_apart(change, reason):
    with pytest.raises(Refused) as refused:
        verify(signed(**change))
    assert refused.value.reason == reason


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_timestamp_holds_for_five_minutes(seconds):
    now = int(time.time())
    assert verify(signed(timestamp=str(now)), now=now + (299 if seconds > 0 else -299))
    with pytest.raises(Refused, match="InvalidTimestamp"):
        verify(signed(timestamp=str(now)), now=now + seconds)


def test_a_nonce_is_used_once():
    verifier, header = Verifier(CREDENTIALS), signed()
    verify(header, verifier=verifier)
    with pytest.raises(Refused, match="NonceUsed"):
        verify(header, verifier=verifier)


def test_the_account_may_be_written_as_in_its_address():
    made = credentials_of("TSTDRV123_SB1")
    token = made.token_of_role("administrator")
    for realm in ("TSTDRV123_SB1", "tstdrv123-sb1"):
        signer = Signer(
            made.consumer_key,
            made.consumer_secret,
            token.token_id,
            token.token_secret,
            signature_method="HMAC-SHA256",
            realm=realm,
        )
        header = signer.sign(URL, "POST")[1]["Authorization"]
        assert Verifier(made).verify("POST", [URL], "", header, time.time())


@pytest.mark.parametrize(
    "header", ["", "OAuth", "OAuth realm", 'OAuth a="1", a="2"', "Basic eDp5", "Bearer a.b.c", "OAuth " + "x" * 9000]
)
def test_a_malformed_header_never_breaks_the_server(emulator, header):
    reply = requests.get(
        f"{emulator.url}/services/rest/record/v1/vendor", headers={"Authorization": header}, timeout=10
    )

    assert reply.status_code in (400, 401)
    assert reply.json()["o:errorDetails"][0]["o:errorCode"] in ("INVALID_LOGIN", "INVALID_REQUEST")


def test_a_refused_login_has_netsuites_own_body(emulator):
    reply = requests.get(f"{emulator.url}/services/rest/record/v1/vendor", timeout=10)

    assert (reply.status_code, reply.json()) == (401, REST_REFUSAL)
    assert reply.headers["Content-Type"] == "application/vnd.oracle.resource+json; type=error"
    assert reply.headers["WWW-Authenticate"] == (
        'OAuth realm="TSTDRV1234567", error="token_rejected", error_description="Invalid login attempt."'
    )
    script = requests.get(f"{emulator.url}/app/site/hosting/restlet.nl?script=1&deploy=1", timeout=10)
    assert script.status_code == 401
    assert script.json() == {"error": {"code": "INVALID_LOGIN_ATTEMPT", "message": "Invalid login attempt."}}


def test_options_says_whether_one_is_let_in(client):
    assert client.call("OPTIONS", "/*").status_code == 204
    assert requests.options(f"{client.root}/*", timeout=10).status_code == 401


def test_tokeninfo_tells_who_one_is(client):
    info = client.get(f"{client.emulator.url}/rest/tokeninfo")
    assert (info["companyId"], info["roleName"]) == ("TSTDRV1234567", "Administrator")


# OAuth 2.0.


def assertion(emulator, *, key=None, algorithm="PS256", kid=None, **claims):
    made = emulator.credentials
    now = int(time.time())
    body = {
        "iss": made["oauth2_client_id"],
        "scope": ["rest_webservices", "restlets"],
        "aud": f"{emulator.url}/services/rest/auth/oauth2/v1/token",
        "iat": now,
        "exp": now + 3600,
        **claims,
    }
    headers = {"kid": kid or made["oauth2_certificate_id"]}
    return jwt.encode(body, key or made["oauth2_private_key_pem"], algorithm=algorithm, headers=headers)


def ask_token(emulator, signed_assertion, **changes):
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": signed_assertion,
        **changes,
    }
    return requests.post(f"{emulator.url}/services/rest/auth/oauth2/v1/token", data=form, timeout=20)


def bearer(emulator, token, path="/services/rest/record/v1/vendor/501"):
    return requests.get(f"{emulator.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=10)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({}, id="as the client makes it"),
        pytest.param({"scope": "restlets, rest_webservices"}, id="scopes in a text"),
        pytest.param(
            {"aud": "https://tstdrv1234567.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"},
            id="real audience",
        ),
        pytest.param(
            {"aud": "('https://tstdrv1234567.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token',)"},
            id="audience as netsuite-python prints it",
        ),
        pytest.param(
            {"aud": ["https://tstdrv1234567.restlets.api.netsuite.com/services/rest/auth/oauth2/v1/token"]},
            id="several audiences",
        ),
        pytest.param({"iat": time.time(), "exp": time.time() + 3600}, id="times with fractions"),
    ],
)
def test_an_assertion_buys_a_token_that_lets_in(emulator, claims):
    reply = ask_token(emulator, assertion(emulator, **claims))

    assert reply.status_code == 200, reply.text
    granted = reply.json()
    assert (granted["expires_in"], granted["token_type"]) == ("3600", "Bearer")
    assert bearer(emulator, granted["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("claims", "form", "status", "error"),
    [
        ({"iss": "x"}, {}, 401, "invalid_client"),
        ({"exp": int(time.time()) - 10}, {}, 400, "invalid_grant"),
        ({"exp": int(time.time()) + 7300}, {}, 400, "invalid_grant"),
        ({"aud": "https://example.com/token"}, {}, 400, "invalid_grant"),
        ({"scope": ["email"]}, {}, 400, "invalid_scope"),
        ({}, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, {"client_assertion": "x"}, 400, "invalid_request"),
        ({}, {"client_assertion_type": "x"}, 400, "invalid_request"),
    ],
)
def test_what_is_wrong_with_a_token_request_is_told_in_oauths_words(emulator, claims, form, status, error):
    reply = ask_token(emulator, assertion(emulator, **claims), **form)

    assert (reply.status_code, reply.json()["error"]) == (status, error)
    assert ("WWW-Authenticate" in reply.headers) == (status == 401)


def test_the_life_of_a_token_is_a_text_or_a_number(emulator, client):
    client.control("preferences", {"tokenExpiresIn": "number"}, "PATCH")

    assert ask_token(emulator, assertion(emulator)).json()["expires_in"] == 3600


def test_the_rsa_algorithm_that_netsuite_refuses_is_refused(emulator):
    reply = ask_token(emulator, assertion(emulator, algorithm="RS256"))

    assert reply.json()["error"] == "invalid_grant"


def test_a_certificate_of_ones_own_may_be_an_elliptic_curve(emulator):
    key = ec.generate_private_key(ec.SECP256R1())
    pem = (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    kid = requests.post(f"{emulator.url}/_emulator/certificates", json={"pem": pem}, timeout=10).json()[
        "certificate_id"
    ]

    reply = ask_token(emulator, assertion(emulator, key=key, algorithm="ES256", kid=kid))

    assert reply.status_code == 200, reply.text


def test_a_token_lives_an_hour_and_no_other_is_taken(emulator):
    token = ask_token(emulator, assertion(emulator)).json()["access_token"]
    requests.post(f"{emulator.url}/_emulator/clock", json={"advance": {"minutes": 61}}, timeout=10)

    expired = bearer(emulator, token)
    assert (expired.status_code, expired.json()) == (401, REST_REFUSAL)
    assert 'error="invalid_token"' in expired.headers["WWW-Authenticate"]
    malformed = bearer(emulator, "nonsense")
    assert malformed.status_code == 400
    assert malformed.headers["WWW-Authenticate"].startswith('Bearer realm="TSTDRV1234567", error="invalid_request"')


def test_a_token_serves_only_its_scopes(emulator):
    token = ask_token(emulator, assertion(emulator, scope=["restlets"])).json()["access_token"]

    assert bearer(emulator, token).status_code == 403
    assert bearer(emulator, token, "/app/site/hosting/restlet.nl?script=102&deploy=1").status_code == 200


def test_access_tokens_can_be_checked_with_the_public_keys(emulator):
    token = ask_token(emulator, assertion(emulator)).json()["access_token"]
    [key] = requests.get(f"{emulator.url}/services/rest/auth/oauth2/v1/keys", timeout=10).json()["keys"]

    claims = jwt.decode(token, jwt.PyJWK(key).key, algorithms=["ES256"], options={"verify_aud": False})

    assert claims["iss"] == "https://system.netsuite.com"


def test_the_noted_primes_are_those_that_a_search_finds():
    account, purpose = "TSTDRV1234567", "oauth2"

    assert keys.KNOWN_STEPS[(account, purpose)] == keys.steps_of(account, purpose)


# Roles.


def test_a_role_does_what_it_may(emulator):
    with Client(emulator, "ap_clerk") as clerk:
        bill = clerk.expense_bill()
        assert clerk.get(f"/record/v1/vendorBill/{bill}")["id"] == bill
        for method, path, body in (
            ("POST", "/record/v1/purchaseOrder", {"entity": "501", **split((expense(1),))}),
            ("PATCH", "/record/v1/vendor/501", {"custentity_iban": "X"}),
            ("GET", "/record/v1/employee/25", None),
            ("GET", "/record/v1/journalEntry", None),
        ):
            detail = clerk.refused(method, path, body, status=403)
            assert detail["o:errorCode"] == "INSUFFICIENT_PERMISSION"
            assert detail["detail"].startswith("Permission Violation: ")
        text = clerk.query_refused("SELECT t.id FROM transaction t LEFT JOIN subsidiary s ON s.id = t.subsidiary")
        assert text.endswith("Search error occurred: Record 'subsidiary' was not found.")


def test_a_role_without_rest_is_refused_everything(emulator):
    with Client(emulator, "no_rest") as nobody:
        assert nobody.refused("GET", "/record/v1/vendor", status=403)["o:errorCode"] == "INSUFFICIENT_PERMISSION"


def test_a_role_that_reads_does_not_write(emulator):
    with Client(emulator, "read_only") as reader:
        reader.get("/record/v1/vendor/501")
        for method in ("PATCH", "DELETE"):
            reader.refused(method, "/record/v1/vendorBill/1055", {}, status=403)


def test_a_signature_is_for_one_address_and_one_method(emulator, client):
    token = client.keys
    auth = OAuth1(*token, signature_method="HMAC-SHA256", realm=emulator.account.name)
    header = (
        requests.Request("GET", f"{client.root}/record/v1/vendor/501", auth=auth).prepare().headers["Authorization"]
    )

    for method, path in (
        ("GET", "/record/v1/vendor/502"),
        ("DELETE", "/record/v1/vendor/501"),
        ("GET", "/record/v1/vendor/501?fields=email"),
    ):
        reply = requests.request(method, client.root + path, headers={"Authorization": header}, timeout=10)
        assert reply.status_code == 401
