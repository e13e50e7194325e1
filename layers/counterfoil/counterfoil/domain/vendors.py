"""Vendors as the ERP's master holds them."""

from __future__ import annotations

from datetime import datetime

from counterfoil.domain.records import Record


class Vendor(Record):
    """One vendor. `names` are all it is known by: legal, trading and entity name; `address` its own as one text."""

    company: str
    id: str
    name: str
    names: tuple[str, ...] = ()
    vat_id: str | None = None
    ibans: tuple[str, ...] = ()
    email_domain: str | None = None
    address: str | None = None
    currency: str | None = None
    is_inactive: bool = False
    modified_at: datetime | None = None
