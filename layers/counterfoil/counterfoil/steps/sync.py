"""Read from the ERP what changed: vendors, orders, receipts, bills, returns, deletions. Never a call for each record.

A pass reads the ids of what changed since the last pass, page by page behind the last id, and each page's records by
their ids. Receipts, bills and shipments back take their orders along: an order is always read together with everything
that bills it and was sent back of it (`sync_orders`).

The cursor is the ERP's own clock: the newest change when a pass begins. Passes overlap by more than the hour that
clocks are set back, which also covers changes that were dated before they could be seen. Once nothing has changed for
that long, nothing is read at all. When more is read of a kind than before, a pass reads all of it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from counterfoil.capture.vendor_finder import keys_of_vendor
from counterfoil.domain.bills import ErpBill
from counterfoil.domain.invoices import DocumentType, Reason
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import OrderStatus, PurchaseOrder, Receipt
from counterfoil.domain.returns import VendorReturn
from counterfoil.errors import CounterfoilError, ErpError, ErpRefusal, StaleWrite, UnexpectedReply
from counterfoil.netsuite.client import NetSuiteClient
from counterfoil.netsuite.records import (
    BILL_TYPES,
    ITEM_RECEIPT,
    PURCHASE_ORDER,
    VENDOR_BILL,
    bill_type,
    bills_query,
    changed_query,
    deletion_of,
    deletions_query,
    newest_query,
    receipt_of,
    receipts_query,
    vendor_of,
    vendors_query,
)
from counterfoil.netsuite.returns import changed_shipments_query, newest_shipment_query, returns_of_query
from counterfoil.netsuite.rows import Query, Row, Selection, UnreadableRow, by_record
from counterfoil.steps.sync_orders import (
    READ_AGAIN_MAX,
    RECORDS_PER_PAGE,
    ErpReading,
    KindReport,
    OrderReading,
    orders_of,
)
from counterfoil.store import Store, SyncProgress

BY = "sync"
OVERLAP = timedelta(minutes=90)


class NothingShown(UnexpectedReply):
    """The ERP shows no records of a kind where there must be some: a role that lost its rights looks like this."""


@dataclass
class SyncReport:
    """What a sync did. When it is not finished, the next one goes on where it stopped."""

    kinds: dict[str, KindReport] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        return all(kind.is_finished for kind in self.kinds.values())


def sync(
    company: str,
    *,
    store: Store,
    client: NetSuiteClient,
    clock: Callable[[], datetime],
    deadline: datetime,
    zone: tzinfo = UTC,
    iban_field: str | None = None,
    segments: Sequence[str] = (),
) -> SyncReport:
    """Bring every kind up to date, or as far as it gets before `deadline` (which leaves time for one more page).

    `zone` is the account's time zone, `iban_field` its own field for a vendor's bank account, `segments` its own fields
    that order lines are coded by (`cseg_…`, `custcol_…`). One kind that the ERP refuses or does not show, or that can't
    be read, does not keep the others from being read; its error is kept in the progress and raised at the end. Faults
    of the ERP as a whole are raised at once.
    """
    report = SyncReport()
    failure: ErpError | UnreadableRow | None = None
    for kind in _in_turn(company, store):
        report.kinds[kind] = KindReport()
        if clock() >= deadline:
            continue
        erp = ErpReading(company, store, client, zone, report.kinds[kind], tuple(segments))
        work = _Sync(erp, clock, iban_field)
        try:
            work.pass_over(kind, clock, deadline)
        except (ErpError, UnreadableRow) as error:
            _note_error(company, kind, error, store)
            if not isinstance(error, (ErpRefusal, NothingShown, UnreadableRow)):
                raise
            failure = failure or error
    if failure is not None:
        raise failure
    return report


def sync_record(
    company: str,
    kind: str,
    record_id: str,
    *,
    store: Store,
    client: NetSuiteClient,
    clock: Callable[[], datetime],
    zone: tzinfo = UTC,
    iban_field: str | None = None,
    segments: Sequence[str] = (),
) -> KindReport:
    """Bring one record up to date, or forget it when the ERP has it no more. `kind` as in `KINDS`."""
    report = KindReport()
    work = _Sync(ErpReading(company, store, client, zone, report, tuple(segments)), clock, iban_field)
    work.read_by_ids(kind, [record_id])
    if report.read == 0 and not report.unreadable and work.is_gone(kind, record_id):
        work.forget(kind, record_id)
        report.written += 1
    report.is_finished = True
    return report


def _in_turn(company: str, store: Store) -> list[str]:
    """The kinds, those with a pass to finish first, then those that were finished longest ago.

    One that failed the last time comes after those that did not: whatever it takes, it takes from none of them.
    """

    def turn(kind: str) -> tuple[bool, bool, float]:
        progress = store.sync_progress(company, kind)
        finished = progress.finished_at.timestamp() if progress.finished_at else 0.0
        return progress.error is not None, progress.until is None, finished

    return sorted(KINDS, key=turn)


def _note_error(company: str, kind: str, error: CounterfoilError, store: Store) -> None:
    progress = store.sync_progress(company, kind)
    store.put_sync_progress(company, progress.model_copy(update={"error": str(error)[:1000]}))


class _Sync:
    """One kind of one company, with what reading it needs."""

    def __init__(self, erp: ErpReading, clock: Callable[[], datetime], iban_field: str | None) -> None:
        self._erp = erp
        self._company = erp.company
        self._store = erp.store
        self._report = erp.report
        self._clock = clock
        self._iban_field = iban_field
        self._orders = OrderReading(erp)
        self._has_addresses = True

    # Passes

    def pass_over(self, kind: str, clock: Callable[[], datetime], deadline: datetime) -> None:
        """Read what changed since the last pass, or the rest of a pass that was stopped."""
        progress = self._of_this_shape(self._store.sync_progress(self._company, kind))
        if kind == "orders" and progress.since is None:
            self._orders = OrderReading(self._erp, rewrites=True)
        if progress.until is None:
            newest = self._newest(kind)
            if newest is None and progress.since is not None and kind != "deletions":
                self._forget_the_last(kind, clock, deadline)
                # Should there ever be some again, all of them are read.
                progress = progress.model_copy(update={"since": None, "seen_at": None, "is_settled": False})
            if newest is None or (progress.is_settled and progress.since and newest <= progress.since):
                self._save(progress, finished_at=clock(), error=None)
                self._report.is_finished = True
                return
            progress = self._save(progress, until=newest, after=None, records=0, error=None, began_at=clock())
        since = progress.since - OVERLAP if progress.since else None
        selection = Selection(since=self._wall_clock(since), after=progress.after)
        for rows in self._pages(kind, selection):
            self._read_page(kind, rows)
            records = progress.records + len(rows)
            progress = self._save(progress, after=_resume_after(kind, rows), records=records)
            if clock() >= deadline:
                return
        self._require_some_read(progress, since)
        self._save(progress, **_advanced(progress), until=None, after=None, finished_at=clock(), error=None)
        self._report.is_finished = True

    def _of_this_shape(self, progress: SyncProgress) -> SyncProgress:
        """The progress; that of a first pass when the last one read less of each record than is read now."""
        shape = _SHAPES.get(progress.kind, "")
        if progress.kind == "vendors" and self._iban_field is not None:
            shape += f" {self._iban_field}"
        if progress.kind == "orders":
            shape = " ".join([shape, *self._erp.segments])
        if progress.shape == shape:
            return progress
        anew = {"since": None, "seen_at": None, "is_settled": False, "until": None, "after": None}
        return progress.model_copy(update={**anew, "shape": shape})

    def _pages(self, kind: str, selection: Selection) -> Iterator[Sequence[Row]]:
        """What changed, page by page. Vendors are read without their addresses where the role may not see these."""
        try:
            yield from self._erp.client.suiteql_pages(self._changed(kind, selection), page_rows=RECORDS_PER_PAGE)
        except ErpRefusal:
            if kind != "vendors" or not self._has_addresses:
                raise
            self._has_addresses = False
            self._erp.complain(UnreadableRow("vendor", "address", None))
            yield from self._pages(kind, selection)

    def _changed(self, kind: str, selection: Selection) -> Callable[[Row | None], Query]:
        match kind:
            case "vendors":
                return vendors_query(selection, iban_field=self._iban_field, with_address=self._has_addresses)
            case "orders":
                return changed_query([PURCHASE_ORDER], selection)
            case "receipts":
                return changed_query([ITEM_RECEIPT], selection)
            case "bills":
                return changed_query(BILL_TYPES, selection)
            case "returns":
                return changed_shipments_query(selection)
            case _:
                return deletions_query(selection)

    def _save(self, progress: SyncProgress, **changes: object) -> SyncProgress:
        progress = progress.model_copy(update=changes)
        self._store.put_sync_progress(self._company, progress)
        return progress

    def _newest(self, kind: str) -> datetime | None:
        query = newest_shipment_query() if kind == "returns" else newest_query(_TABLES[kind])
        row = next(self._erp.client.suiteql(query), {})
        if not row.get("modified"):
            return None
        return datetime.fromisoformat(row["modified"]).replace(tzinfo=self._erp.zone).astimezone(UTC)

    def _wall_clock(self, instant: datetime | None) -> str | None:
        """The instant as the ERP's clock shows it."""
        return instant.astimezone(self._erp.zone).replace(tzinfo=None).isoformat() if instant else None

    def _forget_the_last(self, kind: str, clock: Callable[[], datetime], deadline: datetime) -> None:
        """The ERP shows none of a kind that it had: look up by id what we know of it, and forget what is gone.

        Only receipts, bills and shipments back can be looked up, from the orders that they belong to. `NothingShown`
        when that can't be done or one of them is still there: then it is the showing that fails. What is forgotten
        stays so when the deadline comes before the end.
        """
        nothing = f"the ERP shows no {kind} at all any more"
        if kind not in _KNOWN_BY_ORDER:
            raise NothingShown("nothing_left", nothing)
        are_orders_shown = False
        query = changed_query([PURCHASE_ORDER], Selection())
        for rows in self._erp.client.suiteql_pages(query, page_rows=RECORDS_PER_PAGE):
            are_orders_shown = True
            for order in self._store.orders(self._company, [row["id"] for row in rows]).values():
                for record_id in self._known_of(kind, order):
                    if clock() >= deadline:
                        raise NothingShown("nothing_left", f"{nothing}; those that were known are being looked up")
                    if not self.is_gone(kind, record_id):
                        raise NothingShown("nothing_left", f"{nothing}, and yet it has {record_id}")
                    self._orders.read([order.id])
                    self.forget(kind, record_id)
                    self._report.written += 1
        if not are_orders_shown:
            raise NothingShown("nothing_left", f"{nothing}, and no orders")

    def _known_of(self, kind: str, order: PurchaseOrder) -> list[str]:
        if kind == "bills":
            return list(order.bills)
        if kind == "returns":
            return list(order.returns)
        return [receipt.id for receipt in self._store.receipts(self._company, order.id)]

    def _require_some_read(self, progress: SyncProgress, since: datetime | None) -> None:
        """A pass over a time in which something changed reads something: no rows are an error, not an empty ERP.

        The next pass asks anew what the newest is: the only one that had changed may be gone since.
        """
        if progress.records == 0 and progress.until is not None and (since is None or progress.until >= since):
            self._save(progress, until=None, after=None)
            raise NothingShown("nothing_read", f"the ERP gave no {progress.kind} though some have changed")

    # Records

    def _read_page(self, kind: str, rows: Sequence[Row]) -> None:
        if kind == "vendors":
            self._write_vendors(rows)
        elif kind == "deletions":
            self._forget_all(rows)
        else:
            self.read_by_ids(kind, [row["id"] for row in rows])

    def read_by_ids(self, kind: str, ids: Sequence[str]) -> None:
        """Read these records in full and write what is new about them."""
        match kind:
            case "vendors":
                for rows in self._pages(kind, Selection(ids=ids)):
                    self._write_vendors(rows)
            case "orders":
                self._report.read += self._orders.read(ids)
            case "receipts":
                self._write_receipts(ids)
            case "bills":
                self._write_bills(ids)
            case "returns":
                self._write_returns(self._erp.shipments(ids))
            case _:
                raise ValueError(f"{kind!r} is no kind of record; there are {', '.join(KINDS)}")

    def _write_vendors(self, rows: Iterable[Row]) -> None:
        for row in rows:
            try:
                vendor = vendor_of(self._company, row, zone=self._erp.zone)
            except UnreadableRow as error:
                self._erp.complain(error)
                continue
            self._report.read += 1
            self._report.written += self._store.vendor(self._company, vendor.id) != vendor
            # Writes only what differs, also when vendors are found by other keys than before.
            self._store.put_vendor(vendor, keys_of_vendor(vendor))

    def _write_receipts(self, ids: Sequence[str]) -> None:
        changed: list[Receipt] = []
        for rows in by_record(self._erp.rows(receipts_query(Selection(ids=ids)))):
            try:
                receipt = receipt_of(self._company, rows, zone=self._erp.zone)
            except UnreadableRow as error:
                self._erp.complain(error)
                continue
            self._report.read += 1
            if receipt is not None and not self._is_known(receipt):
                changed.append(receipt)
        # The orders first: a receipt that is written down says that its order has been read since.
        self._orders.read([receipt.order_id for receipt in changed])
        for receipt in changed:
            self._store.put_receipt(receipt)
            self._report.written += 1

    def _is_known(self, receipt: Receipt) -> bool:
        known = {one.id: one for one in self._store.receipts(self._company, receipt.order_id)}.get(receipt.id)
        return known is not None and known.model_copy(update={"modified_at": receipt.modified_at}) == receipt

    def _write_bills(self, ids: Sequence[str]) -> None:
        changed: list[tuple[ErpBill | None, ErpBill]] = []
        found = (self._erp.bill(rows) for rows in by_record(self._erp.rows(bills_query(Selection(ids=ids)))))
        for bill in self._with_returned(bill for bill in found if bill is not None):
            self._report.read += 1
            known = self._store.erp_bill(self._company, bill.id)
            if known is None or known.model_copy(update={"modified_at": bill.modified_at}) != bill:
                changed.append((known, bill))
        # A bill that was moved from one order to another changes both.
        bills = [bill for pair in changed for bill in pair if bill is not None]
        self._orders.read([order_id for bill in bills for order_id in orders_of(bill)])
        for known, bill in changed:
            self._write_bill(known, bill)
            self._report.written += 1
        self._settle_returns([bill.id for _, bill in changed if bill.document_type == DocumentType.CREDIT_NOTE])

    def _with_returned(self, bills: Iterable[ErpBill]) -> list[ErpBill]:
        """The bills, lines of credits with the order lines whose goods went back for them."""
        known = list(bills)
        credit_ids = [bill.id for bill in known if bill.document_type == DocumentType.CREDIT_NOTE]
        traces = self._erp.traces(credit_ids) if credit_ids else {}
        if traces is None:
            # Which orders they credit is known as a whole or not at all.
            return [bill for bill in known if bill.document_type != DocumentType.CREDIT_NOTE]
        traced = []
        for bill in known:
            lines = []
            for line in bill.lines:
                trace = traces.get((bill.id, line.line))
                source = {"order_id": trace.source[0], "order_line": trace.source[1]} if trace else {}
                lines.append(line.model_copy(update=source))
            traced.append(bill.model_copy(update={"lines": tuple(lines)}))
        return traced

    def _settle_returns(self, credit_ids: Sequence[str]) -> None:
        """Read again what was sent back and is credited now."""
        if credit_ids:
            return_ids = [row["id"] for row in self._erp.client.suiteql(returns_of_query(credit_ids))]
            for start in range(0, len(return_ids), RECORDS_PER_PAGE):
                group = return_ids[start : start + RECORDS_PER_PAGE]
                self._write_returns(self._erp.shipments(return_ids=group), is_counted=False)

    def _write_returns(self, shipments: Sequence[VendorReturn], *, is_counted: bool = True) -> None:
        changed: list[tuple[VendorReturn | None, VendorReturn]] = []
        for shipment in shipments:
            self._report.read += is_counted
            known = self._store.vendor_return(self._company, shipment.id)
            if known is None or known.model_copy(update={"modified_at": shipment.modified_at}) != shipment:
                changed.append((known, shipment))
        # The orders first, and those too that a shipment was traced to before.
        read = [shipment for _, shipment in changed]
        self._orders.read(
            [order_id for pair in changed for each in pair if each is not None for order_id in each.order_ids],
            shipments=read,
        )
        for shipment in read:
            self._store.put_vendor_return(shipment)
            self._report.written += is_counted

    def _write_bill(self, known: ErpBill | None, bill: ErpBill) -> None:
        if known is not None:
            self._forget_number(known)
        if bill.counts and bill.number and bill.document_type == DocumentType.INVOICE:
            self._store.put_bill_number(self._company, bill.vendor_id, bill.number, bill.id, bill.external_id or "")
        self._store.put_erp_bill(bill)

    def _forget_number(self, bill: ErpBill) -> None:
        if bill.number:
            self._store.delete_bill_number(self._company, bill.vendor_id, bill.number, bill.id)

    # What is gone

    def _forget_all(self, rows: Iterable[Row]) -> None:
        for row in rows:
            try:
                deletion = deletion_of(row)
            except UnreadableRow as error:
                self._erp.complain(error)
                continue
            self._report.read += 1
            kind = _KINDS_BY_TYPE.get(deletion.kind or "")
            if kind is not None:
                self.forget(kind, deletion.id)

    def is_gone(self, kind: str, record_id: str) -> bool:
        """Whether the ERP says outright that it has no such record."""
        return all(self._erp.is_missing(record_type, record_id) for record_type in _TYPES_BY_KIND[kind])

    def forget(self, kind: str, record_id: str) -> None:
        """Take away a record that the ERP has deleted. Its orders are read again before what points to them goes."""
        match kind:
            case "vendors":
                self._store.delete_vendor(self._company, record_id)
            case "orders":
                self._forget_order(record_id)
            case "receipts":
                order_id = self._store.order_of_receipt(self._company, record_id)
                if order_id is not None:
                    self._orders.read([order_id])
                    self._store.delete_receipt(self._company, record_id)
            case "bills":
                bill = self._store.erp_bill(self._company, record_id)
                if bill is not None:
                    self._orders.read(orders_of(bill))
                    self._forget_number(bill)
                    self._store.delete_erp_bill(self._company, record_id)
                self._show_again(record_id)
            case "returns":
                shipment = self._store.vendor_return(self._company, record_id)
                if shipment is not None:
                    self._orders.read(shipment.order_ids)
                    self._store.delete_vendor_return(shipment)

    def _show_again(self, bill_id: str) -> None:
        """An invoice whose bill was deleted in the ERP is paid by nothing any more: a person has to see it."""
        invoice_id = self._store.invoice_of_bill(self._company, bill_id)
        for _ in range(READ_AGAIN_MAX):
            invoice = self._store.find_invoice(self._company, invoice_id) if invoice_id is not None else None
            if invoice is None or invoice.status != Status.POSTED or invoice.bill is None or invoice.bill.id != bill_id:
                return
            reason = Reason(code="bill_deleted", detail=f"bill {bill_id} was deleted in the ERP")
            after = invoice.model_copy(update={"status": Status.EXPORT_FAILED, "reasons": (reason,), "bill": None})
            try:
                self._store.save_invoice(
                    invoice, after, by=BY, action="bill_deleted", at=self._clock(), why=reason.detail
                )
                return
            except StaleWrite:
                continue
        raise StaleWrite(f"invoice {invoice_id} kept changing while its bill's deletion was written down")

    def _forget_order(self, order_id: str) -> None:
        """An order that invoices in flight have claimed is closed, not lost: they have to show what became of it."""
        for _ in range(READ_AGAIN_MAX):
            known = self._store.order(self._company, order_id)
            if known is None:
                return
            try:
                if known.claims:
                    closed = known.model_copy(update={"status": OrderStatus.CLOSED})
                    if closed != known:
                        self._store.save_order(closed, read=known)
                else:
                    self._store.delete_order(known)
                return
            except StaleWrite:
                continue
        raise StaleWrite(f"order {order_id} kept changing while it was taken away")


def _advanced(progress: SyncProgress) -> dict[str, object]:
    """The cursor after a whole pass. It never goes back because the newest record has vanished."""
    if progress.until is None or progress.began_at is None:
        return {}
    if progress.since is None or progress.until > progress.since or progress.seen_at is None:
        since = max(progress.until, progress.since or progress.until)
        return {"since": since, "seen_at": progress.began_at, "is_settled": False}
    return {"is_settled": progress.is_settled or progress.began_at - progress.seen_at >= OVERLAP}


def _resume_after(kind: str, rows: Sequence[Row]) -> str:
    """The id behind which an interrupted pass goes on. A deleted id may have more rows: it is read again."""
    last = rows[-1]["id"]
    return str(int(last) - 1) if kind == "deletions" else last


KINDS = ("vendors", "orders", "receipts", "bills", "returns", "deletions")
# Changes with what is read of each record: then all are read once more.
_SHAPES = {"vendors": "address", "orders": "returns, project", "bills": "returns"}
_TABLES = {
    "vendors": "vendor",
    "orders": PURCHASE_ORDER,
    "receipts": ITEM_RECEIPT,
    "bills": VENDOR_BILL,
    "deletions": "deletedrecord",
}
_TYPES_BY_KIND = {
    "vendors": ("vendor",),
    "orders": ("purchaseOrder",),
    "receipts": ("itemReceipt",),
    "bills": tuple(bill_type(each) for each in DocumentType),
    "returns": ("itemFulfillment",),
}
_KNOWN_BY_ORDER = frozenset({"receipts", "bills", "returns"})
_KINDS_BY_TYPE = {record_type: kind for kind, types in _TYPES_BY_KIND.items() for record_type in types}
