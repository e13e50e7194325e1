"""Small readings that both syntaxes share: numbers, dates, codes and the order numbers that mean none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from counterfoil.capture.identifiers import compact, looks_like_iban
from counterfoil.capture.xml_tree import Node
from counterfoil.domain.invoices import DocumentType, Evidence
from counterfoil.domain.money import decimal_of

# UNTDID 1001 codes of documents that credit the buyer.
CREDIT_CODES = frozenset(["81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"])

# Peppol BIS Billing 3 asks for "NA" as order reference when only the seller's order number is known (BT-14).
NO_ORDER = frozenset(("na", "n/a", "n.a.", "none", "-", "null", "#no#"))

# What a sender wrote himself and no reader guessed: as sure as the file is authentic.
WRITTEN = Evidence(confidence=Decimal("0.99"))

ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:Z|[+-]\d{2}:\d{2}|T.*)?$")
# UNTDID 2379: 102 is CCYYMMDD, 203 CCYYMMDDHHMM; the longer ones begin with the shorter.
BASIC_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")


def number(node: Node | None, *path: str) -> Decimal | None:
    """A decimal as written, None when absent or no number."""
    text = node.value(*path) if node else None
    if text is None:
        return None
    try:
        return decimal_of(text)
    except ValueError:
        return None


def day(text: str | None) -> date | None:
    """An ISO or basic-format date; None when absent or impossible."""
    if not text:
        return None
    found = ISO_DATE.match(text) or BASIC_DATE.match(text)
    if not found:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None


def order_number(text: str | None) -> str | None:
    """An order number that can be looked up: placeholders for "none" are left out."""
    return None if text is None or text.casefold() in NO_ORDER else text


def account_number(text: str | None) -> str | None:
    """A bank account; an IBAN without the spaces that some write into it."""
    return compact(text) if text and looks_like_iban(text) else text


def domains_of(addresses: Iterable[str]) -> list[str]:
    """The domains of e-mail addresses, each once."""
    found = (address.rpartition("@")[2].strip().lower() for address in addresses if "@" in address)
    return list(dict.fromkeys(domain for domain in found if "." in domain))


def document_type(code: str | None, is_credit_root: bool) -> DocumentType:
    is_credit = is_credit_root or code in CREDIT_CODES
    return DocumentType.CREDIT_NOTE if is_credit else DocumentType.INVOICE


def address_text(parts: list[str | None]) -> str | None:
    """An address on one line, its empty parts left out."""
    return ", ".join(part for part in parts if part) or None
