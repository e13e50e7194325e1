"""What SuiteQL sees of each record: rewritten whenever the record is, within the same transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from erp_emulator import codes, currencies, documents, ledger
from erp_emulator.addresses import address_text
from erp_emulator.schema import RecordType
from erp_emulator.session import Record, Session, Values, number

Row = dict[str, Any]
ADDRESS_FIELDS = (
    "addr1",
    "addr2",
    "addr3",
    "addressee",
    "attention",
    "addrPhone",
    "addrText",
    "city",
    "state",
    "zip",
)


def local_time(session: Session, instant: str | None) -> str | None:
    """An instant as SuiteQL has it: in the account's time zone, `YYYY-MM-DD HH:MM:SS`."""
    if not instant:
        return None
    zone = session.preferences["TIMEZONE"]
    if zone == "UTC":
        return instant[:19].replace("T", " ")
    moment = datetime.fromisoformat(instant.replace("Z", "+00:00")).astimezone(UTC)
    return moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def flag(value: object) -> str:
    return "T" if value else "F"


def plain(session: Session, value: Any, kind: str, field_kind: str) -> Any:
    """One stored value as a column's."""
    if value is None or value == "" or value == []:
        return "F" if kind == "bool" else None
    if kind == "bool":
        return flag(value)
    if field_kind == "refs":
        return ", ".join(str(each) for each in value)
    if kind == "id":
        if isinstance(value, dict):
            return None
        text = str(value)
        return int(text) if text.lstrip("-").isdigit() else text
    if kind == "num":
        return float(value)
    if kind == "datetime":
        return local_time(session, value)
    if isinstance(value, dict | list):
        return json.dumps(value)
    return "T" if value is True else "F" if value is False else str(value)


def columns_of(session: Session, record: Record, table: str) -> Row:
    """The columns of a table whose names are fields of the record."""
    row: Row = {"id": int(record.id)}
    values = record.values
    for name, kind, each in session.store.catalog.filled_columns(record.type, table):
        if each is None:
            row.setdefault(name, "F")
            continue
        value = values.get(each.name)
        if value is not None or kind == "bool":
            row[name] = plain(session, value, kind, each.kind)
    return row


def display_name(session: Session, record: Record) -> str:
    """The text by which others refer to the record."""
    if record.type.is_transaction:
        label = codes.TYPE_LABELS.get(record.type.code, record.type.label)
        return f"{label} #{record.get('tranId') or record.get('transactionNumber') or record.id}"
    if record.type.family in ("department", "classification", "location", "subsidiary"):
        return str(full_name(session, record))
    names: list[str] = []
    for name in record.type.name_fields:
        value = record.id if name == "id" else record.get(name)
        if value and str(value) not in names:
            names.append(str(value))
    return " ".join(names) or record.id


def full_name(session: Session, record: Record) -> str:
    name = str(record.get("name") or record.get("acctName") or record.get("itemId") or "")
    parent = record.get("parent")
    seen = {record.id}
    while parent and parent not in seen:
        above = session.find(record.type.family, parent)
        if above is None:
            break
        seen.add(above.id)
        name = f"{above.get('name') or above.get('acctName') or above.get('itemId')} : {name}"
        parent = above.get("parent")
    return name


def write(session: Session, record: Record) -> None:
    session.store.set_display(record.type.family, int(record.id), display_name(session, record))
    if record.type.is_transaction:
        write_transaction(session, record)
        return
    PROJECTIONS.get(record.type.name, _plain_table)(session, record)


def remove(session: Session, record: Record) -> None:
    for table, column in CHILD_TABLES.get(record.type.family, ()):
        session.store.delete_rows(table, column, int(record.id))
    if not record.type.is_transaction:
        for table in TABLE_OF.get(record.type.family, (record.type.name.lower(),)):
            if table in session.store.catalog.tables:
                session.store.delete_rows(table, "id", int(record.id))


TABLE_OF = {
    "entity": ("vendor", "employee", "customer", "job", "contact", "entity"),
    "item": ("item",),
}
CHILD_TABLES: dict[str, tuple[tuple[str, str], ...]] = {
    "transaction": (
        # In this order: what balances are told of a row depends on those it belongs to.
        ("transactionaccountingline", "transaction"),
        ("transactionline", "transaction"),
        ("transaction", "id"),
        ("transactionbillingaddress", "nkey"),
    ),
    "entity": (("vendoraddressbook", "entity"),),
    "item": (("itemvendor", "item"),),
    "account": (("accountsubsidiarymap", "account"),),
    "unitsType": (("unitstypeuom", "unitstype"),),
}


def _plain_table(session: Session, record: Record) -> None:
    table = record.type.name.lower()
    known = session.store.catalog.tables
    if table in known:
        row = columns_of(session, record, table)
        if "fullname" in known[table]:
            row["fullname"] = full_name(session, record)
        if f"{table}mainaddress" in known:
            row["mainaddress"] = _main_address(session, record, f"{table}mainaddress")
        session.store.insert(table, row)


def _main_address(session: Session, record: Record, table: str) -> int | None:
    """The key of a location's or subsidiary's own address, which rests in a table of its own."""
    session.store.delete_rows(table, "recordowner", int(record.id))
    address = record.get("mainAddress")
    if not isinstance(address, dict) or not address:
        return None
    key = session.store.next_id("address", 9001)
    session.store.insert(table, address_row(session, key, int(record.id), address))
    return key


def _entity(session: Session, record: Record) -> None:
    table = record.type.name
    row = columns_of(session, record, table)
    name = record.get("companyName") or " ".join(
        part for part in (record.get("firstName"), record.get("lastName")) if part
    )
    row["altname"] = record.get("altName") or name
    row["datecreated"] = local_time(session, record.get("createdDate"))
    session.store.insert(
        "entity",
        {
            **{name: row.get(name) for name in session.store.catalog.tables["entity"] if name in row},
            "type": record.type.code,
            "project" if table == "job" else table: int(record.id),
            "isperson": flag(record.get("isPerson") or table == "employee"),
            "toplevelparent": int(record.id),
        },
    )
    _address_book(session, record, row)
    session.store.insert(table, row)


def _address_book(session: Session, record: Record, row: Row) -> None:
    session.store.delete_rows("vendoraddressbook", "entity", int(record.id))
    for line in record.sublist("addressBook"):
        address = line.get("addressBookAddress") or {}
        key = line.get("_nkey")
        if key is None:
            key = line["_nkey"] = session.store.next_id("address", 9001)
        values = address_row(session, key, int(record.id), address)
        session.store.delete_rows("entityaddress", "nkey", key)
        session.store.insert("entityaddress", values)
        if line.get("defaultBilling"):
            row["defaultbillingaddress"] = key
        if line.get("defaultShipping"):
            row["defaultshippingaddress"] = key
        if record.type.name != "vendor":
            continue
        session.store.delete_rows("vendoraddressbookentityaddress", "nkey", key)
        session.store.insert("vendoraddressbookentityaddress", values)
        session.store.insert(
            "vendoraddressbook",
            {
                "internalid": int(line.get("internalId") or line.get("id") or key),
                "entity": int(record.id),
                "addressbookaddress": key,
                "defaultbilling": flag(line.get("defaultBilling")),
                "defaultshipping": flag(line.get("defaultShipping")),
                "label": line.get("label"),
            },
        )


def address_row(session: Session, key: int, owner: int, address: dict[str, Any]) -> Row:
    country = address.get("country")
    row: Row = {name.lower(): address.get(name, address.get(name.lower())) for name in ADDRESS_FIELDS}
    row["country"] = country.get("id") if isinstance(country, dict) else country
    row.update({"nkey": key, "recordowner": owner, "override": "F"})
    row["addrtext"] = row.get("addrtext") or address_text(address)
    row["lastmodifieddate"] = local_time(session, session.now)
    return row


def _item(session: Session, record: Record) -> None:
    row = columns_of(session, record, "item")
    kind, _, subtype = record.type.code.partition(":")
    row.update(
        {
            "itemtype": kind,
            "subtype": subtype or None,
            "fullname": full_name(session, record),
            "isfulfillable": flag(documents.is_received_item(record)),
        }
    )
    session.store.insert("item", row)
    session.store.delete_rows("itemvendor", "item", int(record.id))
    for line in record.sublist("itemVendor"):
        session.store.insert(
            "itemvendor",
            {
                "item": int(record.id),
                "vendor": int(line["vendor"]) if line.get("vendor") else None,
                "vendorcode": line.get("vendorCode"),
                "preferredvendor": flag(line.get("preferredVendor")),
                "purchaseprice": float(number(line.get("purchasePrice"))),
                "subsidiary": line.get("subsidiary"),
            },
        )


def _account(session: Session, record: Record) -> None:
    row = columns_of(session, record, "account")
    name = full_name(session, record)
    shown = " ".join(part for part in (record.get("acctNumber"), name) if part)
    for column in (
        "accountsearchdisplayname",
        "accountsearchdisplaynamecopy",
        "displaynamewithhierarchy",
    ):
        row[column] = shown
    row["fullname"] = name
    session.store.insert("account", row)
    session.store.delete_rows("accountsubsidiarymap", "account", int(record.id))
    for subsidiary in record.get("subsidiary") or []:
        session.store.insert("accountsubsidiarymap", {"account": int(record.id), "subsidiary": int(subsidiary)})


def _tax_code(session: Session, record: Record) -> None:
    row = columns_of(session, record, "salestaxitem")
    row["name"] = record.get("itemId")
    session.store.insert("salestaxitem", row)
    session.store.insert(
        "customrecord_ste_taxrate",
        {
            "id": int(record.id),
            "name": record.get("itemId"),
            "custrecord_ste_taxrate_taxcode": int(record.id),
            "custrecord_ste_taxrate_rate": float(record.number("rate")),
            "isinactive": flag(record.get("isInactive")),
        },
    )


def _units(session: Session, record: Record) -> None:
    _plain_table(session, record)
    session.store.delete_rows("unitstypeuom", "unitstype", int(record.id))
    for line in record.sublist("uom"):
        session.store.insert(
            "unitstypeuom",
            {
                "unitstype": int(record.id),
                "internalid": line.get("internalId") or int(number(line.get("line"))),
                "unitname": line.get("unitName"),
                "abbreviation": line.get("abbreviation"),
                "pluralname": line.get("pluralName"),
                "pluralabbreviation": line.get("pluralAbbreviation"),
                "conversionrate": float(number(line.get("conversionRate"))),
                "baseunit": flag(line.get("baseUnit")),
            },
        )


def _currency(session: Session, record: Record) -> None:
    """Its row, and its rate from today on when that is another."""
    _plain_table(session, record)
    rate = record.number("exchangeRate")
    before = session.before.get(record.key)
    is_changed = record.is_new or (before is not None and before.number("exchangeRate") != rate)
    if rate and (is_changed or not currencies.is_known(session, int(record.id))):
        currencies.put_rate(session, int(record.id), rate, session.clock.today().isoformat())


PROJECTIONS: dict[str, Callable[[Session, Record], None]] = {
    "vendor": _entity,
    "employee": _entity,
    "customer": _entity,
    "job": _entity,
    "contact": _entity,
    "account": _account,
    "currency": _currency,
    "salesTaxItem": _tax_code,
    "unitsType": _units,
}
for _kind in (
    "inventoryItem",
    "assemblyItem",
    "nonInventoryPurchaseItem",
    "nonInventoryResaleItem",
    "nonInventorySaleItem",
    "servicePurchaseItem",
    "serviceResaleItem",
    "serviceSaleItem",
    "otherChargePurchaseItem",
    "otherChargeResaleItem",
    "otherChargeSaleItem",
):
    PROJECTIONS[_kind] = _item


# Transactions.

NEGATIVE = frozenset({"PurchOrd", "VendBill", "VendPymt", "VPrep", "Check", "ExpRept"})


def write_transaction(session: Session, record: Record) -> None:
    if not record.is_new:
        remove(session, record)
    entries = ledger.postings(session, record)
    session.store.insert("transaction", header_row(session, record, entries))
    session.store.insert_all("transactionline", line_rows(session, record, entries))
    modified = local_time(session, record.get("lastModifiedDate"))
    rate = float(record.number("exchangeRate") or 1)
    rows = []
    for entry in entries:
        amount = float(entry.amount)
        rows.append(
            {
                "transaction": int(record.id),
                "transactionline": entry.line,
                "accountingbook": 1,
                "account": int(entry.account),
                "accounttype": account_type(session, entry.account),
                "amount": amount,
                "debit": amount if amount > 0 else None,
                "credit": -amount if amount < 0 else None,
                "netamount": amount,
                "posting": "T",
                "exchangerate": rate,
                "lastmodifieddate": modified,
            }
        )
    session.store.insert_all("transactionaccountingline", rows)


def account_type(session: Session, account_id: str) -> str | None:
    account = session.find("account", account_id)
    return None if account is None else account.get("acctType")


def header_row(session: Session, record: Record, entries: list[ledger.Posting]) -> Row:
    row = columns_of(session, record, "transaction")
    kind: RecordType = record.type
    sign = -1 if kind.code in NEGATIVE else 1
    total = record.number("total")
    row.update(
        {
            "trandisplayname": display_name(session, record),
            "type": kind.code,
            "recordtype": kind.name.lower(),
            "abbrevtype": codes.ABBREVIATIONS.get(kind.code),
            "createdby": int(record.get("_createdBy") or -5),
            "lastmodifiedby": int(record.get("_modifiedBy") or -5),
            "foreigntotal": float(sign * total),
            "total": float(sign * ledger.base(record, total)),
            "posting": flag(entries),
            "void": flag(record.get("voided")),
            "closedate": record.get("_closed"),
            "number": int(record.id),
            "typebaseddocumentnumber": record.get("tranId"),
            "status": record.get("status"),
        }
    )
    if row.get("duedate") is None and record.get("duedate"):
        row["duedate"] = record.get("duedate")
    if kind.code in ("VendBill", "ExpRept"):
        row["foreignamountunpaid"] = float(record.number("balance"))
        row["foreignamountpaid"] = float(total - record.number("balance"))
        row["paymenthold"] = flag(record.get("paymentHold"))
        row["billingstatus"] = "F"
    if kind.code == "PurchOrd":
        row["unbilledorders"] = float(record.number("balance"))
    if kind.code == "VendCred":
        row["foreignamountunpaid"] = float(record.number("unapplied"))
        row["foreignamountpaid"] = float(record.number("applied"))
    if record.get("_billingAddress"):
        row["billingaddress"] = int(record.id)
        session.store.insert(
            "transactionbillingaddress",
            address_row(session, int(record.id), int(record.id), record.get("_billingAddress")),
        )
    return row


def _segments(line: Values, record: Record) -> Row:
    row: Row = {}
    for name in ("department", "class", "location"):
        value = line.get(name) or record.get(name)
        row[name] = int(value) if value else None
    row["subsidiary"] = int(record.get("subsidiary")) if record.get("subsidiary") else None
    return row


def line_rows(session: Session, record: Record, entries: list[ledger.Posting]) -> list[Row]:
    """The main line (id 0), the lines of every sublist, and the tax line."""
    modified = local_time(session, record.get("lastModifiedDate"))
    accounts = {entry.line: entry.account for entry in entries}
    sign = -1 if record.type.code in NEGATIVE else 1
    total = float(sign * record.number("total"))
    entity = int(record.get("entity")) if record.get("entity") else None
    common: Row = {
        "transaction": int(record.id),
        "entity": entity,
        "taxline": "F",
        "iscogs": "F",
        "donotdisplayline": "F",
        "transactiondiscount": "F",
        "assemblycomponent": "F",
        "kitcomponent": "F",
        "linelastmodifieddate": modified,
        "linecreateddate": local_time(session, record.get("createdDate")),
    }
    source = record.get("createdFrom")
    rows: list[Row] = [
        {
            **common,
            **_segments({}, record),
            "id": 0,
            "linesequencenumber": 0,
            "uniquekey": int(record.id) * 10_000,
            "mainline": "T",
            "foreignamount": total,
            "netamount": total,
            "amount": total,
            "memo": record.get("memo"),
            "account": accounts.get(0) or record.get("account"),
            "expenseaccount": accounts.get(0) or record.get("account"),
            "createdfrom": int(source) if source else None,
            "isclosed": "F",
        }
    ]
    for name in ("item", "expense", "line", "other"):
        for line in record.sublist(name):
            rows.append({**common, **LINE_ROWS[name](session, record, line, accounts)})
    if record.number("taxTotal"):
        rows.append({**common, **_tax_row(record, accounts)})
    present = {row["id"] for row in rows}
    rows += [{**common, **_entry_row(record, each)} for each in entries if each.line not in present]
    return rows


def _entry_row(record: Record, entry: ledger.Posting) -> Row:
    """The line of a posting that no line of the form stands for: what a payment takes off the payables."""
    amount = float(entry.amount)
    foreign = float(entry.amount / (record.number("exchangeRate") or 1))
    return {
        **_segments({}, record),
        "id": entry.line,
        "linesequencenumber": entry.line,
        "uniquekey": int(record.id) * 10_000 + entry.line,
        "mainline": "F",
        "foreignamount": round(foreign, 2),
        "netamount": amount,
        "amount": amount,
        "account": int(entry.account),
        "expenseaccount": int(entry.account),
        "isclosed": "F",
    }


def _line_common(session: Session, record: Record, line: Values, accounts: dict[int, str]) -> Row:
    key = int(line["line"])
    order = line.get("orderDoc")
    amount = number(line.get("amount"))
    if record.type.code in ("VendCred", "VendAuth"):
        amount = -amount
    account = accounts.get(key) or line.get("account") or line.get("expenseaccount")
    row = {
        **_segments(line, record),
        "id": key,
        "linesequencenumber": key,
        "uniquekey": int(line["uniqueKey"]),
        "mainline": "F",
        "foreignamount": float(amount),
        "netamount": float(ledger.base(record, amount)),
        "amount": float(ledger.base(record, amount)),
        "debitforeignamount": float(amount) if amount > 0 else None,
        "creditforeignamount": float(-amount) if amount < 0 else None,
        "memo": line.get("memo") or line.get("description"),
        "account": account,
        "expenseaccount": account,
        "createdfrom": int(order) if order else None,
        "isclosed": flag(line.get("isClosed")),
        "isbillable": flag(line.get("isBillable")),
        "units": line.get("units"),
        "taxamount": float(number(line["tax1Amt"])) if line.get("tax1Amt") is not None else None,
        "taxcode": line.get("taxCode"),
        "taxrate": float(number(line["taxRate1"])) if line.get("taxRate1") is not None else None,
    }
    if line.get("customer"):
        # Whom the line is for, a customer or a project; on all other lines it is the document's own party.
        row["entity"] = int(line["customer"])
    for name, kind, found in session.store.catalog.custom_line_columns(record.type):
        if found is not None:
            row[name] = plain(session, line.get(found.name), kind, found.kind)
    return row


def _item_row(session: Session, record: Record, line: Values, accounts: dict[int, str]) -> Row:
    row = _line_common(session, record, line, accounts)
    item = session.find("item", line["item"])
    is_receivable = item is not None and documents.is_received_item(item)
    kind = str(line.get("itemType"))
    quantity = number(line.get("quantity"))
    sign = -1 if record.type.code in ("VendCred", "VendAuth", "ItemShip") else 1
    is_stock = kind in ("InvtPart", "Assembly")
    row.update(
        {
            "item": int(line["item"]),
            "itemtype": kind,
            "quantity": float(sign * quantity),
            "rate": float(number(line.get("rate"))),
            "rateamount": float(number(line.get("rate"))),
            "fulfillable": flag(is_receivable),
            "hasfulfillableitems": flag(is_receivable),
            "isinventoryaffecting": flag(record.type.code in ("ItemRcpt", "ItemShip") and ledger.is_posting(record)),
            "matchbilltoreceipt": flag(line.get("matchBillToReceipt")),
            "billvariancestatus": line.get("billVarianceStatus"),
            "dropship": "F",
            "specialorder": "F",
            "hascostline": flag(is_stock and record.type.code == "VendBill"),
            "accountinglinetype": "ASSET" if is_stock else "EXPENSE",
            "expectedreceiptdate": line.get("expectedReceiptDate"),
        }
    )
    if record.type.code in ("PurchOrd", "VendAuth"):
        received = number(line.get("quantityReceived"))
        billed = number(line.get("quantityBilled"))
        row["quantityshiprecv"] = float(received)
        row["quantitybilled"] = float(billed)
        row["isfullyshipped"] = flag(received >= quantity)
    return row


def _expense_row(session: Session, record: Record, line: Values, accounts: dict[int, str]) -> Row:
    row = _line_common(session, record, line, accounts)
    row.update(
        {
            "category": int(line["category"]) if line.get("category") else None,
            "fulfillable": "F",
            "matchbilltoreceipt": "F",
            "isinventoryaffecting": "F",
            "hascostline": "F",
            "rate": float(number(line.get("amount"))),
        }
    )
    if record.type.code == "PurchOrd":
        row["quantityshiprecv"] = 0.0
        row["quantitybilled"] = 0.0
    return row


def _journal_row(session: Session, record: Record, line: Values, accounts: dict[int, str]) -> Row:
    amount = number(line.get("debit")) - number(line.get("credit"))
    row = _line_common(session, record, {**line, "amount": amount}, accounts)
    row["entity"] = int(line["entity"]) if line.get("entity") else None
    return row


def _tax_row(record: Record, accounts: dict[int, str]) -> Row:
    key = ledger.tax_line(record)
    sign = -1 if record.type.code == "VendCred" else 1
    tax: Decimal = record.number("taxTotal") * sign
    return {
        **_segments({}, record),
        "id": key,
        "linesequencenumber": key,
        "uniquekey": int(record.id) * 10_000 + key,
        "mainline": "F",
        "taxline": "T",
        "foreignamount": float(tax),
        "netamount": float(ledger.base(record, tax)),
        "amount": float(ledger.base(record, tax)),
        "account": accounts.get(key),
        "expenseaccount": accounts.get(key),
        "memo": "Tax",
    }


LINE_ROWS: dict[str, Callable[[Session, Record, Values, dict[int, str]], Row]] = {
    "item": _item_row,
    "expense": _expense_row,
    "line": _journal_row,
    "other": _line_common,
}
