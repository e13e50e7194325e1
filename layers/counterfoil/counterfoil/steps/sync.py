"""Read from the ERP what changed: vendors, orders, receipts, bills, deletions. Never a call for each record.

A pass reads the ids of what changed since the last pass, page by page behind the last id, and each page's records by
their ids. An order is written on the condition that it still is as it was *before* the ERP was asked, so an older
reading never replaces a newer one; claims and bills of ours stay. Receipts and bills take their orders along: an
order is always read together with everything that bills it.

The cursor is the ERP's own clock: the newest change when a pass begins. Passes overlap by more than the hour that
clocks are set back, which also covers changes that were dated before they could be seen. Once nothing has changed for
that long, nothing is read at all.
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
from counterfoil.errors import CounterfoilError, ErpError, ErpRefusal, RecordMissing, StaleWrite, UnexpectedReply
from counterfoil.netsuite.client import NetSuiteClient
from counterfoil.netsuite.records import (
    BILL_TYPES,
    ITEM_RECEIPT,
    PURCHASE_ORDER,
    VENDOR_BILL,
    Query,
    Row,
    Selection,
    Taken,
    UnreadableRow,
    bill_type,
    bills_query,
    by_record,
    changed_query,
    deletion_of,
    deletions_query,
    erp_bill_of,
    newest_query,
    order_bills_query,
    order_of,
    orders_query,
    receipt_of,
    receipts_query,
    takings_of,
    vendor_of,
    vendors_query,
)
from counterfoil.store import Store, SyncProgress

BY = "sync"
OVERLAP = timedelta(minutes=90)
RECORDS_PER_PAGE = 200
READ_AGAIN_MAX = 5
UNREADABLE_MAX = 100


class NothingShown(UnexpectedReply):
    """The ERP shows no records of a kind where there must be some: a role that lost its rights looks like this."""


@dataclass
class KindReport:
    """What a pass did for one kind: records read and written, and what could not be read (`record: column`)."""

    read: int = 0
    written: int = 0
    unreadable: list[str] = field(default_factory=list)
    is_finished: bool = False


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
) -> SyncReport:
    """Bring every kind up to date, or as far as it gets before `deadline` (which leaves time for one more page).

    `zone` is the account's time zone, `iban_field` its own field for a vendor's bank account. One kind that the ERP
    refuses or does not show, or that can't be read, does not keep the others from being read; its error is kept in
    the progress and raised at the end. Faults of the ERP as a whole are raised at once.
    """
    report = SyncReport()
    failure: ErpError | UnreadableRow | None = None
    for kind in _in_turn(company, store):
        report.kinds[kind] = KindReport()
        if clock() >= deadline:
            continue
        work = _Sync(company, store, client, clock, zone, report.kinds[kind], iban_field)
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
) -> KindReport:
    """Bring one record up to date, or forget it when the ERP has it no more. `kind` as in `KINDS`."""
    report = KindReport()
    work = _Sync(company, store, client, clock, zone, report, iban_field)
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

    def __init__(
        self,
        company: str,
        store: Store,
        client: NetSuiteClient,
        clock: Callable[[], datetime],
        zone: tzinfo,
        report: KindReport,
        iban_field: str | None,
    ) -> None:
        self._company = company
        self._store = store
        self._client = client
        self._clock = clock
        self._zone = zone
        self._report = report
        self._iban_field = iban_field

    # Passes

    def pass_over(self, kind: str, clock: Callable[[], datetime], deadline: datetime) -> None:
        """Read what changed since the last pass, or the rest of a pass that was stopped."""
        progress = self._store.sync_progress(self._company, kind)
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
        for rows in self._client.suiteql_pages(self._changed(kind, selection), page_rows=RECORDS_PER_PAGE):
            self._read_page(kind, rows)
            records = progress.records + len(rows)
            progress = self._save(progress, after=_resume_after(kind, rows), records=records)
            if clock() >= deadline:
                return
        self._require_some_read(progress, since)
        self._save(progress, **_advanced(progress), until=None, after=None, finished_at=clock(), error=None)
        self._report.is_finished = True

    def _changed(self, kind: str, selection: Selection) -> Callable[[Row | None], Query]:
        match kind:
            case "vendors":
                return vendors_query(selection, iban_field=self._iban_field)
            case "orders":
                return changed_query([PURCHASE_ORDER], selection)
            case "receipts":
                return changed_query([ITEM_RECEIPT], selection)
            case "bills":
                return changed_query(BILL_TYPES, selection)
            case _:
                return deletions_query(selection)

    def _save(self, progress: SyncProgress, **changes: object) -> SyncProgress:
        progress = progress.model_copy(update=changes)
        self._store.put_sync_progress(self._company, progress)
        return progress

    def _newest(self, kind: str) -> datetime | None:
        row = next(self._client.suiteql(newest_query(_TABLES[kind])), {})
        if not row.get("modified"):
            return None
        return datetime.fromisoformat(row["modified"]).replace(tzinfo=self._zone).astimezone(UTC)

    def _wall_clock(self, instant: datetime | None) -> str | None:
        """The instant as the ERP's clock shows it."""
        return instant.astimezone(self._zone).replace(tzinfo=None).isoformat() if instant else None

    def _forget_the_last(self, kind: str, clock: Callable[[], datetime], deadline: datetime) -> None:
        """The ERP shows none of a kind that it had: look up by id what we know of it, and forget what is gone.

        Only receipts and bills can be looked up, from the orders that they belong to. `NothingShown` when that can't
        be done or one of them is still there: then it is the showing that fails. What is forgotten stays so when the
        deadline comes before the end.
        """
        nothing = f"the ERP shows no {kind} at all any more"
        if kind not in _KNOWN_BY_ORDER:
            raise NothingShown("nothing_left", nothing)
        are_orders_shown = False
        query = changed_query([PURCHASE_ORDER], Selection())
        for rows in self._client.suiteql_pages(query, page_rows=RECORDS_PER_PAGE):
            are_orders_shown = True
            for order in self._store.orders(self._company, [row["id"] for row in rows]).values():
                for record_id in self._known_of(kind, order):
                    if clock() >= deadline:
                        raise NothingShown("nothing_left", f"{nothing}; those that were known are being looked up")
                    if not self.is_gone(kind, record_id):
                        raise NothingShown("nothing_left", f"{nothing}, and yet it has {record_id}")
                    self._read_orders([order.id])
                    self.forget(kind, record_id)
                    self._report.written += 1
        if not are_orders_shown:
            raise NothingShown("nothing_left", f"{nothing}, and no orders")

    def _known_of(self, kind: str, order: PurchaseOrder) -> list[str]:
        if kind == "bills":
            return list(order.bills)
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
                self._write_vendors(self._rows(vendors_query(Selection(ids=ids), iban_field=self._iban_field)))
            case "orders":
                self._report.read += self._read_orders(ids)
            case "receipts":
                self._write_receipts(ids)
            case "bills":
                self._write_bills(ids)
            case _:
                raise ValueError(f"{kind!r} is no kind of record; there are {', '.join(KINDS)}")

    def _rows(self, query_after: Callable[[Row | None], Query]) -> Iterator[Row]:
        for page in self._client.suiteql_pages(query_after):
            yield from page

    def _complain(self, error: UnreadableRow) -> None:
        """One record that can't be read keeps no other one from being read."""
        if len(self._report.unreadable) < UNREADABLE_MAX:
            self._report.unreadable.append(f"{error.record}: {error.column}")

    def _write_vendors(self, rows: Iterable[Row]) -> None:
        for row in rows:
            try:
                vendor = vendor_of(self._company, row, zone=self._zone)
            except UnreadableRow as error:
                self._complain(error)
                continue
            self._report.read += 1
            self._report.written += self._store.vendor(self._company, vendor.id) != vendor
            # Writes only what differs, also when vendors are found by other keys than before.
            self._store.put_vendor(vendor, keys_of_vendor(vendor))

    def _write_receipts(self, ids: Sequence[str]) -> None:
        changed: list[Receipt] = []
        for rows in by_record(self._rows(receipts_query(Selection(ids=ids)))):
            try:
                receipt = receipt_of(self._company, rows, zone=self._zone)
            except UnreadableRow as error:
                self._complain(error)
                continue
            self._report.read += 1
            if receipt is not None and not self._is_known(receipt):
                changed.append(receipt)
        # The orders first: a receipt that is written down says that its order has been read since.
        self._read_orders([receipt.order_id for receipt in changed])
        for receipt in changed:
            self._store.put_receipt(receipt)
            self._report.written += 1

    def _is_known(self, receipt: Receipt) -> bool:
        known = {one.id: one for one in self._store.receipts(self._company, receipt.order_id)}.get(receipt.id)
        return known is not None and known.model_copy(update={"modified_at": receipt.modified_at}) == receipt

    def _write_bills(self, ids: Sequence[str]) -> None:
        changed: list[tuple[ErpBill | None, ErpBill]] = []
        for rows in by_record(self._rows(bills_query(Selection(ids=ids)))):
            bill = self._readable_bill(rows)
            if bill is None:
                continue
            self._report.read += 1
            known = self._store.erp_bill(self._company, bill.id)
            if known is None or known.model_copy(update={"modified_at": bill.modified_at}) != bill:
                changed.append((known, bill))
        # A bill that was moved from one order to another changes both.
        bills = [bill for pair in changed for bill in pair if bill is not None]
        self._read_orders([order_id for bill in bills for order_id in _orders_of(bill)])
        for known, bill in changed:
            self._write_bill(known, bill)
            self._report.written += 1

    def _write_bill(self, known: ErpBill | None, bill: ErpBill) -> None:
        if known is not None:
            self._forget_number(known)
        if bill.counts and bill.number and bill.document_type == DocumentType.INVOICE:
            self._store.put_bill_number(self._company, bill.vendor_id, bill.number, bill.id, bill.external_id or "")
        self._store.put_erp_bill(bill)

    def _forget_number(self, bill: ErpBill) -> None:
        if bill.number:
            self._store.delete_bill_number(self._company, bill.vendor_id, bill.number, bill.id)

    # Orders

    def _read_orders(self, ids: Sequence[str]) -> int:
        """Read orders with all that bills them; write those that differ. Gives back how many the ERP has."""
        unique = list(dict.fromkeys(ids))
        groups = [unique[start : start + RECORDS_PER_PAGE] for start in range(0, len(unique), RECORDS_PER_PAGE)]
        return sum(self._read_order_group(group) for group in groups)

    def _read_order_group(self, ids: Sequence[str]) -> int:
        wanted, found = ids, 0
        for attempt in range(READ_AGAIN_MAX):
            stale, count = self._read_orders_once(wanted)
            found = count if attempt == 0 else found
            if not stale:
                return found
            wanted = stale
        raise StaleWrite(f"{len(wanted)} orders kept changing while they were read from the ERP")

    def _read_orders_once(self, ids: Sequence[str]) -> tuple[list[str], int]:
        """One reading of some orders; the ids of those that somebody else wrote meanwhile, and how many there are."""
        before = self._store.orders(self._company, ids)
        current = self._orders_now(ids)
        takings, unreadable = self._takings_now(ids)
        # What bills take of an order is known as a whole or not at all; without it the order stays as it was.
        before = {order_id: order for order_id, order in before.items() if order_id not in unreadable}
        gone = self._bills_gone(before, takings)
        stale = []
        for order in current:
            if order.id in unreadable:
                continue
            known = before.get(order.id)
            merged = merged_order(known, order, takings.get(order.id, {}), gone.get(order.id, set()))
            if known is not None and merged == known:
                continue
            try:
                self._store.save_order(merged, read=known)
                self._report.written += 1
            except StaleWrite:
                stale.append(order.id)
        return stale, len(current)

    def _orders_now(self, ids: Sequence[str]) -> list[PurchaseOrder]:
        orders = []
        for rows in by_record(self._rows(orders_query(Selection(ids=ids)))):
            try:
                orders.append(order_of(self._company, rows, zone=self._zone))
            except UnreadableRow as error:
                self._complain(error)
        return orders

    def _takings_now(self, ids: Sequence[str]) -> tuple[dict[str, dict[str, Taken]], set[str]]:
        """What bills take of orders, by order id, and the orders of which it can't be read."""
        rows_of: dict[str, list[Row]] = {}
        for row in self._rows(order_bills_query(ids)):
            rows_of.setdefault(row.get("orderid", ""), []).append(row)
        takings: dict[str, dict[str, Taken]] = {}
        unreadable: set[str] = set()
        for order_id, rows in rows_of.items():
            try:
                takings |= takings_of(rows)
            except UnreadableRow as error:
                self._complain(error)
                unreadable.add(order_id)
        return takings, unreadable

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
            for rows in by_record(self._rows(bills_query(selection))):
                current[rows[0]["id"]] = self._readable_bill(rows)
        return {
            order_id: {bill_id for bill_id in bill_ids if self._bills_no_longer(order_id, bill_id, current)}
            for order_id, bill_ids in doubtful.items()
        }

    def _readable_bill(self, rows: Sequence[Row]) -> ErpBill | None:
        try:
            return erp_bill_of(self._company, rows, zone=self._zone)
        except UnreadableRow as error:
            self._complain(error)
            return None

    def _bills_no_longer(self, order_id: str, bill_id: str, current: dict[str, ErpBill | None]) -> bool:
        """Deleted, rejected, or linked to the order once and now not. A bill that never was linked keeps what it
        takes: nothing else would keep its goods from being billed again."""
        if bill_id not in current:
            # No row alone proves nothing: a role that may not see bills gets none.
            return self.is_gone("bills", bill_id)
        bill = current[bill_id]
        if bill is None or bill.document_type == DocumentType.CREDIT_NOTE:
            return False
        if not bill.counts:
            return True
        was = self._store.erp_bill(self._company, bill_id)
        return bool(_orders_of(bill)) or (was is not None and order_id in _orders_of(was))

    # What is gone

    def _forget_all(self, rows: Iterable[Row]) -> None:
        for row in rows:
            try:
                deletion = deletion_of(row)
            except UnreadableRow as error:
                self._complain(error)
                continue
            self._report.read += 1
            kind = _KINDS_BY_TYPE.get(deletion.kind or "")
            if kind is not None:
                self.forget(kind, deletion.id)

    def is_gone(self, kind: str, record_id: str) -> bool:
        """Whether the ERP says outright that it has no such record."""
        return all(self._is_missing(record_type, record_id) for record_type in _TYPES_BY_KIND[kind])

    def _is_missing(self, record_type: str, record_id: str) -> bool:
        try:
            self._client.get(record_type, record_id, expand=False)
        except RecordMissing:
            return True
        return False

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
                    self._read_orders([order_id])
                    self._store.delete_receipt(self._company, record_id)
            case "bills":
                bill = self._store.erp_bill(self._company, record_id)
                if bill is not None:
                    self._read_orders(_orders_of(bill))
                    self._forget_number(bill)
                    self._store.delete_erp_bill(self._company, record_id)
                self._show_again(record_id)

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


def merged_order(
    known: PurchaseOrder | None, current: PurchaseOrder, takings: dict[str, Taken], gone: set[str]
) -> PurchaseOrder:
    """The order as the ERP has it now, with our claims, the bills we know and those the ERP has.

    A bill that takes nothing (rejected, cancelled) or is `gone` is left out. The same object when nothing changed.
    """
    bills = {bill_id: dict(taken) for bill_id, taken in takings.items() if taken}
    if known is None:
        return current.model_copy(update={"bills": bills})
    kept = {id_: taken for id_, taken in known.bills.items() if id_ not in takings and id_ not in gone}
    ours = {"claims": known.claims, "overcharges": known.overcharges, "version": known.version}
    merged = current.model_copy(update={"bills": {**kept, **bills}, **ours})
    # A later date alone changes nothing, and would wake whoever waits for the order.
    return known if merged == known.model_copy(update={"modified_at": current.modified_at}) else merged


def _orders_of(bill: ErpBill) -> list[str]:
    return list(dict.fromkeys(line.order_id for line in bill.lines if line.order_id is not None))


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


KINDS = ("vendors", "orders", "receipts", "bills", "deletions")
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
}
_KNOWN_BY_ORDER = frozenset({"receipts", "bills"})
_KINDS_BY_TYPE = {record_type: kind for kind, types in _TYPES_BY_KIND.items() for record_type in types}
