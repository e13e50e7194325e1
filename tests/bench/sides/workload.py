"""Reads a workload, in any environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

ORDER = "PO-1"
VENDOR = "Acme Paper Ltd"
CURRENCY = "USD"


@dataclass(frozen=True)
class Row:
    """A line of the order or the invoice; `reworded` is the invoice's description when it has no item codes."""

    code: str
    description: str
    quantity: Decimal
    price: Decimal
    reworded: str = ""


def rows(path: str) -> tuple[list[Row], list[Row]]:
    """What was ordered and what is invoiced."""
    content = read(path)
    ordered, invoiced = (
        [
            Row(code, text, Decimal(quantity), Decimal(price), *rest)
            for code, text, quantity, price, *rest in content[part]
        ]
        for part in ("ordered", "invoiced")
    )
    return ordered, invoiced


def read(path: str) -> Any:
    return json.loads(Path(path).read_text())
