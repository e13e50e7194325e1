"""Structured e-invoices: UBL 2 and UN/CEFACT CII of every profile, read by the terms of EN 16931.

Terms are named BT-n as in EN 16931-1. Values are taken as written: nothing is computed, checks come after.
"""

from __future__ import annotations

from counterfoil.capture.e_invoice.cii import CII_ROOTS, read_cii
from counterfoil.capture.e_invoice.ubl import UBL_ROOTS, read_ubl
from counterfoil.capture.errors import CaptureError, ErrorCode
from counterfoil.capture.limits import Limits
from counterfoil.capture.reading import Reading
from counterfoil.capture.xml_tree import parse_xml
from counterfoil.domain.invoices import Source

# Order-X (UN/CEFACT SCRDM CIO) and UBL's orders, changes and answers to them.
ORDER_ROOTS = frozenset(
    (
        "SCRDMCCBDACIOMessageStructure",
        "Order",
        "OrderChange",
        "OrderResponse",
        "OrderResponseSimple",
        "OrderCancellation",
    )
)


def order_in(content: bytes, limits: Limits) -> str | None:
    """The number of the order in an XML document, empty where it has none; None for anything else."""
    try:
        root = parse_xml(content, limits)
    except CaptureError:
        return None
    if root.name not in ORDER_ROOTS:
        return None
    return root.value("ID") or root.value("ExchangedDocument", "ID") or ""


def read_e_invoice(content: bytes, source: Source, limits: Limits) -> Reading:
    """The invoice or credit note in an XML document; CaptureError `not_an_invoice` for other XML."""
    root = parse_xml(content, limits)
    if root.name == "StandardBusinessDocument":
        inner = [node for node in root.children if node.name in (*UBL_ROOTS, *CII_ROOTS)]
        root = inner[0] if len(inner) == 1 else root
    if root.name in UBL_ROOTS:
        reading = read_ubl(root, source)
    elif root.name in CII_ROOTS:
        reading = read_cii(root, source)
    else:
        raise CaptureError(ErrorCode.NOT_AN_INVOICE, f"XML root is {root.name[:60]!r}")
    if len(reading.lines) > limits.lines_max:
        raise CaptureError(ErrorCode.TOO_LARGE, f"more than {limits.lines_max} invoice lines")
    return reading
