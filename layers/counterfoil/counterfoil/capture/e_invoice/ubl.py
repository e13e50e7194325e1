"""UBL 2.x Invoice and CreditNote: Peppol BIS, PINT, XRechnung, EHF, OIOUBL, SI-UBL, CIUS of every country."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from counterfoil.capture.e_invoice.terms import (
    WRITTEN,
    account_number,
    address_text,
    day,
    document_type,
    domains_of,
    number,
    order_number,
)
from counterfoil.capture.reading import FieldValue, Reading
from counterfoil.capture.xml_tree import Node
from counterfoil.domain.invoices import InvoiceLine, LineKind, Source

UBL_ROOTS = ("Invoice", "CreditNote", "SelfBilledInvoice", "SelfBilledCreditNote")
CREDIT_ROOTS = ("CreditNote", "SelfBilledCreditNote")
LINES = "InvoiceLine|CreditNoteLine"
QUANTITY = "InvoicedQuantity|CreditedQuantity"
# Goods and services tax stands for value added tax in PINT (Australia, Singapore, Malaysia); 63 is OIOUBL's "Moms".
VAT_SCHEMES = ("VAT", "VA", "GST", "63")
ZERO = Decimal(0)
TRUE = ("true", "1")


def read_ubl(root: Node, source: Source) -> Reading:
    """The header, lines and document charges of a UBL invoice or credit note."""
    reading = Reading(source)
    code = root.value("InvoiceTypeCode|CreditNoteTypeCode")
    reading.document_type = document_type(code, root.name in CREDIT_ROOTS)
    currency = root.value("DocumentCurrencyCode") or _currency_of_totals(root)
    values: dict[str, FieldValue | None] = {
        "invoice_number": root.value("ID"),
        "issue_date": day(root.value("IssueDate")),
        "due_date": _due_date(root),
        "po_number": root.value("OrderReference", "ID"),
        "currency": currency,
        "payment_terms": root.value("PaymentTerms", "Note"),
        "vendor_iban": account_number(root.value("PaymentMeans", "PayeeFinancialAccount", "ID")),
        **_parties(root),
        **_totals(root, currency),
    }
    for name, value in values.items():
        reading.put(name, value, WRITTEN)
    seller = root.first("AccountingSupplierParty|SellerSupplierParty", "Party") or Node("", {})
    reading.vendor_domains = domains_of(
        [node.text for node in (*seller.all("Contact", "ElectronicMail"), *seller.all("EndpointID"))]
    )
    reading.add_order(order_number(root.value("OrderReference", "ID")))
    reading.lines = [_line(node, place) for place, node in enumerate(root.all(LINES), start=1)]
    for line in reading.lines:
        reading.add_order(line.po_number)
    reading.charges = [_charge(node, place) for place, node in enumerate(root.all("AllowanceCharge"), start=1)]
    for place, node in enumerate(root.all(LINES), start=1):
        reading.adjustments[place] = sum(
            (_charge(inner, 0).amount or ZERO for inner in node.all("AllowanceCharge")), ZERO
        )
    total = root.first("LegalMonetaryTotal")
    reading.prepaid = number(total, "PrepaidAmount")
    reading.rounding = number(total, "PayableRoundingAmount")
    reading.payable = number(total, "PayableAmount")
    return reading


def _currency_of_totals(root: Node) -> str | None:
    """UBL before BIS 3 may leave the code to each amount."""
    total = root.first("LegalMonetaryTotal", "PayableAmount")
    return total.attributes.get("currencyID") if total else None


def _due_date(root: Node) -> date | None:
    """BT-9: in the header of an invoice, in the payment means or terms elsewhere."""
    paths = (
        ("DueDate",),
        ("PaymentMeans", "PaymentDueDate"),
        ("PaymentTerms", "PaymentDueDate"),
    )
    return next((found for path in paths if (found := day(root.value(*path)))), None)


def _parties(root: Node) -> dict[str, str | None]:
    seller = root.first("AccountingSupplierParty|SellerSupplierParty", "Party")
    buyer = root.first("AccountingCustomerParty|BuyerCustomerParty", "Party")
    return {
        "vendor_name": _name(seller),
        "vendor_vat_id": _vat_id(seller),
        "vendor_address": _address(seller),
        "buyer_name": _name(buyer),
    }


def _name(party: Node | None) -> str | None:
    """BT-27 is the registered name; the trading name stands in for it where none is given."""
    if party is None:
        return None
    return party.value("PartyLegalEntity", "RegistrationName") or party.value("PartyName", "Name") or _person(party)


def _person(party: Node) -> str | None:
    person = party.first("Person")
    if person is None:
        return None
    return " ".join(filter(None, (person.value("FirstName"), person.value("FamilyName")))) or None


def _vat_id(party: Node | None) -> str | None:
    """BT-31: the registration in the VAT scheme, else in whichever scheme stands for it there."""
    if party is None:
        return None
    for scheme in party.all("PartyTaxScheme"):
        found = scheme.value("CompanyID")
        if found and (scheme.value("TaxScheme", "ID") or "").upper() in VAT_SCHEMES:
            return found
    return None


def _address(party: Node | None) -> str | None:
    place = party.first("PostalAddress") if party else None
    if place is None:
        return None
    return address_text(
        [
            " ".join(filter(None, (place.value("StreetName"), place.value("BuildingNumber")))),
            place.value("AdditionalStreetName"),
            place.value("AddressLine", "Line"),
            " ".join(filter(None, (place.value("PostalZone"), place.value("CityName")))),
            place.value("CountrySubentity"),
            place.value("Country", "IdentificationCode"),
        ]
    )


def _totals(root: Node, currency: str | None) -> dict[str, Decimal | None]:
    total = root.first("LegalMonetaryTotal")
    net = number(total, "TaxExclusiveAmount")
    if (root.value("CustomizationID") or "").upper().startswith("OIOUBL"):
        net = _oioubl_net(total)
    return {
        "net_total": net,
        "tax_total": _tax_total(root, currency),
        "gross_total": number(total, "TaxInclusiveAmount"),
    }


def _oioubl_net(total: Node | None) -> Decimal | None:
    """OIOUBL 2 writes the tax into TaxExclusiveAmount; the net is what the lines and charges make."""
    lines = number(total, "LineExtensionAmount")
    if lines is None:
        return None
    charges = number(total, "ChargeTotalAmount") or ZERO
    return lines + charges - (number(total, "AllowanceTotalAmount") or ZERO)


def _tax_total(root: Node, currency: str | None) -> Decimal | None:
    """BT-110 is the total in the document's currency; BT-111 repeats it in the accounting currency."""
    amounts = list(root.all("TaxTotal", "TaxAmount"))
    same = [node for node in amounts if node.attributes.get("currencyID") in (None, currency)]
    return number(same[0]) if same else None


def _line(node: Node, place: int) -> InvoiceLine:
    quantity = node.first(QUANTITY)
    item = node.first("Item")
    reference = node.first("OrderLineReference")
    base = number(node, "Price", "BaseQuantity")
    return InvoiceLine(
        line=place,
        description=_description(item),
        item_code=item.value("SellersItemIdentification", "ID") if item else None,
        quantity=number(quantity),
        unit=quantity.attributes.get("unitCode") if quantity else None,
        unit_price=number(node, "Price", "PriceAmount"),
        price_base_quantity=base if base else Decimal(1),
        amount=number(node, "LineExtensionAmount"),
        tax_rate=_tax_rate(node, item),
        po_number=order_number(reference.value("OrderReference", "ID")) if reference else None,
        po_line=order_number(reference.value("LineID")) if reference else None,
        evidence=WRITTEN,
    )


def _description(item: Node | None) -> str:
    if item is None:
        return ""
    return item.value("Name") or item.value("Description") or ""


def _tax_rate(node: Node, item: Node | None) -> Decimal | None:
    """BT-152; profiles older than EN 16931 write it in the line's own tax total."""
    found = number(item, "ClassifiedTaxCategory", "Percent")
    if found is not None:
        return found
    subtotal = node.first("TaxTotal", "TaxSubtotal")
    inner = number(subtotal, "TaxCategory", "Percent")
    return inner if inner is not None else number(subtotal, "Percent")


def _charge(node: Node, place: int) -> InvoiceLine:
    """BG-20 and BG-21: an allowance is a negative amount."""
    is_charge = (node.value("ChargeIndicator") or "").lower() in TRUE
    amount = number(node, "Amount")
    return InvoiceLine(
        line=place,
        description=node.value("AllowanceChargeReason") or node.value("AllowanceChargeReasonCode") or "",
        amount=amount if is_charge or amount is None else -amount,
        tax_rate=number(node, "TaxCategory", "Percent"),
        kind=LineKind.CHARGE if is_charge else LineKind.DISCOUNT,
        evidence=WRITTEN,
    )
