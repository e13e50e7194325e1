"""Valid defaults for every record; a test sets only what matters to it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from counterfoil.domain.deliveries import Delivery
from counterfoil.domain.invoices import CapturedInvoice, Document, DocumentType, Invoice, InvoiceLine, Source
from counterfoil.domain.lifecycle import Status
from counterfoil.domain.orders import ItemKind, OrderLine, OrderStatus, PurchaseOrder
from counterfoil.domain.vendors import Vendor

COMPANY = "demo"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def an_invoice_line(**values: Any) -> InvoiceLine:
    defaults: dict[str, Any] = {
        "line": 1,
        "description": "Widget",
        "item_code": "WIDGET",
        "quantity": Decimal(10),
        "unit_price": Decimal("5.00"),
        "amount": Decimal("50.00"),
    }
    return InvoiceLine(**defaults | values)


def a_captured_invoice(**values: Any) -> CapturedInvoice:
    defaults: dict[str, Any] = {
        "document_type": DocumentType.INVOICE,
        "source": Source.XML,
        "invoice_number": "INV-1",
        "issue_date": date(2026, 3, 1),
        "po_number": "PO-1",
        "po_numbers": ("PO-1",),
        "vendor_name": "Acme Paper Ltd",
        "currency": "USD",
        "net_total": Decimal("50.00"),
        "tax_total": Decimal("0.00"),
        "gross_total": Decimal("50.00"),
        "lines": (an_invoice_line(),),
    }
    return CapturedInvoice(**defaults | values)


def an_invoice(**values: Any) -> Invoice:
    defaults: dict[str, Any] = {
        "company": COMPANY,
        "id": "invoice-1",
        "version": 0,
        "status": Status.RECEIVED,
        "received_at": NOON,
        "changed_at": NOON,
        "document": Document(bucket="inbox", key=f"inbox/{COMPANY}/a.pdf", version_id="v1", size=10),
    }
    return Invoice(**defaults | values)


def an_order_line(**values: Any) -> OrderLine:
    defaults: dict[str, Any] = {
        "line": 1,
        "kind": ItemKind.NONINVENTORY,
        "item_id": "77",
        "item_code": "WIDGET",
        "description": "Widget",
        "quantity": Decimal(10),
        "rate": Decimal("5.00"),
        "amount": Decimal("50.00"),
    }
    return OrderLine(**defaults | values)


def an_order(**values: Any) -> PurchaseOrder:
    defaults: dict[str, Any] = {
        "company": COMPANY,
        "id": "1001",
        "number": "PO-1",
        "vendor_id": "501",
        "vendor_name": "Acme Paper Ltd",
        "status": OrderStatus.PENDING_RECEIPT,
        "currency": "USD",
        "order_date": date(2026, 2, 1),
        "lines": (an_order_line(),),
    }
    return PurchaseOrder(**defaults | values)


def a_vendor(**values: Any) -> Vendor:
    defaults: dict[str, Any] = {"company": COMPANY, "id": "501", "name": "Acme Paper Ltd", "currency": "USD"}
    return Vendor(**defaults | values)


def a_delivery(**values: Any) -> Delivery:
    defaults: dict[str, Any] = {
        "company": COMPANY,
        "bucket": "inbox",
        "key": f"inbox/{COMPANY}/a.pdf",
        "version_id": "v1",
        "at": NOON,
        "size": 10,
    }
    return Delivery(**defaults | values)
