"""The last requests, for people and tests that want to know what a client did. Logins are never kept."""

from __future__ import annotations

from collections import deque
from typing import Any

from erp_emulator.http import Reply, Request

ENTRIES_MAX = 2000
TEXT_MAX = 20_000


class RequestLog:
    def __init__(self) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=ENTRIES_MAX)
        self.last_id = 0

    def add(self, request: Request, reply: Reply | None, at: str, milliseconds: float, faults: list[str]) -> None:
        """`reply` None is a connection that was cut."""
        self.last_id += 1
        headers = {k: v for k, v in request.headers.items() if k not in ("authorization", "cookie")}
        self.entries.append(
            {
                "id": self.last_id,
                "time": at,
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "status": reply.status if reply is not None else 0,
                "milliseconds": round(milliseconds, 2),
                "role": request.role if request.actor else None,
                "headers": headers,
                "body": _text(request.body, request.path),
                "answer": _text(reply.content, request.path) if reply is not None else None,
                "location": reply.headers.get("Location") if reply is not None else None,
                "faults": faults,
            }
        )

    def search(
        self, *, method: str = "", path: str = "", status: str = "", text: str = "", limit: int = 100
    ) -> list[dict[str, Any]]:
        """Newest first."""
        found = []
        for entry in reversed(self.entries):
            if method and entry["method"] != method.upper():
                continue
            if path and path.lower() not in entry["path"].lower():
                continue
            if status and not str(entry["status"]).startswith(status.rstrip("xX")):
                continue
            if text and text.lower() not in f"{entry['body']}{entry['answer']}{entry['query']}".lower():
                continue
            found.append(entry)
            if len(found) >= limit:
                break
        return found

    def clear(self) -> None:
        self.entries.clear()


def _text(body: bytes, path: str) -> str:
    if "/oauth2/" in path:
        return ""
    return body[:TEXT_MAX].decode("utf-8", "replace")
