"""invoice-agent: reads PDFs by layout rules."""

# The package is installed in the peers' environment alone.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from invoice_agent.extract import LayoutExtractor
from invoice_agent.ingest import load_pdf
from invoice_agent.schema import Invoice

DISTRIBUTION = "invoice-agent"
EXTRACTOR = LayoutExtractor()
FIELDS = {
    "vendor": "vendor_name",
    "invoice_number": "invoice_number",
    "invoice_date": "issue_date",
    "due_date": "due_date",
    "po_number": "po_number",
    "currency": "currency",
    "subtotal": "net_total",
    "tax": "tax_total",
    "total": "gross_total",
}
LINE_FIELDS = ("description", "quantity", "unit_price", "amount")


def task_of(path: Path) -> Callable[[], Invoice]:
    """`load_pdf` and its layout extractor, the file's bytes in memory."""
    content = path.read_bytes()
    return lambda: EXTRACTOR.extract(load_pdf(content, name="invoice.pdf"))


def record_of(found: Invoice) -> dict[str, Any]:
    """What it asserts, in the words of our records."""
    given = {ours: getattr(found, theirs) for theirs, ours in FIELDS.items()}
    lines = [{name: getattr(line, name) for name in LINE_FIELDS} for line in found.line_items]
    return {"fields": given, "lines": lines}
