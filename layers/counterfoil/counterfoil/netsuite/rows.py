"""How NetSuite is asked for many records at once, and how its rows are read, whatever they hold.

Each query is ordered by a unique increasing key, the record's id and its line, so that it can be read page by page
while records change (`Selection`). Ids and instants are checked and written into the text; nothing else is.

Instants are compared in the ERP's own clock, as text: an account's time zone is not ours to know there, and no
conversion can lose an hour when clocks change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from itertools import groupby
from typing import TypeVar

from counterfoil.domain.money import decimal_of
from counterfoil.errors import CounterfoilError

T = TypeVar("T")

IDS_MAX = 1000
ID_DIGITS_MAX = 18

Row = Mapping[str, str]
Query = tuple[str, tuple[str, ...]]
Taken = dict[int, Decimal]


class UnreadableRow(CounterfoilError):
    """A row is not as NetSuite writes it. `record` is the type and id, `column` and `value` what is wrong."""

    def __init__(self, record: str, column: str, value: str | None) -> None:
        self.record = record
        self.column = column
        self.value = value
        super().__init__(f"{record}: {column} is {'missing' if value is None else repr(value[:80])}")


@dataclass(frozen=True)
class Selection:
    """Which records: changed at or after `since` (the ERP's clock, `2026-02-01T08:30:00`), or only those `ids`.

    Both None selects all. `after` leaves out ids up to that one, where an earlier reading stopped.
    """

    since: str | None = None
    ids: Sequence[str] | None = None
    after: str | None = None

    def __post_init__(self) -> None:
        if self.ids is not None and not 0 < len(self.ids) <= IDS_MAX:
            raise ValueError(f"a query takes 1 to {IDS_MAX} ids, not {len(self.ids)}")


OWN_LINES = "tl.taxline = 'F' AND (tl.iscogs IS NULL OR tl.iscogs = 'F')"


def keyed_query(
    select: str,
    selection: Selection,
    *,
    id_column: str,
    modified_column: str,
    line_column: str | None = None,
    text_column: str | None = None,
) -> Callable[[Row | None], Query]:
    conditions = [select.strip()]
    if selection.since is not None:
        conditions.append(f"{modified_column} >= {timestamp_text(selection.since)}")
    if selection.ids is not None:
        conditions.append(f"{id_column} IN ({ids_text(selection.ids)})")
    second = line_column or text_column
    order = f" ORDER BY {id_column}" + (f", {second}" if second else "")

    def query_after(row: Row | None) -> Query:
        place = ""
        params: tuple[str, ...] = ()
        if row is None:
            place = f"{id_column} > {id_text(selection.after)}" if selection.after is not None else ""
        elif line_column is not None:
            key, line = id_text(row["id"]), id_text(row["line"])
            place = f"({id_column} > {key} OR ({id_column} = {key} AND {line_column} > {line}))"
        elif text_column is not None:
            key, params = id_text(row["id"]), (row.get("type", ""),)
            place = f"({id_column} > {key} OR ({id_column} = {key} AND {text_column} > ?))"
        else:
            place = f"{id_column} > {id_text(row['id'])}"
        return " AND ".join([*conditions, place] if place else conditions) + order, params

    return query_after


def id_text(text: str) -> str:
    if not (text.isascii() and text.isdecimal() and len(text) <= ID_DIGITS_MAX):
        raise ValueError(f"{text[:40]!r} is not an internal id")
    return text


def ids_text(ids: Sequence[str]) -> str:
    if not 0 < len(ids) <= IDS_MAX:
        raise ValueError(f"a query takes 1 to {IDS_MAX} ids, not {len(ids)}")
    return ", ".join(map(id_text, ids))


def texts(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def timestamp_text(since: str) -> str:
    moment = datetime.fromisoformat(since).replace(tzinfo=None, microsecond=0)
    return f"TO_TIMESTAMP('{moment.isoformat(sep=' ')}', 'YYYY-MM-DD HH24:MI:SS')"


def instant_text(column: str) -> str:
    return f"TO_CHAR({column}, 'YYYY-MM-DD\"T\"HH24:MI:SS')"


def date_text(column: str) -> str:
    return f"TO_CHAR({column}, 'YYYY-MM-DD')"


# Rows


def by_record(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows of one record at a time; rows come ordered by `id`."""
    for _, group in groupby(rows, key=lambda row: row["id"]):
        yield list(group)


class Cells:
    """One row, read with its complaints naming record and column. An empty column is absent or empty text."""

    def __init__(self, record_type: str, row: Row) -> None:
        self._row = row
        self.record = f"{record_type} {row.get('id', '?')}"

    def optional(self, column: str) -> str | None:
        return self._row.get(column) or None

    def text(self, column: str) -> str:
        value = self.optional(column)
        if value is None:
            raise UnreadableRow(self.record, column, None)
        return value

    def number(self, column: str, default: Decimal | None = None) -> Decimal:
        value = self.optional(column)
        if value is None and default is not None:
            return default
        try:
            return decimal_of(self.text(column))
        except UnreadableRow:
            raise
        except ValueError as error:
            raise UnreadableRow(self.record, column, value) from error

    def integer(self, column: str) -> int:
        value = self.text(column)
        if not (value.isascii() and value.isdecimal() and len(value) <= ID_DIGITS_MAX):
            raise UnreadableRow(self.record, column, value)
        return int(value)

    def flag(self, column: str) -> bool:
        """`T` or `F`; an absent one is not set."""
        return self.optional(column) is not None and self.among(column, {"T": True, "F": False})

    def among(self, column: str, meanings: Mapping[str, T]) -> T:
        value = self.text(column)
        if value not in meanings:
            raise UnreadableRow(self.record, column, value)
        return meanings[value]

    def day(self, column: str) -> date | None:
        value = self.optional(column)
        try:
            return None if value is None else date.fromisoformat(value)
        except ValueError as error:
            raise UnreadableRow(self.record, column, value) from error

    def instant(self, column: str, zone: tzinfo) -> datetime:
        value = self.text(column)
        try:
            return datetime.fromisoformat(value).replace(tzinfo=zone).astimezone(UTC)
        except ValueError as error:
            raise UnreadableRow(self.record, column, value) from error


def header_of(rows: Sequence[Row]) -> Row:
    for row in rows:
        if row.get("mainline") == "T":
            return row
    raise UnreadableRow(f"transaction {rows[0].get('id', '?')}", "mainline", None)


def lines_of(record_type: str, rows: Sequence[Row]) -> list[Cells]:
    return [Cells(record_type, row) for row in rows if row.get("mainline") != "T"]
