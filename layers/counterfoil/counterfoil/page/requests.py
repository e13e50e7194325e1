"""One request of a browser: its cookies, its form, and whether the form came from this page.

The gateway's event is read as it is; nothing here knows an invoice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from counterfoil.errors import BadRequest, Refusal

FORM_BYTES_MAX = 32_768
# A link to many order lines has the most fields.
FORM_FIELDS_MAX = 40


class FormRefused(Refusal):
    """A form that did not come from this page, or from an older session."""

    code = "not_entitled"


@dataclass(frozen=True)
class Form(Mapping[str, str]):
    """The fields of a posted form; of one that is there several times the first, `all` gives the others."""

    fields: Mapping[str, list[str]]

    def __getitem__(self, name: str) -> str:
        return self.fields[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def all(self, name: str) -> list[str]:
        return list(self.fields.get(name, ()))

    @property
    def version(self) -> int:
        """The version of the invoice that the person looked at; BadRequest when the form does not say."""
        text = self.get("version", "")
        if not text.isascii() or not text.isdigit() or len(text) > 12:
            raise BadRequest("the form does not say which version of the invoice was looked at: load it again")
        return int(text)


NO_FORM = Form({})


@dataclass(frozen=True)
class BrowserRequest:
    """A request as the gateway hands it on."""

    event: Mapping[str, Any]

    @property
    def path(self) -> str:
        return str(self.event["path"])

    @property
    def wants_partial(self) -> bool:
        """Whether htmx asks, which swaps a part of the page; going back in the history needs the whole."""
        return self.header("hx-request") == "true" and self.header("hx-history-restore-request") != "true"

    @property
    def root(self) -> str:
        """The way from this request's address up to the stage's root, which only the browser knows."""
        return "../" * (self.path.count("/") - 1) or "./"

    def address(self, place: str, *, is_local: bool) -> str:
        """The whole address of a place below the stage's root, for somebody who can't follow a relative one.

        The gateway names the path with its stage; the local cloud answers one level below its own.
        """
        context = self.event["requestContext"]
        stage = str(context["path"]).removesuffix(self.path)
        if is_local:
            return f"http://{self.header('host')}/_aws/execute-api/{context['apiId']}{stage}/{place}"
        return f"https://{self.header('host')}{stage}/{place}"

    def header(self, name: str) -> str:
        headers: Mapping[str, str] = self.event.get("headers") or {}
        return next((value for key, value in headers.items() if key.lower() == name), "")

    def query(self, name: str) -> str:
        return (self.event.get("queryStringParameters") or {}).get(name) or ""

    def queries(self, name: str) -> list[str]:
        """All values of a parameter that may be there several times."""
        return list((self.event.get("multiValueQueryStringParameters") or {}).get(name) or ())

    def cookie(self, name: str) -> str:
        for part in self.header("cookie").split(";"):
            found, _, value = part.strip().partition("=")
            if found == name:
                return value
        return ""

    def form(self) -> Form:
        """The posted form; BadRequest when it is too large or none."""
        body = self.event.get("body") or ""
        if len(body) > FORM_BYTES_MAX:
            raise BadRequest(f"the form has more than {FORM_BYTES_MAX:,} bytes: shorten the comment")
        try:
            if self.event.get("isBase64Encoded"):
                body = base64.b64decode(body, validate=True).decode()
            return Form(parse_qs(body, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict"))
        except ValueError:
            raise BadRequest("the form could not be read") from None

    def is_own_form(self, session: str, form: Mapping[str, str]) -> bool:
        """Whether the form was made by this page for this session."""
        if self.header("sec-fetch-site") not in ("", "same-origin"):
            return False
        return hmac.compare_digest(csrf_of(session).encode(), form.get("csrf", "").encode())


def csrf_of(session: str) -> str:
    """What a form must carry: made from a cookie that no other site can read, and not to be turned back into it."""
    return hmac.new(session.encode(), b"counterfoil form", hashlib.sha256).hexdigest()
