"""From a request's JSON to stored values: names without regard to case, references in all the forms clients send."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from erp_emulator import codes, schema_types
from erp_emulator.errors import NetSuiteError, invalid_content, invalid_value
from erp_emulator.schema import Field, RecordType, Sublist
from erp_emulator.session import Session, Values

LINES_MAX = 10_000
TEXT_MAX = 100_000
FAMILIES = frozenset({"item", "entity", "transaction"})
UNCHECKED = frozenset({"form", ""})
IGNORED = frozenset({"links", "id", "refname"})
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass
class Change:
    """What a body asks for: `values` by field (None clears), lines by sublist (None empties it)."""

    values: Values = field(default_factory=dict)
    lines: dict[str, list[Values] | None] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Reader:
    """`names` is what to do with unknown property names, `values` with values that a field does not take: error,
    warning (leave them out and say so) or ignore (leave them out)."""

    session: Session
    names: str = "warning"
    values: str = "error"

    def read(self, record_type: RecordType, body: object) -> Change:
        if not isinstance(body, dict):
            raise invalid_content()
        change = Change()
        for name, value in body.items():
            lower = name.lower()
            if lower in record_type.sublist_by_lower:
                sublist = record_type.sublist_by_lower[lower]
                change.lines[sublist.name] = self._lines(sublist, value, change)
            elif lower in record_type.by_lower:
                each = record_type.by_lower[lower]
                if not each.is_read_only:
                    self._set(change.values, each, value, each.name, change)
            elif lower not in IGNORED:
                self._unknown(name, name, change)
        return change

    def _unknown(self, name: str, path: str, change: Change) -> None:
        if self.names == "error":
            raise NetSuiteError(
                400,
                "INVALID_PROPERTY",
                f"Invalid property name '{name}'. Provide a valid property name.",
                path=path,
            )
        if self.names != "ignore":
            change.ignored.append(path)

    def _lines(self, sublist: Sublist, value: object, change: Change) -> list[Values] | None:
        if value is None:
            return None
        items = value.get("items", []) if isinstance(value, dict) else value
        if not isinstance(items, list) or len(items) > LINES_MAX:
            raise invalid_content(sublist.name)
        return [
            self.line(sublist, element, f"{sublist.name}.items[{index}]", change) for index, element in enumerate(items)
        ]

    def line(self, sublist: Sublist, element: object, path: str, change: Change) -> Values:
        if not isinstance(element, dict):
            raise invalid_content(path)
        values: Values = {}
        for name, value in element.items():
            each = sublist.by_lower.get(name.lower())
            if each is None:
                if name.lower() not in IGNORED:
                    self._unknown(name, f"{path}.{name}", change)
            elif not each.is_read_only:
                self._set(values, each, value, f"{path}.{each.name}", change)
        return values

    def _set(self, values: Values, each: Field, value: Any, path: str, change: Change) -> None:
        try:
            values[each.name] = self.value(each, value, path)
        except NetSuiteError:
            if self.values not in ("warning", "ignore"):
                raise
            if self.values == "warning":
                change.ignored.append(path)

    def value(self, each: Field, value: Any, path: str) -> Any:
        """The stored form of one value; refuses what the field does not take."""
        if value is None or value == "":
            return None
        kind = each.kind
        if kind == "ref":
            return self.reference(each, value, path)
        if kind == "enum":
            return self._enum(each, value, path)
        if kind == "refs":
            items = value.get("items", []) if isinstance(value, dict) else value
            if not isinstance(items, list):
                raise invalid_content(path)
            return [self.reference(each, one, path) for one in items]
        if kind in ("number", "integer"):
            return _number(each, value, path)
        if kind == "boolean":
            return _boolean(each, value, path)
        if kind in ("date", "datetime"):
            return _date(each, value, path)
        if kind == "object":
            # A scalar where an object belongs is its id, as with references.
            return plain(value) if isinstance(value, dict | list) else {"id": str(value)}
        if isinstance(value, dict):
            return str(value.get("id", value.get("refName", "")))
        if isinstance(value, list):
            raise invalid_content(path)
        if isinstance(value, bool):
            return "T" if value else "F"
        text = str(value)
        if len(text) > TEXT_MAX:
            raise invalid_value(text[:40] + "...", each.name, path=path)
        return text

    def reference(self, each: Field, value: Any, path: str) -> str | None:
        """The id that a reference means: an id, an external id or a name, bare or in an object."""
        if isinstance(value, dict):
            if not value:
                return None
            lowered = {k.lower(): v for k, v in value.items()}
            if lowered.get("id") is not None:
                return self._id(each, lowered["id"], path)
            if lowered.get("externalid") is not None:
                return self._external(each, str(lowered["externalid"]), path)
            if lowered.get("refname") is not None:
                return self._named(each, str(lowered["refname"]), path)
            raise invalid_content(path)
        if isinstance(value, bool | list):
            raise invalid_content(path)
        return self._id(each, value, path)

    def _id(self, each: Field, value: Any, path: str) -> str:
        text = str(value)
        if each.target in UNCHECKED:
            return text
        if text.startswith("eid:"):
            return self._external(each, text[4:], path)
        family, only = family_of(each.target)
        if family == "file":
            return text
        found = self.session.find(family, text) if text.lstrip("-").isdigit() else None
        if found is None or (only and found.type.name != only):
            raise invalid_value(value, each.name, path=path)
        return found.id

    def _external(self, each: Field, external_id: str, path: str) -> str:
        family, only = family_of(each.target)
        for record_type in schema_types.TYPES:
            if record_type.family == family and only in ("", record_type.name):
                found = self.session.store.id_of_external(record_type.name, external_id)
                if found is not None:
                    return str(found)
        raise invalid_value(external_id, each.name, path=path)

    def _named(self, each: Field, name: str, path: str) -> str:
        family, only = family_of(each.target)
        found = self.session.store.id_of_display(family, name)
        if found is None:
            found = self._by_name_field(family, name)
        record = self.session.find(family, found) if found is not None else None
        if record is None or (only and record.type.name != only):
            raise invalid_value(name, each.name, path=path)
        return record.id

    def _by_name_field(self, family: str, name: str) -> int | None:
        for record_type in schema_types.TYPES:
            if record_type.family != family or record_type.is_transaction:
                continue
            for record_id, _, _ in self.session.store.bodies(record_type.name):
                record = self.session.find(family, record_id)
                if record and any(record.get(n) == name for n in NAME_FIELDS):
                    return record_id
        return None

    def _enum(self, each: Field, value: Any, path: str) -> str:
        if isinstance(value, dict):
            value = value.get("id", value.get("refName"))
        table = codes.ENUMS.get(each.target)
        text = str(value)
        if not table or text in table:
            return text
        for key, name in table.items():
            if text.lower() in (name.lower(), key.lower(), f"_{name.lower()}"):
                return key
        raise invalid_value(text, each.name, path=path)


NAME_FIELDS = (
    "entityId",
    "companyName",
    "itemId",
    "name",
    "symbol",
    "acctNumber",
    "acctName",
    "periodName",
)


def family_of(target: str) -> tuple[str, str]:
    """(family, the one type allowed or empty) that a reference's target names."""
    if target in FAMILIES or target == "file":
        return target, ""
    if target.startswith("customrecord"):
        return target, target
    record_type = schema_types.BY_LOWER[target.lower()]
    return record_type.family, record_type.name


def plain(value: Any) -> Any:
    """An object kept as sent, with its exact numbers made plain for JSON."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def _number(each: Field, value: Any, path: str) -> Decimal:
    if isinstance(value, bool | list | dict):
        raise invalid_content(path)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise invalid_value(value, each.name, path=path) from None
    if not number.is_finite() or abs(number) >= Decimal("1e15"):
        raise invalid_value(value, each.name, path=path)
    if each.kind == "integer" and number != number.to_integral_value():
        raise invalid_value(value, each.name, path=path)
    return number


def _boolean(each: Field, value: Any, path: str) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text in ("t", "true", "1", "yes"):
        return True
    if text in ("f", "false", "0", "no"):
        return False
    raise invalid_value(value, each.name, path=path)


def _date(each: Field, value: Any, path: str) -> str:
    text = str(value)
    if not ISO_DATE.match(text):
        raise invalid_value(value, each.name, path=path)
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        raise invalid_value(value, each.name, path=path) from None
    if each.kind == "date":
        return day.isoformat()
    return text if len(text) > 10 else f"{text}T00:00:00Z"
