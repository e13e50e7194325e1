"""One reading of orders from the ERP: always together with everything that bills them and with what was sent back.

An order is written on the condition that it still is as it was *before* the ERP was asked, so an older reading never
replaces a newer one; claims of ours stay. Bills and shipments back that were known are forgotten only when the ERP says
outright that they are gone: a role that lost its rights sees none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from counterfoil.domain.bills import ErpBill
from counterfoil.domain.invoices import DocumentType
from counterfoil.domain.orders import PurchaseOrder
from counterfoil.domain.returns import VendorReturn, only_source
from counterfoil.errors import RecordMissing, StaleWrite
from counterfoil.netsuite.client import NetSuiteClient
from counterfoil.netsuite.records import (
    bill_type,
    bills_query,
    erp_bill_of,
    order_bills_query,
    order_of,
    orders_query,
    takings_of,
)
from counterfoil.netsuite.returns import (
    SentBack,
    Traced,
    sent_back_of,
    sent_back_queries,
    shipment_of,
    shipments_query,
    traces_of,
)
from counterfoil.netsuite.rows import Query, Row, Selection, Taken, UnreadableRow, by_record
from counterfoil.store import Store

RECORDS_PER_PAGE = 200
READ_AGAIN_MAX = 5
UNREADABLE_MAX = 100

Returns = Mapping[str, Taken]


@dataclass
class KindReport:
    """What a pass did for one kind: records read and written, and what could not be read (`record: column`)."""

    read: int = 0
    written: int = 0
    unreadable: list[str] = field(default_factory=list)
    is_finished: bool = False


@dataclass(frozen=True)
class ErpReading:
    """One company's ERP as it is read: with what, into what, and what is told of it.

    `segments` are the fields of its own that the account's order lines are coded by.
    """

    company: str
    store: Store
    client: NetSuiteClient
    zone: tzinfo
    report: KindReport
    segments: Sequence[str] = ()

    def rows(self, query_after: Callable[[Row | None], Query]) -> Iterator[Row]:
        for page in self.client.suiteql_pages(query_after):
            yield from page

    def complain(self, error: UnreadableRow) -> None:
        """One record that can't be read keeps no other one from being read."""
        if len(self.report.unreadable) < UNREADABLE_MAX:
            self.report.unreadable.append(f"{error.record}: {error.column}")

    def is_missing(self, record_type: str, record_id: str) -> bool:
        """Whether the ERP says outright that it has no such record."""
        try:
            self.client.get(record_type, record_id, expand=False)
        except RecordMissing:
            return True
        return False

    def bill(self, rows: Sequence[Row]) -> ErpBill | None:
        try:
            return erp_bill_of(self.company, rows, zone=self.zone)
        except UnreadableRow as error:
            self.complain(error)
            return None

    def traces(self, ids: Sequence[str]) -> dict[tuple[str, int], Traced] | None:
        """Where lines of these shipments and credits came from; None when that can't be read."""
        found: dict[tuple[str, int], Traced] = {}
        try:
            for start in range(0, len(ids), RECORDS_PER_PAGE):
                queries = sent_back_queries(ids=ids[start : start + RECORDS_PER_PAGE])
                found |= traces_of(row for query in queries for row in self.rows(query))
            return found
        except UnreadableRow as error:
            self.complain(error)
            return None

    def shipments(
        self, ids: Sequence[str] | None = None, *, return_ids: Sequence[str] | None = None
    ) -> list[VendorReturn]:
        """Shipments back to vendors as they are now, each line traced to the order line that it came with."""
        rows_of = {rows[0]["id"]: rows for rows in by_record(self.rows(shipments_query(ids, return_ids=return_ids)))}
        traces = self.traces(list(rows_of)) if rows_of else {}
        found = []
        for rows in rows_of.values() if traces is not None else ():
            try:
                shipment = shipment_of(self.company, rows, traces or {}, zone=self.zone)
            except UnreadableRow as error:
                self.complain(error)
                continue
            found.append(self._with_source(shipment))
        return found

    def _with_source(self, shipment: VendorReturn) -> VendorReturn:
        """The shipment with lines that no link leads back from traced by what their return was made of and their item:
        where that order, or that bill's orders, have the item on one line only."""
        if shipment.source_id is None or all(line.is_linked for line in shipment.lines):
            return shipment
        bill = self.store.erp_bill(self.company, shipment.source_id)
        billed = {(line.order_id, line.order_line) for line in bill.lines} if bill is not None else set()
        order_ids = orders_of(bill) if bill is not None else [shipment.source_id]
        sources = {
            (order.id, line.line): (line.item_id, line.unit)
            for order in self.store.orders(self.company, order_ids).values()
            for line in order.lines
            if bill is None or (order.id, line.line) in billed
        }
        lines = []
        for line in shipment.lines:
            source = None if line.is_linked else only_source((line.item_id, line.unit), sources)
            if source is not None:
                line = line.model_copy(update={"order_id": source[0], "order_line": source[1]})
            lines.append(line)
        return shipment.model_copy(update={"lines": tuple(lines)})


class OrderReading:
    """Reads orders with all that bills them and was sent back of them; writes those that differ."""

    def __init__(self, erp: ErpReading, *, rewrites: bool = False) -> None:
        """`rewrites` also writes anew how unchanged orders are found."""
        self._erp = erp
        self._rewrites = rewrites

    def read(self, ids: Sequence[str], *, shipments: Iterable[VendorReturn] = ()) -> int:
        """Gives back how many of them the ERP has. `shipments` back were just read; they may say more than links do."""
        unique = list(dict.fromkeys(ids))
        also = list(shipments)
        groups = [unique[start : start + RECORDS_PER_PAGE] for start in range(0, len(unique), RECORDS_PER_PAGE)]
        return sum(self._read_group(group, also) for group in groups)

    def _read_group(self, ids: Sequence[str], also: Sequence[VendorReturn]) -> int:
        wanted, found = ids, 0
        for attempt in range(READ_AGAIN_MAX):
            stale, count = self._read_once(wanted, also)
            found = count if attempt == 0 else found
            if not stale:
                return found
            wanted = stale
        raise StaleWrite(f"{len(wanted)} orders kept changing while they were read from the ERP")

    def _read_once(self, ids: Sequence[str], also: Sequence[VendorReturn]) -> tuple[list[str], int]:
        """One reading of some orders; the ids of those that somebody else wrote meanwhile, and how many there are."""
        erp = self._erp
        before = erp.store.orders(erp.company, ids)
        current = self._orders_now(ids)
        takings, unreadable = self._takings_now(ids)
        sent_back = self._sent_back_now(ids, unreadable)
        # What they take of an order is known as a whole or not at all; without it the order stays as it was.
        before = {order_id: order for order_id, order in before.items() if order_id not in unreadable}
        for order_id, back in sent_back.items():
            takings.setdefault(order_id, {}).update(back.credits)
        gone = self._bills_gone(before, takings)
        returns = {order_id: self._returns_of(order_id, before.get(order_id), sent_back, also) for order_id in ids}
        stale = []
        for order in current:
            if order.id in unreadable:
                continue
            known = before.get(order.id)
            merged = merged_order(known, order, takings.get(order.id, {}), gone.get(order.id, set()), returns[order.id])
            try:
                if known is None or merged != known:
                    erp.store.save_order(merged, read=known)
                    erp.report.written += 1
                elif self._rewrites:
                    erp.store.list_order(known)
            except StaleWrite:
                stale.append(order.id)
        return stale, len(current)

    def _orders_now(self, ids: Sequence[str]) -> list[PurchaseOrder]:
        erp, orders = self._erp, []
        for rows in by_record(erp.rows(orders_query(Selection(ids=ids), segments=erp.segments))):
            try:
                orders.append(order_of(erp.company, rows, segments=erp.segments, zone=erp.zone))
            except UnreadableRow as error:
                erp.complain(error)
        return orders

    def _takings_now(self, ids: Sequence[str]) -> tuple[dict[str, dict[str, Taken]], set[str]]:
        """What bills take of orders, by order id, and the orders of which it can't be read."""
        takings: dict[str, dict[str, Taken]] = {}
        unreadable: set[str] = set()
        for order_id, rows in self._by_order([order_bills_query(ids)]).items():
            try:
                takings |= takings_of(rows)
            except UnreadableRow as error:
                self._erp.complain(error)
                unreadable.add(order_id)
        return takings, unreadable

    def _sent_back_now(self, ids: Sequence[str], unreadable: set[str]) -> dict[str, SentBack]:
        """What was sent back of orders, by order id; those of which it can't be read are added to `unreadable`."""
        found: dict[str, SentBack] = {}
        for order_id, rows in self._by_order(sent_back_queries(order_ids=ids)).items():
            try:
                found |= sent_back_of(rows)
            except UnreadableRow as error:
                self._erp.complain(error)
                unreadable.add(order_id)
        return found

    def _by_order(self, queries: Iterable[Callable[[Row | None], Query]]) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for query in queries:
            for row in self._erp.rows(query):
                found.setdefault(row.get("orderid", ""), []).append(row)
        return found

    def _returns_of(
        self,
        order_id: str,
        known: PurchaseOrder | None,
        sent_back: Mapping[str, SentBack],
        also: Sequence[VendorReturn],
    ) -> Returns:
        """What shipments back take of an order: those that links lead to, those just read, and those that were known
        and are not said to be gone."""
        linked = sent_back[order_id].shipments if order_id in sent_back else {}
        read = {shipment.id: shipment.taken_of(order_id) for shipment in also}
        doubtful = [
            id_
            for id_, taken in (known.returns if known is not None else {}).items()
            if id_ not in read and not taken.keys() <= linked.get(id_, {}).keys()
        ]
        kept: dict[str, Taken] = {}
        if doubtful and known is not None:
            now = {shipment.id: shipment for shipment in self._erp.shipments(doubtful)}
            for id_ in doubtful:
                # No row alone proves nothing: a role that may not see returns gets none.
                if id_ in now:
                    kept[id_] = now[id_].taken_of(order_id)
                elif not self._erp.is_missing("itemFulfillment", id_):
                    kept[id_] = known.returns[id_]
        # Links alone do not lead back from every line: what was read of the shipments themselves says more.
        return {id_: taken for id_, taken in {**linked, **kept, **read}.items() if taken}

    def _bills_gone(
        self, before: dict[str, PurchaseOrder], takings: dict[str, dict[str, Taken]]
    ) -> dict[str, set[str]]:
        """By order id, the known bills that no longer bill it, which the ERP has to say outright."""
        doubtful = {
            order_id: [bill_id for bill_id in order.bills if bill_id not in takings.get(order_id, {})]
            for order_id, order in before.items()
        }
        asked = sorted({bill_id for bill_ids in doubtful.values() for bill_id in bill_ids})
        current: dict[str, ErpBill | None] = {}
        for start in range(0, len(asked), RECORDS_PER_PAGE):
            selection = Selection(ids=asked[start : start + RECORDS_PER_PAGE])
            for rows in by_record(self._erp.rows(bills_query(selection))):
                current[rows[0]["id"]] = self._erp.bill(rows)
        return {
            order_id: {bill_id for bill_id in bill_ids if self._bills_no_longer(order_id, bill_id, current)}
            for order_id, bill_ids in doubtful.items()
        }

    def _bills_no_longer(self, order_id: str, bill_id: str, current: dict[str, ErpBill | None]) -> bool:
        """Deleted, rejected, or linked to the order once and now not. A bill that never was linked keeps what it
        takes: nothing else would keep its goods from being billed again."""
        erp = self._erp
        if bill_id not in current:
            # No row alone proves nothing: a role that may not see bills gets none.
            return all(erp.is_missing(bill_type(each), bill_id) for each in DocumentType)
        bill = current[bill_id]
        if bill is None or bill.document_type == DocumentType.CREDIT_NOTE:
            return False
        if not bill.counts:
            return True
        was = erp.store.erp_bill(erp.company, bill_id)
        return bool(orders_of(bill)) or (was is not None and order_id in orders_of(was))


def orders_of(bill: ErpBill) -> list[str]:
    """The ids of the orders that a bill's lines lead to."""
    return list(dict.fromkeys(line.order_id for line in bill.lines if line.order_id is not None))


def merged_order(
    known: PurchaseOrder | None,
    current: PurchaseOrder,
    takings: dict[str, Taken],
    gone: set[str],
    returns: Returns | None = None,
) -> PurchaseOrder:
    """The order as the ERP has it now less what was sent back, with our claims, the bills we know and those it has.

    A bill that takes nothing (rejected, cancelled) or is `gone` is left out. The same object when nothing changed.
    """
    bills = {bill_id: dict(taken) for bill_id, taken in takings.items() if taken}
    current = current.with_returns({id_: dict(taken) for id_, taken in (returns or {}).items()})
    if known is None:
        return current.model_copy(update={"bills": bills})
    kept = {id_: taken for id_, taken in known.bills.items() if id_ not in takings and id_ not in gone}
    ours = {"claims": known.claims, "overcharges": known.overcharges, "version": known.version}
    merged = current.model_copy(update={"bills": {**kept, **bills}, **ours})
    # A later date alone changes nothing, and would wake whoever waits for the order.
    return known if merged == known.model_copy(update={"modified_at": current.modified_at}) else merged
