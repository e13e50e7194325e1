"""Documents made for a test: small UBL invoices, as vendors' software writes them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from xml.sax.saxutils import escape

CENT = Decimal("0.01")


def a_ubl_invoice(
    number: str = "INV-1",
    *,
    vendor: str = "Acme Paper Ltd",
    vat_id: str = "GB123456789",
    order: str | None = "PO-1",
    currency: str = "USD",
    issued: str = "2026-03-01",
    lines: Sequence[tuple[str, str, str, str]] = (("WIDGET", "Widget", "10", "5.00"),),
    note: str = "",
    type_code: str = "380",
    iban: str = "",
) -> bytes:
    """A tax-free UBL 2.1 invoice (`type_code` 381: a credit note); `lines` are (item code, description, quantity, unit price)."""
    amounts = [(Decimal(quantity) * Decimal(price)).quantize(CENT) for _, _, quantity, price in lines]
    total = sum(amounts, Decimal(0)).quantize(CENT)
    account = f"<cac:PayeeFinancialAccount><cbc:ID>{iban}</cbc:ID></cac:PayeeFinancialAccount>" if iban else ""
    payment = (
        f"<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>{account}</cac:PaymentMeans>" if iban else ""
    )
    reference = f"<cac:OrderReference><cbc:ID>{escape(order)}</cbc:ID></cac:OrderReference>" if order else ""
    rows = "".join(
        f"<cac:InvoiceLine><cbc:ID>{index}</cbc:ID>"
        f'<cbc:InvoicedQuantity unitCode="EA">{quantity}</cbc:InvoicedQuantity>'
        f'<cbc:LineExtensionAmount currencyID="{currency}">{amount}</cbc:LineExtensionAmount>'
        f"<cac:Item><cbc:Name>{escape(description)}</cbc:Name>"
        f"<cac:SellersItemIdentification><cbc:ID>{escape(code)}</cbc:ID></cac:SellersItemIdentification>"
        "<cac:ClassifiedTaxCategory><cbc:ID>Z</cbc:ID><cbc:Percent>0</cbc:Percent>"
        "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:ClassifiedTaxCategory></cac:Item>"
        f'<cac:Price><cbc:PriceAmount currencyID="{currency}">{price}</cbc:PriceAmount></cac:Price></cac:InvoiceLine>'
        for index, ((code, description, quantity, price), amount) in enumerate(zip(lines, amounts, strict=True), 1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>
<cbc:ID>{escape(number)}</cbc:ID><cbc:IssueDate>{issued}</cbc:IssueDate>
<cbc:InvoiceTypeCode>{type_code}</cbc:InvoiceTypeCode><cbc:Note>{escape(note)}</cbc:Note>
<cbc:DocumentCurrencyCode>{currency}</cbc:DocumentCurrencyCode>{reference}
<cac:AccountingSupplierParty><cac:Party><cac:PartyName><cbc:Name>{escape(vendor)}</cbc:Name></cac:PartyName>
<cac:PartyTaxScheme><cbc:CompanyID>{vat_id}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
</cac:PartyTaxScheme><cac:PartyLegalEntity><cbc:RegistrationName>{escape(vendor)}</cbc:RegistrationName>
</cac:PartyLegalEntity></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cac:PartyLegalEntity><cbc:RegistrationName>Northwind Inc</cbc:RegistrationName>
</cac:PartyLegalEntity></cac:Party></cac:AccountingCustomerParty>{payment}
<cac:TaxTotal><cbc:TaxAmount currencyID="{currency}">0.00</cbc:TaxAmount></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="{currency}">{total}</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount currencyID="{currency}">{total}</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="{currency}">{total}</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="{currency}">{total}</cbc:PayableAmount></cac:LegalMonetaryTotal>
{rows}
</Invoice>""".encode()
