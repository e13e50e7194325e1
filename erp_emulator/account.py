"""One running account: its store, clock, preferences, credentials and engines, and the sessions on them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from erp_emulator import customization, records, roles, tables, webhooks
from erp_emulator.clock import Clock
from erp_emulator.credentials import DEFAULT_ACCOUNT, credentials_of
from erp_emulator.faults import Faults
from erp_emulator.preferences import Preferences, UnknownPreference
from erp_emulator.session import Session
from erp_emulator.store import Store
from erp_emulator.suiteql.context import Account as QueryAccount
from erp_emulator.suiteql.run import Engine, account_now
from erp_emulator.tba import Verifier

# Columns that some accounts have on the header of transactions and others only on their lines.
LINE_ONLY = frozenset({"subsidiary", "location", "department", "class"})


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
        customization.load(self.store)
        self.load_settings()
        if self.store.is_old:
            self.store.upgrade()
            records.project_all(self)

    def session(self, user: str = "-5") -> Session:
        return Session(self.store, self.clock, self.preferences, user)

    @contextmanager
    def writing(self, user: str = "-5") -> Iterator[Session]:
        """A session whose writes are kept together or not at all."""
        session = self.session(user)
        with self.store.transaction():
            yield session
            webhooks.write_outbox(session)

    def restore(self, data: bytes) -> None:
        """Become what a dump of the store was: data, definitions, preferences and clock."""
        self.engine.forget()
        self.store.restore(data)
        customization.load(self.store)
        self.load_settings()

    # Preferences and the clock are part of the account's state, and rest with it.

    def load_settings(self) -> None:
        self.preferences.reset()
        self.clock.reset()
        with contextlib.suppress(UnknownPreference):
            self.preferences.update(json.loads(self.store.meta("preferences") or "{}"))
        clock = json.loads(self.store.meta("clock") or "{}")
        self.clock.shift = timedelta(seconds=clock.get("shift", 0))
        if clock.get("frozen"):
            self.clock.freeze(datetime.fromisoformat(clock["frozen"]))

    def save_settings(self) -> None:
        clock = {
            "shift": self.clock.shift.total_seconds(),
            "frozen": self.clock.frozen_at.isoformat() if self.clock.frozen_at else None,
        }
        with self.store.transaction():
            self.store.set_meta("preferences", json.dumps(self.preferences.changed()))
            self.store.set_meta("clock", json.dumps(clock))

    def query_tables(self) -> dict[str, dict[str, tables.Column]]:
        known = self.store.catalog.tables
        if self.preferences["transactionSubsidiaryColumn"]:
            return known
        header = {name: each for name, each in known["transaction"].items() if name not in LINE_ONLY}
        return {**known, "transaction": header}

    def query_account(self, role: str = "administrator", user: str = "-5") -> QueryAccount:
        return QueryAccount(
            tables=self.query_tables(),
            date_format=self.preferences["DATEFORMAT"],
            now=account_now(self.clock.now()),
            is_allowed=lambda table: roles.may_query(role, table),
            hidden=frozenset(str(self.preferences["hiddenColumns"]).lower().split(",")) - {""},
            has_ctes=bool(self.preferences["commonTableExpressions"]),
            user=user,
        )

    def close(self) -> None:
        self.engine.forget()
        self.store.close()
