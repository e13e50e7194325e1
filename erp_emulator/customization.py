"""Custom fields and custom records: defined by the account, then like any other field, column, record type and table.

`custbody` fields stand on transactions, `custcol` on their item and expense lines, `custentity` on vendors, employees,
customers, projects and contacts, `custitem` on items; `customrecord` is a record type with `custrecord` fields. A
segment (`cseg`) is a record type of its values, named `customrecord_` and the segment's id, and a reference to one of
them on transactions and on their lines.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from erp_emulator.catalog import Catalog
from erp_emulator.schema import Field
from erp_emulator.schema_types import BY_LOWER, record
from erp_emulator.store import Store
from erp_emulator.tables import Column

SCRIPT_ID = re.compile(r"(custbody|custcol|custentity|custitem|customrecord)_[a-z0-9_]{1,40}|cseg[a-z0-9_]{1,40}")
FIELD_ID = re.compile(r"custrecord_[a-z0-9_]{1,40}")
KINDS = {
    "string": "text",
    "integer": "num",
    "number": "num",
    "boolean": "bool",
    "date": "date",
    "datetime": "datetime",
}
FAMILIES = {"custbody": "transaction", "custcol": "transaction", "custentity": "entity", "custitem": "item"}
TABLES_OF = {
    "custbody": ("transaction",),
    "custcol": ("transactionline",),
    "custentity": ("vendor", "employee", "customer", "job", "contact"),
    "custitem": ("item",),
}
DEFINITIONS_MAX = 500


class BadCustomization(ValueError):
    """A definition that makes no sense."""


def load(store: Store) -> None:
    """Make known what this account defined before, and nothing else."""
    store.catalog.reset()
    for body in defined(store):
        apply(store.catalog, body)
    store.add_missing()


def defined(store: Store) -> list[dict[str, Any]]:
    found = json.loads(store.meta("customization") or "[]")
    return list(found)


def define(store: Store, body: dict[str, Any]) -> None:
    """Add a field `{scriptId, label, type, recordTypes}` or a record `{scriptId, label, fields}`; again is no harm."""
    check(body)
    kept = [each for each in defined(store) if each["scriptId"] != body["scriptId"]]
    if len(kept) >= DEFINITIONS_MAX:
        raise BadCustomization(f"at most {DEFINITIONS_MAX} definitions")
    apply(store.catalog, body)
    with store.transaction():
        store.set_meta("customization", json.dumps([*kept, body]))
        store.add_missing()
        list_field(store, body)


def list_field(store: Store, body: dict[str, Any]) -> None:
    """The row of a definition in SuiteQL's `customfield`."""
    store.delete_rows("customfield", "scriptid", body["scriptId"].upper())
    store.insert(
        "customfield",
        {
            "internalid": store.next_id("customfield", 900),
            "scriptid": body["scriptId"].upper(),
            "name": body.get("label") or body["scriptId"],
            "fieldtype": body["scriptId"].partition("_")[0].upper(),
            "fieldvaluetype": str(body.get("type", "record")),
            "isinactive": "F",
        },
    )


def check(body: Any) -> None:
    if not isinstance(body, dict) or not SCRIPT_ID.fullmatch(str(body.get("scriptId", ""))):
        raise BadCustomization(
            "scriptId is custbody_, custcol_, custentity_, custitem_, customrecord_ or cseg_ and a name"
        )
    if body["scriptId"].startswith("cseg"):
        if "type" in body or "fields" in body:
            raise BadCustomization("a segment is {scriptId: cseg_..., label, recordTypes}: its values are records")
    elif body["scriptId"].startswith("customrecord"):
        fields = body.get("fields")
        if not isinstance(fields, list) or not fields:
            raise BadCustomization("a custom record has fields")
        for each in fields:
            if not FIELD_ID.fullmatch(str(each.get("scriptId", ""))) or each.get("type", "string") not in KINDS:
                raise BadCustomization("a field is {scriptId: custrecord_..., label, type}")
    elif body.get("type", "string") not in KINDS:
        raise BadCustomization(f"type is one of {', '.join(KINDS)}")
    unknown = [name for name in body.get("recordTypes", []) if str(name).lower() not in BY_LOWER]
    if unknown:
        raise BadCustomization(f"no record type {', '.join(map(str, unknown))}")


def apply(catalog: Catalog, body: dict[str, Any]) -> None:
    """Make a definition known to an account's record types and tables."""
    if body["scriptId"].startswith("customrecord"):
        _record(catalog, body)
        return
    if body["scriptId"].startswith("cseg"):
        _segment(catalog, body)
        return
    prefix = body["scriptId"].partition("_")[0]
    made = _field(body)
    wanted = {str(name).lower() for name in body.get("recordTypes", [])}
    for record_type in list(catalog.types):
        if record_type.family != FAMILIES[prefix] or (wanted and record_type.name.lower() not in wanted):
            continue
        if prefix == "custcol":
            catalog.add_line_field(record_type, ("item", "expense"), made)
        else:
            catalog.add_field(record_type, made)
    for table in TABLES_OF[prefix]:
        catalog.add_columns(table, [Column(made.name, KINDS[made.kind])])


def _field(body: dict[str, Any]) -> Field:
    return Field(body["scriptId"], str(body.get("type", "string")), is_custom=True, label=str(body.get("label", "")))


def _segment(catalog: Catalog, body: dict[str, Any]) -> None:
    name = body["scriptId"]
    values = f"customrecord_{name}"
    _record(catalog, {"scriptId": values, "label": body.get("label") or name, "fields": []})
    made = Field(name, "ref", values, is_custom=True, label=str(body.get("label", "")))
    wanted = {str(each).lower() for each in body.get("recordTypes", [])}
    for record_type in list(catalog.types):
        if record_type.is_transaction and (not wanted or record_type.name.lower() in wanted):
            catalog.add_field(record_type, made)
            catalog.add_line_field(catalog.type_of(record_type.name), ("item", "expense"), made)
    for table in ("transaction", "transactionline"):
        catalog.add_columns(table, [Column(name, "id", values)])


def _record(catalog: Catalog, body: dict[str, Any]) -> None:
    name = body["scriptId"]
    made = catalog.by_lower.get(name) or record(name, str(body.get("label") or name), "name")
    fields = {**made.fields, **{each["scriptId"]: _field(each) for each in body["fields"]}}
    catalog.put_type(replace(made, fields=fields))
    columns = [
        Column("id", "id"),
        Column("name"),
        Column("externalid"),
        Column("isinactive", "bool"),
        Column("created", "datetime"),
        Column("lastmodified", "datetime"),
    ]
    columns += [Column(each["scriptId"], KINDS[each.get("type", "string")]) for each in body["fields"]]
    catalog.add_columns(name, columns)
