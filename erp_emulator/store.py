"""The only SQLite code of the record side: records as JSON, id ranges, links, and what SuiteQL reads beside them.

A database without a file of its own rests in a temporary directory: write-ahead logging then lets queries read
one state while the one writer makes the next.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import orjson

from erp_emulator import balances, codes, tables
from erp_emulator.catalog import Catalog

VERSION = 4
OWN_TABLES = (
    # Not WITHOUT ROWID: bodies of a page's half would each take a page more.
    """CREATE TABLE _record (family TEXT NOT NULL, id INTEGER NOT NULL, type TEXT NOT NULL, external_id TEXT,
       body TEXT NOT NULL, modified TEXT NOT NULL, PRIMARY KEY (family, id))""",
    "CREATE UNIQUE INDEX _record_external ON _record(type, external_id) WHERE external_id IS NOT NULL",
    "CREATE INDEX _record_type ON _record(type, id)",
    "CREATE TABLE _sequence (name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID",
    # An id may be a letter too; that it prefers numbers is what lets a column of numbers be looked up by the key.
    """CREATE TABLE _display (family TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (family, id))
       WITHOUT ROWID""",
    # The name first: an index that begins with the family would be taken for looking names up by id.
    "CREATE INDEX _display_name ON _display(name, family)",
    "CREATE TABLE _meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE _attachment (recordtype TEXT, record INTEGER, kind TEXT, attached INTEGER, PRIMARY KEY (record, "
    "kind, attached))",
    "CREATE TABLE _content (id INTEGER PRIMARY KEY, content BLOB NOT NULL)",
    """CREATE TABLE _job (id INTEGER PRIMARY KEY, idempotency_key TEXT, created TEXT, body TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX _job_key ON _job(idempotency_key) WHERE idempotency_key IS NOT NULL",
    """CREATE TABLE _outbox (id INTEGER PRIMARY KEY, url TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL,
       attempts INTEGER NOT NULL DEFAULT 0, answer TEXT, created TEXT NOT NULL,
       due REAL NOT NULL DEFAULT 0, hook TEXT)""",
    "CREATE INDEX _outbox_state ON _outbox(state, due)",
)


UNKEYED = frozenset({"transaction", "transactionline", "transactionaccountingline"})
Reader = TypeVar("Reader", bound=sqlite3.Connection)
ORPHAN = "erp-emulator-"


def remove_orphans(folder: Path) -> None:
    """What processes that were killed left in memory: a folder names its process."""
    for left in folder.glob(f"{ORPHAN}[0-9]*-*"):
        pid = left.name.removeprefix(ORPHAN).partition("-")[0]
        if not Path(f"/proc/{pid}").exists():
            shutil.rmtree(left, ignore_errors=True)


class Store:
    """One account's data. `path` None keeps it in memory-like temporary files that go with the process."""

    def __init__(self, path: Path | None = None) -> None:
        self.temporary: tempfile.TemporaryDirectory[str] | None = None
        if path is None:
            shm = Path("/dev/shm")  # noqa: S108 - a directory of our own is made below it
            if shm.is_dir():
                remove_orphans(shm)
            self.temporary = tempfile.TemporaryDirectory(
                prefix=f"{ORPHAN}{os.getpid()}-", dir=shm if shm.is_dir() else None
            )
            path = Path(self.temporary.name) / "data.sqlite"
        self.path = path
        self.catalog = Catalog()
        self.inserts: dict[str, tuple[int, frozenset[str], tuple[str, ...], str]] = {}
        self.lock = threading.RLock()
        self.writer = self._connect()
        self.writer.execute("PRAGMA journal_mode=WAL")
        self.writer.execute("PRAGMA synchronous=NORMAL")
        self.is_new = not self._tables_exist()
        if self.is_new:
            self._create()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self.path,
            isolation_level=None,
            check_same_thread=False,
            timeout=30,
            cached_statements=512,
        )

    def _tables_exist(self) -> bool:
        row = self.writer.execute("SELECT 1 FROM sqlite_master WHERE name = '_record'").fetchone()
        return row is not None

    def _create(self) -> None:
        with self.transaction():
            for statement in (*OWN_TABLES, *tables.ddl()):
                self.writer.execute(statement)
            self.fill_code_tables()
            self.set_meta("version", str(VERSION))

    @property
    def is_old(self) -> bool:
        """Whether an earlier version of the emulator made this database."""
        return self.meta("version") != str(VERSION)

    def upgrade(self) -> None:
        """Make what this version has more. What SuiteQL sees of transactions is emptied, to be written anew."""
        with self.transaction() as connection:
            connection.execute(balances.TABLE)
            for name, select in tables.VIEWS.items():
                found = connection.execute("SELECT type FROM sqlite_master WHERE name = ?", (name,)).fetchone()
                if found is not None and found[0] == "table":
                    connection.execute(f"DROP TABLE {name}")
                if found is None or found[0] == "table":
                    connection.execute(f"CREATE VIEW {name} AS {select}")
            for name in UNKEYED:
                connection.execute(f'DELETE FROM "{name}"')  # noqa: S608 - the schema's own names
            for statement in ("DELETE FROM _balance", *balances.triggers()):
                connection.execute(statement)
            self.set_meta("version", str(VERSION))

    def add_missing(self) -> None:
        """Tables and columns that custom fields and records brought since this database was made."""
        with self.transaction() as connection:
            for name, columns in self.catalog.tables.items():
                if name in tables.VIEWS:
                    continue
                present = {row[1] for row in connection.execute(f'PRAGMA table_info("{name}")').fetchall()}
                if not present:
                    connection.execute(tables.create(name, columns))
                for each in columns.values():
                    if present and each.name not in present:
                        connection.execute(f'ALTER TABLE "{name}" ADD COLUMN {tables.declared(each)}')

    def fill_code_tables(self) -> None:
        """Statuses, types and enumerations, for `BUILTIN.DF` and the tables that list them."""
        write = self.writer.execute
        display = "INSERT OR REPLACE INTO _display VALUES (?, ?, ?)"
        for code, label in codes.TYPE_LABELS.items():
            write(display, ("trantype", code, label))
            for letter, name in codes.STATUSES.get(code, {}).items():
                write(display, (f"status:{code}", letter, f"{label} : {name}"))
                write(
                    "INSERT INTO transactionstatus VALUES (?, ?, ?, ?)",
                    (letter, code, name, f"{label} : {name}"),
                )
        for family, enum in (
            ("approvalstatus", "approvalStatus"),
            ("itemtype", "itemType"),
            ("accttype", "acctType"),
            ("country", "country"),
        ):
            for key, name in codes.ENUMS[enum].items():
                value: object = int(key) if key.isdigit() else key
                write(display, (family, value, name))
        balance_sheet = 13
        for index, (key, name) in enumerate(codes.ENUMS["acctType"].items()):
            is_balance = "T" if 0 < index <= balance_sheet else "F"
            is_debit = (
                "T"
                if key
                in (
                    "Bank",
                    "AcctRec",
                    "OthCurrAsset",
                    "FixedAsset",
                    "OthAsset",
                    "COGS",
                    "Expense",
                    "OthExpense",
                    "UnbilledRec",
                    "DeferExpense",
                )
                else "F"
            )
            write(
                "INSERT INTO accounttype VALUES (?, ?, ?, ?, ?)",
                (key, None, name, is_balance, is_debit),
            )
        write("INSERT INTO dual VALUES ('X')")
        for index, name in enumerate(tables.CUSTOM_FIELDS):
            prefix = name.partition("_")[0].upper()
            write(
                "INSERT INTO customfield (internalid, scriptid, name, fieldtype, fieldvaluetype, isinactive) "
                "VALUES (?, ?, ?, ?, 'string', 'F')",
                (800 + index, name.upper(), name, prefix),
            )
        write(
            "INSERT INTO accountingbook (id, name, isprimary, isinactive) "
            "VALUES (1, 'Primary Accounting Book', 'T', 'F')"
        )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, one at a time; joins the transaction that is open in this thread."""
        with self.lock:
            if self.writer.in_transaction:
                yield self.writer
                return
            self.writer.execute("BEGIN IMMEDIATE")
            try:
                yield self.writer
            except BaseException:
                self.writer.execute("ROLLBACK")
                raise
            self.writer.execute("COMMIT")

    def reader(self, kind: type[Reader]) -> Reader:
        """A connection that can only read; the caller closes it."""
        connection = sqlite3.connect(
            f"file:{self.path}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=30,
            factory=kind,
        )
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA case_sensitive_like=ON")
        return connection

    def dump(self) -> bytes:
        """The whole database as it is now."""
        with self.lock:
            data = bytearray(self.writer.serialize())
        # A database in memory has no write-ahead log: the header must not say that this one has.
        data[18:20] = b"\x01\x01"
        return bytes(data)

    def restore(self, data: bytes) -> None:
        """Become the database that `dump` gave."""
        source = sqlite3.connect(":memory:")
        try:
            source.deserialize(data)
            with self.lock:
                source.backup(self.writer)
        finally:
            source.close()
        self.add_missing()

    def restore_from(self, path: Path) -> None:
        """Become the database of a file, but keep this account's own settings and definitions."""
        source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            with self.lock:
                kept = self.writer.execute("SELECT name, value FROM _meta").fetchall()
                source.backup(self.writer)
                self.writer.execute("DELETE FROM _meta")
                self.writer.executemany("INSERT INTO _meta VALUES (?, ?)", kept)
                self.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            source.close()
        self.add_missing()

    def save_to(self, path: Path) -> None:
        """A copy of the database as it is now, as one file."""
        with self.lock:
            self.writer.execute("VACUUM INTO ?", (str(path),))

    def close(self) -> None:
        self.writer.close()
        if self.temporary:
            self.temporary.cleanup()

    # What is kept beside the records.

    def meta(self, name: str) -> str | None:
        row = self.writer.execute("SELECT value FROM _meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        self.writer.execute("INSERT OR REPLACE INTO _meta VALUES (?, ?)", (name, value))

    def next_id(self, name: str, first: int = 1) -> int:
        row = self.writer.execute("SELECT last FROM _sequence WHERE name = ?", (name,)).fetchone()
        value = first if row is None else int(row[0]) + 1
        self.writer.execute("INSERT OR REPLACE INTO _sequence VALUES (?, ?)", (name, value))
        return value

    def use_id(self, name: str, value: int) -> None:
        """An id chosen from outside: later ones come after it."""
        self.writer.execute(
            "INSERT INTO _sequence VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET last = MAX(last, excluded.last)",
            (name, value),
        )

    # Records.

    def row(self, family: str, record_id: int) -> tuple[str, str, str | None] | None:
        """(type, body, external id) of a record."""
        found = self.writer.execute(
            "SELECT type, body, external_id FROM _record WHERE family = ? AND id = ?",
            (family, record_id),
        ).fetchone()
        return found if found is None else (found[0], found[1], found[2])

    def id_of_external(self, record_type: str, external_id: str) -> int | None:
        row = self.writer.execute(
            "SELECT id FROM _record WHERE type = ? AND external_id = ?", (record_type, external_id)
        ).fetchone()
        return None if row is None else int(row[0])

    def ids(self, record_type: str, limit: int, offset: int) -> list[int]:
        rows = self.writer.execute(
            "SELECT id FROM _record WHERE type = ? ORDER BY id LIMIT ? OFFSET ?",
            (record_type, limit, offset),
        )
        return [row[0] for row in rows]

    def select(self, record_type: str, condition: Any, limit: int, offset: int) -> tuple[int, list[int]]:
        """(how many there are, the ids of one page) of a type's records, that meet a filter's condition if one is "
        "given."""
        where, values = "", ()
        if condition is not None:
            where, values = f" AND ({condition.sql})", condition.values
        sql = f"FROM _record WHERE type = ?{where}"
        total = self.writer.execute(f"SELECT COUNT(*) {sql}", (record_type, *values)).fetchone()[0]
        rows = self.writer.execute(
            f"SELECT id {sql} ORDER BY id LIMIT ? OFFSET ?", (record_type, *values, limit, offset)
        ).fetchall()
        return int(total), [row[0] for row in rows]

    def count(self, record_type: str) -> int:
        row = self.writer.execute("SELECT COUNT(*) FROM _record WHERE type = ?", (record_type,)).fetchone()
        return int(row[0])

    def bodies(self, record_type: str) -> Iterable[tuple[int, str, str | None]]:
        rows = self.writer.execute(
            "SELECT id, body, external_id FROM _record WHERE type = ? ORDER BY id", (record_type,)
        )
        for row in rows.fetchall():
            yield row[0], row[1], row[2]

    def put(
        self,
        family: str,
        record_id: int,
        record_type: str,
        external_id: str | None,
        body: dict[str, Any],
        modified: str,
    ) -> None:
        self.writer.execute(
            """INSERT INTO _record VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(family, id) DO UPDATE SET
               external_id = excluded.external_id, body = excluded.body, modified = excluded.modified""",
            (
                family,
                record_id,
                record_type,
                external_id,
                orjson.dumps(body, default=str).decode(),
                modified,
            ),
        )

    def remove(self, family: str, record_id: int) -> None:
        self.writer.execute("DELETE FROM _record WHERE family = ? AND id = ?", (family, record_id))
        self.writer.execute("DELETE FROM _display WHERE family = ? AND id = ?", (family, record_id))

    def display(self, family: str, key: object) -> str | None:
        row = self.writer.execute("SELECT name FROM _display WHERE family = ? AND id = ?", (family, key)).fetchone()
        return None if row is None else str(row[0])

    def set_display(self, family: str, key: object, name: str) -> None:
        self.writer.execute("INSERT OR REPLACE INTO _display VALUES (?, ?, ?)", (family, key, name))

    def id_of_display(self, family: str, name: str) -> int | None:
        row = self.writer.execute(
            "SELECT id FROM _display WHERE family = ? AND name = ? LIMIT 1", (family, name)
        ).fetchone()
        return None if row is None else int(row[0])

    def insert(self, table: str, row: dict[str, Any]) -> None:
        """One row of a table that SuiteQL sees; None and empty text are both left NULL, as Oracle has it."""
        self.insert_all(table, [row])

    def insert_all(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Rows of one table, by one statement for whatever columns they have."""
        columns = self.catalog.tables[table]
        known = self.inserts.get(table)
        if known is None or known[0] != len(columns):
            names = tuple(columns)
            listed = ", ".join(f'"{name}"' for name in names)
            marks = ", ".join("?" * len(names))
            # Rows without a key of their own were removed before; REPLACE would silence the triggers on them.
            verb = "INSERT" if table in UNKEYED else "INSERT OR REPLACE"
            sql = f'{verb} INTO "{table}" ({listed}) VALUES ({marks})'
            known = self.inserts[table] = (len(columns), frozenset(names), names, sql)
        _, allowed, names, sql = known
        for row in rows:
            if not row.keys() <= allowed:
                raise KeyError(f"{table} has no column {', '.join(sorted(row.keys() - allowed))}")
            self.writer.execute(sql, [None if (value := row.get(name)) == "" else value for name in names])

    def delete_rows(self, table: str, column: str, value: object) -> None:
        self.writer.execute(f'DELETE FROM "{table}" WHERE "{column}" = ?', (value,))  # noqa: S608 - names are the schema's own, values are bound
