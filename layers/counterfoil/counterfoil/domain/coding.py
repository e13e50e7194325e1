"""How people coded and linked what was posted: the past decisions that proposals rest on."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from counterfoil.domain.orders import Coding
from counterfoil.domain.records import Record


class LinkByHand(Record):
    """A person linked a line with the vendor's code to an order line of our item; or took such a link away."""

    vendor_id: str
    vendor_code: str
    item_code: str
    on: date
    is_confirmed: bool = True


class CodedLine(Record):
    """A line of a posted invoice without an order, and how people coded it."""

    invoice_id: str
    vendor_id: str
    description: str
    amount: Decimal
    on: date
    coding: Coding


class Proposal(Record):
    """A coding for a person to confirm, with the invoices that it rests on."""

    coding: Coding
    reason: str
    invoices: tuple[str, ...]


class Recurrence(Record):
    """An invoice that comes again and again: how often, for about how much, and when the next is due."""

    period: str
    amount: Decimal
    next_on: date
    invoices: int


class PostedInvoice(Record):
    """What one posted invoice of a vendor teaches; `gross_total` is in `currency`."""

    company: str
    vendor_id: str
    invoice_id: str
    on: date
    gross_total: Decimal
    currency: str
    lines: tuple[CodedLine, ...] = ()
    links: tuple[LinkByHand, ...] = ()
