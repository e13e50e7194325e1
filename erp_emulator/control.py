"""`/_emulator/`: the emulator's own controls. Nothing here exists in NetSuite, and none of it asks for a login."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from erp_emulator import (
    cabinet,
    currencies,
    customization,
    faults,
    ledger,
    prepared,
    printing,
    records,
    seed,
    variance_journals,
    webhooks,
)
from erp_emulator.clock import instant_text
from erp_emulator.errors import NetSuiteError, error_text
from erp_emulator.http import Reply, Request
from erp_emulator.inputs import Change
from erp_emulator.preferences import UnknownPreference

if TYPE_CHECKING:
    from erp_emulator.app import App

SNAPSHOTS_MAX = 20
LAYING_SECONDS_MAX = 300
REFUSALS = (
    currencies.BadRate,
    faults.BadFault,
    seed.BadSeed,
    UnknownPreference,
    webhooks.BadHook,
    customization.BadCustomization,
)
PERIOD_FLAGS = ("closed", "apLocked", "arLocked", "allLocked")


class BadControl(Exception):
    """A control that is used wrongly: a 400 with its sentence."""


class Control:
    def __init__(self, app: App) -> None:
        self.app = app
        self.snapshots: dict[str, bytes] = {}

    async def answer(self, request: Request) -> Reply:
        if request.header("sec-fetch-site") in ("cross-site", "same-site"):
            return Reply(403, {"error": "controls are not for pages of other sites"})
        segments = [each for each in request.path.split("/") if each][1:]
        name = segments[0] if segments else ""
        handler = HANDLERS.get(name)
        if handler is None:
            return Reply(404, {"error": "no such control", "controls": sorted(filter(None, HANDLERS))})
        try:
            if name == "reset":
                await self.lay_aside(request)
            return handler(self, request, segments[1:])
        except (BadControl, *REFUSALS) as error:
            return Reply(400, {"error": str(error)})
        except NetSuiteError as error:
            return Reply(400, {"error": error_text(error)})

    def body(self, request: Request, *, is_exact: bool = False) -> dict[str, Any]:
        """The body; with `is_exact` its numbers are decimals, as a seed's must be."""
        try:
            body = request.json() if is_exact else json.loads(request.body or b"{}")
        except (NetSuiteError, ValueError, RecursionError):
            raise BadControl("the body is not JSON") from None
        if not isinstance(body, dict):
            raise BadControl("the body is a JSON object")
        return body

    def index(self, request: Request, rest: list[str]) -> Reply:
        del request, rest
        return Reply(200, {"account": self.app.account.name, "controls": sorted(filter(None, HANDLERS))})

    def health(self, request: Request, rest: list[str]) -> Reply:
        del request, rest
        account = self.app.account
        return Reply(200, {"status": "ok", "account": account.name, "time": instant_text(account.clock.now())})

    # Data.

    def reset(self, request: Request, rest: list[str]) -> Reply:
        """Empty the account and seed it; preferences, clock, faults and log start anew too."""
        del rest
        need_post(request)
        body = self.body(request, is_exact=True)
        account = self.app.account
        if not body.get("keepPreferences"):
            # Before the seed: it is laid as the account will be set.
            kept, at, shift = account.preferences.changed(), account.clock.frozen_at, account.clock.shift
            account.preferences.reset()
            account.clock.reset()
            try:
                seed.reset(account, body.get("seed", "small"))
            except BaseException:
                account.preferences.update(kept)
                account.clock.frozen_at, account.clock.shift = at, shift
                raise
            account.save_settings()
        else:
            seed.reset(account, body.get("seed", "small"))
        self.app.log.clear()
        return Reply(200, {"status": "ok"})

    async def lay_aside(self, request: Request) -> None:
        """The large seed takes a process of its own some seconds, once; others are served meanwhile."""
        if self.body(request).get("seed") != "large":
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            if prepared.place().exists():
                return
            command = [sys.executable, "-m", "erp_emulator.prepared"]
            await asyncio.to_thread(
                subprocess.run,
                command,
                cwd=prepared.PACKAGE.parent,
                capture_output=True,
                timeout=LAYING_SECONDS_MAX,
                check=False,
            )

    def seed(self, request: Request, rest: list[str]) -> Reply:
        """Lay a seed on top of what is there."""
        del rest
        need_post(request)
        seed.lay(self.app.account, seed.from_body(self.body(request, is_exact=True)))
        return Reply(200, {"status": "ok"})

    def snapshot(self, request: Request, rest: list[str]) -> Reply:
        if request.method == "GET":
            return Reply(200, {"snapshots": sorted(self.snapshots)})
        need_post(request)
        name = rest[0] if rest else str(self.body(request).get("name", "default"))
        if len(self.snapshots) >= SNAPSHOTS_MAX and name not in self.snapshots:
            raise BadControl(f"at most {SNAPSHOTS_MAX} snapshots")
        self.snapshots[name] = self.app.account.store.dump()
        return Reply(201, {"name": name})

    def restore(self, request: Request, rest: list[str]) -> Reply:
        need_post(request)
        name = rest[0] if rest else str(self.body(request).get("name", "default"))
        if name not in self.snapshots:
            raise BadControl(f"no snapshot {name}")
        self.app.account.restore(self.snapshots[name])
        return Reply(200, {"name": name})

    def trial_balance(self, request: Request, rest: list[str]) -> Reply:
        del rest
        until = request.parameter("until") or None
        return Reply(200, ledger.trial_balance(self.app.account.session(), until))

    def attachments(self, request: Request, rest: list[str]) -> Reply:
        """Files and contacts of a record: `/_emulator/attachments/vendorBill/812`."""
        if len(rest) != 2:
            raise BadControl("attachments/{type}/{id}")
        del request
        session = self.app.account.session()
        record = session.load(records.type_of(rest[0], self.app.account.store.catalog), rest[1])
        return Reply(200, {"attachments": cabinet.attachments(session, record)})

    # Time.

    def clock(self, request: Request, rest: list[str]) -> Reply:
        """`{"freeze": true | "2026-03-01T00:00:00Z", "advance": {"days": 1}, "reset": true}`."""
        del rest
        account = self.app.account
        if request.method != "GET":
            body = self.body(request)
            if body.get("reset"):
                account.clock.reset()
            if body.get("freeze"):
                account.clock.freeze(None if body["freeze"] is True else instant(body["freeze"]))
            if body.get("set"):
                account.clock.shift = instant(body["set"]) - datetime.now(UTC)
                account.clock.frozen_at = None
            if body.get("advance"):
                account.clock.advance(duration(body["advance"]))
            account.save_settings()
        clock = account.clock
        return Reply(200, {"now": instant_text(clock.now()), "frozen": clock.frozen_at is not None})

    def periods(self, request: Request, rest: list[str]) -> Reply:
        """Close, lock or open a period: `POST /_emulator/periods/Mar 2026` with `{"closed": true}`."""
        account = self.app.account
        if request.method == "GET":
            rows = account.store.writer.execute(
                "SELECT id, periodname, startdate, enddate, closed, aplocked, alllocked "
                "FROM accountingperiod ORDER BY startdate"
            ).fetchall()
            names = ("id", "name", "from", "to", "closed", "apLocked", "allLocked")
            return Reply(200, {"periods": [dict(zip(names, row, strict=True)) for row in rows]})
        if len(rest) != 1:
            raise BadControl("periods/{id or name}")
        body = self.body(request)
        unknown = set(body) - set(PERIOD_FLAGS)
        if unknown or not body:
            raise BadControl(f"give one or more of {', '.join(PERIOD_FLAGS)}")
        with account.writing() as session:
            found = account.store.id_of_display("accountingPeriod", rest[0])
            record = session.find("accountingPeriod", found or rest[0])
            if record is None:
                raise BadControl(f"no period {rest[0]}")
            records.update(session, record, Change({name: bool(value) for name, value in body.items()}))
        return Reply(200, {"id": record.id})

    def bill_variances(self, request: Request, rest: list[str]) -> Reply:
        """Post the variances of all bills that wait for it: `{"date": "2026-05-31"}`; the journals made."""
        del rest
        need_post(request)
        account = self.app.account
        day = str(self.body(request).get("date") or account.clock.today().isoformat())
        try:
            date.fromisoformat(day)
        except ValueError:
            raise BadControl("date is written YYYY-MM-DD") from None
        with account.writing() as session:
            made = variance_journals.post_all(session, day)
        return Reply(200, {"journals": [each.id for each in made]})

    def rates(self, request: Request, rest: list[str]) -> Reply:
        """Exchange rates: `POST {"currency": "GBP", "rate": "1.31", "date": "2026-04-01"}`, against the base."""
        del rest
        account = self.app.account
        if request.method != "GET":
            body = self.body(request, is_exact=True)
            with account.writing() as session:
                currencies.set_rate(session, body.get("currency"), body.get("rate"), body.get("date"))
        rows = account.store.writer.execute(
            "SELECT c.symbol, r.exchangerate, r.effectivedate FROM currencyrate r JOIN currency c "
            "ON c.id = r.transactioncurrency ORDER BY r.effectivedate, c.id"
        ).fetchall()
        return Reply(200, {"rates": [dict(zip(("currency", "rate", "date"), row, strict=True)) for row in rows]})

    def customization(self, request: Request, rest: list[str]) -> Reply:
        """Custom fields and custom records: see the README for their form."""
        del rest
        account = self.app.account
        if request.method == "POST":
            customization.define(account.store, self.body(request))
            account.engine.forget()
            return Reply(201, {"customization": customization.defined(account.store)})
        return Reply(200, {"customization": customization.defined(account.store)})

    # Behaviour.

    def preferences(self, request: Request, rest: list[str]) -> Reply:
        del rest
        account = self.app.account
        if request.method in ("POST", "PATCH", "PUT"):
            body = self.body(request)
            account.preferences.update({k: float(v) if k == "queryTimeoutSeconds" else v for k, v in body.items()})
            account.save_settings()
            if "TIMEZONE" in body:
                records.project_all(account)
            if body.keys() & {"ADVANCEDRECEIVING"}:
                records.project_all(account)
        elif request.method == "DELETE":
            account.preferences.reset()
            account.save_settings()
        return Reply(200, {"preferences": account.preferences.values})

    def faults(self, request: Request, rest: list[str]) -> Reply:
        found = self.app.account.faults
        if request.method == "POST":
            return Reply(201, found.add(faults.read_fault(self.body(request))).shown())
        if request.method == "DELETE":
            if not rest:
                found.clear()
            elif not rest[0].isdigit() or not found.remove(int(rest[0])):
                return Reply(404, {"error": "no such fault"})
            return Reply(204)
        return Reply(200, {"faults": [each.shown() for each in found.all]})

    def governance(self, request: Request, rest: list[str]) -> Reply:
        del request, rest
        governor = self.app.governor
        return Reply(
            200, {"working": sum(governor.working.values()), "peak": governor.peak, "refused": governor.refused}
        )

    # What was asked, and by whom.

    def requests(self, request: Request, rest: list[str]) -> Reply:
        """The request log, newest first; `method`, `path`, `status` and `text` search it."""
        del rest
        if request.method == "DELETE":
            self.app.log.clear()
            return Reply(204)
        limit = request.parameter("limit", "100")
        found = self.app.log.search(
            method=request.parameter("method"),
            path=request.parameter("path"),
            status=request.parameter("status"),
            text=request.parameter("text"),
            limit=int(limit) if limit.isdigit() else 100,
        )
        return Reply(200, {"requests": found})

    def credentials(self, request: Request, rest: list[str]) -> Reply:
        """What `--print-credentials` prints; also each role's own tokens."""
        del rest
        made = self.app.account.credentials
        tokens = {
            each.role: {"token_id": each.token_id, "token_secret": each.token_secret} for each in made.tokens.values()
        }
        clients = {role: client for client, (role, _) in self.app.oauth2.clients.items()}
        shown = printing.describe(self.app.account.name, request.root, self.app.restlets.scripts)
        return Reply(200, {**shown, "roles": {r: {**tokens[r], "oauth2_client_id": clients[r]} for r in tokens}})

    def certificates(self, request: Request, rest: list[str]) -> Reply:
        """Take a certificate or public key for OAuth 2.0; answers with the id to send as `kid`."""
        del rest
        need_post(request)
        try:
            return Reply(201, {"certificate_id": self.app.oauth2.register(str(self.body(request).get("pem", "")))})
        except ValueError as error:
            raise BadControl(f"no certificate that is taken: {error}") from None

    # Events out.

    def webhooks(self, request: Request, rest: list[str]) -> Reply:
        store = self.app.account.store
        if rest == ["log"]:
            return Reply(200, {"deliveries": webhooks.log(store)})
        hooks = webhooks.hooks_of(store)
        if request.method == "POST":
            hooks.append(webhooks.read_hook(self.body(request)))
            webhooks.save_hooks(store, hooks)
            return Reply(201, {"webhooks": hooks})
        if request.method == "DELETE":
            webhooks.save_hooks(store, [])
            return Reply(204)
        return Reply(200, {"webhooks": hooks})


HANDLERS: dict[str, Callable[[Control, Request, list[str]], Reply]] = {
    "": Control.index,
    "health": Control.health,
    "reset": Control.reset,
    "seed": Control.seed,
    "snapshot": Control.snapshot,
    "restore": Control.restore,
    "trial-balance": Control.trial_balance,
    "attachments": Control.attachments,
    "clock": Control.clock,
    "periods": Control.periods,
    "customization": Control.customization,
    "rates": Control.rates,
    "bill-variances": Control.bill_variances,
    "preferences": Control.preferences,
    "faults": Control.faults,
    "governance": Control.governance,
    "requests": Control.requests,
    "credentials": Control.credentials,
    "certificates": Control.certificates,
    "webhooks": Control.webhooks,
}


def need_post(request: Request) -> None:
    if request.method not in ("POST", "PUT"):
        raise BadControl("use POST")


def instant(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        raise BadControl(f"{text} is no instant") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def duration(value: Any) -> timedelta:
    if isinstance(value, dict):
        try:
            return timedelta(**{str(k): float(v) for k, v in value.items()})
        except (TypeError, ValueError, OverflowError):
            raise BadControl("advance is seconds, or an object of days, hours, minutes, seconds") from None
    try:
        return timedelta(seconds=float(value))
    except (TypeError, ValueError, OverflowError):
        raise BadControl("advance is seconds, or an object of days, hours, minutes, seconds") from None
