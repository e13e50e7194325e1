"""What was sent back to vendors, in NetSuite's rows: return authorisations, their shipments and their credits.

NetSuite does not lower an order's received quantity when goods go back. An authorisation (`VendAuth`) is made of an
order, of a bill, or alone; an item fulfilment (`ItemShip`) ships its lines, a vendor credit settles them. Only links
between lines lead back: order or bill -> authorisation -> fulfilment or credit. They are told by the types at both
ends, not by their kind, of which no list is published. Records and states: "Vendor Return Authorization"
(section_N3199760) and "Creating a Vendor Return Authorization" (section_N2386460) of Oracle's help; letters as searches
have them (`VendAuth:B`, `ItemShip:C`).
"""

# ruff: noqa: S608 (only our own names and checked ids are written into queries)

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import Decimal, localcontext

from counterfoil.domain.orders import ZERO
from counterfoil.domain.returns import Returnable, ReturnedLine, Source, VendorReturn
from counterfoil.netsuite.records import PURCHASE_ORDER, VENDOR_BILL, VENDOR_CREDIT
from counterfoil.netsuite.rows import (
    OWN_LINES,
    Cells,
    Query,
    Row,
    Selection,
    Taken,
    UnreadableRow,
    date_text,
    ids_text,
    instant_text,
    keyed_query,
)

VENDOR_RETURN_RECORD = "vendorReturnAuthorization"
VENDOR_RETURN, ITEM_SHIPMENT = "VendAuth", "ItemShip"
SHIPPED = "C"  # A is picked, B is packed: the goods are still here
VOIDED = "V"
UNIT_PLACES_MAX = 12

_OF_A_RETURN = f"fl.previoustype = '{VENDOR_RETURN}'"


def changed_shipments_query(selection: Selection) -> Callable[[Row | None], Query]:
    """Ids of shipments back to vendors; those to customers are not among them."""
    return keyed_query(
        f"""
SELECT DISTINCT t.id AS id, t.type AS type
FROM PreviousTransactionLineLink fl
INNER JOIN transaction t ON t.id = fl.nextdoc
WHERE {_OF_A_RETURN} AND t.type = '{ITEM_SHIPMENT}'""",
        selection,
        id_column="t.id",
        modified_column="t.lastmodifieddate",
    )


def newest_shipment_query() -> str:
    """The last instant at which any shipment back to a vendor changed, as column `modified`."""
    return f"""
SELECT {instant_text("MAX(t.lastmodifieddate)")} AS modified
FROM PreviousTransactionLineLink fl
INNER JOIN transaction t ON t.id = fl.nextdoc
WHERE {_OF_A_RETURN} AND t.type = '{ITEM_SHIPMENT}'"""


def shipments_query(
    ids: Sequence[str] | None = None, *, return_ids: Sequence[str] | None = None
) -> Callable[[Row | None], Query]:
    """Shipments back to vendors, by their own ids or by their authorisations': a row for each line of one."""
    of = f"fl.previousdoc IN ({ids_text(return_ids)})" if return_ids is not None else "1 = 1"
    return keyed_query(
        f"""
SELECT DISTINCT t.id AS id, t.tranid AS tranid, t.status AS status, NVL(t.entity, r.entity) AS entity,
 {date_text("t.trandate")} AS trandate, {instant_text("t.lastmodifieddate")} AS modified,
 tl.id AS line, tl.mainline AS mainline, tl.item AS item, i.itemid AS itemcode, tl.quantity AS quantity,
 NVL(u.unitname, tl.units) AS unit,
 fl.previousdoc AS returnid, fl.previousline AS returnline, r.tranid AS returnnumber,
 rl.quantityshiprecv AS shipped, rl.quantitybilled AS credited, rl.isclosed AS isclosed, rm.createdfrom AS source
FROM PreviousTransactionLineLink fl
INNER JOIN transaction t ON t.id = fl.nextdoc
INNER JOIN transactionline tl ON tl.transaction = fl.nextdoc AND tl.id = fl.nextline
INNER JOIN transaction r ON r.id = fl.previousdoc
INNER JOIN transactionline rl ON rl.transaction = fl.previousdoc AND rl.id = fl.previousline
INNER JOIN transactionline rm ON rm.transaction = fl.previousdoc AND rm.mainline = 'T'
LEFT JOIN item i ON i.id = tl.item
LEFT JOIN unitstypeuom u ON u.unitstype = i.unitstype AND u.internalid = tl.units
WHERE {_OF_A_RETURN} AND t.type = '{ITEM_SHIPMENT}' AND {OWN_LINES} AND {of}""",
        Selection(ids=ids),
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def sent_back_queries(
    *, order_ids: Sequence[str] | None = None, ids: Sequence[str] | None = None
) -> tuple[Callable[[Row | None], Query], ...]:
    """Lines of shipments back and of their credits with the order line whose goods they are, by the ids of orders or
    their own: two queries, for returns that were made of the order and for those that were made of its bill."""
    return _sent_back_query("rl", "", order_ids, ids), _sent_back_query("bl", _BY_BILL, order_ids, ids)


_BY_BILL = f"""
INNER JOIN PreviousTransactionLineLink bl ON bl.nextdoc = rl.previousdoc AND bl.nextline = rl.previousline
 AND bl.linktype = 'OrdBill' AND bl.previoustype = '{PURCHASE_ORDER}' AND rl.previoustype = '{VENDOR_BILL}'"""


def _sent_back_query(
    source: str, by_bill: str, order_ids: Sequence[str] | None, ids: Sequence[str] | None
) -> Callable[[Row | None], Query]:
    of = f"{source}.previousdoc IN ({ids_text(order_ids)})" if order_ids is not None else "1 = 1"
    return keyed_query(
        f"""
SELECT DISTINCT {source}.previousdoc AS orderid, {source}.previousline AS orderline, t.id AS id, tl.id AS line,
 t.type AS type, t.status AS status, tl.item AS item, tl.quantity AS quantity, tl.foreignamount AS foreignamount,
 tl.units AS unit, ol.units AS orderunit, u.conversionrate AS unitrate, ou.conversionrate AS orderunitrate,
 fl.previousdoc AS returnid, fl.previousline AS returnline
FROM PreviousTransactionLineLink rl{by_bill}
INNER JOIN PreviousTransactionLineLink fl ON fl.previousdoc = rl.nextdoc AND fl.previousline = rl.nextline
 AND {_OF_A_RETURN} AND fl.nexttype IN ('{ITEM_SHIPMENT}', '{VENDOR_CREDIT}')
INNER JOIN transaction t ON t.id = fl.nextdoc
INNER JOIN transactionline tl ON tl.transaction = fl.nextdoc AND tl.id = fl.nextline
INNER JOIN transactionline ol ON ol.transaction = {source}.previousdoc AND ol.id = {source}.previousline
LEFT JOIN item i ON i.id = tl.item
LEFT JOIN unitstypeuom u ON u.unitstype = i.unitstype AND u.internalid = tl.units
LEFT JOIN unitstypeuom ou ON ou.unitstype = i.unitstype AND ou.internalid = ol.units
WHERE rl.nexttype = '{VENDOR_RETURN}' AND {source}.previoustype = '{PURCHASE_ORDER}' AND {OWN_LINES} AND {of}""",
        Selection(ids=ids),
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def returnable_queries(order_ids: Sequence[str]) -> tuple[Callable[[Row | None], Query], ...]:
    """Lines of authorisations that lead to lines of these orders, with what of each is shipped and credited."""
    return _returnable_query("rl", "", order_ids), _returnable_query("bl", _BY_BILL, order_ids)


def _returnable_query(source: str, by_bill: str, order_ids: Sequence[str]) -> Callable[[Row | None], Query]:
    return keyed_query(
        f"""
SELECT DISTINCT t.id AS id, tl.id AS line, {source}.previousdoc AS orderid, {source}.previousline AS orderline,
 tl.item AS item, tl.quantityshiprecv AS shipped, tl.quantitybilled AS credited, tl.units AS unit, ol.units AS orderunit
FROM PreviousTransactionLineLink rl{by_bill}
INNER JOIN transaction t ON t.id = rl.nextdoc
INNER JOIN transactionline tl ON tl.transaction = rl.nextdoc AND tl.id = rl.nextline
INNER JOIN transactionline ol ON ol.transaction = {source}.previousdoc AND ol.id = {source}.previousline
WHERE t.type = '{VENDOR_RETURN}' AND {source}.previoustype = '{PURCHASE_ORDER}' AND tl.isclosed = 'F'
 AND {source}.previousdoc IN ({ids_text(order_ids)})""",
        Selection(),
        id_column="t.id",
        line_column="tl.id",
        modified_column="t.lastmodifieddate",
    )


def returns_of_query(credit_ids: Sequence[str]) -> str:
    """The authorisations that these credits settle, as column `id`."""
    return (
        f"SELECT DISTINCT fl.previousdoc AS id FROM PreviousTransactionLineLink fl"
        f" WHERE {_OF_A_RETURN} AND fl.nextdoc IN ({ids_text(credit_ids)})"
    )


# Rows


@dataclass(frozen=True)
class Traced:
    """Where a line of a shipment or credit came from, and what it takes of it, in the order line's unit."""

    source: Source
    quantity: Decimal


@dataclass(frozen=True)
class SentBack:
    """What went back of one order: by shipment, and by credit (below zero). One that takes nothing has no lines."""

    shipments: dict[str, Taken]
    credits: dict[str, Taken]


def traces_of(rows: Iterable[Row]) -> dict[tuple[str, int], Traced]:
    """By document and line, from the rows of `sent_back_queries`. A line that leads to the order by two ways counts
    once: the first that is given stands."""
    found: dict[tuple[str, int], Traced] = {}
    for row in rows:
        cells = Cells("itemFulfillment", row)
        key = cells.text("id"), cells.integer("line")
        if key not in found:
            found[key] = Traced((cells.text("orderid"), cells.integer("orderline")), _in_order_unit(cells))
    return found


def sent_back_of(rows: Iterable[Row]) -> dict[str, SentBack]:
    """By order id, what went back of it and what was credited for that, from the rows of `sent_back_queries`."""
    found: dict[str, SentBack] = {}
    seen: set[tuple[str, int]] = set()
    for row in rows:
        cells = Cells("itemFulfillment", row)
        key = cells.text("id"), cells.integer("line")
        if key in seen:
            continue
        seen.add(key)
        back = found.setdefault(cells.text("orderid"), SentBack({}, {}))
        is_credit = cells.text("type") == VENDOR_CREDIT
        taken = (back.credits if is_credit else back.shipments).setdefault(key[0], {})
        status = cells.optional("status")
        if status == VOIDED or (not is_credit and status != SHIPPED):
            continue
        line, quantity = cells.integer("orderline"), _in_order_unit(cells)
        taken[line] = taken.get(line, ZERO) + (-quantity if is_credit else quantity)
    return found


def _in_order_unit(cells: Cells) -> Decimal:
    """What a line is for, above zero: of goods a quantity in the unit of the order's line, else an amount."""
    if cells.optional("item") is None:
        return abs(cells.number("foreignamount"))
    quantity = abs(cells.number("quantity"))
    if cells.optional("unit") == cells.optional("orderunit"):
        return quantity
    # A unit that no rate is known of is not guessed: what was read of the order before stands.
    rate, order_rate = cells.number("unitrate"), cells.number("orderunitrate")
    if order_rate == 0:
        raise UnreadableRow(cells.record, "orderunitrate", "0")
    with localcontext(prec=40):
        converted = quantity * rate / order_rate
        return round(converted, UNIT_PLACES_MAX).normalize()


def shipment_of(
    company: str, rows: Sequence[Row], traces: Mapping[tuple[str, int], Traced], *, zone: tzinfo = UTC
) -> VendorReturn:
    """A shipment back to a vendor from its rows, its lines traced as far as they can be."""
    header = Cells("itemFulfillment", rows[0])
    lines: dict[int, ReturnedLine] = {}
    for row in rows:
        cells = Cells("itemFulfillment", row)
        number = cells.integer("line")
        trace = traces.get((cells.text("id"), number))
        shipped = abs(cells.number("shipped", ZERO))
        lines.setdefault(
            number,
            ReturnedLine(
                line=number,
                item_id=cells.optional("item"),
                item_code=cells.optional("itemcode"),
                unit=cells.optional("unit"),
                quantity=trace.quantity if trace else abs(cells.number("quantity", ZERO)),
                return_id=cells.text("returnid"),
                return_line=cells.integer("returnline"),
                order_id=trace.source[0] if trace else None,
                order_line=trace.source[1] if trace else None,
                is_settled=cells.flag("isclosed") or abs(cells.number("credited", ZERO)) >= max(shipped, ZERO) > 0,
            ),
        )
    return VendorReturn(
        company=company,
        id=header.text("id"),
        number=header.optional("tranid") or "",
        return_number=header.optional("returnnumber") or "",
        source_id=header.optional("source"),
        vendor_id=header.text("entity"),
        shipped_on=header.day("trandate"),
        counts=header.optional("status") == SHIPPED,
        lines=tuple(lines[number] for number in sorted(lines)),
        modified_at=header.instant("modified", zone),
    )


def returnable_of(rows: Iterable[Row]) -> list[Returnable]:
    """What waits for its credit, the oldest authorisation first, from the rows of `returnable_queries`. A line in
    another unit than its order's is left out: a credit of it is for a person to link."""
    found: dict[Source, Returnable] = {}
    for row in rows:
        cells = Cells("vendorReturnAuthorization", row)
        left = abs(cells.number("shipped", ZERO)) - abs(cells.number("credited", ZERO))
        key = cells.text("id"), cells.integer("line")
        if left > 0 and key not in found and cells.optional("unit") == cells.optional("orderunit"):
            source = cells.text("orderid"), cells.integer("orderline")
            found[key] = Returnable(return_id=key[0], return_line=key[1], source=source, quantity=left)
    return sorted(found.values(), key=lambda each: (int(each.return_id), each.return_line))
