"""threeway: joins order, receipt and invoice on order number and item code, exactly as written."""

# The package is installed in the peers' environment alone.
# mypy: disable-error-code="import-not-found"

from __future__ import annotations

from functools import partial
from importlib import metadata

from threeway.core import RawLine, reconcile

from tests.bench.sides.workload import ORDER, rows
from tests.bench.worker import Prepared


def match(lines: str) -> Prepared:
    """`reconcile` on rows as its reader of CSV files makes them."""
    ordered, invoiced = rows(lines)
    wanted = [RawLine(ORDER, row.code, row.quantity, row.price) for row in ordered]
    came = [RawLine(ORDER, row.code, row.quantity) for row in ordered]
    billed = [RawLine(ORDER, row.code, row.quantity, row.price) for row in invoiced]
    work = partial(reconcile, wanted, came, billed)
    matched = sum(line.status == "matched" for line in work().lines)
    return Prepared([work], len(billed), f"{matched:,} of {len(billed):,} matched", metadata.version("threeway"))
