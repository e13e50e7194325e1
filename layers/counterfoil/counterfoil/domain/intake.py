"""What becomes of an invoice when it has been read: it goes on to matching, or a person has to look first."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from counterfoil.domain.invoices import CapturedInvoice, DocumentType, Reason
from counterfoil.domain.money import plain
from counterfoil.domain.vendors import Vendor

# No country's general rate is above Hungary's 27 percent.
TAX_SHARE_MAX = Decimal("0.27")
TOTAL_SLACK = Decimal("0.05")


def total_refusals(captured: CapturedInvoice) -> list[Reason]:
    """Why the totals can't be billed as they stand, whatever the lines say; empty when they can."""
    gross, net, tax = captured.gross_total, captured.net_total, captured.tax_total
    found = []
    if gross is not None and gross < 0 and captured.document_type == DocumentType.INVOICE:
        found.append(Reason(code="total_negative", detail=f"an invoice over {plain(gross)} is no invoice"))
    if gross is not None and net is not None and tax is not None and abs(net + tax - gross) > TOTAL_SLACK:
        detail = f"{plain(net)} before tax and {plain(tax)} tax do not make {plain(gross)}"
        found.append(Reason(code="totals_do_not_add_up", detail=detail))
    return found


def tax_doubts(captured: CapturedInvoice) -> list[Reason]:
    """Why a person should look at the tax before it is paid: no order names it, so nothing else bounds it."""
    gross, net = captured.gross_total, captured.net_total
    if gross is None:
        return []
    tax = captured.tax_total
    if tax is None:
        tax = gross - net if net is not None else None
    base = gross - tax if tax is not None else None
    if tax is None or base is None or abs(tax) <= abs(base) * TAX_SHARE_MAX:
        return []
    detail = f"tax of {plain(tax)} on {plain(base)} is more than {plain(TAX_SHARE_MAX * 100)} percent"
    return [Reason(code="tax_implausible", detail=detail)]


def vendor_doubts(captured: CapturedInvoice, vendor: Vendor | None, detail: str) -> list[Reason]:
    """Why the vendor needs a person: not found, inactive, or another bank account than the one on file."""
    if vendor is None:
        return [Reason(code="vendor_unknown", detail=detail)]
    found = []
    if vendor.is_inactive:
        found.append(Reason(code="vendor_inactive", detail=f"{vendor.name} is inactive in the ERP"))
    if captured.vendor_iban and vendor.ibans and captured.vendor_iban not in vendor.ibans:
        found.append(
            Reason(
                code="bank_account_changed",
                detail=f"the invoice asks for payment to an account ending {captured.vendor_iban[-4:]}, "
                f"{vendor.name} is on file with {_endings(vendor)}: call them back before paying",
            )
        )
    return found


def duplicate_of(
    invoice_id: str, holder: str | None, bills: Mapping[str, str], external_id: str
) -> tuple[str, str] | None:
    """What this invoice repeats, and the sentence that says so; None when its number is new.

    `holder` is the vendor's invoice that has the number, `bills` the ERP's bills with it by their external id.
    """
    if holder is not None and holder != invoice_id:
        return holder, f"invoice {holder} of the same vendor has the same number"
    for bill, its_external_id in bills.items():
        if its_external_id != external_id:
            return f"bill:{bill}", f"the ERP has bill {bill} of the same vendor with the same number"
    return None


def _endings(vendor: Vendor) -> str:
    return " and ".join(f"one ending {iban[-4:]}" for iban in vendor.ibans[:3])
