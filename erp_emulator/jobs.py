"""Asynchronous requests: `Prefer: respond-async` makes a job of one task, a batch makes one of a task an item.

Each task is the synchronous request it stands for; its reply is kept, and `/result` gives it again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from erp_emulator.account import Account
from erp_emulator.clock import instant_text
from erp_emulator.errors import NetSuiteError, nonexistent_record
from erp_emulator.http import COLLECTION, Reply, Request
from erp_emulator.render import self_link

BATCH_MAX = 100
# What is said of the batch as a whole; all else in its query is said of each record.
COLLECTIVE = frozenset({"ids", "expandrecords"})
PATH = "/async/v1/job"
Run = Callable[[Request], Awaitable[Reply]]


class Jobs:
    """Jobs of one account, kept in its store. `run` answers a synchronous request."""

    def __init__(self, account: Account, run: Run) -> None:
        self.account = account
        self.run = run
        self.running: set[asyncio.Task[None]] = set()

    def submit(self, request: Request, parts: list[Request], *, is_readable: bool) -> Reply:
        """202 with the job's address; a repeated idempotency key is refused with the first job's."""
        key = request.header("x-netsuite-idempotency-key") or None
        store = self.account.store
        with store.transaction():
            if key is not None:
                row = store.writer.execute("SELECT id FROM _job WHERE idempotency_key = ?", (key,)).fetchone()
                if row is not None:
                    raise NetSuiteError(
                        400,
                        "IDEMPOTENCY_ERROR",
                        "A request with the same idempotency key was already submitted.",
                        header="X-NetSuite-Idempotency-Key",
                        title="Conflict",
                        headers={"Location": f"{request.rest_root}{PATH}/{row[0]}"},
                    )
            job_id = store.next_id("job", 701)
            tasks = [{"progress": "pending", "method": part.method, "path": part.path} for part in parts]
            body = {"tasks": tasks, "readable": is_readable}
            created = instant_text(self.account.clock.now())
            store.writer.execute("INSERT INTO _job VALUES (?, ?, ?, ?)", (job_id, key, created, json.dumps(body)))
        is_parallel = 'batch-processing="parallel"' in request.header("prefer").lower()
        task = asyncio.get_running_loop().create_task(self._work(job_id, parts, is_parallel=is_parallel))
        self.running.add(task)
        task.add_done_callback(self.running.discard)
        headers = {
            "Location": f"{request.rest_root}{PATH}/{job_id}",
            "Preference-Applied": "respond-async",
            "X-NetSuite-JobId": str(job_id),
        }
        return Reply(202, headers=headers)

    async def _work(self, job_id: int, parts: list[Request], *, is_parallel: bool) -> None:
        if is_parallel:
            await asyncio.gather(*(self._task(job_id, index, part) for index, part in enumerate(parts)))
            return
        for index, part in enumerate(parts):
            await self._task(job_id, index, part)

    async def _task(self, job_id: int, index: int, part: Request) -> None:
        self._update(job_id, index, {"progress": "processing", "startTime": instant_text(self.account.clock.now())})
        await asyncio.sleep(0)
        reply = await self.run(part)
        self._update(
            job_id,
            index,
            {
                "progress": "succeeded" if reply.status < 400 else "failed",
                "endTime": instant_text(self.account.clock.now()),
                "reply": {
                    "status": reply.status,
                    "media": reply.media,
                    "body": reply.encoded().decode(),
                    "headers": reply.headers,
                },
            },
        )

    def _update(self, job_id: int, index: int, values: dict[str, Any]) -> None:
        with self.account.store.transaction() as connection:
            row = connection.execute("SELECT body FROM _job WHERE id = ?", (job_id,)).fetchone()
            if row is None:
                return
            body = json.loads(row[0])
            body["tasks"][index].update(values)
            connection.execute("UPDATE _job SET body = ? WHERE id = ?", (json.dumps(body), job_id))

    def interrupt(self) -> None:
        """After a restart nobody works on what was not done."""
        with self.account.store.transaction() as connection:
            for job_id, text in connection.execute("SELECT id, body FROM _job").fetchall():
                body = json.loads(text)
                for task in body["tasks"]:
                    if task["progress"] in ("pending", "processing"):
                        task.update({"progress": "failed", "endTime": instant_text(self.account.clock.now())})
                connection.execute("UPDATE _job SET body = ? WHERE id = ?", (json.dumps(body), job_id))

    # Reading.

    def answer(self, request: Request, rest: list[str]) -> Reply:
        if not rest:
            return self._list(request)
        if not rest[0].isdigit():
            raise nonexistent_record()
        row = self.account.store.writer.execute("SELECT body FROM _job WHERE id = ?", (int(rest[0]),)).fetchone()
        if row is None:
            raise nonexistent_record(f"{request.path}")
        body = json.loads(row[0])
        href = f"{request.rest_root}{PATH}/{rest[0]}"
        match rest[1:]:
            case []:
                return Reply(200, self._job(rest[0], href, body["tasks"]))
            case ["task"]:
                items = [{"links": [self_link(f"{href}/task/{n + 1}")]} for n in range(len(body["tasks"]))]
                count = len(items)
                shown = {"count": count, "hasMore": False, "items": items, "offset": 0, "totalResults": count}
                return Reply(200, {"links": [self_link(f"{href}/task")], **shown}, COLLECTION)
            case ["task", number, *last] if number.isdigit() and 0 < int(number) <= len(body["tasks"]):
                task = body["tasks"][int(number) - 1]
                if last == ["result"]:
                    return self._result(task, is_readable=body["readable"])
                if not last:
                    return Reply(200, self._shown_task(number, f"{href}/task/{number}", task))
        raise nonexistent_record(f"{request.path}")

    def _list(self, request: Request) -> Reply:
        rows = self.account.store.writer.execute("SELECT id FROM _job ORDER BY id DESC LIMIT 1000").fetchall()
        items = [{"links": [self_link(f"{request.rest_root}{PATH}/{row[0]}")], "id": str(row[0])} for row in rows]
        shown = {"count": len(items), "hasMore": False, "items": items, "offset": 0, "totalResults": len(items)}
        return Reply(200, {"links": [self_link(f"{request.rest_root}{PATH}")], **shown}, COLLECTION)

    def _job(self, job_id: str, href: str, tasks: list[dict[str, Any]]) -> dict[str, Any]:
        is_done = all(task["progress"] in ("succeeded", "failed") for task in tasks)
        is_started = any(task["progress"] != "pending" for task in tasks)
        progress = "succeeded" if is_done else "processing" if is_started else "pending"
        return {
            "links": [self_link(href)],
            "id": job_id,
            "completed": is_done,
            "progress": progress,
            **times_of(tasks, is_done=is_done),
            "task": {"links": [self_link(f"{href}/task")]},
        }

    def _shown_task(self, number: str, href: str, task: dict[str, Any]) -> dict[str, Any]:
        is_done = task["progress"] in ("succeeded", "failed")
        links = [{"rel": "related", "href": f"{href}/result"}] if is_done else []
        shown = {
            "links": [*links, self_link(href)],
            "id": number,
            "completed": is_done,
            "progress": task["progress"],
            "startTime": task.get("startTime"),
            "endTime": task.get("endTime"),
        }
        return {name: value for name, value in shown.items() if value is not None}

    def _result(self, task: dict[str, Any], *, is_readable: bool) -> Reply:
        reply = task.get("reply")
        if reply is None or not is_readable:
            raise nonexistent_record()
        body = reply["body"] if reply["body"] else None
        return Reply(reply["status"], body, reply["media"], reply["headers"])


def times_of(tasks: list[dict[str, Any]], *, is_done: bool) -> dict[str, str]:
    """When the first task began, and once all are done when the last one ended; clients read both of the job."""
    started = sorted(str(task["startTime"]) for task in tasks if task.get("startTime"))
    ended = sorted(str(task["endTime"]) for task in tasks if task.get("endTime"))
    return {**({"startTime": started[0]} if started else {}), **({"endTime": ended[-1]} if ended and is_done else {})}


def is_async(request: Request) -> bool:
    return "respond-async" in request.prefers


def is_batch(request: Request, segments: list[str]) -> bool:
    """A request on a collection that stands for several: a collection body, or `ids`."""
    is_collection = len(segments) == 3 and segments[:2] == ["record", "v1"]
    sent = request.header("content-type").replace(" ", "").lower()
    has_body = request.method in ("POST", "PUT", "PATCH") and "type=collection" in sent
    has_ids = request.method in ("GET", "DELETE") and request.parameter("ids") != ""
    return is_collection and (has_body or has_ids)


def batch_parts(request: Request) -> list[Request]:
    """The single requests of a batch, in its order; refuses one that is empty or too long."""
    base = request.path.rstrip("/")
    if request.method in ("GET", "DELETE"):
        ids = [each.strip() for each in request.parameter("ids").split(",") if each.strip()]
        parts = [_part(request, f"{base}/{each}", request.method, b"") for each in ids]
    else:
        body = request.json()
        items = body.get("items") if isinstance(body, dict) else None
        if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
            raise NetSuiteError(400, "INVALID_CONTENT", "Invalid content in the request body.", path="items")
        parts = [_item_part(request, base, item) for item in items]
    if not 0 < len(parts) <= BATCH_MAX:
        raise NetSuiteError(
            400, "INVALID_REQUEST", f"A batch holds at least one and at most {BATCH_MAX} records.", path="items"
        )
    return parts


def _item_part(request: Request, base: str, item: dict[str, Any]) -> Request:
    body = json.dumps(item, default=str).encode()
    if request.method == "POST":
        return _part(request, base, "POST", body)
    if item.get("id") is not None:
        path = f"{base}/{item['id']}"
    elif item.get("externalId") is not None:
        path = f"{base}/eid:{item['externalId']}"
    else:
        raise NetSuiteError(400, "INVALID_CONTENT", "Each item needs an id or an externalId.", path="items")
    return _part(request, path, request.method, body)


def _part(request: Request, path: str, method: str, body: bytes) -> Request:
    headers = {k: v for k, v in request.headers.items() if k not in ("prefer", "x-netsuite-idempotency-key")}
    headers["content-type"] = "application/json"
    query = urlencode([(k, v) for k, v in request.parameters if k.lower() not in COLLECTIVE])
    return replace(request, path=path, raw_path=path, method=method, body=body, query=query, headers=headers)
