"""A delivery: one object that was dropped into the inbox, and what became of it."""

from __future__ import annotations

from datetime import datetime

from counterfoil.domain.invoices import Reason
from counterfoil.domain.records import Record


class Delivery(Record):
    """`invoice_id` is the invoice that it became or repeated; None with a reason when it was refused."""

    company: str
    bucket: str
    key: str
    version_id: str | None = None
    at: datetime
    size: int = 0
    invoice_id: str | None = None
    refused: Reason | None = None
