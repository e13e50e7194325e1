"""Signing people in: the user pool checks passwords, and its ID token is checked again on every request.

The keys that tokens are signed with are kept while the function is warm; a token with a key that is not among them
has them read again, at most once in `KEYS_PAUSE_SECONDS`, so that forged tokens cost no calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import jwt
import requests
from botocore.exceptions import ClientError

from counterfoil.domain.people import Person, person_of
from counterfoil.domain.records import Record
from counterfoil.errors import Refusal

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.literals import ChallengeNameTypeType
    from mypy_boto3_cognito_idp.type_defs import InitiateAuthResponseTypeDef, RespondToAuthChallengeResponseTypeDef

TOKEN_BYTES_MAX = 3_800
# An access token of the same person is no session here.
USE = "id"
CLOCK_LEEWAY_SECONDS = 10
KEYS_PAUSE_SECONDS = 60
KEYS_TIMEOUT_SECONDS = 3

# What the user pool may ask after the password, and the name it wants the answer under.
CHALLENGES = {
    "NEW_PASSWORD_REQUIRED": "NEW_PASSWORD",
    "SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE",
    "SMS_MFA": "SMS_MFA_CODE",
}


class SignedOut(Refusal):
    """There is no session, or its token is not to be believed."""

    code = "signed_out"


class SignInRefused(Refusal):
    """The user pool said no; `field` names what to correct: `password`, `answer` or nothing."""

    code = "sign_in_refused"

    def __init__(self, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.field = field


class Challenge(Record):
    """One more question before a person is signed in; `session` is the user pool's and lives for minutes."""

    name: str
    user: str
    session: str


class Session(Record):
    """Who is signed in and until when."""

    person: Person
    expires_at: datetime


# What the user pool's refusals mean: the field to correct and what to do about it.
_WRONG = ("password", "The name or the password is not right.")
_REFUSALS = {
    "NotAuthorizedException": _WRONG,
    "UserNotFoundException": _WRONG,
    "InvalidParameterException": _WRONG,
    "PasswordResetRequiredException": ("", "The password has to be reset: ask your administrator for a new one."),
    "UserNotConfirmedException": ("", "This account is not confirmed yet: ask your administrator."),
    "TooManyRequestsException": ("", "Too many tries: wait a few minutes, then try again."),
    "LimitExceededException": ("", "Too many tries: wait a few minutes, then try again."),
}
_EXPIRED = ("", "That took too long: sign in again.")
_ANSWER_REFUSALS = _REFUSALS | {
    "NotAuthorizedException": _EXPIRED,
    "ExpiredCodeException": _EXPIRED,
    "InvalidPasswordException": (
        "answer",
        "The password is too weak: take a longer one with upper and lower case letters, digits and symbols.",
    ),
    "PasswordHistoryPolicyViolationException": ("answer", "This password was used before: take another one."),
    "CodeMismatchException": ("answer", "The code is not right, or has run out: take the newest one."),
}


class SignIn:
    """One user pool and its client. Neither a password nor a token is kept."""

    def __init__(
        self,
        client: CognitoIdentityProviderClient,
        *,
        client_id: str,
        issuer: str,
        keys_address: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._client_id = client_id
        self._issuer = issuer
        self._keys_address = keys_address
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._keys_read_at: float | None = None

    def with_password(self, user: str, password: str) -> str | Challenge:
        """The ID token of a person, or the question that comes first; SignInRefused when the pool says no."""
        try:
            answer = self._client.initiate_auth(
                AuthFlow="USER_PASSWORD_AUTH",
                ClientId=self._client_id,
                AuthParameters={"USERNAME": user, "PASSWORD": password},
            )
        except ClientError as error:
            raise _refusal(error, _REFUSALS) from error
        return _token_or_challenge(answer, user)

    def with_answer(self, challenge: Challenge, answer: str) -> str | Challenge:
        """What comes after the answer to a question; SignInRefused when the pool says no."""
        if challenge.name not in CHALLENGES:
            raise SignInRefused(_EXPIRED[1])
        try:
            response = self._client.respond_to_auth_challenge(
                ClientId=self._client_id,
                ChallengeName=cast("ChallengeNameTypeType", challenge.name),
                Session=challenge.session,
                ChallengeResponses={"USERNAME": challenge.user, CHALLENGES[challenge.name]: answer},
            )
        except ClientError as error:
            raise _refusal(error, _ANSWER_REFUSALS) from error
        return _token_or_challenge(response, challenge.user)

    def session(self, token: str) -> Session:
        """Who an ID token speaks for; SignedOut unless the pool signed it for this client and it still holds."""
        if not token or len(token) > TOKEN_BYTES_MAX:
            raise SignedOut("sign in first")
        try:
            claims = jwt.decode(
                token,
                self._key(token),
                algorithms=["RS256"],
                audience=self._client_id,
                issuer=self._issuer,
                leeway=CLOCK_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "aud", "iss", "sub", "token_use"]},
            )
        except jwt.InvalidTokenError as error:
            raise SignedOut("the session is over: sign in again") from error
        if claims["token_use"] != USE:
            raise SignedOut("the session is over: sign in again")
        person = person_of(claims["sub"], claims.get("cognito:username", ""), claims.get("cognito:groups", []))
        return Session(person=person, expires_at=datetime.fromtimestamp(claims["exp"], UTC))

    def _key(self, token: str) -> jwt.PyJWK:
        key_id = jwt.get_unverified_header(token).get("kid", "")
        if key_id not in self._keys and self._keys_may_be_read():
            self._keys = self._read_keys()
            self._keys_read_at = self._clock()
        if key_id not in self._keys:
            raise jwt.InvalidTokenError("signed with a key that is not the user pool's")
        return self._keys[key_id]

    def _keys_may_be_read(self) -> bool:
        return self._keys_read_at is None or self._clock() - self._keys_read_at >= KEYS_PAUSE_SECONDS

    def _read_keys(self) -> dict[str, jwt.PyJWK]:
        response = requests.get(self._keys_address, timeout=KEYS_TIMEOUT_SECONDS, allow_redirects=False)
        response.raise_for_status()
        keys = jwt.PyJWKSet.from_dict(response.json()).keys
        return {key.key_id: key for key in keys if key.key_id}


def _token_or_challenge(
    answer: InitiateAuthResponseTypeDef | RespondToAuthChallengeResponseTypeDef, user: str
) -> str | Challenge:
    result = answer.get("AuthenticationResult") or {}
    token = result.get("IdToken")
    if token:
        if len(token) > TOKEN_BYTES_MAX:
            raise SignInRefused("You have more roles than a browser session can carry: ask your administrator.")
        return token
    name = answer.get("ChallengeName", "")
    if name not in CHALLENGES:
        raise SignInRefused("This account needs a way to sign in that this page does not have: ask your administrator.")
    parameters = answer.get("ChallengeParameters") or {}
    return Challenge(name=name, user=parameters.get("USER_ID_FOR_SRP", user), session=answer.get("Session", ""))


def _refusal(error: ClientError, refusals: dict[str, tuple[str, str]]) -> Exception:
    """The refusal that an error of the user pool means; the error itself when it means none."""
    known = refusals.get(error.response.get("Error", {}).get("Code", ""))
    return SignInRefused(known[1], field=known[0]) if known else error
