"""This project's code, as the functions call it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path

from counterfoil.capture import CompanyIdentity, Limits, capture
from counterfoil.capture.document import read_document
from counterfoil.domain.invoices import CapturedInvoice
from counterfoil.domain.matching import match_invoice
from counterfoil.domain.orders import ItemKind
from counterfoil.domain.policy import MatchPolicy
from tests.bench.sides.workload import read, rows
from tests.bench.worker import Prepared
from tests.builders import a_captured_invoice, an_invoice_line, an_order, an_order_line

CENT = Decimal("0.01")


def match(lines: str, has_codes: bool) -> Prepared:
    """`match_invoice` on goods that were ordered and have all come."""
    ordered, invoiced = rows(lines)
    order = an_order(
        lines=tuple(
            an_order_line(
                line=number,
                kind=ItemKind.INVENTORY,
                item_id=str(number),
                item_code=row.code,
                description=row.description,
                quantity=row.quantity,
                received=row.quantity,
                rate=row.price,
                amount=row.quantity * row.price,
            )
            for number, row in enumerate(ordered, 1)
        )
    )
    billed = tuple(
        an_invoice_line(
            line=number,
            item_code=row.code if has_codes else None,
            description=row.description if has_codes else row.reworded,
            quantity=row.quantity,
            unit_price=row.price,
            amount=(row.quantity * row.price).quantize(CENT),
        )
        for number, row in enumerate(invoiced, 1)
    )
    total = sum((row.quantity * row.price for row in invoiced), Decimal(0)).quantize(CENT)
    invoice = a_captured_invoice(lines=billed, net_total=total, gross_total=total)
    work = partial(match_invoice, invoice, [order], MatchPolicy(), invoice_id="invoice-1", vendor_id=order.vendor_id)
    passed = sum(line.status.passes for line in work().lines)
    return Prepared([work], len(billed), f"{passed:,} of {len(billed):,} lines pass")


def capture_xml(documents: str) -> Prepared:
    contents = [text.encode() for text in read(documents)]
    return _capturing([partial(capture, content, "invoice.xml") for content in contents])


def capture_pdf_bounded(documents: str) -> Prepared:
    """As the function does it: in a child process with limits on time and memory."""
    return _capturing([partial(capture, Path(path).read_bytes(), path) for path in read(documents)])


def capture_pdf_in_process(documents: str) -> Prepared:
    contents = [Path(path).read_bytes() for path in read(documents)]
    return _capturing([partial(read_document, content, CompanyIdentity(), Limits()) for content in contents])


def _capturing(tasks: list[Callable[[], CapturedInvoice]]) -> Prepared:
    captured = [task() for task in tasks]
    complete = sum(1 for one in captured if one.invoice_number and one.gross_total is not None)
    count = sum(len(one.lines) for one in captured)
    return Prepared(tasks, len(tasks), f"number and total of {complete} of {len(tasks)}, {count:,} lines")
