"""A record as the record service shows it: JSON numbers, references as objects, links on the caller's host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from erp_emulator import balances, codes
from erp_emulator.inputs import family_of
from erp_emulator.schema import Field, RecordType, Sublist
from erp_emulator.session import Record, Session, Values

POLYMORPHIC = frozenset({"item", "entity", "transaction"})
FORMS = {
    "purchaseOrder": ("98", "Standard Purchase Order"),
    "vendorBill": ("50", "Standard Vendor Bill"),
    "vendorCredit": ("51", "Standard Vendor Credit"),
    "vendorPayment": ("45", "Standard Vendor Payment"),
}


def self_link(href: str) -> dict[str, str]:
    return {"rel": "self", "href": href}


@dataclass(frozen=True)
class View:
    """How one request wants records shown. `root` is `scheme://host/services/rest`."""

    session: Session
    root: str
    expand: bool = False
    fields: tuple[str, ...] = ()
    simple_enums: bool = False

    def url(self, record_type: RecordType, record_id: str) -> str:
        return f"{self.root}/record/v1/{record_type.name}/{record_id}"

    def record(self, record: Record) -> dict[str, Any]:
        """The whole record; with `fields` only those of the body."""
        href = self.url(record.type, record.id)
        shown: dict[str, Any] = {"links": [self_link(href)]}
        wanted = {name.lower() for name in self.fields}
        shown.update(self._body(record, href, wanted))
        shown["id"] = record.id
        if not wanted:
            shown.update(self._sublists(record, href))
        return {"links": shown.pop("links"), **dict(sorted(shown.items()))}

    def _body(self, record: Record, href: str, wanted: set[str]) -> dict[str, Any]:
        shown = {}
        computed = balances.values_of(self.session, record)
        for name, each in record.type.fields.items():
            if wanted and name.lower() not in wanted:
                continue
            value = computed.get(name, record.values.get(name))
            if value is None or value == "" or value == []:
                continue
            if name == "status" and record.type.is_transaction:
                shown[name] = self._status(record, str(value))
            elif name in record.type.subrecords:
                link = [self_link(f"{href}/{name}")]
                shown[name] = {"links": link, **(value if self.expand else {})}
            else:
                shown[name] = self.value(each, value)
        return shown

    def _status(self, record: Record, letter: str) -> Any:
        name = codes.status_name(record.type.code, letter)
        setting = "orderStatusIdInStatus" if record.type.name == "purchaseOrder" else "billStatusId"
        key = name if self.session.preferences[setting] in (True, "label") else letter
        return key if self.simple_enums else {"id": key, "refName": name}

    def _sublists(self, record: Record, href: str) -> dict[str, Any]:
        shown = {}
        for name, sublist in record.type.sublists.items():
            if self.expand:
                shown[name] = self.sublist(record, sublist, f"{href}/{name}")
            else:
                shown[name] = {"links": [self_link(f"{href}/{name}")]}
        return shown

    def sublist(self, record: Record, sublist: Sublist, href: str) -> dict[str, Any]:
        items = [self.line(sublist, line, href) for line in record.sublist(sublist.name)]
        return {"links": [self_link(href)], "items": items, "totalResults": len(items)}

    def line(self, sublist: Sublist, line: Values, href: str) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, each in sublist.fields.items():
            value = line.get(name)
            if value is None or value == "" or value == []:
                continue
            shown[name] = self.value(each, value)
        key = shown.get(sublist.key, line.get(sublist.key, ""))
        return {"links": [self_link(f"{href}/{key}")], **dict(sorted(shown.items()))}

    def value(self, each: Field, value: Any) -> Any:
        kind = each.kind
        if kind == "number":
            return float(value)
        if kind == "integer":
            return int(value)
        if kind == "ref":
            return self.reference(each, str(value))
        if kind == "enum":
            return self._enum(each, str(value))
        if kind == "refs":
            items = [self.reference(each, str(one)) for one in value]
            return {"links": [], "items": items, "totalResults": len(items)}
        if kind == "object":
            return value
        return value

    def _enum(self, each: Field, key: str) -> Any:
        if self.simple_enums:
            return key
        table = codes.ENUMS.get(each.target, {})
        return {"id": key, "refName": table.get(key, key)}

    def reference(self, each: Field, key: str) -> dict[str, Any]:
        """`{links, id, refName}`; forms have no links, as in NetSuite."""
        if each.target in ("form", ""):
            names = dict(FORMS.values())
            return {"id": key, "refName": names.get(key, f"Custom Form {key}")}
        family, type_name = family_of(each.target)
        links = []
        if each.target in POLYMORPHIC:
            row = self.session.store.row(family, int(key))
            type_name = row[0] if row else ""
        if type_name:
            links = [self_link(f"{self.root}/record/v1/{type_name}/{key}")]
        shown: dict[str, Any] = {"links": links, "id": key}
        name = self.session.display(family, key)
        if name is not None:
            shown["refName"] = name
        return shown
