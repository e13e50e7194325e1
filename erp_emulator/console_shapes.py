"""What the console shows of records: facts, tables, the steps that a state allows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from erp_emulator import actions, orders
from erp_emulator.qfilter import Condition
from erp_emulator.schema import title_of
from erp_emulator.session import Record, Session

COLUMNS_MAX = 12
FACTS_SHOWN = 9
FIRST_FACTS = "entity tranDate dueDate terms total balance currency memo createdFrom postingPeriod externalId".split()
# How a state is coloured: what waits for someone, what is done, what went wrong.
TONES = {
    "wait": "Pending Approval|Pending Supervisor Approval|Pending Bill|Pending Billing/Partially Received|Open",
    "good": "Fully Billed|Paid In Full|Fully Applied|Approved/Released|Approved for Posting|Received",
    "bad": "Rejected|Rejected by Supervisor|Cancelled|Voided",
}


def tone_of(status: str) -> str:
    return next((tone for tone, names in TONES.items() if status in names.split("|")), "quiet")


def receivable(session: Session, record: Record) -> list[dict[str, Any]]:
    """Lines of an order that goods can still come for."""
    if record.type.name != "purchaseOrder" or record.get("orderStatus") in ("A", "C", "H"):
        return []
    found = []
    for line in record.sublist("item"):
        progress = orders.progress_of(session, "item", line)
        if progress.is_receivable and not progress.is_closed and not progress.is_received:
            found.append(
                {
                    "line": int(line["line"]),
                    "name": session.display("item", line["item"]),
                    "ordered": plain_number(progress.ordered),
                    "received": plain_number(progress.received),
                    "left": plain_number(progress.ordered - progress.received),
                }
            )
    return found


def steps_of(record: Record, is_receivable: bool) -> list[str]:
    """The steps that a record's state allows."""
    name, status, approval = record.type.name, record.get("status"), record.get("approvalStatus")
    found = []
    if name in ("purchaseOrder", "vendorBill", "journalEntry", "expenseReport"):
        found += ["approve"] if approval in ("1", "3") else []
        found += ["reject"] if approval == "1" else []
    if name == "purchaseOrder" and status not in ("A", "C", "H"):
        found += ["receive"] if is_receivable else []
        found += ["bill", "close"]
    if name == "vendorBill" and status == "A":
        found.append("pay")
    if name in actions.VOIDABLE and not record.get("voided") and status not in ("D", "E"):
        found.append("void")
    return found


def condition_of(text: str, status: str) -> Condition | None:
    """What a list is narrowed to: a part of the name in any case, a status."""
    parts: list[str] = []
    values: list[Any] = []
    if text:
        parts.append(
            "EXISTS (SELECT 1 FROM _display d WHERE d.family = _record.family AND d.id = _record.id "
            "AND instr(lower(d.name), ?) > 0)"
        )
        values.append(text.lower())
    if status:
        parts.append("json_extract(body, '$.v.status') = ?")
        values.append(status)
    return Condition(" AND ".join(parts), tuple(values)) if parts else None


def facts_of(record: Record, shown: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(title, value, address) of the fields that say most, references as links."""
    names = [name for name in FIRST_FACTS if name in shown]
    names += [name for name in shown if name not in names and name not in ("links", "id", "status")]
    found = []
    for name in names:
        value, field = shown[name], record.type.fields.get(name)
        if field is None or field.kind == "object" or (isinstance(value, dict) and "refName" not in value):
            continue
        address = ""
        if isinstance(value, dict):
            href = next((each["href"] for each in value.get("links", [])), "")
            address = href.partition("/record/v1/")[2]
            value = value["refName"]
        elif field.kind == "number":
            value = money(record.get(name)) if record.get(name) is not None else value
        elif isinstance(value, bool):
            value = "yes" if value else "no"
        found.append((field.title, str(value), f"/console/records/{address}" if address else ""))
    return found


def money(value: Any) -> str:
    """An amount with its thousands apart and at least two places."""
    if value is None or value == "":
        return ""
    number = Decimal(str(value))
    places = max(2, -int(number.normalize().as_tuple().exponent))
    return f"{number:,.{places}f}"


def plain_number(value: Decimal) -> str:
    return format(value.normalize(), "f")


def sublist_of(name: str, shown: dict[str, Any]) -> dict[str, Any]:
    """A sublist as a table: references by their names, at most a dozen columns, each with whether it holds numbers."""
    keys = [key for key in dict.fromkeys(k for line in shown["items"] for k in line) if key != "links"]
    first = [key for key in ("line", "item", "account", "description", "quantity", "rate", "amount") if key in keys]
    columns = (first + [key for key in keys if key not in first])[:COLUMNS_MAX]
    lines = [[plain(line.get(column, "")) for column in columns] for line in shown["items"]]
    are_numbers = [
        all(
            isinstance(line.get(column), int | float) and not isinstance(line.get(column), bool)
            for line in (line for line in shown["items"] if column in line)
        )
        for column in columns
    ]
    return {
        "name": name,
        "title": title_of(name),
        "columns": list(zip(columns, are_numbers, strict=True)),
        "lines": lines,
    }


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return value.get("refName", value.get("id", ""))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return plain_number(Decimal(repr(value))) if isinstance(value, float) else value
