"""What must hold in any invoice, whichever way it was read; what fails or is missing is named for review.

Every check is recorded with its numbers, whether it held or not. Nothing is corrected here.
"""

from __future__ import annotations

from decimal import Decimal

from counterfoil.capture.identifiers import is_iban, is_vat_id, looks_like_iban, looks_like_vat_id
from counterfoil.capture.reading import Reading
from counterfoil.domain.invoices import HEADER_FIELDS, CapturedInvoice, Check, InvoiceLine, LineKind
from counterfoil.domain.money import plain, smallest_unit

ZERO = Decimal(0)
REQUIRED = ("invoice_number", "issue_date", "vendor_name", "currency", "gross_total")
LINES_PROVEN = {"lines_sum_to_net", "quantity_times_price"}
# What only the document itself can show: a page beside its XML, several invoices in one file.
MADE_WITH_THE_DOCUMENT = ("page_agrees_", "embedded_files_agree", "single_invoice", "whole_invoice")
TOTALS = ("net_total", "tax_total", "gross_total")
# Each line is rounded by itself (EN 16931), so a sum of n lines may be off by n half units, but never by much.
SUM_SLACK_MAX = Decimal("0.10")
# Tax computed per line and summed may differ from the tax of the sum by a few units.
HALF = Decimal("0.5")


def check(reading: Reading) -> None:
    """Append every check that can be made and name in `doubts` what fails or is missing."""
    reading.doubt(*(name for name in REQUIRED if name not in reading.values))
    _check_totals(reading)
    _check_sum_of_lines(reading)
    _check_products(reading)
    _check_identifiers(reading)


def rechecked(captured: CapturedInvoice) -> CapturedInvoice:
    """A reading that a person corrected, with its checks made anew and only the doubts that are left.

    Checks that need the document (a hybrid's page, several invoices) stay as they were made when it was read.
    """
    reading = Reading(captured.source, captured.document_type)
    reading.values = {name: value for name in HEADER_FIELDS if (value := getattr(captured, name)) is not None}
    reading.lines, reading.charges = list(captured.lines), list(captured.charges)
    check(reading)
    kept = [one for one in captured.checks if one.code.startswith(MADE_WITH_THE_DOCUMENT)]
    held = {one.code for one in reading.checks if one.ok}
    proven = {*(TOTALS if "net_plus_tax_is_gross" in held else ()), *(("lines",) if held >= LINES_PROVEN else ())}
    left = [name for name in captured.needs_review if name not in proven]
    doubts = [name for name in (*left, *reading.doubts) if name not in captured.confirmed]
    return captured.model_copy(
        update={"checks": (*kept, *reading.checks), "needs_review": tuple(dict.fromkeys(doubts))}
    )


def smallest_unit_of(reading: Reading) -> Decimal:
    """The smallest unit of the document's currency; a cent when it is not known."""
    currency = reading.values.get("currency")
    return smallest_unit(currency if isinstance(currency, str) else "")


def _check_totals(reading: Reading) -> None:
    """Net and tax make the gross; charges may stand between (freight below the sub-total)."""
    net, tax, gross = (reading.amount(name) for name in TOTALS)
    if net is None or gross is None:
        return
    charges = sum((line.amount or ZERO for line in reading.charges), ZERO)
    slack = smallest_unit_of(reading)
    total = net + (tax or ZERO)
    ok = abs(total - gross) <= slack or (bool(charges) and abs(total + charges - gross) <= slack)
    detail = f"net {plain(net)} + tax {plain(tax or ZERO)} = {plain(total)}, gross {plain(gross)}"
    if charges:
        detail += f", charges {plain(charges)}"
    reading.checks.append(Check(code="net_plus_tax_is_gross", ok=ok, detail=detail))
    if not ok:
        reading.doubt(*TOTALS)


def _check_sum_of_lines(reading: Reading) -> None:
    """Lines make the net: with the document's charges, or without them where they stand below the net."""
    net = reading.amount("net_total")
    lines = [line for line in reading.lines if line.kind != LineKind.SUBTOTAL]
    if net is None or not lines:
        return
    total = sum((line.amount or ZERO for line in lines), ZERO)
    charges = sum((line.amount or ZERO for line in reading.charges), ZERO)
    count = len(lines) + len(reading.charges)
    slack = min(SUM_SLACK_MAX, smallest_unit_of(reading) * max(2, count) * HALF)
    complete = all(line.amount is not None for line in lines)
    ok = complete and (abs(total + charges - net) <= slack or abs(total - net) <= slack)
    detail = f"lines make {plain(total)}, charges {plain(charges)}, net {plain(net)}"
    reading.checks.append(Check(code="lines_sum_to_net", ok=ok, detail=detail))
    if not ok:
        reading.doubt("lines")


def _check_products(reading: Reading) -> None:
    wrong = [
        line
        for line in reading.lines
        if not product_holds(line, smallest_unit_of(reading), reading.adjustments.get(line.line, ZERO))
    ]
    if reading.lines:
        detail = ", ".join(f"line {line.line}" for line in wrong[:10])
        reading.checks.append(Check(code="quantity_times_price", ok=not wrong, detail=detail))
    if wrong:
        reading.doubt("lines")


def product_holds(line: InvoiceLine, unit: Decimal, adjustment: Decimal = ZERO) -> bool:
    """Quantity × price is the amount, to what rounding the price and the amount can explain; true if one is missing."""
    if line.quantity is None or line.unit_price is None or line.amount is None:
        return True
    base = line.price_base_quantity or Decimal(1)
    product = line.quantity * line.unit_price / base + adjustment
    last_digit = Decimal(1).scaleb(int(line.unit_price.as_tuple().exponent))
    slack = max(unit, min(last_digit, unit) * HALF * abs(line.quantity) / base)
    return abs(product - line.amount) <= slack or abs(-product - line.amount) <= slack


def _check_identifiers(reading: Reading) -> None:
    iban = reading.values.get("vendor_iban")
    if isinstance(iban, str):
        ok = is_iban(iban) or not looks_like_iban(iban)
        reading.checks.append(Check(code="iban_check_digits", ok=ok))
        if not ok:
            reading.doubt("vendor_iban")
    vat_id = reading.values.get("vendor_vat_id")
    if isinstance(vat_id, str) and looks_like_vat_id(vat_id):
        reading.checks.append(Check(code="vat_id_check_digits", ok=is_vat_id(vat_id)))
