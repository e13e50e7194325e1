"""What a record of each type holds: fields and sublists with their kinds. `schema_types` lists the types.

A field is written `name:kind:target` with `!` for required, `*` for read-only and `-` for one that no search knows;
kinds are string (the default), integer, number, boolean, date, datetime, ref (target: a record family), refs, enum
(target: a table of `codes`), object (kept as sent).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

TITLES = {
    "id": "Internal ID",
    "tranId": "Reference No.",
    "tranDate": "Date",
    "entity": "Vendor",
    "lastModifiedDate": "Date Last Modified",
    "createdDate": "Date Created",
    "dateCreated": "Date Created",
    "total": "Amount",
    "acctNumber": "Number",
    "acctName": "Name",
    "acctType": "Type",
    "entityId": "Vendor ID",
    "companyName": "Company Name",
    "itemId": "Item Name/Number",
    "tranid": "Reference No.",
    "isInactive": "Inactive",
    "apAcct": "A/P Account",
}
NUMERIC = frozenset({"number", "integer"})


def title_of(name: str) -> str:
    """The label on NetSuite's form, made from the name where it is not known."""
    if name in TITLES:
        return TITLES[name]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.removeprefix("custbody_"))
    return words[:1].upper() + words[1:]


@dataclass(frozen=True)
class Field:
    name: str
    kind: str = "string"
    target: str = ""
    is_required: bool = False
    is_read_only: bool = False
    is_custom: bool = False
    label: str = ""
    is_searched: bool = True

    @property
    def title(self) -> str:
        return self.label or title_of(self.name)

    @property
    def is_filterable(self) -> bool:
        return self.is_searched and self.kind not in ("object", "refs")


@dataclass(frozen=True)
class Sublist:
    """Lines keyed by `key`; a static one takes no lines of its own, only changes to those that are there."""

    name: str
    fields: dict[str, Field]
    key: str = "line"
    is_static: bool = False

    @cached_property
    def by_lower(self) -> dict[str, Field]:
        return {name.lower(): each for name, each in self.fields.items()}

    @cached_property
    def numeric(self) -> frozenset[str]:
        return frozenset(n for n, each in self.fields.items() if each.kind in NUMERIC)


@dataclass(frozen=True)
class RecordType:
    """`family` is the range of ids that the type shares (all transactions number through); `code` SuiteQL's type."""

    name: str
    family: str
    label: str
    fields: dict[str, Field]
    sublists: dict[str, Sublist] = field(default_factory=dict)
    code: str = ""
    prefix: str = ""
    name_fields: tuple[str, ...] = ("name",)
    transforms: tuple[str, ...] = ()
    permission: str = ""
    subrecords: tuple[str, ...] = ()

    @property
    def is_transaction(self) -> bool:
        return self.family == "transaction"

    @cached_property
    def by_lower(self) -> dict[str, Field]:
        return {name.lower(): each for name, each in self.fields.items()}

    @cached_property
    def sublist_by_lower(self) -> dict[str, Sublist]:
        return {name.lower(): each for name, each in self.sublists.items()}

    @cached_property
    def numeric(self) -> frozenset[str]:
        return frozenset(n for n, each in self.fields.items() if each.kind in NUMERIC)


def parse_fields(text: str) -> dict[str, Field]:
    """Fields from their written form, in order; a later one of the same name replaces the earlier."""
    fields: dict[str, Field] = {}
    for token in text.split():
        bare = token.rstrip("!*-")
        marks = token[len(bare) :]
        name, _, rest = bare.partition(":")
        kind, _, target = rest.partition(":")
        fields[name] = Field(name, kind or "string", target, "!" in marks, "*" in marks, is_searched="-" not in marks)
    return fields
