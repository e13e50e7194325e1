"""OAuth 2.0 client credentials: assertions signed with a certificate's key, and the bearer tokens that they buy.

Tokens are themselves signed and hold their role, so any process of the same account takes them.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from erp_emulator import keys
from erp_emulator.credentials import ROLES, Credentials, derive
from erp_emulator.http import Reply, Request
from erp_emulator.preferences import Preferences

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address, not a password
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
SCOPES = frozenset({"restlets", "rest_webservices", "suite_analytics"})
LIFE_SECONDS = 3600
SKEW_SECONDS = 300
ISSUER = "https://system.netsuite.com"


class TokenRefused(Exception):
    """A token request that is refused: OAuth's error word, and why (for the request log)."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason


class BearerRefused(Exception):
    """A bearer token that is not taken: `malformed` is a 400, all else a 401."""

    def __init__(self, *, is_malformed: bool) -> None:
        super().__init__("malformed" if is_malformed else "invalid")
        self.is_malformed = is_malformed


@dataclass(frozen=True)
class Bearer:
    role: str
    user: str
    scopes: frozenset[str]
    client_id: str


class OAuth2:
    """One account's token endpoint. Its own client and certificate are derived; more can be registered."""

    def __init__(self, credentials: Credentials, preferences: Preferences | None = None) -> None:
        self.account = credentials.account
        self.preferences = preferences or Preferences()
        self.clients = {derive(self.account, f"oauth2 client id/{role}"): (role, user) for role, user in ROLES.items()}
        self.certificate_id = derive(self.account, "oauth2 certificate id")[:43]
        self.registered: dict[str, Any] = {}
        self.revoked: set[str] = set()

    @property
    def client_id(self) -> str:
        return derive(self.account, "oauth2 client id/administrator")

    def private_key_pem(self) -> str:
        return keys.private_pem(keys.rsa_key(self.account, "oauth2"))

    def register(self, pem: str) -> str:
        """Take a certificate or public key; the id to send as `kid`. ValueError if it is not one NetSuite takes."""
        data = pem.encode()
        if "CERTIFICATE" in pem:
            key: Any = x509.load_pem_x509_certificate(data).public_key()
        else:
            key = serialization.load_pem_public_key(data)
        is_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size in (3072, 4096)
        is_ec = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ("secp256r1", "secp384r1", "secp521r1")
        if not is_rsa and not is_ec:
            raise ValueError("RSA with 3072 or 4096 bits, or EC P-256, P-384 or P-521")
        kid = derive(self.account, f"certificate/{pem}")[:43]
        self.registered[kid] = key
        return kid

    # The token endpoint.

    def token(self, request: Request, now: float, account_now: float) -> Reply:
        """A token for an assertion that holds at `now`; its life is counted on the account's own clock."""
        form = dict(_form(request.body))
        try:
            granted = self.grant(form, now, account_now)
        except TokenRefused as refused:
            headers = {}
            if refused.error == "invalid_client":
                headers["WWW-Authenticate"] = f'Basic realm="{self.account}"'
            status = 401 if refused.error == "invalid_client" else 400
            return Reply(status, {"error": refused.error, "error_description": refused.reason}, headers=headers)
        return Reply(200, granted, headers={"Cache-Control": "no-store"})

    def grant(self, form: dict[str, str], now: float, account_now: float) -> dict[str, Any]:
        if "grant_type" not in form:
            raise TokenRefused("invalid_request", "grant_type is missing")
        if form["grant_type"] != "client_credentials":
            raise TokenRefused("unsupported_grant_type", "only client_credentials")
        if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
            raise TokenRefused("invalid_request", "client_assertion or its type is missing")
        claims = self.claims(form["client_assertion"], now)
        role, user = self.clients[str(claims["iss"])]
        scopes = _scopes(claims.get("scope"))
        if not scopes or not scopes <= SCOPES:
            raise TokenRefused("invalid_scope", "scope is one or more of " + ", ".join(sorted(SCOPES)))
        token = jwt.encode(
            {
                "sub": f"{role};{user}",
                "aud": [str(claims["iss"]), f"emulator;{self.account}"],
                "scope": sorted(scopes),
                "iss": ISSUER,
                "oit": int(account_now),
                "iat": int(account_now),
                "exp": int(account_now) + LIFE_SECONDS,
                "jti": secrets.token_hex(16),
            },
            keys.ec_key(self.account, "tokens"),
            algorithm="ES256",
            headers={"kid": "emulator-1"},
        )
        is_text = self.preferences["tokenExpiresIn"] == "text"
        return {
            "access_token": token,
            "expires_in": str(LIFE_SECONDS) if is_text else LIFE_SECONDS,
            "token_type": "Bearer",
        }

    def claims(self, assertion: str, now: float) -> dict[str, Any]:
        """The claims of an assertion whose signature, audience and times hold."""
        try:
            head = jwt.get_unverified_header(assertion)
            unverified = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            raise TokenRefused("invalid_request", "the assertion is no JWT") from None
        if head.get("alg") not in ALGORITHMS:
            raise TokenRefused("invalid_grant", "the assertion's algorithm is not taken")
        if unverified.get("iss") not in self.clients:
            raise TokenRefused("invalid_client", "unknown client")
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                self._public_key(head.get("kid")),
                algorithms=[str(head["alg"])],
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.InvalidTokenError, TypeError, ValueError):
            raise TokenRefused("invalid_grant", "the assertion's signature does not hold") from None
        self._check_times(claims, now)
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        # A published client prints its address as a tuple: what counts is that the token endpoint is named.
        if not any(isinstance(each, str) and TOKEN_PATH in each for each in audiences):
            raise TokenRefused("invalid_grant", "the assertion's audience is not the token endpoint")
        return claims

    def _public_key(self, kid: object) -> Any:
        if kid == self.certificate_id:
            return keys.rsa_key(self.account, "oauth2").public_key()
        if isinstance(kid, str) and kid in self.registered:
            return self.registered[kid]
        raise TokenRefused("invalid_grant", "unknown certificate")

    def _check_times(self, claims: dict[str, Any], now: float) -> None:
        try:
            issued, expires = float(claims["iat"]), float(claims["exp"])
        except (KeyError, TypeError, ValueError):
            raise TokenRefused("invalid_grant", "iat and exp are required") from None
        # Some write fractions, each of its own reading of the clock: whole seconds count.
        if expires - issued >= LIFE_SECONDS + 1 or expires <= now or issued > now + SKEW_SECONDS:
            raise TokenRefused("invalid_grant", "the assertion is expired, not yet valid, or lives too long")

    # Bearer tokens.

    def bearer(self, authorization: str, now: float) -> Bearer:
        """Who a bearer token stands for; BearerRefused otherwise."""
        token = authorization.partition(" ")[2].strip()
        if token.count(".") != 2:
            raise BearerRefused(is_malformed=True)
        try:
            claims = jwt.decode(
                token,
                keys.ec_key(self.account, "tokens").public_key(),
                algorithms=["ES256"],
                issuer=ISSUER,
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False},
            )
        except jwt.DecodeError as error:
            is_signature = isinstance(error, jwt.InvalidSignatureError)
            raise BearerRefused(is_malformed=not is_signature) from None
        except jwt.InvalidTokenError:
            raise BearerRefused(is_malformed=False) from None
        if float(claims["exp"]) <= now or claims["jti"] in self.revoked:
            raise BearerRefused(is_malformed=False)
        role, _, user = str(claims["sub"]).partition(";")
        return Bearer(role, user, frozenset(claims["scope"]), str(claims["aud"][0]))

    def revoke(self, request: Request) -> Reply:
        form = dict(_form(request.body))
        try:
            claims = jwt.decode(form.get("token", ""), options={"verify_signature": False})
        except jwt.InvalidTokenError:
            return Reply(400, {"error": "invalid_request"})
        self.revoked.add(str(claims.get("jti")))
        return Reply(200, {})

    def public_keys(self) -> Reply:
        """What access tokens are checked with, as a JSON Web Key set."""
        key = jwt.algorithms.ECAlgorithm.to_jwk(keys.ec_key(self.account, "tokens").public_key(), as_dict=True)
        return Reply(200, {"keys": [{**key, "kid": "emulator-1", "use": "sig", "alg": "ES256"}]})


def _form(body: bytes) -> list[tuple[str, str]]:
    from urllib.parse import parse_qsl

    return parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)


def _scopes(value: Any) -> frozenset[str]:
    """A list, or a text with commas or spaces between."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return frozenset()
    return frozenset(value)
