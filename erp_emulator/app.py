"""The server's front: who calls, may they, which route answers, and what goes wrong on request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from dataclasses import replace
from datetime import UTC
from typing import Any

from starlette.types import Receive, Scope, Send

from erp_emulator import cabinet, console, jobs, metadata, oauth2, query_routes, restlets, roles, tba
from erp_emulator.account import Account
from erp_emulator.clock import instant_text
from erp_emulator.control import Control
from erp_emulator.errors import NetSuiteError, method_not_allowed, no_permission
from erp_emulator.faults import Fault
from erp_emulator.governance import Governor, TooMany
from erp_emulator.http import Reply, Request, error_reply, read_request
from erp_emulator.record_routes import RecordRoutes
from erp_emulator.requestlog import RequestLog
from erp_emulator.webhooks import Deliverer

logger = logging.getLogger("erp_emulator")
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
    """An ASGI application for one account. The server that runs it tells of connections through `transports`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.records = RecordRoutes(account)
        self.oauth2 = oauth2.OAuth2(account.credentials, account.preferences)
        self.restlets = restlets.Restlets(account)
        self.jobs = jobs.Jobs(account, self.run_alone)
        self.governor = Governor(account.preferences)
        self.log = RequestLog()
        self.control = Control(self)
        self.console = console.Console(self)
        self.transports: dict[tuple[str, int], asyncio.Transport] = {}

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
        self.jobs.interrupt()
        warming = asyncio.get_running_loop().create_task(asyncio.to_thread(self.account.engine.warm))
        deliverer = asyncio.get_running_loop().create_task(Deliverer(self.account).work())
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await warming
                deliverer.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await deliverer
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _cut(self, scope: Scope) -> None:
        transport = self.transports.get(tuple(scope["client"])) if scope.get("client") else None
        if transport is not None:
            transport.abort()
        # The server learns of the end before this returns, and takes it for the caller's.
        await asyncio.sleep(CUT_SECONDS)

    async def _send(self, reply: Reply, scope: Scope, send: Send) -> None:
        body = reply.content
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
        elif "Location" not in reply.headers:
            # A saved record is announced as JSON though nothing follows; where not even a place does, it is not:
            # clients that parse whatever says that it is JSON do delete records.
            del headers["Content-Type"]
        raw = [(k.lower().encode("latin-1"), v.encode("latin-1", "replace")) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def connection_lost(self, peer: tuple[str, int]) -> None:
        self.transports.pop(peer, None)
        self.governor.closed(peer)

    # One request.

    async def respond(self, request: Request) -> Reply:
        if request.path.startswith("/_emulator"):
            return await self.control.answer(request)
        if request.path in ("/", "/favicon.ico") or request.path.startswith("/console"):
            return await self.console.answer(request)
        started = time.perf_counter()
        faults = self.account.faults.strike(request.method, request.path)
        reply: Reply | None = None
        try:
            reply = await self._before(faults)
            if reply is None:
                done = await self._answer(request)
                await self._after(faults, done)
                reply = done
            return reply
        finally:
            milliseconds = (time.perf_counter() - started) * 1000
            at = instant_text(self.account.clock.now())
            self.log.add(request, reply, at, milliseconds, [each.kind for each in faults])

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
                return error_reply(failure(status, fault.code))
        return None

    async def _after(self, faults: list[Fault], reply: Reply) -> None:
        for fault in faults:
            if fault.kind == "cut_after":
                raise Cut
            if fault.kind == "slow_body":
                await asyncio.sleep(fault.seconds)
            if fault.kind == "wrong_paging" and isinstance(reply.body, dict) and "offset" in reply.body:
                reply.body = {**reply.body, "hasMore": True, "offset": 0}

    async def _answer(self, request: Request) -> Reply:
        try:
            if request.path.startswith(REST):
                return await self.rest(request)
            if request.path == restlets.PATH:
                return await self.restlet(request)
            if request.path == "/rest/tokeninfo":
                return self.token_info(request)
            if request.path == "/core/media/media.nl":
                return self.media(request)
            raise NetSuiteError(404, "INVALID_URL", "The requested resource does not exist.")
        except NetSuiteError as error:
            return error_reply(error, str(self.account.preferences["errorUrlName"]))
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return error_reply(failure(500))

    # Who calls.

    def authenticate(self, request: Request) -> None:
        """Sets role, user and scopes of a request; a refusal tells no more than that the login failed."""
        authorization = request.header("authorization")
        if authorization.lower().startswith("bearer"):
            try:
                bearer = self.oauth2.bearer(authorization, self.account.clock.now().timestamp())
            except oauth2.BearerRefused as refused:
                raise self.bearer_failed(refused) from None
            request.role, request.user, request.scopes = bearer.role, bearer.user, bearer.scopes
            request.actor = bearer.client_id
            return
        # Callers sign with the machine's time, whatever the account's clock has been set to.
        now = time.time()
        urls = [f"{request.root}{request.raw_path}", f"{request.root}{request.path}"]
        try:
            token = self.account.verifier.verify(
                request.method, urls, request.query, authorization, now, request.form_text()
            )
        except (tba.Refused, ValueError):
            raise self.login_failed("OAuth", "token_rejected") from None
        request.role, request.user, request.actor = token.role, token.user, token.token_id

    def login_failed(self, scheme: str, error: str) -> NetSuiteError:
        challenge = f'{scheme} realm="{self.account.name}", error="{error}", error_description="Invalid login attempt."'
        return NetSuiteError(401, "INVALID_LOGIN", LOGIN_FAILED, headers={"WWW-Authenticate": challenge})

    def bearer_failed(self, refused: oauth2.BearerRefused) -> NetSuiteError:
        if not refused.is_malformed:
            return self.login_failed("Bearer", "invalid_token")
        text = "The request could not be understood by the server due to malformed syntax."
        challenge = f'Bearer realm="{self.account.name}", error="invalid_request", error_description="{text}"'
        return NetSuiteError(400, "INVALID_REQUEST", text, headers={"WWW-Authenticate": challenge})

    # REST web services.

    async def rest(self, request: Request) -> Reply:
        segments = [each for each in request.path[len(REST) :].split("/") if each]
        if segments[:3] == ["auth", "oauth2", "v1"]:
            return self.token_service(request, segments[3:])
        self.authenticate(request)
        if "rest_webservices" not in request.scopes:
            raise no_permission("REST Web Services")
        roles.check_rest(request.role)
        if request.method == "OPTIONS":
            return Reply(204)
        try:
            async with self.governor.slot(request.client, is_query=segments[:1] == ["query"]):
                return await self.dispatch(request, segments)
        except TooMany:
            raise failure(int(self.account.preferences["overloadStatus"])) from None

    def token_service(self, request: Request, rest: list[str]) -> Reply:
        match request.method, rest:
            case "POST", ["token"]:
                return self.oauth2.token(request, time.time(), self.account.clock.now().timestamp())
            case "POST", ["revoke"]:
                return self.oauth2.revoke(request)
            case "GET", ["keys"]:
                return self.oauth2.public_keys()
        raise method_not_allowed(request.method)

    async def dispatch(self, request: Request, segments: list[str]) -> Reply:
        refuse_other_media(request)
        is_batch = jobs.is_batch(request, segments)
        if jobs.is_async(request) and segments[:1] != ["async"]:
            return self.submit(request, is_batch=is_batch)
        if is_batch and request.parameter("expandRecords").lower() != "true":
            raise NetSuiteError(
                400,
                "INVALID_HEADER",
                "Batch operations are only available asynchronously. Use the header Prefer: respond-async.",
                header="Prefer",
            )
        match segments:
            case ["record", "v1", "metadata-catalog", *rest]:
                return metadata.answer(self.account.store.catalog, request, rest)
            case ["record", "v1", *rest] if rest:
                return self.records.answer(request, rest)
            case ["query", "v1", "suiteql"]:
                return await asyncio.to_thread(query_routes.suiteql, self.account, request)
            case ["async", "v1", "job", *rest] if request.method == "GET":
                return self.jobs.answer(request, rest)
            case ["system", "v1", "governanceLimits"]:
                if request.role != "administrator":
                    raise no_permission("Administrator")
                return Reply(200, self.governance_limits())
            case ["system", "v1", "serverTime"]:
                moment = self.account.clock.now().astimezone(UTC)
                return Reply(200, {"serverTime": moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
        raise NetSuiteError(404, "INVALID_URL", "The requested resource does not exist.")

    def submit(self, request: Request, *, is_batch: bool) -> Reply:
        is_query = "/query/" in request.path
        if is_query and not self.account.preferences["suiteqlAsync"]:
            raise NetSuiteError(400, "INVALID_HEADER", "Queries cannot be run asynchronously.", header="Prefer")
        parts = jobs.batch_parts(request) if is_batch else [replace(request, headers=sync_headers(request))]
        is_readable = not is_query or "transient" in request.prefers
        return self.jobs.submit(request, parts, is_readable=is_readable)

    async def run_alone(self, request: Request) -> Reply:
        """A request that was let in already, as a job's task."""
        segments = [each for each in request.path[len(REST) :].split("/") if each]
        try:
            return await self.dispatch(request, segments)
        except NetSuiteError as error:
            return error_reply(error)
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return error_reply(failure(500))

    def governance_limits(self) -> dict[str, Any]:
        limit = self.account.preferences["concurrencyLimit"]
        return {
            "accountConcurrencyLimit": limit,
            "accountUnallocatedConcurrencyLimit": limit,
            "integrationConcurrencyLimit": limit,
            "integrationLimitType": "accountLimit",
        }

    # RESTlets, tokens, files.

    async def restlet(self, request: Request) -> Reply:
        try:
            self.authenticate(request)
        except NetSuiteError as error:
            return restlets.error(
                request, error.status, "INVALID_LOGIN_ATTEMPT", "Invalid login attempt.", dict(error.headers)
            )
        if "restlets" not in request.scopes or roles.level(request.role, "restlets") == 0:
            return restlets.error(
                request, 403, "INSUFFICIENT_PERMISSION", "You do not have permission to run this script."
            )
        try:
            async with self.governor.slot(request.client, is_query=True):
                return self.restlets.answer(request)
        except TooMany:
            return restlets.error(request, 400, "SSS_REQUEST_LIMIT_EXCEEDED", "Request Limit Exceeded.")

    def token_info(self, request: Request) -> Reply:
        self.authenticate(request)
        numbers = {role: 1032 + index for index, role in enumerate(roles.ROLES)}
        return Reply(
            200,
            {
                "companyName": f"Emulated {self.account.name}",
                "companyId": self.account.name,
                "roleName": request.role.replace("_", " ").title(),
                "roleId": numbers.get(request.role, 3),
                "userId": int(request.user),
                "applicationName": "ERP emulator",
            },
        )

    def media(self, request: Request) -> Reply:
        """A file by the address that its record gives."""
        key = request.parameter("id")
        is_known = key.isdigit() and request.parameter("h") == cabinet.hash_of(self.account.name, int(key))
        found = cabinet.read(self.account.session(), int(key)) if is_known else None
        if found is None:
            return Reply(404, "Not found", "text/plain")
        name, media, content = found
        safe = "".join(each for each in name if each.isalnum() or each in "._- ") or "file"
        return Reply(200, content, media, {"Content-Disposition": f'inline; filename="{safe}"'})


def failure(status: int, code: str = "UNEXPECTED_ERROR") -> NetSuiteError:
    """What NetSuite says of trouble of its own, and of too much at once."""
    if status == 429:
        return NetSuiteError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
    return NetSuiteError(status, code, f"An unexpected error occurred. Error ID: {uuid.uuid4().hex[:12]}")


def refuse_other_media(request: Request) -> None:
    """Bodies are JSON. Callers who forget to say so are taken at their word, those who say something else are not."""
    media = request.header("content-type").partition(";")[0].strip().lower()
    is_other = media.endswith("xml") or media == "text/html" or media.startswith("multipart/")
    if request.body and is_other:
        raise NetSuiteError(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            f"Unsupported media type '{media}'. Use the media type application/json.",
            header="Content-Type",
        )


def sync_headers(request: Request) -> dict[str, str]:
    """A request's headers without the wish to be answered later; a query's own preference stays."""
    headers = {k: v for k, v in request.headers.items() if k not in ("prefer", "x-netsuite-idempotency-key")}
    if "/query/" in request.path:
        headers["prefer"] = "transient"
    return headers
