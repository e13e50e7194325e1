"""Which orders an invoice can bill: those that it names, or its vendor's open ones when it names none.

Orders of other vendors, closed ones and those that are not approved are never chosen; a flag says what a number belongs
to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.orders import OrderStatus, PurchaseOrder
from counterfoil.domain.policy import MatchPolicy
from counterfoil.domain.wording import NOT_ALPHANUMERIC, composed

_ORDER_PREFIX = re.compile(
    r"^(?:PURCHASEORDERNUMBER|PURCHASEORDER|PURCHORD|PURORD|BESTELLNUMMER|BESTELLUNG|BESTELLNR|BONDECOMMANDE"
    r"|ORDERNUMBER|ORDERNO|ORDER|PONUMBER|PONO|PO|NUMBER|NO|NR)+(?=[\dOQDILZSB]+$)"
)
# What a scan confuses.
_CONFUSED = str.maketrans("OQDILZSB", "00011258")


class OrderChoice(NamedTuple):
    """The orders an invoice's lines are linked to, whether the document named them, and what was noticed."""

    orders: tuple[PurchaseOrder, ...]
    is_named: bool
    flags: tuple[str, ...] = ()
    by_number: Mapping[str, str] = MappingProxyType({})


def _as_written(text: str) -> str:
    return text.strip().casefold()


def _without_marks(text: str) -> str:
    return NOT_ALPHANUMERIC.sub("", composed(text)).upper()


def order_number(text: str) -> str:
    """An order number as it is compared: no `PO`, no marks, no zeros in front."""
    bare = _without_marks(text)
    return _ORDER_PREFIX.sub("", bare).lstrip("0") or bare


def as_scanned(text: str) -> str:
    """An order number with the letters that a scan takes for figures made figures."""
    return order_number(text).translate(_CONFUSED).lstrip("0")


def choose_orders(
    invoice: CapturedInvoice,
    orders: Sequence[PurchaseOrder],
    policy: MatchPolicy,
    *,
    vendor_id: str | None,
    is_credit: bool,
) -> OrderChoice:
    """The orders an invoice can bill: those it names, or all open ones of its vendor when it names none.

    An order of another vendor, a closed one or one that is not approved is never chosen; a flag says so. A number
    that no order has exactly is tried once more as a scan may have read it, and must then fit one order only.
    """
    own = _own(orders, policy, vendor_id)
    named = (invoice.po_number, *invoice.po_numbers, *[line.po_number for line in invoice.lines])
    numbers = [number for number in dict.fromkeys(named) if number and _without_marks(number)]
    if not numbers:
        chosen = [order for order in own if vendor_id and is_billable(order, by_name=is_credit)]
        flags = ("order_found_by_lines",) if chosen else ()
        return OrderChoice(orders=_sorted(chosen), is_named=False, flags=flags)
    return _named(numbers, own, orders, is_credit=is_credit)


def _own(orders: Sequence[PurchaseOrder], policy: MatchPolicy, vendor_id: str | None) -> list[PurchaseOrder]:
    if vendor_id is None:
        return list(orders)
    vendor = policy.surviving_vendor(vendor_id)
    return [order for order in orders if policy.surviving_vendor(order.vendor_id) == vendor]


def _sorted(orders: Iterable[PurchaseOrder]) -> tuple[PurchaseOrder, ...]:
    """Oldest first: what was ordered first is billed first."""
    return tuple(sorted(orders, key=lambda order: (order.order_date or date.min, order.number, order.id)))


def is_billable(order: PurchaseOrder, *, by_name: bool = True) -> bool:
    """Whether a bill may be linked to it. A fully billed one only when it is named (the finding then says so), or
    for a credit."""
    return order.status.is_open or (by_name and order.status == OrderStatus.FULLY_BILLED)


def _named(
    numbers: Sequence[str],
    own: list[PurchaseOrder],
    orders: Sequence[PurchaseOrder],
    *,
    is_credit: bool,
) -> OrderChoice:
    chosen: dict[str, PurchaseOrder] = {}
    by_number: dict[str, str] = {}
    flags: list[str] = []
    for number in numbers:
        found, is_exact = _by_number(number, own)
        if not found:
            own_ids = {order.id for order in own}
            others = _by_number(number, [order for order in orders if order.id not in own_ids])[0]
            flags.append("order_of_other_vendor" if others else "order_not_found")
        elif not is_billable(found[0]) and not (is_credit and _was_billed(found[0])):
            flags.append("order_not_open")
        else:
            chosen[found[0].id] = found[0]
            by_number[number] = found[0].id
            if not is_exact:
                flags.append("order_number_read_differently")
    return OrderChoice(
        orders=_sorted(chosen.values()),
        is_named=True,
        flags=tuple(dict.fromkeys(flags)),
        by_number=by_number,
    )


def _was_billed(order: PurchaseOrder) -> bool:
    return order.status == OrderStatus.CLOSED and any(order.billed(line.line) > 0 for line in order.lines)


def _names_another(number: str, chosen: PurchaseOrder, orders: Sequence[PurchaseOrder]) -> bool:
    """`PO-1/2` where there are an order 12 and an order 1: it may be one of them, or two others."""
    parts = {order_number(part) for part in NOT_ALPHANUMERIC.split(number) if any(map(str.isdigit, part))}
    if len(parts) < 2 or _as_written(number) == _as_written(chosen.number):
        return False
    return any(order is not chosen and order_number(order.number) in parts for order in orders)


def _by_number(number: str, orders: Sequence[PurchaseOrder]) -> tuple[list[PurchaseOrder], bool]:
    """The one order of that number, as written, normalised, or as a scan confuses letters; none when two fit."""
    for spelling in (_as_written, _without_marks, order_number):
        wanted = spelling(number)
        found = [order for order in orders if spelling(order.number) == wanted]
        if len(found) == 1:
            return found, not _names_another(number, found[0], orders)
        if found:
            return [], False
    wanted = as_scanned(number)
    confused = [order for order in orders if as_scanned(order.number) == wanted]
    return (confused, False) if len(confused) == 1 else ([], False)
