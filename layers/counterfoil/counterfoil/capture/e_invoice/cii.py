"""UN/CEFACT Cross Industry Invoice: Factur-X, ZUGFeRD 1.0 to 2.x, XRechnung CII.

ZUGFeRD 1.0 has other names for the same groups (`SpecifiedSupplyChainTradeTransaction` and so on); each step lists
both, so one reader serves all versions.
"""

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

CII_ROOTS = ("CrossIndustryInvoice", "CrossIndustryDocument")
DOCUMENT = "ExchangedDocument|HeaderExchangedDocument"
TRANSACTION = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction"
AGREEMENT = "ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement"
SETTLEMENT = "ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement"
SUMMATION = "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
LINE_AGREEMENT = "SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement"
LINE_DELIVERY = "SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery"
LINE_SETTLEMENT = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement"
LINE_SUMMATION = "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
REFERENCE_ID = "IssuerAssignedID|ID"
ZERO = Decimal(0)
# BT-X-8 of Factur-X EXTENDED: such a line only sums or explains its sub-lines.
SUBTOTAL_STATUSES = ("GROUP", "INFORMATION")
VAT_SCHEMES = ("VA", "VAT")


def read_cii(root: Node, source: Source) -> Reading:
    """The header, lines and document charges of a cross industry invoice."""
    reading = Reading(source)
    document = root.first(DOCUMENT) or Node("", {})
    trade = root.first(TRANSACTION) or Node("", {})
    agreement = trade.first(AGREEMENT) or Node("", {})
    settlement = trade.first(SETTLEMENT) or Node("", {})
    reading.document_type = document_type(document.value("TypeCode"), is_credit_root=False)
    currency = settlement.value("InvoiceCurrencyCode")
    order = agreement.value("BuyerOrderReferencedDocument", REFERENCE_ID)
    values: dict[str, FieldValue | None] = {
        "invoice_number": document.value("ID"),
        "issue_date": _day(document, "IssueDateTime"),
        "due_date": _day(settlement, "SpecifiedTradePaymentTerms", "DueDateDateTime"),
        "po_number": order,
        "currency": currency,
        "payment_terms": settlement.value("SpecifiedTradePaymentTerms", "Description"),
        "vendor_iban": account_number(
            settlement.value("SpecifiedTradeSettlementPaymentMeans", "PayeePartyCreditorFinancialAccount", "IBANID")
        ),
        **_parties(agreement),
        **_totals(settlement, currency),
    }
    for name, value in values.items():
        reading.put(name, value, WRITTEN)
    seller = agreement.first("SellerTradeParty") or Node("", {})
    mails = (
        *seller.all("DefinedTradeContact", "EmailURIUniversalCommunication", "URIID"),
        *seller.all("URIUniversalCommunication", "URIID"),
    )
    reading.vendor_domains = domains_of([node.text for node in mails])
    reading.add_order(order_number(order))
    items = list(trade.all("IncludedSupplyChainTradeLineItem"))
    reading.lines = [_line(node, place) for place, node in enumerate(items, start=1)]
    for place, node in enumerate(items, start=1):
        inner = node.first(LINE_SETTLEMENT) or Node("", {})
        reading.adjustments[place] = sum((charge.amount or ZERO for charge in _charges(inner)), ZERO)
    for line in reading.lines:
        reading.add_order(line.po_number)
    reading.charges = _charges(settlement)
    summation = settlement.first(SUMMATION)
    reading.prepaid = number(summation, "TotalPrepaidAmount")
    reading.rounding = number(summation, "RoundingAmount")
    reading.payable = number(summation, "DuePayableAmount")
    return reading


def _day(node: Node, *path: str) -> date | None:
    return day(node.value(*path, "DateTimeString|DateString|DateTime")) or day(node.value(*path))


def _parties(agreement: Node) -> dict[str, str | None]:
    seller = agreement.first("SellerTradeParty")
    buyer = agreement.first("BuyerTradeParty")
    return {
        "vendor_name": seller.value("Name") if seller else None,
        "vendor_vat_id": _vat_id(seller),
        "vendor_address": _address(seller),
        "buyer_name": buyer.value("Name") if buyer else None,
    }


def _vat_id(party: Node | None) -> str | None:
    """BT-31: the registration whose scheme is VA; FC is a tax number and no VAT id."""
    if party is None:
        return None
    for node in party.all("SpecifiedTaxRegistration", "ID"):
        if node.attributes.get("schemeID", "").upper() in VAT_SCHEMES and node.text:
            return node.text
    return None


def _address(party: Node | None) -> str | None:
    place = party.first("PostalTradeAddress") if party else None
    if place is None:
        return None
    return address_text(
        [
            place.value("LineOne"),
            place.value("LineTwo"),
            place.value("LineThree"),
            " ".join(filter(None, (place.value("PostcodeCode"), place.value("CityName")))),
            place.value("CountrySubDivisionName"),
            place.value("CountryID"),
        ]
    )


def _totals(settlement: Node, currency: str | None) -> dict[str, Decimal | None]:
    summation = settlement.first(SUMMATION)
    if summation is None:
        return {}
    taxes = list(summation.all("TaxTotalAmount"))
    same = [node for node in taxes if node.attributes.get("currencyID") in (None, currency)]
    return {
        "net_total": number(summation, "TaxBasisTotalAmount"),
        "tax_total": number(same[0]) if same else None,
        "gross_total": number(summation, "GrandTotalAmount"),
    }


def _line(node: Node, place: int) -> InvoiceLine:
    product = node.first("SpecifiedTradeProduct")
    agreement = node.first(LINE_AGREEMENT)
    settlement = node.first(LINE_SETTLEMENT)
    quantity = node.first(LINE_DELIVERY, "BilledQuantity")
    price = agreement.first("NetPriceProductTradePrice") if agreement else None
    base = number(price, "BasisQuantity")
    order = agreement.first("BuyerOrderReferencedDocument") if agreement else None
    status = node.value("AssociatedDocumentLineDocument", "LineStatusReasonCode")
    return InvoiceLine(
        line=place,
        description=(product.value("Name") or "") if product else "",
        item_code=product.value("SellerAssignedID") if product else None,
        quantity=number(quantity),
        unit=quantity.attributes.get("unitCode") if quantity else None,
        unit_price=number(price, "ChargeAmount"),
        price_base_quantity=base if base else Decimal(1),
        amount=number(settlement, LINE_SUMMATION, "LineTotalAmount"),
        tax_rate=_tax_rate(settlement),
        po_number=order_number(order.value(REFERENCE_ID)) if order else None,
        po_line=order_number(order.value("LineID")) if order else None,
        kind=LineKind.SUBTOTAL if status in SUBTOTAL_STATUSES else LineKind.GOODS,
        evidence=WRITTEN,
    )


def _tax_rate(settlement: Node | None) -> Decimal | None:
    return number(settlement, "ApplicableTradeTax", "RateApplicablePercent|ApplicablePercent")


def _charges(settlement: Node) -> list[InvoiceLine]:
    """BG-20 and BG-21, and the logistics charges that ZUGFeRD EXTENDED keeps apart."""
    found: list[InvoiceLine] = []
    for node in settlement.all("SpecifiedTradeAllowanceCharge"):
        is_charge = (node.value("ChargeIndicator", "Indicator") or "").lower() in ("true", "1")
        amount = number(node, "ActualAmount")
        found.append(
            InvoiceLine(
                line=len(found) + 1,
                description=node.value("Reason") or node.value("ReasonCode") or "",
                amount=amount if is_charge or amount is None else -amount,
                tax_rate=number(node, "CategoryTradeTax", "RateApplicablePercent|ApplicablePercent"),
                kind=LineKind.CHARGE if is_charge else LineKind.DISCOUNT,
                evidence=WRITTEN,
            )
        )
    found.extend(
        InvoiceLine(
            line=len(found) + place,
            description=node.value("Description") or "",
            amount=number(node, "AppliedAmount"),
            tax_rate=number(node, "AppliedTradeTax", "RateApplicablePercent|ApplicablePercent"),
            kind=LineKind.FREIGHT,
            evidence=WRITTEN,
        )
        for place, node in enumerate(settlement.all("SpecifiedLogisticsServiceCharge"), start=1)
    )
    return found
