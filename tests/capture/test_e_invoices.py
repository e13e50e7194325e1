"""What a structured invoice says beside its header: by the terms of EN 16931, the same in both of its syntaxes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from counterfoil.capture import CaptureError, ErrorCode
from counterfoil.capture.e_invoice import read_e_invoice
from counterfoil.capture.limits import Limits
from counterfoil.domain.invoices import DocumentType, LineKind, Source

UBL_NAMESPACES = (
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
    ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
)


def a_ubl(kind: str = "Invoice", line: str = "InvoiceLine", quantity: str = "InvoicedQuantity") -> bytes:
    return f"""<{kind} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{kind}-2" {UBL_NAMESPACES}>
<cbc:ID>E-1</cbc:ID><cbc:IssueDate>2026-03-01</cbc:IssueDate><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:OrderReference><cbc:ID>NA</cbc:ID></cac:OrderReference>
<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>
<cbc:AllowanceChargeReason>Freight</cbc:AllowanceChargeReason><cbc:Amount currencyID="EUR">5.00</cbc:Amount></cac:AllowanceCharge>
<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>
<cbc:AllowanceChargeReason>Bonus</cbc:AllowanceChargeReason><cbc:Amount currencyID="EUR">2.00</cbc:Amount></cac:AllowanceCharge>
<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount currencyID="EUR">22.00</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="EUR">22.00</cbc:TaxInclusiveAmount><cbc:PrepaidAmount currencyID="EUR">10.00</cbc:PrepaidAmount>
<cbc:PayableRoundingAmount currencyID="EUR">0.02</cbc:PayableRoundingAmount>
<cbc:PayableAmount currencyID="EUR">12.02</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:{line}><cbc:ID>1</cbc:ID><cbc:{quantity} unitCode="C62">200</cbc:{quantity}>
<cbc:LineExtensionAmount currencyID="EUR">19.00</cbc:LineExtensionAmount>
<cac:OrderLineReference><cbc:LineID>3</cbc:LineID><cac:OrderReference><cbc:ID>PO-9</cbc:ID></cac:OrderReference></cac:OrderLineReference>
<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount currencyID="EUR">1.00</cbc:Amount></cac:AllowanceCharge>
<cac:Item><cbc:Name>Screws</cbc:Name></cac:Item>
<cac:Price><cbc:PriceAmount currencyID="EUR">10.00</cbc:PriceAmount><cbc:BaseQuantity unitCode="C62">100</cbc:BaseQuantity></cac:Price>
</cac:{line}></{kind}>""".encode()


def a_cii(type_code: str = "380") -> bytes:
    def charge(indicator: str, amount: str, reason: str) -> str:
        return (
            f"<ram:SpecifiedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>{indicator}</udt:Indicator>"
            f"</ram:ChargeIndicator><ram:ActualAmount>{amount}</ram:ActualAmount><ram:Reason>{reason}</ram:Reason>"
            "</ram:SpecifiedTradeAllowanceCharge>"
        )

    return f"""<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocument><ram:ID>E-1</ram:ID><ram:TypeCode>{type_code}</ram:TypeCode><ram:IssueDateTime>
<udt:DateTimeString format="102">20260301</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction><ram:IncludedSupplyChainTradeLineItem>
<ram:AssociatedDocumentLineDocument><ram:LineID>1</ram:LineID></ram:AssociatedDocumentLineDocument>
<ram:SpecifiedTradeProduct><ram:Name>Screws</ram:Name></ram:SpecifiedTradeProduct><ram:SpecifiedLineTradeAgreement>
<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>PO-9</ram:IssuerAssignedID><ram:LineID>3</ram:LineID></ram:BuyerOrderReferencedDocument>
<ram:NetPriceProductTradePrice><ram:ChargeAmount>10.00</ram:ChargeAmount><ram:BasisQuantity unitCode="C62">100</ram:BasisQuantity>
</ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement><ram:SpecifiedLineTradeDelivery>
<ram:BilledQuantity unitCode="C62">200</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery><ram:SpecifiedLineTradeSettlement>
{charge("false", "1.00", "")}<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>19.00</ram:LineTotalAmount>
</ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>
<ram:ApplicableHeaderTradeAgreement/><ram:ApplicableHeaderTradeDelivery/><ram:ApplicableHeaderTradeSettlement>
<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>{charge("true", "5.00", "Freight")}{charge("false", "2.00", "Bonus")}
<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:TaxBasisTotalAmount>22.00</ram:TaxBasisTotalAmount>
<ram:RoundingAmount>0.02</ram:RoundingAmount><ram:GrandTotalAmount>22.00</ram:GrandTotalAmount>
<ram:TotalPrepaidAmount>10.00</ram:TotalPrepaidAmount><ram:DuePayableAmount>12.02</ram:DuePayableAmount>
</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>""".encode()


def read(content: bytes):
    return read_e_invoice(content, Source.XML, Limits())


in_both_syntaxes = pytest.mark.parametrize("content", [a_ubl(), a_cii()], ids=["ubl", "cii"])


@in_both_syntaxes
def test_a_price_for_many_and_a_line_s_own_allowance_make_its_amount(content: bytes):
    reading = read(content)
    [line] = reading.lines

    assert (line.quantity, line.unit_price, line.price_base_quantity, line.amount) == (200, 10, 100, 19)
    assert reading.adjustments == {1: Decimal(-1)}


@in_both_syntaxes
def test_a_line_names_the_order_line_that_it_bills(content: bytes):
    reading = read(content)
    [line] = reading.lines

    assert (line.po_number, line.po_line) == ("PO-9", "3")
    assert reading.po_numbers == ["PO-9"]


@in_both_syntaxes
def test_charges_on_the_document_count_above_zero_and_allowances_below(content: bytes):
    found = [(charge.description, charge.amount, charge.kind) for charge in read(content).charges]

    assert found == [("Freight", 5, LineKind.CHARGE), ("Bonus", -2, LineKind.DISCOUNT)]


@in_both_syntaxes
def test_what_was_paid_before_and_rounded_changes_what_is_paid_and_not_the_total(content: bytes):
    reading = read(content)

    assert (reading.prepaid, reading.rounding, reading.payable) == (10, Decimal("0.02"), Decimal("12.02"))
    assert reading.values["gross_total"] == 22


@pytest.mark.parametrize(
    "content", [a_ubl("CreditNote", "CreditNoteLine", "CreditedQuantity"), a_cii("381")], ids=["ubl", "cii"]
)
def test_a_credit_note_is_one_by_its_root_or_its_type(content: bytes):
    reading = read(content)

    assert reading.document_type == DocumentType.CREDIT_NOTE
    assert reading.lines[0].quantity == 200


def test_an_invoice_in_a_business_document_s_envelope_is_read():
    namespace = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
    wrapped = f'<StandardBusinessDocument xmlns="{namespace}"><StandardBusinessDocumentHeader/>'.encode() + a_ubl()

    assert read(wrapped + b"</StandardBusinessDocument>").values["invoice_number"] == "E-1"


def test_other_xml_is_no_invoice():
    with pytest.raises(CaptureError) as refused:
        read(b"<Order/>")

    assert refused.value.code == ErrorCode.NOT_AN_INVOICE
