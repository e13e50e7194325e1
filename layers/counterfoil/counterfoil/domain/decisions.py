"""A decision as it is kept: everything that it was made on, so that it can be made again."""

from __future__ import annotations

from datetime import datetime

from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.matching_result import InvoiceType, MatchResult
from counterfoil.domain.orders import PurchaseOrder
from counterfoil.domain.policy import MatchPolicy
from counterfoil.domain.records import Record


class Decision(Record):
    """One match: the document, the orders as they were, the policy, and what came of it.

    `prices_include_tax` None leaves it to the document's own arithmetic. `invoice_version` is the version of the
    invoice that it made, `decided_at` when. `is_whole` is false when not all of its orders fitted into a record of
    the table: such a decision can be read, not made again.
    """

    invoice_id: str
    vendor_id: str | None
    captured: CapturedInvoice
    orders: tuple[PurchaseOrder, ...]
    policy: MatchPolicy
    result: MatchResult
    prices_include_tax: bool | None = None
    invoice_type: InvoiceType | None = None
    hand_links: dict[int, tuple[tuple[str, int], ...]] = {}
    company: str = ""
    invoice_version: int = 0
    decided_at: datetime | None = None
    is_whole: bool = True
