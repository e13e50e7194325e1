"""Concurrency: how many requests an account has at once, of whom some are served, some wait, and the rest are refused.

A request counts for as long as it is worked on, and its connection a little longer, as NetSuite's own answers take
longer than ours: without that no client would ever meet the limit. A connection that closed, or the next request on
the same one, is never counted against its caller: one request after the other is one at a time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from erp_emulator.preferences import Preferences

Peer = tuple[str, int]
NOBODY: tuple[str, int] = ("", 0)
LINGER_SECONDS = 0.05
SERVICE_SECONDS = 0.06
WAIT_SECONDS_MAX = 10.0
WAIT_STEP_SECONDS = 0.002


class TooMany(Exception):
    """More requests at once than are served and may wait."""


class Governor:
    def __init__(self, preferences: Preferences) -> None:
        self.preferences = preferences
        self.working: dict[Peer, int] = {}
        self.waiting = 0
        self.recent: dict[Peer, float] = {}
        self.refused = 0
        self.peak = 0

    def load(self, but: Peer | None) -> int:
        """Requests at once beside this one: worked on, waiting, or answered a moment ago on connections still open."""
        now = time.monotonic()
        for peer in [peer for peer, until in self.recent.items() if until < now]:
            del self.recent[peer]
        mine = but or NOBODY
        busy = {peer for peer in (*self.recent, *self.working) if peer != mine}
        worked_on = sum(count for peer, count in self.working.items() if peer != mine)
        return max(len(busy), worked_on + self.waiting)

    def closed(self, peer: Peer) -> None:
        self.recent.pop(peer, None)

    @asynccontextmanager
    async def slot(self, peer: Peer | None, *, is_query: bool) -> AsyncIterator[None]:
        """A place among those served; TooMany when even the places to wait are taken."""
        limit, waiting = int(self.preferences["concurrencyLimit"]), int(self.preferences["concurrencyWaiting"])
        others = self.load(peer)
        self.peak = max(self.peak, others + 1)
        if not self.preferences["governance"]:
            yield
            return
        if others >= limit + waiting:
            self.refused += 1
            raise TooMany
        await self._wait(limit)
        key = peer or NOBODY
        self.working[key] = self.working.get(key, 0) + 1
        started = time.monotonic()
        try:
            yield
            rest = started + SERVICE_SECONDS - time.monotonic()
            if is_query and rest > 0 and self.load(peer) > 0:
                await asyncio.sleep(rest)
        finally:
            self.working[key] -= 1
            if not self.working[key]:
                del self.working[key]
            if peer is not None:
                self.recent[peer] = time.monotonic() + LINGER_SECONDS

    async def _wait(self, limit: int) -> None:
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        self.waiting += 1
        try:
            while sum(self.working.values()) >= limit:
                if time.monotonic() > deadline:
                    self.refused += 1
                    raise TooMany
                await asyncio.sleep(WAIT_STEP_SECONDS)
        finally:
            self.waiting -= 1
