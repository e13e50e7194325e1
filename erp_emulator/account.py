"""One running account: its store, clock, preferences, credentials and engines, and the sessions on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from erp_emulator import tables
from erp_emulator.clock import Clock
from erp_emulator.credentials import DEFAULT_ACCOUNT, credentials_of
from erp_emulator.faults import Faults
from erp_emulator.preferences import Preferences
from erp_emulator.session import Session
from erp_emulator.store import Store
from erp_emulator.suiteql.resolve import Account as QueryAccount
from erp_emulator.suiteql.run import Engine, account_now
from erp_emulator.tba import Verifier


class Account:
    def __init__(self, name: str = DEFAULT_ACCOUNT, path: Path | None = None) -> None:
        self.credentials = credentials_of(name)
        self.name = self.credentials.account
        self.store = Store(path)
        self.clock = Clock()
        self.preferences = Preferences()
        self.verifier = Verifier(self.credentials)
        self.faults = Faults()
        self.engine = Engine(self.store)

    @property
    def slug(self) -> str:
        return self.name.lower().replace("_", "-")

    def session(self, user: str = "-5") -> Session:
        return Session(self.store, self.clock, self.preferences, user)

    @contextmanager
    def writing(self, user: str = "-5") -> Iterator[Session]:
        """A session whose writes are kept together or not at all."""
        session = self.session(user)
        with self.store.transaction():
            yield session

    def announce(self, session: Session) -> None:
        """Hand what a committed session did to the scripts that tell others."""
        session.events.clear()

    def query_account(self, is_allowed: Any = None) -> QueryAccount:
        return QueryAccount(
            tables=tables.TABLES,
            date_format=self.preferences["DATEFORMAT"],
            now=account_now(self.clock.now()),
            is_allowed=is_allowed or (lambda _: True),
            hidden=frozenset(str(self.preferences["hiddenColumns"]).lower().split(",")) - {""},
            has_ctes=bool(self.preferences["commonTableExpressions"]),
        )

    def close(self) -> None:
        self.engine.forget()
        self.store.close()
