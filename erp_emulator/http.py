"""Requests and replies as the routes see them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope

from erp_emulator.errors import NetSuiteError, invalid_content

RESOURCE = "application/vnd.oracle.resource+json"
SINGULAR = f"{RESOURCE}; type=singular"
COLLECTION = f"{RESOURCE}; type=collection"
ERROR = f"{RESOURCE}; type=error"
FORM = "application/x-www-form-urlencoded"
BODY_MAX = 104 * 1024 * 1024  # Oracle's help, "REST Web Services Request Processing"
DEFAULT_PORTS = {"https": ":443", "http": ":80"}


@dataclass
class Request:
    """One request. `path` is decoded, `raw_path` as it came; `root` is `scheme://host` as the caller sees it."""

    method: str
    path: str
    raw_path: str
    query: str
    headers: dict[str, str]
    body: bytes
    root: str
    client: tuple[str, int] | None = None
    role: str = "administrator"
    user: str = "-5"
    scopes: frozenset[str] = frozenset({"rest_webservices", "restlets"})
    actor: str = ""

    @property
    def rest_root(self) -> str:
        return f"{self.root}/services/rest"

    @property
    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    def parameter(self, name: str, default: str = "") -> str:
        for key, value in self.parameters:
            if key.lower() == name.lower():
                return value
        return default

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def prefers(self) -> set[str]:
        parts = (part.partition(";")[0].strip().lower() for part in self.header("prefer").split(","))
        return {part for part in parts if part}

    def form_text(self) -> str:
        """A form-encoded body as it came; empty when the body is anything else."""
        is_form = self.header("content-type").partition(";")[0].strip().lower() == FORM
        return self.body.decode("latin-1") if is_form else ""

    def json(self) -> Any:
        """The body as JSON, numbers exact; an empty one is an empty object."""
        if not self.body.strip():
            return {}
        try:
            return json.loads(self.body, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise invalid_content() from None


@dataclass
class Reply:
    """`body` is JSON-able, bytes or text; None is no body at all."""

    status: int = 200
    body: Any = None
    media: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @cached_property
    def content(self) -> bytes:
        """The body as sent; made once, after the last change to it."""
        return self.encoded()

    def encoded(self) -> bytes:
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return orjson.dumps(self.body)


def created(location: str) -> Reply:
    """204 without a body: the new id is only in `Location`."""
    return Reply(204, headers={"Location": location})


def error_reply(error: NetSuiteError, url_name: str = "o:errorUrl") -> Reply:
    """`url_name` is what the locator of a failing address is called."""
    body = error.body()
    for detail in body["o:errorDetails"]:
        if url_name != "o:errorUrl" and "o:errorUrl" in detail:
            detail[url_name] = detail.pop("o:errorUrl")
    return Reply(error.status, body, ERROR, dict(error.headers))


async def read_request(scope: Scope, receive: Receive) -> Request:
    headers: dict[str, str] = {}
    for key, value in scope["headers"]:
        headers[key.decode("latin-1").lower()] = value.decode("latin-1")
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > BODY_MAX:
            raise NetSuiteError(413, "REQUEST_SIZE_EXCEEDED", "The request body is too large.")
        chunks.append(chunk)
        if not message.get("more_body"):
            break
    raw_path = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        path=scope["path"],
        raw_path=raw_path.partition(b"?")[0].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=b"".join(chunks),
        root=root_of(scope, headers),
        client=tuple(scope["client"]) if scope.get("client") else None,
    )


def root_of(scope: Scope, headers: dict[str, str]) -> str:
    """Scheme and host as the caller knows them: forwarded ones first, else `Host`; a scheme's own port is not said."""
    scheme = headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower() or scope["scheme"]
    host = headers.get("x-forwarded-host", "").partition(",")[0].strip() or headers.get("host", "")
    if not host:
        server = scope.get("server") or ("127.0.0.1", 80)
        host = f"{server[0]}:{server[1]}"
    return f"{scheme}://{host.removesuffix(DEFAULT_PORTS.get(scheme, ' '))}"
