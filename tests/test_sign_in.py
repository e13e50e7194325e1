"""Which tokens are believed: the user pool's own, for this client, while they hold. Nothing else opens a session."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime

import boto3
import jwt
import pytest
import requests
import responses
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from counterfoil.domain.people import Role
from counterfoil.settings import Settings
from counterfoil.sign_in import (
    CLOCK_LEEWAY_SECONDS,
    KEYS_PAUSE_SECONDS,
    TOKEN_BYTES_MAX,
    Challenge,
    SignedOut,
    SignIn,
    SignInRefused,
)

ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE"
CLIENT = "client-1"
KEYS = f"{ISSUER}/.well-known/jwks.json"
OURS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
THEIRS = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_set(**keys):
    """A user pool's key set: key id to private key."""
    listed = [
        json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": name, "alg": "RS256", "use": "sig"}
        for name, key in keys.items()
    ]
    return {"keys": listed}


def a_token(*, key=OURS, kid="ours", algorithm="RS256", without=(), **claims):
    now = int(time.time())
    content = {
        "sub": "8f3c",
        "aud": CLIENT,
        "iss": ISSUER,
        "token_use": "id",
        "iat": now,
        "exp": now + 3600,
        "cognito:username": "mia",
        "cognito:groups": ["demo.ap_manager"],
    } | claims
    for name in without:
        del content[name]
    return jwt.encode(content, key, algorithm=algorithm, headers={"kid": kid})


class Ticks:
    def __init__(self):
        self.at = 1_000.0

    def __call__(self):
        return self.at


@pytest.fixture
def cognito():
    return boto3.client("cognito-idp", region_name="eu-central-1")


@pytest.fixture
def ticks():
    return Ticks()


@pytest.fixture
def sign_in(cognito, ticks):
    return SignIn(cognito, client_id=CLIENT, issuer=ISSUER, keys_address=KEYS, clock=ticks)


@pytest.fixture
def pool():
    """The user pool's key set, served."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as served:
        served.get(KEYS, json=key_set(ours=OURS))
        yield served


def test_a_token_of_the_user_pool_opens_a_session(sign_in, pool):
    session = sign_in.session(a_token(exp=4_000_000_000))

    assert session.person.id == "8f3c"
    assert session.person.name == "mia"
    assert session.person.roles == {"demo": frozenset({Role.AP_MANAGER})}
    assert session.expires_at == datetime.fromtimestamp(4_000_000_000, UTC)


def test_a_person_without_groups_has_a_session_and_no_roles(sign_in, pool):
    session = sign_in.session(a_token(without=["cognito:groups"]))

    assert session.person.roles == {}


def unsigned(token):
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "ours"}).encode()).rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


def changed(token):
    """The same token with another person in it, under the old signature."""
    header, body, signature = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps(content | {"sub": "eve"}).encode()).rstrip(b"=").decode()
    return f"{header}.{forged}.{signature}"


def signed_with_the_public_key(token):
    """The known confusion: HMAC with the published key as its secret."""
    import hashlib
    import hmac

    secret = OURS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "ours"}).encode()).rstrip(b"=").decode()
    signed = f"{header}.{token.split('.')[1]}"
    signature = base64.urlsafe_b64encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest()).rstrip(b"=")
    return f"{signed}.{signature.decode()}"


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="none"),
        pytest.param("x", id="no token"),
        pytest.param("a.b.c", id="three parts of nothing"),
        pytest.param("é.é.é", id="no ASCII"),
        pytest.param(a_token(key=THEIRS), id="signed by somebody else with our key's name"),
        pytest.param(a_token(key=THEIRS, kid="theirs"), id="signed with an unknown key"),
        pytest.param(unsigned(a_token()), id="unsigned"),
        pytest.param(changed(a_token()), id="changed"),
        pytest.param(signed_with_the_public_key(a_token()), id="signed with the public key"),
        pytest.param(a_token(algorithm="RS384"), id="another algorithm"),
        pytest.param(a_token(exp=int(time.time()) - CLOCK_LEEWAY_SECONDS - 1), id="expired"),
        pytest.param(a_token(iat=int(time.time()) + 3600), id="issued in the future"),
        pytest.param(a_token(nbf=int(time.time()) + 3600), id="not valid yet"),
        pytest.param(a_token(aud="client-2"), id="for another client"),
        pytest.param(a_token(iss=ISSUER + "2"), id="of another user pool"),
        pytest.param(a_token(token_use="access"), id="an access token"),
        *(
            pytest.param(a_token(without=[claim]), id=f"without {claim}")
            for claim in ("exp", "iat", "aud", "iss", "sub", "token_use")
        ),
        pytest.param(a_token(pad="x" * TOKEN_BYTES_MAX), id="larger than a cookie"),
    ],
)
def test_any_other_token_opens_none(sign_in, pool, token):
    with pytest.raises(SignedOut):
        sign_in.session(token)


def test_the_keys_are_read_once(sign_in, pool):
    for _ in range(3):
        sign_in.session(a_token())

    assert len(pool.calls) == 1


def test_forged_key_names_cost_one_reading_a_minute(sign_in, pool, ticks):
    for number in range(5):
        with pytest.raises(SignedOut):
            sign_in.session(a_token(key=THEIRS, kid=f"forged-{number}"))
    assert len(pool.calls) == 1

    ticks.at += KEYS_PAUSE_SECONDS
    with pytest.raises(SignedOut):
        sign_in.session(a_token(key=THEIRS, kid="forged"))

    assert len(pool.calls) == 2


def test_a_new_key_of_the_user_pool_is_believed_after_a_pause(sign_in, pool, ticks):
    sign_in.session(a_token())
    pool.replace(responses.GET, KEYS, json=key_set(new=THEIRS))
    ticks.at += KEYS_PAUSE_SECONDS

    assert sign_in.session(a_token(key=THEIRS, kid="new")).person.name == "mia"
    with pytest.raises(SignedOut):
        sign_in.session(a_token())


def test_keys_that_cannot_be_read_are_a_fault_and_no_refusal(sign_in, pool):
    pool.replace(responses.GET, KEYS, status=503)

    with pytest.raises(requests.HTTPError):
        sign_in.session(a_token())


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("NotAuthorizedException", "password"),
        ("UserNotFoundException", "password"),
        ("PasswordResetRequiredException", ""),
        ("TooManyRequestsException", ""),
    ],
)
def test_a_refused_password_says_what_to_correct(sign_in, cognito, code, field):
    with Stubber(cognito) as stubbed, pytest.raises(SignInRefused) as refusal:
        stubbed.add_client_error("initiate_auth", code, "inner detail")
        sign_in.with_password("mia", "x")

    assert refusal.value.field == field
    assert "inner" not in refusal.value.detail


def test_an_unknown_person_is_answered_like_a_wrong_password(sign_in, cognito):
    details = []
    for code in ("NotAuthorizedException", "UserNotFoundException"):
        with Stubber(cognito) as stubbed, pytest.raises(SignInRefused) as refusal:
            stubbed.add_client_error("initiate_auth", code)
            sign_in.with_password("mia", "x")
        details.append(refusal.value.detail)

    assert details[0] == details[1]


def test_a_fault_of_the_user_pool_is_no_refusal(sign_in, cognito):
    with Stubber(cognito) as stubbed, pytest.raises(ClientError):
        stubbed.add_client_error("initiate_auth", "InternalErrorException")
        sign_in.with_password("mia", "x")


def test_a_second_factor_is_asked_for_and_answered(sign_in, cognito):
    with Stubber(cognito) as stubbed:
        asked = {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s" * 20, "ChallengeParameters": {}}
        stubbed.add_response("initiate_auth", asked)
        challenge = sign_in.with_password("mia", "x")
        stubbed.add_response(
            "respond_to_auth_challenge",
            {"AuthenticationResult": {"IdToken": "token"}},
            {
                "ClientId": CLIENT,
                "ChallengeName": "SOFTWARE_TOKEN_MFA",
                "Session": "s" * 20,
                "ChallengeResponses": {"USERNAME": "mia", "SOFTWARE_TOKEN_MFA_CODE": "123456"},
            },
        )
        token = sign_in.with_answer(challenge, "123456")

    assert challenge == Challenge(name="SOFTWARE_TOKEN_MFA", user="mia", session="s" * 20)
    assert token == "token"


def test_a_question_that_the_page_cannot_ask_is_said_so(sign_in, cognito):
    with Stubber(cognito) as stubbed, pytest.raises(SignInRefused, match="administrator"):
        stubbed.add_response("initiate_auth", {"ChallengeName": "DEVICE_SRP_AUTH", "Session": "s" * 20})
        sign_in.with_password("mia", "x")


def test_more_roles_than_a_cookie_holds_are_said_so(sign_in, cognito):
    with Stubber(cognito) as stubbed, pytest.raises(SignInRefused, match="roles"):
        token = "x" * (TOKEN_BYTES_MAX + 1)
        stubbed.add_response("initiate_auth", {"AuthenticationResult": {"IdToken": token}})
        sign_in.with_password("mia", "x")


@pytest.mark.parametrize(
    ("endpoint", "address", "is_local"),
    [
        pytest.param("", KEYS, False, id="on AWS"),
        pytest.param(
            "http://127.0.0.1:4566",
            "http://127.0.0.1:4566/eu-central-1_EXAMPLE/.well-known/jwks.json",
            True,
            id="on the local cloud",
        ),
        pytest.param(
            "https://endpoint.example/",
            "https://endpoint.example/eu-central-1_EXAMPLE/.well-known/jwks.json",
            False,
            id="through another endpoint",
        ),
    ],
)
def test_the_keys_are_where_the_user_pool_is(endpoint, address, is_local):
    settings = Settings({"AWS_ENDPOINT_URL": endpoint, "USER_POOL_ID": "eu-central-1_EXAMPLE"})

    assert settings.token_keys_address == address
    assert settings.token_issuer == ISSUER
    assert settings.is_local == is_local
