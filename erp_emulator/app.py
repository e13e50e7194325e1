"""The server's front: who calls, may they, which route answers, and what goes wrong on request."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.types import Receive, Scope, Send

from erp_emulator import query_routes, tba
from erp_emulator.account import Account
from erp_emulator.control import Control
from erp_emulator.errors import NetSuiteError
from erp_emulator.faults import Fault
from erp_emulator.http import Reply, Request, error_reply, read_request
from erp_emulator.record_routes import RecordRoutes

REST = "/services/rest/"
LOGIN_FAILED = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > Users/Roles > "
    "User Management > View Login Audit Trail."
)
LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>NetSuite - Customer Login</title></head><body><h1>Log in</h1></body></html>"
)


CUT_SECONDS = 0.02


class Cut(Exception):
    """The connection is to be cut without an answer."""


class App:
    """An ASGI application for one account. `cut` ends a caller's connection, given by the server that runs this."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.records = RecordRoutes(account)
        self.control = Control(self)
        self.transports: dict[tuple[str, int], asyncio.BaseTransport] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        try:
            request = await read_request(scope, receive)
            reply = await self.respond(request)
        except NetSuiteError as error:
            reply = error_reply(error)
        except Cut:
            await self._cut(scope)
            return
        await self._send(reply, scope, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _cut(self, scope: Scope) -> None:
        transport = self.transports.get(tuple(scope["client"])) if scope.get("client") else None
        if isinstance(transport, asyncio.Transport):
            transport.abort()
        # The server learns of the end before this returns, and takes it for the caller's.
        await asyncio.sleep(CUT_SECONDS)

    async def _send(self, reply: Reply, scope: Scope, send: Send) -> None:
        body = reply.encoded()
        headers = {
            "Content-Type": reply.media,
            "X-N-OperationId": str(uuid.uuid4()),
            "NS_RTIMER_COMPOSITE": "0:0",
            "Vary": "User-Agent",
            "Strict-Transport-Security": "max-age=31536000",
            **reply.headers,
        }
        if reply.status != 204:
            headers["Content-Length"] = str(len(body))
        raw = [(k.lower().encode("latin-1"), v.encode("latin-1", "replace")) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    # One request.

    async def respond(self, request: Request) -> Reply:
        if request.path.startswith("/_emulator/") or request.path == "/_emulator":
            return await self.control.answer(request)
        faults = self.account.faults.strike(request.method, request.path)
        early = await self._before(faults)
        if early is not None:
            return early
        reply = await self._answer(request)
        return await self._after(faults, reply)

    async def _before(self, faults: list[Fault]) -> Reply | None:
        for fault in faults:
            if fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "cut_before":
                raise Cut
            elif fault.kind == "login_page":
                return Reply(200, LOGIN_PAGE, "text/html;charset=utf-8")
            elif fault.kind in ("status", "429", "500", "503"):
                status = fault.status if fault.kind == "status" else int(fault.kind)
                return error_reply(self.failure(status, fault.code))
        return None

    def failure(self, status: int, code: str = "UNEXPECTED_ERROR") -> NetSuiteError:
        if status == 429:
            return NetSuiteError(
                429,
                "CONCURRENCY_LIMIT_EXCEEDED",
                "Concurrent request limit exceeded. Request blocked.",
            )
        detail = f"An unexpected error occurred. Error ID: {uuid.uuid4().hex[:12]}"
        return NetSuiteError(status, code, detail)

    async def _after(self, faults: list[Fault], reply: Reply) -> Reply:
        for fault in faults:
            if fault.kind == "cut_after":
                raise Cut
            if fault.kind == "slow_body":
                await asyncio.sleep(fault.seconds)
            if fault.kind == "wrong_paging" and isinstance(reply.body, dict) and "offset" in reply.body:
                reply.body = {**reply.body, "hasMore": True, "offset": 0}
        return reply

    async def _answer(self, request: Request) -> Reply:
        try:
            handler = self.route(request)
            return await handler(request)
        except NetSuiteError as error:
            return error_reply(error)

    def route(self, request: Request) -> Callable[[Request], Awaitable[Reply]]:
        if request.path.startswith(REST):
            return self.rest
        raise NetSuiteError(404, "INVALID_URL", "The requested resource does not exist.")

    def authenticate(self, request: Request) -> None:
        """Who calls; a refusal tells no more than that the login failed."""
        urls = [f"{request.root}{request.raw_path}", f"{request.root}{request.path}"]
        try:
            token = self.account.verifier.verify(
                request.method,
                urls,
                request.query,
                request.header("authorization"),
                self.account.clock.now().timestamp(),
            )
        except (tba.Refused, ValueError):
            raise self.login_failed() from None
        request.role, request.user, request.actor = token.role, token.user, token.token_id

    def login_failed(self, error: str = "token_rejected") -> NetSuiteError:
        challenge = f'OAuth realm="{self.account.name}", error="{error}", error_description="Invalid login attempt."'
        return NetSuiteError(401, "INVALID_LOGIN", LOGIN_FAILED, headers={"WWW-Authenticate": challenge})

    async def rest(self, request: Request) -> Reply:
        self.authenticate(request)
        if request.method == "OPTIONS":
            return Reply(204)
        segments = [each for each in request.path[len(REST) :].split("/") if each]
        match segments:
            case ["record", "v1", *rest] if rest:
                return self.records.answer(request, rest)
            case ["query", "v1", "suiteql"]:
                return await asyncio.to_thread(query_routes.suiteql, self.account, request)
            case ["system", "v1", "governanceLimits"]:
                return Reply(200, self.governance_limits())
        raise NetSuiteError(404, "INVALID_URL", "The requested resource does not exist.")

    def governance_limits(self) -> dict[str, Any]:
        limit = self.account.preferences["concurrencyLimit"]
        return {
            "accountConcurrencyLimit": limit,
            "accountUnallocatedConcurrencyLimit": limit,
            "integrationConcurrencyLimit": limit,
            "integrationLimitType": "accountLimit",
        }
