"""The emulator within a process: for tests that want one of their own, on a free port, in a few milliseconds."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any

from erp_emulator import printing
from erp_emulator import seed as seeds
from erp_emulator.account import Account
from erp_emulator.app import App
from erp_emulator.credentials import DEFAULT_ACCOUNT
from erp_emulator.server import Background

# A laid seed as a database, by the seed's name: the next emulator starts from a copy.
_laid: dict[str, bytes] = {}


class Emulator:
    """A running emulator. `url` is where it is, `credentials` what `--print-credentials` prints for it.

    `account` gives the data, clock, preferences and faults directly; `app.restlets.register` takes scripts of yours.
    """

    def __init__(
        self, *, seed: str | dict[str, Any] = "small", account: str = DEFAULT_ACCOUNT, data: Path | None = None
    ) -> None:
        self.account = Account(account, data)
        if self.account.store.is_new:
            self._fill(seed)
        self.app = App(self.account)
        self.server = Background(self.app)

    def _fill(self, seed: str | dict[str, Any]) -> None:
        if seed == "large":
            seeds.reset(self.account, seed)
            return
        key = seed if isinstance(seed, str) else json.dumps(seed, sort_keys=True, default=str)
        if key not in _laid:
            seeds.reset(self.account, seed)
            _laid[key] = self.account.store.dump()
        else:
            self.account.restore(_laid[key])

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def credentials(self) -> dict[str, Any]:
        return printing.describe(self.account.name, self.url, self.app.restlets.scripts)

    def __enter__(self) -> Emulator:
        self.server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.stop()
        self.account.close()
