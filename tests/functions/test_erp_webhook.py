"""The ERP's notices: believed when signed, fresh and new; anything else is refused and says why."""

from __future__ import annotations

import base64
import json
import zlib

import boto3
import pytest

from counterfoil import wiring
from counterfoil.domain.webhooks import AGE_SECONDS_MAX, BODY_BYTES_MAX, RECORD_ID_MAX, signature_of
from counterfoil.store import SyncRequest
from tests.conftest import TABLE
from tests.functions.wired import Context, call, event, handler

SECRET = "example-webhook-secret"
BODY = '{"recordType": "itemReceipt", "id": "4711"}'


@pytest.fixture(autouse=True)
def secrets(services, clock, monkeypatch):
    client = boto3.client("secretsmanager")
    client.create_secret(Name="counterfoil/demo/webhook", SecretString=SECRET)
    client.create_secret(Name="counterfoil/other/webhook", SecretString="the other's")
    monkeypatch.setattr(wiring, "now", clock)


@pytest.fixture
def requests(services):
    """What was asked of sync so far, whichever company it was for."""

    def asked():
        items = boto3.client("dynamodb").scan(TableName=TABLE)["Items"]
        bodies = [item["body"]["B"] for item in items if item.get("entity") == {"S": "sync_request"}]
        return [SyncRequest.model_validate_json(zlib.decompress(body)) for body in bodies]

    return asked


def send(text, clock, *, secret=SECRET, age=0, **replaced):
    timestamp = str(int(clock().timestamp()) - age)
    headers = {"x-counterfoil-timestamp": timestamp, "x-counterfoil-signature": signature_of(secret, timestamp, text)}
    message = event("erp_webhook.receipt") | {"headers": headers, "body": text} | replaced
    return handler("erp_webhook")(message, Context())


def detail(answer):
    problem = json.loads(answer["body"])
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer["statusCode"]
    return problem["detail"]


def test_a_signed_notice_has_its_record_read(requests):
    answer = call("erp_webhook.receipt")

    assert answer["statusCode"] == 202
    [request] = requests()
    assert (request.company, request.kind, request.record_id) == ("demo", "receipts", "4711")


def test_an_unsigned_notice_is_refused(requests):
    answer = call("erp_webhook.unsigned")

    assert answer["statusCode"] == 401
    assert "X-Counterfoil-Signature" in detail(answer)
    assert requests() == []


def test_a_notice_is_taken_once(requests):
    call("erp_webhook.receipt")

    again = call("erp_webhook.receipt")

    assert again["statusCode"] == 409
    assert "before" in detail(again)
    assert len(requests()) == 1


def test_a_signature_in_other_letters_is_no_new_notice(clock, requests):
    send(BODY, clock)
    timestamp = str(int(clock().timestamp()))
    shouted = "sha256=" + signature_of(SECRET, timestamp, BODY).removeprefix("sha256=").upper()

    again = send(BODY, clock, headers={"X-COUNTERFOIL-TIMESTAMP": timestamp, "X-COUNTERFOIL-SIGNATURE": shouted})

    assert again["statusCode"] == 401
    assert len(requests()) == 1


def test_a_notice_signed_with_another_secret_is_refused(clock, requests):
    answer = send(BODY, clock, secret="guessed")

    assert answer["statusCode"] == 401
    assert requests() == []


def test_a_notice_changed_on_its_way_is_refused(clock, requests):
    timestamp = str(int(clock().timestamp()))
    headers = {"x-counterfoil-timestamp": timestamp, "x-counterfoil-signature": signature_of(SECRET, timestamp, BODY)}

    answer = send(BODY.replace("4711", "4712"), clock, headers=headers)

    assert answer["statusCode"] == 401
    assert requests() == []


def test_a_notice_of_goods_sent_back_asks_for_the_shipment(clock, requests):
    assert send('{"recordType": "itemFulfillment", "id": 4712}', clock)["statusCode"] == 202

    [request] = requests()
    assert (request.kind, request.record_id) == ("returns", "4712")


@pytest.mark.parametrize(
    ("age", "status"),
    [
        pytest.param(AGE_SECONDS_MAX, 202, id="as old as it may be"),
        pytest.param(AGE_SECONDS_MAX + 1, 401, id="a second older"),
        pytest.param(-AGE_SECONDS_MAX, 202, id="as far ahead as it may be"),
        pytest.param(-AGE_SECONDS_MAX - 1, 401, id="a second further"),
    ],
)
def test_a_notice_holds_for_five_minutes(clock, age, status):
    assert send(BODY, clock, age=age)["statusCode"] == status


def test_a_notice_cannot_be_repeated_once_its_trace_is_gone(clock, requests):
    """The trace outlives the message: what was forgotten is too old to be believed."""
    send(BODY, clock, age=-AGE_SECONDS_MAX)
    [trace] = [
        item for item in boto3.client("dynamodb").scan(TableName=TABLE)["Items"] if "#SIGNATURE#" in item["pk"]["S"]
    ]

    believed_until = clock().timestamp() + 2 * AGE_SECONDS_MAX

    assert int(trace["expires_at"]["N"]) > believed_until


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "1772442000.5", "١٧٧٢٤٤٢٠٠٠", "9" * 40])
def test_a_timestamp_that_is_no_unix_seconds_is_refused(clock, timestamp):
    headers = {
        "x-counterfoil-timestamp": timestamp,
        "x-counterfoil-signature": signature_of(SECRET, timestamp, BODY),
    }

    assert send(BODY, clock, headers=headers)["statusCode"] == 401


@pytest.mark.parametrize("signature", ["sha256=", "é", "sha256=" + "0" * 64, "sha1=0"])
def test_a_signature_that_is_none_is_refused(clock, signature):
    headers = {"x-counterfoil-timestamp": str(int(clock().timestamp())), "x-counterfoil-signature": signature}

    assert send(BODY, clock, headers=headers)["statusCode"] == 401


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param("", "not JSON", id="empty"),
        pytest.param("{", "not JSON", id="cut off"),
        pytest.param("[" * 60_000, "not JSON", id="nested without end"),
        pytest.param("[]", "not a JSON object", id="a list"),
        pytest.param("{}", "recordType", id="no record type"),
        pytest.param('{"recordType": "employee", "id": "1"}', "recordType", id="a kind that is not read"),
        pytest.param('{"recordType": ["vendor"], "id": "1"}', "recordType", id="a type that is a list"),
        pytest.param('{"recordType": "vendor"}', "id", id="no id"),
        pytest.param('{"recordType": "vendor", "id": "1 OR 1=1"}', "id", id="an id that is no number"),
        pytest.param('{"recordType": "vendor", "id": "²"}', "id", id="a digit that is no number"),
        pytest.param('{"recordType": "vendor", "id": true}', "id", id="an id that is true"),
        pytest.param('{"recordType": "vendor", "id": {"a": 1}}', "id", id="an id that is an object"),
        pytest.param('{"recordType": "vendor", "id": "%s"}' % ("1" * (RECORD_ID_MAX + 1)), "id", id="an endless id"),
        pytest.param(
            '{"company": "A#B", "recordType": "vendor", "id": "1"}', "company", id="a company that is no name"
        ),
        pytest.param('{"company": 5, "recordType": "vendor", "id": "1"}', "company", id="a company that is a number"),
    ],
)
def test_a_malformed_notice_is_refused_and_says_why(clock, requests, body, says):
    answer = send(body, clock)

    assert answer["statusCode"] == 400
    assert says in detail(answer)
    assert requests() == []


def test_a_malformed_notice_with_a_wrong_signature_is_not_looked_into(clock):
    answer = send('{"recordType": "employee"}', clock, secret="guessed")

    assert answer["statusCode"] == 401


def test_a_body_of_the_largest_size_is_read_and_a_byte_more_is_not(clock, requests):
    padding = BODY_BYTES_MAX - len(BODY)

    assert send(BODY + " " * padding, clock)["statusCode"] == 202
    too_large = send(BODY + " " * (padding + 1), clock)

    assert too_large["statusCode"] == 400
    assert str(BODY_BYTES_MAX) in detail(too_large)
    assert len(requests()) == 1


def test_an_unknown_company_is_answered_like_a_wrong_signature(clock):
    body = '{"company": "nobody", "recordType": "vendor", "id": "1"}'

    unknown = send(body, clock)
    wrong = send(body.replace("nobody", "other"), clock)

    assert unknown["statusCode"] == wrong["statusCode"] == 401
    assert unknown["body"] == wrong["body"]


def test_a_company_cannot_speak_for_another(clock, requests):
    answer = send('{"company": "other", "recordType": "vendor", "id": "1"}', clock)

    assert answer["statusCode"] == 401
    assert requests() == []


def test_a_notice_goes_to_the_company_that_signed_it(clock, requests):
    send('{"company": "other", "recordType": "vendor", "id": "1"}', clock, secret="the other's")

    assert [request.company for request in requests()] == ["other"]


def test_a_body_that_the_gateway_encoded_is_signed_as_it_was_sent(clock):
    body = '{"recordType": "vendor", "id": "1", "name": "Müller"}'
    timestamp = str(int(clock().timestamp()))

    answer = send(
        body,
        clock,
        headers={
            "X-Counterfoil-Timestamp": timestamp,
            "X-Counterfoil-Signature": signature_of(SECRET, timestamp, body),
        },
        body=base64.b64encode(body.encode()).decode(),
        isBase64Encoded=True,
    )

    assert answer["statusCode"] == 202


@pytest.mark.parametrize("body", ["%%%", "gICA"], ids=["not base64", "not UTF-8"])
def test_a_body_that_is_no_text_is_refused(clock, body):
    answer = send(BODY, clock, body=body, isBase64Encoded=True)

    assert answer["statusCode"] == 400


def test_a_request_without_headers_or_body_is_refused():
    answer = call("erp_webhook.unsigned", headers=None, body=None)

    assert answer["statusCode"] == 401


def test_no_secret_and_no_body_is_in_the_log(clock, caplog, capfd):
    send('{"recordType": "vendor", "id": "31337"}', clock)
    send('{"recordType": "vendor", "id": "31337"}', clock, secret="guessed")

    printed = "".join(capfd.readouterr()) + "".join(str(vars(record)) for record in caplog.records)
    assert [record.message for record in caplog.records] == ["webhook_accepted", "webhook_refused"]
    assert "31337" not in printed
    assert SECRET not in printed
