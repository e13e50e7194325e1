"""The large seed: the small one, with 10,000 orders of 30,000 lines, and receipts and bills of many of them.

Generated from a fixed beginning, so that it is the same everywhere. Orders go through the record service like all
others; system notes are left out, as those of an import would be.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

ORDERS = 10_000
LINES_EACH = (1, 2, 3, 4, 5)
FIRST_DAY = date(2025, 1, 6)
DAYS = 480
VENDORS = {
    "501": ("71", "72", "73", "86"),
    "502": ("74", "75", "83"),
    "503": ("78", "79", "73"),
    "504": ("84", "85"),
    "505": ("80", "87", "88"),
    "506": ("81",),
    "507": ("82", "88"),
    "508": ("76", "77", "75", "85"),
    "509": ("83", "84"),
}
VENDORS_MORE = 200
# Items of the small seed that come in by a receipt.
RECEIVED = frozenset({"71", "72", "73", "74", "75", "76", "77", "78", "79", "80", "87"})


def vendors() -> list[dict[str, Any]]:
    """A few hundred vendors more, each in one of the subsidiaries."""
    found = []
    for index in range(VENDORS_MORE):
        subsidiary = index % 3 + 1
        found.append(
            {
                "id": 1001 + index,
                "externalId": f"L{1001 + index}",
                "entityId": f"L{1001 + index}",
                "companyName": f"Vendor {1001 + index} {('Inc', 'Ltd', 'GmbH')[subsidiary - 1]}",
                "subsidiary": str(subsidiary),
                "currency": str(subsidiary),
                "terms": "3",
                "payablesAccount": "111",
                "email": f"billing{1001 + index}@vendors.example",
            }
        )
    return found


def documents() -> dict[str, Any]:
    """Orders, receipts and bills in the seed's own form."""
    chance = random.Random(20_260_101)  # noqa: S311 - repeatable on purpose, nothing secret
    known = list(VENDORS.items())
    items = [item for _, listed in known for item in listed]
    orders, receipts, bills = [], [], []
    for index in range(ORDERS):
        number = f"PO{20_001 + index}"
        is_known = chance.random() < 0.3
        vendor, choice = (
            chance.choice(known) if is_known else (str(1001 + chance.randrange(VENDORS_MORE)), tuple(items))
        )
        day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        lines: list[dict[str, Any]] = [
            {
                "item": {"id": chance.choice(choice)},
                "quantity": str(chance.randrange(1, 200)),
                "rate": f"{chance.randrange(50, 50_000) / 100:.2f}",
            }
            for _ in range(LINES_EACH[index % len(LINES_EACH)])
        ]
        orders.append({"number": number, "vendor": vendor, "date": day.isoformat(), "lines": lines})
        is_receivable = any(line["item"]["id"] in RECEIVED for line in lines)
        if is_receivable and chance.random() < 0.4:
            receipts.append({"order": number, "date": (day + timedelta(days=chance.randrange(1, 20))).isoformat()})
            if chance.random() < 0.6:
                later = (day + timedelta(days=chance.randrange(20, 40))).isoformat()
                bills.append({"order": number, "number": f"INV-{90_001 + index}", "date": later})
    return {"vendor": vendors(), "orders": orders, "receipts": receipts, "bills": bills}
