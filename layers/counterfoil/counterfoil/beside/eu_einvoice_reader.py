"""eu-einvoice: reads UBL and CII, alone or inside a PDF, into its model of EN 16931."""

# The package is installed in the peers' environment alone.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from eu_einvoice.parse import parse_bytes

DISTRIBUTION = "eu-einvoice"
FIELDS = {
    "number": "invoice_number",
    "issue_date": "issue_date",
    "due_date": "due_date",
    "order_reference": "po_number",
    "currency": "currency",
}
TOTALS = {"tax_exclusive": "net_total", "tax_total": "tax_total", "tax_inclusive": "gross_total"}


def task_of(path: Path) -> Callable[[], dict[str, Any]]:
    """`parse_bytes` on the file's bytes in memory."""
    content = path.read_bytes()

    def read() -> dict[str, Any]:
        model: dict[str, Any] = parse_bytes(content)[0]
        return model

    return read


def record_of(found: dict[str, Any]) -> dict[str, Any]:
    """What it asserts, in the words of our records."""
    seller, totals = found.get("seller") or {}, found.get("totals") or {}
    fields = {ours: found.get(theirs) for theirs, ours in FIELDS.items()}
    fields |= {ours: totals.get(theirs) for theirs, ours in TOTALS.items()}
    fields |= {"vendor_name": seller.get("name"), "vendor_vat_id": seller.get("vat_id")}
    lines = [
        {
            "description": line.get("name"),
            "quantity": line.get("quantity"),
            "unit_price": line.get("price"),
            "amount": line.get("net_amount"),
        }
        for line in found.get("lines") or ()
    ]
    return {"fields": fields, "lines": lines}
