"""`/_emulator/`: the emulator's own controls. Nothing here exists in NetSuite, and none of it asks for a login."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from erp_emulator import faults, ledger, seed
from erp_emulator.errors import NetSuiteError
from erp_emulator.http import Reply, Request

if TYPE_CHECKING:
    from erp_emulator.app import App


class BadControl(Exception):
    """A control that is used wrongly: a 400 with its sentence."""


class Control:
    def __init__(self, app: App) -> None:
        self.app = app

    async def answer(self, request: Request) -> Reply:
        segments = [each for each in request.path.split("/") if each][1:]
        try:
            return await self.route(request, segments)
        except (BadControl, faults.BadFault, seed.BadSeed) as error:
            return Reply(400, {"error": str(error)})

    async def route(self, request: Request, segments: list[str]) -> Reply:
        account = self.app.account
        match request.method, segments:
            case "GET", ["health"]:
                return Reply(200, {"status": "ok", "account": account.name})
            case "POST", ["reset"]:
                return await self.reset(request)
            case "GET", ["faults"]:
                return Reply(200, {"faults": [each.shown() for each in account.faults.all]})
            case "POST", ["faults"]:
                return Reply(201, account.faults.add(faults.read_fault(self.body(request))).shown())
            case "DELETE", ["faults"]:
                account.faults.clear()
                return Reply(204)
            case "DELETE", ["faults", number] if number.isdigit():
                if not account.faults.remove(int(number)):
                    return Reply(404, {"error": "no such fault"})
                return Reply(204)
            case "GET", ["trial-balance"]:
                until = request.parameter("until") or None
                return Reply(200, ledger.trial_balance(account.session(), until))
        return Reply(404, {"error": "no such control"})

    def body(self, request: Request) -> Any:
        try:
            return request.json()
        except NetSuiteError:
            raise BadControl("the body is not JSON") from None

    async def reset(self, request: Request) -> Reply:
        """Empty the account and seed it: `{"seed": "small"|"none"|{...}}`."""
        body = self.body(request)
        which = body.get("seed", "small") if isinstance(body, dict) else "small"
        await asyncio.to_thread(seed.reset, self.app.account, which)
        return Reply(200, {"status": "ok"})
