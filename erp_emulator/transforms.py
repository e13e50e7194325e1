"""One document made of another: which lines carry over with which quantities, and how a body chooses among them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from erp_emulator import documents, orders, records, returns, settlement
from erp_emulator.catalog import CUSTOM
from erp_emulator.errors import NetSuiteError, user_error
from erp_emulator.inputs import Change
from erp_emulator.schema import RecordType
from erp_emulator.session import Record, Session, Values, number

ZERO = Decimal(0)
HEADER = (
    "entity",
    "currency",
    "exchangeRate",
    "subsidiary",
    "location",
    "department",
    "class",
    "memo",
)
LINE = (
    "item",
    "description",
    "rate",
    "units",
    "vendorName",
    "department",
    "class",
    "location",
    "customer",
    "taxCode",
    "isBillable",
)
EXPENSE = ("account", "category", "memo", "department", "class", "location", "customer", "taxCode")


def refused(target: str, source_id: str) -> NetSuiteError:
    return user_error(f"You cannot initialize {target}: invalid reference {source_id}.")


def prefill(session: Session, source: Record, target: RecordType) -> Change:
    """The target as its form would open; refuses a pair or a state that cannot be transformed."""
    if target.name not in {each.lower(): each for each in source.type.transforms}.values():
        raise user_error(f"The transformation of {source.type.name} to {target.name} is not allowed.")
    return MAKERS[(source.type.name, target.name)](session, source, target)


def transform(
    session: Session,
    source: Record,
    target: RecordType,
    body: Change,
    replace: frozenset[str] = frozenset(),
) -> Record:
    """Make and save the target; the body's header values override, its lines choose."""
    change = merged(prefill(session, source, target), body, target, replace)
    return records.create(session, target, change)


def merged(prefilled: Change, body: Change, target: RecordType, replace: frozenset[str]) -> Change:
    change = Change(dict(prefilled.values), dict(prefilled.lines), body.ignored)
    fixed = {"createdFrom"} if target.name in ("itemReceipt", "itemFulfillment") else set()
    change.values.update({k: v for k, v in body.values.items() if k not in fixed})
    for name, rows in body.lines.items():
        if rows is None or name.lower() in replace:
            change.lines[name] = rows or []
        else:
            present = prefilled.lines.get(name) or []
            sublist = target.sublists[name]
            change.lines[name] = choose(name, present, rows, is_static=sublist.is_static)
    return change


def choose(name: str, present: list[Values], rows: list[Values], *, is_static: bool) -> list[Values]:
    """Body lines over prefilled ones, matched by order line, line or (for `apply`) document."""
    chosen = [dict(line) for line in present]
    for index, row in enumerate(rows):
        line = matching(name, chosen, row)
        if line is None:
            is_left_out = row.get("itemReceive") is False or row.get("markReceived") is False
            if is_static and (is_left_out or row.get("quantity") == 0):
                continue
            if is_static:
                raise user_error(
                    "You have attempted an invalid sublist or line item operation. You are attempting to add "
                    "or remove a line of a static sublist.",
                    path=f"{name}.items[{index}]",
                )
            chosen.append(dict(row))
            continue
        if ("quantity" in row or "rate" in row) and "amount" not in row and name == "item":
            line.pop("amount", None)
        line.update({k: v for k, v in row.items() if k != "line"})
        if row.get("quantity") == 0 and is_static:
            line["itemReceive"] = False
        elif "itemReceive" not in row and is_static and number(line.get("quantity")) > 0:
            line["itemReceive"] = True
    for line in chosen:
        line.pop("line", None)
    return chosen


def matching(name: str, chosen: list[Values], row: Values) -> Values | None:
    if name == "apply":
        return next((x for x in chosen if row.get("doc") in (x.get("doc"),)), None)
    for key in ("orderLine", "line"):
        if row.get(key) is None:
            continue
        wanted = number(row[key])
        for line in chosen:
            is_order = row.get("orderDoc") in (None, line.get("orderDoc"))
            value = line.get("orderLine") if key == "line" else line.get(key)
            if value is not None and number(value) == wanted and is_order:
                return line
        return None
    return None


# What each transformation carries over.


def header(source: Record, target: RecordType, names: tuple[str, ...] = HEADER) -> Change:
    change = Change()
    for name in names:
        value = source.get(name)
        if value is not None and name in target.fields:
            change.values[name] = value
    return change


def carried(line: Values, names: tuple[str, ...]) -> Values:
    """What of a line goes along: the fields named, and all that the account defined itself."""
    own = (name for name in line if name.startswith(CUSTOM))
    return {name: line[name] for name in (*names, *own) if line.get(name) is not None}


def usable_order(source: Record, target: RecordType) -> None:
    if source.get("orderStatus") in ("A", "C", "H"):
        raise refused(target.name, source.id)


def order_to_receipt(session: Session, source: Record, target: RecordType) -> Change:
    """Every open line that can be received, with what is left of it."""
    usable_order(source, target)
    change = header(source, target)
    change.values["createdFrom"] = source.id
    zero = bool(session.preferences["DEFAULTUNFULFILLED"])
    rows = []
    for line in source.sublist("item"):
        progress = orders.progress_of(session, "item", line)
        left = progress.ordered - progress.received
        is_over = bool(session.preferences["OVERRECEIPTS"])
        if progress.is_closed or not progress.is_receivable or (left <= 0 and not is_over):
            continue
        row = carried(line, LINE)
        quantity = ZERO if zero else max(left, ZERO)
        row.update(
            {
                "orderDoc": source.id,
                "orderLine": line["line"],
                "quantity": quantity,
                "quantityRemaining": max(left, ZERO),
                "itemReceive": quantity > 0,
            }
        )
        rows.append(row)
    if not rows:
        raise refused(target.name, source.id)
    change.lines["item"] = rows
    return change


def billable_quantity(session: Session, line: Values) -> Decimal:
    """What of an order's line a bill takes by default.

    Ordered less billed; with advanced receiving and no bill in advance of receipt, received less billed
    for goods that are received.
    """
    progress = orders.progress_of(session, "item", line)
    if progress.is_closed:
        return ZERO
    must_be_received = (
        progress.is_receivable
        and session.preferences["ADVANCEDRECEIVING"]
        and not session.preferences["UNCRECEIVEDBILLS"]
    )
    limit = progress.received if must_be_received else progress.ordered
    return max(limit - progress.billed, ZERO)


def order_to_bill(session: Session, source: Record, target: RecordType) -> Change:
    """Header and terms, item lines with what can be billed, expense lines with what is left of their amount."""
    usable_order(source, target)
    names = (*HEADER, "terms", "customForm")
    change = header(source, target, tuple(n for n in names if n != "customForm"))
    if not session.preferences["USEPORATEONBILLS"]:
        change.values.pop("exchangeRate", None)
    items = []
    for line in source.sublist("item"):
        quantity = billable_quantity(session, line)
        if quantity <= 0:
            continue
        row = carried(line, LINE)
        row.update({"orderDoc": source.id, "orderLine": line["line"], "quantity": quantity})
        if quantity == number(line.get("quantity")):
            row["amount"] = line["amount"]
        items.append(row)
    expenses = []
    for line in source.sublist("expense"):
        left = number(line.get("amount")) - number(line.get("amountBilled"))
        if line.get("isClosed") or left <= 0:
            continue
        row = carried(line, EXPENSE)
        row.update({"orderDoc": source.id, "orderLine": line["line"], "amount": left})
        expenses.append(row)
    if not items and not expenses:
        raise refused(target.name, source.id)
    change.lines.update({"item": items, "expense": expenses})
    return change


def order_to_return(session: Session, source: Record, target: RecordType) -> Change:
    """What was received (of an order) or billed (of a bill), less what is in other returns already.

    NetSuite's form offers it of approved bills, and of orders only once they are received in full; whether a
    transformation is held to that too is a preference.
    """
    refuses_open = session.preferences["returnOfOpenOrder"] == "refuse"
    states = ("F", "G") if refuses_open else ("D", "E", "F", "G")
    if source.get("status") not in (states if source.type.name == "purchaseOrder" else ("A", "B", "F")):
        raise refused(target.name, source.id)
    change = header(source, target)
    change.values["createdFrom"] = source.id
    rows = []
    for line in source.sublist("item"):
        quantity = returns.returnable(session, source, line)
        if quantity <= 0:
            continue
        row = carried(line, LINE)
        row.update({"orderDoc": source.id, "orderLine": line["line"], "quantity": quantity})
        rows.append(row)
    if not rows:
        raise refused(target.name, source.id)
    change.lines["item"] = rows
    return change


def return_to_fulfillment(session: Session, source: Record, target: RecordType) -> Change:
    return order_to_receipt(session, source, target)


def return_to_credit(session: Session, source: Record, target: RecordType) -> Change:
    usable_order(source, target)
    change = header(source, target)
    change.values["createdFrom"] = source.id
    items = []
    for line in source.sublist("item"):
        quantity = billable_quantity(session, line)
        if quantity > 0:
            row = carried(line, LINE)
            row.update({"orderDoc": source.id, "orderLine": line["line"], "quantity": quantity})
            items.append(row)
    expenses = []
    for line in source.sublist("expense"):
        left = number(line.get("amount")) - number(line.get("amountBilled"))
        if left > 0:
            row = carried(line, EXPENSE)
            row.update({"orderDoc": source.id, "orderLine": line["line"], "amount": left})
            expenses.append(row)
    if not items and not expenses:
        raise refused(target.name, source.id)
    change.lines.update({"item": items, "expense": expenses})
    return change


def bill_to_payment(session: Session, source: Record, target: RecordType) -> Change:
    """The bill ticked with what is due; other open bills of the vendor stand below it, not ticked."""
    if source.get("status") != "A" or source.get("paymentHold"):
        raise refused(target.name, source.id)
    change = header(source, target, ("entity", "currency", "subsidiary", "exchangeRate"))
    change.values["apAcct"] = source.get("account")
    due = source.number("total") - settlement.applied_to(session, source.id)
    change.lines["apply"] = [
        {"doc": source.id, "apply": True, "amount": due},
        *other_bills(session, source),
    ]
    return change


def other_bills(session: Session, source: Record) -> list[Values]:
    rows = session.store.writer.execute(
        """SELECT id FROM "transaction" WHERE entity = ? AND type = 'VendBill' AND status = 'A' AND currency = ?
           AND COALESCE(paymenthold, 'F') = 'F' AND id <> ? ORDER BY id LIMIT 500""",
        (int(source.get("entity")), int(source.get("currency")), int(source.id)),
    ).fetchall()
    return [{"doc": str(row[0]), "apply": False} for row in rows]


def bill_to_credit(session: Session, source: Record, target: RecordType) -> Change:
    """The bill's lines, applied to the bill as far as it is open."""
    if source.get("status") not in ("A", "B"):
        raise refused(target.name, source.id)
    change = header(source, target)
    change.values["account"] = source.get("account")
    change.values["createdFrom"] = source.id
    for name, names in (("item", (*LINE, "quantity", "amount")), ("expense", (*EXPENSE, "amount"))):
        change.lines[name] = [carried(line, names) for line in source.sublist(name)]
    due = source.number("total") - settlement.applied_to(session, source.id)
    if due > 0:
        change.lines["apply"] = [{"doc": source.id, "apply": True, "amount": min(due, source.number("total"))}]
    return change


def party_to_document(session: Session, source: Record, target: RecordType) -> Change:
    """From a vendor or an employee: the header's defaults only."""
    del session
    change = Change({"entity": source.id})
    if source.get("currency") and "currency" in target.fields and source.type.name == "vendor":
        change.values["currency"] = source.get("currency")
    return change


def vendor_to_payment(session: Session, source: Record, target: RecordType) -> Change:
    change = party_to_document(session, source, target)
    rows = session.store.writer.execute(
        """SELECT id FROM "transaction" WHERE entity = ? AND type = 'VendBill' AND status = 'A' AND currency = ?
           AND COALESCE(paymenthold, 'F') = 'F' ORDER BY id LIMIT 500""",
        (int(source.id), int(source.get("currency") or 0)),
    ).fetchall()
    change.lines["apply"] = [{"doc": str(row[0]), "apply": False} for row in rows]
    change.values.setdefault("apAcct", documents.special_account(session, "AcctPay"))
    return change


MAKERS: dict[tuple[str, str], Callable[[Session, Record, RecordType], Change]] = {
    ("purchaseOrder", "itemReceipt"): order_to_receipt,
    ("purchaseOrder", "vendorBill"): order_to_bill,
    ("purchaseOrder", "vendorReturnAuthorization"): order_to_return,
    ("vendorBill", "vendorReturnAuthorization"): order_to_return,
    ("vendorBill", "vendorPayment"): bill_to_payment,
    ("vendorBill", "vendorCredit"): bill_to_credit,
    ("vendorReturnAuthorization", "vendorCredit"): return_to_credit,
    ("vendorReturnAuthorization", "itemFulfillment"): return_to_fulfillment,
    ("vendor", "purchaseOrder"): party_to_document,
    ("vendor", "vendorBill"): party_to_document,
    ("vendor", "vendorPayment"): vendor_to_payment,
    ("employee", "expenseReport"): party_to_document,
}
