"""Purchase orders as the ERP holds them, item receipts, and the ledger of what each order line still has to give.

The ledger is kept as events by id (bills, claims), not as sums: the same event twice changes nothing, and an older
copy of an order never undoes a newer bill.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from counterfoil.domain.records import Record

ZERO = Decimal(0)
# How the ERP names the fields of its own that lines are coded by: custom segments (`cseg1` in older ones), and columns.
SEGMENT_NAME = r"cseg[a-z0-9_]{1,40}|custcol[a-z0-9_]{1,40}"


class ItemKind(StrEnum):
    """What the ERP's item record says; inventory and receivable items are matched with their receipts."""

    INVENTORY = "inventory"
    NONINVENTORY = "noninventory"
    NONINVENTORY_RECEIVABLE = "noninventory_receivable"
    SERVICE = "service"
    EXPENSE = "expense"

    @property
    def is_received(self) -> bool:
        return self in _RECEIVED


_RECEIVED = frozenset({ItemKind.INVENTORY, ItemKind.NONINVENTORY_RECEIVABLE})


class Coding(Record):
    """Where a line is posted: the ERP's ids. `segments` holds custom segments by their name in the ERP."""

    account: str | None = None
    department: str | None = None
    location: str | None = None
    class_: str | None = None
    project: str | None = None
    segments: dict[str, str] = {}


class OrderLine(Record):
    """One ordered line. Quantities are in `unit`; an expense line has an amount and no quantity.

    `received` is what came less what was sent back (`returned`): the ERP's own figure counts only what came. `billed`
    is the ERP's own figure: a quantity, for an expense line an amount.
    """

    line: int
    kind: ItemKind
    item_id: str | None = None
    item_code: str | None = None
    vendor_item_code: str | None = None
    description: str = ""
    quantity: Decimal = ZERO
    unit: str | None = None
    rate: Decimal = ZERO
    amount: Decimal = ZERO
    received: Decimal = ZERO
    returned: Decimal = ZERO
    billed: Decimal = ZERO
    is_closed: bool = False
    category: str | None = None
    coding: Coding = Coding()

    @property
    def is_expense(self) -> bool:
        return self.kind == ItemKind.EXPENSE


class OrderStatus(StrEnum):
    """The ERP's states, by meaning."""

    PENDING_APPROVAL = "pending_approval"
    REJECTED = "rejected"
    PENDING_RECEIPT = "pending_receipt"
    PARTIALLY_RECEIVED = "partially_received"
    PENDING_BILLING_PARTIALLY_RECEIVED = "pending_billing_partially_received"
    PENDING_BILL = "pending_bill"
    FULLY_BILLED = "fully_billed"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """Bills can still be entered against it."""
        return self in _OPEN


_OPEN = frozenset(
    {
        OrderStatus.PENDING_RECEIPT,
        OrderStatus.PARTIALLY_RECEIVED,
        OrderStatus.PENDING_BILLING_PARTIALLY_RECEIVED,
        OrderStatus.PENDING_BILL,
    }
)


class PurchaseOrder(Record):
    """An order with its ledger.

    `bills` and `claims` map a bill's or an invoice's id to what it takes of each line (quantity, or amount for an
    expense line). `overcharges` maps an invoice's id to what it was let charge above each line's price, in money, also
    after it was billed. `returns` maps a shipment back to the vendor to what it took of each line, in step with the
    lines' `received` and `returned`. `version` is ours and moves at every write; `modified_at` is the ERP's.
    """

    company: str
    id: str
    number: str
    vendor_id: str
    vendor_name: str = ""
    subsidiary: str | None = None
    status: OrderStatus
    currency: str
    order_date: date | None = None
    lines: tuple[OrderLine, ...] = ()
    modified_at: datetime | None = None
    bills: dict[str, dict[int, Decimal]] = {}
    returns: dict[str, dict[int, Decimal]] = {}
    claims: dict[str, dict[int, Decimal]] = {}
    overcharges: dict[str, dict[int, Decimal]] = {}
    version: int = 0

    def with_returns(self, returns: Mapping[str, dict[int, Decimal]]) -> PurchaseOrder:
        """The order with these shipments back instead of those that it had."""
        lines = []
        for line in self.lines:
            returned = sum((taken.get(line.line, ZERO) for taken in returns.values()), ZERO)
            received = line.received + line.returned - returned
            lines.append(line.model_copy(update={"received": received, "returned": returned}))
        return self.model_copy(update={"lines": tuple(lines), "returns": dict(returns)})

    def line(self, number: int) -> OrderLine:
        """The line of that number; KeyError when the order has none."""
        for line in self.lines:
            if line.line == number:
                return line
        raise KeyError(number)

    def billed(self, number: int) -> Decimal:
        """What is billed of a line: the ERP's figure or the bills we know, whichever is more.

        The two lag behind each other; taking the larger never lets a quantity be billed twice.
        """
        known = sum((taken.get(number, ZERO) for taken in self.bills.values()), ZERO)
        return max(self.line(number).billed, known)

    def claimed(self, number: int, *, but_by: str | None = None) -> Decimal:
        """What invoices in flight have taken of a line, leaving out the invoice `but_by`."""
        return sum((taken.get(number, ZERO) for by, taken in self.claims.items() if by != but_by), ZERO)


class Receipt(Record):
    """An item receipt: what came, by order line."""

    company: str
    id: str
    number: str = ""
    order_id: str
    received_on: date | None = None
    quantities: dict[int, Decimal] = {}
    modified_at: datetime | None = None


def fingerprint(orders: Iterable[PurchaseOrder], *, but_by: str | None = None) -> str:
    """A digest of all that matching looks at; equal as long as matching again would decide the same.

    What the invoice `but_by` has claimed itself is left out.
    """
    digest = hashlib.sha256()
    for order in sorted(orders, key=lambda order: order.id):
        digest.update(f"{order.id}|{order.number}|{order.vendor_id}|{order.status}|{order.currency}\n".encode())
        for line in order.lines:
            free = order.billed(line.line), order.claimed(line.line, but_by=but_by)
            digest.update(f"{line.model_dump_json(exclude={'coding'})}|{free[0]:f}|{free[1]:f}\n".encode())
        over = {by: lines for by, lines in sorted(order.overcharges.items()) if by != but_by}
        digest.update(f"{over}\n".encode() if over else b"")
    return digest.hexdigest()


def terms(orders: Iterable[PurchaseOrder], lines: Mapping[str, Collection[int]]) -> str:
    """A digest of what was agreed on these lines (by order id): vendor, currency, item, price and unit.

    Quantities are left out: whether there is enough left is another question.
    """
    digest = hashlib.sha256()
    for order in sorted(orders, key=lambda order: order.id):
        digest.update(f"{order.id}|{order.vendor_id}|{order.currency}\n".encode())
        for line in order.lines:
            if line.line in lines.get(order.id, ()):
                agreed = line.rate.normalize(), line.unit, line.item_id, line.kind, line.is_closed
                amount = line.amount.normalize() if line.is_expense else ""
                digest.update(f"{line.line}|{agreed}|{amount}\n".encode())
    return digest.hexdigest()
