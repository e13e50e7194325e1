"""The page behind an address that a real browser can open: each request is handed to the function as the gateway does.

The address has the form of the local cloud's, one level below its own root.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.functions.wired import Context, event, handler

BELOW = "/_aws/execute-api/abc123"


class Gateway(BaseHTTPRequestHandler):
    """What is outside the stage is answered with 404."""

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def _answer(self, body: str | None) -> None:
        split = urlsplit(self.path)
        if not split.path.startswith(f"{BELOW}/v1/"):
            self.send_error(404)
            return
        answer = handler("review_page")(self._event(split, body), Context())
        content = answer["body"].encode()
        self.send_response(answer["statusCode"])
        for name, values in answer["multiValueHeaders"].items():
            for value in values:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _event(self, split: Any, body: str | None) -> dict[str, Any]:
        path = unquote(split.path.removeprefix(f"{BELOW}/v1"))
        pairs = parse_qsl(split.query, keep_blank_values=True)
        headers = dict(self.headers.items())
        base = event("review_page.start")
        return base | {
            "httpMethod": self.command,
            "path": path,
            "requestContext": base["requestContext"] | {"path": f"/v1{path}"},
            "queryStringParameters": dict(pairs) or None,
            "multiValueQueryStringParameters": {
                name: [value for other, value in pairs if other == name] for name, _ in pairs
            }
            or None,
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "body": body,
        }

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """The page's address while it is served, without a slash at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{BELOW}/v1/page"
    finally:
        server.shutdown()
        server.server_close()
