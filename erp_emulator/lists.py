"""Vendors, items, accounts and the other lists: required fields, unique names, and no deletion of what is in use."""

from __future__ import annotations

from datetime import date

from erp_emulator import projection
from erp_emulator.addresses import address_text
from erp_emulator.errors import invalid_value, missing_values, user_error
from erp_emulator.session import Record, Session

UNIQUE = {
    "vendor": "entityId",
    "employee": "entityId",
    "customer": "entityId",
    "job": "entityId",
    "account": "acctNumber",
}
# Where transactions name a record of each family; (table, column) of what SuiteQL sees.
USES: dict[str, tuple[tuple[str, str], ...]] = {
    "entity": (("transaction", "entity"), ("transactionline", "entity")),
    "item": (("transactionline", "item"),),
    "account": (("transactionline", "account"), ("transactionaccountingline", "account")),
    "subsidiary": (("transaction", "subsidiary"), ("vendor", "subsidiary")),
    "currency": (("transaction", "currency"), ("vendor", "currency")),
    "department": (("transactionline", "department"),),
    "classification": (("transactionline", "class"),),
    "location": (("transactionline", "location"),),
    "term": (("transaction", "terms"), ("vendor", "terms")),
    "accountingPeriod": (("transaction", "postingperiod"),),
    "expenseCategory": (("transactionline", "category"),),
    "salesTaxItem": (("transactionline", "taxcode"),),
}


def prepare(session: Session, record: Record) -> None:
    """Defaults and refusals of a list record before it is written."""
    if record.type.family == "entity":
        prepare_entity(session, record)
    required = [each for each in record.type.fields.values() if each.is_required]
    absent = [each.title for each in required if record.get(each.name) in (None, "")]
    if absent:
        raise missing_values(absent)
    if record.get("isInactive") is None:
        record.values["isInactive"] = False
    if record.type.family == "item":
        prepare_item(record)
    if record.type.name == "account":
        record.values["fullName"] = projection.full_name(session, record)
    if record.type.name == "accountingPeriod":
        prepare_period(session, record)
    if "fullName" in record.type.fields and record.type.name != "account":
        record.values["fullName"] = projection.full_name(session, record)
    refuse_same_name(session, record)


def prepare_entity(session: Session, record: Record) -> None:
    name = record.get("companyName") or " ".join(
        part for part in (record.get("firstName"), record.get("lastName")) if part
    )
    if not record.get("entityId"):
        if not name:
            title = "Company Name" if not record.get("isPerson") else "First Name, Last Name"
            raise missing_values([title])
        record.values["entityId"] = name
    if record.get("isPerson") is None:
        record.values["isPerson"] = record.type.name in ("employee", "contact")
    if record.get("subsidiary") is None and record.type.name != "contact":
        found = session.store.ids("subsidiary", 1, 0)
        if found:
            record.values["subsidiary"] = str(found[0])
    if record.get("currency") is None and record.type.name == "vendor":
        subsidiary = session.find("subsidiary", record.get("subsidiary"))
        record.values["currency"] = subsidiary.get("currency") if subsidiary else None
    record.values.setdefault("dateCreated", record.get("createdDate"))
    for index, line in enumerate(record.sublist("addressBook")):
        if line.get("id") is None:
            line["id"] = str(session.store.next_id("addressbook", 801))
        line["internalId"] = line["id"]
        address = line.get("addressBookAddress") or {}
        if not isinstance(address, dict):
            raise invalid_value(address, "addressBookAddress", path=f"addressBook.items[{index}]")
        line["addressBookAddress_text"] = address_text(address)
        if line.get("defaultBilling"):
            record.values["defaultAddress"] = line["addressBookAddress_text"]


def prepare_item(record: Record) -> None:
    kind, _, subtype = record.type.code.partition(":")
    record.values["itemType"] = kind
    if subtype:
        record.values["itemSubtype"] = subtype
    if kind in ("InvtPart", "Assembly"):
        record.values["isFulfillable"] = True
    elif record.get("isFulfillable") is None:
        record.values["isFulfillable"] = False


def prepare_period(session: Session, record: Record) -> None:
    try:
        start, end = (date.fromisoformat(record.values[n]) for n in ("startDate", "endDate"))
    except ValueError:
        raise invalid_value(record.get("startDate"), "startDate") from None
    if end < start:
        raise user_error("The end date must be after the start date.", path="endDate")
    if record.get("closed") and not record.get("closedOnDate"):
        record.values["closedOnDate"] = session.clock.today().isoformat()
    if not record.get("closed"):
        record.values["closedOnDate"] = None


def refuse_same_name(session: Session, record: Record) -> None:
    name = UNIQUE.get(record.type.name)
    value = record.get(name) if name else None
    if not name or not value:
        return
    table = record.type.name
    row = session.store.writer.execute(
        f'SELECT 1 FROM "{table}" WHERE "{name.lower()}" = ? AND id <> ?',  # noqa: S608 - names from the tables above
        (value, int(record.id)),
    ).fetchone()
    if row and record.type.family == "entity":
        raise user_error("This entity already exists.")
    if row:
        raise user_error("This record already exists.")


def refuse_delete(session: Session, record: Record) -> None:
    for table, column in USES.get(record.type.family, ()):
        row = session.store.writer.execute(
            f'SELECT 1 FROM "{table}" WHERE "{column}" = ? LIMIT 1',  # noqa: S608 - names from the tables above
            (int(record.id),),
        ).fetchone()
        if row:
            raise user_error("This record cannot be deleted because it has dependent records.")
