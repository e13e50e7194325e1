"""Run a query on a read-only connection, within a time, and show the page as NetSuite does."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from erp_emulator import tables
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


@dataclass(frozen=True)
class Page:
    items: list[dict[str, Any]]
    total: int


def authorise(action: int, first: str | None, *_: object) -> int:
    """Only reading, and only what SuiteQL may see: the last of three fences (grammar, read-only, this)."""
    if action == sqlite3.SQLITE_READ:
        return sqlite3.SQLITE_OK if first in tables.TABLES or first == "_display" else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in ALLOWED_ACTIONS else sqlite3.SQLITE_DENY


class Engine:
    """Plans by text, connections by thread. `columns` may grow by custom fields: `forget` drops what was prepared."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.plans: OrderedDict[tuple[str, ...], Plan] = OrderedDict()
        self.lock = threading.Lock()
        self.idle: list[tuple[str, sqlite3.Connection]] = []
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
        is_timed = any(w in text.upper() for w in ("SYSDATE", "CURRENT_", "SYSTIMESTAMP", "RELATIVE_RANGES", "PERIOD"))
        with self.lock:
            if key in self.plans and not is_timed:
                self.plans.move_to_end(key)
                return self.plans[key]
        # Imported at the first query: the server is up before sqlglot is.
        from erp_emulator.suiteql import plans

        made = plans.plan(text, account)
        with self.lock:
            self.plans[key] = made
            if len(self.plans) > PLANS_MAX:
                self.plans.popitem(last=False)
        return made

    def connection(self, date_format: str) -> sqlite3.Connection:
        with self.lock:
            for index, (held, connection) in enumerate(self.idle):
                if held == date_format:
                    del self.idle[index]
                    return connection
        connection = self.store.reader()
        functions.install(connection, date_format)
        connection.set_authorizer(authorise)
        return connection

    def release(self, date_format: str, connection: sqlite3.Connection, generation: int) -> None:
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
        return Page(show(plan.outputs, rows, account.date_format), total)


def _parameter(value: Any) -> Any:
    if isinstance(value, bool):
        return "T" if value else "F"
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def _fetch(
    connection: sqlite3.Connection, plan: Plan, bound: dict[str, Any], limit: int, offset: int
) -> tuple[list[tuple[Any, ...]], int]:
    page = f"{plan.rows} LIMIT {limit + 1} OFFSET {offset}"
    rows = connection.execute(page, bound).fetchall()
    if len(rows) <= limit and (rows or offset == 0):
        return rows, offset + len(rows)
    count = connection.execute(plan.count, bound).fetchone()
    return rows[:limit], int(count[0])


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
    plans = [(index, each.name, each.kind) for index, each in enumerate(outputs)]
    text_of = dates.number_text
    for row in rows:
        item: dict[str, Any] = {"links": []}
        for index, name, kind in plans:
            value = row[index]
            if value is None or value == "":
                continue
            if kind == "date" or kind == "datetime":
                item[name] = (
                    dates.account_text(value, date_format)
                    if isinstance(value, str) and value[4:5] == "-"
                    else str(value)
                )
            elif isinstance(value, str):
                item[name] = value
            else:
                item[name] = text_of(value)
        shown.append(item)
    return shown


def account_now(now: datetime) -> datetime:
    return now.replace(tzinfo=None)
