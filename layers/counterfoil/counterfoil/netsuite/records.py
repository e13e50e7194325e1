"""NetSuite's rows and JSON <-> our records: the queries that read many records at once, and what their rows mean.

Each query is ordered by a unique increasing key, the record's id and its line, so that it can be read page by page
while records change (`Selection`). Ids and instants are checked and written into the text; nothing else is.

Instants are compared in the ERP's own clock, as text: an account's time zone is not ours to know there, and no
conversion can lose an hour when clocks change. The columns and letters are those of the SuiteAnalytics records
catalog; a line's quantities are in the order's unit.
"""

# ruff: noqa: S608 (only our own names, checked ids and checked instants are written into queries)

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeVar

from counterfoil.domain.bills import Bill, BillExpenseLine, BillItemLine, ErpBill, ErpBillLine
from counterfoil.domain.invoices import DocumentType
from counterfoil.domain.money import decimal_of
from counterfoil.domain.orders import ZERO, Coding, ItemKind, OrderLine, OrderStatus, PurchaseOrder, Receipt
from counterfoil.domain.records import Record
from counterfoil.domain.vendors import Vendor
from counterfoil.errors import CounterfoilError

T = TypeVar("T")

IDS_MAX = 1000
ID_DIGITS_MAX = 18
CUSTOM_FIELD = re.compile(r"custentity[a-z0-9_]{1,40}")

Row = Mapping[str, str]
Query = tuple[str, tuple[str, ...]]
Taken = dict[int, Decimal]

PURCHASE_ORDER, ITEM_RECEIPT, VENDOR_BILL, VENDOR_CREDIT = "PurchOrd", "ItemRcpt", "VendBill", "VendCred"
BILL_TYPES = (VENDOR_BILL, VENDOR_CREDIT)


class UnreadableRow(CounterfoilError):
    """A row is not as NetSuite writes it. `record` is the type and id, `column` and `value` what is wrong."""

    def __init__(self, record: str, column: str, value: str | None) -> None:
        self.record = record
        self.column = column
        self.value = value
        super().__init__(f"{record}: {column} is {'missing' if value is None else repr(value[:80])}")


@dataclass(frozen=True)
class Selection:
    """Which records: changed at or after `since` (the ERP's clock, `2026-02-01T08:30:00`), or only those `ids`.

    Both None selects all. `after` leaves out ids up to that one, where an earlier reading stopped.
    """

    since: str | None = None
    ids: Sequence[str] | None = None
    after: str | None = None

    def __post_init__(self) -> None:
        if self.ids is not None and not 0 < len(self.ids) <= IDS_MAX:
            raise ValueError(f"a query takes 1 to {IDS_MAX} ids, not {len(self.ids)}")


# Queries


def vendors_query(selection: Selection, *, iban_field: str | None = None) -> Callable[[Row | None], Query]:
    """Vendors, a row each. `iban_field` is the account's own field for the bank account (`custentity_iban`)."""
    if iban_field is not None and not CUSTOM_FIELD.fullmatch(iban_field):
        raise ValueError(f"{iban_field[:80]!r} is not the id of a custom field of vendors")
    iban = f", v.{iban_field} AS iban" if iban_field is not None else ""
    return _query(
        f"""
SELECT v.id AS id, v.entityid AS entityid, v.companyname AS companyname, v.altname AS altname,
 v.legalname AS legalname, v.printoncheckas AS printoncheckas, v.vatregnumber AS vatregnumber, v.email AS email,
 c.symbol AS currency, v.isinactive AS isinactive, {_instant("v.lastmodifieddate")} AS modified{iban}
FROM vendor v
LEFT JOIN currency c ON c.id = v.currency
WHERE 1 = 1""",
        selection,
        id_column="v.id",
        modified_column="v.lastmodifieddate",
    )


def changed_query(types: Sequence[str], selection: Selection) -> Callable[[Row | None], Query]:
    """Ids of transactions of these types, a row each: what changed, for reading it in full by its ids."""
    return _query(
        f"SELECT t.id AS id, t.type AS type FROM transaction t WHERE t.type IN ({_texts(types)})",
        selection,
        id_column="t.id",
        modified_column="t.lastmodifieddate",
    )


def orders_query(selection: Selection) -> Callable[[Row | None], Query]:
    """Purchase orders, a row for the header (`mainline`) and for each line."""
    return _query(
        f"""
SELECT t.id AS id, t.tranid AS tranid, t.status AS status, t.entity AS entity,
 NVL(v.companyname, v.entityid) AS entityname, c.symbol AS currency,
 {_date("t.trandate")} AS trandate, {_instant("t.lastmodifieddate")} AS modified,
 tl.id AS line, tl.mainline AS mainline, tl.item AS item, i.itemid AS itemcode, i.itemtype AS itemtype,
 i.isfulfillable AS isfulfillable, i.vendorname AS vendoritem, i.displayname AS itemname, tl.memo AS description,
 tl.quantity AS quantity, NVL(u.unitname, tl.units) AS unit, tl.rate AS rate, tl.foreignamount AS foreignamount,
 tl.quantityshiprecv AS received, tl.quantitybilled AS billed, tl.isclosed AS isclosed,
 tl.expenseaccount AS expenseaccount, tl.department AS department, tl.location AS location, tl.class AS class,
 tl.subsidiary AS subsidiary
FROM transaction t
INNER JOIN transactionline tl ON tl.transaction = t.id
LEFT JOIN item i ON i.id = tl.item
LEFT JOIN unitstypeuom u ON u.unitstype = i.unitstype AND u.internalid = tl.units
LEFT JOIN currency c ON c.id = t.currency
LEFT JOIN vendor v ON v.id = t.entity
WHERE t.type = '{PURCHASE_ORDER}' AND {_OWN_LINES}""",
        selection,
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def order_bills_query(order_ids: Sequence[str]) -> Callable[[Row | None], Query]:
    """What bills take of these orders, a row for each line of a bill that bills a line of one."""
    return _query(
        f"""
SELECT DISTINCT ll.previousdoc AS orderid, ll.previousline AS orderline, t.id AS id, tl.id AS line,
 t.status AS status, tl.item AS item, tl.quantity AS quantity, tl.foreignamount AS foreignamount
FROM NextTransactionLineLink ll
INNER JOIN transaction t ON t.id = ll.nextdoc
INNER JOIN transactionline tl ON tl.transaction = ll.nextdoc AND tl.id = ll.nextline
WHERE t.type = '{VENDOR_BILL}' AND ll.linktype = 'OrdBill' AND ll.previousdoc IN ({_ids(order_ids)})""",
        Selection(),
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def receipts_query(selection: Selection) -> Callable[[Row | None], Query]:
    """Item receipts, a row for the header and for each line, with the order line that it receives."""
    return _query(
        f"""
SELECT DISTINCT t.id AS id, t.tranid AS tranid, {_date("t.trandate")} AS trandate,
 {_instant("t.lastmodifieddate")} AS modified, tl.id AS line, tl.mainline AS mainline, tl.quantity AS quantity,
 ll.previousdoc AS orderid, ll.previousline AS orderline
FROM transaction t
INNER JOIN transactionline tl ON tl.transaction = t.id
LEFT JOIN PreviousTransactionLineLink ll ON ll.nextdoc = tl.transaction AND ll.nextline = tl.id
 AND ll.linktype = 'ShipRcpt' AND ll.previoustype = '{PURCHASE_ORDER}'
WHERE t.type = '{ITEM_RECEIPT}' AND {_OWN_LINES}""",
        selection,
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def bills_query(selection: Selection) -> Callable[[Row | None], Query]:
    """Vendor bills and credits, a row for the header and for each line, with the order line that it bills."""
    return _query(
        f"""
SELECT DISTINCT t.id AS id, t.type AS type, t.tranid AS tranid, t.status AS status, t.entity AS entity,
 t.externalid AS externalid, c.symbol AS currency, t.foreigntotal AS foreigntotal,
 {_date("t.trandate")} AS trandate, {_instant("t.lastmodifieddate")} AS modified, tl.id AS line,
 tl.mainline AS mainline, tl.item AS item, tl.quantity AS quantity, tl.foreignamount AS foreignamount,
 ll.previousdoc AS orderid, ll.previousline AS orderline
FROM transaction t
INNER JOIN transactionline tl ON tl.transaction = t.id
LEFT JOIN currency c ON c.id = t.currency
LEFT JOIN PreviousTransactionLineLink ll ON ll.nextdoc = tl.transaction AND ll.nextline = tl.id
 AND ll.linktype = 'OrdBill' AND ll.previoustype = '{PURCHASE_ORDER}'
WHERE t.type IN ({_texts(BILL_TYPES)}) AND {_OWN_LINES}""",
        selection,
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def deletions_query(selection: Selection) -> Callable[[Row | None], Query]:
    """What was deleted, a row each; ids of a vendor and of a transaction may be the same."""
    return _query(
        f"""
SELECT d.recordid AS id, d.type AS type, d.scriptid AS scriptid, {_instant("d.deleteddate")} AS modified
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
        return f"SELECT {_instant('MAX(v.lastmodifieddate)')} AS modified FROM vendor v"
    if kind == "deletedrecord":
        return f"SELECT {_instant('MAX(d.deleteddate)')} AS modified FROM deletedrecord d"
    types = BILL_TYPES if kind == VENDOR_BILL else (kind,)
    return (
        f"SELECT {_instant('MAX(t.lastmodifieddate)')} AS modified FROM transaction t WHERE t.type IN ({_texts(types)})"
    )


CURRENCY_QUERY = "SELECT c.id AS id FROM currency c WHERE c.symbol = ?"


def same_number_query(bill: Bill) -> Query:
    """Bills (or credits) of the same vendor with the same number, with `externalid` and `status`.

    The ERP itself takes a number twice: who writes bills has to look.
    """
    kind = VENDOR_CREDIT if bill.document_type == DocumentType.CREDIT_NOTE else VENDOR_BILL
    return (
        "SELECT t.id AS id, t.externalid AS externalid, t.status AS status FROM transaction t"
        f" WHERE t.type = '{kind}' AND t.entity = {_id(bill.vendor_id)} AND t.tranid = ?",
        (bill.number,),
    )


def counts(row: Row) -> bool:
    """Whether a bill of that status bills anything: not when it was rejected or cancelled."""
    return row.get("status") not in _STATUSES_NOT_BILLED


_OWN_LINES = "tl.taxline = 'F' AND (tl.iscogs IS NULL OR tl.iscogs = 'F')"


def _query(
    select: str,
    selection: Selection,
    *,
    id_column: str,
    modified_column: str,
    line_column: str | None = None,
    text_column: str | None = None,
) -> Callable[[Row | None], Query]:
    conditions = [select.strip()]
    if selection.since is not None:
        conditions.append(f"{modified_column} >= {_timestamp(selection.since)}")
    if selection.ids is not None:
        conditions.append(f"{id_column} IN ({_ids(selection.ids)})")
    second = line_column or text_column
    order = f" ORDER BY {id_column}" + (f", {second}" if second else "")

    def query_after(row: Row | None) -> Query:
        place = ""
        params: tuple[str, ...] = ()
        if row is None:
            place = f"{id_column} > {_id(selection.after)}" if selection.after is not None else ""
        elif line_column is not None:
            key, line = _id(row["id"]), _id(row["line"])
            place = f"({id_column} > {key} OR ({id_column} = {key} AND {line_column} > {line}))"
        elif text_column is not None:
            key, params = _id(row["id"]), (row.get("type", ""),)
            place = f"({id_column} > {key} OR ({id_column} = {key} AND {text_column} > ?))"
        else:
            place = f"{id_column} > {_id(row['id'])}"
        return " AND ".join([*conditions, place] if place else conditions) + order, params

    return query_after


def _id(text: str) -> str:
    if not (text.isascii() and text.isdecimal() and len(text) <= ID_DIGITS_MAX):
        raise ValueError(f"{text[:40]!r} is not an internal id")
    return text


def _ids(ids: Sequence[str]) -> str:
    if not 0 < len(ids) <= IDS_MAX:
        raise ValueError(f"a query takes 1 to {IDS_MAX} ids, not {len(ids)}")
    return ", ".join(map(_id, ids))


def _texts(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _timestamp(since: str) -> str:
    moment = datetime.fromisoformat(since).replace(tzinfo=None, microsecond=0)
    return f"TO_TIMESTAMP('{moment.isoformat(sep=' ')}', 'YYYY-MM-DD HH24:MI:SS')"


def _instant(column: str) -> str:
    return f"TO_CHAR({column}, 'YYYY-MM-DD\"T\"HH24:MI:SS')"


def _date(column: str) -> str:
    return f"TO_CHAR({column}, 'YYYY-MM-DD')"


# Rows


def by_record(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows of one record at a time; rows come ordered by `id`."""
    for _, group in groupby(rows, key=lambda row: row["id"]):
        yield list(group)


def vendor_of(company: str, row: Row, *, zone: tzinfo = UTC) -> Vendor:
    """`zone` is the account's time zone. `UnreadableRow`."""
    cells = _Cells("vendor", row)
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
        currency=cells.optional("currency"),
        is_inactive=cells.flag("isinactive"),
        modified_at=cells.instant("modified", zone),
    )


def order_of(company: str, rows: Sequence[Row], *, zone: tzinfo = UTC) -> PurchaseOrder:
    """An order from its rows, as the ERP has it: without claims and bills. `UnreadableRow`."""
    header = _Cells("purchaseOrder", _header(rows))
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
        lines=tuple(_order_line(cells) for cells in _lines("purchaseOrder", rows) if _is_ordered(cells)),
    )


def _order_line(cells: _Cells) -> OrderLine:
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
        ),
    )


def _item_kind(cells: _Cells) -> ItemKind:
    """Whether a line is received decides between two-way and three-way: a doubt about it is not passed over."""
    if cells.optional("item") is None:
        return ItemKind.EXPENSE
    kind = cells.among("itemtype", _ITEM_KINDS)
    if kind == ItemKind.INVENTORY:
        return kind
    is_received = cells.among("isfulfillable", {"T": True, "F": False})
    return ItemKind.NONINVENTORY_RECEIVABLE if is_received else kind


def _is_ordered(cells: _Cells) -> bool:
    """Lines of text, subtotals and the heads of groups order nothing."""
    return cells.optional("itemtype") not in _ITEM_TYPES_OF_NO_GOODS


def takings_of(rows: Iterable[Row]) -> dict[str, dict[str, Taken]]:
    """What bills take of orders, from the rows of `order_bills_query`: by order id, bill id and order line.

    A bill that was rejected or cancelled takes nothing and is there with no lines.
    """
    found: dict[str, dict[str, Taken]] = {}
    for row in rows:
        cells = _Cells("vendorBill", row)
        taken = found.setdefault(cells.text("orderid"), {}).setdefault(cells.text("id"), {})
        if counts(row):
            line = cells.integer("orderline")
            column = "quantity" if cells.optional("item") else "foreignamount"
            taken[line] = taken.get(line, ZERO) + abs(cells.number(column))
    return found


def receipt_of(company: str, rows: Sequence[Row], *, zone: tzinfo = UTC) -> Receipt | None:
    """A receipt from its rows; None when it receives no purchase order (a transfer, a customer's return)."""
    header = _Cells("itemReceipt", _header(rows))
    quantities: dict[int, Decimal] = {}
    order_ids = set()
    for cells in _lines("itemReceipt", rows):
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
    header = _Cells("vendorBill", _header(rows))
    return ErpBill(
        company=company,
        id=header.text("id"),
        document_type=header.among("type", _DOCUMENT_TYPES),
        number=header.optional("tranid") or "",
        vendor_id=header.text("entity"),
        external_id=header.optional("externalid"),
        counts=counts(_header(rows)),
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
            for cells in _lines("vendorBill", rows)
        ),
    )


class Deletion(Record):
    """A record that is gone: `kind` is its REST name, None for one that we do not keep."""

    id: str
    kind: str | None
    at: str


def deletion_of(row: Row) -> Deletion:
    cells = _Cells("deletedrecord", row)
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
    "vendorbill": "vendorBill",
    "bill": "vendorBill",
    "vendbill": "vendorBill",
    "vendorcredit": "vendorCredit",
    "billcredit": "vendorCredit",
    "vendcred": "vendorCredit",
}


class _Cells:
    """One row, read with its complaints naming record and column. An empty column is absent or empty text."""

    def __init__(self, record_type: str, row: Row) -> None:
        self._row = row
        self.record = f"{record_type} {row.get('id', '?')}"

    def optional(self, column: str) -> str | None:
        return self._row.get(column) or None

    def text(self, column: str) -> str:
        value = self.optional(column)
        if value is None:
            raise UnreadableRow(self.record, column, None)
        return value

    def number(self, column: str, default: Decimal | None = None) -> Decimal:
        value = self.optional(column)
        if value is None and default is not None:
            return default
        try:
            return decimal_of(self.text(column))
        except UnreadableRow:
            raise
        except ValueError as error:
            raise UnreadableRow(self.record, column, value) from error

    def integer(self, column: str) -> int:
        value = self.text(column)
        if not (value.isascii() and value.isdecimal() and len(value) <= ID_DIGITS_MAX):
            raise UnreadableRow(self.record, column, value)
        return int(value)

    def flag(self, column: str) -> bool:
        """`T` or `F`; an absent one is not set."""
        return self.optional(column) is not None and self.among(column, {"T": True, "F": False})

    def among(self, column: str, meanings: Mapping[str, T]) -> T:
        value = self.text(column)
        if value not in meanings:
            raise UnreadableRow(self.record, column, value)
        return meanings[value]

    def day(self, column: str) -> date | None:
        value = self.optional(column)
        try:
            return None if value is None else date.fromisoformat(value)
        except ValueError as error:
            raise UnreadableRow(self.record, column, value) from error

    def instant(self, column: str, zone: tzinfo) -> datetime:
        value = self.text(column)
        try:
            return datetime.fromisoformat(value).replace(tzinfo=zone).astimezone(UTC)
        except ValueError as error:
            raise UnreadableRow(self.record, column, value) from error


def _header(rows: Sequence[Row]) -> Row:
    for row in rows:
        if row.get("mainline") == "T":
            return row
    raise UnreadableRow(f"transaction {rows[0].get('id', '?')}", "mainline", None)


def _lines(record_type: str, rows: Sequence[Row]) -> list[_Cells]:
    return [_Cells(record_type, row) for row in rows if row.get("mainline") != "T"]


# Bodies


def bill_type(document_type: DocumentType) -> str:
    """The type of record in REST: a bill, or a credit for a credit note."""
    return "vendorCredit" if document_type == DocumentType.CREDIT_NOTE else "vendorBill"


def bill_body(bill: Bill, currency_id: str) -> dict[str, Any]:
    """The body that creates a bill or credit. Each line that bills an order carries `orderDoc` and `orderLine`:
    only both together link it, and the order's billed quantity follows. A credit takes no order links."""
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
        body["item"] = {"items": [_item_line(line, is_linked=not is_credit) for line in bill.items]}
    if bill.expenses:
        body["expense"] = {"items": [_expense_line(line, is_linked=not is_credit) for line in bill.expenses]}
    return body


def _item_line(line: BillItemLine, *, is_linked: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "item": {"id": line.item_id},
        "quantity": line.quantity,
        "rate": line.rate,
        "amount": line.amount,
    }
    if is_linked:
        body |= {"orderDoc": {"id": line.order_id}, "orderLine": line.order_line}
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
    places = {"department": coding.department, "class": coding.class_, "location": coding.location}
    return {name: {"id": value} for name, value in places.items() if value is not None}
