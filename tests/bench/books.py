"""Orders placed in the ERP over its REST service, and the invoices that bill them to the letter.

The ERP's seed is asked for a vendor and items, and is never relied on for more than having some.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal

from counterfoil.netsuite.client import NetSuiteClient, Row
from tests.bench.errors import BenchError
from tests.documents import a_ubl_invoice

VENDORS = """SELECT id, companyname, vatregnumber, BUILTIN.DF(currency) AS currency FROM vendor
 WHERE isinactive = 'F' ORDER BY id"""
ITEMS = "SELECT id, itemid, displayname, itemtype FROM item WHERE isinactive = 'F' ORDER BY id"
# Goods, which are matched with their receipt, and what is never received; of several kinds the first that there is.
RECEIVED, NOT_RECEIVED = ("InvtPart",), ("NonInvtPart", "Service")
QUANTITY, PRICES = Decimal(4), (Decimal("12.50"), Decimal("80.00"))


@dataclass(frozen=True)
class Billed:
    """An order whose goods have come, and the UBL invoice for all of it."""

    order_id: str
    order_number: str
    currency: str
    document: bytes


def place(erp: NetSuiteClient, count: int, currency: str | None = None) -> list[Billed]:
    """So many orders of one vendor, in a currency if it matters; BenchError when the ERP has nobody to order from."""
    vendor = next((row for row in erp.suiteql(VENDORS) if currency in (None, row["currency"])), None)
    items = chosen_items(list(erp.suiteql(ITEMS)))
    if vendor is None:
        raise BenchError(f"the ERP has no vendor in {currency or 'any currency'}")
    stamp = f"{time.time_ns() // 1_000_000:x}"
    placed = []
    for place_in_row in range(count):
        number = f"PO-B{stamp}-{place_in_row}"
        wanted = [
            {"item": {"id": item["id"]}, "quantity": QUANTITY, "rate": price}
            for item, price in zip(items, PRICES, strict=True)
        ]
        body = {"entity": {"id": vendor["id"]}, "tranId": number, "item": {"items": wanted}}
        order_id = erp.create("purchaseOrder", body)
        record = erp.get("purchaseOrder", order_id)
        goods = {"orderLine": int(record["item"]["items"][0]["line"]), "quantity": QUANTITY, "itemReceive": True}
        erp.transform("purchaseOrder", order_id, "itemReceipt", {"item": {"items": [goods]}})
        document = a_ubl_invoice(
            f"INV-B{stamp}-{place_in_row}",
            vendor=vendor["companyname"],
            vat_id=vendor.get("vatregnumber", ""),
            order=number,
            currency=vendor["currency"],
            issued=str(record["tranDate"]),
            lines=[
                (item["itemid"], item["displayname"], str(QUANTITY), str(price))
                for item, price in zip(items, PRICES, strict=True)
            ],
        )
        placed.append(Billed(order_id, number, vendor["currency"], document))
    return placed


def chosen_items(rows: list[Row]) -> list[Row]:
    """The first item that is received and the first that is not."""
    chosen = []
    for kinds in (RECEIVED, NOT_RECEIVED):
        found = [row for kind in kinds for row in rows if row["itemtype"] == kind]
        if not found:
            raise BenchError(f"the ERP has no item of kind {' or '.join(kinds)}")
        chosen.append(found[0])
    return chosen
