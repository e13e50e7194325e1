"""Run a query on a read-only connection, within a time, and show the page as NetSuite does."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from erp_emulator.catalog import Catalog
from erp_emulator.errors import QUERY, NetSuiteError, invalid_query
from erp_emulator.store import Store
from erp_emulator.suiteql import dates, functions
from erp_emulator.suiteql.context import INVALID, Account, Output, Plan

PLANS_MAX = 256
STEPS_BETWEEN_CHECKS = 10_000
TOTAL_MAX = 100_000
ALLOWED_ACTIONS = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
    }
)
# What the engine itself reads and asks; a query has no way to say it.
OWN_TABLES = frozenset({"_display", "_balance"})
PRAGMAS = frozenset({"data_version"})


class Connection(sqlite3.Connection):
    """A reader that keeps how many rows a query had, for as long as nothing was written since."""

    version = -1
    totals: dict[tuple[Any, ...], int]

    def total(self, sql: str, bound: dict[str, Any]) -> int:
        """Within a transaction: the count of the state that its rows were read from."""
        version = int(self.execute("PRAGMA data_version").fetchone()[0])
        if version != self.version:
            self.version, self.totals = version, {}
        key = (sql, *bound.items())
        found = self.totals.get(key)
        if found is None:
            found = int(self.execute(sql, bound).fetchone()[0])
            if len(self.totals) < PLANS_MAX:
                self.totals[key] = found
        return found


@dataclass(frozen=True)
class Page:
    items: list[dict[str, Any]]
    total: int


def authoriser(catalog: Catalog) -> Callable[..., int]:
    """Only reading, and only what SuiteQL may see: the last of three fences (grammar, read-only, this)."""

    def authorise(action: int, first: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ:
            return sqlite3.SQLITE_OK if first in catalog.tables or first in OWN_TABLES else sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_PRAGMA:
            return sqlite3.SQLITE_OK if first in PRAGMAS else sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK if action in ALLOWED_ACTIONS else sqlite3.SQLITE_DENY

    return authorise


class Engine:
    """Plans by text, connections by thread. `columns` may grow by custom fields: `forget` drops what was prepared."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.plans: OrderedDict[tuple[str, ...], Plan] = OrderedDict()
        self.lock = threading.Lock()
        self.idle: list[tuple[str, Connection]] = []
        self.generation = 0

    def warm(self) -> None:
        """Import what the first query needs, while nobody waits for it."""
        import erp_emulator.suiteql.plans  # noqa: F401 - for its import alone

    def forget(self) -> None:
        with self.lock:
            self.plans.clear()
            idle, self.idle = self.idle, []
            self.generation += 1
        for _, connection in idle:
            connection.close()

    def plan(self, text: str, account: Account, role: str) -> Plan:
        key = (
            text,
            account.date_format,
            role,
            ",".join(sorted(account.hidden)),
            str(account.has_ctes),
            str(sum(len(columns) for columns in account.tables.values())),
        )
        with self.lock:
            if key in self.plans:
                self.plans.move_to_end(key)
                return self.plans[key]
        # Imported at the first query: the server is up before sqlglot is.
        from erp_emulator.suiteql import plans

        made = plans.plan(text, account)
        if made.is_timed:
            return made
        with self.lock:
            self.plans[key] = made
            if len(self.plans) > PLANS_MAX:
                self.plans.popitem(last=False)
        return made

    def connection(self, date_format: str) -> Connection:
        with self.lock:
            # The last one used first: it knows most of what is asked again.
            for index in reversed(range(len(self.idle))):
                if self.idle[index][0] == date_format:
                    return self.idle.pop(index)[1]
        connection = self.store.reader(Connection)
        functions.install(connection, date_format)
        connection.set_authorizer(authoriser(self.store.catalog))
        return connection

    def release(self, date_format: str, connection: Connection, generation: int) -> None:
        with self.lock:
            if generation == self.generation and len(self.idle) < 8:
                self.idle.append((date_format, connection))
                return
        connection.close()

    def run(
        self,
        text: str,
        parameters: list[Any],
        account: Account,
        *,
        role: str,
        limit: int,
        offset: int,
        timeout_seconds: float,
    ) -> Page:
        plan = self.plan(text, account, role)
        bound = {f"p{index + 1}": _parameter(value) for index, value in enumerate(parameters)}
        generation = self.generation
        connection = self.connection(account.date_format)
        deadline = time.monotonic() + timeout_seconds
        connection.set_progress_handler(lambda: 1 if time.monotonic() > deadline else 0, STEPS_BETWEEN_CHECKS)
        try:
            connection.execute("BEGIN")
            rows, total = _fetch(connection, plan, bound, limit, offset)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()
            raise _refusal(error, is_late=time.monotonic() > deadline) from None
        except OverflowError:
            connection.close()
            raise invalid_query(INVALID) from None
        except BaseException:
            connection.close()
            raise
        connection.set_progress_handler(None, 0)
        self.release(account.date_format, connection, generation)
        try:
            return Page(show(plan.outputs, rows, account.date_format), total)
        except OverflowError:
            # A number beyond all numbers, which SQLite has and Oracle has not.
            raise invalid_query(INVALID) from None


def _parameter(value: Any) -> Any:
    if isinstance(value, bool):
        return "T" if value else "F"
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def _fetch(
    connection: Connection, plan: Plan, bound: dict[str, Any], limit: int, offset: int
) -> tuple[list[tuple[Any, ...]], int]:
    page = f"{plan.rows} LIMIT {limit + 1} OFFSET {offset}"
    rows = connection.execute(page, bound).fetchall()
    if len(rows) <= limit and (rows or offset == 0):
        return rows, offset + len(rows)
    return rows[:limit], connection.total(plan.count, bound)


def _refusal(error: sqlite3.Error, *, is_late: bool) -> NetSuiteError:
    if is_late or "interrupted" in str(error):
        return NetSuiteError(
            400,
            "INVALID_PARAMETER",
            QUERY + "Search error occurred: The query took too long and was stopped.",
            query_param="q",
        )
    return invalid_query(INVALID)


def show(outputs: tuple[Output, ...], rows: list[tuple[Any, ...]], date_format: str) -> list[dict[str, Any]]:
    """Rows as SuiteQL gives them: text only, lower-case keys, what is empty left out, an empty `links`."""
    shown = []
    columns = [(each.name, each.kind in ("date", "datetime")) for each in outputs]
    text_of = dates.number_text
    date_text = dates.account_text
    for row in rows:
        item: dict[str, Any] = {"links": []}
        for (name, is_dated), value in zip(columns, row, strict=True):
            kind = type(value)
            if kind is str:
                if value:
                    is_iso = is_dated and value[4:5] == "-"
                    item[name] = date_text(value, date_format) if is_iso else value
            elif kind is int:
                item[name] = str(value)
            elif value is not None:
                item[name] = text_of(value)
        shown.append(item)
    return shown


def account_now(now: datetime) -> datetime:
    return now.replace(tzinfo=None)
