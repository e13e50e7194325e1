"""Token-based authentication: OAuth 1.0a with HMAC-SHA256 over method, address, query and every `oauth_` parameter.

The realm is not signed, nor is a JSON body; clients that add `oauth_body_hash` sign it like any other parameter.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections import OrderedDict
from typing import Any, cast
from urllib.parse import unquote

from oauthlib.oauth1.rfc5849 import signature

from erp_emulator.credentials import Credentials, Token

WINDOW_SECONDS = 300
NONCE_LENGTH_MIN = 6
NONCES_MAX = 200_000


class Refused(Exception):
    """`reason` is the word that NetSuite's audit trail gives; callers all get the same sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Verifier:
    """Checks signatures and remembers nonces for as long as their timestamp could be accepted."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.seen: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self.lock = threading.Lock()

    def verify(self, method: str, urls: list[str], query: str, authorization: str, now: float, form: str = "") -> Token:
        """The token of a signed request; Refused otherwise. `urls` are forms the address may be signed in.

        `form` is a form-encoded body: its fields are signed like the query's (RFC 5849, 3.4.1.3.1), but not by those
        who send JSON under that name.
        """
        given = parse_header(authorization)
        realm = given.pop("realm", "")
        token = self._token(given, realm)
        timestamp = self._timestamp(given, now)
        nonce = given.get("oauth_nonce", "")
        if len(nonce) < NONCE_LENGTH_MIN:
            raise Refused("nonce_rejected")
        try:
            self._signature(method, urls, query, given, token)
        except Refused:
            if not form:
                raise
            self._signature(method, urls, f"{query}&{form}" if query else form, given, token)
        self._remember((token.token_id, timestamp, nonce), now)
        return token

    def _token(self, given: dict[str, str], realm: str) -> Token:
        if realm.upper().replace("-", "_") != self.credentials.account:
            raise Refused("InvalidRealm")
        if given.get("oauth_version", "1.0") != "1.0":
            raise Refused("VersionRejected")
        if given.get("oauth_signature_method") != "HMAC-SHA256":
            raise Refused("UnknownAlgorithm")
        if given.get("oauth_consumer_key") != self.credentials.consumer_key:
            raise Refused("consumer_key_unknown")
        token = self.credentials.tokens.get(given.get("oauth_token", ""))
        if token is None:
            raise Refused("token_rejected")
        return token

    def _timestamp(self, given: dict[str, str], now: float) -> str:
        timestamp = given.get("oauth_timestamp", "")
        if not timestamp.isdigit() or abs(int(timestamp) - now) > WINDOW_SECONDS:
            raise Refused("InvalidTimestamp")
        return timestamp

    def _signature(self, method: str, urls: list[str], query: str, given: dict[str, str], token: Token) -> None:
        parameters = signature.collect_parameters(
            uri_query=query, headers={}, exclude_oauth_signature=True, with_realm=False
        )
        parameters += [(k, v) for k, v in given.items() if k != "oauth_signature"]
        normalized = signature.normalize_parameters(cast(Any, parameters))
        key = f"{self.credentials.consumer_secret}&{token.token_secret}".encode()
        wanted = given.get("oauth_signature", "")
        for url in urls:
            text = signature.signature_base_string(cast(Any, method), signature.base_string_uri(url), normalized)
            digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
            if hmac.compare_digest(base64.b64encode(digest).decode(), wanted):
                return
        raise Refused("InvalidSignature")

    def _remember(self, key: tuple[str, str, str], now: float) -> None:
        with self.lock:
            while self.seen:
                oldest = next(iter(self.seen))
                is_stale = self.seen[oldest] < now - 2 * WINDOW_SECONDS
                if not is_stale and len(self.seen) < NONCES_MAX:
                    break
                del self.seen[oldest]
            if key in self.seen:
                raise Refused("NonceUsed")
            self.seen[key] = now


def parse_header(authorization: str) -> dict[str, str]:
    """The parameters of an `OAuth` header, in any order, with or without spaces after commas."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "oauth" or not rest:
        raise Refused("MissingTokenPassportRequiredFields")
    found: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or name in found:
            raise Refused("parameter_rejected")
        found[unquote(name)] = unquote(value.strip().strip('"'))
    return found
