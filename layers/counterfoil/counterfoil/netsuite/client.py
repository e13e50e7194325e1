"""The only HTTP to NetSuite: signing, retries, paging, and NetSuite's errors as typed ones.

A call is repeated only where repeating is safe. Reading always is; a change is repeated only when it certainly was
not carried out (refused for concurrency, or never sent). Any other change without a clear answer is `ReplyLost`, so
that the caller looks before it does anything again.

Sources of the rules: Oracle's help on SuiteTalk REST (OAuth 1.0a with HMAC-SHA256, client credentials with PS256,
error envelope, `Prefer: transient`, 1,000 rows a page, 1,000 values in a list).
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote, urlsplit

import requests
from requests.auth import AuthBase
from requests_oauthlib import OAuth1  # type: ignore[import-untyped]  # it ships no types
from urllib3.exceptions import MaxRetryError, NewConnectionError

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

CONNECT_TIMEOUT_SECONDS = 5.0
READ_TIMEOUT_SECONDS = 60.0
ATTEMPTS_MAX = 5
BACKOFF_FIRST_SECONDS = 0.5
BACKOFF_MAX_SECONDS = 20.0
PAGE_ROWS_MAX = 1000
PAGES_MAX = 10_000
REPLY_BYTES_MAX = 32 * 1024 * 1024
REPLY_CHUNK_BYTES = 64 * 1024
TOKEN_LIFETIME_SECONDS = 3600
TOKEN_MARGIN_SECONDS = 60
SERVICES = "/services/rest"
TOKEN_PATH = "/auth/oauth2/v1/token"  # noqa: S105 (a path)
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")

logger = logging.getLogger(__name__)

Row = dict[str, str]
Json = dict[str, Any]
Query = tuple[str, Sequence[str]]
Governor = Callable[[], AbstractContextManager[object]]


class Scheme(StrEnum):
    """How requests prove who sends them."""

    TBA = "tba"
    OAUTH2 = "oauth2"


@dataclass(frozen=True, repr=False)
class Credentials:
    """One role's access to one account, by token or by certificate. `repr` shows nothing secret."""

    account: str
    base_url: str
    scheme: Scheme = Scheme.TBA
    consumer_key: str = ""
    consumer_secret: str = ""
    token_id: str = ""
    token_secret: str = ""
    oauth2_client_id: str = ""
    oauth2_certificate_id: str = ""
    oauth2_private_key_pem: str = ""

    def __repr__(self) -> str:
        return f"Credentials(account={self.account!r}, base_url={self.base_url!r}, scheme={self.scheme.value!r})"

    @property
    def realm(self) -> str:
        """The account id as signatures name it: upper case, `_` before the sandbox's name."""
        return self.account.replace("-", "_").upper()

    @property
    def services_url(self) -> str:
        return self.base_url.rstrip("/").removesuffix(SERVICES) + SERVICES

    @classmethod
    def from_json(cls, values: Mapping[str, Any], *, scheme: Scheme | None = None) -> Credentials:
        """From the stored JSON; other keys are left alone. Without `scheme`, tokens are used when they are there.

        Raises ValueError, naming keys only, when the account or the keys of the scheme are missing, or when
        something secret would travel unencrypted to another machine.
        """
        known = {name: str(values[name]).strip() for name in _STORED_KEYS if values.get(name)}
        if "account" not in known:
            raise ValueError("the ERP credentials lack account")
        if scheme is None:
            scheme = Scheme.TBA if "token_id" in known else Scheme.OAUTH2
        missing = [name for name in _SCHEME_KEYS[scheme] if name not in known]
        if missing:
            raise ValueError(f"the ERP credentials lack {', '.join(missing)}")
        known.setdefault("base_url", _host_of(known["account"]))
        _require_private(known["base_url"])
        return cls(scheme=scheme, **known)


_SCHEME_KEYS = {
    Scheme.TBA: ("consumer_key", "consumer_secret", "token_id", "token_secret"),
    Scheme.OAUTH2: ("oauth2_client_id", "oauth2_certificate_id", "oauth2_private_key_pem"),
}
_STORED_KEYS = ("account", "base_url", *_SCHEME_KEYS[Scheme.TBA], *_SCHEME_KEYS[Scheme.OAUTH2])


def _host_of(account: str) -> str:
    return f"https://{account.lower().replace('_', '-')}.suitetalk.api.netsuite.com"


def _require_private(base_url: str) -> None:
    parts = urlsplit(base_url)
    is_private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    if not is_private or not parts.hostname:
        raise ValueError(f"the ERP's base_url {base_url!r} is neither https nor on this machine")


class NetSuiteClient:
    """Calls to one account.

    `governor` makes a context manager that is held during each single attempt and limits how many calls the account
    sees at once; it may raise `RateLimited`, which is treated as NetSuite's own. `on_login_refused` is told when
    NetSuite refuses the credentials: five refusals lock the token for half an hour. `clock` gives Unix seconds.
    """

    def __init__(
        self,
        credentials: Credentials,
        session: requests.Session | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        governor: Governor = nullcontext,
        on_login_refused: Callable[[], None] = lambda: None,
        attempts_max: int = ATTEMPTS_MAX,
        timeout_seconds: tuple[float, float] = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
    ) -> None:
        self._credentials = credentials
        self._session = session or requests.Session()
        self._sleep = sleep
        self._clock = clock
        self._governor = governor
        self._on_login_refused = on_login_refused
        self._attempts_max = attempts_max
        self._timeout = timeout_seconds
        self._random = random.SystemRandom()
        self._token: _Token | None = None

    # Reading

    def suiteql(self, query: str, params: Sequence[str] = ()) -> Iterator[Row]:
        """The rows of a query that fits into one page. Values are text, keys lower case, empty columns absent.

        `TooManyRows` when it does not fit, before the first row is given out.
        """
        rows, has_more = self._page(query, params, PAGE_ROWS_MAX)
        if has_more:
            raise TooManyRows("too_many_rows", f"the query has more than {PAGE_ROWS_MAX} rows")
        yield from rows

    def suiteql_pages(
        self, query_after: Callable[[Row | None], Query], *, page_rows: int = PAGE_ROWS_MAX
    ) -> Iterator[list[Row]]:
        """Page after page of a query that is ordered by a unique increasing key.

        `query_after(row)` gives the query for the rows behind `row` (None: from the start). Counting offsets would
        lose and repeat rows when records change between two pages; a key does not.
        """
        last: Row | None = None
        for _ in range(PAGES_MAX):
            query, params = query_after(last)
            rows, has_more = self._page(query, params, page_rows)
            if rows:
                yield rows
                last = rows[-1]
            elif has_more:
                raise UnexpectedReply("empty_page", "a page without rows says that there are more")
            if not has_more:
                return
        raise TooManyRows("too_many_pages", f"the query has more than {PAGES_MAX} pages")

    def _page(self, query: str, params: Sequence[str], limit: int) -> tuple[list[Row], bool]:
        body: Json = {"q": query, "params": list(params)} if params else {"q": query}
        reply = self._call(
            "POST",
            "/query/v1/suiteql",
            body=body,
            query={"limit": str(limit), "offset": "0"},
            headers={"Prefer": "transient"},
            is_repeatable=True,
        )
        content = reply.json()
        items, has_more = content.get("items"), content.get("hasMore")
        if not isinstance(items, list) or not isinstance(has_more, bool):
            raise UnexpectedReply("no_rows", "a query's answer has no items or hasMore", status=reply.status)
        return [_row(item) for item in items], has_more

    def get(self, record_type: str, id_or_eid: str, *, expand: bool = True) -> Json:
        """One record, with its lines unless `expand` is false. Numbers are int or Decimal. `RecordMissing`."""
        query = {"expandSubResources": "true"} if expand else {}
        return self._call("GET", _record_path(record_type, id_or_eid), query=query, is_repeatable=True).json()

    # Changing

    def create(self, record_type: str, body: Json) -> str:
        """Creates a record and returns its id.

        `DuplicateExternalId` when the body's external id is taken; `ReplyLost` when nobody knows what came of it.
        """
        try:
            return _id_of(self._call("POST", _record_path(record_type), body=body, is_repeatable=False))
        except DuplicateExternalId:
            raise
        except ErpRefusal as error:
            # NetSuite has no code of its own for a taken external id, and its sentences are for people.
            if self._is_taken(record_type, body.get("externalId")):
                raise DuplicateExternalId(error.code, error.detail, path=error.path, status=error.status) from error
            raise

    def _is_taken(self, record_type: str, external_id: str | None) -> bool:
        if external_id is None:
            return False
        try:
            self.get(record_type, eid(external_id), expand=False)
        except RecordMissing:
            return False
        return True

    def patch(self, record_type: str, id_or_eid: str, body: Json) -> None:
        """Changes the given fields and lines of a record."""
        self._call("PATCH", _record_path(record_type, id_or_eid), body=body, is_repeatable=False)

    def transform(
        self, record_type: str, id_or_eid: str, target: str, body: Json, *, replace: Sequence[str] = ()
    ) -> str:
        """Makes a `target` record from another and returns its id; `replace` names the sublists given in full."""
        path = f"{_record_path(record_type, id_or_eid)}/!transform/{quote(target, safe='')}"
        query = {"replace": ",".join(replace)} if replace else {}
        return _id_of(self._call("POST", path, body=body, query=query, is_repeatable=False))

    # One call, with its repeats

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: Json | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool,
    ) -> _Reply:
        request = _Request(method, path, body, query or {}, headers or {}, is_repeatable)
        is_token_fresh = False
        attempt = 1
        while True:
            try:
                return self._attempt(request)
            except ErpLoginRefused as error:
                is_expired = self._token is not None and error.status == HTTPStatus.UNAUTHORIZED
                if not is_expired or is_token_fresh:
                    if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST):
                        self._on_login_refused()
                    raise
                self._token, is_token_fresh = None, True
            except ErpUnavailable as error:
                if attempt == self._attempts_max:
                    raise
                logger.info("erp_call_repeated", extra={"erp_code": error.code, "attempt": attempt})
                self._sleep(self._backoff(attempt))
                attempt += 1

    def _backoff(self, attempt: int) -> float:
        """Full jitter: anything up to the doubled wait, so that callers that failed together come back apart."""
        return self._random.uniform(0, min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2 ** (attempt - 1)))

    def _attempt(self, request: _Request) -> _Reply:
        auth = self._auth()
        with self._governor():
            reply = self._send(
                request.method,
                self._credentials.services_url + request.path,
                auth=auth,
                may_have_changed=not request.is_repeatable,
                data=None if request.body is None else _json_text(request.body).encode(),
                params=dict(request.query),
                headers={"Accept": "*/*", "Content-Type": "application/json", **request.headers},
            )
        if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES and not _is_page(reply):
            return reply
        raise _error_of(reply, may_have_changed=not request.is_repeatable)

    def _send(
        self,
        method: str,
        url: str,
        *,
        may_have_changed: bool,
        auth: AuthBase | None,
        data: bytes | dict[str, str] | None,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> _Reply:
        try:
            with self._session.request(
                method,
                url,
                auth=auth,
                data=data,
                params=params,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _Reply(response.status_code, dict(response.headers.lower_items()), _read(response))
        except requests.RequestException as error:
            code, detail = "no_answer", f"{method} {urlsplit(url).path}: {type(error).__name__}"
            if may_have_changed and not _was_never_sent(error):
                raise ReplyLost(code, detail) from error
            raise ErpUnavailable(code, detail) from error
        except _TooLarge as error:
            detail = f"{method} {urlsplit(url).path}: the answer is larger than {REPLY_BYTES_MAX} bytes"
            kind = ReplyLost if may_have_changed else UnexpectedReply
            raise kind("reply_too_large", detail) from error

    # Who asks

    def _auth(self) -> AuthBase:
        if self._credentials.scheme == Scheme.OAUTH2:
            return _Bearer(self._access_token())
        signer: AuthBase = OAuth1(
            self._credentials.consumer_key,
            client_secret=self._credentials.consumer_secret,
            resource_owner_key=self._credentials.token_id,
            resource_owner_secret=self._credentials.token_secret,
            signature_method="HMAC-SHA256",
            realm=self._credentials.realm,
            timestamp=str(int(self._clock())),
        )
        return signer

    def _access_token(self) -> str:
        if self._token is None or self._clock() >= self._token.renew_at:
            self._token = self._new_token()
        return self._token.text

    def _new_token(self) -> _Token:
        url = self._credentials.services_url + TOKEN_PATH
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self._assertion(url),
        }
        with self._governor():
            reply = self._send("POST", url, auth=None, data=form, may_have_changed=False)
        if reply.status != HTTPStatus.OK:
            raise _token_error_of(reply)
        content = reply.json()
        token, lifetime = content.get("access_token"), str(content.get("expires_in", TOKEN_LIFETIME_SECONDS))
        if not isinstance(token, str) or not lifetime.isdecimal():
            raise UnexpectedReply("no_token", "the token endpoint's answer holds no token", status=reply.status)
        return _Token(token, self._clock() + int(lifetime) - TOKEN_MARGIN_SECONDS)

    def _assertion(self, audience: str) -> str:
        # Only accounts with a certificate need it, and it takes a third of this module's time to import.
        import jwt

        now = int(self._clock())
        claims = {
            "iss": self._credentials.oauth2_client_id,
            "scope": ["rest_webservices"],
            "aud": audience,
            "iat": now,
            "exp": now + TOKEN_LIFETIME_SECONDS,
            "jti": str(uuid.uuid4()),
        }
        try:
            return jwt.encode(
                claims,
                self._credentials.oauth2_private_key_pem,
                algorithm="PS256",
                headers={"kid": self._credentials.oauth2_certificate_id},
            )
        except (jwt.PyJWTError, ValueError) as error:
            # The cause may quote the key: it goes no further.
            detail = f"the private key can't sign ({type(error).__name__})"
            raise ErpLoginRefused("private_key_unusable", detail) from None


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    body: Json | None
    query: Mapping[str, str]
    headers: Mapping[str, str]
    is_repeatable: bool


@dataclass(frozen=True)
class _Token:
    text: str
    renew_at: float


@dataclass(frozen=True)
class _Reply:
    """An answer, read in full. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Json:
        """The body as an object, with exact numbers; `UnexpectedReply` when it is not one."""
        content = _json_of(self.body)
        if content is None:
            raise UnexpectedReply("not_json", "the answer is not a JSON object", status=self.status)
        return content


def eid(external_id: str) -> str:
    """An external id in the place of an internal one."""
    return f"eid:{external_id}"


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _TooLarge(Exception):
    """The answer grew over its limit."""


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(REPLY_CHUNK_BYTES):
        body += chunk
        if len(body) > REPLY_BYTES_MAX:
            raise _TooLarge
    return bytes(body)


def _was_never_sent(error: requests.RequestException) -> bool:
    """No connection came about, so no request did."""
    cause = error.args[0] if error.args else None
    return isinstance(error, requests.ConnectTimeout) or (
        isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
    )


def _record_path(record_type: str, id_or_eid: str | None = None) -> str:
    path = f"/record/v1/{quote(record_type, safe='')}"
    return path if id_or_eid is None else f"{path}/{quote(id_or_eid, safe=':')}"


def _row(item: Any) -> Row:
    if not isinstance(item, dict):
        raise UnexpectedReply("not_a_row", "a query's answer holds something that is not a row")
    return {
        name.lower(): _text(value)
        for name, value in item.items()
        if name != "links" and value is not None  # each row carries an empty list of links
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _json_of(body: bytes) -> Json | None:
    try:
        content = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return cast(Json, content) if isinstance(content, dict) else None


def _json_text(value: Any) -> str:
    """JSON with each Decimal written digit by digit: `json` itself knows only binary floats."""
    match value:
        case Decimal():
            return format(value, "f")
        case dict():
            return "{" + ",".join(f"{json.dumps(str(name))}:{_json_text(entry)}" for name, entry in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_json_text, value)) + "]"
        case float():
            raise TypeError("amounts and quantities are decimals")
        case _:
            return json.dumps(value)


def _id_of(reply: _Reply) -> str:
    """The new record's id: it stands only in the Location header, as its last segment."""
    found = re.search(r"/(\d+)/?$", urlsplit(reply.headers.get("location", "")).path)
    if found is None:
        raise ReplyLost("no_location", "the answer names no new record", status=reply.status)
    return found[1]


def _is_page(reply: _Reply) -> bool:
    return "html" in reply.headers.get("content-type", "").lower()


# Codes of NetSuite that mean more than their HTTP status.
_KINDS_BY_CODE: dict[str, type[ErpError]] = {
    "CONCURRENCY_LIMIT_EXCEEDED": RateLimited,
    "SSS_REQUEST_LIMIT_EXCEEDED": RateLimited,
    "INVALID_LOGIN": ErpLoginRefused,
    "INVALID_LOGIN_ATTEMPT": ErpLoginRefused,
    "INSUFFICIENT_PERMISSION": ErpLoginRefused,
    "NONEXISTENT_ID": RecordMissing,
    "RCRD_DSNT_EXIST": RecordMissing,
    "DUP_RCRD": DuplicateExternalId,
    "DUP_EXTERNAL_ID": DuplicateExternalId,
}
_KINDS_BY_STATUS: dict[int, type[ErpError]] = {
    HTTPStatus.UNAUTHORIZED: ErpLoginRefused,
    HTTPStatus.FORBIDDEN: ErpLoginRefused,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimited,
    HTTPStatus.REQUEST_TIMEOUT: ErpUnavailable,
}


def _error_of(reply: _Reply, *, may_have_changed: bool) -> ErpError:
    code, detail, path = _first_detail(reply)
    kind = _KINDS_BY_CODE.get(code) or _KINDS_BY_STATUS.get(reply.status)
    if kind is None and (_is_page(reply) or reply.status < HTTPStatus.BAD_REQUEST):
        kind, code = UnexpectedReply, "page"
    elif kind is None:
        kind = ErpUnavailable if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR else ErpRefusal
    if may_have_changed and issubclass(kind, ErpUnavailable) and kind is not RateLimited:
        kind = ReplyLost
    return kind(code, detail, path=path, status=reply.status)


def _first_detail(reply: _Reply) -> tuple[str, str, str | None]:
    """Code, sentence and place of an error, from the REST envelope or a RESTlet's; all details in the sentence."""
    content = _json_of(reply.body) or {}
    details = content.get("o:errorDetails")
    found = [entry for entry in details if isinstance(entry, dict)] if isinstance(details, list) else []
    if found:
        first = found[0]
        path = next((str(first[name]) for name in _LOCATORS if name in first), None)
        sentence = " ".join(str(entry.get("detail", "")) for entry in found).strip()
        return str(first.get("o:errorCode") or f"http_{reply.status}"), sentence, path
    restlet = content.get("error")
    if isinstance(restlet, dict):
        return str(restlet.get("code", "")), str(restlet.get("message", "")), None
    return f"http_{reply.status}", str(content.get("title", "an answer without an explanation")), None


_LOCATORS = ("o:errorPath", "o:errorQueryParam", "o:errorHeader", "o:errorUrl", "o:urlPath")


def _token_error_of(reply: _Reply) -> ErpError:
    content = _json_of(reply.body) or {}
    code = content.get("error")
    if isinstance(code, str) and reply.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED):
        return ErpLoginRefused(
            code, str(content.get("error_description", "the token was refused")), status=reply.status
        )
    return _error_of(reply, may_have_changed=False)
