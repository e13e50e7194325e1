"""The ERP's seed for the demo, as the product's own records: what sync would have read."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from counterfoil.domain.orders import ItemKind, OrderLine, OrderStatus, PurchaseOrder
from counterfoil.domain.policy import CompanySettings
from counterfoil.domain.vendors import Vendor
from tests.builders import COMPANY

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
CURRENCIES = {"1": "USD", "3": "EUR"}
KINDS = {"inventoryItem": ItemKind.INVENTORY, "servicePurchaseItem": ItemKind.SERVICE}


@cache
def seed() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "erp_emulator" / "seed_demo.json").read_text())
    return content


@cache
def story() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((SAMPLES / "samples.yaml").read_text())
    return content


def settings() -> CompanySettings:
    return CompanySettings.model_validate(yaml.safe_load((ROOT / "local" / "demo" / "settings.yaml").read_text()))


def vendors() -> list[Vendor]:
    return [
        Vendor(
            company=COMPANY,
            id=vendor["id"],
            name=vendor["companyName"],
            names=tuple(dict.fromkeys((vendor["companyName"], vendor["legalName"]))),
            vat_id=vendor.get("vatRegNumber"),
            email_domain=vendor["email"].partition("@")[2] if "email" in vendor else None,
            currency=CURRENCIES[vendor["currency"]],
        )
        for vendor in ({**each, "id": str(each["id"])} for each in seed()["vendor"])
    ]


def orders() -> list[PurchaseOrder]:
    return [_order(order) for order in seed()["orders"]]


def with_receipt(order: PurchaseOrder, quantities: dict[int, str]) -> PurchaseOrder:
    """The order after more of it came."""
    lines = tuple(
        line.model_copy(update={"received": line.received + Decimal(quantities.get(line.line, "0"))})
        for line in order.lines
    )
    return order.model_copy(update={"lines": lines})


def _order(order: dict[str, Any]) -> PurchaseOrder:
    items = {item["itemId"]: item for item in seed()["item"]}
    received = {
        int(line): Decimal(quantity)
        for receipt in seed()["receipts"]
        if receipt["order"] == order["number"]
        for line, quantity in receipt["lines"].items()
    }
    vendor = next(each for each in seed()["vendor"] if str(each["id"]) == order["vendor"])
    lines = tuple(
        OrderLine(
            line=number,
            kind=KINDS[items[line["item"]]["type"]],
            item_id=str(items[line["item"]]["id"]),
            item_code=items[line["item"]]["itemId"],
            vendor_item_code=items[line["item"]].get("vendorName"),
            description=line["description"],
            quantity=Decimal(line["quantity"]),
            rate=Decimal(line["rate"]),
            amount=(Decimal(line["quantity"]) * Decimal(line["rate"])).quantize(Decimal("0.01")),
            received=received.get(number, Decimal(0)),
        )
        for number, line in enumerate(order["lines"], start=1)
    )
    return PurchaseOrder(
        company=COMPANY,
        id=order["number"],
        number=order["number"],
        vendor_id=order["vendor"],
        vendor_name=vendor["companyName"],
        status=OrderStatus.PENDING_RECEIPT,
        currency=CURRENCIES[vendor["currency"]],
        lines=lines,
    )
