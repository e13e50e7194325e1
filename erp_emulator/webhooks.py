"""Events out: what a user-event script would post after a record was saved.

What is to be sent is written beside the change itself, in the same transaction, and sent afterwards: nothing is told
that did not happen, and nothing that happened is forgotten while the receiver is down.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from erp_emulator.codes import status_name
from erp_emulator.session import Session
from erp_emulator.store import Store

ATTEMPTS_MAX = 6
TIMEOUT_SECONDS = 10
IDLE_SECONDS = 0.25
BATCH = 20
HOOK_KEYS = frozenset(
    {"url", "secret", "recordTypes", "events", "headers", "signatureHeader", "timestampHeader", "attempts", "full"}
)


class BadHook(ValueError):
    """A script's configuration that makes no sense."""


def read_hook(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or set(body) - HOOK_KEYS:
        raise BadHook(f"a webhook is an object with {', '.join(sorted(HOOK_KEYS))}")
    parts = urlsplit(str(body.get("url", "")))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadHook("url is an http or https address")
    return {
        "url": body["url"],
        "secret": str(body.get("secret", "")),
        "recordTypes": [str(each).lower() for each in body.get("recordTypes", [])],
        "events": [str(each).lower() for each in body.get("events", ["create", "edit", "delete"])],
        "headers": {str(k): str(v) for k, v in body.get("headers", {}).items()},
        "signatureHeader": str(body.get("signatureHeader", "X-Emulator-Signature")),
        "timestampHeader": str(body.get("timestampHeader", "X-Emulator-Timestamp")),
        "attempts": int(body.get("attempts", ATTEMPTS_MAX)),
        "full": bool(body.get("full", False)),
    }


def hooks_of(store: Store) -> list[dict[str, Any]]:
    found = json.loads(store.meta("webhooks") or "[]")
    return list(found)


def save_hooks(store: Store, hooks: list[dict[str, Any]]) -> None:
    with store.transaction():
        store.set_meta("webhooks", json.dumps(hooks))


def write_outbox(session: Session) -> None:
    """Put what a session did beside it, for each script that wants to know."""
    if not session.events:
        return
    hooks = hooks_of(session.store)
    if not hooks:
        return
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for event in session.events:
        key = (event["recordType"], event["id"])
        if key in merged and merged[key]["event"] == "create" and event["event"] == "edit":
            merged[key]["newStatus"] = event["newStatus"]
            continue
        merged[key] = dict(event)
    for event in merged.values():
        for hook in hooks:
            is_wanted = not hook["recordTypes"] or event["recordType"] in hook["recordTypes"]
            if is_wanted and event["event"] in hook["events"]:
                session.store.writer.execute(
                    "INSERT INTO _outbox (url, body, state, created, hook) VALUES (?, ?, 'waiting', ?, ?)",
                    (hook["url"], json.dumps(payload(event)), session.now, json.dumps(hook)),
                )


def payload(event: dict[str, Any]) -> dict[str, Any]:
    code = event["typeCode"]
    shown = {
        "event": event["event"],
        "recordType": event["recordType"],
        "id": event["id"],
        "oldStatus": status_name(code, event["oldStatus"]) if event["oldStatus"] else None,
        "newStatus": status_name(code, event["newStatus"]) if event["newStatus"] else None,
        "modified": event["modified"],
    }
    return {name: value for name, value in shown.items() if value is not None}


def signature(secret: str, timestamp: str, body: str) -> str:
    """`sha256=` and the hexadecimal HMAC of timestamp, a dot, and the body."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"sha256={digest}"


class Deliverer:
    """Sends what waits in the outbox, oldest first; a failed one is tried again after a growing pause."""

    def __init__(self, account: Any) -> None:
        self.account = account

    async def work(self) -> None:
        while True:
            sent = await self.deliver()
            await asyncio.sleep(0 if sent else IDLE_SECONDS)

    async def deliver(self) -> int:
        store: Store = self.account.store
        rows = store.writer.execute(
            "SELECT id, url, body, attempts, hook FROM _outbox "
            "WHERE state = 'waiting' AND due <= ? ORDER BY id LIMIT ?",
            (time.time(), BATCH),
        ).fetchall()
        for key, url, body, attempts, hook in rows:
            answer = await asyncio.to_thread(post, url, body, json.loads(hook))
            is_taken = answer.isdigit() and 200 <= int(answer) < 300
            state = "sent" if is_taken else "waiting" if attempts + 1 < json.loads(hook)["attempts"] else "failed"
            with store.transaction() as connection:
                connection.execute(
                    "UPDATE _outbox SET state = ?, attempts = attempts + 1, answer = ?, due = ? WHERE id = ?",
                    (state, answer, time.time() + min(0.5 * 2**attempts, 60), key),
                )
        return len(rows)


def post(url: str, body: str, hook: dict[str, Any]) -> str:
    """The status of the answer, or the name of what went wrong."""
    parts = urlsplit(url)
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "NetSuite/erp-emulator (SuiteScript)",
        **hook["headers"],
    }
    if hook["secret"]:
        headers[hook["timestampHeader"]] = timestamp
        headers[hook["signatureHeader"]] = signature(hook["secret"], timestamp, body)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        path = parts.path or "/"
        connection.request("POST", path + (f"?{parts.query}" if parts.query else ""), body.encode(), headers)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()


def log(store: Store, limit: int = 200) -> list[dict[str, Any]]:
    rows = store.writer.execute(
        "SELECT id, url, body, state, attempts, answer, created FROM _outbox ORDER BY id DESC LIMIT ?", (limit,)
    ).fetchall()
    names = ("id", "url", "body", "state", "attempts", "answer", "created")
    return [{**dict(zip(names, row, strict=True)), "body": json.loads(row[2])} for row in rows]
