"""NetSuite's rows and JSON <-> our records: the queries that read many records at once, and what their rows mean.

The columns and letters are those of the SuiteAnalytics records catalog; a line's quantities are in the order's unit.
What was sent back to vendors is read in `returns`.
"""

# ruff: noqa: S608 (only our own names, checked ids and checked instants are written into queries)

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any

from counterfoil.domain.bills import Bill, BillExpenseLine, BillItemLine, ErpBill, ErpBillLine
from counterfoil.domain.invoices import DocumentType
from counterfoil.domain.orders import (
    SEGMENT_NAME,
    ZERO,
    Coding,
    ItemKind,
    OrderLine,
    OrderStatus,
    PurchaseOrder,
    Receipt,
)
from counterfoil.domain.records import Record
from counterfoil.domain.returns import SettledReturn
from counterfoil.domain.vendors import Vendor
from counterfoil.netsuite.rows import (
    OWN_LINES,
    Cells,
    Query,
    Row,
    Selection,
    Taken,
    UnreadableRow,
    date_text,
    header_of,
    id_text,
    ids_text,
    instant_text,
    keyed_query,
    lines_of,
    texts,
)

CUSTOM_FIELD = re.compile(r"custentity[a-z0-9_]{1,40}")
SEGMENT_FIELD = re.compile(SEGMENT_NAME)
ADDRESS_COLUMNS = ("addr1", "addr2", "addr3", "zip", "city", "state", "country")
ADDRESS_LENGTH_MAX = 500

PURCHASE_ORDER, ITEM_RECEIPT, VENDOR_BILL, VENDOR_CREDIT = "PurchOrd", "ItemRcpt", "VendBill", "VendCred"
BILL_TYPES = (VENDOR_BILL, VENDOR_CREDIT)


# Queries


def vendors_query(
    selection: Selection, *, iban_field: str | None = None, with_address: bool = True
) -> Callable[[Row | None], Query]:
    """Vendors, a row each, with their default billing address unless that is left out. `iban_field` is the account's
    own field for the bank account (`custentity_iban`)."""
    if iban_field is not None and not CUSTOM_FIELD.fullmatch(iban_field):
        raise ValueError(f"{iban_field[:80]!r} is not the id of a custom field of vendors")
    iban = f", v.{iban_field} AS iban" if iban_field is not None else ""
    address = "".join(f", a.{name} AS {name}" for name in ADDRESS_COLUMNS) if with_address else ""
    joined = "\nLEFT JOIN entityaddress a ON a.nkey = v.defaultbillingaddress" if with_address else ""
    return keyed_query(
        f"""
SELECT v.id AS id, v.entityid AS entityid, v.companyname AS companyname, v.altname AS altname,
 v.legalname AS legalname, v.printoncheckas AS printoncheckas, v.vatregnumber AS vatregnumber, v.email AS email,
 c.symbol AS currency, v.isinactive AS isinactive, {instant_text("v.lastmodifieddate")} AS modified{address}{iban}
FROM vendor v
LEFT JOIN currency c ON c.id = v.currency{joined}
WHERE 1 = 1""",
        selection,
        id_column="v.id",
        modified_column="v.lastmodifieddate",
    )


def changed_query(types: Sequence[str], selection: Selection) -> Callable[[Row | None], Query]:
    """Ids of transactions of these types, a row each: what changed, for reading it in full by its ids."""
    return keyed_query(
        f"SELECT t.id AS id, t.type AS type FROM transaction t WHERE t.type IN ({texts(types)})",
        selection,
        id_column="t.id",
        modified_column="t.lastmodifieddate",
    )


def orders_query(selection: Selection, *, segments: Sequence[str] = ()) -> Callable[[Row | None], Query]:
    """Purchase orders, a row for the header (`mainline`) and for each line. `segments` are the account's own fields
    that lines are coded by (`cseg_region`, `custcol_lot`)."""
    own = "".join(f", tl.{_segment(name)} AS {name}" for name in segments)
    return keyed_query(
        f"""
SELECT t.id AS id, t.tranid AS tranid, t.status AS status, t.entity AS entity,
 NVL(v.companyname, v.entityid) AS entityname, c.symbol AS currency,
 {date_text("t.trandate")} AS trandate, {instant_text("t.lastmodifieddate")} AS modified,
 tl.id AS line, tl.mainline AS mainline, tl.item AS item, i.itemid AS itemcode, i.itemtype AS itemtype,
 i.isfulfillable AS isfulfillable, i.vendorname AS vendoritem, i.displayname AS itemname, tl.memo AS description,
 tl.quantity AS quantity, NVL(u.unitname, tl.units) AS unit, tl.rate AS rate, tl.foreignamount AS foreignamount,
 tl.quantityshiprecv AS received, tl.quantitybilled AS billed, tl.isclosed AS isclosed,
 tl.expenseaccount AS expenseaccount, tl.department AS department, tl.location AS location, tl.class AS class,
 tl.subsidiary AS subsidiary, tl.entity AS lineentity{own}
FROM transaction t
INNER JOIN transactionline tl ON tl.transaction = t.id
LEFT JOIN item i ON i.id = tl.item
LEFT JOIN unitstypeuom u ON u.unitstype = i.unitstype AND u.internalid = tl.units
LEFT JOIN currency c ON c.id = t.currency
LEFT JOIN vendor v ON v.id = t.entity
WHERE t.type = '{PURCHASE_ORDER}' AND {OWN_LINES}""",
        selection,
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def order_bills_query(order_ids: Sequence[str]) -> Callable[[Row | None], Query]:
    """What bills take of these orders, a row for each line of a bill that bills a line of one."""
    return keyed_query(
        f"""
SELECT DISTINCT ll.previousdoc AS orderid, ll.previousline AS orderline, t.id AS id, tl.id AS line,
 t.status AS status, tl.item AS item, tl.quantity AS quantity, tl.foreignamount AS foreignamount
FROM NextTransactionLineLink ll
INNER JOIN transaction t ON t.id = ll.nextdoc
INNER JOIN transactionline tl ON tl.transaction = ll.nextdoc AND tl.id = ll.nextline
WHERE t.type = '{VENDOR_BILL}' AND ll.linktype = 'OrdBill' AND ll.previousdoc IN ({ids_text(order_ids)})""",
        Selection(),
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def receipts_query(selection: Selection) -> Callable[[Row | None], Query]:
    """Item receipts, a row for the header and for each line, with the order line that it receives."""
    return keyed_query(
        f"""
SELECT DISTINCT t.id AS id, t.tranid AS tranid, {date_text("t.trandate")} AS trandate,
 {instant_text("t.lastmodifieddate")} AS modified, tl.id AS line, tl.mainline AS mainline, tl.quantity AS quantity,
 ll.previousdoc AS orderid, ll.previousline AS orderline
FROM transaction t
INNER JOIN transactionline tl ON tl.transaction = t.id
LEFT JOIN PreviousTransactionLineLink ll ON ll.nextdoc = tl.transaction AND ll.nextline = tl.id
 AND ll.linktype = 'ShipRcpt' AND ll.previoustype = '{PURCHASE_ORDER}'
WHERE t.type = '{ITEM_RECEIPT}' AND {OWN_LINES}""",
        selection,
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def bills_query(selection: Selection) -> Callable[[Row | None], Query]:
    """Vendor bills and credits, a row for the header and for each line, with the order line that it bills."""
    return keyed_query(
        f"""
SELECT DISTINCT t.id AS id, t.type AS type, t.tranid AS tranid, t.status AS status, t.entity AS entity,
 t.externalid AS externalid, c.symbol AS currency, t.foreigntotal AS foreigntotal,
 {date_text("t.trandate")} AS trandate, {instant_text("t.lastmodifieddate")} AS modified, tl.id AS line,
 tl.mainline AS mainline, tl.item AS item, tl.quantity AS quantity, tl.foreignamount AS foreignamount,
 ll.previousdoc AS orderid, ll.previousline AS orderline
FROM transaction t
INNER JOIN transactionline tl ON tl.transaction = t.id
LEFT JOIN currency c ON c.id = t.currency
LEFT JOIN PreviousTransactionLineLink ll ON ll.nextdoc = tl.transaction AND ll.nextline = tl.id
 AND ll.linktype = 'OrdBill' AND ll.previoustype = '{PURCHASE_ORDER}'
WHERE t.type IN ({texts(BILL_TYPES)}) AND {OWN_LINES}""",
        selection,
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def deletions_query(selection: Selection) -> Callable[[Row | None], Query]:
    """What was deleted, a row each; ids of a vendor and of a transaction may be the same."""
    return keyed_query(
        f"""
SELECT d.recordid AS id, d.type AS type, d.scriptid AS scriptid, {instant_text("d.deleteddate")} AS modified
FROM deletedrecord d
WHERE d.recordid IS NOT NULL""",
        selection,
        id_column="d.recordid",
        text_column="d.type",
        modified_column="d.deleteddate",
    )


def newest_query(kind: str) -> str:
    """The last instant at which any record of a kind changed, as column `modified`; absent when there is none.

    `kind` is a transaction's type, `vendor` or `deletedrecord`.
    """
    if kind == "vendor":
        return f"SELECT {instant_text('MAX(v.lastmodifieddate)')} AS modified FROM vendor v"
    if kind == "deletedrecord":
        return f"SELECT {instant_text('MAX(d.deleteddate)')} AS modified FROM deletedrecord d"
    types = BILL_TYPES if kind == VENDOR_BILL else (kind,)
    newest = instant_text("MAX(t.lastmodifieddate)")
    return f"SELECT {newest} AS modified FROM transaction t WHERE t.type IN ({texts(types)})"


CURRENCY_QUERY = "SELECT c.id AS id FROM currency c WHERE c.symbol = ?"


def same_number_query(bill: Bill) -> Query:
    """Bills (or credits) of the same vendor with the same number, with `externalid` and `status`.

    The ERP itself takes a number twice: who writes bills has to look.
    """
    kind = VENDOR_CREDIT if bill.document_type == DocumentType.CREDIT_NOTE else VENDOR_BILL
    return (
        "SELECT t.id AS id, t.externalid AS externalid, t.status AS status FROM transaction t"
        f" WHERE t.type = '{kind}' AND t.entity = {id_text(bill.vendor_id)} AND t.tranid = ?",
        (bill.number,),
    )


def counts(row: Row) -> bool:
    """Whether a bill of that status bills anything: not when it was rejected or cancelled."""
    return row.get("status") not in _STATUSES_NOT_BILLED


# Rows


def vendor_of(company: str, row: Row, *, zone: tzinfo = UTC) -> Vendor:
    """`zone` is the account's time zone. `UnreadableRow`."""
    cells = Cells("vendor", row)
    names = [cells.optional(name) for name in ("companyname", "legalname", "altname", "printoncheckas", "entityid")]
    known = tuple(dict.fromkeys(name for name in names if name))
    if not known:
        raise UnreadableRow(cells.record, "entityid", None)
    email = cells.optional("email") or ""
    return Vendor(
        company=company,
        id=cells.text("id"),
        name=known[0],
        names=known,
        vat_id=cells.optional("vatregnumber"),
        ibans=tuple(
            "".join(each.split()).upper() for each in re.split(r"[,;]", cells.optional("iban") or "") if each.strip()
        ),
        email_domain=email.rpartition("@")[2].lower() or None,
        address=_address(cells),
        currency=cells.optional("currency"),
        is_inactive=cells.flag("isinactive"),
        modified_at=cells.instant("modified", zone),
    )


def _address(cells: Cells) -> str | None:
    """Street, postcode with city, state and country, as far as they are known; None without street and postcode."""
    if not any(cells.optional(name) for name in ("addr1", "zip")):
        return None
    place = " ".join(part for name in ("zip", "city") if (part := cells.optional(name)))
    names = ("addr1", "addr2", "addr3"), ("state", "country")
    parts = [*map(cells.optional, names[0]), place, *map(cells.optional, names[1])]
    return ", ".join(" ".join(part.split()) for part in parts if part)[:ADDRESS_LENGTH_MAX]


def order_of(company: str, rows: Sequence[Row], *, segments: Sequence[str] = (), zone: tzinfo = UTC) -> PurchaseOrder:
    """An order from its rows, as the ERP has it: without claims, bills and returns. `UnreadableRow`."""
    header = Cells("purchaseOrder", header_of(rows))
    return PurchaseOrder(
        company=company,
        id=header.text("id"),
        number=header.text("tranid"),
        vendor_id=header.text("entity"),
        vendor_name=header.optional("entityname") or "",
        subsidiary=header.optional("subsidiary"),
        status=header.among("status", _ORDER_STATUSES),
        currency=header.text("currency"),
        order_date=header.day("trandate"),
        modified_at=header.instant("modified", zone),
        lines=tuple(
            _order_line(cells, header.text("entity"), segments)
            for cells in lines_of("purchaseOrder", rows)
            if _is_ordered(cells)
        ),
    )


def _order_line(cells: Cells, vendor_id: str, segments: Sequence[str]) -> OrderLine:
    kind = _item_kind(cells)
    is_expense = kind == ItemKind.EXPENSE
    return OrderLine(
        line=cells.integer("line"),
        kind=kind,
        item_id=cells.optional("item"),
        item_code=cells.optional("itemcode"),
        vendor_item_code=cells.optional("vendoritem"),
        description=cells.optional("description") or cells.optional("itemname") or "",
        quantity=ZERO if is_expense else cells.number("quantity"),
        unit=cells.optional("unit"),
        rate=ZERO if is_expense else cells.number("rate", ZERO),
        amount=cells.number("foreignamount", ZERO),
        received=ZERO if is_expense else cells.number("received", ZERO),
        billed=ZERO if is_expense else cells.number("billed", ZERO),
        is_closed=cells.flag("isclosed"),
        coding=Coding(
            account=cells.optional("expenseaccount") if is_expense else None,
            department=cells.optional("department"),
            location=cells.optional("location"),
            class_=cells.optional("class"),
            project=_project(cells, vendor_id),
            segments={name: value for name in segments if (value := cells.optional(name)) is not None},
        ),
    )


def _project(cells: Cells, vendor_id: str) -> str | None:
    """The customer or project that a line is for. One that is for nobody has the order's vendor there, or nothing."""
    entity = cells.optional("lineentity")
    return None if entity == vendor_id else entity


def _segment(name: str) -> str:
    if not SEGMENT_FIELD.fullmatch(name):
        raise ValueError(f"{name[:80]!r} is not the id of a custom segment or of a custom field of lines")
    return name


def _item_kind(cells: Cells) -> ItemKind:
    """Whether a line is received decides between two-way and three-way: a doubt about it is not passed over."""
    if cells.optional("item") is None:
        return ItemKind.EXPENSE
    kind = cells.among("itemtype", _ITEM_KINDS)
    if kind == ItemKind.INVENTORY:
        return kind
    is_received = cells.among("isfulfillable", {"T": True, "F": False})
    return ItemKind.NONINVENTORY_RECEIVABLE if is_received else kind


def _is_ordered(cells: Cells) -> bool:
    """Lines of text, subtotals and the heads of groups order nothing."""
    return cells.optional("itemtype") not in _ITEM_TYPES_OF_NO_GOODS


def takings_of(rows: Iterable[Row]) -> dict[str, dict[str, Taken]]:
    """What bills take of orders, from the rows of `order_bills_query`: by order id, bill id and order line.

    A bill that was rejected or cancelled takes nothing and is there with no lines.
    """
    found: dict[str, dict[str, Taken]] = {}
    for row in rows:
        cells = Cells("vendorBill", row)
        taken = found.setdefault(cells.text("orderid"), {}).setdefault(cells.text("id"), {})
        if counts(row):
            line = cells.integer("orderline")
            column = "quantity" if cells.optional("item") else "foreignamount"
            taken[line] = taken.get(line, ZERO) + abs(cells.number(column))
    return found


def receipt_of(company: str, rows: Sequence[Row], *, zone: tzinfo = UTC) -> Receipt | None:
    """A receipt from its rows; None when it receives no purchase order (a transfer, a customer's return)."""
    header = Cells("itemReceipt", header_of(rows))
    quantities: dict[int, Decimal] = {}
    order_ids = set()
    for cells in lines_of("itemReceipt", rows):
        if cells.optional("orderid") is not None:
            line = cells.integer("orderline")
            quantities[line] = quantities.get(line, ZERO) + cells.number("quantity", ZERO)
            order_ids.add(cells.text("orderid"))
    if len(order_ids) > 1:
        raise UnreadableRow(header.record, "orderid", ", ".join(sorted(order_ids)))
    if not order_ids:
        return None
    return Receipt(
        company=company,
        id=header.text("id"),
        number=header.optional("tranid") or "",
        order_id=order_ids.pop(),
        received_on=header.day("trandate"),
        quantities=quantities,
        modified_at=header.instant("modified", zone),
    )


def erp_bill_of(company: str, rows: Sequence[Row], *, zone: tzinfo = UTC) -> ErpBill:
    """A bill or credit as the ERP holds it, from its rows."""
    header = Cells("vendorBill", header_of(rows))
    return ErpBill(
        company=company,
        id=header.text("id"),
        document_type=header.among("type", _DOCUMENT_TYPES),
        number=header.optional("tranid") or "",
        vendor_id=header.text("entity"),
        external_id=header.optional("externalid"),
        counts=counts(header_of(rows)),
        currency=header.text("currency"),
        total=abs(header.number("foreigntotal")),
        bill_date=header.day("trandate"),
        modified_at=header.instant("modified", zone),
        lines=tuple(
            ErpBillLine(
                line=cells.integer("line"),
                item_id=cells.optional("item"),
                quantity=cells.number("quantity", ZERO),
                amount=cells.number("foreignamount", ZERO),
                order_id=cells.optional("orderid"),
                order_line=cells.integer("orderline") if cells.optional("orderid") else None,
            )
            for cells in lines_of("vendorBill", rows)
        ),
    )


class Deletion(Record):
    """A record that is gone: `kind` is its REST name, None for one that we do not keep."""

    id: str
    kind: str | None
    at: str


def deletion_of(row: Row) -> Deletion:
    cells = Cells("deletedrecord", row)
    names = ["".join(filter(str.isalpha, cells.optional(column) or "")).lower() for column in ("scriptid", "type")]
    kind = next((_DELETED_KINDS[name] for name in names if name in _DELETED_KINDS), None)
    return Deletion(id=cells.text("id"), kind=kind, at=cells.text("modified"))


_ORDER_STATUSES = {
    # Planned orders (P) are the planners' drafts.
    "P": OrderStatus.PENDING_APPROVAL,
    "A": OrderStatus.PENDING_APPROVAL,
    "B": OrderStatus.PENDING_RECEIPT,
    "C": OrderStatus.REJECTED,
    "D": OrderStatus.PARTIALLY_RECEIVED,
    "E": OrderStatus.PENDING_BILLING_PARTIALLY_RECEIVED,
    "F": OrderStatus.PENDING_BILL,
    "G": OrderStatus.FULLY_BILLED,
    "H": OrderStatus.CLOSED,
}
_ITEM_KINDS = {
    "InvtPart": ItemKind.INVENTORY,
    "Assembly": ItemKind.INVENTORY,
    "NonInvtPart": ItemKind.NONINVENTORY,
    "OthCharge": ItemKind.NONINVENTORY,
    "Service": ItemKind.SERVICE,
}
_ITEM_TYPES_OF_NO_GOODS = frozenset({"Description", "Subtotal", "Group", "EndGroup"})
_STATUSES_NOT_BILLED = frozenset({"C", "E"})  # cancelled, rejected
_DOCUMENT_TYPES = {VENDOR_BILL: DocumentType.INVOICE, VENDOR_CREDIT: DocumentType.CREDIT_NOTE}
# One column holds the record's own name, the other the name for people; either may be missing.
_DELETED_KINDS = {
    "vendor": "vendor",
    "purchaseorder": "purchaseOrder",
    "purchord": "purchaseOrder",
    "itemreceipt": "itemReceipt",
    "itemrcpt": "itemReceipt",
    "itemfulfillment": "itemFulfillment",
    "itemship": "itemFulfillment",
    "vendorbill": "vendorBill",
    "bill": "vendorBill",
    "vendbill": "vendorBill",
    "vendorcredit": "vendorCredit",
    "billcredit": "vendorCredit",
    "vendcred": "vendorCredit",
}


# Bodies


def bill_type(document_type: DocumentType) -> str:
    """The type of record in REST: a bill, or a credit for a credit note."""
    return "vendorCredit" if document_type == DocumentType.CREDIT_NOTE else "vendorBill"


def bill_body(bill: Bill, currency_id: str, settled: SettledReturn | None = None) -> dict[str, Any]:
    """The body that creates a bill or credit. Each line that bills an order carries `orderDoc` and `orderLine`:
    only both together link it, and the order's billed quantity follows. A credit takes no order links; its lines name
    those of the return that it settles."""
    body: dict[str, Any] = {
        "externalId": bill.external_id,
        "entity": {"id": bill.vendor_id},
        "tranId": bill.number,
        "tranDate": bill.bill_date.isoformat(),
        "currency": {"id": currency_id},
        "memo": bill.memo,
    }
    is_credit = bill.document_type == DocumentType.CREDIT_NOTE
    if bill.due_date is not None and not is_credit:
        body["dueDate"] = bill.due_date.isoformat()
    if bill.items:
        body["item"] = {"items": [_item_line(line, is_linked=not is_credit, settled=settled) for line in bill.items]}
    if bill.expenses:
        body["expense"] = {"items": [_expense_line(line, is_linked=not is_credit) for line in bill.expenses]}
    return body


def _item_line(line: BillItemLine, *, is_linked: bool, settled: SettledReturn | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "item": {"id": line.item_id},
        "quantity": line.quantity,
        "rate": line.rate,
        "amount": line.amount,
    }
    if is_linked:
        body |= {"orderDoc": {"id": line.order_id}, "orderLine": line.order_line}
    elif settled is not None:
        body |= {"orderDoc": {"id": settled.return_id}, "orderLine": settled.lines[line.order_id, line.order_line]}
    if line.description:
        body["description"] = line.description
    return body | _coding(line.coding)


def _expense_line(line: BillExpenseLine, *, is_linked: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"account": {"id": line.account}, "amount": line.amount, "memo": line.memo}
    if is_linked and line.order_id is not None:
        # Of expense lines alone NetSuite's schema has these two as text.
        body |= {"orderDoc": line.order_id, "orderLine": str(line.order_line)}
    return body | _coding(line.coding)


def _coding(coding: Coding) -> dict[str, Any]:
    """Where a line is counted. `customer` takes customers and projects; a line field takes its bare value, which is an
    id where it is chosen from a list. What no account could have defined is left out."""
    places = {
        "department": coding.department,
        "class": coding.class_,
        "location": coding.location,
        "customer": coding.project,
    }
    body: dict[str, Any] = {name: {"id": value} for name, value in places.items() if value is not None}
    for name, value in coding.segments.items():
        if SEGMENT_FIELD.fullmatch(name):
            body[name] = {"id": value} if name.startswith("cseg") else value
    return body
