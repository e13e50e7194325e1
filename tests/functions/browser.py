"""A browser without script in front of the page: it keeps cookies by their path, follows redirects, and reads links
and forms against the page's own base, as a real one does. So a link that leads nowhere fails a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from lxml import html

from tests.functions.wired import Context, event, handler

# The local cloud's form of address, which the function never sees whole.
STAGE = "http://127.0.0.1:4566/_aws/execute-api/abc123/v1"
REDIRECTS_MAX = 5


@dataclass(frozen=True)
class Page:
    """One answer, and what a person can do with it."""

    address: str
    status: int
    headers: dict[str, str]
    body: str

    @property
    def tree(self) -> Any:
        return html.document_fromstring(self.body)

    @property
    def text(self) -> str:
        """What a person reads, white space collapsed."""
        tree = self.tree
        for unread in tree.xpath("//script|//style|//head"):
            unread.drop_tree()
        return " ".join(tree.text_content().split())

    def at(self, xpath: str) -> list[Any]:
        return self.tree.xpath(xpath)

    def texts(self, xpath: str) -> list[str]:
        return [" ".join(found.text_content().split()) for found in self.at(xpath)]

    @property
    def buttons(self) -> list[str]:
        return self.texts("//button")

    def error_beside(self, field: str) -> str:
        """The error that the field of that id is described by."""
        [found] = self.at(f"//*[@id='{field}']")
        [error] = [
            text
            for name in found.get("aria-describedby", "").split()
            for text in self.texts(f"//*[@id='{name}']")
            if name.endswith("-error")
        ]
        return error

    def absolute(self, link: str) -> str:
        """Where a link of the page leads: against its `base`, which is relative to the page's address."""
        [base] = self.at("//base") or [{"href": ""}]
        return urljoin(urljoin(self.address, base.get("href")), link)


@dataclass
class Browser:
    """`cookies` maps (name, path) to a value."""

    cookies: dict[tuple[str, str], str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def open(self, address: str, *, follow: bool = True) -> Page:
        return self.send("GET", urljoin(f"{STAGE}/", address), follow=follow)

    def click(self, page: Page, text: str) -> Page:
        [link] = [link for link in page.at("//a") if text in " ".join(link.text_content().split())]
        return self.open(page.absolute(link.get("href")))

    def submit(
        self, page: Page, button: str, *, within: str = "", follow: bool = True, **fields: str | list[str]
    ) -> Page:
        """Press a button; its form goes with what the page put into it, but for `fields`.

        `within` is the id of the part of the page that has the button, when others have one like it.
        """
        place = f"//*[@id='{within}']" if within else ""
        [pressed] = [found for found in page.at(f"{place}//form//button") if found.text_content().strip() == button]
        [form] = pressed.iterancestors("form")
        filled = {name: _values(value) for name, value in form.fields.items()} | fields
        target = page.absolute(pressed.get("formaction") or form.get("action"))
        method = (form.get("method") or "get").upper()
        query = urlencode(filled, doseq=True)
        if method == "GET":
            return self.send("GET", f"{target}?{query}", follow=follow)
        return self.send("POST", target, query, follow=follow)

    def send(self, method: str, address: str, body: str | None = None, *, follow: bool = True) -> Page:
        page = self._once(method, address, body)
        for _ in range(REDIRECTS_MAX):
            if not follow or page.status != 303:
                return page
            place = urljoin(page.address, page.headers["Location"])
            if not place.startswith(STAGE):
                return page
            page = self._once("GET", place, None)
        raise AssertionError(f"{address} redirects without end")

    def _once(self, method: str, address: str, body: str | None) -> Page:
        assert address.startswith(STAGE), f"{address} is outside the stage"
        split = urlsplit(address)
        answer = handler("review_page")(self._event(method, split, body), Context())
        self._keep(split.path, answer["multiValueHeaders"].get("Set-Cookie", []))
        headers = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
        return Page(address, answer["statusCode"], headers, answer["body"])

    def _event(self, method: str, split: Any, body: str | None) -> dict[str, Any]:
        path = unquote(split.path.removeprefix(urlsplit(STAGE).path))
        pairs = parse_qsl(split.query, keep_blank_values=True)
        query = dict(pairs) or None
        sent = [value for (_, place), value in self._sorted() if _covers(place, split.path)]
        headers = {"host": "127.0.0.1:4566", "cookie": "; ".join(sent), **self.headers}
        if body is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        base = event("review_page.start")
        return base | {
            "httpMethod": method,
            "path": path,
            "requestContext": base["requestContext"] | {"path": f"/v1{path}"},
            "queryStringParameters": query,
            "multiValueQueryStringParameters": {
                name: [value for other, value in pairs if other == name] for name, _ in pairs
            }
            or None,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "body": body,
        }

    def _sorted(self) -> list[tuple[tuple[str, str], str]]:
        """The cookies as they are sent: those of longer paths first."""
        pairs = [(key, f"{key[0]}={value}") for key, value in self.cookies.items()]
        return sorted(pairs, key=lambda pair: -len(pair[0][1]))

    def _keep(self, path: str, cookies: list[str]) -> None:
        for cookie in cookies:
            pair, *attributes = cookie.split("; ")
            name, _, value = pair.partition("=")
            assert not any(attribute.startswith("Path=") for attribute in attributes)
            key = (name, path.rpartition("/")[0])
            if "Max-Age=0" in attributes:
                self.cookies.pop(key, None)
            else:
                self.cookies[key] = value


def _values(value: Any) -> str | list[str]:
    """A field's value as it is sent: boxes that are ticked send one each."""
    return value if isinstance(value, str) else list(value) if value else ""


def _covers(place: str, path: str) -> bool:
    return path == place or path.startswith(f"{place}/")
