"""The console page at `/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erp_emulator.http import Reply, Request

if TYPE_CHECKING:
    from erp_emulator.app import App


class Console:
    def __init__(self, app: App) -> None:
        self.app = app

    async def answer(self, request: Request) -> Reply:
        del request
        return Reply(
            200,
            f"<!doctype html><title>ERP emulator</title><h1>{self.app.account.name}</h1>",
            "text/html;charset=utf-8",
        )
