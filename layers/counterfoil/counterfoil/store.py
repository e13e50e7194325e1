"""The only DynamoDB code: one table, every key begins with the company. `docs/data-model.md` lists each access.

A record is kept whole, as compressed JSON, beside the few attributes that keys and filters need. Every change of an
invoice is one transaction: its new state on the condition of the version that was read, its audit entry, and whatever
else has to be true at the same instant (orders, reservations, the delivery).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from botocore.exceptions import ClientError

from counterfoil.domain.audit import FIRST_HASH, AuditEntry, sealed
from counterfoil.domain.bills import ErpBill
from counterfoil.domain.coding import PostedInvoice
from counterfoil.domain.decisions import Decision
from counterfoil.domain.deliveries import Delivery
from counterfoil.domain.invoices import Invoice
from counterfoil.domain.lifecycle import STATES, Status, may_move
from counterfoil.domain.orders import PurchaseOrder, Receipt
from counterfoil.domain.policy import CompanySettings
from counterfoil.domain.records import Record
from counterfoil.domain.returns import VendorReturn
from counterfoil.domain.settings_history import SettingsChange
from counterfoil.domain.settings_history import sealed as sealed_change
from counterfoil.domain.vendor_memory import VendorMemory
from counterfoil.domain.vendors import Vendor
from counterfoil.errors import (
    BadRequest,
    ErpLoginRefused,
    InvoiceMissing,
    LeaseRefused,
    MoveRefused,
    RecordTooLarge,
    StaleWrite,
    UnknownCompany,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# DynamoDB's own limits: 400 KB an item, 100 items a transaction, 100 keys a batch read.
ITEM_BYTES_MAX = 390_000
TRANSACTION_ITEMS_MAX = 100
BATCH_KEYS_MAX = 100
ORDERS_PER_INVOICE_MAX = 50
UNPACKED_BYTES_MAX = 20_000_000
PAGE_DEFAULT = 50
PAGE_MAX = 200
PAGES_MAX = 200
DECISIONS_MAX = 1_000
CONTENTION_TRIES_MAX = 8
REPLAY_SECONDS = 900
LEASE_TRIES_MAX = 60
LEASE_PAUSE_SECONDS = 0.5
# So many numbers of open orders a document is read with: some 120 KB, 15 units of reading.
ORDER_NUMBERS_MAX = 2_000

CURSOR = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z#(?P<id>[A-Za-z0-9_-]{1,100})", re.ASCII)
COMPANY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
UNASSIGNED = "unassigned"

R = TypeVar("R", bound=Record)
Item = dict[str, Any]


class Page(Record):
    """Some invoices of a list, and where the next page begins (None at the end)."""

    invoices: tuple[Invoice, ...]
    cursor: str | None = None


class SyncProgress(Record):
    """How far one kind of ERP record has been read.

    `since` is the last modified instant up to which everything was read; `until` and `after` say where an
    unfinished pass, begun at `began_at`, goes on. `seen_at` is when `since` was first the newest; `is_settled` says
    that a pass has been made so long after it that nothing dated up to it can still turn up. `shape` names what is read
    of each record.
    """

    kind: str
    since: datetime | None = None
    seen_at: datetime | None = None
    is_settled: bool = False
    began_at: datetime | None = None
    until: datetime | None = None
    after: str | None = None
    shape: str = ""
    finished_at: datetime | None = None
    records: int = 0
    error: str | None = None


class SyncRequest(Record):
    """A wish to read the ERP now: everything, or one record that it said has changed."""

    company: str
    id: str
    kind: str | None = None
    record_id: str | None = None
    by: str


def normalised(number: str) -> str:
    """A document number as it is compared: letters and digits only, upper case, no leading zeros."""
    return re.sub(r"[^0-9A-Z]", "", number.upper()).lstrip("0")


def invoice_key(company: str, invoice_id: str) -> Item:
    return _key(f"{company}#INVOICE#{invoice_id}", "STATE")


def order_key(company: str, order_id: str) -> Item:
    return _key(f"{company}#ORDER#{order_id}", "STATE")


class Store:
    """All state of all companies. Methods raise `StaleWrite` when somebody else wrote first."""

    def __init__(self, client: DynamoDBClient, table: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._table = table
        self._pause = pause

    # Companies

    def companies(self) -> list[str]:
        items = self._query("pk = :pk", {":pk": {"S": "COMPANIES"}})
        return [item["sk"]["S"] for item in items]

    def company(self, company: str) -> CompanySettings:
        """A company's settings; `UnknownCompany` when no such company was set up."""
        item = self._get(_key("COMPANIES", company))
        if item is None:
            raise UnknownCompany(f"no company {company!r} is set up", company=company)
        return _unpacked(item, CompanySettings)

    def put_company(
        self,
        settings: CompanySettings,
        *,
        by: str = "setup",
        why: str = "",
        at: datetime | None = None,
        version: int | None = None,
    ) -> CompanySettings:
        """Write a company's settings as their next version, with who changed them; the settings as written.

        The same settings again write nothing. StaleWrite when `version` was changed meanwhile.
        """
        if not COMPANY_NAME.fullmatch(settings.company) or settings.company == UNASSIGNED:
            raise BadRequest(f"{settings.company!r} is no company name: lower-case letters, digits and '-', up to 40")
        key = _key("COMPANIES", settings.company)
        item = self._get(key)
        before = _unpacked(item, CompanySettings) if item else None
        if version is not None and (before is None or before.match.version != version):
            raise StaleWrite(f"version {version} of the settings was looked at, it is another now")
        if before is not None and _at_version(settings, before.match.version) == before:
            return before
        after = _at_version(settings, before.match.version + 1 if before else max(settings.match.version, 1))
        change = sealed_change(
            SettingsChange(
                version=after.match.version,
                at=at or datetime.now(UTC),
                by=by,
                why=why,
                settings=after,
                previous_hash=item["hash"]["S"] if item and "hash" in item else FIRST_HASH,
            )
        )
        number = {"N": str(after.match.version)}
        self._transact(
            [
                self._put_if(
                    {**key, **_packed(after), "version": number, "hash": {"S": change.hash}},
                    before.match.version if before else None,
                ),
                self._put_if(
                    {**_key(f"{after.company}#SETTINGS", f"{after.match.version:08d}"), **_packed(change)}, None
                ),
            ]
        )
        return after

    def settings_history(self, company: str) -> list[SettingsChange]:
        """All changes of a company's settings, oldest first."""
        return [
            _unpacked(item, SettingsChange) for item in self._query("pk = :pk", {":pk": {"S": f"{company}#SETTINGS"}})
        ]

    # Invoices

    def invoice(self, company: str, invoice_id: str) -> Invoice:
        found = self.find_invoice(company, invoice_id)
        if found is None:
            raise InvoiceMissing(f"there is no invoice {invoice_id!r}", invoice=invoice_id)
        return found

    def find_invoice(self, company: str, invoice_id: str) -> Invoice | None:
        item = self._get(invoice_key(company, invoice_id))
        return _unpacked(item, Invoice) if item else None

    def save_invoice(
        self,
        before: Invoice | None,
        after: Invoice,
        *,
        by: str,
        action: str,
        at: datetime,
        why: str = "",
        details: Mapping[str, str] | None = None,
        orders: Sequence[tuple[PurchaseOrder, PurchaseOrder]] = (),
        unchanged_orders: Sequence[PurchaseOrder] = (),
        delivery: Delivery | None = None,
        decision: Decision | None = None,
        posted: PostedInvoice | None = None,
    ) -> Invoice:
        """Write an invoice's next version with its audit entry, in one transaction; return it as written.

        `orders` are (as read, as they shall be); `unchanged_orders` only have to be as they were read; `decision` is
        what the new state was decided on, `posted` what it teaches for the vendor's next ones. MoveRefused
        when the lifecycle has no such move; StaleWrite when anything read has been written since, or the
        invoice's number was taken by another invoice of the vendor.
        """
        if before is not None and not may_move(before.status, after.status):
            raise MoveRefused(f"an invoice that is {before.status} can't become {after.status}")
        version = before.version + 1 if before else 1
        entry = sealed(
            AuditEntry(
                company=after.company,
                invoice_id=after.id,
                number=version,
                at=at,
                by=by,
                action=action,
                before=before.status if before else None,
                after=after.status,
                why=why,
                details=dict(details or {}),
                policy_version=after.match.policy_version if after.match else None,
                previous_hash=before.audit_hash if before else AuditEntry.model_fields["previous_hash"].default,
            )
        )
        moved = before is None or (before.status, before.attempts) != (after.status, after.attempts)
        saved = after.model_copy(
            update={
                "version": version,
                "audit_hash": entry.hash,
                "changed_at": at if moved or before is None else before.changed_at,
            }
        )
        writes = [
            self._put_if(_invoice_item(saved), before.version if before else None),
            self._put_if({**_audit_key(entry), **_packed(entry)}, None),
            *self._waiting_writes(before, saved),
            *self._number_writes(before, saved),
            *(self._put_if(_order_item(new), old.version) for old, new in orders),
            *(self._check(order_key(order.company, order.id), order.version) for order in unchanged_orders),
        ]
        if delivery is not None:
            writes.append(self._put_if({**_delivery_key(delivery), **_packed(delivery)}, None))
        if decision is not None:
            writes.append(self._put_if(_decision_item(decision, saved), None))
        if posted is not None:
            key = _key(f"{posted.company}#POSTED#{posted.vendor_id}", f"{posted.on.isoformat()}#{posted.invoice_id}")
            writes.append({"Put": {"TableName": self._table, "Item": {**key, **_packed(posted)}}})
        if saved.status == Status.POSTED and saved.bill is not None and saved.bill.id is not None:
            pointer = {**_bill_pointer(saved.company, saved.bill.id), "invoice_id": {"S": saved.id}}
            writes.append({"Put": {"TableName": self._table, "Item": pointer}})
        self._transact(writes)
        return saved

    def invoice_of_bill(self, company: str, bill_id: str) -> str | None:
        """The id of the invoice that a bill of the ERP was made of; None for one that was entered there."""
        item = self._get(_bill_pointer(company, bill_id))
        return cast(str, item["invoice_id"]["S"]) if item else None

    def decisions_of(self, company: str, invoice_id: str) -> list[Decision]:
        """All decisions on an invoice, oldest first."""
        items = self._query(
            "pk = :pk AND begins_with(sk, :sk)",
            {":pk": {"S": f"{company}#INVOICE#{invoice_id}"}, ":sk": {"S": "DECISION#"}},
        )
        return [_unpacked(item, Decision) for item in items]

    def decisions(self, company: str, *, limit: int = PAGE_MAX) -> list[Decision]:
        """A company's newest decisions, the newest first: of each invoice the last one that is among them."""
        items = self._query(
            "listing_pk = :pk",
            {":pk": {"S": f"{company}#DECISIONS"}},
            index="listing",
            limit=min(limit, DECISIONS_MAX),
            newest_first=True,
        )
        found: dict[str, Decision] = {}
        for item in items:
            decision = _unpacked(item, Decision)
            found.setdefault(decision.invoice_id, decision)
        return list(found.values())

    def posted_invoices(self, company: str, vendor_id: str, *, limit: int = PAGE_MAX) -> list[PostedInvoice]:
        """What a vendor's posted invoices teach, the newest first."""
        items = self._query("pk = :pk", {":pk": {"S": f"{company}#POSTED#{vendor_id}"}}, limit=limit, newest_first=True)
        return [_unpacked(item, PostedInvoice) for item in items]

    def _waiting_writes(self, before: Invoice | None, after: Invoice) -> list[Item]:
        """An invoice that waits for its vendor's orders stands beside them, read consistently."""
        was = _waiting_key(before) if before else None
        now = _waiting_key(after)
        if was == now:
            return []
        writes: list[Item] = []
        if was:
            writes.append({"Delete": {"TableName": self._table, "Key": was}})
        if now:
            writes.append({"Put": {"TableName": self._table, "Item": now}})
        return writes

    def _number_writes(self, before: Invoice | None, after: Invoice) -> list[Item]:
        """The vendor's number belongs to the first invoice that is not held: two can't both go on."""
        was = _number_key(before) if before else None
        now = _number_key(after)
        if was == now:
            return []
        writes: list[Item] = []
        if was and before:
            writes.append(
                {
                    "Delete": {
                        "TableName": self._table,
                        "Key": was,
                        "ConditionExpression": "attribute_not_exists(pk) OR invoice_id = :id",
                        "ExpressionAttributeValues": {":id": {"S": before.id}},
                    }
                }
            )
        if now:
            writes.append(self._put_if({**now, "invoice_id": {"S": after.id}}, None))
        return writes

    def holder_of_number(self, company: str, vendor_id: str, invoice_number: str) -> str | None:
        """The id of the vendor's invoice with that number that is not held or rejected."""
        item = self._get(_key(_number_pk(company, vendor_id, invoice_number), "HOLDER"))
        return item["invoice_id"]["S"] if item else None

    def invoices(self, company: str, status: Status, *, cursor: str | None = None, limit: int = PAGE_DEFAULT) -> Page:
        """A page of the invoices in a state, the longest resting first."""
        asked: Item = {"ExclusiveStartKey": _from_cursor(cursor, company, status)} if cursor is not None else {}
        asked |= {
            "TableName": self._table,
            "IndexName": "listing",
            "KeyConditionExpression": "listing_pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": _status_pk(company, status)}},
            "Limit": max(1, min(limit, PAGE_MAX)),
        }
        response = self._client.query(**asked)
        last = response.get("LastEvaluatedKey")
        return Page(
            invoices=tuple(_unpacked(item, Invoice) for item in response["Items"]),
            cursor=_to_cursor(last) if last else None,
        )

    def count(self, company: str, status: Status, *, most: int) -> int:
        """How many invoices are in a state, counted up to `most`."""
        asked: Item = {
            "TableName": self._table,
            "IndexName": "listing",
            "KeyConditionExpression": "listing_pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": _status_pk(company, status)}},
            "Select": "COUNT",
        }
        counted = 0
        while counted < most:
            response = self._client.query(**asked, Limit=most - counted)
            counted += response["Count"]
            if "LastEvaluatedKey" not in response:
                break
            asked["ExclusiveStartKey"] = response["LastEvaluatedKey"]
        return counted

    def resting(self, company: str, status: Status, *, before: datetime, limit: int = PAGE_MAX) -> list[Invoice]:
        """Invoices that came into a state before an instant, the oldest first."""
        items = self._query(
            "listing_pk = :pk AND listing_sk < :before",
            {":pk": {"S": _status_pk(company, status)}, ":before": {"S": _instant(before)}},
            index="listing",
            limit=limit,
        )
        return [_unpacked(item, Invoice) for item in items]

    def waiting(self, company: str, vendor_id: str) -> list[str]:
        """The ids of the vendor's invoices that are matched again when an order of it changes."""
        items = self._query("pk = :pk", {":pk": {"S": f"{company}#WAITING#{vendor_id}"}})
        return [item["sk"]["S"] for item in items]

    def audit(self, company: str, invoice_id: str) -> list[AuditEntry]:
        """The whole trail of an invoice, oldest first."""
        items = self._query(
            "pk = :pk AND begins_with(sk, :sk)",
            {":pk": {"S": f"{company}#INVOICE#{invoice_id}"}, ":sk": {"S": "AUDIT#"}},
        )
        return [_unpacked(item, AuditEntry) for item in items]

    # Deliveries

    def find_delivery(self, delivery: Delivery) -> Delivery | None:
        item = self._get(_delivery_key(delivery))
        return _unpacked(item, Delivery) if item else None

    def refuse_delivery(self, delivery: Delivery) -> None:
        """Keep a delivery that became no invoice, where an administrator sees it. Once is enough."""
        self._put({**_delivery_key(delivery), **_refused_listing(delivery), **_packed(delivery)})

    def refused_deliveries(self, company: str, *, limit: int = PAGE_MAX) -> list[Delivery]:
        """Deliveries that became no invoice, newest first."""
        items = self._query(
            "listing_pk = :pk",
            {":pk": {"S": f"{company}#REFUSED"}},
            index="listing",
            limit=limit,
            newest_first=True,
        )
        return [_unpacked(item, Delivery) for item in items]

    # Orders, receipts

    def order(self, company: str, order_id: str) -> PurchaseOrder | None:
        item = self._get(order_key(company, order_id))
        return _unpacked(item, PurchaseOrder) if item else None

    def orders(self, company: str, order_ids: Iterable[str]) -> dict[str, PurchaseOrder]:
        """The orders of these ids that are known, by id, read consistently."""
        keys = [order_key(company, order_id) for order_id in dict.fromkeys(order_ids)]
        found = (_unpacked(item, PurchaseOrder) for item in self._batch_get(keys))
        return {order.id: order for order in found}

    def orders_numbered(self, company: str, number: str) -> list[PurchaseOrder]:
        """Orders whose number is the given one but for case, punctuation and leading zeros."""
        items = self._query("lookup_pk = :pk", {":pk": {"S": f"{company}#PO#{normalised(number)}"}}, index="lookup")
        return [_unpacked(item, PurchaseOrder) for item in items]

    def open_orders(self, company: str, vendor_id: str, *, limit: int = PAGE_MAX) -> list[PurchaseOrder]:
        """A vendor's open orders, newest first."""
        return self._orders_listed(f"{company}#OPEN#{vendor_id}", limit)

    def done_orders(self, company: str, vendor_id: str, *, limit: int = ORDERS_PER_INVOICE_MAX) -> list[PurchaseOrder]:
        """A vendor's orders that are no longer open, newest first: what a credit note may take back."""
        return self._orders_listed(f"{company}#DONE#{vendor_id}", limit)

    def _orders_listed(self, listing: str, limit: int) -> list[PurchaseOrder]:
        items = self._query(
            "listing_pk = :pk", {":pk": {"S": listing}}, index="listing", limit=limit, newest_first=True
        )
        return [_unpacked(item, PurchaseOrder) for item in items]

    def save_order(self, order: PurchaseOrder, *, read: PurchaseOrder | None) -> PurchaseOrder:
        """Write an order on the condition that it still is as read; StaleWrite when it is not."""
        saved = order.model_copy(update={"version": read.version + 1 if read else 1})
        put = self._put_if(_order_item(saved), read.version if read else None)
        self._transact([put, *self._open_number_writes(read, saved)])
        return saved

    def delete_order(self, read: PurchaseOrder) -> None:
        write = self._check(order_key(read.company, read.id), read.version)["ConditionCheck"]
        self._transact([{"Delete": write}, *self._open_number_writes(read, None)])

    def _open_number_writes(self, before: PurchaseOrder | None, after: PurchaseOrder | None) -> list[Item]:
        """The numbers of open orders stand together, by their dates: a document is read with the newest."""
        was, now = _open_number_item(before), _open_number_item(after)
        if was == now:
            return []
        writes: list[Item] = []
        if was and (now is None or was["sk"] != now["sk"]):
            writes.append({"Delete": {"TableName": self._table, "Key": {"pk": was["pk"], "sk": was["sk"]}}})
        if now:
            writes.append({"Put": {"TableName": self._table, "Item": now}})
        return writes

    def list_order(self, order: PurchaseOrder) -> None:
        """Put an open order's number among the others; for orders that were written before these were kept."""
        item = _open_number_item(order)
        if item:
            self._put(item)

    def open_order_numbers(self, company: str, *, limit: int = ORDER_NUMBERS_MAX) -> tuple[str, ...]:
        """The numbers of the company's open orders, the newest first, at most `limit`; they may be a little behind."""
        items = self._query(
            "pk = :pk",
            {":pk": {"S": f"{company}#OPENORDERS"}},
            limit=limit,
            newest_first=True,
            is_consistent=False,
        )
        return tuple(dict.fromkeys(item["number"]["S"] for item in items))

    def put_receipt(self, receipt: Receipt) -> None:
        self._put({**_receipt_key(receipt.company, receipt.order_id, receipt.id), **_packed(receipt)})
        self._put(
            {
                **_key(f"{receipt.company}#RECEIPT#{receipt.id}", "ORDER"),
                "order_id": {"S": receipt.order_id},
            }
        )

    def delete_receipt(self, company: str, receipt_id: str) -> str | None:
        """Forget a receipt; the id of the order it belonged to, None when it is unknown."""
        pointer = self._get(_key(f"{company}#RECEIPT#{receipt_id}", "ORDER"))
        if pointer is None:
            return None
        order_id = cast(str, pointer["order_id"]["S"])
        for key in (_receipt_key(company, order_id, receipt_id), _key(f"{company}#RECEIPT#{receipt_id}", "ORDER")):
            self._client.delete_item(TableName=self._table, Key=key)
        return order_id

    def order_of_receipt(self, company: str, receipt_id: str) -> str | None:
        """The id of the order that a receipt belongs to, None when it is unknown."""
        pointer = self._get(_key(f"{company}#RECEIPT#{receipt_id}", "ORDER"))
        return cast(str, pointer["order_id"]["S"]) if pointer else None

    def receipts(self, company: str, order_id: str) -> list[Receipt]:
        items = self._query(
            "pk = :pk AND begins_with(sk, :sk)",
            {":pk": {"S": f"{company}#ORDER#{order_id}"}, ":sk": {"S": "RECEIPT#"}},
        )
        return [_unpacked(item, Receipt) for item in items]

    # What was sent back to vendors

    def vendor_return(self, company: str, shipment_id: str) -> VendorReturn | None:
        """A shipment back to a vendor as it was when it was last read from the ERP."""
        item = self._get(_key(f"{company}#RETURN#{shipment_id}", "STATE"))
        return _unpacked(item, VendorReturn) if item else None

    def put_vendor_return(self, shipment: VendorReturn) -> None:
        """Write a shipment back; beside its vendor as long as a line of it leads to no order and is not credited."""
        known = self.vendor_return(shipment.company, shipment.id)
        was, now = _unlinked_key(known) if known else None, _unlinked_key(shipment)
        if was is not None and was != now:
            self._client.delete_item(TableName=self._table, Key=was)
        if now is not None:
            self._put({**now, **_packed(shipment)})
        self._put({**_key(f"{shipment.company}#RETURN#{shipment.id}", "STATE"), **_packed(shipment)})

    def delete_vendor_return(self, shipment: VendorReturn) -> None:
        for key in (_unlinked_key(shipment), _key(f"{shipment.company}#RETURN#{shipment.id}", "STATE")):
            if key is not None:
                self._client.delete_item(TableName=self._table, Key=key)

    def unlinked_returns(self, company: str, vendor_id: str, *, limit: int = PAGE_MAX) -> list[VendorReturn]:
        """Shipments back to a vendor of which a line leads to no order and waits for its credit, the newest first."""
        pk = {":pk": {"S": f"{company}#UNLINKED#{vendor_id}"}}
        return [_unpacked(item, VendorReturn) for item in self._query("pk = :pk", pk, limit=limit, newest_first=True)]

    # Vendors

    def vendor(self, company: str, vendor_id: str) -> Vendor | None:
        item = self._get(_key(f"{company}#VENDOR#{vendor_id}", "STATE"))
        return _unpacked(item, Vendor) if item else None

    def put_vendor(self, vendor: Vendor, keys: Iterable[str]) -> None:
        """Write a vendor and the keys it is found by; keys it no longer has are taken away."""
        pk = f"{vendor.company}#VENDOR#{vendor.id}"
        old = self._get(_key(pk, "STATE"))
        wanted = set(keys)
        known = set(old["keys"]["SS"]) if old and "keys" in old else set()
        for gone in known - wanted:
            self._client.delete_item(TableName=self._table, Key=_key(f"{vendor.company}#VENDORKEY#{gone}", vendor.id))
        for new in wanted - known:
            self._put(_key(f"{vendor.company}#VENDORKEY#{new}", vendor.id))
        item = {**_key(pk, "STATE"), **_packed(vendor)}
        if wanted:
            item["keys"] = {"SS": sorted(wanted)}
        if old is None or old.get("keys") != item.get("keys") or _unpacked(old, Vendor) != vendor:
            self._put(item)

    def delete_vendor(self, company: str, vendor_id: str) -> None:
        pk = f"{company}#VENDOR#{vendor_id}"
        old = self._get(_key(pk, "STATE"))
        for key in old["keys"]["SS"] if old and "keys" in old else ():
            self._client.delete_item(TableName=self._table, Key=_key(f"{company}#VENDORKEY#{key}", vendor_id))
        self._client.delete_item(TableName=self._table, Key=_key(pk, "STATE"))

    def vendors_with(self, company: str, keys: Iterable[str]) -> list[Vendor]:
        """Vendors found by any of the keys; at most `BATCH_KEYS_MAX` of them."""
        ids: dict[str, None] = {}
        for key in dict.fromkeys(keys):
            items = self._query("pk = :pk", {":pk": {"S": f"{company}#VENDORKEY#{key}"}}, limit=BATCH_KEYS_MAX)
            ids.update((item["sk"]["S"], None) for item in items)
        wanted = [_key(f"{company}#VENDOR#{vendor_id}", "STATE") for vendor_id in list(ids)[:BATCH_KEYS_MAX]]
        return [_unpacked(item, Vendor) for item in self._batch_get(wanted)]

    def vendor_memory(self, company: str, vendor_id: str) -> VendorMemory:
        """What people taught about the vendor's documents; an empty one when they did not."""
        item = self._get(_key(f"{company}#VENDOR#{vendor_id}", "MEMORY"))
        return _unpacked(item, VendorMemory) if item else VendorMemory()

    def put_vendor_memory(self, company: str, vendor_id: str, memory: VendorMemory) -> None:
        """Write what was learned about a vendor, to be found as well by the names it was read under."""
        pk = f"{company}#VENDOR#{vendor_id}"
        old = self.vendor_memory(company, vendor_id)
        # A name that is not printed finds nobody.
        for lesson in {one for one in set(old.names) - set(memory.names) if one.printed}:
            gone = _key(f"{company}#VENDORNAME#{lesson.printed}", vendor_id)
            self._client.delete_item(TableName=self._table, Key=gone)
        for lesson in {one for one in set(memory.names) - set(old.names) if one.printed}:
            self._put(_key(f"{company}#VENDORNAME#{lesson.printed}", vendor_id))
        if memory != old:
            self._put({**_key(pk, "MEMORY"), **_packed(memory)})

    def vendors_read_as(self, company: str, printed: str) -> list[str]:
        """Ids of vendors whose name was once read as `printed` (squeezed) and corrected; at most two."""
        items = self._query("pk = :pk", {":pk": {"S": f"{company}#VENDORNAME#{printed}"}}, limit=2)
        return [item["sk"]["S"] for item in items]

    # Bills that the ERP has

    def erp_bill(self, company: str, bill_id: str) -> ErpBill | None:
        """A bill as it was when it was last read from the ERP."""
        item = self._get(_key(f"{company}#BILL#{bill_id}", "STATE"))
        return _unpacked(item, ErpBill) if item else None

    def put_erp_bill(self, bill: ErpBill) -> None:
        self._put({**_key(f"{bill.company}#BILL#{bill.id}", "STATE"), **_packed(bill)})

    def delete_erp_bill(self, company: str, bill_id: str) -> None:
        self._client.delete_item(TableName=self._table, Key=_key(f"{company}#BILL#{bill_id}", "STATE"))

    def put_bill_number(self, company: str, vendor_id: str, number: str, bill_id: str, external_id: str) -> None:
        """Remember a bill of the ERP by its vendor's number, to notice an invoice that was billed by hand."""
        self._put(
            {
                **_key(_number_pk(company, vendor_id, number), f"BILL#{bill_id}"),
                "external_id": {"S": external_id},
            }
        )

    def delete_bill_number(self, company: str, vendor_id: str, number: str, bill_id: str) -> None:
        key = _key(_number_pk(company, vendor_id, number), f"BILL#{bill_id}")
        self._client.delete_item(TableName=self._table, Key=key)

    def bills_numbered(self, company: str, vendor_id: str, number: str) -> dict[str, str]:
        """The ERP's bills of a vendor with that number: bill id to external id (empty when it has none)."""
        items = self._query(
            "pk = :pk AND begins_with(sk, :sk)",
            {":pk": {"S": _number_pk(company, vendor_id, number)}, ":sk": {"S": "BILL#"}},
        )
        return {item["sk"]["S"].removeprefix("BILL#"): item["external_id"]["S"] for item in items}

    # Sync

    def sync_progress(self, company: str, kind: str) -> SyncProgress:
        item = self._get(_key(f"{company}#SYNC", kind))
        return _unpacked(item, SyncProgress) if item else SyncProgress(kind=kind)

    def put_sync_progress(self, company: str, progress: SyncProgress) -> None:
        self._put({**_key(f"{company}#SYNC", progress.kind), **_packed(progress)})

    def request_sync(self, request: SyncRequest, *, at: datetime) -> None:
        """Ask for a sync; the stream carries the wish on."""
        self._put(
            {
                **_key(f"{request.company}#SYNCREQUEST", request.id),
                **_packed(request),
                "entity": {"S": "sync_request"},
                "expires_at": {"N": str(int(at.timestamp()) + 86_400)},
            }
        )

    def seen_before(self, company: str, signature: str, *, at: datetime) -> bool:
        """Whether a signed message was here before; remembers it for `REPLAY_SECONDS`."""
        digest = hashlib.sha256(signature.encode()).hexdigest()
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **_key(f"{company}#SIGNATURE#{digest}", "SEEN"),
                    "expires_at": {"N": str(int(at.timestamp()) + REPLAY_SECONDS)},
                },
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if _code(error) == "ConditionalCheckFailedException":
                return True
            raise
        return False

    # The ERP account's concurrency

    @contextmanager
    def lease(self, company: str, *, most: int, seconds: int, login: str = "") -> Iterator[None]:
        """Hold one of `most` leases on the company's ERP account; waits for one, then LeaseRefused.

        A holder that dies loses its lease after `seconds`. None is given to a login (any name of it that tells
        credentials apart) that the ERP refused lately: ErpLoginRefused.
        """
        holder = secrets.token_hex(8)
        key = _key(f"{company}#LEASES", "ERP")
        slot = self._take_lease(key, holder, most, seconds, login)
        try:
            yield
        finally:
            self._release_lease(key, holder, slot)

    def note_login_refused(self, company: str, login: str, *, seconds: int) -> None:
        """The ERP refused the login: for so many seconds it is given no lease."""
        until = int(datetime.now(UTC).timestamp()) + seconds
        self._client.update_item(
            TableName=self._table,
            Key=_key(f"{company}#LEASES", "ERP"),
            UpdateExpression="SET refused_until = :until, refused_login = :login",
            ExpressionAttributeValues={":until": {"N": str(until)}, ":login": {"S": login}},
        )

    def _check_login(self, key: Item, login: str, now: float) -> None:
        noted = self._get(key) or {}
        until = int(noted.get("refused_until", {}).get("N", 0))
        if until >= int(now) and noted.get("refused_login", {}).get("S") == login:
            again = datetime.fromtimestamp(until, UTC).isoformat(timespec="minutes")
            detail = f"the ERP refused this login lately: it is asked again after {again}, or with other credentials"
            raise ErpLoginRefused("login_refused_lately", detail)

    def _take_lease(self, key: Item, holder: str, most: int, seconds: int, login: str) -> int:
        for _ in range(LEASE_TRIES_MAX):
            now = datetime.now(UTC).timestamp()
            first = secrets.randbelow(most)
            slots: list[int] = [*range(first, most), *range(first)]
            for slot in slots:
                try:
                    self._client.update_item(
                        TableName=self._table,
                        Key=key,
                        UpdateExpression="SET #holder = :holder, #until = :until",
                        ConditionExpression="(attribute_not_exists(#until) OR #until < :now) AND "
                        "(attribute_not_exists(refused_until) OR refused_until < :now OR refused_login <> :login)",
                        ExpressionAttributeNames={"#holder": f"holder_{slot}", "#until": f"until_{slot}"},
                        ExpressionAttributeValues={
                            ":login": {"S": login},
                            ":holder": {"S": holder},
                            ":until": {"N": str(int(now) + seconds)},
                            ":now": {"N": str(int(now))},
                        },
                    )
                    return slot
                except ClientError as error:
                    if _code(error) != "ConditionalCheckFailedException":
                        raise
            self._check_login(key, login, now)
            self._pause(LEASE_PAUSE_SECONDS)
        raise LeaseRefused(f"none of the {most} leases on the ERP account came free")

    def _release_lease(self, key: Item, holder: str, slot: int) -> None:
        try:
            self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression="REMOVE #holder, #until",
                ConditionExpression="#holder = :holder",
                ExpressionAttributeNames={"#holder": f"holder_{slot}", "#until": f"until_{slot}"},
                ExpressionAttributeValues={":holder": {"S": holder}},
            )
        except ClientError as error:
            if _code(error) != "ConditionalCheckFailedException":
                raise

    # The table itself

    def _get(self, key: Item) -> Item | None:
        return self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")

    def _put(self, item: Item) -> None:
        self._client.put_item(TableName=self._table, Item=item)

    def _query(
        self,
        condition: str,
        values: Item,
        *,
        index: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
        is_consistent: bool = True,
    ) -> list[Item]:
        """All items of one key, at most `limit`; strongly consistent on the table itself, where that is not waived."""
        asked: Item = {
            "TableName": self._table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
        }
        if index:
            asked["IndexName"] = index
        else:
            asked["ConsistentRead"] = is_consistent
        items: list[Item] = []
        for _ in range(PAGES_MAX):
            if limit is not None:
                asked["Limit"] = limit - len(items)
            response = self._client.query(**asked)
            items += response["Items"]
            if "LastEvaluatedKey" not in response or (limit is not None and len(items) >= limit):
                return items
            asked["ExclusiveStartKey"] = response["LastEvaluatedKey"]
        raise RecordTooLarge(f"more than {PAGES_MAX} pages under one key of the table")

    def _batch_get(self, keys: list[Item]) -> list[Item]:
        found: list[Item] = []
        for start in range(0, len(keys), BATCH_KEYS_MAX):
            asked: Item = {self._table: {"Keys": keys[start : start + BATCH_KEYS_MAX], "ConsistentRead": True}}
            for attempt in range(CONTENTION_TRIES_MAX):
                response = self._client.batch_get_item(RequestItems=asked)
                found += response["Responses"].get(self._table, [])
                asked = cast(Item, response.get("UnprocessedKeys", {}))
                if not asked:
                    break
                self._pause(0.05 * 2**attempt)
            else:
                raise StaleWrite("the table left keys of a batch unread")
        return found

    def _put_if(self, item: Item, version: int | None) -> Item:
        """A put on the condition that the item is at a version, or (None) does not exist."""
        put: Item = {"TableName": self._table, "Item": item}
        if version is None:
            put["ConditionExpression"] = "attribute_not_exists(pk)"
        else:
            put["ConditionExpression"] = "version = :version"
            put["ExpressionAttributeValues"] = {":version": {"N": str(version)}}
        return {"Put": put}

    def _check(self, key: Item, version: int) -> Item:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": key,
                "ConditionExpression": "version = :version",
                "ExpressionAttributeValues": {":version": {"N": str(version)}},
            }
        }

    def _transact(self, writes: list[Item]) -> None:
        if len(writes) > TRANSACTION_ITEMS_MAX:
            raise RecordTooLarge(f"{len(writes)} items in one transaction, {TRANSACTION_ITEMS_MAX} fit")
        for attempt in range(CONTENTION_TRIES_MAX):
            try:
                self._client.transact_write_items(TransactItems=cast(Any, writes))
                return
            except ClientError as error:
                reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
                if "ConditionalCheckFailed" in reasons:
                    raise StaleWrite("written by somebody else since it was read") from error
                if "TransactionConflict" not in reasons and _code(error) != "TransactionInProgressException":
                    raise
                self._pause(0.05 * 2**attempt)
        raise StaleWrite("the records stayed in use by other transactions")


def invoice_of_image(image: Mapping[str, Any]) -> Invoice:
    """The invoice in a stream record's image, as Lambda is handed it."""
    return _unpacked(_decoded(image), Invoice)


def order_of_image(image: Mapping[str, Any]) -> PurchaseOrder:
    """The order in a stream record's image."""
    return _unpacked(_decoded(image), PurchaseOrder)


def sync_request_of_image(image: Mapping[str, Any]) -> SyncRequest:
    """The request in a stream record's image."""
    return _unpacked(_decoded(image), SyncRequest)


def _decoded(image: Mapping[str, Any]) -> Item:
    """Lambda's events are JSON: what is binary in the table is base64 text in them."""
    return {"body": {"B": base64.b64decode(image["body"]["B"])}}


def _key(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _status_pk(company: str, status: Status) -> str:
    return f"{company}#INVOICES#{status.value}"


def _number_pk(company: str, vendor_id: str, number: str) -> str:
    return f"{company}#NUMBER#{vendor_id}#{normalised(number)}"


def _instant(at: datetime) -> str:
    """An instant as text that sorts by time: UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _invoice_item(invoice: Invoice) -> Item:
    return {
        **invoice_key(invoice.company, invoice.id),
        **_packed(invoice),
        "entity": {"S": "invoice"},
        "version": {"N": str(invoice.version)},
        "listing_pk": {"S": _status_pk(invoice.company, invoice.status)},
        "listing_sk": {"S": f"{_instant(invoice.changed_at)}#{invoice.id}"},
    }


def _order_item(order: PurchaseOrder) -> Item:
    item = {
        **order_key(order.company, order.id),
        **_packed(order),
        "entity": {"S": "order"},
        "version": {"N": str(order.version)},
        "lookup_pk": {"S": f"{order.company}#PO#{normalised(order.number)}"},
        "lookup_sk": {"S": order.id},
    }
    item["listing_pk"] = {"S": f"{order.company}#{'OPEN' if order.status.is_open else 'DONE'}#{order.vendor_id}"}
    item["listing_sk"] = {"S": f"{order.order_date or ''}#{order.id}"}
    return item


def _open_number_item(order: PurchaseOrder | None) -> Item | None:
    """Where the number of an open order stands; None for any other."""
    if order is None or not order.status.is_open:
        return None
    place = _key(f"{order.company}#OPENORDERS", f"{order.order_date or ''}#{order.id}")
    return {**place, "number": {"S": order.number}}


def _unlinked_key(shipment: VendorReturn) -> Item | None:
    if not shipment.unlinked:
        return None
    return _key(f"{shipment.company}#UNLINKED#{shipment.vendor_id}", f"{shipment.shipped_on or ''}#{shipment.id}")


def _decision_item(decision: Decision, invoice: Invoice) -> Item:
    """A decision beside its invoice; one that does not fit keeps only the orders that it used, or none."""
    at = decision.decided_at or invoice.changed_at
    decision = decision.model_copy(update={"company": invoice.company, "invoice_version": invoice.version})
    used = tuple(order for order in decision.orders if order.id in decision.result.order_versions)
    for orders in (decision.orders, used, ()):
        is_whole = orders is decision.orders
        try:
            packed = _packed(decision.model_copy(update={"orders": orders, "is_whole": is_whole}))
            break
        except RecordTooLarge:
            if not orders:
                raise
    return {
        **_key(f"{invoice.company}#INVOICE#{invoice.id}", f"DECISION#{invoice.version:08d}"),
        **packed,
        "listing_pk": {"S": f"{invoice.company}#DECISIONS"},
        "listing_sk": {"S": f"{_instant(at)}#{invoice.id}#{invoice.version:08d}"},
    }


def _at_version(settings: CompanySettings, version: int) -> CompanySettings:
    return settings.model_copy(update={"match": settings.match.model_copy(update={"version": version})})


def _bill_pointer(company: str, bill_id: str) -> Item:
    return _key(f"{company}#BILL#{bill_id}", "INVOICE")


def _audit_key(entry: AuditEntry) -> Item:
    return _key(f"{entry.company}#INVOICE#{entry.invoice_id}", f"AUDIT#{entry.number:08d}")


def _receipt_key(company: str, order_id: str, receipt_id: str) -> Item:
    return _key(f"{company}#ORDER#{order_id}", f"RECEIPT#{receipt_id}")


def _delivery_key(delivery: Delivery) -> Item:
    digest = hashlib.sha256(f"{delivery.key}\n{delivery.version_id or ''}".encode()).hexdigest()
    return _key(f"{delivery.company}#DELIVERY#{digest}", "STATE")


def _refused_listing(delivery: Delivery) -> Item:
    return {
        "listing_pk": {"S": f"{delivery.company}#REFUSED"},
        "listing_sk": {"S": f"{_instant(delivery.at)}#{delivery.key[:200]}"},
    }


def _waiting_key(invoice: Invoice) -> Item | None:
    if not STATES[invoice.status].wakes or invoice.vendor_id is None:
        return None
    return _key(f"{invoice.company}#WAITING#{invoice.vendor_id}", invoice.id)


_HOLDS_NO_NUMBER = frozenset({Status.RECEIVED, Status.NEEDS_REVIEW, Status.DUPLICATE, Status.REJECTED})


def _number_key(invoice: Invoice) -> Item | None:
    captured = invoice.captured
    if captured is None or not captured.invoice_number or invoice.vendor_id is None:
        return None
    if invoice.status in _HOLDS_NO_NUMBER or invoice.duplicate_of is not None:
        return None
    return _key(_number_pk(invoice.company, invoice.vendor_id, captured.invoice_number), "HOLDER")


def _packed(record: Record) -> Item:
    body = zlib.compress(record.model_dump_json().encode(), 6)
    if len(body) > ITEM_BYTES_MAX:
        raise RecordTooLarge(f"a {type(record).__name__} of {len(body)} bytes, {ITEM_BYTES_MAX} fit")
    return {"body": {"B": body}}


def _unpacked(item: Item, kind: type[R]) -> R:
    unpacker = zlib.decompressobj()
    text = unpacker.decompress(bytes(item["body"]["B"]), UNPACKED_BYTES_MAX)
    if unpacker.unconsumed_tail:
        raise RecordTooLarge(f"a {kind.__name__} of more than {UNPACKED_BYTES_MAX} bytes")
    return kind.model_validate_json(text)


def _to_cursor(last: Item) -> str:
    """Where a page ended: the instant and the id of its last invoice."""
    return cast(str, last["listing_sk"]["S"])


def _from_cursor(cursor: str, company: str, status: Status) -> Item:
    """The key a cursor stands for. It is made again from its parts, so a forged one stays in its company."""
    place = CURSOR.fullmatch(cursor)
    if place is None:
        raise BadRequest("the cursor is not one that this list gave out")
    return {
        **invoice_key(company, place["id"]),
        "listing_pk": {"S": _status_pk(company, status)},
        "listing_sk": {"S": cursor},
    }


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")
