"""invoice-agent beside our capture and our matching; it aligns invoice lines with order lines, greedily."""

# The package is installed in the peers' environment alone.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from decimal import Decimal
from functools import partial
from importlib import metadata
from pathlib import Path

from invoice_agent.match import Matcher
from invoice_agent.policy import MatchPolicy
from invoice_agent.schema import GoodsReceipt, Invoice, LineItem, POLine, PurchaseOrder, ReceiptLine

from counterfoil.beside import invoice_agent_reader
from tests.bench.sides.workload import CURRENCY, ORDER, VENDOR, read, rows
from tests.bench.worker import Prepared

VERSION = metadata.version(invoice_agent_reader.DISTRIBUTION)


def match(lines: str, has_codes: bool) -> Prepared:
    """`Matcher.match` of one invoice, with nothing in its ledger."""
    ordered, invoiced = rows(lines)
    order = PurchaseOrder(
        po_number=ORDER,
        vendor=VENDOR,
        currency=CURRENCY,
        lines=[
            POLine(
                line_no=number, description=row.description, quantity=row.quantity, unit_price=row.price, sku=row.code
            )
            for number, row in enumerate(ordered, 1)
        ],
    )
    receipt = GoodsReceipt(
        receipt_id="R-1",
        po_number=ORDER,
        lines=[ReceiptLine(line_no=number, quantity=row.quantity) for number, row in enumerate(ordered, 1)],
    )
    total = sum((row.quantity * row.price for row in invoiced), Decimal(0))
    invoice = Invoice(
        vendor=VENDOR,
        invoice_number="INV-1",
        po_number=ORDER,
        currency=CURRENCY,
        subtotal=total,
        total=total,
        line_items=[
            LineItem(
                description=row.description if has_codes else row.reworded,
                quantity=row.quantity,
                unit_price=row.price,
                amount=row.quantity * row.price,
                sku=row.code if has_codes else None,
            )
            for row in invoiced
        ],
    )
    work = partial(Matcher([order], [receipt], MatchPolicy()).match, invoice)
    codes = {number: row.code for number, row in enumerate(ordered, 1)}
    found = work().line_matches
    right = sum(codes.get(one.po_line) == row.code for one, row in zip(found, invoiced, strict=True))
    return Prepared([work], len(invoiced), f"{right:,} of {len(invoiced):,} lines at their order line", VERSION)


def capture_pdf(documents: str) -> Prepared:
    tasks = [invoice_agent_reader.task_of(Path(path)) for path in read(documents)]
    invoices = [task() for task in tasks]
    complete = sum(1 for one in invoices if one.invoice_number and one.total is not None)
    count = sum(len(one.line_items) for one in invoices)
    return Prepared(tasks, len(tasks), f"number and total of {complete} of {len(tasks)}, {count:,} lines", VERSION)
