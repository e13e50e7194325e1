"""invoice2data: reads PDFs by templates of known vendors; these are the ones that it brings along."""

# The package is installed in the peers' environment alone.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import invoice2data.input
from invoice2data import extract_data
from invoice2data.extract.loader import read_templates

DISTRIBUTION = "invoice2data"
logging.disable(logging.CRITICAL)
TEMPLATES = read_templates()
# Its templates name things as their authors liked; the first that is there counts.
FIELDS = {
    "invoice_number": ("invoice_number",),
    "issue_date": ("date",),
    "due_date": ("date_due", "due_date"),
    "po_number": ("po_number", "order_number", "purchase_order"),
    "vendor_name": ("issuer",),
    "vendor_vat_id": ("vat",),
    "currency": ("currency",),
    "net_total": ("amount_untaxed",),
    "tax_total": ("amount_tax",),
    "gross_total": ("amount",),
}
LINE_FIELDS = {
    "description": ("name", "description", "desc"),
    "quantity": ("qty", "quantity"),
    "unit_price": ("price_unit", "unit_price"),
    "amount": ("price_subtotal", "line_total", "amount", "price_total"),
}


def task_of(path: Path) -> Callable[[], dict[str, Any]]:
    """`extract_data` with its templates loaded before; it says nothing of a vendor that it has no template for."""

    def read() -> dict[str, Any]:
        # It remembers the text of a file that it was asked for before, which no other reader does.
        invoice2data.input._cached_to_text.cache_clear()
        found: dict[str, Any] = extract_data(str(path), TEMPLATES)
        return found

    return read


def record_of(found: dict[str, Any]) -> dict[str, Any]:
    """What it asserts, in the words of our records."""
    lines = [line for line in found.get("lines") or () if isinstance(line, dict)] if found else []
    return {"fields": _renamed(found or {}, FIELDS), "lines": [_renamed(line, LINE_FIELDS) for line in lines]}


def _renamed(found: dict[str, Any], names: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    return {
        ours: next((found[name] for name in theirs if found.get(name) not in (None, "")), None)
        for ours, theirs in names.items()
    }
