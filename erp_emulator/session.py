"""One unit of work on the records: what was read is held once, what changed is written together."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from erp_emulator.clock import Clock, instant_text
from erp_emulator.errors import nonexistent_record
from erp_emulator.preferences import Preferences
from erp_emulator.schema import RecordType
from erp_emulator.store import Store

Values = dict[str, Any]


def number(value: object) -> Decimal:
    """A stored number; nothing is zero."""
    if type(value) is Decimal:
        return value
    return Decimal(0) if value is None or value == "" else Decimal(str(value))


@dataclass
class Record:
    """A record's values in stored form: numbers Decimal, dates ISO text, references ids as text, booleans bool.

    `values` may hold names beginning with `_`: facts the emulator keeps and never shows.
    """

    type: RecordType
    id: str
    values: Values
    lines: dict[str, list[Values]] = field(default_factory=dict)
    is_new: bool = False

    @property
    def external_id(self) -> str | None:
        return self.values.get("externalId")

    @property
    def key(self) -> tuple[str, int]:
        return self.type.family, int(self.id)

    def sublist(self, name: str) -> list[Values]:
        return self.lines.get(name, [])

    def get(self, name: str) -> Any:
        return self.values.get(name)

    def number(self, name: str) -> Decimal:
        return number(self.values.get(name))

    def body(self) -> dict[str, Any]:
        return {"v": self.values, "l": self.lines}

    def copy(self) -> Record:
        return Record(
            self.type,
            self.id,
            dict(self.values),
            {name: [dict(line) for line in lines] for name, lines in self.lines.items()},
        )


def decode(record_type: RecordType, record_id: int, text: str) -> Record:
    body = orjson.loads(text)
    values, lines = body["v"], body["l"]
    _numbers(values, record_type.numeric)
    for name, rows in lines.items():
        numeric = record_type.sublists[name].numeric
        for row in rows:
            _numbers(row, numeric)
    return Record(record_type, str(record_id), values, lines)


def _numbers(values: Values, numeric: frozenset[str]) -> None:
    for name in numeric & values.keys():
        if values[name] is not None:
            values[name] = Decimal(values[name])


@dataclass
class Session:
    """Reads and writes within one transaction of the store. `user` is the employee who acts, `role` what they may."""

    store: Store
    clock: Clock
    preferences: Preferences
    user: str = "-5"
    context: str = "REST"
    is_noted: bool = True
    held: dict[tuple[str, int], Record] = field(default_factory=dict)
    before: dict[tuple[str, int], Record] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def now(self) -> str:
        return instant_text(self.clock.now())

    def find(self, family: str, record_id: object) -> Record | None:
        """The record of that id in its family (any kind of item, any transaction), or None."""
        try:
            key = (family, int(str(record_id)))
        except ValueError:
            return None
        if key not in self.held:
            row = self.store.row(*key)
            if row is None:
                return None
            self.held[key] = decode(self.store.catalog.by_lower[row[0].lower()], key[1], row[1])
        return self.held[key]

    def load(self, record_type: RecordType, record_id: str) -> Record:
        """The record of that type and id; a 404 refusal if there is none."""
        found = self.find(record_type.family, record_id)
        if found is None or found.type is not record_type:
            raise nonexistent_record()
        return found

    def load_external(self, record_type: RecordType, external_id: str) -> Record | None:
        found = self.store.id_of_external(record_type.name, external_id)
        return None if found is None else self.find(record_type.family, found)

    def remember(self, record: Record) -> None:
        """Keep how the record was before it is changed, for system notes and for undoing its effects."""
        if not record.is_new:
            self.before.setdefault(record.key, record.copy())

    def display(self, family: str, key: object) -> str | None:
        if isinstance(key, str) and key.lstrip("-").isdigit():
            key = int(key)
        return self.store.display(family, key)
