"""What was sent back to vendors, as the ERP holds it: a return authorises it, and a shipment says that it went.

The ERP does not lower what an order received when goods go back. A shipment's lines are traced to the order lines that
they came with; those that lead to none are kept as not linked, by vendor and item: a person has to say whose they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from counterfoil.domain.orders import ZERO, PurchaseOrder
from counterfoil.domain.records import Record

Source = tuple[str, int]
# A return that names no order is asked about on a vendor's invoices for so long after the goods went.
UNLINKED_DAYS_MAX = 180


class ReturnedLine(Record):
    """One line of a shipment: `quantity` of the item went back, in the order line's unit where it is linked, else in
    `unit`.

    `return_id` and `return_line` are the authorisation's; `is_settled` says that all it shipped is credited, or that
    its line was closed.
    """

    line: int
    item_id: str | None = None
    item_code: str | None = None
    unit: str | None = None
    quantity: Decimal
    return_id: str
    return_line: int
    order_id: str | None = None
    order_line: int | None = None
    is_settled: bool = False

    @property
    def is_linked(self) -> bool:
        return self.order_id is not None


class VendorReturn(Record):
    """A shipment back to a vendor. `counts` is false while it is only picked or packed; `return_number` is what people
    know its authorisation by, `source_id` the order or bill that this was made of."""

    company: str
    id: str
    number: str = ""
    return_number: str = ""
    source_id: str | None = None
    vendor_id: str
    shipped_on: date | None = None
    counts: bool = True
    lines: tuple[ReturnedLine, ...] = ()
    modified_at: datetime | None = None

    @property
    def order_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(line.order_id for line in self.lines if line.order_id is not None))

    @property
    def unlinked(self) -> tuple[ReturnedLine, ...]:
        """The lines that lead to no order and wait for their credit."""
        return tuple(line for line in self.lines if self.counts and not line.is_linked and not line.is_settled)

    def taken_of(self, order_id: str) -> dict[int, Decimal]:
        """What went back of each line of an order; nothing while it is not shipped."""
        taken: dict[int, Decimal] = {}
        for line in self.lines:
            if self.counts and line.order_id == order_id and line.order_line is not None:
                taken[line.order_line] = taken.get(line.order_line, ZERO) + line.quantity
        return taken


class Returnable(Record):
    """A line of an authorisation with what of it is shipped and waits for its credit."""

    return_id: str
    return_line: int
    source: Source
    quantity: Decimal


class SettledReturn(Record):
    """The authorisation that a credit settles: by order line, the line of it that is credited."""

    return_id: str
    lines: dict[Source, int]


def settled_by(credited: Mapping[Source, Decimal], waiting: Iterable[Returnable]) -> SettledReturn | None:
    """The first authorisation of which each of these order lines has as much waiting as is credited; None when there is
    none: the ERP settles one by one credit."""
    by_return: dict[str, dict[Source, int]] = {}
    for each in waiting:
        if each.source in credited and each.quantity >= credited[each.source]:
            by_return.setdefault(each.return_id, {}).setdefault(each.source, each.return_line)
    for return_id, lines in by_return.items():
        if credited and lines.keys() == credited.keys():
            return SettledReturn(return_id=return_id, lines=lines)
    return None


Goods = tuple[str | None, str | None]


def only_source(goods: Goods, sources: Mapping[Source, Goods]) -> Source | None:
    """The one order line that is for this item, in this unit; None when several or none are for the item."""
    found = [source for source, (item_id, _) in sources.items() if item_id is not None and item_id == goods[0]]
    return found[0] if len(found) == 1 and sources[found[0]] == goods else None


def unlinked_doubts(
    taken: Mapping[str, Mapping[int, Decimal]],
    orders: Mapping[str, PurchaseOrder],
    returns: Iterable[VendorReturn],
    *,
    today: date,
) -> list[str]:
    """A sentence for each item that an invoice bills (`taken`, by order id and line) and of which goods went back to
    its vendor by a return that names no order."""
    items = {
        line.item_id: line.item_code or line.description or line.item_id
        for order_id, lines in taken.items()
        for line in (orders[order_id].lines if order_id in orders else ())
        if line.item_id is not None and lines.get(line.line, ZERO) != 0
    }
    found = []
    for each in returns:
        if each.shipped_on is not None and (today - each.shipped_on).days > UNLINKED_DAYS_MAX:
            continue
        for line in each.unlinked:
            if line.item_id in items:
                found.append(
                    f"{line.quantity.normalize():f} of {items[line.item_id]} went back with"
                    f" {each.return_number or each.number or each.id}, which names no order"
                )
    return list(dict.fromkeys(found))
