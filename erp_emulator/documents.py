"""What all transactions share: sourcing from the vendor, line numbers and amounts, totals, dates and periods."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from erp_emulator import currencies
from erp_emulator.addresses import address_text
from erp_emulator.errors import invalid_value, missing_values, user_error
from erp_emulator.schema import Field
from erp_emulator.session import Record, Session, Values, number

RATE_PLACES = Decimal("1.00000000")
NOT_RECEIVED = frozenset({"NonInvtPart", "Service", "OthCharge"})
LINE_SUBLISTS = ("item", "expense", "line", "other")


def round_to(session: Session, amount: Decimal, currency: str | None) -> Decimal:
    """To the currency's smallest unit, halves away from zero."""
    found = session.find("currency", currency) if currency else None
    places = 2
    if found is not None and found.get("currencyPrecision") is not None:
        places = int(found.number("currencyPrecision"))
    return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def require(record: Record, names: tuple[str, ...]) -> None:
    """Refuses a record that lacks any of these fields, naming all of them as the form does."""
    absent = [record.type.fields[name].title for name in names if record.get(name) in (None, "", [])]
    if absent:
        raise missing_values(absent)


def default(record: Record, name: str, value: object) -> None:
    if record.get(name) is None and value is not None:
        record.values[name] = value


def vendor_of(session: Session, record: Record) -> Record:
    """The vendor of a purchase document, who must exist and be active."""
    require(record, ("entity",))
    vendor = session.find("entity", record.get("entity"))
    if vendor is None:
        raise invalid_value(record.get("entity"), "entity")
    is_changed = record.is_new or session.before[record.key].get("entity") != record.get("entity")
    if vendor.get("isInactive") and is_changed:
        raise user_error(
            f"You have entered an Invalid Field Value {vendor.id} for the following field: entity",
            path="entity",
        )
    return vendor


def source_header(session: Session, record: Record, vendor: Record | None) -> None:
    """Date, subsidiary, currency and rate, where the body does not give them; and whether they go together."""
    default(record, "tranDate", session.clock.today().isoformat())
    if vendor is not None:
        default(record, "subsidiary", vendor.get("subsidiary"))
        check_subsidiary(session, record, vendor)
        default(record, "currency", vendor.get("currency"))
        check_currency(record, vendor)
    default(record, "subsidiary", first_subsidiary(session))
    subsidiary = session.find("subsidiary", record.get("subsidiary"))
    if subsidiary is None:
        raise missing_values(["Subsidiary"])
    if subsidiary.get("isInactive"):
        raise invalid_value(subsidiary.id, "subsidiary")
    default(record, "currency", subsidiary.get("currency"))
    default(record, "exchangeRate", rate_between(session, record, subsidiary))
    if record.number("exchangeRate") <= 0:
        raise invalid_value(record.get("exchangeRate"), "exchangeRate")
    default(record, "customForm", FORM_IDS.get(record.type.name))
    check_mandatory_segments(session, record)


FORM_IDS = {
    "purchaseOrder": "98",
    "vendorBill": "50",
    "vendorCredit": "51",
    "vendorPayment": "45",
}


def first_subsidiary(session: Session) -> str | None:
    found = session.store.ids("subsidiary", 1, 0)
    return str(found[0]) if found else None


def subsidiaries_of(session: Session, vendor: Record) -> set[str]:
    """The vendor's primary subsidiary and those it is shared with."""
    rows = session.store.writer.execute(
        "SELECT subsidiary FROM vendorsubsidiaryrelationship WHERE entity = ?", (int(vendor.id),)
    )
    shared = {str(row[0]) for row in rows}
    if vendor.get("subsidiary"):
        shared.add(str(vendor.get("subsidiary")))
    return shared


def check_subsidiary(session: Session, record: Record, vendor: Record) -> None:
    wanted = record.get("subsidiary")
    shared = subsidiaries_of(session, vendor)
    if wanted and shared and wanted not in shared:
        raise user_error(f"Invalid vendor reference key {vendor.id} for subsidiary {wanted}.", path="subsidiary")


def check_currency(record: Record, vendor: Record) -> None:
    wanted = record.get("currency")
    known = {line.get("currency") for line in vendor.sublist("currencyList")}
    known.add(vendor.get("currency"))
    known.discard(None)
    if wanted and known and wanted not in known:
        raise user_error(
            f"You have entered an Invalid Field Value {wanted} for the following field: currency",
            path="currency",
        )


def rate_between(session: Session, record: Record, subsidiary: Record) -> Decimal:
    """Units of the subsidiary's currency for one of the transaction's, on its date."""
    ours, theirs = record.get("currency"), subsidiary.get("currency")
    if ours is None or theirs is None:
        return Decimal(1)
    return currencies.between(session, ours, theirs, record.values["tranDate"]).quantize(RATE_PLACES)


def check_mandatory_segments(session: Session, record: Record) -> None:
    for preference, name in (
        ("DEPTMANDATORY", "department"),
        ("CLASSMANDATORY", "class"),
        ("LOCMANDATORY", "location"),
    ):
        if session.preferences[preference] and record.get(name) is None:
            raise missing_values([Field(name).title])


def source_terms(session: Session, record: Record, vendor: Record | None) -> None:
    """Terms from the vendor, and the due date that the terms make of the transaction's date."""
    if vendor is not None and record.is_new:
        default(record, "terms", vendor.get("terms"))
    if vendor is not None:
        source_billing_address(record, vendor)
    terms = session.find("term", record.get("terms")) if record.get("terms") else None
    if record.get("dueDate") is None:
        days = int(terms.number("daysUntilNetDue")) if terms else 0
        record.values["dueDate"] = (date.fromisoformat(record.values["tranDate"]) + timedelta(days=days)).isoformat()
    if terms and terms.number("discountPercent"):
        days = int(terms.number("daysUntilExpiry"))
        default(
            record,
            "discountDate",
            (date.fromisoformat(record.values["tranDate"]) + timedelta(days=days)).isoformat(),
        )


def source_billing_address(record: Record, vendor: Record) -> None:
    """The vendor's default billing address, unless the body has one."""
    if record.get("billingAddress") is None:
        found = next((line for line in vendor.sublist("addressBook") if line.get("defaultBilling")), None)
        if found is None:
            return
        record.values["billingAddress"] = dict(found.get("addressBookAddress") or {})
        label = str(found.get("label") or "")
        record.values["billAddressList"] = {"links": [], "id": str(found.get("id")), "refName": label}
    address = record.values["billingAddress"]
    text = address_text(address) if isinstance(address, dict) else ""
    record.values.update({"billAddress": text, "billingAddress_text": text, "_billingAddress": address})


# Lines.


def number_lines(session: Session, record: Record) -> None:
    """Line numbers count through all sublists and stay: a line that goes leaves its number unused."""
    names = [name for name in LINE_SUBLISTS if name in record.type.sublists]
    used = [number(line.get("line")) for name in names for line in record.sublist(name)]
    following = int(max(used, default=Decimal(0)))
    following = max(following, int(record.get("_lastLine") or 0))
    for name in names:
        for line in record.sublist(name):
            if line.get("line") is None:
                following += 1
                line["line"] = Decimal(following)
            if line.get("uniqueKey") is None:
                line["uniqueKey"] = Decimal(session.store.next_id("uniquekey", 1001))
    record.values["_lastLine"] = following


def item_of(session: Session, line: Values, index: int) -> Record:
    item = session.find("item", line.get("item")) if line.get("item") else None
    if item is None:
        raise (
            missing_values(["Item"])
            if not line.get("item")
            else invalid_value(line.get("item"), "item", path=f"item.items[{index}].item")
        )
    return item


def price_item_lines(session: Session, record: Record) -> None:
    """Type, text, rate and amount of each item line; an amount that was given stands."""
    for index, line in enumerate(record.sublist("item")):
        item = item_of(session, line, index)
        is_new = "_priced" not in line
        if item.get("isInactive") and is_new:
            raise invalid_value(item.id, "item", path=f"item.items[{index}].item")
        item_type, _, subtype = item.type.code.partition(":")
        line["itemType"] = item_type
        if subtype:
            line["itemSubtype"] = subtype
        if is_new:
            line.setdefault("description", item.get("purchaseDescription") or item.get("description"))
            line.setdefault("vendorName", item.get("vendorName"))
            line.setdefault("units", item.get("purchaseUnit"))
            if line.get("quantity") is None:
                line["quantity"] = Decimal(1)
        source_unit(session, line, item)
        price_line(session, record, line, item)
        line["_priced"] = price_key(line)


def source_unit(session: Session, line: Values, item: Record) -> None:
    """A unit given by name becomes its id within the item's units type, as NetSuite keeps it."""
    kind = session.find("unitsType", item.get("unitsType")) if item.get("unitsType") else None
    if kind is None or line.get("units") is None:
        return
    for unit in kind.sublist("uom"):
        names = (unit.get("internalId"), unit.get("unitName"), unit.get("abbreviation"), unit.get("pluralName"))
        if str(line["units"]) in names:
            line["units"] = str(unit.get("internalId"))
            line["unitsDisplay"] = unit.get("abbreviation") or unit.get("unitName")
            return


def price_key(line: Values) -> str:
    return f"{line.get('quantity')}|{line.get('rate')}|{line.get('amount')}"


def price_line(session: Session, record: Record, line: Values, item: Record) -> None:
    quantity = number(line.get("quantity"))
    if quantity < 0 and record.type.name != "journalEntry":
        raise invalid_value(line["quantity"], "quantity")
    if line.get("grossAmt") is not None and line.get("amount") is None:
        line["amount"] = number(line["grossAmt"]) - number(line.get("tax1Amt"))
    if line.get("_priced") == price_key(line):
        return
    before = str(line.get("_priced", "||")).split("|")
    is_amount_given = line.get("amount") is not None and str(line["amount"]) != before[2]
    if line.get("rate") is None:
        if is_amount_given and quantity:
            line["rate"] = (number(line["amount"]) / quantity).quantize(RATE_PLACES).normalize()
        elif is_amount_given:
            return
        else:
            line["rate"] = item.number("cost") or item.number("lastPurchasePrice")
    if not is_amount_given:
        line["amount"] = round_to(session, quantity * number(line["rate"]), record.get("currency"))


def source_expense_lines(session: Session, record: Record) -> None:
    """An expense line's account comes from its category; one of both must be there."""
    for index, line in enumerate(record.sublist("expense")):
        if line.get("account") is None and line.get("category"):
            category = session.find("expenseCategory", line["category"])
            line["account"] = category.get("expenseAcct") if category else None
        if line.get("account") is None:
            vendor = session.find("entity", record.get("entity"))
            line["account"] = vendor.get("expenseAccount") if vendor else None
        if line.get("account") is None:
            raise missing_values(["Account"])
        account = session.find("account", line["account"])
        if account is None or account.get("isInactive") or account.get("isSummary"):
            raise invalid_value(line["account"], "account", path=f"expense.items[{index}].account")
        if line.get("amount") is None:
            if line.get("grossAmt") is None:
                raise missing_values(["Amount"])
            line["amount"] = number(line["grossAmt"]) - number(line.get("tax1Amt"))


def total_lines(session: Session, record: Record) -> None:
    """Subtotal, tax and total of item and expense lines; tax as overridden, as given, or by the tax code's rate."""
    lines = [*record.sublist("item"), *record.sublist("expense")]
    if not lines:
        raise user_error("You must enter at least one line item for this transaction.")
    subtotal = sum((number(line.get("amount")) for line in lines), Decimal(0))
    tax = tax_total(session, record, lines)
    record.values["subtotal"] = subtotal
    record.values["taxTotal"] = tax
    record.values["total"] = subtotal + tax
    if "userTotal" in record.type.fields:
        record.values["userTotal"] = record.values["total"]


def tax_total(session: Session, record: Record, lines: list[Values]) -> Decimal:
    if record.get("taxDetailsOverride"):
        if not session.preferences["taxDetailsOverride"]:
            raise user_error("REST web services do not support legacy tax features.", path="taxDetailsOverride")
        rows = record.sublist("taxDetails")
        return sum((number(row.get("taxAmount")) for row in rows), Decimal(0))
    total = Decimal(0)
    for line in lines:
        given = line.get("tax1Amt") if line.get("tax1Amt") is not None else line.get("taxAmount")
        if given is not None and not line.get("_taxed"):
            total += number(given)
            continue
        code = session.find("salesTaxItem", line["taxCode"]) if line.get("taxCode") else None
        rate = number(line.get("taxRate1"))
        if code is not None:
            rate = Decimal(0) if code.get("isReverseCharge") else code.number("rate")
            line["taxRate1"] = rate
        if code is not None or rate:
            line["_taxed"] = True
            line["tax1Amt"] = round_to(session, number(line.get("amount")) * rate / 100, record.get("currency"))
            total += number(line["tax1Amt"])
    return total


# Numbers and special accounts.


def assign_numbers(session: Session, record: Record) -> None:
    """The account's own running number; also the document number of types that NetSuite numbers."""
    if not record.is_new:
        return
    sequence = session.store.next_id(f"number:{record.type.name}", FIRST_NUMBERS.get(record.type.name, 1))
    if record.type.name in (
        "purchaseOrder",
        "itemReceipt",
        "journalEntry",
        "expenseReport",
        "vendorReturnAuthorization",
        "itemFulfillment",
    ):
        default(record, "tranId", f"{NUMBER_PREFIXES.get(record.type.name, '')}{sequence}")
    record.values["transactionNumber"] = f"{record.type.prefix}{sequence}"


FIRST_NUMBERS = {"purchaseOrder": 10001, "itemReceipt": 5001}
NUMBER_PREFIXES = {
    "purchaseOrder": "PO",
    "itemReceipt": "IR",
    "journalEntry": "JE",
    "expenseReport": "ER",
    "vendorReturnAuthorization": "VRA",
    "itemFulfillment": "IF",
}


def special_account(session: Session, kind: str) -> str:
    """The account that NetSuite keeps for a purpose, by its `sSpecAcct`."""
    row = session.store.writer.execute(
        "SELECT id FROM account WHERE sspecacct = ? ORDER BY id LIMIT 1", (kind,)
    ).fetchone()
    if row is None:
        raise user_error(f"This account has no special account of the kind {kind}.")
    return str(row[0])


def payables_account(session: Session, record: Record, vendor: Record) -> None:
    """The A/P account: the body's, the vendor's or the account's own; active, and of that type."""
    default(record, "account", vendor.get("payablesAccount"))
    if record.get("account") is None:
        record.values["account"] = special_account(session, "AcctPay")
    account = session.find("account", record.get("account"))
    if account is None or account.get("acctType") != "AcctPay" or account.get("isInactive"):
        raise invalid_value(record.get("account"), "account")


def is_received_item(item: Record) -> bool:
    """Whether goods of this item come in by a receipt: stock always, others when marked so."""
    kind = item.type.code.partition(":")[0]
    return kind not in NOT_RECEIVED or bool(item.get("isFulfillable"))
